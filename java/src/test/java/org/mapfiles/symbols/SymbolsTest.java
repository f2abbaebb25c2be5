package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.ElfPrograms.Running;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.FailingCalls;

/** Symbols of processes. The programs print the addresses of their own symbols. */
class SymbolsTest {
    @TempDir
    Path directory;

    @RegisterExtension
    final Children children = new Children();

    private final SymbolInfo info = new SymbolInfo();
    private ElfPrograms programs;
    private SymbolCache cache;

    @BeforeEach
    void open() throws Exception {
        programs = new ElfPrograms(directory);
        cache = SymbolCache.ofBytes(64 << 20);
    }

    @AfterEach
    void close() {
        cache.close();
    }

    private Running run(Path program) throws Exception {
        return new Running(children.start(program.toString()));
    }

    private boolean find(ProcessMaps maps, long address) throws Exception {
        return Symbols.of(maps, cache).find(maps.snapshot().at(address).orElseThrow(), address, info);
    }

    @Test
    void findsFunctionsAndVariables() throws Exception {
        for (String options : new String[] {"-pie -fPIE", "-no-pie -fno-pie"}) {
            Running running = run(programs.link("program", options + " -Wl,--build-id=0x123456789abcdef0"));
            try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
                assertThat(find(maps, running.hidden)).isTrue();
                assertThat(info.name()).isEqualTo("hidden");
                assertThat(info.address()).isEqualTo(info.elfAddress()).isEqualTo(programs.nm("program", "hidden"));
                assertThat(info.kind()).isEqualTo(SymbolInfo.Kind.FUNCTION);
                assertThat(info.source()).isEqualTo(SymbolInfo.Source.FILE_ITSELF);
                assertThat(info.isSizeKnown()).isTrue();
                assertThat(info.file().buildId()).contains("123456789abcdef0");
                assertThat(find(maps, running.hidden + info.size() - 1)).isTrue();
                assertThat(info.offset()).isEqualTo(info.size() - 1);
                assertThat(info).hasToString("hidden + 0x" + Long.toHexString(info.offset()));
                assertThat(find(maps, running.exported)).isTrue();
                assertThat(info.name()).isEqualTo("exported");
                assertThat(find(maps, running.variable + 5)).isTrue();
                assertThat(info.name()).isEqualTo("variable");
                assertThat(info.size()).isEqualTo(32);
                assertThat(info.offset()).isEqualTo(5);
                assertThat(info.kind()).isEqualTo(SymbolInfo.Kind.OBJECT);
            }
            Children.killAndWait(running.process); // the next program replaces the file
        }
    }

    @Test
    void otherMappingsDistinguishConstantsFromRelocatedOnes() throws Exception {
        Running running = run(programs.link("program", "-pie -fPIE -Wl,-z,relro -Wl,-z,now"));
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            MapSnapshot snapshot = maps.snapshot();
            MapCursor constant = snapshot.cursor();
            MapCursor relocated = snapshot.cursor();
            assertThat(constant.goTo(running.constant)).isTrue();
            assertThat(relocated.goTo(running.relocated)).isTrue();
            assumeTrue(
                    constant.start() != relocated.start()
                            && constant.offset() == relocated.offset()
                            && constant.size() == relocated.size()
                            && constant.permissions().equals(relocated.permissions()),
                    "the linker puts them into different pages");
            checkObject(Symbols.of(maps, cache), constant, running.constant, "constant");
            checkObject(Symbols.of(maps, cache), relocated, running.relocated, "relocated");
            Symbols symbols = Symbols.of(maps, cache);
            checkObject(symbols, constant.copy(), running.constant, "constant");
            checkObject(symbols, relocated.copy(), running.relocated, "relocated");

            ElfFile file = symbols.file(constant).orElseThrow();
            assertThat(file.elfAddress(constant, running.constant, info)).isTrue();
            assertThat(info.elfAddress()).isEqualTo(programs.nm("program", "constant"));
            assertThat(file.elfAddress(constant.copy(), running.constant, info))
                    .as("without a snapshot")
                    .isFalse();
            assertThat(info.status()).isEqualTo(SymbolInfo.Status.NO_ELF_ADDRESS);

            Children.killAndWait(running.process);
            checkObject(symbols, relocated, running.relocated, "relocated");
            assertThat(file.elfAddress(relocated, running.relocated, info)).isTrue();
            assertThat(info.elfAddress()).isEqualTo(programs.nm("program", "relocated"));
        }
    }

    /** A page is mapped as data, and two segments have bytes in it. */
    @Test
    void anUnknownElfAddressIsNotLookedUpInEachSearch() throws Exception {
        Path program = programs.link("program", "-pie -fPIE -Wl,-z,relro -Wl,-z,now");
        ChildJvm.Outcome outcome =
                FailingCalls.newJvm().run(UnknownElfAddressMain.class, program, programs.nm("program", "constant"));
        assumeTrue(!outcome.output().contains("seccomp(2): error"), outcome.output());
        String[] words = outcome.output().split(" ");
        assertThat(words[0]).as(outcome.output()).isEqualTo("NO_ELF_ADDRESS");
        assertThat(Integer.parseInt(words[1])).isLessThan(UnknownElfAddressMain.SEARCHES);
    }

    private void checkObject(Symbols symbols, Mapping mapping, long address, String name) throws Exception {
        assertThat(symbols.find(mapping, address, info))
                .as("%s: %s", name, info.status())
                .isTrue();
        assertThat(info.name()).isEqualTo(name);
        assertThat(info.offset()).isZero();
    }

    @Test
    void mappingsWithoutFileTakeNoDirectMemory() throws Exception {
        int count = 2_000;
        StringBuilder text = new StringBuilder();
        for (long i = 0; i < count; i++) {
            text.append(String.format("%08x-%08x rw-p 00000000 00:00 0 %n", 2 * i + 1 << 12, 2 * i + 2 << 12));
        }
        MapSnapshot snapshot = MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.US_ASCII), MapFilter.all());
        try (ProcessMaps maps = ProcessMaps.self()) {
            Symbols symbols = Symbols.of(maps, cache);
            MapCursor cursor = snapshot.cursor();
            for (int i = 0; i < count; ) {
                long before = directBuffers(); // of few mappings, as a collection between them would hide the growth
                for (int end = i + 100; i < end; i++) {
                    assertThat(symbols.find(cursor.seek(i), cursor.start(), info))
                            .isFalse();
                    assertThat(info.status()).isEqualTo(SymbolInfo.Status.NO_FILE);
                }
                assertThat(directBuffers() - before).isLessThan(50);
            }
        }
    }

    private static long directBuffers() {
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            if (pool.getName().equals("direct")) {
                return pool.getCount();
            }
        }
        throw new AssertionError("no pool of direct buffers");
    }

    @Test
    void namesAStrippedProgramByItsExportedSymbols() throws Exception {
        programs.link("whole", "-pie -fPIE");
        programs.sh("strip -o program whole");
        Running running = run(programs.path("program"));
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            assertThat(find(maps, running.exported)).isTrue();
            assertThat(info.name()).isEqualTo("exported");
            boolean found = find(maps, running.hidden);
            assertThat(found)
                    .as("a static function, between exported ones: %s", info)
                    .isFalse();
            assertThat(info.status()).isEqualTo(SymbolInfo.Status.NO_SYMBOL);
            assertThat(info.elfAddress()).isEqualTo(programs.nm("whole", "hidden"));
        }
    }

    @Test
    void readsADeletedProgram() throws Exception {
        Assume.followingEntries();
        Path program = programs.link("program", "-pie -fPIE");
        Running running = run(program);
        Files.delete(program);
        Files.writeString(program, "another file");
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            assertThat(find(maps, running.hidden)).isTrue();
            assertThat(info.name()).isEqualTo("hidden");
        }
    }

    @Test
    void readsTheVdsoFromMemory() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            MapCursor mapping = maps.snapshot().cursor();
            boolean hasVdso = false;
            while (mapping.next()) {
                if (mapping.kind() == Mapping.Kind.VDSO) {
                    hasVdso = true;
                    Symbols symbols = Symbols.of(maps, cache);
                    ElfFile vdso = symbols.file(mapping).orElseThrow();
                    assertThat(vdso.symbolCount()).isPositive();
                    assertThat(vdso.buildId()).isPresent();
                    int found = 0;
                    for (long at = mapping.start(); at < mapping.end(); at += 16) {
                        found += symbols.find(mapping, at, info) && info.name().contains("clock_gettime") ? 1 : 0;
                    }
                    assertThat(found).isPositive();
                }
            }
            assertThat(hasVdso).isTrue();
        }
    }

    @Test
    void whatIsNoElfFileIsAResult() throws Exception {
        Process sleeper = children.sleeper();
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            Symbols symbols = Symbols.of(maps, cache);
            for (ImmutableMapping mapping : maps.snapshot()) {
                if (mapping.kind() == Mapping.Kind.STACK || mapping.kind() == Mapping.Kind.ANONYMOUS) {
                    assertThat(symbols.find(mapping, mapping.start(), info)).isFalse();
                    assertThat(info.status()).isEqualTo(SymbolInfo.Status.NO_FILE);
                    assertThat(info.file()).isNull();
                    assertThat(info.hasElfAddress()).isFalse();
                    assertThatThrownBy(info::elfAddress)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("NO_FILE");
                    assertThatThrownBy(info::name).isInstanceOf(IllegalStateException.class);
                } else if (mapping.name().contains("locale")) {
                    assertThat(symbols.find(mapping, mapping.start(), info)).isFalse();
                    assertThat(info.status()).isEqualTo(SymbolInfo.Status.NO_ELF_FILE);
                    assertThat(symbols.file(mapping)).isEmpty();
                }
            }
            for (ImmutableMapping each : maps.snapshot()) {
                assertThatThrownBy(() -> symbols.find(each, each.end(), info))
                        .as("%s", each)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("does not cover");
            }
        }
    }

    @Test
    void findsAllAddressesOfASnapshot() throws Exception {
        Running running = run(programs.link("program", "-pie -fPIE"));
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            MapSnapshot snapshot = maps.snapshot();
            SymbolInfo[] results = {new SymbolInfo(), new SymbolInfo(), new SymbolInfo()};
            Symbols symbols = Symbols.of(maps, cache);
            symbols.findAll(snapshot, new long[] {running.hidden, 0x1000, running.exported + 1}, results);
            assertThat(results[0]).hasToString("hidden + 0x0");
            assertThat(results[1].status()).isEqualTo(SymbolInfo.Status.NO_FILE);
            assertThat(results[2]).hasToString("exported + 0x1");
            assertThatThrownBy(() -> symbols.findAll(snapshot, new long[4], results))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void processesShareFiles() throws Exception {
        Path program = programs.link("program", "-pie -fPIE");
        Running one = run(program);
        Running two = run(program);
        try (ProcessMaps first = ProcessMaps.of(one.process.pid());
                ProcessMaps second = ProcessMaps.of(two.process.pid())) {
            ImmutableMapping ofFirst = first.snapshot().at(one.hidden).orElseThrow();
            ImmutableMapping ofSecond = second.snapshot().at(two.hidden).orElseThrow();
            ElfFile file = Symbols.of(first, cache).file(ofFirst).orElseThrow();
            assertThat(Symbols.of(second, cache).file(ofSecond)).containsSame(file);
            assertThat(cache.open(program)).isSameAs(file);
            assertThat(cache.size()).isZero();
            assertThat(file.symbolCount()).isPositive();
            assertThat(cache.size()).isPositive();
        }
    }

    @Test
    void resultsOfFilesKeepTheirNamesAfterTheProcessIsClosed() throws Exception {
        Running running = run(programs.link("program", "-pie -fPIE"));
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            assertThat(find(maps, running.hidden)).isTrue();
        }
        Children.killAndWait(running.process);
        assertThat(info.name()).isEqualTo("hidden");
        SymbolInfo other = new SymbolInfo();
        assertThat(info.file().find(info.elfAddress(), other)).isTrue();
        cache.close();
        assertThat(info.name()).as("it was read before").isEqualTo("hidden");
        assertThatThrownBy(() -> info.file().find(0, other))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    /** addr2line accepts the ELF address. */
    @Test
    void addr2lineAgrees() throws Exception {
        Running running = run(programs.link("program", "-g -pie -fPIE"));
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            assertThat(find(maps, running.hidden + 1)).isTrue();
            String[] lines = programs.sh("addr2line -f -e program 0x" + Long.toHexString(info.elfAddress()))
                    .split("\n");
            assertThat(lines[0]).isEqualTo("hidden");
            assertThat(lines[1]).contains("program.c:3");
        }
    }

    @Test
    void readelfAndSha256Agree() throws Exception {
        ElfFile file = cache.open(programs.link("program", "-pie -fPIE -Wl,--build-id"));
        assertThat(programs.sh("readelf -n program"))
                .contains("Build ID: " + file.buildId().orElseThrow());
        String size = String.format("%016x", Files.size(programs.path("program")));
        String hash = programs.sh("{ head -c 4096 program; tail -c 4096 program; printf '"
                + size.replaceAll("(..)", "\\\\x$1") + "' | xargs -0 printf; } | sha256sum");
        assertThat(file.htlhash()).contains(hash.substring(0, 32));
        assertThat(file.size()).isEqualTo(Files.size(programs.path("program")));
        assertThat(file.goBuildId()).isEqualTo(Optional.empty());
    }
}
