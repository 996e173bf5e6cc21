// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that a review found to be accepted, or to take too long. */
class HostileFilesTest {
    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] zip(Object... entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (int i = 0; i < entries.length; i += 2) {
                out.putNextEntry(new ZipEntry((String) entries[i]));
                out.write(entries[i + 1] instanceof byte[] content ? content : ascii((String) entries[i + 1]));
                out.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static Duration time(String name, byte[] bytes, Verdict expected) throws IOException {
        long start = ModelFileAsserts.cpuNanos();
        ModelReport report = ModelFileAsserts.verify(name, bytes);
        Duration taken = Duration.ofNanos(ModelFileAsserts.cpuNanos() - start);
        if (expected != null) {
            assertThat(report.verification().verdict())
                    .as("%s", report.verification().findings())
                    .isEqualTo(expected);
        }
        return taken;
    }

    // --- pickles ---

    private static PickleBytes dtype(PickleBytes out, String code, int memo) {
        return out.global("numpy", "dtype")
                .ops("(")
                .text(code)
                .op(0x89, 0x88)
                .ops("tR")
                .ops("q")
                .op(memo);
    }

    private static PickleBytes dtypeState(PickleBytes out, int size, int flags) {
        return out.ops("(")
                .integer(3)
                .text("|")
                .ops("NNN")
                .integer(size)
                .integer(1)
                .integer(flags)
                .ops("tb");
    }

    private static PickleBytes array(PickleBytes out) {
        return out.global("numpy.core.multiarray", "_reconstruct")
                .ops("(")
                .global("numpy", "ndarray")
                .integer(0)
                .tuple(1)
                .binary(ascii("b"))
                .ops("tR");
    }

    /** An array with the type that the memo has, of one element of eight bytes. */
    private static PickleBytes filled(PickleBytes out, int memo) {
        return array(out)
                .ops("(")
                .integer(1)
                .integer(1)
                .tuple(1)
                .ops("h")
                .op(memo)
                .op(0x89)
                .binary(new byte[8])
                .ops("tb");
    }

    @Test
    void verify_typeGrownBehindItsArray_rejected() throws IOException {
        PickleBytes grown = PickleBytes.protocol(2);
        dtype(grown, "V8", 1).ops("0");
        filled(grown, 1).ops("h").op(1);
        dtypeState(grown, 1 << 20, 0).op(0x86);
        ModelFileAsserts.rejected("m.pkl", grown.stop(), "pickle.arguments");

        PickleBytes honest = PickleBytes.protocol(2);
        dtypeState(dtype(honest, "V8", 1), 8, 0).ops("0");
        filled(honest, 1);
        ModelFileAsserts.accepted("m.pkl", honest.stop());
    }

    @Test
    void verify_typeOfBytesFlaggedAsObjects_rejected() throws IOException {
        PickleBytes flagged = PickleBytes.protocol(2);
        dtypeState(dtype(flagged, "V8", 1), 8, 1).ops("0");
        ModelFileAsserts.rejected("m.pkl", filled(flagged, 1).stop(), "pickle.pointers");
    }

    @Test
    void verify_integerOfManyDigitsInBytes_rejected() throws IOException {
        byte[] digits = new byte[100_000];
        Arrays.fill(digits, (byte) '9');
        byte[] pickle = PickleBytes.protocol(2)
                .global("__builtin__", "int")
                .binary(digits)
                .tuple(1)
                .reduce()
                .stop();
        ModelFileAsserts.rejected("m.pkl", pickle, "pickle.arguments");
    }

    @Test
    void verify_sizesCopiedFromOneList_boundedMemory() throws IOException {
        PickleBytes out = PickleBytes.protocol(2)
                .global("torch", "Size")
                .ops("q")
                .op(0)
                .ops("0]q")
                .op(1)
                .ops("(");
        for (int i = 0; i < 4000; i++) {
            out.ops("K").op(1);
        }
        out.ops("e0h").op(1).op(0x85).ops("q").op(2).ops("0(");
        for (int i = 0; i < 300_000; i++) {
            out.ops("h").op(0).ops("h").op(2).ops("R");
        }
        ModelFileAsserts.rejected("m.pkl", out.ops("t").stop(), "pickle.expansion");
    }

    @Test
    void verify_arraysBelowEmptyKeys_fast() throws IOException {
        PickleBytes out = PickleBytes.protocol(2);
        int depth = 20_000;
        for (int i = 0; i < depth; i++) {
            out.ops("}U").op(0);
        }
        out.ops("](");
        for (int i = 0; i < 20_000; i++) {
            array(out);
        }
        out.ops("e");
        for (int i = 0; i < depth; i++) {
            out.ops("s");
        }
        assertThat(time("m.pkl", out.stop(), null)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void verify_arraysBelowLongKey_fast() throws IOException {
        PickleBytes out =
                PickleBytes.protocol(2).ops("}").text("x".repeat(65_000)).ops("](");
        for (int i = 0; i < 20_000; i++) {
            array(out);
        }
        assertThat(time("m.pkl", out.ops("es").stop(), null)).isLessThan(Duration.ofSeconds(10));
    }

    private static byte[] headers() {
        PickleBytes out = new PickleBytes().op(0);
        for (int i = 0; i < 585; i++) {
            out.op(0x80, 2).ops("B").i32(4096 - 1 - 7 * (i + 1));
        }
        return out.done();
    }

    @Test
    void verify_manyHeadersWithinEachOther_fast() throws IOException {
        assertThat(time("m.bin", headers(), null)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void verify_archiveOfEntriesWithManyHeaders_fast() throws IOException {
        Object[] entries = new Object[2000];
        for (int i = 0; i < entries.length; i += 2) {
            entries[i] = i + ".bin";
            entries[i + 1] = headers();
        }
        assertThat(time("m.zip", zip(entries), null)).isLessThan(Duration.ofSeconds(20));
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "merges.txt", "config.json", "README"})
    void verify_pickleBehindLongLineInText_notAccepted(String name) throws IOException {
        String text = "V" + "x".repeat(5000) + "\n0cos\nsystem\n(Vid\ntR.";
        assertThat(ModelFileAsserts.verify(name, ascii(text)).verification().verdict())
                .isEqualTo(Verdict.REJECT);
    }

    @Test
    void verify_pickleOfProtocolOneWithLongText_accepted() throws IOException {
        PickleBytes shortStart = new PickleBytes().ops("]q").op(0).ops("(").text("x".repeat(9000));
        PickleBytes longStart = new PickleBytes().ops("]q").op(0).ops("(");
        for (int i = 0; i < 20; i++) {
            longStart.ops("K").op(i);
        }
        longStart.text("x".repeat(9000));
        for (int i = 0; i < 200_000; i++) {
            shortStart.ops("K").op(7);
            longStart.ops("K").op(7);
        }
        ModelFileAsserts.accepted("m.pkl", shortStart.ops("e").stop());
        ModelFileAsserts.accepted("m.pkl", longStart.ops("e").stop());
    }

    /** The name of the entry ends at the first zero; a pickle goes on behind it. */
    private static byte[] tarAndPickle() {
        byte[] header = new byte[512];
        byte[] pickle = new PickleBytes()
                .ops("X")
                .i32(32)
                .bytes(new byte[32])
                .ops("0cos\nsystem\n(S'id'\ntR.")
                .done();
        System.arraycopy(pickle, 0, header, 0, pickle.length);
        for (int at : new int[] {100, 108, 116}) {
            System.arraycopy(ascii("0000644"), 0, header, at, 7);
        }
        System.arraycopy(ascii("00000000000"), 0, header, 124, 11);
        System.arraycopy(ascii("00000000000"), 0, header, 136, 11);
        header[156] = '0';
        System.arraycopy(ascii("ustar\00000"), 0, header, 257, 8);
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        System.arraycopy(ascii(String.format("%06o", sum)), 0, header, 148, 6);
        header[154] = 0;
        return Arrays.copyOf(header, 512 + 1024);
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.tar", "m.pkl"})
    void verify_tarWhoseFirstNameIsPickle_rejected(String name) throws IOException {
        ModelReport report = ModelFileAsserts.verify(name, tarAndPickle());
        assertThat(report.verification().verdict())
                .as("%s", report.verification().findings())
                .isEqualTo(Verdict.REJECT);
        assertThat(ModelFileAsserts.errors(report)).contains("pickle.code");
    }

    // --- archives of PyTorch ---

    @Test
    void verify_torchEntriesThatDifferInCase_rejected() throws IOException {
        byte[] model = PickleBytes.protocol(2)
                .ops("}")
                .text("w")
                .tensor("FloatStorage", "0", 4, 0, 2, 2)
                .ops("s")
                .stop();
        byte[] file = zip("a/data.pkl", model, "a/data/0", new byte[16], "a/DATA/0", new byte[16], "a/version", "3\n");
        assertThat(ModelFileAsserts.errors(ModelFileAsserts.verify("m.pt", file)))
                .contains("pytorch.layout");
    }

    // --- configurations ---

    private static String lambda() {
        return "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [{\"class_name\":"
                + " \"Lambda\", \"config\": {\"name\": \"l\", \"function\": [\"4wEAAA==\", null, null],"
                + " \"function_type\": \"lambda\"}}]}}";
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.json", "architecture.txt", "model"})
    void verify_kerasConfigurationAsText_rejected(String name) throws IOException {
        ModelFileAsserts.rejected(name, ascii(lambda()), "keras.lambda");
        ModelFileAsserts.rejected(
                name, ascii(" \n" + lambda().replace("class_name", "class\\u005fname")), "keras.lambda");
    }

    @Test
    void verify_kerasArchiveOfConfigurationOnly_rejected() throws IOException {
        ModelFileAsserts.rejected("m.keras", zip("config.json", lambda()), "keras.lambda");
        ModelFileAsserts.rejected("m.zip", zip("README.md", "a model", "x/model.json", lambda()), "keras.lambda");
    }

    @Test
    void verify_dl4jConfigurationAsText_rejected() throws IOException {
        String json = "{\"backpropType\": \"Standard\", \"confs\": [{\"layer\": {\"@class\":"
                + " \"com.sun.rowset.JdbcRowSetImpl\"}}]}";
        ModelFileAsserts.rejected("configuration.json", ascii(json), "dl4j.class");
    }

    @Test
    void verify_otherJson_accepted() throws IOException {
        ModelFileAsserts.accepted("config.json", ascii("{\"architectures\": [\"Bert\"], \"config\": {\"a\": 1}}"));
        ModelFileAsserts.accepted("tokenizer.json", ascii("{\"model\": {\"class_name\": \"BPE\", \"vocab\": {}}}"));
        ModelFileAsserts.accepted(
                "y.json", ascii("{\"keys\": [\"class_name\"], \"a\": \"config\", \"b\": \"class_name\"}"));
        ModelFileAsserts.accepted("x.json", ascii("{\"a\": NaN, \"class_name"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TypeSpec", "TensorShape", "CompositeTensor", "__dict__", "__list__", "__tensor__"})
    void verify_kerasValueOfForeignModule_rejected(String className) throws IOException {
        String config = "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [{\"class_name\":"
                + " \"Dense\", \"config\": {\"name\": \"d\", \"units\": {\"class_name\": \"" + className
                + "\", \"module\": \"evil\", \"config\": {}}}}]}}";
        ModelFileAsserts.rejected("m.json", ascii(config), "keras.module");
    }

    @Test
    void verify_builtinInputAsActivation_rejected() throws IOException {
        String config = "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [{\"class_name\":"
                + " \"Dense\", \"config\": {\"name\": \"d\", \"activation\": {\"class_name\": \"function\", \"module\":"
                + " \"builtins\", \"config\": \"input\"}}}]}}";
        ModelFileAsserts.rejected("m.json", ascii(config), "keras.custom-object");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"module\": \"keras.src.applications.convnext\", \"class_name\": \"LayerScale\"",
                "\"module\": \"keras.layers\", \"class_name\": \"ContrastLimitedAdaptiveHistogramEqualization\"",
                "\"module\": \"keras.quantizers\", \"class_name\": \"Int8QuantizationConfig\"",
                "\"module\": \"keras.src.ops.image\", \"class_name\": \"SSIM\"",
                "\"class_name\": \"GetItem\""
            })
    void verify_kerasClassOfNewerReleases_accepted(String named) throws IOException {
        String config = "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [{" + named
                + ", \"config\": {\"name\": \"d\"}}]}}";
        ModelFileAsserts.accepted("m.json", ascii(config));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "!!python/object/apply:os.system [id]",
                "a: !!python/object/apply:os.system [id]",
                "a:\n  - 1\n  - !!pyth%6fn/name:os.system",
                "{a: !<tag:yaml.org,2002:python/name:os.system> x}",
                "%TAG !y! tag:yaml.org,2002:pyth\n---\na: !y!on/name:os.system",
                "a: &x !!python/name:os.system"
            })
    void verify_yamlWithTags_rejected(String yaml) throws IOException {
        ModelFileAsserts.rejected("m.zip", zip("readme.txt", "a model", "config.yaml", yaml), "archive.program");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "license: mit\ntags: [a, b]\ntitle: 'Hello! world'\nx: it works!! really",
                "a: !!str 5\nb: text!\nc: \"!not a tag\"\n# comment !important"
            })
    void verify_plainYaml_accepted(String yaml) throws IOException {
        ModelFileAsserts.accepted("m.zip", zip("readme.txt", "a model", "config.yml", yaml));
    }

    // --- PMML ---

    @Test
    void verify_pmmlChainOfFunctions_fast() throws IOException {
        StringBuilder out = new StringBuilder("<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\"><Header/>"
                + "<DataDictionary numberOfFields=\"0\"/><TransformationDictionary>");
        for (int i = 0; i < 20_000; i++) {
            out.append("<DefineFunction name=\"f" + i + "\" optype=\"continuous\"><ParameterField name=\"x\"/><Apply"
                    + " function=\"" + (i == 19_999 ? "abs" : "f" + (i + 1)) + "\"><FieldRef field=\"x\"/></Apply>"
                    + "</DefineFunction>");
        }
        byte[] file = ascii(out + "</TransformationDictionary></PMML>");
        assertThat(time("m.pmml", file, Verdict.ACCEPT)).isLessThan(Duration.ofSeconds(10));
    }
}
