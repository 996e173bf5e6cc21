// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class WordsTest {
    @Test
    void technique_tables_areThoseOfTheReport() {
        assertThat(Technique.values()).hasSize(41);
        // Table 3 by phase; origin: ITU-T XSTR-SEC-AI (05/2022), clause 7.3.5.
        assertThat(in(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION))
                .containsExactlyInAnyOrder(
                        Technique.SERVICE_FUSING,
                        Technique.SERVICE_MONITORING,
                        Technique.ADVERSARIAL_EXAMPLE_DETECTION,
                        Technique.BACKDOOR_DETECTION,
                        Technique.TRUSTED_EXECUTION_ENVIRONMENT,
                        Technique.TRUSTED_ENVIRONMENT_DEPLOYMENT);
        assertThat(in(LifeCyclePhase.MAINTENANCE_AND_UPGRADING))
                .containsExactlyInAnyOrder(
                        Technique.SELF_ASSESSMENT,
                        Technique.THIRD_PARTY_ASSESSMENT,
                        Technique.FAIRNESS_EVALUATION,
                        Technique.ROBUSTNESS_EVALUATION,
                        Technique.INTERPRETABILITY_EVALUATION,
                        Technique.DATA_LEAKAGE_EVALUATION);
        assertThat(in(LifeCyclePhase.ABANDONMENT_AND_DESTRUCTION)).containsExactly(Technique.DATA_LEAKAGE_EVALUATION);
        // All others, but for the one that the table leaves out, belong to design and manufacturing.
        Set<Technique> design = EnumSet.allOf(Technique.class);
        design.removeAll(in(LifeCyclePhase.DEPLOYMENT_AND_APPLICATION));
        design.remove(Technique.SECURITY_RESPONSE);
        assertThat(in(LifeCyclePhase.DESIGN_AND_MANUFACTURING)).isEqualTo(design);
        assertThat(Technique.SECURITY_RESPONSE.phases()).isEmpty();
        for (Technique technique : Technique.values()) {
            assertThat(technique.threats()).isNotEmpty();
            assertThat(technique.objectives()).isNotEmpty();
            assertThat(technique.clause()).matches("7\\.3\\.[1-4]-[1-5]");
        }
        assertThat(Threat.values()).hasSize(24);
        assertThat(SecurityObjective.values()).hasSize(6);
        assertThatThrownBy(() -> Technique.SELF_ASSESSMENT.phases().clear())
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private static Set<Technique> in(LifeCyclePhase phase) {
        Set<Technique> set = EnumSet.noneOf(Technique.class);
        for (Technique technique : Technique.values()) {
            if (technique.phases().contains(phase)) {
                set.add(technique);
            }
        }
        return set;
    }

    @Test
    void estimates_badNumbers_areRefused() {
        Interval interval = new Interval(0, 1, 0.95);
        assertThatThrownBy(() -> new Estimate.Measured(Double.NaN, interval, 1))
                .hasMessage("value must be finite, was NaN");
        assertThatThrownBy(() -> new Estimate.Measured(0, interval, 0)).hasMessage("n must be >= 1, was 0");
        assertThatThrownBy(() -> new Interval(1, 0, 0.95)).hasMessage("lower must be <= upper, was 1.0 and 0.0");
        assertThatThrownBy(() -> new Interval(0, 1, 1)).hasMessage("confidence must be in (0, 1), was 1.0");
        assertThatThrownBy(() -> new Estimate.Abstained(" ", 0)).hasMessage("reason must not be blank");
        Estimate y = new Estimate.Abstained("x", 0);
        assertThatThrownBy(() -> new Measurement.Curve(
                        "c",
                        "x",
                        "y",
                        new TreeMap<>(),
                        List.of(new Measurement.Point(1, y), new Measurement.Point(0, y))))
                .hasMessageContaining("ascending");
        assertThatThrownBy(() -> Finding.of(Severity.INFO, "Bad Code", "", ""))
                .hasMessage("code must be family.rule in [a-z0-9-], was Bad Code");
    }

    @Test
    void verification_orElseThrow_carriesTheFindings() {
        Verification good = new Verification(Technique.MODEL_FILE_VERIFICATION, "m", Verdict.ACCEPT, List.of());
        good.orElseThrow();
        Verification bad = new Verification(
                Technique.MODEL_FILE_VERIFICATION,
                "m",
                Verdict.REJECT,
                List.of(Finding.of(Severity.ERROR, "a.b", "must not be there", "entry")));
        assertThatThrownBy(bad::orElseThrow)
                .isInstanceOfSatisfying(
                        VerificationException.class,
                        e -> assertThat(e.verification()).isEqualTo(bad))
                .hasMessage("REJECT m: entry: must not be there");
        assertThat(bad.evidence().parameters()).containsEntry("verdict", "REJECT");
    }

    @Test
    void seed_streams_areIndependentAndTheSameOnEveryJdk() {
        RandomGenerator a = new Seed(1).generator(0);
        // Golden value written down on JDK 17.
        assertThat(a.nextLong()).isEqualTo(GOLDEN);
        assertThat(new Seed(1).generator(1).nextLong()).isNotEqualTo(GOLDEN);
        assertThat(new Seed(2).generator(0).nextLong()).isNotEqualTo(GOLDEN);
        assertThat(new Seed(1).derive("a")).isEqualTo(new Seed(1).derive("a")).isNotEqualTo(new Seed(1).derive("b"));
        // Bits of neighbouring streams agree half the time: 64,000 bits within 6.2 standard deviations.
        int same = 0;
        for (int stream = 0; stream < 1000; stream++) {
            long x = new Seed(9).generator(stream).nextLong();
            long y = new Seed(9).generator(stream + 1).nextLong();
            same += 64 - Long.bitCount(x ^ y);
        }
        assertThat(Math.abs(same - 32_000)).isLessThan((int) (6.2 * Math.sqrt(64_000) / 2));
    }

    private static final long GOLDEN = -151331387540391204L;
}
