// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/**
 * A tensor and what its numbers are like.
 *
 * @param tensor the tensor
 * @param location the entry that it stands in, names joined by {@code /}; empty if in the file itself
 * @param statistics of its numbers, all of them that the file holds
 */
public record TensorStatistics(Tensor tensor, String location, ParameterStatistics statistics) {}
