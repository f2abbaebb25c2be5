package org.mapfiles.timeline;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MappingKind;
import org.mapfiles.internal.RootAccess;

/**
 * The mappings of a process as they are known from polls and from the kernel's events. Each event and each poll is one
 * {@link MappingStep} from the mappings known before to those known after it. Never are two overlapping mappings known.
 *
 * <p>An event reports a mapping that is there from its time on, so what was in its range is there no more. The kernel reports no
 * munmap(2), no mremap(2) and no change that has no event, and the range of an event can include neighbours that the kernel merged with
 * the new memory. So nothing that was learnt from events is final: a poll replaces all of it by what it read, except in the
 * ranges that had an event after the poll began. There the poll may have read the mappings from before that event, and the next
 * poll decides.
 *
 * <p>The kernel writes an event before it lets anybody read the new mapping (both are done under mmap_lock and the lock of the mapping,
 * mm/vma.c). So a caller that drains events after reading the mappings has the event of everything that it read.
 *
 * <p>Not thread-safe. Times are nanoseconds of CLOCK_MONOTONIC.
 */
final class TrackedMappings {
    /** A mapping, and a time at which it was certainly there. */
    static final class Known {
        final ImmutableMapping mapping;
        final long since;

        Known(ImmutableMapping mapping, long since) {
            this.mapping = mapping;
            this.since = since;
        }

        private Known part(long start, long end) {
            return new Known(StoredMappings.part(mapping, start, end), since);
        }
    }

    private static final long NEVER = Long.MIN_VALUE;

    private final TreeMap<Long, Known> known = new TreeMap<>(Long::compareUnsigned);
    private long polledAt = NEVER;
    private long executedAt = NEVER;
    private long latestEvent = NEVER;
    private MapSnapshot lastSnapshot;
    private int lastVersion;
    /** Whether all that is known is what the last poll read. */
    private boolean isAsRead;

    /** Whether there was a poll. Before the first one no step is reported: events are kept, and it may not show them. */
    boolean isPolled() {
        return polledAt != NEVER;
    }

    /** The time at which the last poll began. */
    long polledAt() {
        return polledAt;
    }

    /** The time of the last event. */
    long latestEvent() {
        return latestEvent;
    }

    /** The mappings, in order of address; a view. */
    Collection<Known> mappings() {
        return known.values();
    }

    /** Takes in an event: a mapping that is there from a time on. Events come in order of time. */
    MappingStep mapped(Mapping event, long time) {
        if (time < polledAt) {
            return MappingStep.NONE; // the poll that began later has read it
        }
        latestEvent = Math.max(latestEvent, time);
        isAsRead = false;
        ImmutableMapping added = StoredMappings.ofEvent(event);
        List<Known> before = takeOut(added.start(), added.end());
        List<ImmutableMapping> now = new ArrayList<>();
        keepRests(before, added, now);
        known.put(added.start(), new Known(added, time));
        return isPolled() ? MappingStep.ofEvent(before, now, added, floor(), time) : MappingStep.NONE;
    }

    /** Takes in an execve(2): nothing that was mapped before is mapped after it, but [vsyscall], which every process has. */
    MappingStep executed(long time) {
        if (time < polledAt) {
            return MappingStep.NONE;
        }
        List<Known> before = new ArrayList<>();
        for (Known one : known.values()) {
            if (one.mapping.kind() != MappingKind.VSYSCALL) {
                before.add(one);
            }
        }
        MappingStep step = isPolled() ? MappingStep.ofExec(before, floor(), time) : MappingStep.NONE;
        known.values().removeIf(one -> one.mapping.kind() != MappingKind.VSYSCALL);
        latestEvent = Math.max(latestEvent, time);
        executedAt = time;
        isAsRead = false;
        return step;
    }

