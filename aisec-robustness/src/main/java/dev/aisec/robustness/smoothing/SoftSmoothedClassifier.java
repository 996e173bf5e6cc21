// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import java.util.function.UnaryOperator;

/**
 * The smoothed soft classifier: log of the mean of the base's probabilities over Gaussian copies of an input. It is what an
 * attack on a smoothed classifier must follow, since votes have no gradient.
 *
 * <p>The copies of a row use the same noise in each call, as in the paper, so that all steps of an attack see one function;
 * the gradient is exact for it. The noise depends on seed and row number only. A call asks the base about {@code draws} copies
 * of all rows at once. Copies are not cut to the bounds of the base. It estimates; it certifies nothing ({@link
 * SmoothedClassifier} does).
 *
 * <p>Source: Salman, Yang, Li, Zhang, Zhang, Razenshteyn, Bubeck, Provably Robust Deep Learning via Adversarially Trained
 * Smoothed Classifiers, NeurIPS 2019.
 *
 * @param base the classifier
 * @param sigma standard deviation of the noise, in units of the inputs; positive and finite
 * @param draws noisy copies of each input; at least 1
 * @param seed seed of the noise
 */
public record SoftSmoothedClassifier(DifferentiableClassifier base, double sigma, int draws, Seed seed)
        implements DifferentiableClassifier {
    /** Checks the components. */
    public SoftSmoothedClassifier {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sigma must be > 0 and finite, was " + sigma);
        }
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be >= 1, was " + draws);
        }
    }

    @Override
    public ModelSpec spec() {
        return base.spec();
    }

    /**
     * The noisy copies behind an answer.
     *
     * @param inputs examples
     * @return copy i of row r as row {@code r * draws + i}
     */
    public Batch copies(Batch inputs) {
        int n = inputs.shape().size();
        float[] copies = new float[Math.multiplyExact(Math.multiplyExact(inputs.size(), draws), n)];
        for (int r = 0; r < inputs.size(); r++) {
            GaussianNoise noise =
                    new GaussianNoise(seed.derive("soft-smoothing").generator(inputs.rowNumber(r)));
            for (int i = 0; i < draws; i++) {
                noise.addTo(inputs.array(), inputs.offset() + r * n, sigma, copies, (r * draws + i) * n, n);
            }
        }
        return Batch.wrap(copies, inputs.shape());
    }

    @Override
    public Batch logits(Batch inputs) {
        spec().requireInputs(inputs);
        return new Mixture(base.logits(copies(inputs)), inputs).mean;
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        spec().requireInputs(inputs);
        Batch[] logits = new Batch[1];
        Batch each = base.gradient(copies(inputs), z -> {
                    Mixture mixture = new Mixture(z, inputs);
                    logits[0] = mixture.mean;
                    return mixture.backward(cotangentOfLogits.apply(mixture.mean));
                })
                .gradient();
        int n = inputs.shape().size();
        float[] gradient = new float[inputs.size() * n];
        for (int r = 0; r < inputs.size(); r++) {
            for (int i = 0; i < draws; i++) {
                int from = each.offset() + (r * draws + i) * n;
                for (int j = 0; j < n; j++) {
                    gradient[r * n + j] += each.array()[from + j];
                }
            }
        }
        return new LogitsAndGradient(logits[0], inputs.like(gradient, inputs.shape()));
    }

    /** ℓ_c = ln (1/m) Σ_i s_ic for the softmax s_i of each copy's logits, and the way back. */
    private final class Mixture {
        private final double[] log;
        private final double[] logMean;
        private final int classes;
        private final Batch of;
        final Batch mean;

        Mixture(Batch z, Batch inputs) {
            of = z;
            classes = z.shape().size();
            log = new double[z.size() * classes];
            for (int copy = 0; copy < z.size(); copy++) {
                for (int c = 0; c < classes; c++) {
                    log[copy * classes + c] = z.get(copy, c);
                }
                double sum = logSum(log, copy * classes, 1, classes);
                for (int c = 0; c < classes; c++) {
                    log[copy * classes + c] -= sum;
                }
            }
            logMean = new double[inputs.size() * classes];
            float[] values = new float[logMean.length];
            for (int at = 0; at < logMean.length; at++) {
                int first = at / classes * draws * classes + at % classes;
                logMean[at] = logSum(log, first, classes, draws) - Math.log(draws);
            }
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) logMean[i];
            }
            mean = inputs.like(values, z.shape());
        }

        /** ln Σ exp of every {@code stride}-th value. */
        private static double logSum(double[] x, int from, int stride, int count) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < count; i++) {
                max = Math.max(max, x[from + i * stride]);
            }
            double sum = 0;
            for (int i = 0; i < count; i++) {
                sum += Math.exp(x[from + i * stride] - max);
            }
            return max + Math.log(sum);
        }

        /** dJ/dz_ij = w_ij v_j − s_ij Σ_c w_ic v_c with w_ic = s_ic / Σ_k s_kc, which never overflows. */
        Batch backward(Batch v) {
            float[] out = new float[log.length];
            for (int copy = 0; copy < log.length / classes; copy++) {
                int row = copy / draws;
                double sum = 0;
                for (int c = 0; c < classes; c++) {
                    sum += weight(copy, row, c) * v.get(row, c);
                }
                for (int c = 0; c < classes; c++) {
                    double s = Math.exp(log[copy * classes + c]);
                    out[copy * classes + c] = (float) (weight(copy, row, c) * v.get(row, c) - s * sum);
                }
            }
            return of.like(out, of.shape());
        }

        private double weight(int copy, int row, int c) {
            return Math.exp(log[copy * classes + c] - logMean[row * classes + c]) / draws;
        }
    }
}
