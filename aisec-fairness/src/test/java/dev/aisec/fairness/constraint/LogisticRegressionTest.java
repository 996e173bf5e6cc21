// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class LogisticRegressionTest {
    private final LogisticRegression learner = LogisticRegression.standard();

    @Test
    void fit_randomRows_gradientVanishes() {
        RandomGenerator random = new Seed(1).generator(0);
        int n = 300;
        double[] x = new double[n * 3];
        boolean[] y = new boolean[n];
        double[] w = new double[n];
        for (int i = 0; i < n; i++) {
            x[i * 3] = 100 + 5 * random.nextGaussian();
            x[i * 3 + 1] = 1e-3 * random.nextGaussian();
            x[i * 3 + 2] = random.nextInt(3);
            y[i] = random.nextDouble() < (x[i * 3] > 100 ? 0.8 : 0.3);
            w[i] = random.nextInt(4);
        }

        LogisticRegression.Model model = learner.fit(x, 3, y, w);

        // Optimality in original units: Σ w(p − y) = 0 and Σ w(p − y)(x − mean) + ridge·β·variance·(sum of w)/rows = 0.
        double[] p = model.scores(x);
        double total = Arrays.stream(w).sum();
        long rows = Arrays.stream(w).filter(v -> v > 0).count();
        double intercept = 0;
        for (int i = 0; i < n; i++) {
            intercept += w[i] * (p[i] - (y[i] ? 1 : 0));
        }
        assertThat(intercept).isCloseTo(0, within(1e-4));
        for (int j = 0; j < 3; j++) {
            double mean = 0;
            double variance = 0;
            for (int i = 0; i < n; i++) {
                mean += w[i] * x[i * 3 + j] / total;
            }
            double gradient = 0;
            for (int i = 0; i < n; i++) {
                double d = x[i * 3 + j] - mean;
                variance += w[i] * d * d / total;
                gradient += w[i] * (p[i] - (y[i] ? 1 : 0)) * d;
            }
            gradient += model.coefficients()[j] * variance * total / rows;
            assertThat(gradient / Math.sqrt(variance)).isCloseTo(0, within(1e-4));
        }
        assertThat(model.converged()).isTrue();
    }

    @Test
    void fit_scaledWeights_isTheSame() {
        double[] x = {0, 1, 2, 3, 4, 5};
        boolean[] y = {false, true, false, true, true, true};

        double[] small = learner.fit(x, 1, y, new double[] {1, 2, 1, 1, 2, 1}).scores(x);
        double[] large = learner.fit(x, 1, y, new double[] {1e9, 2e9, 1e9, 1e9, 2e9, 1e9})
                .scores(x);

        for (int i = 0; i < 6; i++) {
            assertThat(large[i]).isCloseTo(small[i], within(1e-9));
        }
    }

    @Test
    void fit_separableRows_staysFinite() {
        double[] x = {-2, -1, 1, 2};

        LogisticRegression.Model model =
                learner.withRidge(1e-6).fit(x, 1, new boolean[] {false, false, true, true}, new double[] {1, 1, 1, 1});

        assertThat(model.coefficients()[0]).isFinite().isPositive();
        assertThat(model.converged()).isTrue();
        assertThat(model.scores(x)[0]).isLessThan(0.01);
    }

    @Test
    void fit_degenerate_isConstant() {
        double[] x = {1, 2, 3};
        boolean[] mixed = {true, false, true};

        assertThat(learner.fit(x, 1, new boolean[] {true, true, true}, new double[] {1, 1, 1})
                        .scores(x))
                .containsOnly(1);
        assertThat(learner.fit(x, 1, mixed, new double[] {0, 2, 0}).scores(x)).containsOnly(0);
        assertThat(learner.fit(x, 1, mixed, new double[3]).scores(x)).containsOnly(0.5);
        assertThat(learner.fit(new double[0], 1, new boolean[0], new double[0]).scores(new double[0]))
                .isEmpty();
        double[] constant = learner.fit(new double[] {7, 7, 7}, 1, mixed, new double[] {1, 1, 1})
                .scores(new double[] {7, 8});
        assertThat(constant[0]).isCloseTo(2.0 / 3, within(1e-9)).isEqualTo(constant[1]);
    }

    @Test
    void fit_badInput_isRefusedWithRowAndColumn() {
        assertThatThrownBy(() -> learner.fit(new double[] {1, 2, Double.NaN, 4}, 2, new boolean[2], new double[2]))
                .hasMessage("features must be finite, row 1 column 0 was NaN");
        assertThatThrownBy(() -> learner.fit(new double[] {1, 2}, 1, new boolean[2], new double[] {1, -1}))
                .hasMessage("weights must be >= 0 and finite, row 1 was -1.0");
        assertThatThrownBy(() -> learner.fit(new double[] {1, 2}, 1, new boolean[1], new double[2]))
                .hasMessage("labels and weights must be as many as rows, 2, were 1 and 2");
        assertThatThrownBy(() -> learner.withRidge(0)).hasMessage("ridge must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> new LogisticRegression(1, 0)).hasMessage("iterations must be >= 1, was 0");
    }
}
