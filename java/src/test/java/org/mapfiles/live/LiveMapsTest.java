package org.mapfiles.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MappingQuery;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.RootAccess;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Descriptors;
import org.mapfiles.testing.SpecialMappingsProcess;
import org.mapfiles.testing.Threads;

/** Snapshots are refreshed in the background. */
class LiveMapsTest {
    private static final Duration NEVER = Duration.ofDays(1);

    @RegisterExtension
    final Children children = new Children();

    @TempDir
    Path directory;

    private MappedByteBuffer map(String name) throws IOException {
        Path path = Files.write(directory.resolve(name), new byte[4096]);
        try (FileChannel channel = FileChannel.open(path)) {
            return channel.map(MapMode.READ_ONLY, 0, 4096);
        }
    }

    /** Resolves again and again, as a sampler does. */
    private static void awaitName(LiveMaps.Reader reader, long address, String name) throws Exception {
        Children.await("it is known: " + name, () -> {
            try {
                return reader.resolve(address)
                        && String.valueOf(reader.mapping().name()).endsWith(name);
            } catch (IllegalStateException newer) {
                return false;
            }
        });
    }

    @Test
    void addressInNoMappingCausesARefresh() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid());
                LiveMaps live = LiveMaps.of(maps)
                        .every(NEVER)
                        .afterMiss(Duration.ofMillis(1))
                        .start()) {
            LiveMaps.Reader reader = live.reader();
            long first = maps.snapshot().cursor().seek(0).start();
            assertThat(reader.resolve(first)).isTrue();
            assertThat(reader.mapping().start()).isEqualTo(first);
            assertThat(reader.resolve(-1)).as("the kernel's own").isFalse();
            assertThatThrownBy(() -> reader.mapping().start()).isInstanceOf(IndexOutOfBoundsException.class);
            Thread.sleep(50);
            assertThat(live.refreshCount()).as("no address was missed").isZero();
            assertThat(reader.resolve(0x1000)).isFalse();
            Children.await("the snapshot is refreshed", () -> live.refreshCount() == 1);
            Thread.sleep(50);
            assertThat(live.refreshCount()).as("once for one miss").isEqualTo(1);
            assertThat(live.changeCount()).isZero();
        }
    }

    @Test
    void laterMappingIsFound() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                LiveMaps live = LiveMaps.of(maps)
                        .filter(MapFilter.all().fileBacked())
                        .every(NEVER)
                        .start()) {
            LiveMaps.Reader reader = live.reader();
            MappedByteBuffer later = map("later");
            awaitName(reader, NativeCalls.addressOf(later), "/later");
            assertThat(live.changeCount()).isPositive();
            assertThat(later.get(0)).isZero();
        }
    }

    @Test
    void snapshotIsRefreshedEachPeriod() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                LiveMaps live = LiveMaps.of(maps).every(Duration.ofMillis(2)).start()) {
            long before = System.nanoTime();
            Children.await("ten periods", () -> live.refreshCount() >= 10);
            Children.await("the newest is newer", () -> live.readAt() - before > 0);
            assertThat(live.failure()).isEmpty();
            MappingQuery query = new MappingQuery();
            assertThat(live.query(live.snapshot().cursor().seek(0).start(), query))
                    .isTrue();
        }
    }

    /** An event refreshes the snapshot without a wait for the period, and without a miss. */
    @Test
    void eventCausesARefresh() throws Exception {
        Assume.events();
        ProcessMaps maps = ProcessMaps.self();
        MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.IMMEDIATE_WAKEUP);
        try (maps;
                LiveMaps live = LiveMaps.of(maps)
                        .filter(MapFilter.all().fileBacked())
                        .every(NEVER)
                        .withEvents(events)
                        .start()) {
            MappedByteBuffer first = map("first");
            MapSnapshot snapshot = live.snapshot();
            Children.await("the snapshot has the mapping", () -> snapshot.find(NativeCalls.addressOf(first)) >= 0);
            LiveMaps.Reader reader = live.reader();
            long refreshes = live.refreshCount();
            assertThat(reader.resolve(0x1000)).isFalse();
            Children.await("a miss wakes it, too", () -> live.refreshCount() > refreshes);
            events.close();
            live.refresh(); // so that a mapping in place of the mapped rings is no miss
            MappedByteBuffer later = map("later");
            awaitName(reader, NativeCalls.addressOf(later), "/later");
            assertThat(first.get(0) + later.get(0)).isZero();
        }
    }

    /** Another thread waits for events until one comes. After that the refresher uses them again. */
    @Test
    void eventsAreUsedAgainAfterAnotherReader() throws Exception {
        Assume.events();
        SpecialMappingsProcess child = SpecialMappingsProcess.with("plain");
        child.start();
        try (ProcessMaps maps = ProcessMaps.of(child.pid());
                MapEvents events = MapEvents.open(maps, MapEvents.Option.DATA, MapEvents.Option.IMMEDIATE_WAKEUP)) {
            FutureTask<Void> other = new FutureTask<>(() -> {
                while (!Threads.tolerated(() -> events.await(-1))) {
                    Thread.onSpinWait();
                }
                return null;
            });
            Thread waiting = new Thread(other);
            waiting.start();
            Children.await("it waits", () -> isRefused(events));
            try (LiveMaps live =
                    LiveMaps.of(maps).every(NEVER).withEvents(events).start()) {
                Children.await("it could not listen", () -> live.refreshCount() > 0);
                child.command("protect plain");
                other.get();
                child.command("remap plain");
                long remapped = child.made().get(0).line().start();
                MapSnapshot snapshot = live.snapshot();
                Children.await(
                        "the snapshot has the mapping",
                        () -> nameAt(snapshot, remapped).endsWith("/remapped"));
            }
        } finally {
            child.stop();
        }
    }

    /**
     * Against the contract another thread moves the cursor over the events of the refresher. The cursor then throws.
     */
    @Test
    void unexpectedExceptionIsRecordedAndRefreshingContinues() throws Exception {
        Assume.events();
        ChildJvm.Outcome outcome = new ChildJvm().with("-Xint").run(MoveCursorMain.class); // no fields in registers
        assertThat(outcome.output().lines())
                .containsExactly(
                        "RECORDED java.lang.IndexOutOfBoundsException",
                        "REFRESHED true",
                        "LISTENS true",
                        "FAILURE null");
    }

    @Test
    void reasonForPollingIsRecorded() throws Exception {
        Assume.events();
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapEvents events = MapEvents.open(maps);
            try (LiveMaps live = LiveMaps.of(maps).every(NEVER).start()) {
                assertThat(live.eventsFailure()).as("events were not requested").isEmpty();
            }
            try (LiveMaps live =
                    LiveMaps.of(maps).every(NEVER).withEvents(events).start()) {
                assertThat(live.eventsFailure()).isEmpty();
                events.close();
                Children.await("it is recorded", () -> live.eventsFailure().isPresent());
                assertThat(live.eventsFailure().orElseThrow())
                        .hasMessageContaining("polling")
                        .hasMessageContaining("MapEvents is closed");
                assertThat(live.failure()).isEmpty();
            }
        }
    }

    /** The refresher opens and closes the events itself. */
    @Test
    void eventsOfTheRefresher() throws Exception {
        Assume.events();
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            int before = Descriptors.countPerf();
            for (int i = 0; i < 20; i++) {
                try (LiveMaps live = LiveMaps.of(maps)
                        .every(NEVER)
                        .withEvents(MapEvents.Option.DATA)
                        .start()) {
                    assertThat(live.eventsFailure()).isEmpty();
                    assertThat(Descriptors.countPerf()).isGreaterThan(before);
                }
            }
            Children.await("descriptors are given back", () -> Descriptors.countPerf() == before);
        }
    }

    /** A server with a thread per connection and ulimit -n 1024. */
    @Test
    void tooFewDescriptorsCausePolling() throws Exception {
        Assume.events();
        SpecialMappingsProcess many = SpecialMappingsProcess.with("plain");
        many.start();
        try {
            many.command("threads 400");
            Process listener = new ChildJvm()
                    .under("sh", "-c", "ulimit -n 256; exec \"$@\"", "sh")
                    .start(EventsLowDescriptorsMain.class, many.pid());
            try (BufferedReader output = listener.inputReader()) {
                assertThat(output.readLine())
                        .startsWith("POLLS changes are found by polling: ")
                        .contains("file descriptors")
                        .contains("ulimit -n");
                many.command("remap plain");
                listener.outputWriter().append('\n').flush();
                assertThat(output.readLine()).isEqualTo("CHANGES 1 FAILURE null");
            } finally {
                listener.destroyForcibly();
            }
        } finally {
            many.stop();
        }
    }

    @Test
    void interruptedRefresherContinues() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid());
                LiveMaps live = LiveMaps.of(maps).every(NEVER).start()) {
            Thread refresher = refresherOf(sleeper.pid()).orElseThrow();
            refresher.interrupt();
            Children.await("it waits again", () -> !refresher.isInterrupted());
            assertThat(live.refreshCount()).isZero();
        }
    }

    private static boolean isRefused(MapEvents events) {
        try {
            events.drain();
            return false;
        } catch (IllegalStateException busy) {
            return true;
        }
    }

    private static String nameAt(MapSnapshot snapshot, long address) {
        MapCursor found = snapshot.cursor();
        return found.goTo(address) ? String.valueOf(found.name()) : "";
    }

    @Test
    void exitOfTheProcessIsReported() throws Exception {
        Assume.events();
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid());
                MapEvents events = MapEvents.open(maps);
                LiveMaps live = LiveMaps.of(maps)
                        .every(Duration.ofSeconds(5))
                        .withEvents(events)
                        .start()) {
            Children.killAndWait(sleeper);
            Children.await(
                    "it is known to have ended", () -> live.failure().orElse(null) instanceof ProcessExitedException);
            Children.await("nothing is refreshed any more", () -> !isRefresherAlive(sleeper.pid()));
        }
    }

    /**
     * Only changes need a second buffer: without memory for it the first one stays in use, and the exit is reported.
     */
    @Test
    void memoryForOneBufferIsEnoughWhileNothingChanges() throws Exception {
        SpecialMappingsProcess many = SpecialMappingsProcess.with("plain");
        many.start();
        try {
            many.command("many 5000");
            int bytes;
            try (ProcessMaps maps = ProcessMaps.of(many.pid())) {
                bytes = RootAccess.get().buffer(maps.snapshot()).memory.size();
            }
            Process starving = new ChildJvm()
                    .with("-XX:MaxDirectMemorySize=" + bytes * 3L / 2)
                    .start(RefreshLowMemoryMain.class, many.pid());
            try (BufferedReader output = starving.inputReader()) {
                assertThat(output.readLine()).isEqualTo("changed: false");
                many.stop();
                starving.outputWriter().append('\n').flush();
                assertThat(output.readLine()).contains("ProcessExitedException");
            } finally {
                starving.destroyForcibly();
            }
        } finally {
            many.stop();
        }
    }

    /** The JVM limits direct memory; a process with many mappings needs more. */
    @Test
    void missingMemoryIsReportedAndRefreshingContinues() throws Exception {
        SpecialMappingsProcess many = SpecialMappingsProcess.with("plain");
        many.start();
        try {
            Process starving =
                    new ChildJvm().with("-XX:MaxDirectMemorySize=1m").start(LiveLowMemoryMain.class, many.pid());
            try (BufferedReader output = starving.inputReader()) {
                assertThat(output.readLine()).isEqualTo("STARTED");
                many.command("many 20000");
                assertThat(output.readLine())
                        .contains("NotEnoughMemoryException")
                        .contains("-XX:MaxDirectMemorySize");
                many.stop();
                assertThat(output.readLine()).contains("ProcessExitedException");
            } finally {
                starving.destroyForcibly();
            }
        } finally {
            many.stop();
        }
    }

    @Test
    void lastSnapshotStaysAfterTheExit() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid());
                LiveMaps live = LiveMaps.of(maps).every(Duration.ofMillis(2)).start()) {
            LiveMaps.Reader reader = live.reader();
            long first = live.snapshot().cursor().seek(0).start();
            Children.killAndWait(sleeper);
            Children.await(
                    "it is known to have ended", () -> live.failure().orElse(null) instanceof ProcessExitedException);
            assertThat(reader.resolve(first)).isTrue();
            assertThatThrownBy(live::refresh).isInstanceOf(ProcessExitedException.class);
            Children.await("nothing is refreshed any more", () -> !isRefresherAlive(sleeper.pid()));
        }
    }

    @Test
    void closeEndsTheThread() throws Exception {
        Process sleeper = children.sleeper();
        ProcessMaps maps = ProcessMaps.of(sleeper.pid());
        LiveMaps live = LiveMaps.of(maps).every(NEVER).start();
        assertThat(isRefresherAlive(sleeper.pid())).isTrue();
        live.close();
        live.close();
        Children.await("it ends", () -> !isRefresherAlive(sleeper.pid()));
        assertThat(live.reader().resolve(live.snapshot().cursor().seek(0).start()))
                .as("the last snapshot stays")
                .isTrue();
        LiveMaps other = LiveMaps.of(maps).every(Duration.ofMillis(1)).start();
        maps.close();
        Children.await("its process is closed", () -> !isRefresherAlive(sleeper.pid()));
        assertThat(other.failure().orElseThrow()).hasMessageContaining("ProcessMaps is closed");
        other.close();
    }

    @Test
    void periodsArePositive() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (Duration wrong :
                    new Duration[] {Duration.ZERO, Duration.ofMillis(-1), Duration.ofSeconds(Long.MAX_VALUE)}) {
                assertThatThrownBy(() -> LiveMaps.of(maps).every(wrong)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> LiveMaps.of(maps).afterMiss(wrong))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    private static boolean isRefresherAlive(long pid) {
        return refresherOf(pid).isPresent();
    }

    private static Optional<Thread> refresherOf(long pid) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("mapfiles-live-" + pid))
                .findAny();
    }
}
