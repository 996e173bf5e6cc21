// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ModelSpec;
import java.util.HashMap;
import java.util.Map;

/** A model without gradients that counts how often each row is asked about, and how often it is called. */
final class BlackBox implements Classifier {
    final Map<Long, Integer> asked = new HashMap<>();
    int calls;
    private final Classifier model;

    BlackBox(Classifier model) {
        this.model = model;
    }

    @Override
    public Batch logits(Batch inputs) {
        calls++;
        for (int i = 0; i < inputs.size(); i++) {
            asked.merge(inputs.rowNumber(i), 1, Integer::sum);
        }
        return model.logits(inputs);
    }

    @Override
    public ModelSpec spec() {
        return model.spec();
    }

    /** Runs an attack on this model and checks that it reports the queries that were made, of each row. */
    AttackResult attackedBy(Attack<? super BlackBox> attack, Batch inputs, Goal goal) {
        AttackResult result = attack.perturb(this, inputs, goal);
        for (int i = 0; i < inputs.size(); i++) {
            assertThat(result.rows().get(i).queries())
                    .as("queries of row %d", i)
                    .isEqualTo(asked.get(inputs.rowNumber(i)));
        }
        return result;
    }
}
