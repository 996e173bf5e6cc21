// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads a TensorProto and a TensorShapeProto of TensorFlow. */
final class TensorFlowTensor {
    private static final int MOST_AXES = 254;
    private static final int STRING = 7;
    private static final int RESOURCE = 20;
    private static final int VARIANT = 21;
    private static final int NEWEST_TYPE = 33;
    private static final int REFERENCE = 100;
    private static final int KEPT = 4096;

    private final Protobuf in;
    private final Inspection inspection;
    private final String name;

    private int type;
    private List<Long> shape = List.of();
    private @Nullable ByteSource content;
    private int valueField;
    private long values;
    private final List<ByteSource> packed = new ArrayList<>();
    private boolean unpacked;
    private String firstText = "";

    private TensorFlowTensor(Protobuf in, Inspection inspection, String name) {
        this.in = in;
        this.inspection = inspection;
        this.name = name;
    }

    /** Reads the message that the current field is; gives its first string, if it holds strings. */
    static String read(Protobuf in, Inspection inspection, String name, boolean function) throws IOException {
        return new TensorFlowTensor(in, inspection, name).read(function);
    }

    /** Whether a number stands for a data type; references are the type plus 100. */
    static boolean isType(int type) {
        int base = type > REFERENCE ? type - REFERENCE : type;
        return base >= (type > REFERENCE ? 1 : 0) && base <= NEWEST_TYPE;
    }

    private String read(boolean function) throws IOException {
        long tag = in.offset();
        in.enter();
        long from = in.position();
        fields();
        if (!isType(type) || type == 0) {
            throw inspection.refuse(
                    TensorFlowFormat.DATA_TYPE,
                    tag,
                    "data type of " + Text.quote(name) + " must be in [1, " + NEWEST_TYPE + "], was " + type);
        }
        long elements = elements();
        Tensor tensor = new Tensor(name, element(type), ByteOrder.LITTLE_ENDIAN, shape, role(function, elements));
        inspection.tensor(tensor);
        if (type == RESOURCE || type == VARIANT) {
            inspection.report(
                    TensorFlowFormat.OPAQUE,
                    tag,
                    "constant " + Text.quote(name) + " holds a handle or an object, not numbers");
        } else {
            count(tag, elements);
            if (tensor.type() != ElementType.OPAQUE && elements > 0) {
                scan(tensor, from, elements);
            }
        }
        in.leave();
        return firstText;
    }

    /** Frozen graphs keep weights as constants; masks and bounds, which may be infinite, are small or in functions. */
    private Tensor.Role role(boolean function, long elements) {
        boolean named =
                name.toLowerCase(Locale.ROOT).matches(".*(kernel|weight|bias|gamma|beta|variable|moving_|embedding).*");
        return elements > 1 && (named || !function && shape.size() > 1) ? Tensor.Role.PARAMETER : Tensor.Role.CONSTANT;
    }

    private void fields() throws IOException {
        while (in.next()) {
            switch (in.field()) {
                case 1 -> type = in.once().int32();
                case 2 -> {
                    in.once();
                    List<Long> read = shape(in, inspection);
                    if (read == null || read.contains(-1L)) {
                        throw inspection.refuse(
                                TensorFlowFormat.DIMS, in.offset(), "the shape of a constant must be known, is open");
                    }
                    shape = read;
                }
                case 3 -> in.once().int32();
                case 4 -> content = in.once().bytes();
                case 5 -> values(5, in.fixedCount(4));
                case 6 -> values(6, in.fixedCount(8));
                case 9 -> values(9, in.fixedCount(4));
                case 12 -> values(12, in.fixedCount(8));
                case 7, 10, 11, 13, 16, 17 -> {
                    long[] n = {0};
                    in.varints(v -> n[0]++);
                    values(in.field(), n[0]);
                }
                case 8 -> {
                    if (values == 0) {
                        firstText = in.beginning(KEPT);
                    }
                    values(8, 1);
                }
                case 14, 15 -> {
                    in.skip(Protobuf.BYTES);
                    values(in.field(), 1);
                }
                case 18 -> {
                    in.once();
                    values(18, in.length());
                }
                default -> in.unknown();
            }
        }
    }

    private void values(int field, long count) throws IOException {
        if (count == 0) {
            return;
        }
        if (valueField != 0 && valueField != field) {
            throw inspection.refuse(
                    TensorFlowFormat.TENSOR_DATA,
                    in.offset(),
                    Text.quote(name) + " must have values in one field, has in " + valueField + " and " + field);
        }
        valueField = field;
        values += count;
        boolean plain = field == 5 || field == 6 || field == 9 || field == 12 || field == 18;
        if (plain && in.packed() && packed.size() < 1000) {
            packed.add(in.bytes());
        } else {
            unpacked = true;
        }
    }

