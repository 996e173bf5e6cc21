// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Progress;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.model.ParameterLayout;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Networks in files of the safetensors format: the parameters as tensors of type F32, and the layers as JSON in the entry
 * {@code aisec.network} of its metadata. Other readers of safetensors see the tensors. Nothing in such a file is executed.
 *
 * <p>Equal networks give equal bytes. Reading is strict: tensors must be exactly those that the layers ask for, in their
 * order and without gaps, finite; the header is at most 16 MiB, the file at most as long as the caller allows, and every
 * length is checked before memory is taken.
 */
public final class NetworkFile {
    private static final String KEY = "aisec.network";
    private static final int HEADER = 16 << 20;
    private static final int BUFFER = 1 << 20;
    /** Floats of one example over all values of a network that is read. */
    private static final long VALUES = 1L << 28;

    private NetworkFile() {}

    /**
     * Writes a network: to a file beside it first, which then takes its place.
     *
     * @param network the network
     * @param file where to; replaced
     * @throws IOException if it cannot be written; the file is then as it was
     */
    public static void write(CompiledNetwork network, Path file) throws IOException {
        Path temporary = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            writeTo(network, temporary);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void writeTo(CompiledNetwork network, Path file) throws IOException {
        byte[] header = header(network);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
            buffer.putLong(header.length).flip();
            writeAll(out, buffer);
            writeAll(out, ByteBuffer.wrap(header));
            float[] parameters = network.parameters();
            for (int from = 0; from < parameters.length; from += BUFFER / Float.BYTES) {
                Progress.checkInterrupted();
                int length = Math.min(BUFFER / Float.BYTES, parameters.length - from);
                buffer.clear();
                buffer.asFloatBuffer().put(parameters, from, length);
                writeAll(out, buffer.limit(length * Float.BYTES));
            }
            out.force(true);
        }
    }

