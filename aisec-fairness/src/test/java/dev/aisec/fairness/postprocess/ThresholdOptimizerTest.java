// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Seed;
import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ThresholdOptimizerTest {
    static void accepted(Verification verification) {
        assertThat(verification.findings()).isEmpty();
        assertThat(verification.verdict()).isEqualTo(Verdict.ACCEPT);
    }

    /** The objective row by row, from its definition. */
    static double direct(DecisionPolicy policy, Objective objective, ScoredData data) {
        int groups = data.rows().space().size();
        double[] tp = new double[groups];
        double[] fp = new double[groups];
        double[] p = new double[groups];
        double[] n = new double[groups];
        for (int i = 0; i < data.rows().size(); i++) {
            int g = data.rows().group(i);
            double w = data.rows().weight(i);
            double a = policy.acceptProbability(g, data.scores()[i]);
            if (data.rows().favourable(i)) {
                tp[g] += a * w;
                p[g] += w;
            } else {
                fp[g] += a * w;
                n[g] += w;
            }
        }
        double allTp = Arrays.stream(tp).sum();
        double allFp = Arrays.stream(fp).sum();
        double allP = Arrays.stream(p).sum();
        double allN = Arrays.stream(n).sum();
        if (objective instanceof Objective.Utility u) {
            return (u.truePositive() * allTp
                            + u.falseNegative() * (allP - allTp)
                            + u.falsePositive() * allFp
                            + u.trueNegative() * (allN - allFp))
                    / (allP + allN);
        }
        if (objective == Objective.BalancedAccuracy.POOLED) {
            return (allTp / allP + 1 - allFp / allN) / 2;
        }
        double sum = 0;
        for (int g = 0; g < groups; g++) {
            sum += p[g] + n[g] == 0 ? 0 : (p[g] + n[g]) / (allP + allN) * (tp[g] / p[g] + 1 - fp[g] / n[g]) / 2;
        }
        return sum;
    }

    @Test
    void solve_scanAndSimplex_agree() {
        for (int seed = 0; seed < 20; seed++) {
            ScoredData data = ScoredData.random(100 + seed, 200, 3, 20, seed % 2 == 0);
            for (ParityConstraint constraint : ParityConstraint.values()) {
                ThresholdProblem problem = new ThresholdOptimizer(constraint, 0.01 * seed, Objective.ACCURACY)
                        .solve(data.rows(), data.scores())
                        .problem();
                BreakpointScan.Answer simplex = Simplex.solve(problem);
                StepPolicy policy = StepPolicy.of(3, problem.curves(), simplex.rules());
                assertThat(Certificate.upper(problem, simplex.multipliers()) - Certificate.objective(problem, policy))
                        .isBetween(0.0, 1e-11);
                BreakpointScan.Answer answer = ThresholdOptimizer.answer(problem);
                assertThat(Certificate.upper(problem, answer.multipliers()))
                        .isCloseTo(Certificate.upper(problem, simplex.multipliers()), within(1e-11));
            }
        }
    }

    @Test
    void verify_anythingChanged_rejects() {
        ScoredData data = ScoredData.random(3, 500, 3, 50, false);
        for (ParityConstraint constraint : ParityConstraint.values()) {
            ThresholdSolution s =
                    ThresholdOptimizer.of(constraint).withTolerance(0.02).solve(data.rows(), data.scores());
            accepted(s.verify());
            rejected(changed(s, s.policy(), s.multipliers(), s.objective() + 1e-9, s.dualBound()), "objective");
            rejected(changed(s, s.policy(), s.multipliers(), s.objective(), s.dualBound() - 1e-6), "dual-bound");
            rejected(changed(s, s.policy(), s.multipliers(), s.objective() - 1e-6, s.dualBound()), "gap");
            rejected(changed(s, s.policy(), s.multipliers(), s.objective(), Double.NaN), "dual-bound");
            if (!s.multipliers().isEmpty()) {
                List<Double> other = new ArrayList<>(s.multipliers());
                other.set(0, other.get(0) + 1e-3);
                rejected(changed(s, s.policy(), other, s.objective(), s.dualBound()), "dual-bound");
                other.remove(0);
                rejected(changed(s, s.policy(), other, s.objective(), s.dualBound()), "multipliers");
            }
            List<StepPolicy.Rule> rules = new ArrayList<>(s.policy().rules());
            rules.set(0, StepPolicy.Rule.threshold(0.123456));
            rejected(changed(s, new StepPolicy(rules), s.multipliers(), s.objective(), s.dualBound()), "policy");
            rules.set(0, StepPolicy.Rule.threshold(Double.NEGATIVE_INFINITY));
            Verification everybody = changed(s, new StepPolicy(rules), s.multipliers(), s.objective(), s.dualBound())
                    .verify();
            assertThat(everybody.verdict()).isEqualTo(Verdict.REJECT);
        }
    }

    @Test
    void verify_otherRows_rejects() {
        ScoredData data = ScoredData.random(3, 500, 3, 50, false);
        ScoredData other = ScoredData.random(4, 500, 3, 50, false);
        ThresholdSolution s =
                ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY).solve(data.rows(), data.scores());
        assertThat(s.verify(other.rows(), other.scores()).verdict()).isEqualTo(Verdict.REJECT);
    }

    private static ThresholdSolution changed(
            ThresholdSolution s, StepPolicy policy, List<Double> multipliers, double objective, double dualBound) {
        return new ThresholdSolution(
                s.problem(), policy, multipliers, objective, dualBound, s.constraintViolation(), s.audit());
    }

    private static void rejected(ThresholdSolution solution, String rule) {
        Verification verification = solution.verify();
        assertThat(verification.verdict()).isEqualTo(Verdict.REJECT);
        assertThat(verification.findings()).anyMatch(f -> f.code().equals("threshold-certificate." + rule));
    }

    @Test
    void upper_anyMultipliers_isABound() {
        RandomGenerator random = new Seed(5).generator(0);
        ScoredData data = ScoredData.random(5, 200, 3, 20, true);
        for (ParityConstraint constraint : ParityConstraint.values()) {
            ThresholdSolution s =
                    ThresholdOptimizer.of(constraint).withTolerance(0.1).solve(data.rows(), data.scores());
            for (int i = 0; i < 200; i++) {
                List<Double> lambda = new ArrayList<>();
                for (int k = 0; k < s.multipliers().size(); k++) {
                    lambda.add(s.multipliers().get(k) + 0.1 * random.nextGaussian());
                }
                assertThat(Certificate.upper(s.problem(), lambda)).isGreaterThanOrEqualTo(s.objective());
            }
        }
    }

    @Test
    void solve_allScoresTied_randomisesInsideTheTie() {
        // Demographic parity with one score: accept everybody with the same probability; favourable labels prevail.
        GroupedRows rows = GroupedRows.of(GroupSpace.of("g", "a", "b"), new int[] {0, 0, 0, 1, 1, 1}, new boolean[] {
            true, true, false, true, true, false
        });
        double[] scores = new double[6];
        ThresholdSolution s =
                ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY).solve(rows, scores);
        assertThat(s.objective()).isCloseTo(4 / 6.0, within(1e-12));
        // Group b gets other scores: to accept one of three in a, the tie has to be split.
        double[] split = {0, 0, 0, 1, 0, -1};
        GroupedRows other =
                GroupedRows.of(rows.space(), rows.groups(), new boolean[] {true, false, false, true, false, false});
        ThresholdSolution t = ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY)
                .withObjective(Objective.BalancedAccuracy.POOLED)
                .solve(other, split);
        assertThat(t.policy().acceptProbability(0, 0)).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(t.policy().acceptProbability(1, 1)).isEqualTo(1);
        assertThat(t.policy().acceptProbability(1, 0)).isZero();
    }

    @Test
    void solve_negativeZero_tiesWithZero() {
        GroupedRows rows = GroupedRows.of(GroupSpace.of("g", "a"), new int[] {0, 0}, new boolean[] {true, false});
        assertThat(ScoreCurve.of(rows, new double[] {-0.0, 0.0}).get(0).size()).isEqualTo(3);
    }

    @Test
    void solve_groupWithoutPositives_refusesByName() {
        GroupedRows rows = GroupedRows.of(
                GroupSpace.of("sex", "F", "M"), new int[] {0, 0, 1, 1}, new boolean[] {false, false, true, false});
        double[] scores = {0.1, 0.2, 0.3, 0.4};
        for (ParityConstraint constraint :
                List.of(ParityConstraint.TRUE_POSITIVE_RATE_PARITY, ParityConstraint.EQUALIZED_ODDS)) {
            assertThatThrownBy(() -> ThresholdOptimizer.of(constraint).solve(rows, scores))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("favourable label")
                    .hasMessageContaining("sex=F");
        }
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE)
                        .withObjective(Objective.BalancedAccuracy.GROUP_WEIGHTED)
                        .solve(rows, scores))
                .hasMessageContaining("sex=F");
        ThresholdSolution parity =
                ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY).solve(rows, scores);
        accepted(parity.verify());
        assertThat(parity.audit().groups().get(0).truePositive()).isInstanceOf(Estimate.Abstained.class);
        assertThat(parity.audit().truePositiveDifference()).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void solve_oneClassOneRowOrZeroWeights_hasAnAnswerOrAReason() {
        GroupSpace space = GroupSpace.of("g", "a", "b");
        GroupedRows oneRow = GroupedRows.of(space, new int[] {1}, new boolean[] {true});
        for (ParityConstraint constraint : ParityConstraint.values()) {
            if (constraint.needsNegatives()) {
                assertThatThrownBy(() -> ThresholdOptimizer.of(constraint).solve(oneRow, new double[] {0.5}))
                        .isInstanceOf(IllegalArgumentException.class);
                continue;
            }
            ThresholdSolution s = ThresholdOptimizer.of(constraint).solve(oneRow, new double[] {0.5});
            assertThat(s.objective()).isCloseTo(1, within(1e-12));
            accepted(s.verify(oneRow, new double[] {0.5}));
            assertThatThrownBy(() -> s.policy().acceptProbability(0, 0.5)).hasMessageContaining("rows in fitting");
            noNaN(s.evidence());
        }
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE)
                        .withObjective(Objective.BalancedAccuracy.POOLED)
                        .solve(oneRow, new double[] {0.5}))
                .hasMessageContaining("favourable and unfavourable");
        GroupedRows empty = GroupedRows.of(space, new int[0], new boolean[0]);
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE).solve(empty, new double[0]))
                .hasMessageContaining("rows must have weight");
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE)
                        .solve(oneRow.withWeights(new double[1]), new double[1]))
                .hasMessageContaining("rows must have weight");
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE).solve(oneRow, new double[] {Double.NaN}))
                .hasMessageContaining("scores must be finite");
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE).solve(oneRow, new double[2]))
                .hasMessageContaining("as many as rows");
        assertThatThrownBy(() -> ThresholdOptimizer.of(ParityConstraint.NONE)
                        .solve(oneRow.withWeights(new double[] {1e-200}), new double[1]))
                .hasMessageContaining("weight of each label");
    }

    private static void noNaN(Evidence evidence) {
        assertThat(evidence.technique()).isEqualTo(Technique.BIAS_POST_PROCESSING);
        assertThat(evidence.toString()).doesNotContain("NaN").doesNotContain("Infinity");
        assertThat(evidence.findings()).anyMatch(f -> f.code().equals("bias-post-processing.in-sample"));
    }

    @Test
    void solve_moreThanTenThousandGroups_isExact() {
        ScoredData data = ScoredData.random(9, 60_000, 12_000, 100, false);
        ThresholdSolution s = ThresholdOptimizer.of(ParityConstraint.TRUE_POSITIVE_RATE_PARITY)
                .solve(data.rows(), data.scores());
        assertThat(s.gap()).isBetween(0.0, 1e-9);
        accepted(s.verify());
        ThresholdOptimizer odds = ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS);
        ThresholdSolution common = odds.solve(data.rows(), data.scores());
        assertThat(common.gap()).isBetween(0.0, 1e-9);
        accepted(common.verify());
        assertThatThrownBy(() -> odds.withTolerance(0.01).solve(data.rows(), data.scores()))
                .hasMessageContaining("at most 128");
    }

    @Test
    void solve_equalizedOddsOfManyGroups_isExact() {
        // Where the simplex method lost its digits: its gap was 5e-4 at 64 groups, and beyond any bound at 192.
        for (int groups : new int[] {1, 2, 3, 64, 100, 256}) {
            ScoredData data = ScoredData.random(groups, 300 * groups, groups, 500, false);
            for (Objective objective : List.of(
                    Objective.ACCURACY, Objective.BalancedAccuracy.POOLED, Objective.BalancedAccuracy.GROUP_WEIGHTED)) {
                ThresholdSolution s = ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS)
                        .withObjective(objective)
                        .solve(data.rows(), data.scores());
                assertThat(s.gap()).as("%d groups, %s", groups, objective).isBetween(0.0, 1e-9);
                accepted(s.verify());
            }
        }
    }

    @Test
    void solve_weights_areLikeRepeatedRows() {
        ScoredData data = ScoredData.random(11, 100, 2, 20, false);
        double[] weights = new double[100];
        List<Integer> repeated = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            weights[i] = i % 3;
            for (int k = 0; k < i % 3; k++) {
                repeated.add(i);
            }
        }
        int[] rows = repeated.stream().mapToInt(i -> i).toArray();
        double[] scores = Arrays.stream(rows).mapToDouble(i -> data.scores()[i]).toArray();
        ThresholdOptimizer optimizer = ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS);
        assertThat(optimizer
                        .solve(data.rows().withWeights(weights), data.scores())
                        .policy())
                .isEqualTo(optimizer.solve(data.rows().select(rows), scores).policy());
    }

    @Test
    void evidence_anySolution_carriesWarningAndIntervals() {
        ScoredData data = ScoredData.random(12, 400, 3, 20, true);
        ThresholdSolution s =
                ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS).solve(data.rows(), data.scores());
        noNaN(s.evidence());
        assertThat(s.evidence())
                .isEqualTo(ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS)
                        .solve(data.rows(), data.scores())
                        .evidence());
        assertThat(s.evidence().measurements()).hasSize(4 + 3 * 3);
        PolicyAudit elsewhere = PolicyAudit.of(s.policy(), data.rows(), data.scores());
        assertThat(elsewhere.inSample()).isFalse();
        assertThat(elsewhere.findings()).isEmpty();
    }

    @Test
    void frontier_betweenCorners_agreesWithSolutions() {
        RandomGenerator random = new Seed(13).generator(0);
        ScoredData data = ScoredData.random(13, 1000, 4, 100, true);
        for (ParityConstraint constraint : ParityConstraint.values()) {
            ThresholdOptimizer optimizer = ThresholdOptimizer.of(constraint);
            ToleranceFrontier frontier = optimizer.frontier(data.rows(), data.scores(), 2000);
            assertThat(frontier.exact()).as(constraint.name()).isTrue();
            for (int i = 0; i < 30; i++) {
                double tolerance = random.nextDouble() * (i % 2 == 0 ? 1 : 0.2);
                assertThat(frontier.at(tolerance))
                        .isCloseTo(
                                optimizer
                                        .withTolerance(tolerance)
                                        .solve(data.rows(), data.scores())
                                        .objective(),
                                within(1e-10));
            }
            double before = Double.POSITIVE_INFINITY;
            for (int i = 1; i < frontier.points().size(); i++) {
                ToleranceFrontier.Point a = frontier.points().get(i - 1);
                ToleranceFrontier.Point b = frontier.points().get(i);
                double slope = (b.objective() - a.objective()) / (b.tolerance() - a.tolerance());
                assertThat(slope).isLessThan(before + 1e-6).isGreaterThanOrEqualTo(-1e-9);
                before = slope;
            }
        }
        ToleranceFrontier cut =
                ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY).frontier(data.rows(), data.scores(), 4);
        assertThat(cut.exact()).isFalse();
        assertThat(cut.largestError()).isPositive();
    }
}
