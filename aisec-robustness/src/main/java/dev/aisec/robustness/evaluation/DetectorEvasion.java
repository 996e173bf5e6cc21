// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Detector;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.DifferentiableDetector;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.Threshold;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * A classifier behind a detector as one model with two classes, so that any attack on classifiers attacks the whole: class 1
 * if the classifier is wrong and the detector flags nothing (evaded), class 0 otherwise.
 *
 * <p>To be used with {@link #data()}, in which every label is 0: robust accuracy is then the share of examples that are right
 * or flagged whatever the attack did. It means little without the share of clean examples that the detector flags, which is
 * to be reported beside it.
 *
 * <p>Guarantee: class 1 is answered only where the classifier is wrong and the score does not exceed the threshold. On exact
 * ties of logits, or of score and threshold, it may answer class 0.
 *
 * <p>Logits are 0 and f: with the margin m = max z_c − z_y over the other classes, the score s, its threshold τ, the median κ of
 * |τ − s| over the clean examples and the squashing q(t) = t/(1 + |t|), f is m − 1 as long as the classifier is right, and the
 * smaller of q(m) and q((τ − s)/κ) once it is wrong. So f rises when the classifier errs, however suspicious that is, and an
 * attack first makes it err and then hides: each gradient is that of what stands in its way. (With the smaller of both terms
 * throughout, a detector of unsure answers would be a wall before every boundary.)
 *
 * <p>Source: Carlini, Wagner, Adversarial Examples Are Not Easily Detected, AISec 2017 (detector and classifier attacked as
 * one); Bryniarski, Hingun, Pachuca, Wang, Carlini, Evading Adversarial Example Detection Defenses with Orthogonal Projected
 * Gradient Descent, ICLR 2022 (one constraint at a time); Tramèr, Carlini, Brendel, Madry, On Adaptive Attacks to Adversarial Example Defenses, NeurIPS 2020.
 */
public class DetectorEvasion implements Classifier {
    private static final Shape TWO = Shape.of(2);

    private final Classifier model;
    private final Detector detector;
    private final ModelSpec spec;
    private final Labelled clean;
    private final double threshold;
    private final double scale;

    private DetectorEvasion(Classifier model, Detector detector, Threshold threshold, Labelled data) {
        model.spec().requireInputs(data.inputs());
        model.spec().requireLabels(data.targets().labels());
        this.model = model;
        this.detector = detector;
        this.threshold = threshold.value();
        spec = new ModelSpec(model.spec().inputShape(), 2, model.spec().bounds());
        clean = new Labelled(data.inputs().numberedFrom(0), data.targets());
        scale = scale(detector.scores(clean.inputs()));
    }

    /**
     * A classifier behind a detector, for attacks that only ask.
     *
     * @param model the classifier
     * @param detector the detector
     * @param threshold scores above are flagged
     * @param data the examples to attack; they fix the scale of the score
     * @return the whole
     */
    public static DetectorEvasion of(Classifier model, Detector detector, Threshold threshold, Labelled data) {
        return new DetectorEvasion(model, detector, threshold, data);
    }

    /**
     * A classifier behind a detector, for attacks that use the gradients of both.
     *
     * @param model the classifier
     * @param detector the detector
     * @param threshold scores above are flagged
     * @param data the examples to attack; they fix the scale of the score
     * @return the whole
     */
    public static Differentiable of(
            DifferentiableClassifier model, DifferentiableDetector detector, Threshold threshold, Labelled data) {
        return new Differentiable(model, detector, threshold, data);
    }

    private double scale(double[] scores) {
        if (scores.length == 0 || Double.isInfinite(threshold)) {
            return 1;
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Math.abs(threshold - scores[i]);
        }
        Arrays.sort(scores);
        double median = scores[scores.length / 2];
        return median > 0 && median < Double.POSITIVE_INFINITY ? median : 1;
    }

    /**
     * The examples with label 0, numbered so that each finds its true label again; selections and parts of it do too.
     *
     * @return as many examples as were given
     */
    public Labelled data() {
        return new Labelled(clean.inputs(), Targets.of(new int[clean.size()]));
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Batch logits(Batch inputs) {
        spec.requireInputs(inputs);
        return inputs.like(values(margins(inputs, model.logits(inputs)), slacks(inputs)), TWO);
    }

    private static float[] values(double[] margins, double[] slacks) {
        float[] values = new float[2 * margins.length];
        for (int i = 0; i < margins.length; i++) {
            values[2 * i + 1] =
                    (float) (margins[i] > 0 ? Math.min(squash(margins[i]), squash(slacks[i])) : margins[i] - 1);
        }
        return values;
    }

    private static double squash(double t) {
        return Double.isInfinite(t) ? Math.signum(t) : t / (1 + Math.abs(t));
    }

    private double[] slacks(Batch inputs) {
        double[] slacks = detector.scores(inputs);
        for (int i = 0; i < slacks.length; i++) {
            slacks[i] = Double.isNaN(slacks[i]) ? Double.NEGATIVE_INFINITY : (threshold - slacks[i]) / scale;
        }
        return slacks;
    }

    private int label(Batch inputs, int row) {
        long number = inputs.rowNumber(row);
        if (number >= clean.size()) {
            throw new IllegalArgumentException(
                    "inputs must be rows of data(), numbered below " + clean.size() + ", was " + number);
        }
        return clean.targets().label((int) number);
    }

    /** The best other class. */
    private int rival(Batch inputs, Batch z, int row) {
        int y = label(inputs, row);
        int best = y == 0 ? 1 : 0;
        for (int c = 0; c < z.shape().size(); c++) {
            if (c != y && z.get(row, c) > z.get(row, best)) {
                best = c;
            }
        }
        return best;
    }

    private double[] margins(Batch inputs, Batch z) {
        double[] margins = new double[z.size()];
        for (int i = 0; i < margins.length; i++) {
            margins[i] = (double) z.get(i, rival(inputs, z, i)) - z.get(i, label(inputs, i));
        }
        return margins;
    }

    /** The same with the gradients of classifier and detector. */
    public static final class Differentiable extends DetectorEvasion implements DifferentiableClassifier {
        private final DifferentiableClassifier model;
        private final DifferentiableDetector detector;

        private Differentiable(
                DifferentiableClassifier model, DifferentiableDetector detector, Threshold threshold, Labelled data) {
            super(model, detector, threshold, data);
            this.model = model;
            this.detector = detector;
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            spec().requireInputs(inputs);
            double[] slacks = super.slacks(inputs);
            Batch[] outer = new Batch[2];
            boolean[] byScore = new boolean[inputs.size()];
            LogitsAndGradient inner = model.gradient(inputs, z -> {
                double[] margins = super.margins(inputs, z);
                outer[0] = inputs.like(values(margins, slacks), TWO);
                outer[1] = cotangentOfLogits.apply(outer[0]);
                int classes = z.shape().size();
                float[] v = new float[z.size() * classes];
                for (int i = 0; i < byScore.length; i++) {
                    byScore[i] = margins[i] > 0 && slacks[i] < margins[i];
                    if (!byScore[i]) {
                        float slope = (float) (outer[1].get(i, 1) * (margins[i] > 0 ? steepness(margins[i]) : 1));
                        v[i * classes + super.rival(inputs, z, i)] = slope;
                        v[i * classes + super.label(inputs, i)] = -slope;
                    }
                }
                return z.like(v, z.shape());
            });
            return new LogitsAndGradient(outer[0], scored(inputs, inner.gradient(), outer[1], byScore, slacks));
        }

        /** The derivative of the squashing. */
        private static double steepness(double t) {
            return 1 / ((1 + Math.abs(t)) * (1 + Math.abs(t)));
        }

        /** Puts the gradient of the score where that stands in the way. */
        private Batch scored(Batch inputs, Batch gradient, Batch cotangent, boolean[] byScore, double[] slacks) {
            int[] rows = new int[byScore.length];
            int count = 0;
            for (int i = 0; i < byScore.length; i++) {
                if (byScore[i]) {
                    rows[count++] = i;
                }
            }
            if (count == 0) {
                return gradient;
            }
            rows = Arrays.copyOf(rows, count);
            Batch slope = detector.scoreGradient(inputs.select(rows));
            int n = inputs.shape().size();
            float[] g = gradient.toArray();
            for (int k = 0; k < count; k++) {
                double factor = -cotangent.get(rows[k], 1) * steepness(slacks[rows[k]]) / super.scale;
                for (int j = 0; j < n; j++) {
                    g[rows[k] * n + j] = (float) (factor * slope.get(k, j));
                }
            }
            return inputs.like(g, inputs.shape());
        }
    }
}
