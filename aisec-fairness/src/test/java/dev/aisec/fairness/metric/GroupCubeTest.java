// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.MalformedInputException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GroupCubeTest {
    private static final GroupSpace SEX = GroupSpace.of("sex", "f", "m", GroupSpace.MISSING);

    @Test
    void add_rowsAndColumns_giveSameCube() {
        SplittableRandom random = new SplittableRandom(1);
        int n = 1001;
        int[] groups = random.ints(n, 0, 3).toArray();
        boolean[] labels = new boolean[n];
        boolean[] decisions = new boolean[n];
        byte[] labelBytes = new byte[n];
        byte[] decisionBytes = new byte[n];
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        GroupCube.Accumulator rows = GroupCube.accumulator(SEX);
        GroupCube.Accumulator bytes = GroupCube.accumulator(SEX);
        long[] expected = new long[12];
        for (int i = 0; i < n; i++) {
            labels[i] = random.nextBoolean();
            decisions[i] = random.nextInt(3) == 0;
            labelBytes[i] = (byte) (labels[i] ? 1 : 0);
            decisionBytes[i] = (byte) (decisions[i] ? 1 : 0);
            rows.add(groups[i], labels[i], decisions[i]);
            expected[groups[i] * 4 + 2 * labelBytes[i] + decisionBytes[i]]++;
        }
        bytes.addAll(groups, labelBytes, decisionBytes);
        GroupCube columns = GroupCube.of(SEX, groups, labels, decisions);
        GroupCube weighted = GroupCube.of(SEX, groups, labels, decisions, ones);
        assertThat(columns).isEqualTo(rows.cube()).isEqualTo(bytes.cube()).isNotEqualTo(weighted);
        for (int g = 0; g < 3; g++) {
            for (int c = 0; c < 4; c++) {
                assertThat(columns.count(g, c > 1, c % 2 == 1)).isEqualTo(expected[g * 4 + c]);
                assertThat(weighted.weight(g, c > 1, c % 2 == 1)).isEqualTo(expected[g * 4 + c]);
            }
        }
        assertThat(columns.count()).isEqualTo(n);
    }

    @Test
    void merge_partsInAnyOrder_givesWhole() {
        GroupCube a = GroupCube.of(SEX, new int[] {0, 1}, new boolean[] {true, false}, new boolean[] {true, true});
        GroupCube b = GroupCube.of(
                SEX, new int[] {0, 2}, new boolean[] {true, false}, new boolean[] {true, false}, new double[] {2, 0.5});
        assertThat(a.merge(b)).isEqualTo(b.merge(a));
        assertThat(a.merge(b).weight(0, true, true)).isEqualTo(3);
        assertThat(a.merge(b).count(0, true, true)).isEqualTo(2);
        assertThatThrownBy(() ->
                        a.merge(GroupCube.accumulator(GroupSpace.of("x", "y")).cube()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("same groups");
    }

    @Test
    void add_badRows_areRefusedAndLeaveTheTable() {
        GroupCube.Accumulator table = GroupCube.accumulator(SEX);
        for (double weight : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> table.add(0, true, true, weight))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("weight must be 0 or in [1e-100, 1e100], was " + weight);
        }
        assertThatThrownBy(() -> table.add(3, true, true)).hasMessage("group must be in [0, 3), was 3");
        assertThatThrownBy(() -> table.addAll(new int[] {0, -1}, new boolean[2], new boolean[2]))
                .hasMessage("group must be in [0, 3), was -1");
        assertThatThrownBy(() -> table.addAll(new int[] {0}, new byte[] {2}, new byte[1]))
                .hasMessageContaining("labels must be 0 or 1");
        assertThatThrownBy(() -> table.addAll(new int[] {0}, new boolean[2], new boolean[1]))
                .hasMessageContaining("as many");
        table.add(1, true, false, 0);
        assertThat(table.cube().count()).isZero();
    }

    @Test
    void bytes_roundTrip_givesEqualCube() {
        GroupCube plain = GroupCube.of(SEX, new int[] {0, 1, 1}, new boolean[3], new boolean[] {true, false, true});
        GroupCube weighted =
                GroupCube.of(SEX, new int[] {0, 2}, new boolean[2], new boolean[2], new double[] {0.25, 3});
        for (GroupCube cube :
                new GroupCube[] {plain, weighted, GroupCube.accumulator(SEX).cube()}) {
            assertThat(GroupCube.fromBytes(cube.toBytes())).isEqualTo(cube);
        }
    }

    @Test
    void fromBytes_hostile_throwsMalformedOnly() {
        byte[] good = GroupCube.of(SEX, new int[] {0, 2}, new boolean[2], new boolean[2], new double[] {0.25, 3})
                .toBytes();
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> GroupCube.fromBytes(cut)).isInstanceOf(MalformedInputException.class);
        }
        assertThatThrownBy(() -> GroupCube.fromBytes(Arrays.copyOf(good, good.length + 1)))
                .isInstanceOf(MalformedInputException.class);
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            for (int k = random.nextInt(3); k >= 0; k--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                GroupCube cube = GroupCube.fromBytes(bad);
                assertThat(cube.toBytes()).isEqualTo(bad);
            } catch (MalformedInputException expected) {
                assertThat(expected.offset()).isBetween(0L, (long) bad.length);
            }
        }
    }

    @Test
    void fromBytes_moreGroupsThanAllowed_isRefused() {
        String[] many = new String[20_000];
        Arrays.setAll(many, i -> "v" + i);
        byte[] bytes = GroupCube.accumulator(GroupSpace.of("a", many)).cube().toBytes();
        assertThat(GroupCube.fromBytes(bytes).space().size()).isEqualTo(20_000);
        assertThatThrownBy(() -> GroupCube.fromBytes(bytes, 19_999)).isInstanceOf(MalformedInputException.class);
    }
}
