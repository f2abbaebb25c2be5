package org.mapfiles;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What was mapped where, and when: for samples that are looked up later than they were taken.
 *
 * <pre>{@code
 * MapTimeline timeline = MapTimeline.ofBytes(64 << 20);
 * MapSnapshot snapshot = new MapSnapshot();
 * while (sampling) {                                         // every 100 ms, say
 *     timeline.look(maps, snapshot);
 * }
 * if (timeline.resolve(sample.address, sample.nanoTime, answer)) {
 *     use(answer.mapping().name(), answer.mapping().fileOffset(sample.address));
 * }
 * }</pre>
 *
 * <p>Times are those of {@link System#nanoTime} (CLOCK_MONOTONIC). A change found by looking happened <em>between</em> two looks: for a
 * time in between, each mapping that may have been there is a candidate, and {@link PastAnswer.Outcome#AMBIGUOUS} the answer if
 * they mean different things: another byte, or another file by device, inode or path, deleting it apart. A mapping that comes and
 * goes between two looks is not seen. Nothing is guessed: not what was before the first look or was dropped, nor what came behind the
 * last and was not told ({@link #listen}).
 *
 * <p>Memory is bounded: once the bound is passed the oldest stretch of time is dropped whole, and {@link #recordedFrom} moves on. The
 * present mappings stay, whatever they take.
 *
 * <p>Thread-safe: looks take turns, and who resolves waits for none. Looking allocates what it has to remember, an unchanged picture
 * nothing; resolving allocates nothing.
 */
public final class MapTimeline {
    /** Changes in a block before the next one begins, at least: less would be more bases than changes. */
    private static final int LEAST_CHANGES = 256;

    /**
     * Of what the kernel told, but what a look under way may not have seen; beyond, the last look says since when something may have been
     * otherwise.
     */
    private static final int MOST_TOLD = 4096;

    /** Held by one look at a time, so that their times go on; who resolves does not wait for what the kernel is asked. */
    private final Object looking = new Object();
    private final long maxBytes;
    private final List<TimelineBlock> blocks = new ArrayList<>();
    /** What is mapped now, by start. */
    private TreeMap<Long, PastMapping> present = byStart();
    /** What the kernel told since the last look began, in order of time: whether that look has seen it is not known. */
    private final List<Told> told = new ArrayList<>();
    private MapSnapshot lastPicture;
    private int lastVersion;
    private long lookedAt;
    private long toldUntil;
    private long missedBy = Long.MIN_VALUE;
    /** The last that was told and is not remembered. */
    private long forgottenUntil = Long.MIN_VALUE;
    /** When the look under way began. */
    private long lookingFrom = Long.MAX_VALUE;
    /** What was listened to last, which is the caller's to give up. */
    private WeakReference<MapEvents> stream;
    private boolean isThreadMissing;
    private boolean isLoaded;

    /** A mapping that is there from a time on; null: all ended. */
    private record Told(PastMapping mapping, long time) {
    }

    private MapTimeline(long maxBytes) {
        this.maxBytes = maxBytes;
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
    public boolean look(ProcessMaps maps, MapSnapshot snapshot) throws MapsException {
        return look(maps, snapshot, null);
    }

    /**
     * As {@link #look(ProcessMaps, MapSnapshot)}, and takes in what the kernel has told meanwhile: {@link #listen}. Of that the times
     * are exact; what was unmapped the look finds.
     *
     * @param events of the same process, opened before the first look; null: none
     */
    public boolean look(ProcessMaps maps, MapSnapshot snapshot, MapEvents events) throws MapsException {
        Objects.requireNonNull(snapshot, "snapshot");
        synchronized (looking) {
            long from = System.nanoTime();
            keepToldFrom(from);
            try {
                maps.refresh(snapshot);
                long to = System.nanoTime();
                if (events != null) {
                    listen(events);
                }
                return record(snapshot, from, to);
            } finally {
                keepToldFrom(Long.MAX_VALUE);
            }
        }
    }

    /** What is told of the time since then may not be in the picture that is being read. */
    synchronized void keepToldFrom(long from) {
        lookingFrom = from;
    }

    /**
     * Takes in what the kernel has told since the last time. Up to now {@link #resolve} then answers without a look, by what was mapped
     * last: of mappings that were not executable, that takes {@link MapEvents.Option#DATA}. That one was unmapped or moved
     * (mremap(2)) the kernel does not tell: so {@link PastAnswer#mayBeUnmapped} says true of all that is later than the last look. An
     * address that was in use then was in the mapping of the answer, unless another one was moved there; the next look finds that.
     * With {@link MapEvents.Option#BUILD_ID} inodes are known from looks alone: two files that had one path are taken for one between two.
     *
     * <p>Where something may be missing ({@link MapEvents#isIncomplete}), or the stream is another than the last time, that holds again
     * once a look has begun afterwards; where a thread is not watched ({@link MapEvents#isThreadMissing}), with another stream.
     */
    public void listen(MapEvents events) {
        Objects.requireNonNull(events, "events");
        synchronized (looking) {
            long now = System.nanoTime();
            boolean isComplete = false;
            try {
                isComplete = isStreamOfLastTime(events) & takeIn(events) && !isThreadMissing;
            } finally {
                if (isComplete) {
                    heard(now);
                } else {
                    missed(System.nanoTime());
                }
            }
        }
    }

    /** Whether nothing is missing. */
    private boolean takeIn(MapEvents events) {
        boolean isComplete = true;
        do {
            events.drain();
            isComplete &= !events.isIncomplete();
            isThreadMissing |= events.isThreadMissing();
            for (MapEvent event = events.event(); event.next(); ) {
                record(event);
            }
        } while (events.hasMore());
        return isComplete;
    }

    /** Of another, nobody knows what happened before it was opened. The first is open before the first look. */
    private boolean isStreamOfLastTime(MapEvents events) {
        if (stream != null && stream.refersTo(events)) {
            return true;
        }
        boolean isFirst = stream == null;
        stream = new WeakReference<>(events);
        isThreadMissing = false;
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
    synchronized void heard(long until) {
        if (missedBy <= lookedAt) {
            toldUntil = until;
        }
    }

    /** Something that was mapped anew before that time may not have been told: only a look that begins later knows. */
    synchronized void missed(long by) {
        missedBy = by;
    }

    /** A mapping was made at that time; what was in its range is not there any more. */
    synchronized void record(Mapping mapping, long time) {
        checkLive();
        if (blocks.isEmpty()) {
            remember(new Told(PastMapping.told(mapping), time)); // the first picture may not show it
        } else if (time >= lookedAt) {
            PastMapping added = PastMapping.told(mapping);
            for (PastMapping covered : takeOut(present, added.start(), added.end())) {
                add(covered, true, after(covered), time); // or unmapped before, which is not told
            }
            present.put(added.start(), added);
            remember(new Told(added, time));
            add(added, false, time, time);
            keepWithinBounds(time);
        }
    }

    /** All mappings ended at that time. */
    synchronized void recordEnd(long time) {
        checkLive();
        if (blocks.isEmpty()) {
            remember(new Told(null, time));
        } else if (time >= lookedAt) {
            present.clear();
            remember(new Told(null, time));
            add(null, true, time, time);
        }
    }

    private void remember(Told one) {
        if (told.size() >= MOST_TOLD) {
            forgetOldest();
        }
        told.add(one);
    }

    private void forgetOldest() {
        int oldest = 0;
        while (oldest < MOST_TOLD / 2 && told.get(oldest).time < lookingFrom) {
            forgottenUntil = told.get(oldest++).time;
        }
        told.subList(0, oldest).clear();
    }

    private static TreeMap<Long, PastMapping> byStart() {
        return new TreeMap<>(Long::compareUnsigned);
    }

    /** Makes room for a range: what was there, cut to it. */
    private static List<PastMapping> takeOut(TreeMap<Long, PastMapping> from, long start, long end) {
        List<PastMapping> out = new ArrayList<>();
        Map.Entry<Long, PastMapping> at = from.floorEntry(start);
        if (at == null || Long.compareUnsigned(at.getValue().end(), start) <= 0) {
            at = from.higherEntry(start);
        }
        while (at != null && Long.compareUnsigned(at.getKey(), end) < 0) {
            PastMapping cut = at.getValue();
            long first = Long.compareUnsigned(cut.start(), start) < 0 ? start : cut.start();
            long behind = Long.compareUnsigned(cut.end(), end) > 0 ? end : cut.end();
            from.remove(cut.start());
            if (first != cut.start()) {
                from.put(cut.start(), cut.part(cut.start(), first));
            }
            if (behind != cut.end()) {
                from.put(behind, cut.part(behind, cut.end()));
            }
            out.add(cut.part(first, behind));
            at = from.ceilingEntry(behind);
        }
        return out;
    }

    /**
     * Remembers what a picture shows, and what is different from the one before. What the kernel told of the time until {@code to} has
     * been taken in before.
     *
     * @param from before it was read
     * @param to after it was read
     * @return whether anything is different; false also where the kernel told of some thousand changes since {@code from}, not all of which
     *     are remembered: such a picture is left out, the next one will do
     * @throws IllegalArgumentException if {@code to} is before {@code from}, or that before the last picture's
     */
    public synchronized boolean record(MapSnapshot picture, long from, long to) {
        Objects.requireNonNull(picture, "picture");
        checkLive();
        if (to < from || (!blocks.isEmpty() && from < lookedAt)) {
            throw new IllegalArgumentException("times go on: " + from + " to " + to + ", and the last look was at " + lookedAt);
        }
        if (forgottenUntil >= from) {
            return false;
        }
        boolean changed = true;
        long now = told.isEmpty() ? to : Math.max(to, told.get(told.size() - 1).time); // of all that is taken in
        if (blocks.isEmpty()) {
            present = shown(picture, from);
            blocks.add(newBlock(now));
        } else if (picture == lastPicture && picture.version() == lastVersion && told.isEmpty()) {
            changed = false;
        } else {
            changed = goOn(shown(picture, from), to);
        }
        told.removeIf(one -> one.time < from);
        lastPicture = picture;
        lastVersion = told.isEmpty() ? picture.version() : ~picture.version();
        lookedAt = from;
        keepWithinBounds(now);
        return changed;
    }

    private void checkLive() {
        if (isLoaded) {
            throw new IllegalStateException("this timeline was loaded from a file: it is over");
        }
    }

    private TimelineBlock newBlock(long time) {
        return new TimelineBlock(time, present.values().toArray(new PastMapping[0]));
    }

    /** What is mapped by a picture, and by what the kernel told since that was begun. */
    private TreeMap<Long, PastMapping> shown(MapSnapshot picture, long from) {
        TreeMap<Long, PastMapping> shown = byStart();
        byte[] name = {};
        for (MapCursor mapping = picture.cursor(); mapping.next(); ) {
            PastMapping known = present.get(mapping.start());
            boolean isKnown = known != null && known.isShownBy(mapping);
            PastMapping now = isKnown && !known.isTold() ? known // a picture knows the numbers that an event may lack
                    : PastMapping.of(mapping, isKnown ? known.rawName() : name);
            name = now.rawName();
            shown.put(now.start(), now);
        }
        for (Told one : told) {
            if (one.time < from) {
                continue;
            }
            if (one.mapping == null) {
                shown.clear();
            } else {
                takeOut(shown, one.mapping.start(), one.mapping.end());
                shown.put(one.mapping.start(), one.mapping);
            }
        }
        return shown;
    }

    private boolean goOn(TreeMap<Long, PastMapping> now, long to) {
        boolean changed = false;
        for (PastMapping old : present.values()) {
            if (!isIn(now, old)) {
                add(old, true, after(old), to);
                changed = true;
            }
        }
        for (PastMapping added : now.values()) {
            if (!isIn(present, added)) {
                add(added, false, after(added), to);
                changed = true;
            }
        }
        present = now;
        return changed;
    }

    /** When the kernel told, or the last look saw, that a range was otherwise. */
    private long after(PastMapping changed) {
        for (int i = told.size() - 1; i >= 0; i--) {
            Told last = told.get(i);
            if (last.mapping == null || last.mapping.covers(changed)) {
                return last.time;
            }
        }
        return lookedAt;
    }

    private static boolean isIn(TreeMap<Long, PastMapping> all, PastMapping mapping) {
        PastMapping there = all.get(mapping.start());
        return there != null && there.isThat(mapping);
    }

    private void add(PastMapping mapping, boolean isGone, long after, long upTo) {
        for (int i = blocks.size() - 1; i >= 0; i--) {
            blocks.get(i).add(mapping, isGone, after, upTo);
            if (after >= blocks.get(i).begin) {
                break; // it cannot have happened in an earlier one
            }
        }
    }

    private void keepWithinBounds(long now) {
        TimelineBlock last = blocks.get(blocks.size() - 1);
        if (last.count() >= Math.max(LEAST_CHANGES, last.base.length) && now > last.begin) {
            blocks.add(newBlock(now));
        }
        dropOldest(bytes());
    }

    /** Until the rest, of so many bytes now, is within the bound: how many are left. The last one stays. */
    private long dropOldest(long bytes) {
        long left = bytes;
        int dropped = 0;
        while (left > maxBytes && dropped < blocks.size() - 1) {
            left -= blocks.get(dropped++).bytes();
        }
        blocks.subList(0, dropped).clear();
        return left;
    }

    /** Bytes on the heap, about. */
    public synchronized long bytes() {
        long bytes = 0;
        for (TimelineBlock block : blocks) {
            bytes += block.bytes();
        }
        return bytes;
    }

    /** The first time that {@link #resolve} answers for; {@link Long#MAX_VALUE} before the first look. */
    public synchronized long recordedFrom() {
        return blocks.isEmpty() ? Long.MAX_VALUE : blocks.get(0).begin;
    }

    /** The last time that {@link #resolve} answers for; {@link Long#MIN_VALUE} before the first look. */
    public synchronized long recordedUntil() {
        return blocks.isEmpty() ? Long.MIN_VALUE : Math.max(lookedAt, toldUntil);
    }

    /**
     * What covered an address at a time.
     *
     * @param time as {@link System#nanoTime} counts
     * @return whether that is known and one mapping: {@link PastAnswer#mapping}
     */
    public synchronized boolean resolve(long address, long time, PastAnswer answer) {
        if (blocks.isEmpty() || time < blocks.get(0).begin) {
            answer.clear(PastAnswer.Outcome.NOT_RECORDED);
            return false;
        }
        blocks.get(blockAt(time)).find(address, time, answer);
        answer.end(time <= recordedUntil(), time <= lookedAt);
        return answer.outcome() == PastAnswer.Outcome.FOUND;
    }

    private int blockAt(long time) {
        int low = 0;
        int high = blocks.size() - 1;
        while (low < high) {
            int middle = low + high + 1 >>> 1;
            if (blocks.get(middle).begin <= time) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Writes it to a stream, compactly: {@link #load} reads it again. The stream stays open. */
    public synchronized void save(OutputStream out) throws IOException {
        Objects.requireNonNull(out, "out");
        TimelineFile.write(blocks, lookedAt, recordedUntil(), out);
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
        timeline.lookedAt = reader.lookedAt();
        timeline.toldUntil = reader.recordedUntil();
        long bytes = 0;
        for (TimelineBlock block = reader.next(); block != null; block = reader.next()) {
            timeline.blocks.add(block);
            bytes += block.bytes();
            if (bytes - maxBytes > maxBytes / 4) { // many at a time: a file may have very many very small ones
                bytes = timeline.dropOldest(bytes);
            }
        }
        timeline.dropOldest(bytes);
        timeline.isLoaded = true;
        return timeline;
    }

    @Override
    public synchronized String toString() {
        return "MapTimeline[" + (blocks.isEmpty() ? "empty" : recordedFrom() + " to " + recordedUntil()) + ", " + bytes() + " bytes]";
    }
}
