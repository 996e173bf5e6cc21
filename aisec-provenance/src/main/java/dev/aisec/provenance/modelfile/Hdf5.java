// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A reader of HDF5 files that trusts nothing: what they hold, never where they point. Links out of the file or by name,
 * data in other files and virtual data are refused wherever they stand; groups must form a tree; no two structures may
 * share a byte; checksums must match. Source: HDF5 File Format Specification 3.0.
 */
final class Hdf5 {
    private static final String SPECIFICATION = "HDF5 File Format Specification 3.0";

    static final Rule MALFORMED =
            Rule.reject("hdf5.malformed", "A structure of the HDF5 file does not follow the format.", SPECIFICATION);
    static final Rule CHECKSUM = Rule.reject(
            "hdf5.checksum",
            "A structure of the HDF5 file was changed after its checksum was computed.",
            SPECIFICATION);
    static final Rule EXTERNAL_LINK = Rule.reject(
            "hdf5.external-link",
            "A link makes the reader open another file, such as one of the machine that loads the model.",
            "CVE-2026-1669");
    static final Rule SOFT_LINK = Rule.reject(
            "hdf5.soft-link",
            "A link gives a path that is resolved when it is read; model files have none.",
            "CVE-2026-1669");
    static final Rule USER_LINK = Rule.reject(
            "hdf5.user-link",
            "A link of a user-defined class runs the code of a plug-in when followed.",
            SPECIFICATION);
    static final Rule EXTERNAL_STORAGE = Rule.reject(
            "hdf5.external-storage",
            "A dataset keeps its data in other files: a reader would read a local file as weights.",
            "CVE-2026-1669");
    static final Rule VIRTUAL = Rule.reject(
            "hdf5.virtual", "A virtual dataset takes its data from datasets of other files.", "CVE-2026-1669");
    static final Rule DRIVER =
            Rule.reject("hdf5.driver", "The file asks for a driver that spreads it over several files.", SPECIFICATION);
    static final Rule CYCLE = Rule.reject(
            "hdf5.cycle", "A structure is reached twice, so a walk through the file may never end.", "CWE-835");
    static final Rule OVERLAP = Rule.reject(
            "hdf5.overlap", "Two structures share bytes, so the same bytes are read in two ways.", "CWE-436");
    static final Rule SHAPE =
            Rule.reject("hdf5.shape", "The declared size of data overflows or contradicts what is stored.", "CWE-190");
    static final Rule UNSTORED = Rule.reject(
            "hdf5.unstored",
            "Much more data is declared than stored: a reader would allocate and fill it (shape bomb).",
            "CWE-789");
    static final Rule LENGTH = Rule.reject(
            "hdf5.length", "The file is longer or shorter than it says, or lies behind other content.", "CWE-436");
    static final Rule DUPLICATE = Rule.reject(
            "hdf5.duplicate", "A name or a message stands twice, and readers differ in which they take.", "CWE-436");
    static final Rule PICKLE = Rule.reject(
            "hdf5.pickle",
            "An attribute holds or announces a Python pickle, which PyTables and pandas execute when reading.",
            "CWE-502");
    static final Rule UNSUPPORTED = Rule.cannotInspect(
            "hdf5.unsupported", "The HDF5 file uses a feature that is not read here, so a part of it is unknown.", "");
    static final Rule FILTER =
            Rule.cannotInspect("hdf5.filter", "Data is stored through a filter that is not read here.", "");

    static final List<Rule> RULES = List.of(
            MALFORMED,
            CHECKSUM,
            EXTERNAL_LINK,
            SOFT_LINK,
            USER_LINK,
            EXTERNAL_STORAGE,
            VIRTUAL,
            DRIVER,
            CYCLE,
            OVERLAP,
            SHAPE,
            UNSTORED,
            LENGTH,
            DUPLICATE,
            PICKLE,
            UNSUPPORTED,
            FILTER);

    private static final int[] SIGNATURE = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    private static final int MOST_CONTINUATIONS = 4096;

    /** What is told of a file beside its tensors. */
    interface Sink {
        /** A group or a dataset; its path has no slash in front, the root has the empty one. */
        void object(String path, boolean group) throws IOException;

        /** An attribute; text is its bytes if it is a single string. */
        void attribute(String path, String name, byte @Nullable [] text, long offset) throws IOException;
    }

    private record Message(int type, int flags, long at, long length) {}

    private final Hdf5File file;
    private final ByteSource bytes;
    private final Inspection inspection;
    private final Sink sink;
    private final Map<Long, Boolean> objects = new HashMap<>();
    private final Map<Long, Hdf5Type> committed = new HashMap<>();
    private int leafK = 4;
    private int internalK = 16;
    private int chunkK = 32;

    private Hdf5(Hdf5File file, Sink sink) {
        this.file = file;
        this.bytes = file.bytes();
        this.inspection = file.inspection();
        this.sink = sink;
    }

