// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Mutants of seeds and samples: no uncaught error, no hang, no allocation beyond what is declared. */
class ModelFileMutationTest {
    private static final long LARGEST = 2_000;

    /** Seeds of this repository, and the small samples of the data folder where it is there. */
    static List<byte[]> seeds() throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        SeedFiles.all().forEach(seed -> seeds.add(seed.bytes()));
        Path folder = Path.of(System.getProperty("aisec.data", "../../shared/data"), "models");
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    if (Files.size(file) < LARGEST && !file.toString().contains("oms")) {
                        seeds.add(Files.readAllBytes(file));
                    }
                }
            }
        }
        return seeds;
    }

    private static Set<String> run(int executions, long seed) throws IOException {
        Mutations mutations = new Mutations(seed, seeds());
        ModelFileFuzz all = new ModelFileFuzz(ModelFormats.builtIn());
        List<ModelFileFuzz> targets = ModelFormats.builtIn().stream()
                .map(f -> ModelFileFuzz.of(f.name()))
                .toList();
        Set<String> codes = new TreeSet<>();
        for (int i = 0; i < executions; i++) {
            byte[] mutant = mutations.next();
            // Most through recognition; some thrown at a reader that may not have been meant.
            ModelFileFuzz target = i % 8 == 0 ? targets.get(i / 8 % targets.size()) : all;
            try {
                target.run(mutant).verification().findings().forEach(f -> codes.add(f.code()));
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "mutant " + i + " of seed " + seed + ": "
                                + HexFormat.of().formatHex(mutant),
                        e);
            }
        }
        System.out.printf(
                "%,d mutants, %d rules broken, at most %,d bytes and %d ms for one%n",
                executions, codes.size(), all.mostAllocated(), all.mostNanos() / 1_000_000);
        return codes;
    }

    @Test
    void verify_mutants_alwaysAnswers() throws IOException {
        assertThat(run(10_000, 1)).hasSizeGreaterThan(100);
    }

    /** Some ten minutes on two cores. */
    @Test
    @Tag("long")
    void verify_tenMillionMutants_alwaysAnswers() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        for (int t = 0; t < 2; t++) {
            long seed = 100 + t;
            Thread thread = new Thread(() -> {
                try {
                    run(5_000_000, seed);
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }
}
