// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Approximate;
import dev.aisec.privacy.accounting.PrivacyLoss.Composed;
import dev.aisec.privacy.accounting.PrivacyLoss.DiscreteGaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Laplace;
import dev.aisec.privacy.accounting.PrivacyLoss.Part;
import dev.aisec.privacy.accounting.PrivacyLoss.PoissonSampled;
import dev.aisec.privacy.accounting.PrivacyLoss.Pure;
import dev.aisec.privacy.accounting.PrivacyLoss.RandomizedResponse;
import dev.aisec.privacy.accounting.PrivacyLoss.ZeroConcentrated;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * δ(ε) of one release, the larger of both directions, enclosed: the hockey-stick divergence of the worst pair. Exact but for
 * rounding where the worst pair is known.
 *
 * <p>Sources: Balle, Wang, Improving the Gaussian Mechanism for Differential Privacy, ICML 2018, theorem 8; Canonne, Kamath,
 * Steinke, The Discrete Gaussian for Differential Privacy, NeurIPS 2020, theorem 7; Kairouz, Oh, Viswanath, The Composition
 * Theorem for Differential Privacy, ICML 2015; Balle, Barthe, Gaboardi, Privacy Amplification by Subsampling, NeurIPS 2018,
 * theorems 2 and 8; Zhu, Dong, Wang, Optimal Accounting of Differential Privacy via Characteristic Function, AISTATS 2022,
 * theorem 11.
 */
interface Profile {
    /** Relative error that the formulas are granted; they stay well below. */
    double SLACK = 1e-11;

    /** Above it, sums over all integers get slow, and ρ-zCDP bounds a discrete Gaussian instead. */
    double LARGEST_SUM = 1 << 15;

    /** δ(ε) or more, for ε at least 0. */
    double upper(double epsilon);

    /** δ(ε) or less, for ε at least 0. */
    double lower(double epsilon);

    /** The least ε for δ. */
    default PrivacyInterval epsilon(double delta) {
        double upper = Search.epsilonUpper(this::upper, delta);
        return new PrivacyInterval(Math.min(upper, Search.epsilonLower(this::lower, delta)), upper);
    }

    /** δ(ε). */
    default PrivacyInterval delta(double epsilon) {
        double upper = upper(epsilon);
        return new PrivacyInterval(Math.min(upper, lower(epsilon)), upper);
    }

    /** Of a value computed with {@link #SLACK}, from its logarithm, whose own rounding counts too. */
    static Profile ofLog(java.util.function.DoubleUnaryOperator log) {
        return new Profile() {
            @Override
            public double upper(double epsilon) {
                double value = log.applyAsDouble(epsilon);
                return value < -740 ? 1e-320 : Math.min(1, Math.exp(value + SLACK - 1e-14 * value));
            }

            @Override
            public double lower(double epsilon) {
                double value = log.applyAsDouble(epsilon);
                return value < -740 ? 0 : Math.max(0, Math.exp(value - SLACK + 1e-14 * value));
            }
        };
    }

    /** The profile of a loss that is not composed. */
    static Profile of(PrivacyLoss loss) {
        if (loss instanceof Pure pure) {
            return approximate(pure.epsilon(), 0);
        }
        if (loss instanceof Approximate known) {
            return approximate(known.epsilon(), known.delta());
        }
        if (loss instanceof Gaussian gaussian) {
            double multiplier = gaussian.noiseMultiplier();
            return ofLog(epsilon -> logGaussian(multiplier, epsilon));
        }
        if (loss instanceof Laplace laplace) {
            double multiplier = laplace.noiseMultiplier();
            // −expm1 is exact to the last digits; only the difference of the two exponents is not.
            return bounds(
                    epsilon -> -Math.expm1(Math.min(0, 0.5 * (epsilon - Math.nextUp(1 / multiplier)))),
                    epsilon -> -Math.expm1(Math.min(0, 0.5 * (epsilon - Math.nextDown(1 / multiplier)))));
        }
        if (loss instanceof DiscreteGaussian discrete) {
            return discreteGaussian(discrete);
        }
        if (loss instanceof ZeroConcentrated concentrated) {
            double rho = concentrated.rho();
            if (rho == 0) {
                return bounds(epsilon -> 0, epsilon -> 0);
            }
            // Gaussian noise is admitted, so its profile is a lower one.
            double multiplier = 1 / Math.sqrt(2 * rho);
            Profile gaussian = ofLog(epsilon -> logGaussian(multiplier, epsilon));
            return bounds(epsilon -> Zcdp.delta(rho, epsilon), gaussian::lower);
        }
        if (loss instanceof RandomizedResponse response) {
            double other = response.noise() / response.answers();
            double same = 1 - response.noise() + other;
            return bounds(
                    epsilon -> same * (1 + SLACK) - Math.exp(epsilon) * other * (1 - SLACK),
                    epsilon -> same * (1 - SLACK) - Math.exp(epsilon) * other * (1 + SLACK));
        }
        if (loss instanceof PoissonSampled sampled) {
            return sampled(sampled);
        }
        throw new IllegalArgumentException("loss must not be composed, was " + loss);
    }

