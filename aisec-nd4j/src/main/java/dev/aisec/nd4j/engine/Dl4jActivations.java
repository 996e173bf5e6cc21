// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import java.util.Map;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationMish;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;

/** ND4J's activations in the engine's words. */
final class Dl4jActivations {
    private static final Map<Class<? extends IActivation>, Activation.Kind> PLAIN = Map.ofEntries(
            Map.entry(ActivationIdentity.class, Activation.Kind.IDENTITY),
            Map.entry(ActivationReLU6.class, Activation.Kind.RELU6),
            Map.entry(ActivationSELU.class, Activation.Kind.SELU),
            Map.entry(ActivationSwish.class, Activation.Kind.SWISH),
            Map.entry(ActivationMish.class, Activation.Kind.MISH),
            Map.entry(ActivationSigmoid.class, Activation.Kind.SIGMOID),
            Map.entry(ActivationHardSigmoid.class, Activation.Kind.HARD_SIGMOID),
            Map.entry(ActivationTanH.class, Activation.Kind.TANH),
            Map.entry(ActivationHardTanH.class, Activation.Kind.HARD_TANH),
            Map.entry(ActivationRationalTanh.class, Activation.Kind.RATIONAL_TANH),
            Map.entry(ActivationRectifiedTanh.class, Activation.Kind.RECTIFIED_TANH),
            Map.entry(ActivationSoftSign.class, Activation.Kind.SOFT_SIGN),
            Map.entry(ActivationSoftPlus.class, Activation.Kind.SOFT_PLUS),
            Map.entry(ActivationCube.class, Activation.Kind.CUBE),
            Map.entry(ActivationSoftmax.class, Activation.Kind.SOFTMAX));

    private Dl4jActivations() {}

    static Activation of(IActivation function) {
        Activation.Kind kind = PLAIN.get(function.getClass());
        if (kind != null) {
            return Activation.of(kind);
        }
        if (function instanceof ActivationReLU relu) {
            return relu(relu);
        } else if (function instanceof ActivationLReLU leaky) {
            return new Activation(Activation.Kind.LEAKY_RELU, leaky.getAlpha());
        } else if (function instanceof ActivationRReLU random) {
            // Not what its authors meant (the mean slope below 0), but what Deeplearning4j computes.
            return new Activation(Activation.Kind.FLOOR, (random.getL() + random.getU()) / 2);
        } else if (function instanceof ActivationELU elu) {
            return new Activation(Activation.Kind.ELU, elu.getAlpha());
        } else if (function instanceof ActivationThresholdedReLU thresholded) {
            return new Activation(Activation.Kind.THRESHOLDED_RELU, thresholded.getTheta());
        } else if (function instanceof ActivationGELU gelu) {
            // ND4J's precise one cubes the coefficient too.
            return gelu.isPrecise()
                    ? new Activation(Activation.Kind.GELU, Math.pow(0.044715, 3))
                    : Activation.of(Activation.Kind.FAST_GELU);
        }
        throw new IllegalArgumentException("activation must be one of ND4J's standard ones, was " + function);
    }

    private static Activation relu(ActivationReLU relu) {
        double threshold = relu.getThreshold() == null ? 0 : relu.getThreshold();
        double slope = relu.getNegativeSlope() == null ? 0 : relu.getNegativeSlope();
        double max = relu.getMax() == null ? 0 : relu.getMax();
        if (threshold == 0 && slope == 0 && (max == 0 || max == 6)) {
            return max == 0 ? Activation.RELU : Activation.of(Activation.Kind.RELU6);
        }
        if (threshold == 0 && max == 0) {
            return new Activation(Activation.Kind.LEAKY_RELU, slope);
        }
        throw new IllegalArgumentException(
                "ReLU must have no threshold and no maximum but 6, had threshold " + threshold + ", maximum " + max);
    }
}
