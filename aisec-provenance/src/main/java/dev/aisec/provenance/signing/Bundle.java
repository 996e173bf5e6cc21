// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNull;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.provenance.internal.Text;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A Sigstore bundle with a DSSE envelope, as OMS v1.0 section 4 has it.
 *
 * <p>There is one reading of a bundle: members that the format does not have, base64 with another spelling of the same
 * bytes and a second signature are refused.
 *
 * @param material who signed, as the bundle says
 * @param payload what is signed
 * @param signature over the pre-authentication encoding of the payload
 * @param unverified whether log entries or time stamps stand beside a key or a chain
 */
record Bundle(Material material, byte[] payload, byte[] signature, boolean unverified) {
    static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";

    /** 24 MB of statement, some 120,000 files. */
    static final int MAX_BYTES = 32 << 20;

    private static final JsonLimits LIMITS = new JsonLimits(MAX_BYTES, 32, 200_000, MAX_BYTES);
    private static final int MAX_CERTIFICATES = 16;

    /** The PEM text of the largest key has four KiB. */
    private static final int MAX_KEY = 64 << 10;

    private static final String MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private static final Set<String> MEDIA_TYPES = Set.of(
            MEDIA_TYPE,
            "application/vnd.dev.sigstore.bundle+json;version=0.1",
            "application/vnd.dev.sigstore.bundle+json;version=0.2",
            "application/vnd.dev.sigstore.bundle+json;version=0.3");

    /** Who signed. */
    sealed interface Material {}

    /** The key with this fingerprint. */
    record Hint(String hint) implements Material {}

    /** The key itself, as bundles before v1.1.0 have it. */
    record RawKey(byte[] bytes, Optional<String> details) implements Material {}

    /** The holder of the first certificate. */
    record Chain(List<byte[]> certificates) implements Material {}

    /** Whoever an identity provider vouched for. */
    record Keyless() implements Material {}

    static Bundle parse(byte[] json) {
        if (json.length > MAX_BYTES) {
            throw new Refusal(SignatureRule.LIMIT, "a signature must have <= " + MAX_BYTES + " bytes");
        }
        JsonValue value;
        try {
            value = JsonParser.parse(json, LIMITS);
        } catch (MalformedInputException e) {
            throw new Refusal(SignatureRule.MALFORMED, String.valueOf(e.getMessage()), e.offset());
        }
        Json bundle = Json.of(SignatureRule.MALFORMED, "the bundle", value)
                .only("mediaType", "verificationMaterial", "dsseEnvelope");
        String mediaType = bundle.string("mediaType");
        if (!MEDIA_TYPES.contains(mediaType)) {
            throw new Refusal(
                    SignatureRule.MEDIA_TYPE, "mediaType must be " + MEDIA_TYPE + ", was " + Text.quote(mediaType));
        }
        Json envelope = bundle.object("dsseEnvelope").only("payload", "payloadType", "signatures");
        String type = envelope.string("payloadType");
        if (!type.equals(PAYLOAD_TYPE)) {
            throw new Refusal(
                    SignatureRule.PAYLOAD_TYPE, "payloadType must be " + PAYLOAD_TYPE + ", was " + Text.quote(type));
        }
        List<JsonValue> signatures = envelope.array("signatures");
        if (signatures.size() != 1) {
            throw new Refusal(SignatureRule.SIGNATURE_COUNT, "there must be one signature, were " + signatures.size());
        }
        Json signature = Json.of(SignatureRule.MALFORMED, "signatures", signatures.get(0))
                .only("sig", "keyid");
        if (signature.has("keyid")) {
            // DSSE: a hint that is not authenticated. OMS does not use it.
            signature.string("keyid");
        }
        byte[] payload = base64("payload", envelope.string("payload"));
        byte[] sig = base64("sig", signature.string("sig"));
        Json material = bundle.objectOr(SignatureRule.VERIFICATION_MATERIAL, "verificationMaterial")
                .only("publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData");
        return new Bundle(
                material(material),
                payload,
                sig,
                isFilled(material, "tlogEntries") || material.has("timestampVerificationData"));
    }

    private static Material material(Json json) {
        int ways = (json.has("publicKey") ? 1 : 0)
                + (json.has("x509CertificateChain") ? 1 : 0)
                + (json.has("certificate") ? 1 : 0);
        if (ways != 1) {
            throw new Refusal(
                    SignatureRule.VERIFICATION_MATERIAL,
                    "there must be one of publicKey, x509CertificateChain and certificate, were " + ways);
        }
        if (json.has("certificate")) {
            base64("rawBytes", json.object("certificate").only("rawBytes").string("rawBytes"));
            if (!isFilled(json, "tlogEntries")) {
                throw new Refusal(
                        SignatureRule.LOG_ENTRY_MISSING,
                        "tlogEntries must have an entry beside a single certificate, has none");
            }
            return new Keyless();
        }
        if (json.has("x509CertificateChain")) {
            List<JsonValue> items =
                    json.object("x509CertificateChain").only("certificates").array("certificates");
            if (items.isEmpty() || items.size() > MAX_CERTIFICATES) {
                throw new Refusal(
                        SignatureRule.VERIFICATION_MATERIAL,
                        "there must be 1 to " + MAX_CERTIFICATES + " certificates, were " + items.size());
            }
            List<byte[]> certificates = new ArrayList<>();
            for (JsonValue item : items) {
                certificates.add(base64(
                        "rawBytes",
                        Json.of(SignatureRule.VERIFICATION_MATERIAL, "a certificate", item)
                                .only("rawBytes")
                                .string("rawBytes")));
            }
            return new Chain(certificates);
        }
        Json key = json.object("publicKey").only("hint", "rawBytes", "keyDetails", "validFor");
        boolean hint = key.has("hint");
        if (hint == key.has("rawBytes")) {
            throw new Refusal(
                    SignatureRule.VERIFICATION_MATERIAL,
                    "publicKey must have either hint or rawBytes, has " + (hint ? "both" : "neither"));
        }
        Optional<String> details = key.has("keyDetails") ? Optional.of(key.string("keyDetails")) : Optional.empty();
        if (hint) {
            return new Hint(key.string("hint"));
        }
        byte[] raw = base64("rawBytes", key.string("rawBytes"));
        if (raw.length > MAX_KEY) {
            throw new Refusal(
                    SignatureRule.VERIFICATION_MATERIAL, "a key must have <= " + MAX_KEY + " bytes, had " + raw.length);
        }
        return new RawKey(raw, details);
    }

