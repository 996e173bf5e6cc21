// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.MalformedInputException;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PolicyJsonTest {
    private static VerificationPolicy read(String json) {
        return PolicyJson.read(json.getBytes(UTF_8));
    }

    @Test
    void read_empty_isStrict() {
        assertThat(read("{}")).isEqualTo(VerificationPolicy.strict());
    }

    @Test
    void read_permissive_isPermissive() {
        assertThat(read("{\"preset\": \"permissive\"}")).isEqualTo(VerificationPolicy.permissive());
    }

    @Test
    void write_everyMember_isReadBack() {
        VerificationPolicy policy = VerificationPolicy.permissive()
                .withLimits(Limits.standard().withFileBytes(123).withMemoryBytes(45))
                .withNames(new NameList(Use.LAYER, true, new TreeSet<>(List.of("a.B", "c.*"))))
                .allow(Use.GLOBAL, "x.y")
                .withRanges(List.of(
                        ParameterRange.between("*.bias", -1.5, 2),
                        ParameterRange.finite("*").withOutliers(50)))
                .withStructure(StructureRules.any()
                        .withFormats(new TreeSet<>(List.of("onnx", "gguf")))
                        .withNodeNames("[a-z]+")
                        .withBounds(4, 1000, 1_000_000)
                        .withFingerprints(new TreeSet<>(List.of("topology:" + "0a".repeat(32)))))
                .withSigned(true);
        assertThat(PolicyJson.read(PolicyJson.write(policy))).isEqualTo(policy);
        assertThat(PolicyJson.write(PolicyJson.read(PolicyJson.write(policy)))).isEqualTo(PolicyJson.write(policy));
    }

    @Test
    void write_presets_areReadBack() {
        for (VerificationPolicy policy : List.of(VerificationPolicy.strict(), VerificationPolicy.permissive())) {
            assertThat(PolicyJson.read(PolicyJson.write(policy))).isEqualTo(policy);
        }
    }

    @Test
    void read_unknownMember_isRefusedByName() {
        assertThatThrownBy(() -> read("{\"prest\": \"strict\"}"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prest");
        assertThatThrownBy(() -> read("{\"limits\": {\"files\": 3}}")).hasMessageContaining("policy.limits");
        assertThatThrownBy(() -> read("{\"names\": [{\"use\": \"layer\", \"allow\": [], \"x\": 1}]}"))
                .hasMessageContaining("policy.names[0]");
    }

    @Test
    void read_wrongKinds_areRefusedByPath() {
        assertThatThrownBy(() -> read("[]")).hasMessageContaining("policy must be an object");
        assertThatThrownBy(() -> read("{\"signed\": 1}")).hasMessageContaining("policy.signed");
        assertThatThrownBy(() -> read("{\"preset\": \"mild\"}")).hasMessageContaining("policy.preset");
        assertThatThrownBy(() -> read("{\"names\": {}}")).hasMessageContaining("policy.names");
        assertThatThrownBy(() -> read("{\"names\": [{\"use\": \"thing\"}]}")).hasMessageContaining("use");
        assertThatThrownBy(() -> read("{\"names\": [{}]}")).hasMessageContaining("policy.names[0].use");
        assertThatThrownBy(() -> read("{\"parameters\": [{\"min\": 1}]}")).hasMessageContaining("tensors");
        assertThatThrownBy(() -> read("{\"limits\": {\"depth\": 1.5}}")).hasMessageContaining("depth");
        assertThatThrownBy(() -> read("{\"limits\": {\"depth\": 3000000000}}")).hasMessageContaining("depth");
        assertThatThrownBy(() -> read("{\"limits\": {\"steps\": 1e300}}")).hasMessageContaining("steps");
        assertThatThrownBy(() -> read("{\"limits\": {\"steps\": 0}}")).hasMessageContaining("steps");
        assertThatThrownBy(() -> read("{\"structure\": {\"formats\": [1]}}")).hasMessageContaining("formats");
    }

    @Test
    void read_duplicateMember_isRefused() {
        assertThatThrownBy(() -> read("{\"signed\": true, \"signed\": false}"))
                .isInstanceOf(MalformedInputException.class);
    }
}
