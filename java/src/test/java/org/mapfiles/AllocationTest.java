package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.live.LiveMaps;
import org.mapfiles.resident.ResidentBytes;
import org.mapfiles.resident.ResidentPages;
import org.mapfiles.resident.Smaps;
import org.mapfiles.resident.SmapsBytes;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Threads;

/** Measures the bytes of heap that operations allocate after a warm-up, as the JVM counts them: the goal is none. */
class AllocationTest {
    private static final int ROUNDS = 1_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @RegisterExtension
    final Children children = new Children();

    private ProcessMaps maps;
    private ProcessMaps other;
    private MapSnapshot snapshot;
    private Object sink;

    @BeforeEach
    void open() throws Exception {
        Process sleeper = children.sleeper();
        maps = ProcessMaps.of(sleeper.pid());
        other = ProcessMaps.of(sleeper.pid());
        snapshot = maps.snapshot();
    }

    @AfterEach
    void close() {
        maps.close();
        other.close();
    }

    /** Returns the minimum of several series: work that the JVM does once is not in all of them. */
    private static long allocated(Threads.Round round) throws Exception {
        long least = Long.MAX_VALUE;
        for (int series = 0; series < 4; series++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < ROUNDS; i++) {
                round.run();
            }
            least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    @Test
    void measureCountsAllocationsOfTheOperationOnly() throws Exception {
        assertThat(allocated(() -> {})).isZero();
        assertThat(allocated(() -> sink = new byte[100])).isBetween(ROUNDS * 100L, ROUNDS * 200L);
    }

    @Test
    void unchangedRefreshAllocatesNothing() throws Exception {
        assertThat(allocated(() -> assertTrue(!maps.refresh(snapshot)))).isZero();
    }

    @Test
    void changedRefreshAllocatesNothing() throws Exception {
        assertThat(allocated(() -> {
                    assertTrue(other.refresh(snapshot)); // a refresh of another object counts as changed
                    assertTrue(maps.refresh(snapshot));
                }))
                .isZero();
    }

    /**
     * Refreshes and resolves in one thread, because only this thread's bytes are counted. Each refresh counts as
     * changed.
     */
    @Test
    void liveMapsAllocateNothing() throws Exception {
        try (LiveMaps live = LiveMaps.of(maps)
                .every(Duration.ofDays(1))
                .afterMiss(Duration.ofDays(1))
                .start()) {
            LiveMaps.Reader reader = live.reader();
            long address = snapshot.cursor().seek(0).start();
            long changes = live.changeCount();
            assertThat(allocated(() -> {
                        other.refresh(live.snapshot());
                        assertTrue(live.refresh()
                                && reader.resolve(address)
                                && reader.mapping().contains(address));
                        assertTrue(!reader.resolve(0));
                    }))
                    .isZero();
            assertThat(live.changeCount()).isGreaterThan(changes);
        }
    }

    @Test
    void differenceOfTwoSnapshotsAllocatesNothing() throws Exception {
        MapCursor before = snapshot.cursor();
        MapCursor now = other.snapshot(MapFilter.all().readable()).cursor();
        MapDifference.Visitor visitor = new MapDifference.Visitor() {
            @SuppressWarnings("UnusedVariable") // what is written to a field is not optimised away
            private long bytes;

            @Override
            public void added(Mapping mapping) {
                bytes += mapping.size();
            }

            @Override
            public void removed(Mapping mapping) {
                bytes -= mapping.size();
            }

            @Override
            public void changed(Mapping from, Mapping to) {
                bytes += to.size() - from.size();
            }
        };
        assertThat(allocated(() -> MapDifference.visit(before, now, visitor))).isZero();
    }

    @Test
    void entriesOfMapFilesAllocateNothing() throws Exception {
        MapFilesEntries entries = new MapFilesEntries();
        Set<MapFilesEntries.Field> targets = EnumSet.of(MapFilesEntries.Field.TARGET);
        MapCursor mapping = snapshot.cursor();
        assertTrue(mapping.next());
        MapFiles files = MapFiles.of(maps);
        files.readAll(snapshot, entries);
        assertThat(allocated(() -> {
                    assertTrue(files.read(mapping, entries, targets) && entries.targetLength() > 0);
                    assertTrue(files.read(mapping, entries) && entries.start() == mapping.start());
                }))
                .isZero();
        MapSnapshot listed = new MapSnapshot();
        assertThat(allocated(() -> {
                    files.list(listed, entries, targets);
                    assertTrue(entries.next());
                }))
                .isZero();
        assertThat(allocated(() -> {
                    files.readEachFile(snapshot, entries, targets);
                    assertTrue(entries.next());
                }))
                .isZero();
    }

    @Test
    void readsByEitherBackendAllocateNothing() throws Exception {
        MapFilter[] filters = {
            MapFilter.all(),
            MapFilter.all().executable(),
            MapFilter.all().fileBacked().by(Backend.TEXT)
        };
        assertThat(allocated(() -> {
                    for (MapFilter filter : filters) {
                        maps.read(snapshot, filter);
                    }
                }))
                .isZero();
    }

    @Test
    void residentPagesAllocateNothing() throws Exception {
        ResidentPages pages = new ResidentPages();
        ResidentBytes sums = new ResidentBytes();
        MapCursor cursor = snapshot.cursor();
        assertThat(allocated(() -> {
                    pages.read(maps, snapshot);
                    sums.clear();
                    cursor.reset();
                    while (cursor.next()) {
                        pages.add(cursor, sums);
                    }
                    assertTrue(sums.rss() > 0 && pages.start(0) != pages.end(0) && !pages.isSwapped(0));
                }))
                .isZero();
    }

    @Test
    void smapsAllocateNothing() throws Exception {
        Smaps smaps = new Smaps();
        SmapsBytes sums = new SmapsBytes();
        MapCursor cursor = snapshot.cursor();
        assertThat(allocated(() -> {
                    smaps.read(maps);
                    sums.clear();
                    cursor.reset();
                    while (cursor.next()) {
                        smaps.add(cursor, sums);
                    }
                    assertTrue(sums.rss() > 0);
                    smaps.readTotal(maps, sums);
                    assertTrue(sums.pss() > 0);
                }))
                .isZero();
    }

    @Test
    void iteratingAndReadingAllocatesNothing() throws Exception {
        MapCursor cursor = snapshot.cursor();
        byte[] name = new byte[4096];
        ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
        byte[] prefix = "/usr/lib/".getBytes(StandardCharsets.UTF_8);
        assertThat(allocated(() -> {
                    cursor.reset();
                    while (cursor.next()) {
                        cursor.name(name, 0);
                        cursor.name(buffer.clear());
                        boolean found = cursor.nameEquals(prefix);
                        found |= cursor.nameStartsWith(prefix);
                        found |= cursor.contains(cursor.start());
                        assertTrue(found
                                && cursor.size() > 0
                                && cursor.permissions() != null
                                && cursor.kind() != null
                                && cursor.deletion() != null);
                        assertTrue(cursor.fileOffset(cursor.start()) == (cursor.isFileBacked() ? cursor.offset() : -1));
                    }
                }))
                .isZero();
    }

    @Test
    void stringsOfNamesAreMadeOnce() throws Exception {
        MapCursor cursor = snapshot.cursor();
        assertThat(allocated(() -> {
                    cursor.reset();
                    while (cursor.next()) {
                        sink = cursor.name();
                    }
                }))
                .isZero();
    }

    @Test
    void namesAreKeptAfterAChangedRefresh() throws Exception {
        MapCursor cursor = snapshot.cursor();
        assertThat(allocated(() -> {
                    assertTrue(other.refresh(snapshot) && maps.refresh(snapshot));
                    cursor.reset();
                    while (cursor.next()) {
                        sink = cursor.isFileBacked() ? cursor.name() : null;
                    }
                }))
                .isZero();
    }

    @Test
    void findAllocatesNothing() throws Exception {
        long[] addresses = new long[100];
        int[] indices = new int[100];
        MapCursor cursor = snapshot.cursor();
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = cursor.next() ? cursor.start() : i;
        }
        assertThat(allocated(() -> {
                    for (long address : addresses) {
                        assertTrue(snapshot.find(address) < snapshot.size() && snapshot.fileOffset(address) >= -1);
                    }
                    snapshot.find(addresses, indices);
                }))
                .isZero();
        assertThat(indices[0]).isZero();
    }

