// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.Seed;
import dev.aisec.core.model.FeedForward.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Networks with random weights (He et al.), and random inputs of them. */
public final class RandomNetworks {
    private RandomNetworks() {}

    public static FeedForward mlp(long seed, double slope, int... sizes) {
        RandomGenerator random = new Seed(seed).generator(0);
        List<FeedForward.Layer> layers = new ArrayList<>();
        for (int i = 1; i < sizes.length; i++) {
            layers.add(dense(random, sizes[i - 1], sizes[i]));
            if (i < sizes.length - 1) {
                layers.add(new FeedForward.Relu(slope));
            }
        }
        return FeedForward.of(Shape.of(sizes[0]), Bounds.of(0, 1), layers);
    }

    /** Every kind of layer, with stride, dilation, groups, uneven padding. */
    public static FeedForward cnn(long seed) {
        RandomGenerator random = new Seed(seed).generator(0);
        return FeedForward.of(
                Shape.of(2, 11, 10),
                Bounds.of(0, 1),
                List.of(
                        convolution(random, 2, 4, new Window(3, 3, 1, 1, 1, 1, 1, 1, 1, 1), 1),
                        new FeedForward.Relu(),
                        new FeedForward.MaxPooling(new Window(2, 2, 2, 2, 1, 1, 0, 1, 0, 0)),
                        convolution(random, 4, 6, new Window(3, 2, 2, 1, 1, 2, 1, 0, 0, 2), 2),
                        new FeedForward.Relu(0.1),
                        new FeedForward.AveragePooling(new Window(2, 2, 1, 1, 1, 1, 0, 0, 1, 0), false),
                        new FeedForward.MaxPooling(new Window(2, 2, 1, 1, 1, 2, 1, 0, 1, 0)),
                        new FeedForward.Reshape(Shape.of(48)),
                        dense(random, 48, 12),
                        new FeedForward.Relu(),
                        dense(random, 12, 4)));
    }

    /** LeNet-5 with ReLU. */
    public static FeedForward leNet(long seed) {
        RandomGenerator random = new Seed(seed).generator(0);
        return FeedForward.of(
                Shape.of(1, 28, 28),
                Bounds.of(0, 1),
                List.of(
                        convolution(random, 1, 6, Window.square(5, 1, 0), 1),
                        new FeedForward.Relu(),
                        new FeedForward.AveragePooling(Window.square(2, 2, 0), true),
                        convolution(random, 6, 16, Window.square(5, 1, 0), 1),
                        new FeedForward.Relu(),
                        new FeedForward.AveragePooling(Window.square(2, 2, 0), true),
                        new FeedForward.Reshape(Shape.of(256)),
                        dense(random, 256, 120),
                        new FeedForward.Relu(),
                        dense(random, 120, 84),
                        new FeedForward.Relu(),
                        dense(random, 84, 10)));
    }

    public static FeedForward.Dense dense(RandomGenerator random, int inputs, int outputs) {
        return new FeedForward.Dense(
                gaussians(random, inputs * outputs, Math.sqrt(2.0 / inputs)), gaussians(random, outputs, 0.1));
    }

    public static FeedForward.Convolution convolution(
            RandomGenerator random, int inputs, int outputs, Window window, int groups) {
        int taps = inputs / groups * window.height() * window.width();
        return new FeedForward.Convolution(
                gaussians(random, outputs * taps, Math.sqrt(2.0 / taps)),
                gaussians(random, outputs, 0.1),
                window,
                groups);
    }

    /** Uniform inside the bounds, which are [0, 1]. */
    public static Batch inputs(FeedForward network, long seed, int rows) {
        RandomGenerator random = new Seed(seed).generator(0);
        float[] values = new float[rows * network.spec().inputShape().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return Batch.wrap(values, network.spec().inputShape());
    }

    private static float[] gaussians(RandomGenerator random, int n, double deviation) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }
}
