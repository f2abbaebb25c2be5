package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Does HotSpot tell of its own structures, by name? */
class VmStructsTest {
    private final long[] answer = new long[2];

    @Test
    void aStaticFieldHasAnAddress() {
        assertThat(JvmCalls.vmField("CodeCache", "_heaps", answer)).startsWith("GrowableArray<");
        assertThat(answer[1]).isEqualTo(1);
        assertThat(answer[0]).as("an address").isGreaterThan(1 << 16);
    }

    @Test
    void aFieldOfAnObjectHasAnOffset() {
        assertThat(JvmCalls.vmField("CodeHeap", "_log2_segment_size", answer)).isEqualTo("int");
        assertThat(answer[1]).isZero();
        assertThat(answer[0]).isBetween(1L, 4096L);
    }

    @Test
    void typesHaveSizes() {
        assertThat(JvmCalls.vmTypeSize("CodeHeap")).isBetween(64L, 4096L);
    }

    @Test
    void constantsOfBothTablesHaveValues() {
        assertThat(JvmCalls.vmConstant("HeapWordSize", answer)).isTrue();
        assertThat(answer[0]).isEqualTo(8);
        assertThat(JvmCalls.vmConstant("markWord::age_mask_in_place", answer)).as("a long one").isTrue();
        assertThat(answer[0]).isEqualTo(0b1111000);
    }

    @Test
    void whatIsNotThereIsNoError() {
        assertThat(JvmCalls.vmField("CodeCache", "_nothing", answer)).isNull();
        assertThat(JvmCalls.vmTypeSize("NoSuchType")).isEqualTo(-1);
        assertThat(JvmCalls.vmConstant("NoSuchConstant", answer)).isFalse();
    }
}
