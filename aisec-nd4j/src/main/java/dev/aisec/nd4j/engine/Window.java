// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

/**
 * The window of a convolution or pooling over (height, width): size, stride, dilation, and the padding on each side.
 *
 * @param height rows
 * @param width columns
 * @param strideY step down
 * @param strideX step right
 * @param dilationY distance of taps down
 * @param dilationX distance of taps right
 * @param top padding above
 * @param bottom padding below
 * @param left padding on the left
 * @param right padding on the right
 */
public record Window(
        int height,
        int width,
        int strideY,
        int strideX,
        int dilationY,
        int dilationX,
        int top,
        int bottom,
        int left,
        int right) {
    /** Checks the components. */
    public Window {
        if (height < 1 || width < 1 || strideY < 1 || strideX < 1 || dilationY < 1 || dilationX < 1) {
            throw new IllegalArgumentException("size, stride and dilation must be >= 1, were " + height + "x" + width
                    + ", " + strideY + "x" + strideX + ", " + dilationY + "x" + dilationX);
        }
        if (top < 0 || bottom < 0 || left < 0 || right < 0) {
            throw new IllegalArgumentException(
                    "padding must be >= 0, was " + top + ", " + bottom + ", " + left + ", " + right);
        }
    }

    /**
     * A window without padding and dilation.
     *
     * @param size rows and columns
     * @param stride step down and right
     * @return the window
     */
    public static Window square(int size, int stride) {
        return new Window(size, size, stride, stride, 1, 1, 0, 0, 0, 0);
    }

    /**
     * The same window with equal padding on all sides.
     *
     * @param padding rows and columns added on each side
     * @return the window
     */
    public Window withPadding(int padding) {
        return new Window(height, width, strideY, strideX, dilationY, dilationX, padding, padding, padding, padding);
    }

    int outputHeight(int inputHeight) {
        return length((long) inputHeight + top + bottom, height, strideY, dilationY);
    }

    int outputWidth(int inputWidth) {
        return length((long) inputWidth + left + right, width, strideX, dilationX);
    }

    private static int length(long padded, int size, int stride, int dilation) {
        long reach = (size - 1L) * dilation + 1;
        if (reach > padded) {
            throw new IllegalArgumentException("window must fit the padded input of " + padded + ", was " + reach);
        }
        return Math.toIntExact((padded - reach) / stride + 1);
    }
}
