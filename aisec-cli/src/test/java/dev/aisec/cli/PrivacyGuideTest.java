// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Estimate;
import dev.aisec.junit.DpAudit;
import dev.aisec.junit.DpAuditor;
import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.BudgetExhaustedException;
import dev.aisec.privacy.accounting.BudgetLedger;
import dev.aisec.privacy.accounting.Calibration;
import dev.aisec.privacy.accounting.FileLedger;
import dev.aisec.privacy.accounting.GaussianCalibration;
import dev.aisec.privacy.accounting.MemoryLedger;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PldAccountant;
import dev.aisec.privacy.accounting.PrivacyInterval;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.dp.DiscreteLaplace;
import dev.aisec.privacy.dp.MatrixFactorization;
import dev.aisec.privacy.dp.Mean;
import dev.aisec.privacy.dp.PrefixSums;
import dev.aisec.privacy.dp.Release;
import dev.aisec.privacy.dp.SumAccumulator;
import dev.aisec.privacy.dp.UnaryEncoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snippets of docs/guide/privacy.md, and the check that they are. */
class PrivacyGuideTest {
    private static final double[] ages =
            IntStream.range(0, 2000).mapToDouble(i -> i % 90).toArray();
    private static final int[] answers =
            IntStream.range(0, 4000).map(i -> i % 8).toArray();

    @TempDir
    Path folder;

    @Test
    void guide_statistics_run() throws IOException {
        Budget budget = Budget.pure(2, Neighbouring.ADD_REMOVE);
        try (FileLedger ledger = FileLedger.openOrCreate(folder.resolve("people.ledger"), budget)) {
            Mean mean = Mean.of(0, 100, 0.5);
            SumAccumulator people = mean.accumulator();
            people.addAll(ages);
            Release<Double> release = mean.release(people, ledger, budget.neighbouring());
            System.out.println(release.value() + " " + release.evidence().measurements());
            System.out.println(ledger.remaining());
            assertThat(release.value()).isBetween(0.0, 100.0);
            assertThat(ledger.remaining().privacy()).isBetween(1.5, 1.501);
        }

        double multiplier = GaussianCalibration.noiseMultiplier(0.5, 1e-7);
        Mean byUser = Mean.gaussian(0, 100, multiplier).withContributions(3);
        SumAccumulator rows = byUser.accumulator();
        for (int row = 0; row < ages.length; row++) {
            rows.add(row / 4, ages[row]); // four rows of each person, three are kept
        }
        PrivacyInterval epsilon = PldAccountant.of().epsilon(byUser.loss(Neighbouring.ADD_REMOVE), 1e-7);
        assertThat(epsilon.upper()).isBetween(0.499, 0.501);
    }

    @Test
    void guide_ledgerAndStream_run() throws IOException {
        Budget many = Budget.zeroConcentratedWithin(2, 1e-6, 0, Neighbouring.ADD_REMOVE);
        FileLedger ledger = FileLedger.create(folder.resolve("many.ledger"), many);
        int released = 0;
        try {
            while (true) {
                ledger.reserve(new PrivacyLoss.Gaussian(20, Neighbouring.ADD_REMOVE), "weekly count");
                released++;
            }
        } catch (BudgetExhaustedException e) {
            System.out.println(released + " releases, then: " + e.getMessage());
        }
        String head = ledger.head(); // publish it: contains(head) tells later whether the file was put back
        assertThat(released).isGreaterThan(30);
        assertThat(ledger.contains(head)).isTrue();
        ledger.close();

        MatrixFactorization weekly = MatrixFactorization.squareRoot(52, 1, 2);
        PrivacyLoss cost = weekly.loss(Neighbouring.ADD_REMOVE);
        BudgetLedger year = MemoryLedger.of(Budget.zeroConcentrated(0.125, 0, Neighbouring.ADD_REMOVE));
        PrefixSums totals = weekly.open(1, year.reserve(cost, "weekly total"));
        for (int week = 0; week < 52; week++) {
            double[] soFar = totals.next(weekly.sum(1).add(new double[] {1}).add(new double[] {1}));
            System.out.println(soFar[0] + " ± " + 2 * totals.standardDeviation());
        }
        assertThat(totals.taken()).isEqualTo(52);
    }

