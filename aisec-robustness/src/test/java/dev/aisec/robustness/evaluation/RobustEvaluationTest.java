// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.attack.Apgd;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Ensemble;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class RobustEvaluationTest {
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(1), 2, Bounds.of(-1, 1));
    private static final LinearClassifier MODEL =
            new LinearClassifier(new float[][] {{0}, {1}}, new float[] {0, 0}, SPEC);

    /** Right at distances 0.05, 0.15, …, 0.95, and two wrong. */
    private static Labelled data() {
        float[] x = new float[12];
        int[] y = new int[12];
        for (int i = 0; i < 12; i++) {
            x[i] = i < 10 ? 0.05f + 0.1f * i : 0.5f;
            y[i] = i < 10 ? 1 : 0;
        }
        return new Labelled(Batch.of(x, SPEC.inputShape()), Targets.of(y));
    }

    /** Goes to the lower end of the ball: breaks what can be broken here, without gradients. */
    private record Down(Norm norm, double epsilon) implements BallAttack<Classifier> {
        @Override
        public Down withEpsilon(double other) {
            return new Down(norm, other);
        }

        @Override
        public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
            float[] x = inputs.toArray();
            for (int i = 0; i < x.length; i++) {
                x[i] -= (float) (epsilon * (1 - 1e-6));
            }
            Batch moved = inputs.like(x, inputs.shape());
            int[] predicted = model.predict(moved);
            List<AttackResult.Row> rows = new ArrayList<>();
            for (int i = 0; i < x.length; i++) {
                boolean done = goal.achieved(i, predicted[i]);
                rows.add(new AttackResult.Row(
                        done ? AttackResult.Status.SUCCEEDED : AttackResult.Status.FAILED, epsilon, 1, 0, 0));
            }
            return new AttackResult(moved, rows);
        }
    }

    private static <M extends Classifier> RobustEvaluation.Named<M> named(String name, BallAttack<? super M> attack) {
        return new RobustEvaluation.Named<>(name, attack, attack instanceof Down);
    }

    @Test
    void of_knownDistances_countsEachAttackOnWhatIsLeft() {
        RobustEvaluation result = RobustEvaluation.of(
                "m",
                MODEL,
                data(),
                List.of(
                        named("fgsm", Pgd.fgsm(Norm.LINF, 0.4)),
                        named("apgd", Apgd.ce(Norm.LINF, 0.4).withSteps(10)),
                        named("down", new Down(Norm.LINF, 0.4))),
                RowChunks.of(5),
                Progress.NONE);
        assertThat(result.clean()).isEqualTo(10);
        assertThat(result.robust()).isEqualTo(6);
        assertThat(result.stages().stream().map(RobustEvaluation.Stage::attacked))
                .containsExactly(10L, 6L, 6L);
        assertThat(result.stages().stream().map(RobustEvaluation.Stage::broken)).containsExactly(4L, 0L, 0L);
        assertThat(result.findings()).isEmpty();
        assertThat(result.outcomes().stream().map(RobustEvaluation.Outcome::ending))
                .containsExactly(
                        RobustEvaluation.Ending.BROKEN,
                        RobustEvaluation.Ending.BROKEN,
                        RobustEvaluation.Ending.BROKEN,
                        RobustEvaluation.Ending.BROKEN,
                        RobustEvaluation.Ending.ROBUST,
                        RobustEvaluation.Ending.ROBUST,
                        RobustEvaluation.Ending.ROBUST,
                        RobustEvaluation.Ending.ROBUST,
                        RobustEvaluation.Ending.ROBUST,
                        RobustEvaluation.Ending.ROBUST,
                        RobustEvaluation.Ending.WRONG,
                        RobustEvaluation.Ending.WRONG);
        assertThat(result.outcomes().get(3).attack()).isEqualTo("fgsm");
        assertThat(result.robust(0.4)).isEqualTo(6);
        assertThat(result.robust(0)).isEqualTo(10);
        assertThatThrownBy(() -> result.robust(0.5)).hasMessageContaining("radius must be in [0, 0.4], was 0.5");
        Estimate.Measured share = (Estimate.Measured) result.robustAccuracy();
        assertThat(share.value()).isEqualTo(0.5);
        assertThat(share.interval().contains(0.5)).isTrue();
        assertThat(result.evidence().measurements().stream().map(Measurement::name))
                .containsExactly("robust-accuracy", "examples-broken", "examples-broken", "examples-broken");
    }

    /** Counts the rows that an attack gets at each radius. */
    private record Counting(Down attack, SortedMap<Double, Integer> got) implements BallAttack<Classifier> {
        @Override
        public Norm norm() {
            return attack.norm();
        }

        @Override
        public double epsilon() {
            return attack.epsilon();
        }

        @Override
        public Counting withEpsilon(double other) {
            return new Counting(attack.withEpsilon(other), got);
        }

        @Override
        public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
            got.merge(epsilon(), inputs.size(), Integer::sum);
            return attack.perturb(model, inputs, goal);
        }
    }

    @Test
    void of_severalRadii_givesTheCurveAndAttacksBrokenRowsOnce() {
        SortedMap<Double, Integer> got = new TreeMap<>();
        List<RobustEvaluation.Named<LinearClassifier>> attacks = List.of(
                named("fgsm", Pgd.fgsm(Norm.LINF, 1)), named("down", new Counting(new Down(Norm.LINF, 1), got)));
        RobustEvaluation result = RobustEvaluation.of(
                "m", MODEL, data(), attacks, List.of(0.1, 0.2, 0.5), RowChunks.of(5), Progress.NONE);
        assertThat(result.epsilon()).isEqualTo(0.5);
        assertThat(result.robust()).isEqualTo(5);
        assertThat(result.robust(0.1)).isEqualTo(9);
        assertThat(result.robust(0.2)).isEqualTo(8);
        // Of ten right, FGSM breaks 1, 1 and 3: the other attack gets what is left.
        assertThat(got).isEqualTo(new TreeMap<>(Map.of(0.1, 9, 0.2, 8, 0.5, 5)));
        assertThat(result.stages().stream().map(RobustEvaluation.Stage::attacked))
                .containsExactly(10L, 9L, 9L, 8L, 8L, 5L);
        Measurement.Curve curve =
                (Measurement.Curve) result.evidence().measurements().get(0);
        assertThat(curve.labels()).containsEntry("norm", "LINF").containsEntry("attack", "ensemble of 2");
        assertThat(curve.points().stream().map(Measurement.Point::x)).containsExactly(0.0, 0.1, 0.2, 0.5);
        assertThat(curve.points().stream().map(p -> ((Estimate.Measured) p.y()).value()))
                .containsExactly(10 / 12.0, 9 / 12.0, 8 / 12.0, 5 / 12.0);
        Measurement.Scalar first =
                (Measurement.Scalar) result.evidence().measurements().get(1);
        assertThat(first.labels()).containsEntry("by", "1 fgsm");
        assertThat(((Estimate.Measured) first.estimate()).value()).isEqualTo(5 / 12.0);
        // Each radius by itself says the same here, where the attacks are exact.
        RobustEvaluation alone =
                RobustEvaluation.of("m", MODEL, data(), attacks, List.of(0.2), RowChunks.of(5), Progress.NONE);
        assertThat(alone.robust()).isEqualTo(8);
    }

    /** Breaks everything by a tiny step at small radii, and nothing at large ones. */
    private record Capricious(Norm norm, double epsilon) implements BallAttack<Classifier> {
        @Override
        public Capricious withEpsilon(double other) {
            return new Capricious(norm, other);
        }

        @Override
        public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
            AttackResult.Status status = epsilon < 0.3 ? AttackResult.Status.SUCCEEDED : AttackResult.Status.FAILED;
            // The distance that it tells is too long: the ball counts.
            AttackResult.Row row = new AttackResult.Row(status, 9, 1, 0, 0);
            return new AttackResult(inputs, Collections.nCopies(inputs.size(), row));
        }
    }

    @Test
    void of_attackWeakerAtLargerRadius_staysMonotone() {
        RobustEvaluation result = RobustEvaluation.of(
                "m",
                MODEL,
                data(),
                List.of(named("a", new Capricious(Norm.LINF, 1))),
                List.of(0.1, 0.9),
                RowChunks.of(12),
                Progress.NONE);
        assertThat(result.robust(0.05)).isEqualTo(10);
        assertThat(result.robust(0.1)).isZero();
        assertThat(result.robust(0.9)).isZero();
    }

    @Test
    void of_badEpsilons_areRefused() {
        List<RobustEvaluation.Named<LinearClassifier>> attacks = List.of(named("a", Pgd.fgsm(Norm.LINF, 0.4)));
        for (List<Double> bad :
                List.of(List.of(0.0), List.of(0.2, 0.1), List.of(0.1, 0.1), List.of(Double.NaN), List.<Double>of())) {
            assertThatThrownBy(
                            () -> RobustEvaluation.of("m", MODEL, data(), attacks, bad, RowChunks.of(5), Progress.NONE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("epsilons must");
        }
    }

    /** The model with gradients of zero: attacks that use them find nothing. */
    private static final class Masked implements DifferentiableClassifier {
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
            Batch z = logits(inputs);
            assertThat(cotangentOfLogits.apply(z).size()).isEqualTo(z.size());
            return new LogitsAndGradient(z, inputs.like(new float[inputs.size()], SPEC.inputShape()));
        }
    }

    @Test
    void of_maskedGradient_isToldByTwoFindings() {
        DifferentiableClassifier masked = new Masked();
        RobustEvaluation result = RobustEvaluation.of(
                "m",
                masked,
                data(),
                List.of(named("fgsm", Pgd.fgsm(Norm.LINF, 0.4)), named("down", new Down(Norm.LINF, 0.4))),
                RowChunks.of(12),
                Progress.NONE);
        assertThat(result.robust()).isEqualTo(6);
        assertThat(result.findings().stream().map(Finding::code))
                .containsExactly("robust-evaluation.zero-gradient", "robust-evaluation.black-box-beats-white-box");
    }

    @Test
    void of_badAttacks_areRefused() {
        List<RobustEvaluation.Named<LinearClassifier>> radii =
                List.of(named("a", Pgd.fgsm(Norm.LINF, 0.4)), named("b", Pgd.fgsm(Norm.LINF, 0.5)));
        assertThatThrownBy(() -> RobustEvaluation.of("m", MODEL, data(), radii, RowChunks.of(5), Progress.NONE))
                .hasMessageContaining("b has LINF 0.5");
        List<RobustEvaluation.Named<LinearClassifier>> twice =
                List.of(named("a", Pgd.fgsm(Norm.LINF, 0.4)), named("a", Pgd.fgsm(Norm.LINF, 0.4)));
        assertThatThrownBy(() -> RobustEvaluation.of("m", MODEL, data(), twice, RowChunks.of(5), Progress.NONE))
                .hasMessageContaining("was a twice");
        List<RobustEvaluation.Named<LinearClassifier>> none = List.of();
        assertThatThrownBy(() -> RobustEvaluation.of("m", MODEL, data(), none, RowChunks.of(5), Progress.NONE))
                .hasMessage("attacks must not be empty");
    }

    @Test
    void of_attacksWithAndWithoutGradients_standInOneList() {
        List<RobustEvaluation.Named<DifferentiableClassifier>> attacks = List.of(
                RobustEvaluation.Named.blackBox("down", new Down(Norm.LINF, 0.2)),
                RobustEvaluation.Named.whiteBox("apgd", Apgd.ce(Norm.LINF, 0.2).withSteps(5)));
        RobustEvaluation result = RobustEvaluation.of("m", MODEL, data(), attacks, RowChunks.of(5), Progress.NONE);
        assertThat(result.robust()).isEqualTo(8);
        // The same list over the radius.
        Ensemble<DifferentiableClassifier> all = new Ensemble<>(
                List.of(new Down(Norm.LINF, 0.2), Apgd.ce(Norm.LINF, 0.2).withSteps(5)));
        RobustAccuracy curve = RobustAccuracy.of(
                "m", MODEL, data(), all, "all", List.of(0.0, 0.1, 0.2, 0.3), RowChunks.of(5), Progress.NONE);
        assertThat(curve.robust()).containsExactly(10L, 9L, 8L, 7L);
    }
}