    /** Where the signature stands: at 0, or behind a user block of 512 bytes times a power of two; below 0 if nowhere. */
    static long signatureAt(ByteSource source) throws IOException {
        for (long at = 0; at >= 0 && at <= source.length() - SIGNATURE.length; at = at == 0 ? 512 : at * 2) {
            byte[] head = source.read(at, SIGNATURE.length);
            boolean same = true;
            for (int i = 0; i < SIGNATURE.length; i++) {
                same &= (head[i] & 0xff) == SIGNATURE[i];
            }
            if (same) {
                return at;
            }
        }
        return -1;
    }

    /** Reads a whole file: tensors go to the inspection, the rest to the sink. */
    static void read(ByteSource source, Inspection inspection, Sink sink) throws IOException {
        long at = signatureAt(source);
        if (at < 0) {
            throw new Refusal(MALFORMED, 0, "an HDF5 file must have its signature, has none");
        }
        for (long offset = 0; offset < at; ) {
            inspection.step();
            byte[] block = source.read(offset, (int) Math.min(8192, at - offset));
            for (int i = 0; i < block.length; i++) {
                if (block[i] != 0) {
                    throw new Refusal(
                            LENGTH,
                            offset + i,
                            "nothing must stand before the signature at " + at + ", something does");
                }
            }
            offset += block.length;
        }
        Cursor c = new Cursor(source, at + SIGNATURE.length);
        int version = c.u8();
        if (version > 3) {
            throw new Refusal(UNSUPPORTED, at + 8, "version of the superblock must be in [0, 3], was " + version);
        }
        if (version < 2) {
            long versions = c.position();
            if (c.u16le() != 0) {
                throw new Refusal(UNSUPPORTED, versions, "versions in the superblock must be 0");
            }
            c.skip(1);
            if (c.u8() != 0) {
                throw new Refusal(UNSUPPORTED, versions, "versions in the superblock must be 0");
            }
        }
        long sizes = c.position();
        int offsetSize = c.u8();
        int lengthSize = c.u8();
        if (offsetSize != 4 && offsetSize != 8 || lengthSize != 4 && lengthSize != 8) {
            throw new Refusal(
                    UNSUPPORTED,
                    sizes,
                    "addresses and lengths must have 4 or 8 bytes, have " + offsetSize + ", " + lengthSize);
        }
        ByteSource whole = source.window(at, source.length() - at);
        Hdf5 reader = new Hdf5(new Hdf5File(whole, offsetSize, lengthSize, inspection), sink);
        c = new Cursor(whole, c.position() - at);
        if (version < 2) {
            reader.oldSuperblock(c, version, at, source.length());
        } else {
            reader.newSuperblock(c, at, source.length());
        }
        reader.file.checkOverlap();
    }

    private void oldSuperblock(Cursor c, int version, long userBlock, long length) throws IOException {
        c.skip(1);
        leafK = c.u16le();
        internalK = c.u16le();
        c.skip(4);
        if (version == 1) {
            chunkK = c.u16le();
            c.skip(2);
        }
        if (leafK < 1 || internalK < 1 || chunkK < 1) {
            throw file.malformed(c.position(), "sizes of B-trees must be >= 1");
        }
        places(c, userBlock, length, false);
        long driver = file.address(c);
        if (driver != Hdf5File.UNDEFINED) {
            throw new Refusal(DRIVER, c.position(), "a file must have no driver information, has some");
        }
        file.length(c);
        long root = file.address(c);
        long cache = c.u32le();
        c.skip(4);
        long[] cached = {Hdf5File.UNDEFINED, Hdf5File.UNDEFINED};
        Cursor scratch = new Cursor(c.take(16));
        if (cache == 1) {
            cached = new long[] {file.address(scratch), file.address(scratch)};
        } else if (cache != 0) {
            throw file.malformed(c.position(), "the root must be a group, its entry is of type " + cache);
        }
        file.region(0, c.position());
        visit(root, "", 0, cache == 1 ? cached : null);
    }

    private void newSuperblock(Cursor c, long userBlock, long length) throws IOException {
        c.skip(1);
        long extension = places(c, userBlock, length, true);
        long root = file.address(c);
        file.checksum(0, c.position());
        file.region(0, c.position() + 4);
        if (extension != Hdf5File.UNDEFINED) {
            extension(extension);
        }
        visit(root, "", 0, null);
    }

