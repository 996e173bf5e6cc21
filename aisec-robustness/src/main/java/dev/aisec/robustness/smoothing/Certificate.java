// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

/** What randomized smoothing says of one example. */
public sealed interface Certificate {
    /**
     * The smoothed classifier gives this class to every input closer than the radius, in the norm of the noise
     * (L0: to every input that differs in at most so many positions). True with probability at least 1 −
     * α over the noise drawn.
     *
     * @param label the class
     * @param radius how far the guarantee reaches; at least 0
     * @param lowerBound lower bound of the class's probability under noise, above 1/2
     * @param hits estimation samples that gave the class
     * @param samples estimation samples
     */
    record Certified(int label, double radius, double lowerBound, long hits, long samples) implements Certificate {}

    /**
     * Nothing can be said at this confidence.
     *
     * @param candidate the class that most selection samples gave
     * @param lowerBound lower bound of its probability under noise, at most 1/2
     * @param hits estimation samples that gave it
     * @param samples estimation samples
     */
    record Abstained(int candidate, double lowerBound, long hits, long samples) implements Certificate {}
}
