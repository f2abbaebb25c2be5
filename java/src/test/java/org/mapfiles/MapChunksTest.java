package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.SpecialMappingsProcess;

/** All chunks together equal the snapshot, for any number of mappings. */
class MapChunksTest {
    private static final int MANY = 20_000;

    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.full();

    /** A mapping without its file index, which is only valid in one chunk. */
    private static List<MappingState> all(MapSnapshot snapshot) {
        List<MappingState> all = new ArrayList<>();
        for (MappingState seen : MappingState.all(snapshot)) {
            all.add(seen.withoutFile());
        }
        return all;
    }

    private int parts;

    private List<MappingState> read(MapFilter filter) throws Exception {
        List<MappingState> all = new ArrayList<>();
        parts = 0;
        try (MapChunks reader = child.maps().chunks(filter)) {
            while (reader.next()) {
                all.addAll(all(reader.chunk()));
                parts++;
            }
            assertThat(reader.next()).isFalse();
            assertThat(reader.isInconsistent()).isFalse();
        }
        return all;
    }

    @Test
    void fewMappingsAreOneChunk() throws Exception {
        for (MapFilter filter : List.of(
                MapFilter.all(),
                MapFilter.all().executable(),
                MapFilter.all().writable().shared())) {
            assertThat(read(filter)).isEqualTo(all(child.maps().snapshot(filter)));
            assertThat(parts).isOne();
        }
    }

    /** Includes mappings whose kind depends on the device, and names that the text escapes. */
    @Test
    void manyMappingsAreSeveralChunks() throws Exception {
        child.command("many " + MANY);
        for (MapFilter filter : List.of(
                MapFilter.all(), MapFilter.all().fileBacked(), MapFilter.all().writable())) {
            assertThat(read(filter)).isEqualTo(all(child.maps().snapshot(filter.by(Backend.TEXT))));
            assertThat(parts).isGreaterThan(5);
        }
        read(MapFilter.all().executable());
        assertThat(parts).as("few pass").isOne();
    }

    @Test
    void queryBackendReadsNoText() throws Exception {
        assumeTrue(
                child.maps().snapshot(MapFilter.all().executable()).backend().equals(Optional.of(Backend.QUERY)),
                "this kernel has no PROCMAP_QUERY");
        child.command("unmap long-path");
        child.command("many " + MANY);
        assertThat(read(MapFilter.all().by(Backend.QUERY))).isNotEmpty();
        assertThat(parts).isOne();
    }

    /** The text of a replaced program ends early and looks like a shorter text. */
    @Test
    void execBetweenTwoChunksIsAnException() throws Exception {
        child.command("many " + MANY);
        try (MapChunks reader = child.maps().chunks(MapFilter.all())) {
            assertThat(reader.next()).isTrue();
            child.exec();
            assertThatThrownBy(() -> readOn(reader))
                    .isExactlyInstanceOf(MapsException.class)
                    .hasMessageContaining("execve(2)");
            assertThat(reader.next()).isFalse();
        }
        assertThat(read(MapFilter.all())).as("the next program").isNotEmpty();
    }

    @Test
    void exitBetweenTwoChunksIsAnException() throws Exception {
        child.command("many " + MANY);
        ProcessHandle process = ProcessHandle.of(child.pid()).orElseThrow();
        try (MapChunks reader = child.maps().chunks(MapFilter.all())) {
            assertThat(reader.next()).isTrue();
            process.destroyForcibly();
            process.onExit().join();
            assertThatThrownBy(() -> readOn(reader)).isInstanceOf(ProcessExitedException.class);
        }
    }

    private static void readOn(MapChunks reader) throws MapsException {
        for (int i = 0; i < 1_000_000 && reader.next(); i++) {
            assertThat(reader.chunk()).isNotNull();
        }
    }

    @Test
    void firstThreadMayHaveExited() throws Exception {
        child.command("many " + MANY);
        child.command("leader-exit");
        List<MappingState> read = read(MapFilter.all().fileBacked());
        assertThat(read)
                .hasSizeGreaterThan(MANY / 2)
                .isEqualTo(
                        all(child.maps().snapshot(MapFilter.all().fileBacked().by(Backend.TEXT))));
    }

    /** Mappings that do not change are in the chunks, and an overlap of two of them is reported. */
    @Test
    void changesHideNoMappingThatStays() throws Exception {
        child.command("many " + MANY);
        List<Long> still = new ArrayList<>();
        for (SpecialMappingsProcess.Made made : child.made()) {
            still.add(made.line().start());
        }
        child.command("churn 3000");
        for (int round = 0; round < 20; round++) {
            List<Long> starts = new ArrayList<>();
            boolean overlap = false;
            long end = 0;
            try (MapChunks reader = child.maps().chunks(MapFilter.all())) {
                while (reader.next()) {
                    for (MapCursor at = reader.chunk().cursor(); at.next(); end = at.end()) {
                        overlap |= Long.compareUnsigned(at.start(), end) < 0;
                        starts.add(at.start());
                    }
                }
                assertThat(!overlap || reader.isInconsistent()).isTrue();
            }
            assertThat(starts).containsAll(still);
        }
        child.command("join");
    }

