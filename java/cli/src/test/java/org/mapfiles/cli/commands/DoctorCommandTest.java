package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.Nobody;
import org.mapfiles.cli.TestJvm;

/** {@code mapfiles doctor}, as users with fewer permissions. */
class DoctorCommandTest {
    @TempDir
    Path temporary;

    @BeforeEach
    void readableForAll() throws Exception {
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String classPath;

    private static Map<String, Map<String, Object>> byName(CliResult result) {
        assertThat(result.code()).as("%s", result).isZero();
        assertThat(result.err()).isEmpty();
        return result.rows().stream().collect(Collectors.toMap(row -> (String) row.get("check"), row -> row));
    }

    /** Runs the command under another program, such as setpriv(1). */
    private Map<String, Map<String, Object>> under(String... program) throws IOException, InterruptedException {
        return byName(run(List.of(program), "doctor", "--json"));
    }

    private CliResult run(List<String> program, String... arguments) throws IOException, InterruptedException {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can drop permissions");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        if (classPath == null) {
            classPath = TestJvm.copyClassPath(temporary);
        }
        List<String> command = new ArrayList<>(program);
        command.addAll(TestJvm.commandWith(classPath, List.of(), Main.class, arguments));
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

    @Test
    void eachLineHasAResultAndARemedyIfSomethingIsMissing() {
        Map<String, Map<String, Object>> checks = byName(CliResult.with("doctor", "--json"));
        assertThat(checks)
                .containsKeys(
                        "capabilities",
                        "processes of other users",
                        "memory of own processes",
                        "list map_files",
                        "follow map_files",
                        "PROCMAP_QUERY",
                        "PAGEMAP_SCAN",
                        "events",
                        "vm.max_map_count",
                        "memory of the control group",
                        "tasks of the control group",
                        "source lines",
                        "debug files",
                        "JDK",
                        "Java methods");
        assertThat(checks.values())
                .allSatisfy(check -> assertThat(check.get("remedy") != null)
                        .as("%s", check)
                        .isEqualTo(check.get("result").equals("limited")));
        CliResult text = CliResult.with("doctor");
        assertThat(text.lines()).hasSize(checks.size() + 1);
    }

    @Test
    void withoutCapabilitiesFilesCannotBeFollowed() throws Exception {
        Map<String, Map<String, Object>> checks = under("setpriv", "--inh-caps=-all", "--bounding-set=-all");
        assertThat(checks.get("follow map_files"))
                .containsEntry("result", "limited")
                .hasEntrySatisfying(
                        "remedy", remedy -> assertThat(remedy.toString()).contains("CAP_CHECKPOINT_RESTORE"));
        assertThat(checks.get("list map_files")).containsEntry("result", "ok");
        assertThat(checks.get("capabilities").get("finding").toString()).contains("user 0 with none");
    }

    @Test
    void anotherUserMayNotReadProcessesOfRoot() throws Exception {
        Map<String, Map<String, Object>> checks = byName(run(Nobody.READING_FILES, "doctor", "--json"));
        assertThat(checks.get("processes of other users"))
                .containsEntry("result", "limited")
                .hasEntrySatisfying(
                        "remedy", remedy -> assertThat(remedy.toString()).contains("root"));
        assertThat(checks.get("capabilities").get("finding").toString()).contains("user 65534");
        assertThat(checks.values())
                .filteredOn(check -> check.get("remedy") != null)
                .allSatisfy(check -> assertThat(check.get("finding") + ": " + check.get("remedy"))
                        .doesNotContainPattern("\\b(den\\w+).*\\bden")); // once is enough
    }

    /** The reason is that of a command that reads the process. A process that is denied is not hidden by others. */
    @Test
    void aDenialIsDescribedAsACommandDescribesIt() throws Exception {
        for (List<String> user :
                List.of(Nobody.READING_FILES, List.of("setpriv", "--inh-caps=-all", "--bounding-set=-all"))) {
            Map<String, Map<String, Object>> checks = byName(run(user, "doctor", "--json"));
            int denials = 0;
            for (String name : List.of("processes of other users", "memory of own processes")) {
                Object remedy = checks.get(name).get("remedy");
                Matcher process = Pattern.compile("access to process (\\d+)").matcher(String.valueOf(remedy));
                if (process.find()) {
                    CliResult maps = run(user, "maps", process.group(1));
                    assumeTrue(maps.code() != 4, "the process has exited");
                    assertThat(maps.code()).isEqualTo(3);
                    assertThat(maps.err()).isEqualTo("mapfiles: " + remedy + "\n");
                    denials++;
                }
            }
            assertThat(denials).as("%s", checks).isPositive();
        }
    }

    /** One process can be read, another not: the check is not ok. */
    @Test
    void aProcessThatCanBeReadHidesNoOther() throws Exception {
        List<String> user = List.of("setpriv", "--inh-caps=-all", "--bounding-set=-all");
        try (TestJvm equal = TestJvm.start(user, List.of(), TestJvm.WaitMain.class)) {
            assertThat(run(user, "maps", equal.pid()).code()).isZero();
            String own = Long.toString(ProcessHandle.current().pid());
            assumeTrue(run(user, "maps", own).code() == 3, "this JVM has no capability");
            assertThat(byName(run(user, "doctor", "--json")).get("memory of own processes"))
                    .containsEntry("result", "limited")
                    .hasEntrySatisfying(
                            "finding",
                            finding -> assertThat(finding.toString())
                                    .matches("memory of \\d+ of \\d+ processes is not read.*"));
        }
    }

    /** An empty directory is mounted where map_files is, in a mount namespace of the command. */
    @Test
    void withoutMapFilesTheirChecksAreLimited() throws Exception {
        Map<String, Map<String, Object>> checks = under(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-c",
                "mount -t tmpfs none /proc/$$/map_files && exec \"$@\"",
                "sh");
        assertThat(checks.get("list map_files")).containsEntry("result", "limited");
        assertThat(checks.get("follow map_files")).containsEntry("result", "limited");
        assertThat(checks.get("Java methods")).containsEntry("result", "ok");
    }

    @Test
    void inAPidNamespaceNoOtherProcessIsVisible() throws Exception {
        Map<String, Map<String, Object>> checks =
                under("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--");
        assertThat(checks.get("processes of other users")).containsEntry("result", "unknown");
        assertThat(checks.get("memory of own processes")).containsEntry("result", "unknown");
    }
}
