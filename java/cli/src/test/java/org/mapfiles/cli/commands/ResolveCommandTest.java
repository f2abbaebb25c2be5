package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.Programs;

/** {@code mapfiles resolve}, with addresses from arguments and from a stream. */
class ResolveCommandTest {
    private long base;
    private long start;
    private long end;
    private long offset;
    private String path;

    @BeforeEach
    void findLibjvm() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            MapCursor mapping =
                    self.snapshot(MapFilter.all().executable().fileBacked()).cursor();
            while (mapping.next() && !mapping.name().endsWith("/libjvm.so")) {
                continue;
            }
            start = mapping.start();
            String library = mapping.name();
            base = self.snapshot().stream()
                    .filter(each -> library.equals(each.name()))
                    .findFirst()
                    .orElseThrow()
                    .start();
            end = mapping.end();
            offset = mapping.offset();
            path = mapping.name();
        }
    }

    @Test
    void aLineHasFileOffsetPermissionsAndRange() {
        CliResult result = CliResult.with("resolve", "self", "0x" + Long.toHexString(start + 0x123));
        String file = path + " + 0x" + Long.toHexString(offset + 0x123);
        assertThat(result.out().replaceFirst("  \\S+ \\+ 0x[0-9a-f]+ \\(([^)]*)\\)  ", "  $1  "))
                .as("without the function, if there is one")
                .isEqualTo("0x" + Long.toHexString(start + 0x123) + "  " + file + "  r-xp  " + Long.toHexString(start)
                        + "-" + Long.toHexString(end) + "\n");
        assertThat(result.code()).isZero();
    }

    /** nm has the ELF address of the function. The first mapping of libjvm.so begins at ELF address 0. */
    @Test
    void aLineHasTheFunction() throws Exception {
        long elfAddress = nm("JNI_CreateJavaVM");
        long address = beginOfLibjvm() + elfAddress + 1;
        CliResult result = CliResult.with("resolve", "self", Long.toHexString(address));
        assertThat(result.out())
                .startsWith("0x" + Long.toHexString(address) + "  JNI_CreateJavaVM + 0x1 (" + path + " + 0x"
                        + Long.toHexString(address - start + offset) + ")  r-xp  ");
        Map<String, Object> row = CliResult.with("resolve", "self", Long.toHexString(address), "--json")
                .rows()
                .get(0);
        assertThat(row)
                .containsEntry("symbol", "JNI_CreateJavaVM")
                .containsEntry("symbol_offset", "0x1")
                .containsEntry("elf_address", "0x" + Long.toHexString(elfAddress + 1));
        assertThat(String.valueOf(row.get("build_id"))).matches("([0-9a-f]{2}){8,32}|null");
        assertThat(String.valueOf(row.get("htlhash"))).matches("[0-9a-f]{32}");
    }

    private long nm(String symbol) throws Exception {
        Process nm = new ProcessBuilder(
                        "sh", "-c", "nm -D " + path + " | awk '$3 ~ /^" + symbol + "(@.*)?$/ { print $1 }'")
                .start();
        String line = nm.inputReader().readLine();
        assumeTrue(line != null, "nm is not there");
        return Long.parseUnsignedLong(line, 16);
    }

    private long beginOfLibjvm() throws Exception {
        try (ProcessMaps self = ProcessMaps.self()) {
            return self.snapshot().stream()
                    .filter(mapping -> path.equals(mapping.name()))
                    .mapToLong(Mapping::start)
                    .min()
                    .orElseThrow();
        }
    }

    @Test
    void jsonHasTheMappingOrNulls() throws Exception {
        CliResult result = CliResult.with(
                "resolve", "self", Long.toHexString(start + 0x123).toUpperCase(Locale.ROOT), "0X0", "--json");
        List<Map<String, Object>> lines = result.rows();
        assertThat(lines.get(0))
                .containsEntry("address", "0x" + Long.toHexString(start + 0x123))
                .containsEntry("start", "0x" + Long.toHexString(start))
                .containsEntry("end", "0x" + Long.toHexString(end))
                .containsEntry("perms", "r-xp")
                .containsEntry("path", path)
                .containsEntry("offset", "0x" + Long.toHexString(offset))
                .containsEntry("file_offset", "0x" + Long.toHexString(offset + 0x123))
                .containsEntry("deleted", false);
        assertThat(lines.get(1))
                .containsEntry("address", "0x0")
                .containsEntry("start", null)
                .containsEntry("file_offset", null)
                .containsEntry("symbol", null)
                .containsEntry("elf_address", null)
                .containsEntry("build_id", null)
                .containsEntry("htlhash", null);
        assertThat(result.code()).as("one is in no mapping").isEqualTo(1);
    }

    @Test
    void aMillionLinesKeepTheirOrder() {
        int count = 1_000_000;
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < count; i++) {
            input.append(Long.toHexString(start + i % 4096)).append('\n');
        }
        CliResult result = CliResult.reading(input.toString(), "resolve", "self", "-");
        assertThat(result.code()).isZero();
        int[] line = {0};
        result.out().lines().forEach(text -> {
            assertThat(text.startsWith("0x" + Long.toHexString(start + line[0] % 4096) + "  "))
                    .as("line %s", line[0])
                    .isTrue();
            line[0]++;
        });
        assertThat(line[0]).isEqualTo(count);
    }

    /** Blocks of a long input are printed while later ones are read. */
    @Test
    void linesOfALongInputAreAsThoseOfShortOnes() {
        int part = 1000;
        StringBuilder all = new StringBuilder();
        StringBuilder each = new StringBuilder();
        for (int from = 0; from < 20 * part; from += part) {
            StringBuilder input = new StringBuilder();
            for (int i = from; i < from + part; i++) {
                input.append(i % 100 == 7 ? "0" : i % 100 == 8 ? "libjvm.so+0x" + Integer.toHexString(i) : hex(i))
                        .append('\n');
            }
            all.append(input);
            each.append(CliResult.reading(input.toString(), "resolve", "self", "-", "--json")
                    .out());
        }
        assertThat(CliResult.reading(all.toString(), "resolve", "self", "-", "--json"))
                .isEqualTo(new CliResult(1, each.toString(), ""));
    }

    /** Returns one of the addresses of code, far from the one before. */
    private String hex(int i) {
        return Long.toHexString(start + i * 7919L % (end - start));
    }

    @Test
    void aWrongLineIsPrintedInItsPlaceAndTheRestGoesOn() {
        CliResult result =
                CliResult.reading(Long.toHexString(start) + "\n\n  0x0 \r\nfrog\n1\n", "resolve", "self", "-");
        assertThat(result.lines()).hasSize(4);
        assertThat(result.lines().get(2)).isEqualTo("line 4: 'frog'  is not an address in hexadecimal");
        assertThat(result.lines().get(3)).isEqualTo("0x1  in no mapping");
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isEqualTo(1);
        List<Map<String, Object>> rows = CliResult.reading("0\nfrog\n1\n", "resolve", "self", "-", "--json")
                .rows();
        assertThat(rows).extracting(row -> row.get("type")).containsExactly("address", "unusable", "address");
        assertThat(rows.get(1)).containsEntry("line", 2L).containsEntry("input", "frog");
    }

    @Test
    void anOffsetWithout0xIsExplained() {
        CliResult result = CliResult.with("resolve", "self", "libjvm.so+4096");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("'libjvm.so+4096' has an offset without 0x: write FILE+0xOFFSET");
    }

    /** The forms of JDK 8 to 25. */
    @Test
    void framesOfAnHsErrFileWithAnAddressAreResolved() {
        String address = "0x%016x".formatted(start);
        for (String frame : List.of(
                "J 23 c2 java.lang.String.hashCode()I java.base@17.0.15 (60 bytes) @ %s [%s+0x0000000000000050]",
                "J 23  java.lang.String.hashCode()I (60 bytes) @ %s [%s+0x50]",
                "C  %s",
                "v  ~StubRoutines::call_stub %s",
                "v  ~StubRoutines::call_stub (initial) %s",
                "v  ~BufferBlob::Interpreter %s")) {
            String line = frame.formatted(address, address);
            CliResult result = CliResult.reading(line + "\n", "resolve", "self", "-");
            assertThat(result.out()).as(line).startsWith("0x" + Long.toHexString(start) + "  ");
            assertThat(result.code()).as(line).isZero();
        }
    }

    /** The offset is one in bytecode, or there is none. */
    @Test
    void framesOfAnHsErrFileWithoutAnAddressAreReported() {
        for (String line : List.of(
                "j  Main.deep(I)V+7",
                "j  Main.crash([ILjava/lang/String;)[I+16",
                "j  java.lang.Thread.run()V+11 java.base@17.0.15",
                "v  ~StubRoutines::call_stub")) {
            CliResult result = CliResult.reading(line + "\n", "resolve", "self", "-");
            assertThat(result.out()).isEqualTo("line 1: '" + line + "'  is a frame without an address\n");
            assertThat(result.code()).as(line).isEqualTo(1);
        }
    }

    /** perf.data is binary: its bytes are no lines. */
    @Test
    void aRecordingOfPerfIsRefused(@TempDir Path directory) throws Exception {
        String data = "PERFILE2h\0\0\n1000\n";
        String file = Files.writeString(directory.resolve("perf.data"), data).toString();
        for (CliResult result : List.of(
                CliResult.reading(data, "resolve", "self", "-"),
                CliResult.with("resolve", "--from", file, "1000"),
                CliResult.with("html", file, "-o", "-"))) {
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .contains("'perf script' prints its samples as text")
                    .hasLineCount(1);
            assertThat(result.code()).isEqualTo(1);
        }
    }

    @Test
    void aWrongLineIsInItsPlaceWithJvmToo() {
        CliResult result = CliResult.reading("0\nfrog\n1\n", "resolve", "self", "-", "--jvm");
        assertThat(result.lines()).hasSize(3);
        assertThat(result.lines().get(1)).startsWith("line 2: 'frog'");
        assertThat(result.code()).isEqualTo(1);
    }

    @Test
    void anOffsetInALibraryIsAnAddress() {
        String expected = "0x" + Long.toHexString(start + 0x10) + "  \\S+ \\+ 0x10 \\(" + path + " \\+ .*\\R?";
        String offset = "libjvm.so+0x" + Long.toHexString(start - base + 0x10);
        assertThat(CliResult.with("resolve", "self", offset).out()).matches(expected);
        assertThat(CliResult.reading(
                                offset + "\n[" + offset + "]\nV  [" + offset + "]  f(int)+0x1\n",
                                "resolve",
                                "self",
                                "-")
                        .lines())
                .hasSize(3)
                .allMatch(line -> line.matches(expected));
        CliResult unknown = CliResult.with("resolve", "self", "libnone.so+0x10", Long.toHexString(start));
        assertThat(unknown.lines().get(0)).isEqualTo("'libnone.so+0x10'  no mapped file has this name");
        assertThat(unknown.lines()).hasSize(2);
        assertThat(unknown.code()).isEqualTo(1);
    }

    /** Fedora and others keep the names of functions compressed in stripped files. The command line can read them. */
    @Test
    void compressedSymbolsAreRead(@TempDir Path directory) throws Exception {
        Programs programs = new Programs(directory);
        programs.compile("program");
        programs.sh("objcopy -S --keep-symbol=outer program mini && xz mini && strip program"
                + " && objcopy --add-section .gnu_debugdata=mini.xz program");
        try (Programs.Running program = programs.start("program")) {
            assertThat(CliResult.with("resolve", program.pid(), program.outer()).out())
                    .startsWith(program.outer() + "  outer + 0x0 (");
        }
    }

    /** The call is the last instruction of its function, so its return address is the next function. */
    @Test
    void theReturnAddressOfACallThatDoesNotReturnIsInItsFunction(@TempDir Path directory) throws Exception {
        Programs programs = new Programs(directory);
        Files.writeString(programs.path("stop.c"), """
                #include <stdio.h>
                #include <stdlib.h>
                __attribute__((noinline, noreturn)) void stop(void) { exit(1); }
                __attribute__((noinline)) void dead(void) { stop(); }
                __attribute__((noinline)) int after(int x) { return x + 1; }
                int main(int argc, char **argv) { puts(argv[0]); fflush(stdout); return argc > 5 ? dead(), 0 : after(getchar()); }
                """);
        programs.sh("gcc -O1 -no-pie -fno-pie -falign-functions=1 -fno-toplevel-reorder -o stop stop.c");
        String[] dead = programs.sh("nm -S stop | grep -w dead").trim().split(" ");
        String[] after = programs.sh("nm -S stop | grep -w after").trim().split(" ");
        long address = Long.parseLong(after[0], 16);
        long size = Long.parseLong(dead[1], 16);
        assertThat(Long.parseLong(dead[0], 16) + size).isEqualTo(address);
        Process process = new ProcessBuilder(programs.path("stop").toString()).start();
        try {
            String pid = Long.toString(process.pid());
            String hex = Long.toHexString(address);
            assertThat(process.inputReader().readLine()).isNotNull();
            assertThat(CliResult.with("resolve", pid, hex).out()).contains("after + 0x0 (");
            String expected = "0x" + hex + "  dead + 0x" + Long.toHexString(size) + " (";
            assertThat(CliResult.with("resolve", pid, hex, "--returns-to").out())
                    .startsWith(expected);
            assertThat(CliResult.with("resolve", pid, hex, "--returns-to", "--json")
                            .rows()
                            .get(0))
                    .containsEntry("symbol", "dead")
                    .containsEntry("symbol_offset", "0x" + Long.toHexString(size))
                    .containsEntry("elf_address", "0x" + hex);
            String file = programs.path("stop").toRealPath().toString();
            String sample = "stop 1.0: cycles:\n\t" + hex + " x (" + file + ")\n\t" + dead[0] + " x (" + file + ")\n\t"
                    + hex + " x (" + file + ")\n\n";
            assertThat(CliResult.reading(sample, "resolve", pid, "-").lines())
                    .extracting(line -> line.replaceAll(" \\(.*", ""))
                    .containsSubsequence(
                            "0x" + hex + "  after + 0x0", "0x" + hex + "  dead + 0x" + Long.toHexString(size));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void framesOfPerfAreResolvedAndOtherLinesAreCopied() {
        String frame = "\t" + Long.toHexString(start + 5) + " JVM_X(int, char (*)())+0x5 (" + path + ")\n";
        String asOffset = "\t" + Long.toHexString(offset + 5) + " JVM_X+0x5 (" + path + ")\n";
        String head = "java " + ProcessHandle.current().pid() + "/13 [001]  98.765432:     1000 cycles:u: ";
        String input = head + "\n" + frame + frame.replace(path, "/no/such/lib.so") + asOffset + "\n"
                + "\tffffffff81000000 do_syscall_64 ([kernel.kallsyms])\n\n";
        CliResult result = CliResult.reading(input, "resolve", "self", "-");
        assertThat(result.lines().get(0)).isEqualTo(head);
        assertThat(result.lines().get(1))
                .startsWith("0x" + Long.toHexString(start + 5) + "  ")
                .contains(" + 0x5 (" + path + " + ");
        assertThat(result.lines().get(2)).startsWith("line 3: ").endsWith("another file is mapped there");
        assertThat(result.lines().get(3)).isEqualTo(result.lines().get(1));
        assertThat(result.lines().get(4)).isEmpty();
        assertThat(result.lines().get(5)).isEqualTo("ffffffff81000000 do_syscall_64 ([kernel.kallsyms])");
        assertThat(CliResult.reading(input, "resolve", "self", "-", "--json").rows())
                .extracting(row -> row.get("type"))
                .containsExactly("sample", "address", "unusable", "address", "sample");
    }

    @Test
    void wrongArgumentsPrintNothing() {
        for (String bad : List.of("frog", "0x", "", "11112222333344445", "-1", "0x1 2")) {
            CliResult result = CliResult.with("resolve", "self", Long.toHexString(start), bad);
            assertThat(result.code()).as(bad).isEqualTo(2);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).hasLineCount(1).contains(bad.length() > 16 ? "64 bits" : "");
        }
    }

    @Test
    void theLastLineNeedsNoNewlineAndALineMayBeVeryLong() {
        assertThat(CliResult.reading("0", "resolve", "self", "-").lines()).containsExactly("0x0  in no mapping");
        CliResult result = CliResult.reading(
                "0\n" + "0".repeat(1_000_000) + "\n1\n" + "1".repeat(1_000_000), "resolve", "self", "-");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.lines()).hasSize(4);
        assertThat(result.lines().get(1)).startsWith("line 2: '000").endsWith("is longer than 65536 bytes");
        assertThat(result.lines().get(2)).isEqualTo("0x1  in no mapping");
        assertThat(result.lines().get(3)).startsWith("line 4: '111");
    }

    /** A caller that writes one address, and waits for its line, gets the whole line. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--json"})
    void resultsAreWrittenWhenTheInputPauses(String option) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("resolve", "self", "-"));
        arguments.addAll(option.isEmpty() ? List.of() : List.of(option));
        PipedOutputStream input = new PipedOutputStream();
        PipedInputStream results = new PipedInputStream(1 << 16);
        try (PipedInputStream in = new PipedInputStream(input);
                PipedOutputStream out = new PipedOutputStream(results)) {
            Thread command = new Thread(() -> Main.run(arguments.toArray(String[]::new), in, out, System.err));
            command.start();
            for (int i = 0; i < 3; i++) {
                input.write((Long.toHexString(start + i) + "\n").getBytes(StandardCharsets.UTF_8));
                input.flush();
                assertThat(lineOf(results))
                        .contains("0x" + Long.toHexString(start + i))
                        .endsWith("\n");
            }
            input.close();
            command.join(120_000);
            assertThat(command.isAlive()).isFalse();
        }
    }

    /** Returns one line with its end, or the part of it that came within two minutes. */
    private static String lineOf(InputStream results) throws Exception {
        StringBuilder line = new StringBuilder();
        for (long end = System.nanoTime() + 120_000_000_000L; line.indexOf("\n") < 0 && System.nanoTime() < end; ) {
            if (results.available() > 0) {
                line.append((char) results.read());
            } else {
                Thread.sleep(2);
            }
        }
        return line.toString();
    }

    @Test
    void noInputIsNoOutput() {
        for (String[] arguments : new String[][] {{"resolve", "self", "-"}, {"resolve", "self", "-", "--json"}}) {
            CliResult result = CliResult.reading("", arguments);
            assertThat(result.code()).isZero();
            assertThat(result.out()).isEmpty();
        }
    }

    @Test
    void leadingZerosAndBlanksAreIgnored() {
        CliResult result = CliResult.with("resolve", "self", "0x0000000000000000001", " 2 ");
        assertThat(result.out()).startsWith("0x1  in no mapping\n0x2  in no");
        assertThat(CliResult.with("resolve", "self", "0x1", "-").err()).contains("cannot be combined");
    }

    @Test
    void aWrongLineIsEscaped() {
        assertThat(CliResult.reading("\033[2Jx\n", "resolve", "self", "-").out())
                .doesNotContain("\033")
                .contains("\\x1b[2Jx");
    }
}
