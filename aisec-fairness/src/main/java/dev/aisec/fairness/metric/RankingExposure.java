// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.metric;

import dev.aisec.core.Estimate;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * Exposure in rankings: the share of attention that a group gets minus its share of the items, averaged over rankings; the
 * attention of position r = 1, 2, … is 1/log₂(1 + r). Above 0 the group stands further up than its part. Merit plays no
 * role.
 *
 * <p>Interval: Student's over rankings, taken as independent; with one ranking, or if all are alike, it abstains. Rankings without an item of the
 * group count with 0.
 *
 * <p>Source: Singh, Joachims, Fairness of Exposure in Rankings, KDD 2018 (demographic parity of exposure).
 *
 * @param settings how uncertainty is stated
 */
public record RankingExposure(AuditSettings settings) {
    /**
     * With the default settings.
     *
     * @return the audit
     */
    public static RankingExposure of() {
        return new RankingExposure(AuditSettings.DEFAULT);
    }

    /**
     * Audits rankings.
     *
     * @param space the groups
     * @param rankings the groups of the items of each ranking, first place first; empty rankings are passed over
     * @return lines {@code exposure_difference} by group; n counts rankings
     */
    public List<FairnessReport.Row> audit(GroupSpace space, int[][] rankings) {
        int size = space.size();
        double[] mean = new double[size];
        double[] moment = new double[size];
        long n = 0;
        for (int[] ranking : rankings) {
            if (ranking.length == 0) {
                continue;
            }
            n++;
            double[] excess = excess(space, ranking);
            for (int g = 0; g < size; g++) {
                double before = excess[g] - mean[g];
                mean[g] += before / n;
                moment[g] += before * (excess[g] - mean[g]);
            }
        }
        List<FairnessReport.Row> rows = new ArrayList<>();
        for (int g = 0; g < size; g++) {
            rows.add(new FairnessReport.Row("exposure_difference", space.name(g), estimate(mean[g], moment[g], n)));
        }
        return List.copyOf(rows);
    }

    /**
     * The same as evidence.
     *
     * @param subject what was audited: a name or digest; not blank
     * @param space the groups
     * @param rankings the groups of the items of each ranking, first place first; empty rankings are passed over
     * @return the report
     */
    public MetricReport report(String subject, GroupSpace space, int[][] rankings) {
        SortedMap<String, String> parameters = MetricReport.parameters("exposure in rankings by group", settings);
        parameters.put("rankings", Integer.toString(rankings.length));
        return new MetricReport(subject, parameters, audit(space, rankings), List.of());
    }

    private Estimate estimate(double mean, double moment, long n) {
        long least = Math.max(2, settings.minimum());
        if (n < least) {
            return new Estimate.Abstained("rankings must be at least " + least + ", were " + n, n);
        }
        return StudentMean.of(mean, moment, n, settings.confidence());
    }

    private static double[] excess(GroupSpace space, int[] ranking) {
        double[] exposure = new double[space.size()];
        double[] items = new double[exposure.length];
        double total = 0;
        for (int r = 0; r < ranking.length; r++) {
            if (ranking[r] < 0 || ranking[r] >= exposure.length) {
                throw new IllegalArgumentException(
                        "rankings must hold groups in [0, " + exposure.length + "), one was " + ranking[r]);
            }
            double attention = Math.log(2) / Math.log(r + 2.0);
            exposure[ranking[r]] += attention;
            items[ranking[r]]++;
            total += attention;
        }
        for (int g = 0; g < exposure.length; g++) {
            exposure[g] = exposure[g] / total - items[g] / ranking.length;
        }
        return exposure;
    }
}
