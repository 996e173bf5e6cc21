// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.internal.Mover;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.apache.commons.statistics.distribution.HypergeometricDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Every subgroup that some of the attributes define, from single values to full intersections, against all other rows, with
 * control of the multiplicity.
 *
 * <p>Guarantee: rejecting where {@code holm} ≤ α errs anywhere with probability at most α; rejecting where {@code
 * benjaminiHochberg} ≤ q keeps the expected share of errors at most q under positive dependence. Nested subgroups depend
 * on each other; Holm does not mind.
 *
 * <p>Tests: Fisher's exact test, twice the smaller tail, for up to 10⁶ rows; with weights on effective sizes (see {@link Measure}) rounded to whole
 * numbers, an approximation. For more rows the score test, or, where few hits are expected, the larger of its p-value and that of the
 * binomial tail.
 *
 * <p>Source: Kearns, Neel, Roth, Wu, Preventing Fairness Gerrymandering, ICML 2018 (the problem); Fisher 1935; Holm 1979;
 * Benjamini, Hochberg 1995.
 *
 * @param measure a share, not {@link Measure#BALANCED_ACCURACY} nor {@link Measure#TREATMENT_RATIO}
 * @param settings how uncertainty is stated; subgroups below the minimum, or that are all rows, are not tested
 */
public record IntersectionalAudit(Measure measure, AuditSettings settings) {
    private static final long EXACT = 1_000_000;
    /** From this variance of the hits on the normal law is near enough, also far out. */
    private static final double NORMAL = 1e4;

    private static final long MOST_SUBGROUPS = 1 << 22;

    /**
     * A subgroup.
     *
     * @param name for example {@code sex=Female, race=Black}
     * @param rate the measure in it
     * @param difference rate − rate of all other rows; not adjusted for multiplicity
     * @param pValue of equal rates, two-sided
     * @param holm p-value adjusted by Holm
     * @param benjaminiHochberg p-value adjusted by Benjamini and Hochberg
     */
    public record Subgroup(
            String name,
            Estimate.Measured rate,
            Estimate.Measured difference,
            double pValue,
            double holm,
            double benjaminiHochberg) {}

    /** Checks the measure. */
    public IntersectionalAudit {
        if (measure == Measure.BALANCED_ACCURACY || measure == Measure.TREATMENT_RATIO) {
            throw new IllegalArgumentException("measure must be a share, was " + measure);
        }
    }

    /**
     * An audit with the default settings.
     *
     * @param measure a share
     * @return the audit
     */
    public static IntersectionalAudit of(Measure measure) {
        return new IntersectionalAudit(measure, AuditSettings.DEFAULT);
    }

    /**
     * Tests every subgroup.
     *
     * @param cube the decisions; at most 2²² subgroups
     * @return those that were tested, by ascending p-value
     */
    public List<Subgroup> audit(GroupCube cube) {
        List<GroupSpace.Attribute> attributes = cube.space().attributes();
        long number = 1;
        for (GroupSpace.Attribute attribute : attributes) {
            number *= attribute.values().size() + 1;
            if (number > MOST_SUBGROUPS) {
                throw new IllegalArgumentException("subgroups must be at most " + MOST_SUBGROUPS + ", were more");
            }
        }
        int n = (int) number;
        // Each group adds to the subgroups that it belongs to: one for each set of attributes.
        double[][] sums = new double[2 * GroupCube.CELLS][n];
        long[][] rows = new long[GroupCube.CELLS][n];
        for (int g = 0; g < cube.space().size(); g++) {
            if (cube.count(g) == 0) {
                continue;
            }
            int[] values = cube.space().values(g);
            for (int set = 0; set < 1 << values.length; set++) {
                int index = 0;
                for (int a = 0; a < values.length; a++) {
                    index = index * (attributes.get(a).values().size() + 1) + ((set >> a & 1) != 0 ? values[a] + 1 : 0);
                }
                for (int c = 0; c < GroupCube.CELLS; c++) {
                    int cell = g * GroupCube.CELLS + c;
                    sums[c][index] += cube.sum(cell);
                    sums[GroupCube.CELLS + c][index] += cube.square(cell);
                    rows[c][index] += cube.rows(cell);
                }
            }
        }
        List<Subgroup> raw = new ArrayList<>();
        for (int index = 1; index < n; index++) {
            Measure.Tally in = measure.tally(sums, rows, index);
            Measure.Tally out = measure.tally(sums, rows, 0).minus(in);
            if (in.trials() >= settings.minimum() && out.trials() > 0 && out.all() > 0 && out.square() > 0) {
                raw.add(new Subgroup(
                        name(attributes, index),
                        in.share(settings.confidence(), true),
                        Mover.difference(
                                in.share(settings.confidence(), false), out.share(settings.confidence(), false)),
                        pValue(in, out),
                        1,
                        1));
            }
        }
        double[] pValues = raw.stream().mapToDouble(Subgroup::pValue).toArray();
        double[] holm = MultipleTesting.holm(pValues);
        double[] rate = MultipleTesting.benjaminiHochberg(pValues);
        List<Subgroup> result = new ArrayList<>();
        for (int i = 0; i < pValues.length; i++) {
            Subgroup one = raw.get(i);
            result.add(new Subgroup(one.name, one.rate, one.difference, one.pValue, holm[i], rate[i]));
        }
        result.sort(java.util.Comparator.comparingDouble(Subgroup::pValue));
        return List.copyOf(result);
    }

    private static String name(List<GroupSpace.Attribute> attributes, int index) {
        List<String> parts = new ArrayList<>();
        int rest = index;
        for (int a = attributes.size() - 1; a >= 0; a--) {
            int base = attributes.get(a).values().size() + 1;
            int value = rest % base;
            rest /= base;
            if (value > 0) {
                parts.add(
                        0,
                        attributes.get(a).name() + "="
                                + attributes.get(a).values().get(value - 1));
            }
        }
        return String.join(", ", parts);
    }

    private static double pValue(Measure.Tally in, Measure.Tally out) {
        double sizeIn = in.size();
        double sizeOut = out.size();
        double hitsIn = in.hit() / in.all() * sizeIn;
        double hits = hitsIn + out.hit() / out.all() * sizeOut;
        double total = sizeIn + sizeOut;
        if (total <= EXACT) {
            int whole = (int) Math.round(hitsIn);
            int size = (int) Math.round(sizeIn);
            int all = size + (int) Math.round(sizeOut);
            int wholeHits = whole + (int) Math.round(hits - hitsIn);
            HypergeometricDistribution law = HypergeometricDistribution.of(all, wholeHits, size);
            return twice(law.cumulativeProbability(whole), law.survivalProbability(whole - 1));
        }
        double p = Math.max(0, Math.min(1, (in.hit() + out.hit()) / (in.all() + out.all())));
        double variance = p * (1 - p) * (1 / sizeIn + 1 / sizeOut);
        if (!(variance > 0)) {
            return 1;
        }
        double z = Math.abs(in.hit() / in.all() - out.hit() / out.all()) / Math.sqrt(variance);
        double normal = twice(NormalDistribution.of(0, 1).survivalProbability(z), 1);
        if (p * (1 - p) * sizeIn * (sizeOut / total) >= NORMAL) {
            return normal;
        }
        // Rare hits or a small side are far from normal. Hits inside are then nearly binomial, and vary a little less.
        double side = Math.min(sizeIn, sizeOut);
        double hitsSide = Math.max(0, sizeIn <= sizeOut ? hitsIn : hits - hitsIn);
        boolean rare = p <= 0.5;
        double marked = rare ? hits : total - hits;
        double found = Math.max(0, rare ? hitsSide : side - hitsSide);
        double trials = Math.min(side, marked);
        double share = Math.max(side, marked) / total;
        return Math.max(normal, twice(atMost(found, trials, share), atLeast(found, trials, share)));
    }

    private static double twice(double low, double high) {
        return Math.max(0, Math.min(1, 2 * Math.min(low, high)));
    }

    /** P(X &gt;= k) of a binomial variable, by the incomplete beta function, so that counts need not be whole. */
    private static double atLeast(double k, double n, double p) {
        if (k <= n * 1e-12) {
            return 1;
        }
        return n - k <= n * 1e-12
                ? Math.pow(p, n)
                : BetaDistribution.of(k, n - k + 1).cumulativeProbability(p);
    }

    private static double atMost(double k, double n, double p) {
        return atLeast(n - k, n, 1 - p);
    }
}
