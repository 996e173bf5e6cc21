// SPDX-License-Identifier: Apache-2.0
/**
 * Models and data as every technique sees them: {@link dev.aisec.core.model.Batch} in, {@code Batch} out, and one small
 * interface for each thing that a model can do. A technique asks for the least that it needs: a black-box attack for a
 * {@link dev.aisec.core.model.Classifier}, a gradient attack for a
 * {@link dev.aisec.core.model.DifferentiableClassifier}.
 *
 * <p>A technique never writes into its input; what it returns belongs to the caller. Everything here is thread-safe
 * unless its first paragraph says otherwise.
 */
@NullMarked
package dev.aisec.core.model;

import org.jspecify.annotations.NullMarked;
