// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A dotted white line from the left to the right border, between uniform heights. At the distance d above or below the line
 * it adds 1 + ln(1 − d/r) of the range, if that is positive; dots and gaps are a fourteenth of the shorter side long, at
 * least a pixel (Mu, Gilmer, MNIST-C, 2019, where r is 2.3 pixels of 28 and there are no severities).
 *
 * @param reaches r for each severity, as a share of the shorter side; 0 changes nothing
 * @param seed seed of the lines
 */
public record DottedLine(List<Double> reaches, Seed seed) implements Corruption {
    /** Checks the amounts. */
    public DottedLine {
        reaches = Images.five("reaches", reaches);
    }

    /**
     * r = 0.04, 0.06, 0.082, 0.11, 0.14 of the shorter side: our choice around MNIST-C, which is the third.
     *
     * @param seed seed of the lines
     * @return the corruption
     */
    public static DottedLine standard(Seed seed) {
        return new DottedLine(List.of(0.04, 0.06, 0.082, 0.11, 0.14), seed);
    }

    @Override
    public String name() {
        return "dotted-line";
    }

    @Override
    public Batch apply(Batch images, Bounds bounds, int severity) {
        Shape shape = Images.requireImages(images);
        double reach = Images.pixels(Images.at(reaches, severity), shape);
        double range = Images.range(bounds);
        int height = shape.dimension(1);
        int width = shape.dimension(2);
        int dot = (int) Math.max(1, Math.round(Images.pixels(1 / 14.0, shape)));
        Seed stream = Images.stream(seed, this, severity);
        return Images.map(images, bounds, (row, values, at) -> {
            RandomGenerator random = stream.generator(images.rowNumber(row));
            double left = random.nextDouble() * (height - 1);
            double right = random.nextDouble() * (height - 1);
            for (int x = 0; x < width; x++) {
                if (x / dot % 2 == 0) {
                    double line = width == 1 ? left : left + (right - left) * x / (width - 1);
                    int last = (int) Math.min(height - 1, Math.floor(line + reach));
                    for (int y = (int) Math.max(0, Math.ceil(line - reach)); y <= last; y++) {
                        double d = Math.abs(y - line);
                        if (d < reach) {
                            double added = range * Math.max(0, 1 + Math.log(1 - d / reach));
                            for (int i = at + y * width + x; i < at + shape.size(); i += height * width) {
                                values[i] = (float) (values[i] + added);
                            }
                        }
                    }
                }
            }
        });
    }
}
