// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Estimate;
import dev.aisec.core.Seed;
import dev.aisec.fairness.metric.GroupSpace;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.commons.math3.optim.PointValuePair;
import org.apache.commons.math3.optim.linear.LinearConstraint;
import org.apache.commons.math3.optim.linear.LinearConstraintSet;
import org.apache.commons.math3.optim.linear.LinearObjectiveFunction;
import org.apache.commons.math3.optim.linear.NonNegativeConstraint;
import org.apache.commons.math3.optim.linear.Relationship;
import org.apache.commons.math3.optim.linear.SimplexSolver;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExponentiatedGradientTest {
    private static final int VALUES = 6;
    private static final int GROUPS = 3;

    /** The best of all 2⁶ classifiers of one feature with six values: each value by the sign of its sum of costs. */
    private static final CostSensitiveLearner TABLE = (features, columns, favourable, weights) -> {
        double[] gain = new double[VALUES];
        for (int i = 0; i < features.length; i++) {
            gain[(int) features[i]] += favourable[i] ? weights[i] : -weights[i];
        }
        return x -> Arrays.stream(x).map(v -> gain[(int) v] > 0 ? 1 : 0).toArray();
    };

    /** The best of the seven thresholds x >= t. */
    private static final CostSensitiveLearner THRESHOLDS = (features, columns, favourable, weights) -> {
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int t = 0; t <= VALUES; t++) {
            double cost = 0;
            for (int i = 0; i < features.length; i++) {
                cost += (features[i] >= t) == favourable[i] ? 0 : weights[i];
            }
            if (cost < least) {
                least = cost;
                best = t;
            }
        }
        int threshold = best;
        return x -> Arrays.stream(x).map(v -> v >= threshold ? 1 : 0).toArray();
    };

    private record Sample(double[] x, GroupedRows rows) {}

    private static Sample sample(long seed) {
        RandomGenerator random = new Seed(seed).generator(0);
        int n = 240;
        double[] x = new double[n];
        int[] groups = new int[n];
        boolean[] labels = new boolean[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            groups[i] = random.nextInt(GROUPS);
            x[i] = Math.min(VALUES - 1, random.nextInt(4) + groups[i]);
            labels[i] = random.nextDouble() < 0.1 + 0.15 * x[i];
            weights[i] = 0.5 + random.nextDouble();
        }
        return new Sample(x, GroupedRows.of(GroupSpace.of("g", "a", "b", "c"), groups, labels, weights));
    }

    /** The optimum by a linear program over the weights of the given classifiers of the six values. */
    private static double optimum(
            Sample sample, FairnessConstraint constraint, double bound, double most, List<double[]> classifiers) {
        GroupedRows rows = sample.rows();
        int h = classifiers.size();
        double total = Arrays.stream(rows.weights()).sum();
        double[] objective = new double[h + 1];
        objective[h] = most;
        List<LinearConstraint> constraints = new ArrayList<>();
        double[] ones = new double[h + 1];
        Arrays.fill(ones, 0, h, 1);
        constraints.add(new LinearConstraint(ones, Relationship.EQ, 1));
        int events = constraint == FairnessConstraint.EQUALIZED_ODDS ? 2 : 1;
        for (int k = 0; k < h; k++) {
            for (int i = 0; i < rows.size(); i++) {
                double d = classifiers.get(k)[(int) sample.x()[i]];
                objective[k] += rows.weight(i) / total * (rows.favourable(i) ? 1 - d : d);
            }
        }
        for (int e = 0; e < events; e++) {
            for (int g = 0; g < GROUPS; g++) {
                double[] plus = new double[h + 1];
                double[] minus = new double[h + 1];
                for (int k = 0; k < h; k++) {
                    double own = 0;
                    double ownWeight = 0;
                    double all = 0;
                    double allWeight = 0;
                    for (int i = 0; i < rows.size(); i++) {
                        boolean label = rows.favourable(i);
                        boolean counts = switch (constraint) {
                            case EQUALIZED_ODDS -> label == (e == 1);
                            case TRUE_POSITIVE_RATE_PARITY -> label;
                            case FALSE_POSITIVE_RATE_PARITY -> !label;
                            default -> true;
                        };
                        double d = classifiers.get(k)[(int) sample.x()[i]];
                        boolean error = constraint == FairnessConstraint.ERROR_RATE_PARITY
                                || constraint == FairnessConstraint.BOUNDED_GROUP_LOSS;
                        double u = error && label ? 1 - d : d;
                        if (counts) {
                            all += rows.weight(i) * u;
                            allWeight += rows.weight(i);
                            if (rows.group(i) == g) {
                                own += rows.weight(i) * u;
                                ownWeight += rows.weight(i);
                            }
                        }
                    }
                    double gap = own / ownWeight
                            - (constraint == FairnessConstraint.BOUNDED_GROUP_LOSS ? 0 : all / allWeight);
                    plus[k] = gap;
                    minus[k] = -gap;
                }
                plus[h] = -1;
                minus[h] = -1;
                constraints.add(new LinearConstraint(plus, Relationship.LEQ, bound));
                if (constraint != FairnessConstraint.BOUNDED_GROUP_LOSS) {
                    constraints.add(new LinearConstraint(minus, Relationship.LEQ, bound));
                }
            }
        }
        PointValuePair solution = new SimplexSolver()
                .optimize(
                        new LinearObjectiveFunction(objective, 0),
                        new LinearConstraintSet(constraints),
                        GoalType.MINIMIZE,
                        new NonNegativeConstraint(true));
        return solution.getValue();
    }

    private static List<double[]> tables() {
        List<double[]> all = new ArrayList<>();
        for (int bits = 0; bits < 1 << VALUES; bits++) {
            double[] table = new double[VALUES];
            for (int v = 0; v < VALUES; v++) {
                table[v] = bits >> v & 1;
            }
            all.add(table);
        }
        return all;
    }

    private static List<double[]> thresholds() {
        List<double[]> all = new ArrayList<>();
        for (int t = 0; t <= VALUES; t++) {
            double[] table = new double[VALUES];
            Arrays.fill(table, t, VALUES, 1);
            all.add(table);
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(FairnessConstraint.class)
    void fit_exactLearner_isTheOptimumOverAllMixtures(FairnessConstraint constraint) {
        double bound = constraint == FairnessConstraint.BOUNDED_GROUP_LOSS ? 0.3 : 0.03;
        for (long seed = 0; seed < 4; seed++) {
            Sample sample = sample(seed);
            for (boolean table : new boolean[] {true, false}) {
                RandomizedClassifier fair = ExponentiatedGradient.of(constraint, bound)
                        .withLearner(table ? TABLE : THRESHOLDS)
                        .withTolerance(1e-9)
                        .withRounds(200)
                        .fit(sample.x(), 1, sample.rows());

                double optimum = optimum(sample, constraint, bound, 100, table ? tables() : thresholds());
                SaddleCertificate certificate = fair.certificate();
                assertThat(certificate.gap()).isLessThanOrEqualTo(1e-9);
                // Sums of many costs: an exact learner falls short by rounding only.
                assertThat(certificate.shortfall()).isLessThan(1e-10);
                assertThat(certificate.upper()).isCloseTo(optimum, within(1e-8));
                assertThat(certificate.lower()).isLessThanOrEqualTo(optimum + 1e-9);
                assertThat(certificate.error() + 100 * Math.max(0, certificate.violation()))
                        .isCloseTo(certificate.upper(), within(1e-12));
            }
        }
    }

    @Test
    void fit_moreRounds_gapShrinks() {
        Sample sample = sample(7);
        ExponentiatedGradient fair = ExponentiatedGradient.of(FairnessConstraint.EQUALIZED_ODDS, 0.01)
                .withLearner(TABLE)
                .withTolerance(1e-9);

        double last = Double.POSITIVE_INFINITY;
        for (int rounds = 1; rounds <= 64; rounds *= 4) {
            double gap = fair.withRounds(rounds)
                    .fit(sample.x(), 1, sample.rows())
                    .certificate()
                    .gap();
            assertThat(gap).isLessThanOrEqualTo(last);
            last = gap;
        }
        assertThat(fair.withRounds(1)
                        .fit(sample.x(), 1, sample.rows())
                        .certificate()
                        .gap())
                .isGreaterThan(0.01);
        assertThat(last).isLessThanOrEqualTo(1e-9);
    }

    @Test
    void fit_result_mixesAsCertified() {
        Sample sample = sample(3);
        RandomizedClassifier fair = ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.02)
                .withLearner(TABLE)
                .fit(sample.x(), 1, sample.rows());

        assertThat(Arrays.stream(fair.probabilities()).sum()).isCloseTo(1, within(1e-12));
        assertThat(fair.scorers()).hasSameSizeAs(fair.probabilities());
        Estimate.Measured deviation = (Estimate.Measured) fair.deviation(sample.x(), sample.rows(), 0.95);
        Estimate.Measured error = (Estimate.Measured) fair.error(sample.x(), sample.rows(), 0.95);
        assertThat(deviation.value() - 0.02).isCloseTo(fair.certificate().violation(), within(1e-12));
        assertThat(error.value()).isCloseTo(fair.certificate().error(), within(1e-12));
        assertThat(deviation.interval().contains(deviation.value())).isTrue();
        assertThat(fair.evidence("toy", sample.x(), sample.rows(), 0.95).measurements())
                .hasSize(2);
        assertThat(fair.evidence("toy", sample.x(), sample.rows(), 0.95).parameters())
                .containsEntry("constraint", "demographic-parity")
                .containsKey("dual-gap");
    }

    @Test
    void fit_twice_isTheSame() {
        Sample sample = sample(3);
        ExponentiatedGradient fair = ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.02);

        RandomizedClassifier first = fair.fit(sample.x(), 1, sample.rows());
        RandomizedClassifier second = fair.fit(sample.x(), 1, sample.rows());

        assertThat(second.certificate()).isEqualTo(first.certificate());
        assertThat(second.acceptProbabilities(sample.x())).isEqualTo(first.acceptProbabilities(sample.x()));
    }

    @Test
    void decide_subjects_keepTheirDecisionAndTheShare() {
        // Two models of equal share would be luck: take a mixture from a hard problem and look at a random feature
        // value.
        Sample sample = sample(3);
        RandomizedClassifier fair = ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.0)
                .withLearner(TABLE)
                .fit(sample.x(), 1, sample.rows());
        double[] values = {0, 1, 2, 3, 4, 5};
        double[] accept = fair.acceptProbabilities(values);
        int mixed = 0;
        for (int v = 0; v < VALUES; v++) {
            mixed = accept[v] > 0.01 && accept[v] < 0.99 ? v : mixed;
        }
        assertThat(accept[mixed]).isBetween(0.01, 0.99);
        int n = 20_000;
        double[] x = new double[n];
        Arrays.fill(x, mixed);
        long[] subjects = new long[n];
        Arrays.setAll(subjects, i -> i);

        boolean[] decisions = fair.decide(x, subjects, new Seed(5));

        int accepted = 0;
        for (boolean decision : decisions) {
            accepted += decision ? 1 : 0;
        }
        // 6.2 standard deviations of a binomial share: false alarm below 1e-9.
        assertThat((double) accepted / n).isCloseTo(accept[mixed], within(6.2 * 0.5 / Math.sqrt(n)));
        boolean[] again = fair.decide(new double[] {mixed, mixed}, new long[] {17, 4_711}, new Seed(5));
        assertThat(again).containsExactly(decisions[17], decisions[4_711]);
        assertThatThrownBy(() -> fair.decide(values, new long[1], new Seed(1)))
                .hasMessage("subjects must be as many as rows, 6, were 1");
    }

    @Test
    void deviation_heldOutSamples_areCovered() {
        Sample sample = sample(3);
        RandomizedClassifier fair = ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.05)
                .withLearner(TABLE)
                .fit(sample.x(), 1, sample.rows());
        // The population: x uniform on {g, …, g + 3} in group g; 100 rows of each group are drawn.
        double[] rate = new double[GROUPS];
        double[] accept = fair.acceptProbabilities(new double[] {0, 1, 2, 3, 4, 5});
        for (int g = 0; g < GROUPS; g++) {
            for (int v = 0; v < 4; v++) {
                rate[g] += accept[Math.min(5, g + v)] / 4;
            }
        }
        double mean = Arrays.stream(rate).average().getAsDouble();
        double truth = Arrays.stream(rate).map(r -> Math.abs(r - mean)).max().getAsDouble();
        int misses = 0;
        for (int run = 0; run < 500; run++) {
            RandomGenerator random = new Seed(run).generator(9);
            double[] x = new double[300];
            int[] groups = new int[300];
            for (int i = 0; i < 300; i++) {
                groups[i] = i % GROUPS;
                x[i] = Math.min(5, groups[i] + random.nextInt(4));
            }
            GroupedRows rows = GroupedRows.of(sample.rows().space(), groups, new boolean[300]);
            Estimate.Measured measured = (Estimate.Measured) fair.deviation(x, rows, 0.9);
            misses += measured.interval().contains(truth) ? 0 : 1;
        }
        // Binomial(500, 0.1): more than 95 misses have probability below 1e-9.
        assertThat(misses).isLessThanOrEqualTo(95);
    }

    @Test
    void fit_degenerate_isNamedNotNaN() {
        GroupSpace space = GroupSpace.of("g", "a", "b", "empty");
        double[] x = {0, 1, 2, 3, 4, 5};
        int[] groups = {0, 0, 0, 1, 1, 1};
        GroupedRows oneClass = GroupedRows.of(space, groups, new boolean[6]);
        GroupedRows noPositivesInB =
                GroupedRows.of(space, groups, new boolean[] {true, false, true, false, false, false});
        GroupedRows oneGroup =
                GroupedRows.of(space, new int[6], new boolean[] {true, false, true, false, false, false});

        for (FairnessConstraint constraint : FairnessConstraint.values()) {
            for (GroupedRows rows : List.of(oneClass, noPositivesInB, oneGroup)) {
                RandomizedClassifier fair =
                        ExponentiatedGradient.of(constraint, 0.1).fit(x, 1, rows);
                SaddleCertificate c = fair.certificate();
                assertThat(Arrays.stream(new double[] {c.error(), c.violation(), c.lower(), c.upper(), c.gap()}))
                        .allMatch(v -> Double.isFinite(v));
                assertThat(fair.findings()).isNotEmpty();
                assertThat(Arrays.stream(fair.acceptProbabilities(x))).allMatch(p -> p >= 0 && p <= 1);
            }
        }
        RandomizedClassifier fair = ExponentiatedGradient.of(FairnessConstraint.TRUE_POSITIVE_RATE_PARITY, 0.1)
                .fit(x, 1, noPositivesInB);
        assertThat(fair.findings()).anySatisfy(f -> assertThat(f.location()).isEqualTo("g=b"));
        assertThat(fair.deviation(x, noPositivesInB, 0.95))
                .isEqualTo(new Estimate.Abstained("only one group has rows that the constraint concerns", 2));
        assertThat(fair.deviation(x, oneClass, 0.95))
                .isEqualTo(new Estimate.Abstained("no rows that the constraint concerns", 0));
        assertThat(fair.error(new double[0], GroupedRows.of(space, new int[0], new boolean[0]), 0.95))
                .isEqualTo(new Estimate.Abstained("no rows with weight", 0));
    }

    @Test
    void fit_badInput_isRefused() {
        GroupSpace space = GroupSpace.of("g", "a", "b");
        GroupedRows rows = GroupedRows.of(space, new int[] {0, 1}, new boolean[] {true, false});
        ExponentiatedGradient fair = ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, 0.1);

        assertThatThrownBy(() -> fair.fit(new double[] {0, Double.NaN}, 1, rows))
                .hasMessage("features must be finite, row 1 column 0 was NaN");
        assertThatThrownBy(() -> fair.fit(new double[3], 1, rows))
                .hasMessage("rows must be as many as rows of features, 3, were 2");
        assertThatThrownBy(() -> fair.fit(new double[2], 1, rows.withWeights(new double[2])))
                .hasMessage("sum of weights must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> fair.withLearner((f, c, y, w) -> v -> new double[] {Double.NaN, 0})
                        .fit(new double[2], 1, rows))
                .hasMessage("scores must not be NaN, row 0 was");
        assertThatThrownBy(() -> ExponentiatedGradient.of(FairnessConstraint.DEMOGRAPHIC_PARITY, -0.1))
                .hasMessage("bound must be in [0, 1], was -0.1");
        assertThatThrownBy(() -> fair.withTolerance(0)).hasMessage("tolerance must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> fair.withRounds(0)).hasMessage("rounds must be >= 1, was 0");
    }

    @Test
    void fit_twoThousandGroups_averagesWithoutTheLinearProgram() {
        int groups = 2_000;
        String[] names = new String[groups];
        Arrays.setAll(names, g -> "g" + g);
        int n = 3 * groups;
        double[] x = new double[n];
        int[] group = new int[n];
        boolean[] labels = new boolean[n];
        for (int i = 0; i < n; i++) {
            group[i] = i % groups;
            x[i] = i % VALUES;
            labels[i] = x[i] > 2;
        }
        RandomizedClassifier fair = ExponentiatedGradient.of(FairnessConstraint.BOUNDED_GROUP_LOSS, 0.5)
                .withLearner(TABLE)
                .withRounds(10)
                .fit(x, 1, GroupedRows.of(GroupSpace.of("g", names), group, labels));

        assertThat(fair.certificate().error()).isZero();
        assertThat(fair.certificate().violation()).isEqualTo(-0.5);
        assertThat(fair.certificate().gap()).isLessThanOrEqualTo(1e-3);
    }
}
