package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.HsErrFiles;

/** {@code mapfiles crash} and {@code mapfiles resolve --from}. */
class CrashCommandTest {
    @TempDir
    Path directory;

    @Test
    void eachAddressIsReportedWithItsPlace() throws Exception {
        CliResult result = CliResult.with("crash", HsErrFiles.write(directory).toString());
        assertThat(result.code()).isZero();
        String place = "0x7f0000001234  /no/such\\x1b[2J/libx.so + 0x1234  r-xp  7f0000001000-7f0000002000";
        assertThat(result.out())
                .contains(
                        "pc       " + place + "\n",
                        "si_addr  0x0  in an unknown mapping  SEGV_ACCERR\n", // line 26 may have been one
                        "RSP      0x7f1000080000  [anonymous] + 0x80000  rw-p  7f1000000000-7f1000100000  stack of the thread\n",
                        "C  [libx.so+0x1234]  f\\x1b[2J+0x4\n     " + place + "\n",
                        "j  Main.main([Ljava/lang/String;)V+4\nV  [libjvm.so+0x10]\n"
                                + "     no mapped file has this name\n");
        assertThat(result.out())
                .containsPattern("missing  \\?  +/no/such\\\\x1b\\[2J/libx.so  no file is at the path\n");
        assertThat(result.err())
                .hasLineCount(1)
                .contains("is not a line of /proc/PID/maps")
                .contains("line 26");
    }

    /** A file that is truncated while it is mapped is the usual cause of SIGBUS. */
    @Test
    void aPageAfterTheEndOfTheFileIsReported() throws Exception {
        Path data = Files.write(directory.resolve("data.bin"), new byte[4097]);
        String text = Files.readString(HsErrFiles.write(directory), StandardCharsets.ISO_8859_1)
                .replace(
                        "7f1000000000-7f1000100000 rw-p 00000000 00:00 0 ",
                        "7f1000000000-7f1000100000 rw-p 00000000 00:00 0 \n"
                                + "7f2000000000-7f2000010000 rw-s 00001000 fe:00 12                         " + data);
        String end = ": after the end of the file at the path, which has 4097 bytes now";
        for (boolean isAfterEnd : new boolean[] {true, false}) { // the second page is in the file, up to its end
            Path log = Files.writeString(
                    directory.resolve("bus.log"),
                    text.replace(
                            "11 (SIGSEGV), si_code: 2 (SEGV_ACCERR), si_addr: 0x0000000000000000",
                            "7 (SIGBUS), si_code: 2 (BUS_ADRERR), si_addr: 0x"
                                    + (isAfterEnd ? "00007f2000001000" : "00007f2000000fff")),
                    StandardCharsets.ISO_8859_1);
            CliResult result = CliResult.with("crash", log.toString(), "--wide");
            assertThat(result.out()).contains("  BUS_ADRERR" + (isAfterEnd ? end + "\n" : "\n"));
            assertThat(CliResult.with("crash", log.toString(), "--json").rows())
                    .filteredOn(row -> "fault".equals(row.get("role")))
                    .singleElement()
                    .satisfies(row -> assertThat(row).containsEntry("file_size_now", 4097L));
        }
    }

    /** A file that was cut may have no mappings. */
    @Test
    void withoutMappingsThoseOfAddressesAreUnknown() throws Exception {
        Path whole = HsErrFiles.write(directory);
        String text = Files.readString(whole, StandardCharsets.ISO_8859_1);
        Path cut = Files.writeString(
                directory.resolve("cut.log"),
                text.substring(0, text.indexOf("Dynamic libraries")),
                StandardCharsets.ISO_8859_1);
        assertThat(CliResult.with("crash", cut.toString()).out())
                .contains("in an unknown mapping")
                .doesNotContain("in no mapping");
        assertThat(CliResult.with("resolve", "--from", cut.toString(), "1234").out())
                .isEqualTo("0x1234  in an unknown mapping\n");
    }

    /** A mapping may be in the part of the file that is missing. */
    @Test
    void anAddressThatTheFileMayLackIsUnknown() throws Exception {
        String maps = "00001000-00002000 r--p 00000000 00:00 0 \n";
        assertThat(resolvedFrom(maps, "0x5000")).isEqualTo("0x5000  in no mapping\n");
        assertThat(resolvedFrom(maps + "00003000-00004000 r-", "0x5000")).isEqualTo("0x5000  in an unknown mapping\n");
        String saved = CliResult.with("save", "self").out();
        assertThat(resolvedFrom(saved, "0x1")).isEqualTo("0x1  in no mapping\n");
        assertThat(resolvedFrom(saved.substring(0, saved.length() / 2), "0x1"))
                .isEqualTo("0x1  in an unknown mapping\n");
    }

    private String resolvedFrom(String content, String address) throws Exception {
        Path file = Files.writeString(directory.resolve("saved"), content);
        return CliResult.with("resolve", "--from", file.toString(), address).out();
    }

