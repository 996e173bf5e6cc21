// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attacks that ask for logits, on linear models, of which the least distance is known. */
class ScoreAttackTest {
    static final Shape IMAGE = Shape.of(2, 10, 9);
    static final int QUERIES = 1500;

    static Stream<BallAttack<Classifier>> all() {
        return Stream.of(
                Square.of(Norm.LINF, 1).withQueries(QUERIES),
                Square.of(Norm.L2, 1).withQueries(QUERIES),
                SimBa.of(SimBa.Basis.PIXELS, 1).withQueries(QUERIES),
                SimBa.of(SimBa.Basis.cosines(1), 1).withQueries(QUERIES),
                EstimatedGradient.nes(Norm.LINF, 1).withQueries(QUERIES),
                EstimatedGradient.nes(Norm.L2, 1).withQueries(QUERIES),
                EstimatedGradient.spsa(Norm.LINF, 1).withQueries(QUERIES),
                EstimatedGradient.spsa(Norm.L2, 1).withQueries(QUERIES));
    }

    static LinearClassifier model(Shape shape, int classes) {
        ModelSpec spec = new ModelSpec(shape, classes, Bounds.of(0, 1));
        return new LinearClassifier(weights(shape, classes), new float[classes], spec);
    }

    private static float[][] weights(Shape shape, int classes) {
        RandomGenerator random = new Seed(3).generator(classes);
        float[][] weights = new float[classes][shape.size()];
        for (float[] row : weights) {
            for (int j = 0; j < row.length; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return weights;
    }

    static Batch inputs(Shape shape, int rows) {
        RandomGenerator random = new Seed(6).generator(0);
        float[] values = new float[rows * shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.3f + 0.4f * random.nextFloat();
        }
        return Batch.wrap(values, shape);
    }

    /** The largest of the least distances to another class, without bounds. */
    static double hardest(LinearClassifier model, Batch inputs, Norm norm) {
        double hardest = 0;
        for (double d : distances(model, inputs, norm)) {
            hardest = Math.max(hardest, d);
        }
        return hardest;
    }

    /** For each row, the distance to the nearest other class. */
    static double[] distances(LinearClassifier model, Batch inputs, Norm norm) {
        return Arrays.stream(distancesOfClasses(model, inputs, norm))
                .mapToDouble(d -> Arrays.stream(d).min().orElseThrow())
                .toArray();
    }

    /** For each row and other class c, margin over the dual norm of the difference of weights; infinite for the row's class. */
    static double[][] distancesOfClasses(LinearClassifier model, Batch inputs, Norm norm) {
        int n = inputs.shape().size();
        int classes = model.spec().classes();
        int[] label = model.predict(inputs);
        Batch logits = model.logits(inputs);
        float[] unit = new float[classes * n];
        Batch zero = Batch.wrap(new float[n], inputs.shape());
        // Weights, read off the model at unit vectors.
        for (int j = 0; j < n; j++) {
            float[] e = zero.toArray();
            e[j] = 1;
            Batch z = model.logits(Batch.wrap(e, inputs.shape()));
            for (int c = 0; c < classes; c++) {
                unit[c * n + j] = z.get(0, c);
            }
        }
        double[][] distances = new double[inputs.size()][classes];
        for (int i = 0; i < distances.length; i++) {
            distances[i][label[i]] = Double.POSITIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                if (c != label[i]) {
                    double dual = 0;
                    for (int j = 0; j < n; j++) {
                        double w = unit[label[i] * n + j] - unit[c * n + j];
                        dual += norm == Norm.L2 ? w * w : Math.abs(w);
                    }
                    dual = norm == Norm.L2 ? Math.sqrt(dual) : dual;
                    distances[i][c] = (logits.get(i, label[i]) - logits.get(i, c)) / dual;
                }
            }
        }
        return distances;
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_ballThatReachesOtherClass_breaksEveryRowWithinBudget(BallAttack<Classifier> attack) {
        for (Shape shape : new Shape[] {IMAGE, Shape.of(10, 9), Shape.of(60)}) {
            for (int classes : new int[] {2, 5}) {
                LinearClassifier model = model(shape, classes);
                Batch inputs = inputs(shape, 10);
                double epsilon = 3 * hardest(model, inputs, attack.norm());
                CountingClassifier counting = new CountingClassifier(model, false);
                AttackResult result =
                        attack.withEpsilon(epsilon).perturb(counting, inputs, Goal.avoid(model.predict(inputs)));
                assertThat(result.count(AttackResult.Status.SUCCEEDED))
                        .as("%s, %d classes", shape, classes)
                        .isEqualTo(10);
                for (int i = 0; i < 10; i++) {
                    assertThat(result.rows().get(i).queries())
                            .isEqualTo(counting.queries.get((long) i))
                            .isLessThanOrEqualTo(QUERIES);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_ballBelowLeastDistance_spendsBudgetAndFails(BallAttack<Classifier> attack) {
        LinearClassifier model = model(IMAGE, 2);
        Batch inputs = inputs(IMAGE, 3);
        double epsilon = 1;
        for (double d : distances(model, inputs, attack.norm())) {
            epsilon = Math.min(epsilon, 0.9 * d);
        }
        CountingClassifier counting = new CountingClassifier(model, false);
        AttackResult result = attack.withEpsilon(epsilon).perturb(counting, inputs, Goal.avoid(model.predict(inputs)));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(3);
        for (int i = 0; i < 3; i++) {
            assertThat(result.rows().get(i).queries())
                    .isEqualTo(counting.queries.get((long) i))
                    .isBetween(QUERIES - 150, QUERIES);
        }
        // Rows are asked about together.
        assertThat(counting.calls).isLessThanOrEqualTo(QUERIES);
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_target_isReached(BallAttack<Classifier> attack) {
        LinearClassifier model = model(IMAGE, 3);
        Batch inputs = inputs(IMAGE, 6);
        int[] targets = model.predict(inputs);
        for (int i = 0; i < targets.length; i++) {
            targets[i] = (targets[i] + 1) % 3;
        }
        AttackResult result =
                attack.withEpsilon(attack.norm() == Norm.LINF ? 0.3 : 3).perturb(model, inputs, Goal.reach(targets));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(6);
        assertThat(model.predict(result.samples())).isEqualTo(targets);
    }

    @Test
    void square_share_followsScheduleOfThePaper() {
        Square square = Square.of(Norm.LINF, 0.1).withQueries(5000);
        assertThat(square.share(5, 5000)).isEqualTo(0.8);
        assertThat(square.share(6, 5000)).isEqualTo(0.4);
        assertThat(square.share(26, 5000)).isEqualTo(0.2);
        assertThat(square.share(251, 5000)).isEqualTo(0.05);
        assertThat(square.share(4999, 5000)).isEqualTo(0.8 / 512);
    }

    @Test
    void square_badParameters_nameRuleAndValue() {
        assertThatThrownBy(() -> Square.of(Norm.L1, 1)).hasMessage("norm must be LINF or L2, was L1");
        assertThatThrownBy(() -> Square.of(Norm.L2, 1).withQueries(2)).hasMessageContaining("was 2");
        assertThatThrownBy(() -> Square.of(Norm.L2, 1).withShare(0)).hasMessage("share must be in (0, 1], was 0.0");
        assertThatThrownBy(() -> Square.of(Norm.L2, Double.NaN)).hasMessage("epsilon must be > 0 and finite, was NaN");
    }

    @Test
    void simBa_cosines_areOrthonormal() {
        // On a linear model each step of α q changes the score by α ⟨w, q⟩, so that steps of a full basis in a wide
        // ball find
        // Σ |⟨w, q⟩|; here the vectors themselves are read off the queries.
        Shape shape = Shape.of(1, 4, 3);
        List<float[]> steps = new ArrayList<>();
        float[] zero = new float[12];
        ModelSpec spec = new ModelSpec(shape, 2, Bounds.of(-10, 10));
        Classifier flat = new Classifier() {
            @Override
            public Batch logits(Batch inputs) {
                steps.add(inputs.row(0));
                return inputs.like(new float[] {1, 0}, Shape.of(2));
            }

            @Override
            public ModelSpec spec() {
                return spec;
            }
        };
        SimBa.of(SimBa.Basis.cosines(1), 1)
                .withStep(1)
                .withQueries(27)
                .perturb(flat, Batch.of(zero, shape), Goal.avoid(0));
        // Input twice, then each of the 12 vectors forth and back; the confirmation is not needed.
        assertThat(steps).hasSize(26);
        for (int a = 0; a < 12; a++) {
            float[] q = steps.get(2 + 2 * a);
            for (int j = 0; j < 12; j++) {
                assertThat(steps.get(3 + 2 * a)[j]).isEqualTo(-q[j]);
            }
            for (int b = 0; b <= a; b++) {
                double dot = 0;
                for (int j = 0; j < 12; j++) {
                    dot += q[j] * steps.get(2 + 2 * b)[j];
                }
                assertThat(dot).isCloseTo(a == b ? 1 : 0, within(1e-6));
            }
        }
    }

    @Test
    void simBa_shareOfFrequencies_keepsToLowOnes() {
        Shape shape = Shape.of(1, 8, 8);
        List<float[]> steps = new ArrayList<>();
        ModelSpec spec = new ModelSpec(shape, 2, Bounds.of(-10, 10));
        Classifier flat = new Classifier() {
            @Override
            public Batch logits(Batch inputs) {
                steps.add(inputs.row(0));
                return inputs.like(new float[] {1, 0}, Shape.of(2));
            }

            @Override
            public ModelSpec spec() {
                return spec;
            }
        };
        SimBa.of(SimBa.Basis.cosines(0.25), 1)
                .withQueries(200)
                .perturb(flat, Batch.of(new float[64], shape), Goal.avoid(0));
        // 2 × 2 frequencies forth and back, and the input.
        assertThat(steps.stream().map(Arrays::toString).distinct().count()).isEqualTo(9);
    }

    @Test
    void transfer_otherTarget_countsItsQueriesAndItsSuccess() {
        LinearClassifier target = model(IMAGE, 3);
        Batch inputs = inputs(IMAGE, 30);
        Goal goal = Goal.avoid(target.predict(inputs));
        // A surrogate of which every weight is wrong by some.
        RandomGenerator random = new Seed(12).generator(0);
        float[][] wrong = weights(IMAGE, 3);
        for (float[] row : wrong) {
            for (int j = 0; j < row.length; j++) {
                row[j] += (float) (0.3 * random.nextGaussian());
            }
        }
        LinearClassifier surrogate = new LinearClassifier(wrong, new float[3], target.spec());
        CountingClassifier counting = new CountingClassifier(target, false);
        AttackResult result = new Transfer(Pgd.of(Norm.LINF, 0.1), surrogate).perturb(counting, inputs, goal);
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isBetween(5, 29);
        for (int i = 0; i < 30; i++) {
            AttackResult.Row row = result.rows().get(i);
            assertThat(row.queries())
                    .isEqualTo(counting.queries.get((long) i))
                    .isEqualTo(row.status() == AttackResult.Status.SUCCEEDED ? 3 : 2);
            assertThat(row.gradients()).isZero();
        }
        assertThatThrownBy(() -> new Transfer(Pgd.of(Norm.LINF, 0.1), model(IMAGE, 2)).perturb(target, inputs, goal))
                .hasMessageContaining("surrogate must have the target's");
    }

    @Test
    void simBaAndEstimatedGradient_badParameters_nameRuleAndValue() {
        assertThatThrownBy(() -> SimBa.of(SimBa.Basis.cosines(0), 1)).hasMessage("share must be in (0, 1], was 0.0");
        assertThatThrownBy(() -> SimBa.of(SimBa.Basis.PIXELS, 1).withStep(2))
                .hasMessage("relativeStep must be in (0, 1], was 2.0");
        assertThatThrownBy(() -> SimBa.of(SimBa.Basis.PIXELS, 1).withQueries(1)).hasMessageContaining("was 1");
        assertThatThrownBy(() -> EstimatedGradient.nes(Norm.L2, 0))
                .hasMessage("epsilon must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> EstimatedGradient.nes(Norm.L2, 1).withEstimate(-1, 2))
                .hasMessage("sigma must be > 0 and finite, was -1.0");
        assertThatThrownBy(() -> EstimatedGradient.nes(Norm.L2, 1).withEstimate(1, 0))
                .hasMessage("directions must be >= 1, was 0");
        assertThatThrownBy(() -> EstimatedGradient.nes(Norm.L2, 1).withStep(Double.NaN))
                .hasMessage("relativeStep must be > 0 and finite, was NaN");
    }
}
