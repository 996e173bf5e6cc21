// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.EvidenceSource;
import dev.aisec.core.Interval;
import dev.aisec.core.Measurement;
import dev.aisec.core.Technique;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in a file: what was spent survives crashes and restarts, and any number of threads and processes may spend from it
 * at once.
 *
 * <p>Guarantee: a token is handed out only after its reservation is on the disk (written and forced), and only if everything
 * reserved so far, in all processes, fits in the budget; so what was ever released never exceeds the budget, whenever a process
 * is killed. A reservation without a release, for instance after a crash, stays spent. Doubt is an answer of no: once a write
 * fails or the file does not look as it should, this ledger refuses everything until it is opened anew, and a damaged file does
 * not open.
 *
 * <p>What is detected: every record carries the hash of all before it, so a flipped bit, an edit, a missing or exchanged record
 * is found when the file is opened. A small file beside it, of the same name with {@code .anchor} added, holds the number and
 * the hash of the records acknowledged last; with it a cut at the end, even to a whole record, and the deletion of one of the
 * two files are found. A last record cut short that was never acknowledged, as a crash leaves it, is dropped.
 *
 * <p>What is not detected: both files put back together to an earlier state, or deleted together, or forged by somebody who may
 * write them (the hashes are not keyed). Against it publish {@link #head}, for example in an evaluation card: {@link #contains}
 * tells whether the ledger still holds it. After a loss of power the anchor may be some seconds behind, then a cut within these
 * is not told from a crash. The budget is as durable as the disk's promise to have stored what it was told to force.
 *
 * <p>Assumptions: a local file system with working file locks; nothing else in this process opens the anchor, for closing it
 * would give up the lock. All file work is done by one thread of the process for each
 * file; requests that wait are written and forced together. An interrupted caller gets no token, its interrupt flag stays set,
 * and the exception says whether its reservation counts as spent.
 */
public final class FileLedger implements BudgetLedger, EvidenceSource, AutoCloseable {
    private final LedgerWriter writer;
    private final AtomicBoolean closed = new AtomicBoolean();

    private FileLedger(LedgerWriter writer) {
        this.writer = writer;
    }

    /**
     * Creates a ledger with nothing spent.
     *
     * @param path file that does not exist; its directory does
     * @param budget what may be spent in all, for ever
     * @return the ledger
     * @throws IOException if it cannot be created, or exists
     * @throws LedgerUnavailableException if a ledger that was spent from has been deleted there
     */
    public static FileLedger create(Path path, Budget budget) throws IOException {
        return open(path, LedgerWriter.Mode.CREATE, budget, UnaryOperator.identity());
    }

    /**
     * Opens a ledger and verifies all of it.
     *
     * @param path the file
     * @return the ledger
     * @throws IOException if it cannot be read
     * @throws LedgerUnavailableException if it is damaged or was cut
     */
    public static FileLedger open(Path path) throws IOException {
        return open(path, LedgerWriter.Mode.OPEN, null, UnaryOperator.identity());
    }

    /**
     * Opens a ledger and verifies all of it, or creates it.
     *
     * @param path the file
     * @param budget the budget that it has, or is created with
     * @return the ledger
     * @throws IOException if it can neither be read nor created
     * @throws IllegalArgumentException if it exists with another budget
     * @throws LedgerUnavailableException if it is damaged, was cut, or was deleted after spends
     */
    public static FileLedger openOrCreate(Path path, Budget budget) throws IOException {
        return open(path, LedgerWriter.Mode.OPEN_OR_CREATE, budget, UnaryOperator.identity());
    }

    static FileLedger open(
            Path path, LedgerWriter.Mode mode, @Nullable Budget budget, UnaryOperator<LedgerStorage> seam)
            throws IOException {
        return new FileLedger(LedgerWriter.acquire(path, mode, budget, seam));
    }

    @Override
    public SpendToken reserve(PrivacyLoss loss, String purpose) {
        requireOpen();
        Filter.requirePurpose(purpose);
        Request.Reserve request = new Request.Reserve(loss, purpose, writer.cost(loss));
        writer.submit(request);
        request.await();
        long index = request.index;
        return new SpendToken(loss, writer.name() + "-" + index, () -> writer.submit(new Request.Used(index)));
    }

    /**
     * Returns the budget.
     *
     * @return what may be spent in all
     */
    public Budget budget() {
        return writer.budget();
    }

    /**
     * Returns what all processes have spent so far.
     *
     * @return the sum, rounded up
     */
    public BudgetAmount spent() {
        return snapshot().spent.roundedUp();
    }

    /**
     * Returns what is left.
     *
     * @return the rest, rounded down
     */
    public BudgetAmount remaining() {
        return snapshot().remaining.roundedDown();
    }

    /**
     * Returns the hash of everything in the ledger, to be published: it names this very history.
     *
     * @return 64 hexadecimal digits
     */
    public String head() {
        return snapshot().head;
    }

    /**
     * Tells whether a published head belongs to this ledger's history. If not, the ledger was put back or replaced.
     *
     * @param head what {@link #head} once returned
     * @return whether this ledger has grown out of it
     */
    public boolean contains(String head) {
        boolean[] found = new boolean[1];
        read(writer -> writer.scan(
                entry -> {}, hash -> found[0] |= HexFormat.of().formatHex(hash).equals(head)));
        return found[0];
    }

    /**
     * Reads and verifies all reservations, for an audit.
     *
     * @return in the order in which they were written
     */
    public List<LedgerEntry> entries() {
        List<LedgerFormat.Entry> reservations = new ArrayList<>();
        Set<Long> used = new HashSet<>();
        read(writer -> writer.scan(
                entry -> {
                    if (entry.type() == LedgerFormat.RESERVE) {
                        reservations.add(entry);
                    } else {
                        used.add(entry.reservation());
                    }
                },
                hash -> {}));
        return reservations.stream()
                .map(entry -> new LedgerEntry(
                        writer.name() + "-" + entry.index(),
                        Instant.ofEpochMilli(entry.millis()),
                        entry.purpose(),
                        entry.loss(),
                        entry.cost().roundedUp(),
                        used.contains(entry.index()),
                        HexFormat.of().formatHex(entry.hash())))
                .toList();
    }

    /**
     * Returns budget, spends and head, as of now.
     *
     * @return the evidence
     */
    @Override
    public Evidence evidence() {
        Snapshot now = snapshot();
        SortedMap<String, String> parameters = new TreeMap<>();
        parameters.put("budget", budget().toString());
        parameters.put("head", now.head);
        parameters.put("composition", "fully adaptive");
        parameters.put("reservations", Long.toString(now.reservations));
        List<Measurement> measurements = new ArrayList<>();
        String name = budget() instanceof Budget.ZeroConcentrated ? "rho" : "epsilon";
        BudgetAmount low = now.spent.roundedDown();
        BudgetAmount high = now.spent.roundedUp();
        measurements.add(scalar(name + "-spent", low.privacy(), high.privacy(), now.reservations));
        measurements.add(scalar("delta-spent", low.delta(), high.delta(), now.reservations));
        return new Evidence(
                Technique.DIFFERENTIAL_PRIVACY, "ledger:" + writer.name(), parameters, measurements, List.of());
    }

    /** Writes what waits and gives the file up when nobody else in this process has it open. Tokens handed out stay usable. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            writer.release();
        }
    }

    private static Measurement scalar(String name, double low, double high, long n) {
        // Certain, but an interval must have a confidence below 1.
        Estimate estimate = n == 0
                ? new Estimate.Abstained("nothing was reserved yet", 0)
                : new Estimate.Measured(high, new Interval(low, high, Math.nextDown(1.0)), n);
        return new Measurement.Scalar(name, "1", new TreeMap<>(), estimate);
    }

    private record Snapshot(Cost spent, Cost remaining, String head, long reservations) {}

    private Snapshot snapshot() {
        Snapshot[] result = new Snapshot[1];
        read(writer ->
                result[0] = new Snapshot(writer.spent(), writer.remaining(), writer.head(), writer.reservations()));
        return result[0];
    }

    private void read(Request.Reader reader) {
        requireOpen();
        Request.Read request = new Request.Read(reader);
        writer.submit(request);
        request.await();
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("ledger must be open, was closed");
        }
    }
}
