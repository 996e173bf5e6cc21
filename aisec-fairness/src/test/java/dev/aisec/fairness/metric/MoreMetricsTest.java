// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static dev.aisec.fairness.metric.FairnessAuditTest.cube;
import static dev.aisec.fairness.metric.FairnessAuditTest.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MoreMetricsTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");
    private static final GroupSpace TWO = new GroupSpace(List.of(
            new GroupSpace.Attribute("s", List.of("x", "y")), new GroupSpace.Attribute("g", List.of("a", "b"))));

    @Test
    void entropy_definition_agrees() {
        long[] cells = {4, 2, 3, 5, 6, 1, 2, 7};
        GroupCube cube = cube(AB, cells);
        double[] benefit = {1, 2, 0, 1};
        double n = 30;
        double mean = 0;
        double[] groupMean = new double[2];
        double[] groupSize = {14, 16};
        for (int c = 0; c < 8; c++) {
            mean += cells[c] * benefit[c % 4] / n;
            groupMean[c / 4] += cells[c] * benefit[c % 4] / groupSize[c / 4];
        }
        double half = 0;
        double theil = 0;
        double betweenZero = 0;
        for (int c = 0; c < 8; c++) {
            double share = benefit[c % 4] / mean;
            half += cells[c] / n * (share * share - 1) / 2;
            theil += share == 0 ? 0 : cells[c] / n * share * Math.log(share);
        }
        for (int g = 0; g < 2; g++) {
            betweenZero -= groupSize[g] / n * Math.log(groupMean[g] / mean);
        }
        assertThat(value(GeneralizedEntropy.of(2).of(cube))).isCloseTo(half, within(1e-12));
        assertThat(value(GeneralizedEntropy.of(1).of(cube))).isCloseTo(theil, within(1e-12));
        assertThat(value(GeneralizedEntropy.of(0).between().of(cube))).isCloseTo(betweenZero, within(1e-12));
        assertThat(GeneralizedEntropy.of(0).of(cube)).isInstanceOf(Estimate.Abstained.class);
        // α → 1 is continuous.
        assertThat(value(GeneralizedEntropy.of(1 + 1e-7).of(cube))).isCloseTo(theil, within(1e-5));
        assertThat(GeneralizedEntropy.of(1).of(cube(AB))).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void mantelHaenszel_simpsonTable_isReversed() {
        // Kidney stones (Charig et al., BMJ 292, 1986): treatment a 81 of 87 and 192 of 263, b 234 of 270 and 55 of 80.
        GroupCube cube = cube(TWO, 6, 81, 0, 0, 36, 234, 0, 0, 71, 192, 0, 0, 25, 55, 0, 0);
        MantelHaenszel.Result result = MantelHaenszel.of("g", "a", "b").test(cube);
        double r = 81.0 * 36 / 357 + 192.0 * 25 / 343;
        double s = 6.0 * 234 / 357 + 71.0 * 55 / 343;
        Estimate.Measured odds = (Estimate.Measured) result.oddsRatio();
        assertThat(odds.value()).isCloseTo(r / s, within(1e-12));
        assertThat(odds.value()).isGreaterThan(1);
        // Interval and test tell the same here.
        assertThat(result.pValue() < 0.05).isEqualTo(!odds.interval().contains(1));
        double crude = (81.0 + 192) * (36 + 25) / ((6.0 + 71) * (234 + 55));
        assertThat(crude).isLessThan(1);
        assertThat(value(ConditionalDisparity.of("g", "a").of(cube)))
                .isCloseTo((357 * (6 / 42.0 - 81 / 315.0) + 343 * (71 / 96.0 - 192 / 247.0)) / 700, within(1e-12));
        assertThat(MantelHaenszel.of("g", "a", "b").of(cube(TWO))).isInstanceOf(Estimate.Abstained.class);
        assertThat(ConditionalDisparity.of("g", "a").of(cube(TWO))).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void differentialFairness_byHand_agrees() {
        // a: 3 of 10, b: 6 of 10 selected; smoothed 3.5/11 and 6.5/11, refused 7.5/11 and 4.5/11.
        Estimate epsilon = DifferentialFairness.of().of(cube(AB, 7, 3, 0, 0, 4, 6, 0, 0));
        assertThat(value(epsilon)).isCloseTo(Math.log(6.5 / 3.5), within(1e-12));
        assertThat(DifferentialFairness.of().of(cube(AB, 7, 3, 0, 0))).isInstanceOf(Estimate.Abstained.class);
        // Nobody selected: finite all the same.
        assertThat(value(DifferentialFairness.of().of(cube(AB, 7, 0, 0, 0, 4, 0, 0, 0))))
                .isFinite();
    }

    @Test
    void multipleTesting_knownExample_agrees() {
        double[] p = {0.01, 0.04, 0.03, 0.005};
        assertThat(MultipleTesting.holm(p)).containsExactly(new double[] {0.03, 0.06, 0.06, 0.02}, within(1e-15));
        assertThat(MultipleTesting.benjaminiHochberg(p))
                .containsExactly(new double[] {0.02, 0.04, 0.04, 0.02}, within(1e-15));
        assertThat(MultipleTesting.holm(new double[0])).isEmpty();
        assertThatThrownBy(() -> MultipleTesting.holm(new double[] {Double.NaN}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static GroupCube planted(long seed, double inside) {
        GroupSpace space = new GroupSpace(List.of(
                new GroupSpace.Attribute("age", List.of("1", "2", "3", "4")),
                new GroupSpace.Attribute("sex", List.of("f", "m")),
                new GroupSpace.Attribute("race", List.of("p", "q", "r"))));
        SplittableRandom random = new SplittableRandom(seed);
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        for (int i = 0; i < 4000; i++) {
            int age = random.nextInt(4);
            int sex = random.nextInt(2);
            int race = random.nextInt(3);
            boolean hit = sex == 0 && (race == 1 || race == 2) && age >= 2;
            table.add(space.group(age, sex, race), random.nextBoolean(), random.nextDouble() < (hit ? inside : 0.5));
        }
        return table.cube();
    }

    @Test
    void scan_plantedSubgroup_isFound() {
        SubgroupScan.Result result = SubgroupScan.of(true).scan(planted(1, 0.2));
        assertThat(result.values().get("sex")).containsExactly("f");
        assertThat(result.values().get("race")).containsExactly("q", "r");
        assertThat(result.values().get("age")).containsExactly("3", "4");
        assertThat(result.pValue()).isEqualTo(1 / 200.0);
        assertThat(result.rate()).isLessThan(0.3);
        assertThat(SubgroupScan.of(true).scan(planted(2, 0.5)).pValue()).isGreaterThan(0.01);
        assertThat(SubgroupScan.of(false).scan(cube(AB)).pValue()).isEqualTo(1);
    }

    @Test
    void intersectional_plantedSubgroup_survivesHolm() {
        List<IntersectionalAudit.Subgroup> found =
                IntersectionalAudit.of(Measure.SELECTION_RATE).audit(planted(1, 0.2));
        // (4+1)(2+1)(3+1) − 1 subgroups, none of them all rows.
        assertThat(found).hasSize(59);
        assertThat(found.get(0).holm()).isLessThan(1e-6);
        assertThat(found.get(0).name()).contains("sex=f");
        for (IntersectionalAudit.Subgroup one : found) {
            assertThat(one.pValue()).isBetween(0.0, one.benjaminiHochberg());
            assertThat(one.benjaminiHochberg()).isBetween(0.0, one.holm());
        }
        assertThat(IntersectionalAudit.of(Measure.TRUE_POSITIVE_RATE).audit(cube(AB)))
                .isEmpty();
        // No difference planted: no rejection (seed fixed; the chance of one is below 5 %).
        assertThat(IntersectionalAudit.of(Measure.SELECTION_RATE).audit(planted(2, 0.5)))
                .allMatch(one -> one.holm() > 0.05);
    }

    @Test
    void intersectional_tinyTable_isFisherByHand() {
        // 3 of 3 against 0 of 3: tail 1/C(6,3) = 0.05, doubled 0.1.
        List<IntersectionalAudit.Subgroup> found =
                IntersectionalAudit.of(Measure.SELECTION_RATE).audit(cube(AB, 0, 3, 0, 0, 3, 0, 0, 0));
        assertThat(found).hasSize(2).allSatisfy(one -> assertThat(one.pValue()).isCloseTo(0.1, within(1e-12)));
    }

    @Test
    void consistency_excludesTheRowItself() {
        // Two far pairs of alternate decisions: the nearest other disagrees always, the row itself would agree.
        double[][] rows = {{0, 5}, {0.1, 5}, {10, 5}, {10.1, 5}};
        boolean[] decisions = {true, false, true, false};
        Consistency one = new Consistency(1, AuditSettings.DEFAULT);
        assertThat(value(one.of(rows, decisions))).isZero();
        assertThat(value(one.of(rows, new boolean[] {true, true, false, false})))
                .isEqualTo(1);
        assertThat(Consistency.of().of(rows, decisions)).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void flip_modelUsingAttribute_isCounted() {
        double[][] rows = {{0, 1}, {1, 1}, {0, 3}, {1, -3}};
        CounterfactualFlip flip = CounterfactualFlip.of(0, 2);
        assertThat(value(flip.of(row -> row[1] > 2 * row[0], rows))).isEqualTo(0.5);
        assertThat(value(flip.of(row -> row[1] > 0, rows))).isZero();
        assertThat(flip.of(row -> true, new double[0][])).isInstanceOf(Estimate.Abstained.class);
        assertThat(rows[0]).containsExactly(0, 1);
    }

    @Test
    void regression_groupErrors_byHand() {
        List<FairnessReport.Row> rows =
                RegressionAudit.of().audit(AB, new int[] {0, 0, 1, 1}, new double[4], new double[] {1, 3, -1, -1}, 0);
        assertThat(rows).hasSize(9);
        assertThat(value(rows.get(0).estimate())).isEqualTo(2);
        assertThat(value(rows.get(2).estimate())).isEqualTo(-3);
        assertThat(value(rows.get(6).estimate())).isEqualTo(5);
        // t(1) quantile 12.706, standard error 1.
        assertThat(((Estimate.Measured) rows.get(0).estimate()).interval().upper())
                .isCloseTo(14.706, within(1e-3));
        assertThat(RegressionAudit.of().audit(AB, new int[1], new double[1], new double[1], 0))
                .allMatch(row -> row.estimate() instanceof Estimate.Abstained);
    }

    @Test
    void exposure_byHand_agrees() {
        List<FairnessReport.Row> rows = RankingExposure.of().audit(AB, new int[][] {{0, 1}, {1, 0}, {}, {0, 1}});
        double second = Math.log(2) / Math.log(3);
        double excess = 1 / (1 + second) - 0.5;
        assertThat(value(rows.get(0).estimate())).isCloseTo(excess / 3, within(1e-12));
        assertThat(value(rows.get(1).estimate())).isCloseTo(-excess / 3, within(1e-12));
        assertThat(RankingExposure.of().audit(AB, new int[][] {{0}}).get(0).estimate())
                .isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void multiClass_worstPair_isNamed() {
        int[] groups = {0, 0, 0, 0, 1, 1, 1, 1};
        int[] decisions = {0, 0, 1, 2, 2, 2, 2, 1};
        MultiClassDisparity.Result result =
                MultiClassDisparity.of(Measure.SELECTION_RATE).audit(AB, groups, new int[8], decisions, 3);
        // Shares of class 0: ½ and 0; class 1: ¼ and ¼; class 2: ¼ and ¾. The first of equal gaps is named.
        assertThat(result.worstClass()).isZero();
        assertThat(result.low()).isEqualTo(1);
        assertThat(result.high()).isZero();
        assertThat(value(result.difference())).isEqualTo(0.5);
        assertThat(MultiClassDisparity.of(Measure.SELECTION_RATE)
                        .audit(AB, new int[0], new int[0], new int[0], 2)
                        .difference())
                .isInstanceOf(Estimate.Abstained.class);
    }
}
