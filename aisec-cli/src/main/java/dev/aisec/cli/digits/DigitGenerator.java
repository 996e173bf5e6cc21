// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli.digits;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.smoothing.GaussianNoise;
import java.util.random.RandomGenerator;

/**
 * Draws images of handwritten digits: strokes of several styles, bent by a smooth random displacement (elastic
 * distortion), turned, sheared, scaled and shifted, drawn with random thickness and pressure, with stray marks and noise.
 * Hard enough that a small convolutional network gets 95 to 99 % of them, not all.
 *
 * <p>Image i depends on seed and i only. Classes are balanced. Values are multiples of 1/255 in [0, 1].
 *
 * <p>Elastic distortion: Simard, Steinkraus, Platt, Best Practices for Convolutional Neural Networks, ICDAR 2003; here on a
 * coarse grid of displacements, applied to the strokes.
 *
 * @param seed seed of the images
 */
public record DigitGenerator(Seed seed) {
    /** Rows and columns of an image. */
    public static final int SIDE = 28;

    private static final int GRID = 5;
    private static final int STEPS = 6;

    /**
     * Draws images.
     *
     * @param count how many; image i has class i mod 10
     * @return images of shape (1, 28, 28) with labels
     */
    public Labelled generate(int count) {
        float[] pixels = new float[Math.multiplyExact(count, SIDE * SIDE)];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 10;
            draw(labels[i], seed.generator(i), pixels, i * SIDE * SIDE);
        }
        return new Labelled(Batch.wrap(pixels, Shape.of(1, SIDE, SIDE)), Targets.of(labels));
    }

    private static void draw(int digit, RandomGenerator random, float[] pixels, int at) {
        double[][][] styles = Strokes.STYLES[digit];
        double[][] strokes = styles[random.nextInt(styles.length)];
        // Not random.nextGaussian(): JDK 17 and 25 differ in its far tail.
        GaussianNoise normal = new GaussianNoise(random);
        Warp warp = new Warp(normal);
        double thickness = 0.9 + 1.0 * random.nextDouble();
        double softness = 0.8 + 0.7 * random.nextDouble();
        double pressure = 0.7 + 0.3 * random.nextDouble();
        double[] ink = new double[SIDE * SIDE];
        for (double[] stroke : strokes) {
            double[] bent = warp.apply(stroke, normal);
            // Pressure and width change from stroke to stroke.
            line(ink, curve(bent), thickness * (0.85 + 0.3 * random.nextDouble()), softness, pressure);
        }
        if (random.nextInt(4) == 0) {
            clutter(ink, random, softness);
        }
        if (random.nextInt(6) == 0) {
            gap(ink, random);
        }
        double noise = 0.1 * random.nextDouble();
        for (int i = 0; i < ink.length; i++) {
            double value = ink[i] + noise * normal.next();
            pixels[at + i] = Math.round(255 * Math.min(1, Math.max(0, value))) / 255f;
        }
    }

    /** A stray mark near the border. */
    private static void clutter(double[] ink, RandomGenerator random, double softness) {
        double x = SIDE * random.nextDouble();
        double y = random.nextBoolean() ? 2 + 3 * random.nextDouble() : SIDE - 5 + 3 * random.nextDouble();
        double angle = 2 * Math.PI * random.nextDouble();
        double length = 3 + 5 * random.nextDouble();
        double[] mark = {x, y, x + length * Math.cos(angle), y + length * Math.sin(angle)};
        line(ink, mark, 0.7, softness, 0.35 + 0.45 * random.nextDouble());
    }

    /** A pale band across the image, as of a pen that fails. */
    private static void gap(double[] ink, RandomGenerator random) {
        double angle = Math.PI * random.nextDouble();
        double offset = 8 * random.nextDouble() - 4;
        double width = 0.7 + 0.9 * random.nextDouble();
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                double d = (x - 13.5) * Math.cos(angle) + (y - 13.5) * Math.sin(angle) - offset;
                if (Math.abs(d) < width) {
                    ink[y * SIDE + x] *= 0.25;
                }
            }
        }
    }

    /** Catmull-Rom through the points. */
    private static double[] curve(double[] points) {
        int n = points.length / 2;
        if (n == 2) {
            return points;
        }
        double[] fine = new double[2 * ((n - 1) * STEPS + 1)];
        int k = 0;
        for (int i = 0; i < n - 1; i++) {
            int before = Math.max(0, i - 1);
            int after = Math.min(n - 1, i + 2);
            for (int s = 0; s < STEPS; s++) {
                double t = (double) s / STEPS;
                for (int d = 0; d < 2; d++) {
                    double p0 = points[2 * before + d];
                    double p1 = points[2 * i + d];
                    double p2 = points[2 * i + 2 + d];
                    double p3 = points[2 * after + d];
                    fine[k++] = 0.5
                            * (2 * p1
                                    + (p2 - p0) * t
                                    + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t
                                    + (3 * p1 - p0 - 3 * p2 + p3) * t * t * t);
                }
            }
        }
        fine[k++] = points[2 * n - 2];
        fine[k] = points[2 * n - 1];
        return fine;
    }

    /** Ink by the distance to a polyline, with a soft edge. */
    private static void line(double[] ink, double[] points, double radius, double softness, double pressure) {
        for (int i = 0; i + 3 < points.length; i += 2) {
            double ax = points[i];
            double ay = points[i + 1];
            double bx = points[i + 2] - ax;
            double by = points[i + 3] - ay;
            double reach = radius + softness + 1;
            int x0 = (int) Math.max(0, Math.floor(Math.min(ax, ax + bx) - reach));
            int x1 = (int) Math.min(SIDE - 1, Math.ceil(Math.max(ax, ax + bx) + reach));
            int y0 = (int) Math.max(0, Math.floor(Math.min(ay, ay + by) - reach));
            int y1 = (int) Math.min(SIDE - 1, Math.ceil(Math.max(ay, ay + by) + reach));
            double square = bx * bx + by * by;
            for (int y = y0; y <= y1; y++) {
                for (int x = x0; x <= x1; x++) {
                    double t = square == 0 ? 0 : ((x - ax) * bx + (y - ay) * by) / square;
                    t = Math.min(1, Math.max(0, t));
                    double distance = Math.hypot(x - ax - t * bx, y - ay - t * by);
                    double value = pressure * Math.min(1, Math.max(0, (radius - distance) / softness + 0.5));
                    ink[y * SIDE + x] = Math.max(ink[y * SIDE + x], value);
                }
            }
        }
    }

    /** From the unit square of the strokes to pixels, bent by chance. */
    private static final class Warp {
        private final double[] dx = new double[GRID * GRID];
        private final double[] dy = new double[GRID * GRID];
        private final double xx;
        private final double xy;
        private final double yx;
        private final double yy;
        private final double tx;
        private final double ty;

        Warp(GaussianNoise normal) {
            double bend = 0.055;
            for (int i = 0; i < dx.length; i++) {
                dx[i] = bend * normal.next();
                dy[i] = bend * normal.next();
            }
            double angle = Math.toRadians(11 * normal.next());
            double shear = 0.18 * normal.next();
            double width = SIDE * (0.7 + 0.09 * normal.next());
            double height = SIDE * (0.76 + 0.06 * normal.next());
            xx = width * Math.cos(angle);
            xy = -height * Math.sin(angle) - width * shear;
            yx = width * Math.sin(angle);
            yy = height * Math.cos(angle);
            tx = SIDE / 2.0 - 0.5 + 1.4 * normal.next();
            ty = SIDE / 2.0 - 0.5 + 1.1 * normal.next();
        }

        double[] apply(double[] stroke, GaussianNoise normal) {
            double[] result = new double[stroke.length];
            for (int i = 0; i < stroke.length; i += 2) {
                double x = stroke[i] + 0.018 * normal.next();
                double y = stroke[i + 1] + 0.018 * normal.next();
                double u = x + at(dx, x, y) - 0.5;
                double v = y + at(dy, x, y) - 0.5;
                result[i] = tx + xx * u + xy * v;
                result[i + 1] = ty + yx * u + yy * v;
            }
            return result;
        }

        private static double at(double[] field, double x, double y) {
            double gx = Math.min(GRID - 1.001, Math.max(0, x * (GRID - 1)));
            double gy = Math.min(GRID - 1.001, Math.max(0, y * (GRID - 1)));
            int ix = (int) gx;
            int iy = (int) gy;
            double fx = gx - ix;
            double fy = gy - iy;
            int i = iy * GRID + ix;
            return (1 - fy) * ((1 - fx) * field[i] + fx * field[i + 1])
                    + fy * ((1 - fx) * field[i + GRID] + fx * field[i + GRID + 1]);
        }
    }
}
