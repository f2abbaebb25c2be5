package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Programs;

/** Output of {@code perf script}, in the forms that its option {@code -F} makes. */
class PerfScriptTest {
    /** Runs leaf, called by outer, for half a second of CPU time. Then it prints its PID, and waits. */
    private static final String SOURCE = """
            #include <stdio.h>
            #include <time.h>
            #include <unistd.h>
            __attribute__((noinline)) int leaf(volatile int *x) { for (int i = 0; i < 1000; i++) *x += i; return *x; }
            __attribute__((noinline)) int outer(volatile int *x) { return leaf(x) + 1; }
            int main(void) {
                volatile int x = 0;
                while (clock() < CLOCKS_PER_SEC / 2) outer(&x);
                printf("%d\\n", (int)getpid());
                fflush(stdout);
                return getchar() == 0;
            }
            """;

    @TempDir
    Path directory;

    /** Records the program, whose name may be that of a number. Saves its mappings while it runs. */
    private Programs record(String name, String options) throws Exception {
        Programs programs = new Programs(directory);
        programs.sh("command -v perf");
        Files.writeString(programs.path("burn.c"), SOURCE);
        programs.sh("gcc -g -O1 -fno-omit-frame-pointer -o " + name + " burn.c");
        Process perf = new ProcessBuilder(
                        "sh", "-c", "perf record -q " + options + " -e cpu-clock:u -o data ./" + name + " 2>record.err")
                .directory(programs.path(".").toFile())
                .start();
        try {
            String pid = perf.inputReader().readLine();
            assumeTrue(pid != null, () -> "perf does not record here");
            Files.writeString(
                    programs.path("saved"), CliResult.with("save", pid).out());
            perf.outputWriter().close();
            assumeTrue(perf.waitFor(60, TimeUnit.SECONDS) && perf.exitValue() <= 1, "perf does not record here");
        } finally {
            perf.descendants().forEach(ProcessHandle::destroyForcibly);
            perf.destroyForcibly();
        }
        return programs;
    }

    private static List<String> script(Programs programs, String options) throws Exception {
        return programs.sh("perf script -i data " + options + " 2>/dev/null")
                .lines()
                .toList();
    }

    private static CliResult resolve(Programs programs, List<String> input) {
        return CliResult.reading(
                String.join("\n", input) + "\n",
                "resolve",
                "--from",
                programs.path("saved").toString(),
                "-");
    }

    private static long count(List<String> lines, String pattern) {
        return lines.stream().filter(line -> line.matches(pattern)).count();
    }

    /** Each frame of perf with a file is the function that perf has. */
    private static void assertFunctionsAreThoseOfPerf(Programs programs, String options) throws Exception {
        List<String> input = script(programs, options);
        long expected = count(input, ".*[0-9a-f] leaf(\\+0x[0-9a-f]+)? \\(.*");
        assertThat(expected)
                .as("perf script %s: %s", options, input.stream().limit(3).toList())
                .isGreaterThan(50);
        CliResult result = resolve(programs, input);
        assertThat(count(result.lines(), "0x[0-9a-f]+  leaf \\+ 0x.*"))
                .as(
                        "perf script %s: %s",
                        options, result.lines().stream().limit(3).toList())
                .isEqualTo(expected);
        assertThat(count(result.lines(), "0x[0-9a-f]+  outer \\+ 0x.*"))
                .isEqualTo(count(input, ".*[0-9a-f] outer(\\+0x[0-9a-f]+)? \\(.*"));
    }

    @Test
    void samplesOfOneLine() throws Exception {
        for (String name : List.of("burn", "dd")) { // a name that is a number in hexadecimal
            Programs programs = record(name, "");
            for (String options : List.of(
                    "",
                    "-F ip,sym,dso",
                    "-F ip,sym,symoff,dso",
                    "-F comm,pid,tid,time,event,ip,sym,dso",
                    "-F comm,time,ip,sym,dso",
                    "-F comm,ip,sym,dso",
                    "-F comm,pid,ip,sym,symoff,dso")) {
                assertFunctionsAreThoseOfPerf(programs, options);
            }
            List<String> lines = resolve(programs, script(programs, "")).lines();
            assertThat(lines.get(0)).as("the head").matches("\\s*" + name + " .*\\d+\\.\\d+:.*:");
            assertThat(lines.get(1)).as("its frame").startsWith("0x");
        }
    }

