package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.CliResult;

/** The regions of this JVM and of others, from outside and by attaching. */
class JvmCommandTest {
    /** The program of a JVM that waits until its input ends. */
    static final class Waiting {
        private Waiting() {
        }

        public static void main(String[] arguments) throws Exception {
            System.out.println("READY");
            while (System.in.read() >= 0) {
                continue;
            }
        }
    }

    static Process waiting(String... options) throws Exception {
        return running(List.of(), Waiting.class, options);
    }

    private static Process running(List<String> under, Class<?> program, String... options) throws Exception {
        List<String> command = new ArrayList<>(under);
        command.addAll(List.of(System.getProperty("java.home") + "/bin/java", "-Xcheck:jni"));
        command.addAll(List.of(options));
        String file = program.getName().replace('.', '/') + ".class";
        Path path = Path.of(URI.create(program.getResource("/" + file).toString()));
        command.addAll(List.of("-cp", path.getRoot().resolve(path.subpath(0, path.getNameCount() - 4)).toString(), program.getName()));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        assertThat(process.inputReader().readLine()).isEqualTo("READY");
        return process;
    }

    /** The parts in order of address, without overlaps. */
    private static List<Map<String, Object>> partsOf(String... arguments) throws Exception {
        CliResult ran = CliResult.with(arguments);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        long before = 0;
        for (Map<String, Object> part : ran.objects()) {
            assertThat(part.keySet()).containsExactly("start", "end", "region", "detail", "inferred");
            assertThat(Long.compareUnsigned(before, number(part, "start"))).isNotPositive();
            assertThat(Long.compareUnsigned(number(part, "start"), number(part, "end"))).isNegative();
            before = number(part, "end");
        }
        assertThat(ran.objects()).extracting(part -> part.get("region"))
                .contains("JAVA_HEAP", "CODE_HEAP", "THREAD_STACK", "LIBRARY", "FILE", "MALLOC");
        return ran.objects();
    }

    private static long number(Map<String, Object> part, String field) {
        return Long.parseUnsignedLong(((String) part.get(field)).substring(2), 16);
    }

    private static long bytes(List<Map<String, Object>> parts, String region) {
        return parts.stream().filter(part -> part.get("region").equals(region)).mapToLong(part -> number(part, "end") - number(part, "start")).sum();
    }

    /** A JVM that is killed leaves its attach socket. */
    static void end(Process jvm) throws Exception {
        jvm.destroyForcibly().waitFor();
        Files.deleteIfExists(Path.of("/tmp/.java_pid" + jvm.pid()));
    }

