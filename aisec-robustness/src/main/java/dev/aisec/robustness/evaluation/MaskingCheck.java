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
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether gradient attacks on a model can be believed: the signs of masked gradients and of attacks that stop too early, each
 * checked by a run of its own.
 *
 * <ul>
 *   <li>the model answers the same twice (else average over draws: {@code ExpectationOverTransformation});
 *   <li>gradients are not zero (else the loss is saturated: take the margin or the difference of logits ratio);
 *   <li>many steps break what a single step breaks;
 *   <li>a larger ball breaks no less;
 *   <li>a ball as large as all inputs breaks everything;
 *   <li>five times the steps, and more starts, break hardly more (else the attack had too few).
 * </ul>
 *
 * <p>Guarantee: a failed check is a reason to doubt a robust accuracy; passed checks are no proof of it.
 *
 * <p>Source: Athalye, Carlini, Wagner, Obfuscated Gradients Give a False Sense of Security, ICML 2018, section 3.1; Carlini et
 * al., On Evaluating Adversarial Robustness, arXiv:1902.06705, 2019, section 5; the thresholds are ours.
 *
 * @param subject what was checked
 * @param n examples that were right, on which the attacks ran
 * @param checks the checks, in order
 */
public record MaskingCheck(String subject, long n, List<Check> checks) implements EvidenceSource {
    /** Share of the examples that luck may decide. */
    private static final double LUCK = 0.02;

    /** Share of the examples that more effort may still break. */
    private static final double EFFORT = 0.05;

    /**
     * A check.
     *
     * @param code short name, as in the finding
     * @param passed whether the model or the attack behaved
     * @param doubtful examples that speak against it
     * @param meaning what was seen
     */
    public record Check(String code, boolean passed, long doubtful, String meaning) {}

    /** Copies the list. */
    public MaskingCheck {
        checks = List.copyOf(checks);
    }

    /**
     * Runs the checks. A few hundred examples are enough.
     *
     * @param subject name or digest of the classifier, for the evidence
     * @param model the classifier
     * @param data labelled examples inside the model's bounds
     * @param attack the attack to be believed
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done, check by check
     * @return the checks
     */
    public static MaskingCheck of(
            String subject,
            DifferentiableClassifier model,
            Labelled data,
            Pgd attack,
            RowChunks chunks,
            Progress progress) {
        model.spec().requireInputs(data.inputs());
        model.spec().requireLabels(data.targets().labels());
        List<Part> parts = chunks.map(
                data.size(),
                (from, to) -> part(
                        model,
                        data.inputs().rows(from, to),
                        Arrays.copyOfRange(data.targets().labels(), from, to),
                        attack),
                progress);
        Part sum = new Part(new long[KINDS + 1]);
        parts.forEach(p -> sum.add(p));
        long n = sum.counts[KINDS];
        List<Check> checks = new ArrayList<>();
        add(checks, n, 0, sum, DRAWS, "not-deterministic", "examples had other logits when the model was asked again");
        add(checks, n, 0.01, sum, ZERO, "zero-gradient", "examples met a gradient of zero on the way");
        add(checks, n, LUCK, sum, SINGLE, "single-step-beats-many", "examples were broken by one step and not by many");
        add(
                checks,
                n,
                LUCK,
                sum,
                MONOTONE,
                "larger-ball-breaks-less",
                "examples broke in the ball and not in twice the ball");
        add(
                checks,
                n,
                0,
                sum,
                UNBOUNDED,
                "unbounded-attack-fails",
                "examples did not break in a ball as large as all inputs");
        add(
                checks,
                n,
                EFFORT,
                sum,
                STEPS,
                "too-few-steps",
                "examples broke only with five times the steps and three starts");
        return new MaskingCheck(subject, n, checks);
    }

    private static final int DRAWS = 0;
    private static final int ZERO = 1;
    private static final int SINGLE = 2;
    private static final int MONOTONE = 3;
    private static final int UNBOUNDED = 4;
    private static final int STEPS = 5;
    private static final int KINDS = 6;

    private static void add(List<Check> checks, long n, double share, Part sum, int kind, String code, String meaning) {
        long doubtful = sum.counts[kind];
        checks.add(new Check(code, doubtful <= share * n, doubtful, doubtful + " of " + n + " " + meaning));
    }

    private record Part(long[] counts) {
        void add(Part other) {
            for (int i = 0; i < counts.length; i++) {
                counts[i] += other.counts[i];
            }
        }
    }

