// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.fairness.constraint.RealData;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FairRepresentationTest {
    @Test
    void evaluate_gradient_agreesWithDifferences() {
        GroupSpace three = GroupSpace.of("g", "a", "b", "c", "nobody");
        RandomGenerator random = new Seed(2).generator(0);
        int n = 40;
        double[] x = random.doubles(n * 3L, -2, 2).toArray();
        int[] groups = random.ints(n, 0, 3).toArray();
        boolean[] labels = new boolean[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextBoolean();
            weights[i] = i % 5 == 0 ? 0 : random.nextDouble();
        }
        FairRepresentation.Problem problem = FairRepresentation.of(new Seed(1))
                .withPrototypes(4)
                .withWeights(1.5, 0.7, 1.1)
                .problem(x, 3, GroupedRows.of(three, groups, labels, weights));
        double[] point = problem.start(new Seed(1));
        double[] gradient = new double[point.length];
        problem.evaluate(point, gradient);

        for (int p = 0; p < point.length; p++) {
            double[] other = new double[point.length];
            double[] up = point.clone();
            double[] down = point.clone();
            up[p] += 1e-5;
            down[p] -= 1e-5;
            double slope = (problem.evaluate(up, other) - problem.evaluate(down, other)) / 2e-5;
            assertThat(gradient[p]).isCloseTo(slope, within(1e-7 + 1e-5 * Math.abs(slope)));
        }
    }

    @Test
    void fit_adult_levelsMembershipsAndStillPredicts() {
        RealData train = RealData.adult(3_000).half(0);
        RealData test = RealData.adult(3_000).half(1);
        FairRepresentation plain = new FairRepresentation(6, 0, 0.01, 1, 60, new Seed(3));

        FairRepresentation.Fitted unfair = plain.fit(train.features(), train.columns(), train.rows());
        FairRepresentation.Fitted fair =
                plain.withWeights(5, 0.01, 1).fit(train.features(), train.columns(), train.rows());

        double before = scoreGap(unfair.scores(test.features()), test.rows());
        double after = scoreGap(fair.scores(test.features()), test.rows());
        double[] accuracy = {accuracy(unfair, test), accuracy(fair, test)};
        System.out.printf(
                "LFR adult: mean score gap %.3f -> %.3f, accuracy %.3f -> %.3f%n",
                before, after, accuracy[0], accuracy[1]);
        assertThat(before).isGreaterThan(0.12);
        assertThat(after).isLessThan(0.5 * before);
        assertThat(accuracy[1]).isGreaterThan(0.74);
    }

    @Test
    void fit_sameSeed_isTheSame() {
        RealData german = RealData.german();
        FairRepresentation settings = new FairRepresentation(3, 1, 0.1, 1, 10, new Seed(3));

        FairRepresentation.Fitted first = settings.fit(german.features(), german.columns(), german.rows());
        FairRepresentation.Fitted second = settings.fit(german.features(), german.columns(), german.rows());

        assertThat(second.transform(german.features())).isEqualTo(first.transform(german.features()));
        assertThat(Arrays.stream(first.memberships(german.features()))).allMatch(m -> m >= 0 && m <= 1);
    }

    @Test
    void fit_degenerate_staysFinite() {
        GroupSpace two = GroupSpace.of("g", "a", "b");
        FairRepresentation settings = new FairRepresentation(2, 1, 1, 1, 50, new Seed(3));
        double[] constant = {1, 5, 2, 5, 3, 5, 4, 5};

        FairRepresentation.Fitted oneClass = settings.fit(
                constant, 2, GroupedRows.of(two, new int[] {0, 0, 1, 1}, new boolean[] {true, true, true, true}));
        FairRepresentation.Fitted oneGroup =
                settings.fit(constant, 2, GroupedRows.of(two, new int[4], new boolean[] {true, false, true, false}));

        assertThat(Arrays.stream(oneClass.scores(constant))).allMatch(s -> s > 0.9 && s <= 1);
        assertThat(Arrays.stream(oneClass.transform(constant))).allMatch(v -> Double.isFinite(v));
        assertThat(oneGroup.objective()).isFinite();
        assertThatThrownBy(() -> settings.fit(
                        constant, 2, GroupedRows.of(two, new int[4], new boolean[4], new double[] {0, 0, 0, 0})))
                .hasMessage("sum of weights must be > 0 and finite, was 0.0");
        double[] bad = constant.clone();
        bad[5] = Double.POSITIVE_INFINITY;
        assertThatThrownBy(() -> settings.fit(bad, 2, GroupedRows.of(two, new int[4], new boolean[4])))
                .hasMessage("features must be finite, row 2 column 1 was Infinity");
    }

    @Test
    void minimize_rosenbrock_findsTheMinimum() {
        Lbfgs.Result result = Lbfgs.minimize(
                (p, g) -> {
                    double a = 1 - p[0];
                    double b = p[1] - p[0] * p[0];
                    g[0] = -2 * a - 400 * p[0] * b;
                    g[1] = 200 * b;
                    return a * a + 100 * b * b;
                },
                new double[] {-1.2, 1},
                200,
                1e-10);

        assertThat(result.converged()).isTrue();
        assertThat(result.point()[0]).isCloseTo(1, within(1e-8));
        assertThat(result.point()[1]).isCloseTo(1, within(1e-8));
    }

    private static double scoreGap(double[] scores, GroupedRows rows) {
        double[] sum = new double[2];
        int[] count = new int[2];
        for (int i = 0; i < scores.length; i++) {
            sum[rows.group(i)] += scores[i];
            count[rows.group(i)]++;
        }
        return Math.abs(sum[0] / count[0] - sum[1] / count[1]);
    }

    private static double accuracy(FairRepresentation.Fitted fitted, RealData data) {
        double[] scores = fitted.scores(data.features());
        int right = 0;
        for (int i = 0; i < scores.length; i++) {
            right += (scores[i] > 0.5) == data.rows().favourable(i) ? 1 : 0;
        }
        return (double) right / scores.length;
    }
}
