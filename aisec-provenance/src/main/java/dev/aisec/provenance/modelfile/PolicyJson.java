// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.provenance.internal.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Policies as JSON. Everything but {@code preset} may be left out and then has the value of the preset; what is not known is
 * an error, so that a misspelt rule is never silently no rule.
 *
 * <pre>
 * {"preset": "strict",
 *  "signed": true,
 *  "limits": {"file_bytes": 1000000000, "inflated_bytes": 300000000},
 *  "names": [{"use": "layer", "only": false, "allow": ["my.pkg.*"]}],
 *  "parameters": [{"tensors": "*.bias", "finite": true, "min": -10, "max": 10, "outliers": 50}],
 *  "structure": {"formats": ["onnx"], "node_names": "[a-z0-9_/]+", "rank": 4, "dimension": 65536,
 *                "elements": 100000000, "fingerprints": ["topology:…"]}}
 * </pre>
 */
public final class PolicyJson {
    private static final JsonLimits LIMITS = new JsonLimits(16 << 20, 20, 1_000_000, 1 << 20);

    private PolicyJson() {}

    /**
     * Reads a policy.
     *
     * @param utf8 the JSON document
     * @return the policy
     * @throws MalformedInputException if the document is not JSON
     * @throws IllegalArgumentException if a member is unknown, missing, of the wrong kind or out of range
     */
    public static VerificationPolicy read(byte[] utf8) {
        Members root = new Members("policy", JsonParser.parse(utf8, LIMITS));
        String preset = root.text("preset").orElse("strict");
        VerificationPolicy policy = switch (preset) {
            case "strict" -> VerificationPolicy.strict();
            case "permissive" -> VerificationPolicy.permissive();
            default ->
                throw new IllegalArgumentException(
                        "policy.preset must be strict or permissive, was " + Text.quote(preset));
        };
        Limits limits = root.object("limits").map(PolicyJson::limits).orElse(policy.limits());
        List<NameList> names = new ArrayList<>();
        for (Members list : root.objects("names")) {
            names.add(names(list));
        }
        List<ParameterRange> ranges = new ArrayList<>();
        for (Members range : root.objects("parameters")) {
            ranges.add(range(range));
        }
        StructureRules structure =
                root.object("structure").map(PolicyJson::structure).orElse(policy.structure());
        boolean signed = root.flag("signed").orElse(policy.signed());
        root.nothingElse();
        return new VerificationPolicy(limits, policy.tolerant(), names, ranges, structure, signed);
    }

    /**
     * Writes a policy.
     *
     * @param policy the policy
     * @return canonical JSON (RFC 8785) in UTF-8, which {@link #read} reads back as an equal policy
     * @throws IllegalArgumentException if a limit is above 2<sup>53</sup>
     */
    public static byte[] write(VerificationPolicy policy) {
        Map<String, JsonValue> root = new TreeMap<>();
        root.put("preset", JsonValue.of(policy.tolerant() ? "permissive" : "strict"));
        root.put("signed", JsonValue.of(policy.signed()));
        root.put("limits", limits(policy.limits()));
        root.put(
                "names",
                new JsonValue.JsonArray(
                        policy.names().stream().map(PolicyJson::names).toList()));
        root.put(
                "parameters",
                new JsonValue.JsonArray(
                        policy.ranges().stream().map(PolicyJson::range).toList()));
        root.put("structure", structure(policy.structure()));
        return CanonicalJson.bytes(new JsonValue.JsonObject(root));
    }

    private static Limits limits(Members m) {
        Limits d = Limits.standard();
        Limits limits = new Limits(
                m.count("file_bytes").orElse(d.fileBytes()),
                m.integer("entries").orElse(d.entries()),
                m.count("inflated_bytes").orElse(d.inflatedBytes()),
                m.integer("header_bytes").orElse(d.headerBytes()),
                m.integer("memory_bytes").orElse(d.memoryBytes()),
                m.integer("depth").orElse(d.depth()),
                m.integer("items").orElse(d.items()),
                m.count("steps").orElse(d.steps()));
        m.nothingElse();
        return limits;
    }

