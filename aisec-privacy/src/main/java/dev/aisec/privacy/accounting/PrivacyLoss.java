// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.ArrayList;
import java.util.List;

/**
 * What a release gives away, as the accountants read it: the worst pair of output distributions over all neighbouring data
 * sets. The one language between mechanisms, ledger and accountants.
 *
 * <p>Noise scales are given relative to the sensitivity under the relation that the loss owns, so that a sensitivity for one
 * relation cannot be combined with a scale for another. Composition may be adaptive: a later release may be chosen by
 * what earlier ones have shown.
 */
public sealed interface PrivacyLoss {
    /**
     * Returns the relation whose neighbours are hidden.
     *
     * @return the relation
     */
    Neighbouring neighbouring();

    /**
     * This loss several times.
     *
     * @param times how often; at least 1
     * @return the composition
     */
    default PrivacyLoss repeat(long times) {
        return times == 1 ? this : new Composed(neighbouring(), List.of(new Part(this, times)));
    }

    /**
     * This loss and another.
     *
     * @param other loss under the same relation
     * @return the composition
     */
    default PrivacyLoss and(PrivacyLoss other) {
        return composed(List.of(this, other));
    }

    /**
     * All of these.
     *
     * @param losses at least one, all under the same relation
     * @return the composition
     */
    static PrivacyLoss composed(List<PrivacyLoss> losses) {
        if (losses.isEmpty()) {
            throw new IllegalArgumentException("losses must be at least one, were none");
        }
        return new Composed(
                losses.get(0).neighbouring(),
                losses.stream().map(loss -> new Part(loss, 1)).toList());
    }

    /**
     * ε-differential privacy, of which nothing more is known: randomized response between two answers is the worst case.
     *
     * @param epsilon ε; at least 0 and finite
     * @param neighbouring the relation
     */
    record Pure(double epsilon, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks ε. */
        public Pure {
            requireEpsilon(epsilon);
        }
    }

    /**
     * (ε, δ)-differential privacy, of which nothing more is known.
     *
     * @param epsilon ε; at least 0 and finite
     * @param delta δ; in [0, 1)
     * @param neighbouring the relation
     */
    record Approximate(double epsilon, double delta, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks ε and δ. */
        public Approximate {
            requireEpsilon(epsilon);
            requireDelta(delta);
        }
    }

    /**
     * Gaussian noise of standard deviation σ on a value, or on each coordinate of a vector, of L2 sensitivity Δ: exactly the pair
     * N(0, σ²), N(Δ, σ²). Rounding of the sum to a lattice is post-processing and covered.
     *
     * @param noiseMultiplier σ / Δ; positive and finite
     * @param neighbouring the relation that Δ was computed under
     */
    record Gaussian(double noiseMultiplier, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks the multiplier. */
        public Gaussian {
            requirePositive("noiseMultiplier", noiseMultiplier);
        }
    }

    /**
     * Laplace noise of scale b on a value of sensitivity Δ: exactly the pair Lap(0, b), Lap(Δ, b). Rounding of the sum is
     * post-processing and covered. Not for discrete Laplace noise, whose δ(ε) below ε = Δ/b is larger, nor for vectors of L1
     * sensitivity: they are {@link Pure}.
     *
     * @param noiseMultiplier b / Δ; positive and finite
     * @param neighbouring the relation that Δ was computed under
     */
    record Laplace(double noiseMultiplier, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks the multiplier. */
        public Laplace {
            requirePositive("noiseMultiplier", noiseMultiplier);
        }
    }

    /**
     * Discrete Gaussian noise N_Z(0, σ²) on an integer that neighbours change by at most Δ.
     *
     * <p>Source: Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, theorem 7.
     *
     * @param sigma σ, the parameter and nearly the standard deviation; positive and finite
     * @param sensitivity Δ; at least 1
     * @param neighbouring the relation that Δ was computed under
     */
    record DiscreteGaussian(double sigma, long sensitivity, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks σ and Δ. */
        public DiscreteGaussian {
            requirePositive("sigma", sigma);
            if (sensitivity < 1) {
                throw new IllegalArgumentException("sensitivity must be >= 1, was " + sensitivity);
            }
        }
    }

