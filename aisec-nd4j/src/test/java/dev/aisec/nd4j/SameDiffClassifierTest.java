// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;

class SameDiffClassifierTest {
    private static final Shape IMAGE = Shape.of(1, 6, 6);
    private static final Bounds BOX = Bounds.of(-3, 3);

    private static INDArray random(DataType type, long... shape) {
        long size = 1;
        for (long d : shape) {
            size *= d;
        }
        RandomGenerator random = new Seed(size).generator(shape.length);
        double[] values = new double[(int) size];
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.3 * random.nextGaussian();
        }
        return Nd4j.createFromArray(values).castTo(type).reshape('c', shape);
    }

    static SameDiff mlp(DataType type) {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", type, -1, 36);
        SDVariable hidden =
                sd.math().tanh(x.mmul(sd.var("w1", random(type, 36, 9))).add(sd.var("b1", random(type, 1, 9))));
        hidden.mmul(sd.var("w2", random(type, 9, 4))).add("logits", sd.var("b2", random(type, 1, 4)));
        return sd;
    }

    static SameDiff cnn() {
        SameDiff sd = SameDiff.create();
        SDVariable x = sd.placeHolder("x", DataType.FLOAT, -1, 1, 6, 6);
        SDVariable w = sd.var("w", random(DataType.FLOAT, 3, 3, 1, 5));
        SDVariable z = sd.math()
                .tanh(sd.cnn()
                        .conv2d(
                                x,
                                w,
                                Conv2DConfig.builder().kH(3).kW(3).sH(1).sW(1).build()));
        sd.reshape(z, -1, 80).mmul("logits", sd.var("w2", random(DataType.FLOAT, 80, 3)));
        return sd;
    }

    static SameDiffClassifier classifier(boolean convolution) {
        return SameDiffClassifier.of(convolution ? cnn() : mlp(DataType.FLOAT), "x", "logits", IMAGE, BOX);
    }

    private static Batch images(int rows) {
        RandomGenerator random = new Seed(1).generator(rows);
        float[] values = new float[rows * 36];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Batch.wrap(values, IMAGE);
    }

    @Test
    void logits_equalTheGraphsOutput() {
        Batch x = images(300);
        for (boolean convolution : new boolean[] {false, true}) {
            SameDiff graph = convolution ? cnn() : mlp(DataType.FLOAT);
            int variables = graph.variables().size();
            SameDiffClassifier model = SameDiffClassifier.of(graph, "x", "logits", IMAGE, BOX);
            assertThat(graph.variables()).hasSize(variables);
            Shape taken = convolution ? IMAGE : Shape.of(36);
            try (INDArray in = Batches.toArray(x, taken, DataType.FLOAT)) {
                float[] expected = Batches.values(graph.outputSingle(Map.of("x", in), "logits"));
                float[] actual = model.logits(x).toArray();
                for (int i = 0; i < expected.length; i++) {
                    assertThat(actual[i]).isCloseTo(expected[i], within(1e-5f));
                }
            }
        }
    }

    @Test
    void gradient_double_equalsFiniteDifference() {
        SameDiffClassifier model = SameDiffClassifier.of(mlp(DataType.DOUBLE), "x", "logits", IMAGE, BOX);
        Batch x = images(1);
        float[] v = {1, -2, 0.5f, 3};
        float[] g = model.gradient(x, z -> Batch.wrap(v, z.shape())).gradient().toArray();
        SameDiff graph = mlp(DataType.DOUBLE);
        for (int i = 0; i < 36; i++) {
            double[] value = new double[2];
            for (int side = 0; side < 2; side++) {
                try (INDArray in = Batches.toArray(x, Shape.of(36), DataType.DOUBLE)) {
                    in.putScalar(i, in.getDouble(i) + (side == 0 ? 1e-5 : -1e-5));
                    INDArray z = graph.outputSingle(Map.of("x", in), "logits");
                    for (int c = 0; c < 4; c++) {
                        value[side] += v[c] * z.getDouble(c);
                    }
                }
            }
            assertThat((double) g[i]).isCloseTo((value[0] - value[1]) / 2e-5, within(1e-5));
        }
    }

    @Test
    void calls_eightThreads_giveTheSameAnswers() throws Exception {
        SameDiffClassifier model = classifier(true);
        Batch x = images(5);
        Batch expected = model.gradient(x, z -> z).gradient();
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<Boolean>> results = new java.util.ArrayList<>();
            for (int t = 0; t < 8; t++) {
                results.add(pool.submit(() -> {
                    boolean equal = true;
                    for (int i = 0; i < 25; i++) {
                        equal &= model.gradient(x, z -> z).gradient().equals(expected);
                    }
                    return equal;
                }));
            }
            for (Future<Boolean> r : results) {
                assertThat(r.get()).isTrue();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void of_wrongNamesAndShapes_areRefused() {
        SameDiff graph = mlp(DataType.FLOAT);
        assertThatThrownBy(() -> SameDiffClassifier.of(graph, "y", "logits", IMAGE, BOX))
                .hasMessage("input must be a variable of the graph, was y");
        assertThatThrownBy(() -> SameDiffClassifier.of(graph, "w1", "logits", IMAGE, BOX))
                .hasMessageContaining("input must be a placeholder");
        assertThatThrownBy(() -> SameDiffClassifier.of(graph, "x", "none", IMAGE, BOX))
                .hasMessage("logits must be a variable of the graph, was none");
        assertThatThrownBy(() -> SameDiffClassifier.of(graph, "x", "logits", Shape.of(35), BOX))
                .hasMessageContaining("inputShape must have as many values as");
        graph.placeHolder("other", DataType.FLOAT, 1);
        assertThatThrownBy(() -> SameDiffClassifier.of(graph, "x", "logits", IMAGE, BOX))
                .hasMessageContaining("has other");
    }

    @Test
    void calls_emptyBatchAndInterrupt_areAnswered() {
        SameDiffClassifier model = classifier(false);
        assertThat(model.gradient(images(0), z -> z).gradient().size()).isZero();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> model.logits(images(2))).isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
    }
}
