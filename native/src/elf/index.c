/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the symbol tables of a file into an index. */
#include "elf/symbols.h"

#include <errno.h>
#include <string.h>

#define CHUNK 65536u /* bytes of a table in one read: they stay in the cache of the processor */

/* The areas of the block while it is built. */
struct areas {
    struct mf_symbol_record *unsorted; /* also the result */
    struct mf_symbol_record *sorted;   /* also the buffer for reading */
    uint32_t *stack;
    uint32_t capacity; /* of unsorted and sorted */
    uint32_t gap;      /* records between them, for continuations */
};

static uint64_t bytes_for(uint64_t capacity, uint64_t gap)
{
    const uint64_t records = 2 * capacity + gap;

    return MF_SYMBOLS_HEAD + records * sizeof(struct mf_symbol_record) + (capacity + gap + 4) * sizeof(uint32_t);
}

static uint32_t binding_of(uint8_t binding)
{
    return binding == STB_GLOBAL || binding == STB_GNU_UNIQUE ? 2 : binding == STB_WEAK ? 1 : 0;
}

/*
 * Returns whether a symbol is used, and sets its kind. Assembler code has functions without a type. They are global or have a
 * size; others without a type are labels, and on AArch64 marks of the assembler ($x, $d).
 */
static inline bool is_used(const struct mf_elf_entry *entry, const struct mf_elf_tables *tables, uint32_t *kind)
{
    const struct mf_elf_range *range;

    if (entry->section == SHN_UNDEF || entry->section == SHN_ABS || entry->section == SHN_COMMON ||
        mf_elf_is_unloaded(tables, entry->section)) /* such as .gnu.warning.gets in the debug file of glibc */
        return false;
    switch (entry->type) {
    case STT_FUNC:
        *kind = MF_SYMBOL_FUNCTION;
        return true;
    case STT_GNU_IFUNC:
        *kind = MF_SYMBOL_IFUNC;
        return true;
    case STT_OBJECT:
        *kind = MF_SYMBOL_OBJECT;
        return entry->size > 0;
    case STT_NOTYPE:
        *kind = MF_SYMBOL_FUNCTION;
        if (entry->binding == STB_LOCAL && entry->size == 0)
            return false;
        range = mf_elf_range_of(tables, entry->value);
        return range != NULL && range->is_code;
    default:
        return false;
    }
}

/* Whether an ELF address is in a segment. */
static bool is_loaded(const struct mf_elf *elf, uint64_t address)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (address >= elf->segments[i].address && address - elf->segments[i].address < elf->segments[i].memory_size)
            return true;
    }
    return false;
}

static inline void take(const struct mf_elf_entry *entry, const struct mf_elf *elf, const struct mf_elf_tables *tables,
                        const struct mf_symbols *head, uint32_t flags, struct mf_symbol_list *list)
{
    const uint64_t thumb = elf->machine == EM_ARM && entry->type == STT_FUNC ? 1 : 0; /* bit 0 selects the instruction set */
    const uint64_t start = (entry->value & ~thumb) - head->base;
    uint32_t kind;

    if (start >= head->span || !is_used(entry, tables, &kind) || !is_loaded(elf, start + head->base))
        return;
    list->records[list->count++] = (struct mf_symbol_record){
        .start = (uint32_t)start,
        .size = (uint32_t)(entry->size < head->span - start ? entry->size : head->span - start),
        .name = entry->name,
        .info = kind | binding_of(entry->binding) << MF_INFO_BINDING_SHIFT | flags,
    };
}

static int read_table(const struct mf_elf_reader *reader, const struct mf_elf *elf, const struct mf_elf_tables *tables,
                      const struct mf_elf_table *table, const struct mf_symbols *head, uint32_t flags,
                      const struct areas *areas, struct mf_symbol_list *list)
{
    const uint32_t size = mf_elf_entry_bytes(reader->is_64_bit);
    const uint64_t room = (uint64_t)areas->capacity * sizeof *areas->sorted;
    const uint32_t at_once = (room < CHUNK ? (uint32_t)room : CHUNK) / size;
    char *const buffer = (char *)areas->sorted;

    for (uint32_t done = 0; done < table->count;) {
        const uint32_t count = table->count - done < at_once ? table->count - done : at_once;
        const int rc = mf_elf_read_at(reader->bytes, table->offset + (uint64_t)done * size, buffer, (size_t)count * size);

        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < count; i++) {
            struct mf_elf_entry entry;

            mf_elf_entry_of(reader->is_64_bit, buffer + (size_t)i * size, &entry);
            take(&entry, elf, tables, head, flags, list);
        }
        done += count;
    }
    return 0;
}

