// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** The data of one dataset of an HDF5 file: compact, contiguous or in chunks, one of which is held at a time. */
final class Hdf5Chunks {
    /** Takes elements. */
    interface Elements {
        void take(ByteSource elements) throws IOException;
    }

    private record Filter(int id, int @Nullable [] values) {}

    private final Hdf5File file;
    private final Inspection inspection;
    private final int chunkK;
    private final @Nullable Tensor tensor;
    private final List<Long> shape;
    private final List<Long> maxima;
    private final int elementSize;
    private final String path;
    private @Nullable Elements more;
    private long[] chunk = {};
    private long chunkBytes;
    private List<Filter> filters = List.of();
    private boolean wholeEdges = true;
    private long stored;
    private long[] last = {};

    Hdf5Chunks(
            Hdf5File file,
            int chunkK,
            @Nullable Tensor tensor,
            List<Long> shape,
            List<Long> maxima,
            int elementSize,
            String path) {
        this.file = file;
        this.inspection = file.inspection();
        this.chunkK = chunkK;
        this.tensor = tensor;
        this.shape = shape;
        this.maxima = maxima;
        this.elementSize = elementSize;
        this.path = path;
    }

    /** Reads the layout message; size is that of all elements. */
    void read(Cursor c, long offset, @Nullable Cursor pipeline, long size, @Nullable Elements also) throws IOException {
        this.more = also;
        int version = c.u8();
        if (version == 1 || version == 2) {
            old(c, offset, pipeline, size);
            return;
        }
        if (version < 3 || version > 5) {
            throw file.unsupported(offset, "version of a layout must be in [1, 5], was " + version);
        }
        int kind = c.u8();
        switch (kind) {
            case 0 -> {
                int length = c.u16le();
                long at = offset + c.position();
                c.skip(length);
                compact(at, length, size, offset);
            }
            case 1 -> {
                long address = file.address(c);
                contiguous(address, file.length(c), size, offset);
            }
            case 2 -> {
                if (version == 3) {
                    int rank = c.u8();
                    long address = file.address(c);
                    dimensions(c, rank, 4, offset);
                    filters(pipeline, offset);
                    if (address != Hdf5File.UNDEFINED) {
                        node(address, 0, true);
                    }
                    done(offset);
                } else {
                    indexed(c, pipeline, offset);
                }
            }
            case 3 ->
                throw new Refusal(Hdf5.VIRTUAL, offset, "data must be stored, " + Text.quote(path) + " is virtual");
            default -> throw file.malformed(offset, "class of a layout must be in [0, 3], was " + kind);
        }
    }

    private void old(Cursor c, long offset, @Nullable Cursor pipeline, long size) throws IOException {
        int rank = c.u8();
        int kind = c.u8();
        c.skip(5);
        if (kind > 2) {
            throw file.malformed(offset, "class of a layout must be in [0, 2], was " + kind);
        }
        long address = kind == 0 ? Hdf5File.UNDEFINED : file.address(c);
        if (kind == 2) {
            dimensions(c, rank, 4, offset);
            filters(pipeline, offset);
            if (address != Hdf5File.UNDEFINED) {
                node(address, 0, true);
            }
            done(offset);
            return;
        }
        c.skip(4L * rank);
        if (kind == 0) {
            long length = c.u32le();
            long at = offset + c.position();
            c.skip(length);
            compact(at, length, size, offset);
        } else {
            contiguous(address, size, size, offset);
        }
    }

    private void give(ByteSource elements) throws IOException {
        if (elements.length() == 0) {
            return;
        }
        if (tensor != null) {
            inspection.data(tensor, elements);
        }
        if (more != null) {
            more.take(elements);
        }
    }

    private void compact(long at, long length, long size, long offset) throws IOException {
        if (length != size) {
            throw new Refusal(
                    Hdf5.SHAPE, offset, "data of " + Text.quote(path) + " must have " + size + " bytes, has " + length);
        }
        give(file.bytes().window(at, length));
    }

