/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The procedure linkage table: small pieces of code without symbols, each of which jumps to the address in a slot of the global
 * offset table. The slot is read from the instructions, and the relocation that fills it names the function. An entry without
 * such a relocation is not named.
 *
 * .plt has the entries whose slots are filled at the first call. Their relocations are in .rela.plt or .rel.plt. If indirect jumps
 * need a mark at their target (IBT), the code that callers use is in .plt.sec. .plt.got has entries for functions whose address
 * the program takes too: they use the slot of that address, whose relocation is among those of the data. Entries that call an
 * IFUNC of the same file are in .plt, or in .iplt (lld); their relocations are in either table, in any order.
 */
#include "elf/plt.h"

#include "elf/dynamic.h"
#include "elf/relocations.h"
#include "elf/symbols.h"

#include <errno.h>
#include <string.h>

#define MAX_ENTRIES 65536u
#define MAX_BYTES   (MAX_ENTRIES * MF_PLT_SHORT_ENTRY)
#define BATCH       64u /* entries whose relocations one pass over all tables finds */

static const char *const section_names[] = {".plt", ".plt.sec", ".plt.got", ".iplt"};
#define SECTIONS (int)(sizeof section_names / sizeof *section_names)

/* As mf_elf_section_named(), but returns 0 if there is none, or it is compressed. */
static int find_section(struct mf_elf_reader *reader, const char *name, struct mf_elf_section_header *out)
{
    const int rc = mf_elf_section_named(reader, name, out);

    return rc == -ENOENT || rc == -EOPNOTSUPP ? 0 : rc;
}

static uint32_t limited(uint64_t count)
{
    return count < MAX_ENTRIES ? (uint32_t)count : MAX_ENTRIES;
}

int mf_symbols_plt_maximum(struct mf_elf_reader *reader, const struct mf_elf *elf)
{
    struct mf_elf_section_header section;
    uint32_t count = 0;

    if (!mf_plt_is_for(elf) || reader->section_count == 0)
        return 0;
    for (int i = 0; i < SECTIONS; i++) {
        const int rc = find_section(reader, section_names[i], &section);

        if (rc < 0)
            return rc;
        count += rc > 0 ? limited(section.size / MF_PLT_SHORT_ENTRY) : 0;
    }
    return (int)count;
}

/* The relocations of .plt. An entry usually has the one after that of the entry before, or that at the distance of its slot. */
struct lazy {
    struct mf_elf_relocations relocations;
    uint64_t first_slot;
    uint32_t next; /* number of the one after that of the entry before */
};

/* Entries whose relocations are searched in one pass over all tables. They are sorted by slot. */
struct batch {
    uint32_t count;
    struct entry {
        uint64_t slot;
        uint64_t address;
        uint32_t size;
    } entries[BATCH];
};

struct plt {
    struct mf_elf_reader *reader;
    const struct mf_elf *elf;
    uint64_t got; /* address that ebx has on i386 */
    struct lazy lazy;
    struct batch batch;
    struct mf_symbol_list *list;
};

/* Reads the code of an entry, with zeros after the end of the section, and its size. */
static int read_code(const struct plt *plt, const struct mf_elf_section_header *section, uint64_t at,
                     uint8_t code[MF_PLT_ENTRY], uint32_t *size)
{
    const uint64_t left = section->size - at;
    int rc;

    memset(code, 0, MF_PLT_ENTRY);
    rc = mf_elf_copy(plt->reader, &plt->reader->contents, section->offset + at, code,
                     left < MF_PLT_ENTRY ? (uint32_t)left : MF_PLT_ENTRY);
    *size = mf_plt_entry_bytes(plt->elf, code);
    if (left < *size)
        *size = (uint32_t)left;
    return rc;
}

static void add(const struct plt *plt, uint64_t address, uint32_t size, const struct mf_elf_relocation *relocation)
{
    struct mf_symbol_list *const list = plt->list;
    const uint64_t span = plt->elf->end - plt->elf->start;
    const uint64_t start = address - plt->elf->start, ifunc = relocation->addend - plt->elf->start;

    if (list->count == list->capacity || start >= span)
        return;
    if (relocation->symbol != 0)
        list->records[list->count++] = (struct mf_symbol_record){
            .start = (uint32_t)start, .size = size, .name = relocation->symbol, .info = MF_SYMBOL_PLT | MF_INFO_DYNAMIC};
    else if (relocation->calls_ifunc && ifunc < span) {
        list->records[list->count++] = (struct mf_symbol_record){
            .start = (uint32_t)start, .size = size, .name = (uint32_t)ifunc, .info = MF_SYMBOL_PLT | MF_INFO_CALLS_IFUNC};
        list->calls_ifuncs = true;
    }
}

