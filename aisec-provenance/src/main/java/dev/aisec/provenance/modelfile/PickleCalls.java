// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleGlobals.Kind;
import dev.aisec.provenance.modelfile.PickleValue.Array;
import dev.aisec.provenance.modelfile.PickleValue.Big;
import dev.aisec.provenance.modelfile.PickleValue.Bytes;
import dev.aisec.provenance.modelfile.PickleValue.Call;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Dict;
import dev.aisec.provenance.modelfile.PickleValue.Dtype;
import dev.aisec.provenance.modelfile.PickleValue.Encoded;
import dev.aisec.provenance.modelfile.PickleValue.Global;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Items;
import dev.aisec.provenance.modelfile.PickleValue.Persistent;
import dev.aisec.provenance.modelfile.PickleValue.Real;
import dev.aisec.provenance.modelfile.PickleValue.Storage;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import dev.aisec.provenance.modelfile.PickleValue.Tuple;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks one call of a name on the list, or one BUILD of what such a call gave: the arguments must be what picklers write.
 * A class that is harmless when called as meant can be a weapon when called otherwise ({@code bytearray(10**12)},
 * {@code numpy.ndarray(shape)}, a codec other than Latin-1).
 */
final class PickleCalls {
    private static final Set<Kind> FACTORIES = EnumSet.of(
            Kind.LIST,
            Kind.DICT,
            Kind.SET,
            Kind.FROZENSET,
            Kind.TUPLE,
            Kind.SCALAR,
            Kind.BYTES,
            Kind.ORDERED_DICT,
            Kind.COUNTER,
            Kind.DEQUE);
    private static final Set<Kind> REBUILDERS = EnumSet.of(
            Kind.TORCH_TENSOR,
            Kind.TORCH_TENSOR_V2,
            Kind.TORCH_TENSOR_V3,
            Kind.TORCH_QUANTIZED,
            Kind.TORCH_PARAMETER,
            Kind.TORCH_SPARSE,
            Kind.TORCH_META,
            Kind.TORCH_FROM_NUMPY,
            Kind.TORCH_FROM_TENSOR);
    private static final Pattern ATTRIBUTE = Pattern.compile("(?!__)[A-Za-z_][A-Za-z_0-9]{0,255}");
    private static final Set<String> DICT_METHODS = Set.of(
            "keys",
            "items",
            "values",
            "get",
            "pop",
            "popitem",
            "update",
            "copy",
            "clear",
            "setdefault",
            "move_to_end",
            "fromkeys",
            "most_common",
            "elements",
            "subtract",
            "total",
            "default_factory");
    private static final Pattern FRACTION = Pattern.compile("-?[0-9]{1,1000}(?:/[0-9]{1,1000})?");
    private static final Set<String> LATIN = Set.of("latin1", "latin-1", "iso-8859-1");
    private static final int MOST_DIMENSIONS = 64;
    /** Flags of a type of NumPy: references are counted, are pickled as a list, are pointers. */
    private static final int POINTERS = 7;
    /** What CPython lets a text have that becomes an integer. */
    private static final int MOST_DIGITS = 4300;

    private final PickleMachine machine;
    private final PickleValue target;
    private final Tuple args;
    private final long at;

    PickleCalls(PickleMachine machine, Global target, Tuple args, long at) {
        this.machine = machine;
        this.target = target;
        this.args = args;
        this.at = at;
    }

    PickleCalls(PickleMachine machine, PickleValue target, long at) {
        this.machine = machine;
        this.target = target;
        this.args = Tuple.EMPTY;
        this.at = at;
    }

