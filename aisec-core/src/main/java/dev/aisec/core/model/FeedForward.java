// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A chain of layers with visible weights, in plain Java: what needs to look inside a network, such as a proof of
 * robustness, asks for this form. Immutable and thread-safe.
 *
 * <p>Logits and gradients are computed in double and rounded to float once, at the end: a reference for faster engines,
 * not a rival to them. The gradient of a ReLU at 0 is its slope below 0; that of a maximum goes to the first of equals.
 */
public final class FeedForward implements DifferentiableClassifier {
    private final ModelSpec spec;
    private final List<Layer> layers;
    private final List<Shape> shapes;

    /** A step of the chain. Images are (channels, height, width); sequences (channels, length) count as images of height 1. */
    public sealed interface Layer {
        /**
         * The shape of what it gives.
         *
         * @param input shape of what it gets
         * @return the shape
         * @throws IllegalArgumentException if it does not fit
         */
        Shape outputShape(Shape input);
    }

    /**
     * y = W x + b, on a vector.
     *
     * @param weights W, row-major, outputs × inputs; finite; copied, as is what the accessor returns
     * @param bias b, one value for each output; finite; copied, as is what the accessor returns
     */
    public record Dense(float[] weights, float[] bias) implements Layer {
        /** Checks and copies the arrays. */
        public Dense {
            weights = finite("weights", weights);
            bias = finite("bias", bias);
            if (weights.length == 0 || bias.length == 0 || weights.length % bias.length != 0) {
                throw new IllegalArgumentException("weights must have a multiple of " + bias.length
                        + " entries, one row for each bias, had " + weights.length);
            }
        }

        @Override
        public float[] weights() {
            return weights.clone();
        }

        @Override
        public float[] bias() {
            return bias.clone();
        }

        /**
         * Returns the length of the vectors it gets.
         *
         * @return at least 1
         */
        public int inputs() {
            return weights.length / bias.length;
        }

        /**
         * Returns the length of the vectors it gives.
         *
         * @return at least 1
         */
        public int outputs() {
            return bias.length;
        }

        float[] sharedWeights() {
            return weights;
        }

        float[] sharedBias() {
            return bias;
        }

        @Override
        public Shape outputShape(Shape input) {
            if (input.rank() != 1 || input.size() != inputs()) {
                throw new IllegalArgumentException(
                        "input of a dense layer must have shape [" + inputs() + "], was " + input);
            }
            return Shape.of(outputs());
        }

        @Override
        public String toString() {
            return "Dense[" + inputs() + " to " + outputs() + "]";
        }
    }

    /**
     * Convolution (cross-correlation, as everywhere in this field) with zero padding.
     *
     * @param weights outputs × channels of a group × height × width of the window, row-major; finite; copied, as is what
     *     the accessor returns
     * @param bias one value for each output channel; finite; copied, as is what the accessor returns
     * @param window size, stride, dilation, padding
     * @param groups groups of channels; divides both channel numbers
     */
    public record Convolution(float[] weights, float[] bias, Window window, int groups) implements Layer {
        /** Checks and copies the arrays. */
        public Convolution {
            weights = finite("weights", weights);
            bias = finite("bias", bias);
            if (groups < 1 || bias.length == 0 || bias.length % groups != 0) {
                throw new IllegalArgumentException(
                        "groups must be >= 1 and divide the outputs " + bias.length + ", was " + groups);
            }
            long each = Math.multiplyExact((long) window.height() * window.width(), bias.length);
            if (weights.length == 0 || weights.length % each != 0) {
                throw new IllegalArgumentException(
                        "weights must have a multiple of " + each + " entries, had " + weights.length);
            }
        }

        @Override
        public float[] weights() {
            return weights.clone();
        }

        @Override
        public float[] bias() {
            return bias.clone();
        }

        /**
         * Returns the number of channels it gets.
         *
         * @return at least 1
         */
        public int inputs() {
            return weights.length / (bias.length * window.height() * window.width()) * groups;
        }

        /**
         * Returns the number of channels it gives.
         *
         * @return at least 1
         */
        public int outputs() {
            return bias.length;
        }

        float[] sharedWeights() {
            return weights;
        }

        float[] sharedBias() {
            return bias;
        }

        @Override
        public Shape outputShape(Shape input) {
            if (input.rank() < 2 || input.dimension(0) != inputs()) {
                throw new IllegalArgumentException(
                        "input of a convolution must be an image of " + inputs() + " channels, was " + input);
            }
            return window.outputShape(input, outputs());
        }

        @Override
        public String toString() {
            return "Convolution[" + inputs() + " to " + outputs() + " channels, groups=" + groups + ", " + window + "]";
        }
    }

    /**
     * x where it is positive, else slope · x: ReLU for slope 0, leaky ReLU otherwise.
     *
     * @param slope in [0, 1]
     */
    public record Relu(double slope) implements Layer {
        /** Checks the slope. */
        public Relu {
            if (!(slope >= 0 && slope <= 1)) {
                throw new IllegalArgumentException("slope must be in [0, 1], was " + slope);
            }
        }