    @Test
    void guide_localRandomizer_runs() {
        UnaryEncoding device = UnaryEncoding.optimized(2, 8);
        List<BitSet> reports = new ArrayList<>();
        for (int answer : answers) {
            reports.add(device.randomize(answer));
        }
        Estimate share = device.estimate(reports).simultaneous().frequency(3);
        assertThat(share).isInstanceOf(Estimate.Measured.class);
    }

    @Test
    void guide_accounting_runs() {
        PrivacyLoss step = new PrivacyLoss.PoissonSampled(0.01, new PrivacyLoss.Gaussian(1.1, Neighbouring.ADD_REMOVE));
        PrivacyInterval epsilon = PldAccountant.of().epsilon(step.repeat(1000), 1e-5);
        Calibration.Noise noise = Calibration.of(2, 1e-5).noise(0.01, 1000, Neighbouring.ADD_REMOVE);
        Calibration.Steps steps = Calibration.of(2, 1e-5).steps(step);
        assertThat(epsilon.lower()).isBetween(1.5153, 1.5154);
        assertThat(epsilon.upper()).isBetween(1.5153, 1.5154);
        assertThat(noise.multiplier()).isLessThan(1.1);
        assertThat(steps.count()).isGreaterThan(1000);
    }

    @DpAudit(epsilon = 1, samples = 200_000)
    void privateCount_keepsItsEpsilon(DpAuditor auditor) {
        DiscreteLaplace noise = DiscreteLaplace.of(1); // scale: sensitivity 1 over epsilon 1
        auditor.compare(() -> 10 + noise.sample(), () -> 11 + noise.sample());
    }

    @Test
    void guide_commands_run() throws IOException {
        Path csv = folder.resolve("people.csv");
        Files.writeString(csv, "id,age\n1,30\n1,31\n2,44\n");
        int commands = 0;
        for (String block : blocks("sh\n")) {
            for (String line : block.replace("\\\n", " ").split("\n")) {
                String[] words = line.replace("people.csv", csv.toString())
                        .replace("people.ledger", folder.resolve("cli.ledger").toString())
                        .strip()
                        .split("\\s+");
                assertThat(words[0]).isEqualTo("aisec");
                ByteArrayOutputStream err = new ByteArrayOutputStream();
                PrintStream print = new PrintStream(err, true, StandardCharsets.UTF_8);
                int code = Main.run(
                        new Main.Streams(System.out, print, false),
                        List.of(words).subList(1, words.length).toArray(String[]::new));
                assertThat(code)
                        .as(line + ": " + err.toString(StandardCharsets.UTF_8))
                        .isZero();
                commands++;
            }
        }
        assertThat(commands).isEqualTo(5);
    }

    @Test
    void guide_snippets_areThoseThatRun() throws IOException {
        String here = squeeze(Files.readString(
                ModuleArrowsTest.repository().resolve("aisec-cli/src/test/java/dev/aisec/cli/PrivacyGuideTest.java")));
        List<String> snippets = blocks("java\n");
        assertThat(snippets).hasSize(7).allSatisfy(snippet -> {
            for (String statement : snippet.split(";\n")) {
                assertThat(here).contains(squeeze(statement));
            }
        });
    }

    private static List<String> blocks(String language) throws IOException {
        String[] parts = Files.readString(ModuleArrowsTest.repository().resolve("docs/guide/privacy.md"))
                .split("```");
        List<String> blocks = new ArrayList<>();
        for (int i = 1; i < parts.length; i += 2) {
            assertThat(parts[i]).matches("(?s)(java|sh)\n.*");
            if (parts[i].startsWith(language)) {
                blocks.add(parts[i].substring(language.length()));
            }
        }
        return blocks;
    }

    private static String squeeze(String text) {
        return text.replaceAll("\\s+", "");
    }
}
