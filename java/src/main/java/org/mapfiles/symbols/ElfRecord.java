package org.mapfiles.symbols;

/**
 * Layout of the memory that the native core writes: {@code struct mf_elf_bytes}, {@code mf_elf},
 * {@code mf_elf_section}, {@code mf_symbols} and {@code mf_symbol} of mapfiles_symbols.h. Numbers are in native byte
 * order, offsets in bytes.
 */
final class ElfRecord {
    static final int BYTES_MEMORY = 0;
    static final int BYTES_SIZE = 8;
    static final int BYTES_FD = 16;
    static final int SIZE_OF_BYTES = 24;

    static final int ELF_SIZE = 0;
    static final int ELF_START = 8;
    static final int ELF_END = 16;
    static final int ELF_BITS = 40;
    static final int ELF_MACHINE = 44;
    static final int BUILD_ID_LENGTH = 52;
    static final int GO_BUILD_ID_LENGTH = 56;
    static final int BUILD_ID = 64;
    static final int GO_BUILD_ID = 128;
    static final int SIZE_OF_ELF = 2816;

    static final int SECTION_OFFSET = 8;
    static final int SECTION_SIZE = 16;
    static final int SIZE_OF_SECTION = 32;

    static final int INDEX_BYTES = 8;
    static final int INDEX_NEEDED = 16;
    static final int INDEX_COUNT = 84;
    static final int INDEX_SYMBOLS = 88;
    static final int INDEX_FLAGS = 92;
    static final int SIZE_OF_INDEX_HEAD = 112;

    static final int SYMBOL_ADDRESS = 0;
    static final int SYMBOL_SIZE = 8;
    static final int SYMBOL_KIND = 16;
    static final int SYMBOL_FLAGS = 20;
    static final int SYMBOL_ID = 28;
    static final int SIZE_OF_SYMBOL = 32;

    static final int DYNAMIC = 1;
    static final int UNSIZED = 1 << 1;
    static final int HAS_SYMTAB = 1 << 8;

    /** Length of a htlhash in bytes. */
    static final int HTLHASH_BYTES = 16;

    private ElfRecord() {}
}
