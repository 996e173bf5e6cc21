// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The share of examples that are right and certified at each radius.
 *
 * <p>It is a lower bound of the smoothed classifier's robust accuracy, up to the share α of certificates that may be
 * false. Examples that abstain count as not certified. The 95 % intervals are over the choice of examples; the error
 * probability α of each certificate comes on top.
 *
 * @param subject what was evaluated
 * @param smoothing the parameters
 * @param radii radii in ascending order
 * @param outcomes a certificate for each example, in order
 * @param labels the true class of each example
 */
public record CertifiedAccuracy(
        String subject, Smoothing smoothing, List<Double> radii, List<Certificate> outcomes, List<Integer> labels)
        implements EvidenceSource {
    private static final double CONFIDENCE = 0.95;

    /** Copies the lists. */
    public CertifiedAccuracy {
        radii = List.copyOf(radii);
        outcomes = List.copyOf(outcomes);
        labels = List.copyOf(labels);
    }

    /**
     * Certifies every example.
     *
     * @param subject name or digest of the base classifier, for the evidence
     * @param model the smoothed classifier
     * @param data labelled examples
     * @param radii radii in ascending order, not negative
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the curve
     */
    public static CertifiedAccuracy of(
            String subject,
            SmoothedClassifier model,
            Labelled data,
            List<Double> radii,
            RowChunks chunks,
            Progress progress) {
        for (int r = 0; r < radii.size(); r++) {
            if (!(radii.get(r) >= (r == 0 ? 0 : radii.get(r - 1)) && radii.get(r) < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("radii must be >= 0, finite and ascending, were " + radii);
            }
        }
        model.spec().requireLabels(data.targets().labels());
        List<Certificate> outcomes = new ArrayList<>();
        chunks.map(data.size(), (from, to) -> model.certify(data.inputs().rows(from, to)), progress)
                .forEach(outcomes::addAll);
        List<Integer> labels = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            labels.add(data.targets().label(i));
        }
        return new CertifiedAccuracy(subject, model.smoothing(), radii, outcomes, labels);
    }

    /**
     * Counts examples that are right and certified beyond a radius.
     *
     * @param radius the radius; 0 counts all that are right and did not abstain
     * @return how many
     */
    public long certified(double radius) {
        long count = 0;
        for (int i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i) instanceof Certificate.Certified c
                    && c.label() == labels.get(i)
                    && c.radius() >= radius) {
                count++;
            }
        }
        return count;
    }

    /**
     * Counts examples that abstained.
     *
     * @return how many
     */
    public long abstained() {
        return outcomes.stream().filter(Certificate.Abstained.class::isInstance).count();
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> labelling = new TreeMap<>();
        labelling.put("norm", smoothing.noise().norm());
        if (smoothing.noise() instanceof SmoothingNoise.Gaussian g) {
            labelling.put("sigma", String.valueOf(g.sigma()));
        } else {
            labelling.put("noise", smoothing.noise().toString());
        }
        List<Measurement.Point> points = new ArrayList<>();
        for (double radius : radii) {
            points.add(new Measurement.Point(
                    radius, ClopperPearson.share(certified(radius), outcomes.size(), CONFIDENCE)));
        }
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", "certified accuracy by randomized smoothing (CERTIFY)");
        parameters.put("smoothing", smoothing.toString());
        parameters.put("interval", "Clopper-Pearson");
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                parameters,
                List.of(
                        new Measurement.Curve("certified-accuracy", "radius", "accuracy", labelling, points),
                        new Measurement.Scalar(
                                "abstention-rate",
                                "1",
                                labelling,
                                ClopperPearson.share(abstained(), outcomes.size(), CONFIDENCE))),
                List.of());
    }
}
