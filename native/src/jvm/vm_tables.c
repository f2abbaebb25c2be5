/* SPDX-License-Identifier: Apache-2.0 */
/* HotSpot's exported tables, copied from memory of a target into a compact form with a hash table. */
#include "jvm/vm_tables.h"

#include <stdbool.h>
#include <string.h>

#define MAX_NAME     512u   /* bytes of one name in a table */
#define MAX_STRIDE   256u   /* bytes from one entry of a table to the next; they have up to 48 */
#define BATCH        32u    /* entries whose names are read together */
#define MAX_SEGMENTS 16u    /* mappings of one library in a row */
#define MAX_IMAGES   4096u  /* of one search; programs have some hundred libraries */
#define MAX_READS    65536u /* pages of one search, about 0.1 s; a library takes about six, a malicious one some hundred */

/* ---- The library ---- */

/* Whether one of the next mappings of this file is executable. */
static bool has_code(const struct mf_mapping *mappings, uint32_t count, uint32_t first)
{
    for (uint32_t i = first; i < count && i < first + MAX_SEGMENTS; i++)
        if (mappings[i].file_index == mappings[first].file_index && mappings[i].flags & MF_EXECUTABLE)
            return true;
    return false;
}

static int read_word(struct mf_pages *pages, const struct mf_elf_image *image, const char *symbol, uint64_t *out)
{
    uint64_t address;
    const int rc = mf_elf_image_symbol(pages, image, symbol, &address);

    return rc != 0 ? rc : mf_pages_read(pages, address, out, sizeof *out);
}

/* A table is constant data of the library. Its address is stored when a loader relocates the image. */
static bool is_inside(const struct mf_elf_image *image, uint64_t address)
{
    return address >= image->start && address < image->end;
}

int mf_vm_image_next(struct mf_pages *pages, const struct mf_snapshot *snapshot, uint64_t after, struct mf_elf_image *out)
{
    const struct mf_mapping *const mappings = mf_snapshot_mappings(snapshot);
    const uint32_t before = pages->reads;
    uint32_t images = 0;

    for (uint32_t i = 0; i < snapshot->mapping_count && images < MAX_IMAGES && pages->reads - before < MAX_READS; i++) {
        const struct mf_mapping *const mapping = &mappings[i];
        uint64_t table;
        int rc;

        if (mapping->start <= after || !(mapping->flags & MF_FILE_BACKED) || mapping->file_index < 0 || mapping->offset != 0 ||
            !(mapping->flags & MF_READABLE) || !has_code(mappings, snapshot->mapping_count, i))
            continue;
        images++;
        rc = mf_elf_image_read(pages, mapping->start, out);
        if (rc == 0)
            rc = read_word(pages, out, "gHotSpotVMStructs", &table);
        if (rc == 0 && is_inside(out, table))
            return 0;
        if (rc != 0 && rc != -EFAULT && rc != -ENOEXEC && rc != -ENOENT) /* it is not known whether this image has tables */
            return rc;
    }
    return -ENOENT;
}

/* ---- The tables ---- */

/* The variables that describe one table. */
enum { ENTRIES, STRIDE, NAME, VALUE, FIELD_NAME, FIELD_TYPE, IS_STATIC, ADDRESS, VALUES };

struct table {
    uint64_t values[VALUES]; /* address of the first entry, bytes between entries, and offsets in an entry */
    uint32_t names;          /* names of an entry: 1; 3 for a field */
    uint32_t value_bytes;
    enum mf_vm_kind kind;
    const char *variables; /* the names without "gHotSpotVM", in the order of the enum, each with a NUL */
};

static const uint8_t name_parts[] = {NAME, FIELD_NAME, FIELD_TYPE};

static uint32_t hash_of(const char *type, const char *field)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *type != '\0'; type++)
        hash = (hash ^ (unsigned char)*type) * 16777619u;
    hash = (hash ^ '.') * 16777619u;
    for (; *field != '\0'; field++)
        hash = (hash ^ (unsigned char)*field) * 16777619u;
    return hash;
}

static bool is_field(uint32_t kind)
{
    return kind == MF_VM_OFFSET || kind == MF_VM_STATIC;
}

static const char *next_text(const char *text)
{
    return text + strlen(text) + 1;
}

