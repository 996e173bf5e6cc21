// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Shape;
import java.nio.FloatBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Copies between {@link Batch} and ND4J's arrays. */
public final class Batches {
    private Batches() {}

    /**
     * An array of shape (rows, shape of one example).
     *
     * @param batch the batch; not empty
     * @param type FLOAT or DOUBLE
     * @return a new array in c-order; the caller closes it
     */
    public static INDArray toArray(Batch batch, DataType type) {
        return toArray(batch, batch.shape(), type);
    }

    /** The same under another shape of equal size. */
    static INDArray toArray(Batch batch, Shape shape, DataType type) {
        if (batch.size() == 0) {
            throw new IllegalArgumentException("batch must not be empty");
        }
        long[] dimensions = new long[shape.rank() + 1];
        dimensions[0] = batch.size();
        for (int i = 0; i < shape.rank(); i++) {
            dimensions[i + 1] = shape.dimension(i);
        }
        int length = batch.size() * batch.shape().size();
        INDArray array = Nd4j.createUninitialized(type, dimensions, 'c');
        if (type == DataType.FLOAT) {
            array.data().asNioFloat().put(batch.array(), batch.offset(), length);
        } else if (type == DataType.DOUBLE) {
            java.nio.DoubleBuffer buffer = array.data().asNioDouble();
            for (int i = 0; i < length; i++) {
                buffer.put(batch.array()[batch.offset() + i]);
            }
        } else {
            array.close();
            throw new IllegalArgumentException("type must be FLOAT or DOUBLE, was " + type);
        }
        return array;
    }

    /**
     * The values of an array, its first axis being the samples.
     *
     * @param array FLOAT or DOUBLE, of any order, view or not; rank at least 2; not closed
     * @return a batch with a copy of the values
     */
    public static Batch fromArray(INDArray array) {
        if (array.rank() < 2) {
            throw new IllegalArgumentException("array must have rank >= 2, had " + array.rank());
        }
        int[] dimensions = new int[array.rank() - 1];
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = Math.toIntExact(array.size(i + 1));
        }
        return Batch.wrap(values(array), Shape.of(dimensions));
    }

    /** A copy in c-order. */
    static float[] values(INDArray array) {
        // dup('c') also of what looks like c-order: a view's buffer is its parent's.
        try (INDArray plain = array.dup('c')) {
            float[] values = new float[Math.toIntExact(plain.length())];
            if (plain.dataType() == DataType.FLOAT) {
                FloatBuffer buffer = plain.data().asNioFloat();
                buffer.get(values);
            } else if (plain.dataType() == DataType.DOUBLE) {
                java.nio.DoubleBuffer buffer = plain.data().asNioDouble();
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) buffer.get(i);
                }
            } else {
                throw new IllegalArgumentException("type must be FLOAT or DOUBLE, was " + plain.dataType());
            }
            return values;
        }
    }
}
