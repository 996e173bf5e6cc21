// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ApgdTest {
    /** Two logits a · sin(w x) each, so that the loss has hills: a small model on which step sizes matter. */
    static final class Hills implements DifferentiableClassifier {
        static final int N = 20;
        private final ModelSpec spec = new ModelSpec(Shape.of(N), 4, Bounds.of(-1, 1));
        private final double[][] w = new double[4][N];

        Hills() {
            RandomGenerator random = new Seed(2).generator(0);
            for (double[] row : w) {
                for (int j = 0; j < N; j++) {
                    row[j] = 3 * random.nextGaussian();
                }
            }
        }

        @Override
        public ModelSpec spec() {
            return spec;
        }

        private double at(Batch x, int i, int c) {
            double sum = 0;
            for (int j = 0; j < N; j++) {
                sum += w[c][j] * x.get(i, j);
            }
            return sum;
        }

        @Override
        public Batch logits(Batch inputs) {
            float[] z = new float[inputs.size() * 4];
            for (int i = 0; i < inputs.size(); i++) {
                for (int c = 0; c < 4; c++) {
                    double s = at(inputs, i, c);
                    z[i * 4 + c] = (float) (Math.sin(s) + 0.05 * s);
                }
            }
            return inputs.like(z, Shape.of(4));
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            Batch z = logits(inputs);
            Batch d = cotangentOfLogits.apply(z);
            float[] g = new float[inputs.size() * N];
            for (int i = 0; i < inputs.size(); i++) {
                for (int c = 0; c < 4; c++) {
                    double slope = (Math.cos(at(inputs, i, c)) + 0.05) * d.get(i, c);
                    for (int j = 0; j < N; j++) {
                        g[i * N + j] += (float) (slope * w[c][j]);
                    }
                }
            }
            return new LogitsAndGradient(z, inputs.like(g, Shape.of(N)));
        }
    }

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(5).generator(0);
        float[] values = new float[rows * Hills.N];
        for (int i = 0; i < values.length; i++) {
            values[i] = 1.6f * random.nextFloat() - 0.8f;
        }
        return Batch.wrap(values, Shape.of(Hills.N));
    }

    @Test
    void perturb_hillyLoss_breaksNoFewerThanPgdAtEqualSteps() {
        Hills model = new Hills();
        Batch inputs = inputs(300);
        Goal goal = Goal.avoid(model.predict(inputs));
        Map<Norm, double[]> radii = Map.of(
                Norm.LINF, new double[] {0.005, 0.01, 0.015},
                Norm.L2, new double[] {0.02, 0.04, 0.06},
                Norm.L1, new double[] {0.05, 0.1, 0.15});
        radii.forEach((norm, list) -> {
            for (double epsilon : list) {
                int pgd = Pgd.of(norm, epsilon)
                        .withSteps(0.1, 40)
                        .perturb(model, inputs, goal)
                        .count(AttackResult.Status.SUCCEEDED);
                int apgd = Apgd.ce(norm, epsilon)
                        .withSteps(40)
                        .perturb(model, inputs, goal)
                        .count(AttackResult.Status.SUCCEEDED);
                int targeted = ApgdTargeted.of(norm, epsilon)
                        .withSteps(40, 3)
                        .perturb(model, inputs, goal)
                        .count(AttackResult.Status.SUCCEEDED);
                // Three rows of 300 for the luck of the starts.
                assertThat(apgd).as("%s %s", norm, epsilon).isGreaterThanOrEqualTo(pgd - 3);
                assertThat(targeted).as("%s %s", norm, epsilon).isGreaterThanOrEqualTo(pgd - 3);
            }
        });
    }

    /**
     * Where the loss never rises, the step is halved at each checkpoint of the paper, ⌈100 p_j⌉ with p = 0, 0.22, 0.41, …, and
     * the search goes on from the best point, which stays the start.
     */
    @Test
    void perturb_lossThatNeverRises_halvesTheStepAtTheCheckpointsOfThePaper() {
        int n = 6;
        ModelSpec spec = new ModelSpec(Shape.of(n), 2, Bounds.of(-10, 10));
        List<float[]> asked = new ArrayList<>();
        DifferentiableClassifier stubborn = new DifferentiableClassifier() {
            @Override
            public ModelSpec spec() {
                return spec;
            }

            @Override
            public Batch logits(Batch inputs) {
                return inputs.like(new float[] {1, 0}, Shape.of(2));
            }

            @Override
            public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
                asked.add(inputs.row(0));
                Batch z = logits(inputs);
                assertThat(cotangentOfLogits.apply(z).size()).isEqualTo(1);
                return new LogitsAndGradient(z, inputs.like(new float[] {1, -1, 1, -1, 1, -1}, Shape.of(n)));
            }
        };
        double epsilon = 1;
        Apgd.ce(Norm.LINF, epsilon).perturb(stubborn, Batch.of(new float[n], Shape.of(n)), Goal.avoid(0));
        assertThat(asked).hasSize(100);
        float[] start = asked.get(0);
        int halved = 0;
        for (int checkpoint : new int[] {0, 22, 41, 57, 70, 80, 87, 93}) {
            double eta = 2 * epsilon / (1 << halved++);
            // Momentum has no share in the very first step; after a halving it is 0 and its share is lost.
            double alpha = checkpoint == 0 ? 1 : 0.75;
            float[] next = asked.get(checkpoint + 1);
            for (int i = 0; i < n; i++) {
                double end = Math.min(Math.max(start[i] + (i % 2 == 0 ? eta : -eta), -epsilon), epsilon);
                assertThat((double) next[i])
                        .as("checkpoint %d, feature %d", checkpoint, i)
                        .isCloseTo(start[i] + alpha * (end - start[i]), within(1e-6));
            }
        }
    }

    @Test
    void dlrLoss_scaledAndShiftedLogits_keepsItsValue() {
        Batch logits = Batch.of(new float[] {1, 4, 2, 0, 3}, Shape.of(5));
        DlrLoss loss = new DlrLoss();
        Hills model = new Hills();
        Loss.Pass pass = new Loss.Pass(model, inputs(1));
        // −(z_y − max others) / (z_(1) − z_(3)) by hand.
        assertThat(loss.evaluate(logits, Targets.of(1), pass).values()[0]).isCloseTo(-0.5, within(1e-6));
        assertThat(loss.evaluate(logits, Targets.of(0), pass).values()[0]).isCloseTo(1.5, within(1e-6));
        Targets targets = Targets.of(new int[] {1}, Map.of(DlrLoss.TARGET, new double[] {2}));
        // −(4 − 2) / (4 − (2 + 1) / 2).
        assertThat(loss.evaluate(logits, targets, pass).values()[0]).isCloseTo(-0.8, within(1e-6));
        float[] scaled = logits.toArray();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = 7 * scaled[i] - 3;
        }
        assertThat(loss.evaluate(Batch.wrap(scaled, Shape.of(5)), Targets.of(1), pass)
                        .values()[0])
                .isCloseTo(-0.5, within(1e-6));
    }

    @Test
    void dlrLoss_cotangents_areItsDerivative() {
        RandomGenerator random = new Seed(9).generator(0);
        Loss.Pass pass = new Loss.Pass(new Hills(), inputs(1));
        for (int classes : new int[] {2, 3, 4, 7}) {
            for (boolean targeted : new boolean[] {false, true}) {
                float[] z = new float[classes];
                for (int i = 0; i < classes; i++) {
                    z[i] = (float) (3 * random.nextGaussian());
                }
                Targets targets =
                        targeted ? Targets.of(new int[] {0}, Map.of(DlrLoss.TARGET, new double[] {1})) : Targets.of(0);
                Shape shape = Shape.of(classes);
                LossValues at = new DlrLoss().evaluate(Batch.of(z, shape), targets, pass);
                for (int i = 0; i < classes; i++) {
                    float[] up = z.clone();
                    float[] down = z.clone();
                    up[i] += 1e-2f;
                    down[i] -= 1e-2f;
                    double slope = (new DlrLoss()
                                            .evaluate(Batch.of(up, shape), targets, pass)
                                            .values()[0]
                                    - new DlrLoss()
                                            .evaluate(Batch.of(down, shape), targets, pass)
                                            .values()[0])
                            / 2e-2;
                    assertThat((double) at.cotangents().get(0, i))
                            .as("%d classes, targeted %s, logit %d", classes, targeted, i)
                            .isCloseTo(slope, within(0.02 * (1 + Math.abs(slope))));
                }
            }
        }
    }

    @Test
    void ensemble_otherRadius_isRefused() {
        assertThatThrownBy(
                        () -> new Ensemble<DifferentiableClassifier>(List.of(Pgd.of(Norm.L2, 1), Apgd.ce(Norm.L2, 2))))
                .hasMessageContaining("must share norm and radius");
        assertThatThrownBy(() -> new Ensemble<DifferentiableClassifier>(List.of()))
                .hasMessage("attacks must not be empty");
        assertThatThrownBy(() -> ApgdTargeted.of(Norm.L2, 1).perturb(new Hills(), inputs(1), Goal.reach(0)))
                .hasMessageContaining("to avoid labels");
        assertThatThrownBy(() -> Apgd.ce(Norm.L2, 1e39)).hasMessageContaining("epsilon must be <=");
    }
}
