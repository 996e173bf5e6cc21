// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Seed;
import dev.aisec.fairness.internal.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How an audit states its uncertainty.
 *
 * @param confidence coverage of every interval, in (0, 1); 0.95 by default
 * @param minimum least number of rows under a rate (positives for a true positive rate, and so on); below it the rate
 *     abstains; at least 1; 1 by default, since the interval tells how little a small number says
 * @param replicates draws of the bootstrap, in [100, 10⁶]; a metric whose interval needs more than that for its
 *     confidence abstains; 1,000 by default (Efron, Tibshirani, An Introduction to the
 *     Bootstrap, 1993, section 13.3)
 * @param seed seed of the bootstrap
 */
public record AuditSettings(double confidence, long minimum, int replicates, Seed seed) {
    /** The literature's defaults. */
    public static final AuditSettings DEFAULT = new AuditSettings(0.95, 1, 1000, new Seed(0));

    private static final int MOST_REPLICATES = 1_000_000;

    /** Checks the components. */
    public AuditSettings {
        Checks.confidence(confidence);
        if (minimum < 1) {
            throw new IllegalArgumentException("minimum must be >= 1, was " + minimum);
        }
        if (replicates < 100 || replicates > MOST_REPLICATES) {
            throw new IllegalArgumentException("replicates must be in [100, 1000000], was " + replicates);
        }
    }

    /**
     * The upper quantile of a deviation at the confidence, as the order statistic that covers on average over draws.
     *
     * @param found a deviation for each draw; sorted here
     */
    double quantile(double[] found) {
        Arrays.sort(found);
        return found[Math.min((int) Math.ceil(confidence * (found.length + 1)), found.length) - 1];
    }

    /**
     * Why a bootstrap cannot say anything at this confidence: its most extreme draw does not reach far enough. Null if it can.
     *
     * @param sides 1 or 2 ends by quantile
     * @param n number of rows
     */
    Estimate.@Nullable Abstained tooFewDraws(int sides, long n) {
        double least = Math.ceil((sides / (1 - confidence) - 1) * (1 - 1e-9));
        return replicates >= least
                ? null
                : new Estimate.Abstained(
                        "replicates must be at least " + (long) least + " for a confidence of " + confidence + ", were "
                                + replicates,
                        n);
    }

    /** Settings of one of several intervals that are to hold together (Bonferroni), with draws enough for it. */
    AuditSettings oneOf(double intervals) {
        double strict = 1 - (1 - confidence) / intervals;
        double draws = Math.max(replicates, Math.min(MOST_REPLICATES, Math.ceil(4 / (1 - strict))));
        return new AuditSettings(strict, minimum, (int) draws, seed);
    }

    /**
     * The same with another coverage.
     *
     * @param value in (0, 1)
     * @return changed settings
     */
    public AuditSettings withConfidence(double value) {
        return new AuditSettings(value, minimum, replicates, seed);
    }

    /**
     * The same with another least number of rows.
     *
     * @param value at least 1
     * @return changed settings
     */
    public AuditSettings withMinimum(long value) {
        return new AuditSettings(confidence, value, replicates, seed);
    }

    /**
     * The same with another number of draws.
     *
     * @param value in [100, 10⁶]
     * @return changed settings
     */
    public AuditSettings withReplicates(int value) {
        return new AuditSettings(confidence, minimum, value, seed);
    }

    /**
     * The same with another seed.
     *
     * @param value the seed
     * @return changed settings
     */
    public AuditSettings withSeed(Seed value) {
        return new AuditSettings(confidence, minimum, replicates, value);
    }
}
