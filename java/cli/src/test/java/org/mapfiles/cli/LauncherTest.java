package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code mapfiles}, copied into another tree. The jar there refers to the classes under test. */
class LauncherTest {
    @TempDir
    Path directory;

    private String tree;

    @BeforeEach
    void makeTree() throws Exception {
        assumeTrue(Files.isRegularFile(script()), "the launcher is not here: " + script());
        tree = makeTree("tree");
    }

    /** Surefire runs in java/cli. */
    private static Path script() {
        return Path.of("../../mapfiles").toAbsolutePath().normalize();
    }

    /** Makes a tree. The name is a format of printf(1), since this JVM may have no path for it. */
    private String makeTree(String name) throws Exception {
        Path jar = directory.resolve("mapfiles.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Main.class.getName());
        manifest.getMainAttributes().put(new Attributes.Name("Enable-Native-Access"), "ALL-UNNAMED");
        List<String> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toString());
        }
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, String.join(" ", urls));
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        // newer than its sources
        Files.setLastModifiedTime(jar, FileTime.fromMillis(System.currentTimeMillis() + 86_400_000));
        CliResult made = run(
                Map.of(),
                "sh",
                "-c",
                "set -e; tree=$1/$(printf \"$2\"); mkdir -p \"$tree/java/cli/target\" \"$tree/native\"; cd \"$tree\";"
                        + " touch pom.xml CMakeLists.txt; cp -p \"$1/mapfiles.jar\" java/cli/target/; cp \"$3\" mapfiles",
                "sh",
                directory.toString(),
                name,
                script().toString());
        assertThat(made.code()).as("%s", made).isZero();
        return directory + "/$(printf '" + name + "')";
    }

    private CliResult run(Map<String, String> environment, String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        int code = builder.directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        return new CliResult(code, text(out), text(err));
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private CliResult launch(String before, Map<String, String> environment) throws Exception {
        return run(environment, "sh", "-c", before + " exec \"" + tree + "/mapfiles\" count self --by kind");
    }

    private static void assertWorks(CliResult result) {
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).contains("% of vm.max_map_count");
        assertThat(result.code()).isZero();
    }

    private static void assertCannotStart(CliResult result, String... causes) {
        assertThat(result.code()).as("%s", result).isEqualTo(127);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("mapfiles: ").hasLineCount(1).contains(causes);
    }

    @Test
    void optionsForTheTargetAreIgnored() throws Exception {
        assertWorks(launch("", Map.of()));
        for (String variable : List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")) {
            for (String option : List.of(
                    "-XX:+UseG1GC",
                    "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=nowhere:1",
                    "-Djava.security.manager",
                    "-XX:MaxDirectMemorySize=1m",
                    "-Xfrog")) {
                assertWorks(launch("", Map.of(variable, option)));
            }
        }
        assertWorks(launch("", Map.of("CLASSPATH", "/nowhere", "_JAVA_LAUNCHER_DEBUG", "1", "JAVA_OPTS", "-Xfrog")));
    }

    @Test
    void ownOptionsAreUsedAndNamedIfTheyAreWrong() throws Exception {
        assertWorks(launch("", Map.of("MAPFILES_JAVA_OPTIONS", "-Xmx100m  -Dstar=*")));
        assertCannotStart(
                launch("", Map.of("MAPFILES_JAVA_OPTIONS", "-XX:+UseFrog")),
                "Unrecognized VM option 'UseFrog'",
                "MAPFILES_JAVA_OPTIONS is -XX:+UseFrog");
        assertCannotStart(
                launch("", Map.of("MAPFILES_JAVA_OPTIONS", "-XX:+UseSerialGC")), "Multiple garbage collectors");
    }

    @Test
    void littleAddressSpaceIsEnoughOrIsNamed() throws Exception {
        assertWorks(launch("ulimit -v 2000000;", Map.of()));
        assertWorks(launch("ulimit -v 1000000;", Map.of()));
        assertCannotStart(launch("ulimit -v 200000;", Map.of()), "ulimit -v is 200000 KiB");
    }

    @Test
    void aTreeBelowANameThatIsNotAscii() throws Exception {
        tree = makeTree("caf\\303\\251");
        for (String locale : List.of("C", "POSIX", "de_DE.UTF-8")) {
            assertWorks(launch("", Map.of("LC_ALL", locale)));
        }
    }

    @Test
    void aTreeBelowANameThatIsNotUtf8IsNamed() throws Exception {
        assumeTrue(run(Map.of(), "sh", "-c", "command -v iconv").code() == 0, "no iconv(1)");
        tree = makeTree("caf\\351");
        assertCannotStart(launch("", Map.of()), "is not UTF-8");
    }

    @Test
    void aMissingProcIsNamed() throws Exception {
        CliResult tried = run(Map.of(), "unshare", "-m", "sh", "-c", "umount -l /proc");
        assumeTrue(tried.code() == 0, "unshare(1) or umount(8) is denied: " + tried.err());
        assertCannotStart(
                run(Map.of(), "unshare", "-m", "sh", "-c", "umount -l /proc; exec \"" + tree + "/mapfiles\" maps self"),
                "no proc file system is mounted at /proc: mount -t proc proc /proc");
    }

    @Test
    void fewTasksAreEnoughOrNamed() throws Exception {
        int denied = 0;
        for (int tasks : new int[] {3, 6, 11, 13, 14, 15, 16, 40}) {
            try (ControlGroup group = ControlGroup.make("pids", "pids.max", "pids.max", tasks)) {
                CliResult result = launch(group.enter(), Map.of());
                if (result.code() == 0) {
                    assertWorks(result);
                } else {
                    denied++;
                    assertCannotStart(result, "pids.max of ");
                }
                assertThat(tasks < 11 ? 0 : tasks > 20 ? 127 : -1)
                        .as("%d tasks", tasks)
                        .isNotEqualTo(result.code());
            }
        }
        assertThat(denied).isPositive();
    }

    /** The limit does not apply to root: there the launcher tries Java, and it works. */
    @Test
    void aLowLimitOfProcessesIsTried() throws Exception {
        assumeTrue(run(Map.of(), "prlimit", "--version").code() == 0, "no prlimit(1)");
        CliResult result = run(
                Map.of(),
                "prlimit",
                "--nproc=5",
                tree.replace("$(printf '", "").replace("')", "") + "/mapfiles",
                "count",
                "self",
                "--by",
                "kind");
        if (result.code() == 0) {
            assertWorks(result);
        } else {
            assertThat(result.code()).as("%s", result).isEqualTo(127);
        }
    }

    /** As without memory or tasks for it. The tree belongs to another user, so that nothing is built. */
    @Test
    void aCheckOfTheSourcesThatIsKilledIsMadeAgain() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(run(Map.of(), "setpriv", "--version").code() == 0, "no setpriv(1)");
        Path programs = Files.createDirectory(directory.resolve("programs"));
        Path find = Files.writeString(
                programs.resolve("find"),
                "#!/bin/sh\nPATH=${PATH#*:}\nmkdir '" + programs + "/first' 2>/dev/null || exec find \"$@\"\n"
                        + "kill -9 $PPID\n");
        assertThat(find.toFile().setExecutable(true)).isTrue();
        run(Map.of(), "chmod", "-R", "a+rX", directory.toString());
        run(Map.of(), "chmod", "777", programs.toString());
        CliResult result = run(
                Map.of("PATH", programs + ":" + System.getenv("PATH")),
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                directory + "/tree/mapfiles",
                "--version");
        assertThat(programs.resolve("first")).isDirectory();
        assertThat(result.err())
                .doesNotContain("older than its sources"); // the user may not be able to read all classes
    }

    /**
     * 60,000 mappings, 64 MiB of memory: lists in chunks work, a command that needs all mappings reports it, and
     * nothing is killed.
     */
    @Test
    void littleMemoryIsEnoughOrNamed() throws Exception {
        try (ControlGroup group = ControlGroup.make("memory", "memory.limit_in_bytes", "memory.max", 64L << 20);
                SpecialMappingsChild many = new SpecialMappingsChild(
                        Files.createDirectory(directory.resolve("many")), List.of(), "plain")) {
            assumeTrue(many.command("many 60000").equals("OK 60000"), "vm.max_map_count is too low");
            for (String command : List.of("maps", "files", "count")) {
                CliResult result = run(
                        Map.of(),
                        "sh",
                        "-c",
                        group.enter() + " exec \"" + tree + "/mapfiles\" " + command + " " + many.pid());
                assertThat(result.code()).as(command + ' ' + result.err()).isZero();
                assertThat(result.err()).isEmpty();
                assertThat(result.lines().get(result.lines().size() - 1)).contains(" mappings");
            }
            CliResult watch = run(
                    Map.of(),
                    "sh",
                    "-c",
                    group.enter() + " exec \"" + tree + "/mapfiles\" watch --initial " + many.pid());
            assertThat(watch.code()).as(watch.err()).isEqualTo(1);
            assertThat(watch.err())
                    .hasLineCount(1)
                    .startsWith("mapfiles: not enough memory")
                    .contains("limit of memory is 64M");
        }
    }

    /** The shell itself prints a line of its own in such a directory, before it runs the script. */
    @Test
    void aDeletedWorkingDirectoryIsNamedAsTheCause() throws Exception {
        for (String before : List.of(
                "mkdir gone; cd gone; rmdir ../gone;",
                "mkdir gone; cd gone; rmdir ../gone; unset PWD;",
                "mkdir gone; cd gone; rmdir ../gone; mkdir ../gone;")) {
            CliResult ran = launch(before, Map.of());
            assertThat(ran.code()).as("%s", ran).isEqualTo(127);
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err().lines().filter(line -> !line.contains("getcwd")))
                    .as(ran.err())
                    .containsExactly("mapfiles: the working directory was deleted: change to another one");
            run(Map.of(), "sh", "-c", "rmdir gone 2>/dev/null; true");
        }
        assertWorks(launch("mkdir kept; cd kept; mv ../kept ../moved; unset PWD;", Map.of()));
    }

    /** The exit code is that of any output that cannot be written, not that of a Java that does not start. */
    @Test
    void aClosedOutputIsReportedAsOneThatCannotBeWritten() throws Exception {
        for (String closed : List.of(">&-", "<&- >&-")) {
            CliResult result = run(Map.of(), "sh", "-c", "exec \"" + tree + "/mapfiles\" count self " + closed);
            assertThat(result.code()).as("%s", result).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).isEqualTo("mapfiles: standard output cannot be written: it is closed\n");
        }
        CliResult silent = run(Map.of(), "sh", "-c", "exec \"" + tree + "/mapfiles\" count self >&- 2>&-");
        assertThat(silent.code()).as("%s", silent).isEqualTo(1);
    }

    /** A command that does not read its input works without one. One that reads it does not find an empty input. */
    @Test
    void aClosedInputIsReportedByACommandThatReadsIt() throws Exception {
        assertWorks(run(Map.of(), "sh", "-c", "exec \"" + tree + "/mapfiles\" count self --by kind <&-"));
        CliResult result = run(Map.of(), "sh", "-c", "exec \"" + tree + "/mapfiles\" resolve self - <&-");
        assertThat(result.code()).as("%s", result).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith("mapfiles: standard input cannot be read: ")
                .hasLineCount(1);
    }

    @Test
    void aClosedErrorOutputChangesNothingElse() throws Exception {
        assertWorks(run(Map.of(), "sh", "-c", "exec \"" + tree + "/mapfiles\" count self --by kind 2>&-"));
        CliResult denied = run(Map.of(), "sh", "-c", "exec \"" + tree + "/mapfiles\" count self --frog 2>&-");
        assertThat(denied.code()).as("%s", denied).isEqualTo(2);
        assertThat(denied.out() + denied.err()).isEmpty();
    }

    /** With 11 or fewer dash cannot open a script: its own message and exit code cannot be changed by the script. */
    @Test
    void fewFileDescriptorsAreEnoughOrNamed() throws Exception {
        for (int descriptors = 12; descriptors < 16; descriptors++) {
            assertCannotStart(launch("ulimit -n " + descriptors + ";", Map.of()), "ulimit -n is " + descriptors);
        }
        int jars = System.getProperty("java.class.path").split(File.pathSeparator).length; // in place of one jar
        assertWorks(launch("ulimit -n " + (16 + jars) + ";", Map.of()));
    }
}
