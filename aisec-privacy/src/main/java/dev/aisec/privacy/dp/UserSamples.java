// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;
import java.util.Arrays;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;

/**
 * At most m entries of each user, a uniform sample of what the user has: those of the least priorities, where each entry gets a
 * secure random one. What is kept does not depend on the order of entries and survives merging.
 *
 * <p>If values are distinct, equal ones of a user are one entry, of the least of their priorities.
 *
 * <p>Source: Efraimidis, Spirakis, Weighted random sampling with a reservoir, Information Processing Letters 97, 2006 (sampling by
 * keys; here of equal weights).
 */
final class UserSamples {
    private static final int MAX_USERS = 1 << 29;
    private static final int MAX_ENTRIES = Integer.MAX_VALUE - 8;
    private static final int NONE = -1;

    private final int limit;
    private final boolean distinct;
    /** Odd and secret: users cannot choose ids that collide. */
    private final long hashKey = SecureBits.current().nextLong() | 1;
    /** Row + 1, or 0. */
    private int[] table = new int[16];

    private int rows;
    private long[] ids = new long[8];
    private int[] kept = new int[8];
    /** A row's first entry; entries of a row are linked. */
    private int[] first = new int[8];

    private int entries;
    private long[] priorities = new long[8];
    private long[] values = new long[8];
    private int[] next = new int[8];

    UserSamples(int limit) {
        this(limit, false);
    }

    UserSamples(int limit, boolean distinct) {
        this.limit = limit;
        this.distinct = distinct;
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
        if (distinct && known(row, value, priority)) {
            return;
        }
        if (kept[row] < limit) {
            if (entries == values.length) {
                growEntries();
            }
            priorities[entries] = priority;
            values[entries] = value;
            next[entries] = first[row];
            first[row] = entries++;
            kept[row]++;
            return;
        }
        int last = first[row];
        for (int i = next[last]; i != NONE; i = next[i]) {
            last = priorities[i] > priorities[last] ? i : last;
        }
        if (priority < priorities[last]) {
            priorities[last] = priority;
            values[last] = value;
        }
    }

    private boolean known(int row, long value, long priority) {
        for (int i = first[row]; i != NONE; i = next[i]) {
            if (values[i] == value) {
                priorities[i] = Math.min(priorities[i], priority);
                return true;
            }
        }
        return false;
    }

    void addAll(UserSamples other) {
        addAll(other, LongUnaryOperator.identity());
    }

    /** Adds the other's entries, with values as given for the other's. */
    void addAll(UserSamples other, LongUnaryOperator value) {
        for (int row = 0; row < other.rows; row++) {
            for (int i = other.first[row]; i != NONE; i = other.next[i]) {
                add(other.ids[row], value.applyAsLong(other.values[i]), other.priorities[i]);
            }
        }
    }

    void forEach(LongConsumer consumer) {
        for (int i = 0; i < entries; i++) {
            consumer.accept(values[i]);
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
            growRows();
        }
        ids[rows] = user;
        first[rows] = NONE;
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

    private void growRows() {
        int capacity = larger(rows, MAX_USERS, "users");
        ids = Arrays.copyOf(ids, capacity);
        kept = Arrays.copyOf(kept, capacity);
        first = Arrays.copyOf(first, capacity);
    }

    private void growEntries() {
        int capacity = larger(entries, MAX_ENTRIES, "entries");
        priorities = Arrays.copyOf(priorities, capacity);
        values = Arrays.copyOf(values, capacity);
        next = Arrays.copyOf(next, capacity);
    }

    private static int larger(int full, int most, String what) {
        if (full == most) {
            throw new IllegalStateException(what + " of users must be at most " + most + ", were more");
        }
        return (int) Math.min(most, full + (full >> 1) + 8L);
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
        write(out, LongUnaryOperator.identity());
    }

    void write(StateBytes.Writer out, LongUnaryOperator value) {
        out.putInt(rows);
        int[] order = IntStream.range(0, rows)
                .boxed()
                .sorted((a, b) -> Long.compare(ids[a], ids[b]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int row : order) {
            out.putLong(ids[row]);
            out.putInt(kept[row]);
            IntStream.iterate(first[row], i -> i != NONE, i -> next[i])
                    .boxed()
                    .sorted((a, b) -> Long.compare(priorities[a], priorities[b]))
                    .forEach(i -> {
                        out.putLong(priorities[i]);
                        out.putLong(value.applyAsLong(values[i]));
                    });
        }
    }

    static UserSamples read(StateBytes.Reader in, int limit, long least, long largest) {
        return read(in, new UserSamples(limit), least, largest);
    }

    static UserSamples read(StateBytes.Reader in, UserSamples samples, long least, long largest) {
        int users = in.getInt("users", 0, MAX_USERS);
        long before = 0;
        for (int u = 0; u < users; u++) {
            long id = in.getLong();
            if (u > 0 && id <= before) {
                throw new MalformedInputException(
                        in.offset() - Long.BYTES, "users must be in ascending order, were not");
            }
            before = id;
            int n = in.getInt("entries of a user", 1, samples.limit);
            int expected = samples.entries + n;
            for (int i = 0; i < n; i++) {
                long priority = in.getLong();
                samples.add(id, in.getLong("value", least, largest), priority);
            }
            if (samples.entries != expected) {
                throw new MalformedInputException(in.offset(), "values of a user must be distinct, were not");
            }
        }
        return samples;
    }
}
