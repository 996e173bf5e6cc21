// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The private prefix sums of a stream, one per step: a session of {@link TreeAggregation} or {@link MatrixFactorization}, paid
 * for when it was opened. It holds private data. Safe for concurrent use; steps are taken one after the other.
 */
public final class PrefixSums {
    private final Engine engine;
    private final int steps;
    private final double clip;
    private final int dimension;
    private final SpendToken token;
    private int taken;

    PrefixSums(Engine engine, int steps, double clip, int dimension, SpendToken token) {
        this.engine = engine;
        this.steps = steps;
        this.clip = clip;
        this.dimension = dimension;
        this.token = token;
    }

    /**
     * Takes the next step.
     *
     * @param sum what the records of this step contribute, of the mechanism's clip and the session's dimension; it may be
     *     empty; not modified
     * @return the noisy sum of all steps so far
     * @throws IllegalStateException if all steps were taken
     */
    public double[] next(ClippedSum sum) {
        return next(sum, SecureBits.current());
    }

    synchronized double[] next(ClippedSum sum, BitSource bits) {
        sum.require(clip, true, dimension);
        if (taken == steps) {
            throw new IllegalStateException("steps must be at most " + steps + ", and all were taken");
        }
        taken++;
        return engine.next(sum.steps(), bits);
    }

    /**
     * How many steps were taken.
     *
     * @return in [0, T]
     */
    public synchronized int taken() {
        return taken;
    }

    /**
     * Standard deviation of each coordinate of the latest prefix sum.
     *
     * @return in the unit of the vectors; 0 before the first step
     */
    public synchronized double standardDeviation() {
        return taken == 0 ? 0 : engine.standardDeviation(taken);
    }

    /**
     * The evidence so far, with the error of a coordinate at each of at most 100 steps.
     *
     * @return for each step the error that a coordinate has at most with probability 1/2 and, as upper end, at 95 %
     */
    public synchronized Evidence evidence() {
        List<Measurement.Point> points = new ArrayList<>();
        int stride = Math.max(1, (taken + 99) / 100);
        for (int step = taken; step >= 1; step -= stride) {
            double sigma = engine.standardDeviation(step);
            // Roundings to the lattice are below a thousandth of sigma.
            Interval interval = new Interval(0, Reporting.NORMAL_QUANTILE * sigma * (1 + 1e-3), Reporting.CONFIDENCE);
            points.add(
                    0,
                    new Measurement.Point(step, new Estimate.Measured(Reporting.NORMAL_MEDIAN * sigma, interval, 1)));
        }
        return engine.evidence(
                token, new Measurement.Curve("prefix-sum-error", "step", "coordinate-error", new TreeMap<>(), points));
    }

    /** What differs between the mechanisms. */
    interface Engine {
        double[] next(long[] sum, BitSource bits);

        double standardDeviation(int step);

        Evidence evidence(SpendToken token, Measurement measured);
    }
}
