// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/** Complex Fourier transform of a length that is a power of two, in place, with a certain bound of its rounding. */
final class Fft {
    private final int size;
    private final double[] cos;
    private final double[] sin;

    Fft(int size) {
        this.size = size;
        cos = new double[size / 2 + 1];
        sin = new double[size / 2 + 1];
        for (int i = 0; i < size / 2; i++) {
            double angle = 2 * Math.PI * i / size;
            cos[i] = Math.cos(angle);
            sin[i] = Math.sin(angle);
        }
    }

    /**
     * How far a coefficient can be off, relative to the sum of the absolute inputs: in each of the log₂ N stages a term meets one
     * addition (u), one complex product (√5 u: Brent, Percival, Zimmermann, Error Bounds on Complex Floating-Point
     * Multiplication, 2007) and one rounded twiddle factor (2 u; its angle is off by 2 u more).
     */
    double error() {
        return 8 * 0x1p-53 * (Integer.numberOfTrailingZeros(size) + 1);
    }

    /** Σ x_j e^(−2πi jk / N). */
    void forward(double[] re, double[] im) {
        int shift = 32 - Integer.numberOfTrailingZeros(size);
        for (int i = 1; i < size; i++) {
            int j = Integer.reverse(i) >>> shift;
            if (j > i) {
                double x = re[i];
                re[i] = re[j];
                re[j] = x;
                double y = im[i];
                im[i] = im[j];
                im[j] = y;
            }
        }
        for (int half = 1; half < size; half *= 2) {
            int stride = size / 2 / half;
            // Twiddles of this stage side by side, so that the inner loop is one of same indices.
            double[] c = new double[half];
            double[] s = new double[half];
            for (int i = 0; i < half; i++) {
                c[i] = cos[i * stride];
                s[i] = -sin[i * stride];
            }
            for (int start = 0; start < size; start += 2 * half) {
                int other = start + half;
                for (int i = 0; i < half; i++) {
                    double x = re[other + i] * c[i] - im[other + i] * s[i];
                    double y = re[other + i] * s[i] + im[other + i] * c[i];
                    re[other + i] = re[start + i] - x;
                    im[other + i] = im[start + i] - y;
                    re[start + i] += x;
                    im[start + i] += y;
                }
            }
        }
    }
}
