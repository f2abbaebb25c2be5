package org.mapfiles.timeline;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.internal.RootAccess;

/**
 * Tracks the mappings of a process by polls and events. Each event and each poll is one {@link MappingStep}. Tracked
 * mappings never overlap.
 *
 * <p>An event reports a mapping that exists from its time on, so it replaces all mappings in its range. The kernel does
 * not report munmap(2) and mremap(2), and the range of an event can include neighbours that the kernel merged with the
 * new memory. So events are never final: a poll replaces all tracked mappings, except in the ranges of events after the
 * begin of the poll. There the poll may have read the mappings before the event, and the next poll decides.
 *
 * <p>The kernel writes an event before the new mapping can be read: both happen under mmap_lock and the lock of the
 * mapping (mm/vma.c). So if events are drained after a read, no event of the mappings that were read is missing.
 *
 * <p>Not thread-safe. Times are nanoseconds of CLOCK_MONOTONIC.
 */
final class TrackedMappings {
    /** A mapping, and a time at which it existed for certain. */
    static final class Tracked {
        final ImmutableMapping mapping;
        final long since;

        Tracked(ImmutableMapping mapping, long since) {
            this.mapping = mapping;
            this.since = since;
        }

        private Tracked cut(long start, long end) {
            return new Tracked(StoredMappings.cut(mapping, start, end), since);
        }
    }

    private static final long NEVER = Long.MIN_VALUE;

    private final TreeMap<Long, Tracked> tracked = new TreeMap<>(Long::compareUnsigned);
    private long polledAt = NEVER;
    private long executedAt = NEVER;
    private long latestEvent = NEVER;
    private @Nullable MapSnapshot lastSnapshot;
    private int lastVersion;
    /** Whether the tracked mappings are exactly those of the last poll. */
    private boolean isAsRead;

    /** Returns whether there was a poll. Before the first poll, events are kept and no step is returned. */
    boolean isPolled() {
        return polledAt != NEVER;
    }

    /** Returns the time at which the last poll began. */
    long polledAt() {
        return polledAt;
    }

    /** Returns the time of the last event. */
    long latestEvent() {
        return latestEvent;
    }

    /** Returns a view of the tracked mappings, in order of address. */
    Collection<Tracked> mappings() {
        return tracked.values();
    }

    /** Adds the mapping of an event, which exists from a time on. Events are added in order of time. */
    MappingStep mapped(Mapping event, long time) {
        if (time < polledAt) {
            return MappingStep.NONE; // the poll began later and has read the mapping
        }
        latestEvent = Math.max(latestEvent, time);
        isAsRead = false;
        ImmutableMapping added = StoredMappings.ofEvent(event);
        List<Tracked> before = takeOut(added.start(), added.end());
        List<ImmutableMapping> now = new ArrayList<>();
        keepRests(before, added, now);
        tracked.put(added.start(), new Tracked(added, time));
        return isPolled() ? MappingStep.ofEvent(before, now, added, floor(), time) : MappingStep.NONE;
    }

    /** Adds an execve(2): it removes all mappings except [vsyscall], which every process has. */
    MappingStep executed(long time) {
        if (time < polledAt) {
            return MappingStep.NONE;
        }
        List<Tracked> before = new ArrayList<>();
        for (Tracked one : tracked.values()) {
            if (one.mapping.kind() != Mapping.Kind.VSYSCALL) {
                before.add(one);
            }
        }
        MappingStep step = isPolled() ? MappingStep.ofExec(before, floor(), time) : MappingStep.NONE;
        tracked.values().removeIf(one -> one.mapping.kind() != Mapping.Kind.VSYSCALL);
        latestEvent = Math.max(latestEvent, time);
        executedAt = time;
        isAsRead = false;
        return step;
    }

    /**
     * Adds a snapshot. The events until {@code to} were added before.
     *
     * @param from a time before the read
     * @param to a time after the read
     */
    MappingStep polled(MapSnapshot snapshot, long from, long to) {
        boolean isFirst = !isPolled();
        MappingStep step = MappingStep.NONE;
        if (isFirst) {
            tracked.values().removeIf(one -> one.since < from);
        }
        if (executedAt >= from) {
            isAsRead = false; // the snapshot may be of the previous program: the next poll decides
        } else if (!isAsRead || snapshot != lastSnapshot || RootAccess.get().version(snapshot) != lastVersion) {
            int total = tracked.size();
            List<Tracked> before = new ArrayList<>();
            List<ImmutableMapping> now = new ArrayList<>();
            compare(withEventsSince(from, read(snapshot)), before, now);
            replace(before, now, from);
            step = isFirst ? MappingStep.NONE : MappingStep.ofPoll(before, now, total, floor(), to);
        }
        polledAt = from;
        lastSnapshot = snapshot;
        lastVersion = RootAccess.get().version(snapshot);
        return step;
    }

    /** Returns the last time at which all mappings were known. */
    private long floor() {
        return Math.max(polledAt, executedAt);
    }

    /** Removes the mappings that overlap a range, and returns them. */
    private List<Tracked> takeOut(long start, long end) {
        List<Tracked> out = new ArrayList<>();
        Map.Entry<Long, Tracked> at = tracked.floorEntry(start);
        if (at == null || Long.compareUnsigned(at.getValue().mapping.end(), start) <= 0) {
            at = tracked.higherEntry(start);
        }
        while (at != null && Long.compareUnsigned(at.getKey(), end) < 0) {
            out.add(at.getValue());
            tracked.remove(at.getKey());
            at = tracked.higherEntry(at.getKey());
        }
        return out;
    }

