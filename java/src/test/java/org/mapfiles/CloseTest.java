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

/** Every way to close returns the descriptors, once. */
class CloseTest {
    @RegisterExtension
    final Children children = new Children();

    /** Collects the garbage of other tests, which would close descriptors during a test. */
    @BeforeEach
    void collectGarbageOfOtherTests() throws Exception {
        Descriptors.awaitNoMoreThan(0);
    }

    @Test
    void openingAndClosingLeavesNoDescriptor() throws Exception {
        int before = Descriptors.count();
        for (int i = 0; i < 10_000; i++) {
            ProcessMaps.self().close();
        }
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    @Test
    void openProcessHasTwoDescriptors() throws Exception {
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
    void failedOpenLeavesNoDescriptor() throws Exception {
        Process sleeper = children.sleeper();
        Children.killAndWait(sleeper);
        int before = Descriptors.count();
        for (int i = 0; i < 100; i++) {
            for (long pid : new long[] {sleeper.pid(), 2, Integer.MAX_VALUE}) {
                try {
                    ProcessMaps.of(pid).close();
                } catch (MapsException expected) {
                    // none of these processes has mappings
                }
            }
        }
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    @Test
    @SuppressWarnings("ModifiedButNotUsed") // the list keeps the processes reachable
    void garbageCollectorClosesUnreachableObjects() throws Exception {
        int before = Descriptors.count();
        List<ProcessMaps> forgotten = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            forgotten.add(ProcessMaps.self());
        }
        assertThat(Descriptors.count()).isEqualTo(before + 400);
        forgotten.clear();
        Descriptors.awaitNoMoreThan(before);
    }

    @Test
    void closeLetsReadsOnOtherThreadsFinish() throws Exception {
        int before = Descriptors.count();
        AtomicReference<ProcessMaps> current = new AtomicReference<>(ProcessMaps.self());
        long own = MapsLine.PAGE;
        new Threads()
                .start(3, () -> {
                    MapSnapshot snapshot = new MapSnapshot();
                    MappingQuery query = new MappingQuery();
                    return () -> {
                        ProcessMaps maps = current.get();
                        if (Threads.tolerated(() -> maps.read(snapshot, MapFilter.all()))) {
                            assertThat(snapshot.size()).isGreaterThan(10);
                        }
                        if (Threads.tolerated(() -> maps.queryOrNext(own, query))) {
                            assertThat(query.size()).isPositive();
                        }
                    };
                })
                .start(2, () -> () -> {
                    ProcessMaps maps = current.getAndSet(ProcessMaps.self());
                    maps.close();
                    maps.close();
                })
                .stopAfter(1000);
        current.get().close();
        assertThat(Descriptors.count()).isEqualTo(before);
    }

    /** Only the call itself refers to the process while the collector runs. */
    @Test
    void callKeepsItsProcessOpen() throws Exception {
        new Threads()
                .start(2, () -> {
                    MappingQuery query = new MappingQuery();
                    return () -> {
                        assertThat(ProcessMaps.self().snapshot().size()).isGreaterThan(10);
                        assertThat(ProcessMaps.self().queryOrNext(0, query)).isTrue();
                    };
                })
                .start(1, () -> System::gc)
                .stopAfter(1000);
    }
}
