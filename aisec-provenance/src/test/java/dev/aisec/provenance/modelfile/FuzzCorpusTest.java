// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Inputs that fuzzers found, as regression tests: {@code fuzz/FORMAT/NAME.hex} goes through the target of its format and
 * through the one of all formats. {@code fuzz/ORIGIN.md} says what was wrong with each.
 */
class FuzzCorpusTest {
    private static Path corpus() throws URISyntaxException {
        return Path.of(Objects.requireNonNull(FuzzCorpusTest.class.getResource("fuzz/ORIGIN.md"))
                        .toURI())
                .resolveSibling("");
    }

    @Test
    void verify_everyInputOfTheCorpus_answers() throws IOException, URISyntaxException {
        ModelFileFuzz all = new ModelFileFuzz(ModelFormats.builtIn());
        try (Stream<Path> files = Files.walk(corpus())) {
            List<Path> inputs =
                    files.filter(f -> f.toString().endsWith(".hex")).sorted().toList();
            for (Path input : inputs) {
                byte[] bytes = ModelFileFuzzMain.read(input);
                String format = input.getParent().getFileName().toString();
                assertThat(ModelFileFuzz.of(format).run(bytes)).as("%s", input).isNotNull();
                assertThat(all.run(bytes)).as("%s", input).isNotNull();
            }
        }
    }

    @Test
    void verify_everySeedByEveryReader_answers() {
        for (ModelFormat format : ModelFormats.builtIn()) {
            ModelFileFuzz target = ModelFileFuzz.of(format.name());
            for (SeedFiles.Seed seed : SeedFiles.all()) {
                assertThat(target.run(seed.bytes()))
                        .as("%s by %s", seed.name(), format.name())
                        .isNotNull();
            }
        }
    }
}
