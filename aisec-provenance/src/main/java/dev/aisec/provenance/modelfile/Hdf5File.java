// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The bytes of one HDF5 file with the widths of its addresses, and the regions that its structures take. Every structure is
 * claimed once; two that share a byte are refused at the end, one that is reached twice at once.
 */
final class Hdf5File {
    static final long UNDEFINED = -1;
    private static final int MOST_REGIONS = 1 << 21;
    private static final int MOST_STRUCTURES = 1 << 18;
    private static final int MOST_NAME = 4096;
    private static final int MOST_NAMES = 1 << 24;
    private static final int HELD_HEAPS = 64;

    private final ByteSource bytes;
    private final int offsetSize;
    private final int lengthSize;
    private final Inspection inspection;
    private final Set<Long> seen = new HashSet<>();
    /** Heaps that were read lately; others are read again. */
    private final Map<Long, Map<Integer, long[]>> globalHeaps = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Map<Integer, long[]>> eldest) {
            return size() > HELD_HEAPS;
        }
    };

    private final Set<Long> knownHeaps = new HashSet<>();
    private long names;
    private long[] starts = new long[64];
    private long[] ends = new long[64];
    private int regions;
    private long absent;

    /** The bytes begin at the base address. */
    Hdf5File(ByteSource bytes, int offsetSize, int lengthSize, Inspection inspection) {
        this.bytes = bytes;
        this.offsetSize = offsetSize;
        this.lengthSize = lengthSize;
        this.inspection = inspection;
    }

    ByteSource bytes() {
        return bytes;
    }

    Inspection inspection() {
        return inspection;
    }

    int offsetSize() {
        return offsetSize;
    }

    int lengthSize() {
        return lengthSize;
    }

    Cursor at(long address) throws IOException {
        if (address < 0 || address > bytes.length()) {
            throw malformed(-1, "an address must be within the file, was " + Long.toUnsignedString(address));
        }
        return new Cursor(bytes, address);
    }

    /** An address; {@link #UNDEFINED} if all its bits are set. */
    long address(Cursor c) throws IOException {
        long at = c.position();
        long value = uint(c, offsetSize);
        if (offsetSize < 8 && value == (1L << 8 * offsetSize) - 1) {
            return UNDEFINED;
        }
        if (value != UNDEFINED && (value < 0 || value > bytes.length())) {
            throw malformed(at, "an address must be <= " + bytes.length() + ", was " + Long.toUnsignedString(value));
        }
        return value;
    }

    /** A length: never negative. */
    long length(Cursor c) throws IOException {
        long at = c.position();
        long value = uint(c, lengthSize);
        if (value < 0) {
            throw malformed(at, "a length must be < 2^63, was " + Long.toUnsignedString(value));
        }
        return value;
    }

    /** Little endian, up to 8 bytes. */
    static long uint(Cursor c, int width) throws IOException {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (long) c.u8() << 8 * i;
        }
        return value;
    }

    void signature(Cursor c, String expected) throws IOException {
        long at = c.position();
        for (int i = 0; i < expected.length(); i++) {
            if (c.u8() != expected.charAt(i)) {
                throw malformed(at, "a structure must begin with " + expected);
            }
        }
    }

    /** Claims a structure that may be reached only once. */
    void enter(long address, long length, String what) throws IOException {
        inspection.step();
        if (address < 0) {
            throw malformed(-1, what + " must have an address, has none");
        }
        if (!seen.add(address)) {
            throw new Refusal(
                    Hdf5.CYCLE, address, what + " must be reached once, is reached again at address " + address);
        }
        int most = Math.min(MOST_STRUCTURES, inspection.limits().items());
        if (seen.size() > most) {
            throw new Refusal(FileRules.TOO_MANY, address, "number of structures must be <= " + most + ", is higher");
        }
        region(address, length);
    }

    /** Claims bytes. */
    void region(long address, long length) throws IOException {
        bytes.window(address, length);
        if (length == 0) {
            return;
        }
        if (regions == starts.length) {
            if (regions >= MOST_REGIONS) {
                throw new Refusal(
                        FileRules.TOO_MANY, address, "number of regions must be <= " + MOST_REGIONS + ", is higher");
            }
            starts = Arrays.copyOf(starts, regions * 2);
            ends = Arrays.copyOf(ends, regions * 2);
        }
        starts[regions] = address;
        ends[regions++] = address + length;
    }

    /** Whether no two claims share a byte; sorted apart, since disjoint intervals sort alike by start and by end. */
    void checkOverlap() throws IOException {
        Arrays.sort(starts, 0, regions);
        Arrays.sort(ends, 0, regions);
        for (int i = 1; i < regions; i++) {
            if (starts[i] < ends[i - 1]) {
                throw new Refusal(
                        Hdf5.OVERLAP,
                        bytes.base() + starts[i],
                        "structures and data must not share bytes, two do at address " + starts[i]);
            }
        }
    }

    /** Counts declared bytes that are not stored, and would be filled in by a reader. */
    void absent(long count, long offset) throws IOException {
        long most = Math.max(1 << 20, bytes.length());
        if (count > most - absent) {
            throw new Refusal(
                    Hdf5.UNSTORED,
                    offset,
                    "bytes that are declared but not stored must be <= " + most + " in all, are more: a reader would"
                            + " allocate and fill them");
        }
        absent += count;
    }

    /** Checks the checksum that follows a structure. */
    void checksum(long address, long length) throws IOException {
        if (length > inspection.limits().headerBytes()) {
            throw new Refusal(
                    FileRules.TOO_LARGE,
                    address,
                    "a structure must have <= " + inspection.limits().headerBytes() + " bytes, has " + length);
        }
        byte[] content = bytes.read(address, (int) length);
        int stored = at(address + length).i32le();
        int computed = lookup3(content);
        if (stored != computed) {
            throw new Refusal(
                    Hdf5.CHECKSUM,
                    address + length,
                    String.format("a checksum must match, stored %08x, computed %08x", stored, computed));
        }
    }

    IOException malformed(long offset, String message) {
        return new Refusal(Hdf5.MALFORMED, offset, message);
    }

    IOException unsupported(long offset, String message) {
        return new Refusal(Hdf5.UNSUPPORTED, offset, message);
    }

    /** UTF-8 text; anything else is refused. */
    String text(byte[] utf8, long offset) throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw malformed(offset, "a name must be valid UTF-8");
        }
    }

    /** The name of a link or an attribute. */
    String name(byte[] utf8, long offset) throws IOException {
        if (utf8.length > MOST_NAME) {
            throw new Refusal(
                    FileRules.TOO_LARGE, offset, "a name must have <= " + MOST_NAME + " bytes, has " + utf8.length);
        }
        String name = text(utf8, offset);
        if (name.isEmpty() || name.equals(".") || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
            throw malformed(offset, "a link must have a name without '/' and NUL, was " + Text.quote(name));
        }
        return name;
    }

    /** The path of a dataset, all of which are kept. */
    String path(String path) throws IOException {
        names += path.length();
        if (path.length() > MOST_NAME || names > MOST_NAMES) {
            throw new Refusal(
                    FileRules.TOO_LARGE,
                    -1,
                    "paths must have <= " + MOST_NAME + " characters, " + MOST_NAMES + " in all, have more");
        }
        return path;
    }

    /** An object of a global heap: variable-length data. */
    byte[] globalObject(long address, int index, long length, int most) throws IOException {
        Map<Integer, long[]> heap = globalHeaps.get(address);
        if (heap == null) {
            heap = globalHeap(address);
            globalHeaps.put(address, heap);
        }
        long[] place = heap.get(index);
        if (place == null) {
            throw malformed(address, "a global heap must have the object " + index + ", has not");
        }
        if (length > place[1]) {
            throw malformed(address, "an element must be <= its heap object of " + place[1] + " bytes, was " + length);
        }
        if (length > most) {
            throw new Refusal(FileRules.TOO_LARGE, place[0], "a text must have <= " + most + " bytes, has " + length);
        }
        return bytes.read(place[0], (int) length);
    }

    private Map<Integer, long[]> globalHeap(long address) throws IOException {
        Cursor c = at(address);
        signature(c, "GCOL");
        version(c, 1, "global heap");
        c.skip(3);
        long size = length(c);
        if (knownHeaps.add(address)) {
            enter(address, size, "a global heap");
        }
        Map<Integer, long[]> objects = new HashMap<>();
        long end = address + size;
        while (end - c.position() >= 8 + lengthSize) {
            inspection.step();
            long at = c.position();
            int index = c.u16le();
            c.skip(6);
            long length = length(c);
            if (index == 0) {
                break;
            }
            if (length > end - c.position()) {
                throw malformed(at, "an object of a global heap must end within it, has " + length + " bytes");
            }
            if (objects.put(index, new long[] {c.position(), length}) != null) {
                throw malformed(at, "objects of a global heap must have unique numbers, " + index + " stands twice");
            }
            long padded = (length + 7) / 8 * 8;
            c.position(Math.min(end, c.position() + padded));
        }
        return objects;
    }

    /** Reads a version that must be this one. */
    void version(Cursor c, int expected, String what) throws IOException {
        long at = c.position();
        int version = c.u8();
        if (version != expected) {
            throw unsupported(at, "version of a " + what + " must be " + expected + ", was " + version);
        }
    }

    /** Bob Jenkins, lookup3.c (2006): hashlittle with initial value 0, as HDF5 has it in its metadata checksums. */
    static int lookup3(byte[] k) {
        int length = k.length;
        int a = 0xdeadbeef + length;
        int b = a;
        int c = a;
        int i = 0;
        while (length > 12) {
            a += word(k, i);
            b += word(k, i + 4);
            c += word(k, i + 8);
            a -= c;
            a ^= Integer.rotateLeft(c, 4);
            c += b;
            b -= a;
            b ^= Integer.rotateLeft(a, 6);
            a += c;
            c -= b;
            c ^= Integer.rotateLeft(b, 8);
            b += a;
            a -= c;
            a ^= Integer.rotateLeft(c, 16);
            c += b;
            b -= a;
            b ^= Integer.rotateLeft(a, 19);
            a += c;
            c -= b;
            c ^= Integer.rotateLeft(b, 4);
            b += a;
            i += 12;
            length -= 12;
        }
        if (length == 0) {
            return c;
        }
        byte[] tail = Arrays.copyOf(Arrays.copyOfRange(k, i, k.length), 12);
        a += word(tail, 0);
        b += word(tail, 4);
        c += word(tail, 8);
        c ^= b;
        c -= Integer.rotateLeft(b, 14);
        a ^= c;
        a -= Integer.rotateLeft(c, 11);
        b ^= a;
        b -= Integer.rotateLeft(a, 25);
        c ^= b;
        c -= Integer.rotateLeft(b, 16);
        a ^= c;
        a -= Integer.rotateLeft(c, 4);
        b ^= a;
        b -= Integer.rotateLeft(a, 14);
        c ^= b;
        c -= Integer.rotateLeft(b, 24);
        return c;
    }

    private static int word(byte[] k, int i) {
        return k[i] & 0xff | (k[i + 1] & 0xff) << 8 | (k[i + 2] & 0xff) << 16 | k[i + 3] << 24;
    }
}
