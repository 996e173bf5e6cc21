// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * Cuts rows into chunks of a fixed size and runs them on the caller's threads. The cuts depend on the size only, so
 * results are the same for any number of threads.
 *
 * @param size rows in a chunk; at least 1
 * @param executor where chunks run
 */
public record RowChunks(int size, Executor executor) {
    /** Checks the size. */
    public RowChunks {
        if (size < 1) {
            throw new IllegalArgumentException("size must be >= 1, was " + size);
        }
    }

    /**
     * Chunks on the calling thread.
     *
     * @param size rows in a chunk
     * @return the chunks
     */
    public static RowChunks of(int size) {
        return new RowChunks(size, new Inline());
    }

    /** Runs a chunk when its result is asked for, so that an interrupt is seen between chunks. */
    private record Inline() implements Executor {
        @Override
        public void execute(Runnable task) {
            task.run();
        }
    }

    /**
     * Work on the rows from {@code from} to before {@code to}.
     *
     * @param <T> result of a chunk
     */
    @FunctionalInterface
    public interface Work<T> {
        /**
         * Works on a chunk.
         *
         * @param from first row
         * @param to row after the last
         * @return the result
         */
        T apply(int from, int to);
    }

    /**
     * Runs the work on every chunk. If a chunk fails, or the calling thread is interrupted, the chunks that have not
     * begun are dropped, those that run are interrupted, and the call ends without waiting for them.
     *
     * @param <T> result of a chunk
     * @param rows number of rows
     * @param work what to do; called concurrently
     * @param progress told the rows done, on the calling thread, in order
     * @return the results in order of the rows
     * @throws CancellationException if the calling thread is interrupted
     */
    public <T> List<T> map(int rows, Work<T> work, Progress progress) {
        List<FutureTask<T>> tasks = new ArrayList<>();
        for (int from = 0; from < rows; from += size) {
            int first = from;
            int end = Math.min(rows, from + size);
            tasks.add(new FutureTask<>(() -> work.apply(first, end)));
        }
        List<T> results = new ArrayList<>(tasks.size());
        boolean complete = false;
        try {
            boolean inline = executor instanceof Inline;
            if (!inline) {
                tasks.forEach(executor::execute);
            }
            for (int i = 0; i < tasks.size(); i++) {
                Progress.checkInterrupted();
                if (inline) {
                    tasks.get(i).run();
                }
                results.add(tasks.get(i).get());
                progress.update(Math.min(rows, (i + 1L) * size), rows);
            }
            complete = true;
            return results;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException r) {
                throw r;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            if (!complete) {
                tasks.forEach(t -> t.cancel(true));
            }
        }
    }
}
