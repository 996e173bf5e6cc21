// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Finds the median of numbers and of their distances to it. Up to 65,536 numbers are kept; of more, it counts those that share
 * sign, exponent and 11 bits of mantissa as binary32. The order of numbers does not matter, so threads may take turns.
 */
final class NumberSpread {
    private static final int EXACT = 1 << 16;
    private static final int SHIFT = 12;
    private static final int MOST_COUNTERS = 32;

    /** How many tensors of a file are counted at once; a hostile file could ask for as many as it names. */
    private final AtomicInteger counters;

    private double @Nullable [] kept = new double[16];
    private int size;
    private long @Nullable [] counts;
    private boolean impossible;

    NumberSpread(AtomicInteger counters) {
        this.counters = counters;
    }

    /** Adds finite numbers. */
    synchronized void add(double[] values, int n) {
        double[] few = kept;
        if (impossible) {
            return;
        }
        if (few != null && n <= EXACT - size) {
            if (n > few.length - size) {
                few = Arrays.copyOf(few, Math.min(EXACT, Math.max(size + n, 2 * few.length)));
                kept = few;
            }
            System.arraycopy(values, 0, few, size, n);
            size += n;
            return;
        }
        if (counts == null) {
            if (counters.incrementAndGet() > MOST_COUNTERS) {
                counters.decrementAndGet();
                impossible = true;
                kept = null;
                return;
            }
            counts = new long[1 << (Integer.SIZE - SHIFT)];
        }
        if (few != null) {
            count(few, size, counts);
            kept = null;
        }
        count(values, n, counts);
    }

    /** Whether too many tensors were counted at once, so nothing is known of this one. */
    synchronized boolean impossible() {
        return impossible;
    }

    private static void count(double[] values, int n, long[] counts) {
        for (int i = 0; i < n; i++) {
            float v = (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, values[i]));
            int raw = Float.floatToRawIntBits(v);
            counts[((raw ^ raw >> 31 & Integer.MAX_VALUE) >> SHIFT) + counts.length / 2]++;
        }
    }

    /** The result, once; memory is given back. */
    synchronized Optional<ParameterStatistics.Spread> finish() {
        double[] few = kept;
        long[] many = counts;
        kept = null;
        counts = null;
        if (many != null) {
            counters.decrementAndGet();
            return Optional.of(counted(many));
        }
        if (few == null || size == 0) {
            return Optional.empty();
        }
        double[] sorted = Arrays.copyOf(few, size);
        Arrays.sort(sorted);
        double median = sorted[(size - 1) / 2];
        for (int i = 0; i < size; i++) {
            sorted[i] = Math.abs(sorted[i] - median);
        }
        Arrays.sort(sorted);
        return Optional.of(new ParameterStatistics.Spread(median, 1.4826 * sorted[(size - 1) / 2], true));
    }

    private static ParameterStatistics.Spread counted(long[] counts) {
        long n = 0;
        for (long count : counts) {
            n += count;
        }
        long half = (n + 1) / 2;
        int middle = 0;
        for (long seen = counts[0]; seen < half; seen += counts[middle]) {
            middle++;
        }
        double median = middle(middle, counts.length);
        int below = middle;
        int above = middle + 1;
        double distance = 0;
        for (long seen = 0; seen < half; ) {
            double down = below >= 0 ? median - middle(below, counts.length) : Double.POSITIVE_INFINITY;
            double up = above < counts.length ? middle(above, counts.length) - median : Double.POSITIVE_INFINITY;
            distance = Math.min(down, up);
            seen += down <= up ? counts[below--] : counts[above++];
        }
        return new ParameterStatistics.Spread(median, 1.4826 * distance, false);
    }

    /** The middle of the numbers that a counter stands for; beyond all finite ones at the ends, where counts are 0. */
    private static double middle(int index, int counters) {
        int low = index - counters / 2 << SHIFT;
        int high = low | (1 << SHIFT) - 1;
        return ((double) value(low) + value(high)) / 2;
    }

    private static float value(int ordered) {
        int raw = ordered ^ ordered >> 31 & Integer.MAX_VALUE;
        float v = Float.intBitsToFloat(raw);
        return Float.isFinite(v) ? v : ordered < 0 ? -Float.MAX_VALUE : Float.MAX_VALUE;
    }
}
