// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What a caller asks of the writer of a ledger. */
abstract class Request {
    private static final int WAITING = 0;
    private static final int TAKEN = 1;
    private static final int WITHDRAWN = 2;
    private static final int DONE = 3;

    private final AtomicInteger state = new AtomicInteger(WAITING);
    // Nobody waits for a use.
    private final @Nullable Thread caller = this instanceof Used ? null : Thread.currentThread();
    private @Nullable RuntimeException failure;

    /** Budget for a release. */
    static final class Reserve extends Request {
        final PrivacyLoss loss;
        final String purpose;
        final Cost cost;
        // Written by the writer before done, read by the caller after.
        long index;

        Reserve(PrivacyLoss loss, String purpose, Cost cost) {
            this.loss = loss;
            this.purpose = purpose;
            this.cost = cost;
        }
    }

    /** That a token was used; nobody waits for it. */
    static final class Used extends Request {
        final long reservation;

        Used(long reservation) {
            this.reservation = reservation;
        }
    }

    /** Something to be read when all before it has been written. */
    static final class Read extends Request {
        final Reader reader;

        Read(Reader reader) {
            this.reader = reader;
        }
    }

    /** The end. */
    static final class Close extends Request {}

    /** Runs on the writer's thread, under the lock. */
    interface Reader {
        void read(LedgerWriter writer) throws IOException;
    }

    /** Taken by the writer, from which on an interrupt does not undo it. */
    final boolean take() {
        return state.compareAndSet(WAITING, TAKEN);
    }

    final void done(@Nullable RuntimeException problem) {
        if (problem != null) {
            failure = problem;
        }
        if (state.getAndSet(DONE) != WITHDRAWN) {
            LockSupport.unpark(caller);
        }
    }

    final void fail(RuntimeException problem) {
        failure = problem;
    }

    /** Waits for the answer. An interrupt ends the wait; the flag stays set. */
    final void await() {
        while (state.get() != DONE) {
            LockSupport.park(this);
            if (Thread.currentThread().isInterrupted() && state.get() != DONE) {
                if (state.compareAndSet(WAITING, WITHDRAWN)) {
                    throw new LedgerUnavailableException(
                            "caller must not be interrupted, was before anything was written; nothing was spent");
                }
                if (state.get() != DONE) {
                    throw new LedgerUnavailableException("caller must not be interrupted, was while it was "
                            + (this instanceof Reserve
                                    ? "written; the reservation counts as spent if the budget covered it"
                                    : "read; nothing was spent"));
                }
            }
        }
        RuntimeException problem = failure;
        if (problem instanceof BudgetExhaustedException) {
            throw problem;
        } else if (problem instanceof IllegalStateException) {
            throw new IllegalStateException(problem.getMessage(), problem);
        } else if (problem != null) {
            throw new LedgerUnavailableException(String.valueOf(problem.getMessage()), problem);
        }
    }
}
