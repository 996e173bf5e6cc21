// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The configuration of a network in strict JSON: of {@code MultiLayerNetwork} or {@code ComputationGraph}, with class names
 * (since 0.9.1 or 1.0.0-beta) or the short names of older releases. Jackson makes an object of any class that {@code
 * @class} names, so each one is judged.
 */
final class Dl4jConfiguration {
    static final Rule CLASS = Rule.reject(
            "dl4j.class",
            "The configuration names a class that is no layer, function or setting of Deeplearning4j; loading makes an"
                    + " object of it, which can run code.",
            "CVE-2017-7525");
    static final Rule CONFIGURATION =
            Rule.reject("dl4j.configuration", "The configuration is not one of Deeplearning4j.", "CWE-20");

    /** Kinds of networks. */
    enum Kind {
        MULTI_LAYER_NETWORK("MultiLayerNetwork"),
        COMPUTATION_GRAPH("ComputationGraph");

        final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    private final Inspection inspection;
    private OptionalLong parameters = OptionalLong.of(0);

    private Dl4jConfiguration(Inspection inspection) {
        this.inspection = inspection;
    }

    /** The number of parameters that the configuration demands; empty if a layer is there whose number is not known. */
    static OptionalLong read(ByteSource content, Inspection inspection) throws IOException {
        JsonObject root = object(json(content, inspection));
        Dl4jConfiguration configuration = new Dl4jConfiguration(inspection);
        classes(root, inspection);
        configuration.network(root);
        return configuration.parameters;
    }

    static JsonValue json(ByteSource content, Inspection inspection) throws IOException {
        int most = inspection.limits().headerBytes();
        if (content.length() > most) {
            throw new Refusal(
                    FileRules.TOO_LARGE,
                    -1,
                    "a configuration must have <= " + most + " bytes, has " + content.length());
        }
        return JsonParser.parse(
                content.read(0, (int) content.length()),
                new JsonLimits(
                        most, inspection.limits().depth(), inspection.limits().items(), most));
    }

    /** Judges all classes that are named anywhere. Depth is bounded by the parser. */
    static void classes(JsonValue value, Inspection inspection) throws IOException {
        inspection.step();
        if (value instanceof JsonArray array) {
            for (JsonValue item : array.items()) {
                classes(item, inspection);
            }
        } else if (value instanceof JsonObject object) {
            for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
                if (member.getKey().equals("@class")) {
                    if (!(member.getValue() instanceof JsonString name)) {
                        throw new Refusal(CONFIGURATION, -1, "@class must be a string, is none");
                    }
                    inspection.uses(
                            Use.LAYER,
                            name.value(),
                            Dl4jNames.ofClass(name.value()),
                            CLASS,
                            -1,
                            "classes must be Deeplearning4j's own layers, functions or settings, was "
                                    + Text.quote(name.value()));
                }
                classes(member.getValue(), inspection);
            }
        }
    }

    private void network(JsonObject root) throws IOException {
        Map<String, JsonValue> members = root.members();
        if (members.get("vertices") instanceof JsonObject vertices) {
            inspection.metadata("dl4j.kind", Kind.COMPUTATION_GRAPH.title);
            graph(vertices, members.get("vertexInputs"));
        } else if (members.get("confs") instanceof JsonArray confs) {
            inspection.metadata("dl4j.kind", Kind.MULTI_LAYER_NETWORK.title);
            sequence(confs);
            if (members.get("inputPreProcessors") instanceof JsonObject preprocessors) {
                for (JsonValue preprocessor : preprocessors.members().values()) {
                    preprocessor(preprocessor);
                }
            }
        } else {
            throw new Refusal(
                    CONFIGURATION,
                    -1,
                    "the configuration must have confs (MultiLayerNetwork) or vertices (ComputationGraph), has"
                            + " neither");
        }
    }

    private void sequence(JsonArray confs) throws IOException {
        List<String> before = List.of();
        for (int i = 0; i < confs.items().size(); i++) {
            JsonValue layer = object(confs.items().get(i)).members().get("layer");
            String name = layer(layer, "layer" + i, before);
            before = List.of(name);
        }
    }

