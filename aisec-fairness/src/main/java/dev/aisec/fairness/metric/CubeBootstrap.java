// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Progress;
import dev.aisec.fairness.internal.Mover;
import dev.aisec.fairness.internal.Proportion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Disparities with their intervals; all that need the bootstrap share its draws. See {@link Disparity}. */
final class CubeBootstrap {
    private static final double EMPTY = 0.5;

    private CubeBootstrap() {}

    /** The groups that a measure is defined for. */
    private record Defined(int[] groups, double[] values, Estimate.Measured[] estimates, double overall, long n) {}

    private static final class Job {
        final int index;
        final Disparity metric;
        final List<Defined> parts;
        final double value;
        final long n;
        final double[] deviations;
        double centre;

        Job(int index, Disparity metric, List<Defined> parts, double value, long n, int replicates) {
            this.index = index;
            this.metric = metric;
            this.parts = parts;
            this.value = value;
            this.n = n;
            this.deviations = new double[replicates];
        }
    }

    static List<Estimate> estimates(GroupCube cube, List<Disparity> metrics, AuditSettings settings) {
        Map<Measure, Defined> defined = new EnumMap<>(Measure.class);
        GroupCube overall = cube.overall();
        @Nullable Estimate[] results = new Estimate[metrics.size()];
        List<Job> jobs = new ArrayList<>();
        for (int m = 0; m < results.length; m++) {
            Disparity metric = metrics.get(m);
            List<Defined> parts = new ArrayList<>();
            for (Measure measure : metric.measures()) {
                parts.add(defined.computeIfAbsent(measure, key -> define(cube, overall, key, settings)));
            }
            Estimate closed = closed(metric, parts);
            if (closed != null) {
                results[m] = closed;
                continue;
            }
            double value = Double.NaN;
            long n = 0;
            for (Defined part : parts) {
                double gap = gap(part.values, part.overall, metric);
                value = join(value, gap, metric, parts.size());
                n = Math.max(n, part.n);
            }
            Estimate.Abstained few = settings.tooFewDraws(1, n);
            if (few != null) {
                results[m] = few;
                continue;
            }
            jobs.add(new Job(m, metric, parts, value, n, settings.replicates()));
        }
        if (!jobs.isEmpty()) {
            draw(cube, jobs, settings);
            for (Job job : jobs) {
                results[job.index] = interval(job, settings);
            }
        }
        List<Estimate> list = new ArrayList<>();
        for (Estimate result : results) {
            list.add(Objects.requireNonNull(result));
        }
        return list;
    }

    private static Defined define(GroupCube cube, GroupCube overall, Measure measure, AuditSettings settings) {
        int size = cube.space().size();
        int[] groups = new int[size];
        double[] values = new double[size];
        Estimate.Measured[] first = new Estimate.Measured[2];
        int count = 0;
        long n = 0;
        for (int g = 0; g < size; g++) {
            // The interval is only needed where there are two groups; the value and n come cheaper.
            Estimate estimate = count < 2 ? measure.of(cube, g, settings, false) : measure.plain(cube, g, settings);
            if (estimate instanceof Estimate.Measured measured) {
                if (count < 2) {
                    first[count] = measured;
                }
                groups[count] = g;
                values[count++] = measured.value();
                n += measured.n();
            }
        }
        Estimate all = measure.plain(overall, 0, settings);
        return new Defined(
                Arrays.copyOf(groups, count),
                Arrays.copyOf(values, count),
                first,
                all instanceof Estimate.Measured measured ? measured.value() : 0,
                n);
    }

