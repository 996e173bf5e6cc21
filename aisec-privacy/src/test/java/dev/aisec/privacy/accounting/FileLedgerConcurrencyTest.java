// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLedgerConcurrencyTest {
    private static final Budget BUDGET = Budget.pure(1, ADD_REMOVE);
    private static final PrivacyLoss QUARTER = new PrivacyLoss.Pure(0.25, ADD_REMOVE);

    @TempDir
    Path directory;

    private Path path;
    private Path anchor;

    @BeforeEach
    void names() {
        path = directory.resolve("budget.ledger");
        anchor = directory.resolve("budget.ledger.anchor");
    }

    /** 16 × 10⁴ spends; without forcing, which has nothing to do with the count. */
    @Test
    void reserve_sixteenThreads_grantsExactlyTheBudget() throws Exception {
        int fit = 150_000;
        PrivacyLoss loss = new PrivacyLoss.Pure(0x1p-18, ADD_REMOVE);
        AtomicInteger granted = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        try (FileLedger ledger = FileLedger.open(
                path, LedgerWriter.Mode.CREATE, Budget.pure(fit * 0x1p-18, ADD_REMOVE), Unforced::new)) {
            Thread[] threads = new Thread[16];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = new Thread(() -> {
                    for (int n = 0; n < 10_000; n++) {
                        try {
                            ledger.reserve(loss, "many").use(loss);
                            granted.incrementAndGet();
                        } catch (BudgetExhaustedException e) {
                            refused.incrementAndGet();
                        }
                    }
                });
                threads[i].start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(granted).hasValue(fit);
            assertThat(refused).hasValue(160_000 - fit);
            assertThat(ledger.remaining().privacy()).isZero();
        }
        try (FileLedger ledger = FileLedger.open(path)) {
            assertThat(ledger.entries()).hasSize(fit).allMatch(LedgerEntry::used);
        }
    }

    @Test
    void reserve_interruptStorm_keepsLedgerWorkingAndCounts() throws Exception {
        PrivacyLoss loss = new PrivacyLoss.Pure(0x1p-12, ADD_REMOVE);
        AtomicInteger granted = new AtomicInteger();
        AtomicInteger nothing = new AtomicInteger();
        AtomicInteger counts = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        try (FileLedger ledger = FileLedger.create(path, BUDGET)) {
            Thread[] threads = new Thread[8];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = new Thread(() -> {
                    for (int n = 0; n < 100; n++) {
                        try {
                            ledger.reserve(loss, "storm");
                            granted.incrementAndGet();
                        } catch (LedgerUnavailableException e) {
                            boolean flag = Thread.interrupted();
                            boolean said = String.valueOf(e.getMessage()).contains("nothing was spent");
                            (said ? nothing : counts).incrementAndGet();
                            if (!flag
                                    || !said && !String.valueOf(e.getMessage()).contains("counts as spent")) {
                                wrong.incrementAndGet();
                            }
                        }
                    }
                });
                threads[i].start();
            }
            Thread storm = new Thread(() -> {
                while (!stop.get()) {
                    for (Thread thread : threads) {
                        thread.interrupt();
                        LockSupport.parkNanos(100_000);
                    }
                }
            });
            storm.start();
            for (Thread thread : threads) {
                thread.join();
            }
            stop.set(true);
            storm.join();
            assertThat(wrong).hasValue(0);
            assertThat(granted.get() + nothing.get() + counts.get()).isEqualTo(800);
            assertThat(counts.get() + nothing.get()).isPositive();
            ledger.reserve(loss, "after the storm");
            assertThat(ledger.spent().privacy() * 0x1p12).isEqualTo(granted.get() + counts.get() + 1);
        }
    }

    /** A lock that somebody else holds: callers wait, an interrupt frees them, and it goes on when the lock is given back. */
    @Test
    void reserve_lockedByAnother_waitsAndCanBeInterrupted() throws Exception {
        try (FileLedger ledger = FileLedger.create(path, BUDGET);
                FileChannel other = FileChannel.open(anchor, StandardOpenOption.WRITE)) {
            FileLock lock = other.lock(Long.MAX_VALUE - 1, 1, false);
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            AtomicBoolean flag = new AtomicBoolean();
            Thread caller = new Thread(() -> {
                try {
                    ledger.reserve(QUARTER, "waits");
                } catch (LedgerUnavailableException e) {
                    flag.set(Thread.currentThread().isInterrupted());
                    thrown.set(e);
                }
            });
            caller.start();
            while (caller.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            caller.interrupt();
            caller.join();
            assertThat(flag).isTrue();
            assertThat(thrown.get()).hasMessageContaining("must not be interrupted");
            lock.release();
            ledger.reserve(QUARTER, "goes on");
            assertThat(ledger.spent().privacy())
                    .isEqualTo(String.valueOf(thrown.get().getMessage()).contains("nothing was spent") ? 0.25 : 0.5);
        }
    }

    /** Does not force. */
    private record Unforced(LedgerStorage to) implements LedgerStorage {
        @Override
        public void read(ByteBuffer target, long position) throws IOException {
            to.read(target, position);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            to.write(source, position);
        }

        @Override
        public void force() {}

        @Override
        public long size() throws IOException {
            return to.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            to.truncate(size);
        }

        @Override
        public void close() throws IOException {
            to.close();
        }
    }
}
