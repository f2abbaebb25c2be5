package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.MapCursor;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.Mapping.Deletion;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.files.MapFilesEntries.FieldStatus;
import org.mapfiles.files.MappedFile.Verification;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.SpecialMappingsProcess;

/** Entries of map_files, for all special mappings. */
class MapFilesTest {
    @RegisterExtension
    final SpecialMappingsProcess child = SpecialMappingsProcess.full();

    private final MapFilesEntries entries = new MapFilesEntries();

    private static MapCursor at(MapSnapshot snapshot, SpecialMappingsProcess.Made made) {
        return snapshot.cursor().seek(snapshot.find(made.line().start()));
    }

    @Test
    void entriesEqualTheDirectoryOfTheKernel() throws Exception {
        MapFiles.of(child.maps()).readAll(child.maps().snapshot(), entries);
        Set<String> listed = new HashSet<>();
        try (DirectoryStream<Path> directory =
                Files.newDirectoryStream(Path.of("/proc/" + child.pid() + "/map_files"))) {
            directory.forEach(entry -> listed.add(entry.getFileName().toString()));
        }
        Set<String> read = new HashSet<>();
        while (entries.next()) {
            String name = Long.toHexString(entries.start()) + "-" + Long.toHexString(entries.end());
            read.add(name);
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(
                    Path.of("/proc/" + child.pid() + "/map_files/" + name), LinkOption.NOFOLLOW_LINKS);
            assertThat(PosixFilePermissions.toString(mode))
                    .as(name)
                    .startsWith((entries.isOpenForReading() ? "r" : "-") + (entries.isOpenForWriting() ? "w" : "-"));
        }
        assertThat(read).isEqualTo(listed).isNotEmpty();
        assertThat(entries.next()).isFalse();
    }

