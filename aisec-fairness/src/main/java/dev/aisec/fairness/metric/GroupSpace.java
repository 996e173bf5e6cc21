// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The groups that people fall into: every combination of the values of one or more attributes. A missing value is a value of its
 * own, {@link #MISSING}, so that nobody drops out of an audit.
 *
 * @param attributes at least one, with different names; at most 2²⁰ combinations
 */
public record GroupSpace(List<Attribute> attributes) {
    /** The value of whoever has none. */
    public static final String MISSING = "(missing)";

    private static final int MOST_GROUPS = 1 << 20;

    /**
     * An attribute.
     *
     * @param name name, for example {@code sex}; not blank
     * @param values its values, all different; {@link #MISSING} among them if it can be missing; at least one
     */
    public record Attribute(String name, List<String> values) {
        /** Copies and checks the values. */
        public Attribute {
            if (name.isBlank()) {
                throw new IllegalArgumentException("name must not be blank");
            }
            values = List.copyOf(values);
            requireDifferent("values of " + name, values);
        }
    }

    /** Copies and checks the attributes. */
    public GroupSpace {
        attributes = List.copyOf(attributes);
        requireDifferent("attributes", attributes.stream().map(Attribute::name).toList());
        long groups = 1;
        for (Attribute attribute : attributes) {
            groups *= attribute.values().size();
            if (groups > MOST_GROUPS) {
                throw new IllegalArgumentException("groups must be at most " + MOST_GROUPS + ", were more");
            }
        }
    }

    private static void requireDifferent(String what, List<String> names) {
        if (names.isEmpty()) {
            throw new IllegalArgumentException(what + " must be at least one, were none");
        }
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (!seen.add(name)) {
                throw new IllegalArgumentException(what + " must be different, were " + names);
            }
        }
    }

    /**
     * The groups of one attribute.
     *
     * @param name name of the attribute
     * @param values its values
     * @return the space
     */
    public static GroupSpace of(String name, String... values) {
        return new GroupSpace(List.of(new Attribute(name, List.of(values))));
    }

    /**
     * Returns how many groups there are.
     *
     * @return the product of the numbers of values
     */
    public int size() {
        int groups = 1;
        for (Attribute attribute : attributes) {
            groups *= attribute.values().size();
        }
        return groups;
    }

    /**
     * The group of a combination.
     *
     * @param values the number of the value of each attribute, in the order of the attributes
     * @return its number; the last attribute runs fastest
     */
    public int group(int... values) {
        if (values.length != attributes.size()) {
            throw new IllegalArgumentException(
                    "values must be as many as attributes, " + attributes.size() + ", were " + values.length);
        }
        int group = 0;
        for (int a = 0; a < values.length; a++) {
            int count = attributes.get(a).values().size();
            if (values[a] < 0 || values[a] >= count) {
                throw new IllegalArgumentException(
                        "value of " + attributes.get(a).name() + " must be in [0, " + count + "), was " + values[a]);
            }
            group = group * count + values[a];
        }
        return group;
    }

    /**
     * The values of a group.
     *
     * @param group its number, in [0, {@link #size()})
     * @return the number of the value of each attribute
     */
    public int[] values(int group) {
        Checks.group(group, size());
        int[] values = new int[attributes.size()];
        int rest = group;
        for (int a = values.length - 1; a >= 0; a--) {
            int count = attributes.get(a).values().size();
            values[a] = rest % count;
            rest /= count;
        }
        return values;
    }

    /**
     * The name of a group.
     *
     * @param group its number, in [0, {@link #size()})
     * @return such as {@code sex=Female, race=Black}
     */
    public String name(int group) {
        int[] values = values(group);
        List<String> parts = new ArrayList<>();
        for (int a = 0; a < values.length; a++) {
            Attribute attribute = attributes.get(a);
            parts.add(attribute.name() + "=" + attribute.values().get(values[a]));
        }
        return parts.stream().collect(Collectors.joining(", "));
    }
}
