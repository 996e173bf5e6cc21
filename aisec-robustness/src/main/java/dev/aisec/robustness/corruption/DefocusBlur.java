// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * A lens out of focus: each pixel becomes the mean of the image, interpolated bilinearly, over a disc around it. Beyond the
 * border the nearest pixel is repeated.
 *
 * @param radii radius of the disc for each severity, as a share of the shorter side, in [0, 1]; 0 changes
 *     nothing
 */
public record DefocusBlur(List<Double> radii) implements Corruption {
    /** Checks the amounts. */
    public DefocusBlur {
        radii = Images.fiveShares("radii", radii);
    }

    /**
     * Radius 0.0134, 0.0179, 0.0268, 0.0357, 0.0446 of the shorter side: 3, 4, 6, 8 and 10 pixels of 224 (Hendrycks,
     * Dietterich, ICLR 2019, ImageNet-C; their CIFAR-10-C has 0.0094 to 0.047).
     *
     * @return the corruption
     */
    public static DefocusBlur standard() {
        return new DefocusBlur(List.of(0.0134, 0.0179, 0.0268, 0.0357, 0.0446));
    }

    @Override
    public String name() {
        return "defocus-blur";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        Convolution.Points kernel = disc(Images.pixels(Images.at(radii, severity), shape));
        int plane = shape.dimension(1) * shape.dimension(2);
        Convolution convolution = new Convolution(shape.dimension(1), shape.dimension(2));
        return Images.map(images, bounds, (row, values, at) -> {
            for (int from = at; from < at + shape.size(); from += plane) {
                convolution.sparse(kernel, values, from);
            }
        });
    }

    /** A grid of points inside the disc, at least four to a pixel. */
    private static Convolution.Points disc(double radius) {
        int half = Math.max(16, (int) Math.ceil(4 * radius));
        double[] ys = new double[(2 * half + 1) * (2 * half + 1)];
        double[] xs = new double[ys.length];
        int count = 0;
        for (int y = -half; y <= half; y++) {
            for (int x = -half; x <= half; x++) {
                if (x * x + y * y <= half * half) {
                    ys[count] = radius * y / half;
                    xs[count++] = radius * x / half;
                }
            }
        }
        return new Convolution.Points(Arrays.copyOf(ys, count), Arrays.copyOf(xs, count));
    }
}