    private long places(Cursor c, long userBlock, long length, boolean extended) throws IOException {
        long at = c.position();
        long base = Hdf5File.uint(c, file.offsetSize());
        if (base != userBlock) {
            throw new Refusal(
                    LENGTH,
                    at,
                    "the base address must be that of the superblock, " + userBlock + ", was "
                            + Long.toUnsignedString(base));
        }
        long second = file.address(c);
        at = c.position();
        long end = Hdf5File.uint(c, file.offsetSize());
        if (end != length) {
            throw new Refusal(
                    end < 0 || end > length ? FileRules.TRUNCATED : LENGTH,
                    at,
                    "the file must end where it says, at " + Long.toUnsignedString(end) + ", ends at " + length);
        }
        return extended ? second : Hdf5File.UNDEFINED;
    }

    private void extension(long address) throws IOException {
        objects.put(address, true);
        for (Message m : header(address)) {
            switch (m.type) {
                case 0x13 -> {
                    Cursor c = new Cursor(bytes.window(m.at, m.length));
                    file.version(c, 0, "message of B-tree sizes");
                    chunkK = c.u16le();
                    internalK = c.u16le();
                    leafK = c.u16le();
                    if (leafK < 1 || internalK < 1 || chunkK < 1) {
                        throw file.malformed(m.at, "sizes of B-trees must be >= 1");
                    }
                }
                case 0x14 -> throw new Refusal(DRIVER, m.at, "a file must have no driver information, has some");
                case 0x0f, 0x18 -> throw file.unsupported(m.at, "shared messages and cache images are not supported");
                default -> {}
            }
        }
    }

    // --- object headers ---

