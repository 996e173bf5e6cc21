// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.jspecify.annotations.Nullable;

/** Repeats every cell. */
final class UpsamplingOp extends Op {
    private final int rows;
    private final int width;
    private final int down;
    private final int right;

    UpsamplingOp(LayerSpec.Upsampling spec, int channels, int height, int width, boolean sequence) {
        super(Ops.image(
                sequence,
                channels,
                Math.multiplyExact(height, spec.height()),
                Math.multiplyExact(width, spec.width())));
        if (sequence && spec.height() != 1) {
            throw new IllegalArgumentException("height must be 1 for a sequence, was " + spec.height());
        }
        this.rows = channels * height;
        this.width = width;
        this.down = spec.height();
        this.right = spec.width();
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        int line = width * right * w;
        for (int row = 0; row < rows; row++) {
            int to = row * down * line;
            for (int x = 0; x < width; x++) {
                for (int i = 0; i < right; i++) {
                    System.arraycopy(f.in[0], (row * width + x) * w, f.out, to + (x * right + i) * w, w);
                }
            }
            for (int i = 1; i < down; i++) {
                System.arraycopy(f.out, to, f.out, to + i * line, line);
            }
        }
    }

    @Override
    void backward(Frame f) {
        float @Nullable [] dx = f.dIn[0];
        if (dx == null) {
            return;
        }
        int w = f.width;
        Lanes.zero(dx, rows * width * w);
        for (int row = 0; row < rows * down; row++) {
            for (int x = 0; x < width * right; x++) {
                int from = (row * width * right + x) * w;
                int to = (row / down * width + x / right) * w;
                for (int r = 0; r < w; r++) {
                    dx[to + r] += f.dOut[from + r];
                }
            }
        }
    }
}