    private void contiguous(long address, long length, long size, long offset) throws IOException {
        if (length != size && !(address == Hdf5File.UNDEFINED && length == 0)) {
            throw new Refusal(
                    Hdf5.SHAPE, offset, "data of " + Text.quote(path) + " must have " + size + " bytes, has " + length);
        }
        if (address == Hdf5File.UNDEFINED) {
            file.absent(size, offset);
            return;
        }
        file.region(address, length);
        give(file.bytes().window(address, length));
    }

    // --- chunks ---

    private void dimensions(Cursor c, int rank, int width, long offset) throws IOException {
        if (rank != shape.size() + 1 || shape.isEmpty()) {
            throw new Refusal(
                    Hdf5.SHAPE,
                    offset,
                    "a chunk must have an axis more than its dataset, " + (shape.size() + 1) + ", has " + rank);
        }
        chunk = new long[shape.size()];
        chunkBytes = elementSize;
        for (int i = 0; i < chunk.length; i++) {
            chunk[i] = Hdf5File.uint(c, width);
            if (chunk[i] < 1 || chunk[i] > 0xffffffffL || chunkBytes > 0xffffffffL / chunk[i]) {
                throw new Refusal(Hdf5.SHAPE, offset, "a chunk must have in [1, 2^32) bytes, has more or none");
            }
            chunkBytes *= chunk[i];
        }
        long size = Hdf5File.uint(c, width);
        if (size != elementSize) {
            throw new Refusal(
                    Hdf5.SHAPE, offset, "elements of a chunk must have " + elementSize + " bytes, have " + size);
        }
    }

    private void filters(@Nullable Cursor c, long offset) throws IOException {
        if (c == null) {
            return;
        }
        int version = c.u8();
        int count = c.u8();
        if (version != 1 && version != 2) {
            throw file.unsupported(offset, "version of filters must be 1 or 2, was " + version);
        }
        if (count > 32) {
            throw file.malformed(offset, "filters must be <= 32, were " + count);
        }
        if (version == 1) {
            c.skip(6);
        }
        filters = new ArrayList<>();
        int deflates = 0;
        for (int i = 0; i < count; i++) {
            int id = c.u16le();
            int nameLength = version == 1 || id >= 256 ? c.u16le() : 0;
            c.skip(2);
            int values = c.u16le();
            c.skip(version == 1 ? (nameLength + 7) / 8 * 8 : nameLength);
            int first = values > 0 ? c.i32le() : 0;
            c.skip(4L * Math.max(0, values - 1) + (version == 1 && values % 2 == 1 ? 4 : 0));
            if (id < 1 || id > 3) {
                throw new Refusal(
                        Hdf5.FILTER,
                        offset,
                        "filters must be deflate, shuffle, fletcher32, " + Text.quote(path) + " has filter " + id);
            }
            deflates += id == 1 ? 1 : 0;
            filters.add(new Filter(id, values > 0 ? new int[] {first} : null));
        }
        if (deflates > 1) {
            throw new Refusal(Hdf5.FILTER, offset, "data must be deflated once, is " + deflates + " times");
        }
    }

    private void indexed(Cursor c, @Nullable Cursor pipeline, long offset) throws IOException {
        int flags = c.u8();
        int rank = c.u8();
        int width = c.u8();
        if (width < 1 || width > 8) {
            throw file.malformed(offset, "axes of a chunk must be written in [1, 8] bytes, were in " + width);
        }
        dimensions(c, rank, width, offset);
        filters(pipeline, offset);
        wholeEdges = (flags & 1) == 0;
        int kind = c.u8();
        switch (kind) {
            case 1 -> {
                boolean filtered = (flags & 2) != 0;
                long size = filtered ? file.length(c) : chunkBytes;
                int mask = filtered ? c.i32le() : 0;
                long address = file.address(c);
                if (count(offset) > 1 || !filtered && !filters.isEmpty()) {
                    throw new Refusal(Hdf5.SHAPE, offset, "a single chunk must hold its dataset, does not");
                }
                if (address != Hdf5File.UNDEFINED && count(offset) > 0) {
                    chunk(new long[chunk.length], address, size, mask, offset);
                }
            }
            case 2 -> {
                long address = file.address(c);
                if (!filters.isEmpty()) {
                    throw file.malformed(offset, "an implicit index must have no filters, has some");
                }
                long count = address == Hdf5File.UNDEFINED ? 0 : count(offset);
                for (long i = 0; i < count; i++) {
                    long[] place = place(i);
                    if (outside(place)) {
                        inspection.step();
                        file.region(address + i * chunkBytes, chunkBytes);
                    } else {
                        chunk(place, address + i * chunkBytes, chunkBytes, 0, offset);
                    }
                }
            }
            case 3 -> {
                c.u8();
                long address = file.address(c);
                if (address != Hdf5File.UNDEFINED) {
                    fixedArray(address, offset);
                }
            }
            case 5 -> {
                c.skip(6);
                long address = file.address(c);
                if (address != Hdf5File.UNDEFINED) {
                    tree(address, offset);
                }
            }
            case 4 -> {
                c.skip(5);
                long address = file.address(c);
                if (address != Hdf5File.UNDEFINED) {
                    extensibleArray(address, offset);
                }
            }
            default -> throw file.unsupported(offset, "index of chunks must be of a type in [1, 5], was " + kind);
        }
        done(offset);
    }

