// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.Arrays;

/**
 * A discrete privacy loss distribution: masses of P at losses i · step, Q having e^(−loss) of each.
 *
 * <p>From above, a piece between two points of the grid is split onto both, so that P and Q keep their masses: the curve δ(ε)
 * of the pair is replaced by its chords. From below, the pair is post-processed: outcomes near a point of the grid are thrown
 * together, with as much of a neighbouring point as makes their common ratio that of the point.
 *
 * <p>Source: Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, Connect the Dots: Tighter Discrete Approximations of Privacy Loss
 * Distributions, PoPETs 2022, section 3; for the convex hull: Zhu, Dong, Wang, Optimal Accounting of Differential Privacy via
 * Characteristic Function, AISTATS 2022, proposition 8.
 */
final class Dots {
    /** Where a profile is cut off at the latest; what is left counts as a break. */
    static final int MOST_POINTS = 1 << 16;

    final double step;
    final int first;
    final double[] p;

    /** The P mass of infinite loss. */
    final double broken;

    private Dots(double step, int first, double[] p, double broken) {
        this.step = step;
        this.first = first;
        this.p = p;
        this.broken = broken;
    }

    /** A pair at least as far apart. */
    static Dots above(Cells cells) {
        double step = 2 * cells.width;
        int first = Math.floorDiv(cells.first, 2);
        int size = Math.floorDiv(cells.first + cells.p.length - 1, 2) - first + 2;
        double[] p = new double[size];
        double fall = -Math.expm1(-step);
        for (int i = 0; i < size - 1; i++) {
            int k = 2 * (first + i) - cells.first;
            double massP = at(cells.p, k) + at(cells.p, k + 1);
            double massQ = at(cells.q, k) + at(cells.q, k + 1);
            double up = (massP - Math.exp((first + i) * step) * massQ) / fall;
            up = Math.max(0, Math.min(massP, up));
            p[i + 1] += up;
            p[i] += massP - up;
        }
        p[0] += cells.lowP;
        return new Dots(step, first, p, cells.breakP + cells.highP);
    }

    /** A pair that a release of the cells' pair can be processed into. */
    static Dots below(Cells cells) {
        double step = 2 * cells.width;
        int first = Math.floorDiv(cells.first, 2) - 1;
        int size = Math.floorDiv(cells.first + cells.p.length - 1, 2) - first + 2;
        double[] rawP = new double[size + 1];
        double[] rawQ = new double[size + 1];
        for (int i = 0; i < size; i++) {
            int k = 2 * (first + i) - cells.first;
            rawP[i] = at(cells.p, k - 1) + at(cells.p, k);
            rawQ[i] = at(cells.q, k - 1) + at(cells.q, k);
        }
        double[] p = new double[size];
        double rise = Math.expm1(step);
        for (int i = 1; i < size; i++) {
            if (rawP[i] == 0) {
                continue;
            }
            double level = Math.exp((first + i) * step);
            double excess = rawP[i] - level * rawQ[i];
            if (excess >= -1e-14 * rawP[i]) {
                excess = Math.max(0, excess);
                double borrowed = excess / rise;
                if (borrowed <= p[i - 1]) {
                    p[i - 1] -= borrowed;
                    p[i] = rawP[i] + borrowed;
                } else {
                    p[i] = rawP[i];
                }
            } else {
                double next = rawP[i + 1] - level * rawQ[i + 1];
                double share = next > 0 ? -excess / next : 2;
                if (share <= 1) {
                    p[i] = rawP[i] + share * rawP[i + 1];
                    rawP[i + 1] *= 1 - share;
                    rawQ[i + 1] *= 1 - share;
                } else {
                    p[i - 1] += rawP[i];
                }
            }
        }
        return new Dots(step, first, p, cells.breakP);
    }

    /** A pair at least as far apart as any whose δ(ε) is below a profile, in both directions. */
    static Dots hull(Profile profile, double step, double least) {
        int size = 64;
        double[] height = new double[size];
        int count = 0;
        while (count < MOST_POINTS) {
            if (count == size) {
                size *= 2;
                height = Arrays.copyOf(height, size);
            }
            height[count] = profile.upper(count * step);
            if (height[count++] <= least) {
                break;
            }
        }
        // The convex hull from below of the points (e^(i step), height); its corners stay on the stack.
        int[] corner = new int[count];
        int depth = 0;
        for (int i = 0; i < count; i++) {
            while (depth > 1
                    && slope(height, step, corner[depth - 2], corner[depth - 1])
                            >= slope(height, step, corner[depth - 1], i)) {
                depth--;
            }
            corner[depth++] = i;
        }
        double[] p = new double[2 * count - 1];
        double broken = height[corner[depth - 1]];
        double rest = 1 - broken;
        double before = depth > 1 ? slope(height, step, corner[0], corner[1]) : 0;
        for (int j = 1; j < depth; j++) {
            int i = corner[j];
            double after = j + 1 < depth ? slope(height, step, i, corner[j + 1]) : 0;
            double massQ = Math.max(0, after - before);
            double massP = massQ * Math.exp(i * step);
            p[count - 1 + i] = massP;
            p[count - 1 - i] = massQ;
            rest -= massP + massQ;
            before = after;
        }
        p[count - 1] = Math.max(0, rest);
        return new Dots(step, 1 - count, p, broken);
    }

    /** Nothing is told. */
    static Dots nothing(double step) {
        return new Dots(step, 0, new double[] {1}, 0);
    }

    /** Rényi divergence of order α = 1 + excess of the finite losses, rounded up: ln Σ p e^(excess loss) / excess. */
    double divergence(double excess) {
        int last = p.length - 1;
        while (last > 0 && p[last] == 0) {
            last--;
        }
        double top = (first + last) * step;
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            if (p[i] > 0) {
                sum += p[i] * Math.exp(excess * ((first + i) * step - top));
            }
        }
        double log = Math.log(sum) + excess * top;
        return sum == 0 ? Double.POSITIVE_INFINITY : Math.max(0, (log + 4e-12) / excess + 1e-13 * (1 + Math.abs(top)));
    }

    private static double slope(double[] height, double step, int i, int j) {
        return (height[j] - height[i]) / (Math.exp(i * step) * Math.expm1((j - i) * step));
    }

    private static double at(double[] values, int i) {
        return i < 0 || i >= values.length ? 0 : values[i];
    }
}
