// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Estimate;
import java.util.Arrays;

/**
 * What {@link Quantiles} has released: the noisy counts of all nodes of a tree, made consistent. It answers any number of questions
 * at no further cost, as it holds nothing of the data but the noisy counts. Immutable.
 *
 * <p>How: every node's count is averaged with the sum of its children's, with the best weights, from the leaves up; then the
 * children of each node are moved alike so that they sum up to it, from the top down. This is the least squares estimate.
 *
 * <p>Source: Hay, Rastogi, Miklau, Suciu, Boosting the Accuracy of Differentially Private Histograms Through Consistency, PVLDB 3,
 * 2010, theorem 3; for the choice of branching: Qardaji, Yang, Li, Understanding Hierarchical Methods for Differentially Private
 * Histograms, PVLDB 6, 2013.
 */
public final class QuantileTree {
    private final ValueBins.Equal bins;
    private final int branching;
    private final int height;
    private final NoisePart part;
    private final double fineness;
    /** Estimated entries below each leaf, and in all. */
    private final double[] below;

    private QuantileTree(
            ValueBins.Equal bins, int branching, int height, NoisePart part, double fineness, double[] below) {
        this.bins = bins;
        this.branching = branching;
        this.height = height;
        this.part = part;
        this.fineness = fineness;
        this.below = below;
    }

