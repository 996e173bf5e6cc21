// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Grid search: asks the learner about a grid of multipliers and keeps the one classifier with the least error plus B times its largest
 * violation. The answer does not randomise; for few groups.
 *
 * <p>The grid holds all points with whole coordinates and absolute sum at most k, scaled to the limit; k is the largest for which the
 * grid is not above its size. A parity has one coordinate for each group but the last and each event (the group's deviations, weighted,
 * sum to 0), a bounded loss one that is not negative for each group.
 *
 * <p>Guarantee: see {@link SaddleCertificate}. Its lower bound is on mixtures too, so a gap remains where only mixtures are optimal.
 *
 * <p>Source: Agarwal, Beygelzimer, Dudík, Langford and Wallach, "A reductions approach to fair classification", ICML 2018, section
 * 3.4. Clause 7.3.2-2 of ITU-T XSTR-SEC-AI.
 *
 * @param constraint what must be alike
 * @param bound how far it may be off; in [0, 1]
 * @param learner the learner
 * @param size most points of the grid; at least 3
 * @param limit largest absolute sum of multipliers in the grid; positive
 * @param multiplierBound B, how dear a violation is against error; at least {@code limit}, finite
 */
public record GridSearch(
        FairnessConstraint constraint,
        double bound,
        CostSensitiveLearner learner,
        int size,
        double limit,
        double multiplierBound) {
    /** Checks the components. */
    public GridSearch {
        Checks.share("bound", bound);
        Checks.atLeast("size", 3, size);
        Checks.positive("limit", limit);
        if (!(multiplierBound >= limit && multiplierBound < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "multiplierBound must be >= limit, " + limit + ", and finite, was " + multiplierBound);
        }
    }

    /**
     * Usual settings with the built-in logistic regression.
     *
     * @param constraint what must be alike
     * @param bound how far it may be off, in [0, 1]
     * @return 41 points up to 2, violations at 100
     */
    public static GridSearch of(FairnessConstraint constraint, double bound) {
        return new GridSearch(constraint, bound, LogisticRegression.standard(), 41, 2, 100);
    }

    /**
     * Another learner.
     *
     * @param changed the learner
     * @return the same with that learner
     */
    public GridSearch withLearner(CostSensitiveLearner changed) {
        return new GridSearch(constraint, bound, changed, size, limit, multiplierBound);
    }

    /**
     * Another grid.
     *
     * @param points most points; at least 3
     * @param reach largest absolute sum of multipliers; positive
     * @return the same with that grid
     */
    public GridSearch withGrid(int points, double reach) {
        return new GridSearch(constraint, bound, learner, points, reach, multiplierBound);
    }

    /**
     * Fits the classifier.
     *
     * @param features row-major; finite
     * @param columns number of columns
     * @param rows group, label and weight of each row
     * @return a classifier of one model, with its certificate
     * @throws IllegalArgumentException if there are too many groups for the size of the grid
     */
    public RandomizedClassifier fit(double[] features, int columns, GroupedRows rows) {
        Moments moments = new Moments(constraint, bound, rows);
        Lagrangian game = new Lagrangian(features, columns, rows, moments, learner, multiplierBound);
        List<Integer> free = new ArrayList<>();
        for (int s = 0; s < moments.slots(); s++) {
            boolean last = s + 1 == moments.slots() || moments.event(s + 1) != moments.event(s);
            if (!constraint.isParity() || !last) {
                free.add(s);
            }
        }
        int reach = 0;
        if (!free.isEmpty()) {
            // Doubled, then halved: the number of points grows with the reach.
            int tooFar = 1;
            while (points(free.size(), tooFar) <= size) {
                reach = tooFar;
                tooFar *= 2;
            }
            while (tooFar - reach > 1) {
                int middle = (reach + tooFar) >>> 1;
                if (points(free.size(), middle) <= size) {
                    reach = middle;
                } else {
                    tooFar = middle;
                }
            }
            if (reach == 0) {
                throw new IllegalArgumentException("size must be >= " + points(free.size(), 1) + " for " + free.size()
                        + " free multipliers, was " + size);
            }
        }
        visit(game, moments, free, new int[free.size()], 0, reach, reach);
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int h = 0; h < game.found().size(); h++) {
            double value = game.upper(only(h, game.found().size()));
            if (value < least) {
                least = value;
                best = h;
            }
        }
        return RandomizedClassifier.of(
                constraint,
                bound,
                multiplierBound,
                game,
                moments,
                only(best, game.found().size()));
    }

    private static double[] only(int h, int of) {
        double[] mixture = new double[of];
        mixture[h] = 1;
        return mixture;
    }

    private void visit(Lagrangian game, Moments moments, List<Integer> free, int[] point, int at, int left, int reach) {
        if (at == point.length) {
            double[] multipliers = new double[moments.constraints()];
            for (int d = 0; d < point.length; d++) {
                double value = limit * point[d] / reach;
                if (!constraint.isParity()) {
                    multipliers[free.get(d)] = value;
                } else {
                    multipliers[2 * free.get(d) + (value < 0 ? 1 : 0)] = Math.abs(value);
                }
            }
            game.answer(multipliers);
            return;
        }
        for (int z = constraint.isParity() ? -left : 0; z <= left; z++) {
            point[at] = z;
            visit(game, moments, free, point, at + 1, left - Math.abs(z), reach);
        }
    }

    /** How many whole points of so many coordinates have an absolute sum of at most reach; saturates above the largest size. */
    private long points(int coordinates, int reach) {
        long[] counts = new long[reach + 1];
        Arrays.fill(counts, 1);
        for (int d = 0; d < coordinates; d++) {
            long[] next = new long[reach + 1];
            for (int r = 0; r <= reach; r++) {
                // The points whose last coordinate is 0, and those that a step away from 0 brings here.
                long more = r == 0 ? 0 : next[r - 1] + (constraint.isParity() ? counts[r - 1] : 0);
                next[r] = Math.min(Integer.MAX_VALUE + 1L, counts[r] + more);
            }
            counts = next;
        }
        return counts[reach];
    }
}
