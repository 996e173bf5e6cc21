// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FairnessAuditTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");

    /** TN, FP, FN, TP of each group. */
    static GroupCube cube(GroupSpace space, long... cells) {
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        for (int i = 0; i < cells.length; i++) {
            for (long k = 0; k < cells[i]; k++) {
                table.add(i / 4, i % 4 > 1, i % 2 == 1);
            }
        }
        return table.cube();
    }

    static double value(Estimate estimate) {
        return ((Estimate.Measured) estimate).value();
    }

    static void assertFinite(FairnessReport report) {
        for (FairnessReport.Row row : report.rows()) {
            if (row.estimate() instanceof Estimate.Measured measured) {
                assertThat(measured.value()).as(row.toString()).isFinite();
                assertThat(measured.interval().contains(measured.value()))
                        .as(row.toString())
                        .isTrue();
            }
        }
        assertThat(report.evidence().measurements()).hasSameSizeAs(report.rows());
    }

    @Test
    void audit_handTable_givesValuesByHand() {
        // a: TN 40, FP 10, FN 20, TP 30 of 100; b: TN 60, FP 20, FN 10, TP 10 of 100.
        FairnessReport report = FairnessAudit.of().audit(cube(AB, 40, 10, 20, 30, 60, 20, 10, 10));
        assertFinite(report);
        assertThat(report.byGroup(Measure.SELECTION_RATE))
                .extracting(FairnessAuditTest::value)
                .containsExactly(0.4, 0.3);
        assertThat(report.byGroup(Measure.TRUE_POSITIVE_RATE))
                .extracting(FairnessAuditTest::value)
                .containsExactly(0.6, 0.5);
        assertThat(report.byGroup(Measure.FALSE_POSITIVE_RATE))
                .extracting(FairnessAuditTest::value)
                .containsExactly(0.2, 0.25);
        assertThat(report.byGroup(Measure.TREATMENT_RATIO))
                .extracting(FairnessAuditTest::value)
                .satisfiesExactly(
                        a -> assertThat(a).isCloseTo(2, within(1e-12)),
                        b -> assertThat(b).isCloseTo(0.5, within(1e-12)));
        check(report, "demographic_parity_difference", 0.1);
        check(report, "demographic_parity_ratio", 0.75);
        check(report, "equal_opportunity_difference", 0.1);
        check(report, "equal_opportunity_ratio", 0.5 / 0.6);
        check(report, "equalized_odds_difference", 0.1);
        check(report, "equalized_odds_mean_difference", 0.075);
        check(report, "equalized_odds_ratio", 0.8);
        check(report, "predictive_parity_difference", 0.75 - 1 / 3.0);
        check(report, "conditional_use_accuracy_difference", 0.75 - 1 / 3.0);
        check(report, "treatment_equality_difference", 1.5);
        check(report, "accuracy_difference", 0);
        check(report, "balanced_accuracy_difference", 0.7 - 0.625);
        check(report, "selection_rate_difference_to_overall", 0.05);
        check(report, "selection_rate_ratio_to_overall", 0.3 / 0.35);
        assertThat(report.reference()).isZero();
        assertThat(value(report.metric("average_odds_difference", "g=b")))
                .isCloseTo(((0.25 - 0.2) + (0.5 - 0.6)) / 2, within(1e-12));
        assertThat(value(report.metric("selection_rate_signed_difference", "g=b")))
                .isCloseTo(-0.1, within(1e-12));
        assertThat(report.worstPair(Measure.SELECTION_RATE)).hasValueSatisfying(pair -> {
            assertThat(pair.low()).isEqualTo(1);
            assertThat(pair.high()).isZero();
        });
        assertThat(report.evidence().technique()).isEqualTo(Technique.FAIRNESS_EVALUATION);
        assertThat(report.evidence()).isEqualTo(report.evidence());
        assertThat(report.evidence().findings()).anyMatch(f -> f.code().equals("fairness.four-fifths"));
        assertThat(report.evidence().measurements())
                .extracting(Measurement::name)
                .contains("demographic_parity_difference");
    }

    private static void check(FairnessReport report, String name, double expected) {
        assertThat(value(report.metric(name))).as(name).isCloseTo(expected, within(1e-12));
    }

    @Test
    void audit_groupWithoutPositives_abstainsWithReason() {
        FairnessReport report = FairnessAudit.of().audit(cube(AB, 5, 5, 0, 0, 4, 4, 4, 4));
        assertFinite(report);
        assertThat(report.byGroup(Measure.TRUE_POSITIVE_RATE).get(0))
                .isEqualTo(new Estimate.Abstained("no rows with favourable label", 0));
        assertThat(report.metric("equal_opportunity_difference")).isInstanceOf(Estimate.Abstained.class);
        assertThat(report.metric("equalized_odds_difference")).isInstanceOf(Estimate.Abstained.class);
        assertThat(report.metric("demographic_parity_difference")).isInstanceOf(Estimate.Measured.class);
        assertThat(report.evidence().findings()).anyMatch(f -> f.code().equals("fairness.left-out"));
    }

    @Test
    void audit_degenerateTables_neverGiveNaN() {
        assertFinite(FairnessAudit.of().audit(cube(AB)));
        assertFinite(FairnessAudit.of().audit(cube(AB, 0, 0, 0, 1)));
        for (int one = 0; one < 4; one++) {
            long[] cells = new long[8];
            cells[one] = 7;
            cells[4 + one] = 3;
            assertFinite(FairnessAudit.of().audit(cube(AB, cells)));
        }
        assertFinite(FairnessAudit.of().audit(cube(AB, 3, 0, 0, 0, 0, 0, 0, 9)));
        assertFinite(FairnessAudit.of().audit(cube(AB, 0, 3, 0, 0, 0, 0, 9, 0)));
        GroupSpace three = GroupSpace.of("g", "a", "b", "c");
        assertFinite(FairnessAudit.of().audit(cube(three, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0)));
        GroupCube tiny = GroupCube.of(
                AB, new int[] {0, 1, 1}, new boolean[] {true, false, true}, new boolean[3], new double[] {1e-90, 1e90, 0
                });
        assertFinite(FairnessAudit.of().audit(tiny));
        assertFinite(FairnessAudit.of().audit(cube(GroupSpace.of("g", "only"), 3, 4, 5, 6)));
    }

    @Test
    void audit_noSelections_ratioAbstains() {
        FairnessReport report = FairnessAudit.of().audit(cube(AB, 5, 0, 5, 0, 4, 0, 4, 0));
        assertThat(report.metric("demographic_parity_ratio"))
                .isEqualTo(new Estimate.Abstained("selection_rate is 0 for every group", 18));
        assertThat(value(report.metric("demographic_parity_difference"))).isZero();
    }

    @Test
    void audit_belowMinimum_abstains() {
        AuditSettings settings = AuditSettings.DEFAULT.withMinimum(30);
        FairnessReport report = FairnessAudit.of().withSettings(settings).audit(cube(AB, 20, 20, 5, 5, 20, 20, 20, 20));
        assertThat(report.metric("true_positive_rate", "g=a"))
                .isEqualTo(new Estimate.Abstained("rows with favourable label must be at least 30, were 10", 10));
        assertThat(report.metric("selection_rate", "g=a")).isInstanceOf(Estimate.Measured.class);
    }

    @Test
    void audit_equalWeights_equalsUnweighted() {
        GroupCube.Accumulator plain = GroupCube.accumulator(AB);
        GroupCube.Accumulator doubled = GroupCube.accumulator(AB);
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 500; i++) {
            boolean label = random.nextBoolean();
            boolean decision = random.nextBoolean();
            plain.add(i % 2, label, decision);
            doubled.add(i % 2, label, decision, 2);
        }
        List<FairnessReport.Row> a = FairnessAudit.of().audit(plain.cube()).rows();
        List<FairnessReport.Row> b = FairnessAudit.of().audit(doubled.cube()).rows();
        for (int i = 0; i < a.size(); i++) {
            Estimate.Measured left = (Estimate.Measured) a.get(i).estimate();
            Estimate.Measured right = (Estimate.Measured) b.get(i).estimate();
            assertThat(right.value()).isCloseTo(left.value(), within(1e-12));
            assertThat(right.interval().lower()).isCloseTo(left.interval().lower(), within(1e-9));
            assertThat(right.interval().upper()).isCloseTo(left.interval().upper(), within(1e-9));
        }
    }

    @Test
    void audit_unequalWeights_widensIntervals() {
        int n = 400;
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        boolean[] decisions = new boolean[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            groups[i] = i % 2;
            decisions[i] = i % 4 < 2;
            weights[i] = i % 8 < 4 ? 1 : 9;
        }
        GroupRate rate = GroupRate.of(Measure.SELECTION_RATE, 0);
        Estimate.Measured plain = (Estimate.Measured) rate.of(GroupCube.of(AB, groups, labels, decisions));
        Estimate.Measured weighted = (Estimate.Measured) rate.of(GroupCube.of(AB, groups, labels, decisions, weights));
        // Kish: (100·1 + 100·9)² / (100·1 + 100·81) = 10⁶/8200 ≈ 122 of 200 rows.
        assertThat(weighted.n()).isEqualTo(200);
        assertThat(weighted.interval().upper() - weighted.interval().lower())
                .isCloseTo(
                        Math.sqrt(200 / (1e6 / 8200))
                                * (plain.interval().upper() - plain.interval().lower()),
                        within(0.003));
    }

    @Test
    void audit_twentyThousandGroups_isComplete() {
        String[] names = new String[20_000];
        Arrays.setAll(names, i -> "v" + i);
        GroupSpace space = GroupSpace.of("a", names);
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 100_000; i++) {
            table.add(random.nextInt(19_999), random.nextBoolean(), random.nextBoolean());
        }
        Estimate difference = Disparity.demographicParityDifference()
                .withSettings(AuditSettings.DEFAULT.withReplicates(100))
                .of(table.cube());
        assertThat(value(difference)).isEqualTo(1);
    }

    @Test
    void disparity_manyEqualGroups_intervalReachesZero() {
        GroupSpace space = GroupSpace.of("g", "a", "b", "c", "d");
        SplittableRandom random = new SplittableRandom(6);
        int covered = 0;
        for (int run = 0; run < 200; run++) {
            GroupCube.Accumulator table = GroupCube.accumulator(space);
            for (int i = 0; i < 400; i++) {
                table.add(i % 4, random.nextBoolean(), random.nextInt(10) < 3);
            }
            Estimate.Measured measured = (Estimate.Measured) Disparity.equalizedOddsDifference()
                    .withSettings(AuditSettings.DEFAULT.withReplicates(200))
                    .of(table.cube());
            covered += measured.interval().contains(0) ? 1 : 0;
        }
        // P(Binomial(200, 0.93) < 165) < 1e-6.
        assertThat(covered).isGreaterThanOrEqualTo(165);
    }

    @Test
    void impossibility_differentBaseRates_givesNumbers() {
        // Base rates 0.5 and 0.2; overall TPR 40/70, FPR 30/130, PPV 40/70.
        GroupCube cube = cube(AB, 40, 10, 20, 30, 60, 20, 10, 10);
        List<Impossibility> conflicts = Impossibility.of(cube, AuditSettings.DEFAULT);
        assertThat(conflicts).hasSize(3);
        double tpr = 40 / 70.0;
        assertThat(conflicts.get(0).forced()).isCloseTo((1 - 0.25) * (30 / 70.0) / (40 / 70.0) * tpr, within(1e-12));
        assertThat(conflicts.get(2).forced()).isCloseTo(0.3 * (tpr - 30 / 130.0), within(1e-12));
        assertThat(conflicts.get(0).explanation()).contains("0.5000 in g=a").contains("0.2000 in g=b");
        assertThat(Impossibility.of(cube(AB, 5, 5, 5, 5, 5, 5, 5, 5), AuditSettings.DEFAULT))
                .isEmpty();
        assertThat(Impossibility.of(cube(AB), AuditSettings.DEFAULT)).isEmpty();
    }

    @Test
    void metric_unknownName_isRefused() {
        FairnessReport report = FairnessAudit.of().audit(cube(AB, 1, 1, 1, 1));
        assertThatThrownBy(() -> report.metric("nonsense")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FairnessAudit.of().withReference(2).audit(cube(AB)))
                .hasMessage("reference must be in [-1, 2), was 2");
    }
}