/* ---- Relocations ---- */

/* Both numbers are guesses, which the relocation verifies. Returns 1 and the relocation; 0: it is another one; or an error. */
static int guess_relocation(struct lazy *lazy, const struct mf_plt_reference *reference, struct mf_elf_relocation *out)
{
    const uint32_t slot_bytes = lazy->relocations.elf->machine == EM_386 ? 4 : 8;
    const uint64_t guesses[] = {reference->is_number ? reference->value : lazy->next,
                                (reference->value - lazy->first_slot) / slot_bytes};

    for (int i = 0; i < (reference->is_number ? 1 : 2); i++) {
        int rc;

        if (guesses[i] >= lazy->relocations.count)
            continue;
        rc = mf_elf_relocation_at(&lazy->relocations, (uint32_t)guesses[i], out);
        if (rc < 0)
            return rc;
        if (reference->is_number || out->slot == reference->value) {
            lazy->next = (uint32_t)guesses[i] + 1;
            return 1;
        }
    }
    return 0;
}

static int find_lazy(struct plt *plt)
{
    struct lazy *const lazy = &plt->lazy;
    struct mf_elf_section_header table;
    struct mf_elf_relocation first;
    int rc = find_section(plt->reader, ".rela.plt", &table);

    if (rc == 0)
        rc = find_section(plt->reader, ".rel.plt", &table);
    if (rc <= 0 || !mf_elf_relocations_of(plt->reader, plt->elf, &table, &lazy->relocations)) {
        lazy->relocations = (struct mf_elf_relocations){.elf = plt->elf};
        return rc < 0 ? rc : 0;
    }
    rc = mf_elf_relocation_at(&lazy->relocations, 0, &first);
    lazy->first_slot = rc == 0 ? first.slot : 0;
    return rc;
}

/* Linkers put relocations without a symbol first. DT_RELACOUNT or DT_RELCOUNT has their number in the table of DT_RELA or DT_REL. */
struct relative {
    uint64_t table; /* ELF address */
    uint64_t count;
};

static int find_relative(struct plt *plt, struct relative *out)
{
    struct mf_elf_section_header section;
    int rc = find_section(plt->reader, ".dynamic", &section);
    const uint64_t count = rc > 0 ? section.size / mf_elf_dynamic_bytes(plt->reader->is_64_bit) : 0;

    *out = (struct relative){0, 0};
    for (uint32_t i = 0; rc >= 0 && i < limited(count); i++) {
        Elf64_Dyn entry;

        rc = mf_elf_dynamic_at(plt->reader, section.offset, i, &entry);
        if (rc < 0 || entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_RELA || entry.d_tag == DT_REL)
            out->table = entry.d_un.d_ptr;
        else if (entry.d_tag == DT_RELACOUNT || entry.d_tag == DT_RELCOUNT)
            out->count = entry.d_un.d_val;
    }
    return rc < 0 ? rc : 0;
}

