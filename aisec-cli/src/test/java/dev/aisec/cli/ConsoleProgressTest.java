// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicLong clock = new AtomicLong();

    private ConsoleProgress progress(boolean terminal) {
        return progress(terminal, 80);
    }

    private ConsoleProgress progress(boolean terminal, int columns) {
        return new ConsoleProgress(
                new PrintStream(bytes, true, StandardCharsets.UTF_8),
                terminal,
                columns,
                "attack",
                "images",
                clock::get);
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void update_terminal_showsRateAndRemainingTime() {
        ConsoleProgress progress = progress(true);
        clock.set(2_000_000_000L);
        progress.update(50, 200);
        assertThat(text()).contains(" 25 %").contains("25.0 images/s").contains("6.0 s left");
        progress.update(51, 200);
        assertThat(text()).as("not redrawn at once").doesNotContain("25.5");
        clock.set(90_000_000_000L);
        assertThat(progress.end()).isEqualTo(90);
        assertThat(text()).endsWith("done in 1 min 30 s" + System.lineSeparator());
    }

    @Test
    void update_noTerminal_printsPlainLinesAtQuarters() {
        ConsoleProgress progress = progress(false);
        for (int i = 1; i <= 100; i++) {
            progress.update(i, 100);
        }
        progress.end();
        assertThat(text().lines()).hasSize(4);
        assertThat(text())
                .contains("attack: 25 of 100 images")
                .doesNotContain("\r")
                .doesNotContain("\033");
    }

    @Test
    void update_anyWidth_staysOnOneLine() {
        for (int columns : new int[] {20, 40, 60, 80, 100, 200}) {
            bytes.reset();
            ConsoleProgress progress = progress(true, columns);
            clock.addAndGet(7_000_000_000L);
            progress.update(3, 100_000);
            assertThat(text().replace("\r\033[K", "")).as("%d columns", columns).hasSizeLessThan(columns);
            assertThat(text()).contains("attack");
        }
    }

    @Test
    void isTerminal_toldByTheLauncher_isBelieved() {
        String before = System.getProperty("aisec.terminal");
        try {
            System.setProperty("aisec.terminal", "true");
            assertThat(ConsoleProgress.isTerminal()).isTrue();
            System.setProperty("aisec.terminal", "false");
            assertThat(ConsoleProgress.isTerminal()).isFalse();
        } finally {
            if (before == null) {
                System.clearProperty("aisec.terminal");
            } else {
                System.setProperty("aisec.terminal", before);
            }
        }
    }

    @Test
    void update_nothingToDo_doesNotDivideByZero() {
        progress(true).update(0, 0);
        assertThat(text()).contains("0 %").doesNotContain("NaN");
    }
}