    static QuantileTree draw(
            Quantiles parameters, long[] leaves, NoisePart part, NoisePart.Sampler sampler, BitSource bits) {
        double[] nodes = nodes(leaves, parameters.branching(), parameters.height());
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] += sampler.fine(bits);
        }
        return new QuantileTree(
                parameters.bins(),
                parameters.branching(),
                parameters.height(),
                part,
                sampler.fineness(),
                prefixSums(nodes, parameters.branching(), parameters.height()));
    }

    /** Exact counts of all nodes but the root: level by level, the leaves last. */
    static double[] nodes(long[] leaves, int branching, int height) {
        double[] nodes = new double[start(branching, height) + leaves.length];
        int from = start(branching, height);
        for (int i = 0; i < leaves.length; i++) {
            nodes[from + i] = leaves[i];
        }
        for (int level = height - 1; level > 0; level--) {
            int parents = start(branching, level);
            int children = start(branching, level + 1);
            for (int i = 0; i < nodes.length - children && parents + i / branching < children; i++) {
                nodes[parents + i / branching] += nodes[children + i];
            }
        }
        return nodes;
    }

    /** Where the nodes of a level start; level 1 has one node for each branch of the root. */
    private static int start(int branching, int level) {
        int start = 0;
        int size = branching;
        for (int i = 1; i < level; i++) {
            start += size;
            size *= branching;
        }
        return start;
    }

    /** Overwrites the nodes by their best estimates; then sums of the leaves. */
    static double[] prefixSums(double[] nodes, int branching, int height) {
        for (int level = height - 1; level > 0; level--) {
            int parents = start(branching, level);
            int children = start(branching, level + 1);
            double own = variance(branching, height - level + 1);
            for (int i = parents; i < children; i++) {
                nodes[i] = own * nodes[i] + (1 - own) * sum(nodes, children + (i - parents) * branching, branching);
            }
        }
        for (int level = 1; level < height; level++) {
            int parents = start(branching, level);
            int children = start(branching, level + 1);
            for (int i = parents; i < children; i++) {
                int first = children + (i - parents) * branching;
                double move = (nodes[i] - sum(nodes, first, branching)) / branching;
                for (int k = first; k < first + branching; k++) {
                    nodes[k] += move;
                }
            }
        }
        int from = start(branching, height);
        double[] below = new double[nodes.length - from + 1];
        for (int i = 0; i + 1 < below.length; i++) {
            below[i + 1] = below[i] + nodes[from + i];
        }
        return below;
    }

    private static double sum(double[] nodes, int from, int n) {
        double sum = 0;
        for (int i = from; i < from + n; i++) {
            sum += nodes[i];
        }
        return sum;
    }

    /**
     * Of the best estimate of a node from its own subtree, in units of a count's variance; also the weight of the node's own
     * count in it.
     *
     * @param depth levels of the subtree; 1 for a leaf
     */
    private static double variance(int branching, int depth) {
        double variance = 1;
        for (int i = 1; i < depth; i++) {
            variance = branching * variance / (1 + branching * variance);
        }
        return variance;
    }

    /**
     * A bound of the sum of squared weights that the noisy counts have in the estimate of F(t) − qF(1), where F(t) is the number of
     * entries below the share t of the range. No weight is above 1.
     *
     * <p>With the tree's best subtree estimates z, which are independent where subtrees are: at the path's node of a level, with
     * the share t' of its range below, j children are left of the path and g is the share within the path's child, j + g = bt'.
     * The children's z have weights 1 − t', g − t' and −t' (below the first level; in it, q stands for t'), of which the sum of
     * squares is at most bt'(1 − t') ≤ b/4, in the first level b(t(1 − 2q) + q²). The levels are uncorrelated, as below the first
     * the weights sum up to 0.
     */
    static double squares(int branching, int height, double t, double q) {
        double sum = variance(branching, height) * (t * (1 - 2 * q) + q * q);
        for (int depth = 1; depth < height; depth++) {
            sum += variance(branching, depth) / 4;
        }
        return branching * sum * (1 + 1e-12);
    }

    /**
     * A quantile of the entries as kept and clamped to the bounds: the ⌈qn⌉-th smallest (the smallest for q = 0).
     *
     * <p>Its interval holds the true one with 95 %, whatever the data, each by itself; with no entries at all there is none to
     * hold. The ends are edges of leaves: of those leaves that the noisy counts do not rule out.
     *
     * <p>The value comes from a search down the tree, negative counts taken as 0, and is interpolated within a leaf. It is
     * biased: where many entries share one value it may be anywhere in the leaf of that value; where the range has no entries
     * near the quantile, it is somewhere in the gap, and noise counts there as entries; with few entries it is drawn to the
     * middle of the bounds.
     *
     * @param rank q; in [0, 1]
     * @return the value and its interval
     */
    public Estimate.Measured quantile(double rank) {
        if (!(rank >= 0 && rank <= 1)) {
            throw new IllegalArgumentException("rank must be in [0, 1], was " + rank);
        }
        int leaves = below.length - 1;
        double[] bounds = new double[branching];
        double slack = 0.5 * fineness * height * height * branching + Math.abs(below[leaves]) * 0x1p-40;
        Arrays.setAll(
                bounds,
                k -> slack
                        + part.sumQuantile(
                                Math.max(
                                        squares(branching, height, (double) k / branching, rank),
                                        squares(branching, height, (k + 1.0) / branching, rank)),
                                Reporting.ERROR / 2));
        int share = leaves / branching;
        // The true quantile's leaf is fixed by the data; below it are at most qn entries, below its end at least qn.
        // So the
        // noise has to be large at one of two given places for it to be left out.
        int first = 0;
        while (first < leaves - 1 && excess(first + 1, rank) < -bounds[first / share]) {
            first++;
        }
        int last = leaves - 1;
        while (last > 0 && excess(last, rank) > bounds[last / share]) {
            last--;
        }
        double low = bins.edge(first);
        double high = bins.edge(last + 1);
        return Reporting.between(Math.min(high, Math.max(low, search(rank))), low, high);
    }

    /** Estimated entries below a leaf, beyond the share that should be. */
    private double excess(int leaf, double rank) {
        return below[leaf] - rank * below[below.length - 1];
    }

    private double search(double rank) {
        int from = 0;
        int size = below.length - 1;
        double share = rank;
        while (size > 1) {
            int width = size / branching;
            double total = 0;
            for (int k = 0; k < branching; k++) {
                total += entries(from + k * width, width);
            }
            if (!(total > 0)) {
                share = 0.5;
                break;
            }
            double left = share * total;
            int child = 0;
            double own = entries(from, width);
            while (child < branching - 1 && left > own) {
                left -= own;
                child++;
                own = entries(from + child * width, width);
            }
            share = own > 0 ? Math.min(1, left / own) : 1;
            from += child * width;
            size = width;
        }
        double low = bins.edge(from);
        return low + share * (bins.edge(from + size) - low);
    }

    private double entries(int from, int width) {
        return Math.max(0, below[from + width] - below[from]);
    }
}
