package org.mapfiles.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.mapfiles.timeline.MapTimeline;
import org.mapfiles.timeline.TimelineResult;

/** The input is a timeline file. A timeline that was loaded is saved and loaded again, and resolves equally. */
public final class TimelineFuzz {
    private static final long MAX_BYTES = 1 << 20;

    private TimelineFuzz() {}

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] data) {
        MapTimeline timeline;
        try {
            timeline = MapTimeline.load(new ByteArrayInputStream(data), MAX_BYTES);
        } catch (IOException documented) {
            return;
        }
        try {
            ByteArrayOutputStream saved = new ByteArrayOutputStream();
            timeline.save(saved);
            MapTimeline again = MapTimeline.load(new ByteArrayInputStream(saved.toByteArray()), MAX_BYTES);
            compare(timeline, again);
        } catch (IOException e) {
            throw new IllegalStateException("a loaded timeline cannot be saved and loaded again", e);
        }
    }

    private static void compare(MapTimeline timeline, MapTimeline again) {
        TimelineResult first = new TimelineResult();
        TimelineResult second = new TimelineResult();
        long from = timeline.recordedFrom();
        long until = timeline.recordedUntil();
        for (long address : new long[] {0, 0x10000, 0x35000, 0x7f0000000000L, -1}) {
            for (long time : new long[] {from, until, from + (until - from) / 2, from - 1, until + 1}) {
                boolean found = timeline.resolve(address, time, first);
                if (found != again.resolve(address, time, second)
                        || first.outcome() != second.outcome()
                        || !first.toString().equals(second.toString())) {
                    throw new IllegalStateException(first + " is " + second + " after it was saved and loaded");
                }
            }
        }
    }
}
