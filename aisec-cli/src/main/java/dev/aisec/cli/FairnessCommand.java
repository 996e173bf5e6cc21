// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.assessment.ReportFiles;
import dev.aisec.assessment.RunEnvelope;
import dev.aisec.core.Estimate;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNull;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.fairness.metric.FairnessReport;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.Measure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code aisec fairness}: how do decisions, scores or labels in a CSV file differ between groups? */
@Command(
        name = "fairness",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Audits a CSV file for differences between groups: rates by group, disparities, with confidence intervals.",
            "Without --decision and --scores it audits the label itself: selection rates are then base rates, and"
                    + " whatever compares decisions with labels abstains.",
            "A missing attribute is a value of its own, " + GroupSpace.MISSING + ". Spaces around cells do not count."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {" 0:audited", " 2:bad input", " 3:a fault of aisec", "130:interrupted"})
final class FairnessCommand implements Callable<Integer> {
    private static final List<Measure> BY_GROUP = List.of(
            Measure.SELECTION_RATE,
            Measure.BASE_RATE,
            Measure.TRUE_POSITIVE_RATE,
            Measure.FALSE_POSITIVE_RATE,
            Measure.POSITIVE_PREDICTIVE_VALUE,
            Measure.ACCURACY);

    @Option(
            names = "--data",
            paramLabel = "FILE",
            required = true,
            description = "CSV file, UTF-8, column names in its first record")
    private Path file = Path.of("");

    @Option(names = "--label", paramLabel = "COLUMN", required = true, description = "the recorded label")
    private String label = "";

    @Option(
            names = "--favourable",
            paramLabel = "VALUE",
            required = true,
            description = "the value of the label that people want to have")
    private String favourable = "";

    @Option(
            names = "--groups",
            paramLabel = "COLUMN",
            required = true,
            split = ",",
            description = "attributes; groups are the combinations of their values")
    private List<String> groups = new ArrayList<>();

    @Option(
            names = "--missing",
            paramLabel = "VALUE",
            split = ",",
            description = "counts as a missing attribute, for example ?; an empty cell always does")
    private List<String> missing = new ArrayList<>();

    @Option(names = "--decision", paramLabel = "COLUMN", description = "the decision to audit")
    private @Nullable String decision;

    @Option(
            names = "--favourable-decision",
            paramLabel = "VALUE",
            description = "its favourable value (default: the value of --favourable)")
    private @Nullable String favourableDecision;

    @Option(
            names = "--scores",
            paramLabel = "COLUMN",
            description = "the score to audit; a higher one speaks for the favourable label")
    private @Nullable String scores;

    @Option(
            names = "--threshold",
            paramLabel = "T",
            description = "scores from here on are a favourable decision (default: 0.5)")
    private @Nullable Double threshold;

