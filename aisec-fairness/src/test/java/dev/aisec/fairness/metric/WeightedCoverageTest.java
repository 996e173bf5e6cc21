// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Estimate;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Coverage of the intervals at 95 % on weighted cubes, by simulation. Weights vary by a factor of up to 10 by chance
 * and, where they are informative, by another factor of 3 with the decision, as when the refused were sampled less often: the
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
            GroupCube.Accumulator table, SplittableRandom random, int group, int rows, double rate, boolean informative) {
        // The selected come into the sample three times as easily.
        double share = informative ? 3 * rate / (3 * rate + 1 - rate) : rate;
        for (int i = 0; i < rows; i++) {
            boolean selected = random.nextDouble() < share;
            double weight = (1 + 9 * random.nextDouble()) * (informative && selected ? 1.0 / 3 : 1);
            table.add(group, random.nextBoolean(), selected, weight);
        }
    }

    private record Found(double rate, double difference, double ratio, double oddsRatio, double test) {
        double least() {
            return Math.min(Math.min(rate, difference), Math.min(ratio, oddsRatio));
        }
    }

    private static Found cover(int rows, boolean informative, double odds, int runs, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] covered = new int[5];
        for (int run = 0; run < runs; run++) {
            GroupCube.Accumulator table = GroupCube.accumulator(SPACE);
            for (int g = 0; g < 6; g++) {
                add(table, random, g, rows, rate(g, odds), informative);
            }
            GroupCube cube = table.cube();
            Estimate[] found = {
                Measure.SELECTION_RATE.of(cube, 0, AuditSettings.DEFAULT, true),
                PairContrast.difference(Measure.SELECTION_RATE, 0, 3).of(cube),
                PairContrast.ratio(Measure.SELECTION_RATE, 0, 3).of(cube),
                MantelHaenszel.of("sex", "f", "m").of(cube)
            };
            double[] truth = {rate(0, odds), rate(0, odds) - rate(3, odds), rate(0, odds) / rate(3, odds), odds};
            for (int i = 0; i < 4; i++) {
                covered[i] += found[i] instanceof Estimate.Measured m && m.interval().contains(truth[i]) ? 1 : 0;
            }
            covered[4] += MantelHaenszel.of("sex", "f", "m").test(cube).pValue() < 0.05 ? 1 : 0;
        }
        double n = runs;
        Found result = new Found(covered[0] / n, covered[1] / n, covered[2] / n, covered[3] / n, covered[4] / n);
        System.out.printf(
                Locale.ROOT, "weighted, %d rows a group, informative %s, odds %s: %s%n", rows, informative, odds, result);
        return result;
    }

    @Test
    void intervals_weighted_coverNominally() {
        cover(100, false, 0.5, 2000, 1);
        cover(30, false, 0.5, 2000, 1);
        cover(30, true, 0.5, 2000, 1);
        cover(100, true, 0.5, 2000, 1);
        cover(400, true, 0.5, 2000, 1);
        cover(30, true, 1, 2000, 1);
        cover(30, false, 1, 2000, 1);
        cover(100, true, 1, 2000, 1);
    }
}
