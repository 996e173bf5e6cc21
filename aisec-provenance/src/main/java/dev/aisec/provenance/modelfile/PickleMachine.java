// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleValue.Array;
import dev.aisec.provenance.modelfile.PickleValue.Big;
import dev.aisec.provenance.modelfile.PickleValue.Bytes;
import dev.aisec.provenance.modelfile.PickleValue.Call;
import dev.aisec.provenance.modelfile.PickleValue.Coding;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Dict;
import dev.aisec.provenance.modelfile.PickleValue.Global;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Items;
import dev.aisec.provenance.modelfile.PickleValue.Persistent;
import dev.aisec.provenance.modelfile.PickleValue.Real;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import dev.aisec.provenance.modelfile.PickleValue.Tuple;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Interprets one pickle without executing it: all opcodes of protocols 0 to 5 over a stack, marks and a memo of abstract
 * values. What would be imported is collected; what would be called is checked by {@link PickleCalls} if it is on the list,
 * and noted if not. It follows CPython's unpicklers; where those of C and of Python differ, the pickle is refused.
 */
final class PickleMachine {
    private static final int HIGHEST_PROTOCOL = 5;
    private static final int MOST_NAME = 4096;
    private static final int MOST_DIGITS = 4300;
    private static final int MOST_GLOBALS = 10_000;
    private static final int MOST_MEMO = 1 << 24;
    /** What one container keeps of its items. */
    private static final int KEPT_ITEMS = 4096;

    private static final int KEPT_PAIRS = 1 << 17;
    private static final int KEPT = 8_000_000;
    /** Hashing recurses as deep as tuples are nested, on the stack of C. */
    private static final int MOST_HASH_DEPTH = 500;

    private static final long FREE_WORK = 10_000_000;
    private static final long HASH_MODULUS = (1L << 61) - 1;
    private static final int MOST_COLLISIONS = 1000;

    /** A name that would be imported. */
    static final class Use {
        final String module;
        final String name;
        final Standing standing;
        final long offset;
        /** How it is called, if it is. */
        @Nullable
        String call;

        Use(String module, String name, Standing standing, long offset) {
            this.module = module;
            this.name = name;
            this.standing = standing;
            this.offset = offset;
        }
    }

    private final Cursor cursor;
    private final ByteSource source;
    private final PickleHost host;
    private final @Nullable NestedPickles nested;
    private final PickleListing listing;
    private final Map<String, Use> uses = new LinkedHashMap<>();
    private final List<Array> arrays = new ArrayList<>();
    private final List<PickleValue> stack = new ArrayList<>();
    private int[] marks = new int[16];
    private int markCount;
    private @Nullable PickleValue[] memo = new PickleValue[64];
    private int memoCount;
    private long frameEnd = -1;
    private long overrun = -1;
    private boolean frameReported;
    private long kept;
    private long work;
    /** Large keys by hash; made when the first comes. */
    private int[] collisions = {};

    private long largeKeys;
    private long spent;
    private boolean stopped;
    private int opcodes;
    private int firstImport;

    PickleMachine(Cursor cursor, PickleHost host, @Nullable NestedPickles nested, boolean listed) {
        this.cursor = cursor;
        this.source = cursor.source();
        this.host = host;
        this.nested = nested;
        this.listing = new PickleListing(listed);
    }

    /** What would be imported, in the order of the file; also after {@link #run} failed. */
    Map<String, Use> uses() {
        return uses;
    }

    /** The arrays that were built. */
    List<Array> arrays() {
        return arrays;
    }

    String listing() {
        return listing.text();
    }

    boolean stopped() {
        return stopped;
    }

    int opcodes() {
        return opcodes;
    }

    long position() {
        return cursor.position();
    }

    /** Whether an opcode was executed behind the first import. */
    boolean behindImport() {
        return firstImport > 0 && opcodes > firstImport + 1;
    }

    PickleHost host() {
        return host;
    }

