// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What picklers write of plain values, in every protocol, is accepted. */
class PickleReferenceTest {
    private static List<String> lines() throws IOException {
        try (InputStream in = Objects.requireNonNull(PickleReferenceTest.class.getResourceAsStream("pickles.txt"));
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return reader.lines().filter(l -> !l.startsWith("#")).toList();
        }
    }

    static Stream<Arguments> pickles() throws IOException {
        return lines().stream().map(line -> {
            String[] parts = line.split(" ");
            return Arguments.of(
                    parts[0] + " in protocol " + parts[1], HexFormat.of().parseHex(parts[2]));
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("pickles")
    void verify_plainValues_areAccepted(String name, byte[] bytes) throws IOException {
        ModelReport report = PickleTest.verify(bytes);

        assertThat(report.verification().findings()).as(name).isEmpty();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.structure().format()).isEqualTo("pickle");
    }

    @Test
    void verify_arraysInAPickle_areNamedByTheirKeys() throws IOException {
        for (String line : lines()) {
            if (line.startsWith("np_array ")) {
                ModelReport report = PickleTest.verify(HexFormat.of().parseHex(line.split(" ")[2]));
                assertThat(report.structure().tensors())
                        .extracting(Tensor::name)
                        .containsExactly("w", "b");
                assertThat(report.structure().tensors())
                        .extracting(Tensor::shape)
                        .containsExactly(List.of(2L, 3L), List.of(3L));
            }
        }
    }

    @Test
    void verify_plainValuesCutAnywhere_areNeverAccepted() throws IOException {
        for (String line : lines()) {
            byte[] bytes = HexFormat.of().parseHex(line.split(" ")[2]);
            for (int length = 0; bytes.length < 300 && length < bytes.length; length++) {
                assertThat(PickleTest.verify(Arrays.copyOf(bytes, length))
                                .verification()
                                .verdict())
                        .as("%s bytes of %s", length, line)
                        .isNotEqualTo(Verdict.ACCEPT);
            }
        }
    }
}
