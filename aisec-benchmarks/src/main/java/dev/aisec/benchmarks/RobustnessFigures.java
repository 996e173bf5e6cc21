// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LearningRate;
import dev.aisec.core.model.Optimizer;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.NetworkFile;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.evaluation.AutoAttack;
import dev.aisec.robustness.evaluation.RobustEvaluation;
import dev.aisec.robustness.smoothing.CertifiedAccuracy;
import dev.aisec.robustness.smoothing.GaussianSmoothing;
import dev.aisec.robustness.smoothing.RadiusDecision;
import dev.aisec.robustness.smoothing.SequentialCertifiedAccuracy;
import dev.aisec.robustness.smoothing.SequentialSmoothing;
import dev.aisec.robustness.smoothing.SmoothedClassifier;
import dev.aisec.robustness.smoothing.SmoothingNoise;
import dev.aisec.robustness.training.GaussianAugmentation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * The robustness figures of docs/benchmarks.md on MNIST: trains LeNets (plain, adversarially, with noise) into a folder, where
 * they are found again by the next run.
 */
public final class RobustnessFigures {
    static final double EPSILON = 0.2;

    private final Path folder;
    private final ExecutorService pool = Executors.newFixedThreadPool(2);

    private RobustnessFigures(Path folder) {
        this.folder = folder;
    }

    /**
     * Runs the stages named.
     *
     * @param args a folder for the networks, then stages: {@code train}, {@code certify}, {@code sequential},
     *     {@code attack}
     * @throws IOException if the folder cannot be written
     */
    public static void main(String[] args) throws IOException {
        RobustnessFigures figures = new RobustnessFigures(Files.createDirectories(Path.of(args[0])));
        try {
            for (int i = 1; i < args.length; i++) {
                long start = System.nanoTime();
                switch (args[i]) {
                    case "train" -> figures.train();
                    case "certify" -> figures.certify();
                    case "sequential" -> figures.sequential();
                    case "attack" -> figures.attack();
                    default ->
                        throw new IllegalArgumentException(
                                "stage must be train, certify, sequential or attack, was " + args[i]);
                }
                System.out.printf("%s: %.0f s%n", args[i], (System.nanoTime() - start) * 1e-9);
            }
        } finally {
            figures.pool.shutdownNow();
        }
    }

    private void train() throws IOException {
        model("plain", BatchTransform.NONE, 8);
        model("noise-0.25", new GaussianAugmentation(0.25), 12);
        model("noise-0.5", new GaussianAugmentation(0.5), 12);
        Pgd attack = Pgd.of(Norm.LINF, EPSILON).withSteps(0.25, 8);
        model(
                "adversarial",
                (model, batch, random) -> {
                    AttackResult result = attack.withSeed(new Seed(random.nextLong()))
                            .perturb(
                                    model,
                                    batch.inputs(),
                                    Goal.raiseLoss(batch.targets().labels()));
                    return new Labelled(result.samples(), batch.targets());
                },
                15);
    }

    /** CERTIFY with n = 10,000 on 500 images. */
    private void certify() throws IOException {
        Labelled test = Rivals.mnist("t10k", 500);
        for (double sigma : List.of(0.25, 0.5)) {
            SmoothedClassifier model = SmoothedClassifier.of(
                    NetworkFile.read(folder.resolve("noise-" + sigma + ".safetensors")),
                    GaussianSmoothing.of(sigma).withSamples(10_000));
            List<Double> radii = sigma == 0.25 ? List.of(0.0, 0.25, 0.5, 0.75) : List.of(0.0, 0.5, 1.0, 1.5);
            CertifiedAccuracy result =
                    CertifiedAccuracy.of("noise-" + sigma, model, test, radii, new RowChunks(10, pool), Progress.NONE);
            for (double radius : radii) {
                System.out.printf(
                        "sigma %.2f, radius %.2f: certified %.3f%n", sigma, radius, result.certified(radius) / 500.0);
            }
            System.out.println("sigma " + sigma + ": abstained " + result.abstained());
        }
    }

    /** Sequential decisions on 500 images, at most 100,000 samples each. The first 100 images are left out: the prior has seen them. */
    private void sequential() throws IOException {
        Labelled test = Rivals.mnist("t10k", 600)
                .select(IntStream.range(100, 600).toArray());
        for (double[] question : new double[][] {{0.25, 0.25}, {0.25, 0.5}, {0.5, 0.5}, {0.5, 1}}) {
            SequentialCertifiedAccuracy result = SequentialCertifiedAccuracy.of(
                    "noise-" + question[0],
                    NetworkFile.read(folder.resolve("noise-" + question[0] + ".safetensors")),
                    SequentialSmoothing.of(new SmoothingNoise.Gaussian(question[0])),
                    question[1],
                    test,
                    new RowChunks(20, pool),
                    Progress.NONE);
            System.out.printf(
                    "sigma %.2f, radius %.2f: certified %.3f, undecided %d, copies %.0f, factor %.1f%n",
                    question[0],
                    question[1],
                    result.certified() / 500.0,
                    result.count(RadiusDecision.Outcome.UNDECIDED),
                    result.samples() / 500.0,
                    result.saving(100_000));
        }
    }

    /** The standard ensemble on 1,000 images. */
    private void attack() throws IOException {
        Labelled test = Rivals.mnist("t10k", 1000);
        for (String name : List.of("plain", "adversarial")) {
            CompiledNetwork model = NetworkFile.read(folder.resolve(name + ".safetensors"));
            for (double epsilon : List.of(EPSILON, 0.1)) {
                RobustEvaluation result = RobustEvaluation.of(
                        name,
                        model,
                        test,
                        AutoAttack.standard(Norm.LINF, epsilon),
                        new RowChunks(50, pool),
                        Progress.NONE);
                System.out.printf("%s, L-infinity %.1f: %s%n", name, epsilon, result.robustAccuracy());
                result.stages().forEach(System.out::println);
            }
        }
    }

    /** Reads a network, or trains and writes it. */
    private CompiledNetwork model(String name, BatchTransform transform, int epochs) throws IOException {
        Path file = folder.resolve(name + ".safetensors");
        if (Files.exists(file)) {
            return NetworkFile.read(file);
        }
        CompiledNetwork fresh = Networks.of(
                Networks.compile(Rivals.Net.LENET.make(), Rivals.IMAGE, Rivals.PIXELS)
                        .network(),
                new Seed(1),
                Rivals.PIXELS);
        double rate = 1e-3;
        TrainingPlan plan = TrainingPlan.of(64, rate, epochs, new Seed(1))
                .withOptimizer(new Optimizer.Adam(LearningRate.cosine(rate), 0.9, 0.999, 1e-8))
                .withTransform(transform);
        CompiledNetwork trained =
                NetworkTrainer.on(pool).train(fresh, Rivals.mnist("train10k", 10_000), plan, Progress.NONE);
        NetworkFile.write(trained, file);
        Labelled test = Rivals.mnist("t10k", 10_000);
        int[] predicted = trained.predict(test.inputs());
        int right = 0;
        for (int i = 0; i < predicted.length; i++) {
            right += predicted[i] == test.targets().label(i) ? 1 : 0;
        }
        System.out.printf("%s: clean accuracy %.4f%n", name, right / 10_000.0);
        return trained;
    }
}
