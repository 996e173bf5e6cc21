// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** UTF-8: decoded strictly, or checked without keeping it. */
final class Utf8 {
    private static final int BUFFER = 8192;

    private Utf8() {}

    /** The text that bytes are; empty if they are no UTF-8, by the rules of the JDK: no surrogates, shortest forms only. */
    static Optional<String> decode(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** Whether Python reads the bytes, {@code surrogatepass} included: more than {@link #decode} takes. */
    static boolean valid(ByteSource source, long offset, long length) throws IOException {
        return characters(source, offset, length) >= 0;
    }

    /** The number of code points; -1 if the bytes are no UTF-8. */
    static long characters(ByteSource source, long offset, long length) throws IOException {
        byte[] buffer = new byte[(int) Math.min(BUFFER, length)];
        long count = 0;
        int following = 0;
        int low = 0x80;
        int high = 0xbf;
        for (long done = 0; done < length; ) {
            int some = (int) Math.min(buffer.length, length - done);
            source.read(offset + done, buffer, 0, some);
            done += some;
            for (int i = 0; i < some; i++) {
                int b = buffer[i];
                if (following == 0) {
                    count++;
                    if (b >= 0) {
                        continue;
                    }
                    b &= 0xff;
                    if (b < 0xc2 || b > 0xf4) {
                        return -1;
                    }
                    following = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
                    low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
                    high = b == 0xf4 ? 0x8f : 0xbf;
                } else {
                    b &= 0xff;
                    if (b < low || b > high) {
                        return -1;
                    }
                    low = 0x80;
                    high = 0xbf;
                    following--;
                }
            }
        }
        return following == 0 ? count : -1;
    }
}
