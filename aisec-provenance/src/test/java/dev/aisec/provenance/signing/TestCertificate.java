// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Makes X.509 certificates (RFC 5280) byte by byte, good ones and bad ones. */
record TestCertificate(
        String subject,
        VerificationKey key,
        Instant from,
        Instant until,
        boolean authority,
        int usage,
        List<String> purposes,
        boolean unknownCritical) {
    static final int DIGITAL_SIGNATURE = 0x80;
    static final int CERT_SIGN = 0x04;
    static final int NONE = -1;
    static final String CODE_SIGNING = "2b06010505070303";
    static final String EMAIL = "2b06010505070304";
    static final Instant FROM = Instant.parse("2020-01-01T00:00:00Z");
    static final Instant UNTIL = Instant.parse("2049-01-01T00:00:00Z");

    static TestCertificate authority(String name, SigningKey key) {
        return new TestCertificate(name, key.verificationKey(), FROM, UNTIL, true, CERT_SIGN, List.of(), false);
    }

    static TestCertificate signer(String name, SigningKey key) {
        return new TestCertificate(
                name, key.verificationKey(), FROM, UNTIL, false, DIGITAL_SIGNATURE, List.of(CODE_SIGNING), false);
    }

    TestCertificate valid(String start, String end) {
        return new TestCertificate(
                subject, key, Instant.parse(start), Instant.parse(end), authority, usage, purposes, unknownCritical);
    }

    TestCertificate uses(int bits, String... oids) {
        return new TestCertificate(subject, key, from, until, authority, bits, List.of(oids), unknownCritical);
    }

    TestCertificate withUnknownCritical() {
        return new TestCertificate(subject, key, from, until, authority, usage, purposes, true);
    }

    byte[] issuedBy(String issuer, SigningKey issuerKey) {
        byte[] algorithm = algorithm(issuerKey.algorithm());
        byte[] body = body(issuer, algorithm);
        return Der.element(Der.SEQUENCE, body, algorithm, Der.bitString(issuerKey.sign(body)));
    }

    /** With an algorithm of the JDK that no signer of ours has. */
    byte[] issuedBy(String issuer, PrivateKey issuerKey, String name, String oid) throws GeneralSecurityException {
        byte[] algorithm = Der.element(Der.SEQUENCE, oid(oid));
        byte[] body = body(issuer, algorithm);
        Signature signature = Signature.getInstance(name);
        signature.initSign(issuerKey);
        signature.update(body);
        return Der.element(Der.SEQUENCE, body, algorithm, Der.bitString(signature.sign()));
    }

    private byte[] body(String issuer, byte[] algorithm) {
        return Der.element(
                Der.SEQUENCE,
                Der.element(0xa0, Der.element(Der.INTEGER, new byte[] {2})),
                Der.element(
                        Der.INTEGER,
                        BigInteger.valueOf(subject.hashCode() & 0xffffffL).toByteArray()),
                algorithm,
                name(issuer),
                Der.element(Der.SEQUENCE, time(from), time(until)),
                name(subject),
                key.encoded(),
                Der.element(0xa3, Der.element(Der.SEQUENCE, extensions())));
    }

    X509Certificate parsedIssuedBy(String issuer, SigningKey issuerKey) {
        return Certificates.parse(issuedBy(issuer, issuerKey));
    }

    private byte[][] extensions() {
        List<byte[]> all = new ArrayList<>();
        byte[] yes = {1, 1, (byte) 0xff};
        all.add(extension("551d13", true, authority ? Der.element(Der.SEQUENCE, yes) : Der.element(Der.SEQUENCE)));
        if (usage != NONE) {
            int unused = Integer.numberOfTrailingZeros(usage | 0x100) % 8;
            all.add(extension("551d0f", true, Der.element(Der.BIT_STRING, new byte[] {(byte) unused, (byte) usage})));
        }
        if (!purposes.isEmpty()) {
            byte[][] oids = purposes.stream().map(TestCertificate::oid).toArray(byte[][]::new);
            all.add(extension("551d25", true, Der.element(Der.SEQUENCE, oids)));
        }
        if (unknownCritical) {
            all.add(extension("2a0304", true, Der.element(Der.NULL)));
        }
        return all.toArray(byte[][]::new);
    }

    private static byte[] extension(String oid, boolean critical, byte[] value) {
        byte[] flag = critical ? new byte[] {1, 1, (byte) 0xff} : new byte[0];
        return Der.element(Der.SEQUENCE, oid(oid), flag, Der.element(Der.OCTET_STRING, value));
    }

    private static byte[] oid(String hex) {
        return Der.element(Der.OID, HexFormat.of().parseHex(hex));
    }

    private static byte[] algorithm(SignatureAlgorithm algorithm) {
        return Der.element(
                Der.SEQUENCE,
                oid(
                        switch (algorithm) {
                            case ED25519 -> "2b6570";
                            case ECDSA_P256 -> "2a8648ce3d040302";
                            case ECDSA_P384 -> "2a8648ce3d040303";
                            case ECDSA_P521 -> "2a8648ce3d040304";
                            default -> throw new IllegalArgumentException(algorithm.title());
                        }));
    }

    private static byte[] name(String common) {
        return Der.element(
                Der.SEQUENCE,
                Der.element(
                        0x31,
                        Der.element(
                                Der.SEQUENCE,
                                oid("550403"),
                                Der.element(0x0c, common.getBytes(StandardCharsets.UTF_8)))));
    }

    private static byte[] time(Instant instant) {
        String text = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .format(instant);
        return Der.element(0x17, text.getBytes(StandardCharsets.US_ASCII));
    }
}
