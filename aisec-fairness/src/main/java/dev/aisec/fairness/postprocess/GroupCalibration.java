// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Calibration in each group: scores become the share of favourable labels among people of the group with like scores.
 *
 * <p>On these rows the result is calibrated by construction; on others only as far as blocks hold enough rows, which their intervals
 * show. Limits: equal calibration does not make error rates equal, and cannot unless base rates are equal or prediction is perfect. It
 * needs the group at decision.
 *
 * <p>Isotonic: blocks are the edges of the upper hull of the group's ROC curve, the same as those of the pool-adjacent-violators
 * algorithm (Fawcett and Niculescu-Mizil, "PAV and the ROC convex hull", Machine Learning 2007; Zadrozny and Elkan, KDD 2002).
 * Histogram: blocks of about equal weight (Zadrozny and Elkan, ICML 2001). Clause 7.3.2-2.
 *
 * @param bins number of blocks of about equal weight, in [1, 10000]; 0 for isotonic
 */
public record GroupCalibration(int bins) {
    /** Checks the number. */
    public GroupCalibration {
        if (bins < 0 || bins > 10_000) {
            throw new IllegalArgumentException("bins must be in [0, 10000], was " + bins);
        }
    }

    /**
     * Isotonic calibration: never reverses the order of two people of a group.
     *
     * @return the technique
     */
    public static GroupCalibration isotonic() {
        return new GroupCalibration(0);
    }

    /**
     * Histogram calibration.
     *
     * @param bins number of blocks of about equal weight, in [1, 10000], for example 10
     * @return the technique
     */
    public static GroupCalibration histogram(int bins) {
        if (bins < 1) {
            throw new IllegalArgumentException("bins must be >= 1, was " + bins);
        }
        return new GroupCalibration(bins);
    }

    /**
     * A range of scores with one calibrated score.
     *
     * @param from lowest score, up to the block above; negative infinity in the lowest block
     * @param meanScore mean score of its rows
     * @param share share of favourable labels among them: the calibrated score
     */
    public record Block(double from, double meanScore, Estimate.Measured share) {}

    /**
     * The fitted map.
     *
     * @param technique what it was fitted by
     * @param names names of the groups
     * @param blocks by number of the group, its blocks from high to low; none for a group without rows
     */
    public record Fitted(GroupCalibration technique, List<String> names, List<List<Block>> blocks)
            implements EvidenceSource {
        private static final int FEW = 30;

        /** Copies the lists. */
        public Fitted {
            names = List.copyOf(names);
            blocks = blocks.stream().map(List::copyOf).toList();
        }

        /**
         * The calibrated score.
         *
         * @param group number of the group; must have had rows
         * @param score the score; not NaN
         * @return share of favourable labels among the like, in [0, 1]
         */
        public double score(int group, double score) {
            return block(group, score).share().value();
        }

        /**
         * The block that a score falls into.
         *
         * @param group number of the group; must have had rows
         * @param score the score; not NaN
         * @return the block, with the interval of its share
         */
        public Block block(int group, double score) {
            if (Double.isNaN(score)) {
                throw new IllegalArgumentException("score must be a number, was NaN");
            }
            if (group < 0 || group >= blocks.size() || blocks.get(group).isEmpty()) {
                throw new IllegalArgumentException("group must be one with rows in fitting, was " + group);
            }
            List<Block> own = blocks.get(group);
            int low = 0;
            int high = own.size() - 1;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (score >= own.get(middle).from()) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return own.get(low);
        }

        @Override
        public Evidence evidence() {
            SortedMap<String, String> parameters = new TreeMap<>();
            parameters.put("method", technique.bins() == 0 ? "isotonic by group" : "histogram by group");
            parameters.put("bins", String.valueOf(technique.bins()));
            parameters.put("interval", "mid-P and score; effective sample size");
            List<Measurement> measurements = new ArrayList<>();
            List<Finding> findings = new ArrayList<>(List.of(PolicyAudit.inSampleWarning()));
            for (int g = 0; g < blocks.size(); g++) {
                List<Measurement.Point> points = new ArrayList<>();
                long least = Long.MAX_VALUE;
                for (int b = blocks.get(g).size() - 1; b >= 0; b--) {
                    Block block = blocks.get(g).get(b);
                    points.add(new Measurement.Point(block.meanScore(), block.share()));
                    least = Math.min(least, block.share().n());
                }
                SortedMap<String, String> labels = new TreeMap<>();
                labels.put("group", names.get(g));
                labels.put("rows", "fitted");
                measurements.add(new Measurement.Curve("calibration", "score", "share_favourable", labels, points));
                if (least < FEW) {
                    findings.add(Finding.of(
                            Severity.WARNING,
                            "group-calibration.few-rows",
                            "the smallest block has " + least + " rows: its share is uncertain",
                            names.get(g)));
                }
            }
            return new Evidence(Technique.BIAS_POST_PROCESSING, "scores", parameters, measurements, findings);
        }
    }

