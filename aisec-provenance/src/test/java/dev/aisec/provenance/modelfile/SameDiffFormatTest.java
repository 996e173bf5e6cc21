// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Graphs of SameDiff in FlatBuffers that the test writes itself. */
class SameDiffFormatTest {
    private static final long SOFTMAX = -7532944577593734819L;

    /** One input, one array, one operator; tests change what they want to be wrong. */
    private static final class Graph {
        final long[] shape = {1, 2, 1, 0x2000, 1, 'c'};
        byte[] data = {0, 0, 0, 63, 0, 0, 0, 63};
        String operator = "softmax";
        long number = SOFTMAX;
        byte kind = 21;
        int input = 2;
        String training = "{\"updater\":{\"@class\":\"org.nd4j.linalg.learning.config.Adam\"}}";
        private final ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

        /** A table whose fields have these widths; 0 is absent. Returns where the fields are. */
        private int[] table(int from, int... widths) {
            int size = 4;
            int[] at = new int[widths.length];
            int vtable = out.position();
            out.position(vtable + 4 + 2 * widths.length);
            for (int i = 0; i < widths.length; i++) {
                at[i] = widths[i] == 0 ? 0 : size;
                size += widths[i];
            }
            int table = out.position();
            out.putShort(vtable, (short) (4 + 2 * widths.length)).putShort(vtable + 2, (short) size);
            for (int i = 0; i < widths.length; i++) {
                out.putShort(vtable + 4 + 2 * i, (short) at[i]);
                at[i] += table;
            }
            out.putInt(table, table - vtable);
            out.position(table + size);
            point(from, table);
            return at;
        }

        private void point(int from, int to) {
            out.putInt(from, to - from);
        }

        private int vector(int from, int count, int width) {
            point(from, out.position());
            out.putInt(count);
            int begin = out.position();
            out.position(begin + count * width);
            return begin;
        }

        private void string(int from, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int begin = vector(from, bytes.length, 1);
            out.position(begin);
            out.put(bytes).put((byte) 0);
        }

        private void pair(int from, int first) {
            int[] pair = table(from, 4, 4);
            out.putInt(pair[0], first);
        }

        private void variable(int from, int id, String name, boolean array) {
            int[] v = table(from, 4, 4, 1, 0, array ? 4 : 0, 0, 1);
            out.put(v[2], (byte) 5).put(v[6], (byte) (array ? 0 : 3));
            pair(v[0], id);
            string(v[1], name);
            if (array) {
                int[] a = table(v[4], 4, 4, 1, 1);
                out.put(a[2], (byte) 5);
                int longs = vector(a[0], shape.length, 8);
                for (int i = 0; i < shape.length; i++) {
                    out.putLong(longs + 8 * i, shape[i]);
                }
                int bytes = vector(a[1], data.length, 1);
                for (int i = 0; i < data.length; i++) {
                    out.put(bytes + i, data[i]);
                }
            }
        }

        byte[] bytes() {
            out.position(4);
            int[] graph = table(0, 8, 4, 4, 0, 0, 0, 0, 4);
            int variables = vector(graph[1], 3, 4);
            variable(variables, 1, "in", false);
            variable(variables + 4, 2, "w", true);
            variable(variables + 8, 3, "out", false);
            int nodes = vector(graph[2], 1, 4);
            int[] n = table(nodes, 4, 4, 1, 8, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4);
            out.put(n[2], kind).putLong(n[3], number);
            string(n[1], "node");
            pair(vector(n[6], 1, 4), input);
            string(vector(n[15], 1, 4), "out");
            string(n[16], operator);
            string(graph[7], training);
            return Arrays.copyOf(out.array(), out.position());
        }
    }

    private static ModelReport verify(byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, "g.fb");
    }

    private static void refused(String code, Consumer<Graph> change) throws IOException {
        Graph graph = new Graph();
        change.accept(graph);
        ModelReport report = verify(graph.bytes());
        assertThat(report.structure().format()).isEqualTo("samediff");
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(report.verification().findings()).extracting(f -> f.code()).containsExactly(code);
    }

    @Test
    void read_graph_isAccepted() throws IOException {
        ModelReport report = verify(new Graph().bytes());
        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.structure().operators())
                .containsExactly(new Operator("node", "softmax", List.of("w"), List.of("out")));
        byte[] zip = TestZip.stored("samediff.fb", new Graph().bytes());
        assertThat(ModelVerifier.standard().verify(zip, "g.zip").verification().verdict())
                .isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void read_operators_mustBeWhatTheirNameSays() throws IOException {
        refused("samediff.operator", g -> g.number++);
        refused("samediff.operator", g -> g.operator = "udf");
        refused("samediff.operator", g -> g.operator = "print_variable");
        refused("samediff.operator", g -> {
            g.kind = 10;
            g.number = 1 << 20;
        });
        refused("samediff.graph", g -> g.input = 9);
        refused("dl4j.class", g -> g.training = "{\"@class\":\"javax.script.ScriptEngineManager\"}");
    }

    @Test
    void read_arraysThatContradictThemselves_areRefused() throws IOException {
        refused("samediff.array", g -> g.data = new byte[4]);
        refused("samediff.array", g -> g.shape[0] = 2);
        refused("samediff.array", g -> g.shape[3] = 0x4000);
        refused("dl4j.array", g -> g.shape[2] = 100);
        refused("dl4j.array", g -> g.shape[4] = 100);
        refused("dl4j.array", g -> g.shape[1] = Long.MAX_VALUE);
        refused("parameters.not-a-number", g -> g.data = new byte[] {0, 0, (byte) 0xc0, 0x7f, 0, 0, 0, 63});
    }

    @Test
    void read_truncationsAndMutations_neverFailUnchecked() throws IOException {
        byte[] graph = new Graph().bytes();
        for (int length = 1; length < graph.length - 1; length++) {
            ModelReport report = verify(Arrays.copyOf(graph, length));
            assertThat(report.verification().verdict()).as("length " + length).isNotEqualTo(Verdict.ACCEPT);
        }
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        for (int n = 0; n < 1500; n++) {
            byte[] copy = graph.clone();
            for (int k = random.nextInt(3); k >= 0; k--) {
                copy[random.nextInt(copy.length)] = (byte) random.nextInt(256);
            }
            verify(copy);
        }
    }
}
