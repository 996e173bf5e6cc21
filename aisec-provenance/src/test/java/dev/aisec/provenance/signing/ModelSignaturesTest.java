// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import dev.aisec.core.VerificationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelSignaturesTest {
    private static final SigningKey KEY = SigningKey.generate(SignatureAlgorithm.ED25519);
    private static final TrustedKeys TRUST = TrustedKeys.of(KEY.verificationKey());
    private static final ModelSigner SIGNER = ModelSigner.withKey(KEY);

    @TempDir
    Path folder;

    private Path model;
    private Path signature;

    @BeforeEach
    void writeModel() throws IOException {
        model = Files.createDirectories(folder.resolve("model/sub")).getParent();
        signature = model.resolve("model.sig");
        Files.writeString(model.resolve("config.json"), "{}");
        Files.writeString(model.resolve("sub/weights.bin"), "0123456789abcdef");
        Files.writeString(model.resolve("sub/a-b"), "");
    }

    private SignatureReport verify() throws IOException {
        return ModelSignatures.verify(model, signature, TRUST);
    }

    private List<String> broken() throws IOException {
        return broken(verify());
    }

    private static List<String> broken(SignatureReport report) {
        List<Finding> findings = report.verification().findings();
        if (report.verification().verdict() == Verdict.ACCEPT) {
            assertThat(findings).noneMatch(f -> f.severity() == Severity.ERROR);
        }
        return findings.stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(f -> f.code() + (f.location().isEmpty() ? "" : " " + f.location()))
                .toList();
    }

    private static List<String> told(SignatureReport report) {
        return report.verification().findings().stream()
                .filter(f -> f.severity() != Severity.ERROR)
                .map(f -> f.code() + " " + f.location())
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void signAndVerify_everyAlgorithm_isAccepted(SignatureAlgorithm algorithm) throws IOException {
        SigningKey key = SigningKey.generate(algorithm);
        SignedModel made = ModelSigner.withKey(key).sign(model, signature);
        SignatureReport report = ModelSignatures.verify(model, signature, TrustedKeys.of(key.verificationKey()));
        assertThat(broken(report)).isEmpty();
        SignedModel found = report.orElseThrow();
        assertThat(found.rootDigest()).isEqualTo(made.rootDigest());
        assertThat(found.digests())
                .isEqualTo(made.digests())
                .containsOnlyKeys("config.json", "sub/a-b", "sub/weights.bin");
        assertThat(found.files()).isEqualTo(3);
        assertThat(found.bytes()).isEqualTo(18);
        assertThat(report.evidence().parameters())
                .containsEntry("verdict", "ACCEPT")
                .containsEntry("signer", "key " + key.verificationKey())
                .containsEntry("algorithm", algorithm.title());
        assertThat(broken(verify())).containsExactly("signature.untrusted-key");
    }

    @Test
    void sign_layout_isThatOfTheReferenceImplementation() throws IOException {
        SIGNER.sign(model, signature);
        String json = Files.readString(signature);
        assertThat(json)
                .startsWith("{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
                        + "\"verificationMaterial\":{\"publicKey\":{\"hint\":\""
                        + KEY.verificationKey().hint() + "\"},\"tlogEntries\":[]},\"dsseEnvelope\":{\"payload\":\"ewog")
                .contains("\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":\"")
                .endsWith("\",\"keyid\":\"\"}]}}");
        String payload = new String(Bundle.parse(Files.readAllBytes(signature)).payload(), StandardCharsets.UTF_8);
        assertThat(payload).isEqualTo("""
                        {
                          "_type": "https://in-toto.io/Statement/v1",
                          "subject": [
                            {
                              "name": "model",
                              "digest": {
                                "sha256": "147ce7226cfdbdd9d69369a2529789c01f72af2a6bee0f3ad75d7cf044fd366e"
                              }
                            }
                          ],
                          "predicateType": "https://model_signing/signature/v1.0",
                          "predicate": {
                            "resources": [
                              {
                                "name": "config.json",
                                "digest": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
                                "algorithm": "sha256"
                              },
                              {
                                "name": "sub/a-b",
                                "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                "algorithm": "sha256"
                              },
                              {
                                "name": "sub/weights.bin",
                                "digest": "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f",
                                "algorithm": "sha256"
                              }
                            ],
                            "serialization": {
                              "method": "files",
                              "hash_type": "sha256",
                              "allow_symlinks": false,
                              "ignore_paths": [
                                ".git",
                                ".gitattributes",
                                ".github",
                                ".gitignore",
                                "model.sig"
                              ]
                            }
                          }
                        }""");
    }

    @Test
    void verify_changedByte_isFoundInItsFile() throws IOException {
        SIGNER.sign(model, signature);
        Files.writeString(model.resolve("sub/weights.bin"), "0123456789abcdeF");
        assertThat(broken()).containsExactly("signature.digest-mismatch sub/weights.bin");
        Finding finding = verify().verification().findings().get(0);
        assertThat(finding.message())
                .startsWith("SHA-256 must be 9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f, is ");
        assertThatThrownBy(() -> verify().orElseThrow()).isInstanceOf(VerificationException.class);
    }

    @Test
    void verify_everyBitOfASignedFile_counts() throws IOException {
        SIGNER.sign(model, signature);
        Path file = model.resolve("config.json");
        byte[] content = Files.readAllBytes(file);
        for (int bit = 0; bit < 8 * content.length; bit++) {
            byte[] changed = content.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, changed);
            assertThat(broken()).containsExactly("signature.digest-mismatch config.json");
        }
        Files.write(file, content);
        assertThat(broken()).isEmpty();
    }

    @Test
    void verify_addedRemovedRenamedSwapped_isFound() throws IOException {
        SIGNER.sign(model, signature);
        Path config = model.resolve("config.json");
        Path weights = model.resolve("sub/weights.bin");
        Files.writeString(model.resolve("sub/extra"), "x");
        assertThat(broken()).containsExactly("signature.unsigned-file sub/extra");
        SignatureReport mild = ModelSignatures.verify(
                model, signature, TRUST, SignaturePolicy.standard().withUnsignedFiles(true));
        assertThat(mild.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(told(mild)).containsExactly("signature.unsigned-file sub/extra");
        SignatureReport passed = ModelSignatures.verify(
                model, signature, TRUST, SignaturePolicy.standard().ignoring(Set.of("sub/extra")));
        assertThat(passed.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(told(passed)).containsExactly("signature.unsigned-space sub/extra");
        // What is signed cannot be passed over.
        assertThat(broken(ModelSignatures.verify(
                        model, signature, TRUST, SignaturePolicy.standard().ignoring(Set.of("sub")))))
                .contains("signature.missing-file sub/weights.bin");
        Files.delete(model.resolve("sub/extra"));

        Files.move(config, model.resolve("Config.json"));
        assertThat(broken())
                .containsExactly("signature.unsigned-file Config.json", "signature.missing-file config.json");
        Files.move(weights, config);
        Files.move(model.resolve("Config.json"), weights);
        assertThat(broken())
                .containsExactly("signature.digest-mismatch config.json", "signature.digest-mismatch sub/weights.bin");
        Files.delete(weights);
        Files.delete(config);
        Files.writeString(config, "{}");
        assertThat(broken()).containsExactly("signature.missing-file sub/weights.bin");
    }

    @Test
    void signAndVerify_shards_coverEveryByte() throws IOException {
        ModelSigner signer = SIGNER.withShards(5);
        SignedModel made = signer.sign(model, signature);
        assertThat(made.digests()).isEmpty();
        assertThat(made.notes()).extracting(Finding::code).containsExactly("signature.empty-file");
        SignatureReport report = verify();
        assertThat(broken(report)).isEmpty();
        assertThat(told(report)).containsExactly("signature.empty-file sub/a-b");
        Manifest manifest =
                Manifest.parse(Bundle.parse(Files.readAllBytes(signature)).payload());
        assertThat(manifest.resources().stream().map(Manifest.Resource::name))
                .containsExactly(
                        "config.json:0:2",
                        "sub/weights.bin:0:5",
                        "sub/weights.bin:10:15",
                        "sub/weights.bin:15:16",
                        "sub/weights.bin:5:10");
        Path weights = model.resolve("sub/weights.bin");
        Files.writeString(weights, "0123456789Abcdef");
        assertThat(broken()).containsExactly("signature.digest-mismatch sub/weights.bin");
        assertThat(verify().verification().findings().get(0).message())
                .startsWith("SHA-256 of bytes 10 to 15 must be ");
        Files.writeString(weights, "0123456789abcde");
        assertThat(broken()).containsExactly("signature.size-mismatch sub/weights.bin");
        Files.writeString(weights, "0123456789abcdef0");
        assertThat(broken()).containsExactly("signature.size-mismatch sub/weights.bin");
    }

    @Test
    void signAndVerify_singleFile_isBoundToItsName() throws IOException {
        Path file = model.resolve("config.json");
        Path beside = folder.resolve("config.json.sig");
        SIGNER.sign(file, beside);
        assertThat(broken(ModelSignatures.verify(file, beside, TRUST))).isEmpty();
        Path other = Files.copy(file, folder.resolve("other.json"));
        assertThat(broken(ModelSignatures.verify(other, beside, TRUST)))
                .containsExactly("signature.unsigned-file other.json", "signature.missing-file config.json");
        assertThatThrownBy(() -> SIGNER.sign(file, file)).hasMessageContaining("must have a file of its own");
    }

    @Test
    void sign_overAFileOfTheModel_isRefusedAndOverASignatureReplacesIt() throws IOException {
        SIGNER.sign(model, signature);
        byte[] first = Files.readAllBytes(signature);
        Files.writeString(model.resolve("new"), "1");
        SIGNER.sign(model, signature);
        assertThat(Files.readAllBytes(signature)).isNotEqualTo(first);
        assertThat(broken()).isEmpty();
        assertThatThrownBy(() -> SIGNER.sign(model, model.resolve("config.json")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is there and is not a signature; it is not overwritten");
        assertThat(Files.readString(model.resolve("config.json"))).isEqualTo("{}");
        try (Stream<Path> all = Files.list(model)) {
            assertThat(all.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder("config.json", "model.sig", "new", "sub");
        }
    }

    @Test
    void verify_ignoredPaths_areUnsignedSpaceAndReported() throws IOException {
        Files.createDirectories(model.resolve(".git/hooks"));
        Files.writeString(model.resolve(".git/hooks/pre"), "x");
        Files.createDirectories(model.resolve("cache/deep"));
        Files.writeString(model.resolve("cache/deep/c"), "x");
        Files.createDirectories(model.resolve("sub/.git"));
        Files.writeString(model.resolve("sub/.git/inner"), "signed, since it is not at the top");
        SignedModel made = SIGNER.ignoring(Set.of("cache")).sign(model, signature);
        assertThat(made.digests()).containsKey("sub/.git/inner").doesNotContainKey("cache/deep/c");
        SignatureReport report = verify();
        assertThat(broken(report)).isEmpty();
        assertThat(told(report)).containsExactly("signature.unsigned-space .git", "signature.unsigned-space cache");
        assertThat(broken(ModelSignatures.verify(model, signature, TRUST, SignaturePolicy.strict())))
                .containsExactly("signature.ignored-path");
        assertThat(broken(ModelSignatures.verify(
                        model,
                        signature,
                        TRUST,
                        SignaturePolicy.strict()
                                .withIgnorable(Set.of(".git", ".github", ".gitattributes", ".gitignore", "cache")))))
                .isEmpty();
        // A second verification of another folder knows nothing of the first one's paths.
        Path second = Files.createDirectories(folder.resolve("second"));
        Files.writeString(second.resolve("a"), "a");
        SIGNER.sign(second, second.resolve("model.sig"));
        Files.createDirectories(second.resolve("cache"));
        Files.writeString(second.resolve("cache/planted"), "x");
        assertThat(broken(ModelSignatures.verify(second, second.resolve("model.sig"), TRUST)))
                .containsExactly("signature.unsigned-file cache/planted");
    }

    @Test
    void verify_signatureElsewhere_doesNotHideAFileOfItsName() throws IOException {
        Path outside = folder.resolve("outside.sig");
        SIGNER.sign(model, outside);
        assertThat(broken(ModelSignatures.verify(model, outside, TRUST))).isEmpty();
        Files.writeString(model.resolve("outside.sig"), "planted");
        assertThat(broken(ModelSignatures.verify(model, outside, TRUST)))
                .containsExactly("signature.unsigned-file outside.sig");
    }

    @Test
    void verify_symbolicLinks_areRefusedUnlessBothSidesFollow() throws IOException {
        Path link = Files.createSymbolicLink(model.resolve("link"), Path.of("sub/weights.bin"));
        assertThatThrownBy(() -> SIGNER.sign(model, signature)).hasMessageContaining("symbolic links are not followed");
        Files.delete(link);
        SIGNER.sign(model, signature);
        Files.createSymbolicLink(model.resolve("link"), Path.of("sub/weights.bin"));
        assertThat(broken()).containsExactly("signature.symlink link");
        SignaturePolicy follow = SignaturePolicy.standard().withSymlinks(SymlinkPolicy.FOLLOW_INSIDE);
        assertThat(broken(ModelSignatures.verify(model, signature, TRUST, follow)))
                .containsExactly("signature.symlink link");

        SIGNER.withSymlinks(SymlinkPolicy.FOLLOW_INSIDE).sign(model, signature);
        assertThat(broken()).containsExactly("signature.symlink link");
        SignatureReport report = ModelSignatures.verify(model, signature, TRUST, follow);
        assertThat(broken(report)).isEmpty();
        assertThat(report.orElseThrow().digests()).containsKey("link");

        // A signed file whose content now stands elsewhere.
        Path weights = model.resolve("sub/weights.bin");
        Path moved = Files.move(weights, folder.resolve("moved"));
        Files.createSymbolicLink(weights, moved);
        assertThat(broken(ModelSignatures.verify(model, signature, TRUST, follow)))
                .containsExactly("signature.symlink link", "signature.symlink sub/weights.bin");
    }

    @Test
    void verify_linksInCirclesOutAndToNothing_areRefused() throws IOException {
        ModelSigner signer = SIGNER.withSymlinks(SymlinkPolicy.FOLLOW_INSIDE);
        SignaturePolicy follow = SignaturePolicy.standard().withSymlinks(SymlinkPolicy.FOLLOW_INSIDE);
        signer.sign(model, signature);
        for (String target : List.of("..", ".", "../..", "nothing", "/etc/hostname", "../sub")) {
            Path link = Files.createSymbolicLink(model.resolve("sub/l"), Path.of(target));
            assertThat(broken(ModelSignatures.verify(model, signature, TRUST, follow)))
                    .as(target)
                    .containsExactly("signature.symlink sub/l");
            Files.delete(link);
        }
        Files.createSymbolicLink(model.resolve("sub/l"), Path.of("l"));
        assertThat(broken(ModelSignatures.verify(model, signature, TRUST, follow)))
                .containsExactly("signature.symlink sub/l");
        Files.delete(model.resolve("sub/l"));
        // A circle of two: each link by itself leads to a folder beside it.
        Files.createSymbolicLink(model.resolve("sub/l"), Files.createDirectory(model.resolve("other")));
        Files.createSymbolicLink(model.resolve("other/k"), model.resolve("sub"));
        assertThat(broken(ModelSignatures.verify(model, signature, TRUST, follow)))
                .contains("signature.symlink sub/l/k", "signature.symlink other/k/l");
    }

    @Test
    void verify_pipe_isRefusedWithoutOpeningIt() throws IOException, InterruptedException {
        SIGNER.sign(model, signature);
        Files.delete(model.resolve("config.json"));
        try {
            new ProcessBuilder("mkfifo", model.resolve("config.json").toString())
                    .start()
                    .waitFor();
        } catch (IOException e) {
            System.out.println("not checked: no mkfifo here");
            return;
        }
        assertThat(broken()).containsExactly("signature.special-file config.json");
        assertThatThrownBy(() -> SIGNER.sign(model, signature)).hasMessageContaining("a pipe, socket or device");
        assertThatThrownBy(() -> ModelSignatures.verify(model, model.resolve("config.json"), TRUST))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("must be a file");
    }

    @Test
    void signAndVerify_unicodeNames_areBytesAndNotForms() throws IOException {
        String composed = "caf\u00e9";
        String decomposed = "cafe\u0301";
        Path first = ofBytes(composed);
        Path second = ofBytes(decomposed);
        Files.writeString(first, "1");
        Files.writeString(second, "2");
        Files.writeString(ofBytes("\ud83d\ude00"), "3");
        Files.writeString(ofBytes("\uffee"), "4");
        SignedModel made = SIGNER.sign(model, signature);
        assertThat(made.digests()).containsKeys(composed, decomposed, "\ud83d\ude00", "\uffee");
        assertThat(made.notes()).extracting(Finding::code).containsExactly("signature.name-collision");
        SignatureReport report = verify();
        assertThat(broken(report)).isEmpty();
        Files.delete(first);
        Files.writeString(second, "1");
        assertThat(broken()).hasSize(2);
    }

    /** A path with these UTF-8 bytes, whatever the locale of the JVM. */
    private Path ofBytes(String name) {
        StringBuilder uri = new StringBuilder(model.toUri().toString());
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            uri.append(String.format("%%%02X", b));
        }
        return Path.of(URI.create(uri.toString()));
    }

    @Test
    void signAndVerify_namesThatAreNoText_areRefused() throws IOException {
        SIGNER.sign(model, signature);
        for (String raw : List.of("%FF", "a%0Ab", "back%5Cslash", "C%3Ax")) {
            Path bad = Path.of(URI.create(model.toUri() + raw));
            Files.writeString(bad, "x");
            assertThat(verify().verification().findings())
                    .as(raw)
                    .extracting(Finding::code)
                    .containsExactly("signature.file-name");
            assertThat(verify().verification().findings().get(0).location()).doesNotContain("\n");
            assertThatThrownBy(() -> SIGNER.sign(model, signature)).hasMessageContaining("cannot be signed");
            Files.delete(bad);
        }
    }

    @Test
    void verify_namesThatDifferInCase_areTold() throws IOException {
        Files.writeString(model.resolve("CONFIG.json"), "[]");
        SIGNER.sign(model, signature);
        SignatureReport report = verify();
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.verification().findings())
                .extracting(Finding::message)
                .containsExactly("names should differ in more than their case: \"CONFIG.json\" and \"config.json\"");
    }

    @Test
    void verify_emptyFolder_isTold() throws IOException {
        SIGNER.sign(model, signature);
        Files.createDirectories(model.resolve("void/void"));
        assertThat(told(verify())).containsExactly("signature.empty-folder void/void");
    }

    @Test
    void sign_emptyModel_isRefused() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> SIGNER.sign(empty, empty.resolve("model.sig")))
                .hasMessageContaining("a model must have at least one file");
        assertThat(empty).isEmptyDirectory();
    }

    @Test
    void signAndVerify_tenThousandFiles_areQuick() throws IOException {
        Path many = Files.createDirectory(folder.resolve("many"));
        for (int i = 0; i < 10_000; i++) {
            Path sub = many.resolve("d" + i % 50);
            if (i < 50) {
                Files.createDirectory(sub);
            }
            Files.writeString(sub.resolve("f" + i), Integer.toString(i));
        }
        Path sig = many.resolve("model.sig");
        assertThat(SIGNER.sign(many, sig).files()).isEqualTo(10_000);
        assertThat(broken(ModelSignatures.verify(many, sig, TRUST))).isEmpty();
        Files.writeString(many.resolve("d7/f7"), "x");
        assertThat(broken(ModelSignatures.verify(many, sig, TRUST))).containsExactly("signature.digest-mismatch d7/f7");
        for (int i = 0; i < 200; i++) {
            Files.delete(many.resolve("d0/f" + i * 50));
        }
        SignatureReport report = ModelSignatures.verify(many, sig, TRUST);
        // A hundred by name, the rest by number; the changed file; the folder that is empty now.
        assertThat(report.verification().findings()).hasSize(103);
        assertThat(report.verification().findings().get(101).message())
                .isEqualTo("100 more. A signed file is not there.");
    }

    @Test
    void hash_fileThatIsNotAsListed_isChanged() throws IOException {
        Path weights = model.resolve("sub/weights.bin");
        Folder listed = Folder.list(model.toRealPath(), Set.of(), SymlinkPolicy.REFUSE);
        Folder.Entry entry = listed.files().get("sub/weights.bin");
        FileHasher.Piece piece = new FileHasher.Piece(entry, 0, entry.state().size());
        assertThat(FileHasher.hash(List.of(piece), 1, null).get(0).broken()).isNull();
        Files.writeString(weights, "0123456789abcdeX");
        Files.setLastModifiedTime(weights, FileTime.fromMillis(1));
        assertThat(FileHasher.hash(List.of(piece), 1, null).get(0).broken()).isEqualTo(SignatureRule.CHANGED);
        Files.delete(weights);
        assertThat(FileHasher.hash(List.of(piece), 1, null).get(0).broken()).isEqualTo(SignatureRule.CHANGED);
        Files.createSymbolicLink(weights, model.resolve("config.json"));
        assertThat(FileHasher.hash(List.of(piece), 1, null).get(0).broken()).isEqualTo(SignatureRule.CHANGED);
    }

    @Test
    void verify_whileFilesAreAddedAllTheTime_neverAcceptsAMixture() throws Exception {
        SIGNER.sign(model, signature);
        Thread writer = new Thread(() -> {
            try {
                for (int i = 0; !Thread.currentThread().isInterrupted(); i++) {
                    Files.writeString(model.resolve("sub/weights.bin"), i % 2 == 0 ? "X123456789abcdef" : "short");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Files.writeString(model.resolve("sub/weights.bin"), "Y");
        writer.start();
        try {
            for (int i = 0; i < 30; i++) {
                assertThat(verify().verification().verdict()).isEqualTo(Verdict.REJECT);
            }
        } finally {
            writer.interrupt();
            writer.join();
        }
    }

    @Test
    void verify_interrupted_isCancelled() throws IOException {
        Path big = folder.resolve("big");
        Files.write(big, new byte[4 << 20]);
        Path sig = folder.resolve("big.sig");
        SIGNER.sign(big, sig);
        for (int threads : new int[] {1, 3}) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> ModelSignatures.verify(
                            big, sig, TRUST, SignaturePolicy.standard().withParallelism(threads)))
                    .isInstanceOfAny(CancellationException.class, IOException.class);
            Thread.interrupted();
        }
    }

    @Test
    void verify_missingFiles_areExceptions() throws IOException {
        assertThatThrownBy(() -> verify()).isInstanceOf(NoSuchFileException.class);
        SIGNER.sign(model, signature);
        assertThatThrownBy(() -> ModelSignatures.verify(folder.resolve("none"), signature, TRUST))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void signAndVerify_anyParallelism_isTheSame() throws IOException {
        Random random = new Random(3);
        for (int i = 0; i < 20; i++) {
            byte[] content = new byte[random.nextInt(700_000)];
            random.nextBytes(content);
            Files.write(model.resolve("f" + i), content);
        }
        Set<String> roots = new TreeSet<>();
        List<Long> sizes = new ArrayList<>();
        for (int threads : new int[] {1, 2, 7}) {
            SignedModel made =
                    SIGNER.withShards(100_000).withParallelism(threads).sign(model, signature);
            roots.add(made.rootDigest());
            sizes.add(made.bytes());
            assertThat(broken(ModelSignatures.verify(
                            model, signature, TRUST, SignaturePolicy.standard().withParallelism(threads))))
                    .isEmpty();
        }
        assertThat(roots).hasSize(1);
        assertThat(sizes.get(0)).isEqualTo(sizes.get(2));
    }

    @Test
    void rules_codes_areUniqueAndExplained() {
        assertThat(SignatureRule.values()).extracting(SignatureRule::code).doesNotHaveDuplicates();
        for (SignatureRule rule : SignatureRule.values()) {
            assertThat(rule.code()).matches("signature\\.[a-z-]+");
            assertThat(rule.meaning()).isNotBlank();
            assertThat(rule.effect() == Verdict.ACCEPT).isEqualTo(rule.severity() != Severity.ERROR);
        }
    }
}
