// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.FeedForward;
import dev.aisec.robustness.attack.Norm;
import java.util.Arrays;
import java.util.List;

/** Intervals forward and linear bounds backward through a network, for one example after the other. */
final class BoundPass {
    /** Values of the rows that are worked on at one time, so that they stay in a second-level cache. */
    private static final int ROOM = 64 * 1024;

    private final FeedForward network;
    private final List<Step> steps;
    private final Box[] boxes;
    private final Region region;
    private final double[][] rows;
    private final double[][] other;
    private final double[] constant;
    private final double[] slack;
    private final double[] bounds;

    BoundPass(FeedForward network, Norm norm, double epsilon) {
        this.network = network;
        this.steps = Step.of(network);
        this.region = new Region(norm, epsilon, network.spec().inputShape().size());
        boxes = new Box[steps.size() + 1];
        int widest = network.spec().inputShape().size();
        for (int k = 0; k < steps.size(); k++) {
            boxes[k] = new Box(steps.get(k).inputs, steps.get(k).outputs);
            widest = Math.max(widest, steps.get(k).outputs);
        }
        boxes[steps.size()] = new Box(network.spec().classes(), 0);
        int height = Math.max(8, Math.min(128, ROOM / widest) & ~1);
        rows = new double[height][widest];
        other = new double[height][widest];
        constant = new double[height];
        slack = new double[height];
        bounds = new double[height];
    }

    static void check(FeedForward network, Batch inputs, int[] labels) {
        network.spec().requireInputs(inputs);
        network.spec().requireLabels(labels);
        if (labels.length != inputs.size()) {
            throw new IllegalArgumentException("labels must be " + inputs.size() + ", were " + labels.length);
        }
        inputs.requireFinite("inputs");
        for (int row = 0; row < inputs.size(); row++) {
            for (int i = 0; i < inputs.shape().size(); i++) {
                float x = inputs.get(row, i);
                if (x < network.spec().bounds().lower(i)
                        || x > network.spec().bounds().upper(i)) {
                    throw new IllegalArgumentException("inputs must be inside the bounds "
                            + network.spec().bounds() + ", was " + x + " at row " + row + ", feature " + i);
                }
            }
        }
    }

    /**
     * The margins of all rows.
     *
     * @param refine whether intervals are narrowed by linear bounds on the way
     * @param linear whether margins are bounded down to the input, rather than to the last interval that is not linear
     */
    Margins run(Batch inputs, int[] labels, boolean refine, boolean linear) {
        int classes = network.spec().classes();
        double[] lower = new double[inputs.size() * classes];
        for (int i = 0; i < inputs.size(); i++) {
            Progress.checkInterrupted();
            region.center(inputs, i, network.spec().bounds(), boxes[0]);
            boolean usable = forward(refine);
            margins(labels[i], lower, i * classes, usable, linear);
        }
        return new Margins(labels.clone(), classes, lower);
    }

    /** Fills all boxes; false if a bound is too large to go on. */
    private boolean forward(boolean refine) {
        // Intervals are exact for the first affine step on a box; only behind that there is something to narrow.
        boolean exact = region.isBox();
        for (int k = 0; k < steps.size(); k++) {
            Step step = steps.get(k);
            if (!boxes[k].isUsable()) {
                return false;
            }
            if (refine && !exact && k > 0 && !(step instanceof AffineStep)) {
                narrow(k, step);
            }
            step.forward(boxes[k], boxes[k + 1].low, boxes[k + 1].high);
            exact &= k == 0 && step instanceof AffineStep;
        }
        return boxes[steps.size()].isUsable();
    }

    /** Narrows the intervals in front of a step where it makes a difference. */
    private void narrow(int k, Step step) {
        Box box = boxes[k];
        boolean[] open = step instanceof MaxStep m ? m.open(box) : null;
        int[] chosen = new int[rows.length / 2];
        int count = 0;
        for (int i = 0; i < step.inputs; i++) {
            if (open == null ? ReluStep.isOpen(box, i) : open[i]) {
                chosen[count++] = i;
            }
            if (count == chosen.length || count > 0 && i == step.inputs - 1) {
                for (int r = 0; r < count; r++) {
                    Arrays.fill(rows[2 * r], 0, step.inputs, 0);
                    Arrays.fill(rows[2 * r + 1], 0, step.inputs, 0);
                    rows[2 * r][chosen[r]] = 1;
                    rows[2 * r + 1][chosen[r]] = -1;
                }
                back(k, 0, 2 * count);
                for (int r = 0; r < count; r++) {
                    int n = chosen[r];
                    box.low[n] = Math.max(box.low[n], bounds[2 * r]);
                    box.high[n] = Math.min(box.high[n], -bounds[2 * r + 1]);
                }
                count = 0;
            }
        }
    }

    private void margins(int label, double[] lower, int at, boolean usable, boolean linear) {
        int classes = network.spec().classes();
        Arrays.fill(lower, at, at + classes, Double.NEGATIVE_INFINITY);
        lower[at + label] = 0;
        if (!usable) {
            return;
        }
        int stop = steps.size();
        while (stop > 0 && steps.get(stop - 1) instanceof AffineStep) {
            stop--;
        }
        for (int end : linear && stop > 0 ? new int[] {stop, 0} : new int[] {stop}) {
            for (int from = 0; from < classes; from += rows.length) {
                int count = Math.min(rows.length, classes - from);
                for (int r = 0; r < count; r++) {
                    Arrays.fill(rows[r], 0, classes, 0);
                    rows[r][label] += 1;
                    rows[r][from + r] -= 1;
                }
                back(steps.size(), end, count);
                for (int r = 0; r < count; r++) {
                    if (from + r != label) {
                        lower[at + from + r] = Math.max(lower[at + from + r], bounds[r]);
                    }
                }
            }
        }
    }

    /** Bounds {@code rows} · (inputs of step {@code from}) from below, by the inputs of step {@code to}. */
    private void back(int from, int to, int count) {
        Arrays.fill(constant, 0, count, 0);
        Arrays.fill(slack, 0, count, 0);
        double[][] a = rows;
        double[][] b = other;
        for (int k = from - 1; k >= to; k--) {
            Progress.checkInterrupted();
            steps.get(k).back(boxes[k], a, count, b, constant, slack);
            double[][] swap = a;
            a = b;
            b = swap;
        }
        for (int r = 0; r < count; r++) {
            bounds[r] = to == 0
                    ? region.lowest(a[r], boxes[0], constant[r], slack[r])
                    : Region.lowest(a[r], boxes[to], boxes[to].low.length, constant[r], slack[r]);
        }
    }
}
