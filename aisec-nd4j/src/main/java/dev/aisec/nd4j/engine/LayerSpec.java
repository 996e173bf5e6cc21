// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;

/** A layer without its parameters. Shapes are those of one example; images are (channels, height, width). */
public sealed interface LayerSpec {
    /**
     * Fully connected. Parameters: weight (outputs × inputs), then bias (outputs).
     *
     * @param outputs number of outputs; at least 1
     * @param bias whether there is a bias
     * @param activation what follows
     */
    record Dense(int outputs, boolean bias, Activation activation) implements LayerSpec {}

    /**
     * Convolution over (channels, height, width). Parameters: bias (outputs), then weight (outputs × channels of a
     * group × height × width).
     *
     * @param outputs number of output channels; at least 1
     * @param window size, stride, dilation, padding
     * @param groups groups of channels; divides both channel numbers
     * @param bias whether there is a bias
     * @param activation what follows
     */
    record Convolution(int outputs, Window window, int groups, boolean bias, Activation activation)
            implements LayerSpec {}

    /**
     * Maximum or average over a window. No parameters.
     *
     * @param maximum maximum, else average
     * @param countPadding whether padded cells count in an average
     * @param window size, stride, dilation, padding
     */
    record Pooling(boolean maximum, boolean countPadding, Window window) implements LayerSpec {}

    /**
     * An activation on its own. No parameters.
     *
     * @param activation the function
     */
    record Activate(Activation activation) implements LayerSpec {}

    /**
     * The same values under another shape. No parameters.
     *
     * @param shape the shape
     */
    record Reshape(Shape shape) implements LayerSpec {}
}