    private static boolean isFilled(Json json, String name) {
        return json.has(name) && !json.array(name).isEmpty();
    }

    /** One spelling for the same bytes: padded, without line breaks, with zero bits at the end. */
    private static byte[] base64(String name, String text) {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            if (bytes.length > 0 && Base64.getEncoder().encodeToString(bytes).equals(text)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Refused below.
        }
        throw new Refusal(
                SignatureRule.MALFORMED, name + " must be padded base64 and not empty, was " + Text.quote(text));
    }

    /**
     * What is signed (DSSE v1.0, pre-authentication encoding): the type is in it, and the lengths, so that nothing can
     * move from one to the other.
     */
    static byte[] preAuthenticationEncoding(byte[] payload) {
        byte[] head = ("DSSEv1 " + PAYLOAD_TYPE.length() + " " + PAYLOAD_TYPE + " " + payload.length + " ")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] encoding = new byte[head.length + payload.length];
        System.arraycopy(head, 0, encoding, 0, head.length);
        System.arraycopy(payload, 0, encoding, head.length, payload.length);
        return encoding;
    }

    /** The file, in the layout of the reference implementation 1.1.0. */
    static byte[] write(Material material, byte[] payload, byte[] signature) {
        StringBuilder out = new StringBuilder(payload.length * 4 / 3 + 1000);
        out.append("{\"mediaType\":\"").append(MEDIA_TYPE).append("\",\"verificationMaterial\":{");
        if (material instanceof Hint key) {
            out.append("\"publicKey\":{\"hint\":\"").append(key.hint()).append("\"}");
        } else if (material instanceof Chain chain) {
            out.append("\"x509CertificateChain\":{\"certificates\":[");
            String before = "";
            for (byte[] certificate : chain.certificates()) {
                out.append(before)
                        .append("{\"rawBytes\":\"")
                        .append(encode(certificate))
                        .append("\"}");
                before = ",";
            }
            out.append("]}");
        } else {
            throw new IllegalArgumentException("material must be a key's hint or a chain");
        }
        out.append(",\"tlogEntries\":[]},\"dsseEnvelope\":{\"payload\":\"").append(encode(payload));
        out.append("\",\"payloadType\":\"").append(PAYLOAD_TYPE).append("\",\"signatures\":[{\"sig\":\"");
        out.append(encode(signature)).append("\",\"keyid\":\"\"}]}}");
        return out.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Whether a file may be a bundle that was written before; never true for the files of a model. */
    static boolean isBundle(byte[] json) {
        try {
            return JsonParser.parse(json, LIMITS) instanceof JsonObject object
                    && object.members().get("mediaType") instanceof JsonString type
                    && MEDIA_TYPES.contains(type.value());
        } catch (MalformedInputException e) {
            return false;
        }
    }

    /** An object of JSON that is read by name. Null is as good as absent, as protobuf has it. */
    record Json(SignatureRule rule, String what, Map<String, JsonValue> members) {
        static Json of(SignatureRule rule, String what, JsonValue value) {
            if (!(value instanceof JsonObject object)) {
                throw new Refusal(rule, what + " must be a JSON object");
            }
            return new Json(rule, what, object.members());
        }

        Json only(String... names) {
            Set<String> known = Set.of(names);
            for (String name : members.keySet()) {
                if (!known.contains(name)) {
                    throw new Refusal(rule, what + " must have no member " + Text.quote(name));
                }
            }
            return this;
        }

        boolean has(String name) {
            return members.get(name) != null && !(members.get(name) instanceof JsonNull);
        }

        JsonValue value(String name) {
            JsonValue value = members.get(name);
            if (value == null) {
                throw new Refusal(rule, what + " must have a member " + name);
            }
            return value;
        }

        String string(String name) {
            if (value(name) instanceof JsonString string) {
                return string.value();
            }
            throw new Refusal(rule, name + " of " + what + " must be a string");
        }

        List<JsonValue> array(String name) {
            if (value(name) instanceof JsonArray array) {
                return array.items();
            }
            throw new Refusal(rule, name + " of " + what + " must be an array");
        }

        Json object(String name) {
            return of(rule, name, value(name));
        }

        /** As {@link #object}; what is missing there breaks another rule. */
        Json objectOr(SignatureRule other, String name) {
            if (!has(name)) {
                throw new Refusal(other, what + " must have a member " + name);
            }
            return of(other, name, value(name));
        }
    }
}
