// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Attacks that ask for decisions only, on linear models, of which the least distance is known. */
class DecisionAttackTest {
    private static final Shape SHAPE = Shape.of(40);

    /** Attack, norm, budget, and how much more than the least distance it may take. */
    static Stream<Arguments> all() {
        return Stream.of(
                Arguments.of(HopSkipJump.of(Norm.L2).withQueries(4000), Norm.L2, 4000, 1.03),
                Arguments.of(HopSkipJump.of(Norm.LINF).withQueries(4000), Norm.LINF, 4000, 1.1),
                Arguments.of(Boundary.of().withQueries(8000), Norm.L2, 8000, 1.05));
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_linearModel_comesNearLeastDistanceWithinBudget(
            Attack<Classifier> attack, Norm norm, int budget, double factor) {
        for (int classes : new int[] {2, 5}) {
            LinearClassifier model = ScoreAttackTest.model(SHAPE, classes);
            Batch inputs = ScoreAttackTest.inputs(SHAPE, 8);
            CountingClassifier counting = new CountingClassifier(model, true);
            AttackResult result = attack.perturb(counting, inputs, Goal.avoid(model.predict(inputs)));
            double[][] least = ScoreAttackTest.distancesOfClasses(model, inputs, norm);
            int[] reached = model.predict(result.samples());
            assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(8);
            // With more than two classes there is a local minimum at the border of each.
            for (int i = 0; i < 8; i++) {
                AttackResult.Row row = result.rows().get(i);
                assertThat(row.distance())
                        .isEqualTo(norm.distance(result.samples(), inputs, i))
                        .as("%d classes, row %d", classes, i)
                        .isBetween(least[i][reached[i]] * (1 - 1e-5), least[i][reached[i]] * factor);
                assertThat(row.queries())
                        .isEqualTo(counting.queries.get((long) i))
                        .isLessThanOrEqualTo(budget);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_otherCutOrSelection_givesSameRows(Attack<Classifier> attack, Norm norm, int budget, double factor) {
        LinearClassifier model = ScoreAttackTest.model(SHAPE, 3);
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 6);
        float[] before = inputs.toArray();
        int[] labels = model.predict(inputs);
        AttackResult whole = attack.perturb(model, inputs, Goal.avoid(labels));
        assertThat(inputs.toArray()).isEqualTo(before);
        for (int row : new int[] {0, 5}) {
            AttackResult one = attack.perturb(model, inputs.rows(row, row + 1), Goal.avoid(labels[row]));
            assertThat(one.samples().row(0)).isEqualTo(whole.samples().row(row));
            assertThat(one.rows().get(0)).isEqualTo(whole.rows().get(row));
            assertThat(attack.perturb(model, inputs.select(row), Goal.avoid(labels[row]))
                            .samples()
                            .row(0))
                    .isEqualTo(whole.samples().row(row));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_nothingToDoBadOrEmptyInput_isTold(Attack<Classifier> attack, Norm norm, int budget, double factor) {
        LinearClassifier model = ScoreAttackTest.model(SHAPE, 3);
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 2);
        AttackResult result = attack.perturb(model, inputs, Goal.reach(model.predict(inputs)));
        assertThat(result.samples()).isEqualTo(inputs);
        assertThat(result.count(AttackResult.Status.NOTHING_TO_DO)).isEqualTo(2);
        assertThat(attack.perturb(model, inputs.rows(0, 0), Goal.avoid()).rows())
                .isEmpty();
        assertThatThrownBy(() -> attack.perturb(model, inputs, Goal.avoid(1)))
                .hasMessage("goal must have 2 rows like inputs, had 1");
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> attack.perturb(model, inputs, Goal.avoid(model.predict(inputs))))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void perturb_modelOfOneClass_failsWithinBudget(Attack<Classifier> attack, Norm norm, int budget, double factor) {
        LinearClassifier model = new LinearClassifier(
                new float[2][40],
                new float[] {1, 0},
                ScoreAttackTest.model(SHAPE, 2).spec());
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 2);
        AttackResult result = attack.perturb(model, inputs, Goal.avoid(0, 0));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(2);
        assertThat(result.samples()).isEqualTo(inputs);
        assertThat(result.rows().get(0).queries()).isEqualTo(101);
    }

    /** ⌊100 √t⌋ probes in iteration t, all at ‖x_t − x*‖ / d from x_t, and first a step of ‖x_t − x*‖ / √t from there. */
    @Test
    void hopSkipJump_probesAndSteps_areThoseOfThePaper() {
        LinearClassifier model = ScoreAttackTest.model(SHAPE, 2);
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 1);
        int[] labels = model.predict(inputs);
        List<Batch> asked = new ArrayList<>();
        Classifier recording = new Classifier() {
            @Override
            public ModelSpec spec() {
                return model.spec();
            }

            @Override
            public Batch logits(Batch in) {
                asked.add(Batch.of(in.toArray(), SHAPE));
                return model.logits(in);
            }
        };
        HopSkipJump.of(Norm.L2).withQueries(3000).perturb(recording, inputs, Goal.avoid(labels));
        int t = 0;
        Batch last = inputs;
        for (int k = 0; k < asked.size(); k++) {
            Batch probes = asked.get(k);
            if (probes.size() == 1) {
                last = model.predict(probes)[0] != labels[0] ? probes : last;
                continue;
            }
            t++;
            if (t < 9) {
                assertThat(probes.size()).isEqualTo((int) (100 * Math.sqrt(t)));
                double distance = Norm.L2.distance(last, inputs, 0);
                for (int i = 0; i < probes.size(); i++) {
                    assertThat(Norm.L2.distance(probes.rows(i, i + 1), last, 0) / (distance / 40))
                            .isCloseTo(1, within(0.02));
                }
                double step = Norm.L2.distance(asked.get(k + 1), last, 0);
                // The bounds may cut it.
                assertThat(step / (distance / Math.sqrt(t))).isBetween(t == 1 ? 0.5 : 0.99, 1.001);
            }
        }
        assertThat(t).isGreaterThanOrEqualTo(9);
    }

    @Test
    void hopSkipJump_smallestBudgets_areKept() {
        LinearClassifier model = ScoreAttackTest.model(SHAPE, 2);
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 5);
        for (int budget : new int[] {3, 4, 10, 25, 60}) {
            CountingClassifier counting = new CountingClassifier(model, true);
            HopSkipJump.of(Norm.L2).withQueries(budget).perturb(counting, inputs, Goal.avoid(model.predict(inputs)));
            assertThat(counting.queries.values()).allMatch(q -> q <= budget);
        }
    }

    @Test
    void hopSkipJump_targetWithStarts_beginsAtNearestOfTheClass() {
        LinearClassifier model = ScoreAttackTest.model(SHAPE, 4);
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 4);
        Batch pool = ScoreAttackTest.inputs(SHAPE, 60).rows(4, 60);
        int[] targets = model.predict(inputs);
        for (int i = 0; i < targets.length; i++) {
            targets[i] = (targets[i] + 1) % 4;
        }
        AttackResult result =
                HopSkipJump.of(Norm.L2).withStarts(pool).withQueries(1000).perturb(model, inputs, Goal.reach(targets));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(4);
        int[] classes = model.predict(pool);
        for (int i = 0; i < 4; i++) {
            double nearest = Double.POSITIVE_INFINITY;
            for (int k = 0; k < pool.size(); k++) {
                if (classes[k] == targets[i]) {
                    nearest = Math.min(nearest, Norm.L2.distance(pool.rows(k, k + 1), inputs.rows(i, i + 1), 0));
                }
            }
            assertThat(result.rows().get(i).distance()).isLessThan(nearest);
        }
        assertThatThrownBy(() -> HopSkipJump.of(Norm.L2)
                        .withStarts(ScoreAttackTest.inputs(Shape.of(3), 1))
                        .perturb(model, inputs, Goal.reach(targets)))
                .hasMessageContaining("must have shape");
    }

