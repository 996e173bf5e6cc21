// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Rows with scores: real ones, scored by a small logistic regression, and random ones. */
record ScoredData(String name, GroupedRows rows, double[] scores) {
    /** The data sets that are there; those that are not are named on the console. */
    static List<ScoredData> real() {
        return Once.REAL;
    }

    /** Read and scored once for all tests. */
    private static final class Once {
        private static final List<ScoredData> REAL = List.copyOf(read());
    }

    private static List<ScoredData> read() {
        List<ScoredData> all = new ArrayList<>();
        add(
                all,
                "adult_train.csv",
                "income-per-year",
                ">50K",
                "sex",
                "age",
                "education-num",
                "capital-gain",
                "capital-loss",
                "hours-per-week");
        add(
                all,
                "compas_two_years.csv",
                "two_year_recid",
                "0",
                "race",
                "age",
                "priors_count",
                "juv_fel_count",
                "juv_misd_count");
        add(all, "german.csv", "credit", "1", "personal_status", "month", "credit_amount", "age", "residence_since");
        add(all, "law_school.csv", "pass_bar", "1.0", "race", "lsat", "ugpa", "decile3", "fam_inc");
        add(all, "bank_full.csv", "y", "yes", "marital", "age", "balance", "campaign", "previous");
        return all;
    }

    private static void add(
            List<ScoredData> all, String file, String label, String favourable, String group, String... features) {
        Path path = Path.of(System.getProperty("aisec.data", "../../shared/data"), "fairness", file);
        if (!Files.exists(path)) {
            System.out.println("left out, as it is not there: " + path.toAbsolutePath());
            return;
        }
        List<String> lines;
        try {
            lines = Files.readAllLines(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> header = List.of(lines.get(0).split(","));
        int n = lines.size() - 1;
        double[][] x = new double[n][features.length];
        boolean[] y = new boolean[n];
        int[] groups = new int[n];
        List<String> names = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            String[] cells = lines.get(i + 1).split(",", -1);
            y[i] = cells[header.indexOf(label)].equals(favourable);
            String name = cells[header.indexOf(group)];
            if (!names.contains(name)) {
                names.add(name);
            }
            groups[i] = names.indexOf(name);
            for (int f = 0; f < features.length; f++) {
                x[i][f] = Double.parseDouble(cells[header.indexOf(features[f])]);
            }
        }
        double[] scores = logistic(x, y);
        GroupSpace space = GroupSpace.of(group, names.toArray(String[]::new));
        all.add(new ScoredData(file, GroupedRows.of(space, groups, y), scores));
    }

    /** Twenty steps of gradient descent on standardised features are enough to rank. */
    private static double[] logistic(double[][] x, boolean[] y) {
        int d = x[0].length;
        double[] mean = new double[d];
        double[] deviation = new double[d];
        for (double[] row : x) {
            for (int f = 0; f < d; f++) {
                mean[f] += row[f] / x.length;
            }
        }
        for (double[] row : x) {
            for (int f = 0; f < d; f++) {
                deviation[f] += (row[f] - mean[f]) * (row[f] - mean[f]) / x.length;
            }
        }
        double[] w = new double[d + 1];
        double[] p = new double[x.length];
        for (int step = 0; step < 20; step++) {
            double[] gradient = new double[d + 1];
            for (int i = 0; i < x.length; i++) {
                double z = w[d];
                for (int f = 0; f < d; f++) {
                    z += w[f] * (x[i][f] - mean[f]) / Math.sqrt(deviation[f]);
                }
                p[i] = 1 / (1 + Math.exp(-z));
                double error = (y[i] ? 1 : 0) - p[i];
                for (int f = 0; f < d; f++) {
                    gradient[f] += error * (x[i][f] - mean[f]) / Math.sqrt(deviation[f]);
                }
                gradient[d] += error;
            }
            for (int f = 0; f <= d; f++) {
                w[f] += 2 * gradient[f] / x.length;
            }
        }
        return p;
    }

    /** Groups with different base rates and scores on a grid of {@code levels} values. */
    static ScoredData random(long seed, int n, int groups, int levels, boolean weighted) {
        RandomGenerator random = new Seed(seed).generator(0);
        int[] group = new int[n];
        boolean[] label = new boolean[n];
        double[] scores = new double[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            // The first rows give every group both labels.
            group[i] = i < 2 * groups ? i / 2 : random.nextInt(groups);
            label[i] = i < 2 * groups ? i % 2 == 0 : random.nextDouble() < 0.2 + 0.6 * group[i] / groups;
            double z = random.nextGaussian() + (label[i] ? 0.4 + 0.2 * group[i] : 0);
            scores[i] = Math.round(levels / (1 + Math.exp(-z))) / (double) levels;
            weights[i] = random.nextDouble() * 3;
        }
        String[] names = new String[groups];
        Arrays.setAll(names, g -> "g" + g);
        GroupSpace space = GroupSpace.of("group", names);
        return new ScoredData("random " + seed, GroupedRows.of(space, group, label, weighted ? weights : null), scores);
    }

    @Override
    public String toString() {
        return name;
    }
}
