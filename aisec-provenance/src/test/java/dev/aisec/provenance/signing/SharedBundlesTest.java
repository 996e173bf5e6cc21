// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The bundles of the reference implementation, as far as the data folder has them. */
class SharedBundlesTest {
    private static final Path DATA = Path.of(System.getProperty("aisec.data", "../../shared/data"), "models", "oms");
    private static final Instant SIGNED = Instant.parse("2026-01-01T00:00:00Z");

    private static boolean absent() {
        if (Files.isDirectory(DATA)) {
            return false;
        }
        System.out.println("not checked: " + DATA + " is not there");
        return true;
    }

    private static List<String> errors(SignatureReport report) {
        return report.verification().findings().stream()
                .filter(f -> f.severity() == Severity.ERROR)
                .map(Finding::code)
                .toList();
    }

    private static TrustedKeys key() throws IOException {
        return TrustedKeys.read(DATA.resolve("keys/signing-key-pub.pem"));
    }

    private static TrustAnchors roots() throws IOException {
        return TrustAnchors.read(DATA.resolve("keys/ca-cert.pem")).at(SIGNED);
    }

    @Test
    void verify_keyBundles_areAccepted() throws IOException {
        if (absent()) {
            return;
        }
        for (String version : List.of("v1.0.0-elliptic-key", "v1.1.0-elliptic-key")) {
            Path folder = DATA.resolve(version);
            SignatureReport report = ModelSignatures.verify(folder, folder.resolve("model.sig"), key());
            assertThat(report.verification().verdict())
                    .as(version + report.verification().findings())
                    .isEqualTo(Verdict.ACCEPT);
            assertThat(report.orElseThrow().signer())
                    .isEqualTo("key ECDSA P-384 e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e");
        }
    }

    @Test
    void verify_keyBundleOfSingleFile_isAcceptedForTheFile() throws IOException {
        if (absent()) {
            return;
        }
        Path folder = DATA.resolve("v1.0.0-elliptic-key");
        SignatureReport report = ModelSignatures.verify(folder.resolve("signme-1"), folder.resolve("model.sig"), key());
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(report.verification().findings())
                .extracting(Finding::code)
                .containsExactly("signature.unnamed-file");
    }

    @Test
    void verify_certificateBundles_areAcceptedUnderTheRoot() throws IOException {
        if (absent()) {
            return;
        }
        for (String version : List.of("v1.0.0-certificate", "v1.1.0-certificate")) {
            Path folder = DATA.resolve(version);
            SignatureReport report = ModelSignatures.verify(folder, folder.resolve("model.sig"), roots());
            assertThat(report.verification().verdict())
                    .as(version + report.verification().findings())
                    .isEqualTo(Verdict.ACCEPT);
            assertThat(report.orElseThrow().signer()).startsWith("certificate \"CN=intermediate-ca\" of ECDSA P-384 ");
        }
    }

    @Test
    void verify_ignoredFileThatIsThere_isReported() throws IOException {
        if (absent()) {
            return;
        }
        Path folder = DATA.resolve("v1.1.0-certificate");
        SignatureReport report = ModelSignatures.verify(folder, folder.resolve("model.sig"), roots());
        assertThat(report.verification().findings())
                .filteredOn(f -> f.code().equals("signature.unsigned-space"))
                .extracting(Finding::location)
                .containsExactly("ignore-me");
        assertThat(errors(
                        ModelSignatures.verify(folder, folder.resolve("model.sig"), roots(), SignaturePolicy.strict())))
                .containsExactly("signature.ignored-path");
    }

    @Test
    void verify_certificateBundleOutsideItsYears_isRejected() throws IOException {
        if (absent()) {
            return;
        }
        Path folder = DATA.resolve("v1.1.0-certificate");
        for (String when : List.of("2025-05-02T23:36:27Z", "2035-05-01T00:00:00Z")) {
            assertThat(errors(ModelSignatures.verify(
                            folder, folder.resolve("model.sig"), roots().at(Instant.parse(when)))))
                    .containsExactly("signature.certificate-validity");
        }
    }

    @Test
    void verify_tamperedBundles_areRejected() throws IOException {
        if (absent()) {
            return;
        }
        Path folder = DATA.resolve("v1.1.0-elliptic-key");
        assertThat(errors(ModelSignatures.verify(folder, DATA.resolve("tampered/digest_changed.json"), key())))
                .containsExactly("signature.invalid");
        assertThat(errors(ModelSignatures.verify(folder, DATA.resolve("tampered/payload_type.json"), key())))
                .containsExactly("signature.payload-type");
    }

    @Test
    void verify_keylessBundle_cannotBeInspected() throws IOException {
        if (absent()) {
            return;
        }
        Path folder = DATA.resolve("v1.1.0-sigstore");
        for (SignatureTrust trust : List.of(key(), roots())) {
            SignatureReport report = ModelSignatures.verify(folder, folder.resolve("model.sig"), trust);
            assertThat(report.verification().verdict()).isEqualTo(Verdict.CANNOT_INSPECT);
            assertThat(errors(report)).containsExactly("signature.keyless");
        }
    }

    @Test
    void verify_bundleOfAnotherModel_isRejected() throws IOException {
        if (absent()) {
            return;
        }
        // The same files but one; the bundle is genuine.
        assertThat(errors(ModelSignatures.verify(
                        DATA.resolve("v1.1.0-certificate"), DATA.resolve("v1.1.0-elliptic-key/model.sig"), key())))
                .containsExactly("signature.digest-mismatch");
    }

    @Test
    void verify_everyBundleAgainstEveryTrust_acceptsNothingElse() throws IOException {
        if (absent()) {
            return;
        }
        List<String> accepted = new ArrayList<>();
        List<Path> bundles;
        try (Stream<Path> all = Files.walk(DATA)) {
            bundles = all.filter(p -> p.endsWith("model.sig")).sorted().toList();
        }
        SigningKey stranger = SigningKey.generate(SignatureAlgorithm.ECDSA_P384);
        for (Path bundle : bundles) {
            for (SignatureTrust trust : List.of(TrustedKeys.of(stranger.verificationKey()), key(), roots())) {
                if (ModelSignatures.verify(bundle.getParent(), bundle, trust)
                                .verification()
                                .verdict()
                        == Verdict.ACCEPT) {
                    accepted.add(bundle.getParent().getFileName() + " " + (trust instanceof TrustedKeys));
                }
            }
        }
        assertThat(accepted)
                .containsExactly(
                        "v1.0.0-certificate false",
                        "v1.0.0-elliptic-key true",
                        "v1.1.0-certificate false",
                        "v1.1.0-elliptic-key true");
    }
}
