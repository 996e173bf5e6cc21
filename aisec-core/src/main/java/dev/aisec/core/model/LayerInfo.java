// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * A layer, as far as a reader of activations must know it.
 *
 * @param name its name within the model, unique
 * @param kind what it is, for example {@code dense}
 * @param outputShape shape of its activations for one example
 */
public record LayerInfo(String name, String kind, Shape outputShape) {}
