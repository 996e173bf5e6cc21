// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.math.ClopperPearson;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Selection against exact probabilities, computed here; each test fails by chance with probability below 1e-9. */
class SelectionStatisticalTest {
    private static final double[] SCORES = {1, 0.3, 2.75, 2.75, -4, 1.9};
    private static final int DRAWS = 50_000;

    @Test
    void exponential_draws_haveExactProbabilities() {
        ExponentialMechanism mechanism = ExponentialMechanism.of(1.3, 0.7, ADD_REMOVE);
        BitSource bits = new SeededBits(1);
        Fit.assertFits(count(s -> mechanism.draw(s, bits)), softmax(1.3 / 1.4, SCORES));
    }

    @Test
    void exponential_monotone_doublesTheExponent() {
        ExponentialMechanism mechanism =
                ExponentialMechanism.of(1.3, 0.7, ADD_REMOVE).withMonotone(true);
        BitSource bits = new SeededBits(2);
        Fit.assertFits(count(s -> mechanism.draw(s, bits)), softmax(1.3 / 0.7, SCORES));
    }

    @Test
    void permuteAndFlip_draws_haveExactProbabilities() {
        PermuteAndFlip mechanism = PermuteAndFlip.of(1.3, 0.7, ADD_REMOVE);
        BitSource bits = new SeededBits(3);
        Fit.assertFits(count(s -> mechanism.draw(s, bits)), permuteAndFlip(1.3 / 1.4, SCORES));
    }

    /** The identity of permute and flip and exponential noise; the lattice shifts probabilities by about 1e-6 only. */
    @Test
    void noisyMax_exponentialNoise_isPermuteAndFlip() {
        ReportNoisyMax mechanism = ReportNoisyMax.of(1.3, 0.7, ADD_REMOVE);
        BitSource bits = new SeededBits(4);
        int n = 30_000;
        long[] counts = new long[SCORES.length];
        DiscreteScores drawn = new DiscreteScores(mechanism, ValueLattice.of(0.7));
        for (int i = 0; i < n; i++) {
            counts[drawn.draw(SCORES, bits)]++;
        }
        Fit.assertFits(counts, permuteAndFlip(1.3 / 1.4, SCORES));
    }

    /** On a lattice of one step to the sensitivity all probabilities are sums over integers. */
    @Test
    void noisyMax_coarseLattice_hasExactProbabilities() {
        double[] scores = {3, 1, 3, 4, 0};
        for (ReportNoisyMax.Noise noise : ReportNoisyMax.Noise.values()) {
            ReportNoisyMax mechanism = ReportNoisyMax.of(1.5, 1, ADD_REMOVE).withNoise(noise);
            DiscreteScores drawn = new DiscreteScores(mechanism, new ValueLattice(0, 1));
            BitSource bits = new SeededBits(5);
            long[] counts = new long[scores.length];
            for (int i = 0; i < 40_000; i++) {
                counts[drawn.draw(scores, bits)]++;
            }
            Fit.assertFits(counts, noisyMax(noise, 2 / 1.5, scores));
        }
    }

    @Test
    void topK_draws_haveProbabilitiesOfPeeling() {
        double[] scores = {1, 0.3, 2.5, -1};
        TopK mechanism = TopK.of(2, 2.6, 0.7, ADD_REMOVE);
        BitSource bits = new SeededBits(6);
        long[] counts = new long[16];
        for (int i = 0; i < DRAWS; i++) {
            int[] pair = mechanism.draw(scores, bits);
            counts[4 * pair[0] + pair[1]]++;
        }
        double[] weights = softmax(1.3 / 1.4, scores);
        double[] expected = new double[16];
        for (int a = 0; a < 4; a++) {
            for (int b = 0; b < 4; b++) {
                expected[4 * a + b] = a == b ? 0 : weights[a] * weights[b] / (1 - weights[a]);
            }
        }
        Fit.assertFits(counts, expected);
    }

    /** Neighbours that differ by the sensitivity in the worst direction: no violation of ε at confidence 1 − 1e-10 each. */
    @Test
    void selection_neighbours_ratioWithinEpsilon() {
        double epsilon = 1;
        double[] other = {0, 1.3, 1.75, 3.75, -3, 0.9};
        BitSource bits = new SeededBits(7);
        ExponentialMechanism exponential = ExponentialMechanism.of(epsilon, 1, ADD_REMOVE);
        PermuteAndFlip flip = PermuteAndFlip.of(epsilon, 1, ADD_REMOVE);
        assertRatio(count(s -> exponential.draw(s, bits)), count(s -> exponential.draw(other, bits)), epsilon);
        assertRatio(count(s -> flip.draw(s, bits)), count(s -> flip.draw(other, bits)), epsilon);
    }

    /** Exact, without draws: the formulas that the draws are tested against keep ε for neighbours. */
    @Test
    void formulas_neighbours_ratioWithinEpsilon() {
        double[] other = {0, 1.3, 1.75, 3.75, -3, 0.9};
        double[] p = permuteAndFlip(0.5, SCORES);
        double[] q = permuteAndFlip(0.5, other);
        double[] ps = noisyMax(ReportNoisyMax.Noise.LAPLACE, 2, new double[] {3, 1, 3, 4, 0});
        double[] qs = noisyMax(ReportNoisyMax.Noise.LAPLACE, 2, new double[] {4, 0, 2, 3, 1});
        for (int i = 0; i < p.length; i++) {
            assertThat(Math.abs(Math.log(p[i] / q[i]))).isLessThanOrEqualTo(1 + 1e-12);
        }
        for (int i = 0; i < ps.length; i++) {
            assertThat(Math.abs(Math.log(ps[i] / qs[i]))).isLessThanOrEqualTo(1 + 1e-9);
        }
        assertThat(softmax(0.5, SCORES)[4]).isCloseTo(Math.exp(-2) / 13.6, within(0.01));
    }

