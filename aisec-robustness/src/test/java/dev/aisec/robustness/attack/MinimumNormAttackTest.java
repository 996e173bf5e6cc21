// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.MarginLoss;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Distances against the truth, which a linear model lets one compute: the least over the other classes, and for each the
 * smallest radius whose ball, cut with the box, reaches over the hyperplane.
 */
class MinimumNormAttackTest {
    static final int N = 20;
    static final int K = 4;
    static final int ROWS = 30;

    /**
     * Attack, and by how much its mean and its worst distance may exceed the truth. The worst are rows where another class is
     * nearer than the one that the attack's loss leads to.
     */
    static Stream<Arguments> all() {
        return Stream.of(
                Arguments.of(DeepFool.of(Norm.L2), 0.021, 0.05),
                Arguments.of(DeepFool.of(Norm.LINF), 0.021, 0.05),
                Arguments.of(Fab.of(Norm.L1), 0.01, 0.05),
                Arguments.of(Fab.of(Norm.L2), 0.005, 0.03),
                Arguments.of(Fab.of(Norm.LINF), 0.005, 0.03),
                Arguments.of(Fab.targeted(Norm.L2).withStarts(2).withSteps(30), 0.005, 0.03),
                Arguments.of(new CarliniWagnerL2(3000, 9, 0.002, 0.001, 0), 0.03, 0.05),
                Arguments.of(Ead.of().withBeta(0.05), 0.03, 0.15),
                Arguments.of(CarliniWagnerLinf.of(), 0.1, 0.35),
                Arguments.of(Ddn.of(), 0.07, 0.2),
                Arguments.of(Ddn.of().withLoss(new MarginLoss()), 0.05, 0.06),
                Arguments.of(Fmn.of(Norm.L1), 0.01, 0.12),
                Arguments.of(Fmn.of(Norm.L2), 0.001, 0.005),
                Arguments.of(Fmn.of(Norm.LINF), 0.01, 0.2));
    }

    static LinearClassifier model(Bounds bounds) {
        RandomGenerator random = new Seed(14).generator(0);
        float[][] weights = new float[K][N];
        float[] bias = new float[K];
        for (int c = 0; c < K; c++) {
            for (int j = 0; j < N; j++) {
                weights[c][j] = (float) random.nextGaussian();
            }
            bias[c] = (float) random.nextGaussian();
        }
        return new LinearClassifier(weights, bias, new ModelSpec(Shape.of(N), K, bounds));
    }

