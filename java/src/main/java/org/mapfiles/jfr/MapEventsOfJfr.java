package org.mapfiles.jfr;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import jdk.jfr.Configuration;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import org.mapfiles.MapCursor;
import org.mapfiles.MapDifference;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.Region;

/**
 * Events of the Flight Recorder about this JVM's mappings.
 *
 * <ul>
 *   <li>{@code mapfiles.MemoryMapping}: every mapping, at the end of every chunk; off unless asked for
 *   <li>{@code mapfiles.MemoryMapSummary}: their number against {@code vm.max_map_count}, and what they take; every minute
 *   <li>{@code mapfiles.MemoryMapChange}: what came, went or changed, looked for every second; off unless asked for
 *   <li>{@code mapfiles.CodeRegion}: each executable part of code heaps and libraries, at the end of every chunk; off unless asked for
 *   <li>{@code mapfiles.MemoryRegionSummary}: bytes per {@link Region}, at the end of every chunk; off unless asked for
 * </ul>
 *
 * <p>An event that nobody records costs nothing: no mapping is read for it. {@link #settings()} has all of them on.
 *
 * <p>Thread-safe. The JVM needs the module jdk.jfr.
 */
public final class MapEventsOfJfr {
    private static final Map<Class<? extends Event>, Runnable> HOOKS = new LinkedHashMap<>();
    private static MapSnapshot before;
    private static MapSnapshot now;
    private static ProcessMaps maps;
    private static long lookedAt;
    private static boolean registered;

    static {
        HOOKS.put(MemoryMappingEvent.class, MapEventsOfJfr::mappings);
        HOOKS.put(MemoryMapSummaryEvent.class, MapEventsOfJfr::summary);
        HOOKS.put(MemoryMapChangeEvent.class, MapEventsOfJfr::changes);
        HOOKS.put(CodeRegionEvent.class, MapEventsOfJfr::code);
        HOOKS.put(MemoryRegionSummaryEvent.class, MapEventsOfJfr::regions);
    }

    private MapEventsOfJfr() {
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
        registered = true;
    }

    /** Takes them out again. */
    public static synchronized void unregister() {
        if (!registered) {
            return;
        }
        HOOKS.values().forEach(FlightRecorder::removePeriodicEvent);
        HOOKS.keySet().forEach(FlightRecorder::unregister);
        maps.close();
        before = null;
        now = null;
        registered = false;
    }

    /** Settings with which all of them are recorded, to start a recording with; merge them with others by jfr(1) configure. */
    public static Configuration settings() throws IOException, ParseException {
        try (Reader in = new InputStreamReader(MapEventsOfJfr.class.getResourceAsStream("mapfiles.jfc"), StandardCharsets.UTF_8)) {
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
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                MemoryMappingEvent event = new MemoryMappingEvent();
                event.set(mapping);
                event.commit();
            }
        });
    }

    private static void summary() {
        attempt(() -> {
            MemoryMapSummaryEvent event = new MemoryMapSummaryEvent();
            event.set(maps.snapshot().cursor(), MapCount.limit());
            event.commit();
        });
    }

    /** Libraries and code heaps also have parts that are not executable: data, and reserved memory. */
    private static void code() {
        attempt(() -> {
            JvmRegions regions = JvmRegions.read();
            MapSnapshot executable = maps.snapshot(MapFilter.all().executable());
            for (int i = 0; i < regions.size(); i++) {
                boolean isOfCode = regions.region(i) == Region.CODE_HEAP || regions.region(i) == Region.LIBRARY;
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
            Map<Region, MemoryRegionSummaryEvent> sums = new EnumMap<>(Region.class);
            for (int i = 0; i < regions.size(); i++) {
                sums.computeIfAbsent(regions.region(i), MemoryRegionSummaryEvent::new).add(regions.end(i) - regions.start(i),
                        regions.isInferred(i));
            }
            sums.values().forEach(Event::commit);
        });
    }

    /** The first look of a recording has nothing to compare with, and says nothing. */
    private static void changes() {
        attempt(() -> {
            long time = System.nanoTime();
            MapSnapshot later = now == null ? new MapSnapshot() : now;
            maps.refresh(later);
            if (before != null && time - lookedAt < 60_000_000_000L) { // else recording has paused
                long since = time - lookedAt;
                MapDifference.visit(before.cursor(), later.cursor(), new MapDifference.Visitor() {
                    @Override
                    public void added(Mapping mapping) {
                        commit("ADDED", null, mapping, since);
                    }

                    @Override
                    public void removed(Mapping mapping) {
                        commit("REMOVED", mapping, null, since);
                    }

                    @Override
                    public void changed(Mapping earlier, Mapping mapping) {
                        commit("CHANGED", earlier, mapping, since);
                    }
                });
            }
            now = before == null ? new MapSnapshot() : before;
            before = later;
            lookedAt = time;
        });
    }

    private static void commit(String what, Mapping earlier, Mapping later, long since) {
        MemoryMapChangeEvent event = new MemoryMapChangeEvent();
        event.set(what, earlier, later, since);
        event.commit();
    }
}
