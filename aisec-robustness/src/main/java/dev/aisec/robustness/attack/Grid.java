// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Shape;

/** The features of an example as an image: [C, H, W] is one, [H, W] has one channel, all else is a strip of one pixel's height. */
record Grid(int channels, int height, int width) {
    static Grid of(Shape shape) {
        return switch (shape.rank()) {
            case 3 -> new Grid(shape.dimension(0), shape.dimension(1), shape.dimension(2));
            case 2 -> new Grid(1, shape.dimension(0), shape.dimension(1));
            default -> new Grid(1, 1, shape.size());
        };
    }

    int pixels() {
        return height * width;
    }

    int index(int channel, int row, int column) {
        return (channel * height + row) * width + column;
    }
}
