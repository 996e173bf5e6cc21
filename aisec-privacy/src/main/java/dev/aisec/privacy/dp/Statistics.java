// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.core.Measurement;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What statistics with a bound of each user's entries have in common: their noise, and what their evidence tells of it. */
final class Statistics {
    private static final long EXACT = 1L << 52;

    private Statistics() {}

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
        double l2 = changed == 1 ? contributions : Math.nextUp(contributions * Arithmetic.rootUp(changed));
        return NoisePart.of(noise, 1, (double) changed * contributions, l2, neighbouring);
    }

    /** Of all parts together. */
    static PrivacyLoss loss(List<NoisePart> parts) {
        return parts.size() == 1
                ? parts.get(0).loss()
                : PrivacyLoss.composed(parts.stream().map(NoisePart::loss).toList());
    }

    static Evidence evidence(
            String subject,
            SpendToken token,
            int contributions,
            StatisticNoise noise,
            Map<String, ?> parameters,
            Measurement... measured) {
        Map<String, Object> all = new TreeMap<>(parameters);
        all.put("contributions", contributions);
        all.put("noise", noise);
        return Reporting.evidence(subject, token, all, measured);
    }
}
