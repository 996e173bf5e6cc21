// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.nio.charset.StandardCharsets;

/** The escaped forms of strings in protocol 0. */
final class PickleText {
    private PickleText() {}

    /** {@code raw-unicode-escape}: Latin-1 but for {@code \\uXXXX} and {@code \\UXXXXXXXX} behind an odd number of backslashes. */
    static String rawUnicode(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length);
        int slashes = 0;
        for (int i = 0; i < bytes.length; i++) {
            int c = bytes[i] & 0xff;
            int digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
            if (slashes % 2 == 1 && digits > 0) {
                long code = hex(bytes, i + 1, digits);
                if (code >= 0 && code <= Character.MAX_CODE_POINT) {
                    out.setLength(out.length() - 1);
                    out.appendCodePoint((int) code);
                    i += digits;
                    slashes = 0;
                    continue;
                }
            }
            slashes = c == '\\' ? slashes + 1 : 0;
            out.append((char) c);
        }
        return out.toString();
    }

    /** The escapes of a byte string literal; one character a byte. */
    static String unescape(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            char c = (char) (bytes[i] & 0xff);
            if (c != '\\' || i + 1 == bytes.length) {
                out.append(c);
                continue;
            }
            char e = (char) (bytes[++i] & 0xff);
            switch (e) {
                case '\n' -> {}
                case '\\', '\'', '"' -> out.append(e);
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 't' -> out.append('\t');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 'v' -> out.append('\u000b');
                case 'a' -> out.append('\u0007');
                case 'x' -> {
                    long code = hex(bytes, i + 1, 2);
                    if (code >= 0) {
                        out.append((char) code);
                        i += 2;
                    } else {
                        out.append("\\x");
                    }
                }
                default -> {
                    if (e >= '0' && e <= '7') {
                        int code = 0;
                        int end = Math.min(bytes.length, i + 3);
                        for (; i < end && bytes[i] >= '0' && bytes[i] <= '7'; i++) {
                            code = code * 8 + bytes[i] - '0';
                        }
                        i--;
                        out.append((char) (code & 0xff));
                    } else {
                        out.append('\\').append(e);
                    }
                }
            }
        }
        return out.toString();
    }

    private static long hex(byte[] bytes, int from, int digits) {
        if (bytes.length - from < digits) {
            return -1;
        }
        long value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = Character.digit(bytes[i], 16);
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /** A Python string literal that is safe to print, of at most so many characters. */
    static String literal(String text, int most) {
        StringBuilder out = new StringBuilder("'");
        int shown = 0;
        for (int i = 0; i < text.length(); shown++) {
            if (shown >= most) {
                return out.append("…'").toString();
            }
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == '\'' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c >= 0x20 && c < 0x7f || Character.isLetterOrDigit(c)) {
                out.appendCodePoint(c);
            } else {
                out.append(String.format(c > 0xffff ? "\\U%08x" : c > 0xff ? "\\u%04x" : "\\x%02x", c));
            }
        }
        return out.append('\'').toString();
    }

    static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
