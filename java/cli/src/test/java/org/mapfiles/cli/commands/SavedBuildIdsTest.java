package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Programs;

/** Files of saved mappings are identified by their build IDs: those of {@code save}, and those of core files. */
class SavedBuildIdsTest {
    private static final String ID = "ab1234567890abcdef1234567890abcdef123456";

    @TempDir
    Path directory;

    private final String home = System.getProperty("user.home");
    private Programs programs;
    private Path file;

    /** The cache of debuginfod is in the home directory, which is one of this test. */
    @BeforeEach
    void compile() throws Exception {
        programs = new Programs(directory);
        file = programs.path("program");
        programs.sh("gcc -g -O1 -Wl,--build-id=0x" + ID + " -o program program.c");
        System.setProperty("user.home", directory.toRealPath().toString());
    }

    @AfterEach
    void restoreHome() {
        System.setProperty("user.home", home);
    }

    private Path debugFileInCache() throws Exception {
        assumeTrue(
                System.getenv("DEBUGINFOD_CACHE_PATH") == null && System.getenv("XDG_CACHE_HOME") == null,
                "the environment names another cache");
        Path debug = programs.path(".cache/debuginfod_client/" + ID + "/debuginfo");
        Files.createDirectories(debug.getParent());
        programs.sh("objcopy --only-keep-debug program " + debug);
        return debug;
    }

    /** Saves the state of the program. Returns the address of outer. */
    private String save(String to) throws Exception {
        try (Programs.Running program = programs.start("program")) {
            Files.writeString(
                    programs.path(to), CliResult.with("save", program.pid()).out());
            return program.outer();
        }
    }

    private CliResult resolve(String saved, String... arguments) {
        String[] all = new String[arguments.length + 3];
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        all[0] = "resolve";
        all[1] = "--from";
        all[2] = programs.path(saved).toString();
        return CliResult.with(all);
    }

    private Map<String, Object> row(String saved, String address) {
        return resolve(saved, address, "--json").rows().get(0);
    }

    /** Its package was installed again: the same build, or another one. */
    @Test
    void aFileThatWasDeletedIsFoundAtItsPathByItsBuildId() throws Exception {
        Files.copy(file, programs.path("copy"), StandardCopyOption.COPY_ATTRIBUTES);
        String outer;
        try (Programs.Running program = programs.start("program")) {
            Files.delete(file);
            Files.writeString(
                    programs.path("deleted"),
                    CliResult.with("save", program.pid()).out());
            outer = program.outer();
        }
        assertThat(row("deleted", outer)).as("no file is at the path").containsEntry("symbol", null);
        Files.move(programs.path("copy"), file);
        assertThat(row("deleted", outer)).containsEntry("symbol", "outer").containsEntry("build_id", ID);
        programs.sh("gcc -g -O1 -Wl,--build-id=0x" + ID.replace('a', 'f') + " -o program program.c");
        assertThat(row("deleted", outer)).as("another build").containsEntry("symbol", null);
    }

    /** The message does not advise what was done already. */
    @Test
    void aFileWithoutABuildIdIsNotVerified() throws Exception {
        programs.sh("gcc -g -O1 -Wl,--build-id=none -o program program.c");
        String outer = save("saved");
        CliResult result = resolve("saved", outer);
        assertThat(result.out()).startsWith(outer + "  " + file + " + 0x");
        assertThat(result.err())
                .isEqualTo("mapfiles: no functions are named in " + file
                        + ": no time or build ID was recorded, so the file may have changed since\n");
    }

    @Test
    void theSameBuildAtThePathHasFunctions() throws Exception {
        String outer = save("state");
        Files.copy(file, programs.path("copy"));
        Files.move(programs.path("copy"), file, StandardCopyOption.REPLACE_EXISTING);
        CliResult text = resolve("state", outer);
        assertThat(text.out()).startsWith(outer + "  outer + 0x0 (" + file + " + 0x");
        assertThat(text.err()).isEmpty();
        assertThat(row("state", outer))
                .containsEntry("build_id", ID)
                .containsEntry("file_now", "same")
                .containsEntry("file_why", "same build ID")
                .satisfies(row -> assertThat(row.get("pid")).as("of the head").isNotNull());
    }

    @Test
    void anotherBuildAtThePathHasNoFunctions() throws Exception {
        String outer = save("state");
        programs.sh("gcc -g -O0 -o other program.c && mv other program");
        CliResult text = resolve("state", outer);
        assertThat(text.out()).startsWith(outer + "  " + file + " + 0x");
        assertThat(text.err())
                .isEqualTo("mapfiles: no functions are named in " + file
                        + ": another build ID: install the debug file with the build ID " + ID + "\n");
        assertThat(row("state", outer))
                .containsEntry("symbol", null)
                .containsEntry("build_id", ID)
                .containsEntry("file_now", "replaced");
    }

