// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The Deeplearning4j network that a compiled one came from, and where each tensor stands in it. Immutable. */
final class Dl4jOrigin {
    private final @Nullable MultiLayerNetwork network;
    private final @Nullable ComputationGraph graph;
    private final List<Binding> bindings;

    /**
     * A tensor of Deeplearning4j.
     *
     * @param layer number of the layer, or name of the vertex
     * @param name name of the parameter there
     * @param view shape that it is seen in, row-major
     * @param axes order of the axes of that view in which it has the engine's values in row-major order
     * @param logDeviation whether it holds log₁₀ of the deviation where the engine has the variance
     * @param size number of values
     */
    record Binding(Object layer, String name, long[] view, int[] axes, boolean logDeviation) {
        int size() {
            return Math.toIntExact(java.util.Arrays.stream(view).reduce(1, Math::multiplyExact));
        }
    }

    Dl4jOrigin(@Nullable MultiLayerNetwork network, @Nullable ComputationGraph graph, List<Binding> bindings) {
        this.network = network;
        this.graph = graph;
        this.bindings = List.copyOf(bindings);
    }

    static MultiLayerNetwork copy(MultiLayerNetwork network) {
        MultiLayerNetwork copy =
                new MultiLayerNetwork(network.getLayerWiseConfigurations().clone());
        copy.init(network.params().dup(), false);
        return copy;
    }

    static ComputationGraph copy(ComputationGraph graph) {
        ComputationGraph copy = new ComputationGraph(graph.getConfiguration().clone());
        copy.init(graph.params().dup(), false);
        return copy;
    }

    MultiLayerNetwork toMultiLayerNetwork(float[] flat) {
        if (network == null) {
            throw new IllegalStateException("network must come from a MultiLayerNetwork, came from a ComputationGraph");
        }
        MultiLayerNetwork copy = copy(network);
        write(flat, b -> copy.getLayer((Integer) b.layer()));
        return copy;
    }

    ComputationGraph toComputationGraph(float[] flat) {
        if (graph == null) {
            throw new IllegalStateException("network must come from a ComputationGraph, came from a MultiLayerNetwork");
        }
        ComputationGraph copy = copy(graph);
        write(flat, b -> copy.getLayer((String) b.layer()));
        return copy;
    }

    private interface Layers {
        org.deeplearning4j.nn.api.Layer of(Binding binding);
    }

    private void write(float[] flat, Layers layers) {
        int at = 0;
        for (Binding b : bindings) {
            INDArray parameter = parameter(layers.of(b), b.name());
            float[] values = java.util.Arrays.copyOfRange(flat, at, at + b.size());
            at += b.size();
            long[] shape = new long[b.axes().length];
            int[] inverse = new int[shape.length];
            for (int i = 0; i < shape.length; i++) {
                shape[i] = b.view()[b.axes()[i]];
                inverse[b.axes()[i]] = i;
            }
            try (INDArray array = Nd4j.createFromArray(values);
                    INDArray typed = array.castTo(parameter.dataType())) {
                if (b.logDeviation()) {
                    Transforms.log(typed, 10, false);
                    typed.muli(0.5);
                }
                try (INDArray ordered =
                        typed.reshape('c', shape).permute(inverse).dup('c')) {
                    parameter.assign(ordered.reshape('c', parameter.shape()));
                }
            }
        }
    }

    /** All parameters in the engine's order. */
    static float[] read(List<Binding> bindings, java.util.function.Function<Binding, INDArray> parameters) {
        float[] flat = new float[bindings.stream().mapToInt(Binding::size).sum()];
        int at = 0;
        for (Binding b : bindings) {
            try (INDArray plain = parameters.apply(b).dup('c');
                    INDArray ordered =
                            plain.reshape('c', b.view()).permute(b.axes()).dup('c');
                    INDArray floats = ordered.castTo(DataType.FLOAT)) {
                floats.data().asNioFloat().get(flat, at, b.size());
            }
            for (int i = at; b.logDeviation() && i < at + b.size(); i++) {
                flat[i] = (float) Math.pow(10, 2.0 * flat[i]);
            }
            at += b.size();
        }
        return flat;
    }

    static INDArray parameter(org.deeplearning4j.nn.api.Layer layer, String name) {
        return inner(layer).getParam(name);
    }

    static org.deeplearning4j.nn.api.Layer inner(org.deeplearning4j.nn.api.Layer layer) {
        org.deeplearning4j.nn.api.Layer inside = layer;
        while (inside instanceof FrozenLayer || inside instanceof BaseWrapperLayer) {
            inside = ((BaseWrapperLayer) inside).getUnderlying();
        }
        return inside;
    }

    /** Shape of one example that Deeplearning4j takes. */
    static long[] withRows(int rows, Shape shape) {
        long[] dimensions = new long[shape.rank() + 1];
        dimensions[0] = rows;
        for (int i = 0; i < shape.rank(); i++) {
            dimensions[i + 1] = shape.dimension(i);
        }
        return dimensions;
    }
}
