// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.internal;

import dev.aisec.fairness.metric.GroupedRows;
import java.util.List;

/** Checks of arguments, with messages that name parameter, rule and value. */
public final class Checks {
    /** Least weight that is not 0: its square, and sums of squares, are still normal numbers. */
    private static final double LEAST_WEIGHT = 1e-100;
    /** Largest weight, and largest score: sums and squares of as many as can be counted stay finite. */
    private static final double MOST = 1e100;

    private static final double SUM_TOLERANCE = 1e-9;

    private Checks() {}

    /**
     * In [0, 1].
     *
     * @param name what the message calls it
     * @param value the value
     */
    public static void share(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be in [0, 1], was " + value);
        }
    }

    /**
     * In (0, 1).
     *
     * @param value the value
     */
    public static void confidence(double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException("confidence must be in (0, 1), was " + value);
        }
    }

    /**
     * Above 0 and finite.
     *
     * @param name what the message calls it
     * @param value the value
     */
    public static void positive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    /**
     * At least 0 and finite.
     *
     * @param name what the message calls it
     * @param value the value
     */
    public static void notNegative(String name, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be >= 0 and finite, was " + value);
        }
    }

    /**
     * At least a number.
     *
     * @param name what the message calls it
     * @param least the least number
     * @param value the value
     */
    public static void atLeast(String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be >= " + least + ", was " + value);
        }
    }

    /**
     * As many as something else.
     *
     * @param name what the message calls it
     * @param like what there must be as many of
     * @param expected how many there must be
     * @param actual how many there are
     */
    public static void size(String name, String like, int expected, int actual) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    name + " must be as many as " + like + ", " + expected + ", were " + actual);
        }
    }

    /**
     * The number of a group.
     *
     * @param group number of the group
     * @param size how many groups there are
     */
    public static void group(int group, int size) {
        if (group < 0 || group >= size) {
            throw new IllegalArgumentException("group must be in [0, " + size + "), was " + group);
        }
    }

    /**
     * The groups of rows.
     *
     * @param groups the group of each row
     * @param size how many groups there are
     */
    public static void groups(int[] groups, int size) {
        for (int i = 0; i < groups.length; i++) {
            if (groups[i] < 0 || groups[i] >= size) {
                throw new IllegalArgumentException(
                        "groups must be in [0, " + size + "), row " + i + " was " + groups[i]);
            }
        }
    }

    /**
     * Whether a weight is 0, or in the range in which squares neither vanish nor overflow.
     *
     * @param weight the weight
     * @return whether it is
     */
    public static boolean isWeight(double weight) {
        return weight == 0 || weight >= LEAST_WEIGHT && weight <= MOST;
    }

    /**
     * The weight of a row.
     *
     * @param weight the weight
     */
    public static void weight(double weight) {
        if (!isWeight(weight)) {
            throw new IllegalArgumentException("weight must be 0 or in [1e-100, 1e100], was " + weight);
        }
    }

    /**
     * The weights of rows.
     *
     * @param weights the weight of each row
     */
    public static void weights(double[] weights) {
        for (int i = 0; i < weights.length; i++) {
            if (!isWeight(weights[i])) {
                throw new IllegalArgumentException(
                        "weights must be 0 or in [1e-100, 1e100], row " + i + " was " + weights[i]);
            }
        }
    }

    /**
     * Whether differences and squares of a score stay finite.
     *
     * @param score the score
     * @return whether it is
     */
    public static boolean isScore(double score) {
        return Math.abs(score) <= MOST;
    }

    /**
     * Scores whose differences and squares stay finite.
     *
     * @param scores the score of each row
     */
    public static void boundedScores(double[] scores) {
        for (int i = 0; i < scores.length; i++) {
            if (!isScore(scores[i])) {
                throw new IllegalArgumentException("scores must be in [-1e100, 1e100], row " + i + " was " + scores[i]);
            }
        }
    }

    /**
     * A finite number for each row.
     *
     * @param rows number of the trials; above 0
     * @param scores the score of each row
     */
    public static void scores(GroupedRows rows, double[] scores) {
        size("scores", "rows", rows.size(), scores.length);
        finite("scores", scores);
    }

    /**
     * Finite numbers, one for each row.
     *
     * @param name what the message calls it
     * @param values the numbers
     */
    public static void finite(String name, double[] values) {
        for (int i = 0; i < values.length; i++) {
            if (!Double.isFinite(values[i])) {
                throw new IllegalArgumentException(name + " must be finite, row " + i + " was " + values[i]);
            }
        }
    }

    /**
     * Row-major features without ragged rows or numbers that are not finite.
     *
     * @param name what the message calls it
     * @param features row after row
     * @param columns numbers of a row
     * @return the number of rows
     */
    public static int features(String name, double[] features, int columns) {
        if (columns < 1) {
            throw new IllegalArgumentException("columns of " + name + " must be >= 1, was " + columns);
        }
        if (features.length % columns != 0) {
            throw new IllegalArgumentException(
                    name + " must have a multiple of " + columns + " values, had " + features.length);
        }
        for (int i = 0; i < features.length; i++) {
            if (!Double.isFinite(features[i])) {
                throw new IllegalArgumentException(name + " must be finite, row " + i / columns + " column "
                        + i % columns + " was " + features[i]);
            }
        }
        return features.length / columns;
    }

    /**
     * The features of rows, as many as the rows.
     *
     * @param features row after row
     * @param columns numbers of a row
     * @param rows number of the trials; above 0
     */
    public static void features(double[] features, int columns, GroupedRows rows) {
        int n = features("features", features, columns);
        if (n != rows.size()) {
            throw new IllegalArgumentException(
                    "rows must be as many as rows of features, " + n + ", were " + rows.size());
        }
    }

    /**
     * A sum of weights that something is divided by.
     *
     * @param sum the sum
     */
    public static void total(double sum) {
        positive("sum of weights", sum);
    }

    /**
     * Probabilities that sum to 1 up to rounding of what was typed in.
     *
     * @param name what the message calls it
     * @param values the numbers
     */
    public static void distribution(String name, double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException(name + " must be at least one, were none");
        }
        double sum = 0;
        for (double value : values) {
            share(name, value);
            sum += value;
        }
        if (Math.abs(sum - 1) > SUM_TOLERANCE) {
            throw new IllegalArgumentException(name + " must sum to 1, summed to " + sum);
        }
    }

    /**
     * At least one action; copied.
     *
     * @param actions the actions
     * @param <A> the action
     * @return a copy
     */
    public static <A> List<A> actions(List<A> actions) {
        List<A> copy = List.copyOf(actions);
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("actions must be at least one, were none");
        }
        return copy;
    }
}
