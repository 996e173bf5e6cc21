// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.LossValues;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Targets;
import java.util.Arrays;

/**
 * Attack by the Jacobian saliency map: step after step it moves the pair of features, or the feature, that raises the target's
 * logit and lowers the others' most.
 *
 * <p>Guarantee: at most {@code features} features differ from the input; every sample lies inside the bounds. A broken row is
 * not queried any more, and neither is one whose budget is used up or in which nothing is salient. It gives an upper bound of
 * robust accuracy, not a proof.
 *
 * <p>Assumption: the bounds of the model are finite.
 *
 * <p>With α = ∂z_t and β = Σ_{c≠t} ∂z_c, each summed over the pair, the saliency is −αβ where α &gt; 0 and β &lt; 0, else nothing
 * (for θ &lt; 0, where α &lt; 0 and β &gt; 0). The largest one moves by θ, up to the bound; there it leaves the search. The
 * gradient is that of the logits, as in the paper's experiments, not of the softmax. To reach a class, that is the target t; to avoid the label, the
 * likeliest other class at each step. Where the other logits do not fall, as with the logits 0 and f of a binary model, nothing
 * is salient, and the attack finds nothing. A step costs two forward and two backward passes, and the time to look at pairs
 * grows with the square of the number of features.
 *
 * <p>Source: Papernot, McDaniel, Jha, Fredrikson, Celik, Swami, The Limitations of Deep Learning in Adversarial Settings,
 * IEEE EuroS&amp;P 2016, algorithms 2 and 3. Clause 7.3.2-5.
 *
 * @param features how many features may change; at least 1 ({@link #share} for Papernot's Υ, or γ)
 * @param theta θ, what is added to a feature in a step, in units of the inputs; finite, not 0; Papernot et al. use the whole
 *     range, up or down
 * @param pairs whether features are looked at in pairs, as in the paper, or one by one
 */
public record Jsma(int features, double theta, boolean pairs) implements BallAttack<DifferentiableClassifier> {
    /** Checks the components. */
    public Jsma {
        if (features < 1) {
            throw new IllegalArgumentException("features must be >= 1, was " + features);
        }
        if (!(Math.abs(theta) > 0 && Math.abs(theta) < Float.MAX_VALUE / 4)) {
            throw new IllegalArgumentException("theta must be finite and not 0, was " + theta);
        }
    }

    /**
     * Pairs, each moved up by 1: the whole range of inputs in [0, 1].
     *
     * @param features how many features may change
     * @return the attack
     */
    public static Jsma of(int features) {
        return new Jsma(features, 1, true);
    }

    /**
     * Pairs, each moved up by 1, and at most a share of the features.
     *
     * @param gamma Papernot's Υ in (0, 1]; Papernot et al. use 0.145 on MNIST
     * @param spec of the model, for the number of features
     * @return the attack with ⌊γ n⌋ features, but at least 1
     */
    public static Jsma share(double gamma, ModelSpec spec) {
        if (!(gamma > 0 && gamma <= 1)) {
            throw new IllegalArgumentException("gamma must be in (0, 1], was " + gamma);
        }
        return of(Math.max(1, (int) (gamma * spec.inputShape().size())));
    }

    @Override
    public Norm norm() {
        return Norm.L0;
    }

    /** How many features may change. */
    @Override
    public double epsilon() {
        return features;
    }

    /** With another number of features: a whole number, at least 1. */
    @Override
    public Jsma withEpsilon(double count) {
        return new Jsma(SparseRs.requireCount(count), theta, pairs);
    }

    /**
     * The same attack with another step.
     *
     * @param step what is added to a feature
     * @return the attack
     */
    public Jsma withTheta(double step) {
        return new Jsma(features, step, pairs);
    }

    /**
     * The same attack that looks at features one by one: faster, and blind to features that help only together.
     *
     * @return the attack
     */
    public Jsma withSingles() {
        return new Jsma(features, theta, false);
    }

