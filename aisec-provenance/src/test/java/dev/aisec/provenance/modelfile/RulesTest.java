// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Severity;
import dev.aisec.provenance.signing.SignatureRule;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rules, and docs/rules.md, which lists them. */
class RulesTest {
    private static final String CODE = "[a-z][a-z0-9]*\\.[a-z0-9]+(-[a-z0-9]+)*";

    private static final String HEAD = """
            # Rules

            Every finding of a model file or a signature names one of these codes. Codes are stable. `RulesTest` writes this page
            from the code.

            | effect | what it means for the verdict |
            |---|---|
            | reject | the file is rejected |
            | cannot inspect | nothing is known about it, or about a part of it; it is not accepted |
            | warn | look at it; the verdict does not change |
            | note | worth knowing; the verdict does not change |

            A policy can be milder: `VerificationPolicy.permissive()` and ranges without `finite` turn some rejections into warnings.
            A code of a container or a pickle is also reported for a file that lies within another one.
            """;

    @Test
    void constants_ofAllClasses_areListed() throws Exception {
        Collection<Rule> listed = ModelFormats.rules(ModelFormats.builtIn());
        List<Rule> constants = constants();
        assertThat(constants).hasSizeGreaterThan(150);
        assertThat(listed).containsAll(constants);
        assertThat(constants).containsAll(listed);
    }

    @Test
    void formats_areValues() {
        assertThat(ModelFormats.builtIn()).isEqualTo(ModelFormats.builtIn()).doesNotHaveDuplicates();
        assertThat(ModelVerifier.standard()).isEqualTo(ModelVerifier.standard());
    }

    @Test
    void codes_ofAllClasses_standForOneRuleEach() throws Exception {
        Map<String, Rule> rules = new LinkedHashMap<>();
        for (Rule rule : constants()) {
            assertThat(rules.merge(rule.code(), rule, (old, other) -> old)).isEqualTo(rule);
        }
        assertThat(rules.keySet()).noneMatch(code -> code.startsWith("signature."));
        for (SignatureRule rule : SignatureRule.values()) {
            assertThat(rules).doesNotContainKey(rule.code());
        }
    }

    @Test
    void texts_ofAllRules_areSentences() throws Exception {
        for (Rule rule : constants()) {
            assertThat(rule.code()).matches(CODE);
            assertThat(rule.meaning()).as(rule.code()).matches("\\p{Lu}[^|]*[^.]\\.");
            assertThat(rule.reference()).as(rule.code()).matches("|[^|]*[^.]");
        }
        for (SignatureRule rule : SignatureRule.values()) {
            assertThat(rule.code()).matches(CODE);
            assertThat(rule.meaning()).as(rule.code()).matches("\\p{Lu}[^|]*[^.]\\.");
            assertThat(rule.reference()).as(rule.code()).matches("|[^|]*[^.]");
        }
    }

    @Test
    void page_ofRules_isFresh() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("docs/threat-model.md"))) {
            root = root.getParent();
        }
        String page = page();
        Path target = Files.createDirectories(root.resolve("aisec-provenance/target"));
        Files.writeString(target.resolve("rules.md"), page);
        assertThat(root.resolve("docs/rules.md"))
                .as("copy aisec-provenance/target/rules.md over it")
                .hasContent(page);
    }

    private static String page() {
        Map<String, StringBuilder> families = new TreeMap<>();
        for (Rule rule : ModelFormats.rules(ModelFormats.builtIn())) {
            row(families, rule.code(), rule.effect().name(), rule.meaning(), rule.reference());
        }
        for (SignatureRule rule : SignatureRule.values()) {
            String effect = switch (rule.effect()) {
                case REJECT -> "reject";
                case CANNOT_INSPECT -> "cannot inspect";
                case ACCEPT -> rule.severity() == Severity.INFO ? "note" : "warn";
            };
            row(families, rule.code(), effect, rule.meaning(), rule.reference());
        }
        StringBuilder page = new StringBuilder(HEAD);
        families.forEach((family, rows) -> page.append("\n## ")
                .append(family)
                .append("\n\n| code | effect | meaning | reference |\n|---|---|---|---|\n")
                .append(rows));
        return page.toString();
    }

    private static void row(
            Map<String, StringBuilder> families, String code, String effect, String meaning, String reference) {
        families.computeIfAbsent(code.substring(0, code.indexOf('.')), f -> new StringBuilder())
                .append("| `")
                .append(code)
                .append("` | ")
                .append(effect.toLowerCase(Locale.ROOT).replace('_', ' '))
                .append(" | ")
                .append(meaning)
                .append(" | ")
                .append(reference)
                .append(" |\n");
    }

    /** All static rules of the package. */
    private static List<Rule> constants() throws IOException, URISyntaxException, ReflectiveOperationException {
        Path classes = Path.of(Rule.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve("dev/aisec/provenance/modelfile");
        List<String> names;
        try (Stream<Path> files = Files.list(classes)) {
            names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
                    .map(name -> name.substring(0, name.length() - ".class".length()))
                    .sorted()
                    .toList();
        }
        List<Rule> rules = new ArrayList<>();
        for (String name : names) {
            for (Field field :
                    Class.forName("dev.aisec.provenance.modelfile." + name).getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) && field.getType() == Rule.class) {
                    field.setAccessible(true);
                    rules.add((Rule) field.get(null));
                }
            }
        }
        return rules;
    }
}
