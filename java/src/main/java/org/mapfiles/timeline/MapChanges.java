package org.mapfiles.timeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapDifference;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEventKind;
import org.mapfiles.events.MapEvents;

/**
 * The changes of a process' mappings in an order in which they can be replayed, from polls and, if the kernel reports events, from those.
 *
 * <pre>{@code
 * MapChanges changes = MapChanges.of(maps, events);          // events may be null: then changes are found by polls alone
 * replay.addAll(changes.mappings());
 * while (watching) {
 *     events.await(200);
 *     for (MapChange change : changes.poll()) {
 *         apply(change, replay);
 *     }
 * }
 * }</pre>
 *
 * <p><b>Replay:</b> begin with {@link #mappings}, and apply each change in the order of the lists. {@code ADDED} adds its mapping.
 * {@code REMOVED} removes a mapping that is in the set, with this very range. {@code CHANGED} replaces
 * {@link MapChange#previous} by {@link MapChange#mapping}. {@code EXEC} and {@code LOST} change nothing. No two mappings
 * of the set ever overlap, and after each {@link #poll} the set is {@link #mappings}.
 *
 * <p>After a poll the set is what the poll read, with one exception: if the kernel reports a new mapping or new permissions of the time
 * since the poll began, the set has what was reported, since the poll may have read that range before. The next poll compares
 * it again. So if the process changes nothing during a poll, the set is exactly what is mapped. This holds whatever the
 * kernel does not report (munmap, mremap, merging and splitting), and if events are lost.
 *
 * <p><b>Times:</b> changes are in order of {@link MapChange#time}. A mapping that the kernel reported has the exact time. What it
 * replaced may have been unmapped earlier. What only a poll finds happened between {@link MapChange#after} and the end of the poll. A
 * mapping that was made and unmapped between two polls is found only if the kernel reports events.
 *
 * <p>A mapping that the kernel reports again, with equal range, permissions and file, was made anew: it is removed and added.
 *
 * <p>Not thread-safe: one thread at a time. Allocates what it returns, and per poll with changes in proportion to the number of mappings.
 */
public final class MapChanges {
    private final ProcessMaps maps;
    private final MapEvents events;
    private final MapSnapshot snapshot;
    private final TrackedMappings tracked = new TrackedMappings();
    private List<MapChange> changes = new ArrayList<>();
    private boolean isThreadUnwatched;
    /** The time of the last change. */
    private long latest = Long.MIN_VALUE;

    /** With neither of them, a test reports what a process does. */
    MapChanges(ProcessMaps maps, MapEvents events) {
        this(maps, events, null);
    }

    private MapChanges(ProcessMaps maps, MapEvents events, MapSnapshot snapshot) {
        this.maps = maps;
        this.events = events;
        this.snapshot = snapshot;
    }

