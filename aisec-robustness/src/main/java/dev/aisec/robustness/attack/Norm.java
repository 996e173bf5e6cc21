// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;

/** How the size of a perturbation is measured. */
public enum Norm {
    /**
     * Number of features that changed. In images each channel of a pixel is a feature of its own. Not a norm in the sense of
     * algebra: it does not scale, so there is neither steepest ascent nor a nearest point by scaling in it.
     */
    L0 {
        @Override
        double length(float[] a, int ai, float[] b, int bi, int n) {
            int count = 0;
            for (int i = 0; i < n; i++) {
                count += a[ai + i] != b[bi + i] ? 1 : 0;
            }
            return count;
        }
    },
    /** Sum of the absolute changes. */
    L1 {
        @Override
        double length(float[] a, int ai, float[] b, int bi, int n) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += Math.abs((double) a[ai + i] - b[bi + i]);
            }
            return sum;
        }
    },
    /** Euclidean norm. */
    L2 {
        @Override
        double length(float[] a, int ai, float[] b, int bi, int n) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                double d = (double) a[ai + i] - b[bi + i];
                sum += d * d;
            }
            return Math.sqrt(sum);
        }
    },
    /** Largest change of a single feature. */
    LINF {
        @Override
        double length(float[] a, int ai, float[] b, int bi, int n) {
            double max = 0;
            for (int i = 0; i < n; i++) {
                max = Math.max(max, Math.abs((double) a[ai + i] - b[bi + i]));
            }
            return max;
        }
    };

    abstract double length(float[] a, int ai, float[] b, int bi, int n);

    /**
     * The distance between a row of one batch and the same row of another, computed in double.
     *
     * @param a a batch
     * @param b a batch of the same shape
     * @param row the row
     * @return ‖a_row − b_row‖
     */
    public double distance(Batch a, Batch b, int row) {
        int n = a.shape().size();
        return length(a.array(), a.offset() + row * n, b.array(), b.offset() + row * n, n);
    }
}
