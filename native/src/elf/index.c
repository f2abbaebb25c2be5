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

/*
 * Returns whether a symbol without a type is used. Assembler code has functions without a type. They are global or have a size;
 * others without a type are labels, and on AArch64 marks of the assembler ($x, $d).
 */
static bool is_code_without_type(const struct mf_elf_entry *entry, const struct mf_elf_tables *tables)
{
    const struct mf_elf_range *range;

    if (entry->binding == STB_LOCAL && entry->size == 0)
        return false;
    range = mf_elf_range_of(tables, entry->value);
    return range != NULL && range->is_code;
}

/* Returns whether a section has symbols that are addresses. .gnu.warning.gets in the debug file of glibc is not loaded. */
static inline bool has_addresses(const struct mf_elf_tables *tables, uint32_t section)
{
    return section != SHN_UNDEF && section != SHN_ABS && section != SHN_COMMON && !mf_elf_is_unloaded(tables, section);
}

static inline bool is_in(const struct mf_elf_segment *segment, uint64_t address)
{
    return address - segment->address < segment->memory_size;
}

/* Whether an ELF address is in a segment. Tries the segment of the symbol before first. */
static inline bool is_loaded(const struct mf_elf *elf, uint64_t address, uint32_t *segment)
{
    if (is_in(&elf->segments[*segment], address))
        return true;
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (is_in(&elf->segments[i], address)) {
            *segment = i;
            return true;
        }
    }
    return false;
}

/* How the entries of a table become records. */
struct taking {
    const struct mf_elf *elf;
    const struct mf_elf_tables *tables;
    const struct mf_symbols *head;
    uint32_t flags;
    uint32_t segment; /* of the newest record */
};

/* Adds records of symbols that are used. The compiler makes two of it, for each width of entries. */
static inline void take(bool is_64_bit, const char *entries, uint32_t count, struct taking *taking, struct mf_symbol_list *list)
{
    static const uint8_t kinds[16] = {
        [STT_NOTYPE] = MF_SYMBOL_FUNCTION,
        [STT_FUNC] = MF_SYMBOL_FUNCTION,
        [STT_GNU_IFUNC] = MF_SYMBOL_IFUNC,
        [STT_OBJECT] = MF_SYMBOL_OBJECT,
    };
    static const uint8_t bindings[16] = {[STB_WEAK] = 1, [STB_GLOBAL] = 2, [STB_GNU_UNIQUE] = 2};
    const uint64_t base = taking->head->base, span = taking->head->span;
    const bool has_thumb = taking->elf->machine == EM_ARM; /* bit 0 of a function selects the instruction set */

    for (uint32_t i = 0; i < count; i++) {
        struct mf_elf_entry entry;
        uint64_t start;

        mf_elf_entry_of(is_64_bit, entries + (size_t)i * mf_elf_entry_bytes(is_64_bit), &entry);
        start = (entry.value & ~(uint64_t)(has_thumb && entry.type == STT_FUNC)) - base;
        if (start >= span || !has_addresses(taking->tables, entry.section) ||
            (entry.type != STT_FUNC && entry.type != STT_GNU_IFUNC && !(entry.type == STT_OBJECT && entry.size > 0) &&
             !(entry.type == STT_NOTYPE && is_code_without_type(&entry, taking->tables))) ||
            !is_loaded(taking->elf, start + base, &taking->segment))
            continue;
        list->records[list->count++] = (struct mf_symbol_record){
            .start = (uint32_t)start,
            .size = (uint32_t)(entry.size < span - start ? entry.size : span - start),
            .name = entry.name,
            .info = kinds[entry.type] | (uint32_t)bindings[entry.binding] << MF_INFO_BINDING_SHIFT | taking->flags,
        };
    }
}

static int read_table(const struct mf_elf_reader *reader, const struct mf_elf *elf, const struct mf_elf_tables *tables,
                      const struct mf_elf_table *table, const struct mf_symbols *head, uint32_t flags,
                      const struct areas *areas, struct mf_symbol_list *list)
{
    const uint32_t size = mf_elf_entry_bytes(reader->is_64_bit);
    const uint64_t room = (uint64_t)areas->capacity * sizeof *areas->sorted;
    const uint32_t at_once = (room < CHUNK ? (uint32_t)room : CHUNK) / size;
    char *const buffer = (char *)areas->sorted;
    struct taking taking = {.elf = elf, .tables = tables, .head = head, .flags = flags};

    for (uint32_t done = 0; done < table->count;) {
        const uint32_t count = table->count - done < at_once ? table->count - done : at_once;
        const int rc = mf_elf_read_at(reader->bytes, table->offset + (uint64_t)done * size, buffer, (size_t)count * size);

        if (rc < 0)
            return rc;
        if (reader->is_64_bit)
            take(true, buffer, count, &taking, list);
        else
            take(false, buffer, count, &taking, list);
        done += count;
    }
    return 0;
}

/* Makes the table that leads from an address to the records near it: about one bucket for each record. */
static void make_buckets(struct mf_symbols *symbols)
{
    const struct mf_symbol_record *const records = mf_symbol_records(symbols);
    uint32_t *const buckets = (uint32_t *)(mf_symbol_records(symbols) + symbols->count);
    uint32_t shift = 0;

    while ((symbols->span >> shift) + 2 > symbols->count && shift < 31)
        shift++;
    symbols->bucket_shift = shift;
    symbols->bucket_count = (uint32_t)(symbols->span >> shift) + 1;
    memset(buckets, 0, ((size_t)symbols->bucket_count + 1) * sizeof *buckets);
    for (uint32_t i = 0; i < symbols->count; i++)
        buckets[(records[i].start >> shift) + 1]++;
    for (uint32_t bucket = 0; bucket < symbols->bucket_count; bucket++)
        buckets[bucket + 1] += buckets[bucket];
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
    if (list.calls_ifuncs)
        list.count = mf_symbols_name_ifuncs(areas->sorted, list.count);
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