    @Option(names = "--weights", paramLabel = "COLUMN", description = "weight of each row; 0 or more")
    private @Nullable String weights;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "seed of the bootstrap; equal seeds give equal results (default: ${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--json", description = "print all metrics as canonical JSON, and nothing else")
    private boolean json;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "write report.html, report.md, report.json and run.json there")
    private @Nullable Path out;

    private final Main.Streams streams;

    FairnessCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        Instant started = Instant.now();
        FairnessData data = FairnessData.read(new FairnessData.Columns(
                file,
                label,
                favourable.strip(),
                List.copyOf(groups),
                new HashSet<>(missing),
                decision,
                (favourableDecision == null ? favourable : favourableDecision).strip(),
                scores,
                cutoff(),
                weights));
        String name = CsvRows.shown(String.valueOf(file.getFileName()));
        FairnessJob job = new FairnessJob(data, seed, audited() + " in " + name, decision == null && scores == null);
        if (out != null) {
            write(out, job, name, started);
        }
        if (json) {
            DpText.print(streams, toJson(job));
        } else {
            print(job, name);
        }
        return 0;
    }

    private void checkOptions() throws IOException {
        if (favourable.isBlank()) {
            throw new IllegalArgumentException("--favourable must not be blank");
        }
        if (new HashSet<>(groups).size() != groups.size()) {
            throw new IllegalArgumentException("--groups must be different columns, were " + String.join(",", groups));
        }
        if (decision != null && scores != null) {
            throw new IllegalArgumentException("--scores must not be given with --decision");
        }
        if (favourableDecision != null && (decision == null || favourableDecision.isBlank())) {
            throw new IllegalArgumentException("--favourable-decision must be given with --decision, and not blank");
        }
        if (threshold != null && (scores == null || !Double.isFinite(threshold))) {
            throw new IllegalArgumentException("--threshold must be given with --scores and finite, was " + threshold);
        }
        if (out != null && Files.exists(out) && !Files.isDirectory(out)) {
            throw new IOException(out + ": must be a folder, is a file");
        }
    }

    private double cutoff() {
        return threshold == null ? 0.5 : threshold;
    }

    private String audited() {
        if (decision != null) {
            return "decision '" + CsvRows.shown(decision) + "'";
        }
        return scores == null
                ? "label '" + CsvRows.shown(label) + "'"
                : "score '" + CsvRows.shown(scores) + "' from " + cutoff() + " on";
    }

    private void write(Path folder, FairnessJob job, String name, Instant started) throws IOException {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("data", name + ", " + job.cube().count() + " rows");
        parameters.put("label", label + ", favourable: " + favourable);
        parameters.put("groups", String.join(", ", groups));
        parameters.put("audited", audited());
        if (decision != null) {
            parameters.put("favourable decision", favourableDecision == null ? favourable : favourableDecision);
        }
        if (weights != null) {
            parameters.put("weights", weights);
        }
        parameters.put("seed", String.valueOf(seed));
        SortedMap<String, String> environment = RunEnvelope.here();
        environment.put("aisec", Main.version());
        var assessment = job.assessment(name, parameters);
        double seconds = Duration.between(started, Instant.now()).toMillis() / 1000.0;
        ReportFiles.write(
                folder,
                assessment,
                new RunEnvelope(started, environment, List.of(new RunEnvelope.Step("audit", seconds))));
    }

    private static JsonValue toJson(FairnessJob job) {
        List<JsonValue> metrics = new ArrayList<>();
        for (FairnessReport.Row row : job.rows()) {
            Map<String, JsonValue> metric = new LinkedHashMap<>();
            metric.put("name", JsonValue.of(row.name()));
            metric.put("group", JsonValue.of(row.group()));
            if (row.estimate() instanceof Estimate.Measured measured) {
                metric.put("value", JsonValue.of(measured.value()));
                metric.put("lower", number(measured.interval().lower()));
                metric.put("upper", number(measured.interval().upper()));
                metric.put("n", JsonValue.of(measured.n()));
                metric.put("status", JsonValue.of("OK"));
            } else if (row.estimate() instanceof Estimate.Abstained abstained) {
                metric.put("value", new JsonNull());
                metric.put("lower", new JsonNull());
                metric.put("upper", new JsonNull());
                metric.put("n", JsonValue.of(abstained.n()));
                metric.put("status", JsonValue.of("ABSTAIN"));
                metric.put("reason", JsonValue.of(abstained.reason()));
            }
            metrics.add(new JsonObject(metric));
        }
        return new JsonObject(Map.of("metrics", new JsonArray(metrics)));
    }

    /** An interval that is open on this side has no number there. */
    private static JsonValue number(double end) {
        return Double.isFinite(end) ? JsonValue.of(end) : new JsonNull();
    }

    private void print(FairnessJob job, String name) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s: %d rows, %d groups. Audited: %s. Intervals: 95 %%, each for itself.%n",
                name,
                job.cube().count(),
                job.cube().space().size(),
                audited()));
        if (decision == null && scores == null) {
            text.append(String.format(
                    "No --decision and no --scores: the label itself is audited. Selection rates are base rates; what"
                            + " compares decisions with labels abstains.%n"));
        }
        List<String[]> table = new ArrayList<>();
        table.add(new String[] {"metric", "value", "lower", "upper", "n"});
        for (String metric : FairnessJob.COMPARISONS) {
            table.add(line(metric, job.estimate(metric, FairnessReport.BETWEEN)));
        }
        GroupSpace space = job.cube().space();
        for (Measure measure : decision == null && scores == null ? List.of(Measure.SELECTION_RATE) : BY_GROUP) {
            table.add(new String[] {measure.id(), "", "", "", ""});
            table.add(line("  overall", job.estimate(measure.id(), FairnessReport.OVERALL)));
            for (int g = 0; g < space.size(); g++) {
                if (job.cube().count(g) > 0) {
                    table.add(line("  " + space.name(g), job.estimate(measure.id(), space.name(g))));
                }
            }
        }
        if (scores != null) {
            table.add(new String[] {"auc", "", "", "", ""});
            for (FairnessReport.Row row : job.rows()) {
                if (row.name().equals("auc")) {
                    table.add(line("  " + row.group(), row.estimate()));
                }
            }
        }
        append(text, table);
        text.append(String.format(
                "%d of %d metrics; all with --json%s.%n",
                table.stream().filter(r -> !r[4].isEmpty()).count() - 1,
                job.rows().size(),
                out == null ? " or in a report with --out" : ""));
        if (out != null) {
            text.append(String.format(
                    "Report: %s%n", out.resolve("report.html").toAbsolutePath().normalize()));
        }
        streams.out().print(text);
        streams.out().flush();
    }

    private static String[] line(String name, Estimate estimate) {
        if (estimate instanceof Estimate.Measured measured) {
            return new String[] {
                name,
                digits(measured.value()),
                digits(measured.interval().lower()),
                digits(measured.interval().upper()),
                String.valueOf(measured.n())
            };
        }
        Estimate.Abstained abstained = (Estimate.Abstained) estimate;
        return new String[] {name, "abstains: " + abstained.reason(), "", "", String.valueOf(abstained.n())};
    }

    private static String digits(double value) {
        return Double.isInfinite(value) ? (value > 0 ? "∞" : "-∞") : String.format(Locale.ROOT, "%.4f", value);
    }

    private static void append(StringBuilder text, List<String[]> table) {
        int widest = table.stream()
                .mapToInt(row -> CsvRows.shown(row[0]).length())
                .max()
                .orElse(0);
        for (String[] row : table) {
            String name = CsvRows.shown(row[0]);
            StringBuilder line = new StringBuilder(name).append(" ".repeat(widest - name.length()));
            if (row[1].startsWith("abstains")) {
                line.append("  ").append(CsvRows.shown(row[1]));
            } else {
                line.append(String.format(Locale.ROOT, "  %8s  %8s  %8s  %9s", row[1], row[2], row[3], row[4]));
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
    }
}