    static List<String> threads(long pid) throws Exception {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                names.add(Files.readString(thread.resolve("comm")).strip());
            }
        }
        return names;
    }

    @Test
    void itsOwn() throws Exception {
        List<Map<String, Object>> parts = partsOf("jvm", "self", "--json");
        assertThat(parts).extracting(part -> part.get("region")).contains("METASPACE");
        assertThat(parts).extracting(part -> (String) part.get("detail")).anyMatch(detail -> detail.endsWith(" " + Thread.currentThread().getName()));
        CliResult people = CliResult.with("jvm", Long.toString(ProcessHandle.current().pid()), "--attach");
        assertThat(people.code()).isZero();
        assertThat(people.out()).containsPattern("(?m)^PARTS +SIZE +REGION$").containsPattern("(?m)^ *\\d+ +[0-9.]+[KMG] +JAVA_HEAP$")
                .containsPattern("(?m)^[0-9a-f]+-[0-9a-f]+ +[0-9.]+[KMG] +LIBRARY +/.*/libjvm.so$");
    }

    @Test
    void anotherFromOutsideIsNotTouched() throws Exception {
        Process jvm = waiting();
        try {
            for (int i = 0; i < 2; i++) {
                partsOf("jvm", Long.toString(jvm.pid()), "--json");
            }
            assertThat(threads(jvm.pid())).doesNotContain("Attach Listener");
            assertThat(Path.of("/tmp/.java_pid" + jvm.pid())).doesNotExist();
            jvm.getOutputStream().close();
            assertThat(jvm.waitFor()).isZero();
            assertThat(jvm.inputReader().readLine()).as("nothing is printed there").isNull();
        } finally {
            end(jvm);
        }
    }

    @Test
    void attachingAddsWhatTheJvmReports() throws Exception {
        Process jvm = waiting("-XX:NativeMemoryTracking=detail", "-XX:+UseG1GC");
        try {
            String pid = Long.toString(jvm.pid());
            List<Map<String, Object>> outside = partsOf("jvm", pid, "--json");
            List<Map<String, Object>> attached = partsOf("jvm", pid, "--json", "--attach");
            assertThat(attached).extracting(part -> part.get("region")).contains("METASPACE", "GC");
            assertThat(attached).extracting(part -> part.get("detail")).contains("card table");
            assertThat(bytes(attached, "UNKNOWN")).isLessThan(bytes(outside, "UNKNOWN") + 1).isLessThan(64L << 20);
            jvm.getOutputStream().close();
            assertThat(jvm.waitFor()).isZero();
            assertThat(jvm.inputReader().readLine()).as("nothing is printed there").isNull();
        } finally {
            end(jvm);
        }
    }

    @Test
    void aJvmThatIsStopped() throws Exception {
        Process jvm = waiting();
        try {
            String pid = Long.toString(jvm.pid());
            new ProcessBuilder("kill", "-STOP", pid).start().waitFor();
            while (!Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") T ")) {
                Thread.onSpinWait();
            }
            partsOf("jvm", pid, "--json");
            CliResult ran = CliResult.with("jvm", pid, "--attach");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("is stopped").contains("kill -CONT " + pid).hasLineCount(1);
        } finally {
            end(jvm);
        }
    }

    /** The program of a JVM that ends as soon as somebody attaches. */
    static final class Leaving {
        private Leaving() {
        }

        public static void main(String[] arguments) {
            System.out.println("READY");
            while (true) {
                if (Thread.getAllStackTraces().keySet().stream().anyMatch(thread -> thread.getName().equals("Attach Listener"))) {
                    Runtime.getRuntime().halt(0);
                }
            }
        }
    }

    @Test
    void aJvmThatEndsWhileItIsAsked() throws Exception {
        Process jvm = running(List.of(), Leaving.class);
        CliResult ran = CliResult.with("jvm", Long.toString(jvm.pid()), "--attach");
        Files.deleteIfExists(Path.of("/tmp/.java_pid" + jvm.pid()));
        assertThat(ran.code()).as(ran.err()).isEqualTo(4);
        assertThat(ran.err()).contains(Long.toString(jvm.pid()));
    }

    /** The kernel shows 15 bytes of it, whatever character they end in. */
    @Test
    void aJvmWhoseNameIsCutInACharacter(@TempDir Path directory) throws Exception {
        String script = "name=$(printf 'x\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244')"
                + " && ln -s \"$1\" \"$0/$name\" && shift && exec \"$0/$name\" \"$@\"";
        Process jvm = running(List.of("sh", "-c", script, directory.toString()), Waiting.class);
        try {
            assertThat(Files.readAllBytes(Path.of("/proc/" + jvm.pid() + "/comm"))).hasSize(16).startsWith('x', 0xc3, 0xa4);
            partsOf("jvm", Long.toString(jvm.pid()), "--json", "--attach");
        } finally {
            end(jvm);
            new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor(); // a name that Java may not have
        }
    }

    /** Its /tmp and its PID are other ones there. */
    @Test
    void aJvmInAContainer() throws Exception {
        Process shell;
        try {
            shell = running(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                    "mount -t tmpfs none /tmp && exec \"$@\"", "sh"), Waiting.class);
        } catch (IOException | AssertionError refused) {
            assumeTrue(false, "this user cannot make namespaces");
            return;
        }
        try {
            String pid = Long.toString(shell.children().findFirst().orElseThrow().pid());
            partsOf("jvm", pid, "--json");
            partsOf("jvm", pid, "--json", "--attach");
        } finally {
            shell.destroyForcibly();
        }
    }

    /** Root asks a JVM of nobody. */
    @Test
    void anotherUsers() throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root reads JVMs of others");
        assumeTrue(Files.exists(Path.of("/usr/bin/setpriv")) || Files.exists(Path.of("/bin/setpriv")), "no setpriv(1)");
        Path source = Files.createTempFile("Waiting", ".java");
        Process jvm = null;
        try {
            Files.writeString(source, "class W { public static void main(String[] a) throws Exception { System.out.println(\"READY\");"
                    + " while (System.in.read() >= 0) { } } }");
            Files.setPosixFilePermissions(source, PosixFilePermissions.fromString("rw-r--r--"));
            jvm = new ProcessBuilder("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                    System.getProperty("java.home") + "/bin/java", source.toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            assumeTrue("READY".equals(jvm.inputReader().readLine()), "this JDK is not for everybody to run");
            String pid = Long.toString(jvm.pid());
            partsOf("jvm", pid, "--json");
            partsOf("jvm", pid, "--json", "--attach");
            jvm.getOutputStream().close();
            assertThat(jvm.waitFor()).isZero();
        } finally {
            if (jvm != null) {
                end(jvm);
            }
            Files.delete(source);
        }
    }

    @Test
    void whatIsNoJvmIsLeftAlone() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            for (String[] ask : new String[][] {{"jvm", Long.toString(cat.pid())}, {"jvm", Long.toString(cat.pid()), "--attach"}}) {
                CliResult ran = CliResult.with(ask);
                assertThat(ran.code()).isEqualTo(1);
                assertThat(ran.err()).contains("no JVM in process " + cat.pid()).hasLineCount(1);
                assertThat(cat.isAlive()).as("not signalled").isTrue();
            }
        } finally {
            cat.destroy();
        }
        assertThat(CliResult.with("jvm", Integer.toString(Integer.MAX_VALUE)).code()).isEqualTo(4);
    }

    @Test
    void aJvmThatAcceptsNoCommands() throws Exception {
        Process jvm = waiting("-XX:+DisableAttachMechanism");
        try {
            partsOf("jvm", Long.toString(jvm.pid()), "--json");
            CliResult ran = CliResult.with("jvm", Long.toString(jvm.pid()), "--attach");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("accepts no commands").contains("-XX:+DisableAttachMechanism").hasLineCount(1);
            assertThat(ran.out()).isEmpty();
        } finally {
            end(jvm);
        }
    }
}
