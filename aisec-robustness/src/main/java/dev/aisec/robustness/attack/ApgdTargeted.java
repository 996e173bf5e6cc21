// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.Map;

/**
 * Auto-PGD towards each of the likeliest wrong classes in turn, with the targeted difference of logits ratio: APGD-T. It
 * leaves the true label, by whatever class; the targets only lead the way.
 *
 * <p>Guarantee: as {@link Apgd}. Source: Croce, Hein, ICML 2020, section 6.
 *
 * @param norm norm of the ball; L1, L2 or L∞
 * @param epsilon radius of the ball, in units of the inputs; positive and finite
 * @param steps gradient steps towards each class; at least 1
 * @param classes how many wrong classes to try, those with the largest logits first; at least 1; the ensemble has 9
 * @param seed seed of the starts
 */
public record ApgdTargeted(Norm norm, double epsilon, int steps, int classes, Seed seed)
        implements BallAttack<DifferentiableClassifier> {
    /** Checks the components. */
    public ApgdTargeted {
        Ball.requireNorm(norm);
        Pgd.requireRadius(epsilon);
        if (steps < 1 || classes < 1) {
            throw new IllegalArgumentException("steps and classes must be >= 1, were " + steps + " and " + classes);
        }
    }

    /**
     * 100 steps towards each of nine classes.
     *
     * @param norm norm of the ball
     * @param epsilon radius of the ball
     * @return the attack
     */
    public static ApgdTargeted of(Norm norm, double epsilon) {
        return new ApgdTargeted(norm, epsilon, 100, 9, new Seed(0));
    }

    @Override
    public ApgdTargeted withEpsilon(double other) {
        return new ApgdTargeted(norm, other, steps, classes, seed);
    }

    /**
     * The same attack with another number of steps and classes.
     *
     * @param count steps towards each class
     * @param tried how many wrong classes to try
     * @return the attack
     */
    public ApgdTargeted withSteps(int count, int tried) {
        return new ApgdTargeted(norm, epsilon, count, tried, seed);
    }

    /**
     * The same attack with another seed.
     *
     * @param other the seed
     * @return the attack
     */
    public ApgdTargeted withSeed(Seed other) {
        return new ApgdTargeted(norm, epsilon, steps, classes, other);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        if (goal.targeted()) {
            throw new IllegalArgumentException("goal must be to avoid labels; to reach a class, take Apgd");
        }
        Search search = new Search(model, inputs, goal, norm);
        int[] all = search.open();
        if (all.length == 0) {
            return search.result(epsilon);
        }
        int[] labels = goal.targets(all).labels();
        int[][] wrong = likeliest(search.ask(all, search.numbers(all), search.inputsOf(all)), labels);
        Apgd apgd = new Apgd(norm, epsilon, steps, 1, new DlrLoss(), seed);
        for (int k = 0; k < Math.min(classes, search.spec.classes() - 1); k++) {
            int[] rows = search.open();
            double[] column = new double[rows.length];
            int[] open = new int[rows.length];
            for (int r = 0; r < rows.length; r++) {
                int position = Arrays.binarySearch(all, rows[r]);
                column[r] = wrong[position][k];
                open[r] = labels[position];
            }
            if (rows.length > 0) {
                Targets targets = Targets.of(open, Map.of(DlrLoss.TARGET, column));
                apgd.run(model, search, rows, targets, "apgd-target-" + k);
            }
        }
        return search.result(epsilon);
    }

    /** Wrong classes of each row, the likeliest first. */
    private static int[][] likeliest(Batch logits, int[] labels) {
        int[][] wrong = new int[labels.length][];
        for (int i = 0; i < wrong.length; i++) {
            int row = i;
            wrong[i] = java.util.stream.IntStream.range(0, logits.shape().size())
                    .filter(c -> c != labels[row])
                    .boxed()
                    .sorted((a, b) -> Float.compare(logits.get(row, b), logits.get(row, a)))
                    .mapToInt(c -> c)
                    .toArray();
        }
        return wrong;
    }
}
