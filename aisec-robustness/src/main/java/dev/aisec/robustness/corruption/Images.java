// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/** What the corruptions share: checks of amounts, random streams, and the walk over rows. */
final class Images {
    /** Changes one image in place: values of row {@code row} from {@code at} on. */
    interface Change {
        void apply(int row, float[] values, int at);
    }

    private Images() {}

    /** A copy of the images, each changed, then clipped to the bounds. Calls {@code change} on one thread, row after row. */
    static Batch map(Batch images, Bounds bounds, Change change) {
        if (!bounds.isUniform() || !(bounds.upper(0) - bounds.lower(0) < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("bounds must be one finite range, was " + bounds);
        }
        images.requireFinite("images");
        int length = requireImages(images).size();
        float[] values = images.toArray();
        for (int row = 0; row < images.size(); row++) {
            change.apply(row, values, row * length);
        }
        float lower = bounds.lower(0);
        float upper = bounds.upper(0);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.min(Math.max(values[i], lower), upper);
        }
        return images.like(values, images.shape());
    }

    /** The shape, if it is (channels, height, width). */
    static Shape requireImages(Batch images) {
        if (images.shape().rank() != 3) {
            throw new IllegalArgumentException(
                    "images must have shape [channels, height, width], was " + images.shape());
        }
        return images.shape();
    }

    static double range(Bounds bounds) {
        return (double) bounds.upper(0) - bounds.lower(0);
    }

    /** A share of the shorter side, in pixels. */
    static double pixels(double share, Shape image) {
        return share * Math.min(image.dimension(1), image.dimension(2));
    }

    /** The seed of a corruption at a severity; its streams are the rows. */
    static Seed stream(Seed seed, Corruption corruption, int severity) {
        return seed.derive(corruption.name() + "-" + severity);
    }

    /** Five finite amounts that are not negative. */
    static List<Double> five(String name, List<Double> amounts) {
        for (double amount : requireFive(name, amounts)) {
            if (!(amount >= 0 && amount < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(name + " must be >= 0 and finite, was " + amount);
            }
        }
        return List.copyOf(amounts);
    }

    /** Five finite amounts above zero. */
    static List<Double> fivePositive(String name, List<Double> amounts) {
        for (double amount : requireFive(name, amounts)) {
            if (!(amount > 0 && amount < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(name + " must be > 0 and finite, was " + amount);
            }
        }
        return List.copyOf(amounts);
    }

    /** Five amounts in [0, 1]. */
    static List<Double> fiveShares(String name, List<Double> amounts) {
        for (double amount : requireFive(name, amounts)) {
            if (!(amount >= 0 && amount <= 1)) {
                throw new IllegalArgumentException(name + " must be in [0, 1], was " + amount);
            }
        }
        return List.copyOf(amounts);
    }

    static <T> List<T> requireFive(String name, List<T> amounts) {
        if (amounts.size() != 5) {
            throw new IllegalArgumentException(name + " must be 5, were " + amounts.size());
        }
        return amounts;
    }

    static <T> T at(List<T> amounts, int severity) {
        if (severity < 1 || severity > 5) {
            throw new IllegalArgumentException("severity must be in [1, 5], was " + severity);
        }
        return amounts.get(severity - 1);
    }
}
