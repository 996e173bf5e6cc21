// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Estimate;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.internal.Mover;
import dev.aisec.fairness.internal.Proportion;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a decision rule does on rows: its expected rates by group and how far apart they are. A rule that was fitted on the same rows
 * looks fairer there than it is: equality in the sample is not equality outside. Audit on rows that the fit has not seen.
 *
 * <p>Intervals at 95 % as in {@link dev.aisec.fairness.metric.Measure}: the hull of the mid-P and the score interval, with weights on the
 * design-based variance of decisions; differences by the hybrid method. They hold for rows drawn at random. A rate here is a mean of probabilities, which varies no more than a mean of decisions, so
 * that they are on the wide side. The difference is that of the largest and the smallest rate; as these were chosen, it is on
 * average too large. Sources: Newcombe, Statistics in Medicine 17, 1998.
 *
 * @param inSample whether the rule was fitted on these rows
 * @param groups one for each group of the space
 * @param accuracy expected share of decisions that agree with the recorded label
 * @param selectionDifference largest less smallest selection rate
 * @param truePositiveDifference largest less smallest true positive rate
 * @param falsePositiveDifference largest less smallest false positive rate
 */
public record PolicyAudit(
        boolean inSample,
        List<GroupRates> groups,
        Estimate accuracy,
        Estimate selectionDifference,
        Estimate truePositiveDifference,
        Estimate falsePositiveDifference) {
    private static final double CONFIDENCE = 0.95;

    /** Copies the groups. */
    public PolicyAudit {
        groups = List.copyOf(groups);
    }

    /**
     * The rates of a group.
     *
     * @param name name of the group
     * @param selection expected share of favourable decisions
     * @param truePositive the same among rows with a favourable label
     * @param falsePositive the same among rows with an unfavourable label
     */
    public record GroupRates(String name, Estimate selection, Estimate truePositive, Estimate falsePositive) {}

    /**
     * Audits a rule on rows that it was not fitted on.
     *
     * @param policy the rule; must know every group that has weight
     * @param rows the rows
     * @param scores their scores, as many, finite
     * @return the audit
     */
    public static PolicyAudit of(DecisionPolicy policy, GroupedRows rows, double[] scores) {
        return of(policy, rows, scores, false);
    }

    static PolicyAudit of(DecisionPolicy policy, GroupedRows rows, double[] scores, boolean inSample) {
        Checks.scores(rows, scores);
        int groups = rows.space().size();
        Mean[] positive = new Mean[groups];
        Mean[] negative = new Mean[groups];
        Mean[] all = new Mean[groups];
        for (Mean[] means : List.of(positive, negative, all)) {
            Arrays.setAll(means, g -> new Mean());
        }
        Mean agreed = new Mean();
        for (int i = 0; i < scores.length; i++) {
            double weight = rows.weight(i);
            if (weight > 0) {
                int group = rows.group(i);
                double p = policy.acceptProbability(group, scores[i]);
                boolean favourable = rows.favourable(i);
                (favourable ? positive : negative)[group].add(p, weight);
                agreed.add(favourable ? p : 1 - p, weight);
            }
        }
        List<GroupRates> rates = new ArrayList<>(groups);
        for (int g = 0; g < groups; g++) {
            all[g].add(positive[g]);
            all[g].add(negative[g]);
            rates.add(new GroupRates(
                    rows.space().name(g),
                    all[g].estimate("no rows in the group"),
                    positive[g].estimate("no rows with a favourable label in the group"),
                    negative[g].estimate("no rows with an unfavourable label in the group")));
        }
        return new PolicyAudit(
                inSample,
                rates,
                agreed.estimate("no rows"),
                difference(all),
                difference(positive),
                difference(negative));
    }

    private static Estimate difference(Mean[] rates) {
        Estimate.Measured least = null;
        Estimate.Measured most = null;
        int measured = 0;
        for (Mean rate : rates) {
            if (rate.estimate("no rows", false) instanceof Estimate.Measured m) {
                measured++;
                least = least == null || m.value() < least.value() ? m : least;
                // With equal rates throughout it is the last group.
                most = most == null || m.value() >= most.value() ? m : most;
            }
        }
        return least == null || most == null || measured < 2
                ? new Estimate.Abstained("fewer than two groups have this rate", most == null ? 0 : most.n())
                : Mover.difference(most, least);
    }

    List<Measurement> measurements() {
        List<Measurement> all = new ArrayList<>();
        all.add(scalar("accuracy", "", accuracy));
        all.add(scalar("selection_rate_difference", "", selectionDifference));
        all.add(scalar("true_positive_rate_difference", "", truePositiveDifference));
        all.add(scalar("false_positive_rate_difference", "", falsePositiveDifference));
        for (GroupRates group : groups) {
            all.add(scalar("selection_rate", group.name(), group.selection()));
            all.add(scalar("true_positive_rate", group.name(), group.truePositive()));
            all.add(scalar("false_positive_rate", group.name(), group.falsePositive()));
        }
        return all;
    }

    private Measurement scalar(String name, String group, Estimate estimate) {
        SortedMap<String, String> labels = new TreeMap<>();
        labels.put("rows", inSample ? "fitted" : "other");
        if (!group.isEmpty()) {
            labels.put("group", group);
        }
        return new Measurement.Scalar(name, "1", labels, estimate);
    }

    List<Finding> findings() {
        return inSample ? List.of(inSampleWarning()) : List.of();
    }

    static Finding inSampleWarning() {
        return new Finding(
                Severity.WARNING,
                "bias-post-processing.in-sample",
                "measured on the rows of the fit: equality in the sample is not equality outside; audit on other rows",
                "",
                OptionalLong.empty(),
                "");
    }

    /** A weighted mean of numbers in [0, 1]. */
    static final class Mean {
        private final ScoreCurve.Sum weighted = new ScoreCurve.Sum();
        private final ScoreCurve.Sum weights = new ScoreCurve.Sum();
        private double most;
        private double squares;
        private double hitSquares;
        private long n;

        void add(double p, double weight) {
            weighted.add(p * weight);
            weights.add(weight);
            addSquares(weight, 1, p);
            n++;
        }

        /** Keeps the squares relative to the greatest weight, so that they neither overflow nor vanish. */
        private void addSquares(double weight, double count, double hits) {
            if (weight > most) {
                double factor = most / weight * (most / weight);
                squares *= factor;
                hitSquares *= factor;
                most = weight;
            }
            squares += count * (weight / most) * (weight / most);
            hitSquares += hits * (weight / most) * (weight / most);
        }

        void add(Mean other) {
            if (other.n > 0) {
                weighted.add(other.weighted.value());
                weights.add(other.weights.value());
                addSquares(other.most, other.squares, other.hitSquares);
                n += other.n;
            }
        }

        double value() {
            return Math.max(0, Math.min(1, weighted.value() / weights.value()));
        }

        double weight() {
            return weights.value();
        }

        Estimate estimate(String otherwise) {
            return estimate(otherwise, true);
        }

        /** The mean by itself or as part of a comparison. */
        Estimate estimate(String otherwise, boolean alone) {
            if (n == 0) {
                return new Estimate.Abstained(otherwise, 0);
            }
            double scaled = weights.value() / most;
            double hit = value() * scaled;
            return Proportion.designed(hit, scaled, hitSquares, squares, n, CONFIDENCE, alone);
        }
    }
}
