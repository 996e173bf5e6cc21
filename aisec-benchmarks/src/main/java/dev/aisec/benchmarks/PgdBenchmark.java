// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Targets;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.nd4j.engine.Networks;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Milliseconds of PGD with 40 steps on a LeNet beside the 40 gradients and two forward passes that it cannot do without. The
 * ball is so small that no row breaks, so that each step has all rows.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 3)
@Measurement(iterations = 5, time = 4)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxbytes=4g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g"})
public class PgdBenchmark {
    private static final int STEPS = 40;

    /** Norm of the ball. */
    @Param({"L1", "L2", "LINF"})
    public Norm norm;

    /** Rows attacked at once. */
    @Param("256")
    public int rows;

    private CompiledNetwork model;
    private Batch inputs;
    private int[] labels;
    private Pgd attack;

    @Setup
    public void setup() {
        model = Networks.compile(Rivals.Net.LENET.make(), Rivals.IMAGE, Rivals.PIXELS);
        inputs = Rivals.images(rows);
        labels = model.predict(inputs);
        attack = Pgd.of(norm, 1e-6).withSteps(0.1, STEPS);
    }

    @Benchmark
    public AttackResult pgd() {
        return attack.perturb(model, inputs, Goal.avoid(labels));
    }

    @Benchmark
    public float gradientsOnly() {
        Targets targets = Targets.of(labels);
        Loss loss = new CrossEntropyLoss();
        float sum = model.predict(inputs)[0];
        for (int step = 0; step < STEPS; step++) {
            sum += model.gradient(
                            inputs,
                            z -> loss.evaluate(z, targets, new Loss.Pass(model, inputs))
                                    .cotangents())
                    .gradient()
                    .get(0, 0);
        }
        return sum + model.predict(inputs)[0];
    }
}
