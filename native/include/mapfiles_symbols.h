/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPFILES_SYMBOLS_H
#define MAPFILES_SYMBOLS_H

/**
 * @file
 * mapfiles: ELF files. From a mapped address to the ELF address, the build ID, and the function or variable.
 *
 * An *ELF address* is an address as the linker assigned it (p_vaddr, st_value). `addr2line -e FILE` and `nm` use ELF addresses.
 * The address in memory is the ELF address plus the load bias.
 *
 * Files are read with pread(2) and never mapped: a file that is truncated while it is mapped kills the reading process with
 * SIGBUS. The contents of a file are not trusted: each offset and count is checked, and the work per file is limited.
 *
 * Supported are 32-bit and 64-bit ELF files of any machine in the byte order of this machine. Errors, signals and threads are
 * as mapfiles.h describes them.
 */

#include "mapfiles.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Identity ---------------------------------------------------------------------------------------------------- */

/** The bytes of an ELF file: an open file, or a copy of the whole file in memory. */
struct mf_elf_bytes {
    const void *memory; /**< the copy; NULL: the bytes are read from fd */
    uint64_t size;      /**< of the file or the copy, in bytes */
    int32_t fd;         /**< open for reading; -1: the bytes are in memory */
    uint32_t reserved;  /**< 0 */
};

/**
 * Describes an open file, with its present size.
 *
 * @param fd         stays the caller's.
 * @retval 0         done
 * @retval -ENOEXEC  it is no regular file
 * @return any other negative value is the errno of fstat(2).
 */
MF_API int mf_elf_bytes_of(int fd, struct mf_elf_bytes *out);

/** Maximum of segments of a file. Usual files have three to six. */
#define MF_ELF_SEGMENTS_MAX 64
/** Maximum length of a GNU build ID in bytes. Usual ones have 8, 16, 20 or 32. */
#define MF_ELF_BUILD_ID_MAX 64
/** Maximum length of a Go build ID in bytes. */
#define MF_ELF_GO_BUILD_ID_MAX 128
/** Length of a htlhash in bytes. */
#define MF_ELF_HTLHASH_BYTES 16

/** One segment that is loaded (PT_LOAD). */
struct mf_elf_segment {
    uint64_t address;     /**< ELF address (p_vaddr) */
    uint64_t offset;      /**< in the file, in bytes (p_offset) */
    uint64_t file_size;   /**< bytes in the file (p_filesz) */
    uint64_t memory_size; /**< bytes in memory (p_memsz), at least file_size */
    uint32_t flags;       /**< MF_READABLE, MF_WRITABLE, MF_EXECUTABLE */
    uint32_t reserved;    /**< 0 */
};

/** Identity of an ELF file. 2,816 bytes. */
struct mf_elf {
    uint64_t size;               /**< of the file, in bytes */
    uint64_t start;              /**< lowest ELF address of all segments */
    uint64_t end;                /**< end (exclusive) of the highest segment */
    uint64_t relro_start;        /**< range of ELF addresses that the loader makes read-only after relocation (PT_GNU_RELRO) */
    uint64_t relro_end;          /**< end (exclusive); equal to relro_start if there is none */
    uint16_t bits;               /**< 32 or 64 */
    uint16_t type;               /**< e_type of elf(5), such as ET_DYN */
    uint16_t machine;            /**< e_machine of elf(5), such as EM_X86_64 */
    uint16_t lacks_code;         /**< 1: a debug file: the bytes of its executable sections are not in the file; else 0 */
    uint32_t segment_count;      /**< of segments */
    uint32_t build_id_length;    /**< in bytes; 0: none */
    uint32_t go_build_id_length; /**< in bytes; 0: none */
    uint32_t page_size;          /**< of this machine: mappings of files begin and end at its multiples */
    uint8_t build_id[MF_ELF_BUILD_ID_MAX];               /**< GNU build ID */
    char go_build_id[MF_ELF_GO_BUILD_ID_MAX];            /**< Go build ID: a text, not terminated */
    struct mf_elf_segment segments[MF_ELF_SEGMENTS_MAX]; /**< in the order of the file */
};