    /** What the call gives. */
    PickleValue call(String method) throws IOException {
        Global global = (Global) target;
        Kind kind = Objects.requireNonNull(global.kind);
        if (!args.complete()) {
            return wrong(global);
        }
        return switch (kind) {
            case ORDERED_DICT, COUNTER, DICT -> dict(global, kind);
            case DEFAULT_DICT -> defaultDict(global);
            case DEQUE -> deque(global);
            case SET -> items(global, Items.Kind.SET);
            case FROZENSET -> items(global, Items.Kind.FROZENSET);
            case LIST -> items(global, Items.Kind.LIST);
            case TUPLE -> tuple(global);
            case BYTES, BYTEARRAY -> bytes(global, kind);
            case SCALAR -> all(global, v -> constant(v) && characters(v) <= MOST_DIGITS);
            case RANGE -> all(global, v -> v instanceof Int || v == Constant.NONE);
            case OBJECT -> all(global, v -> false);
            case PLAIN -> all(global, v -> constant(v) || v instanceof Call call && call.known);
            case FRACTION -> fraction(global);
            case ENCODE -> encode(global);
            case RECONSTRUCTOR -> reconstructor(global);
            case VALUE, TORCH_STORAGE, TORCH_DTYPE, TORCH_TENSOR_CLASS, NUMPY_ARRAY -> wrong(global);
            case NUMPY_RECONSTRUCT -> numpyReconstruct(global);
            case NUMPY_FROM_BUFFER -> numpyFromBuffer(global);
            case NUMPY_SCALAR -> numpyScalar(global);
            case NUMPY_DTYPE -> numpyDtype(global);
            case TORCH_SIZE -> torchSize(global);
            case TORCH_DEVICE -> all(global, v -> v instanceof Text || v instanceof Int);
            case TORCH_LAYOUT -> all(global, v -> v instanceof Text);
            case TORCH_PARAMETER_CLASS -> parameter(global, 2);
            case TORCH_TENSOR -> args.size == 4 ? tensor(global, null) : wrong(global);
            case TORCH_TENSOR_V2 ->
                args.size >= 6 && args.size <= 7 && hooks(5) && metadata(6) ? tensor(global, null) : wrong(global);
            case TORCH_TENSOR_V3 -> tensorV3(global);
            case TORCH_QUANTIZED -> quantized(global);
            case TORCH_PARAMETER -> args.size == 3 && hooks(2) ? parameter(global, 3) : wrong(global);
            case TORCH_PARAMETER_STATE ->
                args.size == 4 && hooks(2) && state(args.items.get(3)) ? parameter(global, 4) : wrong(global);
            case TORCH_SPARSE -> sparse(global);
            case TORCH_META -> all(global, v -> v instanceof Global || constant(v) || v instanceof Tuple);
            case TORCH_FROM_NUMPY, TORCH_FROM_TENSOR ->
                args.size == 4
                                && args.items.get(0) instanceof Array array
                                && (array.storage == null) == (kind == Kind.TORCH_FROM_NUMPY)
                        ? array
                        : wrong(global);
            case TORCH_FROM_TYPE -> fromType(global);
            case JOBLIB_ARRAY -> new Call(global, true);
        };
    }

    /** BUILD: the state must be what picklers give to such an object. */
    void build(PickleValue state) throws IOException {
        if (target instanceof Dict dict && dict.type != null) {
            if (!(state instanceof Dict attributes) || !attributes(attributes)) {
                wrongState();
            }
        } else if (target instanceof Dtype dtype) {
            dtypeState(dtype, state);
        } else if (target instanceof Array array && array.storage == null) {
            arrayState(array, state);
        } else if (target instanceof Call call && call.known && call.target instanceof Global global) {
            if (global.kind == Kind.JOBLIB_ARRAY) {
                throw new Refusal(
                        PickleRules.JOBLIB, at, "arrays must stand in the values of a pickle, stand between opcodes");
            }
            boolean identifier = global.is("uuid", "UUID") && state instanceof Dict;
            if (!identifier) {
                wrongState();
            }
        } else {
            wrongState();
        }
    }

    private PickleValue wrong(Global global) throws IOException {
        return wrong(global, "must be called as picklers call it, is called otherwise");
    }

