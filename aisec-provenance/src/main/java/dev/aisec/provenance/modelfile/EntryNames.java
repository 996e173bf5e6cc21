// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.text.Normalizer;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The names of the entries of one archive: what a name may be, and which of them are one file. */
final class EntryNames {
    /** What a further name is to the names before it. */
    enum Novelty {
        NEW,
        /** Another entry of the archive on systems that tell upper from lower case. */
        SIMILAR,
        SAME
    }

    /** A letter and a colon, but not the output number of a TensorFlow variable. */
    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:(?!\\d+(\\.npy)?$).*", Pattern.DOTALL);

    /** Windows drops dots and blanks at the end. */
    private static final Pattern PARENT = Pattern.compile("\\.\\.[. ]*");

    private final Set<String> exact = new HashSet<>();
    private final Set<String> folded = new HashSet<>();

    /** The rule that a name breaks; empty if it is harmless. */
    static String broken(String name) {
        if (name.isEmpty()) {
            return "a name must not be empty";
        }
        if (name.startsWith("/") || name.startsWith("~") || DRIVE.matcher(name).matches()) {
            return "a name must be relative";
        }
        if (name.indexOf('\\') >= 0) {
            return "a name must have no backslash, which is a separator to some readers";
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                return "a name must have no control characters";
            }
        }
        for (String part : name.split("/", -1)) {
            if (PARENT.matcher(part).matches()) {
                return "a name must not lead out of the archive";
            }
        }
        return "";
    }

    Novelty add(String name) {
        StringBuilder path = new StringBuilder();
        for (String part : name.split("/")) {
            if (!part.isEmpty() && !part.equals(".")) {
                path.append('/').append(part);
            }
        }
        String normal = Normalizer.normalize(path, Normalizer.Form.NFC);
        String fold = normal.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
        if (!exact.add(normal)) {
            return Novelty.SAME;
        }
        return folded.add(fold) ? Novelty.NEW : Novelty.SIMILAR;
    }
}
