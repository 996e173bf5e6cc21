// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads one file of TensorFlow. */
final class TensorFlowReader {
    private static final Pattern NODE = Pattern.compile("[A-Za-z0-9._][A-Za-z0-9_.\\\\/>\\-]*");
    private static final Pattern INPUT =
            Pattern.compile("\\^?[A-Za-z0-9._][A-Za-z0-9_.\\\\/>\\-]*(:[A-Za-z_][A-Za-z0-9_]*)?(:[0-9]{1,9})?");
    private static final int MOST_UNDEFINED = 10;
    private static final int MOST_TRACE = 1000;

    /** Operators that make any text of other text or of numbers. */
    private static final Set<String> COMPUTES_TEXT = Set.of(
            "DecodeBase64",
            "StringFormat",
            "RegexReplace",
            "StaticRegexReplace",
            "Substr",
            "UnicodeEncode",
            "UnicodeTranscode",
            "AsString",
            "ReduceJoin",
            "UnsortedSegmentJoin",
            "StringLower",
            "StringUpper",
            "StringStrip",
            "StringSplit",
            "StringSplitV2",
            "EncodeBase64",
            "StringNGrams",
            "DecodeCompressed",
            "DecodeJSONExample",
            "DecodePaddedRaw",
            "DecodeRaw",
            "Bitcast",
            "SerializeTensor",
            "EncodeProto",
            "DecodeProtoV2",
            "ParseExample",
            "ParseSingleExample",
            "LookupTableFind",
            "LookupTableFindV2",
            "EncodePng",
            "EncodeJpeg",
            "EncodeWav",
            "SerializeSparse",
            "TensorListGetItem",
            "TensorListStack");

    /** Operators that give what other nodes or files put there. */
    private static final Set<String> STORES_TEXT = Set.of(
            "ReadVariableOp",
            "VarHandleOp",
            "VariableV2",
            "Variable",
            "LookupTableExport",
            "LookupTableExportV2",
            "TensorArrayRead",
            "TensorArrayReadV2",
            "TensorArrayReadV3",
            "IteratorGetNext",
            "Unstage");

    private final Protobuf in;
    private final Inspection inspection;

    /** One graph with its library. */
    private final Map<String, Map<String, Long>> callers = new LinkedHashMap<>();

    private final Map<String, Long> functions = new LinkedHashMap<>();
    private final Map<String, Long> operators = new LinkedHashMap<>();
    private boolean assets;
    /** Where an operator of this node would print, if it is to a file. */
    private String printsTo = "";
    /** Functions that a caller tells where to save or restore. */
    private final Set<String> led = new HashSet<>();
    /** Of each function, those that it tells so by an argument of its own. */
    private final Map<String, Set<String>> passes = new HashMap<>();
    /** Functions that get a path which leads out, or text that is computed, and where. */
    private final Map<String, Long> leading = new LinkedHashMap<>();

    private int undefined;

    /** The nodes of a graph or a function. */
    private static final class Body {
        final boolean function;
        final Map<String, Integer> names = new HashMap<>();
        final Set<String> arguments = new HashSet<>();
        final List<Node> nodes = new ArrayList<>();
        /** Constant texts of nodes, where paths may come from. */
        final Map<Integer, String> texts = new HashMap<>();
        /** Nodes that name functions. */
        final Map<Integer, Set<String>> named = new HashMap<>();
        /** Nodes with text in attributes between pieces. */
        final Set<Integer> separated = new HashSet<>();

        final Map<String, Long> calls = new HashMap<>();

        Body(boolean function) {
            this.function = function;
        }
    }

    private record Node(String name, String operator, List<String> inputs, long offset) {}

    TensorFlowReader(ByteSource source, Inspection inspection) {
        this.in = new Protobuf(source, inspection);
        this.inspection = inspection;
    }

    void read(TensorFlowFormat.Kind kind) throws IOException {
        switch (kind) {
            case GRAPH -> {
                graph();
                judge();
            }
            case META_GRAPH -> metaGraph();
            case KERAS_METADATA -> {
                while (in.next()) {
                    in.enter();
                    while (in.next()) {
                        if (in.field() == 5) {
                            keras(in.offset(), in.bytes());
                        }
                    }
                    in.leave();
                }
            }
            case FINGERPRINT -> {
                while (in.next()) {
                    in.once();
                }
            }
            case SAVED_MODEL, NONE -> savedModel();
        }
    }

