// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import org.jspecify.annotations.Nullable;

/** Zeros around each channel. */
final class ZeroPaddingOp extends Op {
    private final int channels;
    private final int height;
    private final int width;
    private final int top;
    private final int left;
    private final int outHeight;
    private final int outWidth;

    ZeroPaddingOp(LayerSpec.ZeroPadding spec, int channels, int height, int width, boolean sequence) {
        super(Ops.image(
                sequence,
                channels,
                Math.addExact(height, spec.top() + spec.bottom()),
                Math.addExact(width, spec.left() + spec.right())));
        if (sequence && spec.top() + spec.bottom() > 0) {
            throw new IllegalArgumentException(
                    "top and bottom must be 0 for a sequence, were " + spec.top() + " and " + spec.bottom());
        }
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.top = spec.top();
        this.left = spec.left();
        this.outHeight = height + spec.top() + spec.bottom();
        this.outWidth = width + spec.left() + spec.right();
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        Lanes.zero(f.out, channels * outHeight * outWidth * w);
        for (int row = 0; row < channels * height; row++) {
            System.arraycopy(f.in[0], row * width * w, f.out, place(row) * w, width * w);
        }
    }

    @Override
    void backward(Frame f) {
        float @Nullable [] dx = f.dIn[0];
        if (dx != null) {
            int w = f.width;
            for (int row = 0; row < channels * height; row++) {
                System.arraycopy(f.dOut, place(row) * w, dx, row * width * w, width * w);
            }
        }
    }

    /** Where an input row starts in the output. */
    private int place(int row) {
        int c = row / height;
        int y = row % height;
        return (c * outHeight + top + y) * outWidth + left;
    }
}
