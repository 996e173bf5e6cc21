// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.fairness.internal.Mover;
import dev.aisec.fairness.internal.Proportion;
import dev.aisec.fairness.metric.GroupScores.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Fairness of scores: how well they rank within and across groups, whether they mean the same in each, and how their
 * distributions differ.
 *
 * <p>Guarantee: each interval covers asymptotically at its confidence; those of the Kolmogorov-Smirnov distance hold for
 * every sample size (unweighted rows). Undefined values abstain. Assumption: independent rows; scores not fitted on them.
 *
 * <p>Sources are given at each method.
 *
 * @param settings how uncertainty is stated
 * @param bins bins of equal mass for calibration, in [1, 1000]; 15 by default (Guo et al., On Calibration of Modern Neural
 *     Networks, ICML 2017)
 */
public record ScoreAudit(AuditSettings settings, int bins) {
    private static final int CURVE_POINTS = 200;

    /** Checks the components. */
    public ScoreAudit {
        if (bins < 1 || bins > 1000) {
            throw new IllegalArgumentException("bins must be in [1, 1000], was " + bins);
        }
    }

    /**
     * An audit with the literature's defaults.
     *
     * @return the audit
     */
    public static ScoreAudit of() {
        return new ScoreAudit(AuditSettings.DEFAULT, 15);
    }

    /**
     * The same with other settings.
     *
     * @param value how uncertainty is stated
     * @return changed audit
     */
    public ScoreAudit withSettings(AuditSettings value) {
        return new ScoreAudit(value, bins);
    }

    /**
     * All metrics of each group, and of each group against a reference group.
     *
     * @param scores the scores; calibration only if they lie in [0, 1]
     * @param reference number of the reference group
     * @return lines as in {@link FairnessReport}; comparisons carry the name of the other group
     */
    public List<FairnessReport.Row> audit(GroupScores scores, int reference) {
        scores.block(reference);
        List<FairnessReport.Row> rows = new ArrayList<>();
        int size = scores.space().size();
        for (int g = 0; g < size; g++) {
            String name = scores.space().name(g);
            rows.add(new FairnessReport.Row("auc", name, auc(scores, g)));
            rows.add(new FairnessReport.Row("calibration_gap", name, calibrationGap(scores, g)));
            rows.add(new FairnessReport.Row("calibration_error", name, calibrationError(scores, g)));
        }
        for (int g = 0; g < size; g++) {
            if (g != reference) {
                String name = scores.space().name(g);
                rows.add(new FairnessReport.Row("auc_signed_difference", name, aucDifference(scores, g, reference)));
                rows.add(new FairnessReport.Row(
                        "xauc_signed_difference", name, crossAucDifference(scores, g, reference)));
                rows.add(new FairnessReport.Row("abroca", name, abroca(scores, g, reference)));
                rows.add(new FairnessReport.Row(
                        "balance_positive_class_signed_difference", name, balance(scores, g, reference, true)));
                rows.add(new FairnessReport.Row(
                        "balance_negative_class_signed_difference", name, balance(scores, g, reference, false)));
                rows.add(new FairnessReport.Row("score_ks_distance", name, kolmogorovSmirnov(scores, g, reference)));
                rows.add(new FairnessReport.Row("score_wasserstein_distance", name, wasserstein(scores, g, reference)));
            }
        }
        return List.copyOf(rows);
    }

    /**
     * The same lines with ROC and reliability curves by group, as evidence.
     *
     * @param subject what was audited: a name or digest; not blank
     * @param scores the scores; calibration only if they lie in [0, 1]
     * @param reference number of the reference group
     * @return the report
     */
    public MetricReport report(String subject, GroupScores scores, int reference) {
        SortedMap<String, String> parameters = MetricReport.parameters("scores by group", settings);
        parameters.put("bins", Integer.toString(bins));
        parameters.put("replicates", Integer.toString(settings.replicates()));
        parameters.put("seed", Long.toString(settings.seed().value()));
        parameters.put("reference", scores.space().name(reference));
        long rows = 0;
        List<Measurement.Curve> curves = new ArrayList<>();
        for (int g = 0; g < scores.space().size(); g++) {
            rows += rows(scores.block(g));
            for (Measurement.Curve curve : List.of(roc(scores, g), reliability(scores, g))) {
                if (!curve.points().isEmpty()) {
                    curves.add(curve);
                }
            }
        }
        parameters.put("rows", Long.toString(rows));
        return new MetricReport(subject, parameters, audit(scores, reference), curves);
    }

