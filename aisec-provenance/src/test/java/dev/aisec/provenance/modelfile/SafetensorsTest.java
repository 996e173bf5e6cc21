// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.ModelFileAsserts.accepted;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.notInspected;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.rejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
    private static final String NAME = "model.safetensors";

    private static byte[] file(String header, int data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return Wire.of().i64(json.length).raw(json).raw(new byte[data]).bytes();
    }

    private static String tensor(String name, String type, String shape, long begin, long end) {
        return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    private static byte[] one(String type, String shape, long end, int data) {
        return file("{" + tensor("w", type, shape, 0, end) + "}", data);
    }

    private static final byte[] SMALL = file(
            "{\"__metadata__\":{\"format\":\"pt\"}," + tensor("a", "F32", "[2,2]", 0, 16) + ","
                    + tensor("b", "I64", "[1]", 16, 24) + "}",
            24);

    @Test
    void read_smallFile_isAcceptedAndTold() throws IOException {
        ModelReport report = accepted(NAME, SMALL);
        assertThat(report.structure().tensors()).extracting(Tensor::name).containsExactly("a", "b");
        assertThat(report.structure().metadata()).containsEntry("safetensors.format", "\"pt\"");
    }

    @Test
    void read_everyPrefix_isNotAccepted() throws IOException {
        ModelFileAsserts.truncations(NAME, SMALL);
    }

    @Test
    void read_mutants_haveAnAnswer() throws IOException {
        ModelFileAsserts.mutations(NAME, SMALL, 4000);
    }

    @Test
    void read_noTensors_isAccepted() throws IOException {
        accepted(NAME, file("{}", 0));
        accepted(NAME, file("{\"__metadata__\":{}}      ", 0));
    }

    @Test
    void read_emptyTensors_areAcceptedWhereTheyStand() throws IOException {
        accepted(NAME, file("{" + tensor("e", "F32", "[0]", 0, 0) + "}", 0));
        accepted(
                NAME,
                file(
                        "{" + tensor("c", "F32", "[2]", 8, 16) + "," + tensor("e", "F32", "[4,0]", 8, 8) + ","
                                + tensor("a", "F32", "[2]", 0, 8) + "," + tensor("z", "I8", "[0]", 16, 16) + "}",
                        16));
    }

    @Test
    void read_emptyTensorWithinAnother_isRejected() throws IOException {
        rejected(
                NAME,
                file("{" + tensor("a", "F32", "[2]", 0, 8) + "," + tensor("e", "F32", "[0]", 4, 4) + "}", 8),
                "safetensors.layout");
    }

    @ParameterizedTest
    @CsvSource({
        "BOOL,1",
        "U8,1",
        "I8,1",
        "F8_E5M2,1",
        "F8_E4M3,1",
        "F8_E8M0,1",
        "I16,2",
        "U16,2",
        "F16,2",
        "BF16,2",
        "I32,4",
        "U32,4",
        "F32,4",
        "F64,8",
        "I64,8",
        "U64,8",
        "C64,8"
    })
    void read_everyType_isAccepted(String type, int bytes) throws IOException {
        accepted(NAME, one(type, "[3]", 3L * bytes, 3 * bytes));
        accepted(NAME, one(type, "[]", bytes, bytes));
    }

    @Test
    void read_packedTypes_countBits() throws IOException {
        accepted(NAME, one("F4", "[6]", 3, 3));
        accepted(NAME, one("F6_E2M3", "[4]", 3, 3));
        rejected(NAME, one("F4", "[5]", 3, 3), "safetensors.size");
    }

    @Test
    void read_unknownType_cannotBeInspected() throws IOException {
        notInspected(NAME, one("F128", "[1]", 16, 16), "safetensors.data-type");
    }

    @Test
    void read_sizeThatDoesNotFit_isRejected() throws IOException {
        rejected(NAME, one("F32", "[3]", 8, 8), "safetensors.size");
        rejected(NAME, one("F32", "[4294967296,4294967296,4294967296]", 8, 8), "safetensors.size");
        rejected(NAME, one("F32", "[0,4294967296,4294967296,4294967296]", 0, 0), "safetensors.size");
        rejected(NAME, one("F32", "[9223372036854775807]", 8, 8), "safetensors.size");
        rejected(NAME, one("F32", "[18446744073709551617]", 4, 4), "safetensors.size");
    }

    @Test
    void read_layout_isExact() throws IOException {
        String a = tensor("a", "F32", "[2]", 0, 8);
        rejected(NAME, file("{" + a + "," + tensor("b", "F32", "[2]", 4, 12) + "}", 12), "safetensors.layout");
        rejected(NAME, file("{" + a + "," + tensor("b", "F32", "[2]", 16, 24) + "}", 24), "safetensors.layout");
        rejected(NAME, file("{" + a + "," + tensor("b", "F32", "[2]", 0, 8) + "}", 8), "safetensors.layout");
        rejected(NAME, file("{" + a + "}", 9), "safetensors.layout");
        rejected(NAME, file("{" + a + "}", 7), "safetensors.layout");
        rejected(NAME, file("{" + tensor("a", "F32", "[2]", 8, 16) + "}", 16), "safetensors.layout");
        rejected(NAME, file("{" + tensor("a", "F32", "[2]", 8, 0) + "}", 8), "safetensors.layout");
        rejected(NAME, file("{}", 1), "safetensors.layout");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":1}",
                "{\"a\":{}}",
                "{\"a\":{\"dtype\":1,\"shape\":[],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":\"x\",\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":null}}"
            })
    void read_entryThatIsNoTensor_isRejected(String header) throws IOException {
        rejected(NAME, file(header, 4), "safetensors.tensor");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ \"a\" }",
                "{\"__metadata__\":{\"a\":1}}",
                "{\"__metadata__\":[]}",
                "{\"__metadata__\":{\"a\":\"\\ud800\"}}",
                "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e0],\"data_offsets\":[0,4]}}",
                "{}\n",
                "{}x",
                " {}",
                "[]",
                "{}\u0000"
            })
    void read_headerThatIsNotStrict_isRejected(String header) throws IOException {
        rejected(NAME, file(header, 0), "safetensors.header");
    }

    @Test
    void read_deepHeader_isRejected() throws IOException {
        rejected(NAME, file("{\"a\":" + "[".repeat(50_000) + "]".repeat(50_000) + "}", 0), "safetensors.header");
    }

    @Test
    void read_duplicateTensor_isRejected() throws IOException {
        String a = tensor("a", "F32", "[2]", 0, 8);
        rejected(NAME, file("{" + a + "," + a + "}", 8), "safetensors.header");
        rejected(NAME, file("{" + a + "," + tensor("\\u0061", "F32", "[2]", 8, 16) + "}", 16), "safetensors.header");
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 1L << 20, 1L << 39, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void read_headerLengthBeyondTheFile_isRejected(long length) throws IOException {
        byte[] bytes =
                Wire.of().i64(length).raw("{}".getBytes(StandardCharsets.UTF_8)).bytes();
        rejected(NAME, bytes, "safetensors.header");
    }

    @Test
    void read_headerBeyondTheLimit_isRejected() throws IOException {
        Limits standard = Limits.standard();
        Limits small = new Limits(
                standard.fileBytes(),
                standard.entries(),
                standard.inflatedBytes(),
                16,
                standard.memoryBytes(),
                standard.depth(),
                standard.items(),
                standard.steps());
        ModelReport report =
                ModelVerifier.of(VerificationPolicy.strict().withLimits(small)).verify(SMALL, NAME);
        assertThat(ModelFileAsserts.errors(report)).containsExactly("file.too-large");
    }

    @Test
    void read_nameWithControlCharacters_isAWarning() throws IOException {
        ModelReport report = accepted(NAME, file("{" + tensor("a\\u001b[2J", "F32", "[2]", 0, 8) + "}", 8));
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("safetensors.name");
        assertThat(report.verification().findings().get(0).message()).doesNotContain("\u001b");
    }

    @Test
    void read_dataThatIsNotAligned_isAccepted() throws IOException {
        accepted(NAME, file("{" + tensor("a", "F32", "[2]", 0, 8) + "} ", 8));
        accepted(NAME, file("{" + tensor("b", "I8", "[1]", 0, 1) + "," + tensor("a", "F32", "[2]", 1, 9) + "}", 9));
    }

    @Test
    void read_anotherExtension_isAWarning() throws IOException {
        ModelReport report = accepted("model.gguf", SMALL);
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("file.extension");
    }
}