    @Test
    void closedProcessIsAnErrorOfTheCaller() throws Exception {
        MapChunks closed = child.maps().chunks(MapFilter.all());
        closed.close();
        closed.close();
        assertThatThrownBy(closed::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> child.maps().chunks(null)).isInstanceOf(NullPointerException.class);
        child.command("many " + MANY);
        try (MapChunks reader = child.maps().chunks(MapFilter.all())) {
            assertThat(reader.next()).isTrue();
            child.maps().close();
            assertThatThrownBy(() -> readOn(reader))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("ProcessMaps");
        }
    }

    /** Reads a process with little direct memory: in chunks, and as a snapshot, which needs too much. */
    static final class ReadWithLittleMemory {
        private ReadWithLittleMemory() {}

        public static void main(String[] arguments) throws Exception {
            try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(arguments[0]));
                    MapChunks reader = maps.chunks(MapFilter.all())) {
                int count = 0;
                while (reader.next()) {
                    count += reader.chunk().size();
                }
                System.out.println("PARTS " + count);
                MapSnapshot snapshot = maps.snapshot(MapFilter.all().executable());
                int before = snapshot.size();
                try {
                    maps.read(snapshot, MapFilter.all());
                } catch (NotEnoughMemoryException e) {
                    System.out.println("SNAPSHOT " + (snapshot.size() == before) + " " + e.getMessage());
                }
                try {
                    maps.snapshot();
                } catch (NotEnoughMemoryException e) {
                    System.out.println("NEW " + (e.getCause() instanceof OutOfMemoryError));
                }
            }
        }
    }

    @Test
    void littleMemoryIsEnoughForChunksAndAnExceptionForASnapshot() throws Exception {
        child.command("many 60000");
        int size = child.maps().snapshot().size();
        ChildJvm.Outcome outcome =
                new ChildJvm().with("-XX:MaxDirectMemorySize=4m").run(ReadWithLittleMemory.class, child.pid());
        assertThat(outcome.output())
                .contains("PARTS " + size + "\n")
                .contains("SNAPSHOT true ")
                .contains("-XX:MaxDirectMemorySize")
                .contains("NEW true");
        assertThat(outcome.exit()).isZero();
    }

    /** A chunk whose memory was missing is returned by a later call, and no descriptor is opened twice. */
    @Test
    void noChunkIsSkippedAfterMissingMemory() throws Exception {
        child.command("many " + MANY);
        int size = child.maps().snapshot().size();
        ChildJvm.Outcome outcome =
                new ChildJvm().with("-XX:MaxDirectMemorySize=8m").run(ReadChunksLowMemoryMain.class, child.pid());
        assertThat(outcome.output()).contains("FIRST true OPENED 1\n").contains("REST true COUNT " + size + "\n");
        assertThat(outcome.exit()).isZero();
    }

    /** Nested directories, each made from within the one above: 80,000 bytes, more than the buffer for text. */
    @Test
    void aLineThatIsLongerThanTheBuffer(@TempDir Path directory) throws Exception {
        String script = String.join(
                "\n",
                "import mmap, os, sys",
                "os.chdir(sys.argv[1])",
                "name = 'd' * 200",
                "for i in range(400):",
                "    os.mkdir(name)",
                "    os.chdir(name)",
                "fd = os.open('f', os.O_RDWR | os.O_CREAT)",
                "os.ftruncate(fd, 4096)",
                "kept = [mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ)]",
                "kept += [mmap.mmap(-1, 4096, mmap.MAP_SHARED, mmap.PROT_READ) for i in range(5000)]",
                "print('READY', flush=True)",
                "sys.stdin.read()");
        try {
            assumeTrue(
                    new ProcessBuilder("python3", "--version")
                                    .redirectErrorStream(true)
                                    .start()
                                    .waitFor()
                            == 0,
                    "no python3");
        } catch (IOException e) {
            assumeTrue(false, "no python3: " + e);
        }
        Process deep = new ProcessBuilder("python3", "-c", script, directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(deep.inputReader().readLine()).isEqualTo("READY");
            List<MappingState> seen = new ArrayList<>();
            try (ProcessMaps maps = ProcessMaps.of(deep.pid());
                    MapChunks parts = maps.chunks(MapFilter.all())) {
                while (parts.next()) {
                    seen.addAll(MappingState.all(parts.chunk()));
                }
                assertThat(seen)
                        .hasSizeGreaterThan(5000)
                        .extracting(MappingState::line)
                        .isEqualTo(
                                MappingState.all(maps.snapshot(MapFilter.all().by(Backend.TEXT))).stream()
                                        .map(MappingState::line)
                                        .collect(Collectors.toList()));
            }
            assertThat(seen)
                    .anyMatch(each ->
                            each.line().name() != null && each.line().name().length() > 80_000);
        } finally {
            deep.destroyForcibly().waitFor();
            new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor(); // Java has no path that long
        }
    }
}
