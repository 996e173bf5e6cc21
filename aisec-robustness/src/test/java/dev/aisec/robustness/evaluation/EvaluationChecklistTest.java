// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Finding;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.Severity;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.RandomNoise;
import dev.aisec.robustness.evaluation.EvaluationChecklist.Check;
import dev.aisec.robustness.evaluation.EvaluationChecklist.Item;
import dev.aisec.robustness.evaluation.EvaluationChecklist.Status;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EvaluationChecklistTest {
    private static final int N = 20;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 4, Bounds.of(0, 1));
    private static final Mlp MODEL = new Mlp(SPEC, 30, true, 5);

    private static Labelled data(Classifier model, int rows) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] x = new float[rows * N];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat();
        }
        Batch inputs = Batch.wrap(x, SPEC.inputShape());
        return new Labelled(inputs, Targets.of(model.predict(inputs)));
    }

    private static LinearClassifier linear() {
        RandomGenerator random = new Seed(2).generator(0);
        float[][] w = new float[4][N];
        for (float[] row : w) {
            for (int j = 0; j < N; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return new LinearClassifier(w, new float[4], SPEC);
    }

    private static EvaluationChecklist.Result check(
            EvaluationChecklist list, DifferentiableClassifier model, Labelled data) {
        return list.run("m", model, data, RowChunks.of(70), Progress.NONE);
    }

    private static EvaluationChecklist.Result check(DifferentiableClassifier model) {
        return check(EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.05)), model, data(MODEL, 150));
    }

    private static List<Check> failed(EvaluationChecklist.Result result) {
        return result.items().stream()
                .filter(i -> i.status() == Status.FAIL)
                .map(Item::check)
                .toList();
    }

    /** A model whose gradient or logits are changed on the way out. */
    private record Changed(
            DifferentiableClassifier model, UnaryOperator<float[]> gradientChange, UnaryOperator<float[]> logitsChange)
            implements DifferentiableClassifier {
        @Override
        public ModelSpec spec() {
            return model.spec();
        }

        @Override
        public Batch logits(Batch inputs) {
            return inputs.like(
                    logitsChange.apply(model.logits(inputs).toArray()),
                    Shape.of(model.spec().classes()));
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            Batch logits = logits(inputs);
            LogitsAndGradient g = model.gradient(inputs, z -> cotangentOfLogits.apply(logits));
            return new LogitsAndGradient(
                    logits, inputs.like(gradientChange.apply(g.gradient().toArray()), inputs.shape()));
        }
    }

    private static UnaryOperator<float[]> times(float factor) {
        return values -> {
            for (int i = 0; i < values.length; i++) {
                values[i] *= factor;
            }
            return values;
        };
    }

    static Stream<Object[]> healthy() {
        Stream.Builder<Object[]> models = Stream.builder();
        for (long seed = 0; seed < 3; seed++) {
            models.add(new Object[] {"relu " + seed, new Mlp(SPEC, 30, true, seed), Pgd.of(Norm.LINF, 0.05)});
            models.add(new Object[] {"tanh " + seed, new Mlp(SPEC, 15, false, seed), Pgd.of(Norm.LINF, 0.03)});
        }
        models.add(new Object[] {"relu L2", MODEL, Pgd.of(Norm.L2, 0.2)});
        models.add(new Object[] {"relu, wide ball", MODEL, Pgd.of(Norm.LINF, 0.4)});
        models.add(new Object[] {"relu, narrow ball", MODEL, Pgd.of(Norm.LINF, 0.005)});
        models.add(new Object[] {
            "relu, margin loss", MODEL, Pgd.of(Norm.LINF, 0.05).withLoss(new MarginLoss())
        });
        models.add(new Object[] {"linear", linear(), Pgd.of(Norm.LINF, 0.05)});
        models.add(new Object[] {"linear L1", linear(), Pgd.of(Norm.L1, 0.5)});
        models.add(new Object[] {"sure", new Changed(linear(), times(20), times(20)), Pgd.of(Norm.LINF, 0.05)});
        // A quantiser behind which gradients are taken back as if it were not there.
        models.add(new Object[] {"quantiser with BPDA", RoundingTo.levels(100).before(MODEL), Pgd.of(Norm.LINF, 0.05)});
        return models.build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("healthy")
    void run_healthyModel_passes(String name, DifferentiableClassifier model, Pgd attack) {
        EvaluationChecklist list = EvaluationChecklist.of(attack)
                .withBlackBox(RandomNoise.of(attack.norm(), attack.epsilon()).withSeed(new Seed(9)))
                .withSurrogate(new Mlp(SPEC, 30, true, 77));
        EvaluationChecklist.Result result = check(list, model, data(model, 150));
        assertThat(result.items())
                .allSatisfy(i -> assertThat(i.status())
                        .as(name + " " + i.check() + " " + i.message())
                        .isNotEqualTo(Status.FAIL));
        assertThat(result.verdict()).isEqualTo(Status.PASS);
        assertThat(result.right()).isEqualTo(150);
        assertThat(result.robust()).isEqualTo(result.withoutAveraging()).isGreaterThanOrEqualTo(result.worstCase());
        assertThat(result.evidence().findings())
                .hasSize(Check.values().length)
                .allSatisfy(f -> assertThat(f.severity()).isEqualTo(Severity.INFO));
        if (list.attack().epsilon() < 0.3) {
            assertThat(result.robust()).as("neither all nor none broken").isBetween(5L, 145L);
        }
    }

    @Test
    void run_quantiserWithItsTrueGradient_fails() {
        EvaluationChecklist list = EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.08));
        DifferentiableClassifier naive =
                RoundingTo.levels(16).withTrueDerivative().before(MODEL);
        DifferentiableClassifier bpda = RoundingTo.levels(16).before(MODEL);
        Labelled data = data(naive, 150);
        EvaluationChecklist.Result hidden = check(list, naive, data);
        assertThat(failed(hidden)).contains(Check.GRADIENT_NOT_ZERO, Check.FULL_RANGE);
        // The attack through the straight-through gradient breaks what the true gradient hides.
        EvaluationChecklist.Result seen = check(list, bpda, data);
        assertThat(seen.robust()).isLessThan(hidden.robust() - 50);
    }

    @Test
    void run_hugeLogits_asksForMargin() {
        EvaluationChecklist.Result result = check(new Changed(MODEL, times(1e4f), times(1e4f)));
        assertThat(failed(result)).contains(Check.LOSS_NOT_SATURATED);
        assertThat(result.item(Check.LOSS_NOT_SATURATED).message()).contains("margin loss");
        assertThat(check(
                                EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.05).withLoss(new MarginLoss())),
                                new Changed(MODEL, times(1e4f), times(1e4f)),
                                data(MODEL, 150))
                        .verdict())
                .isEqualTo(Status.PASS);
    }

    @Test
    void run_flippedGradient_fails() {
        assertThat(failed(check(new Changed(MODEL, times(-1), z -> z))))
                .contains(Check.GRADIENT_ASCENDS, Check.FULL_RANGE, Check.NOISE, Check.WORST_CASE);
    }

    @Test
    void run_detachedGradient_fails() {
        // Only the first two features keep their gradient.
        EvaluationChecklist.Result result = check(new Changed(
                MODEL,
                g -> {
                    for (int i = 0; i < g.length; i++) {
                        g[i] = i % N < 2 ? g[i] : 0;
                    }
                    return g;
                },
                z -> z));
        assertThat(failed(result)).contains(Check.FULL_RANGE);
        assertThat(failed(check(new Changed(MODEL, times(0), z -> z))))
                .contains(Check.GRADIENT_NOT_ZERO, Check.FULL_RANGE);
    }

    @Test
    void run_randomGradient_fails() {
        RandomGenerator random = new Seed(3).generator(0);
        EvaluationChecklist.Result result = check(new Changed(
                MODEL,
                g -> {
                    for (int i = 0; i < g.length; i++) {
                        g[i] = (float) random.nextGaussian();
                    }
                    return g;
                },
                z -> z));
        assertThat(failed(result)).contains(Check.GRADIENT_ASCENDS, Check.WORST_CASE);
    }

    @Test
    void run_gradientWithNaN_stopsBeforeAttacks() {
        EvaluationChecklist.Result result = check(new Changed(MODEL, times(Float.NaN), z -> z));
        assertThat(failed(result)).containsExactly(Check.GRADIENT_FINITE);
        assertThat(result.item(Check.FULL_RANGE).status()).isEqualTo(Status.NOT_CHECKED);
        assertThat(result.item(Check.RESTARTS).message()).contains("gradients are not finite");
        assertThat(result.verdict()).isEqualTo(Status.FAIL);
    }

    @Test
    void run_randomNoiseDefence_isAveragedByItself() {
        RandomGenerator random = new Seed(3).generator(0);
        Changed noisy = new Changed(MODEL, g -> g, z -> {
            for (int i = 0; i < z.length; i++) {
                z[i] += (float) (0.3 * random.nextGaussian());
            }
            return z;
        });
        EvaluationChecklist.Result result = check(noisy);
        assertThat(failed(result)).contains(Check.DETERMINISTIC);
        assertThat(result.item(Check.DETERMINISTIC).message()).contains("with the mean of 20 draws");
        assertThat(result.item(Check.ROWS_INDEPENDENT).status()).isEqualTo(Status.NOT_CHECKED);
        assertThat(result.evidence().parameters()).containsEntry("draws", "20");
    }

    @Test
    void run_tinySingleStep_fails() {
        Pgd weak = Pgd.of(Norm.LINF, 0.05).withSteps(0.02, 1);
        EvaluationChecklist.Result result = check(EvaluationChecklist.of(weak), MODEL, data(MODEL, 150));
        assertThat(failed(result))
                .contains(Check.ITERATIVE_BEATS_SINGLE_STEP, Check.LOSS_CONVERGED, Check.STEPS, Check.WORST_CASE);
        assertThat(result.worstCase()).isLessThan(result.robust() - 20);
    }

    @Test
    void run_probabilitiesAsLogits_isFound() {
        Changed model = new Changed(MODEL, g -> g, z -> {
            for (int i = 0; i < z.length; i += 4) {
                double sum = 0;
                for (int c = 0; c < 4; c++) {
                    sum += Math.exp(z[i + c]);
                }
                for (int c = 0; c < 4; c++) {
                    z[i + c] = (float) (Math.exp(z[i + c]) / sum);
                }
            }
            return z;
        });
        assertThat(failed(check(model))).contains(Check.LOGITS);
    }

    @Test
    void run_answerDependsOnOtherRows_isFound() {
        Changed model = new Changed(MODEL, g -> g, z -> {
            for (int i = 4; i < z.length; i += 4) {
                z[i] += 0.01f * z[0];
            }
            return z;
        });
        assertThat(failed(check(model))).contains(Check.ROWS_INDEPENDENT);
    }

    /** Leaves the ball and claims success. */
    private record Liar(Norm norm, double epsilon) implements BallAttack<Classifier> {
        @Override
        public Liar withEpsilon(double other) {
            return new Liar(norm, other);
        }

        @Override
        public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
            float[] x = inputs.toArray();
            for (int i = 0; i < x.length; i++) {
                x[i] += (float) (1.001 * epsilon);
            }
            return new AttackResult(
                    inputs.like(x, inputs.shape()),
                    Collections.nCopies(
                            inputs.size(), new AttackResult.Row(AttackResult.Status.SUCCEEDED, epsilon, 1, 0, 0)));
        }
    }

    @Test
    void run_blackBoxThatLies_isFoundAsError() {
        EvaluationChecklist.Result result = check(
                EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.05)).withBlackBox(new Liar(Norm.LINF, 0.05)),
                MODEL,
                data(MODEL, 150));
        assertThat(failed(result)).contains(Check.SAMPLES_INSIDE, Check.SUCCESS_CONFIRMED);
        assertThat(result.evidence().findings().stream()
                        .filter(f -> f.severity() == Severity.ERROR)
                        .map(Finding::code))
                .containsExactly("evaluation-checklist.samples-inside", "evaluation-checklist.success-confirmed");
    }

    @Test
    void run_transferThatBeatsTheAttack_isFound() {
        EvaluationChecklist.Result result = check(
                EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.05)).withSurrogate(MODEL),
                new Changed(MODEL, times(0), z -> z),
                data(MODEL, 150));
        assertThat(failed(result)).contains(Check.TRANSFER);
    }

    @Test
    void run_otherChunks_sameAnswers() {
        EvaluationChecklist list = EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.05));
        Labelled data = data(MODEL, 60);
        assertThat(list.run("m", MODEL, data, RowChunks.of(60), Progress.NONE))
                .isEqualTo(list.run("m", MODEL, data, RowChunks.of(7), Progress.NONE));
    }

    @Test
    void run_noRightExample_isNotChecked() {
        Labelled data = data(MODEL, 10);
        int[] wrong = data.targets().labels();
        for (int i = 0; i < wrong.length; i++) {
            wrong[i] = (wrong[i] + 1) % 4;
        }
        EvaluationChecklist.Result result = check(
                EvaluationChecklist.of(Pgd.of(Norm.LINF, 0.05)), MODEL, new Labelled(data.inputs(), Targets.of(wrong)));
        assertThat(result.verdict()).isEqualTo(Status.NOT_CHECKED);
        assertThat(((Estimate.Measured) result.worstCaseAccuracy()).value()).isZero();
        assertThat(result.evidence().parameters()).containsEntry("verdict", "NOT_CHECKED");
    }

    @Test
    void constructor_otherBall_isRefused() {
        assertThatThrownBy(() -> EvaluationChecklist.of(Pgd.of(Norm.L2, 1)).withBlackBox(RandomNoise.of(Norm.L2, 2)))
                .hasMessageContaining("blackBox must have norm and radius of attack, L2 1.0, was L2 2.0");
        assertThatThrownBy(() -> EvaluationChecklist.of(Pgd.of(Norm.L2, 1)).withDraws(0))
                .hasMessage("draws must be >= 1, was 0");
    }
}
