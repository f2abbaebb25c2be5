package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.TestJvm;

/** {@code mapfiles html} of real processes and of files. */
class HtmlCommandTest {
    private static final String VERSION = "{\"version\":1,\"type\":\"";

    @TempDir
    Path directory;

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    private static String data(String page) {
        int start = page.indexOf("id=\"data\">") + 10;
        return page.substring(start, page.indexOf("</script>", start));
    }

    private static String ok(String... arguments) {
        CliResult result = CliResult.with(arguments);
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).isEmpty();
        return result.out();
    }

    @Test
    void thePageOfAProcessNamesItsFiles() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(
                Files.createDirectory(directory.resolve("child")),
                List.of(),
                "plain",
                "deleted",
                "newline",
                "not-utf8")) {
            String page = ok("html", child.pid(), "-o", "-");
            for (Map<String, Object> row :
                    CliResult.with("maps", child.pid(), "--json").rows()) {
                String range = row.get("start") + "-" + row.get("end");
                assertThat(page).contains("<tr><td>" + range.replace("0x", "") + "<td>" + row.get("perms") + "<td>");
            }
            assertThat(data(page)).contains(" (deleted)").contains("\\\\xff").contains("\"heap\"");
        }
    }

    @Test
    void thePageOfAJvmHasItsRegions() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            assertThat(data(ok("html", jvm.pid(), "-o", "-")))
                    .contains("\"java_heap\"", "\"code_heap\"", "\"library\"");
        }
    }

    @Test
    void aFileThatExistsStays() throws Exception {
        Path file = Files.writeString(directory.resolve("map.html"), "mine");
        CliResult result = CliResult.with("html", "self", "-o", file.toString());
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("exists").contains("--force");
        assertThat(file).hasContent("mine");
        ok("html", "self", "-o", file.toString(), "--force");
        assertThat(Files.readString(file)).startsWith("<!DOCTYPE html>").endsWith("</html>\n");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void aFailureLeavesNoFile() {
        CliResult result = CliResult.with("html", path("no-such-file"), "-o", path("map.html"));
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("no file is at this path");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void twoStatesAreComparedWithoutRegions() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            String pid = jvm.pid();
            Files.writeString(directory.resolve("before"), ok("save", pid));
            assertThat(data(ok("html", path("before"), pid, "-o", "-")))
                    .contains("\"sameProcess\":true")
                    .contains("\"label\":\"" + path("before") + " (" + pid + " ")
                    .doesNotContain("java_heap");
        }
    }

    @Test
    void mapsTextIsRead() throws Exception {
        Files.writeString(
                directory.resolve("maps"), "00400000-00401000 r-xp 00000000 08:01 7 " + " ".repeat(33) + "/bin/<b>\n");
        String page = ok("html", path("maps"), "-o", "-");
        assertThat(page).contains("<tr><td>400000-401000<td>r-xp<td>4K<td>?<td>file<td>/bin/&lt;b&gt;\n");
        assertThat(data(page)).contains("[1024,1,0,0,0,0,0,0,0,-1]");
    }

    private static String row(String type, String start, String end, String more) {
        return VERSION + type
                + "\",\"pid\":7,\"time\":\"2026-01-02T03:04:05.006Z\",\"exact\":true,\"after\":null,\"start\":\""
                + start
                + "\",\"end\":\"" + end + "\",\"size\":4096,\"perms\":\"rw-p\",\"offset\":\"0x0\",\"dev_major\":0,"
                + "\"dev_minor\":0,\"inode\":0,\"kind\":\"anonymous\",\"path\":null,\"deleted\":false" + more + "}\n";
    }

    @Test
    void aRecordingHasItsChanges() throws Exception {
        Files.writeString(
                directory.resolve("recording"),
                row("present", "0x1000", "0x2000", "")
                        + row("added", "0x5000", "0x7000", ",\"continued\":false")
                        + row(
                                "changed",
                                "0x5000",
                                "0x6000",
                                ",\"was_start\":\"0x5000\",\"was_end\":\"0x7000\",\"was_perms\":\"rw-p\"")
                        + row("removed", "0x1000", "0x2000", ",\"continued\":false")
                        + VERSION
                        + "exec\",\"pid\":7,\"time\":\"2026-01-02T03:04:06Z\",\"exact\":true,\"after\":null}\n",
                StandardCharsets.UTF_8);
        assertThat(data(ok("html", path("recording"), "-o", "-")))
                .contains("\"mappings\":[1,1,0,0,0,0,0,0,0,-1]")
                .contains(
                        "\"changes\":[[1767323045006,0,5,2,5,2,0,0,0,0,0,0,0,-1],[1767323045006,2,5,2,5,1,0,0,0,0,0,0,0,-1],"
                                + "[1767323045006,1,1,1,1,1,0,0,0,0,0,0,0,-1],[1767323046000,3]]");
    }

    @Test
    void aCutRecordingIsShownAsFarAsItGoes() throws Exception {
        Files.writeString(
                directory.resolve("recording"), row("present", "0x1000", "0x2000", "") + "{\"version\":1,\"ty");
        CliResult result = CliResult.with("html", path("recording"), "-o", "-");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("line 2");
        assertThat(data(result.out())).contains("\"mappings\":[1,1,");
    }
}
