// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.provenance.modelfile.Dl4jModelFile;
import dev.aisec.provenance.modelfile.VerifiedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class Dl4jModelsTest {
    private static final Bounds UNIT = Bounds.of(0, 1);

    @TempDir
    Path folder;

    /** Bright upper half is class 0, bright lower half class 1. */
    private static Labelled halves(int count) {
        RandomGenerator random = new Seed(1).generator(0);
        float[] pixels = new float[count * 144];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 2;
            for (int j = 0; j < 144; j++) {
                pixels[i * 144 + j] = 0.5f * random.nextFloat() + (j / 72 == labels[i] ? 0.4f : 0);
            }
        }
        return new Labelled(Batch.wrap(pixels, Shape.of(1, 12, 12)), Targets.of(labels));
    }

    private static MultiLayerNetwork trained(Seed seed) {
        return new Dl4jTraining(3, 16, BatchTransform.NONE, seed)
                .train(Dl4jNetworks.smallCnn(12, 12, 2, 5), halves(200), UNIT, Progress.NONE);
    }

    @Test
    void train_easyTask_isLearntAndRepeatable() {
        MultiLayerNetwork network = trained(new Seed(1));
        Dl4jClassifier model = Dl4jClassifier.of(network, Shape.of(1, 12, 12), UNIT);
        Labelled test = halves(100);
        int right = 0;
        int[] predicted = model.predict(test.inputs());
        for (int i = 0; i < 100; i++) {
            right += predicted[i] == test.targets().label(i) ? 1 : 0;
        }
        assertThat(right).isGreaterThan(95);
        float[] parameters = Batches.values(network.params().reshape(1, network.numParams()));
        assertThat(Batches.values(trained(new Seed(1)).params().reshape(1, network.numParams())))
                .isEqualTo(parameters);
        assertThat(Batches.values(trained(new Seed(2)).params().reshape(1, network.numParams())))
                .isNotEqualTo(parameters);
    }

    @Test
    void train_scheduleByEpoch_advances() {
        MultiLayerNetwork fresh = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Sgd(new MapSchedule.Builder(ScheduleType.EPOCH)
                        .add(0, 0.1)
                        .add(1, 0)
                        .build()))
                .list()
                .layer(new OutputLayer.Builder().nIn(144).nOut(2).build())
                .build());
        fresh.init();
        // The rate is 0 from the second epoch on.
        INDArray one = new Dl4jTraining(1, 16, BatchTransform.NONE, new Seed(1))
                .train(fresh, halves(64), UNIT, Progress.NONE)
                .params();
        MultiLayerNetwork three =
                new Dl4jTraining(3, 16, BatchTransform.NONE, new Seed(1)).train(fresh, halves(64), UNIT, Progress.NONE);
        assertThat(Batches.values(three.params())).isEqualTo(Batches.values(one));
        assertThat(Batches.values(one)).isNotEqualTo(Batches.values(fresh.params()));
        assertThat(three.getEpochCount()).isEqualTo(3);
        assertThat(fresh.getEpochCount()).isZero();
    }

    @Test
    void train_badData_isRefused() {
        Labelled wrong = new Labelled(halves(2).inputs(), Targets.of(0, 2));
        Dl4jTraining training = new Dl4jTraining(1, 8, BatchTransform.NONE, new Seed(1));
        MultiLayerNetwork fresh = Dl4jNetworks.smallCnn(12, 12, 2, 5);
        assertThatThrownBy(() -> training.train(fresh, wrong, UNIT, Progress.NONE))
                .hasMessage("labels must be in [0, 1], was 2 at row 1");
        assertThatThrownBy(() -> training.train(fresh, halves(0), UNIT, Progress.NONE))
                .hasMessage("data must not be empty");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> training.train(fresh, halves(20), UNIT, Progress.NONE))
                .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void train_transformMayAskTheModel() {
        int[] calls = {0};
        new Dl4jTraining(
                        1,
                        8,
                        (model, batch, random) -> {
                            calls[0]++;
                            assertThat(model.gradient(batch.inputs(), z -> z)
                                            .gradient()
                                            .size())
                                    .isEqualTo(batch.size());
                            return batch;
                        },
                        new Seed(1))
                .train(Dl4jNetworks.smallCnn(12, 12, 2, 5), halves(16), UNIT, Progress.NONE);
        assertThat(calls[0]).isEqualTo(2);
    }

    @Test
    void save_thenVerifyAndLoad_givesSameNetworkAndSameBytes() throws IOException {
        MultiLayerNetwork network = Dl4jNetworks.smallCnn(12, 12, 2, 5);
        Path file = folder.resolve("m.zip");
        Dl4jModels.save(network, file);
        byte[] first = Files.readAllBytes(file);
        Dl4jModels.save(network, file);
        assertThat(Files.readAllBytes(file)).isEqualTo(first);
        VerifiedModel verified = Dl4jModelFile.standard().verify(file).orElseThrow();
        assertThat(verified.parameterCount()).isEqualTo(network.numParams());
        MultiLayerNetwork loaded = Dl4jModels.load(verified);
        Batch x = halves(4).inputs();
        assertThat(Dl4jClassifier.of(loaded, Shape.of(1, 12, 12), UNIT).logits(x))
                .isEqualTo(Dl4jClassifier.of(network, Shape.of(1, 12, 12), UNIT).logits(x));
        assertThat(Dl4jModels.inputShape(loaded)).contains(Shape.of(1, 12, 12));
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void batches_viewsAndOrders_areCopiedRight() {
        try (INDArray wide = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
                INDArray doubles = wide.castTo(DataType.DOUBLE)) {
            assertThat(Batches.fromArray(wide.transpose()).toArray()).containsExactly(1, 4, 2, 5, 3, 6);
            assertThat(Batches.fromArray(wide.getColumns(1, 2)).toArray()).containsExactly(2, 3, 5, 6);
            assertThat(Batches.fromArray(doubles).toArray()).containsExactly(1, 2, 3, 4, 5, 6);
        }
        Batch batch = Batch.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7}, Shape.of(2));
        try (INDArray part = Batches.toArray(batch.rows(1, 3), DataType.FLOAT);
                INDArray exact = Batches.toArray(batch.rows(3, 4), DataType.DOUBLE)) {
            assertThat(Batches.fromArray(part).toArray()).containsExactly(2, 3, 4, 5);
            assertThat(exact.getDouble(0, 1)).isEqualTo(7);
        }
        assertThatThrownBy(() -> Batches.toArray(batch.rows(0, 0), DataType.FLOAT))
                .hasMessage("batch must not be empty");
        assertThatThrownBy(() -> Batches.toArray(batch, DataType.INT)).hasMessageContaining("FLOAT or DOUBLE");
    }
}
