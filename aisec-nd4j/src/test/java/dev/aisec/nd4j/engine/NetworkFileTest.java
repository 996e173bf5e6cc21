// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkFileTest {
    private static final Activation TANH = Activation.of(Activation.Kind.TANH);

    @TempDir
    Path folder;

    /** One layer of every kind. */
    private static CompiledNetwork everything() {
        NetworkSpec spec = new NetworkSpec(
                Shape.of(36),
                List.of(
                        new NetworkSpec.Layer("image", new LayerSpec.Reshape(Shape.of(1, 6, 6))),
                        new NetworkSpec.Layer("pad", new LayerSpec.ZeroPadding(1, 1, 0, 2)),
                        new NetworkSpec.Layer("a", new LayerSpec.Convolution(4, Window.square(3, 1), 1, true, TANH)),
                        new NetworkSpec.Layer("norm", LayerSpec.BatchNorm.standard(), List.of(), true),
                        new NetworkSpec.Layer("local", new LayerSpec.LocalResponse(3, 2, 0.1, 0.75)),
                        new NetworkSpec.Layer("drop", new LayerSpec.Dropout(LayerSpec.Dropout.Kind.CHANNELS, 0.5)),
                        new NetworkSpec.Layer("prelu", new LayerSpec.ParametricRelu(Shape.of(4, 1, 1))),
                        new NetworkSpec.Layer("relu", new LayerSpec.Activate(Activation.RELU), List.of("norm")),
                        new NetworkSpec.Layer(
                                "sum", new LayerSpec.Combine(LayerSpec.Combine.Kind.ADD), List.of("prelu", "relu")),
                        new NetworkSpec.Layer("both", new LayerSpec.Concatenate(), List.of("sum", "a")),
                        new NetworkSpec.Layer(
                                "pool", new LayerSpec.Pooling(LayerSpec.Reduction.AVERAGE, false, Window.square(2, 2))),
                        new NetworkSpec.Layer("up", new LayerSpec.Upsampling(1, 2)),
                        new NetworkSpec.Layer("global", new LayerSpec.GlobalPooling(LayerSpec.Reduction.MAX, false)),
                        new NetworkSpec.Layer("out", new LayerSpec.Dense(3, true, Activation.IDENTITY))));
        return Networks.of(spec, new Seed(4), Bounds.of(-1, 1));
    }

    @Test
    void write_thenRead_givesTheSameNetworkAndBytes() throws IOException {
        CompiledNetwork network = everything();
        Path file = folder.resolve("n.safetensors");
        NetworkFile.write(network, file);
        byte[] bytes = Files.readAllBytes(file);
        NetworkFile.write(network, file);
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
        CompiledNetwork read = NetworkFile.read(file);
        assertThat(read.network()).isEqualTo(network.network());
        assertThat(read.parameters()).isEqualTo(network.parameters());
        assertThat(read.spec()).isEqualTo(network.spec());
        Batch x = Batch.wrap(new float[72], Shape.of(36));
        assertThat(read.logits(x)).isEqualTo(network.logits(x));
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void write_boundsPerFeature_areKept() throws IOException {
        CompiledNetwork network = Networks.of(
                NetworkSpec.chain(Shape.of(2), new LayerSpec.Dense(2, false, Activation.IDENTITY)),
                new float[] {1, 2, 3, 0.1f},
                Bounds.perFeature(new float[] {0, -0.1f}, new float[] {1, 7}));
        Path file = folder.resolve("n.safetensors");
        NetworkFile.write(network, file);
        assertThat(NetworkFile.read(file).spec().bounds())
                .isEqualTo(network.spec().bounds());
    }

    /** The format itself: a file as it was written once must be read for ever. */
    @Test
    void read_fileOfThisVersion_isUnderstood() throws IOException {
        String layers =
                "{\"format\":\"aisec-network-1\",\"input\":[2],\"layers\":[{\"frozen\":false,\"inputs\":[\"input\"],"
                        + "\"name\":\"0\",\"parameters\":{\"activation\":{\"kind\":\"IDENTITY\",\"parameter\":0},\"bias\":false,"
                        + "\"outputs\":2},\"type\":\"Dense\"}],\"lower\":[0],\"upper\":[1]}";
        CompiledNetwork network = NetworkFile.read(file(layers, 0, 1, 2, 3));
        assertThat(network.logits(Batch.of(new float[] {1, 10}, Shape.of(2))).toArray())
                .containsExactly(10, 32);
    }

    private Path file(String layers, float... parameters) throws IOException {
        String header = "{\"__metadata__\":{\"aisec.network\":\"" + layers.replace("\"", "\\\"") + "\"},"
                + "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
        return file(header.getBytes(StandardCharsets.UTF_8), parameters);
    }

    private Path file(byte[] header, float... parameters) throws IOException {
        ByteBuffer b =
                ByteBuffer.allocate(8 + header.length + 4 * parameters.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putLong(header.length).put(header);
        for (float p : parameters) {
            b.putFloat(p);
        }
        return Files.write(folder.resolve("made.safetensors"), b.array());
    }

    private void assertRefused(UnaryOperator<String> change, String... words) throws IOException {
        CompiledNetwork network = everything();
        Path file = folder.resolve("h.safetensors");
        NetworkFile.write(network, file);
        byte[] bytes = Files.readAllBytes(file);
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
        String changed = change.apply(header);
        assertThat(changed).isNotEqualTo(header);
        Path made = file(changed.getBytes(StandardCharsets.UTF_8), network.parameters());
        assertThatThrownBy(() -> NetworkFile.read(made))
                .isInstanceOf(MalformedInputException.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void read_hostileHeaders_areRefused() throws IOException {
        assertRefused(h -> h.replace("F32", "F64"), "must be F32");
        assertRefused(h -> h.replace("\"shape\":[4,1,1]", "\"shape\":[4,1,2]"), "prelu.slope", "shape");
        assertRefused(h -> h.replaceFirst("data_offsets\":\\[0,", "data_offsets\":[4,"), "must be at");
        assertRefused(h -> h.replace("aisec.network", "other"), "aisec.network must be a string");
        assertRefused(
                h -> h.replace("\\\"type\\\":\\\"Upsampling\\\"", "\\\"type\\\":\\\"java.lang.Runtime\\\""), "type");
        assertRefused(h -> h.replace("aisec-network-1", "aisec-network-2"), "format");
        assertRefused(h -> h.replace("\\\"TANH\\\"", "\\\"RUN\\\""), "must be one of");
        assertRefused(
                h -> h.replace("\\\"height\\\":1,\\\"width\\\":2", "\\\"height\\\":60000,\\\"width\\\":60000"), "up");
        assertRefused(
                h -> h.replace("\\\"height\\\":1,\\\"width\\\":2", "\\\"height\\\":9000,\\\"width\\\":900"),
                "values of one example");
        assertRefused(
                h -> h.replace("\\\"height\\\":1,\\\"width\\\":2", "\\\"height\\\":1.5,\\\"width\\\":2"), "whole");
        assertRefused(h -> h.replace("\\\"frozen\\\":true", "\\\"frozen\\\":1"), "frozen must be a boolean");
        assertRefused(h -> h.replace("\\\"inputs\\\":[\\\"norm\\\"]", "\\\"inputs\\\":[\\\"out\\\"]"), "stand before");
        assertRefused(h -> h.substring(0, h.length() / 2), "");
    }

    @Test
    void read_hostileLengths_areRefused() throws IOException {
        CompiledNetwork network = everything();
        Path file = folder.resolve("n.safetensors");
        NetworkFile.write(network, file);
        byte[] bytes = Files.readAllBytes(file);
        for (long length : new long[] {-1, 0, 1, Long.MAX_VALUE, bytes.length, 17 << 20}) {
            byte[] changed = bytes.clone();
            ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            Files.write(file, changed);
            assertThatThrownBy(() -> NetworkFile.read(file))
                    .isInstanceOf(MalformedInputException.class)
                    .hasMessageContaining("length of the header");
        }
        for (int cut : new int[] {0, 5, 8, 100, bytes.length - 1}) {
            Files.write(file, java.util.Arrays.copyOf(bytes, cut));
            assertThatThrownBy(() -> NetworkFile.read(file))
                    .isInstanceOfAny(MalformedInputException.class, EOFException.class);
        }
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length + 4));
        assertThatThrownBy(() -> NetworkFile.read(file)).hasMessageContaining("parameters must be");
        Files.write(file, bytes);
        assertThatThrownBy(() -> NetworkFile.read(file, 100)).hasMessageContaining("at most 100 bytes");
        bytes[bytes.length - 1] = 0x7f;
        bytes[bytes.length - 2] = (byte) 0xc0;
        Files.write(file, bytes);
        assertThatThrownBy(() -> NetworkFile.read(file))
                .isInstanceOf(MalformedInputException.class)
                .hasMessageContaining("finite");
    }

    @Test
    void read_changedBytes_giveANetworkOrAnAnswer() throws IOException {
        Path file = folder.resolve("n.safetensors");
        NetworkFile.write(everything(), file);
        byte[] bytes = Files.readAllBytes(file);
        RandomGenerator random = new Seed(1).generator(0);
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] changed = bytes.clone();
            changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
            Files.write(file, changed);
            try {
                NetworkFile.read(file);
            } catch (MalformedInputException | EOFException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(500, 2000);
    }

    @Test
    void write_folderMissing_leavesNothing() {
        Path file = folder.resolve("none/n.safetensors");
        assertThatThrownBy(() -> NetworkFile.write(everything(), file)).isInstanceOf(NoSuchFileException.class);
        assertThat(folder).isEmptyDirectory();
    }
}
