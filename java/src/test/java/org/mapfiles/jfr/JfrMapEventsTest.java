package org.mapfiles.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Flight Recorder records mappings if a recording enables the events, and only then. */
class JfrMapEventsTest {
    @TempDir
    Path directory;

    @BeforeEach
    void register() throws Exception {
        JfrMapEvents.register();
        JfrMapEvents.register();
    }

    @AfterEach
    void unregister() {
        JfrMapEvents.unregister();
        JfrMapEvents.unregister();
    }

    private List<RecordedEvent> events(Recording recording, String name) throws Exception {
        Path file = directory.resolve(name + ".jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("mapfiles." + name))
                .collect(Collectors.toList());
    }

    @Test
    void settingsRecordAllEvents() throws Exception {
        Path file = Files.write(directory.toRealPath().resolve("mapped"), new byte[8192]);
        try (Recording recording = new Recording(JfrMapEvents.settings());
                FileChannel channel = FileChannel.open(file)) {
            recording.enable("mapfiles.MemoryMapChange").withPeriod(Duration.ofMillis(50));
            recording.start();
            List<MappedByteBuffer> mapped = new ArrayList<>();
            Predicate<RecordedEvent> isAdded = event -> file.toString().equals(event.getString("path"))
                    && event.getString("change").equals("ADDED");
            for (int i = 0;
                    i < 200 && events(recording, "MemoryMapChange").stream().noneMatch(isAdded);
                    i++) {
                // the first one may precede the first poll
                mapped.add(channel.map(FileChannel.MapMode.READ_ONLY, 4096, 4096));
                Thread.sleep(100);
            }
            recording.stop();
            assertThat(mapped)
                    .isNotEmpty()
                    .allSatisfy(bytes -> assertThat(bytes.get(0)).isZero());

            List<RecordedEvent> mappings = events(recording, "MemoryMapping");
            assertThat(mappings).anySatisfy(event -> {
                assertThat(event.getString("path")).isEqualTo(file.toString());
                assertThat(event.getLong("offset")).isEqualTo(4096);
                assertThat(event.getString("permissions")).isEqualTo("r--s");
                assertThat(event.getLong("size")).isEqualTo(4096);
                assertThat(event.getString("kind")).isEqualTo("FILE");
                assertThat(event.getLong("end") - event.getLong("start")).isEqualTo(4096);
            });
            try (ProcessMaps maps = ProcessMaps.self()) {
                MapSnapshot snapshot = maps.snapshot();
                assertThat(mappings.stream()
                                .collect(Collectors.groupingBy(event -> event.getLong("poll"), Collectors.counting()))
                                .values())
                        .allSatisfy(size -> assertThat(size).isBetween(snapshot.size() / 2L, snapshot.size() * 2L));
            }
            assertThat(events(recording, "MemoryMapChange")).anySatisfy(event -> {
                assertThat(event.getString("path")).isEqualTo(file.toString());
                assertThat(event.getString("change")).isEqualTo("ADDED");
                assertThat(event.getDuration("since")).isBetween(Duration.ofMillis(1), Duration.ofSeconds(30));
            });
            assertThat(events(recording, "CodeRegion"))
                    .anySatisfy(event -> assertThat(event.getString("region")).isEqualTo("CODE_HEAP"))
                    .anySatisfy(event -> assertThat(event.getString("detail")).endsWith("/libjvm.so"))
                    .allMatch(
                            event -> mappings.stream()
                                    .anyMatch(mapping -> mapping.getLong("start") <= event.getLong("start")
                                            && event.getLong("start") < mapping.getLong("end")
                                            && mapping.getString("permissions").contains("x")),
                            "executable");
            List<RecordedEvent> sums = events(recording, "MemoryRegionSummary");
            assertThat(sums)
                    .extracting(event -> event.getString("region"))
                    .contains("JAVA_HEAP", "CODE_HEAP", "LIBRARY");
            assertThat(sums).allSatisfy(event -> {
                assertThat(event.getLong("parts")).isPositive();
                assertThat(event.getLong("size")).isPositive();
                assertThat(event.getLong("inferredSize")).isBetween(0L, event.getLong("size"));
            });
        }
    }

    private static List<Object> fields(RecordedEvent event) {
        return Stream.of("start", "end", "permissions", "offset", "inode", "kind", "path")
                .<Object>map(event::getValue)
                .collect(Collectors.toList());
    }

    /** Applies a change to mappings, by start address. */
    private static void apply(RecordedEvent event, TreeMap<Long, List<Object>> mappings) {
        boolean isChanged = event.getString("change").equals("CHANGED");
        if (isChanged || event.getString("change").equals("REMOVED")) {
            List<Object> removed = mappings.remove(event.getLong(isChanged ? "startBefore" : "start"));
            assertThat(removed).as("%s", event).isNotNull();
            assertThat(removed.get(1)).isEqualTo(event.getLong(isChanged ? "endBefore" : "end"));
        }
        if (!event.getString("change").equals("REMOVED")) {
            Map.Entry<Long, List<Object>> below = mappings.lowerEntry(event.getLong("end"));
            assertThat(below == null
                            || Long.compareUnsigned((long) below.getValue().get(1), event.getLong("start")) <= 0)
                    .as("%s over %s", event, below)
                    .isTrue();
            mappings.put(event.getLong("start"), fields(event));
        }
    }

    private static TreeMap<Long, List<Object>> mapped(List<RecordedEvent> mappings, long poll) {
        TreeMap<Long, List<Object>> mapped = new TreeMap<>(Long::compareUnsigned);
        mappings.stream()
                .filter(event -> event.getLong("poll") == poll)
                .forEach(event -> mapped.put(event.getLong("start"), fields(event)));
        return mapped;
    }

    private static long mappings(Path file) throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            return maps.snapshot().stream()
                    .filter(mapping -> file.toString().equals(mapping.name()))
                    .count();
        }
    }

    /** From the mappings at the start of a recording to those at its end, with a new chunk in the middle. */
    @Test
    void replayOfChangesIsExact() throws Exception {
        Path file = Files.write(directory.toRealPath().resolve("mapped"), new byte[64 << 10]);
        List<MappedByteBuffer> kept = new ArrayList<>();
        try (Recording recording = new Recording(JfrMapEvents.settings());
                FileChannel channel = FileChannel.open(file)) {
            recording.enable("mapfiles.MemoryMapChange").withPeriod(Duration.ofMillis(20));
            recording.start();
            for (int i = 0; i < 40; i++) {
                kept.add(channel.map(FileChannel.MapMode.READ_ONLY, i % 8 * 4096L, 4096L * (1 + i % 5)));
                long made = mappings(file);
                if (i % 10 == 9) {
                    kept.subList(0, 5).clear();
                    Children.await("the collector unmaps a buffer", () -> {
                        System.gc();
                        return mappings(file) < made;
                    });
                }
                Thread.sleep(20);
                if (i == 20) {
                    new Recording().start(); // starts a new chunk
                }
            }
            recording.stop();
            List<RecordedEvent> mappings = events(recording, "MemoryMapping");
            List<RecordedEvent> changes = events(recording, "MemoryMapChange");
            changes.sort(Comparator.comparingLong(event -> event.getLong("sequence")));
            long[] polls = mappings.stream()
                    .mapToLong(event -> event.getLong("poll"))
                    .distinct()
                    .sorted()
                    .toArray();
            assertThat(polls.length).as("chunks begin and end").isGreaterThanOrEqualTo(4);
            TreeMap<Long, List<Object>> replayed = mapped(mappings, polls[0]);
            int checked = 0;
            for (long poll = polls[0] + 1; poll <= polls[polls.length - 1]; poll++) {
                long current = poll;
                changes.stream()
                        .filter(event -> event.getLong("poll") == current)
                        .forEach(event -> apply(event, replayed));
                if (Arrays.binarySearch(polls, poll) >= 0) {
                    assertThat(replayed).isEqualTo(mapped(mappings, poll));
                    checked++;
                }
            }
            assertThat(checked).isEqualTo(polls.length - 1);
            assertThat(changes).extracting(event -> event.getString("change")).contains("ADDED", "REMOVED");
        } finally {
            FlightRecorder.getFlightRecorder().getRecordings().forEach(Recording::close);
        }
    }

    /** With the default settings of a recording, and with those of this library. */
    @Test
    void shortRecordingHasSummaries() throws Exception {
        for (Recording recording : List.of(new Recording(), new Recording(JfrMapEvents.settings()))) {
            try (recording) {
                recording.enable("mapfiles.MemoryMapSummary");
                recording.start();
                Thread.sleep(200);
                recording.stop();
                assertThat(events(recording, "MemoryMapSummary").size())
                        .as("at the beginning and at the end")
                        .isGreaterThanOrEqualTo(2);
            }
        }
    }

    @Test
    void summaryIsRecordedByDefault() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("mapfiles.MemoryMapSummary").withPeriod(Duration.ofMillis(100));
            recording.start();
            Children.await(
                    "a period is over",
                    () -> !events(recording, "MemoryMapSummary").isEmpty());
            recording.stop();
            List<RecordedEvent> events = events(recording, "MemoryMapSummary");
            assertThat(events).isNotEmpty().allSatisfy(event -> {
                assertThat(event.getLong("count")).isBetween(50L, 100_000L);
                assertThat(event.getLong("headroom"))
                        .isEqualTo(Math.max(event.getLong("limit") - event.getLong("count"), 0));
                assertThat(event.getDouble("share")).isBetween(0.0, 1.0);
                assertThat(event.getLong("fileBytes")).isGreaterThan(1 << 20);
                assertThat(event.getLong("codeBytes")).isBetween(1L << 20, event.getLong("fileBytes"));
                assertThat(event.getLong("anonymousBytes")).isGreaterThan(1 << 20);
            });
            assertThat(events(recording, "MemoryMapping")).as("not enabled").isEmpty();
            assertThat(events(recording, "MemoryMapChange")).as("not enabled").isEmpty();
        }
    }

    @Test
    void twoApplicationsOfOneJvmRecordTheirOwnEvents() throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm()
                .run(RecordInTwoLoadersMain.class, directory.resolve("both.jfr"), directory.resolve("one.jfr"));
        assertThat(outcome.output()).contains("both: 2 types, events true", "one: 1 types, events true");
        assertThat(outcome.exit()).isZero();
    }

    @Test
    void eventsHaveReadableDescriptions() {
        List<EventType> types = FlightRecorder.getFlightRecorder().getEventTypes().stream()
                .filter(type -> type.getName().startsWith("mapfiles."))
                .collect(Collectors.toList());
        assertThat(types)
                .extracting(EventType::getName)
                .containsExactlyInAnyOrder(
                        "mapfiles.MemoryMapping",
                        "mapfiles.MemoryMapSummary",
                        "mapfiles.MemoryMapChange",
                        "mapfiles.CodeRegion",
                        "mapfiles.MemoryRegionSummary");
        assertThat(types).allSatisfy(type -> {
            assertThat(type.getLabel()).isNotBlank();
            assertThat(type.getDescription()).isNotBlank();
            assertThat(type.getCategoryNames()).containsExactly("Operating System", "Memory", "mapfiles");
            assertThat(type.isEnabled()).isFalse();
        });
    }
}
