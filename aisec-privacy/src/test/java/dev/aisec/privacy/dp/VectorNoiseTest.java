// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static dev.aisec.privacy.accounting.Neighbouring.REPLACE_ONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import dev.aisec.privacy.accounting.TestTokens;
import org.apache.commons.statistics.distribution.LaplaceDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;

/** Noise on vectors; statistical tests fail by chance below 1e-9. */
class VectorNoiseTest {
    private static final int DIMENSION = 50_000;

    /** In 40 cells of equal probability. */
    @Test
    void gaussian_coordinates_areNormalOfTheStatedDeviation() {
        VectorGaussian mechanism = VectorGaussian.of(2.5, 1.3);
        double[] released = mechanism
                .release(mechanism.sum(DIMENSION), TestTokens.of(mechanism.loss(ADD_REMOVE)))
                .value();
        NormalDistribution normal = NormalDistribution.of(0, 2.5 * 1.3);
        long[] counts = new long[40];
        for (double x : released) {
            counts[(int) Math.min(39, 40 * normal.cumulativeProbability(x))]++;
        }
        Fit.assertFits(counts, even(40));
    }

    @Test
    void laplace_coordinates_areLaplaceOfTheStatedScale() {
        VectorLaplace mechanism = VectorLaplace.of(0.4, 2.5);
        double[] released = mechanism
                .release(mechanism.sum(DIMENSION), TestTokens.of(mechanism.loss(ADD_REMOVE)))
                .value();
        LaplaceDistribution laplace = LaplaceDistribution.of(0, 2.5 / 0.4);
        long[] counts = new long[40];
        for (double x : released) {
            counts[(int) Math.min(39, 40 * laplace.cumulativeProbability(x))]++;
        }
        Fit.assertFits(counts, even(40));
    }

    private static double[] even(int cells) {
        double[] p = new double[cells];
        java.util.Arrays.fill(p, 1.0 / cells);
        return p;
    }

    @Test
    void loss_replaceOne_countsTheClipTwice() {
        assertThat(VectorGaussian.of(3, 1.1).loss(ADD_REMOVE)).isEqualTo(new PrivacyLoss.Gaussian(1.1, ADD_REMOVE));
        assertThat(VectorGaussian.of(3, 1.1).loss(REPLACE_ONE)).isEqualTo(new PrivacyLoss.Gaussian(0.55, REPLACE_ONE));
        assertThat(new VectorLaplace(3, 4).loss(REPLACE_ONE)).isEqualTo(new PrivacyLoss.Pure(0.5, REPLACE_ONE));
    }

    /** The ε told is never below C over the scale, in exact terms. */
    @Test
    void laplace_epsilon_isRoundedUp() {
        for (int i = 1; i < 2000; i++) {
            VectorLaplace mechanism = VectorLaplace.of(i / 700.0, 1);
            double epsilon = ((PrivacyLoss.Pure) mechanism.loss(ADD_REMOVE)).epsilon();
            assertThat(Math.fma(epsilon, mechanism.noiseMultiplier(), -1)).isGreaterThanOrEqualTo(0);
            assertThat(epsilon).isCloseTo(i / 700.0, within(1e-14));
        }
    }

    @Test
    void releaseInPlace_vector_isClippedAndNoisy() {
        VectorGaussian mechanism = VectorGaussian.of(1, 0.01);
        float[] vector = {30, 40};
        Release<float[]> release = mechanism.releaseInPlace(vector, TestTokens.of(mechanism.loss(ADD_REMOVE)));
        assertThat(release.value()).isSameAs(vector);
        assertThat(vector[0]).isCloseTo(0.6f, within(0.1f));
        assertThat(vector[1]).isCloseTo(0.8f, within(0.1f));
    }

    @Test
    void releaseInPlace_doubles_areClippedAndNoisy() {
        VectorLaplace mechanism = new VectorLaplace(1, 0.001);
        double[] vector = {30, -10};
        mechanism.releaseInPlace(vector, TestTokens.of(mechanism.loss(ADD_REMOVE)));
        assertThat(vector[0]).isCloseTo(0.75, within(0.04));
        assertThat(vector[1]).isCloseTo(-0.25, within(0.04));
        float[] floats = {-30, 10};
        mechanism.releaseInPlace(floats, TestTokens.of(mechanism.loss(ADD_REMOVE)));
        assertThat(floats[0]).isCloseTo(-0.75f, within(0.04f));
    }

    @Test
    void releaseInPlace_nan_refusedWithVectorAndTokenAsTheyWere() {
        VectorGaussian mechanism = VectorGaussian.of(1, 1);
        float[] vector = {1, Float.NaN};
        SpendToken token = TestTokens.of(mechanism.loss(ADD_REMOVE));
        assertThatThrownBy(() -> mechanism.releaseInPlace(vector, token))
                .hasMessage("vector must be finite, coordinate 1 was NaN");
        assertThat(vector[0]).isEqualTo(1);
        token.use(token.loss());
    }

    @Test
    void records_addRemove_refused() {
        assertThatThrownBy(() -> NoisyRecords.of(1, 1).loss(ADD_REMOVE))
                .hasMessageContaining("must be REPLACE_ONE or ZERO_OUT");
        assertThat(NoisyRecords.of(1, 1).loss(REPLACE_ONE)).isEqualTo(new PrivacyLoss.Gaussian(0.5, REPLACE_ONE));
    }
}
