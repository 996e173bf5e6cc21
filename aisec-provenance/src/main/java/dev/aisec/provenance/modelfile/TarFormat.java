// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tar archive (ustar, pax, GNU): each entry is recognised and read for itself. Entries must be files or directories with
 * names that stay within the archive; headers must have right checksums; behind the end may be zeros only.
 *
 * <p>Sources: POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format".
 */
record TarFormat() implements ModelFormat {
    static final Rule HEADER = Rule.reject(
            "tar.header", "A header is damaged, or says what readers understand in different ways.", "CWE-436");
    static final Rule NAME =
            Rule.reject("tar.name", "The name of an entry leads out of the archive or hides what it is.", "CWE-22");
    static final Rule DUPLICATE =
            Rule.reject("tar.duplicate", "Two entries have one name: the later one overwrites the first.", "CWE-436");
    static final Rule SIMILAR = Rule.warn(
            "tar.similar-names", "Two names differ only in case: they are one file on some systems.", "CWE-178");
    static final Rule LINK = Rule.reject("tar.link", "An entry is a link or a device, no file.", "CWE-59");
    static final Rule TRAILING = Rule.reject(
            "tar.trailing", "Something follows the end of the archive, or padding is not empty.", "CWE-436");

    private static final int BLOCK = 512;
    private static final int MAGIC = 257;
    private static final int LONGEST_TEXT = 1 << 16;
    /** Records of pax that change what or where an entry is; the others are times, owners and comments. */
    private static final Set<String> HARMLESS =
            Set.of("atime", "mtime", "ctime", "uid", "gid", "uname", "gname", "comment", "charset", "hdrcharset");

    @Override
    public String name() {
        return "tar";
    }

    @Override
    public List<String> extensions() {
        return List.of("tar");
    }

    @Override
    public Claim recognizes(Probe probe) {
        if (probe.source().length() < BLOCK) {
            return Claim.NONE;
        }
        if (probe.hasAt(MAGIC, 'u', 's', 't', 'a', 'r')) {
            return Claim.POSSIBLE;
        }
        byte[] head = probe.head();
        return head[0] != 0 && checksum(head) == octalOr(head, 148, 8, -1) ? Claim.POSSIBLE : Claim.NONE;
    }

    /** What the headers before an entry say of it. */
    private static final class Pending {
        @Nullable
        String path;

        long size = -1;

        boolean empty() {
            return path == null && size < 0;
        }
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        EntryNames names = new EntryNames();
        Pending pending = new Pending();
        long at = 0;
        while (true) {
            inspection.step();
            if (at == source.length()) {
                // Some writers leave the two empty blocks out.
                break;
            }
            byte[] header = source.read(at, BLOCK);
            if (zero(header, 0, BLOCK)) {
                end(source, at, inspection);
                break;
            }
            long sum = octal(header, 148, 8, at, "checksum");
            if (sum != checksum(header)) {
                throw new Refusal(HEADER, at + 148, "checksum must be " + checksum(header) + ", was " + sum);
            }
            char type = (char) (header[156] & 0xff);
            long size = number(header, 124, 12, at);
            String name = name(header, at);
            boolean extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
            if (!extension) {
                size = pending.size >= 0 ? pending.size : size;
                name = pending.path != null ? pending.path : name;
            }
            if (size > source.length() - at - BLOCK) {
                throw new Refusal(
                        FileRules.TRUNCATED,
                        at + 124,
                        "content must lie within the archive, is said to have " + size + " bytes: " + Text.quote(name));
            }
            ByteSource content = source.window(at + BLOCK, size);
            long padded = (size + BLOCK - 1) / BLOCK * BLOCK;
            if (extension) {
                extend(type, content, at + BLOCK, pending, inspection);
            } else {
                entry(type, name, content, at, names, inspection);
                pending = new Pending();
            }
            if (padded > source.length() - at - BLOCK) {
                throw new Refusal(
                        FileRules.TRUNCATED, source.length(), "the last block must have 512 bytes, ends early");
            }
            byte[] padding = source.read(at + BLOCK + size, (int) (padded - size));
            if (!zero(padding, 0, padding.length)) {
                throw new Refusal(TRAILING, at + BLOCK + size, "padding must be zeros, is not");
            }
            at += BLOCK + padded;
        }
        if (!pending.empty()) {
            throw new Refusal(HEADER, at, "an extended header must stand before an entry, stands at the end");
        }
    }

