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

/** Does every failure have its code, one line on stderr, and nothing on stdout? */
class ExitCodeTest {
    @TempDir
    Path home;

    private static void assertFails(CliResult ran, int code, String... said) {
        assertThat(ran.code()).isEqualTo(code);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("mapfiles: ").hasLineCount(1).contains(said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "maps", "maps frog", "maps 0", "maps -1", "maps 99999999999", "maps self --frog", "maps self self",
        "resolve self", "count self --by frog", "count self --top 0", "count self --top x", "frog"})
    void wrongUsage(String arguments) {
        assertFails(CliResult.with(arguments.isEmpty() ? new String[0] : arguments.split(" ")), 2, "--help");
    }

    @Test
    void aProcessThatIsGone() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        String pid = Long.toString(ended.pid());
        for (List<String> command : List.of(List.of("maps", pid), List.of("count", pid), List.of("resolve", pid, "0"))) {
            assertFails(CliResult.with(command.toArray(String[]::new)), 4, "has ended");
        }
    }

    @Test
    void aKernelThreadHasNoMappings() throws Exception {
        Path name = Path.of("/proc/2/comm");
        assumeTrue(Files.isReadable(name) && Files.readString(name).equals("kthreadd\n"), "no kernel thread to be seen here");
        assertFails(CliResult.with("maps", "2"), 1, "kernel thread");
    }

    /** In a JVM of its own: this one may look at everything. */
    @Test
    void aRefusedLookSaysWhatIsMissing() throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setAttribute(Files.createDirectory(home.resolve("nobody")), "unix:uid", 65534);
        Process refused = new ProcessBuilder("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Duser.home=" + home.resolve("nobody"),
                "--enable-native-access=ALL-UNNAMED", "-cp", copiedClassPath(), Main.class.getName(), "maps",
                Long.toString(ProcessHandle.current().pid())).start();
        CliResult ran = new CliResult(refused.waitFor(), text(refused.getInputStream()), text(refused.getErrorStream()));
        assertFails(ran, 3, "refuses", "another user", "CAP_SYS_PTRACE");
    }

    /** The class path where another user can read it. */
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
        for (String arguments : List.of("maps self", "maps self --json", "resolve self 1", "count self", "--help", "--version",
                "cat self libjvm.so", "cat self [vdso]")) { // the first is more than a buffer takes: it fails before its end
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            assertThat(Main.run(arguments.split(" "), InputStream.nullInputStream(), full, err)).as(arguments).isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("No space left");
        }
    }

    @Test
    void whoeverStopsReadingIsNoFailure() {
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(Main.run(new String[] {"maps", "self", "--json"}, InputStream.nullInputStream(), closed, err)).isZero();
        assertThat(err.toString()).isEmpty();
    }

    /** The C library says "Broken pipe" in the language of the user. */
    @Test
    void whoeverStopsReadingIsNoFailureInAnyLanguage() throws Exception {
        String locale = Stream.of("de_DE", "fr_FR", "es_ES").filter(ExitCodeTest::isSpoken).findFirst().orElse(null);
        assumeTrue(locale != null, "no locale here in whose language the C library speaks");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), Main.class.getName(), "maps", "self");
        builder.environment().put("LC_ALL", locale + ".UTF-8");
        Process unread = builder.start();
        unread.getInputStream().close();
        assertThat(text(unread.getErrorStream())).isEmpty();
        assertThat(unread.waitFor()).isZero();
    }

    private static boolean isSpoken(String locale) {
        try {
            return Files.exists(Path.of("/usr/share/locale", locale.substring(0, 2), "LC_MESSAGES", "libc.mo"))
                    && text(new ProcessBuilder("locale", "-a").start().getInputStream()).lines().anyMatch((locale + ".utf8")::equals);
        } catch (IOException noSuchCommand) {
            return false;
        }
    }

    @Test
    void namesInMessagesDoNotReachTheTerminalRaw() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        new Terminal(InputStream.nullInputStream(), OutputStream.nullOutputStream(), err, false).complain("/a\033[2Jb\rc\nd\u009be");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("mapfiles: /a\\x1b[2Jb\\x0dc d\\xc2\\x9be\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "maps --help", "resolve --help", "count --help", "help count",
        "generate-completion"})
    void helpIsNoFailure(String arguments) {
        CliResult ran = CliResult.with(arguments.split(" "));
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).isNotEmpty();
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void helpListsTheExitCodes() {
        assertThat(CliResult.with("--help").out()).contains("Exit codes:").contains("3").contains("refuses");
    }
}
