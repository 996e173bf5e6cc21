// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.MLDSAPrivateKeyParameters;
import org.jspecify.annotations.Nullable;

/**
 * A private key that can sign, with its public key.
 *
 * <p>It is read from PEM: {@code PRIVATE KEY} (PKCS#8), {@code ENCRYPTED PRIVATE KEY} (PKCS#8 under a password, PBES2) or
 * {@code EC PRIVATE KEY} (SEC 1). The public key is computed, and where the file has one too, they must agree: with
 * another public key in it, an Ed25519 signature can give the private key away.
 *
 * <p>Limits: the key is in the heap of the JVM and is not wiped. For keys that must not leave a device, sign elsewhere.
 */
public final class SigningKey {
    private static final String ENCRYPTION = "PBEWithHmacSHA256AndAES_256";

    /** As OWASP's password storage cheat sheet has it for PBKDF2 with HMAC-SHA-256. */
    private static final int ITERATIONS = 600_000;

    /** A second or so; more is a mistake or an attack on who signs. */
    private static final int MAX_ITERATIONS = 10_000_000;

    private static final int PUBLIC_TAG = 0xa1;
    private static final int PARAMETERS_TAG = 0xa0;
    private static final int SEED_TAG = 0x80;
    private static final int SEED = 32;

    private final SignatureAlgorithm algorithm;
    private final byte[] pkcs8;
    private final @Nullable PrivateKey key;
    private final @Nullable MLDSAPrivateKeyParameters mlDsa;
    private final VerificationKey verificationKey;

    private SigningKey(SignatureAlgorithm algorithm, byte[] inner, VerificationKey verificationKey) {
        this.algorithm = algorithm;
        this.pkcs8 = wrap(algorithm, inner);
        this.verificationKey = verificationKey;
        this.mlDsa = null;
        try {
            this.key = KeyFactory.getInstance(algorithm.isEcdsa() ? "EC" : "Ed25519")
                    .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a private key of " + algorithm.title(), e);
        }
    }

    private SigningKey(SignatureAlgorithm algorithm, byte[] pkcs8, MLDSAPrivateKeyParameters mlDsa) {
        this.algorithm = algorithm;
        this.pkcs8 = pkcs8;
        this.key = null;
        this.mlDsa = mlDsa;
        this.verificationKey = VerificationKey.ofBare(algorithm, MlDsa.publicKey(mlDsa));
    }

