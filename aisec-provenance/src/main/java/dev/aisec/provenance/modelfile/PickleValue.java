// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a value that a pickle would build, without building it. Strings and bytes stay in the file; containers
 * keep a bounded part of what they hold.
 */
abstract sealed class PickleValue {
    /** No container grows beyond this for sums of sizes. */
    static final long MOST = 1L << 40;

    /** What a program sees after everything shared was written out, saturating. */
    long weight() {
        return 1;
    }

    /** How deep tuples are nested in it: that is how deep hashing recurses. */
    int depth() {
        return 0;
    }

    /** None, True, False and values of which nothing is known. */
    static final class Constant extends PickleValue {
        static final Constant NONE = new Constant("None");
        static final Constant TRUE = new Constant("True");
        static final Constant FALSE = new Constant("False");
        static final Constant UNKNOWN = new Constant("<unknown>");

        final String name;

        private Constant(String name) {
            this.name = name;
        }

        static Constant of(boolean value) {
            return value ? TRUE : FALSE;
        }

        boolean isBoolean() {
            return this == TRUE || this == FALSE;
        }
    }

    /** An integer of up to 64 bits. */
    static final class Int extends PickleValue {
        private static final Int[] SMALL = new Int[256];

        static {
            for (int i = 0; i < SMALL.length; i++) {
                SMALL[i] = new Int(i);
            }
        }

        final long value;

        private Int(long value) {
            this.value = value;
        }

        static Int of(long value) {
            return value >= 0 && value < SMALL.length ? SMALL[(int) value] : new Int(value);
        }
    }

    /** An integer of more than 64 bits. */
    static final class Big extends PickleValue {
        /** The value, if it has at most 128 bits. */
        final @Nullable BigInteger value;

        Big(@Nullable BigInteger value) {
            this.value = value;
        }
    }

    /** A floating-point number. */
    static final class Real extends PickleValue {
        final double value;

        Real(double value) {
            this.value = value;
        }
    }

    /** How the characters of a string stand in the file. */
    enum Coding {
        UTF8,
        /** {@code raw-unicode-escape} of protocol 0. */
        RAW_UNICODE,
        /** A string of Python 2: bytes, which Python 3 takes for text. */
        BYTES,
        /** The same in the quoted form of protocol 0. */
        ESCAPED
    }

    /** A string. */
    static final class Text extends PickleValue {
        private static final int MOST_TEXT = 1 << 16;

        final ByteSource source;
        final long offset;
        final long length;
        final Coding coding;

        Text(ByteSource source, long offset, long length, Coding coding) {
            this.source = source;
            this.offset = offset;
            this.length = length;
            this.coding = coding;
        }

        /** The characters; null if there are more than 65,536 bytes of them. */
        @Nullable
        String text() throws IOException {
            return length > MOST_TEXT ? null : decode();
        }

        boolean is(String expected) throws IOException {
            return length <= 6L * expected.length() + 6 && expected.equals(text());
        }

        boolean isByteString() {
            return coding == Coding.BYTES || coding == Coding.ESCAPED;
        }

        /** All characters; the caller has bounded the length. */
        String decode() throws IOException {
            byte[] bytes = source.read(offset, Math.toIntExact(length));
            return switch (coding) {
                case UTF8 -> new String(bytes, StandardCharsets.UTF_8);
                case BYTES -> new String(bytes, StandardCharsets.ISO_8859_1);
                case ESCAPED -> PickleText.unescape(bytes);
                case RAW_UNICODE -> PickleText.rawUnicode(bytes);
            };
        }
    }

    /** Bytes or a bytearray that stand in the file as they are. */
    static final class Bytes extends PickleValue {
        final ByteSource source;
        final long offset;
        final long length;
        final boolean mutable;

        Bytes(ByteSource source, long offset, long length, boolean mutable) {
            this.source = source;
            this.offset = offset;
            this.length = length;
            this.mutable = mutable;
        }

        ByteSource window() throws IOException {
            return source.window(offset, length);
        }

        @Override
        long weight() {
            return 1;
        }
    }

    /** Bytes written as text and encoded by {@code _codecs.encode(text, 'latin1')}, as protocols below 3 do. */
    static final class Encoded extends PickleValue {
        final Text text;

        Encoded(Text text) {
            this.text = text;
        }
    }

    /** What holds other values. */
    abstract static sealed class Container extends PickleValue {
        /** While a walk is within it, and when it was. */
        enum Walk {
            NEW,
            WITHIN,
            DONE
        }

        Walk walk = Walk.NEW;
        /** Values in it when everything shared is written out; set by a walk. */
        long written;

        /** The values that are kept, without keys. */
        abstract List<PickleValue> children();

        /** How many there are, kept or not. */
        abstract long count();
    }

    /** A tuple. */
    static final class Tuple extends Container {
        static final Tuple EMPTY = new Tuple(List.of(), 0);

