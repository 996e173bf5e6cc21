// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.assessment.Assessment;
import dev.aisec.assessment.AssessmentPolicy;
import dev.aisec.assessment.Subject;
import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Seed;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.fairness.metric.AuditSettings;
import dev.aisec.fairness.metric.FairnessAudit;
import dev.aisec.fairness.metric.FairnessReport;
import dev.aisec.fairness.metric.GroupCube;
import dev.aisec.fairness.metric.Measure;
import dev.aisec.fairness.metric.ScoreAudit;
import dev.aisec.fairness.postprocess.ParityConstraint;
import dev.aisec.fairness.postprocess.ThresholdOptimizer;
import dev.aisec.fairness.postprocess.ToleranceFrontier;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What {@code aisec fairness} computes: the lines, and the assessment for the report. */
final class FairnessJob {
    static final String NO_DECISIONS = "needs decisions or scores beside the label, none were given";

    /** The main comparisons between groups. */
    static final List<String> COMPARISONS = List.of(
            "demographic_parity_difference",
            "demographic_parity_ratio",
            "equal_opportunity_difference",
            "equalized_odds_difference",
            "predictive_parity_difference",
            "accuracy_difference");

    /** Rates that the report plots by group. */
    private static final List<Measure> PLOTTED = List.of(
            Measure.SELECTION_RATE,
            Measure.BASE_RATE,
            Measure.TRUE_POSITIVE_RATE,
            Measure.FALSE_POSITIVE_RATE,
            Measure.POSITIVE_PREDICTIVE_VALUE,
            Measure.ACCURACY);

    private static final List<ParityConstraint> FRONTIERS = List.of(
            ParityConstraint.DEMOGRAPHIC_PARITY,
            ParityConstraint.TRUE_POSITIVE_RATE_PARITY,
            ParityConstraint.EQUALIZED_ODDS);

    /** Of these the plots show the largest. */
    private static final int MOST_POINTS = 24;

    private static final int MOST_LINES = 6;
    private static final int MOST_SOLVES = 60;

    private final FairnessData data;
    private final FairnessReport report;
    private final List<FairnessReport.Row> rows = new ArrayList<>();
    private final boolean labelsOnly;

    /**
     * Audits.
     *
     * @param data the counts
     * @param seed of the bootstrap
     * @param subject what is audited
     * @param labelsOnly whether labels stand for decisions
     */
    FairnessJob(FairnessData data, long seed, String subject, boolean labelsOnly) {
        this.data = data;
        this.labelsOnly = labelsOnly;
        AuditSettings settings = AuditSettings.DEFAULT.withSeed(new Seed(seed));
        report = FairnessAudit.of().withSettings(settings).withSubject(subject).audit(data.cube());
        for (FairnessReport.Row row : report.rows()) {
            rows.add(new FairnessReport.Row(row.name(), row.group(), honest(row.name(), row.estimate())));
        }
        FairnessData.Scored scored = data.scored();
        if (scored != null) {
            rows.addAll(ScoreAudit.of().withSettings(settings).audit(scored.byGroup(), report.reference()));
        }
    }

    GroupCube cube() {
        return data.cube();
    }

    String reference() {
        return data.cube().space().name(report.reference());
    }

    List<FairnessReport.Row> rows() {
        return List.copyOf(rows);
    }

    Estimate estimate(String name, String group) {
        return honest(name, report.metric(name, group));
    }

    /** Of a label that stands for its own decision only the rates of the label mean anything. */
    private Estimate honest(String name, Estimate estimate) {
        boolean ofLabel = name.startsWith("selection_rate")
                || name.startsWith("base_rate")
                || name.startsWith("demographic_parity");
        if (!labelsOnly || ofLabel) {
            return estimate;
        }
        long n = estimate instanceof Estimate.Measured measured ? measured.n() : ((Estimate.Abstained) estimate).n();
        return new Estimate.Abstained(NO_DECISIONS, n);
    }

    /** The assessment: one subject, with the audit and, given scores, what thresholds could reach. */
    Assessment assessment(String file, SortedMap<String, String> parameters) {
        List<Evidence> evidence = new ArrayList<>();
        evidence.add(audit(rows));
        FairnessData.Scored scored = data.scored();
        if (scored != null) {
            evidence.add(frontiers(scored));
        }
        return new Assessment(
                "Fairness audit: " + file,
                parameters,
                List.of(new Subject(file, evidence)),
                new AssessmentPolicy(List.of(AssessmentPolicy.fourFifths())));
    }

    /** The main figures, for a report about more than fairness: comparisons, and the rates that are plotted. */
    Evidence summary() {
        Set<String> rates = PLOTTED.stream().map(Measure::id).collect(Collectors.toSet());
        return audit(rows.stream()
                .filter(row -> rates.contains(row.name()) || COMPARISONS.contains(row.name()))
                .sorted(Comparator.comparing(row -> rates.contains(row.name())))
                .toList());
    }

