// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.postprocess;

import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The best objective at each tolerance, from exact agreement of rates to none. It is concave and straight between its corners.
 *
 * <p>Each solution's certificate is, for all tolerances at once, a line that the frontier never crosses. Where the lines of two
 * solutions meet lies either a corner or a further line; that finds every corner with about two solutions for each. Source: Eisner and
 * Severance, "Mathematical Techniques for Efficient Record Segmentation in Large Shared Databases", Journal of the ACM 1976.
 *
 * @param points the corners in ascending order of tolerance, ends included
 * @param exact whether all corners were found, to 1e-11
 * @param largestError upper end of by how much the frontier can lie above the straight line between two points
 */
public record ToleranceFrontier(List<Point> points, boolean exact, double largestError) {
    private static final double SAME = 1e-11;

    /** Copies the points. */
    public ToleranceFrontier {
        points = List.copyOf(points);
    }

    /**
     * A point of the frontier.
     *
     * @param tolerance by how much rates may differ, in [0, 1]
     * @param objective lower end of what the best rule reaches
     * @param dualBound upper end
     */
    public record Point(double tolerance, double objective, double dualBound) {}

    private record Solved(Point point, double slope) {
        double line(double tolerance) {
            return point.dualBound() + slope * (tolerance - point.tolerance());
        }
    }

    private record Piece(Solved left, Solved right, double meeting, double error) {
        static Piece of(Solved left, Solved right) {
            double a = left.point.tolerance();
            double b = right.point.tolerance();
            double turn = left.slope - right.slope;
            double meeting = turn > 0 ? a + (right.line(a) - left.line(a)) / turn : b;
            meeting = Math.max(a, Math.min(b, meeting));
            double chord = left.point.objective()
                    + (right.point.objective() - left.point.objective()) * ((meeting - a) / (b - a));
            return new Piece(
                    left, right, meeting, Math.max(0, Math.min(left.line(meeting), right.line(meeting)) - chord));
        }
    }

    static ToleranceFrontier of(ThresholdProblem problem, int mostSolves) {
        Checks.atLeast("mostSolves", 2, mostSolves);
        int groups = problem.curves().stream().mapToInt(ScoreCurve::group).max().orElse(0) + 1;
        List<Point> points = new ArrayList<>();
        Solved first = solve(problem, groups, 0);
        Solved last = solve(problem, groups, 1);
        points.add(first.point);
        points.add(last.point);
        double scale = Math.max(1, Math.abs(last.point.dualBound()));
        PriorityQueue<Piece> open = new PriorityQueue<>(
                Comparator.comparingDouble((Piece piece) -> -piece.error).thenComparingDouble(piece -> piece.meeting));
        open.add(Piece.of(first, last));
        int solves = 2;
        double settled = 0;
        while (!open.isEmpty() && open.peek().error > SAME * scale && solves < mostSolves) {
            Piece piece = open.remove();
            double t = piece.meeting;
            if (t - piece.left.point.tolerance() <= SAME || piece.right.point.tolerance() - t <= SAME) {
                // Too near to an end to tell apart.
                settled = Math.max(settled, piece.error);
                continue;
            }
            Solved middle = solve(problem, groups, t);
            solves++;
            points.add(middle.point);
            double line = Math.min(piece.left.line(t), piece.right.line(t));
            if (middle.point.objective() >= line - SAME * scale) {
                settled = Math.max(settled, line - middle.point.objective());
            } else {
                open.add(Piece.of(piece.left, middle));
                open.add(Piece.of(middle, piece.right));
            }
        }
        double error = Math.max(settled, open.isEmpty() ? 0 : open.peek().error);
        points.sort(Comparator.comparingDouble(Point::tolerance));
        return new ToleranceFrontier(corners(points, scale), error <= 10 * SAME * scale, error);
    }

    /** Leaves out points on the line between their neighbours. */
    private static List<Point> corners(List<Point> points, double scale) {
        List<Point> kept = new ArrayList<>();
        for (Point point : points) {
            while (kept.size() >= 2) {
                Point a = kept.get(kept.size() - 2);
                Point b = kept.get(kept.size() - 1);
                double share = (b.tolerance - a.tolerance) / (point.tolerance - a.tolerance);
                if (b.objective > a.objective + share * (point.objective - a.objective) + SAME * scale) {
                    break;
                }
                kept.remove(kept.size() - 1);
            }
            kept.add(point);
        }
        return kept;
    }

    private static Solved solve(ThresholdProblem problem, int groups, double tolerance) {
        ThresholdProblem at = problem.withTolerance(tolerance);
        BreakpointScan.Answer answer = ThresholdOptimizer.answer(at);
        StepPolicy policy = StepPolicy.of(groups, at.curves(), answer.rules());
        return new Solved(
                new Point(tolerance, Certificate.objective(at, policy), Certificate.upper(at, answer.multipliers())),
                Certificate.slope(at, answer.multipliers()));
    }

    /**
     * The best objective at a tolerance, by the straight line between the points around it.
     *
     * @param tolerance in [0, 1]
     * @return a lower end; the truth is at most {@link #largestError} higher
     */
    public double at(double tolerance) {
        Checks.share("tolerance", tolerance);
        int i = 1;
        while (points.get(i).tolerance() < tolerance) {
            i++;
        }
        Point a = points.get(i - 1);
        Point b = points.get(i);
        double share = (tolerance - a.tolerance()) / (b.tolerance() - a.tolerance());
        return a.objective() + share * (b.objective() - a.objective());
    }
}
