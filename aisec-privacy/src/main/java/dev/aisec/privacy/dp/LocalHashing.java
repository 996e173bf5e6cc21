// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.util.SortedMap;

/**
 * Local hashing: the value is hashed to few cells by a function drawn anew for each report, and randomized response is done among the
 * cells. Immutable.
 *
 * <p>Guarantee: ε-local differential privacy, see {@link LocalRandomizer}; the hash function is independent of the value and
 * may be shown. A report has 20 bytes whatever the number of categories. To estimate costs time in users × categories.
 *
 * <p>Formula: a report supports the categories that hash to its cell; p = e^ε / (e^ε + g − 1) and q = 1/g, since any two
 * categories hash independently ({@code v ↦ (a·v + b) mod (2⁶¹ − 1)}, scaled to g cells; exact up to g·2⁻⁶⁰ relative). With
 * g = e^ε + 1 (OLH) the variance of a rare category is 4e^ε / (n(e^ε − 1)²).
 *
 * <p>Source: Wang, Blocki, Li, Jha, Locally Differentially Private Protocols for Frequency Estimation, USENIX Security 2017,
 * section 4.4.
 */
public final class LocalHashing
        implements LocalRandomizer<LocalHashing.Report>, FrequencyEstimator<LocalHashing.Report> {
    private static final int MAX_CELLS = 1 << 30;

    private final double epsilon;
    private final int categories;
    private final int cells;
    private final ExactCoin truth;

    private LocalHashing(double epsilon, int categories, int cells) {
        LocalChecks.requireEpsilon(epsilon);
        LocalChecks.requireCategories(categories, Integer.MAX_VALUE);
        if (cells < 2 || cells > MAX_CELLS) {
            throw new IllegalArgumentException("cells must be in [2, 2^30], were " + cells);
        }
        this.epsilon = epsilon;
        this.categories = categories;
        this.cells = cells;
        this.truth = ExactCoin.truth(new BigDecimal(epsilon), cells - 1L);
    }

    /**
     * A report.
     *
     * @param multiplier a of the hash function; in [0, 2⁶¹ − 1)
     * @param offset b of the hash function; in [0, 2⁶¹ − 1)
     * @param cell the randomized cell; in [0, g)
     */
    public record Report(long multiplier, long offset, int cell) {
        /** Checks the hash function. */
        public Report {
            LocalChecks.requireReport(multiplier, PairwiseHash.PRIME);
            LocalChecks.requireReport(offset, PairwiseHash.PRIME);
            LocalChecks.requireReport(cell, MAX_CELLS);
        }
    }

    /**
     * OLH: the number of cells, next to e^ε + 1, that gives rare categories the least variance.
     *
     * @param epsilon ε, taken exactly; in (0, 500]
     * @param categories k; at least 2
     * @return the randomizer
     */
    public static LocalHashing of(double epsilon, int categories) {
        LocalChecks.requireEpsilon(epsilon);
        int low = (int) Math.min(MAX_CELLS - 1, Math.floor(Math.exp(epsilon)) + 1);
        boolean more = LocalChecks.variance(1, 0, 1.0 / (low + 1), gain(epsilon, low + 1))
                < LocalChecks.variance(1, 0, 1.0 / low, gain(epsilon, low));
        return new LocalHashing(epsilon, categories, more ? low + 1 : low);
    }

    /**
     * The same with another number of cells; 2 is binary local hashing.
     *
     * @param cells g; in [2, 2³⁰]
     * @return the randomizer
     */
    public LocalHashing withCells(int cells) {
        return new LocalHashing(epsilon, categories, cells);
    }

    /**
     * Returns the number of cells.
     *
     * @return g
     */
    public int cells() {
        return cells;
    }

    @Override
    public Report randomize(int value) {
        return randomize(value, SecureBits.current());
    }

    Report randomize(int value, BitSource bits) {
        LocalChecks.requireValue(value, categories);
        long a = bits.nextLong(PairwiseHash.PRIME);
        long b = bits.nextLong(PairwiseHash.PRIME);
        int own = PairwiseHash.cell(PairwiseHash.point(a, b, value), cells);
        boolean keep = truth.flip(bits);
        // Drawn always: time must not tell whether it is needed.
        int other = (int) bits.nextLong(cells - 1L);
        other += other >= own ? 1 : 0;
        return new Report(a, b, keep ? own : other);
    }

    @Override
    public PrivacyLoss loss() {
        return LocalChecks.response(epsilon, cells);
    }

    @Override
    public FrequencyEstimate estimate(Iterable<? extends Report> reports) {
        long[] counts = new long[categories];
        long users = 0;
        for (Report report : reports) {
            LocalChecks.requireReport(report.cell, cells);
            long point = report.offset;
            for (int v = 0; v < counts.length; v++) {
                counts[v] += PairwiseHash.cell(point, cells) == report.cell ? 1 : 0;
                point = PairwiseHash.next(report.multiplier, point);
            }
            users++;
        }
        SortedMap<String, String> parameters = LocalChecks.parameters("local-hashing", epsilon, categories);
        parameters.put("cells", Integer.toString(cells));
        return FrequencyEstimate.of(
                parameters, new FrequencyEstimate.Tally(counts, null, users, users), 1.0 / cells, gain(epsilon, cells));
    }

    @Override
    public double variance(long users, double frequency) {
        LocalChecks.requireExpected(users, frequency);
        return LocalChecks.variance(users, frequency, 1.0 / cells, gain(epsilon, cells));
    }

    /** p − 1/g = (1 − e^(−ε))(1 − 1/g) / (1 + (g − 1)e^(−ε)). */
    private static double gain(double epsilon, int cells) {
        return -Math.expm1(-epsilon) * (1 - 1.0 / cells) / (1 + (cells - 1.0) * Math.exp(-epsilon));
    }

    ExactCoin truth() {
        return truth;
    }
}
