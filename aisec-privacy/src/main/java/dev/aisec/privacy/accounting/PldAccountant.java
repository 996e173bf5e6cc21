// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.privacy.accounting.PrivacyLoss.Composed;
import dev.aisec.privacy.accounting.PrivacyLoss.DiscreteGaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Gaussian;
import dev.aisec.privacy.accounting.PrivacyLoss.Part;
import dev.aisec.privacy.accounting.PrivacyLoss.PoissonSampled;
import dev.aisec.privacy.accounting.PrivacyLoss.ZeroConcentrated;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The distribution of the privacy loss itself, composed by Fourier transform: the tightest accountant, both ends within a
 * fraction of a percent for what is used in practice.
 *
 * <p>Guarantee: the upper end holds for adaptive composition against any adversary; the lower end is reached by an actual pair
 * of data sets that the losses admit. Both directions of ADD_REMOVE are composed, and the worse one counts. Discretisation,
 * truncated tails, wrapping and the rounding of the transform are bounded and count against the answer. Tilting keeps the
 * relative error of δ small down to 1e-30 and below.
 *
 * <p>Limits: a loss that is known by a bound only ({@link ZeroConcentrated}; sampling under REPLACE_ONE with an absent
 * record halfway, for which the worst pair
 * is not known) has a wider interval: above, advanced joint convexity and the convex hull of the bound; below, Gaussian noise, or
 * a record at either end of the range. The grid gets coarser where more than 2²⁰ points would be needed.
 *
 * <p>Source: Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, Connect the Dots: Tighter Discrete Approximations of Privacy Loss
 * Distributions, PoPETs 2022; Zhu, Dong, Wang, Optimal Accounting of Differential Privacy via Characteristic Function, AISTATS
 * 2022, theorems 10 and 11; Balle, Barthe, Gaboardi, Privacy Amplification by Subsampling, NeurIPS 2018, theorem 2.
 *
 * @param discretisation largest distance of neighbouring losses on the grid; in (0, 1]; a finer grid is taken by itself where the
 *     losses are small
 */
public record PldAccountant(double discretisation) implements Accountant {
    private static final double LARGEST_GRID = 1 << 20;

    /** A smaller δ is not told apart from it when δ is asked for. */
    private static final double LEAST_DELTA = 1e-60;

    /** Checks the distance. */
    public PldAccountant {
        if (!(discretisation > 0 && discretisation <= 1)) {
            throw new IllegalArgumentException("discretisation must be in (0, 1], was " + discretisation);
        }
    }

    /**
     * With the customary grid.
     *
     * @return the accountant with a discretisation of 1e-4
     */
    public static PldAccountant of() {
        return new PldAccountant(1e-4);
    }

    /**
     * With another grid.
     *
     * @param newDiscretisation largest distance of neighbouring losses; in (0, 1]
     * @return the changed accountant
     */
    public PldAccountant withDiscretisation(double newDiscretisation) {
        return new PldAccountant(newDiscretisation);
    }

    @Override
    public String name() {
        return "PLD";
    }

    @Override
    public PrivacyInterval epsilon(PrivacyLoss loss, double delta) {
        Checks.delta(delta);
        PrivacyLoss merged = Profile.merged(loss);
        Accountant basic = new BasicAccountant();
        PrivacyInterval simple = basic.epsilon(merged, delta);
        if (!(merged instanceof Composed) || delta == 0) {
            return simple;
        }
        List<Part> parts = parts(merged);
        double low = simple.lower();
        double high = 0;
        for (boolean reversed : directions(parts)) {
            low = Math.max(low, run(parts, delta, reversed, false, Double.NaN));
            high = Math.max(high, run(parts, delta, reversed, true, Double.NaN));
        }
        high = Math.min(high, simple.upper());
        return new PrivacyInterval(Math.min(low, high), high);
    }

    @Override
    public PrivacyInterval delta(PrivacyLoss loss, double epsilon) {
        Checks.epsilon(epsilon);
        PrivacyLoss merged = Profile.merged(loss);
        PrivacyInterval simple = new BasicAccountant().delta(merged, epsilon);
        if (!(merged instanceof Composed) || simple.upper() == 0) {
            return simple;
        }
        List<Part> parts = parts(merged);
        double low = simple.lower();
        double high = 0;
        for (boolean reversed : directions(parts)) {
            // A coarse pass tells how deep the tails matter.
            double guess =
                    new PldAccountant(Math.min(1, 8 * discretisation)).run(parts, 1e-40, reversed, false, epsilon);
            guess = Math.max(guess, LEAST_DELTA);
            low = Math.max(low, run(parts, guess, reversed, false, epsilon));
            high = Math.max(high, run(parts, guess, reversed, true, epsilon));
        }
        high = Math.min(high, simple.upper());
        return new PrivacyInterval(Math.min(low, high), high);
    }

    /** Gaussian parts are one, and so are those of zCDP. */
    private static List<Part> parts(PrivacyLoss loss) {
        List<Part> rest = new ArrayList<>();
        List<Part> gaussian = new ArrayList<>();
        double rho = 0;
        for (Part part : Profile.parts(loss)) {
            if (part.loss() instanceof Gaussian) {
                gaussian.add(part);
            } else if (part.loss() instanceof ZeroConcentrated concentrated) {
                rho = Math.nextUp(rho + Math.nextUp(part.times() * concentrated.rho()));
            } else {
                rest.add(part);
            }
        }
        Neighbouring neighbouring = loss.neighbouring();
        if (!gaussian.isEmpty()) {
            rest.add(new Part(Profile.merged(new Composed(neighbouring, gaussian)), 1));
        }
        if (rho > 0) {
            rest.add(new Part(new ZeroConcentrated(rho, neighbouring), 1));
        }
        return rest;
    }

