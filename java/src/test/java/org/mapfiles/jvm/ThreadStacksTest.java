package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

/** Finds the stacks of native threads of made-up processes. Since glibc 2.43 several stacks can be one mapping. */
class ThreadStacksTest {
    private static final long PAGE = 4096;
    private static final long SIZE = 0x101000;
    private static final long BASE = 0x7f0000000000L;

    @TempDir
    Path process;

    private final Map<Long, Long> words = new HashMap<>();
    private final Set<Long> guards = new HashSet<>();

    /** Adds a stack with a guard zone, and a thread that waits in it. */
    private void stack(int tid, long start, long used, boolean hasRecord) throws Exception {
        long end = start + SIZE;
        guards.add(start);
        if (hasRecord) {
            words.put(end - 0x2b0, start);
            words.put(end - 0x2a8, SIZE);
            words.put(end - 0x2a0, PAGE);
        }
        Path task = Files.createDirectories(process.resolve("task").resolve(Integer.toString(tid)));
        Files.writeString(task.resolve("comm"), "worker-" + tid + "\n");
        Files.writeString(
                task.resolve("syscall"), "202 0x1 0x0 0x0 0x0 0x0 0x0 0x" + Long.toHexString(end - used) + " 0x7f01\n");
    }

    private List<String> found(String maps) throws Exception {
        FakeMemory memory = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) {
                int bytes = 0;
                for (; bytes + 8 <= to.limit(); bytes += 8) {
                    if (guards.contains((address + bytes) / PAGE * PAGE)) {
                        break;
                    }
                    to.putLong(bytes, words.getOrDefault(address + bytes, 0L));
                }
                return bytes;
            }
        };
        List<String> found = new ArrayList<>();
        MapSnapshot snapshot = MapSnapshot.ofText(maps.getBytes(StandardCharsets.UTF_8), MapFilter.all());
        VmReader vm = new VmReader(memory, JvmProcess.NONE);
        for (RegionCandidate each : new ThreadStacks(vm, snapshot, process).candidates()) {
            assertThat(each.isInferred()).isTrue();
            found.add(Long.toHexString(each.start()) + "-" + Long.toHexString(each.end()) + " " + each.detail());
        }
        return found;
    }

    private static String line(long start, long end) {
        return Long.toHexString(start) + "-" + Long.toHexString(end) + " rw-p 00000000 00:00 0 \n";
    }

    @Test
    void aStackEndsBeforeTheGuardZoneOfTheStackAbove() throws Exception {
        stack(11, BASE, 0x12d8, true);
        stack(12, BASE + SIZE, 0x5008, true);
        stack(13, BASE + 2 * SIZE, 0x2d8, true);
        assertThat(found(line(BASE, BASE + 3 * SIZE)))
                .containsExactly(
                        "7f0000000000-7f0000101000 11 worker-11",
                        "7f0000101000-7f0000202000 12 worker-12",
                        "7f0000202000-7f0000303000 13 worker-13");
    }

    @Test
    void aMappingOfSeveralStacksHasTheNameOfNone() throws Exception {
        stack(11, BASE, 0x12d8, false);
        stack(12, BASE + SIZE, 0x5008, true);
        stack(13, BASE + 4 * SIZE, 0x12d8, false);
        stack(14, BASE + 5 * SIZE, 0x12d8, false);
        stack(15, BASE + 8 * SIZE, 0x12d8, false);
        assertThat(found(line(BASE, BASE + 2 * SIZE)
                        + line(BASE + 4 * SIZE, BASE + 6 * SIZE)
                        + line(BASE + 8 * SIZE, BASE + 9 * SIZE)))
                .containsExactly(
                        "7f0000000000-7f0000202000 " + UnknownStacks.DETAIL,
                        "7f0000101000-7f0000202000 12 worker-12",
                        "7f0000404000-7f0000606000 " + UnknownStacks.DETAIL,
                        "7f0000404000-7f0000606000 " + UnknownStacks.DETAIL,
                        "7f0000808000-7f0000909000 15 worker-15");
    }
}