/* The slot of the entry with this name; an empty slot if there is no such entry. There is always an empty slot. */
static uint16_t *slot_of(const struct mf_vm_tables *tables, const char *type, const char *field, enum mf_vm_kind kind)
{
    uint16_t *const slots = (uint16_t *)tables->slots;

    for (uint32_t number = hash_of(type, field);; number++) {
        uint16_t *const slot = &slots[number % MF_VM_SLOTS];
        const struct mf_vm_entry *const entry = *slot == 0 ? NULL : &tables->entries[*slot - 1];

        if (entry == NULL ||
            ((is_field(kind) ? is_field(entry->kind) : entry->kind == kind) && strcmp(tables->text + entry->text, type) == 0 &&
             (!is_field(kind) || strcmp(next_text(tables->text + entry->text), field) == 0)))
            return slot;
    }
}

/* Adds an entry whose texts are at the end of the text. Of entries with one name the first is used, as in a linear search. */
static void add(struct mf_vm_tables *tables, const struct mf_vm_entry *entry, uint32_t text_end)
{
    const char *const type = tables->text + entry->text;
    uint16_t *const slot = slot_of(tables, type, is_field(entry->kind) ? next_text(type) : "", entry->kind);

    if (*slot != 0)
        return;
    tables->entries[tables->entry_count] = *entry;
    *slot = (uint16_t)++tables->entry_count;
    tables->text_length = text_end;
}

/* All of HotSpot's names are. NewStringUTF() of some JVMs crashes on bytes that are not modified UTF-8. */
static bool is_printable_ascii(const char *text)
{
    while (*text >= ' ' && *text <= '~')
        text++;
    return *text == '\0';
}

/* Appends the names of an entry to the text. Returns the new end of the text, or a negative errno. */
static int64_t read_names(struct mf_pages *pages, const struct table *table, uint64_t entry, struct mf_vm_tables *out)
{
    uint32_t end = out->text_length;

    for (uint32_t i = 0; i < table->names; i++) {
        const uint32_t capacity = MF_VM_MAX_TEXT - end;
        uint64_t name;
        int32_t length = mf_pages_read(pages, entry + table->values[name_parts[i]], &name, sizeof name);

        if (length == 0 && is_inside(&out->image, name))
            length = mf_pages_text(pages, name, out->text + end, capacity < MAX_NAME ? capacity : MAX_NAME);
        else if (length == 0 && name == 0 && i > 0 && capacity > 0) /* the type of a field may be missing: JVMFlag::_addr */
            out->text[end] = '\0';
        else if (length == 0)
            length = -ENOEXEC;
        if (length < 0)
            return length == -EFAULT || length == -ENAMETOOLONG ? -ENOEXEC : length;
        if (!is_printable_ascii(out->text + end))
            return -ENOEXEC;
        end += (uint32_t)length + 1;
    }
    return end;
}

static int read_entry(struct mf_pages *pages, const struct table *table, uint64_t at, struct mf_vm_tables *out)
{
    struct mf_vm_entry entry = {.text = out->text_length, .kind = table->kind};
    int32_t is_static = 0, value;
    const int64_t end = read_names(pages, table, at, out);
    int rc = end < 0 ? (int)end : 0;

    if (rc == 0 && table->kind == MF_VM_OFFSET)
        rc = mf_pages_read(pages, at + table->values[IS_STATIC], &is_static, sizeof is_static);
    if (rc == 0 && table->value_bytes == sizeof value) {
        rc = mf_pages_read(pages, at + table->values[VALUE], &value, sizeof value);
        entry.value = (uint64_t)(int64_t)value;
    } else if (rc == 0) {
        rc = mf_pages_read(pages, at + table->values[is_static ? ADDRESS : VALUE], &entry.value, sizeof entry.value);
    }
    if (is_static)
        entry.kind = MF_VM_STATIC;
    if (rc == 0)
        add(out, &entry, (uint32_t)end);
    return rc;
}

/* Reads the pages of the names of the next entries in one system call. */
static void prefetch_names(struct mf_pages *pages, const struct table *table, uint64_t at)
{
    uint64_t names[BATCH * 3];
    uint32_t count = 0;

    for (uint32_t i = 0; i < BATCH; i++)
        for (uint32_t k = 0; k < table->names; k++)
            if (mf_pages_read(pages, at + i * table->values[STRIDE] + table->values[name_parts[k]], &names[count],
                              sizeof *names) == 0 &&
                names[count] != 0)
                count++;
    mf_pages_prefetch(pages, names, count);
}