    private static Profile approximate(double own, double delta) {
        // (e^own − e^ε) / (1 + e^own), scaled against overflow.
        return bounds(
                epsilon -> delta
                        + (1 - delta) * (-Math.expm1(Math.min(0, epsilon - own)) / (1 + Math.exp(-own))) * (1 + SLACK),
                epsilon -> (delta + (1 - delta) * (-Math.expm1(Math.min(0, epsilon - own)) / (1 + Math.exp(-own))))
                        * (1 - SLACK));
    }

    /** Clipped into [0, 1]. */
    static Profile bounds(java.util.function.DoubleUnaryOperator upper, java.util.function.DoubleUnaryOperator lower) {
        return new Profile() {
            @Override
            public double upper(double epsilon) {
                double value = upper.applyAsDouble(epsilon);
                return value > 0 ? Math.min(1, value * (1 + SLACK)) : 0;
            }

            @Override
            public double lower(double epsilon) {
                double value = lower.applyAsDouble(epsilon);
                return value > 0 ? Math.min(1, value * (1 - SLACK)) : 0;
            }
        };
    }

    /**
     * ln δ(ε) of Gaussian noise: with μ = 1/σ and u = ε/μ − μ/2, δ = Q(u) − e^ε Q(u + μ) = φ(u) (R(u) − R(u + μ)), as
     * e^ε φ(u + μ) = φ(u).
     */
    static double logGaussian(double multiplier, double epsilon) {
        double mu = 1 / multiplier;
        double u = epsilon * multiplier - 0.5 * mu;
        if (u < -5) {
            // Here ε < μ²/2, so μ > 10 and nothing cancels.
            return Math.log(NormalTail.tail(u) - NormalTail.density(u) * NormalTail.mills(u + mu));
        }
        return NormalTail.logDensity(u) + Math.log(NormalTail.millsDrop(u, mu));
    }

    private static Profile discreteGaussian(DiscreteGaussian loss) {
        double sigma = loss.sigma();
        long sensitivity = loss.sensitivity();
        if (sigma > LARGEST_SUM) {
            Profile concentrated = of(new ZeroConcentrated(
                    Math.nextUp(Math.pow(sensitivity / sigma, 2) / 2 * (1 + SLACK)), loss.neighbouring()));
            return bounds(concentrated::upper, epsilon -> 0);
        }
        double norm = 1;
        for (long k = 1; k <= 9 * sigma + 2; k++) {
            norm += 2 * Math.exp(-0.5 * (k / sigma) * (k / sigma));
        }
        double logNorm = Math.log(norm);
        return ofLog(epsilon -> {
            // P(k − Δ) − e^ε P(k) is positive from this k on.
            double threshold = epsilon * sigma / sensitivity * sigma + 0.5 * sensitivity;
            if (!(threshold < 1e15)) {
                return -1e300;
            }
            long first = (long) Math.floor(threshold) + 1;
            double reference = (first - sensitivity) / sigma;
            double sum = 0;
            for (long k = first; ; k++) {
                double x = (k - sensitivity) / sigma;
                // In units of the first term's P; the ratio of the two probabilities is e^(ε − loss).
                double weight = Math.exp(-0.5 * (x - reference) * (x + reference));
                double gain = -Math.expm1(-(k - threshold) * sensitivity / sigma / sigma);
                sum += weight * gain;
                if (x > 0 && weight < 1e-18 * sum * Math.min(1, x / sigma)) {
                    break;
                }
            }
            return Math.log(sum) - 0.5 * reference * reference - logNorm;
        });
    }

