// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Examples in one row-major {@code float[]}: the first axis are the samples, the rest is {@link #shape()}; images are
 * NCHW.
 *
 * <p>Immutable as long as nobody writes into an array given to {@link #wrap} or got from {@link #array()}: both share
 * instead of copying, and the caller promises not to write. {@link #rows} gives a view that remembers the row numbers
 * of its parent, and so does {@link #select}: random streams belong to {@link #rowNumber}, whatever the cut.
 */
public final class Batch {
    private final float[] data;
    private final int offset;
    private final int size;
    private final Shape shape;
    private final long firstRow;
    private final long @Nullable [] numbers;

    private Batch(float[] data, int offset, int size, Shape shape, long firstRow, long @Nullable [] numbers) {
        this.data = data;
        this.offset = offset;
        this.size = size;
        this.shape = shape;
        this.firstRow = firstRow;
        this.numbers = numbers;
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
        return new Batch(data, 0, data.length / shape.size(), shape, 0, null);
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
     * Returns the number that a row has in the data set it comes from: the number of its random stream.
     *
     * @param row the row
     * @return its number; {@code row} itself for a batch that is neither view nor selection
     */
    public long rowNumber(int row) {
        Objects.checkIndex(row, size);
        return numbers == null ? firstRow + row : numbers[row];
    }

    /**
     * The same values, row i known as {@code number + i}.
     *
     * @param number number of row 0; at least 0
     * @return a view without copying
     */
    public Batch numberedFrom(long number) {
        if (number < 0) {
            throw new IllegalArgumentException("number must be >= 0, was " + number);
        }
        return new Batch(data, offset, size, shape, number, null);
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
        return new Batch(
                data,
                offset + from * shape.size(),
                to - from,
                shape,
                firstRow + from,
                numbers == null ? null : Arrays.copyOfRange(numbers, from, to));
    }

    /**
     * Chosen rows, copied.
     *
     * @param rows row numbers within this batch; may repeat
     * @return a new batch; each row keeps its number
     */
    public Batch select(int... rows) {
        int length = shape.size();
        float[] chosen = new float[Math.multiplyExact(rows.length, length)];
        long[] chosenNumbers = new long[rows.length];
        for (int i = 0; i < rows.length; i++) {
            Objects.checkIndex(rows[i], size);
            System.arraycopy(data, offset + rows[i] * length, chosen, i * length, length);
            chosenNumbers[i] = rowNumber(rows[i]);
        }
        return new Batch(chosen, 0, rows.length, shape, 0, chosenNumbers);
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
        return new Batch(data, offset, size, other, firstRow, numbers);
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

    /**
     * A batch of other values that has the row numbers of this one.
     *
     * @param values values, row-major, shared; as many rows as this batch
     * @param other shape of one example
     * @return the batch
     */
    public Batch like(float[] values, Shape other) {
        if (values.length != (long) size * other.size()) {
            throw new IllegalArgumentException(
                    "values must have " + (long) size * other.size() + " entries, had " + values.length);
        }
        return new Batch(values, 0, size, other, firstRow, numbers);
    }

    /** Equal shape and bits of the values; row numbers do not count. */
    @Override
    public boolean equals(Object o) {
        return o instanceof Batch b
                && shape.equals(b.shape)
                && size == b.size
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