    @Test
    void eachEntryIsOfItsMapping() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        for (SpecialMappingsProcess.Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            boolean has = MapFiles.of(child.maps()).read(mapping, entries);
            assertThat(has).as(made.label()).isEqualTo(mapping.isFileBacked());
            if (!has) {
                continue;
            }
            if (mapping.nameLength() >= 4096) {
                assertThat(entries.targetStatus()).isEqualTo(FieldStatus.NAME_TOO_LONG);
                assertThatThrownBy(entries::targetLength)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("NAME_TOO");
                assertThat(entries.accessStatus()).as("each part by itself").isEqualTo(FieldStatus.KNOWN);
                assertThat(entries.isOpenForWriting()).isTrue();
            } else if (mapping.deletion() != Deletion.UNKNOWN) {
                byte[] target = new byte[4096];
                byte[] name = new byte[4096];
                assertThat(entries.target(target, 0)).as(made.label()).isEqualTo(mapping.name(name, 0));
                assertThat(target).isEqualTo(name);
            }
            assertThat(entries.statStatus())
                    .isEqualTo(MapFiles.followDenial().isEmpty() ? FieldStatus.KNOWN : FieldStatus.DENIED);
            if (entries.statStatus() == FieldStatus.KNOWN) {
                if (made.isInodeKnown()) {
                    assertThat(entries.inode())
                            .as(made.label())
                            .isEqualTo(made.line().inode());
                }
                if (entries.targetStatus() == FieldStatus.KNOWN
                        && entries.nlink() == 0
                        && made.kind() == Mapping.Kind.FILE) {
                    assertThat(entries.target())
                            .as("without the suffix of the kernel")
                            .isEqualTo(made.line().name());
                }
            }
        }
    }

    /** A file that quickVerify() reports as exact can be opened. Files of file systems of the kernel often cannot. */
    @Test
    void exactQuickVerificationMeansTheFileOpens() throws Exception {
        Assume.followingEntries();
        MapSnapshot snapshot = child.maps().snapshot();
        int exact = 0;
        for (SpecialMappingsProcess.Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            if (!mapping.isFileBacked()) {
                continue;
            }
            Verification quick = MapFiles.of(child.maps()).quickVerify(mapping);
            if (quick == Verification.EXACT) {
                exact++;
                try (MappedFile file = MapFiles.of(child.maps()).open(mapping)) {
                    assertThat(file.verification()).as(made.label()).isEqualTo(Verification.EXACT);
                }
            } else if (mapping.kind() == Mapping.Kind.OTHER || mapping.kind() == Mapping.Kind.ANON_INODE) {
                assertThatThrownBy(() -> MapFiles.of(child.maps()).open(mapping))
                        .as(made.label())
                        .isInstanceOf(NotSupportedException.class)
                        .hasMessageContaining("cannot be opened");
            }
        }
        assertThat(exact).isGreaterThan(10);
    }

    /** While nothing changes, a list and single reads agree for every combination of fields. */
    @Test
    void listEqualsSingleReads() throws Exception {
        MapFiles files = MapFiles.of(child.maps());
        MapFilesEntries listed = new MapFilesEntries();
        MapSnapshot snapshot = new MapSnapshot();
        for (int bits = 1; bits < 1 << MapFilesEntries.Field.values().length; bits++) {
            Set<MapFilesEntries.Field> parts = EnumSet.noneOf(MapFilesEntries.Field.class);
            for (MapFilesEntries.Field part : MapFilesEntries.Field.values()) {
                if ((bits & 1 << part.ordinal()) != 0) {
                    parts.add(part);
                }
            }
            files.list(snapshot, listed, parts);
            files.readAll(snapshot, entries, parts);
            assertThat(listed.count()).isEqualTo(snapshot.size()).isEqualTo(entries.count());
            while (listed.next() && entries.next()) {
                String what = parts + " " + entries;
                assertThat(listed.start()).isEqualTo(entries.start());
                if (entries.targetStatus() != FieldStatus.NAME_TOO_LONG) { // the text has it nevertheless
                    assertThat(listed).asString().as(what).isEqualTo(entries.toString());
                    assertThat(listed.targetStatus()).as(what).isEqualTo(entries.targetStatus());
                }
                assertThat(listed.statStatus()).as(what).isEqualTo(entries.statStatus());
                if (listed.targetStatus() == FieldStatus.KNOWN
                        && parts.contains(MapFilesEntries.Field.TARGET)
                        && entries.targetStatus() == FieldStatus.KNOWN) {
                    assertThat(listed.target()).as(what).isEqualTo(entries.target());
                }
                if (listed.statStatus() == FieldStatus.KNOWN) {
                    assertThat(List.of(
                                    listed.inode(), listed.fileSize(), (long) listed.nlink(), listed.modifiedSeconds()))
                            .as(what)
                            .isEqualTo(List.of(
                                    entries.inode(),
                                    entries.fileSize(),
                                    (long) entries.nlink(),
                                    entries.modifiedSeconds()));
                }
            }
        }
    }

    @Test
    void stateIsNotInferredFromTheName() throws Exception {
        Assume.followingEntries();
        MapSnapshot snapshot = child.maps().snapshot();
        for (SpecialMappingsProcess.Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            if (mapping.isFileBacked() && made.kind() == Mapping.Kind.FILE && mapping.nameLength() < 4096) {
                FileState state = MapFiles.of(child.maps()).state(mapping);
                assertThat(state != FileState.PRESENT)
                        .as(made.label() + " " + state)
                        .isEqualTo(made.isDeleted());
            }
        }
    }

    @Test
    void statusEqualsThatOfJava() throws Exception {
        Assume.followingEntries();
        MapCursor mapping = at(child.maps().snapshot(), child.made("plain"));
        assertThat(MapFiles.of(child.maps()).read(mapping, entries)).isTrue();
        Path path = Path.of(mapping.name());
        Map<String, Object> seen = Files.readAttributes(path, "unix:*");
        FileTime modified = (FileTime) seen.get("lastModifiedTime");
        FileTime changed = (FileTime) seen.get("ctime");
        assertThat(entries.inode()).isEqualTo(seen.get("ino"));
        assertThat(entries.fileSize()).isEqualTo(seen.get("size"));
        assertThat(entries.mode()).isEqualTo(seen.get("mode"));
        assertThat(entries.nlink()).isEqualTo(seen.get("nlink"));
        assertThat(entries.uid()).isEqualTo(seen.get("uid"));
        assertThat(entries.gid()).isEqualTo(seen.get("gid"));
        assertThat(Instant.ofEpochSecond(entries.modifiedSeconds(), entries.modifiedNanos()))
                .isEqualTo(modified.toInstant());
        assertThat(Instant.ofEpochSecond(entries.changedSeconds(), entries.changedNanos()))
                .isEqualTo(changed.toInstant());
        assertThat((long) entries.deviceMajor() << 8 | entries.deviceMinor())
                .as("of small numbers")
                .isEqualTo(seen.get("dev"));
        assertThat(entries.blocks()).isBetween(0L, entries.fileSize() / 512);
        assertThat(entries.isDevice()).isFalse();
        try (MappedFile file = MapFiles.of(child.maps()).open(mapping)) {
            assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + file.descriptor())))
                    .contains("mnt_id:\t" + entries.mountId());
        }
        assertThat(MapFiles.of(child.maps()).read(at(child.maps().snapshot(), child.made("dev-zero")), entries))
                .isTrue();
        assertThat(entries.isDevice()).isTrue();
    }

    /** The process has a write lease on the file; any open(2) breaks it. */
    @Test
    void leaseIsReported() throws Exception {
        child.command("lease plain");
        MapCursor mapping = at(child.maps().snapshot(), child.made("plain"));
        assertThatThrownBy(() -> MapFiles.of(child.maps()).open(mapping))
                .isInstanceOf(PermissionDeniedException.class)
                .hasMessageContaining("lease")
                .hasMessageContaining("try again")
                .extracting(denied -> ((PermissionDeniedException) denied).reasons())
                .asString()
                .isEqualTo("[LEASE]");
    }

    /** One range is unmapped, another is of another file: these two entries are stale, and the others are not. */
    @Test
    void staleEntriesAreReportedOneByOne() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor unmapped = at(snapshot, child.made("plain"));
        MapCursor remapped = at(snapshot, child.made("spaces"));
        child.command("unmap plain");
        child.command("remap spaces");
        for (MapCursor stale : List.of(unmapped, remapped)) {
            assertThatThrownBy(() -> MapFiles.of(child.maps()).read(stale, entries))
                    .isInstanceOf(StaleMappingException.class);
            assertThatThrownBy(() -> MapFiles.of(child.maps()).open(stale)).isInstanceOf(StaleMappingException.class);
            assertThatThrownBy(() -> MapFiles.of(child.maps()).state(stale)).isInstanceOf(StaleMappingException.class);
            assertThatThrownBy(() -> MapFiles.of(child.maps()).quickVerify(stale))
                    .isInstanceOf(StaleMappingException.class);
        }
        MapFiles.of(child.maps()).readAll(snapshot, entries);
        while (entries.next()) {
            boolean stale = entries.start() == unmapped.start() || entries.start() == remapped.start();
            assertThat(entries.targetStatus() == FieldStatus.STALE)
                    .as(Long.toHexString(entries.start()))
                    .isEqualTo(stale);
        }
    }

    @Test
    void onlyTheExactRangeIsFound() throws Exception {
        SpecialMappingsProcess.Made made = child.made("plain");
        MapFiles files = MapFiles.of(child.maps());
        long start = made.line().start();
        long end = made.line().end();
        assertThat(files.read(start, end, entries)).isTrue();
        assertThat(entries.start()).isEqualTo(start);
        assertThat(entries.count()).isEqualTo(1);
        assertThat(files.read(start, end + 4096, entries)).as("more").isFalse();
        assertThat(files.read(start + 1, end, entries)).as("not aligned").isFalse();
        assertThat(files.read(0, 4096, entries)).as("nothing there").isFalse();
        assertThat(files.read(-1, -2, entries)).as("absurd").isFalse();
    }

    @Test
    void eachFileHasOneEntry() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapFiles.of(child.maps()).readEachFile(snapshot, entries, EnumSet.of(MapFilesEntries.Field.TARGET));
        assertThat(entries.count()).isEqualTo(snapshot.fileCount());
        for (int file = 0; entries.next(); file++) {
            assertThat(entries.fileIndex()).isEqualTo(file);
            assertThat(snapshot.cursor().seek(entries.mappingIndex()).start()).isEqualTo(entries.start());
        }
    }

    @Test
    void unmappedMappingIsStale() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = snapshot.cursor();
        do { // the program itself, because a new process loads it at another address
            assertThat(mapping.next()).isTrue();
        } while (mapping.name() == null || !mapping.name().endsWith("/special_process"));
        child.exec();
        assertThatThrownBy(() ->
                        MapFiles.of(child.maps()).read(mapping, entries, EnumSet.of(MapFilesEntries.Field.TARGET)))
                .isInstanceOf(StaleMappingException.class)
                .hasMessageContaining("read a new snapshot");
        assertThatThrownBy(() -> MapFiles.of(child.maps()).open(mapping)).isInstanceOf(StaleMappingException.class);
        assertThatThrownBy(() -> MapFiles.of(child.maps()).state(mapping)).isInstanceOf(StaleMappingException.class);
        MapFiles.of(child.maps()).readAll(snapshot, entries);
        int stale = 0;
        while (entries.next()) {
            stale += entries.targetStatus() == FieldStatus.STALE ? 1 : 0;
        }
        assertThat(stale).as("others were made again as they were").isBetween(1, entries.count() - 1);
    }

    @Test
    void exitedProcessIsAnException() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = at(snapshot, child.made("plain"));
        MapFiles files = MapFiles.of(child.maps());
        files.readAll(snapshot, entries);
        Children.kill(child.pid());
        Children.await("it has exited", () -> Children.state(child.pid()) == 'X' || Children.state(child.pid()) == 'Z');
        assertThatThrownBy(() -> files.readAll(snapshot, entries)).isInstanceOf(ProcessExitedException.class);
        assertThatThrownBy(() -> files.read(mapping, entries)).isInstanceOf(ProcessExitedException.class);
        assertThatThrownBy(() -> files.open(mapping)).isInstanceOf(ProcessExitedException.class);
        assertThat(entries.count()).isZero();
        assertThatThrownBy(entries::start)
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("there is no current entry: fill this, then call next()");
    }

    @Test
    void fieldsThatAreNotRequestedAreUnknown() throws Exception {
        MapCursor mapping = at(child.maps().snapshot(), child.made("plain"));
        MapFiles.of(child.maps()).read(mapping, entries, EnumSet.of(MapFilesEntries.Field.TARGET));
        assertThat(entries.statStatus()).isEqualTo(FieldStatus.NOT_REQUESTED);
        assertThat(entries.target()).endsWith("plain");
        assertThatThrownBy(entries::fileSize)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("NOT_REQUESTED");
        assertThatThrownBy(entries::isOpenForReading)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("NOT_REQUESTED");
        MapFiles.of(child.maps()).read(mapping, entries, EnumSet.of(MapFilesEntries.Field.ACCESS));
        assertThat(entries.isOpenForReading()).isTrue();
        assertThatThrownBy(entries::target)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("NOT_REQUESTED");
        assertThatThrownBy(() ->
                        MapFiles.of(child.maps()).read(mapping, entries, EnumSet.noneOf(MapFilesEntries.Field.class)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void misuseThrows() throws Exception {
        MapSnapshot own = ProcessMaps.self().snapshot();
        MapFiles files = MapFiles.of(child.maps());
        assertThatThrownBy(() -> files.readAll(own, entries))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not of this process");
        assertThatThrownBy(() -> files.readAll(new MapSnapshot(), entries))
                .isInstanceOf(IllegalArgumentException.class);
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = at(snapshot, child.made("plain"));
        files.read(mapping, entries);
        assertThatThrownBy(() -> entries.target(new byte[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> entries.target(new byte[300], -1)).isInstanceOf(IndexOutOfBoundsException.class);
        child.maps().close();
        assertThatThrownBy(() -> files.read(mapping, entries)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> files.open(mapping)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(files::listDenial).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void imagesWithoutAFileAreReadFromMemory() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = snapshot.cursor();
        do {
            assertThat(mapping.next()).isTrue();
        } while (mapping.kind() != Mapping.Kind.VDSO);
        byte[] image = new byte[(int) mapping.size()];
        assertThat(child.maps().readMemory(mapping.start(), image, 0, image.length))
                .isEqualTo(image.length);
        assertThat(ByteBuffer.wrap(image).getInt()).as("ELF").isEqualTo(0x7f454c46);
        assertThat(child.maps().readMemory(0, image, 0, 1)).isEqualTo(-1);
        assertThat(child.maps().readMemory(-1, image, 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> child.maps().readMemory(0, image, image.length, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
