// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The share of examples that stay right under an attack, over the radius of its ball.
 *
 * <p>It is an upper bound of the true robust accuracy: an attack can only miss adversarial examples. An example counts as
 * broken at ε if it was broken at ε or at a smaller radius of the list, since that sample lies in the larger ball too; so
 * the curve falls, and broken examples are not attacked again. Wrong examples count as not robust.
 *
 * @param subject what was evaluated
 * @param attack the attack, as its parameters print
 * @param labels what tells the curve from others: norm and kind of attack
 * @param epsilons radii in ascending order
 * @param robust how many examples stayed right at each radius
 * @param n how many examples there were
 * @param findings doubts about the result
 */
public record RobustAccuracy(
        String subject,
        String attack,
        SortedMap<String, String> labels,
        List<Double> epsilons,
        List<Long> robust,
        long n,
        List<Finding> findings)
        implements EvidenceSource {
    /** Copies the collections. */
    public RobustAccuracy {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        epsilons = List.copyOf(epsilons);
        robust = List.copyOf(robust);
        findings = List.copyOf(findings);
    }

    /**
     * Evaluates a classifier under an attack at a list of radii.
     *
     * @param <M> what the attack needs of the model
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier
     * @param data labelled examples inside the model's bounds
     * @param attack the attack; its own radius is replaced
     * @param kind short name of the attack, for example {@code pgd-40}
     * @param epsilons radii in strictly ascending order; 0 gives clean accuracy
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the curve
     */
    public static <M extends Classifier> RobustAccuracy of(
            String subject,
            M model,
            Labelled data,
            BallAttack<M> attack,
            String kind,
            List<Double> epsilons,
            RowChunks chunks,
            Progress progress) {
        if (epsilons.isEmpty()) {
            throw new IllegalArgumentException("epsilons must not be empty");
        }
        for (int e = 0; e < epsilons.size(); e++) {
            double previous = e == 0 ? 0 : Math.nextUp(epsilons.get(e - 1));
            if (!(epsilons.get(e) >= previous && epsilons.get(e) < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("epsilons must be >= 0, finite and ascending, were " + epsilons);
            }
        }
        model.spec().requireInputs(data.inputs());
        model.spec().requireLabels(data.targets().labels());
        List<Counts> parts = chunks.map(
                data.size(),
                (from, to) -> {
                    int[] labels = Arrays.copyOfRange(data.targets().labels(), from, to);
                    return count(model, data.inputs().rows(from, to), labels, attack, epsilons);
                },
                progress);
        Counts all = new Counts(epsilons.size());
        parts.forEach(all::add);
        List<Long> robust = Arrays.stream(all.robust).boxed().toList();
        SortedMap<String, String> labels =
                new TreeMap<>(Map.of("attack", kind, "norm", attack.norm().name()));
        return new RobustAccuracy(
                subject, attack.toString(), labels, epsilons, robust, data.size(), findings(all, labels.toString()));
    }

    private static <M extends Classifier> Counts count(
            M model, Batch inputs, int[] labels, BallAttack<M> attack, List<Double> epsilons) {
        Counts counts = new Counts(epsilons.size());
        int[] predicted = model.predict(inputs);
        int[] right = new int[predicted.length];
        int count = 0;
        for (int i = 0; i < predicted.length; i++) {
            if (predicted[i] == labels[i]) {
                right[count++] = i;
            }
        }
        right = Arrays.copyOf(right, count);
        for (int e = 0; e < epsilons.size(); e++) {
            if (epsilons.get(e) > 0 && right.length > 0) {
                int[] truth = new int[right.length];
                for (int i = 0; i < right.length; i++) {
                    truth[i] = labels[right[i]];
                }
                AttackResult result =
                        attack.withEpsilon(epsilons.get(e)).perturb(model, inputs.select(right), Goal.avoid(truth));
                int kept = 0;
                for (int i = 0; i < right.length; i++) {
                    AttackResult.Row row = result.rows().get(i);
                    counts.attacked++;
                    counts.zero += row.zeroGradients() > 0 ? 1 : 0;
                    boolean unstable = row.status() == AttackResult.Status.UNCONFIRMED
                            || row.status() == AttackResult.Status.NOTHING_TO_DO;
                    counts.unstable += unstable ? 1 : 0;
                    // A row that was broken once, if not when asked again, does not count as robust.
                    if (row.status() == AttackResult.Status.FAILED) {
                        right[kept++] = right[i];
                    }
                }
                right = Arrays.copyOf(right, kept);
            }
            counts.robust[e] = right.length;
        }
        return counts;
    }

    private static List<Finding> findings(Counts counts, String location) {
        List<Finding> findings = new ArrayList<>();
        if (counts.unstable > 0) {
            findings.add(Finding.of(
                    Severity.WARNING,
                    "robust-accuracy.not-deterministic",
                    "the model answered " + counts.unstable
                            + " times otherwise when it was asked again about the same input: average gradients over its"
                            + " randomness before this curve is believed",
                    location));
        }
        // One in a hundred is far above what a healthy float32 network shows.
        if (counts.zero * 100 > counts.attacked) {
            findings.add(Finding.of(
                    Severity.WARNING,
                    "robust-accuracy.zero-gradient",
                    "the gradient was zero in " + counts.zero + " of " + counts.attacked
                            + " attacks: the loss is saturated or the gradient masked; try the margin loss and a black-box"
                            + " attack before this curve is believed",
                    location));
        }
        return findings;
    }

    @Override
    public Evidence evidence() {
        List<Measurement.Point> points = new ArrayList<>();
        for (int e = 0; e < epsilons.size(); e++) {
            points.add(new Measurement.Point(
                    epsilons.get(e), ClopperPearson.share(robust.get(e), n, CleanAccuracy.CONFIDENCE)));
        }
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                new TreeMap<>(Map.of(
                        "attack",
                        attack,
                        "attack.epsilon",
                        "replaced by each of " + epsilons,
                        "interval",
                        "Clopper-Pearson",
                        "method",
                        "robust accuracy")),
                List.of(new Measurement.Curve("robust-accuracy", "epsilon", "accuracy", labels, points)),
                findings);
    }

    private static final class Counts {
        final long[] robust;
        long attacked;
        long zero;
        long unstable;

        Counts(int epsilons) {
            robust = new long[epsilons];
        }

        void add(Counts other) {
            for (int e = 0; e < robust.length; e++) {
                robust[e] += other.robust[e];
            }
            attacked += other.attacked;
            zero += other.zero;
            unstable += other.unstable;
        }
    }
}
