// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.core.math.ClopperPearson;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.RowChunks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.BallAttack;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.RandomNoise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether an attack finds adversarial examples of a model where they certainly exist: a test of the attack, not of the model.
 *
 * <p>For each example the last step of the model is replaced: a linear readout of its logits decides between two classes such
 * that one random point at the rim of the ball is class 1, and the example itself and all other random points are class 0. The
 * attack is asked to leave class 0. Everything before the readout is the user's model, its defence and its gradients
 * included, so an attack that misses the planted example cannot be relied on when it finds nothing in the model itself.
 *
 * <p>Guarantee: each planted example lies inside ball and bounds and was seen as class 1 by a forward pass of the altered
 * model, the example itself as class 0. Where no readout separates the point from the others by more than rounding, the row
 * is not testable and does not count. Random noise is tried too: if it breaks more than half of the rows, the test is too
 * easy to mean anything. An attack that passes may still be too weak for the model itself: the test is necessary, not
 * sufficient.
 *
 * <p>Assumption: the model is deterministic (otherwise average over its draws first).
 *
 * <p>Readout: with mean μ and covariance Σ of the logits over the random points, w = Σ⁻¹(z_b − μ), where b is the point at
 * the rim with the largest Mahalanobis distance; the threshold lies halfway between w · z_b and the next other point. The
 * paper trains a logistic regression on the features before the last layer; this closed form needs logits only. Of more than
 * 8 logits those that vary most are read.
 *
 * <p>More points make the test harder: the planted example lies farther out, so chance finds less, but with few features (some
 * ten) the ball has hardly anything beyond it, and gradients too need several starts.
 *
 * <p>Source: Zimmermann, Brendel, Tramèr, Carlini, Increasing Confidence in Adversarial Robustness Evaluations, NeurIPS 2022,
 * section 3. Clause 7.3.2-5.
 *
 * @param attack the attack to be tested
 * @param points random points from which the readout of each example is made, half of them at the rim; even, at least 64
 * @param tries points for each example that random noise gets
 * @param seed seed of the points
 */
public record AttackSelfTest(BallAttack<? super DifferentiableClassifier> attack, int points, int tries, Seed seed) {
    /** Share of the planted examples that an attack must find. */
    private static final double NEEDED = 0.95;

    /** Share that random noise may find. */
    private static final double CHANCE = 0.5;

    /** Error probability of passed and of failed. */
    private static final double ALPHA = 0.05;

    private static final int MOST_FEATURES = 8;
    private static final double RIDGE = 0.01;

    /** Logits that vary by less, relative to their size, vary by rounding. */
    private static final double ROUNDING = 1e-5;

    /** Part of the gap between the planted point and the others that lies on its side of the boundary. */
    private static final double SIDE = 0.5;

    /** Checks the components. */
    public AttackSelfTest {
        if (points < 64 || points % 2 != 0) {
            throw new IllegalArgumentException("points must be even and >= 64, was " + points);
        }
        if (tries < 1) {
            throw new IllegalArgumentException("tries must be >= 1, was " + tries);
        }
    }

    /**
     * A test from 128 random points for each example; random noise gets 100.
     *
     * @param attack the attack to be tested
     * @return the test
     */
    public static AttackSelfTest of(BallAttack<? super DifferentiableClassifier> attack) {
        return new AttackSelfTest(attack, 128, 100, new Seed(0));
    }

    /**
     * The same test with another seed.
     *
     * @param other the seed
     * @return the test
     */
    public AttackSelfTest withSeed(Seed other) {
        return new AttackSelfTest(attack, points, tries, other);
    }

    /** What the attack made of an example. */
    public enum Outcome {
        /** It found an adversarial example of the altered model. */
        FOUND,
        /** It found none, though one exists. */
        MISSED,
        /** None could be planted. */
        NOT_TESTABLE
    }

    /**
     * What happened to an example.
     *
     * @param outcome what the attack made of it
     * @param byChance whether random noise found an adversarial example
     */
    public record Row(Outcome outcome, boolean byChance) {}

