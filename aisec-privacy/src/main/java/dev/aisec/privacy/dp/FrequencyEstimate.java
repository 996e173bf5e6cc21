// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Shares of categories, estimated from randomized reports. Immutable.
 *
 * <p>Guarantee: each share is unbiased for the share among those who reported, over the randomness of the reports, so it
 * may lie outside [0, 1]. Its interval covers that share with at least the stated probability, for any number of reports: the
 * reports that support a category are a sum of independent coins of two probabilities, whose tails beyond the mean by one are
 * no heavier than those of the binomial distribution of the same mean, so Clopper-Pearson bounds of one count fewer and one
 * more hold. For blocks of a {@link HadamardResponse}, both counts get half of the error.
 *
 * <p>Limits: coverage is that of one category unless {@link #simultaneous}. At most 10⁹ coins.
 *
 * <p>Share: (C/n − q) / (p − q), C supporting reports of n; p and q are the probabilities to support the own and another
 * category.
 *
 * <p>Source: Wang, Blocki, Li, Jha, Locally Differentially Private Protocols for Frequency Estimation, USENIX Security 2017,
 * equation 2; Hoeffding, On the distribution of the number of successes in independent trials, Annals of Mathematical Statistics
 * 27, 1956, theorem 4.
 */
public final class FrequencyEstimate implements EvidenceSource {
    private static final double DEFAULT_CONFIDENCE = 0.95;

    private final SortedMap<String, String> parameters;
    private final Tally tally;
    private final double base;
    private final double gain;
    private final double confidence;
    private final boolean simultaneous;

    private FrequencyEstimate(
            SortedMap<String, String> parameters,
            Tally tally,
            double base,
            double gain,
            double confidence,
            boolean simultaneous) {
        this.parameters = parameters;
        this.tally = tally;
        this.base = base;
        this.gain = gain;
        this.confidence = confidence;
        this.simultaneous = simultaneous;
    }

    /**
     * What was counted. The arrays are given away.
     *
     * @param plus supporting coins per category
     * @param minus opposing coins per category; {@code null} if all coins that do not support oppose
     * @param coins coins per category
     * @param users reports
     */
    @SuppressWarnings("ArrayRecordComponent") // Lives in this class only.
    record Tally(long[] plus, long @Nullable [] minus, long coins, long users) {}

    /** Share = ((plus − minus) / coins − base) / gain. */
    static FrequencyEstimate of(SortedMap<String, String> parameters, Tally tally, double base, double gain) {
        return new FrequencyEstimate(parameters, tally, base, gain, DEFAULT_CONFIDENCE, false);
    }

    /**
     * These shares with intervals of another confidence.
     *
     * @param confidence coverage; in (0, 1), 0.95 if never asked for
     * @return a copy
     */
    public FrequencyEstimate withConfidence(double confidence) {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must be in (0, 1), was " + confidence);
        }
        return new FrequencyEstimate(parameters, tally, base, gain, confidence, simultaneous);
    }

    /**
     * These shares with intervals that cover all shares together with the stated confidence: the error is divided by the number of
     * categories (Bonferroni).
     *
     * @return a copy
     */
    public FrequencyEstimate simultaneous() {
        return new FrequencyEstimate(parameters, tally, base, gain, confidence, true);
    }

    /**
     * Returns the number of categories.
     *
     * @return at least 2
     */
    public int categories() {
        return tally.plus.length;
    }

    /**
     * Returns the number of reports.
     *
     * @return at least 0
     */
    public long users() {
        return tally.users;
    }

    /**
     * The share of one category.
     *
     * @param category in [0, categories)
     * @return the share with its interval; abstained if there were no reports
     */
    public Estimate frequency(int category) {
        if (category < 0 || category >= categories()) {
            throw new IllegalArgumentException("category must be in [0, " + categories() + "), was " + category);
        }
        if (tally.users == 0) {
            return new Estimate.Abstained("no reports", 0);
        }
        double alpha = (1 - confidence) / (simultaneous ? categories() : 1);
        long coins = tally.coins;
        long plus = tally.plus[category];
        double lower;
        double upper;
        if (tally.minus == null) {
            lower = lowerMean(plus, coins, alpha / 2);
            upper = upperMean(plus, coins, alpha / 2);
        } else {
            long minus = tally.minus[category];
            lower = lowerMean(plus, coins, alpha / 4) - upperMean(minus, coins, alpha / 4);
            upper = upperMean(plus, coins, alpha / 4) - lowerMean(minus, coins, alpha / 4);
        }
        Interval interval = new Interval((lower - base) / gain, (upper - base) / gain, confidence);
        return new Estimate.Measured(point(category), interval, tally.users);
    }

    /**
     * The shares of all categories.
     *
     * @return by category
     */
    public List<Estimate> frequencies() {
        List<Estimate> all = new ArrayList<>(categories());
        for (int i = 0; i < categories(); i++) {
            all.add(frequency(i));
        }
        return List.copyOf(all);
    }

    /**
     * The nearest distribution (Euclidean) to the unbiased shares. Better for use as a distribution, no longer unbiased, and
     * without intervals of its own.
     *
     * <p>Source: Wang, Lopuhaä-Zwakenberg, Li, Skoric, Li, Locally Differentially Private Frequency Estimation with Consistency,
     * NDSS 2020 (Norm-Sub).
     *
     * @return shares by category, at least 0, of sum 1; a new array
     * @throws IllegalStateException if there were no reports
     */
    public double[] projected() {
        if (tally.users == 0) {
            throw new IllegalStateException("reports must be at least one, were none");
        }
        double[] shares = new double[categories()];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = point(i);
        }
        double[] sorted = shares.clone();
        Arrays.sort(sorted);
        double sum = 0;
        double shift = 0;
        for (int i = sorted.length - 1, kept = 1; i >= 0; i--, kept++) {
            sum += sorted[i];
            double candidate = (sum - 1) / kept;
            if (sorted[i] <= candidate) {
                break;
            }
            shift = candidate;
        }
        for (int i = 0; i < shares.length; i++) {
            shares[i] = Math.max(0, shares[i] - shift);
        }
        return shares;
    }

    /**
     * The randomizer's parameters and the curve of the shares.
     *
     * @return the evidence
     */
    @Override
    public Evidence evidence() {
        SortedMap<String, String> all = new TreeMap<>(parameters);
        all.put("intervals", simultaneous ? "simultaneous" : "each");
        List<Measurement.Point> points = new ArrayList<>(categories());
        for (int i = 0; i < categories(); i++) {
            points.add(new Measurement.Point(i, frequency(i)));
        }
        Measurement curve = new Measurement.Curve("frequency", "category", "share", new TreeMap<>(), points);
        return new Evidence(Technique.DIFFERENTIAL_PRIVACY, "reports", all, List.of(curve), List.of());
    }

    private double point(int category) {
        long difference = tally.plus[category] - (tally.minus == null ? 0 : tally.minus[category]);
        return ((double) difference / tally.coins - base) / gain;
    }

    private static double lowerMean(long count, long coins, double alpha) {
        return count <= 1 ? 0 : ClopperPearson.lower(count - 1, coins, alpha);
    }

    private static double upperMean(long count, long coins, double alpha) {
        return count >= coins - 1 ? 1 : ClopperPearson.upper(count + 1, coins, alpha);
    }
}
