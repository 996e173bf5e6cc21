// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import java.util.List;

/**
 * The objective in numbers: {@code constant + Σ gain[g]·TP[g] − loss[g]·FP[g]}, in masses.
 *
 * @param gain of a unit of true positive mass, by curve; at least 0
 * @param loss of a unit of false positive mass, by curve; at least 0
 * @param constant value of accepting nobody
 * @param size sum of the absolute terms of the constant: what its rounding error is bounded by
 */
@SuppressWarnings("ArrayRecordComponent")
record LinearObjective(double[] gain, double[] loss, double constant, double size) {
    static LinearObjective of(Objective objective, List<ScoreCurve> curves) {
        double positives = 0;
        double negatives = 0;
        for (ScoreCurve curve : curves) {
            positives += curve.positives();
            negatives += curve.negatives();
        }
        double all = positives + negatives;
        int groups = curves.size();
        double[] gain = new double[groups];
        double[] loss = new double[groups];
        if (objective instanceof Objective.Utility u) {
            for (int g = 0; g < groups; g++) {
                gain[g] = (u.truePositive() - u.falseNegative()) / all;
                loss[g] = (u.trueNegative() - u.falsePositive()) / all;
            }
            double ofPositives = u.falseNegative() * (positives / all);
            double ofNegatives = u.trueNegative() * (negatives / all);
            return new LinearObjective(
                    gain, loss, ofPositives + ofNegatives, Math.abs(ofPositives) + Math.abs(ofNegatives));
        }
        boolean pooled = objective == Objective.BalancedAccuracy.POOLED;
        for (int g = 0; g < groups; g++) {
            ScoreCurve curve = curves.get(g);
            double share = (curve.positives() + curve.negatives()) / all;
            gain[g] = pooled ? 0.5 / positives : 0.5 * share / curve.positives();
            loss[g] = pooled ? 0.5 / negatives : 0.5 * share / curve.negatives();
        }
        return new LinearObjective(gain, loss, 0.5, 0.5);
    }
}