/* Returns the number of the first entry with a slot or one after it. */
static uint32_t first_with(const struct batch *batch, uint64_t slot)
{
    uint32_t low = 0, high = batch->count;

    while (low < high) {
        const uint32_t middle = (low + high) / 2;

        if (batch->entries[middle].slot < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Names the entries of the batch whose relocations are in one table, from a number on. */
static int add_by_table(const struct plt *plt, const struct mf_elf_relocations *relocations, uint32_t from)
{
    const struct batch *const batch = &plt->batch;

    for (uint32_t i = from; i < relocations->count; i++) {
        struct mf_elf_relocation relocation;
        const int rc = mf_elf_relocation_at(relocations, i, &relocation);

        if (rc < 0)
            return rc;
        if (!relocation.calls_ifunc && (relocation.symbol == 0 || relocation.addend != 0))
            continue;
        for (uint32_t j = first_with(batch, relocation.slot); j < batch->count; j++) {
            const struct entry *const entry = &batch->entries[j];

            if (entry->slot != relocation.slot)
                break;
            add(plt, entry->address, entry->size, &relocation);
        }
    }
    return 0;
}

/* Names the entries of the batch, and empties it. */
static int add_batch(struct plt *plt)
{
    struct relative relative = {0, 0};
    int rc = plt->batch.count > 0 ? find_relative(plt, &relative) : 0;

    for (uint32_t i = 1; rc == 0 && plt->batch.count > 0 && i < plt->reader->section_count; i++) {
        struct mf_elf_section_header section;
        struct mf_elf_relocations relocations;
        uint32_t from = 0;

        rc = mf_elf_section_at(plt->reader, i, &section);
        if (rc < 0 || !(section.flags & SHF_ALLOC) || !mf_elf_has_bytes(plt->reader, &section) ||
            !mf_elf_relocations_of(plt->reader, plt->elf, &section, &relocations))
            continue;
        if (relocations.address == relative.table && relative.count < relocations.count)
            from = (uint32_t)relative.count;
        rc = add_by_table(plt, &relocations, from);
    }
    plt->batch.count = 0;
    return rc;
}

/* ---- Entries ---- */

/* Names an entry, or adds it to the batch. */
static int add_entry(struct plt *plt, uint64_t address, uint32_t size, const struct mf_plt_reference *reference)
{
    struct batch *const batch = &plt->batch;
    struct mf_elf_relocation relocation;
    const int rc = guess_relocation(&plt->lazy, reference, &relocation);
    uint32_t at;

    if (rc > 0)
        add(plt, address, size, &relocation);
    if (rc != 0 || reference->is_number)
        return rc < 0 ? rc : 0;
    at = first_with(batch, reference->value);
    memmove(&batch->entries[at + 1], &batch->entries[at], (batch->count - at) * sizeof *batch->entries);
    batch->entries[at] = (struct entry){reference->value, address, size};
    batch->count++;
    return batch->count == BATCH ? add_batch(plt) : 0;
}

static int add_section(struct plt *plt, const struct mf_elf_section_header *section)
{
    uint32_t step = 0;
    uint32_t mark = 0; /* bytes of a mark before the entry */
    int rc = 0;

    plt->lazy.next = 0;
    for (uint64_t at = 0; rc == 0 && at < section->size && at < MAX_BYTES; at += step) {
        struct mf_plt_reference reference;
        uint8_t code[MF_PLT_ENTRY];
        uint32_t size;

        rc = read_code(plt, section, at, code, &size);
        step = mf_plt_step(plt->elf);
        if (rc == 0 && mf_plt_decode(plt->elf, code, section->address + at, plt->got, &reference)) {
            step = size;
            rc = add_entry(plt, section->address + at - mark, size + mark, &reference);
        }
        mark = mf_plt_is_mark(plt->elf, code) ? 4 : 0;
    }
    return rc == 0 ? add_batch(plt) : rc;
}

/* The address of the global offset table is that of .got.plt, or without one that of .got. */
static int find_got(struct plt *plt)
{
    struct mf_elf_section_header section;
    int rc = plt->elf->machine == EM_386 ? find_section(plt->reader, ".got.plt", &section) : 0;

    if (rc == 0 && plt->elf->machine == EM_386)
        rc = find_section(plt->reader, ".got", &section);
    if (rc > 0)
        plt->got = section.address;
    return rc < 0 ? rc : 0;
}

int mf_symbols_add_plt(struct mf_elf_reader *reader, const struct mf_elf *elf, struct mf_symbol_list *list)
{
    struct plt plt = {.reader = reader, .elf = elf, .list = list};
    int rc;

    if (!mf_plt_is_for(elf) || reader->section_count == 0)
        return 0;
    rc = find_got(&plt);
    if (rc == 0)
        rc = find_lazy(&plt);
    for (int i = 0; rc == 0 && i < SECTIONS; i++) {
        struct mf_elf_section_header section;

        rc = find_section(reader, section_names[i], &section);
        if (rc > 0)
            rc = add_section(&plt, &section);
    }
    return rc == -E2BIG ? 0 : rc; /* the entries after the limit have no name */
}
