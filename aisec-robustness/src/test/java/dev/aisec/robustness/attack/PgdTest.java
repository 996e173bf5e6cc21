// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class PgdTest {
    private static final int N = 20;
    private static final List<Norm> BALLS = List.of(Norm.L1, Norm.L2, Norm.LINF);
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 2, Bounds.of(-100, 100));

    /** z_1 − z_0 = w·x, far from the bounds, so that the smallest perturbation is |w·x| over the dual norm of w. */
    private static LinearClassifier line(float[] w) {
        return new LinearClassifier(new float[][] {new float[N], w}, new float[2], SPEC);
    }

    @Test
    void perturb_linearModel_succeedsExactlyBeyondTheKnownDistance() {
        RandomGenerator random = new Seed(1).generator(0);
        for (int run = 0; run < 50; run++) {
            float[] w = new float[N];
            float[] x = new float[N];
            double dot = 0;
            double l1 = 0;
            double l2 = 0;
            double largest = 0;
            for (int j = 0; j < N; j++) {
                w[j] = (float) random.nextGaussian();
                x[j] = (float) random.nextGaussian();
                dot += (double) w[j] * x[j];
                l1 += Math.abs(w[j]);
                l2 += (double) w[j] * w[j];
                largest = Math.max(largest, Math.abs(w[j]));
            }
            Batch input = Batch.of(x, SPEC.inputShape());
            LinearClassifier model = line(w);
            Goal goal = Goal.avoid(model.predict(input));
            for (Norm norm : BALLS) {
                double dual = switch (norm) {
                    case L0 -> throw new AssertionError();
                    case L1 -> largest;
                    case L2 -> Math.sqrt(l2);
                    case LINF -> l1;
                };
                double distance = Math.abs(dot) / dual;
                for (Pgd attack : new Pgd[] {Pgd.fgsm(norm, 1), Pgd.of(norm, 1)}) {
                    // From a random start the angle to the gradient shrinks by 1.1 with each step, not to nothing.
                    double slack = attack.starts() == 0 || norm == Norm.LINF ? 1.001 : 1.05;
                    AttackResult beyond = attack.withEpsilon(distance * slack).perturb(model, input, goal);
                    AttackResult within = attack.withEpsilon(distance * 0.999).perturb(model, input, goal);
                    assertThat(beyond.count(AttackResult.Status.SUCCEEDED)).isEqualTo(1);
                    assertThat(within.count(AttackResult.Status.FAILED)).isEqualTo(1);
                }
            }
        }
    }

    /** Perturbations below the resolution of float: either nothing, or inside the ball, and never an endless loop. */
    @Test
    void perturb_epsilonBelowFloatResolution_ends() {
        Batch inputs = AttackContractTest.inputs(20);
        for (Norm norm : BALLS) {
            for (double epsilon : new double[] {1e-7, 1e-12, 1e-40, Double.MIN_VALUE}) {
                AttackResult result = Pgd.of(norm, epsilon)
                        .perturb(
                                AttackContractTest.model(),
                                inputs,
                                Goal.avoid(AttackContractTest.model().predict(inputs)));
                assertThat(result.rows())
                        .allSatisfy(r -> assertThat(r.distance()).isLessThanOrEqualTo(epsilon));
            }
        }
    }

    @Test
    void perturb_target_isReached() {
        Batch inputs = AttackContractTest.inputs(50);
        int[] target = AttackContractTest.model().predict(inputs);
        for (int i = 0; i < target.length; i++) {
            target[i] = (target[i] + 1) % 3;
        }
        AttackResult result = Pgd.of(Norm.LINF, 0.5).perturb(AttackContractTest.model(), inputs, Goal.reach(target));
        int[] reached = AttackContractTest.model().predict(result.samples());
        for (int i = 0; i < target.length; i++) {
            if (result.rows().get(i).status() == AttackResult.Status.SUCCEEDED) {
                assertThat(reached[i]).isEqualTo(target[i]);
            }
        }
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isGreaterThan(25);
    }

    @Test
    void perturb_zeroGradient_isCountedAndStays() {
        Batch input = Batch.of(new float[N], SPEC.inputShape());
        AttackResult result = Pgd.fgsm(Norm.L2, 1).perturb(line(new float[N]), input, Goal.avoid(0));
        assertThat(result.rows().get(0).zeroGradients()).isEqualTo(1);
        assertThat(result.rows().get(0).status()).isEqualTo(AttackResult.Status.FAILED);
        assertThat(result.samples()).isEqualTo(input);
    }

    @Test
    void perturb_brokenRow_isNotQueriedAgain() {
        float[] w = new float[N];
        w[0] = 1;
        float[] rows = new float[2 * N];
        rows[0] = 0.01f;
        rows[N] = 50;
        Batch inputs = Batch.of(rows, SPEC.inputShape());
        AttackResult result = Pgd.of(Norm.LINF, 1).withStarts(0).perturb(line(w), inputs, Goal.avoid(1, 1));
        // Clean, first step, check, confirmation; against clean, 40 steps and the last check.
        assertThat(result.rows().get(0).queries()).isEqualTo(4);
        assertThat(result.rows().get(1).queries()).isEqualTo(42);
        assertThat(result.rows().get(1).gradients()).isEqualTo(40);
    }

    /** Answers otherwise whenever it is asked again. */
    private static final class Fickle implements DifferentiableClassifier {
        private int calls;

        @Override
        public Batch logits(Batch inputs) {
            float[] z = new float[2 * inputs.size()];
            for (int i = 0; i < inputs.size(); i++) {
                z[2 * i + calls % 2] = 1;
            }
            calls++;
            return inputs.like(z, Shape.of(2));
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            return new LogitsAndGradient(logits(inputs), inputs);
        }

        @Override
        public ModelSpec spec() {
            return SPEC;
        }
    }

    @Test
    void perturb_modelThatChangesItsMind_isUnconfirmed() {
        AttackResult result =
                Pgd.of(Norm.L2, 1).perturb(new Fickle(), Batch.of(new float[N], SPEC.inputShape()), Goal.avoid(0));
        assertThat(result.count(AttackResult.Status.UNCONFIRMED)).isEqualTo(1);
    }

    @Test
    void of_badParameters_namesThem() {
        for (ThrowingCallable sparse : List.<ThrowingCallable>of(
                () -> Pgd.of(Norm.L0, 1), () -> Apgd.ce(Norm.L0, 1), () -> ApgdTargeted.of(Norm.L0, 1))) {
            assertThatThrownBy(sparse)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("norm must be L1, L2 or LINF, was L0");
        }
        assertThatThrownBy(() -> Pgd.of(Norm.L2, Double.NaN)).hasMessage("epsilon must be > 0 and finite, was NaN");
        assertThatThrownBy(() -> Pgd.of(Norm.L2, 1).withSteps(0.1, 0)).hasMessage("steps must be >= 1, was 0");
        assertThatThrownBy(() -> Pgd.of(Norm.L2, 1).withStarts(-1)).hasMessage("starts must be >= 0, was -1");
    }

    @Test
    void perturb_raiseLoss_takesAllStepsAndRaisesIt() {
        Batch inputs = AttackContractTest.inputs(20);
        int[] labels = AttackContractTest.model().predict(inputs);
        AttackResult result =
                Pgd.of(Norm.LINF, 0.3).perturb(AttackContractTest.model(), inputs, Goal.raiseLoss(labels));
        AttackResult stopped = Pgd.of(Norm.LINF, 0.3).perturb(AttackContractTest.model(), inputs, Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(20);
        int further = 0;
        for (int i = 0; i < 20; i++) {
            assertThat(result.rows().get(i).gradients()).isEqualTo(40);
            further += margin(result, i, labels[i]) < margin(stopped, i, labels[i]) - 1e-6 ? 1 : 0;
            assertThat(margin(result, i, labels[i])).isLessThanOrEqualTo(margin(stopped, i, labels[i]) + 1e-4);
        }
        assertThat(further).isPositive();
    }

    private static double margin(AttackResult result, int row, int label) {
        Batch z = AttackContractTest.model().logits(result.samples());
        double other = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < z.shape().size(); c++) {
            other = c == label ? other : Math.max(other, z.get(row, c));
        }
        return z.get(row, label) - other;
    }
}
