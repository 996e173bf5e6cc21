// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every corruption promises. A new corruption is a line in {@link #cases}. */
class CorruptionContractTest {
    private static final Bounds UNIT = Bounds.of(0, 1);
    private static final Seed SEED = new Seed(3);

    /** A corruption, the same with amounts that change nothing, and how much rounding those may leave. */
    private record Case(Corruption standard, Corruption neutral, double tolerance) {
        @Override
        public String toString() {
            return standard.name();
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(AdditiveNoise.standard(SEED), new AdditiveNoise(five(0), SEED), 0),
                // No number of photons is without noise; 10⁹ leave 1 / √10⁹ = 3.2e-5, times 6.
                new Case(ShotNoise.standard(SEED), new ShotNoise(five(1e9), SEED), 2e-4),
                new Case(ImpulseNoise.standard(SEED), new ImpulseNoise(five(0), SEED), 0),
                new Case(SpeckleNoise.standard(SEED), new SpeckleNoise(five(0), SEED), 0),
                new Case(GaussianBlur.standard(), new GaussianBlur(five(0)), 0),
                new Case(DefocusBlur.standard(), new DefocusBlur(five(0)), 0),
                new Case(MotionBlur.standard(SEED), new MotionBlur(five(0), SEED), 0),
                new Case(ZoomBlur.standard(), new ZoomBlur(five(0)), 1e-6),
                new Case(GlassBlur.standard(SEED), new GlassBlur(five(0), SEED), 0),
                new Case(Contrast.standard(), new Contrast(five(1)), 0),
                new Case(Brightness.standard(), new Brightness(five(0)), 0),
                new Case(Gamma.standard(), new Gamma(five(1)), 1e-6),
                new Case(Pixelate.standard(), new Pixelate(five(1)), 0),
                // Quality 100 rounds values and coefficients to whole numbers, and colours twice.
                new Case(JpegCompression.standard(), new JpegCompression(List.of(100, 100, 100, 100, 100)), 4.5 / 255),
                new Case(Fog.standard(SEED), new Fog(five(0), five(2), SEED), 0),
                new Case(Spatter.standard(SEED), new Spatter(five(0), 0.05, SEED), 0),
                new Case(DottedLine.standard(SEED), new DottedLine(five(0), SEED), 0),
                new Case(Rotation.standard(SEED), new Rotation(five(0), SEED), 0),
                new Case(Scaling.standard(), new Scaling(five(1)), 0),
                new Case(Translation.standard(SEED), new Translation(five(0), SEED), 0),
                new Case(Shear.standard(SEED), new Shear(five(0), SEED), 0),
                new Case(ElasticTransform.standard(SEED), new ElasticTransform(five(0), 0.1, SEED), 0));
    }

    private static List<Double> five(double amount) {
        return List.of(amount, amount, amount, amount, amount);
    }

    /** Smooth pictures with some structure: soft strokes on a dark ground, in other places for each row and channel. */
    static Batch pictures(int rows, Shape shape, Bounds bounds) {
        RandomGenerator random = new Seed(11).generator(shape.size());
        int height = shape.dimension(1);
        int width = shape.dimension(2);
        float[] values = new float[rows * shape.size()];
        double side = Math.min(height, width);
        for (int plane = 0; plane < rows * shape.dimension(0); plane++) {
            for (int stroke = 0; stroke < 3; stroke++) {
                double y = random.nextDouble(0.25, 0.75) * height;
                double x = random.nextDouble(0.25, 0.75) * width;
                double angle = random.nextDouble() * Math.PI;
                double half = random.nextDouble(0.1, 0.3) * side;
                for (int i = 0; i < height * width; i++) {
                    double dy = i / width - y;
                    double dx = i % width - x;
                    double along = Math.max(Math.abs(dx * Math.cos(angle) + dy * Math.sin(angle)) - half, 0);
                    double across = dy * Math.cos(angle) - dx * Math.sin(angle);
                    double light = Math.exp(-(along * along + across * across) / (0.004 * side * side));
                    int at = plane * height * width + i;
                    values[at] = (float) Math.max(values[at], light);
                }
            }
        }
        for (int i = 0; i < values.length; i++) {
            double v = bounds.lower(0) + values[i] * Images.range(bounds);
            values[i] = bounds.clip(0, (float) v);
        }
        return Batch.wrap(values, shape);
    }

