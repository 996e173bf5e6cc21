// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Enforces the arrows of docs/architecture.md over the imports of the main sources. */
class ModuleArrowsTest {
    /** Which aisec packages the main sources of a module may import, beside their own. */
    private static final Map<String, Set<String>> ARROWS = Map.of(
            "core", Set.of(),
            "provenance", Set.of("core"),
            "nd4j", Set.of("core", "provenance"),
            "robustness", Set.of("core", "provenance", "nd4j"),
            "privacy", Set.of("core"),
            "junit", Set.of("core", "privacy"),
            "fairness", Set.of("core"),
            "assessment", Set.of("core"),
            "cli", Set.of("core", "provenance", "nd4j", "robustness", "privacy", "fairness", "assessment"),
            "benchmarks",
                    Set.of("core", "provenance", "nd4j", "robustness", "privacy", "fairness", "assessment", "cli"));

    /** The only modules whose main sources may see ND4J, Deeplearning4j and JavaCPP. */
    private static final Set<String> TENSORS = Set.of("nd4j", "robustness", "cli", "benchmarks");

    private static final Pattern AISEC = Pattern.compile("\\bdev\\.aisec\\.([a-z0-9]+)\\.");
    private static final Pattern TENSOR = Pattern.compile("\\borg\\.(nd4j|deeplearning4j|bytedeco)\\.");

    @Test
    void mainSources_imports_followTheArrows() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path source : mainSources()) {
            String module = module(source);
            for (String line : Files.readAllLines(source)) {
                // Fully qualified names count like imports; comments and Javadoc links do not.
                if (line.stripLeading().startsWith("*") || line.stripLeading().startsWith("/")) {
                    continue;
                }
                Matcher used = AISEC.matcher(line);
                while (used.find()) {
                    String other = used.group(1);
                    if (!other.equals(module) && !allowed(module).contains(other)) {
                        wrong.add(source + ": " + module + " must not use " + other);
                    }
                }
                if (TENSOR.matcher(line).find() && !TENSORS.contains(module)) {
                    wrong.add(source + ": " + module + " must not use ND4J");
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void mainSources_packages_bearTheirModulesName() throws IOException {
        for (Path source : mainSources()) {
            if (source.endsWith("module-info.java")) {
                continue;
            }
            assertThat(Files.readAllLines(source))
                    .as("%s", source)
                    .anyMatch(line -> line.matches("package dev\\.aisec\\." + module(source) + "(\\..*)?;"));
        }
    }

    private static Set<String> allowed(String module) {
        Set<String> arrows = ARROWS.get(module);
        assertThat(arrows).as("arrows of aisec-%s", module).isNotNull();
        return arrows;
    }

    private static String module(Path source) {
        return repository().relativize(source).getName(0).toString().substring("aisec-".length());
    }

    private static List<Path> mainSources() throws IOException {
        List<Path> sources = new ArrayList<>();
        try (Stream<Path> modules = Files.list(repository())) {
            for (Path module : modules.filter(m -> m.getFileName().toString().startsWith("aisec-")
                            && Files.isDirectory(m.resolve("src/main/java")))
                    .toList()) {
                try (Stream<Path> files = Files.walk(module.resolve("src/main/java"))) {
                    files.filter(f -> f.toString().endsWith(".java")).forEach(sources::add);
                }
            }
        }
        assertThat(sources).hasSizeGreaterThan(20);
        return sources;
    }

    static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        while (!Files.exists(here.resolve("aisec-bom"))) {
            here = here.getParent();
        }
        return here;
    }
}
