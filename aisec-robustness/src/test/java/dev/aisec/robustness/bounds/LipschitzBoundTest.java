// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.RandomNetworks;
import dev.aisec.core.model.Shape;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class LipschitzBoundTest {
    private static LipschitzBound of(FeedForward.Dense dense) {
        return LipschitzBound.of("m", FeedForward.of(Shape.of(dense.inputs()), Bounds.of(-9, 9), List.of(dense)));
    }

    @Test
    void of_rankOneMatrix_isTheProductOfTheLengths() {
        float[] u = {1, -2, 2};
        float[] v = {2, 3, 6, 0};
        float[] weights = new float[12];
        for (int i = 0; i < 12; i++) {
            weights[i] = u[i / 4] * v[i % 4];
        }
        LipschitzBound bound = of(new FeedForward.Dense(weights, new float[3]));
        assertThat(bound.estimate()).isCloseTo(21, within(1e-6));
        assertThat(bound.upper()).isCloseTo(21, within(1e-6)).isGreaterThanOrEqualTo(21);
    }

    /** [[1, 1], [0, 1]] has the golden ratio as its largest singular value. */
    @Test
    void of_shear_isTheGoldenRatio() {
        LipschitzBound bound = of(new FeedForward.Dense(new float[] {1, 1, 0, 1}, new float[2]));
        double golden = (1 + Math.sqrt(5)) / 2;
        assertThat(bound.estimate()).isCloseTo(golden, within(1e-6)).isLessThanOrEqualTo(golden);
        assertThat(bound.upper()).isCloseTo(golden, within(1e-10)).isGreaterThanOrEqualTo(golden);
    }

    /** The signs of a Hadamard matrix: all singular values are equal, where Frobenius and 1-norms are far too large. */
    @Test
    void of_orthogonalRows_isTightWithinTheRootOfTheSide() {
        int n = 64;
        float[] weights = new float[n * n];
        for (int i = 0; i < n * n; i++) {
            weights[i] = Integer.bitCount(i / n & i % n) % 2 == 0 ? 1 : -1;
        }
        LipschitzBound bound = of(new FeedForward.Dense(weights, new float[n]));
        assertThat(bound.estimate()).isCloseTo(8, within(1e-6));
        assertThat(bound.upper()).isBetween(8.0, 8 * Math.pow(n, 1 / 4096.0) * (1 + 1e-9));
    }

    @Test
    void of_zeroMatrix_isZeroAndRadiusUnlimited() {
        LipschitzBound bound = of(new FeedForward.Dense(new float[6], new float[2]));
        assertThat(bound.estimate()).isZero();
        assertThat(bound.upper()).isLessThan(1e-40);
        assertThat(bound.certifiedRadius(1)).isGreaterThan(1e40);
        assertThat(bound.certifiedRadius(0)).isZero();
    }

    @Test
    void of_everyLayer_boundsTheChangeOfTheLogits() {
        for (FeedForward network : List.of(RandomNetworks.cnn(3), RandomNetworks.mlp(4, 0.3, 10, 20, 20, 4))) {
            LipschitzBound bound = LipschitzBound.of("m", network);
            assertThat(bound.estimate()).isLessThanOrEqualTo(bound.upper());
            RandomGenerator random = new Seed(5).generator(0);
            int n = network.spec().inputShape().size();
            for (int draw = 0; draw < 200; draw++) {
                double[] x = new double[n];
                double[] y = new double[n];
                double distance = 0;
                for (int i = 0; i < n; i++) {
                    x[i] = random.nextGaussian();
                    y[i] = x[i] + 0.1 * random.nextGaussian();
                    distance += (x[i] - y[i]) * (x[i] - y[i]);
                }
                double[] a = network.logits(x);
                double[] b = network.logits(y);
                double change = 0;
                for (int c = 0; c < a.length; c++) {
                    change += (a[c] - b[c]) * (a[c] - b[c]);
                }
                assertThat(Math.sqrt(change)).isLessThanOrEqualTo(bound.upper() * Math.sqrt(distance));
            }
        }
    }

    /** Too large for a matrix: the spectrum of a convolution on a torus is just above what power iteration finds. */
    @Test
    void of_largeConvolutions_encloseTheNormTightly() {
        RandomGenerator random = new Seed(6).generator(0);
        FeedForward network = FeedForward.of(
                Shape.of(4, 20, 18),
                Bounds.of(0, 1),
                List.of(
                        RandomNetworks.convolution(
                                random, 4, 6, new FeedForward.Window(3, 2, 1, 1, 2, 1, 1, 2, 0, 1), 2),
                        new FeedForward.Relu(),
                        RandomNetworks.convolution(random, 6, 2, FeedForward.Window.square(5, 1, 2), 1),
                        new FeedForward.AveragePooling(FeedForward.Window.square(3, 2, 1), true),
                        RandomNetworks.convolution(random, 2, 16, FeedForward.Window.square(3, 2, 1), 2),
                        new FeedForward.Reshape(Shape.of(400)),
                        RandomNetworks.dense(random, 400, 3)));
        LipschitzBound bound = LipschitzBound.of("m", network);
        assertThat(bound.factors()).hasSize(5);
        for (LipschitzBound.Factor f : bound.factors()) {
            double gap = f.layer().contains("Average") ? 2 : 1.1;
            assertThat(f.upper()).as(f.layer()).isBetween(f.estimate(), gap * f.estimate());
        }
    }

    /** Differences of neighbours: the largest singular value is that near the highest frequency, 2 sin(39π/80) for 40 rows. */
    @Test
    void of_highestFrequency_isCounted() {
        FeedForward network = FeedForward.of(
                Shape.of(1, 40, 20),
                Bounds.of(0, 1),
                List.of(
                        new FeedForward.Convolution(
                                new float[] {1, -1},
                                new float[1],
                                new FeedForward.Window(2, 1, 1, 1, 1, 1, 0, 0, 0, 0),
                                1),
                        new FeedForward.Reshape(Shape.of(39 * 20))));
        LipschitzBound bound = LipschitzBound.of("m", network);
        assertThat(bound.upper()).isBetween(2 * Math.sin(39 * Math.PI / 80), 2 * (1 + 1e-9));
    }

    /** A cell in two windows moves two outputs: √2, which the bound must reach and does not exceed. */
    @Test
    void of_maxPoolingWithOverlap_countsTheWindowsOfACell() {
        FeedForward.Window window = new FeedForward.Window(1, 2, 1, 1, 1, 1, 0, 0, 0, 0);
        FeedForward network = FeedForward.of(
                Shape.of(1, 1, 3),
                Bounds.of(0, 1),
                List.of(new FeedForward.MaxPooling(window), new FeedForward.Reshape(Shape.of(2))));
        assertThat(network.logits(new double[] {0, 1, 0})).containsExactly(1, 1);
        assertThat(network.logits(new double[3])).containsExactly(0, 0);
        assertThat(LipschitzBound.of("m", network).upper()).isBetween(Math.sqrt(2), Math.sqrt(2) * (1 + 1e-12));
    }

    @Test
    void certifiedRadius_attackWithinIt_neverSucceeds() {
        FeedForward network = RandomNetworks.mlp(7, 0, 10, 20, 4);
        LipschitzBound bound = LipschitzBound.of("m", network);
        Batch inputs = RandomNetworks.inputs(network, 8, 10);
        Batch logits = network.logits(inputs);
        int[] labels = network.predict(inputs);
        for (int row = 0; row < 10; row++) {
            double margin = Double.POSITIVE_INFINITY;
            for (int c = 0; c < 4; c++) {
                if (c != labels[row]) {
                    margin = Math.min(margin, (double) logits.get(row, labels[row]) - logits.get(row, c));
                }
            }
            double radius = bound.certifiedRadius(margin);
            assertThat(radius).isPositive();
            Goal goal = Goal.avoid(new int[] {labels[row]});
            AttackResult result = Pgd.of(Norm.L2, radius).perturb(network, inputs.rows(row, row + 1), goal);
            assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(1);
            Margins crown =
                    Crown.of(Norm.L2, radius).bound(network, inputs.rows(row, row + 1), new int[] {labels[row]});
            assertThat(crown.lower(0)).isPositive();
        }
    }

    @Test
    void evidence_bound_hasTheUpperSideAsValue() {
        LipschitzBound bound = of(new FeedForward.Dense(new float[] {3, 0, 0, 1}, new float[2]));
        Measurement.Scalar scalar =
                (Measurement.Scalar) bound.evidence().measurements().get(0);
        assertThat(scalar.name()).isEqualTo("lipschitz-bound");
        Estimate.Measured measured = (Estimate.Measured) scalar.estimate();
        assertThat(measured.value()).isEqualTo(bound.upper());
        assertThat(measured.interval().lower()).isEqualTo(bound.estimate());
    }
}