    /** Chunks along an axis at its maximum, by which they are numbered. */
    private long along(int axis) {
        long size = maxima.get(axis);
        return size / chunk[axis] + (size % chunk[axis] == 0 ? 0 : 1);
    }

    private boolean outside(long[] place) {
        for (int i = 0; i < place.length; i++) {
            if (place[i] >= shape.get(i)) {
                return true;
            }
        }
        return false;
    }

    private long count(long offset) throws IOException {
        long count = 1;
        for (int i = 0; i < chunk.length; i++) {
            long along = along(i);
            if (along <= 0) {
                return 0;
            }
            if (count > Long.MAX_VALUE / along) {
                throw new Refusal(Hdf5.SHAPE, offset, "the number of chunks must be < 2^63");
            }
            count *= along;
        }
        return count;
    }

    /** Coordinates of the chunk with a number, in elements. */
    private long[] place(long number) {
        long[] place = new long[chunk.length];
        long rest = number;
        for (int i = chunk.length - 1; i >= 0; i--) {
            long along = along(i);
            place[i] = rest % along * chunk[i];
            rest /= along;
        }
        return place;
    }

    private void done(long offset) throws IOException {
        long all = elementSize;
        for (long size : shape) {
            all *= size;
        }
        file.absent(Math.max(0, all - stored), offset);
    }

    private void node(long address, int level, boolean top) throws IOException {
        Cursor c = file.at(address);
        file.signature(c, "TREE");
        int type = c.u8();
        int actual = c.u8();
        int used = c.u16le();
        file.address(c);
        file.address(c);
        if (type != 1 || !top && actual != level || actual > 16 || used > 2 * chunkK) {
            throw file.malformed(
                    address, "a node must be of chunks, one level down, with <= " + 2 * chunkK + " children");
        }
        long key = 8 + 8L * (chunk.length + 1);
        file.enter(
                address,
                8L + 2 * file.offsetSize() + (2L * chunkK + 1) * key + 2L * chunkK * file.offsetSize(),
                "a node of chunks");
        for (int i = 0; i < used; i++) {
            inspection.step();
            long at = c.position();
            long size = c.u32le();
            int mask = c.i32le();
            long[] place = new long[chunk.length];
            for (int j = 0; j < place.length; j++) {
                place[j] = c.i64le();
            }
            if (c.i64le() != 0) {
                throw file.malformed(at, "the last offset of a chunk must be 0");
            }
            long child = file.address(c);
            if (actual > 0) {
                node(child, actual - 1, false);
            } else {
                if (child == Hdf5File.UNDEFINED) {
                    throw file.malformed(at, "a chunk must have an address, has none");
                }
                inOrder(place, at);
                chunk(place, child, size, mask, at);
            }
        }
    }

    private void inOrder(long[] place, long at) throws IOException {
        if (last.length > 0 && Arrays.compare(last, place) >= 0) {
            throw new Refusal(Hdf5.DUPLICATE, at, "chunks must be unique and in order");
        }
        last = place;
    }

