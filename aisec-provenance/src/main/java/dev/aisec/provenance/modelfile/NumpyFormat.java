// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Arrays of NumPy, {@code .npy} of versions 1 to 3, one or several in a file. The header is a Python literal, read by a
 * reader of its own, never evaluated; shape and type must fit the bytes that follow. An array of objects is a pickle: it
 * is refused, and the pickle is interpreted as well.
 */
record NumpyFormat() implements ModelFormat {
    static final Rule OBJECT = Rule.reject(
            "numpy.object",
            "The array holds Python objects, which stand in the file as a pickle: reading it can run code.",
            "CVE-2019-6446");
    static final Rule SIZE =
            Rule.reject("numpy.size", "The bytes of the array are not as many as its shape and type need.", "CWE-131");
    static final Rule HEADER =
            Rule.reject("numpy.header", "The header is not the dictionary that the format prescribes.", "NEP 1");

    private static final int MOST_HEADER = 1 << 20;
    private static final int MOST_DIMENSIONS = 64;
    private static final int MOST_FIELDS = 10_000;

    @Override
    public String name() {
        return "numpy";
    }

    @Override
    public List<String> extensions() {
        return List.of("npy");
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(List.of(OBJECT, SIZE, HEADER));
        rules.addAll(PickleRules.ALL);
        return rules;
    }

    @Override
    public Claim recognizes(Probe probe) {
        return isArray(probe.head()) ? Claim.CERTAIN : Claim.NONE;
    }

    private static boolean isArray(byte[] head) {
        return head.length >= 6
                && (head[0] & 0xff) == 0x93
                && head[1] == 'N'
                && head[2] == 'U'
                && head[3] == 'M'
                && head[4] == 'P'
                && head[5] == 'Y';
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        Cursor cursor = new Cursor(source);
        int arrays = 0;
        do {
            array(cursor, inspection, arrays++);
        } while (isArray(source.read(cursor.position(), (int) Math.min(6, cursor.remaining()))));
        if (cursor.remaining() > 0) {
            throw inspection.refuse(
                    SIZE,
                    cursor.position(),
                    "nothing but arrays must follow an array, " + cursor.remaining() + " bytes do");
        }
    }

