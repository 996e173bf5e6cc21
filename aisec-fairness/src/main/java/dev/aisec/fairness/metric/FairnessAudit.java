// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import dev.aisec.fairness.internal.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * The standard audit of decisions: every {@link Measure} of every group and of all rows together, the named disparities
 * between groups, the gap, ratio and distance to overall of each measure, and the signed comparisons of each group with a
 * reference group.
 *
 * <p>Guarantee: nothing is NaN; what is undefined abstains with its reason. Each interval holds for itself: of many
 * intervals at 95 % some miss. To search for the worst of many groups use an intersectional audit, which controls
 * that.
 *
 * <p>Assumption: rows are independent. An audit on the rows that a repair was fitted to overstates fairness.
 *
 * @param settings how uncertainty is stated
 * @param reference number of the group that others are compared with; −1 for the one with the most rows
 * @param subject what is audited, for the evidence; not blank
 */
public record FairnessAudit(AuditSettings settings, int reference, String subject) {
    /** Checks the components. */
    public FairnessAudit {
        Checks.atLeast("reference", -1, reference);
        if (subject.isBlank()) {
            throw new IllegalArgumentException("subject must not be blank");
        }
    }

    /**
     * An audit with the literature's defaults.
     *
     * @return the audit
     */
    public static FairnessAudit of() {
        return new FairnessAudit(AuditSettings.DEFAULT, -1, "decisions");
    }

    /**
     * The same with other settings.
     *
     * @param value how uncertainty is stated
     * @return changed audit
     */
    public FairnessAudit withSettings(AuditSettings value) {
        return new FairnessAudit(value, reference, subject);
    }

    /**
     * The same with a given reference group.
     *
     * @param group its number
     * @return changed audit
     */
    public FairnessAudit withReference(int group) {
        return new FairnessAudit(settings, group, subject);
    }

    /**
     * The same about another subject.
     *
     * @param name a name or digest
     * @return changed audit
     */
    public FairnessAudit withSubject(String name) {
        return new FairnessAudit(settings, reference, name);
    }

    /** The disparities that have a name of their own. */
    static List<Disparity> named() {
        return List.of(
                Disparity.demographicParityDifference(),
                Disparity.demographicParityRatio(),
                Disparity.equalOpportunityDifference(),
                Disparity.equalOpportunityRatio(),
                Disparity.equalizedOddsDifference(),
                Disparity.equalizedOddsMeanDifference(),
                Disparity.equalizedOddsRatio(),
                Disparity.predictiveParityDifference(),
                Disparity.conditionalUseAccuracyDifference(),
                Disparity.treatmentEqualityDifference());
    }

    /**
     * Audits.
     *
     * @param cube the decisions; may be empty
     * @return the report
     */
    public FairnessReport audit(GroupCube cube) {
        int size = cube.space().size();
        if (reference >= size) {
            throw new IllegalArgumentException("reference must be in [-1, " + size + "), was " + reference);
        }
        int chosen = reference;
        for (int g = 0; reference < 0 && g < size; g++) {
            chosen = chosen < 0 || cube.count(g) > cube.count(chosen) ? g : chosen;
        }
        List<FairnessReport.Row> rows = new ArrayList<>();
        GroupCube overall = cube.overall();
        for (Measure measure : Measure.values()) {
            rows.add(new FairnessReport.Row(
                    measure.id(), FairnessReport.OVERALL, measure.of(overall, 0, settings, true)));
            for (int g = 0; g < size; g++) {
                rows.add(new FairnessReport.Row(
                        measure.id(), cube.space().name(g), measure.of(cube, g, settings, true)));
            }
        }
        List<Disparity> disparities = new ArrayList<>(named());
        for (Measure measure : Measure.values()) {
            disparities.add(Disparity.difference(measure));
            disparities.add(Disparity.ratio(measure));
            disparities.add(Disparity.difference(measure).toOverall());
            disparities.add(Disparity.ratio(measure).toOverall());
        }
        List<Estimate> estimates = CubeBootstrap.estimates(cube, disparities, settings);
        for (int i = 0; i < disparities.size(); i++) {
            rows.add(new FairnessReport.Row(disparities.get(i).name(), FairnessReport.BETWEEN, estimates.get(i)));
        }
        for (int g = 0; g < size; g++) {
            if (g != chosen) {
                for (PairContrast contrast : List.of(
                        PairContrast.difference(Measure.SELECTION_RATE, g, chosen),
                        PairContrast.ratio(Measure.SELECTION_RATE, g, chosen),
                        PairContrast.averageOdds(g, chosen))) {
                    rows.add(new FairnessReport.Row(
                            contrast.name(),
                            cube.space().name(g),
                            contrast.withSettings(settings).of(cube)));
                }
            }
        }
        return new FairnessReport(cube, this, chosen, rows);
    }
}
