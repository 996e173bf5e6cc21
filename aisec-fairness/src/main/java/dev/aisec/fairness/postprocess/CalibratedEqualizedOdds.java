// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Equal cost of errors with calibration kept: in the groups that are served better, some people's scores are replaced by the base rate
 * of the group until the cost is as high as in the group that is served worst.
 *
 * <p>It keeps scores calibrated in each group that were so before. Costs become equal on these rows where that is possible at all:
 * replacing every score reaches the trivial cost of the group and no more. Mix rates are therefore in [0, 1], and where equality is out
 * of reach the result says so. Limits: it makes no group better off, and who loses the score is drawn by lot (by the keyed coin); the
 * authors themselves doubt whether that is acceptable. It needs the group at decision.
 *
 * <p>Formula: cost = wp · mean score of negatives + wn · mean (1 − score) of positives; trivial cost = wp · μ + wn · (1 − μ); mix rate =
 * (target − cost) / (trivial cost − cost), clipped. Source: Pleiss, Raghavan, Wu, Kleinberg and Weinberger, "On Fairness and
 * Calibration", NeurIPS 2017, algorithm 1. Clause 7.3.2-2.
 *
 * @param falsePositiveWeight wp, in [0, 1]
 * @param falseNegativeWeight wn, in [0, 1]; not both 0
 */
public record CalibratedEqualizedOdds(double falsePositiveWeight, double falseNegativeWeight) {
    /** Checks the weights. */
    public CalibratedEqualizedOdds {
        Checks.share("falsePositiveWeight", falsePositiveWeight);
        Checks.share("falseNegativeWeight", falseNegativeWeight);
        if (falsePositiveWeight + falseNegativeWeight == 0) {
            throw new IllegalArgumentException("weights must not both be 0, were");
        }
    }

    /**
     * Equal false positives.
     *
     * @return the technique
     */
    public static CalibratedEqualizedOdds falsePositives() {
        return new CalibratedEqualizedOdds(1, 0);
    }

    /**
     * Equal false negatives.
     *
     * @return the technique
     */
    public static CalibratedEqualizedOdds falseNegatives() {
        return new CalibratedEqualizedOdds(0, 1);
    }

    /**
     * What happens in a group.
     *
     * @param name name of the group
     * @param baseRate share of favourable labels; with it scores are replaced
     * @param falsePositive mean score of rows with an unfavourable label, before
     * @param falseNegative mean of 1 less the score of rows with a favourable label, before
     * @param cost their weighted sum
     * @param trivialCost cost if all scores were replaced
     * @param mixRate share of people whose score is replaced, in [0, 1]
     * @param costAfter expected cost after
     */
    public record GroupMix(
            String name,
            double baseRate,
            Estimate falsePositive,
            Estimate falseNegative,
            double cost,
            double trivialCost,
            double mixRate,
            double costAfter) {}

    /**
     * The fitted rule. As a {@link DecisionPolicy} it accepts from a score of 0.5.
     *
     * @param technique what it was fitted by
     * @param numbers by number of the group, its place in {@code mixes}; −1 if it had no rows
     * @param mixes what happens in the groups that had rows
     * @param residual largest less smallest cost that is left; 0 but for rounding if equality was reached
     */
    public record Fitted(
            CalibratedEqualizedOdds technique, List<Integer> numbers, List<GroupMix> mixes, double residual)
            implements DecisionPolicy, EvidenceSource {
        private static final double EQUAL = 1e-9;
        private static final double ACCEPTED = 0.5;

        /** Copies the lists. */
        public Fitted {
            numbers = List.copyOf(numbers);
            mixes = List.copyOf(mixes);
        }

        /**
         * Tells whether costs are equal on the rows of the fit.
         *
         * @return whether nothing was clipped
         */
        public boolean reached() {
            return residual <= EQUAL;
        }

        /**
         * The mix of a group.
         *
         * @param group number of the group; must have had rows
         * @return what happens in it
         */
        public GroupMix mix(int group) {
            if (group < 0 || group >= numbers.size() || numbers.get(group) < 0) {
                throw new IllegalArgumentException("group must be one with rows in fitting, was " + group);
            }
            return mixes.get(numbers.get(group));
        }

        /**
         * The score of a subject after the repair; the same for equal arguments.
         *
         * @param group number of the group
         * @param score score before, in [0, 1]
         * @param subject name of the subject
         * @param coin the keyed coin
         * @return the score or the base rate of the group
         */
        public double score(int group, double score, String subject, KeyedCoin coin) {
            GroupMix mix = mix(group);
            Checks.share("score", score);
            return mix.mixRate() > 0 && coin.uniform(subject) < mix.mixRate() ? mix.baseRate() : score;
        }

        @Override
        public double acceptProbability(int group, double score) {
            GroupMix mix = mix(group);
            Checks.share("score", score);
            return (score >= ACCEPTED ? 1 - mix.mixRate() : 0) + (mix.baseRate() >= ACCEPTED ? mix.mixRate() : 0);
        }

        /** Decides by the repaired score: the same draw of the coin for both. */
        @Override
        public boolean accept(int group, double score, String subject, KeyedCoin coin) {
            return score(group, score, subject, coin) >= ACCEPTED;
        }

        @Override
        public Evidence evidence() {
            SortedMap<String, String> parameters = new TreeMap<>();
            parameters.put("method", "calibrated equalized odds");
            parameters.put("false-positive-weight", String.valueOf(technique.falsePositiveWeight()));
            parameters.put("false-negative-weight", String.valueOf(technique.falseNegativeWeight()));
            parameters.put("residual-cost-difference", String.valueOf(residual));
            List<Measurement> measurements = new ArrayList<>();
            for (GroupMix mix : mixes) {
                SortedMap<String, String> labels = new TreeMap<>();
                labels.put("group", mix.name());
                labels.put("rows", "fitted");
                measurements.add(new Measurement.Scalar(
                        "generalised_false_positive_rate_before", "1", labels, mix.falsePositive()));
                measurements.add(new Measurement.Scalar(
                        "generalised_false_negative_rate_before", "1", labels, mix.falseNegative()));
                parameters.put("mix-rate " + mix.name(), String.valueOf(mix.mixRate()));
                parameters.put("cost-after " + mix.name(), String.valueOf(mix.costAfter()));
            }
            List<Finding> findings = new ArrayList<>();
            findings.add(PolicyAudit.inSampleWarning());
            if (!reached()) {
                findings.add(Finding.of(
                        Severity.WARNING,
                        "calibrated-equalized-odds.clipped",
                        "equal cost is out of reach with calibration kept: mix rates were clipped to [0, 1], "
                                + "costs still differ by " + residual,
                        ""));
            }
            return new Evidence(Technique.BIAS_POST_PROCESSING, "scores", parameters, measurements, findings);
        }
    }

