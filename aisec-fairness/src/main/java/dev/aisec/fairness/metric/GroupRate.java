// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.internal.Checks;

/**
 * A measure of one group.
 *
 * @param measure what is measured
 * @param group number of the group, at least 0
 * @param settings how uncertainty is stated
 */
public record GroupRate(Measure measure, int group, AuditSettings settings) implements FairnessMetric {
    /** Checks the group. */
    public GroupRate {
        Checks.atLeast("group", 0, group);
    }

    /**
     * A measure with the default settings.
     *
     * @param measure what is measured
     * @param group number of the group, at least 0
     * @return the metric
     */
    public static GroupRate of(Measure measure, int group) {
        return new GroupRate(measure, group, AuditSettings.DEFAULT);
    }

    /**
     * The same with other settings.
     *
     * @param value how uncertainty is stated
     * @return changed metric
     */
    public GroupRate withSettings(AuditSettings value) {
        return new GroupRate(measure, group, value);
    }

    @Override
    public String name() {
        return measure.id();
    }

    @Override
    public Estimate of(GroupCube cube) {
        Checks.group(group, cube.space().size());
        return measure.of(cube, group, settings, true);
    }
}
