// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
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
        // A factor whose products overflow would leave NaN behind; it is no loss of contrast either.
        assertThatThrownBy(() -> new Contrast(five(1e308))).hasMessage("factors must be in [0, 1], was 1.0E308");
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
        Arrays.fill(grey, 0.5f);
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

    private static void assertClose(Batch actual, double... expected) {
        assertThat(actual.toArray()).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual.toArray()[i]).as("value %d", i).isCloseTo((float) expected[i], within(1e-6f));
        }
    }

    @Test
    void gamma_handImage_isThePower() {
        assertClose(new Gamma(five(2)).apply(image(2, 0, 1, 0.5f, 0.25f), UNIT, 1), 0, 1, 0.25, 0.0625);
        // Of the unit range: 0 is the middle of [-1, 1], and 0.5² is 0.25, which is -0.5.
        assertClose(new Gamma(five(2)).apply(image(1, 0), Bounds.of(-1, 1), 1), -0.5);
    }

    @Test
    void pixelate_wholeAndBrokenRatios_averageAreas() {
        Batch four = Batch.of(new float[] {0, 0.2f, 0.4f, 0.8f}, Shape.of(1, 1, 4));
        assertClose(new Pixelate(five(0.5)).apply(four, UNIT, 1), 0.1, 0.1, 0.6, 0.6);
        // 3 to 2: (a + b/2) / 1.5 and (b/2 + c) / 1.5; back, the middle lies half in each.
        Batch three = Batch.of(new float[] {0, 0.6f, 0.9f}, Shape.of(1, 1, 3));
        assertClose(new Pixelate(five(0.67)).apply(three, UNIT, 1), 0.2, 0.5, 0.8);
    }

    @Test
    void shear_handImage_movesRowsApart() {
        Batch image = image(3, 0, 1, 0, 0, 1, 0, 0, 1, 0);
        float[] sheared = new Shear(five(1), new Seed(1)).apply(image, UNIT, 1).toArray();
        float[] left = {1, 0, 0, 0, 1, 0, 0, 0, 1};
        float[] right = {0, 0, 1, 0, 1, 0, 1, 0, 0};
        assertThat(List.of(left, right)).anySatisfy(e -> assertThat(sheared).containsExactly(e));
    }

    @Test
    void translation_handImage_movesByWholePixels() {
        // 0.3 of 4 pixels is 1.2, which is 1.
        float[] values = new float[16];
        values[5] = 1;
        float[] moved = new Translation(five(0.3), new Seed(1))
                .apply(image(4, values), UNIT, 1)
                .toArray();
        int at = 0;
        while (moved[at] != 1) {
            at++;
        }
        assertThat(at).isIn(0, 2, 8, 10);
        moved[at] = 0;
        assertThat(moved).containsOnly(0);
    }

    @Test
    void scaling_half_readsEverySecondPixel() {
        // About the centre 2 of 5: pixels 1, 2, 3 read 0, 2, 4; the rest comes from outside.
        Batch line = Batch.of(
                new float[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                Shape.of(1, 5, 5));
        float[] small = new Scaling(five(0.5)).apply(line, UNIT, 1).toArray();
        assertThat(Arrays.copyOfRange(small, 10, 15)).containsExactly(0, 0.1f, 0.3f, 0.5f, 0);
    }

    @Test
    void zoomBlur_ofARamp_drawsItToTheCentre() {
        // A linear image x about the centre becomes x times the mean of 1 / (1 + z k / 10), the border included.
        Batch ramp = Batch.of(new float[] {0, 0.25f, 0.5f, 0.75f, 1}, Shape.of(1, 1, 5));
        double shrink = 0;
        for (int k = 0; k <= 10; k++) {
            shrink += 1 / (1 + 0.3 * k / 10) / 11;
        }
        assertClose(
                new ZoomBlur(five(0.3)).apply(ramp, UNIT, 1),
                0.5 - 0.5 * shrink,
                0.5 - 0.25 * shrink,
                0.5,
                0.5 + 0.25 * shrink,
                0.5 + 0.5 * shrink);
    }

    @Test
    void motionBlur_horizontalSegment_isTheTrapezoid() {
        // A segment of 2 pixels over a bilinear point: tent ∗ box, ∫ over [-1, 1] of max(0, 1 − |x − t|) / 2.
        float[] values = new float[7];
        values[3] = 1;
        new Convolution(1, 7).sparse(MotionBlur.segment(2, 0), values, 0);
        assertClose(Batch.of(values, Shape.of(1, 1, 7)), 0, 0, 0.25, 0.5, 0.25, 0, 0);
    }

    @Test
    void defocusBlur_point_isASymmetricDiscOfSumOne() {
        float[] point = new float[121];
        point[60] = 1;
        float[] disc =
                new DefocusBlur(five(3 / 11.0)).apply(image(11, point), UNIT, 1).toArray();
        double sum = 0;
        for (int i = 0; i < 121; i++) {
            sum += disc[i];
            assertThat(disc[i]).isCloseTo(disc[120 - i], within(1e-7f));
            assertThat(disc[i]).isCloseTo(disc[i % 11 * 11 + i / 11], within(1e-7f));
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
        // Well inside, the density is 1 / (9 π); 4 pixels away nothing is left.
        assertThat(disc[60]).isCloseTo((float) (1 / (9 * Math.PI)), within(1e-3f));
        assertThat(disc[60 + 4]).isZero();
    }

    @Test
    void blurs_constantImage_stayConstant() {
        float[] grey = new float[3 * 9 * 14];
        Arrays.fill(grey, 0.3f);
        Batch images = Batch.of(grey, Shape.of(3, 9, 14));
        for (Corruption blur : List.of(
                GaussianBlur.standard(),
                DefocusBlur.standard(),
                new MotionBlur(five(1), new Seed(1)),
                ZoomBlur.standard(),
                new GlassBlur(five(0.5), new Seed(1)),
                Pixelate.standard())) {
            for (float v : blur.apply(images, UNIT, 5).toArray()) {
                assertThat(v).isCloseTo(0.3f, within(2e-6f));
            }
        }
    }

    @Test
    void jpeg_constantImage_isExactToHalfAStep() {
        // The constant coefficient is 8 (v − 128); quality 10 rounds it to multiples of 80 (luminance), 85
        // (chrominance).
        for (int v = 0; v < 256; v += 15) {
            float[] grey = new float[9 * 10];
            Arrays.fill(grey, v / 255f);
            Batch result =
                    new JpegCompression(List.of(10, 10, 10, 10, 10)).apply(Batch.of(grey, Shape.of(1, 9, 10)), UNIT, 1);
            double expected = Math.rint(8 * (v - 128) / 80.0) * 10 + 128;
            for (float out : result.toArray()) {
                assertThat(out * 255).isCloseTo((float) Math.min(Math.max(expected, 0), 255), within(0.51f));
            }
        }
        // Grey in three channels has no chrominance and becomes the same as in one.
        float[] colour = new float[3 * 64];
        Arrays.fill(colour, 0.7f);
        float[] rgb = JpegCompression.standard()
                .apply(Batch.of(colour, Shape.of(3, 8, 8)), UNIT, 3)
                .toArray();
        float[] one = JpegCompression.standard()
                .apply(Batch.of(Arrays.copyOf(colour, 64), Shape.of(1, 8, 8)), UNIT, 3)
                .toArray();
        assertThat(Arrays.copyOf(rgb, 64)).isEqualTo(one);
        assertThat(Arrays.copyOfRange(rgb, 128, 192)).isEqualTo(one);
    }

    @Test
    void jpeg_colours_surviveHighQuality() {
        // Pure and mixed colours, one a block: each way through luminance and chrominance rounds by at most 3 levels.
        float[][] colours = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0.8f, 0.4f, 0.1f}};
        float[] values = new float[3 * 8 * 32];
        for (int i = 0; i < values.length; i++) {
            values[i] = colours[i % 32 / 8][i / 256];
        }
        Batch result = new JpegCompression(List.of(100, 100, 100, 100, 100))
                .apply(Batch.of(values, Shape.of(3, 8, 32)), UNIT, 1);
        for (int i = 0; i < values.length; i++) {
            assertThat(result.get(0, i)).isCloseTo(values[i], within(3.1f / 255));
        }
    }

    /** Decoders may differ by one level. */
    @Test
    void jpeg_greyImage_isThatOfLibjpeg() throws IOException {
        List<String> lines;
        try (InputStream in = Objects.requireNonNull(CorruptionTest.class.getResourceAsStream("jpeg.txt"))) {
            lines = new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(l -> !l.startsWith("#"))
                    .toList();
        }
        float[] input = samples(lines.get(0));
        for (String line : lines.subList(1, lines.size())) {
            int quality = Integer.parseInt(line.substring(0, line.indexOf(':')));
            float[] expected = samples(line);
            Batch result = new JpegCompression(Collections.nCopies(5, quality))
                    .apply(Batch.of(input, Shape.of(1, 11, 12)), Bounds.of(0, 255), 1);
            int off = 0;
            for (int i = 0; i < expected.length; i++) {
                assertThat(result.get(0, i)).as("quality %d, %d", quality, i).isCloseTo(expected[i], within(1f));
                off += result.get(0, i) == expected[i] ? 0 : 1;
            }
            assertThat(off).as("quality %d", quality).isLessThan(expected.length / 10);
        }
    }

    private static float[] samples(String line) {
        String[] numbers = line.substring(line.indexOf(':') + 1).split(",");
        float[] samples = new float[numbers.length];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = Float.parseFloat(numbers[i]);
        }
        return samples;
    }

    /** 40,000 pixels: shares and moments within 6.2 standard errors, missed with probability below 1e-9 each. */
    @Test
    void noises_greyImage_haveTheirMoments() {
        int n = 40_000;
        float[] grey = new float[n];
        Arrays.fill(grey, 0.5f);
        Batch image = Batch.wrap(grey, Shape.of(1, 200, 200));
        // Poisson(60 · 0.5) / 60: mean 0.5, variance 0.5 / 60; clipped beyond 5.5 deviations, which is nothing.
        moments(new ShotNoise(five(60), new Seed(1)).apply(image, UNIT, 1), 0.5, 0.5 / 60, 3 + 1 / 30.0);
        moments(new SpeckleNoise(five(0.15), new Seed(1)).apply(image, UNIT, 1), 0.5, 0.075 * 0.075, 3);
        int salt = 0;
        int pepper = 0;
        for (float v :
                new ImpulseNoise(five(0.2), new Seed(1)).apply(image, UNIT, 1).toArray()) {
            salt += v == 1 ? 1 : 0;
            pepper += v == 0 ? 1 : 0;
            assertThat(v).isIn(0f, 0.5f, 1f);
        }
        double error = 6.2 * Math.sqrt(0.1 * 0.9 / n);
        assertThat((double) salt / n).isCloseTo(0.1, within(error));
        assertThat((double) pepper / n).isCloseTo(0.1, within(error));
    }

    private static void moments(Batch result, double mean, double variance, double kurtosis) {
        int n = result.shape().size();
        double sum = 0;
        double squares = 0;
        for (float v : result.toArray()) {
            sum += v - mean;
            squares += (v - mean) * (v - mean);
        }
        assertThat(sum / n).isCloseTo(0, within(6.2 * Math.sqrt(variance / n)));
        assertThat(squares / n).isCloseTo(variance, within(6.2 * variance * Math.sqrt((kurtosis - 1) / n)));
    }

    @Test
    void fog_plasma_fillsTheUnitRangeAndTiles() {
        float[] map = new float[64 * 64];
        Fog.plasma(map, 64, 2, new Seed(5).generator(0));
        float least = 1;
        float most = 0;
        double across = 0;
        double along = 0;
        for (int i = 0; i < map.length; i++) {
            least = Math.min(least, map[i]);
            most = Math.max(most, map[i]);
            // Opposite borders are neighbours on the torus.
            across = Math.max(across, i % 64 == 63 ? Math.abs(map[i] - map[i - 63]) : 0);
            along = Math.max(along, i % 64 < 63 ? Math.abs(map[i] - map[i + 1]) : 0);
        }
        assertThat(least).isZero();
        assertThat(most).isEqualTo(1f);
        assertThat(across).isLessThanOrEqualTo(1.5 * along);
        assertThat(along).isLessThan(0.5);
    }

    @Test
    void fog_blackAndWhite_followTheFormula() {
        // White under fog t f: (1 + t f) / (1 + t), at least 1 / (1 + t), at most 1. Black stays black without any
        // light.
        float[] white = new float[16 * 16];
        Arrays.fill(white, 1);
        Fog fog = new Fog(five(1), five(2), new Seed(1));
        for (float v : fog.apply(image(16, white), UNIT, 1).toArray()) {
            assertThat(v).isBetween(0.5f, 1f);
        }
        assertThat(fog.apply(image(16, new float[16 * 16]), UNIT, 1).toArray()).containsOnly(0);
    }

    @Test
    void spatter_shares_areThoseGivenOnAverage() {
        Batch images = Batch.wrap(new float[200 * 3 * 32 * 32], Shape.of(3, 32, 32));
        Batch result = new Spatter(five(0.2), 0.05, new Seed(1)).apply(images, UNIT, 1);
        int covered = 0;
        for (int row = 0; row < 200; row++) {
            for (int i = 0; i < 1024; i++) {
                boolean mud = result.get(row, i) > 0;
                covered += mud ? 1 : 0;
                assertThat(result.get(row, i)).isEqualTo(mud ? 63 / 255f : 0);
                assertThat(result.get(row, 2048 + i)).isEqualTo(mud ? 20 / 255f : 0);
            }
        }
        // Some 25 independent drops an image: the share has a standard error of 0.4 / √5000; the border adds a little.
        assertThat(covered / 204_800.0).isCloseTo(0.2, within(0.045));
    }

    @Test
    void elasticTransform_ramp_isDisplacedByItsRootMeanSquare() {
        // On a ramp of slope 1/64 a displacement of d pixels changes values by d/64; away from the border.
        float[] ramp = new float[64 * 64];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = i % 64 / 64f;
        }
        float[] many = new float[100 * ramp.length];
        for (int i = 0; i < many.length; i++) {
            many[i] = ramp[i % ramp.length];
        }
        Batch result = new ElasticTransform(five(0.02), 0.05, new Seed(1))
                .apply(Batch.wrap(many, Shape.of(1, 64, 64)), UNIT, 1);
        double squares = 0;
        int count = 0;
        for (int row = 0; row < 100; row++) {
            for (int y = 20; y < 44; y++) {
                for (int x = 20; x < 44; x++) {
                    double d = (result.get(row, y * 64 + x) - ramp[x]) * 64;
                    squares += d * d;
                    count++;
                }
            }
        }
        // About 5 · 100 independent values: a relative standard error of √(2/500) of the square, half of that of its
        // root.
        assertThat(Math.sqrt(squares / count)).isCloseTo(0.02 * 64, within(0.02 * 64 * 6.2 * 0.032));
    }

    @Test
    void dottedLine_blackImage_hasDotsAndGaps() {
        Batch result = new DottedLine(five(0.1), new Seed(1)).apply(image(28, new float[784]), UNIT, 1);
        for (int x = 0; x < 28; x++) {
            float most = 0;
            for (int y = 0; y < 28; y++) {
                most = Math.max(most, result.get(0, y * 28 + x));
            }
            if (x / 2 % 2 == 0) {
                // At most half a pixel from the line: 1 + ln(1 − 0.5 / 2.8) = 0.80.
                assertThat(most).isBetween(0.8f, 1f);
            } else {
                assertThat(most).isZero();
            }
        }
    }

    @Test
    void amounts_outOfRange_areNamed() {
        assertThatThrownBy(() -> new Gamma(five(0))).hasMessage("gammas must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> new AdditiveNoise(five(Double.NaN), new Seed(1)))
                .hasMessage("sigmas must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> new ImpulseNoise(five(1.5), new Seed(1)))
                .hasMessage("shares must be in [0, 1], was 1.5");
        assertThatThrownBy(() -> new JpegCompression(List.of(10, 10, 10, 10, 0)))
                .hasMessage("qualities must be in [1, 100], was 0");
        assertThatThrownBy(() -> new ShotNoise(five(2e9), new Seed(1))).hasMessage("photons must be <= 1e9, was 2.0E9");
        assertThatThrownBy(() -> new Spatter(five(0.1), 2, new Seed(1))).hasMessage("size must be in [0, 1], was 2.0");
        assertThatThrownBy(() -> new ElasticTransform(five(0.1), -1, new Seed(1)))
                .hasMessage("smoothness must be in [0, 1], was -1.0");
        assertThatThrownBy(() -> new Rotation(List.of(1.0), new Seed(1))).hasMessage("degrees must be 5, were 1");
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