    /** The overall verdict. */
    public enum Verdict {
        /** The attack finds at least 95 % of what exists, with 95 % confidence; needs 59 testable examples or more. */
        PASSED,
        /** The attack finds less than 95 % of what exists, with 95 % confidence: what it does not find means nothing. */
        FAILED,
        /** Random noise finds more than half: nothing can be said about the attack. */
        VACUOUS,
        /** Too few testable examples. */
        UNDECIDED
    }

    /**
     * The result of the test.
     *
     * @param subject what was tested
     * @param parameters what the result depends on
     * @param rows what happened to each example, in order
     */
    public record Result(String subject, SortedMap<String, String> parameters, List<Row> rows)
            implements EvidenceSource {
        /** Copies the collections. */
        public Result {
            parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
            rows = List.copyOf(rows);
        }

        /**
         * Counts the examples in which one could be planted.
         *
         * @return how many
         */
        public long testable() {
            return rows.size() - count(Outcome.NOT_TESTABLE);
        }

        private long count(Outcome outcome) {
            return rows.stream().filter(r -> r.outcome() == outcome).count();
        }

        private long byChance() {
            return rows.stream().filter(Row::byChance).count();
        }

        /**
         * The share of the testable examples in which the attack found one.
         *
         * @return share with Clopper-Pearson interval, or an abstention if nothing was testable
         */
        public Estimate found() {
            return ClopperPearson.share(count(Outcome.FOUND), testable(), CleanAccuracy.CONFIDENCE);
        }

        /**
         * The share of the testable examples in which random noise found one.
         *
         * @return share with Clopper-Pearson interval, or an abstention if nothing was testable
         */
        public Estimate foundByChance() {
            return ClopperPearson.share(byChance(), testable(), CleanAccuracy.CONFIDENCE);
        }

        /**
         * The overall verdict.
         *
         * @return the verdict
         */
        public Verdict verdict() {
            long n = testable();
            if (n == 0) {
                return Verdict.UNDECIDED;
            }
            long found = count(Outcome.FOUND);
            // That the attack misses what exists is a fault, however easy the test was.
            if (ClopperPearson.upper(found, n, ALPHA) < NEEDED) {
                return Verdict.FAILED;
            }
            if (byChance() > CHANCE * n) {
                return Verdict.VACUOUS;
            }
            return ClopperPearson.lower(found, n, ALPHA) >= NEEDED ? Verdict.PASSED : Verdict.UNDECIDED;
        }

        /**
         * Whether the attack passed.
         *
         * @return true for {@link Verdict#PASSED}
         */
        public boolean passed() {
            return verdict() == Verdict.PASSED;
        }

        @Override
        public Evidence evidence() {
            List<Measurement> measurements = List.of(
                    share("planted-examples-found", "attack", found()),
                    share("planted-examples-found", "random noise", foundByChance()),
                    share(
                            "testable-examples",
                            "",
                            ClopperPearson.share(testable(), rows.size(), CleanAccuracy.CONFIDENCE)));
            List<Finding> findings = new ArrayList<>();
            long n = testable();
            String seen = count(Outcome.FOUND) + " of " + n + " adversarial examples that certainly exist";
            switch (verdict()) {
                case PASSED -> {}
                case FAILED ->
                    findings.add(finding(
                            Severity.ERROR,
                            "failed",
                            "the attack found only " + seen + ": that it finds none in the model means nothing"));
                case VACUOUS ->
                    findings.add(finding(
                            Severity.WARNING,
                            "vacuous",
                            "random noise found " + byChance() + " of " + n
                                    + " planted examples: the test is too easy to speak for the attack"));
                case UNDECIDED ->
                    findings.add(finding(
                            Severity.WARNING,
                            "undecided",
                            "the attack found " + seen + ": too few to tell whether it finds "
                                    + Math.round(100 * NEEDED) + " %"));
            }
            SortedMap<String, String> all = new TreeMap<>(parameters);
            all.put("method", "attack self-test");
            all.put("verdict", verdict().name());
            return new Evidence(Technique.ROBUSTNESS_EVALUATION, subject, all, measurements, findings);
        }

        private static Finding finding(Severity severity, String rule, String message) {
            return new Finding(
                    severity,
                    "attack-self-test." + rule,
                    message,
                    "attack self-test",
                    OptionalLong.empty(),
                    "Zimmermann et al., NeurIPS 2022");
        }

        private static Measurement share(String name, String by, Estimate estimate) {
            SortedMap<String, String> labels = new TreeMap<>();
            if (!by.isEmpty()) {
                labels.put("by", by);
            }
            return new Measurement.Scalar(name, "1", labels, estimate);
        }
    }

