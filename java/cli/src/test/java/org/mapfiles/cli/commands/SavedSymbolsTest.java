package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.CrashNativeMain;
import org.mapfiles.cli.Programs;
import org.mapfiles.cli.TestJvm;

/** Functions at addresses of hs_err files, core files and saved maps: only in files that are the mapped ones. */
class SavedSymbolsTest {
    @TempDir
    Path directory;

    /** Crashes a JVM in a library. Returns the hs_err file. */
    private Path crash(Path library) throws Exception {
        // The log has the second of the crash. The library was not changed since, if that was in a second before.
        Thread.sleep(1100);
        Path log = directory.resolve("hs_err.log");
        ProcessBuilder builder = new ProcessBuilder(TestJvm.command(
                        List.of("-XX:ErrorFile=" + log, "-XX:-CreateCoredumpOnCrash", "-Xmx64m"),
                        CrashNativeMain.class,
                        library.toString()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("TZ", "UTC");
        Process process = builder.start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(log).exists();
        return log;
    }

    private Path library(Programs programs) throws Exception {
        Files.writeString(programs.path("crash.c"), CrashNativeMain.SOURCE);
        programs.sh("gcc -g -O1 -shared -fPIC -o libcrash.so crash.c");
        return programs.path("libcrash.so");
    }

    @Test
    void functionsOfAnHsErrFile() throws Exception {
        Programs programs = new Programs(directory);
        Path library = library(programs);
        Path log = crash(library);
        String address = pc(log);
        String named = "0x" + address + "  crash_here + 0x0 (" + library + " + 0x";
        CliResult text = CliResult.with("crash", log.toString());
        assertThat(text.lines()).anyMatch(line -> line.startsWith("pc       " + named));
        assertThat(text.out()).doesNotContain("of other files are not named");
        Map<String, Object> pc = rowOfPc(log);
        assertThat(pc)
                .containsEntry("symbol", "crash_here")
                .containsEntry("symbol_offset", "0x0")
                .containsEntry("symbol_demangled", null)
                .containsEntry("file_now", "same");
        assertThat(CliResult.with("resolve", "--from", log.toString(), address).out())
                .startsWith(named);
        Map<String, Object> row = CliResult.with("resolve", "--from", log.toString(), address, "--json")
                .rows()
                .get(0);
        for (String field : List.of("symbol", "symbol_offset", "elf_address", "build_id", "htlhash", "file_now")) {
            assertThat(row).containsEntry(field, pc.get(field));
        }
        assertThat(CliResult.with("resolve", "--from", log.toString(), address, "0", "--json")
                        .rows()
                        .get(1))
                .containsEntry("symbol", null)
                .containsEntry("file_now", null);
        functionsOfTheJvmAreThoseThatItRecorded(log);
        aFrameHasTheFunctionOfItsCall(log, programs.sh("nm -S libcrash.so"));
        filesThatAreNotTheSameHaveNoFunctions(log, library, address);
    }

    /** HotSpot prints the exported functions of frames in C code, with its own search. */
    private static void functionsOfTheJvmAreThoseThatItRecorded(Path log) {
        List<Map<String, Object>> frames = CliResult.with("crash", log.toString(), "--json").rows().stream()
                .filter(row -> "frame".equals(row.get("role"))
                        && String.valueOf(row.get("text")).contains(".so+0x"))
                .toList();
        assertThat(frames).hasSizeGreaterThan(2);
        int compared = 0;
        for (Map<String, Object> frame : frames) {
            String recorded = String.valueOf(frame.get("text")).replaceFirst(".*\\]\\s*", "");
            if (recorded.matches("[A-Za-z_]\\w*\\+0x[0-9a-f]+") && frame.get("symbol") != null) {
                String found = frame.get("symbol") + "+" + frame.get("symbol_offset");
                compared += found.equals(recorded) ? 1 : 0;
            }
        }
        assertThat(compared).as("%s", frames).isPositive();
    }

    /** A call that does not return may be the last instruction of its function. */
    private void aFrameHasTheFunctionOfItsCall(Path log, String nm) throws Exception {
        String caller = "Java_org_mapfiles_cli_CrashNativeMain_crash";
        String[] startAndSize = nm.lines()
                .filter(line -> line.endsWith(caller))
                .findFirst()
                .orElseThrow()
                .split(" ");
        long next = Long.parseLong(startAndSize[0], 16) + Long.parseLong(startAndSize[1], 16);
        String offset = "[libcrash.so+0x" + Long.toHexString(next) + "]";
        // the first frame is that of the signal
        String text = Files.readString(log, StandardCharsets.ISO_8859_1)
                .replaceFirst("\nC +\\[libcrash.so.*\n", "$0C  " + offset + "  x+0x1\n");
        Path changed = Files.writeString(directory.resolve("changed.log"), text, StandardCharsets.ISO_8859_1);
        Map<String, Object> frame = CliResult.with("crash", changed.toString(), "--json").rows().stream()
                .filter(row -> String.valueOf(row.get("text")).startsWith(offset))
                .findFirst()
                .orElseThrow();
        assertThat(frame).containsEntry("symbol", caller).containsEntry("elf_address", "0x" + Long.toHexString(next));
        assertThat(CliResult.with("crash", changed.toString()).out())
                .containsPattern(Pattern.quote(offset) + ".*\n +0x[0-9a-f]+  " + caller + " \\+ 0x");
    }

    private void filesThatAreNotTheSameHaveNoFunctions(Path log, Path library, String address) throws Exception {
        Path moved = directory.resolve("moved.so");
        Files.copy(library, moved);
        Files.move(moved, library, StandardCopyOption.REPLACE_EXISTING);
        assertHasNoFunction(log, address, "replaced");
        Files.delete(library);
        assertHasNoFunction(log, address, "missing");
    }

    private static void assertHasNoFunction(Path log, String address, String state) {
        CliResult text = CliResult.with("resolve", "--from", log.toString(), address);
        assertThat(text.out()).doesNotContain("crash_here").contains("libcrash.so + 0x");
        assertThat(text.err())
                .hasLineCount(1)
                .contains("no functions are named in ")
                .contains("libcrash.so: " + (state.equals("missing") ? "no file is at the path" : "another inode"));
        assertThat(CliResult.with("crash", log.toString()).out())
                .contains("of other files are not named")
                .doesNotContain("crash_here + ");
        assertThat(rowOfPc(log))
                .containsEntry("symbol", null)
                .containsEntry("elf_address", null)
                .containsEntry("htlhash", null)
                .containsEntry("file_now", state);
    }

    private static Map<String, Object> rowOfPc(Path file) {
        return CliResult.with("crash", file.toString(), "--json").rows().stream()
                .filter(row -> "pc".equals(row.get("role")))
                .findFirst()
                .orElseThrow();
    }

    private static String pc(Path file) {
        return String.valueOf(rowOfPc(file).get("address")).substring(2);
    }

    /** A core file records build IDs: another inode with the same content is the same. */
    @Test
    void functionsOfACoreFile() throws Exception {
        Programs programs = new Programs(directory);
        Path file = programs.compile("program");
        Path core;
        String outer;
        try (Programs.Running program = programs.start("program")) {
            outer = program.outer();
            programs.sh("gcore -o core " + program.pid());
            core = programs.path("core." + program.pid());
        }
        assumeTrue(Files.exists(core), "gcore(1) wrote no core file");
        Files.copy(file, programs.path("copy"));
        Files.move(programs.path("copy"), file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(CliResult.with("resolve", "--from", core.toString(), outer).out())
                .startsWith(outer + "  outer + 0x0 (" + file + " + 0x");
        Map<String, Object> row = CliResult.with("resolve", "--from", core.toString(), outer, "--json")
                .rows()
                .get(0);
        assertThat(row)
                .containsEntry("elf_address", "0x" + Long.toHexString(programs.nm("program", "outer")))
                .containsEntry("file_now", "same")
                .containsEntry("file_why", "same build ID");
        Map<String, Object> pc = rowOfPc(core);
        assertThat(pc.get("symbol")).as("in a system call of libc: %s", pc).isNotNull();
        assertThat(CliResult.with("resolve", "--from", core.toString(), outer, "--lines")
                        .out())
                .contains("program.c:" + Programs.LINE_OF_INNER);
        Object buildId = row.get("build_id");
        programs.sh("gcc -g -O0 -o other program.c && mv other program");
        CliResult replaced = CliResult.with("resolve", "--from", core.toString(), outer);
        assertThat(replaced.out()).startsWith(outer + "  " + file + " + 0x");
        assertThat(replaced.err()).contains("another build ID");
        assertThat(CliResult.with("resolve", "--from", core.toString(), outer, "--json")
                        .rows()
                        .get(0))
                .containsEntry("symbol", null)
                .containsEntry("build_id", buildId);
    }

    @Test
    void textOfMapsProvesNothing() throws Exception {
        Programs programs = new Programs(directory);
        programs.compile("program");
        try (Programs.Running program = programs.start("program")) {
            Path maps = Files.write(
                    directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/" + program.pid() + "/maps")));
            CliResult result = CliResult.with("resolve", "--from", maps.toString(), program.outer(), "--lines");
            assertThat(result.lines()).hasSize(1);
            assertThat(result.out()).doesNotContain("outer");
            assertThat(result.err())
                    .hasLineCount(1)
                    .endsWith("no time or build ID was recorded, so the file may have changed since:"
                            + " 'mapfiles save' records build IDs\n");
            assertThat(CliResult.with("resolve", "--from", maps.toString(), program.outer(), "--json")
                            .err())
                    .as("JSON has the reason in the row")
                    .isEmpty();
        }
    }
}
