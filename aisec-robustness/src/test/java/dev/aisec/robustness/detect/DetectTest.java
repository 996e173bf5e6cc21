// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;

class DetectTest {
    private static final Bounds UNIT = Bounds.of(0, 1);

    private static Estimate.Measured area(double[] clean, double[] attacked) {
        return (Estimate.Measured) RocCurve.of(clean, attacked).area(0.95);
    }

    @Test
    void bitDepth_handValues_areRounded() {
        Batch x = Batch.of(new float[] {0, 0.49f, 0.51f, 1, 0.2f, 0.4f}, Shape.of(6));
        assertThat(new BitDepth(1, UNIT).apply(x).toArray()).containsExactly(0, 0, 1, 1, 0, 0);
        assertThat(new BitDepth(2, UNIT).apply(x).toArray()).containsExactly(0, 1 / 3f, 2 / 3f, 1, 1 / 3f, 1 / 3f);
        assertThat(new BitDepth(1, Bounds.of(-1, 1))
                        .apply(Batch.of(new float[] {-0.1f, 0.1f}, Shape.of(2)))
                        .toArray())
                .containsExactly(-1, 1);
    }

    /** By hand, after scipy.ndimage.median_filter(size=2, mode='reflect'): rank 2 of {left-above, above, left, self}. */
    @Test
    void medianFilter_handImage_isAsScipy() {
        Batch x = Batch.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, Shape.of(1, 3, 3));
        assertThat(new MedianFilter(2).apply(x).toArray()).containsExactly(1, 2, 3, 4, 4, 5, 7, 7, 8);
        assertThat(new MedianFilter(3).apply(x).toArray()).containsExactly(2, 3, 3, 4, 5, 6, 7, 7, 8);
    }

    @Test
    void featureSqueezing_knownModel_givesLargestDistance() {
        // Two classes by the one pixel; 0.4 becomes 0 with one bit.
        ModelSpec spec = new ModelSpec(Shape.of(1, 1, 1), 2, UNIT);
        LinearClassifier model = new LinearClassifier(new float[][] {{0}, {4}}, new float[2], spec);
        double before = 1 / (1 + Math.exp(-1.6));
        double[] scores = FeatureSqueezing.of(model).scores(Batch.of(new float[] {0.4f, 0, 1}, spec.inputShape()));
        assertThat(scores[0]).isCloseTo(2 * (before - 0.5), within(1e-6));
        assertThat(scores[1]).isZero();
        assertThat(scores[2]).isZero();
        assertThatThrownBy(() -> new FeatureSqueezing(model, List.of())).hasMessage("squeezers must not be empty");
    }

    @Test
    void roc_handScores_haveTies() {
        RocCurve roc = RocCurve.of(new double[] {1, 2, 2, 3}, new double[] {2, 3, 4});
        assertThat(roc.points())
                .containsExactly(
                        new RocCurve.Point(0, 0),
                        new RocCurve.Point(0, 1),
                        new RocCurve.Point(0.25, 2),
                        new RocCurve.Point(0.75, 3),
                        new RocCurve.Point(1, 3));
        // 4: 4; 3: 3.5; 2: 1 + 2/2 = 2 of 12 pairs
        assertThat(area(new double[] {1, 2, 2, 3}, new double[] {2, 3, 4}).value())
                .isCloseTo(9.5 / 12, within(1e-12));
    }

    /**
     * Structural components by hand: V10 = (2, 3.5, 4)/4, V01 = (3, 2.5, 2.5, 1.5)/3; variance of the area S10/3 + S01/4
     * (DeLong, DeLong, Clarke-Pearson 1988, equation 6).
     */
    @Test
    void area_handScores_hasDelongInterval() {
        // Each score twenty times, so that there are enough for DeLong.
        double[] clean = new double[80];
        double[] attacked = new double[60];
        for (int i = 0; i < 80; i++) {
            clean[i] = new double[] {1, 2, 2, 3}[i % 4];
        }
        for (int i = 0; i < 60; i++) {
            attacked[i] = 2 + i % 3;
        }
        Estimate.Measured area = area(clean, attacked);
        double a = 9.5 / 12;
        double s10 = 20 * (sq(0.5 - a) + sq(0.875 - a) + sq(1 - a)) / 59;
        double s01 = 20 * (sq(1 - a) + 2 * sq(2.5 / 3 - a) + sq(0.5 - a)) / 79;
        double half = 1.959963984540054 * Math.sqrt(s10 / 60 + s01 / 80) / (a * (1 - a));
        double logit = Math.log(a / (1 - a));
        assertThat(area.interval().lower()).isCloseTo(1 / (1 + Math.exp(-logit + half)), within(1e-9));
        assertThat(area.interval().upper()).isCloseTo(1 / (1 + Math.exp(-logit - half)), within(1e-9));
    }

    private static double sq(double x) {
        return x * x;
    }

    @Test
    void area_separatedScores_hasExactIntervalBelowOne() {
        Estimate.Measured area = area(new double[] {0, 1, 2}, new double[] {3, 4, 5, 6});
        assertThat(area.value()).isEqualTo(1);
        assertThat(area.interval().upper()).isEqualTo(1);
        assertThat(area.interval().lower()).isCloseTo(Math.pow(0.025, 1.0 / 3), within(1e-12));
        assertThat(area(new double[] {3, 4}, new double[] {1, 2}).interval().lower())
                .isZero();
        assertThat(area(new double[] {1, 1}, new double[] {1, 1}).value()).isEqualTo(0.5);
    }

    /**
     * Normal scores one σ apart: area Φ(1/√2). Over 2,000 runs an interval with true coverage 0.93 or better misses more
     * than 0.07 + 6.2 standard errors with probability below 1e-9; DeLong at 40 + 40 covers about 0.95.
     */
    @Test
    void area_simulated_coversNearlyAtItsConfidence() {
        double truth = NormalDistribution.of(0, 1).cumulativeProbability(1 / Math.sqrt(2));
        RandomGenerator random = new Seed(12).generator(0);
        int misses = 0;
        for (int run = 0; run < 2000; run++) {
            double[] clean = random.doubles(40).map(u -> random.nextGaussian()).toArray();
            double[] attacked =
                    random.doubles(40).map(u -> 1 + random.nextGaussian()).toArray();
            misses += area(clean, attacked).interval().contains(truth) ? 0 : 1;
        }
        assertThat(misses).isLessThan((int) (2000 * 0.07 + 6.2 * Math.sqrt(2000 * 0.07 * 0.93)));
    }

    /** One or two attacked scores tell next to nothing: over 2,000 runs at most 5 % + 6.2 standard errors may miss. */
    @Test
    void area_fewAttackedScores_stillCovers() {
        double truth = NormalDistribution.of(0, 1).cumulativeProbability(1 / Math.sqrt(2));
        RandomGenerator random = new Seed(13).generator(0);
        for (int few : new int[] {1, 2, 5, 10}) {
            int misses = 0;
            for (int run = 0; run < 2000; run++) {
                double[] clean =
                        random.doubles(100).map(u -> random.nextGaussian()).toArray();
                double[] attacked =
                        random.doubles(few).map(u -> 1 + random.nextGaussian()).toArray();
                misses += area(clean, attacked).interval().contains(truth) ? 0 : 1;
            }
            assertThat(misses).as("%s scores", few).isLessThan((int) (100 + 6.2 * Math.sqrt(95)));
        }
        assertThat(area(new double[] {1, 1}, new double[] {1, 1}).interval().lower())
                .isLessThan(0.1);
    }

    @Test
    void bitDepth_anyRange_staysInsideAndRefusesNaN() {
        Bounds odd = Bounds.of(-1.368182f, .26162595f);
        Batch top = Batch.of(new float[] {.26162595f}, Shape.of(1));
        for (int bits = 1; bits <= 16; bits++) {
            assertThat(new BitDepth(bits, odd).apply(top).get(0, 0)).isLessThanOrEqualTo(.26162595f);
        }
        assertThatThrownBy(() -> new BitDepth(1, odd).apply(Batch.of(new float[] {Float.NaN}, Shape.of(1))))
                .hasMessageContaining("inputs must be finite");
    }

    @Test
    void detectionEvaluation_separatedScores_calibratesOnHalfOnly() {
        Batch clean = Batch.of(range(0, 100), Shape.of(1));
        Batch attacked = Batch.of(range(200, 10), Shape.of(1));
        DetectionEvaluation evaluation = DetectionEvaluation.of(
                "m",
                inputs -> {
                    double[] scores = new double[inputs.size()];
                    for (int i = 0; i < scores.length; i++) {
                        scores[i] = inputs.get(i, 0);
                    }
                    return scores;
                },
                "identity",
                clean,
                attacked,
                "shift",
                0.05,
                RowChunks.of(7),
                Progress.NONE);
        // Even scores 0, 2, … 98: the ⌈51 · 0.95⌉ = 49th is 96; of the odd ones 97 and 99 are above.
        assertThat(evaluation.threshold().value()).isEqualTo(96);
        assertThat(((Estimate.Measured) evaluation.falsePositiveRate()).value()).isEqualTo(2 / 50.0);
        assertThat(((Estimate.Measured) evaluation.truePositiveRate()).value()).isEqualTo(1);
        Evidence evidence = evaluation.evidence();
        assertThat(evidence.findings())
                .singleElement()
                .satisfies(f -> assertThat(f.code()).isEqualTo("detection.oblivious"));
        assertThat(evidence.measurements()).hasSize(4);
    }

    @Test
    void detectionEvaluation_noSuccessfulAttack_abstains() {
        DetectionEvaluation none = new DetectionEvaluation("m", "d", "a", List.of(0.1, 0.2, 0.3), List.of(), 0.05);
        assertThat(none.area()).isInstanceOf(Estimate.Abstained.class);
        assertThat(none.evidence().measurements()).hasSize(3);
        assertThat(none.threshold().value()).isEqualTo(Double.POSITIVE_INFINITY);
    }

    private static float[] range(int from, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = from + i;
        }
        return values;
    }

    @Test
    void roc_nanScore_isRefused() {
        assertThatThrownBy(() -> RocCurve.of(new double[] {Double.NaN}, new double[] {1}))
                .hasMessage("clean must be finite, was NaN");
    }
}
