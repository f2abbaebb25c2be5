package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapFilter.Backend;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Filters;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.Queries;
import org.mapfiles.testing.SpecialMappingsProcess;

/** Both backends give the same records, byte for byte. */
class BackendsTest {
    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.queryable();

    @BeforeEach
    void requireBothBackends() throws MapsException {
        Queries.assumeSupported();
    }

    private static List<MappingState> read(ProcessMaps maps, MapFilter filter, Backend backend) throws MapsException {
        MapSnapshot snapshot = maps.snapshot(filter.by(backend));
        assertThat(snapshot.backend()).hasValue(backend);
        assertThat(snapshot.isInconsistent()).isFalse();
        return MappingState.all(snapshot);
    }

    @Test
    void everyFilterGivesEqualSnapshotsWithBothBackends() throws Exception {
        for (MapFilter filter : Filters.all()) {
            assertThat(read(child.maps(), filter, Backend.QUERY))
                    .as("%s", filter)
                    .isEqualTo(read(child.maps(), filter, Backend.TEXT));
        }
        assertThat(child.made()).hasSizeGreaterThan(50);
    }

    /** The filter of the kernel equals the filter of the library. */
    @Test
    void filterRemovesOnlyWhatItExcludes() throws Exception {
        List<MappingState> all = read(child.maps(), MapFilter.all(), Backend.TEXT);
        for (MapFilter filter : Filters.all()) {
            List<MappingState> expected = all.stream()
                    .filter(seen -> Filters.passes(filter, seen.line()))
                    .map(MappingState::withoutFile)
                    .collect(Collectors.toList());
            for (Backend backend : Backend.values()) {
                assertThat(read(child.maps(), filter, backend))
                        .as("%s by %s", filter, backend)
                        .extracting(MappingState::withoutFile)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void defaultBackendIsOneOfThem() throws Exception {
        assertThat(child.maps().snapshot().backend()).hasValue(Backend.TEXT);
        assertThat(child.maps().snapshot(MapFilter.all().executable()).backend().orElseThrow())
                .isIn(Backend.QUERY, Backend.TEXT);
        for (MapFilter filter : Filters.all()) {
            assertThat(MappingState.all(child.maps().snapshot(filter)))
                    .isEqualTo(read(child.maps(), filter, Backend.TEXT));
        }
    }

    /** Compares two reads of this JVM between which no mapping changed. */
    @Test
    void backendsAgreeOnThisProcess() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            Children.await("the mappings stay the same for three reads", () -> {
                List<MappingState> before = read(self, MapFilter.all(), Backend.TEXT);
                List<MappingState> queried = read(self, MapFilter.all(), Backend.QUERY);
                List<MappingState> after = read(self, MapFilter.all(), Backend.TEXT);
                if (before.equals(after)) {
                    assertThat(queried).isEqualTo(before);
                }
                return before.equals(after);
            });
        }
    }

    @Test
    void backendsAgreeOnAnAddress() throws Exception {
        MappingQuery query = new MappingQuery();
        for (MappingState seen : read(child.maps(), MapFilter.all(), Backend.TEXT)) {
            long last = seen.line().end() - 1;
            for (Backend backend : Backend.values()) {
                assertThat(Queries.query(child.maps(), last, MapFilter.all().by(backend), false, query))
                        .as("%s", backend)
                        .isEqualTo(seen.withoutFile());
            }
            assertThat(Queries.query(child.maps(), last, MapFilter.all(), false, query))
                    .isEqualTo(seen.withoutFile());
        }
    }
}
