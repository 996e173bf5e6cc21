// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.attack;

import dev.aisec.core.Seed;
import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Shape;
import dev.aisec.robustness.corruption.Bilinear;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Rotations and translations of images, all of a grid or the worst of some draws. Black-box.
 *
 * <p>Guarantee: every returned sample is the input turned by at most {@code degrees} and moved by at most {@code pixels} along
 * each axis, and lies inside the bounds. A broken row is not queried any more. There is no ball: the distance reported is
 * Euclidean, and it is large where a person sees nothing but a small turn. A grid leaves out what lies between its points.
 *
 * <p>Assumption: inputs have shape [channels, height, width], and the bounds of the model are one finite range.
 *
 * <p>Images are turned about the centre, then moved; values are interpolated bilinearly, and what comes from outside is the
 * lower bound (black). The points of a grid are tried from the smallest change on; of a row that stays right the sample with
 * the smallest margin is returned.
 *
 * <p>Source: Engstrom, Tran, Tsipras, Schmidt, Madry, Exploring the Landscape of Spatial Robustness, ICML 2019: ±30 degrees,
 * ±3 pixels of 28; a grid of 31 angles and 5 by 5 translations, or the worst of 10. Clause 7.3.2-5.
 *
 * @param degrees largest angle, either way; in [0, 180]
 * @param pixels largest translation along each axis, either way; at least 0 and finite
 * @param choice which of them are tried
 */
public record Spatial(double degrees, double pixels, Choice choice) implements Attack<Classifier> {
    /** Which transformations are tried. */
    public sealed interface Choice {}

    /**
     * All points of a grid, equally spaced, ends included; the change of nothing is left out.
     *
     * @param angles number of angles; at least 1, odd to have 0 among them
     * @param shifts number of translations along each axis; likewise
     */
    public record Grid(int angles, int shifts) implements Choice {
        /** Checks the numbers. */
        public Grid {
            if (angles < 1 || shifts < 1) {
                throw new IllegalArgumentException("angles and shifts must be >= 1, were " + angles + " and " + shifts);
            }
        }
    }

    /**
     * Uniform draws, each row its own.
     *
     * @param count how many; at least 1
     * @param seed seed of the draws
     */
    public record Draws(int count, Seed seed) implements Choice {
        /** Checks the number. */
        public Draws {
            if (count < 1) {
                throw new IllegalArgumentException("count must be >= 1, was " + count);
            }
        }
    }

    /** A turn to the left and a move. */
    private record Change(double angle, double down, double right) {
        Bilinear.Affine affine() {
            double cos = Math.cos(Math.toRadians(angle));
            double sin = Math.sin(Math.toRadians(angle));
            // What comes to (dy, dx) stood at the turn back of (dy − down, dx − right).
            return new Bilinear.Affine(cos, sin, -(cos * down + sin * right), -sin, cos, -(cos * right - sin * down));
        }

        double size(double degrees, double pixels) {
            double turn = degrees > 0 ? angle / degrees : 0;
            return pixels > 0 ? turn * turn + (down * down + right * right) / (pixels * pixels) : turn * turn;
        }
    }

