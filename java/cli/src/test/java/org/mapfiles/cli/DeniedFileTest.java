package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;

/**
 * {@code cat} and {@code resolve} of a file that its path does not lead to, by callers who may not follow entries of
 * map_files.
 */
class DeniedFileTest {
    private static final String DENIED = ": its map_files entry leads to the file, and needs CAP_CHECKPOINT_RESTORE: ";

    @TempDir
    Path directory;
    /** Of a copy: other users may not be able to read the directory of the build. */
    private String classPath;

    private TestJvm process;
    private Path file;

    @BeforeEach
    void start() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        file = directory.resolve("libtest.so");
        Files.write(file, new byte[8192]);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        Files.setAttribute(file, "unix:uid", 65534);
        classPath = TestJvm.copyClassPath(Files.createDirectory(directory.resolve("classes")));
        Files.setPosixFilePermissions(directory.resolve("classes"), PosixFilePermissions.fromString("rwxr-xr-x"));
        process = TestJvm.startWith(
                classPath, Nobody.WITHOUT_CAPABILITIES, List.of(), MapAndWaitMain.class, file.toString());
    }

    @AfterEach
    void stop() throws Exception {
        if (process != null) {
            process.close();
        }
    }

    private CliResult cat(List<String> program) throws IOException, InterruptedException {
        return run(program, "cat", process.pid(), "libtest.so");
    }

    private CliResult run(List<String> program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(program);
        command.addAll(TestJvm.commandWith(classPath, List.of(), Main.class, arguments));
        Path err = Files.createTempFile("err", null);
        try {
            Process cat = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(err.toFile())
                    .start();
            return new CliResult(cat.waitFor(), "", Files.readString(err));
        } finally {
            Files.delete(err);
        }
    }

    private void bothAreDenied(String what) throws Exception {
        CliResult nobody = cat(Nobody.READING_FILES);
        assertThat(nobody.code()).as(nobody.err()).isEqualTo(3);
        assertThat(nobody.err())
                .hasLineCount(1)
                .startsWith("mapfiles: " + what + " at the path of ")
                .endsWith(DENIED + "run this as root\n");
        CliResult root = cat(List.of("setpriv", "--inh-caps=-all", "--bounding-set=-checkpoint_restore,-sys_admin"));
        assertThat(root.code()).as(root.err()).isEqualTo(3);
        assertThat(root.err())
                .hasLineCount(1)
                .startsWith("mapfiles: " + what + " at the path of ")
                .endsWith(DENIED
                        + "this is root without CAP_CHECKPOINT_RESTORE: docker run --cap-add=CHECKPOINT_RESTORE\n");
    }

    /** The message names the remedy. */
    @Test
    void theJvmOfAnotherUserIsDenied() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            for (String[] arguments : new String[][] {
                {"jvm", jvm.pid()}, {"jvm", jvm.pid(), "--attach"}, {"resolve", jvm.pid(), "1000", "--jvm"}
            }) {
                CliResult result = run(Nobody.WITHOUT_CAPABILITIES, arguments);
                assertThat(result.code()).as(result.err()).isEqualTo(3);
                assertThat(result.err())
                        .hasLineCount(1)
                        .startsWith("mapfiles: the kernel denies access to process " + jvm.pid() + ": it runs as ")
                        .endsWith(": run this as root (CAP_SYS_PTRACE)\n");
            }
        }
    }

    @Test
    void aDeletedFileIsDenied() throws Exception {
        Files.delete(file);
        bothAreDenied("nothing is");
    }

    @Test
    void aReplacedFileIsDenied() throws Exception {
        Path other = Files.writeString(directory.resolve("other"), "another file");
        Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        bothAreDenied("another file is");
    }

    /** {@code resolve} reports the reason once for all addresses of the file. */
    @Test
    void functionsOfADeletedFileAreNotNamed() throws Exception {
        Path library = directory.resolve("libcode.so");
        Files.write(library, ElfCopies.library());
        Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rw-r--r--"));
        List<String> sleep = new ArrayList<>(Nobody.WITHOUT_CAPABILITIES);
        sleep.addAll(List.of("sleep", "1000"));
        try (StaleTarget target = StaleTarget.start(library.toString(), library, sleep)) {
            String code = code(target.pid(), library);
            String[] arguments = {"resolve", target.pid(), code, code};
            assertThat(run(Nobody.READING_FILES, arguments).err())
                    .as("the file is at its path")
                    .isEmpty();
            Files.delete(library);
            CliResult result = run(Nobody.READING_FILES, arguments);
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.err())
                    .hasLineCount(1)
                    .startsWith(
                            "mapfiles: no functions are named in " + library + " (deleted): nothing is at the path of ")
                    .endsWith(DENIED + "run this as root\n");
            assertThat(run(Nobody.READING_FILES, "resolve", target.pid(), code, "--json")
                            .err())
                    .as("JSON has no such report")
                    .isEmpty();
        }
    }

    /** Returns the first address of the code of a file in a process. */
    private static String code(String pid, Path library) throws IOException {
        try (ProcessMaps maps = ProcessMaps.of(Long.parseLong(pid))) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                if (mapping.isExecutable() && library.toString().equals(mapping.name())) {
                    return Long.toHexString(mapping.start());
                }
            }
        }
        throw new AssertionError("the file is not mapped");
    }
}
