// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.MalformedInputException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads and writes the IDX files of the MNIST family, plain or gzipped.
 *
 * <p>Guarantee: memory is bounded by what the file really holds, at most {@link #MAX_VALUES} values; a header that claims
 * more than the file has, data behind the end, and a gzip bomb end in {@link MalformedInputException}.
 *
 * <p>Format: big-endian; magic 0x00000803 with counts of images, rows, columns, or 0x00000801 with the count of labels;
 * then one unsigned byte for each value (LeCun, Cortes, Burges, The MNIST database).
 */
public final class Idx {
    /** Most values (pixels, labels) that a file may hold: 2²⁹, more than eight times the 60,000 images of MNIST. */
    public static final int MAX_VALUES = 1 << 29;

    private static final int IMAGES = 0x00000803;
    private static final int LABELS = 0x00000801;
    private static final int PIECE = 1 << 20;

    private Idx() {}

    /**
     * Images with their labels.
     *
     * @param images file of images
     * @param labels file of as many labels
     * @return the data
     * @throws IOException if a file is missing or cannot be read
     * @throws MalformedInputException if a file does not follow the format, or the counts differ
     */
    public static Labelled read(Path images, Path labels) throws IOException {
        Batch batch = readImages(images);
        int[] classes = readLabels(labels);
        if (classes.length != batch.size()) {
            throw new MalformedInputException(
                    4,
                    labels + ": number of labels must equal the number of images " + batch.size() + " of "
                            + images.getFileName() + ", was " + classes.length);
        }
        return new Labelled(batch, Targets.of(classes));
    }

    /**
     * Images, each pixel divided by 255.
     *
     * @param file plain or gzipped
     * @return images of shape (1, rows, columns) with values in [0, 1]; at least one
     * @throws IOException if the file is missing or cannot be read
     * @throws MalformedInputException if it does not follow the format
     */
    public static Batch readImages(Path file) throws IOException {
        Parsed parsed = parse(file, IMAGES, 3);
        float[] pixels = new float[parsed.values.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (parsed.values[i] & 0xff) / 255f;
        }
        return Batch.wrap(pixels, Shape.of(1, parsed.dimensions[1], parsed.dimensions[2]));
    }

    /**
     * Labels.
     *
     * @param file plain or gzipped
     * @return a class for each example; at least one
     * @throws IOException if the file is missing or cannot be read
     * @throws MalformedInputException if it does not follow the format
     */
    public static int[] readLabels(Path file) throws IOException {
        Parsed parsed = parse(file, LABELS, 1);
        int[] labels = new int[parsed.values.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = parsed.values[i] & 0xff;
        }
        return labels;
    }

    /**
     * Writes images, plain; values are rounded to 255ths.
     *
     * @param images images of shape (1, rows, columns) with values in [0, 1]
     * @param file where to; replaced
     * @throws IOException if it cannot be written
     */
    public static void writeImages(Batch images, Path file) throws IOException {
        if (images.shape().rank() != 3 || images.shape().dimension(0) != 1) {
            throw new IllegalArgumentException("images must have shape [1, rows, columns], was " + images.shape());
        }
        int length = images.shape().size();
        ByteBuffer bytes = ByteBuffer.allocate(16 + images.size() * length)
                .putInt(IMAGES)
                .putInt(images.size())
                .putInt(images.shape().dimension(1))
                .putInt(images.shape().dimension(2));
        for (int i = 0; i < images.size() * length; i++) {
            float value = images.array()[images.offset() + i];
            if (!(value >= 0 && value <= 1)) {
                throw new IllegalArgumentException("images must be in [0, 1], was " + value + " at row " + i / length);
            }
            bytes.put((byte) Math.round(value * 255));
        }
        Files.write(file, bytes.array());
    }

    /**
     * Writes labels, plain.
     *
     * @param labels labels in [0, 255]
     * @param file where to; replaced
     * @throws IOException if it cannot be written
     */
    public static void writeLabels(int[] labels, Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + labels.length).putInt(LABELS).putInt(labels.length);
        for (int label : labels) {
            if (label < 0 || label > 255) {
                throw new IllegalArgumentException("labels must be in [0, 255], was " + label);
            }
            bytes.put((byte) label);
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(bytes.array());
        }
    }

    private record Parsed(int[] dimensions, byte[] values) {}

    private static Parsed parse(Path file, int magic, int rank) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file + ": no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + ": must be a regular file");
        }
        long position = 0;
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), PIECE);
                InputStream in = unzipped(raw)) {
            ByteBuffer header = ByteBuffer.wrap(readFully(in, 4 + 4 * rank, file, 0));
            int found = header.getInt();
            if (found != magic) {
                throw new MalformedInputException(
                        0,
                        String.format(
                                "%s: magic number must be 0x%08x (%s), was 0x%08x",
                                file, magic, rank == 3 ? "images" : "labels", found));
            }
            int[] dimensions = new int[rank];
            long size = 1;
            for (int i = 0; i < rank; i++) {
                dimensions[i] = header.getInt();
                if (dimensions[i] < 1) {
                    throw new MalformedInputException(
                            4 + 4L * i, file + ": dimension " + i + " must be >= 1, was " + dimensions[i]);
                }
                size = Math.multiplyExact(Math.min(size, Integer.MAX_VALUE), (long) dimensions[i]);
            }
            if (size > MAX_VALUES) {
                throw new MalformedInputException(
                        4, file + ": number of values must be <= " + MAX_VALUES + ", was " + size);
            }
            position = header.capacity();
            byte[] values = readFully(in, (int) size, file, position);
            if (in.read() >= 0) {
                throw new MalformedInputException(
                        position + size, file + ": must end after " + (position + size) + " bytes, has more");
            }
            return new Parsed(dimensions, values);
        } catch (ZipException | EOFException e) {
            throw new MalformedInputException(
                    position, file + ": gzip data is damaged or truncated: " + e.getMessage());
        }
    }

    private static InputStream unzipped(InputStream raw) throws IOException {
        raw.mark(2);
        int first = raw.read();
        int second = raw.read();
        raw.reset();
        return first == 0x1f && second == 0x8b ? new GZIPInputStream(raw, 1 << 16) : raw;
    }

    /** Grows with what is really there, so that a claimed length costs nothing. */
    private static byte[] readFully(InputStream in, int length, Path file, long position) throws IOException {
        byte[] bytes = new byte[Math.min(length, PIECE)];
        int filled = 0;
        while (true) {
            int count = in.readNBytes(bytes, filled, bytes.length - filled);
            filled += count;
            if (filled < bytes.length) {
                throw new MalformedInputException(
                        position + filled,
                        file + ": must have " + (position + length) + " bytes, ends after " + (position + filled));
            }
            if (filled == length) {
                return bytes;
            }
            bytes = java.util.Arrays.copyOf(bytes, (int) Math.min(length, bytes.length * 2L));
        }
    }
}