    private void fixedArray(long address, long offset) throws IOException {
        Cursor c = file.at(address);
        file.signature(c, "FAHD");
        file.version(c, 0, "fixed array");
        int client = c.u8();
        int entry = c.u8();
        int pageBits = c.u8();
        long entries = file.length(c);
        long block = file.address(c);
        long length = c.position() - address;
        file.checksum(address, length);
        file.enter(address, length + 4, "a fixed array");
        boolean filtered = client == 1;
        int sizeWidth = entry - file.offsetSize() - 4;
        if (client > 1
                || filtered == filters.isEmpty()
                || !filtered && entry != file.offsetSize()
                || filtered && (sizeWidth < 1 || sizeWidth > 8)
                || entries != count(offset)
                || pageBits > 30) {
            throw file.malformed(address, "a fixed array must have an entry for each chunk");
        }
        if (block == Hdf5File.UNDEFINED) {
            return;
        }
        Cursor b = file.at(block);
        file.signature(b, "FADB");
        file.version(b, 0, "fixed array block");
        if (b.u8() != client || file.address(b) != address) {
            throw file.malformed(block, "a block must name its fixed array");
        }
        long perPage = 1L << pageBits;
        boolean paged = entries > perPage;
        long pages = paged ? (entries - 1) / perPage + 1 : 1;
        if (entries > file.bytes().length() / entry) {
            throw new Refusal(Hdf5.SHAPE, block, "a fixed array must be within the file, has " + entries + " entries");
        }
        byte[] used = paged ? b.bytes((int) Math.min(Integer.MAX_VALUE, (pages + 7) / 8)) : new byte[0];
        long prefix = b.position() - block;
        long total = prefix + entries * entry + (paged ? 4 * pages : 0) + 4;
        file.enter(block, total, "a fixed array block");
        if (paged) {
            file.checksum(block, prefix);
            b.skip(4);
        } else {
            file.checksum(block, prefix + entries * entry);
        }
        for (long i = 0; i < entries; i++) {
            inspection.step();
            if (paged && i % perPage == 0) {
                long page = i / perPage;
                long inPage = Math.min(perPage, entries - i);
                if (i > 0) {
                    b.skip(4);
                }
                if ((used[(int) (page / 8)] & 0x80 >> page % 8) == 0) {
                    b.skip(inPage * entry);
                    i += inPage - 1;
                    continue;
                }
                file.checksum(b.position(), inPage * entry);
            }
            long at = b.position();
            long child = file.address(b);
            long size = filtered ? Hdf5File.uint(b, sizeWidth) : chunkBytes;
            int mask = filtered ? b.i32le() : 0;
            if (child != Hdf5File.UNDEFINED) {
                chunk(place(i), child, size, mask, at);
            }
        }
    }

    // --- extensible arrays: for one axis without maximum, by which chunks are numbered first ---

    private final class Extensible {
        final long address;
        final int client;
        final int entry;
        final int offsetBytes;
        final long pageElements;
        final int free;
        long number;

        Extensible(long address, int client, int entry, int bits, int pageBits, int free) {
            this.address = address;
            this.client = client;
            this.entry = entry;
            this.offsetBytes = (bits + 7) / 8;
            this.pageElements = 1L << pageBits;
            this.free = free;
        }

        Cursor open(long at, String signature) throws IOException {
            Cursor c = file.at(at);
            file.signature(c, signature);
            file.version(c, 0, "extensible array");
            if (c.u8() != client || file.address(c) != address) {
                throw file.malformed(at, "a block must name its extensible array");
            }
            return c;
        }

        /** Elements in order; each is a chunk or none. */
        void elements(Cursor c, long count) throws IOException {
            for (long i = 0; i < count; i++, number++) {
                inspection.step();
                long at = c.position();
                long child = file.address(c);
                long size = client == 1 ? Hdf5File.uint(c, entry - file.offsetSize() - 4) : chunkBytes;
                int mask = client == 1 ? c.i32le() : 0;
                if (child != Hdf5File.UNDEFINED) {
                    chunk(swizzled(number), child, size, mask, at);
                }
            }
        }

