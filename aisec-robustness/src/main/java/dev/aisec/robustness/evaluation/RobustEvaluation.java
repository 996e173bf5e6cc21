// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Estimate;
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
import dev.aisec.robustness.attack.Ensemble;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The share of examples that stay right under every attack of a list: the worst case for each example. Each attack gets the
 * rows that those before it left; cheap ones should stand first.
 *
 * <p>Over several radii the list runs from the smallest to the largest: an example broken at one counts as broken at every
 * larger one, whose ball holds the same sample, and is not attacked again. So the curve falls. Its figure at a radius also
 * counts what a larger radius broke with a perturbation that happens to be no longer than the smaller one.
 *
 * <p>It is an upper bound of the true robust accuracy: attacks can only miss adversarial examples. Wrong examples, and those
 * that were broken once but not when asked again, count as not robust, at any radius.
 *
 * @param subject what was evaluated
 * @param norm norm of the ball
 * @param epsilons radii of the ball, in ascending order
 * @param outcomes how each example ended, in order
 * @param stages what each attack did, in order: all at the first radius, then all at the next
 * @param findings doubts about the result
 */
public record RobustEvaluation(
        String subject,
        Norm norm,
        List<Double> epsilons,
        List<Outcome> outcomes,
        List<Stage> stages,
        List<Finding> findings)
        implements EvidenceSource {
    /** A black-box attack should break next to nothing that gradients left: at most this share of the examples. */
    private static final double BLACK_BOX_GAIN = 0.002;

    /**
     * An attack with its name.
     *
     * @param <M> kind of model
     * @param name short name, unique in its list
     * @param attack the attack
     * @param blackBox whether it does without gradients
     */
    public record Named<M extends Classifier>(String name, BallAttack<? super M> attack, boolean blackBox) {
        /**
         * An attack that uses gradients, or whatever else the model gives.
         *
         * @param <M> kind of model
         * @param name short name
         * @param attack the attack
         * @return both
         */
        public static <M extends Classifier> Named<M> whiteBox(String name, BallAttack<? super M> attack) {
            return new Named<>(name, attack, false);
        }

        /**
         * An attack that only asks the model.
         *
         * @param <M> kind of model
         * @param name short name
         * @param attack the attack
         * @return both
         */
        public static <M extends Classifier> Named<M> blackBox(String name, BallAttack<Classifier> attack) {
            return new Named<>(name, attack, true);
        }
    }

    /** How an example ended. */
    public enum Ending {
        /** Wrong without a perturbation. */
        WRONG,
        /** Right until an attack broke it. */
        BROKEN,
        /** Right at first; under an attack the model answered the same input in two ways. */
        UNSTABLE,
        /** Right under all attacks: no adversarial example was found, which does not prove that there is none. */
        ROBUST
    }

    /**
     * What happened to an example.
     *
     * @param ending how it ended
     * @param attack name of the attack that broke it or under which it was unstable; empty otherwise
     * @param distance norm of the perturbation that broke it; 0 if it was wrong; infinite if it is robust, unknown and 0 if
     *     it is unstable
     */
    public record Outcome(Ending ending, String attack, double distance) {}

    /**
     * What an attack did.
     *
     * @param attack its name
     * @param parameters the attack, as its parameters print
     * @param attacked rows that it got
     * @param broken rows that it broke, unconfirmed ones included
     * @param unconfirmed rows that it broke, but not when the model was asked again
     * @param zeroGradients rows at which a gradient was zero
     * @param queries forward passes of single rows
     * @param gradients backward passes of single rows
     */
    public record Stage(
            String attack,
            String parameters,
            long attacked,
            long broken,
            long unconfirmed,
            long zeroGradients,
            long queries,
            long gradients) {
        private Stage plus(Stage other) {
            return new Stage(
                    attack,
                    parameters,
                    attacked + other.attacked,
                    broken + other.broken,
                    unconfirmed + other.unconfirmed,
                    zeroGradients + other.zeroGradients,
                    queries + other.queries,
                    gradients + other.gradients);
        }
    }

    /** Copies the lists. */
    public RobustEvaluation {
        epsilons = List.copyOf(epsilons);
        outcomes = List.copyOf(outcomes);
        stages = List.copyOf(stages);
        findings = List.copyOf(findings);
    }

    /**
     * Evaluates a classifier under a list of attacks.
     *
     * @param <M> kind of model
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier
     * @param data labelled examples inside the model's bounds
     * @param attacks at least one, all with one norm and one radius, names unique
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the result
     */
    public static <M extends Classifier> RobustEvaluation of(
            String subject, M model, Labelled data, List<Named<M>> attacks, RowChunks chunks, Progress progress) {
        check(attacks);
        List<Double> epsilons = List.of(attacks.get(0).attack().epsilon());
        return of(subject, model, data, attacks, epsilons, chunks, progress);
    }

    /**
     * Evaluates a classifier under a list of attacks at several radii.
     *
     * @param <M> kind of model
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier
     * @param data labelled examples inside the model's bounds
     * @param attacks at least one, all with one norm and one radius, names unique; their radius is replaced
     * @param epsilons at least one radius, positive, finite, in strictly ascending order
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the result
     */
    public static <M extends Classifier> RobustEvaluation of(
            String subject,
            M model,
            Labelled data,
            List<Named<M>> attacks,
            List<Double> epsilons,
            RowChunks chunks,
            Progress progress) {
        check(attacks);
        List<Named<M>> all = new ArrayList<>();
        if (epsilons.isEmpty()) {
            throw new IllegalArgumentException("epsilons must not be empty");
        }
        double previous = 0;
        for (double e : epsilons) {
            if (!(e > previous && e < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("epsilons must be > 0, finite and ascending, were " + epsilons);
            }
            previous = e;
            attacks.forEach(a -> all.add(new Named<>(a.name(), a.attack().withEpsilon(e), a.blackBox())));
        }
        model.spec().requireInputs(data.inputs());
        model.spec().requireLabels(data.targets().labels());
        List<Part> parts = chunks.map(
                data.size(),
                (from, to) -> part(
                        model,
                        data.inputs().rows(from, to),
                        Arrays.copyOfRange(data.targets().labels(), from, to),
                        all,
                        attacks.size()),
                progress);
        List<Outcome> outcomes = new ArrayList<>();
        List<Stage> stages = new ArrayList<>();
        all.forEach(a -> stages.add(empty(a)));
        for (Part part : parts) {
            outcomes.addAll(part.outcomes);
            for (int a = 0; a < stages.size(); a++) {
                stages.set(a, stages.get(a).plus(part.stages.get(a)));
            }
        }
        Norm norm = attacks.get(0).attack().norm();
        List<Finding> findings = new ArrayList<>();
        for (int e = 0; e < epsilons.size(); e++) {
            List<Stage> here = stages.subList(e * attacks.size(), (e + 1) * attacks.size());
            findings.addAll(findings(attacks, here, data.size(), "norm " + norm + ", epsilon " + epsilons.get(e)));
        }
        return new RobustEvaluation(subject, norm, epsilons, outcomes, stages, findings);
    }

    private static <M extends Classifier> void check(List<Named<M>> attacks) {
        if (attacks.isEmpty()) {
            throw new IllegalArgumentException("attacks must not be empty");
        }
        BallAttack<? super M> first = attacks.get(0).attack();
        List<String> names = new ArrayList<>();
        for (Named<M> a : attacks) {
            if (a.attack().norm() != first.norm() || a.attack().epsilon() != first.epsilon()) {
                throw new IllegalArgumentException("attacks must share norm and radius, " + a.name() + " has "
                        + a.attack().norm() + " " + a.attack().epsilon() + " instead of " + first.norm() + " "
                        + first.epsilon());
            }
            if (names.contains(a.name())) {
                throw new IllegalArgumentException("names of attacks must be unique, was " + a.name() + " twice");
            }
            names.add(a.name());
        }
    }

    private record Part(List<Outcome> outcomes, List<Stage> stages) {}

    private static Stage empty(Named<?> attack) {
        return new Stage(attack.name(), attack.attack().toString(), 0, 0, 0, 0, 0, 0);
    }

    /** Attacks of all radii in a row, as many for each. */
    private static <M extends Classifier> Part part(
            M model, Batch inputs, int[] labels, List<Named<M>> attacks, int each) {
        Outcome[] outcomes = new Outcome[labels.length];
        Arrays.fill(outcomes, new Outcome(Ending.WRONG, "", 0));
        List<Stage> stages = new ArrayList<>();
        attacks.forEach(a -> stages.add(empty(a)));
        int[] left = right(model, inputs, labels);
        for (int from = 0; from < attacks.size() && left.length > 0; from += each) {
            List<BallAttack<? super M>> list = new ArrayList<>();
            attacks.subList(from, from + each).forEach(a -> list.add(a.attack()));
            List<Ensemble.Stage> run = new Ensemble<M>(list)
                    .stages(model, inputs.select(left), Goal.avoid(labels).select(left));
            for (int a = 0; a < run.size(); a++) {
                Named<M> attack = attacks.get(from + a);
                AttackResult result = run.get(a).result();
                stages.set(from + a, stage(attack, result));
                for (int k = 0; k < result.rows().size(); k++) {
                    outcomes[left[run.get(a).rows()[k]]] =
                            outcome(attack, result.rows().get(k));
                }
            }
            left = Arrays.stream(left)
                    .filter(i -> outcomes[i].ending() == Ending.ROBUST)
                    .toArray();
        }
        return new Part(Arrays.asList(outcomes), stages);
    }

    /** The rows that a model gets right. */
    static int[] right(Classifier model, Batch inputs, int[] labels) {
        int[] predicted = model.predict(inputs);
        int[] right = new int[labels.length];
        int count = 0;
        for (int i = 0; i < labels.length; i++) {
            if (predicted[i] == labels[i]) {
                right[count++] = i;
            }
        }
        return Arrays.copyOf(right, count);
    }

    private static Outcome outcome(Named<?> attack, AttackResult.Row row) {
        return switch (row.status()) {
            case FAILED -> new Outcome(Ending.ROBUST, "", Double.POSITIVE_INFINITY);
            // Broken in this ball, whatever an attack says of the distance.
            case SUCCEEDED ->
                new Outcome(
                        Ending.BROKEN,
                        attack.name(),
                        Math.min(row.distance(), attack.attack().epsilon()));
            // Right a moment ago, wrong without a perturbation now: as little to be relied on.
            case UNCONFIRMED, NOTHING_TO_DO -> new Outcome(Ending.UNSTABLE, attack.name(), 0);
        };
    }

    private static Stage stage(Named<?> attack, AttackResult result) {
        long broken = 0;
        long unconfirmed = 0;
        long zero = 0;
        long queries = 0;
        long gradients = 0;
        for (AttackResult.Row row : result.rows()) {
            broken += row.status() == AttackResult.Status.FAILED ? 0 : 1;
            boolean unstable = row.status() == AttackResult.Status.UNCONFIRMED
                    || row.status() == AttackResult.Status.NOTHING_TO_DO;
            unconfirmed += unstable ? 1 : 0;
            zero += row.zeroGradients() > 0 ? 1 : 0;
            queries += row.queries();
            gradients += row.gradients();
        }
        String parameters = attack.attack().toString();
        return new Stage(
                attack.name(), parameters, result.rows().size(), broken, unconfirmed, zero, queries, gradients);
    }

    private static List<Finding> findings(List<? extends Named<?>> attacks, List<Stage> stages, long n, String where) {
        List<Finding> findings = new ArrayList<>();
        long unconfirmed = 0;
        boolean whiteBox = false;
        for (int a = 0; a < stages.size(); a++) {
            Stage s = stages.get(a);
            unconfirmed += s.unconfirmed();
            if (attacks.get(a).blackBox() && whiteBox && s.broken() >= 2 && s.broken() > BLACK_BOX_GAIN * n) {
                findings.add(Finding.of(
                        Severity.WARNING,
                        "robust-evaluation.black-box-beats-white-box",
                        s.attack() + ", which does without gradients, broke " + s.broken() + " of the " + s.attacked()
                                + " examples that attacks with gradients left: gradients seem to be masked; adapt the"
                                + " attacks to the defence before this result is believed",
                        where));
            }
            if (!attacks.get(a).blackBox() && s.zeroGradients() * 100 > s.attacked()) {
                findings.add(Finding.of(
                        Severity.WARNING,
                        "robust-evaluation.zero-gradient",
                        "the gradient was zero at " + s.zeroGradients() + " of the " + s.attacked() + " examples that "
                                + s.attack() + " got: the loss is saturated or the gradient masked",
                        where));
            }
            whiteBox |= !attacks.get(a).blackBox();
        }
        if (unconfirmed > 0) {
            findings.add(Finding.of(
                    Severity.WARNING,
                    "robust-evaluation.not-deterministic",
                    "the model answered " + unconfirmed
                            + " times otherwise when it was asked again about the same input: average over its randomness"
                            + " before this result is believed",
                    where));
        }
        return findings;
    }

    /**
     * The largest radius.
     *
     * @return positive and finite
     */
    public double epsilon() {
        return epsilons.get(epsilons.size() - 1);
    }

    /**
     * How many examples there were.
     *
     * @return at least 0
     */
    public long n() {
        return outcomes.size();
    }

    /**
     * How many examples were right without a perturbation.
     *
     * @return at most {@link #n()}
     */
    public long clean() {
        return outcomes.size() - count(Ending.WRONG);
    }

    /**
     * How many examples stayed right under all attacks at all radii.
     *
     * @return at most {@link #clean()}
     */
    public long robust() {
        return count(Ending.ROBUST);
    }

    /**
     * How many examples stay right in a smaller ball, as far as the perturbations found tell: one that broke an example at
     * distance d breaks it in every ball of radius d or more. Between the {@link #epsilons()} it is loose, as attacks inside a
     * ball end with the first example that they find there.
     *
     * @param radius in [0, {@link #epsilon()}]
     * @return an upper bound; {@link #robust()} at {@code epsilon}
     */
    public long robust(double radius) {
        if (!(radius >= 0 && radius <= epsilon())) {
            throw new IllegalArgumentException("radius must be in [0, " + epsilon() + "], was " + radius);
        }
        return outcomes.stream()
                .filter(o -> o.ending() == Ending.ROBUST || o.ending() == Ending.BROKEN && o.distance() > radius)
                .count();
    }

    /**
     * The share of the examples that stayed right under all attacks: an upper bound of the robust accuracy at
     * {@link #epsilon()}.
     *
     * @return share with Clopper-Pearson interval
     */
    public Estimate robustAccuracy() {
        return ClopperPearson.share(robust(), n(), CleanAccuracy.CONFIDENCE);
    }

    private long count(Ending ending) {
        return outcomes.stream().filter(o -> o.ending() == ending).count();
    }

    /** The curve, and which share of the examples each attack was the first to break at any radius. */
    @Override
    public Evidence evidence() {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", "worst case over attacks");
        parameters.put("interval", "Clopper-Pearson");
        parameters.put("norm", norm.name());
        parameters.put(
                "epsilon",
                epsilons.size() == 1
                        ? String.valueOf(epsilon())
                        : "each of " + epsilons + "; what a smaller one broke counts as broken at the larger");
        List<Measurement> measurements = new ArrayList<>();
        measurements.add(curve());
        int attacks = stages.size() / epsilons.size();
        int largest = stages.size() - attacks;
        for (int a = 0; a < attacks; a++) {
            String number = String.valueOf(a + 1);
            parameters.put("attack." + number, stages.get(largest + a).parameters());
            long broken = 0;
            for (int s = a; s < stages.size(); s += attacks) {
                broken += stages.get(s).broken();
            }
            SortedMap<String, String> labels = new TreeMap<>();
            labels.put("by", number + " " + stages.get(a).attack());
            labels.put("norm", norm.name());
            measurements.add(new Measurement.Scalar("examples-broken", "1", labels, share(broken)));
        }
        return new Evidence(Technique.ROBUSTNESS_EVALUATION, subject, parameters, measurements, findings);
    }

    /** Clean accuracy, then the worst case at each radius. */
    private Measurement curve() {
        List<Measurement.Point> points = new ArrayList<>();
        points.add(new Measurement.Point(0, share(clean())));
        epsilons.forEach(e -> points.add(new Measurement.Point(e, share(robust(e)))));
        SortedMap<String, String> labels = new TreeMap<>();
        labels.put("attack", "ensemble of " + stages.size() / epsilons.size());
        labels.put("norm", norm.name());
        return new Measurement.Curve("robust-accuracy", "epsilon", "accuracy", labels, points);
    }

    private Estimate share(long count) {
        return ClopperPearson.share(count, n(), CleanAccuracy.CONFIDENCE);
    }
}
