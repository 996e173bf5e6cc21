// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static dev.aisec.fairness.metric.FairnessAuditTest.cube;
import static dev.aisec.fairness.metric.FairnessAuditTest.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class EdgeCaseTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");
    private static final ScoreAudit AUDIT = ScoreAudit.of();

    @Test
    void weights_outsideTheRange_areRefusedNotDropped() {
        GroupCube.Accumulator table = GroupCube.accumulator(AB);
        for (double weight : new double[] {1e-170, 1e-101, 1e101, 1e170, -1, Double.NaN}) {
            assertThatThrownBy(() -> table.add(0, true, true, weight))
                    .hasMessage("weight must be 0 or in [1e-100, 1e100], was " + weight);
            assertThatThrownBy(
                            () -> GroupScores.of(AB, new int[1], new boolean[1], new double[1], new double[] {weight}))
                    .hasMessageContaining("weights must be 0 or in [1e-100, 1e100], row 0 was " + weight);
        }
    }

    @Test
    void bytes_extremeWeights_roundTrip() {
        for (double weight : new double[] {1e-100, 3.3e-100, 1e100}) {
            double[] weights = new double[7];
            Arrays.fill(weights, weight);
            GroupCube cube = GroupCube.of(AB, new int[7], new boolean[7], new boolean[7], weights);
            assertThat(GroupCube.fromBytes(cube.toBytes())).isEqualTo(cube);
            assertThat(value(GroupRate.of(Measure.SELECTION_RATE, 0).of(cube))).isZero();
        }
    }

    @Test
    void merge_moreRowsThanADoubleCounts_isRefused() {
        GroupCube.Accumulator table = GroupCube.accumulator(AB);
        table.addMany(0, 1L << 53);
        GroupCube full = table.cube();
        assertThatThrownBy(() -> full.merge(full)).hasMessage("rows must be at most 2^53, were more");
    }

    @Test
    void treatmentRatio_farApartWeights_staysFinite() {
        // 1e-50 under 1: the share of wrong refusals rounds to 1, the ratio is 1e50.
        GroupCube cube = GroupCube.of(
                AB,
                new int[] {0, 0, 1, 1},
                new boolean[] {true, false, true, false},
                new boolean[] {false, true, false, true},
                new double[] {1, 1e-50, 1, 1});
        assertThat(value(GroupRate.of(Measure.TREATMENT_RATIO, 0).of(cube))).isCloseTo(1e50, within(1e40));
        assertThat(FairnessAudit.of().audit(cube).rows()).isNotEmpty();
    }

    @Test
    void differentialFairness_unitOfTheWeights_doesNotMatter() {
        int n = 200;
        int[] groups = new int[n];
        boolean[] decisions = new boolean[n];
        for (int i = 0; i < n; i++) {
            groups[i] = i % 2;
            decisions[i] = i % (groups[i] == 0 ? 4 : 10) == 0;
        }
        double[] expected = new double[2];
        double plain = value(DifferentialFairness.of().of(GroupCube.of(AB, groups, new boolean[n], decisions)));
        int k = 0;
        for (double unit : new double[] {1.0 / n, 1000}) {
            double[] weights = new double[n];
            Arrays.fill(weights, unit);
            expected[k++] =
                    value(DifferentialFairness.of().of(GroupCube.of(AB, groups, new boolean[n], decisions, weights)));
        }
        assertThat(expected[0]).isCloseTo(plain, within(1e-9));
        assertThat(expected[1]).isCloseTo(plain, within(1e-9));
    }

    @Test
    void percentileBootstrap_nothingMoves_isNotCertain() {
        // All decisions right: no error was seen, which does not show that there are none.
        Estimate.Measured few = (Estimate.Measured) GeneralizedEntropy.of(2).of(cube(AB, 1, 0, 0, 1, 1, 0, 0, 1));
        Estimate.Measured many =
                (Estimate.Measured) GeneralizedEntropy.of(2).of(cube(AB, 1000, 0, 0, 1000, 1000, 0, 0, 1000));
        assertThat(few.value()).isZero();
        assertThat(few.interval().upper()).isGreaterThan(0.1);
        assertThat(many.interval().upper()).isBetween(1e-5, 0.01);
        Estimate.Measured between =
                (Estimate.Measured) GeneralizedEntropy.of(2).between().of(cube(AB, 2, 0, 0, 1, 3, 0, 0, 3));
        assertThat(between.interval().upper()).isGreaterThan(0);
    }

    @Test
    void bootstrap_tooFewReplicatesForTheConfidence_abstains() {
        GroupSpace three = GroupSpace.of("g", "a", "b", "c");
        GroupCube cube = cube(three, 8, 4, 3, 5, 9, 2, 4, 5, 6, 6, 1, 7);
        AuditSettings settings = AuditSettings.DEFAULT.withReplicates(100).withConfidence(0.999);
        for (FairnessMetric metric : List.of(
                Disparity.demographicParityDifference().withSettings(settings),
                new DifferentialFairness(1, settings),
                new GeneralizedEntropy(2, false, settings))) {
            assertThat(metric.of(cube))
                    .isInstanceOfSatisfying(
                            Estimate.Abstained.class,
                            abstained -> assertThat(abstained.reason())
                                    .startsWith("replicates must be at least ")
                                    .endsWith(" for a confidence of 0.999, were 100"));
        }
        // 100 classes ask for 99.95 % each: more draws are taken.
        int n = 3000;
        int[] groups = new int[n];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            groups[i] = i % 3;
            labels[i] = i / 3 % 100;
        }
        MultiClassDisparity.Result result =
                MultiClassDisparity.of(Measure.SELECTION_RATE).audit(three, groups, labels, labels, 100);
        assertThat(result.difference()).isInstanceOf(Estimate.Measured.class);
    }

    @Test
    void calibrationError_largeTie_isMeasuredInBinsOfTwoRowsAndMore() {
        int n = 400;
        double[] scores = new double[n];
        boolean[] labels = new boolean[n];
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < n; i++) {
            scores[i] = i < 240 ? 0 : i == n - 1 ? 1 : 0.2 + 0.7 * random.nextDouble();
            labels[i] = random.nextDouble() < scores[i];
        }
        GroupScores tied = GroupScores.of(AB, new int[n], labels, scores);
        assertThat(AUDIT.calibrationError(tied, 0)).isInstanceOf(Estimate.Measured.class);
        List<dev.aisec.core.Measurement.Point> points =
                AUDIT.reliability(tied, 0).points();
        // The tie and 6 bins of 160/400 · 15 for the rest.
        assertThat(points).hasSizeBetween(6, 8);
        for (dev.aisec.core.Measurement.Point point : points) {
            assertThat(((Estimate.Measured) point.y()).n()).isGreaterThanOrEqualTo(20);
        }
    }

    @Test
    void auc_onePositive_intervalIsWide() {
        int n = 10_001;
        double[] scores = new double[n];
        boolean[] labels = new boolean[n];
        Arrays.setAll(scores, i -> i);
        labels[5000] = true;
        GroupScores rows = GroupScores.of(AB, new int[n], labels, scores);
        Estimate.Measured auc = (Estimate.Measured) AUDIT.auc(rows, 0);
        assertThat(auc.value()).isCloseTo(0.5, within(1e-9));
        // One positive that fell in the middle says next to nothing of where positives fall.
        assertThat(auc.interval().upper() - auc.interval().lower()).isGreaterThan(0.6);
    }

    @Test
    void scoreIntervals_valuesAlike_haveWidth() {
        GroupScores same = GroupScores.of(
                AB, new int[] {0, 0, 0, 1, 1, 1}, new boolean[] {true, true, false, true, true, false}, new double[] {
                    1, 1, 0, 1, 1, 0
                });
        Estimate.Measured gap = (Estimate.Measured) AUDIT.calibrationGap(same, 0);
        assertThat(gap.value()).isZero();
        assertThat(gap.interval().upper()).isGreaterThan(0.5);
        Estimate.Measured balance = (Estimate.Measured) AUDIT.balance(same, 0, 1, true);
        assertThat(balance.interval().upper()).isGreaterThan(0.5);
        assertThat(RankingExposure.of().audit(AB, new int[][] {{0, 1}, {0, 1}, {0, 1}}))
                .allSatisfy(row -> assertThat(row.estimate()).isInstanceOf(Estimate.Abstained.class));
        assertThat(RegressionAudit.of().audit(AB, new int[] {0, 0, 1, 1}, new double[4], new double[4], 0))
                .allSatisfy(row -> assertThat(row.estimate()).isInstanceOf(Estimate.Abstained.class));
    }

    @Test
    void scores_huge_areRefused() {
        assertThatThrownBy(() -> GroupScores.of(AB, new int[2], new boolean[2], new double[] {1, -1e200}))
                .hasMessage("scores must be in [-1e100, 1e100], row 1 was -1.0E200");
        assertThatThrownBy(() -> new GroupScores.Histogram(AB, 4, -1e200, 1e200))
                .hasMessageContaining("1e100");
        assertThatThrownBy(() -> RegressionAudit.of().audit(AB, new int[1], new double[1], new double[] {1e120}, 0))
                .hasMessageContaining("[-1e70, 1e70]");
        GroupScores two = GroupScores.of(AB, new int[2], new boolean[] {true, false}, new double[] {1e100, -1e100});
        assertThat(AUDIT.audit(two, 0)).isNotEmpty();
        assertThatThrownBy(() -> two.decide(Double.NaN)).hasMessage("threshold must be a number, was NaN");
    }

    @Test
    void entropy_alphaNextToAPole_isContinuous() {
        GroupCube cube = cube(AB, 4, 2, 3, 5, 6, 1, 2, 7);
        assertThat(value(GeneralizedEntropy.of(1 + 1e-13).of(cube)))
                .isCloseTo(value(GeneralizedEntropy.of(1).of(cube)), within(1e-11));
        assertThat(value(GeneralizedEntropy.of(1e-13).between().of(cube)))
                .isCloseTo(value(GeneralizedEntropy.of(0).between().of(cube)), within(1e-11));
    }

    @Test
    void consistency_termsAlike_isNotCertainByRounding() {
        // Four of five neighbours always decide the other way: every term is 0.2, whose mean square rounds.
        int n = 12;
        double[][] features = new double[n][1];
        boolean[] decisions = new boolean[n];
        for (int i = 0; i < n; i++) {
            features[i][0] = i / 6;
            decisions[i] = i % 2 == 0;
        }
        Estimate.Measured same = (Estimate.Measured) new Consistency(5, AuditSettings.DEFAULT).of(features, decisions);
        assertThat(same.interval().upper() - same.interval().lower()).isGreaterThan(0.2);
        // Large numbers are features too.
        double[][] large = new double[n][1];
        for (int i = 0; i < n; i++) {
            large[i][0] = i < 6 ? -1e300 : 1e300;
            decisions[i] = i < 6;
        }
        assertThat(value(new Consistency(3, AuditSettings.DEFAULT).of(large, decisions)))
                .isEqualTo(1);
    }

    @Test
    void counterfactualFlip_columnOutsideTheRow_isRefused() {
        assertThatThrownBy(() -> CounterfactualFlip.of(3, 2).of(row -> true, new double[][] {{0, 1}}))
                .hasMessage("column must be in [0, 2) of every row, row 0 was too short for 3");
    }

    @Test
    void betweenGroupEntropy_equalGroups_intervalReachesZero() {
        // Same law in three groups: the true index is 0, and estimates are above it. 300 runs at 95 %: fewer than 255
        // covered have a probability below 1e-9.
        SplittableRandom random = new SplittableRandom(11);
        GroupSpace three = GroupSpace.of("g", "a", "b", "c");
        AuditSettings settings = AuditSettings.DEFAULT.withReplicates(200);
        int covered = 0;
        for (int run = 0; run < 300; run++) {
            GroupCube.Accumulator table = GroupCube.accumulator(three);
            for (int i = 0; i < 240; i++) {
                boolean label = random.nextInt(2) == 0;
                table.add(i % 3, label, random.nextInt(4) == 0 ? !label : label);
            }
            Estimate.Measured index = (Estimate.Measured) new GeneralizedEntropy(1, true, settings).of(table.cube());
            covered += index.interval().lower() <= 1e-15 ? 1 : 0;
        }
        assertThat(covered).isGreaterThanOrEqualTo(255);
    }

    @Test
    void intersectionalAudit_rareHitInSmallSubgroup_isNoCertainty() {
        // 1 of 5 where 1 of 1,000 is expected: P(X >= 1) = 0.005, twice that is 0.01. The score test would say 1e-44.
        GroupCube.Accumulator large = GroupCube.accumulator(AB);
        large.addMany(GroupCube.TRUE_NEGATIVE, 1_998_000);
        large.addMany(GroupCube.FALSE_POSITIVE, 2_000);
        large.addMany(GroupCube.CELLS + GroupCube.TRUE_NEGATIVE, 4);
        large.addMany(GroupCube.CELLS + GroupCube.FALSE_POSITIVE, 1);
        int n = 2005;
        int[] groups = new int[n];
        boolean[] decisions = new boolean[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            groups[i] = i < 2000 ? 0 : 1;
            decisions[i] = i < 2 || i == n - 1;
            weights[i] = 1 + i % 2;
        }
        for (GroupCube cube : List.of(large.cube(), GroupCube.of(AB, groups, new boolean[n], decisions, weights))) {
            assertThat(IntersectionalAudit.of(Measure.SELECTION_RATE).audit(cube))
                    .allSatisfy(subgroup -> {
                        assertThat(subgroup.pValue()).isBetween(0.004, 0.1);
                        assertThat(subgroup.holm()).isGreaterThanOrEqualTo(subgroup.pValue());
                    });
        }
    }

    @Test
    void subgroupScan_pValue_isExactOnAllTables() {
        // Two groups of 4 rows, 3 selected at random: all C(8, 3) = 56 tables. P(p <= level) must be at most level.
        double[] mass = new double[4];
        SubgroupScan scan = new SubgroupScan(true, 2, 999, new dev.aisec.core.Seed(3));
        double atMost = 0;
        for (int k = 0; k <= 3; k++) {
            mass[k] = choose(4, k) * choose(4, 3 - k) / choose(8, 3);
            double p = scan.scan(cube(AB, 4 - k, k, 0, 0, 1 + k, 3 - k, 0, 0)).pValue();
            // Both 0 of 4 and 3 of 4 hold the extreme: their mass is 8/56 = 1/7.
            atMost += p <= 0.1 ? mass[k] : 0;
            if (k == 0 || k == 3) {
                assertThat(p).isBetween(1.0 / 7 - 0.07, 1.0 / 7 + 0.07);
            }
        }
        assertThat(atMost).isLessThanOrEqualTo(0.1);
    }

    private static double choose(int n, int k) {
        double c = 1;
        for (int i = 1; i <= k; i++) {
            c = c * (n - k + i) / i;
        }
        return c;
    }
}
