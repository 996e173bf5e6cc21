// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

/** Escaping of whatever comes from outside: names, messages, labels. */
final class Html {
    private Html() {}

    /** Text for element content and quoted attributes; control characters become a replacement character. */
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(allowed(text, i) ? c : '\ufffd');
            }
        }
        return out.toString();
    }

    private static boolean allowed(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1));
        }
        if (Character.isLowSurrogate(c)) {
            return i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
        }
        return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c < 0xfffe && !(c >= 0xfdd0 && c <= 0xfdef)
                || c == '\n'
                || c == '\t';
    }
}
