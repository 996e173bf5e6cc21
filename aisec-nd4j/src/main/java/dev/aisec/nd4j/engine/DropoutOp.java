// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Training noise. Each value's draw is a function of the seed of the step, the op, the row and the feature, so that it does
 * not depend on chunks or threads and is drawn again, not kept, for the way back.
 */
final class DropoutOp extends Op {
    private final LayerSpec.Dropout spec;
    private final int size;
    /** Features that share a draw. */
    private final int shared;

    DropoutOp(LayerSpec.Dropout spec, Shape in) {
        super(in);
        this.spec = spec;
        this.size = in.size();
        this.shared = spec.kind() == LayerSpec.Dropout.Kind.CHANNELS ? size / in.dimension(0) : 1;
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        boolean adds = spec.kind() == LayerSpec.Dropout.Kind.GAUSSIAN_NOISE;
        for (int r = 0; r < w; r++) {
            long row = rowSeed(f, r);
            for (int i = 0; i < size; i++) {
                int j = i * w + r;
                float draw = draw(row, i / shared);
                f.out[j] = adds ? f.in[0][j] + draw : f.in[0][j] * draw;
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
        if (spec.kind() == LayerSpec.Dropout.Kind.GAUSSIAN_NOISE) {
            System.arraycopy(f.dOut, 0, dx, 0, size * w);
            return;
        }
        for (int r = 0; r < w; r++) {
            long row = rowSeed(f, r);
            for (int i = 0; i < size; i++) {
                dx[i * w + r] = f.dOut[i * w + r] * draw(row, i / shared);
            }
        }
    }

    private static long rowSeed(Frame f, int row) {
        return mix(mix(f.noise + f.op) + f.firstRow + row);
    }

    private float draw(long row, int index) {
        long bits = mix(row + index * 0x9e3779b97f4a7c15L);
        double uniform = (bits >>> 11) * 0x1p-53;
        double p = spec.parameter();
        return switch (spec.kind()) {
            case VALUES, CHANNELS -> uniform < p ? (float) (1 / p) : 0f;
            case GAUSSIAN_FACTOR -> (float) (1 + Math.sqrt(p / (1 - p)) * gaussian(bits, uniform));
            case GAUSSIAN_NOISE -> (float) (p * gaussian(bits, uniform));
        };
    }

    /** Box and Muller, Annals of Mathematical Statistics 29, 1958. */
    private static double gaussian(long bits, double uniform) {
        double other = (mix(bits) >>> 11) * 0x1p-53;
        return Math.sqrt(-2 * Math.log(1 - uniform)) * Math.cos(2 * Math.PI * other);
    }

    /** The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, variant 13). */
    private static long mix(long v) {
        long z = v + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
