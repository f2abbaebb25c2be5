package org.mapfiles.timeline;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.internal.EventsAccess;
import org.mapfiles.internal.RootAccess;

/**
 * Resolves an address as of its sampling time. A timeline records the mappings of one process over time, from polls and
 * events.
 *
 * <pre>{@code
 * MapTimeline timeline = MapTimeline.withMaxBytes(64 << 20);
 * MapSnapshot snapshot = new MapSnapshot();
 * while (sampling) {                                         // for example every 100 ms
 *     timeline.poll(maps, snapshot);
 * }
 * if (timeline.resolve(sample.address, sample.nanoTime, result)) {
 *     use(result.mapping().name(), result.mapping().fileOffset(sample.address));
 * }
 * }</pre>
 *
 * <p>Times are nanoseconds as {@link System#nanoTime} (CLOCK_MONOTONIC). A change that a poll finds happened
 * <em>between</em> two polls. For a time in between, each mapping that may have covered the address is a candidate. The
 * outcome is {@link TimelineResult.Outcome#AMBIGUOUS} if candidates have another byte, or another file by device, inode
 * or path; deleting a file is not such a difference. A mapping that is made and unmapped between two polls is not found
 * by polls. Times before the first poll, dropped times, and times after the last poll without events
 * ({@link #addEvents}) have an outcome of their own: the timeline never guesses.
 *
 * <p>Memory is bounded: if the maximum is exceeded, the oldest block of time is dropped, and {@link #recordedFrom}
 * increases. The present mappings are never dropped, whatever memory they take.
 *
 * <p>Thread-safe. Polls run one at a time; {@link #resolve} does not wait for the system calls of a poll. A poll
 * allocates only for changes. Resolving allocates nothing.
 */
public final class MapTimeline {
    /**
     * The lock of polls, so that their times increase. Resolving does not take it, and so does not wait for system
     * calls.
     */
    private final Object polling = new Object();

    private final TimelineProcess process = new TimelineProcess();
    private final TimelineBlocks blocks;
    private final TrackedMappings tracked = new TrackedMappings();
    private long polledAt;
    private long reportedUntil;
    private long incompleteBy = Long.MIN_VALUE;
    /** The stream of the last call. A weak reference, since the caller may drop it. */
    private @Nullable WeakReference<MapEvents> stream;

    private boolean isThreadUnwatched;
    private boolean isLoaded;

    private MapTimeline(long maxBytes) {
        blocks = new TimelineBlocks(maxBytes);
    }

