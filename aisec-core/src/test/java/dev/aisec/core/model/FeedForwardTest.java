// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.FeedForward.Convolution;
import dev.aisec.core.model.FeedForward.Dense;
import dev.aisec.core.model.FeedForward.MaxPooling;
import dev.aisec.core.model.FeedForward.Relu;
import dev.aisec.core.model.FeedForward.Reshape;
import dev.aisec.core.model.FeedForward.Window;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeedForwardTest {
    private static final Bounds BOUNDS = Bounds.of(0, 1);

    @Test
    void logits_handMadeNetwork_areAsOnPaper() {
        FeedForward network = FeedForward.of(
                Shape.of(2),
                BOUNDS,
                List.of(
                        new Dense(new float[] {1, -2, 3, 0.5f}, new float[] {0.25f, -1}),
                        new Relu(0.5),
                        new Dense(new float[] {1, 1, 2, -1}, new float[] {0, 1})));
        // Hidden: 1 − 2 + 0.25 = −0.75, halved; 3 + 0.5 − 1 = 2.5.
        assertThat(network.logits(new double[] {1, 1})).containsExactly(2.125, -2.25);
    }

    @Test
    void logits_convolution_isCrossCorrelationWithZeroPadding() {
        FeedForward network = FeedForward.of(
                Shape.of(1, 2, 2),
                BOUNDS,
                List.of(
                        new Convolution(
                                new float[] {1, 2, 3, 4},
                                new float[] {0.5f},
                                new Window(2, 2, 1, 1, 1, 1, 0, 1, 0, 0),
                                1),
                        new Reshape(Shape.of(2))));
        assertThat(network.logits(new double[] {1, 10, 100, 1000}))
                .containsExactly(1 + 20 + 300 + 4000 + 0.5, 100 + 2000 + 0.5);
    }

    @Test
    void logits_negativeImageWithPadding_paddingNeverWinsTheMaximum() {
        FeedForward network = FeedForward.of(
                Shape.of(2, 1, 1),
                Bounds.of(-9, 9),
                List.of(new MaxPooling(Window.square(3, 1, 1)), new Reshape(Shape.of(2))));
        assertThat(network.logits(new double[] {-3, -4})).containsExactly(-3, -4);
    }

    @Test
    void gradient_everyLayer_equalsCentralDifferences() {
        FeedForward network = RandomNetworks.cnn(5);
        Batch inputs = RandomNetworks.inputs(network, 6, 3);
        int classes = network.spec().classes();
        Random random = new Random(7);
        float[] weights = new float[3 * classes];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextFloat();
        }
        Batch gradient = network.gradient(inputs, z -> z.like(weights, Shape.of(classes)))
                .gradient();
        double h = 1e-7;
        for (int row = 0; row < 3; row++) {
            for (int j = 0; j < inputs.shape().size(); j++) {
                double[] x = new double[inputs.shape().size()];
                for (int i = 0; i < x.length; i++) {
                    x[i] = inputs.get(row, i);
                }
                double difference = 0;
                for (int sign : new int[] {1, -1}) {
                    x[j] += sign * h;
                    double[] z = network.logits(x);
                    for (int c = 0; c < classes; c++) {
                        difference += sign * weights[row * classes + c] * z[c];
                    }
                    x[j] -= sign * h;
                }
                assertThat((double) gradient.get(row, j)).isCloseTo(difference / (2 * h), within(1e-6));
            }
        }
    }

    @Test
    void logits_batch_equalThoseOfSingleExamplesRounded() {
        FeedForward network = RandomNetworks.mlp(1, 0.2, 5, 7, 3);
        Batch inputs = RandomNetworks.inputs(network, 2, 4);
        Batch logits = network.logits(inputs);
        for (int i = 0; i < 4; i++) {
            double[] x = new double[5];
            for (int j = 0; j < 5; j++) {
                x[j] = inputs.get(i, j);
            }
            double[] z = network.logits(x);
            for (int c = 0; c < 3; c++) {
                assertThat(logits.get(i, c)).isEqualTo((float) z[c]);
            }
        }
    }

    @Test
    void of_layersThatDoNotFit_nameLayerAndShape() {
        Dense dense = RandomNetworks.dense(new Seed(1).generator(0), 3, 2);
        assertThatThrownBy(() -> FeedForward.of(Shape.of(4), BOUNDS, List.of(new Relu(), dense)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layer 1: input of a dense layer must have shape [3], was [4]");
        assertThatThrownBy(() -> FeedForward.of(Shape.of(4, 4), BOUNDS, List.of(new Relu())))
                .hasMessage("last layer must give a vector of logits, was [4, 4]");
        assertThatThrownBy(() ->
                        FeedForward.of(Shape.of(1, 2, 2), BOUNDS, List.of(new MaxPooling(Window.square(3, 1, 0)))))
                .hasMessage("layer 0: height of the window must fit the padded input of 2, was 3");
        assertThatThrownBy(() ->
                        FeedForward.of(Shape.of(1, 2, 2), BOUNDS, List.of(new MaxPooling(Window.square(1, 1, 1)))))
                .hasMessageContaining("must touch the image");
        assertThatThrownBy(() -> FeedForward.of(Shape.of(4), BOUNDS, List.of(new Reshape(Shape.of(2, 3)))))
                .hasMessage("layer 0: shape must have 4 values, was [2, 3]");
    }

    @Test
    void constructors_badParameters_nameParameterRuleAndValue() {
        assertThatThrownBy(() -> new Relu(-0.5)).hasMessage("slope must be in [0, 1], was -0.5");
        assertThatThrownBy(() -> new Dense(new float[] {1, Float.NaN}, new float[1]))
                .hasMessage("weights must be finite, was NaN at 1");
        assertThatThrownBy(() -> new Dense(new float[3], new float[2])).hasMessageContaining("had 3");
        assertThatThrownBy(() -> new Convolution(new float[4], new float[3], Window.square(1, 1, 0), 2))
                .hasMessage("groups must be >= 1 and divide the outputs 3, was 2");
        assertThatThrownBy(() -> new Convolution(new float[5], new float[2], Window.square(1, 1, 0), 1))
                .hasMessage("weights must have a multiple of 2 entries, had 5");
        assertThatThrownBy(() -> Window.square(0, 1, 0)).hasMessageContaining("must be >= 1");
        // 4 steps of 2³⁰ are 0 as int.
        assertThatThrownBy(
                        () -> new FeedForward.AveragePooling(new Window(5, 5, 1, 1, 1 << 30, 1 << 30, 0, 0, 0, 0), true)
                                .outputShape(Shape.of(1, 4, 4)))
                .hasMessage("height of the window must fit the padded input of 4, was 4294967297");
        assertThatThrownBy(() -> new Convolution(
                        new float[4], new float[1], new Window(1 << 16, 1 << 16, 1, 1, 1, 1, 0, 0, 0, 0), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("weights must have a multiple of 4294967296");
        assertThatThrownBy(() -> Window.square(1, 1, -1)).hasMessageContaining("must be >= 0");
    }

    @Test
    void accessors_arrays_areCopies() {
        float[] weights = {1, 2};
        Dense dense = new Dense(weights, new float[] {0});
        weights[0] = 9;
        dense.weights()[1] = 9;
        assertThat(dense.weights()).containsExactly(1, 2);
    }
}