/* A table ends with an entry without a name. */
static int read_table(struct mf_pages *pages, const struct table *table, struct mf_vm_tables *out)
{
    for (uint32_t i = 0; out->entry_count < MF_VM_MAX_ENTRIES && i < MF_VM_MAX_ENTRIES; i++) {
        const uint64_t at = table->values[ENTRIES] + i * table->values[STRIDE];
        uint64_t name;
        int rc;

        if (i % BATCH == 0)
            prefetch_names(pages, table, at);
        rc = mf_pages_read(pages, at + table->values[NAME], &name, sizeof name);
        if (rc != 0 || name == 0)
            return rc;
        rc = read_entry(pages, table, at, out);
        if (rc != 0)
            return rc;
    }
    return -ENOEXEC;
}

/* Reads the variables that describe a table, and checks that their values are plausible. */
static int find_table(struct mf_pages *pages, const struct mf_elf_image *image, struct table *table)
{
    uint64_t *value = table->values;

    for (const char *name = table->variables; *name != '\0'; name = next_text(name), value++) {
        char symbol[64] = "gHotSpotVM";
        const int rc = read_word(pages, image, strcat(symbol, name), value);

        if (rc != 0)
            return rc == -ENOENT ? -ENOEXEC : rc;
    }
    for (uint32_t i = NAME; i < VALUES; i++)
        if (table->values[i] >= table->values[STRIDE])
            return -ENOEXEC;
    return is_inside(image, table->values[ENTRIES]) && table->values[STRIDE] <= MAX_STRIDE ? 0 : -ENOEXEC;
}

static int read_tables(struct mf_pages *pages, struct mf_vm_tables *out)
{
    struct table tables[] = {
        {.names = 3,
         .value_bytes = 8,
         .kind = MF_VM_OFFSET,
         .variables = "Structs\0StructEntryArrayStride\0StructEntryTypeNameOffset\0StructEntryOffsetOffset\0"
                      "StructEntryFieldNameOffset\0StructEntryTypeStringOffset\0StructEntryIsStaticOffset\0"
                      "StructEntryAddressOffset\0"},
        {.names = 1,
         .value_bytes = 8,
         .kind = MF_VM_SIZE,
         .variables = "Types\0TypeEntryArrayStride\0TypeEntryTypeNameOffset\0TypeEntrySizeOffset\0"},
        {.names = 1,
         .value_bytes = 4,
         .kind = MF_VM_CONSTANT,
         .variables = "IntConstants\0IntConstantEntryArrayStride\0IntConstantEntryNameOffset\0IntConstantEntryValueOffset\0"},
        {.names = 1,
         .value_bytes = 8,
         .kind = MF_VM_CONSTANT,
         .variables = "LongConstants\0LongConstantEntryArrayStride\0LongConstantEntryNameOffset\0"
                      "LongConstantEntryValueOffset\0"},
    };
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < sizeof tables / sizeof *tables; i++) {
        rc = find_table(pages, &out->image, &tables[i]);
        if (rc == 0)
            rc = read_table(pages, &tables[i], out);
    }
    return rc;
}

int mf_vm_tables_read(struct mf_pages *pages, const struct mf_elf_image *image, struct mf_vm_tables *out)
{
    int rc;

    out->image = *image;
    out->entry_count = 0;
    out->text_length = 0;
    memset(out->slots, 0, sizeof out->slots);
    rc = read_tables(pages, out);
    return rc == 0 && out->entry_count == 0 ? -ENOEXEC : rc;
}

const struct mf_vm_entry *mf_vm_tables_find(const struct mf_vm_tables *tables, const char *type, const char *field,
                                            enum mf_vm_kind kind)
{
    const uint16_t slot = *slot_of(tables, type, field == NULL ? "" : field, field == NULL ? kind : MF_VM_OFFSET);

    return slot == 0 ? NULL : &tables->entries[slot - 1];
}

const char *mf_vm_entry_type(const struct mf_vm_tables *tables, const struct mf_vm_entry *field)
{
    return next_text(next_text(tables->text + field->text));
}
