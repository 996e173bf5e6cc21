// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Networks of Deeplearning4j. */
class Dl4jFormatTest {
    private static final String DENSE =
            "{\"@class\":\"org.deeplearning4j.nn.conf.layers.DenseLayer\",\"nin\":2,\"nout\":3,"
                    + "\"activationFn\":{\"@class\":\"org.nd4j.linalg.activations.impl.ActivationReLU\"}}";
    private static final String NEW = "{\"confs\":[{\"layer\":" + DENSE + "}],\"inputPreProcessors\":{}}";
    private static final String OLD =
            "{\"confs\":[{\"layer\":{\"dense\":{\"nin\":2,\"nout\":3,\"activationFunction\":\"relu\"}}}]}";
    private static final String GRAPH =
            "{\"networkInputs\":[\"in\"],\"vertexInputs\":{\"a\":[\"in\"],\"m\":[\"a\",\"a\"]},"
                    + "\"vertices\":{\"a\":{\"LayerVertex\":{\"layerConf\":{\"layer\":{\"dense\":{\"nin\":2,\"nout\":3}}}}},"
                    + "\"m\":{\"MergeVertex\":{}}}}";

    /** Shape information of a row of values, and the values; tests change what they want to be wrong. */
    private static final class Array {
        String mode = "MIXED_DATA_TYPES";
        long[] info;
        String type = "FLOAT";
        long length;
        float[] values;

        Array(int count) {
            info = new long[] {2, 1, count, count, 1, 0x2000, 1, 'c'};
            length = count;
            values = new float[count];
            Arrays.fill(values, 0.5f);
        }

