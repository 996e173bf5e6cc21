// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopologyFingerprintTest {
    private static ModelStructure model(List<Operator> operators, List<Tensor> tensors) {
        return new ModelStructure("toy", operators, tensors, new TreeMap<>());
    }

    private static Operator op(String type, List<String> inputs, String... outputs) {
        return new Operator("n_" + outputs[0], type, inputs, List.of(outputs));
    }

    private static Tensor tensor(String name, long... shape) {
        return new Tensor(
                name,
                ElementType.F32,
                ByteOrder.LITTLE_ENDIAN,
                Arrays.stream(shape).boxed().toList(),
                Tensor.Role.PARAMETER);
    }

    private static String of(List<Operator> operators, Tensor... tensors) {
        return TopologyFingerprint.of(model(operators, List.of(tensors)));
    }

    @Test
    void of_renamedAndReordered_isEqual() {
        Random random = new Random(1);
        for (int round = 0; round < 50; round++) {
            int n = 2 + random.nextInt(20);
            List<Operator> operators = new ArrayList<>();
            List<Operator> renamed = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                List<String> inputs = new ArrayList<>();
                List<String> others = new ArrayList<>();
                for (int k = random.nextInt(3); k >= 0; k--) {
                    int from = random.nextInt(i + 1) - 1;
                    inputs.add("v" + from);
                    others.add("other/" + (from + 100));
                }
                String type = "T" + random.nextInt(3);
                operators.add(op(type, inputs, "v" + i));
                renamed.add(op(type, others, "other/" + (i + 100)));
            }
            Collections.shuffle(renamed, random);
            assertThat(of(renamed, tensor("b", 3), tensor("a", 2)))
                    .isEqualTo(of(operators, tensor("x", 2), tensor("y", 3)));
        }
    }

    @Test
    void of_anyDifference_differs() {
        List<Operator> base = List.of(
                op("MatMul", List.of("x", "w"), "h"), op("Relu", List.of("h"), "r"), op("Sub", List.of("r", "x"), "y"));
        Set<String> seen = new HashSet<>();
        seen.add(of(base, tensor("w", 2, 3)));
        seen.add(of(base, tensor("w", 3, 2)));
        seen.add(of(base, tensor("w", 6)));
        seen.add(of(base));
        seen.add(of(base.subList(0, 2), tensor("w", 2, 3)));
        seen.add(of(List.of(base.get(0), op("Tanh", List.of("h"), "r"), base.get(2)), tensor("w", 2, 3)));
        seen.add(of(List.of(base.get(0), base.get(1), op("Sub", List.of("x", "r"), "y")), tensor("w", 2, 3)));
        seen.add(of(List.of(base.get(0), base.get(1), op("Sub", List.of("h", "x"), "y")), tensor("w", 2, 3)));
        seen.add(of(List.of(base.get(0), base.get(1), op("Sub", List.of("r", ""), "y")), tensor("w", 2, 3)));
        assertThat(seen).hasSize(9);
    }

    @Test
    void of_secondOutput_differsFromTheFirst() {
        Operator split = op("Split", List.of("x"), "a", "b");
        assertThat(of(List.of(split, op("Relu", List.of("a"), "y"))))
                .isNotEqualTo(of(List.of(split, op("Relu", List.of("b"), "y"))));
    }

    @Test
    void of_cycle_endsAndSeesTheTypes() {
        String loop = of(List.of(op("Merge", List.of("x", "n"), "m"), op("Next", List.of("m"), "n")));
        assertThat(loop).startsWith("topology:");
        assertThat(of(List.of(op("Merge", List.of("x", "n"), "m"), op("Next2", List.of("m"), "n"))))
                .isNotEqualTo(loop);
        assertThat(of(List.of(op("Self", List.of("s"), "s")))).startsWith("topology:");
    }

    @Test
    void of_edgesByOperatorName_areEdges() {
        Operator first = new Operator("in", "Input", List.of(), List.of());
        assertThat(of(List.of(first, new Operator("d", "Dense", List.of("in"), List.of()))))
                .isNotEqualTo(of(List.of(first, new Operator("d", "Dense", List.of(), List.of()))));
    }

    @Test
    void of_longChain_isLinear() {
        List<Operator> chain = IntStream.range(0, 100_000)
                .mapToObj(i -> op("Relu", List.of("v" + (i - 1)), "v" + i))
                .toList();
        assertThat(of(chain)).startsWith("topology:");
    }

    @Test
    void of_edgeFromAnotherOutputOrNode_tellsApart() {
        Operator x = new Operator("x", "Split", List.of(), List.of());
        Operator y = new Operator("y", "Unpack", List.of("x"), List.of());
        java.util.Set<String> all = new java.util.HashSet<>();
        List<String> edges = List.of("x", "x:1", "x:2", "^x", "y", "y:1", "y:2", "^y", "x:out:0", "x:out:1");
        for (String input : edges) {
            Operator z = new Operator("z", "Neg", List.of(input), List.of());
            all.add(TopologyFingerprint.of(
                    new ModelStructure("tensorflow", List.of(x, y, z), List.of(), new java.util.TreeMap<>())));
        }
        assertThat(all).hasSize(edges.size());
    }
}
