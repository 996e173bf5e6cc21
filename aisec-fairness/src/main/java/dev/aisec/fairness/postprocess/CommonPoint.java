// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.ArrayList;
import java.util.List;

/**
 * Solves equalized odds without tolerance for any number of groups. All groups then share one point (f, t) below the upper
 * hulls of all their ROC curves and on or above the diagonal. Its value G·t − L·f with G, L ≥ 0 is largest on the lower
 * envelope U of the upper hulls, so that a concave function of f is left: two supporting lines, one that rises faster than
 * L/G and one that rises slower, are replaced by lines of U where they cross until they meet on U. The multipliers are a
 * convex combination of both slopes that gives L/G. Hardt, Price and Srebro, NeurIPS 2016, section 4, is the case of two
 * groups.
 */
final class CommonPoint {
    private static final double NOTHING = 1e-15;
    private static final int MOST_STEPS = 100_000;

    private record Line(int group, double f, double t, double slope) {}

    private final List<ScoreCurve> uppers;
    private final double[][] f;
    private final double[][] t;

    private CommonPoint(List<ScoreCurve> curves) {
        uppers = curves.stream().map(ScoreCurve::upperHull).toList();
        f = new double[uppers.size()][];
        t = new double[uppers.size()][];
        for (int g = 0; g < f.length; g++) {
            ScoreCurve curve = uppers.get(g);
            f[g] = new double[curve.size()];
            t[g] = new double[curve.size()];
            for (int j = 0; j < curve.size(); j++) {
                f[g][j] = Rate.FALSE_POSITIVE.at(curve, j);
                t[g][j] = Rate.TRUE_POSITIVE.at(curve, j);
            }
        }
    }

    static BreakpointScan.Answer solve(ThresholdProblem problem) {
        List<ScoreCurve> curves = problem.curves();
        LinearObjective u = LinearObjective.of(problem.objective(), curves);
        double[] gain = new double[curves.size()];
        double[] loss = new double[gain.length];
        double allGain = 0;
        double allLoss = 0;
        for (int g = 0; g < gain.length; g++) {
            gain[g] = u.gain()[g] * curves.get(g).positives();
            loss[g] = u.loss()[g] * curves.get(g).negatives();
            allGain += gain[g];
            allLoss += loss[g];
        }
        CommonPoint common = new CommonPoint(curves);
        Line[] lines = common.lines(allGain, allLoss);
        double at = common.crossing(lines);
        double value = Double.POSITIVE_INFINITY;
        for (int g = 0; g < gain.length; g++) {
            value = Math.min(value, common.value(g, at));
        }
        // How much of the objective each line carries, so that their slopes mix to L/G.
        double span = lines[0].slope - lines[1].slope;
        double share = span > 0 ? Math.max(0, Math.min(1, (allLoss / allGain - lines[1].slope) / span)) : 1;
        List<Double> multipliers = new ArrayList<>();
        for (int g = 0; g < gain.length; g++) {
            double up = 0;
            double down = 0;
            for (int k = 0; k < 2; k++) {
                if (lines[k].group == g) {
                    double part = k == 0 ? share : 1 - share;
                    up += part * allGain;
                    down += part * (span > 0 ? allGain * lines[k].slope : allLoss);
                }
            }
            for (Rate rate : problem.constraint().rates()) {
                multipliers.add(rate == Rate.TRUE_POSITIVE ? gain[g] - up : down - loss[g]);
            }
        }
        List<StepPolicy.Rule> rules = new ArrayList<>();
        for (int g = 0; g < gain.length; g++) {
            rules.add(common.rule(g, at, value));
        }
        return new BreakpointScan.Answer(rules, multipliers);
    }

    /** The two lines that meet in the best point; twice the same at an end of the axis. */
    private Line[] lines(double gain, double loss) {
        Line left = lowest(0, false);
        if (gain * left.slope <= loss) {
            return new Line[] {left, left};
        }
        Line right = lowest(1, true);
        if (gain * right.slope >= loss) {
            return new Line[] {right, right};
        }
        for (int step = 0; step < MOST_STEPS; step++) {
            double at = crossing(new Line[] {left, right});
            Line after = lowest(at, false);
            Line before = lowest(at, true);
            if (left.t + left.slope * (at - left.f) - after.t <= NOTHING) {
                return new Line[] {left, right};
            }
            if (gain * after.slope > loss) {
                left = after;
            } else if (gain * before.slope < loss) {
                right = before;
            } else {
                return new Line[] {before, after};
            }
        }
        throw new IllegalStateException("supporting lines must meet within " + MOST_STEPS + " steps, did not");
    }

    private double crossing(Line[] lines) {
        Line a = lines[0];
        Line b = lines[1];
        if (a.slope == b.slope) {
            return a.f;
        }
        double at = (b.t - b.slope * b.f - a.t + a.slope * a.f) / (a.slope - b.slope);
        return Math.max(Math.min(a.f, b.f), Math.min(Math.max(a.f, b.f), at));
    }

    /** The envelope's line at a place, to the left or to the right of it. */
    private Line lowest(double at, boolean before) {
        Line best = new Line(-1, at, Double.POSITIVE_INFINITY, 0);
        for (int g = 0; g < f.length; g++) {
            int i = segment(g, at, before);
            double slope = (t[g][i + 1] - t[g][i]) / (f[g][i + 1] - f[g][i]);
            double value = value(g, at);
            boolean tie = Math.abs(value - best.t) <= NOTHING;
            if (tie ? before ? slope > best.slope : slope < best.slope : value < best.t) {
                best = new Line(g, at, value, slope);
            }
        }
        return best;
    }

    private double value(int g, double at) {
        int i = segment(g, at, false);
        double part = (at - f[g][i]) / (f[g][i + 1] - f[g][i]);
        return t[g][i] + Math.max(0, Math.min(1, part)) * (t[g][i + 1] - t[g][i]);
    }

    /** The first point of the segment that holds a place; at a corner the segment before or behind. */
    private int segment(int g, double at, boolean before) {
        double[] x = f[g];
        int low = 0;
        int high = x.length - 1;
        // Only the first step of an upper hull can be upright.
        int first = x.length > 2 && x[1] == x[0] ? 1 : 0;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (before ? x[middle] < at : x[middle] <= at) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return Math.max(low, first);
    }

    /** A mixture of both ends of the hull's segment above the point, and of all and nobody below it. */
    private StepPolicy.Rule rule(int g, double at, double value) {
        int i = segment(g, at, false);
        double top = value(g, at);
        double weight = top - at > NOTHING ? Math.max(0, Math.min(1, (value - at) / (top - at))) : 0;
        double part = Math.max(0, Math.min(1, (at - f[g][i]) / (f[g][i + 1] - f[g][i])));
        int last = f[g].length - 1;
        int[] points = {i, i + 1, 0, last};
        double[] weights = {weight * (1 - part), weight * part, (1 - weight) * (1 - at), (1 - weight) * at};
        return StepPolicy.Rule.mixture(uppers.get(g), points, weights);
    }
}
