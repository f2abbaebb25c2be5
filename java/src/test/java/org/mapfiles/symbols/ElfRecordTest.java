package org.mapfiles.symbols;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mapfiles.internal.NativeCalls;
import org.mapfiles.internal.NativeLibrary;

/** C and Java agree on each constant. */
class ElfRecordTest {
    @Test
    void constantsAreThoseOfC() {
        int[] java = {
            ElfRecord.BYTES_MEMORY,
            ElfRecord.BYTES_SIZE,
            ElfRecord.BYTES_FD,
            ElfRecord.SIZE_OF_BYTES,
            ElfRecord.ELF_SIZE,
            ElfRecord.ELF_START,
            ElfRecord.ELF_END,
            ElfRecord.ELF_BITS,
            ElfRecord.ELF_MACHINE,
            ElfRecord.BUILD_ID_LENGTH,
            ElfRecord.GO_BUILD_ID_LENGTH,
            ElfRecord.BUILD_ID,
            ElfRecord.GO_BUILD_ID,
            ElfRecord.SIZE_OF_ELF,
            ElfRecord.SECTION_OFFSET,
            ElfRecord.SECTION_SIZE,
            ElfRecord.SIZE_OF_SECTION,
            ElfRecord.INDEX_BYTES,
            ElfRecord.INDEX_NEEDED,
            ElfRecord.INDEX_COUNT,
            ElfRecord.INDEX_SYMBOLS,
            ElfRecord.INDEX_FLAGS,
            ElfRecord.SIZE_OF_INDEX_HEAD,
            ElfRecord.SYMBOL_ADDRESS,
            ElfRecord.SYMBOL_SIZE,
            ElfRecord.SYMBOL_KIND,
            ElfRecord.SYMBOL_FLAGS,
            ElfRecord.SYMBOL_ID,
            ElfRecord.SIZE_OF_SYMBOL,
            ElfRecord.DYNAMIC,
            ElfRecord.UNSIZED,
            ElfRecord.HAS_SYMTAB
        };
        NativeLibrary.ensureLoaded();
        int[] c = new int[java.length];
        assertThat(NativeCalls.symbolLayout(c)).isEqualTo(java.length);
        assertThat(c).isEqualTo(java);
    }
}
