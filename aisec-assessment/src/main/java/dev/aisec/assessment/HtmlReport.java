// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.LifeCyclePhase;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The report as one page that needs nothing else: no scripts, no fonts or pictures from elsewhere, plots as inline SVG. It
 * reads on a phone, on paper and in dark mode. Whatever comes from outside is escaped.
 */
public final class HtmlReport {
    /** Groups of bars whose names fit side by side. */
    private static final int BARS = 6;

    private static final Map<String, String> NOTES = Map.of(
            "robust-accuracy",
            "Share of examples that stay right although an attacker may change every input by up to ε; at 0 the clean"
                    + " accuracy. An attack gives an upper bound: a better attack may find more. What broke at a smaller ε"
                    + " counts as broken at every larger one.",
            "certified-accuracy",
            "Share of examples for which it is proved, up to the stated error probability, that no change within the radius"
                    + " alters the answer of the smoothed classifier. A lower bound.",
            "roc",
            "How many attacked inputs a detector flags (upwards) against how many clean ones it flags by mistake (to the"
                    + " right). The dotted line is chance. The attacker did not know of the detector.",
            "roc-by-group",
            "How many with the favourable label are selected (upwards) against how many with the unfavourable one (to the"
                    + " right), as the threshold falls, in the largest groups. Where curves differ, no threshold treats the"
                    + " groups' errors alike. The dotted line is chance.",
            "threshold-frontier",
            "The best share of decisions that agree with the label if the named rates may differ between groups by the"
                    + " tolerance, with thresholds by group. Proved for these rows, where it is exact; it promises nothing"
                    + " for others.",
            "corruption-accuracy",
            "Accuracy when images are noisy, blurred, faded, too bright or turned, without an attacker. The darkest bar is"
                    + " the clean image, lighter ones are severities 1 to 5.");

    private final Assessment assessment;
    private final RunEnvelope envelope;
    private final StringBuilder out = new StringBuilder(1 << 16);

    private HtmlReport(Assessment assessment, RunEnvelope envelope) {
        this.assessment = assessment;
        this.envelope = envelope;
    }

    /**
     * The page.
     *
     * @param assessment what was found
     * @param envelope when and where; printed at the foot only
     * @return an HTML document
     */
    public static String of(Assessment assessment, RunEnvelope envelope) {
        return new HtmlReport(assessment, envelope).page();
    }

    private String page() {
        out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
                .append(Html.escape(assessment.title()))
                .append("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n")
                .append(css())
                .append("</style>\n</head>\n<body>\n");
        header();
        out.append("<main>\n");
        verdicts();
        Predicate<Evidence> fair = Text::fairness;
        if (Text.fairnessApart(assessment)) {
            curves("<h2>Curves</h2>\n", fair.negate());
            scalars("<h2>Single figures</h2>\n", fair.negate());
            out.append(
                            "<h2>Fairness</h2>\n<p>How labels and decisions differ between groups, each interval for itself.")
                    .append(" A difference is not yet discrimination, and none is not yet fairness.</p>\n");
            scalars("", fair);
            curves("", fair);
        } else {
            curves("<h2>Curves</h2>\n", e -> true);
            scalars("<h2>Single figures</h2>\n", e -> true);
        }
        findings();
        techniques();
        method();
        out.append("</main>\n");
        footer();
        return out.append("</body>\n</html>\n").toString();
    }

