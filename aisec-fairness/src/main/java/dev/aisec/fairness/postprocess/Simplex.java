// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Solves the program with any number of rates by the simplex method on a dense table. The rule that accepts nobody is feasible, so
 * one phase is enough; the multipliers are the reduced costs of the slacks. Steepest column first; Bland's rule while steps gain
 * nothing, so that it cannot cycle (Bland, Mathematics of Operations Research 1977).
 */
final class Simplex {
    private static final double NOTHING = 1e-12;
    private static final double PIVOT = 1e-10;
    private static final int STALLED = 40;
    private static final int MOST_STEPS = 200_000;

    private final double[][] table;
    private final double[] cost;
    private final int[] basis;
    private final int columns;

    private Simplex(double[][] table, double[] cost, int[] basis) {
        this.table = table;
        this.cost = cost;
        this.basis = basis;
        this.columns = cost.length;
    }

    /** Solves a problem; with attributeFree one mixture serves all groups. */
    static BreakpointScan.Answer solve(ThresholdProblem problem) {
        List<ScoreCurve> curves = problem.curves();
        LinearObjective u = LinearObjective.of(problem.objective(), curves);
        List<Rate> rates = problem.constraint().rates();
        boolean one = problem.attributeFree();
        int groups = curves.size();
        int blocks = one ? 1 : groups;
        int[] start = new int[blocks + 1];
        for (int b = 0; b < blocks; b++) {
            start[b + 1] = start[b] + curves.get(b).size();
        }
        int points = start[blocks];
        int bounds = groups * rates.size();
        int columns = points + rates.size() + 2 * bounds;
        double[][] table = new double[blocks + 2 * bounds][columns + 1];
        double[] cost = new double[columns];
        int[] basis = new int[table.length];
        double scale = 0;
        for (int g = 0; g < groups; g++) {
            ScoreCurve curve = curves.get(g);
            int block = one ? 0 : g;
            for (int j = 0; j < curve.size(); j++) {
                int column = start[block] + j;
                cost[column] += u.gain()[g] * curve.tp[j] - u.loss()[g] * curve.fp[j];
                table[block][column] = 1;
                for (int m = 0; m < rates.size(); m++) {
                    double r = rates.get(m).at(curve, j);
                    int row = blocks + 2 * (g * rates.size() + m);
                    table[row][column] = r;
                    table[row + 1][column] = -r;
                }
            }
        }
        for (int j = 0; j < points; j++) {
            scale = Math.max(scale, Math.abs(cost[j]));
        }
        for (int j = 0; j < points && scale > 0; j++) {
            cost[j] /= scale;
        }
        for (int b = 0; b < blocks; b++) {
            table[b][columns] = 1;
            basis[b] = start[b];
        }
        int slack = points + rates.size();
        for (int i = 0; i < bounds; i++) {
            int row = blocks + 2 * i;
            int low = points + i % rates.size();
            table[row][low] = -1;
            table[row][slack + 2 * i] = 1;
            table[row][columns] = problem.tolerance();
            basis[row] = slack + 2 * i;
            table[row + 1][low] = 1;
            table[row + 1][slack + 2 * i + 1] = 1;
            basis[row + 1] = slack + 2 * i + 1;
        }
        Simplex simplex = new Simplex(table, cost, basis);
        simplex.run();
        List<Double> multipliers = new ArrayList<>(bounds);
        for (int i = 0; i < bounds; i++) {
            double upper = Math.max(0, -cost[slack + 2 * i]);
            double lower = Math.max(0, -cost[slack + 2 * i + 1]);
            multipliers.add((upper - lower) * scale);
        }
        return new BreakpointScan.Answer(simplex.rules(curves, start, one), multipliers);
    }

    private List<StepPolicy.Rule> rules(List<ScoreCurve> curves, int[] start, boolean one) {
        List<StepPolicy.Rule> rules = new ArrayList<>();
        for (int g = 0; g < curves.size(); g++) {
            int block = one ? 0 : g;
            int[] points = new int[basis.length];
            double[] weights = new double[basis.length];
            int n = 0;
            double sum = 0;
            for (int row = 0; row < basis.length; row++) {
                if (basis[row] >= start[block] && basis[row] < start[block + 1]) {
                    points[n] = basis[row] - start[block];
                    weights[n] = Math.max(0, table[row][columns]);
                    sum += weights[n++];
                }
            }
            int[] used = Arrays.copyOf(points, n);
            double[] shares = Arrays.copyOf(weights, n);
            for (int i = 0; i < n; i++) {
                shares[i] /= sum;
            }
            rules.add(StepPolicy.Rule.mixture(curves.get(g), used, shares));
        }
        return rules;
    }

    private void run() {
        int stalled = 0;
        for (int step = 0; step < MOST_STEPS; step++) {
            boolean bland = stalled > STALLED;
            int entering = entering(bland);
            if (entering < 0) {
                return;
            }
            int leaving = leaving(entering, bland);
            if (leaving < 0) {
                // Rates are bounded, so this is a column of rounding errors.
                cost[entering] = 0;
                continue;
            }
            stalled = table[leaving][columns] > NOTHING ? 0 : stalled + 1;
            pivot(leaving, entering);
        }
        throw new IllegalStateException("linear program must end within " + MOST_STEPS + " steps, did not");
    }

    private int entering(boolean bland) {
        int best = -1;
        double most = NOTHING;
        for (int j = 0; j < columns; j++) {
            if (cost[j] > most) {
                best = j;
                if (bland) {
                    return best;
                }
                most = cost[j];
            }
        }
        return best;
    }

    private int leaving(int entering, boolean bland) {
        int best = -1;
        double least = Double.POSITIVE_INFINITY;
        for (int row = 0; row < table.length; row++) {
            double a = table[row][entering];
            if (a <= PIVOT) {
                continue;
            }
            double ratio = Math.max(0, table[row][columns]) / a;
            boolean tie = best >= 0 && Math.abs(ratio - least) <= NOTHING;
            boolean better = tie ? bland ? basis[row] < basis[best] : a > table[best][entering] : ratio < least;
            if (better) {
                best = row;
                least = Math.min(ratio, least);
            }
        }
        return best;
    }

    private void pivot(int row, int column) {
        double[] pivotRow = table[row];
        double inverse = 1 / pivotRow[column];
        for (int j = 0; j <= columns; j++) {
            pivotRow[j] *= inverse;
        }
        pivotRow[column] = 1;
        for (int i = 0; i < table.length; i++) {
            double factor = table[i][column];
            if (i != row && factor != 0) {
                double[] other = table[i];
                for (int j = 0; j <= columns; j++) {
                    other[j] -= factor * pivotRow[j];
                }
                other[column] = 0;
            }
        }
        double factor = cost[column];
        for (int j = 0; j < columns; j++) {
            cost[j] -= factor * pivotRow[j];
        }
        cost[column] = 0;
        basis[row] = column;
    }
}
