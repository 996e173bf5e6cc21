// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The numbers and checksums of a file that are still to be looked at: what stands in the file as it is waits for the one pass
 * that also hashes; what was inflated is scanned at once. Parts may overlap, cross any border and begin anywhere.
 */
final class Scans {
    private static final int PART = 1 << 16;

    /** The numbers of a tensor. */
    static final class Entry {
        final Tensor tensor;
        final String location;
        final NumberTotals totals = new NumberTotals();
        final @Nullable NumberSpread spread;
        private final long expected;
        private Optional<ParameterStatistics.Spread> found = Optional.empty();
        private boolean finished;

        Entry(Tensor tensor, String location, @Nullable NumberSpread spread) {
            this.tensor = tensor;
            this.location = location;
            this.spread = spread;
            long numbers;
            try {
                long blocks = tensor.bytes() / tensor.type().blockBytes();
                numbers = Math.multiplyExact(blocks, (long) NumberScan.numbers(tensor.type()));
            } catch (ArithmeticException e) {
                numbers = Long.MAX_VALUE;
            }
            expected = numbers;
        }

        void add(NumberTotals more) {
            totals.merge(more);
            if (totals.count >= expected) {
                finish();
            }
        }

        private void finish() {
            if (spread != null && !finished) {
                found = spread.finish();
                finished = true;
            }
        }
    }

    /** A part of the file to look at: numbers, or content with a checksum. */
    static final class Piece {
        final @Nullable Entry entry;
        final @Nullable Runnable wrongChecksum;
        final int checksum;
        final long offset;
        final long end;
        final int unit;
        /** Of the pass: the beginning of a block that the next segment completes. */
        byte[] pending = new byte[0];
        /** Of the pass: the checksum so far. */
        int sum;

        long summed;

        Piece(@Nullable Entry entry, @Nullable Runnable wrongChecksum, int checksum, long offset, long end, int unit) {
            this.entry = entry;
            this.wrongChecksum = wrongChecksum;
            this.checksum = checksum;
            this.offset = offset;
            this.end = end;
            this.unit = unit;
        }
    }

    private final ByteSource file;
    private final VerificationPolicy policy;
    private final List<Piece> pieces = new ArrayList<>();
    private final Map<Tensor, Entry> entries = new IdentityHashMap<>();
    private final List<Entry> order = new ArrayList<>();
    private final AtomicInteger counters = new AtomicInteger();
    private final NumberScan scan = new NumberScan();
    private final ParameterRanges ranges;
    private long work;

    Scans(ByteSource file, VerificationPolicy policy) {
        this.file = file;
        this.policy = policy;
        this.ranges = new ParameterRanges(policy.ranges());
    }

    /** Adds numbers: whole blocks of a tensor, which is known by its identity. */
    void add(Tensor tensor, String location, ByteSource elements) throws IOException {
        int unit = tensor.type().blockBytes();
        long length = elements.length() - elements.length() % unit;
        if (tensor.type() == ElementType.OPAQUE || length == 0) {
            return;
        }
        boolean inFile = elements.root() == file;
        Entry entry = entries.get(tensor);
        if (entry == null) {
            boolean asked = ranges.of(tensor.name()).outliers() < Double.POSITIVE_INFINITY;
            entry = new Entry(tensor, inFile ? "" : location, asked ? new NumberSpread(counters) : null);
            entries.put(tensor, entry);
            order.add(entry);
        }
        work(length);
        if (inFile) {
            pieces.add(new Piece(entry, null, 0, elements.base(), elements.base() + length, unit));
            return;
        }
        int most = Math.max(1, PART / unit);
        byte[] buffer = new byte[(int) Math.min((long) most * unit, length)];
        for (long at = 0; at < length; ) {
            int count = (int) Math.min(buffer.length, length - at);
            elements.read(at, buffer, 0, count);
            NumberTotals totals = new NumberTotals();
            scan.scan(tensor, buffer, 0, count / unit, elements.base() + at, totals, entry.spread);
            entry.add(totals);
            at += count;
        }
    }

    /**
     * Has a CRC-32 compared: in the pass if the content stands in the file as it is, else at once.
     *
     * @param wrong what to do if it is another; called by the thread that verifies
     */
    void checksum(ByteSource content, int crc32, Runnable wrong) throws IOException {
        work(content.length());
        if (content.root() == file && content.length() > 0) {
            pieces.add(new Piece(null, wrong, crc32, content.base(), content.base() + content.length(), 1));
            return;
        }
        CRC32 crc = new CRC32();
        byte[] buffer = new byte[(int) Math.min(PART, content.length())];
        for (long at = 0; at < content.length(); ) {
            int count = (int) Math.min(buffer.length, content.length() - at);
            content.read(at, buffer, 0, count);
            crc.update(buffer, 0, count);
            at += count;
        }
        if ((int) crc.getValue() != crc32) {
            wrong.run();
        }
    }

    /** Many tensors can share the same bytes; each is looked at, so their sum has a limit like that of inflating. */
    private void work(long bytes) throws IOException {
        long most = Math.max(
                policy.limits().inflatedBytes(),
                file.length() > Long.MAX_VALUE / Limits.INFLATION ? Long.MAX_VALUE : file.length() * Limits.INFLATION);
        if (bytes > most - work) {
            throw new Refusal(
                    FileRules.TOO_MUCH_WORK,
                    -1,
                    "tensors and entries must have <= " + most + " bytes in all, have more");
        }
        work += bytes;
    }

    /** What the pass has to look at, by offset. */
    List<Piece> pieces(boolean numbers) {
        return pieces.stream()
                .filter(piece -> numbers || piece.entry == null)
                .sorted(Comparator.comparingLong(piece -> piece.offset))
                .toList();
    }

    /** After the pass. */
    void judgeChecksums() {
        for (Piece piece : pieces) {
            if (piece.wrongChecksum != null && piece.sum != piece.checksum) {
                piece.wrongChecksum.run();
            }
        }
    }

    /** After the pass: what the policy says of the numbers. */
    List<TensorStatistics> judgeNumbers(Inspection.Shared shared) {
        List<TensorStatistics> all = new ArrayList<>();
        for (Entry entry : order) {
            entry.finish();
            NumberTotals totals = entry.totals;
            ParameterStatistics statistics = totals.statistics(entry.found);
            all.add(new TensorStatistics(entry.tensor, entry.location, statistics));
            Inspection place = new Inspection(shared, entry.location, 0);
            for (ParameterRules.Broken broken :
                    policy.parameters(ranges.of(entry.tensor.name()), entry.tensor, statistics)) {
                long offset = broken.rule().code().equals(ParameterRules.NOT_A_NUMBER.code())
                        ? totals.firstNotANumber
                        : broken.rule().code().equals(ParameterRules.INFINITE.code()) ? totals.firstInfinite : -1;
                place.report(broken.rule(), offset, broken.message());
            }
            if (totals.notBoolean > 0) {
                place.report(
                        ParameterRules.NOT_BOOLEAN,
                        totals.firstNotBoolean,
                        "truth values of " + Text.quote(entry.tensor.name()) + " must be 0 or 1, " + totals.notBoolean
                                + " are not");
            }
            if (entry.spread != null && entry.spread.impossible()) {
                place.report(
                        ParameterRules.NOT_JUDGED,
                        -1,
                        "outliers must be found for " + Text.quote(entry.tensor.name())
                                + ", but too many large tensors are interleaved");
            }
        }
        return all;
    }
}
