package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.OutputStream;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.Await;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.cli.RunningWatch;
import org.mapfiles.cli.SpecialMappingsChild;
import org.mapfiles.cli.TestJvm;
import org.mapfiles.cli.target.AddressRange;
import org.mapfiles.events.MapEvents;

/** {@code mapfiles watch}, with events of the kernel and by polls. */
class WatchCommandTest {
    @TempDir
    Path directory;

    private static Predicate<Map<String, Object>> isType(String type) {
        return row -> type.equals(row.get("type"));
    }

    private static Predicate<Map<String, Object>> hasPath(String end) {
        return row -> String.valueOf(row.get("path")).endsWith(end);
    }

    private static String[] options(boolean pollOnly) {
        return pollOnly ? new String[] {"--json", "--poll"} : new String[] {"--json"};
    }

    private static void write(Process process, String line) throws Exception {
        OutputStream input = process.getOutputStream();
        input.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        input.flush();
    }

    /** Starts a shell that becomes cat(1) after a line of input, and waits until it waits for that. */
    private static Process shell() throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "read a; exec cat").start();
        Await.untilItWaits(shell.pid(), Path.of("/bin/sh"));
        return shell;
    }

    private SpecialMappingsChild child() throws Exception {
        return new SpecialMappingsChild(directory.toRealPath(), List.of(), "plain");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void execIsReportedAndThenTheExitCodeOfTheEnd(boolean pollOnly) throws Exception {
        Process shell = shell();
        try {
            RunningWatch watch = RunningWatch.initial(Long.toString(shell.pid()), options(pollOnly));
            write(shell, "go");
            watch.awaitRow("the exec", isType("exec"));
            watch.awaitRow("its program", isType("added").and(hasPath("/cat")));
            shell.getOutputStream().close();
            watch.awaitExit();
            assertThat(watch.rows())
                    .as("mappings of the shell")
                    .anyMatch(isType("removed")
                            .and(hasPath(Path.of("/bin/sh").toRealPath().toString())));
            assertThat(watch.rows())
                    .filteredOn(isType("added"))
                    .allSatisfy(row -> assertThat(row.keySet())
                            .containsExactly(
                                    "version",
                                    "type",
                                    "pid",
                                    "time",
                                    "exact",
                                    "after",
                                    "start",
                                    "end",
                                    "size",
                                    "perms",
                                    "offset",
                                    "dev_major",
                                    "dev_minor",
                                    "inode",
                                    "kind",
                                    "path",
                                    "deleted",
                                    "continued"));
            assertThat(watch.rows()).allSatisfy(row -> assertThat(row).containsEntry("pid", shell.pid()));
        } finally {
            shell.destroyForcibly();
        }
    }

    /** A poll may drain the last event of a process after it has read its mappings. */
    @Test
    void theEndOfAProcessWithoutEventsEndsTheWait() throws Exception {
        Process shell = shell();
        try (ProcessMaps maps = ProcessMaps.of(shell.pid());
                MapEvents events = MapEvents.open(maps)) {
            shell.destroyForcibly().waitFor();
            Await.until("no event is left", () -> events.drain() == 0);
            assertThatThrownBy(() -> events.await(60_000)).isInstanceOf(ProcessExitedException.class);
            WatchCommand.await(events, 60_000);
        }
    }

    @Test
    void textShowsMarksAndPaths() throws Exception {
        Process shell = shell();
        RunningWatch watch = RunningWatch.initial(Long.toString(shell.pid()), "--each");
        write(shell, "go");
        for (String line : List.of(
                "^\\d\\d:\\d\\d:\\d\\d\\.\\d{6}  !  another program runs$",
                "\\d  \\+  [0-9a-f]+-[0-9a-f]+ +[0-9.]+[KM]  r-xp  /.*/cat(  split)?$",
                "\\d\\? -  [0-9a-f]+-[0-9a-f]+ +[0-9.]+[KM]  r-xp  "
                        + Path.of("/bin/sh").toRealPath() + "$")) {
            Pattern pattern = Pattern.compile(line, Pattern.MULTILINE);
            watch.await(line, () -> pattern.matcher(watch.text()).find());
        }
        shell.destroyForcibly().waitFor();
        watch.awaitExit();
    }

    @Test
    void aFileThatThisJvmMapsIsAdded() throws Exception {
        Path file = Files.write(directory.toRealPath().resolve("mapped"), new byte[8192]);
        RunningWatch watch = RunningWatch.initial("self", "--json", "--poll");
        try (FileChannel channel = FileChannel.open(file)) {
            watch.awaitRow("a mapping of the start", isType("present"));
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 4096, 4096);
            watch.awaitRow(
                    "the file",
                    isType("added")
                            .and(hasPath(file.toString()))
                            .and(row -> "0x1000".equals(row.get("offset")) && "r--s".equals(row.get("perms"))));
            assertThat(mapped.get(0)).isZero();
        } finally {
            watch.interrupt();
        }
    }

    /** Maps a file once for each byte of its input, and keeps all mappings. */
    static final class MapAndKeepMain {
        private MapAndKeepMain() {}

        public static void main(String[] arguments) throws Exception {
            System.out.println("READY");
            List<MappedTestFile> kept = new ArrayList<>();
            while (System.in.read() >= 0) {
                kept.add(new MappedTestFile(Path.of(arguments[0])));
            }
            System.out.print(kept.size());
        }
    }

    /**
     * Many mappings are made during a poll, which does not contain them. They must not be reported as removed and added
     * again.
     */
    @Test
    void aMappingThatStaysIsReportedOnce() throws Exception {
        Path file = directory.toRealPath().resolve("kept");
        try (TestJvm jvm = TestJvm.start(List.of(), List.of(), MapAndKeepMain.class, file.toString())) {
            RunningWatch watch = RunningWatch.initial(jvm.pid(), "--json");
            jvm.process().getOutputStream().write(new byte[20_000]);
            jvm.process().getOutputStream().flush();
            for (long end = System.nanoTime() + 600_000_000_000L; count(watch, file) < 20_000; Thread.sleep(500)) {
                assertThat(System.nanoTime() < end)
                        .as("%d of 20000 mappings are reported", count(watch, file))
                        .isTrue();
            }
            Thread.sleep(100); // for rows that must not come
            List<Map<String, Object>> rows =
                    watch.rows().stream().filter(hasPath(file.toString())).toList();
            // A poll may correct the range of a mapping that was reported while its neighbours changed.
            rows.stream().filter(row -> "changed".equals(row.get("type"))).forEach(System.out::println);
            List<Map<String, Object>> reported = rows.stream()
                    .filter(row -> !"changed".equals(row.get("type")))
                    .toList();
            assertThat(reported)
                    .filteredOn(row -> !"added".equals(row.get("type")))
                    .isEmpty();
            assertThat(reported).extracting(row -> row.get("start")).doesNotHaveDuplicates();
            jvm.process().destroyForcibly();
            watch.awaitExit();
        }
    }

    private static long count(RunningWatch watch, Path file) {
        return watch.rows().stream().filter(hasPath(file.toString())).count();
    }

    /** Starts the command in another JVM, under another program. */
    private static Process watchUnder(List<String> program, String pid) throws Exception {
        List<String> command = new ArrayList<>(program);
        command.addAll(TestJvm.command(List.of(), Main.class, "watch", "--interval", "20", "--json", pid));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /**
     * Returns the lines of a command up to the first mapping that it reports as added. The child changes its mappings
     * meanwhile.
     */
    private static List<String> linesUntilAdded(Process watch, SpecialMappingsChild child) throws Exception {
        CompletableFuture<Void> changes = CompletableFuture.runAsync(() -> changeForMinutes(watch, child));
        List<String> lines = new ArrayList<>();
        BufferedReader output = watch.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (line.contains("\"added\"")) {
                child.process().destroyForcibly();
                changes.exceptionally(exited -> null).get(60, TimeUnit.SECONDS);
                return lines;
            }
        }
        throw new AssertionError("no mapping is added: " + lines);
    }

    private static void changeForMinutes(Process watch, SpecialMappingsChild child) {
        try {
            for (long end = System.nanoTime() + 300_000_000_000L; System.nanoTime() < end; Thread.sleep(50)) {
                assertThat(child.command("many 2")).startsWith("OK");
            }
            watch.destroyForcibly();
        } catch (Exception exited) {
            throw new IllegalStateException(exited);
        }
    }

    @Test
    void withTooFewDescriptorsItPolls() throws Exception {
        assumeEvents();
        SpecialMappingsChild child = child();
        assertThat(child.command("threads 400")).startsWith("OK");
        Process watch = watchUnder(List.of("sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"), child.pid());
        try {
            assertThat(linesUntilAdded(watch, child))
                    .anySatisfy(
                            line -> assertThat(line).contains("polling every 20 ms", "file descriptors", "ulimit -n"));
            assertThat(watch.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(watch.exitValue()).isZero();
        } finally {
            watch.destroyForcibly();
            child.process().destroyForcibly();
        }
    }

    /** The clock of the namespace is 28 hours ahead of the clock of the kernel's events. */
    @Test
    void timesAreRightInATimeNamespace() throws Exception {
        assumeEvents();
        List<String> unshare = List.of("unshare", "-T", "--monotonic", "100000", "--fork");
        List<String> trial = new ArrayList<>(unshare);
        trial.add("true");
        assumeTrue(new ProcessBuilder(trial).start().waitFor() == 0, "this user cannot make a time namespace");
        SpecialMappingsChild child = child();
        Instant before = Instant.now();
        Process watch = watchUnder(unshare, child.pid());
        try {
            List<String> lines = linesUntilAdded(watch, child);
            Map<String, Object> row =
                    new CliResult(0, lines.get(lines.size() - 1), "").rows().get(0);
            assertThat(Instant.parse((String) row.get("time")))
                    .isBetween(before.minusSeconds(3600), Instant.now().plusSeconds(3600));
        } finally {
            watch.descendants().forEach(ProcessHandle::destroyForcibly);
            watch.destroyForcibly();
            child.process().destroyForcibly();
        }
    }

    private static void assumeEvents() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapEvents.open(maps).close();
        } catch (PermissionDeniedException | NotSupportedException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    private static Predicate<Map<String, Object>> changed(String perms, long size, String wasPerms, long wasSize) {
        return isType("changed")
                .and(hasPath("/plain"))
                .and(row -> perms.equals(row.get("perms"))
                        && wasPerms.equals(row.get("was_perms"))
                        && row.get("size").equals(size)
                        && Long.decode((String) row.get("was_end")) - Long.decode((String) row.get("was_start"))
                                == wasSize);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aChangeHasTheRangeAndPermissionsBefore(boolean pollOnly) throws Exception {
        try (SpecialMappingsChild child = child()) {
            AddressRange range = child.range("plain");
            long page = (range.end() - range.start()) / 4;
            RunningWatch watch = RunningWatch.initial(child.pid(), options(pollOnly));
            assertThat(child.command("shrink plain")).startsWith("OK");
            watch.awaitRow("shrunk", changed("r--p", 3 * page, "r--p", 4 * page));
            assertThat(child.command("grow plain")).startsWith("OK");
            watch.awaitRow("grown", changed("r--p", 4 * page, "r--p", 3 * page));
            assertThat(child.command("protect plain")).startsWith("OK");
            watch.awaitRow("protected", changed("---p", 4 * page, "r--p", 4 * page));
            assertThat(child.command("unmap plain")).startsWith("OK");
            watch.awaitRow("unmapped", isType("removed").and(hasPath("/plain")));
            child.end();
            watch.awaitExit();
        }
    }

    @Test
    void textShowsTheRangeAndPermissionsBefore() throws Exception {
        try (SpecialMappingsChild child = child()) {
            RunningWatch watch = RunningWatch.initial(child.pid(), "--poll");
            assertThat(child.command("protect plain")).startsWith("OK");
            watch.awaitText("/plain  was");
            child.end();
            watch.awaitExit();
            assertThat(watch.text())
                    .containsPattern("(?m)\\? ~  ([0-9a-f]+-[0-9a-f]+) +16K  ---p  /.*/plain  was \\1  r--p$");
        }
    }

    @Test
    void wrongUsage() {
        assertThat(CliResult.with("watch", "self", "--interval", "0").code()).isEqualTo(2);
        assertThat(CliResult.with("watch", "self", "--interval", "0").err()).contains("is not a whole number from 1");
        assertThat(CliResult.with("watch", Integer.toString(Integer.MAX_VALUE)).code())
                .isEqualTo(4);
    }
}
