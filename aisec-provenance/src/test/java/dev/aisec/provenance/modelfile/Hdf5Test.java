// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.Hdf5Writer.attribute;
import static dev.aisec.provenance.modelfile.Hdf5Writer.bf16;
import static dev.aisec.provenance.modelfile.Hdf5Writer.chunked;
import static dev.aisec.provenance.modelfile.Hdf5Writer.compact;
import static dev.aisec.provenance.modelfile.Hdf5Writer.contiguous;
import static dev.aisec.provenance.modelfile.Hdf5Writer.f16;
import static dev.aisec.provenance.modelfile.Hdf5Writer.f32;
import static dev.aisec.provenance.modelfile.Hdf5Writer.f64be;
import static dev.aisec.provenance.modelfile.Hdf5Writer.filters;
import static dev.aisec.provenance.modelfile.Hdf5Writer.floatBytes;
import static dev.aisec.provenance.modelfile.Hdf5Writer.groupInfo;
import static dev.aisec.provenance.modelfile.Hdf5Writer.link;
import static dev.aisec.provenance.modelfile.Hdf5Writer.space;
import static dev.aisec.provenance.modelfile.Hdf5Writer.type;
import static dev.aisec.provenance.modelfile.Hdf5Writer.variableString;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.provenance.modelfile.Hdf5Writer.Bytes;
import dev.aisec.provenance.modelfile.Hdf5Writer.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Hdf5Test {
    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] deflate(byte[] plain) {
        Deflater deflater = new Deflater();
        deflater.setInput(plain);
        deflater.finish();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] piece = new byte[4096];
        while (!deflater.finished()) {
            out.write(piece, 0, deflater.deflate(piece));
        }
        deflater.end();
        return out.toByteArray();
    }

    private static void refused(byte[] file, String code) {
        Verified.refused(file, "m.h5", code);
    }

    /** One link in the root of a file of the new kind. */
    private static byte[] rooted(Hdf5Writer w, Message... messages) {
        return w.finish(w.object(messages));
    }

    private static byte[] simple() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.dataset(1, 2, 3);
        long g = w.object(groupInfo(), link("kernel:0", d));
        return rooted(w, groupInfo(), link("dense", g), attribute("keras_version", "2.9.0"));
    }

    private static byte[] simpleOld() {
        Hdf5Writer w = new Hdf5Writer(true);
        long a = w.dataset(1, 2);
        long b = w.dataset(3);
        long g = w.oldGroup(List.of("bias", "kernel"), List.of(a, b), List.of());
        return w.finish(w.oldGroup(List.of("dense"), List.of(g), List.of(attribute("backend", "tensorflow"))));
    }

    // --- accepted ---

    @Test
    void read_groupsOfBothKinds_acceptedWithTensors() {
        for (byte[] file : List.of(simple(), simpleOld())) {
            ModelReport report = Verified.accepted(file, "m.h5");
            assertThat(report.structure().format()).isEqualTo("keras-h5");
            assertThat(report.structure().tensors()).isNotEmpty().allMatch(t -> t.type() == ElementType.F32);
        }
        assertThat(Verified.accepted(simpleOld(), "m.h5").structure().tensors())
                .extracting(Tensor::name)
                .containsExactly("dense/bias", "dense/kernel");
    }

    @Test
    void read_numberTypes_acceptedWithTypeAndOrder() {
        Hdf5Writer w = new Hdf5Writer(false);
        long half = w.object(space(3), type(f16()), compact(new byte[6]));
        long brain = w.object(space(3), type(bf16()), compact(new byte[6]));
        long big = w.object(space(2), type(f64be()), compact(new byte[16]));
        long scalar = w.object(space(), type(f32()), compact(floatBytes(1)));
        long empty = w.object(space(0, 4), type(f32()), contiguous(-1, 0));
        ModelReport report = Verified.accepted(
                rooted(
                        w,
                        link("half", half),
                        link("brain", brain),
                        link("big", big),
                        link("scalar", scalar),
                        link("empty", empty)),
                "m.h5");
        assertThat(report.structure().tensors())
                .extracting(Tensor::type)
                .containsExactly(ElementType.F16, ElementType.BF16, ElementType.F64, ElementType.F32, ElementType.F32);
        assertThat(report.structure().tensors().get(2).order()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(report.structure().tensors().get(3).shape()).isEmpty();
    }

    @Test
    void read_chunksWithAndWithoutFilters_accepted() {
        Hdf5Writer w = new Hdf5Writer(false);
        long one = w.floats(1, 2, 3, 4);
        // The last element lies outside the dataset of 7; what it holds does not matter.
        long two = w.floats(5, 6, 7, Float.NaN);
        long plain = w.object(
                space(7), type(f32()), chunked(w.chunks(1, new long[] {0, one, 16}, new long[] {4, two, 16}), 4, 4));
        byte[] packed = deflate(floatBytes(1, 2, 3, 4));
        long zipped = w.put(packed);
        long deflated = w.object(
                space(4), type(f32()), filters(1), chunked(w.chunks(1, new long[] {0, zipped, packed.length}), 4, 4));
        Verified.accepted(rooted(w, link("plain", plain), link("deflated", deflated)), "m.h5");
    }

    @Test
    void read_textInGlobalHeap_accepted() {
        Hdf5Writer w = new Hdf5Writer(false);
        byte[] text = bytes("2.9.0");
        long heap = w.put(Arrays.copyOf(
                new Bytes()
                        .ascii("GCOL")
                        .u8(1, 0, 0, 0)
                        .u(4096, 8)
                        .u(1, 2)
                        .u(1, 2)
                        .u(0, 4)
                        .u(5, 8)
                        .raw(text)
                        .get(),
                4096));
        byte[] file = rooted(
                w,
                groupInfo(),
                attribute(
                        "keras_version",
                        variableString(),
                        new Bytes().u(5, 4).u(heap, 8).u(1, 4).get()));
        assertThat(Verified.accepted(file, "m.h5").structure().metadata()).containsEntry("keras.version", "\"2.9.0\"");
    }

    @Test
    void read_datasetUnderTwoNames_accepted() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.dataset(1);
        Verified.accepted(rooted(w, link("a", d), link("b", d)), "m.h5");
    }

    @Test
    void read_emptyUserBlock_accepted() {
        byte[] plain = simple();
        byte[] file = new byte[512 + plain.length];
        System.arraycopy(plain, 0, file, 512, plain.length);
        byte[] superblock = Arrays.copyOfRange(file, 512, 512 + 44);
        System.arraycopy(new Bytes().u(512, 8).get(), 0, superblock, 12, 8);
        System.arraycopy(new Bytes().u(file.length, 8).get(), 0, superblock, 28, 8);
        System.arraycopy(Hdf5Writer.summed(superblock), 0, file, 512, 48);
        Verified.accepted(file, "m.h5");
        file[100] = 'P';
        refused(file, "hdf5.length");
    }

    @ParameterizedTest
    @ValueSource(strings = {"dense-v110", "chunks-v110", "chunks-latest", "arrays-v110", "earliest", "types"})
    void read_fileOfTheReferenceLibrary_accepted(String name) throws IOException {
        byte[] file = resource(name);
        assertThat(Verified.accepted(file, name + ".h5").structure().tensors()).isNotEmpty();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = new GZIPInputStream(Hdf5Test.class.getResourceAsStream("hdf5/" + name + ".h5.gz"))) {
            return in.readAllBytes();
        }
    }

    // --- links and storage outside the file ---

    @Test
    void read_externalLink_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        byte[] target = new Bytes().u(14, 2).u8(0).ascii("/etc/passwd\0a\0").get();
        refused(rooted(w, groupInfo(), link("x", 64, target)), "hdf5.external-link");
    }

    @Test
    void read_softLink_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        refused(rooted(w, link("x", 1, new Bytes().u(2, 2).ascii("/a").get())), "hdf5.soft-link");
    }

    @Test
    void read_softLinkOfOldGroup_refused() {
        Hdf5Writer w = new Hdf5Writer(true);
        refused(w.finish(w.oldGroup(List.of("x"), List.of(-1L), List.of(), 2, -1)), "hdf5.soft-link");
    }

    @Test
    void read_userDefinedLink_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        refused(rooted(w, link("x", 187, new Bytes().u(1, 2).u8(0).get())), "hdf5.user-link");
    }

    @Test
    void read_externalStorage_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.object(
                space(3),
                type(f32()),
                contiguous(-1, 12),
                new Message(0x07, 0, new Bytes().u8(1, 0, 0, 0).u(1, 4).get()));
        refused(rooted(w, link("x", d)), "hdf5.external-storage");
    }

    @Test
    void read_virtualDataset_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.object(
                space(3),
                type(f32()),
                new Message(0x08, 0, new Bytes().u8(4, 3).u(-1, 8).u(0, 4).get()));
        refused(rooted(w, link("x", d)), "hdf5.virtual");
    }

    @Test
    void read_driverInformation_refused() {
        Hdf5Writer w = new Hdf5Writer(true);
        w.driver = 96;
        refused(w.finish(w.oldGroup(List.of(), List.of(), List.of())), "hdf5.driver");
        Hdf5Writer n = new Hdf5Writer(false);
        n.extension = n.object(
                new Message(0x14, 0, new Bytes().u8(0).ascii("NCSAfami").u(0, 2).get()));
        refused(rooted(n, groupInfo()), "hdf5.driver");
    }

    // --- cycles ---

    @Test
    void read_groupWithinItself_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long g = w.reserve(100);
        w.set(g, Hdf5Writer.header2(List.of(link("again", g))));
        refused(rooted(w, link("g", g)), "hdf5.cycle");
    }

    @Test
    void read_groupUnderTwoNames_refused() {
        // Forty such levels are 2^40 paths for a reader that walks them.
        Hdf5Writer w = new Hdf5Writer(false);
        long g = w.object(groupInfo());
        refused(rooted(w, link("a", g), link("b", g)), "hdf5.cycle");
    }

    @Test
    void read_treeThatIsItsOwnChild_refused() {
        Hdf5Writer w = new Hdf5Writer(true);
        long d = w.dataset(1);
        byte[] file = w.finish(w.oldGroup(List.of("x"), List.of(d), List.of(), 0, 1));
        assertThat(Verified.errors(Verified.verify(file, "m.h5"))).containsAnyOf("hdf5.cycle", "hdf5.malformed");
    }

    @Test
    void read_continuationToItself_refused() {
        Hdf5Writer w = new Hdf5Writer(true);
        long block = w.reserve(24);
        byte[] message = new Bytes()
                .u(0x10, 2)
                .u(16, 2)
                .u8(0, 0, 0, 0)
                .u(block, 8)
                .u(24, 8)
                .get();
        w.set(block, message);
        long d = w.object(
                space(1),
                type(f32()),
                contiguous(-1, 4),
                new Message(0x10, 0, new Bytes().u(block, 8).u(24, 8).get()));
        refused(w.finish(w.oldGroup(List.of("x"), List.of(d), List.of())), "hdf5.cycle");
    }

    @Test
    void read_deepGroups_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long g = w.object(groupInfo());
        for (int i = 0; i < 200; i++) {
            g = w.object(groupInfo(), link("g", g));
        }
        refused(w.finish(g), "file.too-deep");
    }

    // --- disagreement ---

    @Test
    void read_changedHeader_checksumRefused() {
        byte[] file = simple();
        file[file.length - 10] ^= 1;
        refused(file, "hdf5.checksum");
        byte[] superblock = simple();
        superblock[11] ^= 1;
        refused(superblock, "hdf5.checksum");
    }

    @Test
    void read_datasetsThatShareBytes_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long data = w.floats(1, 2, 3);
        long a = w.object(space(3), type(f32()), contiguous(data, 12));
        long b = w.object(space(2), type(f32()), contiguous(data + 4, 8));
        refused(rooted(w, link("a", a), link("b", b)), "hdf5.overlap");
    }

    @Test
    void read_dataOverHeader_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long a = w.object(space(3), type(f32()), contiguous(0, 12));
        refused(rooted(w, link("a", a)), "hdf5.overlap");
    }

    @Test
    void read_sameNameTwice_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        refused(rooted(w, link("a", w.dataset(1)), link("a", w.dataset(2))), "hdf5.duplicate");
        Hdf5Writer attributes = new Hdf5Writer(false);
        refused(
                rooted(attributes, groupInfo(), attribute("model_config", "{}"), attribute("model_config", "[]")),
                "hdf5.duplicate");
        Hdf5Writer old = new Hdf5Writer(true);
        refused(
                old.finish(old.oldGroup(List.of("a", "a"), List.of(old.dataset(1), old.dataset(2)), List.of())),
                "hdf5.duplicate");
    }

    @Test
    void read_namesOutOfOrder_refused() {
        Hdf5Writer w = new Hdf5Writer(true);
        refused(
                w.finish(w.oldGroup(List.of("b", "a"), List.of(w.dataset(1), w.dataset(2)), List.of())),
                "hdf5.malformed");
    }

    @Test
    void read_twoLayouts_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.object(space(1), type(f32()), compact(floatBytes(1)), compact(floatBytes(2)));
        refused(rooted(w, link("x", d)), "hdf5.duplicate");
    }

    @Test
    void read_lengthOfAnotherFile_refused() {
        byte[] longer = Arrays.copyOf(simpleOld(), simpleOld().length + 100);
        refused(longer, "hdf5.length");
        refused(Arrays.copyOf(simpleOld(), simpleOld().length - 1), "file.truncated");
    }

    // --- sizes ---

    @Test
    void read_axesThatOverflow_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.object(space(1L << 40, 1L << 40), type(f32()), contiguous(-1, 0));
        refused(rooted(w, link("x", d)), "hdf5.shape");
    }

    @Test
    void read_muchMoreDeclaredThanStored_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.object(space(1L << 30, 1 << 20), type(f32()), contiguous(-1, 0));
        refused(rooted(w, link("x", d)), "hdf5.unstored");
        Hdf5Writer c = new Hdf5Writer(false);
        long e = c.object(space(1L << 30), type(f32()), chunked(-1, 4, 1024));
        refused(rooted(c, link("x", e)), "hdf5.unstored");
    }

    @Test
    void read_storedSizeOtherThanDeclared_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.object(space(4), type(f32()), contiguous(w.floats(1, 2, 3), 12));
        refused(rooted(w, link("x", d)), "hdf5.shape");
        Hdf5Writer c = new Hdf5Writer(false);
        long e = c.object(space(4), type(f32()), compact(floatBytes(1)));
        refused(rooted(c, link("x", e)), "hdf5.shape");
    }

    @Test
    void read_chunkOutsideOrTwice_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long data = w.floats(1, 2, 3, 4);
        long d = w.object(space(4), type(f32()), chunked(w.chunks(1, new long[] {8, data, 16}), 4, 4));
        refused(rooted(w, link("x", d)), "hdf5.shape");
        Hdf5Writer t = new Hdf5Writer(false);
        long e = t.object(
                space(4),
                type(f32()),
                chunked(
                        t.chunks(1, new long[] {0, t.floats(1, 2, 3, 4), 16}, new long[] {0, t.floats(1, 2, 3, 4), 16}),
                        4,
                        4));
        refused(rooted(t, link("x", e)), "hdf5.duplicate");
    }

    @Test
    void read_chunkThatInflatesToMore_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        byte[] bomb = deflate(new byte[1 << 20]);
        long at = w.put(bomb);
        long d = w.object(
                space(4), type(f32()), filters(1), chunked(w.chunks(1, new long[] {0, at, bomb.length}), 4, 4));
        refused(rooted(w, link("x", d)), "hdf5.shape");
    }

    @Test
    void read_filterWithWrongChecksum_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        long at = w.put(new Bytes().raw(floatBytes(1, 2, 3, 4)).u(0x12345678, 4).get());
        long d = w.object(space(4), type(f32()), filters(3), chunked(w.chunks(1, new long[] {0, at, 20}), 4, 4));
        refused(rooted(w, link("x", d)), "hdf5.checksum");
    }

    // --- code ---

    @Test
    void read_pickleInAttribute_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        byte[] pickle = bytes("cos\nsystem\n(S'id'\ntR.");
        refused(rooted(w, groupInfo(), attribute("values", Hdf5Writer.string(pickle.length), pickle)), "hdf5.pickle");
        Hdf5Writer pandas = new Hdf5Writer(false);
        long d = pandas.object(space(1), type(f32()), compact(floatBytes(1)), attribute("PSEUDOATOM", "object"));
        refused(rooted(pandas, link("x", d)), "hdf5.pickle");
    }

    // --- what is not read ---

    @Test
    void read_unknownFeature_uninspected() {
        Hdf5Writer filter = new Hdf5Writer(false);
        long d = filter.object(space(4), type(f32()), filters(32000), chunked(-1, 4, 4));
        Verified.uninspected(rooted(filter, link("x", d)), "m.h5", "hdf5.filter");
        Hdf5Writer message = new Hdf5Writer(false);
        Verified.uninspected(
                rooted(message, groupInfo(), new Message(0x77, 0, new byte[4])), "m.h5", "hdf5.unsupported");
        Hdf5Writer reference = new Hdf5Writer(false);
        long r = reference.object(
                space(1), type(new Bytes().u8(0x17, 0, 0, 0).u(8, 4).get()), compact(new byte[8]));
        Verified.uninspected(rooted(reference, link("x", r)), "m.h5", "hdf5.unsupported");
        Hdf5Writer version = new Hdf5Writer(false);
        version.superblock = 9;
        Verified.uninspected(rooted(version, groupInfo()), "m.h5", "hdf5.unsupported");
    }

    // --- robustness ---

    @Test
    void read_anyBeginning_notAccepted() throws IOException {
        Verified.truncated(simple(), "m.h5", 1);
        Verified.truncated(simpleOld(), "m.h5", 1);
        Verified.truncated(resource("dense-v110"), "m.h5", 301);
    }

    @Test
    void read_mutatedFile_answered() throws IOException {
        Verified.mutated(simple(), "m.h5", 700, 1);
        Verified.mutated(simpleOld(), "m.h5", 700, 2);
        Verified.mutated(resource("earliest"), "m.h5", 80, 3);
    }

    @Test
    void read_interrupted_cancelled() {
        byte[] file = simple();
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> ModelVerifier.standard().verify(file, "m.h5"))
                    .isInstanceOf(CancellationException.class);
        } finally {
            Thread.interrupted();
        }
    }
}