    @Test
    void hopSkipJump_unboundedFeatures_startsAroundTheInput() {
        LinearClassifier bounded = ScoreAttackTest.model(SHAPE, 2);
        ModelSpec spec = new ModelSpec(SHAPE, 2, Bounds.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY));
        Classifier free = new Classifier() {
            @Override
            public Batch logits(Batch inputs) {
                return bounded.logits(inputs);
            }

            @Override
            public ModelSpec spec() {
                return spec;
            }
        };
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 4);
        AttackResult result =
                HopSkipJump.of(Norm.L2).withQueries(2000).perturb(free, inputs, Goal.avoid(free.predict(inputs)));
        double[] least = ScoreAttackTest.distances(bounded, inputs, Norm.L2);
        for (int i = 0; i < 4; i++) {
            assertThat(result.rows().get(i).distance()).isLessThan(1.1 * least[i]);
        }
    }

    @Test
    void perturb_moreCandidatesThanOneCallTakes_givesSameRows() {
        Shape shape = Shape.of(1, 28, 28);
        LinearClassifier model = ScoreAttackTest.model(shape, 2);
        Batch inputs = ScoreAttackTest.inputs(shape, 30);
        int[] labels = model.predict(inputs);
        for (Attack<Classifier> attack : List.<Attack<Classifier>>of(
                HopSkipJump.of(Norm.L2).withQueries(200),
                EstimatedGradient.nes(Norm.L2, 0.1).withQueries(100))) {
            CountingClassifier counting = new CountingClassifier(model, false);
            AttackResult whole = attack.perturb(counting, inputs, Goal.avoid(labels));
            for (int row : new int[] {0, 13, 29}) {
                AttackResult one = attack.perturb(model, inputs.rows(row, row + 1), Goal.avoid(labels[row]));
                assertThat(one.samples().row(0)).isEqualTo(whole.samples().row(row));
                assertThat(whole.rows().get(row).queries()).isEqualTo(counting.queries.get((long) row));
            }
        }
    }

    @Test
    void boundary_badParameters_nameRuleAndValue() {
        assertThat(Boundary.of().norm()).isEqualTo(Norm.L2);
        assertThatThrownBy(() -> new Boundary(100, 1, 0.1, null, Boundary.of().seed()))
                .hasMessage("orthogonalStep must be in (0, 1), was 1.0");
        assertThatThrownBy(() ->
                        new Boundary(100, 0.1, Double.NaN, null, Boundary.of().seed()))
                .hasMessage("sourceStep must be in (0, 1), was NaN");
        assertThatThrownBy(() -> Boundary.of().withQueries(2)).hasMessageContaining("was 2");
    }

    @Test
    void boundary_startsAndSeed_areUsed() {
        LinearClassifier model = ScoreAttackTest.model(SHAPE, 2);
        Batch inputs = ScoreAttackTest.inputs(SHAPE, 4);
        Goal goal = Goal.avoid(model.predict(inputs));
        Boundary attack = Boundary.of().withQueries(130);
        Batch pool = HopSkipJump.of(Norm.L2)
                .withQueries(2000)
                .perturb(model, inputs, goal)
                .samples();
        AttackResult near = attack.withStarts(pool).perturb(model, inputs, goal);
        AttackResult far = attack.perturb(model, inputs, goal);
        for (int i = 0; i < 4; i++) {
            assertThat(near.rows().get(i).distance())
                    .isLessThan(far.rows().get(i).distance());
            assertThat(near.rows().get(i).queries()).isLessThanOrEqualTo(130);
        }
        assertThat(attack.withSeed(new Seed(1)).perturb(model, inputs, goal).samples())
                .isNotEqualTo(far.samples());
    }

    @Test
    void hopSkipJump_badParameters_nameRuleAndValue() {
        assertThatThrownBy(() -> HopSkipJump.of(Norm.L1)).hasMessage("norm must be LINF or L2, was L1");
        assertThatThrownBy(() -> HopSkipJump.of(Norm.L2).withQueries(0)).hasMessageContaining("was 0");
        assertThatThrownBy(() -> new HopSkipJump(
                        Norm.L2, 100, 1, null, HopSkipJump.of(Norm.L2).seed()))
                .hasMessage("probes must be >= 2, was 1");
    }
}
