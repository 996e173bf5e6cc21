// SPDX-License-Identifier: Apache-2.0
/**
 * The network engine: compiled, immutable, thread-safe networks for inference and gradients. Attacks,
 * certificates, detectors, explanations and private training stand on it.
 *
 * <p>So far networks are built from layers and weights: chains of dense and convolution layers, pooling and activations.
 * For Deeplearning4j models of other kinds there is {@link dev.aisec.nd4j.Dl4jClassifier}.
 *
 * <p>Which class to choose:
 *
 * <ul>
 *   <li>{@link dev.aisec.nd4j.engine.Networks} builds a network from a
 *       {@link dev.aisec.nd4j.engine.NetworkSpec} and weights;
 *   <li>{@link dev.aisec.nd4j.engine.CompiledNetwork} is the result: logits, activations, gradients with respect to
 *       inputs and parameters, clipped per-example gradients.
 * </ul>
 *
 * <p>Inside, one chunk of rows is worked on at a time, with the rows innermost: feature f of row r stands at f · width +
 * r. Convolutions are lowered to columns and multiplied by OpenBLAS, on the calling thread.
 */
@NullMarked
package dev.aisec.nd4j.engine;

import org.jspecify.annotations.NullMarked;
