// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.Hdf5Writer.attribute;
import static dev.aisec.provenance.modelfile.Hdf5Writer.groupInfo;
import static dev.aisec.provenance.modelfile.Hdf5Writer.link;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KerasFormatTest {
    private static final String METADATA = "{\"keras_version\": \"3.5.0\", \"date_saved\": \"2025-01-01@00:00:00\"}";

    /** A model of these layers, and a file of it in each of the two containers. */
    private static String model(String layers) {
        return "{\"module\": \"keras\", \"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": ["
                + layers
                + "]}, \"registered_name\": null, \"build_config\": {\"input_shape\": [null, 4]}, \"compile_config\": null}";
    }

    private static String dense(String more) {
        return "{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"name\": \"d\", \"units\": 2"
                + more + "}, \"registered_name\": null}";
    }

    private static byte[] weights() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.dataset(1, 2);
        return w.finish(w.object(groupInfo(), link("kernel", d)));
    }

    private static byte[] h5(String config) {
        Hdf5Writer w = new Hdf5Writer(false);
        return w.finish(w.object(groupInfo(), attribute("model_config", config)));
    }

    private static byte[] h5(String config, String training) {
        Hdf5Writer w = new Hdf5Writer(false);
        return w.finish(
                w.object(groupInfo(), attribute("model_config", config), attribute("training_config", training)));
    }

    private static byte[] zip(Map<String, byte[]> entries) {
        return TestZip.deflated(entries.entrySet().stream()
                .flatMap(entry -> Stream.of(entry.getKey(), entry.getValue()))
                .toArray());
    }

    private static Map<String, byte[]> entries(String config) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("metadata.json", METADATA.getBytes(StandardCharsets.UTF_8));
        entries.put("config.json", config.getBytes(StandardCharsets.UTF_8));
        entries.put("model.weights.h5", weights());
        return entries;
    }

    private static byte[] keras(String config) {
        return zip(entries(config));
    }

    private static byte[] with(String name, byte[] content) {
        Map<String, byte[]> entries = entries(model(dense("")));
        entries.put(name, content);
        return zip(entries);
    }

    private static void both(String config, String code) {
        ModelFileAsserts.rejected("m.h5", h5(config), code);
        ModelFileAsserts.rejected("m.keras", keras(config), code);
    }

    // --- accepted ---

    @ParameterizedTest
    @ValueSource(
            strings = {
                // Keras 1
                "{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Convolution2D\", \"config\": {\"nb_filter\": 2,"
                        + " \"init\": \"glorot_uniform\", \"activation\": \"relu\", \"W_regularizer\": {\"name\":"
                        + " \"WeightRegularizer\", \"l2\": 0.1}}}, {\"class_name\": \"Merge\", \"config\": {\"mode\": \"sum\","
                        + " \"mode_type\": \"raw\"}}]}",
                // Keras 2
                "{\"class_name\": \"Model\", \"config\": {\"layers\": [{\"name\": \"i\", \"class_name\": \"InputLayer\","
                        + " \"config\": {\"batch_input_shape\": [null, 8]}, \"inbound_nodes\": []}, {\"name\": \"b\","
                        + " \"class_name\": \"Bidirectional\", \"config\": {\"layer\": {\"class_name\": \"LSTM\", \"config\":"
                        + " {\"units\": 3, \"recurrent_activation\": \"hard_sigmoid\", \"kernel_initializer\": {\"class_name\":"
                        + " \"VarianceScaling\", \"config\": {\"scale\": 1.0, \"mode\": \"fan_avg\"}}}}, \"merge_mode\":"
                        + " \"concat\"}, \"inbound_nodes\": [[[\"i\", 0, 0, {}]]]}], \"input_layers\": [[\"i\", 0, 0]],"
                        + " \"output_layers\": [[\"b\", 0, 0]]}}",
                // Keras 3
                "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", \"config\": {\"layers\":"
                        + " [{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", \"config\": {\"batch_shape\": [null, 2],"
                        + " \"dtype\": \"float32\", \"name\": \"i\"}, \"registered_name\": null, \"name\": \"i\","
                        + " \"inbound_nodes\": []}, {\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"name\":"
                        + " \"d\", \"dtype\": {\"module\": \"keras\", \"class_name\": \"DTypePolicy\", \"config\": {\"name\":"
                        + " \"float32\"}, \"registered_name\": null}, \"units\": 2, \"activation\": \"softmax\","
                        + " \"kernel_initializer\": {\"module\": \"keras.initializers\", \"class_name\": \"GlorotUniform\","
                        + " \"config\": {\"seed\": null}, \"registered_name\": null}}, \"registered_name\": null, \"build_config\":"
                        + " {\"input_shape\": [null, 2]}, \"name\": \"d\", \"inbound_nodes\": [{\"args\": [{\"class_name\":"
                        + " \"__keras_tensor__\", \"config\": {\"shape\": [null, 2], \"dtype\": \"float32\", \"keras_history\":"
                        + " [\"i\", 0, 0]}}], \"kwargs\": {}}]}, {\"module\": \"keras.src.ops.numpy\", \"class_name\": \"Multiply\","
                        + " \"config\": {\"name\": \"m\"}, \"registered_name\": \"Multiply\", \"name\": \"m\", \"inbound_nodes\":"
                        + " [{\"args\": [{\"class_name\": \"__keras_tensor__\", \"config\": {\"keras_history\": [\"d\", 0, 0]}}],"
                        + " \"kwargs\": {}}]}]}, \"registered_name\": \"Functional\", \"compile_config\": {\"optimizer\": {\"module\":"
                        + " \"keras.optimizers\", \"class_name\": \"Adam\", \"config\": {\"learning_rate\": 0.001},"
                        + " \"registered_name\": null}, \"loss\": \"sparse_categorical_crossentropy\", \"metrics\": [\"accuracy\"]}}",
                // tf.keras
                "{\"class_name\": \"Functional\", \"config\": {\"layers\": [{\"class_name\": \"InputLayer\", \"config\": {\"name\":"
                        + " \"i\"}, \"name\": \"i\", \"inbound_nodes\": []}, {\"class_name\": \"TFOpLambda\", \"config\": {\"name\":"
                        + " \"t\", \"function\": \"math.multiply\"}, \"name\": \"t\", \"inbound_nodes\": [[\"i\", 0, 0, {\"y\":"
                        + " 2.0}]]}, {\"class_name\": \"SlicingOpLambda\", \"config\": {\"function\":"
                        + " \"__operators__.getitem\"}, \"name\": \"g\", \"inbound_nodes\": [[\"t\", 0, 0, {}]]},"
                        + " {\"class_name\": \"TensorFlowOpLayer\", \"config\": {\"node_def\": {\"op\": \"AddV2\"}}, \"name\": \"a\","
                        + " \"inbound_nodes\": [[[\"g\", 0, 0, {}]]]}]}}",
                // a shared layer, a nested model, a vocabulary within the configuration
                "{\"class_name\": \"Functional\", \"config\": {\"layers\": [{\"class_name\": \"InputLayer\", \"config\": {}, \"name\":"
                        + " \"i\", \"inbound_nodes\": []}, {\"class_name\": \"Dense\", \"config\": {}, \"name\": \"d\","
                        + " \"inbound_nodes\": [[[\"i\", 0, 0, {}]], [[\"s\", 1, 0, {}]]]}, {\"class_name\": \"Sequential\","
                        + " \"config\": {\"layers\": [{\"class_name\": \"TextVectorization\", \"config\": {\"vocabulary\": [\"a\"],"
                        + " \"standardize\": \"lower_and_strip_punctuation\"}}]}, \"name\": \"s\", \"inbound_nodes\": [[[\"d\", 0,"
                        + " 0, {}]]]}]}}"
            })
    void read_modelOfAnyKeras_accepted(String config) {
        assertThat(ModelFileAsserts.accepted("m.h5", h5(config)).structure().operators())
                .isNotEmpty();
        assertThat(ModelFileAsserts.accepted("m.keras", keras(config))
                        .structure()
                        .operators())
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"loss\": \"categorical_crossentropy\", \"metrics\": [\"accuracy\", \"mae\"], \"optimizer_config\":"
                        + " {\"class_name\": \"Adadelta\", \"config\": {\"lr\": 1.0}}}",
                "{\"loss\": {\"out_1\": \"mse\", \"out_2\": \"mae\"}, \"metrics\": {\"out_1\": [\"acc\"]}, \"loss_weights\": null,"
                        + " \"optimizer_config\": {\"class_name\": \"Adam\", \"config\": {\"learning_rate\": {\"class_name\":"
                        + " \"ExponentialDecay\", \"config\": {\"initial_learning_rate\": 0.1}}}}}",
                "{\"loss\": {\"class_name\": \"BinaryCrossentropy\", \"config\": {\"reduction\": \"auto\", \"fn\":"
                        + " \"binary_crossentropy\"}}, \"metrics\": [[{\"class_name\": \"MeanMetricWrapper\", \"config\": {\"name\":"
                        + " \"accuracy\", \"fn\": \"binary_accuracy\"}}, {\"class_name\": \"AUC\", \"config\": {}}]]}",
                "{\"loss\": {\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"mean_squared_error\","
                        + " \"registered_name\": \"function\"}}",
                "{\"optimizer_config\": {\"class_name\": \"Custom>Adam\", \"config\": {\"learning_rate\": 0.001}}, \"loss\": null}"
            })
    void read_trainingConfig_accepted(String training) {
        ModelFileAsserts.accepted("m.h5", h5(model(dense("")), training));
    }

    @Test
    void read_assetsOfText_accepted() {
        ModelFileAsserts.accepted(
                "m.keras",
                with("assets/layers/string_lookup/vocabulary.txt", "a\nb\n\u00e4".getBytes(StandardCharsets.UTF_8)));
        ModelFileAsserts.accepted(
                "m.keras",
                with(
                        "assets/vocabulary.txt",
                        "w\u00f6rter \u4e2d\u6587\n".repeat(3000).getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void read_weightsOnly_accepted() {
        ModelFileAsserts.accepted("m.weights.h5", weights());
    }

    // --- code ---

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"class_name\": \"Lambda\", \"config\": {\"name\": \"l\"}}",
                "{\"class_name\": \"keras.layers.Lambda\", \"config\": {}}",
                "{\"module\": \"keras.layers\", \"class_name\": \"Lambda\", \"config\": {}}",
                "{\"module\": \"keras.src.layers.core.lambda_layer\", \"class_name\": \"Lambda\", \"config\": {}}",
                "{\"class_name\": \"Custom>Lambda\", \"config\": {}}",
                "{\"class_name\": \"TimeDistributed\", \"config\": {\"layer\": {\"class_name\": \"Lambda\", \"config\": {}}}}",
                "{\"class_name\": \"Sequential\", \"config\": {\"layers\": [{\"class_name\": \"Bidirectional\", \"config\":"
                        + " {\"backward_layer\": {\"class_name\": \"Lambda\"}}}]}}",
                "{\"class_name\": \"Dense\", \"config\": {\"activation\": {\"class_name\": \"__lambda__\", \"config\": {\"code\":"
                        + " \"4wEA\"}}}}",
                "{\"class_name\": \"Dense\", \"config\": {\"function\": [\"4wEA\", null, null]}}",
                "{\"class_name\": \"Merge\", \"config\": {\"mode\": \"x\", \"mode_type\": \"lambda\"}}",
                "{\"class_name\": \"Merge\", \"config\": {\"output_shape_type\": \"lambda\"}}"
            })
    void read_lambda_refused(String layer) {
        both(model(layer), "keras.lambda");
    }

    @Test
    void read_lambdaInTraining_refused() {
        ModelFileAsserts.rejected(
                "m.h5",
                h5(model(dense("")), "{\"loss\": {\"class_name\": \"__lambda__\", \"config\": {\"code\": \"4wEA\"}}}"),
                "keras.lambda");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"module\": \"os\", \"class_name\": \"function\", \"config\": \"system\", \"registered_name\": \"system\"}",
                "{\"module\": \"builtins\", \"class_name\": \"exec\", \"config\": {}}",
                "{\"module\": \"subprocess\", \"class_name\": \"Popen\", \"config\": {}}",
                "{\"module\": \"my.package\", \"class_name\": \"Thing\", \"config\": {}}",
                "{\"module\": \"kerasx.layers\", \"class_name\": \"Dense\", \"config\": {}}",
                "{\"module\": \"tensorflow.io\", \"class_name\": \"function\", \"config\": \"read_file\"}",
                "{\"class_name\": \"os.system\", \"config\": {}}",
                "{\"class_name\": \"Dense\", \"config\": {\"activation\": {\"module\": \"os\", \"class_name\": \"function\","
                        + " \"config\": \"system\"}}}",
                "{\"class_name\": \"Dense\", \"config\": {\"activation\": \"os.system\"}}",
                "{\"class_name\": \"__typespec__\", \"spec_name\": \"Popen\", \"module\": \"subprocess\", \"config\": []}"
            })
    void read_moduleOutsideKeras_refused(String layer) {
        both(model(layer), "keras.module");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"module\": \"keras.utils\", \"class_name\": \"function\", \"config\": \"get_file\"}",
                "{\"module\": \"keras.config\", \"class_name\": \"function\", \"config\": \"enable_unsafe_deserialization\"}",
                "{\"module\": \"keras.models\", \"class_name\": \"function\", \"config\": \"load_model\"}",
                "{\"module\": \"keras.src.saving.serialization_lib\", \"class_name\": \"function\", \"config\": \"x\"}",
                "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"eval\"}",
                "{\"class_name\": \"Dense\", \"config\": {\"activation\": \"get_file\"}}"
            })
    void read_functionThatReachesOut_refused(String layer) {
        both(model(layer), "keras.function");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"module\": \"keras.layers\", \"class_name\": \"TorchModuleWrapper\", \"config\": {}}",
                "{\"class_name\": \"TFSMLayer\", \"config\": {}}",
                "{\"module\": \"keras.layers\", \"class_name\": \"JaxLayer\", \"config\": {}}"
            })
    void read_layerThatHoldsAnotherModel_refused(String layer) {
        both(model(layer), "keras.wrapper");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"class_name\": \"MyLayer\", \"config\": {}}",
                "{\"module\": null, \"class_name\": \"Attention2\", \"config\": {}, \"registered_name\": \"my>Attention2\"}",
                "{\"module\": \"keras_hub.layers\", \"class_name\": \"TokenAndPositionEmbedding\", \"config\": {}}",
                "{\"module\": \"keras.layers\", \"class_name\": \"Nothing\", \"config\": {}}",
                "{\"module\": \"keras.losses\", \"class_name\": \"Dense\", \"config\": {}}",
                "{\"class_name\": \"Dense\", \"config\": {\"activation\": \"my_activation\"}}"
            })
    void read_customObject_refused(String layer) {
        both(model(layer), "keras.custom-object");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"io.read_file", "py_function", "numpy_function", "raw_ops.PyFunc", "load_op_library", "unheard"})
    void read_tensorFlowFunction_refused(String function) {
        both(
                model("{\"class_name\": \"TFOpLambda\", \"config\": {\"function\": \"" + function + "\"}}"),
                "keras.tf-operation");
    }

    @Test
    void read_tensorFlowOperator_refused() {
        both(
                model(
                        "{\"class_name\": \"TensorFlowOpLayer\", \"config\": {\"node_def\": \"{\\\"op\\\": \\\"PyFunc\\\"}\"}}"),
                "keras.tf-operation");
    }

    // --- files, sizes, edges ---

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"class_name\": \"StringLookup\", \"config\": {\"vocabulary\": \"/etc/passwd\"}}",
                "{\"class_name\": \"TextVectorization\", \"config\": {\"vocabulary\": \"http://evil.example/v.txt\"}}",
                "{\"class_name\": \"IntegerLookup\", \"config\": {\"vocabulary\": \"v.txt\"}}",
                "{\"class_name\": \"TextVectorization\", \"config\": {\"idf_weights\": \"../w\"}}",
                "{\"class_name\": \"Dense\", \"config\": {\"filepath\": \"gs://bucket/x\"}}",
                "{\"class_name\": \"StringLookup\", \"config\": {\"initializer\": {\"filename\": \"/etc/shadow\"}}}"
            })
    void read_layerThatReadsAFile_refused(String layer) {
        both(model(layer), "keras.external-file");
    }

    @Test
    void read_sizesThatOverflow_refused() {
        both(model(dense(", \"batch_shape\": [null, 1e10, 1e10]")), "keras.shape");
        both(model("{\"class_name\": \"Dense\", \"config\": {\"units\": 1e15}}"), "keras.shape");
    }

    @Test
    void read_layersInACycle_refused() {
        both(
                "{\"class_name\": \"Functional\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"config\": {}, \"name\": \"a\","
                        + " \"inbound_nodes\": [[[\"b\", 0, 0, {}]]]}, {\"class_name\": \"Dense\", \"config\": {}, \"name\": \"b\","
                        + " \"inbound_nodes\": [[[\"a\", 0, 0, {}]]]}]}}",
                "keras.graph");
        both(
                "{\"class_name\": \"Functional\", \"config\": {\"layers\": [{\"class_name\": \"Dense\", \"config\": {}, \"name\": \"a\","
                        + " \"inbound_nodes\": [[[\"missing\", 0, 0, {}]]]}]}}",
                "keras.graph");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"class_name\": \"Sequential\", \"class_name\": \"Lambda\", \"config\": {}}",
                "{\"class_name\": \"Sequential\", \"config\": {\"x\": NaN}}",
                "{\"class_name\": \"Sequential\", \"config\": {\"x\": 1e400}}",
                "{\"class_name\": \"Sequential\", \"config\": {\"x\": \"\\ud800\"}}",
                "\ufeff{\"class_name\": \"Sequential\", \"config\": {}}",
                "{\"class_name\": \"Sequential\", \"config\": {}} trailing"
            })
    void read_jsonThatReadersSeeDifferently_refused(String config) {
        both(config, "file.malformed");
    }

    @Test
    void read_deepJson_refused() {
        ModelFileAsserts.rejected(
                "m.keras", keras("{\"class_name\": \"S\", \"config\": " + "[".repeat(50_000)), "file.malformed");
    }

    @Test
    void read_configThatIsNoModel_refused() {
        both("[1]", "keras.config");
        both("{}", "keras.config");
    }

    // --- the archive ---

    @Test
    void read_entryThatKerasDoesNotWrite_refused() {
        ModelFileAsserts.rejected(
                "m.keras", with("setup.py", "import os".getBytes(StandardCharsets.UTF_8)), "keras.entry");
        Map<String, byte[]> missing = new LinkedHashMap<>();
        missing.put("metadata.json", METADATA.getBytes(StandardCharsets.UTF_8));
        missing.put("config.json", model(dense("")).getBytes(StandardCharsets.UTF_8));
        ModelFileAsserts.accepted("m.keras", zip(missing));
    }

    @Test
    void read_javaStreamAsAsset_refused() {
        byte[] gadget = {(byte) 0xac, (byte) 0xed, 0, 5, 0x73, 0x7d, 0, 0, 0, 0, 0x78, 0x70};
        assertThat(ModelFileAsserts.errors(ModelFileAsserts.verify("m.keras", with("assets/x.txt", gadget))))
                .containsExactly("java.proxy");
        ModelFileAsserts.notInspected("m.keras", with("assets/x.bin", new byte[] {1, 0, 2}), "keras.asset");
    }

    @Test
    void read_weightsOfAnotherFormat_refused() {
        Map<String, byte[]> entries = entries(model(dense("")));
        entries.put("model.weights.h5", "no".getBytes(StandardCharsets.UTF_8));
        ModelFileAsserts.rejected("m.keras", zip(entries), "keras.weights");
    }

    @Test
    void read_externalLinkInWeights_refused() {
        Hdf5Writer w = new Hdf5Writer(false);
        byte[] target = new Hdf5Writer.Bytes().u(7, 2).u8(0).ascii("/e\0/a\0").get();
        Map<String, byte[]> entries = entries(model(dense("")));
        entries.put("model.weights.h5", w.finish(w.object(groupInfo(), link("x", 64, target))));
        ModelFileAsserts.rejected("m.keras", zip(entries), "hdf5.external-link");
    }

    // --- robustness ---

    @Test
    void read_anyBeginningOrMutation_answered() {
        byte[] file = keras(model(dense("")));
        ModelFileAsserts.truncations("m.keras", file, 3);
        ModelFileAsserts.mutations("m.keras", file, 600);
        byte[] plain = h5(model(dense(", \"activation\": \"relu\"")));
        ModelFileAsserts.truncations("m.h5", plain, 7);
    }

    @Test
    void read_permissive_warnsOfCustomLayersOnly() throws IOException {
        ModelVerifier verifier = ModelVerifier.of(VerificationPolicy.permissive());
        byte[] custom = h5(model("{\"class_name\": \"MyLayer\", \"config\": {}}"));
        assertThat(verifier.verify(custom, "m.h5").verification().verdict()).isEqualTo(Verdict.ACCEPT);
        for (String layer : List.of(
                "{\"class_name\": \"Lambda\", \"config\": {}}",
                "{\"module\": \"my.package\", \"class_name\": \"Thing\", \"config\": {}}")) {
            assertThat(verifier.verify(h5(model(layer)), "m.h5").verification().verdict())
                    .isEqualTo(Verdict.REJECT);
        }
    }
}
