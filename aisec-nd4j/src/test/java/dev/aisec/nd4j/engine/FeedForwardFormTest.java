// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FeedForwardFormTest {
    private static final Activation LEAKY = Activation.of(Activation.Kind.LEAKY_RELU);

    private static CompiledNetwork random(NetworkSpec spec) {
        ParameterLayout layout = new Plan(spec, false).layout;
        RandomGenerator random = new Seed(3).generator(0);
        float[] parameters = new float[layout.size()];
        for (ParameterLayout.Tensor t : layout.tensors()) {
            for (int i = t.offset(); i < t.offset() + t.shape().size(); i++) {
                float v = (float) (0.3 * random.nextGaussian());
                parameters[i] = t.name().endsWith("variance") ? 0.5f + Math.abs(v) : v;
            }
        }
        return Networks.of(spec, parameters, Bounds.of(-3, 3));
    }

    private static void assertSameLogits(NetworkSpec spec) {
        CompiledNetwork network = random(spec);
        FeedForward form = network.feedForward();
        assertThat(form.spec()).isEqualTo(network.spec());
        int n = network.spec().inputShape().size();
        RandomGenerator random = new Seed(4).generator(0);
        float[] values = new float[20 * n];
        for (int i = 0; i < values.length; i++) {
            values[i] = 4 * random.nextFloat() - 2;
        }
        Batch inputs = Batch.wrap(values, network.spec().inputShape());
        Batch expected = network.logits(inputs);
        Batch logits = form.logits(inputs);
        float largest = 0;
        for (float z : expected.toArray()) {
            largest = Math.max(largest, Math.abs(z));
        }
        for (int i = 0; i < inputs.size(); i++) {
            for (int c = 0; c < network.spec().classes(); c++) {
                assertThat(logits.get(i, c)).isCloseTo(expected.get(i, c), within(1e-4f * largest));
            }
        }
    }

    @Test
    void feedForward_images_hasTheLogitsOfTheEngine() {
        assertSameLogits(NetworkSpec.chain(
                Shape.of(3, 13, 12),
                new LayerSpec.ZeroPadding(1, 0, 2, 0),
                new LayerSpec.Convolution(6, new Window(3, 2, 1, 2, 1, 1, 1, 1, 0, 1), 3, false, Activation.IDENTITY),
                LayerSpec.BatchNorm.standard(),
                new LayerSpec.Activate(LEAKY),
                new LayerSpec.Pooling(LayerSpec.Reduction.MAX, true, new Window(2, 2, 2, 1, 1, 1, 0, 1, 0, 0)),
                new LayerSpec.BatchNorm(1e-3, 0.9, false, 1.5, -0.2),
                new LayerSpec.Convolution(8, Window.square(2, 1).withPadding(1), 2, true, Activation.RELU),
                new LayerSpec.Pooling(LayerSpec.Reduction.AVERAGE, false, new Window(3, 3, 2, 2, 1, 1, 1, 1, 1, 1)),
                new LayerSpec.Dropout(LayerSpec.Dropout.Kind.VALUES, 0.5),
                new LayerSpec.Pooling(
                        LayerSpec.Reduction.AVERAGE, true, Window.square(2, 1).withPadding(1)),
                new LayerSpec.Dense(9, true, Activation.RELU),
                LayerSpec.BatchNorm.standard(),
                new LayerSpec.Dense(4, false, Activation.IDENTITY)));
    }

    @Test
    void feedForward_sequencesAndGlobalPooling_hasTheLogitsOfTheEngine() {
        for (LayerSpec.Reduction reduction : List.of(LayerSpec.Reduction.MAX, LayerSpec.Reduction.AVERAGE)) {
            assertSameLogits(NetworkSpec.chain(
                    Shape.of(2, 17),
                    new LayerSpec.Convolution(5, new Window(1, 4, 1, 2, 1, 1, 0, 0, 1, 2), 1, true, Activation.RELU),
                    new LayerSpec.GlobalPooling(reduction, false),
                    new LayerSpec.Dense(3, true, Activation.IDENTITY)));
            assertSameLogits(NetworkSpec.chain(
                    Shape.of(2, 5, 4),
                    new LayerSpec.GlobalPooling(reduction, true),
                    new LayerSpec.Reshape(Shape.of(2))));
        }
    }

    @Test
    void feedForward_layerWithoutSuchAForm_isNamed() {
        NetworkSpec tanh = NetworkSpec.chain(
                Shape.of(4),
                new LayerSpec.Dense(5, true, Activation.of(Activation.Kind.TANH)),
                new LayerSpec.Dense(3, true, Activation.IDENTITY));
        assertThatThrownBy(() -> random(tanh).feedForward())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("layer 0 has")
                .hasMessageContaining("TANH")
                .hasMessageContaining("must consist of dense, convolution");
        NetworkSpec residual = new NetworkSpec(
                Shape.of(4),
                List.of(
                        new NetworkSpec.Layer("hidden", new LayerSpec.Dense(4, true, Activation.RELU)),
                        new NetworkSpec.Layer(
                                "sum",
                                new LayerSpec.Combine(LayerSpec.Combine.Kind.ADD),
                                List.of("hidden", NetworkSpec.INPUT)),
                        new NetworkSpec.Layer("out", new LayerSpec.Dense(3, true, Activation.IDENTITY))));
        assertThatThrownBy(() -> random(residual).feedForward())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("layer sum is fed by [hidden, input]");
        NetworkSpec sum =
                NetworkSpec.chain(Shape.of(2, 4, 4), new LayerSpec.GlobalPooling(LayerSpec.Reduction.SUM, false));
        assertThatThrownBy(() -> random(sum).feedForward()).hasMessageContaining("layer 0 pools by sum");
        NetworkSpec steep =
                NetworkSpec.chain(Shape.of(2), new LayerSpec.Activate(new Activation(Activation.Kind.LEAKY_RELU, -1)));
        assertThatThrownBy(() -> random(steep).feedForward()).hasMessageContaining("layer 0 has");
        NetworkSpec upsampling = NetworkSpec.chain(
                Shape.of(2, 1, 1), new LayerSpec.Upsampling(2, 2), new LayerSpec.Dense(2, true, Activation.IDENTITY));
        assertThatThrownBy(() -> random(upsampling).feedForward()).hasMessageContaining("layer 0 is Upsampling");
    }
}
