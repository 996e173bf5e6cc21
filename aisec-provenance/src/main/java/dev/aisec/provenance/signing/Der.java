// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * A reader of DER (ITU-T X.690) over an array: definite, minimal lengths, one-byte tags. It throws
 * {@link IllegalArgumentException} for everything else. Nothing is allocated beyond the input's length.
 */
final class Der {
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int NULL = 0x05;
    static final int OID = 0x06;
    static final int SEQUENCE = 0x30;

    private final byte[] in;
    private int at;
    private final int end;

    Der(byte[] in) {
        this(in, 0, in.length);
    }

    private Der(byte[] in, int at, int end) {
        this.in = in;
        this.at = at;
        this.end = end;
    }

    boolean hasMore() {
        return at < end;
    }

    /** The tag of the next element, -1 at the end. */
    int tag() {
        return at < end ? in[at] & 0xff : -1;
    }

    /** A reader of the content of the next element. */
    Der enter(int tag) {
        int length = header(tag);
        Der inner = new Der(in, at, at + length);
        at += length;
        return inner;
    }

    /** The content of the next element. */
    byte[] read(int tag) {
        int length = header(tag);
        byte[] content = Arrays.copyOfRange(in, at, at + length);
        at += length;
        return content;
    }

    /** A whole, not negative number. */
    BigInteger integer() {
        byte[] content = read(INTEGER);
        if (content.length == 0 || content[0] < 0) {
            throw new IllegalArgumentException("an integer must be >= 0 and not empty");
        }
        if (content.length > 1 && content[0] == 0 && content[1] >= 0) {
            throw new IllegalArgumentException("an integer must have no leading zero byte");
        }
        return new BigInteger(content);
    }

    /** The content of a bit string of whole bytes. */
    byte[] bits() {
        byte[] content = read(BIT_STRING);
        if (content.length == 0 || content[0] != 0) {
            throw new IllegalArgumentException("a bit string must consist of whole bytes");
        }
        return Arrays.copyOfRange(content, 1, content.length);
    }

    /** Must be called where nothing may follow. */
    void end() {
        if (at < end) {
            throw new IllegalArgumentException("nothing may follow, has " + (end - at) + " bytes more");
        }
    }

    private int header(int tag) {
        if (tag() != tag) {
            throw new IllegalArgumentException(String.format(
                    "DER tag must be 0x%02x, was %s", tag, at < end ? String.format("0x%02x", tag()) : "none"));
        }
        at++;
        int first = octet();
        int length = first;
        if (first >= 0x80) {
            int octets = first & 0x7f;
            if (octets == 0 || octets > 3) {
                throw new IllegalArgumentException("DER length must have 1 to 3 octets, had " + octets);
            }
            length = 0;
            for (int i = 0; i < octets; i++) {
                length = length << 8 | octet();
            }
            if (length < 0x80 || octets > 1 && length < 1 << 8 * (octets - 1)) {
                throw new IllegalArgumentException("DER length must be minimal");
            }
        }
        if (length > end - at) {
            throw new IllegalArgumentException("DER length must be <= " + (end - at) + ", was " + length);
        }
        return length;
    }

    private int octet() {
        if (at >= end) {
            throw new IllegalArgumentException("DER must not end within a length");
        }
        return in[at++] & 0xff;
    }

    /** An element with these contents. */
    static byte[] element(int tag, byte[]... contents) {
        int length = 0;
        for (byte[] content : contents) {
            length += content.length;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            int octets = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            out.write(0x80 | octets);
            for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
                out.write(length >> shift);
            }
        }
        for (byte[] content : contents) {
            out.writeBytes(content);
        }
        return out.toByteArray();
    }

    static byte[] bitString(byte[] content) {
        return element(BIT_STRING, new byte[] {0}, content);
    }
}
