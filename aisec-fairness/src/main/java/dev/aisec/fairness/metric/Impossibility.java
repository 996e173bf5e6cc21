// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Criteria that cannot hold together on these data, with the numbers. The groups compared are those with the smallest and
 * the largest share of favourable labels; a conflict is stated only if that gap is surely not 0 (its interval excludes
 * it).
 *
 * <p>Three theorems, for base rates p ≠ q:
 *
 * <ul>
 *   <li>Equal PPV, TPR and FPR: FPR = p/(1−p) · (1−PPV)/PPV · TPR, so that equal PPV and TPR force different FPR, unless
 *       PPV = 1 (Chouldechova, Fair prediction with disparate impact, Big Data 5, 2017, equation 2.6).
 *   <li>A score calibrated within groups and balanced for the positive and the negative class, unless it predicts perfectly
 *       (Kleinberg, Mullainathan, Raghavan, Inherent Trade-Offs in the Fair Determination of Risk Scores, ITCS 2017,
 *       theorem 1.1).
 *   <li>Equal selection rates with equal TPR and FPR: the selection rates then differ by (p − q)(TPR − FPR), so that the
 *       decision must say nothing of the label (Barocas, Hardt, Narayanan, Fairness and Machine Learning, 2023, chapter
 *       3, proposition 3).
 * </ul>
 *
 * <p>Limit: it speaks of exact equality. Approximate versions can hold together, the closer the smaller the gap is.
 *
 * @param criteria the criteria, joined by {@code +}
 * @param baseRateGap largest minus smallest share of favourable labels
 * @param forced what must differ by how much if the other criteria hold: with the pooled PPV and TPR, the gap of the FPR;
 *     with the pooled TPR and FPR, the gap of the selection rates; for calibration, the base rate gap itself
 * @param explanation for a reader
 */
public record Impossibility(String criteria, Estimate.Measured baseRateGap, double forced, String explanation) {
    /**
     * The conflicts of a cube.
     *
     * @param cube decisions and labels
     * @param settings confidence of the base rate gap; it is divided by the number of pairs of groups, since the pair is
     *     searched
     * @return empty if base rates may be equal, or fewer than two groups have rows
     */
    public static List<Impossibility> of(GroupCube cube, AuditSettings settings) {
        int low = -1;
        int high = -1;
        double least = 2;
        double most = -1;
        long defined = 0;
        for (int g = 0; g < cube.space().size(); g++) {
            if (Measure.BASE_RATE.plain(cube, g, settings) instanceof Estimate.Measured rate) {
                defined++;
                if (rate.value() < least) {
                    least = rate.value();
                    low = g;
                }
                if (rate.value() > most) {
                    most = rate.value();
                    high = g;
                }
            }
        }
        if (defined < 2 || low == high) {
            return List.of();
        }
        double pairs = defined * (defined - 1) / 2.0;
        AuditSettings strict = settings.oneOf(pairs);
        Estimate.Measured gap = (Estimate.Measured) PairContrast.difference(Measure.BASE_RATE, high, low)
                .withSettings(strict)
                .of(cube);
        if (gap.interval().lower() <= 0) {
            return List.of();
        }
        String numbers = String.format(
                Locale.ROOT,
                "the share of favourable labels is %.4f in %s and %.4f in %s",
                most,
                cube.space().name(high),
                least,
                cube.space().name(low));
        List<Impossibility> conflicts = new ArrayList<>();
        GroupCube all = cube.overall();
        double tpr = plain(all, Measure.TRUE_POSITIVE_RATE, settings);
        double fpr = plain(all, Measure.FALSE_POSITIVE_RATE, settings);
        double ppv = plain(all, Measure.POSITIVE_PREDICTIVE_VALUE, settings);
        if (tpr > 0 && ppv > 0 && ppv < 1 && most < 1) {
            double forced = (odds(most) - odds(least)) * (1 - ppv) / ppv * tpr;
            conflicts.add(new Impossibility(
                    "predictive_parity + equalized_odds",
                    gap,
                    forced,
                    String.format(
                            Locale.ROOT,
                            "equal positive predictive value, true and false positive rate cannot hold together: %s; with "
                                    + "the overall predictive value %.4f and true positive rate %.4f in both, the false "
                                    + "positive rates would differ by %.4f",
                            numbers,
                            ppv,
                            tpr,
                            forced)));
        }
        if (!Double.isNaN(tpr) && !Double.isNaN(fpr) && !(tpr == 1 && fpr == 0)) {
            conflicts.add(new Impossibility(
                    "calibration + balance_positive_class + balance_negative_class",
                    gap,
                    gap.value(),
                    "a score calibrated within groups cannot have equal means in the positive and in the negative class of "
                            + "each group: " + numbers + ", and prediction is not perfect"));
        }
        if (!Double.isNaN(tpr) && !Double.isNaN(fpr) && tpr != fpr) {
            double forced = gap.value() * (tpr - fpr);
            conflicts.add(new Impossibility(
                    "demographic_parity + equalized_odds",
                    gap,
                    forced,
                    String.format(
                            Locale.ROOT,
                            "equal selection rates and equalized odds cannot hold together: %s; with the overall true and "
                                    + "false positive rates %.4f and %.4f in both, the selection rates would differ by "
                                    + "%.4f",
                            numbers,
                            tpr,
                            fpr,
                            forced)));
        }
        return conflicts;
    }

    private static double odds(double rate) {
        return rate / (1 - rate);
    }

    /** NaN where undefined; it does not leave this class. */
    private static double plain(GroupCube cube, Measure measure, AuditSettings settings) {
        return measure.plain(cube, 0, settings.withMinimum(1)) instanceof Estimate.Measured rate
                ? rate.value()
                : Double.NaN;
    }
}