    private static void entry(
            char type, String name, ByteSource content, long at, EntryNames names, Inspection inspection)
            throws IOException {
        boolean directory = type == '5' || (type == '0' || type == 0) && name.endsWith("/");
        boolean file = type == '0' || type == 0 || type == '7';
        if (!directory && !file) {
            throw new Refusal(
                    LINK,
                    at + 156,
                    "entries must be files or directories, this one is of type " + Text.quote(String.valueOf(type))
                            + ": " + Text.quote(name));
        }
        String broken = EntryNames.broken(name);
        if (!broken.isEmpty()) {
            throw new Refusal(NAME, at, broken + ", was " + Text.quote(name));
        }
        switch (names.add(name)) {
            case SAME -> {
                if (!directory || content.length() != 0 || !name.matches("[./]*")) {
                    throw new Refusal(
                            DUPLICATE, at, "names must be unique, this one stands twice: " + Text.quote(name));
                }
            }
            case SIMILAR ->
                inspection.report(SIMILAR, at, "names should differ in more than case: " + Text.quote(name));
            case NEW -> {}
        }
        if (directory && content.length() != 0) {
            throw new Refusal(
                    HEADER,
                    at,
                    "a directory must have no content, has " + content.length() + " bytes: " + Text.quote(name));
        }
        if (!directory) {
            Entries.guarded(inspection, in -> Entries.other(name, content, in));
        }
    }

    private static void extend(char type, ByteSource content, long at, Pending pending, Inspection inspection)
            throws IOException {
        if (content.length() > LONGEST_TEXT) {
            throw new Refusal(
                    HEADER, at, "an extended header must have <= " + LONGEST_TEXT + " bytes, has " + content.length());
        }
        byte[] bytes = content.read(0, (int) content.length());
        if (type == 'K') {
            throw new Refusal(LINK, at, "entries must be no links, this is the target of one");
        }
        if (type == 'L') {
            int length = bytes.length;
            while (length > 0 && bytes[length - 1] == 0) {
                length--;
            }
            path(new String(bytes, 0, length, StandardCharsets.UTF_8), pending, at);
            return;
        }
        pax(bytes, type == 'g', pending, at, inspection);
    }

    private static void path(String path, Pending pending, long at) throws Refusal {
        if (pending.path != null) {
            throw new Refusal(HEADER, at, "a name must be given once, is given twice: " + Text.quote(path));
        }
        pending.path = path;
    }

    /** Records {@code length key=value\n}. */
    private static void pax(byte[] bytes, boolean global, Pending pending, long at, Inspection inspection)
            throws IOException {
        int from = 0;
        while (from < bytes.length) {
            inspection.step();
            int digits = from;
            int length = 0;
            while (digits < bytes.length && bytes[digits] >= '0' && bytes[digits] <= '9' && digits - from < 6) {
                length = length * 10 + bytes[digits++] - '0';
            }
            if (digits == from
                    || digits >= bytes.length
                    || bytes[digits] != ' '
                    || length > bytes.length - from
                    || length < digits - from + 3
                    || bytes[from + length - 1] != '\n') {
                throw new Refusal(HEADER, at + from, "a record must be length, blank, key=value and a line feed");
            }
            String record = new String(bytes, digits + 1, from + length - digits - 2, StandardCharsets.UTF_8);
            int equals = record.indexOf('=');
            if (equals < 1) {
                throw new Refusal(HEADER, at + from, "a record must have a key, has none");
            }
            record(record.substring(0, equals), record.substring(equals + 1), global, pending, at + from);
            from += length;
        }
    }

