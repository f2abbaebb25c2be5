package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.live.LiveMaps;

/** Measures how soon a change of mappings is in a snapshot, and how much events slow the target down. */
final class ChangeFigures {
    private static final int ROUNDS = 512;

    private final Figures figures;
    private final Path bin;
    private final boolean quick;

    ChangeFigures(Figures figures, Path bin, boolean quick) {
        this.figures = figures;
        this.bin = bin;
        this.quick = quick;
    }

    /** Adds the times from a change to a snapshot that contains it. */
    void latency() throws Exception {
        if (canOpenEvents("change-latency")) {
            for (int millis : new int[] {10, 100}) {
                latency(millis);
            }
        }
    }

    /** Adds the slow-down of a target that maps and unmaps, and the wake-ups for a target that does not. */
    void overhead() throws Exception {
        if (canOpenEvents("events-overhead")) {
            slowDown();
            wakeUps();
        }
    }

    private boolean canOpenEvents(String name) throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            MapEvents.open(self).close();
            return true;
        } catch (PermissionDeniedException | NotSupportedException denied) {
            figures.skip(name, denied.getMessage());
            return false;
        }
    }

    /** Counts wake-ups of the thread that refreshes the snapshot of an idle process. */
    private void wakeUps() throws Exception {
        Process quiet = new ProcessBuilder("cat").start();
        try (ProcessMaps maps = ProcessMaps.of(quiet.pid());
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.IMMEDIATE_WAKEUP)) {
            double pushed =
                    wakeUps(LiveMaps.of(maps).every(Duration.ofSeconds(10)).withEvents(events));
            double polled = wakeUps(LiveMaps.of(maps).every(Duration.ofMillis(10)));
            figures.add(
                    "events-overhead-idle",
                    "10ms",
                    pushed / polled,
                    pushed,
                    polled,
                    "1/s",
                    "wake-ups per second for an idle target, with events / polled",
                    null);
        } finally {
            quiet.destroy();
        }
    }

    private double wakeUps(LiveMaps.Builder builder) throws Exception {
        int millis = quick ? 1_000 : 5_000;
        try (LiveMaps live = builder.start()) {
            Thread.sleep(300); // the thread waits now
            long before = switches();
            Thread.sleep(millis);
            return (switches() - before) * 1000.0 / millis;
        }
    }

    /** Returns how often the threads that refresh snapshots have gone to sleep. */
    private static long switches() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).startsWith("mapfiles-live-")) {
                    count += Files.readAllLines(task.resolve("status")).stream()
                            .filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                            .mapToLong(line -> Long.parseLong(
                                    line.substring(line.indexOf(':') + 1).strip()))
                            .sum();
                }
            }
        }
        return count;
    }

    /** Refreshes two snapshots of this JVM: one by events, one by polling. */
    private void latency(int millis) throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.IMMEDIATE_WAKEUP);
                LiveMaps pushed = LiveMaps.of(maps)
                        .every(Duration.ofSeconds(10))
                        .withEvents(events)
                        .start();
                LiveMaps polled =
                        LiveMaps.of(maps).every(Duration.ofMillis(millis)).start()) {
            Rounds rounds = Rounds.of(
                    5,
                    quick ? 31 : 101,
                    () -> timeToSnapshot(pushed.snapshot()),
                    () -> timeToSnapshot(polled.snapshot()));
            figures.add(
                    "change-latency",
                    millis + "ms",
                    rounds.ratio(),
                    rounds.medianMeasured() / 1000,
                    rounds.medianBaseline() / 1000,
                    "us",
                    "from mmap to the snapshot, with events / polled",
                    null);
        }
    }

    /** Maps a file, and returns the nanoseconds until the snapshot contains it. */
    private static double timeToSnapshot(MapSnapshot snapshot) throws Exception {
        // at a random time of a period, after the previous change is processed
        Thread.sleep(20 + (long) (Math.random() * 10));
        Path file = Files.write(Files.createTempFile("mapfiles-benchmark-", null), new byte[4096]);
        try (FileChannel channel = FileChannel.open(file)) {
            long before = System.nanoTime();
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4096);
            byte[] name = file.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
            MapCursor at = snapshot.cursor();
            while (!contains(at, name)) {
                Thread.onSpinWait();
            }
            return System.nanoTime() - before + 0 * mapped.get(0);
        } finally {
            Files.delete(file);
        }
    }

    private static boolean contains(MapCursor at, byte[] name) throws IOException {
        try {
            at.reset();
            while (at.next()) {
                if (at.nameEquals(name)) {
                    return true;
                }
            }
        } catch (IllegalStateException newer) {
            // the snapshot was refreshed: the caller tries again
        }
        return false;
    }

    private void slowDown() throws Exception {
        try (ChildProgram mapper = new ChildProgram(bin.resolve("mapper").toString())) {
            mapper.line();
            try (ProcessMaps maps = ProcessMaps.of(mapper.pid())) {
                slowDown("events-overhead-code", maps, mapper, "with events of code, and none occurs");
                slowDown("events-overhead-data", maps, mapper, "with an event per mapping", MapEvents.Option.DATA);
                slowDown(
                        "events-overhead-at-once",
                        maps,
                        mapper,
                        "with an event and a wake-up per mapping",
                        MapEvents.Option.DATA,
                        MapEvents.Option.IMMEDIATE_WAKEUP);
            }
        }
    }

    private void slowDown(
            String name, ProcessMaps maps, ChildProgram mapper, String condition, MapEvents.Option... options)
            throws Exception {
        Rounds rounds = Rounds.of(
                10,
                quick ? 101 : 301,
                () -> {
                    try (MapEvents events = MapEvents.open(maps, 1 << 18, options);
                            Drain drain = new Drain(events)) {
                        return mapper.query(Integer.toString(ROUNDS));
                    }
                },
                () -> mapper.query(Integer.toString(ROUNDS)));
        figures.add(
                name,
                ROUNDS,
                rounds,
                "mmap, touch, munmap " + condition + " / without events",
                options.length < 2 ? Goal.ratioAtMost(1.05) : null);
    }

    /** Drains events until they are closed. */
    private static final class Drain implements AutoCloseable {
        private final Thread thread;

        Drain(MapEvents events) {
            thread = new Thread(() -> {
                try {
                    for (; ; ) {
                        if (events.await(-1)) {
                            events.drain();
                        }
                    }
                } catch (IOException | IllegalStateException closed) {
                    // the caller has closed the events
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() {
            // the caller closes the events next, which ends the thread
        }
    }
}