    /**
     * Area under the ROC curve of a group: the probability that a positive scores above a negative, ties by half. Variance
     * of DeLong on the logit scale; where all pairs agree, the exact binomial end for the smaller class.
     *
     * <p>Source: DeLong, DeLong, Clarke-Pearson, Comparing the areas under two or more correlated receiver operating
     * characteristic curves, Biometrics 44, 1988; Qin, Hotilovac, Statistical Methods in Medical Research 17, 2008 (logit).
     *
     * @param scores the scores
     * @param group number of the group
     * @return the area
     */
    public Estimate auc(GroupScores scores, int group) {
        return crossAuc(scores, group, group);
    }

    /**
     * Cross AUC: the probability that a positive of one group scores above a negative of another, ties by half.
     *
     * <p>Source: Kallus, Zhou, The Fairness of Risk Scores Beyond Classification: Bipartite Ranking and the xAUC Metric,
     * NeurIPS 2019.
     *
     * @param scores the scores
     * @param positive group of the positives
     * @param negative group of the negatives
     * @return the area
     */
    public Estimate crossAuc(GroupScores scores, int positive, int negative) {
        Block up = scores.block(positive);
        Block down = scores.block(negative);
        long n = up.rows()[1] + down.rows()[0];
        if (up.rows()[1] < settings.minimum()) {
            return few(scores.space().name(positive) + ": rows with favourable label", up.rows()[1]);
        }
        if (down.rows()[0] < settings.minimum()) {
            return few(scores.space().name(negative) + ": rows with unfavourable label", down.rows()[0]);
        }
        double[] above = placements(up, 1, down, 0);
        double[] below = placements(down, 0, up, 1);
        double auc = 0;
        double total = up.total(1);
        for (int i = 0; i < above.length; i++) {
            auc += up.weights()[1][i] * above[i];
        }
        auc = Math.max(0, Math.min(1, auc / total));
        double variance = spread(up, 1, above, auc) + spread(down, 0, below, 1 - auc);
        if (auc < 1e-12 || auc > 1 - 1e-12 || !(variance > 0)) {
            Estimate.Measured bound = Proportion.share(
                    auc * Math.min(up.effective(1), down.effective(0)),
                    Math.min(up.effective(1), down.effective(0)),
                    Math.min(up.effective(1), down.effective(0)),
                    n,
                    settings.confidence());
            return new Estimate.Measured(auc, Proportion.around(auc, bound.interval()), n);
        }
        double logit = Math.log(auc / (1 - auc));
        double half = Proportion.quantile(settings.confidence()) * Math.sqrt(variance) / (auc * (1 - auc));
        Interval interval = new Interval(
                1 / (1 + Math.exp(half - logit)), 1 / (1 + Math.exp(-half - logit)), settings.confidence());
        return new Estimate.Measured(auc, Proportion.around(auc, interval), n);
    }

    private Estimate few(String what, long n) {
        return new Estimate.Abstained(
                n == 0 ? "no " + what : what + " must be at least " + settings.minimum() + ", were " + n, n);
    }

    /** For each score of one sample the share of the other below it, ties by half; both ascending. */
    private static double[] placements(Block of, int label, Block among, int other) {
        double[] result = new double[of.values().length];
        double total = among.total(other);
        double below = 0;
        int j = 0;
        for (int i = 0; i < result.length; i++) {
            while (j < among.values().length && among.values()[j] < of.values()[i]) {
                below += among.weights()[other][j++];
            }
            boolean tie = j < among.values().length && among.values()[j] == of.values()[i];
            result[i] = (below + (tie ? among.weights()[other][j] / 2 : 0)) / total;
        }
        return result;
    }

