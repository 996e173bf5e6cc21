// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.cli.CsvRows.CellException;
import dev.aisec.fairness.metric.GroupCube;
import dev.aisec.fairness.metric.GroupScores;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A CSV file counted by group, label and decision. The file is read twice: for the values that groups have, then to count.
 * Only with scores is anything held for each row.
 *
 * @param cube the counts; without decisions each label stands for its own decision
 * @param scored the rows with their scores; null without
 */
record FairnessData(GroupCube cube, @Nullable Scored scored) {
    /**
     * Which columns, and what they mean.
     *
     * @param file the file
     * @param label column of the recorded label
     * @param favourable its favourable value
     * @param groups columns of the attributes
     * @param missing what counts as a missing attribute, beside the empty cell
     * @param decision column of the decision, or null
     * @param favourableDecision its favourable value
     * @param scores column of the score, or null
     * @param threshold scores from here on decide favourably
     * @param weights column of the weight, or null
     */
    record Columns(
            Path file,
            String label,
            String favourable,
            List<String> groups,
            Set<String> missing,
            @Nullable String decision,
            String favourableDecision,
            @Nullable String scores,
            double threshold,
            @Nullable String weights) {}

    /**
     * Rows with scores.
     *
     * @param rows group, label and weight of each
     * @param values their scores
     * @param byGroup the same by group
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Scored(GroupedRows rows, double[] values, GroupScores byGroup) {}

    /** More groups than anybody reads; a number or a name was taken for an attribute. */
    private static final int MOST_GROUPS = 1000;

    private static final int MOST_VALUE = 200;
    /** Labels told in a message. */
    private static final int MOST_LABELS = 10;

    /** Where each part of a row stands among the columns asked for. */
    private static final class Layout {
        final List<String> names;
        final Columns columns;

        Layout(Columns columns) {
            this.columns = columns;
            names = new ArrayList<>(columns.groups());
            names.add(columns.label());
            for (String optional : Arrays.asList(columns.decision(), columns.scores(), columns.weights())) {
                if (optional != null) {
                    names.add(optional);
                }
            }
        }

        String attribute(String[] cells, int a) {
            return FairnessData.attribute(names.get(a), cells[a], columns.missing());
        }

        String label(String[] cells) {
            return value(cells, columns.groups().size());
        }

        private String value(String[] cells, int at) {
            String value = cells[at].strip();
            if (value.isEmpty()) {
                throw new CellException(names.get(at), "must have a value, is empty");
            }
            return value;
        }

        String decision(String[] cells) {
            return value(cells, columns.groups().size() + 1);
        }

        double score(String[] cells) {
            return number(cells, columns.groups().size() + 1);
        }

        double weight(String[] cells) {
            double weight = number(cells, cells.length - 1);
            if (!(weight == 0 || weight >= 1e-100 && weight <= 1e100)) {
                throw new CellException(
                        names.get(cells.length - 1), "must be a weight, 0 or in [1e-100, 1e100], is not");
            }
            return weight;
        }

        private double number(String[] cells, int at) {
            try {
                return ColumnStatistic.number(cells[at]);
            } catch (IllegalArgumentException e) {
                throw new CellException(names.get(at), String.valueOf(e.getMessage()));
            }
        }
    }

    /** Values met in the first reading. */
    private static final class Seen {
        private final List<Set<String>> attributes = new ArrayList<>();
        private final Set<String> labels = new TreeSet<>();
        private boolean favourable;
        private int rows;

        GroupSpace space(Columns columns) {
            return FairnessData.space(columns.groups(), attributes);
        }
    }

    /** Reads. */
    static FairnessData read(Columns columns) throws IOException {
        Layout layout = new Layout(columns);
        Seen seen = look(columns, layout);
        GroupSpace space = seen.space(columns);
        List<Map<String, Integer>> numbers = new ArrayList<>();
        for (GroupSpace.Attribute attribute : space.attributes()) {
            Map<String, Integer> number = new HashMap<>();
            for (String value : attribute.values()) {
                number.put(value, number.size());
            }
            numbers.add(number);
        }
        Counter counter = new Counter(columns, layout, space, numbers, seen.rows);
        CsvRows.read(columns.file(), layout.names, true, counter);
        return counter.data();
    }

    private static Seen look(Columns columns, Layout layout) throws IOException {
        Seen seen = new Seen();
        columns.groups().forEach(g -> seen.attributes.add(new TreeSet<>()));
        CsvRows.read(columns.file(), layout.names, true, cells -> {
            boolean more = false;
            for (int a = 0; a < seen.attributes.size(); a++) {
                more |= seen.attributes.get(a).add(layout.attribute(cells, a));
            }
            if (more) {
                requireFew(layout.names, seen.attributes);
            }
            String label = layout.label(cells);
            if (seen.labels.size() <= MOST_LABELS) {
                seen.labels.add(label);
            }
            seen.favourable |= label.equals(columns.favourable());
            seen.rows = Math.addExact(seen.rows, 1);
        });
        if (seen.rows == 0) {
            throw new IOException(columns.file() + ": must have at least one row below the column names, has none");
        }
        if (!seen.favourable) {
            throw new IOException(columns.file() + ": column '" + columns.label() + "': --favourable '"
                    + columns.favourable() + "' must occur, never does; there are " + told(seen.labels));
        }
        return seen;
    }

