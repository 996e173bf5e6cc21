// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** x if positive, else slope · x; axes of the slopes of length 1 are shared. */
final class ParametricReluOp extends Op {
    private final Shape slopes;
    /** Which slope a feature has. */
    private final int[] slopeOf;

    ParametricReluOp(Shape slopes, Shape in) {
        super(in);
        this.slopes = slopes;
        if (slopes.rank() != in.rank()) {
            throw new IllegalArgumentException("slopes must have the rank of " + in + ", was " + slopes);
        }
        for (int i = 0; i < in.rank(); i++) {
            if (slopes.dimension(i) != 1 && slopes.dimension(i) != in.dimension(i)) {
                throw new IllegalArgumentException("slopes must fit " + in + ", was " + slopes);
            }
        }
        slopeOf = new int[in.size()];
        for (int feature = 0; feature < slopeOf.length; feature++) {
            int rest = feature;
            int index = 0;
            int stride = 1;
            for (int i = in.rank() - 1; i >= 0; i--) {
                int at = rest % in.dimension(i);
                rest /= in.dimension(i);
                index += slopes.dimension(i) == 1 ? 0 : at * stride;
                stride *= slopes.dimension(i);
            }
            slopeOf[feature] = index;
        }
    }

    @Override
    List<TensorSpec> tensors() {
        return List.of(TensorSpec.vector("slope", slopes));
    }

    @Override
    void forward(Frame f) {
        int w = f.width;
        int base = f.weights().offset(f.tensor);
        for (int i = 0; i < slopeOf.length; i++) {
            float a = f.weights().flat[base + slopeOf[i]];
            for (int j = i * w; j < i * w + w; j++) {
                float x = f.in[0][j];
                f.out[j] = x > 0 ? x : a * x;
            }
        }
    }

    @Override
    void backward(Frame f) {
        int w = f.width;
        int base = f.weights().offset(f.tensor);
        float @Nullable [] dx = f.dIn[0];
        if (f.gradients != null) {
            float[] sum = new float[slopes.size()];
            for (int i = 0; i < slopeOf.length; i++) {
                float part = 0;
                for (int j = i * w; j < i * w + f.valid; j++) {
                    part += f.dOut[j] * Math.min(f.in[0][j], 0f);
                }
                sum[slopeOf[i]] += part;
            }
            f.gradients.add(f.tensor, sum);
        }
        if (dx != null) {
            for (int i = 0; i < slopeOf.length; i++) {
                float a = f.weights().flat[base + slopeOf[i]];
                for (int j = i * w; j < i * w + w; j++) {
                    dx[j] = f.in[0][j] > 0 ? f.dOut[j] : a * f.dOut[j];
                }
            }
        }
    }

    @Override
    void addSquaredNorms(Frame f, double[] norms) {
        double[] sum = new double[slopes.size()];
        for (int r = 0; r < f.valid; r++) {
            java.util.Arrays.fill(sum, 0);
            for (int i = 0; i < slopeOf.length; i++) {
                int j = i * f.width + r;
                sum[slopeOf[i]] += (double) f.dOut[j] * Math.min(f.in[0][j], 0f);
            }
            for (double s : sum) {
                norms[r] += s * s;
            }
        }
    }
}
