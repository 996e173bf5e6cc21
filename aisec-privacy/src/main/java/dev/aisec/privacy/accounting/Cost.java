// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Part;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a loss costs, as whole units of 2^-200, rounded up. Sums are exact, so that no order of spends and no number of them
 * loses anything; the smallest positive double still costs a unit.
 *
 * @param privacy units of ε or ρ
 * @param delta units of δ
 */
record Cost(BigInteger privacy, BigInteger delta) {
    static final int UNIT_BITS = 200;
    static final Cost NONE = new Cost(BigInteger.ZERO, BigInteger.ZERO);

    /** What a budget holds, rounded down. */
    static Cost total(Budget budget) {
        if (budget instanceof Budget.Pure pure) {
            return new Cost(floor(exact(pure.epsilon())), BigInteger.ZERO);
        } else if (budget instanceof Budget.Approximate approximate) {
            return new Cost(floor(exact(approximate.epsilon())), floor(exact(approximate.delta())));
        }
        Budget.ZeroConcentrated concentrated = (Budget.ZeroConcentrated) budget;
        return new Cost(floor(exact(concentrated.rho())), floor(exact(concentrated.delta())));
    }

    /** What a loss costs in the currency of a budget; refuses what the currency cannot express. */
    static Cost of(PrivacyLoss loss, Budget budget) {
        if (loss.neighbouring() != budget.neighbouring()) {
            throw new IllegalArgumentException("loss must be under the relation of the budget, " + budget.neighbouring()
                    + ", was under " + loss.neighbouring());
        }
        List<Part> parts =
                loss instanceof PrivacyLoss.Composed composed ? composed.parts() : List.of(new Part(loss, 1));
        Cost sum = NONE;
        List<Part> rest = new ArrayList<>();
        for (Part part : parts) {
            if (budget instanceof Budget.ZeroConcentrated) {
                sum = sum.plus(concentrated(part.loss()).times(part.times()));
                continue;
            }
            Fraction epsilon = epsilon(part.loss());
            if (epsilon != null) {
                sum = sum.plus(new Cost(ceil(epsilon), ceil(delta(part.loss()))).times(part.times()));
            } else {
                // Its δ comes from the budget: one share for all such parts together.
                rest.add(part);
            }
        }
        if (!rest.isEmpty()) {
            sum = sum.plus(accounted(new PrivacyLoss.Composed(loss.neighbouring(), rest), budget));
        }
        Cost total = total(budget);
        if (sum.delta().signum() > 0 && total.delta().signum() == 0) {
            throw new IllegalArgumentException(
                    "loss must have no delta under a budget without, was " + loss + " under " + budget);
        }
        return sum;
    }

    Cost plus(Cost other) {
        return new Cost(privacy.add(other.privacy), delta.add(other.delta));
    }

    private Cost times(long times) {
        BigInteger factor = BigInteger.valueOf(times);
        return new Cost(privacy.multiply(factor), delta.multiply(factor));
    }

    /** What is left of this after a spend; never below zero. */
    Cost minus(Cost spent) {
        return new Cost(
                privacy.subtract(spent.privacy).max(BigInteger.ZERO),
                delta.subtract(spent.delta).max(BigInteger.ZERO));
    }

    boolean fitsIn(Cost total) {
        return privacy.compareTo(total.privacy) <= 0 && delta.compareTo(total.delta) <= 0;
    }

    BudgetAmount roundedUp() {
        return new BudgetAmount(up(privacy), up(delta));
    }

    BudgetAmount roundedDown() {
        return new BudgetAmount(down(privacy), down(delta));
    }

    /** ε of a loss that has one at its own δ, else null. */
    private static @Nullable Fraction epsilon(PrivacyLoss loss) {
        if (loss instanceof PrivacyLoss.Pure pure) {
            return exact(pure.epsilon());
        } else if (loss instanceof PrivacyLoss.Approximate approximate) {
            return exact(approximate.epsilon());
        } else if (loss instanceof PrivacyLoss.Laplace laplace) {
            return exact(laplace.noiseMultiplier()).inverse();
        } else if (loss instanceof PrivacyLoss.RandomizedResponse response) {
            return exact(epsilon(response));
        }
        PrivacyLoss.Approximate own = sampled(loss);
        return own == null ? null : exact(own.epsilon());
    }

    private static Fraction delta(PrivacyLoss loss) {
        PrivacyLoss.Approximate own = loss instanceof PrivacyLoss.Approximate known ? known : sampled(loss);
        return exact(own == null ? 0 : own.delta());
    }

    /** The (ε, δ) of a sampled loss, if it has one. */
    private static PrivacyLoss.@Nullable Approximate sampled(PrivacyLoss loss) {
        return loss instanceof PrivacyLoss.PoissonSampled ? Profile.own(loss) : null;
    }

