// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.List;

/**
 * Where each parameter tensor stands in the flat parameter vector; each tensor row-major.
 *
 * @param tensors the tensors in order of their offsets, without gaps
 */
public record ParameterLayout(List<Tensor> tensors) {
    /**
     * One parameter tensor.
     *
     * @param name unique name, for example {@code 0.weight}
     * @param shape its shape
     * @param offset where it starts in the flat vector
     */
    public record Tensor(String name, Shape shape, int offset) {}

    /** Copies the list and checks that it has no gaps. */
    public ParameterLayout {
        tensors = List.copyOf(tensors);
        long next = 0;
        for (Tensor t : tensors) {
            if (t.offset() != next) {
                throw new IllegalArgumentException("offset must follow without a gap, was " + t.offset()
                        + " instead of " + next + " at " + t.name());
            }
            next += t.shape().size();
        }
        if (next > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("size must be below 2^31, was " + next);
        }
    }

    /**
     * Returns the length of the flat vector.
     *
     * @return number of parameters
     */
    public int size() {
        return tensors.isEmpty()
                ? 0
                : tensors.get(tensors.size() - 1).offset()
                        + tensors.get(tensors.size() - 1).shape().size();
    }
}
