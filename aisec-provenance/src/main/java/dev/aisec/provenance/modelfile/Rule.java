// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Severity;

/**
 * A rule that a model file can break. The rules of a format are constants of its class; {@link ModelFormat#rules()} lists
 * them for documents and reports.
 *
 * @param code stable identifier {@code family.rule}, as in a finding
 * @param effect what breaking it means for the verdict
 * @param meaning one sentence: what it means if this is found
 * @param reference where the rule comes from: CVE, CWE, specification; may be empty
 */
public record Rule(String code, Effect effect, String meaning, String reference) {
    /** What a finding means for the verdict. */
    public enum Effect {
        /** The file is rejected. */
        REJECT(Severity.ERROR),
        /** Nothing is known about the file, or about a part of it; it is not accepted. */
        CANNOT_INSPECT(Severity.ERROR),
        /** Look at it; the verdict does not change. */
        WARN(Severity.WARNING),
        /** Worth knowing. */
        NOTE(Severity.INFO);

        private final Severity severity;

        Effect(Severity severity) {
            this.severity = severity;
        }

        /**
         * The severity of findings with this effect.
         *
         * @return the severity
         */
        public Severity severity() {
            return severity;
        }
    }

    static Rule reject(String code, String meaning, String reference) {
        return new Rule(code, Effect.REJECT, meaning, reference);
    }

    static Rule cannotInspect(String code, String meaning, String reference) {
        return new Rule(code, Effect.CANNOT_INSPECT, meaning, reference);
    }

    static Rule warn(String code, String meaning, String reference) {
        return new Rule(code, Effect.WARN, meaning, reference);
    }

    static Rule note(String code, String meaning, String reference) {
        return new Rule(code, Effect.NOTE, meaning, reference);
    }

    /** The same rule with another effect, where a policy is milder. */
    Rule as(Effect other) {
        return other == effect ? this : new Rule(code, other, meaning, reference);
    }
}
