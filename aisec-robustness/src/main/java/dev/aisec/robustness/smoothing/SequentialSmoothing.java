// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.math.ConfidenceSequence;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Decides whether the smoothed classifier is certified at one L2 radius, and stops drawing as soon as that is clear: most
 * examples need hundreds of noisy copies where CERTIFY takes a hundred thousand.
 *
 * <p>With p the probability of the class under noise and p₀ = Φ(r/σ), the radius r is certified just if p ≥ p₀. Two tests run
 * side by side, each valid at all times ({@link ConfidenceSequence}): one against p ≤ p₀, one against p ≥ p₀.
 *
 * <p>Guarantee, for each example and the ideal smoothed classifier: {@code CERTIFIED} although p ≤ p₀ has probability at most
 * α; {@code EXCLUDED} although p ≥ p₀ has probability at most α. {@code EXCLUDED} speaks of the class that the selection
 * chose. After {@link #samples} copies without a decision it is {@code UNDECIDED}. Bounds of p hold at any time, but
 * must not be mixed with those of CERTIFY, which allow one look only.
 *
 * <p>The noise of a row depends on seed and row number, and looks are at fixed counts, so decisions and counts do not depend on
 * batch size, order or threads.
 *
 * <p>Source: Cohen, Rosenfeld, Kolter, ICML 2019, theorem 1; sequential: Voráček, Treatment of Statistical Estimation Problems
 * in Randomized Smoothing for Adversarial Robustness, NeurIPS 2024.
 *
 * @param sigma standard deviation of the noise, in units of the inputs; positive and finite
 * @param radius r, the L2 radius asked about; positive and finite
 * @param selection noisy copies that choose the class
 * @param samples most further copies; at least as many as certify if all of them give the class
 * @param alpha error probability of each test, for each example
 * @param batch noisy copies in one call of the base classifier; changes no result
 * @param seed seed of the noise
 */
public record SequentialSmoothing(
        double sigma, double radius, int selection, int samples, double alpha, int batch, Seed seed) {
    /** Looks are at most this far apart, and at least {@link #FIRST}. */
    private static final int STRIDE = 256;

    private static final int FIRST = 32;

    /** How a question ended. */
    public enum Outcome {
        /** The smoothed classifier gives the label within the radius. */
        CERTIFIED,
        /** It cannot be certified: the label is too rare under the noise. */
        EXCLUDED,
        /** The copies were too few to tell. */
        UNDECIDED
    }

    /**
     * The answer for one example.
     *
     * @param outcome how it ended
     * @param label the class that the selection chose
     * @param lower lower bound of its probability under noise, valid at any time
     * @param upper upper bound of it, valid at any time
     * @param hits further copies that gave the class
     * @param samples further copies drawn
     * @param queries copies in all, those of the selection included
     */
    public record Decision(
            Outcome outcome, int label, double lower, double upper, long hits, long samples, long queries) {}

    /** Checks the components; refuses samples so few that nothing could be certified. */
    public SequentialSmoothing {
        if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("sigma must be > 0 and finite, was " + sigma);
        }
        if (!(radius > 0 && radius < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("radius must be > 0 and finite, was " + radius);
        }
        if (selection < 1 || batch < 1) {
            throw new IllegalArgumentException("selection and batch must be >= 1, were " + selection + " and " + batch);
        }
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("alpha must be in (0, 1), was " + alpha);
        }
        double p0 = threshold(sigma, radius);
        if (!(p0 < 1)) {
            throw new IllegalArgumentException(
                    "radius must be a few sigma at most, was " + radius + " with sigma " + sigma);
        }
        if (samples < 1 || ConfidenceSequence.logEvidenceAbove(samples, samples, p0) < -Math.log(alpha)) {
            throw new IllegalArgumentException(
                    "samples must be >= " + fewest(p0, alpha) + " for radius " + radius + ", sigma " + sigma
                            + ", alpha " + alpha + ", with fewer nothing can be certified; was " + samples);
        }
    }

    /**
     * 100 copies to select, at most 100,000 more, α = 0.001: the budget and error of the paper's CERTIFY.
     *
     * @param sigma standard deviation of the noise
     * @param radius the L2 radius asked about
     * @return the parameters
     */
    public static SequentialSmoothing of(double sigma, double radius) {
        return new SequentialSmoothing(sigma, radius, 100, 100_000, 0.001, 256, new Seed(0));
    }

    /**
     * The same with another budget.
     *
     * @param most most copies after the selection
     * @return the parameters
     */
    public SequentialSmoothing withSamples(int most) {
        return new SequentialSmoothing(sigma, radius, selection, most, alpha, batch, seed);
    }

    /**
     * The same with another error probability.
     *
     * @param probability α
     * @return the parameters
     */
    public SequentialSmoothing withAlpha(double probability) {
        return new SequentialSmoothing(sigma, radius, selection, samples, probability, batch, seed);
    }

    /**
     * The same for a family of examples: with α/N for each (Bonferroni), all N decisions of a kind are true at once with
     * probability at least 1 − α.
     *
     * @param examples N
     * @return the parameters
     */
    public SequentialSmoothing familyWise(int examples) {
        if (examples < 1) {
            throw new IllegalArgumentException("examples must be >= 1, was " + examples);
        }
        return withAlpha(alpha / examples);
    }

    /**
     * The same with another batch size.
     *
     * @param size noisy copies in one call
     * @return the parameters
     */
    public SequentialSmoothing withBatch(int size) {
        return new SequentialSmoothing(sigma, radius, selection, samples, alpha, size, seed);
    }

    /**
     * The same with another seed.
     *
     * @param other the seed
     * @return the parameters
     */
    public SequentialSmoothing withSeed(Seed other) {
        return new SequentialSmoothing(sigma, radius, selection, samples, alpha, batch, other);
    }

    /**
     * Decides for each row.
     *
     * @param base the classifier to smooth; a fixed function of its input
     * @param inputs examples; finite
     * @return a decision for each row
     */
    public List<Decision> decide(Classifier base, Batch inputs) {
        base.spec().requireInputs(inputs);
        inputs.requireFinite("inputs");
        Batch noisy =
                Batch.wrap(new float[Math.multiplyExact(batch, inputs.shape().size())], inputs.shape());
        List<Decision> decisions = new ArrayList<>();
        for (int row = 0; row < inputs.size(); row++) {
            decisions.add(decide(base, inputs, row, noisy));
        }
        return decisions;
    }

    private Decision decide(Classifier base, Batch inputs, int row, Batch noisy) {
        long[] votes = new long[base.spec().classes()];
        count(base, inputs, row, noise("sequential-select", inputs, row), selection, noisy, votes);
        int label = 0;
        for (int c = 1; c < votes.length; c++) {
            label = votes[c] > votes[label] ? c : label;
        }
        double p0 = threshold(sigma, radius);
        double wanted = -Math.log(alpha);
        GaussianNoise noise = noise("sequential-estimate", inputs, row);
        long[] counts = new long[votes.length];
        int n = 0;
        Outcome outcome = Outcome.UNDECIDED;
        while (outcome == Outcome.UNDECIDED && n < samples) {
            int more = Math.min(Math.min(STRIDE, Math.max(FIRST, n / 4)), samples - n);
            count(base, inputs, row, noise, more, noisy, counts);
            n += more;
            outcome = ConfidenceSequence.logEvidenceAbove(counts[label], n, p0) >= wanted
                    ? Outcome.CERTIFIED
                    : ConfidenceSequence.logEvidenceBelow(counts[label], n, p0 * (1 - 3e-13)) >= wanted
                            ? Outcome.EXCLUDED
                            : Outcome.UNDECIDED;
        }
        return new Decision(
                outcome,
                label,
                ConfidenceSequence.lower(counts[label], n, alpha),
                ConfidenceSequence.upper(counts[label], n, alpha),
                counts[label],
                n,
                (long) n + selection);
    }

    private GaussianNoise noise(String purpose, Batch inputs, int row) {
        return new GaussianNoise(seed.derive(purpose).generator(inputs.rowNumber(row)));
    }

    private void count(
            Classifier base, Batch inputs, int row, GaussianNoise noise, int copies, Batch noisy, long[] counts) {
        int length = inputs.shape().size();
        for (int done = 0; done < copies; ) {
            Progress.checkInterrupted();
            int part = Math.min(batch, copies - done);
            for (int i = 0; i < part; i++) {
                noise.addTo(inputs.array(), inputs.offset() + row * length, sigma, noisy.array(), i * length, length);
            }
            for (int c : base.predict(noisy.rows(0, part))) {
                counts[c]++;
            }
            done += part;
        }
    }

    /** Φ(r/σ), rounded up by more than its error; excluding takes it rounded down. */
    private static double threshold(double sigma, double radius) {
        return NormalDistribution.of(0, 1).cumulativeProbability(radius / sigma) * (1 + 1e-13);
    }

    /** The smallest n whose hits in all trials certify. */
    private static int fewest(double p0, double alpha) {
        int below = 0;
        int above = 1;
        while (above < 500_000_000 && ConfidenceSequence.logEvidenceAbove(above, above, p0) < -Math.log(alpha)) {
            below = above;
            above *= 2;
        }
        while (above - below > 1) {
            int middle = (below + above) >>> 1;
            if (ConfidenceSequence.logEvidenceAbove(middle, middle, p0) < -Math.log(alpha)) {
                below = middle;
            } else {
                above = middle;
            }
        }
        return above;
    }
}
