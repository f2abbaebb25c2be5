package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a process is given: PID, main class, jar, directory in a proc file system, several, all. */
class TargetsTest {
    @TempDir
    Path directory;

    /** A main class whose name no other test uses. */
    static final class LonelyApplicationMain {
        private LonelyApplicationMain() {}

        public static void main(String[] arguments) throws Exception {
            TestJvm.WaitMain.main(arguments);
        }
    }

    private static List<String> pids(CliResult result) {
        return result.rows().stream()
                .map(row -> String.valueOf(row.get("pid")))
                .distinct()
                .toList();
    }

    @Test
    void aJvmIsGivenByItsMainClass() throws Exception {
        String name = LonelyApplicationMain.class.getName();
        try (TestJvm jvm = TestJvm.start(List.of(), List.of(), LonelyApplicationMain.class)) {
            for (String given : List.of(name, "LonelyApplication", "TargetsTest$LonelyApplicationMain")) {
                assertThat(pids(CliResult.with("maps", given, "--json")))
                        .as(given)
                        .containsExactly(jvm.pid());
            }
            assertThat(CliResult.with("count", name, "--json").code()).isZero();
            assertThat(CliResult.with("resolve", name, "0").code()).isEqualTo(1);
            assertThat(jvm.threads()).doesNotContain("Attach Listener");
            jvm.assertEndsSilently();
        }
        CliResult none = CliResult.with("maps", name);
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("nor the main class or the jar of a JVM");
    }

    /** Each command that reads a process takes the name. */
    @Test
    void eachCommandTakesTheNameOfAJvm() throws Exception {
        String name = "LonelyApplication";
        String saved = directory.resolve("saved").toString();
        try (TestJvm jvm = TestJvm.start(List.of(), List.of(), LonelyApplicationMain.class)) {
            Files.writeString(Path.of(saved), CliResult.with("save", jvm.pid()).out());
            for (List<String> command : List.of(
                    List.of("maps", name),
                    List.of("files", name),
                    List.of("count", name),
                    List.of("jvm", name),
                    List.of("stale", name),
                    List.of("shared", name, "self", "--private"),
                    List.of("watch", name, "--duration", "1", "--poll"),
                    List.of("save", name),
                    List.of("diff", saved, name),
                    List.of("diff", name, name),
                    List.of("html", name, "-o", "-"),
                    List.of("html", saved, name, "-o", "-"),
                    List.of("resolve", name, "libjvm.so+0x10"),
                    List.of("cat", name, "[stack]"))) {
                CliResult result = CliResult.with(command.toArray(String[]::new));
                assertThat(result.code()).as(command + ": " + result.err()).isZero();
            }
            assertThat(jvm.threads()).doesNotContain("Attach Listener");
        }
    }

    /** Bytes at /proc/PID/maps that are no mappings fail as no permission and no exit does. */
    @Test
    void anUnusualFailureOfOneProcessDoesNotEndTheOthers() throws Exception {
        Path text = Files.writeString(directory.resolve("text"), "these are no mappings\n");
        try (TestJvm jvm = TestJvm.waiting();
                TestJvm other = TestJvm.waiting()) {
            String maps = "/proc/" + jvm.pid() + "/maps";
            assumeTrue(
                    new ProcessBuilder("mount", "--bind", text.toString(), maps)
                                    .start()
                                    .waitFor()
                            == 0,
                    "this user cannot mount a file over " + maps);
            try {
                for (List<String> command : List.of(
                        List.of("maps", jvm.pid(), other.pid()),
                        List.of("maps", "--all"),
                        List.of("files", "--all"),
                        List.of("count", jvm.pid(), other.pid()),
                        List.of("count", "--all"),
                        List.of("jvm", jvm.pid(), other.pid()),
                        List.of("stale", jvm.pid(), other.pid(), "--verbose"),
                        List.of("watch", jvm.pid(), other.pid(), "--duration", "1"))) {
                    CliResult result = CliResult.with(command.toArray(String[]::new));
                    assertThat(result.code()).as("%s: %s", command, result).isEqualTo(1);
                    assertThat(result.err()).as("%s", command).containsOnlyOnce("process " + jvm.pid() + ": line 1");
                    assertThat(result.out())
                            .as("%s", command)
                            .containsPattern(command.get(0).equals("stale") ? "checked 1 process" : other.pid());
                }
                assertThat(CliResult.with("stale", "--all", "--json").err())
                        .contains("process " + jvm.pid() + ": line 1");
            } finally {
                assertThat(new ProcessBuilder("umount", maps).start().waitFor()).isZero();
            }
        }
    }

    @Test
    void anAmbiguousNameIsAnErrorThatListsTheCandidates() throws Exception {
        try (TestJvm one = TestJvm.start(List.of(), List.of(), LonelyApplicationMain.class);
                TestJvm two = TestJvm.start(List.of(), List.of(), LonelyApplicationMain.class)) {
            CliResult result = CliResult.with("maps", "LonelyApplication");
            assertThat(result.code()).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .hasLineCount(1)
                    .contains("is the name of 2 JVMs, give the PID of one")
                    .contains(one.pid() + " " + LonelyApplicationMain.class.getName())
                    .contains(two.pid() + " " + LonelyApplicationMain.class.getName());
        }
    }

