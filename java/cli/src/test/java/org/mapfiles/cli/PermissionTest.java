package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands of root without capabilities, as in a container, about the process of another user. */
class PermissionTest {
    private static final String ADVICE = "this is root without CAP_SYS_PTRACE: docker run --cap-add=SYS_PTRACE\n";

    @TempDir
    Path temporary;

    private SpecialMappingsChild child;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can drop capabilities");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        child = new SpecialMappingsChild(temporary, List.of("--uid", "65534"), "plain", "deleted", "memfd");
    }

    @AfterEach
    void stop() throws Exception {
        if (child != null) {
            child.close();
        }
    }

    private static CliResult with(String capabilities, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--inh-caps=-all",
                "--bounding-set=" + capabilities,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        Path err = Files.createTempFile("err", null);
        try {
            Process process =
                    new ProcessBuilder(command).redirectError(err.toFile()).start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return new CliResult(process.waitFor(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }

    @Test
    void theMissingCapabilityIsNamed() throws Exception {
        CliResult result = with("-sys_ptrace,-perfmon,-sys_admin", "maps", child.pid());
        assertThat(result.code()).isEqualTo(3);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).hasLineCount(1).endsWith(ADVICE).doesNotContain("as root");
    }

    /** A mapping that is left out because nothing is known about its file is not left out silently. */
    @Test
    void deletedFilesThatAreUnknownAreReported() throws Exception {
        CliResult maps = with("-all,+perfmon", "maps", child.pid(), "--deleted", "--json");
        assumeTrue(maps.code() != 3, "CAP_PERFMON is not enough to read mappings: Linux before 6.13");
        assertThat(maps.code()).as(maps.err()).isZero();
        List<String> deleted = maps.rows().stream()
                .map(row -> String.valueOf(row.get("path")))
                .filter(path -> path.endsWith("/deleted"))
                .toList();
        if (deleted.isEmpty()) {
            assertThat(maps.err()).contains("left out: whether the file is deleted is unknown");
        }
    }

    /** CAP_PERFMON alone permits to read mappings, but not map_files. */
    @Test
    void withPerfmonAloneFilesAreVerifiedByPath() throws Exception {
        CliResult files = with("-all,+perfmon", "files", child.pid(), "--mappings", "--json");
        assumeTrue(files.code() != 3, "CAP_PERFMON is not enough to read mappings: Linux before 6.13");
        assertThat(files.code()).as(files.err()).isZero();
        assertThat(files.err()).hasLineCount(1).endsWith(ADVICE);
        assertThat(files.rows())
                .filteredOn(fields -> fields.get("path").equals(temporary + "/plain"))
                .singleElement()
                .satisfies(fields -> assertThat(fields)
                        .containsEntry("file_nlink", null)
                        .hasEntrySatisfying("state", state -> assertThat(state).isIn("ok", "unknown"))
                        .hasEntrySatisfying(
                                "verified", verified -> assertThat(verified).isIn("same_inode", "not_verified")));
        assertThat(files.rows())
                .filteredOn(fields -> fields.get("path").toString().contains("/deleted"))
                .singleElement()
                .satisfies(fields ->
                        assertThat(fields).containsEntry("state", "unknown").containsEntry("verified", "not_verified"));
        assertThat(files.rows())
                .filteredOn(fields -> "memfd".equals(fields.get("kind")))
                .isNotEmpty()
                .allSatisfy(fields ->
                        assertThat(fields).containsEntry("mode", "rw").containsEntry("verified", "not_verified"));

        CliResult plain = with("-all,+perfmon", "cat", child.pid(), "plain");
        assumeTrue(
                plain.code() != 1 || !plain.err().contains("cannot be verified"),
                "device and inode do not identify a file on this file system");
        assertThat(plain.err()).isEmpty();
        assertThat(plain.out()).startsWith("odd").hasSize(4 * 4096);
        CliResult memory = with("-all,+perfmon", "cat", child.pid(), "/memfd:plain");
        assertThat(memory.code()).isEqualTo(3);
        assertThat(memory.err()).hasLineCount(1).endsWith(ADVICE);
    }

    /** Diagnostic commands need the user of the JVM, or the capabilities to become that user. */
    @Test
    void attachingToAJvmOfAnotherUserIsDenied() throws Exception {
        try (TestJvm jvm = TestJvm.start(Nobody.READING_FILES, List.of(), TestJvm.WaitMain.class)) {
            CliResult result = with("-setuid,-setgid", "jvm", jvm.pid(), "--attach");
            assertThat(result.code()).as("%s", result).isEqualTo(3);
            assertThat(result.err()).hasLineCount(1);
        }
    }
}
