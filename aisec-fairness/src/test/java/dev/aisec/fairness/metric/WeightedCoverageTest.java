// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Estimate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Coverage of the intervals at 95 % on weighted cubes, by simulation. Weights vary by a factor of up to 10 by chance
 * and, where they are factor, by another factor of 3 with the decision, as when the refused were sampled less often: the
 * truth is then that of the population which the weights stand for.
 */
class WeightedCoverageTest {
    private static final GroupSpace SPACE = new GroupSpace(List.of(
            new GroupSpace.Attribute("sex", List.of("f", "m")),
            new GroupSpace.Attribute("office", List.of("a", "b", "c"))));

    /** Of the sexes by office; the common odds ratio is 0.5. */
    private static double rate(int group, double odds) {
        double[] office = {0.3, 1, 2};
        double o = office[group % 3] * (group < 3 ? odds : 1);
        return o / (1 + o);
    }

    /** A sample of a population in which selected is who is, with the weights that bring it back. */
    private static void add(
            GroupCube.Accumulator table, SplittableRandom random, int group, int rows, double rate, double factor) {
        // The selected come into the sample three times as easily.
        double share = factor * rate / (factor * rate + 1 - rate);
        for (int i = 0; i < rows; i++) {
            boolean selected = random.nextDouble() < share;
            double weight = (1 + 9 * random.nextDouble()) * (selected ? 1 / factor : 1);
            table.add(group, random.nextBoolean(), selected, weight);
        }
    }

    /** Shares of runs in which the truth was covered, and in which a test rejected at 5 %. */
    private record Found(double[] covered, double mantelHaenszel, double intersectional) {
        double least() {
            return Arrays.stream(covered).min().orElseThrow();
        }
    }

    private static Found cover(int rows, double factor, double odds, int runs, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] covered = new int[6];
        int[] rejected = new int[2];
        for (int run = 0; run < runs; run++) {
            GroupCube.Accumulator table = GroupCube.accumulator(SPACE);
            for (int g = 0; g < 6; g++) {
                add(table, random, g, rows, rate(g, odds), factor);
            }
            GroupCube cube = table.cube();
            Estimate[] found = {
                Measure.SELECTION_RATE.of(cube, 0, AuditSettings.DEFAULT, true),
                Measure.TRUE_POSITIVE_RATE.of(cube, 4, AuditSettings.DEFAULT, true),
                PairContrast.difference(Measure.SELECTION_RATE, 0, 3).of(cube),
                PairContrast.ratio(Measure.SELECTION_RATE, 0, 3).of(cube),
                PairContrast.averageOdds(1, 4).of(cube),
                MantelHaenszel.of("sex", "f", "m").of(cube)
            };
            double[] truth = {
                rate(0, odds),
                rate(4, odds),
                rate(0, odds) - rate(3, odds),
                rate(0, odds) / rate(3, odds),
                rate(1, odds) - rate(4, odds),
                odds
            };
            for (int i = 0; i < found.length; i++) {
                covered[i] +=
                        found[i] instanceof Estimate.Measured m && m.interval().contains(truth[i]) ? 1 : 0;
            }
            rejected[0] += MantelHaenszel.of("sex", "f", "m").test(cube).pValue() < 0.05 ? 1 : 0;
            rejected[1] += IntersectionalAudit.of(Measure.SELECTION_RATE).audit(cube).stream()
                            .anyMatch(s -> s.name().equals("sex=f") && s.pValue() < 0.05)
                    ? 1
                    : 0;
        }
        double n = runs;
        Found result =
                new Found(Arrays.stream(covered).mapToDouble(c -> c / n).toArray(), rejected[0] / n, rejected[1] / n);
        System.out.printf(
                Locale.ROOT,
                "weighted, %d rows a group, weights by decision 1:%.2f, odds ratio %.1f: covered %s, rejected %.3f %.3f%n",
                rows,
                1 / factor,
                odds,
                Arrays.toString(result.covered()),
                result.mantelHaenszel(),
                result.intersectional());
        return result;
    }

    @Test
    void intervals_weighted_coverNominally() {
        for (double factor : new double[] {1, 1 / 3.0}) {
            // With true coverage 0.935 the chance of less than 0.90 in 2,000 runs is below 1e-9; seeds are fixed.
            assertThat(cover(100, factor, 0.5, 2000, 1).least()).isGreaterThan(0.90);
        }
    }

    @Test
    @Tag("long")
    void intervals_weightedLargeGrid_coverNominally() {
        for (double factor : new double[] {1, 3, 1 / 3.0}) {
            // With true coverage 0.935 the chance of less than 0.92 in 10,000 runs is below 1e-9.
            assertThat(cover(100, factor, 0.5, 10_000, 2).least()).isGreaterThan(0.92);
            assertThat(cover(400, factor, 0.5, 10_000, 3).least()).isGreaterThan(0.92);
            // What is promised for few rows, most of them of small weight.
            assertThat(cover(30, factor, 0.5, 10_000, 4).least()).isGreaterThan(0.83);
            // With a true level of 0.05 the chance of more than 0.065 is below 1e-9.
            Found equal = cover(100, factor, 1, 10_000, 5);
            assertThat(equal.mantelHaenszel()).isLessThan(0.065);
            assertThat(equal.intersectional()).isLessThan(0.065);
        }
    }
}