/**
 * Reads the segments and build IDs of an ELF file.
 *
 * A build ID is the first note of its kind in the PT_NOTE segments, or else in the SHT_NOTE sections. A file whose notes cannot
 * be read within the limits has none.
 *
 * @param[out] out           valid only if 0 is returned.
 * @retval 0                 done
 * @retval -ENOEXEC          no ELF file, a malformed one, or one without segments to load, such as an object file
 * @retval -EPROTONOSUPPORT  the file has the other byte order
 * @retval -E2BIG            more than 64 KiB of program headers, which the kernel does not load either, or more than
 *                           MF_ELF_SEGMENTS_MAX segments
 * @return any other negative value is the errno of pread(2).
 *
 * Takes 16 KiB of stack.
 */
MF_API int mf_elf_read(const struct mf_elf_bytes *bytes, struct mf_elf *out);

/**
 * Returns the ELF address of a mapped address of a file.
 *
 * A segment fits a mapping if the mapping shows only pages of the segment and has its permissions, or those after PT_GNU_RELRO.
 * If segments with different results fit, the one counts whose first page is the first page of the mapping. If none fits, for
 * example because the process changed permissions, or maps the whole file as data, the address is that of the byte of the file.
 * It then must be in a segment, and no other segment may have bytes in the same page.
 *
 * A file that lacks_code has other offsets than the mapped file (objcopy --only-keep-debug). A segment of it fits a mapping of
 * code if both have the same number of pages in memory and the same permissions. No segment of it fits another mapping.
 *
 * @param mapping   of this file. Its start, end, offset and flags are used.
 * @param address   in the mapping.
 * @param[out] out  the ELF address. The load bias is @p address minus this value, modulo 2^64. Unchanged unless 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  unknown: no segment fits, or several do
 * @retval -EINVAL  the address is not in the mapping
 */
MF_API int mf_elf_address(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t address, uint64_t *out);

/**
 * Returns the load bias of a mapping that a segment fits, as mf_elf_address() describes: for all addresses of the mapping the
 * ELF address is the address minus the bias, modulo 2^64.
 *
 * @param mapping   of this file. Its start, end, offset and flags are used.
 * @param[out] out  unchanged unless 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  no segment fits, or several do: mf_elf_address() may still find the ELF addresses of some bytes
 */
MF_API int mf_elf_load_bias(const struct mf_elf *elf, const struct mf_mapping *mapping, uint64_t *out);

/**
 * Finds the mapping that covers an address, in a snapshot or by mf_query().
 *
 * @param out       its start, offset, inode and device are used.
 * @retval 0        found
 * @retval -ENOENT  no mapping covers the address
 * @return any other negative value ends the search of mf_elf_load_bias_among(), which returns it.
 */
typedef int (*mf_mapping_finder)(void *context, uint64_t address, struct mf_mapping *out);

/**
 * Returns the load bias of a mapping by the other mappings of the process: it is the one with which each segment of the file is
 * where the loader maps it. This distinguishes the constants of a small program from its data that is read-only after relocation
 * (PT_GNU_RELRO): both may show the same page of the file with the same permissions. So may data that the process has made
 * read-only.
 *
 * The other mappings are not used if only one segment has pages that cover the mapping, and it has the permissions of the
 * mapping. If no load bias agrees with them, for example because the process has replaced its code, it is unknown:
 * mf_elf_address() may still find the ELF addresses by the permissions of the mapping alone.
 *
 * @param mapping   of this file. Its start, end, offset, flags, inode and device are used.
 * @param find      is called at most MF_ELF_SEGMENTS_MAX times for each segment with pages that cover the mapping.
 * @param context   is passed on.
 * @param[out] out  unchanged unless 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  unknown also with the other mappings
 * @return any other negative value is that of @p find.
 */
MF_API int mf_elf_load_bias_among(const struct mf_elf *elf, const struct mf_mapping *mapping, mf_mapping_finder find,
                                  void *context, uint64_t *out);

