// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import java.util.List;

/** What the corruptions share: checks, and the walk over rows. */
final class Images {
    /** Changes one image in place: values of row {@code row} from {@code at} on. */
    interface Change {
        void apply(int row, float[] values, int at);
    }

    private Images() {}

    /** A copy of the images, each changed, then clipped to the bounds. */
    static Batch map(Batch images, Bounds bounds, Change change) {
        if (images.shape().rank() != 3) {
            throw new IllegalArgumentException(
                    "images must have shape [channels, height, width], was " + images.shape());
        }
        if (!bounds.isUniform() || !(bounds.upper(0) - bounds.lower(0) < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("bounds must be one finite range, was " + bounds);
        }
        images.requireFinite("images");
        int length = images.shape().size();
        float[] values = images.toArray();
        for (int row = 0; row < images.size(); row++) {
            change.apply(row, values, row * length);
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = bounds.clip(0, values[i]);
        }
        return images.like(values, images.shape());
    }

    static double range(Bounds bounds) {
        return (double) bounds.upper(0) - bounds.lower(0);
    }

    /** Five finite amounts that are not negative. */
    static List<Double> five(String name, List<Double> amounts) {
        if (amounts.size() != 5) {
            throw new IllegalArgumentException(name + " must be 5, were " + amounts.size());
        }
        for (double amount : amounts) {
            if (!(amount >= 0 && amount < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(name + " must be >= 0 and finite, was " + amount);
            }
        }
        return List.copyOf(amounts);
    }

    static double at(List<Double> amounts, int severity) {
        if (severity < 1 || severity > 5) {
            throw new IllegalArgumentException("severity must be in [1, 5], was " + severity);
        }
        return amounts.get(severity - 1);
    }
}
