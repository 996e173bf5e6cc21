// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ProfileTest {
    static final Neighbouring ADD = Neighbouring.ADD_REMOVE;

    @Test
    void noiseMultiplier_publishedPoints_agree() {
        // Origin: Balle and Wang's condition as the guide of reference points gives it.
        assertThat(GaussianCalibration.noiseMultiplier(1, 1e-5)).isCloseTo(3.7306316348159418, within(1e-9));
        assertThat(GaussianCalibration.noiseMultiplier(0.1, 1e-6)).isCloseTo(36.304690426195785, within(1e-8));
        assertThat(GaussianCalibration.noiseMultiplier(800, 1e-6)).isCloseTo(0.02813, within(1e-5));
    }

    @Test
    void noiseMultiplier_edgeGrid_positiveSafeAndTight() {
        for (double epsilon : new double[] {0, 1e-6, 0.1, 1, 10, 100, 800}) {
            for (double delta : new double[] {1e-30, 1e-12, 1e-6, 0.1, 0.9}) {
                double sigma = GaussianCalibration.noiseMultiplier(epsilon, delta);
                assertThat(sigma).isPositive().isFinite();
                assertThat(GaussianCalibration.delta(sigma, epsilon).upper()).isLessThanOrEqualTo(delta * (1 + 1e-10));
                assertThat(GaussianCalibration.delta(sigma * (1 - 1e-8), epsilon)
                                .lower())
                        .as(epsilon + " " + delta)
                        .isGreaterThan(delta);
            }
        }
    }
}
