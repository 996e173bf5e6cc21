// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.math.BinomialTail;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A classifier that answers by the vote of a base classifier over noisy copies of the input.
 *
 * <p>Guarantee of {@link #certify}: each certificate is true with probability at least 1 − α, for the ideal smoothed
 * classifier; over N examples up to αN false ones must be expected. It holds for the smoothed classifier, not for its
 * base, and for exact arithmetic of the inputs (Jin et al., Getting a-Round Guarantees, 2022, show that float rounding can
 * matter at the very edge of the radius).
 *
 * <p>Assumption: the base classifier is a fixed function of its input. Noisy copies are not cut to its bounds, as in the
 * paper: a base that needs them cut must do so itself.
 *
 * <p>The noise of a row depends on the seed and the row number only, so answers do not depend on batch size, order or
 * threads. As a {@link Classifier} its logits are log vote shares over {@link Smoothing#samples()} copies, −∞ for
 * a class without a vote.
 *
 * <p>Denoised smoothing (Salman, Sun, Yang, Kapoor, Kolter, Denoised Smoothing: A Provable Defense for Pretrained
 * Classifiers, NeurIPS 2020): to certify a fixed model that was not trained with noise, put a denoiser in front of it,
 * {@code SmoothedClassifier.of(denoiser.before(model), smoothing)}. The guarantee holds whatever the denoiser does, since
 * denoiser and model together are the base; a bad one only costs radius.
 *
 * <p>Source: Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, ICML 2019.
 */
public final class SmoothedClassifier implements Classifier {
    private final Classifier base;
    private final Smoothing smoothing;

    private SmoothedClassifier(Classifier base, Smoothing smoothing) {
        this.base = base;
        this.smoothing = smoothing;
    }

    /**
     * Smooths a classifier.
     *
     * @param base any classifier; best one trained with the same noise
     * @param smoothing the parameters
     * @return the smoothed classifier
     */
    public static SmoothedClassifier of(Classifier base, Smoothing smoothing) {
        return new SmoothedClassifier(base, smoothing);
    }

    /**
     * Returns the parameters.
     *
     * @return noise, samples, error probability
     */
    public Smoothing smoothing() {
        return smoothing;
    }

    @Override
    public ModelSpec spec() {
        return base.spec();
    }

    /**
     * Algorithm CERTIFY for each row: the class is chosen on one set of noisy copies, its probability bounded on another.
     *
     * @param inputs examples; finite
     * @return a certificate for each row
     */
    public List<Certificate> certify(Batch inputs) {
        require(inputs);
        Votes votes = new Votes(base, smoothing.noise(), inputs, smoothing.batch());
        List<Certificate> certificates = new ArrayList<>();
        for (int row = 0; row < inputs.size(); row++) {
            int candidate = Votes.largest(
                    votes.count(smoothing.seed().derive("smoothing-select"), row, smoothing.selection()), -1);
            long hits = votes.count(smoothing.seed().derive("smoothing-estimate"), row, smoothing.samples())[candidate];
            certificates.add(smoothing.certificate(candidate, hits));
        }
        return certificates;
    }

    /**
     * Algorithm PREDICT for each row: the class of most votes, unless the two first could be in the other order.
     *
     * @param inputs examples; finite
     * @return for each row the class that the ideal smoothed classifier gives with probability at least 1 − α, or nothing
     */
    public List<OptionalInt> predictOrAbstain(Batch inputs) {
        require(inputs);
        Votes votes = new Votes(base, smoothing.noise(), inputs, smoothing.batch());
        List<OptionalInt> classes = new ArrayList<>();
        for (int row = 0; row < inputs.size(); row++) {
            long[] counts = votes.count(smoothing.seed().derive("smoothing-predict"), row, smoothing.samples());
            int first = Votes.largest(counts, -1);
            int second = Votes.largest(counts, first);
            double p = BinomialTail.twoSidedHalf(counts[first], counts[first] + counts[second]);
            classes.add(p <= smoothing.alpha() ? OptionalInt.of(first) : OptionalInt.empty());
        }
        return classes;
    }

    @Override
    public Batch logits(Batch inputs) {
        require(inputs);
        Votes votes = new Votes(base, smoothing.noise(), inputs, smoothing.batch());
        int classes = spec().classes();
        float[] logits = new float[inputs.size() * classes];
        for (int row = 0; row < inputs.size(); row++) {
            long[] counts = votes.count(smoothing.seed().derive("smoothing-predict"), row, smoothing.samples());
            for (int c = 0; c < classes; c++) {
                logits[row * classes + c] = (float) Math.log((double) counts[c] / smoothing.samples());
            }
        }
        return inputs.like(logits, Shape.of(classes));
    }

    private void require(Batch inputs) {
        spec().requireInputs(inputs);
        inputs.requireFinite("inputs");
    }
}
