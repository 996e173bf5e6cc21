// SPDX-License-Identifier: Apache-2.0
package dev.aisec.privacy.accounting;

import static dev.aisec.privacy.accounting.Neighbouring.ADD_REMOVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage to the files, by accident or on purpose. */
class FileLedgerDamageTest {
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

    /** A bit of every byte, at changing places. */
    @Test
    void open_bitOfAnyByteFlipped_isRefused() throws IOException {
        flipEach(7);
    }

    @Test
    @Tag("long")
    void open_anyBitFlipped_isRefused() throws IOException {
        flipEach(1);
    }

    private void flipEach(int step) throws IOException {
        smallestLedger();
        for (Path file : List.of(path, anchor)) {
            byte[] bytes = Files.readAllBytes(file);
            for (int bit = 0; bit < 8 * bytes.length; bit += step) {
                byte[] flipped = bytes.clone();
                flipped[bit / 8] ^= (byte) (1 << bit % 8);
                Files.write(file, flipped);
                assertDamaged(file.getFileName() + " bit " + bit);
            }
            Files.write(file, bytes);
        }
        FileLedger.open(path).close();
    }

    @Test
    void open_cutAnywhere_isRefused() throws IOException {
        smallestLedger();
        for (Path file : List.of(path, anchor)) {
            byte[] bytes = Files.readAllBytes(file);
            for (int length = 0; length < bytes.length; length++) {
                Files.write(file, Arrays.copyOf(bytes, length));
                assertDamaged(file.getFileName() + " cut to " + length);
            }
            Files.write(file, bytes);
        }
        FileLedger.open(path).close();
    }

    @Test
    void open_appendedGarbage_isRefused() throws IOException {
        smallLedger();
        byte[] bytes = Files.readAllBytes(path);
        for (int length : new int[] {4, 5, 20, 200, 5000}) {
            byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
            Arrays.fill(longer, bytes.length, longer.length, (byte) 0xff);
            Files.write(path, longer);
            assertDamaged("garbage of " + length);
        }
    }

    /** As a crash leaves it: a group on its way when nothing of it had been acknowledged. */
    @Test
    void open_recordNeverAcknowledged_countsIfWholeAndIsDroppedIfNot() throws IOException {
        smallLedger();
        byte[] before = Files.readAllBytes(path);
        byte[] anchorBefore = Files.readAllBytes(anchor);
        try (FileLedger ledger = FileLedger.open(path)) {
            ledger.reserve(QUARTER, "on its way");
        }
        byte[] after = Files.readAllBytes(path);
        for (int length = before.length + 1; length <= after.length; length++) {
            Files.write(path, Arrays.copyOf(after, length));
            Files.write(anchor, anchorBefore);
            try (FileLedger ledger = FileLedger.open(path)) {
                assertThat(ledger.spent().privacy())
                        .as("cut to %s of %s", length, after.length)
                        .isEqualTo(length == after.length ? 0.75 : 0.5);
                if (length % 50 == 0) {
                    ledger.reserve(QUARTER, "after the crash");
                    assertThat(ledger.entries()).hasSize(3);
                }
            }
        }
        // Whole, but not as written.
        for (int bit = 8 * before.length; bit < 8 * after.length; bit += 5) {
            byte[] flipped = after.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(path, flipped);
            Files.write(anchor, anchorBefore);
            try (FileLedger ledger = FileLedger.open(path)) {
                // Only a length that reaches beyond the end looks like a record cut short.
                assertThat(bit / 8 - before.length).isLessThan(4);
                assertThat(ledger.spent().privacy()).isEqualTo(0.5);
            } catch (LedgerUnavailableException e) {
                assertThat(e).hasMessageContaining("must be as it was written");
            }
        }
        // Some file systems leave zeros where data never came.
        Files.write(path, Arrays.copyOf(before, before.length + 10_000));
        Files.write(anchor, anchorBefore);
        try (FileLedger ledger = FileLedger.open(path)) {
            assertThat(ledger.spent().privacy()).isEqualTo(0.5);
        }
    }

