// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads one ONNX model. */
final class OnnxReader {
    private static final int NEWEST_IR = 14;
    private static final int MOST_UNDEFINED = 10;

    /** Where operators stand: the graph of the model, or a local function. */
    private static final String MODEL = "";

    private final Protobuf in;
    private final Inspection inspection;
    private final Set<String> external = new HashSet<>();
    private final Map<String, Long> opsets = new HashMap<>();
    private final Map<String, Long> functions = new LinkedHashMap<>();
    private final Map<String, Call> calls = new LinkedHashMap<>();
    private final Map<String, Map<String, Long>> callers = new HashMap<>();
    private final Set<String> domains = new LinkedHashSet<>();
    private String owner = MODEL;
    private int undefined;

    /** First use of an operator. */
    private record Call(String domain, String type, long offset) {}

    /** Values of a graph or function and the nodes that need them. */
    private static final class Scope {
        static final int GIVEN = -1;

        final Map<String, Integer> defined = new HashMap<>();
        final Set<String> inputs = new HashSet<>();
        final Set<String> initializers = new HashSet<>();
        final List<List<String>> needs = new ArrayList<>();
        final List<Long> offsets = new ArrayList<>();
        final List<String> outputs = new ArrayList<>();
        /** Names that subgraphs define. */
        final Set<String> inner = new HashSet<>();
        /** Names that are taken from around, where they were first used. */
        final Map<String, Long> captured = new LinkedHashMap<>();
    }

    OnnxReader(ByteSource source, Inspection inspection) {
        this.in = new Protobuf(source, inspection);
        this.inspection = inspection;
    }

