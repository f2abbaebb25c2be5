package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the entries of map_files say, for every odd mapping there is. */
class MapFilesTest {
    @RegisterExtension final OddProcess child = OddProcess.full();

    private final FileEntries entries = new FileEntries();

    /** Following entries takes a capability; a test that needs it says so. */
    static void assumeFollowing() {
        assumeTrue(MapFiles.refusalToFollow().isEmpty(), "takes CAP_CHECKPOINT_RESTORE: run as root");
    }

    private static MapCursor at(MapSnapshot snapshot, OddProcess.Made made) {
        return snapshot.cursor().seek(snapshot.find(made.line().start()));
    }

    @Test
    void theEntriesAreThoseOfTheKernelsDirectory() throws Exception {
        child.maps().files().readAll(child.maps().snapshot(), entries);
        Set<String> listed = new HashSet<>();
        try (DirectoryStream<Path> directory = Files.newDirectoryStream(Path.of("/proc/" + child.pid() + "/map_files"))) {
            directory.forEach(entry -> listed.add(entry.getFileName().toString()));
        }
        Set<String> read = new HashSet<>();
        while (entries.next()) {
            String name = Long.toHexString(entries.start()) + "-" + Long.toHexString(entries.end());
            read.add(name);
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(Path.of("/proc/" + child.pid() + "/map_files/" + name),
                    LinkOption.NOFOLLOW_LINKS);
            assertThat(PosixFilePermissions.toString(mode)).as(name)
                    .startsWith((entries.isOpenForReading() ? "r" : "-") + (entries.isOpenForWriting() ? "w" : "-"));
        }
        assertThat(read).isEqualTo(listed).isNotEmpty();
        assertThat(entries.next()).isFalse();
    }

