package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.BufferOverflowException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.internal.NativeMemory;
import org.mapfiles.internal.SnapshotBuffer;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Threads;

/** Threads read a snapshot while others fill it with two states in turn, which share only addresses. */
class SnapshotRaceTest {
    private static final int COUNT = 300;
    private static final long[] ADDRESSES = {0x10_0000, 0x18_0000, 0x20_0000};

    /** Each name, inode and offset identifies the state. */
    private static byte[] state(char which, int pagesApart) {
        return MapsLine.text(IntStream.range(0, COUNT)
                .mapToObj(i -> new MapsLine(
                        (1L + (long) i * pagesApart) << 12,
                        (1L + (long) i * pagesApart + pagesApart) << 12,
                        "r--p",
                        (long) which << 12,
                        8,
                        which,
                        which,
                        "/" + which + "/" + i))
                .collect(Collectors.toList()));
    }

    private static NativeMemory saved(byte[] text) {
        NativeMemory copy = new NativeMemory(text.length);
        copy.bytes().put(0, text);
        return copy;
    }

    private static Threads filling(MapSnapshot snapshot, long pause) {
        NativeMemory a = saved(state('a', 2));
        NativeMemory b = saved(state('b', 3));
        snapshot.fillFromSaved(MapFilter.all(), a, a.size());
        return new Threads().start(2, () -> () -> {
            snapshot.fillFromSaved(MapFilter.all(), b, b.size());
            LockSupport.parkNanos(pause);
            snapshot.fillFromSaved(MapFilter.all(), a, a.size());
            LockSupport.parkNanos(pause);
        });
    }

