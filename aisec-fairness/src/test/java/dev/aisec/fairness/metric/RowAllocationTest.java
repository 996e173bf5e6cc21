// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Rows that are counted one by one leave no garbage: the bytes that this thread allocates are counted by the JVM. */
class RowAllocationTest {
    private static final int ROWS = 1_000_000;
    private static final long MOST_BYTES = 1024;
    private static final GroupSpace SPACE = GroupSpace.of("sex", "f", "m", GroupSpace.MISSING);

    private final int[] groups = new SplittableRandom(1).ints(1 << 10, 0, 3).toArray();

    private interface Pushing {
        void rows();
    }

    /** The fewest bytes of a few runs after one to warm up: the JVM may allocate in this thread while it compiles. */
    private static long allocated(Pushing pushing) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assertThat(threads.isThreadAllocatedMemorySupported()).isTrue();
        threads.setThreadAllocatedMemoryEnabled(true);
        long thread = Thread.currentThread().getId();
        pushing.rows();
        long least = Long.MAX_VALUE;
        for (int run = 0; run < 3; run++) {
            long before = threads.getThreadAllocatedBytes(thread);
            pushing.rows();
            least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
        }
        return least;
    }

    @Test
    void cube_millionRows_allocateNothing() {
        GroupCube.Accumulator table = GroupCube.accumulator(SPACE);
        long bytes = allocated(() -> {
            for (int i = 0; i < ROWS; i++) {
                table.add(groups[i & 1023], (i & 3) == 0, (i & 5) == 0);
            }
        });
        assertThat(bytes).isLessThan(MOST_BYTES);
        assertThat(table.cube().count()).isEqualTo(4L * ROWS);
    }

    @Test
    void cube_millionWeightedRows_allocateNothing() {
        GroupCube.Accumulator table = GroupCube.accumulator(SPACE);
        long bytes = allocated(() -> {
            for (int i = 0; i < ROWS; i++) {
                table.add(groups[i & 1023], (i & 3) == 0, (i & 5) == 0, 0.5 + (i & 7));
            }
        });
        assertThat(bytes).isLessThan(MOST_BYTES);
        assertThat(table.cube().count()).isEqualTo(4L * ROWS);
    }

    @Test
    void histogram_millionRows_allocateNothing() {
        GroupScores.Histogram histogram = new GroupScores.Histogram(SPACE, 8, 0, 1);
        long bytes = allocated(() -> {
            for (int i = 0; i < ROWS; i++) {
                histogram.add(groups[i & 1023], (i & 3) == 0, (i & 255) / 255.0);
            }
        });
        assertThat(bytes).isLessThan(MOST_BYTES);
    }

    @Test
    void count_oneObjectPerRow_wouldBeSeen() {
        Object[] kept = new Object[1];
        assertThat(allocated(() -> {
                    for (int i = 0; i < ROWS; i++) {
                        kept[0] = new int[1];
                    }
                }))
                .isGreaterThan(8L * ROWS);
    }
}
