// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.leakage;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;

/**
 * Looks for proof that a mechanism breaks its (ε, δ): runs it many times on two neighbouring inputs and searches for an event
 * that is likelier on one of them than (ε, δ) allows.
 *
 * <p>Guarantee: a mechanism that keeps (ε, δ) is reported as broken with probability at most {@code falseAlarm}, whatever its
 * outputs look like. The converse does not hold: no violation found proves nothing. Events of probability below about 20 /
 * samples, other neighbours, and what the outputs do not show (time, memory) are not seen.
 *
 * <p>Assumes that each call is an independent run. Outputs of several numbers, or of categories, are given as one number of the
 * caller's choice; a choice that loses information weakens the search, and never raises a false alarm.
 *
 * <p>A quarter of the samples (at most a million of each input) chooses one event for each direction, the other samples test it;
 * both sides of its probability are bounded by Clopper-Pearson. Events are half-lines and unions of cells of two partitions: by
 * value (quantiles, frequent values by themselves), and by value and trailing zeros of the binary fraction, which betrays noise
 * in floating point.
 *
 * <p>Source: Ding, Wang, Wang, Zhang, Kifer, Detecting Violations of Differential Privacy, CCS 2018 (choose, then test on fresh
 * samples); Mironov, On Significance of the Least Significant Bits for Differential Privacy, CCS 2012. Clause 7.3.3-5.
 *
 * @param epsilon claimed ε; at least 0 and finite
 * @param delta claimed δ; in [0, 1)
 * @param samples runs on each of the two inputs; in [1000, 10⁹]
 * @param falseAlarm probability of a false report at most; in (0, 1)
 */
public record MechanismAudit(double epsilon, double delta, long samples, double falseAlarm) {
    private static final int MOST_CHOOSING = 1_000_000;

