// SPDX-License-Identifier: Apache-2.0
/**
 * Models of Deeplearning4j behind the interfaces of aisec-core. {@link dev.aisec.nd4j.Dl4jModels} loads what the model
 * file check let through, {@link dev.aisec.nd4j.engine.Networks} compiles it for the fast engine, and {@link
 * dev.aisec.nd4j.Dl4jClassifier} runs on Deeplearning4j itself what the engine does not know.
 *
 * <p>ND4J's arrays appear here and nowhere else.
 */
@NullMarked
package dev.aisec.nd4j;

import org.jspecify.annotations.NullMarked;
