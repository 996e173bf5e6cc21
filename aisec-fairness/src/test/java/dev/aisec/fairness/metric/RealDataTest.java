// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * The cube's metrics on real data against a plain loop over the rows that follows the definitions. Where the data are
 * absent, the reason is printed.
 */
class RealDataTest {
    private record Data(String[] header, List<String[]> rows) {
        int column(String name) {
            return Arrays.asList(header).indexOf(name);
        }
    }

    private static Data read(String name) throws IOException {
        Path file = Path.of(System.getProperty("aisec.data", "../../shared/data"), "fairness", name);
        if (!Files.exists(file)) {
            System.out.println("not checked, no file " + file);
            return new Data(new String[0], List.of());
        }
        List<String> lines = Files.readAllLines(file);
        List<String[]> rows = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            // Fields between quotes may hold commas.
            rows.add(line.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1));
        }
        return new Data(lines.get(0).split(","), rows);
    }

    private static void check(Data data, String group, Predicate<String[]> label, Predicate<String[]> decision) {
        if (data.rows.isEmpty()) {
            return;
        }
        int column = data.column(group);
        Map<String, Integer> values = new LinkedHashMap<>();
        for (String[] row : data.rows) {
            values.putIfAbsent(row[column].isEmpty() ? GroupSpace.MISSING : row[column], values.size());
        }
        GroupSpace space = GroupSpace.of(group, values.keySet().toArray(new String[0]));
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        for (String[] row : data.rows) {
            int g = values.get(row[column].isEmpty() ? GroupSpace.MISSING : row[column]);
            table.add(g, label.test(row), decision.test(row));
        }
        FairnessReport report = FairnessAudit.of().audit(table.cube());
        FairnessAuditTest.assertFinite(report);
        double low = 2;
        double high = -1;
        double lowTpr = 2;
        double highTpr = -1;
        for (Map.Entry<String, Integer> entry : values.entrySet()) {
            double n = 0;
            double selected = 0;
            double positives = 0;
            double hits = 0;
            double right = 0;
            for (String[] row : data.rows) {
                if ((row[column].isEmpty() ? GroupSpace.MISSING : row[column]).equals(entry.getKey())) {
                    n++;
                    selected += decision.test(row) ? 1 : 0;
                    positives += label.test(row) ? 1 : 0;
                    hits += label.test(row) && decision.test(row) ? 1 : 0;
                    right += label.test(row) == decision.test(row) ? 1 : 0;
                }
            }
            int g = entry.getValue();
            assertThat(FairnessAuditTest.value(
                            report.byGroup(Measure.SELECTION_RATE).get(g)))
                    .isCloseTo(selected / n, within(1e-12));
            assertThat(FairnessAuditTest.value(report.byGroup(Measure.ACCURACY).get(g)))
                    .isCloseTo(right / n, within(1e-12));
            low = Math.min(low, selected / n);
            high = Math.max(high, selected / n);
            if (positives > 0) {
                assertThat(FairnessAuditTest.value(
                                report.byGroup(Measure.TRUE_POSITIVE_RATE).get(g)))
                        .isCloseTo(hits / positives, within(1e-12));
                lowTpr = Math.min(lowTpr, hits / positives);
                highTpr = Math.max(highTpr, hits / positives);
            } else {
                assertThat(report.byGroup(Measure.TRUE_POSITIVE_RATE).get(g)).isInstanceOf(Estimate.Abstained.class);
            }
        }
        assertThat(FairnessAuditTest.value(report.metric("demographic_parity_difference")))
                .isCloseTo(high - low, within(1e-12));
        assertThat(FairnessAuditTest.value(report.metric("demographic_parity_ratio")))
                .isCloseTo(low / high, within(1e-12));
        assertThat(FairnessAuditTest.value(report.metric("equal_opportunity_difference")))
                .isCloseTo(highTpr - lowTpr, within(1e-12));
    }

    @Test
    void compas_scoreAgainstRecidivism_agrees() throws IOException {
        Data data = read("compas_two_years.csv");
        check(
                data,
                "race",
                row -> row[data.column("two_year_recid")].equals("0"),
                row -> Integer.parseInt(row[data.column("decile_score")]) < 5);
    }

    @Test
    void adult_educationAgainstIncome_agrees() throws IOException {
        Data data = read("adult_train.csv");
        check(
                data,
                "sex",
                row -> row[data.column("income-per-year")].equals(">50K"),
                row -> Integer.parseInt(row[data.column("education-num")].trim()) >= 13);
        check(
                data,
                "race",
                row -> row[data.column("income-per-year")].equals(">50K"),
                row -> Integer.parseInt(row[data.column("education-num")].trim()) >= 13);
    }

    @Test
    void germanRicciLaw_agree() throws IOException {
        Data german = read("german.csv");
        check(
                german,
                "personal_status",
                row -> row[german.column("credit")].equals("1"),
                row -> Integer.parseInt(row[german.column("month")]) <= 24);
        Data ricci = read("ricci.csv");
        check(
                ricci,
                "Race",
                row -> Double.parseDouble(row[ricci.column("Combine")]) >= 70,
                row -> Double.parseDouble(row[ricci.column("Written")]) >= 70);
        Data law = read("law_school.csv");
        check(
                law,
                "race",
                row -> row[law.column("pass_bar")].equals("1.0"),
                row -> Double.parseDouble(row[law.column("lsat")]) >= 36);
    }
}
