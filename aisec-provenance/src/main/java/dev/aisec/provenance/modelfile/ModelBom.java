// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonValue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A bill of materials of a verified model (ML-BOM): what can be checked against its bytes, and nothing else. Name and
 * version are the caller's; digest, format, operators, tensors and topology are those of the file. The serial number is
 * derived from the content, so that equal models give equal documents; there is no time stamp.
 *
 * <p>Source: OWASP, CycloneDX 1.6 (ECMA-424), components of type {@code machine-learning-model}.
 */
public final class ModelBom {
    private ModelBom() {}

    /**
     * The bill of materials of a model.
     *
     * @param model the verified model
     * @param name name of the model
     * @param version version of the model
     * @return a CycloneDX document, canonical JSON in UTF-8
     */
    public static byte[] of(VerifiedModel model, String name, String version) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        ModelStructure structure = model.structure();
        String digest = model.digest();
        String hex = digest.substring(digest.indexOf(':') + 1);
        Map<String, JsonValue> component = new TreeMap<>();
        component.put("type", JsonValue.of("machine-learning-model"));
        component.put("bom-ref", JsonValue.of(digest));
        component.put("name", ReportJson.text(name));
        if (!version.isBlank()) {
            component.put("version", ReportJson.text(version));
        }
        if (digest.startsWith("sha256:")) {
            component.put(
                    "hashes",
                    new JsonValue.JsonArray(
                            List.of(object(Map.of("alg", JsonValue.of("SHA-256"), "content", JsonValue.of(hex))))));
        }
        component.put("modelCard", object(Map.of("modelParameters", object(parameters(structure)))));
        component.put("properties", properties(model));
        Map<String, JsonValue> bom = new TreeMap<>();
        bom.put("$schema", JsonValue.of("http://cyclonedx.org/schema/bom-1.6.schema.json"));
        bom.put("bomFormat", JsonValue.of("CycloneDX"));
        bom.put("specVersion", JsonValue.of("1.6"));
        bom.put("version", JsonValue.of(1));
        bom.put("serialNumber", JsonValue.of("urn:uuid:" + uuid(hex)));
        bom.put("metadata", object(Map.of("component", object(component))));
        return CanonicalJson.bytes(object(bom));
    }

    private static Map<String, JsonValue> parameters(ModelStructure structure) {
        Map<String, JsonValue> parameters = new TreeMap<>();
        parameters.put("modelArchitecture", JsonValue.of(TopologyFingerprint.of(structure)));
        parameters.put("architectureFamily", JsonValue.of(structure.format()));
        return parameters;
    }

    private static JsonValue properties(VerifiedModel model) {
        ModelStructure structure = model.structure();
        SortedMap<String, String> facts = new TreeMap<>();
        facts.put("aisec:digest", model.digest());
        facts.put("aisec:length", String.valueOf(model.length()));
        facts.put("aisec:format", structure.format());
        facts.put("aisec:tensors", String.valueOf(structure.tensors().size()));
        SortedMap<String, Long> operators = new TreeMap<>();
        structure.operators().forEach(o -> operators.merge(o.type(), 1L, Long::sum));
        operators.forEach((type, count) -> facts.put("aisec:operator:" + type, String.valueOf(count)));
        structure.metadata().forEach((key, value) -> facts.put("aisec:metadata:" + key, value));
        List<JsonValue> items = new ArrayList<>();
        facts.forEach((key, value) ->
                items.add(object(Map.of("name", ReportJson.text(key), "value", ReportJson.text(value)))));
        return new JsonValue.JsonArray(items);
    }

    /** Version 8 of RFC 9562: 122 bits of the digest. */
    private static UUID uuid(String hex) {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex.substring(0, 32)));
        long high = bytes.getLong() & ~0xf000L | 0x8000L;
        long low = bytes.getLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
        return new UUID(high, low);
    }

    private static JsonValue object(Map<String, JsonValue> members) {
        return new JsonValue.JsonObject(new TreeMap<>(members));
    }
}
