// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CertificatesTest {
    private static final SigningKey ROOT_KEY = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
    private static final SigningKey MIDDLE_KEY = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
    private static final SigningKey KEY = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
    private static final X509Certificate ROOT =
            TestCertificate.authority("root", ROOT_KEY).parsedIssuedBy("root", ROOT_KEY);
    private static final X509Certificate MIDDLE =
            TestCertificate.authority("middle", MIDDLE_KEY).parsedIssuedBy("root", ROOT_KEY);

    @TempDir
    Path folder;

    private Path model;
    private Path signature;

    @BeforeEach
    void writeModel() throws IOException {
        model = Files.createDirectory(folder.resolve("m"));
        Files.writeString(model.resolve("a"), "1");
        signature = folder.resolve("m.sig");
    }

    /** Signs with what a careful signer would refuse. */
    private SignatureReport report(TrustAnchors trust, byte[]... chain) throws IOException {
        ModelSigner.withKey(KEY).sign(model, signature);
        byte[] payload = Bundle.parse(Files.readAllBytes(signature)).payload();
        Files.write(
                signature,
                Bundle.write(
                        new Bundle.Chain(List.of(chain)),
                        payload,
                        KEY.sign(Bundle.preAuthenticationEncoding(payload))));
        return ModelSignatures.verify(model, signature, trust);
    }

    private void refused(String rule, TrustAnchors trust, byte[]... chain) throws IOException {
        SignatureReport report = report(trust, chain);
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(report.verification().findings())
                .filteredOn(f -> f.severity() == Severity.ERROR)
                .as("%s", report.verification().findings())
                .extracting(Finding::code)
                .containsExactly("signature." + rule);
    }

    private void accepted(TrustAnchors trust, byte[]... chain) throws IOException {
        SignatureReport report = report(trust, chain);
        assertThat(report.verification().findings())
                .extracting(Finding::code)
                .containsExactly("signature.revocation-unchecked");
        assertThat(report.orElseThrow().signer()).startsWith("certificate \"CN=");
    }

    private static byte[] der(X509Certificate certificate) throws IOException {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IOException(e);
        }
    }

    private static byte[] leaf() {
        return TestCertificate.signer("signer", KEY).issuedBy("middle", MIDDLE_KEY);
    }

    @ParameterizedTest
    @EnumSource(names = {"ED25519", "ECDSA_P256", "ECDSA_P384", "ECDSA_P521"})
    void signAndVerify_certificateOfEveryAlgorithm_isAccepted(SignatureAlgorithm algorithm) throws IOException {
        SigningKey key = SigningKey.generate(algorithm);
        X509Certificate own = TestCertificate.signer("signer", key).parsedIssuedBy("middle", MIDDLE_KEY);
        ModelSigner.withCertificates(key, List.of(own, MIDDLE)).sign(model, signature);
        SignatureReport report = ModelSignatures.verify(model, signature, TrustAnchors.of(ROOT));
        assertThat(report.verification().verdict())
                .as("%s", report.verification().findings())
                .isEqualTo(Verdict.ACCEPT);
        assertThat(report.orElseThrow().algorithm()).isEqualTo(algorithm);
        assertThat(ModelSignatures.verify(model, signature, TrustedKeys.of(key.verificationKey()))
                        .verification()
                        .findings())
                .extracting(Finding::code)
                .containsExactly("signature.method");
    }

    @Test
    void verify_chainInAnyOrderWithTheRootOrStrangers_isAccepted() throws IOException {
        TrustAnchors trust = TrustAnchors.of(ROOT);
        byte[] stranger = TestCertificate.authority("stranger", KEY).issuedBy("stranger", KEY);
        accepted(trust, leaf(), der(MIDDLE));
        accepted(trust, leaf(), der(MIDDLE), der(ROOT));
        accepted(trust, leaf(), der(ROOT), stranger, der(MIDDLE));
        accepted(TrustAnchors.of(MIDDLE), leaf());
        X509Certificate self = TestCertificate.signer("self", KEY).parsedIssuedBy("self", KEY);
        accepted(TrustAnchors.of(self), der(self));
    }

    @Test
    void verify_rootThatWasRenewedWithItsKey_isAccepted() throws IOException {
        Set<X509Certificate> roots = new HashSet<>();
        roots.add(ROOT);
        for (int year = 2021; year < 2029; year++) {
            roots.add(TestCertificate.authority("root", ROOT_KEY)
                    .valid("2020-01-01T00:00:00Z", year + "-06-01T00:00:00Z")
                    .parsedIssuedBy("root", ROOT_KEY));
        }
        TrustAnchors trust = new TrustAnchors(roots, Optional.of(Instant.parse("2030-01-01T00:00:00Z")), Set.of());
        accepted(trust, leaf(), der(MIDDLE));
    }

    @Test
    void verify_authorityWithSeveralCertificates_isAcceptedIfOneLeadsToARoot() throws IOException {
        SigningKey stranger = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
        List<byte[]> chain = new ArrayList<>(List.of(leaf()));
        for (int i = 0; i < 5; i++) {
            chain.add(TestCertificate.authority("middle", MIDDLE_KEY)
                    .valid("2020-01-01T00:00:00Z", "2020-02-0" + (i + 1) + "T00:00:00Z")
                    .issuedBy("root", ROOT_KEY));
            chain.add(TestCertificate.authority("middle", MIDDLE_KEY)
                    .valid("2020-01-01T00:00:00Z", "2040-02-0" + (i + 1) + "T00:00:00Z")
                    .issuedBy("stranger", stranger));
        }
        refused("certificate-validity", TrustAnchors.of(ROOT), chain.toArray(byte[][]::new));
        chain.add(der(MIDDLE));
        accepted(TrustAnchors.of(ROOT), chain.toArray(byte[][]::new));
    }

    @Test
    void verify_certificateSignedOverSha1_isRejected() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        VerificationKey key = VerificationKey.of(pair.getPublic().getEncoded());
        TestCertificate authority = new TestCertificate(
                "old",
                key,
                TestCertificate.FROM,
                TestCertificate.UNTIL,
                true,
                TestCertificate.CERT_SIGN,
                List.of(),
                false);
        X509Certificate root =
                Certificates.parse(authority.issuedBy("old", pair.getPrivate(), "SHA256withECDSA", "2a8648ce3d040302"));
        TestCertificate signer = TestCertificate.signer("signer", KEY);
        accepted(
                TrustAnchors.of(root),
                signer.issuedBy("old", pair.getPrivate(), "SHA256withECDSA", "2a8648ce3d040302"));
        refused(
                "untrusted-certificate",
                TrustAnchors.of(root),
                signer.issuedBy("old", pair.getPrivate(), "SHA1withECDSA", "2a8648ce3d0401"));
    }

    @Test
    void verify_issuedByATrustedSignerThatIsNoAuthority_isRejected() throws IOException {
        SigningKey other = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
        X509Certificate pinned = TestCertificate.signer("other", other).parsedIssuedBy("other", other);
        TrustAnchors trust = TrustAnchors.of(ROOT, pinned).signedBy(new X500Principal("CN=signer"));
        refused(
                "untrusted-certificate",
                trust,
                TestCertificate.signer("signer", KEY).issuedBy("other", other));
    }

    @Test
    void verify_chainThatLeadsElsewhere_isRejected() throws IOException {
        TrustAnchors trust = TrustAnchors.of(ROOT);
        refused("untrusted-certificate", trust, leaf());
        refused(
                "untrusted-certificate",
                trust,
                TestCertificate.signer("self", KEY).issuedBy("self", KEY));
        // The name of the root, the key of somebody.
        refused(
                "untrusted-certificate",
                trust,
                TestCertificate.signer("signer", KEY).issuedBy("root", KEY));
        byte[] falseRoot = TestCertificate.authority("root", KEY).issuedBy("root", KEY);
        refused(
                "untrusted-certificate",
                trust,
                TestCertificate.signer("signer", KEY).issuedBy("root", KEY),
                falseRoot);
        // A signer who plays authority.
        SigningKey signerKey = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
        byte[] notAuthority = TestCertificate.signer("plain", signerKey).issuedBy("root", ROOT_KEY);
        refused(
                "untrusted-certificate",
                trust,
                TestCertificate.signer("signer", KEY).issuedBy("plain", signerKey),
                notAuthority);
        refused(
                "untrusted-certificate",
                trust,
                TestCertificate.signer("signer", KEY).withUnknownCritical().issuedBy("root", ROOT_KEY));
        // Another signer's certificate over our signature.
        SigningKey other = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
        refused("invalid", trust, TestCertificate.signer("other", other).issuedBy("root", ROOT_KEY));
    }

    @Test
    void verify_timeOutsideAnyCertificate_isRejected() throws IOException {
        TrustAnchors trust = TrustAnchors.of(ROOT);
        byte[] expired = TestCertificate.signer("signer", KEY)
                .valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
                .issuedBy("root", ROOT_KEY);
        byte[] future = TestCertificate.signer("signer", KEY)
                .valid("2048-01-01T00:00:00Z", "2048-02-01T00:00:00Z")
                .issuedBy("root", ROOT_KEY);
        refused("certificate-validity", trust, expired);
        refused("certificate-validity", trust, future);
        accepted(trust.at(Instant.parse("2020-06-01T00:00:00Z")), expired);
        refused("certificate-validity", trust.at(Instant.parse("2021-01-01T00:00:01Z")), expired);
        byte[] oldMiddle = TestCertificate.authority("middle", MIDDLE_KEY)
                .valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
                .issuedBy("root", ROOT_KEY);
        refused("certificate-validity", trust, leaf(), oldMiddle);
        X509Certificate oldRoot = TestCertificate.authority("root", ROOT_KEY)
                .valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
                .parsedIssuedBy("root", ROOT_KEY);
        refused("certificate-validity", TrustAnchors.of(oldRoot), leaf(), der(MIDDLE));
    }

    @Test
    void verify_certificateForSomethingElse_isRejected() throws IOException {
        TrustAnchors trust = TrustAnchors.of(ROOT);
        TestCertificate signer = TestCertificate.signer("signer", KEY);
        refused(
                "certificate-usage",
                trust,
                signer.uses(TestCertificate.CERT_SIGN, TestCertificate.CODE_SIGNING)
                        .issuedBy("root", ROOT_KEY));
        refused(
                "certificate-usage",
                trust,
                signer.uses(TestCertificate.DIGITAL_SIGNATURE, TestCertificate.EMAIL)
                        .issuedBy("root", ROOT_KEY));
        refused("certificate-usage", trust, signer.uses(TestCertificate.NONE).issuedBy("root", ROOT_KEY));
        accepted(trust, signer.uses(TestCertificate.DIGITAL_SIGNATURE).issuedBy("root", ROOT_KEY));
        accepted(
                trust,
                signer.uses(TestCertificate.NONE, TestCertificate.CODE_SIGNING).issuedBy("root", ROOT_KEY));
        accepted(
                trust,
                signer.uses(TestCertificate.DIGITAL_SIGNATURE, TestCertificate.EMAIL, TestCertificate.CODE_SIGNING)
                        .issuedBy("root", ROOT_KEY));
    }

    @Test
    void verify_signerThatWasNotAskedFor_isRejected() throws IOException {
        TrustAnchors trust = TrustAnchors.of(ROOT);
        accepted(trust.signedBy(new X500Principal("CN=signer")), leaf(), der(MIDDLE));
        refused("signer", trust.signedBy(new X500Principal("CN=other")), leaf(), der(MIDDLE));
    }

    @Test
    void verify_certificatesChanged_areNeverAcceptedOrThrown() throws IOException {
        byte[] good = leaf();
        TrustAnchors trust = TrustAnchors.of(MIDDLE);
        for (int bit = 0; bit < 8 * good.length; bit += 37) {
            byte[] changed = good.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            List<byte[]> chain = new ArrayList<>(List.of(changed));
            try {
                Certificates.signer(chain, trust);
                assertThat(bit).as("a changed certificate").isNegative();
            } catch (Refusal e) {
                assertThat(e.rule().effect()).isEqualTo(Verdict.REJECT);
            }
        }
        refused("verification-material", trust, Arrays.copyOf(good, good.length + 1));
        refused("verification-material", trust, Arrays.copyOf(good, good.length - 1));
        refused("verification-material", trust, good, new byte[] {0x30, 0});
    }

    @Test
    void sign_certificateOfAnotherKeyOrUse_isRefused() {
        SigningKey other = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
        X509Certificate own = TestCertificate.signer("signer", KEY).parsedIssuedBy("root", ROOT_KEY);
        assertThatThrownBy(() -> ModelSigner.withCertificates(other, List.of(own)))
                .hasMessageContaining("the first certificate must be that of the key");
        X509Certificate mail = TestCertificate.signer("signer", KEY)
                .uses(TestCertificate.DIGITAL_SIGNATURE, TestCertificate.EMAIL)
                .parsedIssuedBy("root", ROOT_KEY);
        assertThatThrownBy(() -> ModelSigner.withCertificates(KEY, List.of(mail)))
                .hasMessageContaining("its purposes must have codeSigning");
        X509Certificate expired = TestCertificate.signer("signer", KEY)
                .valid("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z")
                .parsedIssuedBy("root", ROOT_KEY);
        assertThatThrownBy(() ->
                        ModelSigner.withCertificates(KEY, List.of(expired)).sign(model, signature))
                .hasMessageContaining("must be valid now");
    }

    @Test
    void read_pemOfSeveralCertificates_givesThemInOrder() throws IOException {
        Path file = folder.resolve("chain.pem");
        Files.writeString(
                file, "subject=middle\n" + Pem.text("CERTIFICATE", der(MIDDLE)) + Pem.text("CERTIFICATE", der(ROOT)));
        assertThat(ModelSigner.readChain(file)).containsExactly(MIDDLE, ROOT);
        assertThat(TrustAnchors.read(file).roots()).containsExactlyInAnyOrder(MIDDLE, ROOT);
        Files.writeString(file, "nothing");
        assertThatThrownBy(() -> TrustAnchors.read(file)).hasMessageContaining("must hold a PEM block");
    }
}
