// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteOrder;
import java.util.List;

/**
 * An array of numbers in a model file.
 *
 * @param name its name in the file, with the names of the entries it stands in; may be empty
 * @param type of its elements
 * @param order of the bytes of an element
 * @param shape sizes of its axes; empty for a single number
 * @param role what it is for
 */
public record Tensor(String name, ElementType type, ByteOrder order, List<Long> shape, Role role) {
    /** What a tensor is for. */
    public enum Role {
        /** Trained, or state of training. */
        PARAMETER,
        /** Fixed by the graph, where infinities can have a meaning (masks). */
        CONSTANT
    }

    /** Copies the shape. */
    public Tensor {
        shape = List.copyOf(shape);
    }

    /**
     * The number of elements.
     *
     * @return the product of the shape
     * @throws ArithmeticException if it does not fit a long
     */
    public long elements() {
        long product = 1;
        boolean zero = false;
        for (long size : shape) {
            zero |= size == 0;
        }
        if (zero) {
            return 0;
        }
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }

    /**
     * The number of bytes.
     *
     * @return elements in whole blocks, times the bytes of a block
     * @throws ArithmeticException if it does not fit a long
     */
    public long bytes() {
        long elements = elements();
        long blocks = elements / type.blockElements() + (elements % type.blockElements() == 0 ? 0 : 1);
        return Math.multiplyExact(blocks, (long) type.blockBytes());
    }
}
