// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.util.BitSet;
import java.util.SortedMap;

/**
 * Unary encoding: one bit for each category, only that of the value set, each flipped on its own. Immutable.
 *
 * <p>Guarantee: ε-local differential privacy, see {@link LocalRandomizer}. Two values differ in two bits. A report has k bits;
 * for many categories {@link LocalHashing} is as accurate and shorter.
 *
 * <p>Formula, with p = P(1 | 1) and q = P(1 | 0): symmetric p = e^(ε/2) / (e^(ε/2) + 1), q = 1 − p; optimized p = ½,
 * q = 1 / (e^ε + 1), which has the least variance at rare categories: 4e^ε / (n(e^ε − 1)²).
 *
 * <p>Source: Wang, Blocki, Li, Jha, Locally Differentially Private Protocols for Frequency Estimation, USENIX Security 2017,
 * section 4.3 (SUE, which is basic RAPPOR, and OUE).
 */
public final class UnaryEncoding implements LocalRandomizer<BitSet>, FrequencyEstimator<BitSet> {
    private static final int MAX_CATEGORIES = 1 << 24;

    private final double epsilon;
    private final int categories;
    private final boolean optimized;
    /** Heads: the bit of the value is kept. */
    private final ExactCoin kept;
    /** Tails: the bit of another category is set. */
    private final ExactCoin unset;

    private UnaryEncoding(double epsilon, int categories, boolean optimized) {
        LocalChecks.requireEpsilon(epsilon);
        LocalChecks.requireCategories(categories, MAX_CATEGORIES);
        this.epsilon = epsilon;
        this.categories = categories;
        this.optimized = optimized;
        BigDecimal half = new BigDecimal("0.5");
        BigDecimal exact = new BigDecimal(epsilon);
        if (optimized) {
            kept = ExactCoin.of(half);
            unset = ExactCoin.truth(exact, 1);
        } else {
            kept = ExactCoin.truth(exact.multiply(half), 1);
            unset = kept;
        }
    }

    /**
     * SUE: set and unset bits are treated alike.
     *
     * @param epsilon ε, taken exactly; in (0, 500]
     * @param categories k; in [2, 2²⁴]
     * @return the randomizer
     */
    public static UnaryEncoding symmetric(double epsilon, int categories) {
        return new UnaryEncoding(epsilon, categories, false);
    }

    /**
     * OUE: the one to choose, unless most people have the same value.
     *
     * @param epsilon ε, taken exactly; in (0, 500]
     * @param categories k; in [2, 2²⁴]
     * @return the randomizer
     */
    public static UnaryEncoding optimized(double epsilon, int categories) {
        return new UnaryEncoding(epsilon, categories, true);
    }

    /**
     * Randomizes a value.
     *
     * @param value in [0, categories)
     * @return the set bits are the categories that the report supports
     */
    @Override
    public BitSet randomize(int value) {
        return randomize(value, SecureBits.current());
    }

    BitSet randomize(int value, BitSource bits) {
        LocalChecks.requireValue(value, categories);
        long[] words = new long[(categories + 63) >>> 6];
        for (int i = 0; i < categories; i++) {
            boolean set = i == value ? kept.flip(bits) : !unset.flip(bits);
            words[i >>> 6] |= (set ? 1L : 0L) << i;
        }
        return BitSet.valueOf(words);
    }

    /** For SUE the two bits are two responses at ε/2; for OUE nothing better than ε is said. */
    @Override
    public PrivacyLoss loss() {
        double half = epsilon / 2;
        if (optimized || half + half != epsilon) {
            return new PrivacyLoss.Pure(epsilon, Neighbouring.REPLACE_ONE);
        }
        return new PrivacyLoss.Pure(half, Neighbouring.REPLACE_ONE).repeat(2);
    }

    @Override
    public FrequencyEstimate estimate(Iterable<? extends BitSet> reports) {
        long[] counts = new long[categories];
        long users = 0;
        for (BitSet report : reports) {
            if (report.length() > categories) {
                throw new IllegalArgumentException(
                        "report must have " + categories + " bits, bit " + (report.length() - 1) + " was set");
            }
            for (int i = report.nextSetBit(0); i >= 0; i = report.nextSetBit(i + 1)) {
                counts[i]++;
            }
            users++;
        }
        SortedMap<String, String> parameters = LocalChecks.parameters("unary-encoding", epsilon, categories);
        parameters.put("variant", optimized ? "optimized" : "symmetric");
        return FrequencyEstimate.of(
                parameters, new FrequencyEstimate.Tally(counts, null, users, users), other(), gain());
    }

    @Override
    public double variance(long users, double frequency) {
        LocalChecks.requireExpected(users, frequency);
        return LocalChecks.variance(users, frequency, other(), gain());
    }

    /** q. */
    private double other() {
        double e = Math.exp(optimized ? -epsilon : -epsilon / 2);
        return e / (1 + e);
    }

    /** p − q, half of a hyperbolic tangent. */
    private double gain() {
        return optimized ? Math.tanh(epsilon / 2) / 2 : Math.tanh(epsilon / 4);
    }

    ExactCoin kept() {
        return kept;
    }

    ExactCoin unset() {
        return unset;
    }
}
