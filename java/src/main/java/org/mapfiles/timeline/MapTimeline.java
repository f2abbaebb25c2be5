package org.mapfiles.timeline;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEventKind;
import org.mapfiles.events.MapEvents;

/**
 * What was mapped where, and when: for samples that are looked up later than they were taken.
 *
 * <pre>{@code
 * MapTimeline timeline = MapTimeline.ofBytes(64 << 20);
 * MapSnapshot snapshot = new MapSnapshot();
 * while (sampling) {                                         // every 100 ms, say
 *     timeline.poll(maps, snapshot);
 * }
 * if (timeline.resolve(sample.address, sample.nanoTime, answer)) {
 *     use(answer.mapping().name(), answer.mapping().fileOffset(sample.address));
 * }
 * }</pre>
 *
 * <p>Times are those of {@link System#nanoTime} (CLOCK_MONOTONIC). A change found by polling happened <em>between</em> two looks: for a
 * time in between, each mapping that may have been there is a candidate, and {@link TimelineResult.Outcome#AMBIGUOUS} the answer if
 * they mean different things: another byte, or another file by device, inode or path, deleting it apart. A mapping that comes and
 * goes between two looks is not seen. Nothing is guessed: not what was before the first look or was dropped, nor what came behind the
 * last and was not told ({@link #addEvents}).
 *
 * <p>Memory is bounded: once the bound is passed the oldest stretch of time is dropped whole, and {@link #recordedFrom} moves on. The
 * present mappings stay, whatever they take.
 *
 * <p>Thread-safe: looks take turns, and who resolves waits for none. Looking allocates what it has to remember, an unchanged picture
 * nothing; resolving allocates nothing.
 */
public final class MapTimeline {
    /** Held by one look at a time, so that their times go on; who resolves does not wait for what the kernel is asked. */
    private final Object polling = new Object();
    private final TimelineBlocks blocks;
    private final TrackedMappings tracked = new TrackedMappings();
    private long polledAt;
    private long reportedUntil;
    private long incompleteBy = Long.MIN_VALUE;
    /** What was listened to last, which is the caller's to give up. */
    private WeakReference<MapEvents> stream;
    private boolean isThreadUnwatched;
    private boolean isLoaded;

    private MapTimeline(long maxBytes) {
        blocks = new TimelineBlocks(maxBytes);
    }

