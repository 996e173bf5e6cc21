// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.Security;
import java.security.spec.ECParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SigningKeyTest {
    private static final byte[] MESSAGE = "what is signed".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @EnumSource
    void writeAndRead_everyAlgorithm_signsForTheSamePublicKey(SignatureAlgorithm algorithm) throws IOException {
        Provider[] before = Security.getProviders();
        SigningKey key = SigningKey.generate(algorithm);
        Path file = folder.resolve("key.pem");
        key.write(file, null);
        SigningKey read = SigningKey.read(file, null);
        byte[] signature = read.sign(MESSAGE);
        assertThat(read.verificationKey()).isEqualTo(key.verificationKey());
        assertThat(key.verificationKey().verify(MESSAGE, signature)).isTrue();
        assertThat(key.verificationKey().verify(ascii("what is signeD"), signature))
                .isFalse();
        assertThat(VerificationKey.fromPem(ascii(key.verificationKey().pem())))
                .isEqualTo(key.verificationKey())
                .hasToString(key.verificationKey().toString());
        assertThat(SigningKey.generate(algorithm).verificationKey().verify(MESSAGE, signature))
                .isFalse();
        assertThat(Security.getProviders()).containsExactly(before);
        assertThat(key.toString()).doesNotContain(key.pem(null).lines().toList().get(1));
    }

    @ParameterizedTest
    @EnumSource
    void verify_anyOtherBitOfTheSignature_isFalse(SignatureAlgorithm algorithm) {
        SigningKey key = SigningKey.generate(algorithm);
        byte[] signature = key.sign(MESSAGE);
        int step = signature.length > 200 ? 997 : 11;
        for (int bit = 0; bit < 8 * signature.length; bit += step) {
            byte[] changed = signature.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(key.verificationKey().verify(MESSAGE, changed))
                    .as("bit %d", bit)
                    .isFalse();
        }
        for (int length : List.of(0, 1, signature.length - 1)) {
            assertThat(key.verificationKey().verify(MESSAGE, Arrays.copyOf(signature, length)))
                    .isFalse();
        }
        assertThat(key.verificationKey().verify(MESSAGE, Arrays.copyOf(signature, signature.length + 1)))
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"ECDSA_P256", "ECDSA_P384", "ECDSA_P521"})
    void verify_zeroesAndOutOfRange_areFalse(SignatureAlgorithm algorithm) {
        VerificationKey key = SigningKey.generate(algorithm).verificationKey();
        BigInteger order = Curves.parameters(algorithm).getOrder();
        for (BigInteger value : List.of(BigInteger.ZERO, order, order.add(BigInteger.ONE))) {
            byte[] number = Der.element(Der.INTEGER, value.toByteArray());
            // CVE-2022-21449: r = s = 0 is a signature of everything where nobody looks.
            assertThat(key.verify(MESSAGE, Der.element(Der.SEQUENCE, number, number)))
                    .isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ED25519", "ML_DSA_65"})
    void writeAndRead_withPassword_needsThePassword(SignatureAlgorithm algorithm) throws IOException {
        SigningKey key = SigningKey.generate(algorithm);
        Path file = folder.resolve("key.pem");
        key.write(file, "correct horse".toCharArray());
        assertThat(Files.readString(file)).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        assertThat(SigningKey.read(file, "correct horse".toCharArray()).verificationKey())
                .isEqualTo(key.verificationKey());
        assertThatThrownBy(() -> SigningKey.read(file, null)).hasMessageContaining("its password must be given");
        assertThatThrownBy(() -> SigningKey.read(file, "wrong".toCharArray()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("password");
    }

    @Test
    void write_newFile_isForItsOwnerOnlyAndNeverOverwrites() throws IOException {
        SigningKey key = SigningKey.generate(SignatureAlgorithm.ED25519);
        Path file = folder.resolve("key.pem");
        key.write(file, null);
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
        assertThatThrownBy(() -> key.write(file, null)).isInstanceOf(FileAlreadyExistsException.class);
    }

    /** A key of no worth, by OpenSSL 3.0 with {@code -param_enc explicit} and {@code pkcs8 -v2 aes-256-cbc}. */
    @Test
    void fromPem_keyEncryptedByOpenSsl_isRead() {
        String pem = """
                -----BEGIN ENCRYPTED PRIVATE KEY-----
                MIICfTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIFxMdTzuM/JQCAggA
                MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCUqUx4RRsmUSBuX/RNSz0MBIIC
                IMP6wl9QxGEtOCTR0xe7kkQzvB4K3XFxz77wGvwTVBtwG2KX3JK0fEGb7y6ywcGh
                uWzyWkVDLEtJECsB0NbgDANi1x1IHjTnBz1IS335xksHnV+JpRo7jbzgPgYph6UH
                ZjJhqc6ejl5xwDvrUyxMSGDk8ftCw75B6tsEgwr6XPuqSLt+QruJ33mFBHZa/i18
                Dd8KybPpu+0kBpOancU2scCr3fRr5ooNZ8MJLlgbrZgh8iS6GQLNhK5ivwrod00z
                aZeQ75QDWKsXFHNMUWmVUiUGcGcgYZQfuh/DdNMgw3ATdvVF4Kz/q8Nzt2g3O5qY
                wULo0XhbmiXKL/ctEGe+HWFCae568iInOmf14xPdAJsoY2F5/v36SiQzTvZq/h6F
                5EB40MyGtV7hHp0ywXK9II05h7IGyzfNyziv2YXFg46DtvD9kmYIVkGPHSwSafU6
                CeObyO8IU1dKY9eOenBrE+T/Mb+nreyL8FYOp4qGHv5yIyIqZLRJh2pp0tl7ZJwD
                1GlL3h/Pl1n030gjSi2CLxBsQj3NaPenwKPwtUliusYQ04UtGH40GiD6X1ot5Z6o
                212s03gAbKHr/L+l72d+9vQ/7Rq49GkNKKqukci19E6cemzHLXko1swdToBpHSn+
                UTf64u/94Pwy08e+r7WPq7GU9Pzj0FznbZ9vSDvvBDXMiLXUN2SKDjrIJW3e2cMv
                0YmthN5L0Rs8tzLKK5RSOOE=
                -----END ENCRYPTED PRIVATE KEY-----
                """;
        assertThat(SigningKey.fromPem(ascii(pem), "abc".toCharArray())
                        .verificationKey()
                        .hint())
                .isEqualTo("0f875d7cb88a8116e93106944813f3f2a1689000bc36892461e25c165345d57f");
    }

    @Test
    void fromPem_textAroundTheBlock_isPassedOver() {
        VerificationKey key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384).verificationKey();
        String pem =
                "Public Key Information:\n\tCurve: SECP384R1\n\n" + key.pem().replace("\n", "\r\n") + "bye\n";
        assertThat(VerificationKey.fromPem(ascii(pem))).isEqualTo(key);
    }

    @Test
    void fromPem_wrongBlocks_areRefusedByName() {
        SigningKey key = SigningKey.generate(SignatureAlgorithm.ED25519);
        assertThatThrownBy(() -> VerificationKey.fromPem(ascii(key.pem(null))))
                .hasMessage("must hold one PEM block \"PUBLIC KEY\", has [\"PRIVATE KEY\"]");
        assertThatThrownBy(() -> VerificationKey.fromPem(ascii(
                        key.verificationKey().pem() + key.verificationKey().pem())))
                .hasMessageContaining("must hold one PEM block");
        assertThatThrownBy(() -> SigningKey.fromPem(ascii(key.verificationKey().pem()), null))
                .hasMessageContaining("was \"PUBLIC KEY\"");
        assertThatThrownBy(() -> VerificationKey.fromPem(ascii("-----BEGIN PUBLIC KEY-----\nAAAA\n")))
                .hasMessage("PEM block \"PUBLIC KEY\" must end");
        assertThatThrownBy(() ->
                        VerificationKey.fromPem(ascii("-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----\n")))
                .hasMessage("PEM block \"PUBLIC KEY\" must hold base64");
    }

    private static byte[] explicit(SignatureAlgorithm algorithm, BigInteger a, byte[] base, BigInteger cofactor) {
        ECParameterSpec curve = Curves.parameters(algorithm);
        BigInteger p = Curves.prime(curve);
        return Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, new byte[] {1}),
                Der.element(
                        Der.SEQUENCE,
                        Der.element(Der.OID, HexFormat.of().parseHex("2a8648ce3d0101")),
                        Der.element(Der.INTEGER, p.toByteArray())),
                Der.element(
                        Der.SEQUENCE,
                        Der.element(Der.OCTET_STRING, unsigned(a)),
                        Der.element(Der.OCTET_STRING, unsigned(curve.getCurve().getB()))),
                Der.element(Der.OCTET_STRING, base),
                Der.element(Der.INTEGER, curve.getOrder().toByteArray()),
                Der.element(Der.INTEGER, cofactor.toByteArray()));
    }

    private static byte[] unsigned(BigInteger value) {
        byte[] bytes = value.toByteArray();
        return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static byte[] spki(byte[] parameters, byte[] point) {
        return Der.element(
                Der.SEQUENCE,
                Der.element(Der.SEQUENCE, Der.element(Der.OID, HexFormat.of().parseHex("2a8648ce3d0201")), parameters),
                Der.bitString(point));
    }

    private static byte[] point(VerificationKey key) {
        Der info = new Der(key.encoded()).enter(Der.SEQUENCE);
        info.read(Der.SEQUENCE);
        return info.bits();
    }

    @ParameterizedTest
    @EnumSource(names = {"ECDSA_P256", "ECDSA_P384", "ECDSA_P521"})
    void of_parametersWrittenOut_areThoseOfTheNamedCurveOrRefused(SignatureAlgorithm algorithm) {
        VerificationKey key = SigningKey.generate(algorithm).verificationKey();
        ECParameterSpec curve = Curves.parameters(algorithm);
        BigInteger a = curve.getCurve().getA();
        byte[] base = Curves.encoded(curve.getGenerator(), curve);
        byte[] point = point(key);
        assertThat(VerificationKey.of(spki(explicit(algorithm, a, base, BigInteger.ONE), point)))
                .isEqualTo(key);
        // CVE-2020-0601: with the public key itself for a base point, the private key is 1.
        assertThatThrownBy(() -> VerificationKey.of(spki(explicit(algorithm, a, point, BigInteger.ONE), point)))
                .hasMessageContaining("curve parameters that are written out must be those of");
        assertThatThrownBy(() -> VerificationKey.of(
                        spki(explicit(algorithm, a.subtract(BigInteger.ONE), base, BigInteger.ONE), point)))
                .hasMessageContaining("curve parameters that are written out must be those of");
        assertThatThrownBy(() -> VerificationKey.of(spki(explicit(algorithm, a, base, BigInteger.TWO), point)))
                .hasMessageContaining("curve parameters that are written out must be those of");
    }

    @Test
    void of_pointThatIsNotOnTheCurve_isRefused() {
        VerificationKey key = SigningKey.generate(SignatureAlgorithm.ECDSA_P256).verificationKey();
        byte[] encoded = key.encoded();
        encoded[encoded.length - 1] ^= 1;
        assertThatThrownBy(() -> VerificationKey.of(encoded))
                .hasMessage("a public key of ECDSA P-256 must be a point on the curve");
    }

    @Test
    void of_keysOfOtherAlgorithms_areRefused() throws Exception {
        for (String name : List.of("RSA", "DSA", "X25519", "Ed448")) {
            byte[] encoded = KeyPairGenerator.getInstance(name)
                    .generateKeyPair()
                    .getPublic()
                    .getEncoded();
            assertThatThrownBy(() -> VerificationKey.of(encoded))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("key must be of Ed25519, of a NIST curve or of ML-DSA");
        }
    }

    @Test
    void fromPem_privateKeyBesideAnotherPublicKey_isRefused() {
        SigningKey key = SigningKey.generate(SignatureAlgorithm.ECDSA_P256);
        byte[] other = point(SigningKey.generate(SignatureAlgorithm.ECDSA_P256).verificationKey());
        byte[] own = point(key.verificationKey());
        byte[] pkcs8 = Pem.blocks(ascii(key.pem(null))).get(0).content();
        int at = pkcs8.length - own.length;
        System.arraycopy(other, 0, pkcs8, at, other.length);
        assertThatThrownBy(() -> SigningKey.fromPem(ascii(Pem.text("PRIVATE KEY", pkcs8)), null))
                .hasMessage("the public key beside a private key must be its own, was another");
    }

    @ParameterizedTest
    @EnumSource(names = {"ED25519", "ECDSA_P384", "ML_DSA_44"})
    void read_keysCutOrChanged_giveIllegalArgumentOrAKey(SignatureAlgorithm algorithm) {
        SigningKey key = SigningKey.generate(algorithm);
        byte[] pkcs8 = Pem.blocks(ascii(key.pem(null))).get(0).content();
        byte[] spki = key.verificationKey().encoded();
        Random random = new Random(7);
        for (byte[] whole : List.of(pkcs8, spki)) {
            for (int length = 0; length < Math.min(whole.length, 400); length++) {
                survives(Arrays.copyOf(whole, length));
            }
            for (int i = 0; i < 500; i++) {
                byte[] changed = whole.clone();
                changed[random.nextInt(Math.min(changed.length, 100))] = (byte) random.nextInt();
                survives(changed);
            }
        }
    }

    private static void survives(byte[] der) {
        try {
            VerificationKey.of(der);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
        try {
            SigningKey.fromPem(ascii(Pem.text("PRIVATE KEY", der)), null);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    @org.junit.jupiter.params.ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(
            strings = {
                "0000000000000000000000000000000000000000000000000000000000000000",
                "0000000000000000000000000000000000000000000000000000000000000080",
                "0100000000000000000000000000000000000000000000000000000000000000",
                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
            })
    void of_ed25519KeyOfSmallOrderOrOtherEncoding_isRefused(String hex) {
        byte[] bare = java.util.HexFormat.of().parseHex(hex);
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> VerificationKey.ofBare(SignatureAlgorithm.ED25519, bare))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Ed25519");
    }
}