    private PickleValue wrong(Global global, String message) throws IOException {
        if (args.items.stream().noneMatch(PickleCalls::unknown)) {
            machine.problem(PickleRules.ARGUMENTS, at, global.qualified() + " " + message + ": " + machine.show(args));
        }
        return new Call(global, true);
    }

    private void wrongState() throws IOException {
        machine.problem(
                PickleRules.ARGUMENTS,
                at,
                "the state of " + machine.show(target) + " must be as picklers write it, is not");
    }

    /** What comes from a name that is on no list: that name is a finding, or was allowed. */
    private static boolean unknown(PickleValue value) {
        return value instanceof Call call && !call.known
                || value instanceof Global global && global.kind == null
                || value instanceof Persistent
                || value == Constant.UNKNOWN;
    }

    private static boolean constant(PickleValue value) {
        return value instanceof Int
                || value instanceof Real
                || value instanceof Big
                || value instanceof Text
                || value instanceof Bytes
                || value instanceof Encoded
                || value instanceof Constant && value != Constant.UNKNOWN;
    }

    /** How long a number written in a text or in bytes is: reading it can take the square of that. */
    private static long characters(PickleValue value) {
        if (value instanceof Bytes bytes) {
            return bytes.length;
        }
        Text text = value instanceof Encoded encoded ? encoded.text : value instanceof Text own ? own : null;
        return text == null ? 0 : text.length;
    }

    private PickleValue all(Global global, Predicate<PickleValue> allowed) throws IOException {
        return args.size <= 16 && args.items.stream().allMatch(allowed) ? new Call(global, true) : wrong(global);
    }

    private PickleValue argument(int index) {
        return index < args.items.size() ? args.items.get(index) : Constant.NONE;
    }

    // Containers.

    private PickleValue dict(Global global, Kind kind) throws IOException {
        Dict dict = new Dict(kind == Kind.DICT ? null : global.qualified());
        if (args.size > 1) {
            return wrong(global);
        }
        if (args.size == 1 && !fill(dict, args.items.get(0))) {
            return wrong(global);
        }
        return dict;
    }

    private boolean fill(Dict dict, PickleValue from) throws IOException {
        if (from instanceof Dict other) {
            machine.spend(64 * other.size, at);
            for (int i = 0; i < other.keys.size(); i++) {
                machine.put(dict, other.keys.get(i), other.values.get(i), at);
            }
            dict.size = other.size;
            return true;
        }
        if (!(from instanceof Items list) || list.kind != Items.Kind.LIST) {
            return false;
        }
        machine.spend(64 * list.size, at);
        for (PickleValue item : list.items) {
            List<PickleValue> pair = item instanceof Tuple tuple
                    ? tuple.items
                    : item instanceof Items items && items.kind == Items.Kind.LIST ? items.items : List.of();
            if (pair.size() != 2) {
                return false;
            }
            machine.put(dict, pair.get(0), pair.get(1), at);
        }
        dict.size = list.size;
        return true;
    }

    private PickleValue defaultDict(Global global) throws IOException {
        PickleValue factory = argument(0);
        boolean fine = factory == Constant.NONE
                || factory instanceof Global made && (made.kind == null || FACTORIES.contains(made.kind));
        Dict dict = new Dict(global.qualified());
        if (!fine || args.size > 2 || args.size == 2 && !fill(dict, args.items.get(1))) {
            return wrong(global);
        }
        return dict;
    }

    private PickleValue deque(Global global) throws IOException {
        Items deque = new Items(Items.Kind.DEQUE);
        boolean bounded = args.size < 2 || args.items.get(1) instanceof Int || args.items.get(1) == Constant.NONE;
        if (args.size > 2 || !bounded || args.size > 0 && !fill(deque, args.items.get(0))) {
            return wrong(global);
        }
        return deque;
    }

