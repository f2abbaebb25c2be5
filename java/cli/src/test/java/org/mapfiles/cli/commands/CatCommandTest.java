package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.target.AddressRange;

/** {@code mapfiles cat}: names of mappings, and memory without a file. */
class CatCommandTest {
    private static final int PAGE = 4096;

    @TempDir
    Path temporary;

    /** The exit code and the output of one run, as bytes. */
    private record Written(int code, byte[] out, String err) {
        static Written by(String... arguments) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            int code = Main.run(arguments, InputStream.nullInputStream(), out, err);
            return new Written(code, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
        }
    }

    @Test
    void pagesThatCannotBeReadAreWrittenAsZeros() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(temporary, List.of(), "guarded")) {
            AddressRange range = child.range("guarded");
            assumeTrue(range != null, "no guard pages here: before Linux 6.13");
            byte[] expected = new byte[16 * PAGE];
            Arrays.fill(expected, PAGE, 5 * PAGE, (byte) 'g');
            Arrays.fill(expected, 7 * PAGE, 15 * PAGE, (byte) 'g');
            Written whole = Written.by("cat", child.pid(), range.toString());
            assertThat(whole.out()).isEqualTo(expected);
            assertThat(whole.code()).isEqualTo(1);
            assertThat(whole.err())
                    .isEqualTo("mapfiles: these ranges cannot be read, and were written as zeros: " + pages(range, 0, 1)
                            + " " + pages(range, 5, 7) + " " + pages(range, 15, 16) + "\n");

            Written part = Written.by("cat", child.pid(), pages(range, 1, 5).toString());
            assertThat(part.out()).isEqualTo(Arrays.copyOfRange(expected, PAGE, 5 * PAGE));
            assertThat(part.code()).as("all of it can be read").isZero();
            assertThat(part.err()).isEmpty();
            part = Written.by(
                    "cat",
                    child.pid(),
                    new AddressRange(range.start() + 5 * PAGE - 3, range.start() + 5 * PAGE + 10).toString());
            assertThat(part.out())
                    .as("bytes of two pages")
                    .isEqualTo(Arrays.copyOfRange(expected, 5 * PAGE - 3, 5 * PAGE + 10));
            assertThat(part.err())
                    .contains(new AddressRange(range.start() + 5 * PAGE, range.start() + 5 * PAGE + 10).toString());
            part = Written.by("cat", child.pid(), pages(range, 5, 7).toString());
            assertThat(part.out()).as("nothing can be read").isEmpty();
            assertThat(part.code()).isEqualTo(1);
            assertThat(part.err())
                    .hasLineCount(1)
                    .contains("no byte")
                    .contains(pages(range, 5, 7).toString());
        }
    }

    private static AddressRange pages(AddressRange range, int from, int to) {
        return new AddressRange(range.start() + (long) from * PAGE, range.start() + (long) to * PAGE);
    }

    @Test
    void aPartOfMemoryMustBeWithinOneMapping() throws Exception {
        try (SpecialMappingsChild child = new SpecialMappingsChild(temporary, List.of(), "anonymous-rw")) {
            String maps = CliResult.with("maps", child.pid()).out();
            assertThat(maps).contains("[stack]");
            String stack = maps.lines()
                    .filter(line -> line.endsWith("[stack]"))
                    .findFirst()
                    .orElseThrow()
                    .strip()
                    .split(" ")[0];
            AddressRange range = AddressRange.parse(stack);
            assertThat(Written.by("cat", child.pid(), pages(range, 1, 2).toString())
                            .out())
                    .hasSize(PAGE);
            for (AddressRange other : List.of(
                    new AddressRange(range.start() - 1, range.end()),
                    new AddressRange(range.start(), range.end() + 1),
                    new AddressRange(range.start(), range.start()),
                    new AddressRange(range.end(), range.start()))) {
                Written nothing = Written.by("cat", child.pid(), other.toString());
                assertThat(nothing.code()).as("%s", other).isEqualTo(1);
                assertThat(nothing.out()).isEmpty();
                assertThat(nothing.err()).contains("has no mapping");
            }
        }
    }

    /** Starts sleep(1) from a copy with a name, a format of printf(1). */
    private Process mapping(String name) throws Exception {
        Path script = Files.writeString(
                temporary.resolve("map"),
                "cp \"$(command -v sleep)\" \"$(printf '" + name + "')\" && exec \"./$(printf '" + name + "')\" 1000");
        Process process = new ProcessBuilder("sh", script.toString())
                .directory(temporary.toFile())
                .start();
        // sh(1) maps /lib too, so the path of the program is compared
        Path maps = Path.of("/proc/" + process.pid() + "/maps");
        String program = temporary.toRealPath() + "/lib";
        Await.until("it has become the program", () -> {
            assertThat(process.isAlive()).as("it was copied").isTrue();
            return Files.readString(maps, StandardCharsets.ISO_8859_1).contains(program);
        });
        Await.untilItWaits(process.pid());
        return process;
    }

    /**
     * Runs the command in another JVM, in the C locale. The argument is a format of printf(1), since Java has no such
     * String.
     */
    private Written inCLocale(String pid, String name) throws Exception {
        Path out = temporary.resolve("out");
        ProcessBuilder cat = new ProcessBuilder(
                        "sh",
                        "-c",
                        "exec \"$0\" --enable-native-access=ALL-UNNAMED -cp \"$1\" \"$2\" cat \"$3\""
                                + " \"$(printf \"$4\")\"",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        pid,
                        name)
                .redirectOutput(out.toFile());
        cat.environment().put("LC_ALL", "C");
        Process process = cat.start();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Written(process.waitFor(), Files.readAllBytes(out), err);
    }

    private void assertSleep(Written written) throws Exception {
        assertThat(written.err()).isEmpty();
        assertThat(written.code()).isZero();
        assertThat(written.out()).startsWith(0x7f, 'E', 'L', 'F').hasSizeGreaterThan(PAGE);
    }

    @Test
    void namesAreComparedAsBytesInAnyLocale() throws Exception {
        Process process = mapping("lib\\303\\274.so");
        try {
            String pid = Long.toString(process.pid());
            assertSleep(inCLocale(pid, "lib\\303\\274.so"));
            assertSleep(Written.by("cat", pid, "lib\u00fc.so"));
            assertThat(inCLocale(pid, "lib\\374.so").err())
                    .as("the name in ISO 8859-1")
                    .contains("has no mapping lib\\xfc.so");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aNameThatIsNotUtf8IsGivenAsBytesOrAsItIsPrinted() throws Exception {
        Process process = mapping("lib\\377\\\\.so");
        try {
            String pid = Long.toString(process.pid());
            assertSleep(inCLocale(pid, "lib\\377\\\\.so"));
            assertSleep(Written.by("cat", pid, "lib\\xff\\\\.so"));
            assertSleep(Written.by("cat", pid, temporary.toRealPath() + "/lib\\xff\\\\.so"));
            assertThat(Written.by("cat", pid, "lib\ufffd\\.so").err())
                    .as("U+FFFD is not in the name")
                    .contains("has no mapping");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
