package org.mapfiles.jfr;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.jfr.Configuration;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapCursor;
import org.mapfiles.MapDifference;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmRegions;

/**
 * Registers JDK Flight Recorder events about the mappings of this JVM.
 *
 * <p>All events but {@code MemoryMapChange} are written at the beginning and the end of each chunk, so at least twice
 * in a recording. The setting {@code period} changes that. Only {@code MemoryMapSummary} is enabled by default.
 *
 * <ul>
 *   <li>{@code mapfiles.MemoryMapping}: each mapping
 *   <li>{@code mapfiles.MemoryMapSummary}: the number of mappings, the limit {@code vm.max_map_count}, and bytes by
 *       kind
 *   <li>{@code mapfiles.MemoryMapChange}: mappings that were added, removed or changed, found by a poll every second
 *   <li>{@code mapfiles.CodeRegion}: each executable range of code heaps and libraries
 *   <li>{@code mapfiles.MemoryRegionSummary}: bytes by {@link JvmRegions.Kind}
 * </ul>
 *
 * <p><b>Replay.</b> Start with the mappings of one poll: {@code MemoryMapping} events with equal {@code poll}. Apply
 * all {@code MemoryMapChange} events of later polls in the order of {@code sequence}. {@code REMOVED} removes the
 * mapping with that range, {@code CHANGED} replaces the mapping from {@code startBefore} to {@code endBefore},
 * {@code ADDED} adds a mapping. After the changes of a poll the result is the mappings of that poll. No step leaves
 * mappings that overlap. A change happened within the time {@code since} before its event. A mapping that is made and
 * removed between two polls is not reported.
 *
 * <p>No mapping is read for an event that is not enabled. {@link #settings()} enables all events.
 *
 * <p>Thread-safe. The JVM needs the module jdk.jfr.
 */
public final class JfrMapEvents {
    private static final Map<Class<? extends Event>, Runnable> HOOKS = new LinkedHashMap<>();
    private static @Nullable MapSnapshot lastRead;
    private static @Nullable MapSnapshot spare;
    private static ProcessMaps maps; // set while the events are registered
    private static long polledAt;
    private static long polls;
    private static long sequence;
    /**
     * Whether changes that the next poll finds may have happened while changes were not recorded. Set by the thread
     * that stops a recording.
     */
    private static final AtomicBoolean HAS_GAP = new AtomicBoolean();

    private static final FlightRecorderListener LISTENER = new FlightRecorderListener() {
        @Override
        public void recordingStateChanged(Recording changed) {
            if (!new MemoryMapChangeEvent().isEnabled()) {
                HAS_GAP.set(true);
            }
        }
    };
    private static boolean registered;

    static {
        HOOKS.put(MemoryMappingEvent.class, JfrMapEvents::mappings);
        HOOKS.put(MemoryMapSummaryEvent.class, JfrMapEvents::summary);
        HOOKS.put(MemoryMapChangeEvent.class, JfrMapEvents::changes);
        HOOKS.put(CodeRegionEvent.class, JfrMapEvents::code);
        HOOKS.put(MemoryRegionSummaryEvent.class, JfrMapEvents::regions);
    }

    private JfrMapEvents() {}

    /**
     * Registers the events with the Flight Recorder of this JVM. Has no effect if they are registered.
     *
     * @throws MapsException if this JVM cannot read its own mappings
     */
    public static synchronized void register() throws MapsException {
        if (registered) {
            return;
        }
        maps = ProcessMaps.self();
        HOOKS.keySet().forEach(FlightRecorder::register); // needed again after unregister()
        HOOKS.forEach(FlightRecorder::addPeriodicEvent);
        FlightRecorder.addListener(LISTENER);
        registered = true;
    }

    /** Removes the events from the Flight Recorder. Has no effect if they are not registered. */
    public static synchronized void unregister() {
        if (!registered) {
            return;
        }
        FlightRecorder.removeListener(LISTENER);
        HOOKS.values().forEach(FlightRecorder::removePeriodicEvent);
        HOOKS.keySet().forEach(FlightRecorder::unregister);
        maps.close();
        lastRead = null;
        spare = null;
        registered = false;
    }

    /**
     * {@return settings that enable all events, to start a recording with} {@code jfr configure} merges them with
     * others.
     *
     * @throws IOException if the resource of this library cannot be read
     * @throws ParseException if its content is invalid
     */
    public static Configuration settings() throws IOException, ParseException {
        try (Reader in =
                new InputStreamReader(JfrMapEvents.class.getResourceAsStream("mapfiles.jfc"), StandardCharsets.UTF_8)) {
            return Configuration.create(in);
        }
    }

