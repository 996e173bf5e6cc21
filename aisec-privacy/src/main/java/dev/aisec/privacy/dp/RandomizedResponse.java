// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;

/**
 * Randomized response: the true category with probability p, else one of the others, each alike. Immutable.
 *
 * <p>Guarantee: ε-local differential privacy, see {@link LocalRandomizer}; best of all at few categories, about k &lt; 3e^ε + 2.
 *
 * <p>Formula: p = e^ε / (e^ε + k − 1), each other category q = 1 / (e^ε + k − 1). Variance of a share f:
 * (f·p(1−p) + (1−f)·q(1−q)) / (n(p−q)²).
 *
 * <p>Source: Warner, Randomized Response: A Survey Technique for Eliminating Evasive Answer Bias, JASA 60, 1965 (k = 2);
 * Kairouz, Bonawitz, Ramage, Discrete Distribution Estimation under Local Privacy, ICML 2016, section 3; Wang et al., USENIX
 * Security 2017, section 4.1 (direct encoding).
 */
public final class RandomizedResponse implements LocalRandomizer<Integer>, FrequencyEstimator<Integer> {
    private final double epsilon;
    private final int categories;
    private final ExactCoin truth;

    private RandomizedResponse(double epsilon, int categories) {
        LocalChecks.requireEpsilon(epsilon);
        LocalChecks.requireCategories(categories, Integer.MAX_VALUE);
        this.epsilon = epsilon;
        this.categories = categories;
        this.truth = ExactCoin.truth(new BigDecimal(epsilon), categories - 1L);
    }

    /**
     * Randomized response among k categories.
     *
     * @param epsilon ε, taken exactly; in (0, 500]
     * @param categories k; at least 2
     * @return the randomizer
     */
    public static RandomizedResponse of(double epsilon, int categories) {
        return new RandomizedResponse(epsilon, categories);
    }

    /**
     * Warner's, between no (0) and yes (1).
     *
     * @param epsilon ε, taken exactly; in (0, 500]
     * @return the randomizer
     */
    public static RandomizedResponse binary(double epsilon) {
        return new RandomizedResponse(epsilon, 2);
    }

    @Override
    public Integer randomize(int value) {
        return randomize(value, SecureBits.current());
    }

    int randomize(int value, BitSource bits) {
        LocalChecks.requireValue(value, categories);
        boolean keep = truth.flip(bits);
        // Drawn always: time must not tell whether it is needed.
        int other = (int) bits.nextLong(categories - 1L);
        other += other >= value ? 1 : 0;
        return keep ? value : other;
    }

    @Override
    public PrivacyLoss loss() {
        return LocalChecks.response(epsilon, categories);
    }

    @Override
    public FrequencyEstimate estimate(Iterable<? extends Integer> reports) {
        long[] counts = new long[categories];
        long users = 0;
        for (int report : reports) {
            LocalChecks.requireReport(report, categories);
            counts[report]++;
            users++;
        }
        return FrequencyEstimate.of(
                LocalChecks.parameters("randomized-response", epsilon, categories),
                new FrequencyEstimate.Tally(counts, null, users, users),
                other(),
                gain());
    }

    @Override
    public double variance(long users, double frequency) {
        LocalChecks.requireExpected(users, frequency);
        return LocalChecks.variance(users, frequency, other(), gain());
    }

    /** q. */
    private double other() {
        double e = Math.exp(-epsilon);
        return e / (1 + (categories - 1.0) * e);
    }

    /** p − q. */
    private double gain() {
        return -Math.expm1(-epsilon) / (1 + (categories - 1.0) * Math.exp(-epsilon));
    }

    ExactCoin truth() {
        return truth;
    }
}
