// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.util.ArrayDeque;
import java.util.Deque;

/** Hands out written words for coins and written numbers for bounded draws. */
final class ScriptedBits implements BitSource {
    private final Deque<Long> words = new ArrayDeque<>();
    private final Deque<Long> numbers = new ArrayDeque<>();

    ScriptedBits word(long word) {
        words.add(word);
        return this;
    }

    ScriptedBits number(long number) {
        numbers.add(number);
        return this;
    }

    boolean isUsedUp() {
        return words.isEmpty() && numbers.isEmpty();
    }

    @Override
    public long nextLong() {
        return words.remove();
    }

    @Override
    public long nextLong(long bound) {
        long number = numbers.remove();
        if (number >= bound) {
            throw new AssertionError("number " + number + " was not below " + bound);
        }
        return number;
    }
}
