// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SarifReportTest {
    private static final Rule RULE = Rule.reject("toy.rule", "What it means.", "CWE-1");

    private record Toy(boolean nested) implements ModelFormat {
        @Override
        public String name() {
            return "toy";
        }

        @Override
        public List<String> extensions() {
            return List.of("toy");
        }

        @Override
        public Claim recognizes(Probe probe) {
            return Claim.CERTAIN;
        }

        @Override
        public void read(ByteSource source, Inspection inspection) throws IOException {
            (nested ? inspection.entry("a/b c") : inspection).report(RULE, 7, "seven must be eight");
        }

        @Override
        public List<Rule> rules() {
            return List.of(RULE);
        }
    }

    private static JsonObject sarif(ModelFormat format, String path, Map<String, String> unreadable)
            throws IOException {
        ModelReport report = new ModelVerifier(VerificationPolicy.strict(), List.of(format))
                .verify("content".getBytes(UTF_8), "m.toy");
        byte[] bytes = SarifReport.of(Map.of(path, report), unreadable, List.of(format), "1.2");
        return (JsonObject) JsonParser.parse(bytes, JsonLimits.standard());
    }

    private static JsonValue at(JsonValue value, Object... path) {
        JsonValue current = value;
        for (Object step : path) {
            current = step instanceof Integer index
                    ? ((JsonArray) current).items().get(index)
                    : ((JsonObject) current).members().get(step);
        }
        return current;
    }

    @Test
    void of_findingInTheFile_hasRuleAndByteOffset() throws IOException {
        JsonObject log = sarif(new Toy(false), "dir/my model#1.toy", Map.of());
        JsonValue result = at(log, "runs", 0, "results", 0);
        assertThat(at(log, "version")).isEqualTo(JsonValue.of("2.1.0"));
        assertThat(at(result, "ruleId")).isEqualTo(JsonValue.of("toy.rule"));
        assertThat(at(result, "level")).isEqualTo(JsonValue.of("error"));
        int index = (int) ((JsonNumber) at(result, "ruleIndex")).value();
        assertThat(at(log, "runs", 0, "tool", "driver", "rules", index, "id")).isEqualTo(JsonValue.of("toy.rule"));
        JsonValue place = at(result, "locations", 0, "physicalLocation");
        assertThat(at(place, "region", "byteOffset")).isEqualTo(JsonValue.of(7));
        assertThat(at(place, "artifactLocation", "uri")).isEqualTo(JsonValue.of("dir/my%20model%231.toy"));
        // printf content | sha256sum
        assertThat(at(log, "runs", 0, "artifacts", 0, "hashes", "sha-256"))
                .isEqualTo(JsonValue.of("ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"));
    }

    @Test
    void of_findingInAnEntry_hasLogicalLocationAndNoOffset() throws IOException {
        JsonObject log = sarif(new Toy(true), "m.toy", Map.of());
        JsonValue location = at(log, "runs", 0, "results", 0, "locations", 0);
        assertThat(at(location, "logicalLocations", 0, "fullyQualifiedName")).isEqualTo(JsonValue.of("a/b c"));
        assertThat(((JsonObject) at(location, "physicalLocation")).members()).doesNotContainKey("region");
    }

    @Test
    void of_unreadableFile_isAResultAndNotSilence() throws IOException {
        JsonObject log = sarif(new Toy(false), "m.toy", Map.of("c:odd", "access denied"));
        assertThat(at(log, "runs", 0, "results", 1, "ruleId")).isEqualTo(JsonValue.of("file.unreadable"));
        assertThat(at(log, "runs", 0, "artifacts", 1, "location", "uri")).isEqualTo(JsonValue.of("./c:odd"));
    }
}