/**
 * Computes the htlhash, which OpenTelemetry profiles use in place of a build ID: the first 16 bytes of the SHA-256 of the first
 * 4,096 bytes of the file, the last 4,096 bytes, and its length as a big-endian 64-bit number.
 *
 * @param[out] out  MF_ELF_HTLHASH_BYTES bytes; valid only if 0 is returned.
 * @retval 0        done
 * @retval -ENOEXEC the file is shorter than its size: it was truncated meanwhile
 * @return any other negative value is the errno of pread(2).
 *
 * Takes 5 KiB of stack.
 */
MF_API int mf_elf_htlhash(const struct mf_elf_bytes *bytes, uint8_t *out);

/** A section of an ELF file. */
struct mf_elf_section {
    uint64_t address; /**< ELF address; 0: not loaded */
    uint64_t offset;  /**< in the file, in bytes */
    uint64_t size;    /**< in bytes. The bytes are in the file */
    uint32_t type;    /**< sh_type of elf(5) */
    uint32_t flags;   /**< the lower half of sh_flags */
};

/**
 * Finds the first section with a name whose bytes are in the file, such as ".gnu_debuglink".
 *
 * @param[out] out           valid only if 0 is returned.
 * @retval 0                 found
 * @retval -ENOENT           there is none, or it is not in the file whole
 * @retval -EOPNOTSUPP       it is compressed (SHF_COMPRESSED)
 * @return -ENOEXEC, -EPROTONOSUPPORT, -E2BIG and others as mf_elf_read().
 *
 * Takes 16 KiB of stack.
 */
MF_API int mf_elf_section_find(const struct mf_elf_bytes *bytes, const char *name, struct mf_elf_section *out);

/* ---- Symbols ----------------------------------------------------------------------------------------------------- */

/** What a symbol is. */
enum mf_symbol_kind {
    MF_SYMBOL_FUNCTION = 0, /**< STT_FUNC; or a symbol without type in code that is global or sized, as in assembler code */
    MF_SYMBOL_IFUNC = 1,  /**< STT_GNU_IFUNC: returns the address of the function to use */
    MF_SYMBOL_OBJECT = 2, /**< STT_OBJECT with a size: a variable */
    MF_SYMBOL_PLT = 3,    /**< an entry of the procedure linkage table, which jumps to a function of any file; x86-64, i386, AArch64 */
};

/** Bits of mf_symbol.flags and mf_symbols.flags. */
enum mf_symbol_flag {
    MF_SYMBOL_DYNAMIC = 1u << 0, /**< of .dynsym; otherwise of .symtab */
    MF_SYMBOL_UNSIZED = 1u << 1, /**< the table has no size: the symbol ends at the next one, or at the end of its section */
    MF_SYMBOL_CALLS_IFUNC = 1u << 2, /**< of a PLT entry: it jumps to the function that an IFUNC of the same file has chosen */
    MF_SYMBOLS_SYMTAB = 1u << 8,   /**< of an index: .symtab was read */
    MF_SYMBOLS_DYNSYM = 1u << 9,   /**< of an index: .dynsym, or the table of PT_DYNAMIC, was read */
    MF_SYMBOLS_PARTIAL = 1u << 10, /**< of an index: a table is not in the file whole, or malformed, and was not used */
};

/** The symbol at an address. */
struct mf_symbol {
    uint64_t address; /**< ELF address of its first byte */
    uint64_t size;    /**< in bytes, above 0 */
    uint32_t kind;    /**< enum mf_symbol_kind */
    uint32_t flags;   /**< bits of enum mf_symbol_flag */
    uint32_t name;    /**< internal: for mf_symbols_name() */
    uint32_t id;      /**< number in the index, below mf_symbols.count: the same for all addresses of the symbol */
};

