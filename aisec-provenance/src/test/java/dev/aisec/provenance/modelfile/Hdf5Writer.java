// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes small HDF5 files for tests, good ones and bad ones: structures are put together by hand. */
final class Hdf5Writer {
    /** A message of an object header. */
    record Message(int type, int flags, byte[] body) {}

    /** Little endian bytes. */
    static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes u(long value, int width) {
            for (int i = 0; i < width; i++) {
                out.write((int) (value >> 8 * i));
            }
            return this;
        }

        Bytes u8(int... values) {
            for (int value : values) {
                out.write(value);
            }
            return this;
        }

        Bytes raw(byte[] bytes) {
            out.writeBytes(bytes);
            return this;
        }

        Bytes ascii(String text) {
            return raw(text.getBytes(StandardCharsets.UTF_8));
        }

        Bytes pad(int multiple) {
            while (out.size() % multiple != 0) {
                out.write(0);
            }
            return this;
        }

        int size() {
            return out.size();
        }

        byte[] get() {
            return out.toByteArray();
        }
    }

    private static final long UNDEFINED = -1;
    private byte[] file;
    private int end;
    private final boolean old;
    long extension = UNDEFINED;
    long driver = UNDEFINED;
    int superblock = 2;

    /** Of the old kind: superblock 0, headers of version 1, symbol tables; else superblock 2, links in headers. */
    Hdf5Writer(boolean old) {
        this.old = old;
        this.file = new byte[4096];
        this.end = old ? 96 : 48;
    }

    long put(byte[] bytes) {
        long at = reserve(bytes.length);
        set(at, bytes);
        return at;
    }

    long reserve(int size) {
        int at = (end + 7) / 8 * 8;
        end = at + size;
        if (end > file.length) {
            file = Arrays.copyOf(file, end * 2);
        }
        return at;
    }

    void set(long at, byte[] bytes) {
        System.arraycopy(bytes, 0, file, (int) at, bytes.length);
    }

    static byte[] summed(byte[] bytes) {
        return new Bytes().raw(bytes).u(Hdf5File.lookup3(bytes), 4).get();
    }

    static byte[] header2(List<Message> messages) {
        Bytes body = new Bytes();
        for (Message m : messages) {
            body.u8(m.type).u(m.body.length, 2).u8(m.flags).raw(m.body);
        }
        return summed(new Bytes()
                .ascii("OHDR")
                .u8(2, 2)
                .u(body.size(), 4)
                .raw(body.get())
                .get());
    }

    static byte[] header1(List<Message> messages) {
        Bytes body = new Bytes();
        for (Message m : messages) {
            byte[] padded = new Bytes().raw(m.body).pad(8).get();
            body.u(m.type, 2).u(padded.length, 2).u8(m.flags, 0, 0, 0).raw(padded);
        }
        return new Bytes()
                .u8(1, 0)
                .u(messages.size(), 2)
                .u(1, 4)
                .u(body.size(), 4)
                .u(0, 4)
                .raw(body.get())
                .get();
    }

    long object(Message... messages) {
        List<Message> all = Arrays.asList(messages);
        return put(old ? header1(all) : header2(all));
    }

    // --- messages ---

    static Message link(String name, long address) {
        return link(name, 0, new Bytes().u(address, 8).get());
    }

    static Message link(String name, int type, byte[] value) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        return new Message(
                0x06,
                0,
                new Bytes().u8(1, 8, type, utf8.length).raw(utf8).raw(value).get());
    }

    static Message groupInfo() {
        return new Message(0x02, 0, new Bytes().u8(0, 0).u(-1, 8).u(-1, 8).get());
    }

    static Message space(long... dims) {
        Bytes b = new Bytes().u8(1, dims.length, 0, 0).u(0, 4);
        for (long dim : dims) {
            b.u(dim, 8);
        }
        return new Message(0x01, 0, b.get());
    }

    static byte[] f32() {
        return new Bytes()
                .u8(0x11, 0x20, 31, 0)
                .u(4, 4)
                .u(0, 2)
                .u(32, 2)
                .u8(23, 8, 0, 23)
                .u(127, 4)
                .get();
    }

    static byte[] f16() {
        return new Bytes()
                .u8(0x11, 0x20, 15, 0)
                .u(2, 4)
                .u(0, 2)
                .u(16, 2)
                .u8(10, 5, 0, 10)
                .u(15, 4)
                .get();
    }

    static byte[] bf16() {
        return new Bytes()
                .u8(0x11, 0x20, 15, 0)
                .u(2, 4)
                .u(0, 2)
                .u(16, 2)
                .u8(7, 8, 0, 7)
                .u(127, 4)
                .get();
    }

    static byte[] f64be() {
        return new Bytes()
                .u8(0x11, 0x21, 63, 0)
                .u(8, 4)
                .u(0, 2)
                .u(64, 2)
                .u8(52, 11, 0, 52)
                .u(1023, 4)
                .get();
    }

    static byte[] string(int size) {
        return new Bytes().u8(0x13, 0, 0, 0).u(size, 4).get();
    }

    static byte[] variableString() {
        return new Bytes()
                .u8(0x19, 1, 0, 0)
                .u(16, 4)
                .u8(0x10, 0, 0, 0)
                .u(1, 4)
                .u(0, 2)
                .u(8, 2)
                .get();
    }

    static Message type(byte[] type) {
        return new Message(0x03, 1, type);
    }

    static Message contiguous(long address, long size) {
        return new Message(
                0x08, 0, new Bytes().u8(3, 1).u(address, 8).u(size, 8).get());
    }

    static Message compact(byte[] data) {
        return new Message(
                0x08, 0, new Bytes().u8(3, 0).u(data.length, 2).raw(data).get());
    }

    static Message chunked(long tree, int elementSize, long... dims) {
        Bytes b = new Bytes().u8(3, 2, dims.length + 1).u(tree, 8);
        for (long dim : dims) {
            b.u(dim, 4);
        }
        return new Message(0x08, 0, b.u(elementSize, 4).get());
    }

    static Message filters(int... ids) {
        Bytes b = new Bytes().u8(2, ids.length);
        for (int id : ids) {
            b.u(id, 2);
            if (id >= 256) {
                b.u(0, 2);
            }
            b.u(0, 2).u(id == 2 ? 1 : 0, 2);
            if (id == 2) {
                b.u(4, 4);
            }
        }
        return new Message(0x0b, 0, b.get());
    }

    static Message attribute(String name, byte[] type, byte[] data, long... dims) {
        byte[] utf8 = (name + "\0").getBytes(StandardCharsets.UTF_8);
        byte[] space = space(dims).body;
        return new Message(
                0x0c,
                0,
                new Bytes()
                        .u8(3, 0)
                        .u(utf8.length, 2)
                        .u(type.length, 2)
                        .u(space.length, 2)
                        .u8(0)
                        .raw(utf8)
                        .raw(type)
                        .raw(space)
                        .raw(data)
                        .get());
    }

    static Message attribute(String name, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return attribute(name, string(Math.max(1, utf8.length)), utf8.length == 0 ? new byte[1] : utf8);
    }

    /** A tree with one leaf of chunks: offset, address and stored size of each. */
    long chunks(int rank, long[]... entries) {
        Bytes b =
                new Bytes().ascii("TREE").u8(1, 0).u(entries.length, 2).u(-1, 8).u(-1, 8);
        for (long[] entry : entries) {
            b.u(entry[rank + 1], 4).u(0, 4);
            for (int i = 0; i < rank; i++) {
                b.u(entry[i], 8);
            }
            b.u(0, 8).u(entry[rank], 8);
        }
        byte[] node = Arrays.copyOf(b.get(), 24 + 65 * (8 + 8 * (rank + 1)) + 64 * 8);
        return put(node);
    }

    long floats(float... values) {
        return put(floatBytes(values));
    }

    static byte[] floatBytes(float... values) {
        Bytes b = new Bytes();
        for (float value : values) {
            b.u(Float.floatToRawIntBits(value), 4);
        }
        return b.get();
    }

    long dataset(float... values) {
        long data = floats(values);
        return object(space(values.length), type(f32()), contiguous(data, 4L * values.length));
    }

    /** A group of the old kind; names must be in order. */
    long oldGroup(List<String> names, List<Long> addresses, List<Message> attributes) {
        return oldGroup(names, addresses, attributes, 0, -1);
    }

    /** The same, where one entry is of another type, or the tree has its own address as child at level 1. */
    long oldGroup(List<String> names, List<Long> addresses, List<Message> attributes, int cacheType, int level) {
        Bytes heap = new Bytes().u(0, 8);
        List<Integer> places = new ArrayList<>();
        for (String name : names) {
            places.add(heap.size());
            heap.ascii(name + "\0").pad(8);
        }
        long data = put(heap.get());
        long heapAt = put(new Bytes()
                .ascii("HEAP")
                .u(0, 4)
                .u(heap.size(), 8)
                .u(1, 8)
                .u(data, 8)
                .get());
        Bytes nodes = new Bytes().ascii("SNOD").u8(1, 0).u(names.size(), 2);
        for (int i = 0; i < names.size(); i++) {
            nodes.u(places.get(i), 8)
                    .u(addresses.get(i), 8)
                    .u(cacheType, 4)
                    .u(0, 4)
                    .u(0, 8)
                    .u(0, 8);
        }
        long node = put(Arrays.copyOf(nodes.get(), 8 + 8 * 40));
        long tree = reserve(24 + 33 * 8 + 32 * 8);
        set(
                tree,
                new Bytes()
                        .ascii("TREE")
                        .u8(0, level < 0 ? 0 : level)
                        .u(1, 2)
                        .u(-1, 8)
                        .u(-1, 8)
                        .u(0, 8)
                        .u(level < 0 ? node : tree, 8)
                        .u(places.isEmpty() ? 0 : places.get(places.size() - 1), 8)
                        .get());
        List<Message> messages = new ArrayList<>();
        messages.add(new Message(0x11, 0, new Bytes().u(tree, 8).u(heapAt, 8).get()));
        messages.addAll(attributes);
        return put(header1(messages));
    }

    byte[] finish(long root) {
        Bytes b = new Bytes().u8(0x89).ascii("HDF\r\n").u8(0x1a).ascii("\n");
        if (old) {
            b.u8(0, 0, 0, 0, 0, 8, 8, 0)
                    .u(4, 2)
                    .u(16, 2)
                    .u(0, 4)
                    .u(0, 8)
                    .u(-1, 8)
                    .u(end, 8)
                    .u(driver, 8);
            b.u(0, 8).u(root, 8).u(0, 4).u(0, 4).u(0, 8).u(0, 8);
            set(0, b.get());
        } else {
            b.u8(superblock, 8, 8, 0).u(0, 8).u(extension, 8).u(end, 8).u(root, 8);
            set(0, summed(b.get()));
        }
        return Arrays.copyOf(file, end);
    }
}
