package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mapfiles.ProcessMaps;

/** Finds structures of HotSpot by name in this process. */
class VmStructsTest {
    private ProcessMaps maps;
    private JvmProcess jvm;

    @BeforeEach
    void open() throws Exception {
        maps = ProcessMaps.self();
        jvm = JvmProcess.of(maps);
    }

    @AfterEach
    void close() {
        jvm.close();
        maps.close();
    }

    @Test
    void staticFieldHasAnAddress() throws Exception {
        assertThat(jvm.vm().typeOf("CodeCache", "_heaps")).startsWith("GrowableArray<");
        assertThat(jvm.vm().isStatic("CodeCache", "_heaps")).isTrue();
        assertThat(jvm.vm().location("CodeCache", "_heaps"))
                .isBetween(jvm.vm().library().start(), jvm.vm().library().end());
    }

    @Test
    void fieldOfAnObjectHasAnOffset() throws Exception {
        assertThat(jvm.vm().typeOf("CodeHeap", "_log2_segment_size")).isEqualTo("int");
        assertThat(jvm.vm().isStatic("CodeHeap", "_log2_segment_size")).isFalse();
        assertThat(jvm.vm().location("CodeHeap", "_log2_segment_size")).isBetween(1L, 4096L);
    }

    @Test
    void typesHaveSizes() throws Exception {
        assertThat(jvm.vm().sizeOf("CodeHeap")).isBetween(64L, 4096L);
    }

    @Test
    void constantsOfBothTablesHaveValues() throws Exception {
        assertThat(jvm.vm().constant("HeapWordSize")).isEqualTo(8);
        assertThat(jvm.vm().constant("markWord::age_mask_in_place"))
                .as("a long one")
                .isEqualTo(0b1111000);
    }

    @Test
    void missingNamesAreUnknown() {
        assertThat(jvm.vm().has("CodeCache", "_nothing")).isFalse();
        assertThatThrownBy(() -> jvm.vm().location("CodeCache", "_nothing"))
                .isInstanceOf(VmReader.VmFieldMissing.class);
        assertThatThrownBy(() -> jvm.vm().sizeOf("NoSuchType")).isInstanceOf(VmReader.VmFieldMissing.class);
        assertThatThrownBy(() -> jvm.vm().constant("NoSuchConstant")).isInstanceOf(VmReader.VmFieldMissing.class);
        assertThat(jvm.vm().constantOr("NoSuchConstant", 7)).isEqualTo(7);
    }

    @Test
    void unmappedMemoryIsUnknown() throws Exception {
        for (long address : new long[] {0, 1, 4095, Long.MIN_VALUE, -1}) {
            assertThatThrownBy(() -> jvm.vm().longAt(address)).isInstanceOf(VmReader.VmFieldMissing.class);
        }
        long heaps = jvm.vm().location("CodeCache", "_heaps");
        assertThatThrownBy(() -> jvm.vm().longsAt(new long[] {heaps, heaps, 1, heaps, heaps, heaps}))
                .isInstanceOf(VmReader.VmFieldMissing.class);
        assertThat(jvm.vm().longsAt(new long[] {heaps, heaps, heaps, heaps, heaps}))
                .containsOnly(jvm.vm().longAt(heaps));
    }

    @Test
    void textIsReadToItsEnd() throws Exception {
        long release = jvm.vm().pointer("Abstract_VM_Version", "_s_vm_release");
        assertThat(new String(jvm.vm().textAt(release), StandardCharsets.UTF_8))
                .isEqualTo(System.getProperty("java.vm.version"));
    }
}
