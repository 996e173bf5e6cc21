// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Shape;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A network without its parameters: layers in order, each fed by the one before.
 *
 * @param input shape of one example
 * @param layers the layers; names are unique; the last one gives the logits
 */
public record NetworkSpec(Shape input, List<Layer> layers) {
    /**
     * A layer with its name.
     *
     * @param name unique name
     * @param spec the layer
     */
    public record Layer(String name, LayerSpec spec) {}

    /** Copies the list and checks the names. */
    public NetworkSpec {
        layers = List.copyOf(layers);
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("layers must not be empty");
        }
        Set<String> names = new HashSet<>();
        for (Layer l : layers) {
            if (!names.add(l.name())) {
                throw new IllegalArgumentException("layer names must be unique, was " + l.name() + " twice");
            }
        }
    }
}
