// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.core.Evidence;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.SpendToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Which partitions (groups of the data) may be named, where the names themselves come from the data: a name may be of one user
 * only. Releases the names of partitions by chance, likelier the more users they have.
 *
 * <p>Guarantee: (ε, δ)-differential privacy, hiding all partitions of one user. Names are drawn with exactly the stated
 * probabilities; for m = 1 under ADD_REMOVE no rule names more partitions. A partition with fewer users than the threshold is
 * never named. The evidence says how many users a partition may have that is not named.
 *
 * <p>Assumptions: a user is in at most m partitions, see {@link PartitionAccumulator}. Names are released in the order of their
 * characters.
 *
 * <p>Formula: a partition of n users is named with probability π(n − threshold + 1), where π(0) = 0 and π(n) = min(e^ε' π(n−1) +
 * δ', 1 − e^(−ε')(1 − π(n−1) − δ'), 1), with ε' = ε/m and δ' = 1 − (1 − δ)^(1/m), both rounded down. A replaced user changes 2m
 * partitions: under REPLACE_ONE 2m stands for m.
 *
 * <p>Source: Desfontaines, Voss, Gipson, Mandayam, Differentially Private Partition Selection, PoPETs 2022, theorem 1; Kairouz,
 * Oh, Viswanath, The Composition Theorem for Differential Privacy, ICML 2015, theorem 3.3 (of m partitions: mε' and 1 − (1 −
 * δ')^m).
 *
 * @param epsilon ε; in [2⁻²⁰, 1000]
 * @param delta δ; in [10⁻³⁰⁰, 1/2]
 * @param partitions m, the largest number of partitions of a user; in [1, 4096]
 * @param threshold least number of users of a partition that may be named; in [1, 2³²]
 */
public record PartitionSelection(double epsilon, double delta, int partitions, long threshold)
        implements Mechanism<PartitionAccumulator, List<String>> {
    static final long MAX_THRESHOLD = 1L << 32;

    /** Checks the parameters. */
    public PartitionSelection {
        Checks.requireRange("epsilon", epsilon, 0x1p-20, 1000);
        requireDelta(delta);
        requirePartitions(partitions, threshold);
    }

    static void requireDelta(double delta) {
        Checks.requireRange("delta", delta, 1e-300, 0.5);
    }

    static void requirePartitions(int partitions, long threshold) {
        if (partitions < 1 || partitions > SumAccumulator.MAX_CONTRIBUTIONS) {
            throw new IllegalArgumentException(
                    "partitions must be in [1, " + SumAccumulator.MAX_CONTRIBUTIONS + "], were " + partitions);
        }
        if (threshold < 1 || threshold > MAX_THRESHOLD) {
            throw new IllegalArgumentException("threshold must be in [1, 2^32], was " + threshold);
        }
    }

    /**
     * One partition of each user, no threshold.
     *
     * @param epsilon ε; in [2⁻²⁰, 1000]
     * @param delta δ; in [10⁻³⁰⁰, 1/2]
     * @return the selection
     */
    public static PartitionSelection of(double epsilon, double delta) {
        return new PartitionSelection(epsilon, delta, 1, 1);
    }

    /**
     * The same with more partitions of each user.
     *
     * @param partitions m; in [1, 4096]
     * @return a copy
     */
    public PartitionSelection withPartitions(int partitions) {
        return new PartitionSelection(epsilon, delta, partitions, threshold);
    }

    /**
     * The same with a number of users below which no partition is named, whatever the chance.
     *
     * @param threshold least number of users; in [1, 2³²]
     * @return a copy
     */
    public PartitionSelection withThreshold(long threshold) {
        return new PartitionSelection(epsilon, delta, partitions, threshold);
    }

    /**
     * Makes what takes the users.
     *
     * @return a new accumulator
     */
    public PartitionAccumulator accumulator() {
        return new PartitionAccumulator(partitions);
    }

    @Override
    public PrivacyLoss loss(Neighbouring neighbouring) {
        return new PrivacyLoss.Approximate(epsilon, delta, neighbouring);
    }

    @Override
    public Release<List<String>> release(PartitionAccumulator value, SpendToken token) {
        return release(value, token, SecureBits.current());
    }

    Release<List<String>> release(PartitionAccumulator value, SpendToken token, BitSource bits) {
        value.require(partitions);
        Neighbouring neighbouring = token.loss().neighbouring();
        PrivacyLoss loss = loss(neighbouring);
        KeepProbability probability = probability(neighbouring);
        token.use(loss);
        SortedMap<String, Long> totals = value.totals();
        List<String> named = new ArrayList<>();
        totals.forEach((name, users) -> {
            if (users >= threshold && probability.keep(users - threshold + 1, bits)) {
                named.add(name);
            }
        });
        Evidence evidence = Reporting.evidence(
                this,
                token,
                Map.of("epsilon", epsilon, "delta", delta, "partitions", partitions, "threshold", threshold),
                Reporting.bound(
                        "unnamed-users",
                        threshold + probability.users(0.5) - 2,
                        threshold + probability.users(Reporting.CONFIDENCE) - 2,
                        1));
        return new Release<>(List.copyOf(named), loss, evidence);
    }

    KeepProbability probability(Neighbouring neighbouring) {
        int changed = neighbouring == Neighbouring.REPLACE_ONE ? 2 * partitions : partitions;
        return new KeepProbability(
                changed == 1 ? epsilon : Math.nextDown(epsilon / changed), KeepProbability.share(delta, changed));
    }
}
