// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Detector;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Preprocessor;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every detector and every preprocessor keeps. One line here for each. */
class DetectContractTest {
    private static final Shape SHAPE = Shape.of(2, 3, 4);
    private static final Bounds UNIT = Bounds.of(0, 1);

    static Stream<Detector> detectors() {
        RandomGenerator random = new Seed(1).generator(0);
        float[][] weights = new float[3][SHAPE.size()];
        for (float[] row : weights) {
            for (int j = 0; j < row.length; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        LinearClassifier model = new LinearClassifier(weights, new float[3], new ModelSpec(SHAPE, 3, UNIT));
        return Stream.of(FeatureSqueezing.of(model), new FeatureSqueezing(model, List.of(new MedianFilter(3))));
    }

    static Stream<Preprocessor> preprocessors() {
        return Stream.of(new BitDepth(1, UNIT), new BitDepth(3, UNIT), new MedianFilter(2), new MedianFilter(3));
    }

    private static Batch images(int count) {
        RandomGenerator random = new Seed(2).generator(0);
        float[] values = new float[count * SHAPE.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return Batch.wrap(values, SHAPE);
    }

    @ParameterizedTest
    @MethodSource("detectors")
    void scores_anyBatch_areFiniteAndRowByRow(Detector detector) {
        Batch images = images(20);
        float[] before = images.toArray();
        double[] scores = detector.scores(images);
        assertThat(images.toArray()).isEqualTo(before);
        assertThat(scores).hasSize(20);
        for (int i = 0; i < 20; i++) {
            assertThat(scores[i]).isBetween(0.0, 2.0);
            assertThat(detector.scores(images.rows(i, i + 1))).containsExactly(scores[i]);
        }
        assertThat(detector.scores(images.rows(0, 0))).isEmpty();
        assertThat(IntStream.range(0, 50)
                        .parallel()
                        .allMatch(i -> java.util.Arrays.equals(detector.scores(images), scores)))
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("preprocessors")
    void apply_anyBatch_keepsShapeBoundsAndRows(Preprocessor preprocessor) {
        Batch images = images(10);
        float[] before = images.toArray();
        Batch result = preprocessor.apply(images);
        assertThat(images.toArray()).isEqualTo(before);
        assertThat(result.shape()).isEqualTo(SHAPE);
        for (int i = 0; i < 10; i++) {
            assertThat(preprocessor.apply(images.select(i)).row(0)).isEqualTo(result.row(i));
            for (float v : result.row(i)) {
                assertThat(v).isBetween(0f, 1f);
            }
        }
        assertThat(preprocessor.apply(images.rows(0, 0)).size()).isZero();
        // Without an own derivative: the identity (BPDA).
        assertThat(preprocessor.backward(images, result)).isSameAs(result);
    }
}
