// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Names of files inside a model: UTF-8, relative, {@code /} between the parts (OMS v1.0, section 6.1.2). */
final class Names {
    private static final int MAX_LENGTH = 4096;

    /** Unicode code points, which is the order of UTF-8 bytes; not that of {@link String#compareTo}. */
    static final Comparator<String> CODE_POINTS = Names::compareCodePoints;

    /** Part by part, as Python's PurePosixPath compares; the reference implementation sorts so. */
    static final Comparator<String> PARTS = (a, b) -> {
        String[] left = a.split("/", -1);
        String[] right = b.split("/", -1);
        for (int i = 0; i < Math.min(left.length, right.length); i++) {
            int order = compareCodePoints(left[i], right[i]);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(left.length, right.length);
    };

    private Names() {}

    private static int compareCodePoints(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char left = a.charAt(i);
            char right = b.charAt(i);
            if (left != right) {
                // Surrogates stand for code points above all others.
                boolean low = Character.isSurrogate(left);
                boolean high = Character.isSurrogate(right);
                return low == high ? Character.compare(left, right) : low ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** What is wrong with a name, if anything. */
    static Optional<String> fault(String name) {
        if (name.isEmpty()) {
            return Optional.of("must not be empty");
        }
        if (name.length() > MAX_LENGTH) {
            return Optional.of("must have <= " + MAX_LENGTH + " characters, had " + name.length());
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c)) {
                return Optional.of(String.format("must have no control character, has U+%04X", (int) c));
            }
            if (c == '\\') {
                return Optional.of("must have no backslash");
            }
        }
        if (name.length() > 1 && name.charAt(1) == ':' && isLetter(name.charAt(0))) {
            return Optional.of("must not begin with a drive");
        }
        for (String part : name.split("/", -1)) {
            if (part.isEmpty()) {
                return Optional.of("must be relative, with one / between its parts and none at its ends");
            }
            if (part.equals(".") || part.equals("..")) {
                return Optional.of("must have no part . or ..");
            }
        }
        return Optional.empty();
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    /** Names that a file system without case, or one that normalizes Unicode, takes for the same give the same. */
    static String folded(String name) {
        return Normalizer.normalize(
                Normalizer.normalize(name, Normalizer.Form.NFKC)
                        .toUpperCase(Locale.ROOT)
                        .toLowerCase(Locale.ROOT),
                Normalizer.Form.NFKC);
    }

    /**
     * The name of a file in its folder. Under Unix a name is bytes, and Java decodes them by the locale: with LANG=C every
     * umlaut is lost. The URI has the bytes.
     *
     * @return empty if the bytes are not UTF-8
     */
    static Optional<String> of(Path file) {
        Path last = file.getFileName();
        String decoded = last == null ? "" : last.toString();
        if (isAscii(decoded)
                || File.separatorChar != '/'
                || !file.getFileSystem().equals(FileSystems.getDefault())) {
            return Optional.of(decoded);
        }
        String uri = file.toUri().getRawPath();
        int end = uri.endsWith("/") ? uri.length() - 1 : uri.length();
        String raw = uri.substring(uri.lastIndexOf('/', end - 1) + 1, end);
        ByteBuffer bytes = ByteBuffer.allocate(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                bytes.put((byte) Integer.parseInt(raw, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.put((byte) c);
            }
        }
        try {
            return Optional.of(
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
