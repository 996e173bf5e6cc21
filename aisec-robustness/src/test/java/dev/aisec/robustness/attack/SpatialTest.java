// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SpatialTest {
    private static final int SIDE = 7;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(2, SIDE, SIDE), 3, Bounds.of(-1, 1));

    private static LinearClassifier model() {
        RandomGenerator random = new Seed(31).generator(0);
        float[][] weights = new float[3][2 * SIDE * SIDE];
        for (float[] row : weights) {
            for (int j = 0; j < row.length; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return new LinearClassifier(weights, new float[3], SPEC);
    }

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(32).generator(0);
        float[] values = new float[rows * 2 * SIDE * SIDE];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 3 == 0 ? 1 : 2 * random.nextFloat() - 1;
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    /** A model that one pixel decides. */
    private static LinearClassifier pixel(int y, int x) {
        float[][] weights = new float[3][2 * SIDE * SIDE];
        weights[1][y * SIDE + x] = 1;
        return new LinearClassifier(weights, new float[] {0.25f, 0, -9}, SPEC);
    }

    private static Batch dot(int y, int x) {
        float[] values = new float[2 * SIDE * SIDE];
        Arrays.fill(values, -1);
        values[y * SIDE + x] = 1;
        return Batch.wrap(values, SPEC.inputShape());
    }

    @Test
    void perturb_noAngleAndNoShift_returnsTheInputBitForBit() {
        Batch inputs = inputs(20);
        Goal goal = Goal.avoid(model().predict(inputs));
        for (Spatial attack : List.of(Spatial.worstOf(3, 0, 0), Spatial.grid(0, 0))) {
            AttackResult result = attack.perturb(model(), inputs, goal);
            assertThat(result.samples()).isEqualTo(inputs);
            assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(20);
            assertThat(result.rows()).allSatisfy(r -> assertThat(r.distance()).isZero());
        }
    }

    /** Content moves by (down, right): the dot at (3, 3) comes to (4, 1). */
    @Test
    void perturb_wholeShift_movesPixelsExactly() {
        Spatial attack = Spatial.grid(0, 2).withChoice(new Spatial.Grid(1, 5));
        AttackResult result = attack.perturb(pixel(4, 1), dot(3, 3), Goal.avoid(0));
        assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(1);
        assertThat(result.samples()).isEqualTo(dot(4, 1));
        assertThat(result.rows().get(0).distance()).isEqualTo(Math.sqrt(8));
    }

    /** A quarter turn about the centre, either way, brings (1, 3) to (3, 1) or (3, 5), with no pixel lost to rounding. */
    @Test
    void perturb_quarterTurn_movesThePixel() {
        for (int x : new int[] {1, 5}) {
            Spatial attack = Spatial.grid(90, 0).withChoice(new Spatial.Grid(3, 5));
            AttackResult result = attack.perturb(pixel(3, x), dot(1, 3), Goal.avoid(0));
            assertThat(result.count(AttackResult.Status.SUCCEEDED)).isEqualTo(1);
            assertThat(result.samples().get(0, 3 * SIDE + x)).isGreaterThan(0.999f);
        }
        // Turned to the left first, then moved: (1, 3) comes to (3, 1), then to (4, 0).
        Spatial both = new Spatial(90, 1, new Spatial.Grid(3, 3));
        assertThat(both.perturb(pixel(4, 0), dot(1, 3), Goal.avoid(0)).samples().get(0, 4 * SIDE))
                .isGreaterThan(0.999f);
    }

    @Test
    void perturb_blackBox_staysInsideBoundsAndReportsQueriesExactly() {
        Batch inputs = inputs(60);
        Goal goal = Goal.avoid(model().predict(inputs));
        for (Spatial attack :
                List.of(Spatial.worstOf(10, 10, 0.4), Spatial.grid(4, 0.3).withChoice(new Spatial.Grid(5, 3)))) {
            AttackResult result = new BlackBox(model()).attackedBy(attack, inputs, goal);
            for (float value : result.samples().toArray()) {
                assertThat(value).isBetween(-1f, 1f);
            }
            int most = attack.choice() instanceof Spatial.Draws ? 11 : 45;
            for (AttackResult.Row row : result.rows()) {
                if (row.status() == AttackResult.Status.FAILED) {
                    assertThat(row.queries()).isEqualTo(most);
                    assertThat(row.distance()).isPositive();
                }
            }
            assertThat(result.count(AttackResult.Status.SUCCEEDED)).isPositive();
            assertThat(result.count(AttackResult.Status.FAILED)).isPositive();
        }
    }

    @Test
    void perturb_otherCut_givesSameRows() {
        Batch inputs = inputs(30);
        int[] labels = model().predict(inputs);
        Spatial attack = Spatial.worstOf(5, 15, 1);
        AttackResult whole = attack.perturb(model(), inputs, Goal.avoid(labels));
        AttackResult part =
                attack.perturb(model(), inputs.rows(11, 30), Goal.avoid(Arrays.copyOfRange(labels, 11, 30)));
        assertThat(part.samples()).isEqualTo(whole.samples().rows(11, 30));
        assertThat(part.rows()).isEqualTo(whole.rows().subList(11, 30));
        assertThat(attack.perturb(model(), inputs(0), Goal.avoid()).rows()).isEmpty();
    }

    @Test
    void spatial_badParameters_namesParameterRuleValue() {
        assertThatThrownBy(() -> Spatial.grid(181, 0)).hasMessage("degrees must be in [0, 180], was 181.0");
        assertThatThrownBy(() -> Spatial.grid(0, Double.NaN)).hasMessage("pixels must be >= 0 and finite, was NaN");
        assertThatThrownBy(() -> Spatial.worstOf(0, 1, 1)).hasMessage("count must be >= 1, was 0");
        assertThatThrownBy(() -> new Spatial.Grid(0, 1)).hasMessageContaining("were 0 and 1");
        assertThatThrownBy(() -> Spatial.grid(1, 1)
                        .perturb(AttackContractTest.model(), AttackContractTest.inputs(1), Goal.avoid(0)))
                .hasMessageContaining("inputs must have shape [channels, height, width]");
        ModelSpec open = new ModelSpec(Shape.of(1, 1, 2), 2, Bounds.of(0, Float.POSITIVE_INFINITY));
        LinearClassifier model = new LinearClassifier(new float[2][2], new float[2], open);
        assertThatThrownBy(() ->
                        Spatial.grid(1, 1).perturb(model, Batch.of(new float[2], open.inputShape()), Goal.avoid(0)))
                .hasMessageContaining("bounds must be one finite range");
    }
}
