// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleValue.Bytes;
import dev.aisec.provenance.modelfile.PickleValue.Coding;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a second stage: strings and bytes within a pickle that are themselves a pickle which would import code, as they
 * are or in base64, in hexadecimal or deflated. A nested pickle of plain data is data.
 */
final class NestedPickles {
    private static final int MOST_DEPTH = 32;
    private static final int MOST_DECODED = 16 << 20;
    private static final int SHORTEST = 6;
    /** Steps that setting up an attempt counts for. */
    private static final int ATTEMPT = 256;

    private static final Pattern IDENTIFIERS =
            Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*(?:\\.[\\p{L}_][\\p{L}\\p{N}_]*)*");
    private static final Set<Rule> SERIOUS =
            Set.of(PickleRules.COMPUTED, PickleRules.EXTENSION_CODE, PickleRules.ARGUMENTS, PickleRules.NESTED);

    private final int depth;
    private final Budget budget;

    /** Steps that attempts may take in all. */
    static final class Budget {
        private final long most;
        private long left;

        Budget(long most) {
            this.most = most;
            this.left = most;
        }

        long taken() {
            return most - left;
        }

        void take(long steps) throws IOException {
            left -= steps;
            if (left < 0) {
                throw new Refusal(
                        FileRules.TOO_MUCH_WORK,
                        -1,
                        "looking for nested pickles must take about as long as reading, takes longer");
            }
        }
    }

    NestedPickles(ByteSource source) {
        this(0, new Budget(1_000_000 + 16 * Math.min(source.length(), 1L << 50)));
    }

    NestedPickles(Budget budget) {
        this(0, budget);
    }

    private NestedPickles(int depth, Budget budget) {
        this.depth = depth;
        this.budget = budget;
    }

    /** An attempt to read bytes as a pickle. */
    record Attempt(PickleMachine machine, boolean serious, boolean ended, boolean cut) {
        /** The first name that is not known and could be one. */
        Optional<PickleMachine.Use> use() {
            return machine.uses().values().stream()
                    .filter(u -> u.standing != Standing.KNOWN
                            && IDENTIFIERS.matcher(u.module).matches()
                            && IDENTIFIERS.matcher(u.name).matches())
                    .findFirst();
        }

        boolean dangerous() {
            return serious || use().isPresent();
        }
    }

    void inspect(Bytes bytes, PickleHost host) throws IOException {
        if (bytes.length >= SHORTEST) {
            content(source(bytes.source, bytes.offset, bytes.length), bytes.offset, host, true);
        }
    }

    /** Short values are read once. */
    private static ByteSource source(ByteSource source, long offset, long length) throws IOException {
        return length <= 8192 ? ByteSource.of(source.read(offset, (int) length)) : source.window(offset, length);
    }

    void inspect(Text text, PickleHost host) throws IOException {
        if (text.length < SHORTEST) {
            return;
        }
        if (text.coding == Coding.UTF8 || text.coding == Coding.BYTES) {
            ByteSource raw = source(text.source, text.offset, text.length);
            content(raw, text.offset, host, text.coding == Coding.BYTES);
            if (text.coding == Coding.UTF8 && text.length <= MOST_DECODED && find(raw, 0, true) >= 0) {
                decoded(text, host);
            }
        } else if (text.length <= MOST_DECODED) {
            decoded(text, host);
        }
    }

    private void decoded(Text text, PickleHost host) throws IOException {
        // Characters beyond Latin-1 become question marks, which are no opcode.
        byte[] latin = text.decode().getBytes(StandardCharsets.ISO_8859_1);
        content(ByteSource.of(latin), text.offset, host, true);
    }

