// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The share of unperturbed examples that a classifier gets right, with an exact 95 % interval.
 *
 * <p>The interval speaks of new examples drawn like the given ones; it knows nothing of other data.
 *
 * @param subject what was evaluated
 * @param correct how many examples were right
 * @param n how many examples there were
 */
public record CleanAccuracy(String subject, long correct, long n) implements EvidenceSource {
    /** Confidence of the intervals. */
    static final double CONFIDENCE = 0.95;

    /**
     * Evaluates a classifier.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier
     * @param data labelled examples
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the accuracy
     */
    public static CleanAccuracy of(
            String subject, Classifier model, Labelled data, RowChunks chunks, Progress progress) {
        model.spec().requireInputs(data.inputs());
        model.spec().requireLabels(data.targets().labels());
        long correct = chunks
                .map(
                        data.size(),
                        (from, to) -> {
                            int[] predicted = model.predict(data.inputs().rows(from, to));
                            long right = 0;
                            for (int i = 0; i < predicted.length; i++) {
                                right += predicted[i] == data.targets().label(from + i) ? 1 : 0;
                            }
                            return right;
                        },
                        progress)
                .stream()
                .mapToLong(Long::longValue)
                .sum();
        return new CleanAccuracy(subject, correct, data.size());
    }

    /**
     * Returns the accuracy.
     *
     * @return share with Clopper-Pearson interval
     */
    public Estimate accuracy() {
        return ClopperPearson.share(correct, n, CONFIDENCE);
    }

    @Override
    public Evidence evidence() {
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                new TreeMap<>(Map.of("interval", "Clopper-Pearson", "method", "clean accuracy")),
                List.of(new Measurement.Scalar("clean-accuracy", "1", new TreeMap<>(), accuracy())),
                List.of());
    }
}