        long[] swizzled(long index) {
            long[] place = new long[chunk.length];
            long rest = index;
            for (int i = chunk.length - 1; i >= 0; i--) {
                if (i != free) {
                    long along = Math.max(1, along(i));
                    place[i] = rest % along * chunk[i];
                    rest /= along;
                }
            }
            place[free] = rest > Long.MAX_VALUE / chunk[free] ? Long.MAX_VALUE : rest * chunk[free];
            return place;
        }

        void block(long at, long elements, byte @Nullable [] pages) throws IOException {
            Cursor c = open(at, "EADB");
            c.skip(offsetBytes);
            long prefix = c.position() - at;
            if (elements > file.bytes().length() / entry) {
                throw new Refusal(Hdf5.SHAPE, at, "a block must be within the file, has " + elements + " entries");
            }
            if (elements <= pageElements) {
                file.enter(at, prefix + elements * entry + 4, "a block of an extensible array");
                file.checksum(at, prefix + elements * entry);
                elements(c, elements);
                return;
            }
            long count = elements / pageElements;
            file.enter(at, prefix + 4 + elements * entry + 4 * count, "a block of an extensible array");
            file.checksum(at, prefix);
            c.skip(4);
            for (long i = 0; i < count; i++) {
                if (pages != null && (pages[(int) (i / 8)] & 0x80 >> i % 8) == 0) {
                    c.skip(pageElements * entry + 4);
                    number += pageElements;
                } else {
                    file.checksum(c.position(), pageElements * entry);
                    elements(c, pageElements);
                    c.skip(4);
                }
            }
        }
    }

    private void extensibleArray(long address, long offset) throws IOException {
        Cursor c = file.at(address);
        file.signature(c, "EAHD");
        file.version(c, 0, "extensible array");
        int client = c.u8();
        int entry = c.u8();
        int bits = c.u8();
        int indexElements = c.u8();
        int least = c.u8();
        int leastPointers = c.u8();
        int pageBits = c.u8();
        for (int i = 0; i < 6; i++) {
            file.length(c);
        }
        long index = file.address(c);
        long length = c.position() - address;
        file.checksum(address, length);
        file.enter(address, length + 4, "an extensible array");
        int free = maxima.indexOf(-1L);
        if (client > 1
                || (client == 1) == filters.isEmpty()
                || client == 0 && entry != file.offsetSize()
                || client == 1 && (entry < file.offsetSize() + 5 || entry > file.offsetSize() + 12)
                || bits > 62
                || Integer.bitCount(least) != 1
                || Integer.bitCount(leastPointers) != 1
                || pageBits > 30
                || free < 0
                || maxima.lastIndexOf(-1L) != free) {
            throw file.malformed(address, "an extensible array must be of chunks of one axis without maximum");
        }
        if (index == Hdf5File.UNDEFINED) {
            return;
        }
        Extensible array = new Extensible(address, client, entry, bits, pageBits, free);
        int leastBits = Integer.numberOfTrailingZeros(least);
        int blocks = 1 + bits - leastBits;
        int direct = 2 * Integer.numberOfTrailingZeros(leastPointers);
        if (blocks < direct) {
            throw file.malformed(address, "an extensible array must have more blocks than its index");
        }
        Cursor i = array.open(index, "EAIB");
        long size = i.position()
                - index
                + (long) indexElements * entry
                + (2L * (leastPointers - 1) + blocks - direct) * file.offsetSize();
        file.checksum(index, size);
        file.enter(index, size + 4, "an index of an extensible array");
        array.elements(i, indexElements);
        for (int level = 0; level < blocks; level++) {
            long count = 1L << level / 2;
            long elements = 1L << (level + 1) / 2 + leastBits;
            if (level < direct) {
                for (long b = 0; b < count; b++) {
                    inspection.step();
                    long block = file.address(i);
                    if (block == Hdf5File.UNDEFINED) {
                        array.number += elements;
                    } else {
                        array.block(block, elements, null);
                    }
                }
                continue;
            }
            long block = file.address(i);
            if (block == Hdf5File.UNDEFINED) {
                array.number += count * elements;
                continue;
            }
            Cursor s = array.open(block, "EASB");
            s.skip(array.offsetBytes);
            long pages = elements > array.pageElements ? elements / array.pageElements : 0;
            long maskBytes = (pages + 7) / 8;
            if (count > file.bytes().length() / (maskBytes + file.offsetSize())) {
                throw new Refusal(Hdf5.SHAPE, block, "a block must be within the file, has " + count + " entries");
            }
            long masks = s.position();
            long end = masks - block + count * (maskBytes + file.offsetSize());
            file.checksum(block, end);
            file.enter(block, end + 4, "a block of an extensible array");
            s.skip(count * maskBytes);
            for (long b = 0; b < count; b++) {
                inspection.step();
                long child = file.address(s);
                if (child == Hdf5File.UNDEFINED) {
                    array.number += elements;
                } else {
                    byte[] mask = pages == 0 ? null : file.bytes().read(masks + b * maskBytes, (int) maskBytes);
                    array.block(child, elements, mask);
                }
            }
        }
    }

