// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The ranges of a policy by the names they are for: a learned policy has thousands, and a hostile file a million names. */
final class ParameterRanges {
    private static final ParameterRange REST = ParameterRange.finite("*");

    private final List<ParameterRange> all;
    private final Map<String, Integer> exact = new HashMap<>();
    private final List<Integer> patterns = new ArrayList<>();

    ParameterRanges(List<ParameterRange> all) {
        this.all = all;
        for (int i = 0; i < all.size(); i++) {
            String tensors = all.get(i).tensors();
            if (tensors.indexOf('*') < 0) {
                exact.putIfAbsent(tensors, i);
            } else {
                patterns.add(i);
            }
        }
    }

    /** The first that matches, else what is asked of every tensor. */
    ParameterRange of(String tensor) {
        int first = exact.getOrDefault(tensor, all.size());
        for (int i : patterns) {
            if (i > first) {
                break;
            }
            if (all.get(i).matches(tensor)) {
                return all.get(i);
            }
        }
        return first < all.size() ? all.get(first) : REST;
    }
}