    @Test
    void aJvmIsGivenByItsJar() throws Exception {
        Path jar = directory.toRealPath().resolve("lonely-server.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, TestJvm.WaitMain.class.getName());
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            String entry = TestJvm.WaitMain.class.getName().replace('.', '/') + ".class";
            out.putNextEntry(new JarEntry(entry));
            out.write(TestJvm.class.getClassLoader().getResourceAsStream(entry).readAllBytes());
        }
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        "not-the-main-class",
                        "-XX:-UsePerfData",
                        "-jar",
                        jar.toString(),
                        "an-argument")
                .start();
        try {
            assertThat(jvm.inputReader().readLine()).isEqualTo("READY");
            String pid = Long.toString(jvm.pid());
            for (String given : List.of("lonely-server.jar", "lonely-server", jar.toString(), "lonely-serv")) {
                assertThat(pids(CliResult.with("maps", given, "--json")))
                        .as(given)
                        .containsExactly(pid);
            }
            assertThat(CliResult.with("maps", "not-the-main-class").code()).isEqualTo(2);
            assertThat(CliResult.with("maps", "an-argument").code()).isEqualTo(2);
        } finally {
            jvm.destroyForcibly().waitFor();
        }
    }

    /** A second mount of proc, as a container has for the processes of its host. */
    @Test
    void aProcessOfAnotherProcFileSystem() throws Exception {
        Path proc = Files.createDirectory(directory.toRealPath().resolve("proc"));
        assumeTrue(
                new ProcessBuilder("mount", "-t", "proc", "proc", proc.toString())
                                .start()
                                .waitFor()
                        == 0,
                "this user cannot mount a proc file system");
        try (TestJvm jvm = TestJvm.waiting()) {
            String path = proc + "/" + jvm.pid();
            for (String[] command : new String[][] {{"maps", path}, {"files", path}, {"count", path}, {"jvm", path}}) {
                assertThat(CliResult.with(command).code()).as(command[0]).isZero();
            }
            assertThat(pids(CliResult.with("maps", path, "--json"))).containsExactly(jvm.pid());
            assertThat(CliResult.with("maps", proc + "/self/task").code()).isEqualTo(2);
        } finally {
            assertThat(new ProcessBuilder("umount", proc.toString()).start().waitFor())
                    .isZero();
        }
    }

    @Test
    void severalProcessesAreReadAndFailuresReported() throws Exception {
        Process exited = new ProcessBuilder("true").start();
        exited.waitFor();
        try (TestJvm jvm = TestJvm.waiting()) {
            CliResult result = CliResult.with("maps", Long.toString(exited.pid()), jvm.pid(), "self", "--json");
            assertThat(result.code()).isEqualTo(4);
            assertThat(result.err()).hasLineCount(1).contains(Long.toString(exited.pid()));
            assertThat(pids(result))
                    .containsExactly(
                            jvm.pid(), Long.toString(ProcessHandle.current().pid()));
            CliResult twice = CliResult.with("maps", jvm.pid(), jvm.pid());
            assertThat(twice.code()).isEqualTo(2);
            assertThat(twice.err()).contains("a process is given twice: " + jvm.pid());
        }
    }

    @Test
    void allLeavesOutProcessesWithoutMappings() throws Exception {
        assertThat(CliResult.with("maps", "self", "--all").code()).isEqualTo(2);
        try (TestJvm jvm = TestJvm.waiting()) {
            CliResult all = CliResult.with("count", "--all", "--json");
            assertThat(all.code()).isZero();
            assertThat(all.rows()).extracting(row -> row.get("type")).containsOnly("process_count");
            assertThat(all.rows())
                    .isSortedAccordingTo((a, b) -> Long.compare((Long) b.get("mappings"), (Long) a.get("mappings")));
            Map<String, Object> row = all.rows().stream()
                    .filter(each -> jvm.pid().equals(String.valueOf(each.get("pid"))))
                    .findFirst()
                    .orElseThrow();
            assertThat(row)
                    .containsEntry("process_name", TestJvm.WaitMain.class.getName())
                    .containsEntry("by", "path");
            assertThat(CliResult.with("save", jvm.pid()).rows().get(0))
                    .as("a process has one name")
                    .containsEntry("process_name", row.get("process_name"));
            List<Map<String, Object>> groups =
                    CliResult.with("count", jvm.pid(), "--json").rows();
            assertThat(row)
                    .as("the largest group")
                    .containsEntry("group", groups.get(0).get("group"))
                    .hasEntrySatisfying(
                            "group_mappings", count -> assertThat((Long) count).isPositive());
            CliResult jvms = CliResult.with("jvm", "--all", "--json");
            assertThat(jvms.code()).isZero();
            assertThat(pids(jvms)).contains(jvm.pid());
        }
    }

    /** With --all only processes with rows have a table. */
    @Test
    void allPrintsNoEmptyTables() throws Exception {
        Path file = directory.toRealPath().resolve("only-here");
        try (TestJvm jvm = TestJvm.mapping(file)) {
            for (String command : List.of("maps", "files", "files --mappings")) {
                CliResult all = CliResult.with((command + " --all --file only-here").split(" "));
                assertThat(all.code()).isZero();
                assertThat(all.lines())
                        .as(command)
                        .hasSize(4)
                        .startsWith(jvm.pid() + " " + MapAndWaitMain.class.getName())
                        .anyMatch(line -> line.endsWith("  " + file));
                assertThat(CliResult.with((command + " self --file only-here").split(" "))
                                .lines())
                        .as(command)
                        .hasSize(2);
            }
        }
    }
}
