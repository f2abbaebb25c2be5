package org.mapfiles.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mapfiles.NotSupportedException;
import org.mapfiles.PermissionDeniedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.CliResult;
import org.mapfiles.cli.Main;
import org.mapfiles.cli.MappedTestFile;
import org.mapfiles.events.MapEvents;

/** Is told what a process changes, until it ends? */
class WatchCommandTest {
    @TempDir
    Path directory;

    /** What was printed so far. */
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private long page;
    /** Of the command in a JVM of its own. */
    private BufferedReader output;

    /** Begins to watch. Returns once the command has read the mappings, and printed those of the start. */
    private CompletableFuture<Integer> watch(String... arguments) throws Exception {
        String[] all = Stream.concat(Stream.of("watch", "--initial", "--interval", "20"), Arrays.stream(arguments)).toArray(String[]::new);
        CompletableFuture<Integer> code = CompletableFuture.supplyAsync(() -> Main.run(all, InputStream.nullInputStream(), out, err));
        for (long end = System.nanoTime() + 60_000_000_000L; out.size() == 0; Thread.sleep(5)) {
            assertThat(System.nanoTime()).as("nothing is printed: %s", err).isLessThan(end);
        }
        return code;
    }

    private List<Map<String, Object>> told() throws Exception {
        return new CliResult(0, out.toString(StandardCharsets.UTF_8), "").objects();
    }

    private void await(String what, Predicate<Map<String, Object>> condition) throws Exception {
        for (long end = System.nanoTime() + 60_000_000_000L; told().stream().noneMatch(condition); Thread.sleep(5)) {
            assertThat(System.nanoTime()).as(what + " is not told: " + out + err).isLessThan(end);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anotherProgramIsToldAndTheEndIsAnExitCode(boolean onlyLook) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "read a; exec cat").start();
        try {
            String pid = Long.toString(shell.pid());
            CompletableFuture<Integer> code = onlyLook ? watch(pid, "--json", "--look") : watch(pid, "--json");
            OutputStream to = shell.getOutputStream();
            to.write("go\n".getBytes(StandardCharsets.US_ASCII));
            to.flush();
            await("the exec", fields -> "exec".equals(fields.get("event")));
            await("its program", fields -> "added".equals(fields.get("event")) && String.valueOf(fields.get("path")).endsWith("/cat"));
            to.close();
            assertThat(code.get(60, TimeUnit.SECONDS)).as("%s%s", out, err).isEqualTo(4);
            assertThat(told()).as("what the shell had").anySatisfy(fields -> assertThat(fields).containsEntry("event", "removed")
                    .containsEntry("path", Path.of("/bin/sh").toRealPath().toString()));
            assertThat(told()).filteredOn(fields -> "added".equals(fields.get("event"))).allSatisfy(fields -> assertThat(fields.keySet())
                    .containsExactlyElementsOf(Stream.of("time event pid exact", (boolean) fields.get("exact") ? "" : "after",
                            "start end perms offset dev_major dev_minor inode kind path deleted continued")
                            .flatMap(names -> Arrays.stream(names.split(" "))).filter(name -> !name.isEmpty()).toList()));
            assertThat(told()).extracting(fields -> (String) fields.get("time")).allMatch(time -> time.matches("20.*T.*Z"));
        } finally {
            shell.destroyForcibly();
        }
    }

