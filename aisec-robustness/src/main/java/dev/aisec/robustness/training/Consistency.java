// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.robustness.smoothing.SoftSmoothedClassifier;
import java.util.random.RandomGenerator;

/**
 * Consistency regularisation for smoothed classifiers: the predictions for m noisy copies of an example are drawn together.
 * It makes certified radii larger, as {@link SmoothAdv} does, without an attack.
 *
 * <p>As transform it makes m copies of each example, those of one example together; as loss it takes rows in such groups:
 * use it as both, see {@link #in}. For the softmax p_i of each copy and their mean p̄, the loss of an example is
 * (1/m) Σ_i [−ln p_i,y + λ KL(p̄ ‖ p_i)] + η H(p̄), with the gradient through p̄ too. The loss of a row is its part of it, so
 * that the mean over rows is the mean over examples.
 *
 * <p>Source: Jeong, Shin, Consistency Regularization for Certified Robustness of Smoothed Classifiers, NeurIPS 2020.
 * Clauses 7.3.2-1 and 7.3.2-5.
 *
 * @param sigma standard deviation of the noise, that of the smoothing to come
 * @param draws m, noisy copies of each example; at least 2, as the paper uses
 * @param lambda λ, weight of the divergence; the paper uses 5 to 20
 * @param eta η, weight of the entropy; the paper uses 0.5
 */
public record Consistency(double sigma, int draws, double lambda, double eta) implements BatchTransform, Loss {
    /** Checks the components. */
    public Consistency {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sigma must be > 0 and finite, was " + sigma);
        }
        if (draws < 2) {
            throw new IllegalArgumentException("draws must be >= 2, was " + draws);
        }
        if (!(lambda >= 0 && lambda < Double.POSITIVE_INFINITY) || !(eta >= 0 && eta < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "lambda and eta must be >= 0 and finite, were " + lambda + " and " + eta);
        }
    }

    /**
     * Two copies, λ = 10, η = 0.5, within what the paper uses.
     *
     * @param sigma standard deviation of the noise
     * @return the technique
     */
    public static Consistency of(double sigma) {
        return new Consistency(sigma, 2, 10, 0.5);
    }

    /**
     * A plan that trains with it.
     *
     * @param plan any plan; its transform and loss are replaced
     * @return the plan with this as transform and loss
     */
    public TrainingPlan in(TrainingPlan plan) {
        return plan.withTransform(this).withLoss(this);
    }

    @Override
    public Labelled apply(DifferentiableClassifier model, Labelled batch, RandomGenerator random) {
        Batch copies = new SoftSmoothedClassifier(model, sigma, draws, new Seed(random.nextLong()))
                .copies(AdversarialTraining.renumbered(batch.inputs(), random));
        return new Labelled(copies, batch.targets().select(SmoothAdv.repeated(batch.size(), draws)));
    }

    @Override
    public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
        if (logits.size() % draws != 0) {
            throw new IllegalArgumentException("rows must be a multiple of draws, " + draws + ", were " + logits.size()
                    + ": use this loss with its own transform");
        }
        int classes = logits.shape().size();
        double[] values = new double[logits.size()];
        float[] cotangents = new float[logits.size() * classes];
        double[][] log = new double[draws][classes];
        double[] logMean = new double[classes];
        double[] slope = new double[classes];
        for (int first = 0; first < values.length; first += draws) {
            for (int i = 0; i < draws; i++) {
                logSoftmax(logits, first + i, log[i]);
            }
            double entropy = 0;
            for (int c = 0; c < classes; c++) {
                logMean[c] = logMean(log, c);
                double mean = Math.exp(logMean[c]);
                entropy -= mean * logMean[c];
                double sum = 0;
                for (double[] of : log) {
                    sum += of[c];
                }
                // Derivative of λ Σ_i KL(p̄ ‖ p_i) + η m H(p̄) with respect to p̄_c, p_i held fixed.
                slope[c] = draws * (lambda - eta) * (logMean[c] + 1) - lambda * sum;
            }
            for (int i = 0; i < draws; i++) {
                int y = targets.label(first + i);
                double divergence = 0;
                double inner = 0;
                for (int c = 0; c < classes; c++) {
                    divergence += Math.exp(logMean[c]) * (logMean[c] - log[i][c]);
                    inner += Math.exp(log[i][c]) * slope[c];
                }
                values[first + i] = -log[i][y] + lambda * divergence + eta * entropy;
                for (int c = 0; c < classes; c++) {
                    double p = Math.exp(log[i][c]);
                    cotangents[(first + i) * classes + c] = (float) (p
                            - (c == y ? 1 : 0)
                            + lambda * (p - Math.exp(logMean[c]))
                            + p * (slope[c] - inner) / draws);
                }
            }
        }
        return new LossValues(values, logits.like(cotangents, logits.shape()));
    }

    private static void logSoftmax(Batch logits, int row, double[] to) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < to.length; c++) {
            max = Math.max(max, logits.get(row, c));
        }
        double sum = 0;
        for (int c = 0; c < to.length; c++) {
            sum += Math.exp(logits.get(row, c) - max);
        }
        for (int c = 0; c < to.length; c++) {
            to[c] = logits.get(row, c) - max - Math.log(sum);
        }
    }

    private static double logMean(double[][] log, int c) {
        double max = Double.NEGATIVE_INFINITY;
        for (double[] of : log) {
            max = Math.max(max, of[c]);
        }
        double sum = 0;
        for (double[] of : log) {
            sum += Math.exp(of[c] - max);
        }
        return max + Math.log(sum / log.length);
    }
}
