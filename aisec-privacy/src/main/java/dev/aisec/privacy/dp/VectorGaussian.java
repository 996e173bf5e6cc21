// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * Gaussian noise on a sum of vectors that were clipped to Euclidean norm C: gradients, model updates, outputs, any features. The
 * noise is added once, to the sum. The intervals are for the sum of the clipped vectors.
 *
 * <p>Guarantee: exactly the loss of Gaussian noise of standard deviation σ on each coordinate of a vector of L2 sensitivity C (2C
 * under REPLACE_ONE, which the loss accounts for). The sum is exact in integers and the noise a normal variable rounded to the
 * same lattice, drawn exactly; so the release is a rounding of sum plus continuous noise. The dimension is public. A mean is had by
 * dividing the release by a number that is public.
 *
 * <p>Source: Abadi, Chu, Goodfellow, McMahan, Mironov, Talwar, Zhang, Deep Learning with Differential Privacy, CCS 2016, algorithm
 * 1; Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, appendix A. Report: ITU-T XSTR-SEC-AI, clause
 * 7.3.3-1 (noise against interference in data, parameters and results).
 *
 * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
 * @param noiseMultiplier σ / C; in [2⁻¹⁵, 2²⁰]
 */
public record VectorGaussian(double clip, double noiseMultiplier) implements Mechanism<ClippedSum, double[]> {
    /** Checks the parameters. */
    public VectorGaussian {
        ClippedSum.requireClip(clip);
        Checks.requireRange("noiseMultiplier", noiseMultiplier, 0x1p-15, 0x1p20);
    }

    /**
     * For a clip and a noise multiplier.
     *
     * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param noiseMultiplier σ / C; in [2⁻¹⁵, 2²⁰]
     * @return the mechanism
     */
    public static VectorGaussian of(double clip, double noiseMultiplier) {
        return new VectorGaussian(clip, noiseMultiplier);
    }

    /**
     * An empty sum to add vectors to.
     *
     * @param dimension length of the vectors; at least 1
     * @return the sum
     */
    public ClippedSum sum(int dimension) {
        return ClippedSum.l2(clip, dimension);
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        return new PrivacyLoss.Gaussian(noiseMultiplier / asked.clippedSumFactor(), asked);
    }

    @Override
    public Release<double[]> release(ClippedSum sum, SpendToken token) {
        sum.require(clip, true, sum.dimension());
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

    IntegerNoise noise() {
        return RoundedGaussian.of(Arithmetic.timesUp(noiseMultiplier, ClippedSum.bound(clip, true)));
    }

    int exponent() {
        return ClippedSum.exponent(clip, true);
    }

    /** Half the width of a coordinate's interval. */
    double halfWidth(double quantile) {
        double sigma = Arithmetic.timesUp(noiseMultiplier, ClippedSum.bound(clip, true));
        return Math.nextUp(Math.scalb(quantile * sigma + 1, exponent()));
    }

    private Evidence evidence(double[] released, SpendToken token) {
        return Reporting.evidence(
                this,
                token,
                Map.of(
                        "clip", clip,
                        "noise-multiplier", noiseMultiplier,
                        "lattice-exponent", exponent()),
                Reporting.coordinates(
                        released, halfWidth(Reporting.NORMAL_MEDIAN), halfWidth(Reporting.NORMAL_QUANTILE)));
    }
}
