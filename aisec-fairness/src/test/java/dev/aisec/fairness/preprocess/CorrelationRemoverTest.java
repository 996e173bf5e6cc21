// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.fairness.constraint.RealData;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CorrelationRemoverTest {
    @Test
    void transform_adult_correlationsAreZero() {
        RealData adult = RealData.adult(5_000);
        double[] sensitive = CorrelationRemover.indicators(adult.rows());

        double[] changed = CorrelationRemover.full()
                .fit(adult.features(), adult.columns(), sensitive, 2)
                .transform(adult.features(), sensitive);

        assertThat(worstCorrelation(adult.features(), adult.columns(), sensitive, 2))
                .isGreaterThan(0.1);
        assertThat(worstCorrelation(changed, adult.columns(), sensitive, 2)).isLessThan(1e-10);
    }

    @Test
    void transform_badlyScaledAndDependentColumns_correlationsAreZero() {
        RandomGenerator random = new Seed(1).generator(0);
        int n = 500;
        double[] sensitive = new double[n * 4];
        double[] features = new double[n * 2];
        for (int i = 0; i < n; i++) {
            double a = random.nextGaussian();
            double b = a + 1e-3 * random.nextGaussian();
            sensitive[i * 4] = 1e6 + a;
            sensitive[i * 4 + 1] = 1e-6 * b;
            sensitive[i * 4 + 2] = 3;
            sensitive[i * 4 + 3] = a + 2 * b;
            features[i * 2] = 1e3 * a + random.nextGaussian();
            features[i * 2 + 1] = 1e5 - b + random.nextGaussian();
        }

        double[] changed =
                CorrelationRemover.full().fit(features, 2, sensitive, 4).transform(features, sensitive);

        assertThat(worstCorrelation(changed, 2, sensitive, 4)).isLessThan(1e-10);
    }

    @Test
    void transform_strengthAndNewRows_followTheRegression() {
        double[] sensitive = {0, 0, 1, 1};
        double[] features = {1, 3, 5, 7};

        CorrelationRemover.Fitted half = new CorrelationRemover(0.5).fit(features, 1, sensitive, 1);

        // Slope 4, mean of s 1/2: x − 0.5·(s − 0.5)·4.
        assertThat(half.transform(features, sensitive)).containsExactly(2, 4, 4, 6);
        assertThat(half.transform(new double[] {10}, new double[] {2})).containsExactly(7);
        assertThat(CorrelationRemover.full().fit(features, 1, sensitive, 1).transform(features, sensitive))
                .containsExactly(3, 5, 3, 5);
    }

    @Test
    void transform_constantColumns_changeNothing() {
        double[] features = {1, 3, 5, 7};

        double[] changed = CorrelationRemover.full()
                .fit(features, 1, new double[] {2, 2, 2, 2}, 1)
                .transform(features, new double[] {2, 2, 2, 2});

        assertThat(changed).containsExactly(features);
        assertThat(CorrelationRemover.full()
                        .fit(new double[] {4, 4}, 1, new double[] {0, 1}, 1)
                        .transform(new double[] {4, 4}, new double[] {0, 1}))
                .containsExactly(4, 4);
    }

    @Test
    void fit_badInput_isRefusedWithRowAndColumn() {
        CorrelationRemover remover = CorrelationRemover.full();

        assertThatThrownBy(() -> remover.fit(new double[] {1, 2, 3, Double.NaN}, 2, new double[] {0, 1}, 1))
                .hasMessage("features must be finite, row 1 column 1 was NaN");
        assertThatThrownBy(() -> remover.fit(new double[] {1, 2, 3}, 2, new double[] {0, 1}, 1))
                .hasMessage("features must have a multiple of 2 values, had 3");
        assertThatThrownBy(() -> remover.fit(new double[] {1, 2}, 1, new double[] {0}, 1))
                .hasMessage("sensitive must have as many rows as features, 2, had 1");
        assertThatThrownBy(() -> remover.fit(new double[0], 1, new double[0], 1))
                .hasMessageContaining("rows must be >= 1");
        assertThatThrownBy(() -> new CorrelationRemover(Double.NaN)).hasMessage("strength must be in [0, 1], was NaN");
    }

    private static double worstCorrelation(double[] x, int columns, double[] s, int sensitive) {
        double worst = 0;
        int n = x.length / columns;
        for (int j = 0; j < columns; j++) {
            for (int c = 0; c < sensitive; c++) {
                double[] a = centred(x, columns, j, n);
                double[] b = centred(s, sensitive, c, n);
                double norms = Math.sqrt(dot(a, a) * dot(b, b));
                worst = norms == 0 ? worst : Math.max(worst, Math.abs(dot(a, b)) / norms);
            }
        }
        return worst;
    }

    private static double[] centred(double[] x, int columns, int column, int n) {
        double[] a = new double[n];
        Arrays.setAll(a, i -> x[i * columns + column]);
        double mean = Arrays.stream(a).sum() / n;
        Arrays.setAll(a, i -> a[i] - mean);
        return a;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
