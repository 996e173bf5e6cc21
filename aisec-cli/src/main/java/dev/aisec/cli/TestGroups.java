// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.model.Labelled;
import dev.aisec.fairness.metric.GroupCube;
import dev.aisec.fairness.metric.GroupSpace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The groups of test images: a CSV file with one record for each image, in the order of the images.
 *
 * @param columns the attributes
 * @param favourable the class that people want to be put into
 * @param space the groups
 * @param groups the group of each image
 */
@SuppressWarnings("ArrayRecordComponent")
record TestGroups(List<String> columns, int favourable, GroupSpace space, int[] groups) {
    /**
     * Reads and checks.
     *
     * @param file CSV, with names in its first record
     * @param columns the attributes
     * @param missing what counts as a missing attribute, beside the empty cell
     * @param favourable a class among the labels
     * @param test the images
     */
    static TestGroups read(Path file, List<String> columns, List<String> missing, int favourable, Labelled test)
            throws IOException {
        int n = test.size();
        boolean occurs = false;
        for (int label : test.targets().labels()) {
            occurs |= label == favourable;
        }
        if (!occurs) {
            throw new IllegalArgumentException("--favourable must be a class among the test labels, was " + favourable
                    + ", which is no label there");
        }
        Set<String> none = new HashSet<>(missing);
        List<TreeMap<String, Integer>> values = new ArrayList<>();
        columns.forEach(c -> values.add(new TreeMap<>()));
        int[][] cell = new int[columns.size()][n];
        int[] row = {0};
        CsvRows.read(file, columns, true, cells -> {
            if (row[0] == n) {
                throw new CsvRows.CellException(
                        columns.get(0), "the file must have one row for each of the " + n + " test images, has more");
            }
            boolean more = false;
            for (int a = 0; a < cell.length; a++) {
                TreeMap<String, Integer> known = values.get(a);
                String value = FairnessData.attribute(columns.get(a), cells[a], none);
                Integer number = known.putIfAbsent(value, known.size());
                more |= number == null;
                cell[a][row[0]] = number == null ? known.size() - 1 : number;
            }
            if (more) {
                FairnessData.requireFew(
                        columns, values.stream().map(Map::keySet).toList());
            }
            row[0]++;
        });
        if (row[0] != n) {
            throw new IOException(file + ": must have one row for each of the " + n + " test images, has " + row[0]);
        }
        GroupSpace space =
                FairnessData.space(columns, values.stream().map(Map::keySet).toList());
        int[] groups = new int[n];
        for (int a = 0; a < cell.length; a++) {
            // From the order in which values were met to the order of the space.
            List<String> order = space.attributes().get(a).values();
            int[] place = new int[order.size()];
            for (int v = 0; v < place.length; v++) {
                Integer number = values.get(a).get(order.get(v));
                if (number != null) {
                    place[number] = v;
                }
            }
            for (int i = 0; i < n; i++) {
                groups[i] = groups[i] * place.length + place[cell[a][i]];
            }
        }
        return new TestGroups(List.copyOf(columns), favourable, space, groups);
    }

    /** The table of labels and of a model's decisions. */
    GroupCube cube(int[] labels, int[] predicted) {
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        for (int i = 0; i < groups.length; i++) {
            table.add(groups[i], labels[i] == favourable, predicted[i] == favourable);
        }
        return table.cube();
    }

    /** What was grouped by what, for the report. */
    SortedMap<String, String> parameters() {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("groups", String.join(", ", columns));
        parameters.put("favourable", "class " + favourable);
        parameters.put("data.groups", digest());
        return parameters;
    }

    private String digest() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (int group : groups) {
                sha.update(space.name(group).getBytes(StandardCharsets.UTF_8));
                sha.update((byte) 0);
            }
            return "sha256:" + HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
