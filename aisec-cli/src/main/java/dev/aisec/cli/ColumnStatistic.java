// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import dev.aisec.privacy.dp.BoundedSum;
import dev.aisec.privacy.dp.Count;
import dev.aisec.privacy.dp.Histogram;
import dev.aisec.privacy.dp.Mean;
import dev.aisec.privacy.dp.Mechanism;
import dev.aisec.privacy.dp.Quantiles;
import dev.aisec.privacy.dp.Release;
import dev.aisec.privacy.dp.StatisticNoise;
import dev.aisec.privacy.dp.Variance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A statistic over a column: what makes its mechanism, what takes the cells, what is shown of the release.
 *
 * @param mechanism for a noise
 * @param accumulator for a mechanism
 * @param cells takes a cell whose row is the unit of privacy
 * @param userCells takes a cell of a user
 * @param values of a release, with labels
 * @param <M> mechanism
 * @param <A> accumulator
 * @param <O> what it releases
 */
record ColumnStatistic<M extends Mechanism<A, O>, A, O>(
        Function<StatisticNoise, M> mechanism,
        Function<M, A> accumulator,
        Cells<A> cells,
        UserCells<A> userCells,
        Function<Release<O>, List<Value>> values) {
    /** Takes a cell. */
    interface Cells<A> {
        void add(A accumulator, String cell);
    }

    /** Takes a user's cell. */
    interface UserCells<A> {
        void add(A accumulator, long user, String cell);
    }

    /**
     * A released number.
     *
     * @param label of its bin, or empty
     * @param estimate with its interval
     */
    record Value(String label, Estimate.Measured estimate) {}

    /** Bounds of a user's numbers. */
    record Range(double lower, double upper, int contributions) {}

    static ColumnStatistic<?, ?, ?> count(int contributions) {
        return new ColumnStatistic<>(
                noise -> new Count(contributions, noise),
                Count::accumulator,
                (counts, cell) -> counts.add(0),
                (counts, user, cell) -> counts.add(user, 0),
                ColumnStatistic::scalar);
    }

    static ColumnStatistic<?, ?, ?> sum(Range range) {
        return new ColumnStatistic<>(
                noise -> new BoundedSum(range.lower(), range.upper(), range.contributions(), noise),
                BoundedSum::accumulator,
                (sums, cell) -> sums.add(number(cell)),
                (sums, user, cell) -> sums.add(user, number(cell)),
                ColumnStatistic::scalar);
    }

    static ColumnStatistic<?, ?, ?> mean(Range range) {
        return new ColumnStatistic<>(
                noise -> new Mean(range.lower(), range.upper(), range.contributions(), noise),
                Mean::accumulator,
                (sums, cell) -> sums.add(number(cell)),
                (sums, user, cell) -> sums.add(user, number(cell)),
                ColumnStatistic::scalar);
    }

    static ColumnStatistic<?, ?, ?> variance(Range range) {
        return new ColumnStatistic<>(
                noise -> new Variance(range.lower(), range.upper(), range.contributions(), noise),
                Variance::accumulator,
                (sums, cell) -> sums.add(number(cell)),
                (sums, user, cell) -> sums.add(user, number(cell)),
                ColumnStatistic::scalar);
    }

    static ColumnStatistic<?, ?, ?> quantiles(Range range, List<Double> ranks) {
        Quantiles tree = Quantiles.of(range.lower(), range.upper(), 1);
        return new ColumnStatistic<>(
                noise -> new Quantiles(
                        range.lower(), range.upper(), tree.branching(), tree.height(), range.contributions(), noise),
                Quantiles::accumulator,
                (bins, cell) -> bins.add(number(cell)),
                (bins, user, cell) -> bins.add(user, number(cell)),
                release -> ranks.stream()
                        .map(rank ->
                                new Value(DpText.exact(rank), release.value().quantile(rank)))
                        .toList());
    }

    /** Counts of equal parts of the range; what is outside counts in the outermost. */
    static ColumnStatistic<?, ?, ?> histogram(Range range, int bins) {
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < bins; i++) {
            labels.add("[" + DpText.exact(edge(range, i, bins)) + ", " + DpText.exact(edge(range, i + 1, bins))
                    + (i + 1 < bins ? ")" : "]"));
        }
        return new ColumnStatistic<>(
                noise -> new Histogram(bins, range.contributions(), noise),
                Histogram::accumulator,
                (counts, cell) -> counts.add(bin(range, bins, number(cell))),
                (counts, user, cell) -> counts.add(user, bin(range, bins, number(cell))),
                release -> curve(release, labels));
    }

    /** Counts of the listed values; other values have no bin. */
    static ColumnStatistic<?, ?, ?> histogram(List<String> categories, int contributions) {
        Map<String, Integer> bins = new HashMap<>();
        for (String category : categories) {
            if (bins.put(category, bins.size()) != null) {
                throw new IllegalArgumentException("--categories must differ, '" + category + "' was given twice");
            }
        }
        return new ColumnStatistic<>(
                noise -> new Histogram(categories.size(), contributions, noise),
                Histogram::accumulator,
                (counts, cell) -> {
                    Integer bin = bins.get(cell);
                    if (bin != null) {
                        counts.add(bin);
                    }
                },
                (counts, user, cell) -> {
                    Integer bin = bins.get(cell);
                    if (bin != null) {
                        counts.add(user, bin);
                    }
                },
                release -> curve(release, categories));
    }

    /** What a release with this noise gives away. */
    PrivacyLoss loss(StatisticNoise noise, Neighbouring neighbouring) {
        return mechanism.apply(noise).loss(neighbouring);
    }

    /** The rows, as they are read; afterwards the release. */
    final class Rows implements CsvRows.Consumer {
        private final M chosen;
        private final A taken;
        private final boolean byUser;
        // Numbers for names, exactly: two users who share one would double the sensitivity.
        private final Map<String, Long> users = new HashMap<>();

        Rows(StatisticNoise noise, boolean byUser) {
            chosen = mechanism.apply(noise);
            taken = accumulator.apply(chosen);
            this.byUser = byUser;
        }

        @Override
        public void accept(String cell, String user) {
            if (byUser) {
                userCells.add(taken, users.computeIfAbsent(user, name -> (long) users.size()), cell);
            } else {
                cells.add(taken, cell);
            }
        }

        Released release(SpendToken token) {
            Release<O> release = chosen.release(taken, token);
            return new Released(release, values.apply(release));
        }
    }

    /**
     * What may be shown.
     *
     * @param release with its evidence
     * @param values the numbers
     */
    record Released(Release<?> release, List<Value> values) {}

    Rows rows(StatisticNoise noise, boolean byUser) {
        return new Rows(noise, byUser);
    }

    /** A decimal number; no NaN, no infinity, none of Java's suffixes. */
    static double number(String cell) {
        String text = cell.strip();
        boolean plain = !text.isEmpty();
        for (int i = 0; i < text.length() && plain; i++) {
            plain = "0123456789.+-eE".indexOf(text.charAt(i)) >= 0;
        }
        double value = Double.NaN;
        if (plain) {
            try {
                value = Double.parseDouble(text);
            } catch (NumberFormatException e) {
                plain = false;
            }
        }
        if (!plain || !Double.isFinite(value)) {
            throw new IllegalArgumentException(
                    text.isEmpty() ? "must be a number, is empty" : "must be a finite decimal number, is not");
        }
        return value;
    }

    private static double edge(Range range, int i, int bins) {
        double share = (double) i / bins;
        return range.lower() * (1 - share) + range.upper() * share;
    }

    private static int bin(Range range, int bins, double value) {
        double share = (value - range.lower()) / (range.upper() - range.lower());
        return (int) Math.max(0, Math.min(bins - 1, Math.floor(share * bins)));
    }

    private static List<Value> scalar(Release<?> release) {
        for (Measurement measurement : release.evidence().measurements()) {
            if (measurement instanceof Measurement.Scalar scalar
                    && scalar.estimate() instanceof Estimate.Measured measured) {
                return List.of(new Value("", measured));
            }
        }
        throw new IllegalStateException("release must have a measured value, had " + release.evidence());
    }

    private static List<Value> curve(Release<?> release, List<String> labels) {
        Measurement.Curve curve =
                (Measurement.Curve) release.evidence().measurements().get(0);
        List<Value> values = new ArrayList<>();
        for (Measurement.Point point : curve.points()) {
            values.add(new Value(labels.get(values.size()), (Estimate.Measured) point.y()));
        }
        return values;
    }
}
