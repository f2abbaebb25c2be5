package org.mapfiles.live;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;

/**
 * The mappings of a process, kept fresh by a thread of its own and looked up by any number of others.
 *
 * <pre>{@code
 * try (LiveMaps live = LiveMaps.of(maps).every(Duration.ofSeconds(1)).start()) {
 *     LiveMaps.Reader reader = live.reader();                   // one for each thread
 *     if (reader.resolve(address)) {
 *         use(reader.mapping().fileIndex(), reader.mapping().fileOffset(address));
 *     }
 * }
 * }</pre>
 *
 * <p>A picture is taken at the latest after each period and soon where an address was in no mapping, which may be new, or where the
 * kernel tells of a change ({@link Builder#withEvents(MapEvents.Option...)}); not more often for these than {@link Builder#afterMiss}.
 * What is known of an address is as old as the present picture ({@link #takenAt}); {@link #validate} asks the kernel about one address
 * now.
 *
 * <p>Resolving takes no lock, allocates nothing and calls no native code, but that the first miss since a picture wakes the
 * refresher. Refreshing allocates nothing in steady state, also when something changes each time. A reader sees one whole picture
 * at a time.
 *
 * <p>When the process ends, or its {@link ProcessMaps} is closed, the last picture stays, and {@link #failure} says so. Whatever else
 * fails in the background is recorded in {@link #failure} or {@link #eventsFailure}, and tried again.
 * Thread-safe, but for readers.
 */
public final class LiveMaps implements AutoCloseable {
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    private final long period;
    private final long afterMiss;
    private final Thread refresher;
    /** Null: nobody asked for it. */
    private final LiveEvents events;
    /** Recorded where recording the cause of a failure fails itself. */
    private final MapsException unrecorded;
    private volatile boolean closed;
    private volatile boolean missed;
    private volatile boolean reported;
    private volatile long triedAt;
    private volatile long takenAt;
    private volatile long refreshes;
    private volatile long changes;
    private volatile MapsException failure;

    private LiveMaps(Builder from) {
        maps = from.maps;
        period = from.period.toNanos();
        afterMiss = Math.min(from.afterMiss.toNanos(), period);
        unrecorded = new MapsException("refreshing the mappings of process " + maps.pid() + " failed, and no memory was left to record why");
        snapshot = new MapSnapshot(); // before the events: without memory for it, no descriptor is opened
        events = from.options != null ? LiveEvents.open(maps, from.options, afterMiss, period)
                : from.events != null ? LiveEvents.of(from.events, afterMiss, period) : null;
        triedAt = System.nanoTime();
        takenAt = triedAt;
        refresher = new Thread(this::run, "mapfiles-live-" + maps.pid());
        refresher.setDaemon(true);
    }

    /** Live mappings of a process, which stays the caller's to close, after these. */
    public static Builder of(ProcessMaps maps) {
        return new Builder(Objects.requireNonNull(maps, "maps"));
    }

    /** How mappings are to be kept fresh. */
    public static final class Builder {
        private final ProcessMaps maps;
        private MapFilter filter = MapFilter.all();
        private Duration period = Duration.ofSeconds(1);
        private Duration afterMiss = Duration.ofMillis(10);
        private MapEvents events;
        private MapEvents.Option[] options;

        private Builder(ProcessMaps maps) {
            this.maps = maps;
        }

        /** Those that pass a filter alone; else all. An address in one that does not pass is a miss. */
        public Builder filter(MapFilter wanted) {
            filter = Objects.requireNonNull(wanted, "wanted");
            return this;
        }

        /**
         * The age at which a picture is taken anew; else a second.
         *
         * @throws IllegalArgumentException if it is not above 0, or passes 292 years
         */
        public Builder every(Duration wanted) {
            period = checked(wanted);
            return this;
        }

