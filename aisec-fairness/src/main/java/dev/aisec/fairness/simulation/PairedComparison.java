// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The difference of two policies that met the same people, taken run by run.
 *
 * <p>The differences at the end hold together: each has a Student interval at the confidence that Bonferroni's inequality asks for (C. E.
 * Bonferroni, 1936), so that the probability that any interval misses the mean difference is at most 1 minus the confidence of the simulation,
 * as far as the mean over the runs is normal. The curves are at each time by themselves.
 *
 * @param subject which policy minus which
 * @param parameters what the differences depend on
 * @param confidence that all intervals at the end hold together, in (0, 1)
 * @param curves the difference of each measure over time
 * @param ends the difference of each measure at the end
 */
public record PairedComparison(
        String subject,
        SortedMap<String, String> parameters,
        double confidence,
        List<Measurement.Curve> curves,
        List<Difference> ends)
        implements EvidenceSource {
    /** What a difference says. */
    public enum Direction {
        /** The first policy has more. */
        MORE,
        /** The first policy has less. */
        LESS,
        /** The interval holds 0: the runs do not tell the policies apart. That does not show that they are equal. */
        UNDECIDED
    }

    /**
     * The difference of a measure at the end.
     *
     * @param name name of the measure
     * @param unit unit of the measure
     * @param labels labels of the measure
     * @param estimate the mean difference with its interval
     */
    public record Difference(String name, String unit, SortedMap<String, String> labels, Estimate estimate) {
        /** Copies the labels. */
        public Difference {
            labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        }

        /**
         * What the interval says.
         *
         * @return the direction; undecided if there is no interval
         */
        public Direction direction() {
            if (estimate instanceof Estimate.Measured measured) {
                if (measured.interval().lower() > 0) {
                    return Direction.MORE;
                }
                if (measured.interval().upper() < 0) {
                    return Direction.LESS;
                }
            }
            return Direction.UNDECIDED;
        }
    }

    /** Copies the collections. */
    public PairedComparison {
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
        curves = List.copyOf(curves);
        ends = List.copyOf(ends);
    }

    /**
     * The difference of a measure at the end.
     *
     * @param name name of the measure
     * @param group the group, as {@code GroupSpace.name} gives it; empty for a measure without group
     * @return the difference
     */
    public Difference end(String name, String group) {
        for (Difference end : ends) {
            if (end.name().equals(name)
                    && end.labels().getOrDefault("group", "").equals(group)) {
                return end;
            }
        }
        throw new IllegalArgumentException(
                "name must be a measure of the environment, was " + name + (group.isEmpty() ? "" : " of " + group));
    }

    @Override
    public Evidence evidence() {
        List<Measurement> measurements = new ArrayList<>();
        for (Measurement.Curve curve : curves) {
            measurements.add(new Measurement.Curve(
                    curve.name() + "_difference", curve.x(), curve.y(), curve.labels(), curve.points()));
        }
        for (Difference end : ends) {
            SortedMap<String, String> labels = new TreeMap<>(end.labels());
            labels.put("direction", end.direction().name().toLowerCase(java.util.Locale.ROOT));
            measurements.add(
                    new Measurement.Scalar(end.name() + "_difference_at_end", end.unit(), labels, end.estimate()));
        }
        return new Evidence(Technique.FAIRNESS_EVALUATION, subject, parameters, measurements, List.of());
    }
}
