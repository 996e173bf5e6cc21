// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.List;

/** A classifier whose inner activations can be read. */
public interface LayeredClassifier extends Classifier {
    /**
     * The layers in order of execution; the last one gives the logits.
     *
     * @return at least one
     */
    List<LayerInfo> layers();

    /**
     * The activations after a layer's non-linearity, in inference mode; for the last layer the logits.
     *
     * @param inputs examples
     * @param layer index into {@link #layers()}
     * @return one row for each example, of shape {@code layers().get(layer).outputShape()}
     */
    Batch activations(Batch inputs, int layer);
}
