package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;

/** Finds large chunks and heaps of malloc in mappings that the kernel has merged, of made-up processes. */
class MallocMappingsTest {
    private static final long ARENA = 0x7f0004000000L;

    private final Map<Long, Long> words = new HashMap<>();

    /** Writes the head of a large chunk: up to glibc 2.42 with its size in memory, since then without its header. */
    private void chunk(long start, long bytes, boolean isNew) {
        words.put(start, 0L);
        words.put(start + 8, (isNew ? bytes - 16 : bytes) | 2);
    }

    private void arena(long start, long writable) {
        words.put(start + 24, writable);
    }

    /** @param ends of parts whose use is known */
    private List<String> found(String maps, Long... ends) throws Exception {
        FakeMemory memory = new FakeMemory() {
            @Override
            int fill(long address, ByteBuffer to) {
                for (int i = 0; i + 8 <= to.limit(); i += 8) {
                    to.putLong(i, words.getOrDefault(address + i, 0x4141414141414141L));
                }
                return to.limit();
            }
        };
        List<String> found = new ArrayList<>();
        MapSnapshot snapshot = MapSnapshot.ofText(maps.getBytes(StandardCharsets.UTF_8), MapFilter.all());
        for (RegionCandidate each :
                new MappedMemory(new VmReader(memory, null), snapshot, true).candidates(new TreeSet<>(List.of(ends)))) {
            found.add(Long.toHexString(each.start()) + "-" + Long.toHexString(each.end()) + " " + each.region());
        }
        return found;
    }

    @Test
    void chunksOfBothKindsAreFound() throws Exception {
        chunk(0x7f0001000000L, 0x5000, false);
        chunk(0x7f0001005000L, 0x3000, true);
        assertThat(found("7f0001000000-7f0001009000 rw-p 00000000 00:00 0 \n"))
                .containsExactly("7f0001000000-7f0001008000 MALLOC");
    }

    /** Such as a card table, which the kernel has merged with them. */
    @Test
    void chunksAreFoundAfterAPartWhoseUseIsKnown() throws Exception {
        chunk(0x7f0001000000L, 0x5000, true);
        chunk(0x7f0001008000L, 0x4000, true);
        chunk(0x7f000100c000L, 0x4000, true);
        String maps = "7f0001000000-7f0001011000 rw-p 00000000 00:00 0 \n";
        assertThat(found(maps)).containsExactly("7f0001000000-7f0001005000 MALLOC");
        assertThat(found(maps, 0x7f0001008000L, 0x7f000100c000L, 0x7f0001010000L, 0x7f0001011000L))
                .containsExactly("7f0001000000-7f0001005000 MALLOC", "7f0001008000-7f0001010000 MALLOC");
        assertThat(found(maps.replace("rw-p", "r--p"), 0x7f0001008000L)).isEmpty();
    }

    @Test
    void heapIsFoundAfterAChunkInTheSameMapping() throws Exception {
        chunk(ARENA - 0x5b000, 0x5b000, true);
        arena(ARENA, 0x1000000);
        assertThat(found("7f0003fa5000-7f0005000000 rw-p 00000000 00:00 0 \n"
                        + "7f0005000000-7f0008000000 ---p 00000000 00:00 0 \n"))
                .containsExactly(
                        "7f0003fa5000-7f0004000000 MALLOC",
                        "7f0004000000-7f0005000000 MALLOC",
                        "7f0005000000-7f0008000000 MALLOC");
    }

    @Test
    void heapIsFoundAfterOtherMemoryInTheSameMapping() throws Exception {
        arena(ARENA, 0x1000000);
        assertThat(found("7f0003000000-7f0005000000 rw-p 00000000 00:00 0 \n"))
                .containsExactly("7f0004000000-7f0005000000 MALLOC");
    }

    /** Since glibc 2.43 no mapping of its own separates a heap from the guard zone of a Java thread. */
    @Test
    void restOfAHeapIsFoundBeforeAGuardZoneInTheSameMapping() throws Exception {
        arena(ARENA, 0x21000);
        assertThat(found("7f0004000000-7f0004021000 rw-p 00000000 00:00 0 \n"
                        + "7f0004021000-7f0008004000 ---p 00000000 00:00 0 \n"
                        + "7f0008004000-7f0008100000 rw-p 00000000 00:00 0 \n"))
                .containsExactly("7f0004000000-7f0004021000 MALLOC", "7f0004021000-7f0008000000 MALLOC");
    }

    @Test
    void restOfAHeapIsNotShorterThanAHeap() throws Exception {
        arena(ARENA, 0x21000);
        assertThat(found("7f0004000000-7f0004021000 rw-p 00000000 00:00 0 \n"
                        + "7f0004021000-7f0007000000 ---p 00000000 00:00 0 \n"))
                .containsExactly("7f0004000000-7f0004021000 MALLOC");
    }

    @Test
    void fullHeapBeforeAGuardZoneHasNoRest() throws Exception {
        arena(ARENA, 0x4000000);
        assertThat(found("7f0004000000-7f0008000000 rw-p 00000000 00:00 0 \n"
                        + "7f0008000000-7f0008004000 ---p 00000000 00:00 0 \n"))
                .containsExactly("7f0004000000-7f0008000000 MALLOC");
    }

    @Test
    void chunkThatIsLargerThanAHeapHasNoRest() throws Exception {
        chunk(ARENA, 0x5000000, false);
        assertThat(found("7f0004000000-7f0009000000 rw-p 00000000 00:00 0 \n"
                        + "7f0009000000-7f0009004000 ---p 00000000 00:00 0 \n"))
                .containsExactly("7f0004000000-7f0009000000 MALLOC");
    }

    @Test
    void otherMemoryIsUnknown() throws Exception {
        assertThat(found("7f0003000000-7f0005000000 rw-p 00000000 00:00 0 \n")).isEmpty();
    }
}
