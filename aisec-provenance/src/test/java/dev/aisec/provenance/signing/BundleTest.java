// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import dev.aisec.provenance.internal.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bundles that are not quite bundles. */
class BundleTest {
    private static final SigningKey KEY = SigningKey.generate(SignatureAlgorithm.ED25519);
    private static final TrustedKeys TRUST = TrustedKeys.of(KEY.verificationKey());

    @TempDir
    Path folder;

    private Path model;
    private Path signature;
    private String good;
    private String payload;

    @BeforeEach
    void sign() throws IOException {
        model = Files.createDirectory(folder.resolve("m"));
        Files.writeString(model.resolve("a"), "1");
        Files.writeString(model.resolve("b"), "2");
        signature = folder.resolve("m.sig");
        ModelSigner.withKey(KEY).sign(model, signature);
        good = Files.readString(signature);
        payload = new String(Bundle.parse(Files.readAllBytes(signature)).payload(), StandardCharsets.UTF_8);
    }

    private SignatureReport verify(byte[] bundle) throws IOException {
        Files.write(signature, bundle);
        return ModelSignatures.verify(model, signature, TRUST);
    }

    private void refused(String rule, String bundle) throws IOException {
        SignatureReport report = verify(bundle.getBytes(StandardCharsets.UTF_8));
        List<String> errors = report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .toList();
        assertThat(errors).as("%s", report.verification().findings()).containsExactly("signature." + rule);
        assertThat(report.verification().verdict()).isNotEqualTo(Verdict.ACCEPT);
    }

