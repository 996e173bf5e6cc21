// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.time.Instant;

/**
 * A reservation in a {@link FileLedger}, for an audit.
 *
 * @param id name of the reservation, that of its token
 * @param time when it was written, by the clock of the machine that wrote it
 * @param purpose what for
 * @param loss what was paid for, as text; cut after 300 characters
 * @param cost what it cost, rounded up
 * @param used whether the token is known to have been used; false after a crash, and for a token not used yet. It counts as
 *     spent either way.
 * @param head hash of the ledger up to this entry: 64 hexadecimal digits
 */
public record LedgerEntry(
        String id, Instant time, String purpose, String loss, BudgetAmount cost, boolean used, String head) {}
