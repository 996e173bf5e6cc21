// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/** What a name in a model file stands for. */
public enum Use {
    /** A class or function that a loader would import: {@code module.name} of Python, a class of Java. */
    GLOBAL,
    /** A layer: {@code keras.layers.Dense}, {@code org.deeplearning4j.nn.conf.layers.DenseLayer}. */
    LAYER,
    /** An operator of a graph: {@code ai.onnx.Gemm}, {@code MatMul}. */
    OPERATOR
}
