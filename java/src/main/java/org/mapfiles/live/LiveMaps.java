package org.mapfiles.live;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
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
import org.mapfiles.internal.EventsAccess;

/**
 * Refreshes a snapshot of a process in the background while any number of other threads resolve addresses in it.
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
 * <p>If a refresh finds changes between {@link Reader#resolve} and a method of the mapping, that method throws
 * {@link IllegalStateException}: resolve again.
 *
 * <p>The snapshot is refreshed once per period. It is refreshed earlier after a miss, because the address may be in a
 * new mapping, and after an event of the kernel ({@link Builder#withEvents(MapEvents.Option...)}), but not more often
 * than {@link Builder#afterMiss(Duration)}. A result is as old as the snapshot ({@link #readAt()}). {@link #query}
 * queries the kernel for one address now.
 *
 * <p>Resolving takes no lock and allocates nothing. It calls no native code, except that the first miss after a refresh
 * wakes the refresher. Refreshing allocates nothing in steady state, also if mappings change each time. Each result of
 * a reader is from one whole snapshot.
 *
 * <p>When the process exits or its {@link ProcessMaps} is closed, the last snapshot stays readable, and
 * {@link #failure()} returns the reason. Any other failure in the background is recorded in {@link #failure()} or
 * {@link #eventsFailure()}, and the refresher tries again.
 *
 * <p>Thread-safe. Each {@link Reader} belongs to one thread.
 */
public final class LiveMaps implements AutoCloseable {
    private final ProcessMaps maps;
    private final MapSnapshot snapshot;
    private final long period;
    private final long afterMiss;
    private final Thread refresher;
    private final @Nullable LiveEvents events; // null: not requested
    /** Recorded if recording the cause of a failure fails too. */
    private final MapsException unrecorded;

    private volatile boolean closed;
    private volatile boolean missed;
    private volatile boolean reported;
    private volatile long triedAt;
    private volatile long readAt;
    private volatile long refreshes;
    private volatile long changes;
    private volatile @Nullable MapsException failure;

    private LiveMaps(Builder from) {
        maps = from.maps;
        period = from.period.toNanos();
        afterMiss = Math.min(from.afterMiss.toNanos(), period);
        unrecorded = new MapsException("refreshing the mappings of process " + maps.pid()
                + " failed, and there was too little memory to record the cause: raise -Xmx");
        snapshot = new MapSnapshot(); // before the events: if there is no memory, no descriptor is opened
        events = from.options != null
                ? LiveEvents.open(maps, from.options, afterMiss, period)
                : from.events != null ? LiveEvents.of(from.events, afterMiss, period) : null;
        triedAt = System.nanoTime();
        readAt = triedAt;
        refresher = new Thread(new Refresher(), "mapfiles-live-" + maps.pid());
        refresher.setDaemon(true);
    }

    /**
     * {@return a builder for live mappings of a process}
     *
     * @param maps the caller closes it after the {@link LiveMaps}
     */
    public static Builder of(ProcessMaps maps) {
        return new Builder(Objects.requireNonNull(maps, "maps"));
    }

    /** Configures and starts {@link LiveMaps}. For one thread. */
    public static final class Builder {
        private final ProcessMaps maps;
        private MapFilter filter = MapFilter.all();
        private Duration period = Duration.ofSeconds(1);
        private Duration afterMiss = Duration.ofMillis(10);
        private @Nullable MapEvents events;
        private MapEvents.Option @Nullable [] options;

        private Builder(ProcessMaps maps) {
            this.maps = maps;
        }

        /**
         * Sets which mappings are read; by default all. An address in another mapping is a miss.
         *
         * @param filter the properties of the mappings, and the backend
         * @return this builder
         */
        public Builder filter(MapFilter filter) {
            this.filter = Objects.requireNonNull(filter, "filter");
            return this;
        }

        /**
         * Sets the age at which the snapshot is refreshed; by default 1 s.
         *
         * @param period above 0, up to 292 years
         * @return this builder
         * @throws IllegalArgumentException if the duration is out of range
         */
        public Builder every(Duration period) {
            this.period = checked(period);
            return this;
        }