        /**
         * The age at which a picture is taken anew because of a miss or a change that was told, if that is less; else 10 ms.
         *
         * @throws IllegalArgumentException as {@link #every}
         */
        public Builder afterMiss(Duration wanted) {
            afterMiss = checked(wanted);
            return this;
        }

        /**
         * Listens for events of the kernel, of a stream of its own. Events do not report every change; the period makes up for the rest.
         * With {@link MapEvents.Option#AT_ONCE} a change is known at once. Without, it is known when the kernel has recorded several, or
         * the period is over.
         *
         * <p>Where the stream cannot be opened, for want of permission, file descriptors or memory, mappings are polled each period, and
         * {@link LiveMaps#eventsFailure} has the reason.
         *
         * @param wanted as of {@link MapEvents#open(ProcessMaps, MapEvents.Option...)}
         */
        public Builder withEvents(MapEvents.Option... wanted) {
            options = Objects.requireNonNull(wanted, "wanted").clone();
            events = null;
            return this;
        }

        /**
         * As {@link #withEvents(MapEvents.Option...)}, with a stream that the caller has opened.
         *
         * @param changes of the same process. They stay the caller's to close, after these. No other thread may drain or wait for them: while
         *     one does, mappings are polled, and {@link LiveMaps#eventsFailure} says so. Listening is tried again after a while, longer
         *     each time, up to the period.
         */
        public Builder withEvents(MapEvents changes) {
            events = Objects.requireNonNull(changes, "changes");
            options = null;
            return this;
        }

        private static Duration checked(Duration wanted) {
            if (wanted.isNegative() || wanted.isZero() || wanted.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0) {
                throw new IllegalArgumentException("not a time to wait: " + wanted);
            }
            return wanted;
        }

        /**
         * Takes the first picture, and starts the thread that takes the others.
         *
         * @throws NotEnoughMemoryException if this JVM has too little memory for a picture, or the system does not let it start a thread
         * @throws MapsException as of {@link ProcessMaps#read}
         */
        public LiveMaps start() throws MapsException {
            LiveMaps live = null;
            try {
                live = new LiveMaps(this);
                maps.read(live.snapshot, filter);
                live.refresher.start();
                return live;
            } catch (OutOfMemoryError e) {
                closeEvents(live);
                throw new NotEnoughMemoryException("live mappings of process " + maps.pid(), e);
            } catch (MapsException | RuntimeException | Error failed) {
                closeEvents(live);
                throw failed;
            }
        }

        private static void closeEvents(LiveMaps live) {
            if (live != null) {
                live.closeEvents();
            }
        }
    }

    private void run() {
        try {
            while (!closed && goOn()) {
                Thread.interrupted(); // by somebody who interrupts all threads: with it set, none would wait any more
            }
        } finally {
            closeEvents();
        }
    }

    private void closeEvents() {
        if (events != null) {
            events.close();
        }
    }

    /** Waits or takes a picture; false: there is nothing left to refresh. */
    private boolean goOn() {
        try {
            long age = System.nanoTime() - triedAt;
            long wait = (missed || reported ? afterMiss : period) - age;
            if (wait > 0) {
                rest(wait);
                return true;
            }
            return refreshUnattended();
        } catch (RuntimeException | Error again) { // an OutOfMemoryError while another one was being recorded
            failure = unrecorded;
            return true;
        }
    }

    /** Until that time has passed, or there is something to do earlier. */
    private void rest(long nanos) {
        long paused = events == null ? Long.MAX_VALUE : events.pausedFor();
        if (missed || reported || paused > 0) {
            LockSupport.parkNanos(this, paused > 0 ? Math.min(nanos, paused) : nanos);
        } else {
            reported = events.await(nanos);
        }
    }

    /** Ends a rest. */
    private void wake() {
        LockSupport.unpark(refresher);
        if (events != null) {
            events.wake();
        }
    }

