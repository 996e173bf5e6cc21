// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a Keras model: JSON in which every class and function that a loader would build or call has its
 * name. Every object at any depth is judged, whatever stands around it, and so is every string where a function or a file
 * may be named. Keras itself has resolved such names to arbitrary code again and again.
 */
final class KerasConfig {
    static final Rule LAMBDA = Rule.reject(
            "keras.lambda",
            "A Lambda layer or function holds compiled Python code that runs with the model.",
            "CVE-2024-3660, CVE-2025-9905");
    static final Rule MODULE = Rule.reject(
            "keras.module",
            "The configuration names a class or function of a module outside Keras, which a loader would import.",
            "CVE-2025-1550");
    static final Rule FUNCTION = Rule.reject(
            "keras.function",
            "The configuration names a function of Keras that reads files, fetches them or turns protection off.",
            "CVE-2025-8747, CVE-2025-9906");
    static final Rule WRAPPER =
            Rule.reject("keras.wrapper", "A layer loads another model, with the code in it.", "CVE-2026-1462");
    static final Rule CUSTOM = Rule.reject(
            "keras.custom-object",
            "The configuration names a class or function that is not one of Keras: what it does is not in the file.",
            "");
    static final Rule TF_OPERATION = Rule.reject(
            "keras.tf-operation", "A layer calls a function of TensorFlow that is not on the list of pure ones.", "");
    static final Rule EXTERNAL_FILE = Rule.reject(
            "keras.external-file",
            "A layer reads a file or an address that the configuration names, not one in the model.",
            "CVE-2025-12058");
    static final Rule PATH = Rule.warn(
            "keras.path", "The configuration holds what looks like an absolute path or an address.", "CVE-2025-12058");
    static final Rule SHAPE = Rule.reject(
            "keras.shape", "A size in the configuration overflows, or exceeds what any layer has.", "CWE-190");
    static final Rule GRAPH = Rule.reject(
            "keras.graph",
            "The layers form a cycle or use a layer that does not exist: building them may not end.",
            "CWE-835");
    static final Rule MALFORMED =
            Rule.reject("keras.config", "The configuration is not the JSON that Keras writes.", "");

    static final List<Rule> RULES = List.of(
            LAMBDA, MODULE, FUNCTION, WRAPPER, CUSTOM, TF_OPERATION, EXTERNAL_FILE, PATH, SHAPE, GRAPH, MALFORMED);

    private static final String WORDS = " words";

    private static final int MOST_NAME = 4096;
    private static final int MOST_NAMES = 1 << 24;

    private final Inspection inspection;
    private long names;

    private KerasConfig(Inspection inspection) {
        this.inspection = inspection;
    }

    /** Judges a configuration: of a model, or of its training. */
    static void read(byte[] utf8, boolean model, Inspection inspection) throws IOException {
        Limits limits = inspection.limits();
        JsonValue value = JsonParser.parse(
                utf8, new JsonLimits(limits.headerBytes(), limits.depth(), limits.items(), limits.headerBytes()));
        KerasConfig config = new KerasConfig(inspection);
        if (!(value instanceof JsonObject object)) {
            throw inspection.refuse(MALFORMED, 0, "a configuration must be a JSON object");
        }
        if (model && text(object, "class_name") == null) {
            throw inspection.refuse(MALFORMED, 0, "a model must have a class_name, has none");
        }
        config.walk(value, model ? "" : "training");
        if (model) {
            config.model(object, "");
        }
    }

    private static @Nullable String text(JsonObject object, String key) {
        return object.members().get(key) instanceof JsonString s ? s.value() : null;
    }

    // --- every value ---

    private void walk(JsonValue value, String key) throws IOException {
        inspection.step();
        if (value instanceof JsonArray array) {
            // A list is the vocabulary itself: its words may look like anything.
            String each = KerasNames.fileKey(key) ? WORDS : key;
            for (JsonValue item : array.items()) {
                walk(item, each);
            }
        } else if (value instanceof JsonObject object) {
            object(object, key);
        } else if (value instanceof JsonString string) {
            string(string.value(), key);
        } else if (value instanceof JsonNumber number
                && KerasNames.sizeKey(key)
                && Math.abs(number.value()) > Integer.MAX_VALUE) {
            inspection.report(SHAPE, -1, key + " must be <= " + Integer.MAX_VALUE + ", was " + number.value());
        }
    }