        /**
         * Sets the minimum age at which the snapshot is refreshed after a miss or an event; by default 10 ms. The
         * period is its maximum.
         *
         * @param minimum above 0, up to 292 years
         * @return this builder
         * @throws IllegalArgumentException if the duration is out of range
         */
        public Builder afterMiss(Duration minimum) {
            afterMiss = checked(minimum);
            return this;
        }

        /**
         * Opens a stream of kernel events and refreshes the snapshot after each of them. Events do not report every
         * change: the refresh after each period finds the others. With {@link MapEvents.Option#IMMEDIATE_WAKEUP} the
         * first event wakes the refresher. Without it, the refresher wakes when half a ring is full or the period is
         * over.
         *
         * <p>If the stream cannot be opened, because of too few permissions, descriptors or memory, mappings are polled
         * each period, and {@link LiveMaps#eventsFailure} returns the reason.
         *
         * @param options as of {@link MapEvents#open(ProcessMaps, MapEvents.Option...)}
         * @return this builder
         */
        public Builder withEvents(MapEvents.Option... options) {
            this.options = Objects.requireNonNull(options, "options").clone();
            events = null;
            return this;
        }

        /**
         * Uses a stream of kernel events that the caller has opened, as {@link #withEvents(MapEvents.Option...)}.
         *
         * @param events of the same process. The caller closes them after the {@link LiveMaps}. No other thread may
         *     drain or wait for them: while another thread does, mappings are polled, and
         *     {@link LiveMaps#eventsFailure} returns the reason. The next attempts follow after increasing pauses, up
         *     to the period
         * @return this builder
         * @throws IllegalArgumentException if the events are of another process
         */
        public Builder withEvents(MapEvents events) {
            Objects.requireNonNull(events, "events");
            EventsAccess.get().requireSameProcess(events, maps);
            this.events = events;
            options = null;
            return this;
        }

        private static Duration checked(Duration duration) {
            if (duration.isNegative()
                    || duration.isZero()
                    || duration.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0) {
                throw new IllegalArgumentException("not a duration above 0 and up to 292 years: " + duration);
            }
            return duration;
        }

        /**
         * Reads the first snapshot, and starts the daemon thread that refreshes it.
         *
         * @return live mappings, to be closed by the caller
         * @throws ProcessExitedException if the process has exited
         * @throws NotEnoughMemoryException if this JVM has too little memory, or cannot start a thread
         * @throws MapsException as {@link ProcessMaps#read}
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

        private static void closeEvents(@Nullable LiveMaps live) {
            if (live != null) {
                live.closeEvents();
            }
        }
    }

    /** Refreshes until this is closed. It is no lambda: the first lambda of a JVM takes milliseconds. */
    private final class Refresher implements Runnable {
        @Override
        public void run() {
            try {
                while (!closed && goOn()) {
                    Thread.interrupted(); // clears the status: while it is set, parkNanos() returns immediately
                }
            } finally {
                closeEvents();
            }
        }
    }

    private void closeEvents() {
        if (events != null) {
            events.close();
        }
    }

    /** Waits or refreshes; returns false if there is nothing left to refresh. */
    private boolean goOn() {
        try {
            long age = System.nanoTime() - triedAt;
            long wait = (missed || reported ? afterMiss : period) - age;
            if (wait > 0) {
                waitFor(wait);
                return true;
            }
            return refreshInBackground();
        } catch (RuntimeException | Error again) { // such as an OutOfMemoryError while another failure is recorded
            failure = unrecorded;
            return true;
        }
    }

    private void waitFor(long nanos) {
        long paused = events == null ? Long.MAX_VALUE : events.pausedFor();
        if (missed || reported || paused > 0) {
            LockSupport.parkNanos(this, paused > 0 ? Math.min(nanos, paused) : nanos);
        } else {
            reported = events.await(nanos);
        }
    }

    private void wake() {
        LockSupport.unpark(refresher);
        if (events != null) {
            events.wake();
        }
    }