    /**
     * Takes in a snapshot. The events of the time until {@code to} were taken in before.
     *
     * @param from before it was read
     * @param to after it was read
     */
    MappingStep polled(MapSnapshot snapshot, long from, long to) {
        boolean isFirst = !isPolled();
        MappingStep step = MappingStep.NONE;
        if (isFirst) {
            known.values().removeIf(one -> one.since < from);
        }
        if (executedAt >= from) {
            isAsRead = false; // the snapshot may show the program before: the next poll decides
        } else if (!isAsRead || snapshot != lastSnapshot || RootAccess.get().version(snapshot) != lastVersion) {
            int total = known.size();
            List<Known> before = new ArrayList<>();
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

    /** The last time at which all mappings were known. */
    private long floor() {
        return Math.max(polledAt, executedAt);
    }

    /** Removes the mappings that overlap a range, and returns them. */
    private List<Known> takeOut(long start, long end) {
        List<Known> out = new ArrayList<>();
        Map.Entry<Long, Known> at = known.floorEntry(start);
        if (at == null || Long.compareUnsigned(at.getValue().mapping.end(), start) <= 0) {
            at = known.higherEntry(start);
        }
        while (at != null && Long.compareUnsigned(at.getKey(), end) < 0) {
            out.add(at.getValue());
            known.remove(at.getKey());
            at = known.higherEntry(at.getKey());
        }
        return out;
    }

    /** Lists a new mapping, with what it leaves of those that it replaces. */
    private void keepRests(List<Known> replaced, ImmutableMapping added, List<ImmutableMapping> now) {
        if (!replaced.isEmpty()) {
            Known first = replaced.get(0);
            if (Long.compareUnsigned(first.mapping.start(), added.start()) < 0) {
                keepRest(first.part(first.mapping.start(), added.start()), now);
            }
        }
        now.add(added);
        if (!replaced.isEmpty()) {
            Known last = replaced.get(replaced.size() - 1);
            if (Long.compareUnsigned(last.mapping.end(), added.end()) > 0) {
                keepRest(last.part(added.end(), last.mapping.end()), now);
            }
        }
    }

    private void keepRest(Known rest, List<ImmutableMapping> now) {
        known.put(rest.mapping.start(), rest);
        now.add(rest.mapping);
    }

    /**
     * What is mapped by a snapshot and by the events since it was begun, which it may show or not.
     *
     * @param read the mappings of the snapshot
     */
    private List<ImmutableMapping> withEventsSince(long from, List<ImmutableMapping> read) {
        List<ImmutableMapping> recent = new ArrayList<>();
        for (Known one : known.values()) {
            if (one.since >= from) {
                recent.add(one.mapping);
            }
        }
        isAsRead = recent.isEmpty();
        return isAsRead ? read : overlay(read, recent);
    }

    /** The mappings of a snapshot; of one whose parts contradict each other, what was read later counts. */
    private List<ImmutableMapping> read(MapSnapshot snapshot) {
        List<ImmutableMapping> read = new ArrayList<>(snapshot.size());
        byte[] name = {};
        for (MapCursor mapping = snapshot.cursor(); mapping.next(); ) {
            Known there = known.get(mapping.start());
            boolean isKnown = there != null && StoredMappings.isSame(there.mapping, mapping);
            ImmutableMapping one = isKnown ? there.mapping : StoredMappings.copy(mapping, there != null ? StoredMappings.name(there.mapping) : name);
            name = StoredMappings.name(one);
            while (!read.isEmpty() && Long.compareUnsigned(read.get(read.size() - 1).end(), one.start()) > 0) {
                ImmutableMapping earlier = read.remove(read.size() - 1);
                if (Long.compareUnsigned(earlier.start(), one.start()) < 0) {
                    read.add(StoredMappings.part(earlier, earlier.start(), one.start()));
                }
            }
            read.add(one);
        }
        return read;
    }

    /** Puts some mappings over others. Both lists are in order of address, and so is the result. */
    private static List<ImmutableMapping> overlay(List<ImmutableMapping> below, List<ImmutableMapping> above) {
        List<ImmutableMapping> all = new ArrayList<>(below.size() + 2 * above.size());
        int next = 0;
        for (ImmutableMapping mapping : below) {
            while (next < above.size() && Long.compareUnsigned(above.get(next).end(), mapping.start()) <= 0) {
                next++;
            }
            long start = mapping.start();
            for (int i = next; i < above.size() && Long.compareUnsigned(above.get(i).start(), mapping.end()) < 0; i++) {
                addPart(mapping, start, above.get(i).start(), all);
                start = above.get(i).end();
            }
            addPart(mapping, start, mapping.end(), all);
        }
        all.addAll(above);
        all.sort((one, other) -> Long.compareUnsigned(one.start(), other.start())); // two sorted lists: merged in linear time
        return all;
    }

    private static void addPart(ImmutableMapping mapping, long start, long end, List<ImmutableMapping> to) {
        if (Long.compareUnsigned(start, end) < 0) {
            to.add(start == mapping.start() && end == mapping.end() ? mapping : StoredMappings.part(mapping, start, end));
        }
    }

    /** Lists what is known and not there, and what is there and not known. Both are in order of address. */
    private void compare(List<ImmutableMapping> there, List<Known> gone, List<ImmutableMapping> come) {
        int next = 0;
        for (Map.Entry<Long, Known> entry : known.entrySet()) {
            Known one = entry.getValue();
            while (next < there.size() && Long.compareUnsigned(there.get(next).start(), one.mapping.start()) < 0) {
                come.add(there.get(next++));
            }
            ImmutableMapping same = next < there.size() ? there.get(next) : null;
            if (same == null || !StoredMappings.isSame(one.mapping, same)) {
                gone.add(one);
                continue;
            }
            if (StoredMappings.isReported(one.mapping) && !StoredMappings.isReported(same)) {
                entry.setValue(new Known(same, one.since));
            }
            next++;
        }
        come.addAll(there.subList(next, there.size()));
    }

    private void replace(List<Known> gone, List<ImmutableMapping> come, long since) {
        for (Known one : gone) {
            known.remove(one.mapping.start());
        }
        for (ImmutableMapping one : come) {
            known.put(one.start(), new Known(one, since));
        }
    }
}
