package org.mapfiles.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.CodeKind;
import org.mapfiles.jvm.JvmCode;

/** What a JVM's memory is for: this one's, and another's, which is read from outside. Its addresses are resolved by attaching. */
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

    private static Process waiting(String... options) throws Exception {
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

    private static void check(List<Map<String, Object>> parts, String inJvm) {
        long before = 0;
        for (Map<String, Object> part : parts) {
            assertThat(part.keySet()).containsExactly("start", "end", "region", "detail", "inferred");
            long start = Long.parseUnsignedLong(((String) part.get("start")).substring(2), 16);
            long end = Long.parseUnsignedLong(((String) part.get("end")).substring(2), 16);
            assertThat(Long.compareUnsigned(before, start)).isNotPositive();
            assertThat(Long.compareUnsigned(start, end)).isNegative();
            before = end;
        }
        assertThat(parts).extracting(part -> part.get("region"))
                .contains("JAVA_HEAP", "CODE_HEAP", "METASPACE", "THREAD_STACK", "LIBRARY", "FILE", "MALLOC");
        assertThat(parts).extracting(part -> (String) part.get("detail")).anyMatch(detail -> detail.endsWith(inJvm));
    }

    @Test
    void itsOwn() throws Exception {
        check(Ran.with("jvm", "self", "--json").objects(), " " + Thread.currentThread().getName());
        Ran people = Ran.with("jvm", Long.toString(ProcessHandle.current().pid()));
        assertThat(people.code()).isZero();
        assertThat(people.out()).containsPattern("(?m)^PARTS +SIZE +REGION$").containsPattern("(?m)^ *\\d+ +[0-9.]+[KMG] +JAVA_HEAP$")
                .containsPattern("(?m)^[0-9a-f]+-[0-9a-f]+ +[0-9.]+[KMG] +LIBRARY +/.*/libjvm.so$");
    }

    @Test
    void anothersTwice() throws Exception {
        Process jvm = waiting();
        try {
            for (int i = 0; i < 2; i++) {
                Ran ran = Ran.with("jvm", Long.toString(jvm.pid()), "--json");
                assertThat(ran.err()).isEmpty();
                assertThat(ran.code()).isZero();
                check(ran.objects(), " java");
            }
            jvm.getOutputStream().close();
            assertThat(jvm.waitFor()).as("it goes on as before").isZero();
            assertThat(jvm.inputReader().readLine()).as("nothing is said of -Xcheck:jni").isNull();
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Also where the library is that JVM's already, of which a JVM lets one class loader have a file; and nothing is left behind. */
    @Test
    void anAgentsTwice(@TempDir Path directory) throws Exception {
        JvmCode.open();
        Path library = Files.copy(ownLibrary(), directory.resolve("libmapfiles.so"));
        Process jvm = waiting("-agentpath:" + library + "=memory=1m", "-Dorg.mapfiles.library.path=" + library);
        try {
            String pid = Long.toString(jvm.pid());
            for (int i = 0; i < 2; i++) {
                Ran ran = Ran.with("jvm", pid, "--json");
                assertThat(ran.err()).isEmpty();
                check(ran.objects(), " java");
                assertThat(Ran.with("resolve", "--jvm", pid, "0x1000").out()).contains("in no mapping");
            }
            assertThat(cleaners(pid)).as("threads that free what is not closed").isLessThanOrEqualTo(1);
        } finally {
            jvm.destroyForcibly();
        }
    }

    private static Path ownLibrary() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                if (String.valueOf(mapping.name()).contains("/libmapfiles")) {
                    return Path.of(mapping.name());
                }
            }
        }
        throw new AssertionError("not loaded");
    }

    private static int cleaners(String pid) throws Exception {
        int count = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                count += Files.readString(thread.resolve("comm")).startsWith("Cleaner-") ? 1 : 0;
            }
        }
        return count;
    }

    /** It is on the class path of other JVMs for good, so its path stays, and stays what it is. */
    @Test
    void theAgentsJarIsAlwaysTheSame(@TempDir Path directory) throws Exception {
        Path jar = AgentJar.in(directory);
        Object made = Files.getAttribute(jar, "unix:ino");
        assertThat(AgentJar.in(directory)).isEqualTo(jar);
        assertThat(Files.getAttribute(jar, "unix:ino")).as("not made again").isEqualTo(made);
        byte[] content = Files.readAllBytes(jar);
        try (JarFile opened = new JarFile(jar.toFile())) {
            assertThat(opened.getManifest().getMainAttributes().getValue("Agent-Class")).isEqualTo(JvmAgent.class.getName());
            assertThat(opened.stream()).hasSize(2);
        }
        Files.writeString(jar, "something else");
        assertThat(AgentJar.in(directory)).isEqualTo(jar).hasBinaryContent(content);
        assertThat(Files.list(directory)).containsExactly(jar);
        Files.delete(jar);
        Files.createSymbolicLink(jar, directory.resolve("elsewhere"));
        assertThat(AgentJar.in(directory)).isRegularFile().hasBinaryContent(content);
        assertThat(directory.resolve("elsewhere")).doesNotExist();
    }

    private static Process stopped() throws Exception {
        Process jvm = waiting("-XX:+DisableAttachMechanism", "-Xrs");
        new ProcessBuilder("kill", "-STOP", Long.toString(jvm.pid())).start().waitFor();
        for (int i = 0; i < 10_000 && !Files.readString(Path.of("/proc/" + jvm.pid() + "/stat")).contains(") T "); i++) {
            Thread.sleep(1);
        }
        return jvm;
    }

    /** Attaching to it would fail for three reasons. */
    @Test
    void aJvmThatIsStoppedAndLetsNobodyAttach() throws Exception {
        Process jvm = stopped();
        try {
            Ran ran = Ran.with("jvm", Long.toString(jvm.pid()), "--json");
            assertThat(ran.err()).isEmpty();
            assertThat(ran.code()).isZero();
            check(ran.objects(), " java");
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void addressesOfAJvmThatIsStopped() throws Exception {
        Process jvm = stopped();
        try {
            String pid = Long.toString(jvm.pid());
            Ran ran = Ran.with("resolve", "--jvm", pid, "1000");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("is stopped").contains("kill -CONT " + pid);
        } finally {
            jvm.destroyForcibly();
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
        Ran ran = Ran.with("resolve", "--jvm", Long.toString(jvm.pid()), "1000");
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
            assertThat(Ran.with("jvm", Long.toString(jvm.pid())).code()).isZero();
        } finally {
            jvm.destroyForcibly();
            new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor(); // a name that Java may not have
        }
    }

    /** It sees other files, so that neither what is asked nor the command's classes can be given to it. */
    @Test
    void aJvmInAContainer() throws Exception {
        List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", "mount -t tmpfs none \"$0\""
                + " && mount -t tmpfs none /tmp && exec \"$@\"", Files.createDirectories(Path.of(System.getProperty("user.home"), ".cache")).toString()));
        Process jvm;
        try {
            jvm = running(command, Waiting.class);
        } catch (IOException | AssertionError refused) {
            assumeTrue(false, "this user cannot make a mount namespace");
            return;
        }
        try {
            Ran read = Ran.with("jvm", Long.toString(jvm.pid()), "--json");
            assertThat(read.err()).isEmpty();
            check(read.objects(), " java");
            Ran ran = Ran.with("resolve", "--jvm", Long.toString(jvm.pid()), "1000");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("no directory to share").contains("if it is in a container, run mapfiles in there");
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Root reads a JVM of nobody, which can read neither root's files nor, perhaps, the command's. */
    @Test
    void anotherUsers(@TempDir Path directory) throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root asks JVMs of others");
        assumeTrue(Files.exists(Path.of("/usr/bin/setpriv")) || Files.exists(Path.of("/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path classes = Files.createDirectories(directory.resolve("classes/org/mapfiles/cli"));
        Files.copy(Waiting.class.getResourceAsStream("JvmCommandTest$Waiting.class"), classes.resolve("JvmCommandTest$Waiting.class"));
        for (Path path = classes; !path.equals(directory); path = path.getParent()) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Files.setPosixFilePermissions(classes.resolve("JvmCommandTest$Waiting.class"), PosixFilePermissions.fromString("rw-r--r--"));
        Process jvm = new ProcessBuilder("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                System.getProperty("java.home") + "/bin/java", "-Duser.home=" + directory, "-cp", directory.resolve("classes").toString(),
                Waiting.class.getName()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            assumeTrue("READY".equals(jvm.inputReader().readLine()), "this JDK is not for everybody to run");
            Ran ran = Ran.with("jvm", Long.toString(jvm.pid()), "--json");
            assertThat(ran.err()).isEmpty();
            check(ran.objects(), " java");
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void aJvmThatLoadsNoAgents() throws Exception {
        assumeTrue(Runtime.version().feature() >= 21, "an older JVM always loads them");
        Process jvm = waiting("-XX:-EnableDynamicAgentLoading");
        try {
            Ran ran = Ran.with("resolve", "--jvm", Long.toString(jvm.pid()), "1000");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("loads no agent").contains("-XX:+EnableDynamicAgentLoading");
            assertThat(ran.out()).isEmpty();
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void whatIsNoJvmIsLeftAlone() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            Ran ran = Ran.with("jvm", Long.toString(cat.pid()));
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("no JVM in process " + cat.pid()).hasLineCount(1);
            assertThat(cat.isAlive()).as("not signalled").isTrue();
        } finally {
            cat.destroy();
        }
        assertThat(Ran.with("jvm", Integer.toString(Integer.MAX_VALUE)).code()).isEqualTo(4);
    }

    @Test
    void aJvmThatTakesNoRequests() throws Exception {
        Process jvm = waiting("-Xrs");
        try {
            Ran ran = Ran.with("resolve", "--jvm", Long.toString(jvm.pid()), "1000");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("takes no requests").contains("-Xrs");
            assertThat(jvm.isAlive()).as("the signal that it does not catch ended it").isTrue();
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Of another JVM's code, heap and libjvm an address each. */
    @Test
    void addressesOfAnother() throws Exception {
        Process jvm = waiting();
        try {
            String pid = Long.toString(jvm.pid());
            List<String> ask = new ArrayList<>(List.of("resolve", "--jvm", pid));
            ask.addAll(firstOf(pid, "CODE_HEAP", "JAVA_HEAP", "LIBRARY"));
            Ran people = Ran.with(ask.toArray(new String[0]));
            assertThat(people.err()).isEmpty();
            assertThat(people.out()).containsPattern("(?m)^    .*CODE_HEAP  ").containsPattern("(?m)^    JAVA_HEAP  ")
                    .containsPattern("(?m)^    LIBRARY  /");
            ask.add("--json");
            List<Map<String, Object>> objects = Ran.with(ask.toArray(new String[0])).objects();
            assertThat(objects).extracting(fields -> fields.get("region")).containsExactly("CODE_HEAP", "JAVA_HEAP", "LIBRARY");
            assertThat(objects.get(2)).containsEntry("code", null).containsEntry("tier", null).containsEntry("inlined", "");
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void aMethodOfThisOne() throws Exception {
        String[] start = {null};
        JvmCode.open().forEach(each -> {
            if (each.kind() == CodeKind.METHOD && each.toString().startsWith("java.lang.String.") && each.tier() > 0) {
                start[0] = Long.toHexString(each.start());
            }
        });
        Ran ran = Ran.with("resolve", "self", "--jvm", start[0]);
        assertThat(ran.out()).containsPattern("(?m)^    java\\.lang\\.String\\..*\\+ 0x0  tier [1-4]  CODE_HEAP  ");
        assertThat(Ran.with("resolve", "self", "--jvm", "--json", start[0]).objects().get(0).get("code").toString())
                .startsWith("java.lang.String.");
    }

    private static List<String> firstOf(String pid, String... regions) throws Exception {
        List<Map<String, Object>> parts = Ran.with("jvm", pid, "--json").objects();
        List<String> addresses = new ArrayList<>();
        for (String region : regions) {
            addresses.add((String) parts.stream().filter(part -> part.get("region").equals(region)
                    && !"code heap".equals(part.get("detail"))).findFirst().orElseThrow().get("start"));
        }
        return addresses;
    }

    /** As a profiler hands them over: many times the same, in any order. */
    @Test
    void addressesOfAnotherFromAStream() throws Exception {
        Process jvm = waiting();
        try {
            String pid = Long.toString(jvm.pid());
            List<String> addresses = firstOf(pid, "CODE_HEAP", "JAVA_HEAP");
            String input = (addresses.get(0) + "\n\n  " + addresses.get(1) + " \r\n").repeat(1000) + "0";
            Ran ran = Ran.reading(input, "resolve", "--jvm", pid, "-", "--json");
            assertThat(ran.err()).isEmpty();
            assertThat(ran.code()).as("one is in no mapping").isEqualTo(1);
            List<Map<String, Object>> objects = ran.objects();
            assertThat(objects).hasSize(2001);
            for (int i = 0; i < 2000; i++) {
                assertThat(objects.get(i)).containsEntry("address", addresses.get(i % 2))
                        .containsEntry("region", i % 2 == 0 ? "CODE_HEAP" : "JAVA_HEAP");
            }
            assertThat(objects.get(2000)).containsEntry("start", null).containsEntry("path", null).containsEntry("region", "UNKNOWN");
            assertThat(Ran.reading(addresses.get(1), "resolve", "--jvm", pid, "-").out()).contains("\n    JAVA_HEAP  ");
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Another asking where the first has become large. Of code the answers are many different ones. */
    @Test
    void aStreamOfMoreThanIsAskedAtOnce() throws Exception {
        long heap = Long.decode(firstOf("self", "JAVA_HEAP").get(0));
        StringBuilder input = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            input.append(Long.toHexString(heap + i)).append('\n');
        }
        Ran ran = Ran.reading(input.toString(), "resolve", "self", "--jvm", "-");
        assertThat(ran.code()).isZero();
        List<String> lines = ran.lines();
        assertThat(lines).hasSize(200_000);
        for (int i = 0; i < 100_000; i++) {
            assertThat(lines.get(2 * i)).startsWith("0x" + Long.toHexString(heap + i) + "  ");
            assertThat(lines.get(2 * i + 1)).startsWith("    JAVA_HEAP  ");
        }
    }

    @Test
    void aBadLineOfAStreamIsNamedAndWhatCameBeforeIsAnswered() throws Exception {
        String heap = firstOf("self", "JAVA_HEAP").get(0);
        for (String[] ask : new String[][] {{"resolve", "self", "--jvm", "-"}, {"resolve", "self", "--jvm", "-", "--json"}}) {
            Ran ran = Ran.reading(heap + "\n\nfrog\n1\n", ask);
            assertThat(ran.code()).isEqualTo(2);
            assertThat(ran.err()).contains("line 3").contains("frog").hasLineCount(1);
            assertThat(ran.lines()).hasSize(ask.length == 5 ? 1 : 2).last().asString().contains("JAVA_HEAP");
        }
    }

    @Test
    void aStreamOfNothingAsksNobody() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            String pid = Long.toString(cat.pid());
            assertThat(Ran.reading("\n", "resolve", pid, "--jvm", "-")).isEqualTo(new Ran(0, "", ""));
            Ran ran = Ran.reading("1\n", "resolve", pid, "--jvm", "-");
            assertThat(ran.code()).isEqualTo(1);
            assertThat(ran.err()).contains("is no JVM").hasLineCount(1);
            assertThat(ran.out()).isEmpty();
        } finally {
            cat.destroy();
        }
    }

    @Test
    void aJvmThatEndsBeforeItIsAskedIsGone() throws Exception {
        Process jvm = waiting();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        InputStream in = new ByteArrayInputStream("1\n".getBytes(StandardCharsets.US_ASCII)) {
            @Override
            public synchronized int read(byte[] bytes, int from, int length) {
                jvm.destroyForcibly().onExit().join();
                return super.read(bytes, from, length);
            }
        };
        int code = Main.run(new String[] {"resolve", Long.toString(jvm.pid()), "-", "--jvm"}, in, out, err);
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isEqualTo(4);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("has ended").hasLineCount(1);
        assertThat(out.size()).isZero();
    }
}
