package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.ElfCopies;
import org.mapfiles.cli.StaleTarget;

/** {@code mapfiles stale}: what an update, a reinstallation and a program itself do to files that a process runs. */
class StaleCommandTest extends StaleFiles {
    private StaleTarget start() throws Exception {
        return StaleTarget.program(program, library);
    }

    @Test
    void withoutAnUpdateNothingIsReported() throws Exception {
        try (StaleTarget target = start()) {
            assertThat(target.rows(0)).isEmpty();
            CliResult text = CliResult.with("stale", target.pid());
            assertThat(text.out()).isEqualTo("checked 1 process: none with outdated code\n");
        }
    }

    @Test
    void aLibraryThatAnUpdateRenamedOverIsOutdated() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(library, ElfCopies.anotherVersion(libraryBytes));
            Map<String, Object> row = target.row(OUTDATED);
            assertThat(row)
                    .containsEntry("update", "outdated")
                    .containsEntry("action", "restart")
                    .containsEntry("why", "another build ID")
                    .containsEntry("program", false)
                    .containsEntry("process_name", "sleep")
                    .containsEntry("path", library.toString())
                    .containsEntry("path_now", library.toString());
            assertThat(row.get("build_id")).isNotEqualTo(row.get("build_id_now"));
            CliResult text = CliResult.with("stale", target.pid());
            assertThat(text.code()).isEqualTo(OUTDATED);
            assertThat(text.lines()).hasSize(3);
            assertThat(text.lines().get(1).split(" +"))
                    .endsWith(target.pid(), "sleep", "outdated", "restart", library.toString());
            assertThat(text.lines().get(2)).isEqualTo("checked 1 process: 1 with outdated code");
        }
    }

    @Test
    void aMissingProcessIsReportedOnce() {
        CliResult result = CliResult.with("stale", Integer.toString(Integer.MAX_VALUE));
        assertThat(result.code()).isEqualTo(4);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).hasLineCount(1);
    }

    @Test
    void aProgramThatAnUpdateRenamedOverIsOutdated() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(program, ElfCopies.anotherVersion(programBytes));
            assertThat(target.row(OUTDATED))
                    .containsEntry("update", "outdated")
                    .containsEntry("program", true)
                    .containsEntry("path", program.toString());
        }
    }

    /** As most libraries of a distribution: a link with the name of the interface leads to a file with the version. */
    @Test
    void aLibraryWhoseFileHasTheVersionInItsNameIsOutdated() throws Exception {
        Path version0 = library.resolveSibling("libtest.so.1.0");
        Path version1 = library.resolveSibling("libtest.so.1.1");
        Files.move(library, version0);
        Files.createSymbolicLink(library, version0.getFileName());
        try (StaleTarget target = start()) {
            assertThat(target.rows(0)).isEmpty();
            ElfCopies.install(version1, ElfCopies.anotherVersion(libraryBytes));
            Files.delete(library);
            Files.createSymbolicLink(library, version1.getFileName());
            assertThat(target.row(OUTDATED))
                    .as("the old version is still installed")
                    .containsEntry("update", "outdated")
                    .containsEntry("path", version0.toString())
                    .containsEntry("path_now", library.toString());
            Files.delete(version0);
            assertThat(target.row(OUTDATED)).as("it is removed").containsEntry("update", "outdated");
        }
    }

    @Test
    void filesOfADirectoryThatWasRenamedAwayAreOutdated() throws Exception {
        Path directory = library.getParent();
        try (StaleTarget target = start()) {
            Files.move(directory, directory.resolveSibling("app.old"));
            Files.createDirectory(directory);
            ElfCopies.install(program, programBytes);
            ElfCopies.install(library, ElfCopies.anotherVersion(libraryBytes));
            assertThat(target.row(OUTDATED))
                    .containsEntry("update", "outdated")
                    .containsEntry("path_now", library.toString());
        }
    }

    @Test
    void theSameBytesAreNotOutdated() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(library, libraryBytes);
            ElfCopies.install(program, programBytes);
            assertThat(target.rows(0))
                    .hasSize(2)
                    .allSatisfy(row -> assertThat(row)
                            .containsEntry("update", "replaced_same")
                            .containsEntry("action", null));
            assertThat(CliResult.with("stale", target.pid()).out())
                    .isEqualTo("checked 1 process: none with outdated code, 2 files replaced by the same code\n");
            assertThat(CliResult.with("stale", "--verbose", target.pid()).out()).contains("replaced same");
        }
    }

    /** As prelink(8), strip(1) and objcopy --add-gnu-debuglink change a file. */
    @Test
    void theSameBuildIdWithTheSameCodeIsNotOutdated() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(library, ElfCopies.sameCode(libraryBytes));
            assertThat(target.row(0)).containsEntry("update", "replaced_same");
        }
    }

    @Test
    void theSameBuildIdWithOtherCodeIsOutdated() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(library, ElfCopies.otherCode(libraryBytes));
            Map<String, Object> row = target.row(OUTDATED);
            assertThat(row).containsEntry("why", "same build ID, but other code");
            assertThat(row.get("build_id")).isEqualTo(row.get("build_id_now"));
        }
    }

    /** JNA, zstd-jni and sqlite-jdbc do this. */
    @Test
    void aLibraryThatTheProgramExtractedAndDeletedIsNotOutdated() throws Exception {
        try (StaleTarget target = start()) {
            Files.delete(library);
            assertThat(target.row(0))
                    .containsEntry("update", "deleted")
                    .containsEntry("path", library.toString())
                    .containsEntry("path_now", null);
        }
    }

    @Test
    void aProgramThatIsDeletedIsNotOutdated() throws Exception {
        try (StaleTarget target = start()) {
            Files.delete(program);
            assertThat(target.row(0)).containsEntry("update", "deleted").containsEntry("program", true);
        }
    }

    @Test
    void aScriptAtThePathOfAProgramIsAnotherProgram() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(program, "#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(target.row(OUTDATED)).containsEntry("why", "the file at the path is no ELF file");
        }
    }

    /** The path of the load is that of the script, and the program is its interpreter. */
    @Test
    void aScriptDoesNotMakeItsInterpreterOutdated() throws Exception {
        Path tail = program.resolveSibling("tail");
        ElfCopies.install(tail, Files.readAllBytes(Path.of("/usr/bin/tail")));
        Path script = program.resolveSibling("script");
        ElfCopies.install(script, ("#!" + tail + " -f\n").getBytes(StandardCharsets.US_ASCII));
        try (StaleTarget target = StaleTarget.start(tail.toString(), null, List.of(script.toString()))) {
            assertThat(target.rows(0)).isEmpty();
        }
    }

    @Test
    void aNameThatEndsInDeletedIsAName() throws Exception {
        Path odd = program.resolveSibling("sleep (deleted)");
        Files.move(program, odd);
        try (StaleTarget target = StaleTarget.program(odd, null)) {
            assertThat(target.rows(0)).isEmpty();
            ElfCopies.install(odd, ElfCopies.anotherVersion(programBytes));
            assertThat(target.row(OUTDATED)).containsEntry("path", odd.toString());
        }
    }

    @Test
    void codeInAMemfdHasNoPathAndIsNotReported() throws Exception {
        String load = "import ctypes, os, sys, time\n"
                + "fd = os.memfd_create('extracted')\n"
                + "os.write(fd, open(sys.argv[1], 'rb').read())\n"
                + "ctypes.CDLL('/proc/self/fd/%d' % fd)\n"
                + "time.sleep(1000)\n";
        try (StaleTarget target = StaleTarget.python("/memfd:extracted", load, library.toString())) {
            assertThat(target.rows(0)).isEmpty();
        }
    }

    /** As a jitdump of perf, of which one page is mapped as code. */
    @Test
    void aFileThatIsNoElfFileIsNotChecked() throws Exception {
        Path dump = temporary.toRealPath().resolve("jit.dump");
        Files.write(dump, new byte[8192]);
        String script = "import mmap, os, sys, time\nf = os.open(sys.argv[1], os.O_RDONLY)\n"
                + "m = mmap.mmap(f, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)\ntime.sleep(1000)\n";
        try (StaleTarget target = StaleTarget.python(dump.toString(), script, dump.toString())) {
            ElfCopies.install(dump, new byte[4096]);
            assertThat(target.rows(0)).isEmpty();
            Files.delete(dump);
            assertThat(target.rows(0)).isEmpty();
        }
    }

    /** PR_SET_MM_MAP of prctl(2): a process writes any values into its auxiliary vector. */
    @Test
    void anAuxiliaryVectorWithAnyNumbersIsRead() throws Exception {
        String script = """
                import ctypes, re, struct, sys, time
                vector = list(struct.unpack('@%dQ' % (len(v := open('/proc/self/auxv', 'rb').read()) // 8), v))
                for i in range(0, len(vector), 2):
                    if vector[i] == 5:
                        vector[i + 1] = 2**64 - 1
                vector = struct.pack('@%dQ' % len(vector), *vector)
                f = [0, 0, 0] + open('/proc/self/stat').read().rsplit(')', 1)[1].split()
                f = [int(x) if str(x).isdigit() else 0 for x in f]
                heap = re.search('-([0-9a-f]+) .*\\[heap\\]', open('/proc/self/maps').read())
                brk = int(heap.group(1), 16) if heap else f[47]
                buffer = ctypes.create_string_buffer(vector)
                mm = struct.pack('@12QIi', f[26], f[27], f[45], f[46], f[47], brk, f[28], f[48], f[49], f[50], f[51],
                                 ctypes.addressof(buffer), len(vector), -1)
                rc = ctypes.CDLL(None, use_errno=True).prctl(35, 14, mm, ctypes.c_ulong(len(mm)), ctypes.c_ulong(0))
                if rc == 0:
                    ctypes.CDLL(sys.argv[1])
                time.sleep(1000 if rc == 0 else 0)
                """;
        StaleTarget target;
        try {
            target = StaleTarget.python(library.toString(), script, library.toString());
        } catch (AssertionError e) {
            assumeTrue(false, "PR_SET_MM_MAP is missing: " + e.getMessage());
            return;
        }
        try (target) {
            assertThat(target.rows(0)).isEmpty();
        }
    }

    @Test
    void aProcessOrAllMustBeGiven() {
        assertThat(CliResult.with("stale").err()).contains("PID|self or --all is missing");
        assertThat(CliResult.with("stale").code()).isEqualTo(2);
        assertThat(CliResult.with("stale", "--all", "self").code()).isEqualTo(2);
    }

    @Test
    void allProcessesAreChecked() throws Exception {
        try (StaleTarget target = start()) {
            ElfCopies.install(library, ElfCopies.anotherVersion(libraryBytes));
            CliResult all = CliResult.with("stale", "--all", "--json");
            assertThat(all.code()).isEqualTo(OUTDATED);
            assertThat(all.rows())
                    .anySatisfy(row -> assertThat(row)
                            .containsEntry("pid", Long.valueOf(target.pid()))
                            .containsEntry("path", library.toString()));
            assertThat(CliResult.with("stale", "--all").out()).contains(library.toString());
        }
    }

    @Test
    void aProcessThatHasExitedIsAFailure() throws Exception {
        String pid;
        try (StaleTarget target = start()) {
            pid = target.pid();
        }
        assertThat(CliResult.with("stale", pid).code()).isEqualTo(4);
    }
}
