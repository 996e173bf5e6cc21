// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.privacy.accounting.Accountant;
import dev.aisec.privacy.accounting.BasicAccountant;
import dev.aisec.privacy.accounting.KovAccountant;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PldAccountant;
import dev.aisec.privacy.accounting.PrivacyInterval;
import dev.aisec.privacy.accounting.PrivacyLoss;
import dev.aisec.privacy.accounting.RdpAccountant;
import dev.aisec.privacy.accounting.ZcdpAccountant;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Milliseconds for both ends of ε of 10,000 steps of sampled Gaussian noise: q = 0.01, σ = 1, δ = 1e-5. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class AccountingBenchmark {
    /** Who accounts. */
    public enum Source {
        BASIC,
        KOV,
        ZCDP,
        RDP,
        PLD
    }

    @Param
    public Source source;

    private final PrivacyLoss loss =
            new PrivacyLoss.PoissonSampled(0.01, new PrivacyLoss.Gaussian(1, Neighbouring.ADD_REMOVE)).repeat(10_000);

    @Benchmark
    public PrivacyInterval epsilon() {
        Accountant accountant = switch (source) {
            case BASIC -> new BasicAccountant();
            case KOV -> new KovAccountant();
            case ZCDP -> new ZcdpAccountant();
            case RDP -> new RdpAccountant();
            case PLD -> PldAccountant.of();
        };
        return accountant.epsilon(loss, 1e-5);
    }
}
