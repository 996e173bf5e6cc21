// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** Tar archives and gzip: the attack classes, and the forms of common writers. */
class TarFormatTest {
    private static final byte[] TEXT = "some text\n".getBytes(StandardCharsets.UTF_8);

    private static ModelReport verify(byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, "a.tar");
    }

    private static List<String> errors(byte[] bytes) throws IOException {
        ModelReport report = verify(bytes);
        List<String> errors = report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .toList();
        assertThat(report.verification().verdict() == Verdict.ACCEPT).isEqualTo(errors.isEmpty());
        return errors;
    }

    private static byte[] entry(String name, char type, byte[] content, String size) {
        byte[] out = new byte[512 + (content.length + 511) / 512 * 512];
        put(out, 0, name);
        put(out, 100, "0000644\0");
        put(out, 108, "0000000\0");
        put(out, 116, "0000000\0");
        put(out, 124, size);
        put(out, 136, "00000000000\0");
        out[156] = (byte) type;
        put(out, 257, "ustar\00000");
        System.arraycopy(content, 0, out, 512, content.length);
        return checked(out);
    }

    private static byte[] entry(String name, char type, byte[] content) {
        return entry(name, type, content, String.format("%011o", content.length) + "\0");
    }

    private static byte[] checked(byte[] out) {
        long sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += i >= 148 && i < 156 ? ' ' : out[i] & 0xff;
        }
        put(out, 148, String.format("%06o\0 ", sum));
        return out;
    }

    private static void put(byte[] out, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, out, at, bytes.length);
    }

    private static byte[] tar(byte[]... entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] entry : entries) {
            out.write(entry);
        }
        out.write(new byte[1024]);
        return out.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void read_formsOfCommonWriters_areAccepted() throws IOException {
        assertThat(errors(tar(entry("a.txt", '0', TEXT), entry("d/", '5', new byte[0]), entry("d/b.txt", '\0', TEXT))))
                .isEmpty();
        assertThat(errors(tar(entry("x", 'x', ascii("20 path=long/n.txt\n\n")), entry("a.txt", '0', TEXT))))
                .containsExactly("tar.name");
        assertThat(errors(tar(entry("x", 'x', ascii("19 path=long/n.txt\n")), entry("a.txt", '0', TEXT))))
                .isEmpty();
        assertThat(errors(tar(entry("././@LongLink", 'L', ascii("long/name.txt\0")), entry("long", '0', TEXT))))
                .isEmpty();
        assertThat(errors(tar(entry("b.txt", '0', TEXT, "\200\0\0\0\0\0\0\0\0\0\0\012"))))
                .isEmpty();
        byte[] padded = Arrays.copyOf(tar(entry("a.txt", '0', TEXT)), 10240);
        assertThat(errors(padded)).isEmpty();
    }

    @Test
    void read_attacks_areRefused() throws IOException {
        for (String name : List.of("../x.txt", "/x.txt", "a/../../x.txt", "C:\\x.txt")) {
            assertThat(errors(tar(entry(name, '0', TEXT)))).as(name).containsExactly("tar.name");
        }
        assertThat(errors(tar(entry("x", 'x', ascii("16 path=../n.txt\n")), entry("a.txt", '0', TEXT))))
                .containsExactly("tar.header");
        assertThat(errors(tar(entry("x", 'x', ascii("17 path=../n.txt\n")), entry("a.txt", '0', TEXT))))
                .containsExactly("tar.name");
        for (char type : new char[] {'1', '2', '3', '4', '6', 'S', 'M'}) {
            assertThat(errors(tar(entry("a.txt", type, new byte[0])))).containsExactly("tar.link");
        }
        assertThat(errors(tar(entry("a.txt", '0', TEXT), entry("./a.txt", '0', TEXT))))
                .containsExactly("tar.duplicate");
        byte[] sum = tar(entry("a.txt", '0', TEXT));
        sum[3] ^= 1;
        assertThat(errors(sum)).containsExactly("tar.header");
        assertThat(errors(tar(entry("a.txt", '0', TEXT, "77777777777\0")))).containsExactly("file.truncated");
        assertThat(errors(tar(entry("a.txt", '0', TEXT, "\377\377\377\377\377\377\377\377\377\377\377\377"))))
                .containsExactly("tar.header");
        assertThat(errors(tar(entry("a.txt", '0', TEXT, "9999\0")))).containsExactly("tar.header");
        byte[] behind = Arrays.copyOf(tar(entry("a.txt", '0', TEXT)), 4096);
        behind[4000] = 1;
        assertThat(errors(behind)).containsExactly("tar.trailing");
        byte[] padding = tar(entry("a.txt", '0', TEXT));
        padding[1000] = 1;
        assertThat(errors(padding)).containsExactly("tar.trailing");
        assertThat(errors(tar(entry("run.sh", '0', TEXT)))).containsExactly("archive.program");
    }

    @Test
    void read_mutations_neverFailUnchecked() throws IOException {
        byte[] tar = tar(
                entry("x", 'x', ascii("19 path=long/n.txt\n")), entry("a.txt", '0', TEXT), entry("b.txt", '0', TEXT));
        for (int length = 1; length < 2048; length += 7) {
            verify(Arrays.copyOf(tar, length));
        }
        RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        for (int n = 0; n < 1500; n++) {
            byte[] copy = tar.clone();
            int at = random.nextInt(4) * 512;
            copy[at + random.nextInt(512)] ^= (byte) (1 << random.nextInt(8));
            verify(random.nextBoolean() ? copy : concat(copy, at));
        }
    }

    private static byte[] concat(byte[] tar, int at) {
        byte[] header = Arrays.copyOfRange(tar, at, at + 512);
        System.arraycopy(checked(header), 0, tar, at, 512);
        return tar;
    }

    @Test
    void gzip_oneMember_isReadAndMoreIsRefused() throws IOException {
        byte[] inner = tar(entry("a.txt", '0', TEXT));
        byte[] one = gzip(inner);
        assertThat(errors(one)).isEmpty();
        assertThat(errors(gzip(tar(entry("../a.txt", '0', TEXT))))).containsExactly("tar.name");
        byte[] more = Arrays.copyOf(one, one.length * 2);
        System.arraycopy(one, 0, more, one.length, one.length);
        assertThat(errors(more)).containsExactly("gzip.trailing");
        for (int at = one.length - 8; at < one.length; at++) {
            byte[] copy = one.clone();
            copy[at] ^= 1;
            assertThat(errors(copy)).containsExactly("gzip.data");
        }
        for (int length = 4; length < one.length; length++) {
            assertThat(errors(Arrays.copyOf(one, length))).isNotEmpty();
        }
        byte[] bomb = gzip(new byte[30 << 20]);
        Limits limits = new Limits(1 << 20, 1000, 20 << 20, 1 << 20, 1 << 20, 100, 1000, 1_000_000);
        assertThat(ModelVerifier.of(VerificationPolicy.strict().withLimits(limits))
                        .verify(bomb, "a.gz")
                        .verification()
                        .findings())
                .anyMatch(f -> f.code().equals("file.too-large"));
    }

    private static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        }
        return out.toByteArray();
    }

    @Test
    void opaqueArchives_cannotBeInspected() throws IOException {
        assertThat(errors(Arrays.copyOf(new byte[] {'7', 'z', (byte) 0xbc, (byte) 0xaf, 0x27, 0x1c}, 64)))
                .containsExactly("archive.opaque");
        assertThat(verify(Arrays.copyOf(new byte[] {'R', 'a', 'r', '!', 0x1a, 7, 0}, 64))
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.CANNOT_INSPECT);
    }
}
