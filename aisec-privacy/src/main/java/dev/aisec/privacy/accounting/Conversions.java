// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Composed;
import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Part;
import java.util.List;

/** What budgets need of the accountants. */
final class Conversions {
    private static final List<Accountant> ACCOUNTANTS = List.of(new BasicAccountant(), new ZcdpAccountant());

    private Conversions() {}

    /** The least ε that is certified for a loss at δ; infinite if none is. */
    static double epsilon(PrivacyLoss loss, double delta) {
        double least = Double.POSITIVE_INFINITY;
        for (Accountant accountant : ACCOUNTANTS) {
            least = Math.min(least, accountant.epsilon(loss, delta).upper());
        }
        if (loss instanceof Composed composed
                && composed.parts().stream().allMatch(part -> part.loss() instanceof Gaussian)) {
            least = Math.min(
                    least,
                    new BasicAccountant().epsilon(together(composed), delta).upper());
        }
        return least;
    }

    /** Gaussian noise that gives away as much as several: 1/σ² = Σ 1/σᵢ², rounded so that it gives away more. */
    private static Gaussian together(Composed loss) {
        double sum = 0;
        for (Part part : loss.parts()) {
            double ratio = Math.nextUp(1 / ((Gaussian) part.loss()).noiseMultiplier());
            sum = Math.nextUp(sum + Math.nextUp(part.times() * Math.nextUp(ratio * ratio)));
        }
        return new Gaussian(
                Math.max(Double.MIN_VALUE, Math.nextDown(1 / Math.nextUp(Math.sqrt(sum)))), loss.neighbouring());
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
