// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static dev.aisec.privacy.accounting.Neighbouring.REPLACE_ONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.TestTokens;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Tree and factorisation against dense matrices computed here; statistical tests fail by chance below 1e-9. */
class PrefixSumsTest {
    private static PrefixSums open(TreeAggregation tree, int dimension) {
        return tree.open(dimension, TestTokens.of(tree.loss(ADD_REMOVE)));
    }

    private static PrefixSums open(MatrixFactorization factor, int dimension) {
        return factor.open(dimension, TestTokens.of(factor.loss(ADD_REMOVE)));
    }

    /** With a million times less noise than the values: what comes out is the prefix sum, so B C is the summing matrix. */
    @Test
    void next_littleNoise_isThePrefixSum() {
        for (int steps : new int[] {1, 2, 7, 64}) {
            TreeAggregation tree = TreeAggregation.of(steps, 1, 0x1p-15);
            MatrixFactorization root = MatrixFactorization.squareRoot(steps, 1, 0x1p-15);
            MatrixFactorization bands =
                    MatrixFactorization.banded(steps, Math.max(1, steps / 3), Math.min(3, steps), 1, 0x1p-15);
            for (PrefixSums session : List.of(open(tree, 2), open(root, 2), open(bands, 2))) {
                RandomGenerator random = new Seed(41).generator(0);
                double[] sum = new double[2];
                for (int t = 0; t < steps; t++) {
                    ClippedSum step = ClippedSum.l2(1, 2);
                    for (int record = 0; record < 200; record++) {
                        double[] vector = {random.nextDouble() * 0.7, -random.nextDouble() * 0.7};
                        step.add(vector);
                        sum[0] += vector[0];
                        sum[1] += vector[1];
                    }
                    double[] released = session.next(step);
                    double tolerance = 8 * session.standardDeviation() + 1e-4;
                    assertThat(tolerance).isLessThan(0.01);
                    assertThat(released[0]).isCloseTo(sum[0], within(tolerance));
                    assertThat(released[1]).isCloseTo(sum[1], within(tolerance));
                }
            }
        }
    }

    /** The stated standard deviation is that of the output, for every step; dimension 4000, 7 standard errors. */
    @Test
    void standardDeviation_everyStep_isThatOfTheOutput() {
        int dimension = 4000;
        int steps = 13;
        for (PrefixSums session : List.of(
                open(TreeAggregation.of(steps, 1, 1), dimension),
                open(MatrixFactorization.squareRoot(steps, 1, 1), dimension),
                open(MatrixFactorization.banded(steps, 3, 4, 1, 1), dimension))) {
            BitSource bits = new SeededBits(42);
            for (int t = 0; t < steps; t++) {
                double squares = 0;
                for (double x : session.next(ClippedSum.l2(1, dimension), bits)) {
                    squares += x * x;
                }
                double ratio = squares / dimension / Math.pow(session.standardDeviation(), 2);
                assertThat(ratio).isCloseTo(1, within(7 * Math.sqrt(2.0 / dimension)));
            }
        }
    }

    /** σ of the tree covers the number of blocks that a step is in, counted in the tree. */
    @Test
    void tree_sensitivity_isTheRootOfTheBlocksOfAStep() {
        for (int steps = 1; steps <= 70; steps++) {
            int most = 0;
            for (int t = 0; t < steps; t++) {
                int blocks = 0;
                for (int length = 1; length <= steps; length *= 2) {
                    blocks += t / length * length + length <= steps ? 1 : 0;
                }
                most = Math.max(most, blocks);
            }
            double expected = Math.sqrt(most) * 0x1p26;
            assertThat(TreeAggregation.of(steps, 1, 1).sigma()).isBetween(expected, expected * (1 + 1e-14));
        }
    }

    /** One completed block of 2^l: variance 2^l / (2^(l+1) − 1), as Honaker has it. */
    @Test
    void tree_completeBlock_hasHonakersVariance() {
        TreeAggregation tree = TreeAggregation.of(1 << 10, 1, 1);
        double sigma = tree.sigma() * 0x1p-26;
        for (int level = 0; level <= 10; level++) {
            double blocks = Math.scalb(1.0, level);
            assertThat(tree.standardDeviation(1 << level))
                    .isCloseTo(sigma * Math.sqrt(blocks / (2 * blocks - 1)), within(1e-9));
        }
    }

    /** Over all patterns of participation, by brute force. */
    @Test
    void factor_sensitivity_isTheLargestOverAllPatterns() {
        int steps = 10;
        for (int bands : new int[] {1, 3, 10}) {
            for (int k : new int[] {1, 2, 3}) {
                for (int b : new int[] {1, 2, 4}) {
                    int[] c = MatrixFactorization.coefficients(bands);
                    double most = 0;
                    for (int pattern = 1; pattern < 1 << steps; pattern++) {
                        if (allowed(pattern, k, b)) {
                            double squares = 0;
                            for (int row = 0; row < steps; row++) {
                                double entry = 0;
                                for (int column = 0; column <= row; column++) {
                                    if ((pattern >> column & 1) != 0 && row - column < bands) {
                                        entry += c[row - column] * 0x1p-16;
                                    }
                                }
                                squares += entry * entry;
                            }
                            most = Math.max(most, Math.sqrt(squares));
                        }
                    }
                    MatrixFactorization factor = new MatrixFactorization(steps, bands, k, b, 1, 1);
                    assertThat(factor.sensitivity()).isBetween(most * (1 - 1e-15), most * (1 + 1e-12));
                }
            }
        }
    }

