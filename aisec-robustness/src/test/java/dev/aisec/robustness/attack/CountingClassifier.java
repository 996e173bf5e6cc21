// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.ModelSpec;
import java.util.Map;
import java.util.TreeMap;

/** Counts the queries of each row number, and checks that no query leaves the bounds. */
final class CountingClassifier implements Classifier {
    final Map<Long, Integer> queries = new TreeMap<>();
    int calls;
    private final Classifier model;
    private final boolean decisionsOnly;

    CountingClassifier(Classifier model, boolean decisionsOnly) {
        this.model = model;
        this.decisionsOnly = decisionsOnly;
    }

    @Override
    public ModelSpec spec() {
        return model.spec();
    }

    @Override
    public Batch logits(Batch inputs) {
        if (decisionsOnly) {
            throw new AssertionError("logits of a model that gives decisions only");
        }
        count(inputs);
        return model.logits(inputs);
    }

    @Override
    public int[] predict(Batch inputs) {
        count(inputs);
        return model.predict(inputs);
    }

    private void count(Batch inputs) {
        calls++;
        for (int i = 0; i < inputs.size(); i++) {
            queries.merge(inputs.rowNumber(i), 1, Integer::sum);
            for (int j = 0; j < inputs.shape().size(); j++) {
                float value = inputs.get(i, j);
                if (!(value >= spec().bounds().lower(j)
                        && value <= spec().bounds().upper(j))) {
                    throw new AssertionError("query outside the bounds: " + value);
                }
            }
        }
    }
}
