package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
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
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Filters;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Queries;

/** Queries the kernel for the mapping of an address. */
class MappingQueryTest {
    @RegisterExtension
    final Children children = new Children();

    private final MappingQuery query = new MappingQuery();
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
        assertThat(Queries.query(maps, address, filter, orNext, query))
                .as("%x %s%s", address, filter, orNext ? " or next" : "")
                .isEqualTo(Queries.expected(all, address, filter, orNext));
    }

    @ParameterizedTest
    @EnumSource
    void endOfARangeIsExclusive(Backend backend) throws Exception {
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
    void anyLongIsAnAddress(Backend backend) throws Exception {
        MapFilter filter = by(backend);
        long[] addresses = {
            0,
            1,
            -1,
            Long.MIN_VALUE,
            Long.MAX_VALUE,
            1L << 47,
            (1L << 47) - 1,
            -1L << 47,
            0xffffffffff5fffffL,
            0xffffffffff600000L,
            0xffffffffff600fffL,
            0xffffffffff601000L
        };
        for (long address : addresses) {
            agrees(address, filter, false);
            agrees(address, filter, true);
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyMappingsThatPassTheFilterAreFound(Backend backend) throws Exception {
        by(backend);
        for (MapFilter plain : Filters.all()) {
            MapFilter filter = plain.by(backend);
            for (MappingState seen : all) {
                agrees(seen.line().start(), filter, false);
                agrees(seen.line().start(), filter, true);
            }
        }
    }

    /** Without a choice of the backend the result is the same. A hole clears the holder. */
    @Test
    void holeIsAResultAndNoError() throws Exception {
        assertThat(maps.query(all.get(0).line().start(), query)).isTrue();
        assertThat(maps.query(0, query)).isFalse();
        assertThatThrownBy(query::start).isInstanceOf(IllegalStateException.class);
        assertThat(maps.queryOrNext(0, query)).isTrue();
        assertThat(MappingState.of(query).withoutFile()).isEqualTo(all.get(0).withoutFile());
        assertThat(maps.queryOrNext(-1, query)).isFalse();
    }

    @Test
    void resultIsOfOneFile() throws Exception {
        for (MappingState seen : all) {
            assertThat(maps.query(seen.line().start(), query)).isTrue();
            assertThat(query.fileIndex()).isEqualTo(seen.fileBacked() ? 0 : -1);
            assertThat(query.name())
                    .isEqualTo(seen.line().name().isEmpty() ? null : seen.line().name());
        }
    }

    @Test
    void buildIdIsThatOfTheFile() throws Exception {
        Queries.assumeSupported();
        assumeTrue(Files.exists(Path.of("/usr/bin/readelf")), "readelf is not installed");
        MappingQuery withBuildId = MappingQuery.withBuildId();
        int compared = 0;
        for (MappingState seen : all) {
            assertThat(maps.query(seen.line().start(), withBuildId)).isTrue();
            String buildId = withBuildId.buildId().orElse(null);
            if (buildId == null) {
                continue; // the page may not be resident, and not every file has a build ID
            }
            byte[] raw = new byte[22];
            assertThat(withBuildId.buildId(raw, 1)).isEqualTo(buildId.length() / 2);
            assertThat(java.util.HexFormat.of().formatHex(raw, 1, 1 + buildId.length() / 2))
                    .isEqualTo(buildId);
            if (seen.kind() == Mapping.Kind.FILE) {
                assertThat(buildId).isEqualTo(readelf(seen.line().name()));
                compared++;
            } else {
                assertThat(seen.kind())
                        .as("only files and the kernel's own code have one")
                        .isEqualTo(Mapping.Kind.VDSO);
            }
        }
        assertThat(maps.query(all.get(0).line().start(), query)).isTrue();
        assertThat(query.buildId()).as("not requested").isEmpty();
        assumeTrue(compared > 0, "no file of sleep(1) has a build ID here");
    }

    private String readelf(String file) throws Exception {
        Process readelf = children.start("readelf", "-n", file);
        Matcher id = Pattern.compile("Build ID: (\\w+)")
                .matcher(new String(readelf.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        return id.find() ? id.group(1) : null;
    }

    @Test
    void eachCallQueriesTheKernel() throws Exception {
        Process shell = children.start("sh", "-c", "read go; exec sleep 1000");
        try (ProcessMaps following = ProcessMaps.of(shell.pid())) {
            assertThat(following.queryOrNext(0, query)).isTrue();
            long before = query.inode();
            shell.getOutputStream().write('\n');
            shell.getOutputStream().flush();
            Children.awaitSleep(shell.pid());
            assertThat(following.queryOrNext(0, query)).isTrue();
            assertThat(query.inode()).isNotEqualTo(before);
            assertThat(query.name()).contains("sleep");
        }
    }
}
