// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a release says about itself: intervals, with ends rounded outward, and the evidence. */
final class Reporting {
    static final double CONFIDENCE = 0.95;
    /** Share of runs in which an interval may fail. */
    static final double ERROR = 0.05;
    /** A little above the 97.5 % quantile of the normal distribution. */
    static final double NORMAL_QUANTILE = 1.959964;
    /** A little above the 75 % quantile of the normal distribution. */
    static final double NORMAL_MEDIAN = 0.67449;
    /** Vectors up to this length get an interval for each coordinate. */
    private static final int SHORT = 32;

    private Reporting() {}

    /** A value and what the true one lies between. */
    static Estimate.Measured between(double value, double lower, double upper) {
        return new Estimate.Measured(value, new Interval(Math.nextDown(lower), Math.nextUp(upper), CONFIDENCE), 1);
    }

    /** An interval that a noise quantile gives around a released value. */
    static Estimate.Measured around(double released, double halfWidth) {
        return between(released, released - halfWidth, released + halfWidth);
    }

    /** The same for a value that is known to be in [lower, upper]. */
    static Estimate.Measured within(double released, double halfWidth, double lower, double upper) {
        return new Estimate.Measured(
                released,
                new Interval(
                        Math.max(lower, Math.nextDown(released - halfWidth)),
                        Math.min(upper, Math.nextUp(released + halfWidth)),
                        CONFIDENCE),
                1);
    }

    /** The same on a lattice; open to the side to which the value may have been clamped. */
    static Estimate.Measured aroundPoint(ValueLattice lattice, long point, double noise) {
        double released = lattice.toDouble(point);
        double half = lattice.halfWidth(noise);
        boolean clamped = ValueLattice.clamped(point);
        return between(
                released,
                clamped && point < 0 ? Double.NEGATIVE_INFINITY : released - half,
                clamped && point > 0 ? Double.POSITIVE_INFINITY : released + half);
    }

    static Measurement.Scalar scalar(String name, Estimate estimate) {
        return new Measurement.Scalar(name, "1", new TreeMap<>(), estimate);
    }

    /** An error that is not seen: at most half with probability 1/2, at most bound at 95 %, whatever the data. */
    static Measurement.Scalar bound(String name, double half, double bound, long n) {
        return scalar(
                name, new Estimate.Measured(half, new Interval(0, Math.nextUp(Math.max(half, bound)), CONFIDENCE), n));
    }

    /** How far the selected score may lie below the best one. */
    static Measurement.Scalar gap(double half, double bound, int candidates) {
        return bound("score-gap", half, bound, candidates);
    }

    /** The error that each one coordinate has at most; for short vectors also each with its interval. */
    static Measurement[] coordinates(double[] released, double half, double bound) {
        List<Measurement> all = new ArrayList<>();
        all.add(bound("coordinate-error", half, bound, 1));
        if (released.length <= SHORT) {
            for (int i = 0; i < released.length; i++) {
                TreeMap<String, String> labels = new TreeMap<>();
                labels.put("coordinate", i < 10 ? "0" + i : String.valueOf(i));
                all.add(new Measurement.Scalar("value", "1", labels, around(released[i], bound)));
            }
        }
        return all.toArray(new Measurement[0]);
    }

    static Evidence evidence(Record mechanism, SpendToken token, Map<String, ?> parameters, Measurement... measured) {
        return evidence(mechanism.getClass().getSimpleName(), token, parameters, measured);
    }

    static Evidence evidence(String subject, SpendToken token, Map<String, ?> parameters, Measurement... measured) {
        SortedMap<String, String> all = new TreeMap<>();
        parameters.forEach((name, value) -> all.put(name, String.valueOf(value)));
        all.put("loss", token.loss().toString());
        all.put("token", token.id());
        return new Evidence(Technique.DIFFERENTIAL_PRIVACY, subject, all, List.of(measured), List.of());
    }
}
