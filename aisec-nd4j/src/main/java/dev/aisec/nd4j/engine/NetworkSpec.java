// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A network without its parameters: layers in an order in which each stands after those that feed it.
 *
 * @param input shape of one example
 * @param layers the layers; names are unique; the last one gives the logits, and every other feeds one behind it
 */
public record NetworkSpec(Shape input, List<Layer> layers) {
    /** Name under which layers ask for the network's input. */
    public static final String INPUT = "input";

    /**
     * A layer with its name and place.
     *
     * @param name unique name, not {@link #INPUT}
     * @param spec the layer
     * @param inputs names of the layers that feed it, or {@link #INPUT}; empty for the layer before
     * @param frozen whether training leaves its parameters, running statistics included, as they are; their gradient
     *     counts as 0
     */
    public record Layer(String name, LayerSpec spec, List<String> inputs, boolean frozen) {
        /** Copies the list. */
        public Layer {
            inputs = List.copyOf(inputs);
        }

        /**
         * A trainable layer fed by the one before.
         *
         * @param name unique name
         * @param spec the layer
         */
        public Layer(String name, LayerSpec spec) {
            this(name, spec, List.of(), false);
        }

        /**
         * A trainable layer.
         *
         * @param name unique name
         * @param spec the layer
         * @param inputs names of the layers that feed it
         */
        public Layer(String name, LayerSpec spec, List<String> inputs) {
            this(name, spec, inputs, false);
        }
    }

    /** Writes out who feeds whom, and checks it. */
    public NetworkSpec {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("layers must not be empty");
        }
        List<Layer> explicit = new ArrayList<>();
        Set<String> known = new HashSet<>(Set.of(INPUT));
        Set<String> used = new HashSet<>();
        String before = INPUT;
        for (Layer l : layers) {
            List<String> from = l.inputs().isEmpty() ? List.of(before) : l.inputs();
            for (String name : from) {
                if (!known.contains(name)) {
                    throw new IllegalArgumentException(
                            "inputs of layer " + l.name() + " must stand before it, " + name + " does not");
                }
                used.add(name);
            }
            if (!known.add(l.name())) {
                throw new IllegalArgumentException("layer names must be unique, was " + l.name() + " twice");
            }
            explicit.add(new Layer(l.name(), l.spec(), from, l.frozen()));
            before = l.name();
        }
        for (Layer l : explicit.subList(0, explicit.size() - 1)) {
            if (!used.contains(l.name())) {
                throw new IllegalArgumentException(
                        "every layer but the last must feed another, " + l.name() + " does not");
            }
        }
        layers = List.copyOf(explicit);
    }

    /**
     * A chain of layers, named {@code 0}, {@code 1}, ….
     *
     * @param input shape of one example
     * @param layers the layers
     * @return the network
     */
    public static NetworkSpec chain(Shape input, LayerSpec... layers) {
        List<Layer> list = new ArrayList<>();
        for (int i = 0; i < layers.length; i++) {
            list.add(new Layer(String.valueOf(i), layers[i]));
        }
        return new NetworkSpec(input, list);
    }
}
