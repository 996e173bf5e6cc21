// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * What baseline JPEG loses. The bounds become 0 and 255 and values are rounded to 8 bits; three channels are taken as red,
 * green and blue and become luminance and chrominance (JFIF); each block of 8 × 8 goes through the discrete cosine
 * transform, is rounded to multiples of the quantisation table, and comes back.
 *
 * <p>Entropy coding is left out: it loses nothing. Chrominance is not subsampled. One channel, or any number other than
 * three, is coded with the luminance table, each channel by itself. Sides that are no multiples of 8 are padded with the
 * border pixel.
 *
 * <p>Source: ITU-T Recommendation T.81, 1992, A.3.3 (transform), A.3.4 (quantisation), Tables K.1 and K.2; their scaling
 * with the quality is that of the Independent JPEG Group: s = 5000/q below 50, else 200 − 2q, in per cent.
 *
 * @param qualities quality from 1 to 100 for each severity; 100 rounds to 8 bits and hardly changes more
 */
public record JpegCompression(List<Integer> qualities) implements Corruption {
    /** Table K.1. */
    private static final int[] LUMINANCE = {
        16, 11, 10, 16, 24, 40, 51, 61, //
        12, 12, 14, 19, 26, 58, 60, 55, //
        14, 13, 16, 24, 40, 57, 69, 56, //
        14, 17, 22, 29, 51, 87, 80, 62, //
        18, 22, 37, 56, 68, 109, 103, 77, //
        24, 35, 55, 64, 81, 104, 113, 92, //
        49, 64, 78, 87, 103, 121, 120, 101, //
        72, 92, 95, 98, 112, 100, 103, 99
    };
    /** Table K.2. */
    private static final int[] CHROMINANCE = {
        17, 18, 24, 47, 99, 99, 99, 99, //
        18, 21, 26, 66, 99, 99, 99, 99, //
        24, 26, 56, 99, 99, 99, 99, 99, //
        47, 66, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99, //
        99, 99, 99, 99, 99, 99, 99, 99
    };
    /** Row u holds the cosine of frequency u: ½ C(u) cos((2x + 1) u π / 16). */
    private static final float[] COSINES = cosines();

    /** Checks the amounts. */
    public JpegCompression {
        for (int quality : Images.requireFive("qualities", qualities)) {
            if (quality < 1 || quality > 100) {
                throw new IllegalArgumentException("qualities must be in [1, 100], was " + quality);
            }
        }
        qualities = List.copyOf(qualities);
    }

    /**
     * Quality 25, 18, 15, 10, 7 (Hendrycks, Dietterich, ICLR 2019, ImageNet-C).
     *
     * @return the corruption
     */
    public static JpegCompression standard() {
        return new JpegCompression(List.of(25, 18, 15, 10, 7));
    }

    @Override
    public String name() {
        return "jpeg-compression";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        int quality = Images.at(qualities, severity);
        Shape shape = Images.requireImages(images);
        float lower = bounds.lower(0);
        double range = Images.range(bounds);
        int plane = shape.dimension(1) * shape.dimension(2);
        boolean colour = shape.dimension(0) == 3;
        float[] luminance = table(LUMINANCE, quality);
        float[] chrominance = table(CHROMINANCE, quality);
        Coder coder = new Coder(shape.dimension(1), shape.dimension(2));
        return Images.map(images, bounds, (row, values, at) -> {
            for (int i = at; i < at + shape.size(); i++) {
                values[i] = round((values[i] - lower) * (255 / range));
            }
            if (colour) {
                toLuminance(values, at, plane);
            }
            for (int from = at; from < at + shape.size(); from += plane) {
                coder.code(values, from, colour && from > at ? chrominance : luminance);
            }
            if (colour) {
                toColour(values, at, plane);
            }
            for (int i = at; i < at + shape.size(); i++) {
                values[i] = (float) (lower + values[i] * range / 255);
            }
        });
    }

    /** To the nearest of 0 to 255. */
    private static int round(double sample) {
        return (int) (Math.min(Math.max(sample, 0), 255) + 0.5);
    }

