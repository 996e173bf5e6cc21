// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Shape;

/** Bilinear interpolation of images, and affine maps by it: what corruptions and spatial attacks share. */
public final class Bilinear {
    private Bilinear() {}

    /** The value at (y, x) of the plane that starts at {@code from}; pixels outside the plane have the value {@code outside}. */
    static float sample(float[] source, int from, int height, int width, double y, double x, float outside) {
        if (!(y > -1 && y < height && x > -1 && x < width)) {
            return outside;
        }
        int y0 = (int) Math.floor(y);
        int x0 = (int) Math.floor(x);
        double fy = y - y0;
        double fx = x - x0;
        double a;
        double b;
        double c;
        double d;
        int at = from + y0 * width + x0;
        if (y0 >= 0 && y0 < height - 1 && x0 >= 0 && x0 < width - 1) {
            a = source[at];
            b = source[at + 1];
            c = source[at + width];
            d = source[at + width + 1];
        } else {
            boolean top = y0 >= 0;
            boolean bottom = y0 < height - 1;
            boolean left = x0 >= 0;
            boolean right = x0 < width - 1;
            a = top && left ? source[at] : outside;
            b = top && right ? source[at + 1] : outside;
            c = bottom && left ? source[at + width] : outside;
            d = bottom && right ? source[at + width + 1] : outside;
        }
        return (float) ((1 - fy) * ((1 - fx) * a + fx * b) + fy * ((1 - fx) * c + fx * d));
    }

    /**
     * Replaces every pixel of an image by what the image has at yy·dy + yx·dx + ty, xy·dy + xx·dx + tx from the centre,
     * where (dy, dx) is the pixel, seen from the centre. At whole pixels the values are those of the image, bit for bit.
     *
     * @param yy share of dy in y
     * @param yx share of dx in y
     * @param ty shift of y in pixels
     * @param xy share of dy in x
     * @param xx share of dx in x
     * @param tx shift of x in pixels
     */
    public record Affine(double yy, double yx, double ty, double xy, double xx, double tx) {
        /**
         * Applies the map in place, to each channel alike.
         *
         * @param values array that holds the image
         * @param at where the image starts
         * @param image its shape [channels, height, width]
         * @param outside value of what lies outside the image
         */
        public void apply(float[] values, int at, Shape image, float outside) {
            int channels = image.dimension(0);
            int height = image.dimension(1);
            int width = image.dimension(2);
            float[] source = new float[image.size()];
            System.arraycopy(values, at, source, 0, source.length);
            double cy = (height - 1) / 2.0;
            double cx = (width - 1) / 2.0;
            for (int c = 0; c < channels; c++) {
                int plane = c * height * width;
                for (int y = 0; y < height; y++) {
                    for (int x = 0; x < width; x++) {
                        double dy = y - cy;
                        double dx = x - cx;
                        values[at + plane + y * width + x] = sample(
                                source,
                                plane,
                                height,
                                width,
                                yy * dy + yx * dx + ty + cy,
                                xy * dy + xx * dx + tx + cx,
                                outside);
                    }
                }
            }
        }
    }
}
