package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.NotSupportedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Reads a JVM in any state without changing it. A process that is no JVM is reported as such within a bounded time. */
class JvmFromOutsideTest {
    private static void isRead(long pid) throws Exception {
        try (ProcessMaps maps = ProcessMaps.of(pid)) {
            JvmRegions regions = JvmRegions.read(maps);
            for (JvmRegions.Kind region : new JvmRegions.Kind[] {
                JvmRegions.Kind.JAVA_HEAP,
                JvmRegions.Kind.CODE_HEAP,
                JvmRegions.Kind.THREAD_STACK,
                JvmRegions.Kind.LIBRARY,
                JvmRegions.Kind.MALLOC
            }) {
                assertThat(regions.bytes(region)).as(region.toString()).isPositive();
            }
            assertThat(stacks(regions))
                    .as("stacks of Java threads, by name")
                    .anyMatch(detail ->
                            detail.matches(".*(Signal Dispatch|Signal ..patcher|Reference Handl|Referen..andler).*"));
        }
    }

    private static void isInState(Process process, char state) throws Exception {
        Children.await("its state is " + state, () -> Children.state(process.pid()) == state);
    }

    private static List<String> stacks(JvmRegions regions) {
        List<String> stacks = new ArrayList<>();
        for (int i = 0; i < regions.size(); i++) {
            if (regions.region(i) == JvmRegions.Kind.THREAD_STACK && !regions.isInferred(i)) {
                stacks.add(regions.detail(i));
            }
        }
        return stacks;
    }

