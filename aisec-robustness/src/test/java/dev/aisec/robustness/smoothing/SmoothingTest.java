// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
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
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;

class SmoothingTest {
    private static final int N = 4;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), 2, Bounds.of(-9, 9));
    /** z_1 − z_0 = 2 x_0: the distance of x to the boundary is |x_0|, and P(class 1 under noise) = Φ(x_0/σ). */
    private static final LinearClassifier MODEL =
            new LinearClassifier(new float[][] {{-1, 0, 0, 0}, {1, 0, 0, 0}}, new float[2], SPEC);

    private static Batch at(double... first) {
        float[] values = new float[first.length * N];
        for (int i = 0; i < first.length; i++) {
            values[i * N] = (float) first[i];
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    private static Smoothing small(long seed) {
        return GaussianSmoothing.of(0.5).withSamples(400).withSeed(new Seed(seed));
    }

    @Test
    void certificate_referenceRadii_neverAboveAndClose() throws IOException {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(SmoothingTest.class.getResourceAsStream("radius.txt")),
                StandardCharsets.UTF_8))) {
            List<String[]> rows = in.lines()
                    .filter(l -> !l.startsWith("#"))
                    .map(l -> l.split(" "))
                    .toList();
            assertThat(rows).hasSizeGreaterThan(40);
            for (String[] row : rows) {
                for (double sigma : new double[] {0.25, 1}) {
                    Certificate certificate = GaussianSmoothing.of(sigma)
                            .withAlpha(Double.parseDouble(row[2]))
                            .withSamples(Integer.parseInt(row[1]))
                            .certificate(3, Long.parseLong(row[0]));
                    if (row[3].equals("abstain")) {
                        assertThat(certificate).isInstanceOf(Certificate.Abstained.class);
                        continue;
                    }
                    BigDecimal exact = new BigDecimal(row[3]).multiply(BigDecimal.valueOf(sigma));
                    assertThat(certificate).isInstanceOfSatisfying(Certificate.Certified.class, c -> {
                        assertThat(c.label()).isEqualTo(3);
                        assertThat(new BigDecimal(c.radius())).isLessThanOrEqualTo(exact);
                        assertThat(c.radius()).isCloseTo(exact.doubleValue(), within(1e-9));
                    });
                }
            }
        }
    }

    @Test
    void of_tooFewSamples_namesTheFewestThatCanCertify() {
        // 0.001^(1/9) = 0.464, 0.001^(1/10) = 0.501
        assertThatThrownBy(() -> GaussianSmoothing.of(1).withSamples(9)).hasMessageContaining("samples must be >= 10");
        assertThat(GaussianSmoothing.of(1).withSamples(10).samples()).isEqualTo(10);
        assertThatThrownBy(() -> GaussianSmoothing.of(Double.NaN)).hasMessageContaining("sigma must be > 0");
    }

    /**
     * 400 examples at distance 0.3: a certificate is false if its radius is larger. With α = 0.001 more than 8 false ones
     * have probability below 1e-9 (binomial tail).
     */
    @Test
    void certify_linearModel_exceedsTheTrueRadiusHardlyEver() {
        double[] first = new double[400];
        java.util.Arrays.fill(first, 0.3);
        int wrong = 0;
        double sum = 0;
        for (Certificate c : SmoothedClassifier.of(MODEL, small(3)).certify(at(first))) {
            if (c instanceof Certificate.Certified certified) {
                assertThat(certified.label()).isEqualTo(1);
                wrong += certified.radius() > 0.3 ? 1 : 0;
                sum += certified.radius();
            }
        }
        assertThat(wrong).isLessThanOrEqualTo(8);
        // The bound is conservative but not empty.
        assertThat(sum / 400).isBetween(0.15, 0.3);
    }

    /** Hits are binomial with p = Φ(x/σ): the total of 400 × 400 lies within 6.2 σ with probability 1 − 1e-9. */
    @Test
    void certify_linearModel_hitsFollowTheKnownProbability() {
        double[] first = new double[400];
        java.util.Arrays.fill(first, 0.3);
        double p = NormalDistribution.of(0, 1).cumulativeProbability((float) 0.3 / 0.5);
        long hits = 0;
        for (Certificate c : SmoothedClassifier.of(MODEL, small(4)).certify(at(first))) {
            hits += c instanceof Certificate.Certified certified
                    ? certified.hits()
                    : ((Certificate.Abstained) c).hits();
        }
        double n = 400.0 * 400;
        assertThat((double) hits).isCloseTo(n * p, within(6.2 * Math.sqrt(n * p * (1 - p))));
    }

    @Test
    void certify_otherBatchCutOrOrder_givesSameCertificates() {
        Batch inputs = at(0.1, -0.4, 0.9, 0.02, 0.6);
        List<Certificate> whole = SmoothedClassifier.of(MODEL, small(5)).certify(inputs);
        assertThat(SmoothedClassifier.of(MODEL, small(5).withBatch(7)).certify(inputs))
                .isEqualTo(whole);
        for (int i = 0; i < 5; i++) {
            assertThat(SmoothedClassifier.of(MODEL, small(5)).certify(inputs.rows(i, i + 1)))
                    .containsExactly(whole.get(i));
            assertThat(SmoothedClassifier.of(MODEL, small(5)).certify(inputs.select(i)))
                    .containsExactly(whole.get(i));
        }
    }

    /** The class must not be chosen on the copies that bound its probability: no copy is asked about twice. */
    @Test
    void certify_selectionAndEstimation_shareNoCopy() {
        List<Float> asked = new ArrayList<>();
        SmoothedClassifier.of(recording(asked), small(9)).certify(at(0.3));
        assertThat(asked).hasSize(100 + 400).doesNotHaveDuplicates();
    }

    /** A base that keeps what it is asked about. */
    private static Classifier recording(List<Float> asked) {
        return new Classifier() {
            @Override
            public Batch logits(Batch inputs) {
                for (int i = 0; i < inputs.size(); i++) {
                    asked.add(inputs.get(i, 0));
                }
                return MODEL.logits(inputs);
            }

            @Override
            public ModelSpec spec() {
                return SPEC;
            }
        };
    }

    @Test
    void predictOrAbstain_nearTheBoundary_abstains() {
        List<OptionalInt> classes = SmoothedClassifier.of(MODEL, small(6)).predictOrAbstain(at(0.9, 0.0001, -0.9));
        assertThat(classes).containsExactly(OptionalInt.of(1), OptionalInt.empty(), OptionalInt.of(0));
    }

    /** PREDICT tests n_A of n_A + n_B, two-sided; votes for further classes do not count. */
    @Test
    void predictOrAbstain_votesOnPaper_areTestedTwoSided() {
        ModelSpec three = new ModelSpec(Shape.of(N), 3, Bounds.of(-9, 9));
        for (int second = 0; second < 2; second++) {
            int wrong = second;
            int[] calls = {0};
            Classifier scripted = new Classifier() {
                @Override
                public Batch logits(Batch inputs) {
                    float[] z = new float[inputs.size() * 3];
                    for (int i = 0; i < inputs.size(); i++, calls[0]++) {
                        // 15 votes for 2 and 0, of them `wrong` for 0, then one for 1.
                        z[i * 3 + (calls[0] < wrong ? 0 : calls[0] < 15 ? 2 : 1)] = 1;
                    }
                    return inputs.like(z, Shape.of(3));
                }

                @Override
                public ModelSpec spec() {
                    return three;
                }
            };
            // 15 : 1 with the vote for 1 as second: p = 2 (16 + 1) / 2¹⁶ = 5.2e-4; 14 : 1 : 1: p = 2 (15 + 1) / 2¹⁵ =
            // 9.8e-4.
            double p = second == 0 ? 34 / 65536.0 : 32 / 32768.0;
            for (double alpha : new double[] {0.999 * p, 1.001 * p}) {
                calls[0] = 0;
                assertThat(SmoothedClassifier.of(
                                        scripted,
                                        GaussianSmoothing.of(0.5)
                                                .withSamples(16)
                                                .withAlpha(alpha))
                                .predictOrAbstain(at(0)))
                        .containsExactly(alpha < p ? OptionalInt.empty() : OptionalInt.of(2));
            }
        }
    }

    @Test
    void logits_votes_areLogShares() {
        Batch shares = SmoothedClassifier.of(MODEL, small(7)).probabilities(at(0.3, 9));
        assertThat(shares.get(0, 0) + shares.get(0, 1)).isCloseTo(1f, within(1e-6f));
        assertThat(shares.get(1, 1)).isEqualTo(1f);
        assertThat(SmoothedClassifier.of(MODEL, small(7)).predict(at(0.3, -9))).containsExactly(1, 0);
    }

    @Test
    void certifiedAccuracy_knownModel_countsAndDoesNotDependOnThreads() {
        Labelled data = new Labelled(at(0.8, 0.8, 0.8, 0.0, -0.8), Targets.of(1, 1, 0, 1, 0));
        List<Double> radii = List.of(0.0, 0.25, 5.0);
        SmoothedClassifier model = SmoothedClassifier.of(MODEL, small(8));
        CertifiedAccuracy one = CertifiedAccuracy.of("m", model, data, radii, RowChunks.of(5), Progress.NONE);
        // Two of class 1 and one of class 0 are right; the third is wrong, the fourth on the boundary.
        assertThat(one.certified(0.25)).isEqualTo(3);
        assertThat(one.certified(5)).isZero();
        assertThat(one.abstained()).isEqualTo(1);
        assertThat(one.evidence().measurements().get(0)).isInstanceOf(Measurement.Curve.class);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(CertifiedAccuracy.of("m", model, data, radii, new RowChunks(1, threads), Progress.NONE))
                    .isEqualTo(one);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void certify_nanInput_isRefused() {
        assertThatThrownBy(() -> SmoothedClassifier.of(MODEL, small(1)).certify(at(Double.NaN)))
                .hasMessageContaining("inputs must be finite");
    }
}
