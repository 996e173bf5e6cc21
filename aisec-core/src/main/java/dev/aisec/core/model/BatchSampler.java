// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import dev.aisec.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Decides which rows make up the batches of an epoch. */
@FunctionalInterface
public interface BatchSampler {
    /**
     * The batches of one epoch.
     *
     * @param data the training data
     * @param epoch number of the epoch, from 0
     * @param seed seed of the training
     * @return row numbers of each batch, in order; a batch may be empty
     */
    List<int[]> batches(Labelled data, int epoch, Seed seed);

    /**
     * Shuffles the rows and cuts them; the last batch may be smaller.
     *
     * @param size rows in a batch; at least 1
     * @return the sampler
     */
    static BatchSampler shuffled(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("size must be >= 1, was " + size);
        }
        return (data, epoch, seed) -> {
            int n = data.size();
            int[] order = new int[n];
            RandomGenerator random = seed.derive("shuffle").generator(epoch);
            for (int i = 0; i < n; i++) {
                int j = random.nextInt(i + 1);
                order[i] = order[j];
                order[j] = i;
            }
            List<int[]> batches = new ArrayList<>();
            for (int from = 0; from < n; from += size) {
                batches.add(java.util.Arrays.copyOfRange(order, from, Math.min(n, from + size)));
            }
            return batches;
        };
    }
}
