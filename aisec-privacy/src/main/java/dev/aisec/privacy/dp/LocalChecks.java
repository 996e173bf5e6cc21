// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the local randomizers share. */
final class LocalChecks {
    /** Beyond it the noise of randomized response among 2³¹ answers is no normal number. */
    static final double MAX_EPSILON = 500;

    private static final int BITS = 1024;

    private LocalChecks() {}

    static void requireEpsilon(double epsilon) {
        if (!(epsilon > 0 && epsilon <= MAX_EPSILON)) {
            throw new IllegalArgumentException("epsilon must be > 0 and <= 500, was " + epsilon);
        }
    }

    static void requireCategories(int categories, int max) {
        if (categories < 2 || categories > max) {
            throw new IllegalArgumentException("categories must be in [2, " + max + "], were " + categories);
        }
    }

    static void requireValue(int value, int categories) {
        if (value < 0 || value >= categories) {
            // The value is private: it is not repeated.
            throw new IllegalArgumentException("value must be in [0, " + categories + ")");
        }
    }

    static void requireReport(long value, long bound) {
        if (value < 0 || value >= bound) {
            throw new IllegalArgumentException("report must be in [0, " + bound + "), was " + value);
        }
    }

    static void requireExpected(long users, double frequency) {
        if (users < 1) {
            throw new IllegalArgumentException("users must be >= 1, were " + users);
        }
        if (!(frequency >= 0 && frequency <= 1)) {
            throw new IllegalArgumentException("frequency must be in [0, 1], was " + frequency);
        }
    }

    /** Variance of the estimate of a share from coins of probability q, or q + gain for the share's own. */
    static double variance(double coins, double frequency, double q, double gain) {
        double p = q + gain;
        return (frequency * p * (1 - p) + (1 - frequency) * q * (1 - q)) / (coins * gain * gain);
    }

    /** Randomized response among answers at ε; its noise is rounded down, so that ε is never understated. */
    static PrivacyLoss response(double epsilon, int answers) {
        if (answers == 2) {
            return new PrivacyLoss.Pure(epsilon, Neighbouring.REPLACE_ONE);
        }
        BigInteger truth =
                ExactCoin.truth(new BigDecimal(epsilon), answers - 1L, BITS).high();
        BigDecimal one = new BigDecimal(BigInteger.ONE.shiftLeft(BITS));
        BigDecimal exact = one.subtract(new BigDecimal(truth))
                .multiply(BigDecimal.valueOf(answers))
                .divide(one.multiply(BigDecimal.valueOf(answers - 1L)), MathContext.DECIMAL128);
        // Twice down: for the rounding of the quotient, and for that to double.
        double noise = Math.nextDown(Math.nextDown(exact.doubleValue()));
        return new PrivacyLoss.RandomizedResponse(noise, answers, Neighbouring.REPLACE_ONE);
    }

    static SortedMap<String, String> parameters(String mechanism, double epsilon, int categories) {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("mechanism", mechanism);
        parameters.put("epsilon", Double.toString(epsilon));
        parameters.put("categories", Integer.toString(categories));
        return parameters;
    }
}
