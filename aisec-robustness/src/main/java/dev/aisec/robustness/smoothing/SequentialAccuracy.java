// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The share of examples that are right and certified at one radius, decided sequentially, and what it cost.
 *
 * <p>As {@link CertifiedAccuracy} it is a lower bound of the smoothed classifier's robust accuracy at the radius, up to the
 * share α of certificates that may be false. Undecided examples count as not certified. The 95 % intervals are over the
 * choice of examples.
 *
 * @param subject what was evaluated
 * @param smoothing the parameters
 * @param decisions a decision for each example, in order
 * @param labels the true class of each example
 */
public record SequentialAccuracy(
        String subject,
        SequentialSmoothing smoothing,
        List<SequentialSmoothing.Decision> decisions,
        List<Integer> labels)
        implements EvidenceSource {
    private static final double CONFIDENCE = 0.95;

    /** Copies the lists. */
    public SequentialAccuracy {
        decisions = List.copyOf(decisions);
        labels = List.copyOf(labels);
    }

    /**
     * Decides every example.
     *
     * @param subject name or digest of the base classifier, for the evidence
     * @param base the classifier to smooth
     * @param data labelled examples
     * @param smoothing the parameters
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the share and its cost
     */
    public static SequentialAccuracy of(
            String subject,
            Classifier base,
            Labelled data,
            SequentialSmoothing smoothing,
            RowChunks chunks,
            Progress progress) {
        base.spec().requireLabels(data.targets().labels());
        List<SequentialSmoothing.Decision> decisions = new ArrayList<>();
        chunks.map(
                        data.size(),
                        (from, to) -> smoothing.decide(base, data.inputs().rows(from, to)),
                        progress)
                .forEach(decisions::addAll);
        List<Integer> labels = new ArrayList<>();
        for (int label : data.targets().labels()) {
            labels.add(label);
        }
        return new SequentialAccuracy(subject, smoothing, decisions, labels);
    }

    /**
     * Counts examples that are right and certified.
     *
     * @return how many
     */
    public long certified() {
        long count = 0;
        for (int i = 0; i < decisions.size(); i++) {
            SequentialSmoothing.Decision d = decisions.get(i);
            count += d.outcome() == SequentialSmoothing.Outcome.CERTIFIED && d.label() == labels.get(i) ? 1 : 0;
        }
        return count;
    }

    /**
     * Counts examples without a decision.
     *
     * @return how many
     */
    public long undecided() {
        return decisions.stream()
                .filter(d -> d.outcome() == SequentialSmoothing.Outcome.UNDECIDED)
                .count();
    }

    /**
     * The mean number of copies for an example, with an interval by the central limit theorem.
     *
     * @return copies, those of the selection included; abstained for fewer than 30 examples
     */
    public Estimate meanQueries() {
        int n = decisions.size();
        if (n < 30) {
            return new Estimate.Abstained("an interval of the mean needs at least 30 examples", n);
        }
        double sum = 0;
        double square = 0;
        for (SequentialSmoothing.Decision d : decisions) {
            sum += d.queries();
            square += (double) d.queries() * d.queries();
        }
        double mean = sum / n;
        double error = 1.96 * Math.sqrt(Math.max(0, square / n - mean * mean) / (n - 1));
        return new Estimate.Measured(mean, new Interval(Math.max(0, mean - error), mean + error, CONFIDENCE), n);
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> labelling = new TreeMap<>();
        labelling.put("norm", "L2");
        labelling.put("radius", String.valueOf(smoothing.radius()));
        labelling.put("sigma", String.valueOf(smoothing.sigma()));
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", "certified accuracy by sequential randomized smoothing (anytime-valid)");
        parameters.put("smoothing", smoothing.toString());
        parameters.put("interval", "Clopper-Pearson; of the mean number of copies: normal approximation");
        int n = decisions.size();
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                parameters,
                List.of(
                        new Measurement.Scalar(
                                "sequential-certified-accuracy",
                                "1",
                                labelling,
                                ClopperPearson.share(certified(), n, CONFIDENCE)),
                        new Measurement.Scalar(
                                "undecided-rate", "1", labelling, ClopperPearson.share(undecided(), n, CONFIDENCE)),
                        new Measurement.Scalar("noisy-copies-per-example", "copies", labelling, meanQueries())),
                List.of());
    }
}