    /** Variance of the mean placement. */
    private static double spread(Block block, int label, double[] placements, double mean) {
        double total = block.total(label);
        double sum = 0;
        for (int i = 0; i < placements.length; i++) {
            double d = placements[i] - mean;
            sum += block.squares()[label][i] / total / total * d * d;
        }
        double n = block.effective(label);
        // One row shows no spread: the largest variance of a number in [0, 1] with this mean takes its place.
        return n >= 2 ? sum * n / (n - 1) : mean * (1 - mean) / n;
    }

    /**
     * Difference of the AUC of two groups.
     *
     * @param scores the scores
     * @param group the group
     * @param reference the reference group
     * @return AUC of the group − AUC of the reference
     */
    public Estimate aucDifference(GroupScores scores, int group, int reference) {
        return difference(auc(scores, group), auc(scores, reference));
    }

    /**
     * Difference of cross AUCs: how much likelier a positive of the group ranks above a negative of the reference than the
     * other way round. Kallus, Zhou, NeurIPS 2019.
     *
     * @param scores the scores
     * @param group the group
     * @param reference the reference group
     * @return xAUC(group, reference) − xAUC(reference, group)
     */
    public Estimate crossAucDifference(GroupScores scores, int group, int reference) {
        return difference(crossAuc(scores, group, reference), crossAuc(scores, reference, group));
    }

    private static Estimate difference(Estimate left, Estimate right) {
        if (left instanceof Estimate.Measured a && right instanceof Estimate.Measured b) {
            return Mover.difference(a, b);
        }
        return left instanceof Estimate.Abstained ? left : right;
    }

    /**
     * Area between two ROC curves, ∫ |ROC − ROC′|: 0 if and only if they agree everywhere. The integral is exact: both
     * curves are pieces of straight lines. Interval: estimate ± the bootstrap quantile of the area by which the curves
     * move against each other, which is conservative; more than 512 different scores are joined for it. Its half-width is at
     * least −ln(1 − confidence)/n of the smallest class (rule of three), since the bootstrap sees no unseen rows.
     *
     * <p>Source: Gardner, Brooks, Baker, Evaluating the Fairness of Predictive Student Models Through Slicing Analysis, LAK
     * 2019.
     *
     * @param scores the scores
     * @param group the group
     * @param reference the reference group
     * @return the area, in [0, 1]
     */
    public Estimate abroca(GroupScores scores, int group, int reference) {
        Block a = scores.block(group);
        Block b = scores.block(reference);
        for (Block block : List.of(a, b)) {
            String name = scores.space().name(block == a ? group : reference);
            for (int label = 0; label < 2; label++) {
                if (block.rows()[label] < settings.minimum()) {
                    return few(
                            name + ": rows with " + (label == 1 ? "favourable" : "unfavourable") + " label",
                            block.rows()[label]);
                }
            }
        }
        double area = RocCurves.between(RocCurves.of(a), RocCurves.of(b));
        double d = ScoreBootstrap.of(a, b, settings).rocDeviation();
        return distance(area, d, 1, a.rows()[0] + a.rows()[1] + b.rows()[0] + b.rows()[1]);
    }

    private Estimate distance(double value, double deviation, double most, long n) {
        Interval interval =
                new Interval(Math.max(0, value - deviation), Math.min(most, value + deviation), settings.confidence());
        return new Estimate.Measured(value, Proportion.around(value, interval), n);
    }

    /**
     * Kolmogorov-Smirnov distance of the scores of two groups, all labels: the largest gap of the distribution functions.
     * Interval: estimate ± the sum of both Dvoretzky-Kiefer-Wolfowitz bounds at half the error each; it holds for every n
     * and is conservative. Massart, Annals of Probability 18, 1990.
     *
     * @param scores the scores
     * @param group the group
     * @param reference the reference group
     * @return the distance, in [0, 1]
     */
    public Estimate kolmogorovSmirnov(GroupScores scores, int group, int reference) {
        Block a = scores.block(group);
        Block b = scores.block(reference);
        Estimate absent = absent(scores, group, reference);
        if (absent instanceof Estimate.Abstained) {
            return absent;
        }
        double[] steps = ScoreBootstrap.gaps(a, b);
        double error = Math.log(4 / (1 - settings.confidence())) / 2;
        double d = Math.sqrt(error / effective(a)) + Math.sqrt(error / effective(b));
        return distance(steps[0], d, 1, rows(a) + rows(b));
    }

