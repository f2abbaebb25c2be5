package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.Mapping;
import org.mapfiles.MapsException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.files.MapFiles.FileState;
import org.mapfiles.files.MappedFile.Verification;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.Children;

/** The opened file is the mapped one, or opening fails, whatever is at its path. */
class MappedFileTest {
    private static final int SIZE = 3 * 4096 + 100;

    @TempDir
    Path directory;

    private ProcessMaps maps;
    private Path path;
    private MappedByteBuffer mapped;

    @BeforeEach
    void map() throws IOException {
        maps = ProcessMaps.self();
        path = directory.toRealPath().resolve("mapped file");
        Files.write(path, filled('A'));
        mapped = map(MapMode.READ_ONLY, StandardOpenOption.READ);
    }

    @AfterEach
    void close() {
        maps.close();
    }

    private MappedByteBuffer map(MapMode mode, StandardOpenOption... options) throws IOException {
        try (FileChannel channel = FileChannel.open(path, options)) {
            return channel.map(mode, 0, SIZE);
        }
    }

    private static byte[] filled(char letter) {
        byte[] bytes = new byte[SIZE];
        Arrays.fill(bytes, (byte) letter);
        return bytes;
    }

    private MapCursor mapping() throws MapsException {
        MapCursor mapping = maps.snapshot().cursor();
        while (mapping.next()) {
            if (mapping.name() != null && mapping.name().startsWith(path.toString())) {
                return mapping;
            }
        }
        throw new AssertionError(path + " is not mapped");
    }

