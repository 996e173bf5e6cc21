// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A strict reader of zip archives. Readers that go by the local headers and readers that go by the central directory must
 * see the same, so both must agree in every value that says where and what the data is; entries must fill the file without
 * gap or overlap; nothing may stand before the first entry or behind the end record. Allowed are the forms that common
 * writers use: data descriptors, zip64 (in one of the two headers only, or in the end records only), padding in extra
 * fields, comments.
 *
 * <p>Sources: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.6 and appendix D.
 */
final class ZipReader {
    static final Rule END = Rule.reject(
            "zip.end", "The end records of the archive are missing, damaged, or say what is not so.", "CWE-436");
    static final Rule AMBIGUOUS = Rule.reject(
            "zip.ambiguous-end", "There are two end records, so two readers can see two archives.", "CWE-436");
    static final Rule LAYOUT = Rule.reject(
            "zip.layout",
            "Bytes stand before, between or behind the entries, or entries overlap: another reader can see another"
                    + " file.",
            "CWE-436");
    static final Rule HEADERS = Rule.reject(
            "zip.headers-differ",
            "Local header and central directory differ, so two readers see two entries.",
            "CWE-436");
    static final Rule DATA =
            Rule.reject("zip.data", "The data of an entry is not what its headers announce.", "CWE-354");
    static final Rule NAME =
            Rule.reject("zip.name", "The name of an entry leads out of the archive or hides what it is.", "CWE-22");
    static final Rule DUPLICATE =
            Rule.reject("zip.duplicate", "Two entries have one name, so two readers can see two files.", "CWE-436");
    static final Rule SIMILAR = Rule.warn(
            "zip.similar-names", "Two names differ only in case: they are one file on some systems.", "CWE-178");
    static final Rule CHARSET = Rule.warn(
            "zip.charset", "A name is not ASCII and does not say its encoding, so readers show different names.", "");
    static final Rule LINK = Rule.reject("zip.link", "An entry is a symbolic link or a device, no file.", "CWE-59");
    static final Rule FEATURE = Rule.reject(
            "zip.feature", "A feature is used that readers treat differently: split archives, patches.", "CWE-436");
    static final Rule FALSE_ENCRYPTION = Rule.reject(
            "zip.false-encryption",
            "An entry is marked as encrypted but is not: scanners skip it, loaders that ignore the mark read it.",
            "CWE-436");
    static final Rule ENCRYPTED =
            Rule.cannotInspect("zip.encrypted", "An entry is encrypted; nothing is known about it.", "");
    static final Rule METHOD = Rule.cannotInspect(
            "zip.method", "An entry is compressed in a way that is not supported; nothing is known about it.", "");

    static final List<Rule> RULES = List.of(
            END,
            AMBIGUOUS,
            LAYOUT,
            HEADERS,
            DATA,
            NAME,
            DUPLICATE,
            SIMILAR,
            CHARSET,
            LINK,
            FEATURE,
            FALSE_ENCRYPTION,
            ENCRYPTED,
            METHOD);

    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int CENTRAL_SIGNATURE = 0x02014b50;
    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END64_SIGNATURE = 0x06064b50;
    private static final int LOCATOR_SIGNATURE = 0x07064b50;
    private static final int DESCRIPTOR_SIGNATURE = 0x08074b50;
    private static final int LOCAL_SIZE = 30;
    private static final int CENTRAL_SIZE = 46;
    private static final int END_SIZE = 22;
    private static final int END64_SIZE = 56;
    private static final int LOCATOR_SIZE = 20;
    private static final int LONGEST_NAME = 4096;
    private static final int PIECE = 1 << 16;
    private static final long MAX32 = 0xffffffffL;
    private static final int MAX16 = 0xffff;

    private static final int DESCRIBED = 0x8;
    private static final int UTF8 = 0x800;
    private static final int ENCRYPTION = 0x1 | 0x40 | 0x2000;
    private static final int KNOWN_FLAGS = 0x2 | 0x4 | DESCRIBED | UTF8 | ENCRYPTION;

    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    /** Deflate cannot do better: 258 bytes for two bits. */
    private static final int MOST_EXPANSION = 1032;

    /**
     * An entry as both the local header and the central directory have it.
     *
     * @param header offset of the local header
     * @param data offset of the data
     * @param readable whether it is neither encrypted nor compressed in an unknown way; what is not has been reported
     */
    record Member(String name, long size, long packed, int method, int crc, long header, long data, boolean readable) {
        boolean directory() {
            return name.endsWith("/");
        }
    }