    private void object(JsonObject object, String key) throws IOException {
        Map<String, JsonValue> members = object.members();
        JsonValue className = members.get("class_name");
        String serializedName = className instanceof JsonString name ? name.value() : null;
        boolean serialized = serializedName != null;
        if (className != null && !(className instanceof JsonString)) {
            inspection.report(MALFORMED, -1, "class_name must be a string");
        }
        if (serializedName != null) {
            judge(object, serializedName);
        } else if (members.get("module") instanceof JsonString && members.containsKey("config")) {
            judge(object, "");
        }
        boolean function = "function".equals(serializedName);
        for (Map.Entry<String, JsonValue> member : members.entrySet()) {
            String name = member.getKey();
            JsonValue value = member.getValue();
            if (serialized && (name.equals("class_name") || name.equals("module") || name.equals("registered_name"))
                    || function && name.equals("config")) {
                continue;
            }
            // Names of outputs stand between the key of a loss and its name.
            boolean output = isLoss(key) && !serialized;
            if (KerasNames.shapeKey(name)) {
                shape(value, name);
            }
            if (name.equals("function") && value instanceof JsonArray) {
                lambda("a function given as compiled code");
            }
            walk(value, output ? key : name);
        }
    }

    private static boolean isLoss(String key) {
        return key.equals("loss") || key.equals("metrics") || key.equals("weighted_metrics");
    }

    private void string(String value, String key) {
        if (value.isEmpty() || key.equals(WORDS)) {
            return;
        }
        if (KerasNames.fileKey(key)) {
            inspection.report(
                    EXTERNAL_FILE, -1, key + " must be in the configuration itself, is named: " + Text.quote(value));
            return;
        }
        if ((key.equals("function_type") || key.endsWith("_type") || key.endsWith("_function_type"))
                && value.equals("lambda")) {
            lambda(key + " is lambda");
            return;
        }
        boolean named = isLoss(key)
                || key.equals("fn")
                || key.equals("optimizer")
                || key.equals("init")
                || key.equals("inner_init")
                || key.equals("forget_bias_init")
                || key.equals("activation")
                || key.endsWith("_activation")
                || key.endsWith("_initializer")
                || key.endsWith("_regularizer")
                || key.endsWith("_constraint")
                || key.equals("embeddings_init");
        if (named) {
            named(value);
            return;
        }
        if (value.matches("(?is)([a-z][a-z0-9+.-]{1,15}://|\\\\\\\\|/[^/ ]+/|[a-z]:\\\\).*") || value.contains("../")) {
            inspection.report(PATH, -1, Text.quote(key) + " looks like a path or an address: " + Text.quote(value));
        }
    }

    private void shape(JsonValue value, String key) {
        if (!(value instanceof JsonArray array)) {
            return;
        }
        double product = 1;
        for (JsonValue item : array.items()) {
            if (item instanceof JsonNumber number) {
                if (number.value() != Math.rint(number.value())) {
                    inspection.report(SHAPE, -1, key + " must have whole numbers, has " + number.value());
                    return;
                }
                product *= Math.max(1, Math.abs(number.value()));
            }
        }
        if (product >= 0x1p63) {
            inspection.report(SHAPE, -1, "the product of " + key + " must be < 2^63, was about " + product);
        }
    }

    // --- names ---

    private void lambda(String what) {
        inspection.uses(
                Use.LAYER,
                "keras.layers.Lambda",
                Standing.DANGEROUS,
                LAMBDA,
                -1,
                "the model runs code that the file holds: " + what);
    }

