// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Mutations of model files that know the structure of containers: an entry of a zip archive is mutated and packed again with
 * a right checksum, a header of safetensors is mutated and its length told, fields of protocol buffers are doubled, dropped,
 * moved and their lengths told. Beside them what every fuzzer does: bits, integers at the edges, pieces cut, doubled, moved
 * and spliced from another file.
 */
final class Mutations {
    private static final long[] EDGES = {
        0,
        1,
        -1,
        2,
        0x7f,
        0x80,
        0xff,
        0x100,
        0x7fff,
        0x8000,
        0xffff,
        0x10000,
        0x7fffffffL,
        0x80000000L,
        0xffffffffL,
        0x100000000L,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MAX_VALUE / 8 + 1,
        1000,
        100_000_000
    };

    private final Random random;
    private final List<byte[]> seeds;

    Mutations(long seed, List<byte[]> seeds) {
        this.random = new Random(seed);
        this.seeds = List.copyOf(seeds);
    }

    /** A mutant of a seed. */
    byte[] next() {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            bytes = structured(bytes);
        }
        return bytes;
    }

    private byte[] structured(byte[] bytes) {
        if (random.nextInt(3) == 0) {
            return plain(bytes);
        }
        if (bytes.length > 4 && bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == 3) {
            return zip(bytes);
        }
        if (bytes.length > 9 && bytes[8] == '{') {
            return safetensors(bytes);
        }
        if (bytes.length > 2 && (bytes[0] == 0x08 || bytes[0] == 0x0a)) {
            return protobuf(bytes, 0);
        }
        return plain(bytes);
    }

    private byte[] plain(byte[] bytes) {
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = random.nextInt(bytes.length);
        int count = 1 + random.nextInt(Math.min(32, bytes.length));
        return switch (random.nextInt(9)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield bytes;
            }
            case 1 -> {
                bytes[at] = (byte) random.nextInt(256);
                yield bytes;
            }
            case 2, 3 -> edge(bytes, at);
            case 4 -> Arrays.copyOf(bytes, at);
            case 5 -> replace(bytes, at, Math.min(bytes.length, at + count), new byte[0]);
            case 6 -> replace(bytes, at, at, Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + count)));
            case 7 -> {
                byte[] other = seeds.get(random.nextInt(seeds.size()));
                int from = other.length == 0 ? 0 : random.nextInt(other.length);
                byte[] piece = Arrays.copyOfRange(other, from, Math.min(other.length, from + 1 + random.nextInt(64)));
                yield replace(bytes, at, random.nextBoolean() ? at : Math.min(bytes.length, at + piece.length), piece);
            }
            default -> number(bytes, at);
        };
    }

    private byte[] edge(byte[] bytes, int at) {
        long value = EDGES[random.nextInt(EDGES.length)] + (random.nextInt(4) == 0 ? random.nextInt(5) - 2 : 0);
        ByteBuffer whole =
                ByteBuffer.allocate(8).order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int width = 1 << random.nextInt(4);
        switch (width) {
            case 1 -> whole.put((byte) value);
            case 2 -> whole.putShort((short) value);
            case 4 -> whole.putInt((int) value);
            default -> whole.putLong(value);
        }
        System.arraycopy(whole.array(), 0, bytes, at, Math.min(width, bytes.length - at));
        return bytes;
    }

    /** A decimal number in a text becomes another. */
    private byte[] number(byte[] bytes, int at) {
        int from = at;
        while (from < bytes.length && !(bytes[from] >= '0' && bytes[from] <= '9')) {
            from++;
        }
        int to = from;
        while (to < bytes.length && bytes[to] >= '0' && bytes[to] <= '9') {
            to++;
        }
        if (from == to) {
            return edge(bytes, at);
        }
        String value = Long.toString(EDGES[random.nextInt(EDGES.length)]);
        return replace(bytes, from, to, value.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] replace(byte[] bytes, int from, int to, byte[] piece) {
        byte[] out = new byte[bytes.length - (to - from) + piece.length];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(piece, 0, out, from, piece.length);
        System.arraycopy(bytes, to, out, from + piece.length, bytes.length - to);
        return out;
    }

    private byte[] safetensors(byte[] bytes) {
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 0 || length > bytes.length - 8) {
            return plain(bytes);
        }
        byte[] header = plain(Arrays.copyOfRange(bytes, 8, 8 + (int) length));
        byte[] out = replace(bytes, 8, 8 + (int) length, header);
        ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length);
        return out;
    }

    private byte[] zip(byte[] bytes) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(bytes))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readNBytes(1 << 20));
            }
        } catch (IOException | IllegalArgumentException e) {
            return plain(bytes);
        }
        if (entries.isEmpty()) {
            return plain(bytes);
        }
        List<String> names = new ArrayList<>(entries.keySet());
        String name = names.get(random.nextInt(names.size()));
        switch (random.nextInt(6)) {
            case 0 -> entries.remove(name);
            case 1 -> entries.put(name + "2", entries.get(name));
            default -> entries.put(name, structured(entries.get(name).clone()));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            boolean stored = random.nextBoolean();
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry header = new ZipEntry(entry.getKey());
                if (stored) {
                    CRC32 crc = new CRC32();
                    crc.update(entry.getValue());
                    header.setMethod(ZipEntry.STORED);
                    header.setSize(entry.getValue().length);
                    header.setCrc(crc.getValue());
                }
                zip.putNextEntry(header);
                zip.write(entry.getValue());
                zip.closeEntry();
            }
            if (entries.isEmpty()) {
                zip.putNextEntry(new ZipEntry("empty"));
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** One field of a message: where it begins, where its content is, where it ends. */
    private record Field(int begin, int content, int end, int wire) {}

    private byte[] protobuf(byte[] bytes, int depth) {
        List<Field> fields = fields(bytes);
        if (fields.isEmpty()) {
            return plain(bytes);
        }
        Field field = fields.get(random.nextInt(fields.size()));
        byte[] whole = Arrays.copyOfRange(bytes, field.begin(), field.end());
        switch (random.nextInt(8)) {
            case 0:
                return replace(bytes, field.begin(), field.end(), new byte[0]);
            case 1:
                return replace(bytes, field.begin(), field.begin(), whole);
            case 2:
                Field place = fields.get(random.nextInt(fields.size()));
                return replace(bytes, place.begin(), place.begin(), whole);
            default:
                if (field.wire() != 2) {
                    return replace(bytes, field.content(), field.end(), varint(EDGES[random.nextInt(EDGES.length)]));
                }
                byte[] content = Arrays.copyOfRange(bytes, field.content(), field.end());
                byte[] mutant = depth < 6 && random.nextInt(4) > 0 ? protobuf(content, depth + 1) : plain(content);
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                int tag = field.begin();
                while (bytes[tag] < 0) {
                    out.write(bytes[tag++]);
                }
                out.write(bytes[tag]);
                out.writeBytes(varint(mutant.length));
                out.writeBytes(mutant);
                return replace(bytes, field.begin(), field.end(), out.toByteArray());
        }
    }

    private static List<Field> fields(byte[] bytes) {
        List<Field> fields = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int begin = at;
            int wire = bytes[at] & 7;
            while (at < bytes.length && bytes[at] < 0) {
                at++;
            }
            at++;
            int content = at;
            if (wire == 0) {
                while (at < bytes.length && bytes[at] < 0) {
                    at++;
                }
                at++;
            } else if (wire == 1) {
                at += 8;
            } else if (wire == 5) {
                at += 4;
            } else if (wire == 2) {
                long length = 0;
                int shift = 0;
                while (at < bytes.length && shift < 35) {
                    length |= (long) (bytes[at] & 0x7f) << shift;
                    shift += 7;
                    if (bytes[at++] >= 0) {
                        break;
                    }
                }
                content = at;
                if (length > bytes.length - at) {
                    return List.of();
                }
                at += (int) length;
            } else {
                return List.of();
            }
            if (at > bytes.length || content > bytes.length) {
                return List.of();
            }
            fields.add(new Field(begin, content, at, wire));
        }
        return fields;
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        return out.toByteArray();
    }
}
