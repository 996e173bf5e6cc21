// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Fractal heaps and version 2 B-trees of HDF5: where groups with many links and objects with many attributes keep them. */
final class Hdf5Index {
    private static final int MOST_DEPTH = 16;

    /** Takes the records of a tree in order. */
    interface Records {
        void record(byte[] record, long offset) throws IOException;
    }

    private Hdf5Index() {}

    /** A fractal heap, all of whose blocks were checked. */
    static final class Heap {
        private final Hdf5File file;
        private final long address;
        private final int idLength;
        private final int width;
        private final long startBlock;
        private final long maxDirect;
        private final int offsetBytes;
        private final int lengthBytes;
        private final int directRows;
        private final boolean checksums;
        private final TreeMap<Long, long[]> blocks = new TreeMap<>();
        private final Map<Long, long[]> huge = new HashMap<>();

        Heap(Hdf5File file, long address) throws IOException {
            this.file = file;
            this.address = address;
            Cursor c = file.at(address);
            file.signature(c, "FRHP");
            file.version(c, 0, "fractal heap");
            idLength = c.u16le();
            int filters = c.u16le();
            int flags = c.u8();
            long maxManaged = c.u32le();
            file.length(c);
            long hugeTree = file.address(c);
            file.length(c);
            file.address(c);
            for (int i = 0; i < 8; i++) {
                file.length(c);
            }
            width = c.u16le();
            startBlock = file.length(c);
            maxDirect = file.length(c);
            int heapBits = c.u16le();
            c.u16le();
            long root = file.address(c);
            int rows = c.u16le();
            if (filters != 0) {
                throw file.unsupported(address, "a fractal heap must have no filters, has some");
            }
            if (width < 1
                    || Integer.bitCount(width) != 1
                    || Long.bitCount(startBlock) != 1
                    || Long.bitCount(maxDirect) != 1
                    || startBlock > maxDirect
                    || maxDirect > 1L << 31
                    || heapBits < 1
                    || heapBits > 64
                    || rows > 64
                    || idLength < 3
                    || idLength > 64) {
                throw file.malformed(address, "a fractal heap must have powers of two for sizes of blocks");
            }
            offsetBytes = (heapBits + 7) / 8;
            lengthBytes = Math.min((log2(maxDirect) + 7) / 8, 1 + log2(Math.max(1, maxManaged)) / 8);
            directRows = log2(maxDirect) - log2(startBlock) + 2;
            checksums = (flags & 2) != 0;
            long length = c.position() - address;
            file.checksum(address, length);
            file.enter(address, length + 4, "a fractal heap");
            if (root != Hdf5File.UNDEFINED) {
                if (rows == 0) {
                    direct(root, 0, startBlock);
                } else {
                    indirect(root, 0, rows, 0);
                }
            }
            if (hugeTree != Hdf5File.UNDEFINED) {
                tree(file, hugeTree, 1, (record, at) -> {
                    Cursor r = new Cursor(ByteSource.of(record));
                    long where = file.address(r);
                    long size = file.length(r);
                    long id = Hdf5File.uint(r, file.lengthSize());
                    file.region(where, size);
                    if (huge.put(id, new long[] {where, size}) != null) {
                        throw file.malformed(at, "huge objects must have unique numbers");
                    }
                });
            }
        }

        private static int log2(long value) {
            return 63 - Long.numberOfLeadingZeros(value);
        }

        private long rowSize(int row) {
            int shift = log2(startBlock) + Math.max(0, row - 1);
            return shift > 62 ? Long.MAX_VALUE : 1L << shift;
        }

        private void prefix(Cursor c, String signature, long heapOffset) throws IOException {
            long at = c.position();
            file.signature(c, signature);
            file.version(c, 0, "heap block");
            long owner = file.address(c);
            long offset = Hdf5File.uint(c, offsetBytes);
            if (owner != address || offset != heapOffset) {
                throw file.malformed(at, "a heap block must name its heap and its place in it");
            }
        }

        private void direct(long at, long heapOffset, long size) throws IOException {
            file.enter(at, size, "a heap block");
            Cursor c = file.at(at);
            prefix(c, "FHDB", heapOffset);
            if (checksums) {
                int field = (int) (c.position() - at);
                int stored = c.i32le();
                if (size > file.inspection().limits().headerBytes()) {
                    throw file.unsupported(at, "a heap block must fit the limit of a header, has " + size + " bytes");
                }
                byte[] content = file.bytes().read(at, (int) size);
                Arrays.fill(content, field, field + 4, (byte) 0);
                if (stored != Hdf5File.lookup3(content)) {
                    throw new Refusal(Hdf5Reader.CHECKSUM, at, "a checksum of a heap block must match");
                }
            }
            blocks.put(heapOffset, new long[] {size, at});
        }

        private void indirect(long at, long heapOffset, int rows, int depth) throws IOException {
            if (depth > MOST_DEPTH) {
                throw new Refusal(FileRules.TOO_DEEP, at, "heap blocks must be nested <= " + MOST_DEPTH + " deep");
            }
            long length = 5L + file.offsetSize() + offsetBytes + (long) rows * width * file.offsetSize();
            file.checksum(at, length);
            file.enter(at, length + 4, "a heap block");
            Cursor c = file.at(at);
            prefix(c, "FHIB", heapOffset);
            long offset = heapOffset;
            for (int row = 0; row < rows; row++) {
                long size = rowSize(row);
                for (int column = 0; column < width; column++) {
                    file.inspection().step();
                    long child = file.address(c);
                    if (child != Hdf5File.UNDEFINED) {
                        if (row < directRows) {
                            direct(child, offset, size);
                        } else {
                            indirect(child, offset, log2(size) - log2(startBlock * width) + 1, depth + 1);
                        }
                    }
                    if (size > Long.MAX_VALUE - offset) {
                        throw file.malformed(at, "offsets of a heap must be < 2^63");
                    }
                    offset += size;
                }
            }
        }

