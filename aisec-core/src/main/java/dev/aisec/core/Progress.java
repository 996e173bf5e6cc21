// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import java.util.concurrent.CancellationException;

/**
 * Listens to the progress of a long run. Called on the thread that runs the technique. To cancel a run, interrupt that
 * thread: it ends with {@link CancellationException}.
 */
@FunctionalInterface
public interface Progress {
    /** Listens to nothing. */
    Progress NONE = (done, total) -> {};

    /**
     * Called after each piece of work.
     *
     * @param done pieces done
     * @param total pieces in all
     */
    void update(long done, long total);

    /**
     * Ends the run if the current thread was interrupted; the interrupt flag stays set.
     *
     * @throws CancellationException if the thread is interrupted
     */
    static void checkInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted");
        }
    }
}
