// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/**
 * What the numbers of some tensors may be. Of several that match a tensor, the first in the policy counts.
 *
 * @param tensors names of tensors; {@code *} stands for any characters
 * @param finite whether NaN and infinities are refused
 * @param min least value, for example {@code -10}; negative infinity for none
 * @param max greatest value; positive infinity for none
 * @param outliers how far from the median a value may lie, in units of the scaled median absolute deviation (1.4826 MAD,
 *     which is one standard deviation for normal values); positive infinity for any distance. Trained weights have
 *     heavy tails: 50 is a sensible beginning.
 */
public record ParameterRange(String tensors, boolean finite, double min, double max, double outliers) {
    /** Checks the numbers. */
    public ParameterRange {
        if (tensors.isEmpty()) {
            throw new IllegalArgumentException("tensors must not be empty; * stands for all");
        }
        if (!(min <= max)) {
            throw new IllegalArgumentException("min must be <= max, were " + min + " and " + max);
        }
        if (!(outliers > 0)) {
            throw new IllegalArgumentException("outliers must be > 0, was " + outliers);
        }
    }

    /**
     * Finite numbers of any size.
     *
     * @param tensors names of tensors; {@code *} stands for any characters
     * @return the range
     */
    public static ParameterRange finite(String tensors) {
        return new ParameterRange(
                tensors, true, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    /**
     * Finite numbers between two bounds.
     *
     * @param tensors names of tensors; {@code *} stands for any characters
     * @param min least value
     * @param max greatest value
     * @return the range
     */
    public static ParameterRange between(String tensors, double min, double max) {
        return new ParameterRange(tensors, true, min, max, Double.POSITIVE_INFINITY);
    }

    /**
     * The same range with a bound for outliers.
     *
     * @param distance in units of the scaled median absolute deviation
     * @return the range
     */
    public ParameterRange withOutliers(double distance) {
        return new ParameterRange(tensors, finite, min, max, distance);
    }

    boolean matches(String tensor) {
        return tensors.equals("*") || glob(tensors, tensor);
    }

    /** Linear in both for one star, at worst their product; a regular expression of many stars would be exponential. */
    private static boolean glob(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int mark = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                mark = t;
            } else if (p < pattern.length() && pattern.charAt(p) == text.charAt(t)) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++mark;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
