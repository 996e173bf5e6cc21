// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import java.util.random.RandomGenerator;

/**
 * Poisson variables: by multiplication below 10 (Knuth), by transformed rejection with squeeze above.
 *
 * <p>Source: Hörmann, The transformed rejection method for generating Poisson random variables, Insurance: Mathematics and
 * Economics 12, 1993, algorithm PTRS.
 */
final class Poisson {
    private static final double[] LOG_FACTORIAL = new double[16];

    static {
        for (int i = 2; i < LOG_FACTORIAL.length; i++) {
            LOG_FACTORIAL[i] = LOG_FACTORIAL[i - 1] + Math.log(i);
        }
    }

    private final double mean;
    private final double b;
    private final double a;
    private final double v;
    private final double inverseAlpha;
    private final double logMean;

    Poisson(double mean) {
        this.mean = mean;
        b = 0.931 + 2.53 * Math.sqrt(mean);
        a = -0.059 + 0.02483 * b;
        v = 0.9277 - 3.6224 / (b - 2);
        inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
        logMean = mean < 10 ? Math.exp(-mean) : Math.log(mean);
    }

    double next(RandomGenerator random) {
        if (mean < 10) {
            int k = 0;
            for (double product = random.nextDouble(); product > logMean; product *= random.nextDouble()) {
                k++;
            }
            return k;
        }
        while (true) {
            double u = random.nextDouble() - 0.5;
            double w = 1 - random.nextDouble();
            double us = 0.5 - Math.abs(u);
            double k = Math.floor((2 * a / us + b) * u + mean + 0.43);
            if (us >= 0.07 && w <= v) {
                return k;
            }
            if (k < 0 || us < 0.013 && w > us) {
                continue;
            }
            if (Math.log(w * inverseAlpha / (a / (us * us) + b)) <= k * logMean - mean - logFactorial(k)) {
                return k;
            }
        }
    }

    private static double logFactorial(double k) {
        if (k < LOG_FACTORIAL.length) {
            return LOG_FACTORIAL[(int) k];
        }
        double n = k + 1;
        // Stirling; the next term is below 1e-9 from 16 on.
        return (n - 0.5) * Math.log(n) - n + 0.918938533204672742 + 1 / (12 * n) - 1 / (360 * n * n * n);
    }
}
