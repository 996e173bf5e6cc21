// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;

/**
 * A moving camera: each pixel becomes the mean of the image, interpolated bilinearly, along a segment centred on it. The
 * angle of the segment is uniform within 45° of the horizontal, one for each image. Beyond the border the nearest pixel is
 * repeated. (Hendrycks and Dietterich weigh one half of the segment by a Gaussian; we use steady motion.)
 *
 * @param lengths length of the segment for each severity, as a share of the shorter side, in [0, 1]; 0 changes
 *     nothing
 * @param seed seed of the angles
 */
public record MotionBlur(List<Double> lengths, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public MotionBlur {
        lengths = Images.fiveShares("lengths", lengths);
    }

    /**
     * Length 0.05, 0.075, 0.1, 0.15, 0.2 of the shorter side: our choice. Segments of the same spread as the half Gaussians
     * of Hendrycks and Dietterich, ICLR 2019, have 0.03 to 0.12 (ImageNet-C) and 0.065 to 0.16 (CIFAR-10-C).
     *
     * @param seed seed of the angles
     * @return the corruption
     */
    public static MotionBlur standard(Seed seed) {
        return new MotionBlur(List.of(0.05, 0.075, 0.1, 0.15, 0.2), seed);
    }

    @Override
    public String name() {
        return "motion-blur";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        double length = Images.pixels(Images.at(lengths, severity), shape);
        int plane = shape.dimension(1) * shape.dimension(2);
        Seed stream = Images.stream(seed, this, severity);
        Convolution convolution = new Convolution(shape.dimension(1), shape.dimension(2));
        return Images.map(images, bounds, (row, values, at) -> {
            double angle = (stream.generator(images.rowNumber(row)).nextDouble() - 0.5) * Math.PI / 2;
            Convolution.Points kernel = segment(length, angle);
            for (int from = at; from < at + shape.size(); from += plane) {
                convolution.sparse(kernel, values, from);
            }
        });
    }

    /** Midpoints of equal parts of the segment, at least eight to a pixel. */
    static Convolution.Points segment(double length, double angle) {
        int count = Math.max(8, (int) Math.ceil(8 * length));
        double[] ys = new double[count];
        double[] xs = new double[count];
        for (int i = 0; i < count; i++) {
            double t = length * ((i + 0.5) / count - 0.5);
            ys[i] = Math.sin(angle) * t;
            xs[i] = Math.cos(angle) * t;
        }
        return new Convolution.Points(ys, xs);
    }
}
