// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A strict reader of zip archives in memory. Readers that go by the local headers (ZipInputStream, which DL4J uses in
 * places) and readers that go by the central directory (ZipFile) must see the same: so both must agree in every field, the
 * entries must fill the file without gap or overlap, and nothing may stand before the first entry or after the end record.
 * Not supported, and refused: encryption, zip64, several disks, comments, methods other than stored and deflated.
 *
 * <p>Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
 */
final class ZipArchive {
    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int DESCRIPTOR = 0x08074b50;
    private static final int END_SIZE = 22;
    private static final int PIECE = 1 << 16;

    /** An entry as the central directory has it. */
    private record Entry(
            String name, int flags, int method, int crc, long packed, long size, int offset, int central) {}

    private final ByteBuffer in;
    private final byte[] bytes;
    private final ModelFileLimits limits;
    private final Set<String> known;

    private ZipArchive(byte[] bytes, ModelFileLimits limits, Set<String> known) {
        this.bytes = bytes;
        this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        this.limits = limits;
        this.known = known;
    }

    static boolean looksLikeZip(byte[] bytes) {
        return bytes.length >= 4 && bytes[0] == 'P' && bytes[1] == 'K';
    }

    /** Name to content of every entry; only names that are known. */
    static TreeMap<String, byte[]> read(byte[] bytes, ModelFileLimits limits, Set<String> known) throws Refusal {
        return new ZipArchive(bytes, limits, known).read();
    }

