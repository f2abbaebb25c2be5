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
import org.mapfiles.MapCursor;
import org.mapfiles.MapDifference;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.RegionKind;

/**
 * Events of the Flight Recorder about this JVM's mappings.
 *
 * <ul>
 *   <li>{@code mapfiles.MemoryMapping}: every mapping, at the beginning and the end of every chunk; off unless asked for
 *   <li>{@code mapfiles.MemoryMapSummary}: their number against {@code vm.max_map_count}, and what they take, at the beginning and the
 *       end of every chunk, so at least twice in a recording; for more, set its {@code period}
 *   <li>{@code mapfiles.MemoryMapChange}: what was added, removed or changed, found by a poll every second; off unless asked for
 *   <li>{@code mapfiles.CodeRegion}: each executable part of code heaps and libraries, at the beginning and the end of every chunk; off
 *       unless asked for
 *   <li>{@code mapfiles.MemoryRegionSummary}: bytes per {@link RegionKind}, at the beginning and the end of every chunk; off unless asked for
 * </ul>
 *
 * <p><b>Replay:</b> a set that holds the mappings of one poll ({@code MemoryMapping} events with equal {@code poll}), and to which all
 * {@code MemoryMapChange} events of later polls are applied in order of {@code sequence}, holds the mappings of each of these
 * polls in turn, and never two that overlap: {@code REMOVED} removes the mapping of that range, {@code CHANGED} replaces the one from
 * {@code startBefore} to {@code endBefore}, {@code ADDED} adds one. A change happened in the time {@code since} before the
 * event; what is mapped and unmapped between two polls is not found.
 *
 * <p>An event that nobody records costs nothing: no mapping is read for it. {@link #settings()} has all of them on.
 *
 * <p>Thread-safe. The JVM needs the module jdk.jfr.
 */
public final class JfrMapEvents {
    private static final Map<Class<? extends Event>, Runnable> HOOKS = new LinkedHashMap<>();
    private static MapSnapshot lastRead;
    private static MapSnapshot spare;
    private static ProcessMaps maps;
    private static long polledAt;
    private static long polls;
    private static long sequence;
    /** Whether changes that the next poll finds may have happened while no changes were recorded. Set by the thread that stops a recording. */
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

    private JfrMapEvents() {
    }

    /**
     * Makes the events known to the Flight Recorder of this JVM. Again: nothing.
     *
     * @throws MapsException if this JVM cannot read its own mappings
     */
    public static synchronized void register() throws MapsException {
        if (registered) {
            return;
        }
        maps = ProcessMaps.self();
        HOOKS.keySet().forEach(FlightRecorder::register); // after unregister() they would be known no more
        HOOKS.forEach(FlightRecorder::addPeriodicEvent);
        FlightRecorder.addListener(LISTENER);
        registered = true;
    }

    /** Takes them out again. */
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

    /** Settings with which all of them are recorded, to start a recording with; merge them with others by jfr(1) configure. */
    public static Configuration settings() throws IOException, ParseException {
        try (Reader in = new InputStreamReader(JfrMapEvents.class.getResourceAsStream("mapfiles.jfc"), StandardCharsets.UTF_8)) {
            return Configuration.create(in);
        }
    }

    /** As a hook fails: a recording goes on without. */
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
            // no descriptor is left, for one: perhaps the next time
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

    /** Libraries and code heaps also have parts that are not executable: data, and reserved memory. */
    private static void code() {
        attempt(() -> {
            MapSnapshot executable = maps.snapshot(MapFilter.all().executable());
            JvmRegions regions = JvmRegions.read(); // later: a code heap may grow meanwhile, and what it has reserved is not executable
            for (int i = 0; i < regions.size(); i++) {
                boolean isOfCode = regions.region(i) == RegionKind.CODE_HEAP || regions.region(i) == RegionKind.LIBRARY;
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
            Map<RegionKind, MemoryRegionSummaryEvent> sums = new EnumMap<>(RegionKind.class);
            for (int i = 0; i < regions.size(); i++) {
                sums.computeIfAbsent(regions.region(i), MemoryRegionSummaryEvent::new).add(regions.end(i) - regions.start(i),
                        regions.isInferred(i));
            }
            sums.values().forEach(Event::commit);
        });
    }

    private static void changes() {
        attempt(JfrMapEvents::poll);
    }

    /** Reads the mappings, and commits what has changed since the last time, unless nothing was recorded meanwhile. */
    private static void poll() throws MapsException {
        long time = System.nanoTime();
        MapSnapshot read = spare == null ? new MapSnapshot() : spare;
        boolean hasGap = HAS_GAP.getAndSet(false); // before the read: a gap that begins during it is the next poll's
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

    /** Commits changes in the order in which they can be replayed. */
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

        private void commit(String what, Mapping before, Mapping now, boolean isContinued) {
            MemoryMapChangeEvent event = new MemoryMapChangeEvent();
            event.set(what, before, now);
            event.sequence = ++sequence;
            event.poll = polls;
            event.since = since;
            event.continued = isContinued;
            event.commit();
        }
    }
}