    /**
     * A timeline that takes about so many bytes.
     *
     * @throws IllegalArgumentException if that is not above 0
     */
    public static MapTimeline ofBytes(long maxBytes) {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("no room for anything: " + maxBytes);
        }
        return new MapTimeline(maxBytes);
    }

    /**
     * Looks at a process, always the same one, and remembers what is different from the last look.
     *
     * @param snapshot is refreshed; with the filter of its last read
     * @return whether anything is
     */
    public boolean poll(ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
        return poll(maps, snapshot, null);
    }

    /**
     * As {@link #poll(ProcessMaps, MapSnapshot)}, and takes in what the kernel has told meanwhile: {@link #addEvents}. Of that the times
     * are exact; what was unmapped the look finds.
     *
     * @param events of the same process, opened before the first look; null: none
     */
    public boolean poll(ProcessMaps maps, MapSnapshot snapshot, MapEvents events) throws MapsException {
        Objects.requireNonNull(snapshot, "snapshot");
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
     * Takes in what the kernel has told since the last time. Up to now {@link #resolve} then answers without a look, by what was mapped
     * last: of mappings that were not executable, that takes {@link MapEvents.Option#DATA}. That one was unmapped or moved
     * (mremap(2)) the kernel does not tell: so {@link TimelineResult#mayBeUnmapped} says true of all that is later than the last look. An
     * address that was in use then was in the mapping of the answer, unless another one was moved there; the next look finds that.
     * With {@link MapEvents.Option#BUILD_ID} inodes are known from looks alone: two files that had one path are taken for one between two.
     *
     * <p>Where something may be missing ({@link MapEvents#isIncomplete}), or the stream is another than the last time, that holds again
     * once a look has begun afterwards; where a thread is not watched ({@link MapEvents#isThreadUnwatched}), with another stream.
     */
    public void addEvents(MapEvents events) {
        Objects.requireNonNull(events, "events");
        synchronized (polling) {
            long now = System.nanoTime();
            boolean isComplete = false;
            try {
                isComplete = isStreamOfLastTime(events) & takeIn(events, now) && !isThreadUnwatched;
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
     * Takes in the events of the time until now, and not all that a busy process adds meanwhile: it may add them faster than they are read.
     *
     * @return whether nothing is missing
     */
    private boolean takeIn(MapEvents events, long now) {
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

    /** Of another, nobody knows what happened before it was opened. The first is open before the first look. */
    private boolean isStreamOfLastTime(MapEvents events) {
        if (stream != null && stream.refersTo(events)) {
            return true;
        }
        boolean isFirst = stream == null;
        stream = new WeakReference<>(events);
        isThreadUnwatched = false;
        return isFirst;
    }

    private void record(MapEvent event) {
        if (event.what() == MapEventKind.MAPPED) {
            record(event, event.time());
        } else if (event.what() == MapEventKind.EXECUTED) {
            recordEnd(event.time());
        }
    }

    /** All that was mapped anew up to a time has been told since the last time that was said; or else since something was missed. */
    synchronized void completeUntil(long until) {
        if (incompleteBy <= polledAt) {
            reportedUntil = until;
        }
    }

    /** Something that was mapped anew before that time may not have been told: only a look that begins later knows. */
    synchronized void incompleteUntil(long by) {
        incompleteBy = by;
    }

    /** Takes in an event: a mapping that is there from a time on. */
    synchronized void record(Mapping mapping, long time) {
        checkLive();
        record(tracked.mapped(mapping, time));
    }

    /** Takes in an execve(2). */
    synchronized void recordEnd(long time) {
        checkLive();
        record(tracked.executed(time));
    }

    /**
     * Remembers what a picture shows, and what is different from the one before. What the kernel told of the time until {@code to} has
     * been taken in before.
     *
     * @param from before it was read
     * @param to after it was read
     * @return whether anything is different
     * @throws IllegalArgumentException if {@code to} is before {@code from}, or that before the last picture's
     */
    public synchronized boolean record(MapSnapshot snapshot, long from, long to) {
        Objects.requireNonNull(snapshot, "picture");
        checkLive();
        if (to < from || (!blocks.isEmpty() && from < polledAt)) {
            throw new IllegalArgumentException("times go on: " + from + " to " + to + ", and the last look was at " + polledAt);
        }
        MappingStep step = tracked.polled(snapshot, from, to);
        boolean isChanged = blocks.isEmpty() || record(step);
        long now = Math.max(to, tracked.latestEvent()); // the time of what is known now
        if (blocks.isEmpty()) {
            blocks.begin(now, tracked.mappings());
        }
        polledAt = from;
        blocks.keepWithinBounds(now, tracked.mappings());
        return isChanged;
    }

    private void checkLive() {
        if (isLoaded) {
            throw new IllegalStateException("this timeline was loaded from a file: it is over");
        }
    }

    /** Records a step; returns whether that is a change of what an address means. */
    private boolean record(MappingStep step) {
        switch (step.source()) {
            case EVENT:
                recordEvent(step);
                return true;
            case EXEC:
                blocks.add(null, true, step.time(), step.time());
                for (TrackedMappings.Known kept : tracked.mappings()) { // [vsyscall]
                    blocks.add(kept.mapping, false, step.time(), step.time());
                }
                return true;
            default:
                return recordPoll(step);
        }
    }

    /** In the rests of what an event's mapping replaced nothing is unmapped: their range alone is another. */
    private void recordEvent(MappingStep step) {
        for (TrackedMappings.Known known : step.before()) {
            blocks.add(StoredMappings.within(known.mapping, step.reported()), true, step.lastSeen(known), step.time());
        }
        for (ImmutableMapping now : step.now()) {
            blocks.add(now, false, step.time(), step.time());
        }
        blocks.keepWithinBounds(step.time(), tracked.mappings());
    }

    /**
     * Of two mappings that differ only in numbers which the event of the first one lacked, nothing is recorded. If the event lacked the
     * name, the mapping with the name is recorded, and no removal.
     */
    private boolean recordPoll(MappingStep step) {
        List<ImmutableMapping> now = step.now();
        boolean[] isKnown = new boolean[now.size()];
        boolean isChanged = false;
        int next = 0;
        for (TrackedMappings.Known known : step.before()) {
            while (next < now.size() && Long.compareUnsigned(now.get(next).start(), known.mapping.start()) < 0) {
                next++;
            }
            if (next < now.size() && StoredMappings.mayBeSame(known.mapping, now.get(next))) {
                isKnown[next] = true;
            } else if (next == now.size() || !StoredMappings.isOnlyNamedBy(known.mapping, now.get(next))) {
                blocks.add(known.mapping, true, step.lastSeen(known), step.time());
                isChanged = true;
            }
        }
        for (int i = 0; i < now.size(); i++) {
            if (!isKnown[i]) {
                blocks.add(now.get(i), false, step.lastAbsent(now.get(i)), step.time());
                isChanged = true;
            }
        }
        return isChanged;
    }

    /** Bytes on the heap, about. */
    public synchronized long bytes() {
        return blocks.bytes();
    }

    /** The first time that {@link #resolve} answers for; {@link Long#MAX_VALUE} before the first look. */
    public synchronized long recordedFrom() {
        return blocks.isEmpty() ? Long.MAX_VALUE : blocks.begin();
    }

    /** The last time that {@link #resolve} answers for; {@link Long#MIN_VALUE} before the first look. */
    public synchronized long recordedUntil() {
        return blocks.isEmpty() ? Long.MIN_VALUE : Math.max(polledAt, reportedUntil);
    }

    /**
     * What covered an address at a time.
     *
     * @param time as {@link System#nanoTime} counts
     * @return whether that is known and one mapping: {@link TimelineResult#mapping}
     */
    public synchronized boolean resolve(long address, long time, TimelineResult answer) {
        if (blocks.isEmpty() || time < blocks.begin()) {
            answer.clear(TimelineResult.Outcome.NOT_RECORDED);
            return false;
        }
        blocks.find(address, time, answer);
        answer.end(time <= recordedUntil(), time <= polledAt);
        return answer.outcome() == TimelineResult.Outcome.FOUND;
    }

    /** Writes it to a stream, compactly: {@link #load} reads it again. The stream stays open. */
    public synchronized void save(OutputStream out) throws IOException {
        Objects.requireNonNull(out, "out");
        blocks.write(polledAt, recordedUntil(), out);
    }

    /**
     * Reads what {@link #save} has written, to resolve with; nothing can be added.
     *
     * @param maxBytes as of {@link #ofBytes}: what is beyond is dropped, the oldest first. Of what can only be dropped together, it may
     *     take 64 MiB more.
     * @throws IOException if it is not that, whole, or cannot be read, or takes more memory at a time than that: its message says so
     */
    public static MapTimeline load(InputStream in, long maxBytes) throws IOException {
        Objects.requireNonNull(in, "in");
        MapTimeline timeline = ofBytes(maxBytes);
        TimelineFile.Reader reader = new TimelineFile.Reader(in, maxBytes);
        timeline.polledAt = reader.polledAt();
        timeline.reportedUntil = reader.recordedUntil();
        timeline.blocks.read(reader);
        timeline.isLoaded = true;
        return timeline;
    }

    @Override
    public synchronized String toString() {
        return "MapTimeline[" + (blocks.isEmpty() ? "empty" : recordedFrom() + " to " + recordedUntil()) + ", " + bytes() + " bytes]";
    }
}
