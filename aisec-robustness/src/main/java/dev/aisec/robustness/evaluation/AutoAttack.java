// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.evaluation;

import dev.aisec.core.Seed;
import dev.aisec.core.model.DifferentiableClassifier;
import dev.aisec.robustness.attack.Apgd;
import dev.aisec.robustness.attack.ApgdTargeted;
import dev.aisec.robustness.attack.Fab;
import dev.aisec.robustness.attack.Norm;
import dev.aisec.robustness.attack.Square;
import dev.aisec.robustness.attack.Within;
import dev.aisec.robustness.evaluation.RobustEvaluation.Named;
import java.util.ArrayList;
import java.util.List;

/**
 * The standard ensemble of attacks for {@link RobustEvaluation}: APGD-CE, APGD-T, FAB-T and Square, with the authors' fixed
 * parameters, so that figures of different models can be compared.
 *
 * <p>Guarantee: each is as strong as its class says; together they give an upper bound of robust accuracy, not a proof. APGD-T
 * and FAB-T try nine classes, or all wrong ones where there are fewer. In L1 there is no Square, and APGD takes the steps that
 * {@link Apgd} describes.
 *
 * <p>Source: Croce, Hein, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse Parameter-free Attacks, ICML
 * 2020, section 6. Clause 7.3.2-5.
 */
public final class AutoAttack {
    private AutoAttack() {}

    /**
     * 100 steps of each gradient attack, 5,000 queries of Square: the standard version.
     *
     * @param norm L1, L2 or L∞
     * @param epsilon radius of the ball, in units of the inputs; positive and finite
     * @return the attacks, cheap ones first
     */
    public static List<Named<DifferentiableClassifier>> standard(Norm norm, double epsilon) {
        return list(norm, epsilon, 100, 9, 5000);
    }

    /**
     * A quick version for reports that are made often: 20 steps, three classes, 500 queries. It breaks less; say so beside the
     * figure.
     *
     * @param norm L1, L2 or L∞
     * @param epsilon radius of the ball, in units of the inputs; positive and finite
     * @return the attacks, cheap ones first
     */
    public static List<Named<DifferentiableClassifier>> quick(Norm norm, double epsilon) {
        return list(norm, epsilon, 20, 3, 500);
    }

    private static List<Named<DifferentiableClassifier>> list(
            Norm norm, double epsilon, int steps, int classes, int queries) {
        List<Named<DifferentiableClassifier>> attacks = new ArrayList<>();
        attacks.add(Named.whiteBox("apgd-ce", Apgd.ce(norm, epsilon).withSteps(steps)));
        attacks.add(Named.whiteBox("apgd-t", ApgdTargeted.of(norm, epsilon).withSteps(steps, classes)));
        attacks.add(Named.whiteBox(
                "fab-t", new Within<>(new Fab(norm, steps, 1, classes, Fab.Motion.DEFAULT, new Seed(0)), epsilon)));
        if (norm != Norm.L1) {
            attacks.add(Named.blackBox("square", Square.of(norm, epsilon).withQueries(queries)));
        }
        return List.copyOf(attacks);
    }
}
