/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HotSpot's exported VM structures, by name. The symbols are looked up in the loaded object and not with dlsym(3): dlsym(3)
 * does not find a libjvm that a launcher loaded with RTLD_LOCAL, and until glibc 2.34 it is in another library than libc.
 */
#include "jvm/vm_structs.h"

#include "jvm/elf_image.h"
#include "os/loaded_object.h"

#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

/* The dynamic symbols of one loaded object (System V gABI, chapter 5). */
struct symbols {
    uintptr_t bias;
    const ElfW(Sym) *entries;
    const char *names;
    const uint32_t *gnu_hash;
};

/* One of HotSpot's tables: its first entry, and the distance between entries in bytes. */
struct table {
    const char *entries;
    uint64_t stride;
};

static struct {
    struct table fields, types;
    uint64_t field_type, field_name, field_type_string, field_static, field_offset, field_address;
    uint64_t type_name, type_size;
} vm;

/* glibc and musl relocate these addresses in place or not, by machine. An address below the bias is not relocated. */
static const void *relocated(const struct symbols *symbols, ElfW(Addr) address)
{
    return (const void *)(address < symbols->bias ? address + symbols->bias : address);
}

static bool find_symbols(const void *code, struct symbols *out)
{
    struct mf_loaded_object object;
    const ElfW(Dyn) *entry;

    *out = (struct symbols){0};
    if (!mf_loaded_object_at((uint64_t)(uintptr_t)code, &object))
        return false;
    out->bias = object.bias;
    for (entry = object.dynamic; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            out->entries = relocated(out, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_STRTAB)
            out->names = relocated(out, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_GNU_HASH)
            out->gnu_hash = relocated(out, entry->d_un.d_ptr);
    }
    return out->entries != NULL && out->names != NULL && out->gnu_hash != NULL;
}

/* The value of an exported variable of 8 bytes; 0: there is none. */
static uint64_t variable(const struct symbols *symbols, const char *name)
{
    const uint32_t *const head = symbols->gnu_hash;
    const uint32_t *const buckets = head + 4 + head[2] * (sizeof(ElfW(Addr)) / sizeof *head);
    const uint32_t *const hashes = buckets + head[0];
    const uint32_t hash = mf_gnu_hash(name);
    uint32_t at = head[0] == 0 ? 0 : buckets[hash % head[0]];

    if (at < head[1])
        return 0;
    for (;; at++) {
        const uint32_t found = hashes[at - head[1]];
        const ElfW(Sym) *const symbol = &symbols->entries[at];

        if ((found | 1) == (hash | 1) && strcmp(symbols->names + symbol->st_name, name) == 0 && symbol->st_shndx != SHN_UNDEF)
            return *(const uint64_t *)(symbols->bias + symbol->st_value);
        if (found & 1)
            return 0;
    }
}

int mf_vm_structs_open(const void *code)
{
    struct symbols symbols;

    if (!find_symbols(code, &symbols))
        return -ENOENT;
#define VALUE(name) variable(&symbols, "gHotSpot" name)
    vm.field_type = VALUE("VMStructEntryTypeNameOffset");
    vm.field_name = VALUE("VMStructEntryFieldNameOffset");
    vm.field_type_string = VALUE("VMStructEntryTypeStringOffset");
    vm.field_static = VALUE("VMStructEntryIsStaticOffset");
    vm.field_offset = VALUE("VMStructEntryOffsetOffset");
    vm.field_address = VALUE("VMStructEntryAddressOffset");
    vm.type_name = VALUE("VMTypeEntryTypeNameOffset");
    vm.type_size = VALUE("VMTypeEntrySizeOffset");
#define TABLE(entries, stride) (struct table){(const char *)(uintptr_t)VALUE(entries), VALUE(stride)}
    vm.fields = TABLE("VMStructs", "VMStructEntryArrayStride");
    vm.types = TABLE("VMTypes", "VMTypeEntryArrayStride");
    return vm.fields.entries == NULL || vm.fields.stride == 0 ? -ENOENT : 0;
}

static const char *name_at(const char *entry, uint64_t offset)
{
    return *(const char *const *)(entry + offset);
}

static bool is_named(const char *entry, uint64_t offset, const char *name)
{
    const char *const found = name_at(entry, offset);

    return found != NULL && strcmp(found, name) == 0;
}

/* The entry with this name; NULL: there is none. A table ends with an entry without a name. */
static const char *entry_of(const struct table *table, uint64_t name_offset, const char *name)
{
    const char *entry = table->stride == 0 ? NULL : table->entries;

    while (entry != NULL && name_at(entry, name_offset) != NULL) {
        if (is_named(entry, name_offset, name))
            return entry;
        entry += table->stride;
    }
    return NULL;
}

int mf_vm_field(const char *type, const char *field, struct mf_vm_field *out)
{
    const char *entry = vm.fields.stride == 0 ? NULL : vm.fields.entries;

    for (; entry != NULL && name_at(entry, vm.field_type) != NULL; entry += vm.fields.stride) {
        if (!is_named(entry, vm.field_type, type) || !is_named(entry, vm.field_name, field))
            continue;
        out->type_string = name_at(entry, vm.field_type_string);
        if (out->type_string == NULL) /* such as JVMFlag::_addr */
            out->type_string = "";
        out->is_static = *(const int32_t *)(entry + vm.field_static) != 0;
        out->where = *(const uint64_t *)(entry + (out->is_static ? vm.field_address : vm.field_offset));
        return 0;
    }
    return -ENOENT;
}

int mf_vm_type_size(const char *type, uint64_t *out)
{
    const char *const entry = entry_of(&vm.types, vm.type_name, type);

    if (entry == NULL)
        return -ENOENT;
    *out = *(const uint64_t *)(entry + vm.type_size);
    return 0;
}
