// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Estimate;
import dev.aisec.core.json.EvidenceJson;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.BudgetAmount;
import dev.aisec.privacy.accounting.BudgetExhaustedException;
import dev.aisec.privacy.accounting.Calibration;
import dev.aisec.privacy.accounting.FileLedger;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.SpendToken;
import dev.aisec.privacy.dp.StatisticNoise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code aisec dp release}: a private statistic of a CSV column, paid from a ledger. */
@Command(
        name = "release",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Releases a statistic of a CSV column with noise, and books what it gives away in a ledger file.",
            "When the budget is gone it releases nothing. All options must be chosen without looking at the data:"
                    + " --lower and --upper taken from its minimum and maximum give these away.",
            "Only what stands on standard output is private; messages on standard error may tell where a file is malformed."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            " 0:released",
            " 1:refused, the budget does not cover it",
            " 2:bad input; nothing was spent",
            " 3:a fault of aisec"
        })
final class DpReleaseCommand implements Callable<Integer> {
    /** What to release. */
    enum Statistic {
        count,
        sum,
        mean,
        variance,
        quantile,
        histogram
    }

    private static final int MAX_BINS = 100_000;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            required = true,
            description = "CSV file, UTF-8, column names in its first record")
    private Path csv = Path.of("");

    @Option(names = "--column", paramLabel = "NAME", description = "column; not needed for count")
    private @Nullable String column;

    @Option(
            names = "--statistic",
            paramLabel = "KIND",
            required = true,
            description = "${COMPLETION-CANDIDATES}; a count is of rows")
    private Statistic statistic = Statistic.count;

    @Option(
            names = "--lower",
            paramLabel = "X",
            description = "smaller values count as this; never the minimum of the data")
    private @Nullable Double lower;

    @Option(
            names = "--upper",
            paramLabel = "X",
            description = "larger values count as this; never the maximum of the data")
    private @Nullable Double upper;

    @Option(
            names = "--quantile",
            paramLabel = "Q",
            split = ",",
            description = "which quantiles, in [0, 1]; all for one price (default: 0.5)")
    private List<Double> ranks = new ArrayList<>();

    @Option(
            names = "--bins",
            paramLabel = "N",
            description = "histogram: equal parts of the range from --lower to --upper")
    private @Nullable Integer bins;

    @Option(
            names = "--categories",
            paramLabel = "A",
            split = ",",
            description = "histogram: the values to count, known without the data; others are not counted")
    private List<String> categories = new ArrayList<>();

    @Option(
            names = "--epsilon",
            paramLabel = "E",
            required = true,
            description = "what the release may give away, in [2^-30, 1000]")
    private double epsilon;

    @Option(
            names = "--delta",
            paramLabel = "D",
            description =
                    "release with Gaussian noise, within epsilon and this delta (default: Laplace noise, no delta)")
    private @Nullable Double delta;

    @Option(
            names = "--user-column",
            paramLabel = "NAME",
            description = "who a row is about: then a user is hidden with all rows; else a single row is")
    private @Nullable String userColumn;

    @Option(
            names = "--contributions",
            paramLabel = "M",
            defaultValue = "1",
            description = "rows kept of each user, drawn at random (default: ${DEFAULT-VALUE})")
    private int contributions;

    @Option(
            names = "--ledger",
            paramLabel = "FILE",
            required = true,
            description = "ledger that pays; one for a data set")
    private Path ledger = Path.of("");

    @Option(names = "--budget-epsilon", paramLabel = "E", description = "create the ledger with this epsilon in all")
    private @Nullable Double budgetEpsilon;

    @Option(
            names = "--budget-delta",
            paramLabel = "D",
            description = "create the ledger with this delta in all; each Gaussian release takes --delta of it,"
                    + " or a tenth if none is given now")
    private @Nullable Double budgetDelta;

    @Option(
            names = "--neighbouring",
            paramLabel = "RELATION",
            converter = DpSampling.Relation.class,
            description = "what is hidden: add-remove, replace-one or zero-out (default: that of the ledger;"
                    + " add-remove for a new one)")
    private @Nullable Neighbouring neighbouring;

    @Option(names = "--json", description = "print canonical JSON on standard output, and nothing else there")
    private boolean json;

    private final Main.Streams streams;

    DpReleaseCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        ColumnStatistic<?, ?, ?> asked = asked();
        boolean create = !Files.exists(ledger, LinkOption.NOFOLLOW_LINKS);
        if (create) {
            Budget budget = newBudget();
            // The file comes first: a mistake in it should not leave a ledger behind.
            ColumnStatistic<?, ?, ?>.Rows rows = read(asked, budget);
            try (FileLedger opened = FileLedger.create(ledger, budget)) {
                return release(asked, rows, opened);
            }
        }
        try (FileLedger opened = FileLedger.open(ledger)) {
            requireAsGiven(opened.budget());
            return release(asked, read(asked, opened.budget()), opened);
        }
    }

    /** All of the file, before anything is spent. */
    private ColumnStatistic<?, ?, ?>.Rows read(ColumnStatistic<?, ?, ?> asked, Budget budget) throws IOException {
        ColumnStatistic<?, ?, ?>.Rows rows = asked.rows(noise(asked, budget), userColumn != null);
        CsvRows.read(csv, column, userColumn, rows);
        return rows;
    }

    private int release(ColumnStatistic<?, ?, ?> asked, ColumnStatistic<?, ?, ?>.Rows rows, FileLedger opened) {
        Budget budget = opened.budget();
        SpendToken token;
        try {
            token = opened.reserve(asked.loss(noise(asked, budget), budget.neighbouring()), purpose());
        } catch (BudgetExhaustedException e) {
            Main.tell(streams, ledger + ": nothing released, the budget does not cover it: " + e.getMessage());
            return 1;
        }
        ColumnStatistic.Released released = rows.release(token);
        BudgetAmount left = opened.remaining();
        if (json) {
            DpText.print(streams, toJson(released, budget, left));
        } else {
            print(released, budget, left);
        }
        return 0;
    }

    private ColumnStatistic<?, ?, ?> asked() {
        if (contributions > 1 && userColumn == null) {
            throw new IllegalArgumentException("--contributions must be given with --user-column");
        }
        if (statistic == Statistic.count) {
            return ColumnStatistic.count(contributions);
        }
        if (column == null) {
            throw new IllegalArgumentException("--column must be given for --statistic " + statistic);
        }
        if (statistic == Statistic.histogram && !categories.isEmpty()) {
            if (bins != null || lower != null || upper != null) {
                throw new IllegalArgumentException("--categories must not be given with --bins, --lower or --upper");
            }
            return ColumnStatistic.histogram(categories, contributions);
        }
        if (lower == null || upper == null) {
            throw new IllegalArgumentException("--lower and --upper must be given for --statistic " + statistic
                    + ", from what is known without the data");
        }
        if (!(Double.isFinite(lower) && Double.isFinite(upper) && lower < upper)) {
            throw new IllegalArgumentException(
                    "--lower must be < --upper and both finite, were " + lower + " and " + upper);
        }
        ColumnStatistic.Range range = new ColumnStatistic.Range(lower, upper, contributions);
        return switch (statistic) {
            case sum -> ColumnStatistic.sum(range);
            case mean -> ColumnStatistic.mean(range);
            case variance -> ColumnStatistic.variance(range);
            case quantile -> quantiles(range);
            default -> binned(range);
        };
    }

    private ColumnStatistic<?, ?, ?> quantiles(ColumnStatistic.Range range) {
        List<Double> asked = ranks.isEmpty() ? List.of(0.5) : ranks;
        for (double rank : asked) {
            if (!(rank >= 0 && rank <= 1)) {
                throw new IllegalArgumentException("--quantile must be in [0, 1], was " + rank);
            }
        }
        return ColumnStatistic.quantiles(range, asked);
    }

    private ColumnStatistic<?, ?, ?> binned(ColumnStatistic.Range range) {
        if (bins == null || bins < 1 || bins > MAX_BINS) {
            throw new IllegalArgumentException(
                    "--bins must be in [1, " + MAX_BINS + "], or --categories given, was " + bins);
        }
        return ColumnStatistic.histogram(range, bins);
    }

    private Budget newBudget() throws IOException {
        if (budgetEpsilon == null) {
            throw new NoSuchFileException(ledger + ": must be a ledger, is not there; --budget-epsilon creates it");
        }
        Neighbouring relation = neighbouring == null ? Neighbouring.ADD_REMOVE : neighbouring;
        if (budgetDelta == null) {
            return Budget.pure(budgetEpsilon, relation);
        }
        return Budget.approximate(budgetEpsilon, budgetDelta, delta == null ? budgetDelta / 10 : delta, relation);
    }

    /** A ledger keeps the budget that it has; options that say otherwise are a mistake. */
    private void requireAsGiven(Budget budget) {
        boolean concentrated = budget instanceof Budget.ZeroConcentrated;
        double inAll = budget instanceof Budget.Pure pure
                ? pure.epsilon()
                : budget instanceof Budget.Approximate approximate ? approximate.epsilon() : Double.NaN;
        double deltaInAll = budget instanceof Budget.Approximate approximate ? approximate.delta() : 0;
        boolean same = (budgetEpsilon == null || budgetEpsilon == inAll)
                && (budgetDelta == null || !concentrated && budgetDelta == deltaInAll)
                && (neighbouring == null || neighbouring == budget.neighbouring());
        if (!same) {
            throw new IllegalArgumentException(ledger + ": budget must be as the ledger was created, " + budget
                    + ", --budget-epsilon, --budget-delta or --neighbouring was another");
        }
    }

    private StatisticNoise noise(ColumnStatistic<?, ?, ?> asked, Budget budget) {
        if (delta == null) {
            return new StatisticNoise.Laplace(epsilon);
        }
        if (budget instanceof Budget.Pure) {
            throw new IllegalArgumentException("--delta must not be given with a ledger whose budget has none");
        }
        if (budget instanceof Budget.Approximate approximate && delta != approximate.deltaPerRelease()) {
            throw new IllegalArgumentException("--delta must be " + approximate.deltaPerRelease()
                    + ", what a release takes from this ledger, was " + delta);
        }
        // The ledger books the certified epsilon of this very loss, which is within the one asked for.
        return new StatisticNoise.Gaussian(Calibration.of(epsilon, delta)
                .noise(multiplier -> asked.loss(new StatisticNoise.Gaussian(multiplier), budget.neighbouring()))
                .multiplier());
    }

    private String purpose() {
        return CsvRows.shown(statistic + (column == null ? "" : " of " + column) + " in " + csv.getFileName());
    }

    private String unit() {
        return userColumn == null
                ? "one row"
                : "one user with all rows, of which " + contributions + (contributions == 1 ? " is" : " are") + " kept";
    }

    private JsonValue toJson(ColumnStatistic.Released released, Budget budget, BudgetAmount left) {
        List<JsonValue> values = new ArrayList<>();
        for (ColumnStatistic.Value value : released.values()) {
            Estimate.Measured estimate = value.estimate();
            Map<String, JsonValue> item = new LinkedHashMap<>();
            if (!value.label().isEmpty()) {
                item.put("label", new JsonString(value.label()));
            }
            item.put("value", new JsonNumber(estimate.value()));
            item.put("lower", new JsonNumber(estimate.interval().lower()));
            item.put("upper", new JsonNumber(estimate.interval().upper()));
            item.put("confidence", new JsonNumber(estimate.interval().confidence()));
            values.add(new JsonObject(item));
        }
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("statistic", new JsonString(statistic.name()));
        if (column != null) {
            members.put("column", new JsonString(column));
        }
        members.put("values", new JsonArray(values));
        members.put("epsilon", new JsonNumber(epsilon));
        members.put("delta", new JsonNumber(delta == null ? 0 : delta));
        members.put("neighbouring", new JsonString(DpSampling.Relation.name(budget.neighbouring())));
        members.put("unit", new JsonString(unit()));
        members.put("remaining", DpText.amount(budget, left));
        members.put("evidence", EvidenceJson.toJson(released.release().evidence()));
        return new JsonObject(members);
    }

    private void print(ColumnStatistic.Released released, Budget budget, BudgetAmount left) {
        StringBuilder text = new StringBuilder();
        boolean whole = statistic == Statistic.count || statistic == Statistic.histogram;
        for (ColumnStatistic.Value value : released.values()) {
            Estimate.Measured estimate = value.estimate();
            text.append(String.format(
                    "%s%s: %s (the true one in [%s, %s] with %.0f %%)%n",
                    statistic,
                    (column == null ? "" : " of " + CsvRows.shown(column))
                            + (value.label().isEmpty() ? "" : ", " + CsvRows.shown(value.label())),
                    DpText.exact(estimate.value()),
                    whole
                            ? DpText.exact(Math.ceil(estimate.interval().lower()))
                            : DpText.down(estimate.interval().lower()),
                    whole
                            ? DpText.exact(Math.floor(estimate.interval().upper()))
                            : DpText.up(estimate.interval().upper()),
                    100 * estimate.interval().confidence()));
        }
        text.append(String.format(
                "Given away: epsilon %s, delta %s; hidden: %s (%s).%nLeft in the ledger: %s.%n",
                DpText.exact(epsilon),
                delta == null ? "0" : DpText.exact(delta),
                unit(),
                DpSampling.Relation.name(budget.neighbouring()),
                DpText.text(budget, left)));
        streams.out().print(text);
        streams.out().flush();
    }
}
