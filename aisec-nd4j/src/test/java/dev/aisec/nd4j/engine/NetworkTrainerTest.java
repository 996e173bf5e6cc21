// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Progress;
import dev.aisec.core.SecurityControlException;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchSampler;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.GradientTransform;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LearningRate;
import dev.aisec.core.model.Optimizer;
import dev.aisec.core.model.Regularizer;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.Batches;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class NetworkTrainerTest {
    private static final Bounds BOX = Bounds.of(0, 1);
    private static final Shape IMAGE = Shape.of(1, 8, 8);

    /** Every batch is all rows, in order, so that another library sees the same. */
    private static final BatchSampler ALL = (data, epoch, seed) -> {
        int[] rows = new int[data.size()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i;
        }
        return List.of(rows);
    };

    private static MultiLayerNetwork dl4j(IUpdater updater, boolean norm) {
        var list = new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .updater(updater)
                .activation(Activation.TANH)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build());
        if (norm) {
            list.layer(new BatchNormalization.Builder().useLogStd(false).build());
        }
        list.layer(new DenseLayer.Builder().nOut(12).build());
        if (norm) {
            list.layer(
                    new BatchNormalization.Builder().useLogStd(false).decay(0.7).build());
        }
        MultiLayerNetwork net =
                new MultiLayerNetwork(list.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .setInputType(InputType.convolutional(8, 8, 1))
                        .build());
        net.init();
        return net;
    }

    /** A bright stripe tells the class; learnable and not linearly trivial. */
    private static Labelled stripes(int rows) {
        RandomGenerator random = new Seed(2).generator(0);
        float[] values = new float[rows * 64];
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++) {
            labels[i] = random.nextInt(3);
            int at = random.nextInt(6);
            for (int j = 0; j < 64; j++) {
                int y = j / 8;
                int x = j % 8;
                boolean bright = labels[i] == 0 ? y == at : labels[i] == 1 ? x == at : (x + y) % 8 == at;
                values[i * 64 + j] = (bright ? 0.8f : 0.1f) + 0.1f * random.nextFloat();
            }
        }
        return new Labelled(Batch.wrap(values, IMAGE), Targets.of(labels));
    }

    private static TrainingPlan plan(BatchSampler sampler, Optimizer optimizer, int epochs) {
        return new TrainingPlan(
                sampler,
                BatchTransform.NONE,
                new CrossEntropyLoss(),
                Regularizer.NONE,
                GradientTransform.NONE,
                optimizer,
                epochs,
                new Seed(4));
    }

    private static void assertSteps(IUpdater updater, Optimizer optimizer, boolean norm, double tolerance) {
        MultiLayerNetwork net = dl4j(updater, norm);
        Labelled data = stripes(45);
        CompiledNetwork start = Networks.compile(net, IMAGE, BOX);
        CompiledNetwork trained =
                NetworkTrainer.onCallingThread().train(start, data, plan(ALL, optimizer, 5), Progress.NONE);
        try (INDArray x = Batches.toArray(data.inputs(), DataType.DOUBLE);
                INDArray y = Nd4j.zeros(DataType.DOUBLE, data.size(), 3)) {
            for (int i = 0; i < data.size(); i++) {
                y.putScalar(i, data.targets().label(i), 1);
            }
            for (int i = 0; i < 5; i++) {
                net.fit(x, y);
            }
        }
        float[] expected = Networks.compile(net, IMAGE, BOX).parameters();
        float[] actual = trained.parameters();
        float[] before = start.parameters();
        double difference = 0;
        double moved = 0;
        for (int i = 0; i < actual.length; i++) {
            difference += Math.pow(actual[i] - expected[i], 2);
            moved += Math.pow(expected[i] - before[i], 2);
        }
        assertThat(Math.sqrt(difference)).isLessThan(tolerance * Math.sqrt(moved));
    }

    @Test
    void train_fiveSteps_equalDl4js() {
        assertSteps(new Sgd(0.1), new Optimizer.Sgd(LearningRate.constant(0.1), 0, false), false, 1e-4);
        assertSteps(new Nesterovs(0.05, 0.9), new Optimizer.Sgd(LearningRate.constant(0.05), 0.9, true), false, 1e-4);
        // Adam makes a step of a gradient of any size, also of one that is mostly rounding.
        assertSteps(new Adam(0.01), Optimizer.Adam.of(0.01), false, 1e-2);
    }

    @Test
    void train_batchNorm_stepsAndRunningStatisticsEqualDl4js() {
        assertSteps(new Sgd(0.1), new Optimizer.Sgd(LearningRate.constant(0.1), 0, false), true, 1e-3);
    }

    private static CompiledNetwork fresh(boolean everything) {
        List<LayerSpec> layers = new ArrayList<>();
        layers.add(
                new LayerSpec.Convolution(6, Window.square(3, 1), 1, true, dev.aisec.nd4j.engine.Activation.IDENTITY));
        if (everything) {
            layers.add(LayerSpec.BatchNorm.standard());
        }
        layers.add(new LayerSpec.Activate(dev.aisec.nd4j.engine.Activation.RELU));
        if (everything) {
            layers.add(new LayerSpec.Dropout(LayerSpec.Dropout.Kind.CHANNELS, 0.9));
        }
        layers.add(new LayerSpec.Dense(16, true, dev.aisec.nd4j.engine.Activation.RELU));
        if (everything) {
            layers.add(new LayerSpec.Dropout(LayerSpec.Dropout.Kind.VALUES, 0.8));
            layers.add(new LayerSpec.Dropout(LayerSpec.Dropout.Kind.GAUSSIAN_FACTOR, 0.1));
            layers.add(new LayerSpec.Dropout(LayerSpec.Dropout.Kind.GAUSSIAN_NOISE, 0.05));
            layers.add(LayerSpec.BatchNorm.standard());
        }
        layers.add(new LayerSpec.Dense(3, true, dev.aisec.nd4j.engine.Activation.IDENTITY));
        NetworkSpec spec = NetworkSpec.chain(IMAGE, layers.toArray(LayerSpec[]::new));
        return Networks.of(spec, new Seed(1), BOX);
    }

    @Test
    void train_stripes_learnsThem() {
        Labelled data = stripes(600);
        for (boolean everything : new boolean[] {false, true}) {
            CompiledNetwork trained = NetworkTrainer.onCallingThread()
                    .train(fresh(everything), data, TrainingPlan.of(50, 0.01, 8, new Seed(3)), Progress.NONE);
            Labelled test = stripes(600);
            int[] predicted = trained.predict(test.inputs());
            int right = 0;
            for (int i = 0; i < predicted.length; i++) {
                right += predicted[i] == test.targets().label(i) ? 1 : 0;
            }
            assertThat(right).as("everything: %s", everything).isGreaterThan(570);
        }
    }

    @Test
    void train_oneAndTwoThreads_giveTheSameBytes() {
        Labelled data = stripes(400);
        TrainingPlan plan = TrainingPlan.of(150, 0.01, 2, new Seed(3));
        float[] one = NetworkTrainer.onCallingThread()
                .train(fresh(true), data, plan, Progress.NONE)
                .parameters();
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            float[] two = NetworkTrainer.on(pool)
                    .train(fresh(true), data, plan, Progress.NONE)
                    .parameters();
            assertThat(two).isEqualTo(one);
        } finally {
            pool.shutdownNow();
        }
        assertThat(NetworkTrainer.onCallingThread()
                        .train(fresh(true), data, TrainingPlan.of(150, 0.01, 2, new Seed(4)), Progress.NONE)
                        .parameters())
                .isNotEqualTo(one);
    }

    @Test
    void train_hooks_areAllAskedAndHaveTheirSay() {
        Labelled data = stripes(100);
        CompiledNetwork start = fresh(false);
        List<String> asked = new ArrayList<>();
        BatchTransform transform = (model, batch, random) -> {
            asked.add("transform " + batch.size());
            // The model may be asked: adversarial training does.
            assertThat(model.gradient(batch.inputs(), z -> z).gradient().size()).isEqualTo(batch.size());
            return batch;
        };
        Regularizer decay = (p, layout, gradient) -> {
            asked.add("regularizer");
            for (int i = 0; i < p.length; i++) {
                gradient[i] += p[i];
            }
            return 0;
        };
        GradientTransform only = (gradient, layout, random) -> {
            asked.add("gradient");
            // Everything but the decay away: what is left is θ ← θ − η θ.
            float[] p = start.parameters();
            System.arraycopy(p, 0, gradient, 0, p.length);
        };
        TrainingPlan plan = new TrainingPlan(
                (d, epoch, seed) -> List.of(new int[] {1, 2, 3}, new int[0]),
                transform,
                new CrossEntropyLoss(),
                decay,
                only,
                new Optimizer.Sgd((step, steps) -> step == 0 ? 0.5 : 0, 0, false),
                1,
                new Seed(1));
        List<Long> progress = new ArrayList<>();
        float[] p = start.parameters();
        float[] trained = NetworkTrainer.onCallingThread()
                .train(start, data, plan, (done, total) -> progress.add(done * 10 + total))
                .parameters();
        assertThat(asked).containsExactly("transform 3", "regularizer", "gradient", "regularizer", "gradient");
        assertThat(progress).containsExactly(12L, 22L);
        for (int i = 0; i < p.length; i++) {
            assertThat(trained[i]).isCloseTo(p[i] / 2, within(1e-6f));
        }
        assertThat(start.parameters()).isEqualTo(p);
    }

    @Test
    void train_frozenLayers_stayAsTheyAre() {
        NetworkSpec spec = new NetworkSpec(
                IMAGE,
                List.of(
                        new NetworkSpec.Layer(
                                "a",
                                new LayerSpec.Dense(8, true, dev.aisec.nd4j.engine.Activation.RELU),
                                List.of(),
                                true),
                        new NetworkSpec.Layer("n", LayerSpec.BatchNorm.standard(), List.of(), true),
                        new NetworkSpec.Layer(
                                "b", new LayerSpec.Dense(3, true, dev.aisec.nd4j.engine.Activation.IDENTITY))));
        CompiledNetwork start = Networks.of(spec, new Seed(1), BOX);
        float[] before = start.parameters();
        float[] after = NetworkTrainer.onCallingThread()
                .train(start, stripes(100), TrainingPlan.of(20, 0.01, 1, new Seed(1)), Progress.NONE)
                .parameters();
        int end = before.length - 8 * 3 - 3;
        assertThat(java.util.Arrays.copyOf(after, end)).isEqualTo(java.util.Arrays.copyOf(before, end));
        assertThat(after[end]).isNotEqualTo(before[end]);
    }

    @Test
    void train_badInput_isRefused() {
        NetworkTrainer trainer = NetworkTrainer.onCallingThread();
        CompiledNetwork start = fresh(false);
        TrainingPlan plan = TrainingPlan.of(20, 0.01, 1, new Seed(1));
        Labelled none = stripes(3).first(0);
        assertThatThrownBy(() -> trainer.train(start, none, plan, Progress.NONE))
                .hasMessage("data must not be empty");
        Labelled wrong = new Labelled(stripes(2).inputs(), Targets.of(0, 3));
        assertThatThrownBy(() -> trainer.train(start, wrong, plan, Progress.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        Labelled nan = new Labelled(Batch.wrap(new float[64], IMAGE), Targets.of(0));
        nan.inputs().array()[5] = Float.NaN;
        assertThatThrownBy(() -> trainer.train(start, nan, plan, Progress.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        TrainingPlan steep =
                plan(BatchSampler.shuffled(10), new Optimizer.Sgd(LearningRate.constant(1e30), 0, false), 3);
        assertThatThrownBy(() -> trainer.train(start, stripes(100), steep, Progress.NONE))
                .isInstanceOf(SecurityControlException.class)
                .hasMessageContaining("lower the learning rate");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> trainer.train(start, stripes(100), plan, Progress.NONE))
                .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }
}