    private TreeMap<String, byte[]> read() throws Refusal {
        List<Entry> entries = directory();
        // Names first: a hostile name is told even if the data is broken, too.
        Set<String> seen = new TreeSet<>();
        for (Entry entry : entries) {
            name(entry, seen);
        }
        List<Entry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingInt(Entry::offset));
        TreeMap<String, byte[]> contents = new TreeMap<>();
        int next = 0;
        for (Entry entry : ordered) {
            if (entry.offset() != next) {
                throw Refusal.at(
                        "zip-layout",
                        entry.name(),
                        entry.offset(),
                        "entries must follow one another from the beginning, this one should start at " + next);
            }
            int data = local(entry);
            if (data + entry.packed() > bytes.length) {
                throw Refusal.at("truncated", entry.name(), data, "data must lie within the file, it ends outside");
            }
            next = descriptor(entry, (int) (data + entry.packed()));
            contents.put(entry.name(), inflate(entry, data));
        }
        int directory = bytes.length - END_SIZE - directorySize();
        if (next != directory) {
            throw Refusal.at(
                    "zip-layout",
                    "",
                    next,
                    "the central directory must follow the last entry, it starts at " + directory);
        }
        return contents;
    }

    private int directorySize() {
        return in.getInt(bytes.length - END_SIZE + 12);
    }

    private List<Entry> directory() throws Refusal {
        int end = bytes.length - END_SIZE;
        if (end < 0 || in.getInt(end) != END) {
            throw Refusal.at(
                    "truncated", "", Math.max(0, end), "the file must end with a zip end record without comment");
        }
        int count = in.getShort(end + 10) & 0xffff;
        long size = in.getInt(end + 12) & 0xffffffffL;
        long offset = in.getInt(end + 16) & 0xffffffffL;
        if (in.getShort(end + 4) != 0
                || in.getShort(end + 6) != 0
                || (in.getShort(end + 8) & 0xffff) != count
                || in.getShort(end + 20) != 0
                || count == 0xffff
                || offset + size != end) {
            throw Refusal.at(
                    "zip-layout",
                    "",
                    end,
                    "the end record must name one disk, one central directory right before it and no comment");
        }
        if (count < 1 || count > limits.entries()) {
            throw Refusal.at(
                    "too-many-entries",
                    "",
                    end,
                    "number of entries must be in [1, " + limits.entries() + "], was " + count);
        }
        List<Entry> entries = new ArrayList<>();
        int at = (int) offset;
        for (int i = 0; i < count; i++) {
            if (at + 46 > end || in.getInt(at) != CENTRAL) {
                throw Refusal.at("zip-layout", "", at, "an entry of the central directory must begin here");
            }
            int nameLength = in.getShort(at + 28) & 0xffff;
            int extra = in.getShort(at + 30) & 0xffff;
            int comment = in.getShort(at + 32) & 0xffff;
            if (at + 46 + nameLength + extra + comment > end) {
                throw Refusal.at(
                        "zip-layout", "", at, "an entry of the central directory must end before the end record");
            }
            Entry entry = new Entry(
                    new String(bytes, at + 46, nameLength, StandardCharsets.ISO_8859_1),
                    in.getShort(at + 8) & 0xffff,
                    in.getShort(at + 10) & 0xffff,
                    in.getInt(at + 16),
                    in.getInt(at + 20) & 0xffffffffL,
                    in.getInt(at + 24) & 0xffffffffL,
                    in.getInt(at + 42),
                    at);
            if (comment != 0 || in.getShort(at + 34) != 0 || entry.offset() < 0) {
                throw Refusal.at(
                        "zip-layout", entry.name(), at, "an entry must be on the first disk and have no comment");
            }
            entries.add(entry);
            at += 46 + nameLength + extra;
        }
        if (at != end) {
            throw Refusal.at("zip-layout", "", at, "nothing may follow the last entry of the central directory");
        }
        return entries;
    }

    private void name(Entry entry, Set<String> seen) throws Refusal {
        String name = entry.name();
        if (!seen.add(name)) {
            throw Refusal.at("duplicate-entry", name, entry.central(), "names must be unique, this one stands twice");
        }
        if (name.contains("..") || name.startsWith("/") || name.contains("\\") || name.contains(":")) {
            throw Refusal.at(
                    "escaping-entry",
                    name,
                    entry.central(),
                    "a name must not lead out of the archive, was " + quoted(name));
        }
        if (name.equals("preprocessor.bin")) {
            throw Refusal.at(
                    "java-serialization",
                    name,
                    entry.central(),
                    "preprocessor.bin must not be there: Deeplearning4j runs Java deserialization on it, which can execute"
                            + " code");
        }
        if (name.equals("normalizer.bin") && !known.contains(name)) {
            throw Refusal.at(
                    "normalizer",
                    name,
                    entry.central(),
                    "normalizer.bin is refused unless it is asked for (withNormalizer)");
        }
        if (!known.contains(name)) {
            throw Refusal.at(
                    "unknown-entry", name, entry.central(), "entries must be among " + known + ", was " + quoted(name));
        }
        if ((entry.flags() & ~0x080e) != 0) {
            throw Refusal.at(
                    "zip-feature", name, entry.central(), "flags must be without encryption, were " + entry.flags());
        }
        if (entry.method() != 0 && entry.method() != 8) {
            throw Refusal.at(
                    "zip-feature", name, entry.central(), "method must be stored or deflated, was " + entry.method());
        }
        long limit = name.endsWith(".json") ? limits.configurationBytes() : limits.entryBytes();
        if (entry.size() > limit || entry.packed() > bytes.length) {
            throw Refusal.at(
                    "too-large",
                    name,
                    entry.central(),
                    "size must be <= " + limit + " bytes, is said to be " + entry.size());
        }
        if (entry.method() == 0 && entry.packed() != entry.size()) {
            throw Refusal.at("zip-layout", name, entry.central(), "a stored entry must have one size, has two");
        }
    }

    private static String quoted(String name) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < Math.min(100, name.length()); i++) {
            char c = name.charAt(i);
            text.append(c < 0x20 || c > 0x7e ? String.format("\\x%02x", (int) c) : String.valueOf(c));
        }
        return text.append(name.length() > 100 ? "…\"" : "\"").toString();
    }

    /** Compares the local header with the central one; returns where the data begins. */
    private int local(Entry entry) throws Refusal {
        int at = entry.offset();
        if (at + 30 > bytes.length || in.getInt(at) != LOCAL) {
            throw Refusal.at("zip-layout", entry.name(), at, "a local header must begin here");
        }
        int nameLength = in.getShort(at + 26) & 0xffff;
        int extra = in.getShort(at + 28) & 0xffff;
        int data = at + 30 + nameLength + extra;
        if (data > bytes.length) {
            throw Refusal.at("truncated", entry.name(), at, "a local header must lie within the file");
        }
        boolean described = (entry.flags() & 8) != 0;
        boolean same = new String(bytes, at + 30, nameLength, StandardCharsets.ISO_8859_1).equals(entry.name())
                && (in.getShort(at + 6) & 0xffff) == entry.flags()
                && (in.getShort(at + 8) & 0xffff) == entry.method()
                && agrees(in.getInt(at + 14), entry.crc(), described)
                && agrees(in.getInt(at + 18), (int) entry.packed(), described)
                && agrees(in.getInt(at + 22), (int) entry.size(), described);
        if (!same) {
            throw Refusal.at(
                    "zip-headers-differ",
                    entry.name(),
                    at,
                    "the local header must say the same as the central directory: two readers would see two files");
        }
        return data;
    }

    private static boolean agrees(int local, int central, boolean described) {
        return local == central || described && local == 0;
    }

    private int descriptor(Entry entry, int at) throws Refusal {
        if ((entry.flags() & 8) == 0) {
            return at;
        }
        int signed = at + 4 <= bytes.length && in.getInt(at) == DESCRIPTOR ? 4 : 0;
        if (at + signed + 12 > bytes.length
                || in.getInt(at + signed) != entry.crc()
                || in.getInt(at + signed + 4) != (int) entry.packed()
                || in.getInt(at + signed + 8) != (int) entry.size()) {
            throw Refusal.at(
                    "zip-headers-differ",
                    entry.name(),
                    at,
                    "the data descriptor must say the same as the central directory");
        }
        return at + signed + 12;
    }

    private byte[] inflate(Entry entry, int at) throws Refusal {
        byte[] content;
        int packed = (int) entry.packed();
        if (entry.method() == 0) {
            content = Arrays.copyOfRange(bytes, at, at + packed);
        } else {
            Inflater inflater = new Inflater(true);
            try {
                inflater.setInput(bytes, at, packed);
                content = inflate(inflater, entry, at);
                if (!inflater.finished() || inflater.getBytesRead() != packed) {
                    throw Refusal.at(
                            "zip-data", entry.name(), at, "deflated data must end exactly where the entry ends");
                }
            } catch (DataFormatException e) {
                throw Refusal.at("zip-data", entry.name(), at, "deflated data is damaged: " + e.getMessage());
            } finally {
                inflater.end();
            }
        }
        CRC32 crc = new CRC32();
        crc.update(content);
        if ((int) crc.getValue() != entry.crc()) {
            throw Refusal.at("zip-data", entry.name(), at, "the checksum must fit the data, it does not");
        }
        return content;
    }

    /** Grows with what comes out, so that a claimed size costs nothing. */
    private static byte[] inflate(Inflater inflater, Entry entry, int at) throws DataFormatException, Refusal {
        int size = (int) entry.size();
        byte[] out = new byte[Math.min(size, PIECE)];
        int filled = 0;
        while (true) {
            filled += inflater.inflate(out, filled, out.length - filled);
            if (filled == size) {
                byte[] more = new byte[1];
                if (inflater.inflate(more) > 0) {
                    throw Refusal.at(
                            "zip-data", entry.name(), at, "data must have " + size + " bytes as it says, has more");
                }
                return out.length == size ? out : Arrays.copyOf(out, size);
            }
            if (filled < out.length) {
                throw Refusal.at(
                        "zip-data", entry.name(), at, "data must have " + size + " bytes as it says, has " + filled);
            }
            out = Arrays.copyOf(out, (int) Math.min(size, out.length * 2L));
        }
    }
}
