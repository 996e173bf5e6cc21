// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.leakage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Evidence;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import java.util.function.DoubleSupplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Seeds are fixed; the audit's own false-alarm probability is 1e-9. Noise here is insecure: only its distribution matters. */
class MechanismAuditTest {
    private final RandomGenerator random = new Seed(3).generator(0);

    private MechanismAudit.Result audit(double epsilon, double delta, DoubleSupplier first, DoubleSupplier second) {
        return MechanismAudit.of(epsilon, delta).withSamples(200_000).run("subject", first, second, Progress.NONE);
    }

    private double laplace(double scale) {
        double u = random.nextDouble() - 0.5;
        return -scale * Math.signum(u) * Math.log1p(-2 * Math.abs(u));
    }

    /** On the lattice of multiples of 2⁻²⁰, so that last bits tell nothing. */
    private double lattice(double value, double scale) {
        return Math.rint((value + laplace(scale)) * 0x1p20) * 0x1p-20;
    }

    private double gaussian(double value, double sigma) {
        return Math.rint((value + sigma * random.nextGaussian()) * 0x1p20) * 0x1p-20;
    }

    @Test
    void run_rightNoise_isNotViolatedAndNearlyTight() {
        MechanismAudit.Result result = audit(1, 0, () -> lattice(0, 1), () -> lattice(1, 1));

        assertThat(result.violated()).isFalse();
        assertThat(result.epsilonLower()).isBetween(0.85, 1.0);
        assertThat(result.evidence().findings()).isEmpty();
    }

    @Test
    void run_halfTheNoise_isViolated() {
        MechanismAudit.Result result = audit(1, 0, () -> lattice(0, 0.5), () -> lattice(1, 0.5));

        assertThat(result.violated()).isTrue();
        assertThat(result.epsilonLower()).isCloseTo(2, within(0.15));
        Evidence evidence = result.evidence();
        assertThat(evidence.findings())
                .singleElement()
                .satisfies(f -> assertThat(f.code()).isEqualTo("privacy.violation"));
        assertThat(result.toString()).contains("claimed 1.0");
    }

    @Test
    void run_outputsOfOneInputOnly_areFoundWhateverEpsilon() {
        // Noise cut off at three scales: beyond 3 only the second input gets.
        DoubleSupplier first = () -> Math.max(-3, Math.min(3, laplace(1)));
        DoubleSupplier second = () -> 1 + Math.max(-3, Math.min(3, laplace(1)));

        assertThat(audit(4, 0, first, second).violated()).isTrue();
    }

    @Test
    void run_gaussianAtItsDelta_isNotViolatedButWithHalfTheNoise() {
        // ε = 1, δ = 1e-5 need σ = 3.7306… (Balle and Wang 2018); at σ = 1, δ(1) is 0.127.
        assertThat(audit(1, 1e-5, () -> gaussian(0, 3.731), () -> gaussian(1, 3.731))
                        .violated())
                .isFalse();
        assertThat(audit(1, 1e-5, () -> gaussian(0, 1), () -> gaussian(1, 1)).violated())
                .isTrue();
    }

    @Test
    void run_floatingPointNoise_isBetrayedByItsLastBits() {
        // Mironov 2012: near 0 the sum 1 + noise has fewer bits than noise alone. By value alone nothing is wrong with
        // ε = 2.
        DoubleSupplier first = () -> laplace(1);
        DoubleSupplier second = () -> 1 + laplace(1);

        MechanismAudit.Result result = audit(2, 0, first, second);

        assertThat(result.violated()).isTrue();
        assertThat(result.event()).contains("trailing zeros");
    }

    @Test
    void run_categories_areCellsOfTheirOwn() {
        // Randomized response that tells the truth with 0.8: ε = ln 4.
        DoubleSupplier first = () -> random.nextDouble() < 0.8 ? 0 : 1;
        DoubleSupplier second = () -> random.nextDouble() < 0.8 ? 1 : 0;

        assertThat(audit(Math.log(4), 0, first, second).violated()).isFalse();
        assertThat(audit(1.3, 0, first, second).violated()).isTrue();
        assertThat(audit(1.3, 0, first, second).epsilonLower()).isCloseTo(Math.log(4), within(0.08));
    }

    @Test
    void run_specialValues_areOutputsLikeOthers() {
        DoubleSupplier first = () -> random.nextInt(10) < 5 ? Double.NaN : Double.POSITIVE_INFINITY;
        DoubleSupplier second = () -> random.nextInt(10) < 5 ? Double.NEGATIVE_INFINITY : -0.0;
        DoubleSupplier third = () -> 0.0;

        assertThat(audit(10, 0, first, first).violated()).isFalse();
        assertThat(audit(5, 0, first, second).violated()).isTrue();
        assertThat(audit(5, 0, third, () -> -0.0).violated()).isTrue();
    }

    @Test
    void run_interrupted_stops() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> audit(1, 0, () -> 0, () -> 0))
                .isInstanceOf(java.util.concurrent.CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void of_badParameters_areRefused() {
        assertThatThrownBy(() -> MechanismAudit.of(Double.NaN, 0))
                .hasMessage("epsilon must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> MechanismAudit.of(1, 1)).hasMessage("delta must be in [0, 1), was 1.0");
        assertThatThrownBy(() -> MechanismAudit.of(1, 0).withSamples(10))
                .hasMessage("samples must be in [1000, 1e9], were 10");
        assertThatThrownBy(() -> new MechanismAudit(1, 0, 1000, 0)).hasMessage("falseAlarm must be in (0, 1), was 0.0");
    }
}