    /** The answer where no bootstrap is needed. */
    private static @Nullable Estimate closed(Disparity metric, List<Defined> parts) {
        for (int i = 0; i < parts.size(); i++) {
            Defined part = parts.get(i);
            String measure = metric.measures().get(i).id();
            if (part.groups.length < 2) {
                return new Estimate.Abstained(
                        measure + " must be defined for at least 2 groups, was for " + part.groups.length, part.n);
            }
            if (metric.comparison() == Disparity.Comparison.RATIO
                    && Arrays.stream(part.values).max().orElse(0) == 0) {
                return new Estimate.Abstained(measure + " is 0 for every group", part.n);
            }
        }
        Defined only = parts.get(0);
        if (parts.size() > 1 || only.groups.length > 2 || metric.baseline() == Disparity.Baseline.TO_OVERALL) {
            return null;
        }
        boolean ascending = only.values[0] <= only.values[1];
        Estimate.Measured low = only.estimates[ascending ? 0 : 1];
        Estimate.Measured high = only.estimates[ascending ? 1 : 0];
        return metric.comparison() == Disparity.Comparison.DIFFERENCE
                ? Mover.absolute(Mover.difference(high, low))
                : Mover.folded(Mover.ratio(low, high));
    }

    private static double gap(double[] values, double overall, Disparity metric) {
        boolean ratio = metric.comparison() == Disparity.Comparison.RATIO;
        if (metric.baseline() == Disparity.Baseline.BETWEEN_GROUPS) {
            double low = Arrays.stream(values).min().orElse(0);
            double high = Arrays.stream(values).max().orElse(0);
            return ratio ? low / high : high - low;
        }
        double worst = ratio ? 1 : 0;
        for (double value : values) {
            worst = ratio
                    ? Math.min(worst, Math.min(value, overall) / Math.max(value, overall))
                    : Math.max(worst, Math.abs(value - overall));
        }
        return worst;
    }

    private static double join(double before, double gap, Disparity metric, int parts) {
        if (metric.combination() == Disparity.Combination.MEAN) {
            return (Double.isNaN(before) ? 0 : before) + gap / parts;
        }
        if (Double.isNaN(before)) {
            return gap;
        }
        return metric.comparison() == Disparity.Comparison.RATIO ? Math.min(before, gap) : Math.max(before, gap);
    }

    private static void draw(GroupCube cube, List<Job> jobs, AuditSettings settings) {
        int size = cube.space().size();
        // Only groups with rows; the last place is for all of them together.
        int[] place = new int[size];
        int filled = 0;
        for (int g = 0; g < size; g++) {
            place[g] = cube.count(g) > 0 ? filled++ : -1;
        }
        double[] cells = new double[(filled + 1) * GroupCube.CELLS];
        double[] unit = new double[filled * GroupCube.CELLS];
        Poisson[] draws = new Poisson[unit.length];
        for (int g = 0; g < size; g++) {
            for (int c = 0; place[g] >= 0 && c < GroupCube.CELLS; c++) {
                int from = g * GroupCube.CELLS + c;
                int to = place[g] * GroupCube.CELLS + c;
                // A weighted cell varies like a Poisson variable in units of Σw²/Σw.
                unit[to] = cube.rows(from) > 0 ? cube.square(from) / cube.sum(from) : mean(cube, g);
                double mean = cube.sum(from) / unit[to] + EMPTY;
                cells[to] = mean * unit[to];
                draws[to] = new Poisson(mean);
            }
        }
        addUp(cells);
        for (Job job : jobs) {
            job.centre = Double.NaN;
            for (int p = 0; p < job.parts.size(); p++) {
                Defined part = job.parts.get(p);
                Measure measure = job.metric.measures().get(p);
                double[] values = new double[part.groups.length];
                for (int i = 0; i < values.length; i++) {
                    values[i] = measure.value(cells, place[part.groups[i]] * GroupCube.CELLS);
                }
                double all = measure.value(cells, filled * GroupCube.CELLS);
                job.centre = join(job.centre, gap(values, all, job.metric), job.metric, job.parts.size());
            }
        }
        Map<Measure, Movement> movements = new EnumMap<>(Measure.class);
        for (Job job : jobs) {
            for (int p = 0; p < job.parts.size(); p++) {
                Defined part = job.parts.get(p);
                movements.computeIfAbsent(
                        job.metric.measures().get(p), measure -> new Movement(measure, part.groups, place, cells));
            }
        }
        double[] drawn = new double[cells.length];
        for (int r = 0; r < settings.replicates(); r++) {
            Progress.checkInterrupted();
            RandomGenerator random = settings.seed().generator(r);
            for (int c = 0; c < draws.length; c++) {
                drawn[c] = Math.max(EMPTY, draws[c].next(random)) * unit[c];
            }
            addUp(drawn);
            for (Movement movement : movements.values()) {
                movement.update(drawn);
            }
            for (Job job : jobs) {
                job.deviations[r] = deviation(job, movements);
            }
        }
    }