    /** Scores at the ends of the double range: the exponent is exact, not infinite or NaN. */
    @Test
    void exponential_hugeScores_selectsTheBest() {
        double[] scores = {-Double.MAX_VALUE, Double.MAX_VALUE, Double.MIN_VALUE};
        ExponentialMechanism mechanism = ExponentialMechanism.of(1, Double.MIN_VALUE, ADD_REMOVE);
        for (int i = 0; i < 20; i++) {
            assertThat(mechanism.draw(scores, new SeededBits(i))).isEqualTo(1);
        }
        ExponentialMechanism flat = ExponentialMechanism.of(Double.MIN_VALUE, Double.MAX_VALUE, ADD_REMOVE);
        int[] seen = new int[3];
        BitSource bits = new SeededBits(8);
        for (int i = 0; i < 3000; i++) {
            seen[flat.draw(scores, bits)]++;
        }
        // Binomial of 3000 and 1/3: 8 standard deviations.
        assertThat(seen[0]).isBetween(790, 1210);
    }

    /** A million draws. */
    @Test
    @Tag("long")
    void selection_manyDraws_haveExactProbabilities() {
        ExponentialMechanism exponential = ExponentialMechanism.of(1.3, 0.7, ADD_REMOVE);
        PermuteAndFlip flip = PermuteAndFlip.of(1.3, 0.7, ADD_REMOVE);
        BitSource bits = new SeededBits(9);
        long[] first = new long[SCORES.length];
        long[] second = new long[SCORES.length];
        for (int i = 0; i < 1_000_000; i++) {
            first[exponential.draw(SCORES, bits)]++;
            second[flip.draw(SCORES, bits)]++;
        }
        Fit.assertFits(first, softmax(1.3 / 1.4, SCORES));
        Fit.assertFits(second, permuteAndFlip(1.3 / 1.4, SCORES));
    }

    private static void assertRatio(long[] one, long[] two, double epsilon) {
        for (int i = 0; i < one.length; i++) {
            double low = ClopperPearson.lower(one[i], DRAWS, 1e-10);
            double high = ClopperPearson.upper(two[i], DRAWS, 1e-10);
            assertThat(low).isLessThanOrEqualTo(Math.exp(epsilon) * high);
        }
    }

    private static long[] count(Function<double[], Integer> draw) {
        long[] counts = new long[SCORES.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[draw.apply(SCORES)]++;
        }
        return counts;
    }

    static double[] softmax(double rate, double[] scores) {
        double sum = 0;
        double[] p = new double[scores.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(rate * scores[i]);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** P(i) = p_i ∫ Π_{j ≠ i} (1 − t p_j) dt over [0, 1], with arrival times instead of a permutation. */
    static double[] permuteAndFlip(double rate, double[] scores) {
        double best = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            best = Math.max(best, score);
        }
        double[] result = new double[scores.length];
        for (int i = 0; i < scores.length; i++) {
            double[] polynomial = new double[scores.length + 1];
            polynomial[0] = 1;
            for (int j = 0; j < scores.length; j++) {
                for (int k = j == i ? 0 : scores.length; k >= 1; k--) {
                    polynomial[k] -= Math.exp(rate * (scores[j] - best)) * polynomial[k - 1];
                }
            }
            for (int k = 0; k <= scores.length; k++) {
                result[i] += Math.exp(rate * (scores[i] - best)) * polynomial[k] / (k + 1);
            }
        }
        return result;
    }

    private static double[] noisyMax(ReportNoisyMax.Noise noise, double scale, double[] scores) {
        int range = 80;
        double a = Math.exp(-1 / scale);
        double[] result = new double[scores.length];
        for (int i = 0; i < scores.length; i++) {
            for (int value = -range; value <= range; value++) {
                double p = mass(noise, a, value - (int) scores[i]);
                for (int j = 0; j < scores.length; j++) {
                    if (j != i) {
                        // Of equal sums the first wins.
                        int most = value - (int) scores[j] - (j < i ? 1 : 0);
                        p *= below(noise, a, most);
                    }
                }
                result[i] += p;
            }
        }
        return result;
    }

    private static double mass(ReportNoisyMax.Noise noise, double a, int k) {
        if (noise == ReportNoisyMax.Noise.EXPONENTIAL) {
            return k < 0 ? 0 : (1 - a) * Math.pow(a, k);
        }
        return (1 - a) / (1 + a) * Math.pow(a, Math.abs(k));
    }

    /** P(K ≤ k). */
    private static double below(ReportNoisyMax.Noise noise, double a, int k) {
        if (noise == ReportNoisyMax.Noise.EXPONENTIAL) {
            return k < 0 ? 0 : 1 - Math.pow(a, k + 1.0);
        }
        return k < 0 ? Math.pow(a, -k) / (1 + a) : 1 - Math.pow(a, k + 1.0) / (1 + a);
    }

    /** The mechanism with its sampler made once. */
    private record DiscreteScores(ReportNoisyMax mechanism, ValueLattice lattice, DiscreteLaplace noise) {
        DiscreteScores(ReportNoisyMax mechanism, ValueLattice lattice) {
            this(mechanism, lattice, mechanism.sampler(lattice));
        }

        int draw(double[] scores, BitSource bits) {
            return mechanism.draw(lattice, noise, scores, bits);
        }
    }
}
