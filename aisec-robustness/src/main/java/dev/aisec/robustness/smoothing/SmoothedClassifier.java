// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.math.BinomialTail;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ModelSpec;
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
 * threads. As a {@link Classifier} its logits are log vote shares over {@link GaussianSmoothing#samples()} copies, −∞ for
 * a class without a vote.
 *
 * <p>Source: Cohen, Rosenfeld, Kolter, Certified Adversarial Robustness via Randomized Smoothing, ICML 2019.
 */
public final class SmoothedClassifier implements Classifier {
    private final Classifier base;
    private final GaussianSmoothing smoothing;

    private SmoothedClassifier(Classifier base, GaussianSmoothing smoothing) {
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
    public static SmoothedClassifier of(Classifier base, GaussianSmoothing smoothing) {
        return new SmoothedClassifier(base, smoothing);
    }

    /**
     * Returns the parameters.
     *
     * @return noise, samples, error probability
     */
    public GaussianSmoothing smoothing() {
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
        Votes votes = new Votes(inputs);
        List<Certificate> certificates = new ArrayList<>();
        for (int row = 0; row < inputs.size(); row++) {
            int candidate = largest(votes.count(row, "smoothing-select", smoothing.selection()), -1);
            long hits = votes.count(row, "smoothing-estimate", smoothing.samples())[candidate];
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
        Votes votes = new Votes(inputs);
        List<OptionalInt> classes = new ArrayList<>();
        for (int row = 0; row < inputs.size(); row++) {
            long[] counts = votes.count(row, "smoothing-predict", smoothing.samples());
            int first = largest(counts, -1);
            int second = largest(counts, first);
            double p = BinomialTail.twoSidedHalf(counts[first], counts[first] + counts[second]);
            classes.add(p <= smoothing.alpha() ? OptionalInt.of(first) : OptionalInt.empty());
        }
        return classes;
    }

    @Override
    public Batch logits(Batch inputs) {
        require(inputs);
        Votes votes = new Votes(inputs);
        int classes = spec().classes();
        float[] logits = new float[inputs.size() * classes];
        for (int row = 0; row < inputs.size(); row++) {
            long[] counts = votes.count(row, "smoothing-predict", smoothing.samples());
            for (int c = 0; c < classes; c++) {
                logits[row * classes + c] = (float) Math.log((double) counts[c] / smoothing.samples());
            }
        }
        return inputs.like(logits, dev.aisec.core.model.Shape.of(classes));
    }

    private void require(Batch inputs) {
        spec().requireInputs(inputs);
        inputs.requireFinite("inputs");
    }

    private static int largest(long[] counts, int except) {
        int best = -1;
        for (int c = 0; c < counts.length; c++) {
            if (c != except && (best < 0 || counts[c] > counts[best])) {
                best = c;
            }
        }
        return best;
    }

    /** Counts votes, one row at a time, with one buffer for all noisy copies. */
    private final class Votes {
        private final Batch inputs;
        private final int length;
        private final Batch noisy;

        Votes(Batch inputs) {
            this.inputs = inputs;
            this.length = inputs.shape().size();
            this.noisy = Batch.wrap(new float[Math.multiplyExact(smoothing.batch(), length)], inputs.shape());
        }

        long[] count(int row, String purpose, int samples) {
            Seed stream = smoothing.seed().derive(purpose);
            GaussianNoise noise = new GaussianNoise(stream.generator(inputs.rowNumber(row)));
            long[] counts = new long[spec().classes()];
            for (int done = 0; done < samples; ) {
                Progress.checkInterrupted();
                int copies = Math.min(smoothing.batch(), samples - done);
                for (int i = 0; i < copies; i++) {
                    noise.addTo(
                            inputs.array(),
                            inputs.offset() + row * length,
                            smoothing.sigma(),
                            noisy.array(),
                            i * length,
                            length);
                }
                for (int c : base.predict(noisy.rows(0, copies))) {
                    counts[c]++;
                }
                done += copies;
            }
            return counts;
        }
    }
}