    @Test
    void open_oneOfTheFilesDeleted_isRefused() throws IOException {
        smallLedger();
        byte[] bytes = Files.readAllBytes(path);
        Files.delete(path);
        assertDamaged("ledger deleted");
        assertThatThrownBy(() -> FileLedger.create(path, BUDGET)).isInstanceOf(LedgerUnavailableException.class);
        assertThatThrownBy(() -> FileLedger.openOrCreate(path, BUDGET)).isInstanceOf(LedgerUnavailableException.class);
        Files.write(path, bytes);
        FileLedger.open(path).close();
        Files.delete(anchor);
        assertDamaged("anchor deleted");
        assertThatThrownBy(() -> FileLedger.openOrCreate(path, BUDGET)).isInstanceOf(LedgerUnavailableException.class);
    }

    @Test
    void create_cutShortBefore_succeeds() throws IOException {
        FileLedger.create(path, BUDGET).close();
        Files.delete(path);
        FileLedger.create(path, BUDGET).close();
        Files.delete(path);
        Files.write(anchor, new byte[0]);
        FileLedger.openOrCreate(path, BUDGET).close();
        FileLedger.open(path).close();
    }

    @Test
    void reserve_deletedReplacedOrCutWhileOpen_isRefusedForGood() throws IOException {
        for (int way = 0; way < 4; way++) {
            Path file = directory.resolve("open" + way);
            Path itsAnchor = directory.resolve("open" + way + ".anchor");
            try (FileLedger ledger = FileLedger.create(file, BUDGET)) {
                ledger.reserve(QUARTER, "before");
                byte[] bytes = Files.readAllBytes(file);
                switch (way) {
                    case 0 -> Files.delete(file);
                    case 1 -> {
                        Path copy = Files.write(directory.resolve("copy"), bytes);
                        Files.move(copy, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                    }
                    case 2 -> Files.delete(itsAnchor);
                    default -> {
                        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                            channel.truncate(LedgerFormat.HEADER);
                        }
                    }
                }
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(() -> ledger.reserve(QUARTER, "after"))
                            .as("way %s", way)
                            .isInstanceOf(LedgerUnavailableException.class);
                }
                assertThatThrownBy(ledger::remaining).isInstanceOf(LedgerUnavailableException.class);
            }
        }
    }

    @Test
    void contains_bothFilesPutBack_tellsByThePublishedHead() throws IOException {
        smallLedger();
        byte[] bytes = Files.readAllBytes(path);
        byte[] anchorBytes = Files.readAllBytes(anchor);
        String published;
        try (FileLedger ledger = FileLedger.open(path)) {
            ledger.reserve(QUARTER, "to be forgotten");
            published = ledger.head();
        }
        Files.write(path, bytes);
        Files.write(anchor, anchorBytes);
        try (FileLedger ledger = FileLedger.open(path)) {
            assertThat(ledger.contains(published)).isFalse();
            assertThat(ledger.contains(ledger.head())).isTrue();
        }
    }

    /** One reservation, used. */
    private void smallestLedger() throws IOException {
        try (FileLedger ledger = FileLedger.create(path, BUDGET)) {
            ledger.reserve(QUARTER, "one").use(QUARTER);
        }
    }

    private void smallLedger() throws IOException {
        try (FileLedger ledger = FileLedger.create(path, BUDGET)) {
            ledger.reserve(QUARTER, "one").use(QUARTER);
            ledger.reserve(QUARTER, "two");
        }
    }

    private void assertDamaged(String how) {
        assertThatThrownBy(() -> FileLedger.open(path).close())
                .as(how)
                .isInstanceOf(LedgerUnavailableException.class)
                .hasMessageContaining("must be as it was written");
    }
}
