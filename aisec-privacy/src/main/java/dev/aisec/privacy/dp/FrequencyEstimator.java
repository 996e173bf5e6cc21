// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/**
 * Reads the shares of the categories out of reports of a {@link LocalRandomizer}. It sees reports only, so it costs no budget.
 *
 * <p>Assumption: one report of each person, made honestly and with the same parameters. People who lie move the
 * shares by more the smaller ε is; no estimator can tell.
 *
 * @param <R> the report
 */
public interface FrequencyEstimator<R> {
    /**
     * Estimates the share of every category.
     *
     * @param reports the reports; not changed
     * @return unbiased shares with intervals
     * @throws IllegalArgumentException if a report is none that the randomizer can send
     */
    FrequencyEstimate estimate(Iterable<? extends R> reports);

    /**
     * How uncertain an estimated share will be, known before anything is collected.
     *
     * @param users number of reports; at least 1
     * @param frequency true share of the category; in [0, 1]
     * @return the variance of the estimate
     */
    double variance(long users, double frequency);
}
