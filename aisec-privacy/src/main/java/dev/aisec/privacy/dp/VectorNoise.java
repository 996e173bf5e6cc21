// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Adds independent noise to every coordinate.
 *
 * @param noise its distribution
 */
record VectorNoise(IntegerNoise noise) {
    private static final int CHUNK = 1024;
    /** Vectors up to this length get an interval for each coordinate. */
    private static final int SHORT = 32;

    static VectorNoise of(IntegerNoise noise) {
        return new VectorNoise(noise);
    }

    void addTo(long[] points, BitSource bits) {
        long[] chunk = new long[Math.min(CHUNK, points.length)];
        for (int from = 0; from < points.length; from += chunk.length) {
            int n = Math.min(chunk.length, points.length - from);
            noise.fill(chunk, n, bits);
            for (int i = 0; i < n; i++) {
                points[from + i] = Central.plusClamped(points[from + i], chunk[i]);
            }
        }
    }

    /** The error that each one coordinate has at most; for short vectors also each with its interval. */
    static Measurement[] measurements(double[] released, double half, double bound) {
        List<Measurement> all = new ArrayList<>();
        all.add(Central.bound("coordinate-error", half, bound, 1));
        if (released.length <= SHORT) {
            for (int i = 0; i < released.length; i++) {
                TreeMap<String, String> labels = new TreeMap<>();
                labels.put("coordinate", i < 10 ? "0" + i : String.valueOf(i));
                all.add(new Measurement.Scalar("value", "1", labels, Central.around(released[i], bound)));
            }
        }
        return all.toArray(new Measurement[0]);
    }
}
