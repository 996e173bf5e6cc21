// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import org.jspecify.annotations.Nullable;

/** Maximum, average or sum over all positions of a channel; the gradient of a tie goes to the first. */
final class GlobalPoolOp extends Op {
    private final LayerSpec.Reduction reduction;
    private final int channels;
    private final int positions;

    GlobalPoolOp(LayerSpec.GlobalPooling spec, Shape in) {
        super(spec.keepAxes() ? Ops.image(in.rank() == 2, in.dimension(0), 1, 1) : Shape.of(in.dimension(0)));
        reduction = spec.reduction();
        channels = in.dimension(0);
        positions = in.size() / channels;
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        float[] x = f.in[0];
        float[] y = f.out;
        float factor = reduction == LayerSpec.Reduction.AVERAGE ? 1f / positions : 1f;
        for (int c = 0; c < channels; c++) {
            for (int r = 0; r < w; r++) {
                int at = c * positions * w + r;
                float value = x[at];
                for (int i = 1; i < positions; i++) {
                    float next = x[at + i * w];
                    value = reduction == LayerSpec.Reduction.MAX ? Math.max(value, next) : value + next;
                }
                y[c * w + r] = value * factor;
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
        float factor = reduction == LayerSpec.Reduction.AVERAGE ? 1f / positions : 1f;
        for (int c = 0; c < channels; c++) {
            for (int r = 0; r < w; r++) {
                int at = c * positions * w + r;
                float d = f.dOut[c * w + r] * factor;
                boolean open = true;
                for (int i = 0; i < positions; i++) {
                    boolean here =
                            reduction != LayerSpec.Reduction.MAX || open && f.in[0][at + i * w] == f.out[c * w + r];
                    open &= !here;
                    dx[at + i * w] = here ? d : 0f;
                }
            }
        }
    }
}
