// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumpyTest {
    private static byte[] npy(int version, String header, byte[] data) {
        byte[] text = (header + "\n").getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer out = ByteBuffer.allocate(12 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        if (version == 1) {
            out.putShort((short) text.length);
        } else {
            out.putInt(text.length);
        }
        out.put(text).put(data);
        return Arrays.copyOf(out.array(), out.position());
    }

    static byte[] npy(String descr, String shape, int bytes) {
        return npy(1, "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }", new byte[bytes]);
    }

    private static ModelReport verify(byte[] bytes) throws IOException {
        return ModelVerifier.standard().verify(bytes, "a.npy");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '"',
            value = {
                "'<f4'~(2, 3)~24~F32",
                "'<f8'~()~8~F64",
                "'>f8'~(2,)~16~F64",
                "'|b1'~(5,)~5~BOOL",
                "'|u1'~(0, 7)~0~U8",
                "'<i8'~(10L,)~80~I64",
                "'<f2'~(4,)~8~F16",
                "'<c8'~(1,)~8~COMPLEX64",
                "'<U3'~(2,)~24~OPAQUE",
                "'|S5'~(2,)~10~OPAQUE",
                "'<M8[ns]'~(3,)~24~I64",
                "[('a', '<f8'), ('b', '<i4', (2,))]~(3,)~48~OPAQUE",
                "[(('title', 'a'), '<f8'), ('', '|V4')]~(1,)~12~OPAQUE"
            })
    void verify_numbers_areAccepted(String descr, String shape, int bytes, ElementType type) throws IOException {
        ModelReport report = verify(npy(descr, shape, bytes));

        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.structure().tensors())
                .singleElement()
                .extracting(Tensor::type)
                .isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '"',
            value = {
                "'<f4'~(2, 3)~23~numpy.size",
                "'<f4'~(2, 3)~25~numpy.size",
                "'<f8'~(10000000000000,)~0~numpy.size",
                "'<f8'~(4294967296, 4294967296)~8~numpy.size",
                "'<f8'~(9223372036854775807, 2)~0~numpy.size",
                "'<f8'~(99999999999999999999,)~0~numpy.header",
                "'<f8'~(-1,)~8~numpy.header",
                "'<f8'~[1]~8~numpy.header",
                "'<f8'~(1.0,)~8~numpy.header",
                "'<f3'~(1,)~3~numpy.header",
                "'os.system'~(1,)~3~numpy.header",
                "__import__('os')~(1,)~8~numpy.header",
                "'<f8', 'descr': '<i4'~(1,)~8~numpy.header",
                "'<f8', 'x': 1~(1,)~8~numpy.header",
                "[('a', '<f8'), ('b', '|O')]~(1,)~16~file.malformed;numpy.object"
            })
    void verify_whatDoesNotFit_isRefusedByItsRule(String descr, String shape, int bytes, String rules)
            throws IOException {
        ModelReport report = verify(npy(descr, shape, bytes));

        assertThat(PickleTest.codes(report)).isEqualTo(List.of(rules.split(";")));
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
    }

    @Test
    void verify_objectArray_isRefusedAndItsPickleInterpreted() throws IOException {
        byte[] payload = PickleBytes.protocol(4)
                .stackGlobal("os", "system")
                .text("id")
                .tuple(1)
                .reduce()
                .stop();
        byte[] header = npy("'|O'", "(1,)", 0);
        byte[] bytes = Arrays.copyOf(header, header.length + payload.length);
        System.arraycopy(payload, 0, bytes, header.length, payload.length);

        assertThat(PickleTest.codes(verify(bytes))).containsExactly("numpy.object", "pickle.code");
    }

    @Test
    void verify_versionsAndHeaders_areRead() throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}";
        assertThat(verify(npy(2, header, new byte[4])).verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(verify(npy(3, header, new byte[4])).verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(PickleTest.codes(verify(npy(4, header, new byte[4])))).containsExactly("numpy.header");
        byte[] huge = npy(2, header, new byte[4]);
        huge[11] = 0x7f;
        assertThat(PickleTest.codes(verify(huge))).containsExactly("file.too-large");
        assertThat(PickleTest.codes(verify(npy(1, "(".repeat(50_000), new byte[4]))))
                .containsExactly("numpy.header");
    }

    @Test
    void verify_severalArraysInAFile_areAllRead() throws IOException {
        byte[] one = npy("'<i4'", "(2,)", 8);
        byte[] two = Arrays.copyOf(one, 2 * one.length);
        System.arraycopy(one, 0, two, one.length, one.length);

        assertThat(verify(two).structure().tensors()).hasSize(2);
        assertThat(verify(two).verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void verify_archiveOfArrays_isReadEntryByEntry() throws IOException {
        byte[] good = TestZip.stored("a.npy", npy("'<i4'", "(2,)", 8), "b.npy", npy("'<f4'", "()", 4));
        ModelReport report = ModelVerifier.standard().verify(good, "x.npz");
        assertThat(report.verification().findings()).isEmpty();
        assertThat(report.structure().format()).isEqualTo("npz");
        assertThat(report.structure().tensors()).extracting(Tensor::name).containsExactly("a", "b");

        byte[] pickle = PickleBytes.protocol(4).ops("N").stop();
        byte[] bad = TestZip.stored("a.npy", npy("'<i4'", "(2,)", 8), "b.npy", pickle);
        assertThat(PickleTest.codes(ModelVerifier.standard().verify(bad, "x.npz")))
                .containsExactly("npz.entry");
    }

    @Test
    void verify_arrayCutAnywhere_isNeverAccepted() throws IOException {
        byte[] whole = npy("'<f4'", "(3,)", 12);
        for (int length = 0; length < whole.length; length++) {
            assertThat(verify(Arrays.copyOf(whole, length)).verification().verdict())
                    .as("%s bytes", length)
                    .isNotEqualTo(Verdict.ACCEPT);
        }
    }

    @Test
    void verify_mutatedArrays_giveAnAnswer() throws IOException {
        Random random = new Random(11);
        byte[] whole = npy("[('a', '<f8'), ('b', '<i4', (2,))]", "(3,)", 48);
        for (int round = 0; round < 5000; round++) {
            byte[] bytes = whole.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            assertThat(verify(bytes).verification()).isNotNull();
        }
    }
}
