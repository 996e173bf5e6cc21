// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Names that a policy allows in addition to those that a format knows, or instead of them.
 *
 * @param use what the names stand for
 * @param only whether every other name of this use is refused, even one that the format knows
 * @param names exact names; one that ends with {@code *} allows every name that begins with what stands before. A name that
 *     is known to be dangerous is allowed only if it is listed exactly.
 */
public record NameList(Use use, boolean only, SortedSet<String> names) {
    /** Copies the names and checks them. */
    public NameList {
        for (String name : names) {
            if (name.isEmpty() || name.indexOf('*') >= 0 && name.indexOf('*') < name.length() - 1) {
                throw new IllegalArgumentException(
                        "names must be non-empty, with * at most at the end, was " + Text.quote(name));
            }
        }
        names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }

    boolean allows(String name) {
        if (names.contains(name)) {
            return true;
        }
        for (String listed : names) {
            if (listed.endsWith("*") && name.startsWith(listed.substring(0, listed.length() - 1))) {
                return true;
            }
        }
        return false;
    }
}
