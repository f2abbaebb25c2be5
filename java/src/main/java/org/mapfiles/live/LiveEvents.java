package org.mapfiles.live;

import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.internal.EventsAccess;

/**
 * The events that a refresher waits for. If waiting fails, the refresher pauses before the next attempt, each time
 * twice as long. One thread calls {@link #pausedFor} and {@link #await}; the other methods are thread-safe.
 */
final class LiveEvents {
    /** Null: the stream could not be opened. */
    private final @Nullable MapEvents events;

    private final boolean isOwned;
    private final long minPause;
    private final long maxPause;
    private long pause;
    private long pausedUntil;
    private volatile @Nullable MapsException failure;

    private LiveEvents(@Nullable MapEvents events, boolean isOwned, long minPause, long maxPause) {
        this.events = events;
        this.isOwned = isOwned;
        this.minPause = minPause;
        this.maxPause = maxPause;
    }

    /** Uses a stream that the caller closes. Pauses are in nanoseconds. */
    static LiveEvents of(MapEvents events, long minPause, long maxPause) {
        return new LiveEvents(events, false, minPause, maxPause);
    }

    /**
     * Opens a stream that {@link #close} closes. If it cannot be opened, {@link #failure} is set and {@link #pausedFor}
     * never ends.
     */
    static LiveEvents open(ProcessMaps maps, MapEvents.Option[] options, long minPause, long maxPause) {
        try {
            return new LiveEvents(MapEvents.open(maps, options), true, minPause, maxPause);
        } catch (MapsException | OutOfMemoryError notOpened) {
            LiveEvents none = new LiveEvents(null, true, minPause, maxPause);
            none.failure = polling(notOpened);
            return none;
        }
    }

    /** Returns the nanoseconds until the next attempt to wait for events; 0: now. */
    long pausedFor() {
        return events == null ? Long.MAX_VALUE : pause == 0 ? 0 : Math.max(0, pausedUntil - System.nanoTime());
    }

    /**
     * Waits for events and drains them.
     *
     * @param nanos maximum time to wait
     * @return whether mappings have changed or may have changed
     */
    boolean await(long nanos) {
        try {
            boolean changed = events.await((int) Math.min(nanos / 1_000_000 + 1, Integer.MAX_VALUE))
                    && EventsAccess.get().drainAllForChanges(events);
            pause = 0;
            failure = null;
            return changed;
        } catch (ProcessExitedException ended) {
            return true; // the next refresh reports it
        } catch (MapsException | RuntimeException | Error failed) { // the stream is closed, or another thread drains it
            pause = Math.min(Math.max(2 * pause, minPause), maxPause);
            pausedUntil = System.nanoTime() + pause;
            failure = polling(failed);
            return true;
        }
    }

    private static MapsException polling(Throwable cause) {
        String why = cause instanceof MapsException ? cause.getMessage() : cause.toString();
        return new MapsException("changes are found by polling: " + why, cause);
    }

    /** Ends the wait of the refresher. */
    void wake() {
        if (events != null) {
            EventsAccess.get().wake(events);
        }
    }

    void close() {
        if (isOwned && events != null) {
            events.close();
        }
    }

    /** Returns why events are not available; null if they are. */
    @Nullable
    MapsException failure() {
        return failure;
    }
}
