// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * Carlini and Wagner's attack in L2: minimises ‖x′ − x‖² + c · max(z_y − max z_c + κ, 0) over x′ = mid + half · tanh(w) with Adam,
 * with c found by bisection for each row.
 *
 * <p>Guarantee: samples lie inside the model's bounds, which must be finite; the distance is an upper bound of the true one. A
 * row whose objective no longer falls in a tenth of the steps ends its round, as in the authors' code.
 *
 * <p>Source: Carlini, Wagner, Towards Evaluating the Robustness of Neural Networks, IEEE S&amp;P 2017, section VI.A. Clause 7.3.2-5.
 *
 * @param rounds rounds of the bisection on c; at least 1; 9 in the authors' code
 * @param steps most steps of a round; at least 10; 1,000 in their evaluation
 * @param rate learning rate of Adam in units of tanh's argument; positive and finite; 0.01
 * @param firstC first c; positive and finite; 0.001
 * @param confidence κ, by how much the logit is to lead; at least 0
 */
public record CarliniWagner(int rounds, int steps, double rate, double firstC, double confidence)
        implements MinimumNormAttack<DifferentiableClassifier> {
    private static final double MOST_C = 1e10;
    /** tanh reaches the bounds only at infinity. */
    private static final double INSIDE = 1 - 1e-6;

    /** Checks the components. */
    public CarliniWagner {
        if (rounds < 1 || steps < 10) {
            throw new IllegalArgumentException("rounds must be >= 1 and steps >= 10, were " + rounds + " and " + steps);
        }
        Pgd.requirePositive("rate", rate);
        Pgd.requirePositive("firstC", firstC);
        if (!(confidence >= 0 && confidence < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("confidence must be >= 0 and finite, was " + confidence);
        }
    }

    /**
     * Nine rounds of at most 1,000 steps at rate 0.01, c from 0.001, κ = 0.
     *
     * @return the attack
     */
    public static CarliniWagner standard() {
        return new CarliniWagner(9, 1000, 0.01, 1e-3, 0);
    }

    /**
     * The same attack with another effort.
     *
     * @param count rounds of the bisection
     * @param most most steps of a round
     * @return the attack
     */
    public CarliniWagner withSteps(int count, int most) {
        return new CarliniWagner(count, most, rate, firstC, confidence);
    }

    @Override
    public Norm norm() {
        return Norm.L2;
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal, double enough) {
        Search search = new Search(model, inputs, goal, Norm.L2);
        int[] all = search.open();
        double[] c = new double[inputs.size()];
        double[] below = new double[inputs.size()];
        double[] above = new double[inputs.size()];
        Arrays.fill(c, firstC);
        Arrays.fill(above, Double.POSITIVE_INFINITY);
        for (int round = 0; round < rounds; round++) {
            int[] kept = search.farther(all, enough);
            int[] rows = kept == null ? all : Search.pick(all, kept);
            if (rows.length == 0) {
                break;
            }
            boolean[] reached = new boolean[inputs.size()];
            new Round(model, search, rows, c, reached).run(enough);
            for (int row : rows) {
                if (reached[row]) {
                    above[row] = c[row];
                } else {
                    below[row] = c[row];
                }
                c[row] = above[row] < Double.POSITIVE_INFINITY
                        ? (below[row] + above[row]) / 2
                        : Math.min(c[row] * 10, MOST_C);
            }
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    private final class Round {
        private final DifferentiableClassifier model;
        private final Search search;
        private final double[] c;
        private final boolean[] reached;
        private final int n;
        private final float[] middle;
        private final float[] half;
        private int[] rows;
        private float[] x;
        private float[] w;
        private float[] tanh;
        private float[] mean;
        private float[] variance;
        private double[] checked;

        Round(DifferentiableClassifier model, Search search, int[] rows, double[] c, boolean[] reached) {
            this.model = model;
            this.search = search;
            this.rows = rows;
            this.c = c;
            this.reached = reached;
            n = search.n;
            middle = new float[n];
            half = new float[n];
            for (int i = 0; i < n; i++) {
                double lower = search.bounds.lower(i);
                double upper = search.bounds.upper(i);
                middle[i] = (float) ((lower + upper) / 2);
                half[i] = (float) ((upper - lower) / 2);
                if (!Float.isFinite(half[i])) {
                    throw new IllegalArgumentException(
                            "bounds of the model must be finite for this attack, were " + search.bounds);
                }
            }
            x = search.inputsOf(rows);
            w = new float[x.length];
            tanh = new float[x.length];
            for (int r = 0; r < rows.length; r++) {
                for (int i = 0; i < n; i++) {
                    double t = ((double) x[r * n + i] - middle[i]) / half[i] * INSIDE;
                    w[r * n + i] = (float) (0.5 * Math.log((1 + t) / (1 - t)));
                    tanh[r * n + i] = (float) t;
                }
            }
            mean = new float[x.length];
            variance = new float[x.length];
            checked = new double[rows.length];
            Arrays.fill(checked, Double.POSITIVE_INFINITY);
        }

        void run(double enough) {
            Batch numbers = search.numbers(rows);
            for (int step = 0; step < steps && rows.length > 0; step++) {
                place();
                int[] labels = search.goal.targets(rows).labels();
                Logit.Difference towards =
                        search.goal.targeted() ? Logit.Difference.toLabel(labels) : Logit.Difference.toOther(labels);
                Search.Slope slope = search.slope(model, rows, numbers, x, towards, Targets.of(labels));
                boolean look = step % (steps / 10) == 0;
                int[] kept = new int[rows.length];
                int count = 0;
                for (int r = 0; r < rows.length; r++) {
                    int in = search.start(rows[r]);
                    double length = Norm.L2.length(x, r * n, search.inputs.array(), in, n);
                    double distance = length * length;
                    double lead = slope.loss()[r];
                    reached[rows[r]] |= lead > confidence;
                    double lack = Math.max(confidence - lead, 0);
                    double objective = distance + c[rows[r]] * lack;
                    descend(r, in, slope, lack > 0 ? c[rows[r]] : 0, step + 1);
                    boolean stuck = look && objective > 0.9999 * checked[r];
                    if (look) {
                        checked[r] = objective;
                    }
                    if (!stuck && !(search.distance(rows[r]) <= enough)) {
                        kept[count++] = r;
                    }
                    search.tried(rows[r], x, r * n);
                }
                if (count < rows.length) {
                    keep(Arrays.copyOf(kept, count));
                    numbers = search.numbers(rows);
                }
            }
        }

        private void place() {
            for (int r = 0; r < rows.length; r++) {
                for (int i = 0; i < n; i++) {
                    int at = r * n + i;
                    float t = (float) Math.tanh(w[at]);
                    tanh[at] = t;
                    x[at] = search.bounds.clip(i, middle[i] + half[i] * t);
                }
            }
        }

        /** A step of Adam on w. */
        private void descend(int r, int in, Search.Slope slope, double weight, int step) {
            float[] clean = search.inputs.array();
            float first = (float) (1 / (1 - Math.pow(0.9, step)));
            float second = (float) (1 / (1 - Math.pow(0.999, step)));
            int gi = slope.offset() + r * n;
            for (int i = 0; i < n; i++) {
                int at = r * n + i;
                float outer = 2 * (x[at] - clean[in + i]) - (float) weight * slope.gradient()[gi + i];
                float g = outer * half[i] * (1 - tanh[at] * tanh[at]);
                float m = 0.9f * mean[at] + 0.1f * g;
                float v = 0.999f * variance[at] + 0.001f * g * g;
                mean[at] = m;
                variance[at] = v;
                w[at] -= (float) rate * m * first / ((float) Math.sqrt(v * second) + 1e-8f);
            }
        }

        private void keep(int[] kept) {
            rows = Search.pick(rows, kept);
            x = Search.pick(x, n, kept);
            w = Search.pick(w, n, kept);
            tanh = Search.pick(tanh, n, kept);
            mean = Search.pick(mean, n, kept);
            variance = Search.pick(variance, n, kept);
            checked = Search.pick(checked, kept);
        }
    }
}