    void read() throws IOException {
        long version = 0;
        Scope graph = null;
        Map<String, Long> later = new LinkedHashMap<>();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    version = in.once().number();
                    version(version);
                }
                case 2 -> metadata("onnx.producer", in.once().beginning(200));
                case 3 -> metadata("onnx.producer-version", in.once().beginning(200));
                case 4 -> metadata("onnx.domain", in.once().beginning(200));
                case 5 ->
                    metadata("onnx.model-version", String.valueOf(in.once().number()));
                case 6 -> in.once().skip(Protobuf.BYTES);
                case 7 -> {
                    in.once();
                    graph = graph();
                    for (Map.Entry<String, Long> name : graph.captured.entrySet()) {
                        undefined(name.getKey(), name.getValue());
                    }
                }
                case 8 -> opset();
                case 14 -> property();
                case 20 -> training(later);
                case 25 -> function();
                case 26 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        if (version == 0) {
            throw inspection.refuse(OnnxFormat.MALFORMED, 0, "ir_version must be >= 1, is missing");
        }
        if (graph == null) {
            throw inspection.refuse(OnnxFormat.MALFORMED, 0, "a model must have a graph, has none");
        }
        metadata("onnx.ir-version", String.valueOf(version));
        for (Map.Entry<String, Long> name : later.entrySet()) {
            if (!graph.defined.containsKey(name.getKey())) {
                undefined(name.getKey(), name.getValue());
            }
        }
        functions();
        if (version >= 3) {
            imports();
        }
        for (Map.Entry<String, Call> call : calls.entrySet()) {
            if (!functions.containsKey(call.getKey())) {
                use(call.getValue());
            }
        }
    }

    private void metadata(String key, String value) {
        if (!value.isEmpty()) {
            inspection.metadata(key, value);
        }
    }

    private void version(long version) throws IOException {
        if (version < 1 || version > 1000) {
            throw inspection.refuse(
                    OnnxFormat.MALFORMED, in.offset(), "ir_version must be in [1, " + NEWEST_IR + "], was " + version);
        }
        if (version > NEWEST_IR) {
            inspection.report(
                    OnnxFormat.VERSION, in.offset(), "ir_version must be <= " + NEWEST_IR + ", was " + version);
        }
    }

    private void use(Call call) {
        String name = call.domain() + "." + call.type();
        Standing standing = OnnxOperators.standing(call.domain(), call.type());
        inspection.uses(
                Use.OPERATOR,
                name,
                standing,
                OnnxFormat.OPERATOR,
                call.offset(),
                standing == Standing.DANGEROUS
                        ? "operator " + Text.quote(name) + " runs or loads what is not in the graph"
                        : "operator " + Text.quote(name) + " is not known to only compute");
    }

    private void opset() throws IOException {
        String domain = "";
        long version = 0;
        long tag = in.offset();
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> domain = in.once().text();
                case 2 -> version = in.once().number();
                default -> in.unknown();
            }
        }
        in.leave();
        if (!owner.equals(MODEL)) {
            return;
        }
        domain = domain(domain);
        Long before = opsets.put(domain, version);
        if (before != null) {
            if (before != version) {
                throw inspection.refuse(
                        Protobuf.AMBIGUOUS,
                        tag,
                        "operator set " + Text.quote(domain) + " must be imported in one version, is in " + before
                                + " and " + version);
            }
            inspection.report(OnnxFormat.OPSET, tag, "operator set " + Text.quote(domain) + " is imported twice");
        }
        if (domain.equals("ai.onnx") && (version < 1 || version > 60)) {
            inspection.report(
                    OnnxFormat.VERSION, tag, "version of operator set ai.onnx should be in [1, 60], was " + version);
        }
        inspection.metadata("onnx.opset." + (domain.length() > 60 ? "…" : domain), String.valueOf(version));
    }

    private void imports() throws IOException {
        if (opsets.isEmpty()) {
            throw inspection.refuse(OnnxFormat.MALFORMED, -1, "a model must import an operator set, imports none");
        }
        for (String domain : domains) {
            if (!opsets.containsKey(domain)) {
                inspection.report(
                        OnnxFormat.OPSET, -1, "operator set " + Text.quote(domain) + " is used but not imported");
            }
        }
    }

    private void property() throws IOException {
        String key = "";
        String value = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> key = in.once().text();
                case 2 -> value = in.once().beginning(200);
                default -> in.unknown();
            }
        }
        in.leave();
        inspection.metadata("onnx.property." + (key.length() > 60 ? key.substring(0, 60) : key), value);
    }

    private static String domain(String domain) {
        return domain.isEmpty() ? "ai.onnx" : domain;
    }

    private void training(Map<String, Long> later) throws IOException {
        inspection.report(OnnxFormat.TRAINING, in.offset(), "the model has a training graph");
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1, 2 -> {
                    in.once();
                    later.putAll(graph().captured);
                }
                case 3, 4 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private Scope graph() throws IOException {
        Scope scope = new Scope();
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> node(scope);
                case 2 -> in.once().skip(Protobuf.BYTES);
                case 5 -> {
                    long tag = in.offset();
                    OnnxTensor.Summary tensor =
                            OnnxTensor.read(in, inspection, external, "", Tensor.Role.PARAMETER, null);
                    initializer(scope, tensor.name(), tag);
                }
                case 10 -> in.once().skip(Protobuf.BYTES);
                case 11 -> {
                    long tag = in.offset();
                    String name = value();
                    if (!scope.inputs.add(name)) {
                        throw duplicate(name, tag);
                    }
                    if (!scope.initializers.contains(name)) {
                        define(scope, name, Scope.GIVEN, tag);
                    }
                }
                case 12 -> scope.outputs.add(value());
                case 13 -> value();
                case 14, 16 -> in.skip(Protobuf.BYTES);
                case 15 -> {
                    long tag = in.offset();
                    initializer(scope, sparse(), tag);
                }
                default -> in.unknown();
            }
        }
        in.leave();
        resolve(scope);
        return scope;
    }

    private void initializer(Scope scope, String name, long tag) throws IOException {
        if (name.isEmpty()) {
            throw inspection.refuse(OnnxFormat.MALFORMED, tag, "an initializer must have a name, has none");
        }
        if (!scope.initializers.add(name)) {
            throw duplicate(name, tag);
        }
        if (!scope.inputs.contains(name)) {
            define(scope, name, Scope.GIVEN, tag);
        }
    }

    private void define(Scope scope, String name, int by, long tag) throws IOException {
        if (scope.defined.put(name, by) != null) {
            throw duplicate(name, tag);
        }
    }

    private IOException duplicate(String name, long tag) {
        return inspection.refuse(
                OnnxFormat.DUPLICATE, tag, "a value must be defined once, twice is " + Text.quote(name));
    }

    private void node(Scope scope) throws IOException {
        long tag = in.offset();
        List<String> inputs = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        Set<String> attributes = new HashSet<>();
        Set<String> captured = new LinkedHashSet<>();
        String name = "";
        String type = "";
        String domain = "";
        String overload = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> inputs.add(in.text());
                case 2 -> outputs.add(in.text());
                case 3 -> name = in.once().text();
                case 4 -> type = in.once().text();
                case 5 -> attribute(scope, attributes, captured, outputs);
                case 6 -> in.once().skip(Protobuf.BYTES);
                case 7 -> domain = in.once().text();
                case 8 -> overload = in.once().text();
                case 9, 10 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
        if (type.isEmpty()) {
            throw inspection.refuse(OnnxFormat.MALFORMED, tag, "a node must have an operator, has none");
        }
        domain = domain(domain);
        int index = scope.needs.size();
        for (String output : outputs) {
            if (!output.isEmpty()) {
                define(scope, output, index, tag);
            }
        }
        List<String> needs = new ArrayList<>();
        for (String input : inputs) {
            if (!input.isEmpty()) {
                needs.add(input);
            }
        }
        needs.addAll(captured);
        scope.needs.add(needs);
        scope.offsets.add(tag);
        inspection.operator(new Operator(name, domain + "." + type, inputs, outputs));
        String key = key(domain, type, overload);
        calls.putIfAbsent(key, new Call(domain, type, tag));
        callers.computeIfAbsent(owner, o -> new HashMap<>()).merge(key, 1L, Long::sum);
        if (owner.equals(MODEL)) {
            domains.add(domain);
        }
    }

    private static String key(String domain, String type, String overload) {
        return domain + "\0" + type + "\0" + overload;
    }

    private void attribute(Scope scope, Set<String> names, Set<String> captured, List<String> outputs)
            throws IOException {
        long tag = in.offset();
        Set<Integer> kinds = new HashSet<>();
        String name = "";
        in.enter();
        while (in.next()) {
            int field = in.field();
            switch (field) {
                case 1 -> name = in.once().text();
                case 2 -> {
                    if (in.once().fixed32() != 0) {
                        kinds.add(field);
                    }
                }
                case 3 -> {
                    if (in.once().number() != 0) {
                        kinds.add(field);
                    }
                }
                case 4 -> {
                    if (in.once().length() > 0) {
                        kinds.add(field);
                    }
                }
                case 5, 10 -> {
                    if (field == 5) {
                        in.once();
                    }
                    kinds.add(field);
                    OnnxTensor.read(
                            in,
                            inspection,
                            external,
                            outputs.isEmpty() ? "" : outputs.get(0),
                            Tensor.Role.CONSTANT,
                            null);
                }
                case 6, 11 -> {
                    if (field == 6) {
                        in.once();
                    }
                    kinds.add(field);
                    Scope inner = graph();
                    captured.addAll(inner.captured.keySet());
                    scope.inner.addAll(inner.defined.keySet());
                    scope.inner.addAll(inner.inner);
                }
                case 7 -> {
                    kinds.add(field);
                    in.fixedCount(4);
                }
                case 8 -> {
                    kinds.add(field);
                    in.varints(n -> {});
                }
                case 9 -> {
                    kinds.add(field);
                    in.skip(Protobuf.BYTES);
                }
                case 13, 21 -> in.once().skip(Protobuf.BYTES);
                case 14, 15 -> {
                    if (field == 14) {
                        in.once();
                    }
                    kinds.add(field);
                    type();
                }
                case 20 -> in.once().int32();
                case 22, 23 -> {
                    if (field == 22) {
                        in.once();
                    }
                    kinds.add(field);
                    sparse();
                }
                default -> in.unknown();
            }
        }
        in.leave();
        if (kinds.size() > 1) {
            throw inspection.refuse(
                    OnnxFormat.ATTRIBUTE,
                    tag,
                    "attribute " + Text.quote(name) + " must have values of one kind, has of several");
        }
        if (!names.add(name)) {
            throw inspection.refuse(
                    OnnxFormat.ATTRIBUTE, tag, "attribute " + Text.quote(name) + " must stand once, stands twice");
        }
    }

    private String sparse() throws IOException {
        long tag = in.offset();
        List<Long> dims = new ArrayList<>();
        OnnxTensor.Summary values = null;
        OnnxTensor.Summary indices = null;
        long[] range = {Long.MAX_VALUE, Long.MIN_VALUE};
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> {
                    in.once();
                    values = OnnxTensor.read(in, inspection, external, "", Tensor.Role.PARAMETER, null);
                }
                case 2 -> {
                    in.once();
                    indices = OnnxTensor.read(in, inspection, external, "", Tensor.Role.CONSTANT, n -> {
                        range[0] = Math.min(range[0], n);
                        range[1] = Math.max(range[1], n);
                    });
                }
                case 3 ->
                    in.varints(n -> {
                        if (n < 0 || dims.size() == 255) {
                            throw inspection.refuse(
                                    OnnxFormat.DIMS,
                                    in.offset(),
                                    "sizes of axes must be >= 0 and at most 255, one was " + n);
                        }
                        dims.add(n);
                    });
                default -> in.unknown();
            }
        }
        in.leave();
        if (values == null) {
            throw inspection.refuse(OnnxFormat.TENSOR_DATA, tag, "a sparse tensor must have values, has none");
        }
        long product = 1;
        long widest = 0;
        for (long size : dims) {
            if (size != 0 && product > Long.MAX_VALUE / size) {
                throw inspection.refuse(
                        OnnxFormat.DIMS, tag, "the product of sizes of a sparse tensor must fit 63 bits");
            }
            product *= Math.max(1, size);
            widest = Math.max(widest, size);
        }
        long stored = values.elements();
        boolean flat = indices != null && indices.dims().size() == 1;
        boolean fits = values.dims().size() == 1
                && (indices == null
                        ? stored == 0
                        : indices.type() == 7
                                && (flat
                                        ? indices.elements() == stored
                                        : indices.dims().equals(List.of(stored, (long) dims.size()))));
        if (!fits) {
            throw inspection.refuse(
                    OnnxFormat.TENSOR_DATA, tag, "indices of a sparse tensor must fit its values and shape, do not");
        }
        if (range[0] <= range[1] && (range[0] < 0 || range[1] >= (flat ? product : widest))) {
            throw inspection.refuse(
                    OnnxFormat.TENSOR_DATA,
                    tag,
                    "indices of a sparse tensor must be within its shape, are in [" + range[0] + ", " + range[1] + "]");
        }
        return values.name();
    }

    /** Reads the name and type of a value. */
    private String value() throws IOException {
        String name = "";
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> name = in.once().text();
                case 2 -> {
                    in.once();
                    type();
                }
                case 3 -> in.once().skip(Protobuf.BYTES);
                case 4 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
        return name;
    }

    private void type() throws IOException {
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1, 8 -> {
                    in.once();
                    tensorType();
                }
                case 4, 9, 5 -> {
                    int inner = in.field() == 5 ? 2 : 1;
                    in.once().enter();
                    while (in.next()) {
                        if (in.field() == inner) {
                            in.once();
                            type();
                        } else if (in.field() == 1) {
                            in.once().int32();
                        } else {
                            in.unknown();
                        }
                    }
                    in.leave();
                }
                case 6, 7 -> in.once().skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private void tensorType() throws IOException {
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> in.once().int32();
                case 2 -> {
                    in.once();
                    shape();
                }
                default -> in.unknown();
            }
        }
        in.leave();
    }

    private void shape() throws IOException {
        long product = 1;
        in.enter();
        while (in.next()) {
            if (in.field() != 1) {
                in.unknown();
                continue;
            }
            in.enter();
            while (in.next()) {
                switch (in.field()) {
                    case 1 -> {
                        // Some exporters write -1 for a size that is not fixed.
                        long size = Math.max(1, in.once().number());
                        if (product > Long.MAX_VALUE / size) {
                            throw inspection.refuse(
                                    OnnxFormat.DIMS, in.offset(), "the product of sizes of a value must fit 63 bits");
                        }
                        product *= size;
                    }
                    case 2, 3 -> in.once().skip(Protobuf.BYTES);
                    default -> in.unknown();
                }
            }
            in.leave();
        }
        in.leave();
    }

    private void function() throws IOException {
        long tag = in.offset();
        Scope scope = new Scope();
        String name = "";
        String domain = "";
        String overload = "";
        String before = owner;
        // Nodes may stand before the name: the owner is known at the end.
        String pending = "\0" + functions.size();
        owner = pending;
        in.enter();
        while (in.next()) {
            switch (in.field()) {
                case 1 -> name = in.once().text();
                case 2, 3 -> in.once().number();
                case 4 -> define(scope, in.text(), Scope.GIVEN, tag);
                case 5 -> scope.outputs.add(in.text());
                case 6 -> in.skip(Protobuf.BYTES);
                case 7 -> node(scope);
                case 8 -> in.once().skip(Protobuf.BYTES);
                case 9 -> opset();
                case 10 -> domain = in.once().text();
                case 11 -> attribute(scope, new HashSet<>(), new HashSet<>(), List.of());
                case 12 -> value();
                case 13 -> overload = in.once().text();
                case 14 -> in.skip(Protobuf.BYTES);
                default -> in.unknown();
            }
        }
        in.leave();
        owner = before;
        resolve(scope);
        for (Map.Entry<String, Long> free : scope.captured.entrySet()) {
            undefined(free.getKey(), free.getValue());
        }
        domain = domain(domain);
        String key = key(domain, name, overload);
        Map<String, Long> inside = callers.remove(pending);
        callers.put(key, inside == null ? Map.of() : inside);
        String shown = Text.quote(domain + "." + name);
        if (functions.put(key, tag) != null) {
            throw inspection.refuse(OnnxFormat.FUNCTION, tag, "a function must be defined once, twice is " + shown);
        }
        Standing standing = OnnxOperators.standing(domain, name);
        if (OnnxOperators.standardDomain(domain) && standing == Standing.KNOWN || standing == Standing.DANGEROUS) {
            // Which of the two a runtime takes is up to it.
            throw inspection.refuse(
                    OnnxFormat.FUNCTION, tag, "a function must not redefine a standard operator, is " + shown);
        }
        if (functions.size() > inspection.limits().items()) {
            throw inspection.refuse(
                    FileRules.TOO_MANY,
                    tag,
                    "number of functions must be <= " + inspection.limits().items());
        }
    }

    /** Functions must not call themselves, nor unfold without bound. */
    private void functions() throws IOException {
        List<String> names = new ArrayList<>(functions.keySet());
        Map<String, Integer> index = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            index.put(names.get(i), i);
        }
        List<int[]> needs = new ArrayList<>();
        for (String name : names) {
            needs.add(callers.getOrDefault(name, Map.of()).keySet().stream()
                    .filter(index::containsKey)
                    .mapToInt(index::get)
                    .toArray());
        }
        int[] order = GraphOrder.sort(needs, inspection);
        if (order.length < names.size()) {
            String name = names.get(GraphOrder.inCycle(needs, order));
            throw inspection.refuse(
                    OnnxFormat.RECURSION,
                    functions.getOrDefault(name, -1L),
                    "a function must not call itself, does " + Text.quote(name.split("\0", -1)[1]));
        }
        double[] size = new double[names.size()];
        for (int i : order) {
            size[i] = unfolded(callers.getOrDefault(names.get(i), Map.of()), index, size);
        }
        double all = unfolded(callers.getOrDefault(MODEL, Map.of()), index, size);
        if (all > 10.0 * inspection.limits().items()) {
            throw inspection.refuse(
                    OnnxFormat.EXPANSION,
                    -1,
                    "functions must unfold to <= " + 10L * inspection.limits().items() + " nodes, unfold to " + all);
        }
    }

    private static double unfolded(Map<String, Long> calls, Map<String, Integer> index, double[] size) {
        double sum = 0;
        for (Map.Entry<String, Long> call : calls.entrySet()) {
            Integer function = index.get(call.getKey());
            sum += call.getValue() * (function == null ? 1 : Math.max(1, size[function]));
        }
        return sum;
    }

    /** Finds for each use what defines the value; what is not defined here is taken from around. */
    private void resolve(Scope scope) throws IOException {
        List<int[]> edges = new ArrayList<>();
        boolean late = false;
        for (int i = 0; i < scope.needs.size(); i++) {
            int[] edge = new int[scope.needs.get(i).size()];
            int n = 0;
            for (String name : scope.needs.get(i)) {
                Integer by = scope.defined.get(name);
                if (by == null) {
                    scope.captured.putIfAbsent(name, scope.offsets.get(i));
                } else if (by != Scope.GIVEN) {
                    edge[n++] = by;
                    late |= by >= i;
                }
            }
            edges.add(Arrays.copyOf(edge, n));
        }
        for (String output : scope.outputs) {
            if (!output.isEmpty() && !scope.defined.containsKey(output)) {
                scope.captured.putIfAbsent(output, -1L);
            }
        }
        for (String name : scope.inner) {
            if (scope.defined.containsKey(name)) {
                inspection.report(
                        OnnxFormat.SHADOW,
                        -1,
                        "a subgraph defines " + Text.quote(name) + ", which is defined around it");
                break;
            }
        }
        if (!late) {
            return;
        }
        int[] order = GraphOrder.sort(edges, inspection);
        if (order.length < edges.size()) {
            int node = GraphOrder.inCycle(edges, order);
            throw inspection.refuse(
                    OnnxFormat.CYCLE,
                    scope.offsets.get(node),
                    "nodes must not need each other in a circle, node " + node + " does");
        }
        inspection.report(OnnxFormat.ORDER, -1, "nodes stand before others whose values they use");
    }

    private void undefined(String name, long offset) {
        if (++undefined > MOST_UNDEFINED) {
            return;
        }
        inspection.report(
                OnnxFormat.UNDEFINED,
                offset,
                "a value that is used must be defined, not defined is " + Text.quote(name));
    }
}
