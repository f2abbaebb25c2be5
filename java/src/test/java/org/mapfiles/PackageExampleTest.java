package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the package documentation compile, and the first one runs. */
class PackageExampleTest {
    private static final Path SOURCE = Path.of("src/main/java/org/mapfiles/package-info.java");

    @TempDir
    Path directory;

    /** Returns the lines of an example; the first example has number 0. */
    private static String example(int number) throws IOException {
        String[] parts = Files.readString(SOURCE).split("<pre>\\{@code\n");
        return parts[number + 1]
                .lines()
                .takeWhile(line -> !line.contains("}</pre>"))
                .map(line -> line.replaceFirst("^ \\*", ""))
                .collect(Collectors.joining("\n"));
    }

    private void compile(String body) throws Exception {
        Path file = Files.writeString(
                directory.resolve("Example.java"),
                "import org.mapfiles.*;\nimport org.mapfiles.live.*;\nimport org.mapfiles.timeline.*;\npublic class Example {\n"
                        + body + "\n}\n");
        String classes = Path.of(ProcessMaps.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        int rc = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        messages,
                        messages,
                        "-Xlint:all",
                        "-Werror",
                        "-cp",
                        classes,
                        "-d",
                        directory.toString(),
                        file.toString());
        assertThat(rc).as("%s", messages).isZero();
    }

    @Test
    void firstExampleCompilesAndRuns() throws Exception {
        assertThat(example(0).lines().count()).as("lines of the example").isBetween(8L, 14L);
        compile("public static void show(long address) throws Exception {\n" + example(0) + "\n}");
        String printed = run();
        assertThat(printed).contains("r-xp").contains("libjvm.so").endsWith("no mapping\n");
    }

    @Test
    void samplerExampleCompiles() throws Exception {
        compile(example(1) + "\nvoid run(LiveMaps.Reader reader) {\n}\nvoid count(int file, long offset) {\n}\n"
                + "void print(String what, long where) {\n}");
    }

    private String run() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(
                        new URL[] {directory.toUri().toURL()}, getClass().getClassLoader());
                PrintStream out = new PrintStream(printed, true)) {
            System.setOut(out);
            loader.loadClass("Example").getMethod("show", long.class).invoke(null, 0L);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
