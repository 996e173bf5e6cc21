// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.privacy.accounting.Calibration;
import dev.aisec.privacy.accounting.PrivacyInterval;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of a calibration. */
final class DpTarget {
    @Option(names = "--epsilon", paramLabel = "E", required = true, description = "epsilon that must not be exceeded")
    private double epsilon;

    @Option(names = "--delta", paramLabel = "D", required = true, description = "delta, in (0, 1)")
    private double delta;

    Calibration calibration() {
        DpText.positive("--epsilon", epsilon);
        if (!(delta > 0 && delta < 1)) {
            throw new IllegalArgumentException("--delta must be in (0, 1), was " + delta);
        }
        return Calibration.of(epsilon, delta);
    }

    /** The target, who certifies, and what was reached. */
    void addTo(Map<String, JsonValue> members, PrivacyInterval reached) {
        members.put("accountant", new JsonString(calibration().accountant().name()));
        members.put("epsilon", new JsonNumber(epsilon));
        members.put("delta", new JsonNumber(delta));
        members.put("epsilonLower", new JsonNumber(reached.lower()));
        members.put("epsilonUpper", new JsonNumber(reached.upper()));
    }

    String reached(PrivacyInterval reached) {
        return "Its exact epsilon at delta " + DpText.exact(delta) + " lies between " + DpText.down(reached.lower())
                + " and " + DpText.up(reached.upper()) + " ("
                + calibration().accountant().name() + "); asked for "
                + DpText.exact(epsilon) + ".";
    }
}