    private static String css() {
        try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
            if (in == null) {
                throw new IllegalStateException("report.css must be beside the class, is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void header() {
        out.append("<header>\n<h1>").append(Html.escape(assessment.title())).append("</h1>\n<p class=\"lead\">");
        int criteria = assessment.policy().criteria().size();
        List<String> sentences = new ArrayList<>();
        for (Subject subject : assessment.subjects()) {
            Map<Outcome, Integer> counts = new LinkedHashMap<>();
            for (Criterion criterion : assessment.policy().criteria()) {
                counts.merge(criterion.judge(subject).outcome(), 1, Integer::sum);
            }
            StringBuilder sentence = new StringBuilder();
            sentence.append("<strong>")
                    .append(Html.escape(subject.name()))
                    .append("</strong> meets ")
                    .append(counts.getOrDefault(Outcome.MET, 0))
                    .append(" of ")
                    .append(criteria)
                    .append(" criteria");
            for (Outcome other : List.of(Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.NOT_ASSESSED)) {
                if (counts.containsKey(other)) {
                    sentence.append(", ").append(counts.get(other)).append(' ').append(other.title());
                }
            }
            sentences.add(sentence + ".");
        }
        out.append(String.join(" ", sentences))
                .append("</p>\n<p class=\"soft\">")
                .append(assessment.techniquesAssessed())
                .append(" of the ")
                .append(Technique.values().length)
                .append(
                        " security techniques of ITU-T XSTR-SEC-AI were assessed. What was not assessed is not thereby fine.")
                .append("</p>\n</header>\n");
    }

    private void verdicts() {
        out.append("<h2>Verdicts</h2>\n<div class=\"wrap\"><table class=\"stack\"><caption>Value with its interval; a")
                .append(" criterion is met only if the whole interval is on the good side.</caption>\n<thead><tr>")
                .append("<th scope=\"col\">Criterion</th>");
        for (Subject subject : assessment.subjects()) {
            out.append("<th scope=\"col\">").append(Html.escape(subject.name())).append("</th>");
        }
        out.append("</tr></thead>\n<tbody>\n");
        for (Criterion criterion : assessment.policy().criteria()) {
            out.append("<tr><th scope=\"row\">")
                    .append(Html.escape(criterion.title()))
                    .append("<span class=\"soft\"><br><small>")
                    .append(Html.escape(criterion.reason()))
                    .append("</small></span></th>");
            for (Subject subject : assessment.subjects()) {
                Criterion.Judgement judgement = criterion.judge(subject);
                Outcome outcome = judgement.outcome();
                out.append("<td data-label=\"")
                        .append(Html.escape(subject.name()))
                        .append("\"><span class=\"badge ")
                        .append(outcome.name().toLowerCase(Locale.ROOT))
                        .append("\">")
                        .append(outcome.sign())
                        .append(' ')
                        .append(outcome.title())
                        .append("</span> ");
                judgement.estimate().ifPresent(e -> estimate(e, "1"));
                out.append("</td>");
            }
            out.append("</tr>\n");
        }
        out.append("</tbody></table></div>\n");
    }

    private void estimate(Estimate estimate, String unit) {
        if (estimate instanceof Estimate.Measured m) {
            out.append(Text.value(m.value(), unit))
                    .append(" <span class=\"range\">")
                    .append(Text.value(m.interval().lower(), unit).replace(" %", ""))
                    .append(" to ")
                    .append(Text.value(m.interval().upper(), unit))
                    .append("</span>");
        } else {
            out.append(Html.escape(Text.estimate(estimate, unit)));
        }
    }

    /**
     * Curves of one name, norm and attack share a plot, a series for each subject; bars and points of groups have a plot for
     * each subject.
     */
    private void curves(String heading, Predicate<Evidence> chosen) {
        Map<String, List<Svg.Series>> plots = new LinkedHashMap<>();
        Map<String, Measurement.Curve> first = new LinkedHashMap<>();
        Map<String, List<Svg.Bars>> bars = new LinkedHashMap<>();
        Map<String, Measurement.Curve> firstBar = new LinkedHashMap<>();
        boolean several = assessment.subjects().size() > 1;
        Map<String, String> owner = new LinkedHashMap<>();
        for (Subject subject : assessment.subjects()) {
            for (Evidence evidence : subject.evidence()) {
                for (Measurement m : chosen.test(evidence) ? evidence.measurements() : List.<Measurement>of()) {
                    if (!(m instanceof Measurement.Curve curve)) {
                        continue;
                    }
                    if (curve.labels().containsKey("corruption")) {
                        bars.computeIfAbsent(subject.name(), k -> new ArrayList<>())
                                .add(new Svg.Bars(curve.labels().get("corruption"), curve.points()));
                        firstBar.putIfAbsent(subject.name(), curve);
                        continue;
                    }
                    TreeMap<String, String> others = new TreeMap<>(curve.labels());
                    String key = curve.name() + " " + others.remove("norm") + " " + others.remove("attack");
                    String name = subject.name() + (others.isEmpty() ? "" : ", " + Text.labels(others));
                    if (several && Text.byGroup(curve)) {
                        // Points of several subjects would lie upon each other.
                        key += " " + subject.name();
                        name = Text.labels(others);
                        owner.put(key, ": " + subject.name());
                    }
                    plots.computeIfAbsent(key, k -> new ArrayList<>()).add(new Svg.Series(name, curve.points()));
                    first.putIfAbsent(key, curve);
                }
            }
        }
        if (plots.isEmpty() && bars.isEmpty()) {
            return;
        }
        out.append(heading);
        plots.forEach((key, series) -> {
            Measurement.Curve curve = first.get(key);
            if (curve != null) {
                plot(curve, series, owner.getOrDefault(key, ""));
            }
        });
        bars.forEach((subject, groups) -> {
            Measurement.Curve curve = firstBar.get(subject);
            if (curve != null) {
                String title = capital(Text.title(curve.name())) + ": " + subject;
                out.append("<h3>").append(Html.escape(title)).append("</h3>\n");
                for (int from = 0; from < groups.size(); from += BARS) {
                    out.append("<figure>\n");
                    out.append(Svg.bars(
                            title,
                            note(curve),
                            Text.title(curve.y()),
                            groups.subList(from, Math.min(groups.size(), from + BARS))));
                    // Once, below the last of them.
                    if (from + BARS >= groups.size()) {
                        out.append("<figcaption>")
                                .append(Html.escape(note(curve)))
                                .append("</figcaption>\n");
                    }
                    out.append("</figure>\n");
                }
                table(
                        groups.stream()
                                .map(g -> new Svg.Series(g.name(), g.points()))
                                .toList(),
                        curve.x());
            }
        });
    }

    private void plot(Measurement.Curve curve, List<Svg.Series> series, String owner) {
        String norm = curve.labels().get("norm");
        String attack = curve.labels().get("attack");
        String title = capital(Text.title(curve.name()))
                + (norm == null ? "" : ", " + Text.norm(norm))
                + (attack == null ? "" : ", attack: " + attack)
                + owner;
        out.append("<h3>").append(Html.escape(title)).append("</h3>\n<figure>\n<ul class=\"legend\">");
        for (int i = 0; i < series.size(); i++) {
            out.append("<li>")
                    .append(Svg.key(i))
                    .append(Html.escape(series.get(i).name()))
                    .append("</li>");
        }
        out.append("</ul>\n")
                .append(Svg.lines(
                        title,
                        note(curve),
                        Text.title(curve.x()),
                        Text.title(curve.y()),
                        series,
                        curve.name().equals("roc") || curve.name().equals("roc-by-group")))
                .append("<figcaption>")
                .append(Html.escape(note(curve)))
                .append("</figcaption>\n</figure>\n");
        if (!Text.byGroup(curve)) {
            table(series, curve.x());
        }
    }

    private static String note(Measurement.Curve curve) {
        if (Text.byGroup(curve)) {
            return capital(Text.title(curve.y()))
                    + " of each group with its interval, at the number that the list above"
                    + " gives it. At most the 24 largest groups; all are among the single figures.";
        }
        return NOTES.getOrDefault(
                curve.name(), capital(Text.title(curve.y())) + " over " + Text.title(curve.x()) + ".");
    }

    private void table(List<Svg.Series> series, String x) {
        // A curve of hundreds of points is for the plot and the JSON.
        if (series.stream().anyMatch(s -> s.points().size() > 40)) {
            return;
        }
        out.append("<details><summary>The numbers</summary>\n<div class=\"wrap\"><table><thead><tr><th scope=\"col\">")
                .append(Html.escape(Text.title(x)))
                .append("</th>");
        TreeMap<Double, List<Estimate>> rows = new TreeMap<>();
        for (Svg.Series s : series) {
            out.append("<th scope=\"col\">").append(Html.escape(s.name())).append("</th>");
            s.points().forEach(p -> rows.put(p.x(), new ArrayList<>()));
        }
        out.append("</tr></thead><tbody>\n");
        for (double at : rows.keySet()) {
            out.append("<tr><th scope=\"row\">").append(Text.significant(at)).append("</th>");
            for (Svg.Series s : series) {
                out.append("<td class=\"number\">");
                s.points().stream().filter(p -> p.x() == at).findFirst().ifPresent(p -> estimate(p.y(), "1"));
                out.append("</td>");
            }
            out.append("</tr>\n");
        }
        out.append("</tbody></table></div></details>\n");
    }

    private void scalars(String heading, Predicate<Evidence> chosen) {
        Map<String, Map<String, Measurement.Scalar>> rows = new LinkedHashMap<>();
        for (Subject subject : assessment.subjects()) {
            for (Evidence evidence : subject.evidence()) {
                for (Measurement m : chosen.test(evidence) ? evidence.measurements() : List.<Measurement>of()) {
                    if (m instanceof Measurement.Scalar scalar) {
                        rows.computeIfAbsent(Text.heading(scalar), k -> new LinkedHashMap<>())
                                .put(subject.name(), scalar);
                    }
                }
            }
        }
        if (rows.isEmpty()) {
            return;
        }
        out.append(heading);
        out.append("<div class=\"wrap\"><table class=\"stack\"><thead><tr>")
                .append("<th scope=\"col\">Measurement</th>");
        for (Subject subject : assessment.subjects()) {
            out.append("<th scope=\"col\">").append(Html.escape(subject.name())).append("</th>");
        }
        out.append("</tr></thead><tbody>\n");
        rows.forEach((name, values) -> {
            out.append("<tr><th scope=\"row\">").append(Html.escape(name)).append("</th>");
            for (Subject subject : assessment.subjects()) {
                out.append("<td data-label=\"")
                        .append(Html.escape(subject.name()))
                        .append("\">");
                Measurement.Scalar scalar = values.get(subject.name());
                if (scalar != null) {
                    estimate(scalar.estimate(), scalar.unit());
                }
                out.append("</td>");
            }
            out.append("</tr>\n");
        });
        out.append("</tbody></table></div>\n");
    }

    private record Found(Subject subject, Evidence evidence, Finding finding) {}

    private void findings() {
        List<Found> all = new ArrayList<>();
        for (Subject subject : assessment.subjects()) {
            for (Evidence evidence : subject.evidence()) {
                evidence.findings().forEach(f -> all.add(new Found(subject, evidence, f)));
            }
        }
        all.sort(Comparator.comparing((Found f) -> f.finding().severity()).reversed());
        out.append("<h2>Findings</h2>\n");
        if (all.isEmpty()) {
            out.append("<p>None.</p>\n");
            return;
        }
        out.append("<div class=\"wrap\"><table class=\"stack\"><thead><tr><th scope=\"col\">Severity</th>")
                .append("<th scope=\"col\">Subject</th><th scope=\"col\">Finding</th></tr></thead><tbody>\n");
        for (Found f : all) {
            Severity severity = f.finding().severity();
            String word = severity.name().toLowerCase(Locale.ROOT);
            out.append("<tr><td data-label=\"Severity\"><span class=\"badge ")
                    .append(word)
                    .append("\">")
                    .append(word)
                    .append("</span></td><td data-label=\"Subject\">")
                    .append(Html.escape(f.subject().name()))
                    .append("</td><td data-label=\"Finding\">")
                    .append(Html.escape(f.finding().message()))
                    .append("<br><span class=\"mono soft\">")
                    .append(Html.escape(f.finding().code()))
                    .append(
                            f.finding().location().isEmpty()
                                    ? ""
                                    : " · " + Html.escape(f.finding().location()))
                    .append("</span></td></tr>\n");
        }
        out.append("</tbody></table></div>\n");
    }

    private void techniques() {
        out.append(
                        "<h2>All techniques of the report</h2>\n<p>Table 3 of ITU-T XSTR-SEC-AI, with what this run says of each")
                .append(
                        " technique.</p>\n<div class=\"wrap\"><table class=\"stack\"><thead><tr><th scope=\"col\">Clause</th>")
                .append("<th scope=\"col\">Technique</th><th scope=\"col\">Life-cycle phase</th>")
                .append("<th scope=\"col\">In this run</th></tr></thead><tbody>\n");
        for (Technique technique : Technique.values()) {
            List<String> assessed = assessment.subjects().stream()
                    .filter(s -> Assessment.assessed(s, technique))
                    .map(s -> Html.escape(s.name()))
                    .toList();
            out.append("<tr><td class=\"number\" data-label=\"Clause\">")
                    .append(technique.clause())
                    .append("</td><th scope=\"row\">")
                    .append(Html.escape(technique.title()))
                    .append("<br><small class=\"soft\">")
                    .append(Html.escape(technique.family().title()))
                    .append("</small></th><td data-label=\"Phase\">")
                    .append(
                            technique.phases().isEmpty()
                                    ? "in the text, not in Table 3"
                                    : technique.phases().stream()
                                            .map(LifeCyclePhase::title)
                                            .collect(Collectors.joining("; ")))
                    .append("</td><td data-label=\"In this run\">")
                    .append(
                            assessed.isEmpty()
                                    ? "<span class=\"badge\">not assessed</span>"
                                    : "<span class=\"badge met\">assessed</span> " + String.join(", ", assessed))
                    .append("</td></tr>\n");
        }
        out.append("</tbody></table></div>\n");
    }

    private void method() {
        out.append("<h2>How it was done</h2>\n<dl>\n");
        assessment.parameters().forEach(this::pair);
        out.append("</dl>\n");
        for (Subject subject : assessment.subjects()) {
            out.append("<details><summary>Evidence about ")
                    .append(Html.escape(subject.name()))
                    .append("</summary>\n");
            for (Evidence evidence : subject.evidence()) {
                out.append("<h3>")
                        .append(Html.escape(evidence.technique().title()
                                + (evidence.parameters().containsKey("method")
                                        ? ": " + evidence.parameters().get("method")
                                        : "")))
                        .append("</h3>\n<dl>\n");
                pair("subject", evidence.subject());
                evidence.parameters().forEach((key, value) -> {
                    if (!key.equals("method")) {
                        pair(key, value);
                    }
                });
                out.append("</dl>\n");
            }
            out.append("</details>\n");
        }
    }

    private void pair(String key, String value) {
        out.append("<dt>")
                .append(Html.escape(key))
                .append("</dt><dd class=\"mono\">")
                .append(Html.escape(value))
                .append("</dd>\n");
    }

    private void footer() {
        out.append("<footer>\n<h2>This run</h2>\n<dl>\n");
        pair("started", envelope.started().toString());
        envelope.environment().forEach(this::pair);
        envelope.steps().forEach(s -> pair(s.name(), Text.number(s.seconds(), 1) + " s"));
        out.append(
                        "</dl>\n<p>The master of this page is report.json beside it: canonical JSON, the same bytes for the same")
                .append(" inputs and seed.</p>\n</footer>\n");
    }

    private static String capital(String text) {
        return text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
