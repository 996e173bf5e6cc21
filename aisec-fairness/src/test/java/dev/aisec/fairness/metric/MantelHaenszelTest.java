// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;

class MantelHaenszelTest {
    private static final GroupSpace SPACE = new GroupSpace(List.of(
            new GroupSpace.Attribute("sex", List.of("f", "m")), new GroupSpace.Attribute("office", List.of("a", "b"))));
    private static final MantelHaenszel METRIC = MantelHaenszel.of("sex", "f", "m");
    /** Rows by group (f in a, f in b, m in a, m in b), refused and selected. */
    private static final int[] ROWS = {30, 14, 21, 40, 25, 26, 12, 44};
    /** Weight of the odd rows of the same cells; the even ones have half of it. */
    private static final double[] WEIGHTS = {1, 3, 2, 0.5, 1.5, 1, 4, 0.25};

    private static GroupCube cube(double scale, double most) {
        GroupCube.Accumulator table = GroupCube.accumulator(SPACE);
        for (int c = 0; c < 8; c++) {
            for (int i = 0; i < ROWS[c]; i++) {
                double weight = most == 0 ? 1 : WEIGHTS[c] * (i % 2 == 0 ? 0.5 : 1);
                table.add(c / 2, i % 3 == 0, c % 2 == 1, scale * weight);
            }
        }
        return table.cube();
    }

    private static double log(double[] t) {
        double r = 0;
        double s = 0;
        for (int office = 0; office < 2; office++) {
            double b = t[2 * office];
            double a = t[2 * office + 1];
            double d = t[4 + 2 * office];
            double c = t[4 + 2 * office + 1];
            r += a * d / (a + b + c + d);
            s += b * c / (a + b + c + d);
        }
        return Math.log(r / s);
    }

    private static double excess(double[] t) {
        double excess = 0;
        for (int office = 0; office < 2; office++) {
            double b = t[2 * office];
            double a = t[2 * office + 1];
            double d = t[4 + 2 * office];
            double c = t[4 + 2 * office + 1];
            excess += a - (a + b) * (a + c) / (a + b + c + d);
        }
        return excess;
    }

    private interface Function {
        double of(double[] totals);
    }

    /** Variance by linearisation, slopes by central differences. */
    private static double variance(double[] totals, double[] squares, Function f) {
        double sum = 0;
        for (int c = 0; c < 8; c++) {
            double h = 1e-5 * totals[c];
            double[] up = totals.clone();
            double[] down = totals.clone();
            up[c] += h;
            down[c] -= h;
            double slope = (f.of(up) - f.of(down)) / (2 * h);
            sum += slope * slope * squares[c];
        }
        return sum;
    }

    @Test
    void weighted_byNumericalLinearisation_agrees() {
        double[] totals = new double[8];
        double[] squares = new double[8];
        for (int c = 0; c < 8; c++) {
            for (int i = 0; i < ROWS[c]; i++) {
                double weight = WEIGHTS[c] * (i % 2 == 0 ? 0.5 : 1);
                totals[c] += weight;
                squares[c] += weight * weight;
            }
        }
        double z = NormalDistribution.of(0, 1).inverseSurvivalProbability(0.025);
        double half = z * Math.sqrt(variance(totals, squares, MantelHaenszelTest::log));
        double t = excess(totals) / Math.sqrt(variance(totals, squares, MantelHaenszelTest::excess));
        // The last one is where products of weights would overflow.
        for (double scale : new double[] {1, 1e-90, 1e90}) {
            MantelHaenszel.Result result = METRIC.test(cube(scale, 1));
            Estimate.Measured odds = (Estimate.Measured) result.oddsRatio();
            assertThat(Math.log(odds.value())).isCloseTo(log(totals), within(1e-9));
            assertThat(Math.log(odds.interval().lower())).isCloseTo(log(totals) - half, within(1e-6));
            assertThat(Math.log(odds.interval().upper())).isCloseTo(log(totals) + half, within(1e-6));
            assertThat(result.pValue())
                    .isCloseTo(2 * NormalDistribution.of(0, 1).survivalProbability(Math.abs(t)), within(1e-6));
        }
    }

    @Test
    void weighted_unitWeights_areNearTheUnweighted() {
        GroupCube unit = cube(1, 0);
        GroupCube.Accumulator plain = GroupCube.accumulator(SPACE);
        for (int c = 0; c < 8; c++) {
            for (int i = 0; i < ROWS[c]; i++) {
                plain.add(c / 2, i % 3 == 0, c % 2 == 1);
            }
        }
        assertThat(unit.weighted()).isTrue();
        MantelHaenszel.Result weighted = METRIC.test(unit);
        MantelHaenszel.Result exact = METRIC.test(plain.cube());
        Estimate.Measured a = (Estimate.Measured) weighted.oddsRatio();
        Estimate.Measured b = (Estimate.Measured) exact.oddsRatio();
        assertThat(a.value()).isCloseTo(b.value(), within(1e-12));
        // Two consistent variances of one estimate: they agree to a few percent at this size.
        assertThat(a.interval().lower()).isCloseTo(b.interval().lower(), within(0.01));
        assertThat(a.interval().upper()).isCloseTo(b.interval().upper(), within(0.02));
        assertThat(weighted.pValue()).isCloseTo(exact.pValue(), within(0.01));
    }

    @Test
    void weighted_fewEffectiveRows_abstain() {
        GroupCube.Accumulator table = GroupCube.accumulator(SPACE);
        for (int c = 0; c < 8; c++) {
            for (int i = 0; i < 20; i++) {
                // One row of the last cell outweighs all others.
                table.add(c / 2, true, c % 2 == 1, c == 7 && i == 0 ? 1000 : 1);
            }
        }
        MantelHaenszel.Result result = METRIC.test(table.cube());
        assertThat(result.oddsRatio())
                .isInstanceOfSatisfying(
                        Estimate.Abstained.class,
                        abstained -> assertThat(abstained.reason())
                                .contains("effective rows of each value must be at least 10"));
        assertThat(result.pValue()).isOne();
        // Without rows that can be compared, and without any.
        GroupCube.Accumulator one = GroupCube.accumulator(SPACE);
        assertThat(METRIC.test(one.cube()).oddsRatio()).isInstanceOf(Estimate.Abstained.class);
        one.add(0, true, true, 2);
        assertThat(METRIC.test(one.cube()).oddsRatio()).isInstanceOf(Estimate.Abstained.class);
        assertThat(METRIC.test(one.cube()).pValue()).isOne();
    }
}