    /** An entry as the central directory has it. */
    private record Entry(
            byte[] rawName,
            String name,
            int flags,
            int method,
            int crc,
            long packed,
            long size,
            long header,
            long central) {}

    /** Where the central directory is, as the end records say. */
    private record Directory(long offset, long size, long count, long end) {}

    private final ByteSource source;
    private final Inspection inspection;
    private final List<Member> members;
    private final Map<String, Member> byName;

    private ZipReader(ByteSource source, Inspection inspection, List<Member> members) {
        this.source = source;
        this.inspection = inspection;
        this.members = List.copyOf(members);
        this.byName = new HashMap<>();
        members.forEach(m -> byName.put(m.name(), m));
    }

    /** The entries in the order of the central directory. */
    List<Member> members() {
        return members;
    }

    Optional<Member> member(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    // Recognition.

    /**
     * The names in the central directory, unchecked, at most as many as the limits allow; empty if the content is no zip
     * archive. Content is one if it begins with a local header or an end record, or if it ends as an archive does: a
     * reader that looks for the end takes it for one, whatever it begins with.
     */
    static Optional<List<String>> names(ByteSource source, Limits limits) throws IOException {
        if (source.length() < END_SIZE) {
            return Optional.empty();
        }
        ByteBuffer head = buffer(source.read(0, 4));
        boolean begins = head.getInt(0) == LOCAL_SIGNATURE || head.getInt(0) == END_SIGNATURE;
        int window = (int) Math.min(source.length(), END_SIZE + MAX16);
        long base = source.length() - window;
        ByteBuffer tail = buffer(source.read(base, window));
        // Within a tar archive a zip archive is an entry, not the archive.
        boolean tar = source.length() >= 512 && isTar(source.read(257, 5));
        for (int at = window - END_SIZE; at >= 0; at--) {
            if (tail.get(at) != 'P' || tail.getInt(at) != END_SIGNATURE) {
                continue;
            }
            boolean exact = at + END_SIZE + (tail.getShort(at + 20) & MAX16) == window;
            if (exact || !tar) {
                long size = tail.getInt(at + 12) & MAX32;
                long end = base + at;
                if (at >= LOCATOR_SIZE && tail.getInt(at - LOCATOR_SIZE) == LOCATOR_SIGNATURE) {
                    end -= LOCATOR_SIZE + END64_SIZE;
                    if (end >= 0) {
                        ByteBuffer end64 = buffer(source.read(end, END64_SIZE));
                        size = end64.getInt(0) == END64_SIGNATURE ? end64.getLong(40) : size;
                    }
                }
                Optional<List<String>> names = names(source, end - size, end, limits);
                if (names.isPresent()) {
                    return names;
                }
            }
        }
        return begins ? Optional.of(List.of()) : Optional.empty();
    }

    private static boolean isTar(byte[] magic) {
        return new String(magic, StandardCharsets.ISO_8859_1).equals("ustar");
    }

    private static Optional<List<String>> names(ByteSource source, long from, long to, Limits limits)
            throws IOException {
        List<String> names = new ArrayList<>();
        long at = from;
        while (at >= 0 && at <= to - CENTRAL_SIZE && names.size() < limits.entries()) {
            ByteBuffer header = buffer(source.read(at, CENTRAL_SIZE));
            int length = header.getShort(28) & MAX16;
            if (header.getInt(0) != CENTRAL_SIGNATURE || length > to - at - CENTRAL_SIZE) {
                break;
            }
            names.add(decode(source.read(at + CENTRAL_SIZE, length)));
            at += CENTRAL_SIZE + length + (header.getShort(30) & MAX16) + (header.getShort(32) & MAX16);
        }
        return names.isEmpty() ? Optional.empty() : Optional.of(names);
    }

    private static String decode(byte[] name) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(name))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(name, StandardCharsets.ISO_8859_1);
        }
    }

    // Headers.

    /** Reads and compares all headers; refuses what two readers could see differently. */
    static ZipReader open(ByteSource source, Inspection inspection) throws IOException {
        Directory directory = end(source);
        if (directory.count() > inspection.limits().entries()) {
            throw new Refusal(
                    FileRules.TOO_MANY,
                    directory.end(),
                    "number of entries must be <= " + inspection.limits().entries() + ", was " + directory.count());
        }
        List<Entry> entries = directory(source, directory, inspection);
        names(entries, inspection);
        List<Entry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingLong(Entry::header));
        Map<Entry, Member> found = new java.util.IdentityHashMap<>();
        for (int i = 0; i < ordered.size(); i++) {
            Entry entry = ordered.get(i);
            inspection.step();
            long next = i + 1 < ordered.size() ? ordered.get(i + 1).header() : directory.offset();
            found.put(entry, local(source, entry, next, inspection));
        }
        long first = ordered.isEmpty() ? directory.offset() : ordered.get(0).header();
        if (first != 0) {
            throw new Refusal(LAYOUT, 0, "the first entry must begin the file, " + first + " bytes stand before it");
        }
        return new ZipReader(
                source, inspection, entries.stream().map(found::get).toList());
    }

    /** Finds the one end record, and the zip64 one where there is one. */
    private static Directory end(ByteSource source) throws IOException {
        int window = (int) Math.min(source.length(), END_SIZE + MAX16);
        long base = source.length() - window;
        ByteBuffer tail = buffer(source.read(base, window));
        int last = -1;
        int exact = -1;
        for (int at = window - END_SIZE; at >= 0; at--) {
            if (tail.get(at) != 'P' || tail.getInt(at) != END_SIGNATURE) {
                continue;
            }
            last = Math.max(last, at);
            if (at + END_SIZE + (tail.getShort(at + 20) & MAX16) == window) {
                if (exact >= 0) {
                    throw new Refusal(
                            AMBIGUOUS,
                            base + at,
                            "one end record must end the file, two do: here and at " + (base + exact));
                }
                exact = at;
            }
        }
        if (last < 0) {
            throw new Refusal(END, source.length(), "the file must end with an end record of a zip archive, has none");
        }
        if (exact < 0) {
            throw new Refusal(
                    LAYOUT,
                    base + last + END_SIZE,
                    "nothing may stand behind the end record and its comment, "
                            + (window - last - END_SIZE) + " bytes do where the comment has "
                            + (tail.getShort(last + 20) & MAX16));
        }
        if (exact != last) {
            throw new Refusal(AMBIGUOUS, base + last, "the comment must not hold a second end record, it does");
        }
        long at = base + exact;
        int count = tail.getShort(exact + 10) & MAX16;
        long size = tail.getInt(exact + 12) & MAX32;
        long offset = tail.getInt(exact + 16) & MAX32;
        int disk = tail.getShort(exact + 4) & MAX16;
        int directoryDisk = tail.getShort(exact + 6) & MAX16;
        int countHere = tail.getShort(exact + 8) & MAX16;
        boolean zip64 =
                at >= LOCATOR_SIZE && buffer(source.read(at - LOCATOR_SIZE, 4)).getInt(0) == LOCATOR_SIGNATURE;
        if (!zip64) {
            if (disk != 0 || directoryDisk != 0) {
                throw new Refusal(FEATURE, at, "an archive must be of one disk, this one names disk " + disk);
            }
            return directory(count, countHere, size, offset, at, at);
        }
        ByteBuffer locator = buffer(source.read(at - LOCATOR_SIZE, LOCATOR_SIZE));
        long at64 = at - LOCATOR_SIZE - END64_SIZE;
        if (locator.getInt(4) != 0 || locator.getInt(16) < 0 || locator.getInt(16) > 1 || locator.getLong(8) != at64) {
            throw new Refusal(
                    END,
                    at - LOCATOR_SIZE,
                    "the zip64 end record must stand on the only disk at " + at64 + ", right before its locator, is"
                            + " said to be at " + Long.toUnsignedString(locator.getLong(8)));
        }
        ByteBuffer record = at64 < 0 ? buffer(new byte[END64_SIZE]) : buffer(source.read(at64, END64_SIZE));
        if (record.getInt(0) != END64_SIGNATURE || record.getLong(4) != END64_SIZE - 12) {
            throw new Refusal(END, Math.max(0, at64), "a zip64 end record of 56 bytes must stand here");
        }
        long count64 = record.getLong(32);
        long size64 = record.getLong(40);
        long offset64 = record.getLong(48);
        if (record.getInt(16) != 0
                || record.getInt(20) != 0
                || disk != 0 && disk != MAX16
                || directoryDisk != 0 && directoryDisk != MAX16) {
            throw new Refusal(FEATURE, at64, "an archive must be of one disk, this one names several");
        }
        if (!narrow(count, count64, MAX16)
                || !narrow(countHere, record.getLong(24), MAX16)
                || !narrow(size, size64, MAX32)
                || !narrow(offset, offset64, MAX32)) {
            throw new Refusal(
                    END, at64, "the zip64 end record must say the same as the end record, it says something else");
        }
        return directory(count64, record.getLong(24), size64, offset64, at64, at64);
    }

    private static boolean narrow(long narrow, long wide, long saturated) {
        return narrow == wide || narrow == saturated;
    }

    private static Directory directory(long count, long countHere, long size, long offset, long end, long at)
            throws Refusal {
        if (count != countHere || count < 0) {
            throw new Refusal(
                    END,
                    at,
                    "numbers of entries in all and on this disk must agree, were " + count + " and " + countHere);
        }
        if (size < 0 || offset < 0 || size > end || offset != end - size) {
            throw new Refusal(
                    LAYOUT,
                    at,
                    "the central directory must end where the end record begins, " + end + ", was said to be at "
                            + Long.toUnsignedString(offset) + " with " + Long.toUnsignedString(size) + " bytes");
        }
        if (count > size / CENTRAL_SIZE) {
            throw new Refusal(
                    END, at, "the central directory must hold " + count + " entries, has only " + size + " bytes");
        }
        return new Directory(offset, size, count, end);
    }

    private static List<Entry> directory(ByteSource source, Directory directory, Inspection inspection)
            throws IOException {
        List<Entry> entries = new ArrayList<>();
        Cursor in = new Cursor(source.window(0, directory.end()), directory.offset());
        for (long i = 0; i < directory.count(); i++) {
            inspection.step();
            long at = in.position();
            if (in.remaining() < CENTRAL_SIZE) {
                throw new Refusal(
                        END,
                        at,
                        "the central directory must hold " + directory.count() + " entries, it ends after " + i);
            }
            ByteBuffer header = buffer(in.bytes(CENTRAL_SIZE));
            if (header.getInt(0) != CENTRAL_SIGNATURE) {
                throw new Refusal(END, at, "an entry of the central directory must begin here");
            }
            int nameLength = header.getShort(28) & MAX16;
            int extraLength = header.getShort(30) & MAX16;
            int commentLength = header.getShort(32) & MAX16;
            if (in.remaining() < (long) nameLength + extraLength + commentLength) {
                throw new Refusal(END, at, "an entry of the central directory must end before the end record");
            }
            byte[] rawName = in.bytes(nameLength);
            byte[] extra = in.bytes(extraLength);
            in.skip(commentLength);
            entries.add(central(header, rawName, extra, at, inspection));
        }
        if (in.remaining() != 0) {
            throw new Refusal(
                    END,
                    in.position(),
                    "the central directory must hold " + directory.count() + " entries and nothing else, "
                            + in.remaining() + " bytes follow them");
        }
        return entries;
    }

    private static Entry central(ByteBuffer header, byte[] rawName, byte[] extra, long at, Inspection inspection)
            throws Refusal {
        int flags = header.getShort(8) & MAX16;
        String name = name(rawName, flags, at, inspection);
        long packed = header.getInt(20) & MAX32;
        long size = header.getInt(24) & MAX32;
        long offset = header.getInt(42) & MAX32;
        int disk = header.getShort(34) & MAX16;
        Extra fields = new Extra(extra, rawName, name, at);
        ByteBuffer wide = fields.zip64;
        if (wide != null) {
            int needed = (size == MAX32 ? 8 : 0)
                    + (packed == MAX32 ? 8 : 0)
                    + (offset == MAX32 ? 8 : 0)
                    + (disk == MAX16 ? 4 : 0);
            if (wide.remaining() == needed) {
                size = size == MAX32 ? wide.getLong() : size;
                packed = packed == MAX32 ? wide.getLong() : packed;
                offset = offset == MAX32 ? wide.getLong() : offset;
                disk = disk == MAX16 ? wide.getInt() : disk;
            } else {
                // Some write all values, also those that fit: then they must be the same.
                long[] values = {size, packed, offset};
                for (int i = 0; i < 3 && (i < 2 || wide.remaining() >= 8); i++) {
                    long value = wide.remaining() >= 8 ? wide.getLong() : -1;
                    if (value < 0 || !narrow(values[i], value, MAX32)) {
                        throw new Refusal(
                                HEADERS,
                                at,
                                "zip64 values must be those that the header leaves out, are others: "
                                        + Text.quote(name));
                    }
                    values[i] = value;
                }
                size = values[0];
                packed = values[1];
                offset = values[2];
                disk = disk == MAX16 && wide.remaining() == 4 ? wide.getInt() : disk;
            }
        }
        if (disk != 0) {
            throw new Refusal(FEATURE, at, "entries must be on the only disk, this one is on " + disk);
        }
        if (size < 0 || packed < 0 || offset < 0) {
            throw new Refusal(HEADERS, at, "sizes must be < 2^63, are larger: " + Text.quote(name));
        }
        kind(header, name, fields, at);
        if (name.endsWith("/") && (size != 0 || packed > 2)) {
            throw new Refusal(
                    DATA, at, "a directory must have no content, has " + size + " bytes: " + Text.quote(name));
        }
        return new Entry(
                rawName, name, flags, header.getShort(10) & MAX16, header.getInt(16), packed, size, offset, at);
    }

    /** Links and devices hide in the attributes of Unix and Windows. */
    private static void kind(ByteBuffer header, String name, Extra fields, long at) throws Refusal {
        int attributes = header.getInt(38);
        for (int mode : new int[] {attributes >>> 16, fields.mode}) {
            int kind = mode & 0xf000;
            if (kind != 0 && kind != 0x8000 && kind != 0x4000 || kind == 0x4000 && !name.endsWith("/")) {
                throw new Refusal(
                        LINK,
                        at,
                        "an entry must be a file or a directory, mode is 0" + Integer.toOctalString(mode) + ": "
                                + Text.quote(name));
            }
        }
        if ((attributes & 0x400) != 0) {
            throw new Refusal(LINK, at, "an entry must be no reparse point, this one is: " + Text.quote(name));
        }
    }

    private static String name(byte[] raw, int flags, long at, Inspection inspection) throws Refusal {
        if (raw.length == 0 || raw.length > LONGEST_NAME) {
            throw new Refusal(NAME, at, "a name must have 1 to " + LONGEST_NAME + " bytes, has " + raw.length);
        }
        String name = decode(raw);
        boolean ascii = name.length() == raw.length && name.chars().allMatch(c -> c < 0x80);
        if (!ascii && (flags & UTF8) != 0 && !Arrays.equals(name.getBytes(StandardCharsets.UTF_8), raw)) {
            throw new Refusal(NAME, at, "a name must be UTF-8 as its header says, is not: " + Text.quote(name));
        }
        if (!ascii && (flags & UTF8) == 0) {
            inspection.report(
                    CHARSET, at, "a name that is not ASCII should be marked as UTF-8, is not: " + Text.quote(name));
        }
        String broken = EntryNames.broken(name);
        if (!broken.isEmpty()) {
            throw new Refusal(NAME, at, broken + ", was " + Text.quote(name));
        }
        return name;
    }

    private static void names(List<Entry> entries, Inspection inspection) throws IOException {
        EntryNames seen = new EntryNames();
        for (Entry entry : entries) {
            inspection.step();
            switch (seen.add(entry.name())) {
                case SAME ->
                    throw new Refusal(
                            DUPLICATE,
                            entry.central(),
                            "names must be unique, this one stands twice: " + Text.quote(entry.name()));
                case SIMILAR ->
                    inspection.report(
                            SIMILAR,
                            entry.central(),
                            "names should differ in more than case: " + Text.quote(entry.name()));
                case NEW -> {}
            }
        }
    }

    /** Extra fields of one header. */
    private static final class Extra {
        @org.jspecify.annotations.Nullable
        ByteBuffer zip64;

        int mode;

        Extra(byte[] bytes, byte[] rawName, String name, long at) throws Refusal {
            ByteBuffer in = buffer(bytes);
            while (in.remaining() >= 4) {
                int id = in.getShort() & MAX16;
                int length = in.getShort() & MAX16;
                if (length > in.remaining()) {
                    // Writers that align entries pad with zeros, which are no fields.
                    throw new Refusal(
                            HEADERS,
                            at,
                            "extra fields must fill their place, one of " + length + " bytes does not fit: "
                                    + Text.quote(name));
                }
                ByteBuffer field = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
                in.position(in.position() + length);
                if (id == 0x0001) {
                    if (zip64 != null) {
                        throw new Refusal(
                                HEADERS, at, "zip64 values must stand once, stand twice: " + Text.quote(name));
                    }
                    zip64 = field;
                } else if (id == 0x7075) {
                    unicodePath(field, rawName, name, at);
                } else if (id == 0x756e && length >= 6) {
                    mode = field.getShort(4) & MAX16;
                }
            }
            while (in.hasRemaining()) {
                if (in.get() != 0) {
                    throw new Refusal(
                            HEADERS,
                            at,
                            "behind extra fields may be padding of zeros only, is something else: " + Text.quote(name));
                }
            }
        }

        private static void unicodePath(ByteBuffer field, byte[] rawName, String name, long at) throws Refusal {
            CRC32 crc = new CRC32();
            crc.update(rawName);
            byte[] path = new byte[Math.max(0, field.remaining() - 5)];
            boolean whole = field.remaining() >= 5;
            if (whole) {
                field.get(5, path);
            }
            if (!whole
                    || field.get(0) != 1
                    || field.getInt(1) != (int) crc.getValue()
                    || !decode(path).equals(name)) {
                throw new Refusal(
                        HEADERS,
                        at,
                        "the Unicode path must be the name " + Text.quote(name) + ", was " + Text.quote(decode(path)));
            }
        }
    }

    /** Compares the local header with the central one, and finds the data between it and what follows. */
    private static Member local(ByteSource source, Entry entry, long next, Inspection inspection) throws IOException {
        long at = entry.header();
        String quoted = Text.quote(entry.name());
        if (at > next || next - at < LOCAL_SIZE) {
            throw new Refusal(
                    LAYOUT, at, "a local header must stand before what follows at " + next + ", does not: " + quoted);
        }
        ByteBuffer header = buffer(source.read(at, LOCAL_SIZE));
        if (header.getInt(0) != LOCAL_SIGNATURE) {
            throw new Refusal(LAYOUT, at, "a local header must begin here: " + quoted);
        }
        int nameLength = header.getShort(26) & MAX16;
        int extraLength = header.getShort(28) & MAX16;
        if (next - at - LOCAL_SIZE < nameLength + extraLength) {
            throw new Refusal(LAYOUT, at, "a local header must end before what follows at " + next + ": " + quoted);
        }
        byte[] variable = source.read(at + LOCAL_SIZE, nameLength + extraLength);
        int flags = header.getShort(6) & MAX16;
        if (!Arrays.equals(entry.rawName(), 0, entry.rawName().length, variable, 0, nameLength)) {
            throw differ(entry, "name", Text.quote(decode(Arrays.copyOf(variable, nameLength))), quoted);
        }
        if (flags != entry.flags()) {
            throw differ(entry, "flags", Integer.toHexString(flags), Integer.toHexString(entry.flags()));
        }
        if ((header.getShort(8) & MAX16) != entry.method()) {
            throw differ(entry, "method", header.getShort(8) & MAX16, entry.method());
        }
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw new Refusal(FEATURE, at, "flags must be known, were 0x" + Integer.toHexString(flags) + ": " + quoted);
        }
        Extra fields =
                new Extra(Arrays.copyOfRange(variable, nameLength, variable.length), entry.rawName(), entry.name(), at);
        boolean described = (flags & DESCRIBED) != 0;
        if (!agrees(header.getInt(14), entry.crc(), described)) {
            throw differ(entry, "checksum", Integer.toHexString(header.getInt(14)), Integer.toHexString(entry.crc()));
        }
        size(header.getInt(22) & MAX32, fields, 0, entry.size(), described, entry, "size");
        size(header.getInt(18) & MAX32, fields, 8, entry.packed(), described, entry, "compressed size");
        long data = at + LOCAL_SIZE + nameLength + extraLength;
        if (entry.packed() > next - data) {
            throw new Refusal(
                    LAYOUT,
                    at,
                    "data must end before what follows at " + next + ", has " + entry.packed() + " bytes from " + data
                            + ": " + quoted);
        }
        descriptor(source, entry, data + entry.packed(), next, described, fields.zip64 != null);
        return member(source, entry, data, inspection);
    }

    private static Refusal differ(Entry entry, String what, Object local, Object central) {
        return new Refusal(
                HEADERS,
                entry.header(),
                what + " must be the same in local header and central directory, was " + local + " and " + central
                        + ": " + Text.quote(entry.name()));
    }

    private static boolean agrees(long local, long central, boolean described) {
        return local == central || described && local == 0;
    }

    /** The zip64 field of a local header holds both sizes, the original first. */
    private static void size(
            long local, Extra fields, int place, long central, boolean described, Entry entry, String what)
            throws Refusal {
        ByteBuffer wide = fields.zip64;
        boolean saturated = local == MAX32 && wide != null;
        if (!saturated && !agrees(local, central, described)) {
            throw differ(entry, what, local, central);
        }
        if (wide != null) {
            // With one value it is the one that is saturated.
            int from = wide.limit() == 8 && saturated ? 0 : place;
            if (wide.limit() < from + 8) {
                if (saturated) {
                    throw new Refusal(
                            HEADERS,
                            entry.header(),
                            "zip64 must give the " + what + ", does not: " + Text.quote(entry.name()));
                }
            } else if (wide.limit() != 8 || saturated) {
                long value = wide.getLong(from);
                if (!agrees(value, central, described)) {
                    throw differ(entry, what + " of zip64", Long.toUnsignedString(value), central);
                }
            }
        }
    }

    /** The descriptor, with or without signature, in 32 or 64 bits, must fill what is left. */
    private static void descriptor(ByteSource source, Entry entry, long at, long next, boolean described, boolean zip64)
            throws IOException {
        long gap = next - at;
        if (!described) {
            if (gap != 0) {
                throw new Refusal(
                        LAYOUT,
                        at,
                        "the next entry must follow at once, " + gap + " bytes stand between: "
                                + Text.quote(entry.name()));
            }
            return;
        }
        boolean wide = gap == 20 || gap == 24;
        if (gap != 12 && gap != 16 && !wide) {
            throw new Refusal(
                    LAYOUT,
                    at,
                    "a data descriptor must stand between the entries, " + gap + " bytes do: "
                            + Text.quote(entry.name()));
        }
        ByteBuffer descriptor = buffer(source.read(at, (int) gap));
        boolean signed = gap == 16 || gap == 24;
        boolean same = !signed || descriptor.getInt() == DESCRIPTOR_SIGNATURE;
        same &= descriptor.getInt() == entry.crc();
        same &= (wide ? descriptor.getLong() : descriptor.getInt() & MAX32) == entry.packed();
        same &= (wide ? descriptor.getLong() : descriptor.getInt() & MAX32) == entry.size();
        // Readers in sequence tell the width by the sizes or by zip64 in the local header.
        same &= !wide || zip64 || entry.packed() >= MAX32 || entry.size() >= MAX32;
        if (!same) {
            throw new Refusal(
                    HEADERS,
                    at,
                    "the data descriptor must say the same as the central directory: " + Text.quote(entry.name()));
        }
    }

    private static Member member(ByteSource source, Entry entry, long data, Inspection inspection) throws IOException {
        boolean known = entry.method() == STORED || entry.method() == DEFLATED;
        boolean encrypted = (entry.flags() & ENCRYPTION) != 0;
        Member member = new Member(
                entry.name(),
                entry.size(),
                entry.packed(),
                entry.method(),
                entry.crc(),
                entry.header(),
                data,
                known && !encrypted);
        String quoted = Text.quote(entry.name());
        if (encrypted) {
            if (known && plain(source, member, inspection)) {
                throw new Refusal(
                        FALSE_ENCRYPTION,
                        entry.header(),
                        "data must be encrypted as the flags 0x" + Integer.toHexString(entry.flags())
                                + " say, is readable: " + quoted);
            }
            inspection.report(ENCRYPTED, entry.header(), "an entry must not be encrypted, is: " + quoted);
        } else if (!known) {
            inspection.report(
                    METHOD,
                    entry.header(),
                    "method must be 0 (stored) or 8 (deflated), was " + entry.method() + ": " + quoted);
        } else if (entry.method() == STORED && entry.packed() != entry.size()) {
            throw new Refusal(
                    DATA,
                    entry.header(),
                    "a stored entry must have one size, has " + entry.packed() + " and " + entry.size() + ": "
                            + quoted);
        } else if (entry.method() == DEFLATED && entry.size() / MOST_EXPANSION > entry.packed()) {
            throw new Refusal(
                    DATA,
                    entry.header(),
                    "deflated data can grow " + MOST_EXPANSION + " times, is said to grow from " + entry.packed()
                            + " to " + entry.size() + ": " + quoted);
        }
        return member;
    }

    /** Whether data reads well although it is said to be encrypted. */
    private static boolean plain(ByteSource source, Member member, Inspection inspection) throws IOException {
        try {
            if (member.method() == STORED) {
                return member.packed() == member.size()
                        && crc(source.window(member.data(), member.packed())) == member.crc();
            }
            inflate(source, member, inspection, (bytes, count) -> {});
            return true;
        } catch (Refusal e) {
            if (e.rule() == DATA) {
                return false;
            }
            throw e;
        }
    }

    // Data.

    /** The content of an entry: a window of the archive if it is stored, else inflated; its checksum is checked. */
    ByteSource content(Member member) throws IOException {
        if (!member.readable()) {
            throw new Refusal(
                    member.method() == STORED || member.method() == DEFLATED ? ENCRYPTED : METHOD,
                    member.header(),
                    "an entry must be readable, is not: " + Text.quote(member.name()));
        }
        if (member.method() == STORED) {
            ByteSource window = source.window(member.data(), member.packed());
            inspection
                    .scans()
                    .checksum(
                            window,
                            member.crc(),
                            () -> inspection.report(
                                    DATA,
                                    member.data(),
                                    "the checksum must be that of the data, is not: " + Text.quote(member.name())));
            return window;
        }
        return inspection.spool().keep(member.size(), sink -> inflate(source, member, inspection, sink));
    }

    private static int crc(ByteSource content) throws IOException {
        CRC32 crc = new CRC32();
        byte[] piece = new byte[(int) Math.min(PIECE, content.length())];
        for (long at = 0; at < content.length(); at += piece.length) {
            int count = (int) Math.min(piece.length, content.length() - at);
            content.read(at, piece, 0, count);
            crc.update(piece, 0, count);
        }
        return (int) crc.getValue();
    }

    private static void checksum(int actual, Member member) throws Refusal {
        if (actual != member.crc()) {
            throw new Refusal(
                    DATA,
                    member.data(),
                    "the checksum must be that of the data, " + Integer.toHexString(actual) + ", was "
                            + Integer.toHexString(member.crc()) + ": " + Text.quote(member.name()));
        }
    }

    private static void inflate(ByteSource source, Member member, Inspection inspection, Spool.Sink sink)
            throws IOException {
        inspection.inflated(member.size());
        Inflater inflater = new Inflater(true);
        try {
            CRC32 crc = new CRC32();
            byte[] in = new byte[(int) Math.min(PIECE, Math.max(1, member.packed()))];
            byte[] out = new byte[(int) Math.min(PIECE, member.size() + 1)];
            long read = 0;
            long written = 0;
            while (!inflater.finished()) {
                inspection.step();
                if (inflater.needsInput()) {
                    int count = (int) Math.min(in.length, member.packed() - read);
                    if (count == 0) {
                        throw damaged(member, "it ends early");
                    }
                    source.read(member.data() + read, in, 0, count);
                    inflater.setInput(in, 0, count);
                    read += count;
                }
                int count = inflater.inflate(out);
                if (inflater.needsDictionary()) {
                    throw damaged(member, "it wants a dictionary");
                }
                if (count > member.size() - written) {
                    throw damaged(member, "it holds more than the " + member.size() + " bytes announced");
                }
                crc.update(out, 0, count);
                sink.put(out, count);
                written += count;
            }
            if (inflater.getBytesRead() != member.packed()) {
                throw damaged(member, "it ends " + (member.packed() - inflater.getBytesRead()) + " bytes too early");
            }
            if (written != member.size()) {
                throw damaged(member, "it holds " + written + " bytes where " + member.size() + " are announced");
            }
            checksum((int) crc.getValue(), member);
        } catch (DataFormatException e) {
            throw damaged(member, String.valueOf(e.getMessage()));
        } finally {
            inflater.end();
        }
    }

    private static Refusal damaged(Member member, String how) {
        return new Refusal(
                DATA, member.data(), "deflated data must be as announced: " + how + ": " + Text.quote(member.name()));
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