    private void tree(long address, long offset) throws IOException {
        boolean filtered = !filters.isEmpty();
        Hdf5Index.tree(file, address, filtered ? 11 : 10, (record, at) -> {
            Cursor r = new Cursor(ByteSource.of(record));
            long child = file.address(r);
            int sizeWidth = record.length - file.offsetSize() - 4 - 8 * chunk.length;
            if (filtered && (sizeWidth < 1 || sizeWidth > 8)) {
                throw file.malformed(at, "a record of a chunk must have its size in [1, 8] bytes");
            }
            long size = filtered ? Hdf5File.uint(r, sizeWidth) : chunkBytes;
            int mask = filtered ? r.i32le() : 0;
            long[] place = new long[chunk.length];
            for (int i = 0; i < place.length; i++) {
                long scaled = r.i64le();
                if (scaled < 0 || scaled > Long.MAX_VALUE / chunk[i]) {
                    throw new Refusal(Hdf5.SHAPE, at, "a chunk must be within its dataset");
                }
                place[i] = scaled * chunk[i];
            }
            inOrder(place, at);
            if (child == Hdf5File.UNDEFINED) {
                throw file.malformed(at, "a chunk must have an address, has none");
            }
            chunk(place, child, size, mask, at);
        });
    }

    // --- one chunk ---

    private void chunk(long[] place, long address, long size, int mask, long at) throws IOException {
        inspection.step();
        boolean edge = false;
        long inside = elementSize;
        for (int i = 0; i < place.length; i++) {
            if (place[i] < 0 || place[i] >= shape.get(i) || place[i] % chunk[i] != 0) {
                throw new Refusal(
                        Hdf5.SHAPE,
                        at,
                        "a chunk must be within its dataset of " + shape + ", is at " + Arrays.toString(place));
            }
            edge |= shape.get(i) - place[i] < chunk[i];
            inside *= Math.min(chunk[i], shape.get(i) - place[i]);
        }
        file.region(address, size);
        stored += inside;
        boolean filtered = !filters.isEmpty() && (wholeEdges || !edge);
        if (!filtered && size != chunkBytes) {
            throw new Refusal(Hdf5.SHAPE, at, "a chunk must have " + chunkBytes + " bytes, has " + size);
        }
        if (!filtered && !edge) {
            give(file.bytes().window(address, size));
            return;
        }
        if (chunkBytes > inspection.limits().memoryBytes()) {
            throw file.unsupported(
                    at,
                    "a chunk must have <= " + inspection.limits().memoryBytes() + " bytes to be read, has "
                            + chunkBytes);
        }
        if (size > 2 * chunkBytes + 1024) {
            throw new Refusal(Hdf5.SHAPE, at, "a stored chunk must be about as large as its content, has " + size);
        }
        byte[] content = file.bytes().read(address, (int) size);
        if (filtered) {
            content = unfilter(content, mask, at);
        }
        give(ByteSource.of(edge ? crop(content, place, (int) inside) : content));
    }

