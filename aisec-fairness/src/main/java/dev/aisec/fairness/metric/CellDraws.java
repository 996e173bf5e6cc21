// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Progress;
import dev.aisec.fairness.internal.Proportion;
import dev.aisec.fairness.internal.Vectors;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** Bootstrap of a smooth function of the cells of a cube, redrawn as Poisson variables. */
final class CellDraws {
    private final GroupCube cube;
    private final AuditSettings settings;
    private final double[] cells;

    private CellDraws(GroupCube cube, AuditSettings settings) {
        this.cube = cube;
        this.settings = settings;
        cells = new double[cube.space().size() * GroupCube.CELLS];
        for (int c = 0; c < cells.length; c++) {
            cells[c] = cube.sum(c);
        }
    }

    /**
     * A function with the percentile interval.
     *
     * @param function of the weights of the cells; not finite where undefined
     * @param undefined reason for abstaining if it is undefined on the cube
     */
    static Estimate percentile(
            GroupCube cube, AuditSettings settings, ToDoubleFunction<double[]> function, String undefined) {
        CellDraws draws = new CellDraws(cube, settings);
        double value = function.applyAsDouble(draws.cells);
        long n = cube.count();
        if (n < settings.minimum() || !Double.isFinite(value)) {
            return new Estimate.Abstained(undefined, n);
        }
        Estimate.Abstained few = settings.tooFewDraws(2, n);
        if (few != null) {
            return few;
        }
        double[] found = draws.run(function);
        if (found.length < settings.replicates() * 0.95) {
            return tooFewRows(n);
        }
        Arrays.sort(found);
        double alpha = (1 - settings.confidence()) / 2;
        int low = Math.max(0, (int) Math.floor(alpha * (found.length + 1)) - 1);
        double lower = found[low];
        double upper = found[found.length - 1 - low];
        if (found[0] == found[found.length - 1]) {
            for (double other : draws.unseen(function)) {
                lower = Double.isFinite(other) ? Math.min(lower, other) : lower;
                upper = Double.isFinite(other) ? Math.max(upper, other) : upper;
            }
        }
        Interval interval = new Interval(lower, upper, settings.confidence());
        return new Estimate.Measured(value, Proportion.around(value, interval), n);
    }

    /**
     * The squared length of a vector, at least 0, with the interval (length ± d)² where d is the quantile of how far the vector moves
     * in a draw. By the triangle inequality it covers 0 too, which the percentile interval of a square never does.
     *
     * @param vector of the weights of the cells; not finite where undefined
     * @param undefined reason for abstaining if it is undefined on the cube
     */
    static Estimate squaredLength(
            GroupCube cube, AuditSettings settings, UnaryOperator<double[]> vector, String undefined) {
        CellDraws draws = new CellDraws(cube, settings);
        double[] base = vector.apply(draws.cells);
        double length = Vectors.norm(base);
        long n = cube.count();
        if (n < settings.minimum() || !Double.isFinite(length)) {
            return new Estimate.Abstained(undefined, n);
        }
        Estimate.Abstained few = settings.tooFewDraws(1, n);
        if (few != null) {
            return few;
        }
        ToDoubleFunction<double[]> movement = drawn -> {
            double[] moved = vector.apply(drawn);
            Vectors.add(moved, -1, base);
            return Vectors.norm(moved);
        };
        double[] found = draws.run(movement);
        if (found.length < settings.replicates() * 0.95) {
            return tooFewRows(n);
        }
        double d = settings.quantile(found);
        for (double other : d == 0 ? draws.unseen(movement) : new double[0]) {
            d = Double.isFinite(other) ? Math.max(d, other) : d;
        }
        double low = Math.max(0, length - d);
        Interval interval = new Interval(low * low, (length + d) * (length + d), settings.confidence());
        return new Estimate.Measured(length * length, Proportion.around(length * length, interval), n);
    }

    private static Estimate.Abstained tooFewRows(long n) {
        return new Estimate.Abstained("too few rows: undefined on more than 1 draw of the bootstrap in 20", n);
    }

    /** The function on the draws on which it is finite. */
    private double[] run(ToDoubleFunction<double[]> function) {
        double[] found = new double[settings.replicates()];
        int count = 0;
        Poisson[] laws = new Poisson[cells.length];
        double[] units = new double[cells.length];
        for (int c = 0; c < cells.length; c++) {
            units[c] = cube.rows(c) > 0 ? cube.square(c) / cube.sum(c) : 0;
            laws[c] = new Poisson(units[c] > 0 ? cells[c] / units[c] : 0);
        }
        double[] drawn = new double[cells.length];
        for (int r = 0; r < found.length; r++) {
            Progress.checkInterrupted();
            RandomGenerator random = settings.seed().generator(r);
            for (int c = 0; c < drawn.length; c++) {
                drawn[c] = units[c] > 0 ? laws[c].next(random) * units[c] : 0;
            }
            double moved = function.applyAsDouble(drawn);
            if (Double.isFinite(moved)) {
                found[count++] = moved;
            }
        }
        return Arrays.copyOf(found, count);
    }

    /**
     * The function with rows in the empty cells, one after the other, of the group with the fewest rows: as many as may have gone unseen
     * (rule of three, −ln(1 − confidence)). For where no draw moves it, as none has rows in cells that are empty here.
     */
    private double[] unseen(ToDoubleFunction<double[]> function) {
        int smallest = -1;
        for (int g = 0; g < cube.space().size(); g++) {
            if (cube.count(g) > 0 && (smallest < 0 || cube.count(g) < cube.count(smallest))) {
                smallest = g;
            }
        }
        double sum = 0;
        double square = 0;
        for (int c = smallest * GroupCube.CELLS; c < (smallest + 1) * GroupCube.CELLS; c++) {
            sum += cube.sum(c);
            square += cube.square(c);
        }
        double[] values = new double[GroupCube.CELLS];
        for (int k = 0; k < values.length; k++) {
            double[] more = cells.clone();
            int cell = smallest * GroupCube.CELLS + k;
            more[cell] += more[cell] == 0 ? -Math.log1p(-settings.confidence()) * square / sum : 0;
            values[k] = function.applyAsDouble(more);
        }
        return values;
    }
}