    /** How far the values of a measure move in a draw: by difference and by ratio, the extremes over groups. */
    private static final class Movement {
        private final Measure measure;
        private final int[] first;
        private final double[] before;
        private final int last;
        private final double allBefore;
        /** Least, greatest, and that of all rows; differences, then logarithms of ratios. */
        final double[][] moved = new double[2][3];

        Movement(Measure measure, int[] groups, int[] place, double[] cells) {
            this.measure = measure;
            this.first = new int[groups.length];
            this.before = new double[groups.length];
            for (int i = 0; i < groups.length; i++) {
                first[i] = place[groups[i]] * GroupCube.CELLS;
                before[i] = measure.value(cells, first[i]);
            }
            this.last = cells.length - GroupCube.CELLS;
            this.allBefore = measure.value(cells, last);
        }

        void update(double[] drawn) {
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < first.length; i++) {
                double after = measure.value(drawn, first[i]);
                low = Math.min(low, after - before[i]);
                high = Math.max(high, after - before[i]);
                double ratio = after / before[i];
                least = Math.min(least, ratio);
                most = Math.max(most, ratio);
            }
            double all = measure.value(drawn, last);
            moved[0][0] = low;
            moved[0][1] = high;
            moved[0][2] = all - allBefore;
            moved[1][0] = Math.log(least);
            moved[1][1] = Math.log(most);
            moved[1][2] = Math.log(all / allBefore);
        }
    }

    /** Mean weight of the rows of a group, as unit of its empty cells. */
    private static double mean(GroupCube cube, int group) {
        double sum = 0;
        double square = 0;
        for (int c = 0; c < GroupCube.CELLS; c++) {
            sum += cube.sum(group * GroupCube.CELLS + c);
            square += cube.square(group * GroupCube.CELLS + c);
        }
        return square / sum;
    }

    private static void addUp(double[] cells) {
        int last = cells.length - GroupCube.CELLS;
        Arrays.fill(cells, last, cells.length, 0);
        for (int c = 0; c < last; c++) {
            cells[last + c % GroupCube.CELLS] += cells[c];
        }
    }

    private static double deviation(Job job, Map<Measure, Movement> movements) {
        int ratio = job.metric.comparison() == Disparity.Comparison.RATIO ? 1 : 0;
        boolean overall = job.metric.baseline() == Disparity.Baseline.TO_OVERALL;
        boolean mean = job.metric.combination() == Disparity.Combination.MEAN;
        double joined = 0;
        for (Measure measure : job.metric.measures()) {
            double[] moved = Objects.requireNonNull(movements.get(measure)).moved[ratio];
            double span = overall ? Math.max(moved[1] - moved[2], moved[2] - moved[0]) : moved[1] - moved[0];
            joined = mean ? joined + span / job.parts.size() : Math.max(joined, span);
        }
        return joined;
    }

    private static Estimate interval(Job job, AuditSettings settings) {
        double d = settings.quantile(job.deviations);
        double lower;
        double upper;
        if (job.metric.comparison() == Disparity.Comparison.RATIO) {
            lower = job.centre * Math.exp(-d);
            upper = Math.min(1, job.centre * Math.exp(d));
        } else {
            // Both around the value and around the smoothed one: small cells pull the latter towards equality.
            boolean bounded = job.metric.measures().stream().allMatch(Measure::bounded);
            lower = Math.max(0, Math.min(job.value, job.centre) - d);
            upper = Math.max(job.value, job.centre) + d;
            upper = bounded ? Math.min(1, upper) : upper;
        }
        return new Estimate.Measured(
                job.value, Proportion.around(job.value, new Interval(lower, upper, settings.confidence())), job.n);
    }
}
