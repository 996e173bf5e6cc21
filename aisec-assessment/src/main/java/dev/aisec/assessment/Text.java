// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Numbers and names as both reports print them. */
final class Text {
    private static final Map<String, String> TITLES = Map.ofEntries(
            Map.entry("clean-accuracy", "clean accuracy"),
            Map.entry("robust-accuracy", "robust accuracy"),
            Map.entry("certified-accuracy", "certified accuracy"),
            Map.entry("corruption-accuracy", "accuracy under corruption"),
            Map.entry("abstention-rate", "abstention rate"),
            Map.entry("checked-examples", "examples of the checklist that were right"),
            Map.entry("auc", "area under the ROC"),
            Map.entry("roc", "ROC"),
            Map.entry("roc-by-group", "ROC by group"),
            Map.entry("true-positive-rate-at-5pct-fpr", "attacks detected at 5 % false alarms"),
            Map.entry("false-positive-rate-at-5pct-fpr", "false alarms, measured"),
            Map.entry("epsilon", "ε, largest perturbation"),
            Map.entry("radius", "certified radius"),
            Map.entry("false-positive-rate", "false-positive rate"),
            Map.entry("true-positive-rate", "true-positive rate"));

    private static final Set<Technique> FAIRNESS =
            EnumSet.of(Technique.FAIRNESS_EVALUATION, Technique.FAIRNESS_CONSTRAINT, Technique.BIAS_POST_PROCESSING);

    private Text() {}

    static String title(String name) {
        return TITLES.getOrDefault(name, name.replace('-', ' '));
    }

    /** A group's point in a plot of all groups; the same number stands among the single figures. */
    static boolean byGroup(Measurement.Curve curve) {
        return curve.points().size() == 1 && curve.name().endsWith("-by-group");
    }

    static boolean fairness(Evidence evidence) {
        return FAIRNESS.contains(evidence.technique());
    }

    /** Beside other matters, fairness has a section of its own. */
    static boolean fairnessApart(Assessment assessment) {
        List<Evidence> all = assessment.subjects().stream()
                .flatMap(s -> s.evidence().stream())
                .toList();
        return all.stream().anyMatch(Text::fairness) && !all.stream().allMatch(Text::fairness);
    }

    static String labels(Map<String, String> labels) {
        return labels.entrySet().stream()
                .map(e -> e.getKey().equals("norm") ? norm(e.getValue()) : e.getKey() + " " + e.getValue())
                .collect(Collectors.joining(", "));
    }

    static String norm(String name) {
        return name.equals("LINF") ? "L∞" : name;
    }

    static String heading(Measurement measurement) {
        String labels = labels(measurement.labels());
        return labels.isEmpty() ? title(measurement.name()) : title(measurement.name()) + " (" + labels + ")";
    }

    /** A share as percent, anything else with four significant digits. */
    static String value(double value, String unit) {
        if (unit.equals("1") && value >= 0 && value <= 1) {
            return number(value * 100, 1) + " %";
        }
        return significant(value) + (unit.equals("1") ? "" : " " + unit);
    }

    /** A value with its interval, or why there is none. */
    static String estimate(Estimate estimate, String unit) {
        if (estimate instanceof Estimate.Measured m) {
            return value(m.value(), unit) + " ("
                    + value(m.interval().lower(), unit).replace(" %", "") + " to "
                    + value(m.interval().upper(), unit) + ")";
        }
        return "abstained: " + ((Estimate.Abstained) estimate).reason();
    }

    static String number(double value, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    static String significant(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e6) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
        String text = String.format(Locale.ROOT, "%.4g", value);
        return text.contains("e") || !text.contains(".") ? text : text.replaceAll("0+$", "");
    }
}
