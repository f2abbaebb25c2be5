package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.cli.output.Terminal;

/** Exit codes. A failure prints one line on stderr, and nothing on stdout. */
class ExitCodeTest {
    @TempDir
    Path home;

    private static void assertFails(CliResult result, int code, String... message) {
        assertThat(result.code()).isEqualTo(code);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("mapfiles: ").hasLineCount(1).contains(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "maps",
                "maps frog",
                "maps 0",
                "maps -1",
                "maps 99999999999",
                "maps self --frog",
                "maps self self",
                "resolve self",
                "count self --by frog",
                "count self --top 0",
                "count self --top x",
                "frog"
            })
    void wrongUsage(String arguments) {
        assertFails(CliResult.with(arguments.split(" ")), 2, "--help");
    }

    @Test
    void aProcessThatHasExited() throws Exception {
        Process exited = new ProcessBuilder("true").start();
        exited.waitFor();
        String pid = Long.toString(exited.pid());
        for (List<String> command :
                List.of(List.of("maps", pid), List.of("count", pid), List.of("resolve", pid, "0"))) {
            assertFails(CliResult.with(command.toArray(String[]::new)), 4, pid);
        }
        for (String proc : List.of("/proc/" + pid, "/proc/self/../" + pid + "/")) {
            assertFails(CliResult.with("maps", proc), 4, "there is no process /proc/", pid);
        }
    }

    @Test
    void aKernelThreadHasNoMappings() throws Exception {
        Path name = Path.of("/proc/2/comm");
        assumeTrue(
                Files.isReadable(name) && Files.readString(name).equals("kthreadd\n"),
                "no kernel thread is visible here");
        assertFails(CliResult.with("maps", "2"), 1, "kernel thread");
    }

    /** Runs in another JVM, since this one runs as root. */
    @Test
    void aMissingPermissionIsNamed() throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setAttribute(Files.createDirectory(home.resolve("home")), "unix:uid", 65534);
        Process denied = new ProcessBuilder(
                        "setpriv",
                        "--reuid",
                        "65534",
                        "--regid",
                        "65534",
                        "--clear-groups",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Duser.home=" + home.resolve("home"),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        copiedClassPath(),
                        Main.class.getName(),
                        "maps",
                        Long.toString(ProcessHandle.current().pid()))
                .start();
        CliResult result =
                new CliResult(denied.waitFor(), text(denied.getInputStream()), text(denied.getErrorStream()));
        assertFails(result, 3, "CAP_SYS_PTRACE");
    }

    /** Copies the class path to where another user can read it. */
    private String copiedClassPath() throws IOException {
        StringBuilder copied = new StringBuilder();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            Path from = Path.of(entry);
            Path to = home.resolve(copied.length() + "-" + from.getFileName());
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                }
            }
            copied.append(to).append(':');
        }
        return copied.toString();
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void outputThatCannotBeWrittenIsAFailure() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        for (String arguments : List.of(
                "maps self",
                "maps self --json",
                "resolve self 1",
                "count self",
                "--help",
                "--version",
                "cat self libjvm.so",
                "cat self [vdso]")) { // libjvm.so is larger than a buffer: it fails in the middle
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            assertThat(Main.run(arguments.split(" "), InputStream.nullInputStream(), full, err))
                    .as(arguments)
                    .isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("No space left");
        }
    }

    @Test
    void aReaderThatStopsIsNoFailure() {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(Main.run(new String[] {"maps", "self", "--json"}, InputStream.nullInputStream(), closed, err))
                .isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    /** The C library has "Broken pipe" in the language of the user. */
    @Test
    void aReaderThatStopsIsNoFailureInAnyLanguage() throws Exception {
        String locale = Stream.of("de_DE", "fr_FR", "es_ES")
                .filter(ExitCodeTest::hasMessages)
                .findFirst()
                .orElse(null);
        assumeTrue(locale != null, "no locale with messages of the C library is installed");
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "maps",
                "self");
        builder.environment().put("LC_ALL", locale + ".UTF-8");
        Process unread = builder.start();
        unread.getInputStream().close();
        assertThat(text(unread.getErrorStream())).isEmpty();
        assertThat(unread.waitFor()).isZero();
    }

    private static boolean hasMessages(String locale) {
        try {
            return Files.exists(Path.of("/usr/share/locale", locale.substring(0, 2), "LC_MESSAGES", "libc.mo"))
                    && text(new ProcessBuilder("locale", "-a").start().getInputStream())
                            .lines()
                            .anyMatch((locale + ".utf8")::equals);
        } catch (IOException noSuchCommand) {
            return false;
        }
    }

    @Test
    void namesInMessagesAreEscaped() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        new Terminal(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err, false)
                .report("/a\033[2Jb\rc\nd\u009be");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("mapfiles: /a\\x1b[2Jb\\x0dc d\\xc2\\x9be\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "--version",
                "maps --help",
                "resolve --help",
                "count --help",
                "help count",
                "generate-completion"
            })
    void helpIsNoFailure(String arguments) {
        CliResult result = CliResult.with(arguments.split(" "));
        assertThat(result.code()).isZero();
        assertThat(result.out()).isNotEmpty();
        assertThat(result.err()).isEmpty();
    }
}
