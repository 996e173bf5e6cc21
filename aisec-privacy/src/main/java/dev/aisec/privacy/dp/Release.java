// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.privacy.accounting.PrivacyLoss;

/**
 * What a mechanism has released. Everything in it may be shown: the evidence holds parameters and measurements that follow
 * from the released value alone and cost no budget.
 *
 * @param value the released value
 * @param loss what it gave away
 * @param evidence parameters of the mechanism, the measurements with an interval for the true value, the token's name
 * @param <O> type of the value
 */
public record Release<O>(O value, PrivacyLoss loss, Evidence evidence) implements EvidenceSource {}
