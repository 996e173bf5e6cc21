// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/** Makes checksums right in place, so that a fuzzer gets past them: stored entries of zip, headers of tar and HDF5. */
final class Checksums {
    private Checksums() {}

    static byte[] repaired(byte[] bytes) {
        if (bytes.length > 30 && bytes[0] == 'P' && bytes[1] == 'K') {
            zip(bytes);
        } else if (bytes.length > 48 && bytes[1] == 'H' && bytes[2] == 'D' && bytes[3] == 'F') {
            hdf5(bytes);
        } else if (bytes.length >= 512 && bytes[257] == 'u' && bytes[258] == 's' && bytes[259] == 't') {
            tar(bytes);
        }
        return bytes;
    }

    private static void zip(byte[] bytes) {
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 46 <= bytes.length; at++) {
            if (file.getInt(at) != 0x02014b50 || file.getShort(at + 10) != 0) {
                continue;
            }
            long local = file.getInt(at + 42) & 0xffffffffL;
            if (local > bytes.length - 30) {
                continue;
            }
            int header = (int) local;
            long data = local + 30 + (file.getShort(header + 26) & 0xffff) + (file.getShort(header + 28) & 0xffff);
            long size = file.getInt(at + 20) & 0xffffffffL;
            if (file.getInt(header) == 0x04034b50 && data + size <= bytes.length) {
                CRC32 crc = new CRC32();
                crc.update(bytes, (int) data, (int) size);
                file.putInt(at + 16, (int) crc.getValue());
                file.putInt(header + 14, (int) crc.getValue());
            }
        }
    }

    private static void tar(byte[] bytes) {
        for (int at = 0; at + 512 <= bytes.length; at += 512) {
            if (bytes[at + 257] == 'u' && bytes[at + 258] == 's' && bytes[at + 259] == 't') {
                SeedFiles.tarChecksum(bytes, at);
            }
        }
    }

    private static void hdf5(byte[] bytes) {
        if (bytes[8] == 2 || bytes[8] == 3) {
            sum(bytes, 0, 44);
        }
        for (int i = 0; i + 10 < bytes.length; i++) {
            if (bytes[i] == 'O'
                    && bytes[i + 1] == 'H'
                    && bytes[i + 2] == 'D'
                    && bytes[i + 3] == 'R'
                    && bytes[i + 4] == 2) {
                int flags = bytes[i + 5];
                int width = 1 << (flags & 3);
                int at = i + 6 + ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0);
                long size = Mutations.number(bytes, at, width);
                if (size >= 0 && at + width + size + 4 <= bytes.length) {
                    sum(bytes, i, at + width + (int) size);
                }
            }
        }
    }

    private static void sum(byte[] bytes, int from, int to) {
        int sum = Hdf5File.lookup3(java.util.Arrays.copyOfRange(bytes, from, to));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(to, sum);
    }
}
