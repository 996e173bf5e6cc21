// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.smoothing.SoftSmoothedClassifier;
import java.util.random.RandomGenerator;

/**
 * Adversarial training of the smoothed classifier: each example is attacked through the mean probability over m noisy
 * copies, and the model is trained on the m copies of the adversarial example, with the same noise. It makes certified radii
 * larger than {@link GaussianAugmentation} does, at the price of m times as many rows and the attack's steps.
 *
 * <p>The result has m rows for each row given, those of one example together; the trainer takes the mean over all. Copies
 * are not cut to the bounds. Noise and random starts are new for each batch.
 *
 * <p>Source: Salman, Yang, Li, Zhang, Zhang, Razenshteyn, Bubeck, Provably Robust Deep Learning via Adversarially Trained
 * Smoothed Classifiers, NeurIPS 2019 (SmoothAdv-PGD). Clauses 7.3.2-1 and 7.3.2-5.
 *
 * @param attack the attack, in L2; the paper uses PGD with 2 to 10 steps and ε from 0.25 to 2 of inputs in [0, 1]
 * @param sigma standard deviation of the noise, that of the smoothing to come
 * @param draws m, noisy copies of each example; the paper uses 1 to 8
 */
public record SmoothAdv(BallAttack<DifferentiableClassifier> attack, double sigma, int draws)
        implements BatchTransform {
    /** Checks the noise. */
    public SmoothAdv {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sigma must be > 0 and finite, was " + sigma);
        }
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be >= 1, was " + draws);
        }
    }

    @Override
    public Labelled apply(DifferentiableClassifier model, Labelled batch, RandomGenerator random) {
        Batch fresh = AdversarialTraining.renumbered(batch.inputs(), random);
        SoftSmoothedClassifier smoothed = new SoftSmoothedClassifier(model, sigma, draws, new Seed(random.nextLong()));
        Batch adversarial = AdversarialTraining.strongest(
                attack, smoothed, fresh, batch.targets().labels());
        return new Labelled(smoothed.copies(adversarial), batch.targets().select(repeated(batch.size(), draws)));
    }

    /** Each row {@code times} times, one after the other. */
    static int[] repeated(int rows, int times) {
        int[] index = new int[Math.multiplyExact(rows, times)];
        for (int i = 0; i < index.length; i++) {
            index[i] = i / times;
        }
        return index;
    }
}
