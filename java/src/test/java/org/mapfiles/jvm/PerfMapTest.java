package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Do perf's maps of generated code go out and come in? */
class PerfMapTest {
    @TempDir
    Path directory;

    private PerfMap read(String text) throws IOException {
        return PerfMap.read(Files.writeString(directory.resolve("perf.map"), text), 0);
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        JvmCode code = JvmCode.open();
        Path file = Files.createSymbolicLink(directory.resolve("perf-1.map"), Files.createFile(directory.resolve("others")));
        int lines = PerfMap.write(code, file);
        assertThat(Files.size(directory.resolve("others"))).as("a link there is not followed").isZero();
        PerfMap map = PerfMap.read(file, 0);
        assertThat(lines).isGreaterThan(300);
        assertThat(map.malformed()).isZero();
        assertThat(map.size()).isBetween(lines / 2, lines);
        CodeAnswer answer = new CodeAnswer();
        int same = 0;
        for (int i = 0; i < map.size(); i++) {
            assertThat(map.find(map.start(i))).isEqualTo(i);
            assertThat(map.find(map.end(i) - 1)).isEqualTo(i);
            same += code.find(map.start(i), answer) && answer.toString().equals(map.name(i)) ? 1 : 0;
        }
        assertThat(same).isGreaterThan(map.size() * 9 / 10);
        assertThat(Files.list(directory).filter(path -> path.toString().endsWith(".draft"))).isEmpty();
    }

    @Test
    void namesMayHaveBlanksAndTheLaterLineIsMeant() throws Exception {
        PerfMap map = read("7f00 100 first one\n0x8000 10 other\n7f80 100 second, over the first\nffffffffffffff00 ff last\n");
        assertThat(map.malformed()).isZero();
        assertThat(map.find(0x7f7f)).as("the first went").isEqualTo(-1);
        assertThat(map.name(map.find(0x7f80))).isEqualTo("second, over the first");
        assertThat(map.name(map.find(0x807f))).isEqualTo("second, over the first");
        assertThat(map.name(map.find(0xffffffffffffff00L))).isEqualTo("last");
        assertThat(map.find(0)).isEqualTo(-1);
        assertThat(map.find(-1)).isEqualTo(-1);
    }

    @Test
    void whatIsNoLineIsCounted() throws Exception {
        PerfMap map = read("\n7f00\n7f00 10\n7f00 0 empty\n-1 10 x\n7f00 zz x\nfffffffffffffff0 20 wraps\n7f00 10 right\n");
        assertThat(map.malformed()).isEqualTo(7);
        assertThat(map.size()).isEqualTo(1);
    }

    @Test
    void aPipeIsNotWaitedFor() throws Exception {
        Path pipe = directory.resolve("perf.map");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor()).isZero();
        Throwable refusal = CompletableFuture.supplyAsync(() -> catchThrowable(() -> PerfMap.read(pipe, 0))).get(20, TimeUnit.SECONDS);
        assertThat(refusal).isInstanceOf(IOException.class).hasMessageContaining("no regular file").hasMessageContaining("remove it");
        assertThatThrownBy(() -> PerfMap.read(directory, 0)).isInstanceOf(IOException.class).hasMessageContaining("no regular file");
    }

    @Test
    void aLinkIsNotFollowed() throws Exception {
        Path file = Files.writeString(directory.resolve("perf.map"), "7f00 10 x\n");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertThatThrownBy(() -> PerfMap.read(link, 0)).isInstanceOf(IOException.class).hasMessageContaining("symbolic link");
        assertThat(PerfMap.read(file, 0).size()).isEqualTo(1);
    }

    @Test
    void aFileOfSomebodyElseIsNotBelieved() throws Exception {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "only root can make another user's file");
        Path file = Files.writeString(directory.resolve("perf.map"), "7f00 10 x\n");
        Files.setAttribute(file, "unix:uid", 65534);
        assertThatThrownBy(() -> PerfMap.read(file, 65533)).isInstanceOf(IOException.class).hasMessageContaining("not believed");
        assertThat(PerfMap.read(file, 65534).size()).as("of the process' user").isEqualTo(1);
        assertThatThrownBy(() -> PerfMap.read(Files.createSymbolicLink(directory.resolve("link"), file), 65534))
                .as("a link").isInstanceOf(IOException.class);
        assertThatThrownBy(() -> PerfMap.of(ProcessHandle.current().pid())).isInstanceOf(IOException.class);
    }
}