    /**
     * Returns an empty timeline with a maximum of memory.
     *
     * @param maxBytes approximate maximum on the Java heap, in bytes, above 0
     * @return a timeline for one process
     * @throws IllegalArgumentException if {@code maxBytes} is not above 0
     */
    public static MapTimeline withMaxBytes(long maxBytes) {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("maxBytes is not above 0: " + maxBytes);
        }
        return new MapTimeline(maxBytes);
    }

    /**
     * Reads the mappings of a process, and records what has changed since the last poll.
     *
     * @param maps the process, the same one in all calls
     * @param snapshot is refreshed, with the filter of its last read
     * @return whether mappings have changed
     * @throws IllegalArgumentException if this timeline has records of another process
     * @throws org.mapfiles.ProcessExitedException if the process has exited; the timeline stays usable
     * @throws IllegalStateException if the process is closed, or this timeline was loaded from a file
     * @throws MapsException as {@link ProcessMaps#refresh}
     */
    public boolean poll(ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
        return pollWith(maps, snapshot, null);
    }

    /**
     * Polls as {@link #poll(ProcessMaps, MapSnapshot)} and adds the events of the kernel, as {@link #addEvents}. The
     * times of events are exact. The poll finds what was unmapped.
     *
     * @param maps the process, the same one in all calls
     * @param snapshot is refreshed, with the filter of its last read
     * @param events of the same process, opened before the first poll
     * @return whether mappings have changed
     * @throws IllegalArgumentException if the events are of another process, or this timeline has records of another
     *     one
     * @throws org.mapfiles.ProcessExitedException if the process has exited; the timeline stays usable
     * @throws IllegalStateException if the process or the events are closed, or this timeline was loaded from a file
     * @throws MapsException as {@link ProcessMaps#refresh}
     */
    public boolean poll(ProcessMaps maps, MapSnapshot snapshot, MapEvents events) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(events, "events");
        EventsAccess.get().requireSameProcess(events, maps);
        return pollWith(maps, snapshot, events);
    }

    private boolean pollWith(ProcessMaps maps, MapSnapshot snapshot, @Nullable MapEvents events) throws MapsException {
        Objects.requireNonNull(snapshot, "snapshot");
        process.check(RootAccess.get().pidAtProc(Objects.requireNonNull(maps, "maps")));
        synchronized (polling) {
            long from = System.nanoTime();
            maps.refresh(snapshot);
            long to = System.nanoTime();
            if (events != null) {
                addEvents(events);
            }
            return record(snapshot, from, to);
        }
    }

    /**
     * Drains events and records their mappings. After that {@link #resolve} finds the mapping of any time until now
     * without a poll. For mappings that are not executable this needs {@link MapEvents.Option#DATA}.
     *
     * <p>The kernel does not report unmapping and mremap(2). So for times after the last poll,
     * {@link TimelineResult#mayBeUnmapped} returns true. An address that was in use at that time was in the mapping of
     * the result, unless mremap(2) moved another mapping there; the next poll finds that. With
     * {@link MapEvents.Option#BUILD_ID}, events have no inodes: two files that had the same path between two polls are
     * treated as the same file.
     *
     * <p>If events may be missing ({@link MapEvents#isIncomplete}), or the stream differs from the one of the last
     * call, times after the last poll are {@link TimelineResult.Outcome#NOT_YET_RECORDED} until another poll has begun.
     * If a thread is not watched ({@link MapEvents#isThreadUnwatched}), they are until another stream is used.
     *
     * @param events of the same process, opened before the first poll
     * @throws IllegalArgumentException if this timeline has records of another process
     * @throws IllegalStateException if the events are closed, another thread drains them, or this timeline was loaded
     *     from a file
     */
    public void addEvents(MapEvents events) {
        Objects.requireNonNull(events, "events");
        process.set(EventsAccess.get().pidAtProc(events));
        synchronized (polling) {
            long now = System.nanoTime();
            boolean isComplete = false;
            try {
                boolean isSameStream = isSameStream(events);
                boolean isRecorded = recordAll(events, now);
                isComplete = isSameStream && isRecorded && !isThreadUnwatched;
            } finally {
                if (isComplete) {
                    completeUntil(now);
                } else {
                    incompleteUntil(System.nanoTime());
                }
            }
        }
    }

    /**
     * Records all events until now. Later events are left, since a busy process may add them faster than they are read.
     *
     * @return whether no event is missing
     */
    private boolean recordAll(MapEvents events, long now) {
        boolean isComplete = true;
        long last = Long.MIN_VALUE;
        do {
            events.drain();
            isComplete &= !events.isIncomplete();
            isThreadUnwatched |= events.isThreadUnwatched();
            for (MapEvent event = events.event(); event.next(); ) {
                last = event.time();
                record(event);
            }
        } while (events.hasMore() && last <= now);
        return isComplete;
    }

    /**
     * Returns whether the stream is that of the last call, or the first one. Events before the open of another stream
     * are missing.
     */
    private boolean isSameStream(MapEvents events) {
        if (stream != null && stream.refersTo(events)) {
            return true;
        }
        boolean isFirst = stream == null;
        stream = new WeakReference<>(events);
        isThreadUnwatched = false;
        return isFirst;
    }

    private void record(MapEvent event) {
        if (event.type() == MapEvent.Type.MAPPED) {
            record(event, event.time());
        } else if (event.type() == MapEvent.Type.EXEC) {
            recordEnd(event.time());
        }
    }

    /** Records that all events until a time were added, unless events are missing since the last poll. */
    synchronized void completeUntil(long until) {
        if (incompleteBy <= polledAt) {
            reportedUntil = until;
        }
    }

    /** Records that events before a time may be missing: a poll that begins later finds their result. */
    synchronized void incompleteUntil(long by) {
        incompleteBy = by;
    }

    /** Records an event: a mapping that exists from a time on. */
    synchronized void record(Mapping mapping, long time) {
        checkLive();
        record(tracked.mapped(mapping, time));
    }

    /** Records an execve(2). */
    synchronized void recordEnd(long time) {
        checkLive();
        record(tracked.executed(time));
    }

    /**
     * Records a snapshot that the caller has read. Events until {@code to} must have been added before.
     *
     * @param snapshot of the same process in all calls
     * @param from {@link System#nanoTime} before the read, in nanoseconds
     * @param to {@link System#nanoTime} after the read, in nanoseconds
     * @return whether mappings have changed since the last record
     * @throws IllegalArgumentException if {@code to} is before {@code from}, or {@code from} before that of the last
     *     call; or if this timeline has records of another process
     * @throws IllegalStateException if this timeline was loaded from a file
     */
    public synchronized boolean record(MapSnapshot snapshot, long from, long to) {
        Objects.requireNonNull(snapshot, "snapshot");
        checkLive();
        if (to < from || (!blocks.isEmpty() && from < polledAt)) {
            throw new IllegalArgumentException(
                    "the times " + from + " to " + to + " do not increase, or are before the last poll at " + polledAt);
        }
        Object owner = RootAccess.get().owner(snapshot);
        process.set(owner == null ? 0 : RootAccess.get().pidAtProc(owner));
        MappingStep step = tracked.polled(snapshot, from, to);
        boolean isChanged = blocks.isEmpty() || record(step);
        long now = Math.max(to, tracked.latestEvent()); // the time of the tracked mappings
        if (blocks.isEmpty()) {
            blocks.begin(now, tracked.mappings());
        }
        polledAt = from;
        blocks.keepWithinBounds(now, tracked.mappings());
        return isChanged;
    }

    private void checkLive() {
        if (isLoaded) {
            throw new IllegalStateException(
                    "this timeline was loaded from a file and is read-only: record into another one");
        }
    }

    /** Records a step; returns whether mappings have changed. */
    private boolean record(MappingStep step) {
        switch (step.source()) {
            case EVENT:
                recordEvent(step);
                return true;
            case EXEC:
                blocks.add(null, true, step.time(), step.time());
                for (TrackedMappings.Tracked kept : tracked.mappings()) { // [vsyscall]
                    blocks.add(kept.mapping, false, step.time(), step.time());
                }
                return true;
            default:
                return recordPoll(step);
        }
    }

    /** Records the step of an event. Only the replaced range is unmapped; the rest of a replaced mapping remains. */
    private void recordEvent(MappingStep step) {
        for (TrackedMappings.Tracked replaced : step.before()) {
            blocks.add(
                    StoredMappings.within(replaced.mapping, step.reported()),
                    true,
                    step.lastSeen(replaced),
                    step.time());
        }
        for (ImmutableMapping now : step.now()) {
            blocks.add(now, false, step.time(), step.time());
        }
        blocks.keepWithinBounds(step.time(), tracked.mappings());
    }

    /**
     * Records the step of a poll. Mappings that differ only in numbers that an event lacked are no change. If the event
     * lacked the name, the mapping with the name is recorded, and no removal.
     */
    private boolean recordPoll(MappingStep step) {
        List<ImmutableMapping> now = step.now();
        boolean[] isUnchanged = new boolean[now.size()];
        boolean isChanged = false;
        int next = 0;
        for (TrackedMappings.Tracked replaced : step.before()) {
            while (next < now.size() && Long.compareUnsigned(now.get(next).start(), replaced.mapping.start()) < 0) {
                next++;
            }
            if (next < now.size() && StoredMappings.mayBeSame(replaced.mapping, now.get(next))) {
                isUnchanged[next] = true;
            } else if (next == now.size() || !StoredMappings.isOnlyNamedBy(replaced.mapping, now.get(next))) {
                blocks.add(replaced.mapping, true, step.lastSeen(replaced), step.time());
                isChanged = true;
            }
        }
        for (int i = 0; i < now.size(); i++) {
            if (!isUnchanged[i]) {
                blocks.add(now.get(i), false, step.lastAbsent(now.get(i)), step.time());
                isChanged = true;
            }
        }
        return isChanged;
    }

    /**
     * Returns the approximate size of the timeline on the Java heap.
     *
     * @return in bytes
     */
    public synchronized long bytes() {
        return blocks.bytes();
    }

    /**
     * Returns the first recorded time.
     *
     * @return nanoseconds as {@link System#nanoTime}; {@link Long#MAX_VALUE} before the first poll
     */
    public synchronized long recordedFrom() {
        return blocks.isEmpty() ? Long.MAX_VALUE : blocks.begin();
    }

    /**
     * Returns the last recorded time.
     *
     * @return nanoseconds as {@link System#nanoTime}; {@link Long#MIN_VALUE} before the first poll
     */
    public synchronized long recordedUntil() {
        return blocks.isEmpty() ? Long.MIN_VALUE : Math.max(polledAt, reportedUntil);
    }

    /**
     * Finds the mapping that covered an address at a time. Allocates nothing.
     *
     * @param address any 64-bit value
     * @param time nanoseconds as {@link System#nanoTime}
     * @param result receives the outcome and the candidates
     * @return whether the outcome is {@link TimelineResult.Outcome#FOUND}: {@link TimelineResult#mapping} returns the
     *     mapping
     */
    public synchronized boolean resolve(long address, long time, TimelineResult result) {
        if (blocks.isEmpty() || time < blocks.begin()) {
            result.clear(TimelineResult.Outcome.NOT_RECORDED);
            return false;
        }
        blocks.find(address, time, result);
        result.end(time <= recordedUntil(), time <= polledAt);
        return result.outcome() == TimelineResult.Outcome.FOUND;
    }

    /**
     * Writes the timeline to a stream in a compressed format: {@link #load} reads it.
     *
     * @param out stays open
     * @throws IOException if the stream throws it
     */
    public synchronized void save(OutputStream out) throws IOException {
        Objects.requireNonNull(out, "out");
        blocks.write(polledAt, recordedUntil(), out);
    }

    /**
     * Reads a timeline that {@link #save} has written. It resolves, and records nothing.
     *
     * @param in stays open
     * @param maxBytes maximum as of {@link #withMaxBytes}; the oldest blocks beyond it are dropped. A single block may
     *     take 64 MiB more
     * @return a read-only timeline
     * @throws IOException if the stream is not a complete timeline, cannot be read, or has a larger block
     * @throws IllegalArgumentException if {@code maxBytes} is not above 0
     */
    public static MapTimeline load(InputStream in, long maxBytes) throws IOException {
        Objects.requireNonNull(in, "in");
        MapTimeline timeline = withMaxBytes(maxBytes);
        TimelineFile.Reader reader = new TimelineFile.Reader(in, maxBytes);
        timeline.polledAt = reader.polledAt();
        timeline.reportedUntil = reader.recordedUntil();
        timeline.blocks.read(reader);
        timeline.isLoaded = true;
        return timeline;
    }

    @Override
    public synchronized String toString() {
        return "MapTimeline[" + (blocks.isEmpty() ? "empty" : recordedFrom() + " to " + recordedUntil()) + ", "
                + bytes() + " bytes]";
    }
}
