// SPDX-License-Identifier: Apache-2.0
/**
 * Models of Deeplearning4j behind the interfaces of aisec-core. {@link dev.aisec.nd4j.Dl4jModels} loads what the model
 * file check let through, {@link dev.aisec.nd4j.Dl4jClassifier} makes it a thread-safe classifier with inference-mode
 * gradients, {@link dev.aisec.nd4j.Dl4jTraining} trains with Deeplearning4j's own optimiser.
 *
 * <p>ND4J's arrays appear here and nowhere else.
 */
@NullMarked
package dev.aisec.nd4j;

import org.jspecify.annotations.NullMarked;
