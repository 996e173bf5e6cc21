// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

/**
 * Clipped sums of per-example parameter gradients, as differentially private training needs them (Abadi et al., Deep
 * Learning with Differential Privacy, CCS 2016).
 */
public interface PerExampleGradients {
    /**
     * Σ_i g_i · min(1, clip / ‖g_i‖₂), where g_i is the gradient of the loss of example i with respect to all
     * parameters. Layers that mix examples (batch normalisation in training) are refused.
     *
     * @param inputs examples
     * @param targets their targets
     * @param loss the loss of one example; must not mix rows
     * @param clip largest norm that one example may contribute; positive and finite
     * @return the sum and the norms before clipping
     */
    ClippedSum clippedGradientSum(Batch inputs, Targets targets, Loss loss, double clip);
}
