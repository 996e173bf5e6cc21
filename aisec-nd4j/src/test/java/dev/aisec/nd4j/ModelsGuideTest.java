// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import dev.aisec.core.model.TrainingPlan;
import dev.aisec.nd4j.engine.Activation;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.LayerSpec;
import dev.aisec.nd4j.engine.NetworkFile;
import dev.aisec.nd4j.engine.NetworkSpec;
import dev.aisec.nd4j.engine.NetworkTrainer;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.nd4j.engine.Window;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snippets of docs/guide/models.md, and the check that they are. */
class ModelsGuideTest {
    @Test
    void guide_snippets_run(@TempDir Path folder) throws IOException {
        MultiLayerNetwork network = Dl4jNetworks.leNet(28, 28, 10, 1);
        Batch images = Batch.wrap(new float[70 * 784], Shape.of(1, 28, 28));
        Labelled data = new Labelled(images, Targets.of(new int[70]));
        Path file = folder.resolve("model.safetensors");
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try {
            CompiledNetwork model = Networks.compile(network, Shape.of(1, 28, 28), Bounds.of(0, 1));
            Batch logits = model.logits(images);
            Batch gradient = model.gradient(images, z -> z).gradient();
            assertThat(gradient.size()).isEqualTo(logits.size());

            NetworkSpec layers = NetworkSpec.chain(
                    Shape.of(1, 28, 28),
                    new LayerSpec.Convolution(8, Window.square(5, 2), 1, true, Activation.RELU),
                    new LayerSpec.Dense(10, true, Activation.IDENTITY));
            CompiledNetwork fresh = Networks.of(layers, new Seed(1), Bounds.of(0, 1));
            CompiledNetwork same = Networks.of(layers, fresh.parameters(), Bounds.of(0, 1));
            assertThat(same.logits(images)).isEqualTo(fresh.logits(images));

            TrainingPlan plan = TrainingPlan.of(64, 1e-3, 2, new Seed(1));
            CompiledNetwork trained = NetworkTrainer.on(pool).train(fresh, data, plan, Progress.NONE);

            NetworkFile.write(trained, file);
            CompiledNetwork read = NetworkFile.read(file);
            assertThat(read.parameters()).isEqualTo(trained.parameters());

            CompiledNetwork spread = model.on(pool);
            assertThat(spread.logits(images)).isEqualTo(logits);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void guide_snippets_areThoseThatRun() throws IOException {
        Path root = Path.of("").toAbsolutePath().getParent();
        Path sources = root.resolve("aisec-nd4j/src/test/java/dev/aisec/nd4j");
        String here = squeeze(Files.readString(sources.resolve("ModelsGuideTest.java"))
                + Files.readString(sources.resolve("OnnxClassifier.java")));
        String[] parts = Files.readString(root.resolve("docs/guide/models.md")).split("```");
        int snippets = 0;
        for (int i = 1; i < parts.length; i += 2) {
            assertThat(parts[i]).startsWith("java\n");
            for (String statement : parts[i].substring(5).split(";\n")) {
                assertThat(here).contains(squeeze(statement));
            }
            snippets++;
        }
        assertThat(snippets).isEqualTo(6);
    }

    private static String squeeze(String text) {
        return text.replaceAll("\\s+", "");
    }
}
