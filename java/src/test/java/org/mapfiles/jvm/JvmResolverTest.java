package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;

/** Resolves addresses of this JVM. */
class JvmResolverTest {
    private JvmResolver resolver;
    private AddressInfo info;

    @BeforeEach
    void open() throws Exception {
        resolver = JvmResolver.open();
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
    void addressOfCompiledCode() {
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

    @Test
    void addressInNoMapping() {
        assertThat(resolver.resolve(0, info)).isFalse();
        assertThat(info).hasToString("not mapped");
        assertThat(info.code()).isNull();
        assertThat(info.mapping()).isNull();
        assertThat(info.region()).isEqualTo(JvmRegions.Kind.UNKNOWN);
    }

    @Test
    void resolveAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] addresses = {methodStart(), JvmCalls.threadAddress(Thread.currentThread()), 0, -1};
        long least = Long.MAX_VALUE;
        for (int series = 0; series < 8; series++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            int found = 0;
            for (int i = 0; i < 1_000; i++) {
                found += resolver.resolve(addresses[i & 3], info) ? info.region().ordinal() + info.detail().length() + 1 : 0;
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