    /** Refreshes in the background; returns false if there is nothing left to refresh. */
    private boolean refreshInBackground() {
        try {
            refresh();
            return true;
        } catch (ProcessExitedException
                | IllegalStateException ended) { // the process has exited, or its ProcessMaps is closed
            return false;
        } catch (MapsException retried) {
            return true;
        } catch (RuntimeException | Error retried) { // too little memory, most often
            failure = new MapsException(
                    "refreshing the mappings of process " + maps.pid() + " failed: " + retried, retried);
            return true;
        }
    }

    /**
     * Refreshes the snapshot now, on the calling thread. Allocates nothing in steady state.
     *
     * @return whether mappings have changed
     * @throws ProcessExitedException if the process has exited
     * @throws IllegalStateException if the {@link ProcessMaps} is closed
     * @throws MapsException as {@link ProcessMaps#refresh}
     */
    public boolean refresh() throws MapsException {
        synchronized (snapshot) { // the times change together with the snapshot
            long now = System.nanoTime();
            triedAt = now;
            missed = false; // before the read: a miss during the read requests another refresh
            reported = false;
            try {
                boolean changed = maps.refresh(snapshot);
                readAt = now;
                refreshes++;
                changes += changed ? 1 : 0;
                failure = null;
                return changed;
            } catch (MapsException e) {
                failure = e;
                throw e;
            } catch (IllegalStateException closedMaps) {
                failure = new MapsException(
                        "the mappings of process " + maps.pid() + " are no longer refreshed, since its ProcessMaps is"
                                + " closed: open another, and close it after its LiveMaps",
                        closedMaps);
                throw closedMaps;
            }
        }
    }

    /** {@return a new reader for one thread} Allocates it. */
    public Reader reader() {
        return new Reader(this);
    }

    /** Resolves addresses. Each reader belongs to one thread. */
    public static final class Reader {
        private final LiveMaps live;
        private final MapCursor cursor;

        private Reader(LiveMaps live) {
            this.live = live;
            this.cursor = live.snapshot.cursor();
        }

        /**
         * Finds the mapping that covers an address in the snapshot. Allocates nothing. After a miss the snapshot is
         * refreshed soon, unless the address is above 2<sup>63</sup>: such addresses belong to the kernel.
         *
         * @param address any 64-bit value
         * @return whether a mapping covers the address
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
         * {@return the mapping that the last {@link #resolve} found, always the same object} It is valid until the next
         * call. After a refresh with changes its methods throw {@link IllegalStateException}: resolve again.
         */
        public Mapping mapping() {
            return cursor;
        }
    }

    /**
     * Queries the kernel for the mapping that covers an address now, as {@link ProcessMaps#query}.
     *
     * @param address any 64-bit value
     * @param result receives the mapping; empty if no mapping covers the address
     * @return whether a mapping covers the address
     * @throws ProcessExitedException if the process has exited
     * @throws MapsException as {@link ProcessMaps#query}
     */
    public boolean query(long address, MappingQuery result) throws MapsException {
        return maps.query(address, result);
    }

    /**
     * {@return the snapshot that is refreshed, always the same one} Use it to iterate, or to find many addresses. Do
     * not read into it.
     */
    public MapSnapshot snapshot() {
        return snapshot;
    }

    /**
     * {@return a time at or before the begin of the last successful read, in nanoseconds as {@link System#nanoTime}}
     * Mappings that existed then, and still exist, are in the snapshot.
     */
    public long readAt() {
        return readAt;
    }

    /** {@return the number of refreshes after the first read} */
    public long refreshCount() {
        return refreshes;
    }

    /** {@return the number of refreshes that found changes} */
    public long changeCount() {
        return changes;
    }

    /** {@return why the last refresh failed, such as a {@link ProcessExitedException}; empty if it succeeded} */
    public Optional<MapsException> failure() {
        return Optional.ofNullable(failure);
    }

    /**
     * {@return why events are not available, so that mappings are only polled; empty if they are available or were not
     * requested} Either the stream could not be opened, or the last wait for events failed.
     */
    public Optional<MapsException> eventsFailure() {
        return events == null ? Optional.empty() : Optional.ofNullable(events.failure());
    }

    /**
     * Ends refreshing in the background, after an active read. The last snapshot stays readable, and {@link #refresh}
     * and {@link #query} still work. A second close does nothing.
     */
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
