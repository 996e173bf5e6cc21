// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.preprocess.Reweighing;
import org.junit.jupiter.api.Test;

/** Fitted on one half of the rows, measured on the other. */
class RealDataConstraintTest {
    private record Outcome(double gapBefore, double gapAfter, double errorBefore, double errorAfter, double dualGap) {}

    private static Outcome run(String name, RealData data, FairnessConstraint constraint, double bound) {
        RealData train = data.half(0);
        RealData test = data.half(1);
        RandomizedClassifier plain = ExponentiatedGradient.of(constraint, 1)
                .withRounds(1)
                .fit(train.features(), train.columns(), train.rows());
        RandomizedClassifier fair =
                ExponentiatedGradient.of(constraint, bound).fit(train.features(), train.columns(), train.rows());
        Estimate.Measured before = (Estimate.Measured) plain.deviation(test.features(), test.rows(), 0.95);
        Estimate.Measured after = (Estimate.Measured) fair.deviation(test.features(), test.rows(), 0.95);
        Outcome outcome = new Outcome(
                before.value(),
                after.value(),
                ((Estimate.Measured) plain.error(test.features(), test.rows(), 0.95)).value(),
                ((Estimate.Measured) fair.error(test.features(), test.rows(), 0.95)).value(),
                fair.certificate().gap());
        System.out.printf(
                "%s %s: deviation %.3f -> %.3f [%.3f, %.3f], error %.3f -> %.3f, dual gap %.1e (shortfall %.1e) after %d fits, %d models%n",
                name,
                constraint,
                outcome.gapBefore,
                outcome.gapAfter,
                after.interval().lower(),
                after.interval().upper(),
                outcome.errorBefore,
                outcome.errorAfter,
                outcome.dualGap,
                fair.certificate().shortfall(),
                fair.certificate().fits(),
                fair.scorers().size());
        assertThat(fair.certificate().violation()).isLessThanOrEqualTo((1 + outcome.dualGap) / 100);
        return outcome;
    }

    @Test
    void fit_adultDemographicParity_gapFallsAtSmallCost() {
        Outcome outcome = run("adult", RealData.adult(6_000).withGroup(), FairnessConstraint.DEMOGRAPHIC_PARITY, 0.01);

        assertThat(outcome.gapBefore).isGreaterThan(0.08);
        assertThat(outcome.gapAfter).isLessThan(0.035);
        assertThat(outcome.errorAfter).isLessThan(outcome.errorBefore + 0.05);
        assertThat(outcome.dualGap).isLessThan(0.01);
    }

    @Test
    void fit_adultEqualizedOdds_gapFalls() {
        Outcome outcome = run("adult", RealData.adult(6_000), FairnessConstraint.EQUALIZED_ODDS, 0.02);

        assertThat(outcome.gapAfter).isLessThan(outcome.gapBefore);
        assertThat(outcome.errorAfter).isLessThan(outcome.errorBefore + 0.03);
    }

    @Test
    void fit_compasDemographicParity_gapFallsAtSmallCost() {
        Outcome outcome = run("compas", RealData.compas().withGroup(), FairnessConstraint.DEMOGRAPHIC_PARITY, 0.01);

        assertThat(outcome.gapBefore).isGreaterThan(0.08);
        assertThat(outcome.gapAfter).isLessThan(0.04);
        assertThat(outcome.errorAfter).isLessThan(outcome.errorBefore + 0.04);
    }

    @Test
    void fit_compasWithoutTheGroup_parityCostsFarMore() {
        Outcome blind = run("compas, race unknown", RealData.compas(), FairnessConstraint.DEMOGRAPHIC_PARITY, 0.01);

        // Only accepting nearly everybody levels the rates when the model cannot see the group.
        assertThat(blind.gapAfter).isLessThan(0.04);
        assertThat(blind.errorAfter).isBetween(blind.errorBefore + 0.05, 0.46);
    }

    @Test
    void fit_germanTruePositiveParity_trainingConstraintIsKept() {
        Outcome outcome = run("german", RealData.german(), FairnessConstraint.TRUE_POSITIVE_RATE_PARITY, 0.01);

        assertThat(outcome.errorAfter).isLessThan(outcome.errorBefore + 0.04);
    }

    @Test
    void reweighing_adult_gapOfTheModelFalls() {
        RealData train = RealData.adult(6_000).half(0);
        RealData test = RealData.adult(6_000).half(1);
        boolean[] labels = new boolean[train.rows().size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = train.rows().favourable(i);
        }
        LogisticRegression learner = LogisticRegression.standard();
        Scorer plain = learner.fit(
                train.features(), train.columns(), labels, train.rows().weights());
        Scorer reweighed = learner.fit(
                train.features(),
                train.columns(),
                labels,
                Reweighing.fit(train.rows()).apply(train.rows()).weights());

        double before = gap(plain.scores(test.features()), test);
        double after = gap(reweighed.scores(test.features()), test);

        System.out.printf("adult reweighing: selection gap %.3f -> %.3f%n", before, after);
        assertThat(after).isLessThan(before - 0.01);
    }

    private static double gap(double[] scores, RealData data) {
        double[] accepted = new double[2];
        double[] all = new double[2];
        for (int i = 0; i < scores.length; i++) {
            accepted[data.rows().group(i)] += scores[i] > 0.5 ? 1 : 0;
            all[data.rows().group(i)]++;
        }
        return Math.abs(accepted[0] / all[0] - accepted[1] / all[1]);
    }
}
