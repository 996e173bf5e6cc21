// SPDX-License-Identifier: Apache-2.0
package dev.aisec.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.fairness.constraint.CovarianceLoss;
import dev.aisec.fairness.constraint.GroupDro;
import dev.aisec.fairness.constraint.PrejudiceRemoverLoss;
import dev.aisec.nd4j.engine.Activation;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.LayerSpec;
import dev.aisec.nd4j.engine.NetworkSpec;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/**
 * The fairness losses train a network of the engine. Half of the rows are of group 1, whose second feature is higher; the label is
 * favourable more often there, by history, not by merit (the first feature).
 */
class FairTrainingTest {
    private static final int ROWS = 4000;

    private final Labelled data = data();

    private static Labelled data() {
        RandomGenerator random = new Seed(5).generator(0);
        float[] x = new float[2 * ROWS];
        int[] labels = new int[ROWS];
        double[] groups = new double[ROWS];
        for (int i = 0; i < ROWS; i++) {
            groups[i] = i % 2;
            x[2 * i] = (float) random.nextGaussian();
            x[2 * i + 1] = (float) (2 * groups[i] - 1 + 0.5 * random.nextGaussian());
            labels[i] = x[2 * i] + 0.8 * (2 * groups[i] - 1) + 0.3 * random.nextGaussian() > 0 ? 1 : 0;
        }
        return new Labelled(Batch.wrap(x, Shape.of(2)), Targets.of(labels, Map.of("group", groups)));
    }

    private CompiledNetwork train(Loss loss) {
        NetworkSpec layers = NetworkSpec.chain(
                Shape.of(2),
                new LayerSpec.Dense(8, true, Activation.RELU),
                new LayerSpec.Dense(2, true, Activation.IDENTITY));
        TrainingPlan plan = TrainingPlan.of(250, 1e-2, 12, new Seed(1)).withLoss(loss);
        return NetworkTrainer.onCallingThread()
                .train(Networks.of(layers, new Seed(1), Bounds.of(-10, 10)), data, plan, Progress.NONE);
    }

    /** Favourable decisions of group 1 minus those of group 0. */
    private double selectionGap(CompiledNetwork model) {
        int[] decisions = model.predict(data.inputs());
        double[] chosen = new double[2];
        for (int i = 0; i < ROWS; i++) {
            chosen[(int) data.targets().column("group", i)] += decisions[i];
        }
        return (chosen[1] - chosen[0]) / (ROWS / 2.0);
    }

    private double worstGroupAccuracy(CompiledNetwork model) {
        int[] decisions = model.predict(data.inputs());
        double[] right = new double[2];
        for (int i = 0; i < ROWS; i++) {
            right[(int) data.targets().column("group", i)] +=
                    decisions[i] == data.targets().label(i) ? 1 : 0;
        }
        return Math.min(right[0], right[1]) / (ROWS / 2.0);
    }

    @Test
    void train_covarianceLoss_closesTheGapThatCrossEntropyLearns() {
        assertThat(selectionGap(train(new CrossEntropyLoss()))).isGreaterThan(0.4);
        assertThat(selectionGap(train(CovarianceLoss.of(20, 2, 1)))).isBetween(-0.15, 0.15);
    }

    @Test
    void train_prejudiceRemover_narrowsTheGap() {
        assertThat(selectionGap(train(PrejudiceRemoverLoss.of(5, 2)))).isLessThan(0.3);
    }

    @Test
    void train_groupDro_weighsGroupsAndLearnsBoth() {
        GroupDro.Online loss = GroupDro.of(2).start();
        CompiledNetwork model = train(loss);
        assertThat(worstGroupAccuracy(model)).isGreaterThan(0.85);
        assertThat(loss.weights()[0] + loss.weights()[1]).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
    }
}
