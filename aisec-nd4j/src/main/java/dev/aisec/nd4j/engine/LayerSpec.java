// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;

/**
 * A layer without its parameters. Shapes are those of one example; images are (channels, height, width), sequences
 * (channels, length); where a window meets a sequence, its height is 1.
 */
public sealed interface LayerSpec {
    /** How the cells of a window become one. */
    enum Reduction {
        /** The largest; its gradient goes to the first of equals. */
        MAX,
        /** The mean. */
        AVERAGE,
        /** The sum. */
        SUM
    }

    /**
     * Fully connected. Parameters: weight (outputs × inputs), then bias (outputs).
     *
     * @param outputs number of outputs; at least 1
     * @param bias whether there is a bias
     * @param activation what follows
     */
    record Dense(int outputs, boolean bias, Activation activation) implements LayerSpec {
        /** Checks the components. */
        public Dense {
            Checks.positive("outputs", outputs);
        }
    }

    /**
     * Convolution (cross-correlation, as everywhere in this field). Parameters: bias (outputs), then weight (outputs ×
     * channels of a group × height × width).
     *
     * @param outputs number of output channels; at least 1
     * @param window size, stride, dilation, padding
     * @param groups groups of channels; divides both channel numbers; as many as channels is depthwise
     * @param bias whether there is a bias
     * @param activation what follows
     */
    record Convolution(int outputs, Window window, int groups, boolean bias, Activation activation)
            implements LayerSpec {
        /** Checks the components. */
        public Convolution {
            Checks.positive("outputs", outputs);
            Checks.positive("groups", groups);
            if (outputs % groups != 0) {
                throw new IllegalArgumentException("groups must divide outputs " + outputs + ", was " + groups);
            }
        }

        Convolution with(boolean otherBias, Activation other) {
            return new Convolution(outputs, window, groups, otherBias, other);
        }
    }

    /**
     * Pooling over a window. No parameters.
     *
     * @param reduction how
     * @param countPadding whether padded cells count in an average
     * @param window size, stride, dilation, padding; padding never wins a maximum
     */
    record Pooling(Reduction reduction, boolean countPadding, Window window) implements LayerSpec {}

    /**
     * Pooling over all positions of each channel. No parameters.
     *
     * @param reduction how
     * @param keepAxes whether positions stay as axes of length 1
     */
    record GlobalPooling(Reduction reduction, boolean keepAxes) implements LayerSpec {}

    /**
     * Batch normalisation (Ioffe, Szegedy, ICML 2015) of each channel: γ (x − mean) / √(variance + ε) + β, by running
     * statistics in inference and by those of the batch in training. Parameters: gamma and beta (channels) if affine,
     * then the statistics mean and variance (channels).
     *
     * @param epsilon ε; positive
     * @param decay share of the running statistics that a training step keeps, in [0, 1]
     * @param affine whether γ and β are parameters
     * @param gamma γ if they are not
     * @param beta β if they are not
     */
    record BatchNorm(double epsilon, double decay, boolean affine, double gamma, double beta) implements LayerSpec {
        /** Checks the components. */
        public BatchNorm {
            Checks.positive("epsilon", epsilon);
            Checks.range("decay", decay, 0, 1);
            Checks.finite("gamma", gamma);
            Checks.finite("beta", beta);
        }

        /**
         * With γ and β as parameters, ε = 1e-5 and decay 0.9.
         *
         * @return the layer
         */
        public static BatchNorm standard() {
            return new BatchNorm(1e-5, 0.9, true, 1, 0);
        }
    }

    /**
     * Local response normalisation over neighbouring channels (Krizhevsky et al., NeurIPS 2012, section 3.3): x / (k + α Σ
     * x²)^β. No parameters.
     *
     * @param channels size of the neighbourhood: half of it, rounded down, on each side
     * @param k k; positive
     * @param alpha α; at least 0
     * @param beta β; at least 0
     */
    record LocalResponse(int channels, double k, double alpha, double beta) implements LayerSpec {
        /** Checks the components. */
        public LocalResponse {
            Checks.positive("channels", channels);
            Checks.positive("k", k);
            Checks.range("alpha", alpha, 0, Double.MAX_VALUE);
            Checks.range("beta", beta, 0, Double.MAX_VALUE);
        }
    }

