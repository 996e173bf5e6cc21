// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Seed;
import dev.aisec.core.Technique;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A mixture of classifiers: each decision is that of one of them, drawn with fixed probabilities. What {@link ExponentiatedGradient}
 * and {@link GridSearch} return. Immutable; thread-safe if the learner's scorers are.
 *
 * <p>Rates and errors are those of the draw in expectation: each row counts with its probability of a favourable decision.
 */
public final class RandomizedClassifier {
    private final FairnessConstraint constraint;
    private final double bound;
    private final List<Scorer> scorers;
    private final double[] probabilities;
    private final SaddleCertificate certificate;
    private final List<Finding> findings;

    private RandomizedClassifier(
            FairnessConstraint constraint,
            double bound,
            List<Scorer> scorers,
            double[] probabilities,
            SaddleCertificate certificate,
            List<Finding> findings) {
        this.constraint = constraint;
        this.bound = bound;
        this.scorers = List.copyOf(scorers);
        this.probabilities = probabilities;
        this.certificate = certificate;
        this.findings = findings;
    }

    static RandomizedClassifier of(
            FairnessConstraint constraint,
            double bound,
            double multiplierBound,
            Lagrangian game,
            Moments moments,
            double[] mixture) {
        List<Scorer> scorers = new ArrayList<>();
        double[] probabilities = Arrays.stream(mixture).filter(q -> q > 0).toArray();
        for (int h = 0; h < mixture.length; h++) {
            if (mixture[h] > 0) {
                scorers.add(game.found().get(h).scorer());
            }
        }
        double[] violations = game.violations(mixture);
        SaddleCertificate certificate = new SaddleCertificate(
                game.error(mixture),
                violations.length == 0 ? 0 : Arrays.stream(violations).max().getAsDouble(),
                game.lower(),
                game.upper(mixture),
                game.shortfall(),
                multiplierBound,
                game.fits());
        return new RandomizedClassifier(constraint, bound, scorers, probabilities, certificate, moments.findings());
    }

    /**
     * The probability of a favourable decision.
     *
     * @param features row-major, columns as fitted
     * @return a probability for each row
     */
    public double[] acceptProbabilities(double[] features) {
        double[] result = new double[0];
        for (int h = 0; h < probabilities.length; h++) {
            double[] scores = scorers.get(h).scores(features);
            if (h == 0) {
                result = new double[scores.length];
            }
            Checks.size("scores", "rows", result.length, scores.length);
            for (int i = 0; i < scores.length; i++) {
                Moments.requireNumber(scores[i], i);
                result[i] += scores[i] > 0.5 ? probabilities[h] : 0;
            }
        }
        for (int i = 0; i < result.length; i++) {
            result[i] = Math.min(1, result[i]);
        }
        return result;
    }

    /**
     * Decides. The draw of a row depends on the seed and its subject only: whoever asks again with the same features gets the same
     * decision. Keep the seed secret if subjects could gain from choosing their number.
     *
     * @param features row-major, columns as fitted
     * @param subjects a number for each row that stands for the person
     * @param seed seed of the draws
     * @return whether the decision is favourable
     */
    public boolean[] decide(double[] features, long[] subjects, Seed seed) {
        double[] accept = acceptProbabilities(features);
        if (subjects.length != accept.length) {
            throw new IllegalArgumentException(
                    "subjects must be as many as rows, " + accept.length + ", were " + subjects.length);
        }
        boolean[] decisions = new boolean[accept.length];
        for (int i = 0; i < decisions.length; i++) {
            decisions[i] = accept[i] > 0 && seed.generator(subjects[i]).nextDouble() < accept[i];
        }
        return decisions;
    }

    /**
     * Returns the models of the mixture.
     *
     * @return unmodifiable, in the order of {@link #probabilities()}
     */
    public List<Scorer> scorers() {
        return scorers;
    }

    /**
     * Returns how often each model decides.
     *
     * @return positive probabilities with sum 1 but for rounding; a copy
     */
    public double[] probabilities() {
        return probabilities.clone();
    }

    /**
     * Returns how near it is to the best, on the training rows.
     *
     * @return the certificate
     */
    public SaddleCertificate certificate() {
        return certificate;
    }

    /**
     * Returns what the constraint could not reach.
     *
     * @return a finding for each group without rows concerned
     */
    public List<Finding> findings() {
        return findings;
    }

