// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Laplace;
import org.junit.jupiter.api.Test;

class CalibrationTest {
    private static final Neighbouring ADD = Neighbouring.ADD_REMOVE;

    @Test
    void noise_unsampled_isAnalyticOne() {
        for (double epsilon : new double[] {0.01, 1, 50}) {
            Calibration.Noise found = Calibration.of(epsilon, 1e-6).noise(1, 100, ADD);
            double exact = 10 * GaussianCalibration.noiseMultiplier(epsilon, 1e-6);
            assertThat(found.multiplier()).isBetween(exact * (1 - 1e-9), exact * (1 + 2e-4));
            assertThat(found.epsilon().upper()).isLessThanOrEqualTo(epsilon);
        }
    }

    @Test
    void noise_sampled_safeAndTight() {
        for (Accountant accountant : new Accountant[] {new RdpAccountant(), PldAccountant.of()}) {
            Calibration target = Calibration.of(2, 1e-5).withAccountant(accountant);
            Calibration.Noise found = target.noise(0.01, 1000, ADD);
            assertThat(found.epsilon().upper()).isLessThanOrEqualTo(2);
            double less = accountant
                    .epsilon(AccountantsTest.sampled(0.01, found.multiplier() * 0.9998, 1000, ADD), 1e-5)
                    .upper();
            assertThat(less).isGreaterThan(2);
        }
    }

    @Test
    void steps_safeAndMost() {
        PrivacyLoss step = AccountantsTest.sampled(0.01, 1.1, 1, ADD);
        Accountant rdp = new RdpAccountant();
        Calibration.Steps found = Calibration.of(2, 1e-5).withAccountant(rdp).steps(step);
        assertThat(found.epsilon().upper()).isLessThanOrEqualTo(2);
        assertThat(rdp.epsilon(step.repeat(found.count()), 1e-5).upper()).isLessThanOrEqualTo(2);
        assertThat(rdp.epsilon(step.repeat(found.count() + 1), 1e-5).upper()).isGreaterThan(2);
    }

    @Test
    void steps_gaussian_closedForm() {
        double least = GaussianCalibration.noiseMultiplier(3, 1e-7);
        Calibration.Steps found = Calibration.of(3, 1e-7).steps(new Gaussian(100, ADD));
        assertThat(found.count()).isEqualTo((long) Math.floor(Math.pow(100 / least, 2) * (1 - 1e-9)));
    }

    @Test
    void steps_notEvenOne_zero() {
        assertThat(Calibration.of(0.1, 1e-7).steps(new Gaussian(1, ADD)).count())
                .isZero();
    }

    @Test
    void noise_ofAnyLoss_found() {
        Calibration.Noise found = Calibration.of(1, 1e-9)
                .withAccountant(new BasicAccountant())
                .noise(multiplier -> new Laplace(multiplier, ADD).repeat(4));
        assertThat(found.multiplier()).isCloseTo(4, within(1e-3)).isGreaterThanOrEqualTo(4);
    }

    @Test
    void calibration_badTarget_refused() {
        assertThatThrownBy(() -> Calibration.of(0, 1e-5)).hasMessage("epsilon must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> Calibration.of(1, 0)).hasMessage("delta must be in (0, 1), was 0.0");
    }
}