    @Test
    void forPeopleInWords() throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "read a; exec cat").start();
        CompletableFuture<Integer> code = watch(Long.toString(shell.pid()));
        shell.getOutputStream().write('\n');
        shell.getOutputStream().flush();
        for (long end = System.nanoTime() + 60_000_000_000L; !out.toString(StandardCharsets.UTF_8).contains("/cat"); Thread.sleep(5)) {
            assertThat(System.nanoTime()).as("%s%s", out, err).isLessThan(end);
        }
        shell.destroyForcibly().waitFor();
        assertThat(code.get(60, TimeUnit.SECONDS)).as("%s%s", out, err).isEqualTo(4);
        assertThat(out.toString(StandardCharsets.UTF_8)).containsPattern("(?m)^\\d\\d:\\d\\d:\\d\\d\\.\\d{6}  !  another program runs$")
                .containsPattern("(?m)\\d  \\+  [0-9a-f]+-[0-9a-f]+  r-xp  /.*/cat(  split)?$")
                .containsPattern("(?m)\\d\\? -  [0-9a-f]+-[0-9a-f]+  r-xp  " + Path.of("/bin/sh").toRealPath() + "$");
    }

    @Test
    void aFileMappedHereIsTold() throws Exception {
        Path file = Files.write(directory.toRealPath().resolve("mapped"), new byte[8192]);
        Thread watcher = new Thread(() -> Main.run(new String[] {"watch", "self", "--json", "--initial", "--look", "--interval", "5"},
                InputStream.nullInputStream(), out, err));
        watcher.start();
        await("the mappings of the start", fields -> "present".equals(fields.get("event")));
        try (FileChannel channel = FileChannel.open(file)) {
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 4096, 4096);
            await("the file", fields -> file.toString().equals(fields.get("path")) && "added".equals(fields.get("event"))
                    && "0x1000".equals(fields.get("offset")) && "r--s".equals(fields.get("perms")));
            assertThat(mapped.get(0)).isZero();
        } finally {
            watcher.interrupt();
            watcher.join();
        }
    }

    /** The program of another JVM: maps a file as often as it is told to, and keeps all. */
    static final class MapAndKeep {
        private MapAndKeep() {
        }

        public static void main(String[] arguments) throws Exception {
            List<MappedTestFile> kept = new ArrayList<>();
            while (System.in.read() >= 0) {
                kept.add(new MappedTestFile(Path.of(arguments[0])));
            }
            System.out.print(kept.size());
        }
    }

    /** Many come while the mappings are read: the picture does not have them, and they have not gone. */
    @Test
    void whatStaysIsToldOnce() throws Exception {
        Path file = directory.toRealPath().resolve("kept");
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), MapAndKeep.class.getName(), file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            CompletableFuture<Integer> code = watch(Long.toString(child.pid()), "--json");
            child.getOutputStream().write(new byte[20_000]);
            child.getOutputStream().flush();
            for (long end = System.nanoTime() + 300_000_000_000L; told().stream().filter(fields -> isOf(file, fields)).count() < 20_000;
                    Thread.sleep(500)) {
                assertThat(System.nanoTime()).as("not all are told: %s", err).isLessThan(end);
            }
            Thread.sleep(100); // for what might be told of them again
            List<Map<String, Object>> told = told().stream().filter(fields -> isOf(file, fields)).toList();
            assertThat(told).extracting(fields -> fields.get("event")).containsOnly("added");
            assertThat(told).extracting(fields -> fields.get("start")).doesNotHaveDuplicates();
            child.destroyForcibly();
            assertThat(code.get(60, TimeUnit.SECONDS)).isEqualTo(4);
        } finally {
            child.destroyForcibly();
        }
    }

    /** The command in a JVM of its own, under another program. */
    private Process watchUnder(List<String> program, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Main.class.getName(), "watch", "--interval", "20", "--json"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        output = process.inputReader();
        return process;
    }

    /** Lines of the command, up to the first change that it reports; the child makes changes all the while, for a minute at most. */
    private List<String> linesUntilAChange(Process watcher, Process child) throws Exception {
        CompletableFuture<Void> changes = CompletableFuture.runAsync(() -> changeUntilEnded(watcher, child));
        List<String> lines = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (line.contains("\"added\"")) {
                child.destroyForcibly();
                changes.exceptionally(ended -> null).get(60, TimeUnit.SECONDS);
                return lines;
            }
        }
        throw new AssertionError("no change is reported, but " + lines);
    }

    private static void changeUntilEnded(Process watcher, Process child) {
        try {
            for (long end = System.nanoTime() + 60_000_000_000L; System.nanoTime() < end; Thread.sleep(50)) {
                tell(child, "many 2");
            }
            watcher.destroyForcibly();
        } catch (Exception ended) {
            throw new IllegalStateException(ended);
        }
    }

    @Test
    void withTooFewDescriptorsItPolls() throws Exception {
        assumeTheKernelLetsUs();
        Process child = odd();
        tell(child, "threads 400");
        Process watcher = watchUnder(List.of("sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"), Long.toString(child.pid()));
        try {
            assertThat(linesUntilAChange(watcher, child)).anySatisfy(
                    line -> assertThat(line).contains("polling every 20 ms", "file descriptors", "ulimit -n"));
            assertThat(watcher.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(watcher.exitValue()).isEqualTo(4);
        } finally {
            watcher.destroyForcibly();
            child.destroyForcibly();
        }
    }

    /** Its clock is 28 hours ahead of the one that events are stamped by. */
    @Test
    void timesAreRightInATimeNamespace() throws Exception {
        assumeTheKernelLetsUs();
        List<String> unshare = List.of("unshare", "-T", "--monotonic", "100000", "--fork");
        List<String> tried = new ArrayList<>(unshare);
        tried.add("true");
        assumeTrue(new ProcessBuilder(tried).start().waitFor() == 0, "no time namespaces here");
        Process child = odd();
        Instant before = Instant.now();
        Process watcher = watchUnder(unshare, Long.toString(child.pid()));
        try {
            List<String> lines = linesUntilAChange(watcher, child);
            Map<String, Object> line = new CliResult(0, lines.get(lines.size() - 1), "").objects().get(0);
            assertThat(Instant.parse((String) line.get("time"))).isBetween(before.minusSeconds(3600), Instant.now().plusSeconds(3600));
        } finally {
            watcher.descendants().forEach(ProcessHandle::destroyForcibly);
            watcher.destroyForcibly();
            child.destroyForcibly();
        }
    }

    private static void assumeTheKernelLetsUs() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            MapEvents.open(maps).close();
        } catch (PermissionDeniedException | NotSupportedException refused) {
            assumeTrue(false, refused.getMessage());
        }
    }

    private static boolean isOf(Path file, Map<String, Object> fields) {
        return file.toString().equals(fields.get("path"));
    }

    /** A child with a mapping that changes on command: one line in, one line out. */
    private Process odd() throws Exception {
        Process process = new ProcessBuilder(System.getProperty("mapfiles.odd-process"), directory.toRealPath().toString(), "plain")
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader answers = process.inputReader();
        for (String line = answers.readLine(); !line.equals("READY"); line = answers.readLine()) {
            String[] made = line.split("\t"); // four pages
            assertThat(made).startsWith("MADE", "plain");
            page = (Long.parseLong(made[3], 16) - Long.parseLong(made[2], 16)) / 4;
        }
        return process;
    }

    private static void tell(Process process, String command) throws Exception {
        process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        assertThat(process.inputReader().readLine()).startsWith("OK");
    }

    private Predicate<Map<String, Object>> changed(String perms, long size, String wasPerms, long wasSize) {
        return fields -> "changed".equals(fields.get("event")) && String.valueOf(fields.get("path")).endsWith("/plain")
                && perms.equals(fields.get("perms")) && wasPerms.equals(fields.get("was_perms"))
                && size(fields, "") == size && size(fields, "was_") == wasSize;
    }

    private static long size(Map<String, Object> fields, String prefix) {
        return Long.decode((String) fields.get(prefix + "end")) - Long.decode((String) fields.get(prefix + "start"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void protectionAndRangeChange(boolean onlyLook) throws Exception {
        Process child = odd();
        try {
            String pid = Long.toString(child.pid());
            CompletableFuture<Integer> code = onlyLook ? watch(pid, "--json", "--look") : watch(pid, "--json");
            tell(child, "shrink plain");
            await("shrunk", changed("r--p", 3 * page, "r--p", 4 * page));
            tell(child, "grow plain");
            await("grown", changed("r--p", 4 * page, "r--p", 3 * page));
            tell(child, "protect plain");
            await("protected", changed("---p", 4 * page, "r--p", 4 * page));
            tell(child, "unmap plain");
            await("gone", fields -> "removed".equals(fields.get("event")) && String.valueOf(fields.get("path")).endsWith("/plain"));
            child.getOutputStream().close();
            assertThat(code.get(60, TimeUnit.SECONDS)).as("%s%s", out, err).isEqualTo(4);
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void aChangeForPeopleSaysWhatWas() throws Exception {
        Process child = odd();
        try {
            CompletableFuture<Integer> code = watch(Long.toString(child.pid()), "--look");
                tell(child, "protect plain");
            for (long end = System.nanoTime() + 60_000_000_000L; !out.toString(StandardCharsets.UTF_8).contains("/plain  was"); Thread.sleep(5)) {
                assertThat(System.nanoTime()).as("%s%s", out, err).isLessThan(end);
            }
            child.getOutputStream().close();
            assertThat(code.get(60, TimeUnit.SECONDS)).as("%s%s", out, err).isEqualTo(4);
            assertThat(out.toString(StandardCharsets.UTF_8))
                    .containsPattern("(?m)\\? ~  ([0-9a-f]+-[0-9a-f]+)  ---p  /.*/plain  was \\1  r--p$");
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void wrongUsage() {
        assertThat(CliResult.with("watch", "self", "--interval", "0").code()).isEqualTo(2);
        assertThat(CliResult.with("watch", "self", "--interval", "0").err()).contains("below 1");
        assertThat(CliResult.with("watch", Integer.toString(Integer.MAX_VALUE)).code()).isEqualTo(4);
    }
}
