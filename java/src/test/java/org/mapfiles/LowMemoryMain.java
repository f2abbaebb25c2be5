package org.mapfiles;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmProcess;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.testing.Await;
import org.mapfiles.testing.Descriptors;
import org.mapfiles.timeline.MapChanges;

/** Calls methods while no direct memory is left, and prints how each of them fails; then again with memory. */
final class LowMemoryMain {
    private final List<ByteBuffer> held = new ArrayList<>();

    private LowMemoryMain() {}

    private interface Call {
        AutoCloseable run() throws Exception;
    }

    private void hold() {
        for (int piece = 1 << 16; piece >= 16; piece /= 2) {
            try {
                for (; ; ) {
                    held.add(ByteBuffer.allocateDirect(piece));
                }
            } catch (OutOfMemoryError full) {
                // there is room for smaller ones at most
            }
        }
    }

    private static String outcome(Call call) {
        try {
            AutoCloseable made = call.run();
            if (made != null) {
                made.close();
            }
            return "works";
        } catch (Exception | Error e) {
            return e.getClass().getSimpleName() + (e.getCause() instanceof OutOfMemoryError ? " of memory" : "");
        }
    }

    private static Map<String, Call> calls(ProcessMaps maps, MappingQuery answer) {
        Mapping mapping = ImmutableMapping.of(answer);
        Map<String, Call> calls = new TreeMap<>();
        calls.put("ProcessMaps.self", ProcessMaps::self);
        calls.put("ProcessMaps.query", () -> {
            maps.query(mapping.start(), MapFilter.all().by(Backend.TEXT), false, answer);
            return null;
        });
        calls.put("ProcessMaps.snapshot", () -> {
            maps.snapshot();
            return null;
        });
        calls.put("ProcessMaps.readMemory", () -> {
            maps.readMemory(mapping.start(), new byte[4096], 0, 4096);
            return null;
        });
        calls.put("MapSnapshot.ofText", () -> {
            MapSnapshot.ofText(new byte[0], MapFilter.all());
            return null;
        });
        calls.put("MapFiles.state", () -> {
            MapFiles.of(maps).state(mapping);
            return null;
        });
        calls.put("LiveMaps.start", () -> LiveMaps.of(maps).start());
        calls.put("MapEvents.open", () -> MapEvents.open(maps));
        calls.put("MapChanges.of", () -> {
            MapChanges.of(maps);
            return null;
        });
        calls.put("JvmProcess.of", () -> JvmProcess.of(maps));
        calls.put("JvmCodeReader.of", () -> JvmCodeReader.of(maps));
        calls.put("JvmRegions.read", () -> {
            JvmRegions.read(maps);
            return null;
        });
        return calls;
    }

    public static void main(String[] arguments) throws Exception {
        LowMemoryMain main = new LowMemoryMain();
        try (ProcessMaps maps = ProcessMaps.self()) {
            MappingQuery answer = new MappingQuery();
            MapCursor program = maps.snapshot(MapFilter.all().executable().fileBacked())
                    .cursor()
                    .seek(0);
            maps.query(program.start(), answer);
            Map<String, Call> calls = calls(maps, answer);
            int descriptors = Descriptors.count();
            main.hold();
            calls.forEach((name, call) -> System.out.println("WITHOUT " + name + ' ' + outcome(call)));
            System.out.println("OPENED " + (Descriptors.count() - descriptors));
            main.held.clear();
            Await.until("the collector has freed the memory", () -> {
                System.gc();
                return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .filter(pool -> pool.getName().equals("direct"))
                        .allMatch(pool -> pool.getMemoryUsed() < 1 << 20);
            });
            calls.forEach((name, call) -> System.out.println("WITH " + name + ' ' + outcome(call)));
        }
    }
}
