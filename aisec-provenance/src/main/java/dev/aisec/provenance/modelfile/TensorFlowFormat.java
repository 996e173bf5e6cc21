// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Graphs of TensorFlow: {@code saved_model.pb}, frozen GraphDef, MetaGraphDef, the metadata and fingerprint that Keras and
 * TensorFlow write beside a SavedModel. Nodes of the graph and of every function of its library are checked against the
 * list of operators that only compute.
 *
 * <p>Limits: variables are in other files of a SavedModel, which are judged by themselves. Checkpoint operators, which every
 * SavedModel has, are accepted if no constant path leads out of the folder.
 *
 * <p>Source: graph.proto, function.proto, saved_model.proto, tensor.proto of TensorFlow 2.16; its SECURITY.md;
 * CVE-2022-23591, CVE-2021-41197.
 */
record TensorFlowFormat() implements ModelFormat {
    static final Rule OPERATOR = Rule.reject(
            "tensorflow.operator",
            "The graph or a function of it uses an operator that is not on the list of those that only compute.",
            "TensorFlow SECURITY.md; CWE-829");
    static final Rule FILE_PATH =
            Rule.reject("tensorflow.file-path", "A path leads out of the folder of the model.", "CWE-22");
    static final Rule CHECKPOINT = Rule.note(
            "tensorflow.checkpoint", "The graph saves or restores its variables, as every SavedModel does.", "");
    static final Rule ASSET =
            Rule.warn("tensorflow.asset", "The graph reads an asset of the SavedModel, which is another file.", "");
    static final Rule CYCLE =
            Rule.reject("tensorflow.cycle", "Nodes need each other in a circle outside of a loop.", "CWE-835");
    static final Rule UNDEFINED =
            Rule.reject("tensorflow.undefined", "A node takes a value that no node gives.", "graph.proto");
    static final Rule DUPLICATE = Rule.reject(
            "tensorflow.duplicate", "A node, a function or an attribute stands twice.", "graph.proto; CWE-436");
    static final Rule NAME =
            Rule.reject("tensorflow.name", "A name is missing or is not one that TensorFlow allows.", "graph.proto");
    static final Rule DIMS = Rule.reject(
            "tensorflow.dims", "Sizes of axes are negative or their product overflows.", "CVE-2021-41197; CWE-190");
    static final Rule DATA_TYPE = Rule.reject("tensorflow.data-type", "A data type does not exist.", "types.proto");
    static final Rule TENSOR_DATA = Rule.reject(
            "tensorflow.tensor-data",
            "The values of a constant do not fit its type and shape.",
            "tensor.proto; CWE-125");
    static final Rule OPAQUE = Rule.cannotInspect(
            "tensorflow.opaque-constant", "A constant holds a handle or a serialized object.", "tensor.proto");
    static final Rule NO_VALUE = Rule.note("tensorflow.no-value", "A constant has no value.", "");
    static final Rule RECURSION =
            Rule.reject("tensorflow.recursion", "A function calls itself, directly or not.", "CVE-2022-23591; CWE-674");
    static final Rule EXPANSION = Rule.reject(
            "tensorflow.expansion",
            "Functions that call each other unfold to more nodes than the limits allow.",
            "CWE-400");
    static final Rule FUNCTION =
            Rule.reject("tensorflow.function", "A function takes the name of an operator.", "function.proto; CWE-436");
    static final Rule MISSING_FUNCTION = Rule.warn(
            "tensorflow.missing-function", "A function is named that is not in the library.", "function.proto");
    static final Rule KERAS_LAYER = Rule.reject(
            "tensorflow.keras-layer",
            "The Keras metadata of the model holds a layer that runs code when Keras loads it.",
            "CVE-2024-3660");

    private static final List<Rule> RULES;

    static {
        List<Rule> rules = new ArrayList<>(List.of(
                OPERATOR,
                FILE_PATH,
                CHECKPOINT,
                ASSET,
                CYCLE,
                UNDEFINED,
                DUPLICATE,
                NAME,
                DIMS,
                DATA_TYPE,
                TENSOR_DATA,
                OPAQUE,
                NO_VALUE,
                RECURSION,
                EXPANSION,
                FUNCTION,
                MISSING_FUNCTION,
                KERAS_LAYER));
        rules.addAll(Protobuf.RULES);
        RULES = List.copyOf(rules);
    }

