// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.assessment.Assessment;
import dev.aisec.assessment.AssessmentJson;
import dev.aisec.assessment.Criterion;
import dev.aisec.assessment.MarkdownReport;
import dev.aisec.assessment.Outcome;
import dev.aisec.assessment.ReportFiles;
import dev.aisec.assessment.RunEnvelope;
import dev.aisec.assessment.Subject;
import dev.aisec.core.Seed;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.provenance.modelfile.ModelVerifier;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code aisec assess}: how secure is an image classifier? */
@Command(
        name = "assess",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Assesses an image classifier: model file, clean accuracy, adversarial and certified robustness, detection of"
                    + " adversarial examples, natural robustness.",
            "Without --model, trains small networks (one plain, one with Gaussian noise) and assesses them side by side.",
            "Without --data, uses digits that it draws itself.",
            "With --groups-file, also how the model's decisions differ between groups of the test images."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            " 0:assessed",
            " 1:a criterion is not met, with --fail-on-verdict",
            " 2:bad input, or a model file that is refused or cannot be inspected",
            " 3:a fault of aisec",
            "130:interrupted"
        })
final class AssessCommand implements Callable<Integer> {
    /** What to train. */
    enum Train {
        plain,
        noise
    }

    private static final int MOST_THREADS = 256;

    /** What a run may put into the output folder. */
    private static final List<String> RESULTS =
            List.of("report.json", "report.html", "report.md", "run.json", "model-plain.zip", "model-noise.zip");

