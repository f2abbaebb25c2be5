package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.ProcessMaps;
import org.mapfiles.symbols.ElfPrograms.Running;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.Children;

/** Where the symbols of a stripped program come from. Each file is made by gcc, objcopy and strip. */
class DebugFilesTest {
    private static final String ID = "-Wl,--build-id=0xab1234567890abcdef";
    /** The debug file of that build ID. */
    private static final String IN_DEBUG_ROOT = "/usr/lib/debug/.build-id/ab/1234567890abcdef.debug";

    @TempDir
    Path directory;

    @RegisterExtension
    final Children children = new Children();

    private final SymbolInfo info = new SymbolInfo();
    private ElfPrograms programs;
    private SymbolCache cache;
    private long hidden;

    @BeforeEach
    void open() throws Exception {
        programs = new ElfPrograms(directory);
        cache = SymbolCache.ofBytes(64 << 20);
    }

    @AfterEach
    void close() {
        cache.close();
    }

    /** Makes "program" without .symtab, and "program.debug" with it. */
    private void split(String options) throws Exception {
        programs.link("whole", "-g -pie -fPIE " + options);
        hidden = programs.nm("whole", "hidden");
        programs.sh("objcopy --only-keep-debug whole program.debug && strip -o program whole");
    }

    private boolean findHidden() throws Exception {
        return cache.open(programs.path("program")).find(hidden + 1, info);
    }

    /** Starts "program" in a mount namespace of its own, in which a script has filled an empty /usr/lib/debug. */
    private Running runWithDebugRoot(String script) throws Exception {
        programs.sh("mkdir -p /usr/lib/debug && unshare -m true");
        String inRoot =
                "mount --make-rprivate / && mount -t tmpfs none /usr/lib/debug && mkdir -p /usr/lib/debug/.build-id/ab && ";
        return new Running(
                children.own(new ProcessBuilder("unshare", "-m", "sh", "-c", inRoot + script + " && exec ./program")
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .start()));
    }