    private static JsonValue limits(Limits limits) {
        Map<String, JsonValue> m = new TreeMap<>();
        m.put("file_bytes", exact("file_bytes", limits.fileBytes()));
        m.put("entries", JsonValue.of(limits.entries()));
        m.put("inflated_bytes", exact("inflated_bytes", limits.inflatedBytes()));
        m.put("header_bytes", JsonValue.of(limits.headerBytes()));
        m.put("memory_bytes", JsonValue.of(limits.memoryBytes()));
        m.put("depth", JsonValue.of(limits.depth()));
        m.put("items", JsonValue.of(limits.items()));
        m.put("steps", exact("steps", limits.steps()));
        return new JsonValue.JsonObject(m);
    }

    /** JSON carries integers up to 2^53 exactly, and no others are read back. */
    private static JsonValue exact(String name, long value) {
        if (value > Members.EXACT) {
            throw new IllegalArgumentException(
                    "policy.limits." + name + " must be <= 2^53 to be written, was " + value);
        }
        return JsonValue.of(value);
    }

    private static NameList names(Members m) {
        String use = m.text("use").orElseThrow(() -> m.missing("use"));
        Use kind;
        try {
            kind = Use.valueOf(use.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    m.path + ".use must be global, layer or operator, was " + Text.quote(use), e);
        }
        NameList list = new NameList(kind, m.flag("only").orElse(false), new TreeSet<>(m.texts("allow")));
        m.nothingElse();
        return list;
    }

    private static JsonValue names(NameList list) {
        Map<String, JsonValue> m = new TreeMap<>();
        m.put("use", JsonValue.of(list.use().name().toLowerCase(Locale.ROOT)));
        m.put("only", JsonValue.of(list.only()));
        m.put("allow", texts(list.names()));
        return new JsonValue.JsonObject(m);
    }

    private static ParameterRange range(Members m) {
        ParameterRange range = new ParameterRange(
                m.text("tensors").orElseThrow(() -> m.missing("tensors")),
                m.flag("finite").orElse(true),
                m.number("min").orElse(Double.NEGATIVE_INFINITY),
                m.number("max").orElse(Double.POSITIVE_INFINITY),
                m.number("outliers").orElse(Double.POSITIVE_INFINITY));
        m.nothingElse();
        return range;
    }

    private static JsonValue range(ParameterRange range) {
        Map<String, JsonValue> m = new TreeMap<>();
        m.put("tensors", JsonValue.of(range.tensors()));
        m.put("finite", JsonValue.of(range.finite()));
        finite(m, "min", range.min());
        finite(m, "max", range.max());
        finite(m, "outliers", range.outliers());
        return new JsonValue.JsonObject(m);
    }

    private static void finite(Map<String, JsonValue> members, String name, double value) {
        if (!Double.isInfinite(value)) {
            members.put(name, JsonValue.of(value));
        }
    }

    private static StructureRules structure(Members m) {
        StructureRules d = StructureRules.any();
        StructureRules rules = new StructureRules(
                new TreeSet<>(m.texts("formats")),
                m.text("node_names"),
                m.integer("rank").orElse(d.rank()),
                m.count("dimension").orElse(d.dimension()),
                m.count("elements").orElse(d.elements()),
                new TreeSet<>(m.texts("fingerprints")));
        m.nothingElse();
        return rules;
    }

    private static JsonValue structure(StructureRules rules) {
        StructureRules d = StructureRules.any();
        Map<String, JsonValue> m = new TreeMap<>();
        m.put("formats", texts(rules.formats()));
        rules.nodeNames().ifPresent(expression -> m.put("node_names", JsonValue.of(expression)));
        if (rules.rank() != d.rank()) {
            m.put("rank", JsonValue.of(rules.rank()));
        }
        if (rules.dimension() != d.dimension()) {
            m.put("dimension", JsonValue.of(rules.dimension()));
        }
        if (rules.elements() != d.elements()) {
            m.put("elements", JsonValue.of(rules.elements()));
        }
        m.put("fingerprints", texts(rules.fingerprints()));
        return new JsonValue.JsonObject(m);
    }

