package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file with the source lines of an ELF file. */
class LineFileTest {
    @TempDir
    Path directory;

    private static byte[] read(LineFile file) throws IOException {
        return Files.readAllBytes(file.path());
    }

    @Test
    void aFileWithLinesIsItsOwnAlsoIfItIsDeleted() throws Exception {
        ElfPrograms programs = new ElfPrograms(directory);
        Path path = programs.link("program", "-g");
        byte[] content = Files.readAllBytes(path);
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            ElfFile file = cache.open(path);
            Files.delete(path);
            try (LineFile lines = file.openLineFile().orElseThrow()) {
                assertThat(lines.source()).isEqualTo(SymbolInfo.Source.FILE_ITSELF);
                assertThat(read(lines)).isEqualTo(content);
            }
        }
    }

    @Test
    void compressedLinesCount() throws Exception {
        ElfPrograms programs = new ElfPrograms(directory);
        for (String option : new String[] {"-gz=zlib", "-gz=zlib-gnu"}) {
            programs.sh("gcc -O1 -g " + option + " -o program program.c");
            try (SymbolCache cache = SymbolCache.ofBytes(1 << 20);
                    LineFile lines =
                            cache.open(programs.path("program")).openLineFile().orElseThrow()) {
                assertThat(lines.source()).isEqualTo(SymbolInfo.Source.FILE_ITSELF);
            }
        }
    }

    /** The symbols may be in the file, and the lines in another one. */
    @Test
    void aDebugFileNeedsTheSameBuildId() throws Exception {
        ElfPrograms programs = new ElfPrograms(directory);
        programs.link("program", "-g -Wl,--build-id=0x1111");
        programs.link("other", "-g -Wl,--build-id=0x2222");
        programs.sh("objcopy --only-keep-debug program program.debug && objcopy --only-keep-debug other other.debug"
                + " && strip --strip-debug program && objcopy --add-gnu-debuglink=program.debug program");
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            ElfFile file = cache.open(programs.path("program"));
            assertThat(file.sources()).containsExactly(SymbolInfo.Source.FILE_ITSELF);
            try (LineFile lines = file.openLineFile().orElseThrow()) {
                assertThat(lines.source()).isEqualTo(SymbolInfo.Source.DEBUG_LINK);
                assertThat(Arrays.mismatch(read(lines), Files.readAllBytes(programs.path("program.debug"))))
                        .isEqualTo(-1);
            }
            programs.sh("mv other.debug program.debug");
            assertThat(file.openLineFile()).as("another build ID").isEmpty();
            programs.sh("rm program.debug");
            assertThat(file.openLineFile()).isEmpty();
        }
    }

    @Test
    void theFileStaysOpenUntilItIsClosed() throws Exception {
        ElfPrograms programs = new ElfPrograms(directory);
        Path path = programs.link("program", "-g");
        ElfFile file;
        LineFile lines;
        try (SymbolCache cache = SymbolCache.ofBytes(1 << 20)) {
            file = cache.open(path);
            lines = file.openLineFile().orElseThrow();
        }
        assertThat(read(lines)).as("after the cache was closed").isEqualTo(Files.readAllBytes(path));
        assertThat(file.openLineFile()).isEmpty();
        Path descriptor = lines.path();
        assertThat(Files.isSymbolicLink(descriptor)).isTrue();
        lines.close();
        lines.close();
        assertThat(Files.isSymbolicLink(descriptor) && Files.isSameFile(descriptor, path))
                .isFalse();
        assertThatThrownBy(lines::path).isInstanceOf(IllegalStateException.class);
    }
}