    @Test
    void jsonHasARowForEachAddress() throws Exception {
        List<Map<String, Object>> rows = CliResult.with(
                        "crash", HsErrFiles.write(directory).toString(), "--json")
                .rows();
        assertThat(rows.get(0))
                .containsEntry("type", "crash")
                .containsEntry("pid", 77L)
                .containsEntry("signal", "SIGSEGV")
                .containsEntry("source", "hs_err")
                .containsEntry("problems", 1L)
                .containsEntry("mappings", 3L)
                .containsEntry("earliest", "2026-02-03T04:05:06Z");
        assertThat(rows)
                .filteredOn(row -> "frame".equals(row.get("role")))
                .extracting(row -> row.get("address"))
                .containsExactly("0x7f0000001234", null, null);
        assertThat(rows.get(1))
                .containsEntry("role", "pc")
                .containsEntry("file_offset", "0x1234")
                .containsEntry("file_now", "missing");
    }

    @Test
    void otherFilesAreRejectedOnOneLine() throws Exception {
        Path maps = Files.write(directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/self/maps")));
        Path text = Files.writeString(directory.resolve("text"), "\033[2J frog\n");
        for (String file : List.of(
                maps.toString(),
                text.toString(),
                directory.toString(),
                "/no/such/file",
                "/proc/self/exe",
                "/dev/null")) {
            CliResult result = CliResult.with("crash", file);
            assertThat(result.code()).as(file).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).hasLineCount(1).doesNotContain("\033");
        }
    }

    @Test
    void savedMapsAreResolvedLikeTheProcess() throws Exception {
        Path maps = Files.write(directory.resolve("maps"), Files.readAllBytes(Path.of("/proc/self/maps")));
        List<Map<String, Object>> mappings = CliResult.with("maps", "self", "--json").rows().stream()
                .filter(row -> "r-xp".equals(row.get("perms")) && "file".equals(row.get("kind")))
                .toList();
        String address = (String) mappings.get(0).get("start");
        String ofProcess = CliResult.with("resolve", "self", address).out();
        assertThat(CliResult.with("resolve", "--from", maps.toString(), address).out())
                .as("without the function")
                .isEqualTo(ofProcess.replaceFirst("  [^ ]+ \\+ 0x[0-9a-f]+ \\((.*)\\)  ", "  $1  "));
        Map<String, Object> row = CliResult.with("resolve", "--from", maps.toString(), address, "--json")
                .rows()
                .get(0);
        assertThat(row)
                .containsEntry("pid", null)
                .containsEntry("path", mappings.get(0).get("path"));
        CliResult input = CliResult.reading(address + "\nfrog\n0\n", "resolve", "--from", maps.toString(), "-");
        assertThat(input.lines()).hasSize(3);
        assertThat(input.code()).isEqualTo(1);
    }

    @Test
    void usageOfFromIsChecked() throws Exception {
        String log = HsErrFiles.write(directory).toString();
        assertThat(CliResult.with("resolve", "--from", log).err()).contains("ADDR|- is missing");
        assertThat(CliResult.with("resolve", "--from", log, "self", "0").err()).contains("'self' is not an address");
        assertThat(CliResult.with("resolve", "--from", log, "0", "--jvm").err())
                .contains("cannot be combined with --from");
        CliResult pid = CliResult.with("resolve", "--from", log, "77", "0x10");
        assertThat(pid.code()).as("77 is the PID in that file").isEqualTo(2);
        assertThat(pid.out()).isEmpty();
        assertThat(pid.err()).contains("77 is the PID of the process of that file", "0x77 for the address");
        for (String address : List.of("0x77", "78", "077")) {
            assertThat(CliResult.with("resolve", "--from", log, address).out()).endsWith("  in an unknown mapping\n");
        }
        assertThat(CliResult.with("resolve", "--from", log, "0", "77").lines())
                .as("only the first argument can be meant as a process")
                .hasSize(2);
        assertThat(CliResult.with("resolve", "frog", "0").err()).contains("'frog' is neither a PID nor self");
        assertThat(CliResult.with("resolve").err()).contains("PID|self and ADDR|- are missing");
    }

    @Test
    void contradictedAddressesAreNotResolved() throws Exception {
        Path maps = Files.writeString(
                directory.resolve("maps"),
                "00400000-00404000 rw-p 00000000 00:00 0 \n" + "00402000-00406000 r-xp 00000000 00:00 0 \n");
        CliResult result = CliResult.with("resolve", "--from", maps.toString(), "401000", "403000");
        assertThat(result.lines().get(0)).startsWith("0x401000  [anonymous]");
        assertThat(result.lines().get(1)).isEqualTo("'0x403000'  is in mappings that contradict each other");
        assertThat(result.code()).isEqualTo(1);
    }

    /** The memory of a million lines is that of a block of lines. */
    @Test
    void aMillionLinesKeepTheirOrder() throws Exception {
        String log = HsErrFiles.write(directory).toString();
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < 1_000_000; i++) {
            input.append("libx.so+0x").append(Integer.toHexString(i % 0x2000)).append('\n');
        }
        CliResult result = CliResult.reading(input.toString(), "resolve", "--from", log, "-");
        assertThat(result.code()).isZero();
        int[] line = {0};
        result.out().lines().forEach(text -> {
            assertThat(text.startsWith("0x7f000000" + String.format("%04x", line[0] % 0x2000) + "  "))
                    .as(text)
                    .isTrue();
            line[0]++;
        });
        assertThat(line[0]).isEqualTo(1_000_000);
    }
}
