package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mapfiles.files.MapFilesEntries;
import org.mapfiles.symbols.SymbolInfo;
import org.mapfiles.testing.EmptyHolder;
import org.mapfiles.timeline.MapTimeline;
import org.mapfiles.timeline.TimelineResult;

/** A holder without a result throws from each method, and returns no uninitialised memory. */
class EmptyHoldersTest {
    @Test
    void queryWithoutAResult() throws Exception {
        MappingQuery answer = new MappingQuery();
        assertThat(EmptyHolder.check(answer, Map.of("toString", "no result"))).isGreaterThan(30);
        assertThat(EmptyHolder.check(MappingQuery.withBuildId(), Map.of("toString", "no result")))
                .isGreaterThan(30);
        try (ProcessMaps maps = ProcessMaps.self()) {
            assertThat(maps.queryOrNext(0, answer)).isTrue();
            assertThat(maps.query(1, answer)).isFalse();
        }
        EmptyHolder.check(answer, Map.of("toString", "no result"));
    }

    @Test
    void timelineWithoutAResult() throws Exception {
        TimelineResult answer = new TimelineResult();
        Map<String, Object> nothing = Map.of(
                "outcome",
                TimelineResult.Outcome.NOT_RECORDED,
                "candidateCount",
                0,
                "mayBeUnmapped",
                false,
                "toString",
                "NOT_RECORDED");
        EmptyHolder.check(answer, nothing);
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapTimeline timeline = MapTimeline.withMaxBytes(1 << 20);
            MapSnapshot snapshot = new MapSnapshot();
            timeline.poll(maps, snapshot);
            long time = System.nanoTime();
            timeline.poll(maps, snapshot);
            assertThat(timeline.resolve(snapshot.cursor().seek(0).start(), time, answer))
                    .isTrue();
            assertThat(timeline.resolve(0, Long.MIN_VALUE / 2, answer)).isFalse();
        }
        EmptyHolder.check(answer, nothing);
    }

    @Test
    void cursorOnNoMapping() throws Exception {
        Map<String, Object> answers = new HashMap<>();
        answers.put("next", false);
        answers.put("reset", null);
        answers.put("goTo", false);
        answers.put("toString", EmptyHolder.ANYTHING);
        EmptyHolder.check(new MapSnapshot().cursor(), answers);
    }

    @Test
    void entriesOfAnEmptyList() throws Exception {
        Map<String, Object> answers = new HashMap<>();
        answers.put("next", false);
        answers.put("reset", null);
        answers.put("count", 0);
        answers.put("toString", "MapFilesEntries[0]");
        EmptyHolder.check(new MapFilesEntries(), answers);
    }

    @Test
    void symbolsWithoutAResult() throws Exception {
        Map<String, Object> answers = new HashMap<>();
        answers.put("status", SymbolInfo.Status.NO_FILE);
        answers.put("file", null);
        answers.put("hasElfAddress", false);
        answers.put("toString", "NO_FILE");
        EmptyHolder.check(new SymbolInfo(), answers);
    }
}
