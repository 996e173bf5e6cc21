// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import nu.validator.htmlparser.common.XmlViolationPolicy;
import nu.validator.htmlparser.sax.HtmlParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;
import org.xml.sax.helpers.DefaultHandler;

class AssessmentTest {
    private static final String HOSTILE = "<script>alert('x')</script>\"&\u0000\u202e|`\n";

    private static Estimate measured(double value, double lower, double upper) {
        return new Estimate.Measured(value, new Interval(lower, upper, 0.95), 100);
    }

    private static Measurement.Curve curve(String name, String x, Map<String, String> labels, double... ys) {
        List<Measurement.Point> points = new ArrayList<>();
        for (int i = 0; i < ys.length; i++) {
            points.add(new Measurement.Point(i * 0.1, measured(ys[i], ys[i] - 0.05, Math.min(1, ys[i] + 0.05))));
        }
        return new Measurement.Curve(name, x, "accuracy", new TreeMap<>(labels), points);
    }

    private static Evidence evidence(Technique technique, Measurement... measurements) {
        return new Evidence(
                technique,
                "sha256:00" + HOSTILE,
                new TreeMap<>(Map.of("method", "m" + HOSTILE, HOSTILE, HOSTILE)),
                List.of(measurements),
                List.of(Finding.of(Severity.WARNING, "a.b", "doubt " + HOSTILE, HOSTILE)));
    }

    private static Subject subject(String name) {
        List<Measurement.Point> severities = new ArrayList<>();
        for (int s = 0; s <= 5; s++) {
            severities.add(new Measurement.Point(s, measured(1 - s * 0.1, 0.9 - s * 0.1, 1 - s * 0.1)));
        }
        List<Measurement.Point> gap = List.of(
                new Measurement.Point(0, measured(0.5, 0.4, 0.6)),
                new Measurement.Point(1, new Estimate.Abstained("too few", 0)),
                new Measurement.Point(2, measured(0.3, 0.2, 0.4)));
        List<Measurement.Point> roc = new ArrayList<>();
        for (int i = 0; i <= 100; i++) {
            roc.add(new Measurement.Point(i / 100.0, measured(Math.sqrt(i / 100.0), 0, 1)));
        }
        return new Subject(
                name,
                List.of(
                        new Evidence(
                                Technique.MODEL_FILE_VERIFICATION,
                                "m",
                                new TreeMap<>(Map.of("verdict", "ACCEPT")),
                                List.of(),
                                List.of()),
                        evidence(
                                Technique.ROBUSTNESS_EVALUATION,
                                new Measurement.Scalar(
                                        "clean-accuracy", "1", new TreeMap<>(), measured(0.97, 0.96, 0.98)),
                                curve(
                                        "robust-accuracy",
                                        "epsilon",
                                        Map.of("norm", "LINF", "attack", "pgd-40"),
                                        0.9,
                                        0.48),
                                curve("certified-accuracy", "radius", Map.of("norm", "L2"), 0.9),
                                new Measurement.Curve(
                                        "corruption-accuracy",
                                        "severity",
                                        "accuracy",
                                        new TreeMap<>(Map.of("corruption", "gaussian-noise")),
                                        severities),
                                new Measurement.Curve("unheard-of" + HOSTILE, "x<", "y<", new TreeMap<>(), gap)),
                        evidence(
                                Technique.ADVERSARIAL_EXAMPLE_DETECTION,
                                new Measurement.Scalar("auc", "1", new TreeMap<>(), new Estimate.Abstained("none", 0)),
                                new Measurement.Scalar("time", "ms", new TreeMap<>(), measured(12.5, 12, 1300)),
                                new Measurement.Curve(
                                        "roc", "false-positive-rate", "true-positive-rate", new TreeMap<>(), roc))));
    }

    private static Assessment assessment() {
        return new Assessment(
                "Title " + HOSTILE,
                new TreeMap<>(Map.of("seed", "7")),
                List.of(subject("plain"), subject("other " + HOSTILE)),
                AssessmentPolicy.images());
    }

    private static RunEnvelope envelope() {
        return new RunEnvelope(
                Instant.parse("2026-01-02T03:04:05Z"),
                new TreeMap<>(Map.of("java", HOSTILE)),
                List.of(new RunEnvelope.Step("step " + HOSTILE, 1.25)));
    }

    private static List<String> errors(String html) throws IOException, SAXException {
        List<String> errors = new ArrayList<>();
        HtmlParser parser = new HtmlParser(XmlViolationPolicy.ALLOW);
        parser.setContentHandler(new DefaultHandler());
        parser.setErrorHandler(new ErrorHandler() {
            @Override
            public void warning(SAXParseException e) {
                errors.add(e.getLineNumber() + ": " + e.getMessage());
            }

            @Override
            public void error(SAXParseException e) {
                warning(e);
            }

            @Override
            public void fatalError(SAXParseException e) {
                warning(e);
            }
        });
        parser.parse(new InputSource(new StringReader(html)));
        return errors;
    }

    @Test
    void html_hostileAndUnknownContent_parsesAndExecutesNothing() throws Exception {
        String html = HtmlReport.of(assessment(), envelope());
        assertThat(errors(html)).isEmpty();
        assertThat(html)
                .doesNotContain("<script")
                .doesNotContain("http:")
                .doesNotContain("https:")
                .doesNotContain("NaN")
                .doesNotContain("Infinity")
                .contains("&lt;script&gt;")
                .contains("Unheard of")
                .contains("abstained: none");
        assertThat(Pattern.compile("\\son[a-z]+=").matcher(html).find()).isFalse();
        for (Technique technique : Technique.values()) {
            assertThat(html).contains(Html.escape(technique.title()));
        }
        assertThat(html.split("<span class=\"badge\">not assessed</span>", -1)).hasSize(41 - 3 + 1);
    }

