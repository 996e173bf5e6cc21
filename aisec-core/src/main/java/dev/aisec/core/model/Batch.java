// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Arrays;
import java.util.Objects;

/**
 * Examples in one row-major {@code float[]}: the first axis are the samples, the rest is {@link #shape()}; images are
 * NCHW.
 *
 * <p>Immutable as long as nobody writes into an array given to {@link #wrap} or got from {@link #array()}: both share
 * instead of copying, and the caller promises not to write. {@link #rows} gives a view that remembers the row numbers
 * of its parent ({@link #firstRow()}), so that random streams belong to a row whatever the cut.
 */
public final class Batch {
    private final float[] data;
    private final int offset;
    private final int size;
    private final Shape shape;
    private final long firstRow;

    private Batch(float[] data, int offset, int size, Shape shape, long firstRow) {
        this.data = data;
        this.offset = offset;
        this.size = size;
        this.shape = shape;
        this.firstRow = firstRow;
    }

    /**
     * A batch with a copy of the values.
     *
     * @param data values, row-major; its length must be a multiple of {@code shape.size()}
     * @param shape shape of one example
     * @return the batch
     */
    public static Batch of(float[] data, Shape shape) {
        return wrap(data.clone(), shape);
    }

    /**
     * A batch that shares the array. The caller promises not to write into it any more.
     *
     * @param data values, row-major; its length must be a multiple of {@code shape.size()}
     * @param shape shape of one example
     * @return the batch
     */
    public static Batch wrap(float[] data, Shape shape) {
        if (data.length % shape.size() != 0) {
            throw new IllegalArgumentException(
                    "data length must be a multiple of " + shape.size() + " (shape " + shape + "), was " + data.length);
        }
        return new Batch(data, 0, data.length / shape.size(), shape, 0);
    }

    /**
     * Returns the number of examples.
     *
     * @return at least 0
     */
    public int size() {
        return size;
    }

    /**
     * Returns the shape of one example.
     *
     * @return the shape
     */
    public Shape shape() {
        return shape;
    }

    /**
     * Returns the number of row 0 in the batch that this is a view of: the stream of row i is {@code firstRow() + i}.
     *
     * @return 0 for a batch that is no view
     */
    public long firstRow() {
        return firstRow;
    }

    /**
     * The same values, with row 0 known by another number.
     *
     * @param number number of row 0; at least 0
     * @return a view without copying
     */
    public Batch withFirstRow(long number) {
        if (number < 0) {
            throw new IllegalArgumentException("number must be >= 0, was " + number);
        }
        return new Batch(data, offset, size, shape, number);
    }

    /**
     * A part, without copying.
     *
     * @param from first row
     * @param to row after the last
     * @return a view that knows its row numbers
     */
    public Batch rows(int from, int to) {
        Objects.checkFromToIndex(from, to, size);
        return new Batch(data, offset + from * shape.size(), to - from, shape, firstRow + from);
    }

    /**
     * Chosen rows, copied.
     *
     * @param rows row numbers within this batch; may repeat
     * @return a new batch, which is no view
     */
    public Batch select(int... rows) {
        int length = shape.size();
        float[] chosen = new float[Math.multiplyExact(rows.length, length)];
        for (int i = 0; i < rows.length; i++) {
            Objects.checkIndex(rows[i], size);
            System.arraycopy(data, offset + rows[i] * length, chosen, i * length, length);
        }
        return wrap(chosen, shape);
    }

    /**
     * The same values seen under another shape of equal size.
     *
     * @param other the other shape
     * @return a view without copying
     */
    public Batch reshape(Shape other) {
        if (other.size() != shape.size()) {
            throw new IllegalArgumentException("shape must have " + shape.size() + " values, was " + other);
        }
        return new Batch(data, offset, size, other, firstRow);
    }

    /**
     * One value.
     *
     * @param row the row
     * @param feature index within the row, row-major
     * @return the value
     */
    public float get(int row, int feature) {
        Objects.checkIndex(row, size);
        Objects.checkIndex(feature, shape.size());
        return data[offset + row * shape.size() + feature];
    }

    /**
     * A copy of one row.
     *
     * @param row the row
     * @return its values
     */
    public float[] row(int row) {
        Objects.checkIndex(row, size);
        int from = offset + row * shape.size();
        return Arrays.copyOfRange(data, from, from + shape.size());
    }

    /**
     * A copy of all values.
     *
     * @return row-major
     */
    public float[] toArray() {
        return Arrays.copyOfRange(data, offset, offset + size * shape.size());
    }

    /**
     * The shared array, for fast reading. Do not write into it. Row i starts at {@link #offset()}{@code  + i *
     * shape().size()}.
     *
     * @return the array behind this batch, which may be longer than the batch
     */
    public float[] array() {
        return data;
    }

    /**
     * Where row 0 starts in {@link #array()}.
     *
     * @return index
     */
    public int offset() {
        return offset;
    }

    /**
     * Rejects NaN and infinities.
     *
     * @param name parameter name for the message
     * @throws IllegalArgumentException naming row, feature and value of the first value that is not finite
     */
    public void requireFinite(String name) {
        int end = offset + size * shape.size();
        for (int i = offset; i < end; i++) {
            if (!Float.isFinite(data[i])) {
                int at = i - offset;
                throw new IllegalArgumentException(name + " must be finite, was " + data[i] + " at row "
                        + at / shape.size() + ", feature " + at % shape.size());
            }
        }
    }

    /** Equal shape, row numbers and bits of the values. */
    @Override
    public boolean equals(Object o) {
        return o instanceof Batch b
                && shape.equals(b.shape)
                && size == b.size
                && firstRow == b.firstRow
                && Arrays.equals(
                        data, offset, offset + size * shape.size(), b.data, b.offset, b.offset + size * shape.size());
    }

    @Override
    public int hashCode() {
        int h = shape.hashCode();
        for (int i = 0; i < size * shape.size(); i++) {
            h = 31 * h + Float.floatToIntBits(data[offset + i]);
        }
        return h;
    }

    @Override
    public String toString() {
        return "Batch[" + size + " x " + shape + "]";
    }
}
