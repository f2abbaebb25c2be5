package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Descriptors;

class SymbolCacheTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Path LIBJVM = Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");

    @TempDir
    Path directory;

    private final SymbolInfo info = new SymbolInfo();
    private ElfPrograms programs;

    @BeforeEach
    void open() throws Exception {
        programs = new ElfPrograms(directory);
    }

    @Test
    void aCacheWithoutAMaximumHasTheSymbolsOfALargeLibrary() throws Exception {
        try (SymbolCache cache = SymbolCache.ofBytes(Long.MAX_VALUE);
                SymbolCache usual = SymbolCache.ofBytes(64 << 20)) {
            assertThat(cache.open(LIBJVM).symbolCount())
                    .isPositive()
                    .isEqualTo(usual.open(LIBJVM).symbolCount());
        }
    }

    @Test
    void closesAllDescriptors() throws Exception {
        Path program = programs.link("program", "-pie -fPIE");
        Files.writeString(programs.path("text"), "no ELF file");
        SymbolCache cache = SymbolCache.ofBytes(1 << 20);
        ElfFile file = cache.open(program);
        file.symbolCount();
        assertThatThrownBy(() -> cache.open(programs.path("text")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no ELF");
        assertThatThrownBy(() -> cache.open(programs.path("none"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> cache.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no regular file");
        assertThat(Descriptors.countBelow(directory)).isEqualTo(1);
        cache.close();
        cache.close();
        assertThat(Descriptors.countBelow(directory)).isZero();
        assertThatThrownBy(() -> cache.open(program))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> file.find(0, info))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThat(file.htlhash()).as("it was not read before").isEmpty();
        assertThat(file.size()).isPositive();
    }

    @Test
    void aFileThatIsWrittenHasNoNames() throws Exception {
        Path program = programs.link("program", "-pie -fPIE");
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            ElfFile file = cache.open(program);
            assertThat(file.find(programs.nm("program", "hidden"), info)).isTrue();
            Thread.sleep(20); // more than a tick of the clock of the file system
            Files.write(program, new byte[] {1}, StandardOpenOption.APPEND);
            assertThat(info.name()).as("another file may be in its place").isNull();
            assertThat(file.htlhash()).as("it would be that of another state").isEmpty();
            assertThat(cache.open(program)).as("another identity").isNotSameAs(file);
        }
    }

    /** The names of one opened file are those of one state of the file, also if it is written between two of them. */
    @Test
    void aFileThatIsWrittenDuringASearchHasNoOtherNames() throws Exception {
        int symbols = 200;
        StringBuilder source = new StringBuilder();
        for (int i = 0; i < symbols; i++) {
            source.append(
                    String.format(".type nameA%03d,%%function\nnameA%03d: .long 0\n.size nameA%03d,4\n", i, i, i));
        }
        Files.writeString(programs.path("many.s"), source.toString());
        programs.sh("gcc -nostdlib -shared -o many many.s");
        long first = programs.nm("many", "nameA000");
        Path many = programs.path("many");
        String content = Files.readString(many, StandardCharsets.ISO_8859_1);
        int from = content.indexOf("nameA");
        String names = content.substring(from, content.lastIndexOf("nameA") + 8);
        byte[] bytes = names.getBytes(StandardCharsets.ISO_8859_1);
        byte[] others = names.replace("nameA", "nameB").getBytes(StandardCharsets.ISO_8859_1);
        Thread writer = new Thread(() -> {
            try (FileChannel channel = FileChannel.open(many, StandardOpenOption.WRITE)) {
                for (int i = 0; i < 100; i++) {
                    channel.write(ByteBuffer.wrap(i % 2 == 0 ? others : bytes), from);
                    Thread.sleep(20); // more than a tick of the clock of the file system
                }
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();
        while (writer.isAlive()) {
            Set<Character> states = new HashSet<>();
            try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
                ElfFile file = cache.open(many);
                for (int i = 0; i < symbols; i++) {
                    if (file.find(first + 4L * i, info) && info.name() != null) {
                        states.add(info.name().charAt(4));
                    }
                }
            }
            assertThat(states).hasSizeLessThan(2);
        }
    }

    @Test
    void releasesSymbolsThatWereNotUsedLately() throws Exception {
        List<ElfFile> files = new ArrayList<>();
        long one;
        programs.link("program", "-pie -fPIE");
        long address = programs.nm("program", "hidden");
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            cache.open(programs.path("program")).symbolCount();
            one = cache.size();
        }
        try (SymbolCache cache = SymbolCache.ofBytes(4 * one)) {
            for (int i = 0; i < 20; i++) {
                Path copy = programs.path("copy" + i);
                Files.copy(programs.path("program"), copy, StandardCopyOption.COPY_ATTRIBUTES);
                files.add(cache.open(copy));
            }
            for (int round = 0; round < 3; round++) {
                for (ElfFile file : files) {
                    assertThat(file.find(address, info)).isTrue();
                    assertThat(info.name()).isEqualTo("hidden");
                    assertThat(cache.size()).isLessThanOrEqualTo(4 * one).isPositive();
                }
            }
        }
        try (SymbolCache cache = SymbolCache.ofBytes(100)) {
            assertThat(cache.open(programs.path("program")).find(address, info))
                    .as("too large for this cache")
                    .isFalse();
            assertThat(info.status()).isEqualTo(SymbolInfo.Status.SYMBOLS_NOT_READ);
            assertThat(info.elfAddress()).isEqualTo(address);
        }
        assertThatThrownBy(() -> SymbolCache.ofBytes(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void closesFilesThatWereNotUsedLately() throws Exception {
        programs.link("program", "-pie -fPIE");
        long address = programs.nm("program", "hidden");
        List<ElfFile> files = new ArrayList<>();
        try (SymbolCache cache = SymbolCache.of(64 << 20, 8)) {
            ElfFile used = cache.open(programs.path("program"));
            for (int i = 0; i < 100; i++) {
                files.add(cache.open(copy(i)));
                assertThat(used.find(address, info))
                        .as("it is used all the time")
                        .isTrue();
                assertThat(files.get(i).find(address, info)).isTrue();
                assertThat(info.name()).isEqualTo("hidden");
                assertThat(Descriptors.countBelow(directory)).isLessThanOrEqualTo(8);
            }
            ElfFile first = files.get(0);
            assertThat(first.buildId()).isEqualTo(used.buildId());
            assertThatThrownBy(() -> first.find(address, info))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("open it again");
            assertThat(cache.open(copy(0)).find(address, info)).isTrue();
            assertThat(Descriptors.countBelow(directory)).isLessThanOrEqualTo(8);
        }
        assertThat(Descriptors.countBelow(directory)).isZero();
    }

    /** A server with few descriptors resolves addresses of many files. */
    @Test
    void leavesMostDescriptorsToOthers() throws Exception {
        programs.link("program", "-pie -fPIE");
        for (int i = 0; i < 100; i++) {
            copy(i);
        }
        ChildJvm.Outcome outcome = ChildJvm.outcomeOf(new ChildJvm()
                .under("sh", "-c", "ulimit -n 64; exec \"$@\"", "sh")
                .start(SymbolCacheLowDescriptorsMain.class, directory, 100));
        assertThat(outcome.output()).isEqualTo("100 files, at most 16 open\n");
        assertThat(outcome.exit()).isZero();
    }

    private Path copy(int number) throws IOException {
        Path copy = programs.path("copy" + number);
        return Files.exists(copy)
                ? copy
                : Files.copy(programs.path("program"), copy, StandardCopyOption.COPY_ATTRIBUTES);
    }

    /** Debug files count, also if their symbols were released. */
    @Test
    void closesDebugFiles() throws Exception {
        programs.link("program", "-g -pie -fPIE -Wl,--build-id");
        long address = programs.nm("program", "hidden");
        for (int i = 0; i < 20; i++) {
            programs.sh("mkdir d" + i + " && cd d" + i
                    + " && cp ../program . && objcopy --only-keep-debug program program.debug"
                    + " && strip program && objcopy --add-gnu-debuglink=program.debug program");
        }
        for (long bytes : new long[] {64 << 20, 1500}) {
            try (SymbolCache cache = SymbolCache.of(bytes, 8)) {
                for (int i = 0; i < 20; i++) {
                    ElfFile file = cache.open(programs.path("d" + i + "/program"));
                    assertThat(file.find(address, info)).isTrue();
                    assertThat(info.name()).isEqualTo("hidden");
                    assertThat(Descriptors.countBelow(directory)).isBetween(2, 8);
                }
            }
            assertThat(Descriptors.countBelow(directory)).isZero();
        }
    }

    /** More mapped files than the cache keeps open are searched in turn. */
    @Test
    void opensClosedFilesOfAProcessAgain() throws Exception {
        programs.link("program", "-pie -fPIE");
        long address = programs.nm("program", "hidden");
        List<MappedByteBuffer> keep = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            try (FileChannel channel = FileChannel.open(copy(i))) {
                keep.add(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
            }
        }
        try (ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.of(64 << 20, 4)) {
            Symbols symbols = Symbols.of(maps, cache);
            MapCursor mapping = maps.snapshot().cursor();
            for (int round = 0; round < 3; round++) {
                int found = 0;
                for (mapping.reset(); mapping.next(); ) {
                    if (mapping.name() != null && mapping.name().startsWith(directory.toString())) {
                        assertThat(symbols.find(mapping, mapping.start() + address, info))
                                .isTrue();
                        assertThat(info.name()).isEqualTo("hidden");
                        found++;
                    }
                }
                assertThat(found).isEqualTo(20);
                assertThat(Descriptors.countBelow(directory)).isLessThanOrEqualTo(4);
            }
        }
        Reference.reachabilityFence(keep);
    }

    @Test
    void aSearchAllocatesNothing() throws Exception {
        try (SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            ElfFile file = cache.open(LIBJVM);
            long start = file.elf.bytes().getLong(ElfRecord.ELF_START);
            long end = file.elf.bytes().getLong(ElfRecord.ELF_END);
            long least = Long.MAX_VALUE;
            for (int series = 0; series < 5; series++) {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    if (file.find(start + (end - start) / 1000 * i, info)) {
                        info.name();
                        info.offset();
                        info.kind();
                    }
                }
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).isZero();
        }
    }

    @Test
    void aSearchInAProcessAllocatesNothing() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self();
                SymbolCache cache = SymbolCache.ofBytes(64 << 20)) {
            Symbols symbols = Symbols.of(maps, cache);
            MapCursor mapping =
                    maps.snapshot(MapFilter.all().executable().fileBacked()).cursor();
            long least = Long.MAX_VALUE;
            for (int series = 0; series < 5; series++) {
                long before = THREADS.getCurrentThreadAllocatedBytes();
                for (mapping.reset(); mapping.next(); ) {
                    for (int i = 0; i < 100; i++) {
                        symbols.find(mapping, mapping.start() + mapping.size() / 100 * i, info);
                    }
                }
                least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).isZero();
        }
    }

    @Test
    void threadsMaySearchAndReleaseAtTheSameTime() throws Exception {
        programs.link("program", "-pie -fPIE");
        long address = programs.nm("program", "hidden");
        long one;
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            cache.open(programs.path("program")).symbolCount();
            one = cache.size();
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (SymbolCache cache = SymbolCache.ofBytes(2 * one)) {
            List<ElfFile> files = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                files.add(cache.open(Files.copy(
                        programs.path("program"), programs.path("copy" + i), StandardCopyOption.COPY_ATTRIBUTES)));
            }
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int first = i;
                tasks.add(() -> {
                    SymbolInfo own = new SymbolInfo();
                    int found = 0;
                    for (int k = 0; k < 3000; k++) {
                        ElfFile file = files.get((first + k) % files.size());
                        found += file.find(address + k % 3, own) && "hidden".equals(own.name()) && own.offset() == k % 3
                                ? 1
                                : 0;
                    }
                    return found;
                });
            }
            for (Future<Integer> task : threads.invokeAll(tasks)) {
                assertThat(task.get()).isEqualTo(3000);
            }
            assertThat(cache.size()).isLessThanOrEqualTo(2 * one);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aCloseDuringSearchesEndsThem() throws Exception {
        programs.link("program", "-pie -fPIE");
        long address = programs.nm("program", "hidden");
        for (int round = 0; round < 20; round++) {
            SymbolCache cache = SymbolCache.ofBytes(1 << 20);
            ElfFile file = cache.open(programs.path("program"));
            Thread closer = new Thread(cache::close);
            closer.start();
            try {
                for (int i = 0; i < 100_000; i++) {
                    if (file.find(address, info)) {
                        assertThat(info.name()).isIn("hidden", null);
                    }
                }
            } catch (IllegalStateException closed) {
                assertThat(closed).hasMessageContaining("closed");
            }
            closer.join();
        }
    }
}