        /** max(x, 0). */
        public Relu() {
            this(0);
        }

        @Override
        public Shape outputShape(Shape input) {
            return input;
        }
    }

    /**
     * The mean over a window.
     *
     * @param window size, stride, dilation, padding
     * @param countPadding whether padded cells count as zeros; else the mean is over the cells inside, and 0 if there are
     *     none
     */
    public record AveragePooling(Window window, boolean countPadding) implements Layer {
        @Override
        public Shape outputShape(Shape input) {
            return pooled(input, window);
        }
    }

    /**
     * The largest value of a window. Padding never wins.
     *
     * @param window size, stride, dilation, padding; every window must touch the image
     */
    public record MaxPooling(Window window) implements Layer {
        @Override
        public Shape outputShape(Shape input) {
            Shape output = pooled(input, window);
            int[] taps = new int[window.height() * window.width()];
            Plane in = Plane.of(input);
            Plane out = Plane.of(output);
            for (int oy = 0; oy < out.height(); oy++) {
                for (int ox = 0; ox < out.width(); ox++) {
                    if (window.taps(oy, ox, in.height(), in.width(), taps) == 0) {
                        throw new IllegalArgumentException(
                                "windows of max pooling must touch the image " + input + ", " + window + " does not");
                    }
                }
            }
            return output;
        }
    }

    /**
     * The same values under another shape; a vector, as in front of dense layers, is {@code Shape.of(size)}.
     *
     * @param shape the shape
     */
    public record Reshape(Shape shape) implements Layer {
        @Override
        public Shape outputShape(Shape input) {
            if (input.size() != shape.size()) {
                throw new IllegalArgumentException("shape must have " + input.size() + " values, was " + shape);
            }
            return shape;
        }
    }

    /**
     * The window of a convolution or pooling.
     *
     * @param height rows; 1 for sequences
     * @param width columns
     * @param strideY step down
     * @param strideX step right
     * @param dilationY distance of taps down
     * @param dilationX distance of taps right
     * @param top padding above
     * @param bottom padding below
     * @param left padding on the left
     * @param right padding on the right
     */
    public record Window(
            int height,
            int width,
            int strideY,
            int strideX,
            int dilationY,
            int dilationX,
            int top,
            int bottom,
            int left,
            int right) {
        /** Checks the components. */
        public Window {
            if (height < 1 || width < 1 || strideY < 1 || strideX < 1 || dilationY < 1 || dilationX < 1) {
                throw new IllegalArgumentException("size, stride and dilation must be >= 1, were " + height + "x"
                        + width + ", " + strideY + "x" + strideX + ", " + dilationY + "x" + dilationX);
            }
            if (top < 0 || bottom < 0 || left < 0 || right < 0) {
                throw new IllegalArgumentException(
                        "padding must be >= 0, was " + top + ", " + bottom + ", " + left + ", " + right);
            }
        }

        /**
         * A square window without dilation.
         *
         * @param size rows and columns
         * @param stride step down and right
         * @param padding rows and columns added on each side
         * @return the window
         */
        public static Window square(int size, int stride, int padding) {
            return new Window(size, size, stride, stride, 1, 1, padding, padding, padding, padding);
        }

        Shape outputShape(Shape input, int channels) {
            Plane in = Plane.of(input);
            int h = length("height", (long) in.height() + top + bottom, height, strideY, dilationY);
            int w = length("width", (long) in.width() + left + right, width, strideX, dilationX);
            return input.rank() == 2 ? Shape.of(channels, w) : Shape.of(channels, h, w);
        }

        private static int length(String axis, long padded, int size, int stride, int dilation) {
            long reach = (size - 1L) * dilation + 1;
            if (reach > padded) {
                throw new IllegalArgumentException(
                        axis + " of the window must fit the padded input of " + padded + ", was " + reach);
            }
            return Math.toIntExact((padded - reach) / stride + 1);
        }

        /**
         * The cells inside the image that a window covers.
         *
         * @param outputY row of the window
         * @param outputX column of the window
         * @param inputHeight rows of the image
         * @param inputWidth columns of the image
         * @param cells receives y · inputWidth + x of each cell, top left first; at least {@code height() * width()} long
         * @return how many there are
         */
        public int taps(int outputY, int outputX, int inputHeight, int inputWidth, int[] cells) {
            int count = 0;
            for (int ky = 0; ky < height; ky++) {
                int y = outputY * strideY - top + ky * dilationY;
                for (int kx = 0; kx < width; kx++) {
                    int x = outputX * strideX - left + kx * dilationX;
                    if (y >= 0 && y < inputHeight && x >= 0 && x < inputWidth) {
                        cells[count++] = y * inputWidth + x;
                    }
                }
            }
            return count;
        }
    }

