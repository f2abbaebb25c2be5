package org.mapfiles.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MappingQuery;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.events.MapEvents.Option;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.MapsLine;

/** Events report the changes of a process. */
class MapEventsTest {
    /** A multiple of each page size: pages may have 16 KiB. */
    private static final int UNIT = 4 * MapsLine.PAGE;

    @TempDir
    Path directory;

    @RegisterExtension
    final Children children = new Children();

    @BeforeEach
    void requireEvents() throws Exception {
        Assume.events();
    }

    /** Waits for an event, from the current one on, and leaves the cursor on it. */
    private static void awaitEvent(MapEvents changes, MapEvent.Type kind, String name) throws Exception {
        MapEvent event = changes.event();
        List<String> seen = new ArrayList<>();
        for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end; changes.drain()) {
            while (event.next()) {
                seen.add(event.toString());
                if (event.type() == kind && (name == null || name.equals(event.name()))) {
                    return;
                }
            }
            changes.await(1000);
        }
        throw new AssertionError(kind + " " + name + " was not reported, but " + seen);
    }

    @Test
    void newMappingIsReported() throws Exception {
        Path file = Files.write(directory.toRealPath().resolve("mapped \n file"), new byte[3 * UNIT]);
        MappingQuery query = new MappingQuery();
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents changes = MapEvents.open(maps, Option.DATA, Option.IMMEDIATE_WAKEUP);
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long before = System.nanoTime();
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, UNIT, 2 * UNIT);
            long after = System.nanoTime();
            awaitEvent(changes, MapEvent.Type.MAPPED, file.toString());
            MapEvent event = changes.event();
            assertThat(event.time()).isBetween(before, after);
            assertThat(event.pid()).isEqualTo(maps.pid());
            assertThat(event.size()).isEqualTo(2 * UNIT);
            assertThat(maps.query(event.start(), query)).isTrue();
            assertThat(event.copy().toString()).isEqualTo(query.toString());
            assertThat(event.flags()).isEqualTo(query.flags());
            assertThat(event.fileIndex()).isZero();
            assertThat(event.nameEquals(file.toString().getBytes(StandardCharsets.UTF_8)))
                    .isTrue();
            assertThat(event.buildId()).isEmpty();
            assertThat(event)
                    .hasToString("MAPPED by " + event.pid() + "/" + event.tid() + " at " + event.time() + ": " + query);
            assertThat(mapped.get(0)).isZero();
        }
    }

    @Test
    void executedProgramIsFollowedToItsExit() throws Exception {
        Process shell = children.start("sh", "-c", "read line; exec cat");
        Children.await("it waits", () -> Children.state(shell.pid()) == 'S');
        try (ProcessMaps maps = ProcessMaps.of(shell.pid());
                MapEvents changes = MapEvents.open(maps, Option.IMMEDIATE_WAKEUP, Option.BUILD_ID)) {
            shell.getOutputStream().write('\n');
            shell.getOutputStream().flush();
            awaitEvent(changes, MapEvent.Type.EXEC, "cat");
            awaitEvent(
                    changes,
                    MapEvent.Type.MAPPED,
                    Files.readSymbolicLink(Path.of("/proc/" + shell.pid() + "/exe"))
                            .toString());
            assertThat(changes.event().isExecutable()).isTrue();
            shell.getOutputStream().close();
            awaitEvent(changes, MapEvent.Type.THREAD_ENDED, null);
            assertThat((long) changes.event().tid()).isEqualTo(shell.pid());
            shell.waitFor();
            assertThatExceptionOfType(ProcessExitedException.class).isThrownBy(() -> changes.await(10_000));
            assertThatExceptionOfType(ProcessExitedException.class).isThrownBy(() -> MapEvents.open(maps));
        }
    }

    @Test
    void laterThreadsAreWatched() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                MapEvents changes = MapEvents.open(maps, Option.DATA)) {
            Path file = Files.write(directory.toRealPath().resolve("by another thread"), new byte[1]);
            int[] expected = new int[1];
            Thread thread = new Thread(() -> {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                    expected[0] = Integer.parseInt(Files.readSymbolicLink(Path.of("/proc/thread-self"))
                            .getFileName()
                            .toString());
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, 1);
                } catch (java.io.IOException e) {
                    throw new AssertionError(e);
                }
            });
            thread.start();
            thread.join();
            Set<Integer> begun = new HashSet<>(); // the JVM may start a thread of a compiler too
            boolean isSeen = false;
            MapEvent event = changes.event();
            do {
                changes.drain();
                while (event.next()) {
                    if (event.type() == MapEvent.Type.THREAD_STARTED) {
                        begun.add(event.tid());
                    }
                    if (event.type() == MapEvent.Type.MAPPED
                            && event.nameEquals(file.toString().getBytes(StandardCharsets.UTF_8))) {
                        assertThat(event.tid()).isEqualTo(expected[0]).isIn(begun);
                        isSeen = true;
                    }
                }
            } while (changes.hasMore());
            assertThat(isSeen).as("the mapping is reported").isTrue();
            assertThat(changes.isThreadUnwatched()).isFalse();
        }
    }

    @Test
    void fullRingsReportALoss() throws Exception {
        Process shell =
                children.start("sh", "-c", "read line; for i in $(seq 2000); do (exit 0); done; echo done; read line");
        Children.await("it waits", () -> Children.state(shell.pid()) == 'S');
        try (ProcessMaps maps = ProcessMaps.of(shell.pid());
                MapEvents changes = MapEvents.open(maps, 16 * 1024, Option.DATA)) {
            shell.getOutputStream().write('\n');
            shell.getOutputStream().flush();
            assertThat(shell.getInputStream().read()).isEqualTo('d'); // the shell has forked 100 times
            assertThat(changes.drain()).isPositive();
            assertThat(changes.isIncomplete()).isTrue();
            assertThat(changes.isThreadUnwatched()).isFalse();
        }
    }

    @Test
    void cursorWithoutAnEventThrows() throws Exception {
        Process shell = children.start("sh", "-c", "read line; (exit 0); read line");
        Children.await("it waits", () -> Children.state(shell.pid()) == 'S');
        try (ProcessMaps maps = ProcessMaps.of(shell.pid());
                MapEvents changes = MapEvents.open(maps, Option.IMMEDIATE_WAKEUP)) {
            MapEvent event = changes.event();
            assertThat(event.next()).isFalse();
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(event::start)
                    .withMessage("there is no current event: drain(), then call next()");
            assertThat(event).hasToString("no event");
            shell.getOutputStream().write('\n');
            shell.getOutputStream().flush();
            awaitEvent(changes, MapEvent.Type.FORKED, null);
            assertThat((long) event.pid()).isNotEqualTo(shell.pid());
            assertThat(event.name()).isNull();
            event.reset();
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(event::type);
            assertThat(event.next()).isTrue();
            while (event.next()) {
                assertThat(event.type()).isNotNull();
            }
            assertThat(event.next()).isFalse();
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(event::time);
        }
    }
}
