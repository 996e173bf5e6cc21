// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.fairness.internal.Checks;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.List;

/**
 * Error and constraints as linear functions of the shares r(c) of favourable decisions in the cells c = 2·group + label. A slot is an
 * event of one group that has weight; a parity has two constraints per slot, + and −, a bounded loss one.
 */
final class Moments {
    private final FairnessConstraint constraint;
    private final double bound;
    private final int groups;
    private final double[] mass;
    private final double[] eventMass;
    private final double[] slotMass;
    private final int[] slotEvent;
    private final int[] slotGroup;
    private final List<Finding> findings;

    Moments(FairnessConstraint constraint, double bound, GroupedRows rows) {
        this.constraint = constraint;
        this.bound = bound;
        groups = rows.space().size();
        mass = new double[2 * groups];
        double total = 0;
        for (int i = 0; i < rows.size(); i++) {
            mass[cell(rows, i)] += rows.weight(i);
            total += rows.weight(i);
        }
        Checks.total(total);
        for (int c = 0; c < mass.length; c++) {
            mass[c] /= total;
        }
        int events = constraint.events();
        eventMass = new double[events];
        List<double[]> slots = new ArrayList<>();
        List<Finding> dropped = new ArrayList<>();
        for (int e = 0; e < events; e++) {
            int before = slots.size();
            for (int g = 0; g < groups; g++) {
                double own = 0;
                for (int label = 0; label < 2; label++) {
                    own += constraint.concerns(e, label) ? mass[2 * g + label] : 0;
                }
                if (own > 0) {
                    slots.add(new double[] {e, g, own});
                } else {
                    dropped.add(Finding.of(
                            Severity.WARNING,
                            "fairness.empty-group",
                            "no row with weight that the constraint concerns: the group is not constrained",
                            rows.space().name(g)));
                }
                eventMass[e] += own;
            }
            if (constraint.isParity() && slots.size() == before + 1) {
                // One group alone always agrees with itself.
                slots.remove(before);
                dropped.add(Finding.of(
                        Severity.WARNING,
                        "fairness.single-group",
                        "only one group has rows that the constraint concerns: nothing to compare",
                        ""));
            }
        }
        slotEvent = new int[slots.size()];
        slotGroup = new int[slots.size()];
        slotMass = new double[slots.size()];
        for (int s = 0; s < slots.size(); s++) {
            slotEvent[s] = (int) slots.get(s)[0];
            slotGroup[s] = (int) slots.get(s)[1];
            slotMass[s] = slots.get(s)[2];
        }
        findings = List.copyOf(dropped);
    }

    static void requireNumber(double score, int row) {
        if (Double.isNaN(score)) {
            throw new IllegalArgumentException("scores must not be NaN, row " + row + " was");
        }
    }

    static int cell(GroupedRows rows, int row) {
        return 2 * rows.group(row) + (rows.favourable(row) ? 1 : 0);
    }

    List<Finding> findings() {
        return findings;
    }

    int slots() {
        return slotMass.length;
    }

    int event(int slot) {
        return slotEvent[slot];
    }

    int constraints() {
        return constraint.isParity() ? 2 * slotMass.length : slotMass.length;
    }

    /** Shares of favourable decisions by cell; 0 where no row has weight. */
    double[] rates(GroupedRows rows, double[] scores) {
        double[] accepted = new double[mass.length];
        double[] all = new double[mass.length];
        for (int i = 0; i < scores.length; i++) {
            int c = cell(rows, i);
            all[c] += rows.weight(i);
            accepted[c] += scores[i] > 0.5 ? rows.weight(i) : 0;
        }
        for (int c = 0; c < all.length; c++) {
            accepted[c] = all[c] > 0 ? Math.min(1, accepted[c] / all[c]) : 0;
        }
        return accepted;
    }

    double error(double[] rates) {
        double error = 0;
        for (int c = 0; c < mass.length; c++) {
            error += mass[c] * ((c & 1) == 1 ? 1 - rates[c] : rates[c]);
        }
        return error;
    }

    /** By slot: the group's rate minus the overall rate, or the group's loss. */
    double[] deviations(double[] rates) {
        double[] own = new double[slotMass.length];
        double[] overall = new double[eventMass.length];
        for (int s = 0; s < own.length; s++) {
            for (int label = 0; label < 2; label++) {
                if (constraint.concerns(slotEvent[s], label)) {
                    int c = 2 * slotGroup[s] + label;
                    double u = constraint.countsErrors() && label == 1 ? 1 - rates[c] : rates[c];
                    own[s] += mass[c] * u;
                }
            }
            overall[slotEvent[s]] += own[s];
            own[s] /= slotMass[s];
        }
        if (constraint.isParity()) {
            for (int s = 0; s < own.length; s++) {
                own[s] -= overall[slotEvent[s]] / eventMass[slotEvent[s]];
            }
        }
        return own;
    }

    /** By constraint: how far above its bound; negative below. */
    double[] violations(double[] rates) {
        double[] deviations = deviations(rates);
        double[] violations = new double[constraints()];
        for (int s = 0; s < deviations.length; s++) {
            if (constraint.isParity()) {
                violations[2 * s] = deviations[s] - bound;
                violations[2 * s + 1] = -deviations[s] - bound;
            } else {
                violations[s] = deviations[s] - bound;
            }
        }
        return violations;
    }

    /** By cell: what a favourable decision adds to the Lagrangian, for each unit of a row's weight. */
    double[] costs(double[] multipliers) {
        double[] costs = new double[mass.length];
        for (int c = 0; c < costs.length; c++) {
            costs[c] = (c & 1) == 1 ? -1 : 1;
        }
        double[] net = new double[slotMass.length];
        double[] overall = new double[eventMass.length];
        for (int s = 0; s < net.length; s++) {
            net[s] = constraint.isParity() ? multipliers[2 * s] - multipliers[2 * s + 1] : multipliers[s];
            overall[slotEvent[s]] += net[s];
        }
        for (int s = 0; s < net.length; s++) {
            double own = net[s] / slotMass[s];
            if (constraint.isParity()) {
                own -= overall[slotEvent[s]] / eventMass[slotEvent[s]];
            }
            for (int label = 0; label < 2; label++) {
                if (constraint.concerns(slotEvent[s], label)) {
                    costs[2 * slotGroup[s] + label] += constraint.countsErrors() && label == 1 ? -own : own;
                }
            }
        }
        return costs;
    }
}
