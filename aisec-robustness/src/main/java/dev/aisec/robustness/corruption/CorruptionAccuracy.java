// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Accuracy under each corruption and severity, severity 0 being the clean images. Each point has an exact 95 % interval;
 * points share their images, so they are not independent.
 *
 * @param subject what was evaluated
 * @param corruptions the corruptions, as their parameters print
 * @param names their names
 * @param correct for each corruption the number right at severities 0 to 5
 * @param n number of images
 */
public record CorruptionAccuracy(
        String subject, List<String> corruptions, List<String> names, List<List<Long>> correct, long n)
        implements EvidenceSource {
    private static final double CONFIDENCE = 0.95;

    /** Copies the lists. */
    public CorruptionAccuracy {
        corruptions = List.copyOf(corruptions);
        names = List.copyOf(names);
        correct = correct.stream().map(List::copyOf).toList();
    }

    /**
     * Evaluates a classifier.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param model a classifier of images with one finite range of values
     * @param data labelled images
     * @param corruptions what to do to them; names unique
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the accuracies
     */
    public static CorruptionAccuracy of(
            String subject,
            Classifier model,
            Labelled data,
            List<Corruption> corruptions,
            RowChunks chunks,
            Progress progress) {
        Outcomes outcomes =
                Outcomes.of(List.of(model), data, corruptions, chunks, progress).get(0);
        List<List<Long>> correct = new ArrayList<>();
        for (int c = 0; c < corruptions.size(); c++) {
            List<Long> counts = new ArrayList<>();
            for (int severity = 0; severity <= 5; severity++) {
                counts.add(outcomes.right(c, severity));
            }
            correct.add(counts);
        }
        return new CorruptionAccuracy(
                subject,
                corruptions.stream().map(Object::toString).toList(),
                corruptions.stream().map(Corruption::name).toList(),
                correct,
                data.size());
    }

    @Override
    public Evidence evidence() {
        List<Measurement> measurements = new ArrayList<>();
        TreeMap<String, String> parameters =
                new TreeMap<>(Map.of("interval", "Clopper-Pearson", "method", "corruption accuracy"));
        for (int c = 0; c < names.size(); c++) {
            parameters.put("corruption." + names.get(c), corruptions.get(c));
            List<Measurement.Point> points = new ArrayList<>();
            for (int severity = 0; severity <= 5; severity++) {
                points.add(new Measurement.Point(
                        severity, ClopperPearson.share(correct.get(c).get(severity), n, CONFIDENCE)));
            }
            measurements.add(new Measurement.Curve(
                    "corruption-accuracy",
                    "severity",
                    "accuracy",
                    new TreeMap<>(Map.of("corruption", names.get(c))),
                    points));
        }
        return new Evidence(Technique.ROBUSTNESS_EVALUATION, subject, parameters, measurements, List.of());
    }
}
