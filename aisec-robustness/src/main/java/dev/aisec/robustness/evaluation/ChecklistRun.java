// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.RandomNoise;
import dev.aisec.robustness.evaluation.EvaluationChecklist.Check;
import dev.aisec.robustness.evaluation.EvaluationChecklist.Tally;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The runs behind an {@link EvaluationChecklist} on one chunk of rows. */
final class ChecklistRun {
    /** Logits that differ by less, relative to 1 and their size, are the same: parallel sums may differ so far. */
    private static final double SAME = 1e-4;

    /** A loss whose gradient is below this share of the margin's is saturated. */
    private static final double SATURATED = 1e-12;

    private final EvaluationChecklist list;
    private final Pgd attack;
    private final DifferentiableClassifier model;
    private final boolean random;
    private final Batch inputs;
    private final int[] labels;
    private final Tally tally = new Tally();
    /** Rows that some run broke inside the ball, whose radius is that of the attack. */
    private final boolean[] worst;
    /** Rows of the last run that met a gradient of zero. */
    private long zeroGradients;

    /** Keeps the rows that the model gets right. */
    ChecklistRun(EvaluationChecklist list, DifferentiableClassifier model, boolean random, Batch all, int[] allLabels) {
        this.list = list;
        this.attack = list.attack();
        this.model = model;
        this.random = random;
        int[] right = RobustEvaluation.right(model, all, allLabels);
        inputs = all.select(right);
        labels = pick(allLabels, right);
        worst = new boolean[labels.length];
    }

