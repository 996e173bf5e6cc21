// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonBoolean;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.FileLedger;
import dev.aisec.privacy.accounting.LedgerEntry;
import dev.aisec.privacy.accounting.LedgerUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code aisec dp ledger}: what was spent. */
@Command(
        name = "ledger",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Shows budget, spends and rest of a ledger, and verifies its chain of hashes.",
            "Somebody who may write the files can put them back to an earlier state: publish the head, and ask with"
                    + " --contains whether the ledger still holds it."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            " 0:the ledger is whole",
            " 1:it is damaged, was cut, or does not hold the head",
            " 2:it cannot be read",
            " 3:a fault of aisec"
        })
final class DpLedgerCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "FILE", description = "the ledger")
    private Path file = Path.of("");

    @Option(names = "--contains", paramLabel = "HEAD", description = "a head that was published: 64 hexadecimal digits")
    private @Nullable String head;

    @Option(names = "--json", description = "print canonical JSON on standard output, and nothing else there")
    private boolean json;

    private final Main.Streams streams;

    DpLedgerCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file + ": must be a ledger, " + (Files.exists(file) ? "is no file" : "is not there"));
        }
        try (FileLedger ledger = FileLedger.open(file)) {
            List<LedgerEntry> entries = ledger.entries();
            boolean held = head == null || ledger.contains(head);
            if (json) {
                DpText.print(streams, toJson(ledger, entries, held));
            } else {
                print(ledger, entries);
            }
            if (!held) {
                Main.tell(streams, file + ": must hold the head " + head + ", does not: it was put back or replaced");
                return 1;
            }
            return 0;
        } catch (LedgerUnavailableException e) {
            Main.tell(streams, String.valueOf(e.getMessage()));
            return 1;
        }
    }

    private JsonValue toJson(FileLedger ledger, List<LedgerEntry> entries, boolean held) {
        Budget budget = ledger.budget();
        List<JsonValue> items = new ArrayList<>();
        for (LedgerEntry entry : entries) {
            Map<String, JsonValue> item = new LinkedHashMap<>();
            item.put("id", new JsonString(entry.id()));
            item.put("time", new JsonString(entry.time().toString()));
            item.put("purpose", new JsonString(entry.purpose()));
            item.put("loss", new JsonString(entry.loss()));
            item.put("cost", DpText.amount(budget, entry.cost()));
            item.put("used", new JsonBoolean(entry.used()));
            item.put("head", new JsonString(entry.head()));
            items.add(new JsonObject(item));
        }
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("budget", DpText.budget(budget));
        members.put("spent", DpText.amount(budget, ledger.spent()));
        members.put("remaining", DpText.amount(budget, ledger.remaining()));
        members.put("entries", new JsonArray(items));
        members.put("head", new JsonString(ledger.head()));
        if (head != null) {
            members.put("containsHead", new JsonBoolean(held));
        }
        return new JsonObject(members);
    }

    private void print(FileLedger ledger, List<LedgerEntry> entries) {
        Budget budget = ledger.budget();
        StringBuilder text = new StringBuilder(String.format(
                "Budget:    %s%nSpent:     %s%nRemaining: %s%n%n",
                budget, DpText.text(budget, ledger.spent()), DpText.text(budget, ledger.remaining())));
        for (LedgerEntry entry : entries) {
            text.append(String.format(
                    "%s  %s  %s%s%n",
                    entry.time(),
                    DpText.text(budget, entry.cost()),
                    entry.purpose(),
                    entry.used() ? "" : "  (not known to be used; spent all the same)"));
        }
        text.append(String.format(
                "%d %s, chain whole. Head: %s%n",
                entries.size(), entries.size() == 1 ? "entry" : "entries", ledger.head()));
        streams.out().print(text);
        streams.out().flush();
    }
}