    @Test
    void html_nothingMeasured_stillParses() throws Exception {
        Assessment empty = new Assessment(
                "t", new TreeMap<>(), List.of(new Subject("s", List.of())), new AssessmentPolicy(List.of()));
        assertThat(errors(HtmlReport.of(empty, envelope()))).isEmpty();
        assertThat(MarkdownReport.of(empty)).contains("0 of the 41");
    }

    @Test
    void json_equalAssessments_givesEqualBytesAndReadsBack() {
        byte[] bytes = AssessmentJson.bytes(assessment());
        assertThat(AssessmentJson.bytes(assessment())).isEqualTo(bytes);
        assertThat(AssessmentJson.read(bytes, AssessmentPolicy.images())).isEqualTo(assessment());
        assertThat(new String(bytes, StandardCharsets.UTF_8))
                .doesNotContain("2026")
                .contains("\"outcome\":\"UNDECIDED\"");
        assertThatThrownBy(() -> AssessmentJson.read("{}".getBytes(StandardCharsets.UTF_8), AssessmentPolicy.images()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(AssessmentJson.SCHEMA);
        assertThatThrownBy(() -> AssessmentJson.read(new byte[] {'{'}, AssessmentPolicy.images()))
                .isInstanceOf(MalformedInputException.class);
    }

    @Test
    void criteria_intervals_decide() {
        assertThat(judge(0.5, measured(0.6, 0.5, 0.7))).isEqualTo(Outcome.MET);
        assertThat(judge(0.5, measured(0.6, 0.4999, 0.7))).isEqualTo(Outcome.UNDECIDED);
        assertThat(judge(0.5, measured(0.3, 0.2, 0.4999))).isEqualTo(Outcome.NOT_MET);
        assertThat(judge(0.5, measured(0.3, 0.2, 0.5))).isEqualTo(Outcome.UNDECIDED);
        assertThat(judge(0.5, new Estimate.Abstained("x", 0))).isEqualTo(Outcome.NOT_ASSESSED);
        assertThat(criterion("other", 0.5).judge(scalar(measured(1, 1, 1))).outcome())
                .isEqualTo(Outcome.NOT_ASSESSED);
        // The worst of several decides; an abstention is worse than any.
        Subject two = new Subject(
                "s",
                List.of(
                        scalar(measured(0.9, 0.8, 1)).evidence().get(0),
                        scalar(measured(0.2, 0.1, 0.3)).evidence().get(0)));
        assertThat(criterion("a", 0.5).judge(two).outcome()).isEqualTo(Outcome.NOT_MET);
        Criterion accepted = new Criterion.Accepted("file", Technique.MODEL_FILE_VERIFICATION, "r");
        assertThat(accepted.judge(subject("s")).outcome()).isEqualTo(Outcome.MET);
        assertThat(accepted.judge(scalar(measured(1, 1, 1))).outcome()).isEqualTo(Outcome.NOT_ASSESSED);
    }

    private static Criterion criterion(String name, double threshold) {
        return new Criterion.AtLeast("t", name, new TreeMap<>(), Optional.empty(), threshold, "r");
    }

    private static Subject scalar(Estimate estimate) {
        return new Subject(
                "s",
                List.of(evidence(
                        Technique.ROBUSTNESS_EVALUATION, new Measurement.Scalar("a", "1", new TreeMap<>(), estimate))));
    }

    private static Outcome judge(double threshold, Estimate estimate) {
        return criterion("a", threshold).judge(scalar(estimate)).outcome();
    }

    @Test
    void markdown_hostileNames_stayInTheirCells() {
        String markdown = MarkdownReport.of(assessment());
        assertThat(markdown.lines().filter(l -> l.startsWith("|")))
                .allSatisfy(l -> assertThat(l.replace("\\|", "")
                                .chars()
                                .filter(c -> c == '|')
                                .count())
                        .isEqualTo(4));
        assertThat(markdown.chars().noneMatch(c -> c != '\n' && Character.isISOControl(c)))
                .isTrue();
        assertThat(markdown).contains("97.0 % (96.0 to 98.0 %)").contains("WARNING plain: doubt");
    }

    @Test
    void write_folder_hasFourFilesAndNothingElse(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("mine.txt"), "mine");
        ReportFiles.write(folder, assessment(), envelope());
        ReportFiles.write(folder, assessment(), envelope());
        try (var files = Files.list(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("mine.txt", "report.json", "report.html", "report.md", "run.json");
        }
        assertThat(Files.readAllBytes(folder.resolve("report.json"))).isEqualTo(AssessmentJson.bytes(assessment()));
    }

    @Test
    void write_folderThatIsAFile_failsNamingIt(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "");
        assertThatThrownBy(() -> ReportFiles.write(file, assessment(), envelope()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file + ": must be writable");
        // One target cannot be replaced: the temporary files are gone afterwards.
        Path out = Files.createDirectory(folder.resolve("out"));
        Files.createDirectories(out.resolve("report.html").resolve("child"));
        assertThatThrownBy(() -> ReportFiles.write(out, assessment(), envelope()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("report.html");
        try (var files = Files.list(out)) {
            assertThat(files.map(f -> f.getFileName().toString()).filter(n -> n.endsWith(".tmp")))
                    .isEmpty();
        }
    }
}