    @Override
    public AttackResult perturb(DifferentiableClassifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, Norm.L0);
        SparseRs.requireFinite(search.bounds);
        int n = search.n;
        int[] rows = search.open();
        float[] x = search.inputsOf(rows);
        Saliency map = new Saliency(n);
        while (rows.length > 0) {
            Batch numbers = search.numbers(rows);
            Targets targets = goal.targets(rows);
            Toward toward = new Toward(goal.targeted(), rows.length);
            Search.Slope others = search.slope(model, rows, numbers, x, toward, targets);
            float[] down = Arrays.copyOfRange(others.gradient(), others.offset(), others.offset() + x.length);
            int[] kept = search.keep(rows);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                x = Search.pick(x, n, kept);
                down = Search.pick(down, n, kept);
                targets = targets.select(kept);
                numbers = search.numbers(rows);
                toward.pick(kept);
            }
            if (rows.length == 0) {
                break;
            }
            toward.itself = true;
            Search.Slope target = search.slope(model, rows, numbers, x, toward, targets);
            int[] movable = new int[rows.length];
            int[] last = new int[rows.length];
            int more = 0;
            int ends = 0;
            for (int r = 0; r < rows.length; r++) {
                float[] clean = inputs.array();
                int in = search.start(rows[r]);
                int left = features - map.fill(search.bounds, x, r * n, clean, in, target, r * n, down, r * n);
                if (!(pairs ? map.pair(left) : map.single(left))) {
                    search.tried(rows[r], x, r * n);
                    continue;
                }
                move(search.bounds, x, r * n, map.first);
                if (pairs) {
                    move(search.bounds, x, r * n, map.second);
                }
                if (canMove(search.bounds, x, r * n, clean, in, n)) {
                    movable[more++] = r;
                } else {
                    last[ends++] = r;
                }
            }
            if (ends > 0) {
                // Nobody asks for the gradient where nothing can move any more.
                int[] positions = Arrays.copyOf(last, ends);
                int[] ended = Search.pick(rows, positions);
                float[] at = Search.pick(x, n, positions);
                search.ask(ended, search.numbers(ended), at);
                for (int k = 0; k < ends; k++) {
                    search.tried(ended[k], at, k * n);
                }
            }
            if (more < rows.length) {
                int[] positions = Arrays.copyOf(movable, more);
                rows = Search.pick(rows, positions);
                x = Search.pick(x, n, positions);
            }
        }
        return search.result(features);
    }

    private float moved(Bounds bounds, int feature, float value) {
        return bounds.clip(feature, (float) (value + theta));
    }

    private void move(Bounds bounds, float[] x, int at, int feature) {
        x[at + feature] = moved(bounds, feature, x[at + feature]);
    }

    /** Whether budget is left, or a feature that changed already can move on. */
    private boolean canMove(Bounds bounds, float[] x, int at, float[] clean, int in, int n) {
        int changed = 0;
        for (int i = 0; i < n; i++) {
            boolean was = x[at + i] != clean[in + i];
            if (was && moved(bounds, i, x[at + i]) != x[at + i]) {
                return true;
            }
            changed += was ? 1 : 0;
        }
        return changed + 2 <= features || !pairs && changed < features;
    }

    /** The target's logit, or the sum of the others: only the derivative counts. */
    private static final class Toward implements Loss {
        private final boolean targeted;
        private int[] target;
        private boolean itself;

        Toward(boolean targeted, int rows) {
            this.targeted = targeted;
            target = new int[rows];
        }

        void pick(int[] kept) {
            target = Search.pick(target, kept);
        }

        @Override
        public LossValues evaluate(Batch logits, Targets targets, Pass pass) {
            int classes = logits.shape().size();
            float[] cotangents = new float[logits.size() * classes];
            for (int r = 0; r < logits.size(); r++) {
                if (!itself) {
                    target[r] = targeted ? targets.label(r) : likeliestOther(logits, r, targets.label(r));
                }
                for (int c = 0; c < classes; c++) {
                    cotangents[r * classes + c] = itself == (c == target[r]) ? 1 : 0;
                }
            }
            return new LossValues(new double[logits.size()], logits.like(cotangents, logits.shape()));
        }
    }

    static int likeliestOther(Batch logits, int row, int label) {
        int best = label == 0 ? 1 : 0;
        for (int c = 0; c < logits.shape().size(); c++) {
            if (c != label && logits.get(row, c) > logits.get(row, best)) {
                best = c;
            }
        }
        return best;
    }

    /** The saliency map of one row: of each feature that can move, how much it raises the target and lowers the others. */
    private final class Saliency {
        private final int[] feature;
        private final double[] up;
        private final double[] down;
        private final boolean[] changed;
        private int size;
        private int first;
        private int second;

        Saliency(int n) {
            feature = new int[n];
            up = new double[n];
            down = new double[n];
            changed = new boolean[n];
        }

        /** Returns how many features changed so far. */
        int fill(
                Bounds bounds,
                float[] x,
                int at,
                float[] clean,
                int in,
                Search.Slope target,
                int ti,
                float[] others,
                int oi) {
            double sign = Math.signum(theta);
            size = 0;
            int count = 0;
            for (int i = 0; i < feature.length; i++) {
                boolean was = x[at + i] != clean[in + i];
                count += was ? 1 : 0;
                if (moved(bounds, i, x[at + i]) != x[at + i]) {
                    feature[size] = i;
                    up[size] = sign * target.gradient()[target.offset() + ti + i];
                    down[size] = -sign * others[oi + i];
                    changed[size] = was;
                    size++;
                }
            }
            return count;
        }

        /** The most salient feature of which at most {@code left} is new. */
        boolean single(int left) {
            double best = 0;
            for (int p = 0; p < size; p++) {
                if (up[p] > 0 && down[p] > 0 && up[p] * down[p] > best && (changed[p] || left > 0)) {
                    best = up[p] * down[p];
                    first = feature[p];
                }
            }
            return best > 0;
        }

        /** The most salient pair of which at most {@code left} are new. */
        boolean pair(int left) {
            double best = 0;
            double mostUp = Double.NEGATIVE_INFINITY;
            double mostDown = Double.NEGATIVE_INFINITY;
            for (int p = 0; p < size; p++) {
                mostUp = Math.max(mostUp, up[p]);
                mostDown = Math.max(mostDown, down[p]);
            }
            for (int p = 0; p < size; p++) {
                double u = up[p];
                double d = down[p];
                // No partner makes this feature better than what is there: exact, since sums and products of floats
                // keep order.
                if (u + mostUp <= 0 || d + mostDown <= 0 || (u + mostUp) * (d + mostDown) <= best) {
                    continue;
                }
                int spare = left - (changed[p] ? 0 : 1);
                for (int q = p + 1; q < size; q++) {
                    double alpha = u + up[q];
                    double beta = d + down[q];
                    if (alpha > 0 && beta > 0 && alpha * beta > best && spare >= (changed[q] ? 0 : 1)) {
                        best = alpha * beta;
                        first = feature[p];
                        second = feature[q];
                    }
                }
            }
            return best > 0;
        }
    }
}
