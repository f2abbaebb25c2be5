package org.mapfiles.benchmarks;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
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

/** How soon a change is known, and what it costs the process that it is. */
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

    void run() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            MapEvents.open(self).close();
        } catch (PermissionDeniedException | NotSupportedException refused) {
            figures.skip("L2", refused.getMessage());
            figures.skip("L3", refused.getMessage());
            return;
        }
        for (int millis : new int[] {10, 100}) {
            latency(millis);
        }
        slowDown();
        wakeUps();
    }

    /** Of a process that changes nothing: how often whoever keeps its mappings fresh wakes up. */
    private void wakeUps() throws Exception {
        Process quiet = new ProcessBuilder("cat").start();
        try (ProcessMaps maps = ProcessMaps.of(quiet.pid());
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.AT_ONCE)) {
            double told = wakeUps(LiveMaps.of(maps).every(Duration.ofSeconds(10)).withEvents(events));
            double polled = wakeUps(LiveMaps.of(maps).every(Duration.ofMillis(10)));
            figures.add("L3-quiet", "10ms", told / polled, told, polled, "1/s",
                    "wake-ups a second while nothing changes, told by the kernel / polled", null);
        } finally {
            quiet.destroy();
        }
    }

    private double wakeUps(LiveMaps.Builder builder) throws Exception {
        int millis = quick ? 1_000 : 5_000;
        try (LiveMaps live = builder.start()) {
            Thread.sleep(300); // it has begun to wait
            long before = switches();
            Thread.sleep(millis);
            return (switches() - before) * 1000.0 / millis;
        }
    }

    /** How often threads that keep mappings fresh have gone to sleep. */
    private static long switches() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).startsWith("mapfiles-live-")) {
                    count += Files.readAllLines(task.resolve("status")).stream().filter(line -> line.startsWith("voluntary_ctxt_switches:"))
                            .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip())).sum();
                }
            }
        }
        return count;
    }

    /** Both watch this JVM: one is told, the other looks. */
    private void latency(int millis) throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.AT_ONCE);
                LiveMaps told = LiveMaps.of(maps).every(Duration.ofSeconds(10)).withEvents(events).start();
                LiveMaps polled = LiveMaps.of(maps).every(Duration.ofMillis(millis)).start()) {
            Rounds rounds = Rounds.of(5, quick ? 31 : 101, () -> known(told.snapshot()), () -> known(polled.snapshot()));
            figures.add("L2", millis + "ms", rounds.ratio(), rounds.medianOfOurs() / 1000, rounds.medianOfBaseline() / 1000, "us",
                    "from mmap to known, pushed by the kernel / polled", null);
        }
    }

    private static double known(MapSnapshot snapshot) throws Exception {
        Thread.sleep(20 + (long) (Math.random() * 10)); // any time of a period, and the last change is over
        Path file = Files.write(Files.createTempFile("mapfiles-benchmark-", null), new byte[4096]);
        try (FileChannel channel = FileChannel.open(file)) {
            long before = System.nanoTime();
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4096);
            byte[] name = file.toRealPath().toString().getBytes();
            MapCursor at = snapshot.cursor();
            while (!isThere(snapshot, at, name)) {
                Thread.onSpinWait();
            }
            return System.nanoTime() - before + 0 * mapped.get(0);
        } finally {
            Files.delete(file);
        }
    }

    private static boolean isThere(MapSnapshot snapshot, MapCursor at, byte[] name) throws IOException {
        try {
            at.reset();
            while (at.next()) {
                if (at.nameEquals(name)) {
                    return true;
                }
            }
        } catch (IllegalStateException newer) {
            // the next look is at that
        }
        return false;
    }

    private void slowDown() throws Exception {
        try (Harness mapper = new Harness(bin.resolve("mapper").toString())) {
            mapper.line();
            try (ProcessMaps maps = ProcessMaps.of(mapper.pid())) {
                watched("L3-code", maps, mapper, "watched for new code, of which there is none");
                watched("L3-data", maps, mapper, "each mapping told", MapEvents.Option.DATA);
                watched("L3-at-once", maps, mapper, "each mapping told, and its reader woken", MapEvents.Option.DATA,
                        MapEvents.Option.AT_ONCE);
            }
        }
    }

    private void watched(String name, ProcessMaps maps, Harness mapper, String how, MapEvents.Option... options) throws Exception {
        Rounds rounds = Rounds.of(10, quick ? 101 : 301, () -> {
            try (MapEvents events = MapEvents.open(maps, 1 << 18, options); Drain drain = new Drain(events)) {
                return mapper.ask(Integer.toString(ROUNDS));
            }
        }, () -> mapper.ask(Integer.toString(ROUNDS)));
        figures.add(name, ROUNDS, rounds, "mmap, touch, munmap " + how + " / not watched",
                options.length < 2 ? Goal.ratioAtMost(1.05) : null);
    }

    /** Takes out what is told, as it is. */
    private static final class Drain implements AutoCloseable {
        private final Thread thread;

        Drain(MapEvents events) {
            thread = new Thread(() -> {
                try {
                    for (;;) {
                        if (events.await(-1)) {
                            events.drain();
                        }
                    }
                } catch (IOException | IllegalStateException over) {
                    // it was closed
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() {
            // the events are closed behind this, which ends the thread
        }
    }
}
