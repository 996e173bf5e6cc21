// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.ModelSpec;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** What networks of one form share, whatever their parameters: plans, scratch memory, where they come from. */
final class Compiled {
    /** Layer by layer, in inference mode. */
    final Plan plain;
    /** Folded, in inference mode; the same as {@link #plain} if there is nothing to fold. */
    final Plan fast;

    private final Optional<Folding> folding;
    private @Nullable Plan training;
    final Frames frames = new Frames();
    final @Nullable Dl4jOrigin origin;

    Compiled(NetworkSpec spec, @Nullable Dl4jOrigin origin) {
        this.origin = origin;
        plain = new Plan(spec, false);
        folding = Folding.of(plain);
        fast = folding.map(Folding::plan).orElse(plain);
    }

    /** Layer by layer, in training mode. */
    synchronized Plan training() {
        if (training == null) {
            training = new Plan(plain.spec, true);
        }
        return training;
    }

    /** A network with the parameters, which are not copied. */
    CompiledNetwork network(float[] flat, ModelSpec spec, @Nullable Executor executor) {
        Weights weights = new Weights(plain, flat);
        return network(weights, spec, executor);
    }

    CompiledNetwork network(Weights weights, ModelSpec spec, @Nullable Executor executor) {
        Weights folded =
                folding.map(f -> new Weights(fast, f.parameters(weights.flat))).orElse(weights);
        return new CompiledNetwork(this, spec, weights, folded, executor);
    }
}
