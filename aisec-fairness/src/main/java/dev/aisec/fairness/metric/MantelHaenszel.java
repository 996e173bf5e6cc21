// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.fairness.internal.Proportion;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/**
 * Common odds ratio of being selected, of one value of an attribute against another, over the strata of all other
 * attributes; below 1 the value is selected less. With its test of no association.
 *
 * <p>Assumption: the odds ratio is about the same in each stratum. Interval of Robins, Breslow and Greenland; test of
 * Cochran, Mantel and Haenszel without continuity correction. Both hold for few large and for many sparse strata. Weighted
 * cubes abstain.
 *
 * <p>Source: Mantel, Haenszel, Journal of the National Cancer Institute 22, 1959; Robins, Breslow, Greenland, Biometrics
 * 42, 1986.
 *
 * @param attribute name of the attribute
 * @param value the value looked at
 * @param reference the value it is compared with
 * @param settings how uncertainty is stated
 */
public record MantelHaenszel(String attribute, String value, String reference, AuditSettings settings)
        implements FairnessMetric {
    /**
     * Odds ratio and test.
     *
     * @param oddsRatio the common odds ratio
     * @param pValue of no association in any stratum, two-sided; 1 if no stratum could show one
     */
    public record Result(Estimate oddsRatio, double pValue) {}

    /** Checks the values. */
    public MantelHaenszel {
        if (value.equals(reference)) {
            throw new IllegalArgumentException("value and reference must be different, were both " + value);
        }
    }

    /**
     * The test with the default settings.
     *
     * @param attribute name of the attribute
     * @param value the value looked at
     * @param reference the value it is compared with
     * @return the metric
     */
    public static MantelHaenszel of(String attribute, String value, String reference) {
        return new MantelHaenszel(attribute, value, reference, AuditSettings.DEFAULT);
    }

    @Override
    public String name() {
        return "mantel_haenszel_odds_ratio";
    }

    @Override
    public Estimate of(GroupCube cube) {
        return test(cube).oddsRatio();
    }

    /**
     * Estimates and tests.
     *
     * @param cube the decisions
     * @return odds ratio and p-value
     */
    public Result test(GroupCube cube) {
        int left = Strata.index(cube.space(), attribute, value);
        int right = Strata.index(cube.space(), attribute, reference);
        Strata strata = new Strata(cube.space(), attribute);
        // By stratum: selected and refused of the value, then of the reference.
        double[][] t = new double[strata.count][4];
        long rows = 0;
        for (int g = 0; g < strata.value.length; g++) {
            if (strata.value[g] == left || strata.value[g] == right) {
                rows += cube.count(g);
                for (int c = 0; c < GroupCube.CELLS; c++) {
                    t[strata.stratum[g]][(strata.value[g] == left ? 0 : 2) + 1 - c % 2] +=
                            cube.rows(g * GroupCube.CELLS + c);
                }
            }
        }
        if (cube.weighted()) {
            return new Result(new Estimate.Abstained("rows must be unweighted, were weighted", rows), 1);
        }
        double r = 0;
        double s = 0;
        double pr = 0;
        double cross = 0;
        double qs = 0;
        double excess = 0;
        double variance = 0;
        for (double[] k : t) {
            double n = k[0] + k[1] + k[2] + k[3];
            if (n < 2) {
                continue;
            }
            double p = (k[0] + k[3]) / n;
            double q = 1 - p;
            double up = k[0] * k[3] / n;
            double down = k[1] * k[2] / n;
            r += up;
            s += down;
            pr += p * up;
            cross += p * down + q * up;
            qs += q * down;
            double selected = k[0] + k[2];
            double group = k[0] + k[1];
            excess += k[0] - group * selected / n;
            variance += group * (n - group) / n * selected / n * (n - selected) / (n - 1);
        }
        double pValue = variance > 0 ? ChiSquaredDistribution.of(1).survivalProbability(excess * excess / variance) : 1;
        if (!(r > 0 && s > 0)) {
            return new Result(
                    new Estimate.Abstained(
                            "both values must be selected and refused in comparable strata, were not", rows),
                    pValue);
        }
        double log = Math.log(r / s);
        double half = Proportion.quantile(settings.confidence())
                * Math.sqrt(pr / (2 * r * r) + cross / (2 * r * s) + qs / (2 * s * s));
        Interval interval = new Interval(Math.exp(log - half), Math.exp(log + half), settings.confidence());
        return new Result(new Estimate.Measured(r / s, Proportion.around(r / s, interval), rows), pValue);
    }
}
