// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Progress;
import dev.aisec.fairness.internal.Proportion;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/** Percentile bootstrap of a smooth function of the cells of a cube, redrawn as Poisson variables. */
final class CellDraws {
    private CellDraws() {}

    /**
     * The estimate.
     *
     * @param function of the weights of the cells; NaN where undefined
     * @param undefined reason for abstaining if it is undefined on the cube, or on more than 1 draw in 20
     */
    static Estimate percentile(
            GroupCube cube, AuditSettings settings, ToDoubleFunction<double[]> function, String undefined) {
        long n = cube.count();
        int length = cube.space().size() * GroupCube.CELLS;
        double[] cells = new double[length];
        for (int c = 0; c < length; c++) {
            cells[c] = cube.sum(c);
        }
        double value = function.applyAsDouble(cells);
        if (n < settings.minimum() || !Double.isFinite(value)) {
            return new Estimate.Abstained(undefined, n);
        }
        Estimate.Abstained few = settings.tooFewDraws(2, n);
        if (few != null) {
            return few;
        }
        double[] found = new double[settings.replicates()];
        int count = 0;
        Poisson[] laws = new Poisson[length];
        double[] units = new double[length];
        for (int c = 0; c < length; c++) {
            units[c] = cube.rows(c) > 0 ? cube.square(c) / cube.sum(c) : 0;
            laws[c] = new Poisson(units[c] > 0 ? cells[c] / units[c] : 0);
        }
        double[] drawn = new double[length];
        for (int r = 0; r < settings.replicates(); r++) {
            Progress.checkInterrupted();
            RandomGenerator random = settings.seed().generator(r);
            for (int c = 0; c < length; c++) {
                drawn[c] = units[c] > 0 ? laws[c].next(random) * units[c] : 0;
            }
            double moved = function.applyAsDouble(drawn);
            if (Double.isFinite(moved)) {
                found[count++] = moved;
            }
        }
        if (count < settings.replicates() * 0.95) {
            return new Estimate.Abstained("too few rows: undefined on more than 1 draw of the bootstrap in 20", n);
        }
        double[] sorted = Arrays.copyOf(found, count);
        Arrays.sort(sorted);
        double alpha = (1 - settings.confidence()) / 2;
        int low = Math.max(0, (int) Math.floor(alpha * (count + 1)) - 1);
        double lower = sorted[low];
        double upper = sorted[count - 1 - low];
        if (sorted[0] == sorted[count - 1]) {
            // No draw moves it, as none has rows in cells that are empty here.
            for (double other : unseen(cube, settings, function)) {
                lower = Double.isFinite(other) ? Math.min(lower, other) : lower;
                upper = Double.isFinite(other) ? Math.max(upper, other) : upper;
            }
        }
        Interval interval = new Interval(lower, upper, settings.confidence());
        return new Estimate.Measured(value, Proportion.around(value, interval), n);
    }

    /**
     * The function with rows in the empty cells, one after the other, of the group with the fewest rows: as many as may have gone unseen
     * (rule of three, −ln(1 − confidence)).
     */
    private static double[] unseen(GroupCube cube, AuditSettings settings, ToDoubleFunction<double[]> function) {
        int smallest = -1;
        for (int g = 0; g < cube.space().size(); g++) {
            if (cube.count(g) > 0 && (smallest < 0 || cube.count(g) < cube.count(smallest))) {
                smallest = g;
            }
        }
        double[] cells = new double[cube.space().size() * GroupCube.CELLS];
        double sum = 0;
        double square = 0;
        for (int c = 0; c < cells.length; c++) {
            cells[c] = cube.sum(c);
            sum += c / GroupCube.CELLS == smallest ? cube.sum(c) : 0;
            square += c / GroupCube.CELLS == smallest ? cube.square(c) : 0;
        }
        double[] values = new double[GroupCube.CELLS];
        for (int k = 0; k < values.length; k++) {
            int cell = smallest * GroupCube.CELLS + k;
            double before = cells[cell];
            cells[cell] += before == 0 ? -Math.log1p(-settings.confidence()) * square / sum : 0;
            values[k] = function.applyAsDouble(cells);
            cells[cell] = before;
        }
        return values;
    }
}
