// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PyTorchTest {
    private static final int[] MAGIC = {
        0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'
    };

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static PickleBytes p2() {
        return PickleBytes.protocol(2);
    }

    private static byte[] zip(byte[] pickle, Object... more) throws IOException {
        List<Object> all = new ArrayList<>(List.of(
                "m/data.pkl",
                pickle,
                "m/byteorder",
                ascii("little"),
                "m/version",
                ascii("3\n"),
                "m/.data/serialization_id",
                ascii("0123456789")));
        all.addAll(Arrays.asList(more));
        return TestZip.stored(all.toArray());
    }

    private static ModelReport verify(byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, "model.pt");
    }

    /** Protocol version, system, model, keys, and one storage. */
    private static byte[] legacy(byte[] model, String key, long elements, byte[] content) {
        return new PickleBytes()
                .op(MAGIC)
                .bytes(p2().ops("M").op(0xe9, 3).stop())
                .bytes(p2().ops("}(")
                        .text("protocol_version")
                        .ops("M")
                        .op(0xe9, 3)
                        .text("little_endian")
                        .op(0x88)
                        .ops("u")
                        .stop())
                .bytes(model)
                .bytes(p2().ops("](").text(key).ops("e").stop())
                .i64(elements)
                .bytes(content)
                .done();
    }

    private static byte[] stateDict() {
        return p2().global("collections", "OrderedDict")
                .ops(")R(")
                .text("fc.weight")
                .tensor("FloatStorage", "0", 6, 0, 2, 3)
                .text("fc.bias")
                .tensor("FloatStorage", "1", 2, 0, 1, 2)
                .ops("u}")
                .text("_metadata")
                .global("collections", "OrderedDict")
                .ops(")Rsb")
                .stop();
    }

    @Test
    void verify_stateDict_isAcceptedWithItsTensors() throws IOException {
        ModelReport report = verify(zip(stateDict(), "m/data/0", new byte[24], "m/data/1", new byte[8]));

        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.structure().format()).isEqualTo("pytorch");
        assertThat(report.structure().tensors()).extracting(Tensor::name).containsExactly("fc.weight", "fc.bias");
        assertThat(report.structure().tensors().get(0).shape()).containsExactly(2L, 3L);
    }

    @Test
    void verify_everyTypeOfStorage_isAccepted() throws IOException {
        for (Map.Entry<String, ElementType> type : PickleGlobals.STORAGES.entrySet()) {
            if (type.getValue() == ElementType.OPAQUE) {
                continue;
            }
            byte[] pickle = p2().ops("}")
                    .text("w")
                    .tensor(type.getKey(), "0", 6, 0, 2, 3)
                    .ops("s")
                    .stop();
            ModelReport report =
                    verify(zip(pickle, "m/data/0", new byte[6 * type.getValue().blockBytes()]));
            assertThat(report.verification().findings()).as(type.getKey()).isEmpty();
            assertThat(report.structure().tensors())
                    .singleElement()
                    .extracting(Tensor::type)
                    .isEqualTo(type.getValue());
        }
    }

    @Test
    void verify_untypedStorageOfNewTypes_isAccepted() throws IOException {
        byte[] pickle = p2().global("torch._utils", "_rebuild_tensor_v3")
                .ops("((")
                .text("storage")
                .global("torch.storage", "UntypedStorage")
                .text("0")
                .text("cpu")
                .integer(12)
                .ops("tQ")
                .integer(0)
                .integer(12)
                .tuple(1)
                .integer(1)
                .tuple(1)
                .op(0x89)
                .global("collections", "OrderedDict")
                .ops(")R")
                .global("torch", "float8_e4m3fn")
                .ops("}tR")
                .stop();
        ModelReport report = verify(zip(pickle, "m/data/0", new byte[12]));

        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.structure().tensors())
                .singleElement()
                .extracting(Tensor::type)
                .isEqualTo(ElementType.F8_E4M3);
    }

    @Test
    void verify_parametersAndOptimizer_areAccepted() throws IOException {
        byte[] pickle = p2().ops("}(")
                .text("model")
                .global("torch._utils", "_rebuild_parameter")
                .tensor("HalfStorage", "0", 6, 0, 2, 3)
                .op(0x88)
                .global("collections", "OrderedDict")
                .ops(")R")
                .tuple(3)
                .reduce()
                .text("optimizer")
                .ops("}(")
                .text("state")
                .ops("}")
                .integer(0)
                .ops("}")
                .text("step")
                .integer(7)
                .ops("ss")
                .text("param_groups")
                .ops("]")
                .ops("}")
                .text("lr")
                .ops("G")
                .bytes(new byte[8])
                .ops("sa")
                .ops("u")
                .text("dtype")
                .global("torch", "float16")
                .text("device")
                .global("torch", "device")
                .text("cuda")
                .integer(0)
                .tuple(2)
                .reduce()
                .text("size")
                .global("torch", "Size")
                .integer(2)
                .integer(3)
                .tuple(2)
                .tuple(1)
                .reduce()
                .ops("u")
                .stop();
        ModelReport report = verify(zip(pickle, "m/data/0", new byte[12]));

        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.structure().tensors()).extracting(Tensor::name).containsExactly("model");
    }

    @Test
    void verify_sharedStorage_isAccepted() throws IOException {
        byte[] pickle = p2().ops("}(")
                .text("tied")
                .tensor("FloatStorage", "0", 6, 0, 2, 3)
                .text("same")
                .tensor("FloatStorage", "0", 6, 0, 2, 3)
                .text("last")
                .tensor("FloatStorage", "0", 6, 4, 1, 2)
                .ops("u")
                .stop();
        ModelReport report = verify(zip(pickle, "m/data/0", new byte[24]));

        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.structure().tensors()).extracting(Tensor::name).contains("tied", "same", "last");
    }

    @Test
    void verify_notANumber_isFoundInAView() throws IOException {
        byte[] content = new byte[24];
        content[2] = (byte) 0xc0;
        content[3] = 0x7f;
        byte[] pickle = p2().ops("}")
                .text("w")
                .tensor("FloatStorage", "0", 6, 0, 2, 3)
                .ops("s")
                .stop();

        assertThat(PickleTest.codes(verify(zip(pickle, "m/data/0", content))))
                .containsExactly("parameters.not-a-number");
    }

    @Test
    void verify_maliciousPickle_isFoundInEveryEntry() throws IOException {
        byte[] evil =
                p2().global("posix", "system").text("id").tuple(1).reduce().stop();
        byte[] good = p2().ops("}").stop();

        assertThat(PickleTest.codes(verify(zip(evil)))).containsExactly("pickle.code");
        assertThat(PickleTest.codes(verify(zip(good, "m/data/0", evil)))).containsExactly("pickle.code");
        assertThat(PickleTest.codes(verify(zip(good, "m/notes.txt", evil)))).containsExactly("pickle.code");
        assertThat(PickleTest.codes(verify(zip(good, "other.bin", evil)))).containsExactly("pickle.code");
    }

    @Test
    void verify_tensorsOutsideStorages_areRefused() throws IOException {
        byte[] beyond = p2().tensor("FloatStorage", "0", 6, 1, 2, 3).stop();
        byte[] negative = p2().tensor("FloatStorage", "0", 6, -1, 2, 3).stop();
        byte[] overflow = p2().tensor("FloatStorage", "0", 6, 0, Integer.MAX_VALUE, Integer.MAX_VALUE)
                .stop();

        assertThat(PickleTest.codes(verify(zip(beyond, "m/data/0", new byte[24]))))
                .containsExactly("pytorch.tensor");
        assertThat(PickleTest.codes(verify(zip(negative, "m/data/0", new byte[24]))))
                .containsExactly("pickle.arguments");
        assertThat(PickleTest.codes(verify(zip(overflow, "m/data/0", new byte[24]))))
                .containsExactly("pytorch.tensor");
    }

    @Test
    void verify_storagesThatDoNotFit_areRefused() throws IOException {
        byte[] pickle = p2().tensor("FloatStorage", "0", 6, 0, 2, 3).stop();
        byte[] two = p2().tensor("FloatStorage", "0", 6, 0, 2, 3)
                .tensor("DoubleStorage", "0", 6, 0, 2, 3)
                .tuple(2)
                .stop();

        assertThat(PickleTest.codes(verify(zip(pickle)))).containsExactly("pytorch.storage");
        assertThat(PickleTest.codes(verify(zip(pickle, "m/data/0", new byte[23]))))
                .containsExactly("pytorch.storage");
        assertThat(PickleTest.codes(verify(zip(pickle, "m/data/0", new byte[25]))))
                .containsExactly("pytorch.storage");
        assertThat(PickleTest.codes(verify(zip(two, "m/data/0", new byte[24])))).containsExactly("pytorch.storage");
    }

    @Test
    void verify_expandedTensor_isRefusedIfItWouldFillTheMemory() throws IOException {
        byte[] bomb = p2().global("torch._utils", "_rebuild_tensor_v2")
                .ops("(")
                .storage("FloatStorage", "0", 1)
                .integer(0)
                .integer(2_000_000_000)
                .tuple(1)
                .integer(0)
                .tuple(1)
                .op(0x89)
                .ops("}tR")
                .stop();

        assertThat(PickleTest.codes(verify(zip(bomb, "m/data/0", new byte[4])))).containsExactly("pickle.expansion");
    }

    @Test
    void verify_hooksAndForeignRebuilders_areRefused() throws IOException {
        byte[] hooks = p2().global("torch._utils", "_rebuild_tensor_v2")
                .ops("(")
                .storage("FloatStorage", "0", 1)
                .integer(0)
                .integer(1)
                .tuple(1)
                .integer(1)
                .tuple(1)
                .op(0x89)
                .ops("}")
                .integer(1)
                .global("builtins", "list")
                .ops("stR")
                .stop();
        byte[] type = p2().global("torch._tensor", "_rebuild_from_type_v2")
                .ops("(")
                .global("os", "system")
                .global("torch", "Tensor")
                .text("id")
                .tuple(1)
                .ops("NtR")
                .stop();
        byte[] list = p2().global("torch._tensor", "_rebuild_from_type_v2")
                .ops("(")
                .global("builtins", "bytearray")
                .global("torch", "Tensor")
                .integer(2_000_000_000)
                .tuple(1)
                .ops("NtR")
                .stop();

        assertThat(PickleTest.codes(verify(zip(hooks, "m/data/0", new byte[4]))))
                .containsExactly("pickle.arguments");
        assertThat(PickleTest.codes(verify(zip(type)))).containsExactly("pickle.code");
        assertThat(PickleTest.codes(verify(zip(list)))).containsExactly("pickle.arguments");
    }

    @Test
    void verify_torchScript_cannotBeInspectedButItsPicklesAre() throws IOException {
        byte[] model =
                p2().global("__torch__", "Net").ops(")").op(0x81).ops("}b").stop();
        byte[] script = zip(
                model,
                "m/code/__torch__.py",
                ascii("class Net(Module):\n  pass\n"),
                "m/constants.pkl",
                p2().tuple(0).stop());
        ModelReport report = verify(script);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
        assertThat(PickleTest.codes(report)).containsExactly("pytorch.torchscript");

        byte[] evil =
                p2().global("posix", "system").text("id").tuple(1).reduce().stop();
        byte[] worse =
                zip(model, "m/code/__torch__.py", ascii("class Net(Module):\n  pass\n"), "m/constants.pkl", evil);
        assertThat(verify(worse).verification().verdict()).isEqualTo(Verdict.REJECT);
    }

    @Test
    void verify_twoModelsInOneArchive_areRefused() throws IOException {
        byte[] good = p2().ops("}").stop();

        assertThat(PickleTest.codes(verify(zip(good, "n/data.pkl", good, "n/version", ascii("3\n")))))
                .contains("pytorch.layout");
    }

    @Test
    void verify_bigEndianModel_isReadInItsOrder() throws IOException {
        byte[] bytes = TestZip.stored(
                "m/data.pkl",
                p2().tensor("FloatStorage", "0", 1, 0, 1, 1).stop(),
                "m/byteorder",
                ascii("big"),
                "m/version",
                ascii("3\n"),
                "m/data/0",
                new byte[] {0x7f, (byte) 0xc0, 0, 0});

        assertThat(PickleTest.codes(verify(bytes))).containsExactly("parameters.not-a-number");
    }

    @Test
    void verify_legacyStream_isReadToItsEnd() throws IOException {
        byte[] model = p2().ops("}")
                .text("w")
                .tensor("FloatStorage", "k", 6, 0, 2, 3)
                .ops("s")
                .stop();
        ModelReport report = verify(legacy(model, "k", 6, new byte[24]));
        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.structure().format()).isEqualTo("pytorch-legacy");
        assertThat(report.structure().tensors()).extracting(Tensor::name).containsExactly("w");

        assertThat(PickleTest.codes(verify(legacy(model, "k", 6, new byte[25]))))
                .containsExactly("pickle.trailing");
        assertThat(PickleTest.codes(verify(legacy(model, "k", 7, new byte[28]))))
                .containsExactly("pytorch.storage");
        assertThat(PickleTest.codes(verify(legacy(model, "x", 6, new byte[24]))))
                .containsExactly("pytorch.storage");
        assertThat(PickleTest.codes(verify(legacy(model, "k", 6, new byte[23]))))
                .containsExactly("file.truncated");
    }

    @Test
    void verify_legacyStreamCutAnywhere_isNeverAccepted() throws IOException {
        byte[] model = p2().ops("}")
                .text("w")
                .tensor("FloatStorage", "k", 6, 0, 2, 3)
                .ops("s")
                .stop();
        byte[] whole = legacy(model, "k", 6, new byte[24]);
        for (int length = 0; length < whole.length; length++) {
            // The magic number alone is a pickle of one number.
            if (length != MAGIC.length) {
                assertThat(verify(Arrays.copyOf(whole, length)).verification().verdict())
                        .as("%s bytes", length)
                        .isNotEqualTo(Verdict.ACCEPT);
            }
        }
    }

    @Test
    void verify_legacyStreamWithCodeInAnyPickle_isRefused() throws IOException {
        byte[] evil = p2().global("os", "system").text("id").tuple(1).reduce().stop();

        assertThat(PickleTest.codes(verify(legacy(evil, "k", 6, new byte[24])))).contains("pickle.code");
        byte[] second = new PickleBytes().op(MAGIC).bytes(evil).done();
        assertThat(PickleTest.codes(verify(second))).contains("pickle.code");
    }

    @Test
    void verify_mutatedModels_giveAnAnswer() throws IOException {
        Random random = new Random(13);
        byte[] model = p2().ops("}")
                .text("w")
                .tensor("FloatStorage", "k", 6, 0, 2, 3)
                .ops("s")
                .stop();
        List<byte[]> seeds = List.of(
                legacy(model, "k", 6, new byte[24]),
                zip(stateDict(), "m/data/0", new byte[24], "m/data/1", new byte[8]));
        for (int round = 0; round < 4000; round++) {
            byte[] bytes = seeds.get(round % 2).clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            assertThat(verify(bytes).verification()).isNotNull();
        }
    }
}
