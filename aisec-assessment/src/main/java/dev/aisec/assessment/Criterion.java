// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A condition that a subject should meet. */
public sealed interface Criterion {
    /**
     * Returns what is asked, for a reader.
     *
     * @return a short phrase
     */
    String title();

    /**
     * Returns why this threshold and no other.
     *
     * @return a sentence
     */
    String reason();

    /**
     * Judges a subject.
     *
     * @param subject the subject
     * @return the verdict
     */
    Judgement judge(Subject subject);

    /**
     * A verdict on one criterion.
     *
     * @param outcome the answer
     * @param estimate the estimate that decided, if there was one
     */
    record Judgement(Outcome outcome, Optional<Estimate> estimate) {}

    /**
     * A measured value is at least a threshold. If several measurements fit, the one with the lowest lower end decides.
     *
     * @param title what is asked
     * @param measurement name of the measurement
     * @param labels labels that it must have; others do not matter
     * @param x position on the horizontal axis of a curve; empty for a scalar
     * @param threshold smallest good value
     * @param reason why this threshold
     */
    record AtLeast(
            String title,
            String measurement,
            SortedMap<String, String> labels,
            Optional<Double> x,
            double threshold,
            String reason)
            implements Criterion {
        /** Copies the labels. */
        public AtLeast {
            labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
            if (!Double.isFinite(threshold)) {
                throw new IllegalArgumentException("threshold must be finite, was " + threshold);
            }
        }

        @Override
        public Judgement judge(Subject subject) {
            Optional<Estimate> worst = Optional.empty();
            for (Estimate estimate : candidates(subject)) {
                if (worst.isEmpty() || lower(estimate) < lower(worst.get())) {
                    worst = Optional.of(estimate);
                }
            }
            if (worst.isPresent() && worst.get() instanceof Estimate.Measured measured) {
                Interval interval = measured.interval();
                Outcome outcome = interval.lower() >= threshold
                        ? Outcome.MET
                        : interval.upper() < threshold ? Outcome.NOT_MET : Outcome.UNDECIDED;
                return new Judgement(outcome, worst);
            }
            return new Judgement(Outcome.NOT_ASSESSED, worst);
        }

        private List<Estimate> candidates(Subject subject) {
            List<Estimate> found = new ArrayList<>();
            for (Evidence evidence : subject.evidence()) {
                for (Measurement m : evidence.measurements()) {
                    if (!m.name().equals(measurement) || !fits(m.labels())) {
                        continue;
                    }
                    if (m instanceof Measurement.Scalar scalar && x.isEmpty()) {
                        found.add(scalar.estimate());
                    } else if (m instanceof Measurement.Curve curve && x.isPresent()) {
                        curve.points().stream()
                                .filter(p -> Math.abs(p.x() - x.get()) < 1e-9)
                                .forEach(p -> found.add(p.y()));
                    }
                }
            }
            return found;
        }

        private boolean fits(Map<String, String> others) {
            return others.entrySet().containsAll(labels.entrySet());
        }

        /** An abstention is worse than any value. */
        private static double lower(Estimate estimate) {
            return estimate instanceof Estimate.Measured measured
                    ? measured.interval().lower()
                    : Double.NEGATIVE_INFINITY;
        }
    }

    /**
     * A verification accepted the subject: its evidence has the parameter {@code verdict=ACCEPT}.
     *
     * @param title what is asked
     * @param technique the technique that verified
     * @param reason why it matters
     */
    record Accepted(String title, Technique technique, String reason) implements Criterion {
        @Override
        public Judgement judge(Subject subject) {
            Outcome outcome = Outcome.NOT_ASSESSED;
            for (Evidence evidence : subject.evidence()) {
                String verdict = evidence.parameters().get("verdict");
                if (evidence.technique() == technique && verdict != null) {
                    if (!verdict.equals("ACCEPT")) {
                        return new Judgement(Outcome.NOT_MET, Optional.empty());
                    }
                    outcome = Outcome.MET;
                }
            }
            return new Judgement(outcome, Optional.empty());
        }
    }
}
