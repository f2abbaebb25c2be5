package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes and reads perf's maps of generated code. */
class PerfMapTest {
    @TempDir
    Path directory;

    private PerfMap read(String text) throws IOException {
        return PerfMap.read(Files.writeString(directory.resolve("perf.map"), text), 0);
    }

    @Test
    void writtenMapIsRead() throws Exception {
        JvmCode code = JvmCode.open();
        Path file = Files.createSymbolicLink(
                directory.resolve("perf-1.map"), Files.createFile(directory.resolve("others")));
        int lines = PerfMap.write(code, file);
        assertThat(Files.size(directory.resolve("others")))
                .as("a link there is not followed")
                .isZero();
        PerfMap map = PerfMap.read(file, 0);
        assertThat(lines).isGreaterThan(300);
        assertThat(map.malformed()).isZero();
        assertThat(map.size()).isBetween(lines / 2, lines);
        CodeInfo info = new CodeInfo();
        int same = 0;
        for (int i = 0; i < map.size(); i++) {
            assertThat(map.find(map.start(i))).isEqualTo(i);
            assertThat(map.find(map.end(i) - 1)).isEqualTo(i);
            same += code.find(map.start(i), info) && info.toString().equals(map.name(i)) ? 1 : 0;
        }
        assertThat(same).isGreaterThan(map.size() * 9 / 10);
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.filter(path -> path.toString().endsWith(".draft"))).isEmpty();
        }
    }

    @Test
    void namesMayHaveBlanksAndTheLaterLineWins() throws Exception {
        PerfMap map = read(
                "7f00 100 first one\n0x8000 10 other\n7f80 100 second, over the first\nffffffffffffff00 ff last\n");
        assertThat(map.malformed()).isZero();
        assertThat(map.find(0x7f7f)).as("the first went").isEqualTo(-1);
        assertThat(map.name(map.find(0x7f80))).isEqualTo("second, over the first");
        assertThat(map.name(map.find(0x807f))).isEqualTo("second, over the first");
        assertThat(map.name(map.find(0xffffffffffffff00L))).isEqualTo("last");
        assertThat(map.find(0)).isEqualTo(-1);
        assertThat(map.find(-1)).isEqualTo(-1);
    }

    @Test
    void invalidLinesAreCounted() throws Exception {
        PerfMap map =
                read("\n7f00\n7f00 10\n7f00 0 empty\n-1 10 x\n7f00 zz x\nfffffffffffffff0 20 wraps\n7f00 10 right\n");
        assertThat(map.malformed()).isEqualTo(7);
        assertThat(map.size()).isEqualTo(1);
    }

    @Test
    void pipeDoesNotBlock() throws Exception {
        Path pipe = directory.resolve("perf.map");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        Throwable failure = CompletableFuture.supplyAsync(() -> catchThrowable(() -> PerfMap.read(pipe, 0)))
                .get(60, TimeUnit.SECONDS);
        assertThat(failure)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a regular file")
                .hasMessageContaining("remove it");
        assertThatThrownBy(() -> PerfMap.read(directory, 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a regular file");
    }

    @Test
    void fileReplacedByAPipeDoesNotBlock() throws Exception {
        Path file = directory.resolve("perf.map");
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        AtomicBoolean isOver = new AtomicBoolean();
        Thread swapper = new Thread(() -> {
            while (!isOver.get()) {
                replace(file, path -> Files.writeString(path, "7f00 10 x\n"));
                replace(file, path -> Files.createLink(path, pipe));
            }
        });
        swapper.start();
        try {
            CompletableFuture<int[]> reads = CompletableFuture.supplyAsync(() -> {
                int[] outcomes = new int[2];
                // On a busy machine the file may stay the same for 20,000 reads.
                for (int i = 0; !isOver.get() && (i < 20_000 || outcomes[0] == 0 || outcomes[1] == 0); i++) {
                    Throwable failure = catchThrowable(
                            () -> assertThat(PerfMap.read(file, 0).size()).isEqualTo(1));
                    outcomes[failure == null ? 0 : 1]++;
                    assertThat(failure == null || failure instanceof IOException)
                            .as("%s", failure)
                            .isTrue();
                }
                return outcomes;
            });
            assertThat(reads.get(10, TimeUnit.MINUTES)).as("read, and rejected").doesNotContain(0);
        } finally {
            isOver.set(true);
            swapper.join();
        }
    }

    private interface Making {
        void make(Path path) throws IOException;
    }

    private void replace(Path file, Making making) {
        try {
            Path draft = directory.resolve("draft");
            Files.deleteIfExists(draft);
            making.make(draft);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void fileThatIsTooLargeIsNotRead() throws Exception {
        Path file = sparse(8L << 30);
        assertThatThrownBy(() -> PerfMap.read(file, 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("8589934592 bytes");
    }

    @Test
    void endlessLineNeedsNoMemory() throws Exception {
        PerfMap map = PerfMap.read(sparse(100 << 20), 0);
        assertThat(map.size()).isZero();
        assertThat(map.malformed()).isEqualTo(1);
    }

    private Path sparse(long bytes) throws IOException {
        Path file = directory.resolve("perf.map");
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(bytes);
        }
        return file;
    }

    @Test
    void lineThatIsTooLongHidesNoOther() throws Exception {
        String name = "n".repeat((64 << 10) - "7f00 10 ".length());
        PerfMap map = read("7e00 10 first\n7f00 10 " + name + "\n8000 10 m" + name + "\n9000 10 last");
        assertThat(map.malformed()).isEqualTo(1);
        assertThat(map.size()).isEqualTo(3);
        assertThat(map.name(1)).isEqualTo(name);
        assertThat(map.name(2)).isEqualTo("last");
    }

    @Test
    void nameThatIsNotAsciiIsAFileName() throws Exception {
        Path file = Files.writeString(
                Files.createDirectory(directory.resolve("m\u00fc%41 x")).resolve("perf.map"), "7f00 10 x\n");
        assertThat(PerfMap.read(file, 0).size()).isEqualTo(1);
    }

    @Test
    void mapOlderThanTheProcessIsIgnored() throws Exception {
        long self = ProcessHandle.current().pid();
        Path file = PerfMap.pathOf(self);
        assumeTrue(Files.notExists(file, LinkOption.NOFOLLOW_LINKS), () -> file + " is there already");
        try {
            Files.writeString(file, "7f00 10 x\n");
            assertThat(PerfMap.of(self).size()).isEqualTo(1);
            Files.setLastModifiedTime(
                    file,
                    FileTime.from(ProcessHandle.current()
                            .info()
                            .startInstant()
                            .orElseThrow()
                            .minusSeconds(5)));
            assertThatThrownBy(() -> PerfMap.of(self))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("earlier process");
            assertThat(PerfMap.read(file, 0).size()).as("without a PID").isEqualTo(1);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    @Test
    void exitedProcessHasNoMap() {
        for (long pid : new long[] {-1, 0, Integer.MAX_VALUE, 1L << 40}) {
            assertThatThrownBy(() -> PerfMap.of(pid)).as("%d", pid).isInstanceOf(NoSuchFileException.class);
        }
        assertThatThrownBy(() -> PerfMap.read(directory.resolve("none"), 0)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void mapOfAProcessInAContainerIsRead() throws Exception {
        assumeTrue(isRoot(), "only root can make a container");
        Process unshare = new ProcessBuilder(
                        "unshare",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--mount",
                        "sh",
                        "-c",
                        "mount -t tmpfs none /tmp && echo ready && read line && echo '7f00 10 inside' >/tmp/perf-1.map && echo written && read line"
                                + " && chown 65534 /tmp/perf-1.map && echo given && read line")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = unshare.inputReader()) {
            assumeTrue("ready".equals(output.readLine()), "no pid and mount namespaces here");
            long pid = unshare.children().findFirst().orElseThrow().pid();
            Path outside = PerfMap.pathOf(pid);
            assumeTrue(Files.notExists(outside, LinkOption.NOFOLLOW_LINKS), () -> outside + " is there already");
            try {
                Files.writeString(outside, "7f00 10 outside\n");
                assertThatThrownBy(() -> PerfMap.of(pid))
                        .as("not that of another process which has this pid in its own namespace")
                        .isInstanceOf(NoSuchFileException.class);
                goOn(unshare);
                assertThat(output.readLine()).isEqualTo("written");
                PerfMap map = PerfMap.of(pid);
                assertThat(map.name(map.find(0x7f00))).isEqualTo("inside");
                goOn(unshare);
                assertThat(output.readLine()).isEqualTo("given");
                assertThatThrownBy(() -> PerfMap.of(pid))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("65534");
            } finally {
                Files.deleteIfExists(outside);
            }
        } finally {
            unshare.destroyForcibly().waitFor();
        }
    }

    private static void goOn(Process process) throws IOException {
        process.outputWriter().append('\n').flush();
    }

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    @Test
    void linkIsNotFollowed() throws Exception {
        Path file = Files.writeString(directory.resolve("perf.map"), "7f00 10 x\n");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertThatThrownBy(() -> PerfMap.read(link, 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("symbolic link");
        assertThat(PerfMap.read(file, 0).size()).isEqualTo(1);
    }

    @Test
    void fileOfAnotherUserIsIgnored() throws Exception {
        assumeTrue(isRoot(), "only root can make another user's file");
        Path file = Files.writeString(directory.resolve("perf.map"), "7f00 10 x\n");
        Files.setAttribute(file, "unix:uid", 65534);
        assertThatThrownBy(() -> PerfMap.read(file, 65533))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not trusted");
        assertThat(PerfMap.read(file, 65534).size()).as("of the process' user").isEqualTo(1);
        assertThatThrownBy(() -> PerfMap.read(Files.createSymbolicLink(directory.resolve("link"), file), 65534))
                .as("a link")
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> PerfMap.of(ProcessHandle.current().pid())).isInstanceOf(IOException.class);
    }
}