    /**
     * Tests the attack on a model. A hundred examples are enough; labels are not needed.
     *
     * @param subject name or digest of model and attack, for the evidence
     * @param model the classifier, with all that defends it
     * @param inputs examples inside the model's bounds
     * @param chunks how rows are cut, and where they run
     * @param progress told the rows done
     * @return what was found
     */
    public Result run(
            String subject, DifferentiableClassifier model, Batch inputs, RowChunks chunks, Progress progress) {
        model.spec().requireInputs(inputs);
        List<Row> rows = new ArrayList<>();
        chunks.map(
                        inputs.size(),
                        (from, to) -> part(model, inputs.rows(from, to).numberedFrom(from)),
                        progress)
                .forEach(rows::addAll);
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("attack", attack.toString());
        parameters.put("points", String.valueOf(points));
        parameters.put("tries", String.valueOf(tries));
        parameters.put("seed", String.valueOf(seed.value()));
        return new Result(subject, parameters, rows);
    }

    private List<Row> part(DifferentiableClassifier model, Batch inputs) {
        int n = inputs.size();
        RandomNoise noise = new RandomNoise(attack.norm(), attack.epsilon(), 1, seed.derive("plant"));
        Batch[] z = new Batch[points + 1];
        for (int p = 0; p < points; p++) {
            Progress.checkInterrupted();
            z[p] = model.logits(noise.points(model.spec().bounds(), inputs, p));
        }
        z[points] = model.logits(inputs);
        PlantedClassifier.@Nullable Readout[] readouts = new PlantedClassifier.Readout[n];
        int[] candidates = new int[n];
        int count = 0;
        float[] planted = inputs.toArray();
        int width = inputs.shape().size();
        for (int i = 0; i < n; i++) {
            Plant plant = plant(z, i);
            if (plant != null) {
                readouts[i] = plant.readout();
                candidates[count++] = i;
                float[] point = noise.points(model.spec().bounds(), inputs.rows(i, i + 1), plant.point())
                        .array();
                System.arraycopy(point, 0, planted, i * width, width);
            }
        }
        Row[] rows = new Row[n];
        Arrays.fill(rows, new Row(Outcome.NOT_TESTABLE, false));
        PlantedClassifier altered =
                new PlantedClassifier(model, inputs.size() == 0 ? 0 : inputs.rowNumber(0), readouts);
        int[] testable =
                confirmed(altered, inputs, inputs.like(planted, inputs.shape()), Arrays.copyOf(candidates, count));
        if (testable.length > 0) {
            Batch chosen = inputs.select(testable);
            Goal goal = Goal.avoid(new int[testable.length]);
            AttackResult result = attack.perturb(altered, chosen, goal);
            AttackResult chance = new RandomNoise(attack.norm(), attack.epsilon(), tries, seed.derive("chance"))
                    .perturb(altered, chosen, goal);
            for (int k = 0; k < testable.length; k++) {
                boolean found = result.rows().get(k).status() == AttackResult.Status.SUCCEEDED;
                boolean lucky = chance.rows().get(k).status() == AttackResult.Status.SUCCEEDED;
                rows[testable[k]] = new Row(found ? Outcome.FOUND : Outcome.MISSED, lucky);
            }
        }
        return Arrays.asList(rows);
    }

    /** Those of the rows at which the altered model sees the planted point as class 1 and the example as class 0. */
    private static int[] confirmed(PlantedClassifier altered, Batch inputs, Batch planted, int[] rows) {
        if (rows.length == 0) {
            return rows;
        }
        int[] clean = altered.predict(inputs.select(rows));
        int[] there = altered.predict(planted.select(rows));
        int[] kept = new int[rows.length];
        int count = 0;
        for (int k = 0; k < rows.length; k++) {
            if (clean[k] == 0 && there[k] == 1) {
                kept[count++] = rows[k];
            }
        }
        return Arrays.copyOf(kept, count);
    }

    /** A readout and the number of the point that it plants. */
    private record Plant(PlantedClassifier.Readout readout, int point) {}

