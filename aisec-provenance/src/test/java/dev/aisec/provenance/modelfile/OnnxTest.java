// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.ModelFileAsserts.accepted;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.notInspected;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.rejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxTest {
    private static final String NAME = "model.onnx";

    private static Wire opset(String domain, long version) {
        return Wire.of().b(1, domain).v(2, version);
    }

    private static byte[] model(Wire graph, Wire... more) {
        Wire model = Wire.of().v(1, 8).b(2, "test").b(7, graph).b(8, opset("", 13));
        for (Wire each : more) {
            model.raw(each.bytes());
        }
        return model.bytes();
    }

    private static Wire node(String type, List<String> inputs, List<String> outputs, Wire... attributes) {
        Wire node = Wire.of();
        inputs.forEach(i -> node.b(1, i));
        outputs.forEach(o -> node.b(2, o));
        node.b(4, type);
        for (Wire attribute : attributes) {
            node.b(5, attribute);
        }
        return node;
    }

    private static Wire value(String name) {
        return Wire.of()
                .b(1, name)
                .b(
                        2,
                        Wire.of()
                                .b(
                                        1,
                                        Wire.of()
                                                .v(1, 1)
                                                .b(2, Wire.of().b(1, Wire.of().v(1, 4)))));
    }

    private static Wire floats(String name, int count) {
        return Wire.of().v(1, count).v(2, 1).b(8, name).b(9, new byte[4 * count]);
    }

    private static Wire attribute(String name, int type) {
        return Wire.of().b(1, name).v(20, type);
    }

    /** One node, one weight. */
    private static Wire graph(Wire... more) {
        Wire graph = Wire.of()
                .b(1, node("Add", List.of("x", "w"), List.of("y")))
                .b(2, "g")
                .b(5, floats("w", 4))
                .b(11, value("x"))
                .b(12, value("y"));
        for (Wire each : more) {
            graph.raw(each.bytes());
        }
        return graph;
    }

    private static Wire withTensor(Wire tensor) {
        return graph(Wire.of().b(5, tensor));
    }

    @Test
    void read_smallModel_isAcceptedAndTold() throws IOException {
        ModelReport report = accepted(NAME, model(graph()));
        assertThat(report.structure().operators())
                .containsExactly(new Operator("", "ai.onnx.Add", List.of("x", "w"), List.of("y")));
        assertThat(report.structure().tensors()).hasSize(1);
        assertThat(report.structure().metadata()).containsKey("onnx.producer");
    }

    @Test
    void read_everyPrefix_isNotAccepted() throws IOException {
        ModelFileAsserts.truncations(NAME, model(graph()));
    }

    @Test
    void read_mutants_haveAnAnswer() throws IOException {
        ModelFileAsserts.mutations(NAME, model(graph()), 4000);
    }

    @Test
    void read_oldModelWithWeightsAmongInputs_isAccepted() throws IOException {
        accepted(NAME, model(graph(Wire.of().b(11, value("w")))));
    }

    @Test
    void read_fieldsInAnotherOrder_isAccepted() throws IOException {
        byte[] bytes = Wire.of()
                .b(8, opset("", 13))
                .b(7, graph())
                .b(2, "other")
                .v(1, 7)
                .bytes();
        accepted(NAME, bytes);
    }

    @Test
    void read_unsortedNodes_isAcceptedWithAWarning() throws IOException {
        Wire graph = Wire.of()
                .b(1, node("Relu", List.of("p"), List.of("y")))
                .b(1, node("Relu", List.of("x"), List.of("p")))
                .b(11, value("x"))
                .b(12, value("y"));
        ModelReport report = accepted(NAME, model(graph));
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("onnx.order");
    }

    @Test
    void read_circle_isRejected() throws IOException {
        Wire graph = Wire.of()
                .b(1, node("Add", List.of("x", "q"), List.of("p")))
                .b(1, node("Relu", List.of("p"), List.of("q")))
                .b(11, value("x"))
                .b(12, value("q"));
        rejected(NAME, model(graph), "onnx.cycle");
    }

    @Test
    void read_valueDefinedTwice_isRejected() throws IOException {
        rejected(NAME, model(graph(Wire.of().b(1, node("Relu", List.of("x"), List.of("y"))))), "onnx.duplicate");
        rejected(NAME, model(graph(Wire.of().b(5, floats("w", 4)))), "onnx.duplicate");
        rejected(NAME, model(graph(Wire.of().b(5, floats("y", 4)))), "onnx.duplicate");
        rejected(NAME, model(graph(Wire.of().b(11, value("x")))), "onnx.duplicate");
    }

    @Test
    void read_valueNowhereDefined_isRejected() throws IOException {
        rejected(NAME, model(graph(Wire.of().b(1, node("Relu", List.of("z"), List.of("u"))))), "onnx.undefined");
        rejected(NAME, model(graph(Wire.of().b(12, value("nothing")))), "onnx.undefined");
    }

    private static Wire branch(String input) {
        return Wire.of()
                .b(1, node("Relu", List.of(input), List.of("inner")))
                .b(2, "branch")
                .b(12, value("inner"));
    }

    private static Wire withBranch(Wire branch) {
        Wire then = attribute("then_branch", 5).b(6, branch);
        return graph(Wire.of().b(1, node("If", List.of("x"), List.of("c"), then)));
    }

    @Test
    void read_subgraphThatCapturesOuterValue_isAccepted() throws IOException {
        accepted(NAME, model(withBranch(branch("w"))));
        accepted(NAME, model(withBranch(branch("y"))));
    }

    @Test
    void read_subgraphThatCapturesItsOwnNode_isACycle() throws IOException {
        rejected(NAME, model(withBranch(branch("c"))), "onnx.cycle");
    }

    @Test
    void read_subgraphThatCapturesNothing_isRejected() throws IOException {
        rejected(NAME, model(withBranch(branch("nowhere"))), "onnx.undefined");
    }

    @Test
    void read_operatorInSubgraph_isJudged() throws IOException {
        Wire branch =
                Wire.of().b(1, node("PyOp", List.of("x"), List.of("inner")).b(7, "ai.onnx.contrib"));
        rejected(NAME, model(withBranch(branch)), "onnx.operator");
    }

    @Test
    void read_deepSubgraphs_areRefused() throws IOException {
        Wire branch = branch("x");
        for (int i = 0; i < 4000; i++) {
            Wire then = attribute("then_branch", 5).b(6, branch);
            branch = Wire.of().b(1, node("If", List.of("x"), List.of("v" + i), then));
        }
        rejected(NAME, model(withBranch(branch)), "file.too-deep");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ai.onnx.contrib", "com.example", "com.microsoft.extensions"})
    void read_customDomain_isRejected(String domain) throws IOException {
        Wire custom = node("Anything", List.of("x"), List.of("z")).b(7, domain);
        rejected(NAME, model(graph(Wire.of().b(1, custom))), "onnx.operator");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PythonOp", "EPContext", "TritonOp"})
    void read_contributedOperatorThatRunsCode_isRejected(String type) throws IOException {
        Wire custom = node(type, List.of("x"), List.of("z")).b(7, "com.microsoft");
        rejected(NAME, model(graph(Wire.of().b(1, custom))), "onnx.operator");
    }

    @Test
    void read_contributedOperatorThatComputes_isAccepted() throws IOException {
        Wire gelu = node("FastGelu", List.of("x"), List.of("z")).b(7, "com.microsoft");
        accepted(NAME, model(graph(Wire.of().b(1, gelu)), Wire.of().b(8, opset("com.microsoft", 1))));
    }

    private static Wire external(String... pairs) {
        Wire tensor = Wire.of().v(1, 4).v(2, 1).b(8, "e").v(14, 1);
        for (int i = 0; i < pairs.length; i += 2) {
            tensor.b(13, Wire.of().b(1, pairs[i]).b(2, pairs[i + 1]));
        }
        return tensor;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/passwd",
                "../weights",
                "a/../../weights",
                "..\\weights",
                "C:\\weights",
                "C:weights",
                "\\\\host\\share",
                "file:///etc/passwd",
                "*/_ORT_MEM_ADDR_/*",
                "a\u0000b",
                ""
            })
    void read_externalDataOutsideTheFolder_isRejected(String location) throws IOException {
        rejected(NAME, model(withTensor(external("location", location))), "onnx.external-path");
    }

    @Test
    void read_externalDataWithOverflow_isRejected() throws IOException {
        String most = String.valueOf(Long.MAX_VALUE);
        rejected(
                NAME,
                model(withTensor(external("location", "w.bin", "offset", most, "length", "16"))),
                "onnx.external-path");
        rejected(NAME, model(withTensor(external("location", "w.bin", "offset", "-1"))), "onnx.external-path");
        rejected(
                NAME,
                model(withTensor(external("location", "w.bin", "offset", "99999999999999999999"))),
                "onnx.external-path");
        rejected(NAME, model(withTensor(external("location", "w.bin", "length", "17"))), "onnx.tensor-data");
    }

    @Test
    void read_externalDataWithTwoLocations_isRejected() throws IOException {
        rejected(NAME, model(withTensor(external("location", "w.bin", "location", "../w.bin"))), "protobuf.ambiguous");
    }

    @Test
    void read_externalDataWithAttributeOfPython_isRejected() throws IOException {
        ModelReport report =
                ModelFileAsserts.verify(NAME, model(withTensor(external("location", "w.bin", "__class__", "x"))));
        assertThat(ModelFileAsserts.errors(report)).contains("onnx.external-path");
    }

    @Test
    void read_externalDataBesideTheModel_cannotBeInspected() throws IOException {
        notInspected(
                NAME,
                model(withTensor(external("location", "weights/w.bin", "offset", "4096", "length", "16"))),
                "onnx.external-data");
    }

    @Test
    void read_sizesThatOverflow_areRejected() throws IOException {
        Wire tensor = Wire.of().v(1, 1L << 40).v(1, 1L << 40).v(2, 1).b(8, "e").b(9, new byte[4]);
        rejected(NAME, model(withTensor(tensor)), "onnx.dims");
        rejected(NAME, model(withTensor(Wire.of().v(1, -1).v(2, 1).b(8, "e"))), "onnx.dims");
        Wire zero = Wire.of().v(1, 0).v(1, 1L << 40).v(1, 1L << 40).v(2, 1).b(8, "e");
        rejected(NAME, model(withTensor(zero)), "onnx.dims");
    }

    @Test
    void read_dataThatDoesNotFitShape_isRejected() throws IOException {
        rejected(NAME, model(withTensor(Wire.of().v(1, 4).v(2, 1).b(8, "e").b(9, new byte[12]))), "onnx.tensor-data");
        rejected(NAME, model(withTensor(Wire.of().v(1, 4).v(2, 1).b(8, "e"))), "onnx.tensor-data");
        rejected(
                NAME,
                model(withTensor(Wire.of().v(1, 2).v(2, 1).singles(4, 1, 2, 3).b(8, "e"))),
                "onnx.tensor-data");
        rejected(
                NAME, model(withTensor(Wire.of().v(1, 2).v(2, 1).packed(7, 1, 2).b(8, "e"))), "onnx.tensor-data");
        Wire both = Wire.of().v(1, 1).v(2, 1).singles(4, 1).b(8, "e").b(9, new byte[4]);
        rejected(NAME, model(withTensor(both)), "onnx.tensor-data");
    }

    @Test
    void read_dataTypeThatDoesNotExist_isRejected() throws IOException {
        rejected(NAME, model(withTensor(Wire.of().v(1, 1).v(2, 99).b(8, "e").b(9, new byte[4]))), "onnx.data-type");
        rejected(NAME, model(withTensor(Wire.of().v(1, 1).v(2, 0).b(8, "e").b(9, new byte[4]))), "onnx.data-type");
    }

    @Test
    void read_everyDataType_isAccepted() throws IOException {
        int[] bytes = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2, 1, 1, 1, 1};
        Wire all = Wire.of();
        for (int type = 1; type <= 20; type++) {
            if (type != 8) {
                all.b(5, Wire.of().v(1, 3).v(2, type).b(8, "t" + type).b(9, new byte[3 * bytes[type]]));
            }
        }
        all.b(5, Wire.of().v(1, 2).v(2, 8).b(6, "a").b(6, "b").b(8, "strings"));
        all.b(5, Wire.of().v(1, 3).v(2, 21).b(8, "u4").b(9, new byte[2]));
        all.b(5, Wire.of().v(1, 3).v(2, 22).packed(5, 1, 2).b(8, "i4"));
        all.b(5, Wire.of().v(1, 3).v(2, 23).b(8, "f4").b(9, new byte[2]));
        all.b(5, Wire.of().v(1, 5).v(2, 26).b(8, "i2").b(9, new byte[2]));
        all.b(5, Wire.of().v(1, 2).v(2, 10).packed(5, 0x3c00, 0x4000).b(8, "halves"));
        all.b(5, Wire.of().v(1, 2).v(2, 1).f(4, 1).f(4, 2).b(8, "unpacked"));
        all.b(5, Wire.of().v(1, 2).v(2, 14).singles(4, 1, 2, 3, 4).b(8, "complex"));
        all.b(5, Wire.of().v(1, 0).v(2, 1).b(8, "empty"));
        all.b(5, Wire.of().v(2, 7).packed(7, -1).b(8, "scalar"));
        accepted(NAME, model(graph(all)));
    }

    @Test
    void read_notANumber_isFoundInEveryEncoding() throws IOException {
        float nan = Float.NaN;
        rejected(
                NAME,
                model(withTensor(Wire.of().v(1, 2).v(2, 1).b(8, "e").b(9, Wire.floats(1, nan)))),
                "parameters.not-a-number");
        rejected(
                NAME,
                model(withTensor(Wire.of().v(1, 2).v(2, 1).singles(4, 1, nan).b(8, "e"))),
                "parameters.not-a-number");
        rejected(
                NAME,
                model(withTensor(Wire.of().v(1, 2).v(2, 1).f(4, 1).f(4, nan).b(8, "e"))),
                "parameters.not-a-number");
        rejected(
                NAME,
                model(withTensor(
                        Wire.of().v(1, 2).v(2, 10).packed(5, 0x3c00, 0x7e01).b(8, "e"))),
                "parameters.not-a-number");
    }

    private static Wire function(String domain, String name, Wire... nodes) {
        Wire function = Wire.of().b(1, name).b(4, "a").b(5, "b");
        for (Wire node : nodes) {
            function.b(7, node);
        }
        return Wire.of().b(25, function.b(9, opset("", 13)).b(10, domain));
    }

    private static Wire call(String name) {
        return node(name, List.of("a"), List.of("b")).b(7, "local");
    }

    private static Wire caller(String name) {
        return graph(Wire.of().b(1, node(name, List.of("x"), List.of("z")).b(7, "local")));
    }

    @Test
    void read_localFunction_isAccepted() throws IOException {
        accepted(
                NAME,
                model(
                        caller("F"),
                        Wire.of().b(8, opset("local", 1)),
                        function("local", "F", node("Relu", List.of("a"), List.of("b")))));
    }

    @Test
    void read_functionThatCallsItself_isRejected() throws IOException {
        Wire imports = Wire.of().b(8, opset("local", 1));
        rejected(NAME, model(caller("F"), imports, function("local", "F", call("F"))), "onnx.recursion");
        rejected(
                NAME,
                model(caller("F"), imports, function("local", "F", call("G")), function("local", "G", call("F"))),
                "onnx.recursion");
    }

    @Test
    void read_functionsThatUnfoldWithoutBound_areRejected() throws IOException {
        Wire all = Wire.of().b(8, opset("local", 1));
        for (int i = 0; i < 40; i++) {
            Wire first = node("F" + (i + 1), List.of("a"), List.of("m")).b(7, "local");
            Wire second = node("F" + (i + 1), List.of("m"), List.of("b")).b(7, "local");
            all.raw(function("local", "F" + i, first, second).bytes());
        }
        all.raw(function("local", "F40", node("Relu", List.of("a"), List.of("b")))
                .bytes());
        rejected(NAME, model(caller("F0"), all), "onnx.expansion");
    }

    @Test
    void read_functionThatRedefinesAnOperator_isRejected() throws IOException {
        rejected(NAME, model(graph(), function("", "Add", node("Relu", List.of("a"), List.of("b")))), "onnx.function");
    }

    @Test
    void read_functionWithUnknownOperator_isRejected() throws IOException {
        Wire evil = node("Evil", List.of("a"), List.of("b")).b(7, "com.example");
        rejected(
                NAME,
                model(caller("F"), Wire.of().b(8, opset("local", 1)), function("local", "F", evil)),
                "onnx.operator");
    }

    @Test
    void read_functionThatTakesFromAround_isRejected() throws IOException {
        rejected(
                NAME,
                model(
                        caller("F"),
                        Wire.of().b(8, opset("local", 1)),
                        function("local", "F", node("Add", List.of("a", "w"), List.of("b")))),
                "onnx.undefined");
    }

    @Test
    void read_secondGraph_isRejected() throws IOException {
        rejected(NAME, model(graph(), Wire.of().b(7, graph())), "protobuf.ambiguous");
        rejected(NAME, model(graph(), Wire.of().v(1, 9)), "protobuf.ambiguous");
        rejected(NAME, model(graph(), Wire.of().b(8, opset("ai.onnx", 12))), "protobuf.ambiguous");
    }

    @Test
    void read_brokenWire_isRejected() throws IOException {
        rejected(NAME, model(graph(), Wire.of().raw(0x28, 0x81, 0x00)), "protobuf.malformed");
        rejected(NAME, model(graph(), Wire.of().raw(0x7b, 0x7c)), "protobuf.malformed");
        rejected(NAME, model(graph(), Wire.of().raw(0x00, 0x01)), "protobuf.malformed");
        byte[] eleven = new byte[12];
        Arrays.fill(eleven, (byte) 0xff);
        eleven[0] = 0x28;
        rejected(NAME, model(graph(), Wire.of().raw(eleven)), "protobuf.malformed");
        rejected(NAME, model(graph(Wire.of().v(1, 5))), "protobuf.malformed");
        Wire beyond = Wire.of().raw(0x0a, 0x7f);
        rejected(
                NAME,
                model(
                        graph(Wire.of().b(5, Wire.of().raw(beyond.bytes()))),
                        Wire.of().v(5, 1)),
                "protobuf.malformed");
    }

    @Test
    void read_unknownField_isANoteAndMuchOfItIsRejected() throws IOException {
        ModelReport report = accepted(NAME, model(graph(), Wire.of().b(99, "new")));
        assertThat(report.verification().findings())
                .extracting(Finding::code)
                .containsExactly("protobuf.unknown-field");
        rejected(NAME, model(graph(), Wire.of().b(99, new byte[20_000])), "protobuf.hidden-data");
    }

    @Test
    void read_attributeTwiceOrOfTwoKinds_isRejected() throws IOException {
        Wire alpha = attribute("alpha", 1).f(2, 1);
        rejected(
                NAME,
                model(graph(Wire.of().b(1, node("Elu", List.of("x"), List.of("z"), alpha, alpha)))),
                "onnx.attribute");
        Wire two = attribute("alpha", 1).f(2, 1).b(4, "s");
        rejected(NAME, model(graph(Wire.of().b(1, node("Elu", List.of("x"), List.of("z"), two)))), "onnx.attribute");
    }

    private static Wire sparse(int[] indices, long size) {
        long[] packed = Arrays.stream(indices).asLongStream().toArray();
        Wire values = Wire.of().v(1, indices.length).v(2, 1).b(8, "s").b(9, new byte[4 * indices.length]);
        Wire at = Wire.of().v(1, indices.length).v(2, 7).packed(7, packed);
        return graph(Wire.of().b(15, Wire.of().b(1, values).b(2, at).v(3, size)));
    }

    @Test
    void read_sparseTensor_isAcceptedOnlyWithinItsShape() throws IOException {
        accepted(NAME, model(sparse(new int[] {0, 7}, 8)));
        rejected(NAME, model(sparse(new int[] {0, 8}, 8)), "onnx.tensor-data");
        rejected(NAME, model(sparse(new int[] {-1, 3}, 8)), "onnx.tensor-data");
    }

    @Test
    void read_trainingGraph_isANote() throws IOException {
        Wire algorithm =
                Wire.of().b(1, node("Relu", List.of("y"), List.of("loss"))).b(12, value("loss"));
        ModelReport report =
                accepted(NAME, model(graph(), Wire.of().b(20, Wire.of().b(2, algorithm))));
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("onnx.training");
        Wire evil = Wire.of().b(1, node("PyOp", List.of("y"), List.of("loss")).b(7, "com.microsoft"));
        rejected(NAME, model(graph(), Wire.of().b(20, Wire.of().b(2, evil))), "onnx.operator");
    }

    @Test
    void read_wideGraph_takesLinearTime() throws IOException {
        Wire many = Wire.of();
        for (int i = 0; i < 50_000; i++) {
            many.b(1, node("Relu", List.of(i == 0 ? "x" : "n" + (i - 1)), List.of("n" + i)));
        }
        long start = ModelFileAsserts.cpuNanos();
        accepted(NAME, model(graph(many)));
        assertThat(ModelFileAsserts.cpuNanos() - start).isLessThan(20_000_000_000L);
    }

    @Test
    void read_moreNamesThanTheLimitsAllow_areRefused() throws IOException {
        Limits limits = new Limits(1 << 24, 1000, 1 << 22, 1 << 20, 1 << 20, 50, 100, 1_000_000);
        Wire node = Wire.of().b(4, "Identity").b(2, "z");
        for (int i = 0; i < 1000; i++) {
            node.b(1, "");
        }
        ModelReport report = ModelVerifier.of(VerificationPolicy.strict().withLimits(limits))
                .verify(model(Wire.of().b(1, node).b(2, "g")), "model.onnx");
        assertThat(ModelFileAsserts.errors(report)).containsExactly("file.too-many");
    }

    @Test
    void read_functionUnderTheNameOfADangerousOperator_isRejected() throws IOException {
        Wire function = Wire.of()
                .b(1, "PyOp")
                .b(10, "com.microsoft")
                .b(4, "a")
                .b(5, "b")
                .b(7, node("Identity", List.of("a"), List.of("b")));
        byte[] bytes = model(
                Wire.of()
                        .b(1, node("PyOp", List.of("x"), List.of("y")).b(7, "com.microsoft"))
                        .b(2, "g")
                        .b(11, value("x"))
                        .b(12, value("y")),
                Wire.of().b(25, function));
        rejected("model.onnx", bytes, "onnx.function");
    }

    @ParameterizedTest
    @ValueSource(strings = {".. /x", "a/.. ./x", "... /x", "a/../x"})
    void read_externalPathThatWindowsTakesForTheFolderAbove_isRejected(String path) throws IOException {
        Wire tensor = Wire.of()
                .v(1, 1)
                .v(2, 1)
                .b(8, "w")
                .b(13, Wire.of().b(1, "location").b(2, path))
                .v(14, 1);
        rejected(
                "model.onnx",
                model(Wire.of()
                        .b(1, node("Identity", List.of("w"), List.of("y")))
                        .b(2, "g")
                        .b(5, tensor)
                        .b(12, value("y"))),
                "onnx.external-path");
    }
}
