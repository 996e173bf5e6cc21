// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Logits;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * Decoupled direction and norm: gradient steps on a sphere around the input whose radius shrinks while the point is adversarial
 * and grows while it is not. As good as Carlini and Wagner's attack in a hundredth of the steps.
 *
 * <p>Guarantee: samples lie inside the model's bounds; the distance is an upper bound of the true one.
 *
 * <p>Source: Rony, Hafemann, Oliveira, Ben Ayed, Sabourin, Granger, Decoupling Direction and Norm for Efficient Gradient-Based L2
 * Adversarial Attacks and Defenses, CVPR 2019, algorithm 1, without the rounding to 8 bits. Clause 7.3.2-5.
 *
 * @param steps gradient steps; at least 1; the paper uses 100 to 1,000
 * @param radius first radius of the sphere, in units of the inputs; positive and finite; 1 in the paper, for inputs in [0, 1]
 * @param gamma share by which the radius changes in a step, in (0, 1); 0.05 in the paper
 */
public record Ddn(int steps, double radius, double gamma) implements MinimumNormAttack<DifferentiableClassifier> {
    /** Checks the components. */
    public Ddn {
        if (steps < 1) {
            throw new IllegalArgumentException("steps must be >= 1, was " + steps);
        }
        Pgd.requirePositive("radius", radius);
        if (!(gamma > 0 && gamma < 1)) {
            throw new IllegalArgumentException("gamma must be in (0, 1), was " + gamma);
        }
    }

    /**
     * 100 steps from radius 1, by 5 % each.
     *
     * @return the attack
     */
    public static Ddn standard() {
        return new Ddn(100, 1, 0.05);
    }

    @Override
    public Norm norm() {
        return Norm.L2;
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, Norm.L2);
        int n = search.n;
        int[] rows = search.open();
        float[] clean = inputs.array();
        float[] x = search.inputsOf(rows);
        double[] sphere = new double[rows.length];
        Arrays.fill(sphere, radius);
        Loss loss = new CrossEntropyLoss();
        double sign = goal.targeted() ? -1 : 1;
        for (int step = 0; step < steps && rows.length > 0; step++) {
            Batch numbers = search.numbers(rows);
            Targets targets = goal.targets(rows);
            Search.Slope slope = search.slope(model, rows, numbers, x, loss, targets);
            int[] predicted = Logits.argmax(slope.logits());
            double alpha = 0.01 + 0.99 * (1 + Math.cos(Math.PI * step / steps)) / 2;
            for (int r = 0; r < rows.length; r++) {
                int at = r * n;
                int in = search.start(rows[r]);
                boolean adversarial = goal.achieved(rows[r], predicted[r]);
                sphere[r] *= adversarial ? 1 - gamma : 1 + gamma;
                double square = 0;
                int gi = slope.offset() + at;
                for (int i = 0; i < n; i++) {
                    square += (double) slope.gradient()[gi + i] * slope.gradient()[gi + i];
                }
                double go = square > 0 ? sign * alpha / Math.sqrt(square) : 0;
                double length = 0;
                for (int i = 0; i < n; i++) {
                    double d = (double) x[at + i] - clean[in + i] + go * slope.gradient()[gi + i];
                    length += d * d;
                }
                double scale = length > 0 ? sphere[r] / Math.sqrt(length) : 0;
                for (int i = 0; i < n; i++) {
                    double d = (double) x[at + i] - clean[in + i] + go * slope.gradient()[gi + i];
                    x[at + i] = search.bounds.clip(i, (float) (clean[in + i] + scale * d));
                }
            }
            if (step == steps - 1) {
                search.ask(rows, numbers, x);
            }
            for (int r = 0; r < rows.length; r++) {
                search.tried(rows[r], x, r * n);
            }
            int[] kept = search.farther(rows, enough);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                x = Search.pick(x, n, kept);
                sphere = Search.pick(sphere, kept);
            }
        }
        return search.result(Double.POSITIVE_INFINITY);
    }
}