    /** The readout for a row; null if no point at the rim can be told from the others. */
    private static @Nullable Plant plant(Batch[] z, int row) {
        int classes = z[0].shape().size();
        double[] mean = new double[classes];
        double[] deviation = new double[classes];
        double[] size = new double[classes];
        moments(z, row, mean, deviation, size);
        int[] features = features(deviation, size);
        int d = features.length;
        if (d == 0) {
            return null;
        }
        double[][] u = new double[z.length][d];
        double[][] covariance = new double[d][d];
        for (int p = 0; p < z.length; p++) {
            for (int f = 0; f < d; f++) {
                int c = features[f];
                u[p][f] = (z[p].get(row, c) - mean[c]) / deviation[c];
                for (int g = 0; g <= f; g++) {
                    covariance[f][g] += u[p][f] * u[p][g] / z.length;
                }
            }
        }
        for (int f = 0; f < d; f++) {
            covariance[f][f] += RIDGE;
        }
        cholesky(covariance);
        int best = -1;
        double most = 0;
        double[] w = new double[d];
        for (int p = 1; p < z.length - 1; p += 2) {
            double[] direction = solve(covariance, u[p]);
            double distance = dot(direction, u[p]);
            if (distance > most) {
                most = distance;
                best = p;
                w = direction;
            }
        }
        if (best < 0) {
            return null;
        }
        double second = Double.NEGATIVE_INFINITY;
        for (int p = 0; p < z.length; p++) {
            second = p == best ? second : Math.max(second, dot(w, u[p]));
        }
        double gap = dot(w, u[best]) - second;
        // In units of the spread of w · z, so that the logit of the altered model is neither flat nor huge.
        double scale = 1 / Math.sqrt(most);
        double[] weights = new double[classes];
        double bias = -(second + (1 - SIDE) * gap) * scale;
        double rounding = 0;
        for (int f = 0; f < d; f++) {
            int c = features[f];
            weights[c] = w[f] * scale / deviation[c];
            bias -= weights[c] * mean[c];
            rounding += Math.abs(weights[c]) * size[c] * ROUNDING;
        }
        return SIDE * gap * scale > rounding ? new Plant(new PlantedClassifier.Readout(weights, bias), best) : null;
    }

    private static void moments(Batch[] z, int row, double[] mean, double[] deviation, double[] size) {
        for (int c = 0; c < mean.length; c++) {
            for (Batch one : z) {
                mean[c] += one.get(row, c) / (double) z.length;
                size[c] = Math.max(size[c], Math.abs(one.get(row, c)));
            }
            for (Batch one : z) {
                double off = one.get(row, c) - mean[c];
                deviation[c] += off * off / z.length;
            }
            deviation[c] = Math.sqrt(deviation[c]);
        }
    }

    /** The logits that vary by more than rounding; of too many, those that vary most. */
    private static int[] features(double[] deviation, double[] size) {
        List<Integer> kept = new ArrayList<>();
        for (int c = 0; c < deviation.length; c++) {
            if (deviation[c] > ROUNDING * size[c] && Double.isFinite(deviation[c])) {
                kept.add(c);
            }
        }
        kept.sort((a, b) -> Double.compare(deviation[b], deviation[a]));
        return kept.stream().limit(MOST_FEATURES).mapToInt(Integer::intValue).toArray();
    }

    /** The lower factor L of a = L Lᵀ, in place. */
    private static void cholesky(double[][] a) {
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[i][j];
                for (int k = 0; k < j; k++) {
                    sum -= a[i][k] * a[j][k];
                }
                // The ridge keeps pivots positive but for rounding.
                a[i][j] = i == j ? Math.sqrt(Math.max(sum, RIDGE * RIDGE)) : sum / a[j][j];
            }
        }
    }

    private static double[] solve(double[][] l, double[] b) {
        double[] x = b.clone();
        for (int i = 0; i < x.length; i++) {
            for (int k = 0; k < i; k++) {
                x[i] -= l[i][k] * x[k];
            }
            x[i] /= l[i][i];
        }
        for (int i = x.length - 1; i >= 0; i--) {
            for (int k = i + 1; k < x.length; k++) {
                x[i] -= l[k][i] * x[k];
            }
            x[i] /= l[i][i];
        }
        return x;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
