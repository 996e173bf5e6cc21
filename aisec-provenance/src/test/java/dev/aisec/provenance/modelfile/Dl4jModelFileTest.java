// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.aisec.core.Seed;
import dev.aisec.core.Verdict;
import dev.aisec.core.VerificationException;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Dl4jModelFileTest {
    private static final String CONFIGURATION =
            "{\"backpropType\":\"Standard\",\"confs\":[{\"layer\":{\"@class\":\"org.deeplearning4j.nn.conf.layers.DenseLayer\","
                    + "\"activationFn\":{\"@class\":\"org.nd4j.linalg.activations.impl.ActivationReLU\"}}}]}";

    /** An array as ND4J 1.0.0-M2.1 writes it. */
    private static byte[] array(String type, float... values) throws IOException {
        return array(type, values.length, new long[] {2, 1, values.length, 1, 1, 0, 1, 'c'}, values);
    }

    private static byte[] array(String type, long length, long[] shape, float... values) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF("MIXED_DATA_TYPES");
        out.writeLong(shape.length);
        out.writeUTF("LONG");
        for (long v : shape) {
            out.writeLong(v);
        }
        out.writeUTF("MIXED_DATA_TYPES");
        out.writeLong(length);
        out.writeUTF(type);
        for (float v : values) {
            if (type.equals("DOUBLE")) {
                out.writeDouble(v);
            } else {
                out.writeFloat(v);
            }
        }
        return bytes.toByteArray();
    }

    private static Map<String, byte[]> entries() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("configuration.json", CONFIGURATION.getBytes(StandardCharsets.UTF_8));
        entries.put("coefficients.bin", array("FLOAT", 1, -2, 0.5f));
        return entries;
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(e.getKey()));
                zip.write(e.getValue());
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static ModelFileCheck check(byte[] file) throws IOException {
        return Dl4jModelFile.standard().verify(new ByteArrayInputStream(file), "test.zip");
    }

    private static void refused(byte[] file, String code) throws IOException {
        ModelFileCheck check = check(file);
        assertThat(check.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(check.verification().findings().get(0).code())
                .as(check.verification().findings().get(0).message())
                .isEqualTo("model-file." + code);
        assertThat(check.model()).isEmpty();
        assertThatThrownBy(check::orElseThrow).isInstanceOf(VerificationException.class);
    }

    private static void refusedWith(String name, byte[] content, String code) throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put(name, content);
        refused(zip(entries), code);
    }

    @Test
    void verify_wellFormed_acceptsAndNamesTheContent() throws IOException {
        VerifiedModel model = check(zip(entries())).orElseThrow();
        assertThat(model.kind()).isEqualTo(VerifiedModel.Kind.MULTI_LAYER_NETWORK);
        assertThat(model.parameterCount()).isEqualTo(3);
        assertThat(model.digest()).matches("sha256:[0-9a-f]{64}");
        // Order, compression and times do not matter, content does.
        Map<String, byte[]> other = new LinkedHashMap<>();
        other.put("coefficients.bin", entries().get("coefficients.bin"));
        other.put("configuration.json", entries().get("configuration.json"));
        assertThat(check(zip(other)).orElseThrow().digest()).isEqualTo(model.digest());
        assertThat(check(model.canonicalZip()).orElseThrow().digest()).isEqualTo(model.digest());
        assertThat(model.canonicalZip())
                .isEqualTo(check(zip(other)).orElseThrow().canonicalZip());
        other.put("coefficients.bin", array("FLOAT", 1, -2, 0.25f));
        assertThat(check(zip(other)).orElseThrow().digest()).isNotEqualTo(model.digest());
        assertThat(check(zip(entries())).evidence().parameters())
                .containsEntry("verdict", "ACCEPT")
                .containsEntry("parameters", "3");
    }

    @Test
    void verify_unwantedEntries_areRefused() throws IOException {
        refusedWith("preprocessor.bin", new byte[] {1}, "java-serialization");
        refusedWith("normalizer.bin", new byte[] {1}, "normalizer");
        refusedWith("run.sh", new byte[] {1}, "unknown-entry");
        refusedWith("../evil", new byte[] {1}, "escaping-entry");
        refusedWith("/etc/passwd", new byte[] {1}, "escaping-entry");
        refusedWith("a\\b", new byte[] {1}, "escaping-entry");
        refusedWith("sub/", new byte[0], "unknown-entry");
        Map<String, byte[]> incomplete = entries();
        incomplete.remove("coefficients.bin");
        refused(zip(incomplete), "missing-entry");
    }

    @Test
    void verify_duplicateEntry_isRefused() throws IOException {
        Map<String, byte[]> entries = entries();
        entries.put("configuratioN.json", entries.get("configuration.json"));
        byte[] file = zip(entries);
        byte[] name = "configuratioN.json".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i + name.length <= file.length; i++) {
            if (Arrays.equals(file, i, i + name.length, name, 0, name.length)) {
                file[i + 12] = 'n';
            }
        }
        refused(file, "duplicate-entry");
    }

    @Test
    void verify_headersThatDiffer_areRefused() throws IOException {
        byte[] file = zip(entries());
        // The name in the first local header: a streaming reader would see another entry.
        byte[] local = file.clone();
        local[30] = 'C';
        refused(local, "zip-headers-differ");
        byte[] before = new byte[file.length + 4];
        System.arraycopy(file, 0, before, 4, file.length);
        assertThat(check(before).verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
        before[0] = 'P';
        before[1] = 'K';
        refused(before, "zip-layout");
    }

    @Test
    void verify_bytesAfterTheEnd_areRefused() throws IOException {
        byte[] file = zip(entries());
        refused(Arrays.copyOf(file, file.length + 1), "truncated");
    }

    @Test
    void verify_configuration_allowsOnlyOwnClasses() throws IOException {
        for (String name : new String[] {
            "com.sun.rowset.JdbcRowSetImpl",
            "org.deeplearning4j.nn.conf.layers.samediff.SameDiffLambdaLayer",
            "org.deeplearning4j.nn.confuse.Layer",
            "org.nd4j.linalg.activations.impl.sub.Evil"
        }) {
            refusedWith(
                    "configuration.json",
                    CONFIGURATION
                            .replace("org.deeplearning4j.nn.conf.layers.DenseLayer", name)
                            .getBytes(StandardCharsets.UTF_8),
                    "class");
        }
        refusedWith("configuration.json", "{\"confs\":[{\"@class\":1}]}".getBytes(StandardCharsets.UTF_8), "class");
        refusedWith("configuration.json", "{}".getBytes(StandardCharsets.UTF_8), "configuration");
        refusedWith("configuration.json", "[".repeat(5000).getBytes(StandardCharsets.UTF_8), "configuration");
    }

    @Test
    void verify_arrays_mustBeCompleteFiniteAndInBounds() throws IOException {
        refusedWith("coefficients.bin", array("FLOAT", 1, Float.NaN), "not-finite");
        refusedWith("coefficients.bin", array("DOUBLE", 1, Float.POSITIVE_INFINITY), "not-finite");
        refusedWith("updaterState.bin", array("FLOAT", Float.NEGATIVE_INFINITY), "not-finite");
        refusedWith("coefficients.bin", array("UTF8", 1), "array");
        refusedWith("coefficients.bin", new byte[0], "array");
        byte[] good = array("FLOAT", 1, 2, 3);
        refusedWith("coefficients.bin", Arrays.copyOf(good, good.length - 1), "array");
        refusedWith("coefficients.bin", Arrays.copyOf(good, good.length + 4), "array");
        // Claims 2^31 - 1 values; a stride that reaches outside; a shape of another size; a zero dimension.
        refusedWith(
                "coefficients.bin",
                array("FLOAT", 0x7fffffffL, new long[] {2, 1, 0x7fffffffL, 1, 1, 0, 1, 'c'}, 1),
                "array");
        refusedWith("coefficients.bin", array("FLOAT", 2, new long[] {2, 1, 2, 1, 1000, 0, 1, 'c'}, 1, 2), "array");
        refusedWith("coefficients.bin", array("FLOAT", 2, new long[] {2, 1, 3, 1, 1, 0, 1, 'c'}, 1, 2), "array");
        refusedWith("coefficients.bin", array("FLOAT", 2, new long[] {2, 0, 2, 1, 1, 0, 1, 'c'}, 1, 2), "array");
        refusedWith("coefficients.bin", array("FLOAT", 2, new long[] {33, 1, 2, 1}, 1, 2), "array");
    }

    @Test
    void verify_bombs_areBoundedBeforeTheyInflate() throws IOException {
        Dl4jModelFile small = Dl4jModelFile.standard().withLimits(new ModelFileLimits(1 << 20, 4, 1 << 20, 1 << 16));
        Map<String, byte[]> entries = entries();
        entries.put("updaterState.bin", new byte[(1 << 20) + 1]);
        ModelFileCheck claimed = small.verify(new ByteArrayInputStream(zip(entries)), "bomb");
        assertThat(claimed.verification().findings().get(0).code()).isEqualTo("model-file.too-large");
        // The header says 10 bytes, a megabyte comes out.
        byte[] lying = zip(entries);
        ByteBuffer in = ByteBuffer.wrap(lying).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i + 46 < lying.length; i++) {
            if (in.getInt(i) == 0x02014b50 && in.getInt(i + 24) == (1 << 20) + 1) {
                in.putInt(i + 24, 10);
            }
            if (in.getInt(i) == 0x08074b50 && in.getInt(i + 12) == (1 << 20) + 1) {
                in.putInt(i + 12, 10);
            }
        }
        ModelFileCheck lied = small.verify(new ByteArrayInputStream(lying), "bomb");
        assertThat(lied.verification().findings().get(0).code()).isEqualTo("model-file.zip-data");
        assertThat(small.verify(new ByteArrayInputStream(new byte[(1 << 20) + 1]), "big")
                        .verification()
                        .findings()
                        .get(0)
                        .code())
                .isEqualTo("model-file.too-large");
        Map<String, byte[]> many = entries();
        for (int i = 0; i < 5; i++) {
            many.put("e" + i, new byte[0]);
        }
        assertThat(small.verify(new ByteArrayInputStream(zip(many)), "many")
                        .verification()
                        .findings()
                        .get(0)
                        .code())
                .isEqualTo("model-file.too-many-entries");
    }

    @Test
    void verify_normalizer_onlyOwnTypesIfAsked() throws IOException {
        Dl4jModelFile open = Dl4jModelFile.standard().withNormalizer(true);
        for (Map.Entry<byte[], Verdict> each : Map.of(
                        header("STANDARDIZE"),
                        Verdict.ACCEPT,
                        header("CUSTOM"),
                        Verdict.REJECT,
                        new byte[] {(byte) 0xac, (byte) 0xed, 0, 5},
                        Verdict.REJECT,
                        new byte[0],
                        Verdict.REJECT)
                .entrySet()) {
            Map<String, byte[]> entries = entries();
            entries.put("normalizer.bin", each.getKey());
            assertThat(open.verify(new ByteArrayInputStream(zip(entries)), "n")
                            .verification()
                            .verdict())
                    .isEqualTo(each.getValue());
        }
    }

    private static byte[] header(String type) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF("NORMALIZER");
        out.writeInt(1);
        out.writeUTF(type);
        return bytes.toByteArray();
    }

    @Test
    void verify_everyPrefix_isRefused() throws IOException {
        byte[] file = zip(entries());
        for (int length = 0; length < file.length; length++) {
            assertThat(check(Arrays.copyOf(file, length)).verification().verdict())
                    .isNotEqualTo(Verdict.ACCEPT);
        }
    }

    @Test
    void verify_mutatedFiles_alwaysAnswer() throws IOException {
        fuzz(new Seed(1), 20_000);
    }

    @Test
    @Tag("long")
    void verify_manyMutatedFiles_alwaysAnswer() throws IOException {
        for (int run = 2; run < 40; run++) {
            fuzz(new Seed(run), 100_000);
        }
    }

    private static void fuzz(Seed seed, int runs) throws IOException {
        byte[] file = zip(entries());
        RandomGenerator random = seed.generator(0);
        for (int i = 0; i < runs; i++) {
            byte[] bytes = file.clone();
            for (int change = 0; change <= random.nextInt(4); change++) {
                bytes[random.nextInt(bytes.length)] =
                        (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextInt(4) - 2);
            }
            ModelFileCheck check = check(bytes);
            assertThat(check.model().isPresent()).isEqualTo(check.verification().verdict() == Verdict.ACCEPT);
        }
    }

    @Test
    void verify_missingFile_isAnIoException(@TempDir Path folder) {
        assertThatThrownBy(() -> Dl4jModelFile.standard().verify(folder.resolve("none.zip")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none.zip: no such file");
        assertThatThrownBy(() -> Dl4jModelFile.standard().verify(folder)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dl4j/", "zip/"})
    void verify_publicSamples_getTheirVerdicts(String folder) throws IOException {
        Path models =
                Path.of(System.getProperty("aisec.data", "../../shared/data")).resolve("models");
        assumeTrue(Files.isDirectory(models), () -> "skipped: no sample models in " + models);
        JsonValue.JsonArray expected = (JsonValue.JsonArray)
                JsonParser.parse(Files.readAllBytes(models.resolve("expected.json")), JsonLimits.standard());
        int seen = 0;
        for (JsonValue item : expected.items()) {
            Map<String, JsonValue> sample = ((JsonValue.JsonObject) item).members();
            String file = ((JsonValue.JsonString) sample.get("file")).value();
            if (!file.startsWith(folder)) {
                continue;
            }
            seen++;
            boolean benign = sample.get("verdict").equals(JsonValue.of("benign"));
            Verdict verdict = Dl4jModelFile.standard()
                    .verify(models.resolve(file))
                    .verification()
                    .verdict();
            // A SameDiff graph is no zip; a plain zip is no model.
            Verdict wanted = file.contains("samediff")
                    ? Verdict.CANNOT_INSPECT
                    : benign && folder.equals("dl4j/") ? Verdict.ACCEPT : Verdict.REJECT;
            assertThat(verdict).as(file).isEqualTo(wanted);
        }
        assertThat(seen).isPositive();
    }
}
