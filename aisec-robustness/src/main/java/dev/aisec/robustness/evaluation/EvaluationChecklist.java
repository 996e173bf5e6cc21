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
import dev.aisec.core.math.BinomialTail;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.ExpectationOverTransformation;
import dev.aisec.robustness.attack.Pgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether a robust accuracy measured by gradients can be believed: the checklist of honest evaluation, each item answered by
 * runs of its own on the model and the attack in question.
 *
 * <p>Guarantee: a failed item is a reason to doubt a robust accuracy; passed items are no proof of it. An item fails if its
 * share of doubtful examples lies above the tolerated one beyond luck: an exact binomial test rejects "at most the tolerated
 * share" at level 0.001. So a model whose true shares are tolerable fails an item with probability at most 0.001; where
 * nothing is tolerated, one example is enough.
 *
 * <p>A model that answers the same input in two ways fails {@link Check#DETERMINISTIC}; all other items, and the robust
 * accuracy that is reported, then use its mean over draws ({@link ExpectationOverTransformation}).
 *
 * <p>What it cannot see: whether the model given is the whole defended pipeline. Put preprocessors and detectors in front of
 * it first; what stands outside is not attacked.
 *
 * <p>Source: Carlini et al., On Evaluating Adversarial Robustness, arXiv:1902.06705, 2019, section 5; Athalye, Carlini,
 * Wagner, Obfuscated Gradients Give a False Sense of Security, ICML 2018, section 3.1; Pintor et al., Indicators of Attack
 * Failure, NeurIPS 2022 (silent success, no convergence, masked gradients); Croce et al., Evaluating the Adversarial
 * Robustness of Adaptive Test-time Defenses, ICML 2022. The tolerated shares are ours. Clause 7.3.2-5.
 *
 * @param attack the attack to be believed
 * @param blackBox an attack that only asks the model, such as Square, in the same ball; null if there is none
 * @param surrogate another model for the same task, from which adversarial examples are carried over; null if there is none
 * @param draws how many draws of a model that is not deterministic are averaged; at least 1
 */
public record EvaluationChecklist(
        Pgd attack,
        @Nullable BallAttack<Classifier> blackBox,
        @Nullable DifferentiableClassifier surrogate,
        int draws) {
    /** Error probability of the test behind each item. */
    static final double ALPHA = 0.001;

    /** Checks that the attacks share their ball. */
    public EvaluationChecklist {
        if (blackBox != null && (blackBox.norm() != attack.norm() || blackBox.epsilon() != attack.epsilon())) {
            throw new IllegalArgumentException("blackBox must have norm and radius of attack, " + attack.norm() + " "
                    + attack.epsilon() + ", was " + blackBox.norm() + " " + blackBox.epsilon());
        }
        if (draws < 1) {
            throw new IllegalArgumentException("draws must be >= 1, was " + draws);
        }
    }

    /**
     * The checklist for an attack, without a black-box attack beside random noise and without a surrogate; 20 draws.
     *
     * @param attack the attack to be believed
     * @return the checklist
     */
    public static EvaluationChecklist of(Pgd attack) {
        return new EvaluationChecklist(attack, null, null, 20);
    }

    /**
     * The same with an attack that only asks the model.
     *
     * @param other the attack, in the same ball
     * @return the checklist
     */
    public EvaluationChecklist withBlackBox(BallAttack<Classifier> other) {
        return new EvaluationChecklist(attack, other, surrogate, draws);
    }

    /**
     * The same with a model from which adversarial examples are carried over.
     *
     * @param other the model, of the same inputs and classes
     * @return the checklist
     */
    public EvaluationChecklist withSurrogate(DifferentiableClassifier other) {
        return new EvaluationChecklist(attack, blackBox, other, draws);
    }

    /**
     * The same with another number of draws.
     *
     * @param count how many draws are averaged
     * @return the checklist
     */
    public EvaluationChecklist withDraws(int count) {
        return new EvaluationChecklist(attack, blackBox, surrogate, count);
    }

    /** The items. "Examples" are those that the model gets right. */
    public enum Check {
        /** The model answers the same twice; nothing tolerated. */
        DETERMINISTIC("model-deterministic", 0, "examples had other logits when the model was asked again"),
        /** A row's answer does not depend on the rows beside it; nothing tolerated. */
        ROWS_INDEPENDENT(
                "rows-independent", 0, "examples had other logits when they were asked in another order of rows"),
        /** Logits are no probabilities, which would saturate every loss; half of the rows tolerated. */
        LOGITS(
                "logits-not-probabilities",
                0.5,
                "examples had logits in [0, 1] with sum 1: the model seems to return probabilities"),
        /** Gradients have no NaN and no infinity; nothing tolerated. */
        GRADIENT_FINITE("gradient-finite", 0, "examples had a gradient that is not finite"),
        /** Gradients are not zero; 1 % tolerated. */
        GRADIENT_NOT_ZERO("gradient-not-zero", 0.01, "examples met a gradient of zero on the way"),
        /** A quarter of ε along the gradient is worse for the model than a quarter against it; 10 % tolerated. */
        GRADIENT_ASCENDS(
                "gradient-ascends",
                0.1,
                "examples were worse off against the gradient than along it, a quarter of ε away"),
        /**
         * The loss is not saturated where the margin still has a gradient (below 1e-12 of it), so that the margin loss breaks
         * no more; 0.5 % tolerated.
         */
        LOSS_NOT_SATURATED(
                "loss-not-saturated",
                0.005,
                "examples at which the loss is saturated broke only with the margin loss: use that"),
        /** Many steps break what a single step of ε breaks; 1 % tolerated. */
        ITERATIVE_BEATS_SINGLE_STEP(
                "iterative-beats-single-step", 0.01, "examples were broken by a single step and not by the attack"),
        /** What breaks at ε/2 breaks at ε, and what breaks at ε at 2ε; 1 % tolerated. */
        MONOTONE("success-monotone", 0.01, "examples broke in a ball and not in one of twice the radius"),
        /** A ball as large as all inputs breaks everything; 0.5 % tolerated. */
        FULL_RANGE("full-range-breaks-all", 0.005, "examples did not break in a ball as large as all inputs"),
        /** Four more starts break hardly more; 0.5 % tolerated. */
        RESTARTS("restarts-hardly-matter", 0.005, "examples broke only from four more random starts"),
        /** Five times the steps, at least 40, break hardly more; 1 % tolerated. */
        STEPS("steps-suffice", 0.01, "examples broke only with five times the steps"),
        /**
         * Of the examples that do not break from the input itself, the margin hardly moves when the steps are doubled: by less
         * than a tenth of the way so far; a quarter of them tolerated.
         */
        LOSS_CONVERGED(
                "loss-converged",
                0.25,
                "examples that stay right were still on their way: with twice the steps the margin fell by more than a"
                        + " tenth of its fall so far"),
        /** 100 random points of the ball break nothing that the attack left; 0.2 % tolerated. */
        NOISE("noise-breaks-no-more", 0.002, "examples were broken by random noise and not by the attack"),
        /** Attacks without gradients break nothing that the attack left; 0.2 % tolerated. */
        BLACK_BOX("black-box-breaks-no-more", 0.002, "examples were broken without gradients and not by the attack"),
        /** Examples carried over from another model break nothing that the attack left; 0.2 % tolerated. */
        TRANSFER(
                "transfer-breaks-no-more",
                0.002,
                "examples were broken by samples made for the surrogate and not by the attack"),
        /** Samples lie in the ball and the bounds after rounding to float; nothing tolerated. */
        SAMPLES_INSIDE("samples-inside", 0, "samples of the attacks lay outside the ball or the bounds"),
        /**
         * Asked again, the model confirms each success and each failure that an attack reports; nothing tolerated, 5 % if the
         * model is not deterministic.
         */
        SUCCESS_CONFIRMED(
                "success-confirmed", 0, "samples of the attacks were reported as what the model does not confirm"),
        /** All runs together break, each example by its worst, hardly more than the attack alone; 2 % tolerated. */
        WORST_CASE("worst-case-reached", 0.02, "examples were broken by another run of this checklist only");

        private final String code;
        private final double tolerated;
        private final String meaning;

        Check(String code, double tolerated, String meaning) {
            this.code = code;
            this.tolerated = tolerated;
            this.meaning = meaning;
        }

        /**
         * Returns the stable code, as in the finding.
         *
         * @return short name in lower case with hyphens
         */
        public String code() {
            return code;
        }

        /**
         * Returns the share of doubtful examples that is tolerated.
         *
         * @return in [0, 1)
         */
        public double tolerated() {
            return tolerated;
        }
    }

    /** Answer to an item. */
    public enum Status {
        /** No reason to doubt. */
        PASS,
        /** A reason to doubt. */
        FAIL,
        /** The item could not be answered. */
        NOT_CHECKED
    }

    /**
     * An item with its answer.
     *
     * @param check the item
     * @param status the answer
     * @param doubtful examples that speak against it
     * @param of examples looked at
     * @param tolerated share that is tolerated
     * @param message what was seen, or why it was not checked
     */
    public record Item(Check check, Status status, long doubtful, long of, double tolerated, String message) {}

    /**
     * The answered checklist.
     *
     * @param subject what was checked
     * @param parameters what the answers depend on
     * @param n examples, wrong ones included
     * @param right examples that the model gets right, on which the attacks ran
     * @param robust of these, how many the attack did not break
     * @param worstCase of these, how many no run broke
     * @param withoutAveraging of these, how many the attack did not break without averaging over draws; equal to {@code
     *     robust} if the model is deterministic
     * @param items the items, in order
     */
    public record Result(
            String subject,
            SortedMap<String, String> parameters,
            long n,
            long right,
            long robust,
            long worstCase,
            long withoutAveraging,
            List<Item> items)
            implements EvidenceSource {
        /** Copies the collections. */
        public Result {
            parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
            items = List.copyOf(items);
        }

        /**
         * The answer to one item.
         *
         * @param check the item
         * @return its answer
         */
        public Item item(Check check) {
            return items.get(check.ordinal());
        }

        /**
         * The overall verdict.
         *
         * @return FAIL if an item failed; NOT_CHECKED if there was no example to attack; otherwise PASS
         */
        public Status verdict() {
            if (items.stream().anyMatch(i -> i.status() == Status.FAIL)) {
                return Status.FAIL;
            }
            return right == 0 ? Status.NOT_CHECKED : Status.PASS;
        }

        /**
         * Robust accuracy as all runs together leave it: the worst case for each example.
         *
         * @return share of all examples with Clopper-Pearson interval
         */
        public Estimate worstCaseAccuracy() {
            return ClopperPearson.share(worstCase, n, CleanAccuracy.CONFIDENCE);
        }

        @Override
        public Evidence evidence() {
            List<Measurement> measurements = new ArrayList<>();
            measurements.add(share("checked-examples", "", right, n));
            measurements.add(share("robust-accuracy", "attack", robust, n));
            measurements.add(share("robust-accuracy", "attack without averaging over draws", withoutAveraging, n));
            measurements.add(share("robust-accuracy", "worst case over all runs", worstCase, n));
            List<Finding> findings = new ArrayList<>();
            for (Item item : items) {
                if (item.of() > 0) {
                    measurements.add(share("doubtful-examples", item.check().code(), item.doubtful(), item.of()));
                }
                findings.add(new Finding(
                        severity(item),
                        "evaluation-checklist." + item.check().code(),
                        item.status() + ": " + item.message(),
                        "evaluation checklist",
                        OptionalLong.empty(),
                        "arXiv:1902.06705, section 5"));
            }
            SortedMap<String, String> all = new TreeMap<>(parameters);
            all.put("method", "checklist of honest evaluation");
            all.put("verdict", verdict().name());
            return new Evidence(Technique.ROBUSTNESS_EVALUATION, subject, all, measurements, findings);
        }

        private static Severity severity(Item item) {
            if (item.status() != Status.FAIL) {
                return Severity.INFO;
            }
            // Not a doubt about the model, but attacks that report what is not so.
            return item.check() == Check.SAMPLES_INSIDE || item.check() == Check.SUCCESS_CONFIRMED
                    ? Severity.ERROR
                    : Severity.WARNING;
        }

        private static Measurement share(String name, String by, long count, long n) {
            SortedMap<String, String> labels = new TreeMap<>();
            if (!by.isEmpty()) {
                labels.put("by", by);
            }
            return new Measurement.Scalar(name, "1", labels, ClopperPearson.share(count, n, CleanAccuracy.CONFIDENCE));
        }
    }

    /**
     * Answers the checklist. A few hundred examples are enough; the cost is about fifteen times that of the attack on those
     * that it does not break.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier, with all that defends it
     * @param data labelled examples inside the model's bounds
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done, three times over
     * @return the answers
     */
    public Result run(
            String subject, DifferentiableClassifier model, Labelled data, RowChunks chunks, Progress progress) {
        model.spec().requireInputs(data.inputs());
        model.spec().requireLabels(data.targets().labels());
        if (surrogate != null
                && !surrogate.spec().inputShape().equals(model.spec().inputShape())) {
            throw new IllegalArgumentException("surrogate must take inputs of shape "
                    + model.spec().inputShape() + ", was " + surrogate.spec().inputShape());
        }
        int[] labels = data.targets().labels();
        Tally tally = new Tally();
        chunks.map(
                        data.size(),
                        (from, to) -> ChecklistRun.answers(model, data.inputs().rows(from, to)),
                        progress)
                .forEach(tally::add);
        boolean random = tally.doubtful(Check.DETERMINISTIC) > 0;
        DifferentiableClassifier seen = random ? new ExpectationOverTransformation(model, draws) : model;
        chunks.map(
                        data.size(),
                        (from, to) -> new ChecklistRun(
                                        this,
                                        seen,
                                        random,
                                        data.inputs().rows(from, to),
                                        Arrays.copyOfRange(labels, from, to))
                                .gradients(),
                        progress)
                .forEach(tally::add);
        boolean attacked = tally.doubtful(Check.GRADIENT_FINITE) == 0;
        if (attacked) {
            chunks.map(
                            data.size(),
                            (from, to) -> new ChecklistRun(
                                            this,
                                            seen,
                                            random,
                                            data.inputs().rows(from, to),
                                            Arrays.copyOfRange(labels, from, to))
                                    .attacks(model),
                            progress)
                    .forEach(tally::add);
        }
        List<Item> items = new ArrayList<>();
        for (Check check : Check.values()) {
            items.add(item(check, tally, random, attacked));
        }
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("attack", attack.toString());
        parameters.put("black-box", blackBox == null ? "none" : blackBox.toString());
        parameters.put("surrogate", surrogate == null ? "none" : "given");
        parameters.put("draws", random ? String.valueOf(draws) : "1");
        parameters.put("level", String.valueOf(ALPHA));
        return new Result(
                subject,
                parameters,
                data.size(),
                tally.right,
                tally.robust,
                tally.worstCase,
                tally.withoutAveraging,
                items);
    }

    private Item item(Check check, Tally tally, boolean random, boolean attacked) {
        long doubtful = tally.doubtful(check);
        long of = tally.of(check);
        double tolerated = check == Check.SUCCESS_CONFIRMED && random ? 0.05 : check.tolerated();
        if (of == 0) {
            return new Item(check, Status.NOT_CHECKED, 0, 0, tolerated, reason(check, random, attacked));
        }
        String message = String.format(
                Locale.ROOT, "%d of %d %s; tolerated are %.1f %%", doubtful, of, check.meaning, 100 * tolerated);
        if (BinomialTail.logUpper(of, of, tolerated) >= Math.log(ALPHA)) {
            return new Item(
                    check,
                    Status.NOT_CHECKED,
                    doubtful,
                    of,
                    tolerated,
                    message + "; too few examples to tell that from luck");
        }
        if (check == Check.DETERMINISTIC && random && attacked) {
            message += "; the attack breaks "
                    + (tally.right - tally.withoutAveraging) + " of " + tally.right + " without averaging and "
                    + (tally.right - tally.robust) + " with the mean of " + draws + " draws";
        }
        boolean beyondLuck = doubtful > 0 && BinomialTail.logUpper(doubtful, of, tolerated) < Math.log(ALPHA);
        return new Item(check, beyondLuck ? Status.FAIL : Status.PASS, doubtful, of, tolerated, message);
    }

    private String reason(Check check, boolean random, boolean attacked) {
        return switch (check) {
            case BLACK_BOX -> blackBox == null ? "no black-box attack was given" : nothing(attacked);
            case TRANSFER -> surrogate == null ? "no surrogate was given" : nothing(attacked);
            case FULL_RANGE -> "the bounds of the model are not finite, or there was nothing to attack";
            case ROWS_INDEPENDENT, GRADIENT_ASCENDS ->
                random
                        ? "the model is not deterministic, which hides it"
                        : "no example could be compared: the model answered the same on both sides, or was never right";
            default -> nothing(attacked);
        };
    }

    private static String nothing(boolean attacked) {
        return attacked ? "there was no example to look at" : "gradients are not finite, so that attacks cannot run";
    }

    /** Counts of one chunk, or of all. */
    static final class Tally {
        private final Map<Check, long[]> counts = new EnumMap<>(Check.class);
        long right;
        long robust;
        long worstCase;
        long withoutAveraging;

        void count(Check check, long doubtful, long of) {
            long[] pair = counts.computeIfAbsent(check, c -> new long[2]);
            pair[0] += doubtful;
            pair[1] += of;
        }

        void add(Tally other) {
            other.counts.forEach((check, pair) -> count(check, pair[0], pair[1]));
            right += other.right;
            robust += other.robust;
            worstCase += other.worstCase;
            withoutAveraging += other.withoutAveraging;
        }

        long doubtful(Check check) {
            return counts.containsKey(check) ? counts.get(check)[0] : 0;
        }

        long of(Check check) {
            return counts.containsKey(check) ? counts.get(check)[1] : 0;
        }
    }
}