    /**
     * Reads the mappings of a process: all changes from now on are reported.
     *
     * @param maps stays the caller's to close, after this
     * @param events of the same process, opened before with {@link MapEvents.Option#DATA}, which only this object drains from now on; or
     *     null to find all changes by polls
     * @throws MapsException as of {@link ProcessMaps#read}
     */
    public static MapChanges of(ProcessMaps maps, MapEvents events) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        MapChanges changes = new MapChanges(maps, events, newSnapshot(maps));
        maps.read(changes.snapshot, MapFilter.all());
        changes.poll();
        return changes;
    }

    private static MapSnapshot newSnapshot(ProcessMaps maps) throws NotEnoughMemoryException {
        try {
            return new MapSnapshot();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("a snapshot of process " + maps.pid(), e);
        }
    }

    /** Returns the mappings after the last change that was returned, in order of address. The list is a copy. */
    public List<ImmutableMapping> mappings() {
        List<ImmutableMapping> mappings = new ArrayList<>();
        for (TrackedMappings.Known known : tracked.mappings()) {
            mappings.add(known.mapping);
        }
        return mappings;
    }

    /**
     * Reads the mappings, and returns what has changed since the last call, in the order to replay it.
     *
     * @throws org.mapfiles.ProcessExitedException if the process has ended: {@link #drain} still returns what the kernel reported of its last changes
     * @throws NotEnoughMemoryException if this JVM has too little memory for the changes: begin again with {@link #of}, since some are lost
     * @throws MapsException as of {@link ProcessMaps#read}; the next call returns what this one would have
     */
    public List<MapChange> poll() throws MapsException {
        try {
            long from = System.nanoTime();
            maps.refresh(snapshot);
            long to = System.nanoTime();
            if (events != null) {
                takeEvents();
            }
            polled(snapshot, from, to);
            return taken();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the changes of process " + maps.pid(), e);
        }
    }

    /**
     * Returns the changes that the kernel has reported since the last call, without reading the mappings; none without events. What the
     * kernel does not report is missing until the next {@link #poll}.
     */
    public List<MapChange> drain() {
        if (events != null) {
            takeEvents();
        }
        return taken();
    }

    /** What was reported since the last call. */
    List<MapChange> taken() {
        List<MapChange> taken = changes;
        changes = new ArrayList<>();
        return taken;
    }

    private void takeEvents() {
        if (drainAll()) {
            long now = System.nanoTime(); // what was lost had happened by now
            drainAll(); // what happened until now is reported first: later drains return later events alone
            lost(now);
        }
    }

    /**
     * Drains the events of the time until now, and not those that a busy process adds meanwhile: it may add them faster than they are read.
     *
     * @return whether events are missing
     */
    private boolean drainAll() {
        long now = System.nanoTime();
        long last = Long.MIN_VALUE;
        boolean isLost = false;
        do {
            events.drain();
            isLost |= events.isIncomplete() && !(isThreadUnwatched && events.isThreadUnwatched() && events.lost() == 0);
            isThreadUnwatched = events.isThreadUnwatched();
            for (MapEvent event = events.event(); event.next(); ) {
                last = event.time();
                if (event.what() == MapEventKind.MAPPED) {
                    mapped(event, event.time());
                } else if (event.what() == MapEventKind.EXECUTED) {
                    executed(event.time());
                }
            }
        } while (events.hasMore() && last <= now);
        return isLost;
    }

    /** The kernel reports a mapping. */
    void mapped(Mapping event, long time) {
        add(tracked.mapped(event, time));
    }

    /** The kernel reports an execve(2). */
    void executed(long time) {
        add(tracked.executed(time));
    }

    /** The kernel reports that events are missing. */
    void lost(long time) {
        if (tracked.isPolled()) {
            add(MapChange.of(MapChange.Kind.LOST, tracked.polledAt(), Math.max(latest, time), false));
        }
    }

    /** A poll has read the mappings. */
    void polled(MapSnapshot read, long from, long to) {
        add(tracked.polled(read, from, to));
    }

    private void add(MapChange change) {
        latest = Math.max(latest, change.time());
        changes.add(change);
    }

    /** Puts the changes of one step in an order to replay them. */
    private void add(MappingStep step) {
        if (step.isEmpty() && step.source() != MappingStep.Source.EXEC) {
            return;
        }
        long time = step.source() == MappingStep.Source.POLL ? Math.max(latest, step.time()) : step.time();
        if (isMadeAnew(step)) {
            ImmutableMapping old = step.before().get(0).mapping;
            add(MapChange.removed(old, false, step.lastSeen(old), time));
            add(MapChange.added(step.reported(), false, time, time, true));
            return;
        }
        if (step.source() == MappingStep.Source.EXEC) {
            add(MapChange.of(MapChange.Kind.EXEC, time, time, true));
        }
        List<ImmutableMapping> before = new ArrayList<>();
        step.before().forEach(known -> before.add(known.mapping));
        Order order = new Order(step, time);
        MapDifference.visit(before, step.now(), order);
        if (step.isOfAnotherProgram() && !order.isContinued) {
            add(MapChange.of(MapChange.Kind.EXEC, step.lastSeen(before.get(0)), time, false));
        }
        order.changes.forEach(this::add);
    }

    private static boolean isMadeAnew(MappingStep step) {
        return step.source() == MappingStep.Source.EVENT && step.before().size() == 1
                && StoredMappings.isSame(step.before().get(0).mapping, step.reported());
    }

    /** The changes of one step. */
    private static final class Order implements MapDifference.Visitor {
        private final List<MapChange> changes = new ArrayList<>();
        private final MappingStep step;
        private final long time;
        /** Whether any memory from before the step is still mapped after it. */
        private boolean isContinued;

        Order(MappingStep step, long time) {
            this.step = step;
            this.time = time;
        }

        @Override
        public void added(Mapping now) {
            add((ImmutableMapping) now, false);
        }

        @Override
        public void split(Mapping now) {
            add((ImmutableMapping) now, true);
        }

        private void add(ImmutableMapping now, boolean isOfAnother) {
            boolean isExact = now == step.reported();
            isContinued |= isOfAnother;
            changes.add(MapChange.added(now, isOfAnother, isExact ? time : step.lastAbsent(now), time, isExact));
        }

        @Override
        public void removed(Mapping before) {
            remove((ImmutableMapping) before, false);
        }

        @Override
        public void merged(Mapping before) {
            remove((ImmutableMapping) before, true);
        }

        private void remove(ImmutableMapping before, boolean isInAnother) {
            isContinued |= isInAnother;
            changes.add(MapChange.removed(before, isInAnother, step.lastSeen(before), time));
        }

        @Override
        public void changed(Mapping before, Mapping now) {
            boolean isExact = now == step.reported();
            isContinued = true;
            changes.add(MapChange.changed((ImmutableMapping) before, (ImmutableMapping) now,
                    isExact ? time : step.lastSeen((ImmutableMapping) before), time, isExact));
        }
    }
}
