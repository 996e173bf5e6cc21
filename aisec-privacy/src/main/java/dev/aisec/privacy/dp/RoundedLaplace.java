// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import java.math.BigInteger;

/**
 * A Laplace variable of scale b rounded to an integer, exactly. Adding it to an integer is adding the real variable and
 * rounding then, so that the loss is that of the continuous mechanism.
 *
 * <p>|X| is at least 1/2 with probability exp(−1/(2b)); given that, the rounded X has the distribution of a discrete Laplace
 * variable of scale b that is not 0. Only single values are drawn of it: vectors take {@link DiscreteLaplace}.
 */
final class RoundedLaplace {
    private final DiscreteLaplace discrete;
    private final BigInteger numerator;
    private final BigInteger denominator;

    private RoundedLaplace(double scale) {
        discrete = DiscreteLaplace.of(scale);
        ExactDouble exact = ExactDouble.of(scale);
        ExactDouble.Ratio ratio = ExactDouble.of(0.5).over(exact);
        numerator = ratio.numerator();
        denominator = ratio.denominator();
    }

    /** For b of at least 1; for much smaller ones a discrete variable that is not 0 takes long to find. */
    static RoundedLaplace of(double scale) {
        return new RoundedLaplace(scale);
    }

    long sample(BitSource bits) {
        if (!ExactBernoulli.exp(numerator, denominator, bits)) {
            return 0;
        }
        long value;
        do {
            value = discrete.sample(bits);
        } while (value == 0);
        return value;
    }
}
