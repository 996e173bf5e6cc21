// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * The outcome of one forward and one backward pass.
 *
 * @param logits one row of logits for each example
 * @param gradient derivative with respect to the inputs, in their shape
 */
public record LogitsAndGradient(Batch logits, Batch gradient) {}
