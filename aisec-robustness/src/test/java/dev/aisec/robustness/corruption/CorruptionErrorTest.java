// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CorruptionErrorTest {
    private static final Seed SEED = new Seed(7);
    private static final List<Corruption> TWO = List.of(Brightness.standard(), Contrast.standard());

    private static CorruptionError error(byte[][] model, byte[][] base) {
        List<Corruption> corruptions = TWO.subList(0, model.length);
        int n = model[0].length;
        return CorruptionError.of("m", "b", corruptions, new Outcomes(model, n), new Outcomes(base, n), 10, SEED);
    }

    private static Estimate.Measured measured(Estimate estimate) {
        return (Estimate.Measured) estimate;
    }

    private static List<String> codes(CorruptionError error) {
        return error.findings().stream().map(Finding::code).toList();
    }

    /** The pattern again and again. */
    private static byte[] repeat(int n, int... pattern) {
        byte[] bits = new byte[n];
        for (int i = 0; i < n; i++) {
            bits[i] = (byte) pattern[i % pattern.length];
        }
        return bits;
    }

    @Test
    void of_handExample_isHendrycksAndDietterich() {
        // Bit 0 is the clean image, bits 1 to 5 the severities. Four images, 15 times.
        // Model: brightness wrong at 0+1+2+5 = 8 of 20 severities, contrast 0+0+1+3 = 4; clean 1 of 4.
        byte[][] model = {
            repeat(60, 0b000000, 0b100000, 0b110000, 0b111111), repeat(60, 0b000000, 0b000000, 0b100000, 0b111001)
        };
        // Baseline: brightness 5+5+2+4 = 16, contrast 1+3+2+4 = 10; clean 1 of 4.
        byte[][] base = {
            repeat(60, 0b111110, 0b111110, 0b110000, 0b111101), repeat(60, 0b100000, 0b111000, 0b110000, 0b111101)
        };
        CorruptionError error = error(model, base);
        // CE: 8/16 and 4/10, mean 0.45.
        assertThat(measured(error.byCorruption().get(0).error()).value()).isEqualTo(0.5);
        assertThat(measured(error.byCorruption().get(1).error()).value()).isEqualTo(0.4);
        assertThat(measured(error.overall().error()).value()).isCloseTo(0.45, within(1e-15));
        // Relative: clean errors of both 1 of 4, five times: (8 − 5)/(16 − 5) and (4 − 5)/(10 − 5).
        assertThat(measured(error.byCorruption().get(0).relativeError()).value())
                .isEqualTo(3 / 11.0);
        assertThat(measured(error.byCorruption().get(1).relativeError()).value())
                .isEqualTo(-0.2);
        assertThat(measured(error.overall().relativeError()).value()).isCloseTo((3 / 11.0 - 0.2) / 2, within(1e-15));
        // Accuracy: 1 − 12/40 and 1 − 26/40.
        assertThat(measured(error.overall().accuracy()).value()).isCloseTo(0.7, within(1e-15));
        assertThat(measured(error.overall().baselineAccuracy()).value()).isCloseTo(0.35, within(1e-15));
        for (Estimate e : List.of(
                error.overall().error(),
                error.overall().relativeError(),
                error.overall().accuracy())) {
            Interval interval = measured(e).interval();
            assertThat(interval.contains(measured(e).value())).isTrue();
            assertThat(interval.upper()).isGreaterThan(interval.lower());
            assertThat(interval.confidence()).isEqualTo(0.95);
        }
        assertThat(error.findings()).isEmpty();
    }

    @Test
    void of_sameModel_isExactlyOne() {
        byte[][] bits = {repeat(50, 0b111110, 0, 0b111000), repeat(50, 0b110000, 0b111110, 0, 0)};
        CorruptionError error = error(bits, bits);
        assertThat(error.overall().error()).isEqualTo(new Estimate.Measured(1, new Interval(1, 1, 0.95), 50));
        assertThat(error.overall().relativeError()).isEqualTo(new Estimate.Measured(1, new Interval(1, 1, 0.95), 50));
    }

    /** The interval of a mean of 400 images is about ± 1.96 standard errors. */
    @Test
    void of_manyImages_intervalIsThatOfTheMean() {
        RandomGenerator random = SEED.generator(1);
        byte[] bits = new byte[400];
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < 400; i++) {
            bits[i] = (byte) (random.nextInt(32) * 2);
            double right = 1 - Integer.bitCount(bits[i]) / 5.0;
            sum += right;
            squares += right * right;
        }
        Estimate.Measured accuracy = measured(
                error(new byte[][] {bits}, new byte[][] {bits}).overall().accuracy());
        double mean = sum / 400;
        double half = 1.96 * Math.sqrt((squares / 400 - mean * mean) / 400);
        assertThat(accuracy.value()).isCloseTo(mean, within(1e-12));
        assertThat(accuracy.interval().lower()).isCloseTo(mean - half, within(half / 5));
        assertThat(accuracy.interval().upper()).isCloseTo(mean + half, within(half / 5));
    }

    @Test
    void of_baselineNeverWrong_abstainsAndSaysSo() {
        byte[][] model = {repeat(40, 0b100000, 0), repeat(40, 0b110000, 0)};
        byte[][] base = {repeat(40, 0b111110, 0), repeat(40, 0)};
        CorruptionError error = error(model, base);
        assertThat(measured(error.byCorruption().get(0).error()).value()).isEqualTo(0.2);
        assertThat(error.byCorruption().get(1).error())
                .isEqualTo(new Estimate.Abstained("the baseline is never wrong under contrast", 40));
        assertThat(error.overall().error())
                .isEqualTo(new Estimate.Abstained("the baseline is never wrong under contrast", 40));
        assertThat(error.overall().relativeError())
                .isEqualTo(new Estimate.Abstained("the baseline is not worse under contrast than on clean images", 40));
        assertThat(measured(error.overall().accuracy()).value()).isCloseTo(0.85, within(1e-15));
        assertThat(error.byCorruption().get(1).baselineAccuracy()).isEqualTo(ClopperPearson.share(40, 40, 0.95));
        assertThat(codes(error))
                .containsExactly("corruption-error.baseline-never-wrong", "corruption-error.baseline-not-worse");
    }

    @Test
    void of_baselineRarelyWrong_abstainsIfResamplesHaveNoValue() {
        byte[] one = repeat(40, 0);
        one[0] = 0b111110;
        CorruptionError error = error(new byte[][] {repeat(40, 0b100000, 0)}, new byte[][] {one});
        // (1 − 1/40)⁴⁰ = 0.36 of the resamples miss the image.
        assertThat(error.overall().error())
                .isInstanceOfSatisfying(
                        Estimate.Abstained.class, a -> assertThat(a.reason()).contains("bootstrap resamples"));
        assertThat(codes(error)).containsExactly("corruption-error.baseline-rarely-wrong");
        // Six wrong images: (1 − 6/40)⁴⁰ = 0.0015 of the resamples miss them all, which widens the interval only.
        for (int i = 1; i < 6; i++) {
            one[i] = 0b111110;
        }
        CorruptionError six = error(new byte[][] {repeat(40, 0b100000, 0)}, new byte[][] {one});
        assertThat(measured(six.overall().error()).value()).isCloseTo(20 / 30.0, within(1e-15));
    }

    @Test
    void of_poorOrPerfectModels_areFound() {
        CorruptionError error = error(new byte[][] {repeat(40, 0)}, new byte[][] {repeat(40, 0b111111)});
        assertThat(measured(error.overall().error()).value()).isZero();
        assertThat(codes(error))
                .containsExactly(
                        "corruption-error.baseline-not-worse",
                        "corruption-error.model-never-wrong",
                        "corruption-error.baseline-at-chance");
        CorruptionError few = error(new byte[][] {repeat(12, 0b100000)}, new byte[][] {repeat(12, 0b110000)});
        assertThat(codes(few)).containsExactly("corruption-error.few-images");
    }

    private static LinearClassifier threshold(float at) {
        ModelSpec spec = new ModelSpec(Shape.of(1, 2, 2), 2, Bounds.of(0, 1));
        return new LinearClassifier(
                new float[][] {{0, 0, 0, 0}, {0.25f, 0.25f, 0.25f, 0.25f}}, new float[] {at, 0}, spec);
    }

    private static Labelled data(int n) {
        float[] values = new float[4 * n];
        int[] labels = new int[n];
        RandomGenerator random = SEED.generator(2);
        for (int i = 0; i < n; i++) {
            labels[i] = i % 2;
            float mean = (labels[i] == 0 ? 0.25f : 0.75f) + random.nextFloat() * 0.2f - 0.1f;
            for (int j = 0; j < 4; j++) {
                values[4 * i + j] = mean + random.nextFloat() * 0.1f - 0.05f;
            }
        }
        return new Labelled(Batch.wrap(values, Shape.of(1, 2, 2)), Targets.of(labels));
    }

    @Test
    void of_models_agreesWithCorruptionAccuracyWhateverTheCut() {
        Labelled data = data(120);
        List<Corruption> corruptions =
                List.of(Brightness.standard(), AdditiveNoise.standard(SEED), ImpulseNoise.standard(SEED));
        CorruptionError.Named model = new CorruptionError.Named("m", threshold(0.55f));
        CorruptionError.Named base = new CorruptionError.Named("b", threshold(0.45f));
        CorruptionError error =
                CorruptionError.of(model, base, data, corruptions, SEED, RowChunks.of(7), Progress.NONE);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            assertThat(CorruptionError.of(
                            model, base, data, corruptions, SEED, new RowChunks(50, threads), Progress.NONE))
                    .isEqualTo(error);
        } finally {
            threads.shutdown();
        }
        CorruptionAccuracy accuracy =
                CorruptionAccuracy.of("m", model.model(), data, corruptions, RowChunks.of(50), Progress.NONE);
        CorruptionAccuracy baseAccuracy =
                CorruptionAccuracy.of("b", base.model(), data, corruptions, RowChunks.of(50), Progress.NONE);
        double mean = 0;
        for (int c = 0; c < 3; c++) {
            double wrong = 5 * 120 - sum(accuracy.correct().get(c));
            double baseWrong = 5 * 120 - sum(baseAccuracy.correct().get(c));
            mean += wrong / baseWrong / 3;
        }
        assertThat(measured(error.overall().error()).value()).isCloseTo(mean, within(1e-12));
        assertThat(mean).isLessThan(1);
        assertThat(error.evidence().measurements()).hasSize(4 + 3 * 4);
        assertThat(error.evidence().measurements().get(0))
                .isInstanceOfSatisfying(
                        Measurement.Scalar.class, s -> assertThat(s.name()).isEqualTo("mean-corruption-error"));
        assertThat(error.evidence().parameters())
                .containsEntry("baseline", "b")
                .containsEntry("corruption.brightness", Brightness.standard().toString());
    }

    private static long sum(List<Long> counts) {
        return counts.stream().skip(1).mapToLong(Long::longValue).sum();
    }

    @Test
    void of_noImages_abstains() {
        CorruptionError.Named model = new CorruptionError.Named("m", threshold(0.5f));
        Labelled none = data(0);
        CorruptionError error = CorruptionError.of(model, model, none, TWO, SEED, RowChunks.of(5), Progress.NONE);
        assertThat(error.overall().error()).isEqualTo(new Estimate.Abstained("there are no images", 0));
        assertThat(error.overall().accuracy()).isEqualTo(new Estimate.Abstained("there are no images", 0));
        assertThat(error.findings()).isEmpty();
    }

    @Test
    void of_badArguments_areRejected() {
        CorruptionError.Named model = new CorruptionError.Named("m", threshold(0.5f));
        Labelled data = data(4);
        assertThatThrownBy(
                        () -> CorruptionError.of(model, model, data, List.of(), SEED, RowChunks.of(5), Progress.NONE))
                .hasMessage("corruptions must not be empty");
        List<Corruption> twice = List.of(Brightness.standard(), Brightness.standard());
        assertThatThrownBy(() -> CorruptionError.of(model, model, data, twice, SEED, RowChunks.of(5), Progress.NONE))
                .hasMessage("names of corruptions must be unique, was brightness twice");
        ModelSpec wide = new ModelSpec(Shape.of(1, 2, 2), 2, Bounds.of(0, 2));
        CorruptionError.Named other =
                new CorruptionError.Named("w", new LinearClassifier(new float[2][4], new float[2], wide));
        assertThatThrownBy(() -> CorruptionError.of(model, other, data, TWO, SEED, RowChunks.of(5), Progress.NONE))
                .hasMessage("baseline must have the bounds of the model, [0.0, 1.0], had [0.0, 2.0]");
    }
}
