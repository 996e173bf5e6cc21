// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Real data sets as features and grouped rows; tests are skipped where the files are absent. */
public record RealData(double[] features, int columns, GroupedRows rows) {
    /** Adult by sex: age, education, hours, capital gain and loss (logarithms), married. Favourable: above 50K. */
    public static RealData adult(int most) {
        List<Map<String, String>> table = read("adult_train.csv", most, row -> true);
        return of(
                table,
                GroupSpace.of("sex", "Female", "Male"),
                row -> row.get("sex").equals("Male") ? 1 : 0,
                row -> row.get("income-per-year").startsWith(">"),
                row -> new double[] {
                    number(row, "age"),
                    number(row, "education-num"),
                    number(row, "hours-per-week"),
                    Math.log1p(number(row, "capital-gain")),
                    Math.log1p(number(row, "capital-loss")),
                    row.get("marital-status").startsWith("Married") ? 1 : 0
                });
    }

    /** COMPAS by race (two groups). Favourable: no new offence within two years. */
    public static RealData compas() {
        List<Map<String, String>> table = read(
                "compas_two_years.csv",
                Integer.MAX_VALUE,
                row -> row.get("race").equals("African-American")
                        || row.get("race").equals("Caucasian"));
        return of(
                table,
                GroupSpace.of("race", "African-American", "Caucasian"),
                row -> row.get("race").equals("Caucasian") ? 1 : 0,
                row -> row.get("two_year_recid").equals("0"),
                row -> new double[] {
                    number(row, "age"),
                    number(row, "priors_count"),
                    number(row, "juv_fel_count") + number(row, "juv_misd_count") + number(row, "juv_other_count"),
                    row.get("c_charge_degree").equals("F") ? 1 : 0,
                    row.get("sex").equals("Male") ? 1 : 0
                });
    }

    /** German credit by sex. Favourable: good credit. */
    public static RealData german() {
        List<Map<String, String>> table = read("german.csv", Integer.MAX_VALUE, row -> true);
        return of(
                table,
                GroupSpace.of("sex", "female", "male"),
                row -> row.get("personal_status").equals("A92")
                                || row.get("personal_status").equals("A95")
                        ? 0
                        : 1,
                row -> row.get("credit").equals("1"),
                row -> new double[] {
                    number(row, "month"),
                    Math.log(number(row, "credit_amount")),
                    number(row, "age"),
                    number(row, "investment_as_income_percentage"),
                    row.get("status").charAt(2) - '0',
                    row.get("savings").charAt(2) - '0',
                    row.get("housing").equals("A152") ? 1 : 0
                });
    }

    /** Every second row, from the first or from the second. */
    public RealData half(int from) {
        int[] chosen =
                IntStream.range(0, rows.size()).filter(i -> i % 2 == from).toArray();
        double[] part = new double[chosen.length * columns];
        for (int i = 0; i < chosen.length; i++) {
            System.arraycopy(features, chosen[i] * columns, part, i * columns, columns);
        }
        return new RealData(part, columns, rows.select(chosen));
    }

    /** With the group as one more feature. */
    public RealData withGroup() {
        int n = rows.size();
        double[] wide = new double[n * (columns + 1)];
        for (int i = 0; i < n; i++) {
            System.arraycopy(features, i * columns, wide, i * (columns + 1), columns);
            wide[i * (columns + 1) + columns] = rows.group(i);
        }
        return new RealData(wide, columns + 1, rows);
    }

    private interface ToInt {
        int of(Map<String, String> row);
    }

    private interface ToFeatures {
        double[] of(Map<String, String> row);
    }

    private static RealData of(
            List<Map<String, String>> table,
            GroupSpace space,
            ToInt group,
            Predicate<Map<String, String>> favourable,
            ToFeatures features) {
        int n = table.size();
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        int columns = features.of(table.get(0)).length;
        double[] x = new double[n * columns];
        for (int i = 0; i < n; i++) {
            groups[i] = group.of(table.get(i));
            labels[i] = favourable.test(table.get(i));
            System.arraycopy(features.of(table.get(i)), 0, x, i * columns, columns);
        }
        return new RealData(x, columns, GroupedRows.of(space, groups, labels));
    }

    private static double number(Map<String, String> row, String column) {
        return Double.parseDouble(row.get(column));
    }

    private static List<Map<String, String>> read(String file, int most, Predicate<Map<String, String>> keep) {
        Path path = Path.of(System.getProperty("aisec.data", "../../shared/data"))
                .resolve("fairness")
                .resolve(file);
        assumeTrue(Files.isRegularFile(path), () -> "skipped: no " + path);
        try {
            List<String> lines = Files.readAllLines(path);
            List<String> header = split(lines.get(0));
            List<Map<String, String>> rows = new ArrayList<>();
            for (String line : lines.subList(1, lines.size())) {
                if (rows.size() == most) {
                    break;
                }
                List<String> cells = split(line);
                if (cells.size() == header.size()) {
                    Map<String, String> row = new LinkedHashMap<>();
                    for (int c = 0; c < header.size(); c++) {
                        row.put(header.get(c), cells.get(c));
                    }
                    if (keep.test(row)) {
                        rows.add(row);
                    }
                }
            }
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> split(String line) {
        if (line.indexOf('"') < 0) {
            return Arrays.stream(line.split(",", -1)).map(String::strip).toList();
        }
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (char c : line.toCharArray()) {
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString().strip());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        cells.add(cell.toString().strip());
        return cells;
    }
}