    @Test
    void verify_keyOfManyLines_isRefusedForItsLength() {
        String lines = Base64.getEncoder().encodeToString("\n".repeat(70_000).getBytes(StandardCharsets.US_ASCII));
        String hint = "\"hint\":\"" + KEY.verificationKey().hint() + "\"";
        assertThat(good).contains(hint);
        byte[] bundle = good.replace(hint, "\"rawBytes\":\"" + lines + "\"").getBytes(StandardCharsets.UTF_8);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> Bundle.parse(bundle))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("65536");
    }

    /** A statement that the trusted key did sign. */
    private void refusedSigned(String rule, String statement) throws IOException {
        byte[] bytes = statement.getBytes(StandardCharsets.UTF_8);
        assertThat(statement).isNotEqualTo(payload);
        refused(rule, bundle(bytes));
    }

    private static String bundle(byte[] statement) {
        return new String(
                Bundle.write(
                        new Bundle.Hint(KEY.verificationKey().hint()),
                        statement,
                        KEY.sign(Bundle.preAuthenticationEncoding(statement))),
                StandardCharsets.UTF_8);
    }

    private static String statement(String resources, String serialization) {
        byte[] root = Sha256.of(new byte[0]);
        return "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"m\",\"digest\":{\"sha256\":\""
                + HexFormat.of().formatHex(root)
                + "\"}}],\"predicateType\":\"https://model_signing/signature/v1.0\",\"predicate\":"
                + "{\"resources\":[" + resources + "],\"serialization\":{" + serialization + "}}}";
    }

    private static final String FILES = "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false";

    /** A statement whose root digest is right, over files of the content "1". */
    private static String listing(String serialization, String... names) {
        byte[] one = Sha256.of("1".getBytes(StandardCharsets.US_ASCII));
        String resources = Arrays.stream(names)
                .map(n -> "{\"name\":\"" + n + "\",\"digest\":\""
                        + HexFormat.of().formatHex(one) + "\",\"algorithm\":\"sha256\"}")
                .collect(Collectors.joining(","));
        byte[] all = new byte[one.length * names.length];
        IntStream.range(0, names.length).forEach(i -> System.arraycopy(one, 0, all, i * one.length, one.length));
        return statement(resources, serialization)
                .replace(
                        HexFormat.of().formatHex(Sha256.of(new byte[0])),
                        HexFormat.of().formatHex(Sha256.of(all)));
    }

    @Test
    void verify_anyBitOfABundle_counts() throws IOException {
        // Every bit but in the payload, where every bit is as good as any other.
        everyBit(97);
    }

    @Test
    @Tag("long")
    void verify_everyBitOfABundle_counts() throws IOException {
        everyBit(1);
    }

    private void everyBit(int step) throws IOException {
        byte[] bundle = good.getBytes(StandardCharsets.UTF_8);
        int from = 8 * good.indexOf("ewog");
        int to = 8 * good.indexOf("\",\"payloadType");
        for (int bit = 0; bit < 8 * bundle.length; bit += bit >= from && bit < to - step ? step : 1) {
            byte[] changed = bundle.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            SignatureReport report = verify(changed);
            assertThat(report.verification().verdict())
                    .as("bit %d of byte %d, %s", bit % 8, bit / 8, new String(changed, StandardCharsets.ISO_8859_1))
                    .isNotEqualTo(Verdict.ACCEPT);
            assertThat(report.verification().findings()).isNotEmpty();
        }
    }

    @Test
    void verify_truncatedAnywhere_isRejectedWithTheOffset() throws IOException {
        byte[] bundle = good.getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < bundle.length; length++) {
            SignatureReport report = verify(Arrays.copyOf(bundle, length));
            assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
            Finding finding = report.verification().findings().get(0);
            assertThat(finding.code()).isEqualTo("signature.malformed");
            assertThat(finding.offset()).hasValue(length);
        }
        refused("malformed", good + "x");
        refused("malformed", "\ufeff" + good);
    }

    @Test
    void verify_mutated_isNeverAcceptedOrThrown() throws IOException {
        Random random = new Random(11);
        byte[] bundle = good.getBytes(StandardCharsets.UTF_8);
        List<String> pieces =
                List.of("{", "}", "[", "]", ",", ":", "\"", "null", "1e999", "\\ud800", "\"sig\":", "\u0000");
        for (int i = 0; i < 1000; i++) {
            StringBuilder text = new StringBuilder(new String(bundle, StandardCharsets.ISO_8859_1));
            for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
                int at = random.nextInt(text.length());
                switch (random.nextInt(3)) {
                    case 0 -> text.insert(at, pieces.get(random.nextInt(pieces.size())));
                    case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(30)));
                    default -> text.setCharAt(at, (char) random.nextInt(256));
                }
            }
            byte[] changed = text.toString().getBytes(StandardCharsets.ISO_8859_1);
            if (!Arrays.equals(changed, bundle)) {
                SignatureReport report = verify(changed);
                if (report.verification().verdict() == Verdict.ACCEPT) {
                    // The same document in other words.
                    assertThat(Bundle.parse(changed).payload())
                            .isEqualTo(Bundle.parse(bundle).payload());
                    assertThat(Bundle.parse(changed).signature())
                            .isEqualTo(Bundle.parse(bundle).signature());
                }
            }
        }
    }

    @Test
    void verify_signedStatementsMutated_areNeverThrown() throws IOException {
        Random random = new Random(12);
        for (int i = 0; i < 150; i++) {
            StringBuilder text = new StringBuilder(payload);
            int at = random.nextInt(text.length());
            if (random.nextBoolean()) {
                text.setCharAt(at, (char) (32 + random.nextInt(95)));
            } else {
                text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(40)));
            }
            verify(bundle(text.toString().getBytes(StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void verify_wrongEnvelope_isRejected() throws IOException {
        refused("media-type", good.replace("v0.3+json", "v0.9+json"));
        refused("payload-type", good.replace("vnd.in-toto+json", "vnd.in-toto+json2"));
        refused("count", good.replaceAll("\"signatures\":\\[.*?]", "\"signatures\":[]"));
        String one = good.substring(good.indexOf("[{\"sig\"") + 1, good.lastIndexOf(']'));
        refused("count", good.replace(one, one + "," + one));
        refused("malformed", good.replace("\"keyid\":\"\"", "\"keyid\":\"\",\"keyid\":\"\""));
        refused("malformed", good.replace("\"keyid\":\"\"", "\"keyid\":7"));
        refused("malformed", good.replace("\"keyid\":\"\"", "\"cert\":\"\""));
        refused("malformed", good.replaceFirst("}$", ",\"messageSignature\":{}}"));
        refused("malformed", "[" + good + "]");
        refused("malformed", "{\"a\":".repeat(40) + "1" + "}".repeat(40));
        for (String keyid : List.of("\"keyid\":null", "\"keyid\":\"any\"")) {
            assertThat(verify(good.replace("\"keyid\":\"\"", keyid).getBytes(StandardCharsets.UTF_8))
                            .verification()
                            .verdict())
                    .isEqualTo(Verdict.ACCEPT);
        }
    }

    @Test
    void verify_wrongMaterial_isRejected() throws IOException {
        String hint = KEY.verificationKey().hint();
        String key = "\"publicKey\":{\"hint\":\"" + hint + "\"}";
        refused("verification-material", good.replace(key + ",", ""));
        refused("verification-material", good.replace(key, key + ",\"x509CertificateChain\":{\"certificates\":[]}"));
        refused("verification-material", good.replace(key, "\"x509CertificateChain\":{\"certificates\":[]}"));
        refused("verification-material", good.replace(key, "\"publicKey\":{}"));
        refused("verification-material", good.replace(key, key + ",\"unknown\":1"));
        refused("method", good.replace(key, "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"AAAA\"}]}"));
        refused("untrusted-key", good.replace(hint, hint.toUpperCase(Locale.ROOT)));
        refused("log-entry-missing", good.replace(key, "\"certificate\":{\"rawBytes\":\"AAAA\"}"));
        refused(
                "keyless",
                good.replace(key, "\"certificate\":{\"rawBytes\":\"AAAA\"}")
                        .replace("\"tlogEntries\":[]", "\"tlogEntries\":[{}]"));
        String raw =
                Base64.getEncoder().encodeToString(KEY.verificationKey().pem().getBytes(StandardCharsets.US_ASCII));
        String old = "\"publicKey\":{\"rawBytes\":\"" + raw + "\",\"keyDetails\":\"PKIX_ED25519\"}";
        assertThat(verify(good.replace(key, old).getBytes(StandardCharsets.UTF_8))
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
        refused("verification-material", good.replace(key, old.replace("PKIX_ED25519", "PKIX_ECDSA_P256_SHA_256")));
        refused("verification-material", good.replace(key, "\"publicKey\":{\"rawBytes\":\"AAAA\"}"));
        String stranger = Base64.getEncoder()
                .encodeToString(SigningKey.generate(SignatureAlgorithm.ED25519)
                        .verificationKey()
                        .encoded());
        refused("untrusted-key", good.replace(key, "\"publicKey\":{\"rawBytes\":\"" + stranger + "\"}"));
        SignatureReport told = verify(good.replace("\"tlogEntries\":[]", "\"tlogEntries\":[{\"x\":1}]")
                .getBytes(StandardCharsets.UTF_8));
        assertThat(told.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(told.verification().findings())
                .extracting(Finding::code)
                .containsExactly("signature.unverified-material");
    }

    @Test
    void verify_base64InAnotherSpelling_isRejected() throws IOException {
        String sig = good.substring(good.indexOf("\"sig\":\"") + 7, good.indexOf("\",\"keyid\""));
        assertThat(sig).endsWith("==");
        refused("malformed", good.replace(sig, sig.substring(0, sig.length() - 2)));
        refused("malformed", good.replace(sig, sig.substring(0, 4) + "\\n" + sig.substring(4)));
        char last = sig.charAt(sig.length() - 3);
        refused("malformed", good.replace(sig, sig.substring(0, sig.length() - 3) + (char) (last + 1) + "=="));
    }

    @Test
    void verify_typeMovedIntoThePayload_isRejected() throws IOException {
        // The lengths in the encoding keep type and payload apart.
        byte[] statement = payload.getBytes(StandardCharsets.UTF_8);
        byte[] without = KEY.sign(("DSSEv1 " + Bundle.PAYLOAD_TYPE + " " + payload).getBytes(StandardCharsets.UTF_8));
        byte[] bare = KEY.sign(statement);
        for (byte[] sig : List.of(without, bare)) {
            refused(
                    "invalid",
                    new String(
                            Bundle.write(new Bundle.Hint(KEY.verificationKey().hint()), statement, sig),
                            StandardCharsets.UTF_8));
        }
    }

    @Test
    void preAuthenticationEncoding_ofDsseExample_hasItsForm() {
        byte[] encoding = Bundle.preAuthenticationEncoding("hello world".getBytes(StandardCharsets.UTF_8));
        assertThat(new String(encoding, StandardCharsets.UTF_8))
                .isEqualTo("DSSEv1 28 application/vnd.in-toto+json 11 hello world");
    }

    @Test
    void verify_wrongStatementSignedByATrustedKey_isRejected() throws IOException {
        refusedSigned("statement", payload.replace("Statement/v1", "Statement/v0.1"));
        refusedSigned("predicate-type", payload.replace("signature/v1.0", "Digests/v0.1"));
        refusedSigned(
                "predicate-type",
                payload.replace("https://model_signing/signature/v1.0", "https://slsa.dev/provenance/v1"));
        refusedSigned("root-digest", payload.replaceFirst("\"sha256\": \"..", "\"sha256\": \"00"));
        refusedSigned("statement", payload.replace("\"hash_type\": \"sha256\"", "\"hash_type\": \"md5\""));
        refusedSigned("unsupported", payload.replace("\"hash_type\": \"sha256\"", "\"hash_type\": \"blake3\""));
        refusedSigned("statement", payload.replace("\"method\": \"files\"", "\"method\": \"trees\""));
        refusedSigned("statement", payload.replace("\"method\": \"files\"", "\"method\": \"shards\""));
        refusedSigned(
                "statement", payload.replace("\"method\": \"files\"", "\"method\": \"files\", \"shard_size\": 5"));
        refusedSigned("statement", payload.replace("\"allow_symlinks\": false", "\"allow_symlinks\": \"false\""));
        refusedSigned("statement", payload.replace("\"allow_symlinks\"", "\"more\": 1, \"allow_symlinks\""));
        refusedSigned("statement", payload.replace("\"algorithm\": \"sha256\"", "\"algorithm\": \"sha512\""));
        refusedSigned("statement", payload.replace("\"name\": \"a\",", "\"name\": \"a\", \"name\": \"a\","));
        refusedSigned("statement", payload.replace("\"resources\": [", "\"resources\": [], \"others\": ["));
        refusedSigned(
                "statement",
                payload.replace("\"subject\": [", "\"subject\": [{\"name\":\"x\",\"digest\":{\"sha256\":\"00\"}},"));
        refusedSigned("statement", payload + " x");
        refusedSigned("statement", "\"text\"");
        refusedSigned("statement", listing(FILES, "a").replaceAll("\"digest\":\"..", "\"digest\":\"AA"));
        refusedSigned("statement", statement("", FILES));
    }

    @Test
    void verify_attackingNamesSignedByATrustedKey_areRejected() throws IOException {
        for (String name : List.of(
                "../a",
                "/a",
                "a/../b",
                "a/./b",
                "./a",
                "a//b",
                "a/",
                "..",
                "a\\\\b",
                "C:a",
                "c:/a",
                "a\\u0000",
                "a\\nb",
                "\\u007f",
                "\\u0085",
                "")) {
            refusedSigned("resource-name", listing(FILES, name));
        }
        refusedSigned("resource-name", listing(FILES, "a", "a"));
        refusedSigned("resource-name", listing(FILES, ".", "a"));
        refusedSigned("resource-order", listing(FILES, "b", "a"));
        refusedSigned("resource-order", listing(FILES, "\ud83d\ude00", "\uffee"));
        for (String path : List.of("*", "a?", "[a]", "../x", "/x", ".", "", "a/..", "a\\\\b")) {
            refusedSigned("ignored-path", listing(FILES + ",\"ignore_paths\":[\"" + path + "\"]", "a"));
        }
        refusedSigned("statement", listing(FILES + ",\"ignore_paths\":[7]", "a"));
        refusedSigned("ignored-path", listing(FILES + ",\"ignore_paths\":[\"a\"]", "a", "b"));
        refusedSigned("ignored-path", listing(FILES + ",\"ignore_paths\":[\"d\"]", "a", "d/e/f"));
    }

    @Test
    void verify_listInTheOrderOfPythonsPaths_isAccepted() throws IOException {
        for (String name : List.of("x-y", "x/y", "x/z", "x.y")) {
            Files.createDirectories(model.resolve(name).getParent());
            Files.writeString(model.resolve(name), "1");
        }
        Files.writeString(model.resolve("b"), "1");
        String byParts = listing(FILES, "a", "b", "x/y", "x/z", "x-y", "x.y");
        String byCodePoints = listing(FILES, "a", "b", "x-y", "x.y", "x/y", "x/z");
        for (String statement : List.of(byParts, byCodePoints)) {
            SignatureReport report =
                    verify(bundle(statement.getBytes(StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8));
            assertThat(report.verification().verdict())
                    .as("%s", report.verification().findings())
                    .isEqualTo(Verdict.ACCEPT);
        }
    }

    @Test
    void verify_shardsWithHolesOrOverlaps_areRejected() throws IOException {
        String shards = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"shard_size\":5";
        Files.delete(model.resolve("b"));
        SignatureReport report = verify(bundle(listing(shards, "a:0:1").getBytes(StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8));
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        for (String[] names : new String[][] {
            {"a"},
            {"a:0"},
            {":0:1"},
            {"a:0:x"},
            {"a:00:1"},
            {"a:-1:1"},
            {"a:0:9999999999999999999"},
            {"a:1:1"},
            {"a:0:6"},
            {"a:1:5"},
            {"a:0:4", "a:4:8"},
            {"a:0:5", "a:6:7"},
            {"a:0:5", "a:4:9"},
            {"a:0:5", "a:10:15"},
        }) {
            refusedSigned("shards", listing(shards, names));
        }
        for (String size : List.of("0", "-5", "1.5", "1e300", "\"5\"", "true")) {
            refusedSigned("statement", listing(shards.replace(":5", ":" + size), "a:0:1"));
        }
    }

    @Test
    void verify_gitFileThatIsSigned_isAFileOfTheModel() throws IOException {
        // As with --no-ignore-git-paths of the reference implementation.
        Files.writeString(model.resolve(".gitattributes"), "1");
        Files.writeString(model.resolve("b"), "1");
        byte[] bundle = bundle(listing(FILES, ".gitattributes", "a", "b").getBytes(StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8);
        assertThat(verify(bundle).verification().findings()).isEmpty();
        Files.writeString(model.resolve(".gitattributes"), "2");
        assertThat(verify(bundle).verification().findings())
                .extracting(Finding::code)
                .containsExactly("signature.digest-mismatch");
    }

    @Test
    void verify_tooLarge_cannotBeInspected() throws IOException {
        byte[] large = new byte[Bundle.MAX_BYTES + 1];
        Arrays.fill(large, (byte) ' ');
        SignatureReport report = verify(large);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
        assertThat(report.verification().findings()).extracting(Finding::code).containsExactly("signature.limit");
    }
}
