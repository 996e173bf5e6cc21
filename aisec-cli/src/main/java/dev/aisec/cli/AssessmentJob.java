// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.assessment.Assessment;
import dev.aisec.assessment.AssessmentPolicy;
import dev.aisec.assessment.RunEnvelope;
import dev.aisec.assessment.Subject;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.FeedForward;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LearningRate;
import dev.aisec.core.model.Optimizer;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.Dl4jClassifier;
import dev.aisec.nd4j.Dl4jModels;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.provenance.modelfile.ModelReport;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.VerifiedModel;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.Square;
import dev.aisec.robustness.bounds.Crown;
import dev.aisec.robustness.corruption.CorruptionAccuracy;
import dev.aisec.robustness.corruption.Corruptions;
import dev.aisec.robustness.detect.DetectionEvaluation;
import dev.aisec.robustness.detect.FeatureSqueezing;
import dev.aisec.robustness.evaluation.AutoAttack;
import dev.aisec.robustness.evaluation.CertifiedRobustness;
import dev.aisec.robustness.evaluation.CleanAccuracy;
import dev.aisec.robustness.evaluation.EvaluationChecklist;
import dev.aisec.robustness.evaluation.RobustAccuracy;
import dev.aisec.robustness.evaluation.RobustEvaluation;
import dev.aisec.robustness.smoothing.CertifiedAccuracy;
import dev.aisec.robustness.smoothing.GaussianSmoothing;
import dev.aisec.robustness.smoothing.SmoothedClassifier;
import dev.aisec.robustness.smoothing.Smoothing;
import dev.aisec.robustness.training.GaussianAugmentation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;

/** The main job: what is done to each model, and with which parameters. */
final class AssessmentJob {
    /** Noise of training and of smoothing, in units of the pixels. */
    static final double SIGMA = 0.25;

    private static final List<Double> LINF = List.of(0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3);
    private static final List<Double> L2 = List.of(0.0, 0.5, 1.0, 1.5, 2.0, 3.0);
    private static final List<Double> RADII = List.of(0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6);
    private static final double DETECTION_EPSILON = 0.2;
    /** Few, and each among those of PGD, so that both curves can be compared. */
    private static final List<Double> ENSEMBLE = List.of(0.05, 0.1, 0.2);

    private static final int ENSEMBLE_SAMPLES = 75;
    private static final double CHECK_EPSILON = 0.1;
    private static final int CHECK_SAMPLES = 50;
    private static final int CHECK_QUERIES = 500;
    /** Bounds through max pooling are loose: a larger ball would prove nothing. */
    private static final double PROOF_EPSILON = 0.005;

    private static final int PROOF_SAMPLES = 5;
    private static final double FALSE_POSITIVES = 0.05;
    private static final int CERTIFY_SAMPLES = 1000;
    private static final Bounds PIXELS = Bounds.of(0, 1);
    private static final int EPOCHS = 4;
    private static final double LEARNING_RATE = 2e-3;
    private static final int TRAINING_BATCH = 64;

    /** Makes the progress of a step. */
    interface Steps {
        ConsoleProgress begin(String step, String unit);
    }

    private final ImageData data;
    private final @Nullable TestGroups groups;
    private final Labelled part;
    private final Seed seed;
    private final Executor executor;
    private final Steps steps;
    private final List<RunEnvelope.Step> times = new ArrayList<>();

    /**
     * A job.
     *
     * @param data what is assessed on
     * @param groups the groups of all test images, or null
     * @param samples test images for the slow parts
     * @param seed of everything random
     * @param executor runs the work
     * @param steps makes the progress
     */
    AssessmentJob(ImageData data, @Nullable TestGroups groups, int samples, Seed seed, Executor executor, Steps steps) {
        this.data = data;
        this.groups = groups;
        this.part = data.test().first(samples);
        this.seed = seed;
        this.executor = executor;
        this.steps = steps;
    }

    List<RunEnvelope.Step> times() {
        return List.copyOf(times);
    }

