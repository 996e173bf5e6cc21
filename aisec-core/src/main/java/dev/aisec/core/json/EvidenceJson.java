// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.json;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Evidence as JSON and back, without loss. */
public final class EvidenceJson {
    private EvidenceJson() {}

    /**
     * Evidence as a JSON object.
     *
     * @param evidence the evidence
     * @return the object
     */
    public static JsonValue toJson(Evidence evidence) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("technique", JsonValue.of(evidence.technique().name()));
        members.put("subject", JsonValue.of(evidence.subject()));
        members.put("parameters", strings(evidence.parameters()));
        members.put("measurements", array(evidence.measurements(), EvidenceJson::toJson));
        members.put("findings", array(evidence.findings(), EvidenceJson::toJson));
        return new JsonValue.JsonObject(members);
    }

    private static JsonValue toJson(Measurement measurement) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("name", JsonValue.of(measurement.name()));
        members.put("labels", strings(measurement.labels()));
        if (measurement instanceof Measurement.Scalar scalar) {
            members.put("unit", JsonValue.of(scalar.unit()));
            members.put("estimate", toJson(scalar.estimate()));
        } else if (measurement instanceof Measurement.Curve curve) {
            members.put("x", JsonValue.of(curve.x()));
            members.put("y", JsonValue.of(curve.y()));
            members.put(
                    "points",
                    array(
                            curve.points(),
                            p -> new JsonValue.JsonObject(Map.of("x", JsonValue.of(p.x()), "y", toJson(p.y())))));
        }
        return new JsonValue.JsonObject(members);
    }

    private static JsonValue toJson(Estimate estimate) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        if (estimate instanceof Estimate.Measured measured) {
            members.put("value", JsonValue.of(measured.value()));
            members.put("lower", JsonValue.of(measured.interval().lower()));
            members.put("upper", JsonValue.of(measured.interval().upper()));
            members.put("confidence", JsonValue.of(measured.interval().confidence()));
            members.put("n", JsonValue.of(measured.n()));
        } else if (estimate instanceof Estimate.Abstained abstained) {
            members.put("abstained", JsonValue.of(abstained.reason()));
            members.put("n", JsonValue.of(abstained.n()));
        }
        return new JsonValue.JsonObject(members);
    }

    private static JsonValue toJson(Finding finding) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("severity", JsonValue.of(finding.severity().name()));
        members.put("code", JsonValue.of(finding.code()));
        members.put("message", JsonValue.of(finding.message()));
        members.put("location", JsonValue.of(finding.location()));
        finding.offset().ifPresent(offset -> members.put("offset", JsonValue.of(offset)));
        members.put("reference", JsonValue.of(finding.reference()));
        return new JsonValue.JsonObject(members);
    }

    /**
     * Evidence from a JSON object.
     *
     * @param json what {@link #toJson} gives
     * @return the evidence
     * @throws IllegalArgumentException if a member is missing, of another type, or breaks a rule of the evidence
     */
    public static Evidence fromJson(JsonValue json) {
        return new Evidence(
                Technique.valueOf(text(json, "technique")),
                text(json, "subject"),
                strings(member(json, "parameters")),
                list(member(json, "measurements"), EvidenceJson::measurement),
                list(member(json, "findings"), EvidenceJson::finding));
    }

    private static Measurement measurement(JsonValue json) {
        String name = text(json, "name");
        SortedMap<String, String> labels = strings(member(json, "labels"));
        if (object(json).containsKey("points")) {
            return new Measurement.Curve(
                    name,
                    text(json, "x"),
                    text(json, "y"),
                    labels,
                    list(member(json, "points"), p -> new Measurement.Point(number(p, "x"), estimate(member(p, "y")))));
        }
        return new Measurement.Scalar(name, text(json, "unit"), labels, estimate(member(json, "estimate")));
    }

    private static Estimate estimate(JsonValue json) {
        if (object(json).containsKey("abstained")) {
            return new Estimate.Abstained(text(json, "abstained"), whole(json, "n"));
        }
        return new Estimate.Measured(
                number(json, "value"),
                new Interval(number(json, "lower"), number(json, "upper"), number(json, "confidence")),
                whole(json, "n"));
    }

    private static Finding finding(JsonValue json) {
        return new Finding(
                Severity.valueOf(text(json, "severity")),
                text(json, "code"),
                text(json, "message"),
                text(json, "location"),
                object(json).containsKey("offset") ? OptionalLong.of(whole(json, "offset")) : OptionalLong.empty(),
                text(json, "reference"));
    }

    private static <T> JsonValue array(List<T> items, Function<T, JsonValue> each) {
        return new JsonValue.JsonArray(items.stream().map(each).toList());
    }

    private static JsonValue strings(Map<String, String> map) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        map.forEach((key, value) -> members.put(key, JsonValue.of(value)));
        return new JsonValue.JsonObject(members);
    }

    private static SortedMap<String, String> strings(JsonValue json) {
        SortedMap<String, String> map = new TreeMap<>();
        object(json).keySet().forEach(key -> map.put(key, text(json, key)));
        return map;
    }

    private static <T> List<T> list(JsonValue json, Function<JsonValue, T> each) {
        if (!(json instanceof JsonValue.JsonArray array)) {
            throw new IllegalArgumentException("value must be an array, was " + kind(json));
        }
        List<T> items = new ArrayList<>();
        array.items().forEach(item -> items.add(each.apply(item)));
        return items;
    }

    private static Map<String, JsonValue> object(JsonValue json) {
        if (!(json instanceof JsonValue.JsonObject object)) {
            throw new IllegalArgumentException("value must be an object, was " + kind(json));
        }
        return object.members();
    }

    private static JsonValue member(JsonValue json, String name) {
        JsonValue value = object(json).get(name);
        if (value == null) {
            throw new IllegalArgumentException("member " + name + " must be there, is missing");
        }
        return value;
    }

    private static String text(JsonValue json, String name) {
        if (!(member(json, name) instanceof JsonValue.JsonString string)) {
            throw new IllegalArgumentException("member " + name + " must be a string, was " + kind(member(json, name)));
        }
        return string.value();
    }

    private static double number(JsonValue json, String name) {
        if (!(member(json, name) instanceof JsonValue.JsonNumber number)) {
            throw new IllegalArgumentException("member " + name + " must be a number, was " + kind(member(json, name)));
        }
        return number.value();
    }

    private static long whole(JsonValue json, String name) {
        double value = number(json, name);
        // Beyond 2^53 a double does not hold every whole number.
        if (value != Math.rint(value) || Math.abs(value) > 0x1p53) {
            throw new IllegalArgumentException("member " + name + " must be a whole number, was " + value);
        }
        return (long) value;
    }

    private static String kind(JsonValue json) {
        return json.getClass().getSimpleName();
    }
}
