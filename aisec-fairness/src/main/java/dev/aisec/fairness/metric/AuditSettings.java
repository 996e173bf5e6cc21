// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Seed;

/**
 * How an audit states its uncertainty.
 *
 * @param confidence coverage of every interval, in (0, 1); 0.95 by default
 * @param minimum least number of rows under a rate (positives for a true positive rate, and so on); below it the rate
 *     abstains; at least 1; 1 by default, since the interval tells how little a small number says
 * @param replicates draws of the bootstrap, in [100, 10⁶]; 1,000 by default (Efron, Tibshirani, An Introduction to the
 *     Bootstrap, 1993, section 13.3)
 * @param seed seed of the bootstrap
 */
public record AuditSettings(double confidence, long minimum, int replicates, Seed seed) {
    /** The literature's defaults. */
    public static final AuditSettings DEFAULT = new AuditSettings(0.95, 1, 1000, new Seed(0));

    /** Checks the components. */
    public AuditSettings {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException("confidence must be in (0, 1), was " + confidence);
        }
        if (minimum < 1) {
            throw new IllegalArgumentException("minimum must be >= 1, was " + minimum);
        }
        if (replicates < 100 || replicates > 1_000_000) {
            throw new IllegalArgumentException("replicates must be in [100, 1000000], was " + replicates);
        }
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
