// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;

/** The bytes of a private file, or of another store that nobody else changes. */
final class StoreView extends ByteSource {
    private final Store store;
    private final long length;

    StoreView(Store store, long length) {
        this.store = store;
        this.length = length;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    void readWithin(long offset, byte[] into, int from, int count) throws IOException {
        if (store.read(offset, into, from, count) < count) {
            throw new IOException("a private file must keep its length, became shorter");
        }
    }
}
