package org.mapfiles;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.MappingState;
import org.mapfiles.testing.MapsLine;

/** Other tools report the same mappings. */
class OtherToolsTest {
    private static final Pattern GDB =
            Pattern.compile("\\s*0x(\\w+)\\s+0x(\\w+)\\s+0x\\w+\\s+0x(\\w+)(?:\\s+[rwxsp-]{4})?\\s*(.*)");
    private static final Pattern PMAP =
            Pattern.compile("\\s*([0-9a-f]+) ([rwxsp-]{4}) +([0-9a-f]+) +(\\w+:\\w+) +(\\d+) +(\\d+) +(.*)");

    @RegisterExtension
    final Children children = new Children();

    private long pid;
    private List<MapsLine> mappings;

    @BeforeEach
    void read() throws Exception {
        Process sleeper = children.sleeper();
        pid = sleeper.pid();
        try (ProcessMaps maps = ProcessMaps.of(pid)) {
            mappings = MappingState.all(maps.snapshot()).stream()
                    .map(MappingState::line)
                    .collect(Collectors.toList());
        }
    }

    private List<Matcher> rows(Pattern row, String... command) throws IOException, InterruptedException {
        assumeTrue(Files.exists(Path.of("/usr/bin", command[0])), command[0] + " is not installed");
        Process peer = children.start(command);
        String output = new String(peer.getInputStream().readAllBytes(), ISO_8859_1);
        assertThat(peer.waitFor()).as(output).isZero();
        List<Matcher> rows = new ArrayList<>();
        for (String line : output.split("\n")) {
            Matcher matcher = row.matcher(line);
            if (matcher.matches()) {
                rows.add(matcher);
            }
        }
        assertThat(rows).as(output).hasSameSizeAs(mappings);
        return rows;
    }

    @Test
    void gdb() throws Exception {
        List<Matcher> rows =
                rows(GDB, "gdb", "-nx", "-batch", "-ex", "info proc mappings " + pid, "/proc/" + pid + "/exe");
        for (int i = 0; i < rows.size(); i++) {
            Matcher row = rows.get(i);
            MapsLine line = mappings.get(i);
            assertThat(List.of(
                            Long.parseUnsignedLong(row.group(1), 16),
                            Long.parseUnsignedLong(row.group(2), 16),
                            Long.parseUnsignedLong(row.group(3), 16),
                            row.group(4)))
                    .as(row.group())
                    .isEqualTo(List.of(line.start(), line.end(), line.offset(), line.name()));
        }
    }

    @Test
    void pmap() throws Exception {
        List<Matcher> rows = rows(PMAP, "pmap", "-X", Long.toString(pid));
        for (int i = 0; i < rows.size(); i++) {
            Matcher row = rows.get(i);
            MapsLine line = mappings.get(i);
            String device = String.format("%02x:%02x", line.major(), line.minor());
            assertThat(List.of(
                            Long.parseUnsignedLong(row.group(1), 16),
                            row.group(2),
                            Long.parseUnsignedLong(row.group(3), 16),
                            row.group(4),
                            Long.parseUnsignedLong(row.group(5)),
                            Long.parseLong(row.group(6)) << 10))
                    .as(row.group())
                    .isEqualTo(List.of(
                            line.start(),
                            line.permissions(),
                            line.offset(),
                            device,
                            line.inode(),
                            line.end() - line.start()));
            String shown = line.name().substring(line.name().lastIndexOf('/') + 1); // pmap prints the last component
            assertThat(row.group(7).strip()).as(row.group()).endsWith(shown);
        }
    }
}
