// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

/** ε of losses that have none of their own. */
final class Conversions {
    private Conversions() {}

    static double epsilon(PrivacyLoss loss, double delta) {
        throw new IllegalArgumentException("loss must have an epsilon, had none at delta " + delta + ": " + loss);
    }
}
