// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Detector;
import dev.aisec.core.model.DifferentiableDetector;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.Threshold;
import dev.aisec.robustness.attack.Apgd;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.RandomNoise;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class DetectorEvasionTest {
    private static final int N = 40;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 3, Bounds.of(0, 1));
    private static final Mlp MODEL = new Mlp(SPEC, 25, false, 3);

    /** Suspects rows at which the model is not sure, as at examples that were moved just over a boundary. */
    private record SmallLead() implements DifferentiableDetector {
        @Override
        public double[] scores(Batch inputs) {
            Batch z = MODEL.logits(inputs);
            double[] scores = new double[inputs.size()];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = 1000 * (z.get(i, second(z, i)) - (double) z.get(i, first(z, i)));
            }
            return scores;
        }

        @Override
        public Batch scoreGradient(Batch inputs) {
            return MODEL.gradient(inputs, z -> {
                        float[] v = new float[3 * z.size()];
                        for (int i = 0; i < z.size(); i++) {
                            v[3 * i + second(z, i)] = 1000;
                            v[3 * i + first(z, i)] = -1000;
                        }
                        return z.like(v, z.shape());
                    })
                    .gradient();
        }

        private static int first(Batch z, int i) {
            return Logits.argmax(z.rows(i, i + 1))[0];
        }

        private static int second(Batch z, int i) {
            int top = first(z, i);
            int a = (top + 1) % 3;
            int b = (top + 2) % 3;
            return z.get(i, a) > z.get(i, b) ? a : b;
        }
    }

    private static Labelled data(int rows) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] x = new float[rows * N];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextFloat();
        }
        Batch inputs = Batch.wrap(x, SPEC.inputShape());
        return new Labelled(inputs, Targets.of(MODEL.predict(inputs)));
    }

    private static Threshold threshold(Labelled data) {
        return Threshold.splitConformal(new SmallLead().scores(data.inputs()), 0.2);
    }

    @Test
    void perturb_adaptiveAttack_evadesWhatObliviousOneDoesNot() {
        Labelled data = data(100);
        Threshold threshold = threshold(data);
        DetectorEvasion.Differentiable whole = DetectorEvasion.of(MODEL, new SmallLead(), threshold, data);
        double epsilon = 0.05;
        // Knows of no detector.
        AttackResult oblivious = Pgd.of(Norm.LINF, epsilon)
                .perturb(MODEL, data.inputs(), Goal.avoid(data.targets().labels()));
        int evaded = evaded(oblivious.samples(), data, threshold);
        assertThat(oblivious.count(AttackResult.Status.SUCCEEDED)).isGreaterThan(70);
        assertThat(evaded).isLessThan(5);
        for (BallAttack<? super DetectorEvasion.Differentiable> attack :
                List.of(Pgd.of(Norm.LINF, epsilon), Apgd.ce(Norm.LINF, epsilon))) {
            AttackResult adaptive = attack.perturb(
                    whole,
                    whole.data().inputs(),
                    Goal.avoid(whole.data().targets().labels()));
            int found = evaded(adaptive.samples(), data, threshold);
            assertThat(found).isEqualTo(adaptive.count(AttackResult.Status.SUCCEEDED));
            assertThat(found).isGreaterThan(60);
        }
    }

    /** Counts the wrong rows that are not flagged, without the class under test. */
    private static int evaded(Batch samples, Labelled data, Threshold threshold) {
        int[] predicted = MODEL.predict(samples);
        double[] scores = new SmallLead().scores(samples);
        int count = 0;
        for (int i = 0; i < predicted.length; i++) {
            count += predicted[i] != data.targets().label(i) && !threshold.flags(scores[i]) ? 1 : 0;
        }
        return count;
    }

    @Test
    void gradient_bothTerms_agreeWithDifferences() {
        Labelled data = data(30);
        // Half of the rows are flagged and, with other labels, half are wrong.
        Threshold low = Threshold.splitConformal(new SmallLead().scores(data.inputs()), 0.5);
        int[] labels = data.targets().labels();
        for (int i = 0; i < 30; i += 2) {
            labels[i] = (labels[i] + 1) % 3;
        }
        DetectorEvasion.Differentiable whole =
                DetectorEvasion.of(MODEL, new SmallLead(), low, new Labelled(data.inputs(), Targets.of(labels)));
        Batch x = whole.data().inputs();
        Batch g = whole.gradient(x, z -> {
                    float[] v = new float[2 * z.size()];
                    for (int i = 1; i < v.length; i += 2) {
                        v[i] = 1;
                    }
                    return z.like(v, z.shape());
                })
                .gradient();
        float h = 2e-4f;
        int byScore = 0;
        for (int i = 0; i < 30; i++) {
            float[] up = x.toArray();
            float[] down = x.toArray();
            double square = 0;
            for (int j = i * N; j < (i + 1) * N; j++) {
                square += g.get(i, j - i * N) * g.get(i, j - i * N);
            }
            double norm = Math.sqrt(square);
            for (int j = i * N; j < (i + 1) * N; j++) {
                up[j] += (float) (h * g.get(i, j - i * N) / norm);
                down[j] -= (float) (h * g.get(i, j - i * N) / norm);
            }
            double slope = ((double) whole.logits(x.like(up, x.shape())).get(i, 1)
                            - whole.logits(x.like(down, x.shape())).get(i, 1))
                    / (2 * h);
            assertThat(slope).isCloseTo(norm, within(0.02 * norm));
            byScore += i % 2 == 0 && low.flags(new SmallLead().scores(x)[i]) ? 1 : 0;
        }
        assertThat(byScore).isBetween(3, 12);
    }

    @Test
    void of_evaluationOfTheWhole_countsRightOrFlagged() {
        Labelled data = data(60);
        DetectorEvasion whole = DetectorEvasion.of(MODEL, (Detector) new SmallLead(), threshold(data), data);
        RobustEvaluation result = RobustEvaluation.of(
                "m",
                whole,
                whole.data(),
                List.of(RobustEvaluation.Named.<DetectorEvasion>blackBox("noise", RandomNoise.of(Norm.LINF, 0.1))),
                RowChunks.of(25),
                Progress.NONE);
        assertThat(result.clean()).isEqualTo(60);
        assertThat(result.robust()).isLessThan(60);
        assertThatThrownBy(() -> whole.logits(data(1).inputs().numberedFrom(60)))
                .hasMessage("inputs must be rows of data(), numbered below 60, was 60");
    }
}