    @Test
    void findReadsOneState() throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        int[] inA = indices(2);
        int[] inB = indices(3);
        filling(snapshot, 0)
                .start(2, () -> {
                    int[] found = new int[ADDRESSES.length];
                    return () -> {
                        snapshot.find(ADDRESSES, found);
                        if (!Arrays.equals(found, inA) && !Arrays.equals(found, inB)) {
                            throw new AssertionError(Arrays.toString(found));
                        }
                        assertThat(snapshot.find(ADDRESSES[1])).isIn(inA[1], inB[1]);
                        assertThat(snapshot.fileOffset(ADDRESSES[1])).isIn(offset('a', 2), offset('b', 3));
                    };
                })
                .stopAfter(1000);
    }

    @Test
    void copiesAreOfOneState() throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        filling(snapshot, 0)
                .start(2, () -> {
                    long[] starts = new long[COUNT];
                    long[] ends = new long[COUNT];
                    int[] flags = new int[COUNT];
                    return () -> {
                        assertThat(snapshot.copyRanges(starts, ends, flags)).isEqualTo(COUNT);
                        long pagesApart = starts[1] - starts[0] >> 12;
                        for (int i = 0; i < COUNT; i++) {
                            if (starts[i] != 1L + i * pagesApart << 12 || ends[i] != starts[i] + (pagesApart << 12)) {
                                throw new AssertionError(i + ": " + Long.toHexString(starts[i]));
                            }
                        }
                    };
                })
                .stopAfter(1000);
    }

    private static int[] indices(int pagesApart) {
        return Arrays.stream(ADDRESSES)
                .mapToInt(address -> (int) ((address >> 12) - 1) / pagesApart)
                .toArray();
    }

    private static long offset(char which, int pagesApart) {
        long page = (ADDRESSES[1] >> 12) - 1;
        return ((long) which << 12) + (page % pagesApart << 12) + ADDRESSES[1] % MapsLine.PAGE;
    }

    /** Until a cursor throws, all that it returns is of the state that it was reset to. */
    @Test
    void cursorNeverMixesStates() throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        AtomicIntegerArray walks = new AtomicIntegerArray(2);
        filling(snapshot, 100_000)
                .start(2, () -> {
                    MapCursor cursor = snapshot.cursor();
                    return () -> {
                        cursor.reset();
                        walks.incrementAndGet(Threads.tolerated(() -> walk(cursor)) ? 1 : 0);
                    };
                })
                .stopAfter(1500, () -> walks.get(0) > 0 && walks.get(1) > 0);
        assertThat(walks.get(0)).as("iterations that throw").isPositive();
        assertThat(walks.get(1)).as("complete iterations").isPositive();
    }

    private static void walk(MapCursor cursor) {
        char which = 0;
        byte[] raw = new byte[16];
        while (cursor.next()) {
            long inode = cursor.inode();
            which = which == 0 ? (char) inode : which;
            String expected = "/" + which + "/" + cursor.index();
            String name = cursor.name();
            int length = cursor.name(raw, 0);
            long offset = cursor.offset();
            if (inode != which
                    || !name.equals(expected)
                    || offset != (long) which << 12
                    || !new String(raw, 0, length, StandardCharsets.UTF_8).equals(expected)
                    || cursor.index() >= COUNT) {
                throw new AssertionError(String.join(
                        " ", expected, name, new String(raw, 0, length, StandardCharsets.UTF_8), inode + " " + offset));
            }
        }
    }

    /** A cursor that moves to an address reads one state, the old or the new one. */
    @Test
    void movingCursorReadsOneState() throws Exception {
        MapSnapshot snapshot = new MapSnapshot();
        filling(snapshot, 0)
                .start(2, () -> {
                    MapCursor cursor = snapshot.cursor();
                    return () -> {
                        assertThat(cursor.goTo(ADDRESSES[1])).isTrue();
                        assertThat(cursor.goTo(0)).isFalse();
                        Threads.tolerated(() -> {
                            cursor.goTo(ADDRESSES[1]);
                            long start = cursor.start();
                            long pages = cursor.end() - start >> 12;
                            char which = pages == 2 ? 'a' : 'b';
                            if (pages != 2 && pages != 3
                                    || ((start >> 12) - 1) % pages != 0
                                    || cursor.inode() != which) {
                                throw new AssertionError(cursor.toString());
                            }
                        });
                    };
                })
                .stopAfter(1500);
    }

    /** The index of a state that is being replaced may contain any value: here, an index after the last record. */
    @Test
    void movingCursorStaysInBounds() throws Exception {
        NativeMemory text = saved(MapsLine.text(List.of(MapsLine.anonymous(0x1000, 0x3000))));
        MapSnapshot snapshot = new MapSnapshot();
        snapshot.fillFromSaved(MapFilter.all(), text, text.size());
        new Threads()
                .start(1, () -> () -> {
                    SnapshotBuffer before = snapshot.buffer();
                    snapshot.fillFromSaved(MapFilter.all(), text, text.size());
                    // This record covers all addresses, so it is the last one that find looks up.
                    int last = before.mappingCapacity;
                    before.index[7 + 2 * last] = 0;
                    before.index[8 + 2 * last] = Long.MAX_VALUE;
                    before.index[4] = last;
                    before.index[5] = last + 1L;
                    before.index[2] = 0;
                })
                .start(
                        4,
                        () -> { // more threads than processors: one of them is interrupted during a search
                            MapCursor cursor = snapshot.cursor();
                            return () -> {
                                for (int i = 0; i < 10_000; i++) {
                                    if (!cursor.goTo(0x2000)) {
                                        throw new AssertionError("0x2000 is in no mapping");
                                    }
                                }
                            };
                        })
                .stopAfter(2000);
    }

    /** Readers of a snapshot share its names: no reader gets the name of another mapping. */
    @Test
    void readersDoNotConfuseNames() throws Exception {
        MapSnapshot snapshot = MapsLine.snapshot(
                new MapsLine(0x1000, 0x2000, "rw-p", 0, 0, 0, 0, "[anon:one]"),
                new MapsLine(0x2000, 0x3000, "rw-p", 0, 0, 0, 0, "[anon:two]"),
                MapsLine.file(0x3000, 0x4000, 1, "/one"),
                MapsLine.file(0x4000, 0x5000, 2, "/two"));
        String[] names = {"[anon:one]", "[anon:two]", "/one", "/two"};
        Threads threads = new Threads();
        for (int i = 0; i < names.length; i++) {
            int own = i;
            threads.start(1, () -> {
                MapCursor cursor = snapshot.cursor().seek(own);
                return () -> {
                    String name = cursor.name();
                    if (!name.equals(names[own])) {
                        throw new AssertionError(name + " instead of " + names[own]);
                    }
                };
            });
        }
        threads.stopAfter(1000);
    }

    /** Four threads refresh one snapshot of a live process, while others find addresses. */
    @Test
    void liveSnapshotMayBeRefreshedByManyThreads() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            MapCursor library = snapshot.cursor();
            while (library.next()
                    && !(library.isExecutable()
                            && String.valueOf(library.name()).endsWith("/libjvm.so"))) {
                assertThat(library.index()).isNotNegative();
            }
            long address = library.start() + 0x123;
            long offset = library.fileOffset(address);
            new Threads()
                    .start(2, () -> () -> maps.refresh(snapshot))
                    .start(2, () -> () -> {
                        maps.read(snapshot, MapFilter.all().executable());
                        maps.read(snapshot, MapFilter.all());
                    })
                    .start(2, () -> {
                        MapCursor cursor = snapshot.cursor();
                        return () -> {
                            assertThat(snapshot.fileOffset(address)).isEqualTo(offset);
                            cursor.reset();
                            Threads.tolerated(() -> ordered(cursor));
                        };
                    })
                    .stopAfter(1500);
        }
    }

    private static void ordered(MapCursor cursor) {
        long end = 0;
        while (cursor.next()) {
            long start = cursor.start();
            if (Long.compareUnsigned(start, end) < 0 || cursor.size() <= 0) {
                throw new AssertionError(cursor.toString());
            }
            end = cursor.end();
        }
    }

    @Test
    void queryUsedByTwoThreadsThrowsOrIsRight() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MappingQuery query = MappingQuery.withBuildId();
            MapFilter[] filters = {
                MapFilter.all(), MapFilter.all().executable(), MapFilter.all().by(Backend.TEXT)
            };
            new Threads()
                    .start(3, () -> () -> {
                        for (MapFilter filter : filters) {
                            Threads.tolerated(() -> maps.query(0, filter, true, query));
                        }
                    })
                    .start(1, () -> () -> {
                        for (Consumer<Mapping> read : MapCursorTest.READS) {
                            try {
                                Threads.tolerated(() -> read.accept(query));
                            } catch (IndexOutOfBoundsException | BufferOverflowException noRoom) {
                                // expected of name(): a query belongs to one thread at a time
                            }
                        }
                    })
                    .stopAfter(1000);
            assertThat(maps.queryOrNext(0, query)).as("it serves again").isTrue();
        }
    }
}
