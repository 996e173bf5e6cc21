// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.util.HexFormat;

/**
 * A signature algorithm; the kind of the key decides it, never the bundle, so that nobody can choose a weaker one.
 *
 * <p>Source: OMS algorithm registry (the three curves); RFC 8032 (Ed25519); FIPS 204 and RFC 9881 (ML-DSA, secure against
 * quantum computers as far as is known; verifiers of other makers may not know it yet).
 */
public enum SignatureAlgorithm {
    /** Ed25519 over the message itself. */
    ED25519("Ed25519", "Ed25519", "2b6570", "", "PKIX_ED25519"),
    /** ECDSA over NIST P-256 with SHA-256. */
    ECDSA_P256("ECDSA P-256", "SHA256withECDSA", "2a8648ce3d030107", "secp256r1", "PKIX_ECDSA_P256_SHA_256"),
    /** ECDSA over NIST P-384 with SHA-384; what most OMS signatures use. */
    ECDSA_P384("ECDSA P-384", "SHA384withECDSA", "2b81040022", "secp384r1", "PKIX_ECDSA_P384_SHA_384"),
    /** ECDSA over NIST P-521 with SHA-512. */
    ECDSA_P521("ECDSA P-521", "SHA512withECDSA", "2b81040023", "secp521r1", "PKIX_ECDSA_P521_SHA_512"),
    /** ML-DSA-44 (category 2), pure, with empty context. */
    ML_DSA_44("ML-DSA-44", "ML-DSA-44", "608648016503040311", "", "ML_DSA_44"),
    /** ML-DSA-65 (category 3), pure, with empty context. */
    ML_DSA_65("ML-DSA-65", "ML-DSA-65", "608648016503040312", "", "ML_DSA_65"),
    /** ML-DSA-87 (category 5), pure, with empty context. */
    ML_DSA_87("ML-DSA-87", "ML-DSA-87", "608648016503040313", "", "ML_DSA_87");

    private final String title;
    private final String jcaName;
    private final String oid;
    private final String curve;
    private final String sigstoreName;

    SignatureAlgorithm(String title, String jcaName, String oid, String curve, String sigstoreName) {
        this.title = title;
        this.jcaName = jcaName;
        this.oid = oid;
        this.curve = curve;
        this.sigstoreName = sigstoreName;
    }

    /**
     * The name for a reader.
     *
     * @return for example {@code ECDSA P-384}
     */
    public String title() {
        return title;
    }

    String jcaName() {
        return jcaName;
    }

    /** Content of the object identifier: of the curve for ECDSA, of the algorithm otherwise. */
    byte[] oid() {
        return HexFormat.of().parseHex(oid);
    }

    String curve() {
        return curve;
    }

    boolean isEcdsa() {
        return !curve.isEmpty();
    }

    boolean isMlDsa() {
        return this == ML_DSA_44 || this == ML_DSA_65 || this == ML_DSA_87;
    }

    /** The name in {@code PublicKeyDetails} of sigstore_common.proto. */
    String sigstoreName() {
        return sigstoreName;
    }
}