    private PickleValue items(Global global, Items.Kind kind) throws IOException {
        Items items = new Items(kind);
        if (args.size > 1 || args.size == 1 && !fill(items, args.items.get(0))) {
            return wrong(global);
        }
        return items;
    }

    private boolean fill(Items items, PickleValue from) throws IOException {
        List<PickleValue> values;
        long size;
        if (from instanceof Items list) {
            values = list.items;
            size = list.size;
        } else if (from instanceof Tuple tuple) {
            values = tuple.items;
            size = tuple.size;
        } else {
            return false;
        }
        machine.spend(32 * size, at);
        values.forEach(v -> machine.add(items, v));
        items.size = size;
        return true;
    }

    private PickleValue tuple(Global global) throws IOException {
        Items items = new Items(Items.Kind.LIST);
        if (args.size > 1 || args.size == 1 && !fill(items, args.items.get(0))) {
            return wrong(global);
        }
        return new Tuple(List.copyOf(items.items), items.size);
    }

    private PickleValue bytes(Global global, Kind kind) throws IOException {
        PickleValue first = argument(0);
        if (args.size == 0) {
            return new Encoded(new Text(ByteSource.of(new byte[0]), 0, 0, PickleValue.Coding.BYTES));
        }
        if (args.size == 1 && (first instanceof Bytes || first instanceof Encoded)) {
            machine.spend(length(first), at);
            return first;
        }
        if (args.size == 1 && first instanceof Items list && list.kind == Items.Kind.LIST) {
            machine.spend(list.size, at);
            return new Call(global, true);
        }
        if (args.size == 1 && kind == Kind.BYTES && first instanceof Text text && text.isByteString()) {
            return text;
        }
        if (args.size == 2 && first instanceof Text text && latin(args.items.get(1))) {
            machine.spend(text.length, at);
            return new Encoded(text);
        }
        return wrong(global);
    }

    private static boolean latin(PickleValue value) throws IOException {
        if (!(value instanceof Text text) || text.length > 20) {
            return false;
        }
        String name = text.text();
        return name != null && LATIN.contains(name);
    }

    private PickleValue encode(Global global) throws IOException {
        if (args.size == 2 && args.items.get(0) instanceof Text text && latin(args.items.get(1))) {
            machine.spend(text.length, at);
            return new Encoded(text);
        }
        return wrong(global, "must encode a constant as latin1, is called otherwise");
    }

    private PickleValue fraction(Global global) throws IOException {
        boolean numbers = args.size == 2 && args.items.stream().allMatch(v -> v instanceof Int || v instanceof Big);
        String text = args.size == 1 && args.items.get(0) instanceof Text value ? value.text() : null;
        return numbers || text != null && FRACTION.matcher(text).matches() ? new Call(global, true) : wrong(global);
    }

    private PickleValue reconstructor(Global global) throws IOException {
        if (args.size == 3 && args.items.get(0) instanceof Global made) {
            if (made.kind == null) {
                return new Call(made, false);
            }
            boolean plain = made.kind == Kind.OBJECT || made.is("uuid", "UUID");
            boolean base = args.items.get(1) instanceof Global object && object.kind == Kind.OBJECT;
            if (plain && base && args.items.get(2) == Constant.NONE) {
                return new Call(made, true);
            }
        }
        return wrong(global);
    }

    private boolean attributes(Dict state) throws IOException {
        if (!state.complete()) {
            return false;
        }
        for (PickleValue key : state.keys) {
            String name = key instanceof Text text ? text.text() : null;
            if (name == null || !ATTRIBUTE.matcher(name).matches() || DICT_METHODS.contains(name)) {
                return false;
            }
        }
        return true;
    }

    // NumPy.

