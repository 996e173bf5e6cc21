// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.dp;

import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * RAPPOR: the value is put into a Bloom filter, whose bits are randomized once and for all and, as randomized, once more for
 * each report. For values that are asked for again and again. Immutable.
 *
 * <p>Guarantee: local differential privacy at two levels. {@link #permanentLoss} covers everything that is ever reported about one
 * value from one {@link #memoize permanent response}, however often, and that response itself. {@link #loss} covers a single
 * {@link #randomize one-time report} and is smaller. If the value changes, each new permanent response costs
 * {@code permanentLoss()} again, and who sees the reports can tell that it changed.
 *
 * <p>Parameters: h hash functions, each with a block of s bits of its own; each permanent bit is the true one with probability
 * 1 − f, else a fair coin; a reported bit is set with probability q if the permanent one is, else p.
 *
 * <p>Formula: ε of the permanent response is 2h·ln((2 − f)/f). With q' = f(p + q)/2 + (1 − f)q and p' = f(p + q)/2 + (1 − f)p,
 * that of one report is h·ln(q'(1 − p') / (p'(1 − q'))). A report adds h coins to each category: probability q' for the own,
 * p' + (q' − p')/s for others.
 *
 * <p>It differs from the paper in two things, so that shares are unbiased in closed form for a known list of categories: hash
 * functions are drawn for each device and sent along, in place of cohorts, and the filter is partitioned. There is no regression
 * and no discovery of unknown values.
 *
 * <p>Source: Erlingsson, Pihur, Korolova, RAPPOR: Randomized Aggregatable Privacy-Preserving Ordinal Response, CCS 2014,
 * section 3, theorems 1 and 2.
 *
 * @param categories k; at least 2
 * @param hashes h; in [1, 8]
 * @param blockBits s, bits of one hash function; at least 2, with s^h at most 2³⁰
 * @param permanentNoise f; in (0, 1)
 * @param setIfUnset p; above 0
 * @param setIfSet q; above p, below 1
 */
public record Rappor(
        int categories, int hashes, int blockBits, double permanentNoise, double setIfUnset, double setIfSet)
        implements LocalRandomizer<Rappor.Report>, FrequencyEstimator<Rappor.Report> {
    private static final int MAX_CELLS = 1 << 30;
    private static final BigDecimal TWO = BigDecimal.valueOf(2);

    /** Checks the parameters. */
    public Rappor {
        LocalChecks.requireCategories(categories, Integer.MAX_VALUE);
        if (hashes < 1 || hashes > 8) {
            throw new IllegalArgumentException("hashes must be in [1, 8], were " + hashes);
        }
        if (blockBits < 2 || Math.pow(blockBits, hashes) > MAX_CELLS) {
            throw new IllegalArgumentException(
                    "blockBits must be >= 2 and blockBits^hashes <= 2^30, was " + blockBits + "^" + hashes);
        }
        if (!(permanentNoise > 0 && permanentNoise < 1)) {
            throw new IllegalArgumentException("permanentNoise must be in (0, 1), was " + permanentNoise);
        }
        if (!(0 < setIfUnset && setIfUnset < setIfSet && setIfSet < 1)) {
            throw new IllegalArgumentException(
                    "setIfUnset and setIfSet must be 0 < p < q < 1, were " + setIfUnset + " and " + setIfSet);
        }
    }

    /**
     * The paper's parameters: h = 2, 128 bits, f = ½, p = ½, q = ¾.
     *
     * @param categories k; at least 2
     * @return the randomizer
     */
    public static Rappor of(int categories) {
        return new Rappor(categories, 2, 64, 0.5, 0.5, 0.75);
    }

    /**
     * What a device keeps of a value. It may be stored; it gives away {@link Rappor#permanentLoss}.
     *
     * @param multiplier of the hash functions
     * @param offset of the hash functions
     * @param bits the randomized Bloom filter
     */
    public record Permanent(long multiplier, long offset, BitSet bits) {
        /** Copies the bits. */
        public Permanent {
            LocalChecks.requireReport(multiplier, PairwiseHash.PRIME);
            LocalChecks.requireReport(offset, PairwiseHash.PRIME);
            bits = (BitSet) bits.clone();
        }

        @Override
        public BitSet bits() {
            return (BitSet) bits.clone();
        }
    }

    /**
     * What a device sends.
     *
     * @param multiplier of the hash functions; in [0, 2⁶¹ − 1)
     * @param offset of the hash functions; in [0, 2⁶¹ − 1)
     * @param bits the bits; at most h·s
     */
    public record Report(long multiplier, long offset, BitSet bits) {
        /** Copies the bits. */
        public Report {
            LocalChecks.requireReport(multiplier, PairwiseHash.PRIME);
            LocalChecks.requireReport(offset, PairwiseHash.PRIME);
            bits = (BitSet) bits.clone();
        }

        @Override
        public BitSet bits() {
            return (BitSet) bits.clone();
        }
    }

    /**
     * The permanent response, to be drawn once for each value and kept.
     *
     * @param value in [0, categories)
     * @return the response
     */
    public Permanent memoize(int value) {
        return memoize(value, SecureBits.current());
    }

    Permanent memoize(int value, BitSource source) {
        LocalChecks.requireValue(value, categories);
        long a = source.nextLong(PairwiseHash.PRIME);
        long b = source.nextLong(PairwiseHash.PRIME);
        BigDecimal f = new BigDecimal(permanentNoise);
        BigDecimal set = BigDecimal.ONE.subtract(f.divide(TWO));
        return new Permanent(a, b, draw(filter(a, b, value), coin(set), coin(f.divide(TWO)), source));
    }

    /**
     * A report from a permanent response. As many as are wanted.
     *
     * @param permanent made by {@link #memoize} with the same parameters
     * @return the report
     */
    public Report report(Permanent permanent) {
        return report(permanent, SecureBits.current());
    }

    Report report(Permanent permanent, BitSource source) {
        checkLength(permanent.bits);
        BitSet bits = draw(permanent.bits, coin(new BigDecimal(setIfSet)), coin(new BigDecimal(setIfUnset)), source);
        return new Report(permanent.multiplier, permanent.offset, bits);
    }

    /**
     * A one-time report: that of a permanent response which nobody keeps. Each further one costs {@link #loss} again.
     *
     * @param value in [0, categories)
     * @return the report
     */
    @Override
    public Report randomize(int value) {
        return randomize(value, SecureBits.current());
    }

    Report randomize(int value, BitSource source) {
        LocalChecks.requireValue(value, categories);
        long a = source.nextLong(PairwiseHash.PRIME);
        long b = source.nextLong(PairwiseHash.PRIME);
        return new Report(a, b, draw(filter(a, b, value), coin(oneTime(setIfSet)), coin(oneTime(setIfUnset)), source));
    }

    /** Of a single {@link #randomize}; ε rounded up. */
    @Override
    public PrivacyLoss loss() {
        BigDecimal set = oneTime(setIfSet);
        BigDecimal unset = oneTime(setIfUnset);
        BigDecimal ratio = set.multiply(BigDecimal.ONE.subtract(unset))
                .divide(unset.multiply(BigDecimal.ONE.subtract(set)), new MathContext(40, RoundingMode.CEILING));
        // Up for the rounding to double, for the logarithm (error below one ulp), and for the product.
        double log = Math.nextUp(Math.log(Math.nextUp(ratio.doubleValue())));
        return new PrivacyLoss.Pure(Math.nextUp(log * hashes), Neighbouring.REPLACE_ONE);
    }

    /**
     * What all reports from one permanent response give away about its value together.
     *
     * @return two bits of each hash function, each a randomized response of noise f
     */
    public PrivacyLoss permanentLoss() {
        return new PrivacyLoss.RandomizedResponse(permanentNoise, 2, Neighbouring.REPLACE_ONE).repeat(2L * hashes);
    }

    /**
     * Estimates the share of every category.
     *
     * @param reports one of each device
     * @return unbiased shares with intervals
     */
    @Override
    public FrequencyEstimate estimate(Iterable<? extends Report> reports) {
        long[] counts = new long[categories];
        int cells = cells();
        long users = 0;
        for (Report report : reports) {
            checkLength(report.bits);
            long point = report.offset;
            for (int v = 0; v < categories; v++) {
                int rest = PairwiseHash.cell(point, cells);
                for (int i = 0; i < hashes; i++, rest /= blockBits) {
                    counts[v] += report.bits.get(i * blockBits + rest % blockBits) ? 1 : 0;
                }
                point = PairwiseHash.next(report.multiplier, point);
            }
            users++;
        }
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("mechanism", "rappor");
        parameters.put("categories", Integer.toString(categories));
        parameters.put("hashes", Integer.toString(hashes));
        parameters.put("blockBits", Integer.toString(blockBits));
        parameters.put("permanentNoise", Double.toString(permanentNoise));
        parameters.put("setIfUnset", Double.toString(setIfUnset));
        parameters.put("setIfSet", Double.toString(setIfSet));
        return FrequencyEstimate.of(
                parameters,
                new FrequencyEstimate.Tally(counts, null, Math.multiplyExact(users, hashes), users),
                other(),
                gain());
    }

    @Override
    public double variance(long users, double frequency) {
        LocalChecks.requireExpected(users, frequency);
        return LocalChecks.variance((double) users * hashes, frequency, other(), gain());
    }

    private int cells() {
        int cells = 1;
        for (int i = 0; i < hashes; i++) {
            cells *= blockBits;
        }
        return cells;
    }

    /** One bit in each block: the digits, in base s, of one hash to s^h cells. */
    private BitSet filter(long a, long b, int value) {
        BitSet filter = new BitSet(hashes * blockBits);
        int rest = PairwiseHash.cell(PairwiseHash.point(a, b, value), cells());
        for (int i = 0; i < hashes; i++, rest /= blockBits) {
            filter.set(i * blockBits + rest % blockBits);
        }
        return filter;
    }

    private BitSet draw(BitSet truth, ExactCoin ifSet, ExactCoin ifUnset, BitSource source) {
        BitSet drawn = new BitSet(hashes * blockBits);
        for (int i = 0; i < hashes * blockBits; i++) {
            drawn.set(i, (truth.get(i) ? ifSet : ifUnset).flip(source));
        }
        return drawn;
    }

    private void checkLength(BitSet bits) {
        if (bits.length() > hashes * blockBits) {
            throw new IllegalArgumentException(
                    "report must have " + hashes * blockBits + " bits, bit " + (bits.length() - 1) + " was set");
        }
    }

    private static ExactCoin coin(BigDecimal p) {
        return ExactCoin.of(p);
    }

    /** f(p + q)/2 + (1 − f)·own, exactly; own is p or q. */
    private BigDecimal oneTime(double own) {
        BigDecimal f = new BigDecimal(permanentNoise);
        BigDecimal both = new BigDecimal(setIfUnset).add(new BigDecimal(setIfSet));
        return f.multiply(both).divide(TWO).add(BigDecimal.ONE.subtract(f).multiply(new BigDecimal(own)));
    }

    private double other() {
        double unset = oneTime(setIfUnset).doubleValue();
        return unset + (oneTime(setIfSet).doubleValue() - unset) / blockBits;
    }

    private double gain() {
        return (1 - permanentNoise) * (setIfSet - setIfUnset) * (1 - 1.0 / blockBits);
    }
}
