package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Nobody;
import org.mapfiles.cli.TestJvm;

/** {@code mapfiles jvm} of this JVM and of others, from outside and with {@code --attach}. */
class JvmCommandTest {
    private static final List<String> CHECK_JNI = List.of("-Xcheck:jni");

    /** Returns the rows. They are in order of address, and do not overlap. */
    private static List<Map<String, Object>> regions(String... arguments) {
        CliResult result = CliResult.with(arguments);
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
        long end = 0;
        for (Map<String, Object> row : result.rows()) {
            assertThat(Long.compareUnsigned(end, number(row, "start"))).isNotPositive();
            assertThat(Long.compareUnsigned(number(row, "start"), number(row, "end")))
                    .isNegative();
            end = number(row, "end");
        }
        assertThat(result.rows())
                .extracting(row -> row.get("region"))
                .contains("java_heap", "code_heap", "thread_stack", "library", "file", "malloc");
        return result.rows();
    }

    private static long number(Map<String, Object> row, String field) {
        return Long.parseUnsignedLong(((String) row.get(field)).substring(2), 16);
    }

    private static long bytes(List<Map<String, Object>> rows, String region) {
        return rows.stream()
                .filter(row -> row.get("region").equals(region))
                .mapToLong(row -> (Long) row.get("size"))
                .sum();
    }

    @Test
    void theOwnJvm() {
        List<Map<String, Object>> rows = regions("jvm", "self", "--json");
        assertThat(rows).extracting(row -> row.get("region")).contains("metaspace");
        assertThat(rows)
                .extracting(row -> String.valueOf(row.get("detail")))
                .anyMatch(detail -> detail.endsWith(" " + Thread.currentThread().getName()));
        CliResult text =
                CliResult.with("jvm", Long.toString(ProcessHandle.current().pid()), "--attach", "--all-parts");
        assertThat(text.code()).isZero();
        assertThat(text.out())
                .containsPattern("(?m)^ *PARTS +SIZE +REGION$")
                .containsPattern("(?m)^ *\\d+ +[0-9.]+[KMG] +JAVA_HEAP$")
                .containsPattern("(?m)^ *[0-9a-f]+-[0-9a-f]+ +[0-9.]+[KMG] +LIBRARY +/.*/libjvm.so$");
    }

    /** The largest parts of all are listed: those of the largest region first, whatever the size of other parts. */
    @Test
    void theLargestRegionIsFirstWithItsPartsBelowIt() throws Exception {
        try (TestJvm jvm = TestJvm.waiting("-Xms64m")) {
            for (String key : List.of("rss", "size")) {
                List<Map<String, Object>> top = CliResult.with(
                                "jvm", jvm.pid(), "--rss", "--json", "--sort", key, "--top", "40")
                        .rows();
                assertThat(top).hasSize(40);
                checkGroups(top, key, false);
                List<Map<String, Object>> all = CliResult.with(
                                "jvm", jvm.pid(), "--rss", "--json", "--sort", key, "--top", "100000")
                        .rows();
                checkGroups(all, key, true); // of one read: the JVM changes
            }
            List<Map<String, Object>> byAddress = CliResult.with(
                            "jvm", jvm.pid(), "--json", "--sort", "address", "--top", "40")
                    .rows();
            assertThat(byAddress).hasSize(40);
            assertThat(byAddress).extracting(row -> number(row, "start")).isSortedAccordingTo(Long::compareUnsigned);
        }
    }

    /** The rows of a region are together, the largest first. If all are there, so are the regions. */
    private static void checkGroups(List<Map<String, Object>> rows, String key, boolean isWhole) {
        List<Object> regions =
                rows.stream().map(row -> row.get("region")).distinct().toList();
        assertThat(regions).hasSizeGreaterThan(3);
        int row = 0;
        long sumBefore = Long.MAX_VALUE;
        for (Object region : regions) {
            long sum = sum(rows, region, key);
            if (isWhole) {
                assertThat(sum).isLessThanOrEqualTo(sumBefore);
            }
            sumBefore = sum;
            long before = Long.MAX_VALUE;
            for (; row < rows.size() && rows.get(row).get("region").equals(region); row++) {
                assertThat((Long) rows.get(row).get(key)).isLessThanOrEqualTo(before);
                before = (Long) rows.get(row).get(key);
            }
        }
        assertThat(row).as("rows of a region are together").isEqualTo(rows.size());
    }

