// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a TensorProto of ONNX. */
final class OnnxTensor {
    private static final int MOST_DIMS = 255;
    private static final int STRING = 8;

    /** What a tensor says of itself. */
    record Summary(String name, int type, List<Long> dims, long elements) {}

    private final Protobuf in;
    private final Inspection inspection;
    private final Set<String> external;

    private final List<Long> dims = new ArrayList<>();
    private final List<ByteSource> packed = new ArrayList<>();
    private boolean unpacked;
    private int type;
    private String name = "";
    private @Nullable ByteSource raw;
    private long floats;
    private long ints;
    private long longs;
    private long doubles;
    private long unsigned;
    private long strings;
    private boolean elsewhere;
    private final Map<String, String> location = new HashMap<>();

    private OnnxTensor(Protobuf in, Inspection inspection, Set<String> external) {
        this.in = in;
        this.inspection = inspection;
        this.external = external;
    }

    /**
     * Reads the message that the current field is.
     *
     * @param external locations of external data that were reported before
     * @param hint its name if it has none
     */
    static Summary read(
            Protobuf in,
            Inspection inspection,
            Set<String> external,
            String hint,
            Tensor.Role role,
            Protobuf.@Nullable Numbers indices)
            throws IOException {
        return new OnnxTensor(in, inspection, external).read(hint, role, indices);
    }

    private Summary read(String hint, Tensor.Role role, Protobuf.@Nullable Numbers indices) throws IOException {
        long tag = in.offset();
        in.enter();
        long from = in.position();
        fields();
        if (name.isEmpty()) {
            name = hint;
        }
        long elements = elements(tag);
        if (type < 1 || type > 26) {
            throw inspection.refuse(
                    OnnxFormat.DATA_TYPE, tag, "data type of " + Text.quote(name) + " must be in [1, 26], was " + type);
        }
        ElementType element = element(type);
        boolean scalar = elements <= 1;
        Tensor tensor = new Tensor(name, element, ByteOrder.LITTLE_ENDIAN, dims, scalar ? Tensor.Role.CONSTANT : role);
        inspection.tensor(tensor);
        if (elsewhere || !location.isEmpty()) {
            external(tag, elements);
        }
        if (!elsewhere) {
            count(tag, elements);
            scan(tensor, from, indices);
        }
        in.leave();
        return new Summary(name, type, List.copyOf(dims), elements);
    }

    private void fields() throws IOException {
        while (in.next()) {
            switch (in.field()) {
                case 1 -> in.varints(this::dim);
                case 2 -> type = in.once().int32();
                case 3 ->
                    throw in.malformed("a tensor must have no segments, which are not part of the format any more");
                case 4 -> {
                    floats += in.fixedCount(4);
                    window();
                }
                case 5 -> in.varints(n -> ints++);
                case 6 -> {
                    in.skip(Protobuf.BYTES);
                    strings++;
                }
                case 7 -> in.varints(n -> longs++);
                case 8 -> name = in.once().text();
                case 9 -> raw = in.once().bytes();
                case 10 -> {
                    doubles += in.fixedCount(8);
                    window();
                }
                case 11 -> in.varints(n -> unsigned++);
                case 12 -> in.once().skip(Protobuf.BYTES);
                case 13 -> entry();
                case 14 -> {
                    int where = in.once().int32();
                    if (where != 0 && where != 1) {
                        throw in.malformed("data location must be 0 or 1, was " + where);
                    }
                    elsewhere = where == 1;
                }
                case 16 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
    }

    private void dim(long size) throws IOException {
        if (size < 0) {
            throw inspection.refuse(OnnxFormat.DIMS, in.offset(), "sizes of axes must be >= 0, one was " + size);
        }
        if (dims.size() == MOST_DIMS) {
            throw inspection.refuse(
                    OnnxFormat.DIMS, in.offset(), "number of axes must be <= " + MOST_DIMS + ", is higher");
        }
        dims.add(size);
    }

    private void window() throws IOException {
        if (in.packed() && packed.size() < 1000) {
            packed.add(in.bytes());
        } else {
            unpacked = true;
        }
    }

    private void entry() throws IOException {
        String key = "";
        String value = "";
        long tag = in.offset();
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> key = in.once().text();
                case 2 -> value = in.once().text();
                default -> in.unknown();
            }
        }
        in.leave();
        if (location.put(key, value) != null) {
            throw inspection.refuse(
                    Protobuf.AMBIGUOUS,
                    tag,
                    "keys of external data must be unique, " + Text.quote(key) + " stands twice");
        }
        boolean known = switch (key) {
            case "location", "offset", "length", "checksum" -> true;
            default -> key.startsWith("prepacked");
        };
        if (!known) {
            inspection.report(
                    OnnxFormat.EXTERNAL_PATH,
                    tag,
                    "keys of external data must be location, offset, length or checksum, one was " + Text.quote(key));
        }
    }

