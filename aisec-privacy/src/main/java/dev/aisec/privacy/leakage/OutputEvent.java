// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.leakage;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** A set of outputs: a union of cells of a partition of the numbers, by value and (if asked) by trailing zeros of the fraction. */
final class OutputEvent {
    private static final int CELLS = 512;
    private static final int COARSE_CELLS = 16;

    /** Trailing zeros of a fraction of 52 bits, 52 for none set. */
    private static final int ZERO_CLASSES = 53;

    /** Ascending; interval i is [cuts[i − 1], cuts[i]), NaN has one of its own at the end. */
    private final double[] cuts;

    private final boolean zeros;
    private final boolean[] member;
    private final double strength;
    private final String description;

    private OutputEvent(Partition partition, boolean[] member, double strength, String description) {
        this.cuts = partition.cuts;
        this.zeros = partition.zeros;
        this.member = member;
        this.strength = strength;
        this.description = description;
    }

    /**
     * The event that, by these samples, speaks most clearly for P_a(event) &gt; e^ε P_b(event) + δ: of all half-lines and of all sets of
     * the cells with the largest ratios, in both partitions, the one with the largest normal score.
     */
    static OutputEvent choose(double[] a, double[] b, double epsilon, double delta) {
        double[] pooled = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, pooled, a.length, b.length);
        Arrays.sort(pooled);
        OutputEvent byValue = new Partition(cuts(pooled, CELLS), false).choose(a, b, epsilon, delta);
        OutputEvent byBits = new Partition(cuts(pooled, COARSE_CELLS), true).choose(a, b, epsilon, delta);
        return byBits.strength > byValue.strength ? byBits : byValue;
    }

    boolean contains(double output) {
        return member[cell(cuts, zeros, output)];
    }

    String description() {
        return description;
    }

    private static int cell(double[] cuts, boolean zeros, double output) {
        int interval;
        if (Double.isNaN(output)) {
            interval = cuts.length + 1;
        } else {
            // −0.0 and 0.0 are one output for comparisons, two for who reads bits: the sort order tells them apart.
            int found = Arrays.binarySearch(cuts, output);
            interval = found >= 0 ? found + 1 : -found - 1;
        }
        if (!zeros) {
            return interval;
        }
        long fraction = Double.doubleToRawLongBits(output) & 0xf_ffff_ffff_ffffL;
        return interval * ZERO_CLASSES + Math.min(Long.numberOfTrailingZeros(fraction), ZERO_CLASSES - 1);
    }

    /** Quantiles; values that fill more than a cell get one by themselves. */
    private static double[] cuts(double[] sorted, int cells) {
        int numbers = sorted.length;
        while (numbers > 0 && Double.isNaN(sorted[numbers - 1])) {
            numbers--;
        }
        double[] cuts = new double[2 * cells];
        int count = 0;
        for (int k = 0; k < cells && numbers > 0; k++) {
            int at = (int) ((long) k * numbers / cells);
            double value = sorted[at];
            if (count == 0 || Double.compare(value, cuts[count - 1]) > 0) {
                cuts[count++] = value;
            }
            int next = (int) ((long) (k + 1) * numbers / cells);
            boolean frequent = next < numbers && Double.compare(sorted[next], value) == 0;
            if (frequent && value < Double.POSITIVE_INFINITY) {
                double after = Double.compare(value, -0.0) == 0 ? 0.0 : Math.nextUp(value);
                if (Double.compare(after, cuts[count - 1]) > 0) {
                    cuts[count++] = after;
                }
            }
        }
        return Arrays.copyOf(cuts, count);
    }

    private record Partition(double[] cuts, boolean zeros) {
        int size() {
            return (cuts.length + 2) * (zeros ? ZERO_CLASSES : 1);
        }

        OutputEvent choose(double[] a, double[] b, double epsilon, double delta) {
            long[] in = count(a);
            long[] other = count(b);
            Integer[] ascending = IntStream.range(0, size()).boxed().toArray(Integer[]::new);
            Integer[] descending = ascending.clone();
            Arrays.sort(descending, Comparator.reverseOrder());
            Integer[] byRatio = ascending.clone();
            Arrays.sort(byRatio, Comparator.comparingDouble(i -> -(in[i] + 0.5) / (other[i] + 0.5)));
            OutputEvent best = prefix(byRatio, in, other, a.length, epsilon, delta, "cells with the largest ratios");
            if (!zeros) {
                OutputEvent low = prefix(ascending, in, other, a.length, epsilon, delta, "lowest outputs");
                OutputEvent high = prefix(descending, in, other, a.length, epsilon, delta, "highest outputs");
                best = low.strength > best.strength ? low : best;
                best = high.strength > best.strength ? high : best;
            }
            return best;
        }

        private long[] count(double[] outputs) {
            long[] counts = new long[size()];
            for (double output : outputs) {
                counts[cell(cuts, zeros, output)]++;
            }
            return counts;
        }

        private OutputEvent prefix(
                Integer[] order, long[] in, long[] other, int n, double epsilon, double delta, String kind) {
            double factor = Math.exp(Math.min(epsilon, 300));
            double best = Double.NEGATIVE_INFINITY;
            int length = 0;
            double hits = 0;
            double misses = 0;
            for (int k = 0; k < order.length; k++) {
                hits += in[order[k]];
                misses += other[order[k]];
                double score =
                        (hits - factor * misses - delta * n) / Math.sqrt(hits + factor * factor * (misses + 1) + 1);
                if (score > best) {
                    best = score;
                    length = k + 1;
                }
            }
            boolean[] member = new boolean[size()];
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < length; k++) {
                int cell = order[k];
                member[cell] = true;
                int interval = zeros ? cell / ZERO_CLASSES : cell;
                least = Math.min(
                        least, interval == 0 ? Double.NEGATIVE_INFINITY : cuts[Math.min(interval, cuts.length) - 1]);
                most = Math.max(most, interval < cuts.length ? cuts[interval] : Double.POSITIVE_INFINITY);
            }
            String what = kind + (zeros ? " by value and trailing zeros" : "") + ", " + length + " of " + size()
                    + " cells in [" + least + ", " + most + ")";
            return new OutputEvent(this, member, best, what);
        }
    }
}
