// SPDX-License-Identifier: Apache-2.0
package dev.aisec.benchmarks;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Loss;
import dev.aisec.core.model.Targets;
import dev.aisec.nd4j.engine.CompiledNetwork;
import dev.aisec.robustness.attack.Apgd;
import dev.aisec.robustness.attack.ApgdTargeted;
import dev.aisec.robustness.attack.Attack;
import dev.aisec.robustness.attack.AttackResult;
import dev.aisec.robustness.attack.CarliniWagnerL2;
import dev.aisec.robustness.attack.Ddn;
import dev.aisec.robustness.attack.DeepFool;
import dev.aisec.robustness.attack.Ead;
import dev.aisec.robustness.attack.Fmn;
import dev.aisec.robustness.attack.Goal;
import dev.aisec.robustness.attack.HopSkipJump;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Pgd;
import dev.aisec.robustness.attack.Square;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Milliseconds of whole attacks on the small trained network, 200 MNIST test images (64 for CW and EAD, 20 for HopSkipJump), one
 * thread, beside the forward passes and gradients that the attack asked for, done in batches of all rows: the ratio is the cost of
 * everything that is not the model. Success, distance and queries are printed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxbytes=4g", "-Dorg.bytedeco.javacpp.maxphysicalbytes=8g"})
public class AttackBenchmark {
    /** The attack, and how many rows it has. */
    public enum Subject {
        PGD_40(200, Pgd.of(Norm.LINF, 0.1).withSteps(0.1, 40)),
        APGD_100(200, Apgd.ce(Norm.LINF, 0.1)),
        APGD_T(200, ApgdTargeted.of(Norm.LINF, 0.1)),
        SQUARE_1000(200, Square.of(Norm.LINF, 0.1).withQueries(1000)),
        DEEP_FOOL(200, DeepFool.of(Norm.L2)),
        DDN(200, Ddn.of()),
        FMN(200, Fmn.of(Norm.L2)),
        CARLINI_WAGNER_L2(64, CarliniWagnerL2.of()),
        EAD(64, Ead.of()),
        HOP_SKIP_JUMP_1000(20, HopSkipJump.of(Norm.L2).withQueries(1000)),
        HOP_SKIP_JUMP_10000(20, HopSkipJump.of(Norm.L2));

        final int rows;
        final Attack<? super DifferentiableClassifier> attack;

        Subject(int rows, Attack<? super DifferentiableClassifier> attack) {
            this.rows = rows;
            this.attack = attack;
        }
    }

    /** The attack. */
    @Param
    public Subject subject;

    private CompiledNetwork model;
    private Batch inputs;
    private int[] labels;
    private AttackResult result;

    @Setup(Level.Trial)
    public void setup() {
        model = Rivals.trainedCnn(Rivals.mnist("train10k", 10_000));
        Labelled test = Rivals.mnist("t10k", subject.rows);
        inputs = test.inputs();
        labels = test.targets().labels();
        result = attack();
    }

    @TearDown(Level.Trial)
    public void report() {
        int[] achieved = result.rowsWith(AttackResult.Status.SUCCEEDED);
        int right = subject.rows - result.count(AttackResult.Status.NOTHING_TO_DO);
        double[] distances = Arrays.stream(achieved)
                .mapToDouble(i -> Norm.L2.distance(inputs, result.samples(), i))
                .sorted()
                .toArray();
        System.out.printf(
                "%s: %d of %d broken, median L2 of these %.4f, queries %.0f and gradients %.0f a row%n",
                subject,
                achieved.length,
                right,
                achieved.length == 0 ? Double.NaN : distances[achieved.length / 2],
                (double) queries() / subject.rows,
                (double) gradients() / subject.rows);
    }

    private long queries() {
        return result.rows().stream().mapToLong(AttackResult.Row::queries).sum();
    }

    private long gradients() {
        return result.rows().stream().mapToLong(AttackResult.Row::gradients).sum();
    }

    @Benchmark
    public AttackResult attack() {
        return subject.attack.perturb(model, inputs, Goal.avoid(labels));
    }

    @Benchmark
    public float passesOnly() {
        Loss loss = new CrossEntropyLoss();
        Targets targets = Targets.of(labels);
        float sum = 0;
        long gradients = gradients();
        // A gradient's own forward pass is among the queries.
        long queries = queries() - gradients;
        while (gradients > 0) {
            int rows = (int) Math.min(gradients, subject.rows);
            Batch batch = inputs.rows(0, rows);
            Targets some = rows == subject.rows ? targets : Targets.of(Arrays.copyOf(labels, rows));
            sum += model.gradient(
                            batch,
                            z -> loss.evaluate(z, some, new Loss.Pass(model, batch))
                                    .cotangents())
                    .gradient()
                    .get(0, 0);
            gradients -= rows;
        }
        while (queries > 0) {
            int rows = (int) Math.min(queries, subject.rows);
            sum += model.predict(inputs.rows(0, rows))[0];
            queries -= rows;
        }
        return sum;
    }
}