    private void savedModel() throws IOException {
        boolean any = false;
        while (in.next()) {
            switch (in.field()) {
                case 1 ->
                    inspection.metadata(
                            "tensorflow.schema", String.valueOf(in.once().number()));
                case 2 -> {
                    in.enter();
                    metaGraph();
                    in.leave();
                    any = true;
                }
                default -> in.unknown();
            }
        }
        if (!any) {
            throw inspection.refuse(FileRules.MALFORMED, 0, "a SavedModel must have a graph, has none");
        }
    }

    private void metaGraph() throws IOException {
        callers.clear();
        functions.clear();
        operators.clear();
        led.clear();
        passes.clear();
        leading.clear();
        assets = false;
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    in.once().enter();
                    while (in.next()) {
                        if (in.field() == 5) {
                            inspection.metadata("tensorflow.version", in.beginning(100));
                        } else if (in.field() == 4) {
                            inspection.metadata("tensorflow.tag", in.beginning(100));
                        }
                    }
                    in.leave();
                }
                case 2 -> {
                    in.once().enter();
                    graph();
                    in.leave();
                }
                case 3 -> in.once().skip(Protobuf.BYTES);
                case 4, 5 -> in.skip(Protobuf.BYTES);
                case 6 -> asset();
                case 7 -> {
                    in.once().enter();
                    objects();
                    in.leave();
                }
                default -> in.unknown();
            }
        }
        judge();
    }

    private void asset() throws IOException {
        assets = true;
        long tag = in.offset();
        String file = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> in.once().skip(Protobuf.BYTES);
                case 2 -> file = in.once().text();
                default -> in.unknown();
            }
        }
        in.leave();
        if (file.isEmpty() || TensorFlowTensor.leads(file)) {
            inspection.report(
                    TensorFlowFormat.FILE_PATH,
                    tag,
                    "an asset must be a relative path below the model, was " + Text.quote(file));
        }
    }

    /** Of the objects of a SavedModel only the Keras layers matter: Keras builds them anew from their metadata. */
    private void objects() throws IOException {
        while (in.next()) {
            if (in.field() != 1) {
                continue;
            }
            in.enter();
            while (in.next()) {
                if (in.field() == 4) {
                    in.enter();
                    while (in.next()) {
                        if (in.field() == 3) {
                            keras(in.offset(), in.bytes());
                        }
                    }
                    in.leave();
                }
            }
            in.leave();
        }
    }

    private void keras(long tag, ByteSource metadata) throws IOException {
        int most = inspection.limits().headerBytes();
        if (metadata.length() == 0) {
            return;
        }
        if (metadata.length() > most) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE, tag, "metadata must have <= " + most + " bytes, has " + metadata.length());
        }
        byte[] bytes = metadata.read(0, (int) metadata.length());
        if (bytes[0] != '{' && bytes[0] != '[') {
            return;
        }
        try {
            layers(tag, JsonParser.parse(bytes, new JsonLimits(most, 100, 4_000_000, most)));
        } catch (MalformedInputException e) {
            throw inspection.refuse(FileRules.MALFORMED, tag, "Keras metadata: " + e.getMessage());
        }
    }

    private void layers(long tag, JsonValue value) throws IOException {
        inspection.step();
        if (value instanceof JsonValue.JsonObject object) {
            String name = object.members().get("class_name") instanceof JsonValue.JsonString text ? text.value() : "";
            if (name.equals("Lambda") || name.endsWith(">Lambda") || name.endsWith(".Lambda")) {
                inspection.uses(
                        Use.LAYER,
                        "keras.layers.Lambda",
                        Standing.DANGEROUS,
                        TensorFlowFormat.KERAS_LAYER,
                        tag,
                        "a Lambda layer holds code that Keras runs");
            }
            for (JsonValue member : object.members().values()) {
                layers(tag, member);
            }
        } else if (value instanceof JsonValue.JsonArray array) {
            for (JsonValue item : array.items()) {
                layers(tag, item);
            }
        }
    }

    private void graph() throws IOException {
        Body body = new Body(false);
        while (in.next()) {
            switch (in.field()) {
                case 1 -> node(body);
                case 2 -> library();
                case 3 -> in.once().int32();
                case 4 -> versions();
                case 5 -> in.once().skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        finish("", body);
    }

    private void versions() throws IOException {
        in.once().enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 ->
                    inspection.metadata(
                            "tensorflow.producer", String.valueOf(in.once().int32()));
                case 2 -> in.once().int32();
                case 3 -> in.varints(n -> {});
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private void library() throws IOException {
        in.once().enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> function();
                case 2, 3 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private void function() throws IOException {
        long tag = in.offset();
        Body body = new Body(true);
        String name = "";
        List<String> returned = new ArrayList<>();
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    in.once().enter();
                    while (in.next()) {
                        switch (in.field()) {
                            case 1 -> name = in.once().text();
                            case 2 -> argument(body);
                            // The rest describes the function for documents and checks.
                            default -> {}
                        }
                    }
                    in.leave();
                }
                case 3 -> node(body);
                case 4 -> returned.add(returns());
                case 5 -> attribute(new HashSet<>(), body, "");
                case 2, 6, 7, 8 -> {}
                default -> in.unknown();
            }
        }
        in.leave();
        if (name.isEmpty()) {
            throw inspection.refuse(TensorFlowFormat.NAME, tag, "a function must have a name, has none");
        }
        if (functions.put(name, tag) != null) {
            throw inspection.refuse(
                    TensorFlowFormat.DUPLICATE, tag, "a function must stand once, twice stands " + Text.quote(name));
        }
        if (TensorFlowOperators.standing(name) != Standing.UNKNOWN || TensorFlowOperators.checkpoint(name)) {
            throw inspection.refuse(
                    TensorFlowFormat.FUNCTION,
                    tag,
                    "a function must not be called as an operator, is " + Text.quote(name));
        }
        for (String value : returned) {
            if (!defined(body, value)) {
                undefined(value, tag);
            }
        }
        finish(name, body);
    }

    private void argument(Body body) throws IOException {
        in.enter();
        while (in.next()) {
            if (in.field() == 1) {
                body.arguments.add(in.once().text());
            }
        }
        in.leave();
    }

    private String returns() throws IOException {
        String value = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> in.once().skip(Protobuf.BYTES);
                case 2 -> value = in.once().text();
                default -> in.unknown();
            }
        }
        in.leave();
        return value;
    }

    private void node(Body body) throws IOException {
        long tag = in.offset();
        String name = "";
        String operator = "";
        List<String> inputs = new ArrayList<>();
        Set<String> attributes = new HashSet<>();
        int index = body.nodes.size();
        printsTo = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> name = in.once().text();
                case 2 -> operator = in.once().text();
                case 3 -> inputs.add(in.text());
                case 4 -> in.once().skip(Protobuf.BYTES);
                case 5 -> {
                    String text = attribute(attributes, body, name);
                    if (!text.isEmpty()) {
                        body.texts.put(index, text);
                    }
                }
                case 6, 7 -> in.once().skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
        if (operator.isEmpty() || !NODE.matcher(name).matches()) {
            throw inspection.refuse(
                    TensorFlowFormat.NAME,
                    tag,
                    "a node must have an operator and a name of letters, digits and _.-/>, was " + Text.quote(name));
        }
        if (body.names.put(name, index) != null) {
            throw inspection.refuse(
                    TensorFlowFormat.DUPLICATE, tag, "a node must stand once, twice stands " + Text.quote(name));
        }
        for (String input : inputs) {
            if (!INPUT.matcher(input).matches()) {
                throw inspection.refuse(
                        TensorFlowFormat.NAME,
                        tag,
                        "an input must be [^]node[:output][:number], was " + Text.quote(input));
            }
        }
        if (operator.equals("Const") && !attributes.contains("value")) {
            inspection.report(TensorFlowFormat.NO_VALUE, tag, "constant " + Text.quote(name) + " has no value");
        }
        if (operator.equals("PrintV2") && !printsTo.isEmpty()) {
            inspection.uses(
                    Use.OPERATOR,
                    "PrintV2.file",
                    Standing.DANGEROUS,
                    TensorFlowFormat.OPERATOR,
                    tag,
                    "operator \"PrintV2\" writes to " + Text.quote(printsTo));
        }
        body.nodes.add(new Node(name, operator, inputs, tag));
        body.calls.merge(operator, 1L, Long::sum);
    }

    /** Reads a pair of a map of attributes; gives the text of a constant. */
    private String attribute(Set<String> names, Body body, String node) throws IOException {
        long tag = in.offset();
        String key = "";
        String text = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> key = in.once().text();
                case 2 -> {
                    in.once().enter();
                    text = value(body, node, key);
                    in.leave();
                }
                default -> in.unknown();
            }
        }
        in.leave();
        if (!names.add(key)) {
            throw inspection.refuse(
                    TensorFlowFormat.DUPLICATE, tag, "an attribute must stand once, twice stands " + Text.quote(key));
        }
        return text;
    }

    private String value(Body body, String node, String key) throws IOException {
        String text = "";
        int kind = 0;
        while (in.next()) {
            if (kind != 0) {
                throw inspection.refuse(
                        Protobuf.AMBIGUOUS,
                        in.offset(),
                        "an attribute must have one value, " + Text.quote(key) + " has more");
            }
            kind = in.field();
            switch (kind) {
                case 1 -> list(body, node, key);
                case 2 -> {
                    String value = in.beginning(100);
                    if (value.startsWith("file:")) {
                        printsTo = value;
                    }
                    if (!value.isEmpty()) {
                        body.separated.add(body.nodes.size());
                    }
                }
                case 3 -> in.number();
                case 4 -> in.fixed32();
                case 5 -> in.bool();
                case 6 -> type(in.int32());
                case 7 -> TensorFlowTensor.shape(in, inspection);
                case 8 -> text = TensorFlowTensor.read(in, inspection, node, body.function);
                case 9 -> {
                    // Whoever calls the function says what stands here.
                    printsTo = "what its caller says";
                    body.separated.add(body.nodes.size());
                    in.skip(Protobuf.BYTES);
                }
                case 10 -> called(body, node);
                default -> in.unknown();
            }
        }
        return text;
    }

    private void list(Body body, String node, String key) throws IOException {
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 2 -> in.skip(Protobuf.BYTES);
                case 3, 5 -> in.varints(n -> {});
                case 4 -> in.fixedCount(4);
                case 6 ->
                    in.varints(n -> {
                        if (n != (int) n) {
                            throw in.malformed("a data type must fit 32 bits, was " + n);
                        }
                        type((int) n);
                    });
                case 7 -> TensorFlowTensor.shape(in, inspection);
                case 8 -> TensorFlowTensor.read(in, inspection, node + "/" + key, true);
                case 9 -> called(body, node);
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private void type(int type) throws IOException {
        if (!TensorFlowTensor.isType(type)) {
            throw inspection.refuse(
                    TensorFlowFormat.DATA_TYPE, in.offset(), "a data type must be one of types.proto, was " + type);
        }
    }

    private void called(Body body, String node) throws IOException {
        in.enter();
        Set<String> attributes = new HashSet<>();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    String name = in.once().text();
                    if (!name.isEmpty()) {
                        body.calls.merge("\0" + name, 1L, Long::sum);
                        body.named
                                .computeIfAbsent(body.nodes.size(), n -> new HashSet<>())
                                .add(name);
                    }
                }
                case 2 -> attribute(attributes, body, node);
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private static String owner(String input) {
        int from = input.startsWith("^") ? 1 : 0;
        int colon = input.indexOf(':');
        return input.substring(from, colon < 0 ? input.length() : colon);
    }

    private static boolean defined(Body body, String input) {
        String owner = owner(input);
        return body.names.containsKey(owner) || body.arguments.contains(owner);
    }

    private void undefined(String value, long offset) {
        if (++undefined <= MOST_UNDEFINED) {
            inspection.report(
                    TensorFlowFormat.UNDEFINED, offset, "an input must be a node, no node is " + Text.quote(value));
        }
    }

    private static Operator whole(Node node) {
        return new Operator(node.name(), node.operator(), node.inputs(), List.of());
    }

    /** Each function has names of its own. */
    private static Operator inside(String owner, Node node) {
        List<String> inputs = node.inputs().stream()
                .map(input -> input.startsWith("^") ? "^" + owner + "/" + input.substring(1) : owner + "/" + input)
                .toList();
        return new Operator(owner + "/" + node.name(), node.operator(), inputs, List.of());
    }

    private void finish(String owner, Body body) throws IOException {
        List<int[]> needs = new ArrayList<>();
        for (Node node : body.nodes) {
            inspection.step();
            inspection.operator(body.function ? inside(owner, node) : whole(node));
            int[] edges = new int[node.inputs().size()];
            int n = 0;
            for (String input : node.inputs()) {
                Integer by = body.names.get(owner(input));
                if (by == null) {
                    if (!body.arguments.contains(owner(input))) {
                        undefined(input, node.offset());
                    }
                } else if (!body.nodes.get(by).operator().endsWith("NextIteration")) {
                    edges[n++] = by;
                }
            }
            needs.add(Arrays.copyOf(edges, n));
            if (TensorFlowOperators.checkpoint(node.operator())) {
                checkpoint(owner, body, node);
            } else {
                operators.putIfAbsent(node.operator(), node.offset());
            }
        }
        int[] order = GraphOrder.sort(needs, inspection);
        if (order.length < needs.size()) {
            Node node = body.nodes.get(GraphOrder.inCycle(needs, order));
            throw inspection.refuse(
                    TensorFlowFormat.CYCLE,
                    node.offset(),
                    "nodes must not need each other in a circle, " + Text.quote(node.name()) + " does");
        }
        calls(owner, body);
        callers.put(owner, body.calls);
    }

    private void checkpoint(String owner, Body body, Node node) throws IOException {
        // Which input is the path differs, so follow those that can be text.
        List<String> inputs = node.inputs();
        Trace trace = trace(body, inputs.subList(0, Math.min(2, inputs.size())), true);
        if (!trace.leads().isEmpty()) {
            inspection.report(
                    TensorFlowFormat.FILE_PATH,
                    node.offset(),
                    "operator " + Text.quote(node.operator()) + " must not use a fixed path, uses " + trace.leads());
            return;
        }
        if (trace.argument()) {
            led.add(owner);
        }
        inspection.report(
                TensorFlowFormat.CHECKPOINT,
                node.offset(),
                "operator " + Text.quote(node.operator()) + " handles variables");
    }

    /** What text reaches inputs: what is wrong with it, and whether some comes from an argument of the function. */
    private record Trace(String leads, boolean argument) {}

    private Trace trace(Body body, List<String> inputs, boolean path) throws IOException {
        List<Integer> open = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        boolean argument = false;
        for (String input : inputs) {
            argument |= follow(body, input, open, seen);
        }
        while (!open.isEmpty()) {
            inspection.step();
            if (seen.size() > MOST_TRACE) {
                return new Trace(path ? "what " + seen.size() + " nodes compute" : "", argument);
            }
            int at = open.remove(open.size() - 1);
            Node node = body.nodes.get(at);
            String text = body.texts.getOrDefault(at, "");
            if (TensorFlowTensor.leads(text)) {
                return new Trace(Text.quote(text), argument);
            }
            boolean separated = node.operator().equals("StringJoin") && body.separated.contains(at);
            boolean stored = path && STORES_TEXT.contains(node.operator());
            boolean called = body.named.containsKey(at)
                    || path && TensorFlowOperators.standing(node.operator()) == Standing.UNKNOWN;
            if (separated || stored || called || COMPUTES_TEXT.contains(node.operator())) {
                return new Trace("text that " + Text.quote(node.operator()) + " computes", argument);
            }
            for (String input : node.inputs()) {
                argument |= follow(body, input, open, seen);
            }
        }
        return new Trace("", argument);
    }

    /** Adds the node that gives an input; says whether an argument does. */
    private static boolean follow(Body body, String input, List<Integer> open, Set<Integer> seen) {
        if (input.startsWith("^")) {
            return false;
        }
        Integer by = body.names.get(owner(input));
        if (by == null) {
            return body.arguments.contains(owner(input));
        }
        if (seen.add(by)) {
            open.add(by);
        }
        return false;
    }

    /** Nodes that call functions: what they pass may be where those save. */
    private void calls(String owner, Body body) throws IOException {
        for (int i = 0; i < body.nodes.size(); i++) {
            Node node = body.nodes.get(i);
            Set<String> functions = new HashSet<>(body.named.getOrDefault(i, Set.of()));
            if (TensorFlowOperators.standing(node.operator()) == Standing.UNKNOWN) {
                functions.add(node.operator());
            }
            if (functions.isEmpty()) {
                continue;
            }
            Trace trace = trace(body, node.inputs(), false);
            for (String function : functions) {
                if (!trace.leads().isEmpty()) {
                    leading.putIfAbsent(function, node.offset());
                }
                if (trace.argument()) {
                    passes.computeIfAbsent(function, f -> new HashSet<>()).add(owner);
                }
            }
        }
    }

    /** Whether a function that saves where its caller says is told a path that leads out. */
    private void judgePaths() throws IOException {
        List<String> open = new ArrayList<>(led);
        Set<String> seen = new HashSet<>(led);
        while (!open.isEmpty()) {
            inspection.step();
            String function = open.remove(open.size() - 1);
            Long offset = leading.get(function);
            if (offset != null && functions.containsKey(function)) {
                inspection.report(
                        TensorFlowFormat.FILE_PATH,
                        offset,
                        "function " + Text.quote(function) + " saves or restores and must not be given a fixed path");
                return;
            }
            for (String caller : passes.getOrDefault(function, Set.of())) {
                if (seen.add(caller)) {
                    open.add(caller);
                }
            }
        }
    }

    /** Judges operators and calls when graph, library and assets are known. */
    private void judge() throws IOException {
        List<String> names = new ArrayList<>(callers.keySet());
        Map<String, Integer> index = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            index.put(names.get(i), i);
        }
        List<int[]> needs = new ArrayList<>();
        Set<String> missing = new HashSet<>();
        for (String name : names) {
            List<Integer> edges = new ArrayList<>();
            for (String call : callers.getOrDefault(name, Map.of()).keySet()) {
                boolean byAttribute = call.startsWith("\0");
                Integer to = index.get(byAttribute ? call.substring(1) : call);
                if (to != null) {
                    edges.add(to);
                } else if (byAttribute) {
                    missing.add(call.substring(1));
                }
            }
            needs.add(edges.stream().mapToInt(Integer::intValue).toArray());
        }
        int[] order = GraphOrder.sort(needs, inspection);
        if (order.length < names.size()) {
            String name = names.get(GraphOrder.inCycle(needs, order));
            throw inspection.refuse(
                    TensorFlowFormat.RECURSION,
                    functions.getOrDefault(name, -1L),
                    "a function must not call itself, does " + Text.quote(name));
        }
        double[] size = new double[names.size()];
        for (int i : order) {
            for (Map.Entry<String, Long> call :
                    callers.getOrDefault(names.get(i), Map.of()).entrySet()) {
                Integer to =
                        index.get(call.getKey().startsWith("\0") ? call.getKey().substring(1) : call.getKey());
                size[i] += call.getValue() * (to == null ? 1 : Math.max(1, size[to]));
            }
            if (size[i] > 10.0 * inspection.limits().items()) {
                throw inspection.refuse(
                        TensorFlowFormat.EXPANSION,
                        functions.getOrDefault(names.get(i), -1L),
                        "functions must unfold to <= "
                                + 10L * inspection.limits().items() + " nodes, unfold to more");
            }
        }
        missing.stream()
                .limit(1)
                .forEach(name -> inspection.report(
                        TensorFlowFormat.MISSING_FUNCTION,
                        -1,
                        "function " + Text.quote(name) + " is not in the library"));
        judgePaths();
        for (Map.Entry<String, Long> use : operators.entrySet()) {
            if (!functions.containsKey(use.getKey())) {
                use(use.getKey(), use.getValue());
            }
        }
    }

    private void use(String operator, long offset) {
        if (TensorFlowOperators.assetTable(operator) && assets) {
            inspection.report(TensorFlowFormat.ASSET, offset, "operator " + Text.quote(operator) + " reads an asset");
            return;
        }
        Standing standing = TensorFlowOperators.standing(operator);
        inspection.uses(
                Use.OPERATOR,
                operator,
                standing,
                TensorFlowFormat.OPERATOR,
                offset,
                standing == Standing.DANGEROUS
                        ? "operator " + Text.quote(operator) + " runs code, or reads or writes what is not in the graph"
                        : "operator " + Text.quote(operator) + " is not known to only compute");
    }
}