    private long elements(long tag) throws IOException {
        long product = 1;
        // Zero sizes are no excuse: a reader may multiply in any order.
        boolean zero = false;
        for (long size : dims) {
            zero |= size == 0;
            if (size != 0 && product > (Long.MAX_VALUE >> 4) / size) {
                throw inspection.refuse(
                        OnnxFormat.DIMS,
                        tag,
                        "the product of sizes of " + Text.quote(name) + " must fit 60 bits, they are "
                                + dims.subList(0, Math.min(10, dims.size())));
            }
            product *= Math.max(1, size);
        }
        return zero ? 0 : product;
    }

    private void external(long tag, long elements) throws IOException {
        String path = location.getOrDefault("location", "");
        String wrong = wrong(path);
        if (!wrong.isEmpty()) {
            inspection.report(
                    OnnxFormat.EXTERNAL_PATH,
                    tag,
                    "external data of " + Text.quote(name) + " must be at a relative path below the model, " + wrong
                            + ": " + Text.quote(path));
            return;
        }
        long offset = decimal(tag, "offset");
        long length = decimal(tag, "length");
        if (offset > Long.MAX_VALUE - length) {
            inspection.report(
                    OnnxFormat.EXTERNAL_PATH,
                    tag,
                    "offset + length must fit 63 bits, were " + offset + " and " + length);
            return;
        }
        long bytes = bytes(elements);
        if (location.containsKey("length") && length != bytes) {
            inspection.report(
                    OnnxFormat.TENSOR_DATA,
                    tag,
                    "external data of " + Text.quote(name) + " must have " + bytes + " bytes, has " + length);
            return;
        }
        if (!elsewhere) {
            return;
        }
        if (raw != null || floats + ints + longs + doubles + unsigned + strings > 0) {
            throw inspection.refuse(
                    OnnxFormat.TENSOR_DATA,
                    tag,
                    Text.quote(name) + " must have its data within the file or outside, has both");
        }
        if (external.add(path)) {
            inspection.report(
                    OnnxFormat.EXTERNAL_DATA,
                    tag,
                    "data of " + Text.quote(name) + " is in another file, " + Text.quote(path) + ", and was not seen");
        }
    }

    private static String wrong(String path) {
        if (path.isEmpty()) {
            return "it is empty";
        }
        if (path.startsWith("/") || path.startsWith("~")) {
            return "it is absolute";
        }
        if (path.indexOf('\\') >= 0 || path.indexOf(':') >= 0 || path.indexOf('*') >= 0) {
            return "it has a backslash, a colon or a star";
        }
        if (path.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            return "it has a control character";
        }
        for (String part : path.split("/", -1)) {
            // Windows drops dots and spaces at the end.
            if (part.startsWith("..") && part.chars().allMatch(c -> c == '.' || c == ' ')) {
                return "it leaves its folder";
            }
        }
        return "";
    }

