// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Finding;
import dev.aisec.core.Verdict;
import dev.aisec.core.json.JsonValue;
import dev.aisec.provenance.modelfile.ModelBom;
import dev.aisec.provenance.modelfile.ModelReport;
import dev.aisec.provenance.modelfile.ModelStructure;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.Operator;
import dev.aisec.provenance.modelfile.ParameterStatistics;
import dev.aisec.provenance.modelfile.PolicyJson;
import dev.aisec.provenance.modelfile.ReportJson;
import dev.aisec.provenance.modelfile.Tensor;
import dev.aisec.provenance.modelfile.TopologyFingerprint;
import dev.aisec.provenance.modelfile.VerificationPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code aisec model-info}: what is in this model file? */
@Command(
        name = "model-info",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Shows what a model file says it holds: format, operators, tensors with their statistics, names it uses,"
                    + " topology, decompiled programs. Nothing of it is executed.",
            "The verdict is that of the strict policy; what stands in a file that is not accepted may be a lie."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            " 0:the strict policy accepts the file",
            " 1:it rejects the file",
            " 2:the file cannot be inspected or read",
            " 3:a fault of aisec"
        })
final class ModelInfoCommand implements Callable<Integer> {
    private static final int SHOWN = 40;

    @Parameters(index = "0", paramLabel = "FILE", description = "the model file")
    private Path file = Path.of("");

    @Option(names = "--json", description = "print canonical JSON, and nothing else")
    private boolean json;

    @Option(names = "--bom", paramLabel = "FILE", description = "write a CycloneDX bill of materials, if accepted")
    private @Nullable Path bom;

    @Option(names = "--model-name", paramLabel = "NAME", description = "name for --bom (default: that of the file)")
    private @Nullable String name;

    @Option(names = "--model-version", paramLabel = "VERSION", description = "version for --bom")
    private String version = "";

    @Option(
            names = "--learn-policy",
            paramLabel = "FILE",
            description = "write a policy that accepts this file and files like it, if accepted")
    private @Nullable Path learn;

    private final Main.Streams streams;

    ModelInfoCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        ModelReport report = ModelVerifier.standard().verify(file);
        String fingerprint = TopologyFingerprint.of(report.structure());
        if (json) {
            DpText.print(streams, toJson(report, fingerprint));
        } else {
            print(report, fingerprint);
        }
        Verdict verdict = report.verification().verdict();
        if (verdict != Verdict.ACCEPT) {
            return verdict == Verdict.REJECT ? 1 : 2;
        }
        if (bom != null) {
            String title = name == null ? String.valueOf(file.getFileName()) : name;
            AtomicFiles.write(bom, ModelBom.of(report.orElseThrow(), title, version));
        }
        if (learn != null) {
            AtomicFiles.write(learn, PolicyJson.write(VerificationPolicy.learnFrom(List.of(report))));
        }
        return 0;
    }

    private JsonValue toJson(ModelReport report, String fingerprint) {
        Map<String, JsonValue> members =
                new TreeMap<>(ReportJson.of(String.valueOf(file), report).members());
        members.put("topology", JsonValue.of(fingerprint));
        members.put("operators", ReportJson.operators(report));
        members.put("tensors", ReportJson.tensors(report));
        members.put("names", ReportJson.names(report));
        members.put("metadata", ReportJson.texts(report.structure().metadata()));
        members.put("listings", ReportJson.texts(report.listings()));
        return new JsonValue.JsonObject(members);
    }

    private void print(ModelReport report, String fingerprint) {
        ModelStructure structure = report.structure();
        List<String> lines = new ArrayList<>();
        lines.add("File:       " + ModelText.printable(file.toString()));
        lines.add("Verdict:    " + report.verification().verdict());
        lines.add("Format:     " + structure.format());
        lines.add("Length:     " + report.length() + " bytes");
        lines.add("Digest:     " + report.digest());
        lines.add("Topology:   " + fingerprint.substring("topology:".length()));
        for (Finding finding : report.verification().findings()) {
            lines.add("  " + ModelText.finding(finding));
        }
        structure.metadata().forEach((key, value) -> lines.add("  " + key + " = " + ModelText.printable(value)));
        operators(structure.operators(), lines);
        tensors(report, lines);
        report.names().forEach((use, names) -> {
            lines.add("");
            lines.add("Names used (" + use + "): " + names.size());
            names.stream().limit(SHOWN).forEach(n -> lines.add("  " + ModelText.printable(n)));
            more(names.size(), lines);
        });
        report.listings().forEach((entry, text) -> {
            lines.add("");
            lines.add("Program" + (entry.isEmpty() ? "" : " in " + ModelText.printable(entry)) + ":");
            text.lines().limit(SHOWN).forEach(line -> lines.add("  " + ModelText.printable(line)));
            more((int) text.lines().count(), lines);
        });
        lines.forEach(streams.out()::println);
        streams.out().flush();
    }

    private static void operators(List<Operator> operators, List<String> lines) {
        if (operators.isEmpty()) {
            return;
        }
        Map<String, Integer> types = new TreeMap<>();
        operators.forEach(o -> types.merge(o.type(), 1, Integer::sum));
        lines.add("");
        lines.add("Operators: " + operators.size());
        types.entrySet().stream()
                .limit(SHOWN)
                .forEach(e -> lines.add(String.format("  %6d  %s", e.getValue(), ModelText.printable(e.getKey()))));
        more(types.size(), lines);
    }

    private static void tensors(ModelReport report, List<String> lines) {
        List<Tensor> tensors = report.structure().tensors();
        if (tensors.isEmpty()) {
            return;
        }
        Map<Tensor, ParameterStatistics> statistics = new IdentityHashMap<>();
        report.parameters().forEach(p -> statistics.put(p.tensor(), p.statistics()));
        lines.add("");
        lines.add("Tensors: " + tensors.size());
        for (Tensor tensor : tensors.subList(0, Math.min(SHOWN, tensors.size()))) {
            ParameterStatistics numbers = statistics.get(tensor);
            lines.add(String.format(
                    "  %-8s %-20s %s%s",
                    tensor.type(),
                    tensor.shape(),
                    ModelText.printable(tensor.name()),
                    numbers == null || numbers.finite() == 0
                            ? ""
                            : String.format(
                                    Locale.ROOT,
                                    "  [%.4g, %.4g], mean %.4g, sd %.4g",
                                    numbers.min(),
                                    numbers.max(),
                                    numbers.mean(),
                                    numbers.standardDeviation())));
        }
        more(tensors.size(), lines);
    }

    private static void more(int count, List<String> lines) {
        if (count > SHOWN) {
            lines.add("  and " + (count - SHOWN) + " more (--json shows all)");
        }
    }
}