    /** Interprets up to STOP. */
    PickleValue run() throws IOException {
        while (true) {
            host.step();
            long at = cursor.position();
            if (frameEnd >= 0 && at >= frameEnd) {
                frameEnd = -1;
            }
            long frame = frameEnd;
            int op = cursor.u8();
            opcodes++;
            if (op == '.') {
                PickleValue result = pop(at);
                if (overrun >= 0) {
                    frame(overrun, "a frame must end where the pickle ends or before, ends behind it");
                } else if (frame >= 0 && cursor.position() < frame) {
                    frame(at, "a frame must end where the pickle ends or before, ends behind it");
                }
                stopped = true;
                return result;
            }
            execute(op, at);
            if (frame >= 0 && op != 0x95 && cursor.position() > frame) {
                frame(at, "an opcode with its argument must stand in one frame, reaches into the next");
            }
        }
    }

    private void frame(long at, String message) throws IOException {
        if (!frameReported) {
            frameReported = true;
            host.problem(PickleRules.FRAME, at, message);
        }
    }

    private void execute(int op, long at) throws IOException {
        switch (op) {
            case '(' -> mark();
            case '0' -> {
                if (markCount > 0 && stack.size() == marks[markCount - 1]) {
                    markCount--;
                } else {
                    pop(at);
                }
            }
            case '1' -> popMark(at);
            case '2' -> push(peek(at));
            case 'F' -> real(at);
            case 'I' -> intLine(at);
            case 'L' -> longLine(at);
            case 'J' -> push(Int.of(cursor.i32le()));
            case 'K' -> push(Int.of(cursor.u8()));
            case 'M' -> push(Int.of(cursor.u16le()));
            case 'N' -> push(Constant.NONE);
            case 0x88 -> push(Constant.TRUE);
            case 0x89 -> push(Constant.FALSE);
            case 'P' -> {
                Text id = line(Coding.BYTES);
                persistent(id, at);
            }
            case 'Q' -> persistent(pop(at), at);
            case 'R' -> {
                PickleValue args = pop(at);
                PickleValue target = pop(at);
                push(call(target, args, null, "", at));
            }
            case 'S' -> quoted(at);
            case 'T' -> byteString(cursor.i32le(), at);
            case 'U' -> byteString(cursor.u8(), at);
            case 'V' -> text(line(Coding.RAW_UNICODE));
            case 'X' -> utf8(cursor.u32le(), at);
            case 0x8c -> utf8(cursor.u8(), at);
            case 0x8d -> utf8(cursor.i64le(), at);
            case 'B' -> bytes(cursor.u32le(), false);
            case 'C' -> bytes(cursor.u8(), false);
            case 0x8e -> bytes(cursor.i64le(), false);
            case 0x96 -> bytes(cursor.i64le(), true);
            case 'G' -> push(new Real(Double.longBitsToDouble(cursor.i64be())));
            case 0x8a -> bigInt(cursor.u8());
            case 0x8b -> {
                int length = cursor.i32le();
                if (length < 0) {
                    throw malformed(at, "the length of an integer must be >= 0, was " + length);
                }
                bigInt(length);
            }
            case ']' -> push(new Items(Items.Kind.LIST));
            case '}' -> push(new Dict(null));
            case 0x8f -> push(new Items(Items.Kind.SET));
            case ')' -> push(Tuple.EMPTY);
            case 'l' -> {
                Items list = new Items(Items.Kind.LIST);
                popMark(at).forEach(v -> add(list, v));
                push(list);
            }
            case 'd' -> {
                Dict dict = new Dict(null);
                setItems(dict, popMark(at), at);
                push(dict);
            }
            case 't' -> push(tuple(popMark(at)));
            case 0x85 -> push(tuple(popSome(1, at)));
            case 0x86 -> push(tuple(popSome(2, at)));
            case 0x87 -> push(tuple(popSome(3, at)));
            case 'a' -> {
                PickleValue value = pop(at);
                append(peek(at), List.of(value), at);
            }
            case 'e' -> {
                List<PickleValue> values = popMark(at);
                append(peek(at), values, at);
            }
            case 's' -> {
                List<PickleValue> pair = popSome(2, at);
                setItems(peek(at), pair, at);
            }
            case 'u' -> {
                List<PickleValue> pairs = popMark(at);
                setItems(peek(at), pairs, at);
            }
            case 0x90 -> {
                List<PickleValue> values = popMark(at);
                addItems(peek(at), values, at);
            }
            case 0x91 -> {
                Items set = new Items(Items.Kind.FROZENSET);
                for (PickleValue value : popMark(at)) {
                    hash(value, at);
                    add(set, value);
                }
                push(set);
            }
            case 'c' -> {
                String module = name(at);
                String name = name(at);
                push(global(module, name, at));
            }
            case 0x93 -> {
                PickleValue name = pop(at);
                PickleValue module = pop(at);
                push(stackGlobal(module, name, at));
            }
            case 'i' -> {
                String module = name(at);
                String name = name(at);
                List<PickleValue> args = popMark(at);
                push(call(global(module, name, at), tuple(args), null, "", at));
            }
            case 'o' -> {
                List<PickleValue> args = popMark(at);
                if (args.isEmpty()) {
                    throw malformed(at, "OBJ needs a class behind the mark, finds none");
                }
                push(call(args.get(0), tuple(args.subList(1, args.size())), null, "", at));
            }
            case 0x81 -> {
                PickleValue args = pop(at);
                PickleValue target = pop(at);
                push(call(target, args, null, ".__new__", at));
            }
            case 0x92 -> {
                PickleValue kwargs = pop(at);
                PickleValue args = pop(at);
                PickleValue target = pop(at);
                push(call(target, args, kwargs, ".__new__", at));
            }
            case 0x82 -> extension(cursor.u8(), at);
            case 0x83 -> extension(cursor.u16le(), at);
            case 0x84 -> extension(cursor.i32le(), at);
            case 'b' -> {
                PickleValue state = pop(at);
                build(peek(at), state, at);
            }
            case 'p' -> put(index(at), at);
            case 'q' -> put(cursor.u8(), at);
            case 'r' -> put(cursor.u32le(), at);
            case 0x94 -> put(memoCount, at);
            case 'g' -> get(index(at), at);
            case 'h' -> get(cursor.u8(), at);
            case 'j' -> get(cursor.u32le(), at);
            case 0x80 -> {
                int protocol = cursor.u8();
                if (protocol > HIGHEST_PROTOCOL) {
                    throw malformed(at, "the protocol must be <= " + HIGHEST_PROTOCOL + ", was " + protocol);
                }
            }
            case 0x95 -> {
                long length = cursor.i64le();
                if (length < 0) {
                    throw malformed(at, "the length of a frame must be >= 0, was " + Long.toUnsignedString(length));
                }
                if (frameEnd >= 0 && cursor.position() != frameEnd) {
                    frame(at, "a frame must begin where the one before ends, begins within it");
                }
                if (length > cursor.remaining()) {
                    overrun = overrun < 0 ? at : overrun;
                    frameEnd = -1;
                } else {
                    frameEnd = cursor.position() + length;
                }
            }
            case 0x97 -> {
                host.problem(PickleRules.OUT_OF_BAND, at, "buffers must stand in the file, one does not");
                push(Constant.UNKNOWN);
            }
            case 0x98 -> peek(at);
            default -> throw malformed(at, "opcode must be one of protocols 0 to 5, was 0x" + Integer.toHexString(op));
        }
    }

