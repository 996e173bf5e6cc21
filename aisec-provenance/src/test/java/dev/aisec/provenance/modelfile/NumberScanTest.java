// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NumberScanTest {
    private static NumberTotals scan(ElementType type, ByteOrder order, byte[] bytes) {
        return scan(type, order, bytes, null);
    }

    private static NumberTotals scan(ElementType type, ByteOrder order, byte[] bytes, @Nullable NumberSpread spread) {
        NumberTotals totals = new NumberTotals();
        int blocks = bytes.length / type.blockBytes();
        Tensor tensor = new Tensor("t", type, order, List.of((long) blocks), Tensor.Role.PARAMETER);
        new NumberScan().scan(tensor, bytes, 0, blocks, 1000, totals, spread);
        return totals;
    }

    /** One number after the other, by other means than the scan. */
    private static double[] numbers(ElementType type, ByteOrder order, byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes).order(order);
        int n = bytes.length / type.blockBytes();
        return switch (type) {
            case F64, COMPLEX128 -> each(bytes.length / 8, i -> b.getDouble(8 * i));
            case F32, COMPLEX64 -> each(bytes.length / 4, i -> b.getFloat(4 * i));
            case F16 -> each(n, i -> minifloat(b.getShort(2 * i) & 0xffff, 5, 10, 15, true));
            case BF16 -> each(n, i -> minifloat(b.getShort(2 * i) & 0xffff, 8, 7, 127, true));
            case F8_E5M2 -> each(n, i -> minifloat(b.get(i) & 0xff, 5, 2, 15, true));
            case F8_E4M3 ->
                each(n, i -> (b.get(i) & 0x7f) == 0x7f ? Double.NaN : minifloat(b.get(i) & 0xff, 4, 3, 7, false));
            case F8_E4M3FNUZ ->
                each(n, i -> b.get(i) == -128 ? Double.NaN : minifloat(b.get(i) & 0xff, 4, 3, 8, false));
            case F8_E5M2FNUZ ->
                each(n, i -> b.get(i) == -128 ? Double.NaN : minifloat(b.get(i) & 0xff, 5, 2, 16, false));
            case I8 -> each(n, i -> b.get(i));
            case U8, BOOL -> each(n, i -> b.get(i) & 0xff);
            case I16 -> each(n, i -> b.getShort(2 * i));
            case U16 -> each(n, i -> b.getShort(2 * i) & 0xffff);
            case I32 -> each(n, i -> b.getInt(4 * i));
            case U32 -> each(n, i -> Integer.toUnsignedLong(b.getInt(4 * i)));
            case I64 -> each(n, i -> b.getLong(8 * i));
            case U64 -> each(n, i -> new BigInteger(Long.toUnsignedString(b.getLong(8 * i))).doubleValue());
            default -> new double[0];
        };
    }

    private interface At {
        double number(int index);
    }

    private static double[] each(int n, At at) {
        double[] all = new double[n];
        Arrays.setAll(all, at::number);
        return all;
    }

    private static double minifloat(int code, int exponentBits, int mantissaBits, int bias, boolean infinities) {
        int exponent = code >> mantissaBits & (1 << exponentBits) - 1;
        double fraction = (code & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
        double sign = (code >> exponentBits + mantissaBits) == 0 ? 1 : -1;
        if (infinities && exponent == (1 << exponentBits) - 1) {
            return fraction == 0 ? sign / 0.0 : Double.NaN;
        }
        return sign
                * (exponent == 0 ? fraction * Math.pow(2, 1 - bias) : (1 + fraction) * Math.pow(2, exponent - bias));
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void scan_randomBits_equalsOneByOne(ElementType type) {
        if (type.scales() > 0 || type == ElementType.OPAQUE) {
            return;
        }
        Random random = new Random(type.ordinal());
        for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
            byte[] bytes = new byte[9001 * type.blockBytes()];
            random.nextBytes(bytes);
            double[] expected = numbers(type, order, bytes);
            double[] finite = Arrays.stream(expected).filter(Double::isFinite).toArray();
            NumberTotals totals = scan(type, order, bytes);
            ParameterStatistics s = totals.statistics(Optional.empty());
            assertThat(s.count()).isEqualTo(expected.length);
            assertThat(s.notANumber())
                    .isEqualTo(Arrays.stream(expected).filter(Double::isNaN).count());
            assertThat(s.positiveInfinite())
                    .isEqualTo(Arrays.stream(expected)
                            .filter(v -> v == Double.POSITIVE_INFINITY)
                            .count());
            assertThat(s.negativeInfinite())
                    .isEqualTo(Arrays.stream(expected)
                            .filter(v -> v == Double.NEGATIVE_INFINITY)
                            .count());
            assertThat(s.finite()).isEqualTo(finite.length);
            assertThat(s.zeros())
                    .isEqualTo(Arrays.stream(finite).filter(v -> v == 0).count());
            assertThat(s.min()).isEqualTo(Arrays.stream(finite).min().orElseThrow());
            assertThat(s.max()).isEqualTo(Arrays.stream(finite).max().orElseThrow());
            int first = -1;
            for (int i = expected.length - 1; i >= 0; i--) {
                first = Double.isNaN(expected[i]) ? i : first;
            }
            int size = type.blockBytes() / NumberScan.numbers(type);
            assertThat(totals.firstNotANumber).isEqualTo(first < 0 ? -1 : 1000L + (long) first * size);
            assertThat(totals.notBoolean)
                    .isEqualTo(
                            type == ElementType.BOOL
                                    ? Arrays.stream(expected).filter(v -> v > 1).count()
                                    : 0);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = ElementType.class,
            names = {"F64", "F32", "I32", "U64", "BF16"})
    void scan_severalParts_givesMeanAndDeviation(ElementType type) {
        byte[] bytes = new byte[20_000 * type.blockBytes()];
        ByteBuffer b = ByteBuffer.wrap(bytes);
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            // A large mean, and a beginning unlike the rest.
            double v = i < 10 ? 1e6 : 1000 + random.nextGaussian();
            switch (type) {
                case F64 -> b.putDouble(v);
                case F32 -> b.putFloat((float) v);
                case I32 -> b.putInt((int) v);
                case U64 -> b.putLong((long) v);
                default -> b.putShort((short) (Float.floatToRawIntBits((float) v) >>> 16));
            }
        }
        double[] expected = numbers(type, ByteOrder.BIG_ENDIAN, bytes);
        double mean = Arrays.stream(expected).sum() / expected.length;
        double variance =
                Arrays.stream(expected).map(v -> (v - mean) * (v - mean)).sum() / expected.length;
        ParameterStatistics s = scan(type, ByteOrder.BIG_ENDIAN, bytes).statistics(Optional.empty());
        assertThat(s.mean()).isCloseTo(mean, within(1e-12 * Math.abs(mean)));
        assertThat(s.standardDeviation()).isCloseTo(Math.sqrt(variance), within(1e-9 * Math.sqrt(variance)));
    }

    @Test
    void scan_tinyDeviationAroundLargeMean_losesNoDigits() {
        ByteBuffer b = ByteBuffer.allocate(8 * 50_000);
        for (int i = 0; i < 50_000; i++) {
            b.putDouble(1e9 + (i % 2));
        }
        ParameterStatistics s =
                scan(ElementType.F64, ByteOrder.BIG_ENDIAN, b.array()).statistics(Optional.empty());
        assertThat(s.standardDeviation()).isCloseTo(0.5, within(1e-12));
        assertThat(s.mean()).isEqualTo(1e9 + 0.5);
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void scan_scaleThatIsNotFinite_isFoundWhereItStands(ElementType type) {
        for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
            for (int scale = 0; scale < type.scales(); scale++) {
                byte[] bytes = new byte[3 * type.blockBytes()];
                int at = 2 * type.blockBytes() + type.scaleOffset(scale);
                ByteBuffer b = ByteBuffer.wrap(bytes).order(order);
                switch (type.scale()) {
                    case F16 -> b.putShort(at, (short) 0x7e00);
                    case F32 -> b.putFloat(at, Float.NaN);
                    case E8M0 -> b.put(at, (byte) 255);
                    default -> {
                        b.putShort(at + 6, (short) 0x7fff);
                        b.putShort(at + 4, (short) 0xefff);
                        b.putShort(at + 2, (short) 0x0fff);
                        b.putShort(at, (short) 0x0fff);
                    }
                }
                NumberTotals totals = scan(type, order, bytes);
                assertThat(totals.notANumber).as(type.name()).isEqualTo(1);
                assertThat(totals.firstNotANumber).isEqualTo(1000 + at);
                assertThat(totals.count).isEqualTo(3L * type.scales());
            }
        }
    }

    @Test
    void blockBytes_ofQuantizedTypes_areThoseOfGgml() {
        assertThat(ElementType.Q4_K.blockBytes()).isEqualTo(2 * 2 + 12 + 128);
        assertThat(ElementType.Q6_K.blockBytes()).isEqualTo(128 + 64 + 16 + 2);
        assertThat(ElementType.Q8_K.blockBytes()).isEqualTo(4 + 256 + 32);
        assertThat(ElementType.IQ1_M.blockBytes()).isEqualTo(32 + 16 + 8);
        for (ElementType type : ElementType.values()) {
            for (int i = 0; i < type.scales(); i++) {
                assertThat(type.scaleOffset(i)).isBetween(0, type.blockBytes() - 1);
            }
        }
    }

    @Test
    void spread_fewNumbers_isExact() {
        NumberSpread spread = new NumberSpread(new AtomicInteger());
        spread.add(new double[] {5, 1, 100, 3, 2}, 5);
        ParameterStatistics.Spread s = spread.finish().orElseThrow();
        assertThat(s).isEqualTo(new ParameterStatistics.Spread(3, 1.4826 * 2, true));
    }

    @Test
    void spread_manyNumbers_isWithinItsBound() {
        NumberSpread spread = new NumberSpread(new AtomicInteger());
        Random random = new Random(3);
        double[] all = new double[300_000];
        Arrays.setAll(all, i -> 10 + random.nextGaussian());
        for (int from = 0; from < all.length; from += 1000) {
            spread.add(Arrays.copyOfRange(all, from, from + 1000), 1000);
        }
        ParameterStatistics.Spread s = spread.finish().orElseThrow();
        Arrays.sort(all);
        double median = all[(all.length - 1) / 2];
        assertThat(s.exact()).isFalse();
        assertThat(s.median()).isCloseTo(median, within(median * 0x1p-12));
        assertThat(s.deviation()).isCloseTo(1, within(1.4826 * 10 * 0x1p-11 + 0.01));
    }

    @Test
    void spread_moreCountedAtOnceThanAllowed_saysSo() {
        AtomicInteger counters = new AtomicInteger(32);
        NumberSpread spread = new NumberSpread(counters);
        spread.add(new double[1 << 17], 1 << 17);
        assertThat(spread.impossible()).isTrue();
        assertThat(spread.finish()).isEmpty();
        assertThat(counters).hasValue(32);
    }
}
