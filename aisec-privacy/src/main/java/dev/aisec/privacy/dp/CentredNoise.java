// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * What mean and variance are made of, each with noise: the number of entries unless it is public, the sum of their distances from the
 * middle, and the sum of the squares of these, moved by half of the largest square.
 */
record CentredNoise(double lower, double upper, int contributions, StatisticNoise noise, boolean withSquares) {
    /** The noise of sum, squares and number, in this order, as far as they are needed. */
    List<NoisePart> parts(Neighbouring neighbouring) {
        SumLattice lattice = SumLattice.of(lower, upper);
        boolean publicCount = neighbouring == Neighbouring.REPLACE_ONE && contributions == 1;
        int n = (withSquares ? 2 : 1) + (publicCount ? 0 : 1);
        List<NoisePart> parts = new ArrayList<>();
        long middle = lattice.middle();
        parts.add(Statistics.part(
                noise, n, lattice.low() - middle, lattice.high() - middle, contributions, neighbouring));
        if (withSquares) {
            long most = lattice.largestSquare();
            parts.add(Statistics.part(noise, n, -(most / 2), most - most / 2, contributions, neighbouring));
        }
        if (!publicCount) {
            parts.add(Statistics.part(noise, n, 1, 1, contributions, neighbouring));
        }
        return parts;
    }

    Drawn draw(SumAccumulator value, List<NoisePart.Sampler> samplers, BitSource bits) {
        SumAccumulator.Totals totals = value.totals();
        SumLattice lattice = value.lattice();
        BigInteger n = BigInteger.valueOf(totals.count());
        double tail = Reporting.ERROR / samplers.size();
        int next = 0;
        Range sum = noisy(
                totals.sum().subtract(n.multiply(BigInteger.valueOf(lattice.middle()))),
                samplers.get(next++),
                tail,
                bits);
        Range squares = Range.of(0);
        if (withSquares) {
            BigInteger shift = n.multiply(BigInteger.valueOf(lattice.largestSquare() / 2));
            squares = noisy(totals.squares().subtract(shift), samplers.get(next++), tail, bits);
        }
        Range count = next < samplers.size() ? noisy(n, samplers.get(next), tail, bits) : Range.of(totals.count());
        return new Drawn(sum, squares, count);
    }

    private static Range noisy(BigInteger exact, NoisePart.Sampler sampler, double tail, BitSource bits) {
        BigInteger released = exact.add(BigInteger.valueOf(sampler.sample(bits)));
        BigInteger half = BigInteger.valueOf(sampler.quantile(tail));
        return new Range(
                released.doubleValue(),
                Math.nextDown(released.subtract(half).doubleValue()),
                Math.nextUp(released.add(half).doubleValue()));
    }

    /** A number and what it lies between, ends rounded outward. */
    record Range(double value, double low, double high) {
        static Range of(double value) {
            return new Range(value, value, value);
        }

        /** Divided by a number of entries, of which one at least there is if it can be known; within bounds. */
        Range over(Range count, double least, double most) {
            double n = Math.max(1, count.value);
            double few = Math.max(1, count.low);
            double many = Math.max(1, count.high);
            double point = clamp(value / n, least, most);
            if (count.high < 1) {
                return new Range(point, least, most);
            }
            return new Range(
                    point,
                    clamp(Math.nextDown(Math.min(low / few, low / many)), least, most),
                    clamp(Math.nextUp(Math.max(high / few, high / many)), least, most));
        }

        private static double clamp(double value, double least, double most) {
            return Math.min(most, Math.max(least, value));
        }
    }

    /** The noisy numbers. All that is computed from them is post-processing. */
    record Drawn(Range sum, Range squares, Range count) {
        /** Mean distance from the middle, in steps. */
        Range mean(SumLattice lattice) {
            return sum.over(count, lattice.low() - lattice.middle(), lattice.high() - lattice.middle());
        }

        /** Mean square less the square of the mean, in squared steps. */
        Range variance(SumLattice lattice) {
            long most = lattice.largestSquare();
            double shift = most / 2;
            Range mean = mean(lattice);
            Range square = squares.over(count, -shift, most - shift);
            double unit = Math.scalb(1.0, SumLattice.SQUARE_SHIFT);
            double width = lattice.high() - lattice.low();
            double largest = width * width / 4;
            double lowSquared = mean.low * mean.low;
            double highSquared = mean.high * mean.high;
            double leastMean = mean.low <= 0 && mean.high >= 0 ? 0 : Math.min(lowSquared, highSquared);
            // A part in 2⁵⁰ for the rounding of products and differences.
            double slack = largest * 0x1p-50;
            return new Range(
                    Range.clamp((square.value + shift) * unit - mean.value * mean.value, 0, largest),
                    Range.clamp((square.low + shift) * unit - Math.max(lowSquared, highSquared) - slack, 0, largest),
                    Range.clamp((square.high + shift + 1) * unit - leastMean + slack, 0, largest));
        }
    }
}