    /**
     * Wasserstein-1 distance of the scores of two groups, all labels: ∫ |F − F′|, the mean distance that scores would have
     * to move, in the unit of the scores. Interval: estimate ± the bootstrap quantile of ∫ |ΔF − ΔF′|, conservative; at least
     * −ln(1 − confidence)/n of the smaller group times the range of the scores.
     *
     * @param scores the scores
     * @param group the group
     * @param reference the reference group
     * @return the distance, at least 0
     */
    public Estimate wasserstein(GroupScores scores, int group, int reference) {
        Block a = scores.block(group);
        Block b = scores.block(reference);
        Estimate absent = absent(scores, group, reference);
        if (absent instanceof Estimate.Abstained) {
            return absent;
        }
        double[] steps = ScoreBootstrap.gaps(a, b);
        return distance(
                steps[1],
                ScoreBootstrap.of(a, b, settings).transportDeviation(),
                Double.POSITIVE_INFINITY,
                rows(a) + rows(b));
    }

    private Estimate absent(GroupScores scores, int group, int reference) {
        for (int g : new int[] {group, reference}) {
            long n = rows(scores.block(g));
            if (n < settings.minimum()) {
                return few(scores.space().name(g) + ": rows", n);
            }
        }
        return new Estimate.Measured(0, new Interval(0, 0, settings.confidence()), 1);
    }

    private static long rows(Block block) {
        return block.rows()[0] + block.rows()[1];
    }

    private static double effective(Block block) {
        double total = block.total(0) + block.total(1);
        return Math.min(rows(block), total / (block.square(0) + block.square(1)) * total);
    }

    /**
     * Balance for the positive or the negative class: difference of the mean scores of the rows with that label. Welch's
     * interval, with a half-width of at least −ln(1 − confidence)/n of the smaller class times the range of the scores.
     *
     * <p>Source: Kleinberg, Mullainathan, Raghavan, Inherent Trade-Offs in the Fair Determination of Risk Scores, ITCS 2017.
     *
     * @param scores the scores
     * @param group the group
     * @param reference the reference group
     * @param positive whether the favourable label is meant
     * @return mean of the group − mean of the reference
     */
    public Estimate balance(GroupScores scores, int group, int reference, boolean positive) {
        int label = positive ? 1 : 0;
        double[] mean = new double[2];
        double[] error = new double[2];
        double[] n = new double[2];
        long rows = 0;
        for (int side = 0; side < 2; side++) {
            int g = side == 0 ? group : reference;
            Block block = scores.block(g);
            long count = block.rows()[label];
            n[side] = count == 0 ? 0 : block.effective(label);
            if (count < Math.max(2, settings.minimum()) || n[side] < 1.5) {
                return new Estimate.Abstained(
                        scores.space().name(g) + ": rows with " + (positive ? "favourable" : "unfavourable")
                                + " label must be at least " + Math.max(2, settings.minimum()) + ", were " + count,
                        count);
            }
            rows += count;
            double total = block.total(label);
            for (int i = 0; i < block.values().length; i++) {
                mean[side] += block.weights()[label][i] / total * block.values()[i];
            }
            double variance = 0;
            for (int i = 0; i < block.values().length; i++) {
                double d = block.values()[i] - mean[side];
                variance += block.squares()[label][i] / total / total * d * d;
            }
            error[side] = variance * n[side] / (n[side] - 1);
        }
        Block a = scores.block(group);
        Block b = scores.block(reference);
        double range = Math.max(a.values()[a.values().length - 1], b.values()[b.values().length - 1])
                - Math.min(a.values()[0], b.values()[0]);
        return widened(
                StudentMean.welch(mean, error, n, rows, settings.confidence()), unseen(Math.min(n[0], n[1])) * range);
    }

