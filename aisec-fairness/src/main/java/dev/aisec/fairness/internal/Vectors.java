// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.internal;

/** Arithmetic of vectors and the logistic function. */
public final class Vectors {
    private Vectors() {}

    /**
     * Σ a·b.
     *
     * @param a a vector
     * @param b another of the same length
     * @return the scalar product
     */
    public static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /**
     * The Euclidean length.
     *
     * @param a a vector
     * @return at least 0
     */
    public static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    /**
     * Adds a multiple of a vector to another.
     *
     * @param to the vector that is added to
     * @param factor factor
     * @param what the vector that is added
     */
    public static void add(double[] to, double factor, double[] what) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * what[i];
        }
    }

    /**
     * 1/(1 + e^−m), without overflow.
     *
     * @param m any number
     * @return in [0, 1]
     */
    public static double logistic(double m) {
        return m >= 0 ? 1 / (1 + Math.exp(-m)) : Math.exp(m) / (1 + Math.exp(m));
    }
}
