// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Preprocessor;

/**
 * Squeezes values to few levels: round(x · (2^bits − 1)) / (2^bits − 1) on values scaled to [0, 1] (Xu, Evans, Qi, NDSS
 * 2018, section 3.1). Values outside the bounds are clipped first.
 *
 * @param bits bits of each value, in [1, 16]
 * @param bounds one finite range of values
 */
public record BitDepth(int bits, Bounds bounds) implements Preprocessor {
    /** Checks the components. */
    public BitDepth {
        if (bits < 1 || bits > 16) {
            throw new IllegalArgumentException("bits must be in [1, 16], was " + bits);
        }
        if (!bounds.isUniform() || !(bounds.upper(0) - bounds.lower(0) < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("bounds must be one finite range, was " + bounds);
        }
    }

    @Override
    public Batch apply(Batch inputs) {
        float levels = (1 << bits) - 1;
        float low = bounds.lower(0);
        float width = bounds.upper(0) - low;
        inputs.requireFinite("inputs");
        float[] values = inputs.toArray();
        for (int i = 0; i < values.length; i++) {
            float unit = (bounds.clip(0, values[i]) - low) / width;
            // Rounding may leave the range by an ulp.
            values[i] = bounds.clip(0, low + width * (Math.round(unit * levels) / levels));
        }
        return inputs.like(values, inputs.shape());
    }
}
