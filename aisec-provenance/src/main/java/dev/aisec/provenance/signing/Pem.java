// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * PEM blocks (RFC 7468). Text before, between and after them is passed over, as tools write it there; inside them there is
 * base64 and nothing else.
 */
final class Pem {
    /** A bundle of all public certification authorities has a quarter of that. */
    private static final int MAX_BYTES = 4 << 20;

    private static final String BEGIN = "-----BEGIN ";
    private static final String END = "-----END ";
    private static final String DASHES = "-----";

    /** A block and its label, for example {@code PUBLIC KEY}. */
    record Block(String label, byte[] content) {}

    private Pem() {}

    static byte[] read(Path file) throws IOException {
        if (!Files.isRegularFile(file) && Files.exists(file)) {
            throw new IOException(file + ": must be a file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new IOException(file + ": must have <= " + MAX_BYTES + " bytes");
            }
            return bytes;
        }
    }

    static List<Block> blocks(byte[] pem) {
        List<Block> blocks = new ArrayList<>();
        String label = null;
        StringBuilder base64 = new StringBuilder();
        for (String line : new String(pem, StandardCharsets.ISO_8859_1).split("\r\n|\n|\r", -1)) {
            String text = line.strip();
            if (label == null) {
                if (text.startsWith(BEGIN)
                        && text.endsWith(DASHES)
                        && text.length() > BEGIN.length() + DASHES.length()) {
                    label = text.substring(BEGIN.length(), text.length() - DASHES.length());
                    base64.setLength(0);
                }
            } else if (text.equals(END + label + DASHES)) {
                blocks.add(new Block(label, decode(label, base64.toString())));
                label = null;
            } else if (text.startsWith(DASHES) || text.indexOf(':') >= 0) {
                throw new IllegalArgumentException("PEM block " + Text.quote(label) + " must hold base64 only, has "
                        + Text.quote(text) + (text.indexOf(':') >= 0 ? " (old encrypted keys are not read)" : ""));
            } else {
                base64.append(text);
            }
        }
        if (label != null) {
            throw new IllegalArgumentException("PEM block " + Text.quote(label) + " must end");
        }
        return blocks;
    }

    private static byte[] decode(String label, String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("PEM block " + Text.quote(label) + " must hold base64", e);
        }
    }

    /** 64 columns and a line break at the end, as every tool writes it. */
    static String text(String label, byte[] content) {
        return BEGIN + label + DASHES + "\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
                + "\n" + END + label + DASHES + "\n";
    }
}
