package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.Descriptors;
import org.mapfiles.testing.MapsLine;
import org.mapfiles.testing.Threads;

/** Are descriptors given back, once, whoever closes and whenever? */
class CloseTest {
    @RegisterExtension final Children children = new Children();

    /** What others forgot would be closed, and counted as missing, in the middle of a test. */
    @BeforeEach
    void collectWhatOthersForgot() throws Exception {
        awaitNoMoreThan(0);
    }

    private static void awaitNoMoreThan(int count) throws Exception {
        Children.await("what nobody refers to is collected", () -> {
            System.gc();
            return Descriptors.count() <= count;
        });
    }

    @Test
    void openingAndClosingLeavesNothing() throws Exception {
        int before = Descriptors.count();
        for (int i = 0; i < 10_000; i++) {
            ProcessMaps.self().close();
        }
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    @Test
    void anOpenProcessIsTwoDescriptors() throws Exception {
        int before = Descriptors.count();
        try (ProcessMaps maps = ProcessMaps.self()) {
            assertThat(Descriptors.count()).isEqualTo(before + 2);
            maps.snapshot();
            maps.snapshot(MapFilter.all().executable());
            assertThat(Descriptors.count()).isEqualTo(before + 2);
        }
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    @Test
    void whatCannotBeOpenedLeavesNothing() throws Exception {
        Process sleeper = children.sleeper();
        Children.killAndWait(sleeper);
        int before = Descriptors.count();
        for (int i = 0; i < 100; i++) {
            for (long pid : new long[] {sleeper.pid(), 2, Integer.MAX_VALUE}) {
                try {
                    ProcessMaps.of(pid).close();
                } catch (MapsException expected) {
                    // none of them has mappings
                }
            }
        }
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    @Test
    void theGarbageCollectorClosesWhatNobodyDid() throws Exception {
        int before = Descriptors.count();
        List<ProcessMaps> forgotten = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            forgotten.add(ProcessMaps.self());
        }
        assertThat(Descriptors.count()).isEqualTo(before + 400);
        forgotten.clear();
        awaitNoMoreThan(before);
    }

    @Test
    void aCloseLetsReadsOnOtherThreadsFinish() throws Exception {
        int before = Descriptors.count();
        AtomicReference<ProcessMaps> current = new AtomicReference<>(ProcessMaps.self());
        long own = MapsLine.PAGE;
        new Threads().start(3, () -> {
            MapSnapshot snapshot = new MapSnapshot();
            MappingQuery answer = new MappingQuery();
            return () -> {
                ProcessMaps maps = current.get();
                if (Threads.tolerated(() -> maps.read(snapshot, MapFilter.all()))) {
                    assertThat(snapshot.size()).isGreaterThan(10);
                }
                if (Threads.tolerated(() -> maps.queryOrNext(own, answer))) {
                    assertThat(answer.size()).isPositive();
                }
            };
        }).start(2, () -> () -> {
            ProcessMaps maps = current.getAndSet(ProcessMaps.self());
            maps.close();
            maps.close();
        }).stopAfter(1000);
        current.get().close();
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    /** Nobody but the call itself refers to the process, and the collector runs all the while. */
    @Test
    void aCallKeepsItsProcessOpen() throws Exception {
        new Threads().start(2, () -> {
            MappingQuery answer = new MappingQuery();
            return () -> {
                assertThat(ProcessMaps.self().snapshot().size()).isGreaterThan(10);
                assertThat(ProcessMaps.self().queryOrNext(0, answer)).isTrue();
            };
        }).start(1, () -> System::gc).stopAfter(1000);
    }
}
