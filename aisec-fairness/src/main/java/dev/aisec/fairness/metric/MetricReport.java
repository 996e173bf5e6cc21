// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an audit of scores, predicted numbers or rankings found. As evidence it stands for the fairness evaluation of clause
 * 7.3.2-5, with every number, its interval and n, or the reason why there is none. Immutable.
 *
 * @param subject what was audited: a name or digest; not blank
 * @param parameters everything that the numbers depend on beside the data
 * @param rows the lines
 * @param curves for plots, by group
 */
public record MetricReport(
        String subject,
        SortedMap<String, String> parameters,
        List<FairnessReport.Row> rows,
        List<Measurement.Curve> curves)
        implements EvidenceSource {
    /** Copies and checks the components. */
    public MetricReport {
        if (subject.isBlank()) {
            throw new IllegalArgumentException("subject must not be blank");
        }
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
        rows = List.copyOf(rows);
        curves = List.copyOf(curves);
    }

    /** The parameters of every audit. */
    static SortedMap<String, String> parameters(String method, AuditSettings settings) {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", method);
        parameters.put("confidence", Double.toString(settings.confidence()));
        parameters.put("minimum", Long.toString(settings.minimum()));
        return parameters;
    }

    /**
     * A line.
     *
     * @param name metric, in snake case
     * @param group name of the group
     * @return the estimate
     * @throws IllegalArgumentException if the report has none of that name and group
     */
    public Estimate metric(String name, String group) {
        for (FairnessReport.Row row : rows) {
            if (row.name().equals(name) && row.group().equals(group)) {
                return row.estimate();
            }
        }
        throw new IllegalArgumentException("name and group must be in the report, were " + name + " and " + group);
    }

    @Override
    public Evidence evidence() {
        List<Measurement> measurements = new ArrayList<>(curves);
        measurements.addAll(scalars(rows));
        List<Finding> findings = new ArrayList<>();
        long silent = rows.stream()
                .filter(row -> row.estimate() instanceof Estimate.Abstained)
                .count();
        if (silent > 0) {
            findings.add(Finding.of(
                    Severity.INFO,
                    "fairness.left-out",
                    silent + " of " + rows.size() + " figures abstain, each with its reason",
                    ""));
        }
        return new Evidence(Technique.FAIRNESS_EVALUATION, subject, parameters, measurements, findings);
    }

    /** A scalar for each line. Evidence is kept as JSON, which has no infinity: the largest double stands for an open end. */
    static List<Measurement> scalars(List<FairnessReport.Row> rows) {
        List<Measurement> scalars = new ArrayList<>();
        for (FairnessReport.Row row : rows) {
            SortedMap<String, String> labels = new TreeMap<>();
            if (!row.group().equals(FairnessReport.BETWEEN)) {
                labels.put("group", row.group());
            }
            Estimate estimate = row.estimate();
            if (estimate instanceof Estimate.Measured measured) {
                Interval interval = measured.interval();
                estimate = new Estimate.Measured(
                        measured.value(),
                        new Interval(
                                Math.max(-Double.MAX_VALUE, interval.lower()),
                                Math.min(Double.MAX_VALUE, interval.upper()),
                                interval.confidence()),
                        measured.n());
            }
            scalars.add(new Measurement.Scalar(row.name(), "1", labels, estimate));
        }
        return scalars;
    }
}
