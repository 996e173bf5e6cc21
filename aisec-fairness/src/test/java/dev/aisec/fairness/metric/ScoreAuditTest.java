// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScoreAuditTest {
    private static final GroupSpace AB = GroupSpace.of("g", "a", "b");
    private static final ScoreAudit AUDIT = ScoreAudit.of().withSettings(AuditSettings.DEFAULT.withReplicates(200));

    private static final class Rows {
        final int[] groups;
        final boolean[] labels;
        final double[] scores;
        final double[] weights;

        Rows(long seed, int n, double levels) {
            SplittableRandom random = new SplittableRandom(seed);
            groups = new int[n];
            labels = new boolean[n];
            scores = new double[n];
            weights = new double[n];
            for (int i = 0; i < n; i++) {
                groups[i] = random.nextInt(2);
                double s = random.nextDouble();
                s = groups[i] == 0 ? s : Math.sqrt(s);
                scores[i] = Math.round(s * levels) / levels;
                labels[i] = random.nextDouble() < scores[i];
                weights[i] = 0.5 + random.nextDouble();
            }
        }

        GroupScores of() {
            return GroupScores.of(AB, groups, labels, scores);
        }
    }

    private static double value(Estimate estimate) {
        return ((Estimate.Measured) estimate).value();
    }

    private static double naiveAuc(Rows rows, int positive, int negative, boolean weighted) {
        double sum = 0;
        double all = 0;
        for (int i = 0; i < rows.groups.length; i++) {
            for (int j = 0; j < rows.groups.length; j++) {
                if (rows.groups[i] == positive && rows.labels[i] && rows.groups[j] == negative && !rows.labels[j]) {
                    double w = weighted ? rows.weights[i] * rows.weights[j] : 1;
                    all += w;
                    sum += rows.scores[i] > rows.scores[j] ? w : rows.scores[i] == rows.scores[j] ? w / 2 : 0;
                }
            }
        }
        return sum / all;
    }

    @Test
    void auc_allPairs_agrees() {
        Rows rows = new Rows(1, 500, 20);
        GroupScores weighted = GroupScores.of(AB, rows.groups, rows.labels, rows.scores, rows.weights);
        for (int p = 0; p < 2; p++) {
            for (int n = 0; n < 2; n++) {
                assertThat(value(AUDIT.crossAuc(rows.of(), p, n)))
                        .isCloseTo(naiveAuc(rows, p, n, false), within(1e-12));
                assertThat(value(AUDIT.crossAuc(weighted, p, n))).isCloseTo(naiveAuc(rows, p, n, true), within(1e-12));
            }
        }
        assertThat(value(AUDIT.aucDifference(rows.of(), 0, 1)))
                .isCloseTo(naiveAuc(rows, 0, 0, false) - naiveAuc(rows, 1, 1, false), within(1e-12));
        assertThat(value(AUDIT.crossAucDifference(rows.of(), 0, 1)))
                .isCloseTo(naiveAuc(rows, 0, 1, false) - naiveAuc(rows, 1, 0, false), within(1e-12));
    }

    @Test
    void auc_interval_coversTheTruth() {
        // Scores of positives are maxima of two uniforms: AUC = 2/3.
        SplittableRandom random = new SplittableRandom(4);
        int covered = 0;
        int runs = 2000;
        int n = 80;
        for (int run = 0; run < runs; run++) {
            boolean[] labels = new boolean[n];
            double[] scores = new double[n];
            for (int i = 0; i < n; i++) {
                labels[i] = i % 2 == 0;
                scores[i] = labels[i] ? Math.max(random.nextDouble(), random.nextDouble()) : random.nextDouble();
            }
            Estimate.Measured auc = (Estimate.Measured) AUDIT.auc(GroupScores.of(AB, new int[n], labels, scores), 0);
            covered += auc.interval().contains(2 / 3.0) ? 1 : 0;
        }
        // Standard deviation of the share is 0.005; the band is ± 6 of them and more.
        assertThat(covered / (double) runs).isBetween(0.92, 0.985);
    }

    @Test
    void auc_perfect_hasLowerEnd() {
        Estimate.Measured auc = (Estimate.Measured) AUDIT.auc(GroupScores.of(AB, new int[20], half(20), ramp(20)), 0);
        assertThat(auc.value()).isEqualTo(1);
        assertThat(auc.interval().upper()).isEqualTo(1);
        // Exact binomial end of 10 of 10: 0.025^(1/10) = 0.69.
        assertThat(auc.interval().lower())
                .isLessThanOrEqualTo(Math.pow(0.025, 0.1) + 1e-12)
                .isGreaterThan(0.6);
    }

    private static boolean[] half(int n) {
        boolean[] labels = new boolean[n];
        Arrays.fill(labels, n / 2, n, true);
        return labels;
    }

    private static double[] ramp(int n) {
        double[] scores = new double[n];
        Arrays.setAll(scores, i -> i / (double) n);
        return scores;
    }

    @Test
    void abroca_curvesByHand_giveExactArea() {
        // a: positives at 1, negatives at 0 (ROC 1 everywhere); b: all tied (diagonal). Area 1/2.
        int[] groups = {0, 0, 1, 1};
        boolean[] labels = {true, false, true, false};
        GroupScores scores = GroupScores.of(AB, groups, labels, new double[] {1, 0, 0.5, 0.5});
        assertThat(value(AUDIT.abroca(scores, 0, 1))).isCloseTo(0.5, within(1e-15));
        // Crossing: a rises to (0, ½) then runs to (1, ½), (1, 1); b is the diagonal: two triangles of 1/8.
        GroupScores crossing = GroupScores.of(
                AB, new int[] {0, 0, 0, 1, 1}, new boolean[] {true, false, true, true, false}, new double[] {
                    3, 2, 1, 0, 0
                });
        assertThat(value(AUDIT.abroca(crossing, 0, 1))).isCloseTo(0.25, within(1e-15));
    }

    @Test
    void abroca_fineGrid_agrees() {
        GroupScores scores = new Rows(2, 2000, 1000).of();
        double[][] f = RocCurves.of(scores.block(0));
        double[][] g = RocCurves.of(scores.block(1));
        double[] left = new double[2_000_001];
        double[] right = new double[2_000_001];
        RocCurves.sample(f, left);
        RocCurves.sample(g, right);
        double sum = 0;
        for (int i = 0; i < left.length - 1; i++) {
            sum += Math.abs(left[i] - right[i]) / (left.length - 1);
        }
        assertThat(value(AUDIT.abroca(scores, 0, 1))).isCloseTo(sum, within(2e-6));
    }

    @Test
    void distances_byHand_areExact() {
        GroupScores scores = GroupScores.of(AB, new int[] {0, 0, 1, 1}, new boolean[4], new double[] {0, 1, 0.5, 2});
        // F: ½ at 0, 1 at 1; F′: ½ at 0.5, 1 at 2: gap ½ on [0, 0.5), 0 on [0.5, 1), ½ on [1, 2).
        assertThat(value(AUDIT.wasserstein(scores, 0, 1))).isCloseTo(0.75, within(1e-15));
        assertThat(value(AUDIT.kolmogorovSmirnov(scores, 0, 1))).isCloseTo(0.5, within(1e-15));
    }

    @Test
    void calibration_calibratedScores_isNearZero() {
        Rows rows = new Rows(3, 20_000, 1000);
        Estimate.Measured gap = (Estimate.Measured) AUDIT.calibrationGap(rows.of(), 0);
        Estimate.Measured error = (Estimate.Measured) AUDIT.calibrationError(rows.of(), 0);
        // Standard error of the gap: below 0.5/100; six of them.
        assertThat(gap.value()).isCloseTo(0, within(0.03));
        assertThat(error.value()).isLessThan(0.03);
        assertThat(error.interval().lower()).isLessThan(0.01);
        double[] wrong = Arrays.stream(rows.scores).map(s -> s * 0.5).toArray();
        GroupScores halved = GroupScores.of(AB, rows.groups, rows.labels, wrong);
        // Mean of (S/2)² for uniform S is 1/12: root 0.2887.
        assertThat(value(AUDIT.calibrationError(halved, 0))).isCloseTo(Math.sqrt(1 / 12.0), within(0.03));
        assertThat(value(AUDIT.calibrationGap(halved, 0))).isCloseTo(0.25, within(0.03));
    }

    @Test
    void balance_means_byHand() {
        GroupScores scores = GroupScores.of(
                AB, new int[] {0, 0, 1, 1, 1}, new boolean[] {true, true, true, true, false}, new double[] {
                    0.2, 0.4, 0.8, 0.6, 0.1
                });
        assertThat(value(AUDIT.balance(scores, 0, 1, true))).isCloseTo(-0.4, within(1e-12));
        assertThat(AUDIT.balance(scores, 0, 1, false)).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void audit_degenerateGroups_abstainOrStayFinite() {
        GroupScores[] cases = {
            GroupScores.of(AB, new int[0], new boolean[0], new double[0]),
            GroupScores.of(AB, new int[] {0}, new boolean[1], new double[] {0.5}),
            GroupScores.of(AB, new int[] {0, 1}, new boolean[] {true, true}, new double[] {0.5, 0.5}),
            GroupScores.of(AB, new int[] {0, 1, 0, 1}, new boolean[] {true, true, false, false}, new double[4]),
            GroupScores.of(AB, new int[] {0, 1, 0}, new boolean[3], new double[] {5, -3, 2}, new double[] {0, 1, 1e-9}),
            GroupScores.of(AB, new int[200], half(200), ramp(200)),
        };
        for (GroupScores scores : cases) {
            for (FairnessReport.Row row : AUDIT.audit(scores, 1)) {
                if (row.estimate() instanceof Estimate.Measured measured) {
                    assertThat(measured.interval().contains(measured.value())).isTrue();
                }
            }
            AUDIT.reliability(scores, 0);
            AUDIT.roc(scores, 0);
        }
        assertThatThrownBy(() -> GroupScores.of(AB, new int[1], new boolean[1], new double[] {Double.NaN}))
                .hasMessage("scores must be in [-1e100, 1e100], row 0 was NaN");
    }

    @Test
    void histogram_fineBins_isCloseToExact() {
        Rows rows = new Rows(5, 5000, 1e9);
        GroupScores.Histogram histogram = new GroupScores.Histogram(AB, 14, 0, 1);
        GroupScores.Histogram first = new GroupScores.Histogram(AB, 14, 0, 1);
        GroupScores.Histogram second = new GroupScores.Histogram(AB, 14, 0, 1);
        for (int i = 0; i < 5000; i++) {
            histogram.add(rows.groups[i], rows.labels[i], rows.scores[i]);
            (i % 3 == 0 ? first : second).add(rows.groups[i], rows.labels[i], rows.scores[i]);
        }
        double exact = value(AUDIT.auc(rows.of(), 0));
        assertThat(value(AUDIT.auc(histogram.scores(), 0))).isCloseTo(exact, within(1e-4));
        assertThat(AUDIT.auc(first.scores().merge(second.scores()), 0)).isEqualTo(AUDIT.auc(histogram.scores(), 0));
    }

    @Test
    void decide_threshold_givesCube() {
        GroupScores scores = GroupScores.of(
                AB, new int[] {0, 0, 1}, new boolean[] {true, false, true}, new double[] {0.5, 0.4, 0.6});
        GroupCube cube = scores.decide(0.5);
        assertThat(cube.count(0, true, true)).isEqualTo(1);
        assertThat(cube.count(0, false, false)).isEqualTo(1);
        assertThat(cube.count(1, true, true)).isEqualTo(1);
    }
}
