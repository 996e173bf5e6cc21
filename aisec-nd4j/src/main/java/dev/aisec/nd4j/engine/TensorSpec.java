// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;

/**
 * A parameter tensor of an op.
 *
 * @param name name within its layer
 * @param shape row-major shape
 * @param pieces how many equal parts gemm addresses on their own (groups of a convolution)
 * @param kind who changes it
 */
record TensorSpec(String name, Shape shape, int pieces, Kind kind) {
    /** Who changes a tensor. */
    enum Kind {
        /** The optimiser; native code reads it. */
        WEIGHT,
        /** The optimiser; read from the heap only. */
        VECTOR,
        /** Training, as running statistic; its gradient is 0. */
        STATISTIC
    }

    static TensorSpec weight(String name, Shape shape) {
        return new TensorSpec(name, shape, 1, Kind.WEIGHT);
    }

    static TensorSpec vector(String name, Shape shape) {
        return new TensorSpec(name, shape, 1, Kind.VECTOR);
    }

    static TensorSpec statistic(String name, Shape shape) {
        return new TensorSpec(name, shape, 1, Kind.STATISTIC);
    }
}
