// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CertifierTest {
    private static final Map<String, FeedForward> NETWORKS = Map.of(
            "mlp", RandomNetworks.mlp(1, 0, 12, 16, 16, 5),
            "leaky", RandomNetworks.mlp(2, 0.2, 12, 16, 16, 5),
            "deep", RandomNetworks.mlp(3, 0, 8, 12, 12, 12, 12, 3),
            "cnn", RandomNetworks.cnn(4));

    private static List<Certifier> certifiers(Norm norm, double epsilon) {
        return List.of(
                new IntervalBounds(norm, epsilon),
                Crown.of(norm, epsilon),
                Crown.of(norm, epsilon).withIntermediate(Crown.Intermediate.INTERVAL));
    }

    private static double[] example(Batch inputs, int row) {
        double[] x = new double[inputs.shape().size()];
        Arrays.setAll(x, i -> inputs.get(row, i));
        return x;
    }

    /** A point of the ball and the bounds [0, 1]: half of them corners of it. */
    private static double[] point(double[] center, Norm norm, double epsilon, RandomGenerator random) {
        int n = center.length;
        double[] step = new double[n];
        boolean corner = random.nextBoolean();
        double length = 0;
        for (int i = 0; i < n; i++) {
            step[i] = norm == Norm.LINF
                    ? corner ? (random.nextBoolean() ? 1 : -1) : 2 * random.nextDouble() - 1
                    : corner ? (random.nextInt(n) == 0 ? random.nextGaussian() : 0) : random.nextGaussian();
            length += norm == Norm.L2 ? step[i] * step[i] : Math.abs(step[i]);
        }
        length = norm == Norm.LINF ? 1 : Math.max(1e-300, norm == Norm.L2 ? Math.sqrt(length) : length);
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = Math.min(1, Math.max(0, center[i] + (1 - 1e-12) * epsilon / length * step[i]));
        }
        return x;
    }

    @ParameterizedTest
    @EnumSource(names = {"L1", "L2", "LINF"})
    void bound_pointsOfTheBall_neverFallBelow(Norm norm) {
        RandomGenerator random = new Seed(9).generator(0);
        double scale = norm == Norm.LINF ? 1 : norm == Norm.L2 ? 4 : 12;
        NETWORKS.forEach((name, network) -> {
            Batch inputs = RandomNetworks.inputs(network, 10, 6);
            int[] labels = network.predict(inputs);
            for (double epsilon : new double[] {0.003 * scale, 0.03 * scale, 0.2 * scale}) {
                for (Certifier certifier : certifiers(norm, epsilon)) {
                    Margins margins = certifier.bound(network, inputs, labels);
                    for (int row = 0; row < inputs.size(); row++) {
                        double[] x = example(inputs, row);
                        for (int draw = 0; draw < 50; draw++) {
                            double[] z = network.logits(point(x, norm, epsilon, random));
                            for (int c = 0; c < z.length; c++) {
                                assertThat(z[labels[row]] - z[c])
                                        .as("%s %s row %d class %d", name, certifier, row, c)
                                        .isGreaterThanOrEqualTo(margins.lower(row, c) - 1e-12);
                            }
                        }
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"L1", "L2", "LINF"})
    void bound_samplesOfPgd_neverFallBelow(Norm norm) {
        double epsilon = norm == Norm.LINF ? 0.05 : norm == Norm.L2 ? 0.2 : 0.5;
        NETWORKS.forEach((name, network) -> {
            Batch inputs = RandomNetworks.inputs(network, 11, 8);
            int[] labels = network.predict(inputs);
            AttackResult attacked = Pgd.of(norm, epsilon).perturb(network, inputs, Goal.avoid(labels));
            for (Certifier certifier : certifiers(norm, epsilon)) {
                Margins margins = certifier.bound(network, inputs, labels);
                boolean[] certified = margins.certified();
                for (int row = 0; row < inputs.size(); row++) {
                    double[] z = network.logits(example(attacked.samples(), row));
                    for (int c = 0; c < z.length; c++) {
                        assertThat(z[labels[row]] - z[c])
                                .as("%s %s row %d", name, certifier, row)
                                .isGreaterThanOrEqualTo(margins.lower(row, c));
                    }
                    assertThat(certified[row] && attacked.rows().get(row).status() == AttackResult.Status.SUCCEEDED)
                            .isFalse();
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"L1", "L2", "LINF"})
    void crown_afterIntervals_isNeverBelowAndOftenFarAbove(Norm norm) {
        double epsilon = norm == Norm.LINF ? 0.05 : 0.2;
        NETWORKS.forEach((name, network) -> {
            Batch inputs = RandomNetworks.inputs(network, 12, 20);
            int[] labels = network.predict(inputs);
            Margins interval = new IntervalBounds(norm, epsilon).bound(network, inputs, labels);
            Margins mixed = Crown.of(norm, epsilon)
                    .withIntermediate(Crown.Intermediate.INTERVAL)
                    .bound(network, inputs, labels);
            Margins crown = Crown.of(norm, epsilon).bound(network, inputs, labels);
            double gain = 0;
            for (int row = 0; row < inputs.size(); row++) {
                assertThat(crown.lower(row)).as(name).isGreaterThanOrEqualTo(interval.lower(row) - 1e-9);
                assertThat(mixed.lower(row)).as(name).isGreaterThanOrEqualTo(interval.lower(row) - 1e-9);
                gain += crown.lower(row) - interval.lower(row);
            }
            assertThat(gain / inputs.size()).as(name).isGreaterThan(0.1);
        });
    }

    /** min z_y − z_c = (w_y − w_c) · x + b_y − b_c − ε ‖w_y − w_c‖_q, far from the bounds. */
    @ParameterizedTest
    @EnumSource(names = {"L1", "L2", "LINF"})
    void bound_affineNetwork_isTheClosedForm(Norm norm) {
        RandomGenerator random = new Seed(13).generator(0);
        FeedForward.Dense first = RandomNetworks.dense(random, 7, 9);
        FeedForward.Dense second = RandomNetworks.dense(random, 9, 3);
        FeedForward network = FeedForward.of(Shape.of(7), Bounds.of(-100, 100), List.of(first, second));
        Batch inputs = RandomNetworks.inputs(network, 14, 5);
        double epsilon = 0.7;
        for (Certifier certifier : certifiers(norm, epsilon)) {
            Margins margins = certifier.bound(network, inputs, new int[5]);
            for (int row = 0; row < 5; row++) {
                double[] z = network.logits(example(inputs, row));
                for (int c = 1; c < 3; c++) {
                    double l1 = 0;
                    double l2 = 0;
                    double largest = 0;
                    for (int j = 0; j < 7; j++) {
                        double w = 0;
                        for (int h = 0; h < 9; h++) {
                            w += ((double) second.weights()[h] - second.weights()[c * 9 + h])
                                    * first.weights()[h * 7 + j];
                        }
                        l1 += Math.abs(w);
                        l2 += w * w;
                        largest = Math.max(largest, Math.abs(w));
                    }
                    double dual = norm == Norm.LINF ? l1 : norm == Norm.L2 ? Math.sqrt(l2) : largest;
                    double exact = z[0] - z[c] - epsilon * dual;
                    assertThat(margins.lower(row, c))
                            .isCloseTo(exact, within(1e-9))
                            .isLessThanOrEqualTo(exact + 1e-14);
                }
            }
        }
    }

    /** One hidden unit: the margin's minimum over a box stands at a corner, or where the unit switches. */
    @Test
    void crown_oneOpenUnit_isTheLineOnPaper() {
        FeedForward network = FeedForward.of(
                Shape.of(1),
                Bounds.of(-10, 10),
                List.of(
                        new FeedForward.Dense(new float[] {1}, new float[] {0}),
                        new FeedForward.Relu(),
                        new FeedForward.Dense(new float[] {-1, 0}, new float[] {2, 0})));
        // x in [−1, 3]: margin 2 − relu(x) >= 2 − 3/4 (x + 1), which is −1 at x = 3.
        Batch one = Batch.of(new float[] {1}, Shape.of(1));
        assertThat(Crown.of(Norm.LINF, 2).bound(network, one, new int[1]).lower(0))
                .isCloseTo(-1, within(1e-9));
        assertThat(Crown.of(Norm.LINF, 0.5).bound(network, one, new int[1]).lower(0))
                .isCloseTo(0.5, within(1e-9));
    }

    /** relu(x) − x / 2, the x by a unit that is always on: the line of slope 1 or 0 below, whichever leaves less. */
    @Test
    void crown_openUnitFromBelow_takesTheNearerLine() {
        FeedForward network = FeedForward.of(
                Shape.of(1),
                Bounds.of(-10, 10),
                List.of(
                        new FeedForward.Dense(new float[] {1, 1}, new float[] {0, 10}),
                        new FeedForward.Relu(),
                        new FeedForward.Dense(new float[] {1, -0.5f, 0, 0}, new float[] {5, 0})));
        // x in [−1, 3]: x − x/2 >= −1/2, where slope 0 gives −3/2. x in [−3, 1]: −x/2 >= −1/2, where slope 1 gives
        // −3/2.
        for (float center : new float[] {1, -1}) {
            Batch one = Batch.of(new float[] {center}, Shape.of(1));
            assertThat(Crown.of(Norm.LINF, 2).bound(network, one, new int[1]).lower(0))
                    .isCloseTo(-0.5, within(1e-9));
        }
    }

    /** max(a, b) with a in [0, 4] and b in [−1, 1] lies above a and below 1 + 3/4 a. */
    @Test
    void crown_openMaximum_isTheLineOnPaper() {
        FeedForward network = FeedForward.of(
                Shape.of(2),
                Bounds.perFeature(new float[] {0, -1}, new float[] {4, 1}),
                List.of(
                        new FeedForward.Dense(new float[] {1, 0, 0, 1, 1, 0, 0, 0}, new float[] {0, 0, 0, -100}),
                        new FeedForward.Reshape(Shape.of(1, 4)),
                        new FeedForward.MaxPooling(new FeedForward.Window(1, 2, 1, 2, 1, 1, 0, 0, 0, 0)),
                        new FeedForward.Reshape(Shape.of(2)),
                        new FeedForward.Dense(new float[] {0, 1, 1, 0}, new float[2])));
        Batch input = Batch.of(new float[] {2, 0}, Shape.of(2));
        Crown crown = Crown.of(Norm.LINF, 9);
        // Label 0: a − max(a, b) >= a − (1 + 3/4 a) >= −1, where intervals give −4. Label 1: max(a, b) − a >= 0.
        assertThat(crown.bound(network, input, new int[1]).lower(0)).isCloseTo(-1, within(1e-9));
        assertThat(crown.bound(network, input, new int[] {1}).lower(0)).isCloseTo(0, within(1e-9));
    }

    /** Points of windows of four, against each other and with overlap. */
    @Test
    void bound_maxPoolingAlone_isBelowAllPoints() {
        RandomGenerator random = new Seed(40).generator(0);
        FeedForward network = FeedForward.of(
                Shape.of(2, 6, 6),
                Bounds.of(0, 1),
                List.of(
                        new FeedForward.MaxPooling(FeedForward.Window.square(3, 2, 1)),
                        new FeedForward.MaxPooling(FeedForward.Window.square(2, 1, 0)),
                        new FeedForward.Reshape(Shape.of(8)),
                        RandomNetworks.dense(random, 8, 3)));
        Batch inputs = RandomNetworks.inputs(network, 41, 5);
        for (double epsilon : new double[] {0.01, 0.1, 0.4}) {
            for (Certifier certifier : certifiers(Norm.LINF, epsilon)) {
                Margins margins = certifier.bound(network, inputs, new int[5]);
                for (int row = 0; row < 5; row++) {
                    for (int draw = 0; draw < 200; draw++) {
                        double[] z = network.logits(point(example(inputs, row), Norm.LINF, epsilon, random));
                        for (int c = 0; c < 3; c++) {
                            assertThat(z[0] - z[c]).isGreaterThanOrEqualTo(margins.lower(row, c) - 1e-12);
                        }
                    }
                }
            }
        }
    }

    /** A small image through average pooling with padding on uneven sides. */
    private static FeedForward pooled(boolean countPadding) {
        return FeedForward.of(
                Shape.of(2, 4, 3),
                Bounds.of(0, 1),
                List.of(
                        new FeedForward.AveragePooling(
                                new FeedForward.Window(3, 2, 2, 1, 1, 2, 1, 0, 1, 1), countPadding),
                        new FeedForward.Reshape(Shape.of(12)),
                        RandomNetworks.dense(new Seed(50).generator(0), 12, 3)));
    }

    @Test
    void bound_epsilonZero_isTheMarginOfTheLogits() {
        Map<String, FeedForward> networks = new HashMap<>(NETWORKS);
        networks.put("padding counts", pooled(true));
        networks.put("padding does not count", pooled(false));
        networks.forEach((name, network) -> {
            Batch inputs = RandomNetworks.inputs(network, 15, 8);
            int[] labels = network.predict(inputs);
            for (Norm norm : List.of(Norm.L1, Norm.L2, Norm.LINF)) {
                for (Certifier certifier : certifiers(norm, 0)) {
                    Margins margins = certifier.bound(network, inputs, labels);
                    for (int row = 0; row < 8; row++) {
                        double[] z = network.logits(example(inputs, row));
                        for (int c = 0; c < z.length; c++) {
                            assertThat(margins.lower(row, c))
                                    .isCloseTo(z[labels[row]] - z[c], within(1e-9))
                                    .isLessThanOrEqualTo(z[labels[row]] - z[c] + 1e-13);
                        }
                    }
                }
            }
        });
    }

    /** The margin without any rounding, by decimal arithmetic, where sums cancel to a 10⁻⁹th of their terms. */
    @Test
    void bound_cancellingSums_staysBelowTheMarginWithoutRounding() {
        for (int seed = 0; seed < 60; seed++) {
            RandomGenerator random = new Seed(seed).generator(0);
            FeedForward.Dense first = RandomNetworks.dense(random, 6, 8);
            FeedForward.Dense hidden = RandomNetworks.dense(random, 8, 8);
            float[] weights = new float[16];
            for (int i = 0; i < 8; i++) {
                weights[i] = (float) random.nextGaussian();
                weights[8 + i] = Math.nextUp(weights[i]);
            }
            FeedForward network = FeedForward.of(
                    Shape.of(6),
                    Bounds.of(0, 1),
                    List.of(
                            first,
                            new FeedForward.Relu(),
                            hidden,
                            new FeedForward.Relu(0.1f),
                            new FeedForward.Dense(weights, new float[] {1e-9f, 0})));
            Batch input = RandomNetworks.inputs(network, seed, 1);
            BigDecimal[] z = decimals(input.row(0));
            for (FeedForward.Layer layer : network.layers()) {
                z = exact(layer, z);
            }
            for (int label : new int[] {0, 1}) {
                BigDecimal margin = z[label].subtract(z[1 - label]);
                for (Norm norm : List.of(Norm.L1, Norm.L2, Norm.LINF)) {
                    for (Certifier certifier : certifiers(norm, 0)) {
                        double lower = certifier
                                .bound(network, input, new int[] {label})
                                .lower(0);
                        assertThat(new BigDecimal(lower)).isLessThanOrEqualTo(margin);
                    }
                }
            }
        }
    }

    private static BigDecimal[] decimals(float[] values) {
        BigDecimal[] exact = new BigDecimal[values.length];
        Arrays.setAll(exact, i -> new BigDecimal(values[i]));
        return exact;
    }

    private static BigDecimal[] exact(FeedForward.Layer layer, BigDecimal[] x) {
        if (layer instanceof FeedForward.Relu relu) {
            return Arrays.stream(x)
                    .map(v -> v.signum() > 0 ? v : v.multiply(new BigDecimal(relu.slope())))
                    .toArray(BigDecimal[]::new);
        }
        FeedForward.Dense dense = (FeedForward.Dense) layer;
        BigDecimal[] y = decimals(dense.bias());
        BigDecimal[] weights = decimals(dense.weights());
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < x.length; i++) {
                y[o] = y[o].add(x[i].multiply(weights[o * x.length + i]));
            }
        }
        return y;
    }

    @Test
    void bound_growingRadius_falls() {
        NETWORKS.forEach((name, network) -> {
            Batch inputs = RandomNetworks.inputs(network, 16, 8);
            int[] labels = network.predict(inputs);
            for (Certifier certifier : certifiers(Norm.LINF, 0)) {
                Margins before = certifier.bound(network, inputs, labels);
                for (double epsilon : new double[] {1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3}) {
                    Margins margins = certifier.withEpsilon(epsilon).bound(network, inputs, labels);
                    for (int row = 0; row < 8; row++) {
                        assertThat(margins.lower(row)).as(name).isLessThan(before.lower(row));
                    }
                    before = margins;
                }
            }
        });
    }

    @Test
    void bound_ballBeyondTheBounds_isCutWithThem() {
        FeedForward.Dense dense = new FeedForward.Dense(new float[] {1, 1, 0, 0}, new float[] {0.5f, 0});
        FeedForward network = FeedForward.of(Shape.of(2), Bounds.of(0, 1), List.of(dense));
        Batch inputs = Batch.of(new float[] {0.25f, 1}, Shape.of(2));
        for (Norm norm : List.of(Norm.L1, Norm.L2, Norm.LINF)) {
            for (Certifier certifier : certifiers(norm, 5)) {
                assertThat(certifier.bound(network, inputs, new int[1]).lower(0))
                        .isCloseTo(0.5, within(1e-9));
            }
        }
    }

    @Test
    void bound_convolution_equalsItsUnrolledMatrix() {
        FeedForward network = RandomNetworks.cnn(21);
        List<FeedForward.Layer> unrolled = new ArrayList<>();
        for (int k = 0; k < network.layers().size(); k++) {
            FeedForward.Layer layer = network.layers().get(k);
            if (layer instanceof FeedForward.Convolution || layer instanceof FeedForward.AveragePooling) {
                unrolled.add(
                        new FeedForward.Reshape(Shape.of(network.inputShape(k).size())));
                unrolled.add(matrix(layer, network.inputShape(k), network.inputShape(k + 1)));
                unrolled.add(new FeedForward.Reshape(network.inputShape(k + 1)));
            } else {
                unrolled.add(layer);
            }
        }
        FeedForward dense =
                FeedForward.of(network.spec().inputShape(), network.spec().bounds(), unrolled);
        Batch inputs = RandomNetworks.inputs(network, 22, 4);
        int[] labels = network.predict(inputs);
        for (Norm norm : List.of(Norm.L1, Norm.L2, Norm.LINF)) {
            for (Certifier certifier : certifiers(norm, 0.02)) {
                Margins a = certifier.bound(network, inputs, labels);
                Margins b = certifier.bound(dense, inputs, labels);
                for (int row = 0; row < 4; row++) {
                    for (int c = 0; c < 4; c++) {
                        // The weights 1/n of the pooling are floats in the matrix.
                        assertThat(a.lower(row, c)).isCloseTo(b.lower(row, c), within(1e-5));
                    }
                }
            }
        }
    }

    private static FeedForward.Dense matrix(FeedForward.Layer layer, Shape in, Shape out) {
        FeedForward only =
                FeedForward.of(in, Bounds.of(-1, 1), List.of(layer, new FeedForward.Reshape(Shape.of(out.size()))));
        double[] bias = only.logits(new double[in.size()]);
        float[] weights = new float[in.size() * out.size()];
        float[] rounded = new float[out.size()];
        for (int i = 0; i < in.size(); i++) {
            double[] unit = new double[in.size()];
            unit[i] = 1;
            double[] column = only.logits(unit);
            for (int o = 0; o < out.size(); o++) {
                weights[o * in.size() + i] = (float) (column[o] - bias[o]);
                rounded[o] = (float) bias[o];
            }
        }
        return new FeedForward.Dense(weights, rounded);
    }

    @Test
    void bound_weightsOfVeryDifferentSize_staysBelowTheExactMargin() {
        // z_0 − z_1 = 1e16 (x − x) − 1e-3 x: in real arithmetic the margin is what is left after a cancellation.
        float big = 1e8f;
        FeedForward network = FeedForward.of(
                Shape.of(2),
                Bounds.of(0, 1),
                List.of(
                        new FeedForward.Dense(new float[] {big, 0, 0, big, 1, 0}, new float[3]),
                        new FeedForward.Relu(),
                        new FeedForward.Dense(new float[] {big, -big, 0, 0, 0, 1e-3f}, new float[2])));
        Batch inputs = Batch.of(new float[] {0.7f, 0.7f}, Shape.of(2));
        double exact = -1e-3f * (double) 0.7f;
        for (Certifier certifier : certifiers(Norm.LINF, 0)) {
            assertThat(certifier.bound(network, inputs, new int[1]).lower(0)).isLessThan(exact);
            assertThat(certifier.bound(network, inputs, new int[] {1}).lower(0)).isLessThanOrEqualTo(-exact);
        }
    }

    @Test
    void bound_overflowingNetwork_provesNothing() {
        List<FeedForward.Layer> layers = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            layers.add(new FeedForward.Dense(new float[] {3e38f, 1, 1, 3e38f}, new float[2]));
            layers.add(new FeedForward.Relu());
        }
        FeedForward network = FeedForward.of(Shape.of(2), Bounds.of(0, 1), layers);
        Batch inputs = Batch.of(new float[] {1, 0.1f}, Shape.of(2));
        for (Certifier certifier : certifiers(Norm.LINF, 0.01)) {
            Margins margins = certifier.bound(network, inputs, new int[1]);
            assertThat(margins.lower(0)).isEqualTo(Double.NEGATIVE_INFINITY);
            assertThat(margins.certified()).containsExactly(false);
        }
    }

    @Test
    void bound_rowByItself_isThatOfTheBatch() {
        FeedForward network = NETWORKS.get("cnn");
        Batch inputs = RandomNetworks.inputs(network, 30, 5);
        int[] labels = {0, 1, 2, 3, 0};
        Batch copy = Batch.of(inputs.toArray(), inputs.shape());
        for (Certifier certifier : certifiers(Norm.L2, 0.1)) {
            Margins all = certifier.bound(network, inputs, labels);
            for (int row = 0; row < 5; row++) {
                Margins one = certifier.bound(network, inputs.rows(row, row + 1), new int[] {labels[row]});
                for (int c = 0; c < 4; c++) {
                    assertThat(one.lower(0, c)).isEqualTo(all.lower(row, c));
                }
            }
        }
        assertThat(inputs).isEqualTo(copy);
    }

    @Test
    void bound_badArguments_areNamed() {
        FeedForward network = NETWORKS.get("mlp");
        Batch inputs = RandomNetworks.inputs(network, 31, 1);
        Crown crown = Crown.of(Norm.LINF, 0.1);
        assertThatThrownBy(() -> crown.withEpsilon(Double.NaN)).hasMessage("epsilon must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> IntervalBounds.of(-1)).hasMessage("epsilon must be >= 0 and finite, was -1.0");
        assertThatThrownBy(() -> crown.bound(network, inputs, new int[2])).hasMessage("labels must be 1, were 2");
        assertThatThrownBy(() -> crown.bound(network, inputs, new int[] {5})).hasMessageContaining("[0, 4], was 5");
        float[] outside = inputs.toArray();
        outside[3] = 1.5f;
        assertThatThrownBy(() -> crown.bound(network, Batch.of(outside, inputs.shape()), new int[1]))
                .hasMessage("inputs must be inside the bounds [0.0, 1.0], was 1.5 at row 0, feature 3");
        outside[3] = Float.NaN;
        assertThatThrownBy(() -> crown.bound(network, Batch.of(outside, inputs.shape()), new int[1]))
                .hasMessageContaining("inputs must be finite");
    }
}
