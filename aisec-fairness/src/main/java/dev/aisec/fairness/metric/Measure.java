// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.fairness.internal.Mover;
import dev.aisec.fairness.internal.Proportion;
import java.util.List;
import java.util.Locale;

/**
 * What is measured of one group. "Positive" is a favourable label, "selected" a favourable decision; TP, FP, TN, FN count
 * decisions against labels accordingly.
 *
 * <p>Limit: labels are recorded ones. Where the record itself is biased, or a label is only seen after a favourable
 * decision, a rate measures the record and not the people.
 *
 * <p>Intervals: for shares the hull of the mid-P and the score interval, its odds for the treatment ratio, and the method
 * of variance estimates recovery for balanced accuracy. At 95 % and n ≥ 30 a share is covered with 95.8 % in the mean and
 * 93.0 % at least for rates in [0.01, 0.99].
 *
 * <p>Weights: the interval stands on the effective number of rows p(1 − p)/V, at most the rows, where V = ΣΣ w²(y − p)²/(Σw)²
 * is the design-based variance of p for independently drawn rows; weights may depend on the decision and the label. Simulated
 * with weights that vary by a factor of ten by chance and of three with the decision, at rates from 0.13 to 0.67, intervals of
 * shares, differences and ratios cover with 93 % at least from 100 rows a group on. Limit: with 30 rows, where one or two of
 * them carry most of the weight, with 86 % at least; strata and clusters of the draw are not known here.
 *
 * <p>Source: Wilson, Probable inference, JASA 22, 1927; Berry, Armitage, Mid-P confidence intervals, The Statistician 44,
 * 1995; weights: Korn, Graubard, Confidence intervals for proportions with small expected number of positive counts estimated
 * from survey data, Survey Methodology 24, 1998.
 */
public enum Measure {
    /** (TP + FP) / all: share selected. */
    SELECTION_RATE(0b1010, 0b1111, "rows"),
    /** (TP + FN) / all: share of favourable labels; says nothing of decisions. */
    BASE_RATE(0b1100, 0b1111, "rows"),
    /** TP / (TP + FN): share selected among the positives. */
    TRUE_POSITIVE_RATE(0b1000, 0b1100, "rows with favourable label"),
    /** FP / (FP + TN): share selected among the negatives. */
    FALSE_POSITIVE_RATE(0b0010, 0b0011, "rows with unfavourable label"),
    /** TN / (FP + TN): share not selected among the negatives. */
    TRUE_NEGATIVE_RATE(0b0001, 0b0011, "rows with unfavourable label"),
    /** FN / (TP + FN): share not selected among the positives. */
    FALSE_NEGATIVE_RATE(0b0100, 0b1100, "rows with favourable label"),
    /** TP / (TP + FP): share of positives among the selected. */
    POSITIVE_PREDICTIVE_VALUE(0b1000, 0b1010, "rows with favourable decision"),
    /** TN / (TN + FN): share of negatives among those not selected. */
    NEGATIVE_PREDICTIVE_VALUE(0b0001, 0b0101, "rows with unfavourable decision"),
    /** FP / (TP + FP): share of negatives among the selected. */
    FALSE_DISCOVERY_RATE(0b0010, 0b1010, "rows with favourable decision"),
    /** FN / (TN + FN): share of positives among those not selected. */
    FALSE_OMISSION_RATE(0b0100, 0b0101, "rows with unfavourable decision"),
    /** (TP + TN) / all: share of decisions that agree with the label. */
    ACCURACY(0b1001, 0b1111, "rows"),
    /** (TPR + TNR) / 2. */
    BALANCED_ACCURACY(0, 0, "") {
        @Override
        Estimate of(GroupCube cube, int group, AuditSettings settings, boolean alone) {
            Estimate positive = TRUE_POSITIVE_RATE.of(cube, group, settings, false);
            Estimate negative = TRUE_NEGATIVE_RATE.of(cube, group, settings, false);
            if (positive instanceof Estimate.Measured tpr && negative instanceof Estimate.Measured tnr) {
                return Mover.sum(new double[] {0.5, 0.5}, List.of(tpr, tnr));
            }
            return positive instanceof Estimate.Abstained ? positive : negative;
        }

        @Override
        double value(double[] cells, int first) {
            return (TRUE_POSITIVE_RATE.value(cells, first) + TRUE_NEGATIVE_RATE.value(cells, first)) / 2;
        }
    },
    /**
     * FN / FP: wrong refusals for each wrong selection (treatment equality). The rows under it are the errors.
     *
     * <p>Source: Berk et al., Fairness in criminal justice risk assessments, Sociological Methods and Research 50, 2021.
     */
    TREATMENT_RATIO(0b0100, 0b0110, "rows with wrong decision") {
        @Override
        Estimate of(GroupCube cube, int group, AuditSettings settings, boolean alone) {
            Estimate share = super.of(cube, group, settings, alone);
            if (!(share instanceof Estimate.Measured measured)) {
                return share;
            }
            if (cube.rows(group * GroupCube.CELLS + GroupCube.FALSE_POSITIVE) == 0) {
                return new Estimate.Abstained("no rows with wrongly favourable decision", measured.n());
            }
            Interval interval = measured.interval();
            // Not the odds of the share, which may have rounded to 1.
            int first = group * GroupCube.CELLS;
            double value = cube.sum(first + GroupCube.FALSE_NEGATIVE) / cube.sum(first + GroupCube.FALSE_POSITIVE);
            return new Estimate.Measured(
                    value,
                    Proportion.around(
                            value, new Interval(odds(interval.lower()), odds(interval.upper()), interval.confidence())),
                    measured.n());
        }

        @Override
        double value(double[] cells, int first) {
            return cells[first + GroupCube.FALSE_NEGATIVE] / cells[first + GroupCube.FALSE_POSITIVE];
        }
    };

