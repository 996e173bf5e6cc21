// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Finding;
import java.util.Locale;

/** What the commands about model files print alike. */
final class ModelText {
    private ModelText() {}

    /** One line for a finding. */
    static String finding(Finding finding) {
        String place = printable(finding.location());
        if (finding.offset().isPresent()) {
            place +=
                    (place.isEmpty() ? "" : " ") + "at byte " + finding.offset().getAsLong();
        }
        return finding.severity().name().toLowerCase(Locale.ROOT) + " " + finding.code()
                + (place.isEmpty() ? "" : " (" + place + ")") + ": " + printable(finding.message())
                + (finding.reference().isEmpty() ? "" : " [" + finding.reference() + "]");
    }

    /** Names of files and entries are hostile: no control characters, none that turn the direction of text. */
    static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            int type = Character.getType(c);
            boolean bad = type == Character.CONTROL
                    || type == Character.FORMAT
                    || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR;
            out.appendCodePoint(bad ? 0xfffd : c);
        });
        return out.toString();
    }
}
