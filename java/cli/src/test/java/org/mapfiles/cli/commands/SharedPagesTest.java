package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
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
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.cli.TestJvm;
import org.mapfiles.cli.target.CommonPages;

/** Common and copied pages of {@code mapfiles shared --private}. */
class SharedPagesTest {
    private static final int PAGE = 4096;

    @TempDir
    Path directory;

    @Test
    void copiedPagesAreNotCommon() throws Exception {
        byte[] pageSize = new ProcessBuilder("getconf", "PAGESIZE")
                .start()
                .getInputStream()
                .readAllBytes();
        assumeTrue(new String(pageSize, StandardCharsets.UTF_8).strip().equals("4096"), "pages here do not have 4 KiB");
        Path path = directory.toRealPath().resolve("private");
        Files.write(path, new byte[4 * PAGE]);
        MappedByteBuffer own;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            own = channel.map(FileChannel.MapMode.PRIVATE, 0, 4 * PAGE);
        }
        own.put(PAGE, (byte) 1); // makes a copy
        int sum = own.get(0) + own.get(2 * PAGE) + own.get(3 * PAGE);
        try (TestJvm other = TestJvm.mapping(path)) {
            String pid = other.pid(); // it has read the first of its two pages
            List<Map<String, Object>> rows =
                    CliResult.with("shared", "self", pid, "--private", "--json").rows().stream()
                            .filter(row -> path.toString().equals(row.get("path")))
                            .toList();
            assertThat(rows).hasSize(2);
            assertThat(rows.get(0))
                    .containsEntry("perms", "rw-p")
                    .containsEntry("copied", (long) PAGE)
                    .as("its first page; the second is a copy")
                    .containsEntry("common", (long) PAGE);
            assertThat(rows.get(1))
                    .containsEntry("perms", "rw-s")
                    .containsEntry("copied", 0L)
                    .containsEntry("common", (long) PAGE);
            CliResult text = CliResult.with("shared", "self", pid, "--private");
            assertThat(text.lines().get(0)).contains("SHARED", "OWN", "COPIED");
            assertThat(text.lines())
                    .anyMatch(line -> line.contains(ProcessHandle.current().pid() + " ")
                            && line.matches(".* 16K +16K +4K +12K +4K  rw-p   " + path));
        }
        assertThat(sum + own.get(PAGE)).isOne();
    }

    /** Memory of which most is shared comes first, in text and in JSON. */
    @Test
    void theMostSharedMemoryComesFirst() throws Exception {
        try (TestJvm other = TestJvm.waiting()) {
            Map<Long, Long> shared = new LinkedHashMap<>();
            for (Map<String, Object> row : CliResult.with("shared", "self", other.pid(), "--private", "--json")
                    .rows()) {
                shared.merge((Long) row.get("memory_id"), (Long) row.get("common"), Long::sum);
            }
            assertThat(shared).hasSizeGreaterThan(5);
            assertThat(new ArrayList<>(shared.keySet())).isSorted();
            assertThat(new ArrayList<>(shared.values())).isSortedAccordingTo(Comparator.reverseOrder());
            assertThat(new HashSet<>(shared.values())).hasSizeGreaterThan(2);
        }
    }

    /** Also a row whose name is that of the row above: so grep(1) finds it. */
    @Test
    void eachRowHasTheName() throws Exception {
        Path path = directory.toRealPath().resolve("named");
        MappedTestFile own = new MappedTestFile(path);
        try (TestJvm other = TestJvm.mapping(path)) {
            for (String[] arguments :
                    new String[][] {{"shared", "self", other.pid()}, {"shared", "self", other.pid(), "--private"}}) {
                List<String> lines = CliResult.with(arguments).lines();
                assertThat(lines).noneMatch(line -> line.endsWith("\""));
                assertThat(lines.stream().filter(line -> line.endsWith(path.toString())))
                        .hasSize(2);
            }
        }
        assertThat(own.firstByte()).isZero();
    }

    /** Offsets of a device such as /dev/mem may be above 2^63. */
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
            text.append(line)
                    .append(" ".repeat(Math.max(0, 73 - line.length())))
                    .append("/dev/mem\n");
        }
        MapSnapshot snapshot = MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.UTF_8), MapFilter.all());
        List<Mapping> mappings = new ArrayList<>();
        for (int i = 0; i < offsets.length; i++) {
            mappings.add(snapshot.cursor().seek(i));
        }
        return CommonPages.firstOffset(mappings, PAGE);
    }
}
