package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** C and Java agree on the offset of each field of code memory. */
class CodeLayoutTest {
    private static final int[] STATED = {
        CodeMemory.COMPACTIONS,
        CodeMemory.COMPACTIONS_BEGUN,
        CodeMemory.CACHE_BYTES,
        CodeMemory.USED_BEFORE,
        CodeMemory.SIZE_AT,
        CodeMemory.COMPILE_ID_AT,
        CodeMemory.LOST_OFFSET,
        CodeMemory.LOW,
        CodeMemory.EVICTED_BEFORE,
        CodeMemory.SEGMENTS,
        CodeMemory.LOG,
        CodeMemory.USED,
        CodeMemory.TABLE,
        CodeMemory.UNITS,
        CodeMemory.KIND,
        CodeMemory.START,
        CodeMemory.END,
        CodeMemory.LOADED,
        CodeMemory.UNLOADED,
        CodeMemory.NAME,
        CodeMemory.FIRST_SEGMENT,
        CodeMemory.RECORD_SEGMENTS,
        CodeMemory.PCS,
        CodeMemory.SCOPES,
        CodeMemory.TIER,
        CodeMemory.COMPILE_ID,
        CodeMemory.ENTRY_BCI,
        CodeMemory.FLAGS,
        CodeMemory.HEAD,
        CodeMemory.BLOB_BYTES,
        CodeMemory.RECORD_SIZE,
        CodeMemory.PC_SIZE,
        CodeMemory.SCOPE_SIZE,
        CodeMemory.KEY,
        CodeMemory.CLASS_LENGTH,
        CodeMemory.NAME_LENGTH,
        CodeMemory.SIGNATURE_LENGTH,
        CodeMemory.TEXT,
    };

    @Test
    void cAndJavaAgreeOnTheLayout() {
        int[] offsets = new int[64];
        int count = JvmCalls.codeLayout(offsets);
        assertThat(Arrays.copyOf(offsets, count)).containsExactly(STATED);
    }
}
