package org.mapfiles.cli.commands;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.MapAndWaitMain;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.files.MapFiles;

/** Which exact files does this very JVM have mapped, and do they come back byte for byte? */
class FilesCommandTest {
    @TempDir
    Path temporary;

    private static void assumeFollowing() {
        assumeTrue(MapFiles.followDenial().isEmpty(), "takes CAP_CHECKPOINT_RESTORE: run as root");
    }

    private Path directory() throws Exception {
        return temporary.toRealPath();
    }

    private static Map<String, Object> entry(Path path) throws Exception {
        List<Map<String, Object>> all = CliResult.with("files", "self", "--json").objects();
        return all.stream().filter(fields -> path.toString().equals(fields.get("path"))).findFirst()
                .orElseThrow(() -> new AssertionError(path + " is not among " + all.size()));
    }

    /** What is written, as bytes: a file is no text. */
    private static byte[] cat(String what) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(new String[] {"cat", "self", what}, InputStream.nullInputStream(), out, err);
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return out.toByteArray();
    }

    @Test
    void everyLineIsAnObjectWithTheFieldsInOrder() throws Exception {
        List<Map<String, Object>> all = CliResult.with("files", "self", "--json").objects();
        assertThat(all).hasSizeGreaterThan(20).allSatisfy(fields -> assertThat(fields.keySet()).containsExactly("start", "end",
                "mode", "path", "dev_major", "dev_minor", "inode", "nlink", "size", "kind", "state", "verified"));
        assertThat(all).anySatisfy(fields -> assertThat(fields).containsEntry("mode", "r").containsEntry("state", "ok"));
        List<String> table = CliResult.with("files", "self").lines();
        for (int attempt = 0; attempt < 20 && table.size() != all.size() + 2; attempt++) { // the collector unmapped a buffer meanwhile
            all = CliResult.with("files", "self", "--json").objects();
            table = CliResult.with("files", "self").lines();
        }
        assertThat(table).hasSize(all.size() + 2);
        assertThat(table.get(table.size() - 1)).matches(all.size() + " mappings of \\d+ files: .*\\d+ ok.*");
    }

    @Test
    void whatBecameOfAFileIsTold() throws Exception {
        assumeFollowing();
        List<MappedTestFile> mapped = new ArrayList<>(); // that nobody refers to, the collector unmaps
        for (String name : List.of("present", "deleted", "replaced", "unlinked", "true (deleted)")) {
            mapped.add(new MappedTestFile(directory().resolve(name)));
        }
        Files.delete(directory().resolve("deleted"));
        Files.write(directory().resolve("new"), new byte[1]);
        Files.move(directory().resolve("new"), directory().resolve("replaced"), StandardCopyOption.REPLACE_EXISTING);
        Files.createLink(directory().resolve("another"), directory().resolve("unlinked"));
        Files.delete(directory().resolve("unlinked"));
        assertThat(entry(directory().resolve("present"))).containsEntry("state", "ok").containsEntry("nlink", 1L)
                .containsEntry("size", 8192L).containsEntry("kind", "file");
        assertThat(entry(directory().resolve("deleted"))).containsEntry("state", "deleted").containsEntry("nlink", 0L);
        assertThat(entry(directory().resolve("replaced"))).containsEntry("state", "replaced");
        assertThat(entry(directory().resolve("unlinked"))).containsEntry("state", "unlinked").containsEntry("nlink", 1L);
        assertThat(entry(directory().resolve("true (deleted)"))).containsEntry("state", "ok");
        assertThat(mapped).allSatisfy(file -> assertThat(file.firstByte()).isZero());
    }

    @Test
    void aNameThatIsNotUtf8HasItsBytesToo() throws Exception {
        Path script = Files.writeString(directory().resolve("map"),
                "cp \"$(command -v sleep)\" \"$(printf '\\377')\" && exec \"./$(printf '\\377')\" 1000");
        Process other = new ProcessBuilder("sh", script.toString()).directory(directory().toFile()).start();
        try {
            List<Map<String, Object>> named;
            do {
                named = CliResult.with("files", Long.toString(other.pid()), "--json").objects().stream()
                        .filter(fields -> fields.containsKey("path_base64")).toList();
            } while (named.isEmpty() && other.isAlive());
            assertThat(named).isNotEmpty().allSatisfy(fields -> {
                assertThat(fields.keySet()).containsSequence("mode", "path", "path_base64", "dev_major");
                assertThat(new String(Base64.getDecoder().decode((String) fields.get("path_base64")), ISO_8859_1))
                        .isEqualTo(directory() + "/\u00ff");
                assertThat((String) fields.get("path")).endsWith("/\ufffd");
            });
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void aDeletedFileComesBackWhole() throws Exception {
        assumeFollowing();
        Path path = directory().resolve("library.so");
        byte[] content = new byte[300_000]; // more than what is mapped of it
        new Random(1).nextBytes(content);
        Files.write(path, content);
        MappedTestFile mapped = new MappedTestFile(path);
        Files.delete(path);
        Map<String, Object> entry = entry(path);
        String range = ((String) entry.get("start")).substring(2) + "-" + ((String) entry.get("end")).substring(2);
        assertThat(cat(range)).isEqualTo(content);
        assertThat(cat("library.so")).isEqualTo(content);
        assertThat(cat(path.toString())).isEqualTo(content);
        assertThat(mapped.firstByte()).isEqualTo(content[0]);
    }

    @Test
    void aNameOfSeveralFilesIsAnErrorThatListsThem() throws Exception {
        Files.createDirectory(directory().resolve("one"));
        Files.createDirectory(directory().resolve("two"));
        MappedTestFile one = new MappedTestFile(directory().resolve("one/same"));
        MappedTestFile two = new MappedTestFile(directory().resolve("two/same"));
        CliResult ran = CliResult.with("cat", "self", "same");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).hasLineCount(1).contains("/one/same").contains("/two/same").contains("name a range");
        assertThat(cat(directory().resolve("two/same").toString())).hasSize(8192);
        assertThat(one.firstByte() + two.firstByte()).isZero();
    }

    /** A library that was replaced and loaded anew: its name is that of two files. */
    @Test
    void aReplacedFileAndItsSuccessorHaveOneName() throws Exception {
        assumeFollowing();
        Path path = directory().resolve("library.so");
        MappedTestFile old = new MappedTestFile(path);
        Files.write(directory().resolve("new"), new byte[] {'n'});
        Files.move(directory().resolve("new"), path, StandardCopyOption.REPLACE_EXISTING);
        MappedTestFile successor = new MappedTestFile(path);
        CliResult ran = CliResult.with("cat", "self", "library.so");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).hasLineCount(1).contains("name a range").contains("library.so,").contains("library.so (deleted)");
        assertThat(old.firstByte() + successor.firstByte()).isEqualTo('n');
    }

    /** Numbers are compared as numbers. A file is written whole: no part of its range, and no more than it. */
    @Test
    void theRangeOfAFileIsExactOrNone() throws Exception {
        MappedTestFile mapped = new MappedTestFile(directory().resolve("mapped"));
        Map<String, Object> entry = entry(directory().resolve("mapped"));
        String start = ((String) entry.get("start")).substring(2);
        String end = ((String) entry.get("end")).substring(2);
        String middle = Long.toHexString(Long.parseLong(start, 16) + 4096);
        for (String other : List.of("0x0x" + start + "-" + end,
                " " + start + "-" + end, start + "-" + end + " ", start + " - " + end, start + "--" + end,
                start + "-" + middle, middle + "-" + end,
                start + "-" + end + "/", start + "-" + end + "000", start)) {
            CliResult ran = CliResult.with("cat", "self", other);
            assertThat(ran.code()).as(other).isEqualTo(1);
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err()).hasLineCount(1).contains("has no mapping");
        }
        for (String part : List.of(start + "-" + middle, middle, "0x" + middle + "-" + end)) {
            assertThat(CliResult.with("cat", "self", part).err()).as("the whole one is named").contains("'mapfiles maps'")
                    .endsWith("; there is " + start + "-" + end + " " + directory().resolve("mapped") + "\n");
        }
        assertThat(cat(start + "-" + end)).hasSize(8192);
        assertThat(cat("0x" + start + "-0x" + end)).as("as --json prints addresses").hasSize(8192);
        assertThat(cat("0".repeat(20) + start + "-0" + end)).as("with zeros, as the kernel writes small ones").hasSize(8192);
        assertThat(cat(start.toUpperCase(Locale.ROOT) + "-" + end.toUpperCase(Locale.ROOT))).hasSize(8192);
        assertThat(mapped.firstByte()).isZero();
    }

    /** Its path has more than 4,096 bytes: readlink(2) does not give it, and everything else is known. */
    @Test
    void aPathThatIsTooLongTakesNoOtherFieldWithIt() throws Exception {
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
        Process other = new ProcessBuilder(System.getProperty("mapfiles.odd-process"), directory().toString(), "long-path").start();
        try {
            assertThat(other.inputReader().readLine()).startsWith("MADE\tlong-path");
            assertThat(CliResult.with("files", Long.toString(other.pid()), "--json").objects())
                    .filteredOn(fields -> ((String) fields.get("path")).length() > 4096).singleElement().satisfies(fields -> {
                        assertThat(fields).containsEntry("mode", "rw");
                        if (MapFiles.followDenial().isEmpty()) {
                            assertThat(fields).containsEntry("nlink", 1L).containsEntry("verified", "exact");
                        }
                    });
        } finally {
            other.outputWriter().close(); // it removes what Java has no path for
            other.waitFor();
        }
    }

    @Test
    void aDeviceIsToldAndNotCopied() throws Exception {
        assumeFollowing();
        Process other = new ProcessBuilder(System.getProperty("mapfiles.odd-process"), directory().toString(), "dev-zero")
                .start();
        try {
            String pid = Long.toString(other.pid());
            assertThat(other.inputReader().readLine()).startsWith("MADE\tdev-zero");
            assertThat(CliResult.with("files", pid, "--json").objects()).filteredOn(fields -> "/dev/zero".equals(fields.get("path")))
                    .singleElement().satisfies(fields -> assertThat(fields)
                            .containsEntry("kind", "device").containsEntry("state", "ok"));
            CliResult ran = CliResult.with("cat", pid, "/dev/zero");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err()).hasLineCount(1).contains("is a device");
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void whatIsNotMappedIsNotWritten() {
        for (String nothing : List.of("no such file", "1-2", "", "7fff-")) {
            CliResult ran = CliResult.with("cat", "self", nothing);
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err()).hasLineCount(1).contains("has no mapping").contains("'mapfiles files'").doesNotContain("there is");
        }
    }

    @Test
    void anImageWithoutAFileIsReadFromMemory() {
        assertThat(cat("[vdso]")).startsWith(0x7f, 'E', 'L', 'F');
    }

    @Test
    void memoryInCommonIsFoundAndOthersAreNot() throws Exception {
        Path path = directory().resolve("common");
        MappedTestFile ours = new MappedTestFile(path);
        MappedTestFile alone = new MappedTestFile(directory().resolve("alone"));
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), MapAndWaitMain.class.getName(), path.toString()).start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('!');
            String pid = Long.toString(other.pid());
            List<String> groups = CliResult.with("shared", "self", pid, "--json").lines();
            String range = "\\{\"pid\":%s,\"start\":\"0x[0-9a-f]+\",\"end\":\"0x[0-9a-f]+\",\"offset\":\"0x0\"}";
            assertThat(groups).filteredOn(line -> line.contains("common")).singleElement().asString()
                    .matches("\\{\"dev_major\":\\d+,\"dev_minor\":\\d+,\"inode\":\\d+,\"kind\":\"file\","
                            + "\"path\":\"" + path + "\",\"ranges\":\\[" + String.format(range, ProcessHandle.current().pid()) + ","
                            + String.format(range, pid) + "]}");
            assertThat(groups).noneMatch(line -> line.contains("alone")).noneMatch(line -> line.contains("libjvm"));
            assertThat(CliResult.with("shared", "self", pid, "--private", "--json").lines())
                    .anySatisfy(line -> assertThat(line).contains("libjvm.so").contains("\"private\":true"));
            assertThat(CliResult.with("shared", "self", pid).out()).contains("/common");
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(CliResult.with("shared", "self").code()).isEqualTo(2);
        assertThat(CliResult.with("shared", "self", "self").code()).isEqualTo(2);
        assertThat(ours.firstByte() + alone.firstByte()).isZero();
    }
}
