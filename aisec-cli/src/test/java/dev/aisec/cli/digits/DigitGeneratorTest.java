// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli.digits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DigitGeneratorTest {
    private final Labelled digits = new DigitGenerator(new Seed(1)).generate(500);

    @Test
    void generate_images_areGreyBytesWithInk() {
        assertThat(digits.inputs().shape()).isEqualTo(Shape.of(1, 28, 28));
        for (int i = 0; i < 500; i++) {
            double ink = 0;
            for (float v : digits.inputs().row(i)) {
                assertThat(v).isBetween(0f, 1f);
                assertThat(Math.abs(v * 255 - Math.round(v * 255))).isLessThan(1e-3f);
                ink += v;
            }
            assertThat(ink).as("image %s", i).isBetween(15.0, 300.0);
        }
    }

    @Test
    void generate_classes_areBalanced() {
        for (int c = 0; c < 10; c++) {
            int digit = c;
            assertThat(IntStream.of(digits.targets().labels())
                            .filter(l -> l == digit)
                            .count())
                    .isEqualTo(50);
        }
    }

    @Test
    void generate_image_dependsOnSeedAndIndexOnly() {
        Labelled fewer = new DigitGenerator(new Seed(1)).generate(7);
        assertThat(fewer.inputs()).isEqualTo(digits.inputs().rows(0, 7));
        assertThat(new DigitGenerator(new Seed(2)).generate(7).inputs()).isNotEqualTo(fewer.inputs());
        assertThat(digits.inputs().row(0)).isNotEqualTo(digits.inputs().row(10));
    }

    /** Class means of 500 other images tell digits apart, far above one in ten: the drawings are digits, not noise. */
    @Test
    void generate_nearestMean_recognizesMostButNotAll() {
        double[][] means = new double[10][784];
        Labelled train = new DigitGenerator(new Seed(3)).generate(2000);
        for (int i = 0; i < 2000; i++) {
            for (int j = 0; j < 784; j++) {
                means[i % 10][j] += train.inputs().get(i, j) / 200.0;
            }
        }
        int right = 0;
        for (int i = 0; i < 500; i++) {
            int best = 0;
            double nearest = Double.MAX_VALUE;
            for (int c = 0; c < 10; c++) {
                double distance = 0;
                for (int j = 0; j < 784; j++) {
                    double d = digits.inputs().get(i, j) - means[c][j];
                    distance += d * d;
                }
                if (distance < nearest) {
                    nearest = distance;
                    best = c;
                }
            }
            right += best == i % 10 ? 1 : 0;
        }
        assertThat(right).isBetween(250, 470);
    }
}
