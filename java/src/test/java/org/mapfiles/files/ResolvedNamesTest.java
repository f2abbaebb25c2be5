package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapChunks;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.MappingQuery;
import org.mapfiles.MapsException;
import org.mapfiles.events.MapEvent;
import org.mapfiles.events.MapEvents;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.SpecialMappingsProcess;
import org.mapfiles.testing.SpecialMappingsProcess.Made;
import org.mapfiles.timeline.MapChanges;
import org.mapfiles.timeline.MapTimeline;
import org.mapfiles.timeline.TimelineResult;

/** The name of a mapping is that of its file: the kernel's " (deleted)" is no part of it if that is certain. */
class ResolvedNamesTest {
    private static final String SUFFIX = " (deleted)";

    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.full();

    private static MapCursor at(MapSnapshot snapshot, Made made) {
        return snapshot.cursor().seek(snapshot.find(made.line().start()));
    }

    @Test
    void resolvedNameIsThatOfTheFile() throws Exception {
        MapFiles files = MapFiles.of(child.maps());
        MapSnapshot snapshot = child.maps().snapshot();
        int changed = 0;
        int kept = 0;
        for (Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            ImmutableMapping resolved = files.resolveName(mapping);
            Deletion expected = made.isDeleted() ? Deletion.DELETED : Deletion.NOT_DELETED;
            assertThat(resolved.deletion()).as("%s", made).isEqualTo(expected);
            assertThat(MapsLine.rawName(resolved))
                    .as("%s", made)
                    .isEqualTo(made.line().name());
            if (mapping.deletion() != Deletion.UNKNOWN) {
                assertThat(resolved).as("%s", made).isEqualTo(mapping.copy());
            } else if (made.isDeleted()) {
                changed++;
            } else {
                kept++;
            }
        }
        assertThat(changed).as("files that are deleted").isPositive();
        assertThat(kept).as("files whose own name has the suffix").isPositive();
    }

    @Test
    void resolvedMappingLeadsToTheSameFile() throws Exception {
        MapFiles files = MapFiles.of(child.maps());
        MapSnapshot snapshot = child.maps().snapshot();
        for (Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            if (mapping.isFileBacked()) {
                ImmutableMapping resolved = files.resolveName(mapping);
                assertThat(files.state(resolved)).as("%s", made).isEqualTo(files.state(mapping));
                assertThat(files.quickVerify(resolved)).as("%s", made).isEqualTo(files.quickVerify(mapping));
                assertThat(entry(files, resolved))
                        .as("%s", made)
                        .isIn(entry(files, mapping), entry(files, mapping).replace(SUFFIX, ""));
                assertThat(opened(files, resolved)).as("%s", made).isEqualTo(opened(files, mapping));
            }
        }
    }

    private static String entry(MapFiles files, Mapping mapping) throws MapsException {
        MapFilesEntries entry = new MapFilesEntries();
        files.read(mapping, entry);
        return entry.targetStatus() + " " + entry.statStatus()
                + (entry.targetStatus() == MapFilesEntries.FieldStatus.KNOWN ? entry.target() : "");
    }

    private static String opened(MapFiles files, Mapping mapping) throws IOException {
        try (MappedFile file = files.open(mapping)) {
            return file.verification().toString();
        } catch (MapsException denied) {
            return denied.getClass().getSimpleName();
        }
    }

    /** Files that never had a path: the device shows that the suffix is the kernel's. */
    private List<Made> withoutPath() {
        List<Made> made = new ArrayList<>();
        for (Made one : child.made()) {
            if (one.kind() == Mapping.Kind.MEMFD
                    || one.kind() == Mapping.Kind.SYSV
                    || one.kind() == Mapping.Kind.SHARED_ANONYMOUS) {
                made.add(one);
            }
        }
        assertThat(made)
                .extracting(Made::kind)
                .contains(Mapping.Kind.MEMFD, Mapping.Kind.SYSV, Mapping.Kind.SHARED_ANONYMOUS);
        return made;
    }

    private static void isCertain(Mapping mapping, Made made) {
        assertThat(MapsLine.rawName(mapping))
                .as("%s", made)
                .isEqualTo(made.line().name());
        assertThat(mapping.deletion())
                .as("%s", made)
                .isEqualTo(made.line().name().isEmpty() ? Deletion.NOT_DELETED : Deletion.DELETED);
    }

    @Test
    void noViewOfAMappingHasASuffixThatIsCertain() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapChanges changes = MapChanges.of(child.maps());
        MapTimeline timeline = MapTimeline.withMaxBytes(1 << 24);
        for (int i = 0; i < 2; i++) { // the first poll ends after its recorded time
            timeline.poll(child.maps(), snapshot);
        }
        long time = timeline.recordedUntil();
        MapFilesEntries entry = new MapFilesEntries();
        MappingQuery query = new MappingQuery();
        TimelineResult then = new TimelineResult();
        for (Made made : withoutPath()) {
            long start = made.line().start();
            isCertain(at(snapshot, made), made);
            isCertain(snapshot.at(start).orElseThrow(), made);
            child.maps().query(start, query);
            isCertain(query, made);
            child.maps().query(start, MapFilter.all().by(MapFilter.Backend.TEXT), false, query);
            isCertain(query, made);
            timeline.resolve(start, time, then);
            isCertain(then.mapping(), made);
            isCertain(
                    changes.mappings().stream()
                            .filter(one -> one.start() == start)
                            .findFirst()
                            .orElseThrow(),
                    made);
            MapFiles.of(child.maps()).read(query, entry);
            assertThat(entry.target()).as("%s", made).doesNotEndWith(made.line().name() + SUFFIX);
        }
        try (MapChunks chunks = child.maps().chunks(MapFilter.all())) {
            assertThat(chunks.next()).isTrue();
            for (Made made : withoutPath()) {
                isCertain(at(chunks.chunk(), made), made);
            }
        }
    }

    @Test
    void openedFileHasTheNameOfItsMapping() throws Exception {
        Assume.followingEntries();
        MapSnapshot snapshot = child.maps().snapshot();
        for (Made made : withoutPath()) {
            try (MappedFile file = MapFiles.of(child.maps()).open(at(snapshot, made))) {
                isCertain(file.mapping(), made);
            }
        }
    }

    @Test
    void eventsHaveNoSuffixThatIsCertain() throws Exception {
        Assume.events();
        int reported = 0;
        try (MapEvents events = MapEvents.open(child.maps(), MapEvents.Option.DATA)) {
            for (Made made : withoutPath()) {
                child.command("protect " + made.label());
                events.drain();
                for (MapEvent event = events.event(); event.next(); ) {
                    if (event.type() == MapEvent.Type.MAPPED
                            && event.start() == made.line().start()) {
                        isCertain(event, made);
                        isCertain(event.copy(), made);
                        reported++;
                    }
                }
            }
        }
        assertThat(reported).isPositive();
    }
}
