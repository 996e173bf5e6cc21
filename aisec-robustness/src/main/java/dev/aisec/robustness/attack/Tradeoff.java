// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import java.util.Arrays;

/**
 * The weight c between distance and success, searched for each row: up tenfold until it succeeds, then by bisection; and
 * whether the loss of a search step has come to rest (Carlini, Wagner, IEEE S&amp;P 2017, and the authors' code).
 */
final class Tradeoff {
    private static final double CHECKS = 10;
    private static final double PROGRESS = 0.9999;

    private final int steps;
    private final int searches;
    double[] weight;
    /** Iterations done in this search step. */
    int[] iteration;

    private double[] lower;
    private double[] upper;
    private double[] previous;
    private int[] search;
    private boolean[] succeeded;

    Tradeoff(double first, int steps, int searches, int rows) {
        this.steps = steps;
        this.searches = searches;
        weight = new double[rows];
        Arrays.fill(weight, first);
        iteration = new int[rows];
        lower = new double[rows];
        upper = new double[rows];
        Arrays.fill(upper, Double.POSITIVE_INFINITY);
        previous = new double[rows];
        Arrays.fill(previous, Double.POSITIVE_INFINITY);
        search = new int[rows];
        succeeded = new boolean[rows];
    }

    /** Notes an iteration's outcome; returns whether the search step of this row is over. */
    boolean over(int r, double loss, boolean success) {
        succeeded[r] |= success;
        int every = (int) Math.max(1, Math.ceil(steps / CHECKS));
        boolean rests = false;
        if (iteration[r] % every == 0) {
            rests = loss > PROGRESS * previous[r];
            previous[r] = loss;
        }
        iteration[r]++;
        return rests || iteration[r] >= steps;
    }

    /** Ends the search step of a row; returns whether there is another. */
    boolean next(int r) {
        if (succeeded[r]) {
            upper[r] = Math.min(upper[r], weight[r]);
        } else {
            lower[r] = Math.max(lower[r], weight[r]);
        }
        weight[r] = upper[r] < Double.POSITIVE_INFINITY ? (lower[r] + upper[r]) / 2 : weight[r] * 10;
        iteration[r] = 0;
        previous[r] = Double.POSITIVE_INFINITY;
        succeeded[r] = false;
        search[r]++;
        return search[r] < searches;
    }

    void keep(int[] kept) {
        weight = Search.pick(weight, kept);
        iteration = Search.pick(iteration, kept);
        lower = Search.pick(lower, kept);
        upper = Search.pick(upper, kept);
        previous = Search.pick(previous, kept);
        search = Search.pick(search, kept);
        boolean[] flags = new boolean[kept.length];
        for (int k = 0; k < kept.length; k++) {
            flags[k] = succeeded[kept[k]];
        }
        succeeded = flags;
    }
}
