// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.fairness.constraint.BoundedGroupLoss.Kind;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BoundedGroupLossTest {
    private static final GroupSpace TWO = GroupSpace.of("g", "a", "b", GroupSpace.MISSING);
    private static final int ROWS = 400;

    private final int[] groups = new int[ROWS];
    private final double[] features = new double[ROWS];
    private final double[] targets = new double[ROWS];

    /** Group b, a quarter of the rows, follows another line than a; nobody is missing. */
    BoundedGroupLossTest() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < ROWS; i++) {
            groups[i] = i % 4 == 0 ? 1 : 0;
            features[i] = random.nextDouble() * 2 - 1;
            double line = groups[i] == 0 ? 2 * features[i] : 1 - features[i];
            targets[i] = line + random.nextDouble() - 0.5;
        }
    }

    private double loss(Kind kind, double slope, double intercept, int group) {
        double sum = 0;
        int n = 0;
        for (int i = 0; i < ROWS; i++) {
            if (group < 0 || groups[i] == group) {
                double m = slope * features[i] + intercept;
                double y = target(kind, i);
                sum += switch (kind) {
                    case SQUARED -> (m - y) * (m - y);
                    case ABSOLUTE -> Math.abs(m - y);
                    case LOGISTIC -> Math.log(1 + Math.exp(m)) - y * m;
                };
                n++;
            }
        }
        return sum / n;
    }

    private double target(Kind kind, int i) {
        return kind == Kind.LOGISTIC ? (targets[i] > 0.3 ? 1 : 0) : targets[i];
    }

    private double[] targets(Kind kind) {
        double[] all = new double[ROWS];
        Arrays.setAll(all, i -> target(kind, i));
        return all;
    }

    /** Least loss on a fine grid of lines that keep the bound. */
    private double grid(Kind kind, double bound) {
        double best = Double.POSITIVE_INFINITY;
        for (double slope = -2; slope <= 4; slope += 0.02) {
            for (double intercept = -1.5; intercept <= 1.5; intercept += 0.02) {
                if (loss(kind, slope, intercept, 1) <= bound && loss(kind, slope, intercept, 0) <= bound) {
                    best = Math.min(best, loss(kind, slope, intercept, -1));
                }
            }
        }
        return best;
    }

    @Test
    void fit_everyLoss_isBestWithinTheBound() {
        for (Kind kind : Kind.values()) {
            BoundedGroupLoss.Model free = BoundedGroupLoss.of(kind, 100).fit(features, 1, TWO, groups, targets(kind));
            assertThat(free.certificate().gap()).as("%s", kind).isLessThan(1e-3);
            double worst = free.groupLosses()[1];
            assertThat(worst).isGreaterThan(free.groupLosses()[0]);
            double bound = 0.9 * worst;
            BoundedGroupLoss.Model fair = BoundedGroupLoss.of(kind, bound).fit(features, 1, TWO, groups, targets(kind));
            SaddleCertificate certificate = fair.certificate();
            System.out.printf(
                    "%s: free %s, bound %.4f, %s%n", kind, Arrays.toString(free.groupLosses()), bound, certificate);
            assertThat(certificate.gap()).isLessThan(1e-3);
            double slope = fair.coefficients()[0];
            for (int g = 0; g < 2; g++) {
                // What the certificate promises of the violation.
                assertThat(fair.groupLosses()[g]).isCloseTo(loss(kind, slope, fair.intercept(), g), within(1e-9));
                assertThat(fair.groupLosses()[g]).isLessThan(bound + (1e-3 + certificate.error()) / 100 + 1e-9);
            }
            double best = grid(kind, bound);
            assertThat(certificate.error()).isLessThan(best + 1e-3);
            // The lower bound lies below everything that keeps the bound, but for the penalty.
            assertThat(certificate.lower()).isLessThan(best + 1e-5);
            assertThat(certificate.error()).isGreaterThan(free.certificate().error() - 1e-3);
        }
    }

    @Test
    void fit_squaredWithoutNeed_isLeastSquares() {
        double mx = Arrays.stream(features).average().orElseThrow();
        double my = Arrays.stream(targets).average().orElseThrow();
        double xx = 0;
        double xy = 0;
        for (int i = 0; i < ROWS; i++) {
            xx += (features[i] - mx) * (features[i] - mx);
            xy += (features[i] - mx) * (targets[i] - my);
        }
        BoundedGroupLoss.Model model = BoundedGroupLoss.of(Kind.SQUARED, 100).fit(features, 1, TWO, groups, targets);
        assertThat(model.coefficients()[0]).isCloseTo(xy / xx, within(1e-5));
        assertThat(model.predict(new double[] {0.5})[0]).isCloseTo(my + xy / xx * (0.5 - mx), within(1e-5));
        assertThat(model.certificate().fits()).isEqualTo(1);
    }

    @Test
    void fit_boundThatNobodyKeeps_tells() {
        BoundedGroupLoss.Model model = BoundedGroupLoss.of(Kind.SQUARED, 0).fit(features, 1, TWO, groups, targets);
        assertThat(model.certificate().violation()).isGreaterThan(0.05);
        assertThat(model.certificate().lower()).isGreaterThan(1);
        assertThat(model.groupLosses()[2]).isZero();
    }

    @Test
    void fit_oddInputs_areServedOrRefused() {
        BoundedGroupLoss logistic = BoundedGroupLoss.of(Kind.LOGISTIC, 1);
        // Separable, a constant column, one row.
        BoundedGroupLoss.Model model =
                logistic.fit(new double[] {0, 1, 1, 1}, 2, TWO, new int[] {0, 1}, new double[] {0, 1});
        for (double p : model.predict(new double[] {0, 1, 1, 1})) {
            assertThat(p).isBetween(0.0, 1.0);
        }
        for (Kind kind : Kind.values()) {
            BoundedGroupLoss.Model one =
                    BoundedGroupLoss.of(kind, 1).fit(new double[] {5}, 1, TWO, new int[] {2}, new double[] {0.5});
            assertThat(one.predict(new double[] {5})[0]).isCloseTo(0.5, within(1e-2));
        }
        assertThatThrownBy(() -> logistic.fit(new double[1], 1, TWO, new int[1], new double[] {2}))
                .hasMessageContaining("in [0, 1], row 0 was 2.0");
        assertThatThrownBy(() -> logistic.fit(new double[1], 1, TWO, new int[] {3}, new double[1]))
                .hasMessageContaining("groups must be in [0, 3), row 0 was 3");
        assertThatThrownBy(() -> logistic.fit(new double[0], 1, TWO, new int[0], new double[0]))
                .hasMessageContaining("at least 1");
        assertThatThrownBy(() -> BoundedGroupLoss.of(Kind.SQUARED, Double.NaN))
                .hasMessageContaining("bound must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> logistic.withTolerance(0)).hasMessageContaining("tolerance must be > 0");
    }
}
