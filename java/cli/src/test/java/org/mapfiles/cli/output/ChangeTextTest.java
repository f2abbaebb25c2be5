package org.mapfiles.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.ImmutableMapping;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.timeline.MapChange;

/** The lines of {@code mapfiles watch}. */
class ChangeTextTest {
    private static final String PATH = "/srv/a-directory/with-a-long-name/that-fits-no-line/library.so";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private static ImmutableMapping mapping(String permissions, String device, int inode, String path)
            throws Exception {
        String line = "7f0000001000-7f0000003000 " + permissions + " 00000000 " + device + " " + inode + " ";
        String text = (path.isEmpty() ? line : line + " ".repeat(73 - line.length()) + path) + "\n";
        return MapSnapshot.ofText(text.getBytes(StandardCharsets.US_ASCII), MapFilter.all()).stream()
                .findFirst()
                .orElseThrow();
    }

    private static MapChange changed(ImmutableMapping before, ImmutableMapping now) {
        return new MapChange(MapChange.Kind.CHANGED, now, before, false, 1, 2, true);
    }

    private List<String> lines(Terminal terminal, int pid, MapChange... changes) throws Exception {
        ChangeText text = new ChangeText(terminal, pid, true, false);
        for (MapChange change : changes) {
            text.print(change, 0);
        }
        text.flush();
        terminal.flush();
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private Terminal pipe() {
        return new Terminal(InputStream.nullInputStream(), out, new ByteArrayOutputStream(), false);
    }

    private Terminal terminal(int width) {
        return new Terminal(InputStream.nullInputStream(), out, new ByteArrayOutputStream(), width);
    }

    @Test
    void anotherFileOfTheSameNameIsNamedSo() throws Exception {
        ImmutableMapping before = mapping("r-xp", "fe:00", 7, PATH);
        assertThat(lines(
                        pipe(),
                        0,
                        changed(before, mapping("r-xp", "fe:00", 8, PATH)),
                        changed(before, mapping("r-xp", "fe:01", 7, PATH))))
                .hasSize(2)
                .allMatch(line ->
                        line.endsWith("r-xp  " + PATH + "  was 7f0000001000-7f0000003000  r-xp  of another file"));
    }

    @Test
    void theSameFileIsNotAnotherOne() throws Exception {
        ImmutableMapping before = mapping("r-xp", "fe:00", 7, PATH);
        assertThat(lines(pipe(), 0, changed(before, mapping("rw-p", "fe:00", 7, PATH))))
                .singleElement()
                .asString()
                .endsWith("  was 7f0000001000-7f0000003000  r-xp");
    }

    /** Memory that becomes the heap has another name, and nothing else has changed. */
    @Test
    void anotherNameIsPrinted() throws Exception {
        ImmutableMapping before = mapping("rw-p", "00:00", 0, "");
        assertThat(lines(pipe(), 0, changed(before, mapping("rw-p", "00:00", 0, "[heap]"))))
                .singleElement()
                .asString()
                .endsWith("rw-p  [heap]  was 7f0000001000-7f0000003000  rw-p  no name");
    }

    /** An event may contain no inode: the next poll finds it. */
    @Test
    void anUnknownInodeIsNoChange() throws Exception {
        ImmutableMapping before = mapping("r-xp", "00:00", 0, PATH);
        assertThat(lines(pipe(), 0, changed(before, mapping("r-xp", "fe:00", 7, PATH))))
                .isEmpty();
    }

    /** What does not fit one line is in a second one: the name and the state before are not cut. */
    @ParameterizedTest
    @ValueSource(ints = {40, 60, 80})
    void aNarrowTerminalHasTwoLines(int width) throws Exception {
        for (int pid : new int[] {0, 4711}) {
            out.reset();
            List<String> lines = lines(
                    terminal(width),
                    pid,
                    changed(mapping("rw-p", "fe:00", 7, PATH), mapping("r-xp", "fe:00", 8, PATH)),
                    new MapChange(MapChange.Kind.ADDED, mapping("r-xp", "00:00", 0, ""), null, true, 1, 2, true));
            String text = String.join("\n", lines);
            assertThat(lines).as(text).allMatch(line -> TextWidth.of(line) <= width);
            assertThat(text.replaceAll("\\s+", " "))
                    .contains("7f0000001000-7f0000003000 8K r-xp", "\u2026", "library.so was 8K rw-p of another file")
                    .endsWith("r-xp split");
        }
    }
}