    private static long sum(List<Map<String, Object>> rows, Object region, String key) {
        return rows.stream()
                .filter(row -> row.get("region").equals(region))
                .mapToLong(row -> (Long) row.get(key))
                .sum();
    }

    /** Without an order, the largest are those with the most bytes in memory if these are a column. */
    @Test
    void theFirstRowsAreTheLargestInMemoryIfThatIsAColumn() {
        for (String command : List.of("maps", "files", "jvm")) {
            List<Map<String, Object>> rows = CliResult.with(command, "self", "--rss", "--top", "1", "--json")
                    .rows();
            long largest = CliResult.with(command, "self", "--rss", "--json").rows().stream()
                    .mapToLong(row -> (Long) row.get("rss"))
                    .max()
                    .orElseThrow();
            assertThat((Long) rows.get(0).get("rss")).as(command).isGreaterThan(largest / 2);
        }
    }

    @Test
    void readingFromOutsideDoesNotAffectTheJvm() throws Exception {
        try (TestJvm jvm = TestJvm.waiting("-Xcheck:jni")) {
            for (int i = 0; i < 2; i++) {
                regions("jvm", jvm.pid(), "--json");
            }
            assertThat(jvm.threads()).doesNotContain("Attach Listener");
            assertThat(Path.of("/tmp/.java_pid" + jvm.pid())).doesNotExist();
            jvm.assertEndsSilently();
        }
    }

    @Test
    void attachAddsWhatTheJvmReports() throws Exception {
        try (TestJvm jvm = TestJvm.waiting("-Xcheck:jni", "-XX:NativeMemoryTracking=detail", "-XX:+UseG1GC")) {
            List<Map<String, Object>> outside = regions("jvm", jvm.pid(), "--json");
            List<Map<String, Object>> attached = regions("jvm", jvm.pid(), "--json", "--attach");
            assertThat(attached).extracting(row -> row.get("region")).contains("metaspace", "gc");
            assertThat(attached).extracting(row -> row.get("detail")).contains("card table");
            assertThat(bytes(attached, "unknown"))
                    .isLessThan(bytes(outside, "unknown") + 1)
                    .isLessThan(64L << 20);
            jvm.assertEndsSilently();
        }
    }