    private long decimal(long tag, String key) throws IOException {
        String value = location.get(key);
        if (value == null) {
            return 0;
        }
        if (value.isEmpty() || value.length() > 19 || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw inspection.refuse(
                    OnnxFormat.EXTERNAL_PATH,
                    tag,
                    key + " of external data must be a number >= 0, was " + Text.quote(value));
        }
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw inspection.refuse(
                    OnnxFormat.EXTERNAL_PATH,
                    tag,
                    key + " of external data must fit 63 bits, was " + Text.quote(value));
        }
    }

    private long bytes(long elements) {
        return switch (type) {
            case 21, 22, 23 -> elements / 2 + elements % 2;
            case 25, 26 -> elements / 4 + (elements % 4 == 0 ? 0 : 1);
            default -> elements * element(type).blockBytes();
        };
    }

    private void count(long tag, long elements) throws IOException {
        long total = floats + ints + longs + doubles + unsigned + strings;
        ByteSource bytes = raw;
        if (bytes != null && (bytes.length() > 0 || total == 0)) {
            if (type == STRING || total > 0) {
                throw inspection.refuse(
                        OnnxFormat.TENSOR_DATA,
                        tag,
                        "data of " + Text.quote(name) + " must stand in the one field of its type, stands in raw_data"
                                + (total > 0 ? " and another" : ""));
            }
            if (bytes.length() != bytes(elements)) {
                throw inspection.refuse(
                        OnnxFormat.TENSOR_DATA,
                        tag,
                        "raw_data of " + Text.quote(name) + " must have " + bytes(elements) + " bytes, has "
                                + bytes.length());
            }
            return;
        }
        long there = switch (type) {
            case 1, 14 -> floats;
            case STRING -> strings;
            case 7 -> longs;
            case 11, 15 -> doubles;
            case 12, 13 -> unsigned;
            default -> ints;
        };
        if (there != total) {
            throw inspection.refuse(
                    OnnxFormat.TENSOR_DATA,
                    tag,
                    "data of " + Text.quote(name) + " must stand in the one field of its type, stands in another");
        }
        long wanted = switch (type) {
            case 14, 15 -> 2 * elements;
            case 21, 22, 23, 25, 26 -> bytes(elements);
            default -> elements;
        };
        if (there != wanted) {
            throw inspection.refuse(
                    OnnxFormat.TENSOR_DATA, tag, Text.quote(name) + " must have " + wanted + " numbers, has " + there);
        }
    }

    private void scan(Tensor tensor, long from, Protobuf.@Nullable Numbers indices) throws IOException {
        ByteSource bytes = raw;
        if (indices != null && type == 7) {
            if (bytes != null && bytes.length() > 0) {
                Cursor cursor = new Cursor(bytes);
                while (cursor.remaining() > 0) {
                    inspection.step();
                    indices.take(cursor.i64le());
                }
            } else {
                in.again(from);
                while (in.next()) {
                    if (in.field() == 7) {
                        in.varints(indices);
                    }
                }
            }
        }
        if (tensor.type() == ElementType.OPAQUE || tensor.elements() == 0) {
            return;
        }
        if (bytes != null && bytes.length() > 0) {
            inspection.data(tensor, bytes);
            return;
        }
        if (!unpacked && !packed.isEmpty()) {
            for (ByteSource part : packed) {
                if (part.length() > 0) {
                    inspection.data(tensor, part);
                }
            }
            return;
        }
        Elements elements = new Elements(inspection, tensor);
        int width = tensor.type().blockBytes();
        in.again(from);
        while (in.next()) {
            switch (in.field()) {
                case 4 -> in.fixed32s(type == 14 ? elements::addHalf : elements::add);
                case 10 -> in.fixed64s(type == 15 ? elements::addHalf : elements::add);
                case 5 ->
                    in.varints(n -> {
                        if (width < 4 && (n < -(1L << 8 * width - 1) || n >= 1L << 8 * width) || n != (int) n) {
                            throw inspection.refuse(
                                    OnnxFormat.TENSOR_DATA,
                                    in.offset(),
                                    "numbers of " + Text.quote(name) + " must fit " + 8 * width + " bits, one was "
                                            + n);
                        }
                        elements.add(n);
                    });
                case 7 -> in.varints(elements::add);
                case 11 ->
                    in.varints(n -> {
                        if (width == 4 && n >>> 32 != 0) {
                            throw inspection.refuse(
                                    OnnxFormat.TENSOR_DATA,
                                    in.offset(),
                                    "numbers of " + Text.quote(name) + " must fit 32 bits, one was "
                                            + Long.toUnsignedString(n));
                        }
                        elements.add(n);
                    });
                default -> {}
            }
        }
        elements.flush();
    }

    /** The storage of a data type; {@link ElementType#OPAQUE} where there are no numbers of whole bytes to scan. */
    private static ElementType element(int type) {
        return switch (type) {
            case 1 -> ElementType.F32;
            case 2 -> ElementType.U8;
            case 3 -> ElementType.I8;
            case 4 -> ElementType.U16;
            case 5 -> ElementType.I16;
            case 6 -> ElementType.I32;
            case 7 -> ElementType.I64;
            case 9 -> ElementType.BOOL;
            case 10 -> ElementType.F16;
            case 11 -> ElementType.F64;
            case 12 -> ElementType.U32;
            case 13 -> ElementType.U64;
            case 14 -> ElementType.COMPLEX64;
            case 15 -> ElementType.COMPLEX128;
            case 16 -> ElementType.BF16;
            case 17 -> ElementType.F8_E4M3;
            case 18 -> ElementType.F8_E4M3FNUZ;
            case 19 -> ElementType.F8_E5M2;
            case 20 -> ElementType.F8_E5M2FNUZ;
            default -> ElementType.OPAQUE;
        };
    }
}
