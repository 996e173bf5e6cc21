// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Certificates of signers and the paths to them. */
final class Certificates {
    /** A certificate has one or two KiB; much more is an attempt to keep us busy. */
    private static final int MAX_BYTES = 64 << 10;

    /** Whose checks take a bounded time; of DSA, the size of the numbers is whatever the key says. */
    private static final Set<String> ISSUERS = Set.of("RSA", "RSASSA-PSS", "EC", "EdDSA");

    private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

    private Certificates() {}

    static List<X509Certificate> read(Path file) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        byte[] pem = Pem.read(file);
        try {
            for (Pem.Block block : Pem.blocks(pem)) {
                if (!block.label().equals("CERTIFICATE")) {
                    throw new IllegalArgumentException(
                            "PEM blocks must be \"CERTIFICATE\", one is " + Text.quote(block.label()));
                }
                certificates.add(parse(block.content()));
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException(file + ": must hold a PEM block \"CERTIFICATE\", has none");
        }
        return certificates;
    }

    static X509Certificate parse(byte[] der) {
        if (der.length > MAX_BYTES) {
            throw new IllegalArgumentException("a certificate must have <= " + MAX_BYTES + " bytes, had " + der.length);
        }
        try {
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
            // One reading: no other encoding of it, and nothing behind it.
            if (Arrays.equals(certificate.getEncoded(), der)) {
                return certificate;
            }
        } catch (CertificateException | RuntimeException e) {
            throw new IllegalArgumentException("not a certificate: " + Text.shown(String.valueOf(e.getMessage())), e);
        }
        throw new IllegalArgumentException("not a certificate: nothing may follow it, and it must be in DER");
    }

    static VerificationKey key(X509Certificate certificate) {
        return VerificationKey.of(certificate.getPublicKey().getEncoded());
    }

    /** What a certificate lacks for signing models, if anything. */
    static Optional<String> usageFault(X509Certificate certificate) {
        boolean[] usage = certificate.getKeyUsage();
        List<String> purposes;
        try {
            purposes = certificate.getExtendedKeyUsage();
        } catch (CertificateParsingException e) {
            return Optional.of("its purposes cannot be read");
        }
        if (usage == null && purposes == null) {
            return Optional.of("it must say what it is for: digitalSignature or codeSigning");
        }
        if (usage != null && !usage[0]) {
            return Optional.of("its key usage must have digitalSignature");
        }
        if (purposes != null && !purposes.contains(CODE_SIGNING)) {
            return Optional.of("its purposes must have codeSigning, are " + purposes);
        }
        return Optional.empty();
    }

    /**
     * Finds and validates the path to the first certificate.
     *
     * @param given first the signer's, then authorities in any order; all hostile
     * @return the signer's
     */
    static X509Certificate signer(List<byte[]> given, TrustAnchors trust) {
        List<X509Certificate> chain = new ArrayList<>();
        for (byte[] der : given) {
            try {
                chain.add(parse(der));
            } catch (IllegalArgumentException e) {
                throw new Refusal(SignatureRule.VERIFICATION_MATERIAL, String.valueOf(e.getMessage()));
            }
        }
        X509Certificate signer = chain.get(0);
        Instant at = trust.instant().orElseGet(Instant::now);
        if (trust.roots().contains(signer)) {
            requireValid(signer, at);
        } else {
            validate(path(chain, trust), trust, at);
        }
        usageFault(signer).ifPresent(fault -> {
            throw new Refusal(SignatureRule.CERTIFICATE_USAGE, name(signer) + ": " + fault);
        });
        if (!trust.signers().isEmpty() && !trust.signers().contains(signer.getSubjectX500Principal())) {
            throw new Refusal(
                    SignatureRule.SIGNER, "the signer must be one of " + trust.signers() + ", was " + name(signer));
        }
        return signer;
    }

    static String name(X509Certificate certificate) {
        return Text.quote(certificate.getSubjectX500Principal().getName());
    }

    private static void requireValid(X509Certificate certificate, Instant at) {
        if (at.isBefore(certificate.getNotBefore().toInstant())
                || at.isAfter(certificate.getNotAfter().toInstant())) {
            throw new Refusal(
                    SignatureRule.CERTIFICATE_VALIDITY,
                    name(certificate) + " must be valid at " + at + ", is from "
                            + certificate.getNotBefore().toInstant() + " to "
                            + certificate.getNotAfter().toInstant());
        }
    }

    /** From the signer up to below a root; as names and signatures lead, whatever the order in the bundle. */
    private static List<X509Certificate> path(List<X509Certificate> chain, TrustAnchors trust) {
        List<X509Certificate> path = new ArrayList<>();
        Set<X509Certificate> left = new HashSet<>(chain);
        X509Certificate at = chain.get(0);
        while (at != null) {
            path.add(at);
            left.remove(at);
            if (issuer(at, trust.roots()) != null) {
                return path;
            }
            at = issuer(at, left);
        }
        X509Certificate last = path.get(path.size() - 1);
        throw new Refusal(
                SignatureRule.UNTRUSTED_CERTIFICATE,
                "a path must lead to a trusted root, ends at " + name(last) + ", issued by "
                        + Text.quote(last.getIssuerX500Principal().getName()));
    }

    private static @Nullable X509Certificate issuer(X509Certificate certificate, Set<X509Certificate> candidates) {
        for (X509Certificate candidate : candidates) {
            if (candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
                    && ISSUERS.contains(candidate.getPublicKey().getAlgorithm())) {
                try {
                    certificate.verify(candidate.getPublicKey());
                    return candidate;
                } catch (GeneralSecurityException | RuntimeException e) {
                    // Another of the same name.
                }
            }
        }
        return null;
    }

    private static void validate(List<X509Certificate> path, TrustAnchors trust, Instant at) {
        X509Certificate root = issuer(path.get(path.size() - 1), trust.roots());
        if (root == null) {
            throw new IllegalStateException("a path must end below a root");
        }
        for (X509Certificate certificate : path) {
            requireValid(certificate, at);
        }
        // RFC 5280 does not look at the root's own dates; who sets an end to a root means it.
        requireValid(root, at);
        try {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(at));
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
        } catch (CertPathValidatorException e) {
            SignatureRule rule = e.getReason() == BasicReason.EXPIRED || e.getReason() == BasicReason.NOT_YET_VALID
                    ? SignatureRule.CERTIFICATE_VALIDITY
                    : SignatureRule.UNTRUSTED_CERTIFICATE;
            throw new Refusal(
                    rule, "no valid path to " + name(path.get(0)) + ": " + Text.shown(String.valueOf(e.getMessage())));
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new Refusal(
                    SignatureRule.UNTRUSTED_CERTIFICATE,
                    "no valid path to " + name(path.get(0)) + ": " + Text.shown(String.valueOf(e.getMessage())));
        }
    }
}
