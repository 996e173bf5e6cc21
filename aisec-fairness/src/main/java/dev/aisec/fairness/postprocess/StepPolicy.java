// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A decision rule that is a step function of the score in each group.
 *
 * @param rules the rule of each group, by number of the group; a rule without steps is that of a group that was not seen in fitting
 */
public record StepPolicy(List<Rule> rules) implements DecisionPolicy {
    /** Below this a weight is rounding. */
    private static final double NOTHING = 1e-14;

    /** Copies the rules. */
    public StepPolicy {
        rules = List.copyOf(rules);
    }

    /**
     * The rule of a group. Below the first step nobody is accepted.
     *
     * @param steps in ascending order of {@code from}
     */
    public record Rule(List<Step> steps) {
        /** The rule of a group that was not seen. */
        public static final Rule UNSEEN = new Rule(List.of());

        /** Copies and checks the steps. */
        public Rule {
            steps = List.copyOf(steps);
            for (int i = 1; i < steps.size(); i++) {
                if (!(steps.get(i).from() > steps.get(i - 1).from())) {
                    throw new IllegalArgumentException("steps must be in ascending order, step " + i + " was "
                            + steps.get(i).from() + " after " + steps.get(i - 1).from());
                }
            }
        }

        /**
         * One threshold.
         *
         * @param from scores of at least this are accepted; not NaN
         * @return the rule
         */
        public static Rule threshold(double from) {
            return new Rule(List.of(new Step(from, 1)));
        }

        /** Mixes the rules of some points of a curve; weights add to 1 but for rounding. */
        static Rule mixture(ScoreCurve curve, int[] points, double[] weights) {
            int[] order = points.clone();
            Arrays.sort(order);
            List<Step> steps = new ArrayList<>();
            double probability = 0;
            double nobody = 0;
            for (int k = order.length - 1; k >= 0; k--) {
                if (k + 1 < order.length && order[k] == order[k + 1]) {
                    continue;
                }
                double weight = 0;
                for (int i = 0; i < points.length; i++) {
                    weight += points[i] == order[k] ? weights[i] : 0;
                }
                if (order[k] == 0) {
                    nobody = weight;
                } else if (weight > NOTHING) {
                    probability = Math.min(1, probability + weight);
                    steps.add(new Step(curve.threshold[order[k]], probability));
                }
            }
            if (nobody <= NOTHING && !steps.isEmpty()) {
                int last = steps.size() - 1;
                steps.set(last, new Step(steps.get(last).from(), 1));
            }
            // A rule without steps would be that of an unseen group.
            return steps.isEmpty() ? threshold(Double.POSITIVE_INFINITY) : new Rule(steps);
        }

        double at(double score) {
            double probability = 0;
            for (int i = 0; i < steps.size() && score >= steps.get(i).from(); i++) {
                probability = steps.get(i).probability();
            }
            return probability;
        }
    }

    /**
     * A step.
     *
     * @param from lowest score that it holds for, up to the next step; not NaN
     * @param probability of the favourable decision, in [0, 1]
     */
    public record Step(double from, double probability) {
        /** Checks the numbers. */
        public Step {
            if (Double.isNaN(from)) {
                throw new IllegalArgumentException("from must be a number, was NaN");
            }
            Checks.share("probability", probability);
        }
    }

    @Override
    public double acceptProbability(int group, double score) {
        if (Double.isNaN(score)) {
            throw new IllegalArgumentException("score must be a number, was NaN");
        }
        Checks.group(group, rules.size());
        Rule rule = rules.get(group);
        if (rule.steps().isEmpty()) {
            throw new IllegalArgumentException("group must be one with rows in fitting, was " + group);
        }
        return rule.at(score);
    }

    static StepPolicy of(int groups, List<ScoreCurve> curves, List<Rule> seen) {
        Rule[] all = new Rule[groups];
        Arrays.fill(all, Rule.UNSEEN);
        for (int c = 0; c < curves.size(); c++) {
            all[curves.get(c).group()] = seen.get(c);
        }
        return new StepPolicy(List.of(all));
    }
}