    /** Half of the features at the border of the box: there it binds. */
    static Batch inputs() {
        RandomGenerator random = new Seed(15).generator(0);
        float[] values = new float[ROWS * N];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextBoolean() ? random.nextFloat() : Math.round(random.nextFloat());
        }
        return Batch.wrap(values, Shape.of(N));
    }

    /** Distance of row i to the set where class c is at least as likely as class y; infinite if the box holds none of it. */
    static double truth(DifferentiableClassifier model, Norm norm, Batch inputs, int i, int y, int c) {
        Batch one = inputs.select(i);
        LogitsAndGradient g = model.gradient(one, z -> {
            float[] v = new float[K];
            v[c] = 1;
            v[y] = -1;
            return Batch.wrap(v, z.shape());
        });
        double gap = (double) g.logits().get(0, y) - g.logits().get(0, c);
        double[] w = new double[N];
        double[] room = new double[N];
        for (int j = 0; j < N; j++) {
            w[j] = Math.abs(g.gradient().get(0, j));
            room[j] = g.gradient().get(0, j) > 0
                    ? model.spec().bounds().upper(j) - one.get(0, j)
                    : one.get(0, j) - model.spec().bounds().lower(j);
        }
        if (norm == Norm.L1) {
            double length = 0;
            Integer[] order = IntStream.range(0, N)
                    .boxed()
                    .sorted(Comparator.comparing(j -> -w[j]))
                    .toArray(Integer[]::new);
            for (int j : order) {
                double size = Math.min(room[j], gap / w[j]);
                length += size;
                gap -= size * w[j];
            }
            return gap > 1e-9 ? Double.POSITIVE_INFINITY : length;
        }
        double low = 0;
        double high = 1e3;
        for (int step = 0; step < 200; step++) {
            double lambda = (low + high) / 2;
            double gain = 0;
            for (int j = 0; j < N; j++) {
                gain += w[j] * Math.min(norm == Norm.L2 ? lambda * w[j] : lambda, room[j]);
            }
            if (gain < gap) {
                low = lambda;
            } else {
                high = lambda;
            }
        }
        double square = 0;
        double most = 0;
        for (int j = 0; j < N; j++) {
            double size = Math.min(norm == Norm.L2 ? high * w[j] : high, room[j]);
            square += size * size;
            most = Math.max(most, size);
        }
        return high > 999 ? Double.POSITIVE_INFINITY : norm == Norm.L2 ? Math.sqrt(square) : most;
    }

    static double truth(DifferentiableClassifier model, Norm norm, Batch inputs, int i, int y) {
        return IntStream.range(0, K)
                .filter(c -> c != y)
                .mapToDouble(c -> truth(model, norm, inputs, i, y, c))
                .min()
                .orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_linearModel_findsTrueDistanceInTheBox(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        checkDistances(attack, Bounds.of(0, 1), mean, worst);
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_linearModel_findsTrueDistanceWithoutBox(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        checkDistances(attack, Bounds.of(-1, 2), mean, worst);
    }

    private static void checkDistances(
            MinimumNormAttack<DifferentiableClassifier> attack, Bounds bounds, double mean, double worst) {
        LinearClassifier model = model(bounds);
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        AttackResult result = attack.perturb(model, inputs, Goal.avoid(labels));
        double sum = 0;
        for (int i = 0; i < ROWS; i++) {
            AttackResult.Row row = result.rows().get(i);
            assertThat(row.status()).isEqualTo(AttackResult.Status.SUCCEEDED);
            double excess = row.distance() / truth(model, attack.norm(), inputs, i, labels[i]) - 1;
            assertThat(excess).as("row " + i).isBetween(-1e-5, worst);
            sum += excess;
        }
        assertThat(sum / ROWS).isLessThanOrEqualTo(mean);
        assertThat(model.predict(result.samples()))
                .satisfies(now -> assertThat(IntStream.range(0, ROWS).noneMatch(i -> now[i] == labels[i]))
                        .isTrue());
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < N; j++) {
                assertThat(result.samples().get(i, j)).isBetween(bounds.lower(j), bounds.upper(j));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_reach_getsThereInTheBox(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        int[] targets = Arrays.stream(labels).map(y -> (y + 1) % K).toArray();
        AttackResult result = attack.perturb(model, inputs, Goal.reach(targets));
        int[] now = model.predict(result.samples());
        int reached = 0;
        for (int i = 0; i < ROWS; i++) {
            AttackResult.Row row = result.rows().get(i);
            assertThat(row.status() == AttackResult.Status.SUCCEEDED).isEqualTo(now[i] == targets[i]);
            if (now[i] == targets[i]) {
                reached++;
                assertThat(row.distance())
                        .isGreaterThanOrEqualTo(
                                (1 - 1e-5) * truth(model, attack.norm(), inputs, i, labels[i], targets[i]));
            }
        }
        assertThat(reached).isGreaterThanOrEqualTo(ROWS - 2);
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_flatModel_failsWithoutChange(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        LinearClassifier flat = new LinearClassifier(
                new float[K][N], new float[] {1, 0, 0, 0}, new ModelSpec(Shape.of(N), K, Bounds.of(0, 1)));
        AttackResult result = attack.perturb(flat, inputs(), Goal.avoid(new int[ROWS]));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(ROWS);
        for (AttackResult.Row row : result.rows()) {
            assertThat(row.zeroGradients()).isEqualTo(row.gradients()).isPositive();
        }
    }

    /** Fooled only while logits and gradients are asked for: what predict sees afterwards is the truth. */
    private record TwoFaced(LinearClassifier model, int[] labels) implements DifferentiableClassifier {
        @Override
        public Batch logits(Batch in) {
            return model.logits(in);
        }

        @Override
        public int[] predict(Batch in) {
            int[] answers = new int[in.size()];
            for (int i = 0; i < answers.length; i++) {
                answers[i] = labels[(int) in.rowNumber(i)];
            }
            return answers;
        }

        @Override
        public ModelSpec spec() {
            return model.spec();
        }

        @Override
        public LogitsAndGradient gradient(Batch in, UnaryOperator<Batch> cotangent) {
            return model.gradient(in, cotangent);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_modelThatChangesItsMind_isUnconfirmed(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs().rows(0, 10);
        int[] labels = model.predict(inputs);
        AttackResult result = attack.perturb(new TwoFaced(model, labels), inputs, Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.UNCONFIRMED)).isEqualTo(10);
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_permutedRows_givesSameRows(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs().rows(0, 10);
        int[] labels = model.predict(inputs);
        AttackResult whole = attack.perturb(model, inputs, Goal.avoid(labels));
        int[] some = {7, 9, 3};
        AttackResult part =
                attack.perturb(model, inputs.select(some), Goal.avoid(labels).select(some));
        for (int k = 0; k < some.length; k++) {
            assertThat(part.samples().row(k)).isEqualTo(whole.samples().row(some[k]));
            assertThat(part.rows().get(k)).isEqualTo(whole.rows().get(some[k]));
        }
    }

    /** What was not confirmed outside the ball says nothing of the ball. */
    @Test
    void within_unconfirmedOutside_isFailed() {
        LinearClassifier model = model(Bounds.of(0, 1));
        int[] labels = model.predict(inputs());
        AttackResult result =
                new Within<>(Fab.of(Norm.L2), 1e-4).perturb(new TwoFaced(model, labels), inputs(), Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(ROWS);
        result = new Within<>(Fab.of(Norm.L2), 5).perturb(new TwoFaced(model, labels), inputs(), Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.UNCONFIRMED)).isEqualTo(ROWS);
    }

    @Test
    void deepFool_fewClasses_asksForFewGradients() {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        AttackResult two = DeepFool.of(Norm.L2).withClasses(2).perturb(model, inputs, Goal.avoid(labels));
        AttackResult all = DeepFool.of(Norm.L2).perturb(model, inputs, Goal.avoid(labels));
        for (int i = 0; i < ROWS; i++) {
            // One step, and one look that finds the row broken. Where the likeliest class is not the nearest, it is
            // farther.
            assertThat(two.rows().get(i).gradients()).isLessThanOrEqualTo(4);
            assertThat(all.rows().get(i).gradients()).isEqualTo(K - 1 + 1);
            assertThat(all.rows().get(i).distance())
                    .isLessThanOrEqualTo(two.rows().get(i).distance() * 1.001);
        }
    }

    /** The input lies on the boundary, with logits of some size and with none. */
    @ParameterizedTest
    @MethodSource("all")
    void perturb_tie_isCrossed(MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        for (float shift : new float[] {0, 5}) {
            float[][] weights = {new float[N], new float[N], new float[N], new float[N]};
            weights[1][3] = 1;
            LinearClassifier tie = new LinearClassifier(
                    weights,
                    new float[] {shift, shift - 0.5f, shift - 9, shift - 9},
                    new ModelSpec(Shape.of(N), K, Bounds.of(0, 1)));
            float[] x = new float[N];
            x[3] = 0.5f;
            AttackResult result = attack.perturb(tie, Batch.wrap(x, Shape.of(N)), Goal.avoid(0));
            assertThat(result.rows().get(0).status()).isEqualTo(AttackResult.Status.SUCCEEDED);
            assertThat(result.rows().get(0).distance()).isLessThan(attack instanceof DeepFool ? 1e-3 : 0.05);
        }
    }

    /** A class that the model never gives, with logit −∞, changes nothing. */
    @ParameterizedTest
    @MethodSource("all")
    void perturb_classWithLogitOfMinusInfinity_isPassedOver(
            MinimumNormAttack<DifferentiableClassifier> attack, double mean, double worst) {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs().rows(0, 5);
        int[] labels = model.predict(inputs);
        ModelSpec spec = new ModelSpec(Shape.of(N), K + 1, Bounds.of(0, 1));
        class Masked implements DifferentiableClassifier {
            @Override
            public ModelSpec spec() {
                return spec;
            }

            @Override
            public Batch logits(Batch in) {
                return widened(model.logits(in));
            }

            @Override
            public LogitsAndGradient gradient(Batch in, UnaryOperator<Batch> cotangent) {
                LogitsAndGradient inner = model.gradient(in, z -> {
                    Batch wide = cotangent.apply(widened(z));
                    float[] v = new float[z.size() * K];
                    for (int i = 0; i < v.length; i++) {
                        v[i] = wide.get(i / K, i % K);
                    }
                    return z.like(v, z.shape());
                });
                return new LogitsAndGradient(widened(inner.logits()), inner.gradient());
            }

            private Batch widened(Batch z) {
                float[] wide = new float[z.size() * (K + 1)];
                Arrays.fill(wide, Float.NEGATIVE_INFINITY);
                for (int i = 0; i < z.size() * K; i++) {
                    wide[i / K * (K + 1) + i % K] = z.get(i / K, i % K);
                }
                return z.like(wide, Shape.of(K + 1));
            }
        }
        AttackResult result = attack.perturb(new Masked(), inputs, Goal.avoid(labels));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(5);
    }

    @Test
    void carliniWagner_confidence_isReached() {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        for (Attack<DifferentiableClassifier> attack : List.<Attack<DifferentiableClassifier>>of(
                CarliniWagnerL2.of().withConfidence(1), new Ead(200, 9, 0.01, 1e-3, 1e-2, Ead.Rule.L1, 1))) {
            AttackResult result = attack.perturb(model, inputs, Goal.avoid(labels));
            Batch logits = model.logits(result.samples());
            assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(ROWS);
            for (int i = 0; i < ROWS; i++) {
                double other = Double.NEGATIVE_INFINITY;
                for (int c = 0; c < K; c++) {
                    other = c == labels[i] ? other : Math.max(other, logits.get(i, c));
                }
                assertThat(other - logits.get(i, labels[i])).isGreaterThanOrEqualTo(1);
            }
        }
    }

    @Test
    void carliniWagner_openBox_optimisesTheFeaturesThemselves() {
        float[] low = new float[N];
        float[] high = new float[N];
        Arrays.fill(high, Float.POSITIVE_INFINITY);
        high[0] = 1;
        LinearClassifier model = model(Bounds.perFeature(low, high));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        AttackResult result = new CarliniWagnerL2(2000, 9, 0.001, 1e-3, 0).perturb(model, inputs, Goal.avoid(labels));
        double sum = 0;
        for (int i = 0; i < ROWS; i++) {
            assertThat(result.rows().get(i).status()).isEqualTo(AttackResult.Status.SUCCEEDED);
            sum += result.rows().get(i).distance() / truth(model, Norm.L2, inputs, i, labels[i]) - 1;
        }
        assertThat(sum / ROWS).isBetween(-1e-5, 0.05);
    }

    @Test
    void ead_elasticNetRule_hasLessOfIt() {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        Goal goal = Goal.avoid(model.predict(inputs));
        Ead ead = Ead.of().withSteps(200, 9).withBeta(0.01);
        Batch sparse = ead.perturb(model, inputs, goal).samples();
        Batch elastic =
                ead.withRule(Ead.Rule.ELASTIC_NET).perturb(model, inputs, goal).samples();
        int unchanged = 0;
        for (int i = 0; i < ROWS; i++) {
            assertThat(elastic(elastic, inputs, i)).isLessThanOrEqualTo(elastic(sparse, inputs, i));
            assertThat(Norm.L1.distance(sparse, inputs, i)).isLessThanOrEqualTo(Norm.L1.distance(elastic, inputs, i));
            for (int j = 0; j < N; j++) {
                unchanged += sparse.get(i, j) == inputs.get(i, j) ? 1 : 0;
            }
        }
        assertThat(unchanged).isGreaterThan(ROWS * N / 2);
    }

    private static double elastic(Batch samples, Batch inputs, int i) {
        double l2 = Norm.L2.distance(samples, inputs, i);
        return l2 * l2 + 0.01 * Norm.L1.distance(samples, inputs, i);
    }

    @Test
    void within_exampleOutside_failsInsideTheBall() {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        int[] labels = model.predict(inputs);
        AttackResult nearest = Fab.of(Norm.L2).perturb(model, inputs, Goal.avoid(labels));
        BallAttack<DifferentiableClassifier> within = new Within<>(Fab.of(Norm.L2), 1).withEpsilon(0.1);
        AttackResult result = within.perturb(model, inputs, Goal.avoid(labels));
        for (int i = 0; i < ROWS; i++) {
            boolean inside = nearest.rows().get(i).distance() <= 0.1;
            assertThat(result.rows().get(i).status())
                    .isEqualTo(inside ? AttackResult.Status.SUCCEEDED : AttackResult.Status.FAILED);
            assertThat(result.rows().get(i).distance()).isLessThanOrEqualTo(0.1);
        }
    }

    /** A ball that half of the rows break in: what is found is the same, and those rows cost a fraction. */
    @Test
    void within_exampleInside_leavesTheRowAlone() {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        Goal goal = Goal.avoid(model.predict(inputs));
        for (Fab fab : List.of(
                Fab.of(Norm.L2),
                Fab.targeted(Norm.L2).withStarts(2),
                Fab.of(Norm.L1),
                Fab.targeted(Norm.LINF).withSteps(20))) {
            AttackResult nearest = fab.perturb(model, inputs, goal);
            double[] distances = nearest.rows().stream()
                    .mapToDouble(AttackResult.Row::distance)
                    .sorted()
                    .toArray();
            double epsilon = (distances[ROWS / 2] + distances[ROWS / 2 + 1]) / 2;
            AttackResult within = new Within<>(fab, epsilon).perturb(model, inputs, goal);
            int cheap = 0;
            for (int i = 0; i < ROWS; i++) {
                AttackResult.Row before = nearest.rows().get(i);
                AttackResult.Row now = within.rows().get(i);
                boolean inside = before.distance() <= epsilon;
                assertThat(now.status()).isEqualTo(inside ? AttackResult.Status.SUCCEEDED : AttackResult.Status.FAILED);
                if (inside) {
                    assertThat(now.queries()).isLessThan(before.queries());
                    cheap += now.queries() * 10 < before.queries() ? 1 : 0;
                } else {
                    assertThat(now.gradients()).isEqualTo(before.gradients());
                }
            }
            assertThat(cheap).as("%s", fab).isGreaterThanOrEqualTo(ROWS / 3);
        }
    }

    @Test
    void perturb_enoughGiven_stopsThere() {
        LinearClassifier model = model(Bounds.of(0, 1));
        Batch inputs = inputs();
        Goal goal = Goal.avoid(model.predict(inputs));
        for (MinimumNormAttack<? super DifferentiableClassifier> attack :
                List.<MinimumNormAttack<? super DifferentiableClassifier>>of(
                        Fab.of(Norm.L2),
                        Ddn.of(),
                        Fmn.of(Norm.L1),
                        Ead.of().withSteps(100, 6),
                        Ead.of().withSteps(100, 6).withRule(Ead.Rule.ELASTIC_NET),
                        CarliniWagnerLinf.of().withSteps(100),
                        HopSkipJump.of(Norm.L2).withQueries(2000),
                        Boundary.of().withQueries(2000))) {
            AttackResult nearest = attack.perturb(model, inputs, goal);
            AttackResult zero = attack.perturb(model, inputs, goal, 0);
            assertThat(zero.rows()).isEqualTo(nearest.rows());
            double enough = 1.5
                    * nearest.rows().stream()
                            .mapToDouble(AttackResult.Row::distance)
                            .max()
                            .orElseThrow();
            AttackResult near = attack.perturb(model, inputs, goal, enough);
            for (int i = 0; i < ROWS; i++) {
                AttackResult.Row row = near.rows().get(i);
                assertThat(row.status()).as("%s", attack).isEqualTo(AttackResult.Status.SUCCEEDED);
                assertThat(row.distance()).isLessThanOrEqualTo(enough);
                assertThat(row.queries())
                        .as("%s, row %d", attack, i)
                        .isLessThan(nearest.rows().get(i).queries());
            }
        }
    }

    @Test
    void constructors_badParameters_nameThem() {
        assertThatThrownBy(() -> DeepFool.of(Norm.L1)).hasMessage("norm must be L2 or LINF, was L1");
        assertThatThrownBy(() -> DeepFool.of(Norm.L2).withSteps(0)).hasMessage("steps must be >= 1, was 0");
        assertThatThrownBy(() -> DeepFool.of(Norm.L2).withClasses(1)).hasMessage("classes must be >= 2, was 1");
        assertThatThrownBy(() -> new DeepFool(Norm.L2, 1, 2, Double.NaN))
                .hasMessage("overshoot must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> Fab.of(Norm.L2).withStarts(0))
                .hasMessage("steps and starts must be >= 1, were 100 and 0");
        assertThatThrownBy(() -> new Fab.Motion(2, 1, 0.5)).hasMessage("alphaMax must be in [0, 1], was 2.0");
        assertThatThrownBy(() -> new Fab.Motion(0, 0.9, 0.5)).hasMessage("eta must be >= 1 and finite, was 0.9");
        assertThatThrownBy(() -> new Fab.Motion(0, 1, 1)).hasMessage("beta must be in (0, 1), was 1.0");
        assertThatThrownBy(() -> Ddn.of().withRadius(0)).hasMessage("radius must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> Ddn.of().withSteps(0)).hasMessage("steps must be >= 1, was 0");
        assertThatThrownBy(() -> Fmn.of(Norm.L2).withAlpha(Double.NaN))
                .hasMessage("alpha must be > 0 and finite, was NaN");
        assertThatThrownBy(() -> new Fmn(Norm.L2, 1, 1, 1)).hasMessage("gamma must be in (0, 1), was 1.0");
        assertThatThrownBy(() -> CarliniWagnerL2.of().withSteps(1, 0))
                .hasMessage("steps and searches must be >= 1, were 1 and 0");
        assertThatThrownBy(() -> CarliniWagnerL2.of().withConfidence(-1))
                .hasMessage("confidence must be >= 0 and finite, was -1.0");
        assertThatThrownBy(() -> Ead.of().withBeta(0)).hasMessage("beta must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> CarliniWagnerLinf.of().withDecrease(1, 0.1))
                .hasMessage("decrease must be in (0, 1), was 1.0");
        assertThatThrownBy(() -> new CarliniWagnerLinf(1, 1, 1, 0.5, 0.9, 0.1))
                .hasMessage("largest must be >= 1.0 and finite, was 0.5");
        assertThatThrownBy(() -> new Within<>(Ddn.of(), Double.NaN))
                .hasMessage("epsilon must be > 0 and finite, was NaN");
    }
}
