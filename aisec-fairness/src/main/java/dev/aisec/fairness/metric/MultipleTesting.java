// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Adjusted p-values of several tests. */
public final class MultipleTesting {
    private MultipleTesting() {}

    /**
     * Holm's step-down method: to reject what is at most α keeps the probability of any false rejection at most α, whatever
     * the dependence. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
     * 1979.
     *
     * @param pValues each in [0, 1]
     * @return adjusted p-values, in the same order
     */
    public static double[] holm(double[] pValues) {
        int[] order = order(pValues);
        double[] adjusted = new double[pValues.length];
        double most = 0;
        for (int i = 0; i < order.length; i++) {
            most = Math.max(most, Math.min(1, (order.length - i) * pValues[order[i]]));
            adjusted[order[i]] = most;
        }
        return adjusted;
    }

    /**
     * Step-up method of Benjamini and Hochberg: to reject what is at most q keeps the expected share of false rejections at
     * most q, for independent or positively dependent tests. Benjamini, Hochberg, Controlling the false discovery rate,
     * Journal of the Royal Statistical Society B 57, 1995.
     *
     * @param pValues each in [0, 1]
     * @return adjusted p-values, in the same order
     */
    public static double[] benjaminiHochberg(double[] pValues) {
        int[] order = order(pValues);
        double[] adjusted = new double[pValues.length];
        double least = 1;
        for (int i = order.length - 1; i >= 0; i--) {
            least = Math.min(least, pValues[order[i]] * order.length / (i + 1));
            adjusted[order[i]] = least;
        }
        return adjusted;
    }

    private static int[] order(double[] pValues) {
        for (double p : pValues) {
            if (!(p >= 0 && p <= 1)) {
                throw new IllegalArgumentException("pValues must be in [0, 1], one was " + p);
            }
        }
        double[] copy = Arrays.copyOf(pValues, pValues.length);
        return IntStream.range(0, copy.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> copy[i]))
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
