// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import dev.aisec.core.Seed;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.fairness.constraint.ExponentiatedGradient;
import dev.aisec.fairness.constraint.FairnessConstraint;
import dev.aisec.fairness.constraint.LogisticRegression;
import dev.aisec.fairness.constraint.RandomizedClassifier;
import dev.aisec.fairness.constraint.SaddleCertificate;
import dev.aisec.fairness.metric.AuditSettings;
import dev.aisec.fairness.metric.FairnessAudit;
import dev.aisec.fairness.metric.FairnessReport;
import dev.aisec.fairness.metric.GroupCube;
import dev.aisec.fairness.metric.GroupScores;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import dev.aisec.fairness.metric.IntersectionalAudit;
import dev.aisec.fairness.metric.MantelHaenszel;
import dev.aisec.fairness.metric.Measure;
import dev.aisec.fairness.metric.PairContrast;
import dev.aisec.fairness.metric.ScoreAudit;
import dev.aisec.fairness.metric.SubgroupScan;
import dev.aisec.fairness.postprocess.KeyedCoin;
import dev.aisec.fairness.postprocess.ParityConstraint;
import dev.aisec.fairness.postprocess.PolicyAudit;
import dev.aisec.fairness.postprocess.ThresholdOptimizer;
import dev.aisec.fairness.postprocess.ThresholdSolution;
import dev.aisec.fairness.postprocess.ToleranceFrontier;
import dev.aisec.fairness.preprocess.Reweighing;
import dev.aisec.fairness.simulation.AcceptanceRule;
import dev.aisec.fairness.simulation.AdaptiveThreshold;
import dev.aisec.fairness.simulation.ClusterPopulation;
import dev.aisec.fairness.simulation.Decision;
import dev.aisec.fairness.simulation.DecisionCriterion;
import dev.aisec.fairness.simulation.LendingEnvironment;
import dev.aisec.fairness.simulation.LendingState;
import dev.aisec.fairness.simulation.PairedComparison;
import dev.aisec.fairness.simulation.RuleOutcome;
import dev.aisec.fairness.simulation.Simulation;
import dev.aisec.fairness.simulation.SimulationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The snippets of docs/guide/fairness.md, and the check that they are. */
class FairnessGuideTest {
    private record Person(
            int sex, int age, double income, double debt, boolean repaid, double score, boolean granted) {}

    private record Part(List<Person> people, GroupedRows rows, double[] features, double[] scores) {
        static Part of(List<Person> people) {
            int n = people.size();
            int[] groups = new int[n];
            boolean[] repaid = new boolean[n];
            double[] features = new double[2 * n];
            double[] scores = new double[n];
            for (int i = 0; i < n; i++) {
                Person p = people.get(i);
                groups[i] = space.group(p.sex(), p.age());
                repaid[i] = p.repaid();
                features[2 * i] = p.income();
                features[2 * i + 1] = p.debt();
                scores[i] = p.score();
            }
            return new Part(people, GroupedRows.of(space, groups, repaid), features, scores);
        }
    }

    private static final GroupSpace space = new GroupSpace(List.of(
            new GroupSpace.Attribute("sex", List.of("Female", "Male", GroupSpace.MISSING)),
            new GroupSpace.Attribute("age", List.of("under 40", "40 and over"))));
    private static final Part fitted = Part.of(people(3000, new Seed(1)));
    private static final Part unseen = Part.of(people(3000, new Seed(2)));
    private static final List<Person> people = unseen.people();
    private static final GroupedRows train = fitted.rows();
    private static final double[] features = fitted.features();
    private static final double[] scores = fitted.scores();
    private static final GroupedRows test = unseen.rows();
    private static final double[] testFeatures = unseen.features();
    private static final double[] testScores = unseen.scores();
    private static final byte[] key = new byte[32];