        /** The place of an object: address and length. */
        long[] object(byte[] id, long offset) throws IOException {
            Cursor c = new Cursor(ByteSource.of(id));
            int first = c.u8();
            int type = first >> 4 & 3;
            if (first >> 6 != 0 || id.length != idLength || type == 3) {
                throw file.malformed(offset, "an object of a heap must have an id of its form");
            }
            if (type == 2) {
                throw file.unsupported(offset, "objects within their ids are not supported");
            }
            if (type == 1) {
                long[] place = huge.get(Hdf5File.uint(c, Math.min(8, Math.min(idLength - 1, file.lengthSize()))));
                if (place == null) {
                    throw file.malformed(offset, "a huge object must be in the tree of its heap, is not");
                }
                return place;
            }
            long heapOffset = Hdf5File.uint(c, Math.min(8, offsetBytes));
            long length = Hdf5File.uint(c, lengthBytes);
            Map.Entry<Long, long[]> block = blocks.floorEntry(heapOffset);
            if (block == null
                    || heapOffset - block.getKey() >= block.getValue()[0]
                    || length > block.getValue()[0] - (heapOffset - block.getKey())) {
                throw file.malformed(offset, "an object of a heap must be within a block, is at " + heapOffset);
            }
            return new long[] {block.getValue()[1] + heapOffset - block.getKey(), length};
        }
    }

    /** Walks a version 2 B-tree of the given type. */
    static long tree(Hdf5File file, long address, int type, Records records) throws IOException {
        Cursor c = file.at(address);
        file.signature(c, "BTHD");
        file.version(c, 0, "B-tree");
        int actual = c.u8();
        long nodeSize = c.u32le();
        int recordSize = c.u16le();
        int depth = c.u16le();
        c.skip(2);
        long root = file.address(c);
        int rootRecords = c.u16le();
        long total = file.length(c);
        long length = c.position() - address;
        file.checksum(address, length);
        file.enter(address, length + 4, "a B-tree");
        if (actual != type) {
            throw file.malformed(address, "a B-tree must be of type " + type + ", was " + actual);
        }
        if (recordSize < 1 || nodeSize < 10L + recordSize || depth > MOST_DEPTH) {
            throw file.malformed(address, "a B-tree must have nodes of a record and more, at most 16 deep");
        }
        Tree tree = new Tree(file, type, nodeSize, recordSize, depth, records);
        long seen = root == Hdf5File.UNDEFINED ? 0 : tree.node(root, depth, rootRecords);
        if (seen != total) {
            throw file.malformed(
                    address, "a B-tree must hold as many records as it says, " + total + ", holds " + seen);
        }
        return total;
    }

    private static final class Tree {
        private final Hdf5File file;
        private final int type;
        private final long nodeSize;
        private final int recordSize;
        private final Records records;
        private final long[] most;
        private final int[] totalWidth;
        private final int countWidth;

        Tree(Hdf5File file, int type, long nodeSize, int recordSize, int depth, Records records) {
            this.file = file;
            this.type = type;
            this.nodeSize = nodeSize;
            this.recordSize = recordSize;
            this.records = records;
            this.most = new long[depth + 1];
            this.totalWidth = new int[depth + 1];
            most[0] = (nodeSize - 10) / recordSize;
            countWidth = width(most[0]);
            long cumulative = most[0];
            for (int level = 1; level <= depth; level++) {
                int pointer = file.offsetSize() + countWidth + totalWidth[level - 1];
                most[level] = Math.max(0, (nodeSize - 10 - pointer) / (recordSize + pointer));
                cumulative = cumulative > Long.MAX_VALUE / (most[level] + 2)
                        ? Long.MAX_VALUE
                        : (most[level] + 1) * cumulative + most[level];
                totalWidth[level] = width(cumulative);
            }
        }

        private static int width(long most) {
            return (63 - Long.numberOfLeadingZeros(Math.max(1, most))) / 8 + 1;
        }

        long node(long address, int level, int count) throws IOException {
            file.enter(address, nodeSize, "a node of a B-tree");
            if (count > most[level]) {
                throw file.malformed(address, "records of a node must be <= " + most[level] + ", were " + count);
            }
            Cursor c = file.at(address);
            file.signature(c, level == 0 ? "BTLF" : "BTIN");
            file.version(c, 0, "node of a B-tree");
            if (c.u8() != type) {
                throw file.malformed(address, "a node must be of the type of its tree");
            }
            long content = c.position();
            long pointers = content + (long) count * recordSize;
            int pointer = level == 0 ? 0 : file.offsetSize() + countWidth + totalWidth[level - 1];
            long end = pointers + (level == 0 ? 0 : (count + 1L) * pointer);
            file.checksum(address, end - address);
            if (level == 0) {
                for (int i = 0; i < count; i++) {
                    file.inspection().step();
                    long at = c.position();
                    records.record(c.bytes(recordSize), at);
                }
                return count;
            }
            long seen = count;
            for (int i = 0; i <= count; i++) {
                Cursor p = file.at(pointers + (long) i * pointer);
                long child = file.address(p);
                int childCount = (int) Math.min(Integer.MAX_VALUE, Hdf5File.uint(p, countWidth));
                long childTotal = level > 1 ? Hdf5File.uint(p, totalWidth[level - 1]) : childCount;
                long held = node(child, level - 1, childCount);
                if (held != childTotal) {
                    throw file.malformed(address, "a child must hold as many records as its parent says");
                }
                seen += held;
                if (i < count) {
                    long at = c.position();
                    records.record(c.bytes(recordSize), at);
                }
            }
            return seen;
        }
    }
}
