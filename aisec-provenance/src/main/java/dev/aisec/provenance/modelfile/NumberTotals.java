// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Optional;

/** Counts and moments of numbers seen so far. Merging in the same order gives the same digits. */
final class NumberTotals {
    long count;
    long notANumber;
    long positiveInfinite;
    long negativeInfinite;
    long zeros;
    long notBoolean;
    long firstNotANumber = -1;
    long firstInfinite = -1;
    long firstNotBoolean = -1;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    /** Second result of a sum, to be read at once. */
    double lastSquares;

    private long finite;
    private double mean;
    private double squares;

    /** Adds the moments of finite numbers: sums of their distances to a value among them, and of the squares of these. */
    void moments(long n, double around, double sum, double sumOfSquares) {
        moments(n, around + sum / n, Math.max(0, sumOfSquares - sum / n * sum));
    }

    /** Chan, Golub and LeVeque: Algorithms for computing the sample variance, The American Statistician 37 (1983). */
    private void moments(long n, double itsMean, double itsSquares) {
        if (n == 0) {
            return;
        }
        if (finite == 0) {
            finite = n;
            mean = itsMean;
            squares = itsSquares;
            return;
        }
        double delta = itsMean - mean;
        double share = (double) n / (finite + n);
        squares += itsSquares + delta * delta * finite * share;
        mean += delta * share;
        finite += n;
    }

    void merge(NumberTotals other) {
        count += other.count;
        notANumber += other.notANumber;
        positiveInfinite += other.positiveInfinite;
        negativeInfinite += other.negativeInfinite;
        zeros += other.zeros;
        notBoolean += other.notBoolean;
        firstNotANumber = firstNotANumber < 0 ? other.firstNotANumber : firstNotANumber;
        firstInfinite = firstInfinite < 0 ? other.firstInfinite : firstInfinite;
        firstNotBoolean = firstNotBoolean < 0 ? other.firstNotBoolean : firstNotBoolean;
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
        moments(other.finite, other.mean, other.squares);
    }

    ParameterStatistics statistics(Optional<ParameterStatistics.Spread> spread) {
        boolean none = finite == 0;
        return new ParameterStatistics(
                count,
                notANumber,
                positiveInfinite,
                negativeInfinite,
                zeros,
                none ? Double.NaN : min,
                none ? Double.NaN : max,
                none ? Double.NaN : mean,
                none ? Double.NaN : Math.sqrt(squares / finite),
                spread);
    }
}
