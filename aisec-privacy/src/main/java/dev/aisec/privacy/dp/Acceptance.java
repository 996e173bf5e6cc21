// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * Coins that fall with probability exp(−ε (best − score) / (c Δ)), exactly, from scores that are doubles and so dyadic
 * rationals.
 */
final class Acceptance {
    private final double[] scores;
    private final ExactDouble epsilon;
    private final ExactDouble divisor;

    /** Takes scores as they are; the caller has checked them. */
    Acceptance(double[] scores, double sensitivity, double epsilon, boolean monotone) {
        this.scores = scores;
        this.epsilon = ExactDouble.of(epsilon);
        ExactDouble delta = ExactDouble.of(sensitivity);
        this.divisor = monotone ? delta : new ExactDouble(delta.mantissa(), delta.exponent() + 1);
    }

    boolean accepts(int candidate, double best, BitSource bits) {
        double score = scores[candidate];
        if (score == best) {
            return true;
        }
        ExactDouble.Ratio exponent = exponent(score, best);
        return ExactBernoulli.exp(exponent.numerator(), exponent.denominator(), bits);
    }

    /** ε (best − score) / (c Δ), exactly. */
    ExactDouble.Ratio exponent(double score, double best) {
        return epsilon.times(ExactDouble.of(best).minus(ExactDouble.of(score))).over(divisor);
    }

    /** The exponential mechanism among candidates[0 … n): a candidate at random until one is accepted; its position. */
    int draw(int[] candidates, int n, BitSource bits) {
        double best = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            best = Math.max(best, scores[candidates[i]]);
        }
        while (true) {
            int position = (int) bits.nextLong(n);
            if (accepts(candidates[position], best, bits)) {
                return position;
            }
        }
    }

    static int[] candidates(int n) {
        int[] all = new int[n];
        for (int i = 0; i < n; i++) {
            all[i] = i;
        }
        return all;
    }
}
