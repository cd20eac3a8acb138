package dev.twofold.cli;

import dev.twofold.diag.Progress;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Progress as a bar that redraws itself on a terminal, and as a line now and then elsewhere. */
final class ConsoleProgress implements Progress {

    /** Puts the cursor at the start of an empty line. */
    static final String CLEAR_LINE = "\r\u001B[K";

    private static final int WIDTH = 30;
    private static final long BAR_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 10_000_000_000L;

    private final PrintWriter err;
    private final boolean terminal;
    private final LongSupplier clock;
    private final AtomicLong done = new AtomicLong();
    private String task = "";
    private Unit unit = Unit.STEPS;
    private long total;
    private long started;
    private long shown;
    private boolean running;

    /** @param clock nanoseconds from some moment on, as {@link System#nanoTime} */
    ConsoleProgress(PrintWriter err, boolean terminal, LongSupplier clock) {
        this.err = err;
        this.terminal = terminal;
        this.clock = clock;
    }

    /** Whether standard error is a terminal. Java cannot tell; the launcher can. */
    static boolean onTerminal() {
        return Boolean.getBoolean("twofold.terminal");
    }

    @Override
    public synchronized void begin(String name, long amount, Unit counted) {
        end();
        task = name;
        total = amount;
        unit = counted;
        done.set(0);
        started = clock.getAsLong();
        shown = started;
        running = true;
    }

    @Override
    public void advance(long amount) {
        done.addAndGet(amount);
        show(terminal ? BAR_NANOS : LINE_NANOS);
    }

    private synchronized void show(long interval) {
        long now = clock.getAsLong();
        if (!running || now - shown < interval) {
            return;
        }
        shown = now;
        if (terminal) {
            int filled = (int) (WIDTH * doneOfTotal() / Math.max(1, total));
            err.printf(
                    Locale.ROOT,
                    "\r%s [%s%s] %s%s ",
                    task,
                    "#".repeat(filled),
                    ".".repeat(WIDTH - filled),
                    share(),
                    left(now));
            err.flush();
        } else {
            err.println(task + ": " + share() + left(now));
        }
    }

    private String share() {
        return 100 * doneOfTotal() / Math.max(1, total) + "% of " + amount(total);
    }

    /** What is done, but no more than was announced. */
    private long doneOfTotal() {
        return Math.min(done.get(), total);
    }

    private String left(long now) {
        long made = done.get();
        if (made == 0 || made >= total) {
            return "";
        }
        double seconds = (now - started) / 1e9 * (total - made) / made;
        return String.format(Locale.ROOT, ", %.0f s left", seconds);
    }

    private String amount(long count) {
        return unit == Unit.BYTES
                ? String.format(Locale.ROOT, "%.1f MB", count / 1e6)
                : count + " " + unit.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public synchronized void end() {
        if (!running) {
            return;
        }
        running = false;
        double seconds = (clock.getAsLong() - started) / 1e9;
        String line = String.format(Locale.ROOT, "%s: %s in %.1f s", task, amount(total), seconds);
        err.println(terminal ? CLEAR_LINE + line : line);
    }
}