    /** The threads, descriptors and mappings of a process. */
    private static Set<String> facts(long pid) throws Exception {
        Set<String> facts = new TreeSet<>();
        for (String directory : new String[] {"task", "fd"}) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/" + pid + "/" + directory))) {
                for (Path entry : entries) {
                    facts.add(directory + " " + entry.getFileName() + " "
                            + (directory.equals("fd")
                                    ? Files.readSymbolicLink(entry)
                                    : Files.readString(entry.resolve("comm"))));
                }
            }
        }
        facts.addAll(Files.readAllLines(Path.of("/proc/" + pid + "/maps")));
        return facts;
    }

    /** An interpreter-only JVM compiles nothing, and once it waits, it changes nothing by itself. */
    @Test
    void readingChangesNothingInTheTarget() throws Exception {
        Process jvm = JvmProcessTest.waiting("-Xint", "-Xlog:all=warning");
        try {
            Set<String> before = facts(jvm.pid());
            for (int same = 0, tries = 0; same < 3 && tries < 100; same++, tries++) {
                Thread.sleep(200);
                Children.awaitIdle(jvm.pid()); // on a busy machine a thread may not have begun yet
                Set<String> now = facts(jvm.pid());
                same = now.equals(before) ? same : -1;
                before = now;
            }
            for (int i = 0; i < 10; i++) {
                isRead(jvm.pid());
            }
            assertThat(facts(jvm.pid())).isEqualTo(before);
            jvm.getOutputStream().close();
            assertThat(jvm.waitFor()).as("it goes on as before").isZero();
            assertThat(jvm.inputReader().readLine()).as("its output").isNull();
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Each JVM has another heap size, so the parts of one cannot be taken for those of another. */
    @Test
    void manyJvmsTogether() throws Exception {
        int count = 32;
        List<Process> jvms = new ArrayList<>();
        List<AutoCloseable> open = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int i = 0; i < count; i++) {
                jvms.add(JvmProcessTest.waiting("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx" + heap(i)));
            }
            List<Future<String>> read = new ArrayList<>();
            for (Process jvm : jvms) {
                ProcessMaps maps = ProcessMaps.of(jvm.pid());
                open.add(maps);
                JvmCodeReader code = JvmCodeReader.of(maps);
                open.add(0, code);
                for (int round = 0; round < 3; round++) {
                    read.add(threads.submit(() -> heapAndCode(maps, code)));
                }
            }
            for (int i = 0; i < read.size(); i++) {
                assertThat(read.get(i).get()).as("JVM %d", i / 3).isEqualTo(heap(i / 3) + ", code");
            }
        } finally {
            threads.shutdownNow();
            for (AutoCloseable closeable : open) {
                closeable.close();
            }
            jvms.forEach(Process::destroyForcibly);
        }
    }

    private static long heap(int jvm) {
        return 32 + 2L * jvm << 20;
    }

    private static String heapAndCode(ProcessMaps maps, JvmCodeReader code) throws Exception {
        AtomicInteger methods = new AtomicInteger();
        boolean isWhole = code.forEach(info -> methods.addAndGet(info.kind() == CodeInfo.Kind.METHOD ? 1 : 0));
        return JvmRegions.read(maps).bytes(JvmRegions.Kind.JAVA_HEAP)
                + (isWhole && methods.get() > 0 ? ", code" : ", " + methods + " methods");
    }

    @Test
    void jvmWithAttachDisabled() throws Exception {
        Process jvm = JvmProcessTest.waiting("-XX:+DisableAttachMechanism", "-XX:-UsePerfData", "-Xrs");
        try {
            isRead(jvm.pid());
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void stoppedJvm() throws Exception {
        Process jvm = JvmProcessTest.waiting();
        try {
            Children.stop(jvm.pid());
            isRead(jvm.pid());
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** With the freezer of either version of control groups; the group is a child of the group of this process. */
    @ParameterizedTest
    @ValueSource(strings = {"cgroup2", "cgroup"})
    void frozenJvm(String type) throws Exception {
        Path above = mount(type);
        assumeTrue(above != null, "no freezer of " + type + " is mounted here");
        Path group = above.resolve("mapfiles-test-" + ProcessHandle.current().pid());
        try {
            Files.createDirectory(group);
        } catch (IOException denied) {
            assumeTrue(false, "no group of " + type + " can be made here: " + denied);
        }
        boolean isNew = type.equals("cgroup2");
        Process jvm = JvmProcessTest.waiting();
        try {
            Path switchFile = group.resolve(isNew ? "cgroup.freeze" : "freezer.state");
            assumeTrue(Files.exists(switchFile), "this group has no " + switchFile.getFileName());
            Files.writeString(group.resolve("cgroup.procs"), Long.toString(jvm.pid()));
            Files.writeString(switchFile, isNew ? "1" : "FROZEN");
            try (ProcessMaps maps = ProcessMaps.of(jvm.pid());
                    JvmProcess process = JvmProcess.of(maps)) {
                Children.await("it is frozen", () -> process.runState() == JvmProcess.RunState.FROZEN);
                isRead(jvm.pid());
                assertThat(process.runState()).isEqualTo(JvmProcess.RunState.FROZEN);
                Files.writeString(switchFile, isNew ? "0" : "THAWED");
                Children.await("it runs", () -> process.runState() == JvmProcess.RunState.RUNNING);
            } finally {
                Files.writeString(switchFile, isNew ? "0" : "THAWED");
            }
        } finally {
            jvm.destroyForcibly().waitFor();
            removeGroup(group);
        }
    }

    /** An exited process leaves its group some time after its end. */
    private static void removeGroup(Path group) throws Exception {
        for (int i = 0; i < 5000; i++) {
            try {
                Files.delete(group);
                return;
            } catch (IOException busy) {
                Thread.sleep(1);
            }
        }
    }

    /** Returns null if there is none. */
    private static Path mount(String type) throws IOException {
        try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mounts"))) {
            return mounts.map(line -> line.split(" "))
                    .filter(fields -> fields[2].equals(type)
                            && (type.equals("cgroup2") || fields[3].matches("(.*,)?freezer(,.*)?")))
                    .map(fields -> Path.of(fields[1]))
                    .findFirst()
                    .orElse(null);
        }
    }

    /** A JVM with its own PID and mount namespaces. */
    @Test
    void jvmInAContainer() throws Exception {
        Process jvm;
        try {
            jvm = new ChildJvm()
                    .under(
                            "unshare",
                            "--mount",
                            "--pid",
                            "--fork",
                            "--kill-child",
                            "sh",
                            "-c",
                            "mount -t proc proc /proc && mount -t tmpfs none /mnt && exec \"$@\"",
                            "sh")
                    .start(JvmProcessTest.Waiting.class);
            assumeTrue("READY".equals(jvm.inputReader().readLine()), "this user cannot make namespaces");
        } catch (IOException denied) {
            assumeTrue(false, "no unshare(1)");
            return;
        }
        try {
            long pid = jvm.toHandle().children().findFirst().orElseThrow().pid();
            isRead(pid);
            try (ProcessMaps maps = ProcessMaps.of(pid)) {
                assertThat(stacks(JvmRegions.read(maps)))
                        .filteredOn(detail -> !detail.startsWith("first thread"))
                        .isNotEmpty()
                        .allMatch(detail -> Files.exists(Path.of("/proc/" + pid + "/task/" + detail.split(" ")[0])));
            }
        } finally {
            jvm.descendants().forEach(ProcessHandle::destroyForcibly);
            jvm.destroyForcibly();
        }
    }

    /** Its libjvm and its working directory are deleted while it runs, as by an upgrade. */
    @Test
    void jvmWithDeletedFiles(@TempDir Path directory) throws Exception {
        Path home = Path.of(System.getProperty("java.home"));
        Path copy = Files.createDirectory(directory.resolve("jdk"));
        Files.createDirectories(copy.resolve("lib/server"));
        Files.createDirectory(copy.resolve("bin"));
        Files.copy(
                home.resolve("bin/java"), copy.resolve("bin/java"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        for (Path part : new Path[] {home, home.resolve("lib"), home.resolve("lib/server")}) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(part)) {
                for (Path entry : entries) {
                    Path to = copy.resolve(home.relativize(entry).toString());
                    if (entry.endsWith("libjvm.so")) {
                        Files.copy(entry, to);
                    } else if (!Files.exists(to)) {
                        Files.createSymbolicLink(to, entry);
                    }
                }
            }
        }
        Path work = Files.createDirectory(directory.resolve("work"));
        Process jvm = new ProcessBuilder(
                        copy.resolve("bin/java").toString(),
                        "-cp",
                        ChildJvm.homeOf(JvmFromOutsideTest.class).toString(),
                        JvmProcessTest.Waiting.class.getName())
                .directory(work.toFile())
                .redirectErrorStream(true)
                .start();
        try {
            assertThat(jvm.inputReader().readLine()).isEqualTo("READY");
            Files.delete(copy.resolve("lib/server/libjvm.so"));
            Files.delete(work);
            isRead(jvm.pid());
        } finally {
            jvm.destroyForcibly();
            deleteLinks(copy);
        }
    }

    /** A temporary directory does not delete what its links lead to. */
    private static void deleteLinks(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isSymbolicLink)::iterator) {
                Files.delete(file);
            }
        }
    }

    private static Path beside(String program) {
        String odd = System.getProperty("mapfiles.special-process");
        assumeTrue(odd != null, "mapfiles.special-process names no program");
        Path path = Path.of(odd).resolveSibling(program);
        assumeTrue(Files.isExecutable(path), path + " was not built");
        return path;
    }

    private static String libjvm() {
        return Path.of(System.getProperty("java.home"), "lib/server/libjvm.so").toString();
    }

    /** A JVM that a C program has created on a second thread; the first has exited. */
    @Test
    void jvmWhoseFirstThreadHasExited() throws Exception {
        Process jvm = new ProcessBuilder(beside("orphan_jvm").toString(), libjvm())
                .redirectErrorStream(true)
                .start();
        try {
            String line = jvm.inputReader().readLine();
            while (line != null
                    && !line.equals("READY")) { // skips a warning that the stack of the first thread is not found
                line = jvm.inputReader().readLine();
            }
            assertThat(line).isNotNull();
            isInState(jvm, 'Z');
            isRead(jvm.pid());
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** Programs that export the symbols of a JVM with other content, and one that maps a libjvm.so as a plain file. */
    @ParameterizedTest
    @ValueSource(strings = {"empty", "endless", "same", "long", "wild", "far", "outside", "file"})
    void otherProgramsAreNoJvm(String content) throws Exception {
        Process fake = new ProcessBuilder(beside("fake_jvm").toString(), content, libjvm()).start();
        try (ProcessMaps maps = ProcessMaps.of(fake.pid())) {
            assertThat(fake.inputReader().readLine()).isEqualTo("READY");
            assertThatThrownBy(() -> JvmRegions.read(maps))
                    .isInstanceOf(NotSupportedException.class)
                    .hasMessageStartingWith("no JVM in process " + fake.pid() + ": ");
            assertThat(fake.isAlive()).isTrue();
        } finally {
            fake.destroyForcibly();
        }
    }

    /** The tables of a JVM are not there before the loader has relocated libjvm.so. */
    @Test
    void unreadableTablesMayBeThoseOfAProcessThatStarts() throws Exception {
        Process fake = new ProcessBuilder(beside("fake_jvm").toString(), "empty", libjvm()).start();
        try (ProcessMaps maps = ProcessMaps.of(fake.pid())) {
            assertThat(fake.inputReader().readLine()).isEqualTo("READY");
            assertThatThrownBy(() -> JvmProcess.of(maps))
                    .hasMessageContaining("if the process has just started, retry");
        } finally {
            fake.destroyForcibly();
        }
    }

    /** Its lists are cyclic and its counts are huge: reading ends, and the fields of the kernel are right. */
    @Test
    void forgedTablesAreReadWithinBounds() throws Exception {
        Process fake = new ProcessBuilder(beside("fake_jvm").toString(), "plausible").start();
        try (ProcessMaps maps = ProcessMaps.of(fake.pid())) {
            assertThat(fake.inputReader().readLine()).isEqualTo("READY");
            JvmRegions regions = JvmRegions.read(maps);
            assertThat(regions.bytes(JvmRegions.Kind.LIBRARY)).isPositive();
            try (JvmProcess jvm = JvmProcess.of(maps)) {
                assertThat(jvm.flags().names()).isEmpty();
            }
        } finally {
            fake.destroyForcibly();
        }
    }
}
