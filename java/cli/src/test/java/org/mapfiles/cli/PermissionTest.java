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

/** What do commands say of another user's process, run by root without capabilities, as in a container? */
class PermissionTest {
    private static final String ADVICE = "this is root without CAP_SYS_PTRACE: docker run --cap-add=SYS_PTRACE\n";

    @TempDir
    Path temporary;
    private SpecialMappingsChild child;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can give up capabilities");
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
        List<String> command = new ArrayList<>(List.of("setpriv", "--inh-caps=-all", "--bounding-set=" + capabilities,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        Path err = Files.createTempFile("err", null);
        try {
            Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return new CliResult(process.waitFor(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }

    @Test
    void rootWithoutTheCapabilityIsToldWhichOne() throws Exception {
        CliResult ran = with("-sys_ptrace,-perfmon,-sys_admin", "maps", child.pid());
        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).hasLineCount(1).endsWith(ADVICE).doesNotContain("as root");
    }

    /** It may read mappings, and nothing below map_files. */
    @Test
    void perfmonAloneListsFilesAndWritesThoseThatAPathProves() throws Exception {
        CliResult files = with("-all,+perfmon", "files", child.pid(), "--json");
        assumeTrue(files.code() != 3, "CAP_PERFMON is not enough for maps here: before Linux 6.13");
        assertThat(files.code()).as(files.err()).isZero();
        assertThat(files.err()).hasLineCount(1).endsWith(ADVICE);
        assertThat(files.objects()).filteredOn(fields -> fields.get("path").equals(temporary + "/plain")).singleElement()
                .satisfies(fields -> assertThat(fields).containsEntry("nlink", null)
                        .hasEntrySatisfying("state", state -> assertThat(state).isIn("ok", "unknown"))
                        .hasEntrySatisfying("verified", proof -> assertThat(proof).isIn("same_inode", "not_verified")));
        assertThat(files.objects()).filteredOn(fields -> fields.get("path").toString().contains("/deleted")).singleElement()
                .satisfies(fields -> assertThat(fields).containsEntry("state", "unknown").containsEntry("verified", "not_verified"));
        assertThat(files.objects()).filteredOn(fields -> "memfd".equals(fields.get("kind"))).isNotEmpty()
                .allSatisfy(fields -> assertThat(fields).containsEntry("mode", "rw").containsEntry("verified", "not_verified"));

        CliResult plain = with("-all,+perfmon", "cat", child.pid(), "plain");
        assumeTrue(plain.code() != 1 || !plain.err().contains("nothing proves"), "device and inode prove nothing on this file system");
        assertThat(plain.err()).isEmpty();
        assertThat(plain.out()).startsWith("odd").hasSize(4 * 4096);
        CliResult memory = with("-all,+perfmon", "cat", child.pid(), "/memfd:plain");
        assertThat(memory.code()).isEqualTo(3);
        assertThat(memory.err()).hasLineCount(1).endsWith(ADVICE);
    }
}
