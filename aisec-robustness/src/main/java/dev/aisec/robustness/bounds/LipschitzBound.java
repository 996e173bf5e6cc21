// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.bounds;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Progress;
import dev.aisec.core.Technique;
import dev.aisec.core.model.FeedForward;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How fast the logits of a network can change, in L2: the product of the spectral norms of its layers.
 *
 * <p>Guarantee: ‖z(x) − z(x′)‖₂ ≤ {@link #upper} ‖x − x′‖₂ for all inputs, in real arithmetic, rounding here included. Power
 * iteration alone comes from below and would prove nothing; so each layer has two numbers, that estimate and a certified
 * bound from above, and only the latter is used for proofs. The gap between both products tells how much a better bound of
 * the norms could bring. The product itself is far above the true constant of most networks: it is worth comparing, and it
 * certifies networks that were trained to keep it small.
 *
 * <p>From above: the least of √(‖W‖₁ ‖W‖∞); ‖(W Wᵀ)^1024‖_F^(1/2048) for layers with at most 512 inputs or outputs; and for
 * other convolutions the largest such number of the kernel's spectrum, up to about 64 channels on images of 16 × 16. ReLU
 * and max pooling without overlap have 1.
 *
 * <p>Source: Szegedy et al., Intriguing Properties of Neural Networks, ICLR 2014, section 4.3; power iteration on
 * convolutions: Gouk, Frank, Pfahringer, Cree, Regularisation of Neural Networks by Enforcing Lipschitz Continuity, Machine
 * Learning 110, 2021; spectrum: Sedghi, Gupta, Long, The Singular Values of Convolutional Layers, ICLR 2019; from above: Delattre, Barthélemy, Araujo, Allauzen, Efficient Bound of Lipschitz Constant for
 * Convolutional Layers by Gram Iteration, ICML 2023. Clause 7.3.2-5.
 *
 * @param subject what it belongs to
 * @param factors the layers that count, in order
 */
public record LipschitzBound(String subject, List<Factor> factors) implements EvidenceSource {
    /** Steps of power iteration: the estimate is a diagnosis, not a proof. */
    private static final int ITERATIONS = 100;

    /**
     * A layer.
     *
     * @param layer its number and kind
     * @param estimate its spectral norm by power iteration, from below
     * @param upper a certified upper bound
     */
    public record Factor(String layer, double estimate, double upper) {}

    /** Copies the list. */
    public LipschitzBound {
        factors = List.copyOf(factors);
    }

    /**
     * Bounds a network.
     *
     * @param subject name or digest of the network, for the evidence
     * @param network the network
     * @return the bound
     */
    public static LipschitzBound of(String subject, FeedForward network) {
        List<Factor> factors = new ArrayList<>();
        for (int i = 0; i < network.layers().size(); i++) {
            Progress.checkInterrupted();
            Optional<Step> step = Step.of(network, i);
            String name = i + " " + network.layers().get(i).getClass().getSimpleName();
            if (step.isPresent() && step.get() instanceof AffineStep a) {
                factors.add(new Factor(name, SpectralNorm.estimate(a, ITERATIONS), SpectralNorm.upper(a)));
            } else if (step.isPresent() && step.get() instanceof MaxStep m && m.overlap() > 1) {
                factors.add(new Factor(name, 1, Math.nextUp(Math.sqrt(m.overlap()))));
            }
        }
        return new LipschitzBound(subject, factors);
    }

    /**
     * Returns the certified bound.
     *
     * @return the product of the upper bounds of the layers, rounded up
     */
    public double upper() {
        double product = 1;
        for (Factor f : factors) {
            product = Math.nextUp(product * f.upper());
        }
        return product;
    }

    /**
     * Returns what the bound would be if the estimates were exact.
     *
     * @return the product of the estimates; proves nothing
     */
    public double estimate() {
        double product = 1;
        for (Factor f : factors) {
            product *= f.estimate();
        }
        return product;
    }

    /**
     * The L2 distance within which a label stays: margin / (√2 L), since z_y − z_c changes at most √2 times as fast as z
     * (Tsuzuku, Sato, Sugiyama, Lipschitz-Margin Training, NeurIPS 2018, proposition 1).
     *
     * @param margin the logit of the label minus the largest other
     * @return the radius, rounded down; 0 if the margin is not positive
     */
    public double certifiedRadius(double margin) {
        if (!(margin > 0)) {
            return 0;
        }
        double radius = margin / (Math.nextUp(Math.sqrt(2)) * upper());
        return Math.max(0, radius * (1 - 0x1p-50));
    }

    @Override
    public Evidence evidence() {
        // Both ends hold for certain; the largest confidence below 1 stands for that.
        Estimate product = Double.isFinite(upper())
                ? new Estimate.Measured(
                        upper(), new Interval(Math.min(estimate(), upper()), upper(), Math.nextDown(1.0)), 1)
                : new Estimate.Abstained("the bound is too large for a double", 1);
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                subject,
                new TreeMap<>(Map.of(
                        "interval",
                        "power iteration to certified upper bound, deterministic",
                        "method",
                        "Lipschitz constant by spectral norms",
                        "factors",
                        factors.toString())),
                List.of(new Measurement.Scalar("lipschitz-bound", "1", new TreeMap<>(Map.of("norm", "L2")), product)),
                List.of());
    }
}
