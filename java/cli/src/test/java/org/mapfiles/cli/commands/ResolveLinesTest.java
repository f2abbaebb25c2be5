package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Programs;
import org.mapfiles.cli.programs.InstalledProgram;
import org.mapfiles.files.MapFiles;

/** {@code mapfiles resolve --lines}, with each symbolizer that is installed. */
class ResolveLinesTest {
    private static final String PATH = "mapfiles.symbolizer-path";
    private static final String SECONDS = "mapfiles.symbolizer-seconds";

    @TempDir
    Path directory;

    @AfterEach
    void restore() {
        System.clearProperty(PATH);
        System.clearProperty(SECONDS);
    }

    /** Lets the command find one symbolizer only. */
    private void use(String program) throws Exception {
        Optional<Path> installed = InstalledProgram.find(program);
        assumeTrue(installed.isPresent(), "no " + program);
        useScript(program, "exec " + installed.get() + " \"$@\"");
    }

    /** Lets the command find a script as its symbolizer. */
    private void useScript(String script) throws Exception {
        useScript("llvm-symbolizer", script);
    }

    private void useScript(String program, String script) throws Exception {
        Path folder = Files.createDirectories(directory.resolve("programs"));
        Path file = Files.writeString(folder.resolve(program), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        System.setProperty(PATH, folder.toString());
    }

    private static void assertHasLines(CliResult result, Path source) {
        assertThat(result.err()).isEmpty();
        assertThat(result.lines()).hasSize(3);
        assertThat(result.lines().get(0)).contains("  outer + 0x0 (");
        assertThat(result.lines().get(1))
                .matches("    inner  " + source + ":" + Programs.LINE_OF_INNER + "(:\\d+)?  inlined into");
        assertThat(result.lines().get(2)).matches("    outer  " + source + ":" + Programs.LINE_OF_OUTER + "(:\\d+)?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llvm-symbolizer", "eu-addr2line", "addr2line"})
    void inlinedFunctionsAndLines(String symbolizer) throws Exception {
        use(symbolizer);
        Programs programs = new Programs(directory);
        programs.compile("program");
        try (Programs.Running program = programs.start("program")) {
            CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "--lines");
            assertHasLines(result, programs.path("program.c"));
            assertThat(result.code()).isZero();
            List<Map<String, Object>> rows = CliResult.reading(
                            program.outer() + "\n0\n" + program.outer() + "\n",
                            "resolve",
                            program.pid(),
                            "-",
                            "--lines",
                            "--json")
                    .rows();
            assertThat(rows.get(1)).containsEntry("frames", null);
            assertThat(rows.get(2)).isEqualTo(rows.get(0));
            assertThat(frames(rows.get(0)))
                    .extracting(frame -> frame.get("function"), frame -> frame.get("line"))
                    .containsExactly(tuple("inner", (long) Programs.LINE_OF_INNER), tuple("outer", (long)
                            Programs.LINE_OF_OUTER));
        }
    }

    /** llvm-symbolizer names the function by the last symbol before the address, which may be a label. */
    @ParameterizedTest
    @ValueSource(strings = {"llvm-symbolizer", "eu-addr2line", "addr2line"})
    void aLabelIsNoFunction(String symbolizer) throws Exception {
        use(symbolizer);
        Programs programs = new Programs(directory);
        Path source = programs.path("program.c");
        String labelled = "int y = inner(x); __asm__ volatile(\"label_in_outer: nop\"); return y + 1;";
        Files.writeString(source, Files.readString(source).replace("return inner(x) + 1;", labelled));
        programs.compile("program");
        long offset = programs.nm("program", "label_in_outer") - programs.nm("program", "outer");
        assertThat(offset).isPositive();
        try (Programs.Running program = programs.start("program")) {
            String address = "0x" + Long.toHexString(Long.decode(program.outer()) + offset);
            CliResult result = CliResult.with("resolve", program.pid(), address, "--lines");
            assertThat(result.lines()).hasSize(2);
            assertThat(result.lines().get(0)).contains("  outer + 0x" + Long.toHexString(offset) + " (");
            assertThat(result.lines().get(1))
                    .matches("    outer  " + source + ":" + Programs.LINE_OF_OUTER + "(:\\d+)?");
        }
    }

