// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.util.ArrayList;
import java.util.List;

/** What the numbers of a tensor may be. */
final class ParameterRules {
    static final Rule NOT_A_NUMBER = Rule.reject(
            "parameters.not-a-number", "A parameter is NaN, so whatever is computed from it is NaN.", "IEEE 754");
    static final Rule INFINITE = Rule.reject(
            "parameters.infinite",
            "A parameter is infinite, so what is computed from it is infinite or NaN.",
            "IEEE 754");
    static final Rule NOT_BOOLEAN = Rule.warn(
            "parameters.not-boolean", "A truth value is neither 0 nor 1; programs differ in what they make of it.", "");
    static final Rule NOT_JUDGED = Rule.cannotInspect(
            "parameters.not-judged",
            "The policy asks for outliers, but too many large tensors are interleaved to find them.",
            "CWE-400");

    static final List<Rule> ALL = List.of(NOT_A_NUMBER, INFINITE, NOT_BOOLEAN, NOT_JUDGED);

    /** A rule that is broken, and how. */
    record Broken(Rule rule, String message) {}

    private ParameterRules() {}

    /**
     * Judges a tensor. A range for {@code *} is about floating point numbers: integers are counters, indices and quantized
     * values, and need a pattern of their own.
     */
    static List<Broken> judge(ParameterRange range, boolean tolerant, Tensor tensor, ParameterStatistics statistics) {
        List<Broken> broken = new ArrayList<>();
        String name = Text.quote(tensor.name());
        long infinite = statistics.positiveInfinite() + statistics.negativeInfinite();
        if (range.finite() && statistics.notANumber() > 0) {
            broken.add(new Broken(
                    tolerant ? NOT_A_NUMBER.as(Rule.Effect.WARN) : NOT_A_NUMBER,
                    "numbers of " + name + " must not be NaN, " + statistics.notANumber() + " of " + statistics.count()
                            + " are"));
        }
        if (range.finite() && infinite > 0) {
            Rule.Effect effect = tensor.role() == Tensor.Role.CONSTANT
                    ? Rule.Effect.NOTE
                    : tolerant ? Rule.Effect.WARN : Rule.Effect.REJECT;
            broken.add(new Broken(
                    INFINITE.as(effect),
                    "numbers of " + name + " must be finite, " + infinite + " of " + statistics.count()
                            + " are infinite"));
        }
        if (tensor.type().floating() || !range.tensors().equals("*")) {
            bounds(range, name, statistics, broken);
        }
        return broken;
    }

    private static void bounds(ParameterRange range, String name, ParameterStatistics statistics, List<Broken> broken) {
        double low = !range.finite() && statistics.negativeInfinite() > 0 ? Double.NEGATIVE_INFINITY : statistics.min();
        double high =
                !range.finite() && statistics.positiveInfinite() > 0 ? Double.POSITIVE_INFINITY : statistics.max();
        if (low < range.min() || high > range.max()) {
            broken.add(new Broken(
                    VerificationPolicy.RANGE,
                    "numbers of " + name + " must be in [" + range.min() + ", " + range.max() + "], are in [" + low
                            + ", " + high + "]"));
        }
        statistics.spread().ifPresent(spread -> {
            // More than half of the numbers are equal: the standard deviation has to do.
            double unit = spread.deviation() > 0 ? spread.deviation() : statistics.standardDeviation();
            double furthest = Math.max(statistics.max() - spread.median(), spread.median() - statistics.min());
            if (unit > 0 && furthest / unit > range.outliers()) {
                broken.add(new Broken(
                        VerificationPolicy.OUTLIER,
                        "numbers of " + name + " must lie within " + range.outliers()
                                + " deviations of the median, one lies at " + (float) (furthest / unit)));
            }
        });
    }
}
