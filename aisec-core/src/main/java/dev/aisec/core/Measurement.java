// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A named estimate or a curve of estimates: all that a table row or a plot needs. */
public sealed interface Measurement {
    /**
     * Returns the name of what was measured.
     *
     * @return the name in lower case, words joined by hyphens, for example {@code robust-accuracy}; in fairness by underscores (snake
     *     case), for example {@code selection_rate}, as is the custom there
     */
    String name();

    /**
     * Returns what tells this measurement from others of the same name.
     *
     * @return labels such as {@code norm=Linf}, sorted by key, unmodifiable
     */
    SortedMap<String, String> labels();

    /**
     * One estimate.
     *
     * @param name name in lower case; see {@link Measurement#name()}
     * @param unit unit of the value; {@code 1} for shares and counts
     * @param labels what tells it from others of the same name
     * @param estimate the value with its uncertainty
     */
    record Scalar(String name, String unit, SortedMap<String, String> labels, Estimate estimate)
            implements Measurement {
        /** Copies the labels. */
        public Scalar {
            labels = copyOf(labels);
        }
    }

    /**
     * Estimates along an axis.
     *
     * @param name name in lower case; see {@link Measurement#name()}
     * @param x name of the horizontal axis, for example {@code epsilon}
     * @param y name of the vertical axis, for example {@code accuracy}
     * @param labels what tells it from others of the same name
     * @param points the points, in ascending order of x
     */
    record Curve(String name, String x, String y, SortedMap<String, String> labels, List<Point> points)
            implements Measurement {
        /** Copies labels and points and checks the order. */
        public Curve {
            labels = copyOf(labels);
            points = List.copyOf(points);
            for (int i = 1; i < points.size(); i++) {
                if (points.get(i).x() < points.get(i - 1).x()) {
                    throw new IllegalArgumentException("points must be in ascending order of x, point " + i + " was "
                            + points.get(i).x() + " after " + points.get(i - 1).x());
                }
            }
        }
    }

    /**
     * A point of a curve.
     *
     * @param x position on the horizontal axis; finite
     * @param y the estimate there
     */
    record Point(double x, Estimate y) {
        /** Checks the position. */
        public Point {
            if (!Double.isFinite(x)) {
                throw new IllegalArgumentException("x must be finite, was " + x);
            }
        }
    }

    private static SortedMap<String, String> copyOf(Map<String, String> labels) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }
}
