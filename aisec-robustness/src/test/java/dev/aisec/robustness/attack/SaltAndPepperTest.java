// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.LinearClassifier;
import dev.aisec.core.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SaltAndPepperTest {
    private static final int N = AttackContractTest.N;

    /** Inputs away from the ends, so that every pixel that is set is a changed feature. */
    private static Batch inputs(int rows) {
        float[] values = AttackContractTest.inputs(rows).toArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = 0.1f + 0.8f * values[i];
        }
        return Batch.wrap(values, AttackContractTest.SPEC.inputShape());
    }

    @Test
    void perturb_brokenRow_wasNotBrokenByOnePixelFewer() {
        LinearClassifier model = AttackContractTest.model();
        int several = 0;
        for (int row = 0; row < 30; row++) {
            Batch input = inputs(30).select(row);
            int label = model.predict(input)[0];
            List<Batch> asked = new ArrayList<>();
            Classifier recording = new Classifier() {
                @Override
                public ModelSpec spec() {
                    return model.spec();
                }

                @Override
                public Batch logits(Batch in) {
                    asked.add(in);
                    return model.logits(in);
                }
            };
            AttackResult result = new SaltAndPepper(50, 1, new Seed(3)).perturb(recording, input, Goal.avoid(label));
            if (result.count(AttackResult.Status.SUCCEEDED) == 0) {
                continue;
            }
            Batch sample = result.samples();
            int changed = SparseRsTest.changed(sample.row(0), input.row(0));
            assertThat(result.rows().get(0).distance()).isEqualTo(changed);
            for (int j = 0; j < N; j++) {
                float value = sample.get(0, j);
                assertThat(value == 0 || value == 1 || value == input.get(0, j)).isTrue();
            }
            several += changed > 1 ? 1 : 0;
            assertThat(asked).anySatisfy(one -> {
                assertThat(SparseRsTest.changed(one.row(0), sample.row(0))).isEqualTo(1);
                assertThat(SparseRsTest.changed(one.row(0), input.row(0))).isEqualTo(changed - 1);
                assertThat(model.predict(one)[0]).isEqualTo(label);
            });
        }
        assertThat(several).isGreaterThanOrEqualTo(8);
    }

    @Test
    void perturb_moreStepsThanPixels_asksAboutEachNumberOnce() {
        LinearClassifier flat = new LinearClassifier(new float[3][N], new float[] {1, 0, 0}, AttackContractTest.SPEC);
        AttackResult result = SaltAndPepper.standard().perturb(flat, inputs(2), Goal.avoid(0, 0));
        assertThat(result.rows()).allSatisfy(r -> assertThat(r.queries()).isEqualTo(1 + 5 * N));
        assertThat(result.count(AttackResult.Status.FAILED)).isEqualTo(2);
    }

    @Test
    void constructor_badParameters_namesThem() {
        assertThatThrownBy(() -> new SaltAndPepper(0, 1, new Seed(0)))
                .hasMessage("steps and orders must be >= 1, were 0 and 1");
    }
}
