// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;

/** The three curves of OMS. */
final class Curves {
    private static final byte[] PRIME_FIELD = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x01, 0x01};

    private static final List<SignatureAlgorithm> ALL =
            List.of(SignatureAlgorithm.ECDSA_P256, SignatureAlgorithm.ECDSA_P384, SignatureAlgorithm.ECDSA_P521);

    private Curves() {}

    static ECParameterSpec parameters(SignatureAlgorithm algorithm) {
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
            parameters.init(new ECGenParameterSpec(algorithm.curve()));
            return parameters.getParameterSpec(ECParameterSpec.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK must know " + algorithm.curve(), e);
        }
    }

    /**
     * Reads the parameters of a key: the name of a curve, or parameters written out that are those of a named curve, all
     * of them, the base point too (CVE-2020-0601: whoever may choose the base point knows a private key for any public one).
     */
    static SignatureAlgorithm read(Der parameters) {
        if (parameters.tag() == Der.OID) {
            byte[] oid = parameters.read(Der.OID);
            parameters.end();
            for (SignatureAlgorithm curve : ALL) {
                if (Arrays.equals(curve.oid(), oid)) {
                    return curve;
                }
            }
            throw new IllegalArgumentException("curve must be P-256, P-384 or P-521, was another");
        }
        Der explicit = parameters.enter(Der.SEQUENCE);
        parameters.end();
        explicit.integer();
        Der field = explicit.enter(Der.SEQUENCE);
        if (!Arrays.equals(field.read(Der.OID), PRIME_FIELD)) {
            throw new IllegalArgumentException("the field of a curve must be a prime field");
        }
        BigInteger p = field.integer();
        field.end();
        Der curve = explicit.enter(Der.SEQUENCE);
        BigInteger a = new BigInteger(1, curve.read(Der.OCTET_STRING));
        BigInteger b = new BigInteger(1, curve.read(Der.OCTET_STRING));
        if (curve.hasMore()) {
            // The seed: how b was found; it has no part in the arithmetic.
            curve.bits();
        }
        curve.end();
        byte[] base = explicit.read(Der.OCTET_STRING);
        BigInteger order = explicit.integer();
        BigInteger cofactor = explicit.hasMore() ? explicit.integer() : BigInteger.ONE;
        explicit.end();
        for (SignatureAlgorithm named : ALL) {
            ECParameterSpec known = parameters(named);
            if (p.equals(prime(known))
                    && a.equals(known.getCurve().getA())
                    && b.equals(known.getCurve().getB())
                    && isPoint(base, known)
                    && order.equals(known.getOrder())
                    && cofactor.equals(BigInteger.ONE)) {
                return named;
            }
        }
        throw new IllegalArgumentException(
                "curve parameters that are written out must be those of P-256, P-384 or P-521, were others");
    }

    private static boolean isPoint(byte[] base, ECParameterSpec known) {
        ECPoint generator = known.getGenerator();
        int size = size(known);
        byte[] x = fixed(generator.getAffineX(), size);
        if (base.length == 2 * size + 1) {
            return Arrays.equals(base, encoded(generator, known));
        }
        int sign = generator.getAffineY().testBit(0) ? 3 : 2;
        return base.length == size + 1 && base[0] == sign && Arrays.equals(base, 1, base.length, x, 0, size);
    }

    static BigInteger prime(ECParameterSpec curve) {
        return ((ECFieldFp) curve.getCurve().getField()).getP();
    }

    private static int size(ECParameterSpec curve) {
        return (curve.getCurve().getField().getFieldSize() + 7) / 8;
    }

    /** Checks that a point is uncompressed and on the curve. */
    static void requirePoint(SignatureAlgorithm algorithm, byte[] point) {
        ECParameterSpec curve = parameters(algorithm);
        int size = size(curve);
        if (point.length != 2 * size + 1 || point[0] != 4) {
            throw new IllegalArgumentException("a public key of " + algorithm.title()
                    + " must be an uncompressed point of " + (2 * size + 1) + " bytes, had " + point.length);
        }
        BigInteger p = prime(curve);
        BigInteger x = new BigInteger(1, Arrays.copyOfRange(point, 1, 1 + size));
        BigInteger y = new BigInteger(1, Arrays.copyOfRange(point, 1 + size, point.length));
        BigInteger right = x.multiply(x)
                .add(curve.getCurve().getA())
                .multiply(x)
                .add(curve.getCurve().getB())
                .mod(p);
        if (x.compareTo(p) >= 0 || y.compareTo(p) >= 0 || !y.multiply(y).mod(p).equals(right)) {
            throw new IllegalArgumentException(
                    "a public key of " + algorithm.title() + " must be a point on the curve");
        }
    }

    static byte[] encoded(ECPoint point, ECParameterSpec curve) {
        int size = size(curve);
        byte[] out = new byte[2 * size + 1];
        out[0] = 4;
        System.arraycopy(fixed(point.getAffineX(), size), 0, out, 1, size);
        System.arraycopy(fixed(point.getAffineY(), size), 0, out, 1 + size, size);
        return out;
    }

    /** The public point of a private scalar; the JDK has no way to ask for it. */
    static byte[] publicPoint(SignatureAlgorithm algorithm, BigInteger scalar) {
        X9ECParameters curve = CustomNamedCurves.getByName(algorithm.curve());
        return new FixedPointCombMultiplier()
                .multiply(curve.getG(), scalar)
                .normalize()
                .getEncoded(false);
    }

    static byte[] scalar(SignatureAlgorithm algorithm, BigInteger scalar) {
        return fixed(scalar, size(parameters(algorithm)));
    }

    private static byte[] fixed(BigInteger value, int size) {
        byte[] bytes = value.toByteArray();
        byte[] out = new byte[size];
        int length = Math.min(bytes.length, size);
        System.arraycopy(bytes, bytes.length - length, out, size - length, length);
        return out;
    }

    /**
     * Whether an ECDSA signature is the one DER encoding of two numbers from 1 to the order less 1. So no bit of it can
     * change without notice, and r = s = 0 (CVE-2022-21449) never reaches an implementation.
     */
    static boolean isSignature(SignatureAlgorithm algorithm, byte[] signature) {
        BigInteger order = parameters(algorithm).getOrder();
        try {
            Der der = new Der(signature);
            Der pair = der.enter(Der.SEQUENCE);
            der.end();
            BigInteger r = pair.integer();
            BigInteger s = pair.integer();
            pair.end();
            return r.signum() > 0 && s.signum() > 0 && r.compareTo(order) < 0 && s.compareTo(order) < 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
