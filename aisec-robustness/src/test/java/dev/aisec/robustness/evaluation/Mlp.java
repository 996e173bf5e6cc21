// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.core.model.LogitsAndGradient;
import dev.aisec.core.model.ModelSpec;
import dev.aisec.core.model.Shape;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** A network with one hidden layer and random weights, in double: a model that is not linear and has no defence. */
final class Mlp implements DifferentiableClassifier {
    private final ModelSpec spec;
    private final double[][] first;
    private final double[][] second;
    private final boolean relu;

    Mlp(ModelSpec spec, int hidden, boolean relu, long seed) {
        this.spec = spec;
        this.relu = relu;
        RandomGenerator random = new Seed(seed).generator(0);
        int n = spec.inputShape().size();
        first = weights(random, hidden, n);
        second = weights(random, spec.classes(), hidden);
    }

    private static double[][] weights(RandomGenerator random, int out, int in) {
        double[][] w = new double[out][in];
        for (double[] row : w) {
            for (int j = 0; j < in; j++) {
                row[j] = random.nextGaussian() * Math.sqrt(2.0 / in);
            }
        }
        return w;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Batch logits(Batch inputs) {
        spec.requireInputs(inputs);
        float[] z = new float[inputs.size() * spec.classes()];
        for (int i = 0; i < inputs.size(); i++) {
            double[] a = hidden(inputs, i);
            for (int h = 0; h < a.length; h++) {
                a[h] = active(a[h]);
            }
            for (int c = 0; c < second.length; c++) {
                double sum = 0;
                for (int h = 0; h < a.length; h++) {
                    sum += second[c][h] * a[h];
                }
                z[i * second.length + c] = (float) sum;
            }
        }
        return inputs.like(z, Shape.of(second.length));
    }

    @Override
    public LogitsAndGradient gradient(Batch inputs, UnaryOperator<Batch> cotangentOfLogits) {
        Batch logits = logits(inputs);
        Batch v = cotangentOfLogits.apply(logits);
        int n = inputs.shape().size();
        float[] gradient = new float[inputs.size() * n];
        for (int i = 0; i < inputs.size(); i++) {
            double[] a = hidden(inputs, i);
            double[] g = new double[n];
            for (int h = 0; h < a.length; h++) {
                if (relu && a[h] <= 0) {
                    continue;
                }
                double back = 0;
                for (int c = 0; c < second.length; c++) {
                    back += second[c][h] * v.get(i, c);
                }
                double t = active(a[h]);
                back *= relu ? 1 : 1 - t * t;
                for (int j = 0; j < n; j++) {
                    g[j] += back * first[h][j];
                }
            }
            for (int j = 0; j < n; j++) {
                gradient[i * n + j] = (float) g[j];
            }
        }
        return new LogitsAndGradient(logits, inputs.like(gradient, inputs.shape()));
    }

    private double active(double a) {
        return relu ? Math.max(0, a) : Math.tanh(a);
    }

    private double[] hidden(Batch inputs, int i) {
        double[] a = new double[first.length];
        float[] x = inputs.array();
        int at = inputs.offset() + i * inputs.shape().size();
        for (int h = 0; h < a.length; h++) {
            double[] w = first[h];
            double sum = 0;
            for (int j = 0; j < w.length; j++) {
                sum += w[j] * (x[at + j] - 0.5);
            }
            a[h] = sum;
        }
        return a;
    }
}
