// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads numbers of any element type and adds them up. The buffers are reused; one for each thread. Binary32 and what fits in
 * it is handled as integer bits: a loop that the compiler turns into vector instructions tells whether any number of a part
 * may be outside what was seen before, which NaN and infinities are too, and only then each is looked at.
 */
final class NumberScan {
    private static final int PART = 4096;
    private static final int INFINITY = 0x7f800000;
    private static final int[] BINARY16 = new int[1 << 16];
    private static final int[] E4M3 = new int[256];
    private static final int[] E5M2 = new int[256];
    private static final int[] E4M3FNUZ = new int[256];
    private static final int[] E5M2FNUZ = new int[256];

    static {
        for (int i = 0; i < BINARY16.length; i++) {
            BINARY16[i] = Float.floatToRawIntBits(small(i, 5, 10, 15));
        }
        for (int i = 0; i < 256; i++) {
            E5M2[i] = BINARY16[i << 8];
            E4M3[i] = Float.floatToRawIntBits((i & 0x7f) == 0x7f ? Float.NaN : finite(i, 4, 3, 7));
            E4M3FNUZ[i] = Float.floatToRawIntBits(i == 0x80 ? Float.NaN : finite(i, 4, 3, 8));
            E5M2FNUZ[i] = Float.floatToRawIntBits(i == 0x80 ? Float.NaN : finite(i, 5, 2, 16));
        }
    }

    // As long as the longest part yet: most entries of most files hold few numbers.
    private int[] bits = {};
    private short[] shorts = {};
    private long[] longs = {};
    private double[] doubles = {};

    private static float small(int code, int exponentBits, int mantissaBits, int bias) {
        int exponent = code >> mantissaBits & (1 << exponentBits) - 1;
        if (exponent == (1 << exponentBits) - 1) {
            int mantissa = code & (1 << mantissaBits) - 1;
            boolean negative = (code >> exponentBits + mantissaBits & 1) != 0;
            return mantissa != 0 ? Float.NaN : negative ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
        }
        return finite(code, exponentBits, mantissaBits, bias);
    }

    private static float finite(int code, int exponentBits, int mantissaBits, int bias) {
        int exponent = code >> mantissaBits & (1 << exponentBits) - 1;
        int mantissa = code & (1 << mantissaBits) - 1;
        int whole = exponent == 0 ? mantissa : mantissa | 1 << mantissaBits;
        float value = Math.scalb((float) whole, Math.max(exponent, 1) - bias - mantissaBits);
        return (code >> exponentBits + mantissaBits & 1) != 0 ? -value : value;
    }

    /**
     * Adds whole blocks.
     *
     * @param at where in the file the first byte stands
     */
    void scan(
            Tensor tensor,
            byte[] bytes,
            int from,
            int blocks,
            long at,
            NumberTotals into,
            @Nullable NumberSpread spread) {
        ElementType type = tensor.type();
        int numbers = numbers(type);
        int most = PART / numbers;
        room(Math.min(blocks, most) * numbers);
        for (int done = 0; done < blocks; ) {
            int some = Math.min(most, blocks - done);
            int begin = from + done * type.blockBytes();
            long place = at + (long) done * type.blockBytes();
            ByteBuffer part = ByteBuffer.wrap(bytes, begin, some * type.blockBytes())
                    .slice()
                    .order(tensor.order());
            part(type, part, some * numbers, place, into, spread);
            done += some;
        }
    }

    private void room(int numbers) {
        if (bits.length < numbers) {
            bits = new int[numbers];
            shorts = new short[numbers];
            longs = new long[numbers];
            doubles = new double[numbers];
        }
    }

    /** How many numbers a block has. */
    static int numbers(ElementType type) {
        return switch (type) {
            case COMPLEX64, COMPLEX128 -> 2;
            default -> Math.max(1, type.scales());
        };
    }

    private static long offset(ElementType type, int index) {
        if (type.scales() > 0) {
            return (long) (index / type.scales()) * type.blockBytes() + type.scaleOffset(index % type.scales());
        }
        return (long) index * (type.blockBytes() / numbers(type));
    }