    @Option(
            names = "--model",
            paramLabel = "FILE",
            description = "a Deeplearning4j MultiLayerNetwork zip; it is checked before it is loaded")
    private @Nullable Path model;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "a folder of IDX files, plain or gzipped: t10k-* is the test set, train*-* the training set")
    private @Nullable Path data;

    @Option(
            names = "--train",
            paramLabel = "KIND",
            description = "train only one model: ${COMPLETION-CANDIDATES} (default: both)")
    private @Nullable Train train;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "aisec-report",
            description = "where the report goes (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("aisec-report");

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "300",
            description = "test images for the slow parts; fewer for a quick look (default: ${DEFAULT-VALUE})")
    private int samples;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "seed of data, training and evaluation; equal seeds give equal reports (default: ${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "threads; they change no result (default: as many as there are processors)")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--groups-file",
            paramLabel = "FILE",
            description = {
                "adds a section on fairness: a CSV file (UTF-8, column names in its first record) with one row for each"
                        + " test image, in their order",
                "needs --groups and --favourable"
            })
    private @Nullable Path groupsFile;

    @Option(
            names = "--groups",
            paramLabel = "COLUMN",
            split = ",",
            description = "its attributes; groups are the combinations of their values")
    private List<String> groups = new ArrayList<>();

    @Option(
            names = "--favourable",
            paramLabel = "CLASS",
            description = "number of the class that people want to be put into")
    private @Nullable Integer favourable;

    @Option(
            names = "--missing",
            paramLabel = "VALUE",
            split = ",",
            description = "counts as a missing attribute, for example ?; an empty cell always does")
    private List<String> missing = new ArrayList<>();

    @Option(names = "--json", description = "print the canonical JSON on standard output, and nothing else there")
    private boolean json;

    @Option(names = "--fail-on-verdict", description = "exit with 1 if a criterion is not met")
    private boolean failOnVerdict;

    @Spec
    private CommandSpec spec;

    private final Main.Streams streams;

    AssessCommand(Main.Streams streams) {
        this.streams = streams;
        this.spec = CommandSpec.create();
    }

    @Override
    public Integer call() throws IOException {
        checkOptions();
        Instant started = Instant.now();
        Seed root = new Seed(seed);
        ImageData images = data == null ? ImageData.embedded(root) : ImageData.load(data);
        if (model != null && !Files.exists(model)) {
            throw new NoSuchFileException(model + ": no such file");
        }
        if (model == null && images.train().isEmpty()) {
            throw new NoSuchFileException(data + ": must have a training set train*-images* since no --model is given");
        }
        requireLabels(images);
        TestGroups grouped = groupsFile == null || favourable == null
                ? null
                : TestGroups.read(groupsFile, groups, missing, favourable, images.test());
        List<Path> made = absent(out);
        Path work = workFolder(made);
        ExecutorService executor = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "aisec-worker");
            thread.setDaemon(true);
            return thread;
        });
        boolean complete = false;
        try {
            PrintStream err = streams.err();
            boolean terminal = streams.terminal();
            AssessmentJob job = new AssessmentJob(
                    images,
                    grouped,
                    samples,
                    root,
                    executor,
                    (step, unit) -> new ConsoleProgress(
                            err, terminal, ConsoleProgress.columns(), step, unit, System::nanoTime));
            Map<Path, Path> models = new LinkedHashMap<>();
            Assessment assessment = job.assessment(subjects(job, work, models));
            SortedMap<String, String> environment = RunEnvelope.here();
            environment.put("aisec", Main.version());
            environment.put("threads", String.valueOf(threads));
            ReportFiles.write(out, assessment, new RunEnvelope(started, environment, job.times()));
            for (Map.Entry<Path, Path> file : models.entrySet()) {
                Files.move(file.getKey(), file.getValue(), StandardCopyOption.REPLACE_EXISTING);
            }
            complete = true;
            print(assessment);
            return failOnVerdict && !met(assessment) ? 1 : 0;
        } finally {
            executor.shutdownNow();
            delete(work);
            if (!complete) {
                remove(made);
            }
        }
    }

    private List<Subject> subjects(AssessmentJob job, Path work, Map<Path, Path> models) throws IOException {
        if (model != null) {
            return List.of(job.assess(String.valueOf(model.getFileName()), model, ModelVerifier.standard()));
        }
        List<Subject> subjects = new ArrayList<>();
        for (Train kind : train == null ? Train.values() : new Train[] {train}) {
            String name = kind == Train.plain ? "plain" : "noise-trained";
            Path file = work.resolve("model-" + kind + ".zip");
            job.train(name, kind == Train.plain ? BatchTransform.NONE : AssessmentJob.noise(), file);
            subjects.add(job.assess(name, file, ModelVerifier.standard()));
            models.put(file, out.resolve(String.valueOf(file.getFileName())));
        }
        return subjects;
    }

    private void checkOptions() {
        if (samples < 10) {
            throw new ParameterException(spec.commandLine(), "--samples must be >= 10, was " + samples);
        }
        if (threads < 1 || threads > MOST_THREADS) {
            throw new ParameterException(
                    spec.commandLine(), "--threads must be in [1, " + MOST_THREADS + "], was " + threads);
        }
        if (model != null && train != null) {
            throw new ParameterException(spec.commandLine(), "--train must not be given with --model");
        }
        boolean all = groupsFile != null && !groups.isEmpty() && favourable != null;
        boolean none = groupsFile == null && groups.isEmpty() && favourable == null && missing.isEmpty();
        if (!all && !none) {
            throw new ParameterException(
                    spec.commandLine(), "--groups-file, --groups and --favourable must be given together");
        }
        if (new HashSet<>(groups).size() != groups.size()) {
            throw new ParameterException(
                    spec.commandLine(), "--groups must be different columns, were " + String.join(",", groups));
        }
    }

    /** Told before anything is trained. */
    private void requireLabels(ImageData images) {
        if (model == null) {
            int classes = images.classes();
            int[] labels = images.test().targets().labels();
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] >= classes) {
                    throw new IllegalArgumentException(data + ": test labels must be in [0, " + (classes - 1)
                            + "] as in the training set, was " + labels[i] + " at row " + i);
                }
            }
        }
    }

    /** A folder beside the results, made before any long work: a place that cannot be written is told now. */
    private Path workFolder(List<Path> made) throws IOException {
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new IOException(out + ": must be a folder, is a file");
        }
        for (String name : RESULTS) {
            Path result = out.resolve(name);
            if (Files.isDirectory(result)) {
                throw new IOException(result + ": must be a file or not there, is a folder");
            }
        }
        try {
            Files.createDirectories(out);
            return Files.createTempDirectory(out, ".work");
        } catch (IOException e) {
            remove(made);
            throw new IOException(out + ": must be a folder that can be written: " + e, e);
        }
    }

    /** The folders of a path that are not there, the innermost first. A link that leads nowhere is there: it is not ours. */
    private static List<Path> absent(Path folder) {
        List<Path> absent = new ArrayList<>();
        for (Path p = folder.toAbsolutePath();
                p != null && !Files.exists(p, LinkOption.NOFOLLOW_LINKS);
                p = p.getParent()) {
            absent.add(p);
        }
        return absent;
    }

    /** Removes folders made in vain, unless somebody has put something there meanwhile. */
    private static void remove(List<Path> made) throws IOException {
        for (Path folder : made) {
            try {
                Files.deleteIfExists(folder);
            } catch (DirectoryNotEmptyException e) {
                return;
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    private void print(Assessment assessment) {
        PrintStream stdout = streams.out();
        if (json) {
            stdout.writeBytes(AssessmentJson.bytes(assessment));
            stdout.println();
        } else {
            stdout.print(MarkdownReport.of(assessment));
            stdout.println();
            stdout.println(
                    "Report: " + out.resolve("report.html").toAbsolutePath().normalize());
        }
        stdout.flush();
    }

    private static boolean met(Assessment assessment) {
        for (Criterion criterion : assessment.policy().criteria()) {
            for (Subject subject : assessment.subjects()) {
                if (criterion.judge(subject).outcome() == Outcome.NOT_MET) {
                    return false;
                }
            }
        }
        return true;
    }
}