    IOException malformed(long at, String message) {
        return new Refusal(FileRules.MALFORMED, at, "pickle: " + message);
    }

    // The stack.

    private void push(PickleValue value) throws IOException {
        if (stack.size() >= host.limits().items()) {
            throw new Refusal(
                    FileRules.TOO_MANY,
                    cursor.position(),
                    "a pickle must stack <= " + host.limits().items() + " values, stacks more");
        }
        stack.add(value);
    }

    private int floor() {
        return markCount == 0 ? 0 : marks[markCount - 1];
    }

    private PickleValue pop(long at) throws IOException {
        if (stack.size() <= floor()) {
            throw malformed(at, "an opcode needs a value on the stack, finds none");
        }
        return stack.remove(stack.size() - 1);
    }

    private PickleValue peek(long at) throws IOException {
        if (stack.size() <= floor()) {
            throw malformed(at, "an opcode needs a value on the stack, finds none");
        }
        return stack.get(stack.size() - 1);
    }

    private void mark() throws IOException {
        if (markCount >= host.limits().items()) {
            throw new Refusal(
                    FileRules.TOO_MANY,
                    cursor.position(),
                    "a pickle must set <= " + host.limits().items() + " marks, sets more");
        }
        if (markCount == marks.length) {
            marks = Arrays.copyOf(marks, 2 * markCount);
        }
        marks[markCount++] = stack.size();
    }

