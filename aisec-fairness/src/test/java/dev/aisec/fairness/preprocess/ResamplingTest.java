// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.preprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.fairness.constraint.RealData;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResamplingTest {
    private final GroupSpace two = GroupSpace.of("g", "a", "b");
    private final GroupedRows rows = ReweighingTest.rows(two, new int[][] {{30, 10}, {20, 40}});

    @Test
    void choose_uniform_sizesStayAndSharesAgree() {
        int[] chosen = new UniformResampling(new Seed(3)).choose(rows);

        Cells cells = Cells.of(rows.select(chosen));
        assertThat(chosen).hasSize(100).isSorted();
        assertThat(cells.cell(0, true)).isEqualTo(20);
        assertThat(cells.cell(0, false)).isEqualTo(20);
        assertThat(cells.cell(1, true)).isEqualTo(30);
        assertThat(cells.cell(1, false)).isEqualTo(30);
        // 10 favourable rows of the first group are all there twice.
        assertThat(Arrays.stream(chosen).filter(i -> i >= 30 && i < 40).distinct())
                .hasSize(10);
    }

    @Test
    void choose_uniformSeeds_repeatAndDiffer() {
        int[] first = new UniformResampling(new Seed(3)).choose(rows);

        assertThat(new UniformResampling(new Seed(3)).choose(rows)).isEqualTo(first);
        assertThat(new UniformResampling(new Seed(4)).choose(rows)).isNotEqualTo(first);
    }

    @Test
    void choose_uniformManySeeds_everyRowIsEquallyLikely() {
        int[] times = new int[100];
        int runs = 2_000;
        for (int s = 0; s < runs; s++) {
            for (int row : new UniformResampling(new Seed(s)).choose(rows)) {
                times[row]++;
            }
        }
        // Binomial(2000, 2/3) for the first 30 rows: 6.5 standard deviations are 137; union over 30 rows below
        // 1e-8·1e-1.
        for (int i = 0; i < 30; i++) {
            assertThat(times[i]).isBetween(1333 - 140, 1334 + 140);
        }
    }

    @Test
    void choose_preferential_borderRowsMove() {
        double[] scores = new double[100];
        Arrays.setAll(scores, i -> i);

        int[] chosen = new PreferentialResampling().choose(rows, scores);

        int[] times = new int[100];
        for (int row : chosen) {
            times[row]++;
        }
        // Group a: rows 0-29 unfavourable, the ten highest scores go; rows 30-39 favourable, all doubled.
        assertThat(Arrays.copyOfRange(times, 0, 20)).containsOnly(1);
        assertThat(Arrays.copyOfRange(times, 20, 30)).containsOnly(0);
        assertThat(Arrays.copyOfRange(times, 30, 40)).containsOnly(2);
        // Group b: rows 40-59 unfavourable, the ten highest double; rows 60-99 favourable, the ten lowest go.
        assertThat(Arrays.copyOfRange(times, 40, 50)).containsOnly(1);
        assertThat(Arrays.copyOfRange(times, 50, 60)).containsOnly(2);
        assertThat(Arrays.copyOfRange(times, 60, 70)).containsOnly(0);
        assertThat(Arrays.copyOfRange(times, 70, 100)).containsOnly(1);
    }

    @Test
    void choose_german_sharesAreOffByLessThanARow() {
        GroupedRows german = RealData.german().rows();

        Cells before = Cells.of(german);
        Cells after = Cells.of(german.select(new UniformResampling(new Seed(1)).choose(german)));

        double share = before.label(true) / before.total();
        for (int g = 0; g < 2; g++) {
            assertThat(after.group(g)).isEqualTo(before.group(g));
            assertThat(Math.abs(after.cell(g, true) - share * after.group(g))).isLessThan(1);
        }
        assertThat(after.label(true)).isEqualTo(before.label(true));
    }

    @Test
    void choose_degenerate_staysAsItIs() {
        Seed seed = new Seed(1);
        GroupedRows none = ReweighingTest.rows(two, new int[][] {{0, 0}, {0, 0}});
        GroupedRows oneClass = ReweighingTest.rows(two, new int[][] {{3, 0}, {2, 0}});
        GroupedRows lacking = ReweighingTest.rows(two, new int[][] {{0, 3}, {4, 2}});

        assertThat(new UniformResampling(seed).choose(none)).isEmpty();
        assertThat(new UniformResampling(seed).choose(oneClass)).containsExactly(0, 1, 2, 3, 4);
        assertThat(new UniformResampling(seed).choose(lacking))
                .startsWith(0, 1, 2)
                .hasSize(9);
        assertThat(new PreferentialResampling().choose(none, new double[0])).isEmpty();
        assertThat(Reweighing.emptyCells(lacking)).hasSize(1);
    }

    @Test
    void choose_weightsOrBadScores_areRefused() {
        GroupedRows weighted = GroupedRows.of(two, new int[] {0, 1}, new boolean[] {true, false}, new double[] {1, 2});
        GroupedRows plain = GroupedRows.of(two, new int[] {0, 1}, new boolean[] {true, false});

        assertThatThrownBy(() -> new UniformResampling(new Seed(1)).choose(weighted))
                .hasMessage("weights must be equal, row 1 was 2.0 and row 0 was 1.0; use Reweighing");
        assertThatThrownBy(() -> new PreferentialResampling().choose(plain, new double[] {0, Double.NaN}))
                .hasMessage("scores must be finite, row 1 was NaN");
        assertThatThrownBy(() -> new Massaging().apply(plain, new double[1]))
                .hasMessage("scores must be as many as rows, 2, were 1");
    }

    @Test
    void massage_twoGroups_changesTheNumberOfTheSource() {
        double[] scores = new double[100];
        Arrays.setAll(scores, i -> i);

        GroupedRows changed = new Massaging().apply(rows, scores);

        // M = disc·|D|·|F|/n = (40/60 − 10/40)·40·60/100 = 10.
        for (int i = 0; i < 100; i++) {
            boolean promoted = i >= 20 && i < 30;
            boolean demoted = i >= 60 && i < 70;
            assertThat(changed.favourable(i)).isEqualTo(promoted || (rows.favourable(i) && !demoted));
        }
    }

    @Test
    void massage_oddNumbers_sharesAreOffByLessThanARow() {
        GroupSpace three = GroupSpace.of("g", "a", "b", "c");
        GroupedRows odd = ReweighingTest.rows(three, new int[][] {{7, 2}, {3, 8}, {0, 5}});

        Cells after = Cells.of(new Massaging().apply(odd, new double[25]));

        for (int g = 0; g < 3; g++) {
            assertThat(Math.abs(after.cell(g, true) - 15.0 / 25 * after.group(g)))
                    .isLessThan(1);
        }
        assertThat(after.label(true)).isEqualTo(15);
    }
}