    /** Trains a LeNet and saves it. */
    void train(String name, BatchTransform transform, Path file) throws IOException {
        Labelled train = data.train().orElseThrow();
        int height = train.inputs().shape().dimension(1);
        int width = train.inputs().shape().dimension(2);
        if (height < 16 || width < 16) {
            throw new IllegalArgumentException(
                    "images must be at least 16 x 16 for a model to be trained, were " + height + " x " + width);
        }
        CompiledNetwork fresh =
                Networks.compile(Dl4jNetworks.leNet(height, width, data.classes(), seed.value()), PIXELS);
        TrainingPlan plan = TrainingPlan.of(TRAINING_BATCH, LEARNING_RATE, EPOCHS, seed.derive("train"))
                .withOptimizer(new Optimizer.Adam(LearningRate.cosine(LEARNING_RATE), 0.9, 0.999, 1e-8))
                .withTransform(transform);
        CompiledNetwork trained = timed(
                name + ": training", "batches", p -> NetworkTrainer.on(executor).train(fresh, train, plan, p));
        Dl4jModels.save(trained.toMultiLayerNetwork(), file);
    }

    static BatchTransform noise() {
        return new GaussianAugmentation(SIGMA);
    }

    /** Checks, loads and assesses a model file. */
    Subject assess(String name, Path file, ModelVerifier verifier) throws IOException {
        ModelReport checked = verifier.verify(file);
        VerifiedModel verified = checked.orElseThrow();
        DifferentiableClassifier model = classifier(verified);
        model.spec().requireLabels(data.test().targets().labels());
        String subject = verified.digest();
        List<Evidence> evidence = new ArrayList<>();
        evidence.add(checked.evidence());
        evidence.add(run(
                name + ": clean accuracy",
                "images",
                p -> CleanAccuracy.of(subject, model, data.test(), chunks(100), p)));
        evidence.add(robust(name, subject, model, Norm.LINF, LINF));
        evidence.add(robust(name, subject, model, Norm.L2, L2));
        Labelled few = part.first(ENSEMBLE_SAMPLES);
        evidence.add(run(
                name + ": ensemble of attacks",
                "images",
                p -> RobustEvaluation.of(
                        subject, model, few, AutoAttack.quick(Norm.LINF, 1), ENSEMBLE, chunks(25), p)));
        evidence.add(run(
                name + ": can the attack be believed?",
                "images",
                p -> EvaluationChecklist.of(Pgd.of(Norm.LINF, CHECK_EPSILON).withSeed(seed.derive("checklist")))
                        .withBlackBox(Square.of(Norm.LINF, CHECK_EPSILON).withQueries(CHECK_QUERIES))
                        .run(subject, model, part.first(CHECK_SAMPLES), chunks(25), p)));
        sandwich(name, subject, model).ifPresent(evidence::add);
        Smoothing smoothing =
                GaussianSmoothing.of(SIGMA).withSamples(CERTIFY_SAMPLES).withSeed(seed.derive("smoothing"));
        evidence.add(run(
                name + ": certified accuracy",
                "images",
                p -> CertifiedAccuracy.of(
                        subject, SmoothedClassifier.of(model, smoothing), part, RADII, chunks(4), p)));
        evidence.add(detection(name, subject, model));
        evidence.add(run(
                name + ": natural corruptions",
                "images",
                p -> CorruptionAccuracy.of(
                        subject, model, part, Corruptions.standard(seed.derive("corruptions")), chunks(50), p)));
        if (groups != null) {
            evidence.add(fairness(name, subject, model, groups));
        }
        return new Subject(name, evidence);
    }

    /** Of all test images: whom does the model put into the favourable class? */
    private Evidence fairness(String name, String subject, DifferentiableClassifier model, TestGroups groups) {
        int[] predicted = timed(
                name + ": fairness",
                "images",
                p -> chunks(100)
                        .map(
                                data.test().size(),
                                (from, to) -> model.predict(data.test().inputs().rows(from, to)),
                                p)
                        .stream()
                        .flatMapToInt(Arrays::stream)
                        .toArray());
        FairnessData counted =
                new FairnessData(groups.cube(data.test().targets().labels(), predicted), null);
        Evidence plain = new FairnessJob(counted, seed.derive("fairness").value(), subject, false).summary();
        SortedMap<String, String> parameters = new TreeMap<>(plain.parameters());
        parameters.putAll(groups.parameters());
        parameters.put("method", "rates by group");
        return new Evidence(plain.technique(), plain.subject(), parameters, plain.measurements(), plain.findings());
    }

