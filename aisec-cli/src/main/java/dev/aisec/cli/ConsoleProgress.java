// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Progress;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Progress of one step on standard error: a bar with rate and remaining time on a terminal, plain lines at every quarter
 * elsewhere. Not thread-safe, as {@link Progress} wants it.
 */
final class ConsoleProgress implements Progress {
    private static final int WIDTH = 24;
    private static final long REDRAW = 100_000_000;

    private final PrintStream out;
    private final boolean terminal;
    private final String step;
    private final String unit;
    private final LongSupplier nanos;
    private final long started;
    private long drawn = Long.MIN_VALUE;
    private long quarter;

    ConsoleProgress(PrintStream out, boolean terminal, String step, String unit, LongSupplier nanos) {
        this.out = out;
        this.terminal = terminal;
        this.step = step;
        this.unit = unit;
        this.nanos = nanos;
        this.started = nanos.getAsLong();
    }

    /** Whether standard error is a terminal, as far as Java can tell; System.console() alone says yes too often on 22+. */
    static boolean isTerminal() {
        if (System.console() == null || "dumb".equals(System.getenv("TERM"))) {
            return false;
        }
        try {
            return (boolean) System.console().getClass().getMethod("isTerminal").invoke(System.console());
        } catch (ReflectiveOperationException | RuntimeException e) {
            // Java 17 to 21: there is a console only if standard input and output are a terminal.
            return true;
        }
    }

    @Override
    public void update(long done, long total) {
        long now = nanos.getAsLong();
        double seconds = (now - started) / 1e9;
        if (terminal) {
            if (done < total && drawn != Long.MIN_VALUE && now - drawn < REDRAW) {
                return;
            }
            drawn = now;
            int filled = (int) (WIDTH * done / Math.max(1, total));
            double rate = seconds > 0 ? done / seconds : 0;
            String left = rate > 0 && done < total ? ", " + time((total - done) / rate) + " left" : "";
            out.printf(
                    Locale.ROOT,
                    "\r\033[K%-38s %s%s %3d %%  %s %s/s%s",
                    step,
                    "█".repeat(filled),
                    "░".repeat(WIDTH - filled),
                    100 * done / Math.max(1, total),
                    rate >= 100 ? String.format(Locale.ROOT, "%.0f", rate) : String.format(Locale.ROOT, "%.1f", rate),
                    unit,
                    left);
            out.flush();
        } else if (done < total && 4 * done / Math.max(1, total) > quarter) {
            quarter = 4 * done / Math.max(1, total);
            out.printf(Locale.ROOT, "%s: %d of %d %s%n", step, done, total, unit);
        }
    }

    /** Says that the step is over; returns how long it took, in seconds. */
    double end() {
        double seconds = (nanos.getAsLong() - started) / 1e9;
        out.printf(Locale.ROOT, "%s%-38s %s%n", terminal ? "\r\033[K" : "", step, "done in " + time(seconds));
        out.flush();
        return seconds;
    }

    private static String time(double seconds) {
        return seconds < 60
                ? String.format(Locale.ROOT, "%.1f s", seconds)
                : String.format(Locale.ROOT, "%d min %02d s", (long) seconds / 60, (long) seconds % 60);
    }
}
