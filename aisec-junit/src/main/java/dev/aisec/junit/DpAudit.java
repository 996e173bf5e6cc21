// SPDX-License-Identifier: Apache-2.0
package dev.aisec.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that fails if one's own mechanism certainly gives away more than (ε, δ). The method takes a {@link DpAuditor} and hands
 * it runs on neighbouring inputs:
 *
 * <pre>{@code
 * @DpAudit(epsilon = 1)
 * void privateCount_keepsItsEpsilon(DpAuditor auditor) {
 *     auditor.compare(() -> privateCount(List.of(1, 2, 3)), () -> privateCount(List.of(1, 2)));
 * }
 * }</pre>
 *
 * <p>Guarantee: a mechanism that keeps (ε, δ) fails with probability at most {@link #falseAlarm}, all comparisons of the method
 * together. A test that passes proves nothing: see {@link dev.aisec.privacy.leakage.MechanismAudit}. Choose the neighbours that
 * differ most, and more than one pair. The bound that was found is published as a report entry, {@code epsilon-lower-bound}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Test
@ExtendWith(DpAuditExtension.class)
@SuppressWarnings("exports") // Named to JUnit, not to users.
public @interface DpAudit {
    /**
     * The claimed ε.
     *
     * @return at least 0 and finite
     */
    double epsilon();

    /**
     * The claimed δ.
     *
     * @return in [0, 1)
     */
    double delta() default 0;

    /**
     * Runs on each input, in each comparison. Twice as much noise as needed is told apart by thousands; a bug of 5 % in ε takes
     * about a million, one that shows with probability p only about 50 / p.
     *
     * @return in [1000, 10⁹]
     */
    long samples() default 1_000_000;

    /**
     * Probability that a right mechanism fails.
     *
     * @return in (0, 1)
     */
    double falseAlarm() default 1e-9;
}