    /** Checks the components. */
    public Spatial {
        if (!(degrees >= 0 && degrees <= 180)) {
            throw new IllegalArgumentException("degrees must be in [0, 180], was " + degrees);
        }
        if (!(pixels >= 0 && pixels < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("pixels must be >= 0 and finite, was " + pixels);
        }
    }

    /**
     * A grid of 31 angles and 5 by 5 translations: 774 queries of a row that stays right.
     *
     * @param degrees largest angle
     * @param pixels largest translation
     * @return the attack
     */
    public static Spatial grid(double degrees, double pixels) {
        return new Spatial(degrees, pixels, new Grid(31, 5));
    }

    /**
     * The worst of some draws.
     *
     * @param count how many; Engstrom et al. use 10
     * @param degrees largest angle
     * @param pixels largest translation
     * @return the attack
     */
    public static Spatial worstOf(int count, double degrees, double pixels) {
        return new Spatial(degrees, pixels, new Draws(count, new Seed(0)));
    }

    /**
     * The same attack with another choice of transformations.
     *
     * @param other the choice
     * @return the attack
     */
    public Spatial withChoice(Choice other) {
        return new Spatial(degrees, pixels, other);
    }

    @Override
    public AttackResult perturb(Classifier model, Batch inputs, Goal goal) {
        Search search = new Search(model, inputs, goal, Norm.L2);
        Shape shape = inputs.shape();
        Bounds bounds = search.bounds;
        if (shape.rank() != 3) {
            throw new IllegalArgumentException("inputs must have shape [channels, height, width], was " + shape);
        }
        if (!bounds.isUniform() || !(bounds.upper(0) - bounds.lower(0) < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("bounds must be one finite range, was " + bounds);
        }
        List<Change> grid = choice instanceof Grid g ? points(g) : List.of();
        RandomGenerator[] random = generators(inputs);
        int[] rows = search.open();
        Batch numbers = search.numbers(rows);
        double[] margins = new double[inputs.size()];
        Arrays.fill(margins, Double.POSITIVE_INFINITY);
        int tries = choice instanceof Draws d ? d.count() : grid.size();
        for (int k = 0; k < tries && rows.length > 0; k++) {
            float[] x = search.inputsOf(rows);
            Bilinear.Affine all = grid.isEmpty() ? null : grid.get(k).affine();
            for (int r = 0; r < rows.length; r++) {
                Bilinear.Affine map = all == null ? draw(random[rows[r]]).affine() : all;
                map.apply(x, r * search.n, shape, bounds.lower(0));
            }
            for (int i = 0; i < x.length; i++) {
                // A mean of values inside the range can leave it by rounding.
                x[i] = bounds.clip(0, x[i]);
            }
            Batch logits = search.ask(rows, numbers, x);
            int[] labels = goal.targets(rows).labels();
            for (int r = 0; r < rows.length; r++) {
                double margin = SparseRs.loss(logits, r, labels[r], goal.targeted());
                if (margin < margins[rows[r]]) {
                    margins[rows[r]] = margin;
                    search.tried(rows[r], x, r * search.n);
                }
            }
            int[] kept = search.keep(rows);
            if (kept != null) {
                rows = Search.pick(rows, kept);
                numbers = search.numbers(rows);
            }
        }
        return search.result(Double.POSITIVE_INFINITY);
    }

    private RandomGenerator[] generators(Batch inputs) {
        if (!(choice instanceof Draws d)) {
            return new RandomGenerator[0];
        }
        RandomGenerator[] random = new RandomGenerator[inputs.size()];
        for (int i = 0; i < random.length; i++) {
            random[i] = d.seed().derive("spatial").generator(inputs.rowNumber(i));
        }
        return random;
    }

    private Change draw(RandomGenerator random) {
        return new Change(
                degrees * (2 * random.nextDouble() - 1),
                pixels * (2 * random.nextDouble() - 1),
                pixels * (2 * random.nextDouble() - 1));
    }

    private List<Change> points(Grid grid) {
        List<Change> points = new ArrayList<>();
        for (double angle : line(degrees, grid.angles())) {
            for (double down : line(pixels, grid.shifts())) {
                for (double right : line(pixels, grid.shifts())) {
                    if (angle != 0 || down != 0 || right != 0) {
                        points.add(new Change(angle, down, right));
                    }
                }
            }
        }
        points.sort(Comparator.comparingDouble(c -> c.size(degrees, pixels)));
        return points;
    }

    /** Equally spaced from −most to most; 0 alone if that is all. */
    private static double[] line(double most, int count) {
        if (count == 1 || most == 0) {
            return new double[1];
        }
        double[] line = new double[count];
        for (int i = 0; i < count; i++) {
            line[i] = most * (2 * i - (count - 1)) / (count - 1);
        }
        return line;
    }
}
