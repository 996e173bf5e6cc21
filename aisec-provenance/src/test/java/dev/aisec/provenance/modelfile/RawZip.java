// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes zip archives field by field, so that each of them can lie. */
final class RawZip {
    /** One entry; tests change what they want to be wrong. */
    static final class Entry {
        byte[] localName;
        byte[] centralName;
        byte[] data;
        byte[] localExtra = {};
        byte[] centralExtra = {};
        byte[] descriptor = {};
        byte[] between = {};
        int localFlags;
        int centralFlags;
        int method;
        int centralMethod;
        int localCrc;
        int centralCrc;
        long localSize;
        long centralSize;
        long localPacked;
        long centralPacked;
        long centralOffset = -1;
        int attributes;
    }

    final List<Entry> entries = new ArrayList<>();
    byte[] prefix = {};
    byte[] beforeDirectory = {};
    byte[] comment = {};
    byte[] suffix = {};
    int countLie;
    boolean zip64;
    int zip64CountLie;

    Entry stored(String name, byte[] content) {
        return add(name, content, content, 0);
    }

    Entry deflated(String name, byte[] content) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(content);
        deflater.finish();
        byte[] out = new byte[content.length * 2 + 64];
        int count = deflater.deflate(out);
        deflater.end();
        return add(name, content, java.util.Arrays.copyOf(out, count), 8);
    }

    private Entry add(String name, byte[] content, byte[] data, int method) {
        Entry e = new Entry();
        e.localName = name.getBytes(StandardCharsets.UTF_8);
        e.centralName = e.localName;
        e.data = data;
        e.method = method;
        e.centralMethod = method;
        CRC32 crc = new CRC32();
        crc.update(content);
        e.localCrc = (int) crc.getValue();
        e.centralCrc = e.localCrc;
        e.localSize = content.length;
        e.centralSize = content.length;
        e.localPacked = data.length;
        e.centralPacked = data.length;
        entries.add(e);
        return e;
    }

    /** Marks an entry as followed by a data descriptor. */
    static void describe(Entry e, boolean signed, boolean wide) {
        e.localFlags |= 8;
        e.centralFlags |= 8;
        ByteBuffer b = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        if (signed) {
            b.putInt(0x08074b50);
        }
        b.putInt(e.localCrc);
        if (wide) {
            b.putLong(e.localPacked).putLong(e.localSize);
        } else {
            b.putInt((int) e.localPacked).putInt((int) e.localSize);
        }
        e.descriptor = java.util.Arrays.copyOf(b.array(), b.position());
        e.localCrc = 0;
        e.localPacked = 0;
        e.localSize = 0;
    }

    static byte[] extra(int id, byte[] content) {
        return ByteBuffer.allocate(4 + content.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) id)
                .putShort((short) content.length)
                .put(content)
                .array();
    }

    static byte[] longs(long... values) {
        ByteBuffer b = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long v : values) {
            b.putLong(v);
        }
        return b.array();
    }

    byte[] bytes() {
        ByteBuffer out = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        out.put(prefix);
        long[] offsets = new long[entries.size()];
        for (int i = 0; i < entries.size(); i++) {
            Entry e = entries.get(i);
            offsets[i] = out.position();
            out.putInt(0x04034b50)
                    .putShort((short) 20)
                    .putShort((short) e.localFlags)
                    .putShort((short) e.method);
            out.putInt(0).putInt(e.localCrc).putInt((int) e.localPacked).putInt((int) e.localSize);
            out.putShort((short) e.localName.length).putShort((short) e.localExtra.length);
            out.put(e.localName).put(e.localExtra).put(e.data).put(e.descriptor).put(e.between);
        }
        out.put(beforeDirectory);
        int directory = out.position();
        for (int i = 0; i < entries.size(); i++) {
            Entry e = entries.get(i);
            out.putInt(0x02014b50).putShort((short) (3 << 8 | 20)).putShort((short) 20);
            out.putShort((short) e.centralFlags)
                    .putShort((short) e.centralMethod)
                    .putInt(0)
                    .putInt(e.centralCrc);
            out.putInt((int) e.centralPacked).putInt((int) e.centralSize);
            out.putShort((short) e.centralName.length).putShort((short) e.centralExtra.length);
            out.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(e.attributes);
            out.putInt((int) (e.centralOffset >= 0 ? e.centralOffset : offsets[i]));
            out.put(e.centralName).put(e.centralExtra);
        }
        int end = out.position();
        int count = entries.size() + countLie;
        if (zip64) {
            long count64 = entries.size() + zip64CountLie;
            out.putInt(0x06064b50)
                    .putLong(44)
                    .putShort((short) 45)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0);
            out.putLong(count64).putLong(count64).putLong(end - directory).putLong(directory);
            out.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
        }
        out.putInt(0x06054b50)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) count)
                .putShort((short) count);
        out.putInt(end - directory)
                .putInt(directory)
                .putShort((short) comment.length)
                .put(comment)
                .put(suffix);
        return java.util.Arrays.copyOf(out.array(), out.position());
    }
}