    private List<PickleValue> popMark(long at) throws IOException {
        if (markCount == 0) {
            throw malformed(at, "an opcode needs a mark on the stack, finds none");
        }
        return cut(marks[--markCount]);
    }

    private List<PickleValue> popSome(int count, long at) throws IOException {
        if (stack.size() - floor() < count) {
            throw malformed(at, "an opcode needs " + count + " values on the stack, finds fewer");
        }
        return cut(stack.size() - count);
    }

    private List<PickleValue> cut(int from) {
        List<PickleValue> top = stack.subList(from, stack.size());
        List<PickleValue> values = new ArrayList<>(top);
        top.clear();
        return values;
    }

    private void put(long index, long at) throws IOException {
        if (index >= Math.min(MOST_MEMO, host.limits().items())) {
            // One after the other is a large pickle, a jump is an attack on memory.
            throw new Refusal(
                    index <= memoCount ? FileRules.TOO_MANY : PickleRules.MEMO,
                    at,
                    "a memo index must be < "
                            + Math.min(MOST_MEMO, host.limits().items()) + ", was " + index);
        }
        int i = (int) index;
        if (i >= memo.length) {
            memo = Arrays.copyOf(memo, Math.max(i + 1, 2 * memo.length));
        }
        PickleValue value = peek(at);
        if (memo[i] == null) {
            memoCount++;
        }
        memo[i] = value;
    }

    private void get(long index, long at) throws IOException {
        PickleValue value = index < memo.length ? memo[(int) index] : null;
        if (value == null) {
            throw malformed(at, "a memo index must have been put before, " + index + " was not");
        }
        push(value);
    }

    // Lines and numbers.

    /** The bytes up to the end of the line, which is skipped. */
    private Text line(Coding coding) throws IOException {
        long start = cursor.position();
        while (cursor.u8() != '\n') {
            if ((cursor.position() & 0xffff) == 0) {
                host.step();
            }
        }
        return new Text(source, start, cursor.position() - 1 - start, coding);
    }

    private String shortLine(int most, String what, long at) throws IOException {
        Text line = line(Coding.BYTES);
        if (line.length > most) {
            throw malformed(at, what + " must have <= " + most + " characters, has " + line.length);
        }
        return PickleText.ascii(source.read(line.offset, (int) line.length));
    }

