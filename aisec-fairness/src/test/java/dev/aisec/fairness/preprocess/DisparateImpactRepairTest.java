// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.fairness.constraint.RealData;
import dev.aisec.fairness.metric.GroupSpace;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DisparateImpactRepairTest {
    private final GroupSpace two = GroupSpace.of("g", "a", "b");

    @Test
    void repaired_handExample_isMeanOfQuantiles() {
        int[] groups = {0, 0, 0, 1, 1, 1};
        double[] values = {3, 1, 2, 10, 30, 20};

        DisparateImpactRepair repair = DisparateImpactRepair.of(new Seed(1));

        assertThat(repair.fit(two, groups, values).repaired()).containsExactly(16.5, 5.5, 11, 5.5, 16.5, 11);
        assertThat(repair.withLevel(0.5).fit(two, groups, values).repaired())
                .containsExactly(9.75, 3.25, 6.5, 7.75, 23.25, 15.5);
        assertThat(repair.withLevel(0).fit(two, groups, values).repaired()).isEqualTo(values);
    }

    @Test
    void repaired_adultHours_neverWidensWhereUniqueValuesDo() {
        RealData adult = RealData.adult(40_000);
        int[] sex = adult.rows().groups();
        double[] hours = column(adult, 2);
        double[] age = column(adult, 0);

        DisparateImpactRepair.Fitted fitted =
                DisparateImpactRepair.of(new Seed(7)).fit(two, sex, hours);

        double before = ks(sex, hours);
        double widened = ks(sex, uniqueValueRepair(sex, hours));
        double after = ks(sex, fitted.repaired());
        assertThat(before).isCloseTo(0.214, within(5e-4));
        assertThat(widened).isGreaterThan(before + 0.05);
        assertThat(after).isLessThanOrEqualTo(fitted.gapBound()).isLessThan(1e-4);
        double[] repairedAge =
                DisparateImpactRepair.of(new Seed(7)).fit(two, sex, age).repaired();
        assertThat(ks(sex, age)).isGreaterThan(0.1);
        assertThat(ks(sex, repairedAge)).isLessThan(1e-4);
    }

    @Test
    void repaired_randomTies_gapStaysWithinTheBoundAndOrderWithinGroups() {
        GroupSpace four = GroupSpace.of("g", "a", "b", "c", "d");
        for (int run = 0; run < 30; run++) {
            RandomGenerator random = new Seed(run).generator(0);
            int n = 5 + random.nextInt(200);
            int levels = 1 + random.nextInt(20);
            int[] groups = new int[n];
            double[] values = new double[n];
            for (int i = 0; i < n; i++) {
                groups[i] = random.nextInt(3);
                values[i] = Math.floor(levels * Math.pow(random.nextDouble(), 1 + groups[i])) - 2;
            }

            DisparateImpactRepair.Fitted fitted =
                    DisparateImpactRepair.of(new Seed(run)).fit(four, groups, values);

            double[] repaired = fitted.repaired();
            for (int g = 0; g < 3; g++) {
                for (int h = 0; h < g; h++) {
                    assertThat(ks(groups, repaired, g, h)).isLessThanOrEqualTo(fitted.gapBound());
                }
            }
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    if (groups[i] == groups[j] && values[i] < values[j]) {
                        assertThat(repaired[i]).isLessThanOrEqualTo(repaired[j]);
                    }
                }
            }
        }
    }

    @Test
    void repaired_partialLevel_shrinksWassersteinDistanceInProportion() {
        // Groups of equal size, so that the grids of quantiles agree and the proportion is exact.
        int[] groups = IntStream.range(0, 600).map(i -> i % 2).toArray();
        RandomGenerator random = new Seed(5).generator(0);
        double[] values = new double[600];
        Arrays.setAll(values, i -> Math.rint(5 * random.nextGaussian()) + 3 * groups[i]);
        double before = wasserstein(groups, values);

        for (double level : new double[] {0.25, 0.5, 0.9, 1}) {
            double[] repaired = DisparateImpactRepair.of(new Seed(2))
                    .withLevel(level)
                    .fit(two, groups, values)
                    .repaired();
            assertThat(wasserstein(groups, repaired)).isCloseTo((1 - level) * before, within(1e-12));
        }
    }

    @Test
    void repair_newRows_followTheFittedDistributions() {
        RealData adult = RealData.adult(20_000);
        RealData train = adult.half(0);
        RealData test = adult.half(1);
        DisparateImpactRepair.Fitted fitted =
                DisparateImpactRepair.of(new Seed(7)).fit(two, train.rows().groups(), column(train, 2));

        double[] repaired = fitted.repair(test.rows().groups(), column(test, 2));

        // Sampling noise of 3,300 and 6,700 rows remains.
        assertThat(ks(test.rows().groups(), column(test, 2))).isGreaterThan(0.18);
        assertThat(ks(test.rows().groups(), repaired)).isLessThan(0.04);
        assertThat(fitted.repair(test.rows().groups(), column(test, 2))).isEqualTo(repaired);
    }

    @Test
    void repaired_seeds_repeat() {
        int[] groups = IntStream.range(0, 100).map(i -> i % 2).toArray();
        double[] values = new double[100];
        Arrays.setAll(values, i -> i % 10 / 5 + (i % 3 == 0 ? groups[i] : 0));

        double[] first =
                DisparateImpactRepair.of(new Seed(1)).fit(two, groups, values).repaired();

        assertThat(DisparateImpactRepair.of(new Seed(1))
                        .fit(two, groups, values)
                        .repaired())
                .isEqualTo(first);
        assertThat(DisparateImpactRepair.of(new Seed(2))
                        .fit(two, groups, values)
                        .repaired())
                .isNotEqualTo(first);
    }

    @Test
    void fit_degenerate_isHandled() {
        DisparateImpactRepair repair = DisparateImpactRepair.of(new Seed(1));

        assertThat(repair.fit(two, new int[0], new double[0]).repaired()).isEmpty();
        assertThat(repair.fit(two, new int[] {1, 1}, new double[] {4, 5}).repaired())
                .containsExactly(4, 5);
        assertThat(repair.fit(two, new int[] {1, 1}, new double[] {4, 5}).gapBound())
                .isZero();
        assertThat(repair.fit(two, new int[] {0, 1, 1}, new double[] {2, 2, 2}).repaired())
                .containsOnly(2);
        assertThatThrownBy(() -> repair.fit(two, new int[] {0}, new double[] {Double.NaN}))
                .hasMessage("values must be finite, row 0 was NaN");
        assertThatThrownBy(() -> repair.fit(two, new int[] {2}, new double[] {1}))
                .hasMessage("groups must be in [0, 2), row 0 was 2");
        assertThatThrownBy(
                        () -> repair.fit(two, new int[] {1}, new double[] {1}).repair(new int[] {0}, new double[] {1}))
                .hasMessage("groups must have fitted rows, row 0 was g=a");
        assertThatThrownBy(() -> repair.withLevel(1.5)).hasMessage("level must be in [0, 1], was 1.5");
    }

    private static double[] column(RealData data, int column) {
        double[] values = new double[data.rows().size()];
        Arrays.setAll(values, i -> data.features()[i * data.columns() + column]);
        return values;
    }

    private static double ks(int[] groups, double[] values) {
        return ks(groups, values, 0, 1);
    }

    private static double ks(int[] groups, double[] values, int g, int h) {
        double[] a = of(groups, values, g);
        double[] b = of(groups, values, h);
        if (a.length == 0 || b.length == 0) {
            return 0;
        }
        double worst = 0;
        int i = 0;
        int j = 0;
        while (i < a.length || j < b.length) {
            double next = Math.min(
                    i < a.length ? a[i] : Double.POSITIVE_INFINITY, j < b.length ? b[j] : Double.POSITIVE_INFINITY);
            while (i < a.length && a[i] <= next) {
                i++;
            }
            while (j < b.length && b[j] <= next) {
                j++;
            }
            worst = Math.max(worst, Math.abs((double) i / a.length - (double) j / b.length));
        }
        return worst;
    }

    private static double wasserstein(int[] groups, double[] values) {
        double[] a = of(groups, values, 0);
        double[] b = of(groups, values, 1);
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs(a[i] - b[i]) / a.length;
        }
        return sum;
    }

    private static double[] of(int[] groups, double[] values, int group) {
        return IntStream.range(0, groups.length)
                .filter(i -> groups[i] == group)
                .mapToDouble(i -> values[i])
                .sorted()
                .toArray();
    }

    /** The common variant: quantiles over the distinct values of each group. */
    private static double[] uniqueValueRepair(int[] groups, double[] values) {
        double[][] distinct = new double[2][];
        for (int g = 0; g < 2; g++) {
            distinct[g] = Arrays.stream(of(groups, values, g)).distinct().toArray();
        }
        int bins = Math.min(distinct[0].length, distinct[1].length);
        double[] repaired = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double[] own = distinct[groups[i]];
            int bin = Math.min(bins - 1, Arrays.binarySearch(own, values[i]) * bins / own.length);
            double a = distinct[0][bin * distinct[0].length / bins];
            double b = distinct[1][bin * distinct[1].length / bins];
            repaired[i] = (a + b) / 2;
        }
        return repaired;
    }
}