    /**
     * Calibration in the large: share of favourable labels − mean score. Normal interval for the mean of label − score,
     * with a half-width of at least −ln(1 − confidence)/n (rule of three).
     *
     * @param scores in [0, 1]; else it abstains
     * @param group the group
     * @return the gap; above 0 if the scores are too low
     */
    public Estimate calibrationGap(GroupScores scores, int group) {
        Block block = scores.block(group);
        long n = rows(block);
        Estimate.Abstained unfit = uncalibrated(block);
        if (unfit != null) {
            return unfit;
        }
        double total = block.total(0) + block.total(1);
        double mean = 0;
        for (int label = 0; label < 2; label++) {
            for (int i = 0; i < block.values().length; i++) {
                mean += block.weights()[label][i] / total * (label - block.values()[i]);
            }
        }
        double variance = 0;
        for (int label = 0; label < 2; label++) {
            for (int i = 0; i < block.values().length; i++) {
                double d = label - block.values()[i] - mean;
                variance += block.squares()[label][i] / total / total * d * d;
            }
        }
        double size = effective(block);
        double half =
                Proportion.quantile(settings.confidence()) * Math.sqrt(variance * (size > 1 ? size / (size - 1) : 1));
        return widened(
                new Estimate.Measured(mean, new Interval(mean - half, mean + half, settings.confidence()), n),
                unseen(size));
    }

    /** Rule of three: the share of rows unlike all those seen that may have gone unseen. */
    private double unseen(double n) {
        return Math.min(1, -Math.log1p(-settings.confidence()) / n);
    }

    private static Estimate.Measured widened(Estimate.Measured estimate, double half) {
        Interval interval = estimate.interval();
        return new Estimate.Measured(
                estimate.value(),
                new Interval(
                        Math.min(interval.lower(), estimate.value() - half),
                        Math.max(interval.upper(), estimate.value() + half),
                        interval.confidence()),
                estimate.n());
    }

    /** Why the calibration of a group cannot be judged; null if it can. */
    private Estimate.@Nullable Abstained uncalibrated(Block block) {
        long n = rows(block);
        long least = Math.max(2, settings.minimum());
        if (n < least) {
            return new Estimate.Abstained("rows must be at least " + least + ", were " + n, n);
        }
        return probabilities(block) ? null : new Estimate.Abstained("scores must be in [0, 1]", n);
    }

    private static boolean probabilities(Block block) {
        int last = block.values().length - 1;
        return last < 0 || block.values()[0] >= 0 && block.values()[last] <= 1;
    }

    /**
     * Debiased calibration error within a group: root of Σ share·((label mean − score mean)² − v) over bins of about equal mass and 2
     * rows or more, where v = p(1 − p)/(n − 1) is what chance adds to the square of a bin; a negative sum gives 0. Equal scores stay in
     * one bin. Interval: normal for the sum, then the root.
     *
     * <p>Limit: calibration within a bin is not seen; the plain error by bins is biased upward; the square of this one is not, but for the
     * spread of scores within a bin.
     *
     * <p>Source: Kumar, Liang, Ma, Verified Uncertainty Calibration, NeurIPS 2019, definition 4.
     *
     * @param scores in [0, 1]; else it abstains
     * @param group the group
     * @return the error, in [0, 1]
     */
    public Estimate calibrationError(GroupScores scores, int group) {
        Block block = scores.block(group);
        long n = rows(block);
        Estimate.Abstained unfit = uncalibrated(block);
        if (unfit != null) {
            return unfit;
        }
        List<double[]> table = binned(block);
        double total = block.total(0) + block.total(1);
        double sum = 0;
        double variance = 0;
        for (double[] bin : table) {
            double share = bin[0] / total;
            double p = bin[1] / bin[0];
            double gap = p - bin[2] / bin[0];
            double size = bin[0] / bin[3] * bin[0];
            if (size < 1.5) {
                return new Estimate.Abstained("every bin must hold at least 2 rows, one did not", n);
            }
            double v = Math.max(0, p * (1 - p)) / (size - 1);
            sum += share * (gap * gap - v);
            // With labels all alike v is 0; 1/n² is then the scale of what remains unknown.
            double floor = Math.max(v, 1 / (size * size));
            variance += share * share * (4 * Math.max(0, gap * gap - v) * floor + 2 * floor * floor);
        }
        double half = Proportion.quantile(settings.confidence()) * Math.sqrt(variance);
        double value = Math.min(1, Math.sqrt(Math.max(0, sum)));
        Interval interval = new Interval(
                Math.sqrt(Math.max(0, sum - half)),
                Math.min(1, Math.sqrt(Math.max(0, sum + half))),
                settings.confidence());
        return new Estimate.Measured(value, Proportion.around(value, interval), n);
    }

