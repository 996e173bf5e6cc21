// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.VerifiedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

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

    @Test
    void save_thenVerifyAndLoad_givesSameNetworkAndSameBytes() throws IOException {
        MultiLayerNetwork network = Dl4jNetworks.smallCnn(12, 12, 2, 5);
        Path file = folder.resolve("m.zip");
        Dl4jModels.save(network, file);
        byte[] first = Files.readAllBytes(file);
        Dl4jModels.save(network, file);
        assertThat(Files.readAllBytes(file)).isEqualTo(first);
        VerifiedModel verified = ModelVerifier.standard().verify(file).orElseThrow();
        assertThat(verified.structure().tensors().get(0).elements()).isEqualTo(network.numParams());
        assertThat(Dl4jModels.isGraph(verified)).isFalse();
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
    void saveAndLoadGraph_givesSameParameters() throws IOException {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(5)
                .graphBuilder()
                .addInputs("in")
                .addLayer("a", new DenseLayer.Builder().nIn(6).nOut(5).build(), "in")
                .addLayer("out", new OutputLayer.Builder().nIn(5).nOut(3).build(), "a")
                .setOutputs("out")
                .build());
        graph.init();
        Path file = folder.resolve("g.zip");
        Dl4jModels.save(graph, file);
        VerifiedModel verified = ModelVerifier.standard().verify(file).orElseThrow();
        assertThat(Dl4jModels.loadGraph(verified).params()).isEqualTo(graph.params());
        assertThatThrownBy(() -> Dl4jModels.load(verified))
                .hasMessage("model must be a MultiLayerNetwork, was \"ComputationGraph\"");
    }

    @Test
    void saveSameDiff_thenVerifyAndLoad_givesSameGraph() throws IOException {
        SameDiff graph = SameDiff.create();
        SDVariable x = graph.placeHolder("x", DataType.FLOAT, -1, 4);
        SDVariable w = graph.var("w", Nd4j.rand(DataType.FLOAT, 4, 3));
        SDVariable y = graph.nn.softmax("y", graph.nn.relu(x.mmul(w).mul(2.0), 0));
        y.std("deviation", true, 1);
        Path file = folder.resolve("g.fb");
        graph.save(file.toFile(), true);
        VerifiedModel verified = ModelVerifier.standard().verify(file).orElseThrow();
        assertThat(verified.structure().format()).isEqualTo("samediff");
        assertThat(verified.structure().operators()).extracting(o -> o.type()).contains("matmul", "relu", "softmax");
        SameDiff loaded = Dl4jModels.loadSameDiff(verified);
        assertThat(loaded.getVariable("w").getArr()).isEqualTo(w.getArr());
        assertThatThrownBy(() -> Dl4jModels.load(verified))
                .hasMessage("model must be a network of Deeplearning4j, was samediff");
    }

    @Test
    void verify_networksOfManyLayers_areAccepted() throws IOException {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Adam(new StepSchedule(ScheduleType.EPOCH, 0.1, 0.5, 2)))
                .l2(1e-4)
                .dropOut(0.5)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).hasBias(false).build())
                .layer(new BatchNormalization())
                .layer(new ActivationLayer(Activation.RELU))
                .layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX, new int[] {2, 2}).build())
                .layer(new SeparableConvolution2D.Builder(2, 2).nOut(3).build())
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(new DenseLayer.Builder().nOut(5).hasLayerNorm(true).build())
                .layer(new OutputLayer.Builder().nOut(3).build())
                .setInputType(InputType.convolutional(12, 12, 1))
                .build());
        network.init();
        MultiLayerNetwork sequence = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new Bidirectional(new LSTM.Builder().nIn(3).nOut(4).build()))
                .layer(new GravesLSTM.Builder().nIn(8).nOut(2).build())
                .layer(new SimpleRnn.Builder().nIn(2).nOut(2).build())
                .layer(new LastTimeStep(new LSTM.Builder().nIn(2).nOut(4).build()))
                .layer(new OutputLayer.Builder().nIn(4).nOut(3).build())
                .build());
        sequence.init();
        for (MultiLayerNetwork one : new MultiLayerNetwork[] {network, sequence}) {
            Path file = folder.resolve("many.zip");
            Dl4jModels.save(one, file);
            VerifiedModel verified = ModelVerifier.standard().verify(file).orElseThrow();
            assertThat(Dl4jModels.load(verified).params()).isEqualTo(one.params());
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
