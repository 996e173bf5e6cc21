// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Seed;
import java.math.BigDecimal;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class AcceptanceTest {
    /** Equality of rationals, against big decimals, over the whole range of doubles. */
    @Test
    void exponent_anyDoubles_isExact() {
        RandomGenerator random = new Seed(51).generator(0);
        for (int i = 0; i < 3000; i++) {
            double epsilon = positive(random);
            double sensitivity = positive(random);
            double score = random.nextBoolean() ? positive(random) : -positive(random);
            double best = Math.max(score, random.nextBoolean() ? positive(random) : -positive(random));
            for (boolean monotone : new boolean[] {false, true}) {
                ExactDouble.Ratio ratio =
                        new Acceptance(new double[] {score}, sensitivity, epsilon, monotone).exponent(score, best);
                BigDecimal left = new BigDecimal(ratio.numerator())
                        .multiply(new BigDecimal(sensitivity))
                        .multiply(BigDecimal.valueOf(monotone ? 1 : 2));
                BigDecimal right = new BigDecimal(ratio.denominator())
                        .multiply(new BigDecimal(epsilon))
                        .multiply(new BigDecimal(best).subtract(new BigDecimal(score)));
                assertThat(left).isEqualByComparingTo(right);
                assertThat(ratio.denominator().signum()).isOne();
            }
        }
    }

    private static double positive(RandomGenerator random) {
        return Math.scalb(1 + random.nextDouble(), random.nextInt(-1074, 1024));
    }

    @Test
    void exactDouble_edges_areTheirValue() {
        for (double x : new double[] {0, -0.0, 1, -1, 0.1, Double.MIN_VALUE, Double.MIN_NORMAL, -Double.MAX_VALUE}) {
            ExactDouble.Ratio ratio = ExactDouble.of(x).over(ExactDouble.of(1));
            assertThat(new BigDecimal(ratio.numerator()))
                    .isEqualByComparingTo(new BigDecimal(x).multiply(new BigDecimal(ratio.denominator())));
        }
    }
}
