// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.ModelFileAsserts.accepted;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.notInspected;
import static dev.aisec.provenance.modelfile.ModelFileAsserts.rejected;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFlowTest {
    private static final String NAME = "model.pb";

    private static Wire node(String name, String operator, String... inputs) {
        Wire node = Wire.of().b(1, name).b(2, operator);
        for (String input : inputs) {
            node.b(3, input);
        }
        return node;
    }

    private static Wire attribute(String key, Wire value) {
        return Wire.of().b(1, key).b(2, value);
    }

    private static Wire shape(long... dims) {
        Wire shape = Wire.of();
        for (long dim : dims) {
            shape.b(2, Wire.of().v(1, dim));
        }
        return shape;
    }

    private static Wire constant(String name, Wire tensor) {
        return node(name, "Const")
                .b(5, attribute("dtype", Wire.of().v(6, 1)))
                .b(5, attribute("value", Wire.of().b(8, tensor)));
    }

    private static Wire text(String name, String value) {
        return constant(name, Wire.of().v(1, 7).b(2, shape()).b(8, value));
    }

    private static Wire floats(long count) {
        return Wire.of().v(1, 1).b(2, shape(count)).b(4, new byte[(int) (4 * count)]);
    }

    private static Wire graph(Wire... nodes) {
        Wire graph = Wire.of().b(1, node("x", "Placeholder")).b(1, constant("w", floats(4)));
        for (Wire node : nodes) {
            graph.b(1, node);
        }
        return graph;
    }

    private static Wire library(Wire... functions) {
        Wire library = Wire.of();
        for (Wire function : functions) {
            library.b(1, function);
        }
        return Wire.of().b(2, library);
    }

    private static Wire function(String name, Wire... nodes) {
        Wire function = Wire.of().b(1, Wire.of().b(1, name).b(2, Wire.of().b(1, "a")));
        for (Wire node : nodes) {
            function.b(3, node);
        }
        return function;
    }

    private static byte[] saved(Wire graph, Wire... more) {
        Wire meta = Wire.of().b(1, Wire.of().b(4, "serve").b(5, "2.16.1")).b(2, graph);
        for (Wire each : more) {
            meta.raw(each.bytes());
        }
        return Wire.of().v(1, 1).b(2, meta).bytes();
    }

    private static Wire with(Wire graph, Wire more) {
        return graph.raw(more.bytes());
    }

    private static byte[] small() {
        return with(
                        graph(node("y", "Mul", "x", "w"), node("z", "Identity", "y:0", "^x")),
                        Wire.of().b(4, Wire.of().v(1, 1286)))
                .bytes();
    }

    @Test
    void read_smallGraph_isAcceptedAndTold() throws IOException {
        ModelReport report = accepted(NAME, small());
        assertThat(report.structure().operators())
                .extracting(Operator::type)
                .containsExactly("Placeholder", "Const", "Mul", "Identity");
        assertThat(report.structure().tensors()).hasSize(1);
    }

    @Test
    void read_prefixWithinANode_isNotAccepted() throws IOException {
        // A graph without its last nodes is a graph: only a cut between nodes passes.
        byte[] bytes = small();
        int accepted = 0;
        for (int length = 0; length < bytes.length; length++) {
            ModelReport report = ModelFileAsserts.verify(NAME, Arrays.copyOf(bytes, length));
            accepted += report.model().isPresent() ? 1 : 0;
        }
        assertThat(accepted).isEqualTo(4);
    }

    @Test
    void read_prefixOfSavedModel_isNotAccepted() throws IOException {
        ModelFileAsserts.truncations("saved_model.pb", saved(graph(node("y", "Mul", "x", "w"))));
    }

    @Test
    void read_mutants_haveAnAnswer() throws IOException {
        ModelFileAsserts.mutations(NAME, small(), 3000);
        ModelFileAsserts.mutations(
                "saved_model.pb", saved(with(graph(), library(function("f", node("n", "Neg", "a"))))), 3000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles", "ImmutableConst",
                "TFRecordReaderV2", "TextLineDataset", "Rpc", "DebugIdentityV2", "CopyHost", "Abort", "RemoteCall",
                "InitializeTableFromTextFileV2", "LoadAndRemapMatrix", "CreateSummaryFileWriter", "MyCustomOp"
            })
    void read_operatorThatDoesMoreThanCompute_isRejectedEverywhere(String operator) throws IOException {
        Wire bad = node("bad", operator, "x");
        rejected(NAME, graph(bad).bytes(), "tensorflow.operator");
        rejected("saved_model.pb", saved(graph(bad)), "tensorflow.operator");
        Wire inside = function("f", node("bad", operator, "a"));
        rejected(NAME, with(graph(), library(inside)).bytes(), "tensorflow.operator");
        rejected("saved_model.pb", saved(with(graph(), library(inside))), "tensorflow.operator");
        rejected(
                "x.meta",
                Wire.of().b(1, Wire.of().b(5, "1.15")).b(2, graph(bad)).bytes(),
                "tensorflow.operator");
    }

    @Test
    void read_libraryOnly_isInspected() throws IOException {
        accepted(NAME, library(function("f", node("n", "Neg", "a"))).bytes());
        rejected(NAME, library(function("f", node("n", "PyFunc", "a"))).bytes(), "tensorflow.operator");
    }

    @Test
    void read_secondMetaGraph_isInspected() throws IOException {
        byte[] bytes = Wire.of()
                .v(1, 1)
                .b(2, Wire.of().b(2, graph()))
                .b(2, Wire.of().b(2, graph(node("bad", "PyFunc", "x"))))
                .bytes();
        rejected("saved_model.pb", bytes, "tensorflow.operator");
    }

    @Test
    void read_printToAFile_isRejected() throws IOException {
        Wire console = node("p", "PrintV2", "x")
                .b(5, attribute("output_stream", Wire.of().b(2, "stderr")));
        accepted(NAME, graph(console).bytes());
        Wire file = Wire.of()
                .b(5, attribute("output_stream", Wire.of().b(2, "file:///tmp/x")))
                .b(3, "x")
                .b(2, "PrintV2")
                .b(1, "p");
        rejected(NAME, graph(file).bytes(), "tensorflow.operator");
    }

    private static Wire saver(String path) {
        return function(
                "save",
                text("part", "_temp/part"),
                text("prefix", path),
                node("join", "StringJoin", "prefix:output:0", "part:output:0"),
                node("file", "ShardedFilename", "join:output:0"),
                node("save", "SaveV2", "file:filename:0", "a"),
                node("merge", "MergeV2Checkpoints", "file:filename:0", "a"),
                node("restore", "RestoreV2", "a", "part"));
    }

    @Test
    void read_checkpointOperators_areANoteUnlessTheirPathIsFixed() throws IOException {
        ModelReport report = accepted("saved_model.pb", saved(with(graph(), library(saver("model")))));
        assertThat(report.verification().findings()).extracting(Finding::code).containsOnly("tensorflow.checkpoint");
        for (String path :
                new String[] {"/etc/cron.d/x", "../../x", "C:\\x", "gs://bucket/x", "~/.bashrc", "a\\..\\b"}) {
            rejected("saved_model.pb", saved(with(graph(), library(saver(path)))), "tensorflow.file-path");
        }
    }

    @Test
    void read_printToWhatACallerSays_isRejected() throws IOException {
        Wire print = node("p", "PrintV2", "a")
                .b(5, attribute("output_stream", Wire.of().b(9, "where")));
        Wire call = node("c", "PartitionedCall", "x")
                .b(
                        5,
                        attribute(
                                "f",
                                Wire.of()
                                        .b(
                                                10,
                                                Wire.of()
                                                        .b(1, "say")
                                                        .b(
                                                                2,
                                                                attribute(
                                                                        "where",
                                                                        Wire.of()
                                                                                .b(2, "file:///tmp/x"))))));
        rejected(NAME, with(graph(call), library(function("say", print))).bytes(), "tensorflow.operator");
    }

    @Test
    void read_pathOfACheckpointThatIsComputed_isRejected() throws IOException {
        Wire joined = node("j", "StringJoin", "e", "p")
                .b(5, attribute("separator", Wire.of().b(2, "/")));
        rejected(
                NAME,
                graph(text("e", ""), text("p", "etc/x"), joined, node("s", "SaveV2", "j", "x"))
                        .bytes(),
                "tensorflow.file-path");
        rejected(
                NAME,
                graph(text("e", "L2V0Yy94"), node("d", "DecodeBase64", "e"), node("s", "SaveV2", "d", "x"))
                        .bytes(),
                "tensorflow.file-path");
        Wire[] chain = new Wire[1202];
        chain[0] = text("n0", "/etc/x");
        for (int i = 1; i <= 1200; i++) {
            chain[i] = node("n" + i, "Identity", "n" + (i - 1));
        }
        chain[1201] = node("s", "SaveV2", "n1200", "x");
        rejected(NAME, graph(chain).bytes(), "tensorflow.file-path");
    }

    private static Wire call(String function, String... inputs) {
        return node("call", "StatefulPartitionedCall", inputs)
                .b(5, attribute("f", Wire.of().b(10, Wire.of().b(1, function))));
    }

    @Test
    void read_pathOfACheckpointThatACallerGives_isRejected() throws IOException {
        Wire save = function("save", node("i", "Identity", "a"), node("s", "SaveV2", "i:output:0", "a"));
        Wire outer = function("outer", call("save", "a"));
        accepted(
                NAME,
                with(graph(node("p", "Placeholder"), call("save", "p")), library(save))
                        .bytes());
        for (String path : new String[] {"/etc/cron.d/x", "../x"}) {
            rejected(
                    NAME,
                    with(graph(text("p", path), call("save", "p")), library(save))
                            .bytes(),
                    "tensorflow.file-path");
            rejected(
                    NAME,
                    with(graph(text("p", path), node("q", "Identity", "p"), call("outer", "q")), library(save, outer))
                            .bytes(),
                    "tensorflow.file-path");
            rejected(
                    NAME,
                    with(graph(text("p", path), node("c", "save", "p")), library(save))
                            .bytes(),
                    "tensorflow.file-path");
        }
    }

    @Test
    void read_namesOfFunctions_areTheirOwn() throws IOException {
        Wire first = function("f", node("n", "Neg", "a"), node("m", "Abs", "n:y:0"));
        Wire second = function("f", node("n", "Neg", "a"), node("m", "Abs", "a"));
        Wire main = graph(node("n", "Sin", "x"), node("m", "Cos", "n"));
        String one = TopologyFingerprint.of(
                accepted(NAME, with(main, library(first)).bytes()).structure());
        String other = TopologyFingerprint.of(accepted(
                        NAME,
                        with(graph(node("n", "Sin", "x"), node("m", "Cos", "n")), library(second))
                                .bytes())
                .structure());
        assertThat(one).isNotEqualTo(other);
    }

    @Test
    void read_assets_areAWarningAndStayInTheFolder() throws IOException {
        Wire table = function("init", node("t", "InitializeTableFromTextFileV2", "a"));
        ModelReport report = accepted(
                "saved_model.pb",
                saved(with(graph(), library(table)), Wire.of().b(6, Wire.of().b(2, "vocab.txt"))));
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("tensorflow.asset");
        rejected(
                "saved_model.pb",
                saved(graph(), Wire.of().b(6, Wire.of().b(2, "../../etc/passwd"))),
                "tensorflow.file-path");
    }

    @Test
    void read_circle_isRejectedUnlessItIsALoop() throws IOException {
        rejected(NAME, graph(node("a", "Add", "x", "b"), node("b", "Neg", "a")).bytes(), "tensorflow.cycle");
        rejected(NAME, graph(node("a", "Neg", "x", "^a")).bytes(), "tensorflow.cycle");
        accepted(
                NAME,
                graph(
                                node("enter", "Enter", "x"),
                                node("merge", "Merge", "enter", "next"),
                                node("body", "Neg", "merge"),
                                node("next", "NextIteration", "body"))
                        .bytes());
    }

    @Test
    void read_names_areChecked() throws IOException {
        rejected(NAME, graph(node("y", "Neg", "nowhere")).bytes(), "tensorflow.undefined");
        rejected(NAME, graph(node("w", "Neg", "x")).bytes(), "tensorflow.duplicate");
        rejected(NAME, graph(node("a b", "Neg", "x")).bytes(), "tensorflow.name");
        rejected(NAME, graph(node("y", "Neg", "x:y:z:0")).bytes(), "tensorflow.name");
        rejected(NAME, graph(node("y", "Neg", "x:99999999999")).bytes(), "tensorflow.name");
        rejected(
                NAME,
                with(graph(), library(function("f", node("n", "Neg", "b")))).bytes(),
                "tensorflow.undefined");
        Wire twice = node("y", "Neg", "x")
                .b(5, attribute("T", Wire.of().v(6, 1)))
                .b(5, attribute("T", Wire.of().v(6, 2)));
        rejected(NAME, graph(twice).bytes(), "tensorflow.duplicate");
        Wire two = node("y", "Neg", "x").b(5, attribute("T", Wire.of().v(6, 1).v(3, 2)));
        rejected(NAME, graph(two).bytes(), "protobuf.ambiguous");
        rejected(NAME, graph(node("y", "Neg", "x").b(2, "Abs")).bytes(), "protobuf.ambiguous");
        accepted(NAME, graph(node("scope/y_1.2-3>x", "Neg", "x")).bytes());
    }

    @Test
    void read_functions_doNotCallThemselvesNorHideOperators() throws IOException {
        Wire self = function("f", node("n", "f", "a"));
        rejected(NAME, with(graph(), library(self)).bytes(), "tensorflow.recursion");
        Wire byAttribute = function(
                "f",
                node("n", "PartitionedCall", "a")
                        .b(5, attribute("f", Wire.of().b(10, Wire.of().b(1, "g")))));
        Wire back = function("g", node("n", "f", "a"));
        rejected(NAME, with(graph(), library(byAttribute, back)).bytes(), "tensorflow.recursion");
        accepted(
                NAME,
                with(graph(), library(byAttribute, function("g", node("n", "Neg", "a"))))
                        .bytes());
        rejected(
                NAME,
                with(graph(), library(function("MatMul", node("n", "Neg", "a"))))
                        .bytes(),
                "tensorflow.function");
        rejected(
                NAME,
                with(graph(), library(back, function("g", node("n", "Neg", "a"))))
                        .bytes(),
                "tensorflow.duplicate");
    }

    @Test
    void read_functionsThatUnfoldWithoutBound_areRejected() throws IOException {
        Wire[] functions = new Wire[41];
        for (int i = 0; i < 40; i++) {
            functions[i] = function("f" + i, node("m", "f" + (i + 1), "a"), node("n", "f" + (i + 1), "m"));
        }
        functions[40] = function("f40", node("n", "Neg", "a"));
        rejected(NAME, with(graph(), library(functions)).bytes(), "tensorflow.expansion");
    }

    @Test
    void read_constants_fitTheirShape() throws IOException {
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, shape(4)).b(4, new byte[12])))
                        .bytes(),
                "tensorflow.tensor-data");
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, shape(2)).singles(5, 1, 2, 3)))
                        .bytes(),
                "tensorflow.tensor-data");
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, shape(2)).packed(7, 1, 2)))
                        .bytes(),
                "tensorflow.tensor-data");
        rejected(NAME, graph(constant("c", floats(1).singles(5, 1))).bytes(), "tensorflow.tensor-data");
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, shape(1L << 40, 1L << 40))))
                        .bytes(),
                "tensorflow.dims");
        rejected(NAME, graph(constant("c", Wire.of().v(1, 1).b(2, shape(-1)))).bytes(), "tensorflow.dims");
        rejected(NAME, graph(constant("c", Wire.of().v(1, 1).b(2, shape(-5)))).bytes(), "tensorflow.dims");
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, Wire.of().v(3, 1)))).bytes(),
                "tensorflow.dims");
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 99).b(2, shape(1)).v(7, 1))).bytes(),
                "tensorflow.data-type");
        notInspected(
                NAME,
                graph(constant("c", Wire.of().v(1, 20).b(2, shape()).b(14, "handle")))
                        .bytes(),
                "tensorflow.opaque-constant");
    }

    @Test
    void read_oneValueForAll_isAcceptedButNoBomb() throws IOException {
        accepted(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, shape(1000, 1000)).singles(5, 1)))
                        .bytes());
        accepted(NAME, graph(constant("c", Wire.of().v(1, 1).b(2, shape(3)))).bytes());
        rejected(
                NAME,
                graph(constant("c", Wire.of().v(1, 1).b(2, shape(1L << 40)).singles(5, 1)))
                        .bytes(),
                "file.too-large");
    }

    @ParameterizedTest
    @CsvSource({
        "1,4", "2,8", "3,4", "4,1", "5,2", "6,1", "8,8", "9,8", "10,1", "11,1", "12,1", "13,4", "14,2", "15,2", "16,2",
        "17,2", "18,16", "19,2", "22,4", "23,8", "24,1", "25,1"
    })
    void read_everyDataType_isAccepted(int type, int bytes) throws IOException {
        Wire tensor = Wire.of().v(1, type).b(2, shape(3)).b(4, new byte[3 * bytes]);
        accepted(NAME, graph(constant("c", tensor)).bytes());
    }

    @Test
    void read_attributes_haveKnownTypes() throws IOException {
        Wire list =
                Wire.of().b(1, Wire.of().packed(6, 1, 3, 101).b(7, shape(-1, 3)).packed(3, -1, 5));
        accepted(NAME, graph(node("y", "Neg", "x").b(5, attribute("l", list))).bytes());
        rejected(
                NAME,
                graph(node("y", "Neg", "x").b(5, attribute("T", Wire.of().v(6, 77))))
                        .bytes(),
                "tensorflow.data-type");
        rejected(
                NAME,
                graph(node("y", "Neg", "x").b(5, attribute("s", Wire.of().b(7, shape(1L << 40, 1L << 40)))))
                        .bytes(),
                "tensorflow.dims");
    }

    private static Wire keras(String metadata) {
        Wire object = Wire.of().b(4, Wire.of().b(1, "_tf_keras_layer").b(3, metadata));
        return Wire.of().b(7, Wire.of().b(1, object));
    }

    @Test
    void read_kerasMetadata_mayNotHoldLambda() throws IOException {
        accepted("saved_model.pb", saved(graph(), keras("{\"class_name\":\"Dense\",\"config\":{\"units\":3}}")));
        String lambda = "{\"class_name\":\"Sequential\",\"config\":{\"layers\":[{\"class_name\":\"Lambda\"}]}}";
        rejected("saved_model.pb", saved(graph(), keras(lambda)), "tensorflow.keras-layer");
        Wire beside = Wire.of()
                .b(1, Wire.of().v(2, 1).b(3, "root").b(4, "_tf_keras_model").b(5, lambda));
        rejected("keras_metadata.pb", beside.bytes(), "tensorflow.keras-layer");
        Wire fine = Wire.of()
                .b(1, Wire.of().v(2, 1).b(3, "root").b(4, "_tf_keras_model").b(5, "{}"));
        accepted("keras_metadata.pb", fine.bytes());
    }

    @Test
    void read_fingerprint_isAccepted() throws IOException {
        byte[] bytes = Wire.of()
                .v(1, -5)
                .v(2, 7)
                .v(3, 9)
                .v(4, 11)
                .v(5, 13)
                .b(6, Wire.of().v(1, 1))
                .bytes();
        accepted("fingerprint.pb", bytes);
    }
}
