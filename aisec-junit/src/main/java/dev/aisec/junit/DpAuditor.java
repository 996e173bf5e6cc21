// SPDX-License-Identifier: Apache-2.0
package dev.aisec.junit;

import dev.aisec.core.Progress;
import dev.aisec.privacy.leakage.MechanismAudit;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/** Compares runs of a mechanism on neighbouring inputs, for a method with {@link DpAudit}. Not safe for concurrent use. */
public final class DpAuditor {
    private final MechanismAudit audit;
    private final String subject;
    private final Consumer<Map<String, String>> report;
    private int comparisons;

    DpAuditor(MechanismAudit audit, String subject, Consumer<Map<String, String>> report) {
        this.audit = audit;
        this.subject = subject;
        this.report = report;
    }

    /**
     * Fails if the outputs on two neighbouring inputs refute the claim. The k-th call has the share 1 / (k (k + 1)) of the allowed
     * probability of a false alarm.
     *
     * @param first one run on one input; an output of several numbers, or a category, as one number
     * @param second one run on a neighbouring input
     * @return what was found
     * @throws AssertionError if ε is certainly larger than claimed
     */
    public MechanismAudit.Result compare(DoubleSupplier first, DoubleSupplier second) {
        comparisons++;
        double share = audit.falseAlarm() / ((double) comparisons * (comparisons + 1));
        MechanismAudit.Result result = new MechanismAudit(audit.epsilon(), audit.delta(), audit.samples(), share)
                .run(subject, first, second, Progress.NONE);
        report.accept(Map.of(
                "epsilon-lower-bound",
                Double.toString(result.epsilonLower()),
                "epsilon-claimed",
                Double.toString(audit.epsilon()),
                "event",
                result.event()));
        if (result.violated()) {
            throw new AssertionError("not (" + audit.epsilon() + ", " + audit.delta() + ")-private: " + result);
        }
        return result;
    }

    int comparisons() {
        return comparisons;
    }
}
