package org.mapfiles.live;

import org.mapfiles.MapsException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.internal.EventsAccess;

/**
 * The stream of events that a refresher listens to. While it cannot listen, it pauses, longer each time. One thread waits; any thread
 * wakes it, closes this, and reads the failure.
 */
final class LiveEvents {
    /** Null: it could not be opened. */
    private final MapEvents events;
    private final boolean isOwned;
    private final long minPause;
    private final long maxPause;
    private long pause;
    private long pausedUntil;
    private volatile MapsException failure;

    private LiveEvents(MapEvents events, boolean isOwned, long minPause, long maxPause) {
        this.events = events;
        this.isOwned = isOwned;
        this.minPause = minPause;
        this.maxPause = maxPause;
    }

    /** A stream that the caller has opened, and closes. Pauses are in nanoseconds. */
    static LiveEvents of(MapEvents events, long minPause, long maxPause) {
        return new LiveEvents(events, false, minPause, maxPause);
    }

    /** A stream that is closed with this. Where it cannot be opened there is a failure, and nothing to listen to. */
    static LiveEvents open(ProcessMaps maps, MapEvents.Option[] options, long minPause, long maxPause) {
        try {
            return new LiveEvents(MapEvents.open(maps, options), true, minPause, maxPause);
        } catch (MapsException | OutOfMemoryError refused) {
            LiveEvents none = new LiveEvents(null, true, minPause, maxPause);
            none.failure = polling(refused);
            return none;
        }
    }

    /** Nanoseconds until it can listen; 0: now. */
    long pausedFor() {
        return events == null ? Long.MAX_VALUE : pause == 0 ? 0 : Math.max(0, pausedUntil - System.nanoTime());
    }

    /**
     * Waits for events, for so many nanoseconds, and takes them out.
     *
     * @return whether mappings have changed, or may have
     */
    boolean await(long nanos) {
        try {
            boolean changed = events.await((int) Math.min(nanos / 1_000_000 + 1, Integer.MAX_VALUE)) && EventsAccess.get().drainAllForChanges(events);
            pause = 0;
            failure = null;
            return changed;
        } catch (ProcessExitedException ended) {
            return true; // the next snapshot says so too
        } catch (MapsException | RuntimeException | Error notNow) { // closed, for good; or used by another thread, which takes events out
            pause = Math.min(Math.max(2 * pause, minPause), maxPause);
            pausedUntil = System.nanoTime() + pause;
            failure = polling(notNow);
            return true;
        }
    }

    private static MapsException polling(Throwable cause) {
        String why = cause instanceof MapsException ? cause.getMessage() : cause.toString();
        return new MapsException("changes are found by polling: " + why, cause);
    }

    /** Ends a wait. */
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

    /** Why it does not listen; null if it does. */
    MapsException failure() {
        return failure;
    }
}