    private static Part part(DifferentiableClassifier model, Batch all, int[] labels, Pgd attack) {
        Part part = new Part(new long[KINDS + 1]);
        int[] predicted = model.predict(all);
        int[] right = new int[labels.length];
        int count = 0;
        for (int i = 0; i < labels.length; i++) {
            if (predicted[i] == labels[i]) {
                right[count++] = i;
            }
        }
        part.counts[KINDS] = count;
        if (count == 0) {
            return part;
        }
        right = Arrays.copyOf(right, count);
        Batch inputs = all.select(right);
        Goal goal = Goal.avoid(labels).select(right);
        part.counts[DRAWS] = different(model.logits(inputs), model.logits(inputs));
        boolean[] broken = broken(attack.perturb(model, inputs, goal), part);
        boolean[] once = broken(attack.withSteps(1, 1).withStarts(0).perturb(model, inputs, goal), null);
        boolean[] twice = broken(attack.withEpsilon(2 * attack.epsilon()).perturb(model, inputs, goal), null);
        boolean[] unbounded = broken(
                attack.withEpsilon(range(model.spec().bounds(), inputs.shape().size(), attack.norm()))
                        .withStarts(Math.max(1, attack.starts()))
                        .perturb(model, inputs, goal),
                null);
        boolean[] more = broken(
                attack.withSteps(attack.relativeStep() / 2, 5 * attack.steps())
                        .withStarts(3)
                        .perturb(model, inputs, goal),
                null);
        for (int i = 0; i < count; i++) {
            part.counts[SINGLE] += once[i] && !broken[i] ? 1 : 0;
            part.counts[MONOTONE] += broken[i] && !twice[i] ? 1 : 0;
            part.counts[UNBOUNDED] += unbounded[i] ? 0 : 1;
            part.counts[STEPS] += more[i] && !broken[i] ? 1 : 0;
        }
        return part;
    }

    private static long different(Batch a, Batch b) {
        int classes = a.shape().size();
        long count = 0;
        for (int i = 0; i < a.size(); i++) {
            boolean other = false;
            for (int c = 0; c < classes; c++) {
                double scale = 1 + Math.abs(a.get(i, c));
                other |= !(Math.abs(a.get(i, c) - b.get(i, c)) <= 1e-4 * scale);
            }
            count += other ? 1 : 0;
        }
        return count;
    }

    private static boolean[] broken(AttackResult result, @Nullable Part part) {
        boolean[] broken = new boolean[result.rows().size()];
        for (int i = 0; i < broken.length; i++) {
            broken[i] = result.rows().get(i).status() != AttackResult.Status.FAILED;
            if (part != null && result.rows().get(i).zeroGradients() > 0) {
                part.counts[ZERO]++;
            }
        }
        return broken;
    }

    /** A radius that reaches every point of the bounds from every other. */
    private static double range(Bounds bounds, int features, Norm norm) {
        double sum = 0;
        double square = 0;
        double largest = 0;
        for (int i = 0; i < features; i++) {
            double width = (double) bounds.upper(i) - bounds.lower(i);
            sum += width;
            square += width * width;
            largest = Math.max(largest, width);
        }
        double radius = switch (norm) {
            case L0 -> features;
            case L1 -> sum;
            case L2 -> Math.sqrt(square);
            case LINF -> largest;
        };
        if (!(radius < Float.MAX_VALUE / 4)) {
            throw new IllegalArgumentException(
                    "bounds of the model must be finite for an attack without bound, were " + bounds);
        }
        return radius;
    }

    /**
     * Whether every check passed.
     *
     * @return true if there is no reason to doubt
     */
    public boolean passed() {
        return checks.stream().allMatch(Check::passed);
    }

    @Override
    public Evidence evidence() {
        List<Finding> findings = new ArrayList<>();
        List<Measurement> measurements = new ArrayList<>();
        for (Check check : checks) {
            SortedMap<String, String> labels = new TreeMap<>();
            labels.put("check", check.code());
            measurements.add(new Measurement.Scalar(
                    "doubtful-examples",
                    "1",
                    labels,
                    ClopperPearson.share(check.doubtful(), n, CleanAccuracy.CONFIDENCE)));
            if (!check.passed()) {
                findings.add(Finding.of(
                        Severity.WARNING,
                        "masking-check." + check.code(),
                        check.meaning()
                                + ": robust accuracy by gradients is not to be believed before that is explained",
                        "masking check"));
            }
        }
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("method", "signs of masked gradients");
        parameters.put("checks", String.valueOf(checks.size()));
        return new Evidence(Technique.ROBUSTNESS_EVALUATION, subject, parameters, measurements, findings);
    }
}