    @Test
    void eachIsTheOneOfItsMapping() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        for (OddProcess.Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            boolean has = child.maps().files().read(mapping, entries);
            assertThat(has).as(made.label()).isEqualTo(mapping.isFileBacked());
            if (!has) {
                continue;
            }
            if (mapping.nameLength() >= 4096) {
                assertThat(entries.linkStatus()).isEqualTo(EntryStatus.NAME_TOO_LONG);
                assertThatThrownBy(entries::targetLength).isInstanceOf(IllegalStateException.class).hasMessageContaining("NAME_TOO");
                assertThat(entries.accessStatus()).as("each part by itself").isEqualTo(EntryStatus.KNOWN);
                assertThat(entries.isOpenForWriting()).isTrue();
            } else if (mapping.deletion() != Deletion.NOT_KNOWN) {
                byte[] target = new byte[4096];
                byte[] name = new byte[4096];
                assertThat(entries.target(target, 0)).as(made.label()).isEqualTo(mapping.name(name, 0));
                assertThat(target).isEqualTo(name);
            }
            assertThat(entries.statStatus()).isEqualTo(
                    MapFiles.refusalToFollow().isEmpty() ? EntryStatus.KNOWN : EntryStatus.REFUSED);
            if (entries.statStatus() == EntryStatus.KNOWN) {
                if (made.isInodeKnown()) {
                    assertThat(entries.inode()).as(made.label()).isEqualTo(made.line().inode());
                }
                if (entries.linkStatus() == EntryStatus.KNOWN && made.isDeleted() && made.kind() == MappingKind.FILE) {
                    assertThat(entries.deletion() == Deletion.DELETED || entries.nlink() > 0).as(made.label()).isTrue();
                }
            }
        }
    }

    /** A list promises nothing that opening does not keep: files of the kernel's own file systems often cannot be opened. */
    @Test
    void whatIsExactAtAGlanceOpens() throws Exception {
        assumeFollowing();
        MapSnapshot snapshot = child.maps().snapshot();
        int exact = 0;
        for (OddProcess.Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            if (!mapping.isFileBacked()) {
                continue;
            }
            Proof glance = child.maps().files().glance(mapping);
            if (glance == Proof.EXACT) {
                exact++;
                try (MappedFile file = child.maps().files().open(mapping)) {
                    assertThat(file.proof()).as(made.label()).isEqualTo(Proof.EXACT);
                }
            } else if (mapping.kind() == MappingKind.OTHER || mapping.kind() == MappingKind.ANON_INODE) {
                assertThatThrownBy(() -> child.maps().files().open(mapping)).as(made.label())
                        .isInstanceOf(NotSupportedException.class).hasMessageContaining("cannot be opened");
            }
        }
        assertThat(exact).isGreaterThan(10);
    }

    /** The list says of each entry what reading it says, for every combination of parts, while nothing changes. */
    @Test
    void theListIsWhatTheEntriesSay() throws Exception {
        MapFiles files = child.maps().files();
        FileEntries listed = new FileEntries();
        MapSnapshot snapshot = new MapSnapshot();
        for (int bits = 1; bits < 1 << EntryPart.values().length; bits++) {
            Set<EntryPart> parts = EnumSet.noneOf(EntryPart.class);
            for (EntryPart part : EntryPart.values()) {
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
                if (entries.linkStatus() != EntryStatus.NAME_TOO_LONG) { // which the text tells all the same
                    assertThat(listed).asString().as(what).isEqualTo(entries.toString());
                    assertThat(listed.linkStatus()).as(what).isEqualTo(entries.linkStatus());
                }
                assertThat(listed.statStatus()).as(what).isEqualTo(entries.statStatus());
                if (listed.linkStatus() == EntryStatus.KNOWN && parts.contains(EntryPart.TARGET)
                        && entries.linkStatus() == EntryStatus.KNOWN) {
                    assertThat(listed.target()).as(what).isEqualTo(entries.target());
                    assertThat(listed.deletion()).as(what).isEqualTo(entries.deletion());
                }
                if (listed.statStatus() == EntryStatus.KNOWN) {
                    assertThat(List.of(listed.inode(), listed.size(), (long) listed.nlink(), listed.modifiedSeconds())).as(what)
                            .isEqualTo(List.of(entries.inode(), entries.size(), (long) entries.nlink(), entries.modifiedSeconds()));
                }
            }
        }
    }

    @Test
    void theStateOfAFileIsNotTakenFromItsName() throws Exception {
        assumeFollowing();
        MapSnapshot snapshot = child.maps().snapshot();
        for (OddProcess.Made made : child.made()) {
            MapCursor mapping = at(snapshot, made);
            if (mapping.isFileBacked() && made.kind() == MappingKind.FILE && mapping.nameLength() < 4096) {
                FileState state = child.maps().files().state(mapping);
                assertThat(state != FileState.PRESENT).as(made.label() + " " + state).isEqualTo(made.isDeleted());
            }
        }
    }

    @Test
    void whatStatSaysIsWhatJavaSees() throws Exception {
        assumeFollowing();
        MapCursor mapping = at(child.maps().snapshot(), child.made("plain"));
        assertThat(child.maps().files().read(mapping, entries)).isTrue();
        Path path = Path.of(mapping.name());
        Map<String, Object> seen = Files.readAttributes(path, "unix:*");
        FileTime modified = (FileTime) seen.get("lastModifiedTime");
        FileTime changed = (FileTime) seen.get("ctime");
        assertThat(entries.inode()).isEqualTo(seen.get("ino"));
        assertThat(entries.size()).isEqualTo(seen.get("size"));
        assertThat(entries.mode()).isEqualTo(seen.get("mode"));
        assertThat(entries.nlink()).isEqualTo(seen.get("nlink"));
        assertThat(entries.uid()).isEqualTo(seen.get("uid"));
        assertThat(entries.gid()).isEqualTo(seen.get("gid"));
        assertThat(Instant.ofEpochSecond(entries.modifiedSeconds(), entries.modifiedNanos())).isEqualTo(modified.toInstant());
        assertThat(Instant.ofEpochSecond(entries.changedSeconds(), entries.changedNanos())).isEqualTo(changed.toInstant());
        assertThat((long) entries.deviceMajor() << 8 | entries.deviceMinor()).as("of small numbers").isEqualTo(seen.get("dev"));
        assertThat(entries.blocks()).isBetween(0L, entries.size() / 512);
        assertThat(entries.isDevice()).isFalse();
        try (MappedFile file = child.maps().files().open(mapping)) {
            assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + file.descriptor())))
                    .contains("mnt_id:\t" + entries.mountId());
        }
        assertThat(child.maps().files().read(at(child.maps().snapshot(), child.made("dev-zero")), entries)).isTrue();
        assertThat(entries.isDevice()).isTrue();
    }

    /** A writer's lease on the file, which the kernel asks back on any open(2). */
    @Test
    void aLeaseIsReportedAsSuch() throws Exception {
        child.tell("lease plain");
        MapCursor mapping = at(child.maps().snapshot(), child.made("plain"));
        assertThatThrownBy(() -> child.maps().files().open(mapping)).isInstanceOf(AccessRefusedException.class)
                .hasMessageContaining("lease").hasMessageContaining("try again")
                .extracting(denied -> ((AccessRefusedException) denied).reasons()).asString().isEqualTo("[LEASE]");
    }

    /** One range unmapped, another one of another file by now: they are stale, and nothing else is. */
    @Test
    void whatIsStaleIsSaidOfEachEntryAlone() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor unmapped = at(snapshot, child.made("plain"));
        MapCursor remapped = at(snapshot, child.made("spaces"));
        child.tell("unmap plain");
        child.tell("remap spaces");
        for (MapCursor gone : List.of(unmapped, remapped)) {
            assertThatThrownBy(() -> child.maps().files().read(gone, entries)).isInstanceOf(StaleMappingException.class);
            assertThatThrownBy(() -> child.maps().files().open(gone)).isInstanceOf(StaleMappingException.class);
            assertThatThrownBy(() -> child.maps().files().state(gone)).isInstanceOf(StaleMappingException.class);
            assertThatThrownBy(() -> child.maps().files().glance(gone)).isInstanceOf(StaleMappingException.class);
        }
        child.maps().files().readAll(snapshot, entries);
        while (entries.next()) {
            boolean gone = entries.start() == unmapped.start() || entries.start() == remapped.start();
            assertThat(entries.linkStatus() == EntryStatus.STALE).as(Long.toHexString(entries.start())).isEqualTo(gone);
        }
    }

    @Test
    void oneExactRangeIsFoundAndNoOther() throws Exception {
        OddProcess.Made made = child.made("plain");
        MapFiles files = child.maps().files();
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
    void oneEntryForEachFile() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        child.maps().files().readEachFile(snapshot, entries, EnumSet.of(EntryPart.TARGET));
        assertThat(entries.count()).isEqualTo(snapshot.fileCount());
        for (int file = 0; entries.next(); file++) {
            assertThat(entries.fileIndex()).isEqualTo(file);
            assertThat(snapshot.cursor().seek(entries.mapping()).start()).isEqualTo(entries.start());
        }
    }

    @Test
    void aMappingThatIsGoneIsStale() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = snapshot.cursor();
        do { // the program itself: a new one is loaded elsewhere
            assertThat(mapping.next()).isTrue();
        } while (mapping.name() == null || !mapping.name().endsWith("/odd_process"));
        child.exec();
        assertThatThrownBy(() -> child.maps().files().read(mapping, entries, EnumSet.of(EntryPart.TARGET))).isInstanceOf(StaleMappingException.class)
                .hasMessageContaining("read a new snapshot");
        assertThatThrownBy(() -> child.maps().files().open(mapping)).isInstanceOf(StaleMappingException.class);
        assertThatThrownBy(() -> child.maps().files().state(mapping)).isInstanceOf(StaleMappingException.class);
        child.maps().files().readAll(snapshot, entries);
        int stale = 0;
        while (entries.next()) {
            stale += entries.linkStatus() == EntryStatus.STALE ? 1 : 0;
        }
        assertThat(stale).as("others were made again as they were").isBetween(1, entries.count() - 1);
    }

    @Test
    void aProcessThatEndedIsGone() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = at(snapshot, child.made("plain"));
        MapFiles files = child.maps().files();
        files.readAll(snapshot, entries);
        Children.kill(child.pid());
        Children.await("it is gone", () -> Children.state(child.pid()) == 'X' || Children.state(child.pid()) == 'Z');
        assertThatThrownBy(() -> files.readAll(snapshot, entries)).isInstanceOf(ProcessGoneException.class);
        assertThatThrownBy(() -> files.read(mapping, entries)).isInstanceOf(ProcessGoneException.class);
        assertThatThrownBy(() -> files.open(mapping)).isInstanceOf(ProcessGoneException.class);
        assertThat(entries.count()).isZero();
        assertThatThrownBy(entries::start).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void whatIsNotAskedForIsNotKnown() throws Exception {
        MapCursor mapping = at(child.maps().snapshot(), child.made("plain"));
        child.maps().files().read(mapping, entries, EnumSet.of(EntryPart.TARGET));
        assertThat(entries.statStatus()).isEqualTo(EntryStatus.NOT_ASKED);
        assertThat(entries.target()).endsWith("plain");
        assertThatThrownBy(entries::size).isInstanceOf(IllegalStateException.class).hasMessageContaining("NOT_ASKED");
        assertThatThrownBy(entries::isOpenForReading).isInstanceOf(IllegalStateException.class).hasMessageContaining("NOT_ASKED");
        child.maps().files().read(mapping, entries, EnumSet.of(EntryPart.ACCESS));
        assertThat(entries.isOpenForReading()).isTrue();
        assertThatThrownBy(entries::target).isInstanceOf(IllegalStateException.class).hasMessageContaining("NOT_ASKED");
        assertThatThrownBy(entries::deletion).isInstanceOf(IllegalStateException.class).hasMessageContaining("NOT_ASKED");
        assertThatThrownBy(() -> child.maps().files().read(mapping, entries, EnumSet.noneOf(EntryPart.class)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void misuseIsRefused() throws Exception {
        MapSnapshot own = ProcessMaps.self().snapshot();
        MapFiles files = child.maps().files();
        assertThatThrownBy(() -> files.readAll(own, entries)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not of this process");
        assertThatThrownBy(() -> files.readAll(new MapSnapshot(), entries)).isInstanceOf(IllegalArgumentException.class);
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = at(snapshot, child.made("plain"));
        files.read(mapping, entries);
        assertThatThrownBy(() -> entries.target(new byte[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> entries.target(new byte[300], -1)).isInstanceOf(IndexOutOfBoundsException.class);
        child.maps().close();
        assertThatThrownBy(() -> files.read(mapping, entries)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> files.open(mapping)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(files::refusalToList).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void imagesWithoutAFileAreReadFromMemory() throws Exception {
        MapSnapshot snapshot = child.maps().snapshot();
        MapCursor mapping = snapshot.cursor();
        do {
            assertThat(mapping.next()).isTrue();
        } while (mapping.kind() != MappingKind.VDSO);
        byte[] image = new byte[(int) mapping.size()];
        assertThat(child.maps().readMemory(mapping.start(), image, 0, image.length)).isEqualTo(image.length);
        assertThat(ByteBuffer.wrap(image).getInt()).as("ELF").isEqualTo(0x7f454c46);
        assertThat(child.maps().readMemory(0, image, 0, 1)).isEqualTo(-1);
        assertThat(child.maps().readMemory(-1, image, 0, 1)).isEqualTo(-1);
        assertThatThrownBy(() -> child.maps().readMemory(0, image, image.length, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
