// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * ONNX models. The whole message is read without copying: graph, subgraphs, local functions, training graphs, attributes,
 * all tensors. Values are defined once and before their use, tensors have as many bytes as their shape says, functions do
 * not call themselves, operators are on a list of what only computes.
 *
 * <p>Limits: data in other files is not followed, so such a model cannot be inspected whole. Shapes are not inferred.
 *
 * <p>Source: onnx.proto and IR.md of ONNX 1.20; CVE-2022-25882, CVE-2024-27318, CVE-2024-5187.
 */
record OnnxFormat() implements ModelFormat {
    static final Rule MALFORMED =
            Rule.reject("onnx.malformed", "The model lacks what every model has, or contradicts itself.", "ONNX IR");
    static final Rule OPERATOR = Rule.reject(
            "onnx.operator",
            "The graph uses an operator that is not on the list of those that only compute.",
            "CWE-829");
    static final Rule CYCLE = Rule.reject("onnx.cycle", "Nodes need each other in a circle.", "ONNX IR; CWE-835");
    static final Rule ORDER = Rule.warn(
            "onnx.order",
            "Nodes do not stand behind those whose values they use; some readers refuse that.",
            "ONNX IR");
    static final Rule UNDEFINED =
            Rule.reject("onnx.undefined", "A value is used that nothing in the model defines.", "ONNX IR");
    static final Rule DUPLICATE = Rule.reject(
            "onnx.duplicate", "A value is defined twice, so readers can take one or the other.", "ONNX IR; CWE-436");
    static final Rule SHADOW =
            Rule.warn("onnx.shadow", "A subgraph defines a value under the name of one around it.", "ONNX IR");
    static final Rule DIMS =
            Rule.reject("onnx.dims", "Sizes of axes are negative or their product overflows.", "CWE-190");
    static final Rule DATA_TYPE =
            Rule.reject("onnx.data-type", "A tensor has a data type that does not exist.", "onnx.proto");
    static final Rule TENSOR_DATA = Rule.reject(
            "onnx.tensor-data", "The data of a tensor does not fit its type and shape.", "onnx.proto; CWE-125");
    static final Rule EXTERNAL_PATH = Rule.reject(
            "onnx.external-path",
            "External data points outside the folder of the model or outside a file.",
            "CVE-2022-25882, CVE-2024-27318, CVE-2024-5187");
    static final Rule EXTERNAL_DATA = Rule.cannotInspect(
            "onnx.external-data", "Tensors are in other files, which were not seen.", "ONNX ExternalData.md");
    static final Rule FUNCTION = Rule.reject(
            "onnx.function", "A local function stands twice or takes the name of a standard operator.", "ONNX IR");
    static final Rule RECURSION =
            Rule.reject("onnx.recursion", "A local function calls itself, directly or not.", "ONNX IR; CWE-674");
    static final Rule EXPANSION = Rule.reject(
            "onnx.expansion",
            "Local functions that call each other unfold to more nodes than the limits allow.",
            "CWE-400");
    static final Rule ATTRIBUTE = Rule.reject(
            "onnx.attribute", "An attribute stands twice or has two values of different kinds.", "onnx.proto; CWE-436");
    static final Rule VERSION = Rule.warn("onnx.version", "The version is not known here.", "ONNX Versioning.md");
    static final Rule OPSET =
            Rule.warn("onnx.opset", "An operator set is used but not imported, or imported twice.", "ONNX IR");
    static final Rule TRAINING = Rule.note("onnx.training", "The model brings graphs for its training.", "onnx.proto");

    private static final List<Rule> RULES;

    static {
        List<Rule> rules = new ArrayList<>(List.of(
                MALFORMED,
                OPERATOR,
                CYCLE,
                ORDER,
                UNDEFINED,
                DUPLICATE,
                SHADOW,
                DIMS,
                DATA_TYPE,
                TENSOR_DATA,
                EXTERNAL_PATH,
                EXTERNAL_DATA,
                FUNCTION,
                RECURSION,
                EXPANSION,
                ATTRIBUTE,
                VERSION,
                OPSET,
                TRAINING));
        rules.addAll(Protobuf.RULES);
        RULES = List.copyOf(rules);
    }

    @Override
    public String name() {
        return "onnx";
    }

    @Override
    public List<String> extensions() {
        return List.of("onnx");
    }

    @Override
    public Claim recognizes(Probe probe) throws IOException {
        List<Protobuf.Field> model = Protobuf.outline(probe.source(), 200);
        if (model.isEmpty()) {
            return Claim.NONE;
        }
        boolean graph = false;
        boolean version = false;
        boolean opset = false;
        for (Protobuf.Field field : model) {
            switch (field.number()) {
                case 1, 5 -> {
                    if (field.wire() != Protobuf.VARINT) {
                        return Claim.NONE;
                    }
                    version |= field.number() == 1;
                }
                case 2, 3, 4, 6, 7, 8, 14, 20, 25, 26 -> {
                    if (field.wire() != Protobuf.BYTES) {
                        return Claim.NONE;
                    }
                    graph |= field.number() == 7;
                    opset |= field.number() == 8;
                }
                default -> {}
            }
        }
        if (graph && looksLikeGraph(probe.source())) {
            return Claim.CERTAIN;
        }
        boolean named = probe.name().toLowerCase(Locale.ROOT).endsWith(".onnx");
        return version && (opset || graph) || named ? Claim.POSSIBLE : Claim.NONE;
    }

    private static boolean looksLikeGraph(ByteSource source) throws IOException {
        List<Protobuf.Field> graph = Protobuf.outline(source, 20, 7);
        return !graph.isEmpty()
                && graph.stream()
                        .allMatch(f -> f.wire() == Protobuf.BYTES
                                && switch (f.number()) {
                                    case 1, 2, 5, 10, 11, 12, 13, 14, 15, 16 -> true;
                                    default -> false;
                                });
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        new OnnxReader(source, inspection).read();
    }

    @Override
    public List<Rule> rules() {
        return RULES;
    }
}