    private static void writeAll(FileChannel out, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            out.write(buffer);
        }
    }

    private static byte[] header(CompiledNetwork network) {
        Map<String, JsonValue> members = new TreeMap<>();
        String layers = CanonicalJson.string(
                SpecJson.write(network.network(), network.spec().bounds()));
        members.put("__metadata__", new JsonObject(Map.of(KEY, JsonValue.of(layers))));
        for (ParameterLayout.Tensor t : network.layout().tensors()) {
            long begin = (long) t.offset() * Float.BYTES;
            Map<String, JsonValue> tensor = new TreeMap<>();
            tensor.put("dtype", JsonValue.of("F32"));
            tensor.put("shape", numbers(t.shape().toArray()));
            tensor.put("data_offsets", numbers(begin, begin + (long) t.shape().size() * Float.BYTES));
            members.put(t.name(), new JsonObject(tensor));
        }
        byte[] json = CanonicalJson.bytes(new JsonObject(members));
        // Tensors start at a multiple of eight bytes.
        byte[] padded = java.util.Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        java.util.Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        if (padded.length > HEADER) {
            throw new IllegalArgumentException(
                    "header of the file must be at most " + HEADER + " bytes, is " + padded.length);
        }
        return padded;
    }

    private static JsonValue numbers(int... values) {
        return numbers(java.util.Arrays.stream(values).asLongStream().toArray());
    }

    private static JsonValue numbers(long... values) {
        List<JsonValue> items = new ArrayList<>();
        for (long v : values) {
            items.add(JsonValue.of((double) v));
        }
        return new JsonValue.JsonArray(items);
    }

    /**
     * Reads a network from a file of at most 2 GiB.
     *
     * @param file what {@link #write} wrote
     * @return the network
     * @throws IOException if it cannot be read
     * @throws MalformedInputException if it is not such a file
     */
    public static CompiledNetwork read(Path file) throws IOException {
        return read(file, Integer.MAX_VALUE);
    }

    /**
     * Reads a network.
     *
     * @param file what {@link #write} wrote
     * @param limit length of the file at most, in bytes
     * @return the network
     * @throws IOException if it cannot be read
     * @throws MalformedInputException if it is not such a file
     */
    public static CompiledNetwork read(Path file, long limit) throws IOException {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long length = in.size();
            if (length > limit) {
                throw new MalformedInputException(limit, "file must be at most " + limit + " bytes, is " + length);
            }
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
            readAll(in, buffer.limit(Long.BYTES));
            long header = buffer.getLong(0);
            if (header < 2 || header > Math.min(HEADER, length - Long.BYTES)) {
                throw new MalformedInputException(
                        0,
                        "length of the header must be in [2, " + Math.min(HEADER, length - Long.BYTES) + "], was "
                                + Long.toUnsignedString(header));
            }
            byte[] json = new byte[(int) header];
            readAll(in, ByteBuffer.wrap(json));
            return parameters(in, buffer, parse(json), Long.BYTES + header, length);
        }
    }

    private static void readAll(FileChannel in, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (in.read(buffer) < 0) {
                throw new EOFException("file must not end within its contents");
            }
        }
    }

    /** The layers, after a check that the header lists exactly their tensors. */
    private record Header(Compiled compiled, SpecJson.Read read) {}

    private static Header parse(byte[] json) {
        JsonLimits limits = new JsonLimits(HEADER, 20, 1_000_000, HEADER);
        JsonValue value = JsonParser.parse(json, limits);
        try {
            Map<String, JsonValue> members = SpecJson.object("header", value).members();
            JsonObject metadata = SpecJson.object("__metadata__", members.get("__metadata__"));
            String layers = SpecJson.text(KEY, metadata.members().get(KEY));
            SpecJson.Read read = SpecJson.read(JsonParser.parse(layers.getBytes(StandardCharsets.UTF_8), limits));
            Compiled compiled = new Compiled(read.network(), null);
            if (compiled.plain.valueSize > VALUES) {
                throw new IllegalArgumentException(
                        "values of one example must be at most " + VALUES + ", are " + compiled.plain.valueSize);
            }
            List<ParameterLayout.Tensor> tensors = compiled.plain.layout.tensors();
            if (members.size() != tensors.size() + 1) {
                throw new IllegalArgumentException(
                        "tensors must be the " + tensors.size() + " of the layers, were " + (members.size() - 1));
            }
            for (ParameterLayout.Tensor t : tensors) {
                JsonObject listed = SpecJson.object(t.name(), members.get(t.name()));
                String type =
                        SpecJson.text(t.name() + ", dtype", listed.members().get("dtype"));
                if (!type.equals("F32")) {
                    throw new IllegalArgumentException(t.name() + " must be F32, was " + type);
                }
                if (!SpecJson.shape(t.name() + ", shape", listed.members().get("shape"))
                        .equals(t.shape())) {
                    throw new IllegalArgumentException(t.name() + " must have shape " + t.shape() + ", had "
                            + listed.members().get("shape"));
                }
                long begin = (long) t.offset() * Float.BYTES;
                JsonValue place = numbers(begin, begin + (long) t.shape().size() * Float.BYTES);
                if (!place.equals(listed.members().get("data_offsets"))
                        || listed.members().size() != 3) {
                    throw new IllegalArgumentException(t.name() + " must be at " + place + " without more, was at "
                            + listed.members().get("data_offsets"));
                }
            }
            return new Header(compiled, read);
        } catch (IllegalArgumentException | ArithmeticException | IllegalStateException e) {
            throw new MalformedInputException(Long.BYTES, String.valueOf(e.getMessage()));
        }
    }

    private static CompiledNetwork parameters(FileChannel in, ByteBuffer buffer, Header header, long start, long length)
            throws IOException {
        int size = header.compiled().plain.layout.size();
        if (length - start != (long) size * Float.BYTES) {
            throw new MalformedInputException(
                    start, "parameters must be " + (long) size * Float.BYTES + " bytes, were " + (length - start));
        }
        float[] parameters = new float[size];
        for (int from = 0; from < size; from += BUFFER / Float.BYTES) {
            Progress.checkInterrupted();
            int count = Math.min(BUFFER / Float.BYTES, size - from);
            buffer.clear().limit(count * Float.BYTES);
            readAll(in, buffer);
            buffer.flip().asFloatBuffer().get(parameters, from, count);
        }
        try {
            return Networks.of(header.compiled(), parameters, header.read().bounds());
        } catch (IllegalArgumentException e) {
            throw new MalformedInputException(start, String.valueOf(e.getMessage()));
        }
    }
}