    @Test
    void aLostFileHasTheFunctionsOfADebugFileWithItsBuildId() throws Exception {
        String outer = save("state");
        String elfAddress = "0x" + Long.toHexString(programs.nm("program", "outer"));
        String htlhash = (String) row("state", outer).get("htlhash");
        assertThat(htlhash).isNotNull();
        debugFileInCache();
        programs.sh("gcc -g -O0 -o other program.c && mv other program");
        for (String now : List.of("replaced", "missing")) {
            CliResult text = resolve("state", outer, "--lines");
            assertThat(text.out())
                    .startsWith(outer + "  outer + 0x0 (" + file + " + 0x")
                    .contains("program.c:" + Programs.LINE_OF_INNER);
            assertThat(text.err()).isEmpty();
            assertThat(row("state", outer))
                    .containsEntry("symbol", "outer")
                    .containsEntry("elf_address", elfAddress)
                    .containsEntry("build_id", ID)
                    .containsEntry("file_now", now);
            assertThat(row("state", outer).get("htlhash"))
                    .as("that of a debug file is another")
                    .isNull();
            Files.deleteIfExists(file);
        }
    }

    @Test
    void aDebugFileOfAnotherBuildIsNotUsed() throws Exception {
        String outer = save("state");
        Path debug = debugFileInCache();
        programs.sh("gcc -g -O1 -Wl,--build-id=0xcdef -o other program.c && objcopy --only-keep-debug other " + debug
                + " && rm program");
        assertThat(resolve("state", outer).out()).doesNotContain("outer");
        Files.write(debug, new byte[0]); // debuginfod writes that if a server does not have the file
        assertThat(resolve("state", outer).err())
                .isEqualTo("mapfiles: no functions are named in " + file
                        + ": no file is at the path: install the debug file with the build ID " + ID + "\n");
    }

    /** Returns a core file of a running program; skips the test without gcore. */
    private Path core(Programs.Running program, String name) throws Exception {
        programs.sh("gcore -o " + name + " " + program.pid());
        Path core = programs.path(name + "." + program.pid());
        assumeTrue(Files.exists(core), "gcore(1) wrote no core file");
        return core;
    }

    @Test
    void aLostFileOfACoreFileHasFunctionsToo() throws Exception {
        debugFileInCache();
        try (Programs.Running program = programs.start("program")) {
            Path core = core(program, "core");
            Files.delete(file);
            CliResult result = CliResult.with("resolve", "--from", core.toString(), program.outer());
            assertThat(result.out()).startsWith(program.outer() + "  outer + 0x0 (");
        }
    }

    @Test
    void theDifferenceOfCoreFilesHasBuildIds() throws Exception {
        Path before;
        Path now;
        try (Programs.Running program = programs.start("program")) {
            before = core(program, "before");
        }
        programs.sh("gcc -g -O1 -Wl,--build-id=0xcdef -o other program.c && mv other program");
        try (Programs.Running program = programs.start("program")) {
            now = core(program, "now");
        }
        assertThat(CliResult.with("diff", before.toString(), now.toString(), "--json").rows().stream()
                        .filter(row -> file.toString().equals(row.get("path")))
                        .map(row -> row.get("change") + " " + row.get("build_id")))
                .containsExactlyInAnyOrder("removed " + ID, "added cdef");
    }

    /** A core file has the stack pointer, and not the stack. */
    @Test
    void theMappingOfTheStackPointerIsMarkedInACoreFile() throws Exception {
        try (Programs.Running program = programs.start("program")) {
            String core = core(program, "core").toString();
            CliResult text = CliResult.with("crash", core);
            assertThat(text.lines().get(0))
                    .matches("(no signal is recorded|SIG[A-Z]+)  process " + program.pid() + "  thread "
                            + program.pid());
            assertThat(text.lines())
                    .filteredOn(line -> line.matches("R?SP +0x.*"))
                    .singleElement()
                    .asString()
                    .endsWith("  mapping of the stack pointer");
            assertThat(text.out()).contains("\npc  ").doesNotContain("stack of the thread");
            assertThat(CliResult.with("crash", core, "--json").rows())
                    .filteredOn(row -> "crash_address".equals(row.get("type")))
                    .hasSizeGreaterThan(10)
                    .allMatch(row -> row.get("in_stack") == null);
        }
    }

    /** A function of the vdso is found in the core file as in the process. */
    @Test
    void theVdsoOfACoreFileHasFunctions() throws Exception {
        try (Programs.Running program = programs.start("program")) {
            Path core = core(program, "core");
            Map<String, Object> vdso = CliResult.with("maps", program.pid(), "--json").rows().stream()
                    .filter(row -> "vdso".equals(row.get("kind")))
                    .findFirst()
                    .orElse(null);
            assumeTrue(vdso != null, "no vdso is mapped");
            long start = Long.decode((String) vdso.get("start"));
            int named = 0;
            for (long at = start; at < start + (Long) vdso.get("size"); at += 64) {
                String address = "0x" + Long.toHexString(at);
                Map<String, Object> live = CliResult.with("resolve", program.pid(), address, "--json")
                        .rows()
                        .get(0);
                Map<String, Object> saved = CliResult.with("resolve", "--from", core.toString(), address, "--json")
                        .rows()
                        .get(0);
                for (String field : List.of("symbol", "symbol_offset", "elf_address", "build_id", "htlhash", "kind")) {
                    assertThat(saved.get(field)).as(field + " at " + address).isEqualTo(live.get(field));
                }
                named += Objects.nonNull(saved.get("symbol")) ? 1 : 0;
            }
            assertThat(named).isPositive();
        }
    }
}
