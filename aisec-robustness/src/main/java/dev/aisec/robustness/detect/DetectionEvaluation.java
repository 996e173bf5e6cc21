// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Detector;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Threshold;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How well a detector tells attacked examples from clean ones.
 *
 * <p>The ROC and its area use all scores. The threshold is calibrated on the clean examples of even position only (split
 * conformal); the false-positive rate is measured on those of odd position, so that it is an honest one.
 *
 * <p>The figures are oblivious: the attacker did not know of the detector. One who does can do better; the evidence says
 * so.
 *
 * @param subject what was evaluated
 * @param detector the detector, as its parameters print
 * @param attack how the attacked examples were made
 * @param clean scores of clean examples
 * @param attacked scores of attacked examples that fool the classifier
 * @param rate false-positive rate asked of the threshold
 */
public record DetectionEvaluation(
        String subject, String detector, String attack, List<Double> clean, List<Double> attacked, double rate)
        implements EvidenceSource {
    private static final double CONFIDENCE = 0.95;
    private static final int MOST_POINTS = 200;

    /** Copies the scores. */
    public DetectionEvaluation {
        clean = List.copyOf(clean);
        attacked = List.copyOf(attacked);
        if (!(rate > 0 && rate < 1)) {
            throw new IllegalArgumentException("rate must be in (0, 1), was " + rate);
        }
        if (clean.size() < 2) {
            throw new IllegalArgumentException("clean must have >= 2 scores, had " + clean.size());
        }
    }

    /**
     * Scores clean and attacked examples.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param detector the detector
     * @param name its name and parameters
     * @param clean clean examples that the detector was not fitted on; at least 2
     * @param attacked examples that fool the classifier; may be empty
     * @param attack how they were made
     * @param rate false-positive rate asked of the threshold, in (0, 1)
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the evaluation
     */
    public static DetectionEvaluation of(
            String subject,
            Detector detector,
            String name,
            Batch clean,
            Batch attacked,
            String attack,
            double rate,
            RowChunks chunks,
            Progress progress) {
        long total = (long) clean.size() + attacked.size();
        List<Double> cleanScores = scores(detector, clean, chunks, (done, all) -> progress.update(done, total));
        List<Double> attackedScores =
                scores(detector, attacked, chunks, (done, all) -> progress.update(clean.size() + done, total));
        return new DetectionEvaluation(subject, name, attack, cleanScores, attackedScores, rate);
    }

    private static List<Double> scores(Detector detector, Batch inputs, RowChunks chunks, Progress progress) {
        List<Double> all = new ArrayList<>();
        chunks.map(inputs.size(), (from, to) -> detector.scores(inputs.rows(from, to)), progress)
                .forEach(part -> {
                    for (double score : part) {
                        all.add(score);
                    }
                });
        return all;
    }

    /**
     * The threshold for the rate asked.
     *
     * @return calibrated on the clean examples of even position
     */
    public Threshold threshold() {
        return Threshold.splitConformal(every(2, 0), rate);
    }

    /**
     * The area under the ROC.
     *
     * @return the area with its interval, or an abstention if no attack succeeded
     */
    public Estimate area() {
        return attacked.isEmpty() ? noAttack() : roc().area(CONFIDENCE);
    }

    /**
     * The share of clean examples that the threshold flags.
     *
     * @return measured on the clean examples of odd position
     */
    public Estimate falsePositiveRate() {
        double[] fresh = every(2, 1);
        return ClopperPearson.share(flagged(fresh), fresh.length, CONFIDENCE);
    }

    /**
     * The share of attacked examples that the threshold flags.
     *
     * @return with its interval, or an abstention if no attack succeeded
     */
    public Estimate truePositiveRate() {
        return attacked.isEmpty()
                ? noAttack()
                : ClopperPearson.share(flagged(toArray(attacked)), attacked.size(), CONFIDENCE);
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("attack", attack);
        parameters.put("detector", detector);
        parameters.put("interval", "area: DeLong on the logit scale; rates: Clopper-Pearson");
        parameters.put("threshold", String.valueOf(threshold().value()));
        parameters.put(
                "threshold.calibration", "split conformal on " + threshold().calibrationSize() + " clean scores");
        String percent =
                BigDecimal.valueOf(rate).movePointRight(2).stripTrailingZeros().toPlainString() + "pct-fpr";
        List<Measurement> measurements = new ArrayList<>();
        measurements.add(new Measurement.Scalar("auc", "1", new TreeMap<>(), area()));
        measurements.add(
                new Measurement.Scalar("true-positive-rate-at-" + percent, "1", new TreeMap<>(), truePositiveRate()));
        measurements.add(
                new Measurement.Scalar("false-positive-rate-at-" + percent, "1", new TreeMap<>(), falsePositiveRate()));
        if (!attacked.isEmpty()) {
            measurements.add(new Measurement.Curve(
                    "roc", "false-positive-rate", "true-positive-rate", new TreeMap<>(), points()));
        }
        return new Evidence(
                Technique.ADVERSARIAL_EXAMPLE_DETECTION,
                subject,
                parameters,
                measurements,
                List.of(Finding.of(
                        Severity.INFO,
                        "detection.oblivious",
                        "the attack did not know of the detector; against an attacker who does, expect less",
                        detector)));
    }

    /** At most some 200 points, always with both ends. */
    private List<Measurement.Point> points() {
        RocCurve roc = roc();
        List<RocCurve.Point> all = roc.points();
        List<Measurement.Point> points = new ArrayList<>();
        int stride = (all.size() + MOST_POINTS - 1) / MOST_POINTS;
        for (int i = 0; i < all.size(); i++) {
            if (i % stride == 0 || i == all.size() - 1) {
                RocCurve.Point p = all.get(i);
                points.add(new Measurement.Point(
                        p.falsePositiveRate(),
                        ClopperPearson.share(p.truePositives(), roc.attackedSize(), CONFIDENCE)));
            }
        }
        return points;
    }

    private RocCurve roc() {
        return RocCurve.of(toArray(clean), toArray(attacked));
    }

    private static Estimate noAttack() {
        return new Estimate.Abstained("no attack succeeded, there is nothing to detect", 0);
    }

    private long flagged(double[] scores) {
        Threshold threshold = threshold();
        long count = 0;
        for (double score : scores) {
            count += threshold.flags(score) ? 1 : 0;
        }
        return count;
    }

    private double[] every(int stride, int first) {
        double[] part = new double[(clean.size() - first + stride - 1) / stride];
        for (int i = 0; i < part.length; i++) {
            part[i] = clean.get(first + i * stride);
        }
        return part;
    }

    private static double[] toArray(List<Double> scores) {
        return scores.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
