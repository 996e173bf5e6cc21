// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CorruptionTest {
    private static final Bounds UNIT = Bounds.of(0, 1);

    private static Batch image(int side, float... values) {
        return Batch.of(values, Shape.of(1, side, side));
    }

    private static List<Double> five(double amount) {
        return List.of(amount, amount, amount, amount, amount);
    }

    @Test
    void contrast_handImage_isDrawnToItsMean() {
        // Mean 0.5; half the contrast.
        Batch result = new Contrast(five(0.5)).apply(image(2, 0, 1, 0.5f, 0.5f), UNIT, 1);
        assertThat(result.toArray()).containsExactly(0.25f, 0.75f, 0.5f, 0.5f);
    }

    @Test
    void brightness_handImage_isShiftedAndClipped() {
        Batch result = new Brightness(five(0.25)).apply(image(2, 0, 1, 0.5f, 0.75f), UNIT, 2);
        assertThat(result.toArray()).containsExactly(0.25f, 1f, 0.75f, 1f);
        // Amounts scale with the range: 0.25 of [-1, 1] is 0.5.
        assertThat(new Brightness(five(0.25))
                        .apply(image(2, 0, 1, 0.5f, -1), Bounds.of(-1, 1), 2)
                        .toArray())
                .containsExactly(0.5f, 1f, 1f, -0.5f);
    }

    @Test
    void blur_handImage_isTheKernel() {
        // A point in the middle of 9 x 9 becomes the outer product of the kernel exp(−d²/2) / Σ.
        float[] point = new float[81];
        point[40] = 1;
        Batch result = new GaussianBlur(five(1 / 9.0)).apply(image(9, point), UNIT, 5);
        double norm = 0;
        for (int d = -4; d <= 4; d++) {
            norm += Math.exp(-d * d / 2.0);
        }
        float sum = 0;
        for (int y = 0; y < 9; y++) {
            for (int x = 0; x < 9; x++) {
                double expected = Math.exp(-((y - 4) * (y - 4) + (x - 4) * (x - 4)) / 2.0) / (norm * norm);
                assertThat(result.get(0, y * 9 + x)).isCloseTo((float) expected, within(1e-6f));
                sum += result.get(0, y * 9 + x);
            }
        }
        assertThat(sum).isCloseTo(1f, within(1e-5f));
    }

    @Test
    void blur_constantImage_staysConstant() {
        Batch result = GaussianBlur.standard().apply(image(2, 0.3f, 0.3f, 0.3f, 0.3f), UNIT, 5);
        for (float v : result.toArray()) {
            assertThat(v).isCloseTo(0.3f, within(1e-6f));
        }
    }

    @Test
    void rotate_quarterHalfAndFullTurn_movePixels() {
        Batch image = image(2, 0.1f, 0.2f, 0.3f, 0.4f);
        float[] quarter = image.toArray();
        Rotation.map(90).apply(quarter, 0, image.shape(), 0);
        // Counter-clockwise on the screen: the right column becomes the top row.
        assertThat(quarter).usingComparatorWithPrecision(1e-6f).containsExactly(0.2f, 0.4f, 0.1f, 0.3f);
        float[] half = image.toArray();
        Rotation.map(180).apply(half, 0, image.shape(), 0);
        assertThat(half).usingComparatorWithPrecision(1e-6f).containsExactly(0.4f, 0.3f, 0.2f, 0.1f);
        float[] full = image.toArray();
        Rotation.map(360).apply(full, 0, image.shape(), 0);
        assertThat(full).usingComparatorWithPrecision(1e-6f).containsExactly(0.1f, 0.2f, 0.3f, 0.4f);
    }

    @Test
    void rotate_fortyFiveDegrees_interpolates() {
        // A white 3 x 3 image turned by 45°: the corners look √2 · 1 = 1.414 outside the centre along an axis,
        // 0.414 beyond the border pixel, where 1 − 0.414 of white is left.
        float[] white = {1, 1, 1, 1, 1, 1, 1, 1, 1};
        Batch image = image(3, white);
        float[] turned = white.clone();
        Rotation.map(45).apply(turned, 0, image.shape(), 0);
        assertThat(turned[4]).isEqualTo(1f);
        assertThat(turned[0]).isCloseTo((float) (2 - Math.sqrt(2)), within(1e-6f));
        assertThat(turned[1]).isCloseTo(1f, within(1e-6f));
    }

    /** 20,000 draws: mean and variance within 6.2 standard errors, missed with probability below 1e-9. */
    @Test
    void additiveNoise_greyImage_hasItsSigma() {
        float[] grey = new float[20_000];
        java.util.Arrays.fill(grey, 0.5f);
        Batch result = AdditiveNoise.standard(new Seed(1)).apply(Batch.wrap(grey, Shape.of(1, 100, 200)), UNIT, 1);
        double sum = 0;
        double squares = 0;
        for (float v : result.toArray()) {
            sum += v - 0.5;
            squares += (v - 0.5) * (v - 0.5);
        }
        assertThat(sum / 20_000).isCloseTo(0, within(6.2 * 0.08 / Math.sqrt(20_000)));
        assertThat(squares / 20_000).isCloseTo(0.0064, within(6.2 * 0.0064 * Math.sqrt(2 / 20_000.0)));
    }

    @Test
    void corruptionAccuracy_modelOfBrightness_fallsWithBrightness() {
        // Class 1 if the image is brighter than 0.5 on average.
        ModelSpec spec = new ModelSpec(Shape.of(1, 1, 1), 2, UNIT);
        LinearClassifier model = new LinearClassifier(new float[][] {{0}, {1}}, new float[] {0.5f, 0}, spec);
        Labelled data = new Labelled(
                Batch.of(new float[] {0.05f, 0.15f, 0.25f, 0.35f, 0.45f}, spec.inputShape()),
                Targets.of(0, 0, 0, 0, 0));
        CorruptionAccuracy accuracy =
                CorruptionAccuracy.of("m", model, data, List.of(Brightness.standard()), RowChunks.of(2), Progress.NONE);
        assertThat(accuracy.correct().get(0)).containsExactly(5L, 4L, 3L, 2L, 1L, 0L);
        assertThat(accuracy.evidence().measurements()).hasSize(1);
    }
}
