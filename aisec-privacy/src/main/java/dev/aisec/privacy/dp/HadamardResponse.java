// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.util.SortedMap;

/**
 * Hadamard response: a report is one column of a Hadamard matrix, more often one at which the value's row is +1. Immutable.
 *
 * <p>Guarantee: ε-local differential privacy, see {@link LocalRandomizer}. Reports of about log₂ k bits, an estimate in time
 * users + K log K, and an error of optimal order at every ε.
 *
 * <p>Formula: B blocks of b columns, both powers of two, B about e^ε/2 and B(b − 1) ≥ k; category x has a block and one of
 * its rows, never the first. Each of the b/2 columns of its block where the row is +1 has e^ε times the probability of any other
 * column. N₊ and N₋ being the reports in the block where the row is +1 and −1, the share is
 * (e^ε + 2B − 1)/(e^ε − 1) · (N₊ − N₋)/n.
 *
 * <p>Source: Acharya, Sun, Zhang, Hadamard Response: Estimating Distributions Privately, Efficiently, and with Little
 * Communication, AISTATS 2019, sections 4 and 5.
 */
public final class HadamardResponse implements LocalRandomizer<Integer>, FrequencyEstimator<Integer> {
    private static final int MAX_CATEGORIES = 1 << 24;

    private final double epsilon;
    private final int categories;
    private final int blocks;
    private final int width;
    private final ExactCoin truth;

    private HadamardResponse(double epsilon, int categories) {
        LocalChecks.requireEpsilon(epsilon);
        LocalChecks.requireCategories(categories, MAX_CATEGORIES);
        this.epsilon = epsilon;
        this.categories = categories;
        double limit = Math.min(Math.exp(epsilon), 2.0 * categories);
        // 2^(⌈log₂ limit⌉ − 1), at least 1.
        this.blocks = Math.max(1, Integer.highestOneBit((int) Math.ceil(limit) - 1));
        int perBlock = (categories + blocks - 1) / blocks;
        this.width = Integer.highestOneBit(perBlock) << 1;
        this.truth = ExactCoin.truth(new BigDecimal(epsilon), 2L * blocks - 1);
    }

    /**
     * Hadamard response with the paper's blocks.
     *
     * @param epsilon ε, taken exactly; in (0, 500]
     * @param categories k; in [2, 2²⁴]
     * @return the randomizer
     */
    public static HadamardResponse of(double epsilon, int categories) {
        return new HadamardResponse(epsilon, categories);
    }

    /**
     * Returns the number of possible reports.
     *
     * @return K = B·b
     */
    public int columns() {
        return blocks * width;
    }

    @Override
    public Integer randomize(int value) {
        return randomize(value, SecureBits.current());
    }

    int randomize(int value, BitSource bits) {
        LocalChecks.requireValue(value, categories);
        boolean favoured = truth.flip(bits);
        int half = width >>> 1;
        int row = row(value);
        int block = block(value);
        // Both are drawn always: time must not tell which is needed.
        int in = place((int) bits.nextLong(half), row, 0);
        int rest = (int) bits.nextLong((2L * blocks - 1) * half);
        // The first half block of the rest is the value's own, where the row is −1; the others are full blocks.
        int opposed = place(rest & (half - 1), row, 1);
        int beyond = Math.max(0, rest - half);
        int elsewhere = beyond >>> Integer.numberOfTrailingZeros(width);
        elsewhere += elsewhere >= block ? 1 : 0;
        int out = rest < half ? block * width + opposed : elsewhere * width + (beyond & (width - 1));
        return favoured ? block * width + in : out;
    }

    private int row(int value) {
        return (value >>> Integer.numberOfTrailingZeros(blocks)) + 1;
    }

    private int block(int value) {
        return value & (blocks - 1);
    }

    /** The i-th column at which a row has a parity: the bit under the row's lowest one is set so that it has. */
    private static int place(int i, int row, int parity) {
        int low = Integer.numberOfTrailingZeros(row);
        int column = (i >>> low) << (low + 1) | i & ((1 << low) - 1);
        int missing = (Integer.bitCount(column & row) ^ parity) & 1;
        return column | missing << low;
    }

    @Override
    public PrivacyLoss loss() {
        return new PrivacyLoss.Pure(epsilon, Neighbouring.REPLACE_ONE);
    }

    @Override
    public FrequencyEstimate estimate(Iterable<? extends Integer> reports) {
        int columns = columns();
        long[] transform = new long[columns];
        long users = 0;
        for (int report : reports) {
            LocalChecks.requireReport(report, columns);
            transform[report]++;
            users++;
        }
        for (int start = 0; start < columns; start += width) {
            transform(transform, start, width);
        }
        long[] plus = new long[categories];
        long[] minus = new long[categories];
        for (int v = 0; v < categories; v++) {
            int start = block(v) * width;
            long all = transform[start];
            long difference = transform[start + row(v)];
            plus[v] = (all + difference) / 2;
            minus[v] = (all - difference) / 2;
        }
        SortedMap<String, String> parameters = LocalChecks.parameters("hadamard-response", epsilon, categories);
        parameters.put("blocks", Integer.toString(blocks));
        parameters.put("columns", Integer.toString(columns));
        boolean single = blocks == 1;
        return FrequencyEstimate.of(
                parameters,
                new FrequencyEstimate.Tally(plus, single ? null : minus, users, users),
                single ? 0.5 : 0,
                single ? gain() / 2 : gain());
    }

    /** The Walsh-Hadamard transform of a block, in place. */
    private static void transform(long[] values, int start, int width) {
        for (int step = 1; step < width; step <<= 1) {
            for (int i = start; i < start + width; i += 2 * step) {
                for (int j = i; j < i + step; j++) {
                    long a = values[j];
                    long b = values[j + step];
                    values[j] = a + b;
                    values[j + step] = a - b;
                }
            }
        }
    }

    /**
     * How uncertain an estimated share will be.
     *
     * @param users number of reports; at least 1
     * @param frequency true share of the category; in [0, 1]
     * @return the variance; with more than one block that of the worst case, where all others are of the category's block
     */
    @Override
    public double variance(long users, double frequency) {
        LocalChecks.requireExpected(users, frequency);
        double gain = gain();
        double e = Math.exp(-epsilon);
        double inBlock = (1 + e) / (1 + (2.0 * blocks - 1) * e);
        return (inBlock - frequency * gain * gain) / (users * gain * gain);
    }

    /** P(+1) − P(−1) for the own category; 0 for another. */
    private double gain() {
        return -Math.expm1(-epsilon) / (1 + (2.0 * blocks - 1) * Math.exp(-epsilon));
    }

    ExactCoin truth() {
        return truth;
    }

    int blocks() {
        return blocks;
    }
}