    /** Between a proof and an attack, for networks of layers that bounds are known for. */
    private Optional<Evidence> sandwich(String name, String subject, DifferentiableClassifier model) {
        FeedForward layers;
        try {
            if (!(model instanceof CompiledNetwork network)) {
                return Optional.empty();
            }
            layers = network.feedForward();
        } catch (IllegalStateException e) {
            return Optional.empty();
        }
        return Optional.of(run(
                name + ": proof and attack",
                "images",
                p -> CertifiedRobustness.of(
                        subject,
                        layers,
                        model,
                        part.first(PROOF_SAMPLES),
                        Crown.of(Norm.LINF, PROOF_EPSILON),
                        Pgd.of(Norm.LINF, PROOF_EPSILON).withSeed(seed.derive("proof")),
                        chunks(5),
                        p)));
    }

    /** The network on the engine; on Deeplearning4j itself where the engine does not know a layer. */
    private DifferentiableClassifier classifier(VerifiedModel verified) throws IOException {
        Shape shape = data.test().inputs().shape();
        if (Dl4jModels.isGraph(verified)) {
            return Networks.compile(Dl4jModels.loadGraph(verified), shape, PIXELS);
        }
        MultiLayerNetwork network = Dl4jModels.load(verified);
        CompiledNetwork compiled;
        try {
            compiled = Networks.compile(network, shape, PIXELS);
        } catch (IllegalArgumentException e) {
            return Dl4jClassifier.of(network, shape, PIXELS);
        }
        return compiled;
    }

    private Evidence robust(
            String name, String subject, DifferentiableClassifier model, Norm norm, List<Double> epsilons) {
        // The radius is replaced by each one of the curve.
        Pgd attack = Pgd.of(norm, 1).withSeed(seed.derive("pgd"));
        return run(
                name + ": PGD-40, " + (norm == Norm.LINF ? "L∞" : "L2"),
                "images",
                p -> RobustAccuracy.of(subject, model, part, attack, "pgd-40", epsilons, chunks(50), p));
    }

    private Evidence detection(String name, String subject, DifferentiableClassifier model) {
        Pgd attack = Pgd.of(Norm.LINF, DETECTION_EPSILON).withSeed(seed.derive("detection"));
        return run(name + ": detection", "images", p -> {
            Batch fooling = adversarial(model, attack);
            return DetectionEvaluation.of(
                    subject,
                    FeatureSqueezing.of(model),
                    "feature squeezing: 1 bit, 2 x 2 median",
                    part.inputs(),
                    fooling,
                    attack + ", successful attacks only",
                    FALSE_POSITIVES,
                    chunks(50),
                    p);
        });
    }

    private Batch adversarial(DifferentiableClassifier model, Pgd attack) {
        int[] labels = part.targets().labels();
        List<AttackResult> results = chunks(50)
                .map(
                        part.size(),
                        (from, to) -> attack.perturb(
                                model, part.inputs().rows(from, to), Goal.avoid(Arrays.copyOfRange(labels, from, to))),
                        Progress.NONE);
        int length = part.inputs().shape().size();
        float[] fooling = new float[part.size() * length];
        int count = 0;
        for (AttackResult result : results) {
            for (int i = 0; i < result.rows().size(); i++) {
                if (result.rows().get(i).status() == AttackResult.Status.SUCCEEDED) {
                    System.arraycopy(result.samples().row(i), 0, fooling, count++ * length, length);
                }
            }
        }
        return Batch.wrap(Arrays.copyOf(fooling, count * length), part.inputs().shape());
    }

    /** The assessment of the subjects. */
    Assessment assessment(List<Subject> subjects) {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("data", data.name() + ", " + data.test().size() + " test images");
        parameters.put("data.test", ImageData.digest(data.test()));
        data.train().ifPresent(train -> parameters.put("data.train", ImageData.digest(train)));
        parameters.put("samples", part.size() + " test images for attacks, certificates, detection and corruptions");
        parameters.put("seed", String.valueOf(seed.value()));
        AssessmentPolicy policy = AssessmentPolicy.images();
        if (groups != null) {
            parameters.putAll(groups.parameters());
            policy = policy.with(AssessmentPolicy.fourFifths());
        }
        return new Assessment("Security assessment: image classifier on " + data.name(), parameters, subjects, policy);
    }

    private RowChunks chunks(int rows) {
        return new RowChunks(rows, executor);
    }

    private Evidence run(String step, String unit, Function<Progress, EvidenceSource> work) {
        return timed(step, unit, work).evidence();
    }

    private <T> T timed(String step, String unit, Function<Progress, T> work) {
        ConsoleProgress progress = steps.begin(step, unit);
        T result = work.apply(progress);
        times.add(new RunEnvelope.Step(step, progress.end()));
        return result;
    }
}
