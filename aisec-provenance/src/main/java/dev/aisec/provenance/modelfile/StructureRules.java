// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What a policy asks of formats, names, sizes and topology.
 *
 * @param formats names of the formats that are allowed; empty for all
 * @param nodeNames regular expression that every name of an operator and of a tensor must match as a whole; none for any.
 *     A name of more than 1,024 characters, or for which the expression takes a million looks at it, does not match
 *     name. The names come from the file: an expression with nested repetition can be made to run for a long time.
 * @param rank greatest number of axes of a tensor
 * @param dimension greatest size of an axis
 * @param elements greatest number of elements of all tensors together
 * @param fingerprints the topologies that are allowed, as {@link TopologyFingerprint} prints them; empty for all
 */
public record StructureRules(
        SortedSet<String> formats,
        Optional<String> nodeNames,
        int rank,
        long dimension,
        long elements,
        SortedSet<String> fingerprints) {
    /** Copies the sets and checks the numbers. */
    public StructureRules {
        if (rank < 1 || dimension < 1 || elements < 1) {
            throw new IllegalArgumentException(
                    "rank, dimension and elements must be >= 1, were " + rank + ", " + dimension + ", " + elements);
        }
        nodeNames.ifPresent(expression -> {
            try {
                Pattern.compile(expression);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "nodeNames must be a regular expression, was " + Text.quote(expression) + ": "
                                + e.getDescription(),
                        e);
            }
        });
        for (String fingerprint : fingerprints) {
            if (!TopologyFingerprint.isFingerprint(fingerprint)) {
                throw new IllegalArgumentException(
                        "fingerprints must be topology: and 64 hexadecimal digits, was " + Text.quote(fingerprint));
            }
        }
        formats = Collections.unmodifiableSortedSet(new TreeSet<>(formats));
        fingerprints = Collections.unmodifiableSortedSet(new TreeSet<>(fingerprints));
    }

    /**
     * Any format, name, size and topology.
     *
     * @return the rules
     */
    public static StructureRules any() {
        return new StructureRules(
                new TreeSet<>(), Optional.empty(), Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, new TreeSet<>());
    }

    /**
     * The same rules with a list of formats.
     *
     * @param names names of the formats that are allowed; empty for all
     * @return the rules
     */
    public StructureRules withFormats(SortedSet<String> names) {
        return new StructureRules(names, nodeNames, rank, dimension, elements, fingerprints);
    }

    /**
     * The same rules with a pattern of names.
     *
     * @param expression regular expression that every name of an operator and of a tensor must match as a whole
     * @return the rules
     */
    public StructureRules withNodeNames(String expression) {
        return new StructureRules(formats, Optional.of(expression), rank, dimension, elements, fingerprints);
    }

    /**
     * The same rules with other bounds.
     *
     * @param mostRank greatest number of axes of a tensor
     * @param mostDimension greatest size of an axis
     * @param mostElements greatest number of elements of all tensors together
     * @return the rules
     */
    public StructureRules withBounds(int mostRank, long mostDimension, long mostElements) {
        return new StructureRules(formats, nodeNames, mostRank, mostDimension, mostElements, fingerprints);
    }

    /**
     * The same rules with a list of topologies.
     *
     * @param allowed as {@link TopologyFingerprint} prints them; empty for all
     * @return the rules
     */
    public StructureRules withFingerprints(SortedSet<String> allowed) {
        return new StructureRules(formats, nodeNames, rank, dimension, elements, allowed);
    }
}
