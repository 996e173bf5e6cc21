// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import dev.aisec.core.json.JsonValue;
import java.util.ArrayList;
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
        Map<String, JsonValue> members = new TreeMap<>();
        members.put("path", text(path));
        members.put("format", text(report.structure().format()));
        members.put("verdict", text(report.verification().verdict().name()));
        members.put("digest", text(report.digest()));
        members.put("length", JsonValue.of(report.length()));
        members.put("findings", findings(report.verification().findings()));
        return new JsonValue.JsonObject(members);
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