    private static Profile sampled(PoissonSampled loss) {
        Profile whole = whole(loss.loss());
        double rate = loss.rate();
        if (rate == 1) {
            return whole;
        }
        if (loss.neighbouring() == Neighbouring.REPLACE_ONE) {
            return replaced(loss, whole);
        }
        return bounds(
                epsilon -> Math.max(
                        rate * whole.upper(amplified(rate, epsilon) * (1 - 1e-15)), added(rate, epsilon, whole::upper)),
                epsilon -> Math.max(
                        rate * whole.lower(amplified(rate, epsilon) * (1 + 1e-15)),
                        added(rate, epsilon, whole::lower)));
    }

    /** ln(1 + (e^ε − 1) / q). */
    static double amplified(double rate, double epsilon) {
        return epsilon > 1
                ? epsilon + Math.log1p(-(1 - rate) * Math.exp(-epsilon)) - Math.log(rate)
                : Math.log1p(Math.expm1(epsilon) / rate);
    }

    /** H(Q ‖ (1 − q) Q + q P) at e^ε, from H(Q ‖ P), which is H(P ‖ Q) for all pairs here. */
    private static double added(double rate, double epsilon, java.util.function.DoubleUnaryOperator whole) {
        double weight = rate - (1 - rate) * Math.expm1(epsilon);
        return weight <= 0 ? 0 : weight * whole.applyAsDouble(epsilon + Math.max(0, Math.log(rate / weight)));
    }

    /**
     * REPLACE_ONE on a sample. Without knowledge of what an absent record does, δ is q δ(ε), reached where its absence shows. Where
     * it is known to be half as far as another one, advanced joint convexity applies to Gaussian and Laplace noise.
     */
    private static Profile replaced(PoissonSampled loss, Profile whole) {
        double rate = loss.rate();
        PrivacyLoss half = halved(loss);
        if (half == null) {
            return bounds(epsilon -> rate * whole.upper(epsilon), epsilon -> rate * whole.lower(epsilon));
        }
        Profile near = of(half);
        Profile zeroed = bounds(epsilon -> 0, epsilon -> rate * near.lower(amplified(rate, epsilon) * (1 + 1e-15)));
        return bounds(
                epsilon -> {
                    double inner = amplified(rate, epsilon) * (1 - 1e-15);
                    double beta = Math.exp(epsilon - inner);
                    return rate
                            * ((1 - Math.min(1, beta)) * near.upper(inner) + Math.min(1, beta) * whole.upper(inner))
                            * (1 + SLACK);
                },
                epsilon -> half instanceof Gaussian gaussian
                        ? mixtureLower(rate, gaussian.noiseMultiplier(), epsilon)
                        : zeroed.lower(epsilon));
    }

    /** The loss of adding a record where an absent one is known to be halfway; null if not known. */
    static @Nullable PrivacyLoss halved(PoissonSampled sampled) {
        if (!sampled.halfwayAbsent()) {
            return null;
        }
        PrivacyLoss loss = merged(sampled.loss());
        if (loss instanceof Gaussian gaussian) {
            return new Gaussian(2 * gaussian.noiseMultiplier(), gaussian.neighbouring());
        }
        if (loss instanceof Laplace laplace) {
            return new Laplace(2 * laplace.noiseMultiplier(), laplace.neighbouring());
        }
        return null;
    }

    /** P(S) − e^ε Q(S) for the half line S past the threshold and means −1, 0, 1: a lower bound whatever the threshold. */
    private static double mixtureLower(double rate, double sigma, double epsilon) {
        double low = 0;
        double high = sigma * sigma * (epsilon + 2 - Math.log(rate)) + 2;
        for (int i = 0; i < 60; i++) {
            double x = 0.5 * (low + high);
            if (Mixture.replaceLoss(rate, sigma, x) < epsilon) {
                low = x;
            } else {
                high = x;
            }
        }
        double x = high;
        double none = NormalTail.tail(x / sigma);
        double up = NormalTail.tail((x - 1) / sigma);
        double down = NormalTail.tail((x + 1) / sigma);
        return rate * up * (1 - SLACK)
                + (1 - rate) * none * (-Math.expm1(epsilon)) * (1 + SLACK)
                - rate * Math.exp(epsilon) * down * (1 + SLACK);
    }

