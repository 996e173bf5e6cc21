// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * What every fuzzer of model files runs, one target for each format: the answer must come, without an exception, within a
 * second, and within the declared memory. Jazzer calls {@link #fuzzerInitialize} with the name of a format (or with none,
 * for all with recognition) and then {@link #fuzzerTestOneInput} for each input.
 */
public final class ModelFileFuzz {
    /** Small, so that exceeding them is quick to find. */
    static final Limits LIMITS = new Limits(1 << 20, 200, 1 << 20, 1 << 18, 1 << 18, 50, 2_000, 50_000);

    /**
     * All that an answer may allocate, whether it is held at once or not: what entries inflate to, headers and content in
     * memory, 128 bytes for each unit of work (a finding, a number, an opcode with its value), and 1 MiB for buffers.
     */
    static final long ALLOWED = LIMITS.inflatedBytes()
            + 2L * LIMITS.headerBytes()
            + 2L * LIMITS.memoryBytes()
            + 128 * LIMITS.steps()
            + (1 << 20);

    private static final long NANOS = 1_000_000_000L;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static ModelFileFuzz target = new ModelFileFuzz(ModelFormats.builtIn());

    private final ModelVerifier verifier;
    private long mostAllocated;
    private long mostNanos;

    ModelFileFuzz(List<ModelFormat> formats) {
        verifier = new ModelVerifier(VerificationPolicy.strict().withLimits(LIMITS), formats);
    }

    /** The target of one format, which takes all input for its own. */
    static ModelFileFuzz of(String format) {
        ModelFormat found = ModelFormats.builtIn().stream()
                .filter(f -> f.name().equals(format))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("format must be built in, was " + format));
        return new ModelFileFuzz(List.of(new Forced(found)));
    }

    /** Called by Jazzer once. */
    public static void fuzzerInitialize(String[] args) {
        if (args.length > 0 && !args[0].equals("all")) {
            target = of(args[0]);
        }
        // Loading of classes is no matter of an input.
        for (SeedFiles.Seed seed : SeedFiles.all()) {
            target.verify(seed.bytes());
        }
    }

    /** Called by Jazzer for each input. */
    public static void fuzzerTestOneInput(byte[] input) {
        // Behind a checksum little would be found: it is made right, one time in eight excepted.
        target.run(input.length % 8 == 0 ? input : Checksums.repaired(input.clone()));
    }

    private ModelReport verify(byte[] input) {
        try {
            return verifier.verify(input, "input");
        } catch (IOException e) {
            throw new AssertionError("bytes in memory must give an answer, gave " + e, e);
        }
    }

    /** Verifies one input; throws if the verifier does what it must not. */
    ModelReport run(byte[] input) {
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long begin = System.nanoTime();
        ModelReport report = verify(input);
        long nanos = System.nanoTime() - begin;
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        if (nanos > NANOS || bytes > ALLOWED) {
            // Once more: the first may have been a pause of the machine, or have loaded classes.
            allocated = THREADS.getCurrentThreadAllocatedBytes();
            begin = System.nanoTime();
            verify(input);
            nanos = System.nanoTime() - begin;
            bytes = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        }
        if (nanos > NANOS) {
            throw new AssertionError("an answer must come within 1 s, came after " + nanos / 1_000_000 + " ms");
        }
        if (bytes > ALLOWED) {
            throw new AssertionError("an answer must take <= " + ALLOWED + " bytes, took " + bytes);
        }
        mostAllocated = Math.max(mostAllocated, bytes);
        mostNanos = Math.max(mostNanos, nanos);
        return report;
    }

    long mostAllocated() {
        return mostAllocated;
    }

    long mostNanos() {
        return mostNanos;
    }

    /** A format that claims everything. */
    private record Forced(ModelFormat format) implements ModelFormat {
        @Override
        public String name() {
            return format.name();
        }

        @Override
        public List<String> extensions() {
            return format.extensions();
        }

        @Override
        public Claim recognizes(Probe probe) throws IOException {
            format.recognizes(probe);
            return Claim.CERTAIN;
        }

        @Override
        public void read(ByteSource source, Inspection inspection) throws IOException {
            format.read(source, inspection);
        }

        @Override
        public List<Rule> rules() {
            return format.rules();
        }
    }
}
