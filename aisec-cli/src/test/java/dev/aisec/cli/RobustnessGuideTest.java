// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.cli.digits.DigitGenerator;
import dev.aisec.core.Estimate;
import dev.aisec.core.Interval;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Threshold;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.engine.Activation;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.LayerSpec;
import dev.aisec.nd4j.engine.NetworkSpec;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.ExpectationOverTransformation;
import dev.aisec.robustness.attack.Fmn;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.HopSkipJump;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.Square;
import dev.aisec.robustness.attack.Transfer;
import dev.aisec.robustness.bounds.Crown;
import dev.aisec.robustness.bounds.Margins;
import dev.aisec.robustness.corruption.CorruptionAccuracy;
import dev.aisec.robustness.corruption.CorruptionError;
import dev.aisec.robustness.corruption.Corruptions;
import dev.aisec.robustness.detect.BitDepth;
import dev.aisec.robustness.detect.FeatureSqueezing;
import dev.aisec.robustness.evaluation.AttackSelfTest;
import dev.aisec.robustness.evaluation.AutoAttack;
import dev.aisec.robustness.evaluation.CertifiedRobustness;
import dev.aisec.robustness.evaluation.DetectorEvasion;
import dev.aisec.robustness.evaluation.EvaluationChecklist;
import dev.aisec.robustness.evaluation.RobustEvaluation;
import dev.aisec.robustness.smoothing.Certificate;
import dev.aisec.robustness.smoothing.GaussianSmoothing;
import dev.aisec.robustness.smoothing.SequentialCertifiedAccuracy;
import dev.aisec.robustness.smoothing.SequentialSmoothing;
import dev.aisec.robustness.smoothing.SmoothedClassifier;
import dev.aisec.robustness.smoothing.SmoothingNoise;
import dev.aisec.robustness.training.AdversarialTraining;
import dev.aisec.robustness.training.Consistency;
import dev.aisec.robustness.training.GaussianAugmentation;
import dev.aisec.robustness.training.SmoothAdv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The snippets of docs/guide/robustness.md, and the check that they are. */
class RobustnessGuideTest {
    private static ExecutorService pool = Executors.newFixedThreadPool(2);
    private static final Labelled train = new DigitGenerator(new Seed(2)).generate(400);
    private static final Labelled test = new DigitGenerator(new Seed(1)).generate(16);
    private static CompiledNetwork fresh = network(1);
    private static CompiledNetwork model = fresh;
    private static CompiledNetwork other = fresh;
    private static CompiledNetwork noisy = fresh;
    private static final RowChunks chunks = new RowChunks(8, pool);

    private static CompiledNetwork network(long seed) {
        NetworkSpec layers = NetworkSpec.chain(
                Shape.of(1, 28, 28),
                new LayerSpec.Dense(32, true, Activation.RELU),
                new LayerSpec.Dense(10, true, Activation.IDENTITY));
        return Networks.of(layers, new Seed(seed), Bounds.of(0, 1));
    }

    @BeforeAll
    static void trainModels() {
        TrainingPlan plan = TrainingPlan.of(32, 3e-3, 20, new Seed(1));
        NetworkTrainer trainer = NetworkTrainer.on(pool);
        model = trainer.train(fresh, train, plan, Progress.NONE);
        other = trainer.train(network(2), train, plan, Progress.NONE);
        noisy = trainer.train(fresh, train, plan.withTransform(new GaussianAugmentation(0.25)), Progress.NONE);
    }

    @AfterAll
    static void endThreads() {
        pool.shutdownNow();
    }

    @Test
    void guide_attacks_run() {
        Pgd attack = Pgd.of(Norm.LINF, 0.1);
        AttackResult result =
                attack.perturb(model, test.inputs(), Goal.avoid(test.targets().labels()));
        int[] broken = result.rowsWith(AttackResult.Status.SUCCEEDED);
        Batch adversarial = result.samples().select(broken);
        double[] l2 = result.distances(test.inputs(), Norm.L2);
        assertThat(broken).isNotEmpty();
        assertThat(adversarial.size()).isEqualTo(broken.length);
        assertThat(l2).hasSize(test.size());

        int[] targets = new int[test.size()]; // all to class 0
        AttackResult reached = attack.withEpsilon(0.3).perturb(model, test.inputs(), Goal.reach(targets));
        assertThat(reached.count(AttackResult.Status.SUCCEEDED)).isPositive();

        AttackResult nearest = Fmn.of(Norm.L2)
                .perturb(model, test.inputs(), Goal.avoid(test.targets().labels()));
        double distance = nearest.rows().get(0).distance();
        assertThat(distance).isNotNegative();

        Goal goal = Goal.avoid(test.targets().labels());
        AttackResult byScores = Square.of(Norm.LINF, 0.1).withQueries(500).perturb(model, test.inputs(), goal);
        AttackResult byClass = HopSkipJump.of(Norm.L2).withQueries(1000).perturb(model, test.inputs(), goal);
        AttackResult carried = new Transfer(attack, other).perturb(model, test.inputs(), goal);
        assertThat(byScores.rows()).hasSameSizeAs(byClass.rows()).hasSameSizeAs(carried.rows());
    }

