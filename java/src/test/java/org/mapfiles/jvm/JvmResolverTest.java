package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;

/** Resolves addresses of this JVM. */
class JvmResolverTest {
    private JvmResolver resolver;
    private AddressInfo info;

    @BeforeEach
    void open() throws Exception {
        resolver = JvmResolver.recording();
        info = new AddressInfo();
    }

    @AfterEach
    void close() {
        resolver.close();
    }

    private static long methodStart() {
        List<Long> starts = new ArrayList<>();
        JvmCode.open().forEach(each -> {
            if (each.kind() == CodeInfo.Kind.METHOD) {
                starts.add(each.start());
            }
        });
        return starts.get(0);
    }

    @Test
    void addressOfCompiledCode() throws Exception {
        long start = methodStart();
        assertThat(resolver.resolve(start + 4, info)).isTrue();
        assertThat(info.code().kind()).isEqualTo(CodeInfo.Kind.METHOD);
        assertThat(info.region()).isEqualTo(JvmRegions.Kind.CODE_HEAP);
        assertThat(info.mapping().isExecutable()).isTrue();
        assertThat(info).hasToString(info.code() + " + 0x4");
        assertThat(resolver.resolve(start + 4, System.nanoTime(), info)).isTrue();
        assertThat(info.code().certainty()).isEqualTo(CodeInfo.Certainty.RECORDED);
    }

    @Test
    void addressInALibrary() throws Exception {
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                if (mapping.isExecutable() && String.valueOf(mapping.name()).endsWith("/libjvm.so")) {
                    assertThat(resolver.resolve(mapping.start() + 0x123, info)).isTrue();
                    assertThat(info.code()).isNull();
                    assertThat(info.region()).isEqualTo(JvmRegions.Kind.LIBRARY);
                    assertThat(info.fileOffset()).isEqualTo(mapping.offset() + 0x123);
                    assertThat(info).hasToString(mapping.name() + " + 0x" + Long.toHexString(mapping.offset() + 0x123));
                }
            }
        }
    }

    /** Each refresh of the regions replaces them; one of the mappings does not. */
    @Test
    void mappingsAreRefreshedWithoutRegions(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[4096]);
        try (FileChannel channel = FileChannel.open(file);
                ProcessMaps maps = ProcessMaps.self()) {
            MappedByteBuffer buffer = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4096);
            long start = 0;
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                start = file.toString().equals(mapping.name()) ? mapping.start() : start;
            }
            resolver.resolve(start, info);
            JvmRegions.Kind before = info.region();
            resolver.refreshMappings();
            assertThat(resolver.resolve(start + 5, info)).isTrue();
            assertThat(info.mapping().name()).isEqualTo(file.toString());
            assertThat(info.fileOffset()).isEqualTo(5);
            assertThat(info.region())
                    .as("the region is that of the last refresh")
                    .isEqualTo(before);
            resolver.refresh();
            assertThat(resolver.resolve(start, info)).isTrue();
            assertThat(info.region()).isEqualTo(JvmRegions.Kind.FILE);
            assertThat(buffer.get(0)).isZero();
        }
    }

    @Test
    void codeIsReadWithoutRecording() throws Exception {
        ChildJvm.Outcome outcome =
                new ChildJvm().with("-XX:TieredStopAtLevel=4").run(ReadCodeMain.class);
        assertThat(outcome.exit()).as(outcome.output()).isZero();
        assertThat(outcome.output()).contains("READ");
    }

    @Test
    @SuppressWarnings("try") // closed twice
    void anotherJvmIsResolved() throws Exception {
        Process child = JvmProcessTest.waiting("-XX:+UseSerialGC");
        try (ProcessMaps maps = ProcessMaps.of(child.pid());
                JvmCodeReader reader = JvmCodeReader.of(maps);
                JvmResolver other = JvmResolver.of(maps)) {
            long[] start = new long[1];
            String[] name = new String[1];
            Children.await("its compiler has compiled a method", () -> {
                reader.forEach(each -> {
                    if (each.kind() == CodeInfo.Kind.METHOD && each.tier() > 0 && start[0] == 0) {
                        start[0] = each.start();
                        name[0] = each.toString();
                    }
                });
                return start[0] != 0;
            });
            assertThat(other.resolve(start[0], info)).isTrue();
            assertThat(info.code().certainty()).isEqualTo(CodeInfo.Certainty.READ);
            assertThat(info.code()).hasToString(name[0]);
            assertThat(info.region()).isEqualTo(JvmRegions.Kind.CODE_HEAP);
            assertThat(info.mapping().isExecutable()).isTrue();
            assertThat(other.resolve(start[0] + 1, CodeInfo.AddressKind.RETURNS_TO, info))
                    .isTrue();
            assertThatThrownBy(() -> other.resolve(start[0], System.nanoTime(), info))
                    .isInstanceOf(UnsupportedOperationException.class);
            other.refreshMappings();
            other.close();
            assertThatThrownBy(other::refresh).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> other.resolve(start[0], info)).isInstanceOf(IllegalStateException.class);
            assertThat(resolver.resolve(0, info))
                    .as("another resolver with the same holder")
                    .isFalse();
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void addressInNoMapping() throws Exception {
        assertThat(resolver.resolve(0, info)).isFalse();
        assertThat(info).hasToString("not mapped");
        assertThat(info.code()).isNull();
        assertThat(info.mapping()).isNull();
        assertThat(info.region()).isEqualTo(JvmRegions.Kind.UNKNOWN);
    }

    @Test
    void resolveAllocatesNothing() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] addresses = {methodStart(), JvmCalls.threadAddress(Thread.currentThread()), 0, -1};
        long least = Long.MAX_VALUE;
        for (int series = 0; series < 8; series++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            int found = 0;
            for (int i = 0; i < 1_000; i++) {
                found += resolver.resolve(addresses[i & 3], info)
                        ? info.region().ordinal() + info.detail().length() + 1
                        : 0;
                resolver.resolve(addresses[i & 3], before, info);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            assertThat(found).isPositive();
        }
        assertThat(least).isZero();
    }

    @Test
    void otherThreadsMayRefresh() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        long[] addresses = {methodStart(), JvmCalls.threadAddress(Thread.currentThread())};
        Thread refresher = new Thread(() -> {
            try {
                while (!done.get()) {
                    resolver.refresh();
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        refresher.start();
        for (long end = System.nanoTime() + 1_000_000_000L; System.nanoTime() - end < 0; ) {
            assertThat(resolver.resolve(addresses[0], info)).isTrue();
            assertThat(info.region()).isEqualTo(JvmRegions.Kind.CODE_HEAP);
            assertThat(resolver.resolve(addresses[1], info)).isTrue();
            assertThat(info.code()).isNull();
        }
        done.set(true);
        refresher.join();
    }
}