    /** Sizes of axes, -1 for open ones; null for an open number of axes. */
    static @Nullable List<Long> shape(Protobuf in, Inspection inspection) throws IOException {
        List<Long> shape = new ArrayList<>();
        boolean open = false;
        long product = 1;
        long tag = in.offset();
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 2 -> {
                    long size = 0;
                    in.enter();
                    while (in.next()) {
                        switch (in.field()) {
                            case 1 -> size = in.once().number();
                            case 2 -> in.once().skip(Protobuf.BYTES);
                            default -> in.unknown();
                        }
                    }
                    in.leave();
                    if (size < -1 || shape.size() == MOST_AXES) {
                        throw inspection.refuse(
                                TensorFlowFormat.DIMS,
                                tag,
                                "sizes of axes must be >= -1 and at most " + MOST_AXES + ", one was " + size);
                    }
                    long factor = Math.max(1, size);
                    if (product > (Long.MAX_VALUE >> 5) / factor) {
                        throw inspection.refuse(
                                TensorFlowFormat.DIMS, tag, "the product of sizes must fit 58 bits, does not");
                    }
                    product *= factor;
                    shape.add(size);
                }
                case 3 -> open = in.once().bool();
                default -> in.unknown();
            }
        }
        in.leave();
        return open ? null : shape;
    }

    private long elements() {
        if (shape.contains(0L)) {
            return 0;
        }
        long product = 1;
        for (long size : shape) {
            product *= size;
        }
        return product;
    }

    private void count(long tag, long elements) throws IOException {
        int width = width(type);
        ByteSource bytes = content;
        if (bytes != null && bytes.length() > 0) {
            if (values > 0) {
                throw inspection.refuse(
                        TensorFlowFormat.TENSOR_DATA,
                        tag,
                        Text.quote(name) + " must have its values in one field, has tensor_content and another");
            }
            if (type == STRING) {
                throw inspection.refuse(
                        TensorFlowFormat.TENSOR_DATA, tag, "strings of " + Text.quote(name) + " must not be packed");
            }
            if (bytes.length() != elements * width) {
                throw inspection.refuse(
                        TensorFlowFormat.TENSOR_DATA,
                        tag,
                        "tensor_content of " + Text.quote(name) + " must have " + elements * width + " bytes, has "
                                + bytes.length());
            }
            return;
        }
        int wanted = field(type);
        if (valueField != 0 && valueField != wanted) {
            throw inspection.refuse(
                    TensorFlowFormat.TENSOR_DATA,
                    tag,
                    "values of " + Text.quote(name) + " must stand in field " + wanted + ", stand in " + valueField);
        }
        long most = wanted == 9 || wanted == 12 ? 2 * elements : elements;
        if (values > most) {
            throw inspection.refuse(
                    TensorFlowFormat.TENSOR_DATA,
                    tag,
                    Text.quote(name) + " must have <= " + most + " values, has " + values);
        }
        if (values < most) {
            // The last value, or zero, fills the rest.
            inspection.inflated(elements * width);
        }
    }

    private void scan(Tensor tensor, long from, long elements) throws IOException {
        ByteSource bytes = content;
        if (bytes != null && bytes.length() > 0) {
            inspection.data(tensor, bytes);
            return;
        }
        if (values == 0) {
            return;
        }
        if (!unpacked) {
            for (ByteSource part : packed) {
                inspection.data(tensor, part);
            }
            return;
        }
        Elements some = new Elements(inspection, tensor);
        in.again(from);
        while (in.next()) {
            switch (in.field()) {
                case 5 -> in.fixed32s(some::add);
                case 9 -> in.fixed32s(some::addHalf);
                case 6 -> in.fixed64s(some::add);
                case 12 -> in.fixed64s(some::addHalf);
                case 7, 10, 11, 13, 16, 17 -> in.varints(some::add);
                default -> {}
            }
        }
        some.flush();
    }

    private static int width(int type) {
        return switch (type) {
            case 29, 30, 31, 32, 33, STRING -> 1;
            case 11, 12, 27 -> 1;
            case 13 -> 4;
            case 15, 16 -> 2;
            default -> element(type).blockBytes();
        };
    }

    /** The field of values of a type. */
    private static int field(int type) {
        return switch (type) {
            case 1 -> 5;
            case 2 -> 6;
            case STRING -> 8;
            case 8 -> 9;
            case 9 -> 10;
            case 10 -> 11;
            case 14, 19 -> 13;
            case 18 -> 12;
            case 22 -> 16;
            case 23 -> 17;
            case 24, 25, 26, 27, 28 -> 18;
            default -> 7;
        };
    }

    private static ElementType element(int type) {
        return switch (type) {
            case 1 -> ElementType.F32;
            case 2 -> ElementType.F64;
            case 3, 13 -> ElementType.I32;
            case 4, 12 -> ElementType.U8;
            case 5, 15 -> ElementType.I16;
            case 6, 11 -> ElementType.I8;
            case 8 -> ElementType.COMPLEX64;
            case 9 -> ElementType.I64;
            case 10 -> ElementType.BOOL;
            case 14 -> ElementType.BF16;
            case 16, 17 -> ElementType.U16;
            case 18 -> ElementType.COMPLEX128;
            case 19 -> ElementType.F16;
            case 22 -> ElementType.U32;
            case 23 -> ElementType.U64;
            case 24 -> ElementType.F8_E5M2;
            case 25 -> ElementType.F8_E4M3;
            case 26 -> ElementType.F8_E4M3FNUZ;
            case 28 -> ElementType.F8_E5M2FNUZ;
            default -> ElementType.OPAQUE;
        };
    }

    /** Whether a name of a file leads out of the folder of the model. */
    static boolean leads(String path) {
        String plain = path.replace('\\', '/');
        return plain.startsWith("/")
                || plain.startsWith("~")
                || plain.matches("(?s)[A-Za-z]:.*")
                || plain.contains("://")
                || List.of(plain.split("/", -1)).contains("..")
                || plain.indexOf(0) >= 0;
    }
}