    private static boolean allowed(int pattern, int k, int b) {
        int last = -1000;
        for (int i = 0; i < 32; i++) {
            if ((pattern >> i & 1) != 0) {
                if (i - last < b) {
                    return false;
                }
                last = i;
            }
        }
        return Integer.bitCount(pattern) <= k;
    }

    /** Bands up to the separation do not overlap: the sensitivity is √k times that of one column, or less at the end. */
    @Test
    void factor_bandsWithinSeparation_growWithTheRootOfParticipations() {
        double one = new MatrixFactorization(100, 5, 1, 5, 1, 1).sensitivity();
        assertThat(new MatrixFactorization(100, 5, 9, 5, 1, 1).sensitivity()).isCloseTo(3 * one, within(1e-12));
    }

    @Test
    void factor_coefficients_areThoseOfTheSquareRoot() {
        int[] c = MatrixFactorization.coefficients(200);
        for (int n = 0; n < 200; n++) {
            double sum = 0;
            for (int j = 0; j <= n; j++) {
                sum += c[j] * 0x1p-16 * c[n - j] * 0x1p-16;
            }
            // The square is the matrix of ones, up to the rounding of coefficients.
            assertThat(sum).isCloseTo(1, within(2e-3));
            assertThat(c[n]).isLessThanOrEqualTo(n == 0 ? 1 << 16 : c[n - 1]);
        }
    }

    /** For one participation the square root errs less than the tree, and the tree less than independent sums. */
    @Test
    void error_manySteps_squareRootBelowTreeBelowNaive() {
        int steps = 1023;
        double[] root = MatrixFactorization.squareRoot(steps, 1, 1).standardDeviations();
        TreeAggregation tree = TreeAggregation.of(steps, 1, 1);
        double rootSquares = 0;
        double treeSquares = 0;
        double naive = 0;
        for (int t = 1; t <= steps; t++) {
            rootSquares += root[t - 1] * root[t - 1];
            treeSquares += Math.pow(tree.standardDeviation(t), 2);
            naive += t;
        }
        assertThat(rootSquares).isLessThan(treeSquares * 0.5);
        assertThat(treeSquares).isLessThan(naive * 0.2);
        // Henzinger et al.: both factors have norm at most the root of 1 + ln(T)/π: here 1.04 is for rounding and the
        // end.
        double bound = 1 + Math.log(steps) / Math.PI;
        assertThat(root[steps - 1]).isLessThan(bound * 1.04);
    }

    @Test
    void loss_replaceOne_halvesTheMultiplier() {
        assertThat(TreeAggregation.of(8, 1, 3).loss(REPLACE_ONE)).isEqualTo(new PrivacyLoss.Gaussian(1.5, REPLACE_ONE));
        assertThat(MatrixFactorization.squareRoot(8, 1, 3).loss(ADD_REMOVE))
                .isEqualTo(new PrivacyLoss.Gaussian(3, ADD_REMOVE));
    }

    @Test
    void next_beyondTheSteps_refused() {
        PrefixSums session = open(TreeAggregation.of(2, 1, 1), 1);
        session.next(ClippedSum.l2(1, 1));
        session.next(ClippedSum.l2(1, 1));
        assertThatThrownBy(() -> session.next(ClippedSum.l2(1, 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("steps must be at most 2, and all were taken");
        assertThatThrownBy(() -> session.next(ClippedSum.l2(2, 1))).isInstanceOf(IllegalArgumentException.class);
        assertThat(session.taken()).isEqualTo(2);
    }

    /** Sums beyond 32 bits: the two halves are put together exactly. */
    @Test
    void factor_largeSums_areExact() {
        int steps = 5;
        PrefixSums session = open(MatrixFactorization.squareRoot(steps, 1, 0x1p-15), 1);
        ClippedSum large = ClippedSum.l2(1, 1);
        for (int i = 0; i < 1 << 12; i++) {
            large.add(new double[] {i % 2 == 0 ? -1.0 : -0.5});
        }
        // Doubled by merging copies: 2^12 · 2^10 records.
        for (int i = 0; i < 10; i++) {
            ClippedSum copy = ClippedSum.l2(1, 1).merge(large);
            large.merge(copy);
        }
        double expected = -0.75 * (1 << 22);
        for (int t = 1; t <= steps; t++) {
            assertThat(session.next(large)[0] / (expected * t)).isCloseTo(1, within(1e-7));
        }
    }
}
