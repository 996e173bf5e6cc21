// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Progress;
import dev.aisec.fairness.metric.GroupScores.Block;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** Poisson bootstrap of the score tables of two groups on common bins, at most 512. */
final class ScoreBootstrap {
    private static final int MOST_BINS = 512;
    private static final int GRID = 257;

    private final double[] values;
    /** By side and label. */
    private final double[][][] cells;

    private final double[][][] units;
    private final AuditSettings settings;

    private ScoreBootstrap(double[] values, double[][][] cells, double[][][] units, AuditSettings settings) {
        this.values = values;
        this.cells = cells;
        this.units = units;
        this.settings = settings;
    }

    static ScoreBootstrap of(Block a, Block b, AuditSettings settings) {
        double[] support = support(a, b);
        int bins = Math.min(MOST_BINS, support.length);
        double[] values = new double[bins];
        int[] bin = new int[support.length];
        for (int i = 0; i < support.length; i++) {
            bin[i] = (int) ((long) i * bins / support.length);
            values[bin[i]] = support[i];
        }
        double[][][] cells = new double[2][2][bins];
        double[][][] units = new double[2][2][bins];
        for (int side = 0; side < 2; side++) {
            Block block = side == 0 ? a : b;
            for (int label = 0; label < 2; label++) {
                for (int i = 0; i < block.values().length; i++) {
                    int at = bin[Arrays.binarySearch(support, block.values()[i])];
                    cells[side][label][at] += block.weights()[label][i];
                    units[side][label][at] += block.squares()[label][i];
                }
                for (int i = 0; i < bins; i++) {
                    units[side][label][i] =
                            cells[side][label][i] > 0 ? units[side][label][i] / cells[side][label][i] : 0;
                }
            }
        }
        return new ScoreBootstrap(values, cells, units, settings);
    }

    private static double[] support(Block a, Block b) {
        double[] all = Arrays.copyOf(a.values(), a.values().length + b.values().length);
        System.arraycopy(b.values(), 0, all, a.values().length, b.values().length);
        Arrays.sort(all);
        return GroupScores.distinct(all);
    }

    /** Kolmogorov-Smirnov and Wasserstein-1 distance of two samples. */
    static double[] gaps(Block a, Block b) {
        double allA = a.total(0) + a.total(1);
        double allB = b.total(0) + b.total(1);
        double gap = 0;
        double largest = 0;
        double area = 0;
        int i = 0;
        int j = 0;
        double x = 0;
        boolean first = true;
        while (i < a.values().length || j < b.values().length) {
            double next = Math.min(
                    i < a.values().length ? a.values()[i] : Double.POSITIVE_INFINITY,
                    j < b.values().length ? b.values()[j] : Double.POSITIVE_INFINITY);
            area += first ? 0 : Math.abs(gap) * (next - x);
            first = false;
            x = next;
            if (i < a.values().length && a.values()[i] == x) {
                gap += (a.weights()[0][i] + a.weights()[1][i]) / allA;
                i++;
            }
            if (j < b.values().length && b.values()[j] == x) {
                gap -= (b.weights()[0][j] + b.weights()[1][j]) / allB;
                j++;
            }
            largest = Math.max(largest, Math.abs(gap));
        }
        return new double[] {Math.min(1, largest), area};
    }

    private interface Deviation {
        double of(double[][][] drawn);
    }

    /** Rule of three: what may hide in the smallest sample even if no draw of the bootstrap moves. */
    private double unseen(boolean byLabel) {
        double least = Double.POSITIVE_INFINITY;
        for (int side = 0; side < 2; side++) {
            double[] size = new double[2];
            for (int label = 0; label < 2; label++) {
                for (int i = 0; i < values.length; i++) {
                    size[label] += units[side][label][i] > 0 ? cells[side][label][i] / units[side][label][i] : 0;
                }
            }
            least = Math.min(least, byLabel ? Math.min(size[0], size[1]) : size[0] + size[1]);
        }
        return Math.min(1, -Math.log1p(-settings.confidence()) / least);
    }

    private double quantile(Deviation deviation) {
        double[] found = new double[settings.replicates()];
        double[][][] drawn = new double[2][2][values.length];
        Poisson[][][] laws = new Poisson[2][2][values.length];
        for (int side = 0; side < 2; side++) {
            for (int label = 0; label < 2; label++) {
                for (int i = 0; i < values.length; i++) {
                    double unit = units[side][label][i];
                    laws[side][label][i] = new Poisson(unit > 0 ? cells[side][label][i] / unit : 0);
                }
            }
        }
        for (int r = 0; r < found.length; r++) {
            Progress.checkInterrupted();
            RandomGenerator random = settings.seed().generator(r);
            for (int side = 0; side < 2; side++) {
                for (int label = 0; label < 2; label++) {
                    double total = 0;
                    for (int i = 0; i < values.length; i++) {
                        double unit = units[side][label][i];
                        double weight = unit > 0 ? laws[side][label][i].next(random) * unit : 0;
                        drawn[side][label][i] = weight;
                        total += weight;
                    }
                    // A draw without any row says nothing: the table itself takes its place.
                    if (total == 0) {
                        System.arraycopy(cells[side][label], 0, drawn[side][label], 0, values.length);
                    }
                }
            }
            found[r] = deviation.of(drawn);
        }
        return settings.quantile(found);
    }

    double rocDeviation() {
        double[][] base = new double[2][GRID];
        for (int side = 0; side < 2; side++) {
            RocCurves.sample(RocCurves.of(cells[side][0], cells[side][1], values.length), base[side]);
        }
        double[][] moved = new double[2][GRID];
        double drift = quantile(drawn -> {
            for (int side = 0; side < 2; side++) {
                RocCurves.sample(RocCurves.of(drawn[side][0], drawn[side][1], values.length), moved[side]);
            }
            double area = 0;
            for (int k = 0; k < GRID; k++) {
                double gap = moved[0][k] - base[0][k] - moved[1][k] + base[1][k];
                area += Math.abs(gap) / (k == 0 || k == GRID - 1 ? 2 : 1);
            }
            return area / (GRID - 1);
        });
        return Math.max(drift, unseen(true));
    }

    double transportDeviation() {
        double[] total = new double[2];
        for (int side = 0; side < 2; side++) {
            total[side] = Arrays.stream(cells[side][0]).sum()
                    + Arrays.stream(cells[side][1]).sum();
        }
        double drift = quantile(drawn -> {
            double[] all = new double[2];
            for (int side = 0; side < 2; side++) {
                all[side] = Arrays.stream(drawn[side][0]).sum()
                        + Arrays.stream(drawn[side][1]).sum();
            }
            double gap = 0;
            double area = 0;
            for (int i = 0; i < values.length; i++) {
                area += i > 0 ? Math.abs(gap) * (values[i] - values[i - 1]) : 0;
                for (int label = 0; label < 2; label++) {
                    gap += drawn[0][label][i] / all[0] - cells[0][label][i] / total[0];
                    gap -= drawn[1][label][i] / all[1] - cells[1][label][i] / total[1];
                }
            }
            return area;
        });
        return Math.max(drift, unseen(false) * (values[values.length - 1] - values[0]));
    }
}
