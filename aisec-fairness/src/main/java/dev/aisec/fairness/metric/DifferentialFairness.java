// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Progress;
import dev.aisec.fairness.internal.Checks;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Smoothed empirical differential fairness: the least ε such that, for each decision, no two groups differ by more than a
 * factor e^ε in its probability; probabilities are (k + c/2)/(n + c). 0 is equality. With weights k and n are in units of the
 * mean weight of the group, Σw²/Σw, so that the smoothing does not depend on the scale of the weights.
 *
 * <p>Groups without rows play no part. Interval: ε ± the bootstrap quantile of the largest movement of any log ratio, so
 * conservative. Limit: biased upward for small groups.
 *
 * <p>Source: Foulds, Islam, Keya, Pan, An Intersectional Definition of Fairness, ICDE 2020, definition 3.1 and equation 8.
 *
 * @param concentration c, strength of the smoothing, above 0; 1 by default
 * @param settings how uncertainty is stated
 */
public record DifferentialFairness(double concentration, AuditSettings settings) implements FairnessMetric {
    /** Checks the concentration. */
    public DifferentialFairness {
        Checks.positive("concentration", concentration);
    }

    /**
     * The metric with the defaults.
     *
     * @return the metric
     */
    public static DifferentialFairness of() {
        return new DifferentialFairness(1, AuditSettings.DEFAULT);
    }

    @Override
    public String name() {
        return "differential_fairness_epsilon";
    }

    @Override
    public Estimate of(GroupCube cube) {
        int size = cube.space().size();
        double[] refused = new double[size];
        double[] selected = new double[size];
        double[][] unit = new double[2][size];
        int count = 0;
        for (int g = 0; g < size; g++) {
            if (cube.count(g) < settings.minimum()) {
                continue;
            }
            double[] sum = new double[2];
            double[] square = new double[2];
            for (int c = 0; c < GroupCube.CELLS; c++) {
                sum[c % 2] += cube.sum(g * GroupCube.CELLS + c);
                square[c % 2] += cube.square(g * GroupCube.CELLS + c);
            }
            double mean = (square[0] + square[1]) / (sum[0] + sum[1]);
            for (int d = 0; d < 2; d++) {
                // Weights may depend on the decision; of a decision that nobody got, all rows of the group tell.
                unit[d][count] = sum[d] > 0 ? square[d] / sum[d] / mean : 1;
            }
            refused[count] = sum[0] / mean;
            selected[count] = sum[1] / mean;
            count++;
        }
        if (count < 2) {
            return new Estimate.Abstained("groups with enough rows must be at least 2, were " + count, cube.count());
        }
        Estimate.Abstained few = settings.tooFewDraws(1, cube.count());
        if (few != null) {
            return few;
        }
        double[][] logs = new double[2][count];
        Poisson[][] laws = new Poisson[2][count];
        for (int i = 0; i < count; i++) {
            logs(logs, i, refused[i], selected[i]);
            laws[0][i] = new Poisson(refused[i] / unit[0][i] + 0.5);
            laws[1][i] = new Poisson(selected[i] / unit[1][i] + 0.5);
        }
        double epsilon = Math.max(span(logs[0], null), span(logs[1], null));
        double[] found = new double[settings.replicates()];
        double[][] centre = new double[2][count];
        for (int i = 0; i < count; i++) {
            logs(centre, i, refused[i] + unit[0][i] / 2, selected[i] + unit[1][i] / 2);
        }
        double[][] drawn = new double[2][count];
        for (int r = 0; r < found.length; r++) {
            Progress.checkInterrupted();
            RandomGenerator random = settings.seed().generator(r);
            for (int i = 0; i < count; i++) {
                logs(drawn, i, laws[0][i].next(random) * unit[0][i], laws[1][i].next(random) * unit[1][i]);
            }
            found[r] = Math.max(span(drawn[0], centre[0]), span(drawn[1], centre[1]));
        }
        double d = settings.quantile(found);
        return new Estimate.Measured(
                epsilon, new Interval(Math.max(0, epsilon - d), epsilon + d, settings.confidence()), cube.count());
    }

    private void logs(double[][] out, int i, double refused, double selected) {
        double all = refused + selected + concentration;
        out[0][i] = Math.log((refused + concentration / 2) / all);
        out[1][i] = Math.log((selected + concentration / 2) / all);
    }

    private static double span(double[] values, double @Nullable [] minus) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < values.length; i++) {
            double value = minus == null ? values[i] : values[i] - minus[i];
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        return high - low;
    }
}
