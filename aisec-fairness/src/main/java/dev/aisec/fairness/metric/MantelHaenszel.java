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
 * Cochran, Mantel and Haenszel without continuity correction. Both hold for few large and for many sparse strata.
 *
 * <p>Weighted cubes: the odds ratio is that of the weights, its variance the design-based one by linearisation,
 * ΣΣ w²(∂ ln OR/∂T)² over the rows, T being the weight of a row's cell; the test is the score test with the variance of the
 * same kind. Assumption: rows are drawn independently, with replacement or from a population much larger; weights may depend
 * on group and decision. No strata or clusters of the draw are known here. Unlike the unweighted ones they need large
 * strata: a weighted cube abstains unless both values have at least {@value #LEAST} effective rows (Kish, (Σw)²/Σw²) in each
 * stratum that counts.
 *
 * <p>Source: Mantel, Haenszel, Journal of the National Cancer Institute 22, 1959; Robins, Breslow, Greenland, Biometrics
 * 42, 1986; weighted: Binder, On the Variances of Asymptotically Normal Estimators from Complex Surveys, International
 * Statistical Review 51, 1983; Rao, Scott, Skinner, Quasi-Score Tests with Survey Data, Statistica Sinica 8, 1998; Kish,
 * Survey Sampling, Wiley 1965, section 8.2.
 *
 * @param attribute name of the attribute
 * @param value the value looked at
 * @param reference the value it is compared with
 * @param settings how uncertainty is stated
 */
public record MantelHaenszel(String attribute, String value, String reference, AuditSettings settings)
        implements FairnessMetric {
    /** Least effective rows of a value in a stratum of a weighted cube. */
    private static final int LEAST = 10;

    /**
     * Odds ratio and test.
     *
     * @param oddsRatio the common odds ratio
     * @param pValue of no association in any stratum, two-sided; 1 if no stratum could show one, and for a weighted cube
     *     whose strata are too small
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
        double[][] squares = new double[strata.count][4];
        long rows = 0;
        double total = 0;
        for (int c = 0; c < strata.value.length * GroupCube.CELLS; c++) {
            total += cube.sum(c);
        }
        for (int g = 0; g < strata.value.length; g++) {
            if (strata.value[g] == left || strata.value[g] == right) {
                rows += cube.count(g);
                for (int c = 0; c < GroupCube.CELLS; c++) {
                    int at = (strata.value[g] == left ? 0 : 2) + 1 - c % 2;
                    int cell = g * GroupCube.CELLS + c;
                    if (!cube.weighted()) {
                        t[strata.stratum[g]][at] += cube.rows(cell);
                    } else if (total > 0) {
                        // Nothing below depends on the scale; products of shares cannot overflow.
                        t[strata.stratum[g]][at] += cube.sum(cell) / total;
                        squares[strata.stratum[g]][at] += cube.square(cell) / total / total;
                    }
                }
            }
        }
        return cube.weighted() ? weighted(t, squares, rows) : unweighted(t, rows);
    }

    private Result weighted(double[][] t, double[][] squares, long rows) {
        double r = 0;
        double s = 0;
        double excess = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < t.length; i++) {
            double[] k = t[i];
            double n = k[0] + k[1] + k[2] + k[3];
            if (!comparable(k)) {
                continue;
            }
            for (int v = 0; v < 4; v += 2) {
                double share = k[v] + k[v + 1];
                least = Math.min(least, share / (squares[i][v] + squares[i][v + 1]) * share);
            }
            r += k[0] * k[3] / n;
            s += k[1] * k[2] / n;
            excess += k[0] - (k[0] + k[1]) * (k[0] + k[2]) / n;
        }
        if (least < LEAST) {
            return new Result(
                    new Estimate.Abstained(
                            "effective rows of each value must be at least " + LEAST
                                    + " in each weighted stratum that counts, were fewer",
                            rows),
                    1);
        }
        double ratioVariance = 0;
        double excessVariance = 0;
        for (int i = 0; i < t.length; i++) {
            double[] k = t[i];
            double n = k[0] + k[1] + k[2] + k[3];
            if (!comparable(k)) {
                continue;
            }
            double up = k[0] * k[3] / n / n;
            double down = k[1] * k[2] / n / n;
            double selected = (k[0] + k[2]) / n;
            double group = (k[0] + k[1]) / n;
            for (int c = 0; c < 4; c++) {
                // By how much ln(r/s), and the excess, change with the weight of the cell.
                boolean diagonal = c == 0 || c == 3;
                double product = k[3 - c] / n;
                double slope = (diagonal ? product : 0) / r - up / r - (diagonal ? 0 : product) / s + down / s;
                ratioVariance += r > 0 && s > 0 ? slope * slope * squares[i][c] : 0;
                double slant = (c == 0 ? 1 : 0) - (c < 2 ? selected : 0) - (c % 2 == 0 ? group : 0) + selected * group;
                excessVariance += slant * slant * squares[i][c];
            }
        }
        return result(r, s, ratioVariance, excessVariance > 0 ? excess * excess / excessVariance : 0, rows);
    }

    /** Whether both values are there, and both decisions. */
    private static boolean comparable(double[] k) {
        return k[0] + k[1] > 0 && k[2] + k[3] > 0 && k[0] + k[2] > 0 && k[1] + k[3] > 0;
    }

    private Result unweighted(double[][] t, long rows) {
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
        double spread = pr / (2 * r * r) + cross / (2 * r * s) + qs / (2 * s * s);
        return result(r, s, spread, variance > 0 ? excess * excess / variance : 0, rows);
    }

    private Result result(double r, double s, double variance, double statistic, long rows) {
        double pValue = ChiSquaredDistribution.of(1).survivalProbability(statistic);
        if (!(r > 0 && s > 0)) {
            return new Result(
                    new Estimate.Abstained(
                            "both values must be selected and refused in comparable strata, were not", rows),
                    pValue);
        }
        double log = Math.log(r / s);
        double half = Proportion.quantile(settings.confidence()) * Math.sqrt(variance);
        Interval interval = new Interval(Math.exp(log - half), Math.exp(log + half), settings.confidence());
        return new Result(new Estimate.Measured(r / s, Proportion.around(r / s, interval), rows), pValue);
    }
}
