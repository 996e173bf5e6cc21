// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.Targets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * For each row, the nearest of the decision boundaries as the model's linearisation at a point sees them: f(x′) ≈ f(x) +
 * ⟨w, x′ − x⟩ with f positive where the goal is achieved, at distance |f| / ‖w‖ in the dual norm. Belongs to one call.
 */
final class Boundaries {
    private static final Loss MARGIN = new MarginLoss();

    /** Least step over the size of inputs; the authors' code of DeepFool adds it. */
    private static final double LEAST = 1e-4;

    private final DifferentiableClassifier model;
    private final Search search;
    private final Norm norm;
    private final int n;

    /** w of the nearest boundary, row after row; zero where no gradient was other than zero. */
    float[] normal = new float[0];

    /** f of the nearest boundary. */
    double[] value = new double[0];

    /** |f| / ‖w‖; infinite where no gradient was other than zero. */
    double[] distance = new double[0];

    /** ‖w‖ in the dual norm: how f rises over a step of length 1. */
    double[] rate = new double[0];

    Boundaries(DifferentiableClassifier model, Search search, Norm norm) {
        this.model = model;
        this.search = search;
        this.norm = norm;
        n = search.n;
    }

    /** f below which a point lies on the boundary but for rounding. */
    private double[] hair = new double[0];

    /** Forgets what was seen. */
    void clear(int rows) {
        if (normal.length == rows * n) {
            Arrays.fill(normal, 0);
        } else {
            normal = new float[rows * n];
        }
        value = new double[rows];
        rate = new double[rows];
        hair = new double[rows];
        distance = new double[rows];
        Arrays.fill(distance, Double.POSITIVE_INFINITY);
    }

    /**
     * Looks at one boundary of each row: to its rival class, or to the strongest rival if none is named (and always if a class
     * is to be reached). One gradient call.
     */
    void look(int[] rows, Batch numbers, float[] x, Targets targets, int @Nullable [] rivals) {
        Loss loss = rivals == null || search.goal.targeted() ? MARGIN : new Difference(rivals);
        double sign = search.goal.targeted() ? -1 : 1;
        Search.Slope slope = search.slope(model, rows, numbers, x, loss, targets);
        for (int r = 0; r < rows.length; r++) {
            int from = slope.offset() + r * n;
            double f = sign * slope.loss()[r];
            double dual = Hyperplane.dual(norm, slope.gradient(), from, n);
            double d = dual > 0 ? Math.abs(f) / dual : Double.POSITIVE_INFINITY;
            if (d < distance[r]) {
                distance[r] = d;
                value[r] = f;
                rate[r] = dual;
                hair[r] = search.least(slope.logits(), r);
                for (int i = 0; i < n; i++) {
                    normal[r * n + i] = (float) sign * slope.gradient()[from + i];
                }
            }
        }
    }

    /** What f has to gain until the boundary; on the boundary, where that is nothing, what carries x over it. */
    double gain(int r, float[] x) {
        return Math.abs(value[r]) <= hair[r] ? rate[r] * nudge(x, r * n, n) : -value[r];
    }

    /** A small step from x, in proportion to what its floats resolve: by it a tie, with the boundary at distance 0, is crossed. */
    static double nudge(float[] x, int at, int n) {
        float size = 1;
        for (int i = at; i < at + n; i++) {
            size = Math.max(size, Math.abs(x[i]));
        }
        return LEAST * size;
    }

    void keep(int[] kept) {
        normal = Search.pick(normal, n, kept);
        value = Search.pick(value, kept);
        rate = Search.pick(rate, kept);
        hair = Search.pick(hair, kept);
        distance = Search.pick(distance, kept);
    }

    /** The rivals of each row's label, the likeliest first: [k][row]. At most {@code most}, and one less than classes. */
    static int[][] rivals(Batch logits, Targets targets, int most) {
        int classes = logits.shape().size();
        int count = Math.min(most, classes - 1);
        int[][] rivals = new int[count][logits.size()];
        for (int i = 0; i < logits.size(); i++) {
            int row = i;
            int[] order = IntStream.range(0, classes)
                    .filter(c -> c != targets.label(row))
                    .boxed()
                    .sorted(Comparator.comparing((Integer c) -> -logits.get(row, c)))
                    .mapToInt(c -> c)
                    .limit(count)
                    .toArray();
            for (int k = 0; k < count; k++) {
                rivals[k][i] = order[k];
            }
        }
        return rivals;
    }

    /** z_rival − z_label. */
    private record Difference(int[] rivals) implements Loss {
        @Override
        public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
            int classes = logits.shape().size();
            double[] values = new double[logits.size()];
            float[] cotangents = new float[logits.size() * classes];
            for (int i = 0; i < values.length; i++) {
                values[i] = (double) logits.get(i, rivals[i]) - logits.get(i, targets.label(i));
                cotangents[i * classes + rivals[i]] += 1;
                cotangents[i * classes + targets.label(i)] -= 1;
            }
            return new LossValues(values, Batch.wrap(cotangents, logits.shape()));
        }
    }
}
