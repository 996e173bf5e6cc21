// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Technique;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An assessment: subjects side by side, each with its evidence, and what is asked of them. Holds no times; equal inputs
 * give an equal assessment.
 *
 * @param title what was assessed, for a reader
 * @param parameters what the result depends on: data, seed, numbers of samples
 * @param subjects the subjects; at least one
 * @param policy what is asked of them
 */
public record Assessment(
        String title, SortedMap<String, String> parameters, List<Subject> subjects, AssessmentPolicy policy) {
    /** Copies the collections. */
    public Assessment {
        parameters = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(parameters)));
        subjects = List.copyOf(subjects);
        if (subjects.isEmpty()) {
            throw new IllegalArgumentException("subjects must not be empty");
        }
    }

    /**
     * Tells whether a subject has evidence of a technique.
     *
     * @param subject the subject
     * @param technique the technique
     * @return whether there is at least one piece of evidence
     */
    public static boolean assessed(Subject subject, Technique technique) {
        return subject.evidence().stream().anyMatch(e -> e.technique() == technique);
    }

    /**
     * Counts the techniques that at least one subject has evidence of.
     *
     * @return of all {@code Technique.values().length}
     */
    public long techniquesAssessed() {
        return java.util.Arrays.stream(Technique.values())
                .filter(t -> subjects.stream().anyMatch(s -> assessed(s, t)))
                .count();
    }
}
