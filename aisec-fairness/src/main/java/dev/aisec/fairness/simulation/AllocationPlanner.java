// SPDX-License-Identifier: Apache-2.0
package dev.aisec.fairness.simulation;

/** Finds the best allocation within a bound on the difference of discovery probabilities. */
final class AllocationPlanner {
    /** Probabilities closer than this count as equal: below it is rounding. */
    private static final double TOLERANCE = 1e-12;

    private final int units;
    private final double alpha;
    private final double[] rates;
    /** By group and units, the expected discoveries. */
    private final double[][] found;

    AllocationPlanner(double[] rates, int units, double alpha) {
        this.units = units;
        this.alpha = alpha;
        this.rates = rates;
        found = new double[rates.length][];
        for (int g = 0; g < rates.length; g++) {
            found[g] = discoveries(rates[g], units);
        }
    }

    /** E[min(v, incidents)] for v = 0 … units, as the running sum of P(incidents >= k). */
    static double[] discoveries(double rate, int units) {
        double[] sums = new double[units + 1];
        double point = Math.exp(-rate);
        double tail = -Math.expm1(-rate);
        for (int k = 1; k <= units; k++) {
            sums[k] = sums[k - 1] + tail;
            point *= rate / k;
            tail = Math.max(0, tail - point);
        }
        return sums;
    }

    int[] best() {
        int groups = rates.length;
        if (alpha >= 1) {
            int[] all = new int[groups];
            for (int g = 0; g < groups; g++) {
                all[g] = rates[g] > 0 ? units : 0;
            }
            return greedy(new int[groups], all);
        }
        int[] best = new int[groups];
        double most = -1;
        for (int g = 0; g < groups; g++) {
            for (int v = 0; v <= units && rates[g] > 0; v++) {
                double floor = found[g][v] / rates[g];
                boolean same = v > 0 && found[g][v] - found[g][v - 1] <= TOLERANCE * rates[g];
                if (same || least(floor) > units) {
                    // Returns diminish, and higher floors ask for more units still.
                    break;
                }
                int[] plan = within(floor);
                double sum = plan.length == 0 ? -1 : total(plan);
                if (sum > most + TOLERANCE) {
                    most = sum;
                    best = plan;
                }
            }
        }
        return best;
    }

    /** The best plan with all probabilities in [floor, floor + alpha]; empty if there is none. */
    private int[] within(double floor) {
        int groups = rates.length;
        int[] low = new int[groups];
        int[] high = new int[groups];
        long least = 0;
        for (int g = 0; g < groups; g++) {
            if (rates[g] == 0) {
                continue;
            }
            int v = first(g, floor);
            low[g] = v;
            if (v > units || found[g][v] / rates[g] > floor + alpha + TOLERANCE) {
                return new int[0];
            }
            while (v < units && found[g][v + 1] / rates[g] <= floor + alpha + TOLERANCE) {
                v++;
            }
            high[g] = v;
            least += low[g];
        }
        return least > units ? new int[0] : greedy(low, high);
    }

    /** The units that all groups together need for a floor. */
    private long least(double floor) {
        long sum = 0;
        for (int g = 0; g < rates.length && sum <= units; g++) {
            sum += rates[g] == 0 ? 0 : first(g, floor);
        }
        return sum;
    }

    /** The first number of units with which a group reaches a floor; one more than there are if none. */
    private int first(int group, double floor) {
        int low = 0;
        int high = units + 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (found[group][middle] / rates[group] < floor - TOLERANCE) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Gives one unit after the other to the group where it finds most. */
    private int[] greedy(int[] low, int[] high) {
        int[] plan = low.clone();
        int left = units;
        for (int v : plan) {
            left -= v;
        }
        while (left > 0) {
            int to = -1;
            double gain = 0;
            for (int g = 0; g < plan.length; g++) {
                if (plan[g] < high[g]) {
                    double more = found[g][plan[g] + 1] - found[g][plan[g]];
                    if (more > gain) {
                        gain = more;
                        to = g;
                    }
                }
            }
            if (to < 0) {
                break;
            }
            plan[to]++;
            left--;
        }
        return plan;
    }

    private double total(int[] plan) {
        double sum = 0;
        for (int g = 0; g < plan.length; g++) {
            sum += found[g][plan[g]];
        }
        return sum;
    }
}
