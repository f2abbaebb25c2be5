package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code stale} of a process of another user, by callers with fewer permissions than root. */
class StaleDeniedTest {
    @TempDir
    Path temporary;

    private Path library;
    private byte[] bytes;
    private StaleTarget target;
    private String classPath;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
        library = temporary.toRealPath().resolve("libtest.so");
        bytes = ElfCopies.library();
        ElfCopies.install(library, bytes);
        List<String> command = new ArrayList<>(Nobody.WITHOUT_CAPABILITIES);
        command.addAll(List.of("env", "LD_PRELOAD=" + library, "sleep", "1000"));
        target = StaleTarget.start(library.toString(), null, command);
        classPath = TestJvm.copyClassPath(Files.createDirectory(temporary.resolve("classes")));
        Files.setPosixFilePermissions(temporary.resolve("classes"), PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void stop() {
        if (target != null) {
            target.close();
        }
    }

    private CliResult stale(String... setpriv) throws Exception {
        List<String> command = new ArrayList<>(List.of(setpriv));
        command.addAll(TestJvm.commandWith(classPath, List.of(), Main.class, "stale", target.pid(), "--json"));
        Path err = Files.createTempFile("err", null);
        try {
            Process process =
                    new ProcessBuilder(command).redirectError(err.toFile()).start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new CliResult(process.waitFor(), out, Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }

    /** The capability is needed only to read the class path, which may be below a directory of root. */
    private CliResult asNobody() throws Exception {
        List<String> command = new ArrayList<>(Nobody.WITHOUT_CAPABILITIES);
        command.addAll(List.of("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"));
        return stale(command.toArray(String[]::new));
    }

    @Test
    void theUserOfTheProcessFindsOutdatedCodeWithoutMapFiles() throws Exception {
        ElfCopies.install(library, ElfCopies.anotherVersion(bytes));
        CliResult result = asNobody();
        assertThat(result.code()).as("%s", result).isEqualTo(5);
        assertThat(result.rows())
                .singleElement()
                .satisfies(row -> assertThat(row).containsEntry("update", "outdated"));
    }

    /** The mapped file cannot be opened. Its build ID and its code in memory are compared. */
    @Test
    void theUserOfTheProcessComparesCodeInMemory() throws Exception {
        ElfCopies.install(library, bytes);
        CliResult same = asNobody();
        assertThat(same.code()).as("%s", same).isZero();
        assertThat(same.rows())
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("update", "replaced_same")
                        .containsEntry("why", "same build ID, and same code as far as it is in memory"));
    }

    @Test
    void aProcessThatMayNotBeReadIsUnknown() throws Exception {
        CliResult result = stale("setpriv", "--inh-caps=-all", "--bounding-set=-sys_ptrace,-perfmon,-sys_admin");
        assertThat(result.code()).as("%s", result).isEqualTo(3);
        assertThat(result.rows())
                .singleElement()
                .satisfies(row -> assertThat(row)
                        .containsEntry("update", "unknown")
                        .containsEntry("path", null)
                        .hasEntrySatisfying(
                                "why", why -> assertThat(why.toString()).contains("CAP_SYS_PTRACE")));
    }
}
