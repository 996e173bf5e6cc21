// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class UniversalPerturbationTest {
    private static final int N = 40;
    private static final int CLASSES = 5;
    private static final ModelSpec SPEC = new ModelSpec(Shape.of(N), CLASSES, Bounds.of(-3, 3));

    private static LinearClassifier model() {
        RandomGenerator random = new Seed(41).generator(0);
        float[][] weights = new float[CLASSES][N];
        for (float[] row : weights) {
            for (int j = 0; j < N; j++) {
                row[j] = (float) random.nextGaussian();
            }
        }
        return new LinearClassifier(weights, new float[CLASSES], SPEC);
    }

    private static Batch inputs(int rows, long seed) {
        RandomGenerator random = new Seed(seed).generator(0);
        float[] values = new float[rows * N];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.max(-3, Math.min(3, 0.6 * random.nextGaussian()));
        }
        return Batch.wrap(values, SPEC.inputShape());
    }

    private static UniversalPerturbation fit(Norm norm, double epsilon) {
        Batch data = inputs(400, 1);
        return UniversalPerturbation.fit(
                "linear",
                model(),
                new Labelled(data, Targets.of(model().predict(data))),
                inputs(300, 2),
                UniversalPerturbation.Plan.of(norm, epsilon),
                Progress.NONE);
    }

    private static double value(Estimate estimate) {
        return ((Estimate.Measured) estimate).value();
    }

    /** A linear model can be pushed into one class: all rows of the others, four in five, are fooled. Noise does not do it. */
    @Test
    void fit_linearModel_foolsMostHeldOutRows() {
        double[] radius = {0.5, 2.5, 12};
        List<Norm> norms = List.of(Norm.LINF, Norm.L2, Norm.L1);
        for (int k = 0; k < 3; k++) {
            UniversalPerturbation fitted = fit(norms.get(k), radius[k]);
            Batch delta = Batch.of(fitted.perturbation(), SPEC.inputShape());
            assertThat(norms.get(k).distance(delta, Batch.of(new float[N], SPEC.inputShape()), 0))
                    .isLessThanOrEqualTo(radius[k]);
            assertThat(value(fitted.foolingRate())).as("%s", norms.get(k)).isGreaterThan(0.6);
            Batch fresh = inputs(300, 3);
            int noise = RandomNoise.of(norms.get(k), radius[k])
                    .withTries(1)
                    .perturb(model(), fresh, Goal.avoid(model().predict(fresh)))
                    .count(AttackResult.Status.SUCCEEDED);
            assertThat(noise / 300.0).isLessThan(value(fitted.foolingRate()) - 0.2);
        }
    }

    @Test
    void apply_blackBox_addsThePerturbationAndAsksOnce() {
        UniversalPerturbation fitted = fit(Norm.LINF, 0.5);
        Batch inputs = inputs(100, 4);
        BlackBox model = new BlackBox(model());
        AttackResult result = model.attackedBy(fitted.apply(), inputs, Goal.avoid(model().predict(inputs)));
        // Inputs, candidates, confirmation.
        assertThat(model.calls).isEqualTo(3);
        float[] delta = fitted.perturbation();
        for (int i = 0; i < 100; i++) {
            for (int j = 0; j < N; j++) {
                float sum = Math.max(-3, Math.min(3, inputs.get(i, j) + delta[j]));
                // To the ball belongs what the exact difference says: an ulp of 3 less than the rounded sum.
                assertThat(Math.abs(result.samples().get(i, j) - sum)).isLessThanOrEqualTo(2.4e-7f);
            }
        }
        Estimate rate = fitted.foolingRate(model(), inputs, RowChunks.of(7));
        assertThat(value(rate)).isEqualTo(result.count(AttackResult.Status.SUCCEEDED) / 100.0);
        // Half the radius, half the perturbation.
        AttackResult half =
                fitted.apply().withEpsilon(0.25).perturb(model(), inputs, Goal.avoid(model().predict(inputs)));
        assertThat(half.count(AttackResult.Status.SUCCEEDED)).isLessThan(result.count(AttackResult.Status.SUCCEEDED));
        assertThat(half.rows()).allSatisfy(r -> assertThat(r.distance()).isLessThanOrEqualTo(0.25));
        assertThat(fitted.apply().withEpsilon(0.25).toString())
                .contains("epsilon=0.25")
                .contains("epsilon=0.5");
    }

    @Test
    void evidence_fitted_hasRateWithInterval() {
        UniversalPerturbation fitted = fit(Norm.L2, 2);
        Measurement.Scalar rate =
                (Measurement.Scalar) fitted.evidence().measurements().get(0);
        assertThat(rate.name()).isEqualTo("fooling-rate");
        assertThat(rate.labels()).containsEntry("norm", "L2").containsEntry("data", "held-out");
        Estimate.Measured measured = (Estimate.Measured) rate.estimate();
        assertThat(measured.n()).isEqualTo(300);
        assertThat(measured.interval().lower()).isLessThan(measured.value());
        assertThat(measured.interval().upper()).isGreaterThan(measured.value());
    }

    @Test
    void fit_sameArguments_givesSameBitsAndTellsProgress() {
        UniversalPerturbation fitted = fit(Norm.L2, 2);
        fitted.perturbation()[0] = 99;
        assertThat(fitted.perturbation()).isEqualTo(fit(Norm.L2, 2).perturbation());
        Batch data = inputs(130, 5);
        float[] before = data.toArray();
        List<Long> done = new ArrayList<>();
        UniversalPerturbation none = UniversalPerturbation.fit(
                "linear",
                model(),
                new Labelled(data, Targets.of(new int[130])),
                inputs(0, 1),
                UniversalPerturbation.Plan.of(Norm.LINF, 0.1).withEpochs(2).withSeed(new Seed(7)),
                (d, total) -> {
                    assertThat(total).isEqualTo(4);
                    done.add(d);
                });
        assertThat(done).containsExactly(1L, 2L, 3L, 4L);
        assertThat(data.toArray()).isEqualTo(before);
        assertThat(none.foolingRate()).isInstanceOf(Estimate.Abstained.class);
    }

    @Test
    void fit_badArguments_namesParameterRuleValue() {
        assertThatThrownBy(() -> UniversalPerturbation.Plan.of(Norm.L0, 1))
                .hasMessageStartingWith("norm must be L1, L2 or LINF");
        assertThatThrownBy(() -> UniversalPerturbation.Plan.of(Norm.L2, 1).withEpochs(0))
                .hasMessage("epochs and batch must be >= 1, were 0 and 128");
        assertThatThrownBy(() -> new UniversalPerturbation.Plan(Norm.L2, 1, 0.1, 1, 1, 0, new Seed(0)))
                .hasMessage("lossCap must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> UniversalPerturbation.fit(
                        "m",
                        model(),
                        new Labelled(inputs(0, 1), Targets.of()),
                        inputs(1, 1),
                        UniversalPerturbation.Plan.of(Norm.L2, 1),
                        Progress.NONE))
                .hasMessage("data must have at least 1 row, had 0");
        assertThatThrownBy(() -> fit(Norm.L2, 1)
                        .apply()
                        .perturb(AttackContractTest.model(), AttackContractTest.inputs(1), Goal.avoid(0)))
                .hasMessage("model must take inputs of shape [40], took [12]");
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> fit(Norm.L2, 1)).isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
