// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
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
import java.security.interfaces.RSAKey;
import java.security.spec.PSSParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Certificates of signers and the paths to them. */
final class Certificates {
    /** A certificate has one or two KiB; much more is an attempt to keep us busy. */
    private static final int MAX_BYTES = 64 << 10;

    /** Whose checks take a bounded time; of DSA, the size of the numbers is whatever the key says. */
    private static final Set<String> ISSUERS = Set.of("RSA", "RSASSA-PSS", "EC", "EdDSA");

    private static final int LEAST_RSA = 2048;

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
            new Search(trust, at).requirePath(chain);
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

    /**
     * The search for a valid path from the signer to a root, as names and signatures lead, whatever the order in the
     * bundle. An authority can have several certificates for one key, renewed or from several issuers, and so can a root:
     * one valid path is enough. Its work is bounded, since all of the chain is hostile.
     */
    private static final class Search {
        private static final int MOST_CHECKS = 500;
        private static final int MOST_PATHS = 50;

        private final TrustAnchors trust;
        private final Instant at;
        private final Map<X509Certificate, List<X509Certificate>> issuers = new HashMap<>();
        private final Map<X509Certificate, List<X509Certificate>> anchors = new HashMap<>();
        private int checks;
        private int paths;
        private int steps;
        private @Nullable Refusal refusal;
        private @Nullable X509Certificate end;

        Search(TrustAnchors trust, Instant at) {
            this.trust = trust;
            this.at = at;
        }

        void requirePath(List<X509Certificate> chain) {
            if (leads(new ArrayList<>(List.of(chain.get(0))), new LinkedHashSet<>(chain))) {
                return;
            }
            if (refusal != null) {
                throw refusal;
            }
            X509Certificate last = end == null ? chain.get(0) : end;
            throw new Refusal(
                    SignatureRule.UNTRUSTED_CERTIFICATE,
                    "a path must lead to a trusted root, ends at " + name(last) + ", issued by "
                            + Text.quote(last.getIssuerX500Principal().getName()));
        }

        private boolean leads(List<X509Certificate> path, Set<X509Certificate> chain) {
            X509Certificate last = path.get(path.size() - 1);
            for (X509Certificate root : anchors.computeIfAbsent(last, c -> issuers(c, trust.roots()))) {
                if (++paths > MOST_PATHS) {
                    return false;
                }
                try {
                    validate(path, root, at);
                    return true;
                } catch (Refusal e) {
                    refusal = refusal == null ? e : refusal;
                }
            }
            if (++steps > MOST_CHECKS) {
                return false;
            }
            boolean any = false;
            for (X509Certificate issuer : issuers.computeIfAbsent(last, c -> issuers(c, chain))) {
                if (path.contains(issuer)) {
                    continue;
                }
                any = true;
                path.add(issuer);
                if (leads(path, chain)) {
                    return true;
                }
                path.remove(path.size() - 1);
            }
            if (!any && end == null) {
                end = last;
            }
            return false;
        }

        private List<X509Certificate> issuers(X509Certificate certificate, Set<X509Certificate> candidates) {
            List<X509Certificate> found = new ArrayList<>();
            for (X509Certificate candidate : candidates) {
                if (candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
                        && ISSUERS.contains(candidate.getPublicKey().getAlgorithm())
                        && ++checks <= MOST_CHECKS) {
                    try {
                        certificate.verify(candidate.getPublicKey());
                        found.add(candidate);
                    } catch (GeneralSecurityException | RuntimeException e) {
                        // Another of the same name.
                    }
                }
            }
            return found;
        }
    }

    /** The name of the signature algorithm, which begins with its digest; for RSASSA-PSS the digest of its parameters. */
    private static String digest(X509Certificate certificate) {
        String algorithm = certificate.getSigAlgName();
        if (!algorithm.equalsIgnoreCase("RSASSA-PSS")) {
            return algorithm;
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance(algorithm);
            parameters.init(certificate.getSigAlgParams());
            return parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            // Its default.
            return "SHA-1";
        }
    }

    /** What the JDK lets pass outside of TLS: signatures over digests with known collisions, and short keys. */
    private static void requireStrong(List<X509Certificate> path, X509Certificate root) {
        for (X509Certificate certificate : path) {
            String algorithm = digest(certificate).toUpperCase(Locale.ROOT).replace("-", "");
            if (algorithm.startsWith("SHA1") || algorithm.startsWith("MD")) {
                throw new Refusal(
                        SignatureRule.UNTRUSTED_CERTIFICATE,
                        name(certificate) + " must be signed with SHA-2 or better, is with " + Text.quote(algorithm));
            }
        }
        List<X509Certificate> authorities = new ArrayList<>(path.subList(1, path.size()));
        authorities.add(root);
        for (X509Certificate authority : authorities) {
            if (authority.getPublicKey() instanceof RSAKey key
                    && key.getModulus().bitLength() < LEAST_RSA) {
                throw new Refusal(
                        SignatureRule.UNTRUSTED_CERTIFICATE,
                        "the RSA key of " + name(authority) + " must have >= " + LEAST_RSA + " bits, has "
                                + key.getModulus().bitLength());
            }
        }
    }

    private static void validate(List<X509Certificate> path, X509Certificate root, Instant at) {
        for (X509Certificate certificate : path) {
            requireValid(certificate, at);
        }
        // RFC 5280 does not look at the root's own dates; who sets an end to a root means it.
        requireValid(root, at);
        requireStrong(path, root);
        if (root.getVersion() >= 3 && root.getBasicConstraints() < 0) {
            // RFC 5280 takes a root for what the caller says; a signer who is trusted must not make others so.
            throw new Refusal(
                    SignatureRule.UNTRUSTED_CERTIFICATE, name(root) + " must be an authority to issue others, is not");
        }
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
