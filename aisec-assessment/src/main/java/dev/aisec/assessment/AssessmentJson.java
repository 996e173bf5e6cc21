// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Estimate;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.EvidenceJson;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The master form of an assessment: canonical JSON (RFC 8785). Equal assessments give equal bytes, so they can be hashed,
 * signed and compared. Times and machine stand in a document of their own.
 */
public final class AssessmentJson {
    /** Name and version of the form. */
    public static final String SCHEMA = "aisec.assessment/1";

    private AssessmentJson() {}

    /**
     * The canonical bytes of an assessment, with the verdicts of its policy.
     *
     * @param assessment the assessment
     * @return UTF-8
     */
    public static byte[] bytes(Assessment assessment) {
        Map<String, JsonValue> root = new LinkedHashMap<>();
        root.put("schema", JsonValue.of(SCHEMA));
        root.put("title", JsonValue.of(assessment.title()));
        root.put("parameters", strings(assessment.parameters()));
        List<JsonValue> subjects = new ArrayList<>();
        for (Subject subject : assessment.subjects()) {
            subjects.add(new JsonValue.JsonObject(Map.of(
                    "name",
                    JsonValue.of(subject.name()),
                    "evidence",
                    new JsonValue.JsonArray(subject.evidence().stream()
                            .map(EvidenceJson::toJson)
                            .toList()))));
        }
        root.put("subjects", new JsonValue.JsonArray(subjects));
        List<JsonValue> verdicts = new ArrayList<>();
        for (Criterion criterion : assessment.policy().criteria()) {
            for (Subject subject : assessment.subjects()) {
                verdicts.add(verdict(criterion, subject));
            }
        }
        root.put("verdicts", new JsonValue.JsonArray(verdicts));
        return CanonicalJson.bytes(new JsonValue.JsonObject(root));
    }

    private static JsonValue verdict(Criterion criterion, Subject subject) {
        Criterion.Judgement judgement = criterion.judge(subject);
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("criterion", JsonValue.of(criterion.title()));
        members.put("reason", JsonValue.of(criterion.reason()));
        members.put("subject", JsonValue.of(subject.name()));
        members.put("outcome", JsonValue.of(judgement.outcome().name()));
        if (criterion instanceof Criterion.AtLeast atLeast) {
            members.put("threshold", JsonValue.of(atLeast.threshold()));
        }
        judgement.estimate().ifPresent(estimate -> {
            if (estimate instanceof Estimate.Measured measured) {
                members.put("value", JsonValue.of(measured.value()));
                members.put("lower", JsonValue.of(measured.interval().lower()));
                members.put("upper", JsonValue.of(measured.interval().upper()));
            }
        });
        return new JsonValue.JsonObject(members);
    }

    /**
     * Reads the subjects of an assessment back.
     *
     * @param bytes what {@link #bytes} gave, or what somebody says it gave
     * @param policy what is asked of the subjects; verdicts are not read but judged anew
     * @return the assessment
     * @throws dev.aisec.core.MalformedInputException if it is no JSON
     * @throws IllegalArgumentException if it is no assessment of this schema
     */
    public static Assessment read(byte[] bytes, AssessmentPolicy policy) {
        JsonValue root = JsonParser.parse(bytes, JsonLimits.standard());
        if (!(root instanceof JsonValue.JsonObject object)
                || !JsonValue.of(SCHEMA).equals(object.members().get("schema"))
                || !(object.members().get("title") instanceof JsonValue.JsonString title)
                || !(object.members().get("parameters") instanceof JsonValue.JsonObject parameters)
                || !(object.members().get("subjects") instanceof JsonValue.JsonArray items)) {
            throw new IllegalArgumentException(
                    "document must be an object of schema " + SCHEMA + " with title, parameters and subjects, is not");
        }
        java.util.TreeMap<String, String> map = new java.util.TreeMap<>();
        parameters.members().forEach((key, value) -> map.put(key, string(key, value)));
        List<Subject> subjects = new ArrayList<>();
        for (JsonValue item : items.items()) {
            if (!(item instanceof JsonValue.JsonObject subject)
                    || !(subject.members().get("name") instanceof JsonValue.JsonString name)
                    || !(subject.members().get("evidence") instanceof JsonValue.JsonArray evidence)) {
                throw new IllegalArgumentException("subject must have name and evidence, has not");
            }
            subjects.add(new Subject(
                    name.value(),
                    evidence.items().stream().map(EvidenceJson::fromJson).toList()));
        }
        return new Assessment(title.value(), map, subjects, policy);
    }

    /**
     * The run envelope as JSON.
     *
     * @param envelope when, where, how long
     * @return UTF-8
     */
    public static byte[] bytes(RunEnvelope envelope) {
        Map<String, JsonValue> root = new LinkedHashMap<>();
        root.put("schema", JsonValue.of("aisec.run/1"));
        root.put("started", JsonValue.of(envelope.started().toString()));
        root.put("environment", strings(envelope.environment()));
        root.put(
                "steps",
                new JsonValue.JsonArray(envelope.steps().stream()
                        .map(s -> (JsonValue) new JsonValue.JsonObject(
                                Map.of("name", JsonValue.of(s.name()), "seconds", JsonValue.of(s.seconds()))))
                        .toList()));
        return CanonicalJson.bytes(new JsonValue.JsonObject(root));
    }

    private static JsonValue strings(Map<String, String> map) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        map.forEach((key, value) -> members.put(key, JsonValue.of(value)));
        return new JsonValue.JsonObject(members);
    }

    private static String string(String key, JsonValue value) {
        if (!(value instanceof JsonValue.JsonString string)) {
            throw new IllegalArgumentException("parameter " + key + " must be a string, was " + value);
        }
        return string.value();
    }
}