    private void part(
            ElementType type, ByteBuffer part, int n, long at, NumberTotals into, @Nullable NumberSpread spread) {
        into.count += n;
        switch (type) {
            case F32, COMPLEX64 -> {
                part.asIntBuffer().get(bits, 0, n);
                binary32(type, n, at, into, spread);
            }
            case F16 -> {
                part.asShortBuffer().get(shorts, 0, n);
                for (int i = 0; i < n; i++) {
                    bits[i] = BINARY16[shorts[i] & 0xffff];
                }
                binary32(type, n, at, into, spread);
            }
            case BF16 -> {
                part.asShortBuffer().get(shorts, 0, n);
                for (int i = 0; i < n; i++) {
                    bits[i] = shorts[i] << 16;
                }
                binary32(type, n, at, into, spread);
            }
            case F8_E4M3 -> eight(E4M3, type, part, n, at, into, spread);
            case F8_E5M2 -> eight(E5M2, type, part, n, at, into, spread);
            case F8_E4M3FNUZ -> eight(E4M3FNUZ, type, part, n, at, into, spread);
            case F8_E5M2FNUZ -> eight(E5M2FNUZ, type, part, n, at, into, spread);
            case F64, COMPLEX128 -> {
                part.asDoubleBuffer().get(doubles, 0, n);
                binary64(type, n, at, into, spread);
            }
            case I64, U64 -> {
                part.asLongBuffer().get(longs, 0, n);
                for (int i = 0; i < n; i++) {
                    long v = longs[i];
                    // Halved without losing the bit that decides the rounding.
                    doubles[i] = type == ElementType.I64 || v >= 0 ? (double) v : (double) (v >>> 1 | v & 1) * 2;
                }
                binary64(type, n, at, into, spread);
            }
            case I32, U32 -> {
                part.asIntBuffer().get(bits, 0, n);
                for (int i = 0; i < n; i++) {
                    doubles[i] = type == ElementType.I32 ? bits[i] : bits[i] & 0xffffffffL;
                }
                binary64(type, n, at, into, spread);
            }
            case I16, U16 -> {
                part.asShortBuffer().get(shorts, 0, n);
                for (int i = 0; i < n; i++) {
                    doubles[i] = type == ElementType.I16 ? shorts[i] : shorts[i] & 0xffff;
                }
                binary64(type, n, at, into, spread);
            }
            case I8, U8, BOOL -> {
                for (int i = 0; i < n; i++) {
                    int v = part.get(i);
                    doubles[i] = type == ElementType.I8 ? v : v & 0xff;
                    if (type == ElementType.BOOL && (v & 0xff) > 1) {
                        into.notBoolean++;
                        into.firstNotBoolean = into.firstNotBoolean < 0 ? at + i : into.firstNotBoolean;
                    }
                }
                binary64(type, n, at, into, spread);
            }
            case OPAQUE -> into.count -= n;
            default -> {
                for (int i = 0; i < n; i++) {
                    bits[i] = scale(type, part, (int) offset(type, i));
                }
                binary32(type, n, at, into, spread);
            }
        }
    }

