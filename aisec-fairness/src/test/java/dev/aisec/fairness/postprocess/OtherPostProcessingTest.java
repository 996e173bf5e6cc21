// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Technique;
import dev.aisec.fairness.metric.GroupCube;
import dev.aisec.fairness.metric.GroupRate;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import dev.aisec.fairness.metric.Measure;
import dev.aisec.fairness.metric.PairContrast;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OtherPostProcessingTest {
    private static final GroupSpace TWO = GroupSpace.of("g", "a", "b");

    private static void checkEvidence(Evidence evidence) {
        assertThat(evidence.technique()).isEqualTo(Technique.BIAS_POST_PROCESSING);
        assertThat(evidence.toString()).doesNotContain("NaN");
        assertThat(evidence.findings()).anyMatch(f -> f.code().equals("bias-post-processing.in-sample"));
    }

    /** Rows of a group: 10 positives of which {@code tp} and 10 negatives of which {@code fp} are accepted. */
    private static void add(List<boolean[]> rows, int group, int tp, int fp) {
        for (int i = 0; i < 10; i++) {
            rows.add(new boolean[] {group == 1, true, i < tp});
            rows.add(new boolean[] {group == 1, false, i < fp});
        }
    }

    private static HardtEqualizedOdds.Derived hardt(List<boolean[]> table) {
        int[] group = table.stream().mapToInt(r -> r[0] ? 1 : 0).toArray();
        boolean[] label = new boolean[group.length];
        boolean[] decision = new boolean[group.length];
        for (int i = 0; i < group.length; i++) {
            label[i] = table.get(i)[1];
            decision[i] = table.get(i)[2];
        }
        return HardtEqualizedOdds.of().solve(GroupedRows.of(TWO, group, label), decision);
    }

    @Test
    void hardt_twoGroups_asComputedByHand() {
        // a reaches (0.2, 0.8), b (0.3, 0.6). At equal base rates accuracy is (1 + t − f) / 2. The triangle of b has
        // its greatest
        // t − f = 0.3 at its corner, which lies inside the triangle of a.
        List<boolean[]> table = new ArrayList<>();
        add(table, 0, 8, 2);
        add(table, 1, 6, 3);
        HardtEqualizedOdds.Derived derived = hardt(table);
        assertThat(derived.turned()).containsExactly(false, false);
        assertThat(derived.solution().objective()).isCloseTo(0.65, within(1e-12));
        assertThat(derived.verify().findings()).isEmpty();
        assertThat(derived.acceptProbability(1, 1)).isEqualTo(1);
        assertThat(derived.acceptProbability(1, 0)).isZero();
        // In a: p1 · 0.8 + p0 · 0.2 = 0.6 and p1 · 0.2 + p0 · 0.8 = 0.3, so p1 = 0.7, p0 = 0.2.
        assertThat(derived.acceptProbability(0, 1)).isCloseTo(0.7, within(1e-12));
        assertThat(derived.acceptProbability(0, 0)).isCloseTo(0.2, within(1e-12));
        checkEvidence(derived.evidence());
        assertThatThrownBy(() -> derived.acceptProbability(0, 0.5)).hasMessageContaining("0 or 1");
    }

    @Test
    void hardt_groupWorseThanChance_isTurnedRound() {
        List<boolean[]> table = new ArrayList<>();
        add(table, 0, 2, 8);
        add(table, 1, 8, 2);
        HardtEqualizedOdds.Derived derived = hardt(table);
        assertThat(derived.turned()).containsExactly(true, false);
        assertThat(derived.solution().objective()).isCloseTo(0.8, within(1e-12));
        assertThat(derived.acceptProbability(0, 0)).isEqualTo(1);
        assertThat(derived.acceptProbability(0, 1)).isZero();
    }

    @Test
    void hardt_badInput_refuses() {
        GroupedRows rows = GroupedRows.of(TWO, new int[] {0, 1}, new boolean[] {true, false});
        assertThatThrownBy(() -> HardtEqualizedOdds.of().solve(rows, new boolean[1]))
                .hasMessageContaining("as many as rows");
        assertThatThrownBy(() -> HardtEqualizedOdds.of().solve(rows, new boolean[2]))
                .hasMessageContaining("label");
        assertThatThrownBy(() -> new HardtEqualizedOdds(-1, Objective.ACCURACY)).hasMessageContaining("[0, 1]");
    }

    @Test
    void calibratedEqualizedOdds_reachable_costsAreEqual() {
        // Calibrated scores. a: 0.2 and 0.8, b: 0.4 and 0.6; both have base rate 0.5. False negatives cost 0.32 and
        // 0.48.
        int[] group = new int[40];
        boolean[] label = new boolean[40];
        double[] scores = new double[40];
        for (int i = 0; i < 40; i++) {
            group[i] = i / 20;
            int inGroup = i % 20;
            boolean high = inGroup < 10;
            int positives = group[i] == 0 ? (high ? 8 : 2) : high ? 6 : 4;
            label[i] = inGroup % 10 < positives;
            scores[i] = positives / 10.0;
        }
        GroupedRows rows = GroupedRows.of(TWO, group, label);
        CalibratedEqualizedOdds.Fitted fitted =
                CalibratedEqualizedOdds.falseNegatives().fit(rows, scores);
        assertThat(fitted.mix(0).cost()).isCloseTo(0.32, within(1e-12));
        assertThat(fitted.mix(1).cost()).isCloseTo(0.48, within(1e-12));
        // (0.48 − 0.32) / (0.5 − 0.32)
        assertThat(fitted.mix(0).mixRate()).isCloseTo(8 / 9.0, within(1e-12));
        assertThat(fitted.mix(1).mixRate()).isZero();
        assertThat(fitted.reached()).isTrue();
        // The expected cost, person by person.
        double expected = 0;
        int n = 0;
        for (int i = 0; i < 20; i++) {
            if (label[i]) {
                expected += fitted.mix(0).mixRate() * 0.5 + (1 - fitted.mix(0).mixRate()) * (1 - scores[i]);
                n++;
            }
        }
        assertThat(expected / n).isCloseTo(0.48, within(1e-12));
        KeyedCoin coin = KeyedCoin.of("0123456789abcdef".getBytes(StandardCharsets.UTF_8), "");
        assertThat(fitted.score(1, 0.6, "Ada", coin)).isEqualTo(0.6);
        assertThat(fitted.score(0, 0.8, "Ada", coin)).isIn(0.5, 0.8);
        assertThat(fitted.acceptProbability(0, 0.2)).isCloseTo(8 / 9.0, within(1e-12));
        checkEvidence(fitted.evidence());
    }

    @Test
    void calibratedEqualizedOdds_outOfReach_isClippedAndSaysSo() {
        // False negatives of a cost at most 1 − 0.9 = 0.1 when all scores are replaced; those of b cost more than that.
        boolean[] label = new boolean[40];
        int[] group = new int[40];
        double[] scores = new double[40];
        for (int i = 0; i < 40; i++) {
            group[i] = i / 20;
            label[i] = i < 18 || i >= 20 && i < 24;
            scores[i] = i < 20 ? (label[i] ? 0.95 : 0.45) : 0.2;
        }
        CalibratedEqualizedOdds.Fitted fitted =
                CalibratedEqualizedOdds.falseNegatives().fit(GroupedRows.of(TWO, group, label), scores);
        assertThat(fitted.mix(0).mixRate()).isEqualTo(1);
        assertThat(fitted.mix(0).costAfter()).isCloseTo(0.1, within(1e-12));
        assertThat(fitted.reached()).isFalse();
        assertThat(fitted.residual()).isCloseTo(0.7, within(1e-12));
        assertThat(fitted.evidence().findings()).anyMatch(f -> f.code().equals("calibrated-equalized-odds.clipped"));
        assertThatThrownBy(() -> fitted.mix(2)).hasMessageContaining("rows in fitting");
    }

    @Test
    void calibratedEqualizedOdds_realData_mixRatesAreRates() {
        for (ScoredData data : ScoredData.real()) {
            for (CalibratedEqualizedOdds technique : List.of(
                    CalibratedEqualizedOdds.falseNegatives(),
                    CalibratedEqualizedOdds.falsePositives(),
                    new CalibratedEqualizedOdds(1, 1))) {
                CalibratedEqualizedOdds.Fitted fitted = technique.fit(data.rows(), data.scores());
                assertThat(fitted.mixes()).allMatch(m -> m.mixRate() >= 0 && m.mixRate() <= 1);
                assertThat(fitted.reached())
                        .isEqualTo(fitted.evidence().findings().size() == 1);
            }
        }
    }

    @Test
    void calibratedEqualizedOdds_badInput_refuses() {
        GroupedRows rows = GroupedRows.of(TWO, new int[] {0, 1}, new boolean[] {true, false});
        assertThatThrownBy(() -> CalibratedEqualizedOdds.falseNegatives().fit(rows, new double[] {0, 2}))
                .hasMessageContaining("[0, 1]");
        assertThatThrownBy(() -> CalibratedEqualizedOdds.falseNegatives().fit(rows, new double[2]))
                .hasMessageContaining("both labels");
        assertThatThrownBy(() -> CalibratedEqualizedOdds.falseNegatives()
                        .fit(GroupedRows.of(TWO, new int[0], new boolean[0]), new double[0]))
                .hasMessageContaining("must have weight");
        assertThatThrownBy(() -> new CalibratedEqualizedOdds(0, 0)).hasMessageContaining("not both");
    }

    @Test
    void rejectOption_smallData_equalsEnumeration() {
        for (int seed = 0; seed < 20; seed++) {
            ScoredData data = ScoredData.random(seed, 60, 3, seed % 2 == 0 ? 12 : 1000, seed % 3 == 0);
            for (ParityConstraint constraint : ParityConstraint.values()) {
                if (constraint == ParityConstraint.NONE) {
                    continue;
                }
                for (double tolerance : new double[] {0, 0.03, 0.2}) {
                    RejectOption option = RejectOption.of(constraint, Set.of(0, 2))
                            .withTolerance(tolerance)
                            .withThresholds(10);
                    RejectOption.Fitted fitted = option.fit(data.rows(), data.scores());
                    double[] reference = enumerate(option, data);
                    assertThat(fitted.met()).isEqualTo(reference[1] <= tolerance + 1e-12);
                    if (fitted.met()) {
                        assertThat(fitted.objective()).isCloseTo(reference[0], within(1e-9));
                    } else {
                        assertThat(fitted.difference()).isCloseTo(reference[1], within(1e-9));
                    }
                    double[] own = evaluate(option, data, fitted.policy());
                    assertThat(fitted.objective()).isCloseTo(own[0], within(1e-9));
                    assertThat(fitted.difference()).isCloseTo(own[1], within(1e-9));
                    checkEvidence(fitted.evidence());
                }
            }
        }
    }

    /** All margins of all thresholds: by the definition, row by row. */
    private static double[] enumerate(RejectOption option, ScoredData data) {
        double[] best = {Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY};
        for (double threshold : option.thresholds()) {
            List<Double> margins = new ArrayList<>(List.of(0.0));
            for (double score : data.scores()) {
                margins.add(Math.nextUp(Math.abs(score - threshold)));
            }
            for (double margin : margins) {
                DecisionPolicy rule = (g, s) -> Math.abs(s - threshold) < margin
                        ? option.deprived().contains(g) ? 1 : 0
                        : s >= threshold ? 1 : 0;
                double[] here = evaluate(option, data, rule);
                boolean met = here[1] <= option.tolerance() + 1e-12;
                boolean bestMet = best[1] <= option.tolerance() + 1e-12;
                if (met == bestMet ? met ? here[0] > best[0] : here[1] < best[1] : met) {
                    best = here;
                }
            }
        }
        return best;
    }

    private static double[] evaluate(RejectOption option, ScoredData data, DecisionPolicy rule) {
        // [side][label]
        double[][] accepted = new double[2][2];
        double[][] all = new double[2][2];
        for (int i = 0; i < data.rows().size(); i++) {
            int side = option.deprived().contains(data.rows().group(i)) ? 1 : 0;
            int label = data.rows().favourable(i) ? 1 : 0;
            all[side][label] += data.rows().weight(i);
            accepted[side][label] +=
                    data.rows().weight(i) * rule.acceptProbability(data.rows().group(i), data.scores()[i]);
        }
        double tpr = Math.abs(accepted[0][1] / all[0][1] - accepted[1][1] / all[1][1]);
        double fpr = Math.abs(accepted[0][0] / all[0][0] - accepted[1][0] / all[1][0]);
        double selection = Math.abs(Arrays.stream(accepted[0]).sum()
                        / Arrays.stream(all[0]).sum()
                - Arrays.stream(accepted[1]).sum() / Arrays.stream(all[1]).sum());
        double difference = switch (option.constraint()) {
            case DEMOGRAPHIC_PARITY -> selection;
            case TRUE_POSITIVE_RATE_PARITY -> tpr;
            case FALSE_POSITIVE_RATE_PARITY -> fpr;
            default -> Math.max(tpr, fpr);
        };
        return new double[] {ThresholdOptimizerTest.direct(rule, option.objective(), data), difference};
    }

    @Test
    void rejectOption_realData_isNeverBetterThanThresholdsByGroup() {
        for (ScoredData data : ScoredData.real()) {
            Set<Integer> deprived = Set.of(0);
            RejectOption.Fitted fitted = RejectOption.of(ParityConstraint.DEMOGRAPHIC_PARITY, deprived)
                    .withThresholds(100)
                    .fit(data.rows(), data.scores());
            if (data.rows().space().size() == 2 && fitted.met()) {
                assertThat(fitted.objective())
                        .isLessThanOrEqualTo(ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY)
                                        .withTolerance(0.05)
                                        .solve(data.rows(), data.scores())
                                        .dualBound()
                                + 1e-12);
            }
        }
    }

    @Test
    void rejectOption_badInput_refuses() {
        GroupedRows rows = GroupedRows.of(TWO, new int[] {0, 0}, new boolean[] {true, false});
        RejectOption option = RejectOption.of(ParityConstraint.DEMOGRAPHIC_PARITY, Set.of(1));
        assertThatThrownBy(() -> option.fit(rows, new double[2]))
                .hasMessageContaining("deprived groups must have rows");
        assertThatThrownBy(() -> option.fit(rows, new double[] {0, 1.5})).hasMessageContaining("[0, 1]");
        assertThatThrownBy(() -> option.fit(rows.withWeights(new double[2]), new double[2]))
                .hasMessageContaining("must have weight");
        assertThatThrownBy(() -> RejectOption.of(ParityConstraint.NONE, Set.of(0)))
                .hasMessageContaining("NONE");
        assertThatThrownBy(() -> RejectOption.of(ParityConstraint.EQUALIZED_ODDS, Set.of()))
                .hasMessageContaining("at least one");
        assertThatThrownBy(() -> RejectOption.of(ParityConstraint.EQUALIZED_ODDS, Set.of(7))
                        .fit(rows, new double[2]))
                .hasMessageContaining("one was 7");
    }

    @Test
    void isotonic_anyData_equalsPoolAdjacentViolators() {
        for (int seed = 0; seed < 10; seed++) {
            ScoredData data = ScoredData.random(seed, 300, 3, 40, seed % 2 == 0);
            GroupCalibration.Fitted fitted = GroupCalibration.isotonic().fit(data.rows(), data.scores());
            for (int g = 0; g < 3; g++) {
                int group = g;
                double[] distinct = java.util.stream.IntStream.range(0, 300)
                        .filter(i ->
                                data.rows().group(i) == group && data.rows().weight(i) > 0)
                        .mapToDouble(i -> data.scores()[i])
                        .sorted()
                        .distinct()
                        .toArray();
                double[] expected = pool(data, g, distinct);
                for (int k = 0; k < distinct.length; k++) {
                    assertThat(fitted.score(g, distinct[k])).isCloseTo(expected[k], within(1e-12));
                }
            }
            checkEvidence(fitted.evidence());
        }
    }

    /** The maximum-minimum formula of isotonic regression. */
    private static double[] pool(ScoredData data, int group, double[] distinct) {
        double[] positive = new double[distinct.length];
        double[] all = new double[distinct.length];
        for (int i = 0; i < data.rows().size(); i++) {
            if (data.rows().group(i) == group && data.rows().weight(i) > 0) {
                int k = Arrays.binarySearch(distinct, data.scores()[i]);
                all[k] += data.rows().weight(i);
                positive[k] += data.rows().favourable(i) ? data.rows().weight(i) : 0;
            }
        }
        double[] fit = new double[distinct.length];
        for (int k = 0; k < fit.length; k++) {
            double most = 0;
            for (int a = 0; a <= k; a++) {
                double least = 1;
                double p = 0;
                double n = 0;
                for (int b = a; b < fit.length; b++) {
                    p += positive[b];
                    n += all[b];
                    least = b >= k ? Math.min(least, p / n) : least;
                }
                most = Math.max(most, least);
            }
            fit[k] = most;
        }
        return fit;
    }

    @Test
    void histogram_anyData_blocksHoldTheirShare() {
        ScoredData data = ScoredData.random(5, 2000, 2, 1_000_000, false);
        GroupCalibration.Fitted fitted = GroupCalibration.histogram(10).fit(data.rows(), data.scores());
        for (int g = 0; g < 2; g++) {
            assertThat(fitted.blocks().get(g)).hasSize(10);
            long n = fitted.blocks().get(g).stream()
                    .mapToLong(b -> b.share().n())
                    .sum();
            assertThat(fitted.blocks().get(g)).allMatch(b -> Math.abs(b.share().n() - n / 10.0) <= 2);
        }
        // Mean calibrated score is the base rate of each group.
        double[] excess = new double[2];
        for (int i = 0; i < 2000; i++) {
            excess[data.rows().group(i)] += fitted.score(data.rows().group(i), data.scores()[i])
                    - (data.rows().favourable(i) ? 1 : 0);
        }
        assertThat(excess[0]).isCloseTo(0, within(1e-9));
        assertThat(excess[1]).isCloseTo(0, within(1e-9));
    }

    @Test
    void calibration_degenerate_hasAnAnswerOrAReason() {
        GroupedRows one = GroupedRows.of(TWO, new int[] {1}, new boolean[] {true});
        for (GroupCalibration technique : List.of(GroupCalibration.isotonic(), GroupCalibration.histogram(10))) {
            GroupCalibration.Fitted fitted = technique.fit(one, new double[] {0.4});
            assertThat(fitted.score(1, -5)).isEqualTo(1);
            assertThat(fitted.block(1, 0.4).share().interval().lower()).isBetween(0.0, 0.3);
            assertThatThrownBy(() -> fitted.score(0, 0.4)).hasMessageContaining("rows in fitting");
            assertThatThrownBy(() -> fitted.score(1, Double.NaN)).hasMessageContaining("NaN");
            assertThat(fitted.evidence().findings()).anyMatch(f -> f.code().equals("group-calibration.few-rows"));
            GroupedRows two = GroupedRows.of(TWO, new int[] {1, 1}, new boolean[] {true, false});
            GroupCalibration.Fitted huge = technique.fit(two, new double[] {Double.MAX_VALUE, -Double.MAX_VALUE});
            checkEvidence(huge.evidence());
        }
        assertThatThrownBy(() ->
                        GroupCalibration.isotonic().fit(GroupedRows.of(TWO, new int[0], new boolean[0]), new double[0]))
                .hasMessageContaining("must have weight");
        assertThatThrownBy(() -> GroupCalibration.histogram(0)).hasMessageContaining(">= 1");
    }

    @Test
    void audit_extremeWeights_hasFiniteIntervals() {
        GroupedRows rows = GroupedRows.of(
                TWO, new int[] {0, 0, 1, 1}, new boolean[] {true, false, true, false}, new double[] {1e300, 1e-300, 1, 0
                });
        PolicyAudit audit = PolicyAudit.of((g, s) -> 0.5, rows, new double[4]);
        assertThat(audit.toString()).doesNotContain("NaN").doesNotContain("Infinity");
        assertThat(audit.groups().get(1).falsePositive()).isInstanceOf(Estimate.Abstained.class);
        assertThat(PolicyAudit.of((g, s) -> 0.5, GroupedRows.of(TWO, new int[0], new boolean[0]), new double[0])
                        .accuracy())
                .isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void policyAudit_thresholds_saysWhatTheAuditOfTheirDecisionsSays() {
        int n = 90;
        GroupSpace space = GroupSpace.of("g", "a", "b");
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        boolean[] decisions = new boolean[n];
        double[] scores = new double[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            groups[i] = i % 3 == 0 ? 0 : 1;
            labels[i] = i % 2 == 0;
            scores[i] = (i * 37 % n) / (double) n;
            decisions[i] = scores[i] >= 0.4;
            weights[i] = 1 + i % 4;
        }
        PolicyAudit audit = PolicyAudit.of(
                (group, score) -> score >= 0.4 ? 1 : 0, GroupedRows.of(space, groups, labels, weights), scores);
        GroupCube cube = GroupCube.of(space, groups, labels, decisions, weights);
        for (int g = 0; g < 2; g++) {
            assertSame(
                    audit.groups().get(g).selection(),
                    GroupRate.of(Measure.SELECTION_RATE, g).of(cube));
            assertSame(
                    audit.groups().get(g).truePositive(),
                    GroupRate.of(Measure.TRUE_POSITIVE_RATE, g).of(cube));
        }
        int high = value(audit.groups().get(0).truePositive())
                        > value(audit.groups().get(1).truePositive())
                ? 0
                : 1;
        assertSame(
                audit.truePositiveDifference(),
                PairContrast.difference(Measure.TRUE_POSITIVE_RATE, high, 1 - high)
                        .of(cube));
    }

    private static double value(Estimate estimate) {
        return ((Estimate.Measured) estimate).value();
    }

    private static void assertSame(Estimate actual, Estimate expected) {
        assertThat(value(actual)).isCloseTo(value(expected), within(1e-12));
        assertThat(((Estimate.Measured) actual).interval().lower())
                .isCloseTo(((Estimate.Measured) expected).interval().lower(), within(1e-9));
        assertThat(((Estimate.Measured) actual).interval().upper())
                .isCloseTo(((Estimate.Measured) expected).interval().upper(), within(1e-9));
    }
}
