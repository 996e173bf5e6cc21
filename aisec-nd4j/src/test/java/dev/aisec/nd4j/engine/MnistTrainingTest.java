// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Idx;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.LearningRate;
import dev.aisec.core.model.Optimizer;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.Dl4jNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** LeNet on real digits; without the data, the test is skipped. */
class MnistTrainingTest {
    private static Labelled read(String name) throws IOException {
        Path folder = Path.of(System.getProperty("aisec.data", "../../shared/data"), "mnist");
        assumeTrue(Files.isDirectory(folder), "no MNIST in " + folder);
        return Idx.read(folder.resolve(name + "-images-idx3-ubyte.gz"), folder.resolve(name + "-labels-idx1-ubyte.gz"));
    }

    @Test
    void train_leNetFourEpochs_isRightOn97Percent() throws IOException {
        Labelled train = read("train10k");
        Labelled test = read("t10k");
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            CompiledNetwork fresh = Networks.compile(Dl4jNetworks.leNet(28, 28, 10, 1), Bounds.of(0, 1));
            TrainingPlan plan = TrainingPlan.of(64, 2e-3, 4, new Seed(1))
                    .withOptimizer(new Optimizer.Adam(LearningRate.cosine(2e-3), 0.9, 0.999, 1e-8));
            int[] predicted = NetworkTrainer.on(pool)
                    .train(fresh, train, plan, Progress.NONE)
                    .on(pool)
                    .predict(test.inputs());
            int right = 0;
            for (int i = 0; i < predicted.length; i++) {
                right += predicted[i] == test.targets().label(i) ? 1 : 0;
            }
            assertThat(right).isGreaterThanOrEqualTo(9700);
        } finally {
            pool.shutdownNow();
        }
    }
}
