// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PickleTest {
    static ModelReport verify(byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, "model.pkl");
    }

    static List<String> codes(ModelReport report) {
        return report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .sorted()
                .toList();
    }

    private static PickleBytes p4() {
        return PickleBytes.protocol(4);
    }

    private static PickleBytes raw() {
        return new PickleBytes();
    }

    private static Arguments attack(String name, byte[] bytes, String... codes) {
        return Arguments.of(name, bytes, Arrays.stream(codes).sorted().toList());
    }

    private static byte[] call(String module, String name) {
        return p4().stackGlobal(module, name).text("id").tuple(1).reduce().stop();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] deflated(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream zip = new DeflaterOutputStream(out)) {
            zip.write(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return out.toByteArray();
    }

    private static byte[] framed(long length, byte[] content) {
        return join(p4().op(0x95).i64(length).done(), content);
    }

    static Stream<Arguments> attacks() {
        byte[] system = call("os", "system");
        byte[] nested = PickleBytes.protocol(2)
                .global("os", "system")
                .text("id")
                .tuple(1)
                .reduce()
                .stop();
        byte[] body = raw().text("os")
                .text("system")
                .op(0x93)
                .text("id")
                .tuple(1)
                .reduce()
                .stop();
        List<Arguments> all = new ArrayList<>(List.of(
                attack("GLOBAL", nested, "pickle.code"),
                attack("INST", ascii("(S'id'\nios\nsystem\n."), "pickle.code"),
                attack(
                        "OBJ",
                        raw().ops("(")
                                .global("os", "system")
                                .text("id")
                                .ops("o")
                                .stop(),
                        "pickle.code"),
                attack(
                        "OBJ and POP hide the call",
                        raw().ops("(")
                                .global("os", "system")
                                .text("id")
                                .ops("o0N")
                                .stop(),
                        "pickle.code"),
                attack(
                        "NEWOBJ",
                        p4().stackGlobal("subprocess", "Popen")
                                .text("id")
                                .tuple(1)
                                .op(0x81)
                                .stop(),
                        "pickle.code"),
                attack(
                        "NEWOBJ_EX",
                        p4().stackGlobal("subprocess", "Popen")
                                .text("id")
                                .tuple(1)
                                .ops("}")
                                .op(0x92)
                                .stop(),
                        "pickle.code"),
                attack("import without a call", p4().stackGlobal("os", "system").stop(), "pickle.code"),
                attack("unknown name", call("mymodule", "Model"), "pickle.global"),
                attack(
                        "names from the memo",
                        p4().text("system")
                                .op(0x94)
                                .ops("0")
                                .text("os")
                                .op(0x94)
                                .ops("0h")
                                .op(1)
                                .ops("h")
                                .op(0)
                                .op(0x93)
                                .stop(),
                        "pickle.code"),
                attack(
                        "names by LONG_BINPUT and DUP",
                        p4().text("os")
                                .ops("r")
                                .i32(70)
                                .ops("0j")
                                .i32(70)
                                .ops("2")
                                .ops("0")
                                .text("system")
                                .op(0x93)
                                .stop(),
                        "pickle.code"),
                attack(
                        "names as strings of Python 2",
                        p4().op('U', 2)
                                .ops("os")
                                .op('U', 6)
                                .ops("system")
                                .op(0x93)
                                .stop(),
                        "pickle.code"),
                attack("dotted name", call("collections", "abc.sys.modules"), "pickle.code"),
                attack("dotted name of a listed function", call("torch", "_utils._rebuild_tensor_v2"), "pickle.global"),
                attack("attribute of a listed class", call("builtins", "dict.get"), "pickle.code"),
                attack(
                        "subclasses by attributes",
                        call("collections", "OrderedDict.__class__.__subclasses__"),
                        "pickle.code"),
                attack("alias of a module", call("nt", "system"), "pickle.code"),
                attack("name in another script", call("оs", "system"), "pickle.global"),
                attack("module with a line end", ascii("cos\r\nsystem\n(S'id'\ntR."), "pickle.global"),
                attack("extension code", p4().op(0x82, 1).ops(")R").stop(), "pickle.extension-code"),
                attack(
                        "extension code of four bytes",
                        p4().op(0x84).i32(70000).ops(")R").stop(),
                        "pickle.extension-code"),
                attack(
                        "computed name",
                        p4().global("builtins", "str")
                                .text("os")
                                .tuple(1)
                                .reduce()
                                .text("system")
                                .op(0x93)
                                .stop(),
                        "pickle.computed"),
                attack(
                        "name that is no string",
                        p4().integer(1).text("system").op(0x93).stop(),
                        "file.malformed"),
                attack("persistent id", p4().text("x").ops("Q").stop(), "pickle.persistent-id"),
                attack("persistent id of protocol 0", ascii("(lp0\nPid\na."), "pickle.persistent-id"),
                attack(
                        "persistent id that is called",
                        p4().text("x").ops("Q)R").stop(),
                        "pickle.computed",
                        "pickle.persistent-id"),
                attack("out-of-band buffer", PickleBytes.protocol(5).op(0x97).stop(), "pickle.out-of-band"),
                attack("second stream", join(raw().ops("N").stop(), nested), "pickle.code"),
                attack(
                        "third stream of protocol 0",
                        join(p4().ops("N").stop(), p4().ops("N").stop(), ascii("cos\nsystem\n(S'id'\ntR.")),
                        "pickle.code"),
                attack("prefix", join(ascii("\n\n"), system), "pickle.code", "pickle.prefix"),
                attack(
                        "prefix of protocol 0",
                        join(ascii("##"), ascii("cos\nsystem\n(S'id'\ntR.")),
                        "pickle.code",
                        "pickle.prefix"),
                attack("trailing bytes", join(p4().ops("N").stop(), ascii("\0\0\0\0")), "pickle.trailing"),
                attack(
                        "payload, then the end",
                        Arrays.copyOf(system, system.length - 1),
                        "file.truncated",
                        "pickle.code"),
                attack(
                        "payload, then no opcode",
                        join(Arrays.copyOf(system, system.length - 1), ascii("\u00ff")),
                        "file.malformed",
                        "pickle.code"),
                attack(
                        "payload of protocol 0, then the end",
                        ascii("cos\nsystem\n(S'id'\ntR"),
                        "file.truncated",
                        "pickle.code"),
                attack("frame behind the end", framed(1000, body), "pickle.code", "pickle.frame"),
                attack(
                        "frame that ends in an argument",
                        framed(10, join(raw().binary(new byte[40]).done(), ascii("."))),
                        "pickle.frame"),
                attack(
                        "frame within a frame",
                        framed(12, join(raw().op(0x95).i64(1).done(), ascii("NNN."))),
                        "pickle.frame"),
                attack(
                        "frame beyond STOP",
                        framed(20, join(ascii("N."), new byte[18])),
                        "pickle.frame",
                        "pickle.trailing"),
                attack("frame of negative length", framed(-1, ascii("N.")), "file.malformed"),
                attack("nested pickle in bytes", p4().binary(nested).stop(), "pickle.nested"),
                attack(
                        "nested pickle behind other bytes",
                        p4().binary(join(new byte[100], nested)).stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in a bytearray",
                        PickleBytes.protocol(5)
                                .op(0x96)
                                .i64(nested.length)
                                .bytes(nested)
                                .stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in text",
                        p4().text(new String(nested, StandardCharsets.ISO_8859_1))
                                .stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle of protocol 0",
                        p4().text("cos\nsystem\n(S'id'\ntR.").stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in base64",
                        p4().text(Base64.getEncoder().encodeToString(system)).stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in lines of base64",
                        p4().text(Base64.getMimeEncoder().encodeToString(join(system)))
                                .stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in hexadecimal",
                        p4().text(HexFormat.of().formatHex(system)).stop(),
                        "pickle.nested"),
                attack("nested pickle, deflated", p4().binary(deflated(system)).stop(), "pickle.nested"),
                attack(
                        "nested pickle in base64, deflated",
                        p4().text(Base64.getEncoder().encodeToString(deflated(system)))
                                .stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in a nested pickle",
                        p4().binary(p4().binary(nested).stop()).stop(),
                        "pickle.nested"),
                attack(
                        "nested pickle in a string of protocol 0",
                        join(ascii("S'"), ascii("\\x80\\x02cos\\nsystem\\n(tR."), ascii("'\n.")),
                        "pickle.nested"),
                attack("memo index", p4().ops("Nr").i32(-1).stop(), "pickle.memo"),
                attack(
                        "memo index of protocol 0",
                        PickleBytes.protocol(0).ops("(lp99999999999\n").stop(),
                        "pickle.memo"),
                attack("memo index that was not put", p4().ops("h").op(9).stop(), "file.malformed"),
                attack(
                        "integer longer than the file",
                        p4().op(0x8b).i32(0x7fffffff).stop(),
                        "file.truncated"),
                attack("integer of negative length", p4().op(0x8b).i32(-2).stop(), "file.malformed"),
                attack(
                        "text longer than the file",
                        p4().op(0x8d).i64(Long.MAX_VALUE).stop(),
                        "file.truncated"),
                attack("text of negative length", p4().op(0x8d).i64(-1).stop(), "file.truncated"),
                attack("text that is no UTF-8", p4().op(0x8c, 1, 0xff).stop(), "file.malformed"),
                attack(
                        "decimal bomb",
                        PickleBytes.protocol(0)
                                .ops("L" + "9".repeat(5000) + "L\n")
                                .stop(),
                        "file.malformed"),
                attack("stack underflow", p4().ops("R").stop(), "file.malformed"),
                attack("values below a mark", p4().ops("N(s").stop(), "file.malformed"),
                attack("protocol 6", p4().op(0x80, 6).ops("N").stop(), "file.malformed"),
                attack("call of a number", p4().integer(5).ops(")R").stop(), "file.malformed"),
                attack(
                        "bytearray of a size",
                        p4().global("builtins", "bytearray")
                                .integer(2_000_000_000)
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "list of a range",
                        p4().global("builtins", "list")
                                .global("builtins", "range")
                                .integer(2_000_000_000)
                                .tuple(1)
                                .reduce()
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "array of a shape",
                        p4().global("numpy", "ndarray")
                                .integer(2_000_000_000)
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "storage of a size",
                        p4().global("torch", "FloatStorage")
                                .integer(2_000_000_000)
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "other codec",
                        p4().global("_codecs", "encode")
                                .text("x")
                                .text("zip")
                                .tuple(2)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "fraction with an exponent",
                        p4().global("fractions", "Fraction")
                                .text("1e999999999")
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "default factory that is no type",
                        p4().global("collections", "defaultdict")
                                .global("torch._utils", "_rebuild_tensor")
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "BUILD of a class",
                        p4().global("collections", "OrderedDict")
                                .ops("N}")
                                .text("update")
                                .ops("Ns")
                                .tuple(2)
                                .ops("b")
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "BUILD that hides a method",
                        p4().global("collections", "OrderedDict")
                                .ops(")R}")
                                .text("items")
                                .ops("Nsb")
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "BUILD of a dunder",
                        p4().global("collections", "OrderedDict")
                                .ops(")R}")
                                .text("__class__")
                                .ops("Nsb")
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "state of an unknown class",
                        p4().stackGlobal("mymodule", "Model")
                                .ops(")")
                                .op(0x81)
                                .ops("}")
                                .text("cmd")
                                .text("id")
                                .ops("sb")
                                .stop(),
                        "pickle.global"),
                attack(
                        "append to a class",
                        p4().global("builtins", "list").ops("Na").stop(),
                        "pickle.arguments"),
                attack(
                        "reconstructor of another class",
                        p4().global("copyreg", "_reconstructor")
                                .global("numpy", "ndarray")
                                .global("builtins", "object")
                                .ops("N")
                                .tuple(3)
                                .reduce()
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "keywords of a listed class",
                        p4().global("collections", "OrderedDict")
                                .ops(")}")
                                .text("a")
                                .ops("Ns")
                                .op(0x92)
                                .stop(),
                        "pickle.arguments"),
                attack(
                        "namespace of arguments",
                        p4().global("argparse", "Namespace")
                                .ops(")")
                                .op(0x81)
                                .ops("}")
                                .text("lr")
                                .ops("Nsb")
                                .stop(),
                        "pickle.global"),
                attack(
                        "tensor of bytes that are loaded",
                        p4().global("torch.storage", "_load_from_bytes")
                                .binary(new byte[4])
                                .tuple(1)
                                .reduce()
                                .stop(),
                        "pickle.code")));
        all.add(attack(
                "pointers from bytes",
                p4().global("numpy.core.multiarray", "_reconstruct")
                        .global("numpy", "ndarray")
                        .integer(0)
                        .tuple(1)
                        .binary(new byte[] {'b'})
                        .tuple(3)
                        .reduce()
                        .ops("(")
                        .integer(1)
                        .integer(1)
                        .tuple(1)
                        .global("numpy", "dtype")
                        .text("O8")
                        .op(0x89, 0x88)
                        .tuple(3)
                        .reduce()
                        .op(0x89)
                        .binary(new byte[8])
                        .ops("tb")
                        .stop(),
                "pickle.pointers"));
        all.add(attack(
                "array shorter than its shape",
                p4().global("numpy.core.multiarray", "_reconstruct")
                        .global("numpy", "ndarray")
                        .integer(0)
                        .tuple(1)
                        .binary(new byte[] {'b'})
                        .tuple(3)
                        .reduce()
                        .ops("(")
                        .integer(1)
                        .integer(100)
                        .tuple(1)
                        .global("numpy", "dtype")
                        .text("f8")
                        .op(0x89, 0x88)
                        .tuple(3)
                        .reduce()
                        .op(0x89)
                        .binary(new byte[8])
                        .ops("tb")
                        .stop(),
                "pickle.array"));
        all.add(attack(
                "subclass of an array",
                p4().global("numpy.core.multiarray", "_reconstruct")
                        .global("numpy", "memmap")
                        .integer(0)
                        .tuple(1)
                        .binary(new byte[] {'b'})
                        .tuple(3)
                        .reduce()
                        .stop(),
                "pickle.code"));
        return all.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void verify_attack_isRefusedByItsRulesOnly(String name, byte[] bytes, List<String> rules) throws IOException {
        ModelReport report = verify(bytes);

        assertThat(codes(report))
                .as("%s: %s", name, report.verification().findings())
                .isEqualTo(rules);
        boolean unknowable =
                rules.equals(List.of("pickle.persistent-id")) || rules.equals(List.of("pickle.out-of-band"));
        assertThat(report.verification().verdict()).isEqualTo(unknowable ? Verdict.CANNOT_INSPECT : Verdict.REJECT);
    }

    @Test
    void verify_maliciousCall_isOneFindingWithListing() throws IOException {
        ModelReport report = verify(call("os", "system"));

        assertThat(report.verification().findings()).singleElement().satisfies(f -> {
            assertThat(f.message()).contains("os.system('id')");
            assertThat(f.offset()).hasValue(20);
        });
        assertThat(report.listings().get("")).isEqualTo("v0 = os.system\nv1 = os.system('id')\n");
    }

    @Test
    void verify_plainText_isNoPickle() throws IOException {
        for (String text : List.of(
                "cat\ndog\nfish\nbird\n",
                "import os\nos.system('id')\n",
                "Very good\nNice\n",
                "config_version: 3\nlayers:\n  - a\n",
                "{\"a\": 1}",
                "(a b c)",
                "N. Smith wrote this.",
                "I am a model card\n.\n",
                "0.1,0.2,0.3\n1,2,3\n",
                "# README\n")) {
            ModelReport report = ModelVerifier.standard().verify(ascii(text), "notes.txt");
            assertThat(report.structure().format()).as(text).isNotEqualTo("pickle");
        }
    }

    @Test
    void verify_nestedPickleOfData_isData() throws IOException {
        byte[] data = p4().ops("}").text("a").integer(1).ops("s").stop();

        assertThat(verify(p4().binary(data).stop()).verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void verify_sharedListsThatGrowExponentially_areRefused() throws IOException {
        PickleBytes bomb = p4().ops("]N").ops("a").op(0x94).ops("0");
        for (int i = 0; i < 40; i++) {
            bomb.ops("](h").op(i).ops("h").op(i).ops("e").op(0x94).ops("0");
        }
        assertThat(codes(verify(bomb.ops("h").op(40).stop()))).containsExactly("pickle.expansion");
    }

    @Test
    void verify_sharedTuplesThatAreHashed_areRefused() throws IOException {
        PickleBytes bomb = p4().ops("}N");
        for (int i = 0; i < 60; i++) {
            bomb.ops("2").tuple(2);
        }
        assertThat(codes(verify(bomb.ops("Ns").stop()))).containsExactly("pickle.expansion");
    }

    @Test
    void verify_deepTuplesThatAreHashed_areRefused() throws IOException {
        PickleBytes bomb = p4().ops("}N");
        for (int i = 0; i < 5000; i++) {
            bomb.tuple(1);
        }
        assertThat(codes(verify(bomb.ops("Ns").stop()))).containsExactly("pickle.expansion");
    }

    @Test
    void verify_longTextEncodedAgainAndAgain_isRefused() throws IOException {
        PickleBytes bomb = p4().ops("]")
                .global("_codecs", "encode")
                .op(0x94)
                .text("x".repeat(1 << 20))
                .text("latin1")
                .tuple(2)
                .op(0x94)
                .reduce()
                .ops("a");
        for (int i = 0; i < 400; i++) {
            bomb.ops("h").op(0).ops("h").op(1).ops("Ra");
        }
        assertThat(codes(verify(bomb.stop()))).containsExactly("pickle.expansion");
    }

    @Test
    void verify_largeIntegersOfOneHash_areRefused() throws IOException {
        PickleBytes bomb = p4().ops("}(");
        BigInteger modulus = BigInteger.ONE.shiftLeft(61).subtract(BigInteger.ONE);
        for (int i = 1; i < 2000; i++) {
            byte[] big = modulus.multiply(BigInteger.valueOf(i)).toByteArray();
            bomb.op(0x8a, big.length);
            for (int k = big.length - 1; k >= 0; k--) {
                bomb.op(big[k]);
            }
            bomb.ops("N");
        }
        assertThat(codes(verify(bomb.ops("u").stop()))).containsExactly("pickle.expansion");
    }

    @Test
    void verify_largeIntegersAsKeys_areAccepted() throws IOException {
        PickleBytes dict = p4().ops("}(");
        Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            dict.op(0x8a, 8).i64(random.nextLong()).ops("N");
        }
        assertThat(verify(dict.ops("u").stop()).verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void verify_arraysOfJoblib_cannotBeInspected() throws IOException {
        byte[] bytes = join(
                p4().stackGlobal("joblib.numpy_pickle", "NumpyArrayWrapper")
                        .ops(")")
                        .op(0x81)
                        .ops("}")
                        .text("shape")
                        .integer(2)
                        .tuple(1)
                        .ops("sb")
                        .done(),
                new byte[16],
                ascii("."));
        ModelReport report = ModelVerifier.standard().verify(bytes, "model.joblib");

        assertThat(codes(report)).containsExactly("pickle.joblib");
        assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
    }

    @Test
    void verify_deepLists_areReadWithoutRecursion() throws IOException {
        byte[] bytes = p4().ops("]".repeat(100_000)).ops("a".repeat(99_999)).stop();

        assertThat(verify(bytes).verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void verify_tenMillionOpcodes_takesLinearTime() throws IOException {
        byte[] bytes = new byte[10_000_004];
        Arrays.fill(bytes, (byte) 'N');
        for (int i = 3; i < bytes.length; i += 2) {
            bytes[i] = '0';
        }
        bytes[0] = (byte) 0x80;
        bytes[1] = 4;
        bytes[bytes.length - 1] = '.';
        long start = ModelFileAsserts.cpuNanos();

        assertThat(verify(bytes).verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(ModelFileAsserts.cpuNanos() - start).isLessThan(20_000_000_000L);
    }

    @Test
    void verify_tooManyValuesOnTheStack_isRefused() throws IOException {
        byte[] bytes = p4().ops("N".repeat(1_100_000)).stop();

        assertThat(codes(verify(bytes))).containsExactly("file.too-many");
    }

    @Test
    void verify_interrupted_isCancelled() {
        Thread.currentThread().interrupt();
        try {
            assertThat(org.assertj.core.api.Assertions.catchThrowable(
                            () -> verify(p4().ops("N0".repeat(10_000)).ops("N").stop())))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void verify_benignPickleCutAnywhere_isNeverAccepted() throws IOException {
        byte[] whole = framed(0, new byte[0]);
        PickleBytes content = raw().ops("}(")
                .text("a")
                .ops("](")
                .integer(1)
                .op('K', 2, 'M', 3, 0)
                .op(0x88, 0x8a, 2, 1, 1)
                .ops("e")
                .text("b")
                .binary(new byte[] {1, 2, 3})
                .ops("u");
        whole = framed(content.done().length + 1, content.stop());
        assertThat(verify(whole).verification().verdict()).isEqualTo(Verdict.ACCEPT);
        for (int length = 0; length < whole.length; length++) {
            ModelReport report = verify(Arrays.copyOf(whole, length));
            assertThat(report.verification().verdict()).as("%s bytes", length).isNotEqualTo(Verdict.ACCEPT);
            assertThat(codes(report)).hasSize(1);
        }
    }

    @Test
    void verify_mutatedPickles_giveAnAnswer() throws IOException {
        Random random = new Random(7);
        List<byte[]> seeds = attacks()
                .map(a -> (byte[]) a.get()[1])
                .filter(b -> b.length < 500)
                .toList();
        for (int round = 0; round < 5000; round++) {
            byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            assertThat(verify(bytes).verification()).isNotNull();
        }
    }
}
