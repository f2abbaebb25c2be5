package org.mapfiles.saved;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

/** Text of maps and smaps in a file. */
class SavedMapsTest {
    private static final String LINE =
            "00400000-00401000 r-xp 00001000 fe:00 11                                 /app/x\n";
    private static final String NEXT = "00401000-00402000 rw-p 00000000 00:00 0 \n";

    @TempDir
    Path directory;

    private static SavedMaps read(String text) throws IOException {
        return SavedMaps.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Returns a file of /proc of a program that does not change meanwhile, as a JVM does. */
    private static byte[] ofCat(String file) throws IOException {
        Process cat = new ProcessBuilder("cat", "/proc/self/" + file).start();
        try (InputStream output = cat.getInputStream()) {
            return output.readAllBytes();
        }
    }

    private static List<String> lines(MapSnapshot snapshot) {
        return snapshot.stream().map(ImmutableMapping::toString).toList();
    }

    @Test
    void savedMapsAreThoseOfOfText() throws Exception {
        byte[] text = ofCat("maps");
        SavedMaps saved = SavedMaps.read(Files.write(directory.resolve("maps"), text));
        assertThat(saved.source()).isEqualTo(SavedMaps.Source.MAPS);
        assertThat(saved.problems()).isEmpty();
        assertThat(saved.pid()).isEmpty();
        assertThat(saved.crash()).isEmpty();
        assertThat(lines(saved.snapshot()))
                .isEqualTo(lines(MapSnapshot.ofText(text, MapFilter.all())))
                .hasSizeGreaterThan(10);
        assertThat(saved.permissions(saved.snapshot().cursor().seek(0))).matches("[r-][w-][x-][ps]");
    }

    @Test
    void smapsHasTheMappingsOfMaps() throws Exception {
        SavedMaps saved = SavedMaps.read(Files.write(directory.resolve("smaps"), ofCat("smaps")));
        assertThat(saved.source()).isEqualTo(SavedMaps.Source.SMAPS);
        assertThat(saved.problems()).isEmpty();
        String heads = new String(Files.readAllBytes(directory.resolve("smaps")), StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> line.matches("[0-9a-f]+-[0-9a-f]+ .*"))
                .map(line -> line + "\n")
                .reduce("", String::concat);
        assertThat(lines(saved.snapshot()))
                .isEqualTo(lines(MapSnapshot.ofText(heads.getBytes(StandardCharsets.ISO_8859_1), MapFilter.all())));
    }

    @Test
    void smapsRollupIsRejected() throws Exception {
        Path file = Files.write(directory.resolve("rollup"), Files.readAllBytes(Path.of("/proc/self/smaps_rollup")));
        assertThatThrownBy(() -> SavedMaps.read(file))
                .isInstanceOf(MalformedMapsException.class)
                .hasMessageContaining("smaps_rollup");
    }

    @Test
    void carriageReturnsAreRemovedIfEachLineHasOne() throws Exception {
        SavedMaps saved = read((LINE + NEXT).replace("\n", "\r\n"));
        assertThat(saved.problems()).isEmpty();
        assertThat(saved.snapshot().cursor().seek(0).name()).isEqualTo("/app/x");
        SavedMaps named = read(LINE.replace("\n", "\r\n") + NEXT);
        assertThat(named.snapshot().cursor().seek(0).name())
                .as("a name may end with it")
                .isEqualTo("/app/x\r");
        assertThat(read(LINE.replace("\n", "\r\n")).snapshot().cursor().seek(0).name())
                .as("each line may be a name")
                .isEqualTo("/app/x\r");
    }

    @Test
    void aLineWithoutNewlineIsNotUsed() throws Exception {
        SavedMaps saved = read(NEXT.replace("00401", "00301").replace("00402", "00302") + LINE.stripTrailing());
        assertThat(saved.snapshot().size()).isEqualTo(1);
        assertThat(saved.problems())
                .containsExactly(new SavedMaps.Problem(2, "has no newline at its end: the text is cut there"));
        assertThatThrownBy(() -> read(LINE.stripTrailing())).hasMessageContaining("line 1 has no newline");
    }

    /** NUL bytes in place of the end of a line join it with the next one: its name would have both. */
    @Test
    void aLineWithNulBytesIsNotUsed() throws Exception {
        SavedMaps saved = read(LINE.replace("x\n", "\0\0") + NEXT + NEXT.replace("0040", "0050"));
        assertThat(saved.snapshot().cursor().seek(0).start()).isEqualTo(0x501000);
        assertThat(saved.snapshot().size()).isEqualTo(1);
        assertThat(saved.problems())
                .containsExactly(new SavedMaps.Problem(
                        1, "has a NUL byte, which the kernel does not write: the text is damaged there"));
        assertThat(saved.mayLackMappings()).isTrue();
    }

    @Test
    void ofTextNamesTheReason() {
        for (String[] each : new String[][] {
            {LINE.stripTrailing(), "cut"},
            {NEXT.replace("\n", "\r\n"), "carriage return"},
            {LINE + "Rss:                 4 kB\n", "smaps"},
            {LINE + LINE, "begins before the end"},
            {LINE + NEXT.replace("\n", "\0\n"), "line 2 has a NUL byte"},
            {"frog\n", "is not a line"}
        }) {
            assertThatThrownBy(() -> MapSnapshot.ofText(each[0].getBytes(StandardCharsets.ISO_8859_1), MapFilter.all()))
                    .isInstanceOf(MalformedMapsException.class)
                    .hasMessageContaining(each[1])
                    .hasMessageStartingWith("line ");
        }
    }

    @Test
    void aFileWithoutNumbersIsAFile() throws Exception {
        MapSnapshot snapshot = read(LINE.replace("fe:00 11 ", "00:00 0  ")).snapshot();
        assertThat(snapshot.cursor().seek(0).isFileBacked()).isTrue();
        assertThat(snapshot.fileOffset(0x400123)).isEqualTo(0x1123);
    }

    @Test
    void aDamagedFirstLineIsLeftOut() throws Exception {
        SavedMaps saved = read("0-00400000 r--p\n" + LINE + NEXT);
        assertThat(saved.snapshot().size()).isEqualTo(2);
        assertThat(saved.problems()).extracting(SavedMaps.Problem::line).containsExactly(1L);
    }

    /** A file without an end, and without a newline. */
    @Test
    void anEndlessFileIsReadUpToAMaximum() {
        assertThatThrownBy(() -> SavedMaps.read(Path.of("/dev/zero"))).isInstanceOf(MalformedMapsException.class);
    }

    @Test
    void manyContradictionsAreFound() throws Exception {
        StringBuilder text = new StringBuilder("00100000-40000000 rw-p 00000000 00:00 0 \n");
        for (long i = 3000; i > 0; i--) {
            text.append(String.format("%08x-%08x rw-p 00000000 00:00 0 \n", i << 16, (i << 16) + 0x1000));
        }
        SavedMaps saved = read(text.toString());
        assertThat(saved.problemCount()).isEqualTo(3000);
        assertThat(saved.problems()).hasSize(1000);
        for (long i = 1; i <= 3000; i++) {
            assertThat(saved.isContradicted(i << 16)).isTrue();
            assertThat(saved.isContradicted((i << 16) + 0x1000)).isFalse();
        }
    }

    /** The content of a pipe can be read once. On JDK 17 some streams seek in it. */
    @Test
    void aPipeIsReadOnce() throws Exception {
        assertThat(lines(ofPipe(LINE + NEXT).snapshot()))
                .isEqualTo(lines(read(LINE + NEXT).snapshot()))
                .hasSize(2);
        assertThatThrownBy(() -> ofPipe("\u007fELF and more"))
                .isInstanceOf(MalformedMapsException.class)
                .hasMessageContaining("a core file cannot be read from a stream");
    }

    /** A stream of a file in /proc can only be read: seeking to its end fails. */
    @Test
    void aStreamOfAFileInProcIsRead() throws Exception {
        try (InputStream in = new FileInputStream("/proc/self/maps")) {
            assertThat(SavedMaps.read(in).snapshot().size()).isGreaterThan(10);
        }
    }

    private static SavedMaps ofPipe(String content) throws IOException {
        Process holder = new ProcessBuilder("sleep", "1000").start();
        try {
            try (OutputStream to = holder.getOutputStream()) {
                to.write(content.getBytes(StandardCharsets.ISO_8859_1));
            }
            return SavedMaps.read(Path.of("/proc/" + holder.pid() + "/fd/0"));
        } finally {
            holder.destroyForcibly();
        }
    }

    @Test
    void aDirectoryIsNamed() {
        assertThatThrownBy(() -> SavedMaps.read(Path.of("/tmp")))
                .isInstanceOf(FileSystemException.class)
                .hasMessage("/tmp: is a directory");
    }

    /** Random changes of a text: each result is a snapshot of whole lines of it, or the documented exception. */
    @Test
    void damagedTextHasOnlyMappingsOfItsLines() throws Exception {
        byte[] text = ofCat("maps");
        Random random = new Random(7);
        int readable = 0;
        for (int i = 0; i < 300; i++) {
            byte[] damaged = Arrays.copyOf(text, random.nextInt(text.length));
            for (int k = random.nextInt(20); k > 0 && damaged.length > 0; k--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            List<String> starts = new String(damaged, StandardCharsets.ISO_8859_1)
                    .lines()
                    .map(line -> line.split("-")[0])
                    .toList();
            try {
                SavedMaps saved = SavedMaps.read(new ByteArrayInputStream(damaged));
                readable++;
                assertThat(saved.snapshot().stream().map(mapping -> String.format("%08x", mapping.start())))
                        .isSubsetOf(starts);
            } catch (MalformedMapsException rejected) {
                assertThat(rejected.line()).isPositive();
            }
        }
        assertThat(readable).isGreaterThan(100);
    }
}
