// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.PoissonSampled;
import java.util.function.DoubleFunction;

/**
 * Noise or number of steps for a target (ε, δ). Every answer is on the safe side: the accountant's upper end at it was computed
 * and does not exceed ε.
 *
 * <p>Method: bracketed search between a value that suffices and one that does not, by the secant of ln ε.
 *
 * @param accountant what certifies
 * @param epsilon target ε; positive and finite
 * @param delta target δ; in (0, 1)
 */
public record Calibration(Accountant accountant, double epsilon, double delta) {
    /** The noise found is above the least one by this share at most. */
    private static final double TOLERANCE = 1e-4;

    private static final double LEAST_NOISE = 1e-3;
    private static final double MOST_NOISE = 1e9;

    /** Checks the target. */
    public Calibration {
        if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be > 0 and finite, was " + epsilon);
        }
        Checks.positiveDelta(delta);
    }

    /**
     * With the tightest accountant.
     *
     * @param epsilon target ε; positive and finite
     * @param delta target δ; in (0, 1)
     * @return the calibration by {@link PldAccountant}
     */
    public static Calibration of(double epsilon, double delta) {
        return new Calibration(PldAccountant.of(), epsilon, delta);
    }

    /**
     * With another accountant.
     *
     * @param newAccountant what certifies
     * @return the changed calibration
     */
    public Calibration withAccountant(Accountant newAccountant) {
        return new Calibration(newAccountant, epsilon, delta);
    }

    /**
     * Noise that suffices.
     *
     * @param multiplier the noise multiplier
     * @param epsilon the ε that it gives at the target's δ; its upper end is within the target
     */
    public record Noise(double multiplier, PrivacyInterval epsilon) {}

    /**
     * Steps that are covered.
     *
     * @param count how many; 0 if not even one is
     * @param epsilon the ε that they give at the target's δ; its upper end is within the target
     */
    public record Steps(long count, PrivacyInterval epsilon) {}

    /**
     * The least Gaussian noise for steps on Poisson samples. Under REPLACE_ONE nothing is assumed of absent records; for clipped
     * vectors use {@link #noise(DoubleFunction)} with {@link PoissonSampled#halfwayAbsent(double, PrivacyLoss)}.
     *
     * @param rate sampling rate q; in (0, 1]
     * @param steps number of steps; at least 1
     * @param neighbouring the relation; the multiplier is relative to the sensitivity under it
     * @return the least noise multiplier to a relative 1e-4, rounded up
     * @throws IllegalArgumentException if the target cannot be reached with a multiplier of 1e9
     */
    public Noise noise(double rate, long steps, Neighbouring neighbouring) {
        return noise(multiplier -> {
            PrivacyLoss step = new Gaussian(multiplier, neighbouring);
            return (rate == 1 ? step : new PoissonSampled(rate, step)).repeat(steps);
        });
    }

    /**
     * The least noise for a loss of which it is a parameter.
     *
     * @param loss the loss for a noise multiplier; the more noise, the less of it
     * @return the least noise multiplier to a relative 1e-4, rounded up, at least 1e-3
     * @throws IllegalArgumentException if the target cannot be reached with a multiplier of 1e9
     */
    public Noise noise(DoubleFunction<PrivacyLoss> loss) {
        double high = 1;
        PrivacyInterval safe = accountant.epsilon(loss.apply(high), delta);
        double low = high;
        double unsafe = safe.upper();
        while (safe.upper() > epsilon) {
            low = high;
            unsafe = safe.upper();
            // With little noise ε falls like 1/σ², with much like 1/σ.
            high *= Math.max(1.2, Math.min(8, unsafe / epsilon));
            if (high > MOST_NOISE) {
                throw new IllegalArgumentException(
                        "epsilon and delta must be within reach, were " + epsilon + " and " + delta);
            }
            safe = accountant.epsilon(loss.apply(high), delta);
        }
        while (unsafe <= epsilon && low > LEAST_NOISE) {
            low = Math.max(LEAST_NOISE, low / Math.max(1.2, Math.min(4, epsilon / Math.max(unsafe, 1e-3 * epsilon))));
            PrivacyInterval tried = accountant.epsilon(loss.apply(low), delta);
            unsafe = tried.upper();
            if (unsafe <= epsilon) {
                high = low;
                safe = tried;
            }
        }
        for (int i = 0; high > low * (1 + TOLERANCE) && i < 60; i++) {
            double middle = between(Math.log(low), Math.log(high), unsafe, safe.upper(), i);
            double candidate = Math.exp(middle);
            PrivacyInterval tried = accountant.epsilon(loss.apply(candidate), delta);
            if (tried.upper() <= epsilon) {
                high = candidate;
                safe = tried;
            } else {
                low = candidate;
                unsafe = tried.upper();
            }
        }
        return new Noise(high, safe);
    }

    /**
     * The most repetitions of a loss.
     *
     * @param loss one step
     * @return how many are within the target
     */
    public Steps steps(PrivacyLoss loss) {
        PrivacyInterval none = new PrivacyInterval(0, 0);
        long low = 0;
        PrivacyInterval safe = none;
        long high = 1;
        double unsafe = 0;
        while (true) {
            PrivacyInterval tried = accountant.epsilon(loss.repeat(high), delta);
            if (tried.upper() > epsilon) {
                unsafe = tried.upper();
                break;
            }
            low = high;
            safe = tried;
            if (high >= Long.MAX_VALUE / 64) {
                return new Steps(low, safe);
            }
            // ε grows like the root of the steps, or slower at first.
            double factor = Math.pow(epsilon / Math.max(tried.upper(), 1e-3 * epsilon), 2) * 1.1;
            high = Math.max(high + 1, (long) (high * Math.max(1.01, Math.min(32, factor))));
        }
        for (int i = 0; high - low > 1 && i < 120; i++) {
            long middle = low == 0
                    ? low + (high - low) / 2
                    : Math.round(Math.exp(between(Math.log(high), Math.log(low), unsafe, safe.upper(), i)));
            middle = Math.max(low + 1, Math.min(high - 1, middle));
            PrivacyInterval tried = accountant.epsilon(loss.repeat(middle), delta);
            if (tried.upper() <= epsilon) {
                low = middle;
                safe = tried;
            } else {
                high = middle;
                unsafe = tried.upper();
            }
        }
        return new Steps(low, safe);
    }

    /** Where ln ε would cross the target on the secant, kept off both ends; every third time the middle. */
    private double between(double unsafeAt, double safeAt, double unsafe, double safe, int turn) {
        double share = 0.5;
        if (turn % 3 != 2 && unsafe < Double.POSITIVE_INFINITY && safe > 0) {
            share = Math.log(unsafe / epsilon) / Math.log(unsafe / safe);
            // A little past the crossing, on alternating sides, so that the bracket closes from both.
            double nudge = 0.4 * TOLERANCE / Math.abs(safeAt - unsafeAt);
            share = Math.max(0.001, Math.min(0.999, share + (turn % 3 == 0 ? nudge : -nudge)));
        }
        return unsafeAt + share * (safeAt - unsafeAt);
    }
}
