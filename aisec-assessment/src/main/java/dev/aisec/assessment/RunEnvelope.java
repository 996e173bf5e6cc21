// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * When, where and how long: what differs between two runs that measure the same. Stands outside the canonical bytes.
 *
 * @param started when the run began
 * @param environment machine and versions
 * @param steps how long each part took
 */
public record RunEnvelope(Instant started, SortedMap<String, String> environment, List<Step> steps) {
    /**
     * A part of a run.
     *
     * @param name what was done
     * @param seconds how long it took
     */
    public record Step(String name, double seconds) {}

    /** Copies the collections. */
    public RunEnvelope {
        environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
        steps = List.copyOf(steps);
    }

    /**
     * This machine's environment.
     *
     * @return Java, operating system, processors
     */
    public static SortedMap<String, String> here() {
        SortedMap<String, String> environment = new TreeMap<>();
        environment.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        environment.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        environment.put("processors", String.valueOf(Runtime.getRuntime().availableProcessors()));
        return environment;
    }
}
