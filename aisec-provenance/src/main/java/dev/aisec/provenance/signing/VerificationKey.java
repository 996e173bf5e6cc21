// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Sha256;
import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A public key that can verify signatures.
 *
 * <p>Guarantee: whatever form the key was read from, its encoding is the canonical one: a named curve, an uncompressed
 * point that is on the curve. Two equal keys have the same {@link #hint}. Curve parameters that are written out are
 * accepted only if they are those of P-256, P-384 or P-521 in every part (CVE-2020-0601). RSA and DSA keys are refused.
 *
 * <p>Source: RFC 5280 and RFC 5480 (encoding), RFC 8410 (Ed25519), RFC 9881 (ML-DSA), OMS v1.0 section 4.1 (hint).
 */
public final class VerificationKey {
    private static final byte[] EC_PUBLIC_KEY = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};
    private static final int ED25519_LENGTH = 32;
    private static final int ED25519_SIGNATURE = 64;

    private static final BigInteger ED25519_PRIME = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));

    /** The y of points of order 1, 2, 4 and 8: under such a key anybody can make signatures. */
    private static final Set<BigInteger> ED25519_SMALL_ORDER = Set.of(
            BigInteger.ONE,
            ED25519_PRIME.subtract(BigInteger.ONE),
            BigInteger.ZERO,
            new BigInteger("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16),
            new BigInteger("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16));

    private final SignatureAlgorithm algorithm;
    private final byte[] encoded;
    private final byte[] bare;
    private final @Nullable PublicKey key;

    private VerificationKey(SignatureAlgorithm algorithm, byte[] bare) {
        this.algorithm = algorithm;
        this.bare = bare;
        this.encoded = Der.element(Der.SEQUENCE, Der.element(Der.SEQUENCE, identifier(algorithm)), Der.bitString(bare));
        this.key = algorithm.isMlDsa() ? null : publicKey();
    }

    /** The content of an AlgorithmIdentifier. */
    static byte[] identifier(SignatureAlgorithm algorithm) {
        byte[] oid = Der.element(Der.OID, algorithm.oid());
        if (!algorithm.isEcdsa()) {
            return oid;
        }
        byte[] ec = Der.element(Der.OID, EC_PUBLIC_KEY);
        byte[] both = Arrays.copyOf(ec, ec.length + oid.length);
        System.arraycopy(oid, 0, both, ec.length, oid.length);
        return both;
    }

    /** Reads the content of an AlgorithmIdentifier. */
    static SignatureAlgorithm algorithm(Der identifier) {
        byte[] oid = identifier.read(Der.OID);
        if (Arrays.equals(oid, EC_PUBLIC_KEY)) {
            return Curves.read(identifier);
        }
        for (SignatureAlgorithm algorithm : SignatureAlgorithm.values()) {
            if (!algorithm.isEcdsa() && Arrays.equals(oid, algorithm.oid())) {
                identifier.end();
                return algorithm;
            }
        }
        throw new IllegalArgumentException(
                "key must be of Ed25519, of a NIST curve or of ML-DSA, was of the algorithm with the identifier "
                        + HexFormat.of().formatHex(oid));
    }

    /**
     * Reads a PEM file with one block {@code PUBLIC KEY}; text around it is passed over.
     *
     * @param file the file
     * @return the key
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it does not hold one supported public key
     */
    public static VerificationKey read(Path file) throws IOException {
        byte[] pem = Pem.read(file);
        try {
            return fromPem(pem);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads a PEM text with one block {@code PUBLIC KEY}; text around it is passed over.
     *
     * @param pem the text
     * @return the key
     * @throws IllegalArgumentException if it does not hold one supported public key
     */
    public static VerificationKey fromPem(byte[] pem) {
        List<Pem.Block> blocks = Pem.blocks(pem);
        if (blocks.size() != 1 || !blocks.get(0).label().equals("PUBLIC KEY")) {
            throw new IllegalArgumentException("must hold one PEM block \"PUBLIC KEY\", has "
                    + blocks.stream().map(b -> Text.quote(b.label())).limit(10).toList());
        }
        return of(blocks.get(0).content());
    }

    /**
     * Reads a SubjectPublicKeyInfo.
     *
     * @param spki DER
     * @return the key
     * @throws IllegalArgumentException if it is not that of a supported key
     */
    public static VerificationKey of(byte[] spki) {
        Der der = new Der(spki);
        Der info = der.enter(Der.SEQUENCE);
        der.end();
        SignatureAlgorithm algorithm = algorithm(info.enter(Der.SEQUENCE));
        byte[] bare = info.bits();
        info.end();
        return ofBare(algorithm, bare);
    }

    static VerificationKey ofBare(SignatureAlgorithm algorithm, byte[] bare) {
        if (algorithm.isEcdsa()) {
            Curves.requirePoint(algorithm, bare);
        } else {
            int length = algorithm.isMlDsa() ? MlDsa.publicLength(algorithm) : ED25519_LENGTH;
            if (bare.length != length) {
                throw new IllegalArgumentException(
                        "a public key of " + algorithm.title() + " must have " + length + " bytes, had " + bare.length);
            }
            if (!algorithm.isMlDsa()) {
                requireOrder(bare);
            }
        }
        return new VerificationKey(algorithm, bare);
    }

    /** One encoding of each point (RFC 8032, section 5.1.3), and none of small order. */
    private static void requireOrder(byte[] ed25519) {
        byte[] number = new byte[ED25519_LENGTH];
        for (int i = 0; i < ED25519_LENGTH; i++) {
            number[i] = ed25519[ED25519_LENGTH - 1 - i];
        }
        number[0] &= 0x7f;
        BigInteger y = new BigInteger(1, number);
        if (y.compareTo(ED25519_PRIME) >= 0 || ED25519_SMALL_ORDER.contains(y)) {
            throw new IllegalArgumentException(
                    "a public key of Ed25519 must be a point of large order in its one encoding, is not");
        }
    }

    private PublicKey publicKey() {
        try {
            return KeyFactory.getInstance(algorithm.isEcdsa() ? "EC" : "Ed25519")
                    .generatePublic(new X509EncodedKeySpec(encoded));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a public key of " + algorithm.title() + ": " + e.getMessage(), e);
        }
    }

    /**
     * The algorithm, as the key decides it.
     *
     * @return the algorithm
     */
    public SignatureAlgorithm algorithm() {
        return algorithm;
    }

    /**
     * The canonical SubjectPublicKeyInfo.
     *
     * @return DER, a copy
     */
    public byte[] encoded() {
        return encoded.clone();
    }

    /**
     * The canonical PEM text: 64 columns, a line break at the end.
     *
     * @return the text
     */
    public String pem() {
        return Pem.text("PUBLIC KEY", encoded);
    }

    /**
     * How a bundle names this key.
     *
     * @return SHA-256 of {@link #pem}, in lower-case hexadecimal
     */
    public String hint() {
        return HexFormat.of().formatHex(Sha256.of(pem().getBytes(StandardCharsets.US_ASCII)));
    }

    boolean verify(byte[] message, byte[] signature) {
        if (key == null) {
            return MlDsa.verify(algorithm, bare, message, signature);
        }
        // Checked here, since the JDK passes over bytes behind an Ed25519 signature.
        if (algorithm.isEcdsa() ? !Curves.isSignature(algorithm, signature) : signature.length != ED25519_SIGNATURE) {
            return false;
        }
        try {
            Signature verifier = Signature.getInstance(algorithm.jcaName());
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (SignatureException e) {
            // The encoding of the signature is not one.
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK must know " + algorithm.jcaName(), e);
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof VerificationKey that && MessageDigest.isEqual(encoded, that.encoded);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(encoded);
    }

    @Override
    public String toString() {
        return algorithm.title() + " " + hint();
    }
}
