// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * An ONNX model behind {@link Classifier}, run by ONNX Runtime.
 *
 * <p>The model has one input, float (rows, shape of one example), and as its first output the logits, float (rows,
 * classes). Thread-safe, since {@link OrtSession#run} is. The session stays the caller's, who closes it after the last
 * call. A batch goes to the runtime whole, so that memory grows with it.
 */
public final class OnnxClassifier implements Classifier {
    private final OrtSession session;
    private final ModelSpec spec;

    /**
     * A classifier on an open session.
     *
     * @param session the session
     * @param spec what goes in and what comes out
     */
    public OnnxClassifier(OrtSession session, ModelSpec spec) {
        this.session = session;
        this.spec = spec;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Batch logits(Batch inputs) {
        spec.requireInputs(inputs);
        Shape row = inputs.shape();
        Shape classes = Shape.of(spec.classes());
        if (inputs.size() == 0) {
            return inputs.like(new float[0], classes);
        }
        long[] shape = LongStream.concat(
                        LongStream.of(inputs.size()),
                        IntStream.of(row.toArray()).asLongStream())
                .toArray();
        FloatBuffer values = FloatBuffer.wrap(inputs.array(), inputs.offset(), inputs.size() * row.size());
        String name = session.getInputNames().iterator().next();
        try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values, shape);
                OrtSession.Result result = session.run(Map.of(name, x))) {
            FloatBuffer out = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] logits = new float[out.remaining()];
            out.get(logits);
            return inputs.like(logits, classes);
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime failed on " + inputs + ": " + e.getMessage(), e);
        }
    }
}
