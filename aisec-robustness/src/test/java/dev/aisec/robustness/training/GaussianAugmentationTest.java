// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Labelled;
import dev.aisec.core.model.Shape;
import dev.aisec.core.model.Targets;
import org.junit.jupiter.api.Test;

class GaussianAugmentationTest {
    /** 100,000 draws: the variance lies within 6.2 standard errors with probability 1 − 1e-9. */
    @Test
    void apply_batch_addsNoiseOfItsSigmaAndKeepsTargets() {
        Labelled batch = new Labelled(Batch.of(new float[100_000], Shape.of(50_000)), Targets.of(3, 4));
        Labelled noisy = new GaussianAugmentation(0.25).apply(null, batch, new Seed(1).generator(0));
        double squares = 0;
        for (float v : noisy.inputs().toArray()) {
            squares += v * v;
        }
        assertThat(squares / 100_000).isCloseTo(0.0625, within(6.2 * 0.0625 * Math.sqrt(2e-5)));
        assertThat(noisy.targets().labels()).containsExactly(3, 4);
        assertThat(batch.inputs().get(0, 0)).isZero();
        assertThat(new GaussianAugmentation(0.25)
                        .apply(null, batch, new Seed(1).generator(0))
                        .inputs())
                .isEqualTo(noisy.inputs());
    }

    @Test
    void of_badSigma_isRefused() {
        assertThatThrownBy(() -> new GaussianAugmentation(0)).hasMessage("sigma must be > 0 and finite, was 0.0");
    }
}
