// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonValue;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reports in SARIF, which code scanning services read. Rules carry their meaning and reference; a finding in the file
 * itself has its byte offset, one in an entry the entry's name as logical location.
 *
 * <p>Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, 2020.
 */
public final class SarifReport {
    private SarifReport() {}

    /**
     * One run over some files.
     *
     * @param reports answers by path, with {@code /} between the parts of a path; relative paths are best
     * @param unreadable reasons by path, for files that could not be read
     * @param formats the formats that were looked for, whose rules are listed
     * @param version version of the program that verified
     * @return the SARIF log, canonical JSON in UTF-8
     */
    public static byte[] of(
            Map<String, ModelReport> reports,
            Map<String, String> unreadable,
            List<ModelFormat> formats,
            String version) {
        TreeMap<String, Integer> indices = new TreeMap<>();
        List<JsonValue> rules = new ArrayList<>();
        for (Rule rule : ModelFormats.rules(formats)) {
            indices.put(rule.code(), rules.size());
            rules.add(rule(rule));
        }
        List<JsonValue> artifacts = new ArrayList<>();
        List<JsonValue> results = new ArrayList<>();
        reports.forEach((path, report) -> {
            int artifact = artifacts.size();
            artifacts.add(artifact(path, report));
            for (Finding finding : report.verification().findings()) {
                results.add(result(path, artifact, finding, indices));
            }
        });
        unreadable.forEach((path, why) -> {
            int artifact = artifacts.size();
            artifacts.add(object(Map.of("location", object(Map.of("uri", uri(path))))));
            results.add(result(path, artifact, FileRules.unreadable(why), indices));
        });
        JsonValue driver = object(Map.of(
                "name", JsonValue.of("aisec"),
                "version", JsonValue.of(version),
                "rules", new JsonValue.JsonArray(rules)));
        JsonValue run = object(Map.of(
                "tool",
                object(Map.of("driver", driver)),
                "columnKind",
                JsonValue.of("utf16CodeUnits"),
                "artifacts",
                new JsonValue.JsonArray(artifacts),
                "results",
                new JsonValue.JsonArray(results)));
        return CanonicalJson.bytes(object(Map.of(
                "$schema", JsonValue.of("https://json.schemastore.org/sarif-2.1.0.json"),
                "version", JsonValue.of("2.1.0"),
                "runs", new JsonValue.JsonArray(List.of(run)))));
    }

    private static JsonValue rule(Rule rule) {
        String help = rule.meaning() + (rule.reference().isEmpty() ? "" : " Reference: " + rule.reference() + ".");
        return object(Map.of(
                "id", JsonValue.of(rule.code()),
                "shortDescription", object(Map.of("text", JsonValue.of(rule.meaning()))),
                "help", object(Map.of("text", JsonValue.of(help))),
                "defaultConfiguration",
                        object(Map.of("level", level(rule.effect().severity())))));
    }

    private static JsonValue artifact(String path, ModelReport report) {
        Map<String, JsonValue> members = new TreeMap<>();
        members.put("location", object(Map.of("uri", uri(path))));
        members.put("length", JsonValue.of(report.length()));
        if (report.digest().startsWith("sha256:")) {
            members.put(
                    "hashes",
                    object(Map.of("sha-256", JsonValue.of(report.digest().substring(7)))));
        }
        return object(members);
    }

    private static JsonValue result(String path, int artifact, Finding finding, Map<String, Integer> indices) {
        Map<String, JsonValue> physical = new TreeMap<>();
        physical.put("artifactLocation", object(Map.of("uri", uri(path), "index", JsonValue.of(artifact))));
        Map<String, JsonValue> location = new TreeMap<>();
        if (finding.location().isEmpty()) {
            finding.offset()
                    .ifPresent(offset -> physical.put("region", object(Map.of("byteOffset", JsonValue.of(offset)))));
        } else {
            location.put(
                    "logicalLocations",
                    new JsonValue.JsonArray(
                            List.of(object(Map.of("fullyQualifiedName", ReportJson.text(finding.location()))))));
        }
        location.put("physicalLocation", object(physical));
        Map<String, JsonValue> members = new TreeMap<>();
        members.put("ruleId", JsonValue.of(finding.code()));
        Integer index = indices.get(finding.code());
        if (index != null) {
            members.put("ruleIndex", JsonValue.of(index));
        }
        members.put("level", level(finding.severity()));
        members.put("message", object(Map.of("text", ReportJson.text(finding.message()))));
        members.put("locations", new JsonValue.JsonArray(List.of(object(location))));
        return object(members);
    }

    private static JsonValue level(Severity severity) {
        return JsonValue.of(
                switch (severity) {
                    case ERROR -> "error";
                    case WARNING -> "warning";
                    case INFO -> "note";
                });
    }

    private static JsonValue uri(String path) {
        try {
            // The constructor quotes what a URI cannot hold; a path with a colon in its first part needs ./ before it.
            String first = path.contains("/") ? path.substring(0, path.indexOf('/')) : path;
            String plain = first.contains(":") ? "./" + path : path;
            return ReportJson.text(new URI(null, null, plain, null).toASCIIString());
        } catch (URISyntaxException e) {
            return ReportJson.text(path);
        }
    }

    private static JsonValue object(Map<String, JsonValue> members) {
        return new JsonValue.JsonObject(new TreeMap<>(members));
    }
}