    private void content(ByteSource content, long at, PickleHost host, boolean binary) throws IOException {
        byte[] head = content.read(0, (int) Math.min(16, content.length()));
        budget.take(1);
        host.looked(content.length());
        if (start(head) && ((head[0] & 0xff) == 0x80 || imports(content)) && payload(content, 0, at, "is", host)) {
            return;
        }
        if (binary) {
            for (long hit = find(content, 1, false); hit >= 0; hit = find(content, hit + 1, false)) {
                budget.take(1);
                if (payload(content, hit, at, "holds", host)) {
                    return;
                }
            }
        }
        byte[] decoded = decode(content, head);
        if (decoded != null && decoded.length >= SHORTEST) {
            ByteSource inner = ByteSource.of(decoded);
            if (start(decoded) && payload(inner, 0, at, "is, encoded,", host)) {
                return;
            }
            byte[] inflated = inflate(decoded);
            if (inflated != null && start(inflated)) {
                payload(ByteSource.of(inflated), 0, at, "is, encoded and deflated,", host);
            }
        }
    }

    private boolean payload(ByteSource content, long offset, long at, String how, PickleHost host) throws IOException {
        boolean header = (content.read(offset, 1)[0] & 0xff) == 0x80;
        Attempt attempt = attempt(content.window(offset, content.length() - offset), host);
        boolean complete = attempt.ended || header && offset == 0;
        if (!complete || !attempt.dangerous()) {
            return false;
        }
        String names = attempt.use()
                .map(u -> "imports " + dev.aisec.provenance.internal.Text.quote(u.module + "." + u.name))
                .orElse("is no plain data");
        host.problem(PickleRules.NESTED, at, "a value must be data, " + how + " a pickle that " + names);
        return true;
    }

    /** Reads as far as it can be read. */
    Attempt attempt(ByteSource content, PickleHost outer) throws IOException {
        budget.take(ATTEMPT);
        Trial trial = new Trial(outer, budget);
        PickleMachine machine = new PickleMachine(
                new Cursor(content), trial, depth < MOST_DEPTH ? new NestedPickles(depth + 1, budget) : null, false);
        boolean cut = false;
        try {
            machine.run();
        } catch (Refusal e) {
            if (e.rule() == FileRules.TOO_MUCH_WORK) {
                throw e;
            }
            cut = e.rule() == FileRules.TRUNCATED;
        }
        return new Attempt(machine, trial.serious, machine.stopped(), cut);
    }

