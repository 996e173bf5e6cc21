// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What every classifier keeps; a subclass lists all implementations of its module, by name. */
public abstract class ClassifierContract {
    /** All implementations, each with inputs of any finite values inside its bounds. */
    protected abstract Map<String, Classifier> all();

    /** How far logits may differ between batch sizes, relative to the largest. */
    protected double tolerance() {
        return 1e-5;
    }

    @TestFactory
    Stream<DynamicTest> contract() {
        return all().entrySet().stream().flatMap(e -> {
            String name = e.getKey();
            Classifier model = e.getValue();
            List<DynamicTest> tests = new ArrayList<>(List.of(
                    DynamicTest.dynamicTest(name + ": row by row", () -> rowByRow(model)),
                    DynamicTest.dynamicTest(name + ": edges", () -> edges(model)),
                    DynamicTest.dynamicTest(name + ": threads", () -> threads(model))));
            if (model instanceof DifferentiableClassifier d) {
                tests.add(DynamicTest.dynamicTest(name + ": gradient", () -> gradient(d)));
            }
            if (model instanceof LayeredClassifier l) {
                tests.add(DynamicTest.dynamicTest(name + ": layers", () -> layers(l)));
            }
            return tests.stream();
        });
    }

    static Batch inputs(Classifier model, int rows) {
        ModelSpec spec = model.spec();
        RandomGenerator random = new Seed(31).generator(0);
        int n = spec.inputShape().size();
        float[] values = new float[rows * n];
        for (int i = 0; i < values.length; i++) {
            float low = Math.max(-2, spec.bounds().lower(i % n));
            float high = Math.min(2, spec.bounds().upper(i % n));
            values[i] = low + random.nextFloat() * (high - low);
        }
        return Batch.wrap(values, spec.inputShape());
    }

    private void rowByRow(Classifier model) {
        Batch inputs = inputs(model, 9);
        float[] before = inputs.toArray();
        Batch logits = model.logits(inputs);
        assertThat(inputs.toArray()).as("inputs unchanged").isEqualTo(before);
        assertThat(logits.size()).isEqualTo(9);
        assertThat(logits.shape()).isEqualTo(Shape.of(model.spec().classes()));
        for (int i = 0; i < 9; i++) {
            assertThat(logits.rowNumber(i)).isEqualTo(i);
            near(model.logits(inputs.rows(i, i + 1)), 0, logits, i);
            near(model.logits(inputs.select(i)), 0, logits, i);
        }
        near(model.logits(inputs.select(8, 0, 4)), 2, logits, 4);
        assertThat(model.predict(inputs)).isEqualTo(Logits.argmax(logits));
        Batch p = model.probabilities(inputs);
        for (int i = 0; i < 9; i++) {
            double sum = 0;
            for (float v : p.row(i)) {
                sum += v;
            }
            assertThat(Math.abs(sum - 1)).isLessThan(1e-5);
        }
    }

    private void near(Batch a, int row, Batch b, int other) {
        double scale = 1;
        for (float v : b.row(other)) {
            scale = Math.max(scale, Float.isInfinite(v) ? 1 : Math.abs(v));
        }
        for (int c = 0; c < a.shape().size(); c++) {
            float x = a.get(row, c);
            float y = b.get(other, c);
            assertThat(x == y || Math.abs((double) x - y) <= tolerance() * scale)
                    .as("%s and %s", x, y)
                    .isTrue();
        }
    }

    private static void edges(Classifier model) {
        Batch none = inputs(model, 0);
        assertThat(model.logits(none).size()).isZero();
        assertThat(model.predict(none)).isEmpty();
        Shape wrong = Shape.of(model.spec().inputShape().size() + 1);
        assertThatThrownBy(() -> model.logits(Batch.wrap(new float[wrong.size()], wrong)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(wrong.toString())
                .hasMessageContaining(model.spec().inputShape().toString());
    }

    private static void threads(Classifier model) throws Exception {
        Batch inputs = inputs(model, 5);
        Batch expected = model.logits(inputs);
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<Batch>> answers = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                answers.add(pool.submit(() -> model.logits(inputs)));
            }
            for (Future<Batch> answer : answers) {
                assertThat(answer.get()).isEqualTo(expected);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static void gradient(DifferentiableClassifier model) {
        Batch inputs = inputs(model, 4);
        int classes = model.spec().classes();
        int[] calls = {0};
        LogitsAndGradient both = model.gradient(inputs, z -> {
            calls[0]++;
            assertThat(z.size()).isEqualTo(4);
            float[] v = new float[4 * classes];
            v[0] = 1;
            v[3 * classes + 1] = -2;
            return z.like(v, z.shape());
        });
        assertThat(calls[0]).as("cotangent is asked once, with all rows").isEqualTo(1);
        assertThat(both.logits()).isEqualTo(model.logits(inputs));
        assertThat(both.gradient().shape()).isEqualTo(model.spec().inputShape());
        // Rows without a cotangent have no gradient.
        for (int row : new int[] {1, 2}) {
            for (float g : both.gradient().row(row)) {
                assertThat(g).isZero();
            }
        }
        // Along the gradient the function rises by about the step times its squared norm.
        float[] g = both.gradient().row(0);
        double square = 0;
        for (float v : g) {
            square += (double) v * v;
        }
        assertThat(square).isPositive();
        double h = 1e-3 / Math.sqrt(square);
        float[] up = inputs.row(0);
        float[] down = inputs.row(0);
        for (int j = 0; j < g.length; j++) {
            up[j] += (float) (h * g[j]);
            down[j] -= (float) (h * g[j]);
        }
        double slope = (model.logits(Batch.wrap(up, inputs.shape())).get(0, 0)
                        - model.logits(Batch.wrap(down, inputs.shape())).get(0, 0))
                / (2 * h);
        assertThat(Math.abs(slope - square)).isLessThan(0.05 * square);
        assertThat(model.gradient(inputs.rows(0, 0), z -> z).gradient().size()).isZero();
    }

    private static void layers(LayeredClassifier model) {
        Batch inputs = inputs(model, 3);
        int last = model.layers().size() - 1;
        for (int i = 0; i <= last; i++) {
            Batch activations = model.activations(inputs, i);
            assertThat(activations.shape()).isEqualTo(model.layers().get(i).outputShape());
            assertThat(activations.size()).isEqualTo(3);
        }
        assertThat(model.activations(inputs, last)).isEqualTo(model.logits(inputs));
        assertThatThrownBy(() -> model.activations(inputs, last + 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
