// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.ModelFileAsserts.accepted;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.notInspected;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.rejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTest {
    private static final String NAME = "model.gguf";

    private static Wire string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Wire.of().i64(bytes.length).raw(bytes);
    }

    private static Wire pair(String key, int type, Wire value) {
        return Wire.of().raw(string(key).bytes()).i32(type).raw(value.bytes());
    }

    static Wire text(String key, String value) {
        return pair(key, 8, string(value));
    }

    private static Wire tensor(String name, int type, long offset, long... dims) {
        Wire tensor = Wire.of().raw(string(name).bytes()).i32(dims.length);
        for (long dim : dims) {
            tensor.i64(dim);
        }
        return tensor.i32(type).i64(offset);
    }

    private static byte[] file(long tensors, long pairs, Wire body, int alignment, int data) {
        Wire file = Wire.of().i32(0x46554747).i32(3).i64(tensors).i64(pairs).raw(body.bytes());
        int padding = (alignment - file.size() % alignment) % alignment;
        return file.raw(new byte[tensors == 0 ? 0 : padding + data]).bytes();
    }

    /** Keys only. */
    static byte[] file(Wire... pairs) {
        return file(0, pairs.length, join(pairs), 32, 0);
    }

    private static Wire join(Wire... parts) {
        Wire all = Wire.of();
        for (Wire part : parts) {
            all.raw(part.bytes());
        }
        return all;
    }

    private static byte[] tensors(int data, Wire... tensors) {
        return file(tensors.length, 1, join(text("general.name", "tiny"), join(tensors)), 32, data);
    }

    private static final byte[] SMALL = file(
            2,
            3,
            join(
                    text("general.architecture", "llama"),
                    pair("llama.block_count", 4, Wire.of().i32(1)),
                    pair(
                            "tokenizer.ggml.tokens",
                            9,
                            Wire.of()
                                    .i32(8)
                                    .i64(2)
                                    .raw(string("a").bytes())
                                    .raw(string("b").bytes())),
                    tensor("x", 0, 0, 4, 2),
                    tensor("y", 1, 32, 16)),
            32,
            64);

    @Test
    void read_smallFile_isAcceptedAndTold() throws IOException {
        ModelReport report = accepted(NAME, SMALL);
        assertThat(report.structure().tensors())
                .extracting(Tensor::shape)
                .containsExactly(List.of(2L, 4L), List.of(16L));
        assertThat(report.structure().metadata()).containsEntry("gguf.general.architecture", "\"llama\"");
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
    void read_bigEndian_isAccepted() throws IOException {
        ByteBuffer out = ByteBuffer.allocate(160).order(ByteOrder.BIG_ENDIAN);
        out.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(1).putLong(1);
        out.putLong(3).put("a.b".getBytes(StandardCharsets.US_ASCII)).putInt(4).putInt(7);
        out.putLong(1).put((byte) 'w').putInt(1).putLong(4).putInt(0).putLong(0);
        int end = (out.position() + 31) / 32 * 32;
        out.position(end);
        out.putFloat(1).putFloat(2).putFloat(3).putFloat(4);
        byte[] bytes = Arrays.copyOf(out.array(), out.position());
        ModelReport report = accepted(NAME, bytes);
        assertThat(report.structure().tensors().get(0).order()).isEqualTo(ByteOrder.BIG_ENDIAN);
    }

    @Test
    void read_noTensors_isAccepted() throws IOException {
        accepted(NAME, file(text("general.name", "vocabulary")));
    }

    @Test
    void read_versions_areTold() throws IOException {
        byte[] bytes = SMALL.clone();
        bytes[4] = 2;
        accepted(NAME, bytes);
        bytes[4] = 1;
        notInspected(NAME, bytes, "gguf.version");
        bytes[4] = 9;
        notInspected(NAME, bytes, "gguf.version");
        bytes[4] = 0;
        rejected(NAME, bytes, "file.malformed");
    }

    @ParameterizedTest
    @ValueSource(longs = {1000, 1L << 32, 1L << 62, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void read_countsBeyondTheFile_areRejected(long count) throws IOException {
        rejected(NAME, file(count, 0, Wire.of(), 32, 0), "gguf.count");
        rejected(NAME, file(0, count, text("a", "b"), 32, 0), "gguf.count");
        Wire array = pair("a", 9, Wire.of().i32(4).i64(count).i32(1));
        rejected(NAME, file(array), "gguf.count");
        rejected(NAME, file(pair("a", 9, Wire.of().i32(8).i64(count).i64(0))), "gguf.count");
        Wire string = pair("a", 8, Wire.of().i64(count).raw(1, 2, 3));
        rejected(NAME, file(string), "gguf.count");
        rejected(NAME, file(Wire.of().i64(count).raw(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)), "gguf.count");
    }

    @Test
    void read_metadata_isChecked() throws IOException {
        rejected(NAME, file(text("a", "1"), text("a", "2")), "gguf.duplicate");
        rejected(NAME, file(pair("a", 13, Wire.of().i32(1))), "gguf.metadata");
        rejected(NAME, file(pair("a", -1, Wire.of().i32(1))), "gguf.metadata");
        rejected(NAME, file(pair("a", 7, Wire.of().raw(2))), "gguf.metadata");
        rejected(NAME, file(pair("a", 9, Wire.of().i32(99).i64(0))), "gguf.metadata");
        rejected(NAME, file(text("a b", "x")), "gguf.metadata");
        rejected(NAME, file(text("", "xxxxx")), "gguf.metadata");
        rejected(NAME, file(text("k".repeat(65_536), "x")), "gguf.metadata");
        accepted(NAME, file(text("k".repeat(65_535), "x")));
        Wire templates = Wire.of().i32(8).i64(1).raw(string("tool_use").bytes());
        accepted(NAME, file(pair("tokenizer.chat_templates", 9, templates)));
        rejected(NAME, file(pair("tokenizer.chat_template", 9, templates)), "gguf.metadata");
        accepted(
                NAME,
                file(pair("a", 7, Wire.of().raw(1)), pair("b", 0, Wire.of().raw(255))));
    }

    @Test
    void read_everyValueType_isAccepted() throws IOException {
        int[] widths = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
        Wire all = Wire.of();
        int n = 0;
        for (int type = 0; type < widths.length; type++) {
            if (widths[type] > 0) {
                all.raw(pair("k" + type, type, Wire.of().raw(new byte[widths[type]]))
                        .bytes());
                all.raw(pair("a" + type, 9, Wire.of().i32(type).i64(3).raw(new byte[3 * widths[type]]))
                        .bytes());
                n += 2;
            }
        }
        accepted(NAME, file(0, n, all, 32, 0));
    }

    @Test
    void read_nestedArrays_areBounded() throws IOException {
        Wire array = Wire.of().i32(0).i64(1).raw(1);
        array = Wire.of().i32(9).i64(1).raw(array.bytes());
        accepted(NAME, file(pair("a", 9, array)));
        for (int i = 0; i < 5000; i++) {
            array = Wire.of().i32(9).i64(1).raw(array.bytes());
        }
        rejected(NAME, file(pair("a", 9, array)), "file.too-deep");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 24, 33, 1 << 20, 1 << 31})
    void read_alignmentThatIsNone_isRejected(int alignment) throws IOException {
        rejected(NAME, file(pair("general.alignment", 4, Wire.of().i32(alignment))), "gguf.alignment");
    }

    @Test
    void read_otherAlignment_isAccepted() throws IOException {
        Wire body = join(pair("general.alignment", 4, Wire.of().i32(64)), tensor("a", 0, 0, 4), tensor("b", 0, 64, 4));
        accepted(NAME, file(2, 1, body, 64, 80));
        rejected(NAME, file(pair("general.alignment", 10, Wire.of().i64(32))), "gguf.alignment");
    }

    @ParameterizedTest
    @CsvSource({
        "0,1,4",
        "1,1,2",
        "2,32,18",
        "3,32,20",
        "6,32,22",
        "7,32,24",
        "8,32,34",
        "9,32,36",
        "10,256,84",
        "11,256,110",
        "12,256,144",
        "13,256,176",
        "14,256,210",
        "15,256,292",
        "16,256,66",
        "17,256,74",
        "18,256,98",
        "19,256,50",
        "20,32,18",
        "21,256,110",
        "22,256,82",
        "23,256,136",
        "24,1,1",
        "25,1,2",
        "26,1,4",
        "27,1,8",
        "28,1,8",
        "29,256,56",
        "30,1,2",
        "34,256,54",
        "35,256,66",
        "39,32,17",
        "40,64,36"
    })
    void read_everyTensorType_isAccepted(int type, int elements, int bytes) throws IOException {
        accepted(NAME, tensors(3 * bytes, tensor("w", type, 0, elements, 3)));
        if (elements > 1) {
            rejected(NAME, tensors(3 * bytes, tensor("w", type, 0, elements - 1, 3)), "gguf.tensor");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 99, -1})
    void read_unknownTensorType_cannotBeInspected(int type) throws IOException {
        notInspected(NAME, tensors(32, tensor("w", type, 0, 4)), "gguf.tensor-type");
    }

    @Test
    void read_tensors_areChecked() throws IOException {
        rejected(NAME, tensors(64, tensor("w", 0, 0, 8), tensor("w", 0, 32, 8)), "gguf.duplicate");
        rejected(NAME, tensors(64, tensor("w".repeat(65), 0, 0, 8)), "gguf.metadata");
        rejected(NAME, tensors(64, tensor("w", 0, 0, 1, 1, 1, 1, 1)), "gguf.tensor");
        rejected(NAME, tensors(64, tensor("w", 0, 0, 1L << 40, 1L << 40)), "gguf.tensor");
        rejected(NAME, tensors(64, tensor("w", 0, 0, 1L << 62)), "gguf.tensor");
        rejected(NAME, tensors(64, tensor("w", 0, 0, -1)), "gguf.tensor");
        rejected(NAME, tensors(64, tensor("w", 0, 0, 0, 1L << 40, 1L << 40)), "gguf.tensor");
        accepted(NAME, tensors(4, tensor("scalar", 0, 0)));
    }

    @Test
    void read_layout_isExact() throws IOException {
        accepted(NAME, tensors(64, tensor("a", 0, 0, 8), tensor("b", 0, 32, 8)));
        accepted(NAME, tensors(64, tensor("b", 0, 32, 8), tensor("a", 0, 0, 8)));
        accepted(NAME, tensors(36, tensor("a", 0, 0, 1), tensor("b", 0, 32, 1)));
        accepted(NAME, tensors(64, tensor("a", 0, 0, 1), tensor("b", 0, 32, 1)));
        rejected(NAME, tensors(64, tensor("a", 0, 0, 8), tensor("b", 0, 0, 8)), "gguf.layout");
        rejected(NAME, tensors(64, tensor("a", 0, 0, 16), tensor("b", 0, 32, 8)), "gguf.layout");
        rejected(NAME, tensors(96, tensor("a", 0, 0, 8), tensor("b", 0, 64, 8)), "gguf.layout");
        rejected(NAME, tensors(96, tensor("a", 0, 0, 8), tensor("b", 0, 32, 8)), "gguf.layout");
        rejected(NAME, tensors(64, tensor("a", 0, 4, 8)), "gguf.layout");
        rejected(NAME, tensors(64, tensor("a", 0, 0, 17)), "gguf.layout");
        rejected(NAME, tensors(64, tensor("a", 0, 1L << 40, 8)), "gguf.layout");
        rejected(NAME, tensors(64, tensor("a", 0, -32, 8)), "gguf.layout");
    }

    @Test
    void read_paddingThatIsNotZero_isAWarning() throws IOException {
        byte[] bytes = tensors(36, tensor("a", 0, 0, 1), tensor("b", 0, 32, 1));
        bytes[bytes.length - 20] = 1;
        ModelReport report = accepted(NAME, bytes);
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("gguf.padding");
    }

    @Test
    void read_keysBeyondTheLimitOfTextsInAll_areRefused() throws IOException {
        Limits limits = new Limits(1 << 24, 1000, 1 << 22, 1 << 10, 1 << 20, 50, 1000, 1_000_000);
        Wire[] pairs = new Wire[20];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = text("k".repeat(100) + i, "v");
        }
        ModelReport report =
                ModelVerifier.of(VerificationPolicy.strict().withLimits(limits)).verify(file(pairs), NAME);
        assertThat(ModelFileAsserts.errors(report)).containsExactly("file.too-large");
    }
}
