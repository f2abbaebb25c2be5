package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.testing.ChildJvm;

/** In a JVM with another malloc, memory is not reported as that of the C library. */
class AllocatorTest {
    private static List<String> malloced(String... environment) throws Exception {
        String[] command =
                Stream.concat(Stream.of("env"), Arrays.stream(environment)).toArray(String[]::new);
        ChildJvm.Outcome outcome = new ChildJvm().under(command).run(ListMallocMain.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("done");
        return outcome.output()
                .lines()
                .filter(line -> line.startsWith("MALLOC"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"libtcmalloc_minimal.so.4", "libjemalloc.so.2", "libmimalloc.so.2"})
    void preloadedAllocatorIsNotTheCLibrary(String library) throws Exception {
        Path file = Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
                .map(Path::of)
                .map(directory -> directory.resolve(library))
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
        assumeTrue(
                file != null,
                () -> library + " is not installed: apt-get install libtcmalloc-minimal4 libjemalloc2 libmimalloc2.0");
        assertThat(malloced("LD_PRELOAD=" + file))
                .noneMatch(line -> line.contains("of the C library"))
                .allMatch(line -> line.contains("inferred"));
    }

    /** A library with another name: only the dynamic linker identifies it. */
    @Test
    void allocatorWithAnotherNameIsNotTheCLibrary() throws Exception {
        Path file = Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib64")
                .map(directory -> Path.of(directory, "libtcmalloc_minimal.so.4"))
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
        assumeTrue(file != null, "libtcmalloc_minimal.so.4 is not installed: apt-get install libtcmalloc-minimal4");
        Path copy = Files.createTempFile("libfast", ".so");
        try {
            Files.write(copy, Files.readAllBytes(file));
            assertThat(malloced("LD_PRELOAD=" + copy)).noneMatch(line -> line.contains("of the C library"));
        } finally {
            Files.delete(copy);
        }
    }

    @Test
    void allocatorOfTheCLibraryIsNamed() throws Exception {
        assertThat(malloced("-u", "LD_PRELOAD")).anyMatch(line -> line.equals("MALLOC heap of the C library"));
    }
}
