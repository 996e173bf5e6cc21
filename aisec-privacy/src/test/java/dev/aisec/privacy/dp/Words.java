// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

/** Given words in order; asking for more than there are is an error. */
final class Words implements BitSource {
    private final long[] words;
    private int used;

    Words(long... words) {
        this.words = words;
    }

    @Override
    public long nextLong() {
        if (used == words.length) {
            throw new IllegalStateException("word " + (used + 1) + " was asked for");
        }
        return words[used++];
    }

    int used() {
        return used;
    }
}
