// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Solves the program with at most one rate exactly. On its hull the best utility of a group is a concave function F of the rate, with
 * corners at the points. Rates in [l, l + τ] are best at the top of F, clamped; the sum of these over the groups is concave in l with
 * corners where l or l + τ meets a corner of a group. A binary search over the sorted corners finds the sign change of the slope; the
 * slopes there are the multipliers.
 */
final class BreakpointScan {
    /** Rates closer than this are the same corner. */
    private static final double SAME = 1e-13;

    private BreakpointScan() {}

    /** Rules and multipliers. */
    record Answer(List<StepPolicy.Rule> rules, List<Double> multipliers) {}

    private static final class Concave {
        final double[] r;
        final double[] u;
        final int[] point;
        final int size;
        final int top;

        Concave(ScoreCurve hull, Rate rate, double gain, double loss) {
            r = new double[hull.size()];
            u = new double[hull.size()];
            point = new int[hull.size()];
            int n = 0;
            for (int j = 0; j < hull.size(); j++) {
                double x = rate.at(hull, j);
                double y = gain * hull.tp[j] - loss * hull.fp[j];
                if (n > 0 && x <= r[n - 1]) {
                    if (y > u[n - 1]) {
                        u[n - 1] = y;
                        point[n - 1] = j;
                    }
                    continue;
                }
                r[n] = x;
                u[n] = y;
                point[n++] = j;
            }
            size = n;
            int best = 0;
            for (int j = 1; j < n; j++) {
                best = u[j] > u[best] ? j : best;
            }
            top = best;
        }

        double slopeRight(double x) {
            int i = above(x + SAME);
            return i >= size ? Double.NEGATIVE_INFINITY : slope(i - 1);
        }

        double slopeLeft(double x) {
            int i = above(x - SAME);
            return i <= 0 ? Double.POSITIVE_INFINITY : slope(Math.min(i, size - 1) - 1);
        }

        private double slope(int i) {
            return (u[i + 1] - u[i]) / (r[i + 1] - r[i]);
        }

        /** The first corner above x. */
        private int above(double x) {
            int low = 0;
            int high = size;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (r[middle] > x) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            return low;
        }

        StepPolicy.Rule rule(ScoreCurve hull, double x) {
            int i = Math.max(1, Math.min(size - 1, above(x)));
            double share = Math.max(0, Math.min(1, (x - r[i - 1]) / (r[i] - r[i - 1])));
            return StepPolicy.Rule.mixture(hull, new int[] {point[i - 1], point[i]}, new double[] {1 - share, share});
        }
    }

    /** Solves a problem whose curves are hulls. */
    static Answer solve(ThresholdProblem problem) {
        List<ScoreCurve> hulls = problem.curves();
        LinearObjective u = LinearObjective.of(problem.objective(), hulls);
        List<Rate> rates = problem.constraint().rates();
        Rate rate = rates.isEmpty() ? Rate.SELECTION : rates.get(0);
        int groups = hulls.size();
        Concave[] f = new Concave[groups];
        for (int g = 0; g < groups; g++) {
            f[g] = new Concave(hulls.get(g), rate, u.gain()[g], u.loss()[g]);
        }
        double tolerance = rates.isEmpty() ? 1 : problem.tolerance();
        double[] lambda = new double[rates.size() * groups];
        double l = 0;
        if (tolerance < 1) {
            l = lowEnd(f, tolerance);
            multipliers(f, tolerance, l, lambda);
        }
        List<StepPolicy.Rule> rules = new ArrayList<>(groups);
        for (int g = 0; g < groups; g++) {
            double best = f[g].r[f[g].top];
            rules.add(f[g].rule(hulls.get(g), Math.max(l, Math.min(l + tolerance, best))));
        }
        return new Answer(rules, Arrays.stream(lambda).boxed().toList());
    }

    private static double lowEnd(Concave[] f, double tolerance) {
        int total = 2;
        for (Concave c : f) {
            total += 2 * c.size;
        }
        double[] corners = new double[total];
        corners[0] = 0;
        corners[1] = 1 - tolerance;
        int n = 2;
        for (Concave c : f) {
            for (int i = 0; i < c.size; i++) {
                if (c.r[i] < 1 - tolerance) {
                    corners[n++] = c.r[i];
                }
                if (c.r[i] > tolerance) {
                    corners[n++] = c.r[i] - tolerance;
                }
            }
        }
        Arrays.sort(corners, 0, n);
        int low = 0;
        int high = n - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            double slope = 0;
            for (Concave c : f) {
                slope += right(c, corners[middle], tolerance);
            }
            if (slope <= 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return Math.min(1 - tolerance, corners[low]);
    }

    private static double right(Concave c, double l, double tolerance) {
        return Math.min(0, c.slopeRight(l)) + Math.max(0, c.slopeRight(l + tolerance));
    }

    private static double left(Concave c, double l, double tolerance) {
        return Math.min(0, c.slopeLeft(l)) + Math.max(0, c.slopeLeft(l + tolerance));
    }

    private static void multipliers(Concave[] f, double tolerance, double l, double[] lambda) {
        double low = 0;
        double high = 0;
        for (Concave c : f) {
            low += right(c, l, tolerance);
            high += left(c, l, tolerance);
        }
        // Share of the left slope: at an end only one side is inside.
        double share = high > low ? Math.max(0, Math.min(1, -low / (high - low))) : 0;
        if (l <= SAME) {
            share = 0;
        } else if (l >= 1 - tolerance - SAME) {
            share = 1;
        }
        for (int g = 0; g < f.length; g++) {
            double right = share == 1 ? 0 : right(f[g], l, tolerance);
            double left = share == 0 ? 0 : left(f[g], l, tolerance);
            lambda[g] = (1 - share) * right + share * left;
        }
    }
}
