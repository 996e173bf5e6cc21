// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Immutable values that follow from a number and take long to compute; the last few are kept. Which ones are depends on
 * parameters alone, never on data. Safe for concurrent use.
 */
final class Recent<T> {
    private final int bits;
    private final DoubleFunction<T> compute;
    private final AtomicReferenceArray<@Nullable Entry<T>> slots;

    /** A number exactly, and what follows from it. */
    private record Entry<T>(long key, T value) {}

    /** Keeps at most 2^bits values. */
    Recent(int bits, DoubleFunction<T> compute) {
        this.bits = bits;
        this.compute = compute;
        slots = new AtomicReferenceArray<>(1 << bits);
    }

    T get(double number) {
        long key = Double.doubleToLongBits(number);
        // Fibonacci hashing: the high digits depend on all of the key, of which the low ones are often 0.
        int slot = (int) (key * 0x9E3779B97F4A7C15L >>> Long.SIZE - bits);
        Entry<T> entry = slots.get(slot);
        if (entry == null || entry.key != key) {
            entry = new Entry<>(key, compute.apply(number));
            slots.set(slot, entry);
        }
        return entry.value;
    }
}
