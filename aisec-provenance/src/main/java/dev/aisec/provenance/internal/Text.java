// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.internal;

/** Text of a hostile file in messages. */
public final class Text {
    private static final int SHOWN = 100;

    private Text() {}

    /**
     * In quotes, shortened, with nothing in it that a terminal or a reader could mistake.
     *
     * @param text any text
     * @return at most 100 characters of it in quotes, all others than printable ASCII, letters and digits escaped
     */
    public static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        int length = 0;
        for (int i = 0; i < text.length() && length < SHOWN; length++) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c >= 0x20 && c < 0x7f || Character.isLetterOrDigit(c)) {
                out.appendCodePoint(c);
            } else {
                out.append(String.format(c > 0xff ? "\\u%04x" : "\\x%02x", c));
            }
        }
        return out.append(text.codePointCount(0, text.length()) > SHOWN ? "…\"" : "\"")
                .toString();
    }

    /**
     * As it is where it can be mistaken for nothing else, otherwise in quotes.
     *
     * @param text any text
     * @return the text, or {@link #quote} of it
     */
    public static String shown(String text) {
        String quoted = quote(text);
        return quoted.length() == text.length() + 2 && quoted.startsWith(text, 1) ? text : quoted;
    }
}