    /** Bins: weight, favourable weight, weighted score, squared weight. */
    private List<double[]> binned(Block block) {
        double total = block.total(0) + block.total(1);
        List<double[]> table = new ArrayList<>();
        double[] bin = new double[4];
        double done = 0;
        double next = total / bins * (1 - 1e-12);
        for (int i = 0; i < block.values().length; i++) {
            double weight = block.weights()[0][i] + block.weights()[1][i];
            bin[0] += weight;
            bin[1] += block.weights()[1][i];
            bin[2] += weight * block.values()[i];
            bin[3] += block.squares()[0][i] + block.squares()[1][i];
            done += weight;
            boolean large = bin[0] / bin[3] * bin[0] > 1.5;
            // A bin of fewer than 2 rows shows no spread: it is filled up, or added to the one before.
            if (large && done >= next) {
                table.add(bin);
                bin = new double[4];
                // After a tie that filled several bins at once the next one is as large as the others.
                next = total * (Math.floor(done / total * bins * (1 + 1e-12)) + 1) / bins;
            }
        }
        if (bin[0] > 0 && (bin[0] / bin[3] * bin[0] > 1.5 || table.isEmpty())) {
            table.add(bin);
        } else if (bin[0] > 0) {
            double[] last = table.get(table.size() - 1);
            for (int k = 0; k < last.length; k++) {
                last[k] += bin[k];
            }
        }
        return table;
    }

    /**
     * Reliability curve: share of favourable labels by mean score, in bins of equal mass.
     *
     * @param scores the scores
     * @param group the group
     * @return for a plot; empty if there are no rows
     */
    public Measurement.Curve reliability(GroupScores scores, int group) {
        Block block = scores.block(group);
        List<Measurement.Point> points = new ArrayList<>();
        double perRow = rows(block) / Math.max(Double.MIN_NORMAL, block.total(0) + block.total(1));
        for (double[] bin : binned(block)) {
            long n = Math.max(1, Math.round(bin[0] * perRow));
            points.add(new Measurement.Point(
                    bin[2] / bin[0], Proportion.share(bin[1], bin[0], bin[3], n, settings.confidence())));
        }
        return new Measurement.Curve("reliability", "score", "favourable_share", labels(scores, group), points);
    }

    /**
     * ROC curve: true positive rate by false positive rate.
     *
     * @param scores the scores
     * @param group the group
     * @return at most 202 points, for a plot; empty if a label is missing
     */
    public Measurement.Curve roc(GroupScores scores, int group) {
        Block block = scores.block(group);
        List<Measurement.Point> points = new ArrayList<>();
        if (block.rows()[0] > 0 && block.rows()[1] > 0) {
            double[][] curve = RocCurves.of(block);
            int last = curve[0].length - 1;
            int step = Math.max(1, (int) Math.ceil(last / (double) CURVE_POINTS));
            int[] chosen = IntStream.concat(IntStream.iterate(0, i -> i < last, i -> i + step), IntStream.of(last))
                    .toArray();
            double total = block.total(1);
            for (int i : chosen) {
                points.add(new Measurement.Point(
                        curve[0][i],
                        Proportion.share(
                                curve[1][i] * total, total, block.square(1), block.rows()[1], settings.confidence())));
            }
        }
        return new Measurement.Curve("roc", "false_positive_rate", "true_positive_rate", labels(scores, group), points);
    }

    private static SortedMap<String, String> labels(GroupScores scores, int group) {
        SortedMap<String, String> labels = new TreeMap<>();
        labels.put("group", scores.space().name(group));
        return labels;
    }
}