    @Test
    void guide_evaluation_runs() {
        RobustEvaluation result = RobustEvaluation.of(
                "model 7",
                model,
                test,
                AutoAttack.standard(Norm.LINF, 0.1),
                List.of(0.02, 0.05, 0.1),
                chunks,
                Progress.NONE);
        Estimate atLargest = result.robustAccuracy();
        long atSmallest = result.robust(0.02);
        result.stages().forEach(System.out::println);
        result.findings().forEach(System.out::println);
        assertThat(atLargest).isInstanceOf(Estimate.Measured.class);
        assertThat(atSmallest).isGreaterThanOrEqualTo(result.robust());

        Pgd attack = Pgd.of(Norm.LINF, 0.1);
        EvaluationChecklist.Result checked = EvaluationChecklist.of(attack)
                .withBlackBox(Square.of(Norm.LINF, 0.1).withQueries(500))
                .run("model 7", model, test, chunks, Progress.NONE);
        checked.items().forEach(System.out::println);
        AttackSelfTest.Result tested =
                AttackSelfTest.of(attack).run("PGD on model 7", model, test.inputs(), chunks, Progress.NONE);
        System.out.println(tested.verdict() + ", found " + tested.found());
        assertThat(checked.items()).isNotEmpty();

        DifferentiableClassifier defended = new BitDepth(2, Bounds.of(0, 1)).before(model);
        DifferentiableClassifier averaged = new ExpectationOverTransformation(defended, 20);
        AttackResult whole = attack.perturb(
                averaged, test.inputs(), Goal.avoid(test.targets().labels()));
        assertThat(whole.rows()).hasSize(test.size());

        FeatureSqueezing detector = FeatureSqueezing.of(model);
        Threshold threshold = Threshold.splitConformal(detector.scores(train.inputs()), 0.05);
        DetectorEvasion behind = DetectorEvasion.of(model, detector, threshold, test);
        AttackResult evaded = Square.of(Norm.LINF, 0.1)
                .withQueries(500)
                .perturb(
                        behind,
                        behind.data().inputs(),
                        Goal.avoid(behind.data().targets().labels()));
        assertThat(evaded.rows()).hasSize(test.size());
    }

    @Test
    void guide_certificates_run() {
        SmoothedClassifier smoothed =
                SmoothedClassifier.of(noisy, GaussianSmoothing.of(0.25).withSamples(1000));
        List<Certificate> certificates = smoothed.certify(test.inputs());
        int[] predicted = smoothed.predict(test.inputs());
        assertThat(certificates).hasSize(predicted.length);

        SequentialSmoothing sequential = SequentialSmoothing.of(new SmoothingNoise.Gaussian(0.25))
                .withBudget(10_000)
                .familyWise(test.size());
        SequentialCertifiedAccuracy decided =
                SequentialCertifiedAccuracy.of("model 7", noisy, sequential, 0.25, test, chunks, Progress.NONE);
        System.out.println(decided.certified() + " certified with " + decided.samples() + " samples");
        assertThat(decided.decisions()).hasSize(test.size());

        Crown proof = Crown.of(Norm.LINF, 0.01);
        Margins margins =
                proof.bound(model.feedForward(), test.inputs(), test.targets().labels());
        boolean[] certified = margins.certified();
        assertThat(certified).hasSize(test.size());

        CertifiedRobustness sandwich = CertifiedRobustness.of(
                "model 7", model.feedForward(), model, test, proof, Pgd.of(Norm.LINF, 0.01), chunks, Progress.NONE);
        Interval between = sandwich.robustAccuracy();
        Estimate open = sandwich.unresolved();
        assertThat(between.lower()).isLessThanOrEqualTo(between.upper());
        assertThat(open).isInstanceOf(Estimate.Measured.class);
        assertThat(sandwich.count(CertifiedRobustness.Outcome.CONTRADICTION)).isZero();
    }

    @Test
    void guide_trainingAndCorruptions_run() {
        TrainingPlan plan = TrainingPlan.of(64, 1e-3, 1, new Seed(1));
        TrainingPlan adversarial = plan.withTransform(
                new AdversarialTraining(Pgd.of(Norm.LINF, 0.1).withSteps(0.025, 7)));
        TrainingPlan noise = plan.withTransform(new GaussianAugmentation(0.25));
        TrainingPlan consistent = Consistency.of(0.25).in(plan);
        TrainingPlan smoothAdv =
                plan.withTransform(new SmoothAdv(Pgd.of(Norm.L2, 1).withSteps(0.5, 2), 0.25, 2));
        CompiledNetwork robust = NetworkTrainer.on(pool).train(fresh, train, adversarial, Progress.NONE);
        assertThat(robust.parameters()).isNotEqualTo(fresh.parameters());
        for (TrainingPlan each : List.of(noise, consistent, smoothAdv)) {
            assertThat(NetworkTrainer.on(pool)
                            .train(fresh, train.first(64), each, Progress.NONE)
                            .parameters())
                    .isNotEqualTo(fresh.parameters());
        }

        CorruptionAccuracy natural =
                CorruptionAccuracy.of("model 7", model, test, Corruptions.standard(new Seed(1)), chunks, Progress.NONE);
        CorruptionError relative = CorruptionError.of(
                new CorruptionError.Named("model 7", model),
                new CorruptionError.Named("model 6", other),
                test,
                Corruptions.standard(new Seed(1)),
                new Seed(1),
                chunks,
                Progress.NONE);
        assertThat(natural.names()).hasSameSizeAs(relative.byCorruption());
    }

    @Test
    void guide_snippets_areThoseThatRun() throws IOException {
        Path root = ModuleArrowsTest.repository();
        String here = squeeze(
                Files.readString(root.resolve("aisec-cli/src/test/java/dev/aisec/cli/RobustnessGuideTest.java")));
        String[] parts =
                Files.readString(root.resolve("docs/guide/robustness.md")).split("```");
        int snippets = 0;
        for (int i = 1; i < parts.length; i += 2) {
            assertThat(parts[i]).startsWith("java\n");
            for (String statement : parts[i].substring(5).split(";\n")) {
                assertThat(here).contains(squeeze(statement));
            }
            snippets++;
        }
        assertThat(snippets).isEqualTo(14);
    }

    private static String squeeze(String text) {
        return text.replaceAll("\\s+", "");
    }
}