    /** Checks the components. */
    public MechanismAudit {
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be >= 0 and finite, was " + epsilon);
        }
        if (!(delta >= 0 && delta < 1)) {
            throw new IllegalArgumentException("delta must be in [0, 1), was " + delta);
        }
        if (samples < 1000 || samples > 1_000_000_000) {
            throw new IllegalArgumentException("samples must be in [1000, 1e9], were " + samples);
        }
        if (!(falseAlarm > 0 && falseAlarm < 1)) {
            throw new IllegalArgumentException("falseAlarm must be in (0, 1), was " + falseAlarm);
        }
    }

    /**
     * A million runs on each input, one false alarm in 10⁹ audits.
     *
     * @param epsilon claimed ε; at least 0 and finite
     * @param delta claimed δ; in [0, 1)
     * @return the audit
     */
    public static MechanismAudit of(double epsilon, double delta) {
        return new MechanismAudit(epsilon, delta, 1_000_000, 1e-9);
    }

    /**
     * The same audit with other effort.
     *
     * @param count runs on each of the two inputs
     * @return the audit
     */
    public MechanismAudit withSamples(long count) {
        return new MechanismAudit(epsilon, delta, count, falseAlarm);
    }

    /**
     * Runs the mechanism.
     *
     * @param subject name of the mechanism, for the evidence
     * @param first one run on one input
     * @param second one run on a neighbouring input
     * @param progress told about every 65,536 runs
     * @return what was found
     */
    public Result run(String subject, DoubleSupplier first, DoubleSupplier second, Progress progress) {
        int choosing = (int) Math.min(samples / 4, MOST_CHOOSING);
        long testing = samples - choosing;
        double[] a = new double[choosing];
        double[] b = new double[choosing];
        for (int i = 0; i < choosing; i++) {
            a[i] = first.getAsDouble();
            b[i] = second.getAsDouble();
            step(progress, i + 1L);
        }
        OutputEvent[] events = {
            OutputEvent.choose(a, b, epsilon, delta), OutputEvent.choose(b, a, epsilon, delta),
        };
        long[][] hits = new long[2][2];
        for (long i = 0; i < testing; i++) {
            double x = first.getAsDouble();
            double y = second.getAsDouble();
            for (int e = 0; e < 2; e++) {
                hits[e][0] += events[e].contains(x) ? 1 : 0;
                hits[e][1] += events[e].contains(y) ? 1 : 0;
            }
            step(progress, choosing + i + 1);
        }
        Direction forth = direction(events[0], hits[0][0], hits[0][1], testing);
        Direction back = direction(events[1], hits[1][1], hits[1][0], testing);
        boolean forthIsWorse = forth.epsilonLower >= back.epsilonLower;
        Direction worse = forthIsWorse ? forth : back;
        return new Result(
                subject,
                this,
                worse.epsilonLower,
                (forthIsWorse ? "likelier on the first input: " : "likelier on the second input: ")
                        + worse.event.description(),
                worse.hits,
                worse.others,
                testing);
    }

    private void step(Progress progress, long done) {
        if ((done & 0xffff) == 0) {
            Progress.checkInterrupted();
            progress.update(done, samples);
        }
    }

    private record Direction(OutputEvent event, long hits, long others, double epsilonLower) {}

    /** Two directions, two bounds each. */
    private Direction direction(OutputEvent event, long hits, long others, long n) {
        double likely = ClopperPearson.lower(hits, n, falseAlarm / 4);
        double unlikely = ClopperPearson.upper(others, n, falseAlarm / 4);
        double lower = likely > delta ? Math.max(Math.log((likely - delta) / unlikely), 0) : 0;
        // A few ulps for the quotient and the logarithm.
        return new Direction(event, hits, others, Math.max(lower - 4 * Math.ulp(lower + 1), 0));
    }

    /**
     * What an audit found.
     *
     * @param subject name of the mechanism
     * @param audit the audit
     * @param epsilonLower the mechanism's ε at the claimed δ is at least this, with confidence 1 − falseAlarm; 0 if nothing is
     *     known
     * @param event the event that shows it
     * @param hits how often it occurred on the input where it is likelier
     * @param others how often it occurred on the other input
     * @param tests runs on each input that were counted
     */
    public record Result(
            String subject, MechanismAudit audit, double epsilonLower, String event, long hits, long others, long tests)
            implements EvidenceSource {
        /**
         * Tells whether the claim is refuted.
         *
         * @return whether ε is certainly larger than claimed
         */
        public boolean violated() {
            return epsilonLower > audit.epsilon;
        }

        @Override
        public Evidence evidence() {
            Map<String, String> parameters = Map.of(
                    "epsilon", Double.toString(audit.epsilon),
                    "delta", Double.toString(audit.delta),
                    "samples", Long.toString(audit.samples),
                    "false-alarm", Double.toString(audit.falseAlarm),
                    "event", event);
            List<Finding> findings = violated()
                    ? List.of(Finding.of(
                            Severity.ERROR,
                            "privacy.violation",
                            "epsilon is at least " + epsilonLower + ", claimed was " + audit.epsilon + ": " + event,
                            ""))
                    : List.of();
            return new Evidence(
                    Technique.DATA_LEAKAGE_EVALUATION,
                    subject,
                    new TreeMap<>(parameters),
                    List.of(new Measurement.Scalar(
                            "epsilon-lower-bound",
                            "1",
                            new TreeMap<>(),
                            new Estimate.Measured(
                                    epsilonLower,
                                    new Interval(epsilonLower, Double.POSITIVE_INFINITY, 1 - audit.falseAlarm),
                                    tests))),
                    findings);
        }

        @Override
        public String toString() {
            return String.format(
                    "%s: epsilon >= %.4f at delta %s with confidence 1 - %s, claimed %s; %s (%d and %d of %d runs)",
                    subject, epsilonLower, audit.delta, audit.falseAlarm, audit.epsilon, event, hits, others, tests);
        }
    }
}