    /**
     * The largest deviation on some rows: of a group's rate from the overall one, or the largest loss of a group for
     * {@link FairnessConstraint#BOUNDED_GROUP_LOSS}. Compare it with the bound that was asked for.
     *
     * <p>The interval covers the deviation in the population that the rows were drawn from independently, the shares of the groups
     * as they are, with at least the confidence: bounds for bounded values, shared out over all groups (Bonferroni). It does not hold
     * for the rows that the classifier was fitted to.
     *
     * @param features row-major, columns as fitted
     * @param rows group, label and weight of each row
     * @param confidence in (0, 1)
     * @return in [0, 1]; abstained if there are no rows concerned or only of one group
     */
    public Estimate deviation(double[] features, GroupedRows rows, double confidence) {
        Checks.confidence(confidence);
        double[] accept = accept(features, rows);
        int groups = rows.space().size();
        int events = constraint.events();
        MeanBound[] slots = new MeanBound[events * groups];
        Arrays.setAll(slots, s -> new MeanBound());
        for (int i = 0; i < accept.length; i++) {
            int label = rows.favourable(i) ? 1 : 0;
            double value = constraint.countsErrors() && label == 1 ? 1 - accept[i] : accept[i];
            for (int e = 0; e < events; e++) {
                if (constraint.concerns(e, label)) {
                    slots[e * groups + rows.group(i)].add(value, rows.weight(i));
                }
            }
        }
        int bounds = 0;
        for (MeanBound slot : slots) {
            bounds += slot.count() > 0 ? 1 : 0;
        }
        // Two sides for each group, and for a parity two more for the others.
        double alpha = (1 - confidence) / (constraint.isParity() ? 4.0 * bounds : 2.0 * bounds);
        double value = -1;
        double lower = 0;
        double upper = 0;
        long n = 0;
        for (int e = 0; e < events; e++) {
            MeanBound all = new MeanBound();
            for (int g = 0; g < groups; g++) {
                all.addAll(slots[e * groups + g]);
            }
            n += all.count();
            for (int g = 0; g < groups; g++) {
                MeanBound own = slots[e * groups + g];
                if (own.count() == 0) {
                    continue;
                }
                if (!constraint.isParity()) {
                    value = Math.max(value, own.mean());
                    lower = Math.max(lower, own.lower(alpha));
                    upper = Math.max(upper, own.upper(alpha));
                    continue;
                }
                MeanBound rest = all.without(own);
                if (rest.count() == 0) {
                    continue;
                }
                double share = rest.weight() / all.weight();
                double low = share * (own.lower(alpha) - rest.upper(alpha));
                double high = share * (own.upper(alpha) - rest.lower(alpha));
                value = Math.max(value, Math.abs(share * (own.mean() - rest.mean())));
                lower = Math.max(lower, Math.max(low, -high));
                upper = Math.max(upper, Math.max(Math.abs(low), Math.abs(high)));
            }
        }
        if (value < 0) {
            return new Estimate.Abstained(
                    n == 0
                            ? "no rows that the constraint concerns"
                            : "only one group has rows that the constraint concerns",
                    n);
        }
        return new Estimate.Measured(
                value, new Interval(Math.min(lower, value), Math.max(upper, value), confidence), n);
    }

    /**
     * The share of wrong decisions on some rows.
     *
     * @param features row-major, columns as fitted
     * @param rows group, label and weight of each row
     * @param confidence in (0, 1)
     * @return in [0, 1], with an interval as in {@link #deviation}; abstained if no row has weight
     */
    public Estimate error(double[] features, GroupedRows rows, double confidence) {
        Checks.confidence(confidence);
        double[] accept = accept(features, rows);
        MeanBound wrong = new MeanBound();
        for (int i = 0; i < accept.length; i++) {
            wrong.add(rows.favourable(i) ? 1 - accept[i] : accept[i], rows.weight(i));
        }
        if (wrong.count() == 0) {
            return new Estimate.Abstained("no rows with weight", 0);
        }
        double alpha = (1 - confidence) / 2;
        return new Estimate.Measured(
                wrong.mean(), new Interval(wrong.lower(alpha), wrong.upper(alpha), confidence), wrong.count());
    }

    /**
     * Proof that the constraint was applied, measured on rows that the classifier was not fitted to.
     *
     * @param subject name or digest of the model
     * @param features row-major, columns as fitted
     * @param rows group, label and weight of each row
     * @param confidence in (0, 1)
     * @return the evidence
     */
    public Evidence evidence(String subject, double[] features, GroupedRows rows, double confidence) {
        SortedMap<String, String> parameters = new TreeMap<>();
        String name = constraint.name().toLowerCase(Locale.ROOT).replace('_', '-');
        parameters.put("constraint", name);
        parameters.put("bound", Double.toString(bound));
        parameters.put("multiplier-bound", Double.toString(certificate.multiplierBound()));
        parameters.put("models", Integer.toString(probabilities.length));
        parameters.put("training-error", Double.toString(certificate.error()));
        parameters.put("training-violation", Double.toString(certificate.violation()));
        parameters.put("learner-shortfall", Double.toString(certificate.shortfall()));
        parameters.put("dual-gap", Double.toString(certificate.gap()));
        return new Evidence(
                Technique.FAIRNESS_CONSTRAINT,
                subject,
                parameters,
                List.of(
                        new Measurement.Scalar(
                                "constraint_deviation",
                                "1",
                                new TreeMap<>(Map.of("constraint", name)),
                                deviation(features, rows, confidence)),
                        new Measurement.Scalar("error", "1", new TreeMap<>(), error(features, rows, confidence))),
                findings);
    }

    private double[] accept(double[] features, GroupedRows rows) {
        double[] accept = acceptProbabilities(features);
        if (accept.length != rows.size()) {
            throw new IllegalArgumentException(
                    "rows must be as many as rows of features, " + accept.length + ", were " + rows.size());
        }
        return accept;
    }
}
