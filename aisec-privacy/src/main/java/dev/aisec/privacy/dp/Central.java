// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the central mechanisms have in common: checks, outward rounding, evidence. */
final class Central {
    static final double CONFIDENCE = 0.95;
    /** A little above the 97.5 % quantile of the normal distribution. */
    static final double NORMAL_QUANTILE = 1.959964;
    /** A little above the 75 % quantile of the normal distribution. */
    static final double NORMAL_MEDIAN = 0.67449;

    private Central() {}

    static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " must be > 0 and finite, was " + value);
        }
    }

    /** Far enough from the ends of the double range that no quotient or lattice point underflows or overflows. */
    static void requireSensitivity(double value) {
        if (!(0x1p-900 <= value && value <= 0x1p900)) {
            throw new IllegalArgumentException("sensitivity must be in [2^-900, 2^900], was " + value);
        }
    }

    static void requireRange(String name, double value, double least, double most) {
        if (!(least <= value && value <= most)) {
            throw new IllegalArgumentException(name + " must be in [" + least + ", " + most + "], was " + value);
        }
    }

    static void requireFinite(String name, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException(name + " must be finite, was " + value);
        }
    }

    static void requireScores(double[] scores, int least) {
        if (scores.length < least) {
            throw new IllegalArgumentException("scores must be at least " + least + ", were " + scores.length);
        }
        for (int i = 0; i < scores.length; i++) {
            if (!Double.isFinite(scores[i])) {
                throw new IllegalArgumentException("scores must be finite, score " + i + " was " + scores[i]);
            }
        }
    }

    /** A sensitivity belongs to one relation; under another one the noise would be too small or too large. */
    static void requireRelation(Neighbouring own, Neighbouring asked) {
        if (own != asked) {
            throw new IllegalArgumentException(
                    "neighbouring must be " + own + ", for which the sensitivity holds, was " + asked);
        }
    }

    /** a · b, not below the exact product; both positive, the product in the normal range. */
    static double timesUp(double a, double b) {
        double product = a * b;
        return Math.fma(a, b, -product) > 0 ? Math.nextUp(product) : product;
    }

    /** a / b, not below the exact quotient; both positive, the quotient in the normal range. */
    static double overUp(double a, double b) {
        double quotient = a / b;
        return Math.fma(quotient, b, -a) < 0 ? Math.nextUp(quotient) : quotient;
    }

    /** a / b, not above the exact quotient; both positive, the quotient in the normal range. */
    static double overDown(double a, double b) {
        double quotient = a / b;
        return Math.fma(quotient, b, -a) > 0 ? Math.nextDown(quotient) : quotient;
    }

    /** a + b at the ends of the long range instead of beyond. */
    static long plusClamped(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
    }

    /** An interval that a noise quantile gives around a released value, widened by the rounding of its own ends. */
    static Estimate around(double released, double halfWidth) {
        return within(released, halfWidth, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    static Estimate within(double released, double halfWidth, double lower, double upper) {
        return new Estimate.Measured(
                released,
                new Interval(
                        Math.max(lower, Math.nextDown(released - halfWidth)),
                        Math.min(upper, Math.nextUp(released + halfWidth)),
                        CONFIDENCE),
                1);
    }

    /** The same on a lattice; open to the side to which the value may have been clamped. */
    static Estimate aroundPoint(ValueLattice lattice, long point, double noise) {
        double released = lattice.toDouble(point);
        double half = lattice.halfWidth(noise);
        boolean clamped = ValueLattice.clamped(point);
        return new Estimate.Measured(
                released,
                new Interval(
                        clamped && point < 0 ? Double.NEGATIVE_INFINITY : Math.nextDown(released - half),
                        clamped && point > 0 ? Double.POSITIVE_INFINITY : Math.nextUp(released + half),
                        CONFIDENCE),
                1);
    }

    static Measurement.Scalar scalar(String name, Estimate estimate) {
        return new Measurement.Scalar(name, "1", new TreeMap<>(), estimate);
    }

    /** How far the selected score may lie below the best one. */
    static Measurement.Scalar gap(double half, double bound, int candidates) {
        return bound("score-gap", half, bound, candidates);
    }

    /** An error that is not seen: at most half with probability 1/2, at most bound at 95 %, whatever the data. */
    static Measurement.Scalar bound(String name, double half, double bound, long n) {
        return scalar(
                name, new Estimate.Measured(half, new Interval(0, Math.nextUp(Math.max(half, bound)), CONFIDENCE), n));
    }

    static Evidence evidence(Record mechanism, SpendToken token, Map<String, ?> parameters, Measurement... measured) {
        SortedMap<String, String> all = new TreeMap<>();
        parameters.forEach((name, value) -> all.put(name, String.valueOf(value)));
        all.put("loss", token.loss().toString());
        all.put("token", token.id());
        return new Evidence(
                Technique.DIFFERENTIAL_PRIVACY,
                mechanism.getClass().getSimpleName(),
                all,
                List.of(measured),
                List.of());
    }
}