    private boolean find(Running running, long address) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(running.process.pid())) {
            return Symbols.of(maps, cache).find(maps.snapshot().at(address).orElseThrow(), address, info);
        }
    }

    private void expectHidden(SymbolInfo.Source source) {
        assertThat(info.name()).isEqualTo("hidden");
        assertThat(info.offset()).isEqualTo(1);
        assertThat(info.source()).isEqualTo(source);
    }

    @Test
    void aLinkWithTheRightCrc() throws Exception {
        split("-Wl,--build-id=none");
        programs.sh("objcopy --add-gnu-debuglink=program.debug program");
        assertThat(findHidden()).isTrue();
        expectHidden(SymbolInfo.Source.DEBUG_LINK);
        assertThat(info.file().sources()).containsExactly(SymbolInfo.Source.FILE_ITSELF, SymbolInfo.Source.DEBUG_LINK);
        Files.createDirectory(programs.path(".debug"));
        programs.sh("mv program.debug .debug/ && cp program copy && mv copy program");
        assertThat(findHidden()).as("in the directory .debug").isTrue();
    }

    @Test
    void aLinkWithAWrongCrc() throws Exception {
        split("-Wl,--build-id=none");
        programs.sh("objcopy --add-gnu-debuglink=program.debug program");
        Files.write(programs.path("program.debug"), new byte[] {0}, StandardOpenOption.APPEND);
        assertThat(findHidden()).isFalse();
        assertThat(info.file().sources()).containsExactly(SymbolInfo.Source.FILE_ITSELF);
    }

    @Test
    void aLinkToAnotherBuild() throws Exception {
        split(ID);
        programs.sh("objcopy --add-gnu-debuglink=program.debug program");
        assertThat(findHidden()).isTrue();
        expectHidden(SymbolInfo.Source.DEBUG_LINK);
        programs.link("whole", "-g -pie -fPIE -Wl,--build-id=0xab1234567890abcd00");
        programs.sh("objcopy --only-keep-debug whole program.debug && cp program copy && mv copy program");
        assertThat(findHidden()).isFalse();
    }

    @Test
    void aLinkThatLeavesTheDirectory() throws Exception {
        split("-Wl,--build-id=none");
        Path below = Files.createDirectory(programs.path("below"));
        programs.sh(
                "objcopy --add-gnu-debuglink=program.debug program && sed 's/program.debug/..\\/gram.debug/' program > below/program"
                        + " && cp program.debug gram.debug");
        assertThat(cache.open(below.resolve("program")).find(hidden, info))
                .as("only a name is allowed")
                .isFalse();
    }

    /** The cache has room for the exported symbols, and not for those of the debug file. */
    @Test
    void unreadDebugFileIsNotAFileWithoutSymbols() throws Exception {
        split("-Wl,--build-id=none");
        programs.sh("objcopy $(seq 1000 | sed 's/.*/--add-symbol more&=.text:&,global,function/') program.debug"
                + " && objcopy --add-gnu-debuglink=program.debug program");
        assertThat(findHidden()).isTrue();
        try (SymbolCache whole = SymbolCache.ofBytes(1 << 20);
                SymbolCache one = SymbolCache.ofBytes(1 << 20)) {
            whole.open(programs.path("program")).find(hidden, info);
            programs.sh("mv program.debug kept.debug");
            one.open(programs.path("program")).find(hidden, info);
            assertThat(info.status()).as("there is no debug file").isEqualTo(SymbolInfo.Status.NO_SYMBOL);
            assertThat(one.size()).isPositive().isLessThan(whole.size() / 4);
            programs.sh("mv kept.debug program.debug");
            try (SymbolCache small = SymbolCache.ofBytes(one.size())) {
                ElfFile file = small.open(programs.path("program"));
                assertThat(file.find(programs.nm("whole", "exported"), info)).isTrue();
                for (int i = 0; i < 2; i++) {
                    assertThat(file.find(hidden, info)).isFalse();
                    assertThat(info.status()).isEqualTo(SymbolInfo.Status.SYMBOLS_NOT_READ);
                    file.unload();
                }
            }
        }
    }

    @Test
    void compressedSymbolsInTheFile() throws Exception {
        split(ID);
        programs.sh("nm -D program --format=posix --defined-only | awk '{ print $1 }' | sort > dynamic"
                + " && nm whole --format=posix --defined-only | awk '$2 == \"T\" || $2 == \"t\" { print $1 }' | sort > all"
                + " && comm -13 dynamic all > kept"
                + " && objcopy -S --remove-section .comment --keep-symbols=kept program.debug mini && xz mini"
                + " && objcopy --add-section .gnu_debugdata=mini.xz program");
        assertThat(findHidden()).isTrue();
        expectHidden(SymbolInfo.Source.MINI_DEBUG_INFO);
        assertThat(info.file().isMiniDebugInfoUnread()).isFalse();
        assertThat(info.file().find(programs.nm("whole", "exported"), info)).isTrue();
        assertThat(info.source()).as("exported symbols are in the file").isEqualTo(SymbolInfo.Source.FILE_ITSELF);
    }

    @Test
    void damagedCompressedSymbols() throws Exception {
        split(ID);
        programs.sh("head -c 1000 program.debug > mini && xz mini && head -c 100 mini.xz > cut"
                + " && objcopy --add-section .gnu_debugdata=cut program");
        assertThat(findHidden()).isFalse();
    }

    @Test
    void compressedSymbolsThatAreTooLarge() throws Exception {
        split(ID);
        assertThat(findHidden()).isFalse();
        assertThat(info.status()).as("there are none").isEqualTo(SymbolInfo.Status.NO_SYMBOL);
        programs.sh("head -c 17M /dev/zero > large && objcopy --add-section .gnu_debugdata=large program");
        assertThat(findHidden()).isFalse();
        assertThat(info.status()).isEqualTo(SymbolInfo.Status.SYMBOLS_NOT_READ);
    }

    @ParameterizedTest
    @ValueSource(strings = {".cache/debuginfod_client", ".debuginfod_client_cache"})
    void theCacheOfDebuginfod(String cache) throws Exception {
        split(ID);
        String home = System.getProperty("user.home");
        Path of = Files.createDirectories(programs.path(cache + "/ab1234567890abcdef"));
        Files.copy(programs.path("program.debug"), of.resolve("debuginfo"));
        System.setProperty("user.home", directory.toString());
        try {
            assertThat(findHidden()).isTrue();
            expectHidden(SymbolInfo.Source.DEBUGINFOD_CACHE);
        } finally {
            System.setProperty("user.home", home);
        }
    }

    /**
     * The debug file is only in the root of the target. There an absolute symbolic link leads to it, which leads
     * nowhere here.
     */
    @Test
    void aFileByBuildIdInTheRootOfTheTarget() throws Exception {
        Assume.followingEntries();
        split(ID);
        Running running =
                runWithDebugRoot("cp program.debug /usr/lib/debug/real && ln -s /usr/lib/debug/real " + IN_DEBUG_ROOT);
        assertThat(find(running, running.hidden + 1)).isTrue();
        expectHidden(SymbolInfo.Source.DEBUG_FILE);
        try (SymbolCache other = SymbolCache.ofBytes(1 << 20)) {
            assertThat(other.open(programs.path("program")).find(hidden, info))
                    .as("not in this root")
                    .isFalse();
        }
    }

    /** Paths in maps do not start at this root. */
    @Test
    void aFileByBuildIdInTheRootThatTheTargetHasByChroot() throws Exception {
        Assume.followingEntries();
        split(ID);
        Running running =
                runInOtherRoot("mkdir -p root/usr/lib/debug/.build-id/ab && cp program.debug root" + IN_DEBUG_ROOT);
        assertThat(find(running, running.hidden + 1)).isTrue();
        expectHidden(SymbolInfo.Source.DEBUG_FILE);
    }

    @Test
    void aLinkInTheRootThatTheTargetHasByChroot() throws Exception {
        Assume.followingEntries();
        split("-Wl,--build-id=none");
        programs.sh("objcopy --add-gnu-debuglink=program.debug program && mv program.debug elsewhere");
        Running running = runInOtherRoot(
                "mkdir -p \"root/usr/lib/debug$PWD\" && cp elsewhere \"root/usr/lib/debug$PWD/program.debug\"");
        assertThat(find(running, running.hidden + 1)).isTrue();
        expectHidden(SymbolInfo.Source.DEBUG_LINK);
    }

    private Running runInOtherRoot(String makeDebugFile) throws Exception {
        programs.sh("mkdir -p /usr/lib/debug root && unshare -m true");
        String script = "mount --make-rprivate / && mount --rbind / root && mount -t tmpfs none root/usr/lib/debug && "
                + makeDebugFile + " && exec chroot root \"$PWD/program\"";
        return new Running(children.own(new ProcessBuilder("unshare", "-m", "sh", "-c", script)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start()));
    }

    /** A process with a mount namespace of its own could offer false names for a file that others map too. */
    @Test
    void aFileOfAnotherUserInTheRootOfTheTargetIsNotUsed() throws Exception {
        Assume.followingEntries();
        split(ID);
        Running running = runWithDebugRoot("cp program.debug " + IN_DEBUG_ROOT + " && chown 65534 " + IN_DEBUG_ROOT);
        assertThat(find(running, running.hidden + 1)).isFalse();
    }

    /** Any user can mount a file of root in a directory of his own, in a namespace of his own. */
    @Test
    void aFileOfAUserWhoDoesNotOwnTheMappedFileIsNotUsed() throws Exception {
        Assume.followingEntries();
        split(ID);
        programs.sh("objcopy --add-gnu-debuglink=program.debug program && chown 65534 program.debug");
        assertThat(findHidden()).isFalse();
        programs.sh("cp program copy && mv copy program && chown 65534 program");
        assertThat(findHidden()).as("the same owner").isTrue();
        expectHidden(SymbolInfo.Source.DEBUG_LINK);
    }

    @Test
    void aFileByBuildIdOfAnotherBuild() throws Exception {
        Assume.followingEntries();
        split(ID);
        programs.link("whole", "-g -pie -fPIE -Wl,--build-id=0xab1234567890abcd00");
        programs.sh("objcopy --only-keep-debug whole program.debug");
        Running running = runWithDebugRoot("cp program.debug " + IN_DEBUG_ROOT);
        assertThat(find(running, running.hidden)).isFalse();
    }
}
