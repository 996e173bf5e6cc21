// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * Laplace noise on a sum of vectors that were clipped to L1 norm C. The noise is added once, to the sum. The intervals are
 * for the sum of the clipped vectors.
 *
 * <p>Guarantee: pure ε-differential privacy, ε = C/b (2C/b under REPLACE_ONE, which the loss accounts for). The sum is exact in
 * integers and the noise discrete Laplace on the same lattice, drawn exactly. For more than a few dimensions {@link
 * VectorGaussian} needs less noise. The dimension is public.
 *
 * <p>Source: Dwork, McSherry, Nissim, Smith, Calibrating Noise to Sensitivity in Private Data Analysis, TCC 2006, proposition 1.
 *
 * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param noiseMultiplier b / C; in [2⁻¹⁵, 2¹²]
 */
public record VectorLaplace(double clip, double noiseMultiplier) implements Mechanism<ClippedSum, double[]> {
    /** Checks the parameters. */
    public VectorLaplace {
        ClippedSum.requireClip(clip);
        Checks.requireRange("noiseMultiplier", noiseMultiplier, 0x1p-15, 0x1p12);
    }

    /**
     * For an ε under ADD_REMOVE or ZERO_OUT; under REPLACE_ONE it is twice that.
     *
     * @param epsilon ε; in [2⁻¹², 2¹⁵]
     * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @return the mechanism
     */
    public static VectorLaplace of(double epsilon, double clip) {
        Checks.requireRange("epsilon", epsilon, 0x1p-12, 0x1p15);
        return new VectorLaplace(clip, Arithmetic.overUp(1, epsilon));
    }

    /**
     * An empty sum to add vectors to.
     *
     * @param dimension length of the vectors; at least 1
     * @return the sum
     */
    public ClippedSum sum(int dimension) {
        return ClippedSum.l1(clip, dimension);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        return new PrivacyLoss.Pure(Arithmetic.overUp(asked.clippedSumFactor(), noiseMultiplier), asked);
    }

    @Override
    public Release<double[]> release(ClippedSum sum, SpendToken token) {
        sum.require(clip, false, sum.dimension());
        PrivacyLoss loss = loss(token.loss().neighbouring());
        double[] released = ClippedSum.toDoubles(noisy(sum, token), exponent());
        return new Release<>(released, loss, evidence(released, token));
    }

    /**
     * Clips a vector that is one contribution by itself, such as a model update or the parameters of a model, and adds noise, in
     * place.
     *
     * @param vector finite, not empty; overwritten by the release
     * @param token for this mechanism's loss
     * @return the release, whose value is the vector
     */
    public Release<float[]> releaseInPlace(float[] vector, SpendToken token) {
        PrivacyLoss loss = loss(token.loss().neighbouring());
        long[] points = noisy(sum(vector.length).add(vector), token);
        ClippedSum.put(points, exponent(), vector);
        return new Release<>(vector, loss, evidence(new double[0], token));
    }

    /**
     * Clips a vector that is one contribution by itself and adds noise, in place.
     *
     * @param vector finite, not empty; overwritten by the release
     * @param token for this mechanism's loss
     * @return the release, whose value is the vector
     */
    public Release<double[]> releaseInPlace(double[] vector, SpendToken token) {
        Release<double[]> release = release(sum(vector.length).add(vector), token);
        System.arraycopy(release.value(), 0, vector, 0, vector.length);
        return new Release<>(vector, release.loss(), release.evidence());
    }

    /** Uses the token and draws. */
    private long[] noisy(ClippedSum sum, SpendToken token) {
        long[] points = sum.steps();
        token.use(loss(token.loss().neighbouring()));
        noise().addTo(points, SecureBits.current());
        return points;
    }

    private Evidence evidence(double[] released, SpendToken token) {
        DiscreteLaplace noise = noise();
        return Reporting.evidence(
                this,
                token,
                Map.of(
                        "clip", clip,
                        "noise-multiplier", noiseMultiplier,
                        "lattice-exponent", exponent()),
                Reporting.coordinates(released, halfWidth(noise, 0.5), halfWidth(noise, Reporting.ERROR)));
    }

    DiscreteLaplace noise() {
        return DiscreteLaplace.of(Arithmetic.timesUp(noiseMultiplier, ClippedSum.bound(clip, false)));
    }

    private int exponent() {
        return ClippedSum.exponent(clip, false);
    }

    private double halfWidth(DiscreteLaplace noise, double tail) {
        return Math.nextUp(Math.scalb((double) noise.quantile(tail) + 1, exponent()));
    }
}