    @Test
    void aStoppedJvmIsReadButNotAttachedTo() throws Exception {
        try (TestJvm jvm = TestJvm.waiting()) {
            Await.stop(Long.parseLong(jvm.pid()));
            regions("jvm", jvm.pid(), "--json");
            CliResult result = CliResult.with("jvm", jvm.pid(), "--attach");
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err())
                    .contains("is stopped")
                    .contains("kill -CONT " + jvm.pid())
                    .hasLineCount(1);
        }
    }

    /** Exits when its attach listener starts. */
    static final class ExitWhenAttachedMain {
        private ExitWhenAttachedMain() {}

        public static void main(String[] arguments) {
            System.out.println("READY");
            while (true) {
                if (Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(thread -> thread.getName().equals("Attach Listener"))) {
                    Runtime.getRuntime().halt(0);
                }
            }
        }
    }

    /**
     * A busy machine may let all commands end before the JVM exits. So the test is repeated until the JVM exits before.
     */
    @Test
    void aJvmThatExitsDuringAttachHasExited() throws Exception {
        int code = 0;
        for (int i = 0; i < 20 && code == 0; i++) {
            try (TestJvm jvm = TestJvm.start(List.of(), CHECK_JNI, ExitWhenAttachedMain.class)) {
                CliResult result = CliResult.with("jvm", jvm.pid(), "--attach");
                code = result.code();
                assertThat(code).as(result.err()).isIn(0, 4);
                assertThat(code == 0 || result.err().contains(jvm.pid()))
                        .as(result.err())
                        .isTrue();
            }
        }
        assertThat(code).isEqualTo(4);
    }

    /** The kernel keeps 15 bytes of a program's name. The last one is the first half of a character here. */
    @Test
    void aJvmWhoseNameIsCutInACharacter(@TempDir Path directory) throws Exception {
        String script =
                "name=$(printf 'x\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244\\303\\244')"
                        + " && ln -s \"$1\" \"$0/$name\" && shift && exec \"$0/$name\" \"$@\"";
        try (TestJvm jvm =
                TestJvm.start(List.of("sh", "-c", script, directory.toString()), CHECK_JNI, TestJvm.WaitMain.class)) {
            assertThat(Files.readAllBytes(Path.of("/proc/" + jvm.pid() + "/comm")))
                    .hasSize(16)
                    .startsWith('x', 0xc3, 0xa4);
            regions("jvm", jvm.pid(), "--json", "--attach");
        } finally {
            new ProcessBuilder("rm", "-rf", directory.toString())
                    .start()
                    .waitFor(); // Java may have no path for the link
        }
    }

    /** The JVM has another /tmp and another PID there. */
    @Test
    void aJvmInAContainer() throws Exception {
        TestJvm unshare;
        try {
            unshare = TestJvm.start(
                    List.of(
                            "unshare",
                            "--mount",
                            "--pid",
                            "--fork",
                            "--kill-child",
                            "sh",
                            "-c",
                            "mount -t tmpfs none /tmp && exec \"$@\"",
                            "sh"),
                    CHECK_JNI,
                    TestJvm.WaitMain.class);
        } catch (IOException | AssertionError denied) {
            assumeTrue(false, "this user cannot make namespaces");
            return;
        }
        try (unshare) {
            String pid = unshare.childPid();
            regions("jvm", pid, "--json");
            regions("jvm", pid, "--json", "--attach");
        }
    }

    @Test
    void rootReadsTheJvmOfAnotherUser(@TempDir Path directory) throws Exception {
        assumeTrue(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can become another user");
        assumeTrue(Files.exists(Path.of("/usr/bin/setpriv")) || Files.exists(Path.of("/bin/setpriv")), "no setpriv(1)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path source = Files.writeString(
                directory.resolve("Wait.java"),
                "class Wait { public static void main(String[] a) throws Exception {"
                        + " System.out.println(\"READY\"); while (System.in.read() >= 0) { } } }");
        List<String> command = new ArrayList<>(Nobody.WITHOUT_CAPABILITIES);
        command.addAll(List.of(System.getProperty("java.home") + "/bin/java", source.toString()));
        Process jvm = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assumeTrue("READY".equals(jvm.inputReader().readLine()), "another user cannot run this JDK");
            String pid = Long.toString(jvm.pid());
            // the JVM cannot replace a socket that an earlier process of root with this PID has left
            Files.deleteIfExists(Path.of("/tmp/.java_pid" + pid));
            regions("jvm", pid, "--json");
            regions("jvm", pid, "--json", "--attach");
            jvm.getOutputStream().close();
            assertThat(jvm.waitFor()).isZero();
        } finally {
            jvm.destroyForcibly().waitFor();
            Files.deleteIfExists(Path.of("/tmp/.java_pid" + jvm.pid()));
        }
    }

    @Test
    void aProcessWithoutAJvmIsNotSignalled() throws Exception {
        Process cat = new ProcessBuilder("cat").start();
        try {
            String pid = Long.toString(cat.pid());
            for (String[] arguments : new String[][] {{"jvm", pid}, {"jvm", pid, "--attach"}}) {
                CliResult result = CliResult.with(arguments);
                assertThat(result.code()).isEqualTo(1);
                assertThat(result.err()).contains("no JVM in process " + pid).hasLineCount(1);
                assertThat(cat.isAlive()).isTrue();
            }
        } finally {
            cat.destroy();
        }
        assertThat(CliResult.with("jvm", Integer.toString(Integer.MAX_VALUE)).code())
                .isEqualTo(4);
    }

    @Test
    void aJvmThatAcceptsNoCommandsIsReadButNotAttachedTo() throws Exception {
        try (TestJvm jvm = TestJvm.waiting("-XX:+DisableAttachMechanism")) {
            regions("jvm", jvm.pid(), "--json");
            CliResult result = CliResult.with("jvm", jvm.pid(), "--attach");
            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err())
                    .contains("accepts no commands")
                    .contains("-XX:+DisableAttachMechanism")
                    .hasLineCount(1);
            assertThat(result.out()).isEmpty();
        }
    }
}