    /** Whether there is anything left to refresh. */
    private boolean refreshUnattended() {
        try {
            refresh();
            return true;
        } catch (ProcessExitedException | IllegalStateException over) { // it has ended, or its ProcessMaps is closed
            return false;
        } catch (MapsException perhapsNotForLong) {
            return true;
        } catch (RuntimeException | Error unexpected) { // want of memory, above all: perhaps not for long
            failure = because("taking a picture failed: " + unexpected, unexpected);
            return true;
        }
    }

    private static MapsException because(String what, Throwable cause) {
        return new MapsException(what, cause);
    }

    /**
     * Takes a picture now, on the calling thread.
     *
     * @return whether something has changed
     */
    public boolean refresh() throws MapsException {
        synchronized (snapshot) { // the lock of pictures: the times they were taken at go with them
            long now = System.nanoTime();
            triedAt = now;
            missed = false; // before the read: who misses during it asks again
            reported = false;
            try {
                boolean changed = maps.refresh(snapshot);
                takenAt = now;
                refreshes++;
                changes += changed ? 1 : 0;
                failure = null;
                return changed;
            } catch (MapsException e) {
                failure = e;
                throw e;
            } catch (IllegalStateException over) {
                failure = because("no more pictures are taken of process " + maps.pid() + ", as its ProcessMaps is closed:"
                        + " close it after its LiveMaps, and begin anew with another", over);
                throw over;
            }
        }
    }

    /** A reader for the calling thread, or another one. */
    public Reader reader() {
        return new Reader(this);
    }

    /** Looks up addresses; of one thread. */
    public static final class Reader {
        private final LiveMaps live;
        private final MapCursor cursor;

        private Reader(LiveMaps live) {
            this.live = live;
            this.cursor = live.snapshot.cursor();
        }

        /**
         * Goes to the mapping that covers an address in the present picture.
         *
         * @param address any 64-bit value
         * @return whether there is one; if not, a picture is taken soon, unless the address is the kernel's own (above
         *     2<sup>63</sup>)
         */
        public boolean resolve(long address) {
            if (cursor.goTo(address)) {
                return true;
            }
            if (address >= 0 && !live.missed) {
                live.missed = true;
                live.wake();
            }
            return false;
        }

        /**
         * The mapping of the last {@link #resolve}, to be read before the next. It throws {@link IllegalStateException} once a newer
         * picture is shown: resolve again.
         */
        public Mapping mapping() {
            return cursor;
        }
    }

    /**
     * Asks the kernel which mapping covers an address now: {@link ProcessMaps#query}.
     *
     * @return whether there is one
     */
    public boolean validate(long address, MappingQuery answer) throws MapsException {
        return maps.query(address, answer);
    }

    /** The snapshot that is kept fresh: to walk, or to look up many addresses at once. Not to be filled by others. */
    public MapSnapshot snapshot() {
        return snapshot;
    }

    /**
     * When the present picture, or an older one, began to be read, as {@link System#nanoTime}: what was mapped then, and stayed, is in
     * it.
     */
    public long takenAt() {
        return takenAt;
    }

    /** Pictures taken after the first. */
    public long refreshes() {
        return refreshes;
    }

    /** Of these, those that were different from the one before. */
    public long changes() {
        return changes;
    }

    /**
     * Why the last attempt to take a picture failed, such as {@link ProcessExitedException}, or that the {@link ProcessMaps} is closed; null
     * if it did not.
     */
    public MapsException failure() {
        return failure;
    }

    /**
     * Why changes are found by polling alone, although {@link Builder#withEvents(MapEvents.Option...)} was asked for: the stream could not be
     * opened, or the last attempt to listen failed. Null if it did not, or nobody asked.
     */
    public MapsException eventsFailure() {
        return events == null ? null : events.failure();
    }

    /** Ends refreshing, after a read under way. The last picture stays. Again: nothing. */
    @Override
    public void close() {
        closed = true;
        wake();
        closeEvents();
    }

    @Override
    public String toString() {
        return "LiveMaps[" + maps.pid() + ", " + snapshot + "]";
    }
}
