// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import java.util.List;

/** Splits the groups of a space into the value of one attribute and the stratum of all others. */
final class Strata {
    /** Number of the attribute's value, by group. */
    final int[] value;
    /** Number of the stratum, by group. */
    final int[] stratum;

    final int count;

    Strata(GroupSpace space, String attribute) {
        List<GroupSpace.Attribute> attributes = space.attributes();
        int at = -1;
        for (int a = 0; a < attributes.size(); a++) {
            at = attributes.get(a).name().equals(attribute) ? a : at;
        }
        if (at < 0) {
            throw new IllegalArgumentException("attribute must be one of the space, was " + attribute);
        }
        int size = space.size();
        value = new int[size];
        stratum = new int[size];
        for (int g = 0; g < size; g++) {
            int[] values = space.values(g);
            value[g] = values[at];
            int number = 0;
            for (int a = 0; a < values.length; a++) {
                number = a == at ? number : number * attributes.get(a).values().size() + values[a];
            }
            stratum[g] = number;
        }
        count = size / attributes.get(at).values().size();
    }

    static int index(GroupSpace space, String attribute, String value) {
        for (GroupSpace.Attribute candidate : space.attributes()) {
            if (candidate.name().equals(attribute) && candidate.values().contains(value)) {
                return candidate.values().indexOf(value);
            }
        }
        throw new IllegalArgumentException(
                "attribute and value must be in the space, were " + attribute + " and " + value);
    }
}
