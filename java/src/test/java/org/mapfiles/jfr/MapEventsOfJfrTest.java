package org.mapfiles.jfr;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.ChildJvm;
import org.mapfiles.MapSnapshot;
import org.mapfiles.ProcessMaps;

/** Does the Flight Recorder record mappings, if it is asked to, and only then? */
class MapEventsOfJfrTest {
    @TempDir
    Path directory;

    @BeforeEach
    void register() throws Exception {
        MapEventsOfJfr.register();
        MapEventsOfJfr.register();
    }

    @AfterEach
    void unregister() {
        MapEventsOfJfr.unregister();
        MapEventsOfJfr.unregister();
    }

    private List<RecordedEvent> events(Recording recording, String name) throws Exception {
        Path file = directory.resolve(name + ".jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream().filter(event -> event.getEventType().getName().equals("mapfiles." + name))
                .collect(Collectors.toList());
    }

    @Test
    void theSettingsRecordAll() throws Exception {
        Path file = Files.write(directory.toRealPath().resolve("mapped"), new byte[8192]);
        try (Recording recording = new Recording(MapEventsOfJfr.settings()); FileChannel channel = FileChannel.open(file)) {
            recording.enable("mapfiles.MemoryMapChange").withPeriod(Duration.ofMillis(50));
            recording.start();
            Thread.sleep(400); // it has looked once
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 4096, 4096);
            Thread.sleep(600);
            recording.stop();
            assertThat(mapped.get(0)).isZero();

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
                assertThat(mappings.size()).isBetween(snapshot.size() / 2, snapshot.size() * 3);
            }
            assertThat(events(recording, "MemoryMapChange")).anySatisfy(event -> {
                assertThat(event.getString("path")).isEqualTo(file.toString());
                assertThat(event.getString("change")).isEqualTo("ADDED");
                assertThat(event.getDuration("since")).isBetween(Duration.ofMillis(1), Duration.ofSeconds(30));
            });
            assertThat(events(recording, "CodeRegion")).anySatisfy(event -> assertThat(event.getString("region")).isEqualTo("CODE_HEAP"))
                    .anySatisfy(event -> assertThat(event.getString("detail")).endsWith("/libjvm.so"))
                    .allMatch(event -> mappings.stream().anyMatch(mapping -> mapping.getLong("start") <= event.getLong("start")
                            && event.getLong("start") < mapping.getLong("end") && mapping.getString("permissions").contains("x")), "executable");
            List<RecordedEvent> sums = events(recording, "MemoryRegionSummary");
            assertThat(sums).extracting(event -> event.getString("region")).contains("JAVA_HEAP", "CODE_HEAP", "LIBRARY");
            assertThat(sums).allSatisfy(event -> {
                assertThat(event.getLong("parts")).isPositive();
                assertThat(event.getLong("size")).isPositive();
                assertThat(event.getLong("inferredSize")).isBetween(0L, event.getLong("size"));
            });
        }
    }

    @Test
    void theSummaryIsThereByItself() throws Exception {
        try (Recording recording = new Recording()) {
            recording.enable("mapfiles.MemoryMapSummary").withPeriod(Duration.ofMillis(100));
            recording.start();
            Thread.sleep(500);
            recording.stop();
            List<RecordedEvent> events = events(recording, "MemoryMapSummary");
            assertThat(events).isNotEmpty().allSatisfy(event -> {
                assertThat(event.getLong("count")).isBetween(50L, 100_000L);
                assertThat(event.getLong("headroom")).isEqualTo(Math.max(event.getLong("limit") - event.getLong("count"), 0));
                assertThat(event.getDouble("share")).isBetween(0.0, 1.0);
                assertThat(event.getLong("fileBytes")).isGreaterThan(1 << 20);
                assertThat(event.getLong("codeBytes")).isBetween(1L << 20, event.getLong("fileBytes"));
                assertThat(event.getLong("anonymousBytes")).isGreaterThan(1 << 20);
            });
            assertThat(events(recording, "MemoryMapping")).as("nobody asked").isEmpty();
            assertThat(events(recording, "MemoryMapChange")).as("nobody asked").isEmpty();
        }
    }

    @Test
    void twoApplicationsOfOneJvmHaveTheirOwn() throws Exception {
        ChildJvm.Outcome outcome = new ChildJvm().run(RecordInTwoLoaders.class, directory.resolve("both.jfr"), directory.resolve("one.jfr"));
        assertThat(outcome.output()).contains("both: 2 types, events true", "one: 1 types, events true");
        assertThat(outcome.exit()).isZero();
    }

    @Test
    void eachIsToldAsPeopleReadIt() {
        List<EventType> types = FlightRecorder.getFlightRecorder().getEventTypes().stream()
                .filter(type -> type.getName().startsWith("mapfiles.")).collect(Collectors.toList());
        assertThat(types).extracting(EventType::getName).containsExactlyInAnyOrder("mapfiles.MemoryMapping", "mapfiles.MemoryMapSummary",
                "mapfiles.MemoryMapChange", "mapfiles.CodeRegion", "mapfiles.MemoryRegionSummary");
        assertThat(types).allSatisfy(type -> {
            assertThat(type.getLabel()).isNotBlank();
            assertThat(type.getDescription()).isNotBlank();
            assertThat(type.getCategoryNames()).containsExactly("Operating System", "Memory", "mapfiles");
            assertThat(type.isEnabled()).isFalse();
        });
    }
}