    @Test
    void queriesAllocateNothing() throws Exception {
        MappingQuery query = new MappingQuery();
        MappingQuery withBuildId = MappingQuery.withBuildId();
        byte[] buildId = new byte[20];
        long start = snapshot.cursor().seek(0).start();
        MapFilter code = MapFilter.all().executable().fileBacked();
        assertThat(allocated(() -> {
                    assertTrue(maps.query(start, query) && query.start() == start && query.nameLength() > 0);
                    assertTrue(maps.queryOrNext(0, query) && !maps.query(0, query));
                    assertTrue(maps.query(start, code, true, withBuildId) && withBuildId.buildId(buildId, 0) >= 0);
                }))
                .isZero();
    }

    /** Kernels before 6.11 support only text. */
    @Test
    void queriesByTextAllocateNothing() throws Exception {
        MappingQuery query = new MappingQuery();
        long start = snapshot.cursor().seek(0).start();
        MapFilter byText = MapFilter.all().by(Backend.TEXT);
        assertThat(allocated(() -> assertTrue(maps.query(start, byText, false, query) && query.start() == start)))
                .isZero();
    }

    /** Sets a filter for each query that differs from the filter of the previous query. */
    @Test
    void otherFiltersByTextAllocateNothing() throws Exception {
        MapFilter code = MapFilter.all().executable();
        assertThat(allocated(() -> sink = code.by(Backend.TEXT))).isZero();
    }

    @Test
    void eventsAllocateNothing() throws Exception {
        Assume.events();
        Process busy = children.start("sh", "-c", "while :; do /bin/true; done");
        byte[] name = new byte[4096];
        long[] seen = new long[1];
        try (ProcessMaps shell = ProcessMaps.of(busy.pid());
                MapEvents changes = MapEvents.open(shell, MapEvents.Option.DATA)) {
            MapEvent event = changes.event();
            long least = Long.MAX_VALUE;
            long end =
                    System.nanoTime() + 30_000_000_000L; // a loaded machine may not run the other process for a while
            while ((least != 0 || seen[0] < ROUNDS) && System.nanoTime() < end) {
                least = Math.min(least, allocated(() -> {
                    changes.await(0);
                    changes.drain();
                    while (event.next()) {
                        seen[0]++;
                        assertTrue(event.type() != null
                                && event.time() > 0
                                && event.name(name, 0) <= name.length
                                && event.buildId(name, 0) == 0
                                && event.kind() != null
                                && event.size() >= 0);
                    }
                }));
            }
            assertThat(least).isZero();
            assertThat(seen[0]).as("events").isPositive();
        }
    }

    private static void assertTrue(boolean right) {
        if (!right) {
            throw new AssertionError();
        }
    }
}
