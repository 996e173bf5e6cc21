// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model file says it holds.
 *
 * @param format name of the format
 * @param operators layers or nodes, in the order of the file
 * @param tensors arrays, in the order of the file
 * @param metadata what else a reader may want to know: version, producer
 */
public record ModelStructure(
        String format, List<Operator> operators, List<Tensor> tensors, SortedMap<String, String> metadata) {
    /** Copies all. */
    public ModelStructure {
        operators = List.copyOf(operators);
        tensors = List.copyOf(tensors);
        metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
    }
}
