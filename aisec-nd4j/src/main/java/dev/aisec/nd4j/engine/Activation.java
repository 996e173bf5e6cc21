// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

/**
 * An activation function, with its parameter where it has one.
 *
 * @param kind the function
 * @param parameter α of ELU, the slope of LEAKY_RELU below 0, θ of THRESHOLDED_RELU, the floor of FLOOR,
 *     the cubic coefficient of GELU; else 0
 */
public record Activation(Kind kind, double parameter) {
    /** No activation. */
    public static final Activation IDENTITY = new Activation(Kind.IDENTITY, 0);

    /** max(x, 0). */
    public static final Activation RELU = new Activation(Kind.RELU, 0);

    /** The functions. */
    public enum Kind {
        /** x. */
        IDENTITY,
        /** max(x, 0). */
        RELU,
        /** min(max(x, 0), 6). */
        RELU6,
        /** x if positive, else parameter · x. */
        LEAKY_RELU,
        /** x if above the parameter, else 0. */
        THRESHOLDED_RELU,
        /** max(x, parameter): what Deeplearning4j's RReLU computes in inference, its parameter being the mean slope. */
        FLOOR,
        /** x if positive, else parameter · (eˣ − 1). */
        ELU,
        /** Klambauer et al., Self-Normalizing Neural Networks, NeurIPS 2017. */
        SELU,
        /** x/2 · (1 + tanh(√(2/π) (x + parameter · x³))), the approximation of Hendrycks and Gimpel, arXiv:1606.08415. */
        GELU,
        /** x · σ(1.702 x), the other approximation there; Deeplearning4j's default. */
        FAST_GELU,
        /** x / (1 + e⁻ˣ). */
        SWISH,
        /** x · tanh(ln(1 + eˣ)). */
        MISH,
        /** 1 / (1 + e⁻ˣ). */
        SIGMOID,
        /** min(max(0.2 x + 0.5, 0), 1). */
        HARD_SIGMOID,
        /** Hyperbolic tangent. */
        TANH,
        /** min(max(x, −1), 1). */
        HARD_TANH,
        /** 1.7159 times a rational approximation of tanh(2x / 3). */
        RATIONAL_TANH,
        /** max(tanh(x), 0). */
        RECTIFIED_TANH,
        /** x / (1 + |x|). */
        SOFT_SIGN,
        /** ln(1 + eˣ). */
        SOFT_PLUS,
        /** x³. */
        CUBE,
        /** eˣ over its sum; over channels if the value has positions. */
        SOFTMAX
    }

    /** Checks the parameter. */
    public Activation {
        if (!Double.isFinite(parameter)) {
            throw new IllegalArgumentException("parameter must be finite, was " + parameter);
        }
    }

    /**
     * A function with its usual parameter: 1 for ELU, 0.01 for LEAKY_RELU, 0.044715 for GELU, else 0.
     *
     * @param kind the function
     * @return the activation
     */
    public static Activation of(Kind kind) {
        return new Activation(
                kind,
                switch (kind) {
                    case ELU -> 1;
                    case LEAKY_RELU -> 0.01;
                    case GELU -> 0.044715;
                    default -> 0;
                });
    }
}
