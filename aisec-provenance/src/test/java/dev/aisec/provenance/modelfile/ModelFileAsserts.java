// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What tests of formats say of a file. */
final class ModelFileAsserts {
    /** Bytes that mean something to one format or another. */
    private static final byte[] TELLING = {0, 1, 0x7f, (byte) 0x80, (byte) 0xff, (byte) 0xfe, '<', '.', 0x70, 0x71, 0x78
    };

    private ModelFileAsserts() {}

    /** Time that this thread has computed: what bounds of work are compared with, whatever else the machine does. */
    static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    static ModelReport verify(String name, byte[] bytes) {
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

    static ModelReport accepted(String name, byte[] bytes) {
        ModelReport report = verify(name, bytes);
        assertThat(report.verification().verdict())
                .as("%s", report.verification().findings())
                .isEqualTo(Verdict.ACCEPT);
        return report;
    }

    /** Refused for one reason and no other. */
    static ModelReport rejected(String name, byte[] bytes, String code) {
        ModelReport report = verify(name, bytes);
        assertThat(errors(report)).as("%s", report.verification().findings()).containsExactly(code);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        return report;
    }

    static ModelReport notInspected(String name, byte[] bytes, String code) {
        ModelReport report = verify(name, bytes);
        assertThat(errors(report)).as("%s", report.verification().findings()).containsExactly(code);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
        return report;
    }

    /** No beginning of a file passes for the whole. */
    static void truncations(String name, byte[] bytes) {
        truncations(name, bytes, 1);
    }

    /** The same for each so many-th length. */
    static void truncations(String name, byte[] bytes, int step) {
        accepted(name, bytes);
        for (int length = 0; length < bytes.length; length += step) {
            ModelReport report = verify(name, Arrays.copyOf(bytes, length));
            assertThat(report.verification().verdict()).as("length %d", length).isNotEqualTo(Verdict.ACCEPT);
        }
    }

    /** Whatever the bytes are, there is an answer. */
    static void mutations(String name, byte[] bytes, int count) {
        Random random = new Random(42);
        for (int i = 0; i < count; i++) {
            byte[] mutant = bytes.clone();
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                int at = random.nextInt(mutant.length);
                switch (random.nextInt(4)) {
                    case 0 -> mutant[at] = (byte) random.nextInt();
                    case 1 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                    case 2 -> mutant[at] = TELLING[random.nextInt(TELLING.length)];
                    default -> {
                        int from = random.nextInt(mutant.length);
                        int most = Math.min(8, mutant.length - Math.max(from, at));
                        System.arraycopy(bytes, from, mutant, at, most);
                    }
                }
            }
            assertThat(verify(name, mutant).verification().verdict()).isNotNull();
        }
    }
}
