// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes killed at any time, several of them on one file. */
class FileLedgerCrashTest {
    @TempDir
    Path directory;

    @Test
    void reserve_twentyKills_neverReleasesBeyondTheBudget() throws Exception {
        killAndCheck(20, 1);
    }

    @Test
    @Tag("long")
    void reserve_twoHundredKills_neverReleasesBeyondTheBudget() throws Exception {
        for (long round = 2; round < 12; round++) {
            killAndCheck(20, round);
        }
    }

    private void killAndCheck(int kills, long seed) throws Exception {
        RandomGenerator random = new Seed(seed).generator(0);
        Path ledger = directory.resolve("ledger-" + seed);
        List<Path> notes = new ArrayList<>();
        int[] limit = new int[kills];
        List<Process> running = new ArrayList<>();
        List<Integer> numbers = new ArrayList<>();
        int started = 0;
        int killed = 0;
        while (killed < kills) {
            while (running.size() < 3 && started < kills) {
                Path executed = directory.resolve("executed-" + seed + "-" + started);
                notes.add(executed);
                limit[started] = 1 + random.nextInt(40);
                running.add(LedgerChild.start(ledger, executed, 1 + random.nextInt(6)));
                numbers.add(started++);
            }
            for (int i = 0; i < running.size(); i++) {
                Path executed = notes.get(numbers.get(i));
                boolean far = Files.exists(executed) && Files.size(executed) >= limit[numbers.get(i)];
                assertThat(running.get(i).isAlive())
                        .as("output: %s", new Log(executed))
                        .isTrue();
                if (far) {
                    // SIGKILL: no shutdown hook, no flush.
                    running.get(i).destroyForcibly().waitFor();
                    running.remove(i);
                    numbers.remove(i--);
                    killed++;
                }
            }
            LockSupport.parkNanos(200_000);
        }
        long before = executed(notes);
        assertThat(before).isLessThanOrEqualTo(LedgerChild.RELEASES);
        try (FileLedger opened = FileLedger.open(ledger)) {
            assertThat(opened.spent().privacy() * 64).isGreaterThanOrEqualTo(before);
            // Each killed thread loses at most the reservation that it was in.
            assertThat(opened.spent().privacy() * 64).isLessThanOrEqualTo(before + kills * 6);
            assertThat(opened.entries().stream().filter(LedgerEntry::used).count())
                    .isLessThanOrEqualTo(before + kills * 6);
        }
        // The rest by two processes at once, until there is none.
        for (int i = 0; i < 2; i++) {
            Path executed = directory.resolve("executed-" + seed + "-rest" + i);
            notes.add(executed);
            running.add(LedgerChild.start(ledger, executed, 16));
        }
        for (int i = 0; i < 2; i++) {
            assertThat(running.get(i).waitFor())
                    .as("output: %s", new Log(notes.get(kills + i)))
                    .isZero();
        }
        long all = executed(notes);
        try (FileLedger opened = FileLedger.open(ledger)) {
            assertThat(opened.remaining().privacy()).isZero();
            assertThat(opened.entries()).hasSize(LedgerChild.RELEASES);
        }
        assertThat(all).isBetween((long) LedgerChild.RELEASES - kills * 6, (long) LedgerChild.RELEASES);
    }

    private static long executed(List<Path> notes) throws Exception {
        long sum = 0;
        for (Path note : notes) {
            sum += Files.exists(note) ? Files.size(note) : 0;
        }
        return sum;
    }

    private record Log(Path executed) {
        @Override
        public String toString() {
            try {
                return Files.readString(executed.resolveSibling(executed.getFileName() + ".log"));
            } catch (java.io.IOException e) {
                return e.toString();
            }
        }
    }
}