    private static void record(String key, String value, boolean global, Pending pending, long at) throws Refusal {
        if (key.equals("linkpath")) {
            throw new Refusal(LINK, at, "entries must be no links, this is the target of one: " + Text.quote(value));
        }
        boolean harmless = HARMLESS.contains(key) || key.startsWith("SCHILY.") || key.startsWith("LIBARCHIVE.");
        if (harmless && !key.startsWith("SCHILY.realsize")) {
            return;
        }
        if (!global && key.equals("path")) {
            path(value, pending, at);
        } else if (!global && key.equals("size") && pending.size < 0 && value.matches("[0-9]{1,18}")) {
            pending.size = Long.parseLong(value);
        } else {
            throw new Refusal(
                    HEADER,
                    at,
                    "a record must be known and stand once, was " + Text.quote(key) + " with " + Text.quote(value));
        }
    }

    /** Two empty blocks, and zeros up to the end: writers fill records of 10,240 bytes. */
    private static void end(ByteSource source, long from, Inspection inspection) throws IOException {
        byte[] piece = new byte[(int) Math.min(1 << 16, source.length() - from)];
        for (long at = from; at < source.length(); at += piece.length) {
            inspection.step();
            int count = (int) Math.min(piece.length, source.length() - at);
            source.read(at, piece, 0, count);
            if (!zero(piece, 0, count)) {
                throw new Refusal(TRAILING, at, "behind the end must be zeros only, something else is there");
            }
        }
    }

    private static boolean zero(byte[] bytes, int from, int count) {
        for (int i = from; i < from + count; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static long checksum(byte[] header) {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        return sum;
    }

    private static String name(byte[] header, long at) throws Refusal {
        String name = padded(header, 0, 100, at);
        // The prefix stands in ustar only; GNU keeps times there.
        boolean posix = header[MAGIC + 5] == 0 && text(header, MAGIC, 6).equals("ustar");
        String prefix = posix ? padded(header, 345, 155, at) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** A text behind which is nothing up to the end of its place: what is there would be hidden. */
    private static String padded(byte[] header, int from, int most, long at) throws Refusal {
        String text = text(header, from, most);
        int end = from;
        while (end < from + most && header[end] != 0) {
            end++;
        }
        if (!zero(header, end, from + most - end)) {
            throw new Refusal(HEADER, at + end, "zeros must follow a name, something else does: " + Text.quote(text));
        }
        return text;
    }

    private static String text(byte[] header, int from, int most) {
        int length = 0;
        while (length < most && header[from + length] != 0) {
            length++;
        }
        return new String(header, from, length, StandardCharsets.UTF_8);
    }

    /** Octal, or base 256 where the first bit is set. */
    private static long number(byte[] header, int from, int length, long at) throws Refusal {
        if ((header[from] & 0x80) == 0) {
            return octal(header, from, length, at, "size");
        }
        long value = header[from] & 0x7f;
        for (int i = from + 1; i < from + length; i++) {
            if (value > Long.MAX_VALUE >> 8) {
                throw new Refusal(HEADER, at + from, "a size must be < 2^63, is larger");
            }
            value = value << 8 | header[i] & 0xff;
        }
        return value;
    }

    private static long octal(byte[] header, int from, int length, long at, String what) throws Refusal {
        long value = octalOr(header, from, length, -1);
        if (value < 0) {
            throw new Refusal(HEADER, at + from, what + " must be an octal number, is none");
        }
        return value;
    }

    /** Blanks, digits, then blanks and zeros. */
    private static long octalOr(byte[] header, int from, int length, long other) {
        int at = from;
        int end = from + length;
        while (at < end && header[at] == ' ') {
            at++;
        }
        long value = 0;
        boolean any = false;
        while (at < end && header[at] >= '0' && header[at] <= '7') {
            value = value << 3 | header[at++] - '0';
            any = true;
        }
        while (at < end) {
            if (header[at] != ' ' && header[at] != 0) {
                return other;
            }
            at++;
        }
        return any ? value : other;
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(List.of(HEADER, NAME, DUPLICATE, SIMILAR, LINK, TRAILING));
        rules.addAll(Entries.RULES);
        return List.copyOf(rules);
    }
}
