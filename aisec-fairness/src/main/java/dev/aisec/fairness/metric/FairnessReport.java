// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What an audit found. Immutable. As evidence it stands for the fairness evaluation of clause 7.3.2-5. */
public final class FairnessReport implements EvidenceSource {
    /** Stands for all rows together. */
    public static final String OVERALL = "overall";
    /** Stands for no single group: a comparison of all. */
    public static final String BETWEEN = "";

    /** Least ratio of selection rates under the four-fifths rule, 29 CFR 1607.4(D). */
    private static final double FOUR_FIFTHS = 0.8;
    /** Findings about single groups beyond it are summed up in one. */
    private static final int MOST_FINDINGS = 20;

    /**
     * A line of the report.
     *
     * @param name metric, in snake case
     * @param group name of the group, {@link #OVERALL}, or {@link #BETWEEN}
     * @param estimate the value, or why there is none
     */
    public record Row(String name, String group, Estimate estimate) {}

    /**
     * The two groups that lie farthest apart.
     *
     * @param low number of the group with the smallest value
     * @param high number of the group with the largest value
     * @param difference high − low, with the interval of this pair; it does not allow for having searched the pair
     */
    public record WorstPair(int low, int high, Estimate.Measured difference) {}

    private final GroupCube cube;
    private final FairnessAudit audit;
    private final int reference;
    private final List<Row> rows;
    private final Map<List<String>, Estimate> index = new HashMap<>();

    FairnessReport(GroupCube cube, FairnessAudit audit, int reference, List<Row> rows) {
        this.cube = cube;
        this.audit = audit;
        this.reference = reference;
        this.rows = List.copyOf(rows);
        for (Row row : rows) {
            index.put(List.of(row.name(), row.group()), row.estimate());
        }
    }

    /**
     * Returns what was audited.
     *
     * @return the cube
     */
    public GroupCube cube() {
        return cube;
    }

    /**
     * Returns the group that signed comparisons refer to.
     *
     * @return its number
     */
    public int reference() {
        return reference;
    }

    /**
     * Returns all lines: measures by group, disparities, signed comparisons.
     *
     * @return the lines; unmodifiable
     */
    public List<Row> rows() {
        return rows;
    }

    /**
     * A comparison of the groups.
     *
     * @param name for example {@code demographic_parity_difference}
     * @return the estimate
     * @throws IllegalArgumentException if the report has none of that name
     */
    public Estimate metric(String name) {
        return metric(name, BETWEEN);
    }

    /**
     * A line.
     *
     * @param name for example {@code average_odds_difference}
     * @param group name of the group, {@link #OVERALL}, or {@link #BETWEEN}
     * @return the estimate
     * @throws IllegalArgumentException if the report has none of that name and group
     */
    public Estimate metric(String name, String group) {
        Estimate estimate = index.get(List.of(name, group));
        if (estimate == null) {
            throw new IllegalArgumentException("name and group must be in the report, were " + name + " and " + group);
        }
        return estimate;
    }

    /**
     * A measure of each group.
     *
     * @param measure what was measured
     * @return the estimates, in the order of the groups
     */
    public List<Estimate> byGroup(Measure measure) {
        List<Estimate> all = new ArrayList<>();
        for (int g = 0; g < cube.space().size(); g++) {
            all.add(metric(measure.id(), cube.space().name(g)));
        }
        return all;
    }

    /**
     * A measure of all rows together.
     *
     * @param measure what was measured
     * @return the estimate
     */
    public Estimate overall(Measure measure) {
        return metric(measure.id(), OVERALL);
    }

    /**
     * Largest minus smallest.
     *
     * @param measure what was measured
     * @return the estimate
     */
    public Estimate difference(Measure measure) {
        return metric(measure.id() + "_difference");
    }

    /**
     * Smallest over largest.
     *
     * @param measure what was measured
     * @return the estimate
     */
    public Estimate ratio(Measure measure) {
        return metric(measure.id() + "_ratio");
    }

    /**
     * The groups farthest apart.
     *
     * @param measure what was measured
     * @return empty if fewer than two groups have a value
     */
    public Optional<WorstPair> worstPair(Measure measure) {
        List<Estimate> estimates = byGroup(measure);
        int low = -1;
        int high = -1;
        Estimate.Measured least = null;
        Estimate.Measured most = null;
        int defined = 0;
        for (int g = 0; g < estimates.size(); g++) {
            if (estimates.get(g) instanceof Estimate.Measured measured) {
                defined++;
                if (least == null || measured.value() < least.value()) {
                    least = measured;
                    low = g;
                }
                // With equal values throughout, the pair is the first and the last group.
                if (most == null || measured.value() >= most.value()) {
                    most = measured;
                    high = g;
                }
            }
        }
        if (least == null || most == null || defined < 2) {
            return Optional.empty();
        }
        Estimate difference = PairContrast.difference(measure, high, low)
                .withSettings(audit.settings())
                .of(cube);
        return Optional.of(new WorstPair(low, high, (Estimate.Measured) difference));
    }

    /**
     * Which criteria cannot hold together on these data.
     *
     * @return the conflicts
     */
    public List<Impossibility> impossibilities() {
        return Impossibility.of(cube, audit.settings());
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> parameters = new TreeMap<>();
        AuditSettings settings = audit.settings();
        parameters.put("confidence", Double.toString(settings.confidence()));
        parameters.put("minimum", Long.toString(settings.minimum()));
        parameters.put("replicates", Integer.toString(settings.replicates()));
        parameters.put("seed", Long.toString(settings.seed().value()));
        parameters.put("reference", cube.space().name(reference));
        parameters.put("rows", Long.toString(cube.count()));
        parameters.put("weighted", Boolean.toString(cube.weighted()));
        return new Evidence(
                Technique.FAIRNESS_EVALUATION, audit.subject(), parameters, MetricReport.scalars(rows), findings());
    }

    private List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        if (metric("demographic_parity_ratio") instanceof Estimate.Measured ratio && ratio.value() < FOUR_FIFTHS) {
            boolean sure = ratio.interval().upper() < FOUR_FIFTHS;
            findings.add(Finding.of(
                    sure ? Severity.WARNING : Severity.INFO,
                    "fairness.four-fifths",
                    "demographic_parity_ratio should be >= 0.8, was " + ratio.value()
                            + (sure ? "" : "; its interval reaches 0.8"),
                    BETWEEN));
        }
        int silent = 0;
        for (Measure measure : Measure.values()) {
            List<Estimate> estimates = byGroup(measure);
            for (int g = 0; g < estimates.size(); g++) {
                if (cube.count(g) > 0 && estimates.get(g) instanceof Estimate.Abstained abstained) {
                    if (++silent <= MOST_FINDINGS) {
                        findings.add(Finding.of(
                                Severity.INFO,
                                "fairness.left-out",
                                measure.id() + " abstains, comparisons leave the group out: " + abstained.reason(),
                                cube.space().name(g)));
                    }
                }
            }
        }
        if (silent > MOST_FINDINGS) {
            findings.add(Finding.of(
                    Severity.INFO,
                    "fairness.left-out",
                    "measures abstain, and comparisons leave the group out, in " + (silent - MOST_FINDINGS)
                            + " more cases",
                    BETWEEN));
        }
        for (Impossibility conflict : impossibilities()) {
            findings.add(Finding.of(Severity.INFO, "fairness.impossible", conflict.explanation(), conflict.criteria()));
        }
        return findings;
    }
}