    private static JsonValue texts(Set<String> texts) {
        return new JsonValue.JsonArray(
                texts.stream().map(text -> JsonValue.of(text)).toList());
    }

    /** Members of an object, each taken at most once; what is left is unknown. */
    private static final class Members {
        private static final double EXACT = 9007199254740992.0;

        private final String path;
        private final Map<String, JsonValue> rest;

        Members(String path, JsonValue value) {
            if (!(value instanceof JsonValue.JsonObject object)) {
                throw new IllegalArgumentException(path + " must be an object");
            }
            this.path = path;
            this.rest = new LinkedHashMap<>(object.members());
        }

        IllegalArgumentException missing(String name) {
            return new IllegalArgumentException(path + "." + name + " must be there");
        }

        void nothingElse() {
            if (!rest.isEmpty()) {
                throw new IllegalArgumentException(path + " must have no other members, has "
                        + rest.keySet().stream().map(Text::quote).toList());
            }
        }

        Optional<String> text(String name) {
            JsonValue value = rest.remove(name);
            if (value == null) {
                return Optional.empty();
            }
            if (value instanceof JsonValue.JsonString text) {
                return Optional.of(text.value());
            }
            throw new IllegalArgumentException(path + "." + name + " must be a string");
        }

        Optional<Boolean> flag(String name) {
            JsonValue value = rest.remove(name);
            if (value == null) {
                return Optional.empty();
            }
            if (value instanceof JsonValue.JsonBoolean flag) {
                return Optional.of(flag.value());
            }
            throw new IllegalArgumentException(path + "." + name + " must be true or false");
        }

        Optional<Double> number(String name) {
            JsonValue value = rest.remove(name);
            if (value == null) {
                return Optional.empty();
            }
            if (value instanceof JsonValue.JsonNumber number) {
                return Optional.of(number.value());
            }
            throw new IllegalArgumentException(path + "." + name + " must be a number");
        }

        Optional<Long> count(String name) {
            return number(name).map(value -> {
                if (value != Math.rint(value) || Math.abs(value) > EXACT) {
                    throw new IllegalArgumentException(
                            path + "." + name + " must be an integer of at most 2^53, was " + value);
                }
                return (long) (double) value;
            });
        }

        Optional<Integer> integer(String name) {
            return count(name).map(value -> {
                if (value < 1 || value > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException(path + "." + name + " must be in [1, 2^31), was " + value);
                }
                return (int) (long) value;
            });
        }

        Optional<Members> object(String name) {
            JsonValue value = rest.remove(name);
            return value == null ? Optional.empty() : Optional.of(new Members(path + "." + name, value));
        }

        List<Members> objects(String name) {
            List<Members> objects = new ArrayList<>();
            List<JsonValue> items = items(name);
            for (int i = 0; i < items.size(); i++) {
                objects.add(new Members(path + "." + name + "[" + i + "]", items.get(i)));
            }
            return objects;
        }

        List<String> texts(String name) {
            List<String> texts = new ArrayList<>();
            for (JsonValue item : items(name)) {
                if (!(item instanceof JsonValue.JsonString text)) {
                    throw new IllegalArgumentException(path + "." + name + " must be an array of strings");
                }
                texts.add(text.value());
            }
            return texts;
        }

        private List<JsonValue> items(String name) {
            JsonValue value = rest.remove(name);
            if (value == null) {
                return List.of();
            }
            if (value instanceof JsonValue.JsonArray array) {
                return array.items();
            }
            throw new IllegalArgumentException(path + "." + name + " must be an array");
        }
    }
}
