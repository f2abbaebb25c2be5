package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Filters;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Queries;

/** Which mapping covers this address, now? */
class MappingQueryTest {
    @RegisterExtension final Children children = new Children();
    private final MappingQuery answer = new MappingQuery();
    private ProcessMaps maps;
    private List<MappingState> all;

    @BeforeEach
    void open() throws Exception {
        Process sleeper = children.sleeper();
        maps = ProcessMaps.of(sleeper.pid());
        all = MappingState.all(maps.snapshot());
    }

    @AfterEach
    void close() {
        maps.close();
    }

    private static MapFilter by(Backend backend) throws MapsException {
        if (backend == Backend.QUERY) {
            Queries.assumeSupported();
        }
        return MapFilter.all().by(backend);
    }

    private void agrees(long address, MapFilter filter, boolean orNext) throws MapsException {
        assertThat(Queries.asked(maps, address, filter, orNext, answer))
                .as("%x %s%s", address, filter, orNext ? " or next" : "")
                .isEqualTo(Queries.expected(all, address, filter, orNext));
    }

    @ParameterizedTest
    @EnumSource
    void aRangeHoldsItsStartAndNotItsEnd(Backend backend) throws Exception {
        MapFilter filter = by(backend);
        for (MappingState seen : all) {
            MapsLine line = seen.line();
            for (int off = -1; off <= 1; off++) {
                agrees(line.start() + off, filter, false);
                agrees(line.start() + off, filter, true);
                agrees(line.end() + off, filter, false);
                agrees(line.end() + off, filter, true);
            }
        }
        assertThat(all).hasSizeGreaterThan(10);
    }

    @ParameterizedTest
    @EnumSource
    void anyNumberIsAnAddress(Backend backend) throws Exception {
        MapFilter filter = by(backend);
        long[] addresses = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 47, (1L << 47) - 1, -1L << 47, 0xffffffffff5fffffL,
            0xffffffffff600000L, 0xffffffffff600fffL, 0xffffffffff601000L};
        for (long address : addresses) {
            agrees(address, filter, false);
            agrees(address, filter, true);
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyWhatPassesTheFilterAnswers(Backend backend) throws Exception {
        by(backend);
        for (MapFilter plain : Filters.all()) {
            MapFilter filter = plain.by(backend);
            for (MappingState seen : all) {
                agrees(seen.line().start(), filter, false);
                agrees(seen.line().start(), filter, true);
            }
        }
    }

    /** Without a word about how, the answer is the same, and a hole empties the holder. */
    @Test
    void aHoleIsAnAnswerAndNoError() throws Exception {
        assertThat(maps.query(all.get(0).line().start(), answer)).isTrue();
        assertThat(maps.query(0, answer)).isFalse();
        assertThatThrownBy(answer::start).isInstanceOf(IllegalStateException.class);
        assertThat(maps.queryOrNext(0, answer)).isTrue();
        assertThat(MappingState.of(answer).withoutFile()).isEqualTo(all.get(0).withoutFile());
        assertThat(maps.queryOrNext(-1, answer)).isFalse();
    }

    @Test
    void anAnswerIsAboutOneFile() throws Exception {
        for (MappingState seen : all) {
            assertThat(maps.query(seen.line().start(), answer)).isTrue();
            assertThat(answer.fileIndex()).isEqualTo(seen.fileBacked() ? 0 : -1);
            assertThat(answer.name()).isEqualTo(seen.line().name().isEmpty() ? null : seen.line().name());
        }
    }

    @Test
    void theBuildIdIsTheOneOfTheFile() throws Exception {
        Queries.assumeSupported();
        assumeTrue(Files.exists(Path.of("/usr/bin/readelf")), "readelf is not installed");
        MappingQuery withBuildId = MappingQuery.withBuildId();
        int compared = 0;
        for (MappingState seen : all) {
            assertThat(maps.query(seen.line().start(), withBuildId)).isTrue();
            String told = withBuildId.buildId();
            if (told == null) {
                continue; // the kernel may not have the page, and not every file has one
            }
            byte[] raw = new byte[22];
            assertThat(withBuildId.buildId(raw, 1)).isEqualTo(told.length() / 2);
            assertThat(java.util.HexFormat.of().formatHex(raw, 1, 1 + told.length() / 2)).isEqualTo(told);
            if (seen.kind() == MappingKind.FILE) {
                assertThat(told).isEqualTo(readelf(seen.line().name()));
                compared++;
            } else {
                assertThat(seen.kind()).as("only files and the kernel's own code have one").isEqualTo(MappingKind.VDSO);
            }
        }
        assertThat(maps.query(all.get(0).line().start(), answer)).isTrue();
        assertThat(answer.buildId()).as("not asked for").isNull();
        assumeTrue(compared > 0, "no file of sleep(1) has a build ID here");
    }

    private String readelf(String file) throws Exception {
        Process readelf = children.start("readelf", "-n", file);
        Matcher id = Pattern.compile("Build ID: (\\w+)").matcher(new String(readelf.getInputStream().readAllBytes()));
        return id.find() ? id.group(1) : null;
    }

    @Test
    void eachCallAsksAnew() throws Exception {
        Process shell = children.start("sh", "-c", "read go; exec sleep 1000");
        try (ProcessMaps following = ProcessMaps.of(shell.pid())) {
            assertThat(following.queryOrNext(0, answer)).isTrue();
            long before = answer.inode();
            shell.getOutputStream().write('\n');
            shell.getOutputStream().flush();
            Children.awaitSleep(shell.pid());
            assertThat(following.queryOrNext(0, answer)).isTrue();
            assertThat(answer.inode()).isNotEqualTo(before);
            assertThat(answer.name()).contains("sleep");
        }
    }
}