    /**
     * ρ-zero-concentrated differential privacy, of which nothing more is known; for example discrete Gaussian noise on an
     * integer vector, ρ = Δ₂² / (2σ²).
     *
     * <p>Source: Bun, Steinke, Concentrated Differential Privacy, TCC 2016, definition 1.1.
     *
     * @param rho ρ; at least 0 and finite
     * @param neighbouring the relation
     */
    record ZeroConcentrated(double rho, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks ρ. */
        public ZeroConcentrated {
            if (!(rho >= 0 && rho < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("rho must be >= 0 and finite, was " + rho);
            }
        }
    }

    /**
     * Randomized response among k answers: the true one with probability 1 − p, else one of all k, each alike. ε is
     * ln(1 + k(1 − p)/p).
     *
     * <p>Source: Kairouz, Oh, Viswanath, Extremal Mechanisms for Local Differential Privacy, JMLR 17, 2016.
     *
     * @param noise p, the probability that the answer is drawn at random; in (0, 1]
     * @param answers k; at least 2
     * @param neighbouring REPLACE_ONE for local differential privacy
     */
    record RandomizedResponse(double noise, int answers, Neighbouring neighbouring) implements PrivacyLoss {
        /** Checks p and k. */
        public RandomizedResponse {
            if (!(noise > 0 && noise <= 1)) {
                throw new IllegalArgumentException("noise must be in (0, 1], was " + noise);
            }
            if (answers < 2) {
                throw new IllegalArgumentException("answers must be >= 2, were " + answers);
            }
        }
    }

    /**
     * A release on a random part of the records, each taken independently with probability q (Poisson sampling). It covers no
     * shuffling, no fixed batch size, and no sample whose membership is shown.
     *
     * <p>Under REPLACE_ONE nothing is assumed of how an absent record differs from a present one, so that only δ gains, by a factor
     * q. With {@code halfwayAbsent}, which {@link #halfwayAbsent} sets, an absent record is at most half of the sensitivity away
     * from any present one; then Gaussian and Laplace noise gain much more. That holds for sums of vectors clipped to a ball
     * about zero, whose sensitivity under REPLACE_ONE is the diameter. It does not hold for sums of values in [0, 1], nor for
     * means of the sampled records.
     *
     * <p>Under ZERO_OUT, a sampled record that contributes zero must be the same as none: nothing released depends on how many
     * records were sampled.
     *
     * @param rate q; in (0, 1]
     * @param loss what the release gives away on the part; not sampled itself
     * @param halfwayAbsent whether, under REPLACE_ONE, an absent record is at most half of the sensitivity away from any present
     *     one; false under the other relations, where it means nothing. If it is said and does not hold, more is given away than
     *     the accountants tell.
     */
    record PoissonSampled(double rate, PrivacyLoss loss, boolean halfwayAbsent) implements PrivacyLoss {
        /** Checks q. */
        public PoissonSampled {
            if (!(rate > 0 && rate <= 1)) {
                throw new IllegalArgumentException("rate must be in (0, 1], was " + rate);
            }
            if (loss instanceof PoissonSampled) {
                throw new IllegalArgumentException("loss must not be sampled itself, was " + loss);
            }
            if (loss instanceof Composed composed
                    && composed.parts().stream().anyMatch(part -> part.loss() instanceof PoissonSampled)) {
                throw new IllegalArgumentException("loss must have no sampled parts, was " + loss);
            }
            halfwayAbsent = halfwayAbsent && loss.neighbouring() == Neighbouring.REPLACE_ONE;
        }

        /**
         * Without an assumption on absent records.
         *
         * @param rate q; in (0, 1]
         * @param loss what the release gives away on the part; not sampled itself
         */
        public PoissonSampled(double rate, PrivacyLoss loss) {
            this(rate, loss, false);
        }

        /**
         * For sums of vectors clipped to a ball about zero, as in training with clipped gradients: an absent record is halfway
         * between any two present ones that are furthest apart.
         *
         * @param rate q; in (0, 1]
         * @param loss what the release gives away on the part; not sampled itself
         * @return the loss; under other relations than REPLACE_ONE the same as without
         */
        public static PoissonSampled halfwayAbsent(double rate, PrivacyLoss loss) {
            return new PoissonSampled(rate, loss, true);
        }

        @Override
        public Neighbouring neighbouring() {
            return loss.neighbouring();
        }
    }

    /**
     * Several losses, adaptively composed. Nested compositions are flattened, equal losses counted together.
     *
     * @param neighbouring the relation, that of every part
     * @param parts the losses and how often each occurs; at least one
     */
    record Composed(Neighbouring neighbouring, List<Part> parts) implements PrivacyLoss {
        /** Checks that no relations are mixed, and flattens. */
        public Composed {
            if (parts.isEmpty()) {
                throw new IllegalArgumentException("parts must be at least one, were none");
            }
            List<Part> flat = new ArrayList<>();
            for (Part part : parts) {
                if (part.loss().neighbouring() != neighbouring) {
                    throw new IllegalArgumentException("losses must be under one relation, " + neighbouring
                            + ", one was under " + part.loss().neighbouring());
                }
                if (part.loss() instanceof Composed inner) {
                    for (Part deep : inner.parts()) {
                        add(flat, new Part(deep.loss(), Math.multiplyExact(deep.times(), part.times())));
                    }
                } else {
                    add(flat, part);
                }
            }
            parts = List.copyOf(flat);
        }

        private static void add(List<Part> flat, Part part) {
            for (int i = 0; i < flat.size(); i++) {
                if (flat.get(i).loss().equals(part.loss())) {
                    flat.set(i, new Part(part.loss(), Math.addExact(flat.get(i).times(), part.times())));
                    return;
                }
            }
            flat.add(part);
        }
    }

    /**
     * A loss and how often it occurs.
     *
     * @param loss the loss
     * @param times how often; at least 1
     */
    record Part(PrivacyLoss loss, long times) {
        /** Checks the number. */
        public Part {
            if (times < 1) {
                throw new IllegalArgumentException("times must be >= 1, was " + times);
            }
        }
    }

    /**
     * Checks an ε.
     *
     * @param epsilon the value
     */
    private static void requireEpsilon(double epsilon) {
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be >= 0 and finite, was " + epsilon);
        }
    }

    private static void requireDelta(double delta) {
        if (!(delta >= 0 && delta < 1)) {
            throw new IllegalArgumentException("delta must be in [0, 1), was " + delta);
        }
    }

    private static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }
}
