// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.aisec.core.MalformedInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
    @TempDir
    Path folder;

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private static byte[] images(int magic, int count, int rows, int columns, int bytes) {
        return ByteBuffer.allocate(16 + bytes)
                .putInt(magic)
                .putInt(count)
                .putInt(rows)
                .putInt(columns)
                .array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    @Test
    void write_thenRead_givesSameImagesPlainAndGzipped() throws IOException {
        Batch images = Batch.of(new float[] {0, 1, 0.2f, 0.4f, 0.6f, 0.8f}, Shape.of(1, 1, 3));
        Idx.writeImages(images, folder.resolve("i"));
        Idx.writeLabels(new int[] {3, 255}, folder.resolve("l"));
        Labelled data = Idx.read(folder.resolve("i"), folder.resolve("l"));
        assertThat(data.inputs()).isEqualTo(images);
        assertThat(data.targets().labels()).containsExactly(3, 255);
        Path zipped = file("i.gz", gzip(Files.readAllBytes(folder.resolve("i"))));
        assertThat(Idx.readImages(zipped)).isEqualTo(images);
    }

    @Test
    void read_hostileFiles_tellWhatWhereWhy() throws IOException {
        byte[] good = images(0x803, 2, 2, 2, 8);
        assertThatThrownBy(() -> Idx.readImages(folder.resolve("none")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none: no such file");
        assertThatThrownBy(() -> Idx.readImages(folder)).isInstanceOf(IOException.class);
        malformed(images(0x801, 2, 2, 2, 8), "magic number must be 0x00000803 (images), was 0x00000801");
        malformed(new byte[0], "must have 16 bytes, ends after 0");
        malformed(Arrays.copyOf(good, 20), "must have 24 bytes, ends after 20");
        malformed(Arrays.copyOf(good, 25), "must end after 24 bytes");
        malformed(images(0x803, 0, 2, 2, 0), "dimension 0 must be >= 1, was 0");
        malformed(images(0x803, -1, 2, 2, 0), "dimension 0 must be >= 1, was -1");
        malformed(images(0x803, Integer.MAX_VALUE, Integer.MAX_VALUE, 3, 0), "number of values must be <=");
        // Claims 500 MB, has nothing: must not allocate it.
        malformed(images(0x803, 1 << 29, 1, 1, 0), "ends after 16");
        byte[] zipped = gzip(good);
        malformed(Arrays.copyOf(zipped, zipped.length - 9), "gzip data is damaged or truncated");
        byte[] broken = zipped.clone();
        broken[zipped.length - 5] ^= 1;
        malformed(broken, "gzip data is damaged");
        malformed(gzip(Arrays.copyOf(good, 1 << 20)), "must end after 24 bytes");
    }

    private void malformed(byte[] bytes, String message) throws IOException {
        Path file = file("bad", bytes);
        assertThatThrownBy(() -> Idx.readImages(file))
                .isInstanceOf(MalformedInputException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(message);
    }

    @Test
    void read_otherCounts_namesBoth() throws IOException {
        Path i = file("i", images(0x803, 2, 1, 1, 2));
        Path l = file("l", ByteBuffer.allocate(9).putInt(0x801).putInt(1).array());
        assertThatThrownBy(() -> Idx.read(i, l))
                .hasMessageContaining("number of labels must equal the number of images 2 of i, was 1");
    }

    @Test
    void read_everyPrefix_givesMalformed() throws IOException {
        byte[] good = gzip(images(0x803, 2, 2, 2, 8));
        for (int length = 0; length < good.length; length++) {
            Path cut = file("cut", Arrays.copyOf(good, length));
            assertThatThrownBy(() -> Idx.readImages(cut)).isInstanceOf(MalformedInputException.class);
        }
    }

    @Test
    void read_mnist_isThere() throws IOException {
        Path mnist =
                Path.of(System.getProperty("aisec.data", "../../shared/data")).resolve("mnist");
        assumeTrue(Files.isDirectory(mnist), () -> "skipped: no MNIST in " + mnist);
        Labelled test =
                Idx.read(mnist.resolve("t10k-images-idx3-ubyte.gz"), mnist.resolve("t10k-labels-idx1-ubyte.gz"));
        assertThat(test.size()).isEqualTo(10_000);
        assertThat(test.inputs().shape()).isEqualTo(Shape.of(1, 28, 28));
        assertThat(test.targets().label(0)).isEqualTo(7);
    }
}
