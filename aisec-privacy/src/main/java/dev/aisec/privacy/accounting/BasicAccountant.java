// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Approximate;
import dev.aisec.privacy.accounting.PrivacyLoss.Composed;
import dev.aisec.privacy.accounting.PrivacyLoss.Part;

/**
 * Basic composition: every ε and every δ is added up. Exact for one release, whose own curve δ(ε) is used; loose for many.
 *
 * <p>What has no (ε, δ) of its own, such as Gaussian noise, gets an equal share of the δ that is left, and the least ε at it.
 * The lower end is that of the most revealing part alone.
 *
 * <p>Source: Dwork, Roth, The Algorithmic Foundations of Differential Privacy, 2014, theorem 3.16.
 */
public record BasicAccountant() implements Accountant {
    @Override
    public String name() {
        return "basic";
    }

    @Override
    public PrivacyInterval epsilon(PrivacyLoss loss, double delta) {
        Checks.delta(delta);
        if (!(loss instanceof Composed composed)) {
            return Profile.of(loss).epsilon(delta);
        }
        double upper = upper(composed, delta);
        double lower = Search.epsilonLower(Profile.floor(loss)::lower, delta);
        return new PrivacyInterval(Math.min(lower, upper), upper);
    }

    @Override
    public PrivacyInterval delta(PrivacyLoss loss, double epsilon) {
        Checks.epsilon(epsilon);
        if (!(loss instanceof Composed composed)) {
            return Profile.of(loss).delta(epsilon);
        }
        double upper = least(composed, epsilon);
        return new PrivacyInterval(Math.min(upper, Profile.floor(loss).lower(epsilon)), upper);
    }

    /** A δ that suffices for ε, near the least one: each costs a search of its own. */
    private static double least(Composed loss, double epsilon) {
        if (upper(loss, 0) <= epsilon) {
            return 0;
        }
        double high = 1;
        double low = 1e-320;
        for (int i = 0; i < 32; i++) {
            double middle = i < 10 ? Math.sqrt(low) * Math.sqrt(high) : 0.5 * (low + high);
            if (middle < 1 && upper(loss, middle) <= epsilon) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    private static double upper(Composed loss, double delta) {
        double epsilon = 0;
        double left = delta;
        double shares = 0;
        for (Part part : loss.parts()) {
            Approximate own = Profile.own(part.loss());
            if (own == null) {
                shares += part.times();
            } else {
                epsilon = Math.nextUp(epsilon + Math.nextUp(part.times() * own.epsilon()));
                if (own.delta() > 0) {
                    left = Math.nextDown(left - Math.nextUp(part.times() * own.delta()));
                }
            }
        }
        if (left < 0) {
            return Double.POSITIVE_INFINITY;
        }
        double share = Math.nextDown(left / shares * (1 - 1e-15));
        for (Part part : loss.parts()) {
            if (Profile.own(part.loss()) == null) {
                Profile profile = Profile.of(part.loss());
                double each = Search.epsilonUpper(profile::upper, Math.max(0, share));
                epsilon = Math.nextUp(epsilon + Math.nextUp(part.times() * each));
            }
        }
        return epsilon;
    }
}
