package org.mapfiles.timeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapDifference;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.NotEnoughMemoryException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.internal.EventsAccess;

/**
 * Reports the changes of the mappings of a process in an order to replay them. Changes are found by polls, and by
 * events of the kernel if there are any.
 *
 * <pre>{@code
 * MapChanges changes = MapChanges.of(maps, events);
 * replay.addAll(changes.mappings());
 * while (watching) {
 *     events.await(200);
 *     for (MapChange change : changes.poll()) {
 *         apply(change, replay);
 *     }
 * }
 * }</pre>
 *
 * <p><b>Replay:</b> begin with {@link #mappings}, and apply each change in the order of the lists. {@code ADDED} adds
 * its mapping. {@code REMOVED} removes the mapping with this range. {@code CHANGED} replaces
 * {@link MapChange#previous()} by {@link MapChange#mapping()}. {@code EXEC} and {@code LOST} change nothing. The
 * mappings never overlap, and after each {@link #poll} they are equal to {@link #mappings}.
 *
 * <p>After a poll the mappings are what the poll read, with one exception: events after the begin of the poll count
 * more, because the poll may have read their ranges before. The next poll compares those ranges again. So if the
 * process changes nothing during a poll, the result is exactly what is mapped. This is also true for changes that the
 * kernel does not report (munmap, mremap, merging and splitting), and if events are lost.
 *
 * <p><b>Times:</b> changes are in order of {@link MapChange#time()}. A mapping that the kernel reported has the exact
 * time; if its event was written after a poll that ended later, {@link MapChange#after()} is that time. The mappings
 * that it replaced may have been unmapped earlier. A change that only a poll finds happened between
 * {@link MapChange#after()} and the end of the poll. A mapping that was made and unmapped between two polls is found
 * only by events.
 *
 * <p>If the kernel reports a mapping again with equal range, permissions and file, it is a new mapping: a removal and
 * an addition are reported.
 *
 * <p>Thread-safe: a call waits for the call of another thread, and each change is returned once. Allocates its results;
 * a poll that finds changes also allocates in proportion to the number of mappings.
 */
public final class MapChanges {
    private final ProcessMaps maps;
    private final @Nullable MapEvents events;
    private final MapSnapshot snapshot;
    private final TrackedMappings tracked = new TrackedMappings();
    private List<MapChange> changes = new ArrayList<>();
    private boolean isThreadUnwatched;
    /** The time of the last change. */
    private long latest = Long.MIN_VALUE;

    /** Makes an instance. Tests that report changes themselves pass null for the process and the snapshot. */
    MapChanges(ProcessMaps maps, @Nullable MapEvents events, MapSnapshot snapshot) {
        this.maps = maps;
        this.events = events;
        this.snapshot = snapshot;
    }

    /**
     * Reads the mappings of a process. All changes from now on are found by polls.
     *
     * @param maps the process; the caller closes it after the last poll
     * @return the changes from now on
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException as {@link ProcessMaps#read}
     */
    public static MapChanges of(ProcessMaps maps) throws MapsException {
        return begin(maps, null);
    }

    /**
     * Reads the mappings of a process. All changes from now on are reported.
     *
     * @param maps the process; the caller closes it after the last poll
     * @param events of the same process, opened before; only this object may drain them. With
     *     {@link MapEvents.Option#DATA} mappings that are not executable have exact times too
     * @return the changes from now on
     * @throws IllegalArgumentException if the events are of another process
     * @throws org.mapfiles.ProcessExitedException if the process has exited
     * @throws NotEnoughMemoryException if this JVM has too little memory
     * @throws MapsException as {@link ProcessMaps#read}
     */
    public static MapChanges of(ProcessMaps maps, MapEvents events) throws MapsException {
        Objects.requireNonNull(maps, "maps");
        Objects.requireNonNull(events, "events");
        EventsAccess.get().requireSameProcess(events, maps);
        return begin(maps, events);
    }

