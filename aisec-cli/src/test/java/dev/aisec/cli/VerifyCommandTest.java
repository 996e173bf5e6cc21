// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNull;
import dev.aisec.core.json.JsonValue.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path good;
    private Path bad;

    @BeforeEach
    void writeModels() throws IOException {
        good = folder.resolve("good.safetensors");
        Files.write(good, safetensors(1.5f, -2));
        bad = folder.resolve("bad.pkl");
        Files.write(bad, "cos\nsystem\n(S'echo'\ntR.".getBytes(UTF_8));
    }

    private static byte[] safetensors(float... values) {
        byte[] header = ("{\"layer.weight\":{\"dtype\":\"F32\",\"shape\":[" + values.length + "],\"data_offsets\":[0,"
                        + 4 * values.length + "]}}")
                .getBytes(UTF_8);
        ByteBuffer file =
                ByteBuffer.allocate(8 + header.length + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length).put(header);
        for (float value : values) {
            file.putFloat(value);
        }
        return file.array();
    }

    private int run(Object... args) {
        out.reset();
        err.reset();
        return Main.run(
                new Main.Streams(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), false),
                java.util.Arrays.stream(args).map(Object::toString).toArray(String[]::new));
    }

    private List<JsonObject> lines() {
        return out.toString(UTF_8)
                .lines()
                .map(line -> (JsonObject) JsonParser.parse(line.getBytes(UTF_8), JsonLimits.standard()))
                .toList();
    }

    private static JsonValue at(JsonValue value, Object... path) {
        JsonValue current = value;
        for (Object step : path) {
            current = step instanceof Integer index
                    ? ((JsonArray) current).items().get(index)
                    : ((JsonObject) current).members().get(step);
        }
        return current;
    }

    private static JsonValue text(String value) {
        return JsonValue.of(value);
    }

    @Test
    void verify_goodFile_accepts() {
        assertThat(run("verify", good)).isZero();
        assertThat(out.toString(UTF_8)).startsWith("ACCEPT").contains("safetensors", "sha256:");
        assertThat(err.toString(UTF_8)).isEmpty();
    }

    @Test
    void verify_folder_oneLineForEachFileAndTheWorstCode() throws IOException {
        Files.write(folder.resolve("unknown.bin"), new byte[] {1, 2, 3, 4});
        Files.writeString(folder.resolve("README.md"), "# A model\n");
        assertThat(run("verify", folder, "--json")).isEqualTo(1);
        List<JsonObject> lines = lines();
        assertThat(lines).hasSize(4);
        assertThat(at(lines.get(0), "path")).isEqualTo(text(folder + "/README.md"));
        assertThat(at(lines.get(0), "verdict")).isEqualTo(text("ACCEPT"));
        assertThat(at(lines.get(1), "path")).isEqualTo(text(bad.toString()));
        assertThat(at(lines.get(1), "format")).isEqualTo(text("pickle"));
        assertThat(at(lines.get(1), "verdict")).isEqualTo(text("REJECT"));
        assertThat(((JsonObject) at(lines.get(1), "findings", 0)).members())
                .containsKeys("code", "severity", "offset", "message")
                .containsEntry("severity", text("error"));
        assertThat(at(lines.get(2), "verdict")).isEqualTo(text("ACCEPT"));
        assertThat(at(lines.get(3), "verdict")).isEqualTo(text("CANNOT_INSPECT"));
    }

    @Test
    void verify_unknownFile_cannotInspect() throws IOException {
        Path unknown = folder.resolve("x.bin");
        Files.write(unknown, new byte[] {1, 2, 3, 4});
        assertThat(run("verify", unknown, good)).isEqualTo(2);
        assertThat(out.toString(UTF_8)).contains("file.unknown-format");
    }

    @Test
    void verify_missingFile_isBadInput() {
        assertThat(run("verify", folder.resolve("none"))).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("no such file").hasLineCount(1);
    }

    @Test
    void verify_linkInFolder_isTold() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Files.createSymbolicLink(inner.resolve("link"), good);
        assertThat(run("verify", inner, "--json")).isEqualTo(2);
        JsonObject line = lines().get(0);
        assertThat(at(line, "findings", 0, "code")).isEqualTo(text("file.unreadable"));
        assertThat(at(line, "findings", 0, "offset")).isEqualTo(new JsonNull());
    }

    @Test
    void verify_policy_decides() throws IOException {
        Path nan = folder.resolve("nan.safetensors");
        Files.write(nan, safetensors(Float.NaN));
        Path policy = folder.resolve("policy.json");
        Files.writeString(policy, "{\"parameters\": [{\"tensors\": \"*.weight\", \"min\": -1, \"max\": 1}]}");
        assertThat(run("verify", nan)).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("parameters.not-a-number");
        assertThat(run("verify", nan, "--permissive")).isZero();
        assertThat(run("verify", good, "--policy", policy)).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("policy.range");
        Files.writeString(policy, "{\"signed\": true}");
        assertThat(run("verify", good, "--policy", policy)).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("policy.unsigned");
    }

    @Test
    void verify_badPolicy_isToldBeforeAnythingIsRead() throws IOException {
        Path policy = folder.resolve("policy.json");
        Files.writeString(policy, "{\"sined\": true}");
        assertThat(run("verify", good, "--policy", policy)).isEqualTo(2);
        assertThat(err.toString(UTF_8))
                .contains("policy.json")
                .contains("sined")
                .hasLineCount(1);
        assertThat(out.toString(UTF_8)).isEmpty();
        assertThat(run("verify", good, "--policy", folder)).isEqualTo(2);
        assertThat(run("verify", good, "--policy", policy, "--permissive")).isEqualTo(2);
    }

    @Test
    void verify_sarif_isWritten() throws IOException {
        Path sarif = folder.resolve("out.sarif");
        assertThat(run("verify", bad, good, "--sarif", sarif)).isEqualTo(1);
        JsonValue log = JsonParser.parse(Files.readAllBytes(sarif), JsonLimits.standard());
        assertThat(((JsonArray) at(log, "runs", 0, "results")).items()).isNotEmpty();
        assertThat(((JsonArray) at(log, "runs", 0, "artifacts")).items()).hasSize(2);
    }

    @Test
    void verify_signature_coversTheFiles() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.write(model.resolve("m.safetensors"), safetensors(1, 2, 3));
        Path key = folder.resolve("key.pem");
        assertThat(run("sign", model, "--key", key, "--generate-key", "ed25519"))
                .isZero();
        Path signature = model.resolve("model.sig");
        Path policy = folder.resolve("signed.json");
        Files.writeString(policy, "{\"signed\": true}");
        Object[] verify = {
            "verify", model, "--signature", signature, "--key", key + ".pub", "--policy", policy, "--json"
        };
        assertThat(run(verify)).isZero();
        assertThat(lines()).hasSize(2);
        assertThat(at(lines().get(0), "format")).isEqualTo(text("oms-signature"));
        Files.write(model.resolve("m.safetensors"), safetensors(1, 2, 4));
        assertThat(run(verify)).isEqualTo(1);
        assertThat(at(lines().get(0), "verdict")).isEqualTo(text("REJECT"));
    }

    @Test
    void modelInfo_goodFile_showsNumbersAndWritesBomAndPolicy() throws IOException {
        Path bom = folder.resolve("bom.json");
        Path policy = folder.resolve("learned.json");
        assertThat(run("model-info", good, "--bom", bom, "--model-version", "1", "--learn-policy", policy))
                .isZero();
        assertThat(out.toString(UTF_8)).contains("F32", "[2]", "layer.weight", "mean -0.25");
        JsonValue document = JsonParser.parse(Files.readAllBytes(bom), JsonLimits.standard());
        assertThat(at(document, "metadata", "component", "type")).isEqualTo(text("machine-learning-model"));
        assertThat(run("verify", good, "--policy", policy)).isZero();
        Files.write(good, safetensors(1.5f, -2, 3));
        assertThat(run("verify", good, "--policy", policy)).isEqualTo(1);
        assertThat(out.toString(UTF_8)).contains("policy.");
    }

    @Test
    void modelInfo_json_hasTensorsAndNames() {
        assertThat(run("model-info", bad, "--json")).isEqualTo(1);
        JsonObject info = lines().get(0);
        assertThat(at(info, "names", "global", 0)).isEqualTo(text("os.system"));
        assertThat(at(info, "listings")).isInstanceOf(JsonObject.class);
        assertThat(run("model-info", good, "--json")).isZero();
        assertThat(at(lines().get(0), "tensors", 0, "count")).isEqualTo(JsonValue.of(2));
    }
}