    /** Lists a new mapping and the rests of the mappings that it replaces. */
    private void keepRests(List<Tracked> replaced, ImmutableMapping added, List<ImmutableMapping> now) {
        if (!replaced.isEmpty()) {
            Tracked first = replaced.get(0);
            if (Long.compareUnsigned(first.mapping.start(), added.start()) < 0) {
                keepRest(first.cut(first.mapping.start(), added.start()), now);
            }
        }
        now.add(added);
        if (!replaced.isEmpty()) {
            Tracked last = replaced.get(replaced.size() - 1);
            if (Long.compareUnsigned(last.mapping.end(), added.end()) > 0) {
                keepRest(last.cut(added.end(), last.mapping.end()), now);
            }
        }
    }

    private void keepRest(Tracked rest, List<ImmutableMapping> now) {
        tracked.put(rest.mapping.start(), rest);
        now.add(rest.mapping);
    }

    /**
     * Returns the mappings of a snapshot, overlaid with those of the events since the begin of the read. The snapshot
     * may lack these.
     *
     * @param read the mappings of the snapshot
     */
    private List<ImmutableMapping> withEventsSince(long from, List<ImmutableMapping> read) {
        List<ImmutableMapping> recent = new ArrayList<>();
        for (Tracked one : tracked.values()) {
            if (one.since >= from) {
                recent.add(one.mapping);
            }
        }
        isAsRead = recent.isEmpty();
        return isAsRead ? read : overlay(read, recent);
    }

    /** Returns copies of the mappings of a snapshot. If mappings overlap, the later one counts. */
    private List<ImmutableMapping> read(MapSnapshot snapshot) {
        List<ImmutableMapping> read = new ArrayList<>(snapshot.size());
        byte[] name = {};
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            Tracked before = tracked.get(mapping.start());
            boolean isSame = before != null && StoredMappings.isSame(before.mapping, mapping);
            ImmutableMapping one = isSame
                    ? before.mapping
                    : StoredMappings.copy(mapping, before != null ? StoredMappings.name(before.mapping) : name);
            name = StoredMappings.name(one);
            while (!read.isEmpty()
                    && Long.compareUnsigned(read.get(read.size() - 1).end(), one.start()) > 0) {
                ImmutableMapping earlier = read.remove(read.size() - 1);
                if (Long.compareUnsigned(earlier.start(), one.start()) < 0) {
                    read.add(StoredMappings.cut(earlier, earlier.start(), one.start()));
                }
            }
            read.add(one);
        }
        return read;
    }

    /**
     * Returns mappings with others in place of the ranges that these cover. Both lists and the result are in order of
     * address.
     */
    private static List<ImmutableMapping> overlay(List<ImmutableMapping> below, List<ImmutableMapping> above) {
        List<ImmutableMapping> all = new ArrayList<>(below.size() + 2 * above.size());
        int next = 0;
        for (ImmutableMapping mapping : below) {
            while (next < above.size() && Long.compareUnsigned(above.get(next).end(), mapping.start()) <= 0) {
                next++;
            }
            long start = mapping.start();
            for (int i = next;
                    i < above.size() && Long.compareUnsigned(above.get(i).start(), mapping.end()) < 0;
                    i++) {
                addCut(mapping, start, above.get(i).start(), all);
                start = above.get(i).end();
            }
            addCut(mapping, start, mapping.end(), all);
        }
        all.addAll(above);
        // two sorted lists: merged in linear time
        all.sort((one, other) -> Long.compareUnsigned(one.start(), other.start()));
        return all;
    }

    private static void addCut(ImmutableMapping mapping, long start, long end, List<ImmutableMapping> to) {
        if (Long.compareUnsigned(start, end) < 0) {
            to.add(
                    start == mapping.start() && end == mapping.end()
                            ? mapping
                            : StoredMappings.cut(mapping, start, end));
        }
    }

    /**
     * Lists the removed and the added mappings, given all mappings that exist now. All lists are in order of address.
     */
    private void compare(List<ImmutableMapping> now, List<Tracked> removed, List<ImmutableMapping> added) {
        int next = 0;
        for (Map.Entry<Long, Tracked> entry : tracked.entrySet()) {
            Tracked one = entry.getValue();
            while (next < now.size() && Long.compareUnsigned(now.get(next).start(), one.mapping.start()) < 0) {
                added.add(now.get(next++));
            }
            ImmutableMapping same = next < now.size() ? now.get(next) : null;
            if (same == null || !StoredMappings.isSame(one.mapping, same)) {
                removed.add(one);
                continue;
            }
            if (StoredMappings.isReported(one.mapping) && !StoredMappings.isReported(same)) {
                entry.setValue(new Tracked(same, one.since));
            }
            next++;
        }
        added.addAll(now.subList(next, now.size()));
    }

    private void replace(List<Tracked> removed, List<ImmutableMapping> added, long since) {
        for (Tracked one : removed) {
            tracked.remove(one.mapping.start());
        }
        for (ImmutableMapping one : added) {
            tracked.put(one.start(), new Tracked(one, since));
        }
    }
}
