// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.internal;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import java.util.List;

/**
 * Intervals of functions of independent estimates from the interval of each ("method of variance estimates recovery").
 * With score intervals the difference of two is Newcombe's hybrid score interval.
 *
 * <p>Source: Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17,
 * 1998, method 10; Zou, Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27, 2008;
 * Donner, Zou, Closed-form confidence intervals for functions of the normal mean and standard deviation, Statistical
 * Methods in Medical Research 21, 2012 (ratio).
 */
public final class Mover {
    private Mover() {}

    /**
     * a − b, with the hybrid interval.
     *
     * @param a an estimate
     * @param b an independent one
     * @return a − b
     */
    public static Estimate.Measured difference(Estimate.Measured a, Estimate.Measured b) {
        return sum(new double[] {1, -1}, List.of(a, b));
    }

    /**
     * Σ c·θ.
     *
     * @param factors a factor for each part
     * @param parts independent estimates, at least one
     * @return the sum with its interval
     */
    public static Estimate.Measured sum(double[] factors, List<Estimate.Measured> parts) {
        double value = 0;
        double down = 0;
        double up = 0;
        long n = 0;
        for (int i = 0; i < factors.length; i++) {
            Estimate.Measured part = parts.get(i);
            double c = factors[i];
            double below = c * (part.value() - part.interval().lower());
            double above = c * (part.interval().upper() - part.value());
            value += c * part.value();
            down += c > 0 ? below * below : above * above;
            up += c > 0 ? above * above : below * below;
            n += part.n();
        }
        return new Estimate.Measured(
                value,
                new Interval(
                        value - Math.sqrt(down),
                        value + Math.sqrt(up),
                        parts.get(0).interval().confidence()),
                n);
    }

    /**
     * a/b, both at least 0; b above 0. The upper end is infinite if b may be 0.
     *
     * @param a an estimate
     * @param b an independent one
     * @return the ratio
     */
    public static Estimate.Measured ratio(Estimate.Measured a, Estimate.Measured b) {
        double product = a.value() * b.value();
        double lowA = a.interval().lower() * (2 * a.value() - a.interval().lower());
        double highA = a.interval().upper() * (2 * a.value() - a.interval().upper());
        double lowB = b.interval().lower() * (2 * b.value() - b.interval().lower());
        double highB = b.interval().upper() * (2 * b.value() - b.interval().upper());
        double lower = lowA > 0 ? lowA / (product + root(product, lowA * highB)) : 0;
        double upper = lowB > 0 ? (product + root(product, highA * lowB)) / lowB : Double.POSITIVE_INFINITY;
        double value = a.value() / b.value();
        return new Estimate.Measured(
                value,
                new Interval(
                        Math.min(lower, value),
                        Math.max(upper, value),
                        a.interval().confidence()),
                a.n() + b.n());
    }

    private static double root(double product, double other) {
        return Math.sqrt(Math.max(0, product * product - other));
    }

    /**
     * |θ|: the image of the interval.
     *
     * @param signed an estimate of any sign
     * @return at least 0
     */
    public static Estimate.Measured absolute(Estimate.Measured signed) {
        double low = signed.interval().lower();
        double high = signed.interval().upper();
        double lower = low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
        return new Estimate.Measured(
                Math.abs(signed.value()),
                new Interval(
                        lower,
                        Math.max(Math.abs(low), Math.abs(high)),
                        signed.interval().confidence()),
                signed.n());
    }

    /**
     * min(θ, 1/θ) of a ratio of at least 0: the image of the interval.
     *
     * @param ratio an estimate of at least 0
     * @return in [0, 1]
     */
    public static Estimate.Measured folded(Estimate.Measured ratio) {
        double low = fold(ratio.interval().lower());
        double high = fold(ratio.interval().upper());
        double upper = ratio.interval().contains(1) ? 1 : Math.max(low, high);
        return new Estimate.Measured(
                fold(ratio.value()),
                new Interval(Math.min(low, high), upper, ratio.interval().confidence()),
                ratio.n());
    }

    private static double fold(double ratio) {
        return ratio <= 1 ? ratio : 1 / ratio;
    }
}
