// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Progress;
import dev.aisec.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ModelWordsTest {
    private static final Batch THREE = Batch.of(new float[] {0, 1, 10, 11, 20, 21}, Shape.of(2));

    @Test
    void batch_viewsAndSelections_keepRowNumbers() {
        Batch view = THREE.rows(1, 3);
        assertThat(view.toArray()).containsExactly(10, 11, 20, 21);
        assertThat(view.array()).isSameAs(THREE.array());
        assertThat(view.rowNumber(1)).isEqualTo(2);
        assertThat(view.rows(1, 2).rowNumber(0)).isEqualTo(2);
        Batch selected = THREE.select(2, 0);
        assertThat(selected.row(0)).containsExactly(20, 21);
        assertThat(selected.rowNumber(0)).isEqualTo(2);
        assertThat(selected.rows(1, 2).rowNumber(0)).isZero();
        assertThat(THREE.numberedFrom(5).rowNumber(1)).isEqualTo(6);
        assertThat(selected.like(new float[2], Shape.of(1)).rowNumber(0)).isEqualTo(2);
        assertThat(THREE.reshape(Shape.of(1, 2)).shape()).isEqualTo(Shape.of(1, 2));
    }

    @Test
    void batch_ofCopiesAndWrapShares() {
        float[] values = {1, 2};
        Batch copy = Batch.of(values, Shape.of(2));
        Batch shared = Batch.wrap(values, Shape.of(2));
        values[0] = 9;
        assertThat(copy.get(0, 0)).isEqualTo(1);
        assertThat(shared.get(0, 0)).isEqualTo(9);
        assertThat(copy).isNotEqualTo(shared);
    }

    @Test
    void batch_wrongArguments_namesThem() {
        assertThatThrownBy(() -> Batch.of(new float[3], Shape.of(2)))
                .hasMessage("data length must be a multiple of 2 (shape [2]), was 3");
        assertThatThrownBy(() -> THREE.reshape(Shape.of(3))).hasMessage("shape must have 2 values, was [3]");
        assertThatThrownBy(() -> THREE.rows(1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() ->
                        Batch.of(new float[] {0, Float.NaN}, Shape.of(1)).requireFinite("x"))
                .hasMessage("x must be finite, was NaN at row 1, feature 0");
        assertThatThrownBy(() -> Shape.of(1 << 20, 1 << 20)).hasMessageContaining("below 2^31");
        assertThatThrownBy(() -> Shape.of(0)).hasMessageContaining(">= 1");
        assertThatThrownBy(() -> Bounds.of(1, 1)).hasMessage("lower must be < upper, was 1.0 and 1.0 at feature 0");
    }

    @Test
    void argmax_nan_isRefused() {
        assertThat(Logits.argmax(Batch.of(new float[] {1, 1, 0, Float.NEGATIVE_INFINITY, -1, -1}, Shape.of(3))))
                .containsExactly(0, 1);
        assertThatThrownBy(() -> Logits.argmax(Batch.of(new float[] {1, Float.NaN}, Shape.of(2))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("logits must not be NaN, was NaN at row 0, class 1");
    }

    @Test
    void softmax_largeLogits_isStable() {
        Batch p = Logits.softmax(Batch.of(new float[] {1000, 999, Float.NEGATIVE_INFINITY}, Shape.of(3)));
        assertThat(p.get(0, 0)).isCloseTo((float) (1 / (1 + Math.exp(-1))), within(1e-6f));
        assertThat(p.get(0, 2)).isZero();
        float none = Float.NEGATIVE_INFINITY;
        assertThatThrownBy(() -> Logits.softmax(Batch.of(new float[] {none, none}, Shape.of(2))))
                .hasMessageContaining("row 0");
    }

    @Test
    void losses_derivatives_areFiniteDifferences() {
        RandomGenerator random = new Seed(1).generator(0);
        for (Loss loss : List.of(new CrossEntropyLoss(), new MarginLoss())) {
            float[] z = new float[4 * 5];
            for (int i = 0; i < z.length; i++) {
                z[i] = (float) (3 * random.nextGaussian());
            }
            Targets targets = Targets.of(0, 1, 4, 2);
            Loss.Pass pass = new Loss.Pass(
                    new LinearClassifier(new float[2][1], new float[2], new ModelSpec(Shape.of(1), 2, Bounds.of(0, 1))),
                    Batch.of(new float[4], Shape.of(1)));
            LossValues values = loss.evaluate(Batch.of(z, Shape.of(5)), targets, pass);
            for (int i = 0; i < z.length; i++) {
                float[] up = z.clone();
                float[] down = z.clone();
                up[i] += 1e-2f;
                down[i] -= 1e-2f;
                double slope =
                        (loss.evaluate(Batch.of(up, Shape.of(5)), targets, pass).values()[i / 5]
                                        - loss.evaluate(Batch.of(down, Shape.of(5)), targets, pass)
                                                .values()[i / 5])
                                / ((double) up[i] - down[i]);
                assertThat((double) values.cotangents().get(i / 5, i % 5)).isCloseTo(slope, within(1e-3));
            }
        }
    }

    @Test
    void crossEntropy_saturated_keepsItsTinyGradient() {
        LossValues values = new CrossEntropyLoss()
                .evaluate(
                        Batch.of(new float[] {60, 0}, Shape.of(2)),
                        Targets.of(0),
                        new Loss.Pass(
                                new LinearClassifier(
                                        new float[2][1], new float[2], new ModelSpec(Shape.of(1), 2, Bounds.of(0, 1))),
                                THREE));
        assertThat((double) values.cotangents().get(0, 0)).isCloseTo(-Math.exp(-60), within(1e-30));
        assertThat(values.values()[0]).isNotNegative();
    }

    @Test
    void targets_select_keepsDataSetRows() {
        Targets targets = Targets.of(new int[] {5, 6, 7}, Map.of("weight", new double[] {1, 2, 3}));
        Targets part = targets.select(2, 1).select(0);
        assertThat(part.label(0)).isEqualTo(7);
        assertThat(part.rowIndex(0)).isEqualTo(2);
        assertThat(part.column("weight", 0)).isEqualTo(3);
        assertThatThrownBy(() -> part.column("group", 0)).hasMessage("column must be one of [weight], was group");
        assertThatThrownBy(() -> Targets.of(-1)).hasMessage("labels must be >= 0, was -1 at row 0");
        assertThatThrownBy(() -> new Labelled(THREE, targets.select(0)))
                .hasMessageContaining("targets must have 3 rows");
    }

    @Test
    void shuffled_everyEpoch_isAnotherPermutation() {
        Labelled data = new Labelled(THREE, Targets.of(0, 1, 2));
        BatchSampler sampler = BatchSampler.shuffled(2);
        List<int[]> batches = sampler.batches(data, 0, new Seed(1));
        assertThat(batches.stream().flatMapToInt(IntStream::of).sorted().toArray())
                .containsExactly(0, 1, 2);
        assertThat(batches.stream().map(b -> b.length)).containsExactly(2, 1);
        assertThat(sampler.batches(data, 0, new Seed(1)).get(0)).isEqualTo(batches.get(0));
    }

    @Test
    void threshold_handScores_isTheConformalRank() {
        double[] scores = IntStream.rangeClosed(1, 19).asDoubleStream().toArray();
        // ⌈20 · 0.95⌉ = 19
        assertThat(Threshold.splitConformal(scores, 0.05).value()).isEqualTo(19);
        assertThat(Threshold.splitConformal(scores, 0.5).value()).isEqualTo(10);
        assertThat(Threshold.splitConformal(scores, 0.01).value()).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Threshold.splitConformal(scores, 0.05).flags(Double.NaN)).isTrue();
        assertThatThrownBy(() -> Threshold.splitConformal(new double[] {Double.NaN}, 0.1))
                .hasMessageContaining("NaN");
    }

    /** Marginal rate is at most 0.1; over 40,000 tests 6.2 standard errors are passed with probability below 1e-9. */
    @Test
    void threshold_simulated_keepsItsRate() {
        RandomGenerator random = new Seed(2).generator(0);
        int flagged = 0;
        for (int run = 0; run < 40_000; run++) {
            Threshold threshold = Threshold.splitConformal(random.doubles(25).toArray(), 0.1);
            flagged += threshold.flags(random.nextDouble()) ? 1 : 0;
        }
        assertThat(flagged).isLessThan((int) (4000 + 6.2 * Math.sqrt(40_000 * 0.09)));
    }

    @Test
    void chunks_anyThreads_keepOrderAndFailures() {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            for (RowChunks chunks : List.of(RowChunks.of(3), new RowChunks(3, pool))) {
                List<Long> progress = new ArrayList<>();
                List<String> parts =
                        chunks.map(8, (from, to) -> from + "-" + to, (done, total) -> progress.add(done * 100 + total));
                assertThat(parts).containsExactly("0-3", "3-6", "6-8");
                assertThat(progress).containsExactly(308L, 608L, 808L);
                assertThat(chunks.map(0, (from, to) -> 1, Progress.NONE)).isEmpty();
                assertThatThrownBy(() -> chunks.map(
                                8,
                                (from, to) -> {
                                    throw new IllegalArgumentException("chunk " + from);
                                },
                                Progress.NONE))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("chunk 0");
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> chunks.map(8, (from, to) -> 1, Progress.NONE))
                        .isInstanceOf(CancellationException.class);
                assertThat(Thread.interrupted()).isTrue();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void layout_gaps_areRefused() {
        ParameterLayout.Tensor a = new ParameterLayout.Tensor("a", Shape.of(2, 3), 0);
        assertThat(new ParameterLayout(List.of(a, new ParameterLayout.Tensor("b", Shape.of(4), 6))).size())
                .isEqualTo(10);
        assertThatThrownBy(() -> new ParameterLayout(List.of(a, new ParameterLayout.Tensor("b", Shape.of(4), 7))))
                .hasMessageContaining("was 7 instead of 6 at b");
    }

    @Test
    void schedulesAndOptimizers_badValues_areRefused() {
        assertThat(LearningRate.cosine(2).at(0, 10)).isEqualTo(2);
        assertThat(LearningRate.cosine(2).at(10, 10)).isCloseTo(0, within(1e-12));
        assertThatThrownBy(() -> LearningRate.constant(0)).hasMessage("rate must be > 0 and finite, was 0.0");
        assertThatThrownBy(() -> new Optimizer.Sgd(LearningRate.constant(1), 1, false))
                .hasMessage("momentum must be in [0, 1), was 1.0");
        assertThatThrownBy(() -> TrainingPlan.of(8, 0.1, 0, new Seed(1))).hasMessage("epochs must be >= 1, was 0");
    }
}
