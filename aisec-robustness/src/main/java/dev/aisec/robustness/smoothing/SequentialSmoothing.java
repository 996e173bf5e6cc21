// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Randomized smoothing that draws only as many samples as the question "is this radius certified?" needs: hundreds for
 * clear examples, where CERTIFY draws 100,000 for all.
 *
 * <p>Guarantee, whenever sampling stops, for each example: with probability at most α is the answer CERTIFIED, or the lower
 * bound and its radius too large, although the smoothed classifier changes its class within that radius; with probability
 * at most β is the answer EXCLUDED, or the upper bound too small, although the class's probability reaches that far. A
 * false exclusion is not unsafe, it only gives a certificate away; so β is larger. The class is chosen on samples of its own,
 * as in CERTIFY; if they chose one that is not the most probable, the answer is true of the class that it names, and can
 * only fail to certify. Over N examples up to αN false certificates must be expected, unless {@link #familyWise} or {@link
 * #decideTogether} is used.
 *
 * <p>Where the true probability lies very near to the one that the radius needs, the answer is UNDECIDED: when the budget is
 * used up, or when at its end an answer would be unlikely, since shares of hits two standard errors on either side of the
 * one seen would both leave it open. The bounds of a fixed n (Clopper-Pearson) are tighter at that n, but must not be looked
 * at while sampling; the two are never mixed.
 *
 * <p>Looks come after each 32 samples, later after each eighth of the samples so far, so that calls of the model stay large
 * when few rows are open.
 *
 * <p>Source: Voráček, Treatment of Statistical Estimation Problems in Randomized Smoothing for Adversarial Robustness,
 * NeurIPS 2024; the mixture of Robbins, Annals of Mathematical Statistics 41, 1970. Clauses 7.3.2-1 and 7.3.2-5.
 *
 * @param noise the noise
 * @param selection noisy copies that choose the class; Cohen et al. use 100
 * @param budget most further noisy copies of an example; CERTIFY draws 100,000
 * @param alpha α, probability that a certificate is false, for each example; Cohen et al. use 0.001
 * @param beta β, probability that an exclusion is false, for each example
 * @param batch noisy copies in one call of the base classifier, of several rows; changes no result
 * @param seed seed of the noise
 */
public record SequentialSmoothing(
        SmoothingNoise noise, int selection, int budget, double alpha, double beta, int batch, Seed seed) {
    /** Samples before the first look and, at first, between looks; any number keeps the guarantee. */
    private static final int STEP = 32;

    private static final long MOST = 1_000_000_000;

    /** Checks the components. */
    public SequentialSmoothing {
        if (selection < 1 || budget < 1 || batch < 1) {
            throw new IllegalArgumentException(
                    "selection, budget and batch must be >= 1, were " + selection + ", " + budget + " and " + batch);
        }
        if (!(alpha > 0 && alpha < 1) || !(beta > 0 && beta < 1)) {
            throw new IllegalArgumentException("alpha and beta must be in (0, 1), were " + alpha + " and " + beta);
        }
    }

    /**
     * 100 copies to select, at most 100,000 to decide, α = 0.001, β = 0.05.
     *
     * @param noise the noise
     * @return the parameters
     */
    public static SequentialSmoothing of(SmoothingNoise noise) {
        return new SequentialSmoothing(noise, 100, 100_000, 0.001, 0.05, 256, new Seed(0));
    }

    /**
     * The same with another budget.
     *
     * @param copies most estimation samples of an example
     * @return the parameters
     */
    public SequentialSmoothing withBudget(int copies) {
        return new SequentialSmoothing(noise, selection, copies, alpha, beta, batch, seed);
    }

    /**
     * The same with other error probabilities.
     *
     * @param certificate α
     * @param exclusion β
     * @return the parameters
     */
    public SequentialSmoothing withErrors(double certificate, double exclusion) {
        return new SequentialSmoothing(noise, selection, budget, certificate, exclusion, batch, seed);
    }

    /**
     * The same with α over a number of examples (Bonferroni): with probability at least 1 − α all certificates of a data
     * set of that size are true at once. It costs little, as the samples grow with ln 1/α.
     *
     * @param examples number of examples; at least 1
     * @return the parameters
     */
    public SequentialSmoothing familyWise(int examples) {
        if (examples < 1) {
            throw new IllegalArgumentException("examples must be >= 1, was " + examples);
        }
        return withErrors(examples == 1 ? alpha : Math.nextDown(alpha / examples), beta);
    }

    /**
     * The same with another batch size.
     *
     * @param size noisy copies in one call
     * @return the parameters
     */
    public SequentialSmoothing withBatch(int size) {
        return new SequentialSmoothing(noise, selection, budget, alpha, beta, size, seed);
    }

    /**
     * The same with another seed.
     *
     * @param other the seed
     * @return the parameters
     */
    public SequentialSmoothing withSeed(Seed other) {
        return new SequentialSmoothing(noise, selection, budget, alpha, beta, batch, other);
    }

    /**
     * Decides for each row whether the smoothed classifier keeps its class within a radius.
     *
     * @param base any classifier; best one trained with the same noise
     * @param inputs examples; finite
     * @param radius the radius in the norm of the noise; at least 0 and finite
     * @return a decision for each row, in order
     * @throws IllegalArgumentException if the noise never reaches that far, or the budget would not do even if all samples
     *     agreed; it names the farthest radius or the fewest samples
     */
    public List<RadiusDecision> decide(Classifier base, Batch inputs, double radius) {
        return decide(base, inputs, radius, false);
    }

    /**
     * Decides for all rows as one family: with probability at least 1 − α all answers CERTIFIED are true at once. The bounds
     * beside the answers still hold for each example by itself.
     *
     * <p>With k of N rows certified so far, the next is certified at level α / (N − k). It certifies whatever {@link
     * #familyWise} certifies, on no more samples, and more where examples are near the edge; but all rows must be decided in
     * one call, and a decision depends on the other rows.
     *
     * <p>Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 1979;
     * 1/M is a p-value that holds at all times (Ville), and a row certified on the evidence so far would be at its end.
     *
     * @param base any classifier; best one trained with the same noise
     * @param inputs examples; finite
     * @param radius the radius in the norm of the noise; at least 0 and finite
     * @return a decision for each row, in order
     * @throws IllegalArgumentException as {@link #decide(Classifier, Batch, double)} does, at level α / N
     */
    public List<RadiusDecision> decideTogether(Classifier base, Batch inputs, double radius) {
        return decide(base, inputs, radius, true);
    }

    private List<RadiusDecision> decide(Classifier base, Batch inputs, double radius, boolean together) {
        int family = together ? Math.max(1, inputs.size()) : 1;
        Test test = new Test(familyWise(family).requireReachable(radius), family);
        base.spec().requireInputs(inputs);
        inputs.requireFinite("inputs");
        Votes votes = new Votes(base, noise, inputs, batch);
        List<Votes.Tally> select = new ArrayList<>();
        List<Votes.Tally> open = new ArrayList<>();
        for (int row = 0; row < inputs.size(); row++) {
            select.add(votes.start(seed.derive("sequential-select"), row));
            open.add(votes.start(seed.derive("sequential-estimate"), row));
        }
        votes.add(select, selection);
        int[] label = new int[inputs.size()];
        select.forEach(t -> label[t.row] = Votes.largest(t.votes, -1));
        RadiusDecision[] decisions = new RadiusDecision[inputs.size()];
        for (int n = 0; !open.isEmpty(); ) {
            int copies = Math.min(budget - n, Math.max(STEP, n / 8));
            votes.add(open, copies);
            n += copies;
            List<Votes.Tally> still = new ArrayList<>();
            if (together) {
                open = stepDown(test, open, label, n, radius, decisions);
            }
            for (Votes.Tally tally : open) {
                long hits = tally.votes[label[tally.row]];
                RadiusDecision.Outcome outcome = test.outcome(hits, n);
                if (outcome != RadiusDecision.Outcome.UNDECIDED || test.hopeless(hits, n)) {
                    decisions[tally.row] = test.decision(outcome, label[tally.row], hits, n, radius);
                } else {
                    still.add(tally);
                }
            }
            open = still;
        }
        return Arrays.asList(decisions);
    }

    /** Certifies what can be at the level reached, which may let further ones follow; returns what is still open. */
    private static List<Votes.Tally> stepDown(
            Test test, List<Votes.Tally> open, int[] label, long n, double radius, RadiusDecision[] decisions) {
        List<Votes.Tally> still = open;
        for (int before = -1; before < test.certified; ) {
            before = test.certified;
            List<Votes.Tally> left = new ArrayList<>();
            for (Votes.Tally tally : still) {
                long hits = tally.votes[label[tally.row]];
                if (test.certify(hits, n)) {
                    decisions[tally.row] =
                            test.decision(RadiusDecision.Outcome.CERTIFIED, label[tally.row], hits, n, radius);
                } else {
                    left.add(tally);
                }
            }
            still = left;
            for (int row = 0; row < decisions.length; row++) {
                RadiusDecision d = decisions[row];
                // Null while the row is open.
                if (d != null
                        && d.outcome() == RadiusDecision.Outcome.UNDECIDED
                        && test.certify(d.hits(), d.samples())) {
                    decisions[row] =
                            test.decision(RadiusDecision.Outcome.CERTIFIED, d.label(), d.hits(), d.samples(), radius);
                }
            }
        }
        return still;
    }

    /** The question whether a probability is above {@code p0} or below, in a family of examples. */
    private final class Test {
        private final double p0;
        private final int family;
        private final BetaMixture mixture;
        private int certified;

        Test(double p0, int family) {
            this.p0 = p0;
            this.family = family;
            this.mixture = new BetaMixture(p0);
        }

        /** α over those of the family that are not certified yet (Holm). */
        private double level() {
            int left = Math.max(1, family - certified);
            return left == 1 ? alpha : Math.nextDown(alpha / left);
        }

        /** Counts an example as certified if the evidence is enough. */
        boolean certify(long hits, long samples) {
            boolean enough = outcome(hits, samples) == RadiusDecision.Outcome.CERTIFIED;
            certified += enough ? 1 : 0;
            return enough;
        }

        RadiusDecision.Outcome outcome(long hits, long samples) {
            boolean above = (double) hits / samples > p0;
            if (mixture.log(hits, samples, p0) < BetaMixture.threshold(above ? level() : beta)) {
                return RadiusDecision.Outcome.UNDECIDED;
            }
            return above ? RadiusDecision.Outcome.CERTIFIED : RadiusDecision.Outcome.EXCLUDED;
        }

        /** Whether the budget is used up, or its end would hardly bring an answer. */
        boolean hopeless(long hits, long samples) {
            if (samples >= budget) {
                return true;
            }
            double share = (double) hits / samples;
            double error = Math.sqrt(share * (1 - share) / samples);
            long most = (long) Math.ceil(Math.min(1, share + 2 * error) * budget);
            long least = (long) Math.floor(Math.max(0, share - 2 * error) * budget);
            return outcome(Math.min(budget, most), budget) == RadiusDecision.Outcome.UNDECIDED
                    && outcome(least, budget) == RadiusDecision.Outcome.UNDECIDED;
        }

        RadiusDecision decision(RadiusDecision.Outcome outcome, int label, long hits, long samples, double asked) {
            double lower = mixture.lower(hits, samples, alpha);
            double upper = mixture.upper(hits, samples, beta);
            // noise.radius rounds down by at most 1e-13: here up.
            double radius = noise.radius(lower);
            double upperRadius = noise.radius(upper) * (1 + 3e-13);
            // What was decided directly is not taken back by the rounding of the way over p.
            return new RadiusDecision(
                    outcome,
                    label,
                    hits,
                    samples,
                    lower,
                    upper,
                    outcome == RadiusDecision.Outcome.CERTIFIED ? Math.max(asked, radius) : radius,
                    outcome == RadiusDecision.Outcome.EXCLUDED ? Math.min(asked, upperRadius) : upperRadius);
        }
    }

    /** The probability that a radius needs, if the budget can reach it. */
    private double requireReachable(double radius) {
        if (!(radius >= 0 && radius < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("radius must be >= 0 and finite, was " + radius);
        }
        double needed = noise.probability(radius);
        long fewest = needed < 1 ? fewest(needed) : Long.MAX_VALUE;
        if (fewest > MOST) {
            throw new IllegalArgumentException("radius must be <= "
                    + noise.radius(Math.exp(Math.log(alpha) / MOST)) + ", no feasible number of samples certifies "
                    + noise + " beyond; was " + radius);
        }
        if (fewest > budget) {
            throw new IllegalArgumentException("budget must be >= " + fewest + " for radius " + radius + " and alpha "
                    + alpha + ", with fewer nothing can be certified; was " + budget);
        }
        return needed;
    }

    /** The smallest n that certifies if all samples agree. */
    private long fewest(double needed) {
        BetaMixture mixture = new BetaMixture(needed);
        long low = 0;
        long high = 1;
        while (high <= MOST && mixture.log(high, high, needed) < BetaMixture.threshold(alpha)) {
            low = high;
            high *= 2;
        }
        while (high - low > 1) {
            long middle = (low + high) / 2;
            if (mixture.log(middle, middle, needed) < BetaMixture.threshold(alpha)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