    private List<Message> header(long address) throws IOException {
        List<Message> messages = new ArrayList<>();
        ArrayDeque<long[]> rest = new ArrayDeque<>();
        Cursor c = file.at(address);
        int first = c.u8();
        if (first == 1) {
            c.skip(3);
            c.skip(4);
            long size = c.u32le();
            c.skip(4);
            file.enter(address, 16 + size, "an object header");
            block(c, c.position() + size, 1, 0, messages, rest);
        } else {
            c.position(address);
            file.signature(c, "OHDR");
            file.version(c, 2, "object header");
            int flags = c.u8();
            if ((flags & 0xc0) != 0) {
                throw file.malformed(address, "flags of an object header must be < 64, were " + flags);
            }
            c.skip(((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0));
            long size = Hdf5File.uint(c, 1 << (flags & 3));
            if (size < 0) {
                throw file.malformed(address, "size of an object header must be < 2^63");
            }
            bytes.window(c.position(), size);
            long end = c.position() + size;
            file.checksum(address, end - address);
            file.enter(address, end - address + 4, "an object header");
            block(c, end, 2, flags, messages, rest);
            first = 2 | flags << 8;
        }
        for (int count = 0; !rest.isEmpty(); count++) {
            if (count > MOST_CONTINUATIONS) {
                throw new Refusal(FileRules.TOO_MANY, address, "an object header must have <= 4096 blocks, has more");
            }
            long[] place = rest.remove();
            if ((first & 0xff) == 1) {
                file.enter(place[0], place[1], "a block of an object header");
                block(file.at(place[0]), place[0] + place[1], 1, 0, messages, rest);
            } else {
                if (place[1] < 8) {
                    throw file.malformed(place[0], "a block of an object header must have >= 8 bytes");
                }
                file.enter(place[0], place[1], "a block of an object header");
                Cursor block = file.at(place[0]);
                file.signature(block, "OCHK");
                file.checksum(place[0], place[1] - 4);
                block(block, place[0] + place[1] - 4, 2, first >> 8, messages, rest);
            }
        }
        return messages;
    }

    private void block(Cursor c, long end, int version, int flags, List<Message> messages, ArrayDeque<long[]> rest)
            throws IOException {
        int head = version == 1 ? 8 : (flags & 4) != 0 ? 6 : 4;
        while (end - c.position() >= head) {
            inspection.step();
            long at = c.position();
            int type = version == 1 ? c.u16le() : c.u8();
            int length = c.u16le();
            int messageFlags = c.u8();
            c.skip(head - (version == 1 ? 5 : 4));
            if (length > end - c.position()) {
                throw file.malformed(at, "a message must end within its block, has " + length + " bytes");
            }
            Message message = new Message(type, messageFlags, c.position(), length);
            c.position(c.position() + length);
            switch (type) {
                case 0x00, 0x04, 0x05, 0x0a, 0x0d, 0x0e, 0x12, 0x16, 0x17 -> {}
                case 0x07 ->
                    throw new Refusal(EXTERNAL_STORAGE, at, "data must be in the file, is in a list of other files");
                case 0x10 -> {
                    Cursor m = new Cursor(bytes.window(message.at, length));
                    rest.add(new long[] {file.address(m), file.length(m)});
                }
                case 0x01, 0x02, 0x03, 0x06, 0x08, 0x0b, 0x0c, 0x0f, 0x11, 0x13, 0x14, 0x15, 0x18 -> {
                    if (messages.size() >= inspection.limits().items()) {
                        throw new Refusal(FileRules.TOO_MANY, at, "an object has too many messages");
                    }
                    messages.add(message);
                }
                default -> throw file.unsupported(at, "type of a message must be known, was " + type);
            }
        }
    }

    private static @Nullable Message only(List<Message> messages, int type) throws IOException {
        Message found = null;
        for (Message m : messages) {
            if (m.type == type) {
                if (found != null) {
                    throw new Refusal(
                            DUPLICATE, m.at, "an object must have one message of type " + type + ", has more");
                }
                found = m;
            }
        }
        return found;
    }

    // --- objects ---

    private void visit(long address, String path, int depth, long @Nullable [] cached) throws IOException {
        if (depth > inspection.limits().depth()) {
            throw new Refusal(
                    FileRules.TOO_DEEP,
                    address,
                    "groups must be nested <= " + inspection.limits().depth() + " deep, are deeper");
        }
        if (address == Hdf5File.UNDEFINED) {
            throw file.malformed(-1, "an object must have an address, " + Text.quote(path) + " has none");
        }
        Boolean group = objects.get(address);
        if (group != null) {
            if (group) {
                throw new Refusal(
                        CYCLE, address, "groups must form a tree, one is reached again as " + Text.quote(path));
            }
            return;
        }
        List<Message> messages = header(address);
        Message table = only(messages, 0x11);
        Message linkInfo = only(messages, 0x02);
        Message layout = only(messages, 0x08);
        Message type = only(messages, 0x03);
        boolean links = linkInfo != null || messages.stream().anyMatch(m -> m.type == 0x06);
        if (table != null && links || (table != null || links) && layout != null) {
            throw new Refusal(
                    DUPLICATE, address, "an object must be one of old group, new group, dataset: " + Text.quote(path));
        }
        objects.put(address, table != null || links);
        Map<String, String> texts = attributes(messages, path);
        if (table != null) {
            sink.object(path, true);
            oldGroup(table, path, depth, cached);
        } else if (links) {
            sink.object(path, true);
            newGroup(messages, linkInfo, path, depth);
        } else if (layout != null) {
            if (path.isEmpty()) {
                throw file.malformed(address, "the root must be a group");
            }
            sink.object(path, false);
            dataset(messages, layout, type, path, texts);
        } else if (type != null) {
            committed(address, type);
        } else {
            throw file.malformed(address, "an object must be a group, a dataset or a type: " + Text.quote(path));
        }
    }

    private String child(String path, String name) throws IOException {
        return file.path(path.isEmpty() ? name : path + "/" + name);
    }

    // --- groups of the old kind ---

    private final class OldGroup {
        final String path;
        final int depth;
        final long heap;
        final long heapSize;
        byte[] last = {};
        boolean any;

        OldGroup(String path, int depth, long heap, long heapSize) {
            this.path = path;
            this.depth = depth;
            this.heap = heap;
            this.heapSize = heapSize;
        }

        byte[] string(long offset) throws IOException {
            if (offset >= heapSize) {
                throw file.malformed(heap, "a name must be within its heap of " + heapSize + " bytes, is at " + offset);
            }
            Cursor c = new Cursor(bytes.window(heap + offset, heapSize - offset));
            byte[] text = new byte[64];
            int length = 0;
            int b;
            while ((b = c.u8()) != 0) {
                if (length == text.length) {
                    if (length > 1 << 16) {
                        throw new Refusal(FileRules.TOO_LARGE, heap, "a name must have <= 65,536 bytes, has more");
                    }
                    text = Arrays.copyOf(text, length * 2);
                }
                text[length++] = (byte) b;
            }
            return Arrays.copyOf(text, length);
        }

        void node(long address, int level, boolean top) throws IOException {
            Cursor c = file.at(address);
            file.signature(c, "TREE");
            int type = c.u8();
            int actual = c.u8();
            int used = c.u16le();
            file.address(c);
            file.address(c);
            if (type != 0 || !top && actual != level || actual > 16 || used > 2 * internalK) {
                throw file.malformed(
                        address, "a node must be of a group, one level down, with <= " + 2 * internalK + " children");
            }
            int lengthSize = file.lengthSize();
            file.enter(
                    address,
                    8L + 2 * file.offsetSize() + (2L * internalK + 1) * lengthSize + 2L * internalK * file.offsetSize(),
                    "a node of a group");
            byte[] low = used == 0 ? new byte[0] : string(file.length(c));
            for (int i = 0; i < used; i++) {
                inspection.step();
                long at = c.position();
                long child = file.address(c);
                byte[] high = string(file.length(c));
                if (any && Arrays.compareUnsigned(low, last) < 0) {
                    throw file.malformed(at, "keys of a group must be in order");
                }
                boolean empty = !any;
                if (actual == 0) {
                    symbols(child, low, empty);
                } else {
                    node(child, actual - 1, false);
                }
                if (Arrays.compareUnsigned(last, high) > 0) {
                    throw file.malformed(at, "keys of a group must be in order");
                }
                low = high;
            }
        }

        private void symbols(long address, byte[] low, boolean first) throws IOException {
            Cursor c = file.at(address);
            file.signature(c, "SNOD");
            file.version(c, 1, "symbol table node");
            c.skip(1);
            int count = c.u16le();
            if (count > 2 * leafK) {
                throw file.malformed(address, "entries of a node must be <= " + 2 * leafK + ", were " + count);
            }
            file.enter(address, 8 + 2L * leafK * (file.lengthSize() + file.offsetSize() + 24), "a symbol table node");
            for (int i = 0; i < count; i++) {
                inspection.step();
                long at = c.position();
                byte[] name = string(Hdf5File.uint(c, file.lengthSize()) & Long.MAX_VALUE);
                long object = file.address(c);
                long cache = c.u32le();
                c.skip(4);
                Cursor scratch = new Cursor(c.take(16));
                if (any && Arrays.compareUnsigned(name, last) <= 0
                        || !(first && i == 0) && i == 0 && Arrays.compareUnsigned(name, low) <= 0) {
                    throw new Refusal(
                            any && Arrays.equals(name, last) ? DUPLICATE : MALFORMED,
                            at,
                            "names of a group must be unique and in order");
                }
                any = true;
                last = name;
                String text = file.name(name, at);
                long[] cached = null;
                if (cache == 2) {
                    throw new Refusal(
                            SOFT_LINK, at, "links must be hard, " + Text.quote(child(path, text)) + " is soft");
                } else if (cache == 1) {
                    cached = new long[] {file.address(scratch), file.address(scratch)};
                } else if (cache != 0) {
                    throw file.malformed(at, "type of an entry must be in [0, 2], was " + cache);
                }
                visit(object, child(path, text), depth + 1, cached);
            }
        }
    }

    private void oldGroup(Message table, String path, int depth, long @Nullable [] cached) throws IOException {
        Cursor c = new Cursor(bytes.window(table.at, table.length));
        long tree = file.address(c);
        long heap = file.address(c);
        // An entry whose group was turned into one of the new kind keeps what it had; only here both can be compared.
        if (cached != null && (cached[0] != tree || cached[1] != heap)) {
            throw file.malformed(table.at, "an entry and its group must agree on tree and heap");
        }
        Cursor h = file.at(heap);
        file.signature(h, "HEAP");
        file.version(h, 0, "local heap");
        h.skip(3);
        long size = file.length(h);
        file.address(h);
        long data = file.address(h);
        file.enter(heap, h.position() - heap, "a local heap");
        file.enter(data, size, "data of a local heap");
        new OldGroup(path, depth, data, size).node(tree, 0, true);
    }

    // --- groups of the new kind ---

    private void newGroup(List<Message> messages, @Nullable Message info, String path, int depth) throws IOException {
        Set<String> names = new HashSet<>();
        for (Message m : messages) {
            if (m.type == 0x06) {
                link(new Cursor(bytes.window(m.at, m.length)), m.at, path, depth, names);
            }
        }
        if (info == null) {
            return;
        }
        Cursor c = new Cursor(bytes.window(info.at, info.length));
        file.version(c, 0, "link info message");
        int flags = c.u8();
        if ((flags & 1) != 0) {
            c.skip(8);
        }
        dense(
                c,
                (flags & 2) != 0,
                5,
                6,
                4,
                (place, at) -> link(new Cursor(bytes.window(place[0], place[1])), at, path, depth, names),
                names);
    }

    private interface Place {
        void at(long[] place, long offset) throws IOException;
    }

    /** Reads what is indexed by name and perhaps by order of creation; both must hold the same. */
    private void dense(Cursor c, boolean ordered, int byName, int byOrder, int idAt, Place place, Set<String> names)
            throws IOException {
        long heapAt = file.address(c);
        long nameTree = file.address(c);
        long orderTree = ordered ? file.address(c) : Hdf5File.UNDEFINED;
        if (heapAt == Hdf5File.UNDEFINED) {
            if (nameTree != Hdf5File.UNDEFINED) {
                throw file.malformed(c.position(), "an index must have a heap, has none");
            }
            return;
        }
        Hdf5Index.Heap heap = new Hdf5Index.Heap(file, heapAt);
        boolean link = byName == 5;
        Set<Long> ids = new HashSet<>();
        long[] last = {-1};
        long before = names.size();
        long count = Hdf5Index.tree(file, nameTree, byName, (record, at) -> {
            Cursor r = new Cursor(ByteSource.of(record), link ? 0 : record.length - 4);
            long hash = r.u32le();
            if (hash < last[0]) {
                throw file.malformed(at, "records of an index must be in order");
            }
            last[0] = hash;
            byte[] id = Arrays.copyOfRange(record, link ? 4 : 0, link ? record.length : 8);
            long[] where = heap.object(id, at);
            ids.add(where[0]);
            place.at(where, at);
        });
        if (names.size() - before != count || ids.size() != count) {
            throw new Refusal(DUPLICATE, nameTree, "records of an index must be of distinct names");
        }
        if (orderTree != Hdf5File.UNDEFINED) {
            long again = Hdf5Index.tree(file, orderTree, byOrder, (record, at) -> {
                byte[] id = link ? Arrays.copyOfRange(record, 8, record.length) : Arrays.copyOfRange(record, 0, 8);
                if (!ids.remove(heap.object(id, at)[0])) {
                    throw new Refusal(DUPLICATE, at, "both indexes of an object must hold the same, do not");
                }
            });
            if (again != count) {
                throw new Refusal(DUPLICATE, orderTree, "both indexes of an object must hold the same, do not");
            }
        }
    }

    private void link(Cursor c, long offset, String path, int depth, Set<String> names) throws IOException {
        inspection.step();
        file.version(c, 1, "link message");
        int flags = c.u8();
        int type = (flags & 8) != 0 ? c.u8() : 0;
        if ((flags & 4) != 0) {
            c.skip(8);
        }
        if ((flags & 16) != 0) {
            c.u8();
        }
        long length = Hdf5File.uint(c, 1 << (flags & 3));
        if (length < 0 || length > 1 << 16) {
            throw new Refusal(FileRules.TOO_LARGE, offset, "a name must have <= 65,536 bytes, has " + length);
        }
        String name = file.name(c.bytes((int) length), offset);
        String full = child(path, name);
        if (!names.add(name)) {
            throw new Refusal(DUPLICATE, offset, "names of a group must be unique, was " + Text.quote(name));
        }
        switch (type) {
            case 0 -> visit(file.address(c), full, depth + 1, null);
            case 1 -> throw new Refusal(SOFT_LINK, offset, "links must be hard, " + Text.quote(full) + " is soft");
            case 64 -> {
                byte[] value = c.bytes((int) Math.min(c.u16le(), c.remaining()));
                throw new Refusal(
                        EXTERNAL_LINK,
                        offset,
                        "links must stay in the file, " + Text.quote(full) + " points to "
                                + Text.quote(new String(value, StandardCharsets.ISO_8859_1)
                                        .replace('\0', ' ')
                                        .strip()));
            }
            default ->
                throw new Refusal(
                        USER_LINK, offset, "links must be hard, " + Text.quote(full) + " is of class " + type);
        }
    }

    // --- attributes ---

    private Map<String, String> attributes(List<Message> messages, String path) throws IOException {
        Set<String> names = new HashSet<>();
        Map<String, String> texts = new HashMap<>();
        for (Message m : messages) {
            if (m.type == 0x0c) {
                if ((m.flags & 2) != 0) {
                    throw file.unsupported(m.at, "shared attributes are not supported");
                }
                attribute(new Cursor(bytes.window(m.at, m.length)), m.at, path, names, texts);
            }
        }
        Message info = only(messages, 0x15);
        if (info != null) {
            Cursor c = new Cursor(bytes.window(info.at, info.length));
            file.version(c, 0, "attribute info message");
            int flags = c.u8();
            if ((flags & 1) != 0) {
                c.skip(2);
            }
            dense(
                    c,
                    (flags & 2) != 0,
                    8,
                    9,
                    0,
                    (place, at) -> attribute(new Cursor(bytes.window(place[0], place[1])), at, path, names, texts),
                    names);
        }
        return texts;
    }

    private void attribute(Cursor c, long offset, String path, Set<String> names, Map<String, String> texts)
            throws IOException {
        inspection.step();
        int version = c.u8();
        if (version < 1 || version > 3) {
            throw file.unsupported(offset, "version of an attribute must be in [1, 3], was " + version);
        }
        int flags = c.u8();
        int nameSize = c.u16le();
        int typeSize = c.u16le();
        int spaceSize = c.u16le();
        if (version == 3) {
            c.u8();
        }
        int align = version == 1 ? 8 : 1;
        byte[] nameBytes = c.bytes(nameSize);
        c.skip(padding(nameSize, align));
        int end = 0;
        while (end < nameBytes.length && nameBytes[end] != 0) {
            end++;
        }
        if (end == 0 || end + 1 < nameBytes.length && version > 1) {
            throw file.malformed(offset, "name of an attribute must end where its length says");
        }
        if (end > 4096) {
            throw new Refusal(FileRules.TOO_LARGE, offset, "a name must have <= 4096 bytes, has " + end);
        }
        String name = file.text(Arrays.copyOf(nameBytes, end), offset);
        if (!names.add(name)) {
            throw new Refusal(DUPLICATE, offset, "attributes of an object must be unique, was " + Text.quote(name));
        }
        Cursor t = new Cursor(c.take(typeSize));
        c.skip(padding(typeSize, align));
        Hdf5Type type = version > 1 && (flags & 1) != 0 ? shared(t, offset) : Hdf5Type.read(file, t);
        if (version > 1 && (flags & 2) != 0) {
            throw file.unsupported(offset, "shared dataspaces are not supported");
        }
        List<Long> shape = dataspace(new Cursor(c.take(spaceSize)), offset).axes;
        c.skip(padding(spaceSize, align));
        long count = product(shape, 1, offset);
        long size = product(shape, type.size(), offset);
        ByteSource data = c.take(size);
        byte[] text = null;
        if (type.kind() == Hdf5Type.Kind.STRING || type.kind() == Hdf5Type.Kind.OPAQUE) {
            if (size > inspection.limits().headerBytes()) {
                throw new Refusal(FileRules.TOO_LARGE, offset, "an attribute is too large, has " + size + " bytes");
            }
            byte[] all = data.read(0, (int) size);
            if (count == 1) {
                text = trim(all);
            }
            pickle(all, path, name, offset);
        } else if (type.kind() == Hdf5Type.Kind.VARIABLE_STRING) {
            Cursor v = new Cursor(data);
            for (long i = 0; i < count; i++) {
                byte[] one = variable(v);
                pickle(one, path, name, offset);
                text = count == 1 ? one : null;
            }
        }
        if (text != null && text.length <= 64) {
            texts.put(name, new String(text, StandardCharsets.ISO_8859_1));
        }
        if (name.equals("PSEUDOATOM") && "object".equals(texts.get(name))) {
            throw new Refusal(PICKLE, offset, "data of " + Text.quote(path) + " must not be pickled objects, is");
        }
        sink.attribute(path, name, text, offset);
    }

    private byte[] variable(Cursor v) throws IOException {
        inspection.step();
        long length = v.u32le();
        long heap = file.address(v);
        int index = v.i32le();
        if (length == 0) {
            return new byte[0];
        }
        return trim(file.globalObject(heap, index, length, inspection.limits().headerBytes()));
    }

    /** Without the NULs that pad it. */
    private static byte[] trim(byte[] text) {
        int length = text.length;
        while (length > 0 && text[length - 1] == 0) {
            length--;
        }
        return Arrays.copyOf(text, length);
    }

    private static void pickle(byte[] text, String path, String name, long offset) throws IOException {
        byte[] value = trim(text);
        if (value.length < 3 || value[value.length - 1] != '.') {
            return;
        }
        boolean binary = (value[0] & 0xff) == 0x80 && value[1] >= 2 && value[1] <= 5;
        String head = new String(value, 0, Math.min(200, value.length), StandardCharsets.ISO_8859_1);
        if (binary
                || head.matches(
                        "(?s)(\\(?[ci][A-Za-z_][\\w.]*\n[A-Za-z_]\\w*\n[(.)pqR\u0080-\u00ff].*|\\([dl]p\\d+\n.*)")) {
            throw new Refusal(
                    PICKLE,
                    offset,
                    "attribute " + Text.quote(name) + " of " + Text.quote(path) + " must not be a pickle, is");
        }
    }

    private static int padding(int size, int align) {
        return (align - size % align) % align;
    }

    // --- types, spaces ---

    private Hdf5Type shared(Cursor c, long offset) throws IOException {
        int version = c.u8();
        int kind = c.u8();
        if (version == 1) {
            c.skip(6);
        } else if (version == 3 && kind != 2) {
            throw file.unsupported(offset, "shared messages in a heap are not supported");
        }
        if (version < 1 || version > 3) {
            throw file.unsupported(offset, "version of a shared message must be in [1, 3], was " + version);
        }
        long address = file.address(c);
        Hdf5Type known = committed.get(address);
        if (known != null) {
            return known;
        }
        if (objects.containsKey(address)) {
            throw file.malformed(offset, "a shared datatype must be a committed one, is another object");
        }
        List<Message> messages = header(address);
        Message type = only(messages, 0x03);
        if (type == null || only(messages, 0x08) != null) {
            throw file.malformed(offset, "a shared datatype must be a committed one, is another object");
        }
        objects.put(address, false);
        attributes(messages, "");
        return committed(address, type);
    }

    private Hdf5Type committed(long address, Message type) throws IOException {
        if ((type.flags & 2) != 0) {
            throw file.malformed(type.at, "a committed datatype must not be shared itself");
        }
        Hdf5Type read = Hdf5Type.read(file, new Cursor(bytes.window(type.at, type.length)));
        committed.put(address, read);
        return read;
    }

    /** The axes of a dataspace and their maxima, below 0 where there is none. */
    private record Space(List<Long> axes, List<Long> maxima) {}

    private Space dataspace(Cursor c, long offset) throws IOException {
        int version = c.u8();
        if (version != 1 && version != 2) {
            throw file.unsupported(offset, "version of a dataspace must be 1 or 2, was " + version);
        }
        int rank = c.u8();
        int flags = c.u8();
        int kind = c.u8();
        if (rank > 32) {
            throw new Refusal(SHAPE, offset, "axes must be <= 32, were " + rank);
        }
        if (version == 1) {
            c.skip(4);
        } else if (kind == 2) {
            return new Space(List.of(0L), List.of(0L));
        }
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < rank; i++) {
            long size = Hdf5File.uint(c, file.lengthSize());
            if (size < 0) {
                throw new Refusal(SHAPE, offset, "an axis must be < 2^63, was " + Long.toUnsignedString(size));
            }
            shape.add(size);
        }
        List<Long> maxima = new ArrayList<>(shape);
        if ((flags & 1) != 0) {
            long unlimited = file.lengthSize() == 8 ? -1 : (1L << 8 * file.lengthSize()) - 1;
            for (int i = 0; i < rank; i++) {
                long most = Hdf5File.uint(c, file.lengthSize());
                maxima.set(i, most == unlimited ? -1 : most);
                if (most != unlimited && (most < 0 || most < shape.get(i))) {
                    throw new Refusal(
                            SHAPE, offset, "an axis must be <= its maximum of " + most + ", was " + shape.get(i));
                }
            }
        }
        return new Space(shape, maxima);
    }