    private byte[] unfilter(byte[] stored, int mask, long at) throws IOException {
        long[] before = new long[filters.size() + 1];
        before[0] = chunkBytes;
        for (int i = 0; i < filters.size(); i++) {
            boolean skipped = (mask >> i & 1) != 0;
            before[i + 1] = before[i] + (!skipped && filters.get(i).id() == 3 ? 4 : 0);
        }
        byte[] content = stored;
        for (int i = filters.size() - 1; i >= 0; i--) {
            if ((mask >> i & 1) != 0) {
                continue;
            }
            Filter filter = filters.get(i);
            switch (filter.id()) {
                case 1 -> content = inflate(content, (int) before[i], at);
                case 2 -> content = unshuffle(content, filter);
                default -> content = fletcher(content, at);
            }
        }
        if (content.length != chunkBytes) {
            throw new Refusal(Hdf5.SHAPE, at, "a chunk must have " + chunkBytes + " bytes, has " + content.length);
        }
        return content;
    }

    private byte[] inflate(byte[] packed, int size, long at) throws IOException {
        inspection.inflated(size);
        byte[] content = new byte[size];
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(packed);
            int length = 0;
            while (length < size) {
                int count = inflater.inflate(content, length, size - length);
                if (count == 0) {
                    break;
                }
                length += count;
            }
            // The end of the stream may follow the last byte of content.
            int beyond = inflater.finished() ? 0 : inflater.inflate(new byte[1]);
            if (length != size || beyond != 0 || !inflater.finished() || inflater.getRemaining() > 0) {
                throw new Refusal(Hdf5.SHAPE, at, "a chunk must inflate to just " + size + " bytes, does not");
            }
        } catch (DataFormatException e) {
            throw file.malformed(at, "a chunk must be valid zlib data");
        } finally {
            inflater.end();
        }
        return content;
    }

    private byte[] unshuffle(byte[] content, Filter filter) {
        int width = filter.values() == null ? elementSize : filter.values()[0];
        if (width <= 1 || width > content.length) {
            return content;
        }
        byte[] plain = new byte[content.length];
        int count = content.length / width;
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < count; j++) {
                plain[j * width + i] = content[i * count + j];
            }
        }
        System.arraycopy(content, width * count, plain, width * count, content.length - width * count);
        return plain;
    }

    private byte[] fletcher(byte[] content, long at) throws IOException {
        if (content.length < 4) {
            throw file.malformed(at, "a chunk must have a checksum, has none");
        }
        int length = content.length - 4;
        long one = 0;
        long two = 0;
        for (int i = 0; i < length; i += 2) {
            int word = (content[i] & 0xff) << 8 | (i + 1 < length ? content[i + 1] & 0xff : 0);
            one = (one + word) % 65535;
            two = (two + one) % 65535;
        }
        long stored = new Cursor(ByteSource.of(content), length).u32le();
        long high = stored >>> 16;
        long low = stored & 0xffff;
        // Versions of HDF5 up to 1.6.2 swapped the bytes of each half; 0 and 65,535 are the same in the sums.
        boolean same = high % 65535 == two && low % 65535 == one;
        boolean swapped = swap(high) % 65535 == two && swap(low) % 65535 == one;
        if (!same && !swapped) {
            throw new Refusal(Hdf5.CHECKSUM, at, "a checksum of a chunk must match");
        }
        return Arrays.copyOf(content, length);
    }

    private static long swap(long half) {
        return (half & 0xff) << 8 | half >> 8;
    }

    /** Only what lies within the dataset: the rest of an edge chunk is filling. */
    private byte[] crop(byte[] content, long[] place, int inside) {
        byte[] kept = new byte[inside];
        int rank = chunk.length;
        long[] at = new long[rank];
        int to = 0;
        int row = (int) (Math.min(chunk[rank - 1], shape.get(rank - 1) - place[rank - 1]) * elementSize);
        while (to < inside) {
            long from = 0;
            for (int i = 0; i < rank; i++) {
                from = from * chunk[i] + at[i];
            }
            System.arraycopy(content, (int) (from * elementSize), kept, to, row);
            to += row;
            int axis = rank - 2;
            while (axis >= 0) {
                if (++at[axis] < Math.min(chunk[axis], shape.get(axis) - place[axis])) {
                    break;
                }
                at[axis--] = 0;
            }
            if (axis < 0) {
                break;
            }
        }
        return kept;
    }
}