    private final int hits;
    private final int trials;
    private final String what;

    Measure(int hits, int trials, String what) {
        this.hits = hits;
        this.trials = trials;
        this.what = what;
    }

    private static double odds(double share) {
        return share / (1 - share);
    }

    /**
     * Returns the name in reports.
     *
     * @return for example {@code true_positive_rate}
     */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Sums under a share. */
    record Tally(double hit, double all, double hitSquare, double square, long trials) {
        /** The effective number of trials. */
        double size() {
            return Math.max(1, Proportion.effective(hit, all, hitSquare, square, trials));
        }

        Tally minus(Tally part) {
            return new Tally(
                    Math.max(0, hit - part.hit),
                    Math.max(0, all - part.all),
                    Math.max(0, hitSquare - part.hitSquare),
                    Math.max(0, square - part.square),
                    trials - part.trials);
        }

        Estimate.Measured share(double confidence, boolean alone) {
            return Proportion.designed(hit, all, hitSquare, square, trials, confidence, alone);
        }
    }

    /**
     * Sums of one column.
     *
     * @param sums weights by cell, then squared weights by cell
     * @param rows rows by cell
     * @param column which
     */
    Tally tally(double[][] sums, long[][] rows, int column) {
        double hit = 0;
        double all = 0;
        double hitSquare = 0;
        double square = 0;
        long count = 0;
        for (int c = 0; c < GroupCube.CELLS; c++) {
            if ((trials >> c & 1) != 0) {
                count += rows[c][column];
                all += sums[c][column];
                square += sums[GroupCube.CELLS + c][column];
                hit += (hits >> c & 1) * sums[c][column];
                hitSquare += (hits >> c & 1) * sums[GroupCube.CELLS + c][column];
            }
        }
        return new Tally(hit, all, hitSquare, square, count);
    }

    /** Whether values lie in [0, 1]. */
    boolean bounded() {
        return this != TREATMENT_RATIO;
    }

    /** The estimate, by itself or as part of a comparison. */
    Estimate of(GroupCube cube, int group, AuditSettings settings, boolean alone) {
        double hit = 0;
        double all = 0;
        double hitSquare = 0;
        double square = 0;
        long rows = 0;
        for (int c = 0; c < GroupCube.CELLS; c++) {
            int cell = group * GroupCube.CELLS + c;
            if ((trials >> c & 1) != 0) {
                rows += cube.rows(cell);
                all += cube.sum(cell);
                square += cube.square(cell);
                if ((hits >> c & 1) != 0) {
                    hit += cube.sum(cell);
                    hitSquare += cube.square(cell);
                }
            }
        }
        if (rows < settings.minimum()) {
            return new Estimate.Abstained(
                    rows == 0 ? "no " + what : what + " must be at least " + settings.minimum() + ", were " + rows,
                    rows);
        }
        return Proportion.designed(hit, all, hitSquare, square, rows, settings.confidence(), alone);
    }

    /** The value and its n; the interval is a mere point. */
    Estimate plain(GroupCube cube, int group, AuditSettings settings) {
        double[] cells = new double[GroupCube.CELLS];
        long[] rows = new long[GroupCube.CELLS];
        for (int c = 0; c < cells.length; c++) {
            cells[c] = cube.sum(group * GroupCube.CELLS + c);
            rows[c] = cube.rows(group * GroupCube.CELLS + c);
        }
        double value = value(cells, 0);
        long n = 0;
        boolean enough = true;
        for (Measure part :
                this == BALANCED_ACCURACY ? List.of(TRUE_POSITIVE_RATE, TRUE_NEGATIVE_RATE) : List.of(this)) {
            long under = 0;
            for (int c = 0; c < cells.length; c++) {
                under += (part.trials >> c & 1) * rows[c];
            }
            enough &= under >= settings.minimum();
            n += under;
        }
        if (!enough || !Double.isFinite(value)) {
            return new Estimate.Abstained("undefined", n);
        }
        return new Estimate.Measured(value, new Interval(value, value, settings.confidence()), n);
    }

    /**
     * The plain value.
     *
     * @param cells weights
     * @param first index of the group's first cell; all cells above 0
     */
    double value(double[] cells, int first) {
        double hit = 0;
        double all = 0;
        for (int c = 0; c < GroupCube.CELLS; c++) {
            double weight = cells[first + c];
            all += (trials >> c & 1) * weight;
            hit += (hits >> c & 1) * weight;
        }
        return hit / all;
    }
}
