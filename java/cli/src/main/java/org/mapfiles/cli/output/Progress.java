package org.mapfiles.cli.output;

import java.util.function.LongSupplier;

/**
 * Shows how far long work has come, in one line of stderr that is replaced. Shows nothing unless stderr is a terminal.
 */
public final class Progress implements AutoCloseable {
    /** Shorter work shows nothing. */
    private static final long FIRST_NANOS = 500_000_000;

    private static final long NEXT_NANOS = 200_000_000;
    /** The longest line that any terminal shows without a break. */
    private static final int WIDTH = 60;

    private final Terminal terminal;
    private final String what;
    private final LongSupplier clock;
    /** Of a call that counts the total; -1: it was not called. */
    private long counted = -1;

    private long due;

    /** @param what is done, as the beginning of the line */
    public Progress(Terminal terminal, String what) {
        this(terminal, what, System::nanoTime);
    }

    /** @param clock returns nanoseconds, as {@link System#nanoTime()} does */
    Progress(Terminal terminal, String what, LongSupplier clock) {
        this.terminal = terminal;
        this.what = what;
        this.clock = clock;
        due = clock.getAsLong() + FIRST_NANOS;
    }

    /** Shows a count, if some time has passed since the last call that did. */
    public void update(long done, long total, String unit) {
        if (isDue()) {
            show(done, total, unit);
        }
    }

    /** As {@link #update(long, long, String)}. The total is counted before the first count is shown. */
    public void update(long done, LongSupplier total, String unit) {
        if (isDue()) {
            counted = counted < 0 ? total.getAsLong() : counted;
            show(done, Math.max(counted, done), unit);
        }
    }

    private boolean isDue() {
        return terminal.showsProgress() && clock.getAsLong() - due >= 0;
    }

    private void show(long done, long total, String unit) {
        String count = total > 0 ? done + " of " + total : Long.toString(done);
        terminal.showProgress(TextWidth.shortened(what + ": " + count + " " + unit, WIDTH));
        due = clock.getAsLong() + NEXT_NANOS;
    }

    /** Removes the line. */
    @Override
    public void close() {
        terminal.removeProgress();
    }
}
