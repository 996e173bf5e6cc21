// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;

/**
 * A parameter tensor of an op.
 *
 * @param name name within its layer
 * @param shape row-major shape
 * @param pieces how many equal parts gemm addresses on their own (groups of a convolution)
 * @param statistic whether it is a running statistic, which training sets and gradients leave alone
 */
record TensorSpec(String name, Shape shape, int pieces, boolean statistic) {
    static TensorSpec weight(String name, Shape shape) {
        return new TensorSpec(name, shape, 1, false);
    }
}
