// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNull;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.SAXException;

/** {@code aisec fairness}. */
class FairnessCommandTest {
    /**
     * Rows by sex, label, decision; the score agrees with the decision at 0.5.
     *
     * <pre>
     *         good,yes  good,no  bad,yes  bad,no
     *   f           10       30       10      50
     *   m           40       20       20      20
     *   (none)       6        2        1       1
     * </pre>
     */
    private static final Map<String, int[]> CELLS =
            Map.of("f", new int[] {10, 30, 10, 50}, "m", new int[] {40, 20, 20, 20}, "", new int[] {6, 2, 1, 1});

    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path csv;

    @BeforeEach
    void writeData() throws IOException {
        csv = folder.resolve("people.csv");
        StringBuilder text = new StringBuilder("\uFEFFid,sex,outcome,decided,score,w\r\n");
        int id = 0;
        for (String sex : List.of("m", "f", "")) {
            int[] cells = CELLS.get(sex);
            for (int c = 0; c < 4; c++) {
                for (int i = 0; i < cells[c]; i++) {
                    boolean yes = c % 2 == 0;
                    text.append(id++).append(", ").append(sex).append(" ,");
                    text.append(c < 2 ? "good" : "bad").append(',').append(yes ? "yes" : "no");
                    text.append(',')
                            .append(yes ? 0.5 + (i + 1) / 200.0 : 0.4 - i / 200.0)
                            .append(",2\r\n");
                }
            }
        }
        Files.writeString(csv, text);
    }

    private int run(String... options) {
        out.reset();
        err.reset();
        List<String> args = new ArrayList<>(List.of("fairness", "--data=" + csv));
        args.addAll(Arrays.asList(options));
        return Main.run(
                new Main.Streams(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false),
                args.toArray(String[]::new));
    }

    private static String[] with(String... more) {
        return Stream.concat(Stream.of("--label=outcome", "--favourable=good", "--groups=sex"), Stream.of(more))
                .toArray(String[]::new);
    }

    private static String[] decided(String... more) {
        return with(Stream.concat(Stream.of("--decision=decided", "--favourable-decision=yes"), Stream.of(more))
                .toArray(String[]::new));
    }

