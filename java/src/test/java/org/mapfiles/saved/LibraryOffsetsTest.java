package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.MapsException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.saved.LibraryOffsets.Outcome;

/** Addresses that are given as a library and an offset. */
class LibraryOffsetsTest {
    private static String line(long start, long end, String permissions, long offset, String name) {
        String head = String.format(
                "%08x-%08x %s %08x %s ", start, end, permissions, offset, name.isEmpty() ? "00:00 0" : "fe:00 11");
        return name.isEmpty() ? head + "\n" : head + " ".repeat(Math.max(0, 73 - head.length())) + name + "\n";
    }

    private static LibraryOffsets of(String... lines) throws MapsException {
        return new LibraryOffsets(
                MapSnapshot.ofText(String.join("", lines).getBytes(StandardCharsets.UTF_8), MapFilter.all()));
    }

    @Test
    void offsetIsCountedFromTheBase() throws Exception {
        LibraryOffsets libraries = of(
                line(0x100000, 0x101000, "r--p", 0, "/a/libx.so"),
                line(0x101000, 0x103000, "r-xp", 0x1000, "/a/libx.so"),
                line(0x104000, 0x105000, "rw-p", 0x3000, "/a/libx.so"),
                line(0x105000, 0x106000, "rw-p", 0, ""));
        assertThatThrownBy(libraries::address).isInstanceOf(IllegalStateException.class);
        assertThat(libraries.find("libx.so", 0x1234)).isEqualTo(Outcome.FOUND);
        assertThat(libraries.address()).isEqualTo(0x101234);
        assertThat(libraries.find("/a/libx.so", 0x4321)).isEqualTo(Outcome.FOUND);
        assertThat(libraries.address()).as("not the offset in the file").isEqualTo(0x104321);
        assertThat(libraries.find("libx.so", 0x5678))
                .as("zero-initialised data")
                .isEqualTo(Outcome.FOUND);
        assertThat(libraries.find("libx.so", 0x6000)).isEqualTo(Outcome.BEYOND);
        assertThatThrownBy(libraries::address)
                .as("not that of the search before")
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no address was found: call this only after FOUND");
        assertThat(libraries.findInFile("/a/libx.so", 0x1234)).isEqualTo(Outcome.FOUND);
        assertThat(libraries.address()).isEqualTo(0x101234);
        assertThat(libraries.findInFile("/a/liby.so", 0)).isEqualTo(Outcome.NO_LIBRARY);
        assertThatThrownBy(libraries::address).isInstanceOf(IllegalStateException.class);
        assertThat(libraries.find("libx.so", -1)).isEqualTo(Outcome.BEYOND);
        assertThat(libraries.find("x.so", 0)).isEqualTo(Outcome.NO_LIBRARY);
        assertThat(libraries.find("b/libx.so", 0)).isEqualTo(Outcome.NO_LIBRARY);
    }

    @Test
    void anAddressOfAnotherFileIsBeyond() throws Exception {
        LibraryOffsets libraries = of(
                line(0x100000, 0x101000, "r--p", 0, "/a/libx.so"), line(0x101000, 0x102000, "r--p", 0, "/a/liby.so"));
        assertThat(libraries.find("libx.so", 0x1010)).isEqualTo(Outcome.BEYOND);
    }

    /** The linker puts the text and the data of a small library into one page of the file. */
    @Test
    void aFirstPageThatIsMappedTwiceInARowIsOneLoad() throws Exception {
        LibraryOffsets libraries = of(
                line(0x100000, 0x101000, "r-xp", 0, "/a/libx.so"), line(0x101000, 0x102000, "rw-p", 0, "/a/libx.so"));
        assertThat(libraries.find("libx.so", 0x1010)).isEqualTo(Outcome.FOUND);
        assertThat(libraries.address()).isEqualTo(0x101010);
    }

    /** The kernel places a mapping of the whole file directly below the library, if there is room. */
    @Test
    void aFileThatIsMappedAgainDirectlyBelowTheLibraryIsAmbiguous() throws Exception {
        String[] library = {
            line(0x105000, 0x106000, "r--p", 0, "/a/libx.so"), line(0x106000, 0x107000, "r-xp", 0x1000, "/a/libx.so")
        };
        assertThat(of(line(0x100000, 0x105000, "r--p", 0, "/a/libx.so"), library[0], library[1])
                        .find("libx.so", 0x1010))
                .isEqualTo(Outcome.AMBIGUOUS);
        assertThat(of(line(0x104000, 0x105000, "r--p", 0, "/a/libx.so"), library[0], library[1])
                        .find("libx.so", 0x1010))
                .isEqualTo(Outcome.AMBIGUOUS);
    }

    @Test
    void severalLoadsAreAmbiguous() throws Exception {
        LibraryOffsets libraries = of(
                line(0x100000, 0x101000, "r-xp", 0, "/a/libx.so"),
                line(0x200000, 0x201000, "r-xp", 0, "/a/libx.so"),
                line(0x300000, 0x301000, "r-xp", 0, "/a/liby.so"),
                line(0x400000, 0x401000, "r-xp", 0, "/b/liby.so"));
        assertThat(libraries.find("libx.so", 0x10)).isEqualTo(Outcome.AMBIGUOUS);
        assertThat(libraries.find("liby.so", 0x10)).isEqualTo(Outcome.AMBIGUOUS);
        assertThat(libraries.find("b/liby.so", 0x10)).isEqualTo(Outcome.FOUND);
        assertThat(libraries.address()).isEqualTo(0x400010);
    }

    @Test
    void aLibraryWhoseBeginningIsNotMappedHasNoBase() throws Exception {
        assertThat(of(line(0x100000, 0x101000, "r-xp", 0x1000, "/a/libx.so")).find("libx.so", 0x1010))
                .isEqualTo(Outcome.NO_LIBRARY);
    }

    @Test
    void anOffsetInTheFileIsFoundInExecutableMappings() throws Exception {
        LibraryOffsets libraries = of(
                line(0x100000, 0x102000, "r--p", 0, "/a/x"),
                line(0x102000, 0x104000, "r-xp", 0x1000, "/a/x"),
                line(0x300000, 0x301000, "r-xp", 0, "/a/y"),
                line(0x400000, 0x401000, "r-xp", 0, "/a/y"));
        assertThat(libraries.findInFile("/a/x", 0x1234)).isEqualTo(Outcome.FOUND);
        assertThat(libraries.address()).isEqualTo(0x102234);
        assertThat(libraries.findInFile("/a/x", 0x234)).isEqualTo(Outcome.BEYOND);
        assertThat(libraries.findInFile("x", 0x1234)).isEqualTo(Outcome.NO_LIBRARY);
        assertThat(libraries.findInFile("/a/y", 0x10)).isEqualTo(Outcome.AMBIGUOUS);
    }

    @Test
    void addressesOfTheOwnLibjvmAreFound() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapSnapshot snapshot = maps.snapshot();
            long base = snapshot.stream()
                    .filter(mapping -> mapping.isFileBacked() && mapping.name().endsWith("/libjvm.so"))
                    .findFirst()
                    .orElseThrow()
                    .start();
            LibraryOffsets libraries = new LibraryOffsets(snapshot);
            assertThat(libraries.find("libjvm.so", 0x200000)).isEqualTo(Outcome.FOUND);
            assertThat(libraries.address()).isEqualTo(base + 0x200000);
        }
    }
}