/**
 * The head of an index of the symbols of one file. It begins a relocatable block in memory of the caller, aligned to 16 bytes.
 * The block takes 20 bytes for each symbol, and 20 more for each symbol that encloses another one. Names are not in the index.
 *
 * The index has the functions, IFUNCs, sized objects and PLT entries of .symtab and .dynsym. Without section headers it has
 * those of the table of PT_DYNAMIC. These rules decide which symbol an address has:
 *
 *  1. Of the sized symbols that cover the address, the one that begins last.
 *  2. Of several that begin at the same address, the longest; then global before weak before local; then .symtab before
 *     .dynsym; then the first in the table.
 *  3. A symbol without size is used only if no sized symbol covers its beginning. It ends where the next symbol begins, or its
 *     section (without section headers: its segment) ends.
 *
 * A symbol whose beginning is in no segment is not used.
 */
struct mf_symbols {
    uint64_t magic;            /**< internal: set by mf_symbols_read() */
    uint64_t bytes;            /**< size of the block that is in use: a copy of this many bytes is valid */
    uint64_t needed;           /**< after -ENOBUFS: the size of the memory that is needed, in bytes */
    uint64_t base;             /**< internal: ELF address that the index begins at */
    uint64_t span;             /**< internal: distance of the end of the index from base */
    uint64_t strings[2];       /**< internal: offsets of .strtab and .dynstr in the file */
    uint64_t strings_bytes[2]; /**< internal: their sizes */
    uint64_t dynamic_symbols;  /**< internal: offset of .dynsym in the file */
    uint32_t dynamic_count;    /**< internal: number of its symbols */
    uint32_t count;            /**< number of records: symbols, and the parts of those that enclose others */
    uint32_t symbol_count;     /**< number of symbols */
    uint32_t flags;            /**< bits of enum mf_symbol_flag */
    uint32_t bucket_shift;     /**< internal */
    uint32_t bucket_count;     /**< internal */
    uint32_t bits;             /**< 32 or 64 */
    uint32_t reserved;         /**< 0 */
};

/**
 * Reads the index of the symbols of a file. Call it first with memory for the head: it then returns -ENOBUFS, and needed is the
 * size for the next call. Repeat while it returns -ENOBUFS: a file with many nested symbols needs a second size. The caller may
 * then keep a copy of the first symbols->bytes bytes only.
 *
 * @param memory      aligned to 16 bytes, at least sizeof(struct mf_symbols). Unless 0 is returned, only needed is valid.
 * @param bytes       size of the memory.
 * @retval 0          done. A file without symbols has an empty index
 * @retval -ENOBUFS   the memory is too small
 * @retval -EINVAL    the memory is not aligned, or smaller than the head
 * @retval -EOVERFLOW the segments span 4 GiB of addresses or more
 * @retval -E2BIG     the file has more than 16,777,216 symbols
 * @return -ENOEXEC, -EPROTONOSUPPORT and others as mf_elf_read().
 *
 * Takes 24 KiB of stack. Reads both symbol tables whole, but no names.
 */
MF_API int mf_symbols_read(const struct mf_elf_bytes *file, const struct mf_elf *elf, void *memory, size_t bytes);

/**
 * Finds the symbol at an ELF address, by the rules of struct mf_symbols. Makes no system call.
 *
 * @param[out] out  unchanged unless 0 is returned.
 * @retval 0        found
 * @retval -ENOENT  no symbol covers the address
 */
MF_API int mf_symbols_find(const struct mf_symbols *symbols, uint64_t elf_address, struct mf_symbol *out);

/**
 * Reads the name of a symbol from the file: raw bytes, not demangled and not terminated. The name of a PLT entry is that of the
 * function with "@plt".
 *
 * @param file      the file that the index was read from.
 * @param capacity  of @p to, in bytes.
 * @return the length of the name in bytes
 * @retval -ENAMETOOLONG  it is longer than the memory
 * @retval -ENOEXEC       the string table does not hold it: the file is malformed, or has changed
 * @return any other negative value is the errno of pread(2).
 */
MF_API int32_t mf_symbols_name(const struct mf_elf_bytes *file, const struct mf_symbols *symbols,
                               const struct mf_symbol *symbol, char *to, uint32_t capacity);

#ifdef __cplusplus
}
#endif

#endif
