// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;

/** Inputs behind one another along the first axis. */
final class ConcatenateOp extends Op {
    private final int[] sizes;

    ConcatenateOp(Shape[] inputs) {
        super(joined(inputs));
        sizes = new int[inputs.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = inputs[i].size();
        }
    }

    private static Shape joined(Shape[] inputs) {
        int[] dimensions = new int[inputs[0].rank()];
        for (Shape in : inputs) {
            boolean fits = in.rank() == dimensions.length;
            for (int k = 1; fits && k < dimensions.length; k++) {
                dimensions[k] = inputs[0].dimension(k);
                fits = in.dimension(k) == dimensions[k];
            }
            if (!fits) {
                throw new IllegalArgumentException(
                        "inputs must agree in all axes but the first, were " + inputs[0] + " and " + in);
            }
            dimensions[0] = Math.addExact(dimensions[0], in.dimension(0));
        }
        return Shape.of(dimensions);
    }

    @Override
    void forward(Frame f) {
        int to = 0;
        for (int i = 0; i < sizes.length; i++) {
            System.arraycopy(f.in[i], 0, f.out, to, sizes[i] * f.width);
            to += sizes[i] * f.width;
        }
    }

    @Override
    void backward(Frame f) {
        int from = 0;
        for (int i = 0; i < sizes.length; i++) {
            float[] dx = f.dIn[i];
            if (dx != null) {
                System.arraycopy(f.dOut, from, dx, 0, sizes[i] * f.width);
            }
            from += sizes[i] * f.width;
        }
    }
}
