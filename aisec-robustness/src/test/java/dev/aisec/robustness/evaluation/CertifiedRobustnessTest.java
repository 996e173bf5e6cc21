// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Severity;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RandomNetworks;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.bounds.Crown;
import dev.aisec.robustness.bounds.IntervalBounds;
import dev.aisec.robustness.evaluation.CertifiedRobustness.Outcome;
import dev.aisec.robustness.smoothing.Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;

class CertifiedRobustnessTest {
    private static final FeedForward NETWORK = RandomNetworks.mlp(1, 0, 16, 24, 16, 4);

    private static Labelled data(int rows) {
        Batch inputs = RandomNetworks.inputs(NETWORK, 2, rows);
        int[] labels = NETWORK.predict(inputs);
        // Every tenth label is wrong.
        for (int i = 0; i < rows; i += 10) {
            labels[i] = (labels[i] + 1) % 4;
        }
        return new Labelled(inputs, Targets.of(labels));
    }

    @Test
    void of_flags_areSortedIntoOutcomes() {
        CertifiedRobustness result = CertifiedRobustness.of(
                "m", Norm.L2, 0.5, "proof", "attack", new boolean[] {true, true, false, false, false}, new boolean[] {
                    false, true, true, false, false
                });
        assertThat(result.outcomes())
                .containsExactly(
                        Outcome.CERTIFIED,
                        Outcome.CONTRADICTION,
                        Outcome.BROKEN,
                        Outcome.UNRESOLVED,
                        Outcome.UNRESOLVED);
        assertThat(result.certified()).isEqualTo(ClopperPearson.share(1, 5, 0.95));
        assertThat(result.standing()).isEqualTo(ClopperPearson.share(3, 5, 0.95));
        assertThat(result.unresolved()).isEqualTo(ClopperPearson.share(2, 5, 0.95));
        Interval range = result.robustAccuracy();
        assertThat(range.lower()).isCloseTo(ClopperPearson.lower(1, 5, 0.025), within(1e-9));
        assertThat(range.upper()).isCloseTo(ClopperPearson.upper(3, 5, 0.025), within(1e-9));
    }

    @Test
    void findings_contradiction_isAnErrorAtItsRow() {
        CertifiedRobustness result = CertifiedRobustness.of(
                "m", Norm.LINF, 0.1, "proof", "attack", new boolean[] {true, true}, new boolean[] {false, true});
        assertThat(result.findings()).singleElement().satisfies(f -> {
            assertThat(f.severity()).isEqualTo(Severity.ERROR);
            assertThat(f.code()).isEqualTo("certified-robustness.contradiction");
            assertThat(f.location()).isEqualTo("row 1");
        });
        assertThat(result.evidence().findings()).hasSize(1);
    }

    @Test
    void of_growingRadius_certifiedFallsAndNothingContradicts() {
        Labelled data = data(60);
        long before = 60;
        boolean unresolved = false;
        for (double epsilon : new double[] {0.002, 0.01, 0.03, 0.1}) {
            CertifiedRobustness result = CertifiedRobustness.of(
                    "m",
                    NETWORK,
                    NETWORK,
                    data,
                    Crown.of(Norm.LINF, epsilon),
                    Pgd.of(Norm.LINF, epsilon),
                    RowChunks.of(25),
                    Progress.NONE);
            assertThat(result.outcomes()).hasSize(60);
            assertThat(result.count(Outcome.CONTRADICTION)).isZero();
            assertThat(result.outcomes().get(0)).isEqualTo(Outcome.BROKEN);
            assertThat(result.count(Outcome.BROKEN)).isGreaterThanOrEqualTo(6);
            assertThat(result.count(Outcome.CERTIFIED)).isLessThanOrEqualTo(before);
            unresolved |= result.count(Outcome.UNRESOLVED) > 0;
            before = result.count(Outcome.CERTIFIED);
            CertifiedRobustness intervals = CertifiedRobustness.of(
                    "m",
                    NETWORK,
                    NETWORK,
                    data,
                    IntervalBounds.of(epsilon),
                    Pgd.of(Norm.LINF, epsilon),
                    RowChunks.of(60),
                    Progress.NONE);
            assertThat(intervals.count(Outcome.CERTIFIED)).isLessThanOrEqualTo(before);
            assertThat(intervals.count(Outcome.BROKEN)).isEqualTo(result.count(Outcome.BROKEN));
        }
        assertThat(before).isLessThan(54);
        assertThat(unresolved).isTrue();
    }

    @Test
    void certified_certificates_countTheTrueClassBeyondTheRadiusOnly() {
        List<Certificate> certificates = List.of(
                new Certificate.Certified(1, 0.5, 0.9, 90, 100),
                new Certificate.Certified(1, 0.6, 0.9, 90, 100),
                new Certificate.Certified(2, 0.6, 0.9, 90, 100),
                new Certificate.Abstained(1, 0.4, 50, 100));
        assertThat(CertifiedRobustness.certified(certificates, new int[] {1, 1, 1, 1}, 0.5))
                .containsExactly(false, true, false, false);
        assertThatThrownBy(() -> CertifiedRobustness.certified(certificates, new int[1], 0.5))
                .hasMessage("labels must be 4 like certificates, were 1");
    }

    @Test
    void evidence_result_hasBothSharesAndTheNumberBetween() {
        CertifiedRobustness result = CertifiedRobustness.of(
                "m", Norm.L2, 0.5, "proof", "attack", new boolean[] {true, false}, new boolean[] {false, false});
        Evidence evidence = result.evidence();
        assertThat(evidence.measurements().stream().map(Measurement::name))
                .containsExactly("certified-accuracy", "attacked-accuracy", "unresolved");
        assertThat(evidence.parameters()).containsEntry("unresolved", "1").containsEntry("certifier", "proof");
        assertThat(evidence.findings()).isEmpty();
    }

    @Test
    void of_noExamples_abstains() {
        CertifiedRobustness result =
                CertifiedRobustness.of("m", Norm.L2, 0.5, "proof", "attack", new boolean[0], new boolean[0]);
        assertThat(result.certified()).isInstanceOf(Estimate.Abstained.class);
        assertThat(result.robustAccuracy().lower()).isZero();
        assertThat(result.robustAccuracy().upper()).isEqualTo(1);
    }

    @Test
    void of_badArguments_areNamed() {
        assertThatThrownBy(() ->
                        CertifiedRobustness.of("m", Norm.L2, 0.5, "proof", "attack", new boolean[2], new boolean[1]))
                .hasMessage("broken must have 2 entries like certified, had 1");
        assertThatThrownBy(() -> new CertifiedRobustness("m", Norm.L2, Double.NaN, "proof", "attack", List.of()))
                .hasMessage("epsilon must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> CertifiedRobustness.of(
                        "m",
                        NETWORK,
                        NETWORK,
                        data(1),
                        Crown.of(Norm.LINF, 0.1),
                        Pgd.of(Norm.LINF, 0.2),
                        RowChunks.of(1),
                        Progress.NONE))
                .hasMessage("attack must have the ball of the certifier, LINF 0.1, had LINF 0.2");
        assertThatThrownBy(() -> CertifiedRobustness.of(
                        "m",
                        RandomNetworks.mlp(1, 0, 3, 2),
                        NETWORK,
                        data(1),
                        Crown.of(Norm.LINF, 0.1),
                        Pgd.of(Norm.LINF, 0.1),
                        RowChunks.of(1),
                        Progress.NONE))
                .hasMessageContaining("network must have the spec of the model");
    }
}
