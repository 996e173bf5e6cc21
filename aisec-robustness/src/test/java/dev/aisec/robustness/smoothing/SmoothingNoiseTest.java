// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

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
import dev.aisec.core.model.Preprocessor;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SmoothingNoiseTest {
    private static final int DRAWS = 1_000_000;

    static List<SmoothingNoise> all() {
        return List.of(
                new SmoothingNoise.Gaussian(0.5),
                new SmoothingNoise.Laplace(0.5),
                new SmoothingNoise.Uniform(2),
                new SmoothingNoise.Ablation(784, 45, -1));
    }

    private static SmoothingNoise of(String kind, String parameter) {
        return switch (kind) {
            case "gaussian" -> new SmoothingNoise.Gaussian(Double.parseDouble(parameter));
            case "laplace" -> new SmoothingNoise.Laplace(Double.parseDouble(parameter));
            case "uniform" -> new SmoothingNoise.Uniform(Double.parseDouble(parameter));
            default -> new SmoothingNoise.Ablation(784, Integer.parseInt(parameter), 0);
        };
    }

    @Test
    void certificate_referenceRadii_neverAboveAndClose() throws IOException {
        int lines = 0;
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(SmoothingNoiseTest.class.getResourceAsStream("noise-radius.txt")),
                StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("#")) {
                    continue;
                }
                String[] row = line.split(" ");
                Certificate certificate = Smoothing.of(of(row[0], row[1]))
                        .withSamples(Integer.parseInt(row[3]))
                        .withAlpha(Double.parseDouble(row[4]))
                        .certificate(2, Long.parseLong(row[2]));
                lines++;
                if (row[5].equals("abstain")) {
                    assertThat(certificate).as(line).isInstanceOf(Certificate.Abstained.class);
                    continue;
                }
                assertThat(certificate).as(line).isInstanceOf(Certificate.Certified.class);
                double radius = ((Certificate.Certified) certificate).radius();
                assertThat(new BigDecimal(radius)).as(line).isLessThanOrEqualTo(new BigDecimal(row[5]));
                assertThat(radius).as(line).isCloseTo(Double.parseDouble(row[5]), within(1e-9));
            }
        }
        assertThat(lines).isEqualTo(216);
    }

    @ParameterizedTest
    @MethodSource("all")
    void probability_everyRadius_isTheLeastThatReachesIt(SmoothingNoise noise) {
        assertThat(noise.radius(0.5)).isZero();
        assertThat(noise.radius(0.3)).isZero();
        boolean whole = noise.norm().equals("L0");
        for (double radius : new double[] {0, 1e-6, 0.1, 0.5, 1, 1.7, 5, 9}) {
            double p = noise.probability(radius);
            if (p < 1) {
                assertThat(noise.radius(p)).isGreaterThanOrEqualTo((whole ? Math.floor(radius) : radius) * (1 - 1e-12));
                assertThat(noise.radius(p - 1e-12)).isLessThanOrEqualTo(radius);
                assertThat(p).isGreaterThan(0.5);
            } else {
                assertThat(noise.radius(1 - 1e-12)).isLessThan(radius * (1 + 1e-9));
            }
        }
    }

    @Test
    void radius_ablationOfTwoPositions_isExact() {
        // 4 positions, 1 kept: Δ(1) = 1/4, Δ(2) = 1/2.
        SmoothingNoise noise = new SmoothingNoise.Ablation(4, 1, 0);
        assertThat(noise.radius(0.75)).isZero();
        assertThat(noise.radius(0.76)).isEqualTo(1);
        assertThat(noise.radius(1)).isEqualTo(1);
        assertThat(noise.probability(1)).isGreaterThan(0.75).isLessThan(0.75 + 1e-14);
        assertThat(noise.probability(2)).isGreaterThanOrEqualTo(1);
        assertThat(noise.probability(1000)).isGreaterThanOrEqualTo(1);
    }

    /** Moments of 10⁶ draws lie within 6.2 standard errors with probability 1 − 1e-9 each. */
    @Test
    void copy_laplaceAndUniform_haveTheirMoments() {
        double[] laplace = moments(new SmoothingNoise.Laplace(0.5));
        // E|z| = b, E z² = 2b², Var z² = 20 b⁴, E z = 0.
        assertThat(laplace[0]).isCloseTo(3, within(6.2 * Math.sqrt(0.5 / DRAWS)));
        assertThat(laplace[1]).isCloseTo(0.5, within(6.2 * Math.sqrt(0.25 / DRAWS)));
        assertThat(laplace[2]).isCloseTo(0.5, within(6.2 * Math.sqrt(20 * 0.0625 / DRAWS)));
        double[] uniform = moments(new SmoothingNoise.Uniform(2));
        // E z² = λ²/3, E|z| = λ/2, Var|z| = λ²/12, Var z² = 4 λ⁴/45.
        assertThat(uniform[0]).isCloseTo(3, within(6.2 * Math.sqrt(4.0 / 3 / DRAWS)));
        assertThat(uniform[1]).isCloseTo(1, within(6.2 * Math.sqrt(4.0 / 12 / DRAWS)));
        assertThat(uniform[2]).isCloseTo(4.0 / 3, within(6.2 * Math.sqrt(64.0 / 45 / DRAWS)));
        assertThat(uniform[3]).isLessThanOrEqualTo(2 + 1e-6);
    }

    /** Mean of 3 + z, mean |z|, mean z², greatest |z|. */
    private static double[] moments(SmoothingNoise noise) {
        float[] input = new float[1000];
        java.util.Arrays.fill(input, 3);
        float[] out = new float[1000];
        SmoothingNoise.Stream stream = noise.stream(new Seed(5).generator(1));
        double[] sum = new double[4];
        for (int i = 0; i < DRAWS / 1000; i++) {
            stream.copy(input, 0, out, 0, 1000);
            for (float v : out) {
                double z = v - 3.0;
                sum[0] += v;
                sum[1] += Math.abs(z);
                sum[2] += z * z;
                sum[3] = Math.max(sum[3], Math.abs(z));
            }
        }
        for (int j = 0; j < 3; j++) {
            sum[j] /= DRAWS;
        }
        return sum;
    }

    /** Each of 10 positions is kept in 3/10 of 100,000 copies, each pair in 1/15, within 6.5 standard errors. */
    @Test
    void copy_ablation_keepsUniformSetsOfPixels() {
        float[] input = new float[20];
        for (int i = 0; i < 20; i++) {
            input[i] = i + 1;
        }
        SmoothingNoise.Stream stream = new SmoothingNoise.Ablation(10, 3, -1).stream(new Seed(5).generator(1));
        long[][] pairs = new long[10][10];
        float[] out = new float[22];
        int copies = 100_000;
        for (int i = 0; i < copies; i++) {
            stream.copy(input, 0, out, 2, 20);
            int kept = 0;
            for (int a = 0; a < 10; a++) {
                boolean there = out[2 + a] != -1;
                assertThat(out[2 + a] == (there ? a + 1 : -1) && out[12 + a] == (there ? a + 11 : -1))
                        .isTrue();
                kept += there ? 1 : 0;
                for (int b = 0; b <= a && there; b++) {
                    pairs[a][b] += out[2 + b] != -1 ? 1 : 0;
                }
            }
            assertThat(kept).isEqualTo(3);
        }
        for (int a = 0; a < 10; a++) {
            for (int b = 0; b <= a; b++) {
                double share = a == b ? 0.3 : 3.0 * 2 / 90;
                assertThat((double) pairs[a][b])
                        .isCloseTo(copies * share, within(6.5 * Math.sqrt(copies * share * (1 - share))));
            }
        }
    }

    /**
     * One feature, boundary at 0: the true L1 radius of x is |x|, which Laplace and uniform noise reach exactly with the true
     * probability. With α = 0.001, more than 8 of 300 radii above the truth have probability below 1e-9.
     */
    @Test
    void certify_oneDimension_boundsTheTrueRadius() {
        ModelSpec spec = new ModelSpec(Shape.of(1), 2, Bounds.of(-9, 9));
        LinearClassifier model = new LinearClassifier(new float[][] {{-1}, {1}}, new float[2], spec);
        float[] x = new float[300];
        java.util.Arrays.fill(x, 0.4f);
        for (SmoothingNoise noise : List.of(new SmoothingNoise.Laplace(0.5), new SmoothingNoise.Uniform(1))) {
            assertThat(noise.radius(noise instanceof SmoothingNoise.Uniform ? 0.7 : 1 - Math.exp(-0.8) / 2))
                    .isCloseTo(0.4, within(1e-12));
            int wrong = 0;
            for (Certificate c : SmoothedClassifier.of(
                            model, Smoothing.of(noise).withSamples(1000))
                    .certify(Batch.wrap(x, Shape.of(1)))) {
                double radius = c instanceof Certificate.Certified certified ? certified.radius() : 0;
                wrong += radius > 0.4f ? 1 : 0;
                assertThat(radius).isBetween(0.2, 0.6);
            }
            assertThat(wrong).isLessThanOrEqualTo(8);
        }
    }

    /** 9 features, majority of signs of those that are kept: the L0 radius is known by counting, and never exceeded. */
    @Test
    void certify_ablation_survivesEveryChangeWithinItsRadius() {
        int d = 9;
        float[][] weights = new float[2][d];
        java.util.Arrays.fill(weights[0], -1);
        java.util.Arrays.fill(weights[1], 1);
        LinearClassifier model =
                new LinearClassifier(weights, new float[] {0, 1e-3f}, new ModelSpec(Shape.of(d), 2, Bounds.of(-2, 2)));
        SmoothedClassifier smoothed = SmoothedClassifier.of(
                model, Smoothing.of(new SmoothingNoise.Ablation(d, 1, 0)).withSamples(2000));
        float[] x = new float[d];
        java.util.Arrays.fill(x, 1);
        Certificate certificate = smoothed.certify(Batch.wrap(x, Shape.of(d))).get(0);
        assertThat(certificate).isInstanceOfSatisfying(Certificate.Certified.class, c -> {
            // One kept of nine: 4 changed of 9 leave 5/9, 5 do not.
            assertThat(c.radius()).isEqualTo(4);
            assertThat(c.label()).isEqualTo(1);
        });
        for (int i = 0; i < 4; i++) {
            x[i] = -2;
        }
        assertThat(smoothed.predict(Batch.wrap(x, Shape.of(d)))).containsExactly(1);
        x[4] = -2;
        assertThat(smoothed.predict(Batch.wrap(x, Shape.of(d)))).containsExactly(0);
        Labelled data = new Labelled(Batch.wrap(x, Shape.of(d)), Targets.of(0));
        assertThat(CertifiedAccuracy.of("m", smoothed, data, List.of(0.0, 1.0), RowChunks.of(1), Progress.NONE)
                        .evidence()
                        .measurements()
                        .get(0)
                        .labels())
                .containsEntry("norm", "L0");
    }

    /** Denoised smoothing: a denoiser in front of a fixed model certifies farther than the model alone. */
    @Test
    void certify_denoiserInFront_certifiesFarther() {
        int d = 16;
        ModelSpec spec = new ModelSpec(Shape.of(d), 2, Bounds.of(-9, 9));
        float[][] weights = new float[2][d];
        weights[0][0] = -1;
        weights[1][0] = 1;
        LinearClassifier model = new LinearClassifier(weights, new float[2], spec);
        // The data are constant over the features: their mean is the best denoiser.
        Preprocessor denoiser = inputs -> {
            float[] out = new float[inputs.size() * d];
            for (int i = 0; i < inputs.size(); i++) {
                double sum = 0;
                for (int j = 0; j < d; j++) {
                    sum += inputs.get(i, j);
                }
                java.util.Arrays.fill(out, i * d, (i + 1) * d, (float) (sum / d));
            }
            return inputs.like(out, inputs.shape());
        };
        float[] x = new float[d];
        java.util.Arrays.fill(x, 0.25f);
        Smoothing smoothing = GaussianSmoothing.of(0.5).withSamples(2000);
        List<Double> radii = new ArrayList<>();
        for (SmoothedClassifier smoothed : List.of(
                SmoothedClassifier.of(model, smoothing), SmoothedClassifier.of(denoiser.before(model), smoothing))) {
            radii.add(
                    smoothed.certify(Batch.wrap(x, Shape.of(d))).get(0) instanceof Certificate.Certified c
                            ? c.radius()
                            : 0.0);
        }
        // The true radii: 0.25 alone, 0.25 · √16 = 1 behind the denoiser.
        assertThat(radii.get(0)).isBetween(0.15, 0.25);
        assertThat(radii.get(1)).isBetween(0.85, 1.0);
    }

    @Test
    void of_badParameters_areRefused() {
        assertThatThrownBy(() -> new SmoothingNoise.Laplace(0)).hasMessage("scale must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> new SmoothingNoise.Uniform(Double.POSITIVE_INFINITY))
                .hasMessageContaining("halfWidth must be > 0 and finite");
        assertThatThrownBy(() -> new SmoothingNoise.Ablation(1, 1, 0)).hasMessageContaining("positions must be >= 2");
        assertThatThrownBy(() -> new SmoothingNoise.Ablation(9, 9, 0)).hasMessageContaining("kept must be in [1, 8]");
        assertThatThrownBy(() -> new SmoothingNoise.Ablation(9, 1, Float.NaN)).hasMessageContaining("nullValue");
        for (SmoothingNoise noise : all()) {
            assertThatThrownBy(() -> Smoothing.of(noise).withSamples(9)).hasMessageContaining("samples must be >= 10");
        }
        assertThatThrownBy(() -> new SmoothingNoise.Ablation(3, 1, 0)
                        .stream(new Seed(1).generator(0)).copy(new float[4], 0, new float[4], 0, 4))
                .hasMessageContaining("positions must divide the 4 values");
    }
}
