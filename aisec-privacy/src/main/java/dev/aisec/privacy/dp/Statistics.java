// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the statistics have in common. */
final class Statistics {
    static final double CONFIDENCE = 0.95;
    /** Share of runs in which an interval may fail. */
    static final double ERROR = 0.05;

    private static final long EXACT = 1L << 52;

    private Statistics() {}

    static void requireContributions(int contributions) {
        if (contributions < 1 || contributions > SumAccumulator.MAX_CONTRIBUTIONS) {
            throw new IllegalArgumentException(
                    "contributions must be in [1, " + SumAccumulator.MAX_CONTRIBUTIONS + "], were " + contributions);
        }
    }

    /**
     * Noise for a sum of integers in [low, high], of which a user has 1 to m. What a user adds lies between the extremes of
     * one and of m entries; the numbers are at most 2⁵² and the sensitivity is exact.
     */
    static NoisePart part(
            StatisticNoise noise, int parts, long low, long high, int contributions, Neighbouring neighbouring) {
        long least = low * (low < 0 ? contributions : 1);
        long most = high * (high > 0 ? contributions : 1);
        if (least < -EXACT || most > EXACT) {
            throw new IllegalArgumentException(
                    "contributions must be fewer for bounds so far from 0, were " + contributions);
        }
        double sensitivity = neighbouring.sumSensitivity(least, most);
        return NoisePart.of(noise, parts, sensitivity, sensitivity, neighbouring);
    }

    /** Noise for all bins of several histograms of the same data, in each of which a user has m entries, wherever they are. */
    static NoisePart countPart(StatisticNoise noise, int histograms, int contributions, Neighbouring neighbouring) {
        int changed = neighbouring == Neighbouring.REPLACE_ONE ? 2 * histograms : histograms;
        double l2 = changed == 1 ? contributions : Math.nextUp(contributions * rootUp(changed));
        return NoisePart.of(noise, 1, (double) changed * contributions, l2, neighbouring);
    }

    static double rootUp(int n) {
        return Math.nextUp(Math.sqrt(n));
    }

    /** Of all parts together. */
    static PrivacyLoss loss(List<NoisePart> parts) {
        return parts.size() == 1
                ? parts.get(0).loss()
                : PrivacyLoss.composed(parts.stream().map(NoisePart::loss).toList());
    }

    static Estimate.Measured measured(double value, double lower, double upper) {
        return new Estimate.Measured(value, new Interval(Math.nextDown(lower), Math.nextUp(upper), CONFIDENCE), 1);
    }

    static Measurement.Scalar scalar(Estimate estimate) {
        return new Measurement.Scalar("value", "1", new TreeMap<>(), estimate);
    }

    static Evidence evidence(
            String subject,
            SpendToken token,
            int contributions,
            StatisticNoise noise,
            Map<String, ?> parameters,
            Measurement... measurements) {
        SortedMap<String, String> all = new TreeMap<>();
        parameters.forEach((name, value) -> all.put(name, String.valueOf(value)));
        all.put("contributions", Integer.toString(contributions));
        all.put("noise", noise.toString());
        all.put("loss", token.loss().toString());
        all.put("token", token.id());
        return new Evidence(Technique.DIFFERENTIAL_PRIVACY, subject, all, List.of(measurements), List.of());
    }
}