    private String name(long at) throws IOException {
        Text line = line(Coding.UTF8);
        if (line.length == 0 || line.length > MOST_NAME) {
            throw malformed(at, "a name must have 1 to " + MOST_NAME + " bytes, has " + line.length);
        }
        try {
            CharBuffer name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(source.read(line.offset, (int)
                    line.length)));
            return name.toString();
        } catch (CharacterCodingException e) {
            throw malformed(at, "a name must be UTF-8, is not");
        }
    }

    private long index(long at) throws IOException {
        String line = shortLine(MOST_DIGITS, "a memo index", at);
        if (line.isEmpty() || !line.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw malformed(
                    at, "a memo index must be decimal digits, was " + dev.aisec.provenance.internal.Text.quote(line));
        }
        return line.length() > 18 ? Long.MAX_VALUE : Long.parseLong(line);
    }

    private void real(long at) throws IOException {
        String line = shortLine(MOST_DIGITS, "a number", at).strip();
        String plain = line.startsWith("-") || line.startsWith("+") ? line.substring(1) : line;
        switch (plain) {
            case "inf" -> push(new Real(line.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY));
            case "nan" -> push(new Real(Double.NaN));
            default -> {
                boolean numeric = !plain.isEmpty()
                        && plain.chars()
                                .allMatch(c -> c >= '0' && c <= '9'
                                        || c == '.'
                                        || c == 'e'
                                        || c == 'E'
                                        || c == '-'
                                        || c == '+');
                try {
                    if (!numeric) {
                        throw new NumberFormatException();
                    }
                    push(new Real(Double.parseDouble(line)));
                } catch (NumberFormatException e) {
                    throw malformed(
                            at, "a number must be decimal, was " + dev.aisec.provenance.internal.Text.quote(line));
                }
            }
        }
    }

    private void intLine(long at) throws IOException {
        String line = shortLine(MOST_DIGITS, "an integer", at);
        if (line.equals("00") || line.equals("01")) {
            push(Constant.of(line.equals("01")));
        } else {
            push(integer(line, at));
        }
    }

    private void longLine(long at) throws IOException {
        String line = shortLine(MOST_DIGITS, "an integer", at);
        push(integer(line.endsWith("L") ? line.substring(0, line.length() - 1) : line, at));
    }

    private PickleValue integer(String text, long at) throws IOException {
        String digits = text.strip();
        String plain = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
        if (plain.isEmpty() || !plain.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw malformed(
                    at, "an integer must be decimal digits, was " + dev.aisec.provenance.internal.Text.quote(text));
        }
        return integer(new BigInteger(digits));
    }

    private static PickleValue integer(BigInteger value) {
        return value.bitLength() < 64 ? Int.of(value.longValue()) : new Big(value.bitLength() <= 128 ? value : null);
    }

    private void bigInt(int length) throws IOException {
        if (length > 64) {
            cursor.skip(length);
            push(new Big(null));
            return;
        }
        byte[] little = cursor.bytes(length);
        byte[] big = new byte[length];
        for (int i = 0; i < length; i++) {
            big[i] = little[length - 1 - i];
        }
        push(length == 0 ? Int.of(0) : integer(new BigInteger(big)));
    }

    // Strings and bytes.

    private void quoted(long at) throws IOException {
        Text line = line(Coding.ESCAPED);
        long length = line.length;
        long start = line.offset;
        // CPython strips nothing but the end of the line.
        byte[] ends = {0, 0};
        if (length >= 2) {
            source.read(start, ends, 0, 1);
            source.read(start + length - 1, ends, 1, 1);
        }
        if (length < 2 || ends[0] != ends[1] || ends[0] != '\'' && ends[0] != '"') {
            throw malformed(at, "a string of protocol 0 must stand in quotes, does not");
        }
        text(new Text(source, start + 1, length - 2, Coding.ESCAPED));
    }

    private void byteString(int length, long at) throws IOException {
        if (length < 0) {
            throw malformed(at, "the length of a string must be >= 0, was " + length);
        }
        long start = cursor.position();
        cursor.skip(length);
        text(new Text(source, start, length, Coding.BYTES));
    }

    private void utf8(long length, long at) throws IOException {
        long start = cursor.position();
        cursor.skip(length);
        host.looked(length);
        if (!Utf8.valid(source, start, length)) {
            throw malformed(at, "a string must be UTF-8, is not");
        }
        text(new Text(source, start, length, Coding.UTF8));
    }

    private void text(Text text) throws IOException {
        if (nested != null) {
            nested.inspect(text, host);
        }
        push(text);
    }

    private void bytes(long length, boolean mutable) throws IOException {
        long start = cursor.position();
        cursor.skip(length);
        Bytes bytes = new Bytes(source, start, length, mutable);
        if (nested != null) {
            nested.inspect(bytes, host);
        }
        push(bytes);
    }

    // Containers.

    private Tuple tuple(List<PickleValue> values) {
        if (values.isEmpty()) {
            return Tuple.EMPTY;
        }
        int keep = kept >= KEPT ? 0 : Math.min(KEPT_ITEMS, values.size());
        kept += keep;
        return new Tuple(List.copyOf(values.subList(0, keep)), values.size());
    }

    void add(Items items, PickleValue value) {
        boolean keep = items.items.size() < KEPT_ITEMS && kept < KEPT;
        kept += keep ? 1 : 0;
        items.add(value, keep);
    }

    void put(Dict dict, PickleValue key, PickleValue value, long at) throws IOException {
        hash(key, at);
        boolean keep = dict.keys.size() < KEPT_PAIRS && kept < KEPT;
        kept += keep ? 2 : 0;
        dict.put(key, value, keep);
    }

    private void append(PickleValue target, List<PickleValue> values, long at) throws IOException {
        if (target instanceof Items items && (items.kind == Items.Kind.LIST || items.kind == Items.Kind.DEQUE)) {
            values.forEach(v -> add(items, v));
        } else if (!values.isEmpty()) {
            mutated(target, "append", at);
        }
    }

    private void addItems(PickleValue target, List<PickleValue> values, long at) throws IOException {
        if (target instanceof Items items && items.kind == Items.Kind.SET) {
            for (PickleValue value : values) {
                hash(value, at);
                add(items, value);
            }
        } else if (!values.isEmpty()) {
            mutated(target, "add", at);
        }
    }

    private void setItems(PickleValue target, List<PickleValue> pairs, long at) throws IOException {
        if (pairs.size() % 2 != 0) {
            throw malformed(at, "keys and values must come in pairs, number " + pairs.size());
        }
        if (target instanceof Dict dict) {
            for (int i = 0; i < pairs.size(); i += 2) {
                put(dict, pairs.get(i), pairs.get(i + 1), at);
            }
        } else if (!pairs.isEmpty()) {
            mutated(target, "__setitem__", at);
        }
    }

    /** A method that CPython looks up by name on what is neither list, set nor dict. */
    private void mutated(PickleValue target, String method, long at) throws IOException {
        if (target instanceof Call call && !call.known || target instanceof Global global && global.kind == null) {
            listing.line(target, method + "(…)");
        } else {
            problem(PickleRules.ARGUMENTS, at, method + " of " + listing.show(target) + " must not be called, is");
        }
    }

    /** Hashing a tuple visits all it holds, shared or not; large integers of one hash make a dict quadratic. */
    private void hash(PickleValue key, long at) throws IOException {
        work += key.weight();
        if (key instanceof Big || key instanceof Int number && Math.abs(number.value / 2) >= HASH_MODULUS / 2) {
            collide(key, at);
        }
        if (key instanceof Tuple || key instanceof Items) {
            if (key.depth() > MOST_HASH_DEPTH) {
                throw new Refusal(
                        PickleRules.EXPANSION,
                        at,
                        "a key must nest <= " + MOST_HASH_DEPTH + " tuples, nests " + key.depth());
            }
            if (work > FREE_WORK + 64 * source.length()) {
                throw new Refusal(
                        PickleRules.EXPANSION,
                        at,
                        "hashing keys must take about as long as reading them, takes " + work + " steps");
            }
        }
    }

    private void collide(PickleValue key, long at) throws IOException {
        BigInteger value = key instanceof Int number ? BigInteger.valueOf(number.value) : ((Big) key).value;
        // CPython reduces integers modulo this prime.
        long hash =
                value == null ? 0 : value.mod(BigInteger.valueOf(HASH_MODULUS)).longValue();
        collisions = collisions.length == 0 ? new int[1 << 12] : collisions;
        int bucket = (int) (hash * 0x9e3779b97f4a7c15L >>> 52);
        largeKeys++;
        if (++collisions[bucket] > MOST_COLLISIONS && collisions[bucket] > 16 * largeKeys / collisions.length) {
            throw new Refusal(
                    PickleRules.EXPANSION,
                    at,
                    "keys must have different hashes, " + MOST_COLLISIONS + " large integers have one");
        }
    }

    /** Accounts for memory that a call needs beyond what stands in the file. */
    void spend(long bytes, long at) throws IOException {
        spent += bytes;
        long most = Math.max(host.limits().inflatedBytes(), Limits.INFLATION * Math.min(source.length(), 1L << 50));
        if (spent > most || bytes < 0) {
            throw new Refusal(PickleRules.EXPANSION, at, "calls must build <= " + most + " bytes in all, build more");
        }
    }

    // Imports and calls.

    private PickleValue stackGlobal(PickleValue module, PickleValue name, long at) throws IOException {
        if (module instanceof Text moduleText && name instanceof Text nameText) {
            String moduleName = moduleText.length > MOST_NAME ? null : moduleText.text();
            String ownName = nameText.length > MOST_NAME ? null : nameText.text();
            if (moduleName == null || ownName == null) {
                throw malformed(at, "a name must have <= " + MOST_NAME + " bytes, has more");
            }
            return global(moduleName, ownName, at);
        }
        if (plain(module) || plain(name)) {
            throw malformed(
                    at, "module and name must be strings, were " + listing.show(module) + " and " + listing.show(name));
        }
        problem(
                PickleRules.COMPUTED,
                at,
                "module and name must be constants, were " + listing.show(module) + " and " + listing.show(name));
        return new Call(Constant.UNKNOWN, false);
    }

    /** Whether a value is surely no string. */
    private static boolean plain(PickleValue value) {
        return !(value instanceof Text
                || value instanceof Call
                || value instanceof Persistent
                || value == Constant.UNKNOWN);
    }

    private Global global(String module, String name, long at) throws IOException {
        if (host.owns(module)) {
            Global own = new Global(module, name, null);
            listing.global(own);
            return own;
        }
        Global global =
                new Global(module, name, PickleGlobals.kind(module, name).orElse(null));
        String key = module + "\n" + name;
        if (!uses.containsKey(key)) {
            if (uses.size() >= MOST_GLOBALS) {
                throw new Refusal(
                        FileRules.TOO_MANY, at, "a pickle must import <= " + MOST_GLOBALS + " names, imports more");
            }
            firstImport = uses.isEmpty() ? opcodes : firstImport;
            uses.put(key, new Use(module, name, PickleGlobals.standing(module, name), at));
        }
        listing.global(global);
        return global;
    }

    private void extension(int code, long at) throws IOException {
        if (code <= 0) {
            throw malformed(at, "an extension code must be > 0, was " + code);
        }
        problem(
                PickleRules.EXTENSION_CODE,
                at,
                "names must stand in the file, extension code " + code + " stands for one");
        push(new Call(Constant.UNKNOWN, false));
    }

    private void persistent(PickleValue id, long at) throws IOException {
        PickleValue value = host.persistent(id, at);
        listing.result(value, "persistent_load(" + listing.show(id) + ")");
        push(value);
    }

    private PickleValue call(PickleValue target, PickleValue args, @Nullable PickleValue kwargs, String method, long at)
            throws IOException {
        boolean unlisted = target instanceof Global named && named.kind == null;
        String shown = listing.wanted() || unlisted ? listing.arguments(args, kwargs) : "";
        PickleValue result;
        if (target instanceof Global global && global.kind != null) {
            if (args instanceof Tuple tuple) {
                if (kwargs != null && !(kwargs instanceof Dict dict && dict.size == 0)) {
                    problem(
                            PickleRules.ARGUMENTS,
                            at,
                            global.qualified() + " must be called without keywords, is called" + shown);
                }
                result = new PickleCalls(this, global, tuple, at).call(method);
            } else {
                problem(PickleRules.ARGUMENTS, at, "arguments must be a tuple, were " + listing.show(args));
                result = new Call(global, true);
            }
        } else if (target instanceof Global global) {
            Use use = uses.get(global.module + "\n" + global.name);
            if (use != null && use.call == null) {
                use.call = method + shown;
            }
            result = new Call(global, false);
        } else if (target instanceof Call call && !call.known) {
            result = new Call(call, false);
        } else if (target instanceof Persistent || target == Constant.UNKNOWN) {
            problem(PickleRules.COMPUTED, at, "what is called must be known, is " + listing.show(target));
            result = new Call(target, false);
        } else {
            throw malformed(at, "what is called must be a class or function, is " + listing.show(target));
        }
        listing.result(result, listing.show(target) + method + shown);
        return result;
    }

    private void build(PickleValue target, PickleValue state, long at) throws IOException {
        if (listing.wanted()) {
            listing.line(target, "__setstate__(" + listing.show(state) + ")");
        }
        if (target instanceof Call call && !call.known || target instanceof Global global && global.kind == null) {
            return;
        }
        new PickleCalls(this, target, at).build(state);
    }

    void problem(Rule rule, long at, String message) throws IOException {
        host.problem(rule, at, message);
    }

    String show(PickleValue value) throws IOException {
        return listing.show(value);
    }

    void built(Array array) throws IOException {
        if (arrays.size() >= host.limits().items()) {
            throw new Refusal(
                    FileRules.TOO_MANY,
                    -1,
                    "number of tensors must be <= " + host.limits().items() + ", is higher");
        }
        arrays.add(array);
    }
}