    /**
     * An activation on its own. No parameters.
     *
     * @param activation the function
     */
    record Activate(Activation activation) implements LayerSpec {}

    /**
     * ReLU with trained slopes below 0 (He et al., ICCV 2015). Parameters: slope, of the shape given.
     *
     * @param slopes the input's shape, where an axis of length 1 shares its slope
     */
    record ParametricRelu(Shape slopes) implements LayerSpec {}

    /**
     * Noise in training; the identity in inference. No parameters.
     *
     * @param kind which
     * @param parameter its parameter
     */
    record Dropout(Kind kind, double parameter) implements LayerSpec {
        /** The kinds of noise. */
        public enum Kind {
            /** Keeps a value with probability {@code parameter}, divided by it, else 0 (Srivastava et al., JMLR 2014). */
            VALUES,
            /** The same for whole channels (Tompson et al., CVPR 2015). */
            CHANNELS,
            /** Multiplies by 1 + N(0, p / (1 − p)), where p is the parameter. */
            GAUSSIAN_FACTOR,
            /** Adds N(0, parameter²). */
            GAUSSIAN_NOISE
        }

        /** Checks the parameter. */
        public Dropout {
            switch (kind) {
                case VALUES, CHANNELS -> {
                    Checks.positive("parameter", parameter);
                    Checks.range("parameter", parameter, 0, 1);
                }
                case GAUSSIAN_FACTOR -> {
                    if (!(parameter >= 0 && parameter < 1)) {
                        throw new IllegalArgumentException("parameter must be in [0, 1), was " + parameter);
                    }
                }
                case GAUSSIAN_NOISE -> Checks.range("parameter", parameter, 0, Double.MAX_VALUE);
            }
        }
    }

    /**
     * The same values under another shape. No parameters.
     *
     * @param shape the shape
     */
    record Reshape(Shape shape) implements LayerSpec {}

    /**
     * Zeros around each channel. No parameters.
     *
     * @param top rows above; 0 for sequences
     * @param bottom rows below; 0 for sequences
     * @param left columns on the left
     * @param right columns on the right
     */
    record ZeroPadding(int top, int bottom, int left, int right) implements LayerSpec {
        /** Checks the components. */
        public ZeroPadding {
            if (top < 0 || bottom < 0 || left < 0 || right < 0) {
                throw new IllegalArgumentException(
                        "padding must be >= 0, was " + top + ", " + bottom + ", " + left + ", " + right);
            }
        }
    }

    /**
     * Repeats every cell. No parameters.
     *
     * @param height times down; 1 for sequences
     * @param width times right
     */
    record Upsampling(int height, int width) implements LayerSpec {
        /** Checks the components. */
        public Upsampling {
            Checks.positive("height", height);
            Checks.positive("width", width);
        }
    }

    /**
     * Looks rows of a table up. The input is one index, or a sequence of them, each a whole number in [0, vocabulary)
     * given as a float; it has no gradient, so a network with such a layer gives no input gradients. Parameters: weight
     * (vocabulary × outputs), then bias (outputs).
     *
     * @param vocabulary rows of the table
     * @param outputs columns of the table
     * @param bias whether there is a bias
     * @param sequence whether the input of shape (length) becomes (outputs, length); else (1) becomes (outputs)
     * @param activation what follows
     */
    record Embedding(int vocabulary, int outputs, boolean bias, boolean sequence, Activation activation)
            implements LayerSpec {
        /** Checks the components. */
        public Embedding {
            Checks.positive("vocabulary", vocabulary);
            Checks.positive("outputs", outputs);
        }
    }

    /** Puts its inputs behind one another along the first axis; the other axes are equal. No parameters. */
    record Concatenate() implements LayerSpec {}

    /**
     * Combines inputs of equal shape value by value. No parameters.
     *
     * @param kind how
     */
    record Combine(Kind kind) implements LayerSpec {
        /** How values are combined. */
        public enum Kind {
            /** The sum. */
            ADD,
            /** The first minus the second; two inputs. */
            SUBTRACT,
            /** The product. */
            PRODUCT,
            /** The mean. */
            AVERAGE,
            /** The largest; its gradient goes to the first of equals. */
            MAX
        }
    }
}