    private static long product(List<Long> shape, long each, long offset) throws IOException {
        if (shape.contains(0L)) {
            return 0;
        }
        long product = each;
        for (long size : shape) {
            if (product > Long.MAX_VALUE / size) {
                throw new Refusal(SHAPE, offset, "the product of the axes must be < 2^63, axes were " + shape);
            }
            product *= size;
        }
        return product;
    }

    // --- datasets ---

    private void dataset(
            List<Message> messages,
            Message layout,
            @Nullable Message typeMessage,
            String path,
            Map<String, String> texts)
            throws IOException {
        Message space = only(messages, 0x01);
        if (space == null || typeMessage == null) {
            throw file.malformed(layout.at, "a dataset must have a type and a dataspace: " + Text.quote(path));
        }
        Message pipeline = only(messages, 0x0b);
        for (Message m : new Message[] {space, layout, pipeline}) {
            if (m != null && (m.flags & 2) != 0) {
                throw file.unsupported(m.at, "shared messages in a heap are not supported");
            }
        }
        Cursor t = new Cursor(bytes.window(typeMessage.at, typeMessage.length));
        Hdf5Type type = (typeMessage.flags & 2) != 0 ? shared(t, typeMessage.at) : Hdf5Type.read(file, t);
        Space axes = dataspace(new Cursor(bytes.window(space.at, space.length)), space.at);
        List<Long> shape = axes.axes;
        long size = product(shape, type.size(), space.at);
        Tensor tensor = tensor(type, shape, path, texts);
        if (tensor != null) {
            inspection.tensor(tensor);
        } else if (type.kind() == Hdf5Type.Kind.OTHER) {
            inspection.report(
                    UNSUPPORTED, typeMessage.at, "elements of " + Text.quote(path) + " are of a type that is not read");
        }
        Hdf5Chunks chunks = new Hdf5Chunks(file, chunkK, tensor, shape, axes.maxima, type.size(), path);
        chunks.read(
                new Cursor(bytes.window(layout.at, layout.length)),
                layout.at,
                pipeline == null ? null : new Cursor(bytes.window(pipeline.at, pipeline.length)),
                size,
                type.kind() == Hdf5Type.Kind.VARIABLE_STRING ? this::strings : null);
    }

    /** Checks the strings of a dataset, which stand in global heaps. */
    private void strings(ByteSource elements) throws IOException {
        Cursor c = new Cursor(elements);
        while (c.remaining() > 0) {
            variable(c);
        }
    }

    private @Nullable Tensor tensor(Hdf5Type type, List<Long> shape, String path, Map<String, String> texts) {
        List<Long> axes = new ArrayList<>(shape);
        ElementType number = type.number();
        if (number != null) {
            axes.addAll(type.axes());
            return new Tensor(path, number, type.order(), axes, Tensor.Role.PARAMETER);
        }
        if (type.kind() == Hdf5Type.Kind.OPAQUE) {
            boolean brain = type.size() == 2 && "bfloat16".equals(texts.get("dtype"));
            if (!brain) {
                axes.add((long) type.size());
            }
            return new Tensor(
                    path, brain ? ElementType.BF16 : ElementType.OPAQUE, type.order(), axes, Tensor.Role.PARAMETER);
        }
        return null;
    }
}
