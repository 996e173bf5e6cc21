// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Bounds;

/** What the bounds of a model say about an input. */
final class Box {
    private Box() {}

    /** How far the farthest corner is; infinite if the box is. */
    static double farthest(Norm norm, Bounds bounds, float[] x, int at, int n) {
        double sum = 0;
        double max = 0;
        for (int i = 0; i < n; i++) {
            double here = x[at + i];
            double d = Math.max(here - bounds.lower(i), bounds.upper(i) - here);
            max = Math.max(max, d);
            sum += norm == Norm.L2 ? d * d : d;
        }
        return switch (norm) {
            case L0 -> n;
            case L1 -> sum;
            case L2 -> Math.sqrt(sum);
            case LINF -> max;
        };
    }
}