    private static MapChanges begin(ProcessMaps maps, @Nullable MapEvents events) throws MapsException {
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

    /**
     * Returns the mappings after the last returned change, in order of address.
     *
     * @return a copy
     */
    public synchronized List<ImmutableMapping> mappings() {
        List<ImmutableMapping> mappings = new ArrayList<>();
        for (TrackedMappings.Tracked one : tracked.mappings()) {
            mappings.add(one.mapping);
        }
        return mappings;
    }

    /**
     * Reads the mappings, and returns the changes since the last call in an order to replay them.
     *
     * @return the changes; a new list
     * @throws org.mapfiles.ProcessExitedException if the process has exited: {@link #drain} still returns its last
     *     events
     * @throws NotEnoughMemoryException if this JVM has too little memory: changes are lost, so begin again with
     *     {@link #of}
     * @throws IllegalStateException if the process or the events are closed
     * @throws MapsException as {@link ProcessMaps#read}; the next call returns the changes of this one
     */
    public synchronized List<MapChange> poll() throws MapsException {
        try {
            long from = System.nanoTime();
            maps.refresh(snapshot);
            long to = System.nanoTime();
            if (events != null) {
                drainEvents();
            }
            polled(snapshot, from, to);
            return taken();
        } catch (OutOfMemoryError e) {
            throw new NotEnoughMemoryException("the changes of process " + maps.pid(), e);
        }
    }

    /**
     * Returns the changes that the kernel has reported since the last call, without reading the mappings. Other changes
     * are missing until the next {@link #poll}.
     *
     * @return the changes, a new list; empty without events
     * @throws IllegalStateException if the events are closed, or another thread drains them
     */
    public synchronized List<MapChange> drain() {
        if (events != null) {
            drainEvents();
        }
        return taken();
    }

    /** Returns the changes since the last call. */
    List<MapChange> taken() {
        List<MapChange> taken = changes;
        changes = new ArrayList<>();
        return taken;
    }

    private void drainEvents() {
        if (drainAll()) {
            long now = System.nanoTime(); // the lost changes happened before this
            drainAll(); // reports all events until now first: later drains return only later events
            lost(now);
        }
    }

    /**
     * Drains all events until now. Later events are left, since a busy process may add them faster than they are read.
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
                if (event.type() == MapEvent.Type.MAPPED) {
                    mapped(event, event.time());
                } else if (event.type() == MapEvent.Type.EXEC) {
                    executed(event.time());
                }
            }
        } while (events.hasMore() && last <= now);
        return isLost;
    }

    /** Adds the changes of a mapping that the kernel reports. */
    void mapped(Mapping event, long time) {
        add(tracked.mapped(event, time));
    }

    /** Adds the changes of an execve(2) that the kernel reports. */
    void executed(long time) {
        add(tracked.executed(time));
    }

    /** Adds a change that reports missing events. */
    void lost(long time) {
        if (tracked.isPolled()) {
            add(MapChange.of(MapChange.Kind.LOST, tracked.polledAt(), Math.max(latest, time), false));
        }
    }

    /** Adds the changes that a poll has found. */
    void polled(MapSnapshot read, long from, long to) {
        add(tracked.polled(read, from, to));
    }

    private void add(MapChange change) {
        latest = Math.max(latest, change.time());
        changes.add(change);
    }

    /** Adds the changes of one step in an order to replay them. */
    private void add(MappingStep step) {
        if (step.isEmpty() && step.source() != MappingStep.Source.EXEC) {
            return;
        }
        // The kernel takes the time of an event before it writes the event, so a poll that ends in between is earlier.
        long time = Math.max(latest, step.time());
        if (isMadeAnew(step)) {
            ImmutableMapping old = step.before().get(0).mapping;
            add(MapChange.removed(old, false, step.lastSeen(old), time));
            add(MapChange.added(step.reported(), false, step.time(), time, time == step.time()));
            return;
        }
        if (step.source() == MappingStep.Source.EXEC) {
            add(MapChange.of(MapChange.Kind.EXEC, step.time(), time, time == step.time()));
        }
        List<ImmutableMapping> before = new ArrayList<>();
        step.before().forEach(one -> before.add(one.mapping));
        Order order = new Order(step, time);
        MapDifference.visit(before, step.now(), order);
        if (step.isOfAnotherProgram() && !order.isContinued) {
            add(MapChange.of(MapChange.Kind.EXEC, step.lastSeen(before.get(0)), time, false));
        }
        order.changes.forEach(this::add);
    }

    private static boolean isMadeAnew(MappingStep step) {
        return step.source() == MappingStep.Source.EVENT
                && step.before().size() == 1
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

        @SuppressWarnings("ReferenceEquality") // an equal mapping may be another one
        private void add(ImmutableMapping now, boolean isOfAnother) {
            boolean isReported = now == step.reported();
            isContinued |= isOfAnother;
            changes.add(MapChange.added(
                    now,
                    isOfAnother,
                    isReported ? step.time() : step.lastAbsent(now),
                    time,
                    isReported && time == step.time()));
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
            boolean isReported = now == step.reported();
            isContinued = true;
            changes.add(MapChange.changed(
                    (ImmutableMapping) before,
                    (ImmutableMapping) now,
                    isReported ? step.time() : step.lastSeen((ImmutableMapping) before),
                    time,
                    isReported && time == step.time()));
        }
    }
}
