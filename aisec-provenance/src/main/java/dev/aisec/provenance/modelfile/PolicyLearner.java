// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.core.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Makes a policy of files that are known to be good. */
final class PolicyLearner {
    /** Beyond, a policy would be longer than many a model; the range of all tensors has to do. */
    private static final int MOST_RANGES = 10_000;

    /** What is added to each side of a range, as part of its width: fine-tuning moves weights. */
    private static final double MARGIN = 0.5;

    private PolicyLearner() {}

    static VerificationPolicy learn(List<ModelReport> good) {
        if (good.isEmpty()) {
            throw new IllegalArgumentException("good must have a report, has none");
        }
        TreeSet<String> formats = new TreeSet<>();
        TreeSet<String> fingerprints = new TreeSet<>();
        Map<Use, SortedSet<String>> names = new TreeMap<>();
        long length = 1;
        int rank = 1;
        long dimension = 1;
        long elements = 1;
        for (ModelReport report : good) {
            if (report.verification().verdict() != Verdict.ACCEPT) {
                throw new IllegalArgumentException("good must have accepted files only, "
                        + report.verification().subject() + " is "
                        + report.verification().verdict());
            }
            formats.add(report.structure().format());
            fingerprints.add(TopologyFingerprint.of(report.structure()));
            for (Use use : Use.values()) {
                names.computeIfAbsent(use, u -> new TreeSet<>())
                        .addAll(report.names().getOrDefault(use, new TreeSet<>()));
            }
            length = Math.max(length, report.length());
            long sum = 0;
            for (Tensor tensor : report.structure().tensors()) {
                rank = Math.max(rank, tensor.shape().size());
                for (long size : tensor.shape()) {
                    dimension = Math.max(dimension, size);
                }
                sum = Math.addExact(sum, tensor.elements());
            }
            elements = Math.max(elements, sum);
        }
        List<NameList> lists = new ArrayList<>();
        names.forEach((use, used) -> lists.add(new NameList(use, true, used)));
        VerificationPolicy strict = VerificationPolicy.strict();
        return strict.withLimits(strict.limits().withFileBytes(length + length / 4))
                .withListsOf(lists)
                .withRanges(ranges(good))
                .withStructure(StructureRules.any()
                        .withFormats(formats)
                        .withBounds(rank, dimension, elements)
                        .withFingerprints(fingerprints));
    }

    private static List<ParameterRange> ranges(List<ModelReport> good) {
        TreeMap<String, double[]> byName = new TreeMap<>();
        double[] all = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (ModelReport report : good) {
            for (TensorStatistics each : report.parameters()) {
                ParameterStatistics statistics = each.statistics();
                if (each.tensor().type().floating() && statistics.finite() > 0) {
                    String name = each.tensor().name();
                    widen(
                            byName.computeIfAbsent(
                                    name, n -> new double[] {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}),
                            statistics);
                    widen(all, statistics);
                }
            }
        }
        List<ParameterRange> ranges = new ArrayList<>();
        if (byName.size() <= MOST_RANGES) {
            byName.forEach((name, range) -> {
                if (!name.isEmpty()) {
                    ranges.add(range(name, range));
                }
            });
        }
        if (all[0] <= all[1]) {
            ranges.add(range("*", all));
        }
        return ranges;
    }

    private static void widen(double[] range, ParameterStatistics statistics) {
        range[0] = Math.min(range[0], statistics.min());
        range[1] = Math.max(range[1], statistics.max());
    }

    private static ParameterRange range(String tensors, double[] range) {
        double margin = MARGIN * (range[1] - range[0]);
        double low = range[0] - margin;
        double high = range[1] + margin;
        return Double.isFinite(low) && Double.isFinite(high)
                ? ParameterRange.between(tensors, low, high)
                : ParameterRange.finite(tensors);
    }
}
