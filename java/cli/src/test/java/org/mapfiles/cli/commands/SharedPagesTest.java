package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.MapAndWaitMain;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.cli.target.CommonPages;

/** How much of a private mapping is in common, and how much this process has copied. */
class SharedPagesTest {
    private static final int PAGE = 4096;

    @TempDir
    Path directory;

    /** The ranges of the group of a path: their fields as text. */
    private static List<Map<String, String>> ranges(CliResult ran, Path path) throws Exception {
        List<Map<String, String>> ranges = new ArrayList<>();
        for (String line : ran.lines()) {
            if (!line.contains('"' + path.toString() + '"')) {
                continue;
            }
            try (JsonParser parser = new JsonFactory().createParser(line.substring(line.indexOf('[')))) {
                Map<String, String> range = null;
                for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
                    if (token == JsonToken.START_OBJECT) {
                        range = new LinkedHashMap<>();
                        ranges.add(range);
                    } else if (token != JsonToken.FIELD_NAME && token != JsonToken.END_OBJECT && range != null) {
                        range.put(parser.currentName(), parser.getText());
                    }
                }
            }
        }
        return ranges;
    }

    @Test
    void copiesAreNotInCommon() throws Exception {
        assumeTrue(new String(new ProcessBuilder("getconf", "PAGESIZE").start().getInputStream().readAllBytes()).strip().equals("4096"),
                "pages of another size");
        Path path = directory.toRealPath().resolve("private");
        Files.write(path, new byte[4 * PAGE]);
        MappedByteBuffer ours;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ours = channel.map(FileChannel.MapMode.PRIVATE, 0, 4 * PAGE);
        }
        ours.put(PAGE, (byte) 1); // a copy
        int sum = ours.get(0) + ours.get(2 * PAGE) + ours.get(3 * PAGE);
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), MapAndWaitMain.class.getName(), path.toString()).start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('!'); // it has read its first page of two
            String pid = Long.toString(other.pid());
            List<Map<String, String>> ranges = ranges(CliResult.with("shared", "self", pid, "--private", "--json"), path);
            assertThat(ranges).hasSize(2);
            assertThat(ranges.get(0)).containsEntry("private", "true").containsEntry("copied", Integer.toString(PAGE))
                    .as("its first page; of its second there is a copy").containsEntry("common", Integer.toString(PAGE));
            assertThat(ranges.get(1)).containsEntry("private", "false").containsEntry("copied", "0")
                    .containsEntry("common", Integer.toString(PAGE));
            CliResult text = CliResult.with("shared", "self", pid, "--private");
            assertThat(text.lines().get(0)).contains("COPIED", "COMMON");
            assertThat(text.lines()).anyMatch(line -> line.contains(ProcessHandle.current().pid() + " ")
                    && line.matches(".* 16K +0 +4K +4K  private  " + path));
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(sum + ours.get(PAGE)).isOne();
    }

    /** A row that is searched for has the name, also if the row above has the same. */
    @Test
    void eachRowHasTheName() throws Exception {
        Path path = directory.toRealPath().resolve("named");
        MappedTestFile ours = new MappedTestFile(path);
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), MapAndWaitMain.class.getName(), path.toString()).start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('!');
            for (String[] arguments : new String[][] {{"shared", "self", Long.toString(other.pid())},
                {"shared", "self", Long.toString(other.pid()), "--private"}}) {
                List<String> lines = CliResult.with(arguments).lines();
                assertThat(lines).noneMatch(line -> line.endsWith("\""));
                assertThat(lines.stream().filter(line -> line.endsWith(path.toString()))).hasSize(2);
            }
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(ours.firstByte()).isZero();
    }

    /** Of a device such as /dev/mem offsets may be above 2^63. */
    @Test
    void offsetsAreUnsigned() throws Exception {
        assertThat(firstOffset("7ffffffffffff000", "8000000000000000")).hasValue(0x7ffffffffffff000L);
        assertThat(firstOffset("8000000000000000", "7ffffffffffff000")).hasValue(0x7ffffffffffff000L);
        assertThat(firstOffset("fffffffffffff000", "ffffffffffffe000")).hasValue(-0x2000L);
        assertThat(firstOffset("00000000", "fffffffffffff000")).isEmpty();
        assertThat(firstOffset("00000000", "3fffff000")).hasValue(0);
        assertThat(firstOffset("00000000", "400000000")).isEmpty();
    }

    private static OptionalLong firstOffset(String... offsets) throws Exception {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < offsets.length; i++) {
            String line = String.format("%d0001000-%d0002000 r--s %s 00:05 9 ", i + 1, i + 1, offsets[i]);
            text.append(line).append(" ".repeat(Math.max(0, 73 - line.length()))).append("/dev/mem\n");
        }
        MapSnapshot snapshot = MapSnapshot.ofText(text.toString().getBytes(), MapFilter.all());
        List<Mapping> mappings = new ArrayList<>();
        for (int i = 0; i < offsets.length; i++) {
            mappings.add(snapshot.cursor().seek(i));
        }
        return CommonPages.firstOffset(mappings, PAGE);
    }
}
