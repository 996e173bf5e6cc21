// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Finding;
import dev.aisec.core.Verdict;
import dev.aisec.provenance.internal.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelVerifierTest {
    private static final int SMALL = 100_000;
    private static final int MIB = 1 << 20;

    @TempDir
    Path folder;

    private record Part(Tensor tensor, long offset, long length) {}

    /** Says where tensors are, as the test wants it. */
    private record Toy(List<Part> parts, List<long[]> checksums) implements ModelFormat {
        private static final Rule SUM = Rule.reject("toy.checksum", "A checksum.", "");

        @Override
        public String name() {
            return "toy";
        }

        @Override
        public List<String> extensions() {
            return List.of("toy");
        }

        @Override
        public Claim recognizes(Probe probe) {
            return Claim.CERTAIN;
        }

        @Override
        public void read(ByteSource source, Inspection inspection) throws IOException {
            for (Part part : parts) {
                inspection.tensor(part.tensor);
                inspection.data(part.tensor, source.window(part.offset, part.length));
            }
            for (long[] sum : checksums) {
                inspection
                        .scans()
                        .checksum(
                                source.window(sum[0], sum[1]),
                                (int) sum[2],
                                () -> inspection.report(SUM, sum[0], "wrong"));
            }
        }

        @Override
        public List<Rule> rules() {
            return List.of(SUM);
        }
    }

    private static ModelVerifier verifier(int memory, Part... parts) {
        return new ModelVerifier(policy(memory), List.of(new Toy(List.of(parts), List.of())));
    }

    private static VerificationPolicy policy(int memory) {
        VerificationPolicy strict = VerificationPolicy.strict();
        return strict.withLimits(strict.limits().withMemoryBytes(memory));
    }

    private static Tensor tensor(String name, ElementType type, long... shape) {
        return new Tensor(
                name,
                type,
                ByteOrder.LITTLE_ENDIAN,
                Arrays.stream(shape).boxed().toList(),
                Tensor.Role.PARAMETER);
    }

    private static byte[] floats(int bytes) {
        ByteBuffer b = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(5);
        while (b.remaining() >= 4) {
            b.putFloat((float) random.nextGaussian());
        }
        return b.array();
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("model.toy"), bytes);
    }

    private static List<String> codes(ModelReport report) {
        return report.verification().findings().stream().map(Finding::code).toList();
    }

    private static String sha(byte[] bytes) throws Exception {
        return "sha256:"
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /** Private files that this process holds open; their names are gone already. */
    private static long privateFiles() throws IOException {
        Path open = Path.of("/proc/self/fd");
        if (!Files.isDirectory(open)) {
            return 0;
        }
        try (Stream<Path> all = Files.list(open)) {
            return all.filter(ModelVerifierTest::isPrivate).count();
        }
    }

    private static boolean isPrivate(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor)
                    .toString()
                    .startsWith(Path.of(System.getProperty("java.io.tmpdir")).toRealPath() + "/aisec-");
        } catch (IOException e) {
            // Closed meanwhile.
            return false;
        }
    }

    @Test
    void digest_always_isOfTheProviderOfTheJdk() {
        assertThat(Sha256.create().getProvider().getName()).isEqualTo("SUN");
    }

    @Test
    void verify_pathChannelStreamBytes_giveTheSameReport() throws Exception {
        byte[] bytes = floats(3 * MIB + 12_345);
        Path file = file(bytes);
        for (int memory : new int[] {SMALL, 64 << 20}) {
            Part part = new Part(tensor("w", ElementType.F32, MIB / 2), 12_344, 2 * MIB);
            ModelVerifier verifier = verifier(memory, part);
            List<ModelReport> reports = new ArrayList<>();
            reports.add(verifier.verify(bytes, "model.toy"));
            reports.add(verifier.verify(file));
            reports.add(verifier.withPrivateCopy().verify(file));
            reports.add(verifier.verify(new ByteArrayInputStream(bytes), "model.toy"));
            try (FileChannel channel = FileChannel.open(file)) {
                channel.position(77);
                reports.add(verifier.verify(channel, "model.toy"));
                assertThat(channel.position()).isEqualTo(77);
                reports.add(verifier.verify(new Changing(channel), "model.toy"));
                assertThat(channel.position()).isEqualTo(77);
                for (ModelReport report : reports) {
                    assertThat(report.withoutModel()).isEqualTo(reports.get(0).withoutModel());
                    assertThat(report.digest()).isEqualTo(sha(bytes));
                    try (VerifiedModel model = report.orElseThrow();
                            InputStream in = model.open()) {
                        assertThat(in.readAllBytes()).isEqualTo(bytes);
                    }
                }
            }
        }
        assertThat(privateFiles()).isZero();
    }

    @Test
    void verify_everySample_sameReportFromEverySource() throws Exception {
        Path samples = Path.of(System.getProperty("aisec.data", "../../shared/data"), "models");
        if (!Files.isDirectory(samples)) {
            System.out.println("no samples: " + samples + " is not there");
            return;
        }
        List<Path> files;
        try (Stream<Path> all = Files.walk(samples)) {
            files = all.filter(Files::isRegularFile)
                    .filter(f -> f.toFile().length() < 300_000)
                    .toList();
        }
        ModelVerifier inMemory = ModelVerifier.standard();
        ModelVerifier outside = ModelVerifier.of(policy(1000));
        for (Path file : files) {
            String name = file.getFileName().toString();
            byte[] bytes = Files.readAllBytes(file);
            ModelReport expected = inMemory.verify(bytes, name).withoutModel();
            same(inMemory.verify(file), expected);
            same(inMemory.verify(new ByteArrayInputStream(bytes), name), expected);
            same(outside.verify(file), expected);
            same(outside.verify(new ByteArrayInputStream(bytes), name), expected);
            try (FileChannel channel = FileChannel.open(file)) {
                same(outside.verify(channel, name), expected);
            }
        }
    }

    private static void same(ModelReport report, ModelReport expected) throws IOException {
        if (report.model().isPresent()) {
            report.model().get().close();
        }
        assertThat(report.verification()).isEqualTo(expected.verification());
        assertThat(report.digest()).isEqualTo(expected.digest());
        assertThat(report.structure()).isEqualTo(expected.structure());
        assertThat(report.parameters()).isEqualTo(expected.parameters());
        assertThat(report.listings()).isEqualTo(expected.listings());
    }

    @Test
    void verify_piecesOverlappingUnalignedAndCrossing_equalTheirOwnScan() throws Exception {
        byte[] bytes = floats(2 * MIB + 77);
        List<Part> parts = new ArrayList<>();
        Random random = new Random(1);
        ElementType[] types = {
            ElementType.F32,
            ElementType.F16,
            ElementType.Q8_K,
            ElementType.Q4_0,
            ElementType.COMPLEX128,
            ElementType.I64
        };
        for (int i = 0; i < 60; i++) {
            ElementType type = types[i % types.length];
            int offset = random.nextInt(MIB);
            int blocks = random.nextInt((bytes.length - offset) / type.blockBytes());
            parts.add(new Part(
                    tensor("t" + i, type, (long) blocks * type.blockElements()),
                    offset,
                    (long) blocks * type.blockBytes()));
        }
        VerificationPolicy tolerant = VerificationPolicy.permissive();
        ModelVerifier verifier = new ModelVerifier(tolerant, List.of(new Toy(parts, List.of())));
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            for (ModelVerifier each : List.of(verifier, verifier.withShards(1 << 16, pool, 3))) {
                ModelReport report = each.verify(bytes, "model.toy");
                assertThat(report.parameters()).hasSizeGreaterThan(55);
                for (TensorStatistics found : report.parameters()) {
                    Part part = parts.get(Integer.parseInt(found.tensor().name().substring(1)));
                    NumberTotals totals = new NumberTotals();
                    new NumberScan()
                            .scan(
                                    part.tensor,
                                    bytes,
                                    (int) part.offset,
                                    (int) (part.length / part.tensor.type().blockBytes()),
                                    part.offset,
                                    totals,
                                    null);
                    ParameterStatistics own = totals.statistics(Optional.empty());
                    ParameterStatistics its = found.statistics();
                    assertThat(its.count()).isEqualTo(own.count());
                    assertThat(its.notANumber()).isEqualTo(own.notANumber());
                    assertThat(its.zeros()).isEqualTo(own.zeros());
                    assertThat(its.min()).isEqualTo(own.min());
                    assertThat(its.max()).isEqualTo(own.max());
                }
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void verify_shards_sameForAnyNumberOfThreadsAndNeverTheWholeDigest() throws Exception {
        byte[] bytes = floats(3 * MIB + 4);
        Path file = file(bytes);
        ModelVerifier plain = verifier(SMALL, new Part(tensor("w", ElementType.I64, 350_000), 1, 2_800_000));
        List<ModelReport> reports = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            for (int helpers : new int[] {0, 1, 4}) {
                ModelVerifier verifier = plain.withShards(1 << 16, pool, helpers);
                reports.add(verifier.verify(file));
                reports.add(verifier.verify(bytes, "model.toy"));
            }
            Executor never = task -> {};
            reports.add(plain.withShards(1 << 16, never, 3).verify(file));
            Executor at = Runnable::run;
            reports.add(plain.withShards(1 << 16, at, 3).verify(file));
        } finally {
            pool.shutdownNow();
        }
        MessageDigest root = MessageDigest.getInstance("SHA-256");
        for (int from = 0; from < bytes.length; from += 1 << 16) {
            root.update(MessageDigest.getInstance("SHA-256")
                    .digest(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + (1 << 16)))));
        }
        assertThat(reports.get(0).digest())
                .isEqualTo("sha256-shards-64k:" + HexFormat.of().formatHex(root.digest()));
        for (ModelReport report : reports) {
            assertThat(report.withoutModel()).isEqualTo(reports.get(0).withoutModel());
            report.orElseThrow().close();
        }
    }

    @Test
    void verify_notFinite_isFoundWhereItStands() throws Exception {
        byte[] bytes = floats(MIB);
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        b.putFloat(500_000, Float.NaN);
        b.putFloat(600_000, Float.NEGATIVE_INFINITY);
        Part part = new Part(tensor("w", ElementType.F32, MIB / 4), 0, MIB);
        ModelReport report = verifier(SMALL, part).verify(file(bytes));
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(codes(report)).containsExactly("parameters.not-a-number", "parameters.infinite");
        assertThat(report.verification().findings().get(0).offset()).hasValue(500_000);
        assertThat(report.verification().findings().get(1).offset()).hasValue(600_000);
        Tensor mask = new Tensor(
                "mask", ElementType.F32, ByteOrder.LITTLE_ENDIAN, List.of((long) MIB / 4), Tensor.Role.CONSTANT);
        b.putFloat(500_000, 0);
        assertThat(verifier(SMALL, new Part(mask, 0, MIB))
                        .verify(file(bytes))
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void verify_outlierAndRange_areJudgedByThePolicy() throws Exception {
        byte[] bytes = floats(MIB);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(400, 1000);
        Part part = new Part(tensor("w", ElementType.F32, MIB / 4), 0, MIB);
        ParameterRange wide = ParameterRange.finite("*").withOutliers(50);
        for (ParameterRange range : List.of(wide, ParameterRange.between("w*", -10, 10))) {
            ModelVerifier verifier = new ModelVerifier(
                    policy(SMALL).withRanges(List.of(range)), List.of(new Toy(List.of(part), List.of())));
            assertThat(codes(verifier.verify(bytes, "model.toy")))
                    .containsExactly(range == wide ? "policy.outlier" : "policy.range");
            byte[] good = floats(MIB);
            assertThat(codes(verifier.verify(good, "model.toy"))).isEmpty();
        }
    }

    @Test
    void verify_checksumsInThePass_areCompared() throws Exception {
        byte[] bytes = floats(2 * MIB);
        CRC32 crc = new CRC32();
        crc.update(bytes, 1001, MIB);
        long[] right = {1001, MIB, crc.getValue()};
        long[] wrong = {1002, MIB, crc.getValue()};
        ModelVerifier good = new ModelVerifier(policy(SMALL), List.of(new Toy(List.of(), List.of(right))));
        ModelVerifier bad = new ModelVerifier(policy(SMALL), List.of(new Toy(List.of(), List.of(right, wrong))));
        assertThat(codes(good.verify(bytes, "model.toy"))).isEmpty();
        assertThat(codes(good.withShards(1 << 16, Runnable::run, 2).verify(bytes, "model.toy")))
                .isEmpty();
        assertThat(codes(bad.verify(bytes, "model.toy"))).containsExactly("toy.checksum");
    }

    /** A channel whose owner writes between two reads. */
    private static final class Changing implements SeekableByteChannel {
        private final SeekableByteChannel channel;
        private long flipAt = -1;
        private int reads;
        private int flipFrom = Integer.MAX_VALUE;
        private long size = -1;

        Changing(SeekableByteChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            long at = channel.position();
            int begin = into.position();
            if (size >= 0 && reads >= flipFrom) {
                long room = Math.max(0, size - at);
                if (room == 0) {
                    return -1;
                }
                into.limit((int) Math.min(into.limit(), begin + room));
            }
            int n = channel.read(into);
            if (reads++ >= flipFrom && flipAt >= at && flipAt < at + n) {
                int index = begin + (int) (flipAt - at);
                into.put(index, (byte) ~into.get(index));
            }
            return n;
        }

        @Override
        public int write(ByteBuffer from) {
            throw new IllegalStateException();
        }

        @Override
        public long position() throws IOException {
            return channel.position();
        }

        @Override
        public SeekableByteChannel position(long position) throws IOException {
            channel.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public SeekableByteChannel truncate(long to) {
            throw new IllegalStateException();
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void verify_channelThatChangesBetweenReads_isRefused() throws Exception {
        try (FileChannel file = FileChannel.open(file(floats(MIB)))) {
            Changing channel = new Changing(file);
            // The probe reads the first block; the pass sees another byte there.
            channel.flipAt = 100;
            channel.flipFrom = 3;
            ModelReport report = verifier(SMALL).verify(channel, "model.toy");
            assertThat(codes(report)).containsExactly("file.changed");
            assertThat(report.digest()).isEmpty();
            assertThat(report.model()).isEmpty();

            Changing shorter = new Changing(file);
            shorter.size = 500_000;
            shorter.flipFrom = 2;
            assertThat(codes(verifier(SMALL).verify(shorter, "model.toy"))).containsExactly("file.changed");
        }
    }

    @Test
    void verify_fileThatGrows_isRefused() throws Exception {
        Path path = file(floats(MIB));
        ModelFormat grows = new ModelFormat() {
            @Override
            public String name() {
                return "toy";
            }

            @Override
            public List<String> extensions() {
                return List.of("toy");
            }

            @Override
            public Claim recognizes(Probe probe) {
                return Claim.CERTAIN;
            }

            @Override
            public void read(ByteSource source, Inspection inspection) throws IOException {
                Files.write(path, new byte[1], StandardOpenOption.APPEND);
            }

            @Override
            public List<Rule> rules() {
                return List.of();
            }
        };
        assertThat(codes(new ModelVerifier(policy(SMALL), List.of(grows)).verify(path)))
                .containsExactly("file.changed");
    }

    @Test
    void model_fileChangedAfterwards_givesNoChangedByte() throws Exception {
        byte[] bytes = floats(MIB);
        Path file = file(bytes);
        ModelVerifier verifier = verifier(SMALL);
        VerifiedModel inMemory = verifier(2 * MIB).verify(file).orElseThrow();
        VerifiedModel copied = verifier.withPrivateCopy().verify(file).orElseThrow();
        VerifiedModel lazy = verifier.verify(file).orElseThrow();
        VerifiedModel sharded =
                verifier.withShards(1 << 16, Runnable::run, 0).verify(file).orElseThrow();
        VerifiedModel opened = verifier.verify(file).orElseThrow();
        opened.open().close();
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 500_000);
        }
        for (VerifiedModel model : List.of(inMemory, copied, opened)) {
            assertThat(model.open().readAllBytes()).isEqualTo(bytes);
            ByteBuffer some = ByteBuffer.allocate(100);
            SeekableByteChannel channel = model.channel().position(499_950);
            assertThat(channel.read(some)).isEqualTo(100);
            assertThat(some.array()).isEqualTo(Arrays.copyOfRange(bytes, 499_950, 500_050));
            model.close();
            assertThatThrownBy(model::open).isInstanceOf(IOException.class).hasMessageContaining("closed");
        }
        assertThatThrownBy(lazy::open).isInstanceOf(IOException.class).hasMessageContaining("changed");
        try (InputStream in = sharded.open()) {
            assertThat(in.readNBytes(7 << 16)).isEqualTo(Arrays.copyOf(bytes, 7 << 16));
            assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("changed");
        }
        lazy.close();
        sharded.close();
        assertThat(privateFiles()).isZero();
    }

    @Test
    void model_bytesOfTheCallerChangedAfterwards_keepsTheVerifiedOnes() throws Exception {
        byte[] bytes = floats(1000);
        byte[] before = bytes.clone();
        VerifiedModel model = verifier(SMALL).verify(bytes, "model.toy").orElseThrow();
        bytes[3] = 9;
        assertThat(model.open().readAllBytes()).isEqualTo(before);
    }

    @Test
    void entry_ofZip_givesWhatWasVerified() throws Exception {
        Path file = folder.resolve("model.toy");
        byte[] weights = floats(300_000);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("configuration.json"));
            zip.write("{}".getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
            ZipEntry stored = new ZipEntry("coefficients.bin");
            stored.setMethod(ZipEntry.STORED);
            stored.setSize(weights.length);
            CRC32 crc = new CRC32();
            crc.update(weights);
            stored.setCrc(crc.getValue());
            zip.putNextEntry(stored);
            zip.write(weights);
            zip.closeEntry();
        }
        for (int memory : new int[] {1000, MIB}) {
            try (VerifiedModel model = verifier(memory).verify(file).orElseThrow()) {
                assertThat(model.entryNames()).containsExactly("configuration.json", "coefficients.bin");
                try (InputStream in = model.entry("coefficients.bin").orElseThrow()) {
                    assertThat(in.readAllBytes()).isEqualTo(weights);
                }
                try (InputStream in = model.entry("configuration.json").orElseThrow()) {
                    assertThat(in.readAllBytes()).hasSize(2);
                }
                assertThat(model.entry("preprocessor.bin")).isEmpty();
            }
        }
    }

    @Test
    void verify_noRegularFile_isAnErrorBeforeItIsOpened() throws Exception {
        assertThatThrownBy(() -> verifier(SMALL).verify(folder)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> verifier(SMALL).verify(folder.resolve("none"))).isInstanceOf(IOException.class);
        Path pipe = folder.resolve("pipe");
        if (new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0) {
            assertThatThrownBy(() -> verifier(SMALL).verify(pipe)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void verify_moreBytesThanTheLimit_areRefusedUnread() throws Exception {
        byte[] bytes = floats(MIB);
        VerificationPolicy policy =
                policy(SMALL).withLimits(policy(SMALL).limits().withFileBytes(MIB - 1));
        ModelVerifier verifier = new ModelVerifier(policy, List.of(new Toy(List.of(), List.of())));
        assertThat(codes(verifier.verify(file(bytes)))).containsExactly("file.too-large");
        assertThat(codes(verifier.verify(bytes, "model.toy"))).containsExactly("file.too-large");
        assertThat(codes(verifier.verify(new ByteArrayInputStream(bytes), "model.toy")))
                .containsExactly("file.too-large");
        byte[] just = Arrays.copyOf(bytes, MIB - 1);
        try (VerifiedModel model =
                verifier.verify(new ByteArrayInputStream(just), "model.toy").orElseThrow()) {
            assertThat(model.length()).isEqualTo(MIB - 1);
        }
        assertThat(privateFiles()).isZero();
    }

    @Test
    void verify_streamThatFails_leavesNothing() throws Exception {
        InputStream fails = new InputStream() {
            private int given;

            @Override
            public int read() throws IOException {
                if (given++ > 200_000) {
                    throw new IOException("the line is cut");
                }
                return 1;
            }
        };
        try (PrivateFile held = new PrivateFile()) {
            assertThat(held.length()).isZero();
            assertThat(privateFiles()).isEqualTo(Files.isDirectory(Path.of("/proc/self/fd")) ? 1 : 0);
        }
        assertThatThrownBy(() -> verifier(SMALL).verify(fails, "model.toy")).hasMessage("the line is cut");
        assertThat(privateFiles()).isZero();
    }

    @Test
    void verify_interrupted_isCancelledAndLeavesNothing() throws Exception {
        byte[] bytes = floats(MIB);
        Path file = file(bytes);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            for (ModelVerifier verifier :
                    List.of(verifier(SMALL), verifier(2 * MIB), verifier(SMALL).withShards(1 << 16, pool, 2))) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> verifier.verify(file)).isInstanceOf(CancellationException.class);
                assertThat(Thread.interrupted()).isTrue();
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> verifier.verify(new ByteArrayInputStream(bytes), "model.toy"))
                        .isInstanceOf(CancellationException.class);
                assertThat(Thread.interrupted()).isTrue();
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(privateFiles()).isZero();
    }

    @Test
    void verify_tensorsSharingBytesBeyondTheLimit_areRefused() throws Exception {
        Part[] parts = new Part[2000];
        Arrays.setAll(parts, i -> new Part(tensor("t" + i, ElementType.F32, MIB / 4), 0, MIB));
        assertThat(codes(verifier(SMALL, parts).verify(file(floats(MIB))))).containsExactly("file.too-much-work");
    }

    @Test
    void privateFile_always_belongsToItsOwnerAndSaysWhenFull() throws Exception {
        try (PrivateFile file = new PrivateFile()) {
            file.append(new byte[] {1, 2, 3}, 0, 3);
            byte[] read = new byte[5];
            assertThat(file.read(1, read, 0, 5)).isEqualTo(2);
            assertThat(file.length()).isEqualTo(3);
        }
        PrivateFile closed = new PrivateFile();
        closed.close();
        assertThatThrownBy(() -> closed.append(new byte[1], 0, 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot write a private file");
    }

    @Test
    void combine_twoParts_isTheChecksumOfBoth() {
        byte[] bytes = floats(5000);
        for (int cut : new int[] {0, 1, 7, 2500, 4999, 5000}) {
            CRC32 all = new CRC32();
            all.update(bytes);
            CRC32 first = new CRC32();
            first.update(bytes, 0, cut);
            CRC32 second = new CRC32();
            second.update(bytes, cut, bytes.length - cut);
            assertThat(Crc32.combine((int) first.getValue(), (int) second.getValue(), bytes.length - cut))
                    .isEqualTo((int) all.getValue());
        }
    }

    @Test
    void verify_emptyFile_isATextOrNothing() throws IOException {
        ModelFileAsserts.rejected("model.onnx", new byte[0], "file.empty");
        ModelFileAsserts.accepted("placeholder", new byte[0]);
    }
}
