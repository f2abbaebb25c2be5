package org.mapfiles.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.Await;

/** Memory that was mapped, and is unmapped after it is unreachable. */
class NativeMemoryTest {
    private static final int MAPPED = 4 << 20;
    private static final int KEPT = 3 << 20;

    private static NativeMemory newMapped() {
        long address = NativeCalls.memoryMap(MAPPED);
        NativeMemory memory = NativeMemory.ofMapped(address, KEPT, MAPPED);
        if (memory == null) {
            NativeCalls.memoryUnmap(address, MAPPED);
        }
        return memory;
    }

    /** Other tests may have left unreachable memory. */
    private static NativeMemory awaitMapped(long address, int size) throws Exception {
        NativeMemory[] memory = {null};
        Await.until("memory is unmapped", () -> {
            System.gc();
            memory[0] = NativeMemory.ofMapped(address, size, MAPPED);
            return memory[0] != null;
        });
        return memory[0];
    }

    @Test
    void theFirstBytesStay() throws Exception {
        NativeLibrary.ensureLoaded();
        long address = NativeCalls.memoryMap(MAPPED);
        NativeMemory source = new NativeMemory(1000);
        for (int i = 0; i < source.size(); i++) {
            source.bytes().put(i, (byte) i);
        }
        NativeCalls.memoryCopy(source.address(), address, source.size());
        NativeMemory memory = awaitMapped(address, 1000);
        assertThat(memory.address()).isEqualTo(address);
        assertThat(memory.size()).isEqualTo(1000);
        assertThat(memory.bytes().order()).isEqualTo(source.bytes().order());
        assertThat(memory.bytes()).isEqualTo(source.bytes());
    }

    /** The garbage collector does not count mapped memory, so it must not be much. */
    @Test
    void unreachableMemoryIsUnmappedAndThereIsAMaximum() throws Exception {
        NativeLibrary.ensureLoaded();
        List<ByteBuffer> slices = new ArrayList<>();
        for (NativeMemory memory = newMapped(); memory != null; memory = newMapped()) {
            slices.add(memory.slice(KEPT - 10, 10)); // keeps the whole memory
            assertThat(slices).hasSizeLessThan((64 << 20) / KEPT + 1);
        }
        System.gc();
        for (ByteBuffer slice : slices) {
            assertThat(slice.put(9, (byte) 1).get(9)).isEqualTo((byte) 1);
        }
        slices.clear();
        assertThat(awaitMapped(NativeCalls.memoryMap(MAPPED), KEPT).size()).isEqualTo(KEPT);
    }
}
