// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.assessment.AssessmentJson;
import dev.aisec.assessment.AssessmentPolicy;
import dev.aisec.cli.digits.DigitGenerator;
import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Measurement;
import dev.aisec.core.Seed;
import dev.aisec.core.Technique;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Idx;
import dev.aisec.core.model.Labelled;
import dev.aisec.nd4j.Dl4jModels;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.provenance.modelfile.ModelVerifier;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class AssessCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path data;

    @BeforeEach
    void writeData() throws IOException {
        data = Files.createDirectory(folder.resolve("data"));
        Labelled test = new DigitGenerator(new Seed(1)).generate(40);
        Labelled train = new DigitGenerator(new Seed(2)).generate(60);
        Idx.writeImages(test.inputs(), data.resolve("t10k-images-idx3-ubyte"));
        Idx.writeLabels(test.targets().labels(), data.resolve("t10k-labels-idx1-ubyte"));
        Idx.writeImages(train.inputs(), data.resolve("train-images-idx3-ubyte"));
        Idx.writeLabels(train.targets().labels(), data.resolve("train-labels-idx1-ubyte"));
    }

    private int run(String... args) {
        out.reset();
        err.reset();
        return Main.run(
                new Main.Streams(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false),
                args);
    }

    private void refused(String message, String... args) throws IOException {
        Path report = folder.resolve("refused");
        String[] all = Arrays.copyOf(args, args.length + 3);
        all[args.length] = "--out";
        all[args.length + 1] = report.toString();
        all[args.length + 2] = "--samples=10";
        assertThat(run(all)).isEqualTo(2);
        String line = err.toString(StandardCharsets.UTF_8);
        assertThat(line.lines().filter(l -> l.startsWith("aisec: "))).as(line).hasSize(1);
        assertThat(line).contains(message).doesNotContain("\tat ");
        assertThat(report).doesNotExist();
        assertThat(out.size()).isZero();
    }

    @Test
    void assess_dataAndOneModel_writesTheReportAndOnlyJsonOnStandardOutput() throws IOException {
        String[] args = {
            "assess",
            "--data=" + data,
            "--train=noise",
            "--samples=10",
            "--seed=3",
            "--json",
            "--out=" + folder.resolve("one")
        };
        assertThat(run(args)).as(err.toString(StandardCharsets.UTF_8)).isZero();
        byte[] json = Files.readAllBytes(folder.resolve("one/report.json"));
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo(new String(json, StandardCharsets.UTF_8) + System.lineSeparator());
        assertThat(AssessmentJson.read(json, AssessmentPolicy.images()).subjects())
                .hasSize(1);
        // A curve for each attack, from clean accuracy on, and clean accuracy of all images only.
        assertThat(Files.readString(folder.resolve("one/report.html")))
                .contains("Robust accuracy, L∞, attack: pgd-40</h3>")
                .contains("Robust accuracy, L∞, attack: ensemble of 4</h3>");
        assertThat(Files.readString(folder.resolve("one/report.md")))
                .containsOnlyOnce("| clean accuracy  ")
                .contains("robust accuracy (attack ensemble of 4, L∞), epsilon 0 ")
                .contains("robust accuracy (attack ensemble of 4, L∞), epsilon 0.2 ");
        try (Stream<Path> files = Files.list(folder.resolve("one"))) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "report.json", "report.html", "report.md", "run.json", "model-noise.zip");
        }
        // The saved model, assessed by itself on other numbers of threads, gives the same evidence.
        assertThat(run(
                        "assess",
                        "--data=" + data,
                        "--model=" + folder.resolve("one/model-noise.zip"),
                        "--samples=10",
                        "--seed=3",
                        "--threads=1",
                        "--out=" + folder.resolve("two")))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        assertThat(AssessmentJson.read(Files.readAllBytes(folder.resolve("two/report.json")), AssessmentPolicy.images())
                        .subjects()
                        .get(0)
                        .evidence())
                .isEqualTo(AssessmentJson.read(json, AssessmentPolicy.images())
                        .subjects()
                        .get(0)
                        .evidence());
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("report.html").contains("model file accepted");
    }

    /** Image i is of sex "f, m or unknown" by i modulo 3, and old if it is among the last ten. */
    private Path groups(int rows) throws IOException {
        StringBuilder csv = new StringBuilder("id,sex,old\n");
        for (int i = 0; i < rows; i++) {
            csv.append(i)
                    .append(',')
                    .append(List.of("m", "f", "").get(i % 3))
                    .append(',')
                    .append(i >= 30 ? "yes\n" : "no\n");
        }
        return Files.writeString(folder.resolve("groups-" + rows + ".csv"), csv);
    }

    @Test
    void assess_groups_addFairnessToEveryReport() throws IOException {
        Path file = folder.resolve("model.zip");
        Dl4jModels.save(Dl4jNetworks.smallCnn(28, 28, 10, 1), file);
        Labelled test = ImageData.load(data).test();
        int[] predicted = Networks.compile(
                        Dl4jModels.load(ModelVerifier.standard().verify(file).orElseThrow()),
                        test.inputs().shape(),
                        Bounds.of(0, 1))
                .predict(test.inputs());
        int favourable = test.targets().label(0);
        String report = folder.resolve("fair").toString();
        assertThat(run(
                        "assess",
                        "--data=" + data,
                        "--model=" + file,
                        "--samples=10",
                        "--groups-file=" + groups(40),
                        "--groups=sex",
                        "--favourable=" + favourable,
                        "--out=" + report))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        Evidence evidence = AssessmentJson.read(
                        Files.readAllBytes(Path.of(report, "report.json")),
                        AssessmentPolicy.images().with(AssessmentPolicy.fourFifths()))
                .subjects()
                .get(0)
                .evidence()
                .stream()
                .filter(e -> e.technique() == Technique.FAIRNESS_EVALUATION)
                .findFirst()
                .orElseThrow();
        assertThat(evidence.parameters())
                .containsEntry("favourable", "class " + favourable)
                .containsEntry("groups", "sex")
                .containsEntry("rows", "40");
        assertThat(evidence.measurements())
                .extracting(Measurement::name)
                .contains(
                        "demographic_parity_difference",
                        "demographic_parity_ratio",
                        "equal_opportunity_difference",
                        "equalized_odds_difference",
                        "accuracy_difference",
                        "selection-rate-by-group");
        List<String> names = List.of("sex=m", "sex=f", "sex=(missing)");
        for (int g = 0; g < 3; g++) {
            int rows = 0;
            int selected = 0;
            for (int i = g; i < 40; i += 3) {
                rows++;
                selected += predicted[i] == favourable ? 1 : 0;
            }
            Map<String, String> labels = Map.of("group", names.get(g));
            Estimate.Measured rate = (Estimate.Measured) evidence.measurements().stream()
                    .filter(m -> m instanceof Measurement.Scalar
                            && m.name().equals("selection_rate")
                            && m.labels().equals(labels))
                    .map(m -> ((Measurement.Scalar) m).estimate())
                    .findFirst()
                    .orElseThrow();
            assertThat(rate.value()).isEqualTo((double) selected / rows);
            assertThat(rate.n()).isEqualTo(rows);
        }
        assertThat(Files.readString(Path.of(report, "report.html")))
                .containsOnlyOnce("<h2>Fairness</h2>")
                .contains("Selection rate by group</h3>");
        assertThat(Files.readString(Path.of(report, "report.md")))
                .contains("## Fairness\n\n| figure (interval) ")
                .contains("| demographic_parity_difference ")
                .contains("| smallest selection rate at least four fifths of the largest ");
    }

    @Test
    void assess_badGroups_endWithOneLineAndNothingDone() throws IOException {
        String file = "--groups-file=" + groups(40);
        String[] start = {"assess", "--data=" + data};
        refused("--groups-file, --groups and --favourable must be given together", start[0], start[1], file);
        refused("must be given together", start[0], start[1], "--groups=sex", "--favourable=1");
        refused("must be given together", start[0], start[1], "--missing=?");
        refused("must be different columns", start[0], start[1], file, "--groups=sex,sex", "--favourable=1");
        refused(
                "must have a column 'race', has 'id', 'sex', 'old'",
                start[0],
                start[1],
                file,
                "--groups=sex,race",
                "--favourable=1");
        refused(
                "--favourable must be a class among the test labels",
                start[0],
                start[1],
                file,
                "--groups=sex",
                "--favourable=10");
        refused(
                "must have one row for each of the 40 test images, has 39",
                start[0],
                start[1],
                "--groups-file=" + groups(39),
                "--groups=sex",
                "--favourable=1");
        refused(
                "line 42, column 'sex': the file must have one row for each of the 40 test images, has more",
                start[0],
                start[1],
                "--groups-file=" + groups(41),
                "--groups=sex",
                "--favourable=1");
        refused(
                "must be a CSV file, is not there",
                start[0],
                start[1],
                "--groups-file=none.csv",
                "--groups=sex",
                "--favourable=1");
        assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("training");
    }

    @Test
    void groups_severalColumns_areCountedByCombination() throws IOException {
        Labelled test = ImageData.load(data).test();
        int[] labels = test.targets().labels();
        TestGroups groups = TestGroups.read(groups(40), List.of("sex", "old"), List.of("m"), labels[0], test);
        // "m" counts as missing, too.
        assertThat(groups.space().size()).isEqualTo(4);
        int[] counts = new int[4];
        for (int i = 0; i < 40; i++) {
            String name = "sex=" + (i % 3 == 1 ? "f" : "(missing)") + ", old=" + (i >= 30 ? "yes" : "no");
            assertThat(groups.space().name(groups.groups()[i])).isEqualTo(name);
            counts[groups.groups()[i]]++;
        }
        for (int g = 0; g < 4; g++) {
            assertThat(groups.cube(labels, labels).count(g)).isEqualTo(counts[g]);
        }
    }

    @Test
    void assess_badData_endsWithOneLineAndNothingWritten() throws IOException {
        refused("no-such: must be a folder", "assess", "--data=" + data.resolve("no-such"));
        refused("must have a test set", "assess", "--data=" + Files.createDirectory(folder.resolve("empty")));
        Path labels = data.resolve("t10k-labels-idx1-ubyte");
        byte[] good = Files.readAllBytes(labels);
        Files.write(labels, Arrays.copyOf(good, 20));
        refused("must have 48 bytes, ends after 20", "assess", "--data=" + data);
        byte[] wrong = good.clone();
        wrong[3] = 3;
        Files.write(labels, wrong);
        refused("magic number must be 0x00000801", "assess", "--data=" + data);
        byte[] outside = good.clone();
        outside[8] = 77;
        Files.write(labels, outside);
        refused("test labels must be in [0, 9] as in the training set, was 77 at row 0", "assess", "--data=" + data);
        Idx.writeLabels(new int[] {1, 2}, labels);
        refused("number of labels must equal the number of images 40", "assess", "--data=" + data);
    }

    @Test
    void assess_badModel_endsWithOneLineAndNothingWritten() throws IOException {
        refused("none.zip: no such file", "assess", "--model=" + folder.resolve("none.zip"));
        Path garbage =
                Files.writeString(folder.resolve("garbage.zip"), "PK\u0003\u0004 and then nothing that is an archive");
        refused("REJECT garbage.zip", "assess", "--model=" + garbage);
        Path text = Files.writeString(folder.resolve("text.zip"), "text");
        refused("CANNOT_INSPECT text.zip", "assess", "--model=" + text);
        Path other = folder.resolve("other.zip");
        Dl4jModels.save(Dl4jNetworks.smallCnn(20, 20, 10, 1), other);
        refused("inputShape must be [1, 20, 20]", "assess", "--model=" + other);
        MultiLayerNetwork broken = Dl4jNetworks.smallCnn(28, 28, 10, 1);
        broken.params().putScalar(17, Double.NaN);
        Path nan = folder.resolve("nan.zip");
        Dl4jModels.save(broken, nan);
        refused("numbers of \"coefficients.bin\" must not be NaN, 1 of", "assess", "--model=" + nan);
        Path few = folder.resolve("few.zip");
        Dl4jModels.save(Dl4jNetworks.smallCnn(28, 28, 5, 1), few);
        refused("labels must be in [0, 4]", "assess", "--model=" + few);
    }

    @Test
    void assess_outputThatCannotBe_isToldFirstAndLeavesNothing() throws IOException {
        Path out = folder.resolve("taken");
        Files.createDirectories(out.resolve("report.html/inside"));
        assertThat(run("assess", "--data=" + data, "--samples=10", "--out=" + out))
                .isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("report.html: must be a file or not there, is a folder")
                .doesNotContain("training");
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files).containsExactly(out.resolve("report.html"));
        }
        // Folders above the output folder, made for a run that fails, go too.
        Path model = Files.writeString(folder.resolve("junk.zip"), "junk");
        assertThat(run("assess", "--data=" + data, "--model=" + model, "--out=" + folder.resolve("a/b/c")))
                .isEqualTo(2);
        assertThat(folder.resolve("a")).doesNotExist();
    }

    @Test
    void execute_error_isAFaultOfAisecInOneLine() {
        out.reset();
        err.reset();
        Main.Streams streams = new Main.Streams(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        assertThat(Main.execute(new CommandLine(new Failing(new OutOfMemoryError("Java heap space"))), streams))
                .isEqualTo(3);
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .singleElement()
                .asString()
                .contains("out of memory (Java heap space)");
        err.reset();
        assertThat(Main.execute(new CommandLine(new Failing(new NoClassDefFoundError("x/Y"))), streams))
                .isEqualTo(3);
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .singleElement()
                .asString()
                .contains("internal error")
                .contains("x/Y");
    }

    @Test
    void execute_errorOnATerminal_takesThePlaceOfTheBar() {
        err.reset();
        Main.Streams streams = new Main.Streams(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                true);
        assertThat(Main.execute(new CommandLine(new Failing(new OutOfMemoryError("heap"))), streams))
                .isEqualTo(3);
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("\r\033[Kaisec: out of memory");
    }

    /** A command that ends with an error of the JVM. */
    @CommandLine.Command(name = "failing")
    private record Failing(Error error) implements Runnable {
        @Override
        public void run() {
            throw error;
        }
    }

    @Test
    void assess_badOptions_endWithOneLine() throws IOException {
        assertThat(run("assess", "--samples=9")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("aisec: --samples must be >= 10, was 9\n");
        assertThat(run("assess", "--no-such-option")).isEqualTo(2);
        assertThat(run("assess", "--train=both")).isEqualTo(2);
        assertThat(run("assess", "--model=x", "--train=plain")).isEqualTo(2);
        assertThat(run("nonsense")).isEqualTo(2);
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThat(run("assess", "--data=" + data, "--out=" + file)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("must be a folder, is a file");
        assertThat(run("assess", "--data=" + data, "--out=" + file.resolve("sub")))
                .isEqualTo(2);
    }

    @Test
    void assess_interrupted_endsInOrder() {
        Thread.currentThread().interrupt();
        int code = run("assess", "--data=" + data, "--samples=10", "--out=" + folder.resolve("cut"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(code).isEqualTo(130);
        assertThat(folder.resolve("cut")).doesNotExist();
    }

    @Test
    void help_andVersion_areGiven() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("aisec ");
        assertThat(run("assess", "--help")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("--model").contains("Exit codes:");
        assertThat(run()).isZero();
    }

    @Test
    void images_allRows_areListed() throws IOException {
        Batch images = ImageData.load(data).test().inputs();
        assertThat(images.size()).isEqualTo(40);
        assertThat(List.of(ImageData.load(data).name())).containsExactly("data");
    }
}