        byte[] bytes() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (DataOutputStream out = new DataOutputStream(bytes)) {
                out.writeUTF(mode);
                out.writeLong(info.length);
                out.writeUTF("LONG");
                for (long i : info) {
                    out.writeLong(i);
                }
                out.writeUTF(mode);
                out.writeLong(length);
                out.writeUTF(type);
                for (float value : values) {
                    out.writeFloat(value);
                }
            }
            return bytes.toByteArray();
        }
    }

    private static byte[] model(String configuration, byte[] coefficients, Object... more) throws IOException {
        List<Object> entries = new ArrayList<>(List.of(
                "configuration.json",
                configuration.getBytes(StandardCharsets.UTF_8),
                "coefficients.bin",
                coefficients));
        entries.addAll(Arrays.asList(more));
        return TestZip.stored(entries.toArray());
    }

    private static List<String> errors(byte[] model, String... allowed) throws IOException {
        ModelReport report = ModelVerifier.of(VerificationPolicy.strict().allow(Use.GLOBAL, allowed))
                .verify(model, "a.zip");
        List<String> errors = report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .distinct()
                .toList();
        assertThat(report.verification().verdict() == Verdict.ACCEPT).isEqualTo(errors.isEmpty());
        return errors;
    }

    private static List<String> array(Consumer<Array> change) throws IOException {
        Array array = new Array(9);
        change.accept(array);
        return errors(model(NEW, array.bytes()));
    }

    @Test
    void read_networksOfAllReleases_areAccepted() throws IOException {
        for (String configuration : List.of(NEW, OLD, GRAPH)) {
            byte[] array = new Array(9).bytes();
            assertThat(errors(model(configuration, array))).isEmpty();
            assertThat(errors(model(configuration, array, "updaterState.bin", new Array(18).bytes())))
                    .isEmpty();
        }
        ModelReport report = ModelVerifier.standard().verify(model(GRAPH, new Array(9).bytes()), "a.zip");
        assertThat(report.structure().operators())
                .containsExactly(
                        new Operator("a", "dense", List.of("in"), List.of()),
                        new Operator("m", "MergeVertex", List.of("a", "a"), List.of()));
        String none = "{\"confs\":[{\"layer\":{\"@class\":\"org.deeplearning4j.nn.conf.layers.ActivationLayer\"}}]}";
        assertThat(errors(model(none, new byte[0], "noParams.marker", new byte[0])))
                .isEmpty();
    }

    @Test
    void read_classesOfOthers_areRefused() throws IOException {
        for (String name : List.of(
                "com.sun.rowset.JdbcRowSetImpl",
                "org.example.MyLayer",
                "org.deeplearning4j.nn.conf.layers.samediff.SameDiffLambdaLayer",
                "org.deeplearning4j.nn.conf.layers.DenseLayer\\u0000",
                "java.lang.ProcessBuilder")) {
            String configuration = NEW.replace("org.nd4j.linalg.activations.impl.ActivationReLU", name);
            assertThat(errors(model(configuration, new Array(9).bytes())))
                    .as(name)
                    .containsExactly("dl4j.class");
        }
        assertThat(errors(model(OLD.replace("\"dense\"", "\"lambda\""), new Array(9).bytes())))
                .containsExactly("dl4j.class");
        assertThat(errors(model(NEW.replace("\"nin\":2", "\"nin\":2,\"nin\":2"), new Array(9).bytes())))
                .isNotEmpty();
        assertThat(errors(model("[]", new Array(9).bytes()))).containsExactly("dl4j.configuration");
        assertThat(errors(model("[".repeat(50_000), new Array(9).bytes()))).isNotEmpty();
    }

    @Test
    void read_arraysThatContradictThemselves_areRefused() throws IOException {
        assertThat(array(a -> {})).isEmpty();
        assertThat(array(a -> a.length = 8)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[2] = 10)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[4] = 1000)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[3] = 1L << 40)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[6] = 64)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[5] = 0x4000)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[7] = 'x')).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[0] = 3)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info[1] = Long.MAX_VALUE)).containsExactly("dl4j.array");
        assertThat(array(a -> a.info = new long[0])).containsExactly("dl4j.array");
        assertThat(array(a -> a.type = "UTF8")).containsExactly("dl4j.array");
        assertThat(array(a -> a.mode = "X")).containsExactly("dl4j.array");
        assertThat(array(a -> a.values = new float[10])).containsExactly("dl4j.array");
        assertThat(array(a -> a.values = new float[8])).containsExactly("file.truncated");
        assertThat(errors(model(NEW, new Array(10).bytes()))).containsExactly("dl4j.parameters");
        assertThat(errors(model(NEW, new byte[0]))).isNotEmpty();
        assertThat(array(a -> a.values[3] = Float.NaN)).containsExactly("parameters.not-a-number");
    }

    @Test
    void read_normalizers_needThePolicy() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeUTF("NORMALIZER");
            out.writeInt(1);
            out.writeUTF("STANDARDIZE");
            out.writeBoolean(false);
            out.write(new Array(3).bytes());
            out.write(new Array(3).bytes());
        }
        byte[] array = new Array(9).bytes();
        byte[] model = model(NEW, array, "normalizer.bin", bytes.toByteArray());
        assertThat(errors(model)).containsExactly("dl4j.normalizer");
        assertThat(errors(model, "dl4j.normalizer/STANDARDIZE")).isEmpty();
        byte[] stream = {(byte) 0xac, (byte) 0xed, 0, 5, 0x70};
        assertThat(errors(model(NEW, array, "normalizer.bin", stream), "dl4j.normalizer/STANDARDIZE"))
                .containsExactly("dl4j.java-stream");
        assertThat(errors(model(NEW, array, "preprocessor.bin", stream))).containsExactly("dl4j.preprocessor");
        assertThat(errors(model(NEW, array, "preprocessor.bin", stream), "dl4j.preprocessor.bin"))
                .isEmpty();
        assertThat(errors(model(NEW, array, "updater.bin", stream))).containsExactly("dl4j.java-stream");
    }

    @Test
    void read_truncatedCoefficients_areNeverAccepted() throws IOException {
        byte[] array = new Array(9).bytes();
        for (int length = 0; length < array.length; length++) {
            assertThat(errors(model(NEW, Arrays.copyOf(array, length)))).isNotEmpty();
        }
    }
}