    /** The messages that a file can be. */
    enum Kind {
        NONE,
        SAVED_MODEL,
        GRAPH,
        META_GRAPH,
        KERAS_METADATA,
        FINGERPRINT
    }

    @Override
    public String name() {
        return "tensorflow";
    }

    @Override
    public List<String> extensions() {
        return List.of("pb", "meta");
    }

    @Override
    public List<Rule> rules() {
        return RULES;
    }

    @Override
    public Claim recognizes(Probe probe) throws IOException {
        if (kind(probe.source()) != Kind.NONE) {
            return Claim.CERTAIN;
        }
        String name = probe.name().toLowerCase(Locale.ROOT);
        List<Protobuf.Field> top = name.endsWith(".pb") ? Protobuf.outline(probe.source(), 20) : List.of();
        return top.isEmpty() || top.stream().anyMatch(f -> f.number() > 20) ? Claim.NONE : Claim.POSSIBLE;
    }

    static Kind kind(ByteSource source) throws IOException {
        List<Protobuf.Field> top = Protobuf.outline(source, 50);
        if (top.isEmpty()) {
            return Kind.NONE;
        }
        if (wires(top, "bbvbb") && (isNode(source, 1) || isFunction(source, 2, 1))) {
            return Kind.GRAPH;
        }
        if (wires(top, "vb") && (isNode(source, 2, 2, 1) || isFunction(source, 2, 2, 2, 1))) {
            return Kind.SAVED_MODEL;
        }
        if (wires(top, "bbbbbbb") && (isNode(source, 2, 1) || isFunction(source, 2, 2, 1))) {
            return Kind.META_GRAPH;
        }
        if (wires(top, "b") && text(source, 4, 1).startsWith("_tf_keras")) {
            return Kind.KERAS_METADATA;
        }
        boolean sums = top.size() >= 3
                && top.get(0).number() == 1
                && top.get(1).number() == 2
                && top.get(2).number() == 3
                && source.length() < 1000;
        return sums && wires(top, "vvvvvbb") ? Kind.FINGERPRINT : Kind.NONE;
    }

    /** Whether all fields have numbers from 1 and these wire types: v for a varint, b for bytes. */
    private static boolean wires(List<Protobuf.Field> fields, String wires) {
        return fields.stream()
                .allMatch(f -> f.number() <= wires.length()
                        && f.wire() == (wires.charAt(f.number() - 1) == 'v' ? Protobuf.VARINT : Protobuf.BYTES));
    }

    private static boolean isNode(ByteSource source, int... path) throws IOException {
        String operator = text(source, 2, path);
        return !operator.isEmpty()
                && operator.chars().allMatch(c -> c < 0x7f && (Character.isLetterOrDigit(c) || c == '_' || c == '>'))
                && !text(source, 1, path).isEmpty();
    }

    private static boolean isFunction(ByteSource source, int... path) throws IOException {
        List<Protobuf.Field> function = Protobuf.outline(source, 20, path);
        int[] signature = Arrays.copyOf(path, path.length + 1);
        signature[path.length] = 1;
        return !function.isEmpty()
                && function.stream().allMatch(f -> f.wire() == Protobuf.BYTES && f.number() <= 8)
                && function.get(0).number() == 1
                && !text(source, 1, signature).isEmpty();
    }

    /** A short printable text at a field of an inner message; empty if there is none. */
    private static String text(ByteSource source, int field, int... path) throws IOException {
        for (Protobuf.Field f : Protobuf.outline(source, 20, path)) {
            if (f.number() == field
                    && f.wire() == Protobuf.BYTES
                    && f.length() > 0
                    && f.length() <= 1000
                    && f.length() <= source.length() - f.from()) {
                String text = new String(source.read(f.from(), (int) f.length()), StandardCharsets.UTF_8);
                return text.chars().allMatch(c -> c >= 0x20 && c < 0x7f) ? text : "";
            }
        }
        return "";
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        new TensorFlowReader(source, inspection).read(kind(source));
    }
}