    private PickleValue numpyReconstruct(Global global) throws IOException {
        boolean shaped = argument(1) instanceof Tuple shape
                && shape.size == 1
                && shape.items.get(0) instanceof Int size
                && size.value == 0;
        if (args.size != 3 || !shaped) {
            return wrong(global);
        }
        if (args.items.get(0) instanceof Global type && type.kind == Kind.NUMPY_ARRAY) {
            PickleValue code = args.items.get(2);
            if (code instanceof Bytes bytes && bytes.length == 1
                    || code instanceof Text text && text.length == 1
                    || code instanceof Encoded encoded && encoded.text.length == 1) {
                return new Array(null, ElementType.OPAQUE, List.of(0L));
            }
        }
        return wrong(global, "must build a plain ndarray, builds something else");
    }

    private PickleValue numpyDtype(Global global) throws IOException {
        String code = argument(0) instanceof Text text ? text.text() : null;
        Optional<NumpyType> type = code == null ? Optional.empty() : NumpyType.of(code);
        boolean flags = args.items.stream()
                .skip(1)
                .allMatch(v -> v instanceof Int || v instanceof Constant constant && constant.isBoolean());
        return type.isPresent() && flags && args.size <= 3 ? new Dtype(type.get()) : wrong(global);
    }

    /** {@code (version, order, subarray, names, fields, size, alignment, flags[, metadata])}. */
    private void dtypeState(Dtype dtype, PickleValue state) throws IOException {
        if (!(state instanceof Tuple tuple) || tuple.size < 8 || tuple.size > 9 || !tuple.complete() || dtype.built) {
            wrongState();
            return;
        }
        dtype.built = true;
        List<PickleValue> s = tuple.items;
        String order = s.get(1) instanceof Text text ? text.text() : "";
        boolean numbers = s.get(0) instanceof Int
                && s.get(5) instanceof Int
                && s.get(6) instanceof Int
                && s.get(7) instanceof Int;
        if (order == null || !numbers || !Set.of("<", ">", "|", "=").contains(order)) {
            wrongState();
            return;
        }
        if (order.equals(">")) {
            dtype.type = dtype.type.withOrder(ByteOrder.BIG_ENDIAN);
        }
        if (!dtype.type.objects() && (((Int) s.get(7)).value & POINTERS) != 0) {
            machine.problem(PickleRules.OBJECTS, at, "a type of numbers must not be flagged as one of objects, is");
            return;
        }
        long size = ((Int) s.get(5)).value;
        boolean sized = size == -1 || size == dtype.type.bytes();
        if (dtype.type.element() == ElementType.OPAQUE && !dtype.type.objects()) {
            // Text and records say their size here.
            sized |= size >= 0 && size <= Integer.MAX_VALUE;
            if (size >= 0) {
                dtype.type = new NumpyType(ElementType.OPAQUE, dtype.type.order(), size, false);
            }
        }
        if (!sized) {
            wrongState();
            return;
        }
        if (s.get(2) != Constant.NONE) {
            subarray(dtype, s.get(2));
        }
        if (s.get(3) != Constant.NONE || s.get(4) != Constant.NONE) {
            fields(dtype, s.get(3), s.get(4));
        }
    }

    /** What has an element shares the type: a state that came later would change the size of elements that are there. */
    private static NumpyType used(Dtype dtype) {
        dtype.built = true;
        return dtype.type;
    }

    private void subarray(Dtype dtype, PickleValue value) throws IOException {
        boolean fine = value instanceof Tuple tuple
                && tuple.size == 2
                && tuple.items.get(0) instanceof Dtype base
                && !base.type.objects()
                && bytes(used(base), shape(tuple.items.get(1)).orElse(null)) == dtype.type.bytes();
        if (!fine || dtype.type.objects()) {
            machine.problem(PickleRules.OBJECTS, at, "a type of subarrays must hold numbers that fill it, does not");
        }
    }