    private static double squaredError(Batch a, Batch b) {
        float[] x = a.toArray();
        float[] y = b.toArray();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (x[i] - y[i]) * (x[i] - y[i]);
        }
        return sum / x.length;
    }

    @Test
    void standard_listsEveryCase_once() {
        assertThat(cases().map(Case::standard)).containsExactlyElementsOf(Corruptions.standard(SEED));
        assertThat(cases().map(c -> c.standard().name()))
                .doesNotHaveDuplicates()
                .hasSizeGreaterThanOrEqualTo(15);
        assertThat(cases().map(c -> c.standard().name())).allMatch(n -> n.matches("[a-z-]+"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_growingSeverity_growingDistance(Case c) {
        for (Shape shape : List.of(Shape.of(1, 28, 28), Shape.of(3, 32, 40))) {
            Batch images = pictures(30, shape, UNIT);
            double before = 0;
            for (int severity = 1; severity <= 5; severity++) {
                double error = squaredError(images, c.standard().apply(images, UNIT, severity));
                assertThat(error).as("%s, severity %d", shape, severity).isGreaterThan(before);
                before = error;
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_neutralAmount_changesNothing(Case c) {
        for (Bounds bounds : List.of(UNIT, Bounds.of(-2, 3))) {
            Batch images = pictures(3, Shape.of(3, 17, 12), bounds);
            float[] result = c.neutral().apply(images, bounds, 3).toArray();
            assertThat(result)
                    .usingComparatorWithPrecision((float) (c.tolerance() * 5))
                    .containsExactly(images.toArray());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_anySize_staysInBoundsAndLeavesInput(Case c) {
        for (Shape shape : List.of(
                Shape.of(1, 1, 1),
                Shape.of(3, 1, 1),
                Shape.of(1, 3, 5),
                Shape.of(2, 5, 3),
                Shape.of(3, 1, 9),
                Shape.of(4, 9, 1),
                Shape.of(3, 33, 31))) {
            for (Bounds bounds : List.of(UNIT, Bounds.of(-2, 3), Bounds.of(0.1f, 0.7f))) {
                Batch images = pictures(3, shape, bounds);
                float[] before = images.toArray();
                for (int severity = 1; severity <= 5; severity++) {
                    Batch result = c.standard().apply(images, bounds, severity);
                    assertThat(result.shape()).isEqualTo(shape);
                    assertThat(result.size()).isEqualTo(3);
                    for (float v : result.toArray()) {
                        assertThat(v >= bounds.lower(0) && v <= bounds.upper(0)).isTrue();
                    }
                }
                assertThat(images.toArray()).isEqualTo(before);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_otherCutOrSelection_givesTheSameRows(Case c) {
        Batch images = pictures(6, Shape.of(3, 13, 11), UNIT);
        for (int severity = 1; severity <= 5; severity += 2) {
            Batch all = c.standard().apply(images, UNIT, severity);
            Batch part = c.standard().apply(images.rows(2, 5), UNIT, severity);
            Batch chosen = c.standard().apply(images.select(5, 0, 5), UNIT, severity);
            for (int i = 0; i < 3; i++) {
                assertThat(part.row(i)).isEqualTo(all.row(2 + i));
                assertThat(part.rowNumber(i)).isEqualTo(2 + i);
            }
            assertThat(chosen.row(0)).isEqualTo(all.row(5));
            assertThat(chosen.row(1)).isEqualTo(all.row(0));
            assertThat(chosen.row(2)).isEqualTo(all.row(5));
        }
        assertThat(c.standard().apply(images.rows(0, 0), UNIT, 1).size()).isZero();
    }

    /** Where channels share the random draws, or there are none, a channel alone becomes what it becomes among others. */
    @ParameterizedTest
    @MethodSource("cases")
    void apply_channels_areTreatedAlike(Case c) {
        if (List.of("gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise")
                .contains(c.standard().name())) {
            return;
        }
        Batch grey = pictures(4, Shape.of(1, 14, 19), UNIT);
        int plane = 14 * 19;
        float[] repeated = new float[2 * 4 * plane];
        for (int i = 0; i < repeated.length; i++) {
            repeated[i] = grey.get(i / (2 * plane), i % plane);
        }
        for (int severity = 1; severity <= 5; severity += 2) {
            Batch one = c.standard().apply(grey, UNIT, severity);
            Batch two = c.standard().apply(Batch.wrap(repeated, Shape.of(2, 14, 19)), UNIT, severity);
            for (int row = 0; row < 4; row++) {
                for (int i = 0; i < 2 * plane; i++) {
                    assertThat(two.get(row, i)).isEqualTo(one.get(row, i % plane));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_otherBounds_scalesTheAmounts(Case c) {
        // [0, 256] is [0, 1] with another exponent; JPEG's steps and rounding at thresholds are all that could differ.
        Batch unit = pictures(3, Shape.of(1, 15, 16), UNIT);
        float[] scaled = unit.toArray();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= 256;
        }
        Batch wide = c.standard().apply(Batch.wrap(scaled, unit.shape()), Bounds.of(0, 256), 3);
        Batch expected = c.standard().apply(unit, UNIT, 3);
        for (int row = 0; row < 3; row++) {
            for (int i = 0; i < unit.shape().size(); i++) {
                assertThat(wide.get(row, i) / 256).isCloseTo(expected.get(row, i), within(1e-5f));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void apply_badInput_isRejected(Case c) {
        Batch images = pictures(1, Shape.of(1, 4, 4), UNIT);
        assertThatThrownBy(() -> c.standard().apply(images, UNIT, 0)).hasMessage("severity must be in [1, 5], was 0");
        assertThatThrownBy(() -> c.standard().apply(images, UNIT, 6)).hasMessage("severity must be in [1, 5], was 6");
        assertThatThrownBy(() -> c.standard().apply(images, Bounds.of(0, Float.POSITIVE_INFINITY), 1))
                .hasMessageContaining("bounds must be one finite range");
        assertThatThrownBy(() -> c.standard().apply(Batch.of(new float[4], Shape.of(4)), UNIT, 1))
                .hasMessageContaining("images must have shape");
        assertThatThrownBy(() -> c.standard().apply(Batch.of(new float[] {Float.NaN}, Shape.of(1, 1, 1)), UNIT, 1))
                .hasMessageContaining("images must be finite");
    }
}
