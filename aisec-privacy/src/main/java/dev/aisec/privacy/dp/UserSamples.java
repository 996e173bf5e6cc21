// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * At most m entries of each user, a uniform sample of what the user has: those of the least priorities, where each entry gets a
 * secure random one. What is kept does not depend on the order of entries and survives merging.
 *
 * <p>Source: Efraimidis, Spirakis, Weighted random sampling with a reservoir, Information Processing Letters 97, 2006 (sampling by
 * keys; here of equal weights).
 */
final class UserSamples {
    private static final int MAX_ROWS = 1 << 29;

    private final int limit;
    /** Odd and secret: users cannot choose ids that collide. */
    private final long hashKey = SecureBits.current().nextLong() | 1;
    /** Row + 1, or 0. */
    private int[] table = new int[16];

    private int rows;
    private long[] ids = new long[8];
    private int[] kept = new int[8];
    private long[] priorities;
    private long[] values;
    private long entries;

    UserSamples(int limit) {
        this.limit = limit;
        priorities = new long[8 * limit];
        values = new long[8 * limit];
    }

    /** Entries kept. */
    long entries() {
        return entries;
    }

    int users() {
        return rows;
    }

    void add(long user, long value, long priority) {
        int row = row(user);
        int from = row * limit;
        int n = kept[row];
        if (n < limit) {
            priorities[from + n] = priority;
            values[from + n] = value;
            kept[row]++;
            entries++;
            return;
        }
        int last = from;
        for (int i = from + 1; i < from + limit; i++) {
            last = priorities[i] > priorities[last] ? i : last;
        }
        if (priority < priorities[last]) {
            priorities[last] = priority;
            values[last] = value;
        }
    }

    void addAll(UserSamples other) {
        for (int row = 0; row < other.rows; row++) {
            for (int i = row * limit; i < row * limit + other.kept[row]; i++) {
                add(other.ids[row], other.values[i], other.priorities[i]);
            }
        }
    }

    void forEach(LongConsumer consumer) {
        for (int row = 0; row < rows; row++) {
            for (int i = row * limit; i < row * limit + kept[row]; i++) {
                consumer.accept(values[i]);
            }
        }
    }

    private int row(long user) {
        int slot = slot(user);
        while (table[slot] != 0) {
            if (ids[table[slot] - 1] == user) {
                return table[slot] - 1;
            }
            slot = slot + 1 & table.length - 1;
        }
        if (rows == ids.length) {
            grow();
        }
        ids[rows] = user;
        table[slot] = ++rows;
        int row = rows - 1;
        if (2 * rows > table.length) {
            rehash();
        }
        return row;
    }

    private int slot(long user) {
        long mixed = (user ^ user >>> 32) * hashKey;
        mixed = (mixed ^ mixed >>> 29) * hashKey;
        return (int) (mixed >>> 33) & table.length - 1;
    }

    private void grow() {
        int capacity = rows + (rows >> 1);
        if (capacity > MAX_ROWS || (long) capacity * limit > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException("users must fit into memory, were more than " + rows);
        }
        ids = Arrays.copyOf(ids, capacity);
        kept = Arrays.copyOf(kept, capacity);
        priorities = Arrays.copyOf(priorities, capacity * limit);
        values = Arrays.copyOf(values, capacity * limit);
    }

    private void rehash() {
        table = new int[table.length * 2];
        for (int row = 0; row < rows; row++) {
            int slot = slot(ids[row]);
            while (table[slot] != 0) {
                slot = slot + 1 & table.length - 1;
            }
            table[slot] = row + 1;
        }
    }

    /** Users in ascending order, their entries in order of priority: equal contents give equal bytes. */
    void write(StateBytes.Writer out) {
        out.putInt(rows);
        int[] order = IntStream.range(0, rows)
                .boxed()
                .sorted((a, b) -> Long.compare(ids[a], ids[b]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int row : order) {
            out.putLong(ids[row]);
            out.putInt(kept[row]);
            IntStream.range(row * limit, row * limit + kept[row])
                    .boxed()
                    .sorted((a, b) -> Long.compare(priorities[a], priorities[b]))
                    .forEach(i -> {
                        out.putLong(priorities[i]);
                        out.putLong(values[i]);
                    });
        }
    }

    static UserSamples read(StateBytes.Reader in, int limit, long least, long largest) {
        UserSamples samples = new UserSamples(limit);
        int users = in.getInt("users", 0, MAX_ROWS);
        long before = 0;
        for (int u = 0; u < users; u++) {
            long id = in.getLong();
            if (u > 0 && id <= before) {
                throw new MalformedInputException(in.offset() - Long.BYTES, "users must be in ascending order, were not");
            }
            before = id;
            int n = in.getInt("entries of a user", 1, limit);
            for (int i = 0; i < n; i++) {
                long priority = in.getLong();
                samples.add(id, in.getLong("value", least, largest), priority);
            }
        }
        return samples;
    }
}
