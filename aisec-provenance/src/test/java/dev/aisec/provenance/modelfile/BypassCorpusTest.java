// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.provenance.modelfile.BypassCorpus.Case;
import dev.aisec.provenance.modelfile.BypassCorpus.Expected;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Files that evade are found, files that are good pass; the counts of {@code bypass/floor.json} may never fall. */
class BypassCorpusTest {
    private static JsonObject floor() throws IOException {
        try (InputStream in = BypassCorpusTest.class.getResourceAsStream("bypass/floor.json")) {
            return (JsonObject) JsonParser.parse(Objects.requireNonNull(in).readAllBytes(), JsonLimits.standard());
        }
    }

    private static boolean right(Case file, Verdict verdict) {
        return switch (file.expected()) {
            case ACCEPTED -> verdict == Verdict.ACCEPT;
            case REJECTED -> verdict == Verdict.REJECT;
            case NOT_ACCEPTED -> verdict != Verdict.ACCEPT;
        };
    }

    @Test
    void verify_everyFile_countsReachTheFloor() throws IOException {
        JsonObject floor = floor();
        int detected = 0;
        int accepted = 0;
        List<String> missed = new ArrayList<>();
        for (Case file : BypassCorpus.all()) {
            ModelReport report = ModelVerifier.standard().verify(file.bytes(), file.name());
            boolean right = right(file, report.verification().verdict());
            if (file.expected() == Expected.ACCEPTED) {
                accepted += right ? 1 : 0;
            } else {
                detected += right ? 1 : 0;
            }
            if (!right) {
                missed.add(file.id() + " (" + file.expected() + "): "
                        + report.structure().format() + " "
                        + report.verification().verdict() + " "
                        + report.verification().findings());
            }
        }
        missed.forEach(System.out::println);
        System.out.println(
                "bypass corpus: " + detected + " detected, " + accepted + " accepted, " + missed.size() + " missed");
        Map<String, ?> known = ((JsonObject) floor.members().get("known-misses")).members();
        assertThat(missed)
                .as("misses that floor.json does not know")
                .allMatch(m -> known.keySet().stream().anyMatch(k -> m.startsWith(k + " (")));
        assertThat(detected)
                .isGreaterThanOrEqualTo((int) ((JsonNumber) floor.members().get("detected")).value());
        assertThat(accepted)
                .isGreaterThanOrEqualTo((int) ((JsonNumber) floor.members().get("accepted")).value());
    }

    @Test
    void all_cases_areManyAndUnique() {
        List<Case> cases = BypassCorpus.all();
        Map<String, Map<String, Integer>> table = new TreeMap<>();
        cases.forEach(
                c -> table.computeIfAbsent(c.format(), f -> new TreeMap<>()).merge(c.group(), 1, Integer::sum));
        table.forEach((format, groups) -> System.out.println(format + " " + groups));
        assertThat(cases).extracting(Case::id).doesNotHaveDuplicates();
        assertThat(cases).filteredOn(c -> c.expected() != Expected.ACCEPTED).hasSizeGreaterThan(300);
        assertThat(cases).filteredOn(c -> c.expected() == Expected.ACCEPTED).hasSizeGreaterThan(60);
    }
}
