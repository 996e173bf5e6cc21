// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.provenance.modelfile.ModelReport;
import dev.aisec.provenance.modelfile.ModelVerifier;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Verification of a large safetensors file of binary32, which hashes it and looks at every number, beside a plain SHA-256 of
 * the JDK over the same file; and of a hundred small files. The files are in {@code java.io.tmpdir} and in the page cache.
 * Megabytes in a second are 1,048.576 times the param, divided by the milliseconds.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
@Fork(1)
public class ModelFileBenchmark {
    private static final int SMALL_FILES = 100;
    private static final int MIB = 1 << 20;

    /** Size of the large file. */
    @Param("1024")
    public int mebibytes;

    private final ModelVerifier verifier = ModelVerifier.standard();
    private Path directory = Path.of("");
    private Path large = Path.of("");
    private ExecutorService pool = Executors.newSingleThreadExecutor();

    @Setup
    public void setup() throws IOException {
        directory = Files.createTempDirectory("models");
        large = directory.resolve("large.safetensors");
        write(large, mebibytes, MIB);
        for (int i = 0; i < SMALL_FILES; i++) {
            write(directory.resolve(i + ".safetensors"), 2, 8192);
        }
    }

    /** Some tensors of normal numbers; all of them alike, which no scan can know. */
    private static void write(Path file, int tensors, int bytes) throws IOException {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < tensors; i++) {
            header.append(i == 0 ? "" : ",")
                    .append("\"layers.")
                    .append(i)
                    .append(".weight\":{\"dtype\":\"F32\",\"shape\":[")
                    .append(bytes / 4)
                    .append("],\"data_offsets\":[")
                    .append((long) i * bytes)
                    .append(',')
                    .append((i + 1L) * bytes)
                    .append("]}");
        }
        header.append('}');
        while (header.length() % 8 != 0) {
            header.append(' ');
        }
        ByteBuffer numbers = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(1);
        while (numbers.hasRemaining()) {
            numbers.putFloat((float) random.nextGaussian());
        }
        byte[] text = header.toString().getBytes(StandardCharsets.US_ASCII);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .array());
            out.write(text);
            for (int i = 0; i < tensors; i++) {
                out.write(numbers.array());
            }
        }
    }

    @TearDown
    public void tearDown() throws IOException {
        pool.shutdown();
        for (int i = 0; i < SMALL_FILES; i++) {
            Files.delete(directory.resolve(i + ".safetensors"));
        }
        Files.delete(large);
        Files.delete(directory);
    }

    @Benchmark
    public byte[] plainDigest() throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
        try (FileChannel channel = FileChannel.open(large, StandardOpenOption.READ)) {
            while (channel.read(buffer) >= 0) {
                digest.update(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
        }
        return digest.digest();
    }

    @Benchmark
    public String verifyOneThread() throws IOException {
        return accepted(verifier.verify(large));
    }

    @Benchmark
    public String verifyShardsTwoThreads() throws IOException {
        return accepted(verifier.withShards(MIB, pool, 1).verify(large));
    }

    @Benchmark
    public int verifySmallFiles() throws IOException {
        int length = 0;
        for (int i = 0; i < SMALL_FILES; i++) {
            length += accepted(verifier.verify(directory.resolve(i + ".safetensors")))
                    .length();
        }
        return length;
    }

    private static String accepted(ModelReport report) throws IOException {
        report.orElseThrow().close();
        return report.digest();
    }
}