    private static byte[] content(MappedFile file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) file.channel().size());
        while (bytes.hasRemaining() && file.channel().read(bytes, bytes.position()) > 0) {
            continue;
        }
        return bytes.array();
    }

    @Test
    void deletedFileIsReadByteForByte() throws Exception {
        Assume.followingEntries();
        Files.delete(path);
        try (MappedFile file = MapFiles.of(maps).open(mapping())) {
            assertThat(content(file)).isEqualTo(filled('A'));
            assertThat(file.verification()).isNotEqualTo(Verification.NOT_VERIFIED);
            assertThat(file.verify()).isNotEqualTo(Verification.NOT_VERIFIED);
        }
        assertThat(MapFiles.of(maps).state(mapping())).isEqualTo(FileState.DELETED);
    }

    @Test
    void anotherFileAtThePathIsNotOpened() throws Exception {
        Path other = directory.resolve("other");
        Files.write(other, filled('X'));
        Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> MapFiles.of(maps).openByPath(mapping()))
                .isInstanceOf(
                        MapFiles.followDenial().isEmpty()
                                ? NotVerifiedException.class
                                : PermissionDeniedException.class)
                .hasMessageContaining("another file is at the path");
        if (MapFiles.followDenial().isEmpty()) {
            try (MappedFile file = MapFiles.of(maps).open(mapping())) {
                assertThat(content(file)).isEqualTo(filled('A'));
            }
        }
    }

    @Test
    void fileOpenedByPathIsVerified() throws Exception {
        try (MappedFile file = MapFiles.of(maps).openByPath(mapping())) {
            assertThat(file.verification()).isIn(Verification.SAME_INODE, Verification.SAME_BYTES);
            assertThat(content(file)).isEqualTo(filled('A'));
        }
    }

    @Test
    void processCanMapMemoryOfAnother() throws Exception {
        Assume.followingEntries();
        MappedByteBuffer shared = map(MapMode.READ_WRITE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Files.delete(path);
        try (MappedFile file = MapFiles.of(maps).openForWriting(writable())) {
            MappedByteBuffer again = file.channel().map(MapMode.READ_WRITE, 0, SIZE);
            again.put(17, (byte) 'W');
            assertThat(shared.get(17)).isEqualTo((byte) 'W');
            shared.put(18, (byte) 'V');
            assertThat(again.get(18)).isEqualTo((byte) 'V');
        }
    }

    private MapCursor writable() throws MapsException {
        MapCursor mapping = maps.snapshot(MapFilter.all().writable().shared()).cursor();
        do {
            assertThat(mapping.next()).isTrue();
        } while (!mapping.name().startsWith(path.toString()));
        return mapping;
    }

    @Test
    void readOnlyFileIsNotOpenedForWriting() throws Exception {
        assertThat(mapped.get(0)).isEqualTo((byte) 'A');
        MapCursor mapping = mapping();
        MapFilesEntries entry = new MapFilesEntries();
        MapFiles.of(maps).read(mapping, entry);
        if (entry.isOpenForWriting()) {
            return; // the range had another file before, and the kernel still reports the access mode of that file
        }
        assertThatThrownBy(() -> MapFiles.of(maps).openForWriting(mapping))
                .isInstanceOfSatisfying(
                        PermissionDeniedException.class,
                        e -> assertThat(e.reasons()).containsExactly(PermissionDeniedException.Reason.READ_ONLY));
        try (MappedFile file = MapFiles.of(maps).open(mapping)) {
            assertThatThrownBy(() -> file.channel().write(ByteBuffer.allocate(1)))
                    .isInstanceOf(NonWritableChannelException.class);
        }
    }

    @Test
    void descriptorIsClosedOnExecAndOnClose() throws Exception {
        MappedFile file = MapFiles.of(maps).open(mapping());
        FileChannel channel = file.channel();
        Path link = Path.of("/proc/self/fd/" + file.descriptor());
        assertThat(file.channel()).isSameAs(channel);
        assertThat(Files.readSymbolicLink(link)).isEqualTo(path);
        assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + file.descriptor())))
                .containsPattern("flags:\\s0?2[0-7]{6}\n");
        file.close();
        file.close();
        assertThatThrownBy(file::descriptor).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(file::verify).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(file::channel).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void garbageCollectorClosesUnreachableFiles() throws Exception {
        for (int i = 0; i < 10; i++) {
            MapFiles.of(maps).open(mapping()).channel();
        }
        Children.await("the collector closes them", () -> {
            System.gc();
            return descriptors(path.toString()) == 0;
        });
    }

    @Test
    void noDescriptorIsLeft() throws Exception {
        MapCursor mapping = mapping();
        MapFilesEntries entries = new MapFilesEntries();
        MapFiles.of(maps).read(mapping, entries);
        long before = descriptors();
        for (int round = 0; round < 2_000; round++) {
            MapFiles.of(maps).open(mapping).close();
            try (MappedFile file = MapFiles.of(maps).open(mapping)) {
                assertThat(file.channel().size()).isEqualTo(SIZE);
            }
            MapFiles.of(maps).openByPath(mapping).close();
            MapFiles.of(maps).state(mapping);
            assertThatThrownBy(() -> MapFiles.of(maps).open(withoutAFile()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(descriptors())
                .as("the collector may close those of earlier tests")
                .isLessThanOrEqualTo(before);
    }

    private MapCursor anonymous;

    private MapCursor withoutAFile() throws MapsException {
        if (anonymous == null) {
            anonymous = maps.snapshot().cursor();
            do {
                assertThat(anonymous.next()).isTrue();
            } while (anonymous.kind() != Mapping.Kind.STACK);
        }
        return anonymous;
    }

    /** Counts descriptors of the file and of those that open() uses: threads of the JVM open and close others. */
    private long descriptors() throws IOException {
        return descriptors(path.toString()) + descriptors("/dev/null$") + descriptors("/$");
    }

    /** @param beginning of a path; "$" is its end */
    private static long descriptors(String beginning) throws IOException {
        try (var links = Files.list(Path.of("/proc/self/fd"))) {
            return links.filter(link -> {
                        try {
                            return (Files.readSymbolicLink(link) + "$").startsWith(beginning);
                        } catch (IOException closedMeanwhile) {
                            return false;
                        }
                    })
                    .count();
        }
    }
}