/* Makes the table that leads from an address to the records near it: about one bucket for each record. */
static void make_buckets(struct mf_symbols *symbols)
{
    const struct mf_symbol_record *const records = mf_symbol_records(symbols);
    uint32_t *const buckets = (uint32_t *)(mf_symbol_records(symbols) + symbols->count);
    uint32_t record = 0, shift = 0;

    while ((symbols->span >> shift) + 2 > symbols->count && shift < 31)
        shift++;
    symbols->bucket_shift = shift;
    symbols->bucket_count = (uint32_t)(symbols->span >> shift) + 1;
    for (uint32_t bucket = 0; bucket <= symbols->bucket_count; bucket++) {
        while (record < symbols->count && records[record].start < (uint64_t)bucket << shift)
            record++;
        buckets[bucket] = record;
    }
    symbols->bytes =
        MF_SYMBOLS_HEAD + (uint64_t)symbols->count * sizeof *records + (symbols->bucket_count + 1) * sizeof *buckets;
}

static void set_head(const struct mf_elf *elf, const struct mf_elf_tables *tables, struct mf_symbols *out)
{
    memset(out, 0, sizeof *out);
    out->base = elf->start;
    out->span = elf->end - elf->start;
    out->bits = elf->bits;
    out->strings[0] = tables->symtab.strings;
    out->strings_bytes[0] = tables->symtab.strings_bytes;
    out->strings[1] = tables->dynsym.strings;
    out->strings_bytes[1] = tables->dynsym.strings_bytes;
    out->dynamic_symbols = tables->dynsym.offset;
    out->dynamic_count = tables->dynsym.count;
    out->flags = (tables->symtab.count > 0 ? MF_SYMBOLS_SYMTAB : 0) | (tables->dynsym.count > 0 ? MF_SYMBOLS_DYNSYM : 0) |
                 (tables->is_partial ? MF_SYMBOLS_PARTIAL : 0);
}

static int build(struct mf_elf_reader *reader, const struct mf_elf *elf, const struct mf_elf_tables *tables,
                 const struct areas *areas, struct mf_symbols *head)
{
    struct mf_symbol_list list = {.records = areas->unsorted, .capacity = areas->capacity};
    int rc;

    rc = read_table(reader, elf, tables, &tables->symtab, head, 0, areas, &list);
    if (rc == 0)
        rc = read_table(reader, elf, tables, &tables->dynsym, head, MF_INFO_DYNAMIC, areas, &list);
    if (rc == 0)
        rc = mf_symbols_add_plt(reader, elf, &list);
    if (rc < 0)
        return rc;
    mf_symbols_sort(areas->unsorted, areas->sorted, list.count);
    head->count = mf_symbols_sweep(areas->sorted, list.count, tables, head, areas->unsorted, areas->capacity + areas->gap,
                                   areas->stack, &head->symbol_count);
    if (head->count > areas->capacity + areas->gap) {
        head->needed = bytes_for(areas->capacity, head->count - areas->capacity);
        return -ENOBUFS;
    }
    make_buckets(head);
    return 0;
}

int mf_symbols_read(const struct mf_elf_bytes *file, const struct mf_elf *elf, void *memory, size_t bytes)
{
    struct mf_symbols *const head = memory;
    struct mf_elf_reader reader;
    struct mf_elf_tables tables;
    struct areas areas;
    uint64_t room;
    int rc;

    if ((uintptr_t)memory % 16 != 0 || bytes < MF_SYMBOLS_HEAD)
        return -EINVAL;
    memset(head, 0, sizeof *head);
    if (elf->end - elf->start > UINT32_MAX)
        return -EOVERFLOW;
    rc = mf_elf_reader_open(&reader, file);
    if (rc == 0)
        rc = mf_elf_tables_find(&reader, elf, &tables);
    if (rc == 0)
        rc = mf_symbols_plt_maximum(&reader, elf);
    if (rc < 0)
        return rc;
    areas.capacity =
        tables.symtab.count + tables.dynsym.count + (uint32_t)rc + 16; /* 16: an entry of a table fits into the buffer */
    if (areas.capacity > MF_SYMBOLS_MAX)
        return -E2BIG;
    set_head(elf, &tables, head);
    head->needed = bytes_for(areas.capacity, areas.capacity / 8 + 16);
    if (bytes < head->needed)
        return -ENOBUFS;
    room = (bytes - bytes_for(areas.capacity, 0)) / (sizeof *areas.sorted + sizeof(uint32_t));
    areas.gap = room < areas.capacity ? (uint32_t)room : areas.capacity;
    areas.unsorted = mf_symbol_records(head);
    areas.sorted = areas.unsorted + areas.capacity + areas.gap;
    areas.stack = (uint32_t *)(areas.sorted + areas.capacity);
    rc = build(&reader, elf, &tables, &areas, head);
    if (rc == 0)
        head->magic = MF_SYMBOLS_MAGIC;
    return rc;
}
