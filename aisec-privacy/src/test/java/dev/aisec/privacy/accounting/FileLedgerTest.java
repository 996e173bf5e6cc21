// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Evidence;
import dev.aisec.core.Technique;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLedgerTest {
    private static final Budget BUDGET = Budget.pure(1, ADD_REMOVE);
    private static final PrivacyLoss QUARTER = new PrivacyLoss.Pure(0.25, ADD_REMOVE);

    @TempDir
    Path directory;

    private Path path;
    private Path anchor;

    @BeforeEach
    void names() {
        path = directory.resolve("budget.ledger");
        anchor = directory.resolve("budget.ledger.anchor");
    }

    @Test
    void open_throughSymbolicAndHardLinks_isOneLedgerOrRefused() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), path);
        try (FileLedger ledger = FileLedger.create(path, BUDGET);
                FileLedger same = FileLedger.open(link)) {
            ledger.reserve(QUARTER, "by its name");
            same.reserve(QUARTER, "by the link");
            assertThat(same.remaining()).isEqualTo(ledger.remaining()).isEqualTo(new BudgetAmount(0.5, 0));
        }
        Path hard = Files.createLink(directory.resolve("hard"), path);
        assertThatThrownBy(() -> FileLedger.open(hard)).hasMessageContaining("its anchor is missing");
    }

    @Test
    void use_afterClose_servesOnceAndStaysSpent() throws IOException {
        SpendToken token;
        try (FileLedger ledger = FileLedger.create(path, BUDGET)) {
            token = ledger.reserve(QUARTER, "late");
        }
        token.use(QUARTER);
        assertThatThrownBy(() -> token.use(QUARTER)).isInstanceOf(IllegalStateException.class);
        try (FileLedger ledger = FileLedger.open(path)) {
            assertThat(ledger.spent()).isEqualTo(new BudgetAmount(0.25, 0));
            assertThat(ledger.entries()).extracting(LedgerEntry::used).containsExactly(false);
        }
    }

    @Test
    void reserve_reopened_remembersAll() throws IOException {
        String head;
        try (FileLedger ledger = FileLedger.create(path, BUDGET)) {
            assertThat(ledger.spent()).isEqualTo(new BudgetAmount(0, 0));
            ledger.reserve(QUARTER, "first").use(QUARTER);
            ledger.reserve(QUARTER, "second");
            assertThat(ledger.spent()).isEqualTo(new BudgetAmount(0.5, 0));
            head = ledger.head();
        }
        try (FileLedger ledger = FileLedger.open(path)) {
            assertThat(ledger.budget()).isEqualTo(BUDGET);
            assertThat(ledger.remaining()).isEqualTo(new BudgetAmount(0.5, 0));
            assertThat(ledger.contains(head)).isTrue();
            List<LedgerEntry> entries = ledger.entries();
            assertThat(entries).extracting(LedgerEntry::purpose).containsExactly("first", "second");
            assertThat(entries).extracting(LedgerEntry::used).containsExactly(true, false);
            assertThat(entries).extracting(LedgerEntry::loss).containsOnly(QUARTER.toString());
            assertThat(entries).extracting(LedgerEntry::cost).containsOnly(new BudgetAmount(0.25, 0));
            ledger.reserve(QUARTER, "third");
            ledger.reserve(QUARTER, "fourth");
            assertThatThrownBy(() -> ledger.reserve(QUARTER, "fifth"))
                    .isInstanceOf(BudgetExhaustedException.class)
                    .hasMessageContaining("epsilon 0.25")
                    .hasMessageContaining("epsilon 0.0");
        }
    }

    @Test
    void open_everyCurrency_readsTheBudgetBack() throws IOException {
        List<Budget> budgets = List.of(
                Budget.pure(0.1, Neighbouring.REPLACE_ONE),
                Budget.approximate(0.1, 1e-30, 1e-31, ADD_REMOVE),
                Budget.zeroConcentrated(0.1, 1e-9, Neighbouring.ZERO_OUT));
        for (int i = 0; i < budgets.size(); i++) {
            Path file = directory.resolve("ledger" + i);
            FileLedger.create(file, budgets.get(i)).close();
            try (FileLedger ledger = FileLedger.open(file)) {
                assertThat(ledger.budget()).isEqualTo(budgets.get(i));
            }
        }
    }

    @Test
    void open_otherBudgetOrNoFile_isRefused() throws IOException {
        assertThatThrownBy(() -> FileLedger.open(path)).isInstanceOf(NoSuchFileException.class);
        assertThat(directory).isEmptyDirectory();
        FileLedger.openOrCreate(path, BUDGET).close();
        assertThatThrownBy(() -> FileLedger.create(path, BUDGET)).isInstanceOf(FileAlreadyExistsException.class);
        for (Budget other : List.of(
                Budget.pure(2, ADD_REMOVE),
                Budget.pure(1, Neighbouring.REPLACE_ONE),
                Budget.zeroConcentrated(1, 0, ADD_REMOVE))) {
            assertThatThrownBy(() -> FileLedger.openOrCreate(path, other))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("budget must be that of the ledger");
        }
        try (FileLedger ledger = FileLedger.openOrCreate(path, BUDGET)) {
            assertThatThrownBy(() -> FileLedger.create(path, BUDGET)).isInstanceOf(FileAlreadyExistsException.class);
            assertThatThrownBy(() -> FileLedger.openOrCreate(path, Budget.pure(2, ADD_REMOVE)))
                    .isInstanceOf(IllegalArgumentException.class);
            ledger.reserve(QUARTER, "still open");
        }
    }

    @Test
    void reserve_badPurposeOrRelationOrClosed_isRefusedAndNothingSpent() throws IOException {
        FileLedger ledger = FileLedger.create(path, BUDGET);
        assertThatThrownBy(() -> ledger.reserve(QUARTER, "line\nfeed"))
                .hasMessageContaining("purpose must have no control characters");
        assertThatThrownBy(() -> ledger.reserve(QUARTER, "x".repeat(201)))
                .hasMessageContaining("purpose must be at most 200");
        assertThatThrownBy(() -> ledger.reserve(new PrivacyLoss.Pure(0.1, Neighbouring.REPLACE_ONE), "other"))
                .isInstanceOf(IllegalArgumentException.class);
        ledger.reserve(new PrivacyLoss.Pure(0.25, ADD_REMOVE).repeat(2), "€".repeat(200));
        assertThat(ledger.spent().privacy()).isEqualTo(0.5);
        SpendToken late = ledger.reserve(QUARTER, "used late");
        ledger.close();
        ledger.close();
        late.use(QUARTER);
        assertThatThrownBy(() -> late.use(QUARTER)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> ledger.reserve(QUARTER, "closed"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("ledger must be open, was closed");
        assertThatThrownBy(ledger::spent).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void open_twiceInOneProcess_sharesTheBudget() throws IOException {
        try (FileLedger one = FileLedger.create(path, BUDGET)) {
            try (FileLedger two = FileLedger.open(directory.resolve(".").resolve(path.getFileName()))) {
                one.reserve(QUARTER, "one");
                two.reserve(QUARTER, "two");
                assertThat(one.spent()).isEqualTo(two.spent()).isEqualTo(new BudgetAmount(0.5, 0));
            }
            one.reserve(QUARTER, "one is still open");
            assertThat(one.remaining().privacy()).isEqualTo(0.25);
        }
    }

    @Test
    void evidence_someSpends_hasBudgetHeadAndSums() throws IOException {
        try (FileLedger ledger = FileLedger.create(path, Budget.zeroConcentrated(1, 1e-6, ADD_REMOVE))) {
            ledger.evidence();
            ledger.reserve(new PrivacyLoss.Gaussian(3, ADD_REMOVE), "sum");
            Evidence evidence = ledger.evidence();
            assertThat(evidence.technique()).isEqualTo(Technique.DIFFERENTIAL_PRIVACY);
            assertThat(evidence.parameters())
                    .containsEntry("head", ledger.head())
                    .containsKey("budget");
            assertThat(evidence.measurements()).extracting(m -> m.name()).containsExactly("rho-spent", "delta-spent");
            assertThat(ledger.evidence()).isEqualTo(evidence);
        }
    }

    @Test
    void create_whereNothingCanBeWritten_isAnIoException() throws IOException {
        // The superuser may write anywhere but below a file.
        Path closed = Files.createDirectory(directory.resolve("closed"));
        assertThat(closed.toFile().setWritable(false)).isTrue();
        Path below = Files.isWritable(closed) ? Files.createFile(directory.resolve("file")) : closed;
        assertThatThrownBy(() -> FileLedger.create(below.resolve("ledger"), BUDGET))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> FileLedger.create(directory.resolve("no/such/ledger"), BUDGET))
                .isInstanceOf(IOException.class);
    }

    @Test
    void reserve_diskFullAtAnyOperation_givesNoTokenAndCountsWhatMayBeWritten() throws IOException {
        for (Failing.Operation operation : Failing.Operation.values()) {
            for (int after = 0; after < 3; after++) {
                Path file = directory.resolve("full-" + operation + after);
                int granted = 0;
                Failing.Switch fault = new Failing.Switch(operation);
                try (FileLedger ledger = FileLedger.open(
                        file, LedgerWriter.Mode.CREATE, BUDGET, storage -> new Failing(storage, fault))) {
                    for (int i = 0; i < after; i++) {
                        ledger.reserve(QUARTER, "works");
                        granted++;
                    }
                    fault.on = true;
                    for (int i = 0; i < 3; i++) {
                        assertThatThrownBy(() -> ledger.reserve(QUARTER, "fails"))
                                .isInstanceOf(LedgerUnavailableException.class)
                                .hasMessageContaining("No space left");
                        // Not even when there is room again.
                        fault.on = false;
                    }
                }
                try (FileLedger ledger = FileLedger.open(file)) {
                    assertThat(ledger.spent().privacy()).isBetween(granted * 0.25, (granted + 1) * 0.25);
                    ledger.reserve(QUARTER, "works again");
                }
            }
        }
    }

    @Test
    void create_diskFull_isAnIoExceptionAndCanBeRepeated() throws IOException {
        for (Failing.Operation operation : Failing.Operation.values()) {
            Failing.Switch fault = new Failing.Switch(operation);
            fault.on = true;
            Path file = directory.resolve("new-" + operation);
            assertThatThrownBy(() -> FileLedger.open(
                            file, LedgerWriter.Mode.CREATE, BUDGET, storage -> new Failing(storage, fault)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
            FileLedger.create(file, BUDGET).close();
        }
    }

    /** Fails as a full disk does: after half of the data. */
    private record Failing(LedgerStorage to, Switch fault) implements LedgerStorage {
        enum Operation {
            WRITE,
            WRITE_HALF,
            FORCE,
            ANCHOR_WRITE
        }

        private static final class Switch {
            final Operation operation;
            volatile boolean on;

            Switch(Operation operation) {
                this.operation = operation;
            }
        }

        @Override
        public void read(ByteBuffer target, long position) throws IOException {
            to.read(target, position);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            boolean isAnchor = source.remaining() == LedgerFormat.ANCHOR && position == 0;
            if (fault.on && isAnchor == (fault.operation == Operation.ANCHOR_WRITE)) {
                if (fault.operation == Operation.WRITE_HALF) {
                    to.write(source.duplicate().limit(source.limit() / 2), position);
                }
                if (fault.operation != Operation.FORCE) {
                    full();
                }
            }
            to.write(source, position);
        }

        @Override
        public void force() throws IOException {
            if (fault.on && fault.operation == Operation.FORCE) {
                full();
            }
            to.force();
        }

        /** The real error of the system where it has a device that is always full. */
        private static void full() throws IOException {
            Path device = Path.of("/dev/full");
            if (Files.exists(device)) {
                try (FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.wrap(new byte[] {1}));
                }
            }
            throw new IOException("No space left on device");
        }

        @Override
        public long size() throws IOException {
            return to.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            to.truncate(size);
        }

        @Override
        public void close() throws IOException {
            to.close();
        }
    }
}
