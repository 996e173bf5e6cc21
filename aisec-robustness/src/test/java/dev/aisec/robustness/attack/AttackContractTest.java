// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every attack keeps. One line here for each attack. */
class AttackContractTest {
    static final int N = 12;
    static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 3, Bounds.of(0, 1));

    static Stream<BallAttack<? super DifferentiableClassifier>> all() {
        return Stream.of(
                Pgd.fgsm(Norm.LINF, 0.1),
                Pgd.fgsm(Norm.L2, 0.3),
                Pgd.of(Norm.LINF, 0.1),
                Pgd.of(Norm.L2, 0.3),
                Pgd.of(Norm.LINF, 0.07).withStarts(3).withSteps(0.25, 10),
                Pgd.of(Norm.L2, 0.3).withStarts(0),
                Pgd.of(Norm.LINF, 0.1).withLoss(new MarginLoss()),
                Pgd.of(Norm.LINF, 0.1).withLoss(new LogitLoss()),
                Pgd.of(Norm.L1, 0.7),
                Pgd.of(Norm.LINF, 0.1).withMomentum(new Pgd.Momentum(1, false)),
                Pgd.of(Norm.L2, 0.3).withMomentum(new Pgd.Momentum(0.9, true)),
                Apgd.ce(Norm.LINF, 0.1),
                Apgd.ce(Norm.L2, 0.3).withStarts(2).withSteps(20),
                Apgd.ce(Norm.L1, 0.7),
                Apgd.dlr(Norm.LINF, 0.1),
                ApgdTargeted.of(Norm.L2, 0.3).withSteps(10, 5),
                Square.of(Norm.LINF, 0.1).withQueries(200),
                Square.of(Norm.L2, 0.3).withQueries(200),
                new Ensemble<>(List.of(RandomNoise.of(Norm.LINF, 0.15))),
                new Ensemble<>(List.of(RandomNoise.of(Norm.L2, 0.4), RandomNoise.of(Norm.L2, 0.4))),
                new Ensemble<>(List.of(RandomNoise.of(Norm.L1, 1).withSeed(new Seed(1)))),
                SparseRs.of(1).withQueries(40),
                SparseRs.of(2).withQueries(30),
                Jsma.of(2),
                Jsma.of(3).withTheta(-0.3),
                Jsma.of(2).withTheta(0.5).withSingles(),
                universal(Norm.LINF, 0.1),
                universal(Norm.L2, 0.3),
                universal(Norm.L1, 0.7),
                SimBa.of(SimBa.Basis.PIXELS, 0.3).withQueries(200),
                SimBa.of(SimBa.Basis.cosines(0.5), 0.5).withStep(0.3).withQueries(200),
                EstimatedGradient.nes(Norm.LINF, 0.1).withQueries(300),
                EstimatedGradient.nes(Norm.L1, 0.7).withEstimate(0.01, 10).withQueries(300),
                EstimatedGradient.spsa(Norm.L2, 0.3).withEstimate(0.01, 10).withQueries(300),
                new Transfer(Pgd.of(Norm.LINF, 0.1), model()),
                new Transfer(Square.of(Norm.L2, 0.3).withQueries(100), model()),
                new Within<>(DeepFool.of(Norm.L2), 0.3),
                new Within<>(DeepFool.of(Norm.LINF), 0.1),
                new Within<>(Fab.of(Norm.L1), 0.7),
                new Within<>(Fab.of(Norm.L2).withStarts(2).withSteps(20), 0.3),
                new Within<>(Fab.targeted(Norm.LINF).withSteps(20), 0.1),
                new Within<>(Ddn.of(), 0.3),
                new Within<>(Fmn.of(Norm.L1), 0.7),
                new Within<>(Fmn.of(Norm.L2), 0.3),
                new Within<>(Fmn.of(Norm.LINF), 0.1),
                new Within<>(CarliniWagnerL2.of().withSteps(100, 6), 0.3),
                new Within<>(Ead.of().withSteps(100, 6), 0.7),
                new Within<>(CarliniWagnerLinf.of().withSteps(100), 0.1),
                new Ensemble<>(List.of(Pgd.fgsm(Norm.LINF, 0.1), Apgd.dlr(Norm.LINF, 0.1))));
    }

    private static BallAttack<Classifier> universal(Norm norm, double epsilon) {
        Batch data = inputs(100);
        return UniversalPerturbation.fit(
                        "m",
                        model(),
                        new Labelled(data, Targets.of(model().predict(data))),
                        data.rows(0, 0),
                        UniversalPerturbation.Plan.of(norm, epsilon),
                        Progress.NONE)
                .apply();
    }

    static LinearClassifier model() {
        RandomGenerator random = new Seed(4).generator(0);
        float[][] weights = new float[3][N];
        float[] bias = new float[3];
        for (float[] row : weights) {
            for (int j = 0; j < N; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return new LinearClassifier(weights, bias, SPEC);
    }

    static Batch inputs(int rows) {
        RandomGenerator random = new Seed(8).generator(0);
        float[] values = new float[rows * N];
        for (int i = 0; i < values.length; i++) {
            // Some features at the very border of the box.
            values[i] = i % 5 == 0 ? Math.round(random.nextFloat()) : random.nextFloat();
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_everyRow_staysInsideBallAndBox(BallAttack<? super DifferentiableClassifier> attack) {
        Batch inputs = inputs(200);
        AttackResult result = attack.perturb(model(), inputs, Goal.avoid(model().predict(inputs)));
        int[] now = model().predict(result.samples());
        int[] before = model().predict(inputs);
        for (int i = 0; i < 200; i++) {
            AttackResult.Row row = result.rows().get(i);
            assertThat(attack.norm().distance(result.samples(), inputs, i))
                    .isEqualTo(row.distance())
                    .isLessThanOrEqualTo(attack.epsilon());
            for (int j = 0; j < N; j++) {
                assertThat(result.samples().get(i, j)).isBetween(0f, 1f);
            }
            assertThat(row.status() == AttackResult.Status.SUCCEEDED).isEqualTo(now[i] != before[i]);
            assertThat(row.queries()).isGreaterThanOrEqualTo(row.gradients());
        }
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isPositive();
        assertThat(result.count(AttackResult.Status.FAILED)).isPositive();
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_otherCutOrSelection_givesSameRows(BallAttack<? super DifferentiableClassifier> attack) {
        Batch inputs = inputs(40);
        float[] before = inputs.toArray();
        int[] labels = model().predict(inputs);
        AttackResult whole = attack.perturb(model(), inputs, Goal.avoid(labels));
        assertThat(inputs.toArray()).isEqualTo(before);
        assertThat(attack.perturb(model(), inputs, Goal.avoid(labels)).samples())
                .isEqualTo(whole.samples());
        for (int row : List.of(0, 17, 39)) {
            Batch one = attack.perturb(model(), inputs.rows(row, row + 1), Goal.avoid(labels[row]))
                    .samples();
            Batch selected = attack.perturb(model(), inputs.select(row), Goal.avoid(labels[row]))
                    .samples();
            assertThat(one.row(0)).isEqualTo(whole.samples().row(row));
            assertThat(selected.row(0)).isEqualTo(whole.samples().row(row));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_wrongAlready_leavesInputAlone(BallAttack<? super DifferentiableClassifier> attack) {
        Batch inputs = inputs(5);
        int[] labels = model().predict(inputs);
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (labels[i] + 1) % 3;
        }
        AttackResult result = attack.perturb(model(), inputs, Goal.avoid(labels));
        assertThat(result.samples()).isEqualTo(inputs);
        assertThat(result.count(AttackResult.Status.NOTHING_TO_DO)).isEqualTo(5);
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_badInput_namesParameterRuleValue(BallAttack<? super DifferentiableClassifier> attack) {
        Batch outside = Batch.of(new float[] {0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0}, SPEC.inputShape());
        Batch nan = Batch.of(new float[] {Float.NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, SPEC.inputShape());
        assertThatThrownBy(() -> attack.perturb(model(), outside, Goal.avoid(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was 2.0 at row 0, feature 6");
        assertThatThrownBy(() -> attack.perturb(model(), nan, Goal.avoid(0))).hasMessageContaining("NaN");
        assertThatThrownBy(() -> attack.perturb(model(), inputs(2), Goal.avoid(0)))
                .hasMessage("goal must have 2 rows like inputs, had 1");
        assertThatThrownBy(() -> attack.perturb(model(), inputs(1), Goal.avoid(3)))
                .hasMessageContaining("was 3 at row 0");
        assertThat(attack.perturb(model(), inputs(0), Goal.avoid()).rows()).isEmpty();
    }

    @Test
    void perturb_interruptedThread_isCancelled() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() ->
                            Pgd.of(Norm.L2, 0.01).perturb(model(), inputs(3), Goal.avoid(model().predict(inputs(3)))))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
