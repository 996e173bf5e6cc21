// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What tests of readers of hostile bytes say again and again. */
final class Verified {
    private Verified() {}

    static ModelReport verify(byte[] bytes, String name) {
        try {
            return ModelVerifier.standard().verify(bytes, name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> errors(ModelReport report) {
        return report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .toList();
    }

    /** Refused for just this reason. */
    static void refused(byte[] bytes, String name, String code) {
        ModelReport report = verify(bytes, name);
        assertThat(report.verification().verdict())
                .as(report.verification().findings().toString())
                .isEqualTo(Verdict.REJECT);
        assertThat(errors(report)).containsExactly(code);
    }

    static void uninspected(byte[] bytes, String name, String code) {
        ModelReport report = verify(bytes, name);
        assertThat(report.verification().verdict())
                .as(report.verification().findings().toString())
                .isEqualTo(Verdict.CANNOT_INSPECT);
        assertThat(errors(report)).containsExactly(code);
    }

    static ModelReport accepted(byte[] bytes, String name) {
        ModelReport report = verify(bytes, name);
        assertThat(report.verification().verdict())
                .as(report.verification().findings().toString())
                .isEqualTo(Verdict.ACCEPT);
        return report;
    }

    /** No proper beginning of the file is accepted, and none makes a reader throw. */
    static void truncated(byte[] bytes, String name, int step) {
        for (int length = 0; length < bytes.length; length += step) {
            byte[] part = Arrays.copyOf(bytes, length);
            assertThat(verify(part, name).verification().verdict())
                    .as("length %d", length)
                    .isNotEqualTo(Verdict.ACCEPT);
        }
    }

    /** Whatever is changed, there is an answer. */
    static void mutated(byte[] bytes, String name, int rounds, long seed) {
        Random random = new Random(seed);
        int[] odd = {0, 1, 0x7f, 0x80, 0xff, 0xfe, '<', '.', 0x70, 0x71, 0x78};
        for (int round = 0; round < rounds; round++) {
            byte[] changed = bytes.clone();
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                int at = random.nextInt(changed.length);
                switch (random.nextInt(4)) {
                    case 0 -> changed[at] = (byte) random.nextInt(256);
                    case 1 -> changed[at] ^= (byte) (1 << random.nextInt(8));
                    case 2 -> changed[at] = (byte) odd[random.nextInt(odd.length)];
                    default -> {
                        int from = random.nextInt(changed.length);
                        int count = Math.min(8, changed.length - Math.max(from, at));
                        System.arraycopy(bytes, from, changed, at, count);
                    }
                }
            }
            assertThat(verify(changed, name).verification().verdict()).isNotNull();
        }
    }
}
