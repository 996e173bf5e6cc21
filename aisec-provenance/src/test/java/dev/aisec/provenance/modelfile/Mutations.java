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
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Mutations of model files that know their structure: an entry of a zip archive is mutated and packed again with a right
 * checksum, headers of safetensors, npy and tar are mutated and their length or checksum told, fields of protocol buffers,
 * keys of GGUF, opcodes of pickles, records of Java streams, tags of XML and tokens of JSON are doubled, dropped, moved and
 * replaced, addresses of HDF5 are bent and its checksums told. Beside them what every fuzzer does: bits, integers at the
 * edges, pieces cut, doubled, moved and spliced from another file.
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
        if (bytes.length < 10 || random.nextInt(4) == 0) {
            return plain(bytes);
        }
        int first = bytes[0] & 0xff;
        if (starts(bytes, "PK\3\4")) {
            return random.nextInt(3) == 0 ? zipFields(bytes) : zip(bytes);
        } else if (starts(bytes, "GGUF")) {
            return gguf(bytes);
        } else if (starts(bytes, "\u0089HDF")) {
            return hdf5(bytes);
        } else if (starts(bytes, "\u0093NUMPY")) {
            return npy(bytes);
        } else if (first == 0xac && (bytes[1] & 0xff) == 0xed) {
            return java(bytes);
        } else if (first == 0x1f && (bytes[1] & 0xff) == 0x8b) {
            return gzip(bytes);
        } else if (first == '<') {
            return xml(bytes);
        } else if (first == '{') {
            return json(bytes);
        } else if (bytes.length >= 512 && new String(bytes, 257, 5, StandardCharsets.ISO_8859_1).equals("ustar")) {
            return tar(bytes);
        } else if (bytes[8] == '{') {
            return safetensors(bytes);
        } else if (first == 0x08 || first == 0x0a) {
            return protobuf(bytes, 0);
        } else if (first == 0x80 || first == '(' || first == ']' || first == '}') {
            return pickle(bytes);
        }
        return random.nextInt(3) == 0 ? small(bytes) : plain(bytes);
    }

    private static boolean starts(byte[] bytes, String start) {
        for (int i = 0; i < start.length(); i++) {
            if (i >= bytes.length || (bytes[i] & 0xff) != start.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** A number that may be an offset or a count becomes a little more or less. */
    private byte[] small(byte[] bytes) {
        int at = random.nextInt(bytes.length);
        bytes[at] += (byte) (random.nextInt(9) - 4);
        return bytes;
    }

    // --- pickle: opcodes ---

    private static final String[] GLOBALS = {
        "os\nsystem",
        "builtins\neval",
        "collections\nOrderedDict",
        "torch\nFloatStorage",
        "torch._utils\n_rebuild_tensor_v2",
        "numpy.core.multiarray\n_reconstruct",
        "_codecs\nencode",
        "copyreg\n_reconstructor",
        "numpy\ndtype",
        "numpy\nndarray",
        "builtins\ngetattr",
        "builtins\nset"
    };

    private byte[] pickle(byte[] bytes) {
        List<int[]> ops = opcodes(bytes);
        if (ops.isEmpty()) {
            return plain(bytes);
        }
        int[] op = ops.get(random.nextInt(ops.size()));
        int[] other = ops.get(random.nextInt(ops.size()));
        byte[] whole = Arrays.copyOfRange(bytes, op[0], op[1]);
        return switch (random.nextInt(8)) {
            case 0 -> replace(bytes, op[0], op[1], new byte[0]);
            case 1 -> replace(bytes, op[0], op[0], whole);
            case 2 -> replace(bytes, other[0], other[0], whole);
            case 3 -> replace(bytes, other[0], other[1], whole);
            case 4 -> {
                int from = Math.min(op[0], other[0]);
                int to = Math.max(op[1], other[1]);
                byte[] piece = Arrays.copyOfRange(bytes, from, to);
                yield replace(bytes, to, to, piece);
            }
            case 5 -> replace(bytes, op[0], op[0], opcode());
            case 6 -> op[1] - op[0] > 1 ? edge(bytes, op[0] + 1) : replace(bytes, op[0], op[1], opcode());
            default -> op[1] - op[0] > 1 ? small(bytes) : replace(bytes, op[0], op[1], opcode());
        };
    }

    private byte[] opcode() {
        String simple =
                "().012NQRabdeloptuq\u0081\u0085\u0086\u0087\u0088\u0089\u0090\u0091\u0092\u0093\u0094\u008f]}s";
        int index = random.nextInt(255);
        return switch (random.nextInt(9)) {
            case 0 -> latin("c" + GLOBALS[random.nextInt(GLOBALS.length)] + "\n");
            case 1 -> {
                String[] parts = GLOBALS[random.nextInt(GLOBALS.length)].split("\n");
                yield latin("\u008c" + (char) parts[0].length() + parts[0] + "\u008c" + (char) parts[1].length()
                        + parts[1] + "\u0093");
            }
            case 2 -> latin("h" + (char) random.nextInt(6));
            case 3 -> latin("q" + (char) random.nextInt(6));
            case 4 -> latin("K" + (char) index);
            case 5 -> latin(")R0N.]".substring(random.nextInt(3)));
            default -> latin(String.valueOf(simple.charAt(random.nextInt(simple.length()))));
        };
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Beginnings and ends of opcodes up to what cannot be read. */
    private static List<int[]> opcodes(byte[] bytes) {
        List<int[]> ops = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int begin = at++;
            long argument = 0;
            switch (bytes[begin] & 0xff) {
                case 0x80, 'K', 'h', 'q', 0x82 -> argument = 1;
                case 'M', 0x83 -> argument = 2;
                case 'J', 'j', 'r', 0x84 -> argument = 4;
                case 'G', 0x95 -> argument = 8;
                case 'U', 'C', 0x8c, 0x8a -> argument = 1 + number(bytes, at, 1);
                case 'T', 'X', 'B', 0x8b -> argument = 4 + number(bytes, at, 4);
                case 0x8d, 0x8e, 0x96 -> argument = 8 + number(bytes, at, 8);
                case 'F', 'I', 'L', 'S', 'V', 'g', 'p', 'P' -> argument = lines(bytes, at, 1);
                case 'c', 'i' -> argument = lines(bytes, at, 2);
                default -> {}
            }
            if (argument < 0 || argument > bytes.length - at) {
                return ops;
            }
            at += (int) argument;
            ops.add(new int[] {begin, at});
        }
        return ops;
    }

    static long number(byte[] bytes, int at, int width) {
        if (width > bytes.length - at) {
            return -width - 1;
        }
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | bytes[at + i] & 0xff;
        }
        return value < 0 || value > bytes.length ? -width - 1 : value;
    }

    private static long lines(byte[] bytes, int at, int count) {
        int end = at;
        for (int i = 0; i < count; i++) {
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            end++;
        }
        return end > bytes.length ? -1 : end - at;
    }

    // --- GGUF: counts, keys, tensors ---

    private byte[] gguf(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < 24 || random.nextInt(5) == 0) {
            return edge(bytes, Math.min(bytes.length - 1, 4 * random.nextInt(6)));
        }
        long pairs = in.getLong(16);
        List<int[]> fields = new ArrayList<>();
        int at = 24;
        for (long i = 0; i < pairs && at < bytes.length; i++) {
            long key = number(bytes, at, 8);
            if (key < 0 || at + 20 + key > bytes.length) {
                break;
            }
            int begin = at;
            at += 8 + (int) key;
            int type = in.getInt(at);
            at += 4;
            if (type == 8) {
                long text = number(bytes, at, 8);
                at += text < 0 ? bytes.length : 8 + (int) text;
            } else if (type == 9) {
                int item = in.getInt(at);
                long count = at + 12 <= bytes.length ? number(bytes, at + 4, 8) : -1;
                at += 12;
                for (long k = 0; k < count && at < bytes.length; k++) {
                    long text = item == 8 ? number(bytes, at, 8) : 0;
                    at += item == 8 ? text < 0 ? bytes.length : 8 + (int) text : scalar(item);
                }
            } else {
                at += scalar(type);
            }
            if (at <= bytes.length) {
                fields.add(new int[] {begin, at, begin + 8 + (int) key});
            }
        }
        if (fields.isEmpty() || random.nextInt(3) == 0) {
            return at < bytes.length ? edge(bytes, at + random.nextInt(bytes.length - at)) : plain(bytes);
        }
        int[] field = fields.get(random.nextInt(fields.size()));
        byte[] whole = Arrays.copyOfRange(bytes, field[0], field[1]);
        switch (random.nextInt(5)) {
            case 0:
                return repaired(replace(bytes, field[0], field[1], new byte[0]), pairs - 1);
            case 1:
                return repaired(replace(bytes, field[0], field[0], whole), pairs + 1);
            case 2:
                return edge(bytes, field[0]);
            case 3:
                bytes[field[2]] = (byte) random.nextInt(14);
                return bytes;
            default:
                return edge(bytes, Math.min(bytes.length - 1, field[2] + 4 + random.nextInt(3) * 4));
        }
    }

    private static int scalar(int type) {
        return switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 10, 11, 12 -> 8;
            default -> 4;
        };
    }

    private static byte[] repaired(byte[] bytes, long pairs) {
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(16, pairs);
        return bytes;
    }

    // --- HDF5: structures by their signatures, checksums told ---

    private static final String[] SIGNATURES = {
        "OHDR", "OCHK", "TREE", "SNOD", "HEAP", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "BTIN", "GCOL", "FAHD", "EAHD"
    };

    private byte[] hdf5(byte[] bytes) {
        List<Integer> places = new ArrayList<>(List.of(0));
        for (int i = 0; i + 4 <= bytes.length; i++) {
            if (bytes[i] >= 'A' && bytes[i] <= 'T') {
                String four = new String(bytes, i, 4, StandardCharsets.ISO_8859_1);
                if (Arrays.asList(SIGNATURES).contains(four)) {
                    places.add(i);
                }
            }
        }
        int place = places.get(random.nextInt(places.size()));
        int at = Math.min(bytes.length - 1, place + random.nextInt(96));
        byte[] out = switch (random.nextInt(5)) {
            case 0 -> small(bytes);
            case 1 -> {
                // An address of another structure.
                long target = places.get(random.nextInt(places.size()));
                int to = Math.min(bytes.length, at + 8);
                for (int i = at; i < to; i++) {
                    bytes[i] = (byte) (target >> 8 * (i - at));
                }
                yield bytes;
            }
            case 2 -> {
                bytes[at] = (byte) random.nextInt(32);
                yield bytes;
            }
            case 3 -> edge(bytes, at);
            default -> plain(bytes);
        };
        return out.length > 48 && random.nextInt(8) > 0 ? Checksums.repaired(out) : out;
    }

    // --- npy, gzip, tar ---

    private byte[] npy(byte[] bytes) {
        int width = bytes[6] == 1 ? 2 : 4;
        long length = number(bytes, 8, width);
        if (length < 2 || 8 + width + length > bytes.length) {
            return plain(bytes);
        }
        int begin = 8 + width;
        byte[] header = text(Arrays.copyOfRange(bytes, begin, begin + (int) length), NPY);
        byte[] out = replace(bytes, begin, begin + (int) length, header);
        for (int i = 0; i < width; i++) {
            out[8 + i] = (byte) (header.length >> 8 * i);
        }
        return out;
    }

    private static final String[] NPY = {
        "'descr'",
        "'|O'",
        "'<f4'",
        "'|V8'",
        "'|S0'",
        "'<U9'",
        "('a', '<f8')",
        "(2,)",
        "()",
        "[",
        "]",
        "True",
        "-1",
        "L",
        "{",
        "}",
        "'shape': ",
        "\\x41",
        "'>c16'",
        "(0, 9223372036854775807)",
        "'<M8[ns]'",
        "#"
    };

    private byte[] gzip(byte[] bytes) {
        byte[] content;
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            content = in.readNBytes(1 << 16);
        } catch (IOException e) {
            return plain(bytes);
        }
        byte[] seed =
                random.nextInt(4) == 0 ? seeds.get(random.nextInt(seeds.size())).clone() : content;
        byte[] mutant = structured(seed);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(mutant);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private byte[] tar(byte[] bytes) {
        List<Integer> headers = new ArrayList<>();
        int at = 0;
        while (at + 512 <= bytes.length && bytes[at] != 0) {
            headers.add(at);
            long size = 0;
            for (int i = 124; i < 135; i++) {
                size = size * 8 + (bytes[at + i] & 7);
            }
            at += 512 + (int) Math.min(bytes.length, (size + 511) / 512 * 512);
        }
        if (headers.isEmpty()) {
            return plain(bytes);
        }
        int header = headers.get(random.nextInt(headers.size()));
        int field = new int[] {0, 100, 124, 135, 156, 157, 257, 263, 329, 345, 500}[random.nextInt(11)];
        switch (random.nextInt(4)) {
            case 0 -> bytes[header + 156] = (byte) "01234567xgLKSDMNV\0".charAt(random.nextInt(18));
            case 1 -> {
                byte[] word = latin(WORDS[random.nextInt(WORDS.length)]);
                System.arraycopy(word, 0, bytes, header + field, Math.min(word.length, 512 - field));
            }
            case 2 -> edge(bytes, header + field);
            default -> {
                return replace(bytes, header, header, Arrays.copyOfRange(bytes, header, header + 512));
            }
        }
        SeedFiles.tarChecksum(bytes, header);
        return bytes;
    }

    // --- Java object streams: records by their type codes ---

    private byte[] java(byte[] bytes) {
        List<Integer> places = new ArrayList<>();
        for (int i = 4; i < bytes.length; i++) {
            if (bytes[i] >= 0x70 && bytes[i] <= 0x7e) {
                places.add(i);
            }
        }
        if (places.isEmpty()) {
            return plain(bytes);
        }
        int at = places.get(random.nextInt(places.size()));
        int other = places.get(random.nextInt(places.size()));
        switch (random.nextInt(7)) {
            case 0:
                bytes[at] = (byte) (0x70 + random.nextInt(15));
                return bytes;
            case 1:
                // A reference to something that may be there.
                return replace(bytes, at, at + 1, new byte[] {0x71, 0, 0x7e, 0, (byte) random.nextInt(12)});
            case 2:
                return replace(bytes, at, at, Arrays.copyOfRange(bytes, Math.min(at, other), Math.max(at, other)));
            case 3:
                return edge(bytes, Math.min(bytes.length - 1, at + 1));
            case 4:
                return replace(bytes, Math.min(at, other), Math.max(at, other), new byte[0]);
            case 5:
                return replace(bytes, at, at, new byte[] {0x79});
            default:
                return text(bytes, JAVA);
        }
    }

    private static final String[] JAVA = {
        "java.util.HashMap",
        "java.util.HashSet",
        "[Ljava.lang.Object;",
        "java.lang.Integer",
        "java.lang.Enum",
        "I",
        "L",
        "java.util.PriorityQueue",
        "java.util.TreeMap",
        "java.math.BigInteger",
        "java.util.ArrayList",
        "[B",
        "[[D"
    };

    // --- texts: tokens replaced, doubled, dropped ---

    private static final String[] WORDS = {
        "../",
        "/etc/passwd",
        "C:\\",
        "Lambda",
        "__lambda__",
        "keras.utils",
        "os",
        "module",
        "class_name",
        "config",
        "@class",
        "null",
        "true",
        "1e400",
        "-0",
        "\\ud800",
        "\\u0000",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "{}",
        "[]",
        "[[[[[[[[",
        "dtype",
        "shape",
        "data_offsets",
        "__metadata__",
        "F32",
        "F64",
        "U8",
        "BF16",
        "{{",
        "}}",
        "{%",
        "%}",
        "__class__",
        "|attr",
        "\0",
        "\n",
        ".",
        "a"
    };

    private static final String[] XML = {
        "<!DOCTYPE a>",
        "<!ENTITY",
        "&#0;",
        "&amp;",
        "&x;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x?>",
        "<?xml",
        "/>",
        "<",
        ">",
        "</",
        "\"",
        "'",
        "=",
        "xmlns=\"\"",
        "xmlns:a=\"b\"",
        " a=\"1\"",
        "<Extension/>",
        "<Array n=\"99\" type=\"real\">",
        "NaN",
        "1e999",
        "<Apply function=\"f\"/>",
        "<DefineFunction name=\"f\"/>",
        "\u00ff\u00fe"
    };

    private byte[] json(byte[] bytes) {
        return text(bytes, WORDS);
    }

    private byte[] xml(byte[] bytes) {
        List<Integer> tags = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '<' || bytes[i] == '>' || bytes[i] == ' ') {
                tags.add(bytes[i] == '>' ? i + 1 : i);
            }
        }
        if (tags.isEmpty() || random.nextInt(3) == 0) {
            return text(bytes, XML);
        }
        int one = tags.get(random.nextInt(tags.size()));
        int two = tags.get(random.nextInt(tags.size()));
        byte[] piece = Arrays.copyOfRange(bytes, Math.min(one, two), Math.max(one, two));
        return switch (random.nextInt(4)) {
            case 0 -> replace(bytes, Math.min(one, two), Math.max(one, two), new byte[0]);
            case 1 -> replace(bytes, one, one, piece);
            case 2 -> replace(bytes, one, one, latin(XML[random.nextInt(XML.length)]));
            default -> {
                int place = tags.get(random.nextInt(tags.size()));
                yield replace(bytes, place, place, piece);
            }
        };
    }

    /** A run of letters or digits, or one other character, becomes a word of the list, or is doubled, or goes. */
    private byte[] text(byte[] bytes, String[] words) {
        if (bytes.length == 0 || random.nextInt(4) == 0) {
            return plain(bytes);
        }
        int from = random.nextInt(bytes.length);
        int to = from + 1;
        if (Character.isLetterOrDigit(bytes[from])) {
            while (from > 0 && Character.isLetterOrDigit(bytes[from - 1])) {
                from--;
            }
            while (to < bytes.length && Character.isLetterOrDigit(bytes[to])) {
                to++;
            }
        }
        byte[] word = latin(words[random.nextInt(words.length)]);
        return switch (random.nextInt(5)) {
            case 0 -> replace(bytes, from, to, new byte[0]);
            case 1 -> replace(bytes, to, to, Arrays.copyOfRange(bytes, from, to));
            case 2 -> number(bytes, from);
            case 3 -> replace(bytes, from, from, word);
            default -> replace(bytes, from, to, word);
        };
    }

    /** A field of a header of a zip archive, of the local one and of the central one alike or of one alone. */
    private byte[] zipFields(byte[] bytes) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i + 22 <= bytes.length; i++) {
            if (bytes[i] == 'P' && bytes[i + 1] == 'K' && bytes[i + 2] >= 1 && bytes[i + 2] <= 8) {
                places.add(i);
            }
        }
        if (places.isEmpty()) {
            return plain(bytes);
        }
        int place = places.get(random.nextInt(places.size()));
        int kind = bytes[place + 2];
        int offset = 4 + 2 * random.nextInt(kind == 1 ? 21 : kind == 3 ? 13 : 9);
        int at = Math.min(bytes.length - 4, place + offset);
        byte[] out = random.nextBoolean() ? edge(bytes, at) : small2(bytes, at);
        if ((kind == 1 || kind == 3) && random.nextBoolean()) {
            // The same in the other kind of header.
            int shift = kind == 1 ? -2 : 2;
            for (int other : places) {
                int target = other + offset + shift;
                if (bytes[other + 2] == (kind == 1 ? 3 : 1) && target > 0 && target + 4 <= out.length) {
                    System.arraycopy(out, at, out, target, 2);
                    break;
                }
            }
        }
        return out;
    }

    private byte[] small2(byte[] bytes, int at) {
        bytes[at] += (byte) (random.nextInt(9) - 4);
        return bytes;
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
        byte[] header = text(Arrays.copyOfRange(bytes, 8, 8 + (int) length), WORDS);
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
            boolean stored = random.nextInt(8) > 0;
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
