// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.FileLedger;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Durable spends in a second: reserved, forced to the disk, used. Beside it what everybody writes first, a lock and a force for
 * each record. It measures the disk of the working directory; set {@code java.io.tmpdir} for another one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class LedgerBenchmark {
    private static final int RECORD = 160;
    private static final PrivacyLoss LOSS = new PrivacyLoss.Pure(0x1p-30, Neighbouring.ADD_REMOVE);

    private Path directory = Path.of("");
    private FileLedger ledger;
    private FileChannel plain;
    private final ByteBuffer record = ByteBuffer.allocateDirect(RECORD);

    @Setup
    public void setup() throws IOException {
        directory = Files.createTempDirectory("ledger");
        ledger = FileLedger.create(directory.resolve("ledger"), Budget.pure(1 << 30, Neighbouring.ADD_REMOVE));
        plain = FileChannel.open(directory.resolve("plain"), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @TearDown
    public void tearDown() throws IOException {
        ledger.close();
        plain.close();
        for (String name : new String[] {"ledger", "ledger.anchor", "plain"}) {
            Files.delete(directory.resolve(name));
        }
        Files.delete(directory);
    }

    @Benchmark
    @Threads(64)
    public void ledger64Threads() {
        ledger.reserve(LOSS, "benchmark").use(LOSS);
    }

    @Benchmark
    @Threads(1)
    public void ledger1Thread() {
        ledger.reserve(LOSS, "benchmark").use(LOSS);
    }

    @Benchmark
    @Threads(64)
    public void forceEachRecord64Threads() throws IOException {
        forceRecord();
    }

    @Benchmark
    @Threads(1)
    public void forceEachRecord1Thread() throws IOException {
        forceRecord();
    }

    private synchronized void forceRecord() throws IOException {
        plain.write(record.clear());
        plain.force(false);
    }
}