    private static List<Person> people(int count, Seed seed) {
        RandomGenerator random = seed.generator(0);
        List<Person> people = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double u = random.nextDouble();
            int sex = u < 0.45 ? 0 : u < 0.9 ? 1 : 2;
            int age = random.nextDouble() < 0.5 ? 0 : 1;
            double income = random.nextGaussian() + 0.5 * sex + 0.3 * age;
            double debt = random.nextGaussian();
            double score = 1 / (1 + Math.exp(-income + debt));
            boolean repaid = random.nextDouble() < score;
            people.add(new Person(sex, age, income, debt, repaid, score, score > 0.5));
        }
        return people;
    }

    @Test
    void guide_audit_runs() {
        GroupSpace space = new GroupSpace(List.of(
                new GroupSpace.Attribute("sex", List.of("Female", "Male", GroupSpace.MISSING)),
                new GroupSpace.Attribute("age", List.of("under 40", "40 and over"))));
        GroupCube.Accumulator table = GroupCube.accumulator(space);
        for (Person p : people) {
            table.add(space.group(p.sex(), p.age()), p.repaid(), p.granted());
        }
        GroupCube cube = table.cube();
        FairnessReport report = FairnessAudit.of().withSubject("loans of May").audit(cube);
        Estimate gap = report.metric("demographic_parity_difference");
        report.evidence().findings().forEach(System.out::println);
        assertThat(gap).isInstanceOf(Estimate.Measured.class);

        List<Estimate> rates = report.byGroup(Measure.TRUE_POSITIVE_RATE);
        report.worstPair(Measure.TRUE_POSITIVE_RATE)
                .ifPresent(pair -> System.out.println(
                        space.name(pair.low()) + " below " + space.name(pair.high()) + " by " + pair.difference()));
        assertThat(rates).hasSize(space.size());

        int women = space.group(0, 0);
        int men = space.group(1, 0);
        Estimate signed =
                PairContrast.difference(Measure.SELECTION_RATE, women, men).of(cube);
        assertThat(((Estimate.Measured) signed).value()).isNegative();

        FairnessAudit careful = FairnessAudit.of()
                .withSettings(AuditSettings.DEFAULT.withMinimum(30).withConfidence(0.99));
        Estimate odds = careful.audit(cube).metric("equalized_odds_difference");
        if (odds instanceof Estimate.Measured measured) {
            System.out.println(measured.value() + " in " + measured.interval());
        } else if (odds instanceof Estimate.Abstained abstained) {
            System.out.println("not measured: " + abstained.reason());
        }
        assertThat(odds).isNotNull();

        List<IntersectionalAudit.Subgroup> subgroups =
                IntersectionalAudit.of(Measure.SELECTION_RATE).audit(cube);
        subgroups.stream().filter(one -> one.holm() <= 0.05).forEach(System.out::println);
        SubgroupScan.Result worst = SubgroupScan.of(true).scan(cube);
        MantelHaenszel.Result sex = MantelHaenszel.of("sex", "Female", "Male").test(cube);
        assertThat(subgroups).isNotEmpty();
        assertThat(worst.pValue()).isLessThan(0.05);
        assertThat(sex.pValue()).isLessThan(0.05);

        report.impossibilities().forEach(conflict -> System.out.println(conflict.explanation()));
        assertThat(report.impossibilities()).isNotEmpty();
    }

    @Test
    void guide_scores_run() {
        boolean[] testLabels = labels(test);
        int women = space.group(0, 0);
        int men = space.group(1, 0);
        GroupScores scored = GroupScores.of(space, test.groups(), testLabels, testScores);
        ScoreAudit audit = ScoreAudit.of();
        Estimate auc = audit.auc(scored, women);
        Estimate apart = audit.abroca(scored, women, men);
        Estimate tooLow = audit.calibrationGap(scored, women);
        Estimate off = audit.calibrationError(scored, women);
        Measurement.Curve roc = audit.roc(scored, women);
        Measurement.Curve reliability = audit.reliability(scored, women);
        for (Estimate each : List.of(auc, apart, tooLow, off)) {
            assertThat(each).isInstanceOf(Estimate.Measured.class);
        }
        assertThat(roc).isNotEqualTo(reliability);
    }

    private static boolean[] labels(GroupedRows rows) {
        boolean[] labels = new boolean[rows.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = rows.favourable(i);
        }
        return labels;
    }

    @Test
    void guide_repairs_run() {
        boolean[] labels = labels(train);
        Reweighing reweighing = Reweighing.fit(train);
        reweighing.findings().forEach(System.out::println);
        double[] weights = reweighing.apply(train).weights();
        LogisticRegression.Model model = LogisticRegression.standard().fit(features, 2, labels, weights);
        assertThat(model.converged()).isTrue();

        RandomizedClassifier fair = ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.02)
                .fit(features, 2, train);
        SaddleCertificate certificate = fair.certificate();
        System.out.println("gap " + certificate.gap() + ", learner short by " + certificate.shortfall());
        Estimate deviation = fair.deviation(testFeatures, test, 0.95);
        assertThat(deviation).isInstanceOf(Estimate.Measured.class);

        ThresholdSolution solution = ThresholdOptimizer.of(ParityConstraint.EQUALIZED_ODDS)
                .withTolerance(0.02)
                .solve(train, scores);
        Verification proof = solution.verify(train, scores);
        PolicyAudit elsewhere = PolicyAudit.of(solution.policy(), test, testScores);
        KeyedCoin coin = KeyedCoin.of(key, "loans"); // 32 secret bytes
        boolean granted = solution.policy().accept(space.group(0, 1), 0.62, "customer 4711", coin);
        assertThat(proof.verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(elsewhere.inSample()).isFalse();
        assertThat(granted).isEqualTo(solution.policy().accept(space.group(0, 1), 0.62, "customer 4711", coin));

        ToleranceFrontier frontier =
                ThresholdOptimizer.of(ParityConstraint.DEMOGRAPHIC_PARITY).frontier(train, scores, 1000);
        System.out.println("accuracy at equality " + frontier.at(0) + ", without a constraint " + frontier.at(1));
        assertThat(frontier.at(0)).isLessThanOrEqualTo(frontier.at(1));
    }

    @Test
    void guide_simulation_runs() {
        LendingEnvironment lending = LendingEnvironment.of(ClusterPopulation.creditClusters());
        Simulation<LendingState, Decision> simulation = Simulation.of(lending, 1000, 20, new Seed(1));
        SimulationResult<LendingState, Decision> parity =
                simulation.run(AdaptiveThreshold.of(lending, DecisionCriterion.DEMOGRAPHIC_PARITY));
        SimulationResult<LendingState, Decision> profit =
                simulation.run(AdaptiveThreshold.of(lending, DecisionCriterion.MAXIMUM_UTILITY));
        PairedComparison.Difference score = parity.minus(profit).end("mean_score", "group=1");
        System.out.println(score.estimate() + " " + score.direction());
        RuleOutcome once = lending.outcome(
                AcceptanceRule.best(DecisionCriterion.DEMOGRAPHIC_PARITY, lending.population(), lending.interest()));
        assertThat(score.estimate()).isInstanceOf(Estimate.Measured.class);
        assertThat(once.scoreChange().get(1)).isBetween(0.13 - 1e-12, 0.13 + 1e-12);
    }

    @Test
    void guide_snippets_areThoseThatRun() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("docs/guide/fairness.md"))) {
            root = root.getParent();
        }
        String here = squeeze(Files.readString(
                root.resolve("aisec-fairness/src/test/java/dev/aisec/fairness/FairnessGuideTest.java")));
        String[] parts =
                Files.readString(root.resolve("docs/guide/fairness.md")).split("```");
        int snippets = 0;
        for (int i = 1; i < parts.length; i += 2) {
            assertThat(parts[i]).matches("(?s)(java|sh)\n.*");
            if (parts[i].startsWith("java")) {
                for (String statement : parts[i].substring(5).split(";\n")) {
                    assertThat(here).contains(squeeze(statement));
                }
                snippets++;
            }
        }
        assertThat(snippets).isEqualTo(12);
    }

    private static String squeeze(String text) {
        return text.replaceAll("\\s+", "");
    }
}
