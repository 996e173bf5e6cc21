// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.CrossEntropyLoss;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

/** Many threads, many calls, failing callers: no wrong value, and no memory lost. */
class EngineStressTest {
    private static CompiledNetwork network() {
        return Networks.of(
                NetworkSpec.chain(
                        Shape.of(1, 8, 8),
                        new LayerSpec.Convolution(6, Window.square(3, 1), 1, true, Activation.IDENTITY),
                        LayerSpec.BatchNorm.standard(),
                        new LayerSpec.Activate(Activation.RELU),
                        new LayerSpec.Pooling(LayerSpec.Reduction.MAX, true, Window.square(2, 2)),
                        new LayerSpec.Dense(16, true, Activation.of(Activation.Kind.TANH)),
                        new LayerSpec.Dense(4, true, Activation.IDENTITY)),
                new Seed(1),
                Bounds.of(0, 1));
    }

    private static Batch inputs(int rows) {
        RandomGenerator random = new Seed(2).generator(rows);
        float[] values = new float[rows * 64];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return Batch.wrap(values, Shape.of(1, 8, 8));
    }

    /** What a call gives, as one array. */
    private static float[] call(CompiledNetwork net, Batch x, int kind) {
        return switch (kind) {
            case 0 -> net.logits(x).toArray();
            case 1 -> net.gradient(x, z -> z).gradient().toArray();
            case 2 -> net.parameterGradient(x, z -> z).gradient();
            case 3 -> net.activations(x, 1).toArray();
            default -> net.withParameters(net.parameters()).logits(x).toArray();
        };
    }

    @Test
    void calls_sixteenThreadsThousandCallsEach_giveNoWrongValue() throws Exception {
        CompiledNetwork net = network();
        int[] sizes = {1, 2, 3, 32, 41};
        float[][][] expected = new float[5][sizes.length][];
        for (int kind = 0; kind < 5; kind++) {
            for (int s = 0; s < sizes.length; s++) {
                expected[kind][s] = call(net, inputs(sizes[s]), kind);
            }
        }
        ExecutorService pool = Executors.newFixedThreadPool(16);
        try {
            List<Future<Integer>> wrong = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                int thread = t;
                wrong.add(pool.submit(() -> {
                    RandomGenerator random = new Seed(3).generator(thread);
                    int count = 0;
                    for (int i = 0; i < 1000; i++) {
                        int kind = random.nextInt(5);
                        int s = random.nextInt(sizes.length);
                        count += java.util.Arrays.equals(call(net, inputs(sizes[s]), kind), expected[kind][s]) ? 0 : 1;
                    }
                    return count;
                }));
            }
            for (Future<Integer> f : wrong) {
                assertThat(f.get()).isZero();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static long offHeap() {
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return direct + Pointer.totalBytes();
    }

    @Test
    void calls_hundredThousand_useNoMoreMemoryOffTheHeap() {
        CompiledNetwork net = network();
        Batch[] x = {inputs(1), inputs(7), inputs(40)};
        Targets targets = Targets.of(new int[7]);
        CompiledNetwork plain = Networks.of(
                NetworkSpec.chain(Shape.of(1, 8, 8), new LayerSpec.Dense(4, true, Activation.IDENTITY)),
                new Seed(1),
                Bounds.of(0, 1));
        for (int i = 0; i < 20; i++) {
            call(net, x[i % 3], i % 4);
            plain.clippedGradientSum(x[1], targets, new CrossEntropyLoss(), 1);
        }
        long before = offHeap();
        for (int i = 0; i < 100_000; i++) {
            call(net, x[i % 50 == 0 ? 2 : i % 7 == 0 ? 1 : 0], i % 4);
            if (i % 10 == 0) {
                plain.clippedGradientSum(x[1], targets, new CrossEntropyLoss(), 1);
            }
        }
        assertThat(offHeap()).isLessThanOrEqualTo(before);
    }

    /** Chunk after chunk, nothing but the result: the rest of a call is a few small objects. */
    @Test
    void calls_afterWarmUp_allocateLittleBesideTheResult() {
        CompiledNetwork net = network();
        Batch x = inputs(320);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int kind = 0; kind < 2; kind++) {
            long result = 4L * (kind == 0 ? 320 * 4 : 320 * (4 + 64));
            for (int i = 0; i < 3000; i++) {
                callOnce(net, x, kind);
            }
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            for (int i = 0; i < 100; i++) {
                callOnce(net, x, kind);
            }
            long each = (threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before) / 100;
            assertThat(each - result).as("kind %d", kind).isLessThan(4096);
        }
    }

    private static void callOnce(CompiledNetwork net, Batch x, int kind) {
        if (kind == 0) {
            net.logits(x);
        } else {
            net.gradient(x, z -> z);
        }
    }

    @Test
    void calls_callerThrows_leaveTheNetworkUsable() {
        CompiledNetwork net = network();
        Batch x = inputs(40);
        Batch logits = net.logits(x);
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> net.gradient(x, z -> {
                        throw new IllegalStateException("no");
                    }))
                    .hasMessage("no");
            assertThatThrownBy(() -> net.gradient(x, z -> z.rows(0, 3)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cotangent must have 40 rows");
        }
        assertThat(net.logits(x)).isEqualTo(logits);
    }
}
