// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.corruption;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * The mean corruption error: how often a model is wrong on corrupted images, relative to a baseline model on the same
 * corrupted images. Below 1 the model is better than the baseline.
 *
 * <p>With E(s, c) the share of images that are wrong at severity s of corruption c, and B(s, c) that of the baseline, the
 * corruption error of c is Σₛ E(s, c) / Σₛ B(s, c) over the severities 1 to 5, and the mean corruption error is the mean
 * over c. The relative one, Σₛ (E(s, c) − E(clean)) / Σₛ (B(s, c) − B(clean)), looks at the fall from the clean images only;
 * it favours models that are poor to begin with, so read it beside the accuracy. The mean corruption accuracy needs no
 * baseline: 1 − E(s, c), averaged.
 *
 * <p>Intervals are of 95 %, by the percentiles of 2,000 bootstrap resamples of images (Efron, Tibshirani, An Introduction to
 * the Bootstrap, 1993, chapter 13); an image takes along its results under all corruptions and for both models, so that
 * differences between models are not drowned by differences between images. They are approximate, and too narrow for few
 * images or few errors; they speak of new images, not of other corruptions, random draws or training runs. A mean accuracy
 * of 0 or 1 has an exact interval (Clopper-Pearson) instead.
 *
 * <p>A ratio whose denominator is not above 0, in the data or in more than a fortieth of the resamples, is abstained from,
 * and so is the mean over ratios of which one is not there.
 *
 * <p>Source: Hendrycks, Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR
 * 2019, section 4. Clause 7.3.2-5.
 *
 * @param subject what was evaluated
 * @param baseline what it was compared with
 * @param n number of images
 * @param seed seed of the resamples
 * @param overall over all corruptions
 * @param byCorruption for each corruption
 * @param findings what makes the ratios doubtful
 */
