// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where inflated entries are kept while a file is inspected: all entries together take at most half of the memory that the
 * limits allow, the others follow one another in one private file.
 */
final class Spool {
    private final Inspection.Shared shared;
    private long held;
    private @Nullable PrivateFile file;

    Spool(Inspection.Shared shared) {
        this.shared = shared;
    }

    /** Fills a new place of known length. */
    interface Filler {
        void fill(Sink sink) throws IOException;
    }

    /** Takes bytes, no more than announced. */
    interface Sink {
        void put(byte[] bytes, int count) throws IOException;
    }

    /** Keeps {@code length} bytes, which the filler gives. */
    ByteSource keep(long length, Filler filler) throws IOException {
        if (length <= shared.policy.limits().memoryBytes() / 2 - held) {
            byte[] all = new byte[(int) length];
            int[] filled = new int[1];
            filler.fill((bytes, count) -> {
                System.arraycopy(bytes, 0, all, filled[0], count);
                filled[0] += count;
            });
            held += length;
            return ByteSource.of(all);
        }
        PrivateFile kept = file();
        long begin = kept.length();
        filler.fill((bytes, count) -> kept.append(bytes, 0, count));
        return new StoreView(kept, kept.length()).window(begin, length);
    }

    private PrivateFile file() throws IOException {
        if (file == null) {
            file = new PrivateFile();
            shared.resources.add(file);
        }
        return file;
    }
}
