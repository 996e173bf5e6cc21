// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What models get wrong, image by image: bit s of {@code wrong[c][i]} tells that image i is wrong at severity s of
 * corruption c; severity 0 is the clean image.
 */
record Outcomes(byte[][] wrong, int n) {
    /** One for each model. All get the same corrupted images; the first model's bounds are those of the images. */
    static List<Outcomes> of(
            List<? extends Classifier> models,
            Labelled data,
            List<Corruption> corruptions,
            RowChunks chunks,
            Progress progress) {
        Set<String> names = new HashSet<>();
        for (Corruption corruption : corruptions) {
            if (!names.add(corruption.name())) {
                throw new IllegalArgumentException(
                        "names of corruptions must be unique, was " + corruption.name() + " twice");
            }
        }
        for (Classifier model : models) {
            model.spec().requireInputs(data.inputs());
            model.spec().requireLabels(data.targets().labels());
        }
        List<Outcomes> whole = new ArrayList<>();
        for (int m = 0; m < models.size(); m++) {
            whole.add(new Outcomes(new byte[corruptions.size()][data.size()], data.size()));
        }
        // Chunks write to their own rows only.
        chunks.map(
                data.size(),
                (from, to) -> {
                    Batch images = data.inputs().rows(from, to);
                    for (int m = 0; m < models.size(); m++) {
                        boolean[] clean = wrong(models.get(m), images, data, from);
                        for (int c = 0; c < corruptions.size(); c++) {
                            whole.get(m).mark(c, 0, from, clean);
                        }
                    }
                    for (int c = 0; c < corruptions.size(); c++) {
                        for (int severity = 1; severity <= 5; severity++) {
                            Progress.checkInterrupted();
                            Batch corrupted = corruptions
                                    .get(c)
                                    .apply(images, models.get(0).spec().bounds(), severity);
                            for (int m = 0; m < models.size(); m++) {
                                whole.get(m).mark(c, severity, from, wrong(models.get(m), corrupted, data, from));
                            }
                        }
                    }
                    return to - from;
                },
                progress);
        return whole;
    }

    private static boolean[] wrong(Classifier model, Batch images, Labelled data, int from) {
        int[] predicted = model.predict(images);
        boolean[] wrong = new boolean[predicted.length];
        for (int i = 0; i < predicted.length; i++) {
            wrong[i] = predicted[i] != data.targets().label(from + i);
        }
        return wrong;
    }

    private void mark(int corruption, int severity, int from, boolean[] images) {
        for (int i = 0; i < images.length; i++) {
            if (images[i]) {
                wrong[corruption][from + i] |= (byte) (1 << severity);
            }
        }
    }

    /** How many images are right. */
    long right(int corruption, int severity) {
        long right = 0;
        for (byte bits : wrong[corruption]) {
            right += 1 - (bits >> severity & 1);
        }
        return right;
    }

    /** For each image 1 if it is wrong without corruption. */
    int[] cleanErrors() {
        int[] errors = new int[n];
        for (int i = 0; i < n; i++) {
            errors[i] = wrong[0][i] & 1;
        }
        return errors;
    }

    /** For each image the number of severities, from 1 to 5, at which it is wrong. */
    int[] errors(int corruption) {
        int[] errors = new int[n];
        for (int i = 0; i < n; i++) {
            errors[i] = Integer.bitCount(wrong[corruption][i] & 0b111110);
        }
        return errors;
    }
}
