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
    private final int columns;
    private final String step;
    private final String unit;
    private final LongSupplier nanos;
    private final long started;
    private long drawn = Long.MIN_VALUE;
    private long quarter;

    ConsoleProgress(PrintStream out, boolean terminal, int columns, String step, String unit, LongSupplier nanos) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
        this.step = step;
        this.unit = unit;
        this.nanos = nanos;
        this.started = nanos.getAsLong();
    }

    /** Columns of the terminal, which the launcher tells; Java does not know. */
    static int columns() {
        return Math.max(20, Integer.getInteger("aisec.columns", 80));
    }

    /**
     * Whether standard error is a terminal. The launcher tells; without it, as far as Java can tell, which does not know of
     * standard error alone. System.console() by itself says yes too often on 22+.
     */
    static boolean isTerminal() {
        String told = System.getProperty("aisec.terminal");
        if (told != null) {
            return Boolean.parseBoolean(told);
        }
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
            double rate = seconds > 0 ? done / seconds : 0;
            String left = rate > 0 && done < total ? ", " + time((total - done) / rate) + " left" : "";
            String tail = String.format(
                    Locale.ROOT,
                    " %3d %%  %s %s/s%s",
                    100 * done / Math.max(1, total),
                    rate >= 100 ? String.format(Locale.ROOT, "%.0f", rate) : String.format(Locale.ROOT, "%.1f", rate),
                    unit,
                    left);
            out.print("\r\033[K" + line(done, total, tail));
            out.flush();
        } else if (done < total && 4 * done / Math.max(1, total) > quarter) {
            quarter = 4 * done / Math.max(1, total);
            out.printf(Locale.ROOT, "%s: %d of %d %s%n", step, done, total, unit);
        }
    }

    /** Fits the columns, since a line that wraps cannot be redrawn: first the gap goes, then the bar, then the end. */
    private String line(long done, long total, String tail) {
        // Not the last column: some terminals wrap there.
        int space = columns - 1;
        String name = String.format(Locale.ROOT, "%-38s ", step);
        if (name.length() + WIDTH + tail.length() > space) {
            name = step + " ";
        }
        int width = Math.max(0, Math.min(WIDTH, space - name.length() - tail.length()));
        int filled = (int) (width * done / Math.max(1, total));
        String line = name + "█".repeat(filled) + "░".repeat(width - filled) + tail;
        return line.substring(0, Math.min(line.length(), space));
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