        /** The first items. */
        final List<PickleValue> items;

        final long size;
        private final long weight;
        private final int depth;

        Tuple(List<PickleValue> items, long size) {
            this.items = items;
            this.size = size;
            long sum = 1 + size - items.size();
            int deepest = 0;
            for (PickleValue item : items) {
                if (item instanceof Tuple || item instanceof Items) {
                    sum = Math.min(MOST, sum + item.weight());
                    deepest = Math.max(deepest, item.depth());
                } else {
                    sum++;
                }
            }
            this.weight = Math.min(MOST, sum);
            this.depth = deepest + 1;
        }

        @Override
        List<PickleValue> children() {
            return items;
        }

        @Override
        long count() {
            return size;
        }

        boolean complete() {
            return size == items.size();
        }

        @Override
        long weight() {
            return weight;
        }

        @Override
        int depth() {
            return depth;
        }
    }

    /** A list, set, frozenset or deque. */
    static final class Items extends Container {
        /** What it is. */
        enum Kind {
            LIST,
            SET,
            FROZENSET,
            DEQUE
        }

        final Kind kind;
        final List<PickleValue> items = new ArrayList<>(0);
        long size;
        private int depth = 1;
        private long weight = 1;

        Items(Kind kind) {
            this.kind = kind;
        }

        void add(PickleValue value, boolean keep) {
            size++;
            if (keep) {
                items.add(value);
            }
            if (kind == Kind.FROZENSET && value instanceof Tuple || value instanceof Items) {
                depth = Math.max(depth, value.depth() + 1);
                weight = Math.min(MOST, weight + value.weight());
            } else {
                weight = Math.min(MOST, weight + 1);
            }
        }

        @Override
        List<PickleValue> children() {
            return items;
        }

        @Override
        long count() {
            return size;
        }

        boolean complete() {
            return size == items.size();
        }

        @Override
        long weight() {
            return weight;
        }

        @Override
        int depth() {
            return depth;
        }
    }

    /** A dict or one of its subclasses in {@code collections}. */
    static final class Dict extends Container {
        /** Name of the class where it is not plain. */
        final @Nullable String type;

        final List<PickleValue> keys = new ArrayList<>(0);
        final List<PickleValue> values = new ArrayList<>(0);
        long size;

        Dict(@Nullable String type) {
            this.type = type;
        }

        void put(PickleValue key, PickleValue value, boolean keep) {
            size++;
            if (keep) {
                keys.add(key);
                values.add(value);
            }
        }

        @Override
        List<PickleValue> children() {
            return values;
        }

        @Override
        long count() {
            return size;
        }

        boolean complete() {
            return size == keys.size();
        }

        @Override
        long weight() {
            return 1 + size;
        }
    }

    /** A class or function that would be imported. */
    static final class Global extends PickleValue {
        final String module;
        final String name;
        final PickleGlobals.@Nullable Kind kind;

        Global(String module, String name, PickleGlobals.@Nullable Kind kind) {
            this.module = module;
            this.name = name;
            this.kind = kind;
        }

        String qualified() {
            return module + "." + name;
        }

        boolean is(String moduleName, String ownName) {
            return module.equals(moduleName) && name.equals(ownName);
        }
    }

    /** What the call of something on no list would give, or of something that gives a plain value. */
    static final class Call extends PickleValue {
        final PickleValue target;
        /** Whether the target is on the list, so that what is done to the result is judged too. */
        final boolean known;

        Call(PickleValue target, boolean known) {
            this.target = target;
            this.known = known;
        }
    }

    /** What a persistent id stands for: known to the program that loads. */
    static final class Persistent extends PickleValue {}

    /** A storage of PyTorch. */
    static final class Storage extends PickleValue {
        final String key;
        /** Type of its elements; bytes if it is untyped. */
        final ElementType type;

        final boolean untyped;
        final long elements;

        Storage(String key, ElementType type, boolean untyped, long elements) {
            this.key = key;
            this.type = type;
            this.untyped = untyped;
            this.elements = elements;
        }
    }

    /** An array of numbers: of PyTorch, in a storage, or of NumPy, with bytes of its own. */
    static final class Array extends PickleValue {
        final @Nullable Storage storage;
        ElementType type;
        ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        List<Long> shape;
        List<Long> strides = List.of();
        /** In elements. */
        long start;

        @Nullable
        PickleValue data;

        @Nullable
        String name;

        boolean built;

        Array(@Nullable Storage storage, ElementType type, List<Long> shape) {
            this.storage = storage;
            this.type = type;
            this.shape = shape;
        }
    }

    /** A dtype of NumPy. */
    static final class Dtype extends PickleValue {
        NumpyType type;
        boolean built;

        Dtype(NumpyType type) {
            this.type = type;
        }
    }
}
