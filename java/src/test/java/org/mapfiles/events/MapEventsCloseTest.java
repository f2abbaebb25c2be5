package org.mapfiles.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapCursor;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents.Option;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Threads;

/** Every way to close returns descriptors and rings, and ends waits. */
class MapEventsCloseTest {
    @RegisterExtension
    final Children children = new Children();

    @BeforeEach
    void requireEvents() throws Exception {
        Assume.events();
        awaitNone();
    }

    private static int streams() throws Exception {
        int count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                try {
                    count += Files.readSymbolicLink(descriptor).toString().contains("[perf_event]") ? 1 : 0;
                } catch (NoSuchFileException closedMeanwhile) {
                    // not a descriptor of an event
                }
            }
        }
        return count;
    }

    private static void awaitNone() throws Exception {
        Children.await("unreachable objects are collected", () -> {
            System.gc();
            return streams() == 0;
        });
    }

    private static long rings() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            long rings = 0;
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                rings += "anon_inode:[perf_event]".equals(mapping.name()) ? 1 : 0;
            }
            return rings;
        }
    }

    @Test
    void closeReturnsAllDescriptors() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (int i = 0; i < 10; i++) {
                MapEvents changes = MapEvents.open(maps);
                assertThat(streams()).isPositive();
                assertThat(rings()).isPositive();
                changes.close();
                changes.close();
                assertThat(streams()).isZero();
                assertThat(rings()).isZero();
            }
        }
    }

    @Test
    void processMayBeClosedFirst() throws Exception {
        ProcessMaps maps = ProcessMaps.self();
        MapEvents changes = MapEvents.open(maps);
        maps.close();
        assertThat(changes.drain()).isNotNegative();
        changes.close();
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> MapEvents.open(maps))
                .withMessageContaining("ProcessMaps is closed");
    }

    @Test
    void closedEventsThrow() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapEvents changes = MapEvents.open(maps);
            changes.close();
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(changes::drain)
                    .withMessageContaining("MapEvents is closed");
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> changes.await(0));
            assertThat(changes.event().next()).isFalse();
            assertThat(changes.isIncomplete()).isFalse();
        }
    }

    @Test
    void negativeTimesDoNotWaitForEver() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents changes = MapEvents.open(maps)) {
            for (int millis : new int[] {-2, Integer.MIN_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> changes.await(millis))
                        .withMessageContaining("0 or more, or -1");
            }
        }
    }

    @Test
    void absurdSizesAreRejected() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (int size : new int[] {-1, 0, 1, 8192, 65536 + 4096, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                assertThatIllegalArgumentException().isThrownBy(() -> MapEvents.open(maps, size));
            }
            assertThatExceptionOfType(NullPointerException.class).isThrownBy(() -> MapEvents.open(null));
        }
    }

    @Test
    void closeEndsTheWaitOfAnotherThread() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            for (int i = 0; i < 50; i++) {
                MapEvents changes = MapEvents.open(maps);
                AtomicReference<Object> answer = new AtomicReference<>();
                Thread waiting = new Thread(() -> {
                    try {
                        answer.set(changes.await(-1));
                    } catch (MapsException | IllegalStateException e) {
                        answer.set(e);
                    }
                });
                waiting.start();
                Thread.sleep(i % 5);
                changes.close();
                waiting.join(60_000);
                assertThat(waiting.isAlive()).isFalse();
                assertThat(answer.get())
                        .isIn(false, answer.get() instanceof IllegalStateException ? answer.get() : false);
            }
        }
        assertThat(streams()).isZero();
    }

    @Test
    void closeLetsDrainsOnOtherThreadsFinish() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            AtomicReference<MapEvents> current = new AtomicReference<>(MapEvents.open(maps));
            new Threads()
                    .start(3, () -> () -> {
                        MapEvents changes = current.get();
                        Threads.tolerated(changes::drain);
                        Threads.tolerated(() -> changes.await(1));
                    })
                    .start(
                            1,
                            () -> () -> current.getAndSet(MapEvents.open(maps, Option.DATA))
                                    .close())
                    .stopAfter(1000);
            current.get().close();
        }
        assertThat(streams()).isZero();
    }

    @Test
    void garbageCollectorClosesUnreachableObjects() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (int i = 0; i < 3; i++) {
                assertThat(MapEvents.open(maps).drain()).isNotNegative();
            }
        }
        awaitNone();
        Children.await("the rings are unmapped", () -> rings() == 0);
    }
}
