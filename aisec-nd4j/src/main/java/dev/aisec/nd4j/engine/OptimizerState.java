// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.Optimizer;

/** Steps of an optimizer over the parameters that are trained, with the moments that it keeps. */
final class OptimizerState {
    private final Optimizer optimizer;
    private final Plan plan;
    private final float[] first;
    private final float[] second;

    OptimizerState(Optimizer optimizer, Plan plan) {
        this.optimizer = optimizer;
        this.plan = plan;
        boolean momentum = optimizer instanceof Optimizer.Adam || ((Optimizer.Sgd) optimizer).momentum() > 0;
        first = new float[momentum ? plan.layout.size() : 0];
        second = new float[optimizer instanceof Optimizer.Adam ? plan.layout.size() : 0];
    }

    /** Changes the parameters; the step counts from 0. */
    void step(float[] parameters, float[] gradient, long step, long steps) {
        double rate = optimizer.learningRate().at(step, steps);
        Checks.range("learning rate of step " + step, rate, 0, Double.MAX_VALUE);
        for (int t = 0; t < plan.tensors.size(); t++) {
            if (plan.frozenTensor[t] || plan.tensors.get(t).kind() == TensorSpec.Kind.STATISTIC) {
                continue;
            }
            int from = plan.offset(t);
            int to = from + plan.tensors.get(t).shape().size();
            if (optimizer instanceof Optimizer.Sgd sgd) {
                sgd(sgd, parameters, gradient, from, to, (float) rate);
            } else if (optimizer instanceof Optimizer.Adam adam) {
                adam(adam, parameters, gradient, from, to, rate, step);
            }
        }
    }

    private void sgd(Optimizer.Sgd sgd, float[] p, float[] g, int from, int to, float rate) {
        float mu = (float) sgd.momentum();
        if (mu == 0) {
            for (int i = from; i < to; i++) {
                p[i] -= rate * g[i];
            }
        } else if (sgd.nesterov()) {
            for (int i = from; i < to; i++) {
                float v = mu * first[i] + g[i];
                first[i] = v;
                p[i] -= rate * (g[i] + mu * v);
            }
        } else {
            for (int i = from; i < to; i++) {
                float v = mu * first[i] + g[i];
                first[i] = v;
                p[i] -= rate * v;
            }
        }
    }

    /** Kingma, Ba, ICLR 2015, algorithm 1; the corrections of both moments are constants of the step. */
    private void adam(Optimizer.Adam adam, float[] p, float[] g, int from, int to, double rate, long step) {
        float b1 = (float) adam.beta1();
        float b2 = (float) adam.beta2();
        float a1 = (float) (1 - adam.beta1());
        float a2 = (float) (1 - adam.beta2());
        float c1 = (float) (rate / (1 - Math.pow(adam.beta1(), step + 1)));
        float c2 = (float) (1 / (1 - Math.pow(adam.beta2(), step + 1)));
        float epsilon = (float) adam.epsilon();
        for (int i = from; i < to; i++) {
            first[i] = b1 * first[i] + a1 * g[i];
        }
        for (int i = from; i < to; i++) {
            second[i] = b2 * second[i] + a2 * g[i] * g[i];
        }
        for (int i = from; i < to; i++) {
            p[i] -= c1 * first[i] / ((float) Math.sqrt(c2 * second[i]) + epsilon);
        }
    }
}