    @SuppressWarnings("unchecked") // the schema has an array of objects
    private static List<Map<String, Object>> frames(Map<String, Object> row) {
        return (List<Map<String, Object>>) row.get("frames");
    }

    /**
     * dwz(1) moves what debug files have in common to a file of its own ({@code .gnu_debugaltlink}). Symbols and lines
     * stay. A symbolizer that does not open that file lacks names of inlined functions.
     */
    @ParameterizedTest
    @ValueSource(strings = {"llvm-symbolizer", "eu-addr2line", "addr2line"})
    void linesOfADebugFileThatDwzHasDivided(String symbolizer) throws Exception {
        use(symbolizer);
        Programs programs = new Programs(directory);
        programs.sh("command -v dwz");
        for (String name : List.of("program", "other")) {
            programs.compile(name);
            programs.sh("objcopy --only-keep-debug " + name + " " + name + ".debug && strip " + name
                    + " && objcopy --add-gnu-debuglink=" + name + ".debug " + name);
        }
        programs.sh("dwz -m common -M common program.debug other.debug && readelf -SW program.debug | grep altlink");
        String crc =
                "objcopy --remove-section .gnu_debuglink program && objcopy --add-gnu-debuglink=program.debug program";
        programs.sh(crc); // dwz has changed the file
        try (Programs.Running program = programs.start("program")) {
            CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "--lines");
            assertThat(result.lines().get(0)).contains("  outer + 0x0 (");
            assertThat(result.err()).isEmpty();
            if (symbolizer.equals("addr2line")) {
                assertThat(result.lines())
                        .as("it reads no line without the other file")
                        .hasSize(1);
                return;
            }
            assertThat(result.lines()).hasSize(3);
            assertThat(result.lines().get(1))
                    .matches("    (inner|\\?)  .*program.c:" + Programs.LINE_OF_INNER + "(:\\d+)?  inlined into");
            assertThat(result.lines().get(2)).matches("    outer  .*program.c:" + Programs.LINE_OF_OUTER + "(:\\d+)?");
        }
    }

    /** The symbolizer has a limit of memory. */
    @Test
    void theSymbolizerHasAMemoryLimit() throws Exception {
        useScript("ulimit -v > " + directory.toRealPath().resolve("limit"));
        Programs programs = new Programs(directory);
        programs.compile("program");
        try (Programs.Running program = programs.start("program")) {
            CliResult.with("resolve", program.pid(), program.outer(), "--lines");
        }
        assertThat(Files.readString(directory.resolve("limit")).strip()).isEqualTo("8388608");
    }

    /** A deleted file is read by its descriptor. The name of the file is no argument of the symbolizer. */
    @ParameterizedTest
    @ValueSource(strings = {"llvm-symbolizer", "eu-addr2line", "addr2line"})
    void deletedFilesAndNamesLikeOptions(String symbolizer) throws Exception {
        use(symbolizer);
        Programs programs = new Programs(directory);
        for (String name : List.of("--help", "@program", "-e x", "a\nb;id")) {
            Files.deleteIfExists(programs.path(name));
            programs.compile("plain");
            Files.move(programs.path("plain"), programs.path(name));
            try (Programs.Running program = programs.start(name)) {
                CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "--lines");
                assertHasLines(result, programs.path("program.c"));
                Files.delete(programs.path(name));
                assertHasLines(
                        CliResult.with("resolve", program.pid(), program.outer(), "--lines"),
                        programs.path("program.c"));
            }
        }
    }

    /** A stripped program, whose lines are in the file that .gnu_debuglink names. */
    @ParameterizedTest
    @ValueSource(strings = {"llvm-symbolizer", "eu-addr2line", "addr2line"})
    void linesOfADebugFile(String symbolizer) throws Exception {
        use(symbolizer);
        Programs programs = new Programs(directory);
        programs.compile("program");
        programs.sh("objcopy --only-keep-debug program program.debug && strip --strip-debug program"
                + " && objcopy --add-gnu-debuglink=program.debug program");
        try (Programs.Running program = programs.start("program")) {
            assertHasLines(
                    CliResult.with("resolve", program.pid(), program.outer(), "--lines"), programs.path("program.c"));
        }
        Files.delete(programs.path("program.debug"));
        try (Programs.Running program = programs.start("program")) {
            CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "--lines");
            assertThat(result.lines()).as("there are no lines").hasSize(1);
            assertThat(result.err()).isEmpty();
        }
    }

    /** A target could let root open any path: a device, or a FIFO of another process. */
    @ParameterizedTest
    @ValueSource(strings = {"llvm-symbolizer", "eu-addr2line", "addr2line"})
    void aFileOfAnotherUserIsReadWithTheRightsOfThatUser(String symbolizer) throws Exception {
        assumeTrue(MapFiles.followDenial().isEmpty(), "only root has other rights");
        Programs programs = new Programs(directory);
        Path user = directory.resolve("user");
        use(symbolizer);
        Path script = directory.resolve("programs").resolve(symbolizer);
        Files.writeString(
                script, Files.readString(script).replace("exec", "cat /proc/self/status > " + user + "\nexec"));
        Files.setPosixFilePermissions(Files.createFile(user), PosixFilePermissions.fromString("rw-rw-rw-"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        programs.compile("program");
        programs.sh("chown 4321 program");
        try (Programs.Running program = programs.start("program")) {
            Files.delete(programs.path("program"));
            assertHasLines(
                    CliResult.with("resolve", program.pid(), program.outer(), "--lines"), programs.path("program.c"));
        }
        assertThat(Files.readString(user))
                .containsPattern("Uid:\t4321\t4321\t4321\t4321\n")
                .containsPattern("Gid:\t65534\t65534\t65534\t65534\n")
                .containsPattern("CapPrm:\t0+\n")
                .containsPattern("Groups:\t *\n");
    }

    /** The call is before the address that it returns to, which may belong to another line. */
    @Test
    void aReturnAddressHasTheLineOfTheCall() throws Exception {
        useScript("addr2line", "while read address; do printf '%s\\nf\\n/x.c:%d:1\\n\\n' $address $address; done");
        Programs programs = new Programs(directory);
        programs.compile("program");
        long elfAddress = programs.nm("program", "outer");
        try (Programs.Running program = programs.start("program")) {
            assertThat(CliResult.with("resolve", program.pid(), program.outer(), "--lines")
                            .lines())
                    .contains("    f  /x.c:" + elfAddress + ":1");
            assertThat(CliResult.with("resolve", program.pid(), program.outer(), "--lines", "--returns-to")
                            .lines())
                    .contains("    f  /x.c:" + (elfAddress - 1) + ":1");
            String frame = "\t" + program.outer().replace("0x", "") + " outer (" + programs.path("program") + ")\n";
            String leaf = "\t" + Long.toHexString(Long.decode(program.outer()) + 2) + " leaf ("
                    + programs.path("program") + ")\n";
            assertThat(CliResult.reading(
                                    "x 1.000001: cycles:\n" + leaf + frame + "\nx 1.000002: cycles:\n" + frame,
                                    "resolve",
                                    program.pid(),
                                    "-",
                                    "--lines")
                            .lines())
                    .as("the caller in a sample, then the frame where a thread was running")
                    .containsSubsequence("    f  /x.c:" + (elfAddress - 1) + ":1", "    f  /x.c:" + elfAddress + ":1");
        }
    }

    @Test
    void aHungSymbolizerIsEnded() throws Exception {
        Path pid = directory.resolve("pid");
        useScript("echo $$ > " + pid + "\nexec sleep 1000");
        System.setProperty(SECONDS, "5");
        Programs programs = new Programs(directory);
        programs.compile("program");
        try (Programs.Running program = programs.start("program")) {
            CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "--lines");
            assertThat(result.lines()).hasSize(1);
            assertThat(result.err())
                    .hasLineCount(1)
                    .contains("llvm-symbolizer has printed nothing more for 5 seconds")
                    .contains("/program");
            assertThat(result.code()).isZero();
        }
        long script = Long.parseLong(Files.readString(pid).strip());
        ProcessHandle.of(script).ifPresent(handle -> handle.onExit().join());
    }

    @Test
    void aSymbolizerThatFailsForManyFilesIsNotRunAnyMore() throws Exception {
        Path runs = directory.resolve("runs");
        useScript("echo >> " + runs + "\nexit 1");
        new Programs(directory).compile("program"); // with debug information
        List<MappedByteBuffer> mapped = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Path copy = Files.copy(directory.resolve("program"), directory.resolve("program" + i));
            try (FileChannel channel = FileChannel.open(copy)) {
                mapped.add(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
            }
        }
        List<String> arguments = new ArrayList<>(List.of("resolve", "self", "--lines"));
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                if (mapping.isFileBacked() && mapping.name().startsWith(directory.toRealPath() + "/program")) {
                    arguments.add("0x" + Long.toHexString(mapping.start()));
                }
            }
        }
        assertThat(arguments).hasSize(3 + mapped.size());
        CliResult result = CliResult.with(arguments.toArray(String[]::new));
        assertThat(Files.readAllLines(runs)).hasSize(8);
        assertThat(result.err())
                .hasLineCount(9)
                .endsWith("llvm-symbolizer is not run any more: it has failed for 8 files\n");
        assertThat(result.lines()).hasSize(mapped.size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "yes",
                "cat /dev/urandom",
                "tr '\\0' x < /dev/zero",
                "cat; cat /dev/zero",
                "exit 1",
                "kill -9 $$",
                "read a; echo $a; while :; do echo f; echo /a:1:1; done",
                "read a; echo $a; echo f"
            })
    void garbageIsNotUsed(String script) throws Exception {
        useScript(script);
        Programs programs = new Programs(directory);
        programs.compile("program");
        try (Programs.Running program = programs.start("program")) {
            CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "0", "--lines");
            assertThat(result.err()).hasLineCount(1).contains("source lines are missing for ");
            assertThat(result.lines().get(0)).contains("  outer + 0x0 (");
            assertThat(result.lines().get(result.lines().size() - 1)).isEqualTo("0x0  in no mapping");
        }
    }

    /** No network: debuginfod(8) is used only if this variable names servers. */
    @Test
    void theSymbolizerHasNoServers() throws Exception {
        Path environment = directory.resolve("environment");
        useScript("echo ${DEBUGINFOD_URLS-none} > " + environment + "; pwd >> " + environment + "; cat");
        Programs programs = new Programs(directory);
        programs.compile("program");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-D" + PATH + "=" + System.getProperty(PATH),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "org.mapfiles.cli.Main"));
        try (Programs.Running program = programs.start("program")) {
            command.addAll(List.of("resolve", program.pid(), program.outer(), "--lines"));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("DEBUGINFOD_URLS", "http://127.0.0.1:9");
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
        }
        assertThat(environment).hasContent("none\n/\n");
    }

    @Test
    void withoutASymbolizerAMessageNamesThePackages() throws Exception {
        System.setProperty(PATH, directory.toString() + ":.:");
        Programs programs = new Programs(directory);
        programs.compile("program");
        try (Programs.Running program = programs.start("program")) {
            CliResult result = CliResult.with("resolve", program.pid(), program.outer(), "--lines");
            assertThat(result.err()).hasLineCount(1).contains("apt-get install llvm");
            assertThat(result.lines()).hasSize(1).first().asString().contains("  outer + 0x0 (");
        }
    }
}
