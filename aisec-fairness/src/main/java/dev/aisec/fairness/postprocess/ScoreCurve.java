// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The ROC curve of a group, in masses: for thresholds from high to low, how much weight with a favourable and with an unfavourable
 * label has a score that reaches the threshold. Immutable. The first point accepts nobody, the last one everybody. Masses of whole
 * weights are exact; others are sums with compensation.
 */
public final class ScoreCurve {
    /** Masses outside are refused: quotients could overflow. */
    private static final double LEAST = 1e-150;

    private static final int DIGIT = 11;

    private final int group;
    private final String name;
    final double[] threshold;
    final double[] fp;
    final double[] tp;

    ScoreCurve(int group, String name, double[] threshold, double[] fp, double[] tp) {
        this.group = group;
        this.name = name;
        this.threshold = threshold;
        this.fp = fp;
        this.tp = tp;
    }

    /**
     * Returns the number of the group.
     *
     * @return in the space of the rows
     */
    public int group() {
        return group;
    }

    /**
     * Returns the name of the group.
     *
     * @return for a reader
     */
    public String name() {
        return name;
    }

    /**
     * Returns how many points there are.
     *
     * @return at least 2
     */
    public int size() {
        return threshold.length;
    }

    /**
     * The threshold of a point.
     *
     * @param point its number
     * @return scores of at least this are accepted; positive infinity at the first point, negative infinity at the last
     */
    public double threshold(int point) {
        return threshold[point];
    }

    /**
     * The false positives of a point.
     *
     * @param point its number
     * @return accepted weight with an unfavourable label
     */
    public double falsePositives(int point) {
        return fp[point];
    }

    /**
     * The true positives of a point.
     *
     * @param point its number
     * @return accepted weight with a favourable label
     */
    public double truePositives(int point) {
        return tp[point];
    }

    /**
     * Returns the weight with a favourable label.
     *
     * @return at least 0
     */
    public double positives() {
        return tp[tp.length - 1];
    }

    /**
     * Returns the weight with an unfavourable label.
     *
     * @return at least 0
     */
    public double negatives() {
        return fp[fp.length - 1];
    }

