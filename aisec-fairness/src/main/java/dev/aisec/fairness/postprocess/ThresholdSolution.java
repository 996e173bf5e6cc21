// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Finding;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import dev.aisec.core.Verdict;
import dev.aisec.core.Verification;
import dev.aisec.fairness.metric.GroupedRows;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A fair threshold rule with the proof that no other is better on these rows.
 *
 * <p>The proof is a bound that holds for every feasible rule whatever the multipliers are (weak duality), so it can be checked
 * without a solver and without trust in one: {@link #verify()} on the curves kept here, {@link #verify(GroupedRows, double[])} on the
 * rows themselves. Limits: "every rule" means every rule on the score and the group that never falls with the score, randomised or
 * not; it is a statement about the rows of the fit, not about the population.
 *
 * @param problem the program, with the hulls of the curves
 * @param policy the rule
 * @param multipliers the certificate: one number for each group and rate, groups outside, in the order of the curves
 * @param objective lower end of what the rule reaches on the rows
 * @param dualBound no feasible rule reaches more
 * @param constraintViolation upper end of by how much the rule's rates differ beyond the tolerance; of the order of rounding, not 0
 * @param audit its rates on the rows
 */
public record ThresholdSolution(
        ThresholdProblem problem,
        StepPolicy policy,
        List<Double> multipliers,
        double objective,
        double dualBound,
        double constraintViolation,
        PolicyAudit audit)
        implements EvidenceSource {
    /** What differs by less was computed alike; far above rounding, far below what matters. */
    private static final double SLACK = 1e-12;

    private static final double MOST_GAP = 1e-9;

    /** Copies the multipliers. */
    public ThresholdSolution {
        multipliers = List.copyOf(multipliers);
    }

    static ThresholdSolution of(
            ThresholdProblem problem, BreakpointScan.Answer answer, GroupedRows rows, double[] scores) {
        StepPolicy policy = StepPolicy.of(rows.space().size(), problem.curves(), answer.rules());
        return new ThresholdSolution(
                problem,
                policy,
                answer.multipliers(),
                Certificate.objective(problem, policy),
                Certificate.upper(problem, answer.multipliers()),
                Certificate.violation(problem, policy),
                PolicyAudit.of(policy, rows, scores, true));
    }

    /**
     * How far from the best this rule can be.
     *
     * @return dual bound less objective; at least 0 for a rule that meets the constraint
     */
    public double gap() {
        return dualBound - objective;
    }

    /**
     * Checks the certificate on the curves kept here, by plain arithmetic. It accepts if the three numbers are, up to 1e-12, true of policy and
     * multipliers, the violation is at most 1e-9 and the gap is at most 1e-9, relative to the size of the objective if that is above
     * 1. It does not check that the curves are those of some rows.
     *
     * @return accepted, or what is wrong
     */
    public Verification verify() {
        return verify(problem);
    }

    /**
     * Checks the certificate on rows, from scratch: against every threshold, not the hulls only; without the
     * attribute, against the thresholds that were looked at.
     *
     * @param rows the rows of the fit
     * @param scores their scores
     * @return accepted, or what is wrong
     */
    public Verification verify(GroupedRows rows, double[] scores) {
        List<ScoreCurve> curves = ScoreCurve.of(rows, scores);
        if (problem.attributeFree()) {
            ScoreCurve kept = problem.curves().get(0);
            curves = curves.stream().map(c -> c.at(kept.threshold)).toList();
        }
        return verify(new ThresholdProblem(
                problem.constraint(), problem.tolerance(), problem.objective(), problem.attributeFree(), curves));
    }

    private Verification verify(ThresholdProblem on) {
        List<Finding> findings = new ArrayList<>();
        int expected = on.curves().size() * on.constraint().rates().size();
        if (multipliers.size() != expected || !multipliers.stream().allMatch(Double::isFinite)) {
            findings.add(wrong("multipliers", "must be " + expected + " finite numbers, were " + multipliers));
        } else {
            double size = Math.max(1, Math.abs(dualBound));
            double bound = Certificate.upper(on, multipliers);
            if (!(dualBound >= bound - SLACK * size)) {
                findings.add(wrong("dual-bound", "must be at least " + bound + ", was " + dualBound));
            }
            try {
                double reached = Certificate.objective(on, policy);
                if (!(objective <= reached + SLACK * size)) {
                    findings.add(wrong("objective", "must be at most " + reached + ", was " + objective));
                }
                double beyond = Certificate.violation(on, policy);
                if (!(constraintViolation >= beyond - SLACK)) {
                    findings.add(wrong("violation", "must be at least " + beyond + ", was " + constraintViolation));
                }
            } catch (Certificate.MismatchException e) {
                findings.add(wrong("policy", "must be a mixture of thresholds on the curves: " + e.getMessage()));
            }
            if (problem.attributeFree() && !oneRule()) {
                findings.add(wrong("policy", "must be one rule for all groups"));
            }
            if (!rising()) {
                findings.add(wrong("policy", "must never fall with the score"));
            }
            if (!(constraintViolation <= MOST_GAP)) {
                findings.add(wrong("infeasible", "violation must be at most 1e-9, was " + constraintViolation));
            }
            if (!(gap() <= MOST_GAP * size)) {
                findings.add(wrong("gap", "gap must be at most 1e-9, was " + gap()));
            }
        }
        return new Verification(
                Technique.BIAS_POST_PROCESSING,
                "threshold rule",
                findings.isEmpty() ? Verdict.ACCEPT : Verdict.REJECT,
                findings);
    }

    private boolean rising() {
        for (StepPolicy.Rule rule : policy.rules()) {
            for (int i = 1; i < rule.steps().size(); i++) {
                if (rule.steps().get(i).probability() < rule.steps().get(i - 1).probability()) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean oneRule() {
        return policy.rules().stream()
                        .filter(r -> !r.steps().isEmpty())
                        .distinct()
                        .count()
                == 1;
    }

    private static Finding wrong(String rule, String message) {
        return Finding.of(Severity.ERROR, "threshold-certificate." + rule, rule + " " + message, "");
    }

    @Override
    public Evidence evidence() {
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put(
                "method",
                problem.attributeFree() ? "one threshold mixture for all groups" : "threshold mixtures by group");
        parameters.put("constraint", problem.constraint().name());
        parameters.put("tolerance", String.valueOf(problem.tolerance()));
        parameters.put("objective", problem.objective().toString());
        parameters.put("objective-at-least", String.valueOf(objective));
        parameters.put("dual-bound", String.valueOf(dualBound));
        parameters.put("constraint-violation-at-most", String.valueOf(constraintViolation));
        parameters.put("interval", "mid-P and score, differences hybrid; effective sample size");
        List<Finding> findings = new ArrayList<>(audit.findings());
        findings.addAll(verify().findings());
        return new Evidence(
                Technique.BIAS_POST_PROCESSING, "threshold rule", parameters, audit.measurements(), findings);
    }
}
