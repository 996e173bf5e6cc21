// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import java.util.List;

/** Counts the votes of a base classifier over noisy copies of rows, with one buffer for all copies of a call. */
final class Votes {
    private final Classifier base;
    private final SmoothingNoise noise;
    private final Batch inputs;
    private final int length;
    private final Batch noisy;
    private final Tally[] owners;

    Votes(Classifier base, SmoothingNoise noise, Batch inputs, int batch) {
        this.base = base;
        this.noise = noise;
        this.inputs = inputs;
        this.length = inputs.shape().size();
        this.noisy = Batch.wrap(new float[Math.multiplyExact(batch, length)], inputs.shape());
        this.owners = new Tally[batch];
    }

    /** The votes of a row so far, and the stream that its further copies come from. */
    static final class Tally {
        final int row;
        final long[] votes;
        private final SmoothingNoise.Stream stream;

        private Tally(int row, int classes, SmoothingNoise.Stream stream) {
            this.row = row;
            this.votes = new long[classes];
            this.stream = stream;
        }
    }

    /** No votes yet; the noise depends on the seed and the row number only. */
    Tally start(Seed seed, int row) {
        return new Tally(row, base.spec().classes(), noise.stream(seed.generator(inputs.rowNumber(row))));
    }

    /** The votes of one row. */
    long[] count(Seed seed, int row, int copies) {
        Tally tally = start(seed, row);
        add(List.of(tally), copies);
        return tally.votes;
    }

    /** Adds the votes of further copies of each row, in calls as large as the buffer. */
    void add(List<Tally> tallies, int copies) {
        int filled = 0;
        for (Tally tally : tallies) {
            int at = inputs.offset() + tally.row * length;
            for (int i = 0; i < copies; i++) {
                tally.stream.copy(inputs.array(), at, noisy.array(), filled * length, length);
                owners[filled++] = tally;
                if (filled == owners.length) {
                    ask(filled);
                    filled = 0;
                }
            }
        }
        if (filled > 0) {
            ask(filled);
        }
    }

    private void ask(int filled) {
        Progress.checkInterrupted();
        int[] classes = base.predict(noisy.rows(0, filled));
        for (int i = 0; i < filled; i++) {
            owners[i].votes[classes[i]]++;
        }
    }

    /** The class of most votes, the first of equals, leaving one out. */
    static int largest(long[] counts, int except) {
        int best = -1;
        for (int c = 0; c < counts.length; c++) {
            if (c != except && (best < 0 || counts[c] > counts[best])) {
                best = c;
            }
        }
        return best;
    }
}
