// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.BatchSampler;
import dev.aisec.core.model.BatchTransform;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Training by Deeplearning4j's own optimiser and loss, with aisec's sampling and augmentation. Equal seed, data and
 * network give equal parameters on one machine type with one BLAS thread.
 *
 * <p>Limit: dropout and weight noise of the network draw from ND4J's own generator of the calling thread, which the seed
 * does not reach. A network that has them trains differently each time.
 *
 * @param epochs passes over the data; at least 1
 * @param batch rows in a batch; at least 1
 * @param transform what happens to a batch before it is used
 * @param seed seed of order and transform
 */
public record Dl4jTraining(int epochs, int batch, BatchTransform transform, Seed seed) {
    /** Checks the components. */
    public Dl4jTraining {
        if (epochs < 1 || batch < 1) {
            throw new IllegalArgumentException("epochs and batch must be >= 1, were " + epochs + " and " + batch);
        }
    }

    /**
     * Trains a copy of a network.
     *
     * @param network where to start, with its own updater; not changed
     * @param data training data; not empty
     * @param bounds valid inputs, for transforms that attack the network
     * @param progress told the batches done
     * @return the trained network
     */
    public MultiLayerNetwork train(MultiLayerNetwork network, Labelled data, Bounds bounds, Progress progress) {
        if (data.size() == 0) {
            throw new IllegalArgumentException("data must not be empty");
        }
        Dl4jClassifier untrained =
                Dl4jClassifier.unchecked(network, data.inputs().shape(), bounds);
        untrained.spec().requireLabels(data.targets().labels());
        data.inputs().requireFinite("data");
        MultiLayerNetwork trained = network.clone();
        DataType type = trained.getLayerWiseConfigurations().getDataType();
        Shape shape = untrained.networkShape();
        BatchSampler sampler = BatchSampler.shuffled(batch);
        long perEpoch = (data.size() + batch - 1L) / batch;
        long done = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
            List<int[]> batches = sampler.batches(data, epoch, seed);
            for (int[] rows : batches) {
                Progress.checkInterrupted();
                Labelled part = transform.apply(
                        new Current(trained, untrained.spec()),
                        data.select(rows),
                        seed.derive("transform").generator(done));
                try (INDArray x = Batches.toArray(part.inputs(), shape, type);
                        INDArray y = oneHot(part, untrained.spec().classes(), type)) {
                    trained.fit(new DataSet(x, y));
                }
                progress.update(++done, perEpoch * epochs);
            }
            // fit() of one batch does not count epochs; schedules by epoch need it.
            trained.incrementEpochCount();
        }
        return trained;
    }

    private static INDArray oneHot(Labelled part, int classes, DataType type) {
        INDArray y = Nd4j.zeros(type, part.size(), classes);
        for (int i = 0; i < part.size(); i++) {
            y.putScalar(i, part.targets().label(i), 1);
        }
        return y;
    }

    /** The network as trained so far; made a classifier only if the transform asks it something. */
    private static final class Current implements DifferentiableClassifier {
        private final MultiLayerNetwork network;
        private final ModelSpec spec;
        private @Nullable Dl4jClassifier classifier;

        Current(MultiLayerNetwork network, ModelSpec spec) {
            this.network = network;
            this.spec = spec;
        }

        private synchronized Dl4jClassifier classifier() {
            Dl4jClassifier made = classifier;
            if (made == null) {
                made = Dl4jClassifier.unchecked(network, spec.inputShape(), spec.bounds());
                classifier = made;
            }
            return made;
        }

        @Override
        public ModelSpec spec() {
            return spec;
        }

        @Override
        public Batch logits(Batch inputs) {
            return classifier().logits(inputs);
        }

        @Override
        public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
            return classifier().gradient(inputs, cotangentOfLogits);
        }
    }
}