    @Test
    void samplesWithCallChains() throws Exception {
        Programs programs = record("burn", "-g");
        for (String options :
                List.of("", "-F ip,sym,dso", "-F ip,sym,symoff,dso", "-F comm,pid,time,event,ip,sym,dso")) {
            assertFunctionsAreThoseOfPerf(programs, options);
        }
    }

    /** The heads have no time. With source lines each frame has a line more. */
    @Test
    void samplesWithoutATimeAndWithSourceLines() throws Exception {
        Programs programs = record("burn", "-g");
        for (String options : List.of(
                "-F comm,pid,tid,ip,sym,dso",
                "-F comm,tid,ip,sym,dso,event",
                "-F comm,pid,ip,sym,dso,srcline",
                "-F comm,tid,cpu,period,event,ip,sym,dso,srcline",
                "-F comm,tid,time,ip,sym,dso,srcline")) {
            assertFunctionsAreThoseOfPerf(programs, options);
            List<String> input = script(programs, options);
            assertThat(resolve(programs, input).lines())
                    .as("perf script %s", options)
                    .contains(input.get(0))
                    .noneMatch(line -> line.startsWith("line "))
                    .filteredOn(line -> line.matches("  burn\\.c:\\d+"))
                    .hasSize((int) count(input, "  burn\\.c:\\d+"));
        }
    }

    /** Without the file a small number may be an address, or an offset in any file. */
    @Test
    void framesWithoutAFileAreAddressesOrNotResolved() throws Exception {
        for (String record : List.of("", "-g")) {
            Programs programs = record("burn", record);
            for (String options : List.of("-F ip,sym", "-F ip,sym,symoff", "-F comm,pid,time,event,ip,sym,symoff")) {
                List<String> input = script(programs, options);
                List<String> lines = resolve(programs, input).lines();
                long resolved = count(lines, "0x[0-9a-f]+  leaf \\+ 0x.*");
                long not = count(lines, "line .* leaf.*may be an offset in a file: print files too.*");
                assertThat(resolved + not)
                        .isEqualTo(count(input, ".*[0-9a-f] leaf.*"))
                        .isGreaterThan(50);
                assertThat(Math.min(resolved, not)).as("all are of one kind").isZero();
            }
        }
    }

    /** The small number is an offset in the library, and an address in the program. */
    @Test
    void pathsOfFramesMayHaveParentheses() throws Exception {
        String name = "%-73s%s\n"; // the column in which the kernel prints it
        Files.writeString(
                directory.resolve("maps"),
                String.format(name, "00401000-00402000 r-xp 00001000 08:01 7", "/bin/program")
                        + String.format(
                                name, "7f0000000000-7f0000800000 r-xp 00000000 08:01 8", "/lib/libz.so (deleted)")
                        + String.format(
                                name, "7f0001000000-7f0001800000 r-xp 00000000 08:01 9", "/opt/My App (x86)/lib.so"));
        CliResult result = CliResult.reading(
                """
                program 47 1.0: cycles:
                \t          401136 inflate (/lib/libz.so (deleted))
                \t          401136 inflate (/lib/libz.so)
                \t          401137 run(int) (/opt/My App (x86)/lib.so)
                \t          401138 run(int) (/bin/program)
                """, "resolve", "--from", directory.resolve("maps").toString(), "-");
        assertThat(result.lines())
                .filteredOn(line -> line.startsWith("0x"))
                .extracting(line -> line.substring(0, line.indexOf(' ')))
                .containsExactly("0x7f0000401136", "0x7f0000401136", "0x7f0001401137", "0x401138");
    }

    @Test
    void inlinedFramesOfPerfAreNoAddresses() {
        CliResult result = CliResult.reading("\t            1172 inner (inlined)\n", "resolve", "self", "-");
        assertThat(result.out()).contains("may be an offset in a file: print files too, by 'perf script --no-inline'");
        assertThat(result.code()).isEqualTo(1);
    }

    /** They are in no mapping of a process, and perf has named their functions. */
    @Test
    void framesOfTheKernelStayAsTheyAre() {
        String frame = "\tffffffff821ea1d7 __get_user_8+0x17 ([kernel.kallsyms])";
        long pid = ProcessHandle.current().pid();
        String input = "burn  " + pid + " 1.500000: cpu-clock:\n" + frame + "\n\n";
        CliResult result = CliResult.reading(input, "resolve", Long.toString(pid), "-");
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        assertThat(result.lines()).contains(frame.strip());
    }

