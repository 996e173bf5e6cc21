// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.cli.digits.DigitGenerator;
import dev.aisec.core.Seed;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Idx;
import dev.aisec.core.model.Labelled;
import dev.aisec.nd4j.Dl4jModels;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.VerifiedModel;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.smoothing.GaussianSmoothing;
import dev.aisec.robustness.smoothing.SmoothedClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's snippet, line by line, and the check that it is the README's. */
class UserGuideTest {
    @Test
    void readme_tenLines_run(@TempDir Path folder) throws IOException {
        Path zip = folder.resolve("model.zip");
        Dl4jModels.save(Dl4jNetworks.smallCnn(28, 28, 10, 1), zip);
        Labelled digits = new DigitGenerator(new Seed(1)).generate(12);
        Path images = folder.resolve("t10k-images-idx3-ubyte.gz");
        Path labels = folder.resolve("t10k-labels-idx1-ubyte.gz");
        Idx.writeImages(digits.inputs(), images);
        Idx.writeLabels(digits.targets().labels(), labels);

        VerifiedModel file = ModelVerifier.standard().verify(zip).orElseThrow();
        Labelled test = Idx.read(images, labels).first(200);
        CompiledNetwork model =
                Networks.compile(Dl4jModels.load(file), test.inputs().shape(), Bounds.of(0, 1));

        Pgd attack = Pgd.of(Norm.LINF, 0.1);
        AttackResult result =
                attack.perturb(model, test.inputs(), Goal.avoid(test.targets().labels()));
        System.out.println(result.count(AttackResult.Status.SUCCEEDED) + " of " + test.size() + " broken");

        SmoothedClassifier smoothed =
                SmoothedClassifier.of(model, GaussianSmoothing.of(0.25).withSamples(1000));
        System.out.println(smoothed.certify(test.inputs().rows(0, 1)));

        assertThat(result.rows()).hasSize(12);
    }

    @Test
    void readme_snippet_isTheOneAbove() throws IOException {
        Path root = ModuleArrowsTest.repository();
        String here =
                squeeze(Files.readString(root.resolve("aisec-cli/src/test/java/dev/aisec/cli/UserGuideTest.java")));
        List<String> statements = new ArrayList<>();
        String readme = Files.readString(root.resolve("README.md"));
        String snippet = readme.substring(readme.indexOf("```java") + 7);
        for (String statement : snippet.substring(0, snippet.indexOf("```")).split(";")) {
            statements.add(squeeze(statement
                    .replace("Path.of(\"model.zip\")", "zip")
                    .replace("Path.of(\"t10k-images-idx3-ubyte.gz\")", "images")
                    .replace("Path.of(\"t10k-labels-idx1-ubyte.gz\")", "labels")));
        }
        assertThat(statements)
                .hasSizeGreaterThan(7)
                .allSatisfy(s -> assertThat(here).contains(s));
    }

    private static String squeeze(String text) {
        return text.replaceAll("\\s+", "");
    }
}
