// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reject-option classification: near the threshold, where the score is least sure, the deprived groups get the favourable decision and
 * the others the unfavourable one.
 *
 * <p>It guarantees the best objective among all pairs of a listed threshold and any margin for which the rates of deprived and other
 * groups, each taken together, differ by at most the tolerance on these rows; if there is no such pair, it takes the smallest absolute
 * difference and says so. Limits: one margin for both sides, so {@link ThresholdOptimizer} is at least as good; no randomisation, so
 * that exact equality is out of reach as a rule.
 *
 * <p>Formula: for each threshold all margins in one sweep outward over sorted prefix sums. Source: Kamiran, Karim and Zhang, "Decision
 * Theory for Discrimination-Aware Classification", ICDM 2012, section III-A. Clause 7.3.2-2.
 *
 * @param constraint which rates have to agree between deprived and other groups; not NONE
 * @param tolerance by how much they may differ, in [0, 1]
 * @param objective what to maximise
 * @param deprived numbers of the deprived groups; at least one
 * @param thresholds thresholds to try, in (0, 1); at least one
 */
public record RejectOption(
        ParityConstraint constraint,
        double tolerance,
        Objective objective,
        Set<Integer> deprived,
        List<Double> thresholds) {
    /** Copies and checks the components. */
    public RejectOption {
        Checks.share("tolerance", tolerance);
        if (constraint == ParityConstraint.NONE) {
            throw new IllegalArgumentException("constraint must not be NONE, was");
        }
        deprived = Collections.unmodifiableSortedSet(new TreeSet<>(deprived));
        thresholds = List.copyOf(thresholds);
        if (deprived.isEmpty() || thresholds.isEmpty()) {
            throw new IllegalArgumentException(
                    "deprived groups and thresholds must be at least one, were " + deprived + " and " + thresholds);
        }
        for (double threshold : thresholds) {
            if (!(threshold > 0 && threshold < 1)) {
                throw new IllegalArgumentException("thresholds must be in (0, 1), one was " + threshold);
            }
        }
    }

    /**
     * The threshold 0.5, as in the paper, best accuracy, and a difference of at most 0.05.
     *
     * @param constraint which rates have to agree
     * @param deprived numbers of the deprived groups
     * @return the technique
     */
    public static RejectOption of(ParityConstraint constraint, Set<Integer> deprived) {
        return new RejectOption(constraint, 0.05, Objective.ACCURACY, deprived, List.of(0.5));
    }

    /**
     * The same with another tolerance.
     *
     * @param changed by how much rates may differ, in [0, 1]
     * @return the technique
     */
    public RejectOption withTolerance(double changed) {
        return new RejectOption(constraint, changed, objective, deprived, thresholds);
    }

    /**
     * The same with the thresholds 1/n, 2/n, …, (n − 1)/n.
     *
     * @param n at least 2, for example 100
     * @return the technique
     */
    public RejectOption withThresholds(int n) {
        Checks.atLeast("n", 2, n);
        List<Double> grid = new ArrayList<>();
        for (int i = 1; i < n; i++) {
            grid.add((double) i / n);
        }
        return new RejectOption(constraint, tolerance, objective, deprived, grid);
    }

    /**
     * The fitted rule.
     *
     * @param technique what it was fitted by
     * @param threshold threshold outside the margin
     * @param margin scores less than this away from the threshold are decided by group; 0 for none
     * @param policy the rule
     * @param objective what it reaches on the rows, but for rounding
     * @param difference by how much rates of deprived and other groups differ on the rows, at least 0
     * @param audit rates by group on the rows
     */
    public record Fitted(
            RejectOption technique,
            double threshold,
            double margin,
            StepPolicy policy,
            double objective,
            double difference,
            PolicyAudit audit)
            implements EvidenceSource {
        /**
         * Tells whether the difference is at most the tolerance.
         *
         * @return false if no threshold and margin could
         */
        public boolean met() {
            return difference <= technique.tolerance() + ROUNDING;
        }

        @Override
        public Evidence evidence() {
            SortedMap<String, String> parameters = new TreeMap<>();
            parameters.put("method", "reject option");
            parameters.put("constraint", technique.constraint().name());
            parameters.put("tolerance", String.valueOf(technique.tolerance()));
            parameters.put("objective", technique.objective().toString());
            parameters.put("deprived", technique.deprived().toString());
            parameters.put("threshold", String.valueOf(threshold));
            parameters.put("margin", String.valueOf(margin));
            parameters.put("objective-reached", String.valueOf(objective));
            parameters.put("difference-deprived-others", String.valueOf(difference));
            parameters.put("interval", "mid-P and score, differences hybrid; effective sample size");
            List<Finding> findings = new ArrayList<>(audit.findings());
            if (!met()) {
                findings.add(Finding.of(
                        Severity.WARNING,
                        "reject-option.not-met",
                        "no threshold and margin meets the tolerance " + technique.tolerance()
                                + "; the smallest difference is " + difference,
                        ""));
            }
            return new Evidence(
                    Technique.BIAS_POST_PROCESSING, "reject option", parameters, audit.measurements(), findings);
        }
    }

    private static final double ROUNDING = 1e-12;

    /**
     * Finds threshold and margin.
     *
     * @param rows the rows; deprived and other groups, each taken together, need the labels that the constraint divides by
     * @param scores their scores, as many, in [0, 1]
     * @return the rule
     */
    public Fitted fit(GroupedRows rows, double[] scores) {
        for (int group : deprived) {
            if (group < 0 || group >= rows.space().size()) {
                throw new IllegalArgumentException(
                        "deprived must be in [0, " + rows.space().size() + "), one was " + group);
            }
        }
        Sweep sweep = new Sweep(rows, scores, this);
        Best best = null;
        for (double threshold : thresholds) {
            best = sweep.best(threshold, this, best);
        }
        if (best == null) {
            throw new IllegalStateException("a threshold must be tried, none was");
        }
        List<StepPolicy.Rule> rules = new ArrayList<>();
        StepPolicy.Rule low = StepPolicy.Rule.threshold(best.low);
        StepPolicy.Rule high = StepPolicy.Rule.threshold(best.high);
        for (int g = 0; g < rows.space().size(); g++) {
            rules.add(deprived.contains(g) ? low : high);
        }
        StepPolicy policy = new StepPolicy(rules);
        return new Fitted(
                this,
                best.threshold,
                best.margin,
                policy,
                best.objective,
                best.difference,
                PolicyAudit.of(policy, rows, scores, true));
    }

    private record Best(
            double threshold, double margin, double low, double high, double objective, double difference) {}

    /**
     * Prefix sums over the distinct scores of each side from high to low: [side][k] is what the k highest scores hold. Side 1 are the
     * deprived groups, side 0 the others.
     */
    private static final class Sweep {
        private final double[][] score;
        private final int[] size;
        /** [rate][side][k]. */
        private final double[][][] rates;

        private final double[][] value;
        private final double constant;

        Sweep(GroupedRows rows, double[] scores, RejectOption option) {
            int n = scores.length;
            Checks.scores(rows, scores);
            int[] order = ScoreCurve.descending(scores);
            int groups = rows.space().size();
            double[] positives = new double[groups];
            double[] negatives = new double[groups];
            for (int i = 0; i < n; i++) {
                if (!(scores[i] >= 0 && scores[i] <= 1)) {
                    throw new IllegalArgumentException("scores must be in [0, 1], row " + i + " was " + scores[i]);
                }
                (rows.favourable(i) ? positives : negatives)[rows.group(i)] += rows.weight(i);
            }
            boolean[] isDeprived = new boolean[groups];
            int[] place = new int[groups];
            List<ScoreCurve> totals = new ArrayList<>();
            double[] two = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
            for (int g = 0; g < groups; g++) {
                isDeprived[g] = option.deprived.contains(g);
                place[g] = totals.size();
                if (positives[g] + negatives[g] > 0) {
                    totals.add(new ScoreCurve(
                            g, rows.space().name(g), two, new double[] {0, negatives[g]}, new double[] {0, positives[g]
                            }));
                }
            }
            if (totals.isEmpty()) {
                throw new IllegalArgumentException("rows must have weight, " + n + " rows had none");
            }
            // Refuses what the objective cannot be computed for.
            ThresholdProblem checked = new ThresholdProblem(ParityConstraint.NONE, 1, option.objective, false, totals);
            LinearObjective u = LinearObjective.of(option.objective, checked.curves());
            constant = u.constant();
            score = new double[2][n];
            size = new int[2];
            double[][] tp = new double[2][n + 1];
            double[][] fp = new double[2][n + 1];
            value = new double[2][n + 1];
            for (int row : order) {
                double weight = rows.weight(row);
                if (weight == 0) {
                    continue;
                }
                int group = rows.group(row);
                int side = isDeprived[group] ? 1 : 0;
                int k = size[side];
                if (k == 0 || score[side][k - 1] != scores[row]) {
                    score[side][k] = scores[row];
                    tp[side][k + 1] = tp[side][k];
                    fp[side][k + 1] = fp[side][k];
                    value[side][k + 1] = value[side][k];
                    size[side] = ++k;
                }
                if (rows.favourable(row)) {
                    tp[side][k] += weight;
                    value[side][k] += u.gain()[place[group]] * weight;
                } else {
                    fp[side][k] += weight;
                    value[side][k] -= u.loss()[place[group]] * weight;
                }
            }
            for (int side = 0; side < 2; side++) {
                String who = side == 1 ? "deprived groups" : "other groups";
                boolean lacksPositives = tp[side][size[side]] == 0;
                boolean lacksNegatives = fp[side][size[side]] == 0;
                if (lacksPositives && lacksNegatives
                        || option.constraint.needsPositives() && lacksPositives
                        || option.constraint.needsNegatives() && lacksNegatives) {
                    throw new IllegalArgumentException(who + " must have rows with the labels that "
                            + option.constraint + " divides by, had weights " + tp[side][size[side]]
                            + " favourable and "
                            + fp[side][size[side]] + " unfavourable");
                }
            }
            List<Rate> wanted = option.constraint.rates();
            rates = new double[wanted.size()][2][];
            for (int m = 0; m < rates.length; m++) {
                for (int side = 0; side < 2; side++) {
                    rates[m][side] = rate(wanted.get(m), tp[side], fp[side], size[side]);
                }
            }
        }

        @Nullable
        Best best(double threshold, RejectOption option, @Nullable Best soFar) {
            double[] others = score[0];
            double[] deprived = score[1];
            int startOthers = accepted(0, threshold);
            int startDeprived = accepted(1, threshold);
            int o = startOthers;
            int d = startDeprived;
            double margin = 0;
            Best best = soFar;
            double tolerance = option.tolerance + ROUNDING;
            boolean met = best != null && best.difference <= tolerance;
            // Of what is best so far: the objective if it meets the tolerance, else the difference.
            double mark = best == null ? Double.POSITIVE_INFINITY : met ? best.objective : best.difference;
            while (true) {
                double difference = difference(d, o);
                double objective = constant + value[1][d] + value[0][o];
                boolean here = difference <= tolerance;
                if (here ? !met || objective > mark : !met && difference < mark) {
                    met = here;
                    mark = here ? objective : difference;
                    best = new Best(
                            threshold,
                            margin,
                            d > startDeprived ? deprived[d - 1] : threshold,
                            o < startOthers ? Math.nextUp(others[o]) : threshold,
                            objective,
                            difference);
                }
                double below = d < size[1] ? threshold - deprived[d] : Double.POSITIVE_INFINITY;
                double above = o > 0 ? others[o - 1] - threshold : Double.POSITIVE_INFINITY;
                double next = Math.min(below, above);
                if (next == Double.POSITIVE_INFINITY) {
                    return best;
                }
                d += below == next ? 1 : 0;
                o -= above == next ? 1 : 0;
                margin = Math.nextUp(next);
            }
        }

        /** How many distinct scores of a side reach a threshold. */
        private int accepted(int side, double threshold) {
            int low = 0;
            int high = size[side];
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (score[side][middle] >= threshold) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        private double difference(int d, int o) {
            double worst = Math.abs(rates[0][1][d] - rates[0][0][o]);
            return rates.length == 1 ? worst : Math.max(worst, Math.abs(rates[1][1][d] - rates[1][0][o]));
        }

        private static double[] rate(Rate rate, double[] tp, double[] fp, int size) {
            double[] all = new double[size + 1];
            for (int k = 0; k <= size; k++) {
                all[k] = switch (rate) {
                    case SELECTION -> (tp[k] + fp[k]) / (tp[size] + fp[size]);
                    case TRUE_POSITIVE -> tp[k] / tp[size];
                    case FALSE_POSITIVE -> fp[k] / fp[size];
                };
            }
            return all;
        }
    }
}
