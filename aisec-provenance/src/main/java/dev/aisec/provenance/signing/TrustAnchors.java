// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;

/**
 * Trust in certificate authorities: a signature counts if a valid path (RFC 5280 section 6, by the JDK's PKIX validation)
 * leads from a root to the certificate of the signer, the certificate is for signatures ({@code digitalSignature}, and
 * {@code codeSigning} where it lists purposes), and all of the path was valid at one instant.
 *
 * <p><b>Which instant.</b> A bundle does not prove when it was made, so the default is now: a signature ends with its
 * certificate. Who knows by other means when a model was signed, for example from a log, may ask {@link #at} that
 * instant. The reference implementation asks at the moment the certificate began, which never fails for expiry.
 *
 * <p><b>Revocation</b> is not asked, since nothing is read from the network; each report says so. To revoke, stop to trust
 * the root, or list {@link #signedBy} whom you trust under it. With a public root, always list them: otherwise everybody
 * to whom it sold a certificate for signing counts.
 *
 * @param roots at least one; a self-signed certificate of the signer itself may stand here
 * @param instant when the path must be valid; empty: when it is verified
 * @param signers subjects that count; empty: every one under the roots
 */
public record TrustAnchors(Set<X509Certificate> roots, Optional<Instant> instant, Set<X500Principal> signers)
        implements SignatureTrust {
    /** Copies the sets. */
    public TrustAnchors {
        roots = Set.copyOf(roots);
        signers = Set.copyOf(signers);
        if (roots.isEmpty()) {
            throw new IllegalArgumentException("roots must not be empty");
        }
    }

    /**
     * Trust in these roots, now.
     *
     * @param roots at least one
     * @return the trust
     */
    public static TrustAnchors of(X509Certificate... roots) {
        return new TrustAnchors(new HashSet<>(List.of(roots)), Optional.empty(), Set.of());
    }

    /**
     * Trust in the certificates of a PEM file, now.
     *
     * @param file with at least one block {@code CERTIFICATE}
     * @return the trust
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it does not hold certificates
     */
    public static TrustAnchors read(Path file) throws IOException {
        return new TrustAnchors(new HashSet<>(Certificates.read(file)), Optional.empty(), Set.of());
    }

    /**
     * The same trust at an instant.
     *
     * @param when all of the path must be valid then
     * @return the trust
     */
    public TrustAnchors at(Instant when) {
        return new TrustAnchors(roots, Optional.of(when), signers);
    }

    /**
     * The same trust in some signers only.
     *
     * @param subjects distinguished names, for example {@code CN=models, O=Example}
     * @return the trust
     */
    public TrustAnchors signedBy(X500Principal... subjects) {
        return new TrustAnchors(roots, instant, Set.of(subjects));
    }
}
