// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Finding;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Preprocessor;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.robustness.attack.Apgd;
import dev.aisec.robustness.attack.ApgdTargeted;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Ensemble;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.RandomNoise;
import dev.aisec.robustness.evaluation.AttackSelfTest.Outcome;
import dev.aisec.robustness.evaluation.AttackSelfTest.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttackSelfTestTest {
    private static final int N = 60;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 5, Bounds.of(0, 1));
    private static final Mlp MODEL = new Mlp(SPEC, 25, true, 3);

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] x = new float[rows * N];
        for (int i = 0; i < x.length; i++) {
            // Some at the border of the box, where half of the rim is cut off.
            x[i] = i % 4 == 0 ? Math.round(random.nextFloat()) : random.nextFloat();
        }
        return Batch.wrap(x, SPEC.inputShape());
    }

    private static AttackSelfTest.Result test(
            BallAttack<? super DifferentiableClassifier> attack, DifferentiableClassifier model) {
        return AttackSelfTest.of(attack).run("m", model, inputs(80), RowChunks.of(40), Progress.NONE);
    }

    private static double value(Estimate share) {
        return ((Estimate.Measured) share).value();
    }

    static Stream<BallAttack<? super DifferentiableClassifier>> sound() {
        return Stream.of(
                Pgd.of(Norm.LINF, 0.05),
                Pgd.of(Norm.L2, 0.2),
                Pgd.of(Norm.L1, 0.6).withSteps(0.1, 80),
                Apgd.ce(Norm.LINF, 0.05).withSteps(40),
                ApgdTargeted.of(Norm.LINF, 0.05).withSteps(30, 1),
                new Ensemble<DifferentiableClassifier>(
                        List.of(RandomNoise.of(Norm.LINF, 0.01), Apgd.dlr(Norm.LINF, 0.01))));
    }

    @ParameterizedTest
    @MethodSource("sound")
    void run_soundAttack_passesWhereNoiseFails(BallAttack<? super DifferentiableClassifier> attack) {
        AttackSelfTest.Result result = test(attack, MODEL);
        assertThat(result.testable()).isGreaterThan(70);
        assertThat(value(result.found())).isGreaterThan(0.98);
        assertThat(value(result.foundByChance())).isLessThan(0.3);
        assertThat(result.verdict()).isEqualTo(Verdict.PASSED);
        assertThat(result.evidence().findings()).isEmpty();
        assertThat(result.evidence().measurements()).hasSize(3);
    }

    @Test
    void run_linearModelAndTanhModel_pass() {
        RandomGenerator random = new Seed(2).generator(0);
        float[][] w = new float[5][N];
        for (float[] row : w) {
            for (int j = 0; j < N; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        assertThat(test(Pgd.of(Norm.LINF, 0.05), new LinearClassifier(w, new float[5], SPEC))
                        .passed())
                .isTrue();
        assertThat(test(Pgd.of(Norm.LINF, 0.05), new Mlp(SPEC, 20, false, 9)).passed())
                .isTrue();
    }

    @Test
    void run_attackTooWeak_fails() {
        AttackSelfTest.Result result = test(Pgd.of(Norm.LINF, 0.05).withSteps(0.01, 1), MODEL);
        assertThat(result.verdict()).isEqualTo(Verdict.FAILED);
        assertThat(result.passed()).isFalse();
        assertThat(result.evidence().findings().stream().map(Finding::code)).containsExactly("attack-self-test.failed");
        assertThat(result.evidence().findings().get(0).message()).contains("adversarial examples that certainly exist");
    }

    @Test
    void run_noiseAsAttack_fails() {
        assertThat(test(RandomNoise.of(Norm.LINF, 0.05), MODEL).verdict()).isEqualTo(Verdict.FAILED);
    }

    /** A model whose gradient is multiplied. */
    private record Scaled(float factor) implements DifferentiableClassifier {
        @Override
        public ModelSpec spec() {
            return SPEC;
        }

        @Override
        public Batch logits(Batch inputs) {
            return MODEL.logits(inputs);
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            LogitsAndGradient both = MODEL.gradient(inputs, cotangentOfLogits);
            float[] g = both.gradient().toArray();
            for (int i = 0; i < g.length; i++) {
                g[i] *= factor;
            }
            return new LogitsAndGradient(both.logits(), inputs.like(g, inputs.shape()));
        }
    }

    @Test
    void run_flippedOrZeroGradient_fails() {
        assertThat(test(Pgd.of(Norm.LINF, 0.05), new Scaled(-1)).verdict()).isEqualTo(Verdict.FAILED);
        assertThat(test(Pgd.of(Norm.LINF, 0.05), new Scaled(0)).verdict()).isEqualTo(Verdict.FAILED);
        assertThat(test(Pgd.of(Norm.LINF, 0.05), new Scaled(1)).verdict()).isEqualTo(Verdict.PASSED);
    }

    @Test
    void run_quantiser_passesOnlyWithStraightThroughGradient() {
        Preprocessor straight = RoundingTo.levels(50);
        Preprocessor naive = RoundingTo.levels(50).withTrueDerivative();
        Pgd attack = Pgd.of(Norm.LINF, 0.06);
        assertThat(test(attack, straight.before(MODEL)).verdict()).isEqualTo(Verdict.PASSED);
        assertThat(test(attack, naive.before(MODEL)).verdict()).isEqualTo(Verdict.FAILED);
    }

    @Test
    void run_constantModel_isNotTestable() {
        LinearClassifier constant = new LinearClassifier(new float[5][N], new float[] {1, 2, 3, 4, 5}, SPEC);
        AttackSelfTest.Result result = test(Pgd.of(Norm.LINF, 0.05), constant);
        assertThat(result.rows()).hasSize(80).allMatch(r -> r.outcome() == Outcome.NOT_TESTABLE && !r.byChance());
        assertThat(result.verdict()).isEqualTo(Verdict.UNDECIDED);
        assertThat(result.found()).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void run_otherChunks_sameRows() {
        AttackSelfTest test = AttackSelfTest.of(Pgd.of(Norm.LINF, 0.05).withSteps(0.02, 12));
        List<AttackSelfTest.Row> whole = test.run("m", MODEL, inputs(20), RowChunks.of(20), Progress.NONE)
                .rows();
        assertThat(test.run("m", MODEL, inputs(20), RowChunks.of(3), Progress.NONE)
                        .rows())
                .isEqualTo(whole);
        // Numbers of a selection do not matter: rows are numbered anew.
        assertThat(test.run("m", MODEL, inputs(40).select(0, 1, 2, 3), RowChunks.of(3), Progress.NONE)
                        .rows())
                .isEqualTo(whole.subList(0, 4));
    }

    @Test
    void verdict_countsAndLuck_decide() {
        assertThat(verdict(59, 0, 0)).isEqualTo(Verdict.PASSED);
        assertThat(verdict(58, 0, 0)).isEqualTo(Verdict.UNDECIDED);
        assertThat(verdict(98, 2, 0)).isEqualTo(Verdict.UNDECIDED);
        assertThat(verdict(90, 10, 0)).isEqualTo(Verdict.FAILED);
        assertThat(verdict(100, 0, 51)).isEqualTo(Verdict.VACUOUS);
        assertThat(verdict(100, 0, 50)).isEqualTo(Verdict.PASSED);
    }

    private static Verdict verdict(int found, int missed, int byChance) {
        List<AttackSelfTest.Row> rows = new ArrayList<>();
        for (int i = 0; i < found + missed; i++) {
            rows.add(new AttackSelfTest.Row(i < found ? Outcome.FOUND : Outcome.MISSED, i < byChance));
        }
        return new AttackSelfTest.Result("m", new TreeMap<>(), rows).verdict();
    }

    @Test
    void constructor_badPoints_namesParameterRuleValue() {
        Pgd attack = Pgd.of(Norm.LINF, 0.05);
        assertThatThrownBy(() -> new AttackSelfTest(attack, 65, 100, new Seed(0)))
                .hasMessage("points must be even and >= 64, was 65");
        assertThatThrownBy(() -> new AttackSelfTest(attack, 64, 0, new Seed(0)))
                .hasMessage("tries must be >= 1, was 0");
    }
}