    private void graph(JsonObject vertices, @org.jspecify.annotations.Nullable JsonValue inputs) throws IOException {
        for (Map.Entry<String, JsonValue> entry : vertices.members().entrySet()) {
            List<String> before = new ArrayList<>();
            if (inputs instanceof JsonObject all && all.members().get(entry.getKey()) instanceof JsonArray some) {
                for (JsonValue input : some.items()) {
                    before.add(string(input));
                }
            }
            Typed vertex = typed(entry.getValue());
            if (vertex.shortened()) {
                inspection.uses(
                        Use.LAYER,
                        vertex.type(),
                        Dl4jNames.ofVertex(vertex.type()),
                        CLASS,
                        -1,
                        "a vertex must be one of Deeplearning4j's own, was " + Text.quote(vertex.type()));
            }
            String type = simple(vertex.type());
            if (type.equals("LayerVertex")) {
                JsonValue conf = vertex.members().members().get("layerConf");
                preprocessor(vertex.members().members().get("preProcessor"));
                layer(object(conf).members().get("layer"), entry.getKey(), before);
            } else {
                if (type.equals("PreprocessorVertex")) {
                    preprocessor(vertex.members().members().get("preProcessor"));
                }
                if (vertex.type().contains("Attention") || type.equals("FrozenVertex") || !vertex.known()) {
                    parameters = OptionalLong.empty();
                }
                inspection.operator(new Operator(entry.getKey(), vertex.type(), before, List.of()));
            }
        }
    }

    private String layer(@org.jspecify.annotations.Nullable JsonValue value, String standardName, List<String> before)
            throws IOException {
        Typed layer = typed(value);
        if (layer.shortened()) {
            inspection.uses(
                    Use.LAYER,
                    layer.type(),
                    Dl4jNames.ofLayer(layer.type()),
                    CLASS,
                    -1,
                    "a layer must be one of Deeplearning4j's own, was " + Text.quote(layer.type()));
        }
        inspection.operator(new Operator(standardName, layer.type(), before, List.of()));
        OptionalLong more = Dl4jParameters.of(simple(layer.type()), layer.members());
        if (more.isEmpty() || parameters.isEmpty()) {
            parameters = OptionalLong.empty();
        } else {
            long sum = parameters.getAsLong() + more.getAsLong();
            parameters = sum < 0 ? OptionalLong.empty() : OptionalLong.of(sum);
        }
        return standardName;
    }

    private void preprocessor(@org.jspecify.annotations.Nullable JsonValue value) throws IOException {
        if (value instanceof JsonObject object && !object.members().isEmpty()) {
            Typed typed = typed(value);
            if (typed.shortened()) {
                inspection.uses(
                        Use.LAYER,
                        typed.type(),
                        Dl4jNames.ofPreprocessor(typed.type()),
                        CLASS,
                        -1,
                        "a preprocessor must be one of Deeplearning4j's own, was " + Text.quote(typed.type()));
            }
        }
    }

    /** An object with its type: in {@code @class}, or as the name of the only member. */
    record Typed(String type, JsonObject members, boolean shortened, boolean known) {}

    static Typed typed(@org.jspecify.annotations.Nullable JsonValue value) throws IOException {
        JsonObject object = object(value);
        if (object.members().get("@class") instanceof JsonString type) {
            return new Typed(type.value(), object, false, Dl4jNames.ofClass(type.value()) == Standing.KNOWN);
        }
        if (object.members().size() == 1) {
            Map.Entry<String, JsonValue> only =
                    object.members().entrySet().iterator().next();
            if (only.getValue() instanceof JsonObject members) {
                return new Typed(only.getKey(), members, true, true);
            }
        }
        throw new Refusal(CONFIGURATION, -1, "a layer must have @class or one type, has neither");
    }

    /** The name without package, in lower case and without the ending that short names lack. */
    private static String simple(String type) {
        return type.substring(type.lastIndexOf('.') + 1);
    }

    static JsonObject object(@org.jspecify.annotations.Nullable JsonValue value) throws IOException {
        if (value instanceof JsonObject object) {
            return object;
        }
        throw new Refusal(CONFIGURATION, -1, "a configuration, a layer and a vertex must be JSON objects, one is not");
    }

    private static String string(JsonValue value) throws IOException {
        if (value instanceof JsonString string) {
            return string.value();
        }
        throw new Refusal(CONFIGURATION, -1, "inputs of a vertex must be names, one is not");
    }

    /** A whole number of a layer; the case of its letters differs between releases. */
    static OptionalLong whole(JsonObject layer, String name) {
        for (Map.Entry<String, JsonValue> member : layer.members().entrySet()) {
            if (member.getKey().toLowerCase(Locale.ROOT).equals(name)
                    && member.getValue() instanceof JsonNumber number) {
                double value = number.value();
                return value >= 0 && value <= Integer.MAX_VALUE && value == Math.rint(value)
                        ? OptionalLong.of((long) value)
                        : OptionalLong.empty();
            }
        }
        return OptionalLong.empty();
    }
}
