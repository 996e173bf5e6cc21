// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

/** Joins CRC-32 checksums of parts, by arithmetic on polynomials over two elements (bit-reversed, as in the checksum). */
final class Crc32 {
    private static final int POLYNOMIAL = 0xedb88320;

    private Crc32() {}

    /** The checksum of a part followed by another that is {@code count} bytes long. */
    static int combine(int first, int second, long count) {
        // The first part is shifted by so many zero bits: multiplied by x^(8 count).
        int power = 1 << 31;
        int square = 1 << 23;
        for (long n = count; n > 0; n >>= 1) {
            if ((n & 1) != 0) {
                power = multiply(power, square);
            }
            square = multiply(square, square);
        }
        return multiply(first, power) ^ second;
    }

    /** The bit of highest value is the coefficient of x^0. */
    private static int multiply(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int bit = 31; bit >= 0; bit--) {
            if ((a >>> bit & 1) != 0) {
                product ^= shifted;
            }
            shifted = (shifted & 1) != 0 ? shifted >>> 1 ^ POLYNOMIAL : shifted >>> 1;
        }
        return product;
    }
}