    private static int scale(ElementType type, ByteBuffer part, int at) {
        return switch (type.scale()) {
            case F16 -> BINARY16[part.getShort(at) & 0xffff];
            case F32 -> part.getInt(at);
            case E8M0 -> {
                int exponent = part.get(at) & 0xff;
                // 0 stands for 2^-127, which binary32 has among its subnormal numbers.
                yield exponent == 255 ? 0x7fc00000 : exponent == 0 ? 0x00400000 : exponent << 23;
            }
            case F16_NIBBLES -> {
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    code |= (part.getShort(at + 2 * i) >> 12 & 0xf) << 4 * i;
                }
                yield BINARY16[code];
            }
            case NONE -> throw new IllegalStateException("type must have scales, was " + type);
        };
    }

    private void eight(
            int[] table,
            ElementType type,
            ByteBuffer part,
            int n,
            long at,
            NumberTotals into,
            @Nullable NumberSpread spread) {
        for (int i = 0; i < n; i++) {
            bits[i] = table[part.get(i) & 0xff];
        }
        binary32(type, n, at, into, spread);
    }

    private void binary32(ElementType type, int n, long at, NumberTotals into, @Nullable NumberSpread spread) {
        if (!(into.min <= into.max) || outside(bits, n, ordered((float) into.min), ordered((float) into.max)) != 0) {
            int low = Integer.MAX_VALUE;
            int high = Integer.MIN_VALUE;
            for (int i = 0; i < n; i++) {
                int key = bits[i] ^ bits[i] >> 31 & Integer.MAX_VALUE;
                low = Math.min(low, key);
                high = Math.max(high, key);
            }
            if (high >= INFINITY || low <= ~INFINITY) {
                for (int i = 0; i < n; i++) {
                    doubles[i] = Float.intBitsToFloat(bits[i]);
                }
                binary64(type, n, at, into, spread);
                return;
            }
            into.min = Math.min(into.min, value(low));
            into.max = Math.max(into.max, value(high));
        }
        into.zeros += zeros(bits, n);
        if (spread != null) {
            for (int i = 0; i < n; i++) {
                doubles[i] = Float.intBitsToFloat(bits[i]);
            }
            spread.add(doubles, n);
        }
        sums(bits, n, into);
    }

    /** Integers in the order of the numbers they stand for. */
    private static int ordered(float value) {
        int raw = Float.floatToRawIntBits(value);
        return raw ^ raw >> 31 & Integer.MAX_VALUE;
    }

    private static double value(int ordered) {
        return Float.intBitsToFloat(ordered ^ ordered >> 31 & Integer.MAX_VALUE);
    }

    /** Not 0 if any number is outside the bounds; it may be not 0 for numbers just inside. Halved, no difference overflows. */
    private static int outside(int[] bits, int n, int low, int high) {
        int l = low >> 1;
        int h = high >> 1;
        int outside = 0;
        for (int i = 0; i < n; i++) {
            int key = (bits[i] ^ bits[i] >> 31 & Integer.MAX_VALUE) >> 1;
            outside += (~(key - h) >>> 31) + (~(l - key) >>> 31);
        }
        return outside;
    }

    private static int zeros(int[] bits, int n) {
        int others = 0;
        for (int i = 0; i < n; i++) {
            int magnitude = bits[i] << 1;
            others += (magnitude | -magnitude) >>> 31;
        }
        return n - others;
    }

    /**
     * Squares of binary32 are exact as doubles, so plain sums lose digits only where the mean is far larger than the deviation;
     * then it is done again around a number among them.
     */
    private static void sums(int[] bits, int n, NumberTotals into) {
        double sum = sum(bits, n, into);
        double squares = into.lastSquares;
        if (squares - sum / n * sum >= 1e-6 * squares) {
            into.moments(n, 0, sum, squares);
            return;
        }
        double around = Float.intBitsToFloat(bits[0]);
        sum = 0;
        squares = 0;
        for (int i = 0; i < n; i++) {
            double a = Float.intBitsToFloat(bits[i]) - around;
            sum += a;
            squares += a * a;
        }
        into.moments(n, around, sum, squares);
    }

    /** Four sums each, so that an addition need not wait for the one before. */
    private static double sum(int[] bits, int n, NumberTotals into) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double q0 = 0;
        double q1 = 0;
        double q2 = 0;
        double q3 = 0;
        int i = 0;
        for (; i < n - 3; i += 4) {
            double a = Float.intBitsToFloat(bits[i]);
            double b = Float.intBitsToFloat(bits[i + 1]);
            double c = Float.intBitsToFloat(bits[i + 2]);
            double d = Float.intBitsToFloat(bits[i + 3]);
            s0 += a;
            s1 += b;
            s2 += c;
            s3 += d;
            q0 = Math.fma(a, a, q0);
            q1 = Math.fma(b, b, q1);
            q2 = Math.fma(c, c, q2);
            q3 = Math.fma(d, d, q3);
        }
        for (; i < n; i++) {
            double a = Float.intBitsToFloat(bits[i]);
            s0 += a;
            q0 = Math.fma(a, a, q0);
        }
        into.lastSquares = q0 + q1 + (q2 + q3);
        return s0 + s1 + (s2 + s3);
    }

    private void binary64(ElementType type, int n, long at, NumberTotals into, @Nullable NumberSpread spread) {
        int finite = 0;
        double around = 0;
        double sum = 0;
        double squares = 0;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        int zeros = 0;
        for (int i = 0; i < n; i++) {
            double v = doubles[i];
            if (!(Math.abs(v) <= Double.MAX_VALUE)) {
                odd(v, at + offset(type, i), into);
                continue;
            }
            if (v < low) {
                low = v;
            }
            if (v > high) {
                high = v;
            }
            if (v == 0) {
                zeros++;
            }
            if (finite == 0) {
                around = v;
            }
            double a = v - around;
            sum += a;
            squares += a * a;
            doubles[finite++] = v;
        }
        into.zeros += zeros;
        into.min = Math.min(into.min, low);
        into.max = Math.max(into.max, high);
        if (finite > 0) {
            into.moments(finite, around, sum, squares);
            if (spread != null) {
                spread.add(doubles, finite);
            }
        }
    }

    private static void odd(double v, long at, NumberTotals into) {
        if (Double.isNaN(v)) {
            into.notANumber++;
            into.firstNotANumber = into.firstNotANumber < 0 ? at : into.firstNotANumber;
        } else {
            into.firstInfinite = into.firstInfinite < 0 ? at : into.firstInfinite;
            if (v > 0) {
                into.positiveInfinite++;
            } else {
                into.negativeInfinite++;
            }
        }
    }
}
