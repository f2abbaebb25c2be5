package org.mapfiles.cli.output;

import java.io.IOException;
import java.time.Instant;
import org.mapfiles.Mapping;
import org.mapfiles.timeline.MapChange;

/** Prints changes of mappings, one on each line. */
public interface ChangePrinter {
    /**
     * Prints a change.
     *
     * @param wallClock nanoseconds of the wall clock at the time 0 of changes
     */
    void print(MapChange change, long wallClock) throws IOException;

    /**
     * Prints a mapping that existed at the start.
     *
     * @param time nanoseconds of the wall clock
     */
    void printPresent(Mapping mapping, long time) throws IOException;

    /**
     * Prints changes that were kept to print them together. Called when no change has come for some time, and at the
     * end.
     */
    void flush() throws IOException;

    /** Returns the instant of a time in nanoseconds of the wall clock. */
    static Instant instant(long time) {
        return Instant.ofEpochSecond(Math.floorDiv(time, 1_000_000_000L), Math.floorMod(time, 1_000_000_000L));
    }
}
