// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.Progress;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.RowChunks;
import dev.aisec.core.model.Shape;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way forward and back, cut into chunks, the chunks in groups. Cuts depend on the number of rows only, and
 * sums over groups are taken in order, so results have the same bits on any number of threads. Used once, by one thread,
 * which may have the groups run by others.
 */
final class Pass {
    /** Groups of chunks, each with a sum of parameter gradients of its own. */
    private static final int GROUPS = 8;
    /** Values kept between forward and backward; beyond this they are computed again. */
    private static final long KEPT_BYTES = 64L << 20;

    private final Plan plan;
    private final Weights weights;
    private final Frames frames;
    private final @Nullable Executor executor;
    private final Batch inputs;
    private final long noise;

    private final int[] starts;
    private final Chunk[] chunks;
    private final boolean keep;
    /** Statistics of the batch by op, where rows are mixed. */
    private final double[][] statistics;

    private final double[][] backStatistics;
    /** Ops where all chunks have to have come so far before any goes on. */
    private final int[] barriers;

    Pass(Plan plan, Weights weights, Frames frames, @Nullable Executor executor, Batch inputs, long noise) {
        this.plan = plan;
        this.weights = weights;
        this.frames = frames;
        this.executor = executor;
        this.inputs = inputs;
        this.noise = noise;
        starts = plan.chunks(inputs.size());
        chunks = new Chunk[starts.length - 1];
        int mixing = 0;
        int[] found = new int[plan.ops.length];
        for (int i = 0; i < plan.ops.length; i++) {
            if (plan.ops[i].mixes()) {
                found[mixing++] = i;
            }
        }
        barriers = java.util.Arrays.copyOf(found, mixing);
        statistics = new double[mixing == 0 ? 0 : plan.ops.length][];
        backStatistics = new double[statistics.length][];
        keep = mixing > 0 || plan.valueSize * Float.BYTES * starts[starts.length - 1] <= KEPT_BYTES;
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = chunk(i);
        }
    }

    private Chunk chunk(int i) {
        Chunk c = frames.borrowChunk(plan.ops.length + 1);
        c.first = starts[i];
        c.valid = starts[i + 1] - starts[i];
        c.width = plan.width(starts[starts.length - 1] - starts[i]);
        return c;
    }

    /** Work on one chunk. */
    private interface Step {
        void run(Frame f, int chunk);
    }

    /** First chunk of a group; the number of chunks for the group after the last. */
    private int group(int g) {
        return (int) ((long) g * chunks.length / groups());
    }

    private int groups() {
        return Math.min(GROUPS, chunks.length);
    }

    /** Runs the step on all chunks; those of one group in order, on one thread, with the group's gradients. */
    private void each(@Nullable Gradients @Nullable [] gradients, Step step) {
        if (executor == null || groups() < 2) {
            for (int g = 0; g < groups(); g++) {
                run(g, gradients, step);
            }
            return;
        }
        new RowChunks(1, executor)
                .map(
                        groups(),
                        (from, to) -> {
                            run(from, gradients, step);
                            return List.of();
                        },
                        Progress.NONE);
    }

    private void run(int g, @Nullable Gradients @Nullable [] gradients, Step step) {
        Frame f = frames.borrow(weights);
        f.gradients = gradients == null ? null : gradients[g];
        f.noise = noise;
        f.statistics = statistics;
        f.backStatistics = backStatistics;
        for (int i = group(g); i < group(g + 1); i++) {
            Progress.checkInterrupted();
            step.run(f, i);
        }
        // Not given back after an exception: what it holds is not known then.
        frames.giveBack(f);
    }

    /** All logits. */
    Batch forward() {
        int classes = plan.output().size();
        float[] result = new float[Math.multiplyExact(inputs.size(), classes)];
        int from = 0;
        for (int b = 0; b <= barriers.length; b++) {
            int begin = from;
            int end = b < barriers.length ? barriers[b] : plan.ops.length;
            double[][] sums = new double[chunks.length][];
            each(null, (f, i) -> {
                Chunk c = chunks[i];
                if (begin == 0) {
                    load(f, c);
                }
                plan.forward(f, c, begin, end, keep);
                if (end < plan.ops.length) {
                    plan.enter(f, c, end);
                    sums[i] = new double[mixing(end).sums()];
                    mixing(end).gather(f, sums[i]);
                    return;
                }
                int last = plan.slot[end];
                Lanes.gather(c.value(last), c.width, classes, c.valid, result, c.first * classes);
                if (!keep) {
                    c.release(f);
                }
            });
            if (end < plan.ops.length) {
                double[] total = total(sums);
                mixing(end).finish(total, inputs.size(), weights.flat, plan.offset(plan.firstTensor[end]));
                statistics[end] = total;
            }
            from = end;
        }
        return inputs.like(result, Shape.of(classes));
    }

    private Op.Mixing mixing(int op) {
        return (Op.Mixing) plan.ops[op];
    }

    private static double[] total(double[][] sums) {
        double[] total = new double[sums[0].length];
        for (double[] part : sums) {
            for (int j = 0; j < total.length; j++) {
                total[j] += part[j];
            }
        }
        return total;
    }

    private void load(Frame f, Chunk c) {
        int size = plan.size(0);
        float[] x = f.arena.take(size * c.width);
        Lanes.spread(inputs.array(), inputs.offset() + c.first * size, size, c.valid, x, c.width);
        c.values[0] = x;
    }

    /** Back from the cotangents of the logits to the derivatives wanted: by inputs, by parameters. Ends the pass. */
    void backward(Batch cotangents, float @Nullable [] dx, float @Nullable [] dw) {
        int classes = plan.output().size();
        int last = plan.slot[plan.ops.length];
        Gradients[] gradients = null;
        if (dw != null) {
            gradients = new Gradients[groups()];
            for (int g = 0; g < gradients.length; g++) {
                gradients[g] = frames.borrowGradients(plan);
            }
        }
        int to = plan.ops.length;
        for (int b = barriers.length; b >= 0; b--) {
            int end = to;
            int begin = b == 0 ? 0 : barriers[b - 1] + 1;
            double[][] sums = new double[chunks.length][];
            each(gradients, (f, i) -> {
                Chunk c = chunks[i];
                if (end == plan.ops.length) {
                    if (!keep) {
                        load(f, c);
                        plan.forward(f, c, 0, end, true);
                    }
                    c.cotangents[last] = spread(f, c, cotangents, classes);
                }
                plan.backward(f, c, begin, end, dx != null, null);
                if (begin > 0) {
                    int op = begin - 1;
                    sums[i] = new double[mixing(op).sums()];
                    float[] d = c.cotangents[plan.slot[op + 1]];
                    if (d != null) {
                        plan.enter(f, c, op);
                        f.dOut = d;
                        mixing(op).gatherBackward(f, sums[i]);
                    }
                    return;
                }
                float[] d = c.cotangents[0];
                if (dx != null && d != null) {
                    Lanes.gather(d, c.width, plan.size(0), c.valid, dx, c.first * plan.size(0));
                }
                c.release(f);
            });
            if (begin > 0) {
                backStatistics[begin - 1] = total(sums);
                if (gradients != null) {
                    mixing(begin - 1).addGradients(total(sums), plan.firstTensor[begin - 1], gradients[0]);
                }
                // What the op sees are means, over rows and positions.
                mixing(begin - 1).average(backStatistics[begin - 1], inputs.size());
            }
            to = begin;
        }
        for (int g = 0; gradients != null && dw != null && g < gradients.length; g++) {
            gradients[g].addTo(dw);
            frames.giveBack(gradients[g]);
        }
        for (Chunk c : chunks) {
            frames.giveBack(c);
        }
    }

    private float[] spread(Frame f, Chunk c, Batch cotangents, int classes) {
        float[] d = f.arena.take(classes * c.width);
        int at = cotangents.offset() + c.first * classes;
        Lanes.spreadZero(cotangents.array(), at, classes, c.valid, d, c.width);
        return d;
    }

    /**
     * Norms of the per-example gradients, then the sum of the gradients, each scaled to norm {@code clip} at most. The
     * second is one more backward pass with scaled cotangents, which is exact, as that pass is linear in each row's cotangent.
     */
    double[] clippedBackward(Batch cotangents, double clip, float[] dw) {
        int classes = plan.output().size();
        int last = plan.slot[plan.ops.length];
        double[] norms = new double[inputs.size()];
        Gradients[] gradients = new Gradients[groups()];
        for (int g = 0; g < gradients.length; g++) {
            gradients[g] = frames.borrowGradients(plan);
        }
        each(gradients, (f, i) -> {
            Chunk c = chunks[i];
            if (!keep) {
                load(f, c);
                plan.forward(f, c, 0, plan.ops.length, true);
            }
            Gradients g = f.gradients;
            f.gradients = null;
            double[] squares = new double[c.valid];
            c.cotangents[last] = spread(f, c, cotangents, classes);
            plan.backward(f, c, 0, plan.ops.length, false, squares);
            f.gradients = g;
            float[] d = spread(f, c, cotangents, classes);
            for (int r = 0; r < c.valid; r++) {
                double norm = Math.sqrt(squares[r]);
                norms[c.first + r] = norm;
                // A norm that is not finite stays: the sum must tell.
                float factor = (float) (norm > clip ? clip / norm : 1);
                for (int k = 0; k < classes; k++) {
                    d[k * c.width + r] *= factor;
                }
            }
            c.cotangents[last] = d;
            plan.backward(f, c, 0, plan.ops.length, false, null);
            c.release(f);
        });
        for (Gradients g : gradients) {
            g.addTo(dw);
            frames.giveBack(g);
        }
        for (Chunk c : chunks) {
            frames.giveBack(c);
        }
        return norms;
    }

    /** Statistics of the batch at an op that mixes rows. */
    double[] statistics(int op) {
        return statistics[op];
    }

    int[] barriers() {
        return barriers;
    }
}
