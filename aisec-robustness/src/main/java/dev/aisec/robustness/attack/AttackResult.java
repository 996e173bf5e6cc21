// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import java.util.Arrays;
import java.util.List;

/**
 * What an attack returns.
 *
 * @param samples one sample for each input: the adversarial example where it succeeded, otherwise the last one tried; the
 *     input itself where there was nothing to do
 * @param rows what happened to each row
 */
public record AttackResult(Batch samples, List<Row> rows) {
    /** How an attack on a row ended. */
    public enum Status {
        /** The goal is achieved by the returned sample, as a separate call of the model confirmed. */
        SUCCEEDED,
        /** The goal was not achieved. */
        FAILED,
        /** The goal was achieved by the input itself, without a perturbation. */
        NOTHING_TO_DO,
        /** The goal was achieved once, but not when the model was asked again: the model is not deterministic. */
        UNCONFIRMED
    }

    /**
     * What happened to a row.
     *
     * @param status how it ended
     * @param distance norm of the perturbation of the returned sample
     * @param queries forward passes of this row
     * @param gradients backward passes of this row
     * @param zeroGradients of these, how many gave a gradient of zero: a sign of a saturated or masked model
     */
    public record Row(Status status, double distance, int queries, int gradients, int zeroGradients) {}

    /** Checks that there is a row for each sample. */
    public AttackResult {
        rows = List.copyOf(rows);
        if (rows.size() != samples.size()) {
            throw new IllegalArgumentException(
                    "rows must be as many as samples, " + samples.size() + ", were " + rows.size());
        }
    }

    /**
     * Counts the rows that ended in a status.
     *
     * @param status the status
     * @return how many
     */
    public int count(Status status) {
        return rowsWith(status).length;
    }

    /**
     * The rows that ended in a status.
     *
     * @param status the status
     * @return their numbers, in ascending order
     */
    public int[] rowsWith(Status status) {
        int[] chosen = new int[rows.size()];
        int count = 0;
        for (int i = 0; i < chosen.length; i++) {
            if (rows.get(i).status() == status) {
                chosen[count++] = i;
            }
        }
        return Arrays.copyOf(chosen, count);
    }

    /**
     * How far the returned samples are from the inputs, in any norm: an attack in one norm says little of the others. It is
     * computed when asked for.
     *
     * @param inputs what the attack was given
     * @param norm the norm, the attack's own or another
     * @return the distance of each row, whatever its status, in units of the inputs (for L0 the number of changed features);
     *     in the attack's own norm {@link Row#distance}
     */
    public double[] distances(Batch inputs, Norm norm) {
        if (inputs.size() != samples.size() || !inputs.shape().equals(samples.shape())) {
            throw new IllegalArgumentException(
                    "inputs must be those of the attack, shaped as " + samples + ", were " + inputs);
        }
        double[] distances = new double[samples.size()];
        for (int i = 0; i < distances.length; i++) {
            distances[i] = norm.distance(samples, inputs, i);
        }
        return distances;
    }
}