    private static String told(Set<String> labels) {
        return labels.size() > MOST_LABELS
                ? "more than " + MOST_LABELS + " other values"
                : labels.stream().map(l -> "'" + CsvRows.shown(l) + "'").collect(Collectors.joining(", "));
    }

    /** The attribute that a cell tells. */
    static String attribute(String column, String cell, Set<String> missing) {
        String value = cell.strip();
        if (value.length() > MOST_VALUE) {
            throw new CellException(column, "must have at most " + MOST_VALUE + " characters, has more");
        }
        return value.isEmpty() || missing.contains(value) ? GroupSpace.MISSING : value;
    }

    /** All combinations of sorted values; a missing one comes last. */
    static GroupSpace space(List<String> names, List<? extends Collection<String>> attributes) {
        List<GroupSpace.Attribute> all = new ArrayList<>();
        for (int a = 0; a < attributes.size(); a++) {
            List<String> values = new ArrayList<>(attributes.get(a));
            if (values.remove(GroupSpace.MISSING)) {
                values.add(GroupSpace.MISSING);
            }
            all.add(new GroupSpace.Attribute(names.get(a), values));
        }
        return new GroupSpace(all);
    }

    static void requireFew(List<String> names, List<? extends Collection<String>> attributes) {
        long groups = 1;
        for (int a = 0; a < attributes.size(); a++) {
            groups *= attributes.get(a).size();
            if (groups > MOST_GROUPS) {
                throw new CellException(
                        names.get(a),
                        "--groups must make at most " + MOST_GROUPS
                                + " combinations, make more: is a number or a name among them?");
            }
        }
    }

    /** The second reading. */
    private static final class Counter implements CsvRows.Rows {
        private final Columns columns;
        private final Layout layout;
        private final GroupSpace space;
        private final List<Map<String, Integer>> numbers;
        private final GroupCube.Accumulator table;
        private final int[] groups;
        private final boolean[] labels;
        private final double[] scores;
        private final double @Nullable [] weights;
        private final int expected;
        private int rows;
        private boolean decided;
        private boolean weighs;

        Counter(Columns columns, Layout layout, GroupSpace space, List<Map<String, Integer>> numbers, int expected) {
            this.columns = columns;
            this.layout = layout;
            this.space = space;
            this.numbers = numbers;
            this.expected = expected;
            table = GroupCube.accumulator(space);
            int kept = columns.scores() == null ? 0 : expected;
            groups = new int[kept];
            labels = new boolean[kept];
            scores = new double[kept];
            weights = columns.weights() == null ? null : new double[kept];
        }

        @Override
        public void accept(String[] cells) {
            int group = 0;
            for (int a = 0; a < numbers.size(); a++) {
                Integer value = numbers.get(a).get(layout.attribute(cells, a));
                if (value == null) {
                    throw changed();
                }
                group = group * numbers.get(a).size() + value;
            }
            boolean label = layout.label(cells).equals(columns.favourable());
            boolean decision = label;
            if (columns.decision() != null) {
                decision = layout.decision(cells).equals(columns.favourableDecision());
            } else if (columns.scores() != null) {
                if (rows == expected) {
                    throw changed();
                }
                scores[rows] = layout.score(cells);
                groups[rows] = group;
                labels[rows] = label;
                decision = scores[rows] >= columns.threshold();
            }
            decided |= decision;
            if (columns.weights() == null) {
                table.add(group, label, decision);
                weighs = true;
            } else {
                double weight = layout.weight(cells);
                table.add(group, label, decision, weight);
                weighs |= weight > 0;
                if (weights != null && columns.scores() != null) {
                    weights[rows] = weight;
                }
            }
            rows++;
        }

        private CellException changed() {
            return new CellException(layout.names.get(0), "the file must not change while it is read, has changed");
        }

        FairnessData data() throws IOException {
            if (rows != expected) {
                throw new IOException(columns.file() + ": must not change while it is read, has changed");
            }
            if (!weighs) {
                throw new IOException(columns.file() + ": column '" + columns.weights()
                        + "': at least one weight must be above 0, none is");
            }
            if (columns.decision() != null && !decided) {
                throw new IOException(columns.file() + ": column '" + columns.decision() + "': --favourable-decision '"
                        + columns.favourableDecision() + "' must occur, never does");
            }
            Scored scored = null;
            if (columns.scores() != null) {
                scored = new Scored(
                        GroupedRows.of(space, groups, labels, weights),
                        scores,
                        GroupScores.of(space, groups, labels, scores, weights));
            }
            return new FairnessData(table.cube(), scored);
        }
    }
}
