// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every sample of the data folder gets the verdict that its list demands. */
class SampleVerdictsTest {
    /** The rules named in the reasons of samples that only a policy refuses. */
    private static final Map<String, String> ONLY_RULE = Map.of(
            "numpy/object_array.npy", "numpy.object",
            "onnx/gemm_nan.onnx", "parameters.not-a-number",
            "safetensors/nan.safetensors", "parameters.not-a-number");

    private record Sample(String file, String format, String verdict, String why) {}

    private static Path folder() {
        return Path.of(System.getProperty("aisec.data", "../../shared/data"), "models");
    }

    private static List<Sample> samples() throws IOException {
        Path list = folder().resolve("expected.json");
        if (!Files.isRegularFile(list)) {
            abort("no samples: " + list + " is not there");
        }
        List<Sample> samples = new ArrayList<>();
        JsonArray items = (JsonArray) JsonParser.parse(Files.readAllBytes(list), JsonLimits.standard());
        for (JsonValue item : items.items()) {
            Map<String, JsonValue> m = ((JsonObject) item).members();
            Sample sample =
                    new Sample(text(m.get("file")), text(m.get("format")), text(m.get("verdict")), text(m.get("why")));
            if (!sample.format().equals("oms")) {
                samples.add(sample);
            }
        }
        assertThat(samples).hasSizeGreaterThan(100);
        return samples;
    }

    private static String text(JsonValue value) {
        return ((JsonString) value).value();
    }

    @Test
    void verify_everySample_getsItsVerdict() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Sample sample : samples()) {
            ModelReport report = ModelVerifier.standard().verify(folder().resolve(sample.file()));
            String answer = sample.file() + " (" + sample.verdict() + ", " + sample.why() + "): "
                    + report.structure().format() + " " + report.verification().verdict() + " "
                    + report.verification().findings();
            if (!fits(sample, report)) {
                wrong.add(answer);
            }
        }
        assertThat(wrong).as(String.join("\n", wrong)).isEmpty();
    }

    private static boolean fits(Sample sample, ModelReport report) {
        Verdict verdict = report.verification().verdict();
        List<String> errors = report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .toList();
        return switch (sample.verdict()) {
            case "benign" -> verdict == Verdict.ACCEPT;
            case "malicious" -> verdict == Verdict.REJECT;
            case "malformed" -> verdict != Verdict.ACCEPT;
            case "policy" ->
                verdict == Verdict.REJECT
                        && errors.size() == 1
                        && errors.get(0).equals(ONLY_RULE.getOrDefault(sample.file(), errors.get(0)));
            default -> throw new IllegalStateException("unknown verdict " + sample.verdict());
        };
    }
}
