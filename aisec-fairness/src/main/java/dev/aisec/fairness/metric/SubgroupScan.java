// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Multi-dimensional subset scan: the subgroup (a set of values of each attribute) whose selection rate departs most from
 * that of all rows, by log likelihood ratio, and how often chance alone gives one as extreme.
 *
 * <p>Search: given the sets of all other attributes, the best set of one attribute is a prefix of its values ordered by
 * rate (linear-time subset scanning), so that the score climbs attribute by attribute, from several random starts. The
 * p-value is by simulation: the same search on the same decisions in random order, given their number; it is
 * (1 + number at least as extreme)/(1 + simulations), so valid at every level for rows independent of their group.
 *
 * <p>Limit: the search is a climb: it may miss the best subgroup, which costs power and not validity. Weighted cubes are
 * refused: the simulation redraws the decision of every row, and a cube keeps only sums of weights. With effective numbers of
 * rows in their place the p-value would be no longer valid at every level.
 *
 * <p>Score: k ln(k/(np)) + (n − k) ln((n − k)/(n(1 − p))) if k/n departs from p to the side looked at, else 0.
 *
 * <p>Source: Neill, Fast subset scan for spatial pattern detection, JRSS B 74, 2012; Zhang, Neill, Identifying Significant
 * Predictive Bias in Classifiers, 2016 (arXiv:1611.08292).
 *
 * @param lower whether subgroups selected less than expected are sought; else more
 * @param starts random starts beside the full set, in [0, 1000]; 10 by default
 * @param simulations in [19, 10⁶]; 199 by default
 * @param seed seed of starts and simulations
 */
public record SubgroupScan(boolean lower, int starts, int simulations, Seed seed) {
    /**
     * What was found.
     *
     * @param values the values of each attribute that bound the subgroup; attributes with all values are left out
     * @param rows rows in it
     * @param rate its selection rate; 0 if the cube is empty
     * @param expected selection rate of all rows; 0 if the cube is empty
     * @param score log likelihood ratio, at least 0
     * @param pValue of an equal rate everywhere
     */
    public record Result(
            SortedMap<String, SortedSet<String>> values,
            long rows,
            double rate,
            double expected,
            double score,
            double pValue) {}

    private record Best(boolean[][] sets, double score) {}

    /** Checks the components. */
    public SubgroupScan {
        if (starts < 0 || starts > 1000) {
            throw new IllegalArgumentException("starts must be in [0, 1000], was " + starts);
        }
        if (simulations < 19 || simulations > 1_000_000) {
            throw new IllegalArgumentException("simulations must be in [19, 1000000], was " + simulations);
        }
    }

    /**
     * A scan with the defaults.
     *
     * @param lower whether subgroups selected less than expected are sought; else more
     * @return the scan
     */
    public static SubgroupScan of(boolean lower) {
        return new SubgroupScan(lower, 10, 199, new Seed(0));
    }

    /**
     * Scans.
     *
     * @param cube unweighted decisions
     * @return the subgroup with its p-value
     */
    public Result scan(GroupCube cube) {
        if (cube.weighted()) {
            throw new IllegalArgumentException(
                    "cube must be unweighted, was weighted: decisions are redrawn row by row,"
                            + " and a cube has only sums of weights");
        }
        int size = cube.space().size();
        double[] trials = new double[size];
        double[] hits = new double[size];
        int[][] values = new int[size][];
        double n = 0;
        double k = 0;
        for (int g = 0; g < size; g++) {
            trials[g] = cube.count(g);
            hits[g] = cube.count(g, false, true) + cube.count(g, true, true);
            values[g] = cube.space().values(g);
            n += trials[g];
            k += hits[g];
        }
        int[] filled = IntStream.range(0, size).filter(g -> trials[g] > 0).toArray();
        double p = n == 0 ? 0 : k / n;
        Best best = search(cube.space(), values, filled, trials, hits, p, seed.generator(0));
        int extreme = 0;
        double[] drawn = new double[size];
        for (int s = 1; s <= simulations; s++) {
            Progress.checkInterrupted();
            RandomGenerator random = seed.generator(s);
            // The selected rows in random places: without replacement, so that their number stays.
            double rest = n;
            double left = k;
            for (int g : filled) {
                int hit = 0;
                for (long i = 0; i < cube.count(g); i++) {
                    if (random.nextDouble() * rest-- < left) {
                        hit++;
                        left--;
                    }
                }
                drawn[g] = hit;
            }
            double score = search(cube.space(), values, filled, trials, drawn, p, random).score;
            extreme += score >= best.score - 1e-9 ? 1 : 0;
        }
        SortedMap<String, SortedSet<String>> names = new TreeMap<>();
        double inside = 0;
        double insideHits = 0;
        for (int a = 0; a < best.sets.length; a++) {
            GroupSpace.Attribute attribute = cube.space().attributes().get(a);
            SortedSet<String> chosen = new TreeSet<>();
            for (int v = 0; v < best.sets[a].length; v++) {
                if (best.sets[a][v]) {
                    chosen.add(attribute.values().get(v));
                }
            }
            if (chosen.size() < attribute.values().size()) {
                names.put(attribute.name(), Collections.unmodifiableSortedSet(chosen));
            }
        }
        for (int g : filled) {
            if (contains(best.sets, values[g], -1)) {
                inside += trials[g];
                insideHits += hits[g];
            }
        }
        return new Result(
                Collections.unmodifiableSortedMap(names),
                (long) inside,
                inside == 0 ? 0 : insideHits / inside,
                p,
                best.score,
                (1.0 + extreme) / (1 + simulations));
    }