    /** perf record -a records all processes. Two of them may map other things at one address. */
    @Test
    void framesOfOtherProcessesStayAsTheyAre() throws Exception {
        long pid = ProcessHandle.current().pid();
        Process other = new ProcessBuilder("sleep", "1000").start();
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapCursor code = maps.snapshot().cursor();
            do {
                assertThat(code.next()).isTrue();
            } while (!code.isExecutable() || !String.valueOf(code.name()).endsWith("/libjvm.so"));
            String frame = String.format("%x work (%s)", code.start() + 64, code.name());
            String resolved = String.format("0x%x", code.start() + 64);
            long thread = Stream.of(new File("/proc/self/task").list())
                    .mapToLong(Long::parseLong)
                    .max()
                    .orElseThrow();
            for (String own : List.of("" + thread, pid + "/" + thread, "" + Integer.MAX_VALUE)) { // the last has ended
                assertThatFrame(String.format("java %7s 1.5: cycles:", own), frame, null, resolved);
            }
            for (String another : List.of("" + other.pid(), other.pid() + "/" + thread)) {
                String head = String.format("java %7s", another);
                assertThatFrame(head + " 1.5: cycles:", frame, frame, null);
                assertThatFrame(head + " cycles:", frame, frame, null);
                assertThatFrame(head + " ", frame, frame, null); // -F comm,tid
                CliResult line = CliResult.reading("   " + head + "     " + frame + "\n", "resolve", "self", "-");
                assertThat(line.lines()).as("a sample of one line").containsExactly("   " + head, frame);
                assertThat(line.err()).contains("1 frame is printed as read, of other processes");
            }
            // a number in a command, and the period of a sample, are no IDs: process 1 is another one
            for (String head : List.of("worker 1 1.5: cycles:", "worker 1 cycles:", "java          1 cycles:")) {
                assertThatFrame(head, frame, null, resolved);
            }
            assertThatFrame(String.format("worker 1 %7d 1.5: cycles:", other.pid()), frame, frame, null);
            for (String file : List.of("/tmp/perf-%d.map", "[JIT] tid %d")) {
                String compiled = String.format("%x run (%s)", code.start() + 64, file);
                String ofOther = String.format(compiled, other.pid());
                assertThatFrame("java " + Integer.MAX_VALUE + " 1.5: cycles:", ofOther, ofOther, null);
                assertThatFrame("java " + pid + " 1.5: cycles:", String.format(compiled, pid), null, resolved);
            }
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    /** Asserts that a frame is resolved, or else printed as it was read. */
    private static void assertThatFrame(String head, String frame, String same, String resolved) {
        CliResult result = CliResult.reading(head + "\n\t" + frame + "\n\n", "resolve", "self", "-");
        assertThat(result.code()).as(head + result.out()).isZero();
        assertThat(result.lines().get(0)).isEqualTo(head);
        if (same != null) {
            assertThat(result.lines().get(1)).isEqualTo(same);
            assertThat(result.err()).contains("1 frame is printed as read, of other processes");
        } else {
            assertThat(result.lines().get(1)).startsWith(resolved + "  ");
            assertThat(result.err()).isEmpty();
        }
    }

    @Test
    void framesOfOtherProcessesThanThatOfAFile() throws Exception {
        String range = "7f0000000000-7f0000800000 r-xp 00000000 08:01 8";
        Files.writeString(directory.resolve("hs_err"), String.format("""
                #
                # A fatal error has been detected by the Java Runtime Environment:
                #
                #  SIGSEGV (0xb) at pc=0x00007f0000000000, pid=4711, tid=4712
                #

                Dynamic libraries:
                %-73s/lib/libz.so

                """, range));
        for (String id : List.of("4711/4712", "4712", "5000")) {
            assertThat(ofFile(id).out()).as(id).contains("\n0x7f0000401136  ");
        }
        CliResult other = ofFile("5000/4712");
        assertThat(other.out()).contains("\n7f0000401136 inflate (/lib/libz.so)\n");
        assertThat(other.err()).contains("1 frame is printed as read, of other processes");
    }

    private CliResult ofFile(String id) {
        return CliResult.reading(
                "java " + id + " 1.0: cycles:\n\t7f0000401136 inflate (/lib/libz.so)\n",
                "resolve",
                "--from",
                directory.resolve("hs_err").toString(),
                "-");
    }
}
