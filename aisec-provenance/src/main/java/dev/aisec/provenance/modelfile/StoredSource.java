// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The bytes of a store, read through a few blocks that are kept: its memory does not grow with the file. */
final class StoredSource extends ByteSource {
    /** Bytes of a block; segments of the sweep are multiples. */
    static final int BLOCK = FirstReads.BLOCK;

    private static final int KEPT = 16;

    private final Store store;
    private final long length;
    private final @Nullable FirstReads reads;
    private final byte[][] blocks = new byte[KEPT][];
    private final long[] numbers = new long[KEPT];
    private final long[] used = new long[KEPT];
    private long clock;

    /** Whatever is handed out is noted in {@code reads}, if there are any. */
    StoredSource(Store store, long length, @Nullable FirstReads reads) {
        this.store = store;
        this.length = length;
        this.reads = reads;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    void readWithin(long offset, byte[] into, int from, int count) throws IOException {
        long at = offset;
        int done = 0;
        while (done < count) {
            byte[] block = block(at / BLOCK);
            int inside = (int) (at % BLOCK);
            int n = Math.min(count - done, BLOCK - inside);
            System.arraycopy(block, inside, into, from + done, n);
            done += n;
            at += n;
        }
    }

    private byte[] block(long number) throws IOException {
        int oldest = 0;
        for (int i = 0; i < KEPT; i++) {
            if (used[i] > 0 && numbers[i] == number) {
                used[i] = ++clock;
                return blocks[i];
            }
            if (used[i] < used[oldest]) {
                oldest = i;
            }
        }
        int there = (int) Math.min(BLOCK, length - number * BLOCK);
        byte[] block = blocks[oldest] == null ? new byte[(int) Math.min(BLOCK, length)] : blocks[oldest];
        // Not valid until it is complete and checked.
        used[oldest] = 0;
        if (store.read(number * BLOCK, block, 0, there) < there) {
            throw new Refusal(FileRules.CHANGED, -1, "the file must keep its length of " + length + ", became shorter");
        }
        if (reads != null) {
            reads.check(number, block, 0, there);
        }
        blocks[oldest] = block;
        numbers[oldest] = number;
        used[oldest] = ++clock;
        return block;
    }
}
