// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.Map;

/**
 * A whole data set with noise on every record: each row is clipped to Euclidean norm C and gets Gaussian noise of its own. The
 * interference noise of the report in its plainest form.
 *
 * <p>Guarantee: what the release says about any one row is the loss of Gaussian noise at L2 sensitivity 2C under REPLACE_ONE, C
 * under ZERO_OUT. The number of rows is shown, so ADD_REMOVE is refused. That much noise makes single rows useless for small ε;
 * means over many rows survive. If a person has several rows, the loss is that of each, composed.
 *
 * <p>Source: Duchi, Jordan, Wainwright, Local Privacy and Statistical Minimax Rates, FOCS 2013 (what local noise costs). Report:
 * ITU-T XSTR-SEC-AI, clause 7.3.3-1.
 *
 * @param noise clip and noise of a row
 */
public record NoisyRecords(VectorGaussian noise) implements Mechanism<double[][], double[][]> {
    /**
     * For a clip and a noise multiplier.
     *
     * @param clip C; in [2⁻⁹⁰⁰, 2⁹⁰⁰]
     * @param noiseMultiplier σ / C; in [2⁻¹⁵, 2²⁰]
     * @return the mechanism
     */
    public static NoisyRecords of(double clip, double noiseMultiplier) {
        return new NoisyRecords(new VectorGaussian(clip, noiseMultiplier));
    }

    @Override
    public PrivacyLoss loss(Neighbouring asked) {
        if (asked == Neighbouring.ADD_REMOVE) {
            throw new IllegalArgumentException(
                    "neighbouring must be REPLACE_ONE or ZERO_OUT, for the number of rows is shown, was ADD_REMOVE");
        }
        return noise.loss(asked);
    }

    /**
     * Releases all rows.
     *
     * @param rows at least one, all of one length, finite
     * @param token for this mechanism's loss
     * @return the noisy rows, in the order of the rows
     */
    @Override
    public Release<double[][]> release(double[][] rows, SpendToken token) {
        if (rows.length == 0) {
            throw new IllegalArgumentException("rows must be at least one, were none");
        }
        long[][] points = new long[rows.length][];
        int dimension = rows[0].length;
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != dimension) {
                throw new IllegalArgumentException(
                        "rows must be of one length, " + dimension + ", row " + i + " was of " + rows[i].length);
            }
            points[i] = noise.sum(dimension).add(rows[i]).steps();
        }
        PrivacyLoss loss = loss(token.loss().neighbouring());
        token.use(loss);
        IntegerNoise own = noise.noise();
        double[][] released = new double[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            own.addTo(points[i], SecureBits.current());
            released[i] = ClippedSum.toDoubles(points[i], noise.exponent());
        }
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of("clip", noise.clip(), "noise-multiplier", noise.noiseMultiplier(), "rows", rows.length),
                Reporting.bound(
                        "coordinate-error",
                        noise.halfWidth(Reporting.NORMAL_MEDIAN),
                        noise.halfWidth(Reporting.NORMAL_QUANTILE),
                        1));
        return new Release<>(released, loss, evidence);
    }
}