    /** Whether logits depend on the draw, on the order of rows, and look like probabilities. */
    static Tally answers(DifferentiableClassifier model, Batch inputs) {
        Tally tally = new Tally();
        int n = inputs.size();
        Batch first = model.logits(inputs);
        boolean[] other = different(first, model.logits(inputs), false);
        long changed = count(other);
        tally.count(Check.DETERMINISTIC, changed, n);
        if (changed == 0) {
            int[] backward = new int[n];
            Arrays.setAll(backward, i -> n - 1 - i);
            boolean[] moved = different(first, model.logits(inputs.select(backward)), true);
            tally.count(Check.ROWS_INDEPENDENT, count(moved), n);
        }
        long probabilities = 0;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            boolean inside = true;
            for (int c = 0; c < first.shape().size(); c++) {
                sum += first.get(i, c);
                inside &= first.get(i, c) >= 0 && first.get(i, c) <= 1;
            }
            probabilities += inside && Math.abs(sum - 1) <= 1e-3 ? 1 : 0;
        }
        tally.count(Check.LOGITS, probabilities, n);
        return tally;
    }

    private static boolean[] different(Batch a, Batch b, boolean backward) {
        boolean[] different = new boolean[a.size()];
        for (int i = 0; i < different.length; i++) {
            int k = backward ? different.length - 1 - i : i;
            for (int c = 0; c < a.shape().size(); c++) {
                double scale = 1 + Math.abs(a.get(i, c));
                different[i] |= !(Math.abs((double) a.get(i, c) - b.get(k, c)) <= SAME * scale);
            }
        }
        return different;
    }

    private static long count(boolean[] flags) {
        long count = 0;
        for (boolean flag : flags) {
            count += flag ? 1 : 0;
        }
        return count;
    }

    /** Whether gradients at the inputs are finite, and point to where the model is worse. */
    Tally gradients() {
        if (labels.length == 0) {
            return tally;
        }
        float[] margin = gradient(new MarginLoss());
        float[] own = gradient(attack.loss());
        int n = inputs.shape().size();
        long infinite = 0;
        for (int i = 0; i < labels.length; i++) {
            boolean finite = true;
            for (int j = i * n; j < (i + 1) * n; j++) {
                finite &= Float.isFinite(margin[j]) && Float.isFinite(own[j]);
            }
            infinite += finite ? 0 : 1;
        }
        tally.count(Check.GRADIENT_FINITE, infinite, labels.length);
        if (infinite > 0 || random) {
            return tally;
        }
        double[] along = margins(model.logits(moved(margin, attack.epsilon() / 4)), all());
        double[] against = margins(model.logits(moved(margin, -attack.epsilon() / 4)), all());
        long worse = 0;
        long compared = 0;
        for (int i = 0; i < labels.length; i++) {
            // The margin of the true class: along the gradient of the loss it should fall.
            worse += along[i] > against[i] ? 1 : 0;
            compared += along[i] != against[i] ? 1 : 0;
        }
        tally.count(Check.GRADIENT_ASCENDS, worse, compared);
        return tally;
    }

    private float[] gradient(Loss loss) {
        Targets targets = Targets.of(labels);
        return model.gradient(
                        inputs,
                        z -> loss.evaluate(z, targets, new Loss.Pass(model, inputs))
                                .cotangents())
                .gradient()
                .toArray();
    }

    /** Inputs moved by a length in the norm of the ball along a direction, inside the bounds. */
    private Batch moved(float[] direction, double length) {
        float[] x = inputs.toArray();
        int n = inputs.shape().size();
        Bounds bounds = model.spec().bounds();
        for (int i = 0; i < labels.length; i++) {
            double size = 0;
            for (int j = i * n; j < (i + 1) * n; j++) {
                size += attack.norm() == Norm.L2 ? (double) direction[j] * direction[j] : Math.abs(direction[j]);
            }
            double scale = size == 0 ? 0 : length / (attack.norm() == Norm.L2 ? Math.sqrt(size) : size);
            for (int j = 0; j < n; j++) {
                double step = attack.norm() == Norm.LINF
                        ? length * Math.signum(direction[i * n + j])
                        : scale * direction[i * n + j];
                x[i * n + j] = bounds.clip(j, (float) (x[i * n + j] + step));
            }
        }
        return inputs.like(x, inputs.shape());
    }

    /** By how much the true class of some rows leads. */
    private double[] margins(Batch logits, int[] rows) {
        double[] margins = new double[logits.size()];
        for (int i = 0; i < margins.length; i++) {
            double best = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < logits.shape().size(); c++) {
                best = c == labels[rows[i]] ? best : Math.max(best, logits.get(i, c));
            }
            margins[i] = logits.get(i, labels[rows[i]]) - best;
        }
        return margins;
    }

    /** The attack and its variants. */
    Tally attacks(DifferentiableClassifier single) {
        int n = labels.length;
        tally.right = n;
        if (n == 0) {
            return tally;
        }
        boolean[] broken = run(attack, all(), null);
        tally.count(Check.GRADIENT_NOT_ZERO, zeroGradients, n);
        int[] open = where(broken, false);
        tally.robust = open.length;
        tally.withoutAveraging = open.length;
        if (random) {
            tally.withoutAveraging =
                    attack.perturb(single, inputs, Goal.avoid(labels)).rowsWith(AttackResult.Status.FAILED).length;
        }
        Pgd fromInput = attack.withStarts(0);
        count(Check.ITERATIVE_BEATS_SINGLE_STEP, run(fromInput.withSteps(1, 1), open, null));
        int[] closed = where(broken, true);
        long notLarger = where(run(attack.withEpsilon(2 * attack.epsilon()), closed, null), false).length;
        tally.count(Check.MONOTONE, notLarger, 0);
        count(Check.MONOTONE, run(attack.withEpsilon(attack.epsilon() / 2), open, null));
        fullRange();
        Seed otherSeed = attack.seed().derive("checklist-restarts");
        count(Check.RESTARTS, run(attack.withStarts(4).withSeed(otherSeed), open, null));
        int more = Math.max(40, 5 * attack.steps());
        count(Check.STEPS, run(attack.withSteps(Math.max(attack.relativeStep() / 2, 2.5 / more), more), open, null));
        saturation(open);
        convergence(fromInput, open);
        RandomNoise noise = RandomNoise.of(attack.norm(), attack.epsilon())
                .withSeed(attack.seed().derive("checklist-noise"));
        count(Check.NOISE, run(noise, open, null));
        if (list.blackBox() != null) {
            count(Check.BLACK_BOX, run(list.blackBox(), open, null));
        }
        if (list.surrogate() != null) {
            transfer(list.surrogate(), fromInput, open);
        }
        long reached = 0;
        for (int i = 0; i < n; i++) {
            reached += worst[i] && !broken[i] ? 1 : 0;
        }
        tally.count(Check.WORST_CASE, reached, n);
        tally.worstCase = open.length - reached;
        return tally;
    }

    private void count(Check check, boolean[] brokenOfOpen) {
        tally.count(check, where(brokenOfOpen, true).length, labels.length);
    }

    /** A ball that holds all inputs. */
    private void fullRange() {
        double range = range(model.spec().bounds(), inputs.shape().size(), attack.norm());
        if (range < Float.MAX_VALUE / 4) {
            boolean[] broken = run(attack.withEpsilon(range).withStarts(Math.max(1, attack.starts())), all(), null);
            tally.count(Check.FULL_RANGE, where(broken, false).length, labels.length);
        }
    }

    /** Where the loss has lost its gradient: does the margin break more? */
    private void saturation(int[] open) {
        float[] margin = gradient(new MarginLoss());
        float[] own = gradient(attack.loss());
        int n = inputs.shape().size();
        boolean[] saturated = new boolean[labels.length];
        for (int i : open) {
            double most = 0;
            double mostOwn = 0;
            for (int j = i * n; j < (i + 1) * n; j++) {
                most = Math.max(most, Math.abs(margin[j]));
                mostOwn = Math.max(mostOwn, Math.abs(own[j]));
            }
            saturated[i] = mostOwn < SATURATED * most;
        }
        count(Check.LOSS_NOT_SATURATED, run(attack.withLoss(new MarginLoss()), where(saturated, true), null));
    }

    /** Whether the margin still falls when the steps are doubled, from the input itself. */
    private void convergence(Pgd fromInput, int[] open) {
        if (open.length == 0) {
            return;
        }
        float[][] last = new float[2][inputs.size() * inputs.shape().size()];
        boolean[] once = run(fromInput, open, last[0]);
        int[] still = pick(open, where(once, false));
        if (still.length == 0) {
            return;
        }
        boolean[] twice = run(fromInput.withSteps(attack.relativeStep(), 2 * attack.steps()), still, last[1]);
        double[] start = margins(model.logits(inputs.select(still)), still);
        double[] middle =
                margins(model.logits(inputs.like(last[0], inputs.shape()).select(still)), still);
        double[] end = margins(model.logits(inputs.like(last[1], inputs.shape()).select(still)), still);
        long falling = 0;
        for (int k = 0; k < still.length; k++) {
            double further = middle[k] - end[k];
            falling += twice[k] || further > 0 && further > 0.1 * (start[k] - middle[k]) ? 1 : 0;
        }
        tally.count(Check.LOSS_CONVERGED, falling, still.length);
    }

    /** Single steps carry over best (Kurakin, Goodfellow, Bengio, ICLR 2017), so they are tried beside the attack. */
    private void transfer(DifferentiableClassifier surrogate, Pgd fromInput, int[] open) {
        boolean[] carried = new boolean[open.length];
        for (Pgd from : new Pgd[] {attack, fromInput.withSteps(1, 1)}) {
            if (open.length > 0) {
                Batch samples = from.perturb(
                                surrogate,
                                inputs.select(open),
                                Goal.avoid(labels).select(open))
                        .samples();
                int[] predicted = model.predict(samples);
                for (int k = 0; k < open.length; k++) {
                    carried[k] |= predicted[k] != labels[open[k]];
                    worst[open[k]] |= carried[k];
                }
            }
        }
        count(Check.TRANSFER, carried);
    }

    /** Runs an attack on some rows, looks at what it returns, and tells which rows did not withstand it. */
    private boolean[] run(BallAttack<? super DifferentiableClassifier> with, int[] rows, float @Nullable [] samples) {
        boolean[] broken = new boolean[rows.length];
        if (rows.length == 0) {
            return broken;
        }
        Batch clean = inputs.select(rows);
        AttackResult result = with.perturb(model, clean, Goal.avoid(labels).select(rows));
        int[] predicted = model.predict(result.samples());
        Bounds bounds = model.spec().bounds();
        int n = inputs.shape().size();
        long outside = 0;
        long unconfirmed = 0;
        zeroGradients = 0;
        for (int k = 0; k < rows.length; k++) {
            AttackResult.Row row = result.rows().get(k);
            broken[k] = row.status() != AttackResult.Status.FAILED;
            worst[rows[k]] |= broken[k] && with.epsilon() <= attack.epsilon();
            boolean inside = with.norm().distance(result.samples(), clean, k) <= with.epsilon();
            for (int j = 0; j < n; j++) {
                float value = result.samples().get(k, j);
                inside &= value >= bounds.lower(j) && value <= bounds.upper(j);
            }
            outside += inside ? 0 : 1;
            boolean wrong = predicted[k] != labels[rows[k]];
            unconfirmed += wrong == broken[k] && row.status() != AttackResult.Status.UNCONFIRMED ? 0 : 1;
            zeroGradients += row.zeroGradients() > 0 ? 1 : 0;
            if (samples != null) {
                System.arraycopy(result.samples().row(k), 0, samples, rows[k] * n, n);
            }
        }
        tally.count(Check.SAMPLES_INSIDE, outside, rows.length);
        tally.count(Check.SUCCESS_CONFIRMED, unconfirmed, rows.length);
        return broken;
    }

    private int[] all() {
        int[] rows = new int[labels.length];
        Arrays.setAll(rows, i -> i);
        return rows;
    }

    private static int[] where(boolean[] flags, boolean wanted) {
        int[] rows = new int[flags.length];
        int count = 0;
        for (int i = 0; i < flags.length; i++) {
            if (flags[i] == wanted) {
                rows[count++] = i;
            }
        }
        return Arrays.copyOf(rows, count);
    }

    private static int[] pick(int[] values, int[] at) {
        int[] chosen = new int[at.length];
        Arrays.setAll(chosen, k -> values[at[k]]);
        return chosen;
    }

    /** A radius that reaches every point of the bounds from every other. */
    private static double range(Bounds bounds, int features, Norm norm) {
        double sum = 0;
        double square = 0;
        double largest = 0;
        for (int i = 0; i < features; i++) {
            double width = (double) bounds.upper(i) - bounds.lower(i);
            sum += width;
            square += width * width;
            largest = Math.max(largest, width);
        }
        return switch (norm) {
            case L0 -> features;
            case L1 -> sum;
            case L2 -> Math.sqrt(square);
            case LINF -> largest;
        };
    }
}