    /** Whether there is a byte that every import needs: cheaper than an attempt. */
    private static boolean imports(ByteSource content) throws IOException {
        byte[] buffer = new byte[(int) Math.min(8192, content.length())];
        for (long at = 0; at < content.length(); at += buffer.length) {
            int some = (int) Math.min(buffer.length, content.length() - at);
            content.read(at, buffer, 0, some);
            for (int i = 0; i < some; i++) {
                int b = buffer[i] & 0xff;
                if (b == '\n' || b == 0x93 || b >= 0x82 && b <= 0x84) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean start(byte[] head) {
        if (head.length < SHORTEST) {
            return false;
        }
        return switch (head[0] & 0xff) {
            case 0x80 -> (head[1] & 0xff) <= 5;
            default -> first(head[0] & 0xff);
        };
    }

    /** Whether an opcode can be the first one. */
    private static boolean first(int opcode) {
        return switch (opcode) {
            case 'c', '(', ']', '}', ')', 'N', 'K', 'M', 'I', 'J', 'L', 'S', 'V', 'X', 'U', 'G', 0x8c, 0x8f, 0x95 ->
                true;
            default -> false;
        };
    }

    /** The next header of a pickle; in UTF-8 its first byte takes two. */
    private static long find(ByteSource content, long from, boolean utf8) throws IOException {
        byte[] buffer = new byte[(int) Math.min(8192, content.length())];
        for (long at = from; at < content.length() - 3 && content.length() > SHORTEST; ) {
            int some = (int) Math.min(buffer.length, content.length() - at);
            content.read(at, buffer, 0, some);
            for (int i = utf8 ? 1 : 0; i + 2 < some; i++) {
                if (buffer[i] == (byte) 0x80
                        && buffer[i + 1] >= 2
                        && buffer[i + 1] <= 5
                        && (utf8 || first(buffer[i + 2] & 0xff))
                        && (!utf8 || buffer[i - 1] == (byte) 0xc2)) {
                    return at + i;
                }
            }
            at += Math.max(1, some - 3);
        }
        return -1;
    }

    /** What base64, hexadecimal digits or deflated bytes stand for; null if it is none of them. */
    private byte @Nullable [] decode(ByteSource content, byte[] head) throws IOException {
        if (content.length() > MOST_DECODED) {
            return null;
        }
        boolean zipped = head.length > 2
                && ((head[0] & 0xff) == 0x1f && (head[1] & 0xff) == 0x8b
                        || head[0] == 0x78 && (head[0] << 8 | head[1] & 0xff) % 31 == 0);
        if (zipped) {
            return inflate(content.read(0, (int) content.length()));
        }
        for (byte b : head) {
            if (!base64(b)) {
                return null;
            }
        }
        byte[] all = content.read(0, (int) content.length());
        int kept = 0;
        boolean hex = true;
        for (byte b : all) {
            if (b == '\n' || b == '\r' || b == ' ') {
                continue;
            }
            if (!base64(b)) {
                return null;
            }
            hex &= Character.digit(b, 16) >= 0;
            all[kept++] = b == '-' ? (byte) '+' : b == '_' ? (byte) '/' : b;
        }
        budget.take(all.length / 64);
        byte[] text = Arrays.copyOf(all, kept);
        if (hex && kept % 2 == 0) {
            return HexFormat.of().parseHex(PickleText.latin1(text));
        }
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static boolean base64(byte b) {
        return b >= 'a' && b <= 'z'
                || b >= 'A' && b <= 'Z'
                || b >= '0' && b <= '9'
                || b == '+'
                || b == '/'
                || b == '-'
                || b == '_'
                || b == '='
                || b == '\n'
                || b == '\r'
                || b == ' ';
    }

    /** Up to 1 MiB of what zlib or gzip bytes inflate to; null if they are neither. */
    private byte @Nullable [] inflate(byte[] bytes) throws IOException {
        boolean gzip = bytes.length > 18 && (bytes[0] & 0xff) == 0x1f && (bytes[1] & 0xff) == 0x8b;
        boolean zlib = bytes.length > 8 && bytes[0] == 0x78 && (bytes[0] << 8 | bytes[1] & 0xff) % 31 == 0;
        if (!gzip && !zlib) {
            return null;
        }
        int from = gzip ? gzipHeader(bytes) : 0;
        Inflater inflater = new Inflater(gzip);
        try {
            inflater.setInput(bytes, from, bytes.length - from);
            byte[] out = new byte[1 << 20];
            int filled = 0;
            while (filled < out.length) {
                int some = inflater.inflate(out, filled, out.length - filled);
                if (some == 0) {
                    break;
                }
                filled += some;
            }
            budget.take(1000 + filled / 64);
            return filled == 0 ? null : Arrays.copyOf(out, filled);
        } catch (DataFormatException e) {
            return null;
        } finally {
            inflater.end();
        }
    }

    private static int gzipHeader(byte[] bytes) {
        int flags = bytes[3];
        int at = 10;
        if ((flags & 4) != 0 && at + 2 <= bytes.length) {
            at += 2 + (bytes[at] & 0xff) + ((bytes[at + 1] & 0xff) << 8);
        }
        for (int flag = 8; flag <= 16; flag *= 2) {
            if ((flags & flag) != 0) {
                while (at < bytes.length && bytes[at] != 0) {
                    at++;
                }
                at++;
            }
        }
        return Math.min(bytes.length, at + ((flags & 2) != 0 ? 2 : 0));
    }

    /** Tells nobody. */
    private static final class Trial implements PickleHost {
        private final PickleHost outer;
        private final Budget budget;
        private boolean serious;

        Trial(PickleHost outer, Budget budget) {
            this.outer = outer;
            this.budget = budget;
        }

        @Override
        public void step() throws IOException {
            budget.take(1);
            outer.step();
        }

        @Override
        public void looked(long bytes) throws IOException {
            budget.take(bytes / 64);
        }

        @Override
        public void problem(Rule rule, long offset, String message) {
            serious |= SERIOUS.contains(rule);
        }

        @Override
        public PickleValue persistent(PickleValue id, long offset) {
            return Constant.UNKNOWN;
        }

        @Override
        public Limits limits() {
            return outer.limits();
        }
    }
}
