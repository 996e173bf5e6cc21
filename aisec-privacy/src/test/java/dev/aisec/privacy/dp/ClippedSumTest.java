// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ClippedSumTest {
    /** In big integers: no contribution is longer than the clip, from denormal to huge vectors. */
    @Test
    void add_anyVector_neverLongerThanTheClip() {
        RandomGenerator random = new Seed(31).generator(0);
        for (int i = 0; i < 20_000; i++) {
            double clip = Math.scalb(1 + random.nextDouble(), random.nextInt(-40, 40));
            double[] vector = new double[random.nextInt(1, 20)];
            int exponent = i % 3 == 0 ? random.nextInt(-1070, 1020) : Math.getExponent(clip) + random.nextInt(-3, 3);
            for (int j = 0; j < vector.length; j++) {
                vector[j] = Math.scalb(random.nextDouble() - 0.5, exponent);
            }
            BigInteger squares = BigInteger.ZERO;
            for (long k : ClippedSum.l2(clip, vector.length).add(vector).steps()) {
                squares = squares.add(BigInteger.valueOf(k).pow(2));
            }
            assertThat(squares)
                    .isLessThanOrEqualTo(
                            BigInteger.valueOf(ClippedSum.bound(clip, true)).pow(2));
            long sum = 0;
            for (long k : ClippedSum.l1(clip, vector.length).add(vector).steps()) {
                sum += Math.abs(k);
            }
            assertThat(sum).isLessThanOrEqualTo(ClippedSum.bound(clip, false));
            assertThat(Math.scalb((double) ClippedSum.bound(clip, true), ClippedSum.exponent(clip, true)))
                    .isLessThanOrEqualTo(clip);
        }
    }

    @Test
    void add_shortVector_isRoundedToHalfAStep() {
        double[] vector = {0.3, -0.2, 0.1};
        double[] back = ClippedSum.toDoubles(ClippedSum.l2(1, 3).add(vector).steps(), ClippedSum.exponent(1, true));
        for (int i = 0; i < 3; i++) {
            assertThat(back[i]).isBetween(vector[i] - 0x1p-27, vector[i] + 0x1p-27);
        }
    }

    @Test
    void add_longVector_keepsItsDirection() {
        long[] steps = ClippedSum.l2(1, 2).add(new double[] {3e300, -4e300}).steps();
        assertThat(steps[0] / 0x1p26).isBetween(0.6 - 1e-7, 0.6);
        assertThat(steps[1] / 0x1p26).isBetween(-0.8, -0.8 + 1e-7);
    }

    @Test
    void sum_anyOrderAndGrouping_isTheSame() {
        RandomGenerator random = new Seed(32).generator(0);
        ClippedSum forward = ClippedSum.l2(1, 5);
        ClippedSum backward = ClippedSum.l2(1, 5);
        ClippedSum first = ClippedSum.l2(1, 5);
        ClippedSum second = ClippedSum.l2(1, 5);
        double[][] vectors = new double[1000][5];
        for (double[] vector : vectors) {
            for (int i = 0; i < 5; i++) {
                vector[i] = random.nextDouble() * 4 - 2;
            }
        }
        for (int i = 0; i < 1000; i++) {
            forward.add(vectors[i]);
            backward.add(vectors[999 - i]);
            (i % 3 == 0 ? first : second).add(vectors[i]);
        }
        assertThat(backward.steps()).isEqualTo(forward.steps());
        assertThat(first.merge(second).steps()).isEqualTo(forward.steps());
    }

    @Test
    void add_floats_isAddOfTheirValues() {
        float[] floats = {0.1f, 3e-5f, -0.7f};
        double[] doubles = {0.1f, 3e-5f, -0.7f};
        float[] before = floats.clone();
        assertThat(ClippedSum.l2(0.5, 3).add(floats).steps())
                .isEqualTo(ClippedSum.l2(0.5, 3).add(doubles).steps());
        assertThat(floats).isEqualTo(before);
    }

    @Test
    void add_bad_refusedAndSumUnchanged() {
        ClippedSum sum = ClippedSum.l2(1, 2).add(new double[] {0.5, 0.25});
        long[] before = sum.steps();
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThatThrownBy(() -> sum.add(new double[] {0, bad}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("vector must be finite, coordinate 1 was " + bad);
        }
        assertThatThrownBy(() -> sum.add(new float[3])).hasMessage("vector must have length 2, had 3");
        assertThatThrownBy(() -> sum.merge(ClippedSum.l1(1, 2)))
                .hasMessage("sum must be of L1 clip 1.0 and dimension 2, was of L2 clip 1.0 and dimension 2");
        assertThatThrownBy(() -> sum.merge(sum)).hasMessage("other must be another sum, was this one");
        assertThatThrownBy(() -> ClippedSum.l2(0, 2)).hasMessage("clip must be in [2^-900, 2^900], was 0.0");
        assertThat(sum.steps()).isEqualTo(before);
        assertThat(Arrays.equals(sum.steps(), sum.steps())).isTrue();
    }
}
