// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads one GGUF file. */
final class GgufReader {
    private static final int MAGIC = 0x46554747;
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MOST_ALIGNMENT = 1 << 16;
    private static final int MOST_KEY = 65_535;
    private static final int MOST_NAME = 64;
    private static final int MOST_AXES = 4;
    /** Length, type and a value of one byte behind an empty key. */
    private static final int LEAST_PAIR = 8 + 4 + 1;
    /** Empty name, no axes, type, offset. */
    private static final int LEAST_TENSOR = 8 + 4 + 4 + 8;

    private static final int UINT32 = 4;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private record Placed(String name, long begin, long length) {}

    private record Described(Tensor tensor, long offset, long bytes, boolean known) {}

    private final ByteSource source;
    private final Cursor in;
    private final Inspection inspection;
    private boolean big;
    private long alignment = DEFAULT_ALIGNMENT;
    private long keyBytes;

    GgufReader(ByteSource source, Inspection inspection) {
        this.source = source;
        this.in = new Cursor(source);
        this.inspection = inspection;
    }

    void read() throws IOException {
        if (in.i32le() != MAGIC) {
            throw inspection.refuse(FileRules.MALFORMED, 0, "a GGUF file must begin with GGUF");
        }
        int version = in.i32le();
        if ((version & 0xffff) == 0 && version != 0) {
            big = true;
            version = Integer.reverseBytes(version);
        }
        if (version == 0) {
            throw inspection.refuse(FileRules.MALFORMED, 4, "version must be >= 1, was 0");
        }
        if (version != 2 && version != 3) {
            throw inspection.refuse(
                    GgufFormat.VERSION, 4, "version must be 2 or 3, was " + Integer.toUnsignedString(version));
        }
        inspection.metadata("gguf.version", String.valueOf(version));
        long tensors = count("number of tensors", LEAST_TENSOR);
        long pairs = count("number of keys", LEAST_PAIR);
        Set<String> keys = new HashSet<>();
        for (long i = 0; i < pairs; i++) {
            inspection.step();
            pair(keys);
        }
        List<Described> described = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < tensors; i++) {
            inspection.step();
            described.add(tensor(names));
        }
        layout(described);
    }

    private long count(String what, int least) throws IOException {
        long at = in.position();
        long count = i64();
        if (count < 0 || count > in.remaining() / least) {
            throw inspection.refuse(
                    GgufFormat.COUNT,
                    at,
                    what + " must be <= " + in.remaining() / least + " by the length of the file, was "
                            + Long.toUnsignedString(count));
        }
        if (count > inspection.limits().items()) {
            throw inspection.refuse(
                    FileRules.TOO_MANY,
                    at,
                    what + " must be <= " + inspection.limits().items() + ", was " + count);
        }
        return count;
    }

    private void pair(Set<String> keys) throws IOException {
        long at = in.position();
        String key = text("a key", MOST_KEY);
        keyBytes += key.length();
        if (keyBytes > inspection.limits().headerBytes()) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE,
                    at,
                    "keys must have <= " + inspection.limits().headerBytes() + " characters in all, have more");
        }
        if (key.isEmpty() || key.chars().anyMatch(c -> c <= 0x20 || c == 0x7f)) {
            throw inspection.refuse(
                    GgufFormat.METADATA, at, "a key must have no spaces or control characters, was " + Text.quote(key));
        }
        if (!keys.add(key)) {
            throw inspection.refuse(GgufFormat.DUPLICATE, at, "a key must stand once, twice stands " + Text.quote(key));
        }
        long valueAt = in.position();
        int type = i32();
        if (key.equals("general.alignment")) {
            if (type != UINT32) {
                throw inspection.refuse(GgufFormat.ALIGNMENT, valueAt, "alignment must be of type 4, was of " + type);
            }
            alignment = i32() & 0xffffffffL;
            if (Long.bitCount(alignment) != 1 || alignment < 8 || alignment > MOST_ALIGNMENT) {
                throw inspection.refuse(
                        GgufFormat.ALIGNMENT,
                        valueAt,
                        "alignment must be a power of two in [8, " + MOST_ALIGNMENT + "], was " + alignment);
            }
            return;
        }
        boolean template = key.startsWith("tokenizer.chat_template") || key.endsWith(".chat_template");
        if (template && type != STRING && !key.equals("tokenizer.chat_templates")) {
            throw inspection.refuse(
                    GgufFormat.METADATA,
                    valueAt,
                    "template " + Text.quote(key) + " must be a string, was of type " + type);
        }
        if (template && type == STRING) {
            String text =
                    text("a template", Math.min(1 << 20, inspection.limits().headerBytes()));
            new JinjaTemplate(text, inspection).check(key, valueAt);
        } else if (type == STRING && key.startsWith("general.") && keys.size() < 1000) {
            ByteSource value = string("a string");
            String shown = new String(value.read(0, (int) Math.min(200, value.length())), StandardCharsets.UTF_8);
            inspection.metadata("gguf." + key.substring(0, Math.min(60, key.length())), shown);
        } else {
            value(type, key, 0);
        }
    }

    private void value(int type, String key, int depth) throws IOException {
        long at = in.position();
        switch (type) {
            case 0, 1 -> in.skip(1);
            case 2, 3 -> in.skip(2);
            case 4, 5, 6 -> in.skip(4);
            case 7 -> {
                int value = in.u8();
                if (value > 1) {
                    throw inspection.refuse(
                            GgufFormat.METADATA, at, "boolean " + Text.quote(key) + " must be 0 or 1, was " + value);
                }
            }
            case STRING -> string("a string");
            case ARRAY -> array(key, depth);
            case 10, 11, 12 -> in.skip(8);
            default ->
                throw inspection.refuse(
                        GgufFormat.METADATA,
                        at,
                        "type of " + Text.quote(key) + " must be in [0, 12], was " + Integer.toUnsignedString(type));
        }
    }

    private void array(String key, int depth) throws IOException {
        long at = in.position();
        if (depth >= 4) {
            throw inspection.refuse(
                    FileRules.TOO_DEEP, at, "arrays must be nested <= 4 deep, " + Text.quote(key) + " is deeper");
        }
        int type = i32();
        long count = i64();
        int least = switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 4, 5, 6 -> 4;
            case STRING, 10, 11, 12 -> 8;
            case ARRAY -> 12;
            default ->
                throw inspection.refuse(
                        GgufFormat.METADATA,
                        at,
                        "type of elements of " + Text.quote(key) + " must be in [0, 12], was "
                                + Integer.toUnsignedString(type));
        };
        if (count < 0 || count > in.remaining() / least) {
            throw inspection.refuse(
                    GgufFormat.COUNT,
                    at,
                    "length of " + Text.quote(key) + " must be <= " + in.remaining() / least
                            + " by the length of the file, was " + Long.toUnsignedString(count));
        }
        if (type == STRING || type == ARRAY || type == 7) {
            for (long i = 0; i < count; i++) {
                inspection.step();
                value(type, key, depth + 1);
            }
        } else {
            in.skip(count * least);
        }
    }

    private ByteSource string(String what) throws IOException {
        long at = in.position();
        long length = i64();
        if (length < 0 || length > in.remaining()) {
            throw inspection.refuse(
                    GgufFormat.COUNT,
                    at,
                    "length of " + what + " must be <= " + in.remaining() + ", was " + Long.toUnsignedString(length));
        }
        return in.take(length);
    }

    private String text(String what, int most) throws IOException {
        long at = in.position();
        ByteSource bytes = string(what);
        if (bytes.length() > most) {
            throw inspection.refuse(
                    most == MOST_KEY || most == MOST_NAME ? GgufFormat.METADATA : FileRules.TOO_LARGE,
                    at,
                    what + " must have <= " + most + " bytes, has " + bytes.length());
        }
        return Utf8.decode(bytes.read(0, (int) bytes.length()))
                .orElseThrow(() -> inspection.refuse(GgufFormat.METADATA, at, what + " must be valid UTF-8"));
    }

    private Described tensor(Set<String> names) throws IOException {
        long at = in.position();
        String name = text("the name of a tensor", MOST_NAME);
        if (!names.add(name)) {
            throw inspection.refuse(
                    GgufFormat.DUPLICATE, at, "the name of a tensor must stand once, twice stands " + Text.quote(name));
        }
        int axes = i32();
        if (axes < 0 || axes > MOST_AXES) {
            throw inspection.refuse(
                    GgufFormat.TENSOR,
                    at,
                    Text.quote(name) + " must have <= " + MOST_AXES + " axes, has " + Integer.toUnsignedString(axes));
        }
        List<Long> shape = new ArrayList<>();
        long elements = 1;
        for (int i = 0; i < axes; i++) {
            long size = i64();
            if (size < 0 || size != 0 && elements > (Long.MAX_VALUE >> 4) / size) {
                throw inspection.refuse(
                        GgufFormat.TENSOR,
                        at,
                        "sizes of " + Text.quote(name) + " must be >= 0 and their product fit 59 bits, one was "
                                + Long.toUnsignedString(size));
            }
            elements *= Math.max(1, size);
            // The first axis of the file is the innermost.
            shape.add(0, size);
        }
        if (shape.contains(0L)) {
            elements = 0;
        }
        int code = i32();
        long offset = i64();
        GgmlType type = GgmlType.of(code);
        if (type == null) {
            inspection.report(
                    GgufFormat.TENSOR_TYPE,
                    at,
                    "type of " + Text.quote(name) + " is not known: " + Integer.toUnsignedString(code));
            return new Described(
                    new Tensor(name, ElementType.OPAQUE, order(), shape, Tensor.Role.PARAMETER), offset, 0, false);
        }
        long row = shape.isEmpty() ? 1 : shape.get(shape.size() - 1);
        if (row % type.blockElements() != 0) {
            throw inspection.refuse(
                    GgufFormat.TENSOR,
                    at,
                    "first size of " + Text.quote(name) + " must be a multiple of " + type.blockElements() + ", was "
                            + row);
        }
        long blocks = elements / type.blockElements();
        if (blocks > Long.MAX_VALUE / 2 / type.blockBytes()) {
            throw inspection.refuse(GgufFormat.TENSOR, at, "bytes of " + Text.quote(name) + " must fit 62 bits");
        }
        Tensor tensor = new Tensor(name, type.element(), order(), shape, Tensor.Role.PARAMETER);
        inspection.tensor(tensor);
        return new Described(tensor, offset, blocks * type.blockBytes(), true);
    }

    private ByteOrder order() {
        return big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    private void layout(List<Described> described) throws IOException {
        long header = in.position();
        long begin = padded(header);
        if (begin > source.length()) {
            if (!described.isEmpty() && described.stream().anyMatch(d -> d.bytes() > 0 || !d.known())) {
                throw inspection.refuse(
                        GgufFormat.LAYOUT, header, "data must begin at " + begin + ", the file ends before");
            }
            begin = source.length();
        }
        zero(header, begin);
        long room = source.length() - begin;
        List<Placed> placed = new ArrayList<>();
        boolean all = true;
        for (Described tensor : described) {
            String name = Text.quote(tensor.tensor().name());
            long offset = tensor.offset();
            if (offset < 0 || offset % alignment != 0) {
                throw inspection.refuse(
                        GgufFormat.LAYOUT,
                        -1,
                        "offset of " + name + " must be a multiple of " + alignment + ", was "
                                + Long.toUnsignedString(offset));
            }
            if (offset > room || tensor.bytes() > room - offset) {
                throw inspection.refuse(
                        GgufFormat.LAYOUT,
                        -1,
                        name + " must end within the " + room + " bytes of data, has " + tensor.bytes() + " bytes at "
                                + offset);
            }
            all &= tensor.known();
            placed.add(new Placed(name, offset, tensor.bytes()));
        }
        placed.sort(Comparator.comparingLong(Placed::begin).thenComparingLong(Placed::length));
        if (all) {
            contiguous(placed, begin, room);
        }
        for (Described tensor : described) {
            if (tensor.known() && tensor.bytes() > 0 && tensor.tensor().type() != ElementType.OPAQUE) {
                inspection.data(tensor.tensor(), source.window(begin + tensor.offset(), tensor.bytes()));
            }
        }
    }

    private void contiguous(List<Placed> placed, long begin, long room) throws IOException {
        long at = 0;
        for (Placed tensor : placed) {
            long expected = padded(begin + at) - begin;
            if (tensor.begin() != expected) {
                throw inspection.refuse(
                        GgufFormat.LAYOUT,
                        begin + tensor.begin(),
                        tensor.name() + " must begin at " + expected + ", behind the one before, begins at "
                                + tensor.begin());
            }
            zero(begin + at, begin + tensor.begin());
            at = tensor.begin() + tensor.length();
        }
        long end = Math.min(padded(begin + at) - begin, room);
        if (room > end) {
            throw inspection.refuse(
                    GgufFormat.LAYOUT, begin + end, "nothing may follow the tensors, " + (room - end) + " bytes do");
        }
        zero(begin + at, begin + end);
    }

    private long padded(long at) {
        return at + (alignment - at % alignment) % alignment;
    }

    private void zero(long from, long to) throws IOException {
        if (to <= from) {
            return;
        }
        for (byte b : source.read(from, (int) Math.min(MOST_ALIGNMENT, to - from))) {
            if (b != 0) {
                inspection.report(GgufFormat.PADDING, from, "padding must be zero");
                return;
            }
        }
    }

    private int i32() throws IOException {
        return big ? in.i32be() : in.i32le();
    }

    private long i64() throws IOException {
        return big ? in.i64be() : in.i64le();
    }
}
