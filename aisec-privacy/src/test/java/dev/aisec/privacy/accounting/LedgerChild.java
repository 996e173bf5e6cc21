// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.core.Evidence;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.commons.math3.util.FastMath;

/** A process that spends until the budget is gone, and notes every release that it has carried out, one byte each. */
final class LedgerChild {
    static final Budget BUDGET = Budget.pure(16, Neighbouring.ADD_REMOVE);
    static final PrivacyLoss LOSS = new PrivacyLoss.Pure(0x1p-6, Neighbouring.ADD_REMOVE);
    static final int RELEASES = 16 * 64;

    private LedgerChild() {}

    static Process start(Path ledger, Path executed, int threads) throws IOException, URISyntaxException {
        Set<String> classes = new LinkedHashSet<>();
        for (Class<?> type : List.of(LedgerChild.class, FileLedger.class, Evidence.class, FastMath.class)) {
            classes.add(Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "-cp",
                        String.join(File.pathSeparator, classes),
                        LedgerChild.class.getName(),
                        ledger.toString(),
                        executed.toString(),
                        Integer.toString(threads))
                .redirectErrorStream(true)
                .redirectOutput(
                        executed.resolveSibling(executed.getFileName() + ".log").toFile())
                .start();
    }

    public static void main(String[] args) throws Exception {
        FileLedger ledger = FileLedger.openOrCreate(Path.of(args[0]), BUDGET);
        FileChannel executed = FileChannel.open(Path.of(args[1]), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        Thread[] threads = new Thread[Integer.parseInt(args[2])];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> {
                try {
                    while (true) {
                        ledger.reserve(LOSS, "child").use(LOSS);
                        executed.write(ByteBuffer.wrap(new byte[1]));
                    }
                } catch (BudgetExhaustedException e) {
                    // The end that is wanted.
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            threads[i].setUncaughtExceptionHandler((thread, e) -> {
                e.printStackTrace();
                Runtime.getRuntime().halt(3);
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        ledger.close();
    }
}
