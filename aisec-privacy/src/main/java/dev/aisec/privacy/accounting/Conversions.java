// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import java.util.List;

/** What budgets need of the accountants. */
final class Conversions {
    private static final List<Accountant> ACCOUNTANTS =
            List.of(new BasicAccountant(), new ZcdpAccountant(), PldAccountant.of());

    private Conversions() {}

    /** The least ε that is certified for a loss at δ; infinite if none is. */
    static double epsilon(PrivacyLoss loss, double delta) {
        double least = Double.POSITIVE_INFINITY;
        for (Accountant accountant : ACCOUNTANTS) {
            least = Math.min(least, accountant.epsilon(loss, delta).upper());
        }
        return least;
    }

    /** The largest ρ found whose conversion at δ stays within ε; tested itself. */
    static double rho(double epsilon, double delta) {
        double rho = Math.min(0x1p40, Search.least(0, 0x1p40, value -> converted(value, delta) > epsilon));
        while (rho > 0 && converted(rho, delta) > epsilon) {
            rho = Math.nextDown(rho);
        }
        return rho;
    }

    /** As the accountant answers, who rounds the sum of ρ up. */
    private static double converted(double rho, double delta) {
        return Zcdp.epsilon(Math.nextUp(Math.nextUp(rho)), delta);
    }
}
