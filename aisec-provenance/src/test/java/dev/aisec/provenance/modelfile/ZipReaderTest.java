// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/** Strict reading of zip archives: the attack classes, and the forms of common writers. */
class ZipReaderTest {
    private static final byte[] TEXT = "some text, some text, some text\n".getBytes(StandardCharsets.UTF_8);

    private static ModelReport verify(byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, "a.zip");
    }

    private static List<String> errors(ModelReport report) {
        return report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .toList();
    }

    private static RawZip two() {
        RawZip zip = new RawZip();
        zip.stored("a.txt", TEXT);
        zip.deflated("b.txt", TEXT);
        return zip;
    }

    private static void refused(String code, Consumer<RawZip> change) throws IOException {
        RawZip zip = two();
        change.accept(zip);
        ModelReport report = verify(zip.bytes());
        assertThat(report.verification().verdict()).as(code).isEqualTo(Verdict.REJECT);
        assertThat(errors(report)).containsExactly(code);
    }

    private static void accepted(Consumer<RawZip> change) throws IOException {
        RawZip zip = two();
        change.accept(zip);
        ModelReport report = verify(zip.bytes());
        assertThat(errors(report)).isEmpty();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void open_formsOfCommonWriters_areAccepted() throws IOException {
        accepted(z -> {});
        accepted(z -> z.comment = "a comment".getBytes(StandardCharsets.UTF_8));
        for (boolean signed : new boolean[] {true, false}) {
            accepted(z -> z.entries.forEach(e -> RawZip.describe(e, signed, false)));
        }
        // NumPy: zip64 in the local header only.
        accepted(z -> z.entries.forEach(e -> {
            e.localExtra = RawZip.extra(1, RawZip.longs(e.localSize, e.localPacked));
            e.localSize = 0xffffffffL;
            e.localPacked = 0xffffffffL;
        }));
        // PyTorch: padding in extra fields, zip64 end records of small archives, 64-bit descriptors.
        accepted(z -> {
            z.zip64 = true;
            z.entries.forEach(e -> {
                e.localExtra = RawZip.extra(0x4246, new byte[37]);
                RawZip.describe(e, true, false);
            });
        });
        accepted(z -> {
            RawZip.Entry e = z.entries.get(1);
            e.localExtra = RawZip.extra(1, RawZip.longs(e.localSize, e.localPacked));
            RawZip.describe(e, true, true);
        });
        // Alignment pads with blanks.
        accepted(z -> z.entries.get(0).localExtra = new byte[3]);
        accepted(z -> z.stored("folder/", new byte[0]).attributes = 0x41ed0010);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("folder/"));
            zip.putNextEntry(new ZipEntry("folder/ä.txt"));
            zip.write(TEXT);
        }
        assertThat(verify(out.toByteArray()).verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void open_headersThatDiffer_areRefused() throws IOException {
        refused("zip.headers-differ", z -> z.entries.get(1).localName = "c.txt".getBytes(StandardCharsets.UTF_8));
        refused("zip.headers-differ", z -> z.entries.get(1).localSize++);
        refused("zip.headers-differ", z -> z.entries.get(1).localPacked--);
        refused("zip.headers-differ", z -> z.entries.get(1).localCrc ^= 1);
        refused("zip.headers-differ", z -> z.entries.get(1).centralMethod = 0);
        refused("zip.headers-differ", z -> z.entries.get(1).centralFlags = 1);
        refused("zip.headers-differ", z -> z.entries.get(1).localFlags = 0x800);
        refused("zip.headers-differ", z -> {
            RawZip.describe(z.entries.get(1), true, false);
            z.entries.get(1).descriptor[5] ^= 1;
        });
        refused("zip.headers-differ", z -> RawZip.describe(z.entries.get(1), true, true));
        refused("zip.headers-differ", z -> {
            RawZip.Entry e = z.entries.get(0);
            e.localExtra = RawZip.extra(1, RawZip.longs(e.localSize + 1, e.localPacked));
        });
        refused("zip.headers-differ", z -> {
            RawZip.Entry e = z.entries.get(0);
            e.centralExtra = RawZip.extra(1, RawZip.longs(e.localSize + 1, e.localPacked, 0));
        });
        refused(
                "zip.headers-differ",
                z -> z.entries.get(0).centralExtra = RawZip.extra(0x7075, new byte[] {1, 0, 0, 0, 0, 'x'}));
        refused("zip.headers-differ", z -> z.entries.get(0).localExtra = new byte[] {9, 9, 99, 0});
    }

    @Test
    void open_layoutThatLeavesRoom_isRefused() throws IOException {
        refused("zip.layout", z -> z.prefix = new byte[] {1, 2, 3});
        refused("zip.layout", z -> z.suffix = new byte[] {1, 2, 3});
        refused("zip.layout", z -> z.entries.get(0).between = new byte[] {1});
        refused("zip.layout", z -> z.beforeDirectory = new byte[40]);
        refused("zip.layout", z -> z.entries.get(1).centralOffset = 0);
        refused("zip.layout", z -> {
            RawZip.Entry e = z.entries.get(0);
            e.localPacked += 20;
            e.centralPacked += 20;
            e.localSize += 20;
            e.centralSize += 20;
        });
        refused("zip.end", z -> z.countLie = -1);
        refused("zip.end", z -> z.countLie = 1);
        refused("zip.end", z -> {
            z.zip64 = true;
            z.zip64CountLie = 1;
        });
        refused("zip.ambiguous-end", z -> z.comment = two().bytes());
        refused(
                "zip.ambiguous-end",
                z -> z.comment = new byte[] {'P', 'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0});
    }

    @Test
    void open_namesThatLeadOut_areRefused() throws IOException {
        for (String name : List.of(
                "../x",
                "/x",
                "a/../../x",
                "..\\x",
                "C:/x",
                "C:x",
                "a\0.txt",
                "a/..",
                "a\nb",
                "~/x",
                "a/.. /x",
                "\u202etxt.a")) {
            refused("zip.name", z -> {
                RawZip.Entry e = z.stored(name, TEXT);
                e.localFlags = 0x800;
                e.centralFlags = 0x800;
            });
        }
        for (String name : List.of("a.txt", "./a.txt", "a.txt/")) {
            refused("zip.duplicate", z -> z.stored(name, name.endsWith("/") ? new byte[0] : TEXT));
        }
        refused("zip.name", z -> {
            RawZip.Entry e = z.entries.get(0);
            e.localName = new byte[] {(byte) 0xff, 'x'};
            e.centralName = e.localName;
            e.localFlags = 0x800;
            e.centralFlags = 0x800;
        });
        refused("zip.data", z -> z.stored("folder/", TEXT));
        accepted(z -> z.stored("A.txt", TEXT));
        accepted(z -> z.stored("w:0", TEXT));
    }

    @Test
    void open_linksAndDevices_areRefused() throws IOException {
        for (int mode : new int[] {0xa1ff, 0x61ff, 0x21ff, 0x11ff, 0xc1ff, 0x41ff}) {
            refused("zip.link", z -> z.entries.get(0).attributes = mode << 16);
        }
        refused("zip.link", z -> z.entries.get(0).attributes = 0x400);
    }

    @Test
    void open_encryption_isNeverAccepted() throws IOException {
        for (int flag : new int[] {1, 0x40, 0x2000, 0x41}) {
            for (int entry : new int[] {0, 1}) {
                refused("zip.false-encryption", z -> {
                    z.entries.get(entry).localFlags = flag;
                    z.entries.get(entry).centralFlags = flag;
                });
            }
        }
        RawZip zip = two();
        RawZip.Entry e = zip.stored("secret.txt", new byte[64]);
        e.data[7] = 1;
        e.localFlags = 1;
        e.centralFlags = 1;
        ModelReport report = verify(zip.bytes());
        assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
        assertThat(errors(report)).containsExactly("zip.encrypted");
        RawZip other = two();
        other.entries.get(0).method = 12;
        other.entries.get(0).centralMethod = 12;
        assertThat(errors(verify(other.bytes()))).containsExactly("zip.method");
        refused("zip.feature", z -> {
            z.entries.get(0).localFlags = 0x20;
            z.entries.get(0).centralFlags = 0x20;
        });
    }

    @Test
    void content_dataThatIsNotAsAnnounced_isRefused() throws IOException {
        for (int entry : new int[] {0, 1}) {
            refused("zip.data", z -> {
                z.entries.get(entry).localCrc ^= 1;
                z.entries.get(entry).centralCrc ^= 1;
            });
        }
        for (int difference : new int[] {-1, 1, 40}) {
            refused("zip.data", z -> {
                z.entries.get(1).localSize += difference;
                z.entries.get(1).centralSize += difference;
            });
        }
        refused("zip.data", z -> {
            RawZip.Entry e = z.entries.get(1);
            e.data = Arrays.copyOf(e.data, e.data.length + 1);
            e.localPacked++;
            e.centralPacked++;
        });
        refused("zip.data", z -> {
            RawZip.Entry e = z.entries.get(1);
            e.data = Arrays.copyOf(e.data, e.data.length - 1);
            e.localPacked--;
            e.centralPacked--;
        });
        refused("zip.data", z -> {
            z.entries.get(1).localSize = 1 << 30;
            z.entries.get(1).centralSize = 1 << 30;
        });
    }

    @Test
    void content_moreThanTheMemory_goesToAPrivateFileAndReadsTheSame() throws IOException {
        byte[] big = new byte[300_000];
        RandomGenerator.of("L64X128MixRandom").nextBytes(big);
        RawZip zip = new RawZip();
        zip.deflated("big", big);
        ByteSource source = ByteSource.of(zip.bytes());
        VerificationPolicy policy =
                VerificationPolicy.strict().withLimits(Limits.standard().withMemoryBytes(1000));
        Inspection.Shared shared = new Inspection.Shared(policy, List.of(), source);
        ZipReader reader = ZipReader.open(source, new Inspection(shared, "", 0));
        ByteSource content = reader.content(reader.members().get(0));
        assertThat(content.read(0, big.length)).isEqualTo(big);
        assertThat(content.window(1000, 50).read(0, 50)).isEqualTo(Arrays.copyOfRange(big, 1000, 1050));
        shared.close();
    }

    @Test
    void verify_bombs_areRefusedEarly() throws IOException {
        byte[] blanks = new byte[900_000];
        Arrays.fill(blanks, (byte) ' ');
        byte[] layer = blanks;
        for (int i = 0; i < 3; i++) {
            RawZip zip = new RawZip();
            for (int j = 0; j < 8; j++) {
                zip.deflated("z" + j + (i == 0 ? ".txt" : ".zip"), layer);
            }
            layer = zip.bytes();
        }
        Limits limits = new Limits(1 << 20, 1000, 20 << 20, 1 << 20, 1 << 20, 100, 1000, 1_000_000);
        ModelReport report =
                ModelVerifier.of(VerificationPolicy.strict().withLimits(limits)).verify(layer, "a.zip");
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(errors(report)).containsExactly("file.too-large");
    }

    @Test
    void verify_depth_isBounded() throws IOException {
        byte[] inner = two().bytes();
        for (int i = 0; i < 110; i++) {
            RawZip zip = new RawZip();
            zip.stored("z.zip", inner);
            inner = zip.bytes();
        }
        assertThat(errors(verify(inner))).containsExactly("file.too-deep");
    }

    @Test
    void verify_polyglots_areRefused() throws IOException {
        byte[] zip = two().bytes();
        byte[] both = new byte[zip.length + 100];
        Arrays.fill(both, 0, 100, (byte) '#');
        System.arraycopy(zip, 0, both, 100, zip.length);
        ModelReport report = verify(both);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(report.structure().format()).isEqualTo("zip");
    }

    @Test
    void verify_entriesOfPlainArchives_areJudged() throws IOException {
        for (Map.Entry<String, String> bad : new TreeMap<>(Map.of(
                        "run.py", "archive.program",
                        "x.so", "archive.program",
                        "README.md.sh ", "archive.program",
                        "data.xyz", "archive.unknown-entry"))
                .entrySet()) {
            RawZip zip = two();
            zip.stored(bad.getKey(), new byte[] {1, 2, 3, 4});
            assertThat(errors(verify(zip.bytes()))).as(bad.getKey()).containsExactly(bad.getValue());
        }
        RawZip disguised = two();
        disguised.stored("notes.txt", "#!/bin/sh\necho\n".getBytes(StandardCharsets.UTF_8));
        assertThat(errors(verify(disguised.bytes()))).containsExactly("archive.program");
    }

    @Test
    void verify_truncatedAnywhere_isNeverAccepted() throws IOException {
        byte[] zip = two().bytes();
        for (int length = 1; length < zip.length; length++) {
            assertThat(verify(Arrays.copyOf(zip, length)).verification().verdict())
                    .as("length " + length)
                    .isNotEqualTo(Verdict.ACCEPT);
        }
    }

    @Test
    void verify_everySingleBitOfHeaders_changesNothingUnseen() throws IOException {
        RawZip raw = two();
        raw.zip64 = true;
        RawZip.describe(raw.entries.get(1), true, false);
        byte[] zip = raw.bytes();
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        for (int n = 0; n < 1500; n++) {
            byte[] copy = zip.clone();
            for (int k = random.nextInt(3); k >= 0; k--) {
                copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
            }
            verify(copy);
        }
    }

    @Test
    void open_manyEntries_takesTimeInProportion() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (int i = 0; i < 65_000; i++) {
                zip.putNextEntry(new ZipEntry("e" + i));
            }
        }
        long begin = ModelFileAsserts.cpuNanos();
        assertThat(verify(out.toByteArray()).verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(ModelFileAsserts.cpuNanos() - begin).isLessThan(20_000_000_000L);
    }

    @Test
    void verify_interrupted_isCancelled() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> verify(two().bytes())).isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
