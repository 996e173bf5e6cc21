// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

/**
 * Bounds on the mean of independent values in [0, 1], fixed weights. With equal weights Chernoff's bound in its form with the relative
 * entropy, with others Hoeffding's, whose n is then (Σw)²/Σw² (Hoeffding, "Probability inequalities for sums of bounded random
 * variables", JASA 58, 1963, theorems 1 and 2).
 */
final class MeanBound {
    private double weight;
    private double squares;
    private double sum;
    private double least = Double.POSITIVE_INFINITY;
    private double most;
    private long count;

    void add(double value, double w) {
        if (w > 0) {
            weight += w;
            squares += w * w;
            sum += w * value;
            least = Math.min(least, w);
            most = Math.max(most, w);
            count++;
        }
    }

    void addAll(MeanBound other) {
        weight += other.weight;
        squares += other.squares;
        sum += other.sum;
        least = Math.min(least, other.least);
        most = Math.max(most, other.most);
        count += other.count;
    }

    /** All but a part of what was added. */
    MeanBound without(MeanBound part) {
        MeanBound rest = new MeanBound();
        rest.weight = Math.max(0, weight - part.weight);
        rest.squares = Math.max(0, squares - part.squares);
        rest.sum = Math.max(0, sum - part.sum);
        rest.least = least;
        rest.most = most;
        rest.count = rest.weight > 0 ? count - part.count : 0;
        return rest;
    }

    long count() {
        return count;
    }

    double weight() {
        return weight;
    }

    double mean() {
        return Math.max(0, Math.min(1, sum / weight));
    }

    /** The mean is above with probability at least 1 − alpha. */
    double lower(double alpha) {
        return 1 - above(1 - mean(), alpha);
    }

    /** The mean is below with probability at least 1 − alpha. */
    double upper(double alpha) {
        return above(mean(), alpha);
    }

    private double above(double mean, double alpha) {
        double log = -Math.log(alpha);
        if (least < most) {
            return Math.min(1, mean + Math.sqrt(log * squares / 2) / weight);
        }
        double low = mean;
        double high = 1;
        for (int i = 0; i < 60 && low < high; i++) {
            double middle = (low + high) / 2;
            if (count * entropy(mean, middle) > log) {
                high = middle;
            } else {
                low = middle;
            }
        }
        // A hair outwards for the rounding of the bisection.
        return Math.min(1, high + 1e-12);
    }

    private static double entropy(double p, double q) {
        double first = p == 0 ? 0 : p * Math.log(p / q);
        double second = p == 1 ? 0 : (1 - p) * Math.log((1 - p) / (1 - q));
        return first + second;
    }
}