    /**
     * Fits the mix rates.
     *
     * @param rows the rows; every group with weight needs both labels
     * @param scores calibrated scores, as many, in [0, 1]
     * @return the rule
     */
    public Fitted fit(GroupedRows rows, double[] scores) {
        Checks.scores(rows, scores);
        int groups = rows.space().size();
        PolicyAudit.Mean[] positive = new PolicyAudit.Mean[groups];
        PolicyAudit.Mean[] negative = new PolicyAudit.Mean[groups];
        Arrays.setAll(positive, g -> new PolicyAudit.Mean());
        Arrays.setAll(negative, g -> new PolicyAudit.Mean());
        for (int i = 0; i < scores.length; i++) {
            Checks.share("scores", scores[i]);
            if (rows.weight(i) > 0) {
                (rows.favourable(i) ? positive : negative)
                        [rows.group(i)].add(rows.favourable(i) ? 1 - scores[i] : scores[i], rows.weight(i));
            }
        }
        List<Integer> numbers = new ArrayList<>();
        List<GroupMix> before = new ArrayList<>();
        double target = 0;
        for (int g = 0; g < groups; g++) {
            double p = positive[g].weight();
            double n = negative[g].weight();
            if (p == 0 && n == 0) {
                numbers.add(-1);
                continue;
            }
            if (p == 0 || n == 0) {
                throw new IllegalArgumentException("every group must have rows with both labels, "
                        + rows.space().name(g) + " had only "
                        + (p == 0 ? "unfavourable" : "favourable") + " ones");
            }
            double baseRate = p / (p + n);
            double cost = falsePositiveWeight * negative[g].value() + falseNegativeWeight * positive[g].value();
            double trivial = falsePositiveWeight * baseRate + falseNegativeWeight * (1 - baseRate);
            numbers.add(before.size());
            before.add(new GroupMix(
                    rows.space().name(g),
                    baseRate,
                    negative[g].estimate("no rows"),
                    positive[g].estimate("no rows"),
                    cost,
                    trivial,
                    0,
                    cost));
            target = Math.max(target, cost);
        }
        if (before.isEmpty()) {
            throw new IllegalArgumentException("rows must have weight, " + rows.size() + " rows had none");
        }
        double goal = target;
        List<GroupMix> mixes = before.stream().map(mix -> mixed(mix, goal)).toList();
        double most = mixes.stream().mapToDouble(GroupMix::costAfter).max().orElse(0);
        double least = mixes.stream().mapToDouble(GroupMix::costAfter).min().orElse(0);
        return new Fitted(this, numbers, mixes, most - least);
    }

    private static GroupMix mixed(GroupMix mix, double target) {
        double room = mix.trivialCost() - mix.cost();
        double missing = target - mix.cost();
        // Where replacing scores lowers the cost, it leads away from the target.
        double rate = missing <= 0 || room <= 0 ? 0 : missing >= room ? 1 : missing / room;
        return new GroupMix(
                mix.name(),
                mix.baseRate(),
                mix.falsePositive(),
                mix.falseNegative(),
                mix.cost(),
                mix.trivialCost(),
                rate,
                mix.cost() + rate * room);
    }
}
