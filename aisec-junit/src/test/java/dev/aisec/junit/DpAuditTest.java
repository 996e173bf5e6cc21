// SPDX-License-Identifier: Apache-2.0
package dev.aisec.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.aisec.core.Seed;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** Bugs are seeded; seeds are fixed, and each audit fails a right mechanism with probability 1e-9 at most. */
class DpAuditTest {
    @Test
    void dpAudit_rightMechanism_passesAndReports() {
        Events tests = run("rightSum");

        tests.assertStatistics(stats -> stats.succeeded(1).failed(0));
        assertThat(tests.reportingEntryPublished().count()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "halfTheNoise",
                "wrongSensitivity",
                "truncatedNoise",
                "replaceOneTakenAsAddRemove",
                "noiseInFloatingPoint"
            })
    void dpAudit_seededBug_fails(String bug) {
        run(bug).assertStatistics(stats -> stats.succeeded(0).failed(1));
    }

    @Test
    void dpAudit_nothingCompared_fails() {
        run("comparesNothing").assertStatistics(stats -> stats.failed(1));
        run("takesNoAuditor").assertStatistics(stats -> stats.failed(1));
    }

    @Test
    void dpAudit_twoParameters_shareOneAuditor() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(Mechanisms.class, "twoAuditors", DpAuditor.class, DpAuditor.class))
                .execute()
                .testEvents()
                .assertStatistics(stats -> stats.succeeded(1).failed(0));
    }

    private static Events run(String method) {
        Class<?> parameter = method.equals("takesNoAuditor") ? null : DpAuditor.class;
        return EngineTestKit.engine("junit-jupiter")
                .selectors(
                        parameter == null
                                ? selectMethod(Mechanisms.class, method)
                                : selectMethod(Mechanisms.class, method, parameter))
                .execute()
                .testEvents();
    }

    /** Run by the test kit only: nothing here is named as a test class. */
    static class Mechanisms {
        private static final List<Double> DATA = List.of(0.1, 0.9, 0.4, 1.0);
        private static final List<Double> WITHOUT = List.of(0.1, 0.9, 0.4);
        private final RandomGenerator random = new Seed(11).generator(0);

        private double laplace(double scale) {
            double u = random.nextDouble() - 0.5;
            return -scale * Math.signum(u) * Math.log1p(-2 * Math.abs(u));
        }

        private static double sum(List<Double> data) {
            return data.stream().mapToDouble(x -> Math.min(Math.max(x, 0), 1)).sum();
        }

        private double onLattice(double value) {
            return Math.rint(value * 0x1p20) * 0x1p-20;
        }

        @DpAudit(epsilon = 1, samples = 200_000)
        void rightSum(DpAuditor auditor) {
            auditor.compare(() -> onLattice(sum(DATA) + laplace(1)), () -> onLattice(sum(WITHOUT) + laplace(1)));
        }

        @DpAudit(epsilon = 1, samples = 200_000)
        void halfTheNoise(DpAuditor auditor) {
            auditor.compare(() -> onLattice(sum(DATA) + laplace(0.5)), () -> onLattice(sum(WITHOUT) + laplace(0.5)));
        }

        /** Two releases of each record, noise for one. */
        @DpAudit(epsilon = 1, samples = 200_000)
        void wrongSensitivity(DpAuditor auditor) {
            auditor.compare(
                    () -> onLattice(2 * sum(DATA) + laplace(1)), () -> onLattice(2 * sum(WITHOUT) + laplace(1)));
        }

        /** A Gaussian that is redrawn beyond 3 σ. */
        @DpAudit(epsilon = 1, delta = 1e-5, samples = 400_000)
        void truncatedNoise(DpAuditor auditor) {
            auditor.compare(
                    () -> onLattice(sum(DATA) + 3.731 * cutOff()), () -> onLattice(sum(WITHOUT) + 3.731 * cutOff()));
        }

        private double cutOff() {
            double z = random.nextGaussian();
            while (Math.abs(z) > 3) {
                z = random.nextGaussian();
            }
            return z;
        }

        /** Values in [−1, 1]: one more changes the sum by 1, another one instead by 2. */
        @DpAudit(epsilon = 1, samples = 200_000)
        void replaceOneTakenAsAddRemove(DpAuditor auditor) {
            auditor.compare(() -> onLattice(1 + laplace(1)), () -> onLattice(-1 + laplace(1)));
        }

        @DpAudit(epsilon = 2, samples = 200_000)
        void noiseInFloatingPoint(DpAuditor auditor) {
            auditor.compare(() -> 0 + laplace(1), () -> 1 + laplace(1));
        }

        @DpAudit(epsilon = 1, samples = 1000)
        void twoAuditors(DpAuditor auditor, DpAuditor other) {
            auditor.compare(() -> laplace(1), () -> laplace(1));
            assertThat(other).isSameAs(auditor);
        }

        @DpAudit(epsilon = 1)
        void comparesNothing(DpAuditor auditor) {
            assertThat(auditor).isNotNull();
        }

        @DpAudit(epsilon = 1)
        void takesNoAuditor() {}
    }
}
