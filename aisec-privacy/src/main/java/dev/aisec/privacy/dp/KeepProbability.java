// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;

/**
 * The largest probabilities π(n) of naming a partition of n users that are (ε, δ)-differentially private: π(0) = 0 and
 * π(n) = min(e^ε π(n−1) + δ, 1 − e^(−ε)(1 − π(n−1) − δ), 1). Known to any precision, and met exactly. For one thread.
 *
 * <p>How: both steps f and g of the recursion rise; f is the smaller one below x* = (1 − δ)/(e^ε + 1), and g above. So π(n) =
 * min(g^(n−k)(f^k(0)), 1) for k = min(n, n₁), and any other k gives no less. The least of three candidates near n₁, which is
 * known to much less than 1, is therefore exact.
 */
final class KeepProbability {
    private static final int DIGITS = 62;
    private static final int SPARE = 64;

    private final double epsilon;
    private final double delta;
    private final ExactDouble.Ratio exactEpsilon;
    private final ExactDouble.Ratio exactDelta;
    private final long turn;
    /** By number of users: the first digits of π, rounded down and up. */
    private final Map<Long, Enclosure> digits = new HashMap<>();
    /** A number of users from which on π is known to be 1. */
    private long certain = Long.MAX_VALUE;

    KeepProbability(double epsilon, double delta) {
        this.epsilon = epsilon;
        this.delta = delta;
        exactEpsilon = ExactDouble.Ratio.of(epsilon);
        exactDelta = ExactDouble.Ratio.of(delta);
        // n₁ = 1 + ⌊ln((e^ε − 1 + 2δ) / (δ(e^ε + 1))) / ε⌋ is the last step that f makes.
        double q = Math.exp(-epsilon);
        double ratio = (-Math.expm1(-epsilon) + 2 * delta * q) / (1 + q);
        turn = 1 + (long) Math.floor((Math.log(ratio) - Math.log(delta)) / epsilon);
    }

    /** A part of δ such that n independent ones are δ together: 1 − (1 − δ)^(1/n), rounded down. */
    static double share(double delta, int n) {
        // Three operations, each good to 2⁻⁵², none of which magnifies the error of what it is given.
        return n == 1 ? delta : -Math.expm1(Math.log1p(-delta) / n) * (1 - 0x1p-50);
    }

    /** True with probability π(users). */
    boolean keep(long users, BitSource bits) {
        if (users >= certain) {
            return true;
        }
        Enclosure known = digits.computeIfAbsent(users, n -> enclose(n, DIGITS));
        if (known.low().bitLength() > DIGITS) {
            certain = users;
            return true;
        }
        BigInteger first = BigInteger.valueOf(bits.nextLong() >>> Long.SIZE - DIGITS);
        if (first.compareTo(known.low()) < 0) {
            return true;
        }
        return first.compareTo(known.high()) < 0
                && ExactBernoulli.below(first, DIGITS, precision -> enclose(users, precision), bits);
    }

    /** The least number of users with π at least p for sure; p in (0, 1). */
    long users(double p) {
        ExactDouble.Ratio wanted = ExactDouble.Ratio.of(p);
        BigInteger bound = wanted.numerator().shiftLeft(DIGITS);
        long high = 1;
        while (enclose(high, DIGITS).low().multiply(wanted.denominator()).compareTo(bound) < 0) {
            high += high;
        }
        long low = high / 2;
        while (high - low > 1) {
            long middle = low + (high - low) / 2;
            if (enclose(middle, DIGITS).low().multiply(wanted.denominator()).compareTo(bound) < 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /** π(n) in units of 2^-precision. */
    Enclosure enclose(long n, int precision) {
        // Divisors are as small as δ e^(−2ε) and ε.
        int work = precision
                + SPARE
                + 3 * Math.max(0, -Math.getExponent(delta))
                + 5 * (int) Math.ceil(epsilon)
                + 2 * Math.max(0, -Math.getExponent(epsilon));
        Enclosure least = Enclosure.exactly(BigInteger.ONE.shiftLeft(work));
        for (long k = Math.max(0, Math.min(n, turn - 1)); k <= Math.min(n, turn + 1); k++) {
            Enclosure candidate = candidate(k, n - k, work);
            least = new Enclosure(least.low().min(candidate.low()), least.high().min(candidate.high()));
        }
        return least.shiftRight(work - precision);
    }

    /** g^m(f^k(0)) = (1 − q^m)(1 + δq/(1 − q)) + q^m δ q (1 − q^k) / (q^k (1 − q)) with q = e^(−ε). */
    private Enclosure candidate(long k, long m, int work) {
        Enclosure one = Enclosure.exactly(BigInteger.ONE.shiftLeft(work));
        BigInteger scaled = exactDelta.numerator().shiftLeft(work);
        BigInteger floor = scaled.divide(exactDelta.denominator());
        Enclosure d = new Enclosure(floor, floor.add(BigInteger.ONE));
        Enclosure q = power(1, work);
        Enclosure slope = d.times(q, work).over(one.minus(q), work);
        Enclosure qk = power(k, work);
        Enclosure first = slope.times(one.minus(qk), work).over(qk, work);
        Enclosure qm = power(m, work);
        return one.minus(qm).times(one.plus(slope), work).plus(qm.times(first, work));
    }

    private Enclosure power(long times, int work) {
        return FixedExp.enclose(
                exactEpsilon.numerator().multiply(BigInteger.valueOf(times)), exactEpsilon.denominator(), work);
    }
}