public record CorruptionError(
        String subject,
        String baseline,
        long n,
        Seed seed,
        Overall overall,
        List<ByCorruption> byCorruption,
        List<Finding> findings)
        implements EvidenceSource {
    private static final String ACCURACY = "mean-corruption-accuracy";
    private static final double CONFIDENCE = 0.95;
    private static final int RESAMPLES = 2000;
    /** Resamples beyond each end of the interval. */
    private static final int TAIL = RESAMPLES / 40;
    /** With fewer images than this that the baseline gets wrong, a ratio rests on next to nothing. */
    private static final int FEW = 10;
    /** With fewer images than this, percentiles of the bootstrap are too near. */
    private static final int FEW_IMAGES = 30;

    /**
     * A model with its name.
     *
     * @param name name or digest, for the evidence
     * @param model the model
     */
    public record Named(String name, Classifier model) {}

    /**
     * Means over all corruptions.
     *
     * @param error mean corruption error
     * @param relativeError relative mean corruption error
     * @param accuracy mean accuracy of the model over corruptions and severities
     * @param baselineAccuracy that of the baseline
     */
    public record Overall(Estimate error, Estimate relativeError, Estimate accuracy, Estimate baselineAccuracy) {}

    /**
     * One corruption.
     *
     * @param name its name
     * @param parameters the corruption, as its parameters print
     * @param error corruption error
     * @param relativeError relative corruption error
     * @param accuracy mean accuracy of the model over the severities
     * @param baselineAccuracy that of the baseline
     */
    public record ByCorruption(
            String name,
            String parameters,
            Estimate error,
            Estimate relativeError,
            Estimate accuracy,
            Estimate baselineAccuracy) {}

    /** Copies the lists. */
    public CorruptionError {
        byCorruption = List.copyOf(byCorruption);
        findings = List.copyOf(findings);
    }

    /**
     * Evaluates a model and a baseline on the same corrupted images.
     *
     * @param model the model
     * @param baseline a model with the same kind of inputs, such as a simple or an earlier one
     * @param data labelled images
     * @param corruptions what to do to them; at least one, names unique
     * @param seed seed of the resamples
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return the errors
     */
    public static CorruptionError of(
            Named model,
            Named baseline,
            Labelled data,
            List<Corruption> corruptions,
            Seed seed,
            RowChunks chunks,
            Progress progress) {
        if (corruptions.isEmpty()) {
            throw new IllegalArgumentException("corruptions must not be empty");
        }
        if (!baseline.model().spec().bounds().equals(model.model().spec().bounds())) {
            throw new IllegalArgumentException("baseline must have the bounds of the model, "
                    + model.model().spec().bounds() + ", had "
                    + baseline.model().spec().bounds());
        }
        List<Outcomes> outcomes =
                Outcomes.of(List.of(model.model(), baseline.model()), data, corruptions, chunks, progress);
        int classes = model.model().spec().classes();
        return of(model.name(), baseline.name(), corruptions, outcomes.get(0), outcomes.get(1), classes, seed);
    }

    static CorruptionError of(
            String subject,
            String baseline,
            List<Corruption> corruptions,
            Outcomes model,
            Outcomes base,
            int classes,
            Seed seed) {
        Errors a = Errors.of(model, corruptions.size());
        Errors b = Errors.of(base, corruptions.size());
        int n = model.n();
        int[] once = new int[n];
        Arrays.fill(once, 1);
        Statistics point = Statistics.of(a.sums(once), b.sums(once), n);
        Statistics[] resamples = new Statistics[n == 0 ? 0 : RESAMPLES];
        for (int r = 0; r < resamples.length; r++) {
            Progress.checkInterrupted();
            RandomGenerator random = seed.derive("bootstrap").generator(r);
            int[] times = new int[n];
            for (int i = 0; i < n; i++) {
                times[random.nextInt(n)]++;
            }
            resamples[r] = Statistics.of(a.sums(times), b.sums(times), n);
        }
        List<ByCorruption> rows = new ArrayList<>();
        for (int c = 0; c < corruptions.size(); c++) {
            int at = c;
            String name = corruptions.get(c).name();
            rows.add(new ByCorruption(
                    name,
                    corruptions.get(c).toString(),
                    estimate(point.error[c], n, resamples, s -> s.error[at], noError(name)),
                    estimate(point.relative[c], n, resamples, s -> s.relative[at], noFall(name)),
                    accuracy(point.accuracy[c], n, resamples, s -> s.accuracy[at]),
                    accuracy(point.baseAccuracy[c], n, resamples, s -> s.baseAccuracy[at])));
        }
        Overall overall = new Overall(
                estimate(mean(point.error), n, resamples, s -> mean(s.error), missing(rows, point.error, true)),
                estimate(
                        mean(point.relative),
                        n,
                        resamples,
                        s -> mean(s.relative),
                        missing(rows, point.relative, false)),
                accuracy(mean(point.accuracy), n, resamples, s -> mean(s.accuracy)),
                accuracy(mean(point.baseAccuracy), n, resamples, s -> mean(s.baseAccuracy)));
        return new CorruptionError(subject, baseline, n, seed, overall, rows, findings(rows, point, a, b, n, classes));
    }

    /** Errors of a model: for each corruption and image the severities that are wrong, and the clean images. */
    private record Errors(int[][] corrupted, int[] clean) {
        private static Errors of(Outcomes outcomes, int corruptions) {
            int[][] errors = new int[corruptions][];
            for (int c = 0; c < corruptions; c++) {
                errors[c] = outcomes.errors(c);
            }
            return new Errors(errors, outcomes.cleanErrors());
        }

        /** Sums over images, each as many times as given: of the corruptions, then of the clean images. */
        private long[] sums(int[] times) {
            long[] sums = new long[corrupted.length + 1];
            for (int c = 0; c < corrupted.length; c++) {
                sums[c] = sum(corrupted[c], times);
            }
            sums[corrupted.length] = sum(clean, times);
            return sums;
        }

        private static long sum(int[] errors, int[] times) {
            // At most 5 for each of n images, so that an int holds it, and the loop is fast.
            int sum = 0;
            for (int i = 0; i < errors.length; i++) {
                sum += errors[i] * times[i];
            }
            return sum;
        }
    }

    /** For each corruption; NaN where a ratio has no value. */
    private record Statistics(double[] error, double[] relative, double[] accuracy, double[] baseAccuracy) {
        private static Statistics of(long[] model, long[] base, int n) {
            int corruptions = model.length - 1;
            Statistics s = new Statistics(
                    new double[corruptions], new double[corruptions], new double[corruptions], new double[corruptions]);
            for (int c = 0; c < corruptions; c++) {
                long fall = base[c] - 5 * base[corruptions];
                s.error[c] = base[c] > 0 ? (double) model[c] / base[c] : Double.NaN;
                s.relative[c] = fall > 0 ? (double) (model[c] - 5 * model[corruptions]) / fall : Double.NaN;
                s.accuracy[c] = (5L * n - model[c]) / (5.0 * n);
                s.baseAccuracy[c] = (5L * n - base[c]) / (5.0 * n);
            }
            return s;
        }
    }

    /** One of the statistics of a resample. */
    private interface Choice {
        double of(Statistics s);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).sum() / values.length;
    }

    private static Estimate estimate(double value, int n, Statistics[] resamples, Choice choice, String reason) {
        if (n == 0) {
            return new Estimate.Abstained("there are no images", 0);
        }
        if (Double.isNaN(value)) {
            return new Estimate.Abstained(reason, n);
        }
        double[] sorted =
                Arrays.stream(resamples).mapToDouble(choice::of).sorted().toArray();
        // Sorting puts NaN last. A resample without a value might lie on either side: it counts on both.
        int undefined = 0;
        while (undefined < sorted.length && Double.isNaN(sorted[sorted.length - 1 - undefined])) {
            undefined++;
        }
        if (undefined >= TAIL) {
            return new Estimate.Abstained(
                    "the ratio has no value in " + undefined + " of " + RESAMPLES
                            + " bootstrap resamples: its denominator, the baseline's errors, is too near 0",
                    n);
        }
        double lower = sorted[TAIL - 1 - undefined];
        double upper = sorted[RESAMPLES - TAIL];
        return new Estimate.Measured(
                value, new Interval(Math.min(lower, value), Math.max(upper, value), CONFIDENCE), n);
    }

    private static Estimate accuracy(double value, int n, Statistics[] resamples, Choice choice) {
        if (value == 0 || value == 1) {
            return ClopperPearson.share(value == 0 ? 0 : n, n, CONFIDENCE);
        }
        return estimate(value, n, resamples, choice, "");
    }

    private static String noError(String corruption) {
        return "the baseline is never wrong under " + corruption;
    }

    private static String noFall(String corruption) {
        return "the baseline is not worse under " + corruption + " than on clean images";
    }

    private static String missing(List<ByCorruption> rows, double[] values, boolean absolute) {
        List<String> names = new ArrayList<>();
        for (int c = 0; c < values.length; c++) {
            if (Double.isNaN(values[c])) {
                names.add(rows.get(c).name());
            }
        }
        String list = String.join(", ", names);
        return absolute ? noError(list) : noFall(list);
    }

    private static List<Finding> findings(
            List<ByCorruption> rows, Statistics point, Errors model, Errors base, int n, int classes) {
        List<Finding> findings = new ArrayList<>();
        if (n == 0) {
            return findings;
        }
        if (n < FEW_IMAGES) {
            add(findings, "few-images", "there are only " + n + " images: bootstrap intervals are too narrow", "");
        }
        for (int c = 0; c < rows.size(); c++) {
            String name = rows.get(c).name();
            long wrong = Arrays.stream(base.corrupted[c]).filter(e -> e > 0).count();
            if (wrong == 0) {
                add(findings, "baseline-never-wrong", noError(name) + ": there is no corruption error", name);
            } else if (wrong < FEW) {
                add(
                        findings,
                        "baseline-rarely-wrong",
                        "the baseline is wrong on only " + wrong + " of " + n + " images under " + name
                                + ": the corruption error rests on next to nothing",
                        name);
            }
            if (Double.isNaN(point.relative[c])) {
                add(findings, "baseline-not-worse", noFall(name) + ": there is no relative corruption error", name);
            }
            if (wrong > 0 && Arrays.stream(model.corrupted[c]).allMatch(e -> e == 0)) {
                add(
                        findings,
                        "model-never-wrong",
                        "the model is never wrong under " + name
                                + ": a bootstrap interval of its corruption error has no"
                                + " width, and more images are needed",
                        name);
            }
        }
        long right = n - Arrays.stream(base.clean).sum();
        if (right * classes <= n) {
            add(
                    findings,
                    "baseline-at-chance",
                    "the baseline gets " + right + " of " + n + " clean images of " + classes
                            + " classes right, which is no better than chance: to be better than it says nothing",
                    "");
        }
        return findings;
    }

    private static void add(List<Finding> findings, String rule, String message, String location) {
        findings.add(Finding.of(Severity.WARNING, "corruption-error." + rule, message, location));
    }

    @Override
    public Evidence evidence() {
        TreeMap<String, String> parameters = new TreeMap<>(Map.of(
                "method",
                "mean corruption error",
                "baseline",
                baseline,
                "interval",
                "percentile bootstrap over images, paired, " + RESAMPLES + " resamples",
                "seed",
                String.valueOf(seed.value())));
        List<Measurement> measurements = new ArrayList<>();
        measurements.add(scalar("mean-corruption-error", Map.of(), overall.error));
        measurements.add(scalar("relative-mean-corruption-error", Map.of(), overall.relativeError));
        measurements.add(scalar(ACCURACY, Map.of("model", "subject"), overall.accuracy));
        measurements.add(scalar(ACCURACY, Map.of("model", "baseline"), overall.baselineAccuracy));
        for (ByCorruption row : byCorruption) {
            parameters.put("corruption." + row.name, row.parameters);
            Map<String, String> label = Map.of("corruption", row.name);
            measurements.add(scalar("corruption-error", label, row.error));
            measurements.add(scalar("relative-corruption-error", label, row.relativeError));
            measurements.add(scalar(ACCURACY, Map.of("corruption", row.name, "model", "subject"), row.accuracy));
            measurements.add(
                    scalar(ACCURACY, Map.of("corruption", row.name, "model", "baseline"), row.baselineAccuracy));
        }
        return new Evidence(Technique.ROBUSTNESS_EVALUATION, subject, parameters, measurements, findings);
    }

    private static Measurement scalar(String name, Map<String, String> labels, Estimate estimate) {
        return new Measurement.Scalar(name, "1", new TreeMap<>(labels), estimate);
    }
}