    private static void toLuminance(float[] values, int at, int plane) {
        for (int i = at; i < at + plane; i++) {
            double r = values[i];
            double g = values[i + plane];
            double b = values[i + 2 * plane];
            values[i] = round(0.299 * r + 0.587 * g + 0.114 * b);
            values[i + plane] = round(-0.168736 * r - 0.331264 * g + 0.5 * b + 128);
            values[i + 2 * plane] = round(0.5 * r - 0.418688 * g - 0.081312 * b + 128);
        }
    }

    private static void toColour(float[] values, int at, int plane) {
        for (int i = at; i < at + plane; i++) {
            double y = values[i];
            double cb = values[i + plane] - 128;
            double cr = values[i + 2 * plane] - 128;
            values[i] = round(y + 1.402 * cr);
            values[i + plane] = round(y - 0.344136 * cb - 0.714136 * cr);
            values[i + 2 * plane] = round(y + 1.772 * cb);
        }
    }

    private static float[] table(int[] standard, int quality) {
        int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        float[] table = new float[64];
        for (int i = 0; i < 64; i++) {
            table[i] = Math.min(Math.max((standard[i] * scale + 50) / 100, 1), 255);
        }
        return table;
    }

    private static float[] cosines() {
        float[] cosines = new float[64];
        for (int u = 0; u < 8; u++) {
            for (int x = 0; x < 8; x++) {
                double c = u == 0 ? Math.sqrt(0.5) : 1;
                cosines[u * 8 + x] = (float) (c / 2 * Math.cos((2 * x + 1) * u * Math.PI / 16));
            }
        }
        return cosines;
    }

    /** Codes and decodes planes; holds scratch memory. */
    private static final class Coder {
        private final int height;
        private final int width;
        private final float[] block = new float[64];
        private final float[] half = new float[64];

        private Coder(int height, int width) {
            this.height = height;
            this.width = width;
        }

        private void code(float[] values, int at, float[] table) {
            for (int top = 0; top < height; top += 8) {
                for (int left = 0; left < width; left += 8) {
                    for (int y = 0; y < 8; y++) {
                        int from = at + Math.min(top + y, height - 1) * width;
                        for (int x = 0; x < 8; x++) {
                            block[y * 8 + x] = values[from + Math.min(left + x, width - 1)] - 128;
                        }
                    }
                    forward();
                    for (int i = 0; i < 64; i++) {
                        block[i] = (float) Math.rint(block[i] / table[i]) * table[i];
                    }
                    backward();
                    for (int y = 0; y < Math.min(8, height - top); y++) {
                        for (int x = 0; x < Math.min(8, width - left); x++) {
                            values[at + (top + y) * width + left + x] = round(block[y * 8 + x] + 128);
                        }
                    }
                }
            }
        }

        /** block ← A · block · Aᵀ */
        private void forward() {
            for (int y = 0; y < 8; y++) {
                for (int u = 0; u < 8; u++) {
                    float sum = 0;
                    for (int x = 0; x < 8; x++) {
                        sum += COSINES[u * 8 + x] * block[y * 8 + x];
                    }
                    half[u * 8 + y] = sum;
                }
            }
            for (int u = 0; u < 8; u++) {
                for (int v = 0; v < 8; v++) {
                    float sum = 0;
                    for (int y = 0; y < 8; y++) {
                        sum += COSINES[v * 8 + y] * half[u * 8 + y];
                    }
                    block[v * 8 + u] = sum;
                }
            }
        }

        /** block ← Aᵀ · block · A */
        private void backward() {
            for (int v = 0; v < 8; v++) {
                for (int x = 0; x < 8; x++) {
                    float sum = 0;
                    for (int u = 0; u < 8; u++) {
                        sum += COSINES[u * 8 + x] * block[v * 8 + u];
                    }
                    half[x * 8 + v] = sum;
                }
            }
            for (int x = 0; x < 8; x++) {
                for (int y = 0; y < 8; y++) {
                    float sum = 0;
                    for (int v = 0; v < 8; v++) {
                        sum += COSINES[v * 8 + y] * half[x * 8 + v];
                    }
                    block[y * 8 + x] = sum;
                }
            }
        }
    }
}
