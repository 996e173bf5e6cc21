// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.smoothing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.math.BinomialTail;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.robustness.smoothing.RadiusDecision.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class SequentialSmoothingTest {
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(1), 2, Bounds.of(-9, 9));
    /** P(class 1 under noise) = Φ(x/σ): the true radius of x is |x|. */
    private static final LinearClassifier MODEL = new LinearClassifier(new float[][] {{-1}, {1}}, new float[2], SPEC);

    private static final double SIGMA = 0.5;

    private static Batch at(double... x) {
        float[] values = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            values[i] = (float) x[i];
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    private static SequentialSmoothing with(long seed) {
        return SequentialSmoothing.of(new SmoothingNoise.Gaussian(SIGMA)).withSeed(new Seed(seed));
    }

    @Test
    void decide_clearRadii_agreesWithFixedSamplesAndHoldsTheTruth() {
        double[] x = {1.5, 0.9, -1.2, 0.1, -0.05, 0.3, 1.1};
        List<RadiusDecision> decisions = with(1).decide(MODEL, at(x), 0.5);
        List<Certificate> fixed = SmoothedClassifier.of(
                        MODEL, GaussianSmoothing.of(SIGMA).withSamples(20_000))
                .certify(at(x));
        for (int i = 0; i < x.length; i++) {
            RadiusDecision d = decisions.get(i);
            boolean certified = fixed.get(i) instanceof Certificate.Certified c && c.radius() >= 0.5;
            assertThat(d.outcome()).isEqualTo(certified ? Outcome.CERTIFIED : Outcome.EXCLUDED);
            assertThat(d.label()).isEqualTo(x[i] > 0 ? 1 : 0);
            assertThat(d.radius()).isLessThanOrEqualTo(Math.abs((float) x[i]));
            assertThat(d.upperRadius()).isGreaterThanOrEqualTo(Math.abs((float) x[i]));
            assertThat(d.radius() >= 0.5).isEqualTo(certified);
            assertThat(d.upperRadius() <= 0.5).isEqualTo(!certified);
            assertThat(d.samples()).isLessThan(3000);
            BetaMixture mixture = new BetaMixture(new SmoothingNoise.Gaussian(SIGMA).probability(0.5));
            assertThat(d.lower()).isEqualTo(mixture.lower(d.hits(), d.samples(), 0.001));
            assertThat(d.upper()).isEqualTo(mixture.upper(d.hits(), d.samples(), 0.05));
        }
    }

    /** At the edge itself: a false answer has probability at most α = 0.01; more than 38 of 1000 less than 1e-9 of it. */
    @Test
    void decide_atTheEdge_isWrongAtMostAlpha() {
        double[] x = new double[1000];
        // A hair inside: certified would be false.
        Arrays.fill(x, 0.4999);
        List<RadiusDecision> decisions =
                with(2).withErrors(0.01, 0.01).withBudget(2000).decide(MODEL, at(x), 0.5);
        assertThat(decisions.stream().filter(d -> d.outcome() == Outcome.CERTIFIED))
                .hasSizeLessThanOrEqualTo(38);
        assertThat(decisions.stream().filter(d -> d.outcome() == Outcome.UNDECIDED))
                .hasSizeGreaterThan(900);
        for (RadiusDecision d : decisions) {
            assertThat(d.samples()).isLessThanOrEqualTo(2000);
        }
    }

    /** Each side has its own error: of 1000 answers as many false ones as make the test fail have probability below 1e-9. */
    @Test
    void decide_unequalErrors_eachSideKeepsItsOwn() {
        double[] x = new double[1000];
        Arrays.fill(x, 0.4999);
        long certified = with(11).withErrors(0.001, 0.9).withBudget(300).decide(MODEL, at(x), 0.5).stream()
                .filter(d -> d.outcome() == Outcome.CERTIFIED)
                .count();
        assertThat(BinomialTail.logUpper(certified, 1000, 0.001)).isGreaterThan(Math.log(1e-9));
        Arrays.fill(x, 0.5001);
        long excluded = with(12).withErrors(0.9, 0.001).withBudget(300).decide(MODEL, at(x), 0.5).stream()
                .filter(d -> d.outcome() == Outcome.EXCLUDED)
                .count();
        assertThat(BinomialTail.logUpper(excluded, 1000, 0.001)).isGreaterThan(Math.log(1e-9));
    }

    /**
     * True radii spread as those of 50 MNIST digits under a network trained with σ = 0.5: certified accuracy .94, .90, .86,
     * .78, .72, .62, .40 at 0, .25, …, 1.5 (n = 10,000); the rest up to 2.
     */
    @Test
    void decide_radiiSpreadAsOnMnist_savesMoreThanTwentyFold() {
        int[] steps = {4, 4, 8, 6, 10, 22, 20, 20};
        double[] x = new double[94];
        int[] labels = new int[x.length];
        for (int bin = 0, i = 0; bin < steps.length; bin++) {
            for (int j = 0; j < steps[bin]; j++, i++) {
                x[i] = 0.25 * (bin + (j + 0.5) / steps[bin]);
                labels[i] = 1;
            }
        }
        Labelled data = new Labelled(at(x), Targets.of(labels));
        for (double radius : new double[] {0.5, 1.0}) {
            SequentialCertifiedAccuracy result =
                    SequentialCertifiedAccuracy.of("m", MODEL, with(3), radius, data, RowChunks.of(50), Progress.NONE);
            assertThat(result.saving(100_000)).isGreaterThan(20);
            for (int i = 0; i < x.length; i++) {
                Outcome outcome = result.decisions().get(i).outcome();
                // Probability at most α = 0.001 each; the seed is fixed.
                assertThat(outcome == Outcome.CERTIFIED && x[i] < radius).isFalse();
            }
            assertThat(result.count(Outcome.UNDECIDED)).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void decide_otherBatchCutOrOrder_givesSameDecisions() {
        Batch inputs = at(0.1, -0.4, 0.9, 0.52, 0.6);
        SequentialSmoothing smoothing = with(4).withBudget(5000);
        List<RadiusDecision> whole = smoothing.decide(MODEL, inputs, 0.5);
        assertThat(smoothing.withBatch(7).decide(MODEL, inputs, 0.5)).isEqualTo(whole);
        for (int i = 0; i < 5; i++) {
            assertThat(smoothing.decide(MODEL, inputs.select(i), 0.5)).containsExactly(whole.get(i));
        }
    }

    @Test
    void decide_manyRows_callsAreLargeAndDecidedRowsAreNotAsked() {
        List<Integer> sizes = new ArrayList<>();
        Classifier counting = new Classifier() {
            @Override
            public Batch logits(Batch inputs) {
                sizes.add(inputs.size());
                return MODEL.logits(inputs);
            }

            @Override
            public ModelSpec spec() {
                return SPEC;
            }
        };
        double[] x = new double[64];
        Arrays.fill(x, 1.5);
        x[7] = 0.6;
        List<RadiusDecision> decisions = with(5).decide(counting, at(x), 0.5);
        long asked = sizes.stream().mapToLong(Integer::longValue).sum();
        assertThat(asked)
                .isEqualTo(decisions.stream().mapToLong(d -> 100 + d.samples()).sum());
        assertThat((double) asked / sizes.size()).isGreaterThan(150);
    }

    @Test
    void decide_cannotSucceed_isRefusedWithWhatWould() {
        // ln 1000 = 6.9 nats at −ln Φ(2) = 0.023 nats a sample.
        assertThatThrownBy(() -> with(1).withBudget(100).decide(MODEL, at(1), 1.0))
                .hasMessageContaining("budget must be >= 3");
        String message = "";
        try {
            with(1).withBudget(100).decide(MODEL, at(1), 1.0);
        } catch (IllegalArgumentException e) {
            message = String.valueOf(e.getMessage());
        }
        int fewest = Integer.parseInt(message.replaceAll(".*>= (\\d+) for.*", "$1"));
        assertThat(with(1).withBudget(fewest).decide(MODEL, at(9), 1.0).get(0).outcome())
                .isEqualTo(Outcome.CERTIFIED);
        assertThatThrownBy(() -> with(1).withBudget(fewest - 1).decide(MODEL, at(9), 1.0))
                .hasMessageContaining("budget must be");
        assertThatThrownBy(() -> with(1).decide(MODEL, at(1), 9)).hasMessageContaining("radius must be <= 2.8");
        assertThatThrownBy(() ->
                        SequentialSmoothing.of(new SmoothingNoise.Uniform(1)).decide(MODEL, at(1), 1))
                .hasMessageContaining("radius must be <= 0.99");
        assertThatThrownBy(() -> SequentialSmoothing.of(new SmoothingNoise.Ablation(784, 45, 0))
                        .decide(MODEL, at(1), 60))
                .hasMessageContaining("radius must be <= 11");
        assertThatThrownBy(() -> with(1).decide(MODEL, at(1), Double.NaN)).hasMessageContaining("radius must be >= 0");
        assertThatThrownBy(() -> with(1).withErrors(0, 0.1))
                .hasMessage("alpha and beta must be in (0, 1), were 0.0 and 0.1");
    }

    /** The class must not be chosen on the copies that bound its probability: no copy is asked about twice. */
    @Test
    void decide_selectionAndEstimation_shareNoCopy() {
        List<Float> asked = new ArrayList<>();
        RadiusDecision d = with(8).decide(recording(asked), at(0.8), 0.5).get(0);
        assertThat(asked).hasSize(100 + (int) d.samples()).doesNotHaveDuplicates();
    }

    /** A base that keeps what it is asked about. */
    private static Classifier recording(List<Float> asked) {
        return new Classifier() {
            @Override
            public Batch logits(Batch inputs) {
                for (int i = 0; i < inputs.size(); i++) {
                    asked.add(inputs.get(i, 0));
                }
                return MODEL.logits(inputs);
            }

            @Override
            public ModelSpec spec() {
                return SPEC;
            }
        };
    }

    @Test
    void decideTogether_clearExamples_makeTheOthersCheaper() {
        double[] x = new double[60];
        Arrays.fill(x, 1.5);
        Arrays.fill(x, 0, 8, 0.6);
        Arrays.fill(x, 8, 12, 0.1);
        List<RadiusDecision> together = with(9).decideTogether(MODEL, at(x), 0.5);
        List<RadiusDecision> each = with(9).familyWise(60).decide(MODEL, at(x), 0.5);
        long fewer = 0;
        for (int i = 0; i < x.length; i++) {
            // It certifies whatever Bonferroni certifies, on no more samples.
            if (each.get(i).outcome() == Outcome.CERTIFIED) {
                assertThat(together.get(i).outcome()).isEqualTo(Outcome.CERTIFIED);
                assertThat(together.get(i).samples())
                        .isLessThanOrEqualTo(each.get(i).samples());
                fewer += each.get(i).samples() - together.get(i).samples();
            }
            assertThat(together.get(i).outcome()).isEqualTo(i >= 8 && i < 12 ? Outcome.EXCLUDED : Outcome.CERTIFIED);
        }
        assertThat(fewer).isGreaterThan(300);
        assertThat(with(9).decideTogether(MODEL, at(0.6), 0.5)).isEqualTo(with(9).decide(MODEL, at(0.6), 0.5));
        assertThat(with(9).decideTogether(MODEL, at(), 0.5)).isEmpty();
    }

    /** What lay just short at the first level is certified, without further samples, once the others have left. */
    @Test
    void decideTogether_budgetUsedUp_looksAgainAtTheLaterLevel() {
        SequentialSmoothing few = with(10).withErrors(0.01, 0.05).withBudget(64);
        double[] x = new double[400];
        Arrays.fill(x, 0, 380, 1.5);
        Arrays.fill(x, 380, 400, 0.5);
        List<RadiusDecision> together = few.decideTogether(MODEL, at(x), 0.1);
        List<RadiusDecision> each = few.familyWise(400).decide(MODEL, at(x), 0.1);
        // With k certified in the end, those are certified whose evidence reaches level α / (n − k), and no others.
        long certified =
                together.stream().filter(d -> d.outcome() == Outcome.CERTIFIED).count();
        double needed = new SmoothingNoise.Gaussian(SIGMA).probability(0.1);
        BetaMixture mixture = new BetaMixture(needed);
        for (RadiusDecision d : together) {
            double evidence = mixture.log(d.hits(), d.samples(), needed);
            assertThat(d.outcome() == Outcome.CERTIFIED)
                    .isEqualTo((double) d.hits() / d.samples() > needed
                            && evidence >= BetaMixture.threshold(0.01 / (400 - certified)));
        }
        assertThat(certified)
                .isGreaterThan(each.stream()
                        .filter(d -> d.outcome() == Outcome.CERTIFIED)
                        .count());
    }

    /**
     * 100 families, each with 40 examples a hair inside and 20 that are clear. At α = 0.2 a family has a false certificate
     * with probability at most α: as many as make the test fail have probability below 1e-9.
     */
    @Test
    void decideTogether_manyFamilies_haveAFalseCertificateAtMostAlpha() {
        double[] x = new double[60];
        Arrays.fill(x, 0.4999);
        Arrays.fill(x, 40, 60, 1.6);
        int wrong = 0;
        int alone = 0;
        for (int family = 0; family < 100; family++) {
            SequentialSmoothing smoothing =
                    with(1000 + family).withErrors(0.2, 0.2).withBudget(300);
            List<RadiusDecision> decisions = smoothing.decideTogether(MODEL, at(x), 0.5);
            wrong += falselyCertified(decisions.subList(0, 40));
            alone += falselyCertified(smoothing.decide(MODEL, at(x).rows(0, 40), 0.5));
            assertThat(decisions.subList(40, 60)).allMatch(d -> d.outcome() == Outcome.CERTIFIED);
        }
        assertThat(BinomialTail.logUpper(wrong, 100, 0.2)).isGreaterThan(Math.log(1e-9));
        assertThat(alone).isGreaterThan(2 * wrong);
    }

    private static int falselyCertified(List<RadiusDecision> decisions) {
        return decisions.stream().anyMatch(d -> d.outcome() == Outcome.CERTIFIED) ? 1 : 0;
    }

    @Test
    void familyWise_manyExamples_costsLittle() {
        SequentialSmoothing all = with(6).familyWise(10_000);
        assertThat(all.alpha()).isLessThanOrEqualTo(1e-7).isCloseTo(1e-7, within(1e-20));
        assertThat(all.decide(MODEL, at(1.5), 0.5).get(0).samples()).isLessThan(300);
        assertThat(with(6).familyWise(1)).isEqualTo(with(6));
    }

    @Test
    void sequentialCertifiedAccuracy_knownModel_countsAndDoesNotDependOnThreads() {
        Labelled data = new Labelled(at(0.9, 0.9, 1.2, 0.1, -1), Targets.of(1, 0, 1, 1, 0));
        SequentialCertifiedAccuracy one =
                SequentialCertifiedAccuracy.of("m", MODEL, with(7), 0.5, data, RowChunks.of(5), Progress.NONE);
        assertThat(one.certified()).isEqualTo(3);
        assertThat(one.count(Outcome.CERTIFIED)).isEqualTo(4);
        assertThat(one.count(Outcome.EXCLUDED)).isEqualTo(1);
        assertThat(one.evidence().measurements()).hasSize(5);
        assertThat(one.evidence().measurements().get(0)).isInstanceOfSatisfying(Measurement.Scalar.class, s -> {
            assertThat(s.name()).isEqualTo("certified-accuracy");
            assertThat(((Estimate.Measured) s.estimate()).value()).isEqualTo(0.6);
        });
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            assertThat(SequentialCertifiedAccuracy.of(
                            "m", MODEL, with(7), 0.5, data, new RowChunks(1, threads), Progress.NONE))
                    .isEqualTo(one);
        } finally {
            threads.shutdownNow();
        }
        SequentialCertifiedAccuracy none =
                SequentialCertifiedAccuracy.of("m", MODEL, with(7), 0.5, data.first(0), RowChunks.of(5), Progress.NONE);
        assertThat(none.evidence().measurements()).hasSize(5);
    }
}
