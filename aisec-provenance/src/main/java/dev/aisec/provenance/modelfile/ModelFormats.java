// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.List;

/** The formats that are built in. */
public final class ModelFormats {
    private ModelFormats() {}

    /**
     * All of them. Where several claim content without certainty, the first in the list reads it.
     *
     * @return an immutable list
     */
    public static List<ModelFormat> builtIn() {
        return List.of(new Gguf(), new Safetensors(), new Onnx(), new TensorFlow());
    }
}