    /** The number of the point with a threshold, or negative if there is none. */
    int point(double wanted) {
        int low = 0;
        int high = threshold.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (threshold[middle] == wanted) {
                return middle;
            }
            if (threshold[middle] > wanted) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    /** The points on the upper hull only. */
    ScoreCurve upperHull() {
        return select(chain(1));
    }

    /** The points on the upper or the lower hull. */
    ScoreCurve hull() {
        return select(IntStream.concat(Arrays.stream(chain(1)), Arrays.stream(chain(-1)))
                .sorted()
                .distinct()
                .toArray());
    }

    /** Andrew's monotone chain; side 1 is the upper hull. */
    private int[] chain(int side) {
        int[] kept = new int[threshold.length];
        int size = 0;
        for (int j = 0; j < threshold.length; j++) {
            while (size >= 2 && side * turn(kept[size - 2], kept[size - 1], j) >= 0) {
                size--;
            }
            kept[size++] = j;
        }
        return Arrays.copyOf(kept, size);
    }

    /** Negative for a turn to the right. */
    private double turn(int a, int b, int c) {
        return (fp[b] - fp[a]) * (tp[c] - tp[b]) - (tp[b] - tp[a]) * (fp[c] - fp[b]);
    }

    ScoreCurve select(int[] points) {
        double[] t = new double[points.length];
        double[] f = new double[points.length];
        double[] p = new double[points.length];
        for (int i = 0; i < points.length; i++) {
            t[i] = threshold[points[i]];
            f[i] = fp[points[i]];
            p[i] = tp[points[i]];
        }
        return new ScoreCurve(group, name, t, f, p);
    }

    /** This curve at other thresholds, given from high to low. */
    ScoreCurve at(double[] thresholds) {
        double[] f = new double[thresholds.length];
        double[] p = new double[thresholds.length];
        int j = 0;
        for (int i = 0; i < thresholds.length; i++) {
            while (j + 1 < threshold.length && threshold[j + 1] >= thresholds[i]) {
                j++;
            }
            f[i] = fp[j];
            p[i] = tp[j];
        }
        return new ScoreCurve(group, name, thresholds, f, p);
    }

    /** The full curve of every group that has weight, in the order of the groups. */
    static List<ScoreCurve> of(GroupedRows rows, double[] scores) {
        Checks.scores(rows, scores);
        int[] order = byGroup(rows, descending(scores));
        List<ScoreCurve> curves = new ArrayList<>();
        for (int from = 0; from < order.length; ) {
            int group = rows.group(order[from]);
            int to = from + 1;
            while (to < order.length && rows.group(order[to]) == group) {
                to++;
            }
            ScoreCurve curve = of(rows, scores, order, from, to);
            if (curve.positives() + curve.negatives() > 0) {
                curves.add(curve);
            }
            from = to;
        }
        if (curves.isEmpty()) {
            throw new IllegalArgumentException("rows must have weight, " + rows.size() + " rows had none");
        }
        return curves;
    }

    private static ScoreCurve of(GroupedRows rows, double[] scores, int[] order, int from, int to) {
        double[] t = new double[to - from + 2];
        double[] f = new double[to - from + 2];
        double[] p = new double[to - from + 2];
        t[0] = Double.POSITIVE_INFINITY;
        Sum positives = new Sum();
        Sum negatives = new Sum();
        int size = 1;
        for (int i = from; i < to; ) {
            double score = scores[order[i]];
            for (; i < to && scores[order[i]] == score; i++) {
                int row = order[i];
                (rows.favourable(row) ? positives : negatives).add(rows.weight(row));
            }
            // Rounding must not make the curve fall.
            double tp = Math.max(positives.value(), p[size - 1]);
            double fp = Math.max(negatives.value(), f[size - 1]);
            if (tp > p[size - 1] || fp > f[size - 1]) {
                t[size] = score;
                p[size] = tp;
                f[size++] = fp;
            }
        }
        t[size] = Double.NEGATIVE_INFINITY;
        p[size] = p[size - 1];
        f[size] = f[size - 1];
        size++;
        int group = rows.group(order[from]);
        String name = rows.space().name(group);
        checkMass(name, p[size - 1]);
        checkMass(name, f[size - 1]);
        return new ScoreCurve(group, name, Arrays.copyOf(t, size), Arrays.copyOf(f, size), Arrays.copyOf(p, size));
    }

    private static void checkMass(String name, double mass) {
        if (mass != 0 && !(mass >= LEAST && mass <= 1 / LEAST)) {
            throw new IllegalArgumentException("weight of each label in a group must be 0 or in [" + LEAST + ", "
                    + 1 / LEAST + "], was " + mass + " in " + name);
        }
    }

    /** The rows sorted by group, stable. */
    private static int[] byGroup(GroupedRows rows, int[] sorted) {
        int[] start = new int[rows.space().size() + 1];
        for (int row : sorted) {
            start[rows.group(row) + 1]++;
        }
        for (int g = 1; g < start.length; g++) {
            start[g] += start[g - 1];
        }
        int[] order = new int[sorted.length];
        for (int row : sorted) {
            order[start[rows.group(row)]++] = row;
        }
        return order;
    }

    /** The numbers of the rows by descending score; radix sort, stable. */
    static int[] descending(double[] scores) {
        int n = scores.length;
        long[] keys = new long[n];
        int passes = (Long.SIZE + DIGIT - 1) / DIGIT;
        int[][] counts = new int[passes][1 << DIGIT];
        for (int i = 0; i < n; i++) {
            // Adding 0 turns −0 into 0.
            long bits = Double.doubleToRawLongBits(scores[i] + 0.0);
            long key = ~(bits ^ (bits >> 63 | Long.MIN_VALUE));
            keys[i] = key;
            for (int pass = 0; pass < passes; pass++) {
                counts[pass][digit(key, pass)]++;
            }
        }
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        long[] otherKeys = new long[n];
        int[] otherOrder = new int[n];
        for (int pass = 0; pass < passes && n > 0; pass++) {
            int[] count = counts[pass];
            if (count[digit(keys[0], pass)] == n) {
                continue;
            }
            int start = 0;
            for (int d = 0; d < count.length; d++) {
                int next = start + count[d];
                count[d] = start;
                start = next;
            }
            for (int i = 0; i < n; i++) {
                int to = count[digit(keys[i], pass)]++;
                otherKeys[to] = keys[i];
                otherOrder[to] = order[i];
            }
            long[] swap = keys;
            keys = otherKeys;
            otherKeys = swap;
            int[] swapOrder = order;
            order = otherOrder;
            otherOrder = swapOrder;
        }
        return order;
    }

    private static int digit(long key, int pass) {
        return (int) (key >>> pass * DIGIT) & ((1 << DIGIT) - 1);
    }

    /** Neumaier's compensated sum. */
    static final class Sum {
        private double sum;
        private double lost;

        void add(double x) {
            double next = sum + x;
            lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
            sum = next;
        }

        double value() {
            return sum + lost;
        }
    }
}