    private void array(Cursor cursor, Inspection inspection, int number) throws IOException {
        inspection.step();
        long start = cursor.position();
        cursor.skip(6);
        int major = cursor.u8();
        int minor = cursor.u8();
        if (major < 1 || major > 3 || minor != 0) {
            throw inspection.refuse(
                    HEADER, start + 6, "the version must be 1.0, 2.0 or 3.0, was " + major + "." + minor);
        }
        long length = major == 1 ? cursor.u16le() : cursor.u32le();
        int most = Math.min(MOST_HEADER, inspection.limits().headerBytes());
        if (length > most) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE, start + 8, "the header must have <= " + most + " bytes, has " + length);
        }
        long at = cursor.position();
        byte[] bytes = cursor.bytes((int) length);
        String text = new String(bytes, major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        Header header = header(text, at, inspection);
        String name = inspection.location().endsWith(".npy")
                ? inspection.location().substring(0, inspection.location().length() - 4)
                : inspection.location();
        name = number == 0 ? name : name + "[" + number + "]";
        if (header.type.objects()) {
            inspection.report(OBJECT, at, "elements must be numbers, are Python objects: a pickle follows");
            PickleStreams.Result result = PickleStreams.one(cursor, inspection, new PickleStreams.Host(inspection));
            PickleStreams.tellArrays(result.arrays(), inspection);
            return;
        }
        List<Long> shape = new ArrayList<>(header.shape);
        if (header.type.element() == ElementType.OPAQUE) {
            // Elements that are no numbers: their bytes are the last axis.
            shape.add(header.type.bytes());
        }
        Tensor tensor = new Tensor(name, header.type.element(), header.type.order(), shape, Tensor.Role.PARAMETER);
        long needed;
        try {
            needed = tensor.bytes();
        } catch (ArithmeticException e) {
            throw inspection.refuse(
                    SIZE, at, "an array must have < 2^63 bytes, shape " + shown(header.shape) + " has more");
        }
        if (needed > cursor.remaining()) {
            throw inspection.refuse(
                    SIZE,
                    at,
                    "an array of shape " + shown(header.shape) + " must have " + needed + " bytes, has "
                            + cursor.remaining());
        }
        inspection.tensor(tensor);
        inspection.data(tensor, cursor.take(needed));
    }

    private static String shown(List<Long> shape) {
        return shape.size() <= 8 ? shape.toString() : shape.subList(0, 8) + "…";
    }

    private record Header(NumpyType type, List<Long> shape) {}

    private static Header header(String text, long at, Inspection inspection) throws IOException {
        Object value;
        try {
            value = PythonLiteral.parse(text, at);
        } catch (MalformedInputException e) {
            throw inspection.refuse(HEADER, e.offset(), String.valueOf(e.getMessage()));
        }
        if (!(value instanceof Map<?, ?> map) || !map.keySet().equals(Set.of("descr", "fortran_order", "shape"))) {
            throw inspection.refuse(HEADER, at, "keys must be descr, fortran_order and shape, are not");
        }
        if (!(map.get("fortran_order") instanceof Boolean)) {
            throw inspection.refuse(HEADER, at, "fortran_order must be True or False, is not");
        }
        if (!(map.get("shape") instanceof PythonLiteral.Tuple tuple)
                || tuple.items().size() > MOST_DIMENSIONS) {
            throw inspection.refuse(HEADER, at, "shape must be a tuple of <= " + MOST_DIMENSIONS + " sizes, is not");
        }
        List<Long> shape = new ArrayList<>();
        for (Object item : tuple.items()) {
            if (!(item instanceof Long size) || size < 0) {
                throw inspection.refuse(HEADER, at, "sizes must be >= 0, one was " + item);
            }
            shape.add(size);
        }
        int[] fields = {0};
        NumpyType type = type(map.get("descr"), 0, fields);
        if (type == null) {
            throw inspection.refuse(HEADER, at, "descr must be a type of NumPy, is not");
        }
        return new Header(type, shape);
    }

    /** A code or a list of fields; null if it is neither. */
    private static @Nullable NumpyType type(@Nullable Object descr, int depth, int[] fields) {
        if (descr instanceof String code) {
            return NumpyType.of(code).orElse(null);
        }
        if (descr instanceof PythonLiteral.Tuple pair && pair.items().size() == 2) {
            return repeated(
                    type(pair.items().get(0), depth + 1, fields), pair.items().get(1));
        }
        if (!(descr instanceof List<?> list)) {
            return null;
        }
        long bytes = 0;
        boolean objects = false;
        for (Object item : list) {
            if (++fields[0] > MOST_FIELDS
                    || !(item instanceof PythonLiteral.Tuple field)
                    || field.items().size() < 2
                    || field.items().size() > 3) {
                return null;
            }
            NumpyType part = type(field.items().get(1), depth + 1, fields);
            if (part != null && field.items().size() == 3) {
                part = repeated(part, field.items().get(2));
            }
            if (part == null || part.bytes() > Integer.MAX_VALUE) {
                return null;
            }
            bytes += part.bytes();
            objects |= part.objects();
        }
        return bytes > Integer.MAX_VALUE
                ? null
                : new NumpyType(ElementType.OPAQUE, ByteOrder.LITTLE_ENDIAN, bytes, objects);
    }

    private static @Nullable NumpyType repeated(@Nullable NumpyType part, @Nullable Object shape) {
        if (part == null) {
            return null;
        }
        List<?> sizes = shape instanceof PythonLiteral.Tuple tuple
                ? tuple.items()
                : shape instanceof Long ? List.of(shape) : null;
        if (sizes == null) {
            return null;
        }
        long bytes = part.bytes();
        for (Object item : sizes) {
            if (!(item instanceof Long size) || size < 0 || size > Integer.MAX_VALUE || bytes > Integer.MAX_VALUE) {
                return null;
            }
            bytes *= size;
        }
        return new NumpyType(ElementType.OPAQUE, part.order(), bytes, part.objects());
    }
}
