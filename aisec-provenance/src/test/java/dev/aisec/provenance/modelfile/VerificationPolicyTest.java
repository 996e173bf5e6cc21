// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Finding;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class VerificationPolicyTest {
    private static final Rule GLOBAL = Rule.reject("toy.global", "A global that is not known.", "CWE-502");
    private static final Rule LAYER = Rule.reject("toy.layer", "A layer that is not known.", "");

    /** Says the same of every file: what the test wants it to say. */
    private record Toy(List<Said> said) implements ModelFormat {
        interface Said {
            void to(Inspection inspection) throws IOException;
        }

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
            for (Said each : said) {
                each.to(inspection);
            }
        }

        @Override
        public List<Rule> rules() {
            return List.of(GLOBAL, LAYER);
        }
    }

    private static ModelReport verify(VerificationPolicy policy, Toy.Said... said) throws IOException {
        return new ModelVerifier(policy, List.of(new Toy(List.of(said)))).verify(new byte[] {1}, "model.toy");
    }

    private static List<String> codes(ModelReport report) {
        return report.verification().findings().stream().map(Finding::code).toList();
    }

    private static Toy.Said global(String name, Standing standing) {
        return i -> i.uses(Use.GLOBAL, name, standing, GLOBAL, 0, "must not be imported: " + name);
    }

    private static Toy.Said layer(String name, Standing standing) {
        return i -> i.uses(Use.LAYER, name, standing, LAYER, 0, "must be known: " + name);
    }

    private static Toy.Said tensor(String name, long... shape) {
        return i -> i.tensor(new Tensor(
                name,
                ElementType.F32,
                ByteOrder.LITTLE_ENDIAN,
                Arrays.stream(shape).boxed().toList(),
                Tensor.Role.PARAMETER));
    }

    @Test
    void nodeNames_hostileNameAndExpressionThatBacktracks_isRejectedSoon() throws IOException {
        for (String expression : List.of("([a-z]|[0-9])*", "(a+)+b", "(a|aa)+b", "(x+x+)+y|a.*")) {
            VerificationPolicy policy = VerificationPolicy.strict()
                    .withStructure(StructureRules.any().withNodeNames(expression));
            assertThat(codes(verify(policy, tensor("a".repeat(60_000), 1))))
                    .as(expression)
                    .containsExactly("policy.node-name");
        }
        VerificationPolicy policy =
                VerificationPolicy.strict().withStructure(StructureRules.any().withNodeNames("(a+)+b"));
        assertThat(codes(verify(policy, tensor("a".repeat(1000), 1)))).containsExactly("policy.node-name");
        assertThat(codes(verify(policy, tensor("a".repeat(1000) + "b", 1)))).isEmpty();
    }

    @Test
    void ranges_severalThatMatch_theFirstCounts() {
        ParameterRanges ranges = new ParameterRanges(List.of(
                ParameterRange.between("b", 0, 1),
                ParameterRange.between("a*", 0, 2),
                ParameterRange.between("a", 0, 3),
                ParameterRange.between("b", 0, 4),
                ParameterRange.between("*", 0, 5)));
        assertThat(List.of("a", "b", "ab", "c", "", "*", "a*"))
                .extracting(name -> ranges.of(name).max())
                .containsExactly(2.0, 1.0, 2.0, 5.0, 5.0, 5.0, 2.0);
        assertThat(new ParameterRanges(List.of()).of("x")).isEqualTo(ParameterRange.finite("*"));
    }

    @Test
    void strict_unknownName_rejectsUnderTheFormatsRule() throws IOException {
        ModelReport report = verify(VerificationPolicy.strict(), global("a.b", Standing.UNKNOWN));
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(codes(report)).containsExactly("toy.global");
    }

    @Test
    void permissive_unknownLayer_warns() throws IOException {
        ModelReport report = verify(VerificationPolicy.permissive(), layer("my.Layer", Standing.UNKNOWN));
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(codes(report)).containsExactly("toy.layer");
    }

    @Test
    void permissive_unknownGlobal_rejects() throws IOException {
        ModelReport report = verify(VerificationPolicy.permissive(), global("a.b", Standing.UNKNOWN));
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
    }

    @Test
    void allow_wildcard_coversUnknownButNotDangerous() throws IOException {
        VerificationPolicy policy = VerificationPolicy.strict().allow(Use.GLOBAL, "my.*", "os.*");
        ModelReport report =
                verify(policy, global("my.Thing", Standing.UNKNOWN), global("os.system", Standing.DANGEROUS));
        assertThat(report.verification().findings())
                .singleElement()
                .satisfies(f -> assertThat(f.message()).contains("os.system"));
    }

    @Test
    void allow_exactDangerousName_accepts() throws IOException {
        VerificationPolicy policy = VerificationPolicy.strict().allow(Use.GLOBAL, "os.getcwd");
        assertThat(verify(policy, global("os.getcwd", Standing.DANGEROUS))
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void allow_otherUse_doesNotCover() throws IOException {
        VerificationPolicy policy = VerificationPolicy.strict().allow(Use.LAYER, "a.b");
        assertThat(verify(policy, global("a.b", Standing.UNKNOWN))
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.REJECT);
    }

    @Test
    void onlyList_knownNameOutside_rejectsUnderThePolicysRule() throws IOException {
        VerificationPolicy policy =
                VerificationPolicy.strict().withNames(new NameList(Use.LAYER, true, new TreeSet<>(List.of("Dense"))));
        ModelReport report = verify(policy, layer("Dense", Standing.KNOWN), layer("Conv2D", Standing.KNOWN));
        assertThat(codes(report)).containsExactly("policy.name");
    }

    @Test
    void formats_other_rejects() throws IOException {
        VerificationPolicy policy = VerificationPolicy.strict()
                .withStructure(StructureRules.any().withFormats(new TreeSet<>(List.of("onnx"))));
        assertThat(codes(verify(policy))).containsExactly("policy.format");
    }

    @Test
    void nodeNames_oneThatDoesNotMatch_isNamed() throws IOException {
        VerificationPolicy policy =
                VerificationPolicy.strict().withStructure(StructureRules.any().withNodeNames("[a-z.]+"));
        ModelReport report = verify(policy, tensor("a.weight", 2), tensor("B\u0007", 2));
        assertThat(report.verification().findings()).singleElement().satisfies(f -> {
            assertThat(f.code()).isEqualTo("policy.node-name");
            assertThat(f.message()).contains("\"B\\x07\"");
        });
    }

    @Test
    void bounds_rankDimensionElements_eachRejects() throws IOException {
        VerificationPolicy policy =
                VerificationPolicy.strict().withStructure(StructureRules.any().withBounds(2, 100, 1000));
        assertThat(codes(verify(policy, tensor("a", 10, 100)))).isEmpty();
        assertThat(codes(verify(policy, tensor("a", 1, 1, 1)))).containsExactly("policy.shape");
        assertThat(codes(verify(policy, tensor("a", 101)))).containsExactly("policy.shape");
        assertThat(codes(verify(policy, tensor("a", 10, 100), tensor("b", 1)))).containsExactly("policy.shape");
        assertThat(codes(verify(
                        policy.withStructure(StructureRules.any().withBounds(9, Long.MAX_VALUE, 1000)),
                        tensor("a", Long.MAX_VALUE, Long.MAX_VALUE))))
                .containsExactly("policy.shape");
    }

    @Test
    void fingerprints_otherTopology_rejects() throws IOException {
        Toy.Said dense = i -> i.operator(new Operator("d", "Dense", List.of("x"), List.of("y")));
        String known = TopologyFingerprint.of(
                verify(VerificationPolicy.strict(), dense).structure());
        VerificationPolicy policy = VerificationPolicy.strict()
                .withStructure(StructureRules.any().withFingerprints(new TreeSet<>(List.of(known))));
        assertThat(codes(verify(policy, dense))).isEmpty();
        assertThat(codes(verify(policy, dense, tensor("w", 2)))).containsExactly("policy.topology");
    }

    @Test
    void rejectedFile_rulesOfTheWhole_addNoNoise() throws IOException {
        VerificationPolicy policy = VerificationPolicy.strict()
                .withStructure(StructureRules.any().withFormats(new TreeSet<>(List.of("onnx"))));
        assertThat(codes(verify(policy, global("a.b", Standing.UNKNOWN)))).containsExactly("toy.global");
    }

    @Test
    void rangeMatches_stars_matchAnyCharacters() {
        assertThat(ParameterRange.finite("*.weight").matches("layer1.0.weight")).isTrue();
        assertThat(ParameterRange.finite("*.weight").matches("layer1.0.bias")).isFalse();
        assertThat(ParameterRange.finite("a*b*c").matches("aXXbYYc")).isTrue();
        assertThat(ParameterRange.finite("a*b*c").matches("ac")).isFalse();
        assertThat(ParameterRange.finite("a.b").matches("aXb")).isFalse();
        assertThat(ParameterRange.finite("*a*a*a*a*a*a*a*a*b").matches("a".repeat(5000)))
                .isFalse();
    }

    @Test
    void values_badOnes_areRefusedWithTheirName() {
        assertThatThrownBy(() -> ParameterRange.between("*", 1, 0)).hasMessageContaining("min must be <= max");
        assertThatThrownBy(() -> ParameterRange.between("*", Double.NaN, 0)).hasMessageContaining("NaN");
        assertThatThrownBy(() -> ParameterRange.finite("")).hasMessageContaining("tensors");
        assertThatThrownBy(() -> new NameList(Use.LAYER, false, new TreeSet<>(List.of("a*b"))))
                .hasMessageContaining("names");
        assertThatThrownBy(() -> StructureRules.any().withNodeNames("(")).hasMessageContaining("nodeNames");
        assertThatThrownBy(() -> StructureRules.any().withFingerprints(new TreeSet<>(List.of("x"))))
                .hasMessageContaining("fingerprints");
        assertThatThrownBy(() -> Limits.standard().withFileBytes(0)).hasMessageContaining("fileBytes");
    }
}
