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
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The share of examples that are right and certified at one radius, by sequential tests, with what it cost.
 *
 * <p>It is a lower bound of the smoothed classifier's robust accuracy at the radius, up to the share α of false certificates
 * (none, with probability 1 − α, after {@link SequentialSmoothing#familyWise}). Examples that are undecided count as not
 * certified. The 95 % intervals are over the choice of examples; numbers of samples are counts of this run, without error.
 *
 * @param subject what was evaluated
 * @param smoothing the parameters
 * @param radius the radius asked for
 * @param decisions a decision for each example, in order
 * @param labels the true class of each example
 */
public record SequentialCertifiedAccuracy(
        String subject,
        SequentialSmoothing smoothing,
        double radius,
        List<RadiusDecision> decisions,
        List<Integer> labels)
        implements EvidenceSource {
    private static final double CONFIDENCE = 0.95;
    /** What CERTIFY draws for each example, in the paper's experiments. */
    private static final int FIXED = 100_000;

    /** Copies the lists. */
    public SequentialCertifiedAccuracy {
        decisions = List.copyOf(decisions);
        labels = List.copyOf(labels);
        if (decisions.size() != labels.size()) {
            throw new IllegalArgumentException(
                    "labels must be as many as decisions, " + decisions.size() + ", were " + labels.size());
        }
    }

    /**
     * Decides for every example.
     *
     * @param subject name or digest of the base classifier, for the evidence
     * @param base the classifier to smooth
     * @param smoothing the parameters
     * @param radius the radius, in the norm of the noise
     * @param data labelled examples
     * @param chunks how rows are cut, and where they run; a chunk of many rows keeps calls of the model large
     * @param progress told the rows done
     * @return decisions and cost
     */
    public static SequentialCertifiedAccuracy of(
            String subject,
            Classifier base,
            SequentialSmoothing smoothing,
            double radius,
            Labelled data,
            RowChunks chunks,
            Progress progress) {
        base.spec().requireLabels(data.targets().labels());
        List<RadiusDecision> decisions = new ArrayList<>();
        chunks.map(
                        data.size(),
                        (from, to) -> smoothing.decide(base, data.inputs().rows(from, to), radius),
                        progress)
                .forEach(decisions::addAll);
        List<Integer> labels = Arrays.stream(data.targets().labels()).boxed().toList();
        return new SequentialCertifiedAccuracy(subject, smoothing, radius, decisions, labels);
    }

    /**
     * Counts examples that are right and certified.
     *
     * @return how many
     */
    public long certified() {
        long count = 0;
        for (int i = 0; i < decisions.size(); i++) {
            RadiusDecision d = decisions.get(i);
            count += d.outcome() == RadiusDecision.Outcome.CERTIFIED && d.label() == labels.get(i) ? 1 : 0;
        }
        return count;
    }

    /**
     * Counts the decisions of a kind, right or wrong class.
     *
     * @param outcome the kind
     * @return how many
     */
    public long count(RadiusDecision.Outcome outcome) {
        return decisions.stream().filter(d -> d.outcome() == outcome).count();
    }

    /**
     * Sums all noisy copies that the base classifier was asked about, those of the selection included.
     *
     * @return forward passes
     */
    public long samples() {
        return decisions.stream()
                .mapToLong(d -> smoothing.selection() + d.samples())
                .sum();
    }

    /**
     * Compares the cost with that of a fixed number of samples.
     *
     * @param fixed estimation samples of each example there
     * @return how many times more samples that takes, selection included on both sides; 1 without examples
     */
    public double saving(int fixed) {
        return decisions.isEmpty() ? 1 : ((double) smoothing.selection() + fixed) * decisions.size() / samples();
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> labelling = new TreeMap<>();
        labelling.put("norm", smoothing.noise().norm());
        labelling.put("radius", String.valueOf(radius));
        labelling.put("noise", smoothing.noise().toString());
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", "certified accuracy by randomized smoothing, sequential tests (Beta mixture)");
        parameters.put("smoothing", smoothing.toString());
        parameters.put("radius", String.valueOf(radius));
        parameters.put("interval", "Clopper-Pearson");
        int n = decisions.size();
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                parameters,
                List.of(
                        share("certified-accuracy", labelling, certified()),
                        share("excluded-rate", labelling, count(RadiusDecision.Outcome.EXCLUDED)),
                        share("undecided-rate", labelling, count(RadiusDecision.Outcome.UNDECIDED)),
                        counted("samples-per-example", labelling, n == 0 ? 0 : (double) samples() / n),
                        counted("saving-over-" + FIXED + "-samples", labelling, saving(FIXED))),
                List.of());
    }

    private Measurement share(String name, SortedMap<String, String> labelling, long count) {
        return new Measurement.Scalar(name, "1", labelling, ClopperPearson.share(count, decisions.size(), CONFIDENCE));
    }

    private Measurement counted(String name, SortedMap<String, String> labelling, double value) {
        Estimate estimate = decisions.isEmpty()
                ? new Estimate.Abstained("no examples", 0)
                : new Estimate.Measured(value, new Interval(value, value, CONFIDENCE), decisions.size());
        return new Measurement.Scalar(name, "1", labelling, estimate);
    }
}