    private Evidence audit(List<FairnessReport.Row> chosen) {
        Evidence plain = report.evidence();
        List<Measurement> measurements = new ArrayList<>(curves());
        for (FairnessReport.Row row : chosen) {
            SortedMap<String, String> labels = new TreeMap<>();
            if (!row.group().equals(FairnessReport.BETWEEN)) {
                labels.put("group", row.group());
            }
            measurements.add(new Measurement.Scalar(row.name(), "1", labels, finite(row.estimate())));
        }
        List<Finding> findings = new ArrayList<>();
        if (labelsOnly) {
            findings.add(Finding.of(
                    Severity.INFO,
                    "fairness.labels-only",
                    "no decisions were given: the label itself was audited, selection rates are base rates",
                    ""));
            plain.findings().stream()
                    .filter(f -> f.code().equals("fairness.four-fifths"))
                    .forEach(findings::add);
        } else {
            findings.addAll(plain.findings());
        }
        return new Evidence(plain.technique(), plain.subject(), plain.parameters(), measurements, findings);
    }

    /** JSON has no infinity; the largest double stands for an interval that is open upwards. */
    private static Estimate finite(Estimate estimate) {
        if (estimate instanceof Estimate.Measured measured) {
            Interval interval = measured.interval();
            return new Estimate.Measured(
                    measured.value(),
                    new Interval(
                            Math.max(-Double.MAX_VALUE, interval.lower()),
                            Math.min(Double.MAX_VALUE, interval.upper()),
                            interval.confidence()),
                    measured.n());
        }
        return estimate;
    }

    /** Groups with rows, the largest of them, in the order of their numbers. */
    private List<Integer> largest(int most) {
        GroupCube cube = data.cube();
        return IntStream.range(0, cube.space().size())
                .boxed()
                .filter(g -> cube.count(g) > 0)
                .sorted(Comparator.comparingLong((Integer g) -> -cube.count(g)))
                .limit(most)
                .sorted()
                .toList();
    }

    private List<Measurement> curves() {
        List<Measurement> curves = new ArrayList<>();
        List<Integer> groups = largest(MOST_POINTS);
        for (Measure measure : labelsOnly ? List.of(Measure.SELECTION_RATE) : PLOTTED) {
            for (int i = 0; i < groups.size(); i++) {
                String name = data.cube().space().name(groups.get(i));
                Estimate estimate = report.metric(measure.id(), name);
                // One point each: groups have no order, a line between them would say that they had.
                curves.add(new Measurement.Curve(
                        measure.id().replace('_', '-') + "-by-group",
                        "number of the group",
                        measure.id().replace('_', ' '),
                        new TreeMap<>(Map.of("group", (i + 1) + ": " + name)),
                        List.of(new Measurement.Point(i + 1, estimate))));
            }
        }
        FairnessData.Scored scored = data.scored();
        if (scored != null) {
            for (int g : largest(MOST_LINES)) {
                Measurement.Curve roc = ScoreAudit.of().roc(scored.byGroup(), g);
                if (!roc.points().isEmpty()) {
                    curves.add(new Measurement.Curve(
                            "roc-by-group", "false-positive-rate", "true-positive-rate", roc.labels(), roc.points()));
                }
            }
        }
        return curves;
    }

    private static Evidence frontiers(FairnessData.Scored scored) {
        List<Measurement> measurements = new ArrayList<>();
        List<Finding> findings = new ArrayList<>();
        double errors = 0;
        for (ParityConstraint constraint : FRONTIERS) {
            String name = constraint.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            ToleranceFrontier frontier;
            try {
                frontier = ThresholdOptimizer.of(constraint).frontier(scored.rows(), scored.values(), MOST_SOLVES);
            } catch (IllegalArgumentException e) {
                findings.add(Finding.of(
                        Severity.INFO, "fairness.no-frontier", name + ": " + String.valueOf(e.getMessage()), ""));
                continue;
            }
            errors = Math.max(errors, frontier.largestError());
            List<Measurement.Point> points = new ArrayList<>();
            for (ToleranceFrontier.Point point : frontier.points()) {
                // Proved for these rows; nothing was sampled.
                points.add(new Measurement.Point(
                        point.tolerance(),
                        new Estimate.Measured(
                                point.objective(),
                                new Interval(
                                        point.objective(),
                                        Math.max(point.objective(), point.dualBound()),
                                        Math.nextDown(1.0)),
                                scored.rows().size())));
            }
            measurements.add(new Measurement.Curve(
                    "threshold-frontier", "tolerance", "accuracy", new TreeMap<>(Map.of("constraint", name)), points));
        }
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", "best thresholds by group at every tolerance");
        parameters.put("objective", "accuracy");
        parameters.put("frontier-above-the-line-at-most", String.valueOf(errors));
        parameters.put("solves-at-most", String.valueOf(MOST_SOLVES));
        return new Evidence(
                Technique.BIAS_POST_PROCESSING, "threshold rules on the scores", parameters, measurements, findings);
    }
}
