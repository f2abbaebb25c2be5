package org.mapfiles.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Assume;
import org.mapfiles.testing.ChildJvm;
import org.mapfiles.testing.Children;
import org.mapfiles.testing.SpecialMappingsProcess;

/** Two JVMs that map the memory of a third process read each other's writes. */
class SharedRegionTest {
    @RegisterExtension
    final SpecialMappingsProcess owner = SpecialMappingsProcess.with("shared-anonymous", "sysv", "memfd");

    @RegisterExtension
    final Children children = new Children();

    /** A JVM that runs {@link SharedRegionMain}. */
    private final class Peer {
        private final Process process;
        private final BufferedReader out;

        Peer(SpecialMappingsProcess.Made made) throws IOException {
            process = children.own(new ChildJvm()
                    .start(
                            SharedRegionMain.class,
                            owner.pid(),
                            Long.toHexString(made.line().start())));
            out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            assertThat(out.readLine()).isEqualTo("ready");
        }

        int request(String line) throws IOException {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            return Integer.parseInt(out.readLine());
        }
    }

    @Test
    void processesReadEachOthersWrites() throws Exception {
        Assume.followingEntries();
        for (String label : List.of("shared-anonymous", "memfd", "sysv-private")) {
            SpecialMappingsProcess.Made made = owner.made(label);
            Peer one = new Peer(made);
            Peer two = new Peer(made);
            assertThat(one.request("put 100 42")).isEqualTo(42);
            assertThat(two.request("get 100")).as(label).isEqualTo(42);
            assertThat(two.request("put 4095 7")).isEqualTo(7);
            assertThat(one.request("get 4095")).as(label).isEqualTo(7);
            byte[] seen = new byte[1];
            assertThat(owner.maps().readMemory(made.line().start() + 100, seen, 0, 1))
                    .isEqualTo(1);
            assertThat(seen[0]).as("the owner of " + label).isEqualTo((byte) 42);
        }
    }

    @Test
    void sharedMemoryIsFound() throws Exception {
        Assume.followingEntries();
        SpecialMappingsProcess.Made made = owner.made("shared-anonymous");
        Peer one = new Peer(made);
        try (ProcessMaps peer = ProcessMaps.of(one.process.pid())) {
            SharedMappings shared = SharedMappings.of(List.of(owner.maps(), peer));
            assertThat(shared.groups()).singleElement().satisfies(group -> {
                assertThat(group.ranges()).hasSize(2);
                assertThat(group.ranges().get(0).process()).isSameAs(owner.maps());
                assertThat(group.ranges().get(0).mapping().start())
                        .isEqualTo(made.line().start());
                assertThat(group.ranges().get(1).mapping().kind()).isEqualTo(Mapping.Kind.SHARED_ANONYMOUS);
            });
        }
    }

    /** The inode of a memfd and the ID of a segment may be equal, and have the same device. */
    @Test
    void memfdIsNotTheSegmentOfItsNumber() throws Exception {
        long number = owner.made("memfd").line().inode();
        SpecialMappingsProcess other = SpecialMappingsProcess.with("plain");
        try {
            other.start();
            String id = other.command("segment " + number);
            assumeTrue(id.equals(Long.toString(number)), "no segment can be given a number here: " + id);
            assertThat(SharedMappings.of(List.of(owner.maps(), other.maps())).groups())
                    .isEmpty();
        } finally {
            other.stop();
        }
    }

    /** Each IPC namespace numbers its segments from 0: equal numbers in two namespaces mean nothing. */
    @Test
    void segmentsOfTwoNamespacesDiffer() throws Exception {
        SpecialMappingsProcess one = SpecialMappingsProcess.with("zero-sysv");
        SpecialMappingsProcess two = SpecialMappingsProcess.with("zero-sysv");
        try {
            one.start();
            two.start();
            assumeTrue(!one.made().isEmpty(), "no IPC namespace can be made here");
            assertThat(one.made("zero-sysv").line().inode())
                    .isEqualTo(two.made("zero-sysv").line().inode());
            assertThat(SharedMappings.of(List.of(one.maps(), two.maps())).groups())
                    .isEmpty();
        } finally {
            one.stop();
            two.stop();
        }
    }

    /** A segment that two processes attach is the same memory. */
    @Test
    void segmentAttachedByBothIsFound() throws Exception {
        Assume.followingEntries();
        Peer peer = new Peer(owner.made("sysv-private"));
        try (ProcessMaps other = ProcessMaps.of(peer.process.pid())) {
            assertThat(SharedMappings.of(List.of(owner.maps(), other)).groups())
                    .singleElement()
                    .satisfies(group -> assertThat(group.ranges())
                            .extracting(range -> range.mapping().kind())
                            .containsExactly(Mapping.Kind.SYSV, Mapping.Kind.SYSV));
        }
    }
}