    private Best search(
            GroupSpace space,
            int[][] values,
            int[] filled,
            double[] trials,
            double[] hits,
            double p,
            RandomGenerator random) {
        int attributes = space.attributes().size();
        @Nullable Best best = null;
        for (int start = 0; start <= starts; start++) {
            boolean[][] sets = new boolean[attributes][];
            for (int a = 0; a < attributes; a++) {
                sets[a] = new boolean[space.attributes().get(a).values().size()];
                for (int v = 0; v < sets[a].length; v++) {
                    sets[a][v] = start == 0 || random.nextBoolean();
                }
            }
            double score = -1;
            // Each step can only raise the score, of which there are finitely many.
            for (boolean better = true; better; ) {
                better = false;
                for (int a = 0; a < attributes; a++) {
                    double found = improve(sets, a, values, filled, trials, hits, p);
                    if (found > score + 1e-12) {
                        score = found;
                        better = true;
                    }
                }
            }
            if (best == null || score > best.score) {
                best = new Best(sets, Math.max(0, score));
            }
        }
        return Objects.requireNonNull(best);
    }

    /** Sets attribute a to its best set given the others. */
    private double improve(
            boolean[][] sets, int a, int[][] values, int[] filled, double[] trials, double[] hits, double p) {
        int count = sets[a].length;
        double[] n = new double[count];
        double[] k = new double[count];
        for (int g : filled) {
            if (contains(sets, values[g], a)) {
                n[values[g][a]] += trials[g];
                k[values[g][a]] += hits[g];
            }
        }
        List<Integer> order = new ArrayList<>();
        for (int v = 0; v < count; v++) {
            if (n[v] > 0) {
                order.add(v);
            }
        }
        Comparator<Integer> byRate = Comparator.comparingDouble(v -> k[v] / n[v]);
        order.sort(lower ? byRate : byRate.reversed());
        double sumN = 0;
        double sumK = 0;
        double best = -1;
        int length = 0;
        for (int i = 0; i < order.size(); i++) {
            sumN += n[order.get(i)];
            sumK += k[order.get(i)];
            double score = score(sumK, sumN, p);
            if (score > best) {
                best = score;
                length = i + 1;
            }
        }
        if (length > 0) {
            Arrays.fill(sets[a], false);
            for (int i = 0; i < length; i++) {
                sets[a][order.get(i)] = true;
            }
        }
        return best;
    }

    private static boolean contains(boolean[][] sets, int[] values, int except) {
        for (int a = 0; a < values.length; a++) {
            if (a != except && !sets[a][values[a]]) {
                return false;
            }
        }
        return true;
    }

    private double score(double k, double n, double p) {
        if (lower ? k >= n * p : k <= n * p) {
            return 0;
        }
        double score = k > 0 ? k * Math.log(k / (n * p)) : 0;
        return score + (n - k > 0 ? (n - k) * Math.log((n - k) / (n * (1 - p))) : 0);
    }
}
