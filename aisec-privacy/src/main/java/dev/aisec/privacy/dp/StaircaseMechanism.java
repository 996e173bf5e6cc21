// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.math.BigInteger;
import java.util.Map;

/**
 * The staircase mechanism for a real number: noise whose density falls by e^ε at γΔ, γΔ + Δ, γΔ + 2Δ and so on to both sides.
 * The least expected error that any ε-differentially private noise has; for large ε much less than Laplace noise.
 *
 * <p>Guarantee: ε-differential privacy, exactly, with noise drawn exactly from the staircase distribution on a lattice.
 *
 * <p>Assumptions: neighbours change the value, as computed, by at most Δ.
 *
 * <p>Source: Geng, Viswanath, The Optimal Noise-Adding Mechanism in Differential Privacy, IEEE Transactions on Information
 * Theory 62(2), 2016, theorem 4 (optimality), algorithm 1 (sampling), section on discrete queries, theorem 8; optimal γ for
 * the absolute error: corollary 6.
 *
 * @param sensitivity Δ: how much neighbours change the value at most; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param epsilon ε; in [2⁻²⁰, 2¹⁵]
 * @param gamma γ, where in a period the step is; in (0, 1]
 * @param neighbouring the relation under which Δ holds
 */
public record StaircaseMechanism(double sensitivity, double epsilon, double gamma, Neighbouring neighbouring)
        implements Mechanism<Double, Double> {
    /** Checks the parameters. */
    public StaircaseMechanism {
        Checks.requireSensitivity(sensitivity);
        Checks.requireRange("epsilon", epsilon, 0x1p-20, 0x1p15);
        if (!(gamma > 0 && gamma <= 1)) {
            throw new IllegalArgumentException("gamma must be in (0, 1], was " + gamma);
        }
    }

    /**
     * With the γ of the least expected absolute error, 1 / (1 + e^(ε/2)).
     *
     * @param epsilon ε; in [2⁻²⁰, 2¹⁵]
     * @param sensitivity Δ; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param neighbouring the relation under which Δ holds
     * @return the mechanism
     */
    public static StaircaseMechanism of(double epsilon, double sensitivity, Neighbouring neighbouring) {
        return new StaircaseMechanism(
                sensitivity, epsilon, Math.max(1 / (1 + Math.exp(epsilon / 2)), Double.MIN_NORMAL), neighbouring);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        Checks.requireRelation(neighbouring, asked);
        return new PrivacyLoss.Pure(epsilon, asked);
    }

    @Override
    public Release<Double> release(Double value, SpendToken token) {
        double own = value;
        Checks.requireFinite("value", own);
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        ValueLattice lattice = ValueLattice.of(sensitivity);
        long steps = lattice.steps();
        long point = Arithmetic.plusClamped(lattice.round(own), noise(steps, periods(), SecureBits.current()));
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of(
                        "sensitivity", sensitivity,
                        "epsilon", epsilon,
                        "gamma", gamma,
                        "neighbouring", neighbouring,
                        "lattice-exponent", lattice.exponent()),
                Reporting.scalar("value", Reporting.aroundPoint(lattice, point, quantile(steps))));
        return new Release<>(lattice.toDouble(point), loss, evidence);
    }

    /** 1/ε, so rounded that e^−1/scale never falls faster than e^−ε. */
    private double scale() {
        return Arithmetic.overUp(1, epsilon);
    }

    /** Gives the period of the magnitude, if it is not negative. */
    DiscreteLaplace periods() {
        return DiscreteLaplace.of(scale());
    }

    /** Noise for a sensitivity of that many steps. */
    long noise(long steps, DiscreteLaplace periods, BitSource bits) {
        ExactDouble.Ratio decay = ExactDouble.of(1).over(ExactDouble.of(scale()));
        long first = first(steps);
        while (true) {
            long period;
            do {
                period = periods.sample(bits);
            } while (period < 0);
            boolean before = ExactBernoulli.below(
                    BigInteger.ZERO, 0, precision -> beforeStep(decay, first, steps, precision), bits);
            long place = before ? bits.nextLong(first) : first + bits.nextLong(steps - first);
            boolean negative = bits.nextLong() < 0;
            long magnitude = period * steps + place;
            // Zero has one sign only.
            if (!negative) {
                return magnitude;
            }
            if (magnitude != 0) {
                return -magnitude;
            }
        }
    }

    /** first / (first + e^−ε (steps − first)). */
    private static Enclosure beforeStep(ExactDouble.Ratio decay, long first, long steps, int precision) {
        if (first == steps) {
            return Enclosure.exactly(BigInteger.ONE.shiftLeft(precision));
        }
        Enclosure power = FixedExp.enclose(decay.numerator(), decay.denominator(), precision);
        BigInteger others = BigInteger.valueOf(steps - first);
        Enclosure before = Enclosure.exactly(BigInteger.valueOf(first).shiftLeft(precision));
        Enclosure after =
                new Enclosure(power.low().multiply(others), power.high().multiply(others));
        return before.over(before.plus(after), precision);
    }

    /** How many places of a period come before the step. */
    long first(long steps) {
        return Math.max(1, Math.min(steps, Math.round(gamma * steps)));
    }

    /** The least q, a little rounded up, with P(|K| > q) at most 5 %. */
    long quantile(long steps) {
        double ratio = Math.exp(-epsilon);
        double first = first(steps);
        double weight = first + ratio * (steps - first);
        // The magnitude before zeros of negative sign are refused: P(M > q) = tail; refusal divides by 1 − P(M = 0)/2.
        double wanted = (Reporting.ERROR) * (1 - (1 - ratio) / weight / 2) * (1 - 1e-9);
        double periods = Math.floor(Math.log(wanted) / -epsilon);
        double rest = wanted * Math.exp(epsilon * periods);
        // P(M ≥ place of the period) is 1 at its begin and ratio at its end, linear before and after the step.
        double falls = (1 - rest) * weight / (1 - ratio);
        double place = falls <= first ? falls : first + (falls - first) / ratio;
        return (long) Math.ceil(periods * steps + Math.max(0, Math.min(steps, place)));
    }
}
