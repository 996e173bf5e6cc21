// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.io.IOException;
import java.security.SecureRandom;
import org.bouncycastle.crypto.CryptoException;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPrivateKeyParameters;
import org.bouncycastle.crypto.params.MLDSAPublicKeyParameters;
import org.bouncycastle.crypto.params.ParametersWithRandom;
import org.bouncycastle.crypto.signers.MLDSASigner;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/**
 * ML-DSA (FIPS 204) by BouncyCastle's classes, called directly. Its provider is never registered: a provider in front of
 * the JDK's would make every SHA-256 of the process five times slower.
 */
final class MlDsa {
    private static final int SEED = 32;

    private MlDsa() {}

    private static MLDSAParameters parameters(SignatureAlgorithm algorithm) {
        return switch (algorithm) {
            case ML_DSA_44 -> MLDSAParameters.ml_dsa_44;
            case ML_DSA_65 -> MLDSAParameters.ml_dsa_65;
            case ML_DSA_87 -> MLDSAParameters.ml_dsa_87;
            default -> throw new IllegalArgumentException("algorithm must be ML-DSA, was " + algorithm);
        };
    }

    /** Bytes of a public key, FIPS 204 table 2. */
    static int publicLength(SignatureAlgorithm algorithm) {
        return switch (algorithm) {
            case ML_DSA_44 -> 1312;
            case ML_DSA_65 -> 1952;
            default -> 2592;
        };
    }

    static byte[] newSeed() {
        byte[] seed = new byte[SEED];
        new SecureRandom().nextBytes(seed);
        return seed;
    }

    /** A private key from PKCS#8: seed, expanded key or both (RFC 9881, section 6). */
    static MLDSAPrivateKeyParameters privateKey(SignatureAlgorithm algorithm, byte[] pkcs8) {
        try {
            AsymmetricKeyParameter key = PrivateKeyFactory.createKey(pkcs8);
            if (key instanceof MLDSAPrivateKeyParameters mldsa && mldsa.getParameters() == parameters(algorithm)) {
                return mldsa;
            }
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("private key must be one of " + algorithm.title(), e);
        }
        throw new IllegalArgumentException("private key must be one of " + algorithm.title());
    }

    static byte[] publicKey(MLDSAPrivateKeyParameters key) {
        return key.getPublicKeyParameters().getEncoded();
    }

    static byte[] sign(MLDSAPrivateKeyParameters key, byte[] message) {
        MLDSASigner signer = new MLDSASigner();
        signer.init(true, new ParametersWithRandom(key, new SecureRandom()));
        signer.update(message, 0, message.length);
        try {
            return signer.generateSignature();
        } catch (CryptoException e) {
            throw new IllegalStateException(e);
        }
    }

    static boolean verify(SignatureAlgorithm algorithm, byte[] publicKey, byte[] message, byte[] signature) {
        MLDSASigner signer = new MLDSASigner();
        signer.init(false, new MLDSAPublicKeyParameters(parameters(algorithm), publicKey));
        signer.update(message, 0, message.length);
        return signer.verifySignature(signature);
    }
}
