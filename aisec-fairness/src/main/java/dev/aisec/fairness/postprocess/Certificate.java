// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.postprocess.ParityConstraint.Rate;
import java.util.List;

/**
 * Bounds by plain arithmetic, rounded outward: each sum carries the sum of its absolute terms, from which the rounding error is
 * bounded (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed. 2002, section 3.1).
 *
 * <p>Weak duality: rates in [0, 1] differ by at most τ exactly if an l in [0, 1 − τ] has all of them in [l, l + τ]. With any
 * multipliers λ, one for each group and rate, no feasible rule is better than {@code Σ_g max_j (u_gj − λ_g r_gj) + Σ_rates
 * [max(0, (1 − τ) Σ_g λ_g) + τ Σ_g max(0, λ_g)]}. With one rule for all groups the maximum stands before the sum.
 */
final class Certificate {
    private static final double UNIT = 0x1p-53;

    private Certificate() {}

    /** More than the roundings that any term goes through. */
    private static double relativeError(ThresholdProblem problem) {
        return (4.0 * problem.curves().size() + 64) * UNIT;
    }

    /** A bound that no feasible rule exceeds. */
    static double upper(ThresholdProblem problem, List<Double> multipliers) {
        List<ScoreCurve> curves = problem.curves();
        LinearObjective u = LinearObjective.of(problem.objective(), curves);
        List<Rate> rates = problem.constraint().rates();
        double error = relativeError(problem);
        double sum = u.constant();
        double size = u.size();
        int points = problem.attributeFree() ? curves.get(0).size() : 0;
        double[] value = new double[points];
        double[] magnitude = new double[points];
        for (int g = 0; g < curves.size(); g++) {
            ScoreCurve curve = curves.get(g);
            double best = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < curve.size(); j++) {
                double up = u.gain()[g] * curve.tp[j];
                double down = u.loss()[g] * curve.fp[j];
                double v = up - down;
                double a = up + down;
                for (int m = 0; m < rates.size(); m++) {
                    double priced =
                            multipliers.get(g * rates.size() + m) * rates.get(m).at(curve, j);
                    v -= priced;
                    a += Math.abs(priced);
                }
                if (points > 0) {
                    value[j] += v;
                    magnitude[j] += a;
                } else {
                    best = Math.max(best, v + error * a);
                }
            }
            if (points == 0) {
                sum += best;
                size += Math.abs(best);
            }
        }
        if (points > 0) {
            double best = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < points; j++) {
                best = Math.max(best, value[j] + error * magnitude[j]);
            }
            sum += best;
            size += Math.abs(best);
        }
        double tolerance = problem.tolerance();
        for (int m = 0; m < rates.size(); m++) {
            double net = 0;
            double above = 0;
            double all = 0;
            for (int g = 0; g < curves.size(); g++) {
                double lambda = multipliers.get(g * rates.size() + m);
                net += lambda;
                above += Math.max(0, lambda);
                all += Math.abs(lambda);
            }
            sum += Math.max(0, (1 - tolerance) * net) + tolerance * above;
            // The net can cancel: its error counts by the absolute terms.
            size += 2 * all;
        }
        return Math.nextUp(sum + error * size);
    }

    /** The slope of {@link #upper} in the tolerance. */
    static double slope(ThresholdProblem problem, List<Double> multipliers) {
        int rates = problem.constraint().rates().size();
        double slope = 0;
        for (int m = 0; m < rates; m++) {
            double net = 0;
            for (int i = m; i < multipliers.size(); i += rates) {
                net += multipliers.get(i);
                slope += Math.max(0, multipliers.get(i));
            }
            slope -= Math.max(0, net);
        }
        return slope;
    }

    /** How much weight a rule puts on each point of a curve: by its steps. */
    private static double mixed(StepPolicy.Rule rule, ScoreCurve curve, PointValue value, boolean absolute) {
        double sum = 0;
        double before = 0;
        for (StepPolicy.Step step : rule.steps()) {
            double weight = step.probability() - before;
            before = step.probability();
            if (weight == 0 || step.from() == Double.POSITIVE_INFINITY) {
                continue;
            }
            int j = curve.point(step.from());
            if (j < 0) {
                throw new MismatchException("threshold " + step.from() + " is none of " + curve.name());
            }
            sum += absolute ? Math.abs(weight) * value.magnitude(j) : weight * value.value(j);
        }
        return sum;
    }

    private interface PointValue {
        double value(int j);

        default double magnitude(int j) {
            return Math.abs(value(j));
        }
    }

    /** A lower bound of the objective of a rule. */
    static double objective(ThresholdProblem problem, StepPolicy policy) {
        List<ScoreCurve> curves = problem.curves();
        LinearObjective u = LinearObjective.of(problem.objective(), curves);
        double error = relativeError(problem);
        double sum = u.constant();
        double size = u.size();
        for (int g = 0; g < curves.size(); g++) {
            ScoreCurve curve = curves.get(g);
            double gain = u.gain()[g];
            double loss = u.loss()[g];
            PointValue value = new PointValue() {
                @Override
                public double value(int j) {
                    return gain * curve.tp[j] - loss * curve.fp[j];
                }

                @Override
                public double magnitude(int j) {
                    return gain * curve.tp[j] + loss * curve.fp[j];
                }
            };
            StepPolicy.Rule rule = rule(policy, curve);
            sum += mixed(rule, curve, value, false);
            size += mixed(rule, curve, value, true);
        }
        return Math.nextDown(sum - error * size);
    }

    /** An upper bound of by how much the rates of a rule differ beyond the tolerance; at least 0. */
    static double violation(ThresholdProblem problem, StepPolicy policy) {
        double error = 2 * relativeError(problem);
        double worst = 0;
        for (Rate rate : problem.constraint().rates()) {
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (ScoreCurve curve : problem.curves()) {
                double r = mixed(rule(policy, curve), curve, j -> rate.at(curve, j), false);
                least = Math.min(least, r);
                most = Math.max(most, r);
            }
            worst = Math.max(worst, Math.nextUp(most - least - problem.tolerance() + error));
        }
        return worst;
    }

    private static StepPolicy.Rule rule(StepPolicy policy, ScoreCurve curve) {
        if (curve.group() >= policy.rules().size()
                || policy.rules().get(curve.group()).steps().isEmpty()) {
            throw new MismatchException("no rule for " + curve.name());
        }
        return policy.rules().get(curve.group());
    }

    /** The rule is not one of the problem. */
    static final class MismatchException extends RuntimeException {
        private static final long serialVersionUID = 1;

        MismatchException(String message) {
            super(message);
        }
    }
}