    private void fields(Dtype dtype, PickleValue names, PickleValue fields) throws IOException {
        boolean fine =
                names instanceof Tuple && fields instanceof Dict dict && dict.complete() && !dtype.type.objects();
        if (fine) {
            for (PickleValue field : ((Dict) fields).values) {
                fine &= field instanceof Tuple tuple
                        && tuple.size >= 2
                        && tuple.size <= 3
                        && tuple.items.get(0) instanceof Dtype part
                        && !part.type.objects()
                        && tuple.items.get(1) instanceof Int offset
                        && offset.value >= 0
                        && used(part).bytes() <= dtype.type.bytes()
                        && offset.value <= dtype.type.bytes() - part.type.bytes();
            }
        }
        if (!fine) {
            machine.problem(PickleRules.OBJECTS, at, "a type of records must hold numbers within it, does not");
        }
    }

    /** {@code (version, shape, dtype, fortran order, data)}, or without the version. */
    private void arrayState(Array array, PickleValue state) throws IOException {
        if (!(state instanceof Tuple tuple) || tuple.size < 4 || tuple.size > 5 || !tuple.complete() || array.built) {
            wrongState();
            return;
        }
        array.built = true;
        List<PickleValue> s = tuple.items.subList((int) tuple.size - 4, (int) tuple.size);
        Optional<List<Long>> shape = shape(s.get(0));
        if (shape.isEmpty() || !(s.get(1) instanceof Dtype dtype)) {
            if (!unknown(s.get(1))) {
                wrongState();
            }
            return;
        }
        numbers(array, used(dtype), shape.get(), s.get(3));
    }

    private PickleValue numpyFromBuffer(Global global) throws IOException {
        Optional<List<Long>> shape = shape(argument(2));
        if (args.size != 4 || shape.isEmpty() || !(args.items.get(1) instanceof Dtype dtype) || dtype.type.objects()) {
            return wrong(global);
        }
        if (args.items.get(0) == Constant.UNKNOWN) {
            return new Call(global, true);
        }
        Array array = new Array(null, ElementType.OPAQUE, shape.get());
        array.built = true;
        numbers(array, used(dtype), shape.get(), args.items.get(0));
        return array;
    }

    private void numbers(Array array, NumpyType type, List<Long> shape, PickleValue data) throws IOException {
        long count = product(shape);
        array.type = type.element();
        array.order = type.order();
        array.shape = shape;
        if (type.objects()) {
            boolean listed = data instanceof Items list && list.kind == Items.Kind.LIST && list.size == count;
            if (!listed) {
                machine.problem(
                        PickleRules.OBJECTS,
                        at,
                        "an array of objects must have a list of " + count + " items, has " + machine.show(data));
            }
            return;
        }
        long needed = bytes(type, shape);
        long given = length(data);
        if (needed < 0 || given != needed) {
            machine.problem(
                    PickleRules.ARRAY,
                    at,
                    "an array of shape " + shown(shape) + " must have " + (needed < 0 ? "too many" : needed)
                            + " bytes, has " + (given < 0 ? machine.show(data) : given));
            return;
        }
        if (type.element() == ElementType.OPAQUE) {
            List<Long> inBytes = new ArrayList<>(shape);
            inBytes.add(type.bytes());
            array.shape = inBytes;
        }
        array.data = data;
        machine.built(array);
    }

    private PickleValue numpyScalar(Global global) throws IOException {
        if (args.size == 2 && args.items.get(0) instanceof Dtype dtype && !dtype.type.objects()) {
            long given = length(args.items.get(1));
            if (given != used(dtype).bytes()) {
                machine.problem(
                        PickleRules.ARRAY, at, "a scalar must have " + dtype.type.bytes() + " bytes, has " + given);
            }
            return new Call(global, true);
        }
        return wrong(global);
    }

    /** How many bytes a value is; -1 if it is no bytes. */
    private static long length(PickleValue data) throws IOException {
        if (data instanceof Bytes bytes) {
            return bytes.length;
        }
        Text text = data instanceof Encoded encoded
                ? encoded.text
                : data instanceof Text own && own.isByteString() ? own : null;
        if (text == null) {
            return -1;
        }
        return switch (text.coding) {
            case BYTES -> text.length;
            case UTF8 -> Utf8.characters(text.source, text.offset, text.length);
            case ESCAPED, RAW_UNICODE ->
                text.length > 1 << 26 ? -1 : text.decode().length();
        };
    }

