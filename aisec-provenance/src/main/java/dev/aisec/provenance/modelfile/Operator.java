// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.List;

/**
 * A layer of a network or a node of a graph.
 *
 * @param name its name in the file; may be empty
 * @param type what it computes, for example {@code ai.onnx.Gemm} or {@code keras.layers.Dense}
 * @param inputs names of the values it takes, or of the operators it takes them from
 * @param outputs names of the values it gives; empty where operators themselves are named
 */
public record Operator(String name, String type, List<String> inputs, List<String> outputs) {
    /** Copies the lists. */
    public Operator {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
