// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import de.siegmar.fastcsv.reader.CsvReader;
import dev.aisec.assessment.Assessment;
import dev.aisec.core.Evidence;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.EvidenceJson;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.fairness.metric.Measure;
import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.FileLedger;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.provenance.modelfile.ModelVerifier;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code aisec dp release} and {@code aisec dp ledger}. With ε = 100 the noise is far smaller than what is asserted. */
class DpReleaseCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path csv;
    private Path ledger;

    @BeforeEach
    void writeData() throws IOException {
        csv = folder.resolve("people.csv");
        ledger = folder.resolve("budget.ledger");
        StringBuilder text = new StringBuilder("\uFEFFname,\"age, years\",city\r\n");
        for (int i = 0; i < 1000; i++) {
            // 250 people with four rows each; ages 0 to 99.
            text.append("\"P ")
                    .append(i % 250)
                    .append("\",")
                    .append(i % 100)
                    .append(".0,c")
                    .append(i % 2)
                    .append("\r\n");
        }
        Files.writeString(csv, text);
    }

    private int run(String... args) {
        out.reset();
        err.reset();
        return Main.run(
                new Main.Streams(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false),
                args);
    }

    private int release(String... options) {
        List<String> args = new ArrayList<>(List.of("dp", "release", "--csv=" + csv, "--ledger=" + ledger));
        args.addAll(Arrays.asList(options));
        return run(args.toArray(String[]::new));
    }

    private Map<String, JsonValue> json() {
        return ((JsonObject) JsonParser.parse(out.toByteArray(), JsonLimits.standard())).members();
    }

    private double value(int index) {
        JsonValue value = ((JsonArray) json().get("values")).items().get(index);
        return ((JsonNumber) ((JsonObject) value).members().get("value")).value();
    }

    private void succeeded(String... options) {
        assertThat(release(options)).as(err.toString(StandardCharsets.UTF_8)).isZero();
    }

    /** Exit code 2, one line, nothing on standard output. */
    private void badInput(String message, String... options) {
        assertThat(release(options)).as(message).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("aisec: ")
                .contains(message)
                .hasLineCount(1);
        assertThat(out.size()).isZero();
    }

    @Test
    void release_everyStatistic_isNearTheTrueOne() {
        String[] budget = {"--budget-epsilon=1000", "--epsilon=100", "--json"};
        succeeded(with(budget, "--statistic=count"));
        assertThat(value(0)).isBetween(995.0, 1005.0);
        String[] numeric = with(budget, "--column=age, years", "--lower=0", "--upper=100");
        succeeded(with(numeric, "--statistic=sum"));
        assertThat(value(0)).isBetween(49_450.0, 49_550.0);
        succeeded(with(numeric, "--statistic=mean"));
        assertThat(value(0)).isBetween(49.4, 49.6);
        succeeded(with(numeric, "--statistic=variance"));
        assertThat(value(0)).isBetween(820.0, 846.0); // 833.25
        succeeded(with(numeric, "--statistic=quantile", "--quantile=0.1,0.9"));
        assertThat(value(0)).isBetween(8.0, 11.0);
        assertThat(value(1)).isBetween(88.0, 91.0);
        succeeded(with(numeric, "--statistic=histogram", "--bins=4"));
        assertThat(value(3)).isBetween(245.0, 255.0);
        succeeded(with(budget, "--statistic=histogram", "--column=city", "--categories=c1,c7"));
        assertThat(value(0)).isBetween(495.0, 505.0);
        assertThat(value(1)).isBetween(-5.0, 5.0);
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(Arrays.asList(some));
        all.addAll(Arrays.asList(more));
        return all.toArray(String[]::new);
    }

    @Test
    void release_userColumn_keepsSoManyRowsOfEach() {
        succeeded("--statistic=count", "--epsilon=100", "--budget-epsilon=200", "--user-column=name", "--json");
        assertThat(value(0)).isBetween(245.0, 255.0);
        assertThat(json().get("unit")).isEqualTo(new JsonString("one user with all rows, of which 1 is kept"));
        succeeded("--statistic=count", "--epsilon=100", "--user-column=name", "--contributions=3", "--json");
        assertThat(value(0)).isBetween(740.0, 760.0);
    }

    @Test
    void release_json_tellsLossRestAndEvidence() {
        succeeded("--statistic=count", "--epsilon=0.5", "--budget-epsilon=2", "--json");
        assertThat(json())
                .containsOnlyKeys(
                        "statistic", "values", "epsilon", "delta", "neighbouring", "unit", "remaining", "evidence")
                .containsEntry("epsilon", new JsonNumber(0.5))
                .containsEntry("delta", new JsonNumber(0))
                .containsEntry(
                        "remaining",
                        new JsonObject(Map.of("epsilon", new JsonNumber(1.5), "delta", new JsonNumber(0))));
        assertThat(EvidenceJson.fromJson(json().get("evidence")).subject()).isEqualTo("count");
        // Canonical: writing what was read gives the same bytes.
        assertThat(CanonicalJson.string(new JsonObject(json())))
                .isEqualTo(out.toString(StandardCharsets.UTF_8).strip());
    }

    @Test
    void release_budgetGone_isRefusedAndShowsNothing() throws IOException {
        succeeded("--statistic=count", "--epsilon=0.7", "--budget-epsilon=1");
        assertThat(release("--statistic=count", "--epsilon=0.7")).isEqualTo(1);
        assertThat(out.size()).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("aisec: " + ledger + ": nothing released")
                .contains("0.7")
                .hasLineCount(1);
        // What is left can still be spent, to the last unit.
        succeeded("--statistic=count", "--epsilon=0.3");
        try (FileLedger opened = FileLedger.open(ledger)) {
            assertThat(opened.entries()).hasSize(2).allMatch(entry -> entry.used());
            assertThat(opened.spent().privacy()).isBetween(0.999, 1.0);
        }
        assertThat(run("dp", "ledger", ledger.toString())).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("2 entries, chain whole");
    }

    @Test
    void release_delta_isGaussianAndBooksNoMoreThanAsked() throws IOException {
        String[] mean = {"--statistic=mean", "--column=age, years", "--lower=0", "--upper=100", "--epsilon=0.5"};
        succeeded(with(mean, "--delta=1e-7", "--budget-epsilon=2", "--budget-delta=1e-6"));
        try (FileLedger opened = FileLedger.open(ledger)) {
            assertThat(opened.entries().get(0).loss()).contains("Gaussian");
            assertThat(opened.spent().privacy()).isBetween(0.49, 0.5);
            assertThat(opened.spent().delta()).isEqualTo(1e-7);
        }
        badInput("--delta must be 1.0E-7", with(mean, "--delta=1e-8"));
        succeeded(mean);
    }

    @Test
    void release_deltaWithoutDeltaInTheBudget_isRefusedUnspent() throws IOException {
        succeeded("--statistic=count", "--epsilon=0.5", "--budget-epsilon=2");
        badInput("--delta must not be given", "--statistic=count", "--epsilon=0.5", "--delta=1e-7");
        try (FileLedger opened = FileLedger.open(ledger)) {
            assertThat(opened.entries()).hasSize(1);
        }
    }

    @Test
    void release_ledgerOfAnotherBudget_isRefused() {
        succeeded("--statistic=count", "--epsilon=0.5", "--budget-epsilon=2", "--neighbouring=replace-one");
        succeeded("--statistic=count", "--epsilon=0.5", "--budget-epsilon=2", "--json");
        assertThat(json().get("neighbouring")).isEqualTo(new JsonString("replace-one"));
        badInput(
                "budget must be as the ledger was created", "--statistic=count", "--epsilon=0.1", "--budget-epsilon=3");
        badInput(
                "budget must be as the ledger was created",
                "--statistic=count",
                "--epsilon=0.1",
                "--neighbouring=add-remove");
    }

    @Test
    void release_zeroConcentratedLedger_takesAnyDelta() throws IOException {
        FileLedger.create(ledger, Budget.zeroConcentrated(0.5, 0, Neighbouring.ADD_REMOVE))
                .close();
        succeeded("--statistic=count", "--epsilon=0.5", "--delta=1e-6");
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("Left in the ledger: rho 0.4");
    }

    @Test
    void release_hostileCsv_isToldBeforeAnythingIsSpent() throws IOException {
        String[] mean = {
            "--statistic=mean", "--column=x", "--lower=0", "--upper=1", "--epsilon=0.5", "--budget-epsilon=2"
        };
        String[][] cases = {
            {"", "must begin with a record of column names"},
            {"y\n1\n", "must have a column 'x', has none"},
            {"x,x\n1,2\n", "must have one column 'x', has several"},
            {"x\n1\nsecret\n", "line 3, column 'x': must be a finite decimal number, is not"},
            {"x\nNaN\n", "line 2, column 'x': must be a finite decimal number"},
            {"x\nInfinity\n", "line 2"},
            {"x\n1e999\n", "line 2"},
            {"x\n0x1p3\n", "line 2"},
            {"x\n1d\n", "line 2"},
            {"x\n1-2\n", "line 2"},
            {"x,y\n1,2\n,3\n", "line 3, column 'x': must be a number, is empty"},
            {"x\n1\n\n2\n", "line 3"},
            {"x,y\n1,2\n1\n", "must be CSV after RFC 4180"},
            {"x,y\n1,2\n1,2,3\n", "must be CSV after RFC 4180"},
            {"x\n\"1\"2\n", "line 2"},
            {"x,y\n1,\"2\n1,3\n1,4\n", "a quote is not closed"},
            {"x\n1\n\"" + "9".repeat(3 << 20), "cells must have at most"},
        };
        for (String[] each : cases) {
            Files.writeString(csv, each[0]);
            badInput(each[1], mean);
            assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("secret");
        }
        Files.write(csv, new byte[] {'x', '\n', (byte) 0xC3, (byte) 0x28, '\n'});
        badInput("must be UTF-8", mean);
        Files.delete(csv);
        badInput("must be a CSV file, is not there", mean);
        assertThat(ledger).doesNotExist();
    }

    @Test
    void release_badOptions_areRefused() throws IOException {
        String[] create = {"--epsilon=0.5", "--budget-epsilon=2"};
        badInput("--budget-epsilon creates it", "--statistic=count", "--epsilon=1");
        badInput("--column must be given", with(create, "--statistic=mean"));
        badInput("--lower and --upper must be given", with(create, "--statistic=mean", "--column=city"));
        badInput(
                "--lower must be < --upper",
                with(create, "--statistic=sum", "--column=city", "--lower=2", "--upper=1"));
        badInput("--bins must be", with(create, "--statistic=histogram", "--column=city", "--lower=0", "--upper=1"));
        badInput("was given twice", with(create, "--statistic=histogram", "--column=city", "--categories=a,a"));
        badInput(
                "--contributions must be given with --user-column",
                with(create, "--statistic=count", "--contributions=2"));
        badInput("epsilon must be in", "--statistic=count", "--epsilon=NaN", "--budget-epsilon=2");
        badInput("epsilon must be in", "--statistic=count", "--epsilon=1", "--budget-epsilon=-1");
        badInput("must have a column 'who'", with(create, "--statistic=count", "--user-column=who"));
        badInput(
                "--quantile must be in",
                with(create, "--statistic=quantile", "--column=city", "--lower=0", "--upper=1", "--quantile=2"));
        assertThat(ledger).doesNotExist();
    }

    @Test
    void release_damagedLedger_isRefusedAndToldByDpLedger() throws IOException {
        succeeded("--statistic=count", "--epsilon=0.5", "--budget-epsilon=2");
        byte[] bytes = Files.readAllBytes(ledger);
        bytes[bytes.length - 40] ^= 1;
        Files.write(ledger, bytes);
        badInput(ledger.toString(), "--statistic=count", "--epsilon=0.5");
        assertThat(run("dp", "ledger", ledger.toString())).isEqualTo(1);
        assertThat(out.size()).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("aisec: ").hasLineCount(1);
    }

    @Test
    void ledger_json_hasBudgetEntriesAndHead() {
        succeeded("--statistic=count", "--epsilon=0.5", "--budget-epsilon=2");
        assertThat(run("dp", "ledger", ledger.toString(), "--json")).isZero();
        byte[] first = out.toByteArray();
        Map<String, JsonValue> shown = json();
        assertThat(shown).containsOnlyKeys("budget", "spent", "remaining", "entries", "head");
        Map<String, JsonValue> entry =
                ((JsonObject) ((JsonArray) shown.get("entries")).items().get(0)).members();
        assertThat(entry).containsEntry("purpose", new JsonString("count in people.csv"));
        assertThat(run("dp", "ledger", ledger.toString(), "--json")).isZero();
        assertThat(out.toByteArray()).isEqualTo(first);

        String head = ((JsonString) shown.get("head")).value();
        succeeded("--statistic=count", "--epsilon=0.5");
        assertThat(run("dp", "ledger", ledger.toString(), "--contains=" + head)).isZero();
        assertThat(run("dp", "ledger", ledger.toString(), "--contains=" + "0".repeat(64)))
                .isEqualTo(1);
    }

    @Test
    void ledger_noLedger_isBadInput() {
        assertThat(run("dp", "ledger", folder.resolve("none").toString())).isEqualTo(2);
        assertThat(run("dp", "ledger", folder.toString())).isEqualTo(2);
    }

    @Test
    void release_largeFile_isNotHeld() throws Exception {
        // 80 MB of rows, in a JVM that has 48 MB.
        String padding = "x".repeat(200_000);
        try (BufferedWriter writer = Files.newBufferedWriter(csv)) {
            writer.write("v,padding\n");
            for (int i = 0; i < 400; i++) {
                writer.write(i + "," + padding + "\n");
            }
        }
        Set<String> classes = new LinkedHashSet<>();
        for (Class<?> each : List.of(
                Main.class,
                CommandLine.class,
                CsvReader.class,
                Evidence.class,
                FileLedger.class,
                Measure.class,
                ModelVerifier.class,
                Assessment.class)) {
            classes.add(Path.of(each.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx48m",
                        "-cp",
                        String.join(File.pathSeparator, classes),
                        Main.class.getName(),
                        "dp",
                        "release",
                        "--csv=" + csv,
                        "--ledger=" + ledger,
                        "--statistic=count",
                        "--epsilon=100",
                        "--budget-epsilon=100")
                .redirectErrorStream(true)
                .start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor()).as(output).isZero();
        assertThat(output).contains("count: ").contains("Left in the ledger: epsilon 0.");
    }
}