    /** A hook. If it fails, the recording continues without its events. */
    private interface Read {
        void run() throws MapsException;
    }

    private static synchronized void attempt(Read read) {
        if (!registered) {
            return;
        }
        try {
            read.run();
        } catch (MapsException | IllegalStateException notNow) {
            // for example no descriptor is free: the next call may succeed
        }
    }

    private static void mappings() {
        attempt(() -> {
            poll();
            for (MapCursor mapping = lastRead.cursor(); mapping.next(); ) {
                MemoryMappingEvent event = new MemoryMappingEvent();
                event.set(mapping);
                event.poll = polls;
                event.commit();
            }
        });
    }

    private static void summary() {
        attempt(() -> {
            MemoryMapSummaryEvent event = new MemoryMapSummaryEvent();
            event.set(maps.snapshot().cursor(), ProcessMaps.maxMappings());
            event.commit();
        });
    }

    /**
     * Commits the executable ranges. Libraries and code heaps also have ranges that are not executable: data, and
     * reserved memory.
     */
    private static void code() {
        attempt(() -> {
            MapSnapshot executable = maps.snapshot(MapFilter.all().executable());
            JvmRegions regions = JvmRegions.read(); // after the snapshot, since a code heap may grow in between
            for (int i = 0; i < regions.size(); i++) {
                boolean isOfCode =
                        regions.region(i) == JvmRegions.Kind.CODE_HEAP || regions.region(i) == JvmRegions.Kind.LIBRARY;
                if (isOfCode && executable.find(regions.start(i)) >= 0) {
                    CodeRegionEvent event = new CodeRegionEvent();
                    event.start = regions.start(i);
                    event.end = regions.end(i);
                    event.size = regions.end(i) - regions.start(i);
                    event.region = regions.region(i).name();
                    event.detail = regions.detail(i);
                    event.inferred = regions.isInferred(i);
                    event.commit();
                }
            }
        });
    }

    private static void regions() {
        attempt(() -> {
            JvmRegions regions = JvmRegions.read();
            Map<JvmRegions.Kind, MemoryRegionSummaryEvent> sums = new EnumMap<>(JvmRegions.Kind.class);
            for (int i = 0; i < regions.size(); i++) {
                sums.computeIfAbsent(regions.region(i), MemoryRegionSummaryEvent::new)
                        .add(regions.end(i) - regions.start(i), regions.isInferred(i));
            }
            sums.values().forEach(Event::commit);
        });
    }

    private static void changes() {
        attempt(JfrMapEvents::poll);
    }

    /** Reads the mappings. Commits the changes since the last poll, unless recording was stopped in between. */
    private static void poll() throws MapsException {
        long time = System.nanoTime();
        MapSnapshot read = spare == null ? new MapSnapshot() : spare;
        // before the read: a gap that begins during it concerns the next poll
        boolean hasGap = HAS_GAP.getAndSet(false);
        try {
            maps.refresh(read);
        } catch (MapsException | RuntimeException | Error e) {
            HAS_GAP.compareAndSet(false, hasGap);
            throw e;
        }
        polls++;
        if (lastRead != null && !hasGap && new MemoryMapChangeEvent().isEnabled()) {
            MapDifference.visit(lastRead.cursor(), read.cursor(), new Changes(time - polledAt));
        }
        spare = lastRead;
        lastRead = read;
        polledAt = time;
    }

    /** Commits changes in the order in which they can be replayed ({@link MapDifference}). */
    private static final class Changes implements MapDifference.Visitor {
        private final long since;

        Changes(long since) {
            this.since = since;
        }

        @Override
        public void added(Mapping now) {
            commit("ADDED", null, now, false);
        }

        @Override
        public void removed(Mapping before) {
            commit("REMOVED", before, null, false);
        }

        @Override
        public void changed(Mapping before, Mapping now) {
            commit("CHANGED", before, now, false);
        }

        @Override
        public void split(Mapping now) {
            commit("ADDED", null, now, true);
        }

        @Override
        public void merged(Mapping before) {
            commit("REMOVED", before, null, true);
        }

        private void commit(String change, @Nullable Mapping before, @Nullable Mapping now, boolean isContinued) {
            MemoryMapChangeEvent event = new MemoryMapChangeEvent();
            event.set(change, before, now);
            event.sequence = ++sequence;
            event.poll = polls;
            event.since = since;
            event.continued = isContinued;
            event.commit();
        }
    }
}
