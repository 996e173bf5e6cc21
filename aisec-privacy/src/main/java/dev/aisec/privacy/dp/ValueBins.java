// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.MalformedInputException;

/** Bins of all doubles but NaN, in ascending order; what is beyond the outer edges is in the outer bins. */
sealed interface ValueBins {
    /** How many. */
    int count();

    /** The bin of a value that is not NaN; rises with the value. */
    int of(double value);

    /** The bins of values[from, to), from the first place of out on. */
    void of(double[] values, int from, int to, int[] out);

    /** Where the bin starts, for i in [0, count]: values inside the outer edges and in bin i lie between edges i and i + 1. */
    double edge(int i);

    void write(StateBytes.Writer out);

    static ValueBins read(StateBytes.Reader in) {
        int type = in.getInt("bins", 0, 1);
        try {
            if (type == 0) {
                double lower = in.getDouble();
                double upper = in.getDouble();
                return new Equal(lower, upper, in.getInt("bins", 1, CountAccumulator.MAX_BINS));
            }
            int least = in.getInt("exponent", -Powers.MAX_EXPONENT, Powers.MAX_EXPONENT);
            return new Powers(least, in.getInt("exponent", -Powers.MAX_EXPONENT, Powers.MAX_EXPONENT));
        } catch (IllegalArgumentException e) {
            throw new MalformedInputException(in.offset(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * Of equal width.
     *
     * @param lower where the first starts
     * @param upper where the last ends
     * @param count how many; at least 1
     */
    record Equal(double lower, double upper, int count) implements ValueBins {
        public Equal {
            if (!(lower < upper && upper - lower >= 0x1p-900 && upper - lower <= 0x1p900)) {
                throw new IllegalArgumentException(
                        "lower must be < upper with a width in [2^-900, 2^900], were " + lower + " and " + upper);
            }
        }

        private double scale() {
            return count / (upper - lower);
        }

        @Override
        public int of(double value) {
            return bin(value, lower, upper, scale(), count - 1);
        }

        @Override
        public void of(double[] values, int from, int to, int[] out) {
            double low = lower;
            double high = upper;
            double scale = scale();
            int last = count - 1;
            for (int i = from; i < to; i++) {
                out[i - from] = bin(values[i], low, high, scale, last);
            }
        }

        /** Every step is monotone, rounding too. */
        private static int bin(double value, double low, double high, double scale, int last) {
            return Math.min(last, (int) ((Math.min(Math.max(value, low), high) - low) * scale));
        }

        /** The least double of the bin: exact, whatever the rounding of {@link #of(double)}. */
        @Override
        public double edge(int i) {
            if (i <= 0) {
                return lower;
            }
            if (i >= count) {
                return upper;
            }
            long below = order(Double.doubleToRawLongBits(lower + 0.0));
            long above = order(Double.doubleToRawLongBits(upper + 0.0));
            while (below < above - 1) {
                long middle = (below & above) + ((below ^ above) >> 1);
                if (of(Double.longBitsToDouble(order(middle))) < i) {
                    below = middle;
                } else {
                    above = middle;
                }
            }
            return Double.longBitsToDouble(order(above));
        }

        /** From the bits of a double to a number of the same order, and back. */
        private static long order(long bits) {
            return bits < 0 ? Long.MIN_VALUE - bits : bits;
        }

        @Override
        public void write(StateBytes.Writer out) {
            out.putInt(0);
            out.putDouble(lower);
            out.putDouble(upper);
            out.putInt(count);
        }
    }

    /**
     * Bounded by powers of two and by 0, alike on both sides of 0.
     *
     * @param least exponent of the least positive edge
     * @param largest exponent of the last edge; above {@code least}
     */
    record Powers(int least, int largest) implements ValueBins {
        static final int MAX_EXPONENT = 800;

        public Powers {
            if (least < -MAX_EXPONENT || largest > MAX_EXPONENT || least >= largest) {
                throw new IllegalArgumentException("exponents must be in [-" + MAX_EXPONENT + ", " + MAX_EXPONENT
                        + "], the least below the largest, were " + least + " and " + largest);
            }
        }

        private int half() {
            return largest - least + 1;
        }

        @Override
        public int count() {
            return 2 * half();
        }

        @Override
        public int of(double value) {
            int distance = Math.min(half() - 1, Math.max(0, Math.getExponent(value) - least + 1));
            return value < 0 ? half() - 1 - distance : half() + distance;
        }

        @Override
        public void of(double[] values, int from, int to, int[] out) {
            for (int i = from; i < to; i++) {
                out[i - from] = of(values[i]);
            }
        }

        @Override
        public double edge(int i) {
            int distance = i - half();
            return distance == 0 ? 0 : Math.copySign(Math.scalb(1.0, least + Math.abs(distance) - 1), distance);
        }

        @Override
        public void write(StateBytes.Writer out) {
            out.putInt(1);
            out.putInt(least);
            out.putInt(largest);
        }
    }
}