    /** ln(1 + k(1 − p)/p), rounded up; StrictMath's logarithm is within one unit in the last place. */
    private static double epsilon(PrivacyLoss.RandomizedResponse response) {
        Fraction p = exact(response.noise());
        Fraction odds = new Fraction(
                BigInteger.valueOf(response.answers()).multiply(p.denominator().subtract(p.numerator())),
                p.numerator());
        if (odds.numerator().signum() == 0) {
            return 0;
        }
        // Beyond the doubles: ln of a quotient is at most the difference of the bit lengths plus one, times ln 2.
        double x = upperDouble(odds);
        if (Double.isInfinite(x)) {
            return Math.nextUp(
                    (odds.numerator().bitLength() - odds.denominator().bitLength() + 2) * Math.log(2));
        }
        return Math.nextUp(Math.nextUp(StrictMath.log1p(x)));
    }

    private static Cost concentrated(PrivacyLoss loss) {
        Fraction epsilon = epsilon(loss);
        if (epsilon != null) {
            return new Cost(ceil(epsilon.squared().half()).min(ceil(epsilon)), ceil(delta(loss)));
        } else if (loss instanceof PrivacyLoss.Gaussian gaussian) {
            return new Cost(
                    ceil(exact(gaussian.noiseMultiplier()).inverse().squared().half()), BigInteger.ZERO);
        } else if (loss instanceof PrivacyLoss.DiscreteGaussian discrete) {
            Fraction sigma = exact(discrete.sigma());
            BigInteger sensitivity = BigInteger.valueOf(discrete.sensitivity());
            return new Cost(
                    ceil(new Fraction(sensitivity.multiply(sigma.denominator()), sigma.numerator())
                            .squared()
                            .half()),
                    BigInteger.ZERO);
        } else if (loss instanceof PrivacyLoss.ZeroConcentrated concentrated) {
            return new Cost(ceil(exact(concentrated.rho())), BigInteger.ZERO);
        }
        throw new IllegalArgumentException(
                "loss must have a rho under a zero-concentrated budget; use an approximate one for " + loss);
    }

    /** ε that an accountant certifies for losses without an (ε, δ) of their own. */
    private static Cost accounted(PrivacyLoss loss, Budget budget) {
        if (!(budget instanceof Budget.Approximate approximate)) {
            throw new IllegalArgumentException(
                    "loss must have a finite epsilon at delta 0 under a pure budget, was " + loss);
        }
        double delta = approximate.deltaPerRelease();
        if (delta == 0) {
            throw new IllegalArgumentException(
                    "deltaPerRelease of the budget must be > 0 for a loss without a delta of its own, " + loss);
        }
        double epsilon = Conversions.epsilon(loss, delta);
        if (!(epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "loss must have a finite epsilon at delta " + delta + ", had none: " + loss);
        }
        return new Cost(ceil(exact(epsilon)), ceil(exact(delta)));
    }

    /** A double as the fraction that it is. */
    private static Fraction exact(double value) {
        long bits = Double.doubleToLongBits(value);
        int exponent = (int) (bits >>> 52 & 0x7ff);
        long mantissa = bits & 0xfffffffffffffL;
        BigInteger numerator = BigInteger.valueOf(exponent == 0 ? mantissa : mantissa | 1L << 52);
        int shift = Math.max(exponent, 1) - 1075;
        return shift >= 0
                ? new Fraction(numerator.shiftLeft(shift), BigInteger.ONE)
                : new Fraction(numerator, BigInteger.ONE.shiftLeft(-shift));
    }

    private static BigInteger floor(Fraction value) {
        return value.numerator().shiftLeft(UNIT_BITS).divide(value.denominator());
    }

    private static BigInteger ceil(Fraction value) {
        BigInteger[] parts = value.numerator().shiftLeft(UNIT_BITS).divideAndRemainder(value.denominator());
        return parts[1].signum() == 0 ? parts[0] : parts[0].add(BigInteger.ONE);
    }

    private static double upperDouble(Fraction value) {
        double near = new BigDecimal(value.numerator())
                .divide(new BigDecimal(value.denominator()), new MathContext(40))
                .doubleValue();
        return near == Double.POSITIVE_INFINITY ? near : Math.nextUp(near);
    }

    private static double up(BigInteger units) {
        double near = Math.scalb(units.doubleValue(), -UNIT_BITS);
        return ceil(exact(near)).compareTo(units) < 0 ? Math.nextUp(near) : near;
    }

    private static double down(BigInteger units) {
        double near = Math.scalb(units.doubleValue(), -UNIT_BITS);
        return ceil(exact(near)).compareTo(units) > 0 ? Math.nextDown(near) : near;
    }

    private record Fraction(BigInteger numerator, BigInteger denominator) {
        Fraction inverse() {
            return new Fraction(denominator, numerator);
        }

        Fraction squared() {
            return new Fraction(numerator.multiply(numerator), denominator.multiply(denominator));
        }

        Fraction half() {
            return new Fraction(numerator, denominator.shiftLeft(1));
        }
    }
}
