// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.MalformedInputException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GroupScoresTest {
    private static final GroupSpace SEX = GroupSpace.of("sex", "f", "m", GroupSpace.MISSING);

    /** The rows from one place to another of a fixed data set; group 2 has none. */
    private static GroupScores scores(int from, int to, boolean weighted) {
        SplittableRandom random = new SplittableRandom(5);
        int[] groups = random.ints(200, 0, 2).toArray();
        boolean[] labels = new boolean[200];
        double[] values = new double[200];
        double[] weights = new double[200];
        for (int i = 0; i < 200; i++) {
            labels[i] = random.nextBoolean();
            values[i] = random.nextInt(40) / 8.0 - 2;
            // Of 3 bits: sums are exact in any order.
            weights[i] = random.nextInt(8) / 8.0;
        }
        return GroupScores.of(
                SEX,
                Arrays.copyOfRange(groups, from, to),
                Arrays.copyOfRange(labels, from, to),
                Arrays.copyOfRange(values, from, to),
                weighted ? Arrays.copyOfRange(weights, from, to) : null);
    }

    private static GroupScores again(GroupScores scores) {
        return GroupScores.fromBytes(scores.toBytes());
    }

    @Test
    void bytes_roundTrip_givesEqualScores() {
        for (boolean weighted : new boolean[] {false, true}) {
            for (int to : new int[] {0, 1, 200}) {
                GroupScores scores = scores(0, to, weighted);
                assertThat(again(scores)).isEqualTo(scores).hasSameHashCodeAs(scores);
                assertThat(again(scores).toBytes()).isEqualTo(scores.toBytes());
            }
        }
        assertThat(scores(0, 200, false)).isNotEqualTo(scores(0, 199, false)).isNotEqualTo(scores(0, 200, true));
        GroupScores.Histogram histogram = new GroupScores.Histogram(SEX, 4, 0, 1);
        histogram.add(1, true, 0.3, 2.5);
        histogram.add(1, true, 0.31);
        assertThat(again(histogram.scores())).isEqualTo(histogram.scores());
    }

    @Test
    void merge_partsThroughBytes_givesWhole() {
        for (boolean weighted : new boolean[] {false, true}) {
            GroupScores a = again(scores(0, 70, weighted));
            GroupScores b = again(scores(70, 90, weighted));
            GroupScores c = again(scores(90, 200, weighted));
            GroupScores whole = scores(0, 200, weighted);
            assertThat(a.merge(b).merge(c)).isEqualTo(whole);
            assertThat(c.merge(b.merge(a))).isEqualTo(whole);
            assertThat(again(a.merge(b).merge(c)).toBytes()).isEqualTo(whole.toBytes());
            assertThat(ScoreAudit.of().audit(again(whole), 0))
                    .isEqualTo(ScoreAudit.of().audit(whole, 0));
        }
    }

    @Test
    void fromBytes_hostile_throwsMalformedOnly() {
        for (boolean weighted : new boolean[] {false, true}) {
            byte[] good = scores(0, 12, weighted).toBytes();
            for (int length = 0; length < good.length; length++) {
                byte[] cut = Arrays.copyOf(good, length);
                assertThatThrownBy(() -> GroupScores.fromBytes(cut)).isInstanceOf(MalformedInputException.class);
            }
            assertThatThrownBy(() -> GroupScores.fromBytes(Arrays.copyOf(good, good.length + 1)))
                    .isInstanceOf(MalformedInputException.class)
                    .hasMessageContaining("must end here");
            SplittableRandom random = new SplittableRandom(2);
            for (int i = 0; i < 50_000; i++) {
                byte[] bad = good.clone();
                for (int k = random.nextInt(3); k >= 0; k--) {
                    bad[random.nextInt(bad.length)] = (byte) random.nextInt();
                }
                try {
                    assertThat(GroupScores.fromBytes(bad).toBytes()).isEqualTo(bad);
                } catch (MalformedInputException expected) {
                    assertThat(expected.offset()).isBetween(0L, (long) bad.length);
                }
            }
            for (int i = 0; i < 5_000; i++) {
                byte[] garbage = new byte[random.nextInt(200)];
                random.nextBytes(garbage);
                assertThatThrownBy(() -> GroupScores.fromBytes(garbage)).isInstanceOf(MalformedInputException.class);
            }
        }
    }

    @Test
    void fromBytes_impossibleContents_areRefused() {
        GroupSpace one = GroupSpace.of("a", "v");
        GroupScores two = GroupScores.of(
                one, new int[2], new boolean[] {true, false}, new double[] {0.25, 0.5}, new double[] {2, 1});
        byte[] good = two.toBytes();
        // Rows by label, number of scores, then score, weight, square, weight, square.
        int rows = good.length - 2 * 40 - 20;
        assertThat(GroupScores.fromBytes(good)).isEqualTo(two);
        refused(good, rows, Long.MAX_VALUE, "all at most 2^53");
        refused(good, rows, -1, "rows must be >= 0");
        refused(good, rows + 20, Double.doubleToLongBits(Double.NaN), "ascend");
        refused(good, rows + 20, Double.doubleToLongBits(0.75), "ascend");
        refused(good, rows + 20, Double.doubleToLongBits(-0.0), "not be -0");
        // A weight of 2 whose square is 5, or a row more than there are.
        refused(good, rows + 20 + 32, Double.doubleToLongBits(5), "those of at most 1 weights");
        refused(good, rows + 20 + 32, Double.doubleToLongBits(3), "those of at most 1 weights");
        refused(good, rows + 20 + 24, Double.doubleToLongBits(Double.POSITIVE_INFINITY), "those of at most 1 weights");
        refused(good, rows + 20 + 24, Double.doubleToLongBits(-2), "those of at most 1 weights");
        byte[] count = good.clone();
        ByteBuffer.wrap(count).putInt(rows + 16, Integer.MAX_VALUE);
        assertThatThrownBy(() -> GroupScores.fromBytes(count)).hasMessageContaining("must fit the rest");
        byte[] magic = good.clone();
        magic[3] = 'C';
        assertThatThrownBy(() -> GroupScores.fromBytes(magic)).hasMessageContaining("magic must be AFGS");
        byte[] version = good.clone();
        version[4] = 2;
        assertThatThrownBy(() -> GroupScores.fromBytes(version)).hasMessageContaining("version must be 1, was 2");
        // Two attributes of 256 values each are 65,536 groups, whose blocks are not there.
        String[] values = new String[256];
        Arrays.setAll(values, v -> "v" + v);
        GroupCube empty = GroupCube.accumulator(new GroupSpace(List.of(
                        new GroupSpace.Attribute("a", List.of(values)),
                        new GroupSpace.Attribute("b", List.of(values)))))
                .cube();
        byte[] wide = empty.toBytes();
        wide[3] = 'S';
        assertThatThrownBy(() -> GroupScores.fromBytes(wide)).isInstanceOf(MalformedInputException.class);
    }

    private static void refused(byte[] good, int at, long bits, String message) {
        byte[] bad = good.clone();
        ByteBuffer.wrap(bad).putLong(at, bits);
        assertThatThrownBy(() -> GroupScores.fromBytes(bad))
                .isInstanceOf(MalformedInputException.class)
                .hasMessageContaining(message);
    }
}
