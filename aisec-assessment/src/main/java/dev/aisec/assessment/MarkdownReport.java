// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The report in Markdown, short enough for a terminal. The same for equal assessments. */
public final class MarkdownReport {
    private MarkdownReport() {}

    /**
     * The report.
     *
     * @param assessment what was found
     * @return Markdown
     */
    public static String of(Assessment assessment) {
        StringBuilder out =
                new StringBuilder("# ").append(plain(assessment.title())).append("\n\n");
        List<List<String>> verdicts = new ArrayList<>();
        verdicts.add(header("criterion", assessment));
        for (Criterion criterion : assessment.policy().criteria()) {
            List<String> row = new ArrayList<>(List.of(criterion.title()));
            for (Subject subject : assessment.subjects()) {
                Criterion.Judgement judgement = criterion.judge(subject);
                row.add(judgement.outcome().sign() + " " + judgement.outcome().title());
            }
            verdicts.add(row);
        }
        table(out, verdicts);
        if (Text.fairnessApart(assessment)) {
            Predicate<Evidence> fair = Text::fairness;
            figures(out, "\n", assessment, fair.negate());
            figures(out, "\n## Fairness\n\n", assessment, fair);
        } else {
            figures(out, "\n", assessment, e -> true);
        }
        findings(out, assessment);
        out.append('\n')
                .append(assessment.techniquesAssessed())
                .append(" of the ")
                .append(Technique.values().length)
                .append(" techniques of ITU-T XSTR-SEC-AI were assessed; the HTML report has a row for each.\n");
        return out.toString();
    }

    private static void figures(StringBuilder out, String heading, Assessment assessment, Predicate<Evidence> chosen) {
        Map<String, Map<String, String>> figures = new LinkedHashMap<>();
        for (Subject subject : assessment.subjects()) {
            for (Evidence evidence : subject.evidence()) {
                for (Measurement m : chosen.test(evidence) ? evidence.measurements() : List.<Measurement>of()) {
                    figures(
                            m,
                            (name, value) -> figures.computeIfAbsent(name, k -> new LinkedHashMap<>())
                                    .put(subject.name(), value));
                }
            }
        }
        if (!figures.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(header("figure (interval)", assessment));
            figures.forEach((name, values) -> {
                List<String> row = new ArrayList<>(List.of(name));
                assessment.subjects().forEach(s -> row.add(values.getOrDefault(s.name(), "")));
                rows.add(row);
            });
            out.append(heading);
            table(out, rows);
        }
    }

    private interface Figure {
        void accept(String name, String value);
    }

    private static void figures(Measurement m, Figure figure) {
        if (m instanceof Measurement.Scalar scalar) {
            figure.accept(Text.heading(m), Text.estimate(scalar.estimate(), scalar.unit()));
        } else if (m instanceof Measurement.Curve curve && curve.points().size() <= 12 && !Text.byGroup(curve)) {
            for (Measurement.Point p : curve.points()) {
                // Corruptions have six points each: the middle one stands for them here.
                if (!curve.labels().containsKey("corruption") || p.x() == 3) {
                    figure.accept(
                            Text.heading(m) + ", " + curve.x() + " " + Text.significant(p.x()),
                            Text.estimate(p.y(), "1"));
                }
            }
        }
    }

    private static void findings(StringBuilder out, Assessment assessment) {
        List<String> lines = new ArrayList<>();
        for (Subject subject : assessment.subjects()) {
            for (Evidence evidence : subject.evidence()) {
                for (Finding finding : evidence.findings()) {
                    if (finding.severity() != Severity.INFO) {
                        lines.add("- " + finding.severity() + " " + plain(subject.name()) + ": "
                                + plain(finding.message()) + " (" + finding.code() + ")");
                    }
                }
            }
        }
        if (!lines.isEmpty()) {
            out.append("\n## Findings\n\n").append(String.join("\n", lines)).append('\n');
        }
    }

    private static List<String> header(String first, Assessment assessment) {
        List<String> header = new ArrayList<>(List.of(first));
        assessment.subjects().forEach(s -> header.add(s.name()));
        return header;
    }

    private static void table(StringBuilder out, List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int c = 0; c < columns; c++) {
                widths[c] = Math.max(widths[c], plain(row.get(c)).length());
            }
        }
        for (int r = 0; r < rows.size(); r++) {
            for (int c = 0; c < columns; c++) {
                String cell = plain(rows.get(r).get(c));
                out.append("| ").append(cell).append(" ".repeat(widths[c] - cell.length() + 1));
            }
            out.append("|\n");
            if (r == 0) {
                for (int width : widths) {
                    out.append('|').append("-".repeat(width + 2));
                }
                out.append("|\n");
            }
        }
    }

    /** One line without what could end a table cell or move a terminal's cursor. */
    private static String plain(String text) {
        return text.replaceAll("\\p{Cntrl}", " ").replace("|", "\\|");
    }
}