    private static boolean[] directions(List<Part> parts) {
        for (Part part : parts) {
            if (part.loss() instanceof PoissonSampled && part.loss().neighbouring() != Neighbouring.REPLACE_ONE) {
                return new boolean[] {false, true};
            }
        }
        return new boolean[] {false};
    }

    /** ε for δ, or δ for ε if that is a number; an upper or a lower end. */
    private double run(List<Part> parts, double delta, boolean reversed, boolean above, double epsilon) {
        double total = parts.stream().mapToDouble(Part::times).sum();
        double cut = 3;
        while (cut < 38 && NormalTail.logTail(cut) > Math.log(delta) - Math.log(total) - 16) {
            cut += 0.25;
        }
        double step = step(parts, cut);
        while (true) {
            List<Dots> dots = new ArrayList<>();
            for (Part part : parts) {
                dots.add(dots(part.loss(), step, cut, delta / total, reversed, above));
            }
            Convolution convolution =
                    new Convolution(dots, parts.stream().mapToLong(Part::times).toArray(), above);
            Convolution.Plan plan =
                    epsilon >= 0 ? convolution.planForEpsilon(epsilon, delta) : convolution.planForDelta(delta);
            double width = plan.width();
            if (width < 2 * LARGEST_GRID) {
                Convolution.Sum sum = convolution.new Sum(plan);
                return epsilon >= 0 ? sum.delta(epsilon) : sum.epsilon(delta);
            }
            step *= Math.max(2, width / LARGEST_GRID * 1.5);
        }
    }

    /** One loss from above, in both directions, on a grid of its own. */
    static List<Dots> dots(PrivacyLoss loss) {
        List<Part> parts = List.of(new Part(loss, 1));
        double step = of().step(parts, 30);
        List<Dots> dots = new ArrayList<>();
        for (boolean reversed : directions(parts)) {
            dots.add(dots(loss, step, 30, 1e-180, reversed, true));
        }
        return dots;
    }

    private static Dots dots(PrivacyLoss loss, double step, double cut, double delta, boolean reversed, boolean above) {
        boolean exact = Cells.exact(loss);
        if (above && !exact) {
            return Dots.hull(Profile.of(loss), step, delta * 1e-11);
        }
        @Nullable Cells cells = Cells.of(loss, step / 2, cut);
        if (cells == null) {
            return above ? Dots.hull(Profile.of(loss), step, delta * 1e-11) : Dots.nothing(step);
        }
        if (reversed) {
            cells = cells.reversed();
        }
        return above ? Dots.above(cells) : Dots.below(cells);
    }

    private double step(List<Part> parts, double cut) {
        double variance = 0;
        double total = 0;
        double widest = 0;
        double atom = 0;
        for (Part part : parts) {
            double spread = spread(part.loss());
            variance += part.times() * spread * spread;
            total += part.times();
            // The hull of a bound has fewer points; the factor 2 is for the step getting finer in the end.
            double points = Cells.exact(part.loss()) ? LARGEST_GRID : Dots.MOST_POINTS / 2;
            widest = Math.max(widest, range(part.loss(), cut) / points);
            if (!(part.loss() instanceof PoissonSampled)) {
                PrivacyLoss.@Nullable Approximate own = Profile.own(part.loss());
                atom = own == null ? atom : Math.max(atom, own.epsilon());
            }
        }
        // What is not on the grid adds at most step²/4 per release to the variance.
        double step = Math.min(discretisation, Math.sqrt(variance / total) / 25);
        step = Math.max(step, 20 * Math.sqrt(variance) / LARGEST_GRID);
        step = Math.max(step, widest);
        // The atoms of the largest pure loss lie on the grid.
        return atom > 0 ? atom / Math.ceil(atom / step) : step;
    }

    /** About the standard deviation of a loss; it steers the grid only. */
    private static double spread(PrivacyLoss loss) {
        if (loss instanceof PoissonSampled sampled) {
            double inner = spread(Profile.merged(sampled.loss()));
            double rate = sampled.rate();
            return Math.min(
                    rate * Math.sqrt(Math.expm1(Math.min(600, inner * inner))),
                    Math.sqrt(rate) * (inner + inner * inner));
        }
        if (loss instanceof Gaussian gaussian) {
            return 1 / gaussian.noiseMultiplier();
        }
        if (loss instanceof DiscreteGaussian discrete) {
            return discrete.sensitivity() / discrete.sigma();
        }
        if (loss instanceof ZeroConcentrated concentrated) {
            return Math.sqrt(2 * concentrated.rho());
        }
        PrivacyLoss.@Nullable Approximate own = Profile.own(loss);
        return own == null ? 1 : Math.max(1e-9, own.epsilon());
    }

    private static double range(PrivacyLoss loss, double cut) {
        if (loss instanceof PoissonSampled sampled) {
            double inner = range(Profile.merged(sampled.loss()), cut);
            return inner + Math.log(sampled.rate()) > 1 ? inner : Mixture.sampledLoss(sampled.rate(), inner);
        }
        double spread = spread(loss);
        PrivacyLoss.@Nullable Approximate own = Profile.own(loss);
        return own != null ? 2 * own.epsilon() : spread * (2 * cut + spread);
    }
}
