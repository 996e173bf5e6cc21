// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MetricReportTest {
    private static final GroupSpace SEX = GroupSpace.of("sex", "f", "m", GroupSpace.MISSING);

    private static void requireAll(MetricReport report, List<FairnessReport.Row> rows) {
        assertThat(report.rows()).isEqualTo(rows).isNotEmpty();
        Evidence evidence = ((EvidenceSource) report).evidence();
        assertThat(evidence.technique()).isEqualTo(Technique.FAIRNESS_EVALUATION);
        assertThat(evidence.subject()).isEqualTo("subject");
        assertThat(evidence.parameters()).containsEntry("confidence", "0.95").containsKey("method");
        List<Measurement.Scalar> scalars = evidence.measurements().stream()
                .filter(Measurement.Scalar.class::isInstance)
                .map(Measurement.Scalar.class::cast)
                .toList();
        assertThat(scalars).hasSameSizeAs(rows);
        boolean silent = false;
        for (int i = 0; i < rows.size(); i++) {
            Measurement.Scalar scalar = scalars.get(i);
            assertThat(scalar.name()).isEqualTo(rows.get(i).name()).matches("[a-z][a-z0-9_]*");
            assertThat(scalar.labels()).containsEntry("group", rows.get(i).group());
            assertThat(scalar.estimate()).isEqualTo(rows.get(i).estimate());
            assertThat(report.metric(rows.get(i).name(), rows.get(i).group())).isEqualTo(scalar.estimate());
            silent |= scalar.estimate() instanceof Estimate.Abstained;
        }
        // The missing have no rows.
        assertThat(silent).isTrue();
        assertThat(evidence.findings()).extracting(Finding::code).containsExactly("fairness.left-out");
        assertThatThrownBy(() -> report.metric("none", "sex=f")).hasMessageContaining("must be in the report");
    }

    @Test
    void scores_asEvidence_haveEveryNumberAndCurve() {
        SplittableRandom random = new SplittableRandom(1);
        int n = 300;
        int[] groups = random.ints(n, 0, 2).toArray();
        boolean[] labels = new boolean[n];
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = random.nextDouble();
            labels[i] = random.nextDouble() < values[i];
        }
        GroupScores scores = GroupScores.of(SEX, groups, labels, values);
        MetricReport report = ScoreAudit.of().report("subject", scores, 1);
        requireAll(report, ScoreAudit.of().audit(scores, 1));
        assertThat(report.evidence().parameters())
                .containsEntry("reference", "sex=m")
                .containsEntry("rows", "300")
                .containsEntry("bins", "15");
        assertThat(report.evidence().measurements())
                .filteredOn(Measurement.Curve.class::isInstance)
                .extracting(Measurement::name)
                .containsExactly("roc", "reliability", "roc", "reliability");
        assertThat(report.evidence())
                .isEqualTo(ScoreAudit.of().report("subject", scores, 1).evidence());
        assertThatThrownBy(() -> ScoreAudit.of().report(" ", scores, 1)).hasMessage("subject must not be blank");
    }

    @Test
    void regression_asEvidence_hasEveryNumber() {
        int[] groups = {0, 0, 1, 1, 1};
        double[] truth = {1, 2, 3, 4, 5};
        double[] predictions = {1.5, 2, 2, 4, 7};
        requireAll(
                RegressionAudit.of().report("subject", SEX, groups, truth, predictions, 0),
                RegressionAudit.of().audit(SEX, groups, truth, predictions, 0));
    }

    @Test
    void rankings_asEvidence_haveEveryNumber() {
        int[][] one = {{0, 1, 1}};
        requireAll(
                RankingExposure.of().report("subject", SEX, one),
                RankingExposure.of().audit(SEX, one));
        int[][] rankings = {{0, 1, 1}, {1, 0}, {}};
        MetricReport report = RankingExposure.of().report("subject", SEX, rankings);
        assertThat(report.rows()).isEqualTo(RankingExposure.of().audit(SEX, rankings));
        assertThat(report.evidence().measurements()).hasSize(3);
        // No ranking has an item of the third group: its exposure does not vary, and so abstains.
        assertThat(report.evidence().findings()).hasSize(1);
    }

    @Test
    void evidence_openInterval_isFinite() {
        Estimate open = new Estimate.Measured(2, new Interval(1, Double.POSITIVE_INFINITY, 0.95), 9);
        List<Measurement> scalars =
                MetricReport.scalars(List.of(new FairnessReport.Row("treatment_ratio", "sex=f", open)));
        assertThat(((Measurement.Scalar) scalars.get(0)).estimate())
                .isEqualTo(new Estimate.Measured(2, new Interval(1, Double.MAX_VALUE, 0.95), 9));
    }
}
