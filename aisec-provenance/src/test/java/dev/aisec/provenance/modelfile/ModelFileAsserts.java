// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What tests of formats say of a file. */
final class ModelFileAsserts {
    private ModelFileAsserts() {}

    static ModelReport verify(String name, byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, name);
    }

    static List<String> errors(ModelReport report) {
        return report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .toList();
    }

    static ModelReport accepted(String name, byte[] bytes) throws IOException {
        ModelReport report = verify(name, bytes);
        assertThat(report.verification().verdict())
                .as("%s", report.verification().findings())
                .isEqualTo(Verdict.ACCEPT);
        return report;
    }

    /** Refused for one reason and no other. */
    static ModelReport rejected(String name, byte[] bytes, String code) throws IOException {
        ModelReport report = verify(name, bytes);
        assertThat(errors(report)).as("%s", report.verification().findings()).containsExactly(code);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        return report;
    }

    static ModelReport notInspected(String name, byte[] bytes, String code) throws IOException {
        ModelReport report = verify(name, bytes);
        assertThat(errors(report)).as("%s", report.verification().findings()).containsExactly(code);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
        return report;
    }

    /** No beginning of a file passes for the whole. */
    static void truncations(String name, byte[] bytes) throws IOException {
        accepted(name, bytes);
        for (int length = 0; length < bytes.length; length++) {
            ModelReport report = verify(name, Arrays.copyOf(bytes, length));
            assertThat(report.verification().verdict()).as("length %d", length).isNotEqualTo(Verdict.ACCEPT);
        }
    }

    /** Whatever the bytes are, there is an answer. */
    static void mutations(String name, byte[] bytes, int count) throws IOException {
        Random random = new Random(42);
        for (int i = 0; i < count; i++) {
            byte[] mutant = bytes.clone();
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                int at = random.nextInt(mutant.length);
                mutant[at] = (byte) (random.nextBoolean() ? random.nextInt() : mutant[at] ^ 1 << random.nextInt(8));
            }
            assertThat(verify(name, mutant).verification().verdict()).isNotNull();
        }
    }
}
