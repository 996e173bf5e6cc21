// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.robustness.attack.Apgd;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.smoothing.SoftSmoothedClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class RobustTrainingTest {
    private static final int N = 4;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 3, Bounds.of(-9, 9));
    private static final LinearClassifier MODEL = new LinearClassifier(
            new float[][] {{1, 2, -1, 0.5f}, {-1, 0.5f, 1, 1}, {0.2f, -2, 1, -1}}, new float[] {0.1f, 0, -0.1f}, SPEC);

    private static Labelled batch() {
        RandomGenerator random = new Seed(3).generator(0);
        float[] values = new float[6 * N];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        Batch inputs = Batch.wrap(values, SPEC.inputShape()).select(5, 3, 1, 0, 2, 4);
        // Some rows are wrong from the start: they are perturbed all the same.
        return new Labelled(inputs, Targets.of(0, 1, 2, 0, 1, 2));
    }

    private static double[] loss(DifferentiableClassifier model, Batch inputs, Targets targets) {
        return new CrossEntropyLoss()
                .evaluate(model.logits(inputs), targets, new Loss.Pass(model, inputs))
                .values();
    }

    @Test
    void adversarialTraining_anyAttack_goesOnToTheEdgeOfTheBall() {
        Labelled batch = batch();
        float[] before = batch.inputs().toArray();
        double[] clean = loss(MODEL, batch.inputs(), batch.targets());
        List<BallAttack<DifferentiableClassifier>> attacks =
                List.of(Pgd.of(Norm.LINF, 1.5), Pgd.of(Norm.L2, 1.5).withStarts(0), Apgd.ce(Norm.LINF, 1.5));
        for (BallAttack<DifferentiableClassifier> attack : attacks) {
            Labelled hard = new AdversarialTraining(attack).apply(MODEL, batch, new Seed(1).generator(0));
            double[] loss = loss(MODEL, hard.inputs(), hard.targets());
            for (int i = 0; i < 6; i++) {
                assertThat(hard.inputs().rowNumber(i)).isEqualTo(batch.inputs().rowNumber(i));
                assertThat(attack.norm().distance(hard.inputs(), batch.inputs(), i))
                        .isLessThanOrEqualTo(1.5)
                        .isGreaterThan(1.499);
                assertThat(loss[i]).isGreaterThan(clean[i] + 1);
            }
            assertThat(hard.targets().labels()).isEqualTo(batch.targets().labels());
        }
        assertThat(batch.inputs().toArray()).isEqualTo(before);
    }

    /** Two classes: the loss is monotone along w, so the inner maximum is x − ε sign(w) y. */
    @Test
    void adversarialTraining_linearModel_findsTheInnerMaximum() {
        LinearClassifier model = new LinearClassifier(
                new float[][] {{1, -2, 3, -4}, {0, 0, 0, 0}},
                new float[2],
                new ModelSpec(Shape.of(N), 2, Bounds.of(-9, 9)));
        Labelled batch = new Labelled(Batch.wrap(new float[2 * N], Shape.of(N)), Targets.of(0, 1));
        Labelled hard = new AdversarialTraining(Pgd.of(Norm.LINF, 0.5)).apply(model, batch, new Seed(1).generator(0));
        assertThat(hard.inputs().row(0)).containsExactly(-0.5f, 0.5f, -0.5f, 0.5f);
        assertThat(hard.inputs().row(1)).containsExactly(0.5f, -0.5f, 0.5f, -0.5f);
    }

    @Test
    void adversarialTraining_nextBatch_startsElsewhere() {
        // One short step: where it ends tells where it began.
        AdversarialTraining training =
                new AdversarialTraining(Pgd.of(Norm.LINF, 0.5).withSteps(0.01, 1));
        Batch first = training.apply(MODEL, batch(), new Seed(1).generator(0)).inputs();
        assertThat(training.apply(MODEL, batch(), new Seed(1).generator(0)).inputs())
                .isEqualTo(first);
        assertThat(training.apply(MODEL, batch(), new Seed(1).generator(1)).inputs())
                .isNotEqualTo(first);
    }

    @Test
    void softSmoothedClassifier_logitsAndGradient_areOfTheMeanProbability() {
        Labelled batch = batch();
        SoftSmoothedClassifier smoothed = new SoftSmoothedClassifier(MODEL, 0.4, 5, new Seed(2));
        Batch copies = smoothed.copies(batch.inputs());
        Batch each = Logits.softmax(MODEL.logits(copies));
        Batch logits = smoothed.logits(batch.inputs());
        for (int r = 0; r < 6; r++) {
            for (int c = 0; c < 3; c++) {
                double mean = 0;
                for (int i = 0; i < 5; i++) {
                    mean += each.get(r * 5 + i, c) / 5;
                }
                assertThat(Math.exp(logits.get(r, c))).isCloseTo(mean, within(1e-6));
            }
        }
        Batch gradient = smoothed.gradient(
                        batch.inputs(),
                        z -> new CrossEntropyLoss()
                                .evaluate(z, batch.targets(), new Loss.Pass(smoothed, batch.inputs()))
                                .cotangents())
                .gradient();
        for (int j = 0; j < N; j++) {
            double[][] ends = new double[2][];
            float h = 1f / 64;
            for (int side = 0; side < 2; side++) {
                float[] moved = batch.inputs().toArray();
                for (int r = 0; r < 6; r++) {
                    moved[r * N + j] += side == 0 ? -h : h;
                }
                ends[side] = loss(smoothed, batch.inputs().like(moved, SPEC.inputShape()), batch.targets());
            }
            for (int r = 0; r < 6; r++) {
                assertThat((double) gradient.get(r, j)).isCloseTo((ends[1][r] - ends[0][r]) / (2 * h), within(1e-3));
            }
        }
        // A saturated base: no NaN, though a probability is zero in double.
        SoftSmoothedClassifier sure = new SoftSmoothedClassifier(
                new LinearClassifier(
                        new float[][] {{5000, 0, 0, 0}, {-5000, 0, 0, 0}},
                        new float[2],
                        new ModelSpec(Shape.of(N), 2, Bounds.of(-9, 9))),
                0.1,
                3,
                new Seed(1));
        Batch ones = Batch.wrap(new float[] {1, 1, 1, 1}, Shape.of(N));
        for (float g : sure.gradient(ones, z -> z.like(new float[] {1, -1}, z.shape()))
                .gradient()
                .row(0)) {
            assertThat(g).isFinite();
        }
    }

    @Test
    void smoothAdv_batch_isNoisyCopiesOfWhatRaisesTheSmoothedLoss() {
        Labelled batch = batch();
        int m = 400;
        SmoothAdv training = new SmoothAdv(Pgd.of(Norm.L2, 1).withSteps(0.5, 5), 0.25, m);
        Labelled hard = training.apply(MODEL, batch, new Seed(1).generator(0));
        assertThat(hard.size()).isEqualTo(6 * m);
        float[] centers = new float[6 * N];
        for (int r = 0; r < 6; r++) {
            for (int i = 0; i < m; i++) {
                assertThat(hard.targets().label(r * m + i))
                        .isEqualTo(batch.targets().label(r));
                for (int j = 0; j < N; j++) {
                    centers[r * N + j] += hard.inputs().get(r * m + i, j) / m;
                }
            }
        }
        // The mean of the copies is the adversarial example, within 6.2 σ/√m in each coordinate.
        Batch center = batch.inputs().like(centers, SPEC.inputShape());
        SoftSmoothedClassifier smoothed = new SoftSmoothedClassifier(MODEL, 0.25, m, new Seed(9));
        double[] clean = loss(smoothed, batch.inputs(), batch.targets());
        double[] raised = loss(smoothed, center, batch.targets());
        for (int r = 0; r < 6; r++) {
            assertThat(Norm.L2.distance(center, batch.inputs(), r)).isCloseTo(1, within(2 * 6.2 * 0.25 / 20));
            assertThat(raised[r]).isGreaterThan(clean[r] + 0.2);
        }
        assertThat(training.apply(MODEL, batch, new Seed(1).generator(0)).inputs())
                .isEqualTo(hard.inputs());
        assertThat(training.apply(MODEL, batch, new Seed(1).generator(1)).inputs())
                .isNotEqualTo(hard.inputs());
    }

    /** In a ball of next to nothing, the copies that the attack went by are those that come back. */
    @Test
    void smoothAdv_copies_haveTheNoiseThatTheAttackSaw() {
        List<Batch> asked = new ArrayList<>();
        DifferentiableClassifier recording = new DifferentiableClassifier() {
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
                asked.add(inputs);
                return MODEL.gradient(inputs, cotangentOfLogits);
            }
        };
        Labelled hard = new SmoothAdv(Pgd.of(Norm.L2, 1e-6).withSteps(0.5, 2), 0.25, 3)
                .apply(recording, batch(), new Seed(1).generator(0));
        assertThat(asked).isNotEmpty();
        for (Batch copies : asked) {
            assertThat(copies.size()).isEqualTo(18);
            for (int r = 0; r < 18; r++) {
                assertThat(Norm.LINF.distance(copies, hard.inputs(), r)).isLessThan(1e-5);
            }
        }
    }

    @Test
    void consistency_transform_makesCopiesThatStandTogether() {
        Labelled batch = batch();
        Consistency consistency = Consistency.of(0.01);
        Labelled copies = consistency.apply(MODEL, batch, new Seed(1).generator(0));
        assertThat(copies.size()).isEqualTo(12);
        for (int i = 0; i < 12; i++) {
            assertThat(copies.targets().label(i)).isEqualTo(batch.targets().label(i / 2));
            for (int j = 0; j < N; j++) {
                assertThat(copies.inputs().get(i, j)).isCloseTo(batch.inputs().get(i / 2, j), within(0.07f));
            }
        }
        assertThat(copies.inputs().row(0)).isNotEqualTo(copies.inputs().row(1));
        TrainingPlan plan = consistency.in(TrainingPlan.of(8, 1e-3, 1, new Seed(1)));
        assertThat(plan.transform()).isSameAs(consistency);
        assertThat(plan.loss()).isSameAs(consistency);
    }

    @Test
    void consistency_loss_isItsFormulaAndDerivative() {
        Consistency loss = new Consistency(0.25, 3, 7, 0.6);
        RandomGenerator random = new Seed(4).generator(0);
        float[] z = new float[6 * 4];
        for (int i = 0; i < z.length; i++) {
            z[i] = random.nextInt(-64, 64) / 32f;
        }
        Targets targets = Targets.of(1, 1, 1, 3, 3, 3);
        LossValues values = evaluate(loss, z, targets);
        assertThat(values.values()[4]).isCloseTo(byHand(z, 4, 3, 7, 0.6), within(1e-12));
        float h = 1f / 512;
        for (int i = 0; i < z.length; i++) {
            float[] up = z.clone();
            float[] down = z.clone();
            up[i] += h;
            down[i] -= h;
            double slope = (sum(evaluate(loss, up, targets)) - sum(evaluate(loss, down, targets))) / (2 * h);
            assertThat((double) values.cotangents().get(i / 4, i % 4)).isCloseTo(slope, within(1e-4));
        }
        // Equal copies: only cross-entropy and entropy are left.
        LossValues equal = evaluate(new Consistency(1, 3, 7, 0), new float[12], Targets.of(0, 1, 2));
        assertThat(equal.values()).contains(new double[] {Math.log(4), Math.log(4), Math.log(4)}, within(1e-12));
        // A saturated model: finite.
        LossValues sure =
                evaluate(loss, new float[] {3000, 0, 0, 0, -3000, 0, 0, 0, 0, 0, 0, 3000}, Targets.of(0, 0, 0));
        for (double v : sure.values()) {
            assertThat(v).isFinite();
        }
        for (float c : sure.cotangents().toArray()) {
            assertThat(c).isFinite();
        }
        assertThatThrownBy(() -> evaluate(loss, new float[16], Targets.of(0, 0, 0, 0)))
                .hasMessageContaining("rows must be a multiple of draws, 3, were 4");
    }

    private static LossValues evaluate(Consistency loss, float[] z, Targets targets) {
        Batch inputs = Batch.wrap(new float[targets.size() * N], Shape.of(N));
        return loss.evaluate(Batch.wrap(z.clone(), Shape.of(4)), targets, new Loss.Pass(MODEL, inputs));
    }

    private static double sum(LossValues values) {
        double sum = 0;
        for (double v : values.values()) {
            sum += v;
        }
        return sum;
    }

    /** The formula written down once more, for a row of the second group of three. */
    private static double byHand(float[] z, int row, int y, double lambda, double eta) {
        double[][] p = new double[3][4];
        double[] mean = new double[4];
        for (int i = 0; i < 3; i++) {
            double sum = 0;
            for (int c = 0; c < 4; c++) {
                p[i][c] = Math.exp(z[(3 + i) * 4 + c]);
                sum += p[i][c];
            }
            for (int c = 0; c < 4; c++) {
                p[i][c] /= sum;
                mean[c] += p[i][c] / 3;
            }
        }
        double value = -Math.log(p[row - 3][y]);
        for (int c = 0; c < 4; c++) {
            value += lambda * mean[c] * Math.log(mean[c] / p[row - 3][c]) - eta * mean[c] * Math.log(mean[c]);
        }
        return value;
    }

    @Test
    void of_badParameters_areRefused() {
        Pgd attack = Pgd.of(Norm.L2, 1);
        assertThatThrownBy(() -> new SmoothAdv(attack, 0, 2)).hasMessage("sigma must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> new SmoothAdv(attack, 1, 0)).hasMessage("draws must be >= 1, was 0");
        assertThatThrownBy(() -> new Consistency(1, 1, 1, 1)).hasMessage("draws must be >= 2, was 1");
        assertThatThrownBy(() -> new Consistency(1, 2, -1, 1)).hasMessageContaining("lambda and eta must be >= 0");
        assertThatThrownBy(() -> new SoftSmoothedClassifier(MODEL, Double.NaN, 1, new Seed(0)))
                .hasMessageContaining("sigma must be > 0");
        assertThatThrownBy(() -> new SoftSmoothedClassifier(MODEL, 1, 0, new Seed(0)))
                .hasMessageContaining("draws must be >= 1");
    }
}