    /** A composition: Gaussian noise composes to Gaussian noise; else ρ above and the floor below. */
    private static Profile whole(PrivacyLoss loss) {
        PrivacyLoss merged = merged(loss);
        if (!(merged instanceof Composed)) {
            return of(merged);
        }
        Accountant concentrated = new ZcdpAccountant();
        return bounds(epsilon -> concentrated.delta(merged, epsilon).upper(), floor(merged)::lower);
    }

    /** A composition of Gaussian losses only as the one Gaussian loss that it is, up to rounding; else the loss itself. */
    static PrivacyLoss merged(PrivacyLoss loss) {
        if (!(loss instanceof Composed composed)) {
            return loss;
        }
        double precision = 0;
        for (Part part : composed.parts()) {
            if (!(part.loss() instanceof Gaussian gaussian)) {
                return composed.parts().size() == 1 && composed.parts().get(0).times() == 1 ? part.loss() : loss;
            }
            precision += part.times() / gaussian.noiseMultiplier() / gaussian.noiseMultiplier();
        }
        double multiplier = 1 / Math.sqrt(precision);
        return multiplier > 0 && multiplier < Double.POSITIVE_INFINITY
                ? new Gaussian(multiplier, composed.neighbouring())
                : loss;
    }

    /** A lower profile of any loss: the Gaussian parts together, and each other part alone; the rest tells nothing more. */
    static Profile floor(PrivacyLoss loss) {
        List<Profile> alone = new ArrayList<>();
        double rho = 0;
        for (Part part : parts(loss)) {
            if (part.loss() instanceof Gaussian gaussian) {
                rho += part.times() * 0.5 / gaussian.noiseMultiplier() / gaussian.noiseMultiplier();
            } else if (part.loss() instanceof ZeroConcentrated concentrated) {
                rho += part.times() * concentrated.rho();
            } else {
                alone.add(of(part.loss()));
            }
        }
        if (rho > 0) {
            alone.add(of(new Gaussian(1 / Math.sqrt(2 * rho), loss.neighbouring())));
        }
        return bounds(
                epsilon -> 1,
                epsilon -> alone.stream()
                        .mapToDouble(profile -> profile.lower(epsilon))
                        .max()
                        .orElse(0));
    }

    /** The parts of any loss. */
    static List<Part> parts(PrivacyLoss loss) {
        return loss instanceof Composed composed ? composed.parts() : List.of(new Part(loss, 1));
    }

    /** The (ε, δ) that a loss has by itself, rounded up; null for one that has a whole curve and no end of it. */
    static @Nullable Approximate own(PrivacyLoss loss) {
        Neighbouring neighbouring = loss.neighbouring();
        if (loss instanceof Pure pure) {
            return new Approximate(pure.epsilon(), 0, neighbouring);
        }
        if (loss instanceof Approximate known) {
            return known;
        }
        if (loss instanceof Laplace laplace && 1 / laplace.noiseMultiplier() < Double.MAX_VALUE) {
            return new Approximate(Math.nextUp(1 / laplace.noiseMultiplier()), 0, neighbouring);
        }
        if (loss instanceof RandomizedResponse response) {
            double epsilon = Math.log1p(response.answers() * (1 - response.noise()) / response.noise()) * (1 + 1e-15);
            return new Approximate(response.noise() == 1 ? 0 : Math.nextUp(epsilon), 0, neighbouring);
        }
        if (loss instanceof PoissonSampled sampled) {
            Approximate whole = own(sampled.loss());
            if (whole == null) {
                return null;
            }
            double rate = sampled.rate();
            double epsilon = whole.epsilon();
            if (neighbouring != Neighbouring.REPLACE_ONE) {
                // ln(1 + q (e^ε − 1)), without overflow.
                double less = epsilon > 1
                        ? epsilon + Math.log(rate + (1 - rate) * Math.exp(-epsilon))
                        : Math.log1p(rate * Math.expm1(epsilon));
                epsilon = Math.min(epsilon, less + 1e-15 * (1 + epsilon) * Math.min(1, epsilon));
            }
            return new Approximate(epsilon, Math.min(whole.delta(), Math.nextUp(rate * whole.delta())), neighbouring);
        }
        return null;
    }
}
