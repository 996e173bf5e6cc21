// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.fairness.internal.Checks;

/**
 * Disparity of decisions among several classes: each class in turn is taken as the favourable one, and the class and the
 * pair of groups with the largest gap of a measure are named.
 *
 * <p>Interval: of the largest gap over all classes, from the intervals of each class at 1 − α/classes (Bonferroni):
 * conservative.
 *
 * @param measure for example {@link Measure#SELECTION_RATE} (share predicted into the class) or {@link
 *     Measure#TRUE_POSITIVE_RATE} (recall of the class)
 * @param settings how uncertainty is stated
 */
public record MultiClassDisparity(Measure measure, AuditSettings settings) {
    /**
     * The worst class and pair.
     *
     * @param worstClass number of the class; −1 if none has a value
     * @param low number of the group with the smallest value in it; −1 if none has a value
     * @param high number of the group with the largest
     * @param difference largest minus smallest
     */
    public record Result(int worstClass, int low, int high, Estimate difference) {}

    /**
     * With the default settings.
     *
     * @param measure what is measured
     * @return the metric
     */
    public static MultiClassDisparity of(Measure measure) {
        return new MultiClassDisparity(measure, AuditSettings.DEFAULT);
    }

    /**
     * Audits.
     *
     * @param space the groups
     * @param groups the group of each row
     * @param labels the recorded class, in [0, classes); as many
     * @param decisions the predicted class, in [0, classes); as many
     * @param classes number of classes, at least 2
     * @return the largest gap
     */
    public Result audit(GroupSpace space, int[] groups, int[] labels, int[] decisions, int classes) {
        Checks.atLeast("classes", 2, classes);
        if (labels.length != groups.length || decisions.length != groups.length) {
            throw new IllegalArgumentException("labels and decisions must be as many as groups, " + groups.length);
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes || decisions[i] < 0 || decisions[i] >= classes) {
                throw new IllegalArgumentException("labels and decisions must be in [0, " + classes + "), row " + i
                        + " was " + labels[i] + " and " + decisions[i]);
            }
        }
        AuditSettings strict = settings.oneOf(classes);
        int worst = -1;
        int low = -1;
        int high = -1;
        double most = -1;
        double lower = 0;
        double upper = 0;
        long n = 0;
        for (int c = 0; c < classes; c++) {
            GroupCube.Accumulator table = GroupCube.accumulator(space);
            for (int i = 0; i < groups.length; i++) {
                table.add(groups[i], labels[i] == c, decisions[i] == c);
            }
            GroupCube cube = table.cube();
            if (Disparity.difference(measure).withSettings(strict).of(cube) instanceof Estimate.Measured gap) {
                lower = Math.max(lower, gap.interval().lower());
                upper = Math.max(upper, gap.interval().upper());
                if (gap.value() > most) {
                    most = gap.value();
                    n = gap.n();
                    worst = c;
                    int[] pair = pair(cube);
                    low = pair[0];
                    high = pair[1];
                }
            }
        }
        if (worst < 0) {
            return new Result(
                    -1, -1, -1, new Estimate.Abstained(measure.id() + " is undefined for every class", groups.length));
        }
        return new Result(
                worst, low, high, new Estimate.Measured(most, new Interval(lower, upper, settings.confidence()), n));
    }

    private int[] pair(GroupCube cube) {
        int[] pair = {-1, -1};
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (int g = 0; g < cube.space().size(); g++) {
            if (measure.plain(cube, g, settings) instanceof Estimate.Measured value) {
                if (value.value() < least) {
                    least = value.value();
                    pair[0] = g;
                }
                if (value.value() >= most) {
                    most = value.value();
                    pair[1] = g;
                }
            }
        }
        return pair;
    }
}
