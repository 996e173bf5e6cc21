// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.ParameterLayout;
import dev.aisec.core.model.Shape;
import dev.aisec.nd4j.Dl4jModels;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * Makes {@link CompiledNetwork}s.
 *
 * <p>Of Deeplearning4j's layers these are compiled: dense; output and loss (as logits, their activation left out); 1-D and
 * 2-D convolution, depthwise and separable; subsampling 1-D and 2-D and global pooling by maximum, average or sum; batch
 * normalisation; local response normalisation; activation (all of ND4J's) and PReLU; dropout of all kinds but alpha
 * dropout; zero padding 1-D and 2-D; upsampling 1-D and 2-D; embedding and embedding of sequences; frozen ones of these;
 * preprocessors between images and rows; in graphs also merge, element-wise, scale and preprocessor vertices. Whatever
 * else is refused; {@link dev.aisec.nd4j.Dl4jClassifier} or a classifier of your own serves then.
 */
public final class Networks {
    private Networks() {}

    /**
     * A network from layers and weights.
     *
     * @param network the layers; the last one must give a vector of at least 2 logits
     * @param parameters all parameters, layer after layer, each tensor row-major, in the order that {@link LayerSpec}
     *     documents; finite; copied
     * @param bounds valid inputs
     * @return the network
     */
    public static CompiledNetwork of(NetworkSpec network, float[] parameters, Bounds bounds) {
        Dl4jModels.requireNatives();
        return of(new Compiled(network, null), parameters, bounds);
    }

    /**
     * A network with random weights, to be trained: normal with variance 2 / inputs of a unit (He et al., ICCV 2015, section
     * 2.2); biases and statistics as of a layer that does nothing.
     *
     * @param network the layers; the last one must give a vector of at least 2 logits
     * @param seed seed of the weights
     * @param bounds valid inputs
     * @return the network
     */
    public static CompiledNetwork of(NetworkSpec network, Seed seed, Bounds bounds) {
        Dl4jModels.requireNatives();
        Compiled compiled = new Compiled(network, null);
        Plan plan = compiled.plain;
        float[] parameters = new float[plan.layout.size()];
        for (int t = 0; t < plan.tensors.size(); t++) {
            ParameterLayout.Tensor tensor = plan.layout.tensors().get(t);
            String name = plan.tensors.get(t).name();
            RandomGenerator random = seed.derive("weights").generator(t);
            double deviation =
                    Math.sqrt(2.0 * tensor.shape().dimension(0) / tensor.shape().size());
            for (int i = tensor.offset(); i < tensor.offset() + tensor.shape().size(); i++) {
                parameters[i] = name.equals("weight")
                        ? (float) (deviation * random.nextGaussian())
                        : name.equals("gamma") || name.equals("variance") ? 1f : name.equals("slope") ? 0.25f : 0f;
            }
        }
        return of(compiled, parameters, bounds);
    }

    static CompiledNetwork of(Compiled compiled, float[] parameters, Bounds bounds) {
        Shape output = compiled.plain.output();
        if (output.rank() != 1) {
            throw new IllegalArgumentException("last layer must give a vector of logits, was " + output);
        }
        ModelSpec spec = new ModelSpec(compiled.plain.spec.input(), output.size(), bounds);
        return compiled.network(checked(parameters, compiled.plain), spec, null);
    }

    /**
     * Compiles a Deeplearning4j network whose configuration tells the shape of its inputs.
     *
     * @param network an initialised network, FLOAT or DOUBLE; copied
     * @param bounds valid inputs
     * @return the network in the engine's form
     * @throws IllegalArgumentException if a layer is not supported, or the shape of the inputs is not known
     * @throws SecurityControlException if the self-check fails: Deeplearning4j gives other logits
     */
    public static CompiledNetwork compile(MultiLayerNetwork network, Bounds bounds) {
        return compile(
                network,
                Dl4jModels.inputShape(network)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "network must tell the shape of its inputs, does not: give it beside the network")),
                bounds);
    }

    /**
     * Compiles a Deeplearning4j network. A self-check compares the logits of a random batch with its own, to 1e-4 of the
     * largest.
     *
     * @param network an initialised network, FLOAT or DOUBLE; copied
     * @param inputShape shape of one example; images are (channels, height, width), also for a network that takes them flat
     * @param bounds valid inputs
     * @return the network in the engine's form
     * @throws IllegalArgumentException if a layer is not supported, or inputs of this shape do not fit
     * @throws SecurityControlException if the self-check fails: Deeplearning4j gives other logits
     */
    public static CompiledNetwork compile(MultiLayerNetwork network, Shape inputShape, Bounds bounds) {
        return Dl4jCompiler.compile(network, inputShape, bounds);
    }

    /**
     * Compiles a Deeplearning4j graph with one input and one output. A self-check compares the logits of a random batch
     * with its own, to 1e-4 of the largest.
     *
     * @param graph an initialised graph, FLOAT or DOUBLE; copied
     * @param inputShape shape of one example; images are (channels, height, width), also for a graph that takes them flat
     * @param bounds valid inputs
     * @return the network in the engine's form
     * @throws IllegalArgumentException if a vertex is not supported, or inputs of this shape do not fit
     * @throws SecurityControlException if the self-check fails: Deeplearning4j gives other logits
     */
    public static CompiledNetwork compile(ComputationGraph graph, Shape inputShape, Bounds bounds) {
        return Dl4jCompiler.compile(graph, inputShape, bounds);
    }

    /** A copy, if the length is right and all are finite. */
    static float[] checked(float[] parameters, Plan plan) {
        if (parameters.length != plan.layout.size()) {
            throw new IllegalArgumentException(
                    "parameters must have length " + plan.layout.size() + ", was " + parameters.length);
        }
        for (int i = 0; i < parameters.length; i++) {
            if (!Float.isFinite(parameters[i])) {
                throw new IllegalArgumentException("parameters must be finite, was " + parameters[i] + " at " + i);
            }
        }
        for (int t = 0; t < plan.tensors.size(); t++) {
            if (plan.tensors.get(t).name().equals("variance")) {
                for (int i = plan.offset(t);
                        i < plan.offset(t) + plan.tensors.get(t).shape().size();
                        i++) {
                    if (parameters[i] < 0) {
                        throw new IllegalArgumentException("parameters of "
                                + plan.layout.tensors().get(t).name() + " must be >= 0, was " + parameters[i]);
                    }
                }
            }
        }
        return parameters.clone();
    }
}