    private void succeeded(String... options) {
        assertThat(run(options)).as(err.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(err.size()).isZero();
    }

    /** Exit code 2, one line, nothing on standard output. */
    private void badInput(String message, String... options) {
        assertThat(run(options)).as(message).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("aisec: ")
                .contains(message)
                .hasLineCount(1);
        assertThat(out.size()).isZero();
    }

    private List<Map<String, JsonValue>> metrics() {
        Map<String, JsonValue> all =
                ((JsonObject) JsonParser.parse(out.toByteArray(), JsonLimits.standard())).members();
        assertThat(all).containsOnlyKeys("metrics");
        return ((JsonArray) all.get("metrics"))
                .items().stream().map(item -> ((JsonObject) item).members()).toList();
    }

    private Map<String, JsonValue> metric(String name, String group) {
        return metrics().stream()
                .filter(m -> m.get("name").equals(new JsonString(name))
                        && m.get("group").equals(new JsonString(group)))
                .findFirst()
                .orElseThrow();
    }

    private double value(String name, String group) {
        Map<String, JsonValue> metric = metric(name, group);
        assertThat(metric).containsOnlyKeys("name", "group", "value", "lower", "upper", "n", "status");
        assertThat(metric).containsEntry("status", new JsonString("OK"));
        double value = ((JsonNumber) metric.get("value")).value();
        assertThat(((JsonNumber) metric.get("lower")).value()).isLessThanOrEqualTo(value);
        assertThat(((JsonNumber) metric.get("upper")).value()).isGreaterThanOrEqualTo(value);
        return value;
    }

    @Test
    void fairness_decisions_giveTheNumbersCountedByHand() {
        succeeded(decided("--json"));
        assertThat(value("selection_rate", "sex=f")).isEqualTo(20 / 100.0);
        assertThat(value("selection_rate", "sex=m")).isEqualTo(60 / 100.0);
        assertThat(value("selection_rate", "sex=(missing)")).isEqualTo(7 / 10.0);
        assertThat(value("selection_rate", "overall")).isEqualTo(87 / 210.0);
        assertThat(value("base_rate", "sex=f")).isEqualTo(40 / 100.0);
        assertThat(value("true_positive_rate", "sex=f")).isEqualTo(10 / 40.0);
        assertThat(value("true_positive_rate", "sex=m")).isEqualTo(40 / 60.0);
        assertThat(value("false_positive_rate", "sex=f")).isEqualTo(10 / 60.0);
        assertThat(value("positive_predictive_value", "sex=m")).isEqualTo(40 / 60.0);
        assertThat(value("accuracy", "sex=f")).isEqualTo(60 / 100.0);
        assertThat(value("demographic_parity_difference", "")).isCloseTo(0.7 - 0.2, within(1e-12));
        assertThat(value("demographic_parity_ratio", "")).isCloseTo(0.2 / 0.7, within(1e-12));
        assertThat(value("equal_opportunity_difference", "")).isCloseTo(0.75 - 0.25, within(1e-12));
        assertThat(value("equalized_odds_difference", "")).isCloseTo(0.75 - 0.25, within(1e-12));
        assertThat(metric("selection_rate", "sex=f")).containsEntry("n", new JsonNumber(100));
    }

    @Test
    void fairness_table_showsThem() {
        succeeded(decided());
        assertThat(out.toString(StandardCharsets.UTF_8))
                .startsWith("people.csv: 210 rows, 3 groups. Audited: decision 'decided'.")
                .containsPattern("demographic_parity_difference +0\\.5000 +0\\.\\d{4} +0\\.\\d{4} +210")
                .containsPattern("  sex=f +0\\.2000 +0\\.\\d{4} +0\\.\\d{4} +100")
                .containsPattern("  sex=\\(missing\\) +0\\.7000 ")
                .doesNotContain("abstains");
    }

    @Test
    void fairness_labelsOnly_saysSoAndAbstainsFromTheRest() {
        succeeded(with());
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("the label itself is audited")
                .contains("abstains: " + FairnessJob.NO_DECISIONS);
        succeeded(with("--json"));
        assertThat(value("selection_rate", "sex=f")).isEqualTo(0.4).isEqualTo(value("base_rate", "sex=f"));
        assertThat(value("demographic_parity_difference", "")).isCloseTo(0.8 - 0.4, within(1e-12));
        int silent = 0;
        for (Map<String, JsonValue> metric : metrics()) {
            if (metric.get("status").equals(new JsonString("ABSTAIN"))) {
                silent++;
                assertThat(metric)
                        .containsOnlyKeys("name", "group", "value", "lower", "upper", "n", "status", "reason")
                        .containsEntry("value", new JsonNull())
                        .containsEntry("lower", new JsonNull())
                        .containsEntry("upper", new JsonNull())
                        .containsEntry("reason", new JsonString(FairnessJob.NO_DECISIONS));
            } else {
                assertThat(((JsonString) metric.get("name")).value())
                        .matches("(selection_rate|base_rate|demographic_parity).*");
            }
        }
        assertThat(silent).isPositive();
    }

    @Test
    void fairness_scores_decideFromTheThresholdOn() {
        succeeded(decided("--json"));
        List<Map<String, JsonValue>> byDecision = metrics();
        succeeded(with("--scores=score", "--json"));
        assertThat(metrics()).containsAll(byDecision);
        // Of 40 × 60 pairs of f: 10 × 10 / 2 of equal ramps, 10 × 50 of selected over not selected, and of the rest the
        // i-th positive beats 49 − i negatives and ties with one, i < 30: 30 × 49.5 − 435.
        assertThat(value("auc", "sex=f")).isCloseTo((50 + 500 + 1050) / 2400.0, within(1e-12));
        succeeded(with("--scores=score", "--threshold=0", "--json"));
        assertThat(value("selection_rate", "overall")).isEqualTo(1);
        succeeded(with("--scores=score", "--threshold=2", "--json"));
        assertThat(value("selection_rate", "overall")).isZero();
    }

    @Test
    void fairness_equalWeights_giveTheSameValues() {
        succeeded(decided("--json"));
        double plain = value("true_positive_rate", "sex=m");
        succeeded(decided("--weights=w", "--json"));
        assertThat(value("true_positive_rate", "sex=m")).isEqualTo(plain);
        succeeded(with("--scores=score", "--weights=w", "--json"));
        assertThat(value("true_positive_rate", "sex=m")).isEqualTo(plain);
    }

    @Test
    void fairness_intersections_areGroupsOfTheirOwn() throws IOException {
        Files.writeString(csv, "a,b,y\n1,x,1\n1,?,0\n2,x,1\n2,x,0\n");
        succeeded("--label=y", "--favourable=1", "--groups=a,b", "--missing=?", "--json");
        assertThat(value("base_rate", "a=2, b=x")).isEqualTo(0.5);
        assertThat(value("base_rate", "a=1, b=(missing)")).isZero();
        assertThat(metric("base_rate", "a=2, b=(missing)")).containsEntry("status", new JsonString("ABSTAIN"));
    }

    @Test
    void fairness_json_isCanonicalAndStableWhateverTheOrderOfRows() throws IOException {
        succeeded(with("--scores=score", "--json", "--seed=7"));
        byte[] first = out.toByteArray();
        assertThat(new String(first, StandardCharsets.UTF_8).strip())
                .isEqualTo(CanonicalJson.string(JsonParser.parse(first, JsonLimits.standard())));
        succeeded(with("--scores=score", "--json", "--seed=7"));
        assertThat(out.toByteArray()).isEqualTo(first);
        List<String> lines = new ArrayList<>(Files.readAllLines(csv));
        Collections.reverse(lines.subList(1, lines.size()));
        Files.write(csv, lines);
        succeeded(with("--scores=score", "--json", "--seed=7"));
        assertThat(out.toByteArray()).isEqualTo(first);
    }

    @Test
    void fairness_out_writesReportsWithPlots() throws IOException, SAXException {
        Path report = folder.resolve("report");
        succeeded(with("--scores=score", "--out=" + report));
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("Report: " + report.resolve("report.html").toAbsolutePath());
        String html = Files.readString(report.resolve("report.html"));
        assertThat(html)
                .contains("Selection rate by group", "ROC by group", "Threshold frontier", "equalized odds")
                .contains("1: sex=f", "3: sex=(missing)", "demographic_parity_ratio");
        assertThat(HtmlCheck.errors(report.resolve("report.html"))).isEmpty();
        assertThat(Files.readString(report.resolve("report.md"))).contains("demographic_parity_difference");
        assertThat(html).doesNotContain("a detector flags");
        byte[] first = Files.readAllBytes(report.resolve("report.json"));
        succeeded(with("--scores=score", "--json", "--out=" + report));
        assertThat(metrics()).isNotEmpty();
        assertThat(Files.readAllBytes(report.resolve("report.json"))).isEqualTo(first);
    }

    @Test
    void fairness_outOfLabelsOnly_hasNoFrontierAndSaysWhy() throws IOException, SAXException {
        Path report = folder.resolve("report");
        succeeded(with("--out=" + report));
        String html = Files.readString(report.resolve("report.html"));
        assertThat(html)
                .contains("the label itself was audited", "fairness.labels-only")
                .doesNotContain("Threshold frontier", "ROC by group", "fairness.impossible");
        assertThat(HtmlCheck.errors(report.resolve("report.html"))).isEmpty();
    }

    @Test
    void fairness_groupWithOneLabelOnly_hasNoFrontierOfItsOddsButAReport() throws IOException {
        Files.writeString(csv, "g,y,s\na,1,0.9\na,0,0.2\nb,0,0.7\nb,0,0.1\n");
        Path report = folder.resolve("report");
        succeeded("--label=y", "--favourable=1", "--groups=g", "--scores=s", "--out=" + report);
        assertThat(Files.readString(report.resolve("report.html")))
                .contains("fairness.no-frontier", "Threshold frontier", "constraint demographic parity");
    }

    /** 1,179 of 10,771 women and 6,662 of 21,790 men earn more, counted with awk. */
    @Test
    void fairness_adult_hasTheKnownBaseRates() {
        Path adult = Path.of(System.getProperty("aisec.data", "../../shared/data"), "fairness", "adult_train.csv");
        if (!Files.exists(adult)) {
            System.out.println("not checked, no file " + adult);
            return;
        }
        csv = adult;
        succeeded("--label=income-per-year", "--favourable=>50K", "--groups=sex", "--json");
        assertThat(value("base_rate", "sex=Female")).isEqualTo(1179 / 10771.0);
        assertThat(value("base_rate", "sex=Male")).isEqualTo(6662 / 21790.0);
        assertThat(value("demographic_parity_difference", ""))
                .isCloseTo(6662 / 21790.0 - 1179 / 10771.0, within(1e-12));
    }

    @Test
    void fairness_hostileCsv_isToldInOneLine() throws IOException {
        String[] options = {
            "--label=y", "--favourable=1", "--groups=g", "--scores=s", "--weights=w",
        };
        String[][] cases = {
            {"", "must begin with a record of column names, is empty"},
            {"g,y,s,w\n", "must have at least one row below the column names, has none"},
            {"g,label,s,w\na,1,0,1\n", "must have a column 'y', has 'g', 'label', 's', 'w'"},
            {"g,y,y,s,w\na,1,1,0,1\n", "must have one column 'y', has several"},
            {"g,y,s,w\na,0,0,1\nb,no\u0007pe,0,1\n", "--favourable '1' must occur, never does; there are '0', 'no pe'"},
            {"g,y,s,w\na,1,NaN,1\n", "line 2, column 's': must be a finite decimal number, is not"},
            {"g,y,s,w\na,1,1,1\na,0,Infinity,1\n", "line 3, column 's': must be a finite decimal number, is not"},
            {"g,y,s,w\na,1,,1\n", "line 2, column 's': must be a number, is empty"},
            {"g,y,s,w\na,1,0,-1\n", "line 2, column 'w': must be a weight, 0 or in [1e-100, 1e100], is not"},
            {"g,y,s,w\na,1,0,1e200\n", "line 2, column 'w': must be a weight"},
            {"g,y,s,w\na,1,0,0\n", "at least one weight must be above 0, none is"},
            {"g,y,s,w\na,1,0,1\nb, ,0,1\n", "line 3, column 'y': must have a value, is empty"},
            {"g,y,s,w\n" + "x".repeat(201) + ",1,0,1\n", "line 2, column 'g': must have at most 200 characters"},
            {"g,y,s,w\na,1,0\n", "must be CSV after RFC 4180"},
            {"g,y,s,w\na,1,0,\"1\nb,1,0,1\n", "a quote is not closed"},
            {"g,y,s,w\n\"" + "9".repeat(3 << 20), "cells must have at most"},
        };
        for (String[] each : cases) {
            Files.writeString(csv, each[0]);
            badInput(each[1], options);
        }
        Files.write(csv, new byte[] {'g', ',', 'y', '\n', (byte) 0xC3, (byte) 0x28, ',', '1', '\n'});
        badInput("must be UTF-8", "--label=y", "--favourable=1", "--groups=g");
        Files.delete(csv);
        badInput("must be a CSV file, is not there", options);
    }

    @Test
    void fairness_attributeOfTooManyValues_isRefused() throws IOException {
        StringBuilder text = new StringBuilder("id,y\n");
        for (int i = 0; i < 1001; i++) {
            text.append(i).append(",1\n");
        }
        Files.writeString(csv, text);
        badInput(
                "line 1002, column 'id': --groups must make at most 1000",
                "--label=y",
                "--favourable=1",
                "--groups=id");
    }

    @Test
    void fairness_hostileNames_reachNeitherTerminalNorPageRaw() throws IOException, SAXException {
        Files.writeString(csv, "g,y\n\u001b[31m<b>&\u202e,1\n\"a\nb\",0\n\"x,\"\"y\",1\n");
        Path report = folder.resolve("report");
        succeeded("--label=y", "--favourable=1", "--groups=g", "--out=" + report);
        assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain("\u001b", "\u202e", "a\nb");
        assertThat(Files.readString(report.resolve("report.html"))).doesNotContain("<b>");
        assertThat(HtmlCheck.errors(report.resolve("report.html"))).isEmpty();
    }

    @Test
    void fairness_badOptions_areRefused() throws IOException {
        badInput("--label", "--favourable=good", "--groups=sex");
        badInput("--favourable must not be blank", "--label=outcome", "--favourable= ", "--groups=sex");
        badInput("--groups must be different", "--label=outcome", "--favourable=good", "--groups=sex,sex");
        badInput("--scores must not be given with --decision", decided("--scores=score"));
        badInput("--favourable-decision must be given with --decision", with("--favourable-decision=yes"));
        badInput("--threshold must be given with --scores", with("--threshold=0.5"));
        badInput("--threshold must be given with --scores and finite", with("--scores=score", "--threshold=NaN"));
        badInput(
                "--favourable-decision 'YES' must occur, never does",
                with("--decision=decided", "--favourable-decision=YES"));
        Path file = Files.writeString(folder.resolve("file"), "");
        badInput("must be a folder, is a file", with("--out=" + file));
        badInput(
                "must have a column 'nosuch', has 'id', 'sex', 'outcome', 'decided', 'score', 'w'",
                with("--decision=nosuch"));
    }
}
