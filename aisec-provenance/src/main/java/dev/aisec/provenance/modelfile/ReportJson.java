// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.core.json.JsonValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reports as JSON: for each file its path, format, verdict, digest, length and findings. A finding has code, severity,
 * message, location (the entry, empty for the file itself), offset (bytes in that location, or null) and reference.
 */
public final class ReportJson {
    private ReportJson() {}

    /**
     * The report of a file.
     *
     * @param path what to call the file
     * @param report the answer
     * @return an object with {@code path}, {@code format}, {@code verdict}, {@code digest}, {@code length}, {@code findings}
     */
    public static JsonValue.JsonObject of(String path, ModelReport report) {
        Map<String, JsonValue> members = new TreeMap<>(
                of(path, report.structure().format(), report.verification()).members());
        members.put("digest", text(report.digest()));
        members.put("length", JsonValue.of(report.length()));
        return new JsonValue.JsonObject(members);
    }

    /**
     * An answer about something that belongs to a model, such as its signature.
     *
     * @param path what to call it
     * @param format what it is
     * @param verification the answer
     * @return an object with {@code path}, {@code format}, {@code verdict} and {@code findings}
     */
    public static JsonValue.JsonObject of(String path, String format, Verification verification) {
        Map<String, JsonValue> members = new TreeMap<>();
        members.put("path", text(path));
        members.put("format", text(format));
        members.put("verdict", text(verification.verdict().name()));
        members.put("findings", findings(verification.findings()));
        return new JsonValue.JsonObject(members);
    }

    /**
     * The report of a file that could not be read.
     *
     * @param path what to call the file
     * @param why the reason
     * @return an object with {@code path}, {@code format}, {@code verdict} and one finding, {@code file.unreadable}
     */
    public static JsonValue.JsonObject unreadable(String path, String why) {
        return of(
                path,
                "unknown",
                new Verification(
                        Technique.MODEL_FILE_VERIFICATION,
                        path,
                        Verdict.CANNOT_INSPECT,
                        List.of(FileRules.unreadable(why))));
    }

    /**
     * The operators of a file.
     *
     * @param report the answer
     * @return an array of objects with {@code name}, {@code type}, {@code inputs}, {@code outputs}
     */
    public static JsonValue operators(ModelReport report) {
        List<JsonValue> items = new ArrayList<>();
        for (Operator operator : report.structure().operators()) {
            Map<String, JsonValue> members = new TreeMap<>();
            members.put("name", text(operator.name()));
            members.put("type", text(operator.type()));
            members.put("inputs", texts(operator.inputs()));
            members.put("outputs", texts(operator.outputs()));
            items.add(new JsonValue.JsonObject(members));
        }
        return new JsonValue.JsonArray(items);
    }

    /**
     * The tensors of a file.
     *
     * @param report the answer
     * @return an array of objects with {@code name}, {@code type}, {@code shape}, {@code role}, and with {@code count},
     *     {@code nan}, {@code infinite}, {@code zeros}, {@code min}, {@code max}, {@code mean}, {@code sd} where the file
     *     holds the numbers; what is not finite is left out
     */
    public static JsonValue tensors(ModelReport report) {
        Map<Tensor, ParameterStatistics> statistics = new IdentityHashMap<>();
        report.parameters().forEach(p -> statistics.put(p.tensor(), p.statistics()));
        List<JsonValue> items = new ArrayList<>();
        for (Tensor tensor : report.structure().tensors()) {
            Map<String, JsonValue> members = new TreeMap<>();
            members.put("name", text(tensor.name()));
            members.put("type", text(tensor.type().name()));
            members.put(
                    "shape",
                    new JsonValue.JsonArray(tensor.shape().stream()
                            .map(size -> JsonValue.of(size))
                            .toList()));
            members.put("role", text(tensor.role().name().toLowerCase(Locale.ROOT)));
            ParameterStatistics numbers = statistics.get(tensor);
            if (numbers != null) {
                members.put("count", JsonValue.of(numbers.count()));
                members.put("nan", JsonValue.of(numbers.notANumber()));
                members.put("infinite", JsonValue.of(numbers.positiveInfinite() + numbers.negativeInfinite()));
                members.put("zeros", JsonValue.of(numbers.zeros()));
                finite(members, "min", numbers.min());
                finite(members, "max", numbers.max());
                finite(members, "mean", numbers.mean());
                finite(members, "sd", numbers.standardDeviation());
            }
            items.add(new JsonValue.JsonObject(members));
        }
        return new JsonValue.JsonArray(items);
    }

    private static void finite(Map<String, JsonValue> members, String name, double value) {
        if (Double.isFinite(value)) {
            members.put(name, JsonValue.of(value));
        }
    }

    /**
     * The names that a file uses.
     *
     * @param report the answer
     * @return an object of arrays, by kind of use
     */
    public static JsonValue names(ModelReport report) {
        Map<String, JsonValue> members = new TreeMap<>();
        report.names().forEach((use, names) -> members.put(use.name().toLowerCase(Locale.ROOT), texts(names)));
        return new JsonValue.JsonObject(members);
    }

    /**
     * Texts by name.
     *
     * @param texts names and texts
     * @return an object of strings
     */
    public static JsonValue texts(Map<String, String> texts) {
        Map<String, JsonValue> members = new TreeMap<>();
        texts.forEach((key, value) -> members.put(((JsonValue.JsonString) text(key)).value(), text(value)));
        return new JsonValue.JsonObject(members);
    }

    private static JsonValue texts(Collection<String> texts) {
        return new JsonValue.JsonArray(texts.stream().map(ReportJson::text).toList());
    }

    private static JsonValue findings(List<Finding> findings) {
        List<JsonValue> items = new ArrayList<>();
        for (Finding finding : findings) {
            Map<String, JsonValue> members = new TreeMap<>();
            members.put("code", text(finding.code()));
            members.put("severity", text(finding.severity().name().toLowerCase(Locale.ROOT)));
            members.put("message", text(finding.message()));
            members.put("location", text(finding.location()));
            members.put(
                    "offset",
                    finding.offset().isPresent()
                            ? JsonValue.of(finding.offset().getAsLong())
                            : new JsonValue.JsonNull());
            members.put("reference", text(finding.reference()));
            items.add(new JsonValue.JsonObject(members));
        }
        return new JsonValue.JsonArray(items);
    }

    /** Names of files and entries may have lone surrogates, which JSON cannot carry. */
    static JsonValue text(String text) {
        StringBuilder whole = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            boolean lone = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
            whole.appendCodePoint(lone ? 0xfffd : c);
        });
        return JsonValue.of(whole.toString());
    }
}
