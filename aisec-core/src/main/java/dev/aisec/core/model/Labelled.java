// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * Examples with their targets.
 *
 * @param inputs the examples
 * @param targets a target for each
 */
public record Labelled(Batch inputs, Targets targets) {
    /** Checks that both have the same number of rows. */
    public Labelled {
        if (inputs.size() != targets.size()) {
            throw new IllegalArgumentException(
                    "targets must have " + inputs.size() + " rows like inputs, had " + targets.size());
        }
    }

    /**
     * Returns the number of rows.
     *
     * @return at least 0
     */
    public int size() {
        return inputs.size();
    }

    /**
     * Chosen rows, copied.
     *
     * @param rows row numbers; may repeat
     * @return the part
     */
    public Labelled select(int... rows) {
        return new Labelled(inputs.select(rows), targets.select(rows));
    }

    /**
     * The first rows, or all if there are fewer; inputs are not copied.
     *
     * @param count how many
     * @return the part
     */
    public Labelled first(int count) {
        int n = Math.min(count, size());
        int[] rows = new int[n];
        for (int i = 0; i < n; i++) {
            rows[i] = i;
        }
        return new Labelled(inputs.rows(0, n), targets.select(rows));
    }
}
