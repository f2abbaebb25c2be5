package org.mapfiles;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.files.MapFiles;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.Queries;

/** A file whose path is longer than a page. Only the text has the whole path; no system call accepts it. */
class LongPathTest {
    /** Adds directories at the root, so that no path that is passed to a system call is long. */
    private static final String DEEP =
            "mkdir $1/d && cp $(command -v sleep) $1/d/sleep && cd $1/d && for i in $(seq 20); do"
                    + " mkdir $1/new && mv $1/d $1/new/$2 && mv $1/new $1/d || exit; done; exec ./sleep 1000";

    private static final String NAME = "x".repeat(240);

    @RegisterExtension
    final Children children = new Children();

    private Path directory;
    private Process process;

    @BeforeEach
    void start() throws Exception {
        directory = Files.createTempDirectory("deep").toRealPath();
        process = children.start("sh", "-c", DEEP, "sh", directory.toString(), NAME);
        Children.await("it sleeps", () -> {
            assertThat(process.isAlive()).as("it was made").isTrue();
            return Files.readString(Path.of("/proc/" + process.pid() + "/maps"), ISO_8859_1)
                            .contains("/sleep\n")
                    && Children.state(process.pid()) == 'S'; // its libraries are loaded
        });
    }

    @AfterEach
    void delete() throws Exception {
        new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor(); // Java cannot delete such a path
    }

    @Test
    void bothBackendsReturnTheWholePath() throws Exception {
        String path = directory + "/d" + ("/" + NAME).repeat(20) + "/sleep";
        MappingQuery query = new MappingQuery();
        try (ProcessMaps maps = ProcessMaps.of(process.pid())) {
            List<MappingState> all =
                    MappingState.all(maps.snapshot(MapFilter.all().by(Backend.TEXT)));
            List<MappingState> deep =
                    all.stream().filter(seen -> seen.line().name().equals(path)).collect(Collectors.toList());
            assertThat(deep).hasSizeGreaterThan(1);
            assertThat(path.length()).isGreaterThan(4096);
            if (Queries.areSupported()) {
                MapSnapshot queried = maps.snapshot(MapFilter.all().by(Backend.QUERY));
                assertThat(queried.backend()).as("what a query has no room for").hasValue(Backend.TEXT);
                assertThat(queried.retries())
                        .as("nothing has changed meanwhile")
                        .isZero();
                assertThat(MappingState.all(queried)).isEqualTo(all);
            }
            for (MappingState seen : deep) {
                assertThat(maps.query(seen.line().start(), query)).isTrue();
                assertThat(MappingState.of(query).withoutFile()).isEqualTo(seen.withoutFile());
                assertThat(query.name()).isEqualTo(path);
                assertThat(maps.query(all.get(all.size() - 1).line().start(), query))
                        .as("short again")
                        .isTrue();
                assertThat(query.name())
                        .isEqualTo(all.get(all.size() - 1).line().name());
            }
            assertThat(MappingState.all(maps.snapshot(MapFilter.all().executable())))
                    .extracting(seen -> seen.line().name())
                    .contains(path);
        }
    }

    /**
     * The path is too long to be checked. The mapped file itself shows whether it is deleted, or the state is unknown.
     */
    @Test
    void deletionIsReportedOrUnknown() throws Exception {
        new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor();
        try (ProcessMaps maps = ProcessMaps.of(process.pid())) {
            MapCursor mapping = maps.snapshot().cursor();
            while (mapping.next() && mapping.nameLength() < 4096) {
                assertThat(mapping.index()).isNotNegative();
            }
            assertThat(mapping.name()).endsWith("/sleep (deleted)");
            assertThat(mapping.deletion()).isEqualTo(Deletion.UNKNOWN);
            assertThat(MapFiles.of(maps).resolveName(mapping).deletion()).isIn(Deletion.DELETED, Deletion.UNKNOWN);
        }
    }

    /** The mark of the kernel makes the name longer than a path may be; the path without the mark is checked. */
    @Test
    void pathOfADeletedFileIsCheckedWithoutTheMark() throws Exception {
        Path folder = Path.of(directory + "/e" + ("/" + NAME).repeat(16))
                .resolve("y".repeat(4083 - 16 * 241 - directory.toString().length()));
        Path program = Files.copy(
                Path.of("/proc/" + process.pid() + "/exe"),
                Files.createDirectories(folder).resolve("sleep"));
        Process sleeper = children.start(program.toString(), "1000");
        Children.awaitSleep(sleeper.pid());
        Files.delete(program);
        try (ProcessMaps maps = ProcessMaps.of(sleeper.pid())) {
            MapCursor deleted = named(maps, "/sleep (deleted)");
            assertThat(deleted.nameLength()).isBetween(4097, 4105);
            MapCursor other = named(maps, ".so");
            assertThat(MapFiles.of(maps).state(other)).as("read before").isNotEqualTo(FileState.REPLACED);
            assertThat(MapFiles.of(maps).state(deleted))
                    .isIn(FileState.DELETED, FileState.PATH_REMOVED, FileState.UNKNOWN);
            Files.copy(Path.of("/proc/" + process.pid() + "/exe"), program);
            assertThat(MapFiles.of(maps).state(deleted)).isIn(FileState.REPLACED, FileState.UNKNOWN);
        }
    }

    private static MapCursor named(ProcessMaps maps, String part) throws MapsException {
        MapCursor mapping = maps.snapshot().cursor();
        while (mapping.next() && !String.valueOf(mapping.name()).contains(part)) {
            assertThat(mapping.index()).isNotNegative();
        }
        return mapping;
    }
}
