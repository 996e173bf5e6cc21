// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

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
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.bounds.Certifier;
import dev.aisec.robustness.smoothing.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The true robust accuracy between a proof and an attack: certified ≤ true ≤ not broken, and how many examples are left
 * unresolved between them.
 *
 * <p>Guarantee: on these examples the true robust accuracy at ε lies between both shares, as far as the certificates are
 * true; those of randomized smoothing are so with their probability only. {@link #robustAccuracy} adds the choice of
 * examples. An example that is both certified and broken is a contradiction: it counts as broken, and is an error of the
 * proof, of the attack's confirmation, or of what was attacked not being what was certified.
 *
 * @param subject what was evaluated
 * @param norm norm of the ball
 * @param epsilon its radius
 * @param certifier how examples were certified, as its parameters print
 * @param attack how they were attacked, as its parameters print
 * @param outcomes what is known of each example, in order
 */
public record CertifiedRobustness(
        String subject, Norm norm, double epsilon, String certifier, String attack, List<Outcome> outcomes)
        implements EvidenceSource {
    /** What is known of an example. */
    public enum Outcome {
        /** Its label is proved to win everywhere in the ball. */
        CERTIFIED,
        /** A sample of the ball gets another label; or the example itself does. */
        BROKEN,
        /** Neither. */
        UNRESOLVED,
        /** Both: something is wrong. */
        CONTRADICTION
    }

    /** Checks the radius and copies the list. */
    public CertifiedRobustness {
        if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be >= 0 and finite, was " + epsilon);
        }
        outcomes = List.copyOf(outcomes);
    }

    /**
     * Puts the results of any proof and any attack together.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param norm norm of the ball
     * @param epsilon its radius
     * @param certifier how examples were certified
     * @param attack how they were attacked
     * @param certified for each example, whether its true label is proved to win everywhere in the ball
     * @param broken for each example, whether a sample of the ball, or the example itself, gets another label
     * @return the result
     */
    public static CertifiedRobustness of(
            String subject,
            Norm norm,
            double epsilon,
            String certifier,
            String attack,
            boolean[] certified,
            boolean[] broken) {
        if (certified.length != broken.length) {
            throw new IllegalArgumentException(
                    "broken must have " + certified.length + " entries like certified, had " + broken.length);
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < certified.length; i++) {
            outcomes.add(
                    certified[i]
                            ? broken[i] ? Outcome.CONTRADICTION : Outcome.CERTIFIED
                            : broken[i] ? Outcome.BROKEN : Outcome.UNRESOLVED);
        }
        return new CertifiedRobustness(subject, norm, epsilon, certifier, attack, outcomes);
    }

    /**
     * Certifies and attacks every example. The attack also runs on what is certified: a proof that cannot be contradicted
     * is not checked.
     *
     * @param <M> what the attack needs of the model
     * @param subject name or digest of the classifier, for the evidence
     * @param network the form of the model that is certified
     * @param model the model that is attacked
     * @param data labelled examples inside the model's bounds
     * @param certifier the proof
     * @param attack the attack, in the same ball
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the result
     */
    public static <M extends Classifier> CertifiedRobustness of(
            String subject,
            FeedForward network,
            M model,
            Labelled data,
            Certifier certifier,
            BallAttack<? super M> attack,
            RowChunks chunks,
            Progress progress) {
        if (certifier.norm() != attack.norm() || certifier.epsilon() != attack.epsilon()) {
            throw new IllegalArgumentException("attack must have the ball of the certifier, " + certifier.norm() + " "
                    + certifier.epsilon() + ", had " + attack.norm() + " " + attack.epsilon());
        }
        if (!network.spec().equals(model.spec())) {
            throw new IllegalArgumentException(
                    "network must have the spec of the model, " + model.spec() + ", had " + network.spec());
        }
        model.spec().requireLabels(data.targets().labels());
        boolean[] certified = new boolean[data.size()];
        boolean[] broken = new boolean[data.size()];
        chunks.map(
                data.size(),
                (from, to) -> {
                    int[] labels = Arrays.copyOfRange(data.targets().labels(), from, to);
                    boolean[] proved = certifier
                            .bound(network, data.inputs().rows(from, to), labels)
                            .certified();
                    System.arraycopy(proved, 0, certified, from, proved.length);
                    AttackResult result = attack.perturb(model, data.inputs().rows(from, to), Goal.avoid(labels));
                    boolean[] found = broken(result);
                    System.arraycopy(found, 0, broken, from, found.length);
                    return from;
                },
                progress);
        return of(
                subject,
                certifier.norm(),
                certifier.epsilon(),
                certifier.toString(),
                attack.toString(),
                certified,
                broken);
    }

    /**
     * Which examples an attack broke.
     *
     * @param result what the attack returned for the goal to avoid the true labels
     * @return true for each row that did not fail; wrong ones, and those that were broken once only, included
     */
    public static boolean[] broken(AttackResult result) {
        boolean[] broken = new boolean[result.rows().size()];
        for (int i = 0; i < broken.length; i++) {
            broken[i] = result.rows().get(i).status() != AttackResult.Status.FAILED;
        }
        return broken;
    }

    /**
     * Which examples randomized smoothing certifies; attack the smoothed classifier beside it.
     *
     * @param certificates the certificates
     * @param labels the true classes
     * @param epsilon radius of the L2 ball
     * @return true for each example whose true class is certified beyond the radius
     */
    public static boolean[] certified(List<Certificate> certificates, int[] labels, double epsilon) {
        if (certificates.size() != labels.length) {
            throw new IllegalArgumentException(
                    "labels must be " + certificates.size() + " like certificates, were " + labels.length);
        }
        boolean[] certified = new boolean[labels.length];
        for (int i = 0; i < labels.length; i++) {
            certified[i] = certificates.get(i) instanceof Certificate.Certified c
                    && c.label() == labels[i]
                    && c.radius() > epsilon;
        }
        return certified;
    }

    /**
     * Counts the examples of an outcome.
     *
     * @param outcome the outcome
     * @return how many
     */
    public long count(Outcome outcome) {
        return outcomes.stream().filter(o -> o == outcome).count();
    }

    /**
     * Returns the share that is proved.
     *
     * @return share of all examples, wrong ones included, with Clopper-Pearson interval
     */
    public Estimate certified() {
        return share(count(Outcome.CERTIFIED));
    }

    /**
     * Returns the share that the attack left.
     *
     * @return share of all examples, with Clopper-Pearson interval
     */
    public Estimate standing() {
        return share(count(Outcome.CERTIFIED) + count(Outcome.UNRESOLVED));
    }

    /**
     * Returns the share between both.
     *
     * @return share of all examples, with Clopper-Pearson interval
     */
    public Estimate unresolved() {
        return share(count(Outcome.UNRESOLVED));
    }

    private Estimate share(long k) {
        return ClopperPearson.share(k, outcomes.size(), CleanAccuracy.CONFIDENCE);
    }

    /**
     * An interval for the true robust accuracy on new examples drawn like these: from the lower end for the certified share
     * to the upper end for the standing one, each with half of the error.
     *
     * @return the interval, of confidence 0.95; [0, 1] if there are no examples
     */
    public Interval robustAccuracy() {
        int n = outcomes.size();
        double half = (1 - CleanAccuracy.CONFIDENCE) / 2;
        return n == 0
                ? new Interval(0, 1, CleanAccuracy.CONFIDENCE)
                : new Interval(
                        ClopperPearson.lower(count(Outcome.CERTIFIED), n, half),
                        ClopperPearson.upper(count(Outcome.CERTIFIED) + count(Outcome.UNRESOLVED), n, half),
                        CleanAccuracy.CONFIDENCE);
    }

    /**
     * Returns what is wrong.
     *
     * @return an error for every contradiction
     */
    public List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        for (int i = 0; i < outcomes.size(); i++) {
            if (outcomes.get(i) == Outcome.CONTRADICTION) {
                findings.add(Finding.of(
                        Severity.ERROR,
                        "certified-robustness.contradiction",
                        "certified by " + certifier + " and broken by " + attack
                                + ": proof and attack were not about the same model, or one of them is wrong",
                        "row " + i));
            }
        }
        return findings;
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> labels =
                new TreeMap<>(Map.of("norm", norm.name(), "epsilon", String.valueOf(epsilon)));
        Interval range = robustAccuracy();
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                new TreeMap<>(Map.of(
                        "attack",
                        attack,
                        "certifier",
                        certifier,
                        "interval",
                        "Clopper-Pearson",
                        "method",
                        "certified <= robust <= attacked accuracy",
                        "robust-accuracy",
                        "in [" + range.lower() + ", " + range.upper() + "] with confidence " + range.confidence(),
                        "unresolved",
                        String.valueOf(count(Outcome.UNRESOLVED)))),
                List.of(
                        new Measurement.Scalar("certified-accuracy", "1", labels, certified()),
                        new Measurement.Scalar("attacked-accuracy", "1", labels, standing()),
                        new Measurement.Scalar("unresolved", "1", labels, unresolved())),
                findings());
    }
}