    /**
     * Fits the map.
     *
     * @param rows the rows
     * @param scores their scores, as many, finite
     * @return the map
     */
    public Fitted fit(GroupedRows rows, double[] scores) {
        int groups = rows.space().size();
        double[][] from = new double[groups][0];
        PolicyAudit.Mean[][] shares = new PolicyAudit.Mean[groups][0];
        double[][] means = new double[groups][0];
        for (ScoreCurve curve : ScoreCurve.of(rows, scores)) {
            ScoreCurve edges = bins == 0 ? curve.upperHull() : binned(curve);
            int g = curve.group();
            from[g] = Arrays.copyOfRange(edges.threshold, 1, edges.size());
            shares[g] = new PolicyAudit.Mean[from[g].length];
            Arrays.setAll(shares[g], b -> new PolicyAudit.Mean());
            means[g] = new double[from[g].length];
        }
        for (int i = 0; i < scores.length; i++) {
            double weight = rows.weight(i);
            if (weight > 0) {
                int g = rows.group(i);
                int low = 0;
                int high = from[g].length - 1;
                while (low < high) {
                    int middle = (low + high) >>> 1;
                    if (scores[i] >= from[g][middle]) {
                        high = middle;
                    } else {
                        low = middle + 1;
                    }
                }
                shares[g][low].add(rows.favourable(i) ? 1 : 0, weight);
                // A running mean, as the sum of large scores could overflow.
                double part = weight / shares[g][low].weight();
                means[g][low] = (1 - part) * means[g][low] + part * scores[i];
            }
        }
        List<String> names = new ArrayList<>();
        List<List<Block>> blocks = new ArrayList<>();
        for (int g = 0; g < groups; g++) {
            names.add(rows.space().name(g));
            List<Block> own = new ArrayList<>();
            for (int b = 0; b < from[g].length; b++) {
                if (shares[g][b].estimate("no rows") instanceof Estimate.Measured share) {
                    own.add(new Block(from[g][b], means[g][b], share));
                }
            }
            blocks.add(own);
        }
        return new Fitted(this, names, blocks);
    }

    private ScoreCurve binned(ScoreCurve curve) {
        double all = curve.positives() + curve.negatives();
        // The last point repeats the one before it.
        int last = curve.size() - 1;
        int[] kept = new int[Math.min(bins, last) + 1];
        int size = 1;
        double next = 1 - 1e-12;
        for (int j = 1; j < last && size < kept.length - 1; j++) {
            double accepted = curve.tp[j] + curve.fp[j];
            if (accepted / all * bins >= next && accepted < all) {
                kept[size++] = j;
                // After a tie that filled several blocks at once the next one is as large as the others.
                next = Math.floor(accepted / all * bins * (1 + 1e-12)) + 1;
            }
        }
        kept[size++] = last;
        return curve.select(Arrays.copyOf(kept, size));
    }
}