    /**
     * A shape seen as an image.
     *
     * @param channels number of channels
     * @param height rows; 1 for sequences
     * @param width columns
     */
    public record Plane(int channels, int height, int width) {
        /**
         * Sees a shape as an image.
         *
         * @param shape (channels, length) or (channels, height, width)
         * @return the image
         */
        public static Plane of(Shape shape) {
            if (shape.rank() != 2 && shape.rank() != 3) {
                throw new IllegalArgumentException(
                        "shape must be (channels, length) or (channels, height, width), was " + shape);
            }
            return new Plane(
                    shape.dimension(0), shape.rank() == 2 ? 1 : shape.dimension(1), shape.dimension(shape.rank() - 1));
        }
    }

    private FeedForward(ModelSpec spec, List<Layer> layers, List<Shape> shapes) {
        this.spec = spec;
        this.layers = layers;
        this.shapes = shapes;
    }

    /**
     * A network.
     *
     * @param input shape of one example
     * @param bounds valid inputs
     * @param layers the layers in order; the last one must give a vector of at least 2 logits
     * @return the network
     */
    public static FeedForward of(Shape input, Bounds bounds, List<Layer> layers) {
        List<Shape> shapes = new ArrayList<>(List.of(input));
        for (int i = 0; i < layers.size(); i++) {
            try {
                shapes.add(layers.get(i).outputShape(shapes.get(i)));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("layer " + i + ": " + e.getMessage(), e);
            }
        }
        Shape output = shapes.get(layers.size());
        if (output.rank() != 1) {
            throw new IllegalArgumentException("last layer must give a vector of logits, was " + output);
        }
        return new FeedForward(new ModelSpec(input, output.size(), bounds), List.copyOf(layers), List.copyOf(shapes));
    }

    /**
     * Returns the layers.
     *
     * @return in order, unmodifiable
     */
    public List<Layer> layers() {
        return layers;
    }

    /**
     * Returns the shape of what a layer gets.
     *
     * @param layer its number; the number of layers asks for the shape of the logits
     * @return the shape
     */
    public Shape inputShape(int layer) {
        return shapes.get(layer);
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    /**
     * The logits of one example, not rounded to float.
     *
     * @param input the example, {@code spec().inputShape().size()} values
     * @return a logit for each class
     */
    public double[] logits(double[] input) {
        if (input.length != spec.inputShape().size()) {
            throw new IllegalArgumentException(
                    "input must have " + spec.inputShape().size() + " values, had " + input.length);
        }
        return values(input)[layers.size()];
    }

    @Override
    public Batch logits(Batch inputs) {
        spec.requireInputs(inputs);
        float[] result = new float[Math.multiplyExact(inputs.size(), spec.classes())];
        for (int i = 0; i < inputs.size(); i++) {
            round(values(row(inputs, i))[layers.size()], result, i);
        }
        return inputs.like(result, Shape.of(spec.classes()));
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        Batch logits = logits(inputs);
        Batch cotangents = cotangentOfLogits.apply(logits);
        if (cotangents.size() != logits.size() || !cotangents.shape().equals(logits.shape())) {
            throw new IllegalArgumentException("cotangent must have " + logits.size() + " rows of " + logits.shape()
                    + " like the logits, was " + cotangents);
        }
        float[] result =
                new float[Math.multiplyExact(inputs.size(), spec.inputShape().size())];
        for (int i = 0; i < inputs.size(); i++) {
            double[][] values = values(row(inputs, i));
            double[] d = row(cotangents, i);
            for (int l = layers.size() - 1; l >= 0; l--) {
                double[] dx = new double[shapes.get(l).size()];
                PlainLayers.backward(layers.get(l), shapes.get(l), shapes.get(l + 1), values[l], d, dx);
                d = dx;
            }
            round(d, result, i);
        }
        return new LogitsAndGradient(logits, inputs.like(result, spec.inputShape()));
    }

    /** What each layer gets, and the logits. */
    private double[][] values(double[] input) {
        double[][] values = new double[layers.size() + 1][];
        values[0] = input;
        for (int l = 0; l < layers.size(); l++) {
            values[l + 1] = new double[shapes.get(l + 1).size()];
            PlainLayers.forward(layers.get(l), shapes.get(l), shapes.get(l + 1), values[l], values[l + 1]);
        }
        return values;
    }

    private static double[] row(Batch batch, int row) {
        int n = batch.shape().size();
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = batch.array()[batch.offset() + row * n + i];
        }
        return values;
    }

    private static void round(double[] values, float[] result, int row) {
        for (int i = 0; i < values.length; i++) {
            result[row * values.length + i] = (float) values[i];
        }
    }

    private static Shape pooled(Shape input, Window window) {
        if (input.rank() < 2) {
            throw new IllegalArgumentException("input of pooling must be an image, was " + input);
        }
        return window.outputShape(input, input.dimension(0));
    }

    private static float[] finite(String name, float[] values) {
        float[] copy = values.clone();
        for (int i = 0; i < copy.length; i++) {
            if (!Float.isFinite(copy[i])) {
                throw new IllegalArgumentException(name + " must be finite, was " + copy[i] + " at " + i);
            }
        }
        return copy;
    }

    @Override
    public String toString() {
        return "FeedForward" + layers;
    }
}