    private static String shown(List<Long> shape) {
        return shape.size() <= 8 ? shape.toString() : shape.subList(0, 8) + "…";
    }

    private static long bytes(NumpyType type, @Nullable List<Long> shape) {
        if (shape == null) {
            return -1;
        }
        try {
            long count = product(shape);
            return count < 0 ? -1 : Math.multiplyExact(count, type.bytes());
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    /** The product of the sizes; -1 if it does not fit. */
    private static long product(List<Long> shape) {
        if (shape.contains(0L)) {
            return 0;
        }
        try {
            long product = 1;
            for (long size : shape) {
                product = Math.multiplyExact(product, size);
            }
            return product;
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    /** Sizes of axes; empty if the value is no tuple of them. */
    private static Optional<List<Long>> shape(PickleValue value) {
        List<PickleValue> items;
        if (value instanceof Tuple tuple && tuple.complete()) {
            items = tuple.items;
        } else if (value instanceof Items list && list.kind == Items.Kind.LIST && list.complete()) {
            items = list.items;
        } else if (value instanceof Int size && size.value >= 0) {
            return Optional.of(List.of(size.value));
        } else {
            return Optional.empty();
        }
        if (items.size() > MOST_DIMENSIONS) {
            return Optional.empty();
        }
        List<Long> sizes = new ArrayList<>(items.size());
        for (PickleValue item : items) {
            if (!(item instanceof Int size) || size.value < 0) {
                return Optional.empty();
            }
            sizes.add(size.value);
        }
        return Optional.of(sizes);
    }

    // PyTorch.

    private PickleValue torchSize(Global global) throws IOException {
        PickleValue sizes = argument(0);
        if (args.size == 1 && sizes instanceof Tuple) {
            return sizes;
        }
        if (args.size == 1 && sizes instanceof Items list && list.kind == Items.Kind.LIST) {
            machine.spend(32 * list.size, at);
            return new Tuple(List.copyOf(list.items), list.size);
        }
        return wrong(global);
    }

    private boolean hooks(int index) {
        PickleValue hooks = argument(index);
        return hooks == Constant.NONE || hooks instanceof Dict dict && dict.size == 0 || unknown(hooks);
    }

    private boolean metadata(int index) {
        PickleValue metadata = argument(index);
        return metadata == Constant.NONE
                || metadata instanceof Dict dict
                        && dict.complete()
                        && dict.values.stream().allMatch(PickleCalls::constant);
    }

    private boolean state(PickleValue state) throws IOException {
        if (state instanceof Tuple tuple && tuple.size == 2 && tuple.complete()) {
            return state(tuple.items.get(0)) && state(tuple.items.get(1));
        }
        return state == Constant.NONE || unknown(state) || state instanceof Dict dict && attributes(dict);
    }

    private PickleValue parameter(Global global, int most) throws IOException {
        PickleValue data = argument(0);
        return args.size <= most && (data instanceof Array || data instanceof Call) ? data : wrong(global);
    }

    private PickleValue tensorV3(Global global) throws IOException {
        if (args.size < 7 || args.size > 8 || !hooks(5) || !metadata(7)) {
            return wrong(global);
        }
        if (args.items.get(6) instanceof Global type && type.kind == Kind.TORCH_DTYPE) {
            return tensor(global, PickleGlobals.DTYPES.get(type.name));
        }
        return args.items.get(6) instanceof Global other && other.kind == Kind.VALUE
                ? tensor(global, ElementType.OPAQUE)
                : wrong(global);
    }

    private PickleValue quantized(Global global) throws IOException {
        boolean parameters = argument(4) instanceof Tuple tuple
                && tuple.items.stream()
                        .allMatch(v -> constant(v)
                                || v instanceof Array
                                || v instanceof Global scheme && scheme.kind == Kind.VALUE);
        return args.size == 7 && parameters && hooks(6) ? tensor(global, null) : wrong(global);
    }

    private PickleValue sparse(Global global) throws IOException {
        boolean layout = argument(0) instanceof Call call && call.known
                || argument(0) instanceof Global value && value.kind == Kind.VALUE;
        boolean parts = argument(1) instanceof Tuple tuple
                && tuple.items.stream()
                        .allMatch(v -> v instanceof Array || v instanceof Tuple || constant(v) || v instanceof Items);
        return args.size == 2 && layout && parts ? new Call(global, true) : wrong(global);
    }

    private PickleValue fromType(Global global) throws IOException {
        if (args.size == 4
                && args.items.get(0) instanceof Global rebuild
                && args.items.get(1) instanceof Global type
                && args.items.get(2) instanceof Tuple arguments
                && state(args.items.get(3))) {
            boolean typed = type.kind == null
                    || type.kind == Kind.TORCH_TENSOR_CLASS
                    || type.kind == Kind.TORCH_PARAMETER_CLASS;
            if (rebuild.kind == null) {
                return new Call(rebuild, false);
            }
            if (typed && REBUILDERS.contains(rebuild.kind)) {
                return new PickleCalls(machine, rebuild, arguments, at).call("");
            }
        }
        return wrong(global);
    }

    /** {@code (storage, offset, size, stride, …)}: the view must lie within the storage. */
    private PickleValue tensor(Global global, @Nullable ElementType type) throws IOException {
        PickleValue from = argument(0);
        if (unknown(from)) {
            return new Call(global, true);
        }
        Optional<List<Long>> size = shape(argument(2));
        Optional<List<Long>> stride = shape(argument(3));
        if (!(from instanceof Storage storage)
                || !(argument(1) instanceof Int start)
                || start.value < 0
                || size.isEmpty()
                || stride.isEmpty()
                || size.get().size() != stride.get().size()) {
            return wrong(global);
        }
        ElementType element = type == null ? storage.type : type;
        machine.spend(64L * size.get().size(), at);
        Array array = new Array(storage, element, size.get());
        array.strides = stride.get();
        array.start = start.value;
        long elements = storage.untyped ? storage.elements / element.blockBytes() : storage.elements;
        long span = span(size.get(), stride.get());
        if (span < 0 || span > 0 && (start.value > elements || span > elements - start.value)) {
            machine.problem(
                    PickleRules.TENSOR,
                    at,
                    "a tensor of shape " + shown(size.get()) + " must lie in its storage of " + elements
                            + " elements, reaches beyond");
            return new Call(global, true);
        }
        long count = product(size.get());
        if (count < 0 || count > elements && expanded(count, element, elements)) {
            machine.problem(
                    PickleRules.EXPANSION,
                    at,
                    "a tensor of shape " + shown(size.get()) + " must not be far larger than its storage of " + elements
                            + " elements");
            return new Call(global, true);
        }
        machine.built(array);
        return array;
    }

    private boolean expanded(long count, ElementType element, long elements) {
        long most = machine.host().limits().inflatedBytes() / element.blockBytes();
        return count
                > Math.max(most, elements > Long.MAX_VALUE / Limits.INFLATION ? elements : elements * Limits.INFLATION);
    }

    /** How many elements of a storage a view spans; -1 if that does not fit. */
    private static long span(List<Long> size, List<Long> stride) {
        if (size.contains(0L)) {
            return 0;
        }
        try {
            long last = 0;
            for (int i = 0; i < size.size(); i++) {
                last = Math.addExact(last, Math.multiplyExact(size.get(i) - 1, stride.get(i)));
            }
            return Math.addExact(last, 1);
        } catch (ArithmeticException e) {
            return -1;
        }
    }
}