    private static byte[] wrap(SignatureAlgorithm algorithm, byte[] inner) {
        return Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, new byte[] {0}),
                Der.element(Der.SEQUENCE, VerificationKey.identifier(algorithm)),
                Der.element(Der.OCTET_STRING, inner));
    }

    /**
     * Makes a new key.
     *
     * @param algorithm for which algorithm
     * @return the key, from the JDK's secure generator
     */
    public static SigningKey generate(SignatureAlgorithm algorithm) {
        if (algorithm.isMlDsa()) {
            byte[] seed = Der.element(SEED_TAG, MlDsa.newSeed());
            byte[] pkcs8 = wrap(algorithm, seed);
            return new SigningKey(algorithm, pkcs8, MlDsa.privateKey(algorithm, pkcs8));
        }
        SecureRandom random = new SecureRandom();
        if (algorithm == SignatureAlgorithm.ED25519) {
            byte[] seed = new byte[SEED];
            random.nextBytes(seed);
            return ed25519(seed);
        }
        BigInteger order = Curves.parameters(algorithm).getOrder();
        BigInteger scalar;
        do {
            scalar = new BigInteger(order.bitLength(), random);
        } while (scalar.signum() == 0 || scalar.compareTo(order) >= 0);
        return ecdsa(algorithm, scalar);
    }

    private static SigningKey ed25519(byte[] seed) {
        byte[] bare =
                new Ed25519PrivateKeyParameters(seed, 0).generatePublicKey().getEncoded();
        return new SigningKey(
                SignatureAlgorithm.ED25519,
                Der.element(Der.OCTET_STRING, seed),
                VerificationKey.ofBare(SignatureAlgorithm.ED25519, bare));
    }

    private static SigningKey ecdsa(SignatureAlgorithm algorithm, BigInteger scalar) {
        BigInteger order = Curves.parameters(algorithm).getOrder();
        if (scalar.signum() <= 0 || scalar.compareTo(order) >= 0) {
            throw new IllegalArgumentException("a private key of " + algorithm.title() + " must be in [1, order)");
        }
        byte[] point = Curves.publicPoint(algorithm, scalar);
        byte[] inner = Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, new byte[] {1}),
                Der.element(Der.OCTET_STRING, Curves.scalar(algorithm, scalar)),
                Der.element(PUBLIC_TAG, Der.bitString(point)));
        return new SigningKey(algorithm, inner, VerificationKey.ofBare(algorithm, point));
    }

    /**
     * Reads a key file.
     *
     * @param file PEM
     * @param password if the key is encrypted; printable ASCII
     * @return the key
     * @throws IOException if it cannot be read
     * @throws IllegalArgumentException if it does not hold one supported private key, or the password is not its own
     */
    public static SigningKey read(Path file, char @Nullable [] password) throws IOException {
        byte[] pem = Pem.read(file);
        try {
            return fromPem(pem, password);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads a key.
     *
     * @param pem PEM text
     * @param password if the key is encrypted; printable ASCII
     * @return the key
     * @throws IllegalArgumentException if it does not hold one supported private key, or the password is not its own
     */
    public static SigningKey fromPem(byte[] pem, char @Nullable [] password) {
        List<Pem.Block> blocks = Pem.blocks(pem).stream()
                // OpenSSL writes the name of the curve before the key.
                .filter(block -> !block.label().equals("EC PARAMETERS"))
                .toList();
        if (blocks.size() != 1) {
            throw new IllegalArgumentException("must hold one PEM block with a private key, has " + blocks.size());
        }
        Pem.Block block = blocks.get(0);
        return switch (block.label()) {
            case "PRIVATE KEY" -> ofPkcs8(block.content());
            case "EC PRIVATE KEY" -> ofSec1(new Der(block.content()), null);
            case "ENCRYPTED PRIVATE KEY" -> ofPkcs8(decrypt(block.content(), password));
            default ->
                throw new IllegalArgumentException(
                        "PEM block must be \"PRIVATE KEY\", \"ENCRYPTED PRIVATE KEY\" or \"EC PRIVATE KEY\", was "
                                + Text.quote(block.label()));
        };
    }

    private static SigningKey ofPkcs8(byte[] pkcs8) {
        Der der = new Der(pkcs8);
        Der info = der.enter(Der.SEQUENCE);
        der.end();
        int version = info.integer().intValue();
        if (version > 1) {
            throw new IllegalArgumentException("the version of a private key must be 0 or 1, was " + version);
        }
        SignatureAlgorithm algorithm = VerificationKey.algorithm(info.enter(Der.SEQUENCE));
        if (algorithm.isMlDsa()) {
            return new SigningKey(algorithm, pkcs8, MlDsa.privateKey(algorithm, pkcs8));
        }
        Der inner = new Der(info.read(Der.OCTET_STRING));
        if (algorithm.isEcdsa()) {
            return ofSec1(inner, algorithm);
        }
        byte[] seed = inner.read(Der.OCTET_STRING);
        inner.end();
        if (seed.length != SEED) {
            throw new IllegalArgumentException("a private key of Ed25519 must have 32 bytes, had " + seed.length);
        }
        SigningKey made = ed25519(seed);
        if (info.tag() == PARAMETERS_TAG) {
            info.read(PARAMETERS_TAG);
        }
        if (info.tag() == 0x81) {
            byte[] bits = info.read(0x81);
            requireSame(made, Arrays.copyOfRange(bits, Math.min(1, bits.length), bits.length));
        }
        info.end();
        return made;
    }

    /** SEC 1, appendix C.4. The curve stands inside, or around it, or in both. */
    private static SigningKey ofSec1(Der der, @Nullable SignatureAlgorithm around) {
        Der info = der.enter(Der.SEQUENCE);
        der.end();
        if (!info.integer().equals(BigInteger.ONE)) {
            throw new IllegalArgumentException("the version of an EC private key must be 1");
        }
        BigInteger scalar = new BigInteger(1, info.read(Der.OCTET_STRING));
        SignatureAlgorithm inside = info.tag() == PARAMETERS_TAG ? Curves.read(info.enter(PARAMETERS_TAG)) : around;
        if (inside == null || around != null && inside != around) {
            throw new IllegalArgumentException("the curve of a private key must be named, by one name");
        }
        SigningKey made = ecdsa(inside, scalar);
        if (info.hasMore()) {
            Der point = info.enter(PUBLIC_TAG);
            requireSame(made, point.bits());
            point.end();
        }
        info.end();
        return made;
    }

    private static void requireSame(SigningKey made, byte[] bare) {
        if (!made.verificationKey.equals(VerificationKey.ofBare(made.algorithm, bare))) {
            throw new IllegalArgumentException("the public key beside a private key must be its own, was another");
        }
    }

    private static byte[] decrypt(byte[] encrypted, char @Nullable [] password) {
        if (password == null) {
            throw new IllegalArgumentException("the key is encrypted, its password must be given");
        }
        PBEKeySpec spec = new PBEKeySpec(password);
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encrypted);
            AlgorithmParameters parameters = info.getAlgParameters();
            if (parameters == null) {
                throw new IllegalArgumentException("the key must be encrypted by PBES2, was by " + info.getAlgName());
            }
            PBEParameterSpec given = parameters.getParameterSpec(PBEParameterSpec.class);
            if (given.getIterationCount() > MAX_ITERATIONS) {
                throw new IllegalArgumentException(
                        "iterations must be <= " + MAX_ITERATIONS + ", were " + given.getIterationCount());
            }
            // The JDK names the pair of functions of PBES2 only in the text of the parameters.
            String name = info.getAlgName().toUpperCase(Locale.ROOT).equals("PBES2")
                            || info.getAlgName().equals("1.2.840.113549.1.5.13")
                    ? parameters.toString()
                    : info.getAlgName();
            Cipher cipher = Cipher.getInstance(name);
            cipher.init(Cipher.DECRYPT_MODE, SecretKeyFactory.getInstance(name).generateSecret(spec), parameters);
            return cipher.doFinal(info.getEncryptedData());
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "the key could not be decrypted: the password must be that of the key (" + e.getMessage() + ")", e);
        } finally {
            spec.clearPassword();
        }
    }

    /**
     * The key as PEM.
     *
     * @param password to encrypt it with (PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC), printable ASCII; null leaves it
     *     readable
     * @return the text, a secret
     */
    public String pem(char @Nullable [] password) {
        if (password == null) {
            return Pem.text("PRIVATE KEY", pkcs8);
        }
        SecureRandom random = new SecureRandom();
        byte[] salt = new byte[16];
        byte[] vector = new byte[16];
        random.nextBytes(salt);
        random.nextBytes(vector);
        PBEKeySpec spec = new PBEKeySpec(password);
        try {
            Cipher cipher = Cipher.getInstance(ENCRYPTION);
            cipher.init(
                    Cipher.ENCRYPT_MODE,
                    SecretKeyFactory.getInstance(ENCRYPTION).generateSecret(spec),
                    new PBEParameterSpec(salt, ITERATIONS, new IvParameterSpec(vector)));
            byte[] encrypted = cipher.doFinal(pkcs8);
            return Pem.text("ENCRYPTED PRIVATE KEY", encryptedInfo(salt, vector, encrypted));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the key could not be encrypted: " + e.getMessage(), e);
        } finally {
            spec.clearPassword();
        }
    }

    /** EncryptedPrivateKeyInfo with PBES2 (RFC 8018, appendix A.4); JDK 17 cannot encode its own parameters of it. */
    private static byte[] encryptedInfo(byte[] salt, byte[] vector, byte[] encrypted) {
        byte[] hash = Der.element(Der.SEQUENCE, oid("2a864886f70d0209"), Der.element(Der.NULL));
        byte[] derivation = Der.element(
                Der.SEQUENCE,
                Der.element(Der.OCTET_STRING, salt),
                Der.element(Der.INTEGER, BigInteger.valueOf(ITERATIONS).toByteArray()),
                hash);
        byte[] parameters = Der.element(
                Der.SEQUENCE,
                Der.element(Der.SEQUENCE, oid("2a864886f70d01050c"), derivation),
                Der.element(Der.SEQUENCE, oid("60864801650304012a"), Der.element(Der.OCTET_STRING, vector)));
        return Der.element(
                Der.SEQUENCE,
                Der.element(Der.SEQUENCE, oid("2a864886f70d01050d"), parameters),
                Der.element(Der.OCTET_STRING, encrypted));
    }

    private static byte[] oid(String content) {
        return Der.element(Der.OID, HexFormat.of().parseHex(content));
    }

    /**
     * Writes the key to a new file that only its owner may read.
     *
     * @param file must not exist yet
     * @param password to encrypt it with, as in {@link #pem}
     * @throws IOException if it exists or cannot be written
     */
    public void write(Path file, char @Nullable [] password) throws IOException {
        SafeFiles.createPrivate(file, pem(password).getBytes(StandardCharsets.US_ASCII));
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
     * The public key of this key.
     *
     * @return what verifies its signatures
     */
    public VerificationKey verificationKey() {
        return verificationKey;
    }

    byte[] sign(byte[] message) {
        if (mlDsa != null) {
            return MlDsa.sign(mlDsa, message);
        }
        try {
            Signature signer = Signature.getInstance(algorithm.jcaName());
            signer.initSign(key);
            signer.update(message);
            return signer.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK must sign with " + algorithm.jcaName(), e);
        }
    }

    /** Never the key itself. */
    @Override
    public String toString() {
        return "private key of " + verificationKey;
    }
}
