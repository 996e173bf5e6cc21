// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.Optional;

/**
 * What a model file may hold. Default-deny: a name that is on no list is refused.
 *
 * @param limits what a file may cost at most
 * @param tolerant whether unknown layers and operators, and numbers that are not finite, are warnings instead of refusals
 */
public record VerificationPolicy(Limits limits, boolean tolerant) {
    /**
     * Refuses whatever is unknown and every number that is not finite.
     *
     * @return the policy
     */
    public static VerificationPolicy strict() {
        return new VerificationPolicy(Limits.standard(), false);
    }

    /**
     * Warns of unknown layers and operators and of numbers that are not finite. What would run code, and what is malformed,
     * stays refused.
     *
     * @return the policy
     */
    public static VerificationPolicy permissive() {
        return new VerificationPolicy(Limits.standard(), true);
    }

    /**
     * The same policy with other limits.
     *
     * @param other the limits
     * @return the policy
     */
    public VerificationPolicy withLimits(Limits other) {
        return new VerificationPolicy(other, tolerant);
    }

    /** What the use of a name means; empty if it is allowed. */
    Optional<Rule.Effect> judge(Use use, String name, Standing standing) {
        return switch (standing) {
            case KNOWN -> Optional.empty();
            case DANGEROUS -> Optional.of(Rule.Effect.REJECT);
            case UNKNOWN ->
                Optional.of(tolerant && use != Use.GLOBAL ? Rule.Effect.WARN : Rule.Effect.REJECT);
        };
    }
}