    private static String simple(String name) {
        return name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('>')) + 1);
    }

    /** A name without module: Keras looks it up among its own and registered ones. */
    private void named(String name) {
        String simple = simple(name);
        String module = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : "";
        boolean known = name.contains(">")
                ? false
                : module.isEmpty() ? KerasNames.knownFunction(name) : KerasNames.known(module, simple);
        if (!module.isEmpty() && !KerasNames.keras(module)) {
            imported(module, simple);
        } else if (KerasNames.dangerous("", simple)) {
            dangerous(name);
        } else {
            inspection.uses(
                    known ? Use.GLOBAL : Use.LAYER,
                    known ? "keras." + simple : name,
                    known ? Standing.KNOWN : Standing.UNKNOWN,
                    CUSTOM,
                    -1,
                    "a function must be one of Keras, was " + Text.quote(name));
        }
    }

    private void imported(String module, String simple) {
        boolean extension = module.startsWith("keras_");
        Standing standing = KerasNames.dangerous(module, simple) ? Standing.DANGEROUS : Standing.UNKNOWN;
        inspection.uses(
                extension ? Use.LAYER : Use.GLOBAL,
                module + "." + simple,
                standing,
                extension ? CUSTOM : MODULE,
                -1,
                "a loader would import " + Text.quote(module + "." + simple));
    }

    private void dangerous(String name) {
        boolean wrapper = name.endsWith("TorchModuleWrapper")
                || name.endsWith("TFSMLayer")
                || name.endsWith("JaxLayer")
                || name.endsWith("FlaxLayer");
        inspection.uses(
                wrapper ? Use.LAYER : Use.GLOBAL,
                name,
                Standing.DANGEROUS,
                wrapper ? WRAPPER : FUNCTION,
                -1,
                "a loader would call " + Text.quote(name));
    }

    private void judge(JsonObject object, String className) throws IOException {
        String module = text(object, "module");
        JsonValue config = object.members().get("config");
        String simple = simple(className);
        if (simple.equalsIgnoreCase("lambda") || className.equals("__lambda__")) {
            lambda(Text.quote(className));
            return;
        }
        if (className.equals("__typespec__")) {
            typeSpec(object);
            return;
        }
        boolean foreign = module != null && !module.isEmpty() && !KerasNames.own(module);
        if (!foreign && className.startsWith("__") && className.endsWith("__")) {
            switch (className) {
                case "__tuple__",
                        "__tensor__",
                        "__numpy__",
                        "__bytes__",
                        "__complex__",
                        "__ellipsis__",
                        "__slice__",
                        "__keras_tensor__",
                        "__dict__",
                        "__set__",
                        "__list__" -> {
                    return;
                }
                default -> {}
            }
        }
        if (!foreign
                && (className.equals("TensorShape")
                        || className.equals("TypeSpec")
                        || className.equals("CompositeTensor"))) {
            return;
        }
        String registered = text(object, "registered_name");
        if (className.equals("function") || className.equals("builtin_function_or_method")) {
            if (!(config instanceof JsonString name)) {
                inspection.report(MALFORMED, -1, "config of a function must be its name");
            } else if (module == null || module.equals("builtins")) {
                named(name.value());
            } else {
                qualified(module, name.value());
            }
            return;
        }
        boolean optimizer = KerasNames.registeredOptimizer(className);
        if (registered != null
                && registered.contains(">")
                && !KerasNames.registeredOptimizer(registered)
                && !registered.startsWith("keras>")) {
            inspection.uses(
                    Use.LAYER,
                    registered,
                    Standing.UNKNOWN,
                    CUSTOM,
                    -1,
                    "a class must be one of Keras, was " + Text.quote(registered));
            return;
        }
        if (module != null && !module.isEmpty()) {
            qualified(module, className);
        } else if (className.contains(".") && !className.contains(">")) {
            qualified(className.substring(0, className.lastIndexOf('.')), simple);
        } else if (KerasNames.dangerous("", className)) {
            dangerous(className);
        } else {
            boolean known = optimizer || KerasNames.knownClass(className);
            inspection.uses(
                    known && !KerasNames.layer(className) ? Use.GLOBAL : Use.LAYER,
                    known ? (KerasNames.layer(className) ? "keras.layers." : "keras.") + className : className,
                    known ? Standing.KNOWN : Standing.UNKNOWN,
                    CUSTOM,
                    -1,
                    "a class must be one of Keras, was " + Text.quote(className));
        }
        if (config instanceof JsonObject inner) {
            operation(simple, inner);
        }
    }

    private void qualified(String module, String name) {
        String simple = simple(name);
        if (!KerasNames.keras(module)) {
            imported(module, name);
        } else if (KerasNames.known(module, name)) {
            inspection.uses(
                    KerasNames.layer(name) ? Use.LAYER : Use.GLOBAL,
                    (KerasNames.layer(name) ? "keras.layers." : "keras.") + name,
                    Standing.KNOWN,
                    CUSTOM,
                    -1,
                    "a class must be allowed, was " + Text.quote(name));
        } else if (KerasNames.dangerous("", simple)
                || module.matches(".*\\.(utils|saving|config|export|callbacks|datasets|preprocessing)(\\..*)?")) {
            dangerous(module + "." + name);
        } else {
            inspection.uses(
                    Use.LAYER,
                    module + "." + name,
                    Standing.UNKNOWN,
                    CUSTOM,
                    -1,
                    "a class or function must be a known one of Keras, was " + Text.quote(module + "." + name));
        }
    }

    private void typeSpec(JsonObject object) {
        String spec = text(object, "spec_name");
        String module = text(object, "module");
        boolean known = module != null
                && (module.startsWith("tensorflow.python.") || KerasNames.keras(module))
                && spec != null
                && List.of("TensorSpec", "RaggedTensorSpec", "SparseTensorSpec", "TensorShape", "KerasTensor")
                        .contains(spec);
        if (!known) {
            imported(module == null ? "" : module, spec == null ? "" : spec);
        }
    }

    private void operation(String simple, JsonObject config) throws IOException {
        switch (simple) {
            case "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod" -> {
                for (String key : List.of("function", "symbol", "cls_ref")) {
                    String function = text(config, key);
                    if (function != null) {
                        inspection.uses(
                                Use.OPERATOR,
                                "tf." + function,
                                KerasNames.tensorFlowFunction(function),
                                TF_OPERATION,
                                -1,
                                "a layer would call " + Text.quote("tf." + function));
                    }
                }
            }
            case "TensorFlowOpLayer" -> {
                JsonValue node = config.members().get("node_def");
                if (node instanceof JsonString json) {
                    node = JsonParser.parse(
                            json.value().getBytes(java.nio.charset.StandardCharsets.UTF_8), JsonLimits.standard());
                }
                String op = node instanceof JsonObject definition ? text(definition, "op") : null;
                if (op == null) {
                    inspection.report(MALFORMED, -1, "node_def of a TensorFlowOpLayer must have an op");
                } else {
                    inspection.uses(
                            Use.OPERATOR,
                            "tf.raw_ops." + op,
                            KerasNames.tensorFlowOperator(op),
                            TF_OPERATION,
                            -1,
                            "a layer would run the operator " + Text.quote(op));
                }
            }
            case "Merge" -> {
                String type = text(config, "mode_type");
                if (type != null && !type.equals("raw")) {
                    lambda("mode of a Merge layer");
                }
            }
            default -> {}
        }
    }

    // --- layers and edges ---

    private void model(JsonObject model, String prefix) throws IOException {
        JsonValue config = model.members().get("config");
        JsonValue list = config instanceof JsonObject object ? object.members().get("layers") : config;
        if (!(list instanceof JsonArray layers)) {
            return;
        }
        boolean sequential = "Sequential".equals(simple(String.valueOf(text(model, "class_name"))));
        Map<String, List<List<String[]>>> nodes = new LinkedHashMap<>();
        Map<String, Boolean> nested = new HashMap<>();
        String last = "";
        for (JsonValue item : layers.items()) {
            if (!(item instanceof JsonObject layer)) {
                throw inspection.refuse(MALFORMED, -1, "a layer must be a JSON object");
            }
            String className = text(layer, "class_name");
            String name = text(layer, "name");
            if (name == null && layer.members().get("config") instanceof JsonObject inner) {
                name = text(inner, "name");
            }
            String full = kept(prefix + (name == null ? "" : name));
            List<String> inputs = new ArrayList<>();
            if (sequential) {
                if (!last.isEmpty()) {
                    inputs.add(last);
                }
            } else {
                List<List<String[]>> own = new ArrayList<>();
                if (layer.members().get("inbound_nodes") instanceof JsonArray inbound) {
                    for (JsonValue node : inbound.items()) {
                        List<String[]> references = new ArrayList<>();
                        references(node, references);
                        own.add(references);
                        for (String[] reference : references) {
                            inputs.add(kept(prefix + reference[0]));
                        }
                    }
                }
                if (name != null) {
                    if (nodes.put(name, own) != null) {
                        inspection.report(GRAPH, -1, "names of layers must be unique, was " + Text.quote(name));
                    }
                    nested.put(name, KerasNames.model(simple(String.valueOf(className))));
                }
            }
            inspection.operator(new Operator(
                    full,
                    type(text(layer, "module"), String.valueOf(className)),
                    new ArrayList<>(new TreeSet<>(inputs)),
                    List.of()));
            last = full;
            if (className != null && KerasNames.model(simple(className))) {
                model(layer, full + "/");
            }
        }
        if (!sequential) {
            acyclic(nodes, nested);
        }
    }

    /** A name with those of the models around it, all of which are kept. */
    private String kept(String name) throws IOException {
        names += 64 + name.length();
        if (name.length() > MOST_NAME || names > MOST_NAMES) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE,
                    -1,
                    "names of layers must have <= " + MOST_NAME + " characters, " + MOST_NAMES + " in all, have more");
        }
        return name;
    }

    private static String type(@Nullable String module, String className) {
        String simple = simple(className);
        return module == null || module.isEmpty() || KerasNames.known(module, className)
                ? (KerasNames.layer(simple) ? "keras.layers." + simple : className)
                : module + "." + className;
    }

    /** References to values of other layers: {@code ["name", node, tensor, …]}, or a tensor with its history. */
    private void references(JsonValue value, List<String[]> found) throws IOException {
        inspection.step();
        if (value instanceof JsonArray array) {
            List<JsonValue> items = array.items();
            if (items.size() >= 3
                    && items.get(0) instanceof JsonString name
                    && items.get(1) instanceof JsonNumber node
                    && items.get(2) instanceof JsonNumber) {
                found.add(new String[] {name.value(), Integer.toString((int) node.value())});
                items = items.subList(3, items.size());
            }
            for (JsonValue item : items) {
                references(item, found);
            }
        } else if (value instanceof JsonObject object) {
            for (JsonValue member : object.members().values()) {
                references(member, found);
            }
        }
    }

    /** Whether the nodes can be built one after another: a layer that is used twice has a node for each use. */
    private void acyclic(Map<String, List<List<String[]>>> layers, Map<String, Boolean> nested) throws IOException {
        Map<String, Integer> waiting = new HashMap<>();
        Map<String, List<String>> users = new HashMap<>();
        int nodes = 0;
        ArrayDeque<String> ready = new ArrayDeque<>();
        for (Map.Entry<String, List<List<String[]>>> layer : layers.entrySet()) {
            int count = Math.max(1, layer.getValue().size());
            nodes += count;
            for (int i = 0; i < count; i++) {
                String key = layer.getKey() + "\0" + i;
                int inputs = 0;
                for (String[] reference : layer.getValue().isEmpty()
                        ? List.<String[]>of()
                        : layer.getValue().get(i)) {
                    inspection.step();
                    List<List<String[]>> source = layers.get(reference[0]);
                    if (source == null) {
                        inspection.report(
                                GRAPH,
                                -1,
                                "inputs of " + Text.quote(layer.getKey()) + " must be layers, one is "
                                        + Text.quote(reference[0]));
                        return;
                    }
                    // A model within a model has a node of its own before those of its uses.
                    int node = Integer.parseInt(reference[1]) - (nested.getOrDefault(reference[0], false) && source.size() > 0 ? 1 : 0);
                    node = Math.max(0, Math.min(node, Math.max(0, source.size() - 1)));
                    users.computeIfAbsent(reference[0] + "\0" + node, k -> new ArrayList<>())
                            .add(key);
                    inputs++;
                }
                waiting.put(key, inputs);
                if (inputs == 0) {
                    ready.add(key);
                }
            }
        }
        int built = 0;
        while (!ready.isEmpty()) {
            inspection.step();
            built++;
            for (String user : users.getOrDefault(ready.remove(), List.of())) {
                if (waiting.merge(user, -1, Integer::sum) == 0) {
                    ready.add(user);
                }
            }
        }
        if (built < nodes) {
            inspection.report(GRAPH, -1, "layers must not form a cycle, " + (nodes - built) + " do or depend on one");
        }
    }
}
